/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ports: configuring and starting an ethdev. One rx and tx queue a worker with RSS where the device
 * has several, else the port belongs to one worker and the others hand their frames over.
 */
#include "datapath/dp.h"

#include <errno.h>
#include <stdio.h>
#include <rte_ethdev.h>

static int setup_queues(
    struct xtr_dp *dp, struct xtr_dp_port *p, const struct rte_eth_dev_info *info, const char **why)
{
	uint16_t rxd = XTR_DP_DESCRIPTORS, txd = XTR_DP_DESCRIPTORS;
	int rc;

	rc = rte_eth_dev_adjust_nb_rx_tx_desc(p->ethdev, &rxd, &txd);
	if (rc < 0) {
		*why = "number of descriptors refused";
		return rc;
	}
	for (uint16_t q = 0; q < p->n_queues; q++) {
		struct rte_eth_txconf txconf = info->default_txconf;

		rc = rte_eth_rx_queue_setup(p->ethdev, q, rxd,
		    (unsigned)rte_eth_dev_socket_id(p->ethdev), NULL, dp->rx_pool);
		if (rc < 0) {
			*why = "rx queue refused";
			return rc;
		}
		rc = rte_eth_tx_queue_setup(
		    p->ethdev, q, txd, (unsigned)rte_eth_dev_socket_id(p->ethdev), &txconf);
		if (rc < 0) {
			*why = "tx queue refused";
			return rc;
		}
	}
	return 0;
}

/* Says which worker polls which queue. */
static int assign_queues(struct xtr_dp *dp, unsigned index, const char **why)
{
	struct xtr_dp_port *p = &dp->ports[index];
	char name[RTE_RING_NAMESIZE];
	struct xtr_worker *w;

	if (p->n_queues == dp->n_workers) {
		for (unsigned i = 0; i < dp->n_workers; i++) {
			w = dp->workers[i];
			w->queues[w->n_queues].port = (uint8_t)index;
			w->queues[w->n_queues++].queue = (uint16_t)i;
			w->tx_queue[index] = (uint16_t)i;
		}
		return 0;
	}
	p->owner = (uint8_t)(index % dp->n_workers);
	w = dp->workers[p->owner];
	w->queues[w->n_queues].port = (uint8_t)index;
	w->queues[w->n_queues++].queue = 0;
	w->tx_queue[index] = 0;
	snprintf(name, sizeof(name), "handoff%u", index);
	p->handoff = rte_ring_create(name, XTR_RING_SIZE, SOCKET_ID_ANY, RING_F_SC_DEQ);
	if (!p->handoff) {
		*why = "out of memory";
		return -ENOMEM;
	}
	return 0;
}

int xtr_dp_port_open(
    struct xtr_dp *dp, unsigned index, uint16_t ethdev, uint16_t mtu, const char **why)
{
	struct xtr_dp_port *p = &dp->ports[index];
	struct rte_eth_dev_info info;
	struct rte_eth_conf conf = {0};
	struct rte_ether_addr mac;
	int rc;

	rc = rte_eth_dev_info_get(ethdev, &info);
	if (rc < 0) {
		*why = "no information from the driver";
		return rc;
	}
	p->ethdev = ethdev;
	p->mtu = mtu;
	p->n_queues = 1;
	if (dp->n_workers > 1 && info.max_rx_queues >= dp->n_workers &&
	    info.max_tx_queues >= dp->n_workers && info.flow_type_rss_offloads) {
		p->n_queues = (uint16_t)dp->n_workers;
		conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
		conf.rx_adv_conf.rss_conf.rss_hf =
		    info.flow_type_rss_offloads &
		    (RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP | RTE_ETH_RSS_UDP);
	}
	if (info.tx_offload_capa & RTE_ETH_TX_OFFLOAD_MULTI_SEGS) {
		conf.txmode.offloads |= RTE_ETH_TX_OFFLOAD_MULTI_SEGS;
		p->chains = 1;
	}
	rc = rte_eth_dev_configure(ethdev, p->n_queues, p->n_queues, &conf);
	if (rc < 0) {
		*why = "configuration refused by the driver";
		return rc;
	}
	/* Some drivers have an MTU of their interface's own and no way to set it: then it must be
	 * large enough. */
	rc = rte_eth_dev_set_mtu(ethdev, mtu);
	if (rc == -ENOTSUP)
		rc = 0;
	if (rc < 0) {
		*why = "MTU refused by the driver";
		return rc;
	}
	rc = setup_queues(dp, p, &info, why);
	if (rc < 0)
		return rc;
	rc = rte_eth_macaddr_get(ethdev, &mac);
	if (rc < 0) {
		*why = "no MAC address";
		return rc;
	}
	memcpy(p->mac, mac.addr_bytes, sizeof(p->mac));
	rc = assign_queues(dp, index, why);
	if (rc < 0)
		return rc;
	if (dp->n_ports <= index)
		dp->n_ports = index + 1;
	return 0;
}

int xtr_dp_port_start(struct xtr_dp *dp, unsigned index)
{
	int rc = rte_eth_dev_start(dp->ports[index].ethdev);

	/* routing protocols and neighbour discovery by Linux; a driver that cannot tell multicast
	 * from the rest takes all */
	if (rc == 0 && rte_eth_allmulticast_enable(dp->ports[index].ethdev) < 0)
		rte_eth_promiscuous_enable(dp->ports[index].ethdev);
	return rc;
}

void xtr_dp_port_close(struct xtr_dp *dp, unsigned index)
{
	struct xtr_dp_port *p = &dp->ports[index];
	struct rte_mbuf *m;

	rte_eth_dev_stop(p->ethdev);
	rte_eth_dev_close(p->ethdev);
	while (p->handoff && rte_ring_sc_dequeue(p->handoff, (void **)&m) == 0)
		rte_pktmbuf_free(m);
	rte_ring_free(p->handoff);
	p->handoff = NULL;
}
