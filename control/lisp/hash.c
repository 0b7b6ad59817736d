/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/lisp/hash.h"

#include <errno.h>
#include <stdlib.h>

#define FIRST_BUCKETS 16u

int xtr_hash_init(struct xtr_hash *h)
{
	*h = (struct xtr_hash){0};
	h->bucket = calloc(FIRST_BUCKETS, sizeof(*h->bucket));
	if (!h->bucket)
		return -ENOMEM;
	h->room = h->level = FIRST_BUCKETS;
	return 0;
}

void xtr_hash_free(struct xtr_hash *h)
{
	free(h->bucket);
	*h = (struct xtr_hash){0};
}

static struct xtr_hnode **bucket_of(const struct xtr_hash *h, uint32_t hash)
{
	uint32_t i = hash & (h->level - 1);

	/* buckets below `split` have been split in this round: one bit more decides */
	if (i < h->split)
		i = hash & (2 * h->level - 1);
	return &h->bucket[i];
}

/* Splits one bucket in two. */
static void grow(struct xtr_hash *h)
{
	uint32_t fresh = h->level + h->split;
	struct xtr_hnode **p, *node;

	if (fresh == h->room) {
		struct xtr_hnode **more =
		    reallocarray(h->bucket, 2 * (size_t)h->room, sizeof(*more));

		if (!more)
			return;
		h->bucket = more;
		h->room *= 2;
	}
	h->bucket[fresh] = NULL;
	p = &h->bucket[h->split];
	while ((node = *p)) {
		if (node->hash & h->level) {
			*p = node->next;
			node->next = h->bucket[fresh];
			h->bucket[fresh] = node;
		} else {
			p = &node->next;
		}
	}
	if (++h->split == h->level) {
		h->level *= 2;
		h->split = 0;
	}
}

void xtr_hash_add(struct xtr_hash *h, struct xtr_hnode *node, uint32_t hash)
{
	struct xtr_hnode **b;

	if (h->n >= h->level + h->split && h->level < 1u << 30)
		grow(h);
	b = bucket_of(h, hash);
	node->hash = hash;
	node->next = *b;
	*b = node;
	h->n++;
}

void xtr_hash_del(struct xtr_hash *h, struct xtr_hnode *node)
{
	struct xtr_hnode **p = bucket_of(h, node->hash);

	while (*p && *p != node)
		p = &(*p)->next;
	if (!*p)
		return;
	*p = node->next;
	h->n--;
}

struct xtr_hnode *xtr_hash_chain(const struct xtr_hash *h, uint32_t hash)
{
	return *bucket_of(h, hash);
}

void xtr_hash_each(
    const struct xtr_hash *h, void (*fn)(struct xtr_hnode *node, void *arg), void *arg)
{
	struct xtr_hnode *node, *next;

	for (uint32_t i = 0; i < h->level + h->split; i++) {
		for (node = h->bucket[i]; node; node = next) {
			next = node->next;
			fn(node, arg);
		}
	}
}

/* FNV-1a with a last mix, since buckets are chosen by the low bits. */
uint32_t xtr_hash_bytes(uint32_t seed, const void *p, size_t len)
{
	const uint8_t *b = p;
	uint32_t h = 2166136261u ^ seed;

	while (len--)
		h = (h ^ *b++) * 16777619u;
	h ^= h >> 16;
	h *= 0x85ebca6bu;
	return h ^ h >> 13;
}
