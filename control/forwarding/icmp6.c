/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ICMPv6 errors (RFC 4443). Linux chooses the way, and computes the checksum.
 */
#include "control/forwarding/icmp.h"

#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include "datapath/ip.h"
#include "util/log.h"

/* Of the packet that is quoted: the error must not exceed the least MTU, 1280 (RFC 4443 section 2.4
 * c), less its own two headers. */
#define QUOTE_MAX   (1280u - 40 - 8)
#define REDIRECT    137
#define FIRST_QUERY 128 /* types below are errors, RFC 4443 section 2.1 */

struct icmp6_error {
	uint8_t type, code;
	uint16_t checksum;
	uint32_t value;
	uint8_t quote[QUOTE_MAX];
};

void xtr_icmp6_open(struct xtr_ctl *ctl)
{
	struct icmp6_filter none;

	ctl->icmp6_fd = socket(AF_INET6, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_ICMPV6);
	if (ctl->icmp6_fd < 0) {
		xtr_log(XTR_LOG_WARNING,
		    "icmp6: no raw socket (%s): sources are not told of packets too big",
		    strerror(errno));
		return;
	}
	setsockopt(ctl->icmp6_fd, IPPROTO_IPV6, IPV6_TRANSPARENT, &(int){1}, sizeof(int));
	/* it is never read */
	ICMP6_FILTER_SETBLOCKALL(&none);
	setsockopt(ctl->icmp6_fd, IPPROTO_ICMPV6, ICMP6_FILTER, &none, sizeof(none));
}

/* RFC 4443 section 2.4 e: not about ICMPv6 errors and redirects, nor what went to or came from
 * many. A later fragment of an ICMPv6 message may be one of an error. */
static bool may_be_answered(const struct rte_mbuf *m, const struct rte_ipv6_hdr *ip, unsigned off)
{
	struct xtr_ip6_upper u = xtr_ip6_upper(m, ip, off);
	const uint8_t *h = (const uint8_t *)ip + u.at;

	if (xtr_ip6_multicast(ip->dst_addr) || xtr_ip6_martian_source(ip->src_addr))
		return false;
	if (u.fragment) {
		if (h[0] != IPPROTO_ICMPV6)
			return true;
		if (((unsigned)h[2] << 8 | h[3]) & 0xfff8)
			return false;
		h += 8; /* the first one: ICMPv6 follows */
		u.at += 8;
		u.proto = IPPROTO_ICMPV6;
	}
	if (u.proto != IPPROTO_ICMPV6)
		return u.proto != IPPROTO_NONE || u.plain; /* plain: there is none */
	return (unsigned)m->data_len > off + u.at && h[0] >= FIRST_QUERY && h[0] != REDIRECT;
}

bool xtr_icmp6_error(
    struct xtr_ctl *ctl, struct rte_mbuf *m, uint8_t type, uint8_t code, uint32_t value)
{
	return xtr_icmp6_error_from(ctl, m, type, code, value, NULL);
}

bool xtr_icmp6_error_from(struct xtr_ctl *ctl, struct rte_mbuf *m, uint8_t type, uint8_t code,
    uint32_t value, const struct xtr_ip *from)
{
	const struct xtr_pkt *pkt = xtr_pkt(m);
	const struct rte_ipv6_hdr *ip = (const struct rte_ipv6_hdr *)xtr_ip_of(m);
	struct icmp6_error icmp = {.type = type, .code = code, .value = rte_cpu_to_be_32(value)};
	unsigned quote = RTE_MIN(QUOTE_MAX, m->pkt_len - pkt->l2_len);
	struct sockaddr_in6 to = {.sin6_family = AF_INET6};
	struct in6_pktinfo info = {0};
	struct iovec iov = {&icmp, offsetof(struct icmp6_error, quote) + quote};
	struct xtr_ip src = from && from->af == 6 ? *from : xtr_icmp_source(ctl, pkt, 6);
	const void *bytes;

	if (ctl->icmp6_fd < 0 || !may_be_answered(m, ip, pkt->l2_len) ||
	    !xtr_icmp_may_send(ctl, pkt))
		return false;
	bytes = rte_pktmbuf_read(m, pkt->l2_len, quote, icmp.quote);
	if (bytes != icmp.quote)
		memcpy(icmp.quote, bytes, quote);
	memcpy(&to.sin6_addr, ip->src_addr, 16);
	if (src.af)
		memcpy(&info.ipi6_addr, src.b, 16);
	return xtr_icmp_send(
	    ctl->icmp6_fd, &iov, &to, sizeof(to), IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof(info));
}
