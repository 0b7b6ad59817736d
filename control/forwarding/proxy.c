/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * For whom we are a PETR: the configuration's proxy-etr into tables that workers read (RFC 6832
 * section 6).
 */
#include "control/ctl.h"

#include <errno.h>

/* A rule under construction: those that are full hang behind the first. */
struct rule {
	struct xtr_dp *dp;
	uint32_t first;
};

static int add_rloc(struct rule *r, const struct xtr_eid *rloc)
{
	struct xtr_petr_rule *rule = xtr_pool_at(&r->dp->petr_rule, r->first);

	if (!r->first || rule->n == XTR_PETR_RLOCS) {
		uint32_t index = xtr_pool_get(&r->dp->petr_rule);

		if (!index)
			return -ENOMEM;
		rule = xtr_pool_at(&r->dp->petr_rule, index);
		rule->next = r->first;
		r->first = index;
	}
	rule->rloc[rule->n].af = rloc->ip.af;
	rule->rloc[rule->n].plen = rloc->plen;
	memcpy(rule->rloc[rule->n++].ip, rloc->ip.b, sizeof(rloc->ip.b));
	return 0;
}

/* What comes from a source EID of this prefix may come from the RLOCs of all that cover it. */
static int build_rule(struct xtr_ctl *ctl, const struct xtr_eid *eid, uint32_t *index)
{
	struct rule r = {.dp = ctl->dp};
	int rc = 0;

	for (unsigned i = 0; i < ctl->cfg->n_proxy_etr; i++) {
		const struct xtr_cfg_proxy_etr *p = &ctl->cfg->proxy_etr[i];
		bool covers = false;

		for (unsigned e = 0; e < p->n_eids; e++)
			covers |= xtr_eid_covers(&p->eids[e], eid);
		for (unsigned l = 0; covers && l < p->n_rlocs && !rc; l++)
			rc = add_rloc(&r, &p->rlocs[l]);
	}
	*index = r.first;
	return rc;
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
	if (build_rule(ctl, eid, &rule) < 0)
		return -ENOMEM;
	return rule ? xtr_lpm_set(lpm, &eid->ip, eid->plen, rule) : 0;
}

int xtr_ctl_install_proxy_etr(struct xtr_ctl *ctl)
{
	int rc = 0;

	for (unsigned i = 0; i < ctl->cfg->n_proxy_etr && !rc; i++)
		for (unsigned e = 0; e < ctl->cfg->proxy_etr[i].n_eids && !rc; e++)
			rc = install(ctl, &ctl->cfg->proxy_etr[i].eids[e]);
	return rc;
}
