/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "wire/addr.h"

struct xtr_ip xtr_ip4(const void *bytes)
{
	struct xtr_ip ip = {.af = 4};

	memcpy(ip.b, bytes, 4);
	return ip;
}

struct xtr_ip xtr_ip6(const void *bytes)
{
	struct xtr_ip ip = {.af = 6};

	memcpy(ip.b, bytes, 16);
	return ip;
}

int xtr_ip_cmp(const struct xtr_ip *a, const struct xtr_ip *b)
{
	if (a->af != b->af)
		return a->af < b->af ? -1 : 1;
	return memcmp(a->b, b->b, sizeof a->b);
}

bool xtr_ip_equal(const struct xtr_ip *a, const struct xtr_ip *b)
{
	return xtr_ip_cmp(a, b) == 0;
}

bool xtr_ip_mask(struct xtr_ip *ip, unsigned plen)
{
	unsigned i = plen >> 3;
	uint8_t lost = 0;

	if (i < sizeof ip->b && (plen & 7)) {
		uint8_t host = (uint8_t)(0xff >> (plen & 7));

		lost = ip->b[i] & host;
		ip->b[i] &= (uint8_t)~host;
		i++;
	}
	for (; i < sizeof ip->b; i++) {
		lost |= ip->b[i];
		ip->b[i] = 0;
	}
	return lost != 0;
}

bool xtr_ip_is_unicast(const struct xtr_ip *ip)
{
	static const uint8_t zero[16], loopback6[16] = {[15] = 1},
				       broadcast4[4] = {255, 255, 255, 255};

	switch (ip->af) {
	case 4:
		return (ip->b[0] & 0xf0) != 0xe0 && ip->b[0] != 127 &&
		       memcmp(ip->b, zero, 4) != 0 && memcmp(ip->b, broadcast4, 4) != 0;
	case 6:
		return ip->b[0] != 0xff && memcmp(ip->b, zero, 16) != 0 &&
		       memcmp(ip->b, loopback6, 16) != 0;
	default:
		return false;
	}
}

bool xtr_ip_is_link_local(const struct xtr_ip *ip)
{
	return ip->af == 6 && ip->b[0] == 0xfe && (ip->b[1] & 0xc0) == 0x80;
}

int xtr_ip_parse(const char *text, struct xtr_ip *out)
{
	uint8_t b[16];

	if (inet_pton(AF_INET, text, b) == 1)
		*out = xtr_ip4(b);
	else if (inet_pton(AF_INET6, text, b) == 1)
		*out = xtr_ip6(b);
	else
		return -EINVAL;
	return 0;
}

/* One to three decimal digits, no sign, no space, no leading zero. */
static int plen_parse(const char *text, unsigned max)
{
	size_t n = strspn(text, "0123456789");
	unsigned v = 0;

	if (n < 1 || n > 3 || text[n] != '\0' || (n > 1 && text[0] == '0'))
		return -EINVAL;
	for (; *text; text++)
		v = v * 10 + (unsigned)(*text - '0');
	return v <= max ? (int)v : -EINVAL;
}

int xtr_eid_parse(const char *text, struct xtr_eid *out)
{
	const char *slash = strchr(text, '/');
	char addr[XTR_IP_STRLEN];
	struct xtr_eid eid = {0};
	size_t n = slash ? (size_t)(slash - text) : strlen(text);
	int ret;

	if (n >= sizeof addr)
		return -EINVAL;
	memcpy(addr, text, n);
	addr[n] = '\0';
	ret = xtr_ip_parse(addr, &eid.ip);
	if (ret < 0)
		return ret;
	ret = (int)xtr_ip_bits(&eid.ip);
	if (slash)
		ret = plen_parse(slash + 1, (unsigned)ret);
	if (ret < 0)
		return ret;
	eid.plen = (uint8_t)ret;
	ret = xtr_ip_mask(&eid.ip, eid.plen) ? -EDOM : 0;
	*out = eid;
	return ret;
}

char *xtr_ip_format(const struct xtr_ip *ip, char *buf)
{
	if (ip->af == 4)
		inet_ntop(AF_INET, ip->b, buf, XTR_IP_STRLEN);
	else if (ip->af == 6)
		inet_ntop(AF_INET6, ip->b, buf, XTR_IP_STRLEN);
	else
		memcpy(buf, "none", sizeof "none");
	return buf;
}

char *xtr_prefix_format(const struct xtr_eid *eid, char *buf)
{
	size_t n;

	xtr_ip_format(&eid->ip, buf);
	if (eid->ip.af != 0) {
		n = strlen(buf);
		snprintf(buf + n, XTR_EID_STRLEN - n, "/%u", eid->plen);
	}
	return buf;
}

char *xtr_eid_format(const struct xtr_eid *eid, char *buf)
{
	int n = 0;

	/* The longest of each part, "[16777215] ", 45 characters and "/128", leaves three bytes
	 * unused. */
	if (eid->iid != 0)
		n = snprintf(buf, XTR_EID_STRLEN, "[%u] ", eid->iid & XTR_IID_MAX);
	xtr_ip_format(&eid->ip, buf + n);
	if (eid->ip.af != 0) {
		n += (int)strlen(buf + n);
		snprintf(buf + n, XTR_EID_STRLEN - (size_t)n, "/%u", eid->plen);
	}
	return buf;
}

bool xtr_eid_equal(const struct xtr_eid *a, const struct xtr_eid *b)
{
	return a->iid == b->iid && a->plen == b->plen && xtr_ip_equal(&a->ip, &b->ip);
}

bool xtr_eid_covers(const struct xtr_eid *outer, const struct xtr_eid *inner)
{
	struct xtr_ip ip = inner->ip;

	if (outer->iid != inner->iid || outer->ip.af != inner->ip.af || outer->plen > inner->plen)
		return false;
	xtr_ip_mask(&ip, outer->plen);
	return xtr_ip_equal(&ip, &outer->ip);
}

struct xtr_eid xtr_eid_host(uint32_t iid, const struct xtr_ip *ip)
{
	return (struct xtr_eid){.iid = iid, .plen = (uint8_t)xtr_ip_bits(ip), .ip = *ip};
}
