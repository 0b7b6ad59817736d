/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/forwarding/fib.h"

#include <errno.h>
#include <stdlib.h>

/*
 * What a prefix leads to by each source is not kept here: routes and own EID prefixes stand in
 * tables of their own, and a LISP entry in the view, whatever there is neither a route nor an own
 * EID prefix. Only LISP entries that the view does not show are kept beside it.
 */
struct view {                   /* of an instance */
	struct xtr_lpm *hidden; /* NULL: never any */
	bool filled;            /* it has the routes */
};

struct xtr_fib {
	struct xtr_dp *dp;
	struct xtr_sets *sets;
	struct xtr_rules *rules;
	struct view *views; /* by instance index */
};

struct xtr_fib *xtr_fib_create(struct xtr_dp *dp)
{
	struct xtr_fib *fib = calloc(1, sizeof(*fib));

	if (!fib)
		return NULL;
	fib->dp = dp;
	fib->views = calloc(XTR_DP_INSTANCES, sizeof(*fib->views));
	fib->sets = xtr_sets_create(&dp->set);
	fib->rules = xtr_rules_create(&dp->rloc_rule);
	for (unsigned i = 0; fib->views && i < dp->n_instances; i++)
		fib->views[i].filled = true; /* there are no routes yet */
	if (fib->views && fib->sets && fib->rules)
		return fib;
	xtr_sets_destroy(fib->sets);
	xtr_rules_destroy(fib->rules);
	free(fib->views);
	free(fib);
	return NULL;
}

void xtr_fib_destroy(struct xtr_fib *fib)
{
	if (!fib)
		return;
	for (unsigned i = 0; i < fib->dp->n_instances; i++)
		xtr_lpm_destroy(fib->views[i].hidden);
	xtr_sets_destroy(fib->sets);
	xtr_rules_destroy(fib->rules);
	free(fib->views);
	free(fib);
}

int xtr_fib_choose(
    struct xtr_fib *fib, struct xtr_set_member *list, unsigned n, struct xtr_fwd *fwd)
{
	return xtr_sets_choose(fib->sets, list, n, fwd);
}

uint32_t xtr_fib_entry(struct xtr_fib *fib, const struct xtr_fwd *fwd)
{
	uint32_t index = xtr_pool_get(&fib->dp->fwd);

	if (!index) {
		xtr_sets_release(fib->sets, fwd);
		return 0;
	}
	*(struct xtr_fwd *)xtr_pool_at(&fib->dp->fwd, index) = *fwd;
	if (fib->dp->entry_rule[index]) /* its page may have no memory, and needs none */
		fib->dp->entry_rule[index] = 0;
	return index;
}

int xtr_fib_allow(struct xtr_fib *fib, uint32_t entry, struct xtr_rule_rloc *list, unsigned n)
{
	uint32_t rule = xtr_rules_get(fib->rules, list, n);

	if (!rule)
		return -ENOMEM;
	fib->dp->entry_rule[entry] = rule;
	return 0;
}

struct xtr_rules *xtr_fib_rules(const struct xtr_fib *fib)
{
	return fib->rules;
}

void xtr_fib_put_entry(struct xtr_fib *fib, uint32_t entry)
{
	if (!entry)
		return;
	xtr_sets_release(fib->sets, xtr_pool_at(&fib->dp->fwd, entry));
	/* workers may still read the rule's index: the next who gets the entry clears it */
	xtr_rules_put(fib->rules, fib->dp->entry_rule[entry]);
	xtr_pool_put(&fib->dp->fwd, entry);
}

static const struct xtr_fwd *at(const struct xtr_fib *fib, uint32_t entry)
{
	return xtr_pool_at(&fib->dp->fwd, entry);
}

static struct xtr_lpm *table(const struct xtr_lpm *lpm)
{
	return (struct xtr_lpm *)(uintptr_t)lpm; /* workers see it const; this lcore writes it */
}

static struct xtr_lpm *routes(const struct xtr_fib *fib)
{
	return table(fib->dp->instances[0].routes);
}

static struct xtr_lpm *database(const struct xtr_fib *fib, unsigned inst)
{
	return table(fib->dp->instances[inst].database);
}

static uint32_t get_hidden(
    const struct xtr_fib *fib, unsigned inst, const struct xtr_ip *ip, unsigned plen)
{
	const struct xtr_lpm *hidden = fib->views[inst].hidden;

	return hidden ? xtr_lpm_get(hidden, ip, plen) : 0;
}

static int set_hidden(
    struct xtr_fib *fib, unsigned inst, const struct xtr_ip *ip, unsigned plen, uint32_t entry)
{
	struct view *view = &fib->views[inst];

	if (!view->hidden)
		view->hidden = xtr_lpm_create(&fib->dp->rcu);
	return view->hidden ? xtr_lpm_set(view->hidden, ip, plen, entry) : -ENOMEM;
}

static void del_hidden(struct xtr_fib *fib, unsigned inst, const struct xtr_ip *ip, unsigned plen)
{
	if (fib->views[inst].hidden)
		xtr_lpm_del(fib->views[inst].hidden, ip, plen);
}

static bool is_local(const struct xtr_fib *fib, uint32_t route)
{
	return route && at(fib, route)->action == XTR_FWD_LOCAL &&
	       at(fib, route)->reason != XTR_LOCAL_ROUTE;
}

/* Does an own EID prefix cover this one? That of length `but` does not count. */
static bool covered_by_own(
    const struct xtr_fib *fib, unsigned inst, const struct xtr_ip *ip, unsigned plen, unsigned but)
{
	const struct xtr_lpm *own = database(fib, inst);
	unsigned len = plen;

	if (plen != but && xtr_lpm_get(own, ip, plen))
		return true;
	while (xtr_lpm_covering(own, ip, len, &len))
		if (len != but)
			return true;
	return false;
}

#define NO_LEN 255u

/* What the instance's LISP view should hold for a prefix whose LISP entry this is (0: none). */
static uint32_t merged(
    const struct xtr_fib *fib, unsigned inst, const struct xtr_ip *ip, unsigned plen, uint32_t lisp)
{
	uint32_t route = xtr_lpm_get(routes(fib), ip, plen), own;

	if (is_local(fib, route))
		return route;
	own = xtr_lpm_get(database(fib, inst), ip, plen);
	if (own)
		return own;
	if (lisp && !covered_by_own(fib, inst, ip, plen, NO_LEN))
		return lisp;
	return route && at(fib, route)->action != XTR_FWD_DROP ? route : 0;
}

/* The LISP entry of a prefix, shown or hidden. `gone`: an entry of another source that has just
 * left its own table. */
static uint32_t lisp_of(
    const struct xtr_fib *fib, unsigned inst, const struct xtr_ip *ip, unsigned plen, uint32_t gone)
{
	uint32_t entry = get_hidden(fib, inst, ip, plen);

	if (entry)
		return entry;
	entry = xtr_lpm_get(fib->dp->instances[inst].lisp, ip, plen);
	return entry && entry != gone && entry != xtr_lpm_get(routes(fib), ip, plen) &&
		       entry != xtr_lpm_get(database(fib, inst), ip, plen)
		   ? entry
		   : 0;
}

static uint32_t later(uint32_t a, uint32_t b)
{
	return !a || (b && (int32_t)(b - a) > 0) ? b : a;
}

static uint32_t gate_of(const struct xtr_dp *dp, enum xtr_fwd_action action, uint32_t hop)
{
	return action == XTR_FWD_ENCAP
		   ? ((const struct xtr_tunnel *)xtr_pool_at(&dp->tunnel, hop))->gate
		   : ((const struct xtr_adj *)xtr_pool_at(&dp->adj, hop))->gate;
}

/* The last of the gates that packets of this entry may wait at: its own and its next hops'. */
static uint32_t last_gate(const struct xtr_fib *fib, const struct xtr_fwd *fwd)
{
	const struct xtr_dp *dp = fib->dp;
	const struct xtr_set_member *m;
	uint32_t gate = fwd->gate;
	unsigned n;

	if (fwd->action == XTR_FWD_NATIVE && dp->petr_fwd)
		return later(gate, last_gate(fib, at(fib, dp->petr_fwd)));
	if (fwd->action != XTR_FWD_ENCAP && fwd->action != XTR_FWD_FORWARD)
		return gate;
	if (!fwd->set_log2)
		return later(gate, gate_of(dp, fwd->action, fwd->target));
	m = xtr_sets_members(fib->sets, fwd, &n);
	for (unsigned i = 0; i < n; i++)
		if (m[i].usable)
			gate = later(gate, gate_of(dp, fwd->action, m[i].hop));
	return gate;
}

/*
 * While a gate is closed, packets wait at it, in workers and on this lcore. Whatever takes the
 * entry's place keeps that gate, else those that come now would overtake them. Also where the gate
 * has just opened: a worker that has not adopted it yet goes on as if it were closed.
 */
static void keep_gate(struct xtr_fib *fib, uint32_t old, uint32_t entry)
{
	struct xtr_fwd *fwd = xtr_pool_at(&fib->dp->fwd, entry);

	if (entry)
		__atomic_store_n(
		    &fwd->gate, later(fwd->gate, last_gate(fib, at(fib, old))), __ATOMIC_RELAXED);
}

/* Stores what workers are to find for a prefix, nothing (0) included: that needs no memory, nor
 * does the place of another. */
static int show(
    struct xtr_fib *fib, unsigned inst, const struct xtr_ip *ip, unsigned plen, uint32_t entry)
{
	struct xtr_lpm *lpm = table(fib->dp->instances[inst].lisp);
	uint32_t old = xtr_lpm_get(lpm, ip, plen), covering;
	unsigned len;

	if (old == entry)
		return 0;
	/* what is in the prefix was decided by its own entry or by the covering one, and will be */
	covering = xtr_lpm_covering(lpm, ip, plen, &len);
	keep_gate(fib, old ? old : covering, entry ? entry : covering);
	if (entry)
		return xtr_lpm_set(lpm, ip, plen, entry);
	xtr_lpm_del(lpm, ip, plen);
	return 0;
}

/* The prefix's LISP entry is this one (0: none): brings the view in line, and what stands beside
 * it. On failure all is as it was. */
static int update_view(
    struct xtr_fib *fib, unsigned inst, const struct xtr_ip *ip, unsigned plen, uint32_t lisp)
{
	uint32_t entry = merged(fib, inst, ip, plen, lisp), was = get_hidden(fib, inst, ip, plen);
	bool hide = lisp && entry != lisp;
	int rc = hide ? set_hidden(fib, inst, ip, plen, lisp) : 0;

	if (rc < 0)
		return rc;
	rc = show(fib, inst, ip, plen, entry);
	if (rc < 0 && was)
		set_hidden(fib, inst, ip, plen, was);
	if (rc < 0 ? !was : !hide)
		del_hidden(fib, inst, ip, plen);
	return rc;
}

/* Writes the entry, or nothing, into one table: the routes of all, or the EID database of an
 * instance. */
static int write_table(struct xtr_lpm *lpm, const struct xtr_ip *ip, unsigned plen, uint32_t entry)
{
	if (entry)
		return xtr_lpm_set(lpm, ip, plen, entry);
	xtr_lpm_del(lpm, ip, plen);
	return 0;
}

/* The entry that a call gave, or the one whose place it took, has no more use. */
static int finish(struct xtr_fib *fib, int rc, uint32_t old, uint32_t entry)
{
	xtr_fib_put_entry(fib, rc < 0 ? entry : old);
	return rc;
}

static void name_length(struct xtr_fib *fib, uint32_t entry, unsigned plen)
{
	if (entry)
		((struct xtr_fwd *)xtr_pool_at(&fib->dp->fwd, entry))->plen = (uint8_t)plen;
}

int xtr_fib_set_route(struct xtr_fib *fib, const struct xtr_eid *prefix, uint32_t entry)
{
	const struct xtr_ip *ip = &prefix->ip;
	uint32_t old = xtr_lpm_get(routes(fib), ip, prefix->plen);
	unsigned n = fib->dp->n_instances, done;
	int rc;

	name_length(fib, entry, prefix->plen);
	rc = write_table(routes(fib), ip, prefix->plen, entry);
	for (done = 0; done < n && !rc; done++)
		rc = update_view(
		    fib, done, ip, prefix->plen, lisp_of(fib, done, ip, prefix->plen, old));
	if (rc < 0) {
		/* A route that came fails where it is new in a view, so it was new in those before:
		 * what it is put back to is shorter. One that went cannot fail. */
		write_table(routes(fib), ip, prefix->plen, old);
		while (done--)
			update_view(fib, done, ip, prefix->plen,
			    lisp_of(fib, done, ip, prefix->plen, entry));
	} else {
		__atomic_store_n(&fib->dp->blackholes,
		    fib->dp->blackholes + (at(fib, entry)->action == XTR_FWD_DROP) -
			(at(fib, old)->action == XTR_FWD_DROP),
		    __ATOMIC_RELAXED);
	}
	return finish(fib, rc, old, entry);
}

struct fill {
	struct xtr_fib *fib;
	unsigned inst;
};

static int show_route(const struct xtr_ip *ip, unsigned plen, uint32_t route, void *arg)
{
	const struct fill *f = arg;

	return update_view(f->fib, f->inst, ip, plen, lisp_of(f->fib, f->inst, ip, plen, 0));
}

static int walk_all(struct xtr_lpm *lpm, xtr_lpm_walk_fn *fn, void *arg)
{
	static const struct xtr_ip any[2] = {{.af = 4}, {.af = 6}};
	int rc = 0;

	for (unsigned f = 0; f < 2 && !rc; f++)
		rc = xtr_lpm_walk(lpm, &any[f], 0, fn, arg);
	return rc;
}

int xtr_fib_instance(struct xtr_fib *fib, uint32_t iid)
{
	int inst = xtr_dp_instance(fib->dp, iid), rc;
	struct fill f = {fib, (unsigned)inst};

	if (inst < 0 || fib->views[inst].filled)
		return inst;
	rc = walk_all(routes(fib), show_route, &f);
	if (rc < 0)
		return rc;
	fib->views[inst].filled = true;
	return inst;
}

int xtr_fib_set_lisp(struct xtr_fib *fib, const struct xtr_eid *eid, uint32_t entry)
{
	int inst = xtr_fib_instance(fib, eid->iid), rc = inst;
	uint32_t old = 0;

	if (inst >= 0) {
		name_length(fib, entry, eid->plen);
		old = lisp_of(fib, (unsigned)inst, &eid->ip, eid->plen, 0);
		rc = update_view(fib, (unsigned)inst, &eid->ip, eid->plen, entry);
	}
	return finish(fib, rc, old, entry);
}

/* --- own EID prefixes, inside which LISP entries do not count --- */

/* While one comes or goes, LISP entries inside stand both in the view and beside it: after that
 * what has to be done needs no memory. */
struct inside {
	struct xtr_fib *fib;
	unsigned inst;
	const struct xtr_eid *own;
};

static int hide_too(const struct xtr_ip *ip, unsigned plen, uint32_t entry, void *arg)
{
	const struct inside *in = arg;

	return lisp_of(in->fib, in->inst, ip, plen, 0) == entry
		   ? set_hidden(in->fib, in->inst, ip, plen, entry)
		   : 0;
}

/* Shows a hidden one, if nothing but the own EID prefix in question is the reason why it is. */
static int show_too(const struct xtr_ip *ip, unsigned plen, uint32_t entry, void *arg)
{
	const struct inside *in = arg;

	return is_local(in->fib, xtr_lpm_get(routes(in->fib), ip, plen)) ||
		       covered_by_own(in->fib, in->inst, ip, plen, in->own->plen)
		   ? 0
		   : show(in->fib, in->inst, ip, plen, entry);
}

static int settle(const struct xtr_ip *ip, unsigned plen, uint32_t entry, void *arg)
{
	const struct inside *in = arg;

	return update_view(in->fib, in->inst, ip, plen, entry);
}

static int walk_inside(struct xtr_lpm *lpm, xtr_lpm_walk_fn *fn, struct inside *in)
{
	return lpm ? xtr_lpm_walk(lpm, &in->own->ip, in->own->plen, fn, in) : 0;
}

static int write_database(
    struct xtr_fib *fib, unsigned inst, const struct xtr_eid *eid, uint32_t old, uint32_t entry)
{
	struct inside in = {fib, inst, eid};
	struct xtr_lpm *own = database(fib, inst), *view = table(fib->dp->instances[inst].lisp);
	int rc = 0;

	if (!old)
		rc = walk_inside(view, hide_too, &in);
	else if (!entry)
		rc = walk_inside(fib->views[inst].hidden, show_too, &in);
	if (!rc)
		rc = write_table(own, &eid->ip, eid->plen, entry);
	if (!rc)
		rc = update_view(
		    fib, inst, &eid->ip, eid->plen, lisp_of(fib, inst, &eid->ip, eid->plen, old));
	if (rc < 0)
		write_table(own, &eid->ip, eid->plen, old);
	walk_inside(fib->views[inst].hidden, settle, &in);
	return rc;
}

int xtr_fib_set_database(struct xtr_fib *fib, const struct xtr_eid *eid, uint32_t entry)
{
	int inst = xtr_fib_instance(fib, eid->iid), rc = inst;
	uint32_t old = 0;

	if (inst >= 0) {
		name_length(fib, entry, eid->plen);
		old = xtr_lpm_get(database(fib, (unsigned)inst), &eid->ip, eid->plen);
		rc = old || entry ? write_database(fib, (unsigned)inst, eid, old, entry) : 0;
	}
	return finish(fib, rc, old, entry);
}

bool xtr_fib_own(const struct xtr_fib *fib, const struct xtr_eid *eid)
{
	uint32_t inst = fib->dp->inst_of_iid[eid->iid];

	return inst && covered_by_own(fib, inst - 1, &eid->ip, eid->plen, NO_LEN);
}

int xtr_fib_owner(const struct xtr_fib *fib, const struct xtr_ip *ip)
{
	for (unsigned i = 0; i < fib->dp->n_instances; i++)
		if (covered_by_own(fib, i, ip, xtr_ip_bits(ip), NO_LEN))
			return (int)i;
	return -1;
}

uint32_t xtr_fib_gate(const struct xtr_fib *fib, unsigned inst, const struct xtr_ip *ip)
{
	const struct xtr_lpm *lpm = fib->dp->instances[inst].lisp;
	uint32_t entry = 0, key;

	if (ip->af == 4) {
		memcpy(&key, ip->b, sizeof(key));
		xtr_lpm_lookup4(&lpm, &key, &entry, 1);
	} else {
		xtr_lpm_lookup6(&lpm, &ip->b, &entry, 1);
	}
	return at(fib, entry)->action == XTR_FWD_NATIVE
		   ? later(at(fib, entry)->gate, at(fib, fib->dp->petr_fwd)->gate)
		   : at(fib, entry)->gate;
}
