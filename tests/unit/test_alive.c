/* SPDX-License-Identifier: BSD-3-Clause */
/* Which locators of a mapping packets go to (RFC 9301 sections 5.4, 7.1), and what happens when
 * that changes: order, slices, memory, lifetimes. */
#include "ctl_fixture.h"
#include "fail_alloc.h"

#define EID "10.2.0.7"
#define NET "10.2.0.0/16"
#define A   "192.0.2.11"
#define B   "192.0.2.12"
#define C   "203.0.113.7"

static int setup(void **state)
{
	struct cx *c = cx_new();

	cx_start(c);
	*state = c;
	return 0;
}

static int teardown(void **state)
{
	allocs_left = -1;
	cx_free(*state);
	return 0;
}

static void go(struct cx *c, uint32_t first, unsigned n)
{
	cx_send(c, 0, "10.1.0.9", EID, first, n);
	cx_turns(c, 4);
}

/* A word of the mapping's locator i. */
static const char *shown(
    const struct cx *c, const struct xtr_mapping *m, unsigned i, const char *key)
{
	static char text[64];
	json_t *o = json_object();
	const json_t *value;

	xtr_forwarding_ops.describe((void *)(uintptr_t)&c->ctl, m, i, o);
	value = json_object_get(o, key);
	assert_non_null(value);
	snprintf(text, sizeof(text), "%s",
	    json_is_string(value) ? json_string_value(value)
	    : json_is_true(value) ? "true"
	    : json_is_null(value) ? "null"
				  : "false");
	json_decref(o);
	return text;
}

static void locator_at(struct cx *c, const char *rloc, uint8_t mac, bool answers)
{
	fx_neigh(c->f, 1, rloc, mac);
	cx_answers(c, rloc, answers);
}

/* The best priority is used as long as there is a way, and it answers, and again when it does. */
static void fail_over(void **state)
{
	static const char *const both[] = {A " 1 100", B " 2 100"};
	struct cx *c = *state;
	struct xtr_mapping *m;

	locator_at(c, A, 11, true);
	locator_at(c, B, 12, true);
	m = cx_map(c, NET, both, 2);
	cx_wait(c, 1500);
	assert_string_equal(shown(c, m, 0, "state"), "up");
	assert_string_equal(shown(c, m, 0, "used"), "true");
	assert_string_equal(shown(c, m, 1, "used"), "false");
	go(c, 0, 3);
	cx_expect(c, 0, 3, A);
	/* it answers no more */
	cx_answers(c, A, false);
	cx_wait(c, CX_INTERVAL + CX_INTERVAL / 10 + 3000);
	assert_string_equal(shown(c, m, 0, "state"), "down");
	assert_string_equal(shown(c, m, 0, "reason"), "no answer to 3 probes");
	assert_string_equal(shown(c, m, 1, "used"), "true");
	go(c, 3, 3);
	cx_expect(c, 3, 3, B);
	cx_answers(c, A, true);
	cx_wait(c, CX_INTERVAL + CX_INTERVAL / 10);
	go(c, 6, 3);
	cx_expect(c, 6, 3, A);
	/* its next hop does not answer */
	fx_neigh_gone(c->f, 1, A, true);
	cx_turns(c, 4);
	assert_string_equal(shown(c, m, 0, "state"), "unreachable");
	go(c, 9, 3);
	cx_expect(c, 9, 3, B);
	fx_neigh(c->f, 1, A, 11);
	cx_turns(c, 6);
	go(c, 12, 3);
	cx_expect(c, 12, 3, A);
	/* no route to any, then to both */
	fx_route(c->f, "192.0.2.0/24", XTR_RIB_UNICAST, 1, NULL, 0, true);
	cx_turns(c, 6);
	assert_string_equal(shown(c, m, 0, "reason"), "no route");
	go(c, 15, 3);
	cx_expect(c, 15, 0, NULL);
	assert_int_equal(xtr_dp_drops(c->ctl.dp, XTR_DROP_HOP_DOWN), 3);
	fx_route(c->f, "192.0.2.0/24", XTR_RIB_UNICAST, 1, NULL, 0, false);
	cx_turns(c, 6);
	go(c, 18, 3);
	cx_expect(c, 18, 3, A);
	assert_int_equal(cx_drops(c), 3);
}

/* What never answers probes is used where nothing that answers is left. */
static void silent(void **state)
{
	static const char *const three[] = {A " 1 100", B " 2 100", C " 3 100"};
	struct cx *c = *state;
	struct xtr_mapping *m;

	locator_at(c, A, 11, false);
	locator_at(c, B, 12, true);
	m = cx_map(c, NET, three, 3);
	cx_turns(c, 4);
	go(c, 0, 3); /* until there is a verdict, it is as good as any */
	cx_expect(c, 0, 3, A);
	cx_wait(c, 3500);
	assert_string_equal(shown(c, m, 0, "state"), "unknown");
	go(c, 3, 3);
	cx_expect(c, 3, 3, B);
	/* down is worse than silent */
	cx_answers(c, B, false);
	cx_wait(c, CX_INTERVAL + CX_INTERVAL / 10 + 3000);
	assert_string_equal(shown(c, m, 1, "state"), "down");
	go(c, 6, 3);
	cx_expect(c, 6, 3, A);
	/* no way is worse than down */
	fx_neigh_gone(c->f, 1, A, true);
	cx_turns(c, 6);
	go(c, 9, 3);
	cx_expect(c, 9, 3, B);
	assert_int_equal(cx_drops(c), 0);
}

/* R clear: its own site has no route to it. Priority 255 is never used, and never probed. */
static void reachability(void **state)
{
	static const char *const list[] = {A " 1 100 down", B " 9 100", C " 255 100"};
	static const char *const none[] = {A " 255 100", B " 255 100"};
	static const char *const only[] = {A " 1 100 down"};
	static const char *const no_way[] = {C " 1 100", A " 2 100 down"};
	struct cx *c = *state;
	struct xtr_mapping *m;

	locator_at(c, A, 11, true);
	locator_at(c, B, 12, true);
	m = cx_map(c, NET, list, 3);
	cx_wait(c, 1500);
	assert_int_equal(c->ctl.dp->tunnel.used, 2);
	assert_string_equal(shown(c, m, 0, "state"), "down");
	go(c, 0, 3);
	cx_expect(c, 0, 3, B);
	cx_map(c, NET, only, 1);
	cx_turns(c, 4);
	assert_int_equal(c->ctl.dp->tunnel.used, 1);
	go(c, 3, 3);
	cx_expect(c, 3, 3, A);
	/* R set does not help where we have no route */
	cx_map(c, NET, no_way, 2);
	cx_turns(c, 4);
	go(c, 100, 3);
	cx_expect(c, 100, 3, A);
	cx_map(c, NET, none, 2);
	cx_turns(c, 4);
	assert_int_equal(c->ctl.dp->tunnel.used, 0);
	go(c, 6, 3);
	assert_int_equal(xtr_dp_drops(c->ctl.dp, XTR_DROP_NO_LOCATOR), 3);
	c->n_probes = 0;
	cx_wait(c, CX_INTERVAL + CX_INTERVAL / 10);
	assert_int_equal(c->n_probes, 0);
}

/* Packets that wait for a next hop which then does not answer, and those on their way to wait,
 * leave by the next locator, in order. */
static void held_packets_follow(void **state)
{
	static const char *const both[] = {A " 1 100", B " 2 100"};
	static const char *const other[] = {B " 1 100"};
	struct cx *c = *state;

	fx_neigh(c->f, 1, B, 12);
	cx_map(c, NET, both, 2);
	cx_turns(c, 4);
	go(c, 0, 3);
	assert_int_equal(c->ctl.holder.n, 3);
	/* these stand in the ring when the next hop's failure becomes known */
	cx_send(c, 0, "10.1.0.9", EID, 3, 3);
	xtr_worker_turn(c->f->w);
	fx_neigh_gone(c->f, 1, A, true);
	c->ctl.rlocs_dirty = false;
	xtr_rlocs_changed(c->ctl.rlocs);
	xtr_rlocs_update(c->ctl.rlocs, 100);
	xtr_ctl_look_again(&c->ctl, 256);
	assert_int_equal(rte_ring_count(c->ctl.dp->punt), 3);
	cx_send(c, 0, "10.1.0.9", EID, 6, 3);
	cx_turns(c, 6);
	cx_expect(c, 0, 9, B);
	/* and where a Map-Reply does not name the locator any more, for which they wait */
	fx_neigh_gone(c->f, 1, B, false);
	cx_wait(c, 100);
	fx_neigh(c->f, 1, B, 12);
	cx_map(c, NET, (const char *const[]){"192.0.2.13 1 100"}, 1);
	cx_turns(c, 6);
	go(c, 9, 3);
	assert_int_equal(c->ctl.holder.n, 3);
	cx_map(c, NET, other, 1);
	cx_turns(c, 6);
	cx_expect(c, 9, 3, B);
	assert_int_equal(cx_drops(c), 0);
}

static struct xtr_mapping *mapping(struct cx *c, const char *prefix)
{
	struct xtr_eid eid = fx_eid(FX_IID, prefix);

	return xtr_itr_lookup(c->ctl.itr, &eid);
}

/* Many mappings name one RLOC: all of them choose again, some a turn, and none that goes meanwhile
 * is touched. */
static void slices(void **state)
{
	enum { MANY = 1000 };
	static const char *const both[] = {A " 1 100", B " 2 100"};
	struct cx *c = *state;
	uint32_t tunnels[2], sets = c->ctl.dp->set.used, entries;
	unsigned moved = 0, turns = 0;
	char prefix[32];

	fx_neigh(c->f, 1, A, 11);
	fx_neigh(c->f, 1, B, 12);
	for (unsigned i = 0; i < MANY; i++) {
		snprintf(prefix, sizeof(prefix), "20.%u.%u.0/24", i / 250, i % 250);
		cx_map(c, prefix, both, 2);
	}
	cx_turns(c, 6);
	entries = c->ctl.dp->fwd.used;
	assert_int_equal(c->ctl.dp->tunnel.used, 2);
	for (unsigned i = 0; i < 2; i++) {
		struct xtr_ip ip = fx_ip(i ? B : A);
		struct xtr_rloc *r = xtr_rloc_get(c->ctl.rlocs, &ip);

		tunnels[i] = r->tunnel;
		xtr_rloc_put(c->ctl.rlocs, r);
	}
	assert_int_not_equal(tunnels[0], tunnels[1]);
	/* flows to the first and the last of them, while all change */
	fx_neigh_gone(c->f, 1, A, true);
	while (turns < 20 && (c->ctl.rlocs_dirty || !TAILQ_EMPTY(&c->ctl.changed))) {
		cx_send(c, 0, "10.1.0.9", "20.0.0.1", turns * 2, 1);
		cx_send(c, 0, "10.1.0.9", "20.3.249.1", turns * 2 + 1, 1);
		cx_turn(c);
		xtr_worker_turn(c->f->w);
		turns++;
		if (turns == 1) { /* some wait to be looked at again when they go, or change */
			assert_false(TAILQ_EMPTY(&c->ctl.changed));
			for (unsigned i = 0; i < 100; i++) {
				snprintf(prefix, sizeof(prefix), "20.3.%u.0/24", i);
				itr_mapping_remove(mapping(c, prefix));
			}
			cx_map(c, "20.3.100.0/24", (const char *const[]){A " 1 1", B " 1 1"}, 2);
		}
	}
	assert_in_range(turns, 3, 6);
	for (unsigned i = 0; i < MANY; i++) {
		struct xtr_eid eid;
		const struct xtr_fwd *fwd;

		snprintf(prefix, sizeof(prefix), "20.%u.%u.0/24", i / 250, i % 250);
		eid = fx_eid(FX_IID, prefix);
		fwd = xtr_pool_at(
		    &c->ctl.dp->fwd, xtr_lpm_get(c->ctl.dp->instances[1].lisp, &eid.ip, eid.plen));
		moved += fwd->action == XTR_FWD_ENCAP && fwd->target == tunnels[1];
	}
	assert_int_equal(moved, MANY - 100);
	cx_turns(c, 8);
	cx_wait(c, 100);
	/* all packets of both flows, by either locator, none lost */
	for (unsigned i = 0; i < turns * 2; i++) {
		struct rte_mbuf *m = fx_receive(c->f, 1);

		assert_non_null(m);
		rte_pktmbuf_free(m);
	}
	assert_null(fx_receive(c->f, 1));
	assert_int_equal(cx_drops(c), 0);
	entries--; /* A's host route */
	assert_int_equal(c->ctl.dp->fwd.used, entries - 100);
	assert_int_equal(c->ctl.dp->set.used, sets);
	/* all go: nothing is left of them */
	for (unsigned i = 0; i < MANY; i++) {
		struct xtr_mapping *m;

		snprintf(prefix, sizeof(prefix), "20.%u.%u.0/24", i / 250, i % 250);
		m = mapping(c, prefix);
		if (m->eid.plen == 24)
			itr_mapping_remove(m);
	}
	cx_turns(c, 4);
	assert_int_equal(c->ctl.dp->fwd.used, entries - MANY);
	assert_int_equal(c->ctl.dp->tunnel.used, 0);
}

/* Many mappings with the same locators have one set, whatever the order of the locators; it goes
 * and comes with them. */
static void one_set(void **state)
{
	enum { MANY = 500 };
	static const char *const lists[2][3] = {
	    {A " 1 100", B " 1 50", "192.0.2.13 1 50"}, {"192.0.2.13 1 1", A " 1 2", B " 1 1"}};
	struct cx *c = *state;
	uint32_t sets = c->ctl.dp->set.used;
	char prefix[32];

	fx_neigh(c->f, 1, A, 11);
	fx_neigh(c->f, 1, B, 12);
	fx_neigh(c->f, 1, "192.0.2.13", 13);
	for (unsigned i = 0; i < MANY; i++) {
		snprintf(prefix, sizeof(prefix), "20.%u.%u.0/24", i / 250, i % 250);
		cx_map(c, prefix, lists[i % 2], 3);
	}
	cx_turns(c, 6);
	assert_int_equal(c->ctl.dp->set.used, sets + 1);
	/* one fails: the others share another one */
	fx_neigh_gone(c->f, 1, A, true);
	cx_turns(c, 10);
	assert_true(TAILQ_EMPTY(&c->ctl.changed));
	assert_int_equal(c->ctl.dp->set.used, sets + 1);
	fx_neigh_gone(c->f, 1, B, true);
	cx_turns(c, 10);
	assert_int_equal(c->ctl.dp->set.used, sets);
	fx_neigh(c->f, 1, A, 11);
	fx_neigh(c->f, 1, B, 12);
	cx_turns(c, 10);
	assert_int_equal(c->ctl.dp->set.used, sets + 1);
	for (unsigned i = 0; i < MANY; i++) {
		snprintf(prefix, sizeof(prefix), "20.%u.%u.0/24", i / 250, i % 250);
		itr_mapping_remove(mapping(c, prefix));
	}
	assert_int_equal(c->ctl.dp->set.used, sets);
}

static struct xtr_mapping_locator locator(const char *rloc, uint8_t priority, uint8_t weight)
{
	return (struct xtr_mapping_locator){fx_ip(rloc), priority, weight, true};
}

/* The mapping has other locators now, and memory for `allocs` more allocations is left. */
static void change(struct cx *c, const struct xtr_mapping_locator *list, unsigned n, int allocs)
{
	struct xtr_eid eid = fx_eid(FX_IID, NET);
	const struct xtr_mapping *m;

	allocs_failed = 0;
	allocs_left = allocs;
	m = itr_mapping_set(
	    c->ctl.itr, &eid, XTR_FROM_MAP_REPLY, XTR_ACT_NO_ACTION, list, n, 1440, 0);
	allocs_left = -1;
	/* the first is for the locators themselves */
	assert_int_equal(m != NULL, allocs != 0);
}

/* Memory is short anywhere while a mapping is installed: workers have what they had, nothing leaks,
 * and the next change makes good. */
static void memory_short(void **state)
{
	struct cx *c = *state;
	struct xtr_mapping_locator first[] = {locator(A, 1, 100), locator(B, 2, 100)},
				   second[] = {locator(B, 1, 50), locator("192.0.2.13", 1, 50),
				       locator("192.0.2.14", 2, 100)},
				   third[] = {locator("192.0.2.13", 1, 100), locator(B, 2, 100)};
	struct xtr_dp *dp = c->ctl.dp;
	unsigned failed = 0;
	uint32_t used[3];

	locator_at(c, A, 11, true);
	locator_at(c, B, 12, true);
	fx_neigh(c->f, 1, "192.0.2.13", 13);
	fx_neigh(c->f, 1, "192.0.2.14", 14);
	change(c, first, 2, -1);
	cx_turns(c, 6);
	used[0] = dp->fwd.used;
	used[1] = dp->tunnel.used;
	used[2] = dp->set.used;
	for (;; failed++) {
		change(c, second, 3, (int)failed);
		if (!allocs_failed)
			break;
		cx_turns(c, 6);
		/* a pool's index may be lost for want of a note, an object never */
		if (dp->set.used > used[2])
			break;
		assert_int_equal(dp->fwd.used, used[0]);
		assert_int_equal(dp->tunnel.used, used[1]);
		go(c, failed * 2, 2);
		cx_expect(c, failed * 2, 2, A);
	}
	assert_true(failed > 3);
	cx_turns(c, 6);
	assert_int_equal(dp->fwd.used, used[0]);
	assert_int_equal(dp->tunnel.used, 3);
	assert_int_equal(dp->set.used, used[2] + 1);
	/* What could not be made known is made good at the next occasion, such as a probe's
	 * verdict, though the number of locators is the same. */
	change(c, first, 2, -1);
	cx_turns(c, 6);
	change(c, third, 2, 1);
	assert_true(allocs_failed > 0);
	cx_turns(c, 6);
	go(c, 200, 2);
	cx_expect(c, 200, 2, A);
	cx_answers(c, "192.0.2.13", true);
	cx_answers(c, B, false);
	cx_wait(c, CX_INTERVAL + CX_INTERVAL / 10 + 3000);
	go(c, 202, 2);
	cx_expect(c, 202, 2, "192.0.2.13");
}

/* An RLOC that is a PETR and a mapping's locator: one tunnel, a probe as each. */
static void petr_and_locator(void **state)
{
	static const char *const list[] = {A " 1 100"};
	struct cx *c = *state;
	json_t *root, *petrs;

	/* started anew, with a PETR */
	cx_free(c);
	*state = c = cx_new();
	cx_petr(c, A, 1, 100, true);
	cx_start(c);
	locator_at(c, A, 11, true);
	cx_turns(c, 2);
	cx_map(c, NET, list, 1);
	cx_negative(c, "0.0.0.0/5", XTR_ACT_NATIVELY_FORWARD);
	cx_wait(c, 1500);
	assert_int_equal(c->ctl.dp->tunnel.used, 1);
	assert_int_equal(c->n_probes, 2);
	go(c, 0, 3);
	cx_expect(c, 0, 3, A);
	cx_send(c, 0, "10.1.0.9", "4.2.2.2", 3, 3);
	cx_turns(c, 4);
	cx_expect(c, 3, 3, A);
	/* as the mapping goes, the PETR stays */
	itr_mapping_remove(mapping(c, NET));
	cx_turns(c, 4);
	assert_int_equal(c->ctl.dp->tunnel.used, 1);
	root = xtr_petrs_show(c->ctl.petrs);
	petrs = json_object_get(root, "petrs");
	assert_int_equal(
	    json_integer_value(json_object_get(json_array_get(petrs, 0), "packets")), 6);
	json_decref(root);
	cx_send(c, 0, "10.1.0.9", "4.2.2.2", 6, 3);
	cx_turns(c, 4);
	cx_expect(c, 6, 3, A);
	assert_int_equal(cx_drops(c), 0);
}

#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {T(fail_over), T(silent), T(reachability),
	    T(held_packets_follow), T(slices), T(one_set), T(memory_short), T(petr_and_locator)};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, eal_setup, eal_teardown);
}
