/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * IP and UDP headers of a packet that somebody captured: it may be cut, a fragment, or garbage.
 */
#ifndef XTRCTL_PACKET_H
#define XTRCTL_PACKET_H

#include "wire/addr.h"
#include "wire/err.h"

#define XTRCTL_UDP_HDR_LEN 8

struct xtrctl_ip {
	struct xtr_ip src, dst;
	uint8_t tos, ttl;
	uint8_t protocol; /* of payload, behind IPv6's extension headers */
	uint32_t length;  /* bytes of the packet as its header says, with the header */
	uint32_t missing; /* of them so many bytes are not there */
	/* fragments: */
	bool fragment, more;
	uint32_t offset; /* bytes of the datagram before this one's */
	uint32_t id;
	const uint8_t *payload;
	size_t payload_len; /* bytes that are there */
};

struct xtrctl_udp {
	uint16_t sport, dport;
	const uint8_t *payload;
	size_t len; /* bytes that are there */
};

/* Reads the header at p, of IPv4 or IPv6 where `version` is 4 or 6, else of either. Bytes behind
 * the packet's end are left out. Returns 0, or -EBADMSG and what is wrong, counted from p. */
int xtrctl_ip_read(
    const uint8_t *p, size_t len, unsigned version, struct xtrctl_ip *ip, struct xtr_wire_err *err);
/* The ports of UDP, TCP or SCTP, which stand in the same place. False where there are none, or not
 * in this fragment, or not all there. */
bool xtrctl_ports_read(const struct xtrctl_ip *ip, uint16_t *sport, uint16_t *dport);
/* Reads the UDP header of a first or only fragment; err counts from ip->payload. */
int xtrctl_udp_read(const struct xtrctl_ip *ip, struct xtrctl_udp *udp, struct xtr_wire_err *err);

#endif
