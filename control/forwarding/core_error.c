/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What routers of the core say of packets that we encapsulated, by ICMP and ICMPv6 errors to our
 * RLOC: they come by on their way to Linux, which gets them too. One that says "too big" lowers the
 * path MTU of the RLOC that the packet went to (RFC 9300 section 7.2, RFC 1191, RFC 8201); and as
 * far as the packet inside is quoted, its source is told (RFC 2473 section 8).
 *
 * Anybody may send such errors. What is believed must be about a packet that we may have sent, as
 * far as it is quoted. That does not keep out who sees our packets; it keeps out who does not, and
 * a path MTU never falls below what any path of its family carries in practice.
 */
#include <errno.h>
#include "control/ctl.h"
#include "control/forwarding/icmp.h"
#include "control/forwarding/mapping.h"
#include "control/forwarding/packet.h"
#include "control/forwarding/template.h"
#include "datapath/ip.h"
#include "datapath/split.h"
#include "util/log.h"
#include "wire/icmp_error.h"

#define ERRORS_RATE 1000u /* a second, and as many at once: beyond that nobody needs to know */
#define ERROR_MAX   2048u /* bytes; RFC 1812 section 4.3.2.3: 576, RFC 4443 section 2.4 c: 1280 */
/*
 * RFC 791 lets a link carry as little as 68 bytes. No link of a core does, and an outer packet of
 * that size has no room for an inner one. 576 is what every host takes (RFC 1122 section 3.3.2).
 */
#define IP4_MTU_MIN 576u
#define PORT_MIN    49152u /* our UDP source ports begin here */

/* What it was about, from what is quoted. */
struct packet {
	struct xtr_rloc *rloc;
	const struct xtr_tunnel *tunnel;
	uint32_t inst;
	struct xtr_ip src, dst; /* inner, if any of it is quoted */
};

static bool is_proxy(const struct xtr_ctl *ctl, uint32_t inst)
{
	for (unsigned i = 0; i < ctl->dp->n_ports; i++)
		if (ctl->dp->ports[i].proxy && ctl->dp->ports[i].inst == inst)
			return true;
	return false;
}

/* Do packets to this EID go to the RLOC? */
static bool leads_to(
    const struct xtr_ctl *ctl, const struct xtr_eid *eid, const struct xtr_ip *rloc)
{
	const struct xtr_mapping *m = ctl->itr ? xtr_itr_lookup(ctl->itr, eid) : NULL;

	for (unsigned i = 0; m && i < m->n_locators; i++)
		if (xtr_ip_equal(&m->locators[i].rloc, rloc))
			return true;
	for (unsigned i = 0; i < ctl->cfg->n_use_petr; i++)
		if (xtr_ip_equal(&ctl->cfg->use_petr[i].rloc, rloc))
			return true;
	return false;
}

/* Of the outer headers. XTR_C_N: all is well, else under which name it is refused. */
static enum xtr_lisp_counter check_outer(
    const struct xtr_ctl *ctl, const struct xtr_icmp_error *e, struct packet *p)
{
	uint16_t link;

	if (!xtr_ip_equal(&e->to, &e->src))
		return XTR_C_CORE_BAD_SOURCE;
	p->rloc = xtr_rloc_find(ctl->rlocs, &e->dst);
	p->tunnel = p->rloc ? xtr_rloc_tunnel(ctl->rlocs, p->rloc) : NULL;
	if (!p->tunnel)
		return XTR_C_CORE_BAD_RLOC;
	if (!xtr_template_is_from(p->tunnel, &e->src))
		return XTR_C_CORE_BAD_SOURCE;
	if (e->src_port < PORT_MIN)
		return XTR_C_CORE_BAD_UDP;
	link = xtr_rloc_link_mtu(ctl->rlocs, p->rloc);
	if (e->outer_len > link)
		return XTR_C_CORE_BAD_LENGTH;
	if (e->kind != XTR_ICMP_TOO_BIG)
		return XTR_C_N;
	/* what may be split, or has been, is not too big for anybody */
	if (e->may_split || !e->whole || e->mtu >= e->outer_len)
		return XTR_C_CORE_BAD_LENGTH;
	if (e->src.af == 6 && e->mtu < XTR_IP6_MIN_MTU)
		return XTR_C_CORE_BAD_MTU; /* RFC 8201 section 4: it must be discarded */
	return XTR_C_N;
}

/* Of the LISP header and the packet inside. */
static enum xtr_lisp_counter check_inner(
    const struct xtr_ctl *ctl, const struct xtr_icmp_error *e, struct packet *p)
{
	struct xtr_eid src, dst;
	bool six;

	if (!e->has_data)
		return XTR_C_N;
	p->inst = ctl->dp->inst_of_iid[e->data.instance_id];
	if (!p->inst)
		return XTR_C_CORE_BAD_INSTANCE;
	p->inst--;
	if (!e->inner)
		return XTR_C_N;
	six = e->inner[0] >> 4 == 6;
	p->src = six ? xtr_ip6(e->inner + 8) : xtr_ip4(e->inner + 12);
	p->dst = six ? xtr_ip6(e->inner + 24) : xtr_ip4(e->inner + 16);
	src = xtr_eid_host(e->data.instance_id, &p->src);
	dst = xtr_eid_host(e->data.instance_id, &p->dst);
	if (!xtr_fib_own(ctl->fib, &src) && !is_proxy(ctl, p->inst))
		return XTR_C_CORE_BAD_INNER;
	return leads_to(ctl, &dst, &e->dst) ? XTR_C_N : XTR_C_CORE_BAD_MAPPING;
}

/*
 * Tells the source of the packet inside, whose first bytes e has, what became of it. mtu: of outer
 * packets. TTL and hop limit inside were copied from outside, so "time exceeded" is what it is, in
 * the name of the router where it was: a traceroute sees the core's hops (RFC 9300 section 5.3). An
 * address of the other family cannot say that; ours does.
 */
static bool relay(struct xtr_ctl *ctl, const struct xtr_icmp_error *e, const struct packet *p,
    unsigned port, uint32_t mtu)
{
	struct rte_mbuf *m = xtr_packet_make(ctl->dp, e->inner, (uint32_t)e->inner_len);
	uint32_t fits = mtu - (p->tunnel->len - p->tunnel->ip_at);
	bool six = e->inner[0] >> 4 == 6, sent = false;
	const struct rte_ipv4_hdr *ip;

	if (!m)
		return false;
	xtr_pkt(m)->flags = XTR_PKT_DECAP; /* there is no port that it came by */
	xtr_pkt(m)->inst = p->inst;
	xtr_pkt(m)->port = (uint8_t)port;
	ip = rte_pktmbuf_mtod(m, const struct rte_ipv4_hdr *);
	switch (e->kind) {
	case XTR_ICMP_TOO_BIG:
		/* the next one of those that may be split is split */
		if (six && e->outer_len - (p->tunnel->len - p->tunnel->ip_at) > XTR_IP6_MIN_MTU)
			sent = xtr_icmp6_error_from(
			    ctl, m, 2, 0, RTE_MAX(fits, XTR_IP6_MIN_MTU), NULL);
		else if (!six && ip->fragment_offset & rte_cpu_to_be_16(RTE_IPV4_HDR_DF_FLAG))
			sent = xtr_icmp4_error_from(ctl, m, 3, 4, fits, NULL);
		break;
	case XTR_ICMP_UNREACHABLE: /* RFC 2473 section 8.3: it is this end that cannot reach */
		sent = six ? xtr_icmp6_error_from(ctl, m, 1, 3, 0, NULL)
			   : xtr_icmp4_error_from(ctl, m, 3, 1, 0, NULL);
		break;
	case XTR_ICMP_PROHIBITED:
		sent = six ? xtr_icmp6_error_from(ctl, m, 1, 1, 0, NULL)
			   : xtr_icmp4_error_from(ctl, m, 3, 13, 0, NULL);
		break;
	case XTR_ICMP_TIME:
		sent = six ? xtr_icmp6_error_from(ctl, m, 3, 0, 0, &e->from)
			   : xtr_icmp4_error_from(ctl, m, 11, 0, 0, &e->from);
		break;
	}
	rte_pktmbuf_free(m);
	return sent;
}

static void believe(
    struct xtr_ctl *ctl, const struct xtr_icmp_error *e, const struct packet *p, unsigned port)
{
	static const enum xtr_lisp_counter counter_of[] = {
	    [XTR_ICMP_TOO_BIG] = XTR_C_CORE_TOO_BIG,
	    [XTR_ICMP_UNREACHABLE] = XTR_C_CORE_UNREACHABLE,
	    [XTR_ICMP_PROHIBITED] = XTR_C_CORE_UNREACHABLE,
	    [XTR_ICMP_TIME] = XTR_C_CORE_TIME,
	};
	uint32_t mtu = e->mtu;
	char ip[XTR_IP_STRLEN];

	ctl->lisp.counters[counter_of[e->kind]]++;
	if (e->kind == XTR_ICMP_TOO_BIG) {
		if (!mtu)
			mtu = xtr_icmp_plateau(e->outer_len);
		if (e->dst.af == 4)
			mtu = RTE_MAX(mtu, IP4_MTU_MIN);
		if (xtr_rloc_lower_mtu(ctl->rlocs, p->rloc, (uint16_t)mtu)) {
			ctl->lisp.counters[XTR_C_CORE_MTU]++;
			xtr_dbg(XTR_DBG_PUNT, "core: path MTU to %s is %u",
			    xtr_ip_format(&e->dst, ip), mtu);
		}
		mtu = p->tunnel->mtu; /* others may have said less */
	}
	if (e->inner && relay(ctl, e, p, port, mtu))
		ctl->lisp.counters[XTR_C_CORE_RELAYED]++;
}

void xtr_ctl_core_error(struct xtr_ctl *ctl, struct rte_mbuf *m)
{
	const struct xtr_pkt *pkt = xtr_pkt(m);
	uint32_t len = m->pkt_len - pkt->l2_len;
	struct xtr_icmp_error e;
	struct packet p = {0};
	enum xtr_lisp_counter bad;
	const uint8_t *ip;
	uint8_t buf[ERROR_MAX];
	int rc;

	/* Only IP that came by a port: what is local is no other's, and ARP is none. */
	if (!pkt->l2_len || pkt->flags & (XTR_PKT_DECAP | XTR_PKT_LISP0) || len < sizeof(*ip) ||
	    len > ERROR_MAX || !ctl->rlocs)
		return;
	ip = rte_pktmbuf_read(m, pkt->l2_len, len, buf);
	if (!ip || (ip[0] >> 4 != 4 && ip[0] >> 4 != 6))
		return;
	rc = xtr_icmp_error_read(ip, len, &e);
	if (rc == -ENOENT)
		return;
	if (!xtr_bucket_take(
		&ctl->core_errors, xtr_wheel_now(&ctl->wheel), ERRORS_RATE, ERRORS_RATE))
		bad = XTR_C_CORE_LIMITED;
	else if (ctl->dp->ports[pkt->port].site)
		bad = XTR_C_CORE_BAD_SIDE;
	else if (rc < 0)
		bad = XTR_C_CORE_BAD_FORM;
	else if ((bad = check_outer(ctl, &e, &p)) == XTR_C_N)
		bad = check_inner(ctl, &e, &p);
	if (bad == XTR_C_N)
		believe(ctl, &e, &p, pkt->port);
	else
		ctl->lisp.counters[bad]++;
}
