/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/forwarding/fib.h"

#include <errno.h>
#include <stdlib.h>
#include "datapath/hop.h"

/* What the sources say of one prefix: indexes of forwarding entries, 0 for nothing. */
struct slot {
	struct xtr_ip ip;
	uint8_t plen;
	uint32_t entry[2]; /* routes: [0]; an instance: LISP, EID database */
};
enum { ROUTE = 0, LISP = 0, DATABASE = 1 };

struct view {                    /* of an instance */
	struct xtr_trie trie[2]; /* IPv4, IPv6 */
};

struct xtr_fib {
	struct xtr_dp *dp;
	struct xtr_trie routes[2];
	struct view *views; /* by instance index */
};

struct xtr_fib *xtr_fib_create(struct xtr_dp *dp)
{
	struct xtr_fib *fib = calloc(1, sizeof(*fib));

	if (!fib)
		return NULL;
	fib->dp = dp;
	fib->views = calloc(XTR_DP_INSTANCES, sizeof(*fib->views));
	if (!fib->views) {
		free(fib);
		return NULL;
	}
	return fib;
}

static int free_slot(void *value, void *arg)
{
	free(value);
	return 0;
}

static void clear(struct xtr_trie *t)
{
	static const struct xtr_ip any;

	xtr_trie_walk(t, &any, 0, free_slot, NULL);
	xtr_trie_clear(t);
}

void xtr_fib_destroy(struct xtr_fib *fib)
{
	if (!fib)
		return;
	for (unsigned f = 0; f < 2; f++) {
		clear(&fib->routes[f]);
		for (unsigned i = 0; i < fib->dp->n_instances; i++)
			clear(&fib->views[i].trie[f]);
	}
	free(fib->views);
	free(fib);
}

uint32_t xtr_fib_entry(struct xtr_fib *fib, const struct xtr_fwd *fwd)
{
	uint32_t index = xtr_pool_get(&fib->dp->fwd);

	if (index)
		*(struct xtr_fwd *)xtr_pool_at(&fib->dp->fwd, index) = *fwd;
	return index;
}

uint32_t xtr_fib_hop_set(
    struct xtr_fib *fib, const uint32_t *hops, const unsigned *weights, unsigned n)
{
	uint32_t index = xtr_pool_get(&fib->dp->set);
	struct xtr_set *set = xtr_pool_at(&fib->dp->set, index);
	unsigned total = 0, done = 0, slot = 0;

	if (!index)
		return 0;
	for (unsigned i = 0; i < n; i++)
		total += weights[i];
	for (unsigned i = 0; i < n; i++) {
		done += total ? weights[i] : 1;
		for (; slot < done * XTR_SET_SLOTS / (total ? total : n); slot++)
			set->hop[slot] = hops[i];
	}
	return index;
}

static const struct xtr_fwd *at(const struct xtr_fib *fib, uint32_t entry)
{
	return xtr_pool_at(&fib->dp->fwd, entry);
}

static struct xtr_lpm *table(const struct xtr_lpm *lpm)
{
	return (struct xtr_lpm *)(uintptr_t)lpm; /* workers see it const; this lcore writes it */
}

/* Is there an own EID prefix that covers this one? */
static bool covered_by_own(
    const struct xtr_fib *fib, unsigned inst, const struct xtr_ip *ip, unsigned plen)
{
	const struct xtr_trie *t = &fib->views[inst].trie[ip->af == 6];
	const struct slot *s;
	int len = (int)plen;

	while (len >= 0 && (s = xtr_trie_longest(t, ip, (unsigned)len)) != NULL) {
		if (s->entry[DATABASE])
			return true;
		len = s->plen - 1;
	}
	return false;
}

/* What the instance's LISP view should hold for a prefix. */
static uint32_t merged(
    const struct xtr_fib *fib, unsigned inst, const struct xtr_ip *ip, unsigned plen)
{
	const struct slot *r = xtr_trie_get(&fib->routes[ip->af == 6], ip, plen);
	const struct slot *l = xtr_trie_get(&fib->views[inst].trie[ip->af == 6], ip, plen);
	uint32_t route = r ? r->entry[ROUTE] : 0;

	if (route && at(fib, route)->action == XTR_FWD_LOCAL &&
	    at(fib, route)->reason != XTR_LOCAL_ROUTE)
		return route;
	if (l && l->entry[DATABASE])
		return l->entry[DATABASE];
	if (l && l->entry[LISP] && !covered_by_own(fib, inst, ip, plen))
		return l->entry[LISP];
	return route && at(fib, route)->action != XTR_FWD_DROP ? route : 0;
}

/* What workers find for a prefix once its own entry is gone. */
static uint32_t covering(const struct xtr_lpm *lpm, const struct xtr_ip *ip, unsigned plen)
{
	uint32_t entry = 0;

	while (plen-- && !entry)
		entry = xtr_lpm_get(lpm, ip, plen);
	return entry;
}

static uint32_t later(uint32_t a, uint32_t b)
{
	return !a || (b && (int32_t)(b - a) > 0) ? b : a;
}

/* The last of the gates that packets of this entry may wait at: its own and its next hops'. */
static uint32_t last_gate(const struct xtr_dp *dp, const struct xtr_fwd *fwd)
{
	const struct xtr_pool *pool = fwd->action == XTR_FWD_ENCAP ? &dp->tunnel : &dp->adj;
	const struct xtr_set *set = xtr_pool_at(&dp->set, fwd->target);
	const uint32_t *hops = fwd->set_log2 ? set->hop : &fwd->target;
	uint32_t gate = fwd->gate;

	if (fwd->action == XTR_FWD_NATIVE && dp->petr_fwd)
		return later(gate, last_gate(dp, xtr_pool_at(&dp->fwd, dp->petr_fwd)));
	if (fwd->action != XTR_FWD_ENCAP && fwd->action != XTR_FWD_FORWARD)
		return gate;
	for (unsigned i = 0; i < 1u << fwd->set_log2; i++) {
		const void *hop = xtr_pool_at(pool, hops[i]);

		gate = later(gate, fwd->action == XTR_FWD_ENCAP
				       ? ((const struct xtr_tunnel *)hop)->gate
				       : ((const struct xtr_adj *)hop)->gate);
	}
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
		__atomic_store_n(&fwd->gate, later(fwd->gate, last_gate(fib->dp, at(fib, old))),
		    __ATOMIC_RELAXED);
}

static int update_view(struct xtr_fib *fib, unsigned inst, const struct xtr_ip *ip, unsigned plen)
{
	struct xtr_lpm *lpm = table(fib->dp->instances[inst].lisp);
	uint32_t entry = merged(fib, inst, ip, plen), old = xtr_lpm_get(lpm, ip, plen);

	if (old && old != entry)
		keep_gate(fib, old, entry ? entry : covering(lpm, ip, plen));
	if (entry)
		return xtr_lpm_set(lpm, ip, plen, entry);
	xtr_lpm_del(lpm, ip, plen);
	return 0;
}

static struct slot *get_slot(struct xtr_trie *t, const struct xtr_ip *ip, unsigned plen, bool make)
{
	struct slot *s = xtr_trie_get(t, ip, plen);

	if (s || !make)
		return s;
	s = calloc(1, sizeof(*s));
	if (!s)
		return NULL;
	s->ip = *ip;
	s->plen = (uint8_t)plen;
	if (xtr_trie_set(t, ip, plen, s, NULL) < 0) {
		free(s);
		return NULL;
	}
	return s;
}

static void put_slot(struct xtr_trie *t, struct slot *s)
{
	if (s->entry[0] || s->entry[1])
		return;
	xtr_trie_del(t, &s->ip, s->plen);
	free(s);
}

/* Writes the entry into one table: the routes of all, or the EID database of an instance. */
static int write_table(struct xtr_lpm *lpm, const struct xtr_ip *ip, unsigned plen, uint32_t entry)
{
	if (entry)
		return xtr_lpm_set(lpm, ip, plen, entry);
	xtr_lpm_del(lpm, ip, plen);
	return 0;
}

struct recheck {
	struct xtr_fib *fib;
	unsigned inst;
};

static int recheck_one(void *value, void *arg)
{
	struct recheck *r = arg;
	struct slot *s = value;

	return s->entry[LISP] ? update_view(r->fib, r->inst, &s->ip, s->plen) : 0;
}

/* Sets one source's entry of a prefix and brings the tables in line; on failure all is as it was.
 */
static int set(struct xtr_fib *fib, struct xtr_trie *t, struct xtr_lpm *own_table, unsigned which,
    int inst, const struct xtr_eid *eid, uint32_t entry)
{
	unsigned first = inst < 0 ? 0 : (unsigned)inst;
	unsigned last = inst < 0 ? fib->dp->n_instances : (unsigned)inst + 1;
	struct slot *s = get_slot(t, &eid->ip, eid->plen, entry != 0);
	uint32_t old;
	int rc;

	if (!s) {
		xtr_pool_put(&fib->dp->fwd, entry);
		return entry ? -ENOMEM : 0;
	}
	if (entry)
		((struct xtr_fwd *)xtr_pool_at(&fib->dp->fwd, entry))->plen = eid->plen;
	old = s->entry[which];
	s->entry[which] = entry;
	rc = own_table ? write_table(own_table, &eid->ip, eid->plen, entry) : 0;
	for (unsigned i = first; i < last && !rc; i++)
		rc = update_view(fib, i, &eid->ip, eid->plen);
	if (rc) {
		/* putting back what a table had replaces or deletes: neither needs memory */
		s->entry[which] = old;
		if (own_table)
			write_table(own_table, &eid->ip, eid->plen, old);
		for (unsigned i = first; i < last; i++)
			update_view(fib, i, &eid->ip, eid->plen);
		old = entry;
	} else if (t == &fib->routes[0]) {
		__atomic_store_n(&fib->dp->blackholes,
		    fib->dp->blackholes + (at(fib, entry)->action == XTR_FWD_DROP) -
			(at(fib, old)->action == XTR_FWD_DROP),
		    __ATOMIC_RELAXED);
	} else if (which == DATABASE) {
		struct recheck r = {fib, (unsigned)inst};

		rc = xtr_trie_walk(t, &eid->ip, eid->plen, recheck_one, &r);
	}
	xtr_pool_put(&fib->dp->fwd, old);
	put_slot(t, s);
	return rc;
}

int xtr_fib_set_route(struct xtr_fib *fib, const struct xtr_eid *prefix, uint32_t entry)
{
	return set(fib, &fib->routes[prefix->ip.af == 6], table(fib->dp->instances[0].routes),
	    ROUTE, -1, prefix, entry);
}

static int show_route(void *value, void *arg)
{
	struct recheck *r = arg;
	struct slot *s = value;

	return update_view(r->fib, r->inst, &s->ip, s->plen);
}

int xtr_fib_instance(struct xtr_fib *fib, uint32_t iid)
{
	unsigned before = fib->dp->n_instances;
	int inst = xtr_dp_instance(fib->dp, iid), rc = 0;
	static const struct xtr_ip any;
	struct recheck r = {fib, (unsigned)inst};

	if (inst >= (int)before)
		for (unsigned f = 0; f < 2 && !rc; f++)
			rc = xtr_trie_walk(&fib->routes[f], &any, 0, show_route, &r);
	return rc < 0 ? rc : inst;
}

static int set_in_instance(
    struct xtr_fib *fib, const struct xtr_eid *eid, uint32_t entry, unsigned which)
{
	int inst = xtr_fib_instance(fib, eid->iid);

	if (inst < 0) {
		xtr_pool_put(&fib->dp->fwd, entry);
		return inst;
	}
	return set(fib, &fib->views[inst].trie[eid->ip.af == 6],
	    which == DATABASE ? table(fib->dp->instances[inst].database) : NULL, which, inst, eid,
	    entry);
}

int xtr_fib_set_lisp(struct xtr_fib *fib, const struct xtr_eid *eid, uint32_t entry)
{
	return set_in_instance(fib, eid, entry, LISP);
}

int xtr_fib_set_database(struct xtr_fib *fib, const struct xtr_eid *eid, uint32_t entry)
{
	return set_in_instance(fib, eid, entry, DATABASE);
}

bool xtr_fib_own(const struct xtr_fib *fib, const struct xtr_eid *eid)
{
	uint32_t inst = fib->dp->inst_of_iid[eid->iid];

	return inst && covered_by_own(fib, inst - 1, &eid->ip, eid->plen);
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
