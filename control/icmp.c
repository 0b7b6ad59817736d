/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packets that do not fit into a tunnel or link (RFC 9300 section 7.1): with DF the source is told
 * how much fits (RFC 1191), without, the packet is split before it is encapsulated.
 */
#include "control/ctl.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <rte_ip_frag.h>
#include "datapath/ip4.h"
#include "util/log.h"

#define ICMP_RATE 1000u /* errors a second, RFC 1812 section 4.3.2.8 */
#define ICMP_QUOTE_MAX                                                                             \
	548u /* of the packet that is quoted: 576 less both headers, RFC 1812 4.3.2.3 */
#define MAX_FRAGMENTS 32

struct icmp_too_big {
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
}

static bool may_send(struct xtr_ctl *ctl)
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

static void tell_source(
    struct xtr_ctl *ctl, const struct rte_mbuf *m, const struct rte_ipv4_hdr *ip, uint32_t mtu)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = ip->src_addr};
	struct icmp_too_big icmp = {.type = 3, .code = 4, .mtu = rte_cpu_to_be_16((uint16_t)mtu)};
	unsigned quote = RTE_MIN(ICMP_QUOTE_MAX,
	    (unsigned)(m->data_len - xtr_pkt((struct rte_mbuf *)(uintptr_t)m)->l2_len));
	size_t len = offsetof(struct icmp_too_big, quote) + quote;

	/* RFC 1812 4.3.2.7: never about a fragment but the first */
	if (ip->fragment_offset & rte_cpu_to_be_16(RTE_IPV4_HDR_OFFSET_MASK))
		return;
	memcpy(icmp.quote, ip, quote);
	icmp.checksum = (uint16_t)~rte_raw_cksum(&icmp, len);
	if (ctl->icmp_fd >= 0)
		sendto(ctl->icmp_fd, &icmp, len, MSG_DONTWAIT, (struct sockaddr *)&to, sizeof(to));
}

/* Splits m and sends the parts through the pipeline again. Takes m. */
static void split(struct xtr_ctl *ctl, struct rte_mbuf *m, uint32_t mtu)
{
	struct xtr_pkt pkt = *xtr_pkt(m);
	struct rte_mbuf *parts[MAX_FRAGMENTS];
	int n;

	rte_pktmbuf_adj(m, pkt.l2_len);
	pkt.l2_len = 0;
	/* RFC 791: fragments carry a multiple of eight bytes after the header */
	n = rte_ipv4_fragment_packet(
	    m, parts, MAX_FRAGMENTS, (uint16_t)mtu, ctl->dp->hold_pool, ctl->dp->hold_pool);
	if (n < 0)
		ctl->dp->control_drops[XTR_DROP_TOO_BIG_LIMITED]++;
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
	const struct rte_ipv4_hdr *ip =
	    rte_pktmbuf_mtod_offset(m, const struct rte_ipv4_hdr *, xtr_pkt(m)->l2_len);

	if (!(ip->fragment_offset & rte_cpu_to_be_16(RTE_IPV4_HDR_DF_FLAG))) {
		split(ctl, m, mtu);
		return;
	}
	if (may_send(ctl)) {
		tell_source(ctl, m, ip, mtu);
		ctl->dp->control_drops[XTR_DROP_TOO_BIG]++;
	} else {
		ctl->dp->control_drops[XTR_DROP_TOO_BIG_LIMITED]++;
	}
	rte_pktmbuf_free(m);
}
