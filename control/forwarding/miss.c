/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packets that need a mapping, or a PETR, wait here for it.
 */
#include "control/forwarding/mapping.h"
#include "control/forwarding/petr.h"
#include "control/forwarding/packet.h"
#include "util/small.h"

static void too_old(struct xtr_timer *t)
{
	struct xtr_wait *w = (struct xtr_wait *)((char *)t - offsetof(struct xtr_wait, timer));
	struct xtr_ctl *ctl = w->ctl;
	uint64_t now = xtr_wheel_now(&ctl->wheel);

	xtr_hold_drop(
	    &ctl->holder, &w->hold, XTR_DROP_HOLD_TIMEOUT, now - ctl->cfg->lisp.hold_ms + 1);
	if (w->hold.n)
		xtr_timer_arm(&ctl->wheel, t, ctl->cfg->lisp.hold_ms / 4 + 1, too_old);
}

void xtr_wait_add(struct xtr_ctl *ctl, struct xtr_wait *w, struct rte_mbuf *m)
{
	w->ctl = ctl;
	xtr_hold_add(&ctl->holder, &w->hold, m, xtr_wheel_now(&ctl->wheel));
	if (!xtr_timer_armed(&w->timer))
		xtr_timer_arm(&ctl->wheel, &w->timer, ctl->cfg->lisp.hold_ms, too_old);
}

void xtr_wait_release(struct xtr_wait *w)
{
	if (!w->ctl)
		return; /* nothing ever waited */
	xtr_gate_release(&w->ctl->holder, &w->hold);
	xtr_timer_cancel(&w->ctl->wheel, &w->timer);
}

void xtr_wait_drop(struct xtr_wait *w)
{
	if (!w->ctl)
		return;
	xtr_hold_drop(&w->ctl->holder, &w->hold, XTR_DROP_HOLD_TIMEOUT, XTR_HOLD_ALL);
	xtr_timer_cancel(&w->ctl->wheel, &w->timer);
}

void xtr_miss_resolved(void *arg, struct xtr_pending *p, struct xtr_mapping *m)
{
	if (p->user)
		xtr_wait_release(p->user);
}

bool xtr_miss_waited_for(void *arg, const struct xtr_pending *p)
{
	const struct xtr_wait *w = p->user;

	return w && w->hold.n;
}

void xtr_miss_forget(void *arg, struct xtr_pending *p)
{
	if (p->user)
		xtr_wait_drop(p->user);
	xtr_small_free(p->user);
	p->user = NULL;
}

static struct xtr_wait *wait_of(struct xtr_pending *p)
{
	if (!p->user)
		p->user = xtr_small_alloc(sizeof(struct xtr_wait));
	return p->user;
}

static struct xtr_eid host_of(
    const struct xtr_ctl *ctl, const struct xtr_pkt *pkt, struct xtr_ip ip)
{
	return xtr_eid_host(ctl->dp->instances[pkt->inst].iid, &ip);
}

/* Its EID is known by now, or something else leads there: m goes back to its worker. */
static bool came_late(struct xtr_ctl *ctl, const struct xtr_eid *eid, struct rte_mbuf *m)
{
	const struct xtr_pkt *pkt = xtr_pkt(m);
	struct xtr_mapping *mapping = ctl->itr ? xtr_itr_lookup(ctl->itr, eid) : NULL;
	uint32_t gate = xtr_fib_gate(ctl->fib, pkt->inst, &eid->ip);

	if (!xtr_gate_is_open(&ctl->holder, gate)) {
		/* what leads there now changed while this packet was in the ring */
		xtr_gate_late(&ctl->holder, gate, m);
		return true;
	}
	if (!mapping || !mapping->user ||
	    (!mapping->n_locators && mapping->action == XTR_ACT_SEND_MAP_REQUEST))
		return false;
	/* what was punted for want of a PETR, not of a mapping */
	if (pkt->reason == XTR_PUNT_MISS && pkt->fwd == ctl->dp->petr_fwd && ctl->petrs &&
	    xtr_petrs_wait(ctl->petrs, m))
		return true;
	/* it came while this packet was in the ring */
	xtr_gate_late(&ctl->holder, xtr_mapping_gate(mapping), m);
	return true;
}

/* Holds m until eid is resolved, for the host that asks for it. */
static void resolve(struct xtr_ctl *ctl, const struct xtr_eid *eid, const struct xtr_eid *asking,
    struct rte_mbuf *m)
{
	struct xtr_pending *p;
	struct xtr_wait *w;

	if (came_late(ctl, eid, m))
		return;
	p = ctl->itr ? xtr_itr_resolve_for(ctl->itr, eid, asking, xtr_party(xtr_pkt(m))) : NULL;
	w = p ? wait_of(p) : NULL;
	if (!w) {
		ctl->dp
		    ->control_drops[ctl->itr && ctl->cfg->n_map_resolvers ? XTR_DROP_RESOLVE_LIMIT
									  : XTR_DROP_NO_RESOLVER]++;
		rte_pktmbuf_free(m);
		return;
	}
	xtr_wait_add(ctl, w, m);
}

void xtr_ctl_miss(struct xtr_ctl *ctl, struct rte_mbuf *m)
{
	struct xtr_eid source = host_of(ctl, xtr_pkt(m), xtr_packet_source(m));
	struct xtr_eid destination = host_of(ctl, xtr_pkt(m), xtr_packet_destination(m));

	resolve(ctl, &destination, &source, m);
}

void xtr_ctl_source_unknown(struct xtr_ctl *ctl, struct rte_mbuf *m)
{
	struct xtr_eid source = host_of(ctl, xtr_pkt(m), xtr_packet_source(m));
	struct xtr_eid destination = host_of(ctl, xtr_pkt(m), xtr_packet_destination(m));

	resolve(ctl, &source, &destination, m);
}
