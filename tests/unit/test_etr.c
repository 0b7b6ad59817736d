/* SPDX-License-Identifier: BSD-3-Clause */
/* ETR: answers to Map-Requests (RFC 9301 5.2 to 5.5), probes among them (7.1).
 * test_etr_register.c has registration. */
#include "etr_fixture.h"
#include "wire_vectors.h"

#define ITR "172.16.1.3"

/* A Map-Request in the making. */
struct ask {
	struct xtr_request_opts o;
	struct xtr_ip rlocs[4];
	struct xtr_peer from;
	uint16_t sport; /* the inner one; 0: not encapsulated */
	struct xtr_eid more;
};

static struct ask question(void)
{
	return (struct ask){
	    .o = {.nonce = 0x7047e71f65c02aac, .n_itr_rlocs = 1, .source_eid = eid("10.1.1.4")},
	    .rlocs = {ip(ITR)},
	    .from = {.ip = ip("172.16.1.1"), .port = 50000, .local = ip("172.16.1.2")},
	    .sport = 40000,
	};
}

/* Returns what the ETR did; what it sent is in f->w.sent alone. */
static bool ask(struct fixture *f, struct ask *a, struct xtr_eid e)
{
	uint8_t request[1024], *copy;
	struct xtr_msg ecm = {.type = XTR_MSG_ECM, .inner_sport = a->sport, .inner_dport = 4342};
	struct xtr_writer w;
	struct xtr_msg m;
	bool done;

	forget_sent(&f->w);
	a->o.itr_rlocs = a->rlocs;
	xtr_writer_init(&w, request, sizeof(request));
	xtr_write_map_request(&w, &a->o, &e);
	assert_int_equal(xtr_writer_result(&w), 0);
	if (a->more.ip.af == 4) { /* a second record; we never send one */
		uint8_t rec[8] = {0, a->more.plen, 0, 1};

		memcpy(rec + 4, a->more.ip.b, 4);
		memcpy(request + w.len, rec, sizeof(rec));
		w.len += sizeof(rec);
		request[3] = 2;
	}
	copy = malloc(w.len); /* so that a read beyond the end is seen */
	memcpy(copy, request, w.len);
	assert_int_equal(xtr_msg_read(copy, w.len, &m, NULL), 0);
	done = xtr_etr_request(f->etr, &a->from, a->sport ? &ecm : NULL, &m);
	free(copy);
	return done;
}

/* The only message sent: a Map-Reply that ends with its last record. */
static const struct xtr_msg *answer(struct fixture *f)
{
	const struct sent *s = &f->w.sent[0];

	assert_int_equal(f->w.n_sent, 1);
	assert_int_equal(s->m.type, XTR_MSG_MAP_REPLY);
	assert_ptr_equal(s->m.records_after, s->m.end);
	return &s->m;
}

static void test_reply(void **state)
{
	struct fixture *f = *state;
	struct xtr_cfg_mapping *cfg = add_mapping(f, eid("10.1.1.0/24"), 1440);
	struct ask a = question();
	const struct xtr_msg *m;
	struct xtr_locator loc;
	struct xtr_record rec;

	add_locator(cfg, ip("2001:db8::7"), 3, 30);
	add_locator(cfg, ip("172.16.1.77"), 2, 40);
	add_locator(cfg, ip("172.16.1.2"), 1, 50);
	f->w.unreachable[0] = ip("172.16.1.77");
	start(f);
	assert_true(ask(f, &a, eid("10.1.1.9/32")));
	/* 5.5: to the ITR-RLOC, at the source port of the (inner) Map-Request, nonce and all */
	m = answer(f);
	assert_ip(&f->w.sent[0].dst, ITR);
	assert_int_equal(f->w.sent[0].port, 40000);
	assert_int_equal(f->w.sent[0].src.af, 0);
	assert_true(m->nonce == a.o.nonce);
	assert_false(m->probe || m->echo_nonce || m->security);
	assert_int_equal(m->n_records, 1);
	rec = record_of(m, 0);
	assert_eid(&rec.eid, "10.1.1.0/24");
	assert_int_equal(rec.ttl, 1440);
	assert_true(rec.authoritative);
	assert_int_equal(rec.act, 0);
	/* 5.5: ascending, IPv4 before IPv6 */
	assert_int_equal(rec.n_locators, 3);
	loc = locator_of(&rec, 0);
	assert_ip(&loc.ip, "172.16.1.2");
	assert_int_equal(loc.priority, 1);
	assert_int_equal(loc.weight, 50);
	assert_int_equal(loc.m_priority, 255);
	assert_int_equal(loc.m_weight, 0);
	assert_true(loc.local && loc.reachable && !loc.probed);
	loc = locator_of(&rec, 1);
	assert_ip(&loc.ip, "172.16.1.77");
	assert_true(!loc.local && !loc.reachable && !loc.probed);
	loc = locator_of(&rec, 2);
	assert_ip(&loc.ip, "2001:db8::7");
	assert_true(!loc.local && loc.reachable);
	/* RFC 9300 5.3: in their order, from the least significant bit */
	assert_int_equal(xtr_etr_status_bits(f->etr, cfg), 0x05);
	assert_int_equal(COUNTER(&f->w, ETR_REQ_RX), 1);
	assert_int_equal(COUNTER(&f->w, ETR_REPLY_TX), 1);

	/* not encapsulated: to the source port */
	a.sport = 0;
	assert_true(ask(f, &a, eid("10.1.1.0/24")));
	answer(f);
	assert_int_equal(f->w.sent[0].port, 50000);
}

static void test_not_ours(void **state)
{
	struct fixture *f = *state;
	struct ask a = question();

	own(f, "10.1.1.0/24", 1440);
	start(f);
	assert_false(ask(f, &a, eid("10.1.2.9/32")));
	assert_false(ask(f, &a, eid("10.1.0.0/16"))); /* longer than what is asked for */
	assert_false(ask(f, &a, eid_in(100, "10.1.1.9/32")));
	assert_false(ask(f, &a, eid("2001:db8::1")));
	assert_false(ask(f, &a, (struct xtr_eid){0}));
	assert_int_equal(f->w.n_sent, 0);
	assert_int_equal(COUNTER(&f->w, ETR_REQ_RX), 0);
}

static void test_instances(void **state)
{
	struct fixture *f = *state;
	struct ask a = question();
	struct xtr_record rec;

	own(f, "10.1.1.0/24", 1440);
	add_locator(add_mapping(f, eid_in(100, "10.1.0.0/16"), 10), ip("172.16.1.2"), 7, 1);
	add_locator(add_mapping(f, eid_in(100, "2001:db8:1::/48"), 10), ip("172.16.1.2"), 7, 1);
	start(f);
	assert_true(ask(f, &a, eid_in(100, "10.1.1.9/32")));
	rec = record_of(answer(f), 0);
	assert_eid(&rec.eid, "[100] 10.1.0.0/16");
	assert_true(ask(f, &a, eid_in(100, "2001:db8:1::9")));
	rec = record_of(answer(f), 0);
	assert_eid(&rec.eid, "[100] 2001:db8:1::/48");
}

/* The example of 5.5, with its TTL rule. */
static void test_more_specifics(void **state)
{
	struct fixture *f = *state;
	struct ask a = question();
	const struct xtr_msg *m;
	struct xtr_record rec;

	own(f, "2001:db8::/32", 5);
	own(f, "2001:db8:1:2::/64", 60);
	own(f, "2001:db8:1::/48", 1440);
	own(f, "2001:db8:1:1::/64", 700);
	start(f);
	assert_true(ask(f, &a, eid("2001:db8:1:1::1")));
	m = answer(f);
	assert_int_equal(m->n_records, 1);
	rec = record_of(m, 0);
	assert_eid(&rec.eid, "2001:db8:1:1::/64");
	assert_int_equal(rec.ttl, 700);
	assert_true(ask(f, &a, eid("2001:db8:1:5::5")));
	m = answer(f);
	assert_int_equal(m->n_records, 3);
	rec = record_of(m, 0);
	assert_eid(&rec.eid, "2001:db8:1::/48");
	assert_int_equal(rec.ttl, 60);
	rec = record_of(m, 1);
	assert_eid(&rec.eid, "2001:db8:1:1::/64");
	assert_int_equal(rec.ttl, 60);
	rec = record_of(m, 2);
	assert_eid(&rec.eid, "2001:db8:1:2::/64");
	assert_int_equal(rec.ttl, 60);
}

/* What cannot be said whole must not be said in part: the asker would send the rest astray. */
static void test_too_many_more_specifics(void **state)
{
	struct fixture *f = *state;
	struct ask a = question();
	const struct xtr_msg *m;
	struct xtr_record rec;
	char text[32];

	own(f, "10.1.0.0/16", 1440);
	for (unsigned i = 0; i < 200; i++) {
		snprintf(text, sizeof(text), "10.1.%u.0/24", i);
		own(f, text, 30);
	}
	start(f);
	assert_true(ask(f, &a, eid("10.1.250.9")));
	m = answer(f);
	assert_int_equal(m->n_records, 1);
	rec = record_of(m, 0);
	assert_eid(&rec.eid, "10.1.224.0/19"); /* 200 is in 192/19 */
	assert_int_equal(rec.n_locators, 1);
	assert_true(f->w.sent[0].len <= 1400);
	assert_true(ask(f, &a, eid("10.1.200.9")));
	rec = record_of(answer(f), 0);
	assert_eid(&rec.eid, "10.1.200.0/21");
	/* one of them is no trouble */
	assert_true(ask(f, &a, eid("10.1.7.9")));
	rec = record_of(answer(f), 0);
	assert_eid(&rec.eid, "10.1.7.0/24");
	/* all of them were asked for: there is no answer that is true */
	assert_true(ask(f, &a, eid("10.1.0.0/16")));
	assert_int_equal(f->w.n_sent, 0);
	assert_int_equal(COUNTER(&f->w, ETR_REQ_DROPPED), 1);
	/* beside another record that has one */
	a.more = eid("10.1.7.9");
	assert_true(ask(f, &a, eid("10.1.0.0/16")));
	m = answer(f);
	assert_int_equal(m->n_records, 1);
	rec = record_of(m, 0);
	assert_eid(&rec.eid, "10.1.7.0/24");
}

static void test_many_locators(void **state)
{
	struct fixture *f = *state;
	struct xtr_cfg_mapping *cfg = add_mapping(f, eid("10.1.1.0/24"), 1440);
	struct ask a = question();
	const struct xtr_msg *m;
	struct xtr_record rec;
	char text[64];

	for (unsigned i = 255; i-- > 0;) {
		snprintf(text, sizeof(text), "2001:db8::1:%x", i + 1);
		add_locator(cfg, ip(text), 1, 1);
	}
	own(f, "10.1.1.128/25", 60);
	start(f);
	assert_true(ask(f, &a, eid("10.1.1.9")));
	m = answer(f);
	assert_int_equal(m->n_records, 1);
	rec = record_of(m, 0);
	assert_eid(&rec.eid, "10.1.1.0/25");
	assert_int_equal(rec.n_locators, 255);
	for (unsigned i = 0; i < 255; i++) {
		struct xtr_locator loc = locator_of(&rec, i);

		assert_int_equal(loc.ip.b[15], i + 1);
	}
	/* a second record has no room beside it */
	a.more = eid("10.1.1.200");
	assert_true(ask(f, &a, eid("10.1.1.9")));
	assert_int_equal(answer(f)->n_records, 1);
}

/* 5.2: a receiver MUST accept one or more records. */
static void test_two_records(void **state)
{
	struct fixture *f = *state;
	struct ask a = question();
	const struct xtr_msg *m;
	struct xtr_record rec;

	own(f, "10.1.1.0/24", 1440);
	own(f, "10.1.2.0/24", 60);
	start(f);
	a.more = eid("10.1.2.7");
	assert_true(ask(f, &a, eid("10.1.1.9")));
	m = answer(f);
	assert_int_equal(m->n_records, 2);
	rec = record_of(m, 0);
	assert_eid(&rec.eid, "10.1.1.0/24");
	assert_int_equal(rec.ttl, 1440);
	rec = record_of(m, 1);
	assert_eid(&rec.eid, "10.1.2.0/24");
	assert_int_equal(rec.ttl, 60);
	assert_true(ask(f, &a, eid("10.9.9.9")));
	assert_int_equal(answer(f)->n_records, 1);
}

static void test_itr_rlocs(void **state)
{
	struct fixture *f = *state;
	struct ask a = question();

	own(f, "10.1.1.0/24", 1440);
	start(f);
	f->w.unreachable[0] = a.rlocs[0] = ip("2001:db8::3");
	a.rlocs[1] = ip("224.1.1.1");
	a.rlocs[2] = ip("172.16.1.9");
	a.rlocs[3] = ip("172.16.1.10");
	a.o.n_itr_rlocs = 4;
	assert_true(ask(f, &a, eid("10.1.1.9")));
	answer(f);
	assert_ip(&f->w.sent[0].dst, "172.16.1.9");
	a.o.n_itr_rlocs = 2;
	assert_true(ask(f, &a, eid("10.1.1.9")));
	assert_int_equal(f->w.n_sent, 0);
	assert_int_equal(COUNTER(&f->w, ETR_REQ_DROPPED), 1);
	/* what does not leave is not counted as sent */
	a = question();
	f->w.send_rc = -EPERM;
	assert_true(ask(f, &a, eid("10.1.1.9")));
	assert_int_equal(COUNTER(&f->w, ETR_REQ_DROPPED), 2);
	assert_int_equal(COUNTER(&f->w, ETR_REPLY_TX), 1);
}

static void test_dropped(void **state)
{
	struct fixture *f = *state;
	struct ask a = question();
	uint64_t n = 0;

	own(f, "10.1.1.0/24", 1440);
	start(f);
	a.o.dont_reply = true; /* 5.2 */
	assert_true(ask(f, &a, eid("10.1.1.9")));
	assert_int_equal(COUNTER(&f->w, ETR_REQ_DROPPED), ++n);
	a = question();
	a.o.smr = true; /* 6.1 */
	assert_true(ask(f, &a, eid("10.1.1.9")));
	assert_int_equal(COUNTER(&f->w, ETR_REQ_DROPPED), ++n);
	a = question();
	a.sport = 4341; /* 5.8 */
	assert_true(ask(f, &a, eid("10.1.1.9")));
	assert_int_equal(COUNTER(&f->w, ETR_REQ_DROPPED), ++n);
	a.sport = 0;
	a.from.port = 4341;
	assert_true(ask(f, &a, eid("10.1.1.9")));
	assert_int_equal(COUNTER(&f->w, ETR_REQ_DROPPED), ++n);
	a.from.port = 0;
	assert_true(ask(f, &a, eid("10.1.1.9")));
	assert_int_equal(COUNTER(&f->w, ETR_REQ_DROPPED), ++n);
	assert_int_equal(f->w.n_sent, 0);
	assert_int_equal(COUNTER(&f->w, ETR_REPLY_TX), 0);
}

/* 5.2, 5.4, 7.1 */
static void test_probe(void **state)
{
	struct fixture *f = *state;
	struct xtr_cfg_mapping *cfg = add_mapping(f, eid("10.1.1.0/24"), 1440);
	struct ask a = question();
	const struct xtr_msg *m;
	struct xtr_locator loc;
	struct xtr_record rec;

	add_locator(cfg, ip("172.16.2.2"), 1, 50);
	add_locator(cfg, ip("172.16.1.2"), 1, 50);
	own(f, "10.1.1.128/25", 1440);
	f->w.own[1] = ip("172.16.2.2");
	start(f);
	a.o.probe = true;
	a.o.source_eid = (struct xtr_eid){0};
	a.from.local = ip("172.16.2.2");
	/* 5.2: "MUST NOT be sent to the Mapping System", 5.8: nor inside an ECM */
	assert_true(ask(f, &a, eid("10.1.1.0/24")));
	assert_int_equal(f->w.n_sent, 0);
	assert_int_equal(COUNTER(&f->w, ETR_REQ_DROPPED), 1);

	a.sport = 0;
	assert_true(ask(f, &a, eid("10.1.1.0/24")));
	m = answer(f);
	assert_int_equal(f->w.sent[0].port, 50000);
	assert_true(m->probe);
	assert_true(m->nonce == a.o.nonce);
	assert_int_equal(m->n_records, 2);
	rec = record_of(m, 0);
	assert_true(rec.authoritative);
	loc = locator_of(&rec, 0);
	assert_ip(&loc.ip, "172.16.1.2");
	assert_false(loc.probed);
	loc = locator_of(&rec, 1);
	assert_ip(&loc.ip, "172.16.2.2");
	assert_true(loc.probed);
	rec = record_of(m, 1);
	assert_true(rec.authoritative);
	loc = locator_of(&rec, 0);
	assert_false(loc.probed);

	/* an EID that is not ours, any more: the locator is there all the same */
	assert_true(ask(f, &a, eid("10.9.9.0/24")));
	m = answer(f);
	assert_true(m->probe);
	assert_int_equal(m->n_records, 0);
	/* a first probe of a peer that knows no EID yet */
	assert_true(ask(f, &a, (struct xtr_eid){0}));
	m = answer(f);
	assert_true(m->probe);
	assert_int_equal(m->n_records, 1);
	rec = record_of(m, 0);
	assert_eid(&rec.eid, "10.1.1.0/24");
	assert_true(rec.authoritative);
	/* an address that is no locator of ours */
	a.from.local = ip("172.16.1.99");
	assert_false(ask(f, &a, eid("10.9.9.0/24")));
	assert_int_equal(f->w.n_sent, 0);
}

/* A bare probe of `local`. */
static struct ask probe_of(const char *local)
{
	struct ask a = question();

	a.o.nonce = 0x0102030405060708;
	a.o.probe = true;
	a.o.source_eid = (struct xtr_eid){0};
	a.from.local = ip(local);
	a.sport = 0;
	return a;
}

static void assert_answer(struct fixture *f, const char *hex)
{
	uint8_t want[VECTOR_MAX];
	size_t n = vector_bytes(hex, want);

	assert_int_equal(f->w.n_sent, 1);
	assert_int_equal(f->w.sent[0].len, n);
	assert_memory_equal(f->w.sent[0].p, want, n);
}

/* Map-Reply, P; a record of a day and with A; one locator, 1/100, L, p and R. */
#define PETR_ALL4 "28000001 " V_NONCE "000005a0 01 00 1000 0000 0001 00000000"
#define PETR_ALL6                                                                                  \
	"28000001 " V_NONCE "000005a0 01 00 1000 0000 0002 00000000000000000000000000000000"
#define PETR_AT4 "01 64 ff 00 0007 0001 0a000301"
#define PETR_AT6 "01 64 ff 00 0007 0002 20010db8000000000000000000000007"

/* Neither a database nor a Map-Server: a PETR has no mapping of its own. */
static void test_probe_petr(void **state)
{
	struct fixture *f = *state;
	struct ask a = probe_of("10.0.3.1");
	struct xtr_eid everything = eid("0.0.0.0/0");
	json_t *doc;

	be_petr(f);
	start(f);
	xtr_etr_start(f->etr);
	assert_true(ask(f, &a, everything));
	assert_answer(f, PETR_ALL4 PETR_AT4);
	assert_ip(&f->w.sent[0].dst, ITR);
	assert_int_equal(f->w.sent[0].port, 50000);
	assert_true(ask(f, &a, eid("::/0")));
	assert_answer(f, PETR_ALL6 PETR_AT4);
	/* who asks for nothing: in the family of the address that was probed */
	assert_true(ask(f, &a, (struct xtr_eid){0}));
	assert_answer(f, PETR_ALL4 PETR_AT4);
	a.from.local = ip("2001:db8::7");
	assert_true(ask(f, &a, (struct xtr_eid){0}));
	assert_answer(f, PETR_ALL6 PETR_AT6);
	assert_true(ask(f, &a, everything));
	assert_answer(f, PETR_ALL4 PETR_AT6);
	/* 5.2: MUST be answered; but it is no mapping of ours */
	a.from.local = ip("10.0.3.1");
	assert_true(ask(f, &a, eid("192.168.1.0/24")));
	assert_answer(f, "28000000 " V_NONCE);
	assert_true(ask(f, &a, eid("0.0.0.0/1")));
	assert_answer(f, "28000000 " V_NONCE);
	/* instances that it serves, and another */
	assert_true(ask(f, &a, eid_in(100, "0.0.0.0/0")));
	assert_answer(f,
	    "28000001 " V_NONCE
	    "000005a0 01 00 1000 0000 4003 0000 02 00 000a 00000064 0001 00000000" PETR_AT4);
	assert_true(ask(f, &a, eid_in(200, "0.0.0.0/0")));
	assert_answer(f, "28000000 " V_NONCE);
	assert_int_equal(COUNTER(&f->w, ETR_REPLY_TX), 9);

	/* 5.8: inside an ECM */
	a.sport = 40000;
	assert_true(ask(f, &a, everything));
	assert_int_equal(f->w.n_sent, 0);
	assert_int_equal(COUNTER(&f->w, ETR_REQ_DROPPED), 1);
	/* no probe: not for a PETR to answer */
	a.sport = 0;
	a.o.probe = false;
	assert_false(ask(f, &a, everything));
	assert_false(ask(f, &a, (struct xtr_eid){0}));
	a.sport = 40000;
	assert_false(ask(f, &a, everything));
	assert_int_equal(f->w.n_sent, 0);

	assert_false(xtr_etr_overlaps(f->etr, &everything));
	doc = xtr_etr_show(f->etr);
	assert_int_equal(json_array_size(at(doc, "entries")), 0);
	assert_int_equal(json_array_size(at(doc, "map_servers")), 0);
	json_decref(doc);
}

/* Who may not send by the PETR is not told that it is one: what it sends would be dropped. */
static void test_probe_petr_for_others(void **state)
{
	struct fixture *f = *state;
	struct ask a = probe_of("10.0.3.1");
	struct xtr_eid everything = eid("0.0.0.0/0");

	be_petr(f);
	start(f);
	a.rlocs[0] = ip("172.16.1.8");
	assert_false(ask(f, &a, everything));
	assert_false(ask(f, &a, (struct xtr_eid){0}));
	assert_int_equal(f->w.n_sent, 0);
	/* one of the ITR's RLOCs is enough, of either family; the packet's source is no matter */
	a.o.n_itr_rlocs = 2;
	a.rlocs[1] = ip("172.16.1.7");
	assert_true(ask(f, &a, everything));
	assert_answer(f, PETR_ALL4 PETR_AT4);
	a.rlocs[1] = ip("2001:db8:1::9");
	assert_true(ask(f, &a, everything));
	assert_answer(f, PETR_ALL4 PETR_AT4);
	a.rlocs[1] = ip("2001:db8:2::9");
	a.from.ip = ip("172.16.1.3");
	assert_false(ask(f, &a, everything));
	assert_int_equal(f->w.n_sent, 0);
	assert_int_equal(COUNTER(&f->w, ETR_REPLY_TX), 2);
}

static void test_probe_no_petr(void **state)
{
	struct fixture *f = *state;
	struct ask a = probe_of("172.16.1.2");

	own(f, "192.168.2.0/24", 1440);
	start(f);
	assert_true(ask(f, &a, eid("0.0.0.0/0")));
	assert_answer(f, "28000000 " V_NONCE);
	a.from.local = ip("10.0.3.1");
	assert_false(ask(f, &a, eid("0.0.0.0/0")));
	assert_false(ask(f, &a, (struct xtr_eid){0}));
	assert_int_equal(f->w.n_sent, 0);
}

/* An ETR that is a PETR too: what it has a mapping for is answered with it. */
static void test_probe_petr_and_etr(void **state)
{
	struct fixture *f = *state;
	struct ask a = probe_of("172.16.1.2");
	struct xtr_record rec;

	own(f, "192.168.2.0/24", 1440);
	be_petr(f);
	start(f);
	assert_true(ask(f, &a, eid("192.168.2.0/24")));
	rec = record_of(answer(f), 0);
	assert_eid(&rec.eid, "192.168.2.0/24");
	assert_true(ask(f, &a, (struct xtr_eid){0}));
	rec = record_of(answer(f), 0);
	assert_eid(&rec.eid, "192.168.2.0/24");
	assert_true(ask(f, &a, eid("0.0.0.0/0")));
	assert_answer(f, PETR_ALL4 "01 64 ff 00 0007 0001 ac100102");
	/* an address of ours that is no locator of the site */
	a.from.local = ip("10.0.3.1");
	assert_true(ask(f, &a, (struct xtr_eid){0}));
	assert_answer(f, PETR_ALL4 PETR_AT4);
	assert_true(ask(f, &a, eid("192.168.2.0/24")));
	rec = record_of(answer(f), 0);
	assert_eid(&rec.eid, "192.168.2.0/24");
}

/* A site that is the whole world for others is told as it is. */
static void test_probe_petr_own_default(void **state)
{
	struct fixture *f = *state;
	struct ask a = probe_of("172.16.1.2");

	own(f, "0.0.0.0/0", 60);
	be_petr(f);
	start(f);
	assert_true(ask(f, &a, eid("0.0.0.0/0")));
	assert_answer(f, "28000001 " V_NONCE "0000003c 01 00 1000 0000 0001 00000000"
			 "01 32 ff 00 0007 0001 ac100102");
}

/* 5.4: Map-Replies MUST be rate limited, a destination RLOC. */
static void test_rate_limit(void **state)
{
	struct fixture *f = *state;
	struct ask a = question();
	unsigned n = 0;

	own(f, "10.1.1.0/24", 1440);
	start(f);
	for (unsigned i = 0; i < 5000; i++) {
		ask(f, &a, eid("10.1.1.9"));
		n += f->w.n_sent;
	}
	assert_int_equal(n, 4000);
	assert_int_equal(COUNTER(&f->w, REPLY_LIMITED), 1000);
	assert_int_equal(COUNTER(&f->w, ETR_REPLY_TX), 4000);
	assert_int_equal(COUNTER(&f->w, ETR_REQ_DROPPED), 1000);
	/* another is not concerned */
	a.rlocs[0] = ip("172.16.1.9");
	ask(f, &a, eid("10.1.1.9"));
	assert_int_equal(f->w.n_sent, 1);
	a.rlocs[0] = ip(ITR);
	/* 2,000 a second from then on */
	n = 0;
	for (unsigned i = 0; i < 10000; i++) {
		if (i % 10 == 0)
			xtr_clock_advance(&f->w.wheel, 1);
		ask(f, &a, eid("10.1.1.9"));
		n += f->w.n_sent;
	}
	assert_int_equal(n, 2000);
	/* the credit is whole again after 2 seconds, and no more than whole */
	xtr_clock_advance(&f->w.wheel, 3600000);
	n = 0;
	for (unsigned i = 0; i < 5000; i++) {
		ask(f, &a, eid("10.1.1.9"));
		n += f->w.n_sent;
	}
	assert_int_equal(n, 4000);
}

static void test_overlaps(void **state)
{
	struct fixture *f = *state;
	struct xtr_eid e;

	own(f, "10.1.1.0/24", 1440);
	start(f);
	e = eid("10.1.1.0/24");
	assert_true(xtr_etr_overlaps(f->etr, &e));
	e = eid("10.1.1.9");
	assert_true(xtr_etr_overlaps(f->etr, &e));
	e = eid("10.0.0.0/8");
	assert_true(xtr_etr_overlaps(f->etr, &e));
	e = eid("10.1.2.0/24");
	assert_false(xtr_etr_overlaps(f->etr, &e));
	e = eid_in(100, "10.1.1.9");
	assert_false(xtr_etr_overlaps(f->etr, &e));
	e = eid("::/0");
	assert_false(xtr_etr_overlaps(f->etr, &e));
}

static void test_show(void **state)
{
	struct fixture *f = *state;
	struct xtr_cfg_mapping *cfg = add_mapping(f, eid_in(100, "10.1.1.0/24"), 1440);
	json_t *doc;

	add_locator(cfg, ip("172.16.1.2"), 1, 50);
	add_locator(cfg, ip("172.16.1.77"), 2, 40);
	start(f);
	xtr_clock_advance(&f->w.wheel, 7000);
	doc = xtr_etr_show(f->etr);
	assert_int_equal(json_array_size(at(doc, "entries")), 1);
	assert_string_equal(json_string_value(at(doc, "entries.0.eid")), "10.1.1.0/24");
	assert_int_equal(json_integer_value(at(doc, "entries.0.instance")), 100);
	assert_int_equal(json_integer_value(at(doc, "entries.0.ttl_min")), 1440);
	assert_int_equal(json_integer_value(at(doc, "entries.0.uptime_s")), 7);
	assert_string_equal(
	    json_string_value(at(doc, "entries.0.locators.0.state")), "site-self, reachable");
	assert_string_equal(json_string_value(at(doc, "entries.0.locators.1.rloc")), "172.16.1.77");
	assert_string_equal(json_string_value(at(doc, "entries.0.locators.1.state")), "site-other");
	assert_int_equal(json_array_size(at(doc, "map_servers")), 0);
	json_decref(doc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_reply),
	    T(test_not_ours),
	    T(test_instances),
	    T(test_more_specifics),
	    T(test_too_many_more_specifics),
	    T(test_many_locators),
	    T(test_two_records),
	    T(test_itr_rlocs),
	    T(test_dropped),
	    T(test_probe),
	    T(test_probe_petr),
	    T(test_probe_petr_for_others),
	    T(test_probe_no_petr),
	    T(test_probe_petr_and_etr),
	    T(test_probe_petr_own_default),
	    T(test_rate_limit),
	    T(test_overlaps),
	    T(test_show),
	};

	return cmocka_run_group_tests_name("etr", tests, NULL, NULL);
}
