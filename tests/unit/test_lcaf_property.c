/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * LCAFs of each type, of random content, also nested: written, read, compared field by field and
 * element by element, written again, the same bytes. With an argument as many rounds (wire_prop.h).
 */
#include <errno.h>

#include "tests/unit/wire_prop.h"
#include "wire/write.h"

static unsigned type;

static unsigned type_of(struct gen *g)
{
	return type <= XTR_LCAF_ENCAP || type == XTR_LCAF_VENDOR ? type : 17 + gen_below(g, 238);
}

static void lcaf_write(struct gen *g, struct xtr_writer *w)
{
	struct gen_lcaf l;

	gen_lcaf(g, type_of(g), 0, &l);
	lcaf_any_write(w, &l.any);
}

/* The elements are those that were generated, and as deep as they lie. */
static void list_check(struct gen *g, const struct gen_lcaf *want, const struct lcaf_any *l)
{
	struct xtr_key_material key;
	const uint8_t *c = NULL;
	struct xtr_rle_entry e;
	struct xtr_elp_hop hop;
	struct xtr_addr a;
	unsigned n = 0;

	switch (l->type) {
	case XTR_LCAF_AFI_LIST:
	case XTR_LCAF_NAT:
		while (xtr_lcaf_list_addr_next(
		    l->type == XTR_LCAF_NAT ? &l->nat.rtrs : &l->afi_list.addrs, &c, &a)) {
			REQUIRE(g, n < want->n && addr_same(&a, &want->addrs[n]));
			REQUIRE(g, a.depth == 1);
			n++;
		}
		break;
	case XTR_LCAF_ELP:
		for (; xtr_lcaf_list_hop_next(&l->elp.hops, &c, &hop); n++) {
			REQUIRE(g, n < want->n && addr_same(&hop.addr, &want->hops[n].addr));
			REQUIRE(g, hop.lookup == want->hops[n].lookup);
			REQUIRE(g, hop.probe == want->hops[n].probe);
			REQUIRE(g, hop.strict == want->hops[n].strict);
			REQUIRE(g, hop.addr.depth == 1);
		}
		break;
	case XTR_LCAF_KEY:
		for (; xtr_lcaf_list_key_next(&l->key.keys, &c, &key); n++)
			REQUIRE(g, n < want->n && bytes_same(key.p, key.len, want->keys[n].p,
						      want->keys[n].len));
		break;
	case XTR_LCAF_RLE:
		for (; xtr_lcaf_list_rle_next(&l->rle.entries, &c, &e); n++) {
			REQUIRE(g, n < want->n && addr_same(&e.addr, &want->entries[n].addr));
			REQUIRE(g, e.level == want->entries[n].level && e.addr.depth == 1);
		}
		break;
	default:
		break;
	}
	REQUIRE(g, n == want->n);
}

static unsigned depth_seen;

/* All that was generated can be read to the bottom. */
static void look_inside(const struct xtr_addr *a)
{
	struct xtr_wire_err err;
	struct lcaf_any l;

	REQUIRE(&prop_gen, a->depth <= XTR_LCAF_DEPTH);
	if (a->afi != XTR_AFI_LCAF)
		return;
	REQUIRE(&prop_gen, lcaf_any_read(a, &l, &err) == 0);
	if (a->depth + 1u > depth_seen)
		depth_seen = a->depth + 1u;
	lcaf_any_inside(&l, look_inside);
}

static void one_round(struct gen *g, uint64_t round)
{
	struct gen_lcaf want;
	struct xtr_wire_err err;
	struct xtr_writer w, again;
	struct lcaf_any l;
	struct xtr_addr a;
	char text[256];

	gen_start(g, prop_seed, round);
	xtr_writer_init(&w, prop_buf, sizeof prop_buf);
	lcaf_write(g, &w);
	REQUIRE(g, xtr_writer_result(&w) == 0);
	snprintf(text, sizeof text, "lcaf%u", type);
	prop_keep(text, prop_buf, w.len);

	gen_start(g, prop_seed, round);
	gen_lcaf(g, type_of(g), 0, &want);
	REQUIRE(g, xtr_addr_at(prop_buf, w.len, &a, &err) == 0);
	REQUIRE(g, a.afi == XTR_AFI_LCAF && a.lcaf == want.any.type && a.depth == 0);
	REQUIRE(g, a.p == prop_buf + 2 && a.len + 2 == w.len);
	REQUIRE(g, lcaf_any_read(&a, &l, &err) == 0);
	REQUIRE(g, lcaf_any_same(&want.any, &l));
	list_check(g, &want, &l);
	lcaf_any_inside(&l, look_inside);
	REQUIRE(g, xtr_addr_format(&a, text, sizeof text) > 0);
	REQUIRE(g, xtr_addr_equal(&a, &a));

	xtr_writer_init(&again, prop_again, sizeof prop_again);
	lcaf_any_write(&again, &l);
	REQUIRE(g, xtr_writer_result(&again) == 0);
	REQUIRE(g, bytes_same(prop_buf, w.len, prop_again, again.len));
	/* a byte less is never an address */
	REQUIRE(g, xtr_addr_at(prop_buf, w.len - 1, &a, &err) == -EBADMSG);
	prop_smaller(g, lcaf_write, w.len);
}

static void test_types(void **state)
{
	static char what[32];

	for (type = 0; type <= XTR_LCAF_VENDOR; type++) {
		if (type == XTR_LCAF_ENCAP + 2)
			type = XTR_LCAF_VENDOR; /* 17 stands for all unknown types */
		snprintf(what, sizeof what, "LCAF type %u", type);
		prop_gen.what = what;
		for (uint64_t i = 0; i < prop_rounds; i++)
			one_round(&prop_gen, prop_first + i);
	}
	/* The generator nests: else the above says little. */
	if (prop_rounds >= 1000)
		assert_true(depth_seen >= 5);
}

/* Addresses that are no LCAF, and those in one: what their functions say. */
static void test_plain(void **state)
{
	struct gen *g = &prop_gen;

	g->what = "address";
	for (uint64_t i = 0; i < prop_rounds; i++) {
		struct xtr_addr a, b;
		struct xtr_wire_err err;
		struct xtr_eid want;
		struct xtr_writer w;
		struct xtr_ip ip;
		char text[512];
		uint32_t iid;
		bool found;

		gen_start(g, prop_seed, prop_first + i);
		a = gen_addr(g, 0);
		xtr_writer_init(&w, prop_buf, sizeof prop_buf);
		xtr_write_addr(&w, &a);
		REQUIRE(g, xtr_writer_result(&w) == 0 && w.len == a.len + 2u);
		prop_keep("addr", prop_buf, w.len);
		REQUIRE(g, xtr_addr_at(prop_buf, w.len, &b, &err) == 0);
		REQUIRE(g, addr_same(&a, &b) && xtr_addr_equal(&a, &b));
		REQUIRE(g, xtr_addr_at(prop_buf, w.len - 1, &b, &err) == -EBADMSG);
		REQUIRE(g, err.offset == 0 && err.field && err.reason && err.clause);
		want = gen_meaning(&a);
		found = xtr_addr_ip(&a, &ip, &iid);
		REQUIRE(g, found == (want.ip.af != 0));
		REQUIRE(g, !found || (xtr_ip_equal(&ip, &want.ip) && iid == want.iid));
		REQUIRE(g,
		    (xtr_addr_mac(&a) != NULL) ==
			(a.afi == XTR_AFI_802 || a.afi == XTR_AFI_MAC48 || a.afi == XTR_AFI_MAC64));
		REQUIRE(g, (xtr_addr_name(&a) != NULL) == (a.afi == XTR_AFI_NAME));
		REQUIRE(g, !xtr_addr_name(&a) || strlen(xtr_addr_name(&a)) + 1 == a.len);
		REQUIRE(g, xtr_addr_format(&a, text, sizeof text) == (int)strlen(text));
	}
}

/* LCAFs in one another are looked into as deep as XTR_LCAF_DEPTH, each with whatever reader; deeper
 * they are still skipped whole. */
static void test_deep(void **state)
{
	struct gen *g = &prop_gen;
	struct xtr_lcaf_key_value kv;
	struct xtr_lcaf_asn asn;
	struct xtr_wire_err err;
	struct xtr_writer w;
	struct xtr_addr a;
	size_t begin[XTR_LCAF_DEPTH + 2];
	unsigned depth;

	g->what = "deep LCAF";
	xtr_writer_init(&w, prop_buf, sizeof prop_buf);
	for (depth = 0; depth < XTR_LCAF_DEPTH + 2; depth++) {
		begin[depth] = xtr_write_lcaf_begin(&w, XTR_LCAF_ASN, 0);
		xtr_put32(&w, depth * 0x01010101u);
	}
	xtr_write_addr(&w, &(struct xtr_addr){0});
	while (depth-- > 0)
		xtr_write_lcaf_end(&w, begin[depth]);
	assert_int_equal(xtr_writer_result(&w), 0);
	prop_keep("lcaf", prop_buf, w.len);
	assert_int_equal(xtr_addr_at(prop_buf, w.len, &a, &err), 0);
	for (depth = 0; depth < XTR_LCAF_DEPTH; depth++) {
		assert_int_equal(a.depth, depth);
		assert_int_equal(xtr_lcaf_read_key_value(&a, &kv, &err), -EINVAL);
		assert_int_equal(xtr_lcaf_read_asn(&a, &asn, &err), 0);
		assert_int_equal(asn.asn, depth * 0x01010101u);
		a = asn.addr;
	}
	assert_int_equal(a.depth, XTR_LCAF_DEPTH);
	assert_int_equal(xtr_lcaf_read_asn(&a, &asn, &err), -EBADMSG);
	assert_int_equal(err.offset, 0);
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_types),
	    cmocka_unit_test(test_plain),
	    cmocka_unit_test(test_deep),
	};

	prop_args(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
