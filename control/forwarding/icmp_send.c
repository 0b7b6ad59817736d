/* SPDX-License-Identifier: BSD-3-Clause */
/* What ICMP errors of both families share: how many, from whom, and out. */
#include "control/forwarding/icmp.h"

#include <netinet/in.h>
#include <string.h>

#define ICMP_RATE 1000u /* errors a second and port, RFC 1812 section 4.3.2.8 */

bool xtr_icmp_may_send(struct xtr_ctl *ctl, const struct xtr_pkt *pkt)
{
	return xtr_bucket_take(
	    &ctl->icmp[pkt->port], xtr_wheel_now(&ctl->wheel), ICMP_RATE, ICMP_RATE / 10);
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

bool xtr_icmp_send(int fd, const struct iovec *icmp, void *to, socklen_t to_len, int level,
    int type, const void *info, size_t info_len)
{
	char control[CMSG_SPACE(sizeof(struct in6_pktinfo))] __rte_aligned(8) = {0};
	struct msghdr msg = {.msg_name = to,
	    .msg_namelen = to_len,
	    .msg_iov = (struct iovec *)(uintptr_t)icmp,
	    .msg_iovlen = 1,
	    .msg_control = control,
	    .msg_controllen = CMSG_SPACE(info_len)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	c->cmsg_level = level;
	c->cmsg_type = type;
	c->cmsg_len = CMSG_LEN(info_len);
	memcpy(CMSG_DATA(c), info, info_len);
	return sendmsg(fd, &msg, MSG_DONTWAIT) >= 0;
}
