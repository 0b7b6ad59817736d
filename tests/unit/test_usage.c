/* SPDX-License-Identifier: BSD-3-Clause */
/* What workers leave behind in forwarding entries: marks of use, which decide what goes from a full
 * map-cache, and counters of entries that have some. Packets run through the real stages. */
#include "fail_alloc.h"
#include "ctl_fixture.h"
#include "itr_clear.h"

#include "control/forwarding/usage.h"

#define LIMIT 64
#define INNER 32u /* bytes of the fixture's packets, from the IP header on */
#define OUTER (INNER + 36u)
#define RLOC  "192.0.2.2"
#define OTHER "192.0.2.3"

static const char *const locator[] = {RLOC " 1 100"};

static struct cx *begin(void)
{
	struct cx *c = cx_new();

	c->cfg.lisp.map_cache_limit = LIMIT;
	return c;
}

static void run(struct cx *c)
{
	cx_start(c);
	fx_neigh(c->f, 1, RLOC, 2);
	fx_neigh(c->f, 1, OTHER, 3);
	cx_turns(c, 8);
}

/* Entry n: 10.2.n.0/24. */
static struct xtr_mapping *learn(struct cx *c, unsigned n)
{
	char text[32];

	snprintf(text, sizeof(text), "10.2.%u.0/24", n);
	return cx_map(c, text, locator, 1);
}

static struct xtr_mapping *find(struct cx *c, const char *prefix)
{
	struct xtr_eid e = fx_eid(FX_IID, prefix);
	struct xtr_mapping *m = xtr_itr_lookup(c->ctl.itr, &e);

	return m && m->eid.plen == e.plen ? m : NULL;
}

static bool is_there(struct cx *c, unsigned n)
{
	char text[32];

	snprintf(text, sizeof(text), "10.2.%u.0/24", n);
	return find(c, text);
}

static void empty(struct cx *c)
{
	for (unsigned i = 0; i < FX_PORTS; i++)
		fx_empty(c->f->tx[i]);
}

/* One packet to a host, through everything. */
static void send_to(struct cx *c, const char *dst)
{
	cx_send(c, 0, "10.1.0.9", dst, 0, 1);
	cx_turns(c, 2);
	empty(c);
}

static void send_to_entry(struct cx *c, unsigned n)
{
	char text[32];

	snprintf(text, sizeof(text), "10.2.%u.7", n);
	send_to(c, text);
}

static uint8_t mark(struct cx *c, const struct xtr_mapping *m)
{
	return ((const struct xtr_fwd *)xtr_pool_at(&c->ctl.dp->fwd, xtr_mapping_entry(m)))->used;
}

static void counts(struct cx *c, const struct xtr_mapping *m, uint64_t packets, uint64_t bytes)
{
	uint64_t count[2];

	assert_true(xtr_usage_counts(&c->ctl, m, count));
	assert_int_equal(count[0], packets);
	assert_int_equal(count[1], bytes);
}

/* A packet that an entry decides about marks it, whatever it says; others do not. */
static void marks(void **state)
{
	struct cx *c = begin();
	struct xtr_mapping *encap, *native, *drop, *other, *several;
	const char *const two[] = {RLOC " 1 50", OTHER " 1 50"};

	run(c);
	encap = learn(c, 1);
	other = learn(c, 2);
	native = cx_negative(c, "10.3.0.0/16", XTR_ACT_NATIVELY_FORWARD);
	drop = cx_negative(c, "10.4.0.0/16", XTR_ACT_DROP);
	several = cx_map(c, "10.5.0.0/16", two, 2);
	cx_turns(c, 8);
	assert_false(mark(c, encap) || mark(c, native) || mark(c, drop) || mark(c, several));
	send_to(c, "10.2.1.9");
	assert_true(mark(c, encap));
	send_to(c, "10.3.1.9");
	assert_true(mark(c, native));
	send_to(c, "10.4.1.9");
	assert_true(mark(c, drop));
	send_to(c, "10.5.1.9");
	assert_true(mark(c, several));
	assert_false(mark(c, other));
	/* a look takes it off, and the next packet sets it again */
	assert_true(xtr_usage_used(&c->ctl, encap));
	assert_false(xtr_usage_used(&c->ctl, encap));
	assert_false(mark(c, encap));
	send_to(c, "10.2.1.9");
	assert_true(xtr_usage_used(&c->ctl, encap));
	/* of a mapping that changes it stays */
	send_to(c, "10.2.1.9");
	assert_ptr_equal(cx_map(c, "10.2.1.0/24", two, 2), encap);
	assert_true(mark(c, encap));
	empty(c);
	cx_free(c);
}

/* A made-up packet is no use. */
static void tracer(void **state)
{
	struct cx *c = begin();
	struct xtr_worker *w;
	struct xtr_trace trace = {0};
	struct xtr_mapping *m;
	struct rte_mbuf *p;

	c->cfg.lisp.map_cache_counters = true;
	run(c);
	m = learn(c, 1);
	cx_turns(c, 8);
	w = xtr_dp_tracer_create(c->ctl.dp);
	assert_non_null(w);
	w->trace = &trace;
	w->gate_seen = c->ctl.dp->gate_open;
	p = fx_packet(c->f, 0, "10.1.0.9", "10.2.1.7", 1);
	xtr_stage_classify(w, 0, &p, 1);
	assert_non_null(trace.frame);
	rte_pktmbuf_free(trace.frame);
	xtr_dp_tracer_destroy(w);
	assert_false(mark(c, m));
	counts(c, m, 0, 0);
	cx_free(c);
}

/* With the marks of the encap stage: entries in use, each by a packet now and then, stay while ten
 * times the limit of others come and go. */
static void scanned(bool settled)
{
	struct cx *c = begin();

	run(c);
	for (unsigned i = 0; i < 20; i++)
		itr_limit_settled(learn(c, i));
	cx_turns(c, 8);
	for (unsigned i = 0; i < 10 * LIMIT; i++) {
		char text[32];
		struct xtr_mapping *m;

		send_to_entry(c, i % 20);
		snprintf(text, sizeof(text), "10.3.%u.%u/32", i / 256, i % 256);
		m = cx_map(c, text, locator, 1);
		cx_turns(c, 1);
		/* the packet that was the cause of it */
		text[strlen(text) - 3] = 0;
		send_to(c, text);
		assert_true(mark(c, m));
		if (settled)
			itr_limit_settled(m);
	}
	for (unsigned i = 0; i < 20; i++)
		assert_true(is_there(c, i));
	assert_int_equal(c->ctl.lisp.counters[XTR_C_ITR_EVICTED], 20 + 10 * LIMIT - LIMIT);
	assert_int_equal(cx_drops(c), 0);
	cx_free(c);
}

static void scan(void **state)
{
	scanned(true);
}

/* So fast that none of its resolutions is over when it is pushed out. */
static void fast_scan(void **state)
{
	scanned(false);
}

/* The least recently used go first. */
static void least_recently_used(void **state)
{
	struct cx *c = begin();

	run(c);
	for (unsigned i = 0; i < LIMIT; i++)
		itr_limit_settled(learn(c, i));
	cx_turns(c, 8);
	for (unsigned i = 0; i < LIMIT; i += 2)
		send_to_entry(c, i);
	for (unsigned i = 0; i < LIMIT / 2; i++) {
		for (unsigned k = 0; k < LIMIT && i % 8 == 7; k += 2)
			send_to_entry(c, k);
		learn(c, 100 + i);
		cx_turns(c, 1);
	}
	for (unsigned i = 0; i < LIMIT; i++)
		assert_int_equal(is_there(c, i), i % 2 == 0);
	cx_free(c);
}

/* A Map-Reply to what was asked for this EID. */
static void answer(struct cx *c, const char *dst, const char *prefix)
{
	struct xtr_eid e = fx_eid(FX_IID, dst), src = fx_eid(FX_IID, "10.1.0.9");
	struct xtr_pending *p = xtr_itr_resolve(c->ctl.itr, &e, &src);
	struct xtr_record rec = {.eid = fx_eid(FX_IID, prefix), .ttl = 1440};
	struct xtr_locator loc = {
	    .ip = fx_ip(RLOC), .priority = 1, .weight = 100, .reachable = true};
	struct xtr_peer from = {.ip = fx_ip(RLOC)};
	struct xtr_writer w;
	struct xtr_msg m;
	uint8_t buf[128];

	assert_non_null(p);
	xtr_writer_init(&w, buf, sizeof(buf));
	xtr_write_map_reply(&w, p->nonce, false);
	xtr_write_record(&w, &rec);
	xtr_write_locator(&w, &loc);
	assert_int_equal(xtr_msg_read(buf, w.len, &m, NULL), 0);
	xtr_itr_reply(c->ctl.itr, &from, &m);
}

/* What goes is asked for again by the next packet, and no packet is lost or late. */
static void nothing_is_lost(void **state)
{
	struct cx *c = begin();
	uint32_t seq = 0;

	c->cfg.lisp.map_cache_limit = 1;
	run(c);
	for (unsigned round = 0; round < 20; round++) {
		for (unsigned i = 0; i < 2; i++) {
			const char *dst = i ? "10.2.1.7" : "10.2.0.7",
				   *prefix = i ? "10.2.1.0/24" : "10.2.0.0/24";
			unsigned requests = c->n_requests;

			cx_send(c, 0, "10.1.0.9", dst, seq, 5);
			cx_turns(c, 2);
			assert_int_equal(rte_ring_count(c->f->tx[1]), 0);
			assert_int_equal(c->n_requests, requests + 1);
			answer(c, dst, prefix);
			/* these come while the first are on their way back */
			cx_send(c, 0, "10.1.0.9", dst, seq + 5, 5);
			cx_turns(c, 8);
			cx_expect(c, seq, 10, RLOC);
			seq += 10;
			assert_int_equal(c->ctl.itr->total[ITR_LEARNED], 1);
			assert_true(find(c, prefix));
			/* then it may be asked for again */
			cx_wait(c, 1100);
		}
	}
	assert_int_equal(c->ctl.lisp.counters[XTR_C_ITR_EVICTED], 39);
	assert_int_equal(cx_drops(c), 0);
	cx_free(c);
}

/* An entry that goes in the very turn in which it came: what waited for it waits again. */
static void goes_at_once(void **state)
{
	struct cx *c = begin();

	c->cfg.lisp.map_cache_limit = 1;
	run(c);
	cx_send(c, 0, "10.1.0.9", "10.2.0.7", 0, 5);
	cx_turns(c, 2);
	answer(c, "10.2.0.7", "10.2.0.0/24");
	learn(c, 9);
	assert_null(find(c, "10.2.0.0/24"));
	cx_turns(c, 8);
	assert_int_equal(rte_ring_count(c->f->tx[1]), 0);
	assert_int_equal(c->ctl.holder.n, 5);
	cx_wait(c, 1100);
	answer(c, "10.2.0.7", "10.2.0.0/24");
	cx_turns(c, 8);
	cx_expect(c, 0, 5, RLOC);
	assert_int_equal(cx_drops(c), 0);
	cx_free(c);
}

/* Counters where they are configured, and nowhere else. */
static void configured_counters(void **state)
{
	static struct xtr_cfg_locator loc = {.priority = 1, .weight = 100};
	struct cx *c = begin();
	struct xtr_mapping *encap, *drop, *native;
	uint64_t count[2];

	loc.rloc = fx_ip(RLOC);
	cx_map_cache(c, FX_IID, "10.2.0.0/16", 0);
	c->map_cache[0].locators = &loc;
	c->map_cache[0].n_locators = 1;
	cx_map_cache(c, FX_IID, "10.3.0.0/16", XTR_ACT_DROP);
	cx_map_cache(c, FX_IID, "10.4.0.0/16", XTR_ACT_NATIVELY_FORWARD);
	cx_map_cache(c, FX_IID, "10.5.0.0/16", XTR_ACT_DROP);
	for (unsigned i = 0; i < 3; i++)
		c->map_cache[i].counters = true;
	run(c);
	encap = find(c, "10.2.0.0/16");
	drop = find(c, "10.3.0.0/16");
	native = find(c, "10.4.0.0/16");
	/* a gateway that nobody knows: these wait, and are looked up again */
	fx_route(c->f, "10.4.0.0/16", XTR_RIB_UNICAST, 1, "192.0.2.77", 0, false);
	cx_turns(c, 8);
	counts(c, encap, 0, 0);
	for (unsigned i = 0; i < 7; i++)
		send_to(c, "10.2.3.4");
	counts(c, encap, 7, 7 * OUTER);
	for (unsigned i = 0; i < 3; i++)
		send_to(c, "10.3.3.4");
	counts(c, drop, 3, 3 * INNER);
	for (unsigned i = 0; i < 4; i++)
		send_to(c, "10.4.3.4");
	counts(c, native, 4, 4 * INNER);
	assert_int_equal(c->ctl.holder.n, 4);
	fx_neigh(c->f, 1, "192.0.2.77", 7);
	cx_turns(c, 8);
	assert_int_equal(rte_ring_count(c->f->tx[1]), 4);
	empty(c);
	counts(c, native, 4, 4 * INNER);
	/* no counters, and none of another's */
	send_to(c, "10.5.3.4");
	assert_false(xtr_usage_counts(&c->ctl, find(c, "10.5.0.0/16"), count));
	counts(c, drop, 3, 3 * INNER);
	assert_int_equal(c->ctl.dp->counted.used, 3);
	/* what is too big, or finds no next hop, is not sent, and so not counted */
	fx_neigh_gone(c->f, 1, RLOC, false);
	cx_turns(c, 8);
	cx_send(c, 0, "10.1.0.9", "10.2.3.4", 0, 1);
	cx_turns(c, 2);
	counts(c, encap, 7, 7 * OUTER);
	fx_neigh(c->f, 1, RLOC, 2);
	cx_turns(c, 8);
	empty(c);
	counts(c, encap, 8, 8 * OUTER);
	cx_free(c);
}

/* Of learned entries: they go on when the entry changes, end with it, and an index that is used
 * again begins at zero. */
static void learned_counters(void **state)
{
	struct cx *c = begin();
	const char *const two[] = {RLOC " 1 50", OTHER " 1 50"};
	struct xtr_mapping *m;
	uint32_t index, entry;

	c->cfg.lisp.map_cache_counters = true;
	run(c);
	m = learn(c, 1);
	cx_turns(c, 8);
	for (unsigned i = 0; i < 5; i++)
		send_to_entry(c, 1);
	counts(c, m, 5, 5 * OUTER);
	index = m->counted;
	entry = xtr_mapping_entry(m);
	cx_map(c, "10.2.1.0/24", two, 2);
	send_to_entry(c, 1);
	cx_turns(c, 8);
	assert_int_not_equal(xtr_mapping_entry(m), entry);
	send_to_entry(c, 1);
	counts(c, m, 7, 7 * OUTER);
	assert_int_equal(m->counted, index);
	/* negative now: the count goes on, of what it drops */
	cx_negative(c, "10.2.1.0/24", XTR_ACT_DROP);
	cx_turns(c, 8);
	send_to_entry(c, 1);
	counts(c, m, 8, 7 * OUTER + INNER);
	assert_int_equal(itr_clear(c->ctl.itr, NULL, -1), 1);
	assert_int_equal(c->ctl.dp->counted.used, 0);
	cx_turns(c, 8);
	m = learn(c, 2);
	assert_int_equal(m->counted, index);
	counts(c, m, 0, 0);
	cx_turns(c, 8);
	send_to_entry(c, 2);
	counts(c, m, 1, OUTER);
	cx_free(c);
}

/* Workers count each for itself, the control lcore adds up. */
static void several_workers(void **state)
{
	struct cx *c = begin();
	struct xtr_worker *more;
	struct xtr_mapping *m;

	c->cfg.lisp.map_cache_counters = true;
	run(c);
	more = xtr_dp_tracer_create(c->ctl.dp);
	assert_non_null(more);
	c->ctl.dp->workers[c->ctl.dp->n_workers++] = more;
	m = learn(c, 1);
	cx_turns(c, 8);
	more->gate_seen = c->ctl.dp->gate_open;
	for (unsigned i = 0; i < 9; i++) {
		struct rte_mbuf *p = fx_packet(c->f, 0, "10.1.0.9", "10.2.1.7", i);

		xtr_stage_classify(i % 3 ? more : c->f->w, 0, &p, 1);
	}
	xtr_stage_tx_flush(more);
	xtr_stage_tx_flush(c->f->w);
	empty(c);
	counts(c, m, 9, 9 * OUTER);
	assert_int_equal(more->entry[m->counted].packets, 6);
	assert_int_equal(c->f->w->entry[m->counted].packets, 3);
	/* both are in the base of whoever comes next */
	itr_clear(c->ctl.itr, NULL, -1);
	cx_turns(c, 8);
	counts(c, learn(c, 3), 0, 0);
	c->ctl.dp->n_workers--;
	xtr_dp_tracer_destroy(more);
	cx_free(c);
}

/* Wherever memory ends while a mapping comes into a full map-cache, packets go where they went. */
static void memory(void **state)
{
	struct cx *c = begin();
	bool done = false;

	c->cfg.lisp.map_cache_limit = 4;
	c->cfg.lisp.map_cache_counters = true;
	run(c);
	for (unsigned i = 0; i < 4; i++)
		learn(c, i);
	cx_turns(c, 8);
	for (int n = 0; !done; n++) {
		struct xtr_eid eid = fx_eid(FX_IID, "10.9.0.0/24");
		struct xtr_mapping_locator l = {fx_ip(RLOC), 1, 100, true};
		struct xtr_mapping *m;

		assert_in_range(n, 0, 60);
		allocs_failed = 0;
		allocs_left = n;
		m = itr_mapping_set(
		    c->ctl.itr, &eid, XTR_FROM_MAP_REPLY, XTR_ACT_NO_ACTION, &l, 1, 1440, 86400000);
		allocs_left = -1;
		done = !allocs_failed;
		cx_turns(c, 8);
		if (!m) {
			/* all is as it was */
			assert_int_equal(c->ctl.lisp.counters[XTR_C_ITR_EVICTED], 0);
			for (unsigned i = 0; i < 4; i++) {
				assert_true(is_there(c, i));
				cx_send(c, 0, "10.1.0.9", i % 2 ? "10.2.1.7" : "10.2.2.7", i, 1);
				cx_turns(c, 2);
				cx_expect(c, i, 1, RLOC);
			}
			continue;
		}
		assert_int_equal(c->ctl.itr->total[ITR_LEARNED], 4);
		assert_false(is_there(c, 0));
		if (done)
			break;
		/* it came, workers may lack it or its counters: for the next round as it was */
		itr_mapping_remove(m);
		learn(c, 0);
		for (unsigned i = 1; i < 4; i++) {
			assert_true(is_there(c, i));
			itr_mapping_remove(find(c, i == 1   ? "10.2.1.0/24"
						   : i == 2 ? "10.2.2.0/24"
							    : "10.2.3.0/24"));
			learn(c, i);
		}
		cx_turns(c, 8);
		c->ctl.lisp.counters[XTR_C_ITR_EVICTED] = 0;
	}
	cx_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(marks),
	    cmocka_unit_test(tracer),
	    cmocka_unit_test(scan),
	    cmocka_unit_test(fast_scan),
	    cmocka_unit_test(least_recently_used),
	    cmocka_unit_test(nothing_is_lost),
	    cmocka_unit_test(goes_at_once),
	    cmocka_unit_test(configured_counters),
	    cmocka_unit_test(learned_counters),
	    cmocka_unit_test(several_workers),
	    cmocka_unit_test(memory),
	};

	return cmocka_run_group_tests_name("usage", tests, eal_setup, eal_teardown);
}
