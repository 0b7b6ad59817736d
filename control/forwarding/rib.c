/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Routes: the best of each prefix becomes a forwarding entry.
 */
#include "control/forwarding/nbr.h"

#include <errno.h>
#include <stdlib.h>

static void tick(struct xtr_timer *t)
{
	struct xtr_rib *rib = (struct xtr_rib *)((char *)t - offsetof(struct xtr_rib, timer));

	nbr_tick(rib);
	xtr_timer_arm(rib->wheel, t, XTR_MS_PER_SEC, tick);
}

struct xtr_rib *xtr_rib_create(struct xtr_dp *dp, struct xtr_fib *fib, struct xtr_holder *holder,
    struct xtr_wheel *wheel, const struct xtr_rib_ops *ops)
{
	struct xtr_rib *rib = calloc(1, sizeof(*rib));

	if (!rib)
		return NULL;
	rib->dp = dp;
	rib->fib = fib;
	rib->holder = holder;
	rib->wheel = wheel;
	rib->ops = *ops;
	xtr_timer_arm(wheel, &rib->timer, XTR_MS_PER_SEC, tick);
	return rib;
}

static int free_prefix(void *value, void *arg)
{
	struct rib_prefix *p = value;
	struct rib_route *r;

	while ((r = p->routes) != NULL) {
		p->routes = r->next;
		free(r);
	}
	free(p);
	return 0;
}

void xtr_rib_destroy(struct xtr_rib *rib)
{
	static const struct xtr_ip any;

	if (!rib)
		return;
	xtr_timer_cancel(rib->wheel, &rib->timer);
	for (unsigned f = 0; f < 2; f++) {
		xtr_trie_walk(&rib->prefixes[f], &any, 0, free_prefix, NULL);
		xtr_trie_clear(&rib->prefixes[f]);
	}
	nbr_destroy_all(rib);
	free(rib);
}

/* Has the route a next hop that is alive? Linux passes over those that have not. */
static bool alive(const struct rib_route *r)
{
	return r->r.type != XTR_RIB_UNICAST || r->r.n_hops;
}

static const struct rib_route *best(const struct rib_prefix *p)
{
	const struct rib_route *r = p->routes;

	while (r && !alive(r))
		r = r->next;
	return r;
}

static struct rib_prefix *longest(const struct xtr_rib *rib, const struct xtr_ip *ip, unsigned plen)
{
	const struct xtr_trie *t = &rib->prefixes[ip->af == 6];
	struct rib_prefix *p = xtr_trie_longest(t, ip, plen);

	while (p && !best(p))
		p = xtr_trie_parent(t, &p->eid.ip, p->eid.plen);
	return p;
}

/* The port on whose network a route's hosts are neighbours; -1: there is a gateway, or no port. */
static int connected_port(const struct xtr_rib_route *r)
{
	int port = -1;

	if (r->type != XTR_RIB_UNICAST)
		return -1;
	for (unsigned i = 0; i < r->n_hops; i++) {
		if (r->hops[i].port < 0)
			continue;
		if (r->hops[i].via.af)
			return -1;
		if (port < 0)
			port = r->hops[i].port;
	}
	return port;
}

/* Fills fwd for a unicast route; takes references on the next hops in hops[]. */
static int build_unicast(struct xtr_rib *rib, const struct xtr_rib_route *r, struct xtr_fwd *fwd,
    struct nbr **hops, unsigned *n_hops)
{
	struct xtr_set_member list[XTR_RIB_MAX_HOPS];
	int connected = connected_port(r);
	unsigned n = 0;

	for (unsigned i = 0; i < r->n_hops; i++) {
		if (r->hops[i].port < 0 || !r->hops[i].via.af)
			continue;
		hops[n] = nbr_get(rib, (unsigned)r->hops[i].port, &r->hops[i].via, true);
		if (!hops[n])
			return -ENOMEM;
		list[n] = (struct xtr_set_member){.hop = hops[n]->pub.adj,
		    .id = xtr_set_id(&hops[n]->pub.key, sizeof(hops[n]->pub.key)),
		    .weight = r->hops[i].weight ? r->hops[i].weight : 1,
		    .usable = true};
		hops[n++]->refs++;
		*n_hops = n;
	}
	if (!n && connected >= 0) {
		fwd->action = XTR_FWD_GLEAN;
		fwd->target = (uint32_t)connected;
		return 0;
	}
	if (!n) {
		/* out of an interface that is Linux's alone: it forwards */
		fwd->action = XTR_FWD_LOCAL;
		fwd->reason = XTR_LOCAL_ROUTE;
		return 0;
	}
	fwd->action = XTR_FWD_FORWARD;
	return xtr_fib_choose(rib->fib, list, n, fwd);
}

static int build(struct xtr_rib *rib, const struct rib_prefix *p, struct xtr_fwd *fwd,
    struct nbr **hops, unsigned *n_hops)
{
	const struct rib_route *r = best(p);

	memset(fwd, 0, sizeof(*fwd));
	/* under a connected route, which may be of this very length */
	if (p->host && (!r || connected_port(&r->r) == p->host->pub.key.port)) {
		fwd->action = XTR_FWD_FORWARD;
		fwd->target = p->host->pub.adj;
		return 0;
	}
	if (!r)
		return 0;
	fwd->action = XTR_FWD_DROP;
	switch (r->r.type) {
	case XTR_RIB_LOCAL:
		fwd->action = XTR_FWD_LOCAL;
		break;
	case XTR_RIB_BLACKHOLE:
		fwd->reason = XTR_DROP_BLACKHOLE;
		break;
	case XTR_RIB_UNREACHABLE:
		fwd->reason = XTR_DROP_UNREACHABLE;
		break;
	case XTR_RIB_PROHIBIT:
		fwd->reason = XTR_DROP_PROHIBIT;
		break;
	case XTR_RIB_UNICAST:
		fwd->action = XTR_FWD_NONE;
		return build_unicast(rib, &r->r, fwd, hops, n_hops);
	}
	return 0;
}

/* Brings the tables in line with what the prefix has now. On failure they keep what they had. */
static int install(struct xtr_rib *rib, struct rib_prefix *p)
{
	struct nbr *hops[XTR_RIB_MAX_HOPS];
	unsigned n_hops = 0;
	uint32_t entry = 0;
	struct xtr_fwd fwd;
	int rc = build(rib, p, &fwd, hops, &n_hops);

	if (!rc && fwd.action != XTR_FWD_NONE) {
		entry = xtr_fib_entry(rib->fib, &fwd);
		rc = entry ? 0 : -ENOMEM;
	}
	if (!rc)
		rc = xtr_fib_set_route(rib->fib, &p->eid, entry);
	if (rc) {
		for (unsigned i = 0; i < n_hops; i++)
			nbr_unref(hops[i]);
		return rc;
	}
	for (unsigned i = 0; i < p->n_hops; i++)
		nbr_unref(p->hops[i]);
	memcpy(p->hops, hops, sizeof(hops));
	p->n_hops = n_hops;
	rib->ops.changed(rib->ops.arg);
	return 0;
}

static struct rib_prefix *get_prefix(struct xtr_rib *rib, const struct xtr_eid *eid, bool make)
{
	struct xtr_trie *t = &rib->prefixes[eid->ip.af == 6];
	struct rib_prefix *p = xtr_trie_get(t, &eid->ip, eid->plen);

	if (p || !make)
		return p;
	p = calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	p->eid = *eid;
	if (xtr_trie_set(t, &eid->ip, eid->plen, p, NULL) < 0) {
		free(p);
		return NULL;
	}
	return p;
}

static void put_prefix(struct xtr_rib *rib, struct rib_prefix *p)
{
	if (p->routes || p->host)
		return;
	xtr_trie_del(&rib->prefixes[p->eid.ip.af == 6], &p->eid.ip, p->eid.plen);
	free(p);
}

void rib_host_update(struct xtr_rib *rib, struct nbr *n)
{
	struct xtr_eid eid = xtr_eid_host(0, &n->pub.key.ip);
	struct rib_prefix *p = longest(rib, &eid.ip, eid.plen), *host = n->host;
	const struct rib_route *r = p ? best(p) : NULL;
	bool wanted = (n->pub.known || n->hold.n) && r && connected_port(&r->r) == n->pub.key.port;

	if (wanted == (host != NULL))
		return;
	if (wanted) {
		host = get_prefix(rib, &eid, true);
		if (!host)
			return;
		if (host->host) /* of the port that the network was on */
			host->host->host = NULL;
		host->host = n;
		n->host = host;
		if (install(rib, host) < 0) {
			host->host = NULL;
			n->host = NULL;
		}
	} else {
		host->host = NULL;
		n->host = NULL;
		install(rib, host);
	}
	put_prefix(rib, host);
}

/* A route under which neighbours lie has changed: their host routes may come or go. */
static int collect_hosts(void *value, void *arg)
{
	struct nbr **list = arg;

	for (struct nbr *n = value; n; n = n->same_ip) {
		n->refs++;
		n->next_recheck = *list;
		*list = n;
	}
	return 0;
}

static void recheck_hosts(struct xtr_rib *rib, const struct xtr_eid *prefix)
{
	struct nbr *list = NULL, *n;

	/* first all, then each: others may go with one, which a walk does not allow */
	xtr_trie_walk(
	    &rib->by_ip[prefix->ip.af == 6], &prefix->ip, prefix->plen, collect_hosts, &list);
	while ((n = list) != NULL) {
		list = n->next_recheck;
		rib_host_update(rib, n);
		nbr_unref(n);
	}
}

static bool same_key(const struct xtr_rib_route *a, const struct xtr_rib_route *b)
{
	return a->table == b->table && a->metric == b->metric &&
	       (a->type == XTR_RIB_LOCAL) == (b->type == XTR_RIB_LOCAL);
}

static bool before(const struct xtr_rib_route *a, const struct xtr_rib_route *b)
{
	if ((a->type == XTR_RIB_LOCAL) != (b->type == XTR_RIB_LOCAL))
		return a->type == XTR_RIB_LOCAL;
	return a->metric < b->metric;
}

static bool same_hops(const struct xtr_rib_route *a, const struct xtr_rib_route *b)
{
	if (a->type != b->type || a->n_hops != b->n_hops)
		return false;
	for (unsigned i = 0; i < a->n_hops; i++)
		if (a->hops[i].port != b->hops[i].port || a->hops[i].weight != b->hops[i].weight ||
		    !xtr_ip_equal(&a->hops[i].via, &b->hops[i].via))
			return false;
	return true;
}

static int remove_route(struct xtr_rib *rib, struct rib_prefix *p, struct rib_route **link)
{
	struct rib_route *r = *link;
	struct xtr_eid eid = p->eid;
	int rc;

	*link = r->next;
	free(r);
	rc = install(rib, p);
	put_prefix(rib, p);
	recheck_hosts(rib, &eid);
	return rc;
}

int xtr_rib_route(struct xtr_rib *rib, const struct xtr_rib_route *r, bool gone)
{
	struct rib_prefix *p = get_prefix(rib, &r->prefix, !gone);
	struct rib_route **link, *node, *made = NULL;
	struct xtr_rib_route old;
	int rc;

	if (!p)
		return gone ? 0 : -ENOMEM;
	for (link = &p->routes; *link && !same_key(&(*link)->r, r); link = &(*link)->next)
		;
	if (gone)
		return *link ? remove_route(rib, p, link) : 0;
	node = *link;
	if (node) {
		node->seen = rib->generation;
		if (same_hops(&node->r, r))
			return 0;
		old = node->r;
	} else {
		node = made = calloc(1, sizeof(*node));
		if (!node) {
			put_prefix(rib, p);
			return -ENOMEM;
		}
		node->seen = rib->generation;
		for (link = &p->routes; *link && !before(r, &(*link)->r); link = &(*link)->next)
			;
		node->next = *link;
		*link = node;
	}
	node->r = *r;
	rc = install(rib, p);
	if (rc) {
		/* as it was, so that the next report of it is not taken for no change */
		if (made) {
			*link = node->next;
			free(node);
			put_prefix(rib, p);
		} else {
			node->r = old;
		}
		return rc;
	}
	recheck_hosts(rib, &r->prefix);
	return 0;
}

void xtr_rib_mark_routes(struct xtr_rib *rib)
{
	rib->generation++;
}

struct stale {
	struct rib_prefix *first;
	uint32_t generation;
};

static int collect_stale(void *value, void *arg)
{
	struct stale *stale = arg;
	struct rib_prefix *p = value;

	for (const struct rib_route *r = p->routes; r; r = r->next)
		if (r->seen != stale->generation) {
			p->next_stale = stale->first;
			stale->first = p;
			break;
		}
	return 0;
}

static void sweep_prefix(struct xtr_rib *rib, struct rib_prefix *p)
{
	struct rib_route **link = &p->routes, *r;
	struct xtr_eid eid = p->eid;

	while ((r = *link) != NULL) {
		if (r->seen == rib->generation) {
			link = &r->next;
			continue;
		}
		*link = r->next;
		free(r);
	}
	install(rib, p);
	put_prefix(rib, p);
	recheck_hosts(rib, &eid);
}

void xtr_rib_sweep_routes(struct xtr_rib *rib)
{
	static const struct xtr_ip any;
	struct stale stale = {.generation = rib->generation};
	struct rib_prefix *p;

	/* First all, then each: host routes of neighbours come and go with a connected route, which
	 * a walk does not allow. What is in the list has a route, and stays until it is its turn.
	 */
	for (unsigned f = 0; f < 2; f++)
		xtr_trie_walk(&rib->prefixes[f], &any, 0, collect_stale, &stale);
	while ((p = stale.first) != NULL) {
		stale.first = p->next_stale;
		sweep_prefix(rib, p);
	}
}

struct xtr_nbr *xtr_rib_resolve(struct xtr_rib *rib, const struct xtr_ip *ip, const char **why)
{
	unsigned bits = xtr_ip_bits(ip);
	const struct rib_prefix *p = longest(rib, ip, bits);
	const struct rib_route *r = p ? best(p) : NULL;
	const struct xtr_rib_hop *usable[XTR_RIB_MAX_HOPS];
	unsigned n = 0;
	uint32_t hash = 0;
	struct nbr *nbr;

	*why = "no route";
	if (!r)
		return NULL;
	*why = "route is a blackhole, unreachable or prohibit";
	if (r->r.type == XTR_RIB_LOCAL)
		*why = "address of this machine";
	if (r->r.type != XTR_RIB_UNICAST)
		return NULL;
	*why = "route leads out of an interface that is no port";
	for (unsigned i = 0; i < r->r.n_hops; i++)
		if (r->r.hops[i].port >= 0)
			usable[n++] = &r->r.hops[i];
	if (!n)
		return NULL;
	/* one path an RLOC, spread over RLOCs by address */
	for (unsigned i = 0; i < bits / 8; i++)
		hash = hash * 31 + ip->b[i];
	usable[0] = usable[(hash >> 4) % n];
	*why = "out of memory";
	nbr =
	    nbr_get(rib, (unsigned)usable[0]->port, usable[0]->via.af ? &usable[0]->via : ip, true);
	if (!nbr)
		return NULL;
	nbr->refs++;
	*why = NULL;
	return &nbr->pub;
}
