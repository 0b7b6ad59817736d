/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Turns of the worker's loop over packets that lie in its ports' rings, and the cycles they take.
 * The packets' source is not in the price, nor is their buffers' way back to the pool: that is the
 * NIC driver's, and rings stand in for NICs.
 */
#ifndef XTR_BENCH_DATAPATH_RUN_H
#define XTR_BENCH_DATAPATH_RUN_H

#include <rte_cycles.h>

#include "app/xtrbench/datapath_source.h"

#define BENCH_WINDOW 1000000u /* packets, or a few more: whole bursts */

/* What comes in at once: of each source so many packets. */
struct bench_input {
	struct bench_source source[2];
	unsigned n[2];
	unsigned n_sources;
};

struct bench_count {
	uint64_t sent, misses, left; /* packets given to the worker; of no mapping; that it sent */
	uint64_t punted;             /* to the control lcore, which is this program */
};

/* When all before it has been done. */
static inline uint64_t bench_stamp(void)
{
	uint64_t t;

	rte_rmb();
	t = rte_rdtsc();
	rte_rmb();
	return t;
}

/* Cycles between two stamps with nothing between them. Each thread that measures, once. */
uint64_t bench_stamp_cost(void);

/* Puts one burst of each source into the ports' rings. 0, or negative. */
int bench_give(struct bench_dp *d, unsigned worker, struct bench_input *in, struct bench_count *n);
/* What the worker sent to a port: XTR_BURST packets at most. The caller frees them. */
unsigned bench_sent(struct bench_dp *d, unsigned worker, unsigned port, struct rte_mbuf **m);
/* Frees all that left, and what was punted. */
void bench_clear(struct bench_dp *d, unsigned worker, struct bench_count *n);

/*
 * A million packets of the first input, and as many bursts of each of the others, in turn: what the
 * machine does meanwhile hits all of them alike. Cycles a packet of each, less the stamps' own. 0,
 * or negative: no buffers. The calling thread is the worker, for RCU too.
 */
#define BENCH_INPUTS 3u
int bench_windows(struct bench_dp *d, unsigned worker, struct bench_input *in, unsigned n_in,
    uint64_t stamp, struct bench_count *n, double *cycles);

/* From now on windows keep what each burst took: one worker only. 0 or negative. And the median of
 * that, cycles a packet, for input number v of the last windows: what a disturbed burst took is
 * not in it, where figures are to be taken from each other. */
int bench_keep_bursts(struct bench_dp *d, const struct bench_input *in);
double bench_median(struct bench_dp *d, const struct bench_input *in, unsigned v);

/* Packets of all sources at once. */
unsigned bench_burst(const struct bench_input *in);
/* Turns that the worker needs for a burst: it takes XTR_BURST of a port at once. */
unsigned bench_turns(const struct bench_input *in);

/* The calling thread is a worker from now on, or no longer. */
void bench_worker_begin(struct bench_dp *d, unsigned worker);
void bench_worker_end(struct bench_dp *d, unsigned worker);

/* datapath_check.c: the stages alone must make the same of the same packets as the fast path with
 * them, to the byte. dir: also written there, in.pcap and out.pcap; or NULL. */
int bench_check(struct bench_dp *d, const struct bench_input *in, const char *dir);

#endif
