/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The IPv4 half of a longest-prefix match (lpm.h). Two forms, one behind the other:
 *
 * SMALL (lpm4_small.c), up to XTR_LPM4_SMALL prefixes: the address space cut into intervals, each
 * with its value, in a static search tree whose nodes are cache lines. The cut is never changed,
 * only values are; a new prefix makes a new block.
 *
 * BIG (lpm4_big.c): direct tables. dir16 has the prefixes of length 0 to 16, dir24 those of 17 to
 * 24, groups the rest; 0 in one of them means "ask dir16", so that a short prefix writes at most
 * 65,536 slots. Slots of dir24 without a value of their own have that of a prefix of 12 to 16 bits.
 * Memory is reserved once and comes as it is touched. Groups are two values while one of
 * their 256 addresses differs from all others, one cache line while there are at most 12 intervals,
 * else a slot an address.
 *
 * One word tells readers the form; the writer stores it last and keeps what it replaced for a grace
 * period. Deleting or replacing a prefix stores values only and needs no memory.
 *
 * Addresses are in host order here.
 */
#ifndef XTR_MAPCACHE_LPM4_H
#define XTR_MAPCACHE_LPM4_H

#include <stddef.h>
#include <stdint.h>

#include "mapcache/lpm.h"

#define XTR_LPM4_SMALL  1024u /* prefixes; one more makes it big */
#define XTR_LPM4_DEMOTE 256u  /* prefixes; so few make it small again */

/* The form's word: its address, aligned to a cache line, and its tag. 0: no prefix. */
enum {
	XTR_LPM4_ONE = 1,  /* a leaf */
	XTR_LPM4_WIDE = 2, /* a root and leaves */
	XTR_LPM4_DEEP = 3, /* a root, nodes and leaves */
	XTR_LPM4_BIG = 4,
	XTR_LPM4_TAG = 7,
};

static inline unsigned xtr_lpm4_tag(uintptr_t word)
{
	return word & XTR_LPM4_TAG;
}

static inline const void *xtr_lpm4_at(uintptr_t word)
{
	return (const void *)(word & ~(uintptr_t)63);
}

struct xtr_lpm4_prefix {
	uint32_t ip, value;
	uint8_t plen;
};

struct xtr_lpm4_big;

/* The control lcore's own. */
struct xtr_lpm4_own {
	struct xtr_rcu *rcu;
	struct xtr_lpm4_prefix *prefix; /* small: in order of address, shorter first */
	uint32_t n, max;                /* small: prefixes, room for them */
	struct xtr_lpm4_big *big;       /* NULL: small */
};

/* Short, so that many tables lie in few cache lines. */
struct xtr_lpm4 {
	uintptr_t word; /* control: rw, workers: ro, atomic */
	struct xtr_lpm4_own *own;
};

/* 0 or -ENOMEM. */
int xtr_lpm4_init(struct xtr_lpm4 *t, struct xtr_rcu *rcu);
/* As their namesakes in lpm.h. */
int xtr_lpm4_set(struct xtr_lpm4 *t, uint32_t ip, unsigned plen, uint32_t value);
uint32_t xtr_lpm4_del(struct xtr_lpm4 *t, uint32_t ip, unsigned plen);
uint32_t xtr_lpm4_get(const struct xtr_lpm4 *t, uint32_t ip, unsigned plen);
/* lpm4_walk.c */
uint32_t xtr_lpm4_covering(const struct xtr_lpm4 *t, uint32_t ip, unsigned plen, unsigned *len);
int xtr_lpm4_walk(struct xtr_lpm4 *t, uint32_t ip, unsigned plen, xtr_lpm_walk_fn *fn, void *arg);
uint32_t xtr_lpm4_count(const struct xtr_lpm4 *t);
size_t xtr_lpm4_memory(const struct xtr_lpm4 *t);
void xtr_lpm4_fini(struct xtr_lpm4 *t);

/* Small: where the prefix is in the array, or would be. */
uint32_t xtr_lpm4_small_find(const struct xtr_lpm4_own *t, uint32_t ip, unsigned plen);

static inline uint32_t xtr_lpm4_mask(unsigned plen)
{
	return plen ? ~0u << (32 - plen) : 0;
}

/* --- small --- */

/*
 * The tree: a root of 32 ends, nodes of 16 where it has three levels, leaves of 8 ends and their
 * values; or one leaf alone. Ends above leaves are the last ones of what is below. Unused ends are
 * the last address there is.
 */
#define XTR_LPM4_ROOT 32u
#define XTR_LPM4_NODE 16u
#define XTR_LPM4_LEAF 8u
#define XTR_LPM4_CUTS (XTR_LPM4_ROOT * XTR_LPM4_NODE * XTR_LPM4_LEAF)

struct xtr_lpm4_root {
	uint32_t end[XTR_LPM4_ROOT];
};

struct xtr_lpm4_node16 {
	uint32_t end[XTR_LPM4_NODE];
};

struct xtr_lpm4_leaf {
	uint32_t end[XTR_LPM4_LEAF];   /* last addresses of intervals, in order */
	uint32_t value[XTR_LPM4_LEAF]; /* atomic */
};
_Static_assert(sizeof(struct xtr_lpm4_leaf) == 64, "a cache line");
_Static_assert(sizeof(struct xtr_lpm4_node16) == 64, "as large as leaves");

/* Bytes from the root to the leaves. */
static inline size_t xtr_lpm4_above(unsigned tag)
{
	static const uint16_t bytes[] = {
	    [XTR_LPM4_ONE] = 0,
	    [XTR_LPM4_WIDE] = sizeof(struct xtr_lpm4_root),
	    [XTR_LPM4_DEEP] =
		sizeof(struct xtr_lpm4_root) + XTR_LPM4_ROOT * sizeof(struct xtr_lpm4_node16),
	};

	return bytes[tag];
}

static inline const struct xtr_lpm4_leaf *xtr_lpm4_leaves(uintptr_t word)
{
	return (const void *)((const char *)xtr_lpm4_at(word) + xtr_lpm4_above(xtr_lpm4_tag(word)));
}

/* The word of a block for these prefixes, or 0 if memory is short (there is at least one prefix).
 */
uintptr_t xtr_lpm4_small_build(const struct xtr_lpm4_prefix *p, uint32_t n);
/* Stores what the prefixes say now, all of which the block was built for. */
void xtr_lpm4_small_store(uintptr_t word, const struct xtr_lpm4_prefix *p, uint32_t n);
uint32_t xtr_lpm4_small_cuts(uintptr_t word);
size_t xtr_lpm4_small_memory(uintptr_t word);
/* Frees it after a grace period. 0 is allowed, here and below. */
void xtr_lpm4_small_retire(uintptr_t word, struct xtr_rcu *rcu);
/* No reader is left. */
void xtr_lpm4_small_free(uintptr_t word);

/* --- big --- */

/*
 * A slot of dir24: a value, or a group, which says what the 256 addresses have.
 * Host: one address differs from all others. Its last byte is in the slot, too, with the number of
 * a pair. Line: struct xtr_lpm4_line. Full: a value an address.
 */
#define XTR_LPM4_HOST  0x80000000u /* byte << 23 and pair follow */
#define XTR_LPM4_PAIRS (1u << 23)
#define XTR_LPM4_GROUP 0x40000000u /* line or full: the rest counts 64 bytes from `groups` */
#define XTR_LPM4_FULL  0x20000000u
#define XTR_LPM4_INDEX 0x1fffffffu
#define XTR_LPM4_LINE  12u
_Static_assert(XTR_LPM_VALUE_MAX < XTR_LPM4_GROUP, "values are no groups");

struct xtr_lpm4_pair {
	uint32_t value[2]; /* of the others, of the host; atomic */
};

struct xtr_lpm4_line {
	uint8_t end[16]; /* last addresses, in order; unused, and the last four: 255 */
	uint32_t value[XTR_LPM4_LINE]; /* atomic */
};
_Static_assert(sizeof(struct xtr_lpm4_line) == 64, "a cache line");

/* What readers see of the big form. Fixed when it is published, but for dir24, which the writer may
 * move; what they point to is atomic. */
struct xtr_lpm4_dir {
	const uint32_t *dir16;
	const uint32_t *dir24; /* atomic */
	const char *groups;
	const struct xtr_lpm4_pair *pairs;
	const uint32_t *begun; /* changes; in a line of its own, since they are many */
};

/* NULL: no memory. Both of these: the word is published by the caller. */
struct xtr_lpm4_big *xtr_lpm4_big_create(struct xtr_rcu *rcu);
uintptr_t xtr_lpm4_big_word(const struct xtr_lpm4_big *b);
/* No reader is left; a callback may still be due. */
void xtr_lpm4_big_destroy(struct xtr_lpm4_big *b);
void xtr_lpm4_big_retire(struct xtr_lpm4_big *b);
int xtr_lpm4_big_set(struct xtr_lpm4_big *b, uint32_t ip, unsigned plen, uint32_t value);
uint32_t xtr_lpm4_big_del(struct xtr_lpm4_big *b, uint32_t ip, unsigned plen);
uint32_t xtr_lpm4_big_get(const struct xtr_lpm4_big *b, uint32_t ip, unsigned plen);
uint32_t xtr_lpm4_big_count(const struct xtr_lpm4_big *b);
size_t xtr_lpm4_big_memory(const struct xtr_lpm4_big *b);
uint32_t xtr_lpm4_big_covering(
    const struct xtr_lpm4_big *b, uint32_t ip, unsigned plen, unsigned *len);
/* The first prefix that is not before ip/plen, in order of address, shorter first. */
bool xtr_lpm4_big_next(
    const struct xtr_lpm4_big *b, uint32_t ip, unsigned plen, struct xtr_lpm4_prefix *p);
/* All prefixes, in that order, to p. */
void xtr_lpm4_big_list(const struct xtr_lpm4_big *b, struct xtr_lpm4_prefix *p);

/* --- look-ups, one function an instruction set (lpm4_lookup.h) --- */

typedef void xtr_lpm4_lookup_fn(
    const uintptr_t *const *words, const uint32_t *keys, uint32_t *values, unsigned n);
xtr_lpm4_lookup_fn xtr_lpm4_lookup_scalar, xtr_lpm4_lookup_avx2, xtr_lpm4_lookup_avx512;
/* All keys in the table whose word this is. */
typedef void xtr_lpm4_table_fn(
    const uintptr_t *word, const uint32_t *keys, uint32_t *values, unsigned n);
xtr_lpm4_table_fn xtr_lpm4_table_scalar, xtr_lpm4_table_avx2, xtr_lpm4_table_avx512;

#endif
