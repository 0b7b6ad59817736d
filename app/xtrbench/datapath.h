/* SPDX-License-Identifier: BSD-3-Clause */
/* Suite datapath: one case while it is measured. */
#ifndef XTR_BENCH_DATAPATH_H
#define XTR_BENCH_DATAPATH_H

#include "app/xtrbench/bench.h"
#include "app/xtrbench/datapath_run.h"

#define DATAPATH_VARIANTS BENCH_INPUTS /* by enum bench_mix */

struct datapath {
	struct bench *b;
	const struct bench_case *c;
	struct bench_dp d;
	struct bench_input inputs[DATAPATH_VARIANTS]; /* what comes, measured in turn */
	unsigned variants;
	uint64_t drops_before[XTR_DROP_N];
	struct bench_count count[BENCH_CASE_WORKERS];
	/* cycles a packet of each window */
	double samples[DATAPATH_VARIANTS][BENCH_CASE_WORKERS][BENCH_WINDOWS];
	/* of each variant's bursts in a window, where there are several: the medians */
	double medians[DATAPATH_VARIANTS][BENCH_WINDOWS];
	/* of the first worker while the others wait, where there are several */
	double alone[BENCH_WINDOWS];
};

/* Each measures and reports. 0 or negative with a line on stderr. */
int bench_datapath_measure(struct datapath *p); /* datapath_measure.c */
int bench_datapath_beside(struct datapath *p);  /* datapath_peer.c */
int bench_datapath_stages(struct datapath *p);  /* datapath_stages.c */

#endif
