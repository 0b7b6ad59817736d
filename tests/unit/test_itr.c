/* SPDX-License-Identifier: BSD-3-Clause */
/* ITR: asking for EIDs (RFC 9301 5.2, 5.3, 5.8, 8.1) and what becomes of those that wait.
 * test_itr_reply.c has Map-Replies and the map-cache. */
#include "itr_clear.h"
#include "itr_fixture.h"

static void test_request(void **state)
{
	struct fixture *f = *state;
	const struct sent *s;
	struct xtr_msg m;
	struct xtr_eid e;
	const uint8_t *cursor = NULL;

	start(f);
	want(f, "10.2.2.5");
	assert_int_equal(f->w.n_sent, 1);
	assert_int_equal(COUNTER(&f->w, ITR_REQ_TX), 1);
	/* 8.1: an Encapsulated Map-Request to the Map-Resolver */
	s = &f->w.sent[0];
	assert_int_equal(s->m.type, XTR_MSG_ECM);
	assert_ip(&s->dst, "172.16.1.1");
	assert_int_equal(s->port, 4342);
	/* 5.8: the inner destination is the EID; 4342 is where it is for */
	assert_ip(&s->m.inner_src, "10.1.1.4");
	assert_ip(&s->m.inner_dst, "10.2.2.5");
	assert_int_equal(s->m.inner_sport, 4342);
	assert_int_equal(s->m.inner_dport, 4342);
	m = request(f, 0);
	assert_int_equal(m.nonce, 0x1000000000000001);
	/* 5.2: one record, a host prefix; the source EID; a routable RLOC of ours */
	assert_int_equal(m.n_records, 1);
	assert_true(xtr_request_eid_next(&m, &cursor, &e));
	assert_eid(&e, "10.2.2.5/32");
	assert_ip(&m.source_eid.ip, "10.1.1.4");
	assert_int_equal(m.n_itr_rlocs, 1);
	assert_ip(&m.itr_rlocs[0], "172.16.1.2");
	assert_false(m.authoritative || m.map_data || m.probe || m.smr || m.pitr || m.smr_invoked ||
		     m.local_xtr || m.dont_reply);

	/* another packet for it asks nobody */
	want(f, "10.2.2.5");
	assert_int_equal(f->w.n_sent, 1);
	/* each EID has its nonce */
	want(f, "10.2.2.6");
	assert_int_equal(request(f, 1).nonce, 0x1000000000000002);
}

static void test_request_in_an_instance(void **state)
{
	struct fixture *f = *state;
	const uint8_t *cursor = NULL;
	struct xtr_msg m;
	struct xtr_eid e;

	start(f);
	want_in(f, 100, "10.2.2.5", "10.1.1.4");
	m = request(f, 0);
	assert_int_equal(m.source_eid.iid, 100);
	assert_true(xtr_request_eid_next(&m, &cursor, &e));
	assert_eid(&e, "[100] 10.2.2.5/32");
	/* the same address in another instance is another EID */
	want_in(f, 0, "10.2.2.5", "10.1.1.4");
	assert_int_equal(f->w.n_sent, 2);
	want_in(f, 100, "2001:db8:2::5", "2001:db8:1::4");
	assert_ip(&f->w.sent[2].m.inner_dst, "2001:db8:2::5");
	assert_int_equal(f->w.n_sent, 3);
}

/* 5.3: one a second, 10 retransmits, then 30 seconds of silence. */
static void test_retransmission(void **state)
{
	struct fixture *f = *state;

	start(f);
	want(f, "10.2.2.5");
	for (unsigned i = 1; i <= 10; i++) {
		xtr_clock_advance(&f->w.wheel, 999);
		assert_int_equal(f->w.n_sent, i);
		xtr_clock_advance(&f->w.wheel, 1);
		assert_int_equal(f->w.n_sent, i + 1);
		assert_int_equal(request(f, i).nonce, 0x1000000000000001);
	}
	assert_int_equal(COUNTER(&f->w, ITR_REQ_RETRANSMIT), 10);
	assert_int_equal(COUNTER(&f->w, ITR_RESOLVE_FAILED), 0);
	xtr_clock_advance(&f->w.wheel, 1000);
	assert_int_equal(COUNTER(&f->w, ITR_RESOLVE_FAILED), 1);
	assert_int_equal(logged(&f->w, "<4>", "10.2.2.5/32", "11 Map-Requests", "30 s", NULL), 1);
	for (unsigned i = 0; i < 29; i++) {
		xtr_clock_advance(&f->w.wheel, 1000);
		want(f, "10.2.2.5");
	}
	assert_int_equal(f->w.n_sent, 11);
	xtr_clock_advance(&f->w.wheel, 1000);
	/* packets wait: a new round, with a nonce of its own, for the host that sent last */
	assert_int_equal(f->w.n_sent, 12);
	assert_int_equal(request(f, 11).nonce, 0x1000000000000002);
	assert_int_equal(COUNTER(&f->w, ITR_REQ_TX), 2);
}

static void test_nobody_waits_any_more(void **state)
{
	struct fixture *f = *state;

	start(f);
	want(f, "10.2.2.5");
	f->waiting[0].held = 0; /* too old */
	xtr_clock_advance(&f->w.wheel, 41000);
	assert_int_equal(f->w.n_sent, 11);
	assert_int_equal(f->forgotten, 1);
	assert_int_equal(f->w.wheel.n_armed, 0);
	/* and is asked for again at once when a packet comes */
	want(f, "10.2.2.5");
	assert_int_equal(f->w.n_sent, 12);
}

static void test_source_of_a_new_round(void **state)
{
	struct fixture *f = *state;
	struct xtr_msg m;

	start(f);
	want(f, "10.2.2.5");
	xtr_clock_advance(&f->w.wheel, 20000);
	want_in(f, 0, "10.2.2.5", "10.1.1.77");
	xtr_clock_advance(&f->w.wheel, 21000);
	assert_int_equal(f->w.n_sent, 12);
	m = request(f, 11);
	assert_ip(&m.source_eid.ip, "10.1.1.77");
	assert_ip(&f->w.sent[11].m.inner_src, "10.1.1.77");
}

/* An answer that comes in the silence is an answer. */
static void test_late_reply(void **state)
{
	struct fixture *f = *state;

	start(f);
	want(f, "10.2.2.5");
	xtr_clock_advance(&f->w.wheel, 15000);
	assert_int_equal(f->w.n_sent, 11);
	reply_with(f, nonce(f, 10), "10.2.2.0/24", 1440, 0, "172.16.1.3");
	assert_int_equal(COUNTER(&f->w, ITR_REPLY_OK), 1);
	assert_int_equal(f->waiting[0].released, 1);
	xtr_clock_advance(&f->w.wheel, 60000);
	assert_int_equal(f->w.n_sent, 11);
	assert_int_equal(f->w.wheel.n_armed, 1); /* the mapping's */
}

/* 5.3: MUST be rate limited to 1 a second and EID prefix, whatever the operator clears. */
static void test_rate_across_clear(void **state)
{
	struct fixture *f = *state;

	start(f);
	for (unsigned i = 0; i < 20; i++) {
		want(f, "10.2.2.5");
		if (f->w.n_sent)
			reply_with(
			    f, nonce(f, f->w.n_sent - 1), "10.2.2.0/24", 1440, 0, "172.16.1.3");
		itr_clear(f->itr, NULL, -1);
		assert_null(find(f, "10.2.2.0/24"));
		xtr_clock_advance(&f->w.wheel, 100);
	}
	want(f, "10.2.2.5");
	/* at 0, 1000 and 2000 ms */
	assert_int_equal(f->w.n_sent, 3);
	for (unsigned i = 1; i < f->w.n_sent; i++)
		assert_true(f->w.sent[i].at_ms - f->w.sent[i - 1].at_ms >= 1000);
	assert_true(nonce(f, 2) != nonce(f, 1) && nonce(f, 1) != nonce(f, 0));
	reply_with(f, nonce(f, 2), "10.2.2.0/24", 1440, 0, "172.16.1.3");
	/* every packet left: none forgotten, none still there */
	assert_int_equal(f->released, 21);
	assert_int_equal(f->dropped, 0);
}

static void test_cleared_long_after_the_request(void **state)
{
	struct fixture *f = *state;

	start(f);
	want(f, "10.2.2.5");
	reply_with(f, nonce(f, 0), "10.2.2.0/24", 1440, 0, "172.16.1.3");
	xtr_clock_advance(&f->w.wheel, 5000);
	assert_int_equal(f->forgotten, 1);
	assert_int_equal(itr_clear(f->itr, NULL, -1), 1);
	want(f, "10.2.2.5");
	assert_int_equal(f->w.n_sent, 2);
}

/* 8.1: one or more Map-Resolvers. */
static void test_several_resolvers(void **state)
{
	struct fixture *f = *state;

	f->resolvers[1] = ip("172.16.1.11");
	f->resolvers[2] = ip("172.16.1.12");
	f->w.cfg.n_map_resolvers = 3;
	start(f);
	want(f, "10.2.2.5");
	xtr_clock_advance(&f->w.wheel, 3000);
	assert_int_equal(f->w.n_sent, 4);
	assert_ip(&f->w.sent[0].dst, "172.16.1.1");
	assert_ip(&f->w.sent[1].dst, "172.16.1.11");
	assert_ip(&f->w.sent[2].dst, "172.16.1.12");
	assert_ip(&f->w.sent[3].dst, "172.16.1.1");
	xtr_clock_advance(&f->w.wheel, 1000);
	reply_with(f, nonce(f, 4), "10.2.2.0/24", 1440, 0, "172.16.1.3");
	/* the one that answered is asked first from now on */
	want(f, "10.3.3.5");
	assert_ip(&f->w.sent[5].dst, "172.16.1.11");
	xtr_clock_advance(&f->w.wheel, 1000);
	assert_ip(&f->w.sent[6].dst, "172.16.1.12");
}

static void test_no_way_to_the_resolver(void **state)
{
	struct fixture *f = *state;

	f->w.unreachable[0] = f->resolvers[0];
	start(f);
	want(f, "10.2.2.5");
	assert_int_equal(f->w.n_sent, 0);
	assert_int_equal(COUNTER(&f->w, CTL_TX_FAILED), 1);
	f->w.unreachable[0].af = 0;
	xtr_clock_advance(&f->w.wheel, 1000);
	assert_int_equal(f->w.n_sent, 1);
	reply_with(f, nonce(f, 0), "10.2.2.0/24", 1440, 0, "172.16.1.3");
	assert_int_equal(f->waiting[0].released, 1);
}

static void test_no_resolver(void **state)
{
	struct fixture *f = *state;
	struct xtr_eid e = eid("10.2.2.5"), src = eid("10.1.1.4");

	f->w.cfg.n_map_resolvers = 0;
	start(f);
	assert_null(xtr_itr_resolve(f->itr, &e, &src));
	assert_null(xtr_itr_lookup(f->itr, &e));
	assert_int_equal(f->w.n_sent, 0);
}

/* 5.2: the ITR-RLOC is where a Map-Reply reaches us. */
static void test_control_address(void **state)
{
	struct fixture *f = *state;
	struct xtr_msg m;
	struct xtr_ip bound[2] = {ip("2001:db8::99"), ip("172.16.9.9")};

	f->w.cfg.control_addresses = bound;
	f->w.cfg.n_control_addresses = 2;
	start(f);
	want(f, "10.2.2.5");
	m = request(f, 0);
	assert_ip(&m.itr_rlocs[0], "172.16.9.9");
	assert_ip(&f->w.sent[0].src, "172.16.9.9");
	bound[0] = ip("172.16.1.2"); /* the one that the kernel would take */
	want(f, "10.2.2.6");
	m = request(f, 1);
	assert_ip(&m.itr_rlocs[0], "172.16.1.2");
	/* none of this family: there is no address to answer to */
	bound[0] = bound[1] = ip("2001:db8::99");
	want(f, "10.2.2.7");
	assert_int_equal(f->w.n_sent, 2);
	assert_int_equal(COUNTER(&f->w, CTL_TX_FAILED), 1);
}

/* 5.2: one ITR-RLOC a family, that of the Map-Resolver first: the ETR may not reach the other. */
static void test_itr_rlocs_of_both_families(void **state)
{
	struct fixture *f = *state;
	struct xtr_eid addresses[] = {eid("fe80::1"), eid("2001:db8::66"), eid("2001:db8::67")};
	struct xtr_cfg_port ports[] = {
	    {.side = XTR_SIDE_SITE, .addresses = addresses, .n_addresses = 3},
	    {.side = XTR_SIDE_CORE, .addresses = addresses, .n_addresses = 3}};
	struct xtr_cfg_locator locator = {.rloc = ip("2001:db8::77")};
	struct xtr_cfg_mapping database = {
	    .eid = eid("10.1.1.0/24"), .locators = &locator, .n_locators = 1};
	struct xtr_ip bound[2] = {ip("172.16.1.2"), ip("2001:db8::99")},
		      resolver6 = ip("2001:db8::53");
	struct xtr_msg m;

	f->w.cfg.ports = ports;
	f->w.cfg.n_ports = 2;
	f->w.cfg.database = &database;
	f->w.cfg.n_database = 1;
	start(f);
	/* neither is an address of this machine */
	want(f, "10.2.2.5");
	assert_int_equal(request(f, 0).n_itr_rlocs, 1);
	/* a locator of ours; a core port's address comes before; never a link-local one */
	f->w.own[1] = ip("2001:db8::77");
	f->w.own[2] = ip("fe80::1");
	want(f, "10.2.2.6");
	m = request(f, 1);
	assert_int_equal(m.n_itr_rlocs, 2);
	assert_ip(&m.itr_rlocs[0], "172.16.1.2");
	assert_ip(&m.itr_rlocs[1], "2001:db8::77");
	f->w.own[3] = ip("2001:db8::67");
	want(f, "10.2.2.7");
	m = request(f, 2);
	assert_int_equal(m.n_itr_rlocs, 2);
	assert_ip(&m.itr_rlocs[1], "2001:db8::67");
	/* where we listen on some addresses only */
	f->w.cfg.control_addresses = bound;
	f->w.cfg.n_control_addresses = 1;
	want(f, "10.2.2.8");
	assert_int_equal(request(f, 3).n_itr_rlocs, 1);
	f->w.cfg.n_control_addresses = 2;
	want(f, "10.2.2.9");
	m = request(f, 4);
	assert_int_equal(m.n_itr_rlocs, 2);
	assert_ip(&m.itr_rlocs[1], "2001:db8::99");
	/* a Map-Resolver of the other family, about IPv6 EIDs */
	f->w.cfg.n_control_addresses = 0;
	f->w.cfg.map_resolvers = &resolver6;
	f->w.cfg.n_map_resolvers = 1;
	locator.rloc = f->w.own[0];
	want_in(f, 0, "2001:db8:2::5", "2001:db8:1::4");
	m = request(f, 5);
	assert_ip(&f->w.sent[5].dst, "2001:db8::53");
	assert_ip(&f->w.sent[5].m.inner_src, "2001:db8:1::4");
	assert_ip(&f->w.sent[5].m.inner_dst, "2001:db8:2::5");
	assert_ip(&m.source_eid.ip, "2001:db8:1::4");
	assert_int_equal(m.n_itr_rlocs, 2);
	assert_int_equal(m.itr_rlocs[0].af, 6);
	assert_ip(&m.itr_rlocs[1], "172.16.1.2");
}

/* Packets to an EID that another's answer covers must not be overtaken by later ones. */
static void test_answer_for_the_neighbour(void **state)
{
	struct fixture *f = *state;

	start(f);
	want(f, "10.2.2.5");
	want(f, "10.2.2.6");
	want(f, "10.3.3.6");
	reply_with(f, nonce(f, 0), "10.2.2.0/24", 1440, 0, "172.16.1.3");
	assert_int_equal(f->waiting[0].released, 1);
	assert_int_equal(f->waiting[1].released, 1);
	assert_int_equal(f->waiting[2].released, 0);
	/* its own answer is welcome, and may know better */
	reply_with(f, nonce(f, 1), "10.2.2.6/32", 1440, 0, "172.16.1.7");
	assert_int_equal(COUNTER(&f->w, ITR_REPLY_OK), 2);
	assert_int_equal(COUNTER(&f->w, ITR_REPLY_UNSOLICITED), 0);
	assert_non_null(find(f, "10.2.2.6/32"));
}

static void test_no_answer_for_the_neighbour(void **state)
{
	struct fixture *f = *state;
	json_t *doc;

	start(f);
	want(f, "10.2.2.5");
	want(f, "10.2.2.6");
	reply_with(f, nonce(f, 0), "10.2.2.0/24", 1440, 0, "172.16.1.3");
	/* it is not shown as incomplete, and not asked for again */
	doc = xtr_itr_show(f->itr, &(struct xtr_eid){.plen = 8, .ip = ip("10.0.0.0")}, 0);
	assert_int_equal(json_array_size(at(doc, "entries")), 1);
	json_decref(doc);
	xtr_clock_advance(&f->w.wheel, 1100);
	assert_int_equal(f->w.n_sent, 2);
	assert_int_equal(f->forgotten, 2);
	/* late: nobody asks any more */
	reply_with(f, nonce(f, 1), "10.2.2.0/24", 1440, 0, "172.16.1.7");
	assert_int_equal(COUNTER(&f->w, ITR_REPLY_UNSOLICITED), 1);
	assert_int_equal(f->dropped, 0);
}

static void test_answer_in_the_silence_of_the_neighbour(void **state)
{
	struct fixture *f = *state;

	start(f);
	want(f, "10.2.2.6");
	xtr_clock_advance(&f->w.wheel, 12000);
	want(f, "10.2.2.5");
	reply_with(f, nonce(f, 11), "10.2.2.0/24", 1440, 0, "172.16.1.3");
	assert_int_equal(f->waiting[0].released, 1);
	/* its 30 s are over, too: the mapping system answers again */
	xtr_clock_advance(&f->w.wheel, 2000);
	itr_clear(f->itr, NULL, -1);
	want(f, "10.2.2.6");
	assert_int_equal(f->w.n_sent, 13);
}

static void test_a_thousand_at_once(void **state)
{
	struct fixture *f = *state;
	char text[32];

	start(f);
	for (unsigned i = 0; i < 1000; i++) {
		snprintf(text, sizeof(text), "10.2.%u.%u", i / 250, i % 250);
		want(f, text);
	}
	assert_int_equal(f->w.n_sent, 1000);
	for (unsigned i = 1000; i-- > 0;) {
		snprintf(text, sizeof(text), "10.2.%u.%u/32", i / 250, i % 250);
		reply_with(f, nonce(f, i), text, 1440, 0, "172.16.1.3");
	}
	assert_int_equal(f->released, 1000);
	assert_int_equal(f->n_installed, 1000 + f->n_configured);
	xtr_clock_advance(&f->w.wheel, 2000);
	assert_int_equal(f->w.n_sent, 1000);
	assert_int_equal(f->forgotten, 1000);
	assert_int_equal(itr_clear(f->itr, NULL, -1), 1000);
}

/* A scan of addresses that nobody answers for is bounded, an instance for itself. */
static void test_limit(void **state)
{
	struct fixture *f = *state;
	struct xtr_eid e = eid("10.0.0.0/32"), src = eid("10.1.1.4");

	start(f);
	for (unsigned i = 0; i < 16384; i++) {
		e.ip.b[2] = (uint8_t)(i >> 8);
		e.ip.b[3] = (uint8_t)i;
		assert_non_null(xtr_itr_resolve(f->itr, &e, &src));
	}
	e.ip.b[1] = 1;
	assert_null(xtr_itr_resolve(f->itr, &e, &src));
	assert_int_equal(COUNTER(&f->w, ITR_RESOLVE_LIMIT), 1);
	assert_int_equal(f->w.n_sent, 16384);
	e.iid = src.iid = 100;
	assert_non_null(xtr_itr_resolve(f->itr, &e, &src));
	forget_sent(&f->w);
	e.iid = src.iid = 0;
	xtr_clock_advance(&f->w.wheel, 41000);
	assert_non_null(xtr_itr_resolve(f->itr, &e, &src));
}

static void test_end_in_the_middle(void **state)
{
	struct fixture *f = *state;

	start(f);
	want(f, "10.2.2.5"); /* asking */
	want(f, "10.3.3.5"); /* done */
	reply_with(f, nonce(f, 1), "10.3.3.0/24", 1440, 0, "172.16.1.3");
	want_in(f, 100, "10.2.2.5", "10.1.1.4");
	xtr_itr_destroy(f->itr);
	f->itr = NULL;
	assert_int_equal(f->forgotten, 3);
	assert_int_equal(f->dropped, 2);
	assert_int_equal(f->n_removed, f->n_live_at_most);
	assert_int_equal(f->w.wheel.n_armed, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_request),
	    T(test_request_in_an_instance),
	    T(test_retransmission),
	    T(test_nobody_waits_any_more),
	    T(test_source_of_a_new_round),
	    T(test_late_reply),
	    T(test_rate_across_clear),
	    T(test_cleared_long_after_the_request),
	    T(test_several_resolvers),
	    T(test_no_way_to_the_resolver),
	    T(test_no_resolver),
	    T(test_control_address),
	    T(test_itr_rlocs_of_both_families),
	    T(test_answer_for_the_neighbour),
	    T(test_no_answer_for_the_neighbour),
	    T(test_answer_in_the_silence_of_the_neighbour),
	    T(test_a_thousand_at_once),
	    T(test_limit),
	    T(test_end_in_the_middle),
	};

	return cmocka_run_group_tests_name("itr", tests, NULL, NULL);
}
