/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What suite datapath measures on: a data plane whose ports are rings at both ends, with tables set
 * by hand, as the daemon has them with the configuration that bench_dp_config() writes.
 *
 * The site's EIDs are 10.1.0.0/16 and 2001:db8:1::/48; on the other side the core, with
 * 172.18.0.0/16 and 2001:db8:f2::/48, and this machine's RLOCs 172.16.1.2 and 2001:db8:f1::2. All
 * of 10.2.0.0/16 and 2001:db8:2::/48 is behind RLOC number 0, 172.32.0.1 or 2001:db8:f3::1.
 * Nobody knows of 100.0.0.0/8 and 3f00::/8.
 */
#ifndef XTR_BENCH_DATAPATH_LAB_H
#define XTR_BENCH_DATAPATH_LAB_H

#include <stdio.h>

#include "app/xtrbench/datapath_case.h"
#include "datapath/dp.h"

enum { BENCH_CORE, BENCH_SITE, BENCH_SITE2, BENCH_PORTS };

#define BENCH_MTU 9216u /* of tunnels and links */

struct bench_dp {
	const struct bench_case *c;
	struct xtr_dp *dp;
	unsigned n_ports;
	/* wires: by port and worker */
	struct rte_ring *rx[BENCH_PORTS][BENCH_CASE_WORKERS];
	struct rte_ring *tx[BENCH_PORTS][BENCH_CASE_WORKERS];
	/* addresses in many mappings, n_far of c->inner's length each, network order; NULL if the
	 * case has flows */
	uint8_t *far;
	unsigned n_far;
	uint32_t *each; /* datapath_run.c: cycles of each burst; NULL: not kept */
};

extern const uint8_t bench_mac[BENCH_PORTS][6], bench_neighbour_mac[BENCH_PORTS][6];

/* 0, or negative with a line on stderr; bench_dp_close() either way. */
int bench_dp_open(struct bench_dp *d, const struct bench_case *c);
void bench_dp_close(struct bench_dp *d);

/* datapath_config.c: the daemon's configuration for cases with flows, whose tunnels are of this
 * family, over these two devices; the daemon's own files are in dir. */
void bench_dp_config(FILE *to, unsigned outer, const char *core, const char *site, const char *dir);

/* datapath_many.c: c->mappings over c->rlocs, and addresses in them. 0, or negative. */
int bench_dp_many(struct bench_dp *d);
/* For it: RLOC number n's tunnel, or 0; an entry of the LISP table, 0 or negative. */
uint32_t bench_dp_tunnel(struct bench_dp *d, uint32_t n);
int bench_dp_mapping(struct bench_dp *d, const struct xtr_ip *ip, unsigned plen, uint32_t tunnel);

#endif
