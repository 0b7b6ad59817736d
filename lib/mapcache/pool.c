/* SPDX-License-Identifier: BSD-3-Clause */
#include "mapcache/pool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define BLOCK     (256u << 10) /* bytes */
#define IDLE_MOST 8u           /* idle blocks: so many, and memory goes back, ... */
#define IDLE_KEPT 4u           /* ... until these are left */
#define BLOCKS_A_TURN                                                                              \
	4u /* that go back at once: some ten microseconds each, and packets wait meanwhile */

static void *reserve(size_t size)
{
	void *p = mmap(
	    NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

int xtr_pool_init(struct xtr_pool *pool, struct xtr_rcu *rcu, uint32_t size, uint32_t max)
{
	memset(pool, 0, sizeof(*pool));
	pool->size = size;
	pool->max = max;
	pool->fresh = 1;
	pool->batch = 1;
	pool->per_block = size < BLOCK ? BLOCK / size : 1;
	pool->n_blocks = max / pool->per_block + 1;
	pool->rcu = rcu;
	pool->base = reserve((size_t)size * max);
	pool->next = reserve((size_t)max * sizeof(*pool->next));
	pool->blocks = calloc(pool->n_blocks, sizeof(*pool->blocks));
	if (pool->base && pool->next && pool->blocks)
		return 0;
	xtr_pool_fini(pool);
	return -ENOMEM;
}

void xtr_pool_fini(struct xtr_pool *pool)
{
	if (pool->base)
		munmap(pool->base, (size_t)pool->size * pool->max);
	if (pool->next)
		munmap(pool->next, (size_t)pool->max * sizeof(*pool->next));
	free(pool->blocks);
	memset(pool, 0, sizeof(*pool));
}

static struct xtr_pool_block *block_of(const struct xtr_pool *pool, uint32_t index)
{
	return &pool->blocks[index / pool->per_block];
}

uint32_t xtr_pool_get(struct xtr_pool *pool)
{
	uint32_t index = pool->free;
	struct xtr_pool_block *block;

	if (index)
		pool->free = pool->next[index];
	else if (pool->fresh < pool->max)
		index = pool->fresh++;
	else
		return 0;
	pool->used++;
	block = block_of(pool, index);
	pool->idle -= !block->used && block->touched;
	block->used++;
	block->touched = true;
	memset(xtr_pool_at(pool, index), 0, pool->size);
	return index;
}

/* Gives back the memory of idle blocks that no reader can be in. */
static void trim(struct xtr_pool *pool, uint32_t passed)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), from, to;
	unsigned left = BLOCKS_A_TURN;

	if (pool->idle <= IDLE_MOST)
		return;
	for (uint32_t i = 0; i < pool->n_blocks && left && pool->idle > IDLE_KEPT; i++) {
		struct xtr_pool_block *b = &pool->blocks[i];

		if (b->used || !b->touched || (int32_t)(b->batch - passed) > 0)
			continue;
		/* pages that it has to itself */
		from = (uintptr_t)xtr_pool_at(pool, i * pool->per_block);
		to = from + (size_t)pool->per_block * pool->size;
		from = (from + page - 1) & ~(page - 1);
		to &= ~(page - 1);
		if (to > from)
			madvise((void *)from, to - from, MADV_DONTNEED);
		b->touched = false;
		pool->idle--;
		left--;
	}
}

static void passed(struct xtr_rcu_head *head);

static void begin_grace(struct xtr_pool *pool)
{
	pool->limbo = pool->coming;
	pool->coming = (struct xtr_pool_list){0, 0};
	pool->batch++;
	pool->pending = true;
	xtr_rcu_defer(pool->rcu, &pool->grace, passed);
}

/* Nobody reads what is in limbo any more. */
static void passed(struct xtr_rcu_head *head)
{
	struct xtr_pool *pool =
	    (struct xtr_pool *)((char *)head - offsetof(struct xtr_pool, grace));

	if (pool->limbo.last) {
		pool->next[pool->limbo.last] = pool->free;
		pool->free = pool->limbo.first;
		pool->limbo = (struct xtr_pool_list){0, 0};
	}
	trim(pool, pool->batch - 1);
	pool->pending = false;
	if (pool->coming.last || pool->idle > IDLE_MOST)
		begin_grace(pool);
}

void xtr_pool_put(struct xtr_pool *pool, uint32_t index)
{
	struct xtr_pool_block *block = block_of(pool, index);

	if (!index)
		return;
	pool->used--;
	block->batch = pool->batch;
	pool->idle += --block->used == 0;
	pool->next[index] = pool->coming.first;
	pool->coming.first = index;
	if (!pool->coming.last)
		pool->coming.last = index;
	if (!pool->pending)
		begin_grace(pool);
}
