/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The IPv6 trie of the workers' longest-prefix match, from inside: shapes that its nodes take, held
 * against rte_rib6, with a look at what lib/mapcache/lpm6.h promises of each slot.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <rte_rib6.h>
#include "eal_fixture.h"
#include "fail_alloc.h"
#include "mapcache/lpm6_recent.h"

#define MAX 120000u /* prefixes at once */

struct prefix {
	uint8_t b[16], plen;
};

struct lab {
	struct xtr_rcu rcu;
	struct xtr_lpm6 t;
	struct rte_rib6 *oracle;
	struct prefix p[MAX]; /* what is in it; a value is not told by it */
	unsigned n;
	uint64_t seed;
};

/* splitmix64: the same sequence everywhere */
static uint64_t rnd(struct lab *l)
{
	uint64_t z = (l->seed += 0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

static struct lab *open_lab(uint64_t seed, unsigned max)
{
	struct rte_rib6_conf conf = {.max_nodes = (int)(2 * max + 2)};
	struct lab *l = calloc(1, sizeof(*l));

	assert_non_null(l);
	assert_int_equal(xtr_rcu_init(&l->rcu, 1), 0);
	l->oracle = rte_rib6_create("oracle6", 0, &conf);
	assert_non_null(l->oracle);
	l->t.rcu = &l->rcu;
	l->seed = seed;
	return l;
}

static void close_lab(struct lab *l)
{
	xtr_lpm6_fini(&l->t);
	xtr_rcu_fini(&l->rcu);
	rte_rib6_free(l->oracle);
	free(l);
}

static void mask(uint8_t *b, unsigned plen)
{
	struct xtr_ip ip = xtr_ip6(b);

	xtr_ip_mask(&ip, plen);
	memcpy(b, ip.b, 16);
}

/* --- what must hold of every slot --- */

static bool covers(const struct xtr_lpm6_key *a, unsigned plen, const struct xtr_lpm6_key *b)
{
	return xtr_lpm6_common(a, b) >= plen;
}

struct sum {
	size_t bytes;
	unsigned nodes, most_bits;
};

/* `block`: the bits that all keys have that come to this slot and match; `plen` of them. */
static void inspect(const struct xtr_lpm6_key *block, unsigned plen, uint64_t slot, struct sum *sum)
{
	const struct xtr_lpm6_node *n = xtr_lpm6_node_at(slot);
	const struct xtr_lpm6_record *r = xtr_lpm6_record_at(slot), *above;
	unsigned deep = 0, exact = 0, next_deep = 0, end;

	if (!slot)
		return;
	if (!xtr_lpm6_is_node(slot)) {
		unsigned length = xtr_lpm6_slot_length(slot);

		assert_int_equal(length, xtr_lpm6_length(r->word));
		assert_true(length > plen ? covers(block, plen, &r->bits)
					  : covers(&r->bits, length, block));
		for (; (above = xtr_lpm6_above(r)) != NULL; r = above) {
			assert_true(xtr_lpm6_length(above->word) < xtr_lpm6_length(r->word));
			assert_true(covers(&above->bits, xtr_lpm6_length(above->word), &r->bits));
		}
		return;
	}
	end = xtr_lpm6_end(n);
	assert_int_equal(slot & 0x7f, n->at);
	assert_int_equal(64 - (slot >> 8 & 63), n->n_bits);
	assert_in_range(n->n_bits, 1, XTR_LPM6_BITS_MAX);
	assert_in_range(n->at, plen, 127);
	assert_int_equal(n->at / 64, (end - 1) / 64);
	assert_true(covers(block, plen, &n->bits));
	sum->nodes++;
	sum->bytes += sizeof(*n) + (8ul << n->n_bits);
	sum->most_bits = n->n_bits > sum->most_bits ? n->n_bits : sum->most_bits;
	for (unsigned i = 0; i < 1u << n->n_bits; i++) {
		struct xtr_lpm6_key b = n->bits;
		uint64_t s = n->slot[i];

		b.word[n->at / 64] |= (uint64_t)i << (63 - (end - 1) % 64);
		inspect(&b, end, s, sum);
		if (xtr_lpm6_is_node(s)) {
			deep++;
			next_deep += (s & 0x7f) == end;
		} else {
			deep += xtr_lpm6_slot_length(s) > end;
			exact += xtr_lpm6_slot_length(s) == end;
		}
	}
	assert_int_equal(n->deep, deep);
	assert_int_equal(n->exact, exact);
	assert_int_equal(n->next_deep, next_deep);
}

static struct sum inspect_all(const struct lab *l)
{
	static const struct xtr_lpm6_key nothing;
	struct sum sum = {0};

	inspect(&nothing, 0, l->t.root[0], &sum);
	inspect(&nothing, 0, l->t.root[1], &sum);
	assert_int_equal(sum.bytes + l->n * sizeof(struct xtr_lpm6_record), l->t.bytes);
	assert_int_equal(xtr_lpm6_count(&l->t), l->n);
	return sum;
}

/* --- operations, held against the oracle --- */

static uint32_t oracle_value(const struct rte_rib6_node *n)
{
	uint64_t value = 0;

	if (n)
		rte_rib6_get_nh(n, &value);
	return (uint32_t)value;
}

static uint32_t oracle_get(const struct lab *l, const struct prefix *p)
{
	return oracle_value(rte_rib6_lookup_exact(l->oracle, p->b, p->plen));
}

/* Returns what xtr_lpm6_set() does. */
static int set(struct lab *l, const struct prefix *p)
{
	uint32_t value = (uint32_t)(rnd(l) % XTR_LPM_VALUE_MAX) + 1;
	struct rte_rib6_node *n = rte_rib6_lookup_exact(l->oracle, p->b, p->plen);
	int rc = xtr_lpm6_set(&l->t, p->b, p->plen, value);

	if (rc == 0 && !n) {
		assert_true(l->n < MAX);
		l->p[l->n++] = *p;
		n = rte_rib6_insert(l->oracle, p->b, p->plen);
		assert_non_null(n);
	}
	if (rc == 0)
		rte_rib6_set_nh(n, value);
	return rc;
}

static void del(struct lab *l, unsigned at)
{
	struct prefix p = l->p[at];

	assert_int_equal(xtr_lpm6_del(&l->t, p.b, p.plen), oracle_get(l, &p));
	assert_int_equal(xtr_lpm6_del(&l->t, p.b, p.plen), 0);
	rte_rib6_remove(l->oracle, p.b, p.plen);
	l->p[at] = l->p[--l->n];
}

/* Not in every build. */
extern xtr_lpm6_lookup_fn xtr_lpm6_lookup_avx512 __attribute__((weak));

static xtr_lpm6_lookup_fn *look_ups[3];
static unsigned n_look_ups; /* that this machine has */

/* Vector loads are no atomic ones to a thread sanitizer. */
#ifndef __has_feature
#define __has_feature(x) 0
#endif
static const bool scalar_only = __has_feature(thread_sanitizer);

static int setup(void **state)
{
	look_ups[n_look_ups++] = xtr_lpm6_lookup_scalar;
	look_ups[n_look_ups++] = xtr_lpm6_lookup_few;
	if (!scalar_only && xtr_lpm_use(XTR_LPM_AVX512))
		look_ups[n_look_ups++] = xtr_lpm6_lookup_avx512;
	print_message("%u ways of looking up\n", n_look_ups);
	return eal_setup(state);
}

/* Keys at the edges of what is there, and some elsewhere. */
static void make_keys(struct lab *l, uint8_t (*keys)[16], unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		uint64_t r = rnd(l);
		unsigned bit = r >> 8 & 127;

		memset(keys[i], 0, 16);
		if (l->n && r % 8) {
			const struct prefix *p = &l->p[rnd(l) % l->n];

			memcpy(keys[i], p->b, 16);
			if (r % 4 == 0 && p->plen < 128)
				bit = p->plen + (unsigned)(rnd(l) % (128u - p->plen));
			else if (r % 4 == 1 && p->plen)
				bit = p->plen - 1;
		}
		if (r % 4 != 2)
			keys[i][bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
		if (r % 4 == 3)
			for (unsigned k = bit / 8; k < 16; k++)
				keys[i][k] ^= (uint8_t)rnd(l);
	}
}

static void check(struct lab *l)
{
	const void *tables[70];
	uint32_t values[70];
	uint8_t keys[70][16];
	unsigned n = rnd(l) % 8 ? 1 + (unsigned)(rnd(l) % 16) : 70;

	make_keys(l, keys, n);
	for (unsigned i = 0; i < n; i++)
		tables[i] = (const char *)&l->t - 8;
	for (unsigned w = 0; w < n_look_ups; w++) {
		look_ups[w](tables, 8, (const uint8_t(*)[16])keys, values, n);
		for (unsigned i = 0; i < n; i++)
			assert_int_equal(
			    values[i], oracle_value(rte_rib6_lookup(l->oracle, keys[i])));
	}
	for (unsigned i = 0; i < n && i < 4; i++) {
		struct prefix p = {.plen = (uint8_t)(rnd(l) % 129)};
		unsigned len = 999, shorter = p.plen;
		uint32_t want = 0;

		memcpy(p.b, keys[i], 16);
		assert_int_equal(xtr_lpm6_get(&l->t, p.b, p.plen), oracle_get(l, &p));
		while (!want && shorter-- > 0)
			want =
			    oracle_value(rte_rib6_lookup_exact(l->oracle, p.b, (uint8_t)shorter));
		assert_int_equal(xtr_lpm6_covering(&l->t, p.b, p.plen, &len), want);
		assert_int_equal(len, want ? shorter : 999);
	}
}

/* --- cases --- */

/* Prefixes of several habits, each of which leads to nodes of another shape. */
static void random_prefix(struct lab *l, unsigned habit, struct prefix *p)
{
	uint64_t r = rnd(l);
	unsigned from, bits;

	memset(p, 0, sizeof(*p));
	switch (habit) {
	case 0: /* few bits anywhere: deep nests */
		for (unsigned i = 0; i < 16; i++)
			p->b[i] = (uint8_t)(rnd(l) & rnd(l) & rnd(l));
		p->plen = (uint8_t)(r % 129);
		break;
	case 1: /* dense from some bit on: big nodes, filled, emptied, and split at bit 64 */
		from = 20 + 12 * (r >> 32 & 7);
		bits = 1 + (unsigned)(r >> 40) % 11;
		for (unsigned i = from; i < from + bits; i++)
			p->b[i / 8] |= (uint8_t)((r >> (i - from) & 1) << (7 - i % 8));
		p->plen = (uint8_t)(from + bits);
		break;
	case 2: /* near to what is there: forks, and chains along one way */
		if (l->n)
			*p = l->p[rnd(l) % l->n];
		p->plen = (uint8_t)(r % 3 ? 1 + (p->plen + r % 7) % 128 : r % 129);
		from = (unsigned)(rnd(l) % 128);
		if (r >> 60 & 1)
			p->b[from / 8] ^= (uint8_t)(0x80 >> from % 8);
		break;
	case 3: /* short ones */
		p->b[0] = (uint8_t)r;
		p->b[1] = (uint8_t)(r >> 8 & 0x83);
		p->plen = (uint8_t)(r >> 16) % 19;
		break;
	default: /* whole addresses */
		for (unsigned i = 0; i < 16; i++)
			p->b[i] = (uint8_t)rnd(l);
		p->plen = 128;
	}
	mask(p->b, p->plen);
}

/* LPM6_TEST_OPS makes it longer. */
static void any_shape(void **state)
{
	const char *more = getenv("LPM6_TEST_OPS");
	unsigned ops = more ? (unsigned)strtoul(more, NULL, 10) : 120000, most_bits = 0;
	const char *with = getenv("LPM6_TEST_SEED");
	struct lab *l = open_lab(with ? strtoull(with, NULL, 10) : 1, 20000);

	for (unsigned op = 0; op < ops; op++) {
		unsigned limit = op / 30000 % 2 ? 200 : 8000, habit = (unsigned)(rnd(l) % 8);
		bool grow = rnd(l) % 8 < (op / 10000 % 3 == 2 ? 2 : 6);
		struct prefix p;

		if (l->n > limit || (!grow && l->n)) {
			/* near each other in turn, so that whole nodes empty */
			del(l, (unsigned)(rnd(l) % 2 ? rnd(l) % l->n : l->n - 1));
		} else {
			random_prefix(l, habit < 4 ? op / 5000 % 5 : habit - 4, &p);
			assert_int_equal(set(l, &p), 0);
		}
		if (op % 2 == 0)
			check(l);
		if (op % 512 == 0) {
			unsigned bits = inspect_all(l).most_bits;

			most_bits = bits > most_bits ? bits : most_bits;
		}
		if (op % 8 == 0)
			xtr_rcu_poll(&l->rcu);
	}
	assert_true(most_bits >= 8);
	while (l->n)
		del(l, l->n - 1);
	assert_int_equal(inspect_all(l).nodes, 0);
	assert_int_equal(l->t.root[0] | l->t.root[1], 0);
	check(l);
	close_lab(l);
}

/* Every length on one way down, in random order, there and back; keys leave the way at every bit.
 */
static void nested(void **state)
{
	for (uint64_t seed = 1; seed < 9; seed++) {
		struct lab *l = open_lab(seed, 300);
		unsigned order[129];
		uint8_t way[16];

		for (unsigned i = 0; i < 16; i++)
			way[i] = seed == 1 ? 0 : (uint8_t)rnd(l);
		for (unsigned i = 0; i < 129; i++) {
			unsigned at = (unsigned)(rnd(l) % (i + 1));

			order[i] = order[at];
			order[at] = i;
		}
		for (unsigned i = 0; i < 129; i++) {
			struct prefix p = {.plen = (uint8_t)order[i]};

			memcpy(p.b, way, 16);
			mask(p.b, p.plen);
			assert_int_equal(set(l, &p), 0);
			inspect_all(l);
			for (unsigned k = 0; k < 20; k++)
				check(l);
		}
		while (l->n) {
			del(l, (unsigned)(rnd(l) % l->n));
			inspect_all(l);
			for (unsigned k = 0; k < 20; k++)
				check(l);
			xtr_rcu_poll(&l->rcu);
		}
		close_lab(l);
	}
}

/* More neighbours than the largest node has slots; what covers all or some of them comes and goes.
 */
static void at_the_cap(void **state)
{
	struct lab *l = open_lab(5, 3u << 15);
	const unsigned leaves = (3u << 15) - 100;
	struct prefix above = {.b = {0x20, 1, 0x0d, 0xb8}};
	struct sum sum;

	for (unsigned i = 0; i < leaves; i++) {
		struct prefix p = above;

		p.b[5] = (uint8_t)(i >> 16);
		p.b[6] = (uint8_t)(i >> 8);
		p.b[7] = (uint8_t)i;
		p.plen = 64;
		assert_int_equal(set(l, &p), 0);
		if (i % 64 == 0)
			check(l);
		xtr_rcu_poll(&l->rcu);
	}
	sum = inspect_all(l);
	assert_int_equal(sum.most_bits, XTR_LPM6_BITS_MAX);
	print_message("%zu bytes a prefix, %u nodes\n", xtr_lpm6_memory(&l->t) / l->n, sum.nodes);
	assert_true(xtr_lpm6_memory(&l->t) / l->n < 80);
	for (above.plen = 63; above.plen > 0; above.plen--) {
		struct prefix p = above;

		mask(p.b, p.plen);
		assert_int_equal(set(l, &p), 0);
		check(l);
		if (above.plen % 2) {
			del(l, l->n - 1);
			check(l);
		}
	}
	inspect_all(l);
	while (l->n > 100) {
		del(l, (unsigned)(rnd(l) % l->n));
		if (l->n % 64 == 0)
			check(l);
		xtr_rcu_poll(&l->rcu);
	}
	sum = inspect_all(l);
	assert_true(sum.most_bits < 10);
	assert_true(xtr_lpm6_memory(&l->t) < 20000);
	close_lab(l);
}

/* Some allocation fails: an insertion leaves the table as it was or does all but make nodes of
 * another size; all else works. */
static void no_memory(void **state)
{
	unsigned failed[6] = {0}, kept = 0;
	struct lab *l = open_lab(11, 20000);

	for (unsigned op = 0; op < 60000; op++) {
		int left = (int)(rnd(l) % 16);
		bool grow = op / 10000 % 2 == 0;
		uint64_t before = l->t.root[0];
		unsigned n = l->n;
		struct prefix p;

		random_prefix(l, op / 2500 % 5, &p);
		allocs_failed = 0;
		allocs_left = left < 6 ? left : -1;
		if (n && !grow) {
			del(l, (unsigned)(rnd(l) % n));
		} else if (set(l, &p) < 0) {
			failed[left]++;
			assert_int_equal(l->t.root[0], before);
			assert_true(allocs_failed > 0);
		}
		allocs_left = -1;
		kept += allocs_failed > 0 && l->n != n;
		check(l);
		if (op % 256 == 0)
			inspect_all(l);
		xtr_rcu_poll(&l->rcu);
	}
	assert_true(failed[0] > 100);
	assert_true(failed[1] > 100);
	assert_true(kept > 100);
	close_lab(l);
}

/* --- under a reader --- */

#define RACERS 600u

/*
 * Values are numbers of prefixes. Those before `steady` stay; the others come and go. An answer
 * must be a prefix that covers the key and is not shorter than the longest steady one that does.
 */
struct race {
	struct lab *l;
	struct prefix p[RACERS];
	unsigned steady;
	uint8_t keys[4096][16];
	uint8_t at_least[4096]; /* length + 1; 0: no steady one */
	xtr_lpm6_lookup_fn *look_up;
	bool stop;
	uint64_t looks, wrong, changing;
};

static bool prefix_covers(const struct prefix *p, const uint8_t *key)
{
	return xtr_bits_common(p->b, key, p->plen) == p->plen;
}

static void *reader(void *arg)
{
	const void *tables[64];
	struct race *r = arg;
	unsigned at = 0;

	for (unsigned i = 0; i < 64; i++)
		tables[i] = &r->l->t;
	rte_rcu_qsbr_thread_register(r->l->rcu.qsv, 0);
	rte_rcu_qsbr_thread_online(r->l->rcu.qsv, 0);
	while (!__atomic_load_n(&r->stop, __ATOMIC_RELAXED)) {
		uint32_t values[64];

		r->look_up(tables, 0, (const uint8_t(*)[16])r->keys + at, values, 64);
		for (unsigned i = 0; i < 64; i++) {
			const struct prefix *p = &r->p[values[i] - 1];
			unsigned least = r->at_least[at + i];

			r->wrong += values[i] ? values[i] > RACERS || p->plen + 1u < least ||
						    !prefix_covers(p, r->keys[at + i])
					      : least > 0;
			r->changing += values[i] > r->steady;
		}
		at = (at + 64) % RTE_DIM(r->keys);
		__atomic_store_n(&r->looks, r->looks + 64, __ATOMIC_RELAXED);
		rte_rcu_qsbr_quiescent(r->l->rcu.qsv, 0);
	}
	rte_rcu_qsbr_thread_offline(r->l->rcu.qsv, 0);
	rte_rcu_qsbr_thread_unregister(r->l->rcu.qsv, 0);
	return NULL;
}

static bool is_new(const struct race *r, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (r->p[i].plen == r->p[n].plen && !memcmp(r->p[i].b, r->p[n].b, 16))
			return false;
	return true;
}

static void make_race(struct race *r, unsigned habit)
{
	struct lab *l = r->l;

	r->steady = RACERS / 3;
	for (unsigned i = 0; i < RACERS; i++) {
		do
			random_prefix(l, rnd(l) % 4 ? habit : (unsigned)(rnd(l) % 5), &r->p[i]);
		while (!is_new(r, i));
		l->p[l->n++] = r->p[i]; /* keys and neighbours are made from it */
		if (i < r->steady)
			assert_int_equal(xtr_lpm6_set(&l->t, r->p[i].b, r->p[i].plen, i + 1), 0);
	}
	make_keys(l, r->keys, RTE_DIM(r->keys));
	for (unsigned i = 0; i < RTE_DIM(r->keys); i++)
		for (unsigned k = 0; k < r->steady; k++)
			if (prefix_covers(&r->p[k], r->keys[i]) &&
			    r->p[k].plen + 1 > r->at_least[i])
				r->at_least[i] = r->p[k].plen + 1;
}

static void race(xtr_lpm6_lookup_fn *look_up, unsigned habit)
{
	struct race *r = calloc(1, sizeof(*r));
	struct lab *l = open_lab(habit + 1, 100);
	unsigned changes = 0;
	pthread_t thread;

	r->l = l;
	r->look_up = look_up;
	make_race(r, habit);
	assert_int_equal(pthread_create(&thread, NULL, reader, r), 0);
	while (changes < 60000 || __atomic_load_n(&r->looks, __ATOMIC_RELAXED) < 200000) {
		/* a run of neighbours, so that nodes fill and empty */
		unsigned first = r->steady + (unsigned)(rnd(l) % (RACERS - r->steady));
		unsigned end = first + (unsigned)(rnd(l) % 64);
		bool there = rnd(l) % 2;

		for (unsigned i = first; i < end && i < RACERS; i++, changes++) {
			const struct prefix *p = &r->p[i];

			if (there)
				assert_int_equal(xtr_lpm6_set(&l->t, p->b, p->plen, i + 1), 0);
			else
				xtr_lpm6_del(&l->t, p->b, p->plen);
			xtr_rcu_poll(&l->rcu);
		}
	}
	__atomic_store_n(&r->stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	assert_int_equal(r->wrong, 0);
	assert_true(r->changing > 0);
	while (xtr_rcu_poll(&l->rcu))
		;
	close_lab(l);
	free(r);
}

static void under_a_reader(void **state)
{
	for (unsigned w = 0; w < n_look_ups; w++)
		for (unsigned habit = 0; habit < 4; habit++)
			race(look_ups[w], habit);
}

/* --- what a reader is told of changes --- */

static void begin(const char *text)
{
	struct xtr_lpm6_key k;
	struct xtr_eid e;

	assert_int_equal(xtr_eid_parse(text, &e), 0);
	k = xtr_lpm6_key_of(e.ip.b);
	xtr_lpm6_begin(&k, e.plen);
}

static void recent_changes(void **state)
{
	static const char *const text[] = {
	    "2001:db8::1", "2001:db8::2", "2001:db8:0:1::1", "3fff::", "2001:db8::1:0:0:1"};
	uint8_t keys[RTE_DIM(text)][16], hit[RTE_DIM(text)];
	const uint8_t(*k)[16] = (const uint8_t(*)[16])keys;
	struct xtr_ip ip;
	uint64_t since;

	for (unsigned i = 0; i < RTE_DIM(text); i++) {
		assert_int_equal(xtr_ip_parse(text[i], &ip), 0);
		memcpy(keys[i], ip.b, 16);
	}
	begin("::/0"); /* one that is going on when the reader begins does not matter */
	since = xtr_lpm6_begun();
	assert_false(xtr_lpm6_touched(since, k, hit, RTE_DIM(text)));
	begin("2001:db8::1/128");
	assert_true(xtr_lpm6_touched(since, k, hit, RTE_DIM(text)));
	assert_memory_equal(hit, ((uint8_t[]){1, 0, 0, 0, 0}), sizeof(hit));
	begin("2001:db8:0:1::/64");
	assert_true(xtr_lpm6_touched(since, k, hit, RTE_DIM(text)));
	assert_memory_equal(hit, ((uint8_t[]){1, 0, 1, 0, 0}), sizeof(hit));
	assert_true(xtr_lpm6_touched(since + 1, k, hit, RTE_DIM(text)));
	assert_memory_equal(hit, ((uint8_t[]){0, 0, 1, 0, 0}), sizeof(hit));
	since = xtr_lpm6_begun();
	begin("2001:db8::1:0:0:0/80");
	begin("2001:db8:8000::/33");
	assert_true(xtr_lpm6_touched(since, k, hit, RTE_DIM(text)));
	assert_memory_equal(hit, ((uint8_t[]){0, 0, 0, 0, 1}), sizeof(hit));
	begin("::/0");
	assert_true(xtr_lpm6_touched(since, k, hit, RTE_DIM(text)));
	assert_memory_equal(hit, ((uint8_t[]){1, 1, 1, 1, 1}), sizeof(hit));
	/* as many as are kept, and more */
	since = xtr_lpm6_begun();
	for (unsigned i = 0; i < XTR_LPM6_RECENT - 1; i++)
		begin("2400::/12");
	assert_false(xtr_lpm6_touched(since, k, hit, RTE_DIM(text)));
	begin("2400::/12");
	assert_true(xtr_lpm6_touched(since, k, hit, RTE_DIM(text)));
	assert_memory_equal(hit, ((uint8_t[]){1, 1, 1, 1, 1}), sizeof(hit));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(any_shape),
	    cmocka_unit_test(nested),
	    cmocka_unit_test(at_the_cap),
	    cmocka_unit_test(no_memory),
	    cmocka_unit_test(recent_changes),
	    cmocka_unit_test(under_a_reader),
	};

	return cmocka_run_group_tests(tests, setup, eal_teardown);
}
