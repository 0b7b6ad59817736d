/* SPDX-License-Identifier: BSD-3-Clause */
/* The workers' longest-prefix match: against DPDK's rte_rib and rte_rib6, under a reader, and when
 * memory runs short. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include <rte_rib.h>
#include <rte_rib6.h>
#include "eal_fixture.h"
#include "fail_alloc.h"
#include "mapcache/lpm.h"

#define OPS     250000u
#define KNOWN   8192u /* prefixes in play */
#define LOOKUPS 70u   /* keys at once, at most: more than one batch of the engine */

static uint64_t seed;

/* splitmix64: the same sequence everywhere */
static uint64_t next(void)
{
	uint64_t z = (seed += 0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

/* Dense in the first bits, so that prefixes nest and keys hit. */
static void random_key(uint8_t *b, unsigned len)
{
	for (unsigned i = 0; i < len; i++)
		b[i] = i < len / 4 ? (uint8_t)(next() & 0x81) : (uint8_t)(next() & 0x11);
	if (next() % 8 == 0)
		b[next() % len] = (uint8_t)next();
}

static void random_prefix(struct xtr_eid *e, unsigned af)
{
	memset(e, 0, sizeof(*e));
	e->ip.af = (uint8_t)af;
	random_key(e->ip.b, af == 4 ? 4 : 16);
	e->plen = (uint8_t)(next() % (xtr_ip_bits(&e->ip) + 1));
	xtr_ip_mask(&e->ip, e->plen);
}

/* The oracle: one interface over both. */
struct oracle {
	struct rte_rib *r4;
	struct rte_rib6 *r6;
};

static uint32_t host4(const uint8_t *b)
{
	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static void oracle_set(struct oracle *o, const struct xtr_eid *e, uint32_t value)
{
	if (e->ip.af == 4) {
		struct rte_rib_node *n = rte_rib_lookup_exact(o->r4, host4(e->ip.b), e->plen);

		if (!n)
			n = rte_rib_insert(o->r4, host4(e->ip.b), e->plen);
		assert_non_null(n);
		rte_rib_set_nh(n, value);
	} else {
		struct rte_rib6_node *n = rte_rib6_lookup_exact(o->r6, e->ip.b, e->plen);

		if (!n)
			n = rte_rib6_insert(o->r6, e->ip.b, e->plen);
		assert_non_null(n);
		rte_rib6_set_nh(n, value);
	}
}

static uint32_t oracle_get(const struct oracle *o, const struct xtr_eid *e)
{
	uint64_t value = 0;

	if (e->ip.af == 4) {
		struct rte_rib_node *n = rte_rib_lookup_exact(o->r4, host4(e->ip.b), e->plen);

		if (n)
			rte_rib_get_nh(n, &value);
	} else {
		struct rte_rib6_node *n = rte_rib6_lookup_exact(o->r6, e->ip.b, e->plen);

		if (n)
			rte_rib6_get_nh(n, &value);
	}
	return (uint32_t)value;
}

static void oracle_del(struct oracle *o, const struct xtr_eid *e)
{
	if (e->ip.af == 4)
		rte_rib_remove(o->r4, host4(e->ip.b), e->plen);
	else
		rte_rib6_remove(o->r6, e->ip.b, e->plen);
}

static uint32_t oracle_lookup(const struct oracle *o, unsigned af, const uint8_t *key)
{
	uint64_t value = 0;

	if (af == 4) {
		struct rte_rib_node *n = rte_rib_lookup(o->r4, host4(key));

		if (n)
			rte_rib_get_nh(n, &value);
	} else {
		struct rte_rib6_node *n = rte_rib6_lookup(o->r6, key);

		if (n)
			rte_rib6_get_nh(n, &value);
	}
	return (uint32_t)value;
}

static void check_lookups(const struct xtr_lpm *lpm, const struct oracle *o, unsigned af)
{
	const struct xtr_lpm *tables[LOOKUPS];
	uint32_t keys4[LOOKUPS], values[LOOKUPS];
	uint8_t keys6[LOOKUPS][16];
	unsigned n = next() % 16 ? 1 + (unsigned)next() % 20 : LOOKUPS;

	for (unsigned i = 0; i < n; i++) {
		tables[i] = lpm;
		random_key(keys6[i], af == 4 ? 4 : 16);
		memcpy(&keys4[i], keys6[i], 4);
	}
	if (af == 4)
		xtr_lpm_lookup4(tables, keys4, values, n);
	else
		xtr_lpm_lookup6(tables, (const uint8_t(*)[16])keys6, values, n);
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(values[i], oracle_lookup(o, af, keys6[i]));
}

static void against_rib(unsigned af, uint64_t start)
{
	struct rte_rib_conf c4 = {.max_nodes = 4 * KNOWN};
	struct rte_rib6_conf c6 = {.max_nodes = 4 * KNOWN};
	struct oracle o = {rte_rib_create("oracle4", 0, &c4), rte_rib6_create("oracle6", 0, &c6)};
	struct xtr_eid *known = calloc(KNOWN, sizeof(*known));
	unsigned n = 0, by_length[129] = {0};
	struct xtr_rcu rcu;
	struct xtr_lpm *lpm;

	assert_non_null(o.r4);
	assert_non_null(o.r6);
	assert_int_equal(xtr_rcu_init(&rcu, 1), 0);
	lpm = xtr_lpm_create(&rcu);
	assert_non_null(lpm);
	seed = start;
	for (unsigned op = 0; op < OPS; op++) {
		/* the number of prefixes swings */
		bool grow = op / 30000 % 2 == 0 ? next() % 4 != 0 : next() % 4 == 0;
		struct xtr_eid e;
		uint32_t had, value = ((uint32_t)next() | 1) & XTR_LPM_VALUE_MAX;

		if (n && next() % 2)
			e = known[next() % n];
		else
			random_prefix(&e, af);
		had = oracle_get(&o, &e);
		assert_int_equal(xtr_lpm_get(lpm, &e.ip, e.plen), had);
		if (grow && (had || n < KNOWN)) {
			assert_int_equal(xtr_lpm_set(lpm, &e.ip, e.plen, value), 0);
			oracle_set(&o, &e, value);
			by_length[e.plen]++;
			if (!had)
				known[n++] = e;
		} else if (!grow) {
			if (!had && n) {
				unsigned at = (unsigned)(next() % n);

				e = known[at];
				had = oracle_get(&o, &e);
				known[at] = known[--n];
			} else if (had) {
				unsigned at = 0;

				while (!xtr_eid_equal(&known[at], &e))
					at++;
				known[at] = known[--n];
			}
			assert_int_equal(xtr_lpm_del(lpm, &e.ip, e.plen), had);
			assert_int_equal(xtr_lpm_get(lpm, &e.ip, e.plen), 0);
			if (had)
				oracle_del(&o, &e);
		}
		assert_int_equal(xtr_lpm_count(lpm), n);
		if (op % 4 == 0)
			check_lookups(lpm, &o, af);
		xtr_rcu_poll(&rcu);
	}
	for (unsigned len = 0; len <= (af == 4 ? 32u : 128u); len++)
		assert_true(by_length[len] > 0);
	while (n) {
		n--;
		assert_true(xtr_lpm_del(lpm, &known[n].ip, known[n].plen) != 0);
		oracle_del(&o, &known[n]);
	}
	assert_int_equal(xtr_lpm_count(lpm), 0);
	check_lookups(lpm, &o, af);
	xtr_lpm_destroy(lpm);
	xtr_lpm_destroy(NULL);
	xtr_rcu_fini(&rcu);
	rte_rib_free(o.r4);
	rte_rib6_free(o.r6);
	free(known);
}

/* With each way of looking up that this machine has. */
static void against_rib_all_ways(unsigned af)
{
	for (enum xtr_lpm_way way = XTR_LPM_SCALAR; way <= XTR_LPM_AVX512; way++) {
		if (!xtr_lpm_use(way))
			continue;
		print_message("%s\n", xtr_lpm_using());
		against_rib(af, af + 10 * way);
	}
}

static void ipv4_against_rib(void **state)
{
	against_rib_all_ways(4);
}

static void ipv6_against_rib(void **state)
{
	against_rib_all_ways(6);
}

/* Each key of a batch asks its own table. */
static void a_table_each(void **state)
{
	enum { N = 64 };
	const struct xtr_lpm *tables[N];
	struct xtr_lpm *own[N];
	uint32_t keys[N], values[N];
	uint8_t keys6[N][16];
	struct xtr_rcu rcu;
	struct xtr_eid e;

	assert_int_equal(xtr_rcu_init(&rcu, 1), 0);
	for (unsigned i = 0; i < N; i++) {
		tables[i] = own[i] = xtr_lpm_create(&rcu);
		xtr_eid_parse("10.0.0.0/8", &e);
		assert_int_equal(xtr_lpm_set(own[i], &e.ip, e.plen, 100 + i), 0);
		memcpy(&keys[i], e.ip.b, 4);
		xtr_eid_parse("2001:db8::/32", &e);
		if (i % 2)
			assert_int_equal(xtr_lpm_set(own[i], &e.ip, e.plen, 200 + i), 0);
		memcpy(keys6[i], e.ip.b, 16);
		keys6[i][15] = (uint8_t)i;
	}
	xtr_lpm_lookup4(tables, keys, values, N);
	for (unsigned i = 0; i < N; i++)
		assert_int_equal(values[i], 100 + i);
	xtr_lpm_lookup6(tables, (const uint8_t(*)[16])keys6, values, N);
	for (unsigned i = 0; i < N; i++)
		assert_int_equal(values[i], i % 2 ? 200 + i : 0);
	for (unsigned i = 0; i < N; i++)
		xtr_lpm_destroy(own[i]);
	xtr_rcu_fini(&rcu);
}

/* Memory runs out at some allocation: nothing changes. */
static void no_memory(unsigned af)
{
	struct rte_rib_conf c4 = {.max_nodes = 100000};
	struct rte_rib6_conf c6 = {.max_nodes = 100000};
	struct oracle o = {rte_rib_create("oracle4", 0, &c4), rte_rib6_create("oracle6", 0, &c6)};
	unsigned failed[4] = {0}, n = 0;
	struct xtr_rcu rcu;
	struct xtr_lpm *lpm;

	assert_non_null(o.r4);
	assert_int_equal(xtr_rcu_init(&rcu, 1), 0);
	lpm = xtr_lpm_create(&rcu);
	seed = 9;
	for (unsigned op = 0; op < 40000; op++) {
		uint32_t value = ((uint32_t)next() | 1) & XTR_LPM_VALUE_MAX, had;
		int left = (int)(next() % 8), rc;
		bool grow = op / 10000 % 2 == 0;
		struct xtr_eid e;

		random_prefix(&e, af);
		had = oracle_get(&o, &e);
		allocs_left = left < 4 ? left : -1;
		if (had && (!grow || next() % 8 == 0)) {
			assert_int_equal(xtr_lpm_del(lpm, &e.ip, e.plen), had); /* never fails */
			oracle_del(&o, &e);
			n--;
			rc = 0;
		} else {
			rc = xtr_lpm_set(lpm, &e.ip, e.plen, value);
			if (rc == 0)
				oracle_set(&o, &e, value);
			n += !rc && !had;
		}
		allocs_left = -1;
		if (rc) {
			assert_int_equal(rc, -ENOMEM);
			assert_int_equal(had, 0); /* replacing needs no memory */
			failed[left]++;
		}
		assert_int_equal(xtr_lpm_count(lpm), n);
		check_lookups(lpm, &o, af);
		xtr_rcu_poll(&rcu);
	}
	print_message("failed at allocation 1: %u, 2: %u, 3: %u, 4: %u\n", failed[0], failed[1],
	    failed[2], failed[3]);
	assert_true(failed[0] > 100);
	assert_true(failed[1] > 0);
	xtr_lpm_destroy(lpm);
	allocs_left = 0;
	assert_null(xtr_lpm_create(&rcu));
	allocs_left = -1;
	xtr_rcu_fini(&rcu);
	rte_rib_free(o.r4);
	rte_rib6_free(o.r6);
}

static void ipv4_no_memory(void **state)
{
	no_memory(4);
}

static void ipv6_no_memory(void **state)
{
	no_memory(6);
}

/* What readers may still hold waits for each reader's quiescent state. */
static void frees_after_grace(unsigned af, unsigned prefixes)
{
	struct xtr_eid e = {.ip.af = (uint8_t)af, .plen = af == 4 ? 32 : 128};
	struct xtr_rcu rcu;
	struct xtr_lpm *lpm;
	unsigned most = 0;

	assert_int_equal(xtr_rcu_init(&rcu, 1), 0);
	lpm = xtr_lpm_create(&rcu);
	rte_rcu_qsbr_thread_register(rcu.qsv, 0);
	rte_rcu_qsbr_thread_online(rcu.qsv, 0);
	for (unsigned round = 0; round < 2; round++) {
		for (unsigned i = 0; i < prefixes; i++) {
			e.ip.b[0] = (uint8_t)(i >> 8);
			e.ip.b[af == 4 ? 3 : 15] = (uint8_t)i;
			if (round == 0)
				assert_int_equal(xtr_lpm_set(lpm, &e.ip, e.plen, i + 1), 0);
			else
				assert_int_equal(xtr_lpm_del(lpm, &e.ip, e.plen), i + 1);
			most = rcu.waiting > most ? rcu.waiting : most;
			assert_int_equal(xtr_rcu_poll(&rcu), 0);
		}
	}
	assert_true(most > 0);
	assert_int_equal(xtr_lpm_count(lpm), 0);
	rte_rcu_qsbr_quiescent(rcu.qsv, 0);
	assert_true(xtr_rcu_poll(&rcu) > 0);
	rte_rcu_qsbr_quiescent(rcu.qsv, 0); /* what had to wait for a callback of its own */
	xtr_rcu_poll(&rcu);
	assert_int_equal(rcu.waiting, 0);
	assert_true(xtr_lpm_memory(lpm) < 1024);
	rte_rcu_qsbr_thread_offline(rcu.qsv, 0);
	rte_rcu_qsbr_thread_unregister(rcu.qsv, 0);
	xtr_lpm_destroy(lpm);
	xtr_rcu_fini(&rcu);
}

static void frees_few(void **state)
{
	frees_after_grace(4, 100);
	frees_after_grace(6, 100);
}

static void frees_many(void **state)
{
	frees_after_grace(4, 5000);
	frees_after_grace(6, 5000);
}

/* --- a reader --- */

/*
 * The values of a prefix tell its number, and the round in which the writer set it. The writer says
 * before each change that the round begins and after it that it is over. A reader that saw round a
 * finished before it looked and round b begun after it knows: no answer is of a round after b; a
 * prefix that is always there answers with a value not older than what a had; and only prefixes
 * that cover the key answer.
 */
#define PREFIXES 64u
#define ROUNDS   60000u

struct race {
	struct xtr_rcu rcu;
	struct xtr_lpm *lpm;
	struct xtr_eid prefix[2 * PREFIXES]; /* even: always there; odd: come and go */
	uint32_t begun, done;                /* rounds */
	bool stop;
	/* by the reader */
	uint64_t looks, wrong, went_back, seen_odd, seen_even;
};

#define VALUE(prefix, round) ((uint32_t)(prefix) << 20 | (round))

static void *reader(void *arg)
{
	struct race *r = arg;
	/* by the prefix that the key was made from, and the one that answered */
	static uint32_t latest[2 * PREFIXES][2 * PREFIXES];
	uint64_t x = 12345;

	memset(latest, 0, sizeof(latest));

	rte_rcu_qsbr_thread_register(r->rcu.qsv, 0);
	rte_rcu_qsbr_thread_online(r->rcu.qsv, 0);
	while (!__atomic_load_n(&r->stop, __ATOMIC_RELAXED)) {
		const struct xtr_lpm *tables[16];
		uint8_t keys6[16][16];
		uint32_t keys[16], values[16], made_from[16], done, begun;
		bool v4;

		x = x * 6364136223846793005ull + 1442695040888963407ull;
		v4 = x >> 63;
		for (unsigned i = 0; i < 16; i++) {
			const struct xtr_eid *e;

			made_from[i] = ((x >> 8) + i * 7) % (2 * PREFIXES);
			e = &r->prefix[made_from[i]];
			tables[i] = r->lpm;
			memcpy(keys6[i], e->ip.b, 16);
			memcpy(&keys[i], e->ip.b, 4);
			if (e->ip.af == 4)
				((uint8_t *)&keys[i])[3] |= (uint8_t)(x >> 40 & 15);
		}
		done = __atomic_load_n(&r->done, __ATOMIC_ACQUIRE);
		if (v4)
			xtr_lpm_lookup4(tables, keys, values, 16);
		else
			xtr_lpm_lookup6(tables, (const uint8_t(*)[16])keys6, values, 16);
		begun = __atomic_load_n(&r->begun, __ATOMIC_ACQUIRE);
		for (unsigned i = 0; i < 16; i++) {
			uint32_t p = (values[i] >> 20) - 1, round = values[i] & 0xfffff;
			struct xtr_ip ip = v4 ? xtr_ip4(&keys[i]) : xtr_ip6(keys6[i]);
			struct xtr_eid key = xtr_eid_host(0, &ip);

			if (!values[i]) {
				/* is there a prefix that is always there and covers it? */
				for (unsigned k = 0; k < 2 * PREFIXES; k += 2)
					r->wrong += xtr_eid_covers(&r->prefix[k], &key);
				continue;
			}
			if (p >= 2 * PREFIXES || !xtr_eid_covers(&r->prefix[p], &key) ||
			    round > begun) {
				r->wrong++;
				continue;
			}
			/* an always-there prefix was last written at most PREFIXES * 8 rounds
			 * before */
			r->wrong += p % 2 == 0 && round + PREFIXES * 8 < done;
			r->went_back += round < latest[made_from[i]][p];
			latest[made_from[i]][p] = round;
			r->seen_odd += p % 2;
			r->seen_even += !(p % 2);
		}
		__atomic_store_n(&r->looks, r->looks + 16, __ATOMIC_RELAXED);
		rte_rcu_qsbr_quiescent(r->rcu.qsv, 0);
	}
	rte_rcu_qsbr_thread_offline(r->rcu.qsv, 0);
	rte_rcu_qsbr_thread_unregister(r->rcu.qsv, 0);
	return NULL;
}

static void make_prefixes(struct race *r)
{
	for (unsigned i = 0; i < 2 * PREFIXES; i++) {
		struct xtr_eid *e = &r->prefix[i];

		memset(e, 0, sizeof(*e));
		e->ip.af = i / 2 % 2 ? 4 : 6;
		e->ip.b[0] = 10;
		e->ip.b[1] = (uint8_t)(i / 4);
		e->ip.b[2] = (uint8_t)(i % 2 * 0x40);
		e->plen = i % 2 ? (uint8_t)(18 + i / 4 % 10) : 16;
		xtr_ip_mask(&e->ip, e->plen);
	}
}

static void one_round(struct race *r, uint32_t round)
{
	unsigned p = (unsigned)(next() % (2 * PREFIXES));

	if (round % 8 == 0)
		p = round / 8 % PREFIXES * 2; /* each of them in turn */
	__atomic_store_n(&r->begun, round, __ATOMIC_RELEASE);
	if (p % 2 && xtr_lpm_get(r->lpm, &r->prefix[p].ip, r->prefix[p].plen))
		xtr_lpm_del(r->lpm, &r->prefix[p].ip, r->prefix[p].plen);
	else
		assert_int_equal(
		    xtr_lpm_set(r->lpm, &r->prefix[p].ip, r->prefix[p].plen, VALUE(p + 1, round)),
		    0);
	__atomic_store_n(&r->done, round, __ATOMIC_RELEASE);
	xtr_rcu_poll(&r->rcu);
}

static double seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* Prefixes that no key of the reader hits, set or deleted some at a time. */
static void ballast(struct race *r, unsigned first, unsigned n, bool set)
{
	for (unsigned i = first; i < first + n; i++) {
		uint8_t b[4] = {192, (uint8_t)(i >> 8), (uint8_t)i, 1};
		struct xtr_ip ip = xtr_ip4(b);

		if (set)
			assert_int_equal(xtr_lpm_set(r->lpm, &ip, 32, 1), 0);
		else
			assert_int_equal(xtr_lpm_del(r->lpm, &ip, 32), 1);
	}
}

/* Swing: every so many rounds the table gets so many prefixes that it changes its form, and back.
 */
static void race(unsigned extra, bool swing)
{
	struct race *r = calloc(1, sizeof(*r));
	bool there = extra > 0;
	double limit = seconds() + 5;
	uint32_t round = 1;
	pthread_t thread;

	assert_int_equal(xtr_rcu_init(&r->rcu, 1), 0);
	r->lpm = xtr_lpm_create(&r->rcu);
	make_prefixes(r);
	seed = 3;
	for (unsigned p = 0; p < 2 * PREFIXES; p += 2)
		assert_int_equal(
		    xtr_lpm_set(r->lpm, &r->prefix[p].ip, r->prefix[p].plen, VALUE(p + 1, round)),
		    0);
	r->begun = r->done = round; /* the reader may be faster than the first change */
	ballast(r, 0, extra, true);
	assert_int_equal(pthread_create(&thread, NULL, reader, r), 0);
	/* until both have done enough, with room for the rounds in 20 bits */
	while (round < 1000000 && seconds() < limit &&
	       (round < ROUNDS || __atomic_load_n(&r->looks, __ATOMIC_RELAXED) < 200000)) {
		one_round(r, ++round);
		if (swing && round % 2000 == 0) {
			there = !there;
			ballast(r, 0, extra, there);
		}
	}
	__atomic_store_n(&r->stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	print_message("%u rounds, %llu look-ups, %llu in prefixes that come and go\n", round,
	    (unsigned long long)r->looks, (unsigned long long)r->seen_odd);
	assert_int_equal(r->wrong, 0);
	assert_int_equal(r->went_back, 0);
	assert_true(r->looks > 0);
	assert_true(r->seen_even > 0);
	assert_true(r->seen_odd > 0);
	/* with the reader gone all is freed */
	while (xtr_rcu_poll(&r->rcu))
		;
	assert_int_equal(r->rcu.waiting, 0);
	xtr_lpm_destroy(r->lpm);
	xtr_rcu_fini(&r->rcu);
	free(r);
}

static void under_a_reader(void **state)
{
	race(0, false);
}

static void big_under_a_reader(void **state)
{
	race(3000, false);
}

static void swinging_under_a_reader(void **state)
{
	race(3000, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(ipv4_against_rib),
	    cmocka_unit_test(ipv6_against_rib),
	    cmocka_unit_test(a_table_each),
	    cmocka_unit_test(ipv4_no_memory),
	    cmocka_unit_test(ipv6_no_memory),
	    cmocka_unit_test(frees_few),
	    cmocka_unit_test(frees_many),
	    cmocka_unit_test(under_a_reader),
	    cmocka_unit_test(big_under_a_reader),
	    cmocka_unit_test(swinging_under_a_reader),
	};

	return cmocka_run_group_tests(tests, eal_setup, eal_teardown);
}
