/* SPDX-License-Identifier: BSD-3-Clause */
#include "wire/icmp_error.h"

#include <errno.h>

#include "wire/bytes.h"
#include "wire/sum.h"

#define IP4_HDR_LEN  20u
#define IP6_HDR_LEN  40u
#define UDP_HDR_LEN  8u
#define ICMP_HDR_LEN 8u
#define FRAG_HDR_LEN 8u
#define PROTO_ICMP   1
#define PROTO_UDP    17
#define PROTO_FRAG   44
#define PROTO_ICMP6  58
#define IP4_DF       0x4000
#define IP4_MORE     0x2000
#define IP4_OFFSET   0x1fff
#define IP6_OFFSET   0xfff8 /* and the bit for more fragments below */
#define IP6_MORE     0x0001
#define EXTENDED_MIN 128u /* RFC 4884 section 4: what is quoted in front of extensions */

/* Of an ICMP message (type and code at p), what we know it to be. False: nothing for us. */
static bool kind4(const uint8_t *p, enum xtr_icmp_kind *kind)
{
	if (p[0] == 11 && p[1] == 0) {
		*kind = XTR_ICMP_TIME;
		return true;
	}
	switch (p[1]) {
	case 4:
		*kind = XTR_ICMP_TOO_BIG;
		break;
	case 9: /* RFC 1122 section 3.2.2.1, RFC 1812 section 5.2.7.1 */
	case 10:
	case 13:
		*kind = XTR_ICMP_PROHIBITED;
		break;
	default:
		*kind = XTR_ICMP_UNREACHABLE;
		break;
	}
	return p[0] == 3;
}

static bool kind6(const uint8_t *p, enum xtr_icmp_kind *kind)
{
	switch (p[0]) {
	case 1: /* RFC 4443 section 3.1: 5 and 6 are kinds of 1 */
		*kind = p[1] == 1 || p[1] == 5 || p[1] == 6 ? XTR_ICMP_PROHIBITED
							    : XTR_ICMP_UNREACHABLE;
		return true;
	case 2: /* section 3.2: the code is ignored */
		*kind = XTR_ICMP_TOO_BIG;
		return true;
	case 3:
		*kind = XTR_ICMP_TIME;
		return p[1] == 0;
	default:
		return false;
	}
}

/* The quoted outer IP header. Returns its length, with a fragment header; 0: this is no LISP
 * packet, or one that ends too early. */
static size_t read_outer4(const uint8_t *q, size_t len, struct xtr_icmp_error *e)
{
	size_t hlen;
	uint16_t fragment;

	if (len < IP4_HDR_LEN || q[0] >> 4 != 4)
		return 0;
	hlen = (q[0] & 15u) * 4;
	fragment = xtr_get16(q + 6);
	if (hlen < IP4_HDR_LEN || q[9] != PROTO_UDP || fragment & IP4_OFFSET)
		return 0;
	e->src = xtr_ip4(q + 12);
	e->dst = xtr_ip4(q + 16);
	e->outer_len = xtr_get16(q + 2);
	e->whole = !(fragment & IP4_MORE);
	e->may_split = !(fragment & IP4_DF);
	return hlen;
}

static size_t read_outer6(const uint8_t *q, size_t len, struct xtr_icmp_error *e)
{
	size_t hlen = IP6_HDR_LEN;
	uint8_t next;

	if (len < hlen || q[0] >> 4 != 6)
		return 0;
	next = q[6];
	e->whole = true;
	if (next == PROTO_FRAG && len >= hlen + FRAG_HDR_LEN) {
		uint16_t fragment = xtr_get16(q + hlen + 2);

		if (fragment & IP6_OFFSET)
			return 0;
		next = q[hlen];
		e->whole = !(fragment & IP6_MORE);
		hlen += FRAG_HDR_LEN;
	}
	if (next != PROTO_UDP)
		return 0;
	e->src = xtr_ip6(q + 8);
	e->dst = xtr_ip6(q + 24);
	e->outer_len = xtr_get16(q + 4) + IP6_HDR_LEN;
	return hlen;
}

/* The packet inside: its header, if all of it is quoted. inner_len: what the outer lengths say;
 * -EBADMSG: it is not what the packet itself says. */
static int read_inner(const uint8_t *q, size_t len, uint32_t inner_len, struct xtr_icmp_error *e)
{
	uint32_t total;
	size_t hlen;

	if (!len)
		return 0;
	if (q[0] >> 4 == 4) {
		hlen = (q[0] & 15u) * 4;
		if (hlen < IP4_HDR_LEN)
			return -EBADMSG;
		if (len < hlen)
			return 0;
		total = xtr_get16(q + 2);
	} else if (q[0] >> 4 == 6) {
		hlen = IP6_HDR_LEN;
		if (len < hlen)
			return 0;
		total = xtr_get16(q + 4) + IP6_HDR_LEN;
	} else {
		return -EBADMSG;
	}
	if (total != inner_len || total < hlen)
		return -EBADMSG;
	e->inner = q;
	e->inner_len = len < total ? len : total;
	return 0;
}

/* What is quoted. */
static int read_quote(const uint8_t *q, size_t len, bool six, struct xtr_icmp_error *e)
{
	size_t hlen = six ? read_outer6(q, len, e) : read_outer4(q, len, e);
	uint32_t udp_len;

	if (!hlen || len < hlen + UDP_HDR_LEN || xtr_get16(q + hlen + 2) != XTR_PORT_DATA)
		return -ENOENT;
	e->src_port = xtr_get16(q + hlen);
	udp_len = xtr_get16(q + hlen + 4);
	if (udp_len < UDP_HDR_LEN + XTR_DATA_HDR_LEN || e->outer_len < hlen + UDP_HDR_LEN ||
	    (e->whole ? e->outer_len != hlen + udp_len : e->outer_len >= hlen + udp_len))
		return -EBADMSG;
	/* RFC 9300 section 5.3: we send no UDP checksum */
	if (xtr_get16(q + hlen + 6))
		return -EBADMSG;
	/* a quote is part of the packet, but for the padding of RFC 4884 */
	if (len > e->outer_len)
		len = e->outer_len;
	q += hlen + UDP_HDR_LEN;
	if (len < hlen + UDP_HDR_LEN + XTR_DATA_HDR_LEN)
		return 0;
	len -= hlen + UDP_HDR_LEN + XTR_DATA_HDR_LEN;
	e->has_data = true;
	e->data = xtr_data_read(q);
	return read_inner(q + XTR_DATA_HDR_LEN, len, udp_len - UDP_HDR_LEN - XTR_DATA_HDR_LEN, e);
}

/* Where RFC 4884 has the length of what is quoted, in words; extensions follow that. Behind it, the
 * MTU of a too big packet stands in ICMPv4; in ICMPv6 it stands here itself. */
static size_t quoted(const uint8_t *icmp, size_t len, bool six, enum xtr_icmp_kind kind)
{
	size_t said = six ? (kind == XTR_ICMP_TOO_BIG ? 0 : icmp[4] * 8u) : icmp[5] * 4u;

	len -= ICMP_HDR_LEN;
	return said >= EXTENDED_MIN && said < len ? said : len;
}

int xtr_icmp_error_read(const uint8_t *p, size_t len, struct xtr_icmp_error *e)
{
	bool six = p[0] >> 4 == 6;
	size_t hlen = six ? IP6_HDR_LEN : (p[0] & 15u) * 4;
	const uint8_t *icmp = p + hlen;
	uint64_t sum = 0;
	int rc;

	memset(e, 0, sizeof *e);
	if (len < hlen + ICMP_HDR_LEN + (six ? IP6_HDR_LEN : IP4_HDR_LEN))
		return -ENOENT;
	if (six) {
		if (p[6] != PROTO_ICMP6 || !kind6(icmp, &e->kind))
			return -ENOENT;
		e->from = xtr_ip6(p + 8);
		e->to = xtr_ip6(p + 24);
	} else {
		if (p[9] != PROTO_ICMP || xtr_get16(p + 6) & (IP4_MORE | IP4_OFFSET) ||
		    !kind4(icmp, &e->kind))
			return -ENOENT;
		e->from = xtr_ip4(p + 12);
		e->to = xtr_ip4(p + 16);
	}
	len -= hlen;
	rc = read_quote(icmp + ICMP_HDR_LEN, quoted(icmp, len, six, e->kind), six, e);
	if (rc == -ENOENT)
		return rc;
	if (six)
		sum = xtr_sum_pseudo(&e->from, &e->to, PROTO_ICMP6, len);
	if (rc < 0 || xtr_sum_fold(xtr_sum_add(sum, icmp, len)) != 0xffff)
		return -EBADMSG;
	if (e->kind == XTR_ICMP_TOO_BIG)
		e->mtu = six ? xtr_get32(icmp + 4) : xtr_get16(icmp + 6);
	return 0;
}

uint32_t xtr_icmp_plateau(uint32_t size)
{
	static const uint16_t usual[] = {32000, 17914, 8166, 4352, 2002, 1492, 1006, 508, 296};

	for (unsigned i = 0; i < sizeof usual / sizeof usual[0]; i++)
		if (usual[i] < size)
			return usual[i];
	return 68;
}
