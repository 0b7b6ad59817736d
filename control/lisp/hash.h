/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A hash table of nodes embedded in their objects. It grows by splitting one bucket an insertion
 * (linear hashing), so that no single insertion takes long, however many objects there are. One
 * thread at a time.
 */
#ifndef XTR_HASH_H
#define XTR_HASH_H

#include <stddef.h>
#include <stdint.h>

struct xtr_hnode {
	struct xtr_hnode *next;
	uint32_t hash;
};

struct xtr_hash {
	struct xtr_hnode **bucket;
	uint32_t room;  /* buckets allocated */
	uint32_t level; /* a power of two: buckets before this round of splits */
	uint32_t split; /* next bucket to be split, below level */
	uint32_t n;     /* nodes */
};

/* 0 or -ENOMEM. */
int xtr_hash_init(struct xtr_hash *h);
/* Frees the buckets, not the nodes. */
void xtr_hash_free(struct xtr_hash *h);
/* Adds node, whose hash value is given. Cannot fail: without memory the table only stops to grow.
 */
void xtr_hash_add(struct xtr_hash *h, struct xtr_hnode *node, uint32_t hash);
/* Removes a node that is in the table. */
void xtr_hash_del(struct xtr_hash *h, struct xtr_hnode *node);
/* First node of the chain where objects of this hash value are; follow `next` and compare. */
struct xtr_hnode *xtr_hash_chain(const struct xtr_hash *h, uint32_t hash);
/* Calls fn for each node; fn may free the node that it is called for, if the table is freed next.
 */
void xtr_hash_each(
    const struct xtr_hash *h, void (*fn)(struct xtr_hnode *node, void *arg), void *arg);
/* Hash of some bytes, continued from `seed`. */
uint32_t xtr_hash_bytes(uint32_t seed, const void *p, size_t len);

#endif
