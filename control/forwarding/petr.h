/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which PETRs are used (use-petr, RFC 6832 section 6.1): those of the best priority among the live.
 * Live means that there is a route, that the next hop resolves, and that it answers RLOC-probes
 * where it is probed. Control lcore only.
 *
 * While no PETR is live and the verdict on one is still out, natively-forward packets are held.
 */
#ifndef XTR_PETR_H
#define XTR_PETR_H

#include "control/ctl.h"

struct xtr_petrs;

/* The PETRs of the configuration, none of them used yet. NULL if memory is short. */
struct xtr_petrs *xtr_petrs_create(struct xtr_ctl *ctl);
void xtr_petrs_destroy(struct xtr_petrs *petrs);
/* The routes are known: from now on what becomes of a PETR is logged. */
void xtr_petrs_start(struct xtr_petrs *petrs);
/* The way to an RLOC, or what a probe says of one, has changed. */
void xtr_petrs_update(struct xtr_petrs *petrs);
/* A packet for a PETR while none is live yet: held, and true; false: it has its way by now. */
bool xtr_petrs_wait(struct xtr_petrs *petrs, struct rte_mbuf *m);
/* Routes or mappings changed: what waits for a PETR may have another way, its workers look again.
 */
void xtr_petrs_look_again(struct xtr_petrs *petrs);
/* The probe of an RLOC that is a PETR; NULL: none. */
const struct xtr_probe *xtr_petrs_probe(const struct xtr_petrs *petrs, const struct xtr_rloc *rloc);
/* `show petrs`: a new reference. */
json_t *xtr_petrs_show(const struct xtr_petrs *petrs);

#endif
