/* SPDX-License-Identifier: BSD-3-Clause */
/* Map-Server: registration (RFC 9301 5.6, 5.7, 8.2). test_ms_replay.c has
 * replays, test_ms_request.c Map-Requests. */
#include "ms_fixture.h"

static void allow_all(struct fixture *f, bool strict)
{
	f->sites[0].algorithms = 1u << 1 | 1u << 2 | 1u << 3;
	f->sites[0].replay_strict = strict;
}

static void test_notify(void **state)
{
	static const uint16_t lengths[] = {20, 12, 32, 16, 32, 16};
	struct fixture *f = lab1(state);
	struct reg r;

	allow_all(f, true);
	start(f);
	for (unsigned i = 0; i < 12; i++) {
		struct sent *s = &f->sent[0];
		struct xtr_key *key;

		reg_begin(&r, "172.16.1.2", 100 + i);
		r.from.port = (uint16_t)(52677 + i);
		r.o.algorithm = (uint8_t)(1 + i % 6 / 2);
		r.o.auth_len = lengths[i % 6];
		r.o.key_id = (uint8_t)(i >= 6);
		r.o.has_ids = i & 1;
		r.rfc_coverage = i >= 6;
		reg_record(&r, eid("10.1.1.0/24"), 1440, "172.16.1.2", NULL);
		reg_end(&r);
		reg_send(f, &r);

		assert_int_equal(f->n_sent, 1);
		assert_int_equal(s->m.type, XTR_MSG_MAP_NOTIFY);
		assert_ip(&s->dst, "172.16.1.2");
		assert_ip(&s->src, "172.16.1.1");
		assert_int_equal(s->port, r.from.port);
		assert_int_equal(s->m.nonce, 100 + i);
		assert_int_equal(s->m.key_id, r.o.key_id);
		assert_int_equal(s->m.algorithm, r.o.algorithm);
		assert_int_equal(s->m.auth_len, r.o.auth_len);
		assert_int_equal(s->m.n_records, 1);
		/* all after the authentication data is as it came: the record, the IDs */
		assert_int_equal(s->len, r.len);
		assert_memory_equal(
		    s->p + 16 + r.o.auth_len, r.p + 16 + r.o.auth_len, r.len - 16 - r.o.auth_len);
		/* and the MAC covers what that of the register did, nothing else */
		key = xtr_key_create(KEY1, strlen(KEY1));
		assert_int_equal(
		    xtr_auth_verify(key, s->p, r.rfc_coverage ? s->m.records_end : s->len, &s->m),
		    0);
		if (r.o.has_ids) {
			struct xtr_msg other = s->m;

			other.records_end = (uint32_t)s->len;
			assert_int_equal(xtr_auth_verify(key, s->p, s->len, &other),
			    r.rfc_coverage ? -EKEYREJECTED : 0);
		}
		xtr_key_destroy(key);
	}
	assert_int_equal(COUNTER(f, REG_RX), 12);
	assert_int_equal(COUNTER(f, REG_OK), 12);
	assert_int_equal(COUNTER(f, NOTIFY_TX), 12);
}

static void test_no_notify_unless_wanted(void **state)
{
	struct fixture *f = lab1(state);
	struct reg r;

	start(f);
	reg_begin(&r, "172.16.1.2", 1);
	r.o.want_notify = false;
	reg_record(&r, eid("10.1.1.0/24"), 1440, "172.16.1.2", NULL);
	reg_end(&r);
	reg_send(f, &r);
	assert_int_equal(f->n_sent, 0);
	assert_int_equal(n_registered(f), 1);
	/* a way out that fails is no acknowledgement */
	f->send_rc = -ENETUNREACH;
	register_one(f, 2, "10.1.1.0/24", "172.16.1.2");
	assert_int_equal(COUNTER(f, NOTIFY_TX), 0);
	assert_int_equal(COUNTER(f, REG_OK), 2);
}

/* Registers of OOR 1.3.0 as captured, and one with an instance-ID: SHA-1, 20 bytes, key-id byte 0,
 * random nonces, no IDs. */
static void test_captured(void **state)
{
	static const char *const registers[] = {
	    "30000101ac3f8e6fd68c27ac0001001441cf7a8c69a9c49163b39b3202138f9b42d951590000000a011810"
	    "00"
	    "000000010a0101000132ff0000050001ac100102",
	    "3000010177000000000000000001001400000000000000000000000000000000000000000000000a011810"
	    "00"
	    "000000010a0101000132ff0000050001ac100102", /* forged */
	    "300001016ed6db7fa9ded62e00010014118fee6f28d038d9ec726132ea9d8552f303b07c0000000a011810"
	    "00"
	    "000000010a0202000132ff0000050001ac100103",
	    "30000101c67f867bb1817f80000100141ddfecf071b00f5f04324578a6a33623fa0d28940000000a011810"
	    "00"
	    "0000400300000220000a0000006400010a0202000132ff0000050001ac100103",
	};
	struct fixture *f = lab1(state);
	struct xtr_peer from = {.port = 4342, .local = ip("172.16.1.1")};
	json_t *doc;

	add_prefix(&f->sites[0], eid_in(100, "10.2.2.0/24"), false);
	allow_all(f, false);
	start(f);
	for (unsigned i = 0; i < 4; i++) {
		size_t len = strlen(registers[i]) / 2;
		uint8_t p[128];
		unsigned b;

		for (size_t k = 0; k < len; k++) {
			sscanf(registers[i] + 2 * k, "%2x", &b);
			p[k] = (uint8_t)b;
		}
		from.ip = xtr_ip4(p + len - 4);
		deliver(f, &from, p, len);
		assert_int_equal(f->n_sent, i != 1);
		if (f->n_sent)
			assert_memory_equal(f->sent[0].p + 36, p + 36, len - 36);
	}
	assert_int_equal(COUNTER(f, REG_AUTH_FAILED), 1);
	doc = xtr_ms_show_sites(f->ms, "Site_1");
	assert_int_equal(json_array_size(at(doc, "sites.0.registrations")), 3);
	assert_string_equal(
	    json_string_value(at(doc, "sites.0.registrations.0.nonce")), "0xAC3F8E6F-0xD68C27AC");
	assert_int_equal(json_integer_value(at(doc, "sites.0.registrations.2.instance")), 100);
	assert_true(json_is_null(at(doc, "sites.0.registrations.2.xtr_id")));
	json_decref(doc);
}

static void test_wrong_key(void **state)
{
	struct fixture *f = lab1(state);
	struct reg r;

	start(f);
	reg_begin(&r, "172.16.1.2", 1);
	r.key = "Zaq12wsx!#";
	reg_record(&r, eid("10.1.1.0/24"), 1440, "172.16.1.2", NULL);
	reg_record(&r, eid("10.2.2.0/24"), 1440, "172.16.1.2", NULL);
	reg_end(&r);
	reg_send(f, &r);
	assert_int_equal(f->n_sent, 0);
	assert_int_equal(n_registered(f), 0);
	assert_int_equal(COUNTER(f, REG_AUTH_FAILED), 1);
	assert_int_equal(COUNTER(f, REG_OK), 0);
	assert_int_equal(shown(f, "sites.0.errors.authentication_failed"), 1);
	assert_int_equal(
	    logged(f, "Site_1", "10.1.1.0/24", "172.16.1.2", "authentication failed", NULL), 1);
	/* nor did the nonce of the forged one count */
	register_one(f, 1, "10.1.1.0/24", "172.16.1.2");
	assert_int_equal(f->n_sent, 1);
	/* keys never appear */
	assert_int_equal(logged(f, "Zaq12wsx", NULL), 0);
}

static void test_bad_authentication_length(void **state)
{
	struct fixture *f = lab1(state);
	struct reg r;

	start(f);
	for (unsigned i = 0; i < 3; i++) {
		reg_begin(&r, "172.16.1.2", 1);
		r.o.auth_len = (uint16_t[]){0, 20, 31}[i];
		reg_record(&r, eid("10.1.1.0/24"), 1440, "172.16.1.2", NULL);
		deliver(f, &r.from, r.p, r.w.len + 24);
		assert_int_equal(f->n_sent, 0);
	}
	assert_int_equal(COUNTER(f, REG_AUTH_FAILED), 3);
}

static void test_algorithm_not_allowed(void **state)
{
	struct fixture *f = lab1(state);
	struct reg r;

	start(f);
	reg_begin(&r, "172.16.1.2", 1);
	r.o.algorithm = XTR_ALG_SHA1;
	r.o.auth_len = 20;
	reg_record(&r, eid("10.1.1.0/24"), 1440, "172.16.1.2", NULL);
	reg_end(&r);
	reg_send(f, &r);
	/* no authentication at all, and numbers that nobody gave out */
	for (unsigned alg = 0; alg < 256; alg += 51) {
		r.p[13] = (uint8_t)alg;
		reg_send(f, &r);
	}
	assert_int_equal(f->n_sent, 0);
	assert_int_equal(COUNTER(f, REG_ALGORITHM), 7);
	assert_int_equal(shown(f, "sites.0.errors.algorithm_not_allowed"), 7);
	assert_int_equal(
	    logged(f, "Site_1", "10.1.1.0/24", "172.16.1.2", "algorithm not allowed", "sha1", NULL),
	    1);
}

static void test_no_site(void **state)
{
	struct fixture *f = lab1(state);
	json_t *doc;

	start(f);
	register_one(f, 1, "10.99.0.0/16", "172.16.1.2");
	register_one(f, 2, "10.1.1.128/25", "172.16.1.2"); /* no more-specifics */
	register_one(f, 3, "10.1.0.0/16", "172.16.1.2");
	register_one(f, 4, "fd00:1::/64", "172.16.1.2");
	assert_int_equal(f->n_sent, 0);
	assert_int_equal(COUNTER(f, REG_NO_SITE), 4);
	assert_int_equal(COUNTER(f, REG_OK), 0);
	assert_int_equal(
	    logged(f, "no site", "10.99.0.0/16", "172.16.1.2", "not configured", NULL), 1);
	assert_int_equal(logged(f, "Site_1", "10.1.1.128/25", "not configured", NULL), 1);
	assert_int_equal(shown(f, "errors.no_site"), 3);
	assert_int_equal(shown(f, "sites.0.errors.prefix_not_configured"), 1);
	doc = xtr_ms_show_sites(f->ms, NULL);
	assert_non_null(strstr(json_string_value(at(doc, "errors.last_error")), "fd00:1::/64"));
	json_decref(doc);
}

static void test_no_records(void **state)
{
	struct fixture *f = lab1(state);
	struct reg r;
	struct xtr_record none = {.ttl = 1440};

	start(f);
	reg_begin(&r, "172.16.1.2", 1);
	xtr_writer_init(&r.w, r.p, sizeof(r.p));
	xtr_write_map_register(&r.w, &r.o);
	reg_end(&r);
	reg_send(f, &r);
	assert_int_equal(shown(f, "errors.malformed"), 1);
	reg_begin(&r, "172.16.1.2", 1);
	reg_record(&r, eid("10.1.1.0/24"), 1440, "172.16.1.2", NULL);
	xtr_write_record(&r.w, &none);
	reg_end(&r);
	reg_send(f, &r);
	assert_int_equal(shown(f, "errors.malformed"), 2);
	assert_int_equal(f->n_sent, 1);
	assert_int_equal(f->sent[0].m.n_records, 1);
}

static void test_locator_not_allowed(void **state)
{
	struct fixture *f = lab1(state);
	struct xtr_record rec;
	struct reg r;

	f->sites[0].locators = calloc(1, sizeof(struct xtr_ip));
	f->sites[0].locators[0] = ip("172.16.1.2");
	f->sites[0].n_locators = 1;
	start(f);
	/* the record is refused, not the message; the Map-Notify carries what is registered */
	reg_begin(&r, "172.16.1.2", 1);
	reg_record(&r, eid("10.1.1.0/24"), 1440, "172.16.1.2", NULL);
	reg_record(&r, eid("10.2.2.0/24"), 1440, "172.16.1.2", "172.16.1.66");
	reg_record(&r, eid("10.3.3.0/24"), 1440, "172.16.1.2", NULL);
	reg_end(&r);
	reg_send(f, &r);
	assert_int_equal(f->n_sent, 1);
	assert_int_equal(f->sent[0].m.n_records, 1);
	rec = record_of(&f->sent[0], 0);
	assert_eid(&rec.eid, "10.1.1.0/24");
	assert_int_equal(n_registered(f), 1);
	assert_int_equal(COUNTER(f, REG_OK), 1);
	assert_int_equal(COUNTER(f, REG_LOCATOR), 1);
	assert_int_equal(COUNTER(f, REG_NO_SITE), 1);
	assert_int_equal(shown(f, "sites.0.errors.locator_not_allowed"), 1);
	/* the site's own ETR asked for it: it is shown where the site's operator looks */
	assert_int_equal(shown(f, "sites.0.errors.prefix_not_configured"), 1);
	assert_int_equal(logged(f, "Site_1", "10.2.2.0/24", "172.16.1.2", "locator not allowed",
			     "172.16.1.66", NULL),
	    1);
	/* nothing accepted: no Map-Notify; a repetition counts no error a second time */
	register_one(f, 2, "10.2.2.0/24", "172.16.1.3");
	assert_int_equal(f->n_sent, 0);
	reg_begin(&r, "172.16.1.2", 3);
	reg_record(&r, eid("10.1.1.0/24"), 1440, "172.16.1.2", NULL);
	reg_record(&r, eid("10.2.2.0/24"), 1440, "172.16.1.66", NULL);
	reg_end(&r);
	reg_send(f, &r);
	reg_send(f, &r);
	assert_int_equal(f->n_sent, 1);
	assert_int_equal(f->sent[0].m.n_records, 1);
	assert_int_equal(shown(f, "sites.0.errors.locator_not_allowed"), 3);
}

static void test_locator_of_no_use(void **state)
{
	static const char *const bad[] = {
	    "224.0.0.1", "255.255.255.255", "127.0.0.1", "0.0.0.0", "ff02::1", "::1", "::"};
	struct fixture *f = lab1(state);
	struct reg r;

	start(f);
	for (unsigned i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		reg_begin(&r, "172.16.1.2", i + 1);
		reg_record(&r, eid("10.1.1.0/24"), 1440, "172.16.1.2", bad[i]);
		reg_end(&r);
		reg_send(f, &r);
		assert_int_equal(f->n_sent, 0);
		assert_int_equal(COUNTER(f, REG_LOCATOR), i + 1);
	}
	assert_int_equal(n_registered(f), 0);
}

static void test_log_is_limited(void **state)
{
	struct fixture *f = lab1(state);

	start(f);
	for (unsigned i = 0; i < 50; i++)
		register_one(f, 1, "10.9.0.0/16", "172.16.1.2");
	assert_int_equal(logged(f, "10.9.0.0/16", NULL), 1);
	xtr_clock_advance(&f->wheel, 999);
	register_one(f, 1, "10.9.0.0/16", "172.16.1.2");
	assert_int_equal(logged(f, "10.9.0.0/16", NULL), 1);
	/* another reason, another site: lines of their own */
	register_one(f, 1, "10.1.1.0/25", "172.16.1.2");
	assert_int_equal(logged(f, "10.1.1.0/25", NULL), 1);
	xtr_clock_advance(&f->wheel, 1);
	register_one(f, 1, "10.9.0.0/16", "172.16.1.2");
	assert_int_equal(logged(f, "10.9.0.0/16", "50 more", NULL), 1);
	assert_int_equal(shown(f, "errors.no_site"), 52);
}

/* Each site judges with its own key; what does not verify is refused, the rest registered. */
static void test_several_sites(void **state)
{
	struct fixture *f = lab1(state);
	struct xtr_record rec;
	struct reg r;

	add_prefix(add_site(f, "other", KEY2), eid("10.3.0.0/16"), true);
	add_prefix(add_site(f, "same-key", KEY1), eid("10.4.0.0/16"), true);
	start(f);
	reg_begin(&r, "172.16.1.2", 1);
	reg_record(&r, eid("10.3.1.0/24"), 1440, "172.16.1.2", NULL);
	reg_record(&r, eid("10.1.1.0/24"), 1440, "172.16.1.2", NULL);
	reg_record(&r, eid("10.4.1.0/24"), 1440, "172.16.1.2", NULL);
	reg_end(&r);
	reg_send(f, &r);
	assert_int_equal(f->n_sent, 1);
	assert_int_equal(f->sent[0].m.n_records, 2);
	rec = record_of(&f->sent[0], 0);
	assert_eid(&rec.eid, "10.1.1.0/24");
	rec = record_of(&f->sent[0], 1);
	assert_eid(&rec.eid, "10.4.1.0/24");
	assert_int_equal(COUNTER(f, REG_AUTH_FAILED), 1);
	assert_int_equal(shown(f, "sites.0.errors.authentication_failed"), 0);
	assert_int_equal(shown(f, "sites.1.errors.authentication_failed"), 1);
	assert_int_equal(shown(f, "sites.2.errors.authentication_failed"), 0);
	assert_int_equal(logged(f, "other", "10.3.1.0/24", "authentication failed", NULL), 1);
	/* the other key, the other way round */
	reg_begin(&r, "172.16.1.2", 2);
	r.key = KEY2;
	reg_record(&r, eid("10.1.1.0/24"), 1440, "172.16.1.2", NULL);
	reg_record(&r, eid("10.3.1.0/24"), 1440, "172.16.1.2", NULL);
	reg_end(&r);
	reg_send(f, &r);
	assert_int_equal(f->sent[0].m.n_records, 1);
	assert_int_equal(shown(f, "sites.0.errors.authentication_failed"), 1);
}

/* Of eight sites with eight secrets, the one whose key it is takes its record. A ninth secret would
 * not be tried any more. */
static void test_keys_tried(void **state)
{
	struct fixture *f = *state;
	char name[8], prefix[16];
	struct reg r;

	for (unsigned i = 0; i < MAX_SITES; i++) {
		snprintf(name, sizeof(name), "site%u", i);
		snprintf(prefix, sizeof(prefix), "10.%u.0.0/16", i);
		add_prefix(add_site(f, name, i < MAX_SITES - 1 ? name : KEY1), eid(prefix), false);
	}
	start(f);
	reg_begin(&r, "172.16.1.2", 1);
	for (unsigned i = 0; i < MAX_SITES; i++) {
		snprintf(prefix, sizeof(prefix), "10.%u.0.0/16", i);
		reg_record(&r, eid(prefix), 1440, "172.16.1.2", NULL);
	}
	reg_end(&r);
	reg_send(f, &r);
	assert_int_equal(f->n_sent, 0);
	assert_int_equal(COUNTER(f, REG_AUTH_FAILED), 9);
	/* without the first it is the eighth */
	reg_begin(&r, "172.16.1.2", 1);
	for (unsigned i = 1; i < MAX_SITES; i++) {
		snprintf(prefix, sizeof(prefix), "10.%u.0.0/16", i);
		reg_record(&r, eid(prefix), 1440, "172.16.1.2", NULL);
	}
	reg_end(&r);
	reg_send(f, &r);
	assert_int_equal(f->n_sent, 1);
	assert_int_equal(f->sent[0].m.n_records, 1);
	assert_int_equal(COUNTER(f, REG_AUTH_FAILED), 9 + 7);
}

/* What is configured inside another site's prefix is out of that site's reach. */
static void test_nested_prefixes(void **state)
{
	struct fixture *f = *state;
	struct reg r;

	add_prefix(add_site(f, "outer", KEY1), eid("10.0.0.0/8"), true);
	add_prefix(add_site(f, "inner", KEY2), eid("10.1.0.0/16"), false);
	add_prefix(add_site(f, "thief", KEY2), eid("10.0.0.0/8"), true); /* configured twice */
	start(f);
	assert_int_equal(logged(f, "thief", "10.0.0.0/8", "outer", NULL), 1);
	register_one(f, 1, "10.2.0.0/16", "172.16.1.2");
	assert_int_equal(f->n_sent, 1);
	register_one(f, 2, "10.1.0.0/16", "172.16.1.2");
	assert_int_equal(f->n_sent, 0);
	assert_int_equal(COUNTER(f, REG_AUTH_FAILED), 1);
	register_one(f, 3, "10.1.2.0/24", "172.16.1.2");
	assert_int_equal(f->n_sent, 0);
	assert_int_equal(COUNTER(f, REG_NO_SITE), 1);
	assert_int_equal(shown(f, "sites.1.errors.prefix_not_configured"), 1);
	/* each site shows what is its own */
	reg_begin(&r, "172.16.1.4", 1);
	r.key = KEY2;
	reg_record(&r, eid("10.1.0.0/16"), 1440, "172.16.1.4", NULL);
	reg_end(&r);
	reg_send(f, &r);
	assert_int_equal(f->n_sent, 1);
	assert_int_equal(n_registered(f), 1);
	assert_int_equal(shown(f, "sites.1.registrations.0.ttl_min"), 1440);
}

/* RFC 9301 8.2: three minutes; 5.6, T bit: the record's TTL. */
static void test_expiry(void **state)
{
	struct fixture *f = lab1(state);
	struct reg r;

	start(f);
	register_one(f, 1, "10.1.1.0/24", "172.16.1.2");
	xtr_clock_advance(&f->wheel, 179999);
	assert_int_equal(n_registered(f), 1);
	register_one(f, 2, "10.1.1.0/24", "172.16.1.2");
	assert_int_equal(shown(f, "sites.0.registrations.0.first_registered_s"), 179);
	assert_int_equal(shown(f, "sites.0.registrations.0.last_registered_s"), 0);
	assert_int_equal(shown(f, "sites.0.registrations.0.expires_s"), 180);
	/* it is the same registration with another locator, too */
	reg_begin(&r, "172.16.1.2", 3);
	reg_record(&r, eid("10.1.1.0/24"), 1440, "172.16.1.2", "172.16.1.3");
	reg_end(&r);
	reg_send(f, &r);
	assert_int_equal(n_registered(f), 1);
	assert_int_equal(shown(f, "sites.0.registrations.0.first_registered_s"), 179);
	xtr_clock_advance(&f->wheel, 179999);
	assert_int_equal(n_registered(f), 1);
	assert_int_equal(COUNTER(f, REG_EXPIRED), 0);
	xtr_clock_advance(&f->wheel, 1);
	assert_int_equal(n_registered(f), 0);
	assert_int_equal(COUNTER(f, REG_EXPIRED), 1);
	assert_int_equal(logged(f, "Site_1", "10.1.1.0/24", "172.16.1.2", "expired", NULL), 1);

	reg_begin(&r, "172.16.1.2", 4);
	r.o.use_ttl = true;
	reg_record(&r, eid("10.1.1.0/24"), 60, "172.16.1.2", NULL);
	reg_record(&r, eid("10.2.2.0/24"), XTR_TTL_FOREVER, "172.16.1.2", NULL);
	reg_end(&r);
	reg_send(f, &r);
	xtr_clock_advance(&f->wheel, 180000);
	assert_int_equal(n_registered(f), 1);
	xtr_clock_advance(&f->wheel, 57 * 60000 - 1);
	assert_int_equal(n_registered(f), 1);
	xtr_clock_advance(&f->wheel, 1);
	assert_int_equal(n_registered(f), 0);
	assert_int_equal(COUNTER(f, REG_EXPIRED), 3);
	/* the nonce does not expire with it */
	register_one(f, 4, "10.1.1.0/24", "172.16.1.2");
	assert_int_equal(COUNTER(f, REG_REPLAY), 1);
}

static void test_withdraw(void **state)
{
	struct fixture *f = lab1(state);
	struct reg r;

	for (unsigned strict = 0; strict < 2; strict++) {
		f->sites[0].replay_strict = strict;
		start(f);
		register_one(f, 1, "10.1.1.0/24", "172.16.1.2");
		reg_begin(&r, "172.16.1.2", 2);
		reg_record(&r, eid("10.1.1.0/24"), 0, "172.16.1.2", NULL);
		reg_record(&r, eid("10.2.2.0/24"), 0, NULL, NULL);
		reg_end(&r);
		reg_send(f, &r);
		/* acknowledged, the one that was not there too */
		assert_int_equal(f->n_sent, 1);
		assert_int_equal(f->sent[0].m.n_records, 2);
		assert_int_equal(COUNTER(f, REG_WITHDRAWN), strict + 1);
		assert_int_equal(n_registered(f), 0);
		/* another xTR's registration is not ours to withdraw */
		register_one(f, 3, "10.1.1.0/24", "172.16.1.2");
		reg_begin(&r, "172.16.1.3", 4);
		r.xtr_id[0] = 9;
		reg_record(&r, eid("10.1.1.0/24"), 0, NULL, NULL);
		reg_end(&r);
		reg_send(f, &r);
		assert_int_equal(n_registered(f), 1);
		assert_int_equal(COUNTER(f, REG_WITHDRAWN), strict + 1);
		assert_int_equal(COUNTER(f, REG_EXPIRED), 0);
		if (!strict) {
			xtr_ms_destroy(f->ms);
			f->ms = NULL;
		}
	}
}

static void test_show(void **state)
{
	struct fixture *f = lab1(state);
	json_t *doc, *want;
	struct reg r;

	add_prefix(add_site(f, "fd", KEY2), eid_in(7, "fd00:1::/32"), true);
	start(f);
	reg_begin(&r, "172.16.1.2", 0x3ca3e13a96ca01e0);
	r.from.port = 52677;
	r.o.proxy_reply = r.o.merge = true;
	reg_record(&r, eid("10.1.1.0/24"), 1440, "172.16.1.2", "2001:db8::2");
	reg_end(&r);
	reg_send(f, &r);
	xtr_clock_advance(&f->wheel, 10000);
	r.p[11]++;
	sign(KEY1, r.p, r.len, r.len);
	reg_send(f, &r);
	xtr_clock_advance(&f->wheel, 2500);

	doc = xtr_ms_show_sites(f->ms, "10.1.1.4");
	want = json_pack(
	    "{s:i, s:s, s:s, s:i, s:i, s:i, s:i, s:s, s:i, s:s, s:i, s:s, s:s, s:b, s:b, s:b,"
	    " s:[{s:s, s:i, s:i, s:b, s:s}, {s:s, s:i, s:i, s:b, s:s}]}",
	    "instance", 0, "eid", "10.1.1.0/24", "etr", "172.16.1.2", "etr_port", 52677,
	    "first_registered_s", 12, "last_registered_s", 2, "expires_s", 177, "authentication",
	    "sha256", "key_id", 0, "nonce", "0x3CA3E13A-0x96CA01E1", "ttl_min", 1440, "xtr_id",
	    "f180e005000000000000000000000000", "site_id", "0000000000000000", "map_notify", 1,
	    "proxy_reply", 1, "merge", 1, "locators", "rloc", "172.16.1.2", "priority", 1, "weight",
	    50, "local", 1, "state", "up", "rloc", "2001:db8::2", "priority", 2, "weight", 50,
	    "local", 0, "state", "up");
	assert_non_null(want);
	assert_true(json_equal(at(doc, "sites.0.registrations.0"), want));
	json_decref(want);
	/* an address shows what it concerns, nothing else */
	assert_int_equal(json_array_size(at(doc, "sites")), 1);
	assert_int_equal(json_array_size(at(doc, "sites.0.prefixes")), 1);
	json_decref(doc);

	doc = xtr_ms_show_sites(f->ms, NULL);
	assert_int_equal(json_array_size(at(doc, "sites")), 2);
	assert_int_equal(json_array_size(at(doc, "sites.0.prefixes")), 2);
	want = json_pack(
	    "{s:i, s:s, s:b}", "instance", 7, "eid", "fd00:1::/32", "accept_more_specifics", 1);
	assert_true(json_equal(at(doc, "sites.1.prefixes.0"), want));
	json_decref(want);
	want = json_pack("{s:i, s:i, s:i, s:i, s:i, s:n}", "authentication_failed", 0,
	    "locator_not_allowed", 0, "prefix_not_configured", 0, "replay", 0,
	    "algorithm_not_allowed", 0, "last_error");
	assert_true(json_equal(at(doc, "sites.1.errors"), want));
	json_decref(want);
	json_decref(doc);

	doc = xtr_ms_show_sites(f->ms, "fd");
	assert_string_equal(json_string_value(at(doc, "sites.0.name")), "fd");
	assert_int_equal(json_array_size(at(doc, "sites")), 1);
	json_decref(doc);
	doc = xtr_ms_show_sites(f->ms, "10.0.0.0/8");
	assert_int_equal(json_array_size(at(doc, "sites.0.prefixes")), 2);
	assert_int_equal(json_array_size(at(doc, "sites.0.registrations")), 1);
	json_decref(doc);
	doc = xtr_ms_show_sites(f->ms, "nobody");
	assert_int_equal(json_array_size(at(doc, "sites")), 0);
	json_decref(doc);
}

static void test_debug_lines(void **state)
{
	struct fixture *f = lab1(state);

	xtr_debug_on[XTR_DBG_MAP_REGISTER] = true;
	start(f);
	register_one(f, 1, "10.1.1.0/24", "172.16.1.2");
	assert_int_equal(logged(f, "Received Map-Register", "172.16.1.2:4342", "1 record,",
			     "0x00000000-0x00000001", "sha256", "f180e005", NULL),
	    1);
	assert_int_equal(logged(f, "mapping record for IID 0 10.1.1.0/24, ttl 1440", NULL), 1);
	assert_int_equal(logged(f, "    172.16.1.2 pri/wei=1/50 LpR", NULL), 1);
	assert_int_equal(logged(f, "Map-Notify 172.16.1.1:4342->172.16.1.2:4342", NULL), 1);
}

static void test_role_off(void **state)
{
	struct fixture *f = lab1(state);

	f->cfg.ms = false;
	start(f);
	register_one(f, 1, "10.1.1.0/24", "172.16.1.2");
	assert_int_equal(f->n_sent, 0);
	assert_int_equal(COUNTER(f, REG_RX), 0);
	assert_int_equal(COUNTER(f, CTL_RX_NOT_OURS), 1);
}

/* Many xTRs with one prefix: the table of registrations of a prefix is bounded, the latest stay. */
static void test_many_xtrs(void **state)
{
	struct fixture *f = lab1(state);
	struct reg r;

	start(f);
	for (unsigned i = 0; i < 300; i++) {
		reg_begin(&r, "172.16.1.2", 1);
		r.xtr_id[14] = (uint8_t)(i >> 8);
		r.xtr_id[15] = (uint8_t)i;
		reg_record(
		    &r, eid("10.1.1.0/24"), i + 1, "172.16.1.2", i & 1 ? "172.16.1.3" : NULL);
		reg_end(&r);
		reg_send(f, &r);
	}
	assert_int_equal(n_registered(f), 64);
	assert_int_equal(shown(f, "sites.0.registrations.0.ttl_min"), 300);
	assert_int_equal(shown(f, "sites.0.registrations.63.ttl_min"), 237);
	xtr_clock_advance(&f->wheel, 180000);
	assert_int_equal(COUNTER(f, REG_EXPIRED), 64);
	assert_int_equal(n_registered(f), 0);
}

/* A register that was cut or changed anywhere: nothing is registered, nothing answered, nothing
 * read beyond its end. */
static void test_damaged(void **state)
{
	struct fixture *f = lab1(state);
	struct xtr_wire_err err;
	struct xtr_msg m;
	struct reg r;

	start(f);
	reg_begin(&r, "172.16.1.2", 5);
	reg_record(&r, eid("10.1.1.0/24"), 1440, "172.16.1.2", NULL);
	reg_end(&r);
	for (size_t i = 0; i < 8 * r.len; i++) {
		r.p[i / 8] ^= (uint8_t)(1 << i % 8);
		if (!xtr_msg_read(r.p, r.len, &m, &err) && m.type == XTR_MSG_MAP_REGISTER)
			deliver(f, &r.from, r.p, r.len);
		assert_int_equal(f->n_sent, 0);
		r.p[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	for (size_t len = 0; len < r.len; len++)
		if (!xtr_msg_read(r.p, len, &m, &err))
			deliver(f, &r.from, r.p, len);
	assert_int_equal(n_registered(f), 0);
	assert_int_equal(COUNTER(f, REG_OK), 0);
	reg_send(f, &r);
	assert_int_equal(f->n_sent, 1);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(notify),
	    T(no_notify_unless_wanted),
	    T(captured),
	    T(wrong_key),
	    T(bad_authentication_length),
	    T(algorithm_not_allowed),
	    T(no_site),
	    T(no_records),
	    T(locator_not_allowed),
	    T(locator_of_no_use),
	    T(log_is_limited),
	    T(several_sites),
	    T(keys_tried),
	    T(nested_prefixes),
	    T(expiry),
	    T(withdraw),
	    T(show),
	    T(debug_lines),
	    T(role_off),
	    T(many_xtrs),
	    T(damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
