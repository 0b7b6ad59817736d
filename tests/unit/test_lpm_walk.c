/* SPDX-License-Identifier: BSD-3-Clause */
/* The walks of the workers' longest-prefix match, against a sorted array. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "eal_fixture.h"
#include "mapcache/lpm.h"

#define MAX 6000u

/* What is in the table, in order of address, shorter first. */
struct model {
	struct xtr_rcu rcu;
	struct xtr_lpm *lpm;
	struct {
		struct xtr_ip ip;
		unsigned plen;
		uint32_t value;
	} p[MAX];
	unsigned n;
	unsigned af;
	/* the walk under test */
	unsigned at; /* next in p */
	unsigned calls, stop_after;
};

static uint64_t seed;

/* splitmix64: the same sequence everywhere */
static uint64_t rnd(void)
{
	uint64_t z = (seed += 0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

static int order(const struct xtr_ip *a, unsigned a_len, const struct xtr_ip *b, unsigned b_len)
{
	int c = memcmp(a->b, b->b, sizeof(a->b));

	return c ? c : (int)a_len - (int)b_len;
}

static bool inside(const struct xtr_ip *in, unsigned in_len, const struct xtr_ip *ip, unsigned plen)
{
	return plen >= in_len && xtr_bits_common(in->b, ip->b, in_len) == in_len;
}

/* Dense in some bits, so that prefixes nest; now and then anywhere. */
static void random_prefix(unsigned af, struct xtr_ip *ip, unsigned *plen)
{
	unsigned bytes = af == 4 ? 4 : 16;
	uint8_t b[16];

	for (unsigned i = 0; i < bytes; i++)
		b[i] = (uint8_t)(rnd() & (i < bytes / 2 ? 0x83 : 0x49));
	if (rnd() % 4 == 0)
		b[rnd() % bytes] = (uint8_t)rnd();
	if (rnd() % 32 == 0)
		memset(b, 0xff, bytes);
	*ip = af == 4 ? xtr_ip4(b) : xtr_ip6(b);
	*plen = (unsigned)(rnd() % (8 * bytes + 1));
	xtr_ip_mask(ip, *plen);
}

static unsigned find(const struct model *m, const struct xtr_ip *ip, unsigned plen)
{
	unsigned i = 0;

	while (i < m->n && order(&m->p[i].ip, m->p[i].plen, ip, plen) < 0)
		i++;
	return i;
}

static bool is_at(const struct model *m, unsigned i, const struct xtr_ip *ip, unsigned plen)
{
	return i < m->n && order(&m->p[i].ip, m->p[i].plen, ip, plen) == 0;
}

static void put(struct model *m, const struct xtr_ip *ip, unsigned plen, uint32_t value)
{
	unsigned i = find(m, ip, plen);

	if (!is_at(m, i, ip, plen)) {
		assert_true(m->n < MAX);
		memmove(&m->p[i + 1], &m->p[i], (m->n++ - i) * sizeof(m->p[0]));
	}
	m->p[i].ip = *ip;
	m->p[i].plen = plen;
	m->p[i].value = value;
	assert_int_equal(xtr_lpm_set(m->lpm, ip, plen, value), 0);
}

static void drop(struct model *m, unsigned i)
{
	assert_int_equal(xtr_lpm_del(m->lpm, &m->p[i].ip, m->p[i].plen), m->p[i].value);
	memmove(&m->p[i], &m->p[i + 1], (--m->n - i) * sizeof(m->p[0]));
}

static void fill(struct model *m, unsigned n)
{
	while (m->n < n) {
		struct xtr_ip ip;
		unsigned plen;

		random_prefix(m->af, &ip, &plen);
		put(m, &ip, plen, (uint32_t)(rnd() & XTR_LPM_VALUE_MAX) | 1);
	}
}

static struct model *model_new(unsigned af)
{
	struct model *m = calloc(1, sizeof(*m));

	assert_int_equal(xtr_rcu_init(&m->rcu, 1), 0);
	m->lpm = xtr_lpm_create(&m->rcu);
	assert_non_null(m->lpm);
	m->af = af;
	return m;
}

static void model_free(struct model *m)
{
	xtr_lpm_destroy(m->lpm);
	xtr_rcu_fini(&m->rcu);
	free(m);
}

static int expect_next(const struct xtr_ip *ip, unsigned plen, uint32_t value, void *arg)
{
	struct model *m = arg;

	assert_true(is_at(m, m->at, ip, plen));
	assert_int_equal(ip->af, m->af);
	assert_int_equal(value, m->p[m->at].value);
	m->at++;
	m->calls++;
	return m->calls == m->stop_after ? -7 : 0;
}

/* Both, of one prefix that may be in the table or not. */
static void check(struct model *m, const struct xtr_ip *ip, unsigned plen)
{
	unsigned n = 0, len = 999, best = MAX, first = find(m, ip, plen);
	uint32_t value = xtr_lpm_covering(m->lpm, ip, plen, &len);

	for (unsigned i = 0; i < m->n; i++) {
		n += inside(ip, plen, &m->p[i].ip, m->p[i].plen);
		if (m->p[i].plen < plen && inside(&m->p[i].ip, m->p[i].plen, ip, plen) &&
		    (best == MAX || m->p[best].plen < m->p[i].plen))
			best = i;
	}
	assert_int_equal(value, best == MAX ? 0 : m->p[best].value);
	assert_int_equal(len, best == MAX ? 999 : m->p[best].plen);
	m->at = first;
	m->calls = m->stop_after = 0;
	assert_int_equal(xtr_lpm_walk(m->lpm, ip, plen, expect_next, m), 0);
	assert_int_equal(m->calls, n);
	if (!n)
		return;
	m->at = first;
	m->calls = 0;
	m->stop_after = 1 + (unsigned)(rnd() % n);
	assert_int_equal(xtr_lpm_walk(m->lpm, ip, plen, expect_next, m), -7);
	assert_int_equal(m->calls, m->stop_after);
}

static void against_array(unsigned af, unsigned n)
{
	struct model *m = model_new(af);

	seed = n;
	for (unsigned round = 0; round < 4; round++) {
		fill(m, n);
		for (unsigned i = 0; i < 300; i++) {
			struct xtr_ip ip;
			unsigned plen;

			random_prefix(af, &ip, &plen);
			check(m, &ip, plen);
			check(m, &m->p[i % m->n].ip, m->p[i % m->n].plen);
		}
		while (m->n > n / 3)
			drop(m, (unsigned)(rnd() % m->n));
		xtr_rcu_poll(&m->rcu);
	}
	while (m->n)
		drop(m, (unsigned)(rnd() % m->n));
	check(m, &(struct xtr_ip){.af = (uint8_t)af}, 0);
	model_free(m);
}

static void ipv4_few(void **state)
{
	against_array(4, 40);
}

static void ipv4_many(void **state)
{
	against_array(4, 4000);
}

static void ipv6_few(void **state)
{
	against_array(6, 40);
}

static void ipv6_many(void **state)
{
	against_array(6, 4000);
}

/* Replaces some that it is called for, deletes others, and puts a longer one in. */
static int change(const struct xtr_ip *ip, unsigned plen, uint32_t value, void *arg)
{
	struct model *m = arg;

	assert_true(is_at(m, m->at, ip, plen));
	assert_int_equal(value, m->p[m->at].value);
	m->calls++;
	if (value % 4 == 0) {
		put(m, ip, plen, value + 1);
		m->at++;
	} else if (value % 4 == 2 && plen < xtr_ip_bits(ip)) {
		put(m, ip, plen + 1, value); /* comes next */
		drop(m, m->at);
	} else {
		drop(m, m->at);
	}
	xtr_rcu_poll(&m->rcu);
	return 0;
}

/* The table changes its form meanwhile, and is empty in the end. */
static void changes_while_walking(unsigned af)
{
	struct model *m = model_new(af);

	seed = af;
	fill(m, 3000);
	for (unsigned i = 0; m->n; i++) {
		struct xtr_ip all = {.af = (uint8_t)af};

		assert_true(i < 200);
		for (unsigned k = 0; k < m->n; k++)
			put(m, &m->p[k].ip, m->p[k].plen, 1 + (uint32_t)(rnd() % 99));
		m->at = m->calls = 0;
		assert_int_equal(xtr_lpm_walk(m->lpm, &all, 0, change, m), 0);
		assert_int_equal(m->at, m->n);
		assert_int_equal(xtr_lpm_count(m->lpm), m->n);
	}
	model_free(m);
}

static void ipv4_changes(void **state)
{
	changes_while_walking(4);
}

static void ipv6_changes(void **state)
{
	changes_while_walking(6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(ipv4_few),
	    cmocka_unit_test(ipv4_many),
	    cmocka_unit_test(ipv6_few),
	    cmocka_unit_test(ipv6_many),
	    cmocka_unit_test(ipv4_changes),
	    cmocka_unit_test(ipv6_changes),
	};

	return cmocka_run_group_tests(tests, eal_setup, eal_teardown);
}
