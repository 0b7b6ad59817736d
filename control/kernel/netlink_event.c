/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What Linux says of links, addresses, neighbours, routes and next-hop objects, as events; of the
 * first three, in dumps as well.
 */
#include <errno.h>
#include "control/kernel/netlink_priv.h"
#include "util/log.h"

/* Buffers a call, with one event in most. */
#define EVENT_SLICE 64

void xtr_nl_got_link(struct xtr_nl *nl, const struct nlmsghdr *nlh, bool gone, bool event)
{
	struct xtr_nl_link l;
	struct xtr_nl_key k;

	if (xtr_nl_parse_link(nlh, &l) < 0)
		return;
	k = xtr_nl_key(NULL, 0, l.ifindex, 0);
	if (event) {
		xtr_nl_touch(nl, XTR_NL_LINK, &k);
		/* Linux says nothing of IPv4 next hops that went with the link. */
		xtr_nl_resync_kind(nl, XTR_NL_ROUTE);
		xtr_dbg(XTR_DBG_NETLINK, "netlink: link %s (%d)%s%s%s mtu %u", l.name, l.ifindex,
		    gone ? " gone" : "", l.up ? " up" : "", l.running ? " running" : "", l.mtu);
	} else if (xtr_nl_set_has(&nl->touched, &k)) {
		return;
	}
	if (nl->ops.link != NULL)
		nl->ops.link(nl->ops.arg, &l, gone);
}

void xtr_nl_got_addr(struct xtr_nl *nl, const struct nlmsghdr *nlh, bool gone, bool event)
{
	struct xtr_nl_addr a;
	struct xtr_nl_key k;

	if (xtr_nl_parse_addr(nlh, &a) < 0)
		return;
	k = xtr_nl_key(&a.ip, a.plen, a.ifindex, 0);
	if (event) {
		xtr_nl_touch(nl, XTR_NL_ADDR, &k);
		/* Nor, before Linux 6.6, of routes that preferred the address as source. */
		if (gone)
			xtr_nl_resync_kind(nl, XTR_NL_ROUTE);
	} else if (xtr_nl_set_has(&nl->touched, &k)) {
		return;
	}
	if (nl->ops.addr != NULL)
		nl->ops.addr(nl->ops.arg, &a, gone);
}

static void note_permanent(struct xtr_nl *nl, const struct xtr_nl_key *k, bool permanent)
{
	if (!permanent) {
		xtr_nl_set_del(&nl->permanent, k);
		xtr_nl_set_del(&nl->permanent_next, k);
		return;
	}
	if (xtr_nl_set_add(&nl->permanent, k) < 0)
		xtr_nl_resync_kind(nl, XTR_NL_NEIGH);
	if (nl->cur == XTR_NL_NEIGH && xtr_nl_set_add(&nl->permanent_next, k) < 0)
		nl->interrupted = true;
}

void xtr_nl_got_neigh(struct xtr_nl *nl, const struct nlmsghdr *nlh, bool gone, bool event)
{
	struct xtr_nl_neigh n;
	struct xtr_nl_key k;
	bool permanent;

	if (xtr_nl_parse_neigh(nlh, &n, &permanent) < 0)
		return;
	k = xtr_nl_key(&n.ip, 0, n.ifindex, 0);
	if (event)
		xtr_nl_touch(nl, XTR_NL_NEIGH, &k);
	else if (xtr_nl_set_has(&nl->touched, &k))
		return;
	note_permanent(nl, &k, permanent && !gone);
	if (nl->ops.neigh != NULL)
		nl->ops.neigh(nl->ops.arg, &n, gone);
}

static void got_nexthop_event(struct xtr_nl *nl, const struct nlmsghdr *nlh, bool gone)
{
	xtr_nl_nexthop_update(nl, nlh, gone);
	/*
	 * Routes vanish with their object without a word. And an object that changes while objects
	 * are dumped may have been overwritten by an older one.
	 */
	if (gone || nl->nhobj_used || (nl->cur == XTR_NL_ROUTE && nl->part == 0))
		xtr_nl_resync_kind(nl, XTR_NL_ROUTE);
}

static void event_message(struct xtr_nl *nl, const struct nlmsghdr *nlh)
{
	switch (nlh->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		xtr_nl_got_link(nl, nlh, nlh->nlmsg_type == RTM_DELLINK, true);
		break;
	case RTM_NEWADDR:
	case RTM_DELADDR:
		xtr_nl_got_addr(nl, nlh, nlh->nlmsg_type == RTM_DELADDR, true);
		break;
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
		xtr_nl_route_event(nl, nlh, nlh->nlmsg_type == RTM_DELROUTE);
		break;
	case RTM_NEWNEIGH:
	case RTM_DELNEIGH:
		xtr_nl_got_neigh(nl, nlh, nlh->nlmsg_type == RTM_DELNEIGH, true);
		break;
	case RTM_NEWNEXTHOP:
	case RTM_DELNEXTHOP:
		got_nexthop_event(nl, nlh, nlh->nlmsg_type == RTM_DELNEXTHOP);
		break;
	}
}

static void overrun(struct xtr_nl *nl)
{
	nl->overruns++;
	xtr_dbg(XTR_DBG_NETLINK, "netlink: events lost, everything is read again");
	xtr_nl_resync(nl);
}

int xtr_nl_event_read(struct xtr_nl *nl)
{
	const struct nlmsghdr *nlh;
	int n;

	for (unsigned i = 0; i < EVENT_SLICE; i++) {
		n = xtr_nl_recv(mnl_socket_get_fd(nl->ev), nl->buf, nl->buf_size, 0);
		if (n == -EAGAIN)
			return 0;
		if (n == -ENOBUFS || n == -ENOSPC) {
			if (n == -ENOSPC)
				xtr_nl_grow_buf(nl);
			overrun(nl);
			continue;
		}
		if (n < 0)
			return n;
		for (nlh = (const struct nlmsghdr *)(const void *)nl->buf; mnl_nlmsg_ok(nlh, n);
		     nlh = mnl_nlmsg_next(nlh, &n))
			event_message(nl, nlh);
	}
	return 0;
}
