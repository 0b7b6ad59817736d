/* SPDX-License-Identifier: BSD-3-Clause */
#include "mapcache/pool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

struct note {
	struct xtr_rcu_head rcu;
	struct xtr_pool *pool;
	uint32_t index;
};

int xtr_pool_init(struct xtr_pool *pool, struct xtr_rcu *rcu, uint32_t size, uint32_t max)
{
	memset(pool, 0, sizeof(*pool));
	pool->base = mmap(NULL, (size_t)size * max, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (pool->base == MAP_FAILED) {
		pool->base = NULL;
		return -ENOMEM;
	}
	pool->size = size;
	pool->max = max;
	pool->fresh = 1;
	pool->rcu = rcu;
	return 0;
}

void xtr_pool_fini(struct xtr_pool *pool)
{
	if (pool->base)
		munmap(pool->base, (size_t)pool->size * pool->max);
	free(pool->free);
	memset(pool, 0, sizeof(*pool));
}

uint32_t xtr_pool_get(struct xtr_pool *pool)
{
	uint32_t index;

	if (pool->n_free)
		index = pool->free[--pool->n_free];
	else if (pool->fresh < pool->max)
		index = pool->fresh++;
	else
		return 0;
	pool->used++;
	memset(xtr_pool_at(pool, index), 0, pool->size);
	return index;
}

static void put_now(struct xtr_rcu_head *head)
{
	struct note *note = (struct note *)head;
	struct xtr_pool *pool = note->pool;

	if (pool->n_free == pool->max_free) {
		uint32_t more = pool->max_free ? pool->max_free * 2 : 64;
		uint32_t *p = reallocarray(pool->free, more, sizeof(*p));

		if (p) {
			pool->free = p;
			pool->max_free = more;
		}
	}
	if (pool->n_free < pool->max_free)
		pool->free[pool->n_free++] = note->index;
	free(note);
}

void xtr_pool_put(struct xtr_pool *pool, uint32_t index)
{
	struct note *note;

	if (!index)
		return;
	pool->used--;
	note = malloc(sizeof(*note));
	if (!note)
		return;
	note->pool = pool;
	note->index = index;
	xtr_rcu_defer(pool->rcu, &note->rcu, put_now);
}
