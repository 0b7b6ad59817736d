/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The longest-prefix match when memory is short: while tables grow through all their forms, each
 * insertion is tried with the first allocation failing, then with the second, and so on until it
 * needs no more. The caller gets -ENOMEM and finds everything as it was. Deleting never fails.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "eal_fixture.h"
#include "fail_alloc.h"
#include "lpm_oracle.h"
#include "mapcache/lpm.h"
#include "mapcache/pool.h"
#include "util/slab.h"

#define MOST   6000u
#define PROBES 24u /* keys that are looked up after each failure */
#define SINGLY                                                                                     \
	64u /* allocations of an operation that fail one after the other; of those after them      \
	       some, or all */

struct table {
	unsigned af;
	struct xtr_rcu rcu;
	struct xtr_lpm *lpm;
	struct oracle oracle;
	struct places places;
	struct {
		uint8_t b[16];
		uint8_t plen;
	} known[MOST];
	unsigned n;
	uint64_t state;
	bool all; /* each allocation fails, were there thousands */
	/* how often the first, the second... failed; and how often that did no harm */
	unsigned failed[SINGLY + 1], tolerated, deleted_short;
};

static struct table *table_new(unsigned af)
{
	struct table *t = calloc(1, sizeof(*t));

	assert_non_null(t);
	t->af = af;
	t->state = af;
	places_init(&t->places, &t->state);
	assert_int_equal(xtr_rcu_init(&t->rcu, 1), 0);
	assert_true(oracle_init(&t->oracle, af, "oracle", MOST));
	t->lpm = xtr_lpm_create(&t->rcu);
	assert_non_null(t->lpm);
	return t;
}

static void table_free(struct table *t)
{
	xtr_lpm_destroy(t->lpm);
	xtr_rcu_fini(&t->rcu);
	oracle_fini(&t->oracle);
	free(t);
}

static void check_key(const struct table *t, const uint8_t *key)
{
	const struct xtr_lpm *lpm = t->lpm;
	uint32_t value, key4;
	uint8_t key6[1][16];

	memcpy(&key4, key, 4);
	memcpy(key6, key, 16);
	if (t->af == 4)
		xtr_lpm_lookup4(&lpm, &key4, &value, 1);
	else
		xtr_lpm_lookup6(&lpm, (const uint8_t(*)[16])key6, &value, 1);
	assert_int_equal(value, (uint32_t)oracle_lookup(&t->oracle, key));
}

/* The table answers as the oracle does: in and about this prefix, and in some others. */
static void check(struct table *t, const uint8_t *b, unsigned plen)
{
	struct xtr_ip ip = ip_of(t->af, b);
	uint8_t key[16];

	assert_int_equal(xtr_lpm_get(t->lpm, &ip, plen), oracle_get(&t->oracle, b, plen));
	assert_int_equal(xtr_lpm_count(t->lpm), t->n);
	for (unsigned i = 0; i < PROBES; i++) {
		unsigned at = t->n ? random_below(&t->state, t->n) : 0;

		if (i % 2 && t->n)
			random_key(&t->state, t->af, t->known[at].b, t->known[at].plen, key);
		else
			random_key(&t->state, t->af, b, plen, key);
		check_key(t, key);
	}
}

static void note(struct table *t, const uint8_t *b, unsigned plen)
{
	memcpy(t->known[t->n].b, b, 16);
	t->known[t->n++].plen = (uint8_t)plen;
}

static void insert(struct table *t, const uint8_t *b, unsigned plen)
{
	uint32_t value = 1 + random_below(&t->state, XTR_LPM_VALUE_MAX);
	bool there = oracle_get(&t->oracle, b, plen) != 0;
	struct xtr_ip ip = ip_of(t->af, b);
	int rc;

	for (unsigned attempt = 0;;) {
		allocs_failed = 0;
		allocs_left = (int)attempt;
		rc = xtr_lpm_set(t->lpm, &ip, plen, value);
		allocs_left = -1;
		if (!rc)
			break;
		assert_int_equal(rc, -ENOMEM);
		assert_true(allocs_failed > 0);
		assert_false(there); /* replacing needs no memory */
		t->failed[attempt < SINGLY ? attempt : SINGLY]++;
		attempt += attempt < SINGLY || t->all ? 1 : attempt / 8;
		check(t, b, plen);
		xtr_rcu_poll(&t->rcu);
	}
	t->tolerated += allocs_failed > 0;
	assert_true(oracle_set(&t->oracle, b, plen, value));
	if (!there)
		note(t, b, plen);
	check(t, b, plen);
	xtr_rcu_poll(&t->rcu);
}

static void delete (struct table *t, unsigned at)
{
	uint8_t b[16];
	unsigned plen = t->known[at].plen;
	uint32_t had;
	struct xtr_ip ip;

	memcpy(b, t->known[at].b, 16);
	ip = ip_of(t->af, b);
	had = (uint32_t)oracle_get(&t->oracle, b, plen);
	t->known[at] = t->known[--t->n];
	oracle_del(&t->oracle, b, plen);
	allocs_failed = 0;
	allocs_left = (int)random_below(&t->state, 4);
	assert_int_equal(xtr_lpm_del(t->lpm, &ip, plen), had);
	xtr_rcu_poll(&t->rcu); /* what it frees has no memory to ask for, either */
	allocs_left = -1;
	t->deleted_short += allocs_failed > 0;
	check(t, b, plen);
}

static void grow(struct table *t, enum kind kind, unsigned n)
{
	for (unsigned i = 0; i < n && t->n < MOST; i++) {
		uint8_t b[16];
		unsigned plen = random_prefix(&t->state, kind, t->af, &t->places, b);

		insert(t, b, plen);
		if (random_below(&t->state, 16) == 0)
			delete (t, random_below(&t->state, t->n));
	}
}

static void shrink(struct table *t, unsigned to)
{
	while (t->n > to)
		delete (t, random_below(&t->state, t->n));
}

/* Each kind of prefixes alone, from nothing past the place where the form changes, and back. */
static void each_kind(unsigned af)
{
	for (enum kind kind = 0; kind < N_KINDS; kind++) {
		struct table *t = table_new(af);

		t->all = kind == KIND_HOSTS;
		grow(t, kind, kind == KIND_SHORT ? 300 : 1800);
		shrink(t, 200);
		grow(t, kind, 100); /* what is left after memory was short for what deleting does */
		shrink(t, 0);
		check(t, t->places.b[0], af == 4 ? 32 : 128);
		/* with memory again, and nobody reading */
		while (xtr_rcu_poll(&t->rcu))
			;
		assert_int_equal(t->rcu.waiting, 0);
		table_free(t);
	}
}

static void mixed(unsigned af)
{
	struct table *t = table_new(af);
	unsigned all = 0;

	for (unsigned round = 0; round < 2; round++) {
		for (unsigned i = 0; i < 30; i++)
			grow(t, (enum kind)(i % N_KINDS), i % N_KINDS == KIND_SHORT ? 10 : 150);
		shrink(t, round ? 0 : 150);
	}
	for (unsigned i = 0; i <= SINGLY; i++)
		all += t->failed[i];
	print_message("the first allocation of an insertion failed %u times, the second %u, the "
		      "third %u\n",
	    t->failed[0], t->failed[1], t->failed[2]);
	print_message("%u failures in all; %u insertions did without what failed, %u deletions\n",
	    all, t->tolerated, t->deleted_short);
	assert_true(all > 100);
	table_free(t);
}

static void ipv4_each_kind(void **state)
{
	each_kind(4);
}

static void ipv6_each_kind(void **state)
{
	each_kind(6);
}

static void ipv4_mixed(void **state)
{
	mixed(4);
}

static void ipv6_mixed(void **state)
{
	mixed(6);
}

/* Many tables at once: what they share has no memory, and one of them does not spoil it for others.
 */
static void many_tables(void **state)
{
	enum { N = 40 };
	struct xtr_lpm *lpm[N];
	struct xtr_rcu rcu;
	uint64_t random = 5;
	unsigned failed = 0;
	uint8_t b[16];

	assert_int_equal(xtr_rcu_init(&rcu, 1), 0);
	for (unsigned i = 0; i < N; i++) {
		lpm[i] = NULL;
		for (int left = 0; !lpm[i]; left++) {
			allocs_left = left;
			lpm[i] = xtr_lpm_create(&rcu);
			allocs_left = -1;
			failed += !lpm[i];
			assert_in_range(left, 0, SINGLY);
		}
		assert_int_equal(xtr_lpm_count(lpm[i]), 0);
	}
	assert_true(failed >= N);
	for (unsigned op = 0; op < 4000; op++) {
		unsigned at = random_below(&random, N), af = op % 2 ? 4 : 6,
			 plen = af == 4 ? 32 : 128;
		struct xtr_ip ip;
		uint32_t had, count = xtr_lpm_count(lpm[at]);
		int rc;

		random_bytes(&random, b, 16);
		b[0] = b[1] = 0;
		ip = ip_of(af, b);
		had = xtr_lpm_get(lpm[at], &ip, plen);
		allocs_left = (int)random_below(&random, 3);
		rc = xtr_lpm_set(lpm[at], &ip, plen, op + 1);
		allocs_left = -1;
		assert_true(rc == 0 || rc == -ENOMEM);
		assert_int_equal(xtr_lpm_count(lpm[at]), rc || had ? count : count + 1);
		assert_int_equal(xtr_lpm_get(lpm[at], &ip, plen), rc ? had : op + 1);
		if (op % 100 == 99) { /* away with one, full or not */
			xtr_lpm_destroy(lpm[at]);
			lpm[at] = xtr_lpm_create(&rcu);
			assert_non_null(lpm[at]);
		}
		xtr_rcu_poll(&rcu);
	}
	for (unsigned i = 0; i < N; i++)
		xtr_lpm_destroy(lpm[i]);
	xtr_rcu_fini(&rcu);
}

/* What tables stand on. */
static void foundations(void **state)
{
	struct xtr_rcu rcu;
	struct xtr_pool pool;

	allocs_left = 0;
	assert_int_equal(xtr_rcu_init(&rcu, 4), -ENOMEM);
	allocs_left = -1;
	xtr_rcu_fini(&rcu); /* allowed, and does nothing */
	assert_int_equal(xtr_rcu_init(&rcu, 4), 0);
	allocs_left = 0;
	assert_int_equal(xtr_pool_init(&pool, &rcu, 64, 1000), -ENOMEM);
	allocs_left = -1;
	xtr_pool_fini(&pool);
	assert_int_equal(xtr_pool_init(&pool, &rcu, 64, 1000), 0);
	allocs_left = 0; /* its memory is there already */
	assert_int_not_equal(xtr_pool_get(&pool), 0);
	allocs_left = -1;
	xtr_pool_fini(&pool);
	xtr_rcu_fini(&rcu);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(ipv4_each_kind),
	    cmocka_unit_test(ipv6_each_kind),
	    cmocka_unit_test(ipv4_mixed),
	    cmocka_unit_test(ipv6_mixed),
	    cmocka_unit_test(many_tables),
	    cmocka_unit_test(foundations),
	};

	return cmocka_run_group_tests(tests, eal_setup, eal_teardown);
}
