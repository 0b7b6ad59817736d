/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What every frame that leaves the data plane of dp_wires.h must be, whatever came in; and repairs
 * that let a random frame get further than its first wrong byte.
 */
#ifndef XTR_DP_CHECK_H
#define XTR_DP_CHECK_H

#include "dp_wires.h"

static inline void dp_require(bool good)
{
	if (!good)
		abort();
}

static inline unsigned dp_get16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

/* Takes a whole IPv4 packet that left a router: RFC 791, RFC 1812 section 5.3.1. */
static inline void dp_check_ip4(const uint8_t *h, size_t len)
{
	unsigned hlen;

	dp_require(len >= 20);
	hlen = (h[0] & 15) * 4u;
	dp_require(hlen >= 20 && hlen <= len && dp_get16(h + 2) == len);
	dp_require(dp_get16(h + 10) == dp_checksum(h, hlen));
	dp_require(h[8] != 0 && len <= DP_MTU);
	dp_require(h[12] != 0 && h[12] != 127 && h[12] < 224 && h[16] < 224);
}

/* The same of IPv6: RFC 8200 section 3, RFC 4291 section 2.5. */
static inline void dp_check_ip6(const uint8_t *h, size_t len)
{
	static const uint8_t zeros[16];

	dp_require(len >= 40 && dp_get16(h + 4) == len - 40 && h[7] != 0 && len <= DP_MTU);
	for (const uint8_t *a = h + 8; a <= h + 24; a += 16) {
		dp_require(a[0] != 0xff && !(a[0] == 0xfe && (a[1] & 0xc0) == 0x80));
		dp_require(memcmp(a, zeros, 15) || a[15] > 1);
	}
}

static inline void dp_check_ip(const uint8_t *h, size_t len)
{
	dp_require(len > 0 && (h[0] >> 4 == 4 || h[0] >> 4 == 6));
	if (h[0] >> 4 == 4)
		dp_check_ip4(h, len);
	else
		dp_check_ip6(h, len);
}

static inline unsigned dp_tos(const uint8_t *h)
{
	return h[0] >> 4 == 4 ? h[1] : (dp_get16(h) >> 4) & 0xff;
}

/* A frame that left; encap: it went into a tunnel. */
static inline void dp_check_tx(unsigned port, const uint8_t *f, size_t len, bool encap)
{
	const uint8_t *h = f + 14, *udp, *inner;
	bool six;

	dp_require(len >= 34 && !memcmp(f + 6, dp_mac[port], 6));
	six = h[0] >> 4 == 6;
	dp_require(dp_get16(f + 12) == (six ? 0x86dd : 0x800));
	dp_check_ip(h, len - 14);
	if (!encap)
		return;
	udp = h + (six ? 40 : 20);
	inner = udp + 16;
	dp_require(len > (size_t)(inner - f));
	dp_require(port == DP_CORE && h[six ? 6 : 9] == 17 && dp_get16(udp + 2) == XTR_PORT_DATA);
	dp_require(dp_get16(udp) >= 49152 && dp_get16(udp + 4) == len - (size_t)(udp - f));
	dp_require(!dp_get16(udp + 6));
	dp_require(six ? (h[1] & 15) || dp_get16(h + 2) : h[0] == 0x45);
	dp_check_ip(inner, len - (size_t)(inner - f));
	dp_require(h[six ? 7 : 8] == inner[inner[0] >> 4 == 6 ? 7 : 8]);
	dp_require(dp_tos(h) == dp_tos(inner));
}

/* What a router may change of a packet: TTL or hop limit, which falls, TOS or traffic class, and
 * the checksum. Is `out` the packet at `in`, but for that? */
static inline bool dp_same_packet(const uint8_t *in, const uint8_t *out, size_t len)
{
	if (in[0] >> 4 != out[0] >> 4)
		return false;
	if (out[0] >> 4 == 6)
		return len > 8 && out[7] < in[7] && !((in[1] ^ out[1]) & 15) &&
		       !memcmp(in + 2, out + 2, 5) && !memcmp(in + 8, out + 8, len - 8);
	return len > 12 && in[0] == out[0] && out[8] < in[8] && in[9] == out[9] &&
	       !memcmp(in + 2, out + 2, 6) && !memcmp(in + 12, out + 12, len - 12);
}

/*
 * The frame `f` left for the frame `in`. Its packet, or the one in the tunnel that it was put into,
 * must be that which came in, or which came in a tunnel: at what place, is asked without trusting a
 * length or a header.
 */
static inline void dp_check_content(
    const uint8_t *in, size_t in_len, const uint8_t *f, size_t len, bool encap, bool decap)
{
	size_t at = 14, from = 14;

	if (encap)
		at += f[14] >> 4 == 6 ? 56 : 36;
	dp_require(len > at && in_len >= 14 + (len - at));
	if (decap)
		from += 36; /* the least that is in front of it */
	for (; from + (len - at) <= in_len; from++)
		if (dp_same_packet(in + from, f + at, len - at))
			return;
		else if (!decap)
			break;
	dp_require(false);
}

/* The header's addresses from the tables, by their last byte, and a checksum that is right. */
static inline void dp_repair4(uint8_t *h, size_t len)
{
	static const uint8_t hosts[][4] = {{10, 1, 1, 4}, {10, 2, 2, 5}, {10, 3, 0, 1},
	    {10, 1, 1, 2}, {172, 16, 1, 2}, {172, 16, 1, 3}, {10, 9, 9, 9}, {172, 17, 1, 1},
	    {10, 20, 9, 1}, {198, 51, 100, 1}, {198, 51, 103, 1}, {10, 12, 0, 1}, {10, 26, 0, 1}};
	unsigned hlen;

	if (len < 20)
		return;
	memcpy(h + 12, hosts[h[15] % RTE_DIM(hosts)], 4);
	memcpy(h + 16, hosts[h[19] % RTE_DIM(hosts)], 4);
	h[0] = 0x40 | RTE_MAX(5, h[0] & 15);
	hlen = (h[0] & 15) * 4u;
	if (dp_get16(h + 2) > len || dp_get16(h + 2) < hlen)
		dp_put16(h + 2, (unsigned)len);
	if (len >= hlen)
		dp_put16(h + 10, dp_checksum(h, hlen));
}

static inline void dp_repair6(uint8_t *h, size_t len)
{
	static const char *const hosts[] = {"2001:db8:1:1::4", "2001:db8:2::5", "2001:db8:3::1",
	    "2001:db8:1:1::2", "fd00:16:1::2", "fd00:16:1::3", "2001:db8:9::9", "fd00:17::1",
	    "2001:db8:20:9::1", "2001:db8:51:100::1", "2001:db8:12::1", "2001:db8:26::5"};
	struct xtr_ip ip;

	if (len < 40)
		return;
	for (uint8_t *a = h + 8; a <= h + 24; a += 16) {
		dp_address(hosts[a[15] % RTE_DIM(hosts)], &ip);
		memcpy(a, ip.b, 16);
	}
	h[0] = 0x60 | (h[0] & 15);
	if (dp_get16(h + 4) > len - 40)
		dp_put16(h + 4, (unsigned)len - 40);
}

#endif
