/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Changes: one request each, with acknowledgement, on a blocking socket of their own.
 */
#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/neighbour.h>
#include "control/kernel/netlink_priv.h"
#include "util/log.h"

/* The largest request: 16 next hops of 8 + 20 + 4 bytes, and a few attributes. */
#define REQUEST_SIZE 1024
#define ACK_SIZE     4096

/* Linux gives IPv6 routes this metric where none is asked for. */
#define IP6_METRIC 1024

/* A request under construction. */
struct request {
	uint8_t buf[REQUEST_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *nlh;
};

static void *start(struct request *q, uint16_t type, uint16_t flags, size_t hdr)
{
	q->nlh = mnl_nlmsg_put_header(q->buf);
	q->nlh->nlmsg_type = type;
	q->nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	return mnl_nlmsg_put_extra_header(q->nlh, hdr); /* zeroed */
}

static uint8_t family_of(const struct xtr_ip *ip)
{
	return ip->af == 4 ? AF_INET : ip->af == 6 ? AF_INET6 : AF_UNSPEC;
}

static void put_ip(struct request *q, uint16_t type, const struct xtr_ip *ip)
{
	mnl_attr_put(q->nlh, type, xtr_ip_bits(ip) / 8, ip->b);
}

/* The kernel's own words on a refusal, where it has some. */
static void log_refusal(const struct nlmsghdr *nlh, int err)
{
	const struct nlattr *tb[NLMSGERR_ATTR_MSG + 1];
	const struct nlattr *msg;

	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS) || !(nlh->nlmsg_flags & NLM_F_CAPPED) ||
	    xtr_nl_msg_attrs(nlh, sizeof(struct nlmsgerr), tb, NLMSGERR_ATTR_MSG) < 0)
		return;
	msg = tb[NLMSGERR_ATTR_MSG];
	if (msg != NULL)
		xtr_log(XTR_LOG_WARNING, "netlink: Linux refuses a change: %.*s (%s)",
		    (int)mnl_attr_get_payload_len(msg), (const char *)mnl_attr_get_payload(msg),
		    strerror(-err));
}

/*
 * Reads until the answer to `seq`; older ones, to requests that were given up, are skipped. With
 * MSG_DONTWAIT, -EAGAIN if it is not there.
 */
static int answer(struct xtr_nl *nl, uint32_t seq, int flags, int tolerated, int tolerated2)
{
	uint8_t buf[ACK_SIZE] __attribute__((aligned(8)));
	const struct nlmsghdr *nlh;
	int n, err;

	for (;;) {
		n = xtr_nl_recv(mnl_socket_get_fd(nl->req), buf, sizeof(buf), flags);
		if (n < 0)
			return n;
		nlh = (const struct nlmsghdr *)(const void *)buf;
		for (; mnl_nlmsg_ok(nlh, n); nlh = mnl_nlmsg_next(nlh, &n)) {
			if (nlh->nlmsg_seq != seq || nlh->nlmsg_type != NLMSG_ERROR ||
			    mnl_nlmsg_get_payload_len(nlh) < sizeof(err))
				continue;
			memcpy(&err, mnl_nlmsg_get_payload(nlh), sizeof(err));
			if (err == tolerated || err == tolerated2)
				return 0;
			if (err < 0)
				log_refusal(nlh, err);
			return err;
		}
	}
}

/* Sends and waits. The two errors tolerated mean that things are as wanted already; 0 for none. */
static int talk(struct xtr_nl *nl, struct request *q, int tolerated, int tolerated2)
{
	int err;

	q->nlh->nlmsg_flags |= NLM_F_ACK;
	q->nlh->nlmsg_seq = ++nl->req_seq;
	if (mnl_socket_sendto(nl->req, q->nlh, q->nlh->nlmsg_len) < 0)
		return -errno;
	err = answer(nl, q->nlh->nlmsg_seq, 0, tolerated, tolerated2);
	return err == -EAGAIN ? -ETIMEDOUT : err;
}

int xtr_nl_link_set(struct xtr_nl *nl, int ifindex, bool up, uint32_t mtu)
{
	struct request q;
	struct ifinfomsg *ifi = start(&q, RTM_NEWLINK, 0, sizeof(*ifi));

	ifi->ifi_index = ifindex;
	ifi->ifi_change = IFF_UP;
	ifi->ifi_flags = up ? IFF_UP : 0;
	if (mtu != 0)
		mnl_attr_put_u32(q.nlh, IFLA_MTU, mtu);
	return talk(nl, &q, 0, 0);
}

static int change_addr(
    struct xtr_nl *nl, bool add, int ifindex, const struct xtr_ip *ip, uint8_t plen)
{
	struct request q;
	struct ifaddrmsg *ifa;

	if (ip->af == 0 || plen > xtr_ip_bits(ip))
		return -EINVAL;
	ifa = start(
	    &q, add ? RTM_NEWADDR : RTM_DELADDR, add ? NLM_F_CREATE | NLM_F_EXCL : 0, sizeof(*ifa));
	ifa->ifa_family = family_of(ip);
	ifa->ifa_prefixlen = plen;
	ifa->ifa_index = ifindex;
	/* usable at once: Linux would keep an IPv6 address tentative for a second or more, while it
	 * looks for others that have it (RFC 4862 section 5.4) */
	if (add && ip->af == 6)
		ifa->ifa_flags = IFA_F_NODAD;
	put_ip(&q, IFA_LOCAL, ip);
	put_ip(&q, IFA_ADDRESS, ip);
	return add ? talk(nl, &q, -EEXIST, 0) : talk(nl, &q, -EADDRNOTAVAIL, -ENODEV);
}

int xtr_nl_addr_add(struct xtr_nl *nl, int ifindex, const struct xtr_ip *ip, uint8_t plen)
{
	return change_addr(nl, true, ifindex, ip, plen);
}

int xtr_nl_addr_del(struct xtr_nl *nl, int ifindex, const struct xtr_ip *ip, uint8_t plen)
{
	return change_addr(nl, false, ifindex, ip, plen);
}

static void put_via(struct request *q, uint8_t family, const struct xtr_ip *via)
{
	struct {
		uint16_t family;
		uint8_t addr[16];
	} rv = {.family = family_of(via)};

	if (via->af == 0)
		return;
	if (family_of(via) == family) {
		put_ip(q, RTA_GATEWAY, via);
		return;
	}
	memcpy(rv.addr, via->b, sizeof(rv.addr));
	mnl_attr_put(q->nlh, RTA_VIA, sizeof(rv.family) + xtr_ip_bits(via) / 8, &rv);
}

static void put_nexthops(struct request *q, uint8_t family, const struct xtr_nl_route *r)
{
	const struct xtr_nl_nexthop *hop = r->nexthops;
	struct nlattr *nest;
	struct rtnexthop *nh;

	if (r->n_nexthops == 1) {
		put_via(q, family, &hop->via);
		if (hop->ifindex != 0)
			mnl_attr_put_u32(q->nlh, RTA_OIF, hop->ifindex);
		return;
	}
	nest = mnl_attr_nest_start(q->nlh, RTA_MULTIPATH);
	for (unsigned i = 0; i < r->n_nexthops; i++, hop++) {
		nh = mnl_nlmsg_get_payload_tail(q->nlh);
		memset(nh, 0, sizeof(*nh));
		nh->rtnh_ifindex = hop->ifindex;
		nh->rtnh_hops = hop->weight > 0 ? hop->weight - 1 : 0;
		q->nlh->nlmsg_len += sizeof(*nh);
		put_via(q, family, &hop->via);
		nh->rtnh_len = (uint8_t *)mnl_nlmsg_get_payload_tail(q->nlh) - (uint8_t *)nh;
	}
	mnl_attr_nest_end(q->nlh, nest);
}

static int start_route(
    struct request *q, uint16_t type, uint16_t flags, const struct xtr_nl_route *r)
{
	uint8_t family = family_of(&r->prefix.ip);
	uint32_t table = r->table ? r->table : RT_TABLE_MAIN, metric = r->metric;
	struct rtmsg *rtm;

	if (family == AF_UNSPEC || r->prefix.plen > xtr_ip_bits(&r->prefix.ip) ||
	    r->n_nexthops > XTR_NL_MAX_NEXTHOPS)
		return -EINVAL;
	rtm = start(q, type, flags, sizeof(*rtm));
	rtm->rtm_family = family;
	rtm->rtm_dst_len = r->prefix.plen;
	rtm->rtm_table = table < RT_TABLE_MAX ? table : RT_TABLE_UNSPEC;
	rtm->rtm_protocol = RTPROT_STATIC;
	rtm->rtm_scope = RT_SCOPE_UNIVERSE;
	put_ip(q, RTA_DST, &r->prefix.ip);
	mnl_attr_put_u32(q->nlh, RTA_TABLE, table);
	if (metric == 0 && family == AF_INET6)
		metric = IP6_METRIC;
	if (metric != 0)
		mnl_attr_put_u32(q->nlh, RTA_PRIORITY, metric);
	return 0;
}

int xtr_nl_route_add(struct xtr_nl *nl, const struct xtr_nl_route *r)
{
	struct request q;
	struct rtmsg *rtm;
	int err = start_route(&q, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, r);

	if (err < 0)
		return err;
	rtm = mnl_nlmsg_get_payload(q.nlh);
	switch (r->type) {
	case XTR_NL_UNICAST:
		if (r->n_nexthops == 0)
			return -EINVAL;
		rtm->rtm_type = RTN_UNICAST;
		if (r->prefix.ip.af == 4 && r->n_nexthops == 1 && r->nexthops[0].via.af == 0)
			rtm->rtm_scope = RT_SCOPE_LINK;
		put_nexthops(&q, rtm->rtm_family, r);
		break;
	case XTR_NL_BLACKHOLE:
		rtm->rtm_type = RTN_BLACKHOLE;
		break;
	default:
		return -EINVAL;
	}
	return talk(nl, &q, 0, 0);
}

int xtr_nl_route_del(struct xtr_nl *nl, const struct xtr_nl_route *r)
{
	struct request q;
	struct rtmsg *rtm;
	int err = start_route(&q, RTM_DELROUTE, 0, r);

	if (err < 0)
		return err;
	rtm = mnl_nlmsg_get_payload(q.nlh);
	rtm->rtm_scope = RT_SCOPE_NOWHERE; /* any */
	if (r->type == XTR_NL_BLACKHOLE)
		rtm->rtm_type = RTN_BLACKHOLE;
	else if (r->type == XTR_NL_UNICAST)
		rtm->rtm_type = RTN_UNICAST;
	else
		return -EINVAL;
	if (r->type == XTR_NL_UNICAST && r->n_nexthops > 0 && r->metric == 0 &&
	    r->prefix.ip.af == 4)
		put_nexthops(&q, rtm->rtm_family, r);
	return talk(nl, &q, -ESRCH, -ENODEV);
}

int xtr_nl_route_get(struct xtr_nl *nl, const struct xtr_ip *dst)
{
	struct request q;
	struct rtmsg *rtm;

	if (dst->af == 0)
		return -EINVAL;
	rtm = start(&q, RTM_GETROUTE, 0, sizeof(*rtm));
	rtm->rtm_family = family_of(dst);
	rtm->rtm_dst_len = (uint8_t)xtr_ip_bits(dst);
	put_ip(&q, RTA_DST, dst);
	return talk(nl, &q, 0, 0);
}

static int change_rule(
    struct xtr_nl *nl, bool add, const struct xtr_nl_rule *r, uint32_t table, uint32_t priority)
{
	struct request q;
	struct fib_rule_hdr *rule;

	if (r->prefix.ip.af == 0 || r->prefix.plen > xtr_ip_bits(&r->prefix.ip))
		return -EINVAL;
	rule = start(&q, add ? RTM_NEWRULE : RTM_DELRULE, add ? NLM_F_CREATE | NLM_F_EXCL : 0,
	    sizeof(*rule));
	rule->family = family_of(&r->prefix.ip);
	rule->action = FR_ACT_TO_TBL;
	rule->table = table < RT_TABLE_MAX ? table : RT_TABLE_UNSPEC;
	if (r->to)
		rule->dst_len = r->prefix.plen;
	else
		rule->src_len = r->prefix.plen;
	if (r->prefix.plen > 0)
		put_ip(&q, r->to ? FRA_DST : FRA_SRC, &r->prefix.ip);
	/* iif lo: packets that are made here, not those that pass. */
	mnl_attr_put_strz(q.nlh, FRA_IIFNAME, "lo");
	mnl_attr_put_u32(q.nlh, FRA_PRIORITY, priority);
	mnl_attr_put_u32(q.nlh, FRA_TABLE, table);
	mnl_attr_put_u8(q.nlh, FRA_PROTOCOL, RTPROT_STATIC);
	return add ? talk(nl, &q, -EEXIST, 0) : talk(nl, &q, -ENOENT, 0);
}

int xtr_nl_rule_add(
    struct xtr_nl *nl, const struct xtr_nl_rule *r, uint32_t table, uint32_t priority)
{
	return change_rule(nl, true, r, table, priority);
}

int xtr_nl_rule_del(
    struct xtr_nl *nl, const struct xtr_nl_rule *r, uint32_t table, uint32_t priority)
{
	return change_rule(nl, false, r, table, priority);
}

static struct ndmsg *start_neigh(struct request *q, int ifindex, const struct xtr_ip *ip)
{
	struct ndmsg *ndm = start(q, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, sizeof(*ndm));

	ndm->ndm_family = family_of(ip);
	ndm->ndm_ifindex = ifindex;
	put_ip(q, NDA_DST, ip);
	return ndm;
}

int xtr_nl_neigh_set(struct xtr_nl *nl, int ifindex, const struct xtr_ip *ip, const uint8_t mac[6])
{
	struct xtr_nl_key k = xtr_nl_key(ip, 0, ifindex, 0);
	struct request q;
	int err;

	if (ip->af == 0)
		return -EINVAL;
	start_neigh(&q, ifindex, ip)->ndm_state = NUD_PERMANENT;
	mnl_attr_put(q.nlh, NDA_LLADDR, 6, mac);
	err = talk(nl, &q, 0, 0);
	/* The event will say so too, but xtr_nl_neigh_use() may come before it. */
	return err < 0 ? err : xtr_nl_set_add(&nl->permanent, &k);
}

int xtr_nl_neigh_use(struct xtr_nl *nl, int ifindex, const struct xtr_ip *ip)
{
	struct xtr_nl_key k = xtr_nl_key(ip, 0, ifindex, 0);
	struct request q;
	int err;

	if (ip->af == 0)
		return -EINVAL;
	if (xtr_nl_set_has(&nl->permanent, &k))
		return 0;
	/* Linux ignores the state, makes the entry if there is none, and behaves as if it had a
	 * packet for it. */
	start_neigh(&q, ifindex, ip)->ndm_flags = NTF_USE;
	q.nlh->nlmsg_seq = ++nl->req_seq;
	if (mnl_socket_sendto(nl->req, q.nlh, q.nlh->nlmsg_len) < 0)
		return -errno;
	/* Not asked for an acknowledgement, Linux answers errors alone, and before sendto()
	 * returns. */
	err = answer(nl, q.nlh->nlmsg_seq, MSG_DONTWAIT, 0, 0);
	return err == -EAGAIN ? 0 : err;
}
