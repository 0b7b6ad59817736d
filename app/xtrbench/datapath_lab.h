/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What suite datapath measures on: a data plane of one worker, whose two ports send into rings,
 * with tables set by hand; and frames for it.
 *
 * Site 10.1.0.0/16 on one port; on the other the core, with 172.16.2.0/24 and this machine's RLOC
 * 172.16.1.2. All of 10.2.0.0/16 is behind one RLOC.
 */
#ifndef XTR_BENCH_DATAPATH_LAB_H
#define XTR_BENCH_DATAPATH_LAB_H

#include "datapath/dp.h"

enum { BENCH_CORE, BENCH_SITE, BENCH_PORTS };

struct bench_dp {
	struct xtr_dp *dp;
	struct xtr_worker *w;
	struct rte_ring *sent[BENCH_PORTS];
	uint32_t *far; /* addresses in many mappings, network order; NULL but for bench_dp_many() */
	unsigned n_far;
};

/* 0, or negative with a line on stderr. */
int bench_dp_open(struct bench_dp *d);
void bench_dp_close(struct bench_dp *d);
/* Adds a million mappings, with lengths as in the Internet's table, over so many RLOCs. 0 or
 * negative. */
int bench_dp_many(struct bench_dp *d, unsigned rlocs);

#define BENCH_FRAME 60u /* bytes; the wire adds four */

/* Writes frame number n of a kind of packets; returns its length. */
typedef uint16_t bench_frame_fn(const struct bench_dp *d, uint8_t *p, unsigned n);
bench_frame_fn bench_frame_native, bench_frame_encap, bench_frame_far, bench_frame_decap;

#endif
