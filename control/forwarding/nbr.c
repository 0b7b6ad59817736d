/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Neighbours: next hops with or without a MAC, and the packets that wait for one.
 */
#include "control/forwarding/nbr.h"

#include <errno.h>
#include <stdlib.h>
#include <rte_ether.h>

#define ASK_MS     1000u  /* between two questions while nobody answered */
#define REFRESH_MS 30000u /* Linux does not see the workers' traffic: it is reminded to confirm */
#define HOLD_MS    5000u  /* Linux gives up after three seconds */
#define MAX_UNRESOLVED                                                                             \
	4096u /* hosts of connected networks asked for at one time: a scan must not fill memory */

static struct xtr_adj *adj_of(struct nbr *n)
{
	return xtr_pool_at(&n->rib->dp->adj, n->pub.adj);
}

static bool index_nbr(struct xtr_rib *rib, struct nbr *n)
{
	if (n->pub.adj >= rib->n_by_adj) {
		uint32_t more = RTE_MAX(rib->n_by_adj * 2, n->pub.adj + 64);
		struct nbr **p = reallocarray(rib->by_adj, more, sizeof(*p));

		if (!p)
			return false;
		memset(p + rib->n_by_adj, 0, (more - rib->n_by_adj) * sizeof(*p));
		rib->by_adj = p;
		rib->n_by_adj = more;
	}
	rib->by_adj[n->pub.adj] = n;
	return true;
}

static struct xtr_trie *by_ip(struct nbr *n)
{
	return &n->rib->by_ip[n->pub.key.ip.af == 6];
}

/* Neighbours are found by their address: those of one are in a list. */
static int link_ip(struct nbr *n)
{
	const struct xtr_ip *ip = &n->pub.key.ip;
	struct nbr *first = xtr_trie_get(by_ip(n), ip, xtr_ip_bits(ip));

	if (!first)
		return xtr_trie_set(by_ip(n), ip, xtr_ip_bits(ip), n, NULL);
	n->same_ip = first->same_ip;
	first->same_ip = n;
	return 0;
}

static void unlink_ip(struct nbr *n)
{
	const struct xtr_ip *ip = &n->pub.key.ip;
	struct nbr *p = xtr_trie_get(by_ip(n), ip, xtr_ip_bits(ip));

	if (p == n && n->same_ip)
		xtr_trie_set(by_ip(n), ip, xtr_ip_bits(ip), n->same_ip, NULL);
	else if (p == n)
		xtr_trie_del(by_ip(n), ip, xtr_ip_bits(ip));
	while (p != n && p->same_ip != n)
		p = p->same_ip;
	if (p != n)
		p->same_ip = n->same_ip;
}

struct nbr *nbr_get(struct xtr_rib *rib, unsigned port, const struct xtr_ip *ip, bool make)
{
	struct xtr_nbr_key key;
	struct xtr_adj *adj;
	struct nbr *n;

	memset(&key, 0, sizeof(key));
	key.port = (uint8_t)port;
	key.ip = *ip;
	HASH_FIND(hh, rib->nbrs, &key, sizeof(key), n);
	if (n || !make)
		return n;
	n = calloc(1, sizeof(*n));
	if (!n)
		return NULL;
	n->rib = rib;
	n->pub.key = key;
	n->pub.adj = xtr_pool_get(&rib->dp->adj);
	if (!n->pub.adj || !index_nbr(rib, n) || link_ip(n) < 0) {
		if (n->pub.adj && n->pub.adj < rib->n_by_adj)
			rib->by_adj[n->pub.adj] = NULL;
		xtr_pool_put(&rib->dp->adj, n->pub.adj);
		free(n);
		return NULL;
	}
	adj = adj_of(n);
	adj->port = (uint8_t)port;
	adj->mtu = rib->dp->ports[port].mtu;
	rib->n_unresolved++;
	HASH_ADD(hh, rib->nbrs, pub.key, sizeof(key), n);
	return n;
}

static void free_nbr(struct nbr *n)
{
	struct xtr_rib *rib = n->rib;

	rib->by_adj[n->pub.adj] = NULL;
	xtr_pool_put(&rib->dp->adj, n->pub.adj);
	free(n);
}

static void forget(struct nbr *n)
{
	struct xtr_rib *rib = n->rib;

	xtr_hold_drop(rib->holder, &n->hold, XTR_DROP_NEIGH_FAILED, XTR_HOLD_ALL);
	HASH_DEL(rib->nbrs, n);
	unlink_ip(n);
	rib->n_unresolved -= !n->pub.known;
	n->dead = true;
	if (!n->changing)
		free_nbr(n);
}

void nbr_release_if_unused(struct nbr *n)
{
	if (!n->refs && !n->host && !n->pub.known && !n->hold.n)
		forget(n);
}

void nbr_unref(struct nbr *n)
{
	n->refs--;
	nbr_release_if_unused(n);
}

void xtr_nbr_put(struct xtr_rib *rib, struct xtr_nbr *nbr)
{
	if (nbr)
		nbr_unref((struct nbr *)nbr);
}

static void ask(struct nbr *n)
{
	struct xtr_rib *rib = n->rib;

	n->asked_ms = xtr_wheel_now(rib->wheel);
	rib->ops.ask(rib->ops.arg, n->pub.key.port, &n->pub.key.ip);
}

/* Publishes a next hop that no worker reads the MAC of: packets that wait go first. */
static void publish(struct nbr *n)
{
	struct xtr_rib *rib = n->rib;
	struct xtr_adj *adj = adj_of(n);

	memcpy(adj->eth, n->pub.mac, 6);
	memcpy(adj->eth + 6, rib->dp->ports[n->pub.key.port].mac, 6);
	adj->eth[12] = RTE_ETHER_TYPE_IPV4 >> 8;
	adj->eth[13] = RTE_ETHER_TYPE_IPV4 & 0xff;
	__atomic_store_n(&adj->gate, xtr_gate_number(rib->holder), __ATOMIC_RELAXED);
	__atomic_store_n(&adj->state, XTR_HOP_READY, __ATOMIC_RELEASE);
	n->was_ready = true;
	xtr_gate_release(rib->holder, &n->hold);
	rib->ops.changed(rib->ops.arg);
}

static void publish_later(struct xtr_rcu_head *head)
{
	struct nbr *n = (struct nbr *)((char *)head - offsetof(struct nbr, rcu));

	n->changing = false;
	if (n->dead)
		free_nbr(n);
	else if (n->pub.known)
		publish(n);
}

static void learn(struct nbr *n, const uint8_t *mac)
{
	struct xtr_adj *adj = adj_of(n);

	if (n->pub.known && !memcmp(n->pub.mac, mac, 6))
		return;
	n->rib->n_unresolved -= !n->pub.known;
	n->pub.known = true;
	n->pub.failed = false;
	memcpy(n->pub.mac, mac, 6);
	if (n->changing)
		return; /* what is learned last will be published */
	if (!n->was_ready) {
		publish(n);
		return;
	}
	/* Workers may be reading the old MAC: they stop, a grace period passes, then it is written.
	 */
	__atomic_store_n(&adj->state, XTR_HOP_UNRESOLVED, __ATOMIC_RELEASE);
	n->changing = true;
	xtr_rcu_defer(&n->rib->dp->rcu, &n->rcu, publish_later);
}

static void unlearn(struct nbr *n, bool failed)
{
	struct xtr_rib *rib = n->rib;

	if (n->pub.known) {
		n->pub.known = false;
		rib->n_unresolved++;
		__atomic_store_n(&adj_of(n)->state, XTR_HOP_UNRESOLVED, __ATOMIC_RELEASE);
		rib->ops.changed(rib->ops.arg);
	}
	if (failed && !n->pub.failed) {
		n->pub.failed = true;
		rib->ops.changed(rib->ops.arg);
	}
	if (failed)
		xtr_hold_drop(rib->holder, &n->hold, XTR_DROP_NEIGH_FAILED, XTR_HOLD_ALL);
	rib_host_update(rib, n);
	nbr_release_if_unused(n);
}

void xtr_rib_neigh(
    struct xtr_rib *rib, unsigned port, const struct xtr_ip *ip, const uint8_t *mac, bool failed)
{
	struct nbr *n = nbr_get(rib, port, ip, mac != NULL);

	if (!n)
		return;
	n->seen = rib->nbr_generation;
	if (mac) {
		learn(n, mac);
		rib_host_update(rib, n);
	} else {
		unlearn(n, failed);
	}
}

const struct xtr_nbr *xtr_rib_nbr(const struct xtr_rib *rib, uint32_t adj)
{
	const struct nbr *n = adj < rib->n_by_adj ? rib->by_adj[adj] : NULL;

	return n ? &n->pub : NULL;
}

void xtr_rib_mark_neighs(struct xtr_rib *rib)
{
	rib->nbr_generation++;
}

void xtr_rib_sweep_neighs(struct xtr_rib *rib)
{
	struct nbr *n, *tmp;

	HASH_ITER (hh, rib->nbrs, n, tmp)
		if (n->pub.known && n->seen != rib->nbr_generation)
			unlearn(n, false);
}

void xtr_rib_ask(struct xtr_rib *rib, struct xtr_nbr *nbr)
{
	struct nbr *n = (struct nbr *)nbr;

	if (!n->asked_ms || xtr_wheel_now(rib->wheel) - n->asked_ms >= ASK_MS)
		ask(n);
}

static void hold(struct nbr *n, struct rte_mbuf *m)
{
	struct xtr_rib *rib = n->rib;

	/* at a closed gate older ones wait, even if the MAC has gone again */
	if ((n->pub.known && !n->changing) || !xtr_gate_is_open(rib->holder, adj_of(n)->gate)) {
		xtr_gate_late(rib->holder, adj_of(n)->gate, m);
		return;
	}
	xtr_hold_add(rib->holder, &n->hold, m, xtr_wheel_now(rib->wheel));
	xtr_rib_ask(rib, &n->pub);
}

void xtr_rib_hold_adj(struct xtr_rib *rib, uint32_t adj, struct rte_mbuf *m)
{
	struct nbr *n = adj < rib->n_by_adj ? rib->by_adj[adj] : NULL;

	if (n && !n->dead)
		hold(n, m);
	else
		xtr_inject(rib->dp, m, XTR_INJECT_RESUME); /* it went meanwhile: look again */
}

void xtr_rib_hold_host(
    struct xtr_rib *rib, unsigned port, const struct xtr_ip *ip, struct rte_mbuf *m)
{
	struct nbr *n = nbr_get(rib, port, ip, rib->n_unresolved < MAX_UNRESOLVED);

	if (!n) {
		rib->dp->control_drops[XTR_DROP_NEIGH_FAILED]++;
		rte_pktmbuf_free(m);
		return;
	}
	hold(n, m);
	rib_host_update(rib, n);
}

void nbr_tick(struct xtr_rib *rib)
{
	uint64_t now = xtr_wheel_now(rib->wheel);
	struct nbr *n, *tmp;

	HASH_ITER (hh, rib->nbrs, n, tmp) {
		if (n->pub.known) {
			if (now - n->asked_ms >= REFRESH_MS)
				ask(n);
			continue;
		}
		if (now > HOLD_MS)
			xtr_hold_drop(rib->holder, &n->hold, XTR_DROP_NEIGH_FAILED, now - HOLD_MS);
		if ((n->refs || n->hold.n) && now - n->asked_ms >= ASK_MS)
			ask(n);
		if (!n->refs && !n->hold.n) {
			rib_host_update(rib, n);
			nbr_release_if_unused(n);
		}
	}
}

void nbr_destroy_all(struct xtr_rib *rib)
{
	struct nbr *n, *tmp;

	/* the workers have ended: a MAC that waits for them is published now, or never */
	HASH_ITER (hh, rib->nbrs, n, tmp) {
		xtr_hold_drop(rib->holder, &n->hold, XTR_DROP_NEIGH_FAILED, XTR_HOLD_ALL);
		HASH_DEL(rib->nbrs, n);
		n->dead = true;
		if (!n->changing)
			free_nbr(n);
	}
	while (xtr_rcu_poll(&rib->dp->rcu))
		;
	for (unsigned f = 0; f < 2; f++)
		xtr_trie_clear(&rib->by_ip[f]);
	free(rib->by_adj);
}
