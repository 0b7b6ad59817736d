/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the stages decided about one made-up packet, step by step. The control lcore runs such a
 * packet through a worker of its own (struct xtr_worker with `trace` set), which nothing leaves: no
 * frame, no punt, no counter that `show` adds up. Workers on lcores of their own have no trace.
 */
#ifndef XTR_DATAPATH_TRACE_H
#define XTR_DATAPATH_TRACE_H

#include <stdint.h>

#define XTR_TRACE_STEPS 32

enum xtr_step {           /* value; more */
	XTR_STEP_SOURCE,  /* entry of the EID database for the source, 0: none; enum
			    xtr_eligible */
	XTR_STEP_MATCH,   /* entry found in the LISP view, or for other sources in the routes */
	XTR_STEP_PETR,    /* entry that natively-forward leads to */
	XTR_STEP_ROUTES,  /* entry found in the routes, for an entry that says so */
	XTR_STEP_NEXTHOP, /* index of the next hop */
	XTR_STEP_TUNNEL,  /* index of the tunnel */
	XTR_STEP_DECAP,   /* index of the instance */
	XTR_STEP_RLOC,    /* DECAP: entry that the source was found in; enum xtr_source_rloc */
	/* the last one */
	XTR_STEP_GATE, /* a closed gate: the packet waits for others */
	XTR_STEP_PUNT, /* enum xtr_punt; its id */
	XTR_STEP_DROP, /* enum xtr_drop */
	XTR_STEP_TX,   /* port */
};

struct rte_mbuf;

struct xtr_trace {
	unsigned n;
	struct {
		enum xtr_step step;
		uint32_t value, more;
	} steps[XTR_TRACE_STEPS];
	struct rte_mbuf *frame; /* TX: what would have left; the reader's to free */
};

static inline void xtr_trace_add(
    struct xtr_trace *t, enum xtr_step step, uint32_t value, uint32_t more)
{
	if (t->n == XTR_TRACE_STEPS)
		return;
	t->steps[t->n].step = step;
	t->steps[t->n].value = value;
	t->steps[t->n++].more = more;
}

#endif
