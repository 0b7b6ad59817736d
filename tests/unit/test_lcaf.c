/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * LCAFs against bytes put together by hand from the figures of RFC 8060 sections 4 and 5 and RFC
 * 9306 section 4: what the writer makes must be these bytes, what the reader makes of them must be
 * what went in; each cut short, and each with one thing wrong.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "wire/lcaf.h"
#include "wire_vectors.h"

#define IP_A "0001 c0000201 " /* 192.0.2.1 */
#define IP_B "0002 20010db8000000000000000000000002 "

static struct xtr_ip ip_a, ip_b;
static uint8_t bytes[VECTOR_MAX];
static struct xtr_wire_err err;

static struct xtr_addr a(void)
{
	return xtr_addr_of_ip(&ip_a);
}

static struct xtr_addr b(void)
{
	return xtr_addr_of_ip(&ip_b);
}

static struct xtr_addr addr(const char *hex)
{
	struct xtr_addr out;
	size_t n = vector_bytes(hex, bytes);

	assert_int_equal(xtr_addr_at(bytes, n, &out, &err), 0);
	assert_int_equal(out.len + 2, n);
	return out;
}

static void assert_is(const struct xtr_addr *got, const struct xtr_addr want)
{
	assert_true(xtr_addr_equal(got, &want));
}

/* The writer makes the vector, in a buffer of just its size and in no smaller one. */
#define WRITES(name, hex, ...)                                                                     \
	do {                                                                                       \
		struct xtr_lcaf_##name what = __VA_ARGS__;                                         \
		uint8_t want[VECTOR_MAX];                                                          \
		size_t n = vector_bytes(hex, want);                                                \
		for (size_t size = 0; size <= n; size++) {                                         \
			uint8_t *p = malloc(size ? size : 1);                                      \
			struct xtr_writer to;                                                      \
			xtr_writer_init(&to, p, size);                                             \
			xtr_write_lcaf_##name(&to, &what);                                         \
			assert_int_equal(to.len, n);                                               \
			assert_int_equal(xtr_writer_result(&to), size < n ? -ENOBUFS : 0);         \
			if (size == n)                                                             \
				assert_memory_equal(p, want, n);                                   \
			free(p);                                                                   \
		}                                                                                  \
	} while (0)

/* What the writer does not say, whatever the buffer. */
#define SPOILS(name, ...)                                                                          \
	do {                                                                                       \
		struct xtr_lcaf_##name what = __VA_ARGS__;                                         \
		struct xtr_writer to;                                                              \
		xtr_writer_init(&to, bytes, sizeof bytes);                                         \
		xtr_write_lcaf_##name(&to, &what);                                                 \
		assert_int_equal(xtr_writer_result(&to), -ENOBUFS);                                \
		assert_int_equal(to.size, 0);                                                      \
	} while (0)

/* Reads the vector into l; an LCAF of another type is refused, and every one that is cut short, but
 * where `good` is true of its length cut.len (without the AFI). */
#define READS(name, l, hex, good)                                                                  \
	do {                                                                                       \
		struct xtr_addr whole = addr(hex), cut = whole;                                    \
		for (cut.len = 6; cut.len < whole.len; cut.len++) {                                \
			uint8_t *p = malloc(cut.len + 2);                                          \
			memcpy(p, whole.p - 2, cut.len + 2);                                       \
			cut.p = p + 2;                                                             \
			assert_int_equal(                                                          \
			    xtr_lcaf_read_##name(&cut, l, &err), (good) ? 0 : -EBADMSG);           \
			free(p);                                                                   \
		}                                                                                  \
		cut = whole;                                                                       \
		cut.lcaf++;                                                                        \
		assert_int_equal(xtr_lcaf_read_##name(&cut, l, NULL), -EINVAL);                    \
		assert_int_equal(xtr_lcaf_read_##name(&whole, l, NULL), 0);                        \
	} while (0)

#define V_IID "4003 0000 02 20 000a 00000064 " IP_A

static void test_iid(void **state)
{
	struct xtr_lcaf_iid l;

	WRITES(iid, V_IID, {.iid = 100, .mask_len = 32, .addr = a()});
	READS(iid, &l, V_IID, false);
	assert_int_equal(l.iid, 100);
	assert_int_equal(l.mask_len, 32);
	assert_is(&l.addr, a());
	assert_int_equal(l.addr.depth, 1);
	WRITES(iid, "4003 0000 02 18 0006 ffffff00 0000", {.iid = 0xffffff00, .mask_len = 24});
}

#define V_ASN "4003 0000 03 00 0016 0000fde8 " IP_B

static void test_asn(void **state)
{
	struct xtr_lcaf_asn l;

	WRITES(asn, V_ASN, {.asn = 65000, .addr = b()});
	READS(asn, &l, V_ASN, false);
	assert_int_equal(l.asn, 65000);
	assert_is(&l.addr, b());
}

#define V_APP "4003 0000 04 00 0012 0a0b0c 11 0035 0036 0400 ffff " IP_A

static void test_app(void **state)
{
	struct xtr_lcaf_app l;

	WRITES(app, V_APP,
	    {.tos = 0x0a0b0c,
		.protocol = 17,
		.local_low = 53,
		.local_high = 54,
		.remote_low = 1024,
		.remote_high = 65535,
		.addr = a()});
	READS(app, &l, V_APP, false);
	assert_int_equal(l.tos, 0x0a0b0c);
	assert_int_equal(l.protocol, 17);
	assert_int_equal(l.local_low, 53);
	assert_int_equal(l.local_high, 54);
	assert_int_equal(l.remote_low, 1024);
	assert_int_equal(l.remote_high, 65535);
	assert_is(&l.addr, a());
	SPOILS(app, {.tos = 0x1000000});
}

/* 52 degrees 31' 12" north, 13 degrees 24' 36" west, 34 m below the sea. */
#define V_GEO "4003 0000 05 00 0012 8034 1f 0c 000d 18 24 ffffffde " IP_A

static void test_geo(void **state)
{
	struct xtr_lcaf_geo l;
	struct xtr_addr v;

	WRITES(geo, V_GEO,
	    {.north = true,
		.lat_deg = 52,
		.lat_min = 31,
		.lat_sec = 12,
		.lon_deg = 13,
		.lon_min = 24,
		.lon_sec = 36,
		.altitude = -34,
		.addr = a()});
	READS(geo, &l, V_GEO, false);
	assert_true(l.north && !l.east);
	assert_int_equal(l.lat_deg, 52);
	assert_int_equal(l.lat_min, 31);
	assert_int_equal(l.lat_sec, 12);
	assert_int_equal(l.lon_deg, 13);
	assert_int_equal(l.lon_min, 24);
	assert_int_equal(l.lon_sec, 36);
	assert_int_equal(l.altitude, -34);
	assert_is(&l.addr, a());
	SPOILS(geo, {.lat_deg = 91});
	SPOILS(geo, {.lat_min = 60});
	SPOILS(geo, {.lat_sec = 60});
	SPOILS(geo, {.lon_deg = 181});
	SPOILS(geo, {.lon_min = 60});
	SPOILS(geo, {.lon_sec = 60});
	v = addr("4003 0000 05 00 000e 0100 00 00 0000 00 00 00000000 0000");
	assert_int_equal(xtr_lcaf_read_geo(&v, &l, &err), -EBADMSG);
	assert_string_equal(err.reason, "no place on Earth");
}

#define V_OPAQUE "4003 0000 06 00 0007 03 0002 01020304"

static void test_opaque(void **state)
{
	static const uint8_t key[4] = {1, 2, 3, 4};
	struct xtr_lcaf_opaque l;
	struct xtr_addr v;

	WRITES(opaque, V_OPAQUE, {.field_num = 3, .wildcards = 2, .key = key, .key_len = 4});
	READS(opaque, &l, V_OPAQUE, cut.len >= 9);
	assert_int_equal(l.field_num, 3);
	assert_int_equal(l.wildcards, 2);
	assert_int_equal(l.key_len, 4);
	assert_memory_equal(l.key, key, 4);
	SPOILS(opaque, {.field_num = 16});
	v = addr("4003 0000 06 00 0003 10 0000");
	assert_int_equal(xtr_lcaf_read_opaque(&v, &l, &err), -EBADMSG);
}

#define V_NAT "4003 0000 07 00 0036 10f6 f0b0 " IP_A IP_B "0000 " IP_B IP_A

static void test_nat(void **state)
{
	const uint8_t *cursor = NULL;
	struct xtr_lcaf_nat l;
	struct xtr_writer w;
	struct xtr_addr r, none = {0};
	uint8_t rtrs[64];

	xtr_writer_init(&w, rtrs, sizeof rtrs);
	r = b();
	xtr_write_addr(&w, &r);
	r = a();
	xtr_write_addr(&w, &r);
	WRITES(nat, V_NAT,
	    {.ms_port = 4342,
		.etr_port = 0xf0b0,
		.global_etr = a(),
		.ms = b(),
		.rtrs = xtr_lcaf_list_of(&w)});
	READS(nat, &l, V_NAT, cut.len == 36 || cut.len == 54);
	assert_int_equal(l.ms_port, 4342);
	assert_int_equal(l.etr_port, 0xf0b0);
	assert_is(&l.global_etr, a());
	assert_is(&l.ms, b());
	assert_is(&l.private_etr, none);
	assert_true(xtr_lcaf_list_addr_next(&l.rtrs, &cursor, &r));
	assert_is(&r, b());
	assert_true(xtr_lcaf_list_addr_next(&l.rtrs, &cursor, &r));
	assert_is(&r, a());
	assert_false(xtr_lcaf_list_addr_next(&l.rtrs, &cursor, &r));
}

#define V_NONCE_LCAF "4003 0000 08 00 000a 00abcdef " IP_A

static void test_nonce(void **state)
{
	struct xtr_lcaf_nonce l;
	struct xtr_addr v;

	WRITES(nonce, V_NONCE_LCAF, {.nonce = 0xabcdef, .addr = a()});
	READS(nonce, &l, V_NONCE_LCAF, false);
	assert_int_equal(l.nonce, 0xabcdef);
	assert_is(&l.addr, a());
	v = addr("4003 0000 08 00 0006 ff000001 0000"); /* reserved */
	assert_int_equal(xtr_lcaf_read_nonce(&v, &l, &err), 0);
	assert_int_equal(l.nonce, 1);
	SPOILS(nonce, {.nonce = 0x1000000});
}

#define V_MCAST "4003 0000 09 00 0020 00000064 0000 18 80 " IP_A IP_B

static void test_mcast(void **state)
{
	struct xtr_lcaf_mcast l;
	struct xtr_addr v;

	WRITES(mcast, V_MCAST,
	    {.iid = 100, .source_plen = 24, .group_plen = 128, .source = a(), .group = b()});
	READS(mcast, &l, V_MCAST, false);
	assert_int_equal(l.iid, 100);
	assert_int_equal(l.source_plen, 24);
	assert_int_equal(l.group_plen, 128);
	assert_is(&l.source, a());
	assert_is(&l.group, b());
	SPOILS(mcast, {.source_plen = 33, .source = a()});
	SPOILS(mcast, {.group_plen = 129, .group = b()});
	v = addr("4003 0000 09 00 0014 00000064 0000 21 20 " IP_A IP_A);
	assert_int_equal(xtr_lcaf_read_mcast(&v, &l, &err), -EBADMSG);
	assert_int_equal(err.offset, 14);
	v = addr("4003 0000 09 00 0014 00000064 0000 20 21 " IP_A IP_A);
	assert_int_equal(xtr_lcaf_read_mcast(&v, &l, &err), -EBADMSG);
	assert_int_equal(err.offset, 15);
}

#define V_ELP "4003 0000 0a 00 001c 0005 " IP_A "0002 " IP_B

static void test_elp(void **state)
{
	struct xtr_elp_hop hops[2] = {
	    {.lookup = true, .strict = true, .addr = a()}, {.probe = true, .addr = b()}};
	const uint8_t *cursor = NULL;
	struct xtr_lcaf_elp l;
	struct xtr_elp_hop hop;
	struct xtr_writer w;
	uint8_t buf[64];

	xtr_writer_init(&w, buf, sizeof buf);
	xtr_write_elp_hop(&w, &hops[0]);
	xtr_write_elp_hop(&w, &hops[1]);
	WRITES(elp, V_ELP, {.hops = xtr_lcaf_list_of(&w)});
	WRITES(elp, "4003 0000 0a 00 0000", {.hops = {0}});
	READS(elp, &l, V_ELP, cut.len == 6 || cut.len == 14);
	assert_true(xtr_lcaf_list_hop_next(&l.hops, &cursor, &hop));
	assert_true(hop.lookup && !hop.probe && hop.strict);
	assert_is(&hop.addr, a());
	assert_int_equal(hop.addr.depth, 1);
	assert_true(xtr_lcaf_list_hop_next(&l.hops, &cursor, &hop));
	assert_true(!hop.lookup && hop.probe && !hop.strict);
	assert_is(&hop.addr, b());
	assert_false(xtr_lcaf_list_hop_next(&l.hops, &cursor, &hop));
}

#define V_KEY "4003 0000 0b 00 0011 02 00 03 01 0003 aabbcc 0000 " IP_A

static void test_key(void **state)
{
	struct xtr_key_material k[2] = {{(const uint8_t *)"\xaa\xbb\xcc", 3}, {NULL, 0}}, key;
	static uint8_t many[2 * 256];
	const uint8_t *cursor = NULL;
	struct xtr_lcaf_key l;
	struct xtr_writer w;
	uint8_t buf[16];

	xtr_writer_init(&w, buf, sizeof buf);
	xtr_write_key_material(&w, &k[0]);
	xtr_write_key_material(&w, &k[1]);
	WRITES(key, V_KEY,
	    {.algorithm = 3, .revoke = true, .keys = xtr_lcaf_list_of(&w), .addr = a()});
	READS(key, &l, V_KEY, false);
	assert_int_equal(l.algorithm, 3);
	assert_true(l.revoke);
	assert_is(&l.addr, a());
	assert_true(xtr_lcaf_list_key_next(&l.keys, &cursor, &key));
	assert_int_equal(key.len, 3);
	assert_memory_equal(key.p, k[0].p, 3);
	assert_true(xtr_lcaf_list_key_next(&l.keys, &cursor, &key));
	assert_int_equal(key.len, 0);
	assert_false(xtr_lcaf_list_key_next(&l.keys, &cursor, &key));
	/* Key Count has eight bits. */
	SPOILS(key, {.keys = {.p = many, .len = sizeof many}});
}

#define V_SRC_DST "4003 0000 0c 00 001c 0000 20 40 " IP_A IP_B

static void test_src_dst(void **state)
{
	struct xtr_lcaf_src_dst l;
	struct xtr_addr v;

	WRITES(
	    src_dst, V_SRC_DST, {.source_plen = 32, .dest_plen = 64, .source = a(), .dest = b()});
	READS(src_dst, &l, V_SRC_DST, false);
	assert_int_equal(l.source_plen, 32);
	assert_int_equal(l.dest_plen, 64);
	assert_is(&l.source, a());
	assert_is(&l.dest, b());
	SPOILS(src_dst, {.source_plen = 129, .source = b()});
	SPOILS(src_dst, {.dest_plen = 33, .dest = a()});
	v = addr("4003 0000 0c 00 0010 0000 21 20 " IP_A IP_A);
	assert_int_equal(xtr_lcaf_read_src_dst(&v, &l, &err), -EBADMSG);
	v = addr("4003 0000 0c 00 0010 0000 20 21 " IP_A IP_A);
	assert_int_equal(xtr_lcaf_read_src_dst(&v, &l, &err), -EBADMSG);
	/* A name has no bits to count. */
	v = addr("4003 0000 0c 00 000e 0000 ff 20 0011 6100 " IP_A);
	assert_int_equal(xtr_lcaf_read_src_dst(&v, &l, &err), 0);
}

static void test_rle(void **state)
{
	struct xtr_rle_entry in[2] = {{.level = 0, .addr = a()}, {.level = 255, .addr = b()}}, e;
	const char *hex = "4003 0000 0d 00 0020 00000000 " IP_A "000000ff " IP_B;
	const uint8_t *cursor = NULL;
	struct xtr_lcaf_rle l;
	struct xtr_writer w;
	uint8_t buf[64];

	xtr_writer_init(&w, buf, sizeof buf);
	xtr_write_rle_entry(&w, &in[0]);
	xtr_write_rle_entry(&w, &in[1]);
	WRITES(rle, hex, {.entries = xtr_lcaf_list_of(&w)});
	READS(rle, &l, hex, cut.len == 6 || cut.len == 16);
	assert_true(xtr_lcaf_list_rle_next(&l.entries, &cursor, &e));
	assert_int_equal(e.level, 0);
	assert_is(&e.addr, a());
	assert_true(xtr_lcaf_list_rle_next(&l.entries, &cursor, &e));
	assert_int_equal(e.level, 255);
	assert_is(&e.addr, b());
	assert_false(xtr_lcaf_list_rle_next(&l.entries, &cursor, &e));
}

#define V_JSON "4003 0000 0e 01 000a 0002 7b7d " IP_A

static void test_json(void **state)
{
	struct xtr_lcaf_json l;
	struct xtr_addr none = {0}, v;

	WRITES(
	    json, V_JSON, {.binary = true, .len = 2, .text = (const uint8_t *)"{}", .addr = a()});
	READS(json, &l, V_JSON, cut.len == 10);
	assert_true(l.binary);
	assert_int_equal(l.len, 2);
	assert_memory_equal(l.text, "{}", 2);
	assert_is(&l.addr, a());
	v = addr("4003 0000 0e 00 0004 0002 7b7d"); /* without the optional address */
	assert_int_equal(xtr_lcaf_read_json(&v, &l, &err), 0);
	assert_is(&l.addr, none);
	assert_false(l.binary);
}

#define V_KEY_VALUE "4003 0000 0f 00 0018 " IP_B IP_A

static void test_key_value(void **state)
{
	struct xtr_lcaf_key_value l;

	WRITES(key_value, V_KEY_VALUE, {.key = b(), .value = a()});
	READS(key_value, &l, V_KEY_VALUE, false);
	assert_is(&l.key, b());
	assert_is(&l.value, a());
}

#define V_ENCAP "4003 0000 10 00 000a 00000045 " IP_A

static void test_encap(void **state)
{
	struct xtr_lcaf_encap l;
	struct xtr_addr v;

	WRITES(encap, V_ENCAP,
	    {.formats = XTR_ENCAP_LISP | XTR_ENCAP_VXLAN | XTR_ENCAP_GUE, .addr = a()});
	READS(encap, &l, V_ENCAP, false);
	assert_int_equal(l.formats, XTR_ENCAP_LISP | XTR_ENCAP_VXLAN | XTR_ENCAP_GUE);
	assert_is(&l.addr, a());
	v = addr("4003 0000 10 00 0006 ffffff82 0000"); /* reserved */
	assert_int_equal(xtr_lcaf_read_encap(&v, &l, &err), 0);
	assert_int_equal(l.formats, XTR_ENCAP_L2_LISP);
	SPOILS(encap, {.formats = 0x80});
}

#define V_VENDOR "4003 0000 ff 00 0006 00 00005e 0102"

static void test_vendor(void **state)
{
	struct xtr_lcaf_vendor l;

	WRITES(vendor, V_VENDOR, {.oui = 0x5e, .len = 2, .data = (const uint8_t *)"\1\2"});
	READS(vendor, &l, V_VENDOR, cut.len >= 10);
	assert_int_equal(l.oui, 0x5e);
	assert_int_equal(l.len, 2);
	assert_memory_equal(l.data, "\1\2", 2);
	SPOILS(vendor, {.oui = 0x1000000});
}

static void test_null_and_list(void **state)
{
	struct xtr_lcaf_afi_list l;
	const uint8_t *cursor = NULL;
	struct xtr_addr v, x, list[2] = {a(), b()};
	struct xtr_writer w;
	uint8_t buf[64];

	v = addr("4003 0000 00 00 0000");
	assert_int_equal(xtr_lcaf_read_null(&v, &err), 0);
	xtr_writer_init(&w, buf, sizeof buf);
	xtr_write_lcaf_null(&w);
	assert_int_equal(w.len, v.len + 2);
	assert_memory_equal(buf, bytes, w.len);
	v = addr("4003 0000 00 00 0001 00");
	assert_int_equal(xtr_lcaf_read_null(&v, &err), -EBADMSG);
	assert_string_equal(err.reason, "more than its fields take");

	xtr_writer_init(&w, buf, sizeof buf);
	xtr_write_addr(&w, &list[0]);
	xtr_write_addr(&w, &list[1]);
	WRITES(afi_list, "4003 0000 01 00 0018 " IP_A IP_B, {.addrs = xtr_lcaf_list_of(&w)});
	v = addr("4003 0000 01 00 0018 " IP_A IP_B);
	assert_int_equal(xtr_lcaf_read_afi_list(&v, &l, &err), 0);
	for (unsigned i = 0; i < 2; i++) {
		assert_true(xtr_lcaf_list_addr_next(&l.addrs, &cursor, &x));
		assert_is(&x, list[i]);
	}
	assert_false(xtr_lcaf_list_addr_next(&l.addrs, &cursor, &x));
	/* A list that was not written spoils what it is written to; so does one that is too long.
	 */
	xtr_writer_init(&w, buf, 3);
	xtr_write_addr(&w, &list[0]);
	SPOILS(afi_list, {.addrs = xtr_lcaf_list_of(&w)});
	v = addr("4003 0000 01 00 0006 0003 c0000201");
	assert_int_equal(xtr_lcaf_read_afi_list(&v, &l, &err), -EBADMSG);
	assert_string_equal(err.reason, "unknown AFI");
	assert_int_equal(err.offset, 8);
	v = addr("4003 0000 01 00 0006 0002 c0000201");
	assert_int_equal(xtr_lcaf_read_afi_list(&v, &l, &err), -EBADMSG);
	assert_string_equal(err.reason, "LCAF ends inside the address");
}

/* What RFC 8060 section 4.10.4 allows is looked into eight deep, and no deeper. */
static void test_depth(void **state)
{
	uint8_t buf[200];
	struct xtr_writer w;
	struct xtr_lcaf_iid l;
	struct xtr_addr v;
	size_t begin[9];

	xtr_writer_init(&w, buf, sizeof buf);
	for (unsigned i = 0; i < 9; i++) {
		begin[i] = xtr_write_lcaf_begin(&w, XTR_LCAF_IID, 0);
		/* the instance-ID: four bytes of zero */
		xtr_write_addr(&w, &(struct xtr_addr){.p = (const uint8_t *)"\0", .len = 2});
	}
	xtr_write_addr(&w, &(struct xtr_addr){0});
	for (unsigned i = 9; i > 0; i--)
		xtr_write_lcaf_end(&w, begin[i - 1]);
	assert_int_equal(xtr_writer_result(&w), 0);
	assert_int_equal(xtr_addr_at(buf, w.len, &v, &err), 0);
	for (unsigned i = 0; i < XTR_LCAF_DEPTH; i++) {
		assert_int_equal(v.depth, i);
		assert_int_equal(xtr_lcaf_read_iid(&v, &l, &err), 0);
		v = l.addr;
	}
	assert_int_equal(xtr_lcaf_read_iid(&v, &l, &err), -EBADMSG);
	assert_string_equal(err.reason, "too many LCAFs in one another");
}

static void test_any(void **state)
{
	struct xtr_lcaf_hdr h;
	struct xtr_writer w;
	struct xtr_addr v = addr("4003 0005 c8 07 0002 aabb"), x = a();
	static uint8_t large[70000], zeros[65534];
	size_t begin;
	uint8_t buf[32];

	assert_int_equal(xtr_lcaf_read_hdr(&v, &h, &err), 0);
	assert_int_equal(h.flags, 5);
	assert_int_equal(h.type, 200);
	assert_int_equal(h.rsvd2, 7);
	assert_int_equal(h.len, 2);
	xtr_writer_init(&w, buf, sizeof buf);
	xtr_write_lcaf(&w, &h);
	assert_int_equal(w.len, v.len + 2);
	assert_memory_equal(buf, bytes, w.len);
	assert_int_equal(xtr_lcaf_read_hdr(&x, &h, &err), -EINVAL);
	assert_null(xtr_lcaf_name(200));
	assert_string_equal(xtr_lcaf_name(16), "encapsulation-format");
	assert_string_equal(xtr_lcaf_name(255), "vendor-specific");
	xtr_writer_init(&w, large, sizeof large);
	begin = xtr_write_lcaf_begin(&w, 200, 0);
	xtr_write_addr(&w, &(struct xtr_addr){.p = zeros, .len = sizeof zeros});
	xtr_write_lcaf_end(&w, begin);
	assert_int_equal(xtr_writer_result(&w), -ENOBUFS);
}

static void test_views(void **state)
{
	static const uint8_t mac[8] = {0, 0, 0x5e, 0, 0x53, 1, 2, 3};
	struct xtr_addr m6 = xtr_addr_of_mac(XTR_AFI_MAC48, mac);
	struct xtr_addr m8 = xtr_addr_of_mac(XTR_AFI_MAC64, mac);
	struct xtr_addr name = xtr_addr_of_name("router"), none = {0}, v;
	char text[12];
	struct xtr_ip ip;
	uint32_t iid;

	assert_int_equal(m6.len, 6);
	assert_int_equal(m8.len, 8);
	assert_ptr_equal(xtr_addr_mac(&m8), mac);
	assert_null(xtr_addr_mac(&name));
	assert_null(xtr_addr_name(&m6));
	assert_int_equal(name.len, 7);
	assert_string_equal(xtr_addr_name(&name), "router");
	assert_false(xtr_addr_equal(&m6, &m8));
	assert_true(xtr_addr_equal(&none, &none));
	assert_false(xtr_addr_ip(&m6, &ip, &iid));
	v = b();
	assert_true(xtr_addr_ip(&v, &ip, &iid));
	assert_int_equal(iid, 0);
	assert_int_equal(ip.af, 6);
	v = addr(V_IID);
	assert_true(xtr_addr_ip(&v, &ip, &iid));
	assert_int_equal(iid, 100);
	v = addr("4003 0000 02 00 0004 00000001");
	assert_false(xtr_addr_ip(&v, &ip, &iid));
	v = addr("4003 0000 02 00 000a 01000000 " IP_A);
	assert_false(xtr_addr_ip(&v, &ip, &iid));
	/* A small buffer gets what fits, and is told how much there was. */
	assert_int_equal(xtr_addr_format(&m6, text, sizeof text), 17);
	assert_string_equal(text, "00:00:5e:00");
	assert_int_equal(xtr_addr_format(&name, text, 4), 8);
	assert_string_equal(text, "\"ro");
	assert_int_equal(xtr_addr_at(mac, 1, &v, &err), -EBADMSG);
	assert_int_equal(
	    xtr_addr_at((const uint8_t *)"\x40\x03\0\0\2\0\0\1", 8, &v, NULL), -EBADMSG);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_iid),
	    cmocka_unit_test(test_asn),
	    cmocka_unit_test(test_app),
	    cmocka_unit_test(test_geo),
	    cmocka_unit_test(test_opaque),
	    cmocka_unit_test(test_nat),
	    cmocka_unit_test(test_nonce),
	    cmocka_unit_test(test_mcast),
	    cmocka_unit_test(test_elp),
	    cmocka_unit_test(test_key),
	    cmocka_unit_test(test_src_dst),
	    cmocka_unit_test(test_rle),
	    cmocka_unit_test(test_json),
	    cmocka_unit_test(test_key_value),
	    cmocka_unit_test(test_encap),
	    cmocka_unit_test(test_vendor),
	    cmocka_unit_test(test_null_and_list),
	    cmocka_unit_test(test_depth),
	    cmocka_unit_test(test_any),
	    cmocka_unit_test(test_views),
	};

	xtr_ip_parse("192.0.2.1", &ip_a);
	xtr_ip_parse("2001:db8::2", &ip_b);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
