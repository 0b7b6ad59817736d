/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/forwarding/rloc.h"

#include <stdlib.h>
#include <uthash.h>
#include "control/forwarding/template.h"

#define HOLD_MS     5000u
#define PATH_MTU_MS (600u * XTR_MS_PER_SEC) /* RFC 1191 section 6.3, RFC 8201 section 4 */

struct rloc {
	struct xtr_rloc pub;
	unsigned refs;
	struct xtr_nbr *nbr; /* next hop, with a reference; NULL: none */
	struct xtr_hold hold;
	struct xtr_rloc_count
	    base;       /* of the tunnel's index when it was taken: only workers write counters */
	bool was_ready; /* workers may have read the template */
	bool changing;  /* waits for a grace period to write it */
	bool dead;
	struct xtr_rcu_head rcu;
	struct xtr_rlocs *all;
	UT_hash_handle hh;
};

struct xtr_rlocs {
	struct xtr_dp *dp;
	struct xtr_rib *rib;
	struct xtr_holder *holder;
	struct xtr_wheel *wheel;
	struct xtr_rlocs_ops ops;
	struct rloc *table;
	struct rloc *next; /* the first that is still to be looked at; NULL: none */
	bool again;        /* routes have changed since that began: all once more */
	struct rloc **by_tunnel;
	uint32_t n_by_tunnel;
	struct xtr_timer timer;
};

static struct xtr_tunnel *tunnel_of(const struct rloc *r)
{
	return xtr_pool_at(&r->all->dp->tunnel, r->pub.tunnel);
}

/* While workers use it too: they need no other field with it. */
static void set_mtu(struct rloc *r)
{
	uint16_t mtu = xtr_rloc_link_mtu(r->all, &r->pub);

	if (r->pub.path_mtu && r->pub.path_mtu < mtu)
		mtu = r->pub.path_mtu;
	__atomic_store_n(&tunnel_of(r)->mtu, mtu, __ATOMIC_RELAXED);
}

/* What is too old: packets that wait for a next hop, and what the core said of path MTUs. */
static void tick(struct xtr_timer *t)
{
	struct xtr_rlocs *all = (struct xtr_rlocs *)((char *)t - offsetof(struct xtr_rlocs, timer));
	uint64_t now = xtr_wheel_now(all->wheel);
	struct rloc *r, *tmp;

	HASH_ITER (hh, all->table, r, tmp) {
		if (now > HOLD_MS)
			xtr_hold_drop(all->holder, &r->hold, XTR_DROP_NEIGH_FAILED, now - HOLD_MS);
		if (r->pub.path_mtu && now >= r->pub.path_mtu_ms) {
			r->pub.path_mtu = 0;
			if (r->pub.way == XTR_WAY_READY)
				set_mtu(r);
		}
	}
	xtr_timer_arm(all->wheel, t, XTR_MS_PER_SEC, tick);
}

struct xtr_rlocs *xtr_rlocs_create(struct xtr_dp *dp, struct xtr_rib *rib,
    struct xtr_holder *holder, struct xtr_wheel *wheel, const struct xtr_rlocs_ops *ops)
{
	struct xtr_rlocs *all = calloc(1, sizeof(*all));

	if (!all)
		return NULL;
	all->dp = dp;
	all->rib = rib;
	all->holder = holder;
	all->wheel = wheel;
	all->ops = *ops;
	xtr_timer_arm(wheel, &all->timer, XTR_MS_PER_SEC, tick);
	return all;
}

static void free_rloc(struct rloc *r)
{
	struct xtr_rlocs *all = r->all;

	all->by_tunnel[r->pub.tunnel] = NULL;
	xtr_pool_put(&all->dp->tunnel, r->pub.tunnel);
	free(r);
}

static void forget(struct rloc *r)
{
	struct xtr_rlocs *all = r->all;

	/* what waits here may have another way by now: its worker looks again */
	xtr_gate_release(all->holder, &r->hold);
	if (all->next == r)
		all->next = r->hh.next;
	HASH_DEL(all->table, r);
	xtr_nbr_put(all->rib, r->nbr);
	r->nbr = NULL;
	r->dead = true;
	if (!r->changing)
		free_rloc(r);
}

void xtr_rlocs_destroy(struct xtr_rlocs *all)
{
	struct rloc *r, *tmp;

	if (!all)
		return;
	xtr_timer_cancel(all->wheel, &all->timer);
	HASH_ITER (hh, all->table, r, tmp)
		forget(r);
	while (xtr_rcu_poll(&all->dp->rcu))
		;
	free(all->by_tunnel);
	free(all);
}

void xtr_rloc_release(struct xtr_rlocs *all, struct xtr_rloc *rloc)
{
	struct rloc *r = (struct rloc *)rloc;

	if (r->pub.way == XTR_WAY_READY)
		return;
	/* by the tunnel's gate it is joined by what workers punted before they knew */
	__atomic_store_n(&tunnel_of(r)->gate, xtr_gate_number(all->holder), __ATOMIC_RELAXED);
	xtr_gate_release(all->holder, &r->hold);
}

static void set_way(struct rloc *r, enum xtr_way way, const char *why)
{
	struct xtr_rlocs *all = r->all;
	enum xtr_way old = r->pub.way;

	if (old == way && r->pub.why == why)
		return;
	r->pub.way = way;
	r->pub.why = why;
	r->pub.since_ms = xtr_wheel_now(all->wheel);
	if (old == way)
		return;
	if (all->ops.changed)
		all->ops.changed(all->ops.arg, &r->pub);
	/* where there was no way, workers punted nothing */
	if (old != XTR_WAY_NONE)
		xtr_rloc_release(all, &r->pub);
}

bool xtr_rloc_lower_mtu(struct xtr_rlocs *all, struct xtr_rloc *rloc, uint16_t mtu)
{
	struct rloc *r = (struct rloc *)rloc;

	if (mtu >= tunnel_of(r)->mtu)
		return false;
	rloc->path_mtu = mtu;
	rloc->path_mtu_ms = xtr_wheel_now(all->wheel) + PATH_MTU_MS;
	set_mtu(r);
	return true;
}

/* No packet can leave for it. */
static void set_down(struct rloc *r, const char *why)
{
	__atomic_store_n(&tunnel_of(r)->state, XTR_HOP_DOWN, __ATOMIC_RELEASE);
	set_way(r, XTR_WAY_NONE, why);
}

static void publish(struct rloc *r)
{
	struct xtr_rlocs *all = r->all;
	struct xtr_tunnel *t = tunnel_of(r);
	unsigned port = r->nbr->key.port;
	struct xtr_ip src;

	if (!all->ops.source(all->ops.arg, port, r->pub.ip.af, &src)) {
		set_down(r, "the port has no address of this family");
		return;
	}
	t->port = (uint8_t)port;
	set_mtu(r);
	xtr_template_write(t, r->nbr->mac, all->dp->ports[port].mac, &src, &r->pub.ip);
	__atomic_store_n(&t->gate, xtr_gate_number(all->holder), __ATOMIC_RELAXED);
	__atomic_store_n(&t->state, XTR_HOP_READY, __ATOMIC_RELEASE);
	r->was_ready = true;
	xtr_gate_release(all->holder, &r->hold);
	set_way(r, XTR_WAY_READY, NULL);
}

static void update(struct rloc *r);

static void update_later(struct xtr_rcu_head *head)
{
	struct rloc *r = (struct rloc *)((char *)head - offsetof(struct rloc, rcu));

	r->changing = false;
	if (r->dead)
		free_rloc(r);
	else
		update(r);
}

/* Is the published template what the next hop asks for? */
static bool current(const struct rloc *r)
{
	const struct xtr_tunnel *t = tunnel_of(r);
	unsigned port = r->nbr->key.port;
	struct xtr_ip src;

	return t->state == XTR_HOP_READY && t->port == port && !memcmp(t->tmpl, r->nbr->mac, 6) &&
	       r->all->ops.source(r->all->ops.arg, port, r->pub.ip.af, &src) &&
	       xtr_template_is_from(t, &src);
}

static void update(struct rloc *r)
{
	struct xtr_rlocs *all = r->all;
	struct xtr_tunnel *t = tunnel_of(r);
	struct xtr_nbr *old = r->nbr;
	const char *why;

	if (r->changing)
		return; /* comes back when the grace period is over */
	r->nbr = xtr_rib_resolve(all->rib, &r->pub.ip, &why);
	if (old && old != r->nbr)
		r->pub.path_mtu = 0; /* of another way */
	xtr_nbr_put(all->rib, old);
	if (!r->nbr) {
		set_down(r, why);
		return;
	}
	if (!r->nbr->known) {
		__atomic_store_n(&t->state, XTR_HOP_UNRESOLVED, __ATOMIC_RELEASE);
		if (r->nbr->failed) {
			set_way(r, XTR_WAY_FAILED, "next hop does not answer");
			return;
		}
		set_way(r, XTR_WAY_RESOLVING, "next hop not resolved");
		xtr_rib_ask(all->rib, r->nbr); /* a PETR gets no packets before it is known */
		return;
	}
	if (current(r)) {
		set_mtu(r);
		return;
	}
	if (!r->was_ready) {
		publish(r);
		return;
	}
	__atomic_store_n(&t->state, XTR_HOP_UNRESOLVED, __ATOMIC_RELEASE);
	r->was_ready = false;
	r->changing = true;
	xtr_rcu_defer(&all->dp->rcu, &r->rcu, update_later);
}

void xtr_rlocs_changed(struct xtr_rlocs *all)
{
	all->again = true;
}

void xtr_rlocs_update(struct xtr_rlocs *all, unsigned max)
{
	struct rloc *r;

	/* a round ends before the next begins, else the last would never have their turn */
	while (max--) {
		if (!all->next && all->again) {
			all->again = false;
			all->next = all->table;
		}
		r = all->next;
		if (!r)
			return;
		all->next = r->hh.next;
		update(r);
	}
}

static bool index_rloc(struct xtr_rlocs *all, struct rloc *r)
{
	if (r->pub.tunnel >= all->n_by_tunnel) {
		uint32_t more = RTE_MAX(all->n_by_tunnel * 2, r->pub.tunnel + 64);
		struct rloc **p = reallocarray(all->by_tunnel, more, sizeof(*p));

		if (!p)
			return false;
		memset(p + all->n_by_tunnel, 0, (more - all->n_by_tunnel) * sizeof(*p));
		all->by_tunnel = p;
		all->n_by_tunnel = more;
	}
	all->by_tunnel[r->pub.tunnel] = r;
	return true;
}

/* What workers counted for a tunnel index, whoever had it. */
static struct xtr_rloc_count counted(const struct xtr_rlocs *all, uint32_t tunnel)
{
	struct xtr_rloc_count sum = {0};

	for (unsigned i = 0; i < all->dp->n_workers; i++) {
		sum.packets += all->dp->workers[i]->rloc[tunnel].packets;
		sum.bytes += all->dp->workers[i]->rloc[tunnel].bytes;
	}
	return sum;
}

struct xtr_rloc *xtr_rloc_get(struct xtr_rlocs *all, const struct xtr_ip *ip)
{
	struct rloc *r;

	HASH_FIND(hh, all->table, ip, sizeof(*ip), r);
	if (r) {
		r->refs++;
		return &r->pub;
	}
	r = calloc(1, sizeof(*r));
	if (!r)
		return NULL;
	r->all = all;
	r->pub.ip = *ip;
	r->pub.id = xtr_set_id(ip, sizeof(*ip));
	r->pub.tunnel = xtr_pool_get(&all->dp->tunnel);
	if (!r->pub.tunnel || !index_rloc(all, r)) {
		xtr_pool_put(&all->dp->tunnel, r->pub.tunnel);
		free(r);
		return NULL;
	}
	xtr_dp_name_tunnel(all->dp, r->pub.tunnel, ip->af, ip->b);
	r->refs = 1;
	r->pub.way = XTR_WAY_NONE;
	LIST_INIT(&r->pub.uses);
	r->pub.since_ms = xtr_wheel_now(all->wheel);
	r->base = counted(all, r->pub.tunnel);
	HASH_ADD(hh, all->table, pub.ip, sizeof(r->pub.ip), r);
	update(r);
	return &r->pub;
}

void xtr_rloc_put(struct xtr_rlocs *all, struct xtr_rloc *rloc)
{
	struct rloc *r = (struct rloc *)rloc;

	if (r && --r->refs == 0)
		forget(r);
}

void xtr_rloc_hold(struct xtr_rlocs *all, uint32_t tunnel, struct rte_mbuf *m)
{
	struct rloc *r = tunnel < all->n_by_tunnel ? all->by_tunnel[tunnel] : NULL;
	const struct xtr_tunnel *t;

	t = r && !r->dead ? tunnel_of(r) : NULL;
	/* at a closed gate older ones wait, even if the next hop has gone again */
	if (t && (t->state == XTR_HOP_READY || !xtr_gate_is_open(all->holder, t->gate))) {
		xtr_gate_late(all->holder, t->gate, m);
		return;
	}
	if (!t || t->state == XTR_HOP_DOWN) {
		/* it went meanwhile: the worker looks again */
		xtr_inject(all->dp, m, XTR_INJECT_RESUME);
		return;
	}
	xtr_hold_add(all->holder, &r->hold, m, xtr_wheel_now(all->wheel));
	if (r->nbr && !r->nbr->known)
		xtr_rib_ask(all->rib, r->nbr);
}

const struct xtr_rloc *xtr_rloc_at(const struct xtr_rlocs *all, uint32_t tunnel)
{
	const struct rloc *r = tunnel < all->n_by_tunnel ? all->by_tunnel[tunnel] : NULL;

	return r ? &r->pub : NULL;
}

struct xtr_rloc *xtr_rloc_find(const struct xtr_rlocs *all, const struct xtr_ip *ip)
{
	struct rloc *r;

	HASH_FIND(hh, all->table, ip, sizeof(*ip), r);
	return r ? &r->pub : NULL;
}

const struct xtr_tunnel *xtr_rloc_tunnel(const struct xtr_rlocs *all, const struct xtr_rloc *rloc)
{
	return rloc->way == XTR_WAY_READY ? tunnel_of((const struct rloc *)rloc) : NULL;
}

uint16_t xtr_rloc_link_mtu(const struct xtr_rlocs *all, const struct xtr_rloc *rloc)
{
	return all->dp->ports[((const struct rloc *)rloc)->nbr->key.port].mtu;
}

struct xtr_rloc_count xtr_rloc_count(const struct xtr_rlocs *all, const struct xtr_rloc *rloc)
{
	const struct rloc *r = (const struct rloc *)rloc;
	struct xtr_rloc_count sum = counted(all, rloc->tunnel);

	sum.packets -= r->base.packets;
	sum.bytes -= r->base.bytes;
	return sum;
}

void xtr_rloc_show_hop(const struct xtr_rloc *rloc, const struct xtr_config *cfg, json_t *object)
{
	const struct xtr_nbr *nbr = ((const struct rloc *)rloc)->nbr;
	char hop[XTR_IP_STRLEN];

	json_object_update_new(object,
	    json_pack("{s:s?, s:s?}", "next_hop", nbr ? xtr_ip_format(&nbr->key.ip, hop) : NULL,
		"port", nbr ? cfg->ports[nbr->key.port].name : NULL));
}

static void show_path_mtu(const struct xtr_rloc *rloc, uint64_t now, json_t *object)
{
	json_int_t left = (json_int_t)(rloc->path_mtu_ms - now) / XTR_MS_PER_SEC;

	json_object_set_new(
	    object, "path_mtu", rloc->path_mtu ? json_integer(rloc->path_mtu) : json_null());
	json_object_set_new(
	    object, "path_mtu_expires_s", rloc->path_mtu ? json_integer(left) : json_null());
}

json_t *xtr_rlocs_show(const struct xtr_rlocs *all, const struct xtr_config *cfg)
{
	json_t *list = json_array();
	struct rloc *r, *tmp;

	HASH_ITER (hh, all->table, r, tmp) {
		struct xtr_rloc_count c = xtr_rloc_count(all, &r->pub);
		const struct xtr_tunnel *t = tunnel_of(r);
		json_t *o = json_object();
		char ip[XTR_IP_STRLEN];

		json_object_update_new(
		    o, json_pack("{s:s, s:o, s:I, s:I, s:I, s:I}", "rloc",
			   xtr_ip_format(&r->pub.ip, ip), "mtu",
			   t->state == XTR_HOP_READY ? json_integer(t->mtu) : json_null(),
			   "packets", (json_int_t)c.packets, "bytes", (json_int_t)c.bytes, "users",
			   (json_int_t)r->refs, "uptime_s",
			   (json_int_t)((xtr_wheel_now(all->wheel) - r->pub.since_ms) /
					XTR_MS_PER_SEC)));
		show_path_mtu(&r->pub, xtr_wheel_now(all->wheel), o);
		xtr_rloc_show_hop(&r->pub, cfg, o);
		all->ops.describe(all->ops.arg, &r->pub, o);
		json_array_append_new(list, o);
	}
	return json_pack("{s:o}", "rlocs", list);
}
