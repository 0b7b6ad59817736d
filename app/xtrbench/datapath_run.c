/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/xtrbench/datapath_run.h"

uint64_t bench_stamp_cost(void)
{
	uint64_t least = UINT64_MAX;

	for (unsigned i = 0; i < 10000; i++) {
		uint64_t start = bench_stamp(), cycles = bench_stamp() - start;

		least = RTE_MIN(least, cycles);
	}
	return least;
}

static int give(struct bench_dp *d, unsigned worker, struct bench_source *s, unsigned n)
{
	struct rte_mbuf *m[XTR_BURST];

	for (unsigned some; n; n -= some) {
		some = RTE_MIN(n, (unsigned)XTR_BURST);
		if (bench_source_take(s, m, some) < 0)
			return -1;
		if (!rte_ring_sp_enqueue_bulk(d->rx[s->port][worker], (void **)m, some, NULL)) {
			rte_pktmbuf_free_bulk(m, some);
			return -1;
		}
	}
	return 0;
}

int bench_give(struct bench_dp *d, unsigned worker, struct bench_input *in, struct bench_count *n)
{
	for (unsigned i = 0; i < in->n_sources; i++) {
		uint64_t before = in->source[i].misses;

		if (give(d, worker, &in->source[i], in->n[i]) < 0)
			return -1;
		n->sent += in->n[i];
		n->misses += in->source[i].misses - before;
	}
	return 0;
}

unsigned bench_sent(struct bench_dp *d, unsigned worker, unsigned port, struct rte_mbuf **m)
{
	return rte_ring_sc_dequeue_burst(d->tx[port][worker], (void **)m, XTR_BURST, NULL);
}

void bench_clear(struct bench_dp *d, unsigned worker, struct bench_count *n)
{
	struct rte_mbuf *m[XTR_BURST];
	unsigned got;

	for (unsigned port = 0; port < d->n_ports; port++)
		while ((got = bench_sent(d, worker, port, m))) {
			n->left += got;
			rte_pktmbuf_free_bulk(m, got);
		}
	/* the ring is everybody's; only the control lcore takes from it */
	while (worker == 0 &&
	       (got = rte_ring_sc_dequeue_burst(d->dp->punt, (void **)m, XTR_BURST, NULL))) {
		n->punted += got;
		rte_pktmbuf_free_bulk(m, got);
	}
}

unsigned bench_turns(const struct bench_input *in)
{
	unsigned most = in->n_sources > 1 ? RTE_MAX(in->n[0], in->n[1]) : in->n[0];

	return (most + XTR_BURST - 1) / XTR_BURST;
}

double bench_window(struct bench_dp *d, unsigned worker, struct bench_input *in, uint64_t stamp,
    struct bench_count *n)
{
	struct xtr_worker *w = d->dp->workers[worker];
	unsigned burst = in->n[0] + (in->n_sources > 1 ? in->n[1] : 0);
	unsigned bursts = (BENCH_WINDOW + burst - 1) / burst, turns = bench_turns(in);
	uint64_t cycles = 0;

	for (unsigned k = 0; k < bursts; k++) {
		uint64_t start;

		if (bench_give(d, worker, in, n) < 0)
			return 0;
		rte_mb(); /* the source's stores are none of the worker's */
		start = bench_stamp();
		for (unsigned i = 0; i < turns; i++)
			xtr_worker_turn(w);
		cycles += bench_stamp() - start - stamp;
		bench_clear(d, worker, n);
	}
	return (double)cycles / ((double)bursts * burst);
}

void bench_worker_begin(struct bench_dp *d, unsigned worker)
{
	rte_rcu_qsbr_thread_register(d->dp->rcu.qsv, worker);
	rte_rcu_qsbr_thread_online(d->dp->rcu.qsv, worker);
}

void bench_worker_end(struct bench_dp *d, unsigned worker)
{
	rte_rcu_qsbr_thread_offline(d->dp->rcu.qsv, worker);
	rte_rcu_qsbr_thread_unregister(d->dp->rcu.qsv, worker);
}
