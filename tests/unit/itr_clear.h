/* SPDX-License-Identifier: BSD-3-Clause */
/* Learned mappings go, all at once: a test has no loop that goes on meanwhile. */
#ifndef XTR_TEST_ITR_CLEAR_H
#define XTR_TEST_ITR_CLEAR_H

#include "control/lisp/itr.h"

/* Returns how many. */
static inline unsigned itr_clear(struct xtr_itr *itr, const struct xtr_eid *within, int64_t iid)
{
	struct xtr_itr_clearing c;

	xtr_itr_clear(&c, itr, within, iid);
	while (xtr_itr_clear_some(&c, 1000))
		;
	return c.cleared;
}

#endif
