/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packets that the control lcore makes itself, and what it asks of others.
 */
#ifndef XTR_PACKET_H
#define XTR_PACKET_H

#include "datapath/dp.h"

/*
 * A packet of the control lcore's pool with these bytes, in as many segments as they need, and
 * zeroed struct xtr_pkt. NULL if buffers are short: counted.
 */
struct rte_mbuf *xtr_packet_make(struct xtr_dp *dp, const void *data, uint32_t len);

/* Addresses of a packet that a worker has checked, of either family. Control lcore. */
struct xtr_ip xtr_packet_source(struct rte_mbuf *m);
struct xtr_ip xtr_packet_destination(struct rte_mbuf *m);

#endif
