/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The punt ring's end: packets that workers could not finish, by reason.
 */
#include "control/ctl.h"

#include "control/forwarding/packet.h"
#include "datapath/ip.h"
#include "util/log.h"
#include "wire/data.h"

/* LISP packets a second that come in fragments: each is a copy of up to 64 kB. Whoever sends more
 * had better learn its path MTU. */
#define REASSEMBLED_RATE 10000u

static const char *const reasons[XTR_PUNT_N] = {
    [XTR_PUNT_LINUX] = "for Linux",
    [XTR_PUNT_TTL] = "TTL expired",
    [XTR_PUNT_MISS] = "map-cache miss",
    [XTR_PUNT_NEIGH] = "neighbour unknown",
    [XTR_PUNT_TUNNEL] = "RLOC's next hop unknown",
    [XTR_PUNT_TOO_BIG] = "too big",
    [XTR_PUNT_UNREACHABLE] = "unreachable",
    [XTR_PUNT_SOURCE] = "source EID not known",
    [XTR_PUNT_DOUBT] = "source EID of another RLOC",
};

static void for_linux(struct xtr_ctl *ctl, struct rte_mbuf *m)
{
	if (ctl->mirror)
		xtr_mirror_to_linux(ctl->mirror, m);
	else
		ctl->dp->control_drops[XTR_DROP_TAP_DOWN]++;
	rte_pktmbuf_free(m);
}

/* Linux has the route to an IPv6 address of ours some work queues later than that to its network,
 * even without duplicate address detection: what comes meanwhile is for it. */
static bool ours(const struct xtr_ctl *ctl, unsigned port, const struct xtr_ip *ip)
{
	const struct xtr_cfg_port *p = &ctl->cfg->ports[port];

	for (unsigned i = 0; i < p->n_addresses; i++)
		if (xtr_ip_equal(&p->addresses[i].ip, ip))
			return true;
	return false;
}

static void neighbour(struct xtr_ctl *ctl, struct rte_mbuf *m)
{
	const struct xtr_pkt *pkt = xtr_pkt(m);
	struct xtr_ip dst = xtr_packet_destination(m);

	if (pkt->id)
		xtr_rib_hold_adj(ctl->rib, pkt->id, m);
	else if (dst.af == 6 && ours(ctl, pkt->out, &dst))
		for_linux(ctl, m);
	else
		xtr_rib_hold_host(ctl->rib, pkt->out, &dst, m);
}

static void handle(struct xtr_ctl *ctl, struct rte_mbuf *m)
{
	struct xtr_pkt *pkt = xtr_pkt(m);

	xtr_dbg(XTR_DBG_PUNT, "punt: %u bytes from port %u, worker %u: %s", m->pkt_len, pkt->port,
	    pkt->worker, reasons[pkt->reason]);
	switch ((enum xtr_punt)pkt->reason) {
	case XTR_PUNT_TTL:
		/* Linux answers for what it routes too; it knows no route to remote EIDs, and
		 * forwards no IPv6 unless all interfaces of the machine do
		 * (net.ipv6.conf.all.forwarding) */
		if (pkt->eligible || (pkt->flags & XTR_PKT_DECAP) || xtr_ip_is6(xtr_ip_of(m)))
			xtr_ctl_time_exceeded(ctl, m);
		else
			for_linux(ctl, m);
		return;
	case XTR_PUNT_LINUX:
		xtr_ctl_core_error(ctl, m);
		for_linux(ctl, m);
		return;
	case XTR_PUNT_MISS:
		xtr_ctl_miss(ctl, m);
		return;
	case XTR_PUNT_NEIGH:
		neighbour(ctl, m);
		return;
	case XTR_PUNT_TUNNEL:
		xtr_rloc_hold(ctl->rlocs, pkt->id, m);
		return;
	case XTR_PUNT_TOO_BIG:
		xtr_ctl_too_big(ctl, m, pkt->id);
		return;
	case XTR_PUNT_UNREACHABLE:
		xtr_ctl_unreachable(ctl, m, (enum xtr_drop)pkt->id);
		return;
	case XTR_PUNT_SOURCE:
		xtr_ctl_source_unknown(ctl, m);
		return;
	case XTR_PUNT_DOUBT:
		xtr_ctl_source_doubted(ctl, m, (enum xtr_drop)pkt->id);
		return;
	case XTR_PUNT_N:
		break;
	}
	rte_pktmbuf_free(m);
}

unsigned xtr_ctl_punts(struct xtr_ctl *ctl, unsigned max)
{
	unsigned done = 0;

	while (done < max) {
		struct rte_mbuf *m[32];
		unsigned n = rte_ring_sc_dequeue_burst(
		    ctl->dp->punt, (void **)m, RTE_MIN(RTE_DIM(m), max - done), NULL);

		if (!n)
			break;
		for (unsigned i = 0; i < n; i++)
			handle(ctl, m[i]);
		done += n;
	}
	if (done)
		ctl->last_punt_ms = xtr_wheel_now(&ctl->wheel);
	return done;
}

void xtr_ctl_reassembled(void *arg, const struct xtr_peer *from, const uint8_t *p, size_t len,
    uint8_t ttl, uint8_t tos, int ifindex)
{
	struct xtr_ctl *ctl = arg;
	int port = ctl->mirror ? xtr_mirror_port(ctl->mirror, ifindex) : -1;
	struct rte_mbuf *m;
	struct xtr_pkt *pkt;

	if (!xtr_bucket_take(&ctl->reassembled, xtr_wheel_now(&ctl->wheel), REASSEMBLED_RATE,
		REASSEMBLED_RATE / 10)) {
		ctl->dp->control_drops[XTR_DROP_REASSEMBLED]++;
		return;
	}
	/* Only the core tunnels to us: a host of the site must not, not even in fragments. */
	if (port < 0 || ctl->dp->ports[port].site) {
		ctl->dp->control_drops[XTR_DROP_DECAP_SIDE]++;
		return;
	}
	if (len < XTR_DATA_HDR_LEN) {
		ctl->dp->control_drops[XTR_DROP_DECAP_SHORT]++;
		return;
	}
	m = xtr_packet_make(ctl->dp, p, (uint32_t)len);
	if (!m)
		return;
	pkt = xtr_pkt(m);
	pkt->port = (uint8_t)port;
	pkt->outer_ttl = ttl;
	pkt->outer_tos = tos;
	pkt->outer_af = from->ip.af;
	memcpy(pkt->outer_src, from->ip.b, sizeof(pkt->outer_src));
	pkt->worker = (uint8_t)(from->port % ctl->dp->n_workers);
	xtr_inject(ctl->dp, m, XTR_INJECT_DECAP);
}
