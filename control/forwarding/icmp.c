/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ICMP errors that Linux cannot send for us. Packets that do not fit into a tunnel or link (RFC
 * 9300 section 7.1): with DF the source is told how much fits (RFC 1191), without, the packet is
 * split before it is encapsulated. And time exceeded for packets that LISP would have carried:
 * Linux has no route to a remote EID, and would call it unreachable.
 */
#include "control/ctl.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <rte_ip_frag.h>
#include "control/forwarding/icmp.h"
#include "datapath/ip.h"
#include "util/log.h"

#define ICMP_RATE 1000u /* errors a second, RFC 1812 section 4.3.2.8 */
#define ICMP_QUOTE_MAX                                                                             \
	548u /* of the packet that is quoted: 576 less both headers, RFC 1812 4.3.2.3 */
#define MAX_FRAGMENTS 128 /* of 64 kB, at an MTU of 576 */

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
	xtr_icmp6_open(ctl);
}

bool xtr_icmp_may_send(struct xtr_ctl *ctl)
{
	uint64_t now = xtr_wheel_now(&ctl->wheel), passed = now - ctl->icmp_ms;

	if (passed) {
		uint64_t tokens = ctl->icmp_tokens + passed * ICMP_RATE / XTR_MS_PER_SEC;

		ctl->icmp_tokens = (unsigned)RTE_MIN(tokens, (uint64_t)ICMP_RATE / 10);
		ctl->icmp_ms = now;
	}
	if (!ctl->icmp_tokens)
		return false;
	ctl->icmp_tokens--;
	return true;
}

struct xtr_ip xtr_icmp_source(const struct xtr_ctl *ctl, const struct xtr_pkt *pkt, uint8_t af)
{
	bool tunnel = pkt->flags & XTR_PKT_DECAP;
	struct xtr_ip other = {0};

	for (unsigned i = 0; i < ctl->cfg->n_ports; i++) {
		struct xtr_eid eid;
		struct xtr_ip ip;

		if (tunnel ? !ctl->dp->ports[i].site || ctl->dp->ports[i].inst != pkt->inst
			   : i != pkt->port)
			continue;
		if (!xtr_ctl_port_address(ctl, i, af, &ip))
			continue;
		eid = xtr_eid_host(ctl->cfg->ports[i].iid, &ip);
		if (!tunnel || xtr_fib_own(ctl->fib, &eid))
			return ip;
	}
	xtr_ctl_port_address(ctl, pkt->port, af, &other);
	return other;
}

/* An ICMP error about m to its source, by way of Linux. False: none may be sent. */
static bool send_error4(
    struct xtr_ctl *ctl, struct rte_mbuf *m, uint8_t type, uint8_t code, uint32_t mtu)
{
	const struct xtr_pkt *pkt = xtr_pkt(m);
	const struct rte_ipv4_hdr *ip =
	    rte_pktmbuf_mtod_offset(m, const struct rte_ipv4_hdr *, pkt->l2_len);
	struct icmp_error icmp = {
	    .type = type, .code = code, .mtu = rte_cpu_to_be_16((uint16_t)mtu)};
	unsigned quote = RTE_MIN(ICMP_QUOTE_MAX, m->pkt_len - pkt->l2_len);
	const void *bytes = rte_pktmbuf_read(m, pkt->l2_len, quote, icmp.quote);
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = ip->src_addr};
	struct xtr_ip src = xtr_icmp_source(ctl, pkt, 4);
	struct in_pktinfo info = {0};
	char control[CMSG_SPACE(sizeof(info))] = {0};
	struct iovec iov = {&icmp, offsetof(struct icmp_error, quote) + quote};
	struct msghdr msg = {
	    .msg_name = &to, .msg_namelen = sizeof(to), .msg_iov = &iov, .msg_iovlen = 1};

	/* RFC 1812 4.3.2.7: never about a fragment but the first, nor about an ICMP error */
	if (ip->fragment_offset & rte_cpu_to_be_16(RTE_IPV4_HDR_OFFSET_MASK))
		return false;
	if (ip->next_proto_id == IPPROTO_ICMP && quote > (ip->version_ihl & 15) * 4u) {
		uint8_t inner = ((const uint8_t *)ip)[(ip->version_ihl & 15) * 4u];

		if (inner == 3 || inner == 4 || inner == 5 || inner == 11 || inner == 12)
			return false;
	}
	if (ctl->icmp_fd < 0 || !xtr_icmp_may_send(ctl))
		return false;
	if (bytes != icmp.quote)
		memcpy(icmp.quote, bytes, quote);
	icmp.checksum = (uint16_t)~rte_raw_cksum(&icmp, iov.iov_len);
	if (src.af) {
		struct cmsghdr *c;

		memcpy(&info.ipi_spec_dst, src.b, 4);
		msg.msg_control = control;
		msg.msg_controllen = sizeof(control);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = IPPROTO_IP;
		c->cmsg_type = IP_PKTINFO;
		c->cmsg_len = CMSG_LEN(sizeof(info));
		memcpy(CMSG_DATA(c), &info, sizeof(info));
	}
	return sendmsg(ctl->icmp_fd, &msg, MSG_DONTWAIT) >= 0;
}

/* RFC 9300 section 7.1: parts of equal size. The size of each, header included, as RFC 791 allows:
 * a multiple of eight bytes after the header. */
static uint16_t part_size(const struct rte_ipv4_hdr *ip, uint32_t mtu)
{
	uint32_t hlen = (ip->version_ihl & 15) * 4u,
		 payload = rte_be_to_cpu_16(ip->total_length) - hlen;
	uint32_t most = (mtu - hlen) & ~7u, parts;

	if (mtu < hlen + 8)
		return 0;
	parts = (payload + most - 1) / most;
	return (uint16_t)(hlen + (((payload + parts - 1) / parts + 7) & ~7u));
}

/* Splits m and sends the parts through the pipeline again. Takes m. */
static void split(struct xtr_ctl *ctl, struct rte_mbuf *m, uint32_t mtu)
{
	struct xtr_pkt pkt = *xtr_pkt(m);
	struct rte_mbuf *parts[MAX_FRAGMENTS];
	uint16_t size;
	int n = -EINVAL;

	rte_pktmbuf_adj(m, pkt.l2_len);
	pkt.l2_len = 0;
	size = part_size(rte_pktmbuf_mtod(m, const struct rte_ipv4_hdr *), mtu);
	if (size)
		n = rte_ipv4_fragment_packet(
		    m, parts, MAX_FRAGMENTS, size, ctl->dp->hold_pool, ctl->dp->hold_pool);
	if (n < 0)
		ctl->dp->control_drops[XTR_DROP_FRAGMENT]++;
	for (int i = 0; i < n; i++) {
		/* one segment each: not every port sends chains */
		struct rte_mbuf *whole =
		    rte_pktmbuf_copy(parts[i], ctl->dp->hold_pool, 0, UINT32_MAX);
		struct rte_ipv4_hdr *ip;

		rte_pktmbuf_free(parts[i]);
		if (!whole) {
			ctl->dp->control_drops[XTR_DROP_HOLD_NO_MBUF]++;
			continue;
		}
		ip = rte_pktmbuf_mtod(whole, struct rte_ipv4_hdr *);
		ip->hdr_checksum = 0;
		ip->hdr_checksum = rte_ipv4_cksum(ip);
		*xtr_pkt(whole) = pkt;
		xtr_inject(ctl->dp, whole, XTR_INJECT_RESUME);
	}
	rte_pktmbuf_free(m);
}

void xtr_ctl_too_big(struct xtr_ctl *ctl, struct rte_mbuf *m, uint32_t mtu)
{
	const uint8_t *ip = xtr_ip_of(m);
	bool sent;

	if (xtr_ip_is6(ip)) {
		/* hosts do not believe less (RFC 8201 section 4) */
		sent = xtr_icmp6_error(ctl, m, 2, 0, RTE_MAX(mtu, 1280u));
	} else if (((const struct rte_ipv4_hdr *)ip)->fragment_offset &
		   rte_cpu_to_be_16(RTE_IPV4_HDR_DF_FLAG)) {
		sent = send_error4(ctl, m, 3, 4, mtu);
	} else {
		split(ctl, m, mtu);
		return;
	}
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
