/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * 802.1Q tags in frames, and in the mbufs of devices that take them off or put them in. Worker
 * lcores.
 */
#ifndef XTR_DATAPATH_VLAN_H
#define XTR_DATAPATH_VLAN_H

#include <rte_ether.h>
#include "datapath/dp.h"
#include "datapath/fast.h"

/* Does a tag stand where this type stands, in network order? 802.1Q's, or those of 802.1ad and of
 * what came before it, which nothing here has a use for. */
static inline bool xtr_vlan_is_tag(uint16_t type)
{
	return type == RTE_BE16(RTE_ETHER_TYPE_VLAN) || type == RTE_BE16(RTE_ETHER_TYPE_QINQ) ||
	       type == RTE_BE16(RTE_ETHER_TYPE_QINQ1);
}

/* A frame leaves by interface p, a VLAN: its tag, with priority 0, goes into the frame, or where
 * the device does that into the mbuf. False: there is no room for it. */
static inline bool xtr_vlan_tag(const struct xtr_dp_port *p, struct rte_mbuf *m)
{
	uint32_t tag = rte_cpu_to_be_32((uint32_t)RTE_ETHER_TYPE_VLAN << 16 | p->vlan);
	uint64_t a;
	uint32_t b;
	char *eth;

	if (p->offloads & XTR_OFFLOAD_VLAN_INSERT) {
		m->vlan_tci = p->vlan;
		m->ol_flags |= RTE_MBUF_F_TX_VLAN;
		return true;
	}
	eth = rte_pktmbuf_prepend(m, XTR_VLAN_TAG);
	if (unlikely(!eth))
		return false;
	memcpy(&a, eth + XTR_VLAN_TAG, 8);
	memcpy(&b, eth + XTR_VLAN_TAG + 8, 4);
	memcpy(eth, &a, 8);
	memcpy(eth + 8, &b, 4);
	memcpy(eth + 12, &tag, 4);
	return true;
}

/* By which interface a frame in the queue of port p leaves; *tag: bytes that the tag takes in it.
 */
static inline unsigned xtr_vlan_sender(
    const struct xtr_dp_port *p, const struct rte_mbuf *m, unsigned *tag)
{
	const uint8_t *eth = rte_pktmbuf_mtod(m, const uint8_t *);
	uint16_t type, tci;

	*tag = 0;
	if (m->ol_flags & RTE_MBUF_F_TX_VLAN)
		return p->vlans[m->vlan_tci & XTR_VLAN_MASK];
	memcpy(&type, eth + 12, 2);
	memcpy(&tci, eth + 14, 2);
	if (type != RTE_BE16(RTE_ETHER_TYPE_VLAN))
		return p->parent;
	*tag = XTR_VLAN_TAG;
	return p->vlans[rte_be_to_cpu_16(tci) & XTR_VLAN_MASK];
}

/* Frames of one interface, untagged: to the fast path, and what that leaves to the stages. */
static inline void xtr_receive(struct xtr_worker *w, unsigned port, struct rte_mbuf **m, unsigned n)
{
	n = xtr_fast_burst(w, port, m, n);
	if (n)
		xtr_stage_classify(w, port, m, n);
}

#endif
