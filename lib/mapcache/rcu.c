/* SPDX-License-Identifier: BSD-3-Clause */
#include "mapcache/rcu.h"

#include <errno.h>
#include <stdlib.h>

int xtr_rcu_init(struct xtr_rcu *rcu, unsigned max_readers)
{
	size_t size = rte_rcu_qsbr_get_memsize(max_readers ? max_readers : 1);

	rcu->qsv = aligned_alloc(RTE_CACHE_LINE_SIZE, RTE_ALIGN_CEIL(size, RTE_CACHE_LINE_SIZE));
	if (!rcu->qsv)
		return -ENOMEM;
	rte_rcu_qsbr_init(rcu->qsv, max_readers ? max_readers : 1);
	rcu->first = NULL;
	rcu->last = &rcu->first;
	rcu->waiting = 0;
	return 0;
}

static void call_first(struct xtr_rcu *rcu)
{
	struct xtr_rcu_head *head = rcu->first;

	rcu->first = head->next;
	if (!rcu->first)
		rcu->last = &rcu->first;
	rcu->waiting--;
	head->fn(head);
}

void xtr_rcu_fini(struct xtr_rcu *rcu)
{
	if (!rcu->qsv)
		return;
	while (rcu->first)
		call_first(rcu);
	free(rcu->qsv);
	rcu->qsv = NULL;
}

void xtr_rcu_defer(
    struct xtr_rcu *rcu, struct xtr_rcu_head *head, void (*fn)(struct xtr_rcu_head *))
{
	head->next = NULL;
	head->fn = fn;
	head->token = xtr_rcu_start(rcu);
	*rcu->last = head;
	rcu->last = &head->next;
	rcu->waiting++;
}

unsigned xtr_rcu_poll(struct xtr_rcu *rcu)
{
	/* what they defer themselves is a later call's */
	unsigned n = 0, max = rcu->waiting < XTR_RCU_POLL ? rcu->waiting : XTR_RCU_POLL;

	while (n < max && xtr_rcu_passed(rcu, rcu->first->token)) {
		call_first(rcu);
		n++;
	}
	return n;
}

uint64_t xtr_rcu_start(struct xtr_rcu *rcu)
{
	return rte_rcu_qsbr_start(rcu->qsv);
}

bool xtr_rcu_passed(struct xtr_rcu *rcu, uint64_t token)
{
	return rte_rcu_qsbr_check(rcu->qsv, token, false) == 1;
}
