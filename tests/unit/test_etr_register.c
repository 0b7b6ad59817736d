/* SPDX-License-Identifier: BSD-3-Clause */
/* ETR: registration (RFC 9301 5.6, 5.7, 8.2). */
#include "etr_fixture.h"

#define MS "172.16.1.1"

/* Does the MAC of a message sent cover exactly this many bytes? (The messages differ: what verifies
 * accepts both coverages.) */
static bool signed_with(const struct sent *s, const char *secret, size_t covered)
{
	struct xtr_key *key = xtr_key_create(secret, strlen(secret));
	struct xtr_msg m = s->m;
	int rc;

	m.records_end = (uint32_t)covered;
	rc = xtr_auth_verify(key, s->p, covered, &m);
	xtr_key_destroy(key);
	return rc == 0;
}

/* The Map-Notify for a register sent; `skip` of its records from `first` are left out. */
struct notify {
	const char *key;
	uint64_t nonce; /* 0: that of the register */
	uint8_t algorithm;
	unsigned first, skip;
};

static void notify_with(struct fixture *f, const struct sent *s, const struct notify *n)
{
	struct xtr_register_opts o = {.nonce = n->nonce ? n->nonce : s->m.nonce,
	    .key_id = s->m.key_id,
	    .algorithm = n->algorithm ? n->algorithm : s->m.algorithm,
	    .auth_len = s->m.auth_len};
	struct xtr_key *key = xtr_key_create(n->key, strlen(n->key));
	struct xtr_peer from = {s->dst, 4342, ip("172.16.1.2")};
	const uint8_t *cursor = NULL;
	struct xtr_record rec;
	struct xtr_writer w;
	struct xtr_msg m;
	uint8_t *p = malloc(s->len);

	if (n->algorithm)
		o.auth_len = (uint16_t)xtr_auth_len(n->algorithm, false);
	xtr_writer_init(&w, p, s->len);
	xtr_write_map_notify(&w, &o, false);
	for (unsigned i = 0; xtr_record_next(&s->m, &cursor, &rec); i++)
		if (i < n->first || i >= n->first + n->skip)
			xtr_write_record_copy(&w, &rec);
	xtr_write_ids(&w, s->m.xtr_id, s->m.site_id);
	assert_int_equal(xtr_writer_result(&w), 0);
	assert_int_equal(xtr_auth_sign(key, p, w.len, w.len), 0);
	xtr_key_destroy(key);
	p = realloc(p, w.len); /* so that a read beyond the end is seen */
	assert_int_equal(xtr_msg_read(p, w.len, &m, NULL), 0);
	xtr_etr_notify(f->etr, &from, p, w.len, &m);
	free(p);
}

static void notify(struct fixture *f, unsigned n)
{
	assert_true(n < f->w.n_sent);
	notify_with(f, &f->w.sent[n], &(struct notify){.key = KEY1});
}

/* Text of a Map-Server's state in `show database`. */
static void assert_state(struct fixture *f, unsigned server, const char *text)
{
	json_t *doc = xtr_etr_show(f->etr);
	char path[32];

	snprintf(path, sizeof(path), "map_servers.%u.state", server);
	assert_string_equal(json_string_value(at(doc, path)), text);
	json_decref(doc);
}

static long long shown(struct fixture *f, const char *what)
{
	json_t *doc = xtr_etr_show(f->etr), *v;
	char path[64];
	long long n;

	snprintf(path, sizeof(path), "map_servers.0.%s", what);
	v = at(doc, path);
	n = json_is_integer(v) ? json_integer_value(v) : -1;
	json_decref(doc);
	return n;
}

static void test_register(void **state)
{
	struct fixture *f = *state;
	struct xtr_cfg_mapping *cfg;
	const struct sent *s;
	struct xtr_locator loc;
	struct xtr_record rec;

	own(f, "10.1.1.0/24", 1440);
	cfg = add_mapping(f, eid_in(100, "10.1.0.0/16"), 60);
	add_locator(cfg, ip("172.16.1.77"), 2, 40);
	add_locator(cfg, ip("172.16.1.2"), 1, 50);
	add_server(f, MS, KEY1);
	start(f);
	assert_int_equal(f->w.n_sent, 0);
	assert_int_equal(shown(f, "last_register_s"), -1);
	xtr_etr_start(f->etr);
	assert_int_equal(f->w.n_sent, 1);
	assert_int_equal(COUNTER(&f->w, ETR_REG_TX), 1);
	s = &f->w.sent[0];
	assert_int_equal(s->m.type, XTR_MSG_MAP_REGISTER);
	assert_ip(&s->dst, MS);
	assert_int_equal(s->port, 4342);
	assert_true(s->m.want_notify && s->m.has_ids);
	assert_false(
	    s->m.proxy_reply || s->m.security || s->m.eid_notify || s->m.use_ttl || s->m.merge);
	assert_true(s->m.nonce == 1700000000ull << 32);
	assert_int_equal(s->m.key_id, 1);
	assert_int_equal(s->m.algorithm, XTR_ALG_SHA256);
	assert_int_equal(s->m.auth_len, 32);
	assert_int_equal(s->len, s->m.records_end + 24);
	assert_memory_equal(s->m.xtr_id, xtr_id, 16);
	assert_memory_equal(s->m.site_id, f->w.cfg.site_id, 8);
	assert_true(signed_with(s, KEY1, s->len));
	assert_int_equal(s->m.n_records, 2);
	rec = record_of(&s->m, 0);
	assert_eid(&rec.eid, "10.1.1.0/24");
	assert_int_equal(rec.ttl, 1440);
	assert_int_equal(rec.act, 0);
	rec = record_of(&s->m, 1);
	assert_eid(&rec.eid, "[100] 10.1.0.0/16");
	assert_int_equal(rec.ttl, 60);
	loc = locator_of(&rec, 0);
	assert_ip(&loc.ip, "172.16.1.2");
	assert_int_equal(loc.priority, 1);
	assert_int_equal(loc.weight, 50);
	/* 5.4: p MUST NOT be set in a Map-Register */
	assert_true(loc.local && loc.reachable && !loc.probed);
	loc = locator_of(&rec, 1);
	assert_ip(&loc.ip, "172.16.1.77");
	assert_true(!loc.local && loc.reachable && !loc.probed);
	assert_state(f, 0, "waiting");
	/* a second start sends nothing again */
	xtr_etr_start(f->etr);
	assert_int_equal(f->w.n_sent, 1);
}

static void test_algorithms(void **state)
{
	static const uint16_t full[] = {0, 20, 32, 32}, rfc[] = {0, 12, 16, 16};
	struct fixture *f = *state;

	own(f, "10.1.1.0/24", 1440);
	add_server(f, MS, KEY1)->proxy_reply = true;
	for (unsigned i = 0; i < 6; i++) {
		const struct sent *s;
		uint8_t algorithm = (uint8_t)(1 + i % 3);

		f->servers[0].algorithm = algorithm;
		f->servers[0].rfc_auth = i >= 3;
		start(f);
		xtr_etr_start(f->etr);
		assert_int_equal(f->w.n_sent, 1);
		s = &f->w.sent[0];
		assert_true(s->m.proxy_reply);
		assert_int_equal(s->m.algorithm, algorithm);
		assert_int_equal(s->m.auth_len, i >= 3 ? rfc[algorithm] : full[algorithm]);
		/* the whole message, as peers do, or through the last RLOC-record */
		assert_true(signed_with(s, KEY1, i >= 3 ? s->m.records_end : s->len));
		assert_false(signed_with(s, KEY1, i >= 3 ? s->len : s->m.records_end));
		assert_false(signed_with(s, KEY2, i >= 3 ? s->m.records_end : s->len));
		notify(f, 0);
		assert_state(f, 0, "acknowledged");
		xtr_etr_destroy(f->etr);
		f->etr = NULL;
		forget_sent(&f->w);
	}
}

/* 8.2: every minute. 5.6: each with a higher nonce. */
static void test_every_minute(void **state)
{
	struct fixture *f = *state;
	uint64_t last = 0;

	own(f, "10.1.1.0/24", 1440);
	add_server(f, MS, KEY1);
	start(f);
	xtr_etr_start(f->etr);
	for (unsigned i = 0; i < 10; i++) {
		assert_int_equal(f->w.n_sent, i + 1);
		assert_true(f->w.sent[i].m.nonce > last);
		last = f->w.sent[i].m.nonce;
		notify(f, i);
		assert_state(f, 0, "acknowledged");
		xtr_clock_advance(&f->w.wheel, 59999);
		assert_int_equal(f->w.n_sent, i + 1);
		xtr_clock_advance(&f->w.wheel, 1);
	}
	assert_int_equal(COUNTER(&f->w, ETR_REG_TX), 11);
	assert_int_equal(COUNTER(&f->w, ETR_REG_RETRANSMIT), 0);
	assert_int_equal(COUNTER(&f->w, ETR_NOTIFY_OK), 10);
	assert_int_equal(shown(f, "registers_sent"), 11);
	assert_int_equal(shown(f, "notifies_received"), 10);
	assert_int_equal(shown(f, "last_notify_s"), 60);
	assert_int_equal(logged(&f->w, "map-register", NULL), 0);
}

static void test_without_notify(void **state)
{
	struct fixture *f = *state;

	own(f, "10.1.1.0/24", 1440);
	add_server(f, MS, KEY1)->want_notify = false;
	start(f);
	xtr_etr_start(f->etr);
	assert_false(f->w.sent[0].m.want_notify);
	xtr_clock_advance(&f->w.wheel, 600000);
	assert_int_equal(f->w.n_sent, 11);
	assert_int_equal(COUNTER(&f->w, ETR_REG_TX), 11);
	assert_state(f, 0, "not-asked");
	assert_int_equal(logged(&f->w, "map-register", NULL), 0);
}

/* 5.7: after a second, with an exponential back-off of at most a minute. */
static void test_backoff_and_recovery(void **state)
{
	static const unsigned after_s[] = {0, 1, 3, 7, 15, 31, 63, 123, 183, 243};
	struct fixture *f = *state;
	unsigned n = sizeof(after_s) / sizeof(after_s[0]);

	own(f, "10.1.1.0/24", 1440);
	add_server(f, MS, KEY1);
	start(f);
	xtr_etr_start(f->etr);
	xtr_clock_advance(&f->w.wheel, 6999);
	assert_int_equal(logged(&f->w, "map-register", NULL), 0);
	xtr_clock_advance(&f->w.wheel, 1);
	/* three without an answer: the operator hears of it, and then once a minute */
	assert_int_equal(logged(&f->w, "<3>", MS, "3 Map-Registers", "sha256", NULL), 1);
	assert_state(f, 0, "no-answer");
	xtr_clock_advance(&f->w.wheel, 250000 - 7000);
	assert_int_equal(f->w.n_sent, n);
	for (unsigned i = 0; i < n; i++) {
		assert_int_equal(f->w.sent[i].at_ms, after_s[i] * 1000);
		if (i)
			assert_true(f->w.sent[i].m.nonce > f->w.sent[i - 1].m.nonce);
	}
	assert_int_equal(COUNTER(&f->w, ETR_REG_TX), 1);
	assert_int_equal(COUNTER(&f->w, ETR_REG_RETRANSMIT), n - 1);
	assert_in_range(logged(&f->w, "does not acknowledge", NULL), 3, 5);

	/* the Map-Server is back */
	xtr_clock_advance(&f->w.wheel, 60000);
	assert_int_equal(f->w.n_sent, n + 1);
	notify(f, n);
	assert_state(f, 0, "acknowledged");
	assert_int_equal(logged(&f->w, "<5>", MS, "acknowledges again", NULL), 1);
	xtr_clock_advance(&f->w.wheel, 60000);
	assert_int_equal(f->w.n_sent, n + 2);
	/* the next loss is repeated after a second again */
	xtr_clock_advance(&f->w.wheel, 1000);
	assert_int_equal(f->w.n_sent, n + 3);
	notify(f, n + 2);
	assert_int_equal(logged(&f->w, "acknowledges again", NULL), 1);
}

static void test_notify_refused(void **state)
{
	struct fixture *f = *state;

	own(f, "10.1.1.0/24", 1440);
	add_server(f, MS, KEY1);
	start(f);
	xtr_etr_start(f->etr);
	notify_with(f, &f->w.sent[0], &(struct notify){.key = KEY2});
	assert_int_equal(COUNTER(&f->w, ETR_NOTIFY_BAD), 1);
	assert_int_equal(logged(&f->w, "<4>", MS, "authentication data is wrong", NULL), 1);
	/* another algorithm than ours, though the key is right */
	notify_with(f, &f->w.sent[0], &(struct notify){.key = KEY1, .algorithm = XTR_ALG_SHA1});
	assert_int_equal(COUNTER(&f->w, ETR_NOTIFY_BAD), 2);
	/* a nonce that we did not send */
	notify_with(f, &f->w.sent[0], &(struct notify){.key = KEY1, .nonce = 7});
	assert_int_equal(COUNTER(&f->w, ETR_NOTIFY_BAD), 3);
	assert_state(f, 0, "waiting");
	/* of the register before the last */
	xtr_clock_advance(&f->w.wheel, 1000);
	assert_int_equal(f->w.n_sent, 2);
	notify(f, 0);
	assert_int_equal(COUNTER(&f->w, ETR_NOTIFY_BAD), 4);
	assert_state(f, 0, "waiting");
	notify(f, 1);
	assert_state(f, 0, "acknowledged");
	/* twice */
	notify(f, 1);
	assert_int_equal(COUNTER(&f->w, ETR_NOTIFY_OK), 1);
	assert_int_equal(COUNTER(&f->w, ETR_NOTIFY_BAD), 5);
	assert_int_equal(f->w.wheel.n_armed, 1);
	xtr_clock_advance(&f->w.wheel, 60000);
	assert_int_equal(f->w.n_sent, 3);
}

/* interop.md: Map-Notify carries only what was registered. */
static void test_subset(void **state)
{
	struct fixture *f = *state;

	own(f, "10.1.1.0/24", 1440);
	own(f, "10.1.2.0/24", 1440);
	own(f, "10.1.3.0/24", 1440);
	add_server(f, MS, KEY1);
	start(f);
	xtr_etr_start(f->etr);
	notify_with(f, &f->w.sent[0], &(struct notify){.key = KEY1, .first = 1, .skip = 1});
	assert_state(f, 0, "acknowledged");
	assert_int_equal(shown(f, "prefixes_refused"), 1);
	assert_int_equal(logged(&f->w, "<3>", MS, "did not register", NULL), 1);
	assert_int_equal(logged(&f->w, "did not register", "10.1.2.0/24", NULL), 1);
	/* not repeated any faster for that */
	xtr_clock_advance(&f->w.wheel, 59999);
	assert_int_equal(f->w.n_sent, 1);
	xtr_clock_advance(&f->w.wheel, 1);
	notify(f, 1);
	assert_int_equal(shown(f, "prefixes_refused"), 0);
	xtr_clock_advance(&f->w.wheel, 60000);
	notify_with(f, &f->w.sent[2], &(struct notify){.key = KEY1, .skip = 3});
	assert_int_equal(shown(f, "prefixes_refused"), 3);
}

static void test_several_servers(void **state)
{
	struct fixture *f = *state;

	own(f, "10.1.1.0/24", 1440);
	add_server(f, MS, KEY1);
	add_server(f, "172.16.1.11", KEY2)->algorithm = XTR_ALG_SHA256_HKDF;
	start(f);
	xtr_etr_start(f->etr);
	assert_int_equal(f->w.n_sent, 2);
	assert_ip(&f->w.sent[1].dst, "172.16.1.11");
	assert_true(signed_with(&f->w.sent[1], KEY2, f->w.sent[1].len));
	assert_true(f->w.sent[1].m.nonce > f->w.sent[0].m.nonce);
	/* the key of one is not good for the other's nonce */
	notify_with(f, &f->w.sent[1], &(struct notify){.key = KEY1});
	assert_state(f, 1, "waiting");
	notify(f, 0);
	assert_state(f, 0, "acknowledged");
	assert_state(f, 1, "waiting");
	xtr_clock_advance(&f->w.wheel, 31000);
	/* one back-off does not touch the other */
	assert_int_equal(f->w.n_sent, 2 + 5);
	for (unsigned i = 2; i < f->w.n_sent; i++)
		assert_ip(&f->w.sent[i].dst, "172.16.1.11");
	assert_state(f, 0, "acknowledged");
	assert_state(f, 1, "no-answer");
	assert_int_equal(logged(&f->w, "<3>", "172.16.1.11", "does not acknowledge", NULL), 1);
	xtr_clock_advance(&f->w.wheel, 29000);
	assert_ip(&f->w.sent[f->w.n_sent - 1].dst, MS);
}

static void many(struct fixture *f, unsigned n)
{
	char text[32];

	for (unsigned i = 0; i < n; i++) {
		snprintf(text, sizeof(text), "10.2.%u.%u/32", i / 250, i % 250);
		own(f, text, 1440);
	}
}

/* A database that takes several messages. */
static void test_chunks(void **state)
{
	struct fixture *f = *state;
	unsigned seen = 0, chunks;

	many(f, 1000);
	add_server(f, MS, KEY1);
	start(f);
	xtr_etr_start(f->etr);
	chunks = f->w.n_sent;
	/* each prefix once and in order, no message of more than 1,400 bytes, none of them half
	 * empty */
	assert_in_range(chunks, 20, 25);
	for (unsigned i = 0; i < chunks; i++) {
		const struct sent *s = &f->w.sent[i];

		assert_true(s->len <= 1400);
		assert_true(i == chunks - 1 || s->len > 1300);
		assert_true(signed_with(s, KEY1, s->len));
		assert_true(!i || s->m.nonce > f->w.sent[i - 1].m.nonce);
		for (unsigned j = 0; j < s->m.n_records; j++, seen++) {
			struct xtr_record rec = record_of(&s->m, j);

			assert_true(xtr_eid_equal(&rec.eid, &f->database[seen].eid));
		}
	}
	assert_int_equal(seen, 1000);

	/* only what was not acknowledged is repeated */
	for (unsigned i = 0; i < chunks; i += 2)
		notify(f, i);
	assert_state(f, 0, "waiting");
	xtr_clock_advance(&f->w.wheel, 1000);
	assert_int_equal(f->w.n_sent, chunks + chunks / 2);
	/* timers of one moment fire in no order */
	for (unsigned i = chunks; i < f->w.n_sent; i++) {
		struct xtr_record rec = record_of(&f->w.sent[i].m, 0);

		for (unsigned j = 0; j < chunks; j += 2) {
			struct xtr_record known = record_of(&f->w.sent[j].m, 0);

			assert_false(xtr_eid_equal(&rec.eid, &known.eid));
		}
	}
	for (unsigned i = chunks; i < f->w.n_sent; i++)
		notify(f, i);
	assert_state(f, 0, "acknowledged");
	assert_int_equal(COUNTER(&f->w, ETR_NOTIFY_BAD), 0);
}

static void test_chunks_refused(void **state)
{
	struct fixture *f = *state;
	struct xtr_record rec;

	many(f, 60);
	add_server(f, MS, KEY1);
	start(f);
	xtr_etr_start(f->etr);
	assert_int_equal(f->w.n_sent, 2);
	notify_with(f, &f->w.sent[0], &(struct notify){.key = KEY1, .skip = 2});
	notify_with(f, &f->w.sent[1], &(struct notify){.key = KEY1, .skip = 1});
	assert_int_equal(shown(f, "prefixes_refused"), 3);
	xtr_clock_advance(&f->w.wheel, 60000);
	assert_int_equal(f->w.n_sent, 4);
	/* timers of one moment fire in no order */
	rec = record_of(&f->w.sent[2].m, 0);
	notify(f, xtr_eid_equal(&rec.eid, &f->database[0].eid) ? 2 : 3);
	assert_int_equal(shown(f, "prefixes_refused"), 1);
}

/* One part that is refused whole gets no Map-Notify; that is said once a minute, not as often as
 * the others are acknowledged. */
static void test_one_chunk_silent(void **state)
{
	struct fixture *f = *state;
	unsigned before = 0;

	many(f, 60);
	add_server(f, MS, KEY1);
	start(f);
	xtr_etr_start(f->etr);
	for (unsigned s = 0; s < 600; s++) {
		for (; before < f->w.n_sent; before++) {
			struct xtr_record rec = record_of(&f->w.sent[before].m, 0);

			if (xtr_eid_equal(&rec.eid, &f->database[0].eid))
				notify(f, before);
		}
		xtr_clock_advance(&f->w.wheel, 1000);
	}
	assert_state(f, 0, "no-answer");
	assert_in_range(logged(&f->w, "does not acknowledge", NULL), 8, 11);
	assert_int_equal(logged(&f->w, "acknowledges again", NULL), 0);
}

/* A record of its own size, up to the most locators that one can have. */
static void test_large_records(void **state)
{
	struct fixture *f = *state;
	struct xtr_cfg_mapping *cfg = add_mapping(f, eid_in(7, "2001:db8::/32"), 1440);
	unsigned seen = 0;
	char text[64];

	for (unsigned i = 0; i < 255; i++) {
		snprintf(text, sizeof(text), "2001:db8::1:%x", i + 1);
		add_locator(cfg, ip(text), 1, 1);
	}
	many(f, 50);
	add_server(f, MS, KEY1);
	start(f);
	xtr_etr_start(f->etr);
	/* it goes alone; the small ones share messages as ever */
	assert_int_equal(f->w.n_sent, 3);
	assert_int_equal(f->w.sent[0].m.n_records, 1);
	assert_int_equal(record_of(&f->w.sent[0].m, 0).n_locators, 255);
	for (unsigned i = 0; i < 3; i++)
		seen += f->w.sent[i].m.n_records;
	assert_int_equal(seen, 51);
	assert_true(f->w.sent[1].len <= 1400 && f->w.sent[2].len <= 1400);
}

/* What cannot leave is tried again each second: the network may come up only now. */
static void test_network_comes_up_late(void **state)
{
	struct fixture *f = *state;

	own(f, "10.1.1.0/24", 1440);
	add_server(f, MS, KEY1);
	f->w.send_rc = -ENETUNREACH;
	start(f);
	xtr_etr_start(f->etr);
	xtr_clock_advance(&f->w.wheel, 100500);
	assert_int_equal(COUNTER(&f->w, ETR_REG_TX), 0);
	assert_int_equal(shown(f, "registers_sent"), 0);
	assert_state(f, 0, "no-answer");
	assert_int_equal(logged(&f->w, "<3>", MS, "Network is unreachable", NULL), 2);
	f->w.send_rc = 0;
	xtr_clock_advance(&f->w.wheel, 1000);
	assert_int_equal(f->w.n_sent, 1);
	/* and the first that leaves is repeated as the first */
	xtr_clock_advance(&f->w.wheel, 1000);
	assert_int_equal(f->w.n_sent, 2);
	notify(f, 1);
	assert_state(f, 0, "acknowledged");
	assert_int_equal(logged(&f->w, "<5>", "acknowledges again", NULL), 1);
}

/* 5.6: continues with an incrementing nonce after a restart. */
static void test_nonce_across_restart(void **state)
{
	struct fixture *f = *state;
	uint64_t last;

	own(f, "10.1.1.0/24", 1440);
	add_server(f, MS, KEY1);
	f->w.l.state = xtr_state_open(NULL);
	start(f);
	xtr_etr_start(f->etr);
	xtr_clock_advance(&f->w.wheel, 1000);
	last = f->w.sent[1].m.nonce;
	assert_true(xtr_state_nonce(f->w.l.state, "register-sent") == last);
	xtr_etr_destroy(f->etr);
	/* at once, and with a clock that has gone back a year */
	f->w.wall -= 365 * 86400;
	start(f);
	xtr_etr_start(f->etr);
	assert_true(f->w.sent[2].m.nonce == last + 1);
	xtr_clock_advance(&f->w.wheel, 1000);
	assert_true(f->w.sent[3].m.nonce == last + 2);
	/* where the state is lost, the clock lets it rise */
	xtr_etr_destroy(f->etr);
	xtr_state_close(f->w.l.state);
	f->w.l.state = NULL;
	f->w.wall = 1700000000;
	xtr_clock_advance(&f->w.wheel, 1000);
	start(f);
	xtr_etr_start(f->etr);
	assert_true(f->w.sent[4].m.nonce > last);
}

static void test_nothing_to_register(void **state)
{
	struct fixture *f = *state;

	add_server(f, MS, KEY1);
	start(f);
	xtr_etr_start(f->etr);
	xtr_clock_advance(&f->w.wheel, 120000);
	assert_int_equal(f->w.n_sent, 0);
	assert_state(f, 0, "not-asked");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_register),
	    T(test_algorithms),
	    T(test_every_minute),
	    T(test_without_notify),
	    T(test_backoff_and_recovery),
	    T(test_notify_refused),
	    T(test_subset),
	    T(test_several_servers),
	    T(test_chunks),
	    T(test_chunks_refused),
	    T(test_one_chunk_silent),
	    T(test_large_records),
	    T(test_network_comes_up_late),
	    T(test_nonce_across_restart),
	    T(test_nothing_to_register),
	};

	return cmocka_run_group_tests_name("etr_register", tests, NULL, NULL);
}
