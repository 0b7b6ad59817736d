/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * tx: frames gathered a port and sent a burst at a time, those of a VLAN with its tag among those
 * of its port. Where another worker owns the port, its ring takes them.
 */
#include "datapath/fast.h"
#include "datapath/mbuf.h"
#include "datapath/vlan.h"

#include <rte_ethdev.h>

/* n frames of m, of a port and of its VLANs, leave, or do not leave after all. */
static void count_mixed(
    struct xtr_worker *w, const struct xtr_dp_port *p, struct rte_mbuf **m, unsigned n, bool leave)
{
	uint64_t sign = leave ? 1 : ~0ull;

	w->counters[XTR_CTR_TX] += sign * n;
	for (unsigned i = 0; i < n; i++) {
		unsigned tag, from = xtr_vlan_sender(p, m[i], &tag);

		w->port_tx[from][0] += sign;
		w->port_tx[from][1] += sign * (m[i]->pkt_len - tag);
	}
}

/* For drivers that put tags in themselves. Returns how many of m the device takes. */
static unsigned prepare(
    struct xtr_worker *w, unsigned port, uint16_t queue, struct rte_mbuf **m, unsigned n)
{
	unsigned done = 0;

	while (done < n) {
		done += rte_eth_tx_prepare(
		    w->dp->ports[port].ethdev, queue, m + done, (uint16_t)(n - done));
		if (likely(done == n))
			break;
		xtr_drop(w, m[done], XTR_DROP_TX_REFUSED);
		n--;
		memmove(m + done, m + done + 1, (n - done) * sizeof(*m));
	}
	return n;
}

/* To the port's own queue. bytes: of all of them. */
static void send_burst(
    struct xtr_worker *w, unsigned port, struct rte_mbuf **m, unsigned n, uint64_t bytes)
{
	unsigned sent =
	    rte_eth_tx_burst(w->dp->ports[port].ethdev, w->tx_queue[port], m, (uint16_t)n);

	for (unsigned i = sent; i < n; i++) {
		bytes -= m[i]->pkt_len;
		xtr_drop(w, m[i], XTR_DROP_TX_FULL);
	}
	w->counters[XTR_CTR_TX] += sent;
	w->port_tx[port][0] += sent;
	w->port_tx[port][1] += bytes;
}

static void flush(struct xtr_worker *w, unsigned port)
{
	struct xtr_dp_port *p = &w->dp->ports[port];
	struct rte_mbuf **m = w->tx[port];
	unsigned n = w->n_tx[port], sent;
	uint64_t bytes = 0;
	uint16_t queue = w->tx_queue[port];

	w->n_tx[port] = 0;
	if (queue == UINT16_MAX) {
		sent = rte_ring_mp_enqueue_burst(p->handoff, (void **)m, n, NULL);
		for (unsigned i = sent; i < n; i++)
			xtr_drop(w, m[i], XTR_DROP_TX_HANDOFF);
		return;
	}
	if (unlikely(!__atomic_load_n(&p->up, __ATOMIC_RELAXED))) {
		for (unsigned i = 0; i < n; i++)
			xtr_drop(w, m[i], XTR_DROP_TX_DOWN);
		return;
	}
	if (unlikely(p->offloads & XTR_OFFLOAD_VLAN_INSERT))
		n = prepare(w, port, queue, m, n);
	if (unlikely(p->vlans != NULL)) {
		count_mixed(w, p, m, n, true); /* once sent they are not ours to look at */
		sent = rte_eth_tx_burst(p->ethdev, queue, m, (uint16_t)n);
		count_mixed(w, p, m + sent, n - sent, false);
		for (unsigned i = sent; i < n; i++)
			xtr_drop(w, m[i], XTR_DROP_TX_FULL);
		return;
	}
	for (unsigned i = 0; i < n; i++)
		bytes += m[i]->pkt_len;
	send_burst(w, port, m, n, bytes);
}

static void queue_frame(struct xtr_worker *w, unsigned port, struct rte_mbuf *m)
{
	const struct xtr_dp_port *p = &w->dp->ports[port];

	if (unlikely(p->vlan)) {
		if (unlikely(!xtr_vlan_tag(p, m))) {
			xtr_drop(w, m, XTR_DROP_NO_HEADROOM);
			return;
		}
		port = p->parent;
	}
	w->tx[port][w->n_tx[port]++] = m;
	if (w->n_tx[port] == XTR_BURST)
		flush(w, port);
}

void xtr_stage_tx(struct xtr_worker *w, unsigned port, struct rte_mbuf *m)
{
	if (unlikely(w->trace != NULL)) {
		if (!w->dp->ports[port].up) {
			xtr_drop(w, m, XTR_DROP_TX_DOWN);
			return;
		}
		xtr_trace_add(w->trace, XTR_STEP_TX, port, 0);
		w->trace->frame = m;
		return;
	}
	if (unlikely(m->nb_segs > 1) && !(w->dp->ports[port].offloads & XTR_OFFLOAD_CHAINS) &&
	    !xtr_mbuf_gather(m, m->pkt_len)) {
		xtr_drop(w, m, XTR_DROP_TX_CHAIN);
		return;
	}
	queue_frame(w, port, m);
}

void xtr_stage_tx_flush(struct xtr_worker *w)
{
	for (unsigned port = 0; port < w->dp->n_ports; port++)
		if (w->n_tx[port])
			flush(w, port);
}

#define DIRECT 16u /* so many packets are worth a call of the driver's */

void xtr_fast_tx_one(
    struct xtr_worker *w, struct rte_mbuf **m, unsigned port, unsigned n, uint64_t bytes)
{
	unsigned room, some;

	if (unlikely(w->dp->ports[port].vlan)) {
		for (unsigned i = 0; i < n; i++)
			queue_frame(w, port, m[i]);
		return;
	}
	/* nothing waits that must leave before */
	if (n >= DIRECT && !w->n_tx[port] && w->tx_queue[port] != UINT16_MAX &&
	    likely(__atomic_load_n(&w->dp->ports[port].up, __ATOMIC_RELAXED))) {
		send_burst(w, port, m, n, bytes);
		return;
	}
	room = XTR_BURST - w->n_tx[port];
	some = RTE_MIN(n, room);
	memcpy(&w->tx[port][w->n_tx[port]], m, some * sizeof(*m));
	w->n_tx[port] = (uint16_t)(w->n_tx[port] + some);
	if (w->n_tx[port] == XTR_BURST) {
		flush(w, port);
		memcpy(w->tx[port], m + some, (n - some) * sizeof(*m));
		w->n_tx[port] = (uint16_t)(n - some);
	}
}

void xtr_fast_tx(
    struct xtr_worker *w, struct rte_mbuf **m, const uint8_t *ports, unsigned n, uint64_t bytes)
{
	unsigned differ = 0;

	for (unsigned i = 0; i < n; i++)
		differ |= ports[i] ^ ports[0];
	if (likely(n) && likely(!differ)) {
		xtr_fast_tx_one(w, m, ports[0], n, bytes);
		return;
	}
	for (unsigned i = 0; i < n; i++)
		queue_frame(w, ports[i], m[i]);
}
