/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packets in several buffers. Headers are looked at in the first buffer only: where a driver cut
 * them apart they are gathered there first. Payload stays where it is.
 */
#ifndef XTR_DATAPATH_MBUF_H
#define XTR_DATAPATH_MBUF_H

#include <stdbool.h>
#include <rte_mbuf.h>

/* Bytes from an IP header on that the stages may look at: an IPv4 header with all its options, or
 * IPv6 with extension headers, and UDP and LISP behind it. A limit of its own, and not how the
 * packet happens to be cut, says how far they look: so a flow's packets all have one hash. */
#define XTR_HEADERS 128u

/* Any lcore that owns m. Moves bytes from the buffers behind into the first, until it has `want`
 * (at most m->pkt_len). False: it has not the room; m is still whole. */
bool xtr_mbuf_gather(struct rte_mbuf *m, uint32_t want);
/* As xtr_mbuf_cut(), for packets that are longer. */
void xtr_mbuf_cut_chain(struct rte_mbuf *m, uint32_t len);

/* Sees to it that of what starts at `off` the first XTR_HEADERS bytes, or all there are, stand in
 * the first buffer. False: they cannot. */
static inline bool xtr_mbuf_headers(struct rte_mbuf *m, unsigned off)
{
	if (likely(m->data_len == m->pkt_len) || m->data_len >= off + XTR_HEADERS)
		return true;
	return xtr_mbuf_gather(m, RTE_MIN(off + XTR_HEADERS, m->pkt_len));
}

/* Cuts what stands behind the first len bytes, in whatever buffer; len is at most m->pkt_len. */
static inline void xtr_mbuf_cut(struct rte_mbuf *m, uint32_t len)
{
	if (unlikely(m->pkt_len != len))
		xtr_mbuf_cut_chain(m, len);
}

#endif
