/* SPDX-License-Identifier: BSD-3-Clause */
/* Addresses of any kind as views: made, taken apart, compared, printed. */
#include <errno.h>
#include <stdio.h>

#include "wire/read.h"

const char *xtr_lcaf_name(unsigned type)
{
	static const char *const names[] = {"null-body", "afi-list", "instance-id", "as-number",
	    "application-data", "geo-coordinates", "opaque-key", "nat-traversal", "nonce-locator",
	    "multicast-info", "explicit-locator-path", "security-key", "source-dest-key",
	    "replication-list-entry", "json-data-model", "key-value-address-pair",
	    "encapsulation-format"};

	if (type == XTR_LCAF_VENDOR)
		return "vendor-specific";
	return type < sizeof names / sizeof names[0] ? names[type] : NULL;
}

bool xtr_addr_ip(const struct xtr_addr *a, struct xtr_ip *ip, uint32_t *iid)
{
	struct xtr_lcaf_iid l = {.addr = *a};

	if (a->lcaf == XTR_LCAF_IID && (xtr_lcaf_read_iid(a, &l, NULL) < 0 || l.iid > XTR_IID_MAX))
		return false;
	if (l.addr.afi == XTR_AFI_IPV4)
		*ip = xtr_ip4(l.addr.p);
	else if (l.addr.afi == XTR_AFI_IPV6)
		*ip = xtr_ip6(l.addr.p);
	else
		return false;
	*iid = l.iid;
	return true;
}

static bool is_mac(uint16_t afi)
{
	return afi == XTR_AFI_802 || afi == XTR_AFI_MAC48 || afi == XTR_AFI_MAC64;
}

const uint8_t *xtr_addr_mac(const struct xtr_addr *a)
{
	return is_mac(a->afi) ? a->p : NULL;
}

const char *xtr_addr_name(const struct xtr_addr *a)
{
	return a->afi == XTR_AFI_NAME ? (const char *)a->p : NULL;
}

struct xtr_addr xtr_addr_of_ip(const struct xtr_ip *ip)
{
	return (struct xtr_addr){.p = ip->b,
	    .len = xtr_ip_bits(ip) / 8,
	    .afi = ip->af == 4   ? XTR_AFI_IPV4
		   : ip->af == 6 ? XTR_AFI_IPV6
				 : XTR_AFI_NONE};
}

struct xtr_addr xtr_addr_of_mac(uint16_t afi, const uint8_t *mac)
{
	return (struct xtr_addr){
	    .p = mac, .len = afi == XTR_AFI_MAC64 ? 8 : XTR_MAC_LEN, .afi = afi};
}

struct xtr_addr xtr_addr_of_name(const char *name)
{
	return (struct xtr_addr){
	    .p = (const uint8_t *)name, .len = (uint32_t)strlen(name) + 1, .afi = XTR_AFI_NAME};
}

int xtr_addr_at(const uint8_t *p, size_t len, struct xtr_addr *a, struct xtr_wire_err *err)
{
	struct xtr_rd r = {.base = p, .len = len, .err = err};

	return xtr_rd_addr(&r, "address", a);
}

bool xtr_addr_equal(const struct xtr_addr *a, const struct xtr_addr *b)
{
	return a->afi == b->afi && a->len == b->len && (a->len == 0 || !memcmp(a->p, b->p, a->len));
}

/* Appends to what snprintf() was asked for so far. */
#define ADD(...)                                                                                   \
	(n += snprintf(buf + ((size_t)n < size ? (size_t)n : size),                                \
	     (size_t)n < size ? size - (size_t)n : 0, __VA_ARGS__))

static int mac_format(const struct xtr_addr *a, char *buf, size_t size)
{
	int n = 0;

	for (uint32_t i = 0; i < a->len; i++)
		ADD("%s%02x", i ? ":" : "", a->p[i]);
	return n;
}

static int name_format(const struct xtr_addr *a, char *buf, size_t size)
{
	int n = 0;

	ADD("\"");
	for (uint32_t i = 0; i + 1 < a->len; i++) {
		uint8_t c = a->p[i];

		if (c < ' ' || c > '~' || c == '"' || c == '\\')
			ADD("\\x%02x", c);
		else
			ADD("%c", c);
	}
	ADD("\"");
	return n;
}

int xtr_addr_format(const struct xtr_addr *a, char *buf, size_t size)
{
	const char *name = xtr_lcaf_name(a->lcaf);
	char text[XTR_IP_STRLEN];
	struct xtr_ip ip;
	uint32_t iid;

	if (xtr_addr_ip(a, &ip, &iid)) {
		xtr_ip_format(&ip, text);
		return iid ? snprintf(buf, size, "[%u] %s", iid, text)
			   : snprintf(buf, size, "%s", text);
	}
	if (is_mac(a->afi))
		return mac_format(a, buf, size);
	if (a->afi == XTR_AFI_NAME)
		return name_format(a, buf, size);
	if (a->afi == XTR_AFI_NONE)
		return snprintf(buf, size, "none");
	if (name)
		return snprintf(buf, size, "%s (%u bytes)", name, a->len - XTR_LCAF_HDR_LEN);
	return snprintf(buf, size, "lcaf %u (%u bytes)", a->lcaf, a->len - XTR_LCAF_HDR_LEN);
}
