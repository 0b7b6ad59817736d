/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * lisp0: what Linux itself sends from an EID address enters the pipeline like a packet of a site
 * port, so that the machine's own addresses can talk to remote EIDs.
 */
#include "control/kernel/mirror_impl.h"

#include <string.h>
#include "control/forwarding/packet.h"
#include "datapath/ip.h"
#include "util/log.h"

#define IPV6_LEAST_MTU 1280u /* RFC 8200 section 5; Linux ends IPv6 on an interface with less */

/* --- packets from Linux --- */

/* The instance whose EID database has this source, else that of a proxy-ITR's port; they share one
 * Linux routing table so far. */
static int instance_of(const struct xtr_ctl *ctl, const struct xtr_ip *src)
{
	int owner = xtr_fib_owner(ctl->fib, src);

	if (owner >= 0)
		return owner;
	for (unsigned i = 0; i < ctl->dp->n_ports; i++)
		if (ctl->dp->ports[i].proxy)
			return (int)ctl->dp->ports[i].inst;
	return -1;
}

static bool is_proxy(const struct xtr_ctl *ctl)
{
	for (unsigned i = 0; i < ctl->cfg->n_ports; i++)
		if (ctl->cfg->ports[i].proxy_itr)
			return true;
	return false;
}

/* The reason not to let a packet in, or XTR_DROP_N: as for one of a port, nothing goes on that is
 * for a link or for many. */
static enum xtr_drop refuse4(struct rte_mbuf *m)
{
	enum xtr_drop reason;
	const struct rte_ipv4_hdr *ip = xtr_ip4_check(m, 0, &reason);

	if (!ip)
		return reason;
	if (xtr_ip4_martian_source(ip->src_addr))
		return XTR_DROP_IP_MARTIAN;
	if (xtr_ip4_martian_destination(ip->dst_addr) || *(const uint8_t *)&ip->dst_addr >= 224)
		return XTR_DROP_IP_MARTIAN_DST;
	return XTR_DROP_N;
}

static enum xtr_drop refuse6(struct rte_mbuf *m)
{
	enum xtr_drop reason;
	const struct rte_ipv6_hdr *ip = xtr_ip6_check(m, 0, &reason);

	if (!ip)
		return reason;
	if (xtr_ip6_martian_source(ip->src_addr))
		return XTR_DROP_IP_MARTIAN;
	if (xtr_ip6_martian_destination(ip->dst_addr) || xtr_ip6_multicast(ip->dst_addr))
		return XTR_DROP_IP_MARTIAN_DST;
	if (xtr_ip6_link_local(ip->src_addr) || xtr_ip6_link_local(ip->dst_addr))
		return XTR_DROP_IP6_LINK_LOCAL;
	return XTR_DROP_N;
}

static void take(struct xtr_ctl *ctl, struct rte_mbuf *m)
{
	const uint8_t *ip = rte_pktmbuf_mtod(m, const uint8_t *);
	enum xtr_drop reason = xtr_ip_is6(ip) ? refuse6(m) : refuse4(m);
	struct xtr_pkt *pkt = xtr_pkt(m);
	int inst = -1;

	if (reason == XTR_DROP_N) {
		struct xtr_ip src = xtr_packet_source(m);

		inst = instance_of(ctl, &src);
		reason = XTR_DROP_NO_ROUTE;
	}
	if (inst < 0) {
		ctl->dp->control_drops[reason]++;
		rte_pktmbuf_free(m);
		return;
	}
	pkt->flags = XTR_PKT_SITE | XTR_PKT_LISP0 | (is_proxy(ctl) ? XTR_PKT_PROXY : 0);
	pkt->inst = (uint32_t)inst;
	pkt->worker = (uint8_t)(xtr_ip_flow(m, ip, 0) % ctl->dp->n_workers);
	xtr_inject(ctl->dp, m, XTR_INJECT_RESUME);
}

static void readable(void *arg)
{
	struct tap_port *t = arg;
	struct rte_mbuf *m;

	for (unsigned i = 0; i < XTR_TAP_FRAMES_A_TURN && mirror_read_tap(t, &m); i++)
		if (m)
			take(t->mirror->ctl, m);
}

/* --- policy routing --- */

/* Would Linux's own way to the mapping system be cut off, if what it sends there went to lisp0? */
static bool covers_mapping_system(const struct xtr_config *cfg, const struct xtr_eid *prefix)
{
	for (unsigned i = 0; i < cfg->n_map_resolvers + cfg->n_map_servers; i++) {
		const struct xtr_ip *ip = i < cfg->n_map_resolvers
					      ? &cfg->map_resolvers[i]
					      : &cfg->map_servers[i - cfg->n_map_resolvers].address;
		struct xtr_eid host = xtr_eid_host(prefix->iid, ip);

		if (xtr_eid_covers(prefix, &host))
			return true;
	}
	return !prefix->plen;
}

/*
 * Rule number i, in this order: what Linux sends from an EID address goes to lisp0, a rule a
 * prefix; on a proxy-ITR also what it sends to the EID prefixes that it serves. False: there are
 * not so many. af 0: this one is not wanted.
 */
static bool rule_at(const struct xtr_ctl *ctl, unsigned i, struct xtr_nl_rule *r)
{
	const struct xtr_config *cfg = ctl->cfg;
	unsigned n_to = is_proxy(ctl) ? cfg->n_map_cache : 0;
	bool to = i >= cfg->n_database;

	if (i >= cfg->n_database + n_to)
		return false;
	*r = (struct xtr_nl_rule){
	    to ? cfg->map_cache[i - cfg->n_database].eid : cfg->database[i].eid, to};
	if (to && covers_mapping_system(cfg, &r->prefix))
		r->prefix.ip.af = 0;
	return true;
}

static bool has_rule(const struct xtr_ctl *ctl, uint8_t af)
{
	struct xtr_nl_rule r;

	for (unsigned i = 0; rule_at(ctl, i, &r); i++)
		if (r.prefix.ip.af == af)
			return true;
	return false;
}

static int add_rules(struct xtr_mirror *mirror)
{
	struct xtr_nl_rule r;
	int rc = 0;

	for (unsigned i = 0; rule_at(mirror->ctl, i, &r) && !rc; i++)
		if (r.prefix.ip.af)
			rc = xtr_nl_rule_add(mirror->nl, &r, XTR_LISP_TABLE, XTR_LISP_TABLE);
	return rc;
}

/* The rules' table leads to lisp0 and nowhere else. */
static int add_default_route(struct xtr_mirror *mirror, uint8_t af)
{
	struct xtr_nl_route r = {
	    .prefix.ip.af = af, .table = XTR_LISP_TABLE, .type = XTR_NL_UNICAST, .n_nexthops = 1};

	r.nexthops[0] = (struct xtr_nl_nexthop){.ifindex = mirror->lisp0.tap.ifindex, .weight = 1};
	return xtr_nl_route_add(mirror->nl, &r);
}

/* Has a core port no address but IPv4 ones, or none that we know of yet? */
static bool only_ip4(const struct xtr_cfg_port *p)
{
	for (unsigned i = 0; i < p->n_addresses; i++)
		if (p->addresses[i].ip.af != 4)
			return false;
	return p->n_addresses;
}

/* Linux keeps its own packets to what the smallest core port can carry encapsulated. 0: there is
 * none. */
static uint32_t mtu_of(const struct xtr_config *cfg, bool ipv6)
{
	uint32_t mtu = UINT16_MAX;

	for (unsigned i = 0; i < cfg->n_ports; i++) {
		const struct xtr_cfg_port *p = &cfg->ports[i];

		if (p->side == XTR_SIDE_CORE)
			mtu = RTE_MIN(
			    mtu, (uint32_t)p->mtu - (only_ip4(p) ? XTR_OVERHEAD4 : XTR_OVERHEAD6));
	}
	if (mtu == UINT16_MAX)
		return 0;
	return ipv6 ? RTE_MAX(mtu, IPV6_LEAST_MTU) : mtu;
}

int mirror_lisp0_open(struct xtr_mirror *mirror)
{
	const struct xtr_config *cfg = mirror->ctl->cfg;
	bool ipv6 = has_rule(mirror->ctl, 6);
	int rc = mirror_open_tap(
	    mirror, &mirror->lisp0, XTR_LISP0, true, ipv6, NULL, mtu_of(cfg, ipv6), readable);

	if (rc < 0)
		return rc;
	mirror->have_lisp0 = true;
	rc = add_default_route(mirror, 4);
	if (!rc && ipv6)
		rc = add_default_route(mirror, 6);
	if (!rc)
		rc = add_rules(mirror);
	if (rc < 0)
		xtr_log(XTR_LOG_ERR, "mirror: policy routing by %s: %s", XTR_LISP0, strerror(-rc));
	return rc;
}

void mirror_lisp0_close(struct xtr_mirror *mirror)
{
	struct xtr_nl_rule r;

	if (!mirror->nl || !mirror->have_lisp0)
		return;
	for (unsigned i = 0; rule_at(mirror->ctl, i, &r); i++)
		if (r.prefix.ip.af) /* whatever becomes of one, the others are to go */
			xtr_nl_rule_del(mirror->nl, &r, XTR_LISP_TABLE, XTR_LISP_TABLE);
}
