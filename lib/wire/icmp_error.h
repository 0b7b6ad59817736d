/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ICMP and ICMPv6 errors about LISP data packets: what a router in the core says of a packet that
 * it could not pass on, and as much of that packet as it quotes. Bytes to struct; libc only, any
 * lcore. Whoever sends such errors may be lying: what is believed is the caller's to decide.
 */
#ifndef XTR_WIRE_ICMP_ERROR_H
#define XTR_WIRE_ICMP_ERROR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "wire/addr.h"
#include "wire/data.h"

enum xtr_icmp_kind {
	XTR_ICMP_TOO_BIG,     /* fragmentation needed, packet too big */
	XTR_ICMP_UNREACHABLE, /* and for no reason of policy */
	XTR_ICMP_PROHIBITED,
	XTR_ICMP_TIME, /* TTL or hop limit exceeded in transit */
};

struct xtr_icmp_error {
	enum xtr_icmp_kind kind;
	uint32_t mtu;       /* TOO_BIG: of the next hop, bytes; 0: a router that does not say */
	struct xtr_ip from; /* who complains */
	struct xtr_ip to;   /* whom to */
	struct xtr_ip src;  /* the quoted outer packet's */
	struct xtr_ip dst;
	uint32_t outer_len; /* its length, IP header included */
	bool whole;         /* it was no fragment */
	bool may_split;     /* IPv4: DF was not set */
	uint16_t src_port;  /* of UDP, host order */
	bool has_data; /* data is there: older routers quote eight bytes behind the IP header */
	struct xtr_data_hdr data;
	const uint8_t *inner; /* of the packet inside, as far as quoted; an IP header that is all
				 there, or NULL */
	size_t inner_len;
};

/*
 * Reads the IP packet at p, whose IP header a worker has checked: it is all there, and len is what
 * it says. 0; -ENOENT: this is no
 * error of these kinds about UDP to port 4341, or one in fragments; -EBADMSG: it says that it is
 * one, but checksum, lengths or what is quoted are not what they must be. e points into p.
 */
int xtr_icmp_error_read(const uint8_t *p, size_t len, struct xtr_icmp_error *e);

/* RFC 1191 section 7.1: the largest of the usual MTUs below the size that did not fit, for routers
 * that do not say what fits. At least 68. */
uint32_t xtr_icmp_plateau(uint32_t size);

#endif
