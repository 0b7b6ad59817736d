/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/xtrbench/datapath_run.h"

#include <stdlib.h>

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

unsigned bench_burst(const struct bench_input *in)
{
	return in->n[0] + (in->n_sources > 1 ? in->n[1] : 0);
}

unsigned bench_turns(const struct bench_input *in)
{
	unsigned most = in->n_sources > 1 ? RTE_MAX(in->n[0], in->n[1]) : in->n[0];

	return (most + XTR_BURST - 1) / XTR_BURST;
}

/* One burst of each source. Cycles, or 0: no buffers. */
static uint64_t burst(struct bench_dp *d, unsigned worker, struct bench_input *in, uint64_t stamp,
    struct bench_count *n)
{
	unsigned turns = bench_turns(in);
	uint64_t start, cycles;

	if (bench_give(d, worker, in, n) < 0)
		return 0;
	rte_mb(); /* the source's stores are none of the worker's */
	start = bench_stamp();
	for (unsigned i = 0; i < turns; i++)
		xtr_worker_turn(d->dp->workers[worker]);
	cycles = bench_stamp() - start - stamp;
	bench_clear(d, worker, n);
	return cycles;
}

static unsigned bursts_of(const struct bench_input *in)
{
	return (BENCH_WINDOW + bench_burst(in) - 1) / bench_burst(in);
}

int bench_windows(struct bench_dp *d, unsigned worker, struct bench_input *in, unsigned n_in,
    uint64_t stamp, struct bench_count *n, double *cycles)
{
	uint64_t sum[BENCH_INPUTS] = {0};
	unsigned bursts = bursts_of(in);

	for (unsigned k = 0; k < bursts; k++)
		for (unsigned v = 0; v < n_in; v++) {
			uint64_t some = burst(d, worker, &in[v], stamp, n);

			if (!some)
				return -1;
			sum[v] += some;
			if (d->each)
				d->each[v * bursts + k] = (uint32_t)RTE_MIN(some, UINT32_MAX);
		}
	for (unsigned v = 0; v < n_in; v++)
		cycles[v] = (double)sum[v] / ((double)bursts * bench_burst(&in[v]));
	return 0;
}

int bench_keep_bursts(struct bench_dp *d, const struct bench_input *in)
{
	d->each = calloc((size_t)bursts_of(in) * BENCH_INPUTS, sizeof(*d->each));
	return d->each ? 0 : -1;
}

static int by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

double bench_median(struct bench_dp *d, const struct bench_input *in, unsigned v)
{
	unsigned bursts = bursts_of(in);
	uint32_t *each = d->each + (size_t)v * bursts;

	qsort(each, bursts, sizeof(*each), by_value);
	return (double)each[bursts / 2] / bench_burst(&in[v]);
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
