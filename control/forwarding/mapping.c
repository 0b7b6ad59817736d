/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Mappings become forwarding entries, and packets that need one wait here for it.
 */
#include "control/ctl.h"

#include <errno.h>
#include <stdlib.h>
#include "datapath/hop.h"
#include "datapath/ip4.h"
#include "util/log.h"
#include "wire/data.h"

struct mapfwd { /* what belongs to a mapping on this side */
	unsigned n;
	struct xtr_rloc **rlocs; /* as mapping.locators; NULL where not to be used */
	uint32_t set;            /* index in the pool of sets, 0: none */
	uint32_t gate;
};

struct waiting { /* what belongs to a pending */
	struct xtr_hold hold;
	struct xtr_timer timer;
	struct xtr_ctl *ctl;
};

static void put_rlocs(struct xtr_ctl *ctl, struct mapfwd *f)
{
	for (unsigned i = 0; i < f->n; i++)
		xtr_rloc_put(ctl->rlocs, f->rlocs[i]);
	free(f->rlocs);
	f->rlocs = NULL;
	f->n = 0;
}

/* RFC 9301 5.4: the lowest priority that can be used; 255 MUST NOT be. R says that the site has a
 * route to it; where none has, all count. */
static unsigned usable(const struct xtr_mapping *m, unsigned *list)
{
	bool any_reachable = false;
	unsigned best = 255, n = 0;

	for (unsigned i = 0; i < m->n_locators; i++)
		any_reachable |= m->locators[i].reachable && m->locators[i].priority != 255;
	for (unsigned i = 0; i < m->n_locators; i++)
		if ((m->locators[i].reachable || !any_reachable) && m->locators[i].priority < best)
			best = m->locators[i].priority;
	for (unsigned i = 0; i < m->n_locators && best != 255; i++)
		if ((m->locators[i].reachable || !any_reachable) && m->locators[i].priority == best)
			list[n++] = i;
	return n;
}

static int build_encap(
    struct xtr_ctl *ctl, const struct xtr_mapping *m, struct mapfwd *f, struct xtr_fwd *fwd)
{
	unsigned list[255], weights[255], n = usable(m, list);
	uint32_t tunnels[255];

	if (!n) {
		*fwd = (struct xtr_fwd){.action = XTR_FWD_DROP, .reason = XTR_DROP_NO_LOCATOR};
		return 0;
	}
	f->rlocs = calloc(m->n_locators, sizeof(*f->rlocs));
	if (!f->rlocs)
		return -ENOMEM;
	f->n = m->n_locators;
	for (unsigned i = 0; i < n; i++) {
		f->rlocs[list[i]] = xtr_rloc_get(ctl->rlocs, &m->locators[list[i]].rloc);
		if (!f->rlocs[list[i]])
			return -ENOMEM;
		tunnels[i] = f->rlocs[list[i]]->tunnel;
		weights[i] = m->locators[list[i]].weight;
	}
	*fwd = (struct xtr_fwd){.action = XTR_FWD_ENCAP, .target = f->rlocs[list[0]]->tunnel};
	if (n == 1)
		return 0;
	f->set = xtr_fib_hop_set(ctl->fib, tunnels, weights, n);
	fwd->set_log2 = XTR_SET_LOG2;
	fwd->target = f->set;
	return f->set ? 0 : -ENOMEM;
}

static int build(
    struct xtr_ctl *ctl, const struct xtr_mapping *m, struct mapfwd *f, struct xtr_fwd *fwd)
{
	memset(fwd, 0, sizeof(*fwd));
	if (m->n_locators)
		return build_encap(ctl, m, f, fwd);
	switch ((enum xtr_act)m->action) { /* RFC 9301 section 5.4 */
	case XTR_ACT_SEND_MAP_REQUEST:
		fwd->action = XTR_FWD_MISS;
		break;
	case XTR_ACT_NO_ACTION: /* "no packet encapsulation occurs" */
	case XTR_ACT_NATIVELY_FORWARD:
		fwd->action = XTR_FWD_ROUTES;
		break;
	default:
		fwd->action = XTR_FWD_DROP;
		fwd->reason = XTR_DROP_MAPCACHE_DROP;
		break;
	}
	return 0;
}

static void install(void *arg, struct xtr_mapping *m)
{
	struct xtr_ctl *ctl = arg;
	struct mapfwd *old = m->user, *f = calloc(1, sizeof(*f));
	struct xtr_fwd fwd;
	uint32_t entry = 0;
	char eid[XTR_EID_STRLEN];

	if (!f || build(ctl, m, f, &fwd) < 0)
		goto fail;
	f->gate = fwd.gate = xtr_gate_number(&ctl->holder);
	entry = xtr_fib_entry(ctl->fib, &fwd);
	if (!entry || xtr_fib_set_lisp(ctl->fib, &m->eid, entry) < 0)
		goto fail;
	m->user = f;
	if (old) {
		xtr_pool_put(&ctl->dp->set, old->set);
		put_rlocs(ctl, old);
		free(old);
	}
	return;
fail:
	/* workers keep what they had */
	xtr_log(XTR_LOG_ERR, "map-cache: %s: out of memory or table full",
	    xtr_eid_format(&m->eid, eid));
	if (f) {
		xtr_pool_put(&ctl->dp->set, f->set);
		put_rlocs(ctl, f);
	}
	free(f);
}

static void remove_mapping(void *arg, struct xtr_mapping *m)
{
	struct xtr_ctl *ctl = arg;
	struct mapfwd *f = m->user;

	xtr_fib_set_lisp(ctl->fib, &m->eid, 0);
	if (!f)
		return;
	xtr_pool_put(&ctl->dp->set, f->set);
	put_rlocs(ctl, f);
	free(f);
	m->user = NULL;
}

static void resolved(void *arg, struct xtr_pending *p, struct xtr_mapping *m)
{
	struct xtr_ctl *ctl = arg;
	struct waiting *w = p->user;

	if (!w)
		return;
	xtr_gate_release(&ctl->holder, &w->hold);
	xtr_timer_cancel(&ctl->wheel, &w->timer);
}

static bool waited_for(void *arg, const struct xtr_pending *p)
{
	const struct waiting *w = p->user;

	return w && w->hold.n;
}

static void forget(void *arg, struct xtr_pending *p)
{
	struct xtr_ctl *ctl = arg;
	struct waiting *w = p->user;

	if (!w)
		return;
	xtr_hold_drop(&ctl->holder, &w->hold, XTR_DROP_HOLD_TIMEOUT, XTR_HOLD_ALL);
	xtr_timer_cancel(&ctl->wheel, &w->timer);
	free(w);
	p->user = NULL;
}

static bool own(void *arg, const struct xtr_eid *eid)
{
	struct xtr_ctl *ctl = arg;

	return ctl->etr && xtr_etr_overlaps(ctl->etr, eid);
}

static void describe(void *arg, const struct xtr_mapping *m, unsigned locator, json_t *object)
{
	struct xtr_ctl *ctl = arg;
	const struct mapfwd *f = m->user;
	const struct xtr_rloc *rloc = f && locator < f->n ? f->rlocs[locator] : NULL;
	struct xtr_rloc_count c;

	/* where memory was short at the last change, workers have locators that m no longer names
	 */
	if (rloc && !xtr_ip_equal(&rloc->ip, &m->locators[locator].rloc))
		rloc = NULL;
	if (!rloc) {
		json_object_set_new(object, "state",
		    json_string(m->locators[locator].reachable ? "unknown" : "down"));
		json_object_set_new(object, "packets", json_integer(0));
		json_object_set_new(object, "bytes", json_integer(0));
		return;
	}
	c = xtr_rloc_count(ctl->rlocs, rloc);
	json_object_set_new(object, "state", json_string(rloc->why ? "unreachable" : "up"));
	json_object_set_new(object, "packets", json_integer((json_int_t)c.packets));
	json_object_set_new(object, "bytes", json_integer((json_int_t)c.bytes));
}

const struct xtr_itr_ops xtr_forwarding_ops = {
    .install = install,
    .remove = remove_mapping,
    .resolved = resolved,
    .waited_for = waited_for,
    .forget = forget,
    .own = own,
    .describe = describe,
};

static void too_old(struct xtr_timer *t)
{
	struct waiting *w = (struct waiting *)((char *)t - offsetof(struct waiting, timer));
	struct xtr_ctl *ctl = w->ctl;
	uint64_t now = xtr_wheel_now(&ctl->wheel);

	xtr_hold_drop(
	    &ctl->holder, &w->hold, XTR_DROP_HOLD_TIMEOUT, now - ctl->cfg->lisp.hold_ms + 1);
	if (w->hold.n)
		xtr_timer_arm(&ctl->wheel, t, ctl->cfg->lisp.hold_ms / 4 + 1, too_old);
}

static struct waiting *waiting_of(struct xtr_ctl *ctl, struct xtr_pending *p)
{
	struct waiting *w = p->user;

	if (w)
		return w;
	w = calloc(1, sizeof(*w));
	if (w)
		w->ctl = ctl;
	p->user = w;
	return w;
}

void xtr_ctl_miss(struct xtr_ctl *ctl, struct rte_mbuf *m)
{
	const struct xtr_pkt *pkt = xtr_pkt(m);
	const struct rte_ipv4_hdr *ip =
	    rte_pktmbuf_mtod_offset(m, const struct rte_ipv4_hdr *, pkt->l2_len);
	uint32_t iid = ctl->dp->instances[pkt->inst].iid;
	struct xtr_ip src = xtr_ip4(&ip->src_addr), dst = xtr_ip4(&ip->dst_addr);
	struct xtr_eid eid = xtr_eid_host(iid, &dst), source = xtr_eid_host(iid, &src);
	struct xtr_mapping *mapping = ctl->itr ? xtr_itr_lookup(ctl->itr, &eid) : NULL;
	uint32_t gate = xtr_fib_gate(ctl->fib, pkt->inst, &dst);
	struct xtr_pending *p;
	struct waiting *w;

	if (!xtr_gate_is_open(&ctl->holder, gate)) {
		/* what leads there now changed while this packet was in the ring */
		xtr_gate_late(&ctl->holder, gate, m);
		return;
	}
	if (mapping && mapping->user &&
	    (mapping->n_locators || mapping->action != XTR_ACT_SEND_MAP_REQUEST)) {
		/* it came while this packet was in the ring */
		xtr_gate_late(&ctl->holder, ((struct mapfwd *)mapping->user)->gate, m);
		return;
	}
	p = ctl->itr ? xtr_itr_resolve(ctl->itr, &eid, &source) : NULL;
	w = p ? waiting_of(ctl, p) : NULL;
	if (!w) {
		ctl->dp
		    ->control_drops[ctl->itr && ctl->cfg->n_map_resolvers ? XTR_DROP_RESOLVE_LIMIT
									  : XTR_DROP_NO_RESOLVER]++;
		rte_pktmbuf_free(m);
		return;
	}
	xtr_hold_add(&ctl->holder, &w->hold, m, xtr_wheel_now(&ctl->wheel));
	if (!xtr_timer_armed(&w->timer))
		xtr_timer_arm(&ctl->wheel, &w->timer, ctl->cfg->lisp.hold_ms, too_old);
}

int xtr_ctl_install_database(struct xtr_ctl *ctl)
{
	for (unsigned i = 0; i < ctl->cfg->n_database; i++) {
		const struct xtr_eid *eid = &ctl->cfg->database[i].eid;
		/* the LISP header's second word for this source; L is off (RFC 9300 section 4.1) */
		struct xtr_fwd fwd = {
		    .action = XTR_FWD_ROUTES, .word1 = xtr_data_word1(XTR_DATA_I, eid->iid, 0)};
		uint32_t entry = xtr_fib_entry(ctl->fib, &fwd);
		int rc = entry ? xtr_fib_set_database(ctl->fib, eid, entry) : -ENOMEM;

		if (rc < 0)
			return rc;
	}
	return 0;
}
