/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where the cycles go: the parts of a turn, timed one by one, and the fast path's steps, by a copy
 * of it that has clocks inside. The clocks cost some cycles that are taken off again, and keep the
 * processor from doing two parts at once: together they take longer than the turn as it is.
 */
#include "app/xtrbench/datapath.h"

#include <string.h>
#include <rte_ethdev.h>

#include "datapath/fast.h"

enum { RX, FAST, STAGES, TX, IDLE, N_PARTS };

static const char *const names[N_PARTS] = {
    [RX] = "rx", [FAST] = "fast-path", [STAGES] = "stages", [TX] = "tx", [IDLE] = "quiescent"};

static const char *const steps[XTR_FAST_STEPS_N] = {[XTR_FAST_LOAD] = "load",
    [XTR_FAST_CHECK] = "check",
    [XTR_FAST_LOOKUP] = "lookup",
    [XTR_FAST_FOLLOW] = "follow",
    [XTR_FAST_INSIDE] = "inside",
    [XTR_FAST_INNER] = "inner",
    [XTR_FAST_HEADERS] = "headers",
    [XTR_FAST_TX] = "tx"};

struct clock {
	uint64_t last, cost, cycles[N_PARTS];
};

static void lap(struct clock *c, unsigned part)
{
	uint64_t now = bench_stamp();

	c->cycles[part] += now - c->last - c->cost;
	c->last = now;
}

/* The parts of xtr_worker_turn() that packets of ports without VLANs go through. */
static void turn(struct xtr_worker *w, struct clock *c, xtr_fast_fn *fast)
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
			got = fast(w, port, m, got);
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

/* Between two readings of the TSC without more. */
static uint64_t reading_cost(void)
{
	uint64_t least = UINT64_MAX;

	for (unsigned i = 0; i < 10000; i++) {
		uint64_t start = rte_rdtsc(), cycles = rte_rdtsc() - start;

		least = RTE_MIN(least, cycles);
	}
	return least;
}

/* A million packets. Cycles a packet by part; 0, or negative: no buffers. */
static int window(
    struct datapath *p, struct bench_input *in, uint64_t stamp, xtr_fast_fn *fast, double *cycles)
{
	unsigned burst = bench_burst(in), bursts = (BENCH_WINDOW + burst - 1) / burst;
	struct clock c = {.cost = stamp};

	for (unsigned k = 0; k < bursts; k++) {
		if (bench_give(&p->d, 0, in, &p->count[0]) < 0)
			return -1;
		rte_mb();
		for (unsigned i = 0; i < bench_turns(in); i++)
			turn(p->d.dp->workers[0], &c, fast);
		bench_clear(&p->d, 0, &p->count[0]);
	}
	for (unsigned i = 0; i < N_PARTS; i++)
		cycles[i] = (double)c.cycles[i] / ((double)bursts * burst);
	return 0;
}

/* The same by step of the fast path. */
static int window_steps(
    struct datapath *p, struct bench_input *in, uint64_t stamp, uint64_t reading, double *cycles)
{
	double parts[N_PARTS], packets;
	unsigned burst = bench_burst(in);

	memset(&xtr_fast_steps, 0, sizeof(xtr_fast_steps));
	if (window(p, in, stamp, xtr_fast_burst_steps, parts) < 0)
		return -1;
	packets = (double)((BENCH_WINDOW + burst - 1) / burst) * burst;
	for (unsigned i = 0; i < XTR_FAST_STEPS_N; i++)
		cycles[i] = (double)(int64_t)(xtr_fast_steps.cycles[i] -
					      xtr_fast_steps.stamps[i] * reading) /
			    packets;
	return 0;
}

static void report(struct datapath *p, const char *stage, double *samples)
{
	char name[192];

	snprintf(name, sizeof(name), "%s/stage=%s", p->c->name, stage);
	bench_report(p->b, "datapath", name, "stage_cycles", "cycles", samples, p->b->windows);
}

int bench_datapath_stages(struct datapath *p)
{
	double whole[BENCH_WINDOWS], parts[N_PARTS][BENCH_WINDOWS],
	    step[XTR_FAST_STEPS_N][BENCH_WINDOWS];
	uint64_t stamp = bench_stamp_cost(), reading = reading_cost();
	struct bench_input in = p->inputs[0];
	char name[32];

	bench_worker_begin(&p->d, 0);
	for (unsigned i = 0; i < p->b->windows; i++) {
		double a[N_PARTS], b[XTR_FAST_STEPS_N];

		if (bench_windows(&p->d, 0, &in, 1, stamp, &p->count[0], &whole[i]) < 0 ||
		    window(p, &in, stamp, xtr_fast_burst, a) < 0 ||
		    window_steps(p, &in, stamp, reading, b) < 0) {
			fprintf(stderr, "xtrbench: %s: no buffers\n", p->c->name);
			return -1;
		}
		for (unsigned k = 0; k < N_PARTS; k++)
			parts[k][i] = a[k];
		for (unsigned k = 0; k < XTR_FAST_STEPS_N; k++)
			step[k][i] = b[k];
	}
	bench_worker_end(&p->d, 0);
	bench_report(
	    p->b, "datapath", p->c->name, "cycles_per_packet", "cycles", whole, p->b->windows);
	for (unsigned k = 0; k < N_PARTS; k++) {
		report(p, names[k], parts[k]);
		for (unsigned s = 0; k == FAST && s < XTR_FAST_STEPS_N; s++)
			if (xtr_fast_steps.stamps[s]) {
				snprintf(name, sizeof(name), "fast-path/%s", steps[s]);
				report(p, name, step[s]);
			}
	}
	return 0;
}
