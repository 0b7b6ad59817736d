/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packets that are larger than their way allows (split.c). Worker lcores.
 */
#ifndef XTR_DATAPATH_SPLIT_H
#define XTR_DATAPATH_SPLIT_H

#include "datapath/dp.h"

#define XTR_IP6_MIN_MTU 1280u /* every IPv6 link carries this much (RFC 8200 section 5) */

/* Is this a packet that no router may call too big, and none may split? */
static inline bool xtr_split_must_pass(const void *ip, uint32_t len)
{
	return *(const uint8_t *)ip >> 4 == 6 && len <= XTR_IP6_MIN_MTU;
}

/*
 * An IP packet of more than `fits` bytes: in parts to the stage, which it comes from, or punted so
 * that its source is told. Takes m, which is as it came to the stage.
 */
void xtr_split_or_tell(struct xtr_worker *w, struct rte_mbuf *m, uint32_t fits,
    void (*stage)(struct xtr_worker *w, struct xtr_list *in));
/* An encapsulated packet, outer Ethernet header in front, that is larger than the tunnel's MTU: in
 * fragments of the outer header to tx. Takes m. */
void xtr_split_outer(struct xtr_worker *w, struct rte_mbuf *m, const struct xtr_tunnel *t);

#endif
