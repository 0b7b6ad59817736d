/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Readers of addresses and prefixes of both families.
 */
#include "config/load.h"

#include <errno.h>
#include <string.h>

#define ADDRESS_WORDS "an IPv4 or IPv6 address, such as \"192.0.2.1\""
#define PREFIX_WORDS  "an IPv4 or IPv6 prefix with its length, such as \"192.0.2.0/24\""
#define EITHER_WORDS  "an IPv4 or IPv6 address or prefix, such as \"192.0.2.1\" or \"192.0.2.0/24\""
#define HOST_WORDS    "an IPv4 or IPv6 address with a prefix length, such as \"192.0.2.1/24\""

static bool is_loopback(const struct xtr_ip *ip)
{
	static const uint8_t loopback6[16] = {[15] = 1};

	return ip->af == 4 ? ip->b[0] == 127 : !memcmp(ip->b, loopback6, 16);
}

int xtr_cfg_ip(
    struct xtr_cfg_loader *l, const config_setting_t *s, enum xtr_cfg_ip_use use, struct xtr_ip *ip)
{
	if (config_setting_type(s) != CONFIG_TYPE_STRING ||
	    xtr_ip_parse(config_setting_get_string(s), ip))
		return xtr_cfg_bad(l, s, ADDRESS_WORDS);
	if (use == XTR_CFG_PEER && is_loopback(ip))
		return 0;
	/* RFC 9301 section 5.4: a locator is not a broadcast or multicast address */
	if (!xtr_ip_is_unicast(ip))
		return xtr_cfg_bad(l, s,
		    "a unicast address (no multicast, broadcast%s or unspecified)",
		    use == XTR_CFG_PEER ? "" : ", loopback");
	if (use != XTR_CFG_HOP && xtr_ip_is_link_local(ip))
		return xtr_cfg_bad(l, s,
		    "an address that is not link-local: that means something on one link only");
	return 0;
}

int xtr_cfg_read_locator(
    struct xtr_cfg_loader *l, const config_setting_t *s, const struct xtr_cfg_field *f, void *obj)
{
	return xtr_cfg_ip(l, s, XTR_CFG_LOCATOR, (void *)((char *)obj + f->offset));
}

int xtr_cfg_read_peer(
    struct xtr_cfg_loader *l, const config_setting_t *s, const struct xtr_cfg_field *f, void *obj)
{
	return xtr_cfg_ip(l, s, XTR_CFG_PEER, (void *)((char *)obj + f->offset));
}

int xtr_cfg_read_hop(
    struct xtr_cfg_loader *l, const config_setting_t *s, const struct xtr_cfg_field *f, void *obj)
{
	return xtr_cfg_ip(l, s, XTR_CFG_HOP, (void *)((char *)obj + f->offset));
}

int xtr_cfg_elem_locator(struct xtr_cfg_loader *l, const config_setting_t *s, void *elem)
{
	return xtr_cfg_ip(l, s, XTR_CFG_LOCATOR, elem);
}

int xtr_cfg_elem_peer(struct xtr_cfg_loader *l, const config_setting_t *s, void *elem)
{
	return xtr_cfg_ip(l, s, XTR_CFG_PEER, elem);
}

char *xtr_cfg_once_ip(const void *elem, char *buf)
{
	return xtr_ip_format(elem, buf);
}

static int read_prefix(
    struct xtr_cfg_loader *l, const config_setting_t *s, const char *words, struct xtr_eid *eid)
{
	const char *text = config_setting_get_string(s);
	char buf[XTR_EID_STRLEN];
	struct xtr_eid read;
	int r = text ? xtr_eid_parse(text, &read) : -EINVAL;

	if (r == -EDOM)
		return xtr_cfg_bad(
		    l, s, "\"%s\" (no bits set after the length)", xtr_prefix_format(&read, buf));
	if (r)
		return xtr_cfg_bad(l, s, "%s", words);
	eid->ip = read.ip;
	eid->plen = read.plen;
	return 0;
}

int xtr_cfg_prefix(struct xtr_cfg_loader *l, const config_setting_t *s, struct xtr_eid *eid)
{
	const char *text = config_setting_get_string(s);

	/* Without a length it would be one host, which is rarely meant: that is written /32 or /128
	 */
	if (!text || !strchr(text, '/'))
		return xtr_cfg_bad(l, s, PREFIX_WORDS);
	return read_prefix(l, s, PREFIX_WORDS, eid);
}

int xtr_cfg_prefix_or_ip(struct xtr_cfg_loader *l, const config_setting_t *s, struct xtr_eid *eid)
{
	return read_prefix(l, s, EITHER_WORDS, eid);
}

int xtr_cfg_check_unicast(
    struct xtr_cfg_loader *l, const config_setting_t *s, const struct xtr_eid *prefix)
{
	static const struct xtr_ip zero;

	if (xtr_ip_is_unicast(&prefix->ip))
		return 0;
	/* 0.0.0.0/0 and ::/0 have more in them than the address that they begin with */
	if (prefix->plen < xtr_ip_bits(&prefix->ip) &&
	    !memcmp(prefix->ip.b, zero.b, sizeof(zero.b)))
		return 0;
	return xtr_cfg_bad(l, s, "a prefix of unicast addresses");
}

int xtr_cfg_read_prefix(
    struct xtr_cfg_loader *l, const config_setting_t *s, const struct xtr_cfg_field *f, void *obj)
{
	return xtr_cfg_prefix(l, s, (void *)((char *)obj + f->offset));
}

/* The last address of an IPv4 network, its broadcast address. */
static bool is_last(const struct xtr_ip *ip, unsigned plen)
{
	for (unsigned n = plen; n < xtr_ip_bits(ip); n++)
		if (!xtr_ip_bit(ip, n))
			return false;
	return true;
}

int xtr_cfg_elem_host(struct xtr_cfg_loader *l, const config_setting_t *s, void *elem)
{
	const char *text = config_setting_get_string(s), *slash = text ? strchr(text, '/') : NULL;
	char address[XTR_IP_STRLEN];
	struct xtr_eid *host = elem, network;
	int r;

	if (!slash || (size_t)(slash - text) >= sizeof(address))
		return xtr_cfg_bad(l, s, HOST_WORDS);
	r = xtr_eid_parse(text, &network);
	if (r && r != -EDOM)
		return xtr_cfg_bad(l, s, HOST_WORDS);
	memcpy(address, text, (size_t)(slash - text));
	address[slash - text] = '\0';
	if (xtr_ip_parse(address, &host->ip))
		return xtr_cfg_bad(l, s, HOST_WORDS);
	host->plen = network.plen;
	if (!xtr_ip_is_unicast(&host->ip))
		return xtr_cfg_bad(
		    l, s, "a unicast address (no multicast, broadcast, loopback or unspecified)");
	if (host->plen == 0)
		return xtr_cfg_bad(l, s, "a prefix length of 1 or more");
	if (host->ip.af == 4 && host->plen < 31 && (!r || is_last(&host->ip, host->plen)))
		return xtr_cfg_bad(l, s,
		    "an address of a host, not the first (network) or last (broadcast) of its "
		    "prefix");
	return 0;
}
