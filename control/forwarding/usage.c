/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/forwarding/usage.h"

#include "control/forwarding/mapping.h"

bool xtr_usage_used(void *arg, const struct xtr_mapping *m)
{
	const struct xtr_ctl *ctl = arg;
	struct xtr_fwd *fwd = xtr_pool_at(&ctl->dp->fwd, xtr_mapping_entry(m));

	/* entry 0 is "no match", which nothing marks */
	return __atomic_load_n(&fwd->used, __ATOMIC_RELAXED) &&
	       __atomic_exchange_n(&fwd->used, 0, __ATOMIC_RELAXED);
}

/* What the workers have counted at an index, for whomever. */
static struct xtr_rloc_count sum(const struct xtr_dp *dp, uint32_t index)
{
	struct xtr_rloc_count c = {0};

	for (unsigned i = 0; i < dp->n_workers; i++) {
		c.packets += dp->workers[i]->entry[index].packets;
		c.bytes += dp->workers[i]->entry[index].bytes;
	}
	return c;
}

uint32_t xtr_usage_word1(struct xtr_ctl *ctl, struct xtr_mapping *m)
{
	if (!m->count)
		return 0;
	if (!m->counted) {
		m->counted = xtr_pool_get(&ctl->dp->counted);
		/* a grace period has passed since the one before had it: nobody adds to that */
		if (m->counted)
			*(struct xtr_rloc_count *)xtr_pool_at(&ctl->dp->counted, m->counted) =
			    sum(ctl->dp, m->counted);
	}
	return m->counted << XTR_FWD_COUNT_SHIFT;
}

bool xtr_usage_counts(void *arg, const struct xtr_mapping *m, uint64_t count[2])
{
	const struct xtr_ctl *ctl = arg;
	const struct xtr_rloc_count *base = xtr_pool_at(&ctl->dp->counted, m->counted);
	struct xtr_rloc_count now;

	if (!m->count || !m->counted)
		return false;
	now = sum(ctl->dp, m->counted);
	count[0] = now.packets - base->packets;
	count[1] = now.bytes - base->bytes;
	return true;
}

void xtr_usage_end(struct xtr_ctl *ctl, struct xtr_mapping *m)
{
	xtr_pool_put(&ctl->dp->counted, m->counted);
	m->counted = 0;
}
