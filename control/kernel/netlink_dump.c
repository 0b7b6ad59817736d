/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Dumps: one at a time, kind after kind, a slice a call.
 */
#include <errno.h>
#include <linux/nexthop.h>
#include <linux/neighbour.h>
#include "control/kernel/netlink_priv.h"

/*
 * Buffers a call, hundreds of objects each. As long as a namespace has no policy rule of its own,
 * Linux keeps the tables main and local in one trie, and walks all of it once more for the few
 * routes of local: 14 ms in one call at 200,000 routes.
 */
#define DUMP_SLICE 2

/* The requests that make up the dump of a kind, type 0 ends. */
struct part {
	uint16_t type;
	uint8_t family;
};
static const struct part dump_parts[XTR_NL_KINDS][4] = {
    [XTR_NL_LINK] = {{RTM_GETLINK, AF_UNSPEC}},
    [XTR_NL_ADDR] = {{RTM_GETADDR, AF_INET}, {RTM_GETADDR, AF_INET6}},
    /* Next-hop objects first: routes may name them. */
    [XTR_NL_ROUTE] = {{RTM_GETNEXTHOP, AF_UNSPEC}, {RTM_GETROUTE, AF_INET},
	{RTM_GETROUTE, AF_INET6}},
    [XTR_NL_NEIGH] = {{RTM_GETNEIGH, AF_INET}, {RTM_GETNEIGH, AF_INET6}},
};

static const struct part *current(const struct xtr_nl *nl)
{
	return &dump_parts[nl->cur][nl->part];
}

static int send_request(struct xtr_nl *nl)
{
	uint8_t buf[MNL_ALIGN(NLMSG_HDRLEN) + 64] __attribute__((aligned(8)));
	const struct part *p = current(nl);
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	uint8_t *family;
	size_t hdr;

	switch (p->type) {
	case RTM_GETLINK:
		hdr = sizeof(struct ifinfomsg);
		break;
	case RTM_GETADDR:
		hdr = sizeof(struct ifaddrmsg);
		break;
	case RTM_GETROUTE:
		hdr = sizeof(struct rtmsg);
		break;
	case RTM_GETNEIGH:
		hdr = sizeof(struct ndmsg);
		break;
	default:
		hdr = sizeof(struct nhmsg);
		break;
	}
	nlh->nlmsg_type = p->type;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	nlh->nlmsg_seq = ++nl->dump_seq;
	/* Zeroed; each of these headers starts with its family. */
	family = mnl_nlmsg_put_extra_header(nlh, hdr);
	*family = p->family;
	if (p->type == RTM_GETLINK)
		mnl_attr_put_u32(nlh, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	if (mnl_socket_sendto(nl->dump, nlh, nlh->nlmsg_len) < 0)
		return -errno;
	return 0;
}

void xtr_nl_dump_start(struct xtr_nl *nl)
{
	int err;

	if (nl->cur >= 0 || nl->pending == 0 || nl->error < 0)
		return;
	nl->cur = __builtin_ctz(nl->pending);
	nl->pending &= ~(1u << nl->cur);
	nl->part = 0;
	nl->begun = nl->interrupted = nl->holding = false;
	xtr_nl_set_clear(&nl->touched);
	xtr_nl_set_clear(&nl->multi_next);
	xtr_nl_set_clear(&nl->permanent_next);
	if (nl->cur == XTR_NL_ROUTE)
		xtr_nl_nexthop_sweep_begin(nl);
	err = send_request(nl);
	if (err < 0) {
		nl->pending |= 1u << nl->cur;
		nl->cur = -1;
		nl->error = err;
	}
}

static void replace_set(struct xtr_nl_set *old, struct xtr_nl_set *next)
{
	xtr_nl_set_clear(old);
	*old = *next;
	*next = (struct xtr_nl_set){0};
}

static void finish_dump(struct xtr_nl *nl)
{
	int kind = nl->cur;

	nl->cur = -1;
	xtr_nl_set_clear(&nl->touched);
	if (nl->interrupted) {
		nl->pending |= 1u << kind;
		return;
	}
	if (kind == XTR_NL_ROUTE)
		replace_set(&nl->multi, &nl->multi_next);
	else if (kind == XTR_NL_NEIGH)
		replace_set(&nl->permanent, &nl->permanent_next);
	nl->dumps++;
	if (nl->ops.synced != NULL)
		nl->ops.synced(nl->ops.arg, kind);
}

/* The answer to one request is complete. */
static int finish_part(struct xtr_nl *nl, int err)
{
	switch (err) {
	case 0:
	/* A kernel without IPv6, or (before 5.3) without next-hop objects, has none of it. */
	case -EOPNOTSUPP:
	case -EAFNOSUPPORT:
	case -EPROTONOSUPPORT:
		break;
	case -EINTR:
	case -EAGAIN:
	case -EBUSY:
	case -ENOMEM:
	case -ENOBUFS:
		nl->interrupted = true;
		break;
	default:
		return err;
	}
	if (current(nl)->type == RTM_GETROUTE)
		xtr_nl_route_flush(nl);
	else if (current(nl)->type == RTM_GETNEXTHOP && !nl->interrupted)
		xtr_nl_nexthop_sweep(nl);
	nl->part++;
	if (current(nl)->type != 0 && !nl->interrupted)
		return send_request(nl);
	finish_dump(nl);
	return 0;
}

static void got_dumped(struct xtr_nl *nl, const struct nlmsghdr *nlh)
{
	const uint8_t *family = mnl_nlmsg_get_payload(nlh);
	const struct part *p = current(nl);

	/* A family that the kernel does not have is answered with all that it has. */
	if (mnl_nlmsg_get_payload_len(nlh) < 1 || (p->family != AF_UNSPEC && *family != p->family))
		return;
	/* RTM_NEWX is RTM_GETX - 2 for every X. */
	if (nlh->nlmsg_type != p->type - 2)
		return;
	switch (nlh->nlmsg_type) {
	case RTM_NEWLINK:
		xtr_nl_got_link(nl, nlh, false, false);
		break;
	case RTM_NEWADDR:
		xtr_nl_got_addr(nl, nlh, false, false);
		break;
	case RTM_NEWROUTE:
		xtr_nl_route_dumped(nl, nlh);
		break;
	case RTM_NEWNEIGH:
		xtr_nl_got_neigh(nl, nlh, false, false);
		break;
	case RTM_NEWNEXTHOP:
		xtr_nl_nexthop_update(nl, nlh, false);
		break;
	}
}

static int dump_message(struct xtr_nl *nl, const struct nlmsghdr *nlh)
{
	int err = 0;

	if (nl->cur < 0 || nlh->nlmsg_seq != nl->dump_seq)
		return 0;
	if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
		nl->interrupted = true;
	if (nlh->nlmsg_type == NLMSG_DONE || nlh->nlmsg_type == NLMSG_ERROR) {
		/* Both begin with an error code, which NLMSG_DONE may leave out. */
		if (mnl_nlmsg_get_payload_len(nlh) >= sizeof(err))
			memcpy(&err, mnl_nlmsg_get_payload(nlh), sizeof(err));
		return finish_part(nl, err);
	}
	if (nlh->nlmsg_type >= NLMSG_MIN_TYPE)
		got_dumped(nl, nlh);
	return 0;
}

int xtr_nl_dump_read(struct xtr_nl *nl)
{
	const struct nlmsghdr *nlh;
	int n, err;

	for (unsigned i = 0; i < DUMP_SLICE && nl->cur >= 0; i++) {
		n = xtr_nl_recv(mnl_socket_get_fd(nl->dump), nl->buf, nl->buf_size, 0);
		if (n == -EAGAIN)
			return 0;
		if (n == -ENOSPC && xtr_nl_grow_buf(nl)) {
			nl->interrupted = true;
			continue;
		}
		if (n == -ENOBUFS) {
			nl->interrupted = true;
			continue;
		}
		if (n < 0)
			return n;
		for (nlh = (const struct nlmsghdr *)(const void *)nl->buf; mnl_nlmsg_ok(nlh, n);
		     nlh = mnl_nlmsg_next(nlh, &n)) {
			err = dump_message(nl, nlh);
			if (err < 0)
				return err;
		}
	}
	return 0;
}
