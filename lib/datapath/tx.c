/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * tx: frames gathered a port and sent a burst at a time. Where the port belongs to another worker,
 * its ring takes them.
 */
#include "datapath/fast.h"
#include "datapath/mbuf.h"

#include <rte_ethdev.h>

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

	w->n_tx[port] = 0;
	if (w->tx_queue[port] == UINT16_MAX) {
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
	for (unsigned i = 0; i < n; i++)
		bytes += m[i]->pkt_len;
	send_burst(w, port, m, n, bytes);
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
	if (unlikely(m->nb_segs > 1) && !w->dp->ports[port].chains &&
	    !xtr_mbuf_gather(m, m->pkt_len)) {
		xtr_drop(w, m, XTR_DROP_TX_CHAIN);
		return;
	}
	w->tx[port][w->n_tx[port]++] = m;
	if (w->n_tx[port] == XTR_BURST)
		flush(w, port);
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
	unsigned room = XTR_BURST - w->n_tx[port], some = RTE_MIN(n, room);

	/* nothing waits that must leave before */
	if (n >= DIRECT && !w->n_tx[port] && w->tx_queue[port] != UINT16_MAX &&
	    likely(__atomic_load_n(&w->dp->ports[port].up, __ATOMIC_RELAXED))) {
		send_burst(w, port, m, n, bytes);
		return;
	}
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
	for (unsigned i = 0; i < n; i++) {
		unsigned port = ports[i];

		w->tx[port][w->n_tx[port]++] = m[i];
		if (w->n_tx[port] == XTR_BURST)
			flush(w, port);
	}
}
