/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the longest-prefix match is held against: DPDK's rte_rib and rte_rib6 behind one interface;
 * and random prefixes and keys of the kinds that make it work hard. Addresses are in network order,
 * those of IPv4 in the first four bytes.
 */
#ifndef XTR_TEST_LPM_ORACLE_H
#define XTR_TEST_LPM_ORACLE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <rte_rib.h>
#include <rte_rib6.h>

#include "wire/addr.h"

/* splitmix64: the same sequence everywhere */
static inline uint64_t random_next(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

/* 0 to n - 1 */
static inline uint32_t random_below(uint64_t *state, uint32_t n)
{
	return (uint32_t)((random_next(state) >> 32) * n >> 32);
}

static inline uint32_t host4(const uint8_t *b)
{
	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

/* One family of one table. */
struct oracle {
	struct rte_rib *r4;
	struct rte_rib6 *r6;
};

/* False: no memory. Names are unique. */
static inline bool oracle_init(struct oracle *o, unsigned af, const char *name, unsigned prefixes)
{
	/* a prefix may need a node that only forks */
	struct rte_rib_conf c4 = {.max_nodes = (int)(2 * prefixes + 2)};
	struct rte_rib6_conf c6 = {.max_nodes = (int)(2 * prefixes + 2)};

	memset(o, 0, sizeof(*o));
	if (af == 4)
		o->r4 = rte_rib_create(name, 0, &c4);
	else
		o->r6 = rte_rib6_create(name, 0, &c6);
	return o->r4 || o->r6;
}

static inline void oracle_fini(struct oracle *o)
{
	rte_rib_free(o->r4);
	rte_rib6_free(o->r6);
	memset(o, 0, sizeof(*o));
}

/* A node of the oracle, which stays where it is while its prefix does; NULL: it has not this
 * prefix. */
static inline void *oracle_find(const struct oracle *o, const uint8_t *b, unsigned plen)
{
	return o->r4 ? (void *)rte_rib_lookup_exact(o->r4, host4(b), (uint8_t)plen)
		     : (void *)rte_rib6_lookup_exact(o->r6, b, (uint8_t)plen);
}

/* For a prefix that it has not. NULL: it has no room. */
static inline void *oracle_add(struct oracle *o, const uint8_t *b, unsigned plen)
{
	return o->r4 ? (void *)rte_rib_insert(o->r4, host4(b), (uint8_t)plen)
		     : (void *)rte_rib6_insert(o->r6, b, (uint8_t)plen);
}

static inline void oracle_put(const struct oracle *o, void *node, uint64_t value)
{
	if (o->r4)
		rte_rib_set_nh(node, value);
	else
		rte_rib6_set_nh(node, value);
}

/* 0: of no node. */
static inline uint64_t oracle_value(const struct oracle *o, const void *node)
{
	uint64_t value = 0;

	if (node && o->r4)
		rte_rib_get_nh(node, &value);
	else if (node)
		rte_rib6_get_nh(node, &value);
	return value;
}

/* The node of the longest prefix that covers a node's and is shorter, and its length; or NULL, with
 * *plen as it was. */
static inline void *oracle_above(const struct oracle *o, void *node, uint8_t *plen)
{
	void *above =
	    o->r4 ? (void *)rte_rib_lookup_parent(node) : (void *)rte_rib6_lookup_parent(node);

	if (above && o->r4)
		rte_rib_get_depth(above, plen);
	else if (above)
		rte_rib6_get_depth(above, plen);
	return above;
}

/* False: it has no room. */
static inline bool oracle_set(struct oracle *o, const uint8_t *b, unsigned plen, uint64_t value)
{
	void *node = oracle_find(o, b, plen);

	if (!node)
		node = oracle_add(o, b, plen);
	if (node)
		oracle_put(o, node, value);
	return node != NULL;
}

/* 0: it has not this prefix. */
static inline uint64_t oracle_get(const struct oracle *o, const uint8_t *b, unsigned plen)
{
	return oracle_value(o, oracle_find(o, b, plen));
}

static inline void oracle_del(struct oracle *o, const uint8_t *b, unsigned plen)
{
	if (o->r4)
		rte_rib_remove(o->r4, host4(b), (uint8_t)plen);
	else
		rte_rib6_remove(o->r6, b, (uint8_t)plen);
}

static inline uint64_t oracle_lookup(const struct oracle *o, const uint8_t *key)
{
	return oracle_value(o, o->r4 ? (void *)rte_rib_lookup(o->r4, host4(key))
				     : (void *)rte_rib6_lookup(o->r6, key));
}

static inline struct xtr_ip ip_of(unsigned af, const uint8_t *b)
{
	return af == 4 ? xtr_ip4(b) : xtr_ip6(b);
}

/* --- random prefixes --- */

/* Kinds of prefixes. A table has a few places where those that lie close together are. */
enum kind {
	KIND_NEST,   /* on the way to one address, and beside it: deep nests */
	KIND_DENSE,  /* in the last 8 bits */
	KIND_NEARBY, /* in the last 16 bits */
	KIND_HOSTS,  /* whole addresses anywhere, sometimes a few bits shorter */
	KIND_SPARSE, /* all lengths, anywhere */
	KIND_ROUTES, /* lengths of routes */
	KIND_SHORT,  /* short: over all the others */
	N_KINDS,
};

#define PLACES 4u

struct places {
	uint8_t b[PLACES][16];
};

static inline void random_bytes(uint64_t *state, uint8_t *b, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		b[i] = (uint8_t)(random_next(state) >> 32);
}

static inline void places_init(struct places *p, uint64_t *state)
{
	random_bytes(state, p->b[0], sizeof(p->b));
	memcpy(p->b[1], p->b[0], 3); /* two of them are neighbours */
	memcpy(p->b[1] + 3, p->b[0] + 3, 12);
	/* the ends of the address space */
	memset(p->b[2], random_next(state) % 2 ? 0 : 0xff, sizeof(p->b[2]));
}

/* Clears what comes after the first plen bits, all of b included. */
static inline void clear_host_bits(uint8_t *b, unsigned plen)
{
	for (unsigned i = 0; i < 16; i++)
		if (plen <= 8 * i)
			b[i] = 0;
		else if (plen < 8 * (i + 1))
			b[i] &= (uint8_t)(0xff00 >> (plen - 8 * i));
}

/* Returns its length. */
static inline unsigned random_prefix(
    uint64_t *state, enum kind kind, unsigned af, const struct places *places, uint8_t *b)
{
	static const uint8_t routes4[] = {
	    8, 12, 14, 16, 17, 18, 19, 20, 21, 22, 22, 23, 24, 24, 24, 24};
	static const uint8_t routes6[] = {
	    19, 24, 29, 32, 32, 36, 40, 44, 46, 48, 48, 56, 60, 64, 64, 128};
	unsigned bits = af == 4 ? 32 : 128, bytes = bits / 8, plen = bits;

	memset(b, 0, 16);
	memcpy(b, places->b[random_below(state, PLACES)], bytes);
	switch (kind) {
	case KIND_NEST:
		plen = random_below(state, bits + 1);
		if (plen && random_below(state, 3) == 0)
			b[(plen - 1) / 8] ^= (uint8_t)(0x80 >> (plen - 1) % 8);
		break;
	case KIND_DENSE:
		random_bytes(state, b + bytes - 1, 1);
		plen = bits - random_below(state, 2) * random_below(state, 9);
		break;
	case KIND_NEARBY:
		random_bytes(state, b + bytes - 2, 2);
		plen = bits - random_below(state, 2) * random_below(state, 17);
		break;
	case KIND_HOSTS:
		random_bytes(state, b, bytes);
		plen = bits - (random_below(state, 8) ? 0 : random_below(state, 9));
		break;
	case KIND_SPARSE:
		random_bytes(state, b, bytes);
		plen = random_below(state, bits + 1);
		break;
	case KIND_ROUTES:
		random_bytes(state, b, bytes);
		plen = (af == 4 ? routes4 : routes6)[random_below(state, 16)];
		break;
	default:
		random_bytes(state, b, bytes);
		plen = random_below(state, af == 4 ? 17 : 33);
		break;
	}
	clear_host_bits(b, plen);
	return plen;
}

/* One address up or down, round the ends of the space. */
static inline void step_address(uint8_t *b, unsigned af, bool up)
{
	for (unsigned i = af == 4 ? 4 : 16; i--;) {
		b[i] = (uint8_t)(up ? b[i] + 1 : b[i] - 1);
		if (b[i] != (up ? 0 : 0xff))
			break;
	}
}

/* A key at the edges of a prefix or in it: the first and the last address, one before, one after,
 * or any. */
static inline void random_key(
    uint64_t *state, unsigned af, const uint8_t *b, unsigned plen, uint8_t *key)
{
	unsigned what = random_below(state, 6), bits = af == 4 ? 32 : 128;

	memcpy(key, b, 16);
	if (what < 2) { /* first, before */
		if (what == 1)
			step_address(key, af, false);
		return;
	}
	for (unsigned i = plen; i < bits; i++)
		if (what < 4 || random_next(state) >> 63)
			key[i / 8] |= (uint8_t)(0x80 >> i % 8);
	if (what == 3)
		step_address(key, af, true);
}

#endif
