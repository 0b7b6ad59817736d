/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Pools of fixed-size objects that workers reach by a 32-bit index: an array that never moves
 * (address space is reserved, pages come as they are touched). Index 0 is never given out. Control
 * lcore only, but for reading the array.
 */
#ifndef XTR_MAPCACHE_POOL_H
#define XTR_MAPCACHE_POOL_H

#include "mapcache/rcu.h"

struct xtr_pool {
	void *base;
	uint32_t size;  /* bytes an object */
	uint32_t max;   /* objects */
	uint32_t fresh; /* first index never used */
	uint32_t used;
	uint32_t *free; /* stack of indexes given back */
	uint32_t n_free, max_free;
	struct xtr_rcu *rcu;
};

/* 0 or -ENOMEM. */
int xtr_pool_init(struct xtr_pool *pool, struct xtr_rcu *rcu, uint32_t size, uint32_t max);
void xtr_pool_fini(struct xtr_pool *pool);
/* A zeroed object's index, or 0 if the pool or memory is exhausted. */
uint32_t xtr_pool_get(struct xtr_pool *pool);
/* Gives the object back after a grace period; readers may still use it until then. Where memory for
 * the note is short, the object is lost to the pool rather than reused too early. */
void xtr_pool_put(struct xtr_pool *pool, uint32_t index);

static inline void *xtr_pool_at(const struct xtr_pool *pool, uint32_t index)
{
	return (char *)pool->base + (size_t)index * pool->size;
}

#endif
