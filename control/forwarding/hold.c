/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/forwarding/hold.h"

#include <errno.h>
#include <stdlib.h>

#define FLOWS 64 /* groups of flows, by destination */

struct xtr_gate {
	struct xtr_gate *next;
	struct xtr_hold packets;
	struct rte_mbuf *last;
	bool mixed; /* packets are not in order of arrival */
	bool open;  /* stays in the list until all workers have adopted it */
	uint32_t number;
	uint64_t token;       /* grace period since publication, then since it opened */
	uint32_t mark[FLOWS]; /* the lowest of the packets' marks; 0: it has, and had, none */
};

static struct rte_mbuf **next_of(struct rte_mbuf *m)
{
	return &xtr_pkt(m)->next;
}

static void append(struct xtr_hold *q, struct rte_mbuf *m)
{
	if (!q->n)
		q->last = &q->first;
	*next_of(m) = NULL;
	*q->last = m;
	q->last = next_of(m);
	q->n++;
}

/* The same for all packets to one address. */
static unsigned flow_of(struct rte_mbuf *m)
{
	const struct xtr_pkt *pkt = xtr_pkt(m);
	const uint8_t *ip = rte_pktmbuf_mtod_offset(m, const uint8_t *, pkt->l2_len);
	unsigned at = 16, len = 4;
	uint32_t hash = pkt->inst;

	if (m->data_len > pkt->l2_len && ip[0] >> 4 == 6) {
		at = 24;
		len = 16;
	}
	if (m->data_len < pkt->l2_len + at + len)
		return 0;
	for (unsigned i = 0; i < len; i++)
		hash = hash * 31 + ip[at + i];
	return (hash * 0x9e3779b1u >> 26) % FLOWS;
}

static bool older(struct rte_mbuf *a, struct rte_mbuf *b)
{
	const struct xtr_pkt *p = xtr_pkt(a), *q = xtr_pkt(b);

	return p->worker != q->worker ? p->worker < q->worker
				      : (int32_t)(p->arrival - q->arrival) < 0;
}

/*
 * A packet passes its gate while that is closed. But where packets of its flow came through a lower
 * gate, that no worker may have adopted yet, those have to stop at this one: then it does so too,
 * and the worker puts them in order. Its mark is the highest gate that it passes.
 */
static void join(struct xtr_holder *h, struct xtr_gate *own, struct rte_mbuf *m)
{
	unsigned flow = flow_of(m);
	uint32_t mark = own->number;

	for (const struct xtr_gate *g = h->first; g && g != own; g = g->next)
		if (g->mark[flow] && (int32_t)(g->mark[flow] - mark) < 0)
			mark = g->mark[flow];
	if (!own->mark[flow] || (int32_t)(mark - own->mark[flow]) < 0)
		own->mark[flow] = mark;
	xtr_pkt(m)->id = mark; /* of no more use as what it was */
	own->mixed |= own->packets.n && older(m, own->last);
	own->last = m;
	append(&own->packets, m);
}

static struct rte_mbuf *merge(struct rte_mbuf *a, struct rte_mbuf *b)
{
	struct rte_mbuf *first, **link = &first;

	while (a && b) {
		struct rte_mbuf **from = older(b, a) ? &b : &a;

		*link = *from;
		link = next_of(*from);
		*from = *link;
	}
	*link = a ? a : b;
	return first;
}

/* Packets of a flow may have waited for different things, an EID and an RLOC's next hop. A merge
 * sort: run[i] is a sorted list of 2^i packets, or none. */
static void sort(struct xtr_gate *g)
{
	struct rte_mbuf *run[32] = {0}, *m = g->packets.first, *next;
	unsigned i;

	if (!g->mixed)
		return;
	g->mixed = false;
	for (; m; m = next) {
		next = *next_of(m);
		*next_of(m) = NULL;
		for (i = 0; run[i]; i++) {
			m = merge(run[i], m);
			run[i] = NULL;
		}
		run[i] = m;
	}
	for (i = 0, m = NULL; i < RTE_DIM(run); i++)
		m = merge(run[i], m);
	g->packets.first = m;
	while (*next_of(m))
		m = *next_of(m);
	g->last = m;
	g->packets.last = next_of(m);
}

static struct rte_mbuf *take_first(struct xtr_hold *q)
{
	struct rte_mbuf *m = q->first;

	if (m) {
		q->first = *next_of(m);
		q->n--;
	}
	return m;
}

static void uncount(struct xtr_holder *h, const struct rte_mbuf *m)
{
	h->n--;
	h->n_instance[xtr_pkt((struct rte_mbuf *)(uintptr_t)m)->inst]--;
}

static void drop(struct xtr_dp *dp, struct rte_mbuf *m, enum xtr_drop reason)
{
	dp->control_drops[reason]++;
	rte_pktmbuf_free(m);
}

int xtr_holder_init(struct xtr_holder *h, struct xtr_dp *dp, unsigned per_queue,
    unsigned per_instance, unsigned total, void (*drain)(void *arg), void *arg)
{
	*h = (struct xtr_holder){.dp = dp,
	    .per_queue = per_queue,
	    .per_instance = per_instance,
	    .total = total,
	    .drain = drain,
	    .arg = arg};
	h->n_instance = calloc(XTR_DP_INSTANCES, sizeof(*h->n_instance));
	h->last = &h->first;
	h->epoch = dp->gate_open + 1;
	return h->n_instance ? xtr_hold_share_init(h) : -ENOMEM;
}

static void gate_free(struct xtr_gate *g)
{
	struct rte_mbuf *m;

	while ((m = take_first(&g->packets)) != NULL)
		rte_pktmbuf_free(m);
	free(g);
}

void xtr_holder_fini(struct xtr_holder *h)
{
	struct xtr_gate *g;

	while ((g = h->first) != NULL) {
		h->first = g->next;
		gate_free(g);
	}
	if (h->collecting)
		gate_free(h->collecting);
	free(h->n_instance);
	xtr_hold_share_fini(h);
	h->collecting = NULL;
	h->n_instance = NULL;
}

/* Makes room in the instance, or in all. False: the new packet is the one to go. */
static bool push_out(
    struct xtr_holder *h, const struct xtr_pkt *pkt, bool in_instance, enum xtr_drop reason)
{
	struct xtr_hold *q = xtr_hold_share_victim(h, pkt, in_instance);
	struct rte_mbuf *m;

	if (!q)
		return false;
	m = take_first(q);
	xtr_hold_share_sub(h, q, 1);
	uncount(h, m);
	drop(h->dp, m, reason);
	return true;
}

void xtr_hold_add(struct xtr_holder *h, struct xtr_hold *q, struct rte_mbuf *m, uint64_t now)
{
	struct xtr_pkt *pkt = xtr_pkt(m);
	struct rte_mbuf *copy;

	if (q->n >= h->per_queue && !q->shared) {
		drop(h->dp, m, XTR_DROP_HOLD_EID);
		return;
	}
	if (h->n_instance[pkt->inst] >= h->per_instance &&
	    !push_out(h, pkt, true, XTR_DROP_HOLD_INSTANCE)) {
		drop(h->dp, m, XTR_DROP_HOLD_INSTANCE);
		return;
	}
	if (h->n >= h->total && !push_out(h, pkt, false, XTR_DROP_HOLD_TOTAL)) {
		drop(h->dp, m, XTR_DROP_HOLD_TOTAL);
		return;
	}
	copy = rte_pktmbuf_copy(m, h->dp->hold_pool, 0, UINT32_MAX);
	if (!copy) {
		drop(h->dp, m, XTR_DROP_HOLD_NO_MBUF);
		return;
	}
	*xtr_pkt(copy) = *pkt;
	rte_pktmbuf_free(m);
	xtr_pkt(copy)->held_ms = (uint32_t)now;
	h->n++;
	h->n_instance[xtr_pkt(copy)->inst]++;
	xtr_hold_share_add(h, q, xtr_pkt(copy));
	append(q, copy);
}

unsigned xtr_hold_drop(
    struct xtr_holder *h, struct xtr_hold *q, enum xtr_drop reason, uint64_t before)
{
	unsigned n = 0;

	while (q->n && (before == XTR_HOLD_ALL ||
			   (int32_t)(xtr_pkt(q->first)->held_ms - (uint32_t)before) < 0)) {
		struct rte_mbuf *m = take_first(q);

		uncount(h, m);
		if (h->dropping)
			h->dropping(h->arg, m, reason);
		drop(h->dp, m, reason);
		n++;
	}
	xtr_hold_share_sub(h, q, n);
	return n;
}

static struct xtr_gate *collecting(struct xtr_holder *h)
{
	struct xtr_gate *g = h->collecting;

	if (g)
		return g;
	g = calloc(1, sizeof(*g));
	if (!g)
		return NULL;
	g->number = h->epoch;
	h->collecting = g;
	return g;
}

uint32_t xtr_gate_number(struct xtr_holder *h)
{
	struct xtr_gate *g = collecting(h);

	return g ? g->number : 0;
}

/* Returns false if the ring is full; the packet stays the caller's. */
static bool try_inject(struct xtr_dp *dp, struct rte_mbuf *m, enum xtr_inject how)
{
	struct xtr_pkt *pkt = xtr_pkt(m);

	pkt->inject = (uint8_t)how;
	return rte_ring_sp_enqueue(dp->workers[pkt->worker]->inject, m) == 0;
}

int xtr_inject(struct xtr_dp *dp, struct rte_mbuf *m, enum xtr_inject how)
{
	if (try_inject(dp, m, how))
		return 0;
	drop(dp, m, XTR_DROP_INJECT_FULL);
	return -ENOBUFS;
}

void xtr_gate_release(struct xtr_holder *h, struct xtr_hold *q)
{
	struct xtr_gate *g = collecting(h);
	unsigned n = q->n;
	struct rte_mbuf *m;

	while ((m = take_first(q)) != NULL) {
		if (g) {
			join(h, g, m);
			continue;
		}
		uncount(h, m);
		xtr_inject(h->dp, m, XTR_INJECT_RESUME);
	}
	xtr_hold_share_sub(h, q, n);
}

void xtr_gate_late(struct xtr_holder *h, uint32_t number, struct rte_mbuf *m)
{
	struct xtr_gate *g = h->first;

	while (g && g->number != number)
		g = g->next;
	if (!g && h->collecting && h->collecting->number == number)
		g = h->collecting;
	if (!g || g->open) {
		xtr_inject(h->dp, m, XTR_INJECT_RESUME);
		return;
	}
	h->n++;
	h->n_instance[xtr_pkt(m)->inst]++;
	join(h, g, m);
}

/* Sends back what the gate has; false if a ring is full, to be tried again in the next turn. */
static bool empty_gate(struct xtr_holder *h, struct xtr_gate *g)
{
	sort(g);
	while (g->packets.n) {
		struct rte_mbuf *m = g->packets.first, *next = *next_of(m);
		uint32_t inst = xtr_pkt(m)->inst;

		xtr_pkt(m)->flags |= XTR_PKT_RELEASED;
		if (!try_inject(h->dp, m, XTR_INJECT_RESUME))
			return false;
		/* the worker owns m now: only what was read before may be used */
		g->packets.first = next;
		g->packets.n--;
		h->n--;
		h->n_instance[inst]--;
	}
	return true;
}

/*
 * Numbers are compared as signed differences, so that they may wrap. What opened long ago must not
 * look closed half a round later: its number is taken off in time. Every worker has adopted it by
 * then, since each gate takes a grace period.
 */
#define SWEEP_EVERY (1u << 30)
#define SWEEP_OLD   1024

static void sweep(struct xtr_holder *h, const struct xtr_pool *pool, size_t gate_at)
{
	for (uint32_t i = 1; i < pool->fresh; i++) {
		uint32_t *gate = (uint32_t *)((char *)xtr_pool_at(pool, i) + gate_at);

		if (*gate && (int32_t)(*gate - (h->dp->gate_open - SWEEP_OLD)) < 0)
			__atomic_store_n(gate, 0, __ATOMIC_RELAXED);
	}
}

static void next_number(struct xtr_holder *h)
{
	if (++h->epoch == 0)
		h->epoch = 1; /* 0 means open */
	if (h->epoch % SWEEP_EVERY)
		return;
	sweep(h, &h->dp->fwd, offsetof(struct xtr_fwd, gate));
	sweep(h, &h->dp->adj, offsetof(struct xtr_adj, gate));
	sweep(h, &h->dp->tunnel, offsetof(struct xtr_tunnel, gate));
}

void xtr_gate_poll(struct xtr_holder *h)
{
	struct xtr_gate *g = h->collecting;

	if (g) {
		h->collecting = NULL;
		next_number(h);
		g->token = xtr_rcu_start(&h->dp->rcu);
		*h->last = g;
		h->last = &g->next;
	}
	for (g = h->first; g && xtr_rcu_passed(&h->dp->rcu, g->token); g = g->next) {
		/* Nobody punts for these any more: what was punted is in the ring, and joins its
		 * gate now. */
		h->drain(h->arg);
		if (g->open)
			continue;
		if (!empty_gate(h, g))
			break;
		__atomic_store_n(&h->dp->gate_open, g->number, __ATOMIC_RELEASE);
		g->open = true;
		g->token = xtr_rcu_start(&h->dp->rcu);
	}
	while ((g = h->first) != NULL && g->open && xtr_rcu_passed(&h->dp->rcu, g->token)) {
		h->first = g->next;
		if (!h->first)
			h->last = &h->first;
		free(g);
	}
}
