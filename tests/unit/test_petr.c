/* SPDX-License-Identifier: BSD-3-Clause */
/* PETRs (RFC 6832 section 6.1): which are used, and what packets do while that is not known. */
#include "ctl_fixture.h"

#define WORLD "4.2.2.2"
#define A     "192.0.2.11"
#define B     "192.0.2.12"
#define C     "203.0.113.7"

static int setup(void **state)
{
	*state = cx_new();
	return 0;
}

static int teardown(void **state)
{
	cx_free(*state);
	return 0;
}

/* The site's table has a negative entry for the world. */
static void start(struct cx *c)
{
	cx_start(c);
	cx_negative(c, "0.0.0.0/1", XTR_ACT_NATIVELY_FORWARD);
	cx_turns(c, 4);
}

static void world(struct cx *c, uint32_t first, unsigned n)
{
	cx_send(c, 0, "10.1.0.9", WORLD, first, n);
	cx_turns(c, 4);
}

/* A word of `show petrs` about the PETR number i. */
static const char *shown(struct cx *c, size_t i, const char *key)
{
	static char text[64];
	json_t *root = xtr_petrs_show(c->ctl.petrs);
	const json_t *petr = json_array_get(json_object_get(root, "petrs"), i);
	const json_t *value = json_object_get(petr, key);

	assert_non_null(value);
	snprintf(text, sizeof(text), "%s",
	    json_is_string(value) ? json_string_value(value)
	    : json_is_true(value) ? "true"
	    : json_is_null(value) ? "null"
				  : "false");
	json_decref(root);
	return text;
}

/* Held until the probe is answered, then all leave in order; what comes in that moment behind. */
static void held_until_known(void **state)
{
	struct cx *c = *state;

	cx_petr(c, A, 1, 100, true);
	start(c);
	assert_string_equal(shown(c, 0, "state"), "checking");
	assert_string_equal(shown(c, 0, "reason"), "next hop not resolved");
	world(c, 0, 5);
	assert_int_equal(c->ctl.holder.n, 5);
	fx_neigh(c->f, 1, A, 11);
	cx_turns(c, 4);
	assert_string_equal(shown(c, 0, "reason"), "probe not answered yet");
	world(c, 5, 5);
	assert_int_equal(c->ctl.holder.n, 10);
	cx_expect(c, 0, 0, NULL);
	cx_answers(c, A, true);
	xtr_clock_advance(&c->ctl.wheel, 1000);
	cx_send(c, 0, "10.1.0.9", WORLD, 10, 5);
	xtr_worker_turn(c->f->w); /* punted, in the ring */
	cx_turn(c);               /* the answer */
	cx_send(c, 0, "10.1.0.9", WORLD, 15, 5);
	cx_turns(c, 6);
	cx_expect(c, 0, 20, A);
	assert_string_equal(shown(c, 0, "state"), "up");
	assert_string_equal(shown(c, 0, "used"), "true");
	assert_string_equal(shown(c, 0, "reason"), "null");
	assert_int_equal(cx_drops(c), 0);
	assert_int_equal(c->n_requests, 0);
}

/* Three probes without an answer: the routes, for what was held too. It goes on being asked. */
static void silent(void **state)
{
	struct cx *c = *state;

	cx_petr(c, A, 1, 100, true);
	start(c);
	fx_neigh(c->f, 1, A, 11);
	fx_neigh(c->f, 1, "192.0.2.254", 99);
	fx_route(c->f, "0.0.0.0/0", XTR_RIB_UNICAST, 1, "192.0.2.254", 0, false);
	cx_turns(c, 4);
	world(c, 0, 5);
	cx_expect(c, 0, 0, NULL);
	cx_wait(c, 3500);
	assert_string_equal(shown(c, 0, "state"), "down");
	assert_string_equal(shown(c, 0, "reason"), "no answer to 3 probes");
	cx_expect(c, 0, 5, NULL);
	world(c, 5, 5);
	cx_expect(c, 5, 5, NULL);
	cx_answers(c, A, true);
	cx_wait(c, CX_INTERVAL + CX_INTERVAL / 10);
	assert_string_equal(shown(c, 0, "state"), "up");
	world(c, 10, 5);
	cx_expect(c, 10, 5, A);
	/* and dies */
	cx_answers(c, A, false);
	cx_wait(c, CX_INTERVAL + CX_INTERVAL / 10 + 3000);
	assert_string_equal(shown(c, 0, "state"), "down");
	world(c, 15, 5);
	cx_expect(c, 15, 5, NULL);
	assert_int_equal(cx_drops(c), 0);
}

/* The reason is that of the moment, also where the state stays the same. */
static void reasons(void **state)
{
	struct cx *c = *state;

	cx_petr(c, C, 1, 100, true);
	cx_petr(c, A, 2, 100, true);
	cx_petr(c, "203.0.113.8", 255, 100, true);
	start(c);
	assert_string_equal(shown(c, 0, "reason"), "no route");
	assert_string_equal(shown(c, 2, "reason"), "no route"); /* says more than its priority */
	fx_route(c->f, "203.0.113.0/24", XTR_RIB_BLACKHOLE, -1, NULL, 0, false);
	fx_neigh(c->f, 1, A, 11);
	cx_wait(c, 3500);
	assert_string_equal(shown(c, 0, "state"), "down");
	assert_string_equal(shown(c, 0, "reason"), "route is a blackhole, unreachable or prohibit");
	assert_string_equal(shown(c, 1, "reason"), "no answer to 3 probes");
	c->not_petrs = true;
	cx_answers(c, A, true);
	cx_wait(c, CX_INTERVAL + CX_INTERVAL / 10 + 3000);
	assert_string_equal(shown(c, 1, "state"), "down");
	assert_string_equal(shown(c, 1, "reason"), "answers, but not as a PETR");
	c->not_petrs = false;
	cx_wait(c, CX_INTERVAL + CX_INTERVAL / 10);
	assert_string_equal(shown(c, 1, "state"), "up");
	assert_string_equal(shown(c, 1, "reason"), "null");
}

/* `show rlocs` about an RLOC that is a PETR and nothing else. */
static void shown_as_rloc(void **state)
{
	static const char *const want[] = {"up", "down"};
	struct cx *c = *state;

	cx_petr(c, A, 1, 100, true);
	start(c);
	fx_neigh(c->f, 1, A, 11);
	for (unsigned i = 0; i < RTE_DIM(want); i++) {
		json_t *root, *rloc;

		cx_answers(c, A, !i);
		cx_wait(c, CX_INTERVAL + CX_INTERVAL / 10 + 3000);
		assert_string_equal(shown(c, 0, "state"), want[i]);
		root = xtr_rlocs_show(c->ctl.rlocs, &c->cfg);
		rloc = json_array_get(json_object_get(root, "rlocs"), 0);
		assert_string_equal(json_string_value(json_object_get(rloc, "state")), want[i]);
		assert_string_equal(json_string_value(json_object_get(rloc, "probe")), want[i]);
		if (i)
			assert_string_equal(json_string_value(json_object_get(rloc, "reason")),
			    "no answer to 3 probes");
		else
			assert_true(json_is_null(json_object_get(rloc, "reason")));
		json_decref(root);
	}
}

/* Packets to all the world wait for a PETR: they share no EID's limit, but the others. */
static void many_wait(void **state)
{
	char dst[32];
	struct cx *c = *state;

	c->cfg.lisp.hold_per_eid = 10;
	c->cfg.lisp.hold_per_instance = 45;
	cx_petr(c, A, 1, 100, true);
	start(c);
	fx_neigh(c->f, 1, A, 11);
	cx_turns(c, 4);
	for (unsigned i = 0; i < 10; i++) {
		snprintf(dst, sizeof(dst), "4.2.%u.2", i);
		cx_send(c, 0, "10.1.0.9", dst, i * 5, 5);
		cx_turns(c, 2);
	}
	assert_int_equal(c->ctl.holder.n, 45);
	assert_int_equal(xtr_dp_drops(c->ctl.dp, XTR_DROP_HOLD_INSTANCE), 5);
	assert_int_equal(cx_drops(c), 5);
	cx_answers(c, A, true);
	cx_wait(c, 1100);
	cx_expect(c, 0, 45, A);
	/* those of one EID that is being asked for have theirs */
	cx_send(c, 0, "10.1.0.9", "200.1.1.1", 0, 12);
	cx_turns(c, 4);
	assert_int_equal(c->ctl.holder.n, 10);
	assert_int_equal(xtr_dp_drops(c->ctl.dp, XTR_DROP_HOLD_EID), 2);
}

/* What waits for a PETR may get another way meanwhile: a mapping, a route. */
static void other_way(void **state)
{
	static const char *const locators[] = {B " 1 100"};
	struct cx *c = *state;

	cx_petr(c, A, 1, 100, true);
	start(c);
	fx_neigh(c->f, 1, A, 11);
	fx_neigh(c->f, 1, B, 12);
	fx_neigh(c->f, 1, "192.0.2.254", 99);
	cx_turns(c, 4);
	world(c, 0, 3);
	cx_send(c, 0, "10.1.0.9", "5.5.5.5", 3, 3);
	cx_send(c, 0, "10.1.0.9", "6.6.6.6", 6, 3);
	cx_turns(c, 4);
	assert_int_equal(c->ctl.holder.n, 9);
	cx_map(c, "5.5.0.0/16", locators, 1);
	cx_turns(c, 6);
	cx_expect(c, 3, 3, B);
	assert_int_equal(c->ctl.holder.n, 6);
	/* longer than the entry that says natively-forward, so it is LISP's matter no more */
	fx_route(c->f, "6.6.6.0/24", XTR_RIB_UNICAST, 1, "192.0.2.254", 0, false);
	cx_turns(c, 6);
	cx_expect(c, 6, 3, NULL);
	assert_int_equal(c->ctl.holder.n, 3);
	assert_string_equal(shown(c, 0, "state"), "checking");
	cx_answers(c, A, true);
	cx_wait(c, 1100);
	cx_expect(c, 0, 3, A);
	assert_int_equal(cx_drops(c), 0);
}

/* The same by "no-route": any route is another way. */
static void route_comes(void **state)
{
	struct cx *c = *state;

	c->cfg.lisp.petr_use = XTR_PETR_NO_ROUTE;
	cx_petr(c, A, 1, 100, true);
	start(c);
	fx_neigh(c->f, 1, A, 11);
	fx_neigh(c->f, 1, "192.0.2.254", 99);
	cx_turns(c, 4);
	world(c, 0, 3);
	assert_int_equal(c->ctl.holder.n, 3);
	fx_route(c->f, "0.0.0.0/0", XTR_RIB_UNICAST, 1, "192.0.2.254", 0, false);
	cx_turns(c, 6);
	cx_expect(c, 0, 3, NULL);
	assert_string_equal(shown(c, 0, "state"), "checking");
	assert_int_equal(cx_drops(c), 0);
}

/* Routes that lead elsewhere change all the time: what waits loses neither its order, nor, however
 * often it looks again, its place by the limit of punts. */
static void routes_churn(void **state)
{
	struct cx *c = *state;

	cx_petr(c, A, 1, 100, true);
	start(c);
	fx_neigh(c->f, 1, A, 11);
	fx_neigh(c->f, 1, "192.0.2.254", 99);
	cx_turns(c, 4);
	/* 100 punts, and no more for the rest of the test */
	c->ctl.dp->punt_cost = 1ull << 48;
	c->ctl.dp->punt_cap = 100 * c->ctl.dp->punt_cost;
	for (unsigned r = 0; r <= XTR_PUNT_MISS; r++)
		c->f->w->bucket[r][0].credit = c->ctl.dp->punt_cap;
	for (unsigned i = 0; i < 20; i++) {
		cx_send(c, 0, "10.1.0.9", WORLD, i * 5, 5);
		fx_route(c->f, "172.16.0.0/12", XTR_RIB_UNICAST, 1, "192.0.2.254", 0, i % 2);
		cx_turns(c, 1 + i % 3);
	}
	cx_turns(c, 4);
	assert_int_equal(c->ctl.holder.n, 100);
	cx_answers(c, A, true);
	cx_wait(c, 1100);
	cx_expect(c, 0, 100, A);
	assert_int_equal(cx_drops(c), 0);
}

/* The best priority of those that live; each reason has its words. */
static void priorities(void **state)
{
	struct cx *c = *state;

	cx_petr(c, C, 1, 100, true);            /* no route */
	cx_petr(c, "192.0.2.13", 2, 100, true); /* its next hop does not answer */
	cx_petr(c, "192.0.2.14", 3, 100, true); /* answers no probe */
	cx_petr(c, A, 4, 100, true);
	cx_petr(c, B, 5, 100, true);
	cx_petr(c, "192.0.2.15", 255, 100, false); /* never */
	start(c);
	fx_neigh_gone(c->f, 1, "192.0.2.13", true);
	fx_neigh(c->f, 1, "192.0.2.14", 14);
	fx_neigh(c->f, 1, "192.0.2.15", 15);
	fx_neigh(c->f, 1, A, 11);
	fx_neigh(c->f, 1, B, 12);
	cx_answers(c, A, true);
	cx_answers(c, B, true);
	cx_wait(c, 3500);
	assert_string_equal(shown(c, 0, "reason"), "no route");
	assert_string_equal(shown(c, 1, "reason"), "next hop does not answer");
	assert_string_equal(shown(c, 2, "reason"), "no answer to 3 probes");
	assert_string_equal(shown(c, 3, "used"), "true");
	assert_string_equal(shown(c, 4, "state"), "up");
	assert_string_equal(shown(c, 4, "used"), "false");
	assert_string_equal(shown(c, 5, "used"), "false");
	assert_string_equal(shown(c, 5, "reason"), "priority 255: never used");
	world(c, 0, 5);
	cx_expect(c, 0, 5, A);
	/* the next hop of the live one goes: the other one's turn */
	cx_send(c, 0, "10.1.0.9", WORLD, 5, 5);
	fx_neigh_gone(c->f, 1, A, true);
	cx_turn(c);
	world(c, 10, 5);
	cx_turns(c, 4);
	cx_expect(c, 5, 10, B);
	assert_string_equal(shown(c, 3, "state"), "down");
	/* both are gone: only the one that is never to be used is left */
	fx_neigh_gone(c->f, 1, B, true);
	cx_turns(c, 4);
	world(c, 15, 3);
	assert_int_equal(xtr_dp_drops(c->ctl.dp, XTR_DROP_NO_ROUTE), 3);
	assert_int_equal(cx_drops(c), 3);
	/* a route to the first: it has to answer before it is used, and the last is used meanwhile
	 */
	fx_neigh(c->f, 1, B, 12);
	cx_turns(c, 4);
	fx_neigh(c->f, 1, "192.0.2.254", 99);
	fx_route(c->f, "203.0.113.0/24", XTR_RIB_UNICAST, 1, "192.0.2.254", 0, false);
	cx_wait(c, 100);
	world(c, 20, 5);
	cx_expect(c, 20, 5, B);
	cx_answers(c, C, true);
	cx_wait(c, 2000);
	world(c, 25, 5);
	cx_expect(c, 25, 5, C);
	/* the route goes again, while packets come */
	cx_send(c, 0, "10.1.0.9", WORLD, 30, 5);
	fx_route(c->f, "203.0.113.0/24", XTR_RIB_UNICAST, 1, "192.0.2.254", 0, true);
	cx_turn(c);
	cx_turns(c, 6);
	cx_expect(c, 30, 5, B);
	assert_int_equal(cx_drops(c), 3);
}

/* Workers stop using a tunnel a moment before they hear of the other PETR: what they punt in that
 * moment goes by the other one, in front of what comes then. */
static void between(void **state)
{
	struct cx *c = *state;
	struct xtr_ip ip = fx_ip(A);
	struct xtr_rloc *r;

	cx_petr(c, A, 1, 100, false);
	cx_petr(c, B, 2, 100, false);
	start(c);
	fx_neigh(c->f, 1, A, 11);
	fx_neigh(c->f, 1, B, 12);
	cx_turns(c, 6);
	world(c, 0, 3);
	cx_expect(c, 0, 3, A);
	r = xtr_rloc_get(c->ctl.rlocs, &ip);
	/* what update() of rloc.c does first */
	((struct xtr_tunnel *)xtr_pool_at(&c->ctl.dp->tunnel, r->tunnel))->state =
	    XTR_HOP_UNRESOLVED;
	cx_send(c, 0, "10.1.0.9", WORLD, 3, 3);
	xtr_worker_turn(c->f->w);
	assert_int_equal(rte_ring_count(c->ctl.dp->punt), 3);
	fx_neigh_gone(c->f, 1, A, false);
	c->ctl.rlocs_dirty = false;
	xtr_rlocs_changed(c->ctl.rlocs);
	xtr_rlocs_update(c->ctl.rlocs, 100);
	cx_send(c, 0, "10.1.0.9", WORLD, 6, 3);
	cx_turns(c, 6);
	cx_expect(c, 3, 6, B);
	assert_int_equal(cx_drops(c), 0);
	xtr_rloc_put(c->ctl.rlocs, r);
}

/* The negative entry goes while its packets wait for a PETR's gate: what comes by the route under
 * it does not overtake them. */
static void entry_goes(void **state)
{
	struct cx *c = *state;
	struct xtr_mapping *m;

	cx_petr(c, A, 1, 100, false);
	cx_petr(c, B, 2, 100, false);
	cx_start(c);
	m = cx_negative(c, "4.2.0.0/16", XTR_ACT_NATIVELY_FORWARD);
	fx_neigh(c->f, 1, A, 11);
	fx_neigh(c->f, 1, B, 12);
	fx_neigh(c->f, 1, "192.0.2.254", 99);
	fx_route(c->f, "4.0.0.0/8", XTR_RIB_UNICAST, 1, "192.0.2.254", 0, false);
	cx_turns(c, 6);
	fx_neigh_gone(c->f, 1, A, true);
	cx_turn(c);
	cx_send(c, 0, "10.1.0.9", WORLD, 0, 3);
	xtr_worker_turn(c->f->w);
	assert_int_equal(c->f->w->n_gate, 3);
	itr_mapping_remove(m);
	cx_send(c, 0, "10.1.0.9", WORLD, 3, 3);
	xtr_worker_turn(c->f->w);
	assert_int_equal(c->f->w->n_gate, 6);
	cx_turns(c, 6);
	cx_expect(c, 0, 6, NULL);
}

/* Two of a priority: flows by weight. One goes: all flows by the other. */
static void weights(void **state)
{
	static const char *const both[2] = {A, B};
	struct cx *c = *state;
	unsigned n[2];

	cx_petr(c, A, 1, 75, false);
	cx_petr(c, B, 1, 25, false);
	start(c);
	fx_neigh(c->f, 1, A, 11);
	fx_neigh(c->f, 1, B, 12);
	cx_turns(c, 6);
	cx_shares(c, WORLD, 2048, both, n);
	assert_int_equal(n[0] + n[1], 2048);
	assert_in_range(n[0], 2048 * 70 / 100, 2048 * 80 / 100);
	assert_int_equal(c->ctl.dp->set.used, 1);
	fx_neigh_gone(c->f, 1, A, true);
	cx_turns(c, 6);
	cx_shares(c, WORLD, 64, both, n);
	assert_int_equal(n[0], 0);
	assert_int_equal(n[1], 64);
	assert_int_equal(c->ctl.dp->set.used, 0);
	assert_int_equal(c->n_probes, 0);
}

/* An interval of 0 turns probing off for all. */
static void never_probed(void **state)
{
	struct cx *c = *state;

	c->cfg.lisp.probe_interval_ms = 0;
	cx_petr(c, A, 1, 100, true);
	start(c);
	fx_neigh(c->f, 1, A, 11);
	cx_turns(c, 4);
	assert_string_equal(shown(c, 0, "state"), "up");
	assert_string_equal(shown(c, 0, "probing"), "false");
	world(c, 0, 3);
	cx_expect(c, 0, 3, A);
	cx_wait(c, 20000);
	assert_int_equal(c->n_probes, 0);
}

/* "no-route": a route wins; blackholes are none. */
static void only_without_route(void **state)
{
	struct cx *c = *state;

	c->cfg.lisp.petr_use = XTR_PETR_NO_ROUTE;
	cx_petr(c, A, 1, 100, true);
	start(c);
	fx_neigh(c->f, 1, A, 11);
	fx_neigh(c->f, 1, "192.0.2.254", 99);
	fx_route(c->f, "4.2.0.0/16", XTR_RIB_UNICAST, 1, "192.0.2.254", 0, false);
	fx_route(c->f, "5.0.0.0/8", XTR_RIB_BLACKHOLE, -1, NULL, 0, false);
	cx_turns(c, 4);
	/* with a route nobody waits for a PETR */
	world(c, 0, 3);
	cx_expect(c, 0, 3, NULL);
	cx_send(c, 0, "10.1.0.9", "5.5.5.5", 3, 2);
	cx_send(c, 0, "10.1.0.9", "6.6.6.6", 5, 2);
	cx_turns(c, 4);
	assert_int_equal(c->ctl.holder.n, 4);
	cx_answers(c, A, true);
	cx_wait(c, 1100);
	cx_expect(c, 3, 4, A);
	world(c, 10, 3);
	cx_expect(c, 10, 3, NULL);
	/* it dies: the blackhole counts again, as such */
	fx_neigh_gone(c->f, 1, A, true);
	cx_turns(c, 6);
	cx_send(c, 0, "10.1.0.9", "5.5.5.5", 20, 2);
	cx_send(c, 0, "10.1.0.9", "6.6.6.6", 22, 3);
	cx_turns(c, 4);
	assert_int_equal(xtr_dp_drops(c->ctl.dp, XTR_DROP_BLACKHOLE), 2);
	assert_int_equal(xtr_dp_drops(c->ctl.dp, XTR_DROP_NO_ROUTE), 3);
	assert_int_equal(cx_drops(c), 5);
}

/* A packet that was punted for want of a mapping, and finds one that has a route, does not wait for
 * the verdict on a PETR that it does not need. */
static void route_found_meanwhile(void **state)
{
	struct cx *c = *state;

	c->cfg.lisp.petr_use = XTR_PETR_NO_ROUTE;
	cx_petr(c, A, 1, 100, true);
	cx_start(c);
	fx_neigh(c->f, 1, A, 11);
	fx_neigh(c->f, 1, "192.0.2.254", 99);
	fx_route(c->f, "0.0.0.0/0", XTR_RIB_UNICAST, 1, "192.0.2.254", 0, false);
	cx_turns(c, 4);
	cx_send(c, 0, "10.1.0.9", WORLD, 0, 3);
	xtr_worker_turn(c->f->w);
	assert_int_equal(rte_ring_count(c->ctl.dp->punt), 3);
	cx_negative(c, "0.0.0.0/1", XTR_ACT_NATIVELY_FORWARD);
	cx_turns(c, 6);
	cx_expect(c, 0, 3, NULL);
}

/* Without PETRs natively-forward is by the routes, whose blackholes have their own name. */
static void none_configured(void **state)
{
	struct cx *c = *state;

	start(c);
	fx_route(c->f, "4.0.0.0/8", XTR_RIB_BLACKHOLE, -1, NULL, 0, false);
	world(c, 0, 2);
	assert_int_equal(xtr_dp_drops(c->ctl.dp, XTR_DROP_BLACKHOLE), 2);
	fx_route(c->f, "4.0.0.0/8", XTR_RIB_UNREACHABLE, -1, NULL, 0, false);
	world(c, 0, 2);
	assert_int_equal(xtr_dp_drops(c->ctl.dp, XTR_DROP_UNREACHABLE), 2);
	assert_int_equal(cx_drops(c), 4);
}

/* Memory is short as the choice changes: it is made known as soon as there is some. */
static void memory_short(void **state)
{
	struct cx *c = *state;
	unsigned n;

	cx_petr(c, A, 1, 100, false);
	cx_petr(c, B, 2, 100, false);
	start(c);
	fx_neigh(c->f, 1, A, 11);
	fx_neigh(c->f, 1, B, 12);
	cx_turns(c, 6);
	world(c, 0, 2);
	cx_expect(c, 0, 2, A);
	/* the pool of entries has none left */
	n = c->ctl.dp->fwd.max;
	cx_wait(c, 100);
	c->ctl.dp->fwd.max = c->ctl.dp->fwd.fresh;
	while (c->ctl.dp->fwd.free)
		xtr_pool_get(&c->ctl.dp->fwd);
	fx_neigh_gone(c->f, 1, A, true);
	cx_turns(c, 6);
	assert_string_equal(shown(c, 1, "used"), "true");
	c->ctl.dp->fwd.max = n;
	cx_wait(c, 1100);
	world(c, 2, 2);
	cx_expect(c, 2, 2, B);
}

/* Packets that wait for a verdict that takes too long go with a name. */
static void too_long(void **state)
{
	struct cx *c = *state;

	c->cfg.lisp.hold_ms = 500;
	cx_petr(c, A, 1, 100, true);
	start(c);
	fx_neigh(c->f, 1, A, 11);
	cx_turns(c, 4);
	world(c, 0, 4);
	assert_int_equal(c->ctl.holder.n, 4);
	cx_wait(c, 700);
	assert_int_equal(c->ctl.holder.n, 0);
	assert_int_equal(xtr_dp_drops(c->ctl.dp, XTR_DROP_HOLD_TIMEOUT), 4);
}

/* Packets of more than one turn wait as it all ends: nothing leaks (teardown). */
static void ends_while_held(void **state)
{
	struct cx *c = *state;

	cx_petr(c, A, 1, 100, true);
	cx_petr(c, B, 1, 100, true);
	start(c);
	world(c, 0, 4);
	assert_int_equal(c->ctl.holder.n, 4);
	fx_neigh(c->f, 1, A, 11);
	cx_turns(c, 4);
	world(c, 4, 4);
	assert_int_equal(c->ctl.holder.n, 8);
}

#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {T(held_until_known), T(silent), T(reasons),
	    T(shown_as_rloc), T(many_wait), T(other_way), T(route_comes), T(routes_churn),
	    T(priorities), T(between), T(entry_goes), T(weights), T(never_probed),
	    T(only_without_route), T(route_found_meanwhile), T(none_configured), T(memory_short),
	    T(too_long), T(ends_while_held)};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, eal_setup, eal_teardown);
}
