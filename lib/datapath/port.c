/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ports: configuring and starting an ethdev. One rx queue a worker with RSS where the device has
 * them, else one worker polls; one tx queue a worker where it has them, else the worker that owns
 * the port sends, and the others hand their frames over.
 */
#include "datapath/dp.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <rte_ethdev.h>

/* Bytes of a frame beside the IP packet: Ethernet header, one tag, and the checksum at its end. */
#define FRAME_BYTES (RTE_ETHER_HDR_LEN + XTR_VLAN_TAG + RTE_ETHER_CRC_LEN)

/*
 * RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE is never asked for: it is for queues whose packets are all of
 * one pool, and ours send what control holds and what Linux sent, too, which are of the hold pool.
 */
static uint64_t tx_offloads(const struct xtr_dp_port *p)
{
	return (p->offloads & XTR_OFFLOAD_CHAINS ? RTE_ETH_TX_OFFLOAD_MULTI_SEGS : 0) |
	       (p->offloads & XTR_OFFLOAD_VLAN_INSERT ? RTE_ETH_TX_OFFLOAD_VLAN_INSERT : 0);
}

static uint64_t rx_offloads(const struct xtr_dp_port *p)
{
	return (p->offloads & XTR_OFFLOAD_CHECKSUM ? RTE_ETH_RX_OFFLOAD_IPV4_CKSUM : 0) |
	       (p->offloads & XTR_OFFLOAD_VLAN_STRIP ? RTE_ETH_RX_OFFLOAD_VLAN_STRIP : 0);
}

/* What the device can do, and we have use for. */
static void choose(const struct xtr_dp *dp, struct xtr_dp_port *p, const struct rte_eth_dev_info *i)
{
	bool spread =
	    dp->n_workers > 1 && i->max_rx_queues >= dp->n_workers && i->flow_type_rss_offloads;

	p->n_rx = spread ? (uint16_t)dp->n_workers : 1;
	p->n_tx = i->max_tx_queues >= dp->n_workers ? (uint16_t)dp->n_workers : 1;
	p->offloads = (spread ? XTR_OFFLOAD_RSS : 0) |
		      (i->tx_offload_capa & RTE_ETH_TX_OFFLOAD_MULTI_SEGS ? XTR_OFFLOAD_CHAINS : 0);
	if (p->plain)
		return;
	if (i->rx_offload_capa & RTE_ETH_RX_OFFLOAD_IPV4_CKSUM)
		p->offloads |= XTR_OFFLOAD_CHECKSUM;
	if (p->trunk && i->rx_offload_capa & RTE_ETH_RX_OFFLOAD_VLAN_STRIP)
		p->offloads |= XTR_OFFLOAD_VLAN_STRIP;
	if (p->trunk && i->tx_offload_capa & RTE_ETH_TX_OFFLOAD_VLAN_INSERT)
		p->offloads |= XTR_OFFLOAD_VLAN_INSERT;
}

static int setup_queues(
    struct xtr_dp *dp, struct xtr_dp_port *p, const struct rte_eth_dev_info *info, const char **why)
{
	unsigned socket = (unsigned)rte_eth_dev_socket_id(p->ethdev);
	uint16_t rxd = XTR_DP_DESCRIPTORS, txd = XTR_DP_DESCRIPTORS;
	struct rte_eth_rxconf rxconf = info->default_rxconf;
	struct rte_eth_txconf txconf = info->default_txconf;
	int rc;

	rxconf.offloads = rx_offloads(p);
	txconf.offloads = tx_offloads(p);
	rc = rte_eth_dev_adjust_nb_rx_tx_desc(p->ethdev, &rxd, &txd);
	if (rc < 0) {
		*why = "number of descriptors refused";
		return rc;
	}
	for (uint16_t q = 0; q < p->n_rx; q++) {
		rc = rte_eth_rx_queue_setup(p->ethdev, q, rxd, socket, &rxconf, dp->rx_pool);
		if (rc < 0) {
			*why = "rx queue refused";
			return rc;
		}
	}
	for (uint16_t q = 0; q < p->n_tx; q++) {
		rc = rte_eth_tx_queue_setup(p->ethdev, q, txd, socket, &txconf);
		if (rc < 0) {
			*why = "tx queue refused";
			return rc;
		}
	}
	return 0;
}

static void poll_queue(struct xtr_worker *w, unsigned port, unsigned queue)
{
	w->queues[w->n_queues].port = (uint8_t)port;
	w->queues[w->n_queues++].queue = (uint16_t)queue;
}

/* Says which worker polls which queue, and which ones send. */
static int assign_queues(struct xtr_dp *dp, unsigned index, const char **why)
{
	struct xtr_dp_port *p = &dp->ports[index];
	char name[RTE_RING_NAMESIZE];

	p->owner = (uint8_t)(index % dp->n_workers);
	if (p->n_rx == 1)
		poll_queue(dp->workers[p->owner], index, 0);
	for (unsigned i = 0; i < p->n_rx && p->n_rx > 1; i++)
		poll_queue(dp->workers[i], index, i);
	if (p->n_tx == dp->n_workers) {
		for (unsigned i = 0; i < p->n_tx; i++)
			dp->workers[i]->tx_queue[index] = (uint16_t)i;
		return 0;
	}
	dp->workers[p->owner]->tx_queue[index] = 0;
	snprintf(name, sizeof(name), "handoff%u", index);
	p->handoff = rte_ring_create(name, XTR_RING_SIZE, SOCKET_ID_ANY, RING_F_SC_DEQ);
	if (!p->handoff) {
		*why = "out of memory";
		return -ENOMEM;
	}
	return 0;
}

static int open_trunk(unsigned index, struct xtr_dp_port *p, const char **why)
{
	if (!p->trunk)
		return 0;
	p->vlans = aligned_alloc(RTE_CACHE_LINE_SIZE, XTR_VLAN_IDS);
	if (!p->vlans) {
		*why = "out of memory";
		return -ENOMEM;
	}
	memset(p->vlans, (int)index, XTR_VLAN_IDS);
	return 0;
}

/* What the driver calls MTU may count a tag as part of the packet. */
static uint16_t device_mtu(
    const struct xtr_dp_port *p, const struct rte_eth_dev_info *info, uint16_t mtu)
{
	bool knows = info->max_mtu != UINT16_MAX && info->max_rx_pktlen > info->max_mtu;
	uint32_t beside =
	    knows ? info->max_rx_pktlen - info->max_mtu : RTE_ETHER_HDR_LEN + RTE_ETHER_CRC_LEN;

	return p->trunk && beside < FRAME_BYTES && mtu + FRAME_BYTES <= info->max_rx_pktlen
		   ? (uint16_t)(mtu + XTR_VLAN_TAG)
		   : mtu;
}

/* Some drivers have an MTU of their interface's own and no way to set it: then it must be large
 * enough. */
static int set_mtu(const struct xtr_dp_port *p, uint16_t device, uint16_t mtu)
{
	int rc = rte_eth_dev_set_mtu(p->ethdev, device);

	if (rc < 0 && rc != -ENOTSUP && device != mtu)
		rc = rte_eth_dev_set_mtu(p->ethdev, mtu);
	return rc == -ENOTSUP ? 0 : rc;
}

static int configure(struct xtr_dp_port *p, const struct rte_eth_dev_info *info)
{
	struct rte_eth_conf conf = {
	    .rxmode.offloads = rx_offloads(p), .txmode.offloads = tx_offloads(p)};

	if (p->offloads & XTR_OFFLOAD_RSS) {
		conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
		conf.rx_adv_conf.rss_conf.rss_hf =
		    info->flow_type_rss_offloads &
		    (RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP | RTE_ETH_RSS_UDP);
	}
	return rte_eth_dev_configure(p->ethdev, p->n_rx, p->n_tx, &conf);
}

int xtr_dp_port_open(
    struct xtr_dp *dp, unsigned index, uint16_t ethdev, uint16_t mtu, const char **why)
{
	struct xtr_dp_port *p = &dp->ports[index];
	struct rte_eth_dev_info info;
	struct rte_ether_addr mac;
	int rc;

	rc = rte_eth_dev_info_get(ethdev, &info);
	if (rc < 0) {
		*why = "no information from the driver";
		return rc;
	}
	p->ethdev = ethdev;
	p->parent = (uint8_t)index;
	p->mtu = mtu;
	choose(dp, p, &info);
	rc = configure(p, &info);
	if (rc < 0) {
		*why = "configuration refused by the driver";
		return rc;
	}
	rc = set_mtu(p, device_mtu(p, &info, mtu), mtu);
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
	rc = open_trunk(index, p, why);
	if (rc == 0)
		rc = assign_queues(dp, index, why);
	if (rc < 0)
		return rc;
	dp->n_ports = RTE_MAX(dp->n_ports, index + 1);
	return 0;
}

int xtr_dp_vlan_open(
    struct xtr_dp *dp, unsigned index, unsigned parent, uint16_t id, uint16_t mtu, const char **why)
{
	const struct xtr_dp_port *p = &dp->ports[parent];
	struct xtr_dp_port *v = &dp->ports[index];

	if (!p->vlans || !id || id >= XTR_VLAN_IDS - 1) {
		*why = p->vlans ? "no VLAN identifier" : "the port is no trunk";
		return -EINVAL;
	}
	if (p->vlans[id] != parent) {
		*why = "the port has this VLAN";
		return -EEXIST;
	}
	v->ethdev = p->ethdev;
	v->parent = (uint8_t)parent;
	v->offloads = p->offloads;
	v->owner = p->owner;
	v->vlan = id;
	v->mtu = mtu;
	memcpy(v->mac, p->mac, sizeof(v->mac));
	p->vlans[id] = (uint8_t)index;
	dp->n_ports = RTE_MAX(dp->n_ports, index + 1);
	return 0;
}

int xtr_dp_port_start(struct xtr_dp *dp, unsigned index)
{
	const struct xtr_dp_port *p = &dp->ports[index];
	int rc = p->vlan ? 0 : rte_eth_dev_start(p->ethdev);

	/* routing protocols and neighbour discovery by Linux; a driver that cannot tell multicast
	 * from the rest takes all */
	if (rc == 0 && rte_eth_allmulticast_enable(p->ethdev) < 0)
		rte_eth_promiscuous_enable(p->ethdev);
	return rc;
}

void xtr_dp_port_close(struct xtr_dp *dp, unsigned index)
{
	struct xtr_dp_port *p = &dp->ports[index];
	struct rte_mbuf *m;

	if (p->vlan)
		return;
	rte_eth_dev_stop(p->ethdev);
	rte_eth_dev_close(p->ethdev);
	while (p->handoff && rte_ring_sc_dequeue(p->handoff, (void **)&m) == 0)
		rte_pktmbuf_free(m);
	rte_ring_free(p->handoff);
	p->handoff = NULL;
	free(p->vlans);
	p->vlans = NULL;
}
