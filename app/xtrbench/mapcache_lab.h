/* SPDX-License-Identifier: BSD-3-Clause */
/* Suite mapcache: a table, its peer, and flows through both. */
#ifndef XTR_BENCH_MAPCACHE_LAB_H
#define XTR_BENCH_MAPCACHE_LAB_H

#include "app/xtrbench/bench.h"
#include "app/xtrbench/mapcache_peer.h"
#include "mapcache/lpm.h"

#define LAB_BATCH     64u        /* keys of a call */
#define LAB_BATCHES   (1u << 14) /* calls of a window: 1,048,576 look-ups */
#define LAB_FLOWS_MAX 1000000u

struct lab {
	struct bench *b;
	struct xtr_rcu rcu;
	const struct bench_set *set;
	struct bench_prefix *p; /* of the set; values are indexes + 1 */
	struct xtr_lpm *lpm;
	struct bench_fib peer;
	/* a flow each */
	const struct xtr_lpm **tables;
	uint32_t *keys; /* network order */
	uint32_t *host; /* host order, as rte_fib wants them */
	uint8_t (*keys6)[16];
	uint64_t sum; /* of what was found, so that nothing is left out */
};

/* The set's prefixes in a table, and flows to random ones of them. 0 or negative errno with a line
 * on stderr. */
int lab_open(struct lab *l, struct bench *b, const struct bench_set *set);
void lab_close(struct lab *l);
int lab_fill(struct lab *l, struct xtr_lpm *lpm, const struct bench_prefix *p, unsigned n);

/*
 * One window over the first `flows`: cycles a look-up. tables is one a flow, or LAB_BATCH of them
 * for all (each).
 */
double lab_window(struct lab *l, const struct xtr_lpm *const *tables, bool each, unsigned flows);
double lab_window_peer(struct lab *l, unsigned flows);
/* The peer's fastest look-up function for so many flows, which it uses from now on. */
const char *lab_best(struct lab *l, unsigned flows);

/* mapcache_update.c, on an open lab; 0 or negative. */
int lab_updates(struct lab *l, const char *name);
int lab_inserts(struct lab *l, unsigned plen, const char *name);

/* Jobs. */
int bench_mapcache_tenants(struct bench *b);
int bench_mapcache_entries(struct bench *b);
int bench_mapcache_empty(struct bench *b);
int bench_mapcache_empty_routes(struct bench *b);
int bench_mapcache_instances(struct bench *b);
int bench_mapcache_learned(struct bench *b);

#endif
