/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames to hold the fast path against the stages with: plain ones for the most part, and all
 * that is special about the others. For the tables of dp_wires.h. */
#ifndef XTR_FAST_FRAMES_H
#define XTR_FAST_FRAMES_H

#include "dp_wires.h"

#define FRAME_MAX 1700u

struct frame {
	unsigned len;
	unsigned seg;  /* bytes a buffer, 0: one buffer */
	unsigned room; /* bytes in front, in the first */
	uint8_t b[FRAME_MAX];
};

static uint64_t seed;

/* splitmix64: the same sequence everywhere */
static inline uint64_t next(void)
{
	uint64_t z = (seed += 0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

static inline unsigned below(unsigned n)
{
	return (unsigned)(next() % n);
}

static inline bool one_in(unsigned n)
{
	return below(n) == 0;
}

#define PICK(list) (list[below(RTE_DIM(list))])

static const char *const sites[] = {"10.1.1.4", "10.1.1.5", "10.1.77.4", "10.100.77.4",
    "10.1.1.200", "10.100.1.4", "10.9.9.9", "127.0.0.1", "0.1.2.3", "224.1.1.1", "10.20.9.1"};
static const char *const places[] = {"10.2.2.5", "10.2.2.77", "10.3.1.1", "10.3.200.9", "10.4.1.1",
    "10.5.1.1", "10.6.1.1", "10.7.1.1", "172.16.1.3", "172.17.3.3", "172.17.9.3", "172.16.1.77",
    "10.1.1.4", "10.1.1.6", "10.1.1.7", "10.1.1.2", "172.16.1.2", "10.100.1.4", "198.51.100.1",
    "198.51.101.1", "198.51.7.7", "192.0.2.1", "255.255.255.255", "239.1.1.1", "127.0.0.1",
    "0.0.0.0", "8.8.8.8", "10.13.1.1", "10.26.1.1", "10.26.2.2", "10.8.1.1"};
static const char *const sites6[] = {"2001:db8:1:1::4", "2001:db8:1:1::5", "2001:db8:64:1::4",
    "2001:db8:9::9", "::", "::1", "::2", "ff02::1", "fe80::4", "2001:db8:20:9::1"};
static const char *const places6[] = {"2001:db8:2::5", "2001:db8:2:1::77", "2001:db8:26::1",
    "2001:db8:26:1::1", "2001:db8:3::1", "2001:db8:3:9::9", "2001:db8:4::1", "2001:db8:5::1",
    "2001:db8:6::1", "2001:db8:7::1", "fd00:16:1::3", "fd00:17::3", "fd00:17:1::9", "fd00:16:1::77",
    "2001:db8:1:1::4", "2001:db8:1:1::6", "2001:db8:1:1::7", "2001:db8:1:1::2", "fd00:16:1::2",
    "2001:db8:64:1::4", "2001:db8:51:100::1", "2001:db8:bad::1", "ff02::1", "ff0e::1", "::1",
    "::", "::2", "fe80::2", "fe80::3", "2600::1", "2001:db8:8::1"};

/* What most packets of a burst are like. */
struct usual {
	const char *src[2], *dst[2]; /* IPv4, IPv6 */
	unsigned six;                /* one packet in so many is of the other family; 0: none */
	bool mostly6;
};

static inline struct usual usual_of(unsigned port)
{
	struct usual u = {.src = {port == DP_SITE2 ? "10.100.1.4" : "10.1.1.4",
			      port == DP_SITE2 ? "2001:db8:64:1::4" : "2001:db8:1:1::4"}};

	u.dst[0] = PICK(places);
	u.dst[1] = PICK(places6);
	u.mostly6 = one_in(2);
	u.six = one_in(3) ? 0 : 1 + below(20);
	return u;
}

static inline bool is_six(const struct usual *u)
{
	return u->mostly6 != (u->six && one_in(u->six));
}

static inline void finish_ip(uint8_t *h)
{
	dp_put16(h + 10, dp_checksum(h, (h[0] & 15) * 4u));
}

static inline uint8_t some_hops(void)
{
	static const uint8_t hops[] = {64, 64, 64, 64, 64, 64, 255, 2, 1, 0};

	return PICK(hops);
}

/* An IP packet of `total` bytes at h. */
static inline void make_ip4(uint8_t *h, unsigned total, const char *src, const char *dst)
{
	static const uint8_t protocols[] = {17, 17, 17, 6, 6, 1, 132, 50};

	memset(h, 0, total);
	h[0] = 0x45;
	h[1] = one_in(3) ? (uint8_t)next() : 0;
	dp_put16(h + 2, total);
	dp_put16(h + 4, (uint16_t)next());
	h[6] = one_in(4) ? 0x40 : 0;
	h[8] = some_hops();
	h[9] = PICK(protocols);
	dp_need(inet_pton(AF_INET, src, h + 12) == 1 && inet_pton(AF_INET, dst, h + 16) == 1,
	    "address");
	for (unsigned i = 20; i < total; i++)
		h[i] = (uint8_t)next();
	if (one_in(20) && total >= 24) {
		h[0] = 0x46;
		h[20] = h[21] = h[22] = 1;
		h[23] = 0;
	}
	if (one_in(20))
		h[6] |= 0x20;
	if (one_in(20))
		h[7] = (uint8_t)next();
	finish_ip(h);
}

static inline void make_ip6(uint8_t *h, unsigned total, const char *src, const char *dst)
{
	static const uint8_t next_headers[] = {17, 17, 17, 6, 6, 58, 132, 50, 59};
	static const uint8_t extensions[] = {0, 43, 44, 51, 60};

	memset(h, 0, total);
	h[0] = 0x60;
	if (one_in(3)) {
		h[0] |= (uint8_t)next() & 15;
		h[1] = (uint8_t)next();
		h[3] = (uint8_t)next();
	}
	dp_put16(h + 4, total - 40);
	h[6] = one_in(16) ? PICK(extensions) : PICK(next_headers);
	h[7] = some_hops();
	dp_need(inet_pton(AF_INET6, src, h + 8) == 1 && inet_pton(AF_INET6, dst, h + 24) == 1,
	    "address");
	for (unsigned i = 40; i < total; i++)
		h[i] = (uint8_t)next();
	if (total >= 42 && one_in(2)) { /* an extension header of eight bytes, then TCP */
		h[40] = 6;
		h[41] = 0;
	}
}

/* Bytes of payload behind an IP header. */
static inline unsigned some_payload(unsigned most)
{
	static const unsigned lengths[] = {0, 1, 3, 4, 8, 26, 40, 80, 1380, 1403, 1404, 1405, 1423,
	    1424, 1425, 1443, 1444, 1445, 1480};
	unsigned n = one_in(4) ? below(1480) : PICK(lengths);

	return RTE_MIN(n, most);
}

static inline unsigned make_ip(
    uint8_t *h, bool six, unsigned most, const char *src, const char *dst)
{
	unsigned head = six ? 40 : 20, total = head + some_payload(most - head);

	if (six)
		make_ip6(h, total, src, dst);
	else
		make_ip4(h, total, src, dst);
	return total;
}

static inline unsigned make_inner(uint8_t *h, const struct usual *u)
{
	bool six = is_six(u);

	if (six)
		return make_ip(h, true, 1420, one_in(3) ? PICK(sites6) : "2001:db8:2::5",
		    one_in(3) ? PICK(places6) : u->src[1]);
	return make_ip(h, false, 1420, one_in(3) ? PICK(sites) : "10.2.2.5",
	    one_in(3) ? PICK(places) : u->src[0]);
}

/* A LISP packet to the core's port. */
static inline unsigned make_lisp(uint8_t *h, const struct usual *u, bool outer6)
{
	unsigned head = outer6 ? 40 : 20;
	uint8_t *udp = h + head, *lisp = udp + 8;
	unsigned inner = make_inner(lisp + 8, u), total = inner + head + 16 + one_in(30);
	unsigned cut = one_in(16) ? below(inner + 9) : 0; /* what is behind counts as padding */
	bool alike = !one_in(4);

	if (outer6) {
		make_ip6(h, 40, one_in(8) ? "fd00:16:1::43" : "fd00:16:1::3", "fd00:16:1::2");
		if (alike) { /* traffic class */
			uint8_t tos =
			    lisp[8] >> 4 == 6 ? (uint8_t)(lisp[8] << 4 | lisp[9] >> 4) : lisp[9];

			h[0] = 0x60 | tos >> 4;
			h[1] = (uint8_t)(tos << 4 | (h[1] & 15));
		}
		dp_put16(h + 4, total - 40 - cut);
		h[6] = 17;
	} else {
		make_ip4(h, 28, one_in(8) ? "172.16.1.70" : "172.16.1.3", "172.16.1.2");
		h[0] = 0x45;
		h[6] = h[7] = 0;
		h[9] = 17;
		if (alike)
			h[1] = lisp[8] >> 4 == 6 ? (uint8_t)(lisp[8] << 4 | lisp[9] >> 4) : lisp[9];
		dp_put16(h + 2, total - cut);
		finish_ip(h);
	}
	dp_put16(udp, (uint16_t)next());
	dp_put16(udp + 2, one_in(30) ? 4342 : 4341);
	dp_put16(udp + 4, one_in(30) ? below(2000) : inner + 16 - cut);
	memset(lisp, 0, 8);
	if (one_in(3)) {
		lisp[0] = 8;
		lisp[6] = one_in(4) ? (uint8_t)next() : DP_IID2;
	}
	if (one_in(20))
		lisp[0] |= (uint8_t)next();
	return total;
}

/* Spoils a frame, or its buffer. */
static inline void damage(struct frame *f)
{
	static const unsigned rooms[] = {0, 20, 35, 36, 50, 55, 56, 57, 70};

	if (one_in(8)) { /* padding */
		unsigned pad = below(60);

		memset(f->b + f->len, 0x5a, pad);
		f->len += pad;
	}
	if (one_in(12)) /* any damage */
		f->b[below(RTE_MIN(f->len, 120u))] ^= (uint8_t)(1u << below(8));
	if (one_in(40))
		f->len = below(f->len) + 1;
	f->seg = one_in(30) ? 1 + below(f->len) : 0;
	f->room = one_in(30) ? PICK(rooms) : RTE_PKTMBUF_HEADROOM;
}

static inline void make_frame(struct frame *f, unsigned port, const struct usual *u)
{
	bool six = is_six(u);
	uint8_t *h = f->b + 14;

	memset(f->b, 0, 14);
	memcpy(f->b, dp_mac[port], 6);
	f->b[6] = 2;
	if (port == DP_CORE && !one_in(3))
		f->len = make_lisp(h, u, six);
	else
		f->len = make_ip(h, six, 1500,
		    one_in(4) ? (six ? PICK(sites6) : PICK(sites)) : u->src[six],
		    one_in(3) ? (six ? PICK(places6) : PICK(places)) : u->dst[six]);
	f->len += 14;
	dp_put16(f->b + 12, six ? RTE_ETHER_TYPE_IPV6 : RTE_ETHER_TYPE_IPV4);
	damage(f);
}

#endif
