/* SPDX-License-Identifier: BSD-3-Clause */
/* What the IPv6 tries (lpm6.h) are made of, how readers go through it, and its memory. */
#ifndef XTR_MAPCACHE_LPM6_NODE_H
#define XTR_MAPCACHE_LPM6_NODE_H

#include <string.h>
#include <rte_byteorder.h>

#include "mapcache/lpm6.h"
#include "util/slab.h"

#define XTR_LPM6_BITS_MAX 15u

/*
 * A slot, 0 if empty: the address of what it holds times 2^16, and beneath, if that is
 * - a node: its number of slots as 64 - its bits, in 8 bits; XTR_LPM6_NODE; its first bit's place,
 *   in 7 bits, that is: in which word of the key, and how far from that word's top;
 * - a record: its length in 8 bits; 0.
 * So a reader knows a node's slot for its key before it has seen the node.
 */
#define XTR_LPM6_NODE 0x80u

struct xtr_lpm6_key {
	uint64_t word[2]; /* host order, first bits first */
};

/* Both objects have `bits` and `next` at the same place. */
struct xtr_lpm6_record {
	struct xtr_lpm6_key bits; /* fixed; zero after the prefix's length */
	uint64_t word;            /* control: rw, workers: ro, atomic; see xtr_lpm6_word() */
	uint64_t next;            /* control only: list of what is to be freed */
};

struct xtr_lpm6_node {
	/* control only */
	struct xtr_lpm6_key bits; /* what all prefixes below have first; zero from `at` */
	uint16_t deep;            /* slots with a node, or a record longer than the block's bits */
	uint16_t exact;           /* with a record as long as these */
	uint16_t next_deep;       /* with a node whose first bit follows this node's last */
	uint8_t at, n_bits;       /* which bits it tests; all in one word of the key */
	uint64_t next;            /* its number, by which lpm6_size.c knows it; later as above */
	/* control: rw, workers: ro, atomic */
	uint64_t slot[];
};
_Static_assert(sizeof(struct xtr_lpm6_record) == 32 && sizeof(struct xtr_lpm6_node) == 32, "sizes");
_Static_assert(offsetof(struct xtr_lpm6_record, next) == offsetof(struct xtr_lpm6_node, next) &&
		   offsetof(struct xtr_lpm6_record, bits) == 0 &&
		   offsetof(struct xtr_lpm6_node, bits) == 0,
    "common fields");

/* Things that wait for a grace period, linked, first to last; those up to mark go by the callback
 * that is due. */
struct xtr_lpm6_limbo {
	struct xtr_rcu_head head;
	struct xtr_rcu *rcu;
	uint64_t first, mark, last; /* slots */
	bool waiting, dead;
};

/* Records of all tables. Control: rw; workers find parents by it; addresses never change. */
extern struct xtr_slab xtr_lpm6_records;

/* Control only, lpm6_node.c. Their slot words, or 0: no memory. A node's slots are not set. */
uint64_t xtr_lpm6_record_new(
    struct xtr_lpm6 *t, const struct xtr_lpm6_key *k, unsigned plen, uint64_t word);
uint64_t xtr_lpm6_node_new(
    struct xtr_lpm6 *t, const struct xtr_lpm6_key *k, unsigned at, unsigned n_bits);
/* No reader knows it. */
void xtr_lpm6_put(struct xtr_lpm6 *t, uint64_t slot);
/* Readers may; it is freed when they cannot any more. */
void xtr_lpm6_retire(struct xtr_lpm6 *t, uint64_t slot);
/* All that hangs below a slot; no reader is left. */
void xtr_lpm6_put_all(struct xtr_lpm6 *t, uint64_t slot);
/* Where things of a table wait; NULL: no memory. destroy: no reader is left. */
struct xtr_lpm6_limbo *xtr_lpm6_limbo_create(struct xtr_rcu *rcu);
void xtr_lpm6_limbo_destroy(struct xtr_lpm6_limbo *l);

/* Control only, lpm6_size.c. Gives the node in a slot that readers may see as many bits as suit
 * it, or what is left in the node in its place. */
void xtr_lpm6_fit(struct xtr_lpm6 *t, struct xtr_lpm6_node *in, uint64_t *slot);
/* Stores a slot of a node, or of no node (NULL: a root). */
void xtr_lpm6_store(struct xtr_lpm6_node *in, uint64_t *slot, uint64_t value);

static inline uint64_t xtr_lpm6_load(const uint64_t *p)
{
	return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}

static inline bool xtr_lpm6_is_node(uint64_t slot)
{
	return slot & XTR_LPM6_NODE;
}

static inline struct xtr_lpm6_node *xtr_lpm6_node_at(uint64_t slot)
{
	return (struct xtr_lpm6_node *)(uintptr_t)(slot >> 16);
}

static inline struct xtr_lpm6_record *xtr_lpm6_record_at(uint64_t slot)
{
	return (struct xtr_lpm6_record *)(uintptr_t)(slot >> 16);
}

/* Which of a node's slots a key has. */
static inline unsigned xtr_lpm6_index(uint64_t slot, const struct xtr_lpm6_key *k)
{
	return (unsigned)(k->word[slot >> 6 & 1] << (slot & 63) >> (slot >> 8 & 63));
}

/* Where that is. Any slot will do, if the result is not looked at. */
static inline const uint64_t *xtr_lpm6_down(uint64_t slot, const struct xtr_lpm6_key *k)
{
	uintptr_t slots = (uintptr_t)(slot >> 16) + offsetof(struct xtr_lpm6_node, slot);

	return (const uint64_t *)(slots + sizeof(uint64_t) * xtr_lpm6_index(slot, k));
}

/* A record's word: parent's index (26 bits), value (30), length (8). */
#define XTR_LPM6_PARENTS (1u << 26)

static inline uint64_t xtr_lpm6_word(uint32_t parent, uint32_t value, unsigned plen)
{
	return (uint64_t)parent << 38 | (uint64_t)value << 8 | plen;
}

static inline unsigned xtr_lpm6_length(uint64_t word)
{
	return word & 0xff;
}

static inline uint32_t xtr_lpm6_value(uint64_t word)
{
	return (uint32_t)(word >> 8) & XTR_LPM_VALUE_MAX;
}

static inline uint32_t xtr_lpm6_parent(uint64_t word)
{
	return (uint32_t)(word >> 38);
}

static inline struct xtr_lpm6_record *xtr_lpm6_record_of(uint32_t index)
{
	return xtr_slab_at(&xtr_lpm6_records, index);
}

static inline struct xtr_lpm6_key xtr_lpm6_key_of(const uint8_t *b)
{
	struct xtr_lpm6_key k;

	memcpy(&k, b, sizeof(k));
	k.word[0] = rte_be_to_cpu_64(k.word[0]);
	k.word[1] = rte_be_to_cpu_64(k.word[1]);
	return k;
}

static inline struct xtr_lpm6_key xtr_lpm6_first_bits(struct xtr_lpm6_key k, unsigned n)
{
	k.word[0] &= n == 0 ? 0 : n >= 64 ? ~0ull : ~0ull << (64 - n);
	k.word[1] &= n <= 64 ? 0 : n >= 128 ? ~0ull : ~0ull << (128 - n);
	return k;
}

static inline unsigned xtr_lpm6_common(const struct xtr_lpm6_key *a, const struct xtr_lpm6_key *b)
{
	uint64_t high = a->word[0] ^ b->word[0], low = a->word[1] ^ b->word[1];

	return high  ? (unsigned)__builtin_clzll(high)
	       : low ? 64 + (unsigned)__builtin_clzll(low)
		     : 128;
}

/* What a chain of parents answers for a key that has the first `common` bits of its first record:
 * the word of the first record that is no longer; 0: none. */
static inline uint64_t xtr_lpm6_climb(uint64_t word, unsigned common)
{
	while (word && xtr_lpm6_length(word) > common) {
		uint32_t parent = xtr_lpm6_parent(word);

		word = parent ? xtr_lpm6_load(&xtr_lpm6_record_of(parent)->word) : 0;
	}
	return word;
}

/* Of what a slot holds, also where it is a record. */
static inline const struct xtr_lpm6_key *xtr_lpm6_bits(uint64_t slot)
{
	return (const struct xtr_lpm6_key *)(uintptr_t)(slot >> 16);
}

static inline uint64_t xtr_lpm6_slot_of(const struct xtr_lpm6_record *r)
{
	return r ? (uint64_t)(uintptr_t)r << 16 | xtr_lpm6_length(r->word) << 8 : 0;
}

/* The length of the prefix that a slot's record is for. */
static inline unsigned xtr_lpm6_slot_length(uint64_t slot)
{
	return slot >> 8 & 0xff;
}

static inline struct xtr_lpm6_record *xtr_lpm6_above(const struct xtr_lpm6_record *r)
{
	uint32_t parent = xtr_lpm6_parent(r->word);

	return parent ? xtr_lpm6_record_of(parent) : NULL;
}

static inline unsigned xtr_lpm6_end(const struct xtr_lpm6_node *n)
{
	return n->at + n->n_bits;
}

#endif
