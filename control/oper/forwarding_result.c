/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The last step of a made-up packet, and what comes of it.
 */
#include "control/oper/forwarding_impl.h"

#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_udp.h>
#include "wire/data.h"

/* Takes members, which may be NULL. */
static json_t *result(const char *action, const struct xtr_words *w, json_t *members)
{
	json_t *o = json_pack("{s:s, s:s}", "action", action, "text", w->b);

	json_object_update_new(o, members ? members : json_object());
	return o;
}

static const char *drop_text(enum xtr_drop d)
{
	switch (d) {
	case XTR_DROP_NO_ROUTE:
		return "nothing leads there; its source is told so by ICMP";
	case XTR_DROP_BLACKHOLE:
		return "the route is a blackhole";
	case XTR_DROP_UNREACHABLE:
		return "the route says unreachable; its source is told so by ICMP";
	case XTR_DROP_PROHIBIT:
		return "the route says prohibit; its source is told so by ICMP";
	case XTR_DROP_MAPCACHE_DROP:
		return "the mapping says drop; its source is told so by ICMP";
	case XTR_DROP_NO_LOCATOR:
		return "no locator of the mapping may be used; its source is told so by ICMP";
	case XTR_DROP_HOP_DOWN:
		return "there is no way to the RLOC";
	case XTR_DROP_TX_DOWN:
		return "the port's link is down";
	case XTR_DROP_IP_MARTIAN:
		return "no packet may come from such a source";
	case XTR_DROP_IP_MARTIAN_DST:
		return "no packet may go to such a destination";
	case XTR_DROP_SOURCE_RLOC:
		return "its source EID has no such RLOC";
	case XTR_DROP_SOURCE_OWN:
		return "an EID of our own does not come from there";
	case XTR_DROP_SOURCE_PROXY:
		return "its source is no EID, and the RLOC is none of proxy-itrs";
	case XTR_DROP_DECAP_NOT_OURS:
		return "its destination is no EID of ours, and we are nobody's proxy ETR there";
	case XTR_DROP_PETR_SOURCE:
		return "its destination is no EID of ours, and proxy-etr does not have its source";
	case XTR_DROP_PETR_RLOC:
		return "its destination is no EID of ours, and proxy-etr has its source at other "
		       "RLOCs";
	default:
		return xtr_drop_name(d);
	}
}

json_t *xtr_explain_dropped(struct xtr_explain *x, enum xtr_drop reason)
{
	struct xtr_words w = {0};

	xtr_words_add(&w, "dropped, and counted as %s", xtr_drop_name(reason));
	if (strcmp(drop_text(reason), xtr_drop_name(reason)))
		xtr_words_add(&w, ": %s", drop_text(reason));
	xtr_explain_add(x, "drop", &w, json_pack("{s:s}", "reason", xtr_drop_name(reason)));
	return result("drop", &w, json_pack("{s:s}", "reason", xtr_drop_name(reason)));
}

/* Its EID as `show map-cache` has it while it is being resolved: a new reference, or NULL. */
static json_t *pending(const struct xtr_explain *x)
{
	json_t *all = x->ctl->itr ? xtr_itr_show(x->ctl->itr, &x->eid, x->eid.iid) : NULL;
	json_t *found = NULL, *one;
	size_t i;

	json_array_foreach (json_object_get(all, "entries"), i, one)
		if (json_object_get(one, "map_requests") && !found)
			found = json_incref(one);
	json_decref(all);
	return found;
}

static json_t *resolve(struct xtr_explain *x)
{
	json_t *p, *o;
	char ip[XTR_IP_STRLEN];
	struct xtr_words w = {0};
	const char *state = "asked-now";
	json_int_t sent = 0;

	if (!x->ctl->itr || !x->ctl->cfg->n_map_resolvers)
		return xtr_explain_dropped(x, XTR_DROP_NO_RESOLVER);
	p = pending(x);
	sent = json_integer_value(json_object_get(p, "map_requests"));
	xtr_words_add(&w, "no mapping: ");
	if (!p) {
		xtr_words_add(&w,
		    "a Map-Request for %s is sent, and the packet is held until the answer is "
		    "there",
		    xtr_ip_format(&x->p->address, ip));
	} else if (json_is_true(json_object_get(p, "quiet"))) {
		state = "quiet";
		xtr_words_add(&w,
		    "nobody answered %lld Map-Requests; the packet is held, and the next one is "
		    "sent "
		    "when half a minute has passed",
		    (long long)sent);
	} else {
		state = "resolving";
		xtr_words_add(&w,
		    "it is being resolved, %lld Map-Request%s sent so far; the packet is held "
		    "until "
		    "the answer is there",
		    (long long)sent, sent == 1 ? "" : "s");
	}
	json_decref(p);
	o = json_pack(
	    "{s:s, s:s, s:I}", "reason", "no-mapping", "state", state, "map_requests", sent);
	xtr_explain_add(x, "punt", &w, o);
	return result("resolve", &w, json_pack("{s:s}", "reason", state));
}

static json_t *held(struct xtr_explain *x, const char *reason, const char *text)
{
	char ip[XTR_IP_STRLEN];
	struct xtr_words w = {0};
	json_t *r;

	xtr_words_add(&w, "%s", text);
	xtr_explain_add(x, "punt", &w, json_pack("{s:s}", "reason", reason));
	r = result("wait", &w, json_pack("{s:s}", "reason", reason));
	if (x->rloc) {
		json_object_set_new(r, "rloc", json_string(xtr_ip_format(&x->rloc->ip, ip)));
		xtr_rloc_show_hop(x->rloc, x->ctl->cfg, r);
	} else if (x->nbr) {
		json_object_update_new(
		    r, json_pack("{s:s, s:s}", "next_hop", xtr_ip_format(&x->nbr->key.ip, ip),
			   "port", xtr_explain_port(x, x->nbr->key.port)));
	} else if (x->fwd && x->fwd->action == XTR_FWD_GLEAN) {
		json_object_update_new(
		    r, json_pack("{s:s, s:s}", "next_hop", xtr_ip_format(&x->p->address, ip),
			   "port", xtr_explain_port(x, x->fwd->target)));
	}
	return r;
}

static json_t *to_linux(struct xtr_explain *x, const char *reason, const char *text)
{
	struct xtr_words w = {0};

	if (!x->ctl->mirror)
		return xtr_explain_dropped(x, XTR_DROP_TAP_DOWN);
	xtr_words_add(&w, "%s", text);
	xtr_explain_add(x, "punt", &w, json_pack("{s:s}", "reason", reason));
	return result("linux", &w,
	    json_pack("{s:s, s:s}", "reason", reason, "port", xtr_explain_port(x, x->p->port)));
}

json_t *xtr_explain_punted(struct xtr_explain *x, enum xtr_punt reason, uint32_t id)
{
	switch (reason) {
	case XTR_PUNT_LINUX:
		return to_linux(
		    x, "for-linux", "for Linux: it gets the packet from the port's TAP");
	case XTR_PUNT_TTL:
		return to_linux(x, "ttl-expired", "the TTL ends here: its source is told by ICMP");
	case XTR_PUNT_MISS:
		if (x->by_petr)
			return held(x, "petr-not-known",
			    "the packet is held until it is known whether a PETR lives");
		return resolve(x);
	case XTR_PUNT_NEIGH:
		return held(x, "next-hop-not-known",
		    "the next hop is asked for its MAC address, and the packet is held meanwhile");
	case XTR_PUNT_TUNNEL:
		return held(x, "next-hop-not-known",
		    "the next hop to the RLOC is asked for its MAC address, and the packet is held "
		    "meanwhile");
	case XTR_PUNT_TOO_BIG:
		return to_linux(
		    x, "too-big", "larger than the way allows: fragments, or ICMP to its source");
	case XTR_PUNT_SOURCE:
		if (!x->ctl->itr || !x->ctl->cfg->n_map_resolvers)
			return xtr_explain_dropped(x, XTR_DROP_NO_RESOLVER);
		return held(x, "source-not-known",
		    "the mapping system is asked from where its source may come, and the packet is "
		    "held meanwhile");
	case XTR_PUNT_UNREACHABLE:
	case XTR_PUNT_DOUBT:
		return xtr_explain_dropped(x, (enum xtr_drop)id);
	case XTR_PUNT_N:
		break;
	}
	return NULL;
}

json_t *xtr_explain_gate(struct xtr_explain *x)
{
	struct xtr_words w = {0};

	xtr_words_add(
	    &w, "packets that were held for this are on their way: it leaves behind them");
	xtr_explain_add(x, "gate", &w, json_pack("{s:s}", "reason", "gate"));
	return result("wait", &w, json_pack("{s:s}", "reason", "gate"));
}

/* The longest IP packet, bytes, that is not too big for an RLOC once it is encapsulated. */
static unsigned inner_mtu(const struct xtr_tunnel *t)
{
	unsigned headers = t->len - t->ip_at;

	return t->mtu > headers ? t->mtu - headers : 0;
}

/* What would have left, read back from the frame. */
json_t *xtr_explain_sent(struct xtr_explain *x, unsigned port)
{
	const struct rte_mbuf *m = x->p->trace.frame;
	const struct rte_ipv4_hdr *ip =
	    rte_pktmbuf_mtod_offset(m, const struct rte_ipv4_hdr *, sizeof(struct rte_ether_hdr));
	const struct rte_ipv6_hdr *ip6 = (const struct rte_ipv6_hdr *)ip;
	bool six = ip->version_ihl >> 4 == 6;
	const struct rte_udp_hdr *udp =
	    six ? (const struct rte_udp_hdr *)(ip6 + 1) : (const struct rte_udp_hdr *)(ip + 1);
	char src[XTR_IP_STRLEN], dst[XTR_IP_STRLEN], hop[XTR_IP_STRLEN] = "?";
	struct xtr_ip s = six ? xtr_ip6(ip6->src_addr) : xtr_ip4(&ip->src_addr),
		      d = six ? xtr_ip6(ip6->dst_addr) : xtr_ip4(&ip->dst_addr);
	struct xtr_words w = {0};
	const struct xtr_tunnel *t;
	struct xtr_data_hdr lisp;
	json_t *o, *hop_of;

	xtr_ip_format(&s, src);
	xtr_ip_format(&d, dst);
	if (!x->rloc) {
		if (x->nbr)
			xtr_ip_format(&x->nbr->key.ip, hop);
		xtr_words_add(&w, "forwarded natively to next hop %s on port %s", hop,
		    xtr_explain_port(x, port));
		o = json_pack("{s:s, s:s}", "next_hop", hop, "port", xtr_explain_port(x, port));
		xtr_explain_add(x, "tx", &w, json_incref(o));
		return result("forward", &w, o);
	}
	lisp = xtr_data_read((const uint8_t *)(udp + 1));
	t = xtr_pool_at(&x->ctl->dp->tunnel, x->rloc->tunnel);
	hop_of = json_object();
	xtr_rloc_show_hop(x->rloc, x->ctl->cfg, hop_of);
	xtr_words_add(&w,
	    "encapsulated to RLOC %s, from %s, instance-ID %u, UDP source port %u; next hop %s on "
	    "port %s; packets of up to %u bytes fit",
	    dst, src, lisp.instance_id, rte_be_to_cpu_16(udp->src_port),
	    json_string_value(json_object_get(hop_of, "next_hop")), xtr_explain_port(x, port),
	    inner_mtu(t));
	o = json_pack("{s:s, s:s, s:I, s:i, s:i}", "rloc", dst, "source_rloc", src, "instance",
	    (json_int_t)lisp.instance_id, "source_port", (int)rte_be_to_cpu_16(udp->src_port),
	    "inner_mtu", (int)inner_mtu(t));
	json_object_update_new(o, hop_of);
	json_object_set_new(o, "port", json_string(xtr_explain_port(x, port)));
	xtr_explain_add(x, "tx", &w, json_incref(o));
	return result("encapsulate", &w, o);
}
