/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where the cycles go: the parts of a turn, timed one by one. The clock between them costs some
 * cycles that are taken off again, and keeps the processor from doing two parts at once: together
 * they take longer than the turn as it is.
 */
#include "app/xtrbench/datapath.h"

#include <rte_ethdev.h>

#include "datapath/fast.h"

enum { RX, FAST, STAGES, TX, IDLE, N_PARTS };

static const char *const names[N_PARTS] = {
    [RX] = "rx", [FAST] = "fast-path", [STAGES] = "stages", [TX] = "tx", [IDLE] = "quiescent"};

struct clock {
	uint64_t last, cost, cycles[N_PARTS];
};

static void lap(struct clock *c, unsigned part)
{
	uint64_t now = bench_stamp();

	c->cycles[part] += now - c->last - c->cost;
	c->last = now;
}

/* The parts of xtr_worker_turn() that packets of ports go through. */
static void turn(struct xtr_worker *w, struct clock *c)
{
	struct xtr_dp *dp = w->dp;

	c->last = bench_stamp();
	w->now = c->last;
	for (unsigned i = 0; i < w->n_queues; i++) {
		unsigned port = w->queues[i].port;
		struct rte_mbuf *m[XTR_BURST];
		unsigned got =
		    rte_eth_rx_burst(dp->ports[port].ethdev, w->queues[i].queue, m, XTR_BURST);

		lap(c, RX);
		if (got) {
			got = xtr_fast_burst(w, port, m, got);
			lap(c, FAST);
		}
		if (got) {
			xtr_stage_classify(w, port, m, got);
			lap(c, STAGES);
		}
	}
	xtr_stage_tx_flush(w);
	lap(c, TX);
	rte_rcu_qsbr_quiescent(dp->rcu.qsv, w->index);
	lap(c, IDLE);
}

/* 0, or negative: no buffers. */
static int window(struct datapath *p, struct bench_input *in, double *cycles, uint64_t stamp)
{
	unsigned burst = bench_burst(in), bursts = (BENCH_WINDOW + burst - 1) / burst;
	struct clock c = {.cost = stamp};

	for (unsigned k = 0; k < bursts; k++) {
		if (bench_give(&p->d, 0, in, &p->count[0]) < 0)
			return -1;
		rte_mb();
		for (unsigned i = 0; i < bench_turns(in); i++)
			turn(p->d.dp->workers[0], &c);
		bench_clear(&p->d, 0, &p->count[0]);
	}
	for (unsigned i = 0; i < N_PARTS; i++)
		cycles[i] = (double)c.cycles[i] / ((double)bursts * burst);
	return 0;
}

int bench_datapath_stages(struct datapath *p)
{
	double samples[N_PARTS + 1][BENCH_WINDOWS];
	uint64_t stamp = bench_stamp_cost();
	struct bench_input in = p->inputs[0];
	char name[160];

	bench_worker_begin(&p->d, 0);
	for (unsigned i = 0; i < p->b->windows; i++) {
		double cycles[N_PARTS];

		if (bench_windows(&p->d, 0, &in, 1, stamp, &p->count[0], &samples[N_PARTS][i]) <
			0 ||
		    window(p, &in, cycles, stamp) < 0) {
			fprintf(stderr, "xtrbench: %s: no buffers\n", p->c->name);
			return -1;
		}
		for (unsigned k = 0; k < N_PARTS; k++)
			samples[k][i] = cycles[k];
	}
	bench_worker_end(&p->d, 0);
	bench_report(p->b, "datapath", p->c->name, "cycles_per_packet", "cycles", samples[N_PARTS],
	    p->b->windows);
	for (unsigned k = 0; k < N_PARTS; k++) {
		snprintf(name, sizeof(name), "%s/stage=%s", p->c->name, names[k]);
		bench_report(
		    p->b, "datapath", name, "stage_cycles", "cycles", samples[k], p->b->windows);
	}
	return 0;
}
