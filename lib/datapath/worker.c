/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The loop of a worker lcore: inject ring, gates, ports, tx, quiescent state. It never allocates,
 * logs or waits, and makes a system call only to sleep when there is nothing to do and back-off is
 * on.
 */
#include "datapath/vlan.h"

#include <sys/prctl.h>
#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>

#define IDLE_POLLS 64 /* empty turns before the first microsecond of sleep */

/* What the control lcore sends out or runs through the pipeline again. */
static unsigned run_injected(struct xtr_worker *w)
{
	unsigned total = 0, n;

	do {
		struct rte_mbuf *m[XTR_BURST];
		struct xtr_list resume = {0}, inner = {0};

		n = rte_ring_sc_dequeue_burst(w->inject, (void **)m, XTR_BURST, NULL);
		for (unsigned i = 0; i < n; i++) {
			struct xtr_pkt *pkt = xtr_pkt(m[i]);

			if (!pkt->arrival)
				pkt->arrival = xtr_arrival(w);
			if (pkt->inject == XTR_INJECT_TX)
				xtr_stage_tx(w, pkt->out, m[i]);
			else if (pkt->inject == XTR_INJECT_RESUME)
				xtr_list_add(&resume, m[i]);
			else
				xtr_list_add(&inner, m[i]);
		}
		if (resume.n)
			xtr_stage_lookup(w, &resume);
		if (inner.n)
			xtr_stage_decap_inner(w, &inner);
		total += n;
	} while (n == XTR_BURST);
	w->counters[XTR_CTR_INJECTED] += total;
	return total;
}

static unsigned run_handoff(struct xtr_worker *w, unsigned port)
{
	struct rte_mbuf *m[XTR_BURST];
	unsigned n =
	    rte_ring_sc_dequeue_burst(w->dp->ports[port].handoff, (void **)m, XTR_BURST, NULL);

	for (unsigned i = 0; i < n; i++)
		xtr_stage_tx(w, port, m[i]);
	return n;
}

unsigned xtr_worker_turn(struct xtr_worker *w)
{
	struct xtr_dp *dp = w->dp;
	/* Read before the inject ring is emptied: all that was put there before the gate opened
	 * leaves first. */
	uint32_t gate = __atomic_load_n(&dp->gate_open, __ATOMIC_ACQUIRE);
	unsigned n = 0;

	w->now = rte_rdtsc();
	n += run_injected(w);
	if (unlikely(gate != w->gate_seen)) {
		w->gate_seen = gate;
		if (w->n_gate)
			xtr_stage_gate_open(w);
	}
	for (unsigned i = 0; i < w->n_queues; i++) {
		unsigned port = w->queues[i].port;
		struct rte_mbuf *m[XTR_BURST];
		uint16_t got =
		    rte_eth_rx_burst(dp->ports[port].ethdev, w->queues[i].queue, m, XTR_BURST);

		n += got;
		if (got && unlikely(dp->ports[port].vlans != NULL))
			xtr_stage_vlan(w, port, m, got);
		else if (got)
			xtr_receive(w, port, m, got);
		if (dp->ports[port].handoff && w->tx_queue[port] != UINT16_MAX)
			n += run_handoff(w, port);
	}
	xtr_stage_tx_flush(w);
	rte_rcu_qsbr_quiescent(dp->rcu.qsv, w->index);
	w->polls++;
	if (n)
		w->busy_cycles += rte_rdtsc() - w->now;
	else
		w->idle_polls++;
	return n;
}

/* After some empty polls sleep a microsecond more each time, at most what fills the rx ring. */
static void back_off(struct xtr_worker *w)
{
	unsigned us;

	if (++w->idle <= IDLE_POLLS)
		return;
	us = RTE_MIN(w->idle - IDLE_POLLS, w->max_sleep_us);
	w->sleeps++;
	rte_delay_us_sleep(us);
}

int xtr_worker_run(void *arg)
{
	struct xtr_worker *w = arg;
	struct xtr_dp *dp = w->dp;

	prctl(PR_SET_TIMERSLACK,
	    1000ul); /* ns: the default of 50 us would make each sleep that long */
	rte_rcu_qsbr_thread_register(dp->rcu.qsv, w->index);
	rte_rcu_qsbr_thread_online(dp->rcu.qsv, w->index);
	while (!__atomic_load_n(&dp->stop, __ATOMIC_RELAXED)) {
		if (xtr_worker_turn(w))
			w->idle = 0;
		else if (w->backoff)
			back_off(w);
	}
	rte_rcu_qsbr_thread_offline(dp->rcu.qsv, w->index);
	rte_rcu_qsbr_thread_unregister(dp->rcu.qsv, w->index);
	return 0;
}
