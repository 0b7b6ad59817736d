/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/kernel/sock.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "util/log.h"
#include "wire/data.h"

#define MAX_SOCKETS 18 /* control addresses, and the data port of both families */
#define READ_AT_ONCE                                                                               \
	64 /* messages a turn and socket: the control lcore never works for long at a stretch */
#define MESSAGE_MAX 65535

struct one {
	struct xtr_sock *owner;
	struct xtr_watch watch;
	struct xtr_ip bound; /* af 0: any */
	uint8_t af;
	bool data;
};

struct xtr_sock {
	struct xtr_loop *loop;
	struct xtr_sock_ops ops;
	struct one sockets[MAX_SOCKETS];
	unsigned n;
	uint8_t buf[MESSAGE_MAX];
};

static socklen_t to_sockaddr(
    const struct xtr_ip *ip, uint8_t af, uint16_t port, struct sockaddr_storage *ss)
{
	memset(ss, 0, sizeof(*ss));
	if (af == 6) {
		struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ss;

		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(port);
		memcpy(&in6->sin6_addr, ip->b, 16);
		return sizeof(*in6);
	}
	struct sockaddr_in *in = (struct sockaddr_in *)ss;

	in->sin_family = AF_INET;
	in->sin_port = htons(port);
	memcpy(&in->sin_addr, ip->b, 4);
	return sizeof(*in);
}

static struct xtr_ip from_sockaddr(const struct sockaddr_storage *ss, uint16_t *port)
{
	if (ss->ss_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)ss;

		*port = ntohs(in6->sin6_port);
		return xtr_ip6(&in6->sin6_addr);
	}
	const struct sockaddr_in *in = (const struct sockaddr_in *)ss;

	*port = ntohs(in->sin_port);
	return xtr_ip4(&in->sin_addr);
}

struct arrival { /* what the kernel tells beside a datagram */
	struct xtr_ip local;
	int ifindex;
	uint8_t ttl, tos;
};

static void read_cmsgs(struct msghdr *msg, struct arrival *a)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		int value;

		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			struct in_pktinfo info;

			memcpy(&info, CMSG_DATA(c), sizeof(info));
			a->local = xtr_ip4(&info.ipi_addr);
			a->ifindex = info.ipi_ifindex;
		} else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
			struct in6_pktinfo info;

			memcpy(&info, CMSG_DATA(c), sizeof(info));
			a->local = xtr_ip6(&info.ipi6_addr);
			a->ifindex = (int)info.ipi6_ifindex;
		} else if ((c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TTL) ||
			   (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_HOPLIMIT)) {
			memcpy(&value, CMSG_DATA(c), sizeof(value));
			a->ttl = (uint8_t)value;
		} else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_TCLASS) {
			memcpy(&value, CMSG_DATA(c), sizeof(value));
			a->tos = (uint8_t)value;
		} else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TOS) {
			a->tos = *CMSG_DATA(c);
		}
	}
}

static void readable(void *arg)
{
	struct one *o = arg;
	struct xtr_sock *s = o->owner;

	for (unsigned i = 0; i < READ_AT_ONCE; i++) {
		struct sockaddr_storage ss;
		char control[256];
		struct iovec iov = {s->buf, sizeof(s->buf)};
		struct msghdr msg = {.msg_name = &ss,
		    .msg_namelen = sizeof(ss),
		    .msg_iov = &iov,
		    .msg_iovlen = 1,
		    .msg_control = control,
		    .msg_controllen = sizeof(control)};
		struct arrival a = {0};
		struct xtr_peer from;
		ssize_t len = recvmsg(o->watch.fd, &msg, MSG_DONTWAIT);

		if (len < 0) {
			/* an ICMP error for what we sent: nothing to read, and no reason to stop */
			if (errno == EAGAIN || errno == EINTR)
				return;
			continue;
		}
		read_cmsgs(&msg, &a);
		from.ip = from_sockaddr(&ss, &from.port);
		from.local = a.local;
		if (o->data)
			s->ops.data(
			    s->ops.arg, &from, s->buf, (size_t)len, a.ttl, a.tos, a.ifindex);
		else
			s->ops.control(s->ops.arg, &from, s->buf, (size_t)len);
	}
}

static int open_one(
    struct xtr_sock *s, const struct xtr_ip *ip, uint8_t af, uint16_t port, bool data)
{
	struct one *o = &s->sockets[s->n];
	struct sockaddr_storage ss;
	int on = 1, size = 4 << 20, rc, fd;
	char text[XTR_IP_STRLEN];

	if (s->n == MAX_SOCKETS) {
		xtr_log(XTR_LOG_ERR, "socket: more than %d control addresses", MAX_SOCKETS - 1);
		return -ENOSPC;
	}
	fd = socket(af == 6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	*o = (struct one){.owner = s, .bound = *ip, .af = af, .data = data};
	if (af == 6) {
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
		setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on));
		setsockopt(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, &on, sizeof(on));
		setsockopt(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, &on, sizeof(on));
		/* RFC 9300 section 5.3: data packets have none, which IPv6 would not let pass */
		if (data)
			setsockopt(fd, IPPROTO_UDP, UDP_NO_CHECK6_RX, &on, sizeof(on));
	} else {
		setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on));
		setsockopt(fd, IPPROTO_IP, IP_RECVTTL, &on, sizeof(on));
		setsockopt(fd, IPPROTO_IP, IP_RECVTOS, &on, sizeof(on));
	}
	/* a burst of a thousand replies must not overflow the default of some 200 kB */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (bind(fd, (struct sockaddr *)&ss, to_sockaddr(ip, af, port, &ss)) < 0 ||
	    (rc = xtr_loop_add(s->loop, &o->watch, fd, readable, o)) < 0) {
		rc = -errno;
		xtr_log(XTR_LOG_ERR, "socket: UDP port %u on %s: %s", port,
		    ip->af ? xtr_ip_format(ip, text) : "any address", strerror(-rc));
		close(fd);
		return rc;
	}
	s->n++;
	return 0;
}

/* A port on any address of both families. */
static int open_any(struct xtr_sock *s, uint16_t port, bool data)
{
	static const struct xtr_ip any;
	int rc = open_one(s, &any, 4, port, data);

	if (rc)
		return rc;
	rc = open_one(s, &any, 6, port, data);
	return rc == -EAFNOSUPPORT ? 0 : rc; /* a kernel without IPv6 */
}

struct xtr_sock *xtr_sock_open(struct xtr_loop *loop, const struct xtr_ip *addresses, unsigned n,
    bool data, const struct xtr_sock_ops *ops)
{
	struct xtr_sock *s = calloc(1, sizeof(*s));
	int rc = 0;

	if (!s)
		return NULL;
	s->loop = loop;
	s->ops = *ops;
	for (unsigned i = 0; i < n && !rc; i++)
		rc = open_one(s, &addresses[i], addresses[i].af, XTR_PORT_CONTROL, false);
	if (!n)
		rc = open_any(s, XTR_PORT_CONTROL, false);
	if (!rc && data)
		rc = open_any(s, XTR_PORT_DATA, true);
	if (rc) {
		xtr_sock_close(s);
		errno = -rc;
		return NULL;
	}
	return s;
}

void xtr_sock_close(struct xtr_sock *s)
{
	if (!s)
		return;
	for (unsigned i = 0; i < s->n; i++) {
		int fd = s->sockets[i].watch.fd;

		xtr_loop_remove(s->loop, &s->sockets[i].watch);
		close(fd);
	}
	free(s);
}

/* The control socket of this family, bound to src where src is given and a socket is. */
static const struct one *socket_for(const struct xtr_sock *s, uint8_t af, const struct xtr_ip *src)
{
	const struct one *found = NULL;

	for (unsigned i = 0; i < s->n; i++) {
		const struct one *o = &s->sockets[i];

		if (o->data || o->af != af)
			continue;
		if (src && xtr_ip_equal(&o->bound, src))
			return o;
		if (!found)
			found = o;
	}
	return found;
}

int xtr_sock_send(struct xtr_sock *s, const struct xtr_ip *src, const struct xtr_ip *dst,
    uint16_t port, const uint8_t *p, size_t len)
{
	const struct one *o = socket_for(s, dst->af, src && src->af == dst->af ? src : NULL);
	struct sockaddr_storage ss;
	char control[CMSG_SPACE(sizeof(struct in6_pktinfo))];
	struct iovec iov = {(void *)(uintptr_t)p, len};
	struct msghdr msg = {.msg_name = &ss, .msg_iov = &iov, .msg_iovlen = 1};

	if (!o)
		return -EAFNOSUPPORT;
	msg.msg_namelen = to_sockaddr(dst, dst->af, port, &ss);
	if (src && src->af == dst->af) {
		struct cmsghdr *c;

		memset(control, 0, sizeof(control));
		msg.msg_control = control;
		msg.msg_controllen = sizeof(control);
		c = CMSG_FIRSTHDR(&msg);
		if (dst->af == 4) {
			struct in_pktinfo info = {0};

			memcpy(&info.ipi_spec_dst, src->b, 4);
			c->cmsg_level = IPPROTO_IP;
			c->cmsg_type = IP_PKTINFO;
			c->cmsg_len = CMSG_LEN(sizeof(info));
			memcpy(CMSG_DATA(c), &info, sizeof(info));
			msg.msg_controllen = CMSG_SPACE(sizeof(info));
		} else {
			struct in6_pktinfo info = {0};

			memcpy(&info.ipi6_addr, src->b, 16);
			c->cmsg_level = IPPROTO_IPV6;
			c->cmsg_type = IPV6_PKTINFO;
			c->cmsg_len = CMSG_LEN(sizeof(info));
			memcpy(CMSG_DATA(c), &info, sizeof(info));
			msg.msg_controllen = CMSG_SPACE(sizeof(info));
		}
	}
	for (int tries = 0; tries < 3; tries++) {
		/* an ICMP error that is waiting makes one send fail, whatever that send was for */
		if (sendmsg(o->watch.fd, &msg, MSG_DONTWAIT) >= 0)
			return 0;
		if (errno != ECONNREFUSED && errno != EINTR)
			break;
	}
	return -errno;
}

int xtr_sock_source_for(const struct xtr_ip *dst, struct xtr_ip *src)
{
	struct sockaddr_storage ss;
	socklen_t len = to_sockaddr(dst, dst->af, XTR_PORT_CONTROL, &ss);
	uint16_t port;
	int rc = 0, fd = socket(dst->af == 6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&ss, len) < 0) {
		rc = -errno;
	} else {
		len = sizeof(ss);
		if (getsockname(fd, (struct sockaddr *)&ss, &len) < 0)
			rc = -errno;
		else
			*src = from_sockaddr(&ss, &port);
	}
	close(fd);
	return rc;
}
