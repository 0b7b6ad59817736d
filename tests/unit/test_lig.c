/* SPDX-License-Identifier: BSD-3-Clause */
/* lig (RFC 6835): what is asked, whom, how often, and what is said about the answer. */
#include "xtr_fixture.h"

#include <time.h>
#include "control/lisp/lig.h"

#define OPEN_MAX 64

struct fixture {
	struct world w; /* first: callbacks get it */
	struct xtr_ip resolvers[2];
	struct xtr_cfg_mapping database[4];
	struct xtr_ligs *ligs;
	unsigned n_answers, n_errors;
	json_t *answer; /* the last one */
	char err[512];
};

static void on_done(void *arg, json_t *answer, const char *err)
{
	struct fixture *f = arg;

	if (answer) {
		assert_null(err);
		json_decref(f->answer);
		f->answer = answer;
		f->n_answers++;
	} else {
		snprintf(f->err, sizeof(f->err), "%s", err);
		f->n_errors++;
	}
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	world_init(&f->w);
	f->resolvers[0] = ip("172.16.1.1");
	f->resolvers[1] = ip("172.16.1.9");
	f->w.cfg.map_resolvers = f->resolvers;
	f->w.cfg.n_map_resolvers = 1;
	f->database[0].eid = eid_in(100, "10.7.7.0/24");
	f->database[1].eid = eid("2001:db8:1::/48");
	f->database[2].eid = eid("10.1.1.0/24");
	f->database[3].eid = eid("10.1.2.0/24");
	f->w.cfg.database = f->database;
	f->w.cfg.n_database = 4;
	f->ligs = xtr_ligs_create(&f->w.l);
	assert_non_null(f->ligs);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	xtr_ligs_destroy(f->ligs);
	json_decref(f->answer);
	world_fini(&f->w);
	free(f);
	return 0;
}

#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

static struct xtr_lig *ask_in(struct fixture *f, uint32_t iid, const char *address, const char *to)
{
	struct xtr_eid e = eid_in(iid, address);
	struct xtr_ip resolver = ip(to ? to : "0.0.0.0");
	const char *err = NULL;
	struct xtr_lig *lig = xtr_lig_ask(f->ligs, &e, to ? &resolver : NULL, on_done, f, &err);

	assert_true(lig ? !err : err != NULL);
	if (!lig)
		snprintf(f->err, sizeof(f->err), "%s", err);
	assert_int_equal(f->n_answers + f->n_errors, 0); /* never from inside */
	return lig;
}

static struct xtr_lig *ask(struct fixture *f, const char *address)
{
	return ask_in(f, 0, address, NULL);
}

/* The Map-Request inside the ECM that was sent as number n. */
static struct xtr_msg request(struct fixture *f, unsigned n)
{
	struct xtr_msg m;

	assert_true(n < f->w.n_sent);
	assert_int_equal(f->w.sent[n].m.type, XTR_MSG_ECM);
	assert_int_equal(f->w.sent[n].port, 4342);
	assert_int_equal(xtr_msg_read(f->w.sent[n].m.inner, f->w.sent[n].m.inner_len, &m, NULL), 0);
	assert_int_equal(m.type, XTR_MSG_MAP_REQUEST);
	return m;
}

static void assert_asked(const struct xtr_msg *m, const char *text)
{
	const uint8_t *cursor = NULL;
	struct xtr_eid e;

	assert_int_equal(m->n_records, 1);
	assert_true(xtr_request_eid_next(m, &cursor, &e));
	assert_eid(&e, text);
}

/* Gives a message to the questions: was it theirs? */
static bool deliver(struct fixture *f, const uint8_t *p, size_t len)
{
	struct xtr_peer from = {ip("172.16.1.3"), 4342, ip("172.16.1.2")};
	uint8_t *copy = malloc(len); /* so that a read beyond the end is seen */
	struct xtr_msg m;
	bool taken;

	memcpy(copy, p, len);
	assert_int_equal(xtr_msg_read(copy, len, &m, NULL), 0);
	taken = xtr_ligs_reply(f->ligs, &from, &m);
	free(copy);
	return taken;
}

static const struct xtr_locator no_locators[1];

/* A Map-Reply with one record, and locators up to one of priority 0. */
static bool reply_probe(struct fixture *f, uint64_t nonce, bool probe, struct xtr_record rec,
    const struct xtr_locator *locators)
{
	uint8_t p[512];
	struct xtr_writer w;

	xtr_writer_init(&w, p, sizeof(p));
	xtr_write_map_reply(&w, nonce, probe);
	xtr_write_record(&w, &rec);
	for (; locators->priority; locators++)
		xtr_write_locator(&w, locators);
	assert_int_equal(xtr_writer_result(&w), 0);
	return deliver(f, p, w.len);
}

static bool reply(
    struct fixture *f, uint64_t nonce, struct xtr_record rec, const struct xtr_locator *locators)
{
	return reply_probe(f, nonce, false, rec, locators);
}

static void assert_json(json_t *doc, const char *text)
{
	json_t *want = json_loads(text, JSON_DECODE_ANY, NULL);
	char *have = json_dumps(doc, JSON_ENCODE_ANY | JSON_COMPACT);

	assert_non_null(want);
	if (!json_equal(doc, want))
		fail_msg("%s instead of %s", have, text);
	json_decref(want);
	free(have);
}

static void test_question_and_answer(void **state)
{
	struct fixture *f = *state;
	const struct xtr_locator locators[] = {
	    {.ip = ip("172.16.1.3"), .priority = 1, .weight = 50, .reachable = true, .local = true},
	    {.ip = ip("2001:db8::3"), .priority = 2, .weight = 100},
	    {.priority = 0},
	};
	struct xtr_msg m;

	assert_non_null(ask(f, "10.2.2.5"));
	assert_int_equal(f->w.n_sent, 1);
	assert_ip(&f->w.sent[0].dst, "172.16.1.1");
	assert_ip(&f->w.sent[0].src, "172.16.1.2");
	m = request(f, 0);
	assert_asked(&m, "10.2.2.5/32");
	assert_int_equal(m.nonce, 0x1000000000000001);
	/* the site's first EID of that instance and family, host bits 0, is who asks */
	assert_ip(&m.source_eid.ip, "10.1.1.0");
	assert_ip(&f->w.sent[0].m.inner_src, "10.1.1.0");
	assert_ip(&f->w.sent[0].m.inner_dst, "10.2.2.5");
	assert_int_equal(m.n_itr_rlocs, 1);
	assert_ip(&m.itr_rlocs[0], "172.16.1.2");
	assert_false(m.authoritative || m.map_data || m.probe || m.smr || m.pitr || m.smr_invoked ||
		     m.local_xtr || m.dont_reply);
	assert_int_equal(COUNTER(&f->w, LIG_REQ_TX), 1);

	xtr_clock_advance(&f->w.wheel, 7);
	assert_true(reply(f, m.nonce,
	    (struct xtr_record){.eid = eid("10.2.2.0/24"), .ttl = 1440, .authoritative = true},
	    locators));
	assert_int_equal(f->n_answers, 1);
	assert_json(f->answer,
	    "{\"eid\":\"10.2.2.5\",\"instance\":0,\"map_resolver\":\"172.16.1.1\","
	    "\"from\":\"172.16.1.3\",\"rtt_ms\":7.0,\"nonce\":\"0x10000000-0x00000001\","
	    "\"tries\":1,\"covers_eid\":true,\"records\":[{\"instance\":0,\"eid\":\"10.2.2.0/24\","
	    "\"ttl_min\":1440,\"action\":\"encapsulate\",\"authoritative\":true,\"locators\":["
	    "{\"rloc\":\"172.16.1.3\",\"priority\":1,\"weight\":50,\"reachable\":true,\"local\":"
	    "true},"
	    "{\"rloc\":\"2001:db8::3\",\"priority\":2,\"weight\":100,\"reachable\":false,\"local\":"
	    "false}]}]}");
	assert_int_equal(COUNTER(&f->w, LIG_REPLY), 1);
	/* answered: nothing more is sent, and the same reply once more is nobody's */
	assert_int_equal(f->w.wheel.n_armed, 0);
	assert_false(reply(f, m.nonce, (struct xtr_record){.eid = eid("10.2.2.0/24")}, locators));
	assert_int_equal(f->n_answers, 1);
}

/* RTT is that of the real clock, in parts of a millisecond. */
static void test_real_round_trip_time(void **state)
{
	struct fixture *f = *state;
	uint64_t before, asked, replied;
	double rtt;

	f->w.wheel.manual = false;
	before = xtr_lisp_now_us(&f->w.l);
	assert_non_null(ask(f, "10.2.2.5"));
	asked = xtr_lisp_now_us(&f->w.l);
	do
		replied = xtr_lisp_now_us(&f->w.l);
	while (replied - asked < 300);
	assert_true(reply(
	    f, request(f, 0).nonce, (struct xtr_record){.eid = eid("10.2.2.0/24")}, no_locators));
	rtt = json_real_value(at(f->answer, "rtt_ms"));
	assert_true(rtt >= (double)(replied - asked) / 1000.0);
	assert_true(rtt <= (double)(xtr_lisp_now_us(&f->w.l) - before) / 1000.0);
	f->w.wheel.manual = true;
}

static void test_instances_and_families(void **state)
{
	struct fixture *f = *state;
	struct xtr_msg m;

	assert_non_null(ask_in(f, 100, "10.2.2.5", NULL));
	m = request(f, 0);
	assert_asked(&m, "[100] 10.2.2.5/32");
	assert_int_equal(m.source_eid.iid, 100);
	assert_ip(&m.source_eid.ip, "10.7.7.0");
	assert_non_null(ask(f, "2001:db8:2::5"));
	m = request(f, 1);
	assert_asked(&m, "2001:db8:2::5/128");
	assert_ip(&m.source_eid.ip, "2001:db8:1::");
	assert_ip(&f->w.sent[1].m.inner_src, "2001:db8:1::");
	assert_ip(&f->w.sent[1].m.inner_dst, "2001:db8:2::5");
	/* no EID of ours in the instance: AFI 0, and the ITR-RLOC is the inner source */
	assert_non_null(ask_in(f, 200, "10.2.2.5", NULL));
	m = request(f, 2);
	assert_int_equal(m.source_eid.ip.af, 0);
	assert_ip(&f->w.sent[2].m.inner_src, "172.16.1.2");
	assert_ip(&m.itr_rlocs[0], "172.16.1.2");
	/* where that is of the other family, the EID asked for */
	assert_non_null(ask_in(f, 200, "2001:db8:2::5", NULL));
	m = request(f, 3);
	assert_int_equal(m.source_eid.ip.af, 0);
	assert_ip(&f->w.sent[3].m.inner_src, "2001:db8:2::5");
	assert_ip(&m.itr_rlocs[0], "172.16.1.2");
	assert_non_null(ask_in(f, 200, "2001:db8:2::5", "2001:db8::1"));
	m = request(f, 4);
	assert_ip(&f->w.sent[4].m.inner_src, "2001:db8::2");
	assert_ip(&m.itr_rlocs[0], "2001:db8::2");
	/* an EID database of everything has no address to ask from */
	f->database[2].eid = eid("0.0.0.0/0");
	assert_non_null(ask(f, "10.2.2.5"));
	assert_ip(&f->w.sent[5].m.inner_src, "10.1.2.0");

	/* answers find their questions in any order */
	assert_true(reply(f, request(f, 1).nonce,
	    (struct xtr_record){.eid = eid("2001:db8:2::/48")}, no_locators));
	assert_string_equal(json_string_value(at(f->answer, "eid")), "2001:db8:2::5");
	assert_true(json_is_true(at(f->answer, "covers_eid")));
	assert_true(reply(f, request(f, 0).nonce,
	    (struct xtr_record){.eid = eid_in(100, "10.2.2.0/24")}, no_locators));
	assert_string_equal(json_string_value(at(f->answer, "eid")), "10.2.2.5");
	assert_int_equal(json_integer_value(at(f->answer, "instance")), 100);
	assert_int_equal(json_integer_value(at(f->answer, "records.0.instance")), 100);
	assert_string_equal(json_string_value(at(f->answer, "records.0.eid")), "10.2.2.0/24");
	assert_true(json_is_true(at(f->answer, "covers_eid")));
	assert_int_equal(f->n_answers, 2);
}

static void test_negative(void **state)
{
	struct fixture *f = *state;

	assert_non_null(ask(f, "10.9.9.9"));
	assert_true(reply(f, request(f, 0).nonce,
	    (struct xtr_record){
		.eid = eid("10.8.0.0/13"), .ttl = 15, .act = XTR_ACT_NATIVELY_FORWARD},
	    no_locators));
	assert_json(at(f->answer, "records.0"),
	    "{\"instance\":0,\"eid\":\"10.8.0.0/"
	    "13\",\"ttl_min\":15,\"action\":\"natively-forward\","
	    "\"authoritative\":false,\"locators\":[]}");
	assert_true(json_is_true(at(f->answer, "covers_eid")));
}

/* Whatever comes is shown, also what an ITR would not believe. */
static void test_odd_answers(void **state)
{
	static const uint8_t empty[12] = {
	    0x20, 0, 0, 0, 0x10, 0, 0, 0, 0, 0, 0, 3}; /* no record, the third nonce */
	const struct xtr_locator locators[] = {
	    {.ip = {.af = 0}, .priority = 1, .weight = 1}, /* AFI 0 */
	    {.priority = 0},
	};
	struct fixture *f = *state;

	assert_non_null(ask(f, "10.2.2.5"));
	assert_true(reply(f, request(f, 0).nonce,
	    (struct xtr_record){.eid = eid("10.3.0.0/16"), .ttl = XTR_TTL_FOREVER}, locators));
	assert_true(json_is_false(at(f->answer, "covers_eid")));
	assert_string_equal(json_string_value(at(f->answer, "records.0.eid")), "10.3.0.0/16");
	assert_true(json_is_null(at(f->answer, "records.0.ttl_min")));
	assert_true(json_is_null(at(f->answer, "records.0.locators.0.rloc")));
	f->n_answers = 0;
	/* the same address of another instance */
	assert_non_null(ask(f, "10.2.2.5"));
	assert_true(reply(f, request(f, 1).nonce,
	    (struct xtr_record){.eid = eid_in(7, "10.2.2.0/24")}, no_locators));
	assert_true(json_is_false(at(f->answer, "covers_eid")));
	f->n_answers = 0;
	/* nothing at all */
	assert_non_null(ask(f, "10.2.2.5"));
	assert_true(deliver(f, empty, sizeof(empty)));
	assert_true(json_is_false(at(f->answer, "covers_eid")));
	assert_int_equal(json_array_size(at(f->answer, "records")), 0);
}

static void test_no_answer(void **state)
{
	struct fixture *f = *state;

	assert_non_null(ask_in(f, 0, "10.2.2.5", "172.16.1.1"));
	for (unsigned i = 1; i <= XTR_LIG_TRIES; i++) {
		xtr_clock_advance(&f->w.wheel, 999);
		assert_int_equal(f->w.n_sent, i);
		assert_int_equal(f->n_errors, 0);
		xtr_clock_advance(&f->w.wheel, 1);
	}
	assert_int_equal(f->w.n_sent, 3);
	assert_int_equal(f->n_errors, 1);
	assert_string_equal(f->err, "no Map-Reply for 10.2.2.5 after 3 Map-Requests to 172.16.1.1");
	assert_int_equal(f->w.wheel.n_armed, 0);
	assert_false(reply(
	    f, request(f, 2).nonce, (struct xtr_record){.eid = eid("10.2.2.0/24")}, no_locators));
	assert_int_equal(f->n_answers, 0);
}

static void test_no_answer_of_two(void **state)
{
	struct fixture *f = *state;

	f->w.cfg.n_map_resolvers = 2;
	assert_non_null(ask_in(f, 100, "10.2.2.5", NULL));
	xtr_clock_advance(&f->w.wheel, 3000);
	assert_int_equal(f->w.n_sent, 3);
	assert_ip(&f->w.sent[0].dst, "172.16.1.1");
	assert_ip(&f->w.sent[1].dst, "172.16.1.9");
	assert_ip(&f->w.sent[2].dst, "172.16.1.1");
	assert_string_equal(f->err, "no Map-Reply for 10.2.2.5 in instance 100 after 3 "
				    "Map-Requests to 172.16.1.1, 172.16.1.9");
}

/* The try that is answered is the one that time and Map-Resolver are told of. */
static void test_late_answer(void **state)
{
	struct fixture *f = *state;

	f->w.cfg.n_map_resolvers = 2;
	assert_non_null(ask(f, "10.2.2.5"));
	xtr_clock_advance(&f->w.wheel, 1200);
	assert_int_equal(f->w.n_sent, 2);
	assert_true(request(f, 0).nonce != request(f, 1).nonce);
	assert_true(reply(
	    f, request(f, 0).nonce, (struct xtr_record){.eid = eid("10.2.2.0/24")}, no_locators));
	assert_string_equal(json_string_value(at(f->answer, "map_resolver")), "172.16.1.1");
	assert_true(json_real_value(at(f->answer, "rtt_ms")) == 1200.0);
	assert_int_equal(json_integer_value(at(f->answer, "tries")), 2);
	f->n_answers = 0;

	assert_non_null(ask(f, "10.2.2.5"));
	xtr_clock_advance(&f->w.wheel, 1200);
	assert_true(reply(
	    f, request(f, 3).nonce, (struct xtr_record){.eid = eid("10.2.2.0/24")}, no_locators));
	assert_string_equal(json_string_value(at(f->answer, "map_resolver")), "172.16.1.9");
	assert_true(json_real_value(at(f->answer, "rtt_ms")) == 200.0);
}

static void test_replies_to_others(void **state)
{
	struct fixture *f = *state;
	struct xtr_record rec = {.eid = eid("10.2.2.0/24")};
	uint64_t nonce;

	assert_false(reply(f, 0, rec, no_locators));
	assert_non_null(ask(f, "10.2.2.5"));
	nonce = request(f, 0).nonce;
	/* a wrong nonce, 0 too (the nonces of tries that were not needed), and a probe's */
	assert_false(reply(f, nonce + 1, rec, no_locators));
	assert_false(reply(f, 0, rec, no_locators));
	assert_false(reply_probe(f, nonce, true, rec, no_locators));
	assert_int_equal(f->n_answers + f->n_errors, 0);
	assert_true(reply(f, nonce, rec, no_locators));
	assert_int_equal(f->n_answers, 1);
}

static void test_cancel(void **state)
{
	struct fixture *f = *state;
	struct xtr_lig *a = ask(f, "10.2.2.5"), *b = ask(f, "10.2.2.6");
	struct xtr_record rec = {.eid = eid("10.2.2.0/24")};

	xtr_lig_cancel(a);
	assert_false(reply(f, request(f, 0).nonce, rec, no_locators));
	xtr_clock_advance(&f->w.wheel, 1000);
	assert_int_equal(f->w.n_sent, 3);
	assert_non_null(b);
	assert_true(reply(f, request(f, 1).nonce, rec, no_locators));
	assert_int_equal(f->n_answers, 1);
	assert_int_equal(f->n_errors, 0);
	f->n_answers = 0;
	/* open at the end: teardown finds no timer */
	assert_non_null(ask(f, "10.2.2.7"));
}

static void test_refused(void **state)
{
	struct fixture *f = *state;
	struct xtr_lig *last = NULL;

	assert_null(ask(f, "224.0.0.5"));
	assert_null(ask(f, "::"));
	assert_null(ask_in(f, 0, "10.2.2.5", "255.255.255.255"));
	assert_string_equal(f->err, "a unicast address is wanted");
	for (unsigned i = 0; i < OPEN_MAX; i++) {
		last = ask(f, "10.2.2.5");
		assert_non_null(last);
	}
	assert_null(ask(f, "10.2.2.5"));
	assert_string_equal(f->err, "too many questions are open");
	xtr_lig_cancel(last);
	assert_non_null(ask(f, "10.2.2.5"));
	xtr_clock_advance(&f->w.wheel, 3000);
	assert_int_equal(f->n_errors, OPEN_MAX);
	f->n_errors = 0;
	/* a Map-Server that is no ITR */
	f->w.cfg.n_map_resolvers = 0;
	assert_null(ask(f, "10.2.2.5"));
	assert_string_equal(f->err, "no map-resolver is configured: name one with 'to'");
	assert_non_null(ask_in(f, 0, "10.2.2.5", "172.16.1.9"));
}

static void test_no_way(void **state)
{
	struct fixture *f = *state;

	f->w.cfg.n_map_resolvers = 2;
	f->w.unreachable[0] = ip("172.16.1.1");
	/* one that cannot be reached costs no time */
	assert_non_null(ask(f, "10.2.2.5"));
	assert_int_equal(f->w.n_sent, 1);
	assert_ip(&f->w.sent[0].dst, "172.16.1.9");
	/* the way to the other goes too: the answer may still come */
	f->w.unreachable[1] = ip("172.16.1.9");
	xtr_clock_advance(&f->w.wheel, 2999);
	assert_int_equal(f->n_errors, 0);
	xtr_clock_advance(&f->w.wheel, 1);
	assert_string_equal(f->err, "no Map-Reply for 10.2.2.5 after 1 Map-Request to 172.16.1.9");
	/* nobody to be asked: said at once, but not from inside */
	f->n_errors = 0;
	assert_non_null(ask(f, "10.2.2.5"));
	xtr_clock_advance(&f->w.wheel, 1);
	assert_int_equal(f->n_errors, 1);
	assert_string_equal(f->err,
	    "a Map-Request for 10.2.2.5 cannot be sent to 172.16.1.9: Network is unreachable");
	assert_int_equal(f->w.n_sent, 1);
	f->n_errors = 0;
	f->w.send_rc = -EPERM;
	assert_non_null(ask_in(f, 0, "10.2.2.5", "172.16.1.2"));
	xtr_clock_advance(&f->w.wheel, 1);
	assert_string_equal(f->err,
	    "a Map-Request for 10.2.2.5 cannot be sent to 172.16.1.2: Operation not permitted");
	assert_int_equal(f->w.wheel.n_armed, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_question_and_answer),
	    T(test_real_round_trip_time),
	    T(test_instances_and_families),
	    T(test_negative),
	    T(test_odd_answers),
	    T(test_no_answer),
	    T(test_no_answer_of_two),
	    T(test_late_answer),
	    T(test_replies_to_others),
	    T(test_cancel),
	    T(test_refused),
	    T(test_no_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
