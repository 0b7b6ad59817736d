/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Random valid addresses and parts of messages, for the property tests. A generator started with
 * the same seed makes the same again, so that what was written needs not be kept to be compared:
 * it is generated a second time while reading.
 */
#ifndef WIRE_GEN_H
#define WIRE_GEN_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/lcaf_any.h"
#include "wire/msg.h"

#define GEN_ARENA 262144
#define GEN_LIST  8 /* elements of a list in an LCAF, at most */

struct gen {
	uint64_t x;
	const char *what; /* for the line that a failure prints */
	uint64_t seed, round;
	size_t used;
	uint8_t arena[GEN_ARENA]; /* bytes that views point to */
};

static inline void gen_fail(const struct gen *g, const char *file, int line, const char *text)
{
	print_error("%s:%d: %s, seed %llu, round %llu: not so: %s\n", file, line, g->what,
	    (unsigned long long)g->seed, (unsigned long long)g->round, text);
	fail();
}

#define REQUIRE(g, cond)                                                                           \
	do {                                                                                       \
		if (!(cond))                                                                       \
			gen_fail((g), __FILE__, __LINE__, #cond);                                  \
	} while (0)

/* splitmix64 */
static inline uint64_t gen_u64(struct gen *g)
{
	uint64_t z = g->x += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static inline void gen_start(struct gen *g, uint64_t seed, uint64_t round)
{
	g->seed = seed;
	g->round = round;
	g->x = seed * 0xd1342543de82ef95u + round * 0x2545f4914f6cdd1du;
	g->used = 0;
}

/* 0 to n - 1 */
static inline uint32_t gen_below(struct gen *g, uint32_t n)
{
	return (uint32_t)((gen_u64(g) >> 32) * n >> 32);
}

static inline bool gen_bool(struct gen *g)
{
	return gen_u64(g) >> 63;
}

/* A number of so many bits; the smallest and the largest more often than chance would have it. */
static inline uint64_t gen_bits(struct gen *g, unsigned bits)
{
	uint64_t v = gen_u64(g), max = bits == 64 ? UINT64_MAX : ((uint64_t)1 << bits) - 1;
	unsigned how = (unsigned)(v >> 60);

	return how == 0 ? 0 : how == 1 ? max : v & max;
}

/* How many of something: few, now and then more, rarely as many as there can be. */
static inline unsigned gen_count(struct gen *g, unsigned max)
{
	unsigned how = gen_below(g, 4096), n;

	if (how == 0)
		return max;
	n = how < 64 ? gen_below(g, 20) : gen_below(g, 4);
	return n < max ? n : max;
}

static inline uint8_t *gen_room(struct gen *g, size_t n)
{
	uint8_t *p = g->arena + g->used;

	REQUIRE(g, n <= sizeof g->arena - g->used);
	g->used += n;
	return p;
}

static inline const uint8_t *gen_bytes(struct gen *g, size_t n)
{
	uint8_t *p = gen_room(g, n);
	uint64_t v;

	for (size_t i = 0; i < n; i += sizeof v) {
		v = gen_u64(g);
		memcpy(p + i, &v, n - i < sizeof v ? n - i : sizeof v);
	}
	return p;
}

/* Of the families 4 and 6, and 0 where none is allowed. */
static inline struct xtr_ip gen_ip(struct gen *g, bool none)
{
	static const uint8_t same[2][16] = {
	    {0}, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		     0xff, 0xff, 0xff}};
	unsigned how = gen_below(g, 32);
	uint8_t b[16];
	uint64_t v;

	if (none && how < 3)
		return (struct xtr_ip){0};
	for (unsigned i = 0; i < sizeof b; i += sizeof v) {
		v = gen_u64(g);
		memcpy(b + i, &v, sizeof v);
	}
	if (how < 5)
		memcpy(b, same[how & 1], sizeof b);
	return how & 8 ? xtr_ip6(b) : xtr_ip4(b);
}

static inline uint32_t gen_iid(struct gen *g)
{
	return gen_bool(g) ? 0 : (uint32_t)gen_bits(g, 24);
}

static inline struct xtr_eid gen_host(struct gen *g)
{
	struct xtr_eid eid = {.iid = gen_iid(g)};

	eid.ip = gen_ip(g, true);
	eid.plen = (uint8_t)xtr_ip_bits(&eid.ip);
	return eid;
}

static inline struct xtr_eid gen_eid(struct gen *g)
{
	struct xtr_eid eid = gen_host(g);

	eid.plen = (uint8_t)gen_below(g, xtr_ip_bits(&eid.ip) + 1u);
	xtr_ip_mask(&eid.ip, eid.plen);
	return eid;
}

/* What is in an LCAF, and in its list. */
struct gen_lcaf {
	struct lcaf_any any;
	unsigned n;
	union {
		struct xtr_addr addrs[GEN_LIST];
		struct xtr_elp_hop hops[GEN_LIST];
		struct xtr_key_material keys[GEN_LIST];
		struct xtr_rle_entry entries[GEN_LIST];
	};
};

static inline void gen_lcaf(struct gen *g, unsigned type, unsigned depth, struct gen_lcaf *l);

/* Known and unknown types alike. */
static inline unsigned gen_lcaf_type(struct gen *g)
{
	unsigned n = gen_below(g, 19);

	return n < 17 ? n : n == 17 ? XTR_LCAF_VENDOR : 17 + gen_below(g, 238);
}

/* Makes a view of the generated. */
static inline struct xtr_addr gen_lcaf_addr(struct gen *g, unsigned type, unsigned depth)
{
	struct gen_lcaf l;
	struct xtr_addr a;
	struct xtr_writer w;
	uint8_t *p;

	gen_lcaf(g, type, depth, &l);
	p = g->arena + g->used;
	xtr_writer_init(&w, p, sizeof g->arena - g->used);
	lcaf_any_write(&w, &l.any);
	REQUIRE(g, xtr_writer_result(&w) == 0);
	gen_room(g, w.len);
	REQUIRE(g, xtr_addr_at(p, w.len, &a, NULL) == 0 && a.len + 2 == w.len);
	return a;
}

/* An address of any kind that lies in `depth` LCAFs. */
static inline struct xtr_addr gen_addr(struct gen *g, unsigned depth)
{
	static const uint16_t macs[] = {XTR_AFI_802, XTR_AFI_MAC48, XTR_AFI_MAC64};
	unsigned how = gen_below(g, 12), n;
	struct xtr_ip ip;
	uint8_t *p;

	switch (how) {
	case 0:
		return (struct xtr_addr){0};
	case 1:
		return xtr_addr_of_mac(macs[gen_below(g, 3)], gen_bytes(g, 8));
	case 2:
		n = gen_below(g, 24);
		p = gen_room(g, n + 1);
		for (unsigned i = 0; i < n; i++)
			p[i] = (uint8_t)(1 + gen_below(g, 255));
		p[n] = 0;
		return xtr_addr_of_name((const char *)p);
	case 3:
	case 4:
	case 5:
		if (depth < XTR_LCAF_DEPTH)
			return gen_lcaf_addr(g, gen_lcaf_type(g), depth);
		break;
	default:
		break;
	}
	/* the view needs bytes that stay */
	ip = gen_ip(g, false);
	p = gen_room(g, sizeof ip);
	memcpy(p, &ip, sizeof ip);
	return xtr_addr_of_ip((const struct xtr_ip *)p);
}

/* What an EID of this kind means to who knows IP addresses only; ip.af 0: nothing. Not with the
 * functions under test. */
static inline struct xtr_eid gen_meaning(const struct xtr_addr *a)
{
	struct xtr_eid eid = {0};
	const uint8_t *p = a->p;
	unsigned afi = a->afi;

	if (a->lcaf == XTR_LCAF_IID) {
		if (p[6] != 0)
			return eid;
		eid.iid = (uint32_t)p[7] << 16 | (uint32_t)p[8] << 8 | p[9];
		afi = (unsigned)p[10] << 8 | p[11];
		p += 12;
	}
	eid.ip = afi == XTR_AFI_IPV4   ? xtr_ip4(p)
		 : afi == XTR_AFI_IPV6 ? xtr_ip6(p)
				       : (struct xtr_ip){0};
	return eid;
}

/* A mask length that this address allows. */
static inline uint8_t gen_mask_len(struct gen *g, const struct xtr_addr *a)
{
	struct xtr_eid eid = gen_meaning(a);

	return (uint8_t)(eid.ip.af ? gen_below(g, xtr_ip_bits(&eid.ip) + 1) : gen_bits(g, 8));
}

/* The same for a source-dest-key or multicast-info, where only the address itself counts. */
static inline uint8_t gen_plen(struct gen *g, const struct xtr_addr *a)
{
	return (uint8_t)(a->afi == XTR_AFI_IPV4   ? gen_below(g, 33)
			 : a->afi == XTR_AFI_IPV6 ? gen_below(g, 129)
						  : gen_mask_len(g, a));
}

static inline void gen_addr_list(struct gen *g, struct gen_lcaf *l, unsigned depth, unsigned n)
{
	l->n = n;
	for (unsigned i = 0; i < n; i++)
		l->addrs[i] = gen_addr(g, depth);
}

static inline void gen_geo(struct gen *g, struct xtr_lcaf_geo *geo)
{
	geo->north = gen_bool(g);
	geo->east = gen_bool(g);
	geo->lat_deg = (uint8_t)gen_below(g, 90);
	geo->lat_min = (uint8_t)gen_below(g, 60);
	geo->lat_sec = (uint8_t)gen_below(g, 60);
	geo->lon_deg = (uint8_t)gen_below(g, 180);
	geo->lon_min = (uint8_t)gen_below(g, 60);
	geo->lon_sec = (uint8_t)gen_below(g, 60);
	if (gen_below(g, 16) == 0) { /* a pole, the date line */
		geo->lat_deg = 90;
		geo->lon_deg = 180;
		geo->lat_min = geo->lat_sec = geo->lon_min = geo->lon_sec = 0;
	}
	geo->altitude = (int32_t)gen_bits(g, 32);
	if (gen_below(g, 4) == 0)
		geo->altitude = XTR_GEO_NO_ALTITUDE;
}

/* The list of an LCAF as its bytes. */
static inline struct xtr_lcaf_list gen_list(struct gen *g, const struct gen_lcaf *l)
{
	struct xtr_writer w;

	xtr_writer_init(&w, g->arena + g->used, sizeof g->arena - g->used);
	for (unsigned i = 0; i < l->n; i++) {
		if (l->any.type == XTR_LCAF_ELP)
			xtr_write_elp_hop(&w, &l->hops[i]);
		else if (l->any.type == XTR_LCAF_KEY)
			xtr_write_key_material(&w, &l->keys[i]);
		else if (l->any.type == XTR_LCAF_RLE)
			xtr_write_rle_entry(&w, &l->entries[i]);
		else
			xtr_write_addr(&w, &l->addrs[i]);
	}
	REQUIRE(g, xtr_writer_result(&w) == 0);
	gen_room(g, w.len);
	return xtr_lcaf_list_of(&w);
}

/* Fields of an LCAF of this type that lies in `depth` others; what is in it lies one deeper. */
static inline void gen_lcaf(struct gen *g, unsigned type, unsigned depth, struct gen_lcaf *l)
{
	unsigned n = depth == 0 ? gen_below(g, GEN_LIST + 1) : gen_below(g, 3);

	memset(l, 0, sizeof *l);
	l->any.type = (uint8_t)type;
	depth++;
	switch (type) {
	case XTR_LCAF_NULL:
		return;
	case XTR_LCAF_AFI_LIST:
		gen_addr_list(g, l, depth, n);
		l->any.afi_list.addrs = gen_list(g, l);
		return;
	case XTR_LCAF_IID:
		l->any.iid.iid = (uint32_t)gen_bits(g, gen_bool(g) ? 24 : 32);
		l->any.iid.mask_len = (uint8_t)gen_below(g, 33);
		l->any.iid.addr = gen_addr(g, depth);
		return;
	case XTR_LCAF_ASN:
		l->any.asn.asn = (uint32_t)gen_bits(g, 32);
		l->any.asn.addr = gen_addr(g, depth);
		return;
	case XTR_LCAF_APP:
		l->any.app.tos = (uint32_t)gen_bits(g, 24);
		l->any.app.protocol = (uint8_t)gen_bits(g, 8);
		l->any.app.local_low = (uint16_t)gen_bits(g, 16);
		l->any.app.local_high = (uint16_t)gen_bits(g, 16);
		l->any.app.remote_low = (uint16_t)gen_bits(g, 16);
		l->any.app.remote_high = (uint16_t)gen_bits(g, 16);
		l->any.app.addr = gen_addr(g, depth);
		return;
	case XTR_LCAF_GEO:
		gen_geo(g, &l->any.geo);
		l->any.geo.addr = gen_addr(g, depth);
		return;
	case XTR_LCAF_OPAQUE:
		l->any.opaque.field_num = (uint8_t)gen_bits(g, 4);
		l->any.opaque.wildcards = (uint16_t)gen_bits(g, 16);
		l->any.opaque.key_len = (uint16_t)gen_below(g, 40);
		l->any.opaque.key = gen_bytes(g, l->any.opaque.key_len);
		return;
	case XTR_LCAF_NAT:
		l->any.nat.ms_port = (uint16_t)gen_bits(g, 16);
		l->any.nat.etr_port = (uint16_t)gen_bits(g, 16);
		l->any.nat.global_etr = gen_addr(g, depth);
		l->any.nat.ms = gen_addr(g, depth);
		l->any.nat.private_etr = gen_addr(g, depth);
		gen_addr_list(g, l, depth, n);
		l->any.nat.rtrs = gen_list(g, l);
		return;
	case XTR_LCAF_NONCE:
		l->any.nonce.nonce = (uint32_t)gen_bits(g, 24);
		l->any.nonce.addr = gen_addr(g, depth);
		return;
	case XTR_LCAF_MCAST:
		l->any.mcast.iid = (uint32_t)gen_bits(g, 32);
		l->any.mcast.source = gen_addr(g, depth);
		l->any.mcast.group = gen_addr(g, depth);
		l->any.mcast.source_plen = gen_plen(g, &l->any.mcast.source);
		l->any.mcast.group_plen = gen_plen(g, &l->any.mcast.group);
		return;
	case XTR_LCAF_ELP:
		l->n = n;
		for (unsigned i = 0; i < n; i++) {
			l->hops[i].lookup = gen_bool(g);
			l->hops[i].probe = gen_bool(g);
			l->hops[i].strict = gen_bool(g);
			l->hops[i].addr = gen_addr(g, depth);
		}
		l->any.elp.hops = gen_list(g, l);
		return;
	case XTR_LCAF_KEY:
		l->any.key.algorithm = (uint8_t)gen_bits(g, 8);
		l->any.key.revoke = gen_bool(g);
		l->n = n;
		for (unsigned i = 0; i < n; i++) {
			l->keys[i].len = (uint16_t)gen_below(g, 40);
			l->keys[i].p = gen_bytes(g, l->keys[i].len);
		}
		l->any.key.keys = gen_list(g, l);
		l->any.key.addr = gen_addr(g, depth);
		return;
	case XTR_LCAF_SRC_DST:
		l->any.src_dst.source = gen_addr(g, depth);
		l->any.src_dst.dest = gen_addr(g, depth);
		l->any.src_dst.source_plen = gen_plen(g, &l->any.src_dst.source);
		l->any.src_dst.dest_plen = gen_plen(g, &l->any.src_dst.dest);
		return;
	case XTR_LCAF_RLE:
		l->n = n;
		for (unsigned i = 0; i < n; i++) {
			l->entries[i].level = (uint8_t)gen_bits(g, 8);
			l->entries[i].addr = gen_addr(g, depth);
		}
		l->any.rle.entries = gen_list(g, l);
		return;
	case XTR_LCAF_JSON:
		l->any.json.binary = gen_bool(g);
		l->any.json.len = (uint16_t)gen_below(g, 60);
		l->any.json.text = gen_bytes(g, l->any.json.len);
		l->any.json.addr = gen_addr(g, depth);
		return;
	case XTR_LCAF_KEY_VALUE:
		l->any.key_value.key = gen_addr(g, depth);
		l->any.key_value.value = gen_addr(g, depth);
		return;
	case XTR_LCAF_ENCAP:
		l->any.encap.formats = (uint8_t)gen_bits(g, 7);
		l->any.encap.addr = gen_addr(g, depth);
		return;
	case XTR_LCAF_VENDOR:
		l->any.vendor.oui = (uint32_t)gen_bits(g, 24);
		l->any.vendor.len = (uint16_t)gen_below(g, 40);
		l->any.vendor.data = gen_bytes(g, l->any.vendor.len);
		return;
	default:
		l->any.hdr.flags = (uint8_t)gen_bits(g, 8);
		l->any.hdr.type = (uint8_t)type;
		l->any.hdr.rsvd2 = (uint8_t)gen_bits(g, 8);
		l->any.hdr.len = (uint16_t)gen_below(g, 40);
		l->any.hdr.payload = gen_bytes(g, l->any.hdr.len);
		return;
	}
}

#endif
