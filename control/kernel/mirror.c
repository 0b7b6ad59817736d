/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Linux as the slow path: a TAP a port, and what netlink tells of addresses, routes and neighbours.
 */
#include "control/kernel/mirror_impl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <linux/rtnetlink.h>
#include "control/forwarding/packet.h"
#include "datapath/ip6.h"
#include "util/log.h"

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

/*
 * Local addresses come as routes of the table `local`; here is what a port sends from, where the
 * configuration gives it no address. Not a link-local one (RFC 4291 section 2.5.6), and none that
 * Linux does not use itself, for it may be another's (RFC 4862 section 5.4).
 */
static void on_addr(void *arg, const struct xtr_nl_addr *a, bool gone)
{
	struct xtr_mirror *mirror = arg;
	int port = xtr_mirror_port(mirror, a->ifindex);
	struct tap_address *have;
	char ip[XTR_IP_STRLEN];

	xtr_dbg(XTR_DBG_NETLINK, "netlink: address %s/%u on %d%s%s", xtr_ip_format(&a->ip, ip),
	    a->plen, a->ifindex, a->tentative ? " tentative" : "", gone ? " gone" : "");
	if (port < 0 || xtr_ip_is_link_local(&a->ip))
		return;
	have = &mirror->taps[port].address[a->ip.af == 6];
	if (gone || a->tentative) {
		if (!xtr_ip_equal(&have->ip, &a->ip))
			return;
		/* which others there are, a dump says */
		have->ip.af = 0;
		xtr_nl_resync_kind(mirror->nl, XTR_NL_ADDR);
	} else {
		have->seen |= xtr_ip_equal(&have->ip, &a->ip);
		if (!have->first.af)
			have->first = a->ip;
		if (have->ip.af)
			return;
		have->ip = a->ip;
		have->seen = true;
	}
	mirror->ctl->rlocs_dirty = true;
}

static void mark_addresses(struct xtr_mirror *mirror)
{
	for (unsigned i = 0; i < mirror->n_taps; i++)
		for (unsigned f = 0; f < 2; f++) {
			mirror->taps[i].address[f].seen = false;
			mirror->taps[i].address[f].first.af = 0;
		}
}

static void sweep_addresses(struct xtr_mirror *mirror)
{
	for (unsigned i = 0; i < mirror->n_taps; i++)
		for (unsigned f = 0; f < 2; f++) {
			struct tap_address *have = &mirror->taps[i].address[f];

			if (!have->ip.af || have->seen)
				continue;
			have->ip = have->first;
			mirror->ctl->rlocs_dirty = true;
		}
}

bool xtr_mirror_address(
    const struct xtr_mirror *mirror, unsigned port, uint8_t af, struct xtr_ip *address)
{
	*address = mirror->taps[port].address[af == 6].ip;
	return address->af;
}

/* Every interface has fe80::/64 and ff00::/8. Workers give what is to one of our link-local
 * addresses, or to many, to Linux; they route neither. */
static bool of_a_link(const struct xtr_nl_route *r)
{
	const uint8_t *a = r->prefix.ip.b;

	if (r->prefix.ip.af != 6 || r->prefix.plen < 8)
		return false;
	return xtr_ip6_multicast(a) || (xtr_ip_is_link_local(&r->prefix.ip) &&
					   r->prefix.plen >= 10 && r->table != RT_TABLE_LOCAL);
}

static void on_route(void *arg, const struct xtr_nl_route *r, bool gone)
{
	struct xtr_mirror *mirror = arg;
	struct xtr_rib_route route = {.prefix = r->prefix, .table = r->table, .metric = r->metric};
	char text[XTR_EID_STRLEN];

	if (of_a_link(r))
		return;
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

	if (port < 0)
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

	if (kind == XTR_NL_ADDR)
		mark_addresses(mirror);
	else if (kind == XTR_NL_ROUTE)
		xtr_rib_mark_routes(mirror->ctl->rib);
	else if (kind == XTR_NL_NEIGH)
		xtr_rib_mark_neighs(mirror->ctl->rib);
}

static void on_synced(void *arg, enum xtr_nl_kind kind)
{
	struct xtr_mirror *mirror = arg;

	if (kind == XTR_NL_ADDR)
		sweep_addresses(mirror);
	else if (kind == XTR_NL_ROUTE)
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

bool mirror_read_tap(struct tap_port *t, struct rte_mbuf **m)
{
	struct xtr_mirror *mirror = t->mirror;
	int len = xtr_tap_read(&t->tap, mirror->buf, sizeof(mirror->buf));

	if (len <= 0) {
		check_read(t, len);
		return false;
	}
	*m = xtr_packet_make(mirror->ctl->dp, mirror->buf, (uint32_t)len);
	return true;
}

static void from_tap(void *arg)
{
	struct tap_port *t = arg;
	struct xtr_dp *dp = t->mirror->ctl->dp;
	struct rte_mbuf *m;

	for (unsigned i = 0; i < XTR_TAP_FRAMES_A_TURN && mirror_read_tap(t, &m); i++) {
		if (!m)
			continue;
		xtr_pkt(m)->out = (uint8_t)t->port;
		xtr_pkt(m)->worker = dp->ports[t->port].owner;
		xtr_inject(dp, m, XTR_INJECT_TX);
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

int xtr_mirror_route_to(const struct xtr_mirror *mirror, const struct xtr_ip *dst)
{
	return xtr_nl_route_get(mirror->nl, dst);
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

int mirror_open_tap(struct xtr_mirror *mirror, struct tap_port *t, const char *name, bool l3,
    bool ipv6, const uint8_t *mac, uint32_t mtu, void (*readable)(void *arg))
{
	int rc = xtr_tap_open(&t->tap, name, l3, mac);

	t->mirror = mirror;
	/* a port without IPv6 addresses is as this machine has its interfaces */
	if (rc == 0 && (ipv6 || l3))
		xtr_tap_ipv6(&t->tap, ipv6);
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
	bool ipv6 = false;
	int rc;

	t->port = i;
	for (unsigned a = 0; a < cfg->n_addresses; a++)
		ipv6 |= cfg->addresses[a].ip.af == 6;
	rc = mirror_open_tap(
	    mirror, t, cfg->name, false, ipv6, mirror->ctl->dp->ports[i].mac, cfg->mtu, from_tap);
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
	if (setup_routes(mirror) < 0 || mirror_lisp0_open(mirror) < 0)
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
	mirror_lisp0_close(mirror);
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
