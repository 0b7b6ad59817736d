/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * rtnetlink messages of links, addresses and neighbours -> structs.
 */
#include <errno.h>
#include <linux/neighbour.h>
#include "control/kernel/netlink_priv.h"

#define NUD_WITH_MAC (NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT | NUD_NOARP)

void xtr_nl_attrs(const void *p, size_t len, const struct nlattr **tb, unsigned max)
{
	const struct nlattr *a = p;
	const uint8_t *end = (const uint8_t *)p + len;

	memset(tb, 0, (max + 1) * sizeof(*tb));
	/* mnl_attr_next() aligns, so that it may step over the end by up to 3 bytes: the rest is
	 * then negative. */
	while (mnl_attr_ok(a, end - (const uint8_t *)a)) {
		if (mnl_attr_get_type(a) <= max)
			tb[mnl_attr_get_type(a)] = a;
		a = mnl_attr_next(a);
	}
}

int xtr_nl_msg_attrs(const struct nlmsghdr *nlh, size_t hdr, const struct nlattr **tb, unsigned max)
{
	size_t skip = MNL_ALIGN(hdr), len = mnl_nlmsg_get_payload_len(nlh);

	if (len < hdr)
		return -EINVAL;
	xtr_nl_attrs((const uint8_t *)mnl_nlmsg_get_payload(nlh) + skip,
	    len > skip ? len - skip : 0, tb, max);
	return 0;
}

bool xtr_nl_attr_u32(const struct nlattr *a, uint32_t *v)
{
	if (a == NULL || mnl_attr_get_payload_len(a) < sizeof(*v))
		return false;
	*v = mnl_attr_get_u32(a);
	return true;
}

bool xtr_nl_attr_ip(const struct nlattr *a, uint8_t family, struct xtr_ip *ip)
{
	if (a == NULL)
		return false;
	if (family == AF_INET && mnl_attr_get_payload_len(a) == 4)
		*ip = xtr_ip4(mnl_attr_get_payload(a));
	else if (family == AF_INET6 && mnl_attr_get_payload_len(a) == 16)
		*ip = xtr_ip6(mnl_attr_get_payload(a));
	else
		return false;
	return true;
}

struct xtr_nl_key xtr_nl_key(const struct xtr_ip *ip, uint8_t plen, uint32_t index, uint32_t metric)
{
	struct xtr_nl_key k;

	memset(&k, 0, sizeof(k));
	k.used = 1;
	k.plen = plen;
	k.index = index;
	k.metric = metric;
	if (ip != NULL) {
		k.af = ip->af;
		memcpy(k.ip, ip->b, sizeof(k.ip));
	}
	return k;
}

int xtr_nl_parse_link(const struct nlmsghdr *nlh, struct xtr_nl_link *l)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *tb[IFLA_MTU + 1];
	size_t len;

	if (xtr_nl_msg_attrs(nlh, sizeof(*ifi), tb, IFLA_MTU) < 0)
		return -EINVAL;
	/* A bridge speaks of its ports with the same messages; one that leaves it is not gone. */
	if (ifi->ifi_family != AF_UNSPEC)
		return -EAFNOSUPPORT;
	memset(l, 0, sizeof(*l));
	l->ifindex = ifi->ifi_index;
	l->up = ifi->ifi_flags & IFF_UP;
	l->running = ifi->ifi_flags & IFF_RUNNING;
	if (tb[IFLA_IFNAME] != NULL) {
		len = mnl_attr_get_payload_len(tb[IFLA_IFNAME]);
		if (len > sizeof(l->name) - 1)
			len = sizeof(l->name) - 1;
		memcpy(l->name, mnl_attr_get_payload(tb[IFLA_IFNAME]), len);
	}
	xtr_nl_attr_u32(tb[IFLA_MTU], &l->mtu);
	if (tb[IFLA_ADDRESS] != NULL && mnl_attr_get_payload_len(tb[IFLA_ADDRESS]) == 6)
		memcpy(l->mac, mnl_attr_get_payload(tb[IFLA_ADDRESS]), 6);
	return 0;
}

int xtr_nl_parse_addr(const struct nlmsghdr *nlh, struct xtr_nl_addr *a)
{
	const struct ifaddrmsg *ifa = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *tb[IFA_FLAGS + 1];
	uint32_t flags;

	if (xtr_nl_msg_attrs(nlh, sizeof(*ifa), tb, IFA_FLAGS) < 0)
		return -EINVAL;
	memset(a, 0, sizeof(*a));
	a->ifindex = ifa->ifa_index;
	/* On a point-to-point link IFA_ADDRESS is the peer's and IFA_LOCAL ours; elsewhere IPv6 has
	 * no IFA_LOCAL. */
	if (!xtr_nl_attr_ip(tb[IFA_LOCAL], ifa->ifa_family, &a->ip) &&
	    !xtr_nl_attr_ip(tb[IFA_ADDRESS], ifa->ifa_family, &a->ip))
		return -EAFNOSUPPORT;
	a->plen = ifa->ifa_prefixlen;
	if (a->plen > xtr_ip_bits(&a->ip))
		return -EINVAL;
	flags = ifa->ifa_flags;
	xtr_nl_attr_u32(tb[IFA_FLAGS], &flags);
	a->tentative = flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED);
	return 0;
}

int xtr_nl_parse_neigh(const struct nlmsghdr *nlh, struct xtr_nl_neigh *n, bool *permanent)
{
	const struct ndmsg *ndm = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *tb[NDA_LLADDR + 1];

	if (xtr_nl_msg_attrs(nlh, sizeof(*ndm), tb, NDA_LLADDR) < 0)
		return -EINVAL;
	/*
	 * Proxy entries are addresses that Linux answers for. Entries of multicast, broadcast and
	 * local addresses come into being without an event, and nobody asks for them.
	 */
	if (ndm->ndm_flags & NTF_PROXY || ndm->ndm_type > RTN_UNICAST)
		return -EAFNOSUPPORT;
	memset(n, 0, sizeof(*n));
	if (!xtr_nl_attr_ip(tb[NDA_DST], ndm->ndm_family, &n->ip))
		return -EAFNOSUPPORT;
	n->ifindex = ndm->ndm_ifindex;
	n->failed = ndm->ndm_state & NUD_FAILED;
	if (tb[NDA_LLADDR] != NULL && mnl_attr_get_payload_len(tb[NDA_LLADDR]) == 6) {
		memcpy(n->mac, mnl_attr_get_payload(tb[NDA_LLADDR]), 6);
		n->usable = ndm->ndm_state & NUD_WITH_MAC;
	}
	*permanent = ndm->ndm_state & NUD_PERMANENT;
	return 0;
}
