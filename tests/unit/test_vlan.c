/* SPDX-License-Identifier: BSD-3-Clause */
/* Ports as VLANs of one trunk: bursts of many VLANs, their order and counters, several workers,
 * full queues. What becomes of each packet is for test_datapath.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "dp_wires.h"

#define ALL_VLANS 0xfu
#define SIZES     3 /* of IP packets, bytes */

static struct dp_wires fix;

/* Flows that go from one VLAN to another. */
static const struct flow {
	unsigned from, to;
	const char *src, *dst;
	unsigned more; /* bytes that encapsulation adds */
} flows[] = {
    {DP_SITE, DP_CORE, "10.1.1.4", "10.2.2.5", 36},
    {DP_SITE2, DP_CORE, "10.100.1.4", "10.2.2.5", 36},
    {DP_CORE, DP_SITE, "172.16.1.3", "10.1.1.4", 0},
    {DP_CORE, DP_SITE2, "172.16.1.3", "10.100.1.4", 0},
    {DP_SITE, DP_SITE2, "10.9.9.9", "10.100.1.4", 0},
};

static int setup(void **state)
{
	dp_open_as(&fix, 1, 1024, 8191, ALL_VLANS, 0);
	return 0;
}

static int setup_offloads(void **state)
{
	dp_open_as(
	    &fix, 1, 1024, 8191, ALL_VLANS, XTR_OFFLOAD_VLAN_STRIP | XTR_OFFLOAD_VLAN_INSERT);
	return 0;
}

static int setup_small(void **state)
{
	dp_open_as(&fix, 1, 64, 8191, ALL_VLANS, 0);
	return 0;
}

static int setup_two(void **state)
{
	dp_open_as(&fix, 2, 1024, 8191, 1u << DP_SITE2, 0);
	return 0;
}

static int teardown(void **state)
{
	assert_int_equal(dp_in_use(&fix), 0);
	dp_close(&fix);
	return 0;
}

/* A frame of a flow on the trunk's wire, as its device hands it over. */
static unsigned send_flow(const struct flow *flow, uint16_t id, uint16_t total)
{
	bool strips = fix.dp->ports[DP_TRUNK].offloads & XTR_OFFLOAD_VLAN_STRIP;
	uint8_t f[4 + 14 + 256];
	unsigned len = dp_frame(f + 4, flow->from, flow->src, flow->dst, id, total);
	struct rte_mbuf *m;

	if (strips) {
		m = dp_packet(fix.dp->rx_pool, f + 4, len, 0);
		m->ol_flags |= RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;
		m->vlan_tci = dp_vlan[flow->from] | 5 << 13;
	} else {
		memmove(f, f + 4, 12);
		dp_put16(f + 12, 0x8100);
		dp_put16(f + 14, dp_vlan[flow->from] | 5 << 13);
		m = dp_packet(fix.dp->rx_pool, f, len + 4, 0);
	}
	dp_need(rte_ring_enqueue(fix.rx[DP_TRUNK], m) == 0, "rx ring");
	return len;
}

/* The VLAN of a frame that left by the trunk, and what the frame is without the tag. */
static unsigned open_frame(struct rte_mbuf *m, const uint8_t **ip, unsigned *len)
{
	const uint8_t *f = rte_pktmbuf_mtod(m, const uint8_t *);
	unsigned tci;

	if (m->ol_flags & RTE_MBUF_F_TX_VLAN) {
		tci = m->vlan_tci;
		*ip = f + 14;
		*len = m->pkt_len;
	} else {
		assert_int_equal(f[12] << 8 | f[13], 0x8100);
		tci = (unsigned)(f[14] << 8 | f[15]);
		*ip = f + 18;
		*len = m->pkt_len - 4;
	}
	assert_int_equal((*ip)[-2] << 8 | (*ip)[-1], 0x0800);
	for (unsigned p = 0; p < DP_PORTS; p++)
		if (dp_vlan[p] == tci)
			return p;
	fail_msg("VLAN %u", tci);
	return 0;
}

struct counts {
	uint64_t rx[DP_DEVICES][2], tx[DP_DEVICES][2];
};

static struct counts counted(void)
{
	struct counts c = {0};

	for (unsigned w = 0; w < fix.dp->n_workers; w++)
		for (unsigned p = 0; p < DP_DEVICES; p++)
			for (unsigned k = 0; k < 2; k++) {
				c.rx[p][k] += fix.dp->workers[w]->port_rx[p][k];
				c.tx[p][k] += fix.dp->workers[w]->port_tx[p][k];
			}
	return c;
}

/* Bursts of all flows: each packet leaves by its VLAN, in the order of its flow, and is counted
 * there; none of them needed the stages. */
static void mixed(void **state)
{
	uint32_t arrivals = fix.w->arrivals;
	struct counts want = counted(), have;
	uint16_t next_out[RTE_DIM(flows)] = {0}, next_in[RTE_DIM(flows)] = {0};

	for (unsigned k = 0; k < 300; k++) {
		unsigned n = 1 + k % XTR_BURST;
		struct rte_mbuf *m;

		for (unsigned i = 0; i < n; i++) {
			/* source 10.9.9.9 is nobody's EID: for the stages */
			unsigned which = (i * 7 + k) % (RTE_DIM(flows) - 1);
			const struct flow *flow = &flows[which];
			unsigned len =
			    send_flow(flow, next_in[which]++, (uint16_t)(28 + 50 * (i % SIZES)));

			want.rx[flow->from][0]++;
			want.rx[flow->from][1] += len;
			want.tx[flow->to][0]++;
			want.tx[flow->to][1] += len + flow->more;
		}
		dp_turns(&fix);
		while ((m = dp_tx(&fix, DP_TRUNK)) != NULL) {
			const uint8_t *ip;
			unsigned len, port = open_frame(m, &ip, &len), which = 0;

			if (port == DP_CORE)
				which = ip[36 + 13] == 100; /* the inner source, 10.100.1.4 */
			else
				which = port == DP_SITE ? 2 : 3;
			if (port == DP_CORE)
				ip += 36;
			assert_int_equal(ip[4] << 8 | ip[5], next_out[which]++);
			rte_pktmbuf_free(m);
		}
		assert_memory_equal(next_in, next_out, sizeof(next_in));
	}
	have = counted();
	assert_memory_equal(&have, &want, sizeof(want));
	assert_int_equal(fix.w->arrivals, arrivals);
	assert_int_equal(dp_all_drops(&fix), 0);
}

/* The same packets through the stages leave as the same bytes. */
static void stages_do_the_same(void **state)
{
	for (unsigned k = 0; k < RTE_DIM(flows); k++) {
		struct rte_mbuf *m[2];

		for (unsigned by = 0; by < 2; by++) {
			fix.dp->stages_only = by;
			send_flow(&flows[k], 7, 100);
			dp_turns(&fix);
			m[by] = dp_tx(&fix, DP_TRUNK);
			assert_non_null(m[by]);
		}
		assert_int_equal(m[0]->pkt_len, m[1]->pkt_len);
		assert_memory_equal(
		    rte_pktmbuf_mtod(m[0], void *), rte_pktmbuf_mtod(m[1], void *), m[0]->pkt_len);
		assert_int_equal(m[0]->vlan_tci, m[1]->vlan_tci);
		rte_pktmbuf_free(m[0]);
		rte_pktmbuf_free(m[1]);
	}
}

/* Of what the device does not take, nothing is counted as sent. */
static void full_queue(void **state)
{
	struct counts c;
	struct rte_mbuf *m;
	uint64_t sent[DP_PORTS][2] = {{0}};

	for (unsigned i = 0; i < XTR_BURST; i++)
		send_flow(&flows[i % 4], (uint16_t)i, 60);
	xtr_worker_turn(fix.w);
	for (unsigned i = 0; i < XTR_BURST; i++)
		send_flow(&flows[i % 4], (uint16_t)i, 60);
	dp_turns(&fix);
	while ((m = dp_tx(&fix, DP_TRUNK)) != NULL) {
		const uint8_t *ip;
		unsigned len, port = open_frame(m, &ip, &len);

		sent[port][0]++;
		sent[port][1] += len;
		rte_pktmbuf_free(m);
	}
	c = counted();
	for (unsigned p = 0; p < DP_PORTS; p++)
		assert_memory_equal(c.tx[p], sent[p], sizeof(sent[p]));
	assert_int_equal(sent[0][0] + sent[1][0] + sent[2][0] + sent[3][0], 63);
	assert_int_equal(xtr_dp_drops(fix.dp, XTR_DROP_TX_FULL), 2 * XTR_BURST - 63);
	assert_int_equal(xtr_dp_counter(fix.dp, XTR_CTR_TX), 63);
}

/* A dead trunk is dead for all its VLANs. */
static void link_down(void **state)
{
	fix.dp->ports[DP_TRUNK].up = 0;
	send_flow(&flows[0], 1, 60);
	dp_turns(&fix);
	assert_null(dp_tx(&fix, DP_TRUNK));
	assert_int_equal(xtr_dp_drops(fix.dp, XTR_DROP_TX_DOWN), 1);
}

/* A driver that does not take every second packet. */
static uint16_t picky(void *queue, struct rte_mbuf **m, uint16_t n)
{
	for (uint16_t i = 0; i < n; i++)
		if (rte_pktmbuf_mtod(m[i], const uint8_t *)[14 + 5] & 1) { /* IP ID */
			rte_errno = ENOTSUP;
			return i;
		}
	return n;
}

static void refused(void **state)
{
	struct rte_eth_fp_ops *ops = &rte_eth_fp_ops[fix.dp->ports[DP_TRUNK].ethdev];
	eth_tx_prep_t before = ops->tx_pkt_prepare;

	ops->tx_pkt_prepare = picky;
	for (uint16_t i = 0; i < 8; i++) /* forwarded as they are, ID and all */
		send_flow(&flows[4], i, 60);
	dp_turns(&fix);
	ops->tx_pkt_prepare = before;
	for (uint16_t i = 0; i < 8; i += 2) {
		struct rte_mbuf *m = dp_tx(&fix, DP_TRUNK);
		const uint8_t *ip;
		unsigned len;

		assert_non_null(m);
		assert_int_equal(open_frame(m, &ip, &len), DP_SITE2);
		assert_int_equal(ip[5], i);
		rte_pktmbuf_free(m);
	}
	assert_null(dp_tx(&fix, DP_TRUNK));
	assert_int_equal(xtr_dp_drops(fix.dp, XTR_DROP_TX_REFUSED), 4);
	assert_int_equal(xtr_dp_counter(fix.dp, XTR_CTR_TX), 4);
	assert_int_equal(counted().tx[DP_SITE2][0], 4);
}

/* No room for the tag in front of a frame. */
static void no_headroom(void **state)
{
	uint8_t f[64];
	struct rte_mbuf *m =
	    dp_packet(fix.dp->rx_pool, f, dp_frame(f, DP_SITE, "10.9.9.9", "10.100.1.4", 1, 40), 0);

	m->data_off = 0;
	memcpy(rte_pktmbuf_mtod(m, void *), f, m->pkt_len);
	xtr_stage_tx(fix.w, DP_SITE2, m);
	assert_int_equal(xtr_dp_drops(fix.dp, XTR_DROP_NO_HEADROOM), 1);
}

/* A worker that does not own the trunk hands its VLANs' frames over, with their tags. */
static void two_workers(void **state)
{
	const unsigned owner = fix.dp->ports[DP_TRUNK].owner;
	uint8_t f[64];
	struct rte_mbuf *m;
	const uint8_t *ip;
	unsigned len;

	assert_int_equal(fix.dp->ports[DP_SITE2].owner, owner);
	assert_int_not_equal(fix.dp->ports[DP_CORE].owner, owner);
	dp_rx(&fix, DP_CORE, f, dp_frame(f, DP_CORE, "172.16.1.3", "10.100.1.4", 9, 40));
	dp_turns(&fix);
	m = dp_tx(&fix, DP_TRUNK);
	assert_non_null(m);
	assert_int_equal(open_frame(m, &ip, &len), DP_SITE2);
	assert_int_equal(fix.dp->workers[owner]->port_tx[DP_SITE2][0], 1);
	assert_int_equal(fix.dp->workers[owner]->port_tx[DP_SITE2][1], len);
	rte_pktmbuf_free(m);
}

static void bad_vlans(void **state)
{
	const char *why;

	assert_int_equal(xtr_dp_vlan_open(fix.dp, 9, DP_TRUNK, 20, DP_MTU, &why), -EEXIST);
	assert_int_equal(xtr_dp_vlan_open(fix.dp, 9, DP_TRUNK, 0, DP_MTU, &why), -EINVAL);
	assert_int_equal(xtr_dp_vlan_open(fix.dp, 9, DP_TRUNK, 4095, DP_MTU, &why), -EINVAL);
	/* a VLAN has none of its own */
	assert_int_equal(xtr_dp_vlan_open(fix.dp, 9, DP_SITE, 50, DP_MTU, &why), -EINVAL);
}

/* Every identifier, and as many interfaces as there can be. */
static void many_vlans(void **state)
{
	unsigned index = DP_DEVICES;
	const char *why = "";

	for (uint16_t id = 100; index < XTR_DP_PORTS; id++, index++) {
		dp_need(xtr_dp_vlan_open(fix.dp, index, DP_TRUNK, id, DP_MTU, &why) == 0, why);
		fix.dp->ports[index].up = 1;
		fix.dp->ports[index].site = 1;
		memcpy(fix.dp->ports[index].mac, dp_mac[DP_SITE], 6);
	}
	assert_int_equal(fix.dp->n_ports, XTR_DP_PORTS);
	for (uint16_t id = 1; id < 4095; id++) {
		uint8_t f[64];
		unsigned len = dp_frame(f + 4, DP_SITE, "10.1.1.4", "10.2.2.5", id, 40);
		unsigned known = id >= 100 && id < 100 + XTR_DP_PORTS - DP_DEVICES ? 1 : 0;
		struct rte_mbuf *m;

		if (id <= 40 && id % 10 == 0)
			continue;
		memmove(f, f + 4, 12);
		dp_put16(f + 12, 0x8100);
		dp_put16(f + 14, id);
		dp_rx(&fix, DP_TRUNK, f, len + 4);
		dp_turns(&fix);
		m = dp_tx(&fix, DP_TRUNK);
		assert_int_equal(m != NULL, known);
		if (known)
			assert_int_equal(fix.w->port_rx[id - 100u + DP_DEVICES][0], 1);
		rte_pktmbuf_free(m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(mixed, setup, teardown),
	    cmocka_unit_test_setup_teardown(mixed, setup_offloads, teardown),
	    cmocka_unit_test_setup_teardown(stages_do_the_same, setup, teardown),
	    cmocka_unit_test_setup_teardown(stages_do_the_same, setup_offloads, teardown),
	    cmocka_unit_test_setup_teardown(full_queue, setup_small, teardown),
	    cmocka_unit_test_setup_teardown(link_down, setup, teardown),
	    cmocka_unit_test_setup_teardown(refused, setup_offloads, teardown),
	    cmocka_unit_test_setup_teardown(no_headroom, setup, teardown),
	    cmocka_unit_test_setup_teardown(two_workers, setup_two, teardown),
	    cmocka_unit_test_setup_teardown(bad_vlans, setup, teardown),
	    cmocka_unit_test_setup_teardown(many_vlans, setup, teardown),
	};

	dp_eal();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
