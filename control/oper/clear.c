/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/oper/clear.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SLICE_US 300u
#define ENTRIES  4u /* between two looks at the clock: a few microseconds each, or tens */

struct xtr_oper_clear {
	struct xtr_itr_clearing clearing;
	struct xtr_oper_clears *all;
	void (*done)(void *arg, unsigned cleared);
	void *arg;
	TAILQ_ENTRY(xtr_oper_clear) next;
};

static void end(void *state)
{
	struct xtr_oper_clear *c = state;

	TAILQ_REMOVE(c->all, c, next);
	free(c);
}

void xtr_oper_clear_some(struct xtr_oper_clears *all)
{
	uint64_t until = xtr_monotonic_us() + SLICE_US;
	struct xtr_oper_clear *c = TAILQ_FIRST(all);

	if (!c)
		return;
	while (xtr_itr_clear_some(&c->clearing, ENTRIES))
		if (xtr_monotonic_us() >= until)
			return;
	c->done(c->arg, c->clearing.cleared);
	end(c);
}

struct xtr_oper_clear *xtr_oper_clear_begin(struct xtr_oper_clears *all, struct xtr_itr *itr,
    const struct xtr_eid *within, int64_t iid, void (*done)(void *arg, unsigned cleared), void *arg)
{
	struct xtr_oper_clear *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	xtr_itr_clear(&c->clearing, itr, within, iid);
	c->all = all;
	c->done = done;
	c->arg = arg;
	TAILQ_INSERT_TAIL(all, c, next);
	return c;
}

static void answer(void *later, unsigned cleared)
{
	xtr_oper_answer(
	    later, json_pack("{s:I}", "cleared", (json_int_t)cleared), strerror(ENOMEM));
}

int xtr_oper_clear(struct xtr_oper_clears *all, struct xtr_itr *itr, const struct xtr_eid *within,
    int64_t iid, struct xtr_oper_later *later)
{
	later->cancel = end;
	later->state = xtr_oper_clear_begin(all, itr, within, iid, answer, later);
	if (!later->state)
		return -ENOMEM;
	xtr_oper_clear_some(all);
	return 0;
}
