/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * lookup: where does an IP packet go? Gather keys, look all up, pass each on to the stage of its
 * action.
 *
 * 1. A packet of the site side whose source is one of the instance's EIDs, and any at a proxy-ITR's
 * port, is looked up in the LISP view, where routes and LISP entries stand together: the longer
 * decides, and on equal length LISP does. Others by the routes alone (a source outside the EID
 * space is never touched by LISP).
 * 2. What came out of a tunnel goes by the routes: inner.c and source.c have let it pass. (The
 * latter from here, since what waits for its source's mapping comes by again.)
 * 3. Natively-forward means a PETR, where one is configured and lives, else the routes (RFC 6832
 * section 6.1). An entry that says "by the routes" costs a second look-up.
 */
#include "datapath/dp.h"
#include "datapath/keys.h"
#include "datapath/use.h"

#include "wire/data.h"

/* Beside `used` the one field that changes in a published entry. */
static uint32_t gate_of(const struct xtr_fwd *fwd)
{
	return __atomic_load_n(&fwd->gate, __ATOMIC_RELAXED);
}

/* UDP to the LISP data port, whole: RFC 9300 section 4.2. Its fragments are for Linux to put
 * together. */
static bool is_lisp_data(struct rte_mbuf *m)
{
	const uint8_t *ip = xtr_ip_of(m);
	unsigned at = xtr_ip_udp_at(m, ip, xtr_pkt(m)->l2_len);
	const struct rte_udp_hdr *udp = (const struct rte_udp_hdr *)(ip + at);

	return at && udp->dst_port == rte_cpu_to_be_16(XTR_PORT_DATA);
}

/* Punts a packet whose way is not known yet: to be asked for, unless its TTL ends here anyway (RFC
 * 1812 section 5.3.1). */
static void punt_unknown(struct xtr_worker *w, struct rte_mbuf *m, enum xtr_punt reason)
{
	bool expired = xtr_ip_hops(xtr_ip_of(m)) <= xtr_pkt_hops(xtr_pkt(m));

	xtr_stage_punt(w, m, expired ? XTR_PUNT_TTL : reason, 0);
}

/* Says for each packet that LISP may touch whose source it has, and the LISP header word that goes
 * with it. */
static void check_source(struct xtr_worker *w, struct rte_mbuf **m, unsigned n)
{
	struct xtr_pkt *site[XTR_BURST];
	uint32_t values[XTR_BURST];
	struct xtr_keys keys;

	keys.n = keys.n4 = keys.n6 = 0;

	for (unsigned i = 0; i < n; i++) {
		struct xtr_pkt *pkt = xtr_pkt(m[i]);

		pkt->eligible = XTR_SOURCE_OTHER;
		if (!(pkt->flags & (XTR_PKT_SITE | XTR_PKT_PROXY)))
			continue;
		site[keys.n] = pkt;
		xtr_keys_add(
		    &keys, w->dp->instances[pkt->inst].database, xtr_ip_of(m[i]), XTR_KEY_SOURCE);
	}
	if (!keys.n)
		return;
	xtr_keys_lookup(&keys, values);
	for (unsigned i = 0; i < keys.n; i++) {
		const struct xtr_fwd *own = xtr_pool_at(&w->dp->fwd, values[i]);

		/* from the core anybody may send in our name */
		if (likely(values[i]) && likely(site[i]->flags & XTR_PKT_SITE)) {
			site[i]->eligible = XTR_SOURCE_EID;
			site[i]->word1 = own->word1;
		} else if (site[i]->flags & XTR_PKT_PROXY) {
			site[i]->eligible = XTR_SOURCE_PROXY;
			site[i]->word1 = w->dp->instances[site[i]->inst].word1;
		} else {
			w->counters[XTR_CTR_NOT_ELIGIBLE]++;
		}
		xtr_trace_more(w, XTR_STEP_SOURCE, values[i], site[i]->eligible);
	}
}

/* A route that the LISP view has may have a longer one under it that leads nowhere, which the view
 * does not show: it hides no LISP entry, but it does hide the route. */
static bool hides_blackhole(const struct xtr_dp *dp, const struct xtr_fwd *fwd)
{
	return __atomic_load_n(&dp->blackholes, __ATOMIC_RELAXED) &&
	       (fwd->action == XTR_FWD_FORWARD || fwd->action == XTR_FWD_GLEAN ||
		   fwd->action == XTR_FWD_LOCAL);
}

/* An entry that says natively-forward, or nothing, has been met. The packet may come by again: what
 * leads on may have to be found first. */
static void use_native(struct xtr_worker *w, struct rte_mbuf *m, struct xtr_fwd *fwd)
{
	struct xtr_pkt *pkt = xtr_pkt(m);

	xtr_use(w, fwd);
	if (fwd->action == XTR_FWD_NATIVE && !pkt->counted) {
		pkt->counted = 1;
		xtr_use_count(w, fwd, m->pkt_len - pkt->l2_len);
	}
}

/*
 * Follows an entry of the LISP view that does not decide by itself to one that does: a PETR's.
 * True: the routes decide (RFC 6832 section 6.1). A closed gate on the way: the packet stops there.
 */
static bool by_routes(struct xtr_worker *w, struct rte_mbuf *m)
{
	struct xtr_pkt *pkt = xtr_pkt(m);
	struct xtr_fwd *fwd = xtr_pool_at(&w->dp->fwd, pkt->fwd);
	bool proxy = pkt->eligible == XTR_SOURCE_PROXY;

	if (unlikely(proxy) && fwd->action != XTR_FWD_ROUTES && (fwd->word1 & XTR_FWD_OWN_ONLY))
		return true;
	if (likely(fwd->action == XTR_FWD_ENCAP) || !pkt->eligible ||
	    xtr_gate_closed(w, pkt, gate_of(fwd)))
		return false;
	if (unlikely(hides_blackhole(w->dp, fwd)))
		return true;
	if (fwd->action != XTR_FWD_ROUTES && fwd->action != XTR_FWD_NATIVE)
		return false;
	use_native(w, m, fwd);
	if (fwd->action == XTR_FWD_NATIVE && !proxy && w->dp->petr_always && w->dp->petr_fwd) {
		pkt->fwd = __atomic_load_n(&w->dp->petr_fwd, __ATOMIC_ACQUIRE);
		fwd = xtr_pool_at(&w->dp->fwd, pkt->fwd);
		xtr_trace(w, XTR_STEP_PETR, pkt->fwd);
		if (xtr_gate_closed(w, pkt, gate_of(fwd)))
			return false;
	}
	/* a proxy-ITR sends no strangers to a PETR */
	return fwd->action == XTR_FWD_ROUTES || fwd->action == XTR_FWD_NATIVE;
}

/* The PETR is for what has no route: blackholes are none. Returns the entry that decides. */
static uint32_t without_route(struct xtr_worker *w, const struct xtr_pkt *pkt, uint32_t route)
{
	const struct xtr_fwd *view = xtr_pool_at(&w->dp->fwd, pkt->fwd);
	const struct xtr_fwd *fwd = xtr_pool_at(&w->dp->fwd, route);
	uint32_t petr;

	if (view->action != XTR_FWD_NATIVE || pkt->eligible == XTR_SOURCE_PROXY ||
	    (fwd->action != XTR_FWD_NONE && fwd->action != XTR_FWD_DROP))
		return route;
	petr = __atomic_load_n(&w->dp->petr_fwd, __ATOMIC_ACQUIRE);
	if (!petr)
		return route; /* none is configured */
	xtr_trace(w, XTR_STEP_PETR, petr);
	fwd = xtr_pool_at(&w->dp->fwd, petr);
	return fwd->action == XTR_FWD_ROUTES && !xtr_gate_closed(w, pkt, gate_of(fwd)) ? route
										       : petr;
}

static void lookup_destinations(struct xtr_worker *w, struct rte_mbuf **m, unsigned n)
{
	unsigned again[XTR_BURST];
	uint32_t values[XTR_BURST];
	struct xtr_keys keys;

	keys.n = keys.n4 = keys.n6 = 0;
	for (unsigned i = 0; i < n; i++) {
		const struct xtr_instance *inst = &w->dp->instances[xtr_pkt(m[i])->inst];

		xtr_keys_add(&keys, xtr_pkt(m[i])->eligible ? inst->lisp : inst->routes,
		    xtr_ip_of(m[i]), XTR_KEY_DESTINATION);
	}
	xtr_keys_lookup(&keys, values);
	keys.n = keys.n4 = keys.n6 = 0;
	for (unsigned i = 0; i < n; i++) {
		xtr_pkt(m[i])->fwd = values[i];
		xtr_trace(w, XTR_STEP_MATCH, values[i]);
		if (by_routes(w, m[i])) {
			again[keys.n] = i;
			xtr_keys_add(&keys, w->dp->instances[xtr_pkt(m[i])->inst].routes,
			    xtr_ip_of(m[i]), XTR_KEY_DESTINATION);
		}
	}
	if (!keys.n)
		return;
	xtr_keys_lookup(&keys, values);
	for (unsigned i = 0; i < keys.n; i++) {
		struct xtr_pkt *pkt = xtr_pkt(m[again[i]]);

		xtr_trace(w, XTR_STEP_ROUTES, values[i]);
		pkt->fwd = without_route(w, pkt, values[i]);
	}
}

void xtr_stage_lookup(struct xtr_worker *w, struct xtr_list *in)
{
	struct xtr_list forward = {0}, encap = {0}, decap = {0};
	unsigned n = xtr_stage_source(w, in->m, in->n);

	if (!n)
		return;
	check_source(w, in->m, n);
	lookup_destinations(w, in->m, n);
	for (unsigned i = 0; i < n; i++) {
		struct rte_mbuf *m = in->m[i];
		struct xtr_pkt *pkt = xtr_pkt(m);
		struct xtr_fwd *fwd = xtr_pool_at(&w->dp->fwd, pkt->fwd);

		if (xtr_gate_closed(w, pkt, gate_of(fwd))) {
			xtr_stage_gate(w, m);
			continue;
		}
		switch (fwd->action) {
		case XTR_FWD_FORWARD:
			xtr_list_add(&forward, m);
			break;
		case XTR_FWD_ENCAP:
			xtr_list_add(&encap, m);
			break;
		case XTR_FWD_LOCAL:
			if (!(pkt->flags & (XTR_PKT_SITE | XTR_PKT_DECAP)) && is_lisp_data(m))
				xtr_list_add(&decap, m);
			else
				xtr_stage_punt(w, m, XTR_PUNT_LINUX, 0);
			break;
		case XTR_FWD_GLEAN:
			pkt->out = (uint8_t)fwd->target;
			punt_unknown(w, m, XTR_PUNT_NEIGH);
			break;
		case XTR_FWD_MISS:
			punt_unknown(w, m, XTR_PUNT_MISS);
			break;
		case XTR_FWD_DROP:
			xtr_use(w, fwd);
			xtr_use_count(w, fwd, m->pkt_len - pkt->l2_len);
			xtr_stage_unreachable(w, m, (enum xtr_drop)fwd->reason);
			break;
		default: /* nothing matched, or routes that lead nowhere */
			xtr_stage_unreachable(w, m, XTR_DROP_NO_ROUTE);
			break;
		}
	}
	if (decap.n)
		xtr_stage_decap(w, &decap);
	if (encap.n)
		xtr_stage_encap(w, &encap);
	if (forward.n)
		xtr_stage_forward(w, &forward);
}
