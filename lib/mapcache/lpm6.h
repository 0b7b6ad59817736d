/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The IPv6 half of a longest-prefix match (lpm.h): a level-compressed, path-compressed trie that
 * is descended without comparing anything, with one comparison at its end.
 *
 * Each prefix has a record: its bits, length, value, and its parent, the longest shorter prefix
 * that covers it. A node of the trie tests 1 to 15 bits of the key at any place in it, and skips
 * what is before. A slot of a node stands for the keys that begin with the node's bits and the
 * slot's own (its block), and holds
 * - a node, if prefixes that do not cover each other lie in the block,
 * - else the longest record in the block,
 * - else the longest that covers the block, or nothing.
 * Whatever of the key was skipped or did not fit, the prefixes that cover the key are in the chain
 * of parents that begins with the record so found: where c bits of it are the key's, the answer is
 * the first in the chain that is no longer than c.
 *
 * A table has two tries, the second for lengths up to XTR_LPM6_SHORT: it is asked where the first
 * has no answer, so that a short prefix above a million others changes nothing in these.
 *
 * The writer changes what readers see by single stores: of a slot, or of the word that holds a
 * record's value, length and parent. A node that gets more or fewer bits is copied and the copy
 * put in its place; the old one waits for a grace period, as deleted records do. Only a new record
 * or a fork (a node of one bit) can fail for want of memory: a node that should change its size
 * stays as it is, and works. What a reader may make of several changes at once is in
 * lpm6_recent.h.
 */
#ifndef XTR_MAPCACHE_LPM6_H
#define XTR_MAPCACHE_LPM6_H

#include <stddef.h>
#include <stdint.h>

#include "mapcache/lpm.h"

#define XTR_LPM6_SHORT 32u

struct xtr_lpm6_limbo;

/* A trie's slots and their keys' first bits are in lpm6_node.h. */
struct xtr_lpm6 {
	uint64_t root[2]; /* slots: long prefixes, short ones. control: rw, workers: ro, atomic */
	/* control only */
	struct xtr_rcu *rcu;
	struct xtr_lpm6_limbo *limbo; /* NULL: no prefix yet */
	size_t bytes;                 /* of records and nodes */
	uint32_t n;                   /* prefixes */
};

/* As their namesakes in lpm.h. */
int xtr_lpm6_set(struct xtr_lpm6 *t, const uint8_t *ip, unsigned plen, uint32_t value);
uint32_t xtr_lpm6_del(struct xtr_lpm6 *t, const uint8_t *ip, unsigned plen);
uint32_t xtr_lpm6_get(const struct xtr_lpm6 *t, const uint8_t *ip, unsigned plen);
uint32_t xtr_lpm6_count(const struct xtr_lpm6 *t);
size_t xtr_lpm6_memory(const struct xtr_lpm6 *t);
void xtr_lpm6_fini(struct xtr_lpm6 *t);
uint32_t xtr_lpm6_covering(
    const struct xtr_lpm6 *t, const uint8_t *ip, unsigned plen, unsigned *len);
/* lpm6_walk.c */
int xtr_lpm6_walk(
    struct xtr_lpm6 *t, const uint8_t *ip, unsigned plen, xtr_lpm_walk_fn *fn, void *arg);
/* Key i in the table that is `at` bytes into what tables[i] points to. */
typedef void xtr_lpm6_lookup_fn(
    const void *const *tables, size_t at, const uint8_t (*keys)[16], uint32_t *values, unsigned n);
xtr_lpm6_lookup_fn xtr_lpm6_lookup_scalar;
xtr_lpm6_lookup_fn xtr_lpm6_lookup_avx512;
/* For so many keys at most, such as those of one flow or two: one by one is faster then. */
#define XTR_LPM6_FEW 4u
xtr_lpm6_lookup_fn xtr_lpm6_lookup_few;

#endif
