/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * For whom we are a PETR: the configuration's proxy-etr into tables that workers read (RFC 6832
 * section 6).
 */
#include "control/ctl.h"

#include <errno.h>
#include <stdlib.h>

/* What comes from a source EID of this prefix may come from the RLOCs of all that cover it. 0:
 * memory is short. */
static uint32_t build_rule(struct xtr_ctl *ctl, const struct xtr_eid *eid)
{
	struct xtr_rule_rloc *list = NULL;
	uint32_t rule = 0;
	unsigned n = 0;

	for (unsigned i = 0; i < ctl->cfg->n_proxy_etr; i++) {
		const struct xtr_cfg_proxy_etr *p = &ctl->cfg->proxy_etr[i];
		struct xtr_rule_rloc *more;
		bool covers = false;

		for (unsigned e = 0; e < p->n_eids; e++)
			covers |= xtr_eid_covers(&p->eids[e], eid);
		if (!covers)
			continue;
		more = reallocarray(list, n + p->n_rlocs, sizeof(*list));
		if (!more)
			goto out;
		list = more;
		for (unsigned l = 0; l < p->n_rlocs; l++)
			list[n++] = xtr_rule_rloc(&p->rlocs[l].ip, p->rlocs[l].plen);
	}
	rule = xtr_rules_get(xtr_fib_rules(ctl->fib), list, n);
out:
	free(list);
	return rule;
}

static int install(struct xtr_ctl *ctl, const struct xtr_eid *eid)
{
	int inst = xtr_fib_instance(ctl->fib, eid->iid);
	struct xtr_instance *instance;
	struct xtr_lpm *lpm;
	uint32_t rule;

	if (inst < 0)
		return inst;
	instance = &ctl->dp->instances[inst];
	lpm = (struct xtr_lpm *)(uintptr_t)instance->petr; /* workers see it const */
	if (!lpm) {
		lpm = xtr_lpm_create(&ctl->dp->rcu);
		if (!lpm)
			return -ENOMEM;
		instance->petr = lpm;
	}
	if (xtr_lpm_get(lpm, &eid->ip, eid->plen))
		return 0; /* another group has it too: that rule is both's */
	rule = build_rule(ctl, eid);
	return rule ? xtr_lpm_set(lpm, &eid->ip, eid->plen, rule) : -ENOMEM;
}

int xtr_ctl_install_proxy_etr(struct xtr_ctl *ctl)
{
	int rc = 0;

	for (unsigned i = 0; i < ctl->cfg->n_proxy_etr && !rc; i++)
		for (unsigned e = 0; e < ctl->cfg->proxy_etr[i].n_eids && !rc; e++)
			rc = install(ctl, &ctl->cfg->proxy_etr[i].eids[e]);
	return rc;
}
