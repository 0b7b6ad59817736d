/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Pools of fixed-size objects that workers reach by a 32-bit index: an array that never moves
 * (address space is reserved, pages come as they are touched). Index 0 is never given out. Control
 * lcore only, but for reading the array.
 *
 * What is given back costs no memory and cannot fail: a word beside each object links it to the
 * next, of those that wait for readers or of those that are free. Blocks of objects none of which
 * is in use go back to the system, but for a few.
 */
#ifndef XTR_MAPCACHE_POOL_H
#define XTR_MAPCACHE_POOL_H

#include "mapcache/rcu.h"

struct xtr_pool_list {
	uint32_t first, last; /* indexes, 0: none */
};

struct xtr_pool_block {
	uint32_t used;
	uint32_t batch; /* the last that one of its objects was given back with */
	bool touched;   /* has memory */
};

/* What workers read of it lies apart from what changes with each object that is taken. */
struct xtr_pool {
	/* start; workers: ro */
	void *base;
	uint32_t size; /* bytes an object */
	char apart[RTE_CACHE_LINE_SIZE];
	/* control: rw */
	uint32_t max;   /* objects */
	uint32_t fresh; /* first index never used */
	uint32_t used;
	uint32_t *next;              /* by index: the one after it in its list */
	uint32_t free;               /* list; the one given back last is taken first */
	struct xtr_pool_list limbo;  /* of the batch whose grace period has begun */
	struct xtr_pool_list coming; /* of the one after */
	uint32_t batch;              /* its number */
	struct xtr_pool_block *blocks;
	uint32_t per_block, n_blocks; /* objects; blocks */
	uint32_t idle;                /* blocks that have memory, and no object in use */
	struct xtr_rcu *rcu;
	struct xtr_rcu_head grace; /* waits while `pending` */
	bool pending;
	char apart_too[RTE_CACHE_LINE_SIZE];
};

/* 0 or -ENOMEM. The pool stays where it is until xtr_pool_fini(), which comes after
 * xtr_rcu_fini(). */
int xtr_pool_init(struct xtr_pool *pool, struct xtr_rcu *rcu, uint32_t size, uint32_t max);
void xtr_pool_fini(struct xtr_pool *pool);
/* A zeroed object's index, or 0 if the pool or memory is exhausted. */
uint32_t xtr_pool_get(struct xtr_pool *pool);
/* Gives the object back after a grace period, or two; readers may still use it until then. Index 0
 * is allowed. */
void xtr_pool_put(struct xtr_pool *pool, uint32_t index);
static inline void *xtr_pool_at(const struct xtr_pool *pool, uint32_t index)
{
	return (char *)pool->base + (size_t)index * pool->size;
}

#endif
