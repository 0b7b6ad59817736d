/* SPDX-License-Identifier: BSD-3-Clause */
/* `clear map-cache`: a part at a time, while other things come and go. */
#include "itr_fixture.h"

#include "control/lisp/itr_internal.h"
#include "control/oper/clear.h"

#define N 2000u

/* Number n of an instance: 10.a.b.0/24, or of as many bits in IPv6. */
static struct xtr_eid number(uint32_t iid, unsigned af, unsigned n)
{
	struct xtr_eid e = eid_in(iid, af == 4 ? "10.0.0.0/24" : "2001:db8::/48");
	unsigned at = af == 4 ? 1 : 4;

	e.ip.b[at] = (uint8_t)(n >> 8);
	e.ip.b[at + 1] = (uint8_t)n;
	return e;
}

static void learn(struct fixture *f, uint32_t iid, unsigned af, unsigned n)
{
	struct xtr_eid e = number(iid, af, n);

	assert_non_null(
	    itr_mapping_set(f->itr, &e, XTR_FROM_MAP_REPLY, XTR_ACT_DROP, NULL, 0, 1440, 86400000));
}

static bool there(struct fixture *f, uint32_t iid, unsigned af, unsigned n)
{
	struct xtr_eid e = number(iid, af, n);
	const struct xtr_mapping *m = xtr_itr_lookup(f->itr, &e);

	return m && m->eid.plen == e.plen;
}

static unsigned learned(struct fixture *f)
{
	return f->itr->total[ITR_LEARNED];
}

static void fill(struct fixture *f)
{
	for (unsigned i = 0; i < N; i++) {
		learn(f, 0, 4, i);
		learn(f, 100, 4, i);
		learn(f, 100, 6, i);
	}
}

/* No part does more than it may, and all of them together do it all. */
static void in_parts(void **state)
{
	struct fixture *f = *state;
	struct xtr_itr_clearing c;
	unsigned parts = 0, before;

	start(f);
	fill(f);
	before = learned(f);
	assert_int_equal(before, 3 * N);
	xtr_itr_clear(&c, f->itr, NULL, -1);
	for (bool more = true; more; parts++) {
		unsigned n = learned(f);

		more = xtr_itr_clear_some(&c, 7);
		assert_in_range(n - learned(f), 0, 7);
	}
	assert_int_equal(c.cleared, 3 * N);
	assert_in_range(parts, 3 * N / 7, 3 * N / 7 + 4);
	assert_int_equal(learned(f), 0);
	assert_int_equal(f->n_removed, 3 * N);
	/* the ITR's own stay */
	assert_int_equal(f->itr->n_mappings, f->n_configured);
	assert_false(xtr_itr_clear_some(&c, 7));
}

/* The one that was looked at last goes, others come before it and after it, the rest expires. */
static void meanwhile(void **state)
{
	struct fixture *f = *state;
	struct xtr_itr_clearing c;
	struct xtr_eid e;

	start(f);
	fill(f);
	e = number(100, 4, 0);
	xtr_itr_clear(&c, f->itr, NULL, 100);
	assert_true(xtr_itr_clear_some(&c, N / 2));
	learn(f, 100, 4, 3);     /* stays: it has been passed */
	learn(f, 100, 4, N + 3); /* goes */
	learn(f, 200, 4, 1);     /* of an instance that is new */
	for (unsigned i = N / 2 - 10; i < N / 2 + 10; i++)
		if (there(f, 100, 4, i)) {
			e = number(100, 4, i);
			itr_mapping_remove(xtr_itr_lookup(f->itr, &e));
		}
	assert_true(xtr_itr_clear_some(&c, N));
	assert_true(there(f, 100, 4, 3));
	assert_false(there(f, 100, 4, N + 3));
	for (unsigned i = 4; i < N; i++)
		assert_false(there(f, 100, 4, i));
	/* all of the rest */
	xtr_clock_advance(&f->w.wheel, 86400000);
	assert_false(xtr_itr_clear_some(&c, 4));
	assert_in_range(c.cleared, N - 10, N + N / 2 + 1);
	assert_int_equal(learned(f), 0);
}

/* Inside a prefix, which itself goes too; what covers it and what is beside it stays. */
static void within(void **state)
{
	struct fixture *f = *state;
	struct xtr_eid in = eid("10.1.0.0/16"), wide = eid("10.0.0.0/8");
	struct xtr_itr_clearing c;

	f->configured[0] =
	    (struct xtr_cfg_mapping){.eid = eid("10.1.5.0/24"), .action = XTR_ACT_SEND_MAP_REQUEST};
	f->w.cfg.n_map_cache = 1;
	start(f);
	fill(f); /* 10.1.5.0/24 too, in the place of what is configured */
	for (unsigned i = 0; i < 2; i++)
		assert_non_null(itr_mapping_set(f->itr, i ? &wide : &in, XTR_FROM_MAP_REPLY,
		    XTR_ACT_DROP, NULL, 0, 1440, 86400000));
	xtr_itr_clear(&c, f->itr, &in, 0);
	while (xtr_itr_clear_some(&c, 1))
		;
	assert_int_equal(c.cleared, 256 + 1);
	assert_int_equal(learned(f), 3 * N + 2 - 257);
	for (unsigned i = 0; i < 3 * 256; i++) {
		assert_int_equal(there(f, 0, 4, i), i / 256 != 1 || i == 256 + 5);
		assert_true(there(f, 100, 4, i));
	}
	assert_int_equal(
	    xtr_itr_lookup(f->itr, &(struct xtr_eid){.ip = in.ip, .plen = 32})->eid.plen, 8);
	/* any instance; of IPv6, inside nothing that is there */
	xtr_itr_clear(&c, f->itr, &in, -1);
	while (xtr_itr_clear_some(&c, 1))
		;
	assert_int_equal(c.cleared, 256);
	in = eid("2001:db9::/32");
	xtr_itr_clear(&c, f->itr, &in, -1);
	assert_false(xtr_itr_clear_some(&c, 100));
	assert_int_equal(c.cleared, 0);
	/* no such instance; no map-cache at all */
	xtr_itr_clear(&c, f->itr, NULL, 4711);
	assert_false(xtr_itr_clear_some(&c, 100));
	xtr_itr_clear(&c, NULL, NULL, -1);
	assert_false(xtr_itr_clear_some(&c, 100));
	assert_int_equal(c.cleared, 0);
}

static unsigned answers[3];

static void on_done(void *arg, unsigned cleared)
{
	*(unsigned *)arg = cleared + 1;
}

/* Two operators: one after the other; and a third who does not wait for it. */
static void operators(void **state)
{
	struct xtr_oper_clears all = TAILQ_HEAD_INITIALIZER(all);
	struct fixture *f = *state;
	unsigned turns = 0, n;

	start(f);
	fill(f);
	memset(answers, 0, sizeof(answers));
	assert_non_null(xtr_oper_clear_begin(&all, f->itr, NULL, 0, on_done, &answers[0]));
	assert_non_null(xtr_oper_clear_begin(&all, f->itr, NULL, -1, on_done, &answers[1]));
	for (; !TAILQ_EMPTY(&all); turns++) {
		n = learned(f);
		xtr_oper_clear_some(&all);
		/* each turn does something, or ends one */
		assert_true(learned(f) < n || answers[0]);
		assert_true(!answers[1] || answers[0]);
	}
	assert_int_equal(answers[0], N + 1);
	assert_int_equal(answers[1], 2 * N + 1);
	assert_true(turns >= 2);
	xtr_oper_clear_some(&all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {T(in_parts), T(meanwhile), T(within), T(operators)};

	return cmocka_run_group_tests_name("itr_clear", tests, NULL, NULL);
}
