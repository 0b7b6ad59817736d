/* SPDX-License-Identifier: BSD-3-Clause */
/* ITR: Map-Replies (RFC 9301 5.4, 5.5) and the map-cache (RFC 9300 6). */
#include "itr_clear.h"
#include "itr_fixture.h"

#define MINUTE 60000u

static void test_reply(void **state)
{
	static const char *const rlocs[] = {"172.16.1.3", "172.16.1.4", NULL};
	struct fixture *f = *state;
	struct xtr_mapping *m;
	struct reply r;

	start(f);
	want(f, "10.2.2.5");
	want(f, "10.2.2.5");
	xtr_clock_advance(&f->w.wheel, 20);
	reply_begin(&r, nonce(f, 0), false);
	reply_record(&r, eid("10.2.2.0/24"), 1440, 0, rlocs);
	reply_send(f, &r);
	m = find(f, "10.2.2.0/24");
	assert_non_null(m);
	assert_int_equal(m->source, XTR_FROM_MAP_REPLY);
	assert_int_equal(m->n_locators, 2);
	assert_ip(&m->locators[0].rloc, "172.16.1.3");
	assert_int_equal(m->locators[0].priority, 1);
	assert_int_equal(m->locators[0].weight, 50);
	assert_true(m->locators[0].reachable);
	assert_ip(&m->locators[1].rloc, "172.16.1.4");
	assert_int_equal(m->ttl_min, 1440);
	assert_int_equal(xtr_mapping_expires_ms(m), 20 + 1440 * MINUTE);
	assert_int_equal(f->waiting[0].released, 2);
	assert_int_equal(COUNTER(&f->w, ITR_REPLY_OK), 1);
	/* all of the prefix has its answer now */
	assert_ptr_equal(
	    xtr_itr_lookup(f->itr, &(struct xtr_eid){.plen = 32, .ip = ip("10.2.2.99")}), m);

	/* 5.3: its nonce is no longer outstanding */
	reply_with(f, nonce(f, 0), "10.2.2.0/24", 1440, 0, "172.16.1.66");
	assert_int_equal(COUNTER(&f->w, ITR_REPLY_UNSOLICITED), 1);
	assert_int_equal(find(f, "10.2.2.0/24")->n_locators, 2);

	/* RFC 9300 6: expires with its TTL, not a moment before */
	xtr_clock_advance(&f->w.wheel, 1440 * MINUTE - 1);
	assert_non_null(find(f, "10.2.2.0/24"));
	xtr_clock_advance(&f->w.wheel, 1);
	assert_null(find(f, "10.2.2.0/24"));
	assert_int_equal(COUNTER(&f->w, ITR_EXPIRED), 1);
	assert_int_equal(f->n_removed, 1);
	want(f, "10.2.2.5");
	assert_int_equal(f->w.n_sent, 2);
}

static void test_unsolicited(void **state)
{
	static const char *const rlocs[] = {"172.16.1.66", NULL};
	struct fixture *f = *state;
	struct reply r;

	start(f);
	reply_with(f, 0, "10.2.2.0/24", 1440, 0, "172.16.1.66");
	want(f, "10.2.2.5");
	reply_with(f, nonce(f, 0) ^ 1ull << 63, "10.2.2.0/24", 1440, 0, "172.16.1.66");
	/* 5.4: an answer to a probe, and we sent none */
	reply_begin(&r, nonce(f, 0), true);
	reply_record(&r, eid("10.2.2.0/24"), 1440, 0, rlocs);
	reply_send(f, &r);
	assert_int_equal(COUNTER(&f->w, ITR_REPLY_UNSOLICITED), 3);
	assert_null(find(f, "10.2.2.0/24"));
	assert_int_equal(f->released, 0);
}

/* Refused as a whole; the real answer is still waited for. */
static void refused(struct fixture *f, struct reply *r, const char *why)
{
	uint64_t before = COUNTER(&f->w, ITR_REPLY_REFUSED);
	unsigned installed = f->n_installed;

	reply_send(f, r);
	assert_int_equal(COUNTER(&f->w, ITR_REPLY_REFUSED), before + 1);
	assert_int_equal(logged(&f->w, "<4>", "10.2.2.5/32", "172.16.1.3", why, NULL), 1);
	assert_int_equal(f->n_installed, installed);
	assert_int_equal(f->released, 0);
}

static void test_refused(void **state)
{
	static const char *const rlocs[] = {"172.16.1.3", NULL};
	struct fixture *f = *state;
	struct reply r;
	uint64_t n;

	f->w.cfg.lisp.min_reply_plen4 = 8;
	start(f);
	want(f, "10.2.2.5");
	n = nonce(f, 0);

	reply_begin(&r, n, false);
	refused(f, &r, "no record covers");
	reply_begin(&r, n, false); /* beside what was asked */
	reply_record(&r, eid("10.2.3.0/24"), 1440, 0, rlocs);
	reply_send(f, &r);
	reply_begin(&r, n, false); /* another instance */
	reply_record(&r, eid_in(100, "10.2.2.0/24"), 1440, 0, rlocs);
	reply_send(f, &r);
	reply_begin(&r, n, false);
	reply_record(&r, eid("2001:db8::/32"), 1440, 0, rlocs);
	reply_send(f, &r);
	assert_int_equal(COUNTER(&f->w, ITR_REPLY_REFUSED), 4);

	/* 5.5: the covering prefix and its more-specifics: nothing else may ride along */
	reply_begin(&r, n, false);
	reply_record(&r, eid("10.2.2.0/24"), 1440, 0, rlocs);
	reply_record(&r, eid("10.9.9.0/24"), 1440, 0, rlocs);
	refused(f, &r, "outside the prefix");
	reply_begin(&r, n, false);
	reply_record(&r, eid_in(100, "10.2.2.0/24"), 1440, 0, rlocs);
	reply_record(&r, eid("10.2.2.0/24"), 1440, 0, rlocs);
	refused(f, &r, "another family or instance");
	reply_begin(&r, n, false);
	reply_record(&r, eid("10.0.0.0/7"), 1440, 0, rlocs);
	refused(f, &r, "shorter");
	f->own = eid("10.2.2.128/25");
	reply_begin(&r, n, false);
	reply_record(&r, eid("10.2.2.0/24"), 1440, 0, rlocs);
	refused(f, &r, "own EID database");
	f->own = eid("10.1.1.0/24");

	assert_null(find(f, "10.2.2.0/24"));
	xtr_clock_advance(&f->w.wheel, 1000);
	assert_int_equal(f->w.n_sent, 2);
	reply_with(f, n, "10.2.2.0/24", 1440, 0, "172.16.1.3");
	assert_int_equal(f->released, 1);
}

static void test_negative(void **state)
{
	struct fixture *f = *state;
	struct xtr_mapping *m;

	f->w.cfg.lisp.min_reply_plen4 = 8; /* is for those with locators */
	start(f);
	want(f, "4.2.2.2");
	reply_with(f, nonce(f, 0), "0.0.0.0/5", 15, XTR_ACT_NATIVELY_FORWARD, NULL);
	m = find(f, "0.0.0.0/5");
	assert_non_null(m);
	assert_int_equal(m->n_locators, 0);
	assert_int_equal(m->action, XTR_ACT_NATIVELY_FORWARD);
	assert_int_equal(f->released, 1);
	xtr_clock_advance(&f->w.wheel, 15 * MINUTE - 1);
	assert_ptr_equal(find(f, "0.0.0.0/5"), m);
	xtr_clock_advance(&f->w.wheel, 1);
	assert_null(find(f, "0.0.0.0/5"));

	want(f, "10.9.9.9");
	reply_with(f, nonce(f, 1), "10.9.9.0/24", 1, XTR_ACT_DROP_POLICY_DENIED, NULL);
	assert_int_equal(find(f, "10.9.9.0/24")->action, XTR_ACT_DROP_POLICY_DENIED);
	xtr_clock_advance(&f->w.wheel, MINUTE);
	assert_null(find(f, "10.9.9.0/24"));
}

static void test_ttl(void **state)
{
	struct fixture *f = *state;

	start(f);
	want(f, "10.2.2.5");
	/* 5.4: we may choose */
	reply_with(f, nonce(f, 0), "10.2.2.0/24", 0xffffffff, 0, "172.16.1.3");
	assert_int_equal(find(f, "10.2.2.0/24")->ttl_min, 1440);
	xtr_clock_advance(&f->w.wheel, 1440 * MINUTE);
	assert_null(find(f, "10.2.2.0/24"));
	/* the longest that can be said: 8,000 years */
	want(f, "10.2.2.5");
	reply_with(f, nonce(f, 1), "10.2.2.0/24", 0xfffffffe, 0, "172.16.1.3");
	xtr_clock_advance(&f->w.wheel, 365ull * 1440 * MINUTE);
	assert_non_null(find(f, "10.2.2.0/24"));
}

/* 5.4: a TTL of 0 removes, and answers nothing. */
static void test_ttl_0(void **state)
{
	static const char *const rlocs[] = {"172.16.1.3", NULL};
	struct fixture *f = *state;
	struct reply r;

	start(f);
	want(f, "10.2.2.5");
	reply_begin(&r, nonce(f, 0), false);
	reply_record(&r, eid("10.2.2.0/24"), 1440, XTR_ACT_SEND_MAP_REQUEST, NULL);
	reply_record(&r, eid("10.2.2.128/25"), 1440, 0, rlocs);
	reply_send(f, &r);
	assert_non_null(find(f, "10.2.2.128/25"));
	xtr_clock_advance(&f->w.wheel, 1000);
	assert_int_equal(f->w.n_sent, 2);
	reply_begin(&r, nonce(f, 1), false);
	reply_record(&r, eid("10.2.2.128/25"), 0, 0, rlocs);
	reply_record(&r, eid("10.2.2.0/24"), 0, 0, rlocs);
	reply_send(f, &r);
	assert_null(find(f, "10.2.2.0/24"));
	assert_null(find(f, "10.2.2.128/25"));
	assert_int_equal(f->n_removed, 2);
	assert_int_equal(f->released, 0);
	/* the packet waits on, and its EID is asked for again */
	xtr_clock_advance(&f->w.wheel, 1000);
	assert_int_equal(f->w.n_sent, 3);
	reply_with(f, nonce(f, 2), "10.2.2.0/24", 1440, 0, "172.16.1.3");
	assert_int_equal(f->released, 1);
}

/* 5.4: send-map-request makes any packet that matches ask; once a second. */
static void test_send_map_request(void **state)
{
	struct fixture *f = *state;

	start(f);
	want(f, "10.2.2.5");
	for (unsigned i = 0; i < 20; i++) {
		assert_int_equal(f->w.n_sent, i + 1);
		reply_with(f, nonce(f, i), "10.2.2.0/24", 1, XTR_ACT_SEND_MAP_REQUEST, NULL);
		xtr_clock_advance(&f->w.wheel, 1000);
	}
	assert_int_equal(f->released, 0);
	assert_int_equal(COUNTER(&f->w, ITR_RESOLVE_FAILED), 0);
	reply_with(f, nonce(f, 20), "10.2.2.0/24", 1440, 0, "172.16.1.3");
	assert_int_equal(f->released, 1);
	assert_int_equal(find(f, "10.2.2.0/24")->n_locators, 1);
}

static void test_locators(void **state)
{
	static const char *const some[] = {"224.1.1.1", "172.16.1.3", "255.255.255.255",
	    "2001:db8::3", "127.0.0.1", "0.0.0.0", NULL};
	static const char *const none[] = {"ff02::1", "224.1.1.1", NULL};
	struct fixture *f = *state;
	struct xtr_mapping *m;
	struct reply r;

	start(f);
	want(f, "10.2.2.5");
	reply_begin(&r, nonce(f, 0), false);
	reply_record(&r, eid("10.2.2.0/24"), 1440, 0, some);
	reply_send(f, &r);
	m = find(f, "10.2.2.0/24");
	assert_int_equal(m->n_locators, 2);
	assert_ip(&m->locators[0].rloc, "172.16.1.3");
	assert_ip(&m->locators[1].rloc, "2001:db8::3");
	/* none that could be used: no reason to send it out unencapsulated */
	want(f, "10.3.3.5");
	reply_begin(&r, nonce(f, 1), false);
	reply_record(&r, eid("10.3.3.0/24"), 1440, XTR_ACT_NATIVELY_FORWARD, none);
	reply_send(f, &r);
	m = find(f, "10.3.3.0/24");
	assert_int_equal(m->n_locators, 0);
	assert_int_equal(m->action, XTR_ACT_DROP);
}

/* 5.5: the prefix that covers the EID, and its more-specifics. */
static void test_more_specifics(void **state)
{
	static const char *const a[] = {"172.16.1.3", NULL}, *const b[] = {"172.16.1.4", NULL};
	struct fixture *f = *state;
	struct reply r;

	start(f);
	want(f, "2001:db8:1:5::5");
	want(f, "2001:db8:1:2::5");
	reply_begin(&r, nonce(f, 0), false);
	reply_record(&r, eid("2001:db8:1::/48"), 60, 0, a);
	reply_record(&r, eid("2001:db8:1:1::/64"), 60, 0, b);
	reply_record(&r, eid("2001:db8:1:2::/64"), 60, XTR_ACT_SEND_MAP_REQUEST, NULL);
	reply_send(f, &r);
	assert_ip(&find(f, "2001:db8:1::/48")->locators[0].rloc, "172.16.1.3");
	assert_ip(&find(f, "2001:db8:1:1::/64")->locators[0].rloc, "172.16.1.4");
	assert_int_equal(f->waiting[0].released, 1);
	/* the second has to be asked for, by what its more-specific says */
	assert_int_equal(f->waiting[1].released, 0);
	reply_with(f, nonce(f, 1), "2001:db8:1:2::/64", 60, 0, "172.16.1.5");
	assert_int_equal(f->waiting[1].released, 1);
}

/* 5.5: a less-specific expires with the first of its more-specifics. */
static void test_expiry_of_less_specifics(void **state)
{
	static const char *const a[] = {"172.16.1.3", NULL};
	struct fixture *f = *state;
	struct reply r;

	start(f);
	want(f, "10.2.2.5");
	reply_with(f, nonce(f, 0), "10.2.2.0/25", 10, 0, "172.16.1.3");
	xtr_clock_advance(&f->w.wheel, 4 * MINUTE);
	want(f, "10.2.2.200");
	reply_with(f, nonce(f, 1), "10.2.2.0/24", 1440, 0, "172.16.1.3");
	assert_int_equal(xtr_mapping_expires_ms(find(f, "10.2.2.0/24")), 10 * MINUTE);
	/* what says no time of its own counts not */
	assert_int_equal(xtr_mapping_expires_ms(find(f, "10.2.2.0/25")), 10 * MINUTE);
	xtr_clock_advance(&f->w.wheel, 6 * MINUTE);
	assert_null(find(f, "10.2.2.0/24"));
	assert_null(find(f, "10.2.2.0/25"));

	/* in one message the order says nothing, and what is renewed does not count with its old
	 * time */
	want(f, "10.2.2.5");
	reply_with(f, nonce(f, 2), "10.2.2.0/25", 10, 0, "172.16.1.3");
	xtr_clock_advance(&f->w.wheel, 4 * MINUTE);
	want(f, "10.2.2.200");
	reply_begin(&r, nonce(f, 3), false);
	reply_record(&r, eid("10.2.2.0/24"), 1440, 0, a);
	reply_record(&r, eid("10.2.2.0/25"), 1440, 0, a);
	reply_send(f, &r);
	assert_int_equal(
	    xtr_mapping_expires_ms(find(f, "10.2.2.0/24")), 14 * MINUTE + 1440 * MINUTE);
	assert_int_equal(
	    xtr_mapping_expires_ms(find(f, "10.2.2.0/25")), 14 * MINUTE + 1440 * MINUTE);
}

static void configure(struct fixture *f, const char *prefix, uint8_t action, bool locator)
{
	f->configured[f->w.cfg.n_map_cache++] = (struct xtr_cfg_mapping){.eid = eid(prefix),
	    .action = action,
	    .locators = &f->locator,
	    .n_locators = locator,
	    .ttl_min = 77};
}

static void test_configured_entries(void **state)
{
	struct fixture *f = *state;
	struct xtr_mapping *m;

	configure(f, "10.2.2.0/24", XTR_ACT_NO_ACTION, true);
	configure(f, "10.3.0.0/16", XTR_ACT_DROP, false);
	start(f);
	assert_int_equal(f->n_configured, 4 + 2);
	m = find(f, "10.2.2.0/24");
	assert_int_equal(m->source, XTR_FROM_STATIC);
	assert_ip(&m->locators[0].rloc, "172.16.1.9");
	assert_int_equal(xtr_mapping_expires_ms(m), 0);
	/* an answer for what is around it does not touch it */
	want(f, "10.2.3.5");
	reply_with(f, nonce(f, 0), "10.2.2.0/23", 1440, 0, "172.16.1.3");
	assert_ptr_equal(find(f, "10.2.2.0/24"), m);
	assert_int_equal(xtr_mapping_expires_ms(find(f, "10.2.2.0/23")), 1440 * MINUTE);
	/* nor does a clear */
	assert_int_equal(itr_clear(f->itr, NULL, -1), 1);
	assert_ptr_equal(find(f, "10.2.2.0/24"), m);
	assert_non_null(find(f, "10.3.0.0/16"));
	assert_non_null(find(f, "0.0.0.0/0"));
}

/* Same prefix as a configured entry that knows better. */
static void test_configured_entry_stays(void **state)
{
	static const char *const a[] = {"172.16.1.3", NULL};
	struct fixture *f = *state;
	struct reply r;

	configure(f, "10.2.2.128/25", XTR_ACT_NO_ACTION, true);
	start(f);
	want(f, "10.2.2.5");
	reply_begin(&r, nonce(f, 0), false);
	reply_record(&r, eid("10.2.2.0/24"), 1440, 0, a);
	reply_record(&r, eid("10.2.2.128/25"), 0, 0, a);
	reply_send(f, &r);
	assert_ip(&find(f, "10.2.2.128/25")->locators[0].rloc, "172.16.1.9");
	assert_int_equal(f->released, 1);
}

/* A configured "send-map-request" makes room for what is learned, and comes back. */
static void test_configured_miss(void **state)
{
	struct fixture *f = *state;
	struct xtr_mapping *m;

	configure(f, "10.7.7.7/32", XTR_ACT_SEND_MAP_REQUEST, false);
	start(f);
	want(f, "2001:db8:2::5");
	reply_with(f, nonce(f, 0), "::/0", 15, XTR_ACT_NATIVELY_FORWARD, NULL);
	m = find(f, "::/0");
	assert_int_equal(m->action, XTR_ACT_NATIVELY_FORWARD);
	assert_int_equal(m->source, XTR_FROM_MAP_REPLY);
	assert_int_equal(f->waiting[0].released, 1);
	xtr_clock_advance(&f->w.wheel, 15 * MINUTE);
	m = find(f, "::/0");
	assert_int_equal(m->action, XTR_ACT_SEND_MAP_REQUEST);
	assert_int_equal(m->source, XTR_FROM_STATIC);
	assert_int_equal(f->n_removed, 0);

	want(f, "10.7.7.7");
	reply_with(f, nonce(f, 1), "10.7.7.7/32", 1440, 0, "172.16.1.3");
	m = find(f, "10.7.7.7/32");
	assert_int_equal(m->n_locators, 1);
	assert_int_equal(f->waiting[1].released, 1);
	assert_int_equal(itr_clear(f->itr, NULL, -1), 1);
	m = find(f, "10.7.7.7/32");
	assert_int_equal(m->n_locators, 0);
	assert_int_equal(m->action, XTR_ACT_SEND_MAP_REQUEST);
	assert_int_equal(m->ttl_min, 77);
	assert_int_equal(xtr_mapping_expires_ms(m), 0);
	assert_int_equal(itr_clear(f->itr, NULL, -1), 0);
}

/* An answer shorter than the configured entry must not be hidden by it. */
static void test_answer_around_a_configured_miss(void **state)
{
	struct fixture *f = *state;

	configure(f, "10.0.0.0/8", XTR_ACT_SEND_MAP_REQUEST, false);
	start(f);
	want(f, "10.9.9.9");
	reply_with(f, nonce(f, 0), "8.0.0.0/6", 15, XTR_ACT_NATIVELY_FORWARD, NULL);
	assert_int_equal(f->released, 1);
	assert_int_equal(find(f, "10.0.0.0/8")->action, XTR_ACT_NATIVELY_FORWARD);
	assert_null(find(f, "8.0.0.0/6"));
	xtr_clock_advance(&f->w.wheel, 15 * MINUTE);
	assert_int_equal(find(f, "10.0.0.0/8")->action, XTR_ACT_SEND_MAP_REQUEST);
	/* TTL 0 takes away what was entered in its place */
	want(f, "10.9.9.9");
	reply_with(f, nonce(f, 1), "8.0.0.0/6", 0, XTR_ACT_NATIVELY_FORWARD, NULL);
	assert_int_equal(find(f, "10.0.0.0/8")->action, XTR_ACT_SEND_MAP_REQUEST);
	assert_int_equal(f->released, 1);
}

static void test_clear(void **state)
{
	struct fixture *f = *state;
	struct xtr_eid e;
	struct reply r;

	start(f);
	want(f, "10.2.2.5");
	want(f, "10.3.3.5");
	want_in(f, 100, "10.2.2.5", "10.1.1.4");
	reply_with(f, nonce(f, 0), "10.2.2.0/24", 1440, 0, "172.16.1.3");
	reply_with(f, nonce(f, 1), "10.3.3.0/24", 1440, 0, "172.16.1.3");
	reply_begin(&r, nonce(f, 2), false);
	reply_record(&r, eid_in(100, "10.2.2.0/24"), 1440, 0, NULL);
	reply_send(f, &r);
	e = eid("10.2.0.0/16");
	assert_int_equal(itr_clear(f->itr, &e, 100), 1);
	assert_null(find_in(f, 100, "10.2.2.0/24"));
	assert_int_equal(itr_clear(f->itr, &e, -1), 1);
	assert_null(find(f, "10.2.2.0/24"));
	e = eid("2001:db8::/32");
	assert_int_equal(itr_clear(f->itr, &e, -1), 0);
	assert_int_equal(itr_clear(f->itr, NULL, 7), 0);
	assert_int_equal(itr_clear(f->itr, NULL, 0), 1);
	assert_int_equal(f->n_removed, 3);
	/* timers went too */
	xtr_clock_advance(&f->w.wheel, 2000 * MINUTE);
	assert_int_equal(COUNTER(&f->w, ITR_EXPIRED), 0);
}

static void has(json_t *doc, const char *path, const char *text)
{
	json_t *v = at(doc, path);
	char number[32];

	assert_non_null(v);
	if (json_is_integer(v)) {
		snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(v));
		assert_string_equal(number, text);
	} else {
		assert_string_equal(json_string_value(v), text);
	}
}

static json_t *show(struct fixture *f, const char *filter)
{
	struct xtr_eid e = filter ? eid(filter) : (struct xtr_eid){0};

	return xtr_itr_show(f->itr, filter ? &e : NULL, 0);
}

static void test_show(void **state)
{
	struct fixture *f = *state;
	json_t *doc;

	start(f);
	want(f, "10.2.2.5");
	reply_with(f, nonce(f, 0), "10.2.2.0/24", 1440, 0, "172.16.1.3");
	want(f, "4.2.2.2");
	reply_with(f, nonce(f, 1), "0.0.0.0/5", 15, XTR_ACT_NATIVELY_FORWARD, NULL);
	want(f, "10.9.9.9");
	xtr_clock_advance(&f->w.wheel, 5000);

	doc = show(f, NULL);
	assert_int_equal(json_array_size(at(doc, "entries")), 2 + 1 + 1 + 1);
	has(doc, "entries.0.eid", "0.0.0.0/0");
	has(doc, "entries.0.source", "static");
	has(doc, "entries.0.action", "send-map-request");
	assert_true(json_is_null(at(doc, "entries.0.expires_s")));
	has(doc, "entries.1.eid", "0.0.0.0/5");
	has(doc, "entries.1.state", "negative");
	has(doc, "entries.1.action", "natively-forward");
	has(doc, "entries.1.expires_s", "895");
	has(doc, "entries.1.ttl_min", "15");
	has(doc, "entries.2.eid", "10.2.2.0/24");
	has(doc, "entries.2.instance", "0");
	has(doc, "entries.2.state", "complete");
	has(doc, "entries.2.action", "encapsulate");
	has(doc, "entries.2.source", "map-reply");
	has(doc, "entries.2.uptime_s", "5");
	has(doc, "entries.2.expires_s", "86395");
	has(doc, "entries.2.locators.0.rloc", "172.16.1.3");
	has(doc, "entries.2.locators.0.priority", "1");
	has(doc, "entries.2.locators.0.weight", "50");
	has(doc, "entries.2.locators.0.state", "up");
	has(doc, "entries.3.eid", "10.9.9.9/32");
	has(doc, "entries.3.state", "incomplete");
	has(doc, "entries.3.map_requests", "6");
	assert_true(json_is_false(at(doc, "entries.3.quiet")));
	json_decref(doc);

	/* an address: what decides for it */
	doc = show(f, "10.2.2.77");
	assert_int_equal(json_array_size(at(doc, "entries")), 1);
	has(doc, "entries.0.eid", "10.2.2.0/24");
	json_decref(doc);
	doc = show(f, "10.9.9.9");
	assert_int_equal(json_array_size(at(doc, "entries")), 2);
	has(doc, "entries.0.eid", "0.0.0.0/0");
	has(doc, "entries.1.eid", "10.9.9.9/32");
	json_decref(doc);
	/* a prefix: what lies inside */
	doc = show(f, "10.0.0.0/8");
	assert_int_equal(json_array_size(at(doc, "entries")), 2);
	json_decref(doc);
	xtr_clock_advance(&f->w.wheel, 10000);
	doc = show(f, "10.9.9.9");
	assert_true(json_is_true(at(doc, "entries.1.quiet")));
	json_decref(doc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_reply),
	    T(test_unsolicited),
	    T(test_refused),
	    T(test_negative),
	    T(test_ttl),
	    T(test_ttl_0),
	    T(test_send_map_request),
	    T(test_locators),
	    T(test_more_specifics),
	    T(test_expiry_of_less_specifics),
	    T(test_configured_entries),
	    T(test_configured_entry_stays),
	    T(test_configured_miss),
	    T(test_answer_around_a_configured_miss),
	    T(test_clear),
	    T(test_show),
	};

	return cmocka_run_group_tests_name("itr_reply", tests, NULL, NULL);
}
