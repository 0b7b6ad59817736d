/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The sockets, and what happens when one of them is readable.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include "control/kernel/netlink_priv.h"

/* An event takes 0.8 KiB or more of the socket's buffer, so this holds several thousand. */
#define EVENT_RCVBUF (4 << 20)
/* Linux fills a dump's buffer up to the size that the reader offers, at most 32 KiB: some 250
 * routes in 16. */
#define BUF_SIZE     (16 << 10)
#define BUF_SIZE_MAX (1 << 20)

void xtr_nl_touch(struct xtr_nl *nl, enum xtr_nl_kind kind, const struct xtr_nl_key *k)
{
	if (nl->cur == (int)kind && xtr_nl_set_add(&nl->touched, k) < 0)
		nl->interrupted = true;
}

int xtr_nl_recv(int fd, void *buf, size_t size, int flags)
{
	struct sockaddr_nl from = {0};
	struct iovec iov = {.iov_base = buf, .iov_len = size};
	struct msghdr msg = {
	    .msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &iov, .msg_iovlen = 1};
	ssize_t n;

	for (;;) {
		n = recvmsg(fd, &msg, flags);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (from.nl_pid != 0)
			continue;
		return msg.msg_flags & MSG_TRUNC ? -ENOSPC : (int)n;
	}
}

bool xtr_nl_grow_buf(struct xtr_nl *nl)
{
	uint8_t *bigger;

	if (nl->buf_size >= BUF_SIZE_MAX)
		return false;
	bigger = realloc(nl->buf, nl->buf_size * 2);
	if (bigger == NULL)
		return false;
	nl->buf = bigger;
	nl->buf_size *= 2;
	return true;
}

int xtr_nl_read(struct xtr_nl *nl)
{
	int err = nl->error;

	nl->error = 0;
	if (err < 0)
		return err;
	nl->in_read = true;
	/* Before events: what they report from now on counts as seen by the dump under way. */
	if (nl->cur >= 0 && !nl->begun) {
		nl->begun = true;
		if (nl->ops.sync_begin != NULL)
			nl->ops.sync_begin(nl->ops.arg, nl->cur);
	}
	err = xtr_nl_event_read(nl);
	if (err == 0)
		err = xtr_nl_dump_read(nl);
	nl->in_read = false;
	if (err == 0) {
		xtr_nl_dump_start(nl);
		err = nl->error;
		nl->error = 0;
	}
	return err;
}

void xtr_nl_resync_kind(struct xtr_nl *nl, enum xtr_nl_kind kind)
{
	nl->pending |= 1u << kind;
	if (!nl->in_read)
		xtr_nl_dump_start(nl);
}

void xtr_nl_resync(struct xtr_nl *nl)
{
	nl->pending = (1u << XTR_NL_KINDS) - 1;
	if (!nl->in_read)
		xtr_nl_dump_start(nl);
}

bool xtr_nl_in_sync(const struct xtr_nl *nl)
{
	return nl->cur < 0 && nl->pending == 0;
}

uint64_t xtr_nl_overruns(const struct xtr_nl *nl)
{
	return nl->overruns;
}

uint64_t xtr_nl_dumps(const struct xtr_nl *nl)
{
	return nl->dumps;
}

int xtr_nl_event_fd(const struct xtr_nl *nl)
{
	return mnl_socket_get_fd(nl->ev);
}

int xtr_nl_dump_fd(const struct xtr_nl *nl)
{
	return mnl_socket_get_fd(nl->dump);
}

/* ---- sockets ---- */

static struct mnl_socket *open_socket(int flags)
{
	struct mnl_socket *s = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | flags);
	int one = 1, saved;

	if (s == NULL)
		return NULL;
	if (mnl_socket_bind(s, 0, MNL_SOCKET_AUTOPID) < 0) {
		saved = errno;
		mnl_socket_close(s);
		errno = saved;
		return NULL;
	}
	/* Strict checks make filters of dumps work (no cached routes, no statistics); kernels
	 * before 4.20 lack them. */
	mnl_socket_setsockopt(s, NETLINK_GET_STRICT_CHK, &one, sizeof(one));
	return s;
}

static int join_groups(struct mnl_socket *s)
{
	static const int groups[] = {RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR,
	    RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE, RTNLGRP_NEIGH, RTNLGRP_NEXTHOP};
	int group;

	for (unsigned i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		group = groups[i];
		/* Without next-hop objects (before 5.3) there is no such group. */
		if (mnl_socket_setsockopt(s, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0 &&
		    group != RTNLGRP_NEXTHOP)
			return -errno;
	}
	return 0;
}

struct xtr_nl *xtr_nl_open(const struct xtr_nl_ops *ops)
{
	struct xtr_nl *nl = calloc(1, sizeof(*nl));
	struct timeval second = {.tv_sec = 1};
	int size = EVENT_RCVBUF, one = 1, fd, err = -ENOMEM;

	if (nl == NULL)
		return NULL;
	nl->ops = *ops;
	nl->cur = -1;
	nl->buf_size = BUF_SIZE;
	nl->buf = malloc(nl->buf_size);
	if (nl->buf == NULL)
		goto fail;
	nl->ev = open_socket(SOCK_NONBLOCK);
	nl->dump = nl->ev ? open_socket(SOCK_NONBLOCK) : NULL;
	nl->req = nl->dump ? open_socket(0) : NULL;
	if (nl->req == NULL) {
		err = -errno;
		goto fail;
	}
	fd = mnl_socket_get_fd(nl->ev);
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	fd = mnl_socket_get_fd(nl->req);
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof(second)) < 0) {
		err = -errno;
		goto fail;
	}
	/* Answers carry the kernel's own words and not the request again; neither is needed. */
	mnl_socket_setsockopt(nl->req, NETLINK_CAP_ACK, &one, sizeof(one));
	mnl_socket_setsockopt(nl->req, NETLINK_EXT_ACK, &one, sizeof(one));
	err = join_groups(nl->ev);
	if (err < 0)
		goto fail;
	xtr_nl_resync(nl);
	err = nl->error;
	if (err < 0)
		goto fail;
	return nl;

fail:
	xtr_nl_close(nl);
	errno = -err;
	return NULL;
}

void xtr_nl_close(struct xtr_nl *nl)
{
	if (nl == NULL)
		return;
	if (nl->ev != NULL)
		mnl_socket_close(nl->ev);
	if (nl->dump != NULL)
		mnl_socket_close(nl->dump);
	if (nl->req != NULL)
		mnl_socket_close(nl->req);
	xtr_nl_set_clear(&nl->touched);
	xtr_nl_set_clear(&nl->multi);
	xtr_nl_set_clear(&nl->multi_next);
	xtr_nl_set_clear(&nl->permanent);
	xtr_nl_set_clear(&nl->permanent_next);
	xtr_nl_nexthop_clear(nl);
	free(nl->buf);
	free(nl);
}
