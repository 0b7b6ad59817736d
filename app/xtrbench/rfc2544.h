/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * RFC 2544 section 26.1, throughput: the highest rate at which a device under test loses no frame.
 * The device is another process or machine; two ports of ours are its neighbours at the site and in
 * the core. What is sent are the frames of suite datapath's cases, with a number at their end.
 */
#ifndef XTR_BENCH_RFC2544_H
#define XTR_BENCH_RFC2544_H

#include "app/xtrbench/datapath_source.h"

/* At the end of each frame's payload. */
struct stamp {
	uint32_t magic, trial; /* network order, as all of it */
	uint64_t number;
};
#define STAMP_LEN 16u

struct tester {
	/* set by the caller */
	uint16_t ethdev[2]; /* BENCH_CORE, BENCH_SITE: ours, towards these of the device's ports */
	struct rte_mempool *pool;
	struct bench_source *source;
	unsigned wait_ms; /* for frames that are still on their way */
	volatile const bool *stop;
	/* of this file */
	uint32_t trial;
};

struct trial {
	uint64_t sent, received;
	uint64_t twice, late; /* received again; after one with a higher number */
	double seconds;       /* that sending took */
	double rate;          /* frames a second, really offered */
};

/* Offers `rate` frames a second (0: as many as the port takes) for so long, and counts what comes
 * through. 0, or negative errno: -EINTR, it is to stop. */
int bench_trial(struct tester *t, double rate, double seconds, struct trial *result);
/* Waits until frames come through, a frame each ten milliseconds. 0, -ETIMEDOUT, -EINTR. */
int bench_trial_wait(struct tester *t, double seconds);

/* rfc2544_search.c: whatever a trial is. */
struct search {
	int (*run)(void *arg, double rate, double seconds, struct trial *result);
	void *arg;
	double max;        /* highest rate to try, frames a second */
	double seconds;    /* of the trials that search */
	double decides;    /* of the last one, whose result counts */
	double loss;       /* share of frames that may be lost */
	double resolution; /* share of the rate */
};

struct found {
	double rate; /* offered without loss, 0: none was found */
	struct trial last;
	unsigned trials;
	bool lossy; /* a higher rate lost frames; else it could not be offered */
};

/* 0, or negative: a trial failed. */
int bench_search(const struct search *s, struct found *f);

/* The command: xtrbench rfc2544 ... Exit status. */
int bench_rfc2544(int argc, char **argv);

#endif
