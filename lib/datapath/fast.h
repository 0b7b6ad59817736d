/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The fast path: whole bursts of plain packets, from the port to tx, with little more than a look
 * at each. It does what the stages do for the packets that nearly all traffic is made of: untagged
 * Ethernet to the port's address, IPv4 without options, not fragmented, or IPv6 without extension
 * headers, in one buffer, with hops left, and a way that is ready. What it cannot finish it leaves
 * untouched for the stages.
 *
 * Steps are loops over the burst, with what each needs side by side in arrays (fast_way.h). They
 * are compiled for several instruction sets.
 */
#ifndef XTR_DATAPATH_FAST_H
#define XTR_DATAPATH_FAST_H

#include "datapath/dp.h"

/* Worker lcore. Sends what it can of the n packets (1 to XTR_BURST) that have just come from a
 * port; the others stay in front, in their order. Returns how many. */
typedef unsigned xtr_fast_fn(struct xtr_worker *w, unsigned port, struct rte_mbuf **m, unsigned n);
xtr_fast_fn xtr_fast_burst;

/* Tests and measurements, while no worker runs: as xtr_lpm_use(). The best that the machine has is
 * chosen at start. */
bool xtr_fast_use(enum xtr_lpm_way way);

/* What the fast path spends its time on. */
enum xtr_fast_step {
	XTR_FAST_LOAD,    /* buffers and headers, as they stand */
	XTR_FAST_CHECK,   /* may it go this way; the flow's hash */
	XTR_FAST_LOOKUP,  /* of sources and destinations */
	XTR_FAST_FOLLOW,  /* what was found */
	XTR_FAST_INSIDE,  /* decapsulation: headers inside loaded and checked */
	XTR_FAST_INNER,   /* decapsulation: look-ups for what is inside */
	XTR_FAST_HEADERS, /* tunnel or next hop; headers written */
	XTR_FAST_TX,
	XTR_FAST_STEPS_N
};

/*
 * A second copy of the fast path, which measures: link `datapath_steps` and call this instead, in
 * the way that xtr_fast_use() chose. Adds up TSC cycles by step, of all bursts since the caller
 * cleared them; `stamps` counts the TSC's readings, whose own price is in there.
 */
struct xtr_fast_steps {
	uint64_t last, cycles[XTR_FAST_STEPS_N], stamps[XTR_FAST_STEPS_N];
};
extern struct xtr_fast_steps xtr_fast_steps;
xtr_fast_fn xtr_fast_burst_steps;

/* --- for the files of the fast path --- */

xtr_fast_fn xtr_fast_burst_scalar, xtr_fast_burst_avx2, xtr_fast_burst_avx512;
xtr_fast_fn xtr_fast_burst_scalar_steps, xtr_fast_burst_avx2_steps, xtr_fast_burst_avx512_steps;
/* In which way bursts go now. */
enum xtr_lpm_way xtr_fast_using(void);

/* tx.c. Queues or sends all n for one port, in their order; bytes: of all. */
void xtr_fast_tx_one(
    struct xtr_worker *w, struct rte_mbuf **m, unsigned port, unsigned n, uint64_t bytes);
/* The same for the ports named. */
void xtr_fast_tx(
    struct xtr_worker *w, struct rte_mbuf **m, const uint8_t *ports, unsigned n, uint64_t bytes);

#endif
