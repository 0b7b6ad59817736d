/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * LISP's own UDP sockets in Linux: control messages on 4342, and on 4341 what Linux has put
 * together from fragments of LISP data packets. Control lcore only.
 */
#ifndef XTR_SOCK_H
#define XTR_SOCK_H

#include "control/lisp/lisp.h"
#include "control/loop.h"

struct xtr_sock;

struct xtr_sock_ops {
	/* A control message. */
	void (*control)(void *arg, const struct xtr_peer *from, const uint8_t *p, size_t len);
	/* A LISP data packet, from its LISP header on; TTL and TOS of the outer header; the
	 * interface that it came by. */
	void (*data)(void *arg, const struct xtr_peer *from, const uint8_t *p, size_t len,
	    uint8_t ttl, uint8_t tos, int ifindex);
	void *arg;
};

/* Opens the sockets: 4342 on the addresses given (none: any, both families); with data, 4341 on any
 * address of both families. NULL and errno, and the log says which. */
struct xtr_sock *xtr_sock_open(struct xtr_loop *loop, const struct xtr_ip *addresses, unsigned n,
    bool data, const struct xtr_sock_ops *ops);
void xtr_sock_close(struct xtr_sock *s);
/* From port 4342, as xtr_lisp.send. */
int xtr_sock_send(struct xtr_sock *s, const struct xtr_ip *src, const struct xtr_ip *dst,
    uint16_t port, const uint8_t *p, size_t len);
/* The source address that the kernel would use towards dst. 0 or negative errno. */
int xtr_sock_source_for(const struct xtr_ip *dst, struct xtr_ip *src);

#endif
