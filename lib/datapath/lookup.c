/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * lookup: where does an IPv4 packet go? Gather keys, look all up, pass each on to the stage of its
 * action.
 *
 * 1. A packet of the site side whose source is one of the instance's EIDs is looked up in the LISP
 * view, where routes and LISP entries stand together: the longer decides, and on equal length LISP
 * does. Others by the routes alone (RFC 6832 section 6.1; a source outside the EID space is never
 * touched by LISP).
 * 2. What came out of a tunnel goes by the routes, once its destination is known to be ours (RFC
 * 9301 section 9).
 * 3. An entry that says "by the routes" (own EIDs, natively-forward) costs a second look-up.
 */
#include "datapath/dp.h"
#include "datapath/ip4.h"

#include <rte_udp.h>
#include "wire/data.h"

static struct rte_ipv4_hdr *ip_of(struct rte_mbuf *m)
{
	return rte_pktmbuf_mtod_offset(m, struct rte_ipv4_hdr *, xtr_pkt(m)->l2_len);
}

/* The one field that the control lcore changes in a published entry. */
static uint32_t gate_of(const struct xtr_fwd *fwd)
{
	return __atomic_load_n(&fwd->gate, __ATOMIC_RELAXED);
}

/* UDP to the LISP data port, whole: RFC 9300 section 4.2. Its fragments are for Linux to put
 * together. */
static bool is_lisp_data(const struct rte_mbuf *m, const struct rte_ipv4_hdr *ip, unsigned l2_len)
{
	const struct rte_udp_hdr *udp =
	    (const struct rte_udp_hdr *)((const char *)ip + (ip->version_ihl & 15) * 4u);

	return ip->next_proto_id == IPPROTO_UDP &&
	       !(ip->fragment_offset & rte_cpu_to_be_16(0x3fff)) &&
	       m->data_len >= l2_len + (ip->version_ihl & 15) * 4u + sizeof(*udp) &&
	       udp->dst_port == rte_cpu_to_be_16(XTR_PORT_DATA);
}

/* Punts a packet whose way is not known yet: to be asked for, unless its TTL ends here anyway (RFC
 * 1812 section 5.3.1). */
static void punt_unknown(struct xtr_worker *w, struct rte_mbuf *m, enum xtr_punt reason)
{
	bool expired = ip_of(m)->time_to_live <= xtr_pkt_hops(xtr_pkt(m));

	xtr_stage_punt(w, m, expired ? XTR_PUNT_TTL : reason, 0);
}

/* Drops what a tunnel carried for others than our EIDs. Returns how many stay. */
static unsigned check_inner(struct xtr_worker *w, struct rte_mbuf **m, unsigned n)
{
	const struct xtr_lpm *tables[XTR_BURST];
	uint32_t keys[XTR_BURST], values[XTR_BURST];
	unsigned kept = 0, asked = 0;

	for (unsigned i = 0; i < n; i++) {
		if (!(xtr_pkt(m[i])->flags & XTR_PKT_DECAP))
			continue;
		tables[asked] = w->dp->instances[xtr_pkt(m[i])->inst].database;
		keys[asked++] = ip_of(m[i])->dst_addr;
	}
	if (!asked)
		return n;
	xtr_lpm_lookup4(tables, keys, values, asked);
	asked = 0;
	for (unsigned i = 0; i < n; i++) {
		if ((xtr_pkt(m[i])->flags & XTR_PKT_DECAP) && !values[asked++])
			xtr_drop(w, m[i], XTR_DROP_DECAP_NOT_OURS);
		else
			m[kept++] = m[i];
	}
	return kept;
}

/* Says for each packet of the site side whether its source is an EID of the instance, and the LISP
 * header word that goes with it. */
static void check_source(struct xtr_worker *w, struct rte_mbuf **m, unsigned n)
{
	const struct xtr_lpm *tables[XTR_BURST];
	uint32_t keys[XTR_BURST], values[XTR_BURST];
	struct xtr_pkt *site[XTR_BURST];
	unsigned asked = 0;

	for (unsigned i = 0; i < n; i++) {
		struct xtr_pkt *pkt = xtr_pkt(m[i]);

		pkt->eligible = 0;
		if (!(pkt->flags & XTR_PKT_SITE))
			continue;
		tables[asked] = w->dp->instances[pkt->inst].database;
		keys[asked] = ip_of(m[i])->src_addr;
		site[asked++] = pkt;
	}
	if (!asked)
		return;
	xtr_lpm_lookup4(tables, keys, values, asked);
	for (unsigned i = 0; i < asked; i++) {
		const struct xtr_fwd *own = xtr_pool_at(&w->dp->fwd, values[i]);

		site[i]->eligible = values[i] != 0;
		site[i]->word1 = own->word1;
		w->counters[XTR_CTR_NOT_ELIGIBLE] += !values[i];
	}
}

static void lookup_destinations(struct xtr_worker *w, struct rte_mbuf **m, unsigned n)
{
	const struct xtr_lpm *tables[XTR_BURST];
	uint32_t keys[XTR_BURST], values[XTR_BURST];
	unsigned again[XTR_BURST], n_again = 0;

	for (unsigned i = 0; i < n; i++) {
		const struct xtr_instance *inst = &w->dp->instances[xtr_pkt(m[i])->inst];

		tables[i] = xtr_pkt(m[i])->eligible ? inst->lisp : inst->routes;
		keys[i] = ip_of(m[i])->dst_addr;
	}
	xtr_lpm_lookup4(tables, keys, values, n);
	for (unsigned i = 0; i < n; i++) {
		const struct xtr_fwd *fwd = xtr_pool_at(&w->dp->fwd, values[i]);

		xtr_pkt(m[i])->fwd = values[i];
		if (fwd->action == XTR_FWD_ROUTES &&
		    !xtr_gate_closed(w, xtr_pkt(m[i]), gate_of(fwd)))
			again[n_again++] = i;
	}
	if (!n_again)
		return;
	for (unsigned i = 0; i < n_again; i++) {
		tables[i] = w->dp->instances[xtr_pkt(m[again[i]])->inst].routes;
		keys[i] = ip_of(m[again[i]])->dst_addr;
	}
	xtr_lpm_lookup4(tables, keys, values, n_again);
	for (unsigned i = 0; i < n_again; i++)
		xtr_pkt(m[again[i]])->fwd = values[i];
}

void xtr_stage_lookup(struct xtr_worker *w, struct xtr_list *in)
{
	struct xtr_list forward = {0}, encap = {0}, decap = {0};
	unsigned n = check_inner(w, in->m, in->n);

	check_source(w, in->m, n);
	lookup_destinations(w, in->m, n);
	for (unsigned i = 0; i < n; i++) {
		struct rte_mbuf *m = in->m[i];
		struct xtr_pkt *pkt = xtr_pkt(m);
		const struct xtr_fwd *fwd = xtr_pool_at(&w->dp->fwd, pkt->fwd);

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
			if (!(pkt->flags & (XTR_PKT_SITE | XTR_PKT_DECAP)) &&
			    is_lisp_data(m, ip_of(m), pkt->l2_len))
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
