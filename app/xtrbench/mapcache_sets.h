/* SPDX-License-Identifier: BSD-3-Clause */
/* The prefixes and flows of suite mapcache: the same in every run. */
#ifndef XTR_BENCH_MAPCACHE_SETS_H
#define XTR_BENCH_MAPCACHE_SETS_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/addr.h"

struct bench_prefix {
	uint8_t b[16]; /* network order */
	uint8_t plen;
};

struct bench_set {
	const char *name; /* in those of its cases */
	unsigned af;
	unsigned n;     /* prefixes, all different */
	unsigned tbl8s; /* groups that the peer asks room for, and no more */
	unsigned seed;
	void (*make)(struct bench_prefix *p, unsigned i, const struct bench_prefix *before);
};

enum { BENCH_INTERNET, BENCH_HOST, BENCH_MIXED6, BENCH_RANDOM128, BENCH_SETS };
extern const struct bench_set bench_sets[BENCH_SETS];

/* splitmix64 */
uint64_t bench_random(void);
void bench_random_seed(uint64_t seed);
/* The set's prefixes, or NULL: no memory. The caller frees them. */
struct bench_prefix *bench_set_make(const struct bench_set *set);
/* A random address in a prefix. */
void bench_address(const struct bench_prefix *p, unsigned af, uint8_t *b);
struct xtr_ip bench_ip(const struct bench_prefix *p, unsigned af);

#endif
