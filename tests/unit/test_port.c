/* SPDX-License-Identifier: BSD-3-Clause */
/* Queues and offloads that ports ask their devices for, and which worker has which queue. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <rte_bus_vdev.h>

#include "dp_wires.h"

#define NULL_DEVICE "net_null_port"

static struct xtr_dp *dp;

static int setup(void **state)
{
	struct xtr_dp_opts opts = {.n_workers = 2, .mbufs = 4095, .hold_mbufs = 1023};

	dp = xtr_dp_create(&opts);
	dp_need(dp != NULL, "data plane");
	return 0;
}

static int teardown(void **state)
{
	for (unsigned i = 0; i < dp->n_ports; i++)
		xtr_dp_port_close(dp, i);
	xtr_dp_destroy(dp);
	return 0;
}

/* A device of many queues and all kinds of RSS: one of each a worker. */
static void queue_a_worker(void **state)
{
	const uint64_t kinds = RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP | RTE_ETH_RSS_UDP;
	struct rte_eth_dev_info info;
	struct rte_eth_rss_conf rss = {0};
	struct rte_eth_conf conf;
	const char *why = "";
	uint16_t ethdev;

	assert_int_equal(rte_vdev_init(NULL_DEVICE, "no-rx=1"), 0);
	assert_int_equal(rte_eth_dev_get_port_by_name(NULL_DEVICE, &ethdev), 0);
	if (xtr_dp_port_open(dp, 0, ethdev, 1500, &why) < 0)
		fail_msg("%s", why);
	assert_int_equal(dp->ports[0].n_rx, 2);
	assert_int_equal(dp->ports[0].n_tx, 2);
	assert_true(dp->ports[0].offloads & XTR_OFFLOAD_RSS);
	assert_null(dp->ports[0].handoff);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(dp->workers[i]->n_queues, 1);
		assert_int_equal(dp->workers[i]->queues[0].queue, i);
		assert_int_equal(dp->workers[i]->tx_queue[0], i);
	}
	rte_eth_dev_info_get(ethdev, &info);
	/* what it can, of what we want */
	assert_int_equal(rte_eth_dev_rss_hash_conf_get(ethdev, &rss), 0);
	assert_true(rss.rss_hf);
	assert_int_equal(rss.rss_hf, kinds & info.flow_type_rss_offloads);
	/* nothing else: no RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE, for packets of two pools leave here
	 */
	assert_int_equal(rte_eth_dev_conf_get(ethdev, &conf), 0);
	assert_int_equal(
	    conf.txmode.offloads, info.tx_offload_capa & RTE_ETH_TX_OFFLOAD_MULTI_SEGS);
	assert_int_equal(xtr_dp_port_start(dp, 0), 0);
}

/* One rx queue, and tx queues for all: one worker polls, each sends by itself. */
static void tx_queue_a_worker(void **state)
{
	struct rte_ring *rx[1], *tx[2], *few[1];
	const char *why = "";
	int ethdev;

	rx[0] = rte_ring_create("port-rx", 64, SOCKET_ID_ANY, 0);
	tx[0] = rte_ring_create("port-tx0", 64, SOCKET_ID_ANY, 0);
	tx[1] = rte_ring_create("port-tx1", 64, SOCKET_ID_ANY, 0);
	few[0] = rte_ring_create("port-few", 64, SOCKET_ID_ANY, 0);
	assert_true(rx[0] && tx[0] && tx[1] && few[0]);
	ethdev = rte_eth_from_rings("port-two-tx", rx, 1, tx, 2, 0);
	assert_int_equal(xtr_dp_port_open(dp, 0, (uint16_t)ethdev, 1500, &why), 0);
	ethdev = rte_eth_from_rings("port-one-tx", rx, 1, few, 1, 0);
	assert_int_equal(xtr_dp_port_open(dp, 1, (uint16_t)ethdev, 1500, &why), 0);
	assert_int_equal(dp->ports[0].n_rx, 1);
	assert_int_equal(dp->ports[0].n_tx, 2);
	assert_null(dp->ports[0].handoff);
	assert_int_equal(dp->ports[1].n_tx, 1);
	assert_non_null(dp->ports[1].handoff);
	assert_false(dp->ports[0].offloads & (XTR_OFFLOAD_RSS | XTR_OFFLOAD_CHECKSUM));
	for (unsigned i = 0; i < 2; i++) {
		struct xtr_worker *w = dp->workers[i];
		struct rte_mbuf *m;

		assert_int_equal(w->n_queues, 1);
		assert_int_equal(w->queues[0].port, i); /* the ports' owners differ */
		assert_int_equal(w->tx_queue[0], i);
		assert_int_equal(w->tx_queue[1], i == 1 ? 0 : UINT16_MAX);
		assert_int_equal(xtr_dp_port_start(dp, i), 0);
		dp->ports[i].up = 1;
		m = dp_packet(dp->rx_pool, (const uint8_t[64]){0}, 64, 0);
		xtr_stage_tx(w, 0, m);
		xtr_stage_tx_flush(w);
		assert_int_equal(rte_ring_count(tx[i]), 1);
		assert_int_equal(rte_ring_dequeue(tx[i], (void **)&m), 0);
		rte_pktmbuf_free(m);
	}
	for (unsigned i = 0; i < 2; i++)
		xtr_dp_port_close(dp, i);
	dp->n_ports = 0;
	rte_ring_free(rx[0]);
	rte_ring_free(tx[0]);
	rte_ring_free(tx[1]);
	rte_ring_free(few[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(queue_a_worker, setup, teardown),
	    cmocka_unit_test_setup_teardown(tx_queue_a_worker, setup, teardown),
	};

	dp_eal();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
