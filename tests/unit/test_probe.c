/* SPDX-License-Identifier: BSD-3-Clause */
/* RLOC-probing (RFC 9301 7.1): which probes are sent, which answers count, and what follows.
 * test_probe_time.c has many of them, and clocks. */
#include "probe_fixture.h"
#include "wire_vectors.h"

static void assert_sent(struct fixture *f, unsigned n, const char *rloc, const char *hex)
{
	const struct sent *s = &f->w.sent[n];
	uint8_t want[VECTOR_MAX];

	assert_ip(&s->dst, rloc);
	assert_int_equal(s->port, 4342);
	assert_int_equal(s->len, vector_bytes(hex, want));
	assert_memory_equal(s->p, want, s->len);
}

/* Map-Request, P, one ITR-RLOC, one record; source-EID AFI 0 (5.2, 7.1). */
#define REQUEST4 "12000001 1000000000000001 0000 0001 ac100102 "
#define REQUEST6 "12000001 1000000000000001 0000 0002 20010db8000000000000000000000002 "

static void test_request(void **state)
{
	struct fixture *f = *state;

	start(f, &f->a, "172.16.1.3", false);
	/* the caller has time to get ready */
	assert_int_equal(f->a.n_asked, 0);
	assert_int_equal(f->w.n_sent, 0);
	pass(f, 1);
	assert_int_equal(f->w.n_sent, 1);
	assert_ip(&f->w.sent[0].src, "172.16.1.2");
	assert_sent(f, 0, "172.16.1.3", REQUEST4 "00 18 0001 0a020200");
	assert_int_equal(xtr_probe_status(f->a.probe).state, XTR_PROBE_UNKNOWN);
	assert_int_equal(xtr_probe_status(f->a.probe).sent, 1);
	assert_int_equal(COUNTER(&f->w, PROBE_TX), 1);
}

static void test_request_instance(void **state)
{
	struct fixture *f = *state;

	f->a.eid = eid_in(100, "10.2.2.0/24");
	start(f, &f->a, "2001:db8::3", false);
	pass(f, 1);
	assert_ip(&f->w.sent[0].src, "2001:db8::2");
	assert_sent(
	    f, 0, "2001:db8::3", REQUEST6 "00 18 4003 0000 02 00 000a 00000064 0001 0a020200");
}

/* 5.2: the ITR-RLOC is an address that we listen on. */
static void test_request_control_address(void **state)
{
	struct fixture *f = *state;
	struct xtr_ip listens = ip("172.16.7.7");

	f->w.cfg.control_addresses = &listens;
	f->w.cfg.n_control_addresses = 1;
	start(f, &f->a, "172.16.1.3", false);
	start(f, &f->b, "2001:db8::3", false); /* no address to be answered at */
	pass(f, 1);
	assert_int_equal(f->w.n_sent, 1);
	assert_ip(&f->w.sent[0].src, "172.16.7.7");
	assert_ip(&f->w.sent[0].m.itr_rlocs[0], "172.16.7.7");
	pass(f, 3010);
	assert_int_equal(f->b.told, XTR_PROBE_SILENT);
	assert_string_equal(xtr_probe_status(f->b.probe).why, "cannot be sent: no route");
}

static void test_petr4(void **state)
{
	struct fixture *f = *state;

	start(f, &f->a, "172.16.1.3", true);
	pass(f, 1);
	assert_sent(f, 0, "172.16.1.3", REQUEST4 "00 00 0001 00000000");
	assert_int_equal(f->a.n_asked, 0);
}

static void test_petr6(void **state)
{
	struct fixture *f = *state;

	start(f, &f->a, "2001:db8::3", true);
	pass(f, 1);
	assert_sent(f, 0, "2001:db8::3", REQUEST6 "00 00 0002 00000000000000000000000000000000");
}

/* The same RLOC as an ETR's and as a PETR's. */
static void test_twice(void **state)
{
	struct fixture *f = *state;

	start(f, &f->a, "172.16.1.3", false);
	start(f, &f->b, "172.16.1.3", true);
	pass(f, 1);
	assert_int_equal(f->w.n_sent, 2);
	reply(f, 0); /* a PETR's goes first */
	assert_int_equal(f->b.told, XTR_PROBE_UP);
	assert_int_equal(f->a.n_told, 0);
	reply(f, 1);
	assert_int_equal(f->a.told, XTR_PROBE_UP);
}

static void test_up(void **state)
{
	struct fixture *f = *state;
	struct xtr_probe_status s;
	unsigned gap;

	pass(f, 500);
	start(f, &f->a, "172.16.1.3", false);
	assert_int_equal(xtr_probe_status(f->a.probe).since_ms, 500);
	pass(f, 1);
	pass(f, 25);
	reply(f, 0);
	s = xtr_probe_status(f->a.probe);
	assert_int_equal(s.state, XTR_PROBE_UP);
	assert_null(s.why);
	assert_int_equal(s.rtt_us, 25000);
	assert_int_equal(s.last_answer_ms, 526);
	assert_int_equal(s.since_ms, 526);
	assert_int_equal(s.answered, 1);
	assert_int_equal(f->a.n_told, 1);
	assert_int_equal(COUNTER(&f->w, PROBE_REPLY_OK), 1);
	/* 7.1: "periodically using a jittered timer interval" */
	gap = wait_sent(f, 1, 12000);
	assert_in_range(gap, INTERVAL * 9 / 10, INTERVAL * 11 / 10 + 1);
	assert_true(f->w.sent[1].m.nonce != f->w.sent[0].m.nonce);
	reply(f, 1);
	s = xtr_probe_status(f->a.probe);
	assert_int_equal(s.rtt_us, 1); /* less than the clock's step, but there was an answer */
	assert_int_equal(s.since_ms, 526);
	assert_int_equal(s.answered, 2);
	assert_int_equal(f->a.n_told, 1);
}

/* Never an answer: silent. Then one, and then none any more: down. */
static void test_silent_and_down(void **state)
{
	struct fixture *f = *state;
	struct xtr_probe_status s;
	unsigned gap;

	start(f, &f->a, "172.16.1.3", false);
	pass(f, 1);
	for (unsigned i = 1; i < XTR_PROBE_TRIES; i++) {
		gap = wait_sent(f, i, 1100);
		assert_in_range(gap, 1000, 1001);
		assert_true(f->w.sent[i].m.nonce != f->w.sent[i - 1].m.nonce);
		assert_int_equal(f->a.n_told, 0);
	}
	pass(f, 999);
	assert_int_equal(f->a.n_told, 0);
	pass(f, 1);
	s = xtr_probe_status(f->a.probe);
	assert_int_equal(s.state, XTR_PROBE_SILENT);
	assert_int_equal(f->a.told, XTR_PROBE_SILENT);
	assert_string_equal(s.why, "no answer to 3 probes");
	assert_int_equal(s.sent, 3);
	assert_int_equal(s.answered, 0);
	assert_int_equal(s.rtt_us, 0);
	assert_int_equal(s.last_answer_ms, 0);
	assert_int_equal(COUNTER(&f->w, PROBE_TX), 1);
	assert_int_equal(COUNTER(&f->w, PROBE_RETRANSMIT), 2);
	/* asked at every interval all the same; silent once more is no news */
	gap = wait_sent(f, 3, 12000);
	assert_in_range(gap, INTERVAL * 9 / 10, INTERVAL * 11 / 10 + 1);
	pass(f, 3100);
	assert_int_equal(f->w.n_sent, 6);
	assert_int_equal(f->a.n_told, 1);

	wait_sent(f, 6, 12000);
	reply(f, 6);
	assert_int_equal(f->a.told, XTR_PROBE_UP);
	assert_null(xtr_probe_status(f->a.probe).why);
	wait_sent(f, 7, 12000);
	pass(f, 2950);
	assert_int_equal(f->a.told, XTR_PROBE_UP);
	pass(f, 60);
	s = xtr_probe_status(f->a.probe);
	assert_int_equal(f->a.told, XTR_PROBE_DOWN);
	assert_int_equal(s.state, XTR_PROBE_DOWN);
	assert_string_equal(s.why, "no answer to 3 probes");
	assert_true(s.rtt_us); /* that of the last answer, still */
	assert_int_equal(f->a.n_told, 3);
	wait_sent(f, 10, 12000);
	reply(f, 10);
	assert_int_equal(f->a.told, XTR_PROBE_UP);
	/* one that is repeated once is up all the time */
	wait_sent(f, 11, 12000);
	wait_sent(f, 12, 1100);
	reply(f, 12);
	pass(f, 5000);
	assert_int_equal(f->a.told, XTR_PROBE_UP);
	assert_int_equal(f->w.n_sent, 13);
}

static void test_late(void **state)
{
	struct fixture *f = *state;

	start(f, &f->a, "172.16.1.3", false);
	pass(f, 1);
	wait_sent(f, 1, 1100);
	pass(f, 500);
	reply(f, 0); /* to the first try, after the second */
	assert_int_equal(f->a.told, XTR_PROBE_UP);
	assert_in_range(xtr_probe_status(f->a.probe).rtt_us, 1500000, 1501000);
	/* the round is over: that of the second says nothing new */
	reply(f, 1);
	assert_int_equal(COUNTER(&f->w, PROBE_REPLY_UNSOLICITED), 1);
	assert_int_equal(xtr_probe_status(f->a.probe).answered, 1);
	assert_in_range(xtr_probe_status(f->a.probe).rtt_us, 1500000, 1501000);

	/* after the verdict */
	wait_sent(f, 2, 12000);
	wait_sent(f, 4, 3000);
	pass(f, 1010);
	assert_int_equal(f->a.told, XTR_PROBE_DOWN);
	for (unsigned i = 0; i < 5; i++)
		reply(f, i);
	assert_int_equal(f->a.told, XTR_PROBE_DOWN);
	assert_int_equal(COUNTER(&f->w, PROBE_REPLY_UNSOLICITED), 6);
	assert_int_equal(COUNTER(&f->w, PROBE_REPLY_OK), 1);
}

static void test_forged(void **state)
{
	struct fixture *f = *state;
	uint64_t nonce;

	start(f, &f->a, "172.16.1.3", false);
	pass(f, 1);
	nonce = f->w.sent[0].m.nonce;
	reply_nonce(f, nonce ^ 1, 0);
	reply_nonce(f, nonce ^ 1ull << 63, 0);
	reply_nonce(f, 0, 0);
	reply_nonce(f, nonce, NO_PROBE_BIT);
	assert_int_equal(COUNTER(&f->w, PROBE_REPLY_UNSOLICITED), 4);
	assert_int_equal(f->a.n_told, 0);
	reply_nonce(f, nonce, 0);
	assert_int_equal(f->a.told, XTR_PROBE_UP);
	reply_nonce(f, nonce, 0); /* once */
	assert_int_equal(COUNTER(&f->w, PROBE_REPLY_UNSOLICITED), 5);
	assert_int_equal(xtr_probe_status(f->a.probe).answered, 1);
	/* nobody waits for it any more */
	wait_sent(f, 1, 12000);
	xtr_probe_stop(f->a.probe);
	reply(f, 1);
	assert_int_equal(COUNTER(&f->w, PROBE_REPLY_UNSOLICITED), 6);
	pass(f, 20000);
	assert_int_equal(f->w.n_sent, 2);
}

static void test_unsendable(void **state)
{
	struct fixture *f = *state;
	struct xtr_probe_status s;

	f->w.unreachable[0] = ip("172.16.1.3");
	start(f, &f->a, "172.16.1.3", false);
	pass(f, 2990);
	assert_int_equal(f->a.n_told, 0);
	pass(f, 20);
	s = xtr_probe_status(f->a.probe);
	assert_int_equal(s.state, XTR_PROBE_SILENT);
	assert_string_equal(s.why, "cannot be sent: no route");
	assert_int_equal(s.sent, 0);
	assert_int_equal(COUNTER(&f->w, CTL_TX_FAILED), 3);
	assert_int_equal(COUNTER(&f->w, PROBE_TX), 0);
	/* there is a way: at once, nothing was sent that it would have to wait for */
	f->w.unreachable[0] = (struct xtr_ip){0};
	xtr_probe_now(f->a.probe);
	pass(f, 1);
	assert_int_equal(f->w.n_sent, 1);
	reply(f, 0);
	assert_int_equal(f->a.told, XTR_PROBE_UP);
	/* the kernel refuses it; with another reason than before */
	f->w.send_rc = -EPERM;
	pass(f, 15000);
	s = xtr_probe_status(f->a.probe);
	assert_int_equal(s.state, XTR_PROBE_DOWN);
	assert_string_equal(s.why, "cannot be sent: no route");
	assert_int_equal(s.sent, 1);
	assert_int_equal(f->a.n_told, 3);
	f->w.send_rc = 0;
	pass(f, 15000);
	s = xtr_probe_status(f->a.probe);
	assert_int_equal(s.sent, 4);
	assert_string_equal(s.why, "no answer to 3 probes");
	assert_int_equal(f->a.n_told, 3);
}

/* Says that it is there, but nothing of the world. */
static void test_not_as_petr(void **state)
{
	struct fixture *f = *state;

	start(f, &f->a, "172.16.1.3", true);
	start(f, &f->b, "172.16.1.4", false);
	pass(f, 1);
	/* an ETR that does not know the EID any more is alive all the same */
	reply_nonce(f, f->w.sent[1].m.nonce, NO_RECORD);
	assert_int_equal(f->b.told, XTR_PROBE_UP);
	xtr_probe_stop(f->b.probe);

	reply_nonce(f, f->w.sent[0].m.nonce, NO_RECORD);
	assert_int_equal(COUNTER(&f->w, PROBE_REPLY_REFUSED), 1);
	reply(f, 0); /* that one was answered */
	assert_int_equal(COUNTER(&f->w, PROBE_REPLY_UNSOLICITED), 1);
	assert_int_equal(f->a.n_told, 0);
	/* a Map-Server that knows that nobody has it; a site with a prefix of its own */
	wait_sent(f, 2, 1100);
	reply_nonce(f, f->w.sent[2].m.nonce, EVERYTHING | NO_LOCATOR);
	assert_int_equal(COUNTER(&f->w, PROBE_REPLY_REFUSED), 2);
	wait_sent(f, 3, 1100);
	reply_nonce(f, f->w.sent[3].m.nonce, 0);
	assert_int_equal(COUNTER(&f->w, PROBE_REPLY_REFUSED), 3);
	assert_int_equal(f->a.n_told, 0);
	pass(f, 1010);
	assert_int_equal(f->w.n_sent, 4);
	assert_int_equal(f->a.told, XTR_PROBE_SILENT);
	assert_string_equal(xtr_probe_status(f->a.probe).why, "answers, but not as a PETR");
	assert_int_equal(xtr_probe_status(f->a.probe).answered, 0);
	/* it becomes one, and ceases to be one */
	wait_sent(f, 4, 12000);
	reply(f, 4);
	assert_int_equal(f->a.told, XTR_PROBE_UP);
	wait_sent(f, 5, 12000);
	for (unsigned n = 5; n < 8; n++) {
		wait_sent(f, n, 1100);
		reply_nonce(f, f->w.sent[n].m.nonce, NO_RECORD);
	}
	pass(f, 1000);
	assert_int_equal(f->a.told, XTR_PROBE_DOWN);
	assert_string_equal(xtr_probe_status(f->a.probe).why, "answers, but not as a PETR");
	/* then it is gone */
	wait_sent(f, 8, 12000);
	pass(f, 3010);
	assert_string_equal(xtr_probe_status(f->a.probe).why, "no answer to 3 probes");
	assert_int_equal(f->a.n_told, 3);
}

static void test_short_interval(void **state)
{
	struct fixture *f = *state;

	f->w.cfg.lisp.probe_interval_ms = 100;
	start(f, &f->a, "172.16.1.3", false);
	pass(f, 1);
	assert_in_range(wait_sent(f, 1, 200), 100, 101);
	assert_in_range(wait_sent(f, 2, 200), 100, 101);
	pass(f, 99);
	assert_int_equal(f->a.n_told, 0);
	pass(f, 1);
	assert_int_equal(f->a.told, XTR_PROBE_SILENT);
	assert_in_range(wait_sent(f, 3, 200), 90, 111);
}

static void test_off(void **state)
{
	struct fixture *f = *state;

	f->w.cfg.lisp.probe_interval_ms = 0;
	start(f, &f->a, "172.16.1.3", false);
	start(f, &f->b, "172.16.1.3", true);
	xtr_probe_now(f->a.probe);
	assert_int_equal(f->w.wheel.n_armed, 0);
	pass(f, 30000);
	assert_int_equal(f->w.n_sent, 0);
	assert_int_equal(xtr_probe_status(f->a.probe).state, XTR_PROBE_UNKNOWN);
	assert_null(xtr_probe_status(f->a.probe).why);
	assert_int_equal(f->a.n_told + f->a.n_asked + f->b.n_told, 0);
}

/* No mapping names the RLOC: nothing to ask about. */
static void test_no_eid(void **state)
{
	struct fixture *f = *state;
	struct xtr_eid e = f->a.eid;
	unsigned ms = 0;

	f->a.eid = (struct xtr_eid){0};
	start(f, &f->a, "172.16.1.3", false);
	pass(f, 8990);
	assert_int_equal(f->a.n_asked, 1);
	pass(f, 2100);
	assert_int_equal(f->a.n_asked, 2);
	f->a.eid = e;
	wait_sent(f, 0, 12000);
	/* it goes between two tries: no verdict */
	f->a.eid = (struct xtr_eid){0};
	while (f->a.n_asked < 4 && ms++ < 1100)
		pass(f, 1);
	assert_in_range(ms, 1000, 1001);
	reply(f, 0); /* of a round that has ended */
	assert_int_equal(COUNTER(&f->w, PROBE_REPLY_UNSOLICITED), 1);
	pass(f, 8990);
	assert_int_equal(f->a.n_asked, 4);
	assert_int_equal(f->w.n_sent, 1);
	assert_int_equal(f->a.n_told, 0);
}

static void test_now(void **state)
{
	struct fixture *f = *state;

	start(f, &f->a, "172.16.1.3", false);
	xtr_probe_now(f->a.probe); /* it waits for its turn already */
	pass(f, 1);
	assert_int_equal(f->w.n_sent, 1);
	reply(f, 0);
	pass(f, 4000);
	xtr_probe_now(f->a.probe);
	pass(f, 1);
	assert_int_equal(f->w.n_sent, 2);
	reply(f, 1);
	/* 5.3: one a second, however often the way changes */
	for (unsigned i = 0; i < 300; i++) {
		xtr_probe_now(f->a.probe);
		pass(f, 10);
	}
	assert_int_equal(f->w.n_sent, 4);
	assert_int_equal(f->a.told, XTR_PROBE_UP);
	/* what was sent before the way changed does not count against it: three more */
	reply(f, 3);
	wait_sent(f, 6, 15000);
	xtr_probe_now(f->a.probe);
	pass(f, 3010);
	assert_int_equal(f->w.n_sent, 10);
	assert_int_equal(f->a.told, XTR_PROBE_UP);
	reply(f, 7); /* but its late answer counts */
	assert_int_equal(COUNTER(&f->w, PROBE_REPLY_OK), 4);
	/* the one after it comes at its interval */
	pass(f, 8990);
	assert_int_equal(f->w.n_sent, 10);
}

/* The same, to the end: the verdict is on the tries by the new way. */
static void test_now_verdict(void **state)
{
	struct fixture *f = *state;

	start(f, &f->a, "172.16.1.3", false);
	xtr_probe_now(f->a.probe); /* before any try: that changes nothing */
	wait_sent(f, 2, 2100);
	pass(f, 990);
	xtr_probe_now(f->a.probe);
	pass(f, 20);
	assert_int_equal(f->w.n_sent, 4);
	assert_int_equal(f->a.n_told, 0);
	pass(f, 3010);
	assert_int_equal(f->w.n_sent, 6);
	assert_int_equal(f->a.told, XTR_PROBE_SILENT);
}

/* It must come even if the way never stays the same. */
static void test_now_for_ever(void **state)
{
	struct fixture *f = *state;

	start(f, &f->a, "172.16.1.3", false);
	for (unsigned i = 0; i < 650; i++) {
		pass(f, 10);
		xtr_probe_now(f->a.probe);
	}
	assert_int_equal(f->a.told, XTR_PROBE_SILENT);
	assert_in_range(f->w.n_sent, 4, 7);
}

/* A machine that starts: first the daemon, then its routes. */
static void test_now_first(void **state)
{
	struct fixture *f = *state;

	f->w.unreachable[0] = ip("172.16.1.3");
	start(f, &f->a, "172.16.1.3", false);
	pass(f, 100);
	f->w.unreachable[0] = (struct xtr_ip){0};
	xtr_probe_now(f->a.probe);
	pass(f, 1);
	assert_int_equal(f->w.n_sent, 1);
}

static void test_stop_when_told(void **state)
{
	struct fixture *f = *state;

	/* itself, when answered */
	f->a.stops = &f->a;
	start(f, &f->a, "172.16.1.3", false);
	pass(f, 1);
	reply(f, 0);
	assert_int_equal(f->a.n_told, 1);
	assert_null(f->a.probe);
	/* itself, when given up */
	start(f, &f->a, "172.16.1.3", false);
	pass(f, 3010);
	assert_int_equal(f->a.n_told, 2);
	assert_null(f->a.probe);
	assert_int_equal(f->w.n_sent, 4);
	/* the other, whose time has come too; whichever of the two is told first */
	f->a.stops = &f->b;
	f->b.stops = &f->a;
	start(f, &f->a, "172.16.1.3", false);
	start(f, &f->b, "172.16.1.4", true);
	f->a.told = f->b.told = XTR_PROBE_UNKNOWN;
	pass(f, 3010);
	assert_int_equal(f->a.n_told + f->b.n_told, 3);
	assert_int_not_equal(!f->a.probe, !f->b.probe);
	assert_int_equal(f->w.n_sent, 10);
	pass(f, 15000);
	assert_int_equal(f->w.n_sent, 13);
	/* one that waits for its turn */
	f->a.stops = f->b.stops = NULL;
	xtr_probe_stop(f->a.probe);
	xtr_probe_stop(f->b.probe);
	start(f, &f->a, "172.16.1.3", false);
	start(f, &f->b, "172.16.1.4", false);
	xtr_probe_stop(f->a.probe);
	xtr_probe_stop(NULL);
	pass(f, 1);
	assert_int_equal(f->w.n_sent, 14);
	assert_ip(&f->w.sent[13].dst, "172.16.1.4");
}

static void test_names(void **state)
{
	assert_string_equal(xtr_probe_state_name(XTR_PROBE_UNKNOWN), "unknown");
	assert_string_equal(xtr_probe_state_name(XTR_PROBE_UP), "up");
	assert_string_equal(xtr_probe_state_name(XTR_PROBE_SILENT), "silent");
	assert_string_equal(xtr_probe_state_name(XTR_PROBE_DOWN), "down");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_request),
	    T(test_request_instance),
	    T(test_request_control_address),
	    T(test_petr4),
	    T(test_petr6),
	    T(test_twice),
	    T(test_up),
	    T(test_silent_and_down),
	    T(test_late),
	    T(test_forged),
	    T(test_unsendable),
	    T(test_not_as_petr),
	    T(test_short_interval),
	    T(test_off),
	    T(test_no_eid),
	    T(test_now),
	    T(test_now_verdict),
	    T(test_now_for_ever),
	    T(test_now_first),
	    T(test_stop_when_told),
	    T(test_names),
	};

	return cmocka_run_group_tests_name("probe", tests, NULL, NULL);
}
