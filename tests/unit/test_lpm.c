/* SPDX-License-Identifier: BSD-3-Clause */
/* The workers' longest-prefix match in small: what is refused, batches over many tables, memory
 * that waits for readers. lpm_stress.c, lpm_race.c and test_lpm_memory.c do the rest. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "mapcache/lpm.h"

#define MANY 6 /* so many keys take another way than a few */

/* By each function, of one key and of more. */
static uint32_t lookup(const struct xtr_lpm *lpm, const struct xtr_ip *ip)
{
	const struct xtr_lpm *tables[MANY];
	uint32_t keys[MANY], values[3][MANY];
	uint8_t keys6[MANY][16];

	for (unsigned i = 0; i < MANY; i++) {
		tables[i] = lpm;
		memcpy(&keys[i], ip->b, 4);
		memcpy(keys6[i], ip->b, 16);
	}
	if (ip->af == 4) {
		xtr_lpm_lookup4(tables, keys, values[0], 1);
		xtr_lpm_lookup4(tables, keys, values[1], MANY);
		xtr_lpm_lookup4_one(lpm, keys, values[2], MANY);
	} else {
		xtr_lpm_lookup6(tables, (const uint8_t(*)[16])keys6, values[0], 1);
		xtr_lpm_lookup6(tables, (const uint8_t(*)[16])keys6, values[1], MANY);
		xtr_lpm_lookup6_one(lpm, (const uint8_t(*)[16])keys6, values[2], MANY);
	}
	for (unsigned i = 0; i < MANY; i++) {
		assert_int_equal(values[1][i], values[0][0]);
		assert_int_equal(values[2][i], values[0][0]);
	}
	return values[0][0];
}

/* With each way of looking up that this machine has. */
static void all_ways(void (*test)(void))
{
	for (enum xtr_lpm_way way = XTR_LPM_SCALAR; way <= XTR_LPM_AVX512; way++)
		if (xtr_lpm_use(way)) {
			print_message("%s\n", xtr_lpm_using());
			test();
		}
}

static void one_of_each(void)
{
	static const char *const prefixes[] = {"0.0.0.0/0", "::/0", "10.0.0.0/8", "10.1.2.0/24",
	    "10.1.2.3/32", "2001:db8::/32", "2001:db8::1/128"};
	static const struct {
		const char *key;
		uint32_t value;
	} answers[] = {{"0.0.0.0", 1}, {"255.255.255.255", 1}, {"10.1.3.0", 3}, {"10.1.2.4", 4},
	    {"10.1.2.3", 5}, {"::", 2}, {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 2},
	    {"2001:db8::", 6}, {"2001:db8::1", 7}, {"2001:db8::2", 6}, {"2001:db9::", 2}};
	const unsigned n = sizeof(prefixes) / sizeof(prefixes[0]);
	struct xtr_lpm *lpm;
	struct xtr_rcu rcu;
	struct xtr_eid e;
	struct xtr_ip ip;

	assert_int_equal(xtr_rcu_init(&rcu, 1), 0);
	lpm = xtr_lpm_create(&rcu);
	assert_non_null(lpm);
	for (unsigned i = 0; i < n; i++) {
		assert_int_equal(xtr_eid_parse(prefixes[i], &e), 0);
		assert_int_equal(xtr_lpm_set(lpm, &e.ip, e.plen, i + 1), 0);
	}
	assert_int_equal(xtr_lpm_count(lpm), n);
	for (unsigned i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		assert_int_equal(xtr_ip_parse(answers[i].key, &ip), 0);
		assert_int_equal(lookup(lpm, &ip), answers[i].value);
	}
	/* the shortest goes, and only what it alone covered has no answer any more */
	assert_int_equal(xtr_eid_parse("0.0.0.0/0", &e), 0);
	assert_int_equal(xtr_lpm_del(lpm, &e.ip, e.plen), 1);
	assert_int_equal(xtr_lpm_del(lpm, &e.ip, e.plen), 0);
	assert_int_equal(xtr_ip_parse("11.0.0.0", &ip), 0);
	assert_int_equal(lookup(lpm, &ip), 0);
	assert_int_equal(xtr_ip_parse("::1", &ip), 0);
	assert_int_equal(lookup(lpm, &ip), 2);
	xtr_lpm_destroy(lpm);
	xtr_lpm_destroy(NULL);
	xtr_rcu_fini(&rcu);
}

static void answers(void **state)
{
	all_ways(one_of_each);
}

/* 0 is "no match"; larger values than there are bits for are refused, and change nothing. */
static void refuses(void **state)
{
	static const char *const prefixes[] = {"10.0.0.0/8", "2001:db8::/32"};
	struct xtr_lpm *lpm;
	struct xtr_rcu rcu;
	struct xtr_eid e;

	assert_int_equal(xtr_rcu_init(&rcu, 1), 0);
	lpm = xtr_lpm_create(&rcu);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(xtr_eid_parse(prefixes[i], &e), 0);
		assert_int_equal(xtr_lpm_set(lpm, &e.ip, e.plen, 0), -EINVAL);
		assert_int_equal(xtr_lpm_set(lpm, &e.ip, e.plen, XTR_LPM_VALUE_MAX + 1), -EINVAL);
		assert_int_equal(xtr_lpm_set(lpm, &e.ip, e.plen, UINT32_MAX), -EINVAL);
		assert_int_equal(xtr_lpm_count(lpm), i);
		assert_int_equal(lookup(lpm, &e.ip), 0);
		assert_int_equal(xtr_lpm_set(lpm, &e.ip, e.plen, XTR_LPM_VALUE_MAX), 0);
		assert_int_equal(lookup(lpm, &e.ip), XTR_LPM_VALUE_MAX);
		assert_int_equal(xtr_lpm_set(lpm, &e.ip, e.plen, 0), -EINVAL);
		assert_int_equal(xtr_lpm_get(lpm, &e.ip, e.plen), XTR_LPM_VALUE_MAX);
	}
	xtr_lpm_destroy(lpm);
	xtr_rcu_fini(&rcu);
}

/* Each key of a batch asks its own table, of whatever form; some have no prefix at all. */
static void a_table_for_each_key(void)
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
		for (unsigned k = 0; k < 1u << i % 12; k++) { /* up to 2,048 hosts beside them */
			uint8_t b[16] = {11, 0, (uint8_t)(k >> 8), (uint8_t)k};
			struct xtr_ip host4 = xtr_ip4(b), host6 = xtr_ip6(b);

			assert_int_equal(xtr_lpm_set(own[i], &host4, 32, 1), 0);
			assert_int_equal(xtr_lpm_set(own[i], &host6, 128, 1), 0);
		}
		xtr_eid_parse("10.0.0.0/8", &e);
		if (i % 3)
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
		assert_int_equal(values[i], i % 3 ? 100 + i : 0);
	xtr_lpm_lookup6(tables, (const uint8_t(*)[16])keys6, values, N);
	for (unsigned i = 0; i < N; i++)
		assert_int_equal(values[i], i % 2 ? 200 + i : 0);
	/* all keys in one of them; they are of a leaf, of more, or big */
	for (unsigned k = 1; k < 12; k++) {
		xtr_lpm_lookup4_one(tables[k], keys, values, N);
		for (unsigned i = 0; i < N; i++)
			assert_int_equal(values[i], k % 3 ? 100 + k : 0);
		xtr_lpm_lookup6_one(tables[k], (const uint8_t(*)[16])keys6, values, N);
		for (unsigned i = 0; i < N; i++)
			assert_int_equal(values[i], k % 2 ? 200 + k : 0);
	}
	for (unsigned i = 0; i < N; i++)
		xtr_lpm_destroy(own[i]);
	xtr_rcu_fini(&rcu);
}

static void a_table_each(void **state)
{
	all_ways(a_table_for_each_key);
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
	while (xtr_rcu_poll(&rcu)) /* and what had to wait for a callback of its own */
		rte_rcu_qsbr_quiescent(rcu.qsv, 0);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(answers),
	    cmocka_unit_test(refuses),
	    cmocka_unit_test(a_table_each),
	    cmocka_unit_test(frees_few),
	    cmocka_unit_test(frees_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
