/* SPDX-License-Identifier: BSD-3-Clause */
/* The worker's loop and what leaves it: bursts, full and dead ports, several workers, counters that
 * add up, buffers that come back. */
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

static int setup_two(void **state)
{
	dp_open(&fix, 2, 1024);
	return 0;
}

static int setup_small(void **state)
{
	dp_open(&fix, 1, 64);
	return 0;
}

static int teardown(void **state)
{
	assert_int_equal(dp_in_use(&fix), 0);
	dp_close(&fix);
	return 0;
}

static void send_to_core(unsigned first, unsigned n)
{
	uint8_t f[64];

	for (unsigned i = 0; i < n; i++)
		dp_rx(&fix, DP_SITE, f,
		    dp_frame(f, DP_SITE, "10.1.1.4", "10.2.2.5", (uint16_t)(first + i), 28));
}

/* Takes what left to the core, which must be n packets in order from first. */
static void take_from_core(unsigned first, unsigned n)
{
	struct rte_mbuf *m;

	for (unsigned i = 0; i < n; i++) {
		const uint8_t *h;

		m = dp_tx(&fix, DP_CORE);
		assert_non_null(m);
		h = rte_pktmbuf_mtod_offset(m, const uint8_t *, 14 + 36);
		assert_int_equal(h[4] << 8 | h[5], first + i);
		rte_pktmbuf_free(m);
	}
	assert_null(dp_tx(&fix, DP_CORE));
}

/* A turn takes a burst from each queue, and sends what it made before it ends. */
static void test_turn(void **state)
{
	send_to_core(0, 100);
	assert_int_equal(xtr_worker_turn(fix.w), XTR_BURST);
	take_from_core(0, XTR_BURST);
	assert_int_equal(xtr_worker_turn(fix.w), 100 - XTR_BURST);
	take_from_core(XTR_BURST, 100 - XTR_BURST);
	assert_int_equal(xtr_worker_turn(fix.w), 0);
	assert_int_equal(fix.w->polls, 3);
	assert_int_equal(fix.w->idle_polls, 1);
	assert_int_equal(fix.w->port_rx[DP_SITE][0], 100);
	assert_int_equal(fix.w->port_rx[DP_SITE][1], 100 * 42);
	assert_int_equal(fix.w->port_tx[DP_CORE][0], 100);
	assert_int_equal(fix.w->port_tx[DP_CORE][1], 100 * (42 + 36));
	assert_int_equal(fix.w->rloc[fix.tunnel].packets, 100);
	assert_int_equal(fix.w->rloc[fix.tunnel].bytes, 100 * (28 + 36));
	assert_int_equal(fix.w->rloc[fix.tunnel2].packets, 0);
}

/* The injected come first, all of them in one turn. */
static void test_injected(void **state)
{
	uint8_t f[64];
	struct rte_mbuf *m;

	send_to_core(200, 1);
	for (unsigned i = 0; i < 200; i++) {
		m = dp_packet(fix.dp->hold_pool, f,
		    dp_frame(f, DP_SITE, "10.1.1.4", "10.2.2.5", (uint16_t)i, 28), 0);
		*xtr_pkt(m) = (struct xtr_pkt){
		    .flags = XTR_PKT_SITE, .inject = XTR_INJECT_RESUME, .l2_len = 14};
		assert_int_equal(rte_ring_enqueue(fix.w->inject, m), 0);
	}
	assert_int_equal(xtr_worker_turn(fix.w), 201);
	assert_int_equal(xtr_dp_counter(fix.dp, XTR_CTR_INJECTED), 200);
	take_from_core(0, 201);
}

static void test_tx_full(void **state)
{
	send_to_core(0, 100);
	dp_turns(&fix);
	take_from_core(0, 63);
	assert_int_equal(xtr_dp_drops(fix.dp, XTR_DROP_TX_FULL), 37);
	assert_int_equal(dp_all_drops(&fix), 37);
	assert_int_equal(xtr_dp_counter(fix.dp, XTR_CTR_TX), 63);
	assert_int_equal(fix.w->port_tx[DP_CORE][0], 63);
	assert_int_equal(fix.w->port_tx[DP_CORE][1], 63 * (42 + 36));
}

static void test_tx_down(void **state)
{
	fix.dp->ports[DP_CORE].up = 0;
	send_to_core(0, 10);
	dp_turns(&fix);
	take_from_core(0, 0);
	assert_int_equal(xtr_dp_drops(fix.dp, XTR_DROP_TX_DOWN), 10);
	assert_int_equal(fix.w->port_tx[DP_CORE][0], 0);
	fix.dp->ports[DP_CORE].up = 1;
	send_to_core(10, 1);
	dp_turns(&fix);
	take_from_core(10, 1);
}

/* Packets whose driver left no room in front. */
static void test_no_headroom(void **state)
{
	static const char *const to[] = {"10.2.2.5", "172.16.1.3"};
	uint8_t f[64];

	for (unsigned i = 0; i < 2; i++) {
		unsigned len = dp_frame(f, DP_SITE, "10.1.1.4", to[i], 0, 28) - 14;
		struct rte_mbuf *m = rte_pktmbuf_alloc(fix.dp->rx_pool);

		m->data_off = 0;
		memcpy(rte_pktmbuf_append(m, (uint16_t)len), f + 14, len);
		*xtr_pkt(m) = (struct xtr_pkt){.flags = XTR_PKT_SITE, .inject = XTR_INJECT_RESUME};
		assert_int_equal(rte_ring_enqueue(fix.w->inject, m), 0);
	}
	dp_turns(&fix);
	assert_int_equal(xtr_dp_drops(fix.dp, XTR_DROP_NO_HEADROOM), 2);
	assert_int_equal(dp_all_drops(&fix), 2);
	take_from_core(0, 0);
}

/* With two workers each port belongs to one: the other's frames go by a ring. */
static void test_handoff(void **state)
{
	struct xtr_worker *site = fix.w, *core = fix.dp->workers[1];

	assert_int_equal(fix.dp->ports[DP_SITE].owner, 0);
	assert_int_equal(fix.dp->ports[DP_CORE].owner, 1);
	send_to_core(0, 50);
	assert_int_equal(xtr_worker_turn(core), 0);
	assert_int_equal(xtr_worker_turn(site), 50);
	take_from_core(0, 0); /* not before their port's owner has its turn */
	assert_int_equal(xtr_worker_turn(core), 50);
	take_from_core(0, 50);
	assert_int_equal(site->counters[XTR_CTR_ENCAP], 50);
	assert_int_equal(site->counters[XTR_CTR_TX], 0);
	assert_int_equal(core->counters[XTR_CTR_TX], 50);
	assert_int_equal(core->port_tx[DP_CORE][0], 50);
	assert_int_equal(xtr_dp_counter(fix.dp, XTR_CTR_TX), 50);
	assert_int_equal(dp_all_drops(&fix), 0);
}

static void test_handoff_full(void **state)
{
	struct rte_ring *ring = fix.dp->ports[DP_CORE].handoff;
	unsigned room = rte_ring_get_capacity(ring) - 20;
	struct rte_mbuf *none;

	for (unsigned i = 0; i < room; i++)
		assert_int_equal(rte_ring_enqueue(ring, fix.w), 0);
	send_to_core(0, 50);
	xtr_worker_turn(fix.w);
	assert_int_equal(fix.w->drops[XTR_DROP_TX_HANDOFF], 30);
	assert_int_equal(dp_all_drops(&fix), 30);
	for (unsigned i = 0; i < room; i++)
		assert_int_equal(rte_ring_dequeue(ring, (void **)&none), 0);
	dp_turns(&fix);
	take_from_core(0, 20);
}

/* What stands in rings and queues at the end is freed with them. */
static void test_destroy(void **state)
{
	struct xtr_fwd *e = xtr_pool_at(&fix.dp->fwd, fix.encap);
	uint8_t f[64];

	e->gate = 1;
	send_to_core(0, 10);
	dp_rx(&fix, DP_SITE, f, dp_frame(f, DP_SITE, "10.1.1.4", "10.9.9.9", 0, 28));
	dp_turns(&fix);
	assert_int_equal(dp_in_use(&fix), 11);
	dp_close(&fix);
	dp_open(&fix, 1, 1024);
	assert_int_equal(dp_in_use(&fix), 0);
}

static void test_instances(void **state)
{
	assert_int_equal(xtr_dp_instance(fix.dp, 0), 0);
	assert_int_equal(xtr_dp_instance(fix.dp, DP_IID2), 1);
	assert_int_equal(xtr_dp_instance(fix.dp, XTR_IID_MAX), 2);
	assert_int_equal(xtr_dp_instance(fix.dp, XTR_IID_MAX), 2);
	assert_int_equal(fix.dp->n_instances, 3);
	assert_int_equal(fix.dp->instances[2].iid, XTR_IID_MAX);
	assert_ptr_equal(fix.dp->instances[2].routes, fix.dp->instances[0].routes);
}

/* The LISP header's second word is that of the source's EID prefix, with locator-status-bits where
 * it has some; a stranger's that of the instance. From the core anybody may send in the name of an
 * EID: a stranger. */
static void test_word1(void **state)
{
	static const struct {
		unsigned port;
		const char *src;
		uint8_t flags, want[4];
	} cases[] = {{DP_SITE2, "10.100.1.4", XTR_DATA_I | XTR_DATA_L, {0, 0, 100, 0x5a}},
	    {DP_PROXY, "8.8.8.8", XTR_DATA_I, {0, 0, 100, 0}},
	    {DP_PROXY, "10.100.1.4", XTR_DATA_I, {0, 0, 100, 0}}};
	uint32_t own = dp_entry(
	    &fix, (struct xtr_fwd){.action = XTR_FWD_ROUTES, .word1 = htonl(100 << 8 | 0x5a)});
	uint8_t f[64];

	dp_set(fix.dp->instances[1].database, "10.100.1.0/24", own);
	assert_int_equal(fix.dp->instances[1].word1, htonl(100 << 8));
	for (unsigned i = 0; i < RTE_DIM(cases); i++) {
		struct rte_mbuf *m;

		dp_rx(&fix, cases[i].port, f,
		    dp_frame(f, cases[i].port, cases[i].src, "10.2.2.5", (uint16_t)i, 28));
		dp_turns(&fix);
		m = dp_tx(&fix, DP_CORE);
		assert_non_null(m);
		assert_int_equal(*rte_pktmbuf_mtod_offset(m, const uint8_t *, 42), cases[i].flags);
		assert_memory_equal(
		    rte_pktmbuf_mtod_offset(m, const uint8_t *, 46), cases[i].want, 4);
		rte_pktmbuf_free(m);
	}
	assert_int_equal(xtr_dp_counter(fix.dp, XTR_CTR_NOT_ELIGIBLE), 0);
}

/* What came out of a tunnel is let pass once: a packet that waited is counted no second time. */
static void test_petr_counts_once(void **state)
{
	struct xtr_fwd *e = xtr_pool_at(&fix.dp->fwd,
	    dp_set(fix.dp->instances[0].routes, "203.0.113.0/24",
		dp_entry(&fix, dp_to(XTR_FWD_FORWARD, dp_adj(&fix, DP_CORE, 3, XTR_HOP_READY)))));
	uint8_t f[128], inner[64];
	unsigned len = dp_frame(f, DP_CORE, "172.16.1.3", "172.16.1.2", 1, 64);
	struct rte_mbuf *m;

	f[14 + 22] = XTR_PORT_DATA >> 8;
	f[14 + 23] = XTR_PORT_DATA & 0xff;
	f[14 + 25] = 44;
	dp_frame(inner, DP_CORE, "10.20.0.5", "203.0.113.9", 0, 28);
	memcpy(f + 14 + 36, inner + 14, 28);
	f[14 + 28] = XTR_DATA_I;
	f[14 + 34] = DP_IID2;
	e->gate = 1;
	dp_rx(&fix, DP_CORE, f, len);
	dp_turns(&fix);
	assert_int_equal(fix.w->n_gate, 1);
	fix.dp->gate_open = 1;
	dp_turns(&fix);
	m = dp_tx(&fix, DP_CORE);
	assert_non_null(m);
	rte_pktmbuf_free(m);
	assert_int_equal(xtr_dp_counter(fix.dp, XTR_CTR_DECAP), 1);
	assert_int_equal(xtr_dp_counter(fix.dp, XTR_CTR_PETR), 1);
	assert_int_equal(dp_all_drops(&fix), 0);
}

static uint32_t seed = 20;

static uint32_t next_random(void)
{
	seed = seed * 1664525 + 1013904223;
	return seed >> 8;
}

/* Frames of all kinds, some of them broken somewhere, by all ports. */
static unsigned any_frame(uint8_t *f, unsigned port)
{
	static const char *const hosts[] = {"10.1.1.4", "10.2.2.5", "10.3.9.9", "10.1.1.2",
	    "10.1.1.99", "172.16.1.3", "172.16.1.2", "10.9.9.9", "10.4.4.4", "10.6.0.1", "10.7.0.1",
	    "10.1.1.7", "224.0.0.5", "127.0.0.1", "172.17.3.3", "10.100.1.4", "10.20.9.1",
	    "198.51.100.1", "198.51.103.1", "10.12.0.1"};
	uint16_t total = (uint16_t)(28 + next_random() % 1500);
	unsigned len = dp_frame(f, port, hosts[next_random() % RTE_DIM(hosts)],
	    hosts[next_random() % RTE_DIM(hosts)], (uint16_t)next_random(), total);

	if (next_random() % 4 == 0 && total > 100) { /* to be decapsulated */
		uint8_t inner[64];

		dp_frame(inner, port, next_random() % 2 ? "10.2.2.5" : "10.20.0.5",
		    hosts[next_random() % RTE_DIM(hosts)], 0, 28);
		len = dp_frame(f, port, "172.16.1.3", "172.16.1.2", 1, 64);
		f[14 + 22] = XTR_PORT_DATA >> 8;
		f[14 + 23] = XTR_PORT_DATA & 0xff;
		f[14 + 25] = 44;
		memcpy(f + 14 + 36, inner + 14, 28);
		if (next_random() % 2) {
			f[14 + 28] = XTR_DATA_I;
			f[14 + 34] = DP_IID2;
		}
	}
	if (next_random() % 4 == 0)
		f[next_random() % 64 % len] ^= (uint8_t)(1u << next_random() % 8);
	if (next_random() % 8 == 0)
		len = 1 + next_random() % len;
	return len;
}

static uint64_t count_tx(uint64_t *bytes)
{
	struct rte_mbuf *m;
	uint64_t n = 0;

	for (unsigned port = 0; port < DP_PORTS; port++)
		while ((m = dp_tx(&fix, port)) != NULL) {
			*bytes += m->pkt_len;
			rte_pktmbuf_free(m);
			n++;
		}
	return n;
}

static uint64_t count_punts(bool *dropped)
{
	struct rte_mbuf *m;
	uint64_t n = 0;

	while ((m = dp_punted(&fix)) != NULL) {
		if (xtr_pkt(m)->reason == XTR_PUNT_UNREACHABLE)
			dropped[xtr_pkt(m)->id] = true;
		rte_pktmbuf_free(m);
		n++;
	}
	return n;
}

/* Where buffers are short, what would have to be split is dropped, whole. */
static void test_no_buffers_for_parts(void **state)
{
	static struct rte_mbuf *all[8192];
	uint8_t f[2048];
	unsigned n, len;

	for (unsigned left = 0; left < 6; left++) {
		/* its two parts need two buffers each, while they are made */
		len = dp_frame(f, DP_SITE, "10.1.1.4", "10.2.2.5", 1, 1500);
		dp_rx(&fix, DP_SITE, f, len);
		for (n = 0; n < RTE_DIM(all); n++)
			if (!(all[n] = rte_pktmbuf_alloc(fix.dp->rx_pool)))
				break;
		assert_in_range(n, left, RTE_DIM(all) - 1);
		for (unsigned i = 0; i < left; i++)
			rte_pktmbuf_free(all[--n]);
		dp_turns(&fix);
		assert_int_equal(rte_ring_count(fix.tx[DP_CORE]), left < 4 ? 0 : 2);
		while (rte_ring_count(fix.tx[DP_CORE]))
			rte_pktmbuf_free(dp_tx(&fix, DP_CORE));
		while (n)
			rte_pktmbuf_free(all[--n]);
		assert_int_equal(dp_in_use(&fix), 0);
	}
	assert_int_equal(xtr_dp_drops(fix.dp, XTR_DROP_FRAGMENT), 4);
	assert_int_equal(xtr_dp_counter(fix.dp, XTR_CTR_SPLIT), 2);
}

/* Nothing is lost without a name: packets in are packets out, drops and punts. */
static void test_sums(void **state)
{
	static const enum xtr_counter punted[] = {XTR_CTR_PUNT_LINUX, XTR_CTR_PUNT_TTL,
	    XTR_CTR_PUNT_MISS, XTR_CTR_PUNT_NEIGH, XTR_CTR_PUNT_TOO_BIG, XTR_CTR_PUNT_UNREACHABLE};
	uint64_t in = 0, out = 0, punts = 0, bytes = 0, sum = 0, rx = 0, tx = 0, tx_bytes = 0;
	bool dropped[XTR_DROP_N] = {false};
	unsigned reasons = 0;
	uint8_t f[2048];

	dp_petr(&fix, true, "two");
	for (unsigned round = 0; round < 400; round++) {
		for (unsigned i = 0; i < 50; i++, in++) {
			unsigned port = next_random() % DP_PORTS;

			dp_rx(&fix, port, f, any_frame(f, port));
		}
		dp_turns(&fix);
		out += count_tx(&bytes);
		punts += count_punts(dropped);
		assert_int_equal(in + dp_more_parts(&fix), out + punts + dp_all_drops(&fix));
	}
	for (unsigned i = 0; i < RTE_DIM(punted); i++)
		sum += xtr_dp_counter(fix.dp, punted[i]);
	assert_int_equal(sum, punts);
	assert_int_equal(xtr_dp_counter(fix.dp, XTR_CTR_RX), in);
	assert_int_equal(xtr_dp_counter(fix.dp, XTR_CTR_TX), out);
	assert_int_equal(
	    xtr_dp_counter(fix.dp, XTR_CTR_NATIVE) + xtr_dp_counter(fix.dp, XTR_CTR_ENCAP), out);
	for (unsigned i = 0; i < fix.dp->n_workers; i++)
		for (unsigned port = 0; port < DP_PORTS; port++) {
			rx += fix.dp->workers[i]->port_rx[port][0];
			tx += fix.dp->workers[i]->port_tx[port][0];
			tx_bytes += fix.dp->workers[i]->port_tx[port][1];
		}
	assert_int_equal(rx, in);
	assert_int_equal(tx, out);
	assert_int_equal(tx_bytes, bytes);
	/* and the frames were of all kinds */
	for (unsigned d = 0; d < XTR_DROP_N; d++)
		reasons += dropped[d] || xtr_dp_drops(fix.dp, (enum xtr_drop)d) > 0;
	assert_true(reasons >= 12);
	assert_true(out > in / 20 && punts > in / 20);
	assert_true(xtr_dp_counter(fix.dp, XTR_CTR_DECAP) > 100);
	assert_true(xtr_dp_counter(fix.dp, XTR_CTR_PETR) > 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_turn, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_injected, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_tx_full, setup_small, teardown),
	    cmocka_unit_test_setup_teardown(test_tx_down, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_no_headroom, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_handoff, setup_two, teardown),
	    cmocka_unit_test_setup_teardown(test_handoff_full, setup_two, teardown),
	    cmocka_unit_test_setup_teardown(test_destroy, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_instances, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_word1, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_petr_counts_once, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_no_buffers_for_parts, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_sums, setup, teardown),
	    {"test_sums with two workers", test_sums, setup_two, teardown, NULL},
	};
	int failed;

	dp_eal();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rte_eal_cleanup();
	return failed;
}
