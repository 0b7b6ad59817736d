/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ICMP errors that Linux cannot send for us. Packets that do not fit into a tunnel or link (RFC
 * 9300 section 7.1) and that workers may not split: the source is told how much fits (RFC 1191, RFC
 * 8201). And time exceeded for packets that LISP would have carried:
 * Linux has no route to a remote EID, and would call it unreachable.
 */
#include "control/ctl.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "control/forwarding/icmp.h"
#include "datapath/ip.h"
#include "datapath/split.h"
#include "util/log.h"

#define ICMP_QUOTE_MAX                                                                             \
	548u /* of the packet that is quoted: 576 less both headers, RFC 1812 4.3.2.3 */

struct icmp_error {
	uint8_t type, code;
	uint16_t checksum;
	uint16_t unused, mtu;
	uint8_t quote[ICMP_QUOTE_MAX];
};

void xtr_ctl_icmp_open(struct xtr_ctl *ctl)
{
	/* Linux chooses source address and way, as for its own errors */
	ctl->icmp_fd = socket(AF_INET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_ICMP);
	if (ctl->icmp_fd < 0)
		xtr_log(XTR_LOG_WARNING,
		    "icmp: no raw socket (%s): sources are not told of packets too big",
		    strerror(errno));
	else /* what a router of the core said is passed on in its name */
		setsockopt(ctl->icmp_fd, IPPROTO_IP, IP_TRANSPARENT, &(int){1}, sizeof(int));
	xtr_icmp6_open(ctl);
}

/* RFC 1812 section 4.3.2.7, RFC 1122 section 3.2.2: never about ICMP errors, nor about a fragment
 * but the first, nor what went to or came from many. */
static bool may_be_answered(const struct rte_mbuf *m, const struct rte_ipv4_hdr *ip, unsigned off)
{
	unsigned hlen = (ip->version_ihl & 15) * 4u;
	uint8_t type;

	if (ip->fragment_offset & rte_cpu_to_be_16(RTE_IPV4_HDR_OFFSET_MASK) ||
	    xtr_ip4_martian_source(ip->src_addr) || *(const uint8_t *)&ip->dst_addr >= 224)
		return false;
	if (ip->next_proto_id != IPPROTO_ICMP)
		return true;
	if (m->data_len <= off + hlen)
		return false;
	type = ((const uint8_t *)ip)[hlen];
	return type != 3 && type != 4 && type != 5 && type != 11 && type != 12;
}

bool xtr_icmp4_error_from(struct xtr_ctl *ctl, struct rte_mbuf *m, uint8_t type, uint8_t code,
    uint32_t mtu, const struct xtr_ip *from)
{
	const struct xtr_pkt *pkt = xtr_pkt(m);
	const struct rte_ipv4_hdr *ip = (const struct rte_ipv4_hdr *)xtr_ip_of(m);
	struct icmp_error icmp = {
	    .type = type, .code = code, .mtu = rte_cpu_to_be_16((uint16_t)mtu)};
	unsigned quote = RTE_MIN(ICMP_QUOTE_MAX, m->pkt_len - pkt->l2_len);
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = ip->src_addr};
	struct xtr_ip src = from && from->af == 4 ? *from : xtr_icmp_source(ctl, pkt, 4);
	struct in_pktinfo info = {0};
	struct iovec iov = {&icmp, offsetof(struct icmp_error, quote) + quote};
	const void *bytes;

	if (ctl->icmp_fd < 0 || !may_be_answered(m, ip, pkt->l2_len) ||
	    !xtr_icmp_may_send(ctl, pkt))
		return false;
	bytes = rte_pktmbuf_read(m, pkt->l2_len, quote, icmp.quote);
	if (bytes != icmp.quote)
		memcpy(icmp.quote, bytes, quote);
	icmp.checksum = (uint16_t)~rte_raw_cksum(&icmp, iov.iov_len);
	if (src.af)
		memcpy(&info.ipi_spec_dst, src.b, 4);
	return xtr_icmp_send(
	    ctl->icmp_fd, &iov, &to, sizeof(to), IPPROTO_IP, IP_PKTINFO, &info, sizeof(info));
}

static bool send_error4(
    struct xtr_ctl *ctl, struct rte_mbuf *m, uint8_t type, uint8_t code, uint32_t mtu)
{
	return xtr_icmp4_error_from(ctl, m, type, code, mtu, NULL);
}

void xtr_ctl_too_big(struct xtr_ctl *ctl, struct rte_mbuf *m, uint32_t mtu)
{
	const uint8_t *ip = xtr_ip_of(m);
	bool sent;

	if (xtr_ip_is6(ip))
		/* hosts do not believe less (RFC 8201 section 4), and what is no larger passes */
		sent = xtr_icmp6_error(ctl, m, 2, 0, RTE_MAX(mtu, XTR_IP6_MIN_MTU));
	else
		sent = send_error4(ctl, m, 3, 4, mtu);
	ctl->dp->control_drops[sent ? XTR_DROP_TOO_BIG : XTR_DROP_TOO_BIG_LIMITED]++;
	rte_pktmbuf_free(m);
}

/* RFC 1812 section 5.2.7.1: network or host unreachable, or prohibited. */
static uint8_t unreachable4(enum xtr_drop reason)
{
	if (reason == XTR_DROP_PROHIBIT)
		return 13;
	return reason == XTR_DROP_UNREACHABLE || reason == XTR_DROP_NEIGH_FAILED;
}

/* RFC 4443 section 3.1: no route, prohibited, or address unreachable; as Linux says it. */
static uint8_t unreachable6(enum xtr_drop reason)
{
	if (reason == XTR_DROP_PROHIBIT)
		return 1;
	return reason == XTR_DROP_NEIGH_FAILED ? 3 : 0;
}

void xtr_ctl_say_unreachable(struct xtr_ctl *ctl, struct rte_mbuf *m, enum xtr_drop reason)
{
	if (xtr_ip_is6(xtr_ip_of(m)))
		xtr_icmp6_error(ctl, m, 1, unreachable6(reason), 0);
	else
		send_error4(ctl, m, 3, unreachable4(reason), 0);
}

void xtr_ctl_unreachable(struct xtr_ctl *ctl, struct rte_mbuf *m, enum xtr_drop reason)
{
	ctl->dp->control_drops[reason]++;
	xtr_ctl_say_unreachable(ctl, m, reason);
	rte_pktmbuf_free(m);
}

void xtr_ctl_time_exceeded(struct xtr_ctl *ctl, struct rte_mbuf *m)
{
	bool sent = xtr_ip_is6(xtr_ip_of(m)) ? xtr_icmp6_error(ctl, m, 3, 0, 0)
					     : send_error4(ctl, m, 11, 0, 0);

	ctl->dp->control_drops[sent ? XTR_DROP_TTL : XTR_DROP_TTL_LIMITED]++;
	rte_pktmbuf_free(m);
}
