/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What came to LISP's control messages after RFC 9301 or beside it, against bytes put together by
 * hand: publish/subscribe (RFC 9437), Map-Referral (RFC 8111), LISP-SEC's data (RFC 9303), the
 * shared extension (RFC 9304), Info-Request and Info-Reply; and EIDs that are no IP prefixes.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "wire/lcaf.h"
#include "wire/sec.h"
#include "wire_again.h"
#include "wire_vectors.h"

#define NONCE 0x0102030405060708u

static uint8_t in[VECTOR_MAX], out[VECTOR_MAX];

/* Reads a vector; what our writer makes of it is the same, in a buffer of any size. */
static size_t read_again(const char *hex, struct xtr_msg *m)
{
	struct xtr_wire_err err;
	struct xtr_writer w;
	size_t n = vector_bytes(hex, in);

	assert_int_equal(xtr_msg_read(in, n, m, &err), 0);
	for (size_t size = 0; size <= n; size++) {
		uint8_t *p = malloc(size ? size : 1);

		xtr_writer_init(&w, p, size);
		wire_again(&w, in, m);
		assert_int_equal(w.len, n);
		assert_int_equal(xtr_writer_result(&w), size < n ? -ENOBUFS : 0);
		if (size == n)
			assert_memory_equal(p, in, n);
		free(p);
	}
	return n;
}

static void assert_addr(const struct xtr_addr *a, const char *text)
{
	char buf[200];

	assert_true(xtr_addr_format(a, buf, sizeof buf) < (int)sizeof buf);
	assert_string_equal(buf, text);
}

static void assert_written(const struct xtr_writer *w, const char *hex)
{
	uint8_t want[VECTOR_MAX];
	size_t n = vector_bytes(hex, want);

	assert_int_equal(xtr_writer_result(w), 0);
	assert_int_equal(w->len, n);
	assert_memory_equal(w->p, want, n);
}

static struct xtr_eid eid(const char *text)
{
	struct xtr_eid e;

	assert_int_equal(xtr_eid_parse(text, &e), 0);
	return e;
}

static struct xtr_ip ip(const char *text)
{
	struct xtr_ip a;

	assert_int_equal(xtr_ip_parse(text, &a), 0);
	return a;
}

static const uint8_t ids[24] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0xa0, 0xa1,
    0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7};

static void test_pubsub(void **state)
{
	static const uint8_t mac[6] = {10, 11, 12, 13, 14, 15};
	struct xtr_ip rloc = ip("172.16.1.2");
	struct xtr_request_opts o = {
	    .nonce = NONCE, .itr_rlocs = &rloc, .n_itr_rlocs = 1, .has_ids = true};
	struct xtr_request_rec rec = {.eid = eid("10.2.2.0/24"), .notify = true};
	struct xtr_record map = {.ttl = 1440, .eid = eid("10.1.1.0/24"), .authoritative = true};
	struct xtr_locator loc = {.ip = rloc,
	    .priority = 1,
	    .weight = 50,
	    .m_priority = 255,
	    .local = true,
	    .reachable = true};
	const uint8_t *cursor = NULL;
	struct xtr_addr a;
	struct xtr_writer w;
	struct xtr_msg m;

	read_again(V_REQUEST_PUBSUB, &m);
	assert_int_equal(m.type, XTR_MSG_MAP_REQUEST);
	assert_true(m.has_ids && m.map_data && !m.probe && !m.plain && !m.vendor);
	assert_int_equal(m.head, 0x14100002);
	assert_memory_equal(m.xtr_id, ids, 16);
	assert_memory_equal(m.site_id, ids + 16, 8);
	assert_ptr_equal(m.site_id + 8, m.end);
	assert_addr(&m.source_addr, "none");
	assert_int_equal(m.n_itr_addrs, 1);
	assert_true(xtr_itr_addr_next(&m, &cursor, &a));
	assert_addr(&a, "172.16.1.2");
	assert_false(xtr_itr_addr_next(&m, &cursor, &a));
	cursor = NULL;
	assert_true(xtr_request_rec_next(&m, &cursor, &rec));
	assert_true(rec.notify);
	assert_int_equal(rec.mask_len, 24);
	assert_addr(&rec.addr, "10.2.2.0");
	assert_true(xtr_request_rec_next(&m, &cursor, &rec));
	assert_false(rec.notify);
	assert_int_equal(rec.mask_len, 48);
	assert_int_equal(rec.eid.ip.af, 0);
	assert_int_equal(rec.eid.plen, 0);
	assert_addr(&rec.addr, "0a:0b:0c:0d:0e:0f");
	assert_false(xtr_request_rec_next(&m, &cursor, &rec));

	/* The same by hand. */
	xtr_writer_init(&w, out, sizeof out);
	xtr_write_request(&w, &o);
	rec = (struct xtr_request_rec){.eid = eid("10.2.2.0/24"), .notify = true};
	xtr_write_request_rec(&w, &rec);
	rec = (struct xtr_request_rec){.mask_len = 48, .addr = xtr_addr_of_mac(XTR_AFI_802, mac)};
	xtr_write_request_rec_addr(&w, &rec);
	xtr_write_map_data(&w, &map);
	xtr_write_locator(&w, &loc);
	xtr_write_ids(&w, ids, ids + 16);
	assert_written(&w, V_REQUEST_PUBSUB);
}

static void test_reply_sec(void **state)
{
	struct xtr_request_rec rec = {.mask_len = 24};
	struct xtr_ip e = ip("10.2.2.0");
	struct xtr_reply_opts o = {
	    .nonce = NONCE, .probe = true, .echo_nonce = true, .security = true};
	struct xtr_sec_reply sec;
	struct xtr_sec_ecm ecm;
	const uint8_t *cursor = NULL;
	uint8_t buf[32];
	struct xtr_writer w, recs;
	struct xtr_wire_err err;
	struct xtr_msg m;
	size_t n = read_again(V_REPLY_SEC, &m);

	assert_true(m.probe && m.echo_nonce && m.security);
	assert_int_equal(m.sec_offset, 12);
	assert_int_equal(m.sec_len, n - 12);
	assert_false(xtr_sec_of_ecm(&m, &ecm));
	assert_true(xtr_sec_of_reply(&m, &sec));
	assert_int_equal(sec.eid_ad.kdf_id, XTR_SEC_KDF_HKDF_SHA256);
	assert_int_equal(sec.eid_ad.n_records, 1);
	assert_false(sec.eid_ad.cant_sign);
	assert_int_equal(sec.eid_ad.hmac_id, XTR_SEC_HMAC_SHA256_128);
	assert_int_equal(sec.eid_ad.hmac_len, 2);
	assert_memory_equal(sec.eid_ad.hmac, "\xaa\xbb", 2);
	assert_int_equal(sec.hmac_id, 2);
	assert_int_equal(sec.hmac_len, 4);
	assert_memory_equal(sec.hmac, "\1\2\3\4", 4);
	assert_int_equal(sec.hmac_offset, n - 4);
	assert_true(xtr_sec_eid_next(&sec.eid_ad, &cursor, &rec));
	assert_addr(&rec.addr, "10.2.2.0");
	assert_int_equal(rec.eid.plen, 24);
	assert_false(xtr_sec_eid_next(&sec.eid_ad, &cursor, &rec));

	xtr_writer_init(&recs, buf, sizeof buf);
	rec = (struct xtr_request_rec){.mask_len = 24, .addr = xtr_addr_of_ip(&e)};
	xtr_write_eid_rec(&recs, &rec);
	sec.eid_ad.records = buf;
	sec.eid_ad.records_len = (uint32_t)recs.len;
	xtr_writer_init(&w, out, sizeof out);
	xtr_write_map_reply_opts(&w, &o);
	xtr_write_sec_reply(&w, &sec);
	assert_written(&w, V_REPLY_SEC);

	/* Authentication data of another type is left alone. */
	n = vector_bytes("22000000 " V_NONCE "05ffffff00", in);
	assert_int_equal(xtr_msg_read(in, n, &m, &err), 0);
	assert_int_equal(m.sec_len, 5);
	assert_false(xtr_sec_of_reply(&m, &sec));
}

static void test_ecm_sec(void **state)
{
	struct xtr_sec_reply reply;
	struct xtr_sec_ecm sec;
	struct xtr_request_rec rec;
	const uint8_t *cursor = NULL;
	struct xtr_wire_err err;
	struct xtr_writer w;
	struct xtr_msg m, inner;

	read_again(V_ECM_SEC, &m);
	assert_true(m.security && m.ddt);
	assert_int_equal(m.inner_ip.ttl, 64);
	assert_true(m.inner_ip.dont_fragment && !m.inner_ip.no_checksum);
	assert_false(xtr_sec_of_reply(&m, &reply));
	assert_true(xtr_sec_of_ecm(&m, &sec));
	assert_int_equal(sec.hmac_id, 2);
	assert_int_equal(sec.key_id, 7);
	assert_int_equal(sec.wrap_id, XTR_SEC_WRAP_AES_128);
	assert_int_equal(sec.otk_len, 8);
	assert_memory_equal(sec.otk, "\xa6\xa6\xa6\1\2\3\4\5", 8);
	assert_int_equal(sec.eid_ad.kdf_id, 1);
	assert_null(sec.eid_ad.records);
	assert_false(xtr_sec_eid_next(&sec.eid_ad, &cursor, &rec));
	assert_int_equal(xtr_msg_read(m.inner, m.inner_len, &inner, &err), 0);
	assert_int_equal(inner.type, XTR_MSG_MAP_REQUEST);

	/* Lengths have sixteen bits. */
	sec.otk_len = 0xffff;
	sec.otk = NULL;
	xtr_writer_init(&w, out, sizeof out);
	xtr_write_sec_ecm(&w, &sec);
	assert_int_equal(xtr_writer_result(&w), -ENOBUFS);
	assert_int_equal(w.size, 0);
}

static void test_referral(void **state)
{
	const uint8_t *cursor = NULL, *c = NULL;
	struct xtr_signature sig;
	struct xtr_record rec;
	struct xtr_locator loc;
	struct xtr_writer w;
	struct xtr_msg m;

	read_again(V_REFERRAL, &m);
	assert_int_equal(m.type, XTR_MSG_MAP_REFERRAL);
	assert_int_equal(m.n_records, 2);
	assert_true(xtr_record_next(&m, &cursor, &rec));
	assert_int_equal(rec.act, XTR_REF_MS_REFERRAL);
	assert_true(rec.authoritative && rec.incomplete);
	assert_int_equal(rec.map_version, 7);
	assert_int_equal(rec.n_signatures, 2);
	assert_true(xtr_locator_next(&rec, &c, &loc));
	assert_addr(&loc.addr, "172.16.1.5");
	assert_false(xtr_locator_next(&rec, &c, &loc));
	c = NULL;
	assert_true(xtr_signature_next(&rec, &c, &sig));
	assert_int_equal(sig.original_ttl, 1440);
	assert_int_equal(sig.expiration, 0x65000002);
	assert_int_equal(sig.inception, 0x65000001);
	assert_int_equal(sig.key_tag, 0x1234);
	assert_int_equal(sig.algorithm, 2);
	assert_int_equal(sig.len, 3);
	assert_memory_equal(sig.sig, "\xaa\xbb\xcc", 3);
	assert_true(xtr_signature_next(&rec, &c, &sig));
	assert_int_equal(sig.len, 0);
	assert_false(xtr_signature_next(&rec, &c, &sig));
	assert_true(xtr_record_next(&m, &cursor, &rec));
	assert_int_equal(rec.act, XTR_REF_DELEGATION_HOLE);
	assert_false(rec.incomplete);
	assert_int_equal(rec.eid.iid, 100);
	c = NULL;
	assert_false(xtr_signature_next(&rec, &c, &sig));
	assert_false(xtr_record_next(&m, &cursor, &rec));

	/* SigCnt has four bits. */
	xtr_writer_init(&w, out, sizeof out);
	xtr_write_map_referral(&w, NONCE);
	xtr_write_record(&w, &rec);
	sig = (struct xtr_signature){0};
	for (unsigned i = 0; i < 15; i++)
		xtr_write_signature(&w, &sig);
	assert_int_equal(xtr_writer_result(&w), 0);
	xtr_write_signature(&w, &sig);
	assert_int_equal(xtr_writer_result(&w), -ENOBUFS);
	assert_string_equal(xtr_referral_act_name(3), "ms-not-registered");
	assert_string_equal(xtr_referral_act_name(7), "action 7");
	assert_string_equal(xtr_referral_act_name(8), "action above 7");
}

static void test_info(void **state)
{
	struct xtr_lcaf_nat nat;
	struct xtr_msg m;

	read_again(V_INFO_REQUEST, &m);
	assert_int_equal(m.type, XTR_MSG_INFO);
	assert_false(m.info_reply);
	assert_int_equal(m.nonce, NONCE);
	assert_int_equal(m.key_id, 0);
	assert_int_equal(m.algorithm, 1);
	assert_int_equal(m.auth_len, 4);
	assert_int_equal(m.auth_offset, 16);
	assert_int_equal(m.info_ttl, 1440);
	assert_int_equal(m.info_mask_len, 24);
	assert_addr(&m.source_addr, "10.1.1.0");
	assert_int_equal(m.source_eid.plen, 24);
	assert_addr(&m.info_addr, "none");
	assert_ptr_equal(in + m.records_end, m.end);

	read_again(V_INFO_REPLY, &m);
	assert_true(m.info_reply);
	assert_int_equal(xtr_lcaf_read_nat(&m.info_addr, &nat, NULL), 0);
	assert_int_equal(nat.etr_port, 0xf0b0);
	assert_addr(&nat.global_etr, "192.0.2.9");

	/* lispers.net: no authentication data, AFI 0, its host's name. */
	read_again("70000000 " V_NONCE "00000000 00000000 00 00 0000 0011 78747200", &m);
	assert_string_equal(xtr_addr_name(&m.info_addr), "xtr");
	assert_int_equal(m.source_eid.ip.af, 0);
}

static void test_extension(void **state)
{
	struct xtr_writer w;
	struct xtr_msg m;

	read_again("fabc0102 030405", &m);
	assert_int_equal(m.type, XTR_MSG_EXTENSION);
	assert_int_equal(m.subtype, 0xabc);
	assert_int_equal(m.ext_len, 5);
	assert_memory_equal(m.ext, "\1\2\3\4\5", 5);
	xtr_writer_init(&w, out, sizeof out);
	xtr_write_extension(&w, 0x1000, m.ext, 5);
	assert_int_equal(xtr_writer_result(&w), -ENOBUFS);
	xtr_writer_init(&w, out, sizeof out);
	xtr_write_extension(&w, 1, m.ext, 1);
	assert_int_equal(xtr_writer_result(&w), -ENOBUFS);
}

/* EIDs and locators that are no IP addresses leave the message readable, and say what they are. */
static void test_addresses(void **state)
{
	static const struct {
		const char *hex, *text;
		uint32_t iid;
		bool none, vendor;
	} cases[] = {
	    {"0000", "none", 0, true, false},
	    {"0002 20010db8000000000000000000000001", "2001:db8::1", 0, false, false},
	    {"0006 00005e005301", "00:00:5e:00:53:01", 0, false, false},
	    {"4005 00005e005301", "00:00:5e:00:53:01", 0, false, false},
	    {"4006 00005e0053010203", "00:00:5e:00:53:01:02:03", 0, false, false},
	    {"0011 61225c07 7e00", "\"a\\x22\\x5c\\x07~\"", 0, false, false},
	    {"4003 0000 02 20 000a 00000064 0001 0a010104", "[100] 10.1.1.4", 100, false, false},
	    {"4003 0000 02 00 000a 01000000 0001 0a010104", "instance-id (10 bytes)", 0, false,
		false},
	    {"4003 0000 02 18 0006 00000100 0000", "instance-id (6 bytes)", 256, false, false},
	    {"4003 0000 02 00 000c 00000064 0006 00005e005301", "instance-id (12 bytes)", 100,
		false, false},
	    {"4003 0000 0a 00 0003 010203", "explicit-locator-path (3 bytes)", 0, false, false},
	    {"4003 0000 c8 00 0001 ff", "lcaf 200 (1 bytes)", 0, false, false},
	    {"4003 0000 ff 00 0000", "vendor-specific (0 bytes)", 0, false, true},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const uint8_t *cursor = NULL, *c = NULL;
		struct xtr_record rec = {0};
		struct xtr_locator loc = {0};
		char hex[400];
		struct xtr_msg m;

		snprintf(hex, sizeof hex,
		    "20000001 " V_NONCE "0000000f 01 00 1000 0000 %s 01 02 03 04 0006 %s",
		    cases[i].hex, cases[i].hex);
		read_again(hex, &m);
		assert_true(xtr_record_next(&m, &cursor, &rec));
		assert_addr(&rec.addr, cases[i].text);
		assert_int_equal(rec.eid.iid, cases[i].iid);
		assert_int_equal(rec.eid_none, cases[i].none);
		assert_int_equal(m.vendor, cases[i].vendor);
		assert_true(xtr_locator_next(&rec, &c, &loc));
		assert_addr(&loc.addr, cases[i].text);
		assert_true(loc.local && loc.probed && !loc.reachable);
		assert_true(xtr_addr_equal(&loc.addr, &rec.addr));
		assert_false(xtr_locator_next(&rec, &c, &loc));
		assert_false(xtr_record_next(&m, &cursor, &rec));
	}
}

/* Bits that only drafts define are there to read and to write; those that have a name are not set
 * that way. */
static void test_extra(void **state)
{
	struct xtr_ip rloc = ip("172.16.1.2");
	struct xtr_eid e = eid("10.2.2.5");
	struct xtr_request_opts req = {
	    .itr_rlocs = &rloc, .n_itr_rlocs = 1, .extra = 0xffffffff, .notify = true};
	struct xtr_register_opts reg = {.extra = 0xffffffff};
	struct xtr_reply_opts reply = {.extra = 0xffffffff};
	struct xtr_ecm_opts ecm = {.src = rloc, .dst = rloc, .extra = 0xffffffff};
	struct xtr_writer w;

	xtr_writer_init(&w, out, sizeof out);
	xtr_write_map_request(&w, &req, &e);
	assert_memory_equal(out, "\x10\x2f\x80\x01", 4);
	assert_int_equal(out[20], 0x80); /* N */
	xtr_writer_init(&w, out, sizeof out);
	xtr_write_map_reply_opts(&w, &reply);
	assert_memory_equal(out, "\x21\xff\xff\x00", 4);
	xtr_writer_init(&w, out, sizeof out);
	xtr_write_map_register(&w, &reg);
	assert_memory_equal(out, "\x31\xff\xe2\x00", 4);
	xtr_writer_init(&w, out, sizeof out);
	xtr_write_map_notify(&w, &reg, false);
	assert_memory_equal(out, "\x4f\xff\xff\x00", 4);
	xtr_writer_init(&w, out, sizeof out);
	xtr_write_ecm_opts(&w, &ecm);
	assert_memory_equal(out, "\x83\xff\xff\xff", 4);
	ecm.dport = 4341;
	xtr_writer_init(&w, out, sizeof out);
	xtr_write_ecm_opts(&w, &ecm);
	assert_int_equal(xtr_writer_result(&w), -ENOBUFS);
}

/* TOS, TTL and the like of the inner headers, as deployed peers send them. */
static void test_inner_ip(void **state)
{
	struct xtr_inner_ip v4 = {.tos = 0xc0, .ttl = 255, .id = 0x1234};
	struct xtr_inner_ip v6 = {.tos = 0xb8, .ttl = 32, .flow = 0xabcde, .no_checksum = true};
	struct xtr_ecm_opts o = {.src = ip("10.1.1.4"), .dst = ip("10.2.2.5"), .ip = &v4};
	struct xtr_wire_err err;
	struct xtr_writer w;
	struct xtr_msg m;

	xtr_writer_init(&w, out, sizeof out);
	xtr_write_ecm_opts(&w, &o);
	assert_memory_equal(out + 4, "\x45\xc0\x00\x1c\x12\x34\x00\x00\xff\x11", 10);
	assert_int_equal(xtr_msg_read(out, w.len, &m, &err), 0);
	assert_memory_equal(&m.inner_ip.tos, &v4.tos, 2);
	assert_int_equal(m.inner_ip.id, 0x1234);
	assert_false(m.inner_ip.dont_fragment || m.inner_ip.no_checksum);
	o = (struct xtr_ecm_opts){.src = ip("fd00::1"), .dst = ip("fd00::2"), .ip = &v6};
	xtr_writer_init(&w, out, sizeof out);
	xtr_write_ecm_opts(&w, &o);
	assert_memory_equal(out + 4, "\x6b\x8a\xbc\xde\x00\x08\x11\x20", 8);
	assert_memory_equal(out + 4 + 40 + 6, "\0\0", 2);
	assert_int_equal(xtr_msg_read(out, w.len, &m, &err), 0);
	assert_int_equal(m.inner_ip.tos, 0xb8);
	assert_int_equal(m.inner_ip.flow, 0xabcde);
	assert_int_equal(m.inner_ip.ttl, 32);
	assert_true(m.inner_ip.no_checksum);
}

/* What the reader would refuse is not written, into a buffer of any size. */
static void assert_spoiled(const struct xtr_writer *w)
{
	assert_int_equal(xtr_writer_result(w), -ENOBUFS);
	assert_int_equal(w->size, 0);
}

static struct xtr_writer *fresh(struct xtr_writer *w)
{
	xtr_writer_init(w, out, sizeof out);
	return w;
}

#define SPOILS(call, ...)                                                                          \
	do {                                                                                       \
		struct xtr_writer w;                                                               \
		call(fresh(&w), __VA_ARGS__);                                                      \
		assert_spoiled(&w);                                                                \
	} while (0)
#define WRITES(call, ...)                                                                          \
	do {                                                                                       \
		struct xtr_writer w;                                                               \
		call(fresh(&w), __VA_ARGS__);                                                      \
		assert_int_equal(xtr_writer_result(&w), 0);                                        \
	} while (0)

static void test_spoiled(void **state)
{
	static const uint8_t iid4[] = {0, 0, 2, 0, 0, 10, 0, 0, 0, 100, 0, 1, 10, 1, 1, 4};
	struct xtr_addr in_iid = {
	    .p = iid4, .len = sizeof iid4, .afi = XTR_AFI_LCAF, .lcaf = XTR_LCAF_IID};
	struct xtr_ip v4 = ip("10.1.1.4"), v6 = ip("fd00::1");
	struct xtr_eid long4 = {.plen = 33, .ip = v4}, long6 = {.plen = 129, .ip = v6};
	struct xtr_eid high = {.iid = XTR_IID_MAX + 1, .plen = 32, .ip = v4};
	struct xtr_eid good = {.iid = XTR_IID_MAX, .plen = 32, .ip = v4};
	struct xtr_ip rlocs[2] = {v4};
	struct xtr_addr addrs[2] = {xtr_addr_of_ip(&v4)};
	struct xtr_request_opts req = {.itr_rlocs = rlocs, .n_itr_rlocs = 2};
	struct xtr_register_opts reg = {.auth_len = XTR_AUTH_MAX};
	struct xtr_info_opts info = {.mask_len = 32, .eid = xtr_addr_of_ip(&v4)};
	struct xtr_sec_ecm ecm = {.otk_len = 24};
	struct xtr_sec_reply reply = {0};
	struct xtr_request_rec ask = {.mask_len = 33, .addr = xtr_addr_of_ip(&v4)};
	struct xtr_record rec = {.mask_len = 33, .addr = in_iid};

	WRITES(xtr_write_map_request, &req, &good);
	SPOILS(xtr_write_map_request, &req, &long4);
	SPOILS(xtr_write_map_request, &req, &long6);
	SPOILS(xtr_write_map_request, &req, &high);
	req.source_eid = high;
	SPOILS(xtr_write_map_request, &req, &good);
	req.source_eid = (struct xtr_eid){0};
	rlocs[0].af = 0;
	SPOILS(xtr_write_map_request, &req, &good);
	req.itr_addrs = addrs;
	WRITES(xtr_write_map_request, &req, &good);
	addrs[0] = addrs[1];
	SPOILS(xtr_write_map_request, &req, &good);

	SPOILS(xtr_write_eid_rec, &ask);
	SPOILS(xtr_write_request_rec_addr, &ask);
	ask.mask_len = 32;
	WRITES(xtr_write_eid_rec, &ask);
	SPOILS(xtr_write_record_addr, &rec);
	SPOILS(xtr_write_map_data_addr, &rec);
	rec.mask_len = 32;
	WRITES(xtr_write_record_addr, &rec);
	rec.eid = long4;
	SPOILS(xtr_write_record, &rec);
	SPOILS(xtr_write_map_data, &rec);

	WRITES(xtr_write_map_register, &reg);
	reg.auth_len++;
	SPOILS(xtr_write_map_register, &reg);
	SPOILS(xtr_write_map_notify, &reg, false);
	WRITES(xtr_write_info, &info);
	info.mask_len = 33;
	SPOILS(xtr_write_info, &info);

	WRITES(xtr_write_sec_ecm, &ecm);
	WRITES(xtr_write_sec_reply, &reply);
	ecm.eid_ad.hmac_len = reply.eid_ad.hmac_len = 1;
	SPOILS(xtr_write_sec_ecm, &ecm);
	SPOILS(xtr_write_sec_reply, &reply);
	/* would be read as a key of 24 bytes; other keys may be so long */
	ecm = (struct xtr_sec_ecm){.otk_len = 20, .wrap_id = XTR_SEC_WRAP_AES_128};
	SPOILS(xtr_write_sec_ecm, &ecm);
	ecm.wrap_id = 3;
	WRITES(xtr_write_sec_ecm, &ecm);
}

/* Back to a place between two records, also where what followed did not fit or could not be said.
 */
static void test_rewind(void **state)
{
	struct xtr_record rec = {.ttl = 1, .eid = eid("10.2.2.0/24")}, bad = rec;
	struct xtr_writer_mark mark;
	struct xtr_writer w;
	uint8_t was[28];

	bad.eid.plen = 33;
	xtr_writer_init(&w, out, 40);
	assert_int_equal(xtr_writer_records(&w), 0);
	xtr_write_map_reply(&w, NONCE, false);
	xtr_write_record(&w, &rec);
	assert_int_equal(w.len, sizeof was);
	memcpy(was, out, sizeof was);
	mark = xtr_writer_mark(&w);
	for (unsigned i = 0; i < 2; i++) {
		xtr_write_record(&w, i ? &bad : &rec);
		assert_int_equal(xtr_writer_result(&w), -ENOBUFS);
		xtr_writer_rewind(&w, &mark);
		assert_int_equal(xtr_writer_result(&w), 0);
		assert_int_equal(w.len, sizeof was);
		assert_int_equal(xtr_writer_records(&w), 1);
		assert_memory_equal(out, was, sizeof was);
	}
	/* Nothing is looked at, nor stored, where there is no room for the count. */
	xtr_writer_init(&w, out, 3);
	out[3] = 7;
	xtr_write_map_reply(&w, NONCE, false);
	mark = xtr_writer_mark(&w);
	assert_int_equal(xtr_writer_records(&w), 0);
	xtr_writer_rewind(&w, &mark);
	assert_int_equal(out[3], 7);
}

/* RFC 9306 section 4, wherever an EID or a locator may be; and where it stands. */
static void test_vendor(void **state)
{
	static const struct {
		const char *hex;
		bool vendor;
		uint32_t at;
	} cases[] = {
	    {V_REPLY_SEC, false, 0},
	    {"20000001 " V_NONCE "0000000f 02 00 1000 0000 0000 01020304 0000 0000 01020304 0000 "
	     "4003 0000 ff 00 0004 00000001",
		true, 38},
	    /* the first of two */
	    {"10000001 " V_NONCE "4003 0000 ff 00 0004 00000001 4003 0000 ff 00 0004 00000001 "
	     "0020 0001 0a020205",
		true, 12},
	    {"22000000 " V_NONCE "01 000000 0018 0001 01 00 0002 0000 4003 0000 ff 00 0004 00000001"
	     "aabb 0005 0002 01",
		true, 26},
	    {"88000000 01 00 0002 0005 07 02 a6 0016 0001 01 00 0002 0000 4003 0000 ff 00 0004 "
	     "00000001 4500001c 00004000 401123c6 0a010104 0a020205 f0b010f6 0008 0000",
		true, 23},
	    /* what lies in other LCAFs is not looked at */
	    {"20000001 " V_NONCE
	     "0000000f 00 00 1000 0000 4003 0000 01 00 000c 4003 0000 ff 00 0004 00000001",
		false, 0},
	};
	struct xtr_wire_err err;
	struct xtr_msg m;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		size_t n = vector_bytes(cases[i].hex, in);

		assert_int_equal(xtr_msg_read(in, n, &m, &err), 0);
		assert_int_equal(m.vendor, cases[i].vendor);
		assert_int_equal(m.vendor_at, cases[i].at);
		if (m.vendor)
			assert_memory_equal(in + m.vendor_at, "\x40\x03\0\0\xff", 5);
	}
}

/* draft-ermagan-lisp-nat-traversal: R without I says that other data follow than the IDs. */
static void test_notify_bits(void **state)
{
	struct xtr_wire_err err;
	struct xtr_msg m;
	size_t n = vector_bytes(V_NOTIFY_ACK, in);

	for (uint8_t type = XTR_MSG_MAP_NOTIFY; type <= XTR_MSG_MAP_NOTIFY_ACK; type++)
		for (uint8_t bits = 0; bits < 16; bits++) {
			in[0] = (uint8_t)(type << 4 | bits);
			assert_int_equal(xtr_msg_read(in, n, &m, &err), 0);
			assert_int_equal(m.has_ids, (bits & 0x0c) != 0x04);
			assert_ptr_equal(m.xtr_id, m.has_ids ? in + n - 24 : NULL);
			assert_int_equal(m.records_end, n - 24);
		}
}

/* The two readings of RFC 9303's OTK Length. */
static void test_otk_length(void **state)
{
	static const char ecm[] = "88000000 01 00 0002 %04x 07 %02x "
				  "000102030405060708090a0b0c0d0e0f1011121314151617 0004 0001 "
				  "4500001c 00004000 401123c6 0a010104 0a020205 f0b010f6 0008 0000";
	struct xtr_wire_err err;
	struct xtr_sec_ecm sec;
	struct xtr_writer w;
	struct xtr_msg m;
	char hex[300];
	size_t n;

	for (unsigned len = 24; len <= 28; len += 4)
		for (unsigned wrap = 1; wrap <= 2; wrap++) {
			snprintf(hex, sizeof hex, ecm, len, wrap);
			n = vector_bytes(hex, in);
			assert_int_equal(xtr_msg_read(in, n, &m, &err), 0);
			assert_true(xtr_sec_of_ecm(&m, &sec));
			assert_int_equal(sec.otk_len, 24);
			assert_ptr_equal(sec.otk, in + 12);
			assert_int_equal(sec.eid_ad.kdf_id, 1);
			xtr_write_sec_ecm(fresh(&w), &sec);
			assert_int_equal(w.len, m.sec_len);
			assert_memory_equal(out + 4, "\0\x1c", 2);
			/* cut short inside the key */
			assert_int_equal(xtr_msg_read(in, 33, &m, &err), -EBADMSG);
			assert_string_equal(err.field, "OTK Length");
		}
	/* of other keys we know no length */
	snprintf(hex, sizeof hex, ecm, 24u, 3u);
	n = vector_bytes(hex, in);
	assert_int_equal(xtr_msg_read(in, n, &m, &err), -EBADMSG);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_pubsub),
	    cmocka_unit_test(test_reply_sec),
	    cmocka_unit_test(test_ecm_sec),
	    cmocka_unit_test(test_referral),
	    cmocka_unit_test(test_info),
	    cmocka_unit_test(test_extension),
	    cmocka_unit_test(test_addresses),
	    cmocka_unit_test(test_extra),
	    cmocka_unit_test(test_inner_ip),
	    cmocka_unit_test(test_spoiled),
	    cmocka_unit_test(test_rewind),
	    cmocka_unit_test(test_vendor),
	    cmocka_unit_test(test_notify_bits),
	    cmocka_unit_test(test_otk_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
