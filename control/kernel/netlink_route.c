/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Routes: rtnetlink messages -> whole routes.
 *
 * Linux may hold several routes of one prefix, table and metric, and tells of each alone:
 * - IPv4 keeps them in order (`ip route append`, `prepend`) and uses the first that has a live next
 * hop.
 * - IPv6 makes one multipath route of those that have a gateway. A dump, and the event of an
 * addition, show it whole; the event of a deletion shows the next hop that went, so one cannot tell
 * it from the deletion of the route. Those without a gateway, or from router advertisements, stay
 * alone, and Linux uses the first that it thinks reachable. The event of an addition carries
 * NLM_F_EXCL if there was no such route before, and NLM_F_REPLACE if it took the place of the first
 * one. With any other, or for a route that is known to be several, the dump is asked: it shows
 * routes of one prefix, table and metric one after the other, in their order.
 */
#include <errno.h>
#include "control/kernel/netlink_priv.h"

/* A message read. */
struct parsed {
	struct xtr_nl_route r;
	bool siblings;   /* IPv6: one RTA_MULTIPATH made of several routes */
	bool unresolved; /* a next-hop object that is not known here */
};

static struct xtr_nl_key route_key(const struct xtr_nl_route *r)
{
	return xtr_nl_key(&r->prefix.ip, r->prefix.plen, r->table, r->metric);
}

static enum xtr_nl_route_type route_type(uint8_t rtm_type)
{
	switch (rtm_type) {
	case RTN_UNICAST:
		return XTR_NL_UNICAST;
	case RTN_LOCAL:
		return XTR_NL_LOCAL;
	case RTN_BLACKHOLE:
		return XTR_NL_BLACKHOLE;
	case RTN_UNREACHABLE:
		return XTR_NL_UNREACHABLE;
	case RTN_PROHIBIT:
		return XTR_NL_PROHIBIT;
	default:
		return XTR_NL_OTHER;
	}
}

void xtr_nl_route_hop(struct xtr_nl_route *r, const struct xtr_nl_nexthop *hop, unsigned weight)
{
	if (r->n_nexthops == XTR_NL_MAX_NEXTHOPS)
		return;
	r->nexthops[r->n_nexthops] = *hop;
	r->nexthops[r->n_nexthops].weight = weight > UINT8_MAX ? UINT8_MAX : weight;
	r->n_nexthops++;
}

/* RTA_GATEWAY has the route's family, RTA_VIA names another (RFC 5549: IPv4 by way of IPv6). */
static void parse_via(uint8_t family, const struct nlattr **tb, struct xtr_ip *via)
{
	const struct nlattr *a = tb[RTA_VIA];
	const struct rtvia *rv;
	size_t len;

	if (xtr_nl_attr_ip(tb[RTA_GATEWAY], family, via) || a == NULL)
		return;
	rv = mnl_attr_get_payload(a);
	len = mnl_attr_get_payload_len(a);
	if (len >= sizeof(*rv) + 4 && rv->rtvia_family == AF_INET)
		*via = xtr_ip4(rv->rtvia_addr);
	else if (len >= sizeof(*rv) + 16 && rv->rtvia_family == AF_INET6)
		*via = xtr_ip6(rv->rtvia_addr);
}

static void parse_multipath(uint8_t family, const struct nlattr *mp, struct xtr_nl_route *r)
{
	const uint8_t *p = mnl_attr_get_payload(mp), *end = p + mnl_attr_get_payload_len(mp);
	const struct rtnexthop *nh;
	const struct nlattr *tb[RTA_ENCAP + 1];

	while ((size_t)(end - p) >= sizeof(*nh)) {
		struct xtr_nl_nexthop hop = {0};

		nh = (const struct rtnexthop *)(const void *)p;
		if (nh->rtnh_len < sizeof(*nh) || nh->rtnh_len > end - p)
			return;
		xtr_nl_attrs(nh + 1, nh->rtnh_len - sizeof(*nh), tb, RTA_ENCAP);
		hop.ifindex = nh->rtnh_ifindex;
		parse_via(family, tb, &hop.via);
		if (tb[RTA_ENCAP] != NULL || tb[RTA_ENCAP_TYPE] != NULL)
			r->type = XTR_NL_OTHER;
		if (!(nh->rtnh_flags & (RTNH_F_DEAD | RTNH_F_LINKDOWN)))
			xtr_nl_route_hop(r, &hop, nh->rtnh_hops + 1u);
		if (RTNH_ALIGN(nh->rtnh_len) >= end - p)
			return;
		p += RTNH_ALIGN(nh->rtnh_len);
	}
}

/* 0, or negative errno for routes that are not reported. */
static int parse(struct xtr_nl *nl, const struct nlmsghdr *nlh, struct parsed *out)
{
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *tb[RTA_NH_ID + 1];
	struct xtr_nl_route *r = &out->r;
	struct xtr_nl_nexthop hop = {0};
	static const uint8_t zero[16];
	uint32_t oif = 0, id;

	if (xtr_nl_msg_attrs(nlh, sizeof(*rtm), tb, RTA_NH_ID) < 0)
		return -EINVAL;
	if (rtm->rtm_family != AF_INET && rtm->rtm_family != AF_INET6)
		return -EAFNOSUPPORT;
	memset(out, 0, sizeof(*out));
	r->table = rtm->rtm_table;
	xtr_nl_attr_u32(tb[RTA_TABLE], &r->table);
	if (r->table != RT_TABLE_MAIN && r->table != RT_TABLE_LOCAL)
		return -ENOENT;
	/* Workers look at the destination alone; cached entries (path MTU, redirects) are no
	 * routes. */
	if (rtm->rtm_flags & RTM_F_CLONED || rtm->rtm_tos != 0 || rtm->rtm_src_len != 0)
		return -ENOENT;

	/* A default route has no RTA_DST. */
	r->prefix.ip = rtm->rtm_family == AF_INET ? xtr_ip4(zero) : xtr_ip6(zero);
	if (tb[RTA_DST] != NULL && !xtr_nl_attr_ip(tb[RTA_DST], rtm->rtm_family, &r->prefix.ip))
		return -EINVAL;
	r->prefix.plen = rtm->rtm_dst_len;
	if (r->prefix.plen > xtr_ip_bits(&r->prefix.ip))
		return -EINVAL;
	xtr_nl_attr_u32(tb[RTA_PRIORITY], &r->metric);
	r->type = route_type(rtm->rtm_type);

	if (r->type != XTR_NL_UNICAST && r->type != XTR_NL_LOCAL)
		return 0;
	if (tb[RTA_ENCAP] != NULL || tb[RTA_ENCAP_TYPE] != NULL) {
		r->type = XTR_NL_OTHER;
	} else if (tb[RTA_MULTIPATH] != NULL) {
		out->siblings = rtm->rtm_family == AF_INET6 && tb[RTA_NH_ID] == NULL;
		parse_multipath(rtm->rtm_family, tb[RTA_MULTIPATH], r);
	} else if (tb[RTA_OIF] == NULL && xtr_nl_attr_u32(tb[RTA_NH_ID], &id)) {
		out->unresolved = xtr_nl_nexthop_resolve(nl, id, r) < 0;
	} else if (!(rtm->rtm_flags & (RTNH_F_DEAD | RTNH_F_LINKDOWN))) {
		xtr_nl_attr_u32(tb[RTA_OIF], &oif);
		hop.ifindex = oif;
		parse_via(rtm->rtm_family, tb, &hop.via);
		xtr_nl_route_hop(r, &hop, 1);
	}
	if (r->type == XTR_NL_OTHER)
		r->n_nexthops = 0;
	return 0;
}

/* Remembers that Linux may have more than one route of this key. */
static void mark_multi(struct xtr_nl *nl, const struct xtr_nl_key *k)
{
	/* Without the mark a deletion could be taken for that of the whole route: then let the dump
	 * say. */
	if (xtr_nl_set_add(&nl->multi, k) < 0)
		xtr_nl_resync_kind(nl, XTR_NL_ROUTE);
	if (nl->cur == XTR_NL_ROUTE && xtr_nl_set_add(&nl->multi_next, k) < 0)
		nl->interrupted = true;
}

static void report_event(
    struct xtr_nl *nl, const struct xtr_nl_key *k, const struct xtr_nl_route *r, bool gone)
{
	xtr_nl_touch(nl, XTR_NL_ROUTE, k);
	if (nl->ops.route != NULL)
		nl->ops.route(nl->ops.arg, r, gone);
}

void xtr_nl_route_event(struct xtr_nl *nl, const struct nlmsghdr *nlh, bool gone)
{
	bool fresh = nlh->nlmsg_flags & NLM_F_EXCL, replaced = nlh->nlmsg_flags & NLM_F_REPLACE;
	bool several;
	struct parsed p;
	struct xtr_nl_key k;

	if (parse(nl, nlh, &p) < 0)
		return;
	k = route_key(&p.r);
	several = !fresh && (xtr_nl_set_has(&nl->multi, &k) || xtr_nl_set_has(&nl->multi_next, &k));

	if (gone) {
		if (several)
			xtr_nl_resync_kind(nl, XTR_NL_ROUTE);
		else
			report_event(nl, &k, &p.r, true);
		return;
	}
	if (p.siblings || !(fresh || replaced))
		mark_multi(nl, &k);
	if (p.unresolved || several || !(fresh || replaced))
		xtr_nl_resync_kind(nl, XTR_NL_ROUTE);
	if (p.siblings || fresh || (replaced && !several))
		report_event(nl, &k, &p.r, false);
}

void xtr_nl_route_flush(struct xtr_nl *nl)
{
	struct xtr_nl_key k;

	if (!nl->holding)
		return;
	nl->holding = false;
	k = route_key(&nl->held);
	if (!xtr_nl_set_has(&nl->touched, &k) && nl->ops.route != NULL)
		nl->ops.route(nl->ops.arg, &nl->held, false);
}

void xtr_nl_route_dumped(struct xtr_nl *nl, const struct nlmsghdr *nlh)
{
	struct parsed p;
	struct xtr_nl_key k, held;

	if (parse(nl, nlh, &p) < 0)
		return;
	if (p.unresolved)
		nl->interrupted = true;
	k = route_key(&p.r);
	if (p.siblings)
		mark_multi(nl, &k);
	if (nl->holding) {
		held = route_key(&nl->held);
		if (memcmp(&held, &k, sizeof(k)) == 0) {
			mark_multi(nl, &k);
			if (nl->held.type == XTR_NL_UNICAST && nl->held.n_nexthops == 0)
				nl->held = p.r;
			return;
		}
		xtr_nl_route_flush(nl);
	}
	nl->held = p.r;
	nl->holding = true;
}
