/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The operator's command "clear map-cache", done a part at a time and answered at the end. One
 * after the other, where several are asked for. A client that goes away ends its own.
 */
#ifndef XTR_OPER_CLEAR_H
#define XTR_OPER_CLEAR_H

#include <sys/queue.h>
#include "control/lisp/itr.h"
#include "control/oper/oper.h"

struct xtr_oper_clear;
TAILQ_HEAD(xtr_oper_clears, xtr_oper_clear); /* those that are not done */

/* Begins one, of what xtr_itr_clear() says, which calls done() when it is done: from
 * xtr_oper_clear_some(). NULL if memory is short. */
struct xtr_oper_clear *xtr_oper_clear_begin(struct xtr_oper_clears *all, struct xtr_itr *itr,
    const struct xtr_eid *within, int64_t iid, void (*done)(void *arg, unsigned cleared),
    void *arg);
/* The command, its words read: begins one, and answers at once if it is done soon. 0 or -ENOMEM. */
int xtr_oper_clear(struct xtr_oper_clears *all, struct xtr_itr *itr, const struct xtr_eid *within,
    int64_t iid, struct xtr_oper_later *later);
/* Goes on, for some tenths of a millisecond. */
void xtr_oper_clear_some(struct xtr_oper_clears *all);

#endif
