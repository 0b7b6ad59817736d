/* SPDX-License-Identifier: BSD-3-Clause */
/* Locator sets: shares by weight, what moves when members come and go, and that those with the same
 * members are one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <string.h>
#include <cmocka.h>

#include "eal_fixture.h"
#include "fail_alloc.h"
#include "mapcache/set.h"

#define SETS  6000u /* that the pool has room for, and one */
#define CASES 3000u

struct fixture {
	struct xtr_rcu rcu;
	struct xtr_pool pool;
	struct xtr_sets *sets;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (xtr_rcu_init(&f->rcu, 1) < 0 ||
	    xtr_pool_init(&f->pool, &f->rcu, sizeof(struct xtr_set), SETS) < 0)
		return -1;
	f->sets = xtr_sets_create(&f->pool);
	*state = f;
	return f->sets ? 0 : -1;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	xtr_sets_destroy(f->sets);
	xtr_rcu_fini(&f->rcu);
	xtr_pool_fini(&f->pool);
	free(f);
	return 0;
}

static struct xtr_set_member member(uint32_t hop, unsigned weight, bool usable)
{
	return (struct xtr_set_member){.hop = hop,
	    .id = xtr_set_id(&hop, sizeof(hop)),
	    .weight = (uint16_t)weight,
	    .usable = usable};
}

/* Any number of members with any weights. Hops are 1 and up, and their indexes less one. */
static unsigned any_members(struct xtr_set_member *m)
{
	static const unsigned most[] = {2, 4, 16, 255};
	unsigned n = 2 + (unsigned)rand() % (most[rand() % 4] - 1), kind = (unsigned)rand() % 4;

	for (unsigned i = 0; i < n; i++) {
		unsigned weight = kind == 0   ? 0
				  : kind == 1 ? (rand() % 2 ? 255 : (unsigned)rand() % 2)
				  : kind == 2 ? (unsigned)rand() % 256
					      : 1 + (unsigned)rand() % 100;

		m[i] = member(i + 1, weight, true);
	}
	return n;
}

/* The slots that flows find for these members. */
static void slots_of(struct fixture *f, const struct xtr_set_member *m, unsigned n, uint32_t *slot)
{
	struct xtr_set_member list[XTR_SET_MEMBERS];
	struct xtr_fwd fwd = {.action = XTR_FWD_ENCAP};

	memcpy(list, m, n * sizeof(*m));
	assert_int_equal(xtr_sets_choose(f->sets, list, n, &fwd), 0);
	for (unsigned i = 0; i < XTR_SET_SLOTS; i++)
		slot[i] = fwd.set_log2
			      ? ((struct xtr_set *)xtr_pool_at(&f->pool, fwd.target))->hop[i]
			      : fwd.target;
	if (fwd.set_log2)
		assert_int_equal(fwd.set_log2, XTR_SET_LOG2);
	xtr_sets_release(f->sets, &fwd);
	xtr_rcu_poll(&f->rcu);
}

/* By how many slots the share of the worst is wrong. Nobody gets any who must not. */
static double worst(const struct xtr_set_member *m, unsigned n, const uint32_t *slot)
{
	unsigned got[XTR_SET_MEMBERS] = {0};
	double total = 0, most = 0;
	bool none;

	for (unsigned i = 0; i < n; i++)
		total += m[i].usable ? m[i].weight : 0;
	none = total == 0;
	for (unsigned i = 0; i < n && none; i++)
		total += m[i].usable;
	for (unsigned i = 0; i < XTR_SET_SLOTS; i++) {
		assert_in_range(slot[i], 1, n);
		assert_true(m[slot[i] - 1].usable);
		assert_true(none || m[slot[i] - 1].weight);
		got[slot[i] - 1]++;
	}
	for (unsigned i = 0; i < n; i++)
		if (m[i].usable)
			most = fmax(
			    most, fabs(got[i] - XTR_SET_SLOTS * (none ? 1 : m[i].weight) / total));
	return most;
}

static unsigned usable(const struct xtr_set_member *m, unsigned n)
{
	unsigned sum = 0;

	for (unsigned i = 0; i < n; i++)
		sum += m[i].usable;
	return sum;
}

/* Members fail one after the other, in any order, until one is left, and come back. */
static void fail_and_return(struct fixture *f, struct xtr_set_member *m, unsigned n)
{
	uint32_t all[XTR_SET_SLOTS], before[XTR_SET_SLOTS], now[XTR_SET_SLOTS];
	unsigned left = 1 + (unsigned)rand() % 8, moved;

	slots_of(f, m, n, all);
	assert_true(worst(m, n, all) < 1);
	memcpy(before, all, sizeof(all));
	for (unsigned failed = 1; usable(m, n) > 1 && left--; failed++) {
		unsigned one = (unsigned)rand() % n;

		if (!m[one].usable)
			continue;
		m[one].usable = false;
		slots_of(f, m, n, now);
		assert_true(worst(m, n, now) < 2);
		moved = 0;
		for (unsigned i = 0; i < XTR_SET_SLOTS; i++) {
			/* who is still there has all that it began with */
			if (m[all[i] - 1].usable)
				assert_int_equal(now[i], all[i]);
			moved += m[before[i] - 1].usable && now[i] != before[i];
		}
		/* of flows that had moved already */
		if (failed == 1)
			assert_int_equal(moved, 0);
		memcpy(before, now, sizeof(now));
	}
	for (unsigned i = 0; i < n; i++)
		m[i].usable = true;
	slots_of(f, m, n, now);
	assert_memory_equal(now, all, sizeof(all));
}

static void shares(void **state)
{
	struct fixture *f = *state;
	struct xtr_set_member m[XTR_SET_MEMBERS];

	srand(11);
	for (unsigned i = 0; i < CASES; i++)
		fail_and_return(f, m, any_members(m));
}

/* What moves beyond what must when the list of members itself changes: little. */
static void lists_change(void **state)
{
	struct fixture *f = *state;
	struct xtr_set_member m[XTR_SET_MEMBERS];
	uint32_t with[XTR_SET_SLOTS], without[XTR_SET_SLOTS];
	unsigned long moved = 0, all = 0;

	srand(12);
	for (unsigned i = 0; i < CASES; i++) {
		unsigned n = 3 + (unsigned)rand() % 14;

		for (unsigned k = 0; k < n; k++)
			m[k] =
			    member(1 + (unsigned)rand() % 100000, 1 + (unsigned)rand() % 100, true);
		slots_of(f, m, n, with);
		slots_of(f, m, n - 1, without);
		for (unsigned k = 0; k < XTR_SET_SLOTS; k++)
			moved += with[k] != m[n - 1].hop && with[k] != without[k];
		all += XTR_SET_SLOTS;
	}
	assert_true(moved * 100 < all * 5);
}

/* RFC 9301 section 5.4's example, and the rules of weight 0. */
static void by_hand(void **state)
{
	struct fixture *f = *state;
	struct xtr_set_member m[] = {
	    member(1, 30, true), member(2, 20, true), member(3, 20, true), member(4, 10, true)};
	struct xtr_fwd fwd = {.action = XTR_FWD_ENCAP, .plen = 7};
	uint32_t slot[XTR_SET_SLOTS];
	unsigned got[5] = {0}, n;

	slots_of(f, m, 4, slot);
	for (unsigned i = 0; i < XTR_SET_SLOTS; i++)
		got[slot[i]]++;
	assert_int_equal(got[1], 192);
	assert_int_equal(got[2], 128);
	assert_int_equal(got[3], 128);
	assert_int_equal(got[4], 64);
	/* one of them without a weight has no flows, and one alone has all, without a set */
	m[0].weight = 0;
	m[2].usable = m[3].usable = false;
	assert_int_equal(xtr_sets_choose(f->sets, m, 4, &fwd), 0);
	assert_int_equal(fwd.set_log2, 0);
	assert_int_equal(fwd.target, 2);
	assert_int_equal(fwd.plen, 7);
	assert_int_equal(f->pool.used, 0);
	xtr_sets_release(f->sets, &fwd);
	/* but rather those than nobody: all the same then */
	memcpy(m,
	    (struct xtr_set_member[]){
		member(1, 0, true), member(2, 5, false), member(3, 0, true), member(4, 0, false)},
	    sizeof(m));
	slots_of(f, m, 4, slot);
	memset(got, 0, sizeof(got));
	for (unsigned i = 0; i < XTR_SET_SLOTS; i++)
		got[slot[i]]++;
	assert_int_equal(got[1], XTR_SET_SLOTS / 2);
	assert_int_equal(got[3], XTR_SET_SLOTS / 2);
	/* the same RLOC twice */
	memcpy(m,
	    (struct xtr_set_member[]){member(1, 3, true), member(2, 1, true), member(1, 4, true)},
	    3 * sizeof(m[0]));
	assert_int_equal(xtr_sets_choose(f->sets, m, 3, &fwd), 0);
	assert_ptr_equal(xtr_sets_members(f->sets, &fwd, &n), xtr_sets_members(f->sets, &fwd, &n));
	assert_int_equal(n, 3);
	memset(got, 0, sizeof(got));
	for (unsigned i = 0; i < XTR_SET_SLOTS; i++)
		got[((struct xtr_set *)xtr_pool_at(&f->pool, fwd.target))->hop[i]]++;
	assert_int_equal(got[1], 448);
	assert_int_equal(got[2], 64);
	xtr_sets_release(f->sets, &fwd);
	memcpy(
	    m, (struct xtr_set_member[]){member(1, 3, true), member(1, 4, true)}, 2 * sizeof(m[0]));
	assert_int_equal(xtr_sets_choose(f->sets, m, 2, &fwd), 0);
	assert_int_equal(fwd.set_log2, 0);
	assert_int_equal(fwd.target, 1);
}

/* Who has the same members has the same set, in whatever order they come and by whatever weights
 * of the same proportion; it goes with the last user, after a grace period. */
static void shared(void **state)
{
	struct fixture *f = *state;
	struct xtr_set_member a[] = {member(1, 50, true), member(2, 100, true), member(3, 0, true)},
			      b[] = {member(2, 2, true), member(1, 1, true)},
			      c[] = {member(2, 2, true), member(1, 1, true), member(3, 1, false)};
	struct xtr_fwd fwd[3] = {0};

	assert_int_equal(xtr_sets_choose(f->sets, a, 3, &fwd[0]), 0);
	assert_int_equal(xtr_sets_choose(f->sets, b, 2, &fwd[1]), 0);
	assert_int_equal(xtr_sets_choose(f->sets, c, 3, &fwd[2]), 0);
	assert_int_equal(fwd[0].target, fwd[1].target);
	assert_int_not_equal(fwd[0].target, fwd[2].target);
	assert_int_equal(f->pool.used, 2);
	xtr_sets_release(f->sets, &fwd[0]);
	assert_int_equal(f->pool.used, 2);
	assert_int_equal(rte_rcu_qsbr_thread_register(f->rcu.qsv, 0), 0);
	rte_rcu_qsbr_thread_online(f->rcu.qsv, 0);
	xtr_sets_release(f->sets, &fwd[1]);
	assert_int_equal(f->pool.used, 1);
	/* a reader may still see it: the same members get another one now */
	assert_int_equal(xtr_sets_choose(f->sets, a, 3, &fwd[0]), 0);
	assert_int_not_equal(fwd[0].target, fwd[1].target);
	assert_int_not_equal(fwd[0].target, fwd[2].target);
	rte_rcu_qsbr_thread_offline(f->rcu.qsv, 0);
	rte_rcu_qsbr_thread_unregister(f->rcu.qsv, 0);
	xtr_rcu_poll(&f->rcu);
	xtr_sets_release(f->sets, &fwd[0]);
	xtr_sets_release(f->sets, &fwd[2]);
	assert_int_equal(f->pool.used, 0);
}

/* Thousands of sets, most of them with several users, come and go; the pool runs dry. */
static void many(void **state)
{
	struct fixture *f = *state;
	struct xtr_fwd *fwd = calloc(4 * SETS, sizeof(*fwd));
	unsigned n = 0;

	for (unsigned i = 0; i < 4 * SETS; i++) {
		struct xtr_set_member m[] = {
		    member(1 + i % SETS, 1, true), member(1 + SETS + i % SETS, 1, true)};
		int rc = xtr_sets_choose(f->sets, m, 2, &fwd[i]);

		assert_int_equal(rc, i % SETS < SETS - 1 ? 0 : -ENOMEM);
		if (rc)
			assert_int_equal(fwd[i].set_log2, 0);
		else if (i >= SETS)
			assert_int_equal(fwd[i].target, fwd[i % SETS].target);
		n += !rc;
	}
	assert_int_equal(n, 4 * (SETS - 1));
	assert_int_equal(f->pool.used, SETS - 1);
	for (unsigned i = 0; i < 4 * SETS; i++)
		xtr_sets_release(f->sets, &fwd[i]);
	assert_int_equal(f->pool.used, 0);
	free(fwd);
}

/* Memory is short anywhere: no set, and nothing of it is left. */
static void memory_short(void **state)
{
	struct fixture *f = *state;
	struct xtr_set_member m[] = {member(1, 1, true), member(2, 1, true)};
	struct xtr_fwd fwd = {.action = XTR_FWD_ENCAP, .target = 77};
	int allocs;

	for (allocs = 0; allocs < 10; allocs++) {
		allocs_left = allocs;
		allocs_failed = 0;
		if (xtr_sets_choose(f->sets, m, 2, &fwd) == 0)
			break;
		allocs_left = -1;
		assert_int_equal(fwd.set_log2, 0);
		assert_int_equal(fwd.target, 77);
		assert_int_equal(f->pool.used, 0);
		xtr_rcu_poll(&f->rcu);
	}
	allocs_left = -1;
	assert_in_range(allocs, 3, 5);
	assert_int_equal(f->pool.used, 1);
	xtr_sets_release(f->sets, &fwd);
	assert_int_equal(f->pool.used, 0);
}

#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(by_hand), T(shares), T(lists_change), T(shared), T(many), T(memory_short)};

	return cmocka_run_group_tests(tests, eal_setup, eal_teardown);
}
