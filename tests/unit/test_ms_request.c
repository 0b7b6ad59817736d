/* SPDX-License-Identifier: BSD-3-Clause */
/* Map-Server and Map-Resolver: Map-Requests (RFC 9301 5.5, 8.1, 8.3, 8.4), and the holes between
 * EID prefixes. */
#include "ms_fixture.h"

/* One site with one aggregate, which takes more-specifics. */
static struct fixture *aggregate(void **state, struct xtr_eid e)
{
	struct fixture *f = *state;

	add_prefix(add_site(f, "wide", KEY1), e, true);
	f->sites[0].replay_strict = false;
	start(f);
	return f;
}

static size_t hex(const char *text, uint8_t *p)
{
	size_t n = strlen(text) / 2;
	unsigned b;

	for (size_t i = 0; i < n; i++) {
		sscanf(text + 2 * i, "%2x", &b);
		p[i] = (uint8_t)b;
	}
	return n;
}

static void assert_negative(struct fixture *f, unsigned n, const char *e, uint32_t ttl)
{
	struct xtr_record rec;

	assert_int_equal(f->n_sent, 1);
	assert_int_equal(f->sent[0].m.type, XTR_MSG_MAP_REPLY);
	rec = record_of(&f->sent[0], n);
	assert_eid(&rec.eid, e);
	assert_int_equal(rec.ttl, ttl);
	assert_int_equal(rec.n_locators, 0);
	assert_int_equal(rec.act, XTR_ACT_NATIVELY_FORWARD);
	assert_false(rec.authoritative);
}

static void test_forward(void **state)
{
	struct fixture *f = lab1(state);
	struct sent *s = &f->sent[0];
	struct ask a;

	xtr_debug_on[XTR_DBG_MAP_REQUEST] = true;
	start(f);
	register_one(f, 1, "10.2.2.0/24", "172.16.1.3");
	ask_begin(&a);
	ask_for(f, &a, eid("10.2.2.5"));
	assert_int_equal(f->n_sent, 1);
	assert_ip(&s->dst, "172.16.1.3");
	assert_ip(&s->src, "172.16.1.1");
	assert_int_equal(s->port, 4342);
	/* RFC 9301 8.3: it does not otherwise alter the Map-Request */
	assert_int_equal(s->m.type, XTR_MSG_ECM);
	assert_int_equal(s->m.inner_len, a.len);
	assert_memory_equal(s->m.inner, a.p, a.len);
	assert_ip(&s->m.inner_src, "10.1.1.4");
	assert_ip(&s->m.inner_dst, "10.2.2.5");
	assert_int_equal(s->m.inner_sport, 40000);
	assert_int_equal(s->m.inner_dport, 4342);
	assert_int_equal(COUNTER(f, MS_REQ_RX), 1);
	assert_int_equal(COUNTER(f, MS_REQ_FORWARDED), 1);
	assert_int_equal(logged(f, "Received map request", "IID 0 10.2.2.5/32", "172.16.1.2",
			     "0x7047E71F-0x65C02AAC", NULL),
	    1);
	assert_int_equal(
	    logged(f, "10.2.2.0/24 site Site_1", "forwarding map request", "172.16.1.3", NULL), 1);
	/* without a way out it is dropped, with a reason */
	f->send_rc = -ENETUNREACH;
	ask(f, "10.2.2.5");
	assert_int_equal(COUNTER(f, MS_REQ_DROPPED), 1);
	assert_int_equal(COUNTER(f, MS_REQ_FORWARDED), 1);
	f->send_rc = 0;
	/* withdrawn by time: the site is not there */
	xtr_clock_advance(&f->wheel, 180000);
	ask(f, "10.2.2.5");
	assert_negative(f, 0, "10.2.2.0/24", 1);
}

/* Which RLOC is asked: one that is up, by priority, never 255; failing that, where the ETR
 * registered from. */
static void test_choice_of_rloc(void **state)
{
	static const struct {
		const char *rloc;
		uint8_t priority;
		bool local, reachable;
	} sets[][3] = {
	    {{"172.16.1.11", 2, true, true}, {"172.16.1.12", 1, false, true},
		{"172.16.1.13", 1, true, true}},
	    {{"172.16.1.11", 1, true, false}, {"172.16.1.12", 200, false, true},
		{"172.16.1.13", 255, true, true}},
	    {{"172.16.1.11", 255, true, true}, {"172.16.1.12", 255, true, true},
		{"172.16.1.13", 255, true, true}},
	    {{"172.16.1.66", 1, true, true}, {"172.16.1.12", 2, true, true},
		{"172.16.1.1", 1, true, true}},
	    {{"172.16.1.11", 9, false, false}, {"2001:db8::9", 3, true, false},
		{"172.16.1.13", 9, true, false}},
	};
	static const char *const want[] = {
	    "172.16.1.13", "172.16.1.12", "172.16.1.2", "172.16.1.12", "2001:db8::9"};
	struct fixture *f = lab1(state);
	struct reg r;

	f->unreachable = ip("172.16.1.66");
	start(f);
	for (unsigned i = 0; i < 5; i++) {
		reg_begin(&r, "172.16.1.2", i + 1);
		reg_record(&r, eid("10.2.2.0/24"), 1440, NULL, NULL);
		for (unsigned k = 0; k < 3; k++)
			xtr_write_locator(&r.w, &(struct xtr_locator){.ip = ip(sets[i][k].rloc),
						    .priority = sets[i][k].priority,
						    .local = sets[i][k].local,
						    .reachable = sets[i][k].reachable});
		reg_end(&r);
		reg_send(f, &r);
		for (unsigned k = 0; k < 5; k++) {
			ask(f, "10.2.2.5");
			assert_int_equal(f->n_sent, 1);
			assert_ip(&f->sent[0].dst, want[i]);
			/* from the address that was asked, where the family allows it */
			assert_int_equal(f->sent[0].src.af, i == 4 ? 0 : 4);
		}
	}
	/* no locator at all, and no way to the ETR */
	f->unreachable = ip("172.16.1.2");
	reg_begin(&r, "172.16.1.2", 10);
	reg_record(&r, eid("10.2.2.0/24"), 1440, NULL, NULL);
	reg_end(&r);
	reg_send(f, &r);
	ask(f, "10.2.2.5");
	assert_int_equal(f->n_sent, 0);
	assert_int_equal(COUNTER(f, MS_REQ_DROPPED), 1);
}

/* Among equals, another one next time: the first may be dead. */
static void test_equals_take_turns(void **state)
{
	struct fixture *f = lab1(state);
	unsigned got[2] = {0};
	struct reg r;

	start(f);
	reg_begin(&r, "172.16.1.2", 1);
	reg_record(&r, eid("10.2.2.0/24"), 1440, "172.16.1.11", NULL);
	xtr_write_locator(
	    &r.w, &(struct xtr_locator){
		      .ip = ip("172.16.1.12"), .priority = 1, .local = true, .reachable = true});
	reg_end(&r);
	reg_send(f, &r);
	for (unsigned i = 0; i < 10; i++) {
		ask(f, "10.2.2.5");
		got[f->sent[0].dst.b[3] - 11]++;
	}
	assert_int_equal(got[0], 5);
	assert_int_equal(got[1], 5);
}

/* What OOR 1.3.0 answered as a proxy, byte for byte, and as a negative reply but for the A bit. */
static void test_captured(void **state)
{
	static const char *const asked[] = {
	    ("800000004500003c00034000ff1164a20a0101040a02020510f610f600282bdb1000000177d5e67bd2e39"
	     "5"
	     "53"
	     "00010a0101040001ac100102002000010a020205"),
	    ("8000000060000000004011fffd000001000100000000000000000004fd000002000200000000000000000"
	     "0"
	     "05"
	     "10f610f600409caa100000016e4a227ff4250a2e0002fd0000010001000000000000000000040001ac100"
	     "1"
	     "02"
	     "00800002fd000002000200000000000000000005"),
	    ("800000004500003c000e4000ff11048c0a0101046309090910f610f6002835b1100000016bc7ef7fd9e8c"
	     "7"
	     "6b"
	     "00010a0101040001ac1001020020000163090909"),
	};
	static const char *const answered[] = {
	    "2000000177d5e67bd2e395530000000a01180000000000010a0202000132ff0000010001ac100103",
	    ("200000016e4a227ff4250a2e0000000a0140000000000002fd00000200020000000000000000000001"
	     "32ff0000010001ac100103"),
	    "200000016bc7ef7fd9e8c76b0000000f000220000000000140000000",
	};
	struct fixture *f = lab1(state);
	struct xtr_peer from = {.ip = ip("172.16.1.2"), .port = 4342, .local = ip("172.16.1.1")};
	struct xtr_msg ecm, req;
	struct reg r;

	add_prefix(&f->sites[0], eid("fd00:2:2::/64"), false);
	add_prefix(&f->sites[0], eid("fd00:1:1::/64"), false);
	f->sites[0].proxy_reply = true;
	start(f);
	reg_begin(&r, "172.16.1.3", 1);
	reg_record(&r, eid("10.2.2.0/24"), 10, "172.16.1.3", NULL);
	reg_record(&r, eid("fd00:2:2::/64"), 10, "172.16.1.3", NULL);
	reg_end(&r);
	reg_send(f, &r);
	assert_int_equal(f->sent[0].m.n_records, 2);
	for (unsigned i = 0; i < 3; i++) {
		uint8_t p[256], want[256];
		size_t len = hex(asked[i], p), want_len = hex(answered[i], want);

		f->n_sent = 0;
		assert_int_equal(xtr_msg_read(p, len, &ecm, NULL), 0);
		assert_int_equal(xtr_msg_read(ecm.inner, ecm.inner_len, &req, NULL), 0);
		xtr_ms_request(f->ms, &from, &ecm, ecm.inner, ecm.inner_len, &req);
		assert_int_equal(f->n_sent, 1);
		assert_ip(&f->sent[0].dst, "172.16.1.2");
		assert_int_equal(f->sent[0].port, 4342);
		assert_int_equal(f->sent[0].len, want_len);
		assert_memory_equal(f->sent[0].p, want, want_len);
	}
	assert_int_equal(COUNTER(f, MS_REQ_PROXY), 2);
	assert_int_equal(COUNTER(f, MS_REQ_NEGATIVE), 1);
}

/* By the P bit of the registration; non-authoritative, no L bit, locators in order of address. */
static void test_proxy(void **state)
{
	struct fixture *f = lab1(state);
	const uint8_t *cursor = NULL;
	struct xtr_locator loc;
	struct xtr_record rec;
	struct reg r;

	start(f);
	reg_begin(&r, "172.16.1.3", 1);
	r.o.proxy_reply = true;
	reg_record(&r, eid("10.2.2.0/24"), 1440, "2001:db8::3", "172.16.1.9");
	xtr_write_locator(
	    &r.w, &(struct xtr_locator){.ip = ip("172.16.1.3"), .priority = 7, .probed = true});
	/* the same once more: the first one counts */
	xtr_write_locator(&r.w, &(struct xtr_locator){.ip = ip("172.16.1.3"), .priority = 8});
	reg_end(&r);
	reg_send(f, &r);
	ask(f, "10.2.2.5");
	assert_int_equal(f->n_sent, 1);
	assert_int_equal(f->sent[0].m.type, XTR_MSG_MAP_REPLY);
	assert_int_equal(f->sent[0].m.nonce, 0x7047e71f65c02aac);
	assert_false(f->sent[0].m.probe);
	assert_int_equal(f->sent[0].m.n_records, 1);
	assert_int_equal(f->sent[0].port, 40000);
	rec = record_of(&f->sent[0], 0);
	assert_eid(&rec.eid, "10.2.2.0/24");
	assert_int_equal(rec.ttl, 1440);
	assert_false(rec.authoritative);
	assert_int_equal(rec.n_locators, 3);
	for (unsigned i = 0; i < 3; i++) {
		static const char *const want[] = {"172.16.1.3", "172.16.1.9", "2001:db8::3"};
		static const uint8_t priority[] = {7, 2, 1};

		assert_true(xtr_locator_next(&rec, &cursor, &loc));
		assert_ip(&loc.ip, want[i]);
		assert_int_equal(loc.priority, priority[i]);
		assert_int_equal(loc.reachable, i > 0);
		assert_false(loc.local || loc.probed);
	}
	assert_int_equal(COUNTER(f, MS_REQ_PROXY), 1);
}

/* The example of RFC 9301 5.5. */
static void test_more_specifics(void **state)
{
	static const char *const prefixes[] = {
	    "2001:db8::/32", "2001:db8:1::/48", "2001:db8:1:1::/64", "2001:db8:1:2::/64"};
	struct fixture *f = aggregate(state, eid("2001:db8::/32"));
	struct xtr_record rec;
	struct reg r;

	reg_begin(&r, "172.16.1.3", 1);
	r.o.proxy_reply = true;
	for (unsigned i = 0; i < 4; i++)
		reg_record(&r, eid(prefixes[i]), 100 - i, "172.16.1.3", NULL);
	reg_end(&r);
	reg_send(f, &r);
	ask(f, "2001:db8:1:1::1");
	assert_int_equal(f->sent[0].m.n_records, 1);
	rec = record_of(&f->sent[0], 0);
	assert_eid(&rec.eid, "2001:db8:1:1::/64");
	ask(f, "2001:db8:1:5::5");
	assert_int_equal(f->sent[0].m.n_records, 3);
	for (unsigned i = 0; i < 3; i++) {
		rec = record_of(&f->sent[0], i);
		assert_eid(&rec.eid, prefixes[i + 1]);
		/* all SHOULD use the same TTL */
		assert_int_equal(rec.ttl, 97);
		assert_int_equal(rec.n_locators, 1);
	}
	/* one of them whose ETR wants to be asked itself: the answer keeps clear of it */
	reg_begin(&r, "172.16.1.3", 2);
	reg_record(&r, eid("2001:db8:1:2::/64"), 100, "172.16.1.3", NULL);
	reg_end(&r);
	reg_send(f, &r);
	ask(f, "2001:db8:1:5::5");
	assert_int_equal(f->sent[0].m.n_records, 1);
	rec = record_of(&f->sent[0], 0);
	assert_eid(&rec.eid, "2001:db8:1:4::/62");
	assert_int_equal(rec.ttl, 99);
	ask(f, "2001:db8:1:2::5");
	assert_int_equal(f->sent[0].m.type, XTR_MSG_ECM);
}

/* More than fits one packet: the answer is a part of the prefix without any of them. */
static void test_too_many_more_specifics(void **state)
{
	struct fixture *f = aggregate(state, eid("10.0.0.0/8"));
	struct xtr_record rec;
	struct reg r;

	for (unsigned i = 0; i <= 100; i++) {
		char text[32];

		snprintf(text, sizeof(text), i ? "10.0.%u.0/24" : "10.0.0.0/8", i);
		reg_begin(&r, "172.16.1.3", i + 1);
		r.o.proxy_reply = true;
		reg_record(&r, eid(text), 1440, "172.16.1.3", NULL);
		reg_end(&r);
		reg_send(f, &r);
		ask(f, "10.0.128.1");
		assert_true(f->sent[0].len <= 1400);
		rec = record_of(&f->sent[0], 0);
		if (f->sent[0].m.n_records == 1 && i)
			assert_eid(&rec.eid, "10.0.128.0/17");
		else
			assert_int_equal(f->sent[0].m.n_records, i + 1);
	}
	assert_int_equal(f->sent[0].m.n_records, 1);
	ask(f, "10.255.0.1");
	rec = record_of(&f->sent[0], 0);
	assert_eid(&rec.eid, "10.128.0.0/9");
	assert_int_equal(rec.n_locators, 1);
}

/* A configured prefix inside a registered one, whose site is not there yet, stays out of the
 * answer. */
static void test_configured_inside_registered(void **state)
{
	struct fixture *f = *state;
	struct xtr_record rec;
	struct reg r;

	add_prefix(add_site(f, "outer", KEY1), eid("10.0.0.0/8"), true);
	add_prefix(add_site(f, "inner", KEY2), eid("10.1.0.0/16"), false);
	start(f);
	reg_begin(&r, "172.16.1.3", 1);
	r.o.proxy_reply = true;
	reg_record(&r, eid("10.0.0.0/8"), 1440, "172.16.1.3", NULL);
	reg_end(&r);
	reg_send(f, &r);
	ask(f, "10.1.2.3");
	assert_negative(f, 0, "10.1.0.0/16", 1);
	ask(f, "10.2.2.3");
	rec = record_of(&f->sent[0], 0);
	assert_eid(&rec.eid, "10.2.0.0/15");
	assert_int_equal(rec.n_locators, 1);
	reg_begin(&r, "172.16.1.4", 1);
	r.key = KEY2;
	r.o.proxy_reply = true;
	reg_record(&r, eid("10.1.0.0/16"), 1440, "172.16.1.4", NULL);
	reg_end(&r);
	reg_send(f, &r);
	ask(f, "10.2.2.3");
	assert_int_equal(f->sent[0].m.n_records, 2);
}

/* Two xTRs: without the merge bit the latest stands for the prefix, with it both do. */
static void test_merge(void **state)
{
	struct fixture *f = lab1(state);
	struct xtr_record rec;
	struct reg r;

	f->sites[0].proxy_reply = true;
	start(f);
	for (unsigned merge = 0; merge < 2; merge++) {
		for (unsigned i = 0; i < 2; i++) {
			reg_begin(&r, "172.16.1.3", 1 + merge);
			r.xtr_id[0] = (uint8_t)i;
			r.o.merge = merge;
			reg_record(&r, eid("10.2.2.0/24"), 1440, i ? "172.16.1.3" : "172.16.1.4",
			    "172.16.1.5");
			reg_end(&r);
			reg_send(f, &r);
		}
		assert_int_equal(n_registered(f), 2);
		ask(f, "10.2.2.5");
		assert_int_equal(f->sent[0].m.n_records, 1);
		rec = record_of(&f->sent[0], 0);
		assert_int_equal(rec.n_locators, merge ? 3 : 2);
	}
	/* what expires is merged no more */
	xtr_clock_advance(&f->wheel, 100000);
	r.p[11]++;
	sign(KEY1, r.p, r.len, r.len);
	reg_send(f, &r);
	xtr_clock_advance(&f->wheel, 100000);
	ask(f, "10.2.2.5");
	rec = record_of(&f->sent[0], 0);
	assert_int_equal(rec.n_locators, 2);
}

static void test_negative(void **state)
{
	struct fixture *f = lab1(state);
	struct ask a;

	start(f);
	ask(f, "4.2.2.2");
	assert_negative(f, 0, "0.0.0.0/5", 15);
	assert_int_equal(f->sent[0].port, 40000);
	assert_ip(&f->sent[0].dst, "172.16.1.2");
	ask(f, "10.2.3.1");
	assert_negative(f, 0, "10.2.3.0/24", 15);
	ask(f, "192.0.2.1");
	assert_negative(f, 0, "128.0.0.0/1", 15);
	/* configured, not registered */
	ask(f, "10.1.1.4");
	assert_negative(f, 0, "10.1.1.0/24", 1);
	ask(f, "10.1.1.0/24");
	assert_negative(f, 0, "10.1.1.0/24", 1);
	/* other families and instances have no EIDs at all */
	ask(f, "2001:db8::1");
	assert_negative(f, 0, "::/0", 15);
	ask_begin(&a);
	ask_for(f, &a, eid_in(5, "10.1.1.4"));
	assert_negative(f, 0, "[5] 0.0.0.0/0", 15);
	assert_int_equal(COUNTER(f, MS_REQ_NEGATIVE), 7);
	/* a prefix with EID prefixes inside, that none covers: its first address is answered for */
	ask(f, "8.0.0.0/6");
	assert_negative(f, 0, "8.0.0.0/7", 15);
	ask(f, "10.1.0.0/23");
	assert_int_equal(COUNTER(f, MS_REQ_DROPPED), 0);
	assert_negative(f, 0, "10.1.0.0/24", 15);
}

/* RFC 9301 8.1: a hole in an aggregate, and a site that is not up. */
static void test_aggregate(void **state)
{
	struct fixture *f = aggregate(state, eid("10.0.0.0/8"));

	ask(f, "10.1.1.4");
	assert_negative(f, 0, "10.0.0.0/8", 1);
	register_one(f, 1, "10.1.1.0/24", "172.16.1.2");
	ask(f, "10.200.0.1");
	assert_negative(f, 0, "10.128.0.0/9", 15);
	ask(f, "10.1.2.1");
	assert_negative(f, 0, "10.1.2.0/23", 15);
	ask(f, "11.0.0.1");
	assert_negative(f, 0, "11.0.0.0/8", 15);
	xtr_clock_advance(&f->wheel, 180000);
	ask(f, "10.1.1.4");
	assert_negative(f, 0, "10.0.0.0/8", 1);
}

static void test_dropped(void **state)
{
	struct fixture *f = lab1(state);
	struct xtr_eid none = {0};
	unsigned dropped = 0;
	struct ask a;

	start(f);
	register_one(f, 1, "10.2.2.0/24", "172.16.1.3");
#define DROPPED(e)                                                                                 \
	do {                                                                                       \
		ask_for(f, &a, e);                                                                 \
		assert_int_equal(f->n_sent, 0);                                                    \
		assert_int_equal(COUNTER(f, MS_REQ_DROPPED), ++dropped);                           \
		ask_begin(&a);                                                                     \
	} while (0)
	ask_begin(&a);
	/* RFC 9301 5.2: a probe MUST be dropped */
	a.o.probe = true;
	DROPPED(eid("10.2.2.5"));
	a.o.dont_reply = true;
	DROPPED(eid("10.1.1.4"));
	DROPPED(none);
	/* answers go where there is a route, to an address that can be one */
	f->unreachable = ip("172.16.1.2");
	DROPPED(eid("10.1.1.4"));
	a.rlocs[0] = ip("255.255.255.255");
	a.rlocs[1] = ip("127.0.0.1");
	a.o.n_itr_rlocs = 2;
	DROPPED(eid("10.1.1.4"));
	a.sport = 0;
	f->unreachable = (struct xtr_ip){0};
	DROPPED(eid("10.1.1.4"));
	/* the second ITR-RLOC will do */
	f->unreachable = ip("172.16.1.2");
	a.rlocs[1] = ip("2001:db8::2");
	a.o.n_itr_rlocs = 2;
	ask_for(f, &a, eid("10.1.1.4"));
	assert_int_equal(f->n_sent, 1);
	assert_ip(&f->sent[0].dst, "2001:db8::2");
	assert_int_equal(f->sent[0].src.af, 0);
	/* what is forwarded needs no answer from here */
	ask_for(f, &a, eid("10.2.2.5"));
	assert_int_equal(f->n_sent, 1);
	assert_int_equal(COUNTER(f, MS_REQ_DROPPED), dropped);
#undef DROPPED
}

/* Several records in one Map-Request: all are answered, together where we answer ourselves; each
 * ETR gets it once. */
static void test_several_records(void **state)
{
	static const char rest[] = "0020000104020202"
				   "002000010a020205"
				   "002000010a010104"
				   "002000010a020206"
				   "0020000110000001";
	struct fixture *f = lab1(state);
	struct ask a;

	start(f);
	register_one(f, 1, "10.2.2.0/24", "172.16.1.3");
	ask_begin(&a);
	ask_for(f, &a, eid("192.0.2.1"));
	a.p[3] = 6;
	a.len += hex(rest, a.p + a.len);
	ask_deliver(f, &a);
	assert_int_equal(f->n_sent, 2);
	assert_int_equal(f->sent[0].m.type, XTR_MSG_ECM);
	assert_memory_equal(f->sent[0].m.inner, a.p, a.len);
	f->sent[0] = f->sent[1];
	assert_int_equal(xtr_msg_read(f->sent[0].p, f->sent[0].len, &f->sent[0].m, NULL), 0);
	f->n_sent = 1;
	assert_int_equal(f->sent[0].m.n_records, 4);
	assert_negative(f, 0, "128.0.0.0/1", 15);
	assert_negative(f, 1, "0.0.0.0/5", 15);
	assert_negative(f, 2, "10.1.1.0/24", 1);
	assert_negative(f, 3, "16.0.0.0/4", 15);
}

/* Fifty-one records in one question: one packet answers what it has room for. */
static void test_many_records(void **state)
{
	struct fixture *f = lab1(state);
	struct ask a;

	start(f);
	ask_begin(&a);
	ask_for(f, &a, eid("192.0.2.1"));
	for (unsigned i = 0; i < 50; i++)
		a.len += hex("0020000104020202", a.p + a.len);
	a.p[3] = 51;
	ask_deliver(f, &a);
	assert_int_equal(f->n_sent, 1);
	assert_true(f->sent[0].len <= 1400);
	assert_true(f->sent[0].m.n_records > 40);
	assert_int_equal(f->sent[0].m.n_records + COUNTER(f, MS_REQ_DROPPED), 51);
}

/* A question that concerns ever more ETRs is forwarded to four of them at most. */
static void test_forwards_are_bounded(void **state)
{
	struct fixture *f = aggregate(state, eid("10.0.0.0/8"));
	char text[32];
	struct ask a;

	for (unsigned i = 1; i <= 6; i++) {
		snprintf(text, sizeof(text), "172.16.1.%u", 10 + i);
		register_one(f, i,
		    (char[]){'1', '0', '.', (char)('0' + i), '.', '0', '.', '0', '/', '1', '6', 0},
		    text);
	}
	ask_begin(&a);
	ask_for(f, &a, eid("10.1.0.1"));
	for (unsigned i = 2; i <= 6; i++) {
		snprintf(text, sizeof(text), "002000010a%02x0001", i);
		a.len += hex(text, a.p + a.len);
	}
	a.p[3] = 6;
	ask_deliver(f, &a);
	assert_int_equal(f->n_sent, 4);
	assert_int_equal(COUNTER(f, MS_REQ_FORWARDED), 1 + 4);
	assert_int_equal(COUNTER(f, MS_REQ_DROPPED), 2);
}

/* An instance's EIDs are its own; the answer says which instance. */
static void test_instances(void **state)
{
	struct fixture *f = *state;
	struct xtr_record rec;
	struct ask a;
	struct reg r;

	add_prefix(add_site(f, "hundred", KEY1), eid_in(100, "10.2.2.0/24"), false);
	add_prefix(add_site(f, "zero", KEY1), eid("10.0.0.0/8"), false);
	f->sites[0].proxy_reply = true;
	start(f);
	reg_begin(&r, "172.16.1.3", 1);
	reg_record(&r, eid_in(100, "10.2.2.0/24"), 1440, "172.16.1.3", NULL);
	reg_end(&r);
	reg_send(f, &r);
	assert_int_equal(f->n_sent, 1);
	ask_begin(&a);
	ask_for(f, &a, eid_in(100, "10.2.2.5"));
	rec = record_of(&f->sent[0], 0);
	assert_eid(&rec.eid, "[100] 10.2.2.0/24");
	ask_for(f, &a, eid("10.2.2.5"));
	assert_negative(f, 0, "10.0.0.0/8", 1);
	ask_for(f, &a, eid_in(100, "10.2.3.5"));
	assert_negative(f, 0, "[100] 10.2.3.0/24", 15);
	ask_for(f, &a, eid_in(99, "10.2.2.5"));
	assert_negative(f, 0, "[99] 0.0.0.0/0", 15);
}

static void test_roles(void **state)
{
	struct fixture *f = lab1(state);

	/* a Map-Resolver alone knows what is no EID, not who registered */
	f->cfg.ms = false;
	start(f);
	ask(f, "4.2.2.2");
	assert_negative(f, 0, "0.0.0.0/5", 15);
	ask(f, "10.1.1.4");
	assert_int_equal(f->n_sent, 0);
	assert_int_equal(COUNTER(f, MS_REQ_DROPPED), 1);
	f->cfg.mr = false;
	ask(f, "4.2.2.2");
	assert_int_equal(f->n_sent, 0);
	assert_int_equal(COUNTER(f, CTL_RX_NOT_OURS), 1);
	xtr_ms_destroy(f->ms);
	/* without any site, it knows nothing */
	f->cfg.sites = NULL;
	f->cfg.n_sites = 0;
	f->cfg.mr = true;
	start(f);
	ask(f, "4.2.2.2");
	assert_int_equal(f->n_sent, 0);
	assert_int_equal(COUNTER(f, MS_REQ_DROPPED), 2);
	f->cfg.n_sites = 1; /* for teardown */
}

static struct xtr_eid random_eid(bool v6)
{
	uint8_t b[16];
	struct xtr_eid e = {0};

	/* few values, so that prefixes meet */
	for (unsigned i = 0; i < 16; i++)
		b[i] = (uint8_t)(random() & 0x81);
	e.ip = v6 ? xtr_ip6(b) : xtr_ip4(b);
	e.plen = (uint8_t)(1 + random() % xtr_ip_bits(&e.ip));
	xtr_ip_mask(&e.ip, e.plen);
	return e;
}

/* All lengths from the shortest are tried against all prefixes. */
static bool hole_by_force(
    const struct xtr_eid *known, unsigned n, const struct xtr_eid *host, struct xtr_eid *out)
{
	for (unsigned plen = 0; plen <= xtr_ip_bits(&host->ip); plen++) {
		unsigned i;

		*out = *host;
		out->plen = (uint8_t)plen;
		xtr_ip_mask(&out->ip, plen);
		for (i = 0; i < n; i++)
			if (xtr_eid_covers(out, &known[i]) || xtr_eid_covers(&known[i], out))
				break;
		if (i == n)
			return true;
	}
	return false;
}

/* Random sets of prefixes, configured and registered, against brute force. */
static void test_hole(void **state)
{
	struct fixture *f = *state;
	unsigned found = 0, inside = 0;

	srandom(7);
	for (unsigned round = 0; round < 300; round++) {
		bool v6 = round & 1;
		struct xtr_eid known[40];
		unsigned n = 0;
		struct reg r;

		f->cfg.n_sites = 0;
		for (unsigned i = 0; i < 4; i++) {
			struct xtr_cfg_site *s = &f->sites[i];

			if (round == 0)
				add_site(f, (char[]){'a', (char)('a' + i), 0}, KEY1);
			f->cfg.n_sites = i + 1;
			s->n_prefixes = 0;
			s->replay_strict = false;
			for (unsigned k = 0; k < 3; k++) {
				known[n] = random_eid(v6);
				add_prefix(s, known[n++], random() & 1);
			}
		}
		start(f);
		reg_begin(&r, "172.16.1.3", round);
		for (unsigned i = 0; i < 28; i++)
			reg_record(&r, random_eid(v6), 1440, "172.16.1.3", NULL);
		reg_end(&r);
		reg_send(f, &r);
		for (unsigned i = 0; f->n_sent && i < f->sent[0].m.n_records; i++)
			known[n++] = record_of(&f->sent[0], i).eid;
		for (unsigned i = 0; i < 40; i++) {
			struct xtr_eid host = random_eid(v6), want, got;
			uint8_t flip = (uint8_t)(random() % xtr_ip_bits(&host.ip));

			host.ip.b[flip / 8] ^= (uint8_t)(1 << flip % 8);
			host = xtr_eid_host(0, &host.ip);
			got = xtr_ms_hole(f->ms, &host);
			if (hole_by_force(known, n, &host, &want)) {
				assert_true(xtr_eid_equal(&got, &want));
				found++;
			} else {
				assert_true(xtr_eid_equal(&got, &host));
				inside++;
			}
		}
		xtr_ms_destroy(f->ms);
		f->ms = NULL;
	}
	/* both happened often enough to mean something */
	assert_true(found > 2000 && inside > 500);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(forward),
	    T(choice_of_rloc),
	    T(equals_take_turns),
	    T(captured),
	    T(proxy),
	    T(more_specifics),
	    T(too_many_more_specifics),
	    T(configured_inside_registered),
	    T(merge),
	    T(negative),
	    T(aggregate),
	    T(dropped),
	    T(several_records),
	    T(many_records),
	    T(forwards_are_bounded),
	    T(instances),
	    T(roles),
	    T(hole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
