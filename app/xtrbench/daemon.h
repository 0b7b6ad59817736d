/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The daemon inside xtrbench: the whole of its control lcore and tables over two ports that lead
 * nowhere, without workers, in a network namespace without a network. It learns mappings by
 * Map-Replies to what it asked.
 */
#ifndef XTR_BENCH_DAEMON_H
#define XTR_BENCH_DAEMON_H

#include "control/ctl.h"

#define BENCH_RLOCS 1024u

struct bench_daemon {
	char dir[32]; /* its configuration, its state */
	struct xtr_config *cfg;
	struct xtr_dp *dp;
	struct xtr_ctl *ctl;
};

/* 0, or negative with a line on stderr; bench_daemon_stop() either way. routes: five of them, one
 * to the RLOCs; else none, and nothing can be learned that packets could be sent by. */
int bench_daemon_start(struct bench_daemon *d, bool routes);
void bench_daemon_stop(struct bench_daemon *d);
/* Turns of its loop until nothing is left to do. */
void bench_daemon_settle(struct bench_daemon *d);
/*
 * A packet from the site asks for `host`, and the answer is that `eid`, which covers it, is at RLOC
 * number `rloc`. 0, or -EAGAIN: too many are being resolved (clock and loop have to go on), or
 * another negative errno: it is not in the map-cache now.
 */
int bench_daemon_learn(struct bench_daemon *d, const struct xtr_eid *eid,
    const struct xtr_eid *host, unsigned rloc, uint32_t ttl_min);

/* What its parts say that they have, bytes. */
struct bench_parts {
	double engine;  /* tables of all instances */
	double entries; /* forwarding entries */
	double sets;    /* locator sets, tunnels, next hops */
	double instances;
};
void bench_daemon_parts(const struct bench_daemon *d, struct bench_parts *parts);

#endif
