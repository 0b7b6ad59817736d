/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Inside icmp.c, icmp6.c and icmp_send.c: errors that Linux cannot send for us. Control lcore.
 */
#ifndef XTR_ICMP_H
#define XTR_ICMP_H

#include <sys/socket.h>
#include "control/ctl.h"

/* May another error be sent now, about this packet? Counts it. One limit a port for both families
 * (RFC 1812 section 4.3.2.8, RFC 4443 section 2.4 f): what comes by one port silences no other's.
 */
bool xtr_icmp_may_send(struct xtr_ctl *ctl, const struct xtr_pkt *pkt);
/*
 * The address that an error comes from: that of the interface by which the packet came (RFC 1812
 * section 4.3.2.4, RFC 4443 section 2.2). What came out of a tunnel goes back by one, from an EID:
 * an own EID address then, if there is one (a PETR has none). af 0: Linux chooses.
 */
struct xtr_ip xtr_icmp_source(const struct xtr_ctl *ctl, const struct xtr_pkt *pkt, uint8_t af);

void xtr_icmp6_open(struct xtr_ctl *ctl);
/* Sends an error by a raw socket, from the address that info (in_pktinfo or in6_pktinfo, of that
 * level and type) names. False: it did not go. */
bool xtr_icmp_send(int fd, const struct iovec *icmp, void *to, socklen_t to_len, int level,
    int type, const void *info, size_t info_len);
/* An ICMPv6 error about m to its source, by way of Linux; value: what stands behind the checksum,
 * an MTU. m stays the caller's. False: none may be sent. */
bool xtr_icmp6_error(
    struct xtr_ctl *ctl, struct rte_mbuf *m, uint8_t type, uint8_t code, uint32_t value);
/* As that, ICMP or ICMPv6, from an address that need not be ours, if it is of m's family. NULL: as
 * xtr_icmp_source(). */
bool xtr_icmp4_error_from(struct xtr_ctl *ctl, struct rte_mbuf *m, uint8_t type, uint8_t code,
    uint32_t mtu, const struct xtr_ip *from);
bool xtr_icmp6_error_from(struct xtr_ctl *ctl, struct rte_mbuf *m, uint8_t type, uint8_t code,
    uint32_t value, const struct xtr_ip *from);

#endif
