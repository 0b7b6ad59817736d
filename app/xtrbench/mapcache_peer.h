/* SPDX-License-Identifier: BSD-3-Clause */
/* The peers of suite mapcache: rte_fib for IPv4, rte_fib6 for IPv6. */
#ifndef XTR_BENCH_MAPCACHE_PEER_H
#define XTR_BENCH_MAPCACHE_PEER_H

#include <stddef.h>
#include <rte_fib.h>
#include <rte_fib6.h>

#include "app/xtrbench/mapcache_sets.h"

struct bench_fib {
	struct rte_fib *fib;   /* the one of the set's family, */
	struct rte_fib6 *fib6; /* if it holds the set */
	size_t bytes;
};

/* Makes and fills the peer, values from 1 on. It may not hold the set: then there is none, and a
 * line on stderr says so. */
void bench_fib_make(struct bench_fib *f, const struct bench_set *set, const struct bench_prefix *p);
void bench_fib_free(struct bench_fib *f);
static inline bool bench_fib_there(const struct bench_fib *f)
{
	return f->fib || f->fib6;
}
/* Takes a prefix out and puts it back with this value. 0 or negative errno. */
int bench_fib_update(
    struct bench_fib *f, const struct bench_prefix *p, unsigned af, uint64_t value);

/* Uses look-up function number i. *name is what it is called, NULL: there are no more. False: this
 * machine has it not. */
bool bench_fib_use(struct bench_fib *f, unsigned i, const char **name);

#endif
