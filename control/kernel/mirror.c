/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Linux as the slow path: a TAP a port, lisp0 for what Linux sends from an EID address, and what
 * netlink tells of both.
 */
#include "control/ctl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <linux/rtnetlink.h>
#include "control/kernel/netlink.h"
#include "control/forwarding/packet.h"
#include "control/kernel/tap.h"
#include "datapath/ip4.h"
#include "util/log.h"

#define FRAME_MAX     9728 /* bytes: the largest port MTU and its headers */
#define FRAMES_A_TURN 64   /* read from one TAP before others get their turn */

struct tap_port {
	struct xtr_mirror *mirror;
	struct xtr_tap tap;
	struct xtr_watch watch;
	unsigned port;
	struct xtr_ip address[2]; /* first IPv4, IPv6 address in Linux; af 0: none */
};

struct xtr_mirror {
	struct xtr_ctl *ctl;
	struct xtr_nl *nl;
	struct xtr_watch nl_event, nl_dump;
	struct tap_port *taps; /* one a port */
	unsigned n_taps;
	struct tap_port lisp0;
	bool have_lisp0;
	uint8_t buf[FRAME_MAX];
};

int xtr_mirror_port(const struct xtr_mirror *mirror, int ifindex)
{
	for (unsigned i = 0; i < mirror->n_taps; i++)
		if (mirror->taps[i].tap.ifindex == ifindex)
			return (int)i;
	return -1;
}

/* --- netlink -> routes and neighbours --- */

static void on_link(void *arg, const struct xtr_nl_link *l, bool gone)
{
	xtr_dbg(XTR_DBG_NETLINK, "netlink: link %s (%d) %s%s%s", l->name, l->ifindex,
	    gone ? "gone" : "", l->up ? "up " : "down ", l->running ? "running" : "no carrier");
}

/* Local addresses come as routes of the table `local`; here is what a port sends from, where the
 * configuration gives it no address. */
static void on_addr(void *arg, const struct xtr_nl_addr *a, bool gone)
{
	struct xtr_mirror *mirror = arg;
	int port = xtr_mirror_port(mirror, a->ifindex);
	struct xtr_ip *first = port < 0 ? NULL : &mirror->taps[port].address[a->ip.af == 6];
	char ip[XTR_IP_STRLEN];

	xtr_dbg(XTR_DBG_NETLINK, "netlink: address %s/%u on %d%s", xtr_ip_format(&a->ip, ip),
	    a->plen, a->ifindex, gone ? " gone" : "");
	if (!first || (a->ip.af == 6 && a->ip.b[0] == 0xfe && (a->ip.b[1] & 0xc0) == 0x80))
		return; /* link-local addresses are no RLOCs */
	if (gone && xtr_ip_equal(first, &a->ip))
		first->af = 0;
	else if (!gone && !first->af)
		*first = a->ip;
	else
		return;
	mirror->ctl->rlocs_dirty = true;
}

bool xtr_mirror_address(
    const struct xtr_mirror *mirror, unsigned port, uint8_t af, struct xtr_ip *address)
{
	*address = mirror->taps[port].address[af == 6];
	return address->af;
}

static void on_route(void *arg, const struct xtr_nl_route *r, bool gone)
{
	struct xtr_mirror *mirror = arg;
	struct xtr_rib_route route = {.prefix = r->prefix, .table = r->table, .metric = r->metric};
	char text[XTR_EID_STRLEN];

	if (r->prefix.ip.af != 4)
		return; /* IPv6 is Linux's alone so far */
	switch (r->type) {
	case XTR_NL_UNICAST:
		route.type = XTR_RIB_UNICAST;
		break;
	case XTR_NL_LOCAL:
		route.type = XTR_RIB_LOCAL;
		break;
	case XTR_NL_BLACKHOLE:
		route.type = XTR_RIB_BLACKHOLE;
		break;
	case XTR_NL_UNREACHABLE:
		route.type = XTR_RIB_UNREACHABLE;
		break;
	case XTR_NL_PROHIBIT:
		route.type = XTR_RIB_PROHIBIT;
		break;
	case XTR_NL_OTHER:
		if (r->table != RT_TABLE_LOCAL)
			return;
		route.type = XTR_RIB_LOCAL; /* broadcast and anycast addresses: Linux's to handle */
		break;
	}
	for (unsigned i = 0; i < r->n_nexthops && i < XTR_RIB_MAX_HOPS; i++)
		route.hops[route.n_hops++] =
		    (struct xtr_rib_hop){xtr_mirror_port(mirror, r->nexthops[i].ifindex),
			r->nexthops[i].via, r->nexthops[i].weight};
	xtr_dbg(XTR_DBG_NETLINK, "netlink: route %s table %u metric %u, %u next hops%s",
	    xtr_prefix_format(&r->prefix, text), r->table, r->metric, r->n_nexthops,
	    gone ? ", gone" : "");
	if (xtr_rib_route(mirror->ctl->rib, &route, gone) < 0)
		xtr_log(XTR_LOG_ERR, "routes: %s: out of memory or table full",
		    xtr_prefix_format(&r->prefix, text));
}

static void on_neigh(void *arg, const struct xtr_nl_neigh *n, bool gone)
{
	struct xtr_mirror *mirror = arg;
	int port = xtr_mirror_port(mirror, n->ifindex);
	char ip[XTR_IP_STRLEN];

	if (port < 0 || n->ip.af != 4)
		return;
	xtr_dbg(XTR_DBG_NETLINK, "netlink: neighbour %s on %s %s", xtr_ip_format(&n->ip, ip),
	    mirror->taps[port].tap.name,
	    gone        ? "gone"
	    : n->usable ? "usable"
	    : n->failed ? "failed"
			: "unknown");
	xtr_rib_neigh(mirror->ctl->rib, (unsigned)port, &n->ip, n->usable && !gone ? n->mac : NULL,
	    n->failed);
}

static void on_sync_begin(void *arg, enum xtr_nl_kind kind)
{
	struct xtr_mirror *mirror = arg;

	if (kind == XTR_NL_ROUTE)
		xtr_rib_mark_routes(mirror->ctl->rib);
	else if (kind == XTR_NL_NEIGH)
		xtr_rib_mark_neighs(mirror->ctl->rib);
}

static void on_synced(void *arg, enum xtr_nl_kind kind)
{
	struct xtr_mirror *mirror = arg;

	if (kind == XTR_NL_ROUTE)
		xtr_rib_sweep_routes(mirror->ctl->rib);
	else if (kind == XTR_NL_NEIGH)
		xtr_rib_sweep_neighs(mirror->ctl->rib);
}

static void nl_readable(void *arg)
{
	struct xtr_mirror *mirror = arg;
	int rc = xtr_nl_read(mirror->nl);

	if (rc < 0)
		xtr_log(XTR_LOG_ERR, "netlink: %s", strerror(-rc));
}

/* --- packets from Linux --- */

/* An interface that was deleted under way would be "readable" for ever. */
static void check_read(struct tap_port *t, int rc)
{
	if (rc == -EAGAIN || rc == -EINTR || !t->watch.fn)
		return;
	xtr_log(XTR_LOG_ERR,
	    "mirror: interface %s: %s; Linux gets nothing of this port until xtrd starts again",
	    t->tap.name, rc ? strerror(-rc) : "closed");
	xtr_loop_remove(&t->mirror->ctl->loop, &t->watch);
}

static void from_tap(void *arg)
{
	struct tap_port *t = arg;
	struct xtr_mirror *mirror = t->mirror;
	struct xtr_dp *dp = mirror->ctl->dp;

	for (unsigned i = 0; i < FRAMES_A_TURN; i++) {
		int len = xtr_tap_read(&t->tap, mirror->buf, sizeof(mirror->buf));
		struct rte_mbuf *m =
		    len > 0 ? xtr_packet_make(dp, mirror->buf, (uint32_t)len) : NULL;

		if (len <= 0) {
			check_read(t, len);
			return;
		}
		if (!m)
			continue;
		xtr_pkt(m)->out = (uint8_t)t->port;
		xtr_pkt(m)->worker = dp->ports[t->port].owner;
		xtr_inject(dp, m, XTR_INJECT_TX);
	}
}

/* The instance whose EID database has this source, else that of a proxy-ITR's port; they share one
 * Linux routing table so far. */
static int instance_of(const struct xtr_ctl *ctl, const struct xtr_ip *src)
{
	for (unsigned i = 0; i < ctl->dp->n_instances; i++) {
		struct xtr_eid eid = xtr_eid_host(ctl->dp->instances[i].iid, src);

		if (xtr_fib_own(ctl->fib, &eid))
			return (int)i;
	}
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

static void from_lisp0(void *arg)
{
	struct tap_port *t = arg;
	struct xtr_ctl *ctl = t->mirror->ctl;
	struct xtr_dp *dp = ctl->dp;

	for (unsigned i = 0; i < FRAMES_A_TURN; i++) {
		int len = xtr_tap_read(&t->tap, t->mirror->buf, sizeof(t->mirror->buf)), inst;
		const struct rte_ipv4_hdr *ip;
		enum xtr_drop reason;
		struct rte_mbuf *m;
		struct xtr_pkt *pkt;
		struct xtr_ip src;

		if (len <= 0) {
			check_read(t, len);
			return;
		}
		m = xtr_packet_make(dp, t->mirror->buf, (uint32_t)len);
		if (!m)
			continue;
		ip = xtr_ip4_check(m, 0, &reason);
		inst = -1;
		if (ip) {
			src = xtr_ip4(&ip->src_addr);
			inst = instance_of(ctl, &src);
			reason = XTR_DROP_NO_ROUTE;
		}
		if (inst < 0) {
			dp->control_drops[reason]++;
			rte_pktmbuf_free(m);
			continue;
		}
		pkt = xtr_pkt(m);
		pkt->flags = XTR_PKT_SITE | XTR_PKT_LISP0 | (is_proxy(ctl) ? XTR_PKT_PROXY : 0);
		pkt->inst = (uint32_t)inst;
		pkt->worker = (uint8_t)(xtr_ip4_flow(m, ip, 0) % dp->n_workers);
		xtr_inject(dp, m, XTR_INJECT_RESUME);
	}
}

/* --- packets to Linux --- */

void xtr_mirror_to_linux(struct xtr_mirror *mirror, struct rte_mbuf *m)
{
	const struct xtr_pkt *pkt = xtr_pkt(m);
	struct xtr_dp *dp = mirror->ctl->dp;
	/* what has no Ethernet header (it was in a tunnel, or Linux sent it) comes by the way that
	 * answers take */
	bool l3 = !pkt->l2_len;
	struct tap_port *t = l3 ? &mirror->lisp0 : &mirror->taps[pkt->port];
	const void *data;
	int rc;

	if (t->tap.fd < 0 || m->pkt_len > sizeof(mirror->buf)) {
		dp->control_drops[XTR_DROP_TAP_DOWN]++;
		return;
	}
	data = rte_pktmbuf_read(m, 0, m->pkt_len, mirror->buf);
	rc = xtr_tap_write(&t->tap, data, m->pkt_len);
	if (rc < 0)
		dp->control_drops[rc == -EAGAIN ? XTR_DROP_TAP_FULL : XTR_DROP_TAP_DOWN]++;
}

void xtr_mirror_carrier(struct xtr_mirror *mirror, unsigned port, bool up)
{
	xtr_tap_carrier(&mirror->taps[port].tap, up);
}

void xtr_mirror_ask(struct xtr_mirror *mirror, unsigned port, const struct xtr_ip *ip)
{
	xtr_nl_neigh_use(mirror->nl, mirror->taps[port].tap.ifindex, ip);
}

bool xtr_mirror_in_sync(const struct xtr_mirror *mirror)
{
	return xtr_nl_in_sync(mirror->nl);
}

void xtr_mirror_counters(const struct xtr_mirror *mirror, json_t *object)
{
	json_object_set_new(
	    object, "netlink-overruns", json_integer((json_int_t)xtr_nl_overruns(mirror->nl)));
	json_object_set_new(
	    object, "netlink-dumps", json_integer((json_int_t)xtr_nl_dumps(mirror->nl)));
}

/* --- set-up --- */

static int open_tap(struct xtr_mirror *mirror, struct tap_port *t, const char *name, bool l3,
    const uint8_t *mac, uint32_t mtu, void (*readable)(void *arg))
{
	int rc = xtr_tap_open(&t->tap, name, l3, mac);

	t->mirror = mirror;
	if (rc == 0 && l3)
		xtr_tap_disable_ipv6(
		    &t->tap); /* EIDs are IPv4 so far: nothing for IPv6 to say there */
	if (rc == 0)
		rc = xtr_tap_carrier(&t->tap, l3 || mirror->ctl->dp->ports[t->port].up);
	if (rc == 0)
		rc = xtr_nl_link_set(mirror->nl, t->tap.ifindex, true, mtu);
	if (rc == 0)
		rc = xtr_loop_add(&mirror->ctl->loop, &t->watch, t->tap.fd, readable, t);
	if (rc < 0)
		xtr_log(XTR_LOG_ERR, "mirror: interface %s: %s", name, strerror(-rc));
	return rc;
}

static int setup_port(struct xtr_mirror *mirror, unsigned i)
{
	const struct xtr_cfg_port *cfg = &mirror->ctl->cfg->ports[i];
	struct tap_port *t = &mirror->taps[i];
	char text[XTR_EID_STRLEN];
	int rc;

	t->port = i;
	rc = open_tap(
	    mirror, t, cfg->name, false, mirror->ctl->dp->ports[i].mac, cfg->mtu, from_tap);
	for (unsigned a = 0; a < cfg->n_addresses && !rc; a++) {
		rc = xtr_nl_addr_add(
		    mirror->nl, t->tap.ifindex, &cfg->addresses[a].ip, cfg->addresses[a].plen);
		if (rc < 0)
			xtr_log(XTR_LOG_ERR, "mirror: address %s on %s: %s",
			    xtr_prefix_format(&cfg->addresses[a], text), cfg->name, strerror(-rc));
	}
	return rc;
}

static int ifindex_of(const struct xtr_mirror *mirror, const char *port)
{
	for (unsigned i = 0; i < mirror->n_taps; i++)
		if (!strcmp(mirror->ctl->cfg->ports[i].name, port))
			return mirror->taps[i].tap.ifindex;
	return 0;
}

static int setup_routes(struct xtr_mirror *mirror)
{
	const struct xtr_config *cfg = mirror->ctl->cfg;
	char text[XTR_EID_STRLEN];
	int rc = 0;

	for (unsigned i = 0; i < cfg->n_neighbours && !rc; i++) {
		rc = xtr_nl_neigh_set(mirror->nl, ifindex_of(mirror, cfg->neighbours[i].port),
		    &cfg->neighbours[i].ip, cfg->neighbours[i].mac);
		if (rc < 0)
			xtr_log(XTR_LOG_ERR, "mirror: neighbour %s: %s",
			    xtr_ip_format(&cfg->neighbours[i].ip, text), strerror(-rc));
	}
	for (unsigned i = 0; i < cfg->n_routes && !rc; i++) {
		const struct xtr_cfg_route *c = &cfg->routes[i];
		struct xtr_nl_route r = {.prefix = c->prefix,
		    .type = c->blackhole ? XTR_NL_BLACKHOLE : XTR_NL_UNICAST,
		    .n_nexthops = c->blackhole ? 0 : 1};

		r.nexthops[0] = (struct xtr_nl_nexthop){ifindex_of(mirror, c->port), c->via, 1};
		rc = xtr_nl_route_add(mirror->nl, &r);
		if (rc < 0)
			xtr_log(XTR_LOG_ERR, "mirror: route %s: %s",
			    xtr_prefix_format(&c->prefix, text), strerror(-rc));
	}
	return rc;
}

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
 * What Linux sends from an EID address goes to lisp0, by a policy rule a prefix; there it enters
 * the pipeline. On a proxy-ITR also what it sends to the EID prefixes that it serves. Adds the
 * rules, or takes them away. 0 or negative errno.
 */
static int change_rules(struct xtr_mirror *mirror, bool add)
{
	const struct xtr_config *cfg = mirror->ctl->cfg;
	unsigned n_to = is_proxy(mirror->ctl) ? cfg->n_map_cache : 0;
	int rc = 0;

	for (unsigned i = 0; i < cfg->n_database + n_to && !rc; i++) {
		bool to = i >= cfg->n_database;
		struct xtr_nl_rule r = {
		    to ? cfg->map_cache[i - cfg->n_database].eid : cfg->database[i].eid, to};

		if (r.prefix.ip.af != 4 || (to && covers_mapping_system(cfg, &r.prefix)))
			continue;
		rc = (add ? xtr_nl_rule_add : xtr_nl_rule_del)(
		    mirror->nl, &r, XTR_LISP_TABLE, XTR_LISP_TABLE);
		if (!add)
			rc = 0; /* the others are to go all the same */
	}
	return rc;
}

static int setup_lisp0(struct xtr_mirror *mirror)
{
	const struct xtr_config *cfg = mirror->ctl->cfg;
	struct xtr_nl_route r = {
	    .prefix.ip.af = 4, .table = XTR_LISP_TABLE, .type = XTR_NL_UNICAST, .n_nexthops = 1};
	uint32_t mtu = UINT16_MAX;
	int rc;

	/* Linux keeps its own packets to what the smallest core port can carry encapsulated */
	for (unsigned i = 0; i < cfg->n_ports; i++)
		if (cfg->ports[i].side == XTR_SIDE_CORE)
			mtu = RTE_MIN(mtu, (uint32_t)cfg->ports[i].mtu - XTR_OVERHEAD4);
	rc = open_tap(
	    mirror, &mirror->lisp0, XTR_LISP0, true, NULL, mtu == UINT16_MAX ? 0 : mtu, from_lisp0);
	if (rc < 0)
		return rc;
	mirror->have_lisp0 = true;
	r.nexthops[0] = (struct xtr_nl_nexthop){.ifindex = mirror->lisp0.tap.ifindex, .weight = 1};
	rc = xtr_nl_route_add(mirror->nl, &r);
	if (!rc)
		rc = change_rules(mirror, true);
	if (rc < 0)
		xtr_log(XTR_LOG_ERR, "mirror: policy routing by %s: %s", XTR_LISP0, strerror(-rc));
	return rc;
}

struct xtr_mirror *xtr_mirror_create(struct xtr_ctl *ctl)
{
	struct xtr_mirror *mirror = calloc(1, sizeof(*mirror));
	struct xtr_nl_ops ops = {
	    on_link, on_addr, on_route, on_neigh, on_sync_begin, on_synced, mirror};

	if (!mirror)
		return NULL;
	mirror->ctl = ctl;
	mirror->lisp0.tap.fd = -1;
	mirror->taps = calloc(ctl->cfg->n_ports, sizeof(*mirror->taps));
	mirror->nl = xtr_nl_open(&ops);
	for (unsigned i = 0; mirror->taps && i < ctl->cfg->n_ports; i++)
		mirror->taps[i].tap.fd = -1;
	if (!mirror->taps || !mirror->nl) {
		xtr_log(XTR_LOG_ERR, "mirror: netlink: %s", strerror(errno));
		goto fail;
	}
	for (; mirror->n_taps < ctl->cfg->n_ports; mirror->n_taps++)
		if (setup_port(mirror, mirror->n_taps) < 0)
			goto fail;
	if (setup_routes(mirror) < 0 || setup_lisp0(mirror) < 0)
		goto fail;
	if (xtr_loop_add(&ctl->loop, &mirror->nl_event, xtr_nl_event_fd(mirror->nl), nl_readable,
		mirror) < 0 ||
	    xtr_loop_add(
		&ctl->loop, &mirror->nl_dump, xtr_nl_dump_fd(mirror->nl), nl_readable, mirror) < 0)
		goto fail;
	return mirror;
fail:
	xtr_mirror_destroy(mirror);
	return NULL;
}

static void close_tap(struct xtr_mirror *mirror, struct tap_port *t)
{
	xtr_loop_remove(&mirror->ctl->loop, &t->watch);
	if (t->tap.fd >= 0) {
		xtr_tap_carrier(&t->tap, false);
		xtr_tap_close(&t->tap,
		    false); /* it stays: addresses and routes are there again at the next start */
	}
}

void xtr_mirror_destroy(struct xtr_mirror *mirror)
{
	if (!mirror)
		return;
	if (mirror->nl && mirror->have_lisp0)
		change_rules(mirror, false);
	for (unsigned i = 0; mirror->taps && i < mirror->ctl->cfg->n_ports; i++)
		close_tap(mirror, &mirror->taps[i]);
	close_tap(mirror, &mirror->lisp0);
	xtr_loop_remove(&mirror->ctl->loop, &mirror->nl_event);
	xtr_loop_remove(&mirror->ctl->loop, &mirror->nl_dump);
	if (mirror->nl)
		xtr_nl_close(mirror->nl);
	free(mirror->taps);
	free(mirror);
}
