/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * xtrbench: what its suites share. A suite measures cases; a case gives samples, one a window, of
 * which minimum, tenth percentile, median and maximum are reported.
 */
#ifndef XTR_BENCH_H
#define XTR_BENCH_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define BENCH_WINDOWS 100

struct bench {
	json_t *figures; /* array */
	bool quiet;      /* JSON only at the end: no table */
};

/* Adds one figure; sorts samples. lower_is_better decides what "min" means to nobody: all are
 * given. */
void bench_report(struct bench *b, const char *suite, const char *name, const char *metric,
    const char *unit, double *samples, unsigned n);

/* The same beside a peer's samples of the same run, as many; ratio is ours / peer's, of medians. */
void bench_report_peer(struct bench *b, const char *suite, const char *name, const char *metric,
    const char *unit, double *samples, const char *peer, double *peer_samples, unsigned n);

/* Suites. 0, or negative errno with a line on stderr. */
int bench_wire(struct bench *b);
int bench_auth(struct bench *b);
int bench_mapcache(struct bench *b);
int bench_datapath(struct bench *b);

#endif
