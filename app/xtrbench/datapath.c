/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Suite datapath: cycles a packet of what a worker does, from the port's burst to the port's
 * burst, on one lcore. Frames of 64 bytes on the wire in bursts of 64; the source is not in the
 * price, nor are the buffers' way back to their pool: that is the NIC driver's, and rings stand in
 * for NICs.
 */
#include <stdio.h>
#include <string.h>
#include <rte_cycles.h>

#include "app/xtrbench/bench.h"
#include "app/xtrbench/datapath_lab.h"
#include "datapath/fast.h"

#define BURSTS_A_WINDOW 15625 /* a million packets */

struct dp_case {
	const char *name;
	unsigned port, flows;
	bench_frame_fn *frame;
	enum xtr_counter done; /* of each packet, else the figure is worth nothing */
};

static int make_burst(
    const struct bench_dp *d, const struct dp_case *c, unsigned *flow, struct rte_mbuf **m)
{
	if (rte_pktmbuf_alloc_bulk(d->dp->rx_pool, m, XTR_BURST) < 0)
		return -1;
	for (unsigned i = 0; i < XTR_BURST; i++) {
		m[i]->data_len = c->frame(d, rte_pktmbuf_mtod(m[i], uint8_t *), *flow);
		m[i]->pkt_len = m[i]->data_len;
		*flow = *flow + 1 < c->flows ? *flow + 1 : 0;
	}
	return 0;
}

/* What the worker's loop does with a burst. */
static void run_burst(struct bench_dp *d, unsigned port, struct rte_mbuf **m)
{
	unsigned left = xtr_fast_burst(d->w, port, m, XTR_BURST);

	if (left)
		xtr_stage_classify(d->w, port, m, left);
	xtr_stage_tx_flush(d->w);
	rte_rcu_qsbr_quiescent(d->dp->rcu.qsv, 0);
}

/* What left, of both ports: at most n. */
static unsigned take_sent(struct bench_dp *d, struct rte_mbuf **m, unsigned n)
{
	unsigned got = 0;

	for (unsigned port = 0; port < BENCH_PORTS; port++)
		got += rte_ring_dequeue_burst(d->sent[port], (void **)(m + got), n - got, NULL);
	return got;
}

/* The stages alone must make the same of the same packets, to the byte. */
static bool same_as_stages(struct bench_dp *d, const struct dp_case *c)
{
	struct rte_mbuf *a[XTR_BURST], *b[XTR_BURST];
	unsigned flow_a = 0, flow_b = 0, n;
	bool same;

	if (make_burst(d, c, &flow_a, a) < 0)
		return false;
	run_burst(d, c->port, a);
	n = take_sent(d, a, XTR_BURST);
	same = n == XTR_BURST && make_burst(d, c, &flow_b, b) == 0;
	d->dp->stages_only = true;
	if (same) {
		run_burst(d, c->port, b);
		same = take_sent(d, b, XTR_BURST) == n;
	}
	d->dp->stages_only = false;
	for (unsigned i = 0; i < n && same; i++)
		same = a[i]->pkt_len == b[i]->pkt_len &&
		       !memcmp(rte_pktmbuf_mtod(a[i], void *), rte_pktmbuf_mtod(b[i], void *),
			   a[i]->pkt_len);
	rte_pktmbuf_free_bulk(a, n);
	if (same)
		rte_pktmbuf_free_bulk(b, n);
	return same;
}

/* Cycles a packet; 0: no buffers. */
static double window(struct bench_dp *d, const struct dp_case *c, unsigned *flow)
{
	uint64_t cycles = 0;

	for (unsigned k = 0; k < BURSTS_A_WINDOW; k++) {
		struct rte_mbuf *m[XTR_BURST];
		uint64_t start;

		if (make_burst(d, c, flow, m) < 0)
			return 0;
		rte_mb(); /* the source's stores are none of the worker's */
		start = rte_rdtsc();
		run_burst(d, c->port, m);
		cycles += rte_rdtsc() - start;
		rte_pktmbuf_free_bulk(m, take_sent(d, m, XTR_BURST));
	}
	return (double)cycles / (BURSTS_A_WINDOW * XTR_BURST);
}

static int measure(struct bench *b, struct bench_dp *d, const struct dp_case *c)
{
	double samples[BENCH_WINDOWS];
	uint64_t before, packets = (uint64_t)b->windows * BURSTS_A_WINDOW * XTR_BURST;
	unsigned flow = 0;

	if (!bench_wants(b, c->name))
		return 0;
	if (!same_as_stages(d, c)) {
		fprintf(stderr, "xtrbench: %s: not what the stages make of it\n", c->name);
		return -1;
	}
	before = d->w->counters[c->done];
	for (unsigned i = 0; i < b->windows; i++)
		samples[i] = window(d, c, &flow);
	if (d->w->counters[c->done] - before != packets) {
		fprintf(stderr, "xtrbench: %s: %lu of %lu packets done\n", c->name,
		    (unsigned long)(d->w->counters[c->done] - before), (unsigned long)packets);
		return -1;
	}
	bench_report(b, "datapath", c->name, "cycles_per_packet", "cycles", samples, b->windows);
	return 0;
}

static int run_few(struct bench *b)
{
	static const struct dp_case cases[] = {
	    {"native4/flows=1", BENCH_CORE, 1, bench_frame_native, XTR_CTR_NATIVE},
	    {"encap4in4/flows=1", BENCH_SITE, 1, bench_frame_encap, XTR_CTR_ENCAP},
	    {"encap4in4/flows=1000", BENCH_SITE, 1000, bench_frame_encap, XTR_CTR_ENCAP},
	    {"decap4in4/flows=1", BENCH_CORE, 1, bench_frame_decap, XTR_CTR_DECAP},
	    {"decap4in4/flows=1000", BENCH_CORE, 1000, bench_frame_decap, XTR_CTR_DECAP},
	};
	struct bench_dp d;
	int rc = bench_dp_open(&d);

	for (unsigned i = 0; i < RTE_DIM(cases) && !rc; i++)
		rc = measure(b, &d, &cases[i]);
	if (!rc)
		bench_dp_close(&d);
	return rc;
}

static int run_many(struct bench *b, const char *name, unsigned rlocs)
{
	struct dp_case c = {name, BENCH_SITE, 1u << 20, bench_frame_far, XTR_CTR_ENCAP};
	struct bench_dp d;
	int rc = bench_dp_open(&d);

	if (!rc)
		rc = bench_dp_many(&d, rlocs);
	if (!rc)
		rc = measure(b, &d, &c);
	if (!rc)
		bench_dp_close(&d);
	return rc;
}

static int run_mappings(struct bench *b)
{
	return run_many(b, "encap4in4/mappings=1m", 1024);
}

static int run_rlocs(struct bench *b)
{
	return run_many(b, "encap4in4/rlocs=100k", 100000);
}

const struct bench_job bench_datapath_jobs[] = {
    {.suite = "datapath",
	.cases = {"native4/flows=", "encap4in4/flows=", "decap4in4/flows="},
	.run = run_few},
    {.suite = "datapath", .cases = {"encap4in4/mappings=1m"}, .run = run_mappings},
    {.suite = "datapath", .cases = {"encap4in4/rlocs=100k"}, .run = run_rlocs},
    {.suite = NULL},
};
