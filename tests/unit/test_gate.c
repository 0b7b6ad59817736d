/* SPDX-License-Identifier: BSD-3-Clause */
/* Punts: limits by reason and port, the ring. Gates: who waits, who passes, in what order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "dp_wires.h"

static struct dp_wires fix;

static int setup(void **state)
{
	dp_open(&fix, 1, 1024);
	return 0;
}

/* With more packets than the punt ring takes. */
static int setup_many(void **state)
{
	dp_open_as(&fix, 1, 1024, 16383, 0, 0);
	return 0;
}

static int teardown(void **state)
{
	dp_close(&fix);
	return 0;
}

/* A frame of the site's; `mark` is its IP ID. */
static unsigned frame_to(uint8_t *f, const char *dst, uint16_t mark)
{
	return dp_frame(f, DP_SITE, "10.1.1.4", dst, mark, 28);
}

static void from_site(const char *dst, uint16_t first, uint16_t n)
{
	uint8_t f[64];

	for (uint16_t i = 0; i < n; i++) {
		dp_rx(&fix, DP_SITE, f, frame_to(f, dst, (uint16_t)(first + i)));
		if (i % 64 == 63)
			dp_turns(&fix);
	}
	dp_turns(&fix);
}

/* Gives back a packet that was held for the gate `number`. */
static void give_back(const char *dst, uint16_t mark, uint32_t number)
{
	uint8_t f[64];
	struct rte_mbuf *m = dp_packet(fix.dp->hold_pool, f, frame_to(f, dst, mark), 0);

	*xtr_pkt(m) = (struct xtr_pkt){.flags = XTR_PKT_SITE | XTR_PKT_RELEASED,
	    .inject = XTR_INJECT_RESUME,
	    .l2_len = 14,
	    .arrival = mark,
	    .id = number};
	assert_int_equal(rte_ring_enqueue(fix.w->inject, m), 0);
}

static void open_gate(uint32_t number)
{
	__atomic_store_n(&fix.dp->gate_open, number, __ATOMIC_RELEASE);
	dp_turns(&fix);
}

/* The packets that left to the core are these, in this order. at: offset of the IP header. */
static void left(unsigned at, uint16_t first, uint16_t n)
{
	for (uint16_t i = 0; i < n; i++) {
		struct rte_mbuf *m = dp_tx(&fix, DP_CORE);
		const uint8_t *h;

		assert_non_null(m);
		h = rte_pktmbuf_mtod_offset(m, const uint8_t *, at);
		assert_int_equal(h[4] << 8 | h[5], (uint16_t)(first + i));
		rte_pktmbuf_free(m);
	}
}

static void nothing_left(void)
{
	assert_null(dp_tx(&fix, DP_CORE));
	assert_null(dp_tx(&fix, DP_SITE));
	assert_null(dp_punted(&fix));
}

static struct xtr_fwd *entry(uint32_t index)
{
	return xtr_pool_at(&fix.dp->fwd, index);
}

#define ENCAP_AT  (14 + 36)
#define NATIVE_AT 14

/* A gate that the thing at `gate` shows: packets wait, those given back go first. */
static void gate_of(uint32_t *gate, const char *dst, unsigned at)
{
	*gate = fix.dp->gate_open + 1;
	from_site(dst, 100, 10);
	nothing_left();
	assert_int_equal(fix.w->n_gate, 10);
	give_back(dst, 97, *gate);
	give_back(dst, 98, *gate);
	dp_turns(&fix);
	left(at, 97, 2); /* those pass the closed gate */
	from_site(dst, 110, 5);
	nothing_left();
	give_back(dst, 99, *gate);
	open_gate(*gate);
	left(at, 99, 16);
	assert_int_equal(fix.w->n_gate, 0);
	from_site(dst, 200, 3); /* it stands open */
	left(at, 200, 3);
	nothing_left();
	assert_int_equal(dp_all_drops(&fix), 0);
	assert_int_equal(xtr_dp_counter(fix.dp, XTR_CTR_GATED), 15);
	assert_int_equal(dp_in_use(&fix), 0);
}

static void test_gate_of_entry(void **state)
{
	gate_of(&entry(fix.encap)->gate, "10.2.2.5", ENCAP_AT);
}

static void test_gate_of_tunnel(void **state)
{
	struct xtr_tunnel *t = xtr_pool_at(&fix.dp->tunnel, fix.tunnel);

	gate_of(&t->gate, "10.2.2.5", ENCAP_AT);
}

static void test_gate_of_next_hop(void **state)
{
	uint32_t index = dp_adj(&fix, DP_CORE, 55, XTR_HOP_READY);
	struct xtr_adj *adj = xtr_pool_at(&fix.dp->adj, index);

	dp_route(
	    &fix, "172.16.1.55/32", (struct xtr_fwd){.action = XTR_FWD_FORWARD, .target = index});
	gate_of(&adj->gate, "172.16.1.55", NATIVE_AT);
}

/* An entry that says "by the routes" has a gate of its own, in front of the second look-up. */
static void test_gate_of_routes(void **state)
{
	uint32_t e = dp_lisp(&fix, 0, "172.16.1.3/32", (struct xtr_fwd){.action = XTR_FWD_ROUTES});

	gate_of(&entry(e)->gate, "172.16.1.3", NATIVE_AT);
}

/* Natively-forward: a gate of the entry, and one of the PETRs' choice. */
static void test_gate_of_native(void **state)
{
	uint32_t e = dp_lisp(&fix, 0, "198.51.103.0/24", dp_to(XTR_FWD_NATIVE, 0));

	dp_petr(&fix, true, "one");
	gate_of(&entry(e)->gate, "198.51.103.1", ENCAP_AT);
}

static void test_gate_of_native_by_routes(void **state)
{
	uint32_t e = dp_lisp(&fix, 0, "198.51.100.0/24", dp_to(XTR_FWD_NATIVE, 0));

	dp_petr(&fix, false, "one");
	gate_of(&entry(e)->gate, "198.51.100.1", NATIVE_AT);
}

static void test_gate_of_petr(void **state)
{
	dp_petr(&fix, true, "one");
	gate_of(&entry(fix.dp->petr_fwd)->gate, "198.51.100.1", ENCAP_AT);
}

static void test_gate_of_petr_without_route(void **state)
{
	dp_petr(&fix, false, "one");
	gate_of(&entry(fix.dp->petr_fwd)->gate, "198.51.103.1", ENCAP_AT);
}

/* The last PETR is gone: what waited for it goes by the routes first. */
static void test_gate_of_petr_gone(void **state)
{
	dp_petr(&fix, true, "routes");
	gate_of(&entry(fix.dp->petr_fwd)->gate, "198.51.100.1", NATIVE_AT);
}

/* A closed gate decides, even where the next hop has been lost again meanwhile: what comes now must
 * not be asked for ahead of what waits. */
static void test_gate_before_state(void **state)
{
	struct xtr_tunnel *t = xtr_pool_at(&fix.dp->tunnel, fix.tunnel);
	struct rte_mbuf *m;

	t->gate = 1;
	from_site("10.2.2.5", 1, 1);
	t->state = XTR_HOP_UNRESOLVED;
	from_site("10.2.2.5", 2, 1);
	nothing_left();
	open_gate(1);
	for (unsigned i = 1; i <= 2; i++) {
		m = dp_punted(&fix);
		assert_non_null(m);
		assert_int_equal(xtr_pkt(m)->reason, XTR_PUNT_TUNNEL);
		assert_int_equal(xtr_pkt(m)->id, fix.tunnel);
		assert_int_equal(rte_pktmbuf_mtod(m, const uint8_t *)[14 + 5], i);
		rte_pktmbuf_free(m);
	}
	nothing_left();
}

/* Two gates: opening the first lets nothing pass the second; nor does a packet that was held for
 * the first, and it finds its place among those that wait, by arrival. */
static void test_two_gates(void **state)
{
	struct xtr_tunnel *t = xtr_pool_at(&fix.dp->tunnel, fix.tunnel);

	fix.w->arrivals = 10; /* from here on a packet's mark is its number */
	t->gate = 2;
	from_site("10.2.2.5", 11, 3);
	entry(fix.encap)->gate = 1;
	fix.w->arrivals = 15;
	from_site("10.2.2.5", 16, 65); /* more than a burst */
	give_back("10.2.2.5", 14, 1);
	give_back("10.2.2.5", 15, 1);
	give_back("10.2.2.5", 10, 1);
	dp_turns(&fix);
	nothing_left();
	assert_int_equal(fix.w->n_gate, 71);
	open_gate(1);
	nothing_left();
	assert_int_equal(fix.w->n_gate, 71);
	give_back("10.2.2.5", 9, 2);
	open_gate(2);
	left(ENCAP_AT, 9, 72);
	nothing_left();
	assert_int_equal(dp_in_use(&fix), 0);
}

/* Numbers wrap. */
static void test_gate_numbers(void **state)
{
	fix.dp->gate_open = 0xfffffffe;
	dp_turns(&fix);
	entry(fix.encap)->gate = 0xffffffff;
	from_site("10.2.2.5", 1, 1);
	nothing_left();
	open_gate(0xffffffff);
	left(ENCAP_AT, 1, 1);
	entry(fix.encap)->gate = 1; /* 0 is none */
	from_site("10.2.2.5", 2, 1);
	nothing_left();
	open_gate(1);
	left(ENCAP_AT, 2, 1);
	from_site("10.2.2.5", 3, 1);
	left(ENCAP_AT, 3, 1);
}

static void test_gate_full(void **state)
{
	const unsigned more = 100;

	entry(fix.encap)->gate = 1;
	from_site("10.2.2.5", 0, (uint16_t)(XTR_GATE_MAX + more));
	assert_int_equal(fix.w->n_gate, XTR_GATE_MAX);
	assert_int_equal(xtr_dp_drops(fix.dp, XTR_DROP_GATE_FULL), more);
	assert_int_equal(dp_all_drops(&fix), more);
	/* the wire takes 1023 at a time: the rest is dropped there, and counted */
	open_gate(1);
	left(ENCAP_AT, 0, 1023);
	nothing_left();
	assert_int_equal(xtr_dp_drops(fix.dp, XTR_DROP_TX_FULL), (unsigned)XTR_GATE_MAX - 1023);
	assert_int_equal(dp_in_use(&fix), 0);
}

static void punt_as(struct xtr_pkt pkt, enum xtr_punt reason)
{
	struct rte_mbuf *m = dp_packet(fix.dp->rx_pool, (const uint8_t *)"x", 1, 0);

	*xtr_pkt(m) = pkt;
	xtr_stage_punt(fix.w, m, reason, 7);
}

static void punt(unsigned port, enum xtr_punt reason)
{
	punt_as((struct xtr_pkt){.port = (uint8_t)port}, reason);
}

static unsigned take_punts(void)
{
	struct rte_mbuf *m;
	unsigned n = 0;

	while ((m = dp_punted(&fix)) != NULL) {
		assert_int_equal(xtr_pkt(m)->id, 7);
		rte_pktmbuf_free(m);
		n++;
	}
	return n;
}

/* A bucket a reason and port: full at first, refilled by time, and no other's business. */
static void test_bucket(void **state)
{
	const unsigned burst = 10;

	fix.dp->punt_cost = 1000; /* cycles */
	fix.dp->punt_cap = burst * fix.dp->punt_cost;
	fix.w->now = 1u << 20;
	for (unsigned port = 0; port < DP_PORTS; port++)
		for (unsigned reason = 0; reason < XTR_PUNT_N; reason++) {
			for (unsigned i = 0; i < burst + 3; i++)
				punt(port, (enum xtr_punt)reason);
			assert_int_equal(take_punts(), burst);
		}
	assert_int_equal(xtr_dp_drops(fix.dp, XTR_DROP_PUNT_LIMITED), 3 * DP_PORTS * XTR_PUNT_N);
	assert_int_equal(dp_all_drops(&fix), 3 * DP_PORTS * XTR_PUNT_N);
	assert_int_equal(xtr_dp_counter(fix.dp, XTR_CTR_PUNT_MISS), burst * DP_PORTS);
	/* unknown neighbours of packets and of RLOCs share a counter, not a bucket */
	assert_int_equal(xtr_dp_counter(fix.dp, XTR_CTR_PUNT_NEIGH), 2 * burst * DP_PORTS);

	fix.w->now += 999;
	punt(DP_SITE, XTR_PUNT_MISS);
	assert_int_equal(take_punts(), 0);
	fix.w->now += 1;
	punt(DP_SITE, XTR_PUNT_MISS);
	punt(DP_SITE, XTR_PUNT_MISS);
	assert_int_equal(take_punts(), 1);
	fix.w->now += 3500; /* what is left over counts for the next */
	for (unsigned i = 0; i < 5; i++)
		punt(DP_SITE, XTR_PUNT_MISS);
	assert_int_equal(take_punts(), 3);
	fix.w->now += 500;
	punt(DP_SITE, XTR_PUNT_MISS);
	assert_int_equal(take_punts(), 1);
	fix.w->now += 1000000; /* never more than the burst */
	for (unsigned i = 0; i < 2 * burst; i++)
		punt(DP_SITE, XTR_PUNT_MISS);
	assert_int_equal(take_punts(), burst);
	assert_int_equal(dp_in_use(&fix), 0);
}

/* What comes out of tunnels, or from Linux, is its instance's, whatever the port. */
static void test_bucket_of_instance(void **state)
{
	static const uint8_t ways[] = {XTR_PKT_DECAP, XTR_PKT_SITE | XTR_PKT_LISP0};
	const unsigned burst = 10;

	fix.dp->punt_cost = 1000;
	fix.dp->punt_cap = burst * fix.dp->punt_cost;
	fix.w->now = 1u << 20;
	for (unsigned i = 0; i < RTE_DIM(ways); i++) {
		struct xtr_pkt scan = {.flags = ways[i], .port = DP_CORE, .inst = 1 + i};

		for (unsigned n = 0; n < burst + 5; n++)
			punt_as(scan, XTR_PUNT_NEIGH);
		assert_int_equal(take_punts(), burst);
		assert_int_equal(dp_all_drops(&fix), 5 * (i + 1));
		scan.inst = 5 + i;
		punt_as(scan, XTR_PUNT_NEIGH);
		assert_int_equal(take_punts(), 1);
	}
	punt(DP_CORE, XTR_PUNT_NEIGH);
	punt(1, XTR_PUNT_NEIGH);
	assert_int_equal(take_punts(), 2);
	/* there are more instances than buckets */
	punt_as(
	    (struct xtr_pkt){.flags = XTR_PKT_DECAP, .inst = XTR_DP_INSTANCES - 1}, XTR_PUNT_NEIGH);
	assert_int_equal(take_punts(), 1);
}

/* The control lcore falls behind: nobody gets more places than are left, so there is one for all.
 */
static void test_ring_is_shared(void **state)
{
	const unsigned room = rte_ring_get_capacity(fix.dp->punt);
	const uint64_t *full = &fix.w->drops[XTR_DROP_PUNT_FULL];
	struct rte_mbuf *m;

	fix.w->now = rte_rdtsc();
	for (unsigned i = 0; i < 6000; i++)
		punt(DP_SITE, i % 2 ? XTR_PUNT_MISS : XTR_PUNT_NEIGH);
	assert_int_equal(rte_ring_count(fix.dp->punt), room / 2 + 1);
	assert_int_equal(*full, 6000 - room / 2 - 1);
	assert_int_equal(dp_all_drops(&fix), *full);
	for (unsigned i = 0; i < 6000; i++)
		punt(DP_SITE2, XTR_PUNT_MISS);
	assert_int_equal(rte_ring_count(fix.dp->punt), room / 2 + 1 + room / 4 + 1);
	/* a third's, and those of an instance, whose packets come by whatever port */
	punt(DP_PROXY, XTR_PUNT_MISS);
	for (unsigned i = 0; i < 10; i++)
		punt_as((struct xtr_pkt){.flags = XTR_PKT_DECAP, .inst = 9}, XTR_PUNT_NEIGH);
	assert_int_equal(rte_ring_count(fix.dp->punt), room / 2 + room / 4 + 2 + 11);
	/* what was held once, and waits again, is not refused */
	punt_as((struct xtr_pkt){.flags = XTR_PKT_RELEASED}, XTR_PUNT_MISS);
	assert_int_equal(rte_ring_count(fix.dp->punt), room / 2 + room / 4 + 2 + 12);
	/* while any of theirs is there the floods wait; then it is as at the start */
	for (unsigned i = 0; i < room / 2 + 100; i++) {
		m = dp_punted(&fix);
		assert_non_null(m);
		rte_pktmbuf_free(m);
	}
	punt(DP_SITE, XTR_PUNT_MISS);
	assert_int_equal(rte_ring_count(fix.dp->punt), room / 4 + 2 + 12 - 100 + 1);
	take_punts();
	for (unsigned i = 0; i < 6000; i++)
		punt(DP_SITE, XTR_PUNT_MISS);
	assert_int_equal(take_punts(), room / 2 + 1);
	/* a drop that its source is told of keeps its name where nothing can be told */
	for (unsigned i = 0; i < 6000; i++)
		punt(DP_SITE, XTR_PUNT_MISS);
	m = dp_packet(fix.dp->rx_pool, (const uint8_t *)"x", 1, 0);
	xtr_stage_unreachable(fix.w, m, XTR_DROP_NO_ROUTE);
	assert_int_equal(fix.w->drops[XTR_DROP_NO_ROUTE], 1);
	take_punts();
}

/* A full ring costs a counted drop, and no token. */
static void test_punt_ring_full(void **state)
{
	const unsigned room = rte_ring_get_capacity(fix.dp->punt);
	struct rte_mbuf *m;

	fix.w->now = rte_rdtsc();
	for (unsigned i = 0; i < room; i++)
		assert_int_equal(rte_ring_enqueue(fix.dp->punt, fix.w), 0);
	punt(DP_SITE, XTR_PUNT_MISS);
	punt(DP_SITE, XTR_PUNT_MISS);
	assert_int_equal(xtr_dp_drops(fix.dp, XTR_DROP_PUNT_FULL), 2);
	assert_int_equal(xtr_dp_counter(fix.dp, XTR_CTR_PUNT_MISS), 0);
	assert_int_equal(fix.w->bucket[XTR_PUNT_MISS][DP_SITE].credit, fix.dp->punt_cap);
	for (unsigned i = 0; i < room; i++)
		assert_int_equal(rte_ring_dequeue(fix.dp->punt, (void **)&m), 0);
	punt(DP_SITE, XTR_PUNT_MISS);
	assert_int_equal(take_punts(), 1);
	assert_int_equal(dp_in_use(&fix), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_gate_of_entry, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_gate_of_tunnel, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_gate_of_next_hop, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_gate_of_routes, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_gate_of_native, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_gate_of_native_by_routes, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_gate_of_petr, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_gate_of_petr_without_route, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_gate_of_petr_gone, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_gate_before_state, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_two_gates, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_gate_numbers, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_gate_full, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_bucket, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_bucket_of_instance, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_ring_is_shared, setup_many, teardown),
	    cmocka_unit_test_setup_teardown(test_punt_ring_full, setup, teardown),
	};
	int failed;

	dp_eal();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rte_eal_cleanup();
	return failed;
}
