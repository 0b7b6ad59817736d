/* SPDX-License-Identifier: BSD-3-Clause */
/* Grace periods and pools: nothing is used again before every reader has passed a quiescent state.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "eal_fixture.h"
#include "fail_alloc.h"
#include "mapcache/pool.h"

struct object {
	uint64_t words[3];
};

struct fixture {
	struct xtr_rcu rcu;
	struct xtr_pool pool;
};

/* A reader without a thread: the test says when it is quiescent. */
static void reader_joins(struct fixture *f, unsigned id)
{
	assert_int_equal(rte_rcu_qsbr_thread_register(f->rcu.qsv, id), 0);
	rte_rcu_qsbr_thread_online(f->rcu.qsv, id);
}

static void reader_leaves(struct fixture *f, unsigned id)
{
	rte_rcu_qsbr_thread_offline(f->rcu.qsv, id);
	assert_int_equal(rte_rcu_qsbr_thread_unregister(f->rcu.qsv, id), 0);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (xtr_rcu_init(&f->rcu, 2) < 0 ||
	    xtr_pool_init(&f->pool, &f->rcu, sizeof(struct object), 1000) < 0)
		return -1;
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	xtr_rcu_fini(&f->rcu);
	xtr_pool_fini(&f->pool);
	xtr_pool_fini(&f->pool);
	free(f);
	return 0;
}

static void runs_dry(void **state)
{
	struct fixture *f = *state;
	char seen[1000] = {0};
	uint32_t index;

	for (unsigned i = 1; i < 1000; i++) {
		index = xtr_pool_get(&f->pool);
		assert_in_range(index, 1, 999); /* 0 is never given out */
		assert_false(seen[index]);
		seen[index] = 1;
		((struct object *)xtr_pool_at(&f->pool, index))->words[2] = ~0ull;
	}
	assert_int_equal(f->pool.used, 999);
	assert_int_equal(xtr_pool_get(&f->pool), 0);
	assert_int_equal(xtr_pool_get(&f->pool), 0);
	assert_int_equal(f->pool.used, 999);
	xtr_pool_put(&f->pool, 0);
	assert_int_equal(f->pool.used, 999);
	xtr_pool_put(&f->pool, 500);
	assert_int_equal(f->pool.used, 998);
	assert_int_equal(xtr_pool_get(&f->pool), 0); /* not before the grace period is over */
	assert_int_equal(xtr_rcu_poll(&f->rcu), 1);
	assert_int_equal(xtr_pool_get(&f->pool), 500);
	/* zeroed, and its neighbours are as they were */
	assert_int_equal(((struct object *)xtr_pool_at(&f->pool, 500))->words[2], 0);
	assert_true(((struct object *)xtr_pool_at(&f->pool, 499))->words[2] == ~0ull);
	assert_true(((struct object *)xtr_pool_at(&f->pool, 501))->words[2] == ~0ull);
	/* all back, for which no memory is needed, and all out again */
	allocs_left = 0;
	for (uint32_t i = 1; i < 1000; i++)
		xtr_pool_put(&f->pool, i);
	assert_int_equal(f->pool.used, 0);
	/* the first went alone, the others together */
	assert_int_equal(xtr_rcu_poll(&f->rcu), 1);
	assert_int_equal(xtr_rcu_poll(&f->rcu), 1);
	allocs_left = -1;
	assert_int_equal(f->rcu.waiting, 0);
	memset(seen, 0, sizeof(seen));
	for (unsigned i = 1; i < 1000; i++) {
		index = xtr_pool_get(&f->pool);
		assert_in_range(index, 1, 999);
		assert_false(seen[index]);
		seen[index] = 1;
	}
	assert_int_equal(xtr_pool_get(&f->pool), 0);
}

static void waits_for_each_reader(void **state)
{
	struct fixture *f = *state;
	uint32_t index = xtr_pool_get(&f->pool), other;
	struct object *o = xtr_pool_at(&f->pool, index);

	reader_joins(f, 0);
	reader_joins(f, 1);
	o->words[0] = 4711;
	xtr_pool_put(&f->pool, index);
	assert_int_equal(xtr_rcu_poll(&f->rcu), 0);
	rte_rcu_qsbr_quiescent(f->rcu.qsv, 0);
	assert_int_equal(xtr_rcu_poll(&f->rcu), 0);
	/* what is got meanwhile is another one, and the readers' is untouched */
	other = xtr_pool_get(&f->pool);
	assert_int_not_equal(other, index);
	assert_int_equal(o->words[0], 4711);
	rte_rcu_qsbr_quiescent(f->rcu.qsv, 1);
	assert_int_equal(xtr_rcu_poll(&f->rcu), 1);
	assert_int_equal(xtr_pool_get(&f->pool), index);
	assert_int_equal(o->words[0], 0);
	/* put after a quiescent state: that one does not count */
	xtr_pool_put(&f->pool, other);
	assert_int_equal(xtr_rcu_poll(&f->rcu), 0);
	/* a reader that leaves holds nothing up */
	reader_leaves(f, 1);
	assert_int_equal(xtr_rcu_poll(&f->rcu), 0);
	rte_rcu_qsbr_quiescent(f->rcu.qsv, 0);
	assert_int_equal(xtr_rcu_poll(&f->rcu), 1);
	reader_leaves(f, 0);
}

struct call {
	struct xtr_rcu_head head;
	unsigned id;
};

static unsigned called[16], n_called;
static struct xtr_rcu *nested;

static void on_call(struct xtr_rcu_head *head)
{
	struct call *c = (struct call *)head;

	called[n_called++] = c->id;
	if (c->id == 3)
		xtr_rcu_defer(nested, head, on_call); /* from a call: fires once more */
	c->id += 100;
}

static void count_call(struct xtr_rcu_head *head)
{
	n_called++;
}

/* However many are due, one call does not do them all. */
static void in_slices(void **state)
{
	static struct xtr_rcu_head heads[3 * XTR_RCU_POLL - 1];
	struct fixture *f = *state;

	n_called = 0;
	for (unsigned i = 0; i < RTE_DIM(heads); i++)
		xtr_rcu_defer(&f->rcu, &heads[i], count_call);
	assert_int_equal(xtr_rcu_poll(&f->rcu), XTR_RCU_POLL);
	assert_int_equal(xtr_rcu_poll(&f->rcu), XTR_RCU_POLL);
	assert_int_equal(xtr_rcu_poll(&f->rcu), XTR_RCU_POLL - 1);
	assert_int_equal(n_called, RTE_DIM(heads));
	assert_int_equal(xtr_rcu_poll(&f->rcu), 0);
}

static void in_order(void **state)
{
	struct fixture *f = *state;
	struct call calls[5] = {{.id = 1}, {.id = 2}, {.id = 3}, {.id = 4}, {.id = 5}};
	uint64_t token;

	n_called = 0;
	nested = &f->rcu;
	reader_joins(f, 0);
	for (unsigned i = 0; i < 2; i++)
		xtr_rcu_defer(&f->rcu, &calls[i].head, on_call);
	rte_rcu_qsbr_quiescent(f->rcu.qsv, 0);
	for (unsigned i = 2; i < 5; i++)
		xtr_rcu_defer(&f->rcu, &calls[i].head, on_call);
	assert_int_equal(f->rcu.waiting, 5);
	assert_int_equal(xtr_rcu_poll(&f->rcu), 2); /* the first two are of the period passed */
	assert_int_equal(n_called, 2);
	token = xtr_rcu_start(&f->rcu);
	assert_false(xtr_rcu_passed(&f->rcu, token));
	rte_rcu_qsbr_quiescent(f->rcu.qsv, 0);
	assert_true(xtr_rcu_passed(&f->rcu, token));
	assert_int_equal(xtr_rcu_poll(&f->rcu), 3);
	assert_int_equal(f->rcu.waiting, 1);
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(called[i], i + 1);
	/* the end calls what waits, whether a reader passed or not */
	xtr_rcu_fini(&f->rcu);
	assert_int_equal(n_called, 6);
	assert_int_equal(called[5], 103);
	assert_int_equal(f->rcu.waiting, 0);
	xtr_rcu_fini(&f->rcu);
}

/* What is given back while a grace period runs waits for the next. */
static void in_batches(void **state)
{
	struct fixture *f = *state;
	uint32_t index[4];

	for (unsigned i = 0; i < 4; i++)
		index[i] = xtr_pool_get(&f->pool);
	f->pool.max = f->pool.fresh; /* no new ones */
	reader_joins(f, 0);
	xtr_pool_put(&f->pool, index[0]);
	xtr_pool_put(&f->pool, index[1]);
	rte_rcu_qsbr_quiescent(f->rcu.qsv, 0);
	xtr_pool_put(&f->pool, index[2]);
	assert_int_equal(xtr_rcu_poll(&f->rcu), 1);
	assert_int_equal(xtr_pool_get(&f->pool), index[0]);
	assert_int_equal(xtr_pool_get(&f->pool), 0);
	xtr_pool_put(&f->pool, index[3]);
	rte_rcu_qsbr_quiescent(f->rcu.qsv, 0);
	assert_int_equal(xtr_rcu_poll(&f->rcu), 1);
	assert_true(xtr_pool_get(&f->pool) + xtr_pool_get(&f->pool) == index[1] + index[2]);
	assert_int_equal(xtr_pool_get(&f->pool), 0);
	rte_rcu_qsbr_quiescent(f->rcu.qsv, 0);
	assert_int_equal(xtr_rcu_poll(&f->rcu), 1);
	assert_int_equal(xtr_pool_get(&f->pool), index[3]);
	assert_int_equal(xtr_rcu_poll(&f->rcu), 0);
	assert_int_equal(f->rcu.waiting, 0);
	reader_leaves(f, 0);
}

#define MANY (1u << 20)

/* Bytes of the pool that are there. */
static size_t resident(const struct xtr_pool *pool)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), pages = (size_t)pool->size * pool->max / page;
	unsigned char *in = malloc(pages);
	size_t n = 0;

	assert_int_equal(mincore(pool->base, pages * page, in), 0);
	for (size_t i = 0; i < pages; i++)
		n += in[i] & 1;
	free(in);
	return n * page;
}

/* No reader is there: what is put back is free, and what is to go goes. */
static void settle(struct fixture *f)
{
	while (xtr_rcu_poll(&f->rcu))
		;
}

/* The memory of a million objects goes back once no reader can be in it, but for some. */
static void gives_back(void **state)
{
	struct fixture *f = *state;
	struct xtr_pool pool;
	uint32_t kept = 0, index;
	size_t all;

	assert_int_equal(xtr_pool_init(&pool, &f->rcu, 16, MANY), 0);
	for (unsigned round = 0; round < 2; round++) {
		for (uint32_t i = 1; i < MANY; i++) {
			index = xtr_pool_get(&pool);
			assert_int_not_equal(index, 0);
			memcpy(xtr_pool_at(&pool, index), &index, sizeof(index));
			if (i == MANY / 2)
				kept = index;
		}
		assert_int_equal(xtr_pool_get(&pool), 0);
		all = resident(&pool);
		assert_int_equal(all, (size_t)MANY * 16);
		reader_joins(f, 0);
		for (uint32_t i = 1; i < MANY; i++)
			if (i != kept)
				xtr_pool_put(&pool, i);
		xtr_rcu_poll(&f->rcu);
		rte_rcu_qsbr_quiescent(f->rcu.qsv, 0);
		xtr_rcu_poll(&f->rcu);
		assert_int_equal(resident(&pool), all); /* all but one wait for another turn */
		for (uint32_t i = 1; i < MANY; i += 4711) {
			memcpy(&index, xtr_pool_at(&pool, i), sizeof(index));
			assert_int_equal(index, i);
		}
		reader_leaves(f, 0);
		settle(f);
		assert_int_equal(f->rcu.waiting, 0);
		assert_in_range(resident(&pool), 1, 10 * (256u << 10));
		memcpy(&index, xtr_pool_at(&pool, kept), sizeof(index));
		assert_int_equal(index, kept);
		xtr_pool_put(&pool, kept);
		settle(f);
	}
	assert_int_equal(pool.used, 0);
	xtr_pool_fini(&pool);
}

/* Few objects that come and go at the edge of a block cost no system calls: blocks stay. */
static void keeps_some(void **state)
{
	struct fixture *f = *state;
	struct xtr_pool pool;
	uint32_t per_block = (256u << 10) / 64, index[8 * 4096];

	assert_int_equal(xtr_pool_init(&pool, &f->rcu, 64, MANY), 0);
	for (unsigned i = 0; i < 8 * per_block - 1; i++)
		index[i] = xtr_pool_get(&pool);
	for (unsigned i = 0; i < 8 * per_block - 1; i++)
		xtr_pool_put(&pool, index[i]);
	settle(f);
	assert_int_equal(resident(&pool), 8u * (256u << 10));
	xtr_pool_fini(&pool);
}

/* Memory short at the start. */
static void no_memory(void **state)
{
	struct fixture *f = *state;
	struct xtr_pool pool;

	for (int allocs = 0; allocs < 3; allocs++) {
		allocs_left = allocs;
		assert_int_equal(xtr_pool_init(&pool, &f->rcu, 16, MANY), -ENOMEM);
		allocs_left = -1;
		xtr_pool_fini(&pool);
	}
}

/* --- a reader that follows an index while the writer replaces what it names --- */

#define TURNS 30000u

struct race {
	struct fixture *f;
	uint32_t current; /* index, atomic */
	bool stop;
	uint64_t looks, torn, stale;
};

static void *reader(void *arg)
{
	struct race *r = arg;
	uint64_t last = 0;

	rte_rcu_qsbr_thread_register(r->f->rcu.qsv, 0);
	rte_rcu_qsbr_thread_online(r->f->rcu.qsv, 0);
	while (!__atomic_load_n(&r->stop, __ATOMIC_RELAXED)) {
		const volatile struct object *o =
		    xtr_pool_at(&r->f->pool, __atomic_load_n(&r->current, __ATOMIC_ACQUIRE));
		uint64_t a = o->words[0];

		for (unsigned i = 0; i < 20; i++)
			r->torn += o->words[1] != ~a || o->words[2] != a * 3 || o->words[0] != a;
		r->stale += a < last;
		last = a;
		__atomic_store_n(&r->looks, r->looks + 1, __ATOMIC_RELAXED);
		rte_rcu_qsbr_quiescent(r->f->rcu.qsv, 0);
	}
	rte_rcu_qsbr_thread_offline(r->f->rcu.qsv, 0);
	rte_rcu_qsbr_thread_unregister(r->f->rcu.qsv, 0);
	return NULL;
}

static void under_a_reader(void **state)
{
	struct fixture *f = *state;
	struct race r = {.f = f};
	uint32_t old = 0, index, highest = 0;
	pthread_t thread;
	uint64_t i = 1;

	for (; i < TURNS || __atomic_load_n(&r.looks, __ATOMIC_RELAXED) < 1000; i++) {
		struct object *o;

		while ((index = xtr_pool_get(&f->pool)) == 0) {
			xtr_rcu_poll(&f->rcu);
			sched_yield(); /* the reader must run */
		}
		o = xtr_pool_at(&f->pool, index);
		o->words[0] = i;
		o->words[1] = ~i;
		o->words[2] = i * 3;
		__atomic_store_n(&r.current, index, __ATOMIC_RELEASE);
		if (i == 1)
			assert_int_equal(pthread_create(&thread, NULL, reader, &r), 0);
		xtr_pool_put(&f->pool, old);
		old = index;
		highest = index > highest ? index : highest;
		xtr_rcu_poll(&f->rcu);
		if (i > 100 * TURNS)
			break;
	}
	__atomic_store_n(&r.stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	assert_int_equal(r.torn, 0);
	assert_int_equal(r.stale, 0);
	assert_true(r.looks > 0);
	settle(f);
	assert_int_equal(f->rcu.waiting, 0);
	assert_int_equal(f->pool.used, 1);
	assert_true(highest < 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(runs_dry, setup, teardown),
	    cmocka_unit_test_setup_teardown(waits_for_each_reader, setup, teardown),
	    cmocka_unit_test_setup_teardown(in_slices, setup, teardown),
	    cmocka_unit_test_setup_teardown(in_order, setup, teardown),
	    cmocka_unit_test_setup_teardown(in_batches, setup, teardown),
	    cmocka_unit_test_setup_teardown(gives_back, setup, teardown),
	    cmocka_unit_test_setup_teardown(keeps_some, setup, teardown),
	    cmocka_unit_test_setup_teardown(no_memory, setup, teardown),
	    cmocka_unit_test_setup_teardown(under_a_reader, setup, teardown),
	};

	return cmocka_run_group_tests(tests, eal_setup, eal_teardown);
}
