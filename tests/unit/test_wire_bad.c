/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Malformed control messages: cut short anywhere, wrong in any byte, or wrong in one thing that
 * must be named. Each message is read from a heap block of exactly its size, so that under ASan one
 * byte too far ends the test.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "wire_vectors.h"

static const struct {
	const char *hex;
	size_t enough; /* bytes that make a message without what follows: IDs of a Map-Notify-Ack,
			  stray bytes. 0: all */
} vectors[] = {
    {V_REQUEST, 0},
    {V_REQUEST_IID, 0},
    {V_REQUEST_MAP_DATA, 102},
    {V_REPLY, 0},
    {V_REPLY_NEGATIVE, 0},
    {V_REPLY_LOCATOR_TYPES, 0},
    {V_REGISTER, 0},
    {V_NOTIFY, 0},
    {V_NOTIFY_ACK, 76},
    {V_ECM4, 0},
    {V_ECM6, 0},
    {V_REQUEST_PUBSUB, 0},
    {V_REPLY_SEC, 0},
    {V_REFERRAL, 0},
    {V_INFO_REQUEST, 0},
    {V_INFO_REPLY, 0},
    {V_ECM_SEC, 0},
};
#define N_VECTORS (sizeof vectors / sizeof vectors[0])

/* Touches every byte of what a message points to. */
static unsigned msg_walk(const struct xtr_msg *m)
{
	const uint8_t *cursor = NULL, *locs;
	struct xtr_locator loc;
	struct xtr_record rec;
	struct xtr_eid eid;
	char buf[XTR_EID_STRLEN];
	unsigned sum = 0, n = 0;

	while (xtr_request_eid_next(m, &cursor, &eid)) {
		sum += (unsigned)strlen(xtr_eid_format(&eid, buf));
		assert_true(eid.plen <= xtr_ip_bits(&eid.ip));
		n++;
	}
	if (m->reply_record) {
		xtr_record_at(m->reply_record, &rec);
		assert_true(rec.start + rec.size <= m->end);
		for (locs = NULL; xtr_locator_next(&rec, &locs, &loc);)
			sum += loc.priority;
	}
	for (cursor = NULL; xtr_record_next(m, &cursor, &rec); n++) {
		unsigned n_locators = 0;

		assert_true(rec.eid.plen <= xtr_ip_bits(&rec.eid.ip));
		assert_false(xtr_ip_mask(&rec.eid.ip, rec.eid.plen));
		for (locs = NULL; xtr_locator_next(&rec, &locs, &loc); n_locators++)
			sum += loc.priority;
		assert_int_equal(n_locators, rec.n_locators);
		for (uint32_t i = 0; i < rec.size; i++)
			sum += rec.start[i];
	}
	assert_int_equal(n, m->n_records);
	for (unsigned i = 0; i < XTR_XTR_ID_LEN && m->xtr_id; i++)
		sum += m->xtr_id[i];
	for (unsigned i = 0; i < XTR_SITE_ID_LEN && m->site_id; i++)
		sum += m->site_id[i];
	for (uint32_t i = 0; i < m->inner_len; i++)
		sum += m->inner[i];
	return sum;
}

/* Reads n bytes and, if they are a message, all of it and what is inside. */
static int read_exact(const uint8_t *bytes, size_t n, struct xtr_wire_err *err)
{
	uint8_t *p = malloc(n ? n : 1);
	struct xtr_wire_err inner_err;
	struct xtr_msg m, inner;
	int ret;

	memcpy(p, bytes, n);
	*err = (struct xtr_wire_err){0};
	ret = xtr_msg_read(n ? p : p + 1, n, &m, err);
	if (ret == 0) {
		assert_null(err->reason);
		assert_ptr_equal(m.end, p + n);
		msg_walk(&m);
		if (m.inner && xtr_msg_read(m.inner, m.inner_len, &inner, &inner_err) == 0)
			msg_walk(&inner);
	} else {
		assert_true(ret == -EBADMSG || ret == -ENOTSUP);
		assert_non_null(err->field);
		assert_non_null(err->reason);
		assert_non_null(err->clause);
		assert_true(err->offset <= n);
	}
	free(p);
	return ret;
}

static void test_truncated(void **state)
{
	for (size_t i = 0; i < N_VECTORS; i++) {
		uint8_t buf[VECTOR_MAX];
		struct xtr_wire_err err;
		size_t n = vector_bytes(vectors[i].hex, buf);
		size_t enough = vectors[i].enough ? vectors[i].enough : n;

		for (size_t len = 0; len < enough; len++)
			assert_int_equal(read_exact(buf, len, &err), -EBADMSG);
		for (size_t len = enough; len <= n; len++)
			assert_int_equal(read_exact(buf, len, &err), 0);
		/* RFC 9301 says nothing of bytes behind; LISP-SEC puts some there. */
		memset(buf + n, 0xff, 8);
		assert_int_equal(read_exact(buf, n + 8, &err), 0);
	}
}

/* Every byte through all its values, whole and cut by half: it may be a message or not, but is read
 * within bounds. */
static void test_any_byte(void **state)
{
	unsigned good = 0, bad = 0;

	for (size_t i = 0; i < N_VECTORS; i++) {
		uint8_t buf[VECTOR_MAX];
		struct xtr_wire_err err;
		size_t n = vector_bytes(vectors[i].hex, buf);

		for (size_t at = 0; at < n; at++) {
			uint8_t was = buf[at];

			for (unsigned v = 0; v < 256; v++) {
				buf[at] = (uint8_t)v;
				*(read_exact(buf, n, &err) == 0 ? &good : &bad) += 1;
				read_exact(buf, n / 2 + v % (n / 2), &err);
			}
			buf[at] = was;
		}
	}
	assert_true(good > 10000 && bad > 10000);
}

/* One thing wrong, and the error says which, where, and by what clause. */
static void test_named(void **state)
{
	static const struct {
		const char *hex;
		int ret;
		const char *text;
	} cases[] = {
	    {"", -EBADMSG, "offset 0, Type: message shorter than its header (RFC 9301 5.1)"},
	    {"100000", -EBADMSG, "offset 0, Type: message shorter than its header (RFC 9301 5.1)"},
	    {"00000000", -ENOTSUP, "offset 0, Type: unknown message type (RFC 9301 5.1)"},
	    {"90000001 " V_NONCE, -ENOTSUP, "offset 0, Type: unknown message type (RFC 9301 5.1)"},
	    {"e0000001 " V_NONCE, -ENOTSUP, "offset 0, Type: unknown message type (RFC 9301 5.1)"},
	    {"f00000", -EBADMSG, "offset 0, Type: message shorter than its header (RFC 9301 5.1)"},
	    {"20000000 0102", -EBADMSG,
		"offset 4, Nonce: message ends inside the nonce (RFC 9301 5.2)"},
	    /* Map-Request */
	    {"10000001 " V_NONCE "0000", -EBADMSG,
		"offset 14, ITR-RLOC: message ends before the AFI (RFC 9301 5.1)"},
	    {"10000001 " V_NONCE "0000 0000 00 20 0001 0a020205", -EBADMSG,
		"offset 14, ITR-RLOC: no ITR-RLOC address (RFC 9301 5.3)"},
	    {"10000101 " V_NONCE "0000 0001 ac100102 0001 ac10", -EBADMSG,
		"offset 20, ITR-RLOC: message ends inside the address (RFC 9301 5.1)"},
	    {"10000001 " V_NONCE "0000 0003 ac100102 00 20 0001 0a020205", -EBADMSG,
		"offset 14, ITR-RLOC: unknown AFI (RFC 9301 5.1)"},
	    {"10000000 " V_NONCE "0000 0001 ac100102", -EBADMSG,
		"offset 3, Record Count: a Map-Request without records (RFC 9301 5.2)"},
	    {"10000002 " V_NONCE "0000 0001 ac100102 00 20 0001 0a020205", -EBADMSG,
		"offset 28, EID record: message ends before the record (RFC 9301 5.2)"},
	    {"10000001 " V_NONCE "0000 0001 ac100102 00 21 0001 0a020205", -EBADMSG,
		"offset 21, EID mask-len: longer than the address (RFC 9301 5.2)"},
	    {"10000001 " V_NONCE "0000 0001 ac100102 00 81 0002 20010db8000000000000000000000002",
		-EBADMSG, "offset 21, EID mask-len: longer than the address (RFC 9301 5.2)"},
	    {"10000001 " V_NONCE "0000 0001 ac100102 00 30 0006 0a0b0c0d0e", -EBADMSG,
		"offset 22, EID-Prefix: message ends inside the address (RFC 9301 5.1)"},
	    {"10000001 " V_NONCE "0000 0001 ac100102 00 40 4006 0a0b0c0d0e0f00", -EBADMSG,
		"offset 22, EID-Prefix: message ends inside the address (RFC 9301 5.1)"},
	    {"10100001 " V_NONCE "0000 0001 ac100102 00 20 0001 0a020205"
	     "000102030405060708090a0b0c0d0e0f a0a1a2a3a4a5a6",
		-EBADMSG,
		"offset 28, xTR-ID: I bit set, but message ends before xTR-ID and Site-ID (RFC "
		"9437 4)"},
	    {"10000001 " V_NONCE "0011 6162", -EBADMSG,
		"offset 12, Source-EID: message ends inside the distinguished name (RFC 9735 3)"},
	    {"14000001 " V_NONCE "0000 0001 ac100102 00 20 0001 0a020205", -EBADMSG,
		"offset 28, record: message ends inside the record (RFC 9301 5.4)"},
	    /* LCAF */
	    {"10000001 " V_NONCE "4003 0000 02", -EBADMSG,
		"offset 12, Source-EID: message ends inside the LCAF header (RFC 8060 3)"},
	    {"10000001 " V_NONCE "4003 0000 02 00 000a 00000064 0001 0a01", -EBADMSG,
		"offset 12, Source-EID: message ends inside the LCAF (RFC 8060 3)"},
	    {"10000001 " V_NONCE "4003 0000 02 00 0005 00000064 00", -EBADMSG,
		"offset 12, Source-EID: instance-ID LCAF too short for an instance-ID and an AFI "
		"(RFC 8060 4.1)"},
	    {"10000001 " V_NONCE "0011", -EBADMSG,
		"offset 12, Source-EID: message ends inside the distinguished name (RFC 9735 3)"},
	    {"10000001 " V_NONCE "4003 0000 02 00 0009 00000064 0001 0a0101", -EBADMSG,
		"offset 12, Source-EID: length of the instance-ID LCAF does not fit its address "
		"(RFC 8060 4.1)"},
	    {"10000001 " V_NONCE "4003 0000 02 00 000b 00000064 0001 0a01010400", -EBADMSG,
		"offset 12, Source-EID: length of the instance-ID LCAF does not fit its address "
		"(RFC 8060 4.1)"},
	    {"10000001 " V_NONCE "0000 0001 ac100102 00 20 4003 0000 02 00 0014 00000001"
	     "4003 0000 02 00 0006 00000002 0000",
		-EBADMSG, "offset 22, EID-Prefix: message ends inside the LCAF (RFC 8060 3)"},
	    /* Mapping records */
	    {"20000001 " V_NONCE "0000000f 00 21 2000 0000 0001 0a000000", -EBADMSG,
		"offset 17, EID mask-len: longer than the address (RFC 9301 5.4)"},
	    {"20000001 " V_NONCE "0000000f 00 08 2000 0000 0007 0a000000", -EBADMSG,
		"offset 22, EID-Prefix: unknown AFI (RFC 9301 5.1)"},
	    {"20000001 " V_NONCE "0000000f 01 08 2000 0000 0001 0a000000", -EBADMSG,
		"offset 28, locator: message ends before the last locator (RFC 9301 5.4)"},
	    {"20000001 " V_NONCE
	     "0000000f 01 08 2000 0000 0001 0a000000 01 64 ff 00 0005 0001 ac10",
		-EBADMSG, "offset 34, locator: message ends inside the address (RFC 9301 5.1)"},
	    {"20000001 " V_NONCE
	     "0000000f 01 08 2000 0000 0001 0a000000 01 64 ff 00 0005 1234 ac100102",
		-EBADMSG, "offset 34, locator: unknown AFI (RFC 9301 5.1)"},
	    {"20000001 " V_NONCE
	     "0000000f 01 08 2000 0000 0001 0a000000 01 64 ff 00 0005 4003 0000 07 00 ffff 00",
		-EBADMSG, "offset 34, locator: message ends inside the LCAF (RFC 8060 3)"},
	    /* Map-Register and its kin */
	    {"30000001 " V_NONCE "010200", -EBADMSG,
		"offset 12, Key ID: message ends inside the authentication header (RFC 9301 5.6)"},
	    {"30000001 " V_NONCE "01020020 0000", -EBADMSG,
		"offset 14, Authentication Data Length: message ends inside the authentication "
		"data (RFC 9301 5.6)"},
	    {"30000001 " V_NONCE "01020041 0000", -EBADMSG,
		"offset 14, Authentication Data Length: longer than any known algorithm's (RFC "
		"9301 5.6)"},
	    {"32000001 " V_NONCE "01020000 " V_REGISTER_RECORD
	     "000102030405060708090a0b0c0d0e0f a0a1a2a3a4a5a6",
		-EBADMSG,
		"offset 44, xTR-ID: I bit set, but message ends before xTR-ID and Site-ID (RFC "
		"9301 5.6)"},
	    /* Map-Referral */
	    {"60000001 " V_NONCE "000005a0 00 08 0000 1000 0001 0a000000 0000", -EBADMSG,
		"offset 28, signature: message ends before the last signature (RFC 8111 6.4.1)"},
	    {"60000001 " V_NONCE "000005a0 00 08 0000 1000 0001 0a000000"
	     "000005a0 00000002 00000001 1234 0003 02000000 aabb",
		-EBADMSG,
		"offset 42, Sig Length: message ends inside the signature (RFC 8111 6.4.1)"},
	    {"60000001 " V_NONCE "000005a0 01 08 0000 0000 0001 0a000000 01", -EBADMSG,
		"offset 28, locator: message ends before the last locator (RFC 9301 5.4)"},
	    /* Info-Request */
	    {"70000000 " V_NONCE "000100", -EBADMSG,
		"offset 12, Key ID: message ends inside the authentication header (RFC 9301 5.6)"},
	    {"70000000 " V_NONCE "0001 0000 000005a0 00", -EBADMSG,
		"offset 16, TTL: message ends before the EID-prefix "
		"(draft-ermagan-lisp-nat-traversal 4.1)"},
	    {"70000000 " V_NONCE "0001 0000 000005a0 00 21 0001 0a010100 0000", -EBADMSG,
		"offset 21, EID mask-len: longer than the address "
		"(draft-ermagan-lisp-nat-traversal 4.1)"},
	    {"70000000 " V_NONCE "0001 0000 000005a0 00 18 0001 0a010100", -EBADMSG,
		"offset 28, NAT-traversal LCAF: message ends before the AFI (RFC 9301 5.1)"},
	    /* LISP-SEC, in an ECM and a Map-Reply without records */
	    {"88000000 010000", -EBADMSG,
		"offset 4, ECM AD Type: message ends before it (RFC 9303 6.1)"},
	    {"88000000 01000002 0018 01", -EBADMSG,
		"offset 8, OTK Length: message ends before it (RFC 9303 6.1)"},
	    {"88000000 01000002 0003 01 01", -EBADMSG,
		"offset 8, OTK Length: shorter than its own header (RFC 9303 6.1)"},
	    {"88000000 01000002 0005 01 01", -EBADMSG,
		"offset 8, OTK Length: longer than the message (RFC 9303 6.1)"},
	    {"88000000 01000002 0004 01 01 0004 00", -EBADMSG,
		"offset 12, EID-AD Length: message ends before it (RFC 9303 6.1)"},
	    {"88000000 01000002 0004 01 01 0006 0001 0000", -EBADMSG,
		"offset 12, EID-AD Length: neither 4 nor 8 and more (RFC 9303 6.1)"},
	    {"88000000 01000002 0004 01 01 000c 0001 01000002 0020 0001 0a020205", -EBADMSG,
		"offset 22, EID-Prefix: message ends inside the address (RFC 9301 5.1)"},
	    {"88000000 01000002 0004 01 01 0004 0001", -EBADMSG,
		"offset 16, inner IP header: message ends before it (RFC 9301 5.8)"},
	    {"22000000 " V_NONCE "010000", -EBADMSG,
		"offset 12, MR AD Type: message ends before it (RFC 9303 6.2)"},
	    {"22000000 " V_NONCE "01000000 0003 0001", -EBADMSG,
		"offset 16, EID-AD Length: shorter than its own header (RFC 9303 6.2)"},
	    {"22000000 " V_NONCE "01000000 0004 0001 0008 0002 0000", -EBADMSG,
		"offset 20, PKT-AD Length: longer than the message (RFC 9303 6.2)"},
	    /* ECM: the header, then the inner packet of V_ECM4 with one thing wrong */
	    {"88000000 4500003c 00004000 401123a6 0a010104 0a020205 f0b010f6 0028 0295" V_REQUEST,
		-EBADMSG, "offset 4, ECM AD Type: unknown authentication data (RFC 9303 8.1)"},
	    {"80000000", -EBADMSG,
		"offset 4, inner IP header: message ends before it (RFC 9301 5.8)"},
	    {"80000000 50", -EBADMSG, "offset 4, inner IP version: neither 4 nor 6 (RFC 9301 5.8)"},
	    {"80000000 45", -EBADMSG,
		"offset 4, inner IPv4 header: message ends inside the header (RFC 9301 5.8)"},
	    {"80000000 4400003c 00004000 401123a6 0a010104 0a020205 f0b010f6 0028 0295" V_REQUEST,
		-EBADMSG, "offset 4, inner IPv4 header: wrong header length (RFC 791 3.1)"},
	    {"80000000 45000010 00004000 401123a6 0a010104 0a020205 f0b010f6 0028 0295" V_REQUEST,
		-EBADMSG, "offset 4, inner IPv4 header: wrong header length (RFC 791 3.1)"},
	    {"80000000 4500003d 00004000 401123a5 0a010104 0a020205 f0b010f6 0028 0295" V_REQUEST,
		-EBADMSG,
		"offset 6, inner IPv4 total length: message ends inside the inner packet (RFC 9301 "
		"5.8)"},
	    {"80000000 4500003c 00004000 401123a7 0a010104 0a020205 f0b010f6 0028 0295" V_REQUEST,
		-EBADMSG, "offset 14, inner IPv4 checksum: wrong (RFC 791 3.1)"},
	    {"80000000 4500003c 00002000 401143a6 0a010104 0a020205 f0b010f6 0028 0295" V_REQUEST,
		-EBADMSG, "offset 10, inner IPv4 header: a fragment (RFC 9301 5.8)"},
	    {"80000000 4500003c 00000001 401163a5 0a010104 0a020205 f0b010f6 0028 0295" V_REQUEST,
		-EBADMSG, "offset 10, inner IPv4 header: a fragment (RFC 9301 5.8)"},
	    {"80000000 4500003c 00004000 400623b1 0a010104 0a020205 f0b010f6 0028 0295" V_REQUEST,
		-EBADMSG, "offset 13, inner IPv4 protocol: not UDP (RFC 9301 5.8)"},
	    {"80000000 4500001b 00004000 401123c7 0a010104 0a020205 f0b010f6 0028 02", -EBADMSG,
		"offset 24, inner UDP header: inner packet ends inside the header (RFC 9301 5.8)"},
	    {"80000000 4500003c 00004000 401123a6 0a010104 0a020205 f0b010f6 0029 0000" V_REQUEST,
		-EBADMSG,
		"offset 28, inner UDP length: does not fit the inner packet (RFC 9301 5.8)"},
	    {"80000000 4500003c 00004000 401123a6 0a010104 0a020205 f0b010f6 0007 0000" V_REQUEST,
		-EBADMSG,
		"offset 28, inner UDP length: does not fit the inner packet (RFC 9301 5.8)"},
	    {"80000000 4500003c 00004000 401123a6 0a010104 0a020205 f0b010f6 0028 0296" V_REQUEST,
		-EBADMSG, "offset 30, inner UDP checksum: wrong (RFC 9301 5)"},
	    {"80000000 4500003c 00004000 401123a6 0a010104 0a020205 10f510f6 0028 0000" V_REQUEST,
		-EBADMSG, "offset 24, inner UDP port: 4341 is the data port (RFC 9301 5.8)"},
	    {"80000000 4500003c 00004000 401123a6 0a010104 0a020205 f0b010f5 0028 0000" V_REQUEST,
		-EBADMSG, "offset 24, inner UDP port: 4341 is the data port (RFC 9301 5.8)"},
	    {"80000000 60000000", -EBADMSG,
		"offset 4, inner IPv6 header: message ends inside the header (RFC 9301 5.8)"},
	    {"80000000 60000000 00291140 fd000001000100000000000000000004 "
	     "fd000002000200000000000000000005"
	     "f0b010f6 0028 1f90" V_REQUEST,
		-EBADMSG,
		"offset 8, inner IPv6 payload length: message ends inside the inner packet (RFC "
		"9301 5.8)"},
	    {"80000000 60000000 00282c40 fd000001000100000000000000000004 "
	     "fd000002000200000000000000000005"
	     "f0b010f6 0028 1f90" V_REQUEST,
		-EBADMSG, "offset 10, inner IPv6 next header: not UDP (RFC 9301 5.8)"},
	    {"80000000 60000000 00281140 fd000001000100000000000000000004 "
	     "fd000002000200000000000000000006"
	     "f0b010f6 0028 1f90" V_REQUEST,
		-EBADMSG, "offset 50, inner UDP checksum: wrong (RFC 9301 5)"},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		uint8_t buf[VECTOR_MAX];
		struct xtr_wire_err err;
		size_t n = vector_bytes(cases[i].hex, buf);
		char text[160];

		assert_int_equal(read_exact(buf, n, &err), cases[i].ret);
		xtr_wire_err_format(&err, text, sizeof text);
		assert_string_equal(text, cases[i].text);
	}
}

/* Nothing to write the error to is no error. */
static void test_no_err(void **state)
{
	struct xtr_msg m;

	assert_int_equal(xtr_msg_read((const uint8_t *)"\x10", 1, &m, NULL), -EBADMSG);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_truncated),
	    cmocka_unit_test(test_any_byte),
	    cmocka_unit_test(test_named),
	    cmocka_unit_test(test_no_err),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
