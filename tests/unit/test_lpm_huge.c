/* SPDX-License-Identifier: BSD-3-Clause */
/* An IPv4 table that outgrows small pages: its slots move, under a reader who asks all the time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "eal_fixture.h"
#include "mapcache/lpm.h"
#include "mapcache/lpm4_dir24.h"

#define N     80000u /* prefixes: more than make it move */
#define BATCH 64u

struct race {
	struct xtr_rcu rcu;
	struct xtr_lpm *lpm;
	uint32_t there; /* prefixes: the first so many. writer: rw, reader: ro */
	bool stop;
	/* by the reader */
	uint64_t looked_up, wrong, after_move;
	bool started;
};

/* Each in a page of slots of its own, as long as there are pages; one in eight is a host. */
static void prefix(uint32_t i, uint8_t *b, unsigned *plen)
{
	uint32_t ip = (i * 2654435761u) & 0xffffff00;

	*plen = i % 8 ? 24 : 32;
	ip |= *plen == 32 ? i >> 3 & 0xff : 0;
	b[0] = (uint8_t)(ip >> 24);
	b[1] = (uint8_t)(ip >> 16);
	b[2] = (uint8_t)(ip >> 8);
	b[3] = (uint8_t)ip;
}

static void *reader(void *arg)
{
	struct race *r = arg;
	uint32_t x = 1;

	rte_rcu_qsbr_thread_register(r->rcu.qsv, 0);
	rte_rcu_qsbr_thread_online(r->rcu.qsv, 0);
	__atomic_store_n(&r->started, true, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&r->stop, __ATOMIC_ACQUIRE)) {
		uint32_t there = __atomic_load_n(&r->there, __ATOMIC_ACQUIRE);
		uint32_t keys[BATCH], values[BATCH], which[BATCH];
		const struct xtr_lpm *tables[BATCH];

		for (unsigned i = 0; there && i < BATCH; i++) {
			uint8_t b[4];
			unsigned plen;

			x = x * 1664525 + 1013904223;
			which[i] = (uint32_t)((uint64_t)x * there >> 32);
			prefix(which[i], b, &plen);
			memcpy(&keys[i], b, 4);
			tables[i] = r->lpm;
		}
		if (there)
			xtr_lpm_lookup4(tables, keys, values, BATCH);
		for (unsigned i = 0; there && i < BATCH; i++)
			r->wrong += values[i] != which[i] + 1;
		r->looked_up += there ? BATCH : 0;
		r->after_move += there == N;
		rte_rcu_qsbr_quiescent(r->rcu.qsv, 0);
	}
	rte_rcu_qsbr_thread_offline(r->rcu.qsv, 0);
	rte_rcu_qsbr_thread_unregister(r->rcu.qsv, 0);
	return NULL;
}

static void insert_all(struct race *r)
{
	for (uint32_t i = 0; i < N; i++) {
		uint8_t b[4];
		unsigned plen;
		struct xtr_ip ip;

		prefix(i, b, &plen);
		ip = xtr_ip4(b);
		assert_int_equal(xtr_lpm_get(r->lpm, &ip, plen), 0);
		assert_int_equal(xtr_lpm_set(r->lpm, &ip, plen, i + 1), 0);
		__atomic_store_n(&r->there, i + 1, __ATOMIC_RELEASE);
		xtr_rcu_poll(&r->rcu);
	}
}

static void delete_all(struct race *r)
{
	for (uint32_t i = 0; i < N; i++) {
		uint8_t b[4];
		unsigned plen;
		struct xtr_ip ip;

		prefix(i, b, &plen);
		ip = xtr_ip4(b);
		assert_int_equal(xtr_lpm_del(r->lpm, &ip, plen), i + 1);
	}
}

static void moves_with(enum xtr_lpm_way way)
{
	struct race *r = calloc(1, sizeof(*r));
	size_t memory;
	pthread_t thread;

	assert_int_equal(xtr_rcu_init(&r->rcu, 1), 0);
	r->lpm = xtr_lpm_create(&r->rcu);
	assert_int_equal(pthread_create(&thread, NULL, reader, r), 0);
	while (!__atomic_load_n(&r->started, __ATOMIC_ACQUIRE))
		sched_yield();
	insert_all(r);
	memory = xtr_lpm_memory(r->lpm);
	/* until the reader had all of them, too */
	for (unsigned i = 0; i < 3; i++)
		for (uint64_t token = xtr_rcu_start(&r->rcu); !xtr_rcu_passed(&r->rcu, token);)
			sched_yield();
	__atomic_store_n(&r->stop, true, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	print_message("%s: %llu look-ups, %zu kB\n", xtr_lpm_using(),
	    (unsigned long long)r->looked_up, memory / 1024);
	assert_int_equal(r->wrong, 0);
	assert_true(r->after_move > 0);
	/* the slots' huge pages, and no second copy of them */
	assert_true(memory > (64u << 20) && memory < (80u << 20));
	delete_all(r);
	while (xtr_rcu_poll(&r->rcu))
		;
	assert_int_equal(r->rcu.waiting, 0);
	assert_true(xtr_lpm_memory(r->lpm) < 1024);
	xtr_lpm_destroy(r->lpm);
	xtr_rcu_fini(&r->rcu);
	free(r);
}

static void moves_under_a_reader(void **state)
{
	for (enum xtr_lpm_way way = XTR_LPM_SCALAR; way <= XTR_LPM_AVX512; way++)
		if (xtr_lpm_use(way))
			moves_with(way);
}

/* What was written is there, and counted, before and after. */
static void memory_is_what_was_touched(void **state)
{
	const uint32_t *slots = NULL;
	struct xtr_lpm4_dir24 d;
	struct xtr_rcu rcu;

	assert_int_equal(xtr_rcu_init(&rcu, 1), 0);
	assert_int_equal(xtr_lpm4_dir24_init(&d), 0);
	assert_int_equal(xtr_lpm4_dir24_memory(&d), 0);
	xtr_lpm4_dir24_store(&d, 0, 1);
	xtr_lpm4_dir24_store(&d, 1023, 2);
	xtr_lpm4_dir24_store(&d, XTR_LPM4_SLOTS - 1, 3);
	xtr_lpm4_dir24_store(&d, 5000000, 0); /* as it was */
	assert_int_equal(xtr_lpm4_dir24_memory(&d), 2 * 4096);
	xtr_lpm4_dir24_to_huge(&d, &slots, &rcu);
	assert_true(d.huge);
	assert_ptr_equal(slots, d.slot);
	assert_int_equal(slots[0], 1);
	assert_int_equal(slots[1023], 2);
	assert_int_equal(slots[XTR_LPM4_SLOTS - 1], 3);
	assert_int_equal(slots[5000000], 0);
	assert_int_equal(xtr_lpm4_dir24_memory(&d), 2 * (2u << 20));
	assert_int_equal(rcu.waiting, 1);
	assert_int_equal(xtr_rcu_poll(&rcu), 1);
	xtr_lpm4_dir24_fini(&d);
	xtr_rcu_fini(&rcu);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(moves_under_a_reader),
	    cmocka_unit_test(memory_is_what_was_touched),
	};

	return cmocka_run_group_tests(tests, eal_setup, eal_teardown);
}
