/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Control messages against bytes put together by hand from the figures of RFC 9301 section 5 and
 * RFC 8060 section 4.1: what the writer makes must be these bytes, what the reader makes of these
 * bytes must be what went in. (What other systems sent is in test_captures.py, malformed messages
 * in test_wire_bad.c.)
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "wire_vectors.h"

#define NONCE 0x0102030405060708u

static struct xtr_ip ip(const char *text)
{
	struct xtr_ip out = {0};

	if (strcmp(text, "none") != 0)
		assert_int_equal(xtr_ip_parse(text, &out), 0);
	return out;
}

static struct xtr_eid eid(uint32_t iid, const char *text)
{
	struct xtr_eid out;

	assert_int_equal(xtr_eid_parse(text, &out), 0);
	out.iid = iid;
	return out;
}

static void assert_ip(const struct xtr_ip *a, const char *text)
{
	char buf[XTR_IP_STRLEN];

	assert_string_equal(xtr_ip_format(a, buf), text);
}

static void assert_eid(const struct xtr_eid *e, const char *text)
{
	char buf[XTR_EID_STRLEN];

	assert_string_equal(xtr_eid_format(e, buf), text);
}

/* The bytes written are those of a vector, and no smaller buffer gets one byte too many. */
static void assert_written(const struct xtr_writer *w, const char *hex)
{
	uint8_t want[VECTOR_MAX];
	size_t n = vector_bytes(hex, want);

	assert_int_equal(xtr_writer_result(w), 0);
	assert_int_equal(w->len, n);
	assert_memory_equal(w->p, want, n);
}

/* Writes with fn into heap buffers of every size up to the right one. */
static void write_all_sizes(void (*fn)(struct xtr_writer *w), const char *hex)
{
	uint8_t want[VECTOR_MAX];
	size_t n = vector_bytes(hex, want);

	for (size_t size = 0; size <= n + 1; size++) {
		uint8_t *p = malloc(size ? size : 1);
		struct xtr_writer w;

		memset(p, 0xee, size);
		xtr_writer_init(&w, p, size);
		fn(&w);
		assert_int_equal(w.len, n); /* what it needed */
		assert_int_equal(xtr_writer_result(&w), size < n ? -ENOBUFS : 0);
		if (size >= n)
			assert_written(&w, hex);
		free(p);
	}
}

static void read_ok(const char *hex, struct xtr_msg *m, uint8_t *buf)
{
	struct xtr_wire_err err = {0};
	size_t n = vector_bytes(hex, buf);

	assert_int_equal(xtr_msg_read(buf, n, m, &err), 0);
	assert_ptr_equal(m->end, buf + n);
}

static void request_write(struct xtr_writer *w)
{
	struct xtr_ip rloc = ip("172.16.1.2");
	struct xtr_request_opts o = {
	    .nonce = NONCE, .source_eid = eid(0, "10.1.1.4"), .itr_rlocs = &rloc, .n_itr_rlocs = 1};
	struct xtr_eid e = eid(0, "10.2.2.5");

	xtr_write_map_request(w, &o, &e);
}

static void request_iid_write(struct xtr_writer *w)
{
	struct xtr_ip rlocs[2] = {ip("172.16.1.2"), ip("2001:db8::2")};
	struct xtr_request_opts o = {.nonce = NONCE,
	    .source_eid = eid(100, "10.1.1.4"),
	    .itr_rlocs = rlocs,
	    .n_itr_rlocs = 2};
	struct xtr_eid e = eid(XTR_IID_MAX, "fd00:2:2::/64");

	xtr_write_map_request(w, &o, &e);
}

static void test_request(void **state)
{
	uint8_t buf[VECTOR_MAX];
	const uint8_t *cursor = NULL;
	struct xtr_msg m;
	struct xtr_eid e;

	write_all_sizes(request_write, V_REQUEST);
	read_ok(V_REQUEST, &m, buf);
	assert_int_equal(m.type, XTR_MSG_MAP_REQUEST);
	assert_int_equal(m.nonce, NONCE);
	assert_int_equal(m.n_records, 1);
	assert_false(m.authoritative || m.map_data || m.probe || m.smr || m.pitr || m.smr_invoked ||
		     m.local_xtr || m.dont_reply || m.has_ids || m.security || m.want_notify);
	assert_eid(&m.source_eid, "10.1.1.4/32");
	assert_int_equal(m.n_itr_rlocs, 1);
	assert_ip(&m.itr_rlocs[0], "172.16.1.2");
	assert_null(m.reply_record);
	assert_true(xtr_request_eid_next(&m, &cursor, &e));
	assert_eid(&e, "10.2.2.5/32");
	assert_false(xtr_request_eid_next(&m, &cursor, &e));

	write_all_sizes(request_iid_write, V_REQUEST_IID);
	read_ok(V_REQUEST_IID, &m, buf);
	assert_eid(&m.source_eid, "[100] 10.1.1.4/32");
	assert_int_equal(m.n_itr_rlocs, 2);
	assert_ip(&m.itr_rlocs[0], "172.16.1.2");
	assert_ip(&m.itr_rlocs[1], "2001:db8::2");
	cursor = NULL;
	assert_true(xtr_request_eid_next(&m, &cursor, &e));
	assert_eid(&e, "[16777215] fd00:2:2::/64");
	assert_false(xtr_request_eid_next(&m, &cursor, &e));
}

/* Each flag alone, at its place in the figure of section 5.2. */
static void test_request_flags(void **state)
{
	static const struct {
		unsigned byte, bit;
	} at[] = {{0, 0x08}, {0, 0x02}, {0, 0x01}, {1, 0x80}, {1, 0x40}, {2, 0x40}, {2, 0x20}};
	struct xtr_ip rloc = ip("172.16.1.2");
	struct xtr_eid e = eid(0, "10.2.2.0/24");

	for (unsigned i = 0; i < 7; i++) {
		struct xtr_request_opts o = {
		    .itr_rlocs = &rloc,
		    .n_itr_rlocs = 1,
		    .authoritative = i == 0,
		    .probe = i == 1,
		    .smr = i == 2,
		    .pitr = i == 3,
		    .smr_invoked = i == 4,
		    .local_xtr = i == 5,
		    .dont_reply = i == 6,
		};
		uint8_t buf[VECTOR_MAX], want[4] = {0x10, 0, 0, 1};
		struct xtr_wire_err err;
		struct xtr_writer w;
		struct xtr_msg m;

		want[at[i].byte] |= (uint8_t)at[i].bit;
		xtr_writer_init(&w, buf, sizeof buf);
		xtr_write_map_request(&w, &o, &e);
		assert_int_equal(xtr_writer_result(&w), 0);
		assert_memory_equal(buf, want, 4);
		/* Reserved bits and flags of others do not matter (RFC 9301 5.2). */
		buf[1] |= 0x2f; /* all but I of RFC 9437 */
		buf[2] |= 0x80;
		assert_int_equal(xtr_msg_read(buf, w.len, &m, &err), 0);
		assert_int_equal(m.authoritative, i == 0);
		assert_int_equal(m.probe, i == 1);
		assert_int_equal(m.smr, i == 2);
		assert_int_equal(m.pitr, i == 3);
		assert_int_equal(m.smr_invoked, i == 4);
		assert_int_equal(m.local_xtr, i == 5);
		assert_int_equal(m.dont_reply, i == 6);
		assert_false(m.map_data);
		assert_int_equal(m.source_eid.ip.af, 0);
	}
}

/* The asker's own mapping (M), AFI 0 as EID, source EID of a type unknown to us, ITR-RLOCs of all
 * kinds. */
static void test_request_read(void **state)
{
	uint8_t buf[VECTOR_MAX];
	const uint8_t *cursor = NULL, *locs = NULL;
	struct xtr_record rec;
	struct xtr_locator loc;
	struct xtr_msg m;
	struct xtr_eid e;

	read_ok(V_REQUEST_MAP_DATA, &m, buf);
	assert_true(m.map_data);
	assert_true(m.smr);
	assert_int_equal(m.n_records, 2);
	assert_eid(&m.source_eid, "none");
	assert_int_equal(m.n_itr_rlocs, 2); /* of five */
	assert_ip(&m.itr_rlocs[0], "172.16.1.2");
	assert_ip(&m.itr_rlocs[1], "2001:db8::2");
	assert_true(xtr_request_eid_next(&m, &cursor, &e));
	assert_eid(&e, "10.2.0.0/16"); /* sent with host bits */
	assert_true(xtr_request_eid_next(&m, &cursor, &e));
	assert_eid(&e, "none");
	assert_int_equal(e.plen, 0);
	assert_false(xtr_request_eid_next(&m, &cursor, &e));
	cursor = NULL;
	assert_false(xtr_record_next(&m, &cursor, &rec)); /* its records are no mapping records */
	assert_non_null(m.reply_record);
	xtr_record_at(m.reply_record, &rec);
	assert_eid(&rec.eid, "10.1.1.0/24");
	assert_int_equal(rec.n_locators, 1);
	assert_true(xtr_locator_next(&rec, &locs, &loc));
	assert_ip(&loc.ip, "172.16.1.2");
	assert_false(xtr_locator_next(&rec, &locs, &loc));
	assert_ptr_equal(
	    rec.start + rec.size, m.end - 2); /* two bytes follow that nobody asked for */
}

static void reply_write(struct xtr_writer *w)
{
	struct xtr_record rec = {
	    .ttl = 1440, .eid = eid(0, "10.2.2.0/24"), .authoritative = true, .map_version = 0xabc};
	struct xtr_locator a = {.ip = ip("172.16.1.3"),
	    .priority = 1,
	    .weight = 50,
	    .m_priority = 255,
	    .m_weight = 7,
	    .local = true,
	    .reachable = true};
	struct xtr_locator b = {
	    .ip = ip("2001:db8::3"), .priority = 2, .weight = 100, .probed = true};

	xtr_write_map_reply(w, NONCE, true);
	xtr_write_record(w, &rec);
	xtr_write_locator(w, &a);
	xtr_write_locator(w, &b);
	rec = (struct xtr_record){.ttl = XTR_TTL_FOREVER, .eid = eid(100, "fd00:2::/32")};
	xtr_write_record(w, &rec);
	b = (struct xtr_locator){.priority = 255};
	xtr_write_locator(w, &b);
}

static void reply_negative_write(struct xtr_writer *w)
{
	struct xtr_record rec = {
	    .ttl = 15, .eid = eid(0, "0.0.0.0/1"), .act = XTR_ACT_NATIVELY_FORWARD};

	xtr_write_map_reply(w, NONCE, false);
	xtr_write_record(w, &rec);
}

static void test_reply(void **state)
{
	uint8_t buf[VECTOR_MAX];
	const uint8_t *cursor = NULL, *locs = NULL;
	struct xtr_record rec;
	struct xtr_locator loc;
	struct xtr_msg m;
	struct xtr_eid e;

	write_all_sizes(reply_write, V_REPLY);
	read_ok(V_REPLY, &m, buf);
	assert_int_equal(m.type, XTR_MSG_MAP_REPLY);
	assert_int_equal(m.nonce, NONCE);
	assert_true(m.probe);
	assert_false(m.echo_nonce || m.security || m.smr || m.authoritative);
	assert_int_equal(m.n_records, 2);

	assert_true(xtr_record_next(&m, &cursor, &rec));
	assert_int_equal(rec.ttl, 1440);
	assert_eid(&rec.eid, "10.2.2.0/24");
	assert_true(rec.authoritative);
	assert_false(rec.eid_none);
	assert_int_equal(rec.act, 0);
	assert_int_equal(rec.map_version, 0xabc);
	assert_int_equal(rec.n_locators, 2);
	assert_ptr_equal(rec.start, buf + 12);
	assert_int_equal(rec.size, 16 + 12 + 24);
	assert_true(xtr_locator_next(&rec, &locs, &loc));
	assert_ip(&loc.ip, "172.16.1.3");
	assert_int_equal(loc.priority, 1);
	assert_int_equal(loc.weight, 50);
	assert_int_equal(loc.m_priority, 255);
	assert_int_equal(loc.m_weight, 7);
	assert_true(loc.local && loc.reachable && !loc.probed);
	assert_true(xtr_locator_next(&rec, &locs, &loc));
	assert_ip(&loc.ip, "2001:db8::3");
	assert_true(!loc.local && !loc.reachable && loc.probed);
	assert_false(xtr_locator_next(&rec, &locs, &loc));

	assert_true(xtr_record_next(&m, &cursor, &rec));
	assert_int_equal(rec.ttl, XTR_TTL_FOREVER);
	assert_eid(&rec.eid, "[100] fd00:2::/32");
	assert_false(rec.authoritative);
	locs = NULL;
	assert_true(xtr_locator_next(&rec, &locs, &loc));
	assert_ip(&loc.ip, "none");
	assert_int_equal(loc.priority, 255);
	assert_false(xtr_locator_next(&rec, &locs, &loc));
	assert_false(xtr_record_next(&m, &cursor, &rec));
	cursor = NULL;
	assert_false(xtr_request_eid_next(&m, &cursor, &e));

	write_all_sizes(reply_negative_write, V_REPLY_NEGATIVE);
	read_ok(V_REPLY_NEGATIVE, &m, buf);
	assert_false(m.probe);
	cursor = locs = NULL;
	assert_true(xtr_record_next(&m, &cursor, &rec));
	assert_eid(&rec.eid, "0.0.0.0/1");
	assert_int_equal(rec.act, XTR_ACT_NATIVELY_FORWARD);
	assert_int_equal(rec.n_locators, 0);
	assert_false(xtr_locator_next(&rec, &locs, &loc));
	assert_false(xtr_record_next(&m, &cursor, &rec));
}

/* Actions: three bits at the top of the record's seventh byte, all of them told apart. */
static void test_actions(void **state)
{
	static const char *const names[8] = {"no-action", "natively-forward", "send-map-request",
	    "drop", "drop-policy-denied", "drop-auth-failure", "action 6", "action 7"};

	for (unsigned act = 0; act < 8; act++) {
		uint8_t buf[VECTOR_MAX];
		const uint8_t *cursor = NULL;
		struct xtr_record rec = {0};
		struct xtr_msg m;

		read_ok(V_REPLY_NEGATIVE, &m, buf);
		buf[12 + 6] = (uint8_t)(act << 5 | 0x0f); /* and reserved bits */
		assert_true(xtr_record_next(&m, &cursor, &rec));
		assert_int_equal(rec.act, act);
		assert_false(rec.authoritative);
		assert_string_equal(xtr_act_name(act), names[act]);
	}
}

/* Locators of types that we do not use are passed over by their length. */
static void test_locator_types(void **state)
{
	uint8_t buf[VECTOR_MAX];
	const uint8_t *cursor = NULL, *locs = NULL;
	struct xtr_record rec;
	struct xtr_locator loc;
	struct xtr_msg m;
	unsigned n = 0;

	read_ok(V_REPLY_LOCATOR_TYPES, &m, buf);
	assert_true(xtr_record_next(&m, &cursor, &rec));
	while (xtr_locator_next(&rec, &locs, &loc)) {
		n++;
		assert_int_equal(loc.priority, n);
		assert_ip(&loc.ip, n == rec.n_locators ? "172.16.1.3" : "none");
	}
	assert_int_equal(n, 7);
	assert_true(xtr_record_next(&m, &cursor, &rec));
	assert_eid(&rec.eid, "10.3.0.0/16");
	assert_false(xtr_record_next(&m, &cursor, &rec));
}

static const uint8_t xtr_id[XTR_XTR_ID_LEN] = {
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
static const uint8_t site_id[XTR_SITE_ID_LEN] = {0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7};

static void register_body(struct xtr_writer *w, bool ids)
{
	struct xtr_record rec = {.ttl = 1440, .eid = eid(0, "10.1.1.0/24"), .authoritative = true};
	struct xtr_locator loc = {.ip = ip("172.16.1.2"),
	    .priority = 1,
	    .weight = 50,
	    .m_priority = 255,
	    .local = true,
	    .reachable = true};

	xtr_write_record(w, &rec);
	xtr_write_locator(w, &loc);
	if (ids)
		xtr_write_ids(w, xtr_id, site_id);
}

static void register_write(struct xtr_writer *w)
{
	struct xtr_register_opts o = {.nonce = NONCE,
	    .key_id = 1,
	    .algorithm = 2,
	    .auth_len = 16,
	    .proxy_reply = true,
	    .has_ids = true,
	    .use_ttl = true,
	    .want_notify = true};

	xtr_write_map_register(w, &o);
	register_body(w, true);
}

static void notify_write(struct xtr_writer *w)
{
	/* The flags are the Map-Register's alone, RFC 9301 5.7. */
	struct xtr_register_opts o = {.nonce = NONCE,
	    .key_id = 1,
	    .algorithm = 1,
	    .auth_len = 20,
	    .proxy_reply = true,
	    .has_ids = true,
	    .want_notify = true};

	xtr_write_map_notify(w, &o, false);
	register_body(w, false);
}

static void notify_ack_write(struct xtr_writer *w)
{
	struct xtr_register_opts o = {.nonce = NONCE, .key_id = 1, .algorithm = 3, .auth_len = 32};

	xtr_write_map_notify(w, &o, true);
	register_body(w, true);
}

static void assert_register_record(const struct xtr_msg *m)
{
	const uint8_t *cursor = NULL, *locs = NULL;
	struct xtr_record rec;
	struct xtr_locator loc;

	assert_int_equal(m->n_records, 1);
	assert_true(xtr_record_next(m, &cursor, &rec));
	assert_eid(&rec.eid, "10.1.1.0/24");
	assert_true(xtr_locator_next(&rec, &locs, &loc));
	assert_ip(&loc.ip, "172.16.1.2");
	assert_false(xtr_locator_next(&rec, &locs, &loc));
	assert_false(xtr_record_next(m, &cursor, &rec));
}

static void test_register(void **state)
{
	uint8_t buf[VECTOR_MAX];
	struct xtr_msg m;

	write_all_sizes(register_write, V_REGISTER);
	read_ok(V_REGISTER, &m, buf);
	assert_int_equal(m.type, XTR_MSG_MAP_REGISTER);
	assert_int_equal(m.nonce, NONCE);
	assert_true(m.proxy_reply && m.has_ids && m.use_ttl && m.want_notify);
	assert_false(m.security || m.eid_notify || m.merge);
	assert_int_equal(m.key_id, 1);
	assert_int_equal(m.algorithm, 2);
	assert_int_equal(m.auth_len, 16);
	assert_int_equal(m.auth_offset, 16);
	assert_int_equal(m.records_end, 16 + 16 + 16 + 12);
	assert_memory_equal(m.xtr_id, xtr_id, sizeof xtr_id);
	assert_memory_equal(m.site_id, site_id, sizeof site_id);
	assert_register_record(&m);

	write_all_sizes(notify_write, V_NOTIFY);
	read_ok(V_NOTIFY, &m, buf);
	assert_int_equal(m.type, XTR_MSG_MAP_NOTIFY);
	assert_false(m.has_ids || m.want_notify || m.proxy_reply);
	assert_null(m.xtr_id);
	assert_null(m.site_id);
	assert_int_equal(m.algorithm, 1);
	assert_int_equal(m.auth_len, 20);
	assert_int_equal(m.records_end, 16 + 20 + 16 + 12);
	assert_register_record(&m);

	write_all_sizes(notify_ack_write, V_NOTIFY_ACK);
	read_ok(V_NOTIFY_ACK, &m, buf);
	assert_int_equal(m.type, XTR_MSG_MAP_NOTIFY_ACK);
	assert_int_equal(m.algorithm, 3);
	assert_true(m.has_ids);
	assert_memory_equal(m.xtr_id, xtr_id, sizeof xtr_id);
	assert_memory_equal(m.site_id, site_id, sizeof site_id);
	assert_register_record(&m);
}

static void test_register_flags(void **state)
{
	static const struct {
		unsigned byte, bit;
	} at[] = {{0, 0x08}, {0, 0x04}, {0, 0x02}, {2, 0x10}, {2, 0x08}, {2, 0x04}, {2, 0x01}};

	for (unsigned i = 0; i < 7; i++) {
		struct xtr_register_opts o = {
		    .auth_len = 16,
		    .proxy_reply = i == 0,
		    .security = i == 1,
		    .has_ids = i == 2,
		    .eid_notify = i == 3,
		    .use_ttl = i == 4,
		    .merge = i == 5,
		    .want_notify = i == 6,
		};
		uint8_t buf[VECTOR_MAX], want[4] = {0x30, 0, 0, 1};
		struct xtr_wire_err err;
		struct xtr_writer w;
		struct xtr_msg m;

		want[at[i].byte] |= (uint8_t)at[i].bit;
		xtr_writer_init(&w, buf, sizeof buf);
		xtr_write_map_register(&w, &o);
		register_body(&w, true);
		assert_int_equal(xtr_writer_result(&w), 0);
		assert_memory_equal(buf, want, 4);
		buf[0] |= 0x01; /* reserved */
		buf[1] = 0xff;
		buf[2] |= 0xe2;
		assert_int_equal(xtr_msg_read(buf, w.len, &m, &err), 0);
		assert_int_equal(m.proxy_reply, i == 0);
		assert_int_equal(m.security, i == 1);
		assert_int_equal(m.has_ids, i == 2);
		assert_int_equal(m.xtr_id != NULL, i == 2);
		assert_int_equal(m.site_id != NULL, i == 2);
		assert_int_equal(m.eid_notify, i == 3);
		assert_int_equal(m.use_ttl, i == 4);
		assert_int_equal(m.merge, i == 5);
		assert_int_equal(m.want_notify, i == 6);
	}
}

static void ecm4_write(struct xtr_writer *w)
{
	uint8_t inner[VECTOR_MAX];
	size_t n = vector_bytes(V_REQUEST, inner);
	struct xtr_ip src = ip("10.1.1.4"), dst = ip("10.2.2.5");

	xtr_write_ecm(w, &src, &dst, 0xf0b0, 4342, inner, n);
}

static void ecm6_write(struct xtr_writer *w)
{
	uint8_t inner[VECTOR_MAX];
	size_t n = vector_bytes(V_REQUEST, inner);
	struct xtr_ip src = ip("fd00:1:1::4"), dst = ip("fd00:2:2::5");

	xtr_write_ecm(w, &src, &dst, 0xf0b0, 4342, inner, n);
}

static void test_ecm(void **state)
{
	uint8_t buf[VECTOR_MAX], inner[VECTOR_MAX], out[VECTOR_MAX];
	struct xtr_ip src = ip("10.1.1.4"), dst = ip("10.2.2.5");
	size_t n = vector_bytes(V_REQUEST, inner);
	struct xtr_wire_err err;
	struct xtr_writer w;
	struct xtr_msg m;

	write_all_sizes(ecm4_write, V_ECM4);
	read_ok(V_ECM4, &m, buf);
	assert_int_equal(m.type, XTR_MSG_ECM);
	assert_false(m.ddt);
	assert_ip(&m.inner_src, "10.1.1.4");
	assert_ip(&m.inner_dst, "10.2.2.5");
	assert_int_equal(m.inner_sport, 0xf0b0);
	assert_int_equal(m.inner_dport, 4342);
	assert_int_equal(m.inner_len, n);
	assert_memory_equal(m.inner, inner, n);

	write_all_sizes(ecm6_write, V_ECM6);
	read_ok(V_ECM6, &m, buf);
	assert_ip(&m.inner_src, "fd00:1:1::4");
	assert_ip(&m.inner_dst, "fd00:2:2::5");
	assert_int_equal(m.inner_len, n);
	assert_memory_equal(m.inner, inner, n);

	/* Without checksum, over both families; with the D bit; with bytes behind. */
	n = vector_bytes(V_ECM6, buf);
	buf[4 + 40 + 6] = buf[4 + 40 + 7] = 0;
	buf[0] |= 0x04;
	buf[n++] = 0x55;
	assert_int_equal(xtr_msg_read(buf, n, &m, &err), 0);
	assert_true(m.ddt);
	n = vector_bytes(V_ECM4, buf);
	buf[4 + 20 + 6] = buf[4 + 20 + 7] = 0;
	assert_int_equal(xtr_msg_read(buf, n, &m, &err), 0);

	/* An odd length; 0x8392 was computed apart from our code. */
	n = vector_bytes(V_REQUEST, inner);
	inner[n++] = 0x7f;
	xtr_writer_init(&w, out, sizeof out);
	xtr_write_ecm(&w, &src, &dst, 0xf0b0, 4342, inner, n);
	assert_memory_equal(out + 4 + 20 + 6, "\x83\x92", 2);
	assert_int_equal(xtr_msg_read(out, w.len, &m, &err), 0);
	assert_int_equal(m.inner_len, n);

	/* A checksum that comes out as 0 goes out as ffff: the nonce makes up what V_ECM4's 0295
	 * lacks. */
	n = vector_bytes(V_REQUEST, inner);
	inner[4] = 0x03;
	inner[5] = 0x97;
	xtr_writer_init(&w, out, sizeof out);
	xtr_write_ecm(&w, &src, &dst, 0xf0b0, 4342, inner, n);
	assert_memory_equal(out + 4 + 20 + 6, "\xff\xff", 2);
	assert_int_equal(xtr_msg_read(out, w.len, &m, &err), 0);
}

/* A record goes from a Map-Register to a Map-Reply as it stands. */
static void test_record_copy(void **state)
{
	uint8_t buf[VECTOR_MAX], out[VECTOR_MAX];
	const uint8_t *cursor = NULL;
	struct xtr_wire_err err;
	struct xtr_record rec, copy;
	struct xtr_writer w;
	struct xtr_msg m, m2;

	read_ok(V_REPLY_LOCATOR_TYPES, &m, buf);
	xtr_writer_init(&w, out, sizeof out);
	xtr_write_map_reply(&w, NONCE, false);
	while (xtr_record_next(&m, &cursor, &rec))
		xtr_write_record_copy(&w, &rec);
	assert_int_equal(xtr_writer_result(&w), 0);
	assert_int_equal(w.len, m.end - buf);
	assert_memory_equal(out + 12, buf + 12, w.len - 12);
	assert_int_equal(xtr_msg_read(out, w.len, &m2, &err), 0);
	assert_int_equal(m2.n_records, 2);
	cursor = NULL;
	assert_true(xtr_record_next(&m2, &cursor, &copy));
	assert_int_equal(copy.n_locators, 7);
}

/* What no message can say makes the writer fail, whatever the buffer. */
static void test_writer_limits(void **state)
{
	static uint8_t buf[65536];
	struct xtr_ip rlocs[33] = {[0] = {0}}, a = ip("10.0.0.1"), b = ip("::1"), none = {0};
	struct xtr_request_opts o = {.itr_rlocs = rlocs};
	struct xtr_record rec = {.eid = eid(0, "10.0.0.0/8")};
	struct xtr_locator loc = {.ip = a};
	const uint8_t *cursor = NULL;
	struct xtr_wire_err err;
	struct xtr_writer w;
	struct xtr_msg m;
	unsigned n = 0;

	for (unsigned i = 0; i < 33; i++)
		rlocs[i] = a;
	for (unsigned i = 0; i <= 33; i++) {
		o.n_itr_rlocs = (uint8_t)i;
		xtr_writer_init(&w, buf, sizeof buf);
		xtr_write_map_request(&w, &o, &rec.eid);
		assert_int_equal(xtr_writer_result(&w), i >= 1 && i <= 32 ? 0 : -ENOBUFS);
		if (i >= 1 && i <= 32) {
			assert_int_equal(xtr_msg_read(buf, w.len, &m, &err), 0);
			assert_int_equal(m.n_itr_rlocs, i);
		}
	}
	xtr_writer_init(&w, buf, sizeof buf);
	xtr_write_map_reply(&w, NONCE, false);
	for (unsigned i = 0; i < 255; i++)
		xtr_write_record(&w, &rec);
	for (unsigned i = 0; i < 255; i++)
		xtr_write_locator(&w, &loc);
	assert_int_equal(xtr_writer_result(&w), 0);
	assert_int_equal(xtr_msg_read(buf, w.len, &m, &err), 0);
	assert_int_equal(m.n_records, 255);
	while (xtr_record_next(&m, &cursor, &rec))
		n++;
	assert_int_equal(n, 255);
	assert_int_equal(rec.n_locators, 255);
	xtr_write_locator(&w, &loc);
	assert_int_equal(xtr_writer_result(&w), -ENOBUFS);

	xtr_writer_init(&w, buf, sizeof buf);
	xtr_write_map_reply(&w, NONCE, false);
	for (unsigned i = 0; i < 256; i++) {
		assert_int_equal(xtr_writer_result(&w), 0);
		xtr_write_record(&w, &rec);
	}
	assert_int_equal(xtr_writer_result(&w), -ENOBUFS);

	xtr_writer_init(&w, buf, sizeof buf);
	xtr_write_ecm(&w, &a, &b, 1, 2, buf, 8);
	assert_int_equal(xtr_writer_result(&w), -ENOBUFS);
	xtr_writer_init(&w, buf, sizeof buf);
	xtr_write_ecm(&w, &none, &none, 1, 2, buf, 8);
	assert_int_equal(xtr_writer_result(&w), -ENOBUFS);
}

static void test_names(void **state)
{
	struct xtr_wire_err err = {
	    12, "locator count", "message ends inside the record", "RFC 9301 5.4"};
	char buf[128];

	assert_string_equal(xtr_msg_type_name(1), "Map-Request");
	assert_string_equal(xtr_msg_type_name(2), "Map-Reply");
	assert_string_equal(xtr_msg_type_name(3), "Map-Register");
	assert_string_equal(xtr_msg_type_name(4), "Map-Notify");
	assert_string_equal(xtr_msg_type_name(5), "Map-Notify-Ack");
	assert_string_equal(xtr_msg_type_name(9), "type 9");
	assert_int_equal(xtr_wire_err_format(&err, buf, sizeof buf), 71);
	assert_string_equal(
	    buf, "offset 12, locator count: message ends inside the record (RFC 9301 5.4)");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_request),
	    cmocka_unit_test(test_request_flags),
	    cmocka_unit_test(test_request_read),
	    cmocka_unit_test(test_reply),
	    cmocka_unit_test(test_actions),
	    cmocka_unit_test(test_locator_types),
	    cmocka_unit_test(test_register),
	    cmocka_unit_test(test_register_flags),
	    cmocka_unit_test(test_ecm),
	    cmocka_unit_test(test_record_copy),
	    cmocka_unit_test(test_writer_limits),
	    cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
