/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which RLOCs workers take packets of a source from: each kind of entry that a source may lead to,
 * in each mode, by the stages and by the fast path.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "datapath/source.h"
#include "dp_wires.h"

static struct dp_wires fix;

/* What becomes of a packet: a drop's name, or one of these. */
#define PASS "passes"
#define ASK  "punted to resolve its source"
#define WAIT "waits at a gate"

static uint32_t rule(const char *a, const char *b, const char *c, uint32_t next)
{
	uint32_t index = xtr_pool_get(&fix.dp->rloc_rule);
	struct xtr_rloc_rule *r = xtr_pool_at(&fix.dp->rloc_rule, index);
	const char *const list[] = {a, b, c};

	dp_need(index != 0, "rule");
	for (unsigned i = 0; i < RTE_DIM(list) && list[i]; i++)
		dp_petr_rloc(r, list[i]);
	r->next = next;
	return index;
}

/* An entry for a source, whose mapping has these RLOCs. */
static uint32_t entry(const char *prefix, struct xtr_fwd fwd, uint32_t rloc_rule)
{
	uint32_t index = dp_lisp(&fix, 0, prefix, fwd);

	fix.dp->entry_rule[index] = rloc_rule;
	return index;
}

static void own(const char *prefix, uint32_t rloc_rule)
{
	uint32_t index = dp_entry(&fix, dp_to(XTR_FWD_ROUTES, 0));

	fix.dp->entry_rule[index] = rloc_rule;
	dp_set(fix.dp->instances[0].database, prefix, index);
	dp_set(fix.dp->instances[0].lisp, prefix, index);
}

static uint32_t tunnel(const char *rloc)
{
	struct xtr_ip ip;
	uint32_t index;

	dp_address(rloc, &ip);
	index = ip.af == 6 ? dp_tunnel6(&fix, 3, XTR_HOP_READY) : dp_tunnel(&fix, 3, XTR_HOP_READY);
	xtr_dp_name_tunnel(fix.dp, index, ip.af, ip.b);
	return index;
}

/* An address at h; returns bytes. */
static unsigned put_address(uint8_t *h, const char *text)
{
	struct xtr_ip ip;

	dp_address(text, &ip);
	memcpy(h, ip.b, ip.af == 6 ? 16 : 4);
	return ip.af == 6 ? 16 : 4;
}

/* An IP header; returns its length. */
static unsigned put_ip(uint8_t *h, const char *src, const char *dst, unsigned payload)
{
	if (strchr(src, ':')) {
		memset(h, 0, 40);
		h[0] = 0x60;
		dp_put16(h + 4, payload);
		h[6] = 17;
		h[7] = 64;
		put_address(h + 8 + put_address(h + 8, src), dst);
		return 40;
	}
	memset(h, 0, 20);
	h[0] = 0x45;
	dp_put16(h + 2, 20 + payload);
	h[8] = 64;
	h[9] = 17;
	put_address(h + 12 + put_address(h + 12, src), dst);
	dp_put16(h + 10, dp_checksum(h, 20));
	return 20;
}

/* A LISP frame at the core's port from an RLOC, with a packet to the site's host inside. */
static unsigned make(uint8_t *f, const char *rloc, const char *src, const char *dst)
{
	bool outer6 = strchr(rloc, ':'), inner6 = strchr(src, ':');
	unsigned inner = (inner6 ? 40 : 20) + 8, at = 14;

	memset(f, 0, 256);
	memcpy(f, dp_mac[DP_CORE], 6);
	f[6] = 2;
	dp_put16(f + 12, outer6 ? 0x86dd : 0x0800);
	at += put_ip(f + at, rloc, outer6 ? "fd00:16:1::2" : "172.16.1.2", inner + 16);
	dp_put16(f + at, 50000);
	dp_put16(f + at + 2, 4341);
	dp_put16(f + at + 4, inner + 16);
	at += 16;
	at += put_ip(f + at, src, dst, 8);
	return at + 8;
}

/* What becomes of one; the stages and the fast path have to agree. */
static const char *one_way(const char *rloc, const char *src, const char *dst, bool stages_only)
{
	uint64_t drops[XTR_DROP_N], before = xtr_dp_counter(fix.dp, XTR_CTR_NATIVE);
	const char *got = NULL;
	uint8_t f[256];
	unsigned len = make(f, rloc, src, dst);
	struct rte_mbuf *m;

	fix.dp->stages_only = stages_only;
	memcpy(drops, fix.w->drops, sizeof(drops));
	dp_rx(&fix, DP_CORE, f, len);
	dp_turns(&fix);
	for (unsigned i = 0; i < XTR_DROP_N; i++)
		if (fix.w->drops[i] != drops[i])
			got = xtr_drop_name((enum xtr_drop)i);
	m = dp_tx(&fix, DP_SITE);
	if (m) {
		assert_null(got);
		assert_int_equal(xtr_dp_counter(fix.dp, XTR_CTR_NATIVE), before + 1);
		got = PASS;
		rte_pktmbuf_free(m);
	}
	m = dp_punted(&fix);
	if (m) {
		assert_null(got);
		got = xtr_pkt(m)->reason == XTR_PUNT_SOURCE  ? ASK
		      : xtr_pkt(m)->reason == XTR_PUNT_DOUBT ? "doubted"
							     : "punted";
		rte_pktmbuf_free(m);
	}
	if (fix.w->n_gate) {
		assert_null(got);
		assert_int_equal(fix.w->n_gate, 1);
		rte_pktmbuf_free(fix.w->gate[--fix.w->n_gate]);
		got = WAIT;
	}
	assert_non_null(got);
	assert_int_equal(dp_in_use(&fix), 0);
	return got;
}

static void expect_at(
    const char *rloc, const char *src, const char *dst, const char *expected, int line)
{
	for (unsigned k = 0; k < 2; k++) {
		const char *got = one_way(rloc, src, dst, k == 0);

		if (strcmp(got, expected))
			fail_msg("line %d: %s from %s, %s: %s, not %s", line, src, rloc,
			    k ? "fast path" : "stages", got, expected);
	}
}

#define EXPECT(RLOC, SRC, EXPECTED)                                                                \
	expect_at(RLOC, SRC, strchr(SRC, ':') ? "2001:db8:1:1::4" : "10.1.1.4", EXPECTED, __LINE__)
/* loose, strict, off */
#define EXPECT_ALL(RLOC, SRC, LOOSE, STRICT)                                                       \
	do {                                                                                       \
		fix.dp->instances[0].source_check = XTR_CHECK_LOOSE;                               \
		EXPECT(RLOC, SRC, LOOSE);                                                          \
		fix.dp->instances[0].source_check = XTR_CHECK_STRICT;                              \
		EXPECT(RLOC, SRC, STRICT);                                                         \
		fix.dp->instances[0].source_check = XTR_CHECK_OFF;                                 \
		EXPECT(RLOC, SRC, PASS);                                                           \
	} while (0)
#define MISMATCH "decap-source-rloc-mismatch"
#define OWN      "decap-source-own-eid"
#define NO_PITR  "decap-source-not-by-proxy-itr"

/* One locator: what the entry says by itself. Its tunnel need not be ready. */
static void one_locator(void **state)
{
	uint32_t t = tunnel("172.16.9.1"), t6 = tunnel("fd00:9::1");

	entry("20.1.0.0/16", dp_to(XTR_FWD_ENCAP, t), 0);
	entry("20.2.0.0/16", dp_to(XTR_FWD_ENCAP, t6), 0);
	entry("2001:db8:a1::/48", dp_to(XTR_FWD_ENCAP, t), 0);
	entry("2001:db8:a2::/48", dp_to(XTR_FWD_ENCAP, t6), 0);
	for (unsigned k = 0; k < 3; k++) {
		static const uint8_t states[] = {XTR_HOP_READY, XTR_HOP_UNRESOLVED, XTR_HOP_DOWN};

		((struct xtr_tunnel *)xtr_pool_at(&fix.dp->tunnel, t))->state = states[k];
		((struct xtr_tunnel *)xtr_pool_at(&fix.dp->tunnel, t6))->state = states[k];
		EXPECT_ALL("172.16.9.1", "20.1.0.1", PASS, PASS);
		EXPECT_ALL("172.16.9.2", "20.1.0.1", MISMATCH, MISMATCH);
		EXPECT_ALL("fd00:9::1", "20.1.0.1", MISMATCH, MISMATCH);
		EXPECT_ALL("fd00:9::1", "20.2.0.1", PASS, PASS);
		EXPECT_ALL("fd00:9::2", "20.2.0.1", MISMATCH, MISMATCH);
		EXPECT_ALL("172.16.9.1", "20.2.0.1", MISMATCH, MISMATCH);
		EXPECT_ALL("172.16.9.1", "2001:db8:a1::1", PASS, PASS);
		EXPECT_ALL("fd00:9::1", "2001:db8:a1::1", MISMATCH, MISMATCH);
		EXPECT_ALL("172.16.9.1", "2001:db8:a2::1", MISMATCH, MISMATCH);
		EXPECT_ALL("fd00:9::1", "2001:db8:a2::1", PASS, PASS);
	}
}

/* The bytes of one family's RLOC are none of the other's. */
static void families(void **state)
{
	entry("20.1.0.0/16", dp_to(XTR_FWD_ENCAP, tunnel("ac10:901::")), 0);
	entry("20.2.0.0/16", dp_to(XTR_FWD_ENCAP, tunnel("172.16.9.1")), 0);
	EXPECT_ALL("172.16.9.1", "20.1.0.1", MISMATCH, MISMATCH);
	EXPECT_ALL("ac10:901::", "20.1.0.1", PASS, PASS);
	EXPECT_ALL("ac10:901::", "20.2.0.1", MISMATCH, MISMATCH);
	EXPECT_ALL("172.16.9.1", "20.2.0.1", PASS, PASS);
	entry("20.3.0.0/16", dp_to(XTR_FWD_DROP, XTR_DROP_NO_LOCATOR),
	    rule("172.16.9.1/32", "fd00:9::/128", NULL, 0));
	EXPECT_ALL("172.16.9.1", "20.3.0.1", PASS, PASS);
	EXPECT_ALL("ac10:901::", "20.3.0.1", MISMATCH, MISMATCH);
	EXPECT_ALL("fd00:9::", "20.3.0.1", PASS, PASS);
}

/* Several: the one in use, those that share the flows, a backup, one of priority 255, in as many
 * rules as they need. */
static void several_locators(void **state)
{
	uint32_t a = tunnel("172.16.9.1"), b = tunnel("172.16.9.2"), list;
	struct xtr_fwd pair = dp_to(XTR_FWD_ENCAP, dp_pair(&fix, a, b));

	pair.set_log2 = XTR_SET_LOG2;
	list = rule("172.16.9.1/32", "172.16.9.2/32", "fd00:9::3/128", 0);
	entry("20.1.0.0/16", pair, list);
	entry("20.2.0.0/16", dp_to(XTR_FWD_ENCAP, b), list);
	entry("20.3.0.0/16", dp_to(XTR_FWD_DROP, XTR_DROP_NO_LOCATOR), list);
	entry("2001:db8:a1::/48", pair, list);
	entry("20.4.0.0/16", pair, rule("172.16.9.4/32", NULL, NULL, list));
	for (unsigned i = 1; i <= 3; i++) {
		char src[32];

		snprintf(src, sizeof(src), "20.%u.0.1", i);
		EXPECT_ALL("172.16.9.1", src, PASS, PASS);
		EXPECT_ALL("172.16.9.2", src, PASS, PASS);
		EXPECT_ALL("fd00:9::3", src, PASS, PASS);
		EXPECT_ALL("172.16.9.4", src, MISMATCH, MISMATCH);
		EXPECT_ALL("fd00:9::4", src, MISMATCH, MISMATCH);
	}
	EXPECT_ALL("172.16.9.2", "2001:db8:a1::1", PASS, PASS);
	EXPECT_ALL("fd00:9::3", "2001:db8:a1::1", PASS, PASS);
	EXPECT_ALL("172.16.9.4", "2001:db8:a1::1", MISMATCH, MISMATCH);
	EXPECT_ALL("172.16.9.4", "20.4.0.1", PASS, PASS);
	EXPECT_ALL("172.16.9.2", "20.4.0.1", PASS, PASS);
	EXPECT_ALL("172.16.9.5", "20.4.0.1", MISMATCH, MISMATCH);
}

/* No mapping: an entry that says "send-map-request", or none. */
static void unknown(void **state)
{
	EXPECT_ALL("172.16.9.1", "20.1.0.1", PASS, ASK);
	EXPECT_ALL("172.16.9.1", "2001:db8:a1::1", PASS, ASK);
	EXPECT_ALL("fd00:9::1", "2001:db8:a1::1", PASS, ASK);
	dp_set(fix.dp->instances[0].lisp, "0.0.0.0/0", dp_entry(&fix, dp_to(XTR_FWD_NONE, 0)));
	EXPECT_ALL("172.16.9.1", "20.1.0.1", PASS, ASK);
}

/* No EID: natively-forward, no-action, routes that LISP's entries do not hide; and "drop". */
static void strangers(void **state)
{
	entry("20.1.0.0/16", dp_to(XTR_FWD_NATIVE, 0), 0);
	entry("20.2.0.0/16", dp_to(XTR_FWD_ROUTES, 0), 0);
	entry("20.3.0.0/16", dp_to(XTR_FWD_DROP, XTR_DROP_MAPCACHE_DROP), 0);
	entry("2001:db8:a1::/48", dp_to(XTR_FWD_NATIVE, 0), 0);
	for (unsigned k = 0; k < 2; k++) {
		const char *other = k ? NO_PITR : PASS;

		EXPECT_ALL("172.16.9.1", "20.1.0.1", PASS, PASS);
		EXPECT_ALL("172.16.9.1", "20.2.0.1", PASS, PASS);
		EXPECT_ALL("172.16.9.1", "20.3.0.1", MISMATCH, MISMATCH);
		EXPECT_ALL("fd00:9::7", "2001:db8:a1::1", PASS, PASS);
		EXPECT_ALL("172.16.9.1", "172.16.1.3", PASS, PASS);  /* a neighbour */
		EXPECT_ALL("172.16.9.1", "172.16.1.99", PASS, PASS); /* one that is not known */
		EXPECT_ALL("172.16.8.1", "20.1.0.1", other, other);
		EXPECT_ALL("172.16.8.1", "20.2.0.1", other, other);
		EXPECT_ALL("172.16.8.1", "20.3.0.1", MISMATCH, MISMATCH);
		EXPECT_ALL("fd00:8::7", "2001:db8:a1::1", other, other);
		EXPECT_ALL("172.16.8.1", "172.16.1.3", other, other);
		EXPECT_ALL("172.16.8.1", "172.16.1.99", other, other);
		/* what is not known is another matter */
		EXPECT_ALL("172.16.8.1", "20.9.0.1", PASS, ASK);
		fix.dp->proxy_itrs = rule("172.16.9.0/24", "fd00:9::/64", NULL, 0);
	}
}

/* From the core in the name of our own EIDs: our own RLOCs may, a proxy-ITR may not. Routes in the
 * prefix hide nothing. */
static void own_eids(void **state)
{
	own("10.1.1.0/24", rule("172.16.1.2/32", "172.16.1.12/32", NULL, 0));
	own("2001:db8:1:1::/64", rule("fd00:16:1::2/128", "fd00:16:1::12/128", NULL, 0));
	for (unsigned k = 0; k < 2; k++) {
		EXPECT_ALL("172.16.1.12", "10.1.1.200", PASS, PASS);
		EXPECT_ALL("172.16.9.1", "10.1.1.200", OWN, OWN);
		EXPECT_ALL("172.16.1.12", "10.1.1.7", PASS, PASS); /* a host route */
		EXPECT_ALL("172.16.9.1", "10.1.1.7", OWN, OWN);
		EXPECT_ALL("172.16.9.1", "10.1.1.2", OWN, OWN); /* an address of this machine */
		EXPECT_ALL("fd00:16:1::12", "2001:db8:1:1::99", PASS, PASS);
		EXPECT_ALL("fd00:16:1::13", "2001:db8:1:1::99", OWN, OWN);
		EXPECT_ALL("fd00:16:1::13", "2001:db8:1:1::7", OWN, OWN);
		fix.dp->proxy_itrs = rule("172.16.9.0/24", "fd00:16:1::13/128", NULL, 0);
	}
}

/* What a gate keeps waits in strict only, where something may be held for the source. */
static void gates(void **state)
{
	struct xtr_fwd fwd = dp_to(XTR_FWD_ENCAP, tunnel("172.16.9.1"));
	struct xtr_fwd native = dp_to(XTR_FWD_NATIVE, 0);

	fwd.gate = native.gate = 1;
	entry("20.1.0.0/16", fwd, 0);
	entry("20.2.0.0/16", native, 0);
	EXPECT_ALL("172.16.9.1", "20.1.0.1", PASS, WAIT);
	EXPECT_ALL("172.16.8.1", "20.1.0.1", MISMATCH, WAIT);
	EXPECT_ALL("172.16.8.1", "20.2.0.1", PASS, WAIT);
	fix.dp->gate_open = 1;
	EXPECT_ALL("172.16.9.1", "20.1.0.1", PASS, PASS);
	EXPECT_ALL("172.16.8.1", "20.1.0.1", MISMATCH, MISMATCH);
	EXPECT_ALL("172.16.8.1", "20.2.0.1", PASS, PASS);
}

/* One of many, in any place of a burst; the others keep their order. */
static void bursts(void **state)
{
	static const char *const sources[] = {"20.1.0.1", "20.2.0.1", "20.9.0.1", "10.5.0.1"};
	uint8_t f[256];

	entry("20.1.0.0/16", dp_to(XTR_FWD_ENCAP, tunnel("172.16.9.1")), 0);
	entry("20.2.0.0/16", dp_to(XTR_FWD_ENCAP, tunnel("172.16.9.2")), 0);
	fix.dp->instances[0].source_check = XTR_CHECK_STRICT;
	for (unsigned k = 0; k < 2 * XTR_BURST; k++) {
		unsigned bad = k % XTR_BURST, sent = 0;
		struct rte_mbuf *m;

		fix.dp->stages_only = k >= XTR_BURST;
		for (unsigned i = 0; i < XTR_BURST; i++) {
			const char *src = sources[i == bad ? 1 + k % 3 : 0];
			unsigned len = make(f, "172.16.9.1", src, "10.1.1.4");

			dp_put16(f + 14 + 36 + 4, i); /* inner ID */
			dp_put16(f + 14 + 36 + 10, dp_checksum(f + 14 + 36, 20));
			dp_rx(&fix, DP_CORE, f, len);
		}
		dp_turns(&fix);
		for (unsigned i = 0; (m = dp_tx(&fix, DP_SITE)) != NULL; i++) {
			const uint8_t *ip = rte_pktmbuf_mtod_offset(m, const uint8_t *, 14);
			unsigned id = (unsigned)ip[4] << 8 | ip[5];

			if (bad == i && k % 3 != 2)
				i++;
			assert_int_equal(id, i);
			sent++;
			rte_pktmbuf_free(m);
		}
		assert_int_equal(sent, XTR_BURST - (k % 3 != 2));
		while ((m = dp_punted(&fix)) != NULL) {
			assert_int_equal(xtr_pkt(m)->reason, XTR_PUNT_SOURCE);
			rte_pktmbuf_free(m);
		}
	}
}

/* The fast path finishes what passes without more ado: only the stages number packets. */
static void taken_by_the_fast_path(void **state)
{
	static const char *const sources[] = {"20.1.0.1", "20.2.0.1", "20.3.0.1", "20.4.0.1"};
	uint32_t a = tunnel("172.16.9.1"), b = tunnel("172.16.9.2"), before = fix.w->arrivals;
	struct xtr_fwd pair = dp_to(XTR_FWD_ENCAP, dp_pair(&fix, a, b));

	pair.set_log2 = XTR_SET_LOG2;
	entry("20.1.0.0/16", dp_to(XTR_FWD_ENCAP, a), 0);
	entry("20.2.0.0/16", pair, rule("172.16.9.1/32", "172.16.9.2/32", NULL, 0));
	entry("20.3.0.0/16", dp_to(XTR_FWD_NATIVE, 0), 0);
	fix.dp->instances[0].source_check = XTR_CHECK_LOOSE;
	for (unsigned i = 0; i < RTE_DIM(sources); i++)
		assert_string_equal(one_way("172.16.9.1", sources[i], "10.1.1.4", false), PASS);
	/* either family out of either */
	entry("2001:db8:a1::/48", dp_to(XTR_FWD_ENCAP, a), 0);
	entry("2001:db8:a2::/48", dp_to(XTR_FWD_ENCAP, tunnel("fd00:9::1")), 0);
	entry("20.5.0.0/16", dp_to(XTR_FWD_ENCAP, tunnel("fd00:9::1")), 0);
	assert_string_equal(
	    one_way("172.16.9.1", "2001:db8:a1::1", "2001:db8:1:1::4", false), PASS);
	assert_string_equal(one_way("fd00:9::1", "2001:db8:a2::1", "2001:db8:1:1::4", false), PASS);
	assert_string_equal(one_way("fd00:9::1", "20.5.0.1", "10.1.1.4", false), PASS);
	assert_int_equal(fix.w->arrivals, before);
	assert_string_equal(one_way("172.16.9.1", sources[0], "10.1.1.4", true), PASS);
	assert_int_equal(fix.w->arrivals, before + 1);
}

/* What sources are let in by is in use where they would have to wait without (itr_limit.c). */
static void marks_what_is_in_use(void **state)
{
	uint32_t learned = entry("20.1.0.0/16", dp_to(XTR_FWD_ENCAP, tunnel("172.16.9.1")), 0);
	uint32_t negative = entry("20.2.0.0/16", dp_to(XTR_FWD_NATIVE, 0), 0);
	struct xtr_fwd *a = xtr_pool_at(&fix.dp->fwd, learned);
	struct xtr_fwd *b = xtr_pool_at(&fix.dp->fwd, negative);

	for (unsigned k = 0; k < 2; k++) {
		bool stages = k == 0;

		fix.dp->instances[0].source_check = XTR_CHECK_LOOSE;
		one_way("172.16.9.1", "20.1.0.1", "10.1.1.4", stages);
		fix.dp->instances[0].source_check = XTR_CHECK_STRICT;
		one_way("172.16.9.2", "20.1.0.1", "10.1.1.4", stages);
		assert_false(a->used);
		one_way("172.16.9.1", "20.1.0.1", "10.1.1.4", stages);
		one_way("172.16.9.1", "20.2.0.1", "10.1.1.4", stages);
		assert_true(a->used && b->used);
		a->used = b->used = 0;
	}
}

/* Now and then the control lcore hears of one whose mapping has another RLOC. */
static void doubts(void **state)
{
	uint64_t doubted;

	entry("20.1.0.0/16", dp_to(XTR_FWD_ENCAP, tunnel("172.16.9.1")), 0);
	fix.dp->instances[0].source_check = XTR_CHECK_LOOSE;
	fix.dp->doubt_gap = 0;
	EXPECT("172.16.9.2", "20.1.0.1", "doubted");
	EXPECT("172.16.9.1", "20.1.0.1", PASS);
	doubted = xtr_dp_counter(fix.dp, XTR_CTR_PUNT_DOUBT);
	assert_int_not_equal(doubted, 0);
	fix.dp->doubt_gap = UINT64_MAX;
	EXPECT("172.16.9.2", "20.1.0.1", MISMATCH);
	assert_int_equal(xtr_dp_counter(fix.dp, XTR_CTR_PUNT_DOUBT), doubted);
}

static int setup(void **state)
{
	dp_open(&fix, 1, 1024);
	fix.dp->doubt_gap = UINT64_MAX;
	return 0;
}

static int teardown(void **state)
{
	dp_close(&fix);
	return 0;
}

#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {T(one_locator), T(families), T(several_locators),
	    T(unknown), T(strangers), T(own_eids), T(gates), T(bursts), T(taken_by_the_fast_path),
	    T(marks_what_is_in_use), T(doubts)};

	dp_eal();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
