/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Totals that instances share, learned mappings and pendings: a heap for each, so that who holds
 * the most is known without a walk.
 */
#include "control/lisp/itr_internal.h"

#include <errno.h>
#include <stdlib.h>

int itr_share_room(struct xtr_itr *itr)
{
	unsigned more = itr->max_instances ? itr->max_instances * 2 : 16;

	if (itr->n_instances < itr->max_instances)
		return 0;
	for (unsigned k = 0; k < ITR_KINDS; k++) {
		struct instance **p = reallocarray(itr->most[k], more, sizeof(struct instance *));

		if (!p)
			return -ENOMEM;
		itr->most[k] = p;
	}
	itr->max_instances = more;
	return 0;
}

void itr_share_fini(struct xtr_itr *itr)
{
	for (unsigned k = 0; k < ITR_KINDS; k++)
		free(itr->most[k]);
}

static void place(struct xtr_itr *itr, enum itr_kind k, unsigned at, struct instance *inst)
{
	itr->most[k][at] = inst;
	inst->at[k] = at;
}

void itr_share_join(struct xtr_itr *itr, struct instance *inst)
{
	/* with nothing, it belongs to the end */
	for (unsigned k = 0; k < ITR_KINDS; k++)
		place(itr, k, itr->n_instances, inst);
	itr->n_instances++;
}

static void rise(struct xtr_itr *itr, enum itr_kind k, struct instance *inst)
{
	unsigned at = inst->at[k];

	while (at && itr->most[k][(at - 1) / 2]->held[k] < inst->held[k]) {
		place(itr, k, at, itr->most[k][(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	place(itr, k, at, inst);
}

static void sink(struct xtr_itr *itr, enum itr_kind k, struct instance *inst)
{
	unsigned at = inst->at[k], below;

	while ((below = 2 * at + 1) < itr->n_instances) {
		if (below + 1 < itr->n_instances &&
		    itr->most[k][below + 1]->held[k] > itr->most[k][below]->held[k])
			below++;
		if (itr->most[k][below]->held[k] <= inst->held[k])
			break;
		place(itr, k, at, itr->most[k][below]);
		at = below;
	}
	place(itr, k, at, inst);
}

void itr_share_change(struct xtr_itr *itr, struct instance *inst, enum itr_kind kind, int delta)
{
	if (delta > 0) {
		itr->total[kind]++;
		itr->sharing[kind] += inst->held[kind]++ == 0;
		rise(itr, kind, inst);
	} else {
		itr->total[kind]--;
		itr->sharing[kind] -= --inst->held[kind] == 0;
		sink(itr, kind, inst);
	}
}

struct instance *itr_share_payer(struct xtr_itr *itr, struct instance *inst, enum itr_kind kind)
{
	unsigned sharing = itr->sharing[kind] + !inst->held[kind];

	if (inst->held[kind] && inst->held[kind] >= itr->total[kind] / sharing)
		return inst;
	return itr->most[kind][0];
}
