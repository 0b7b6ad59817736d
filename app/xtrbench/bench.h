/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * xtrbench: what its suites share. A suite is made of jobs, each of which runs in a process of its
 * own, so that the heap and the pages of one are not in the figures of another. A job measures
 * cases; a case gives samples, one a window, of which minimum, tenth and ninetieth percentile,
 * median and maximum are reported.
 */
#ifndef XTR_BENCH_H
#define XTR_BENCH_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define BENCH_WINDOWS 100 /* of a case, at most */

struct bench_job;

struct bench {
	FILE *out;                   /* to the process that prints: a JSON object a line */
	const char *only;            /* cases whose names begin so; NULL: all */
	unsigned windows;            /* of a case, 1 to BENCH_WINDOWS */
	const struct bench_job *job; /* that runs */
	bool stages;                 /* datapath: also what each stage takes */
	const char *write_dir;       /* datapath: packets go there, NULL: nowhere */
};

/* A part of a suite. */
struct bench_job {
	const char *suite;
	/* what the names of its cases begin with, up to a NULL; none: not known before it runs */
	const char *cases[8];
	/* after rte_eal_init(); 0, or negative with a line on stderr */
	int (*run)(struct bench *b);
	bool
	    own_network; /* it opens the sockets of the daemon: in a network namespace of its own */
	unsigned
	    lcores; /* that it runs on, each on a CPU of its own where there are so many; 0: one */
};

/* cpus.c. Before EAL pins this thread to one of them. */
void bench_find_cpus(void);
/* The CPUs to measure on: lcore 0's is the last that this process may use, as the first has most of
 * the system's own work; then the ones before it, in turn. */
int bench_cpu(unsigned lcore);
/* That many or fewer. */
unsigned bench_cpus(void);

/* Is this case asked for? A job of one case may as well measure it and leave it to the report. */
bool bench_wants(const struct bench *b, const char *name);

/* What a case was measured beside, window by window in turn, in the same process. */
struct bench_peer {
	const char *name;
	const char
	    *type; /* what of it, such as its fastest look-up function; NULL: nothing to say */
	double *samples; /* as many as ours */
};

/* Reports one figure if its case is asked for; sorts samples. */
void bench_report(struct bench *b, const char *suite, const char *name, const char *metric,
    const char *unit, double *samples, unsigned n);
/* The same beside a peer, whose samples are sorted too. */
void bench_report_peer(struct bench *b, const char *suite, const char *name, const char *metric,
    const char *unit, double *samples, unsigned n, const struct bench_peer *peer);

/* Says that a case can't be measured here, and why. */
void bench_skip(struct bench *b, const char *suite, const char *name, const char *why);

/* --- for main.c --- */

/* Says to the process that prints what runs here. */
void bench_report_machine(struct bench *b);
void bench_print_head(void);
void bench_print(const json_t *figure);
void bench_print_skipped(const json_t *skipped);

/* Jobs of the suites, each list up to one without a suite. */
extern const struct bench_job bench_mapcache_jobs[], bench_datapath_jobs[];
/* Suite datapath measures whatever a name says: is this one? Then it is the case of *job, and no
 * other; if it is one but for a mistake, negative with a line on stderr. */
int bench_datapath_named(const char *name, struct bench_job *job);
int bench_wire(struct bench *b);
int bench_auth(struct bench *b);

#endif
