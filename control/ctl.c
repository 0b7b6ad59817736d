/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ctl.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include <rte_ethdev.h>
#include "control/forwarding/alive.h"
#include "control/forwarding/petr.h"
#include "util/log.h"

#define PUNTS_A_TURN    256
#define PUNTS_A_LOOK    32 /* between two looks at the clock */
#define PUNTS_US        500u
#define MAPPINGS_A_TURN 256 /* that choose their locators again */
#define BUSY_MS         20u /* after a punt the loop looks again soon */
#define BUSY_US         50u
#define IDLE_US         500u /* with workers: a first packet waits no longer than this */
#define NO_DP_US        1000000u
#define LINK_MS         200u
#define STATE_MS        1000u
#define STATIC_TABLE    254u /* RT_TABLE_MAIN: where routes come from the configuration alone */

/* --- what LISP's state machines need --- */

static int lisp_send(struct xtr_lisp *l, const struct xtr_ip *src, const struct xtr_ip *dst,
    uint16_t port, const uint8_t *p, size_t len)
{
	struct xtr_ctl *ctl = l->arg;
	char ip[XTR_IP_STRLEN];
	int rc = xtr_sock_send(ctl->sock, src, dst, port, p, len);

	l->counters[rc < 0 ? XTR_C_CTL_TX_FAILED : XTR_C_CTL_TX]++;
	if (rc < 0)
		xtr_dbg(XTR_DBG_MAP_REQUEST, "control: sending to %s: %s", xtr_ip_format(dst, ip),
		    strerror(-rc));
	return rc;
}

/*
 * Where no route leads to an IPv6 address, Linux chooses some address of the machine and looks
 * again: with an EID's the policy rule leads to lisp0. But control messages go from RLOC to RLOC,
 * not through the tunnels that they are there for.
 */
static int lisp_source_for(struct xtr_lisp *l, const struct xtr_ip *dst, struct xtr_ip *src)
{
	struct xtr_ctl *ctl = l->arg;
	int rc = xtr_sock_source_for(dst, src);

	if (rc < 0 || dst->af != 6 || !ctl->mirror || xtr_ip_equal(dst, src) ||
	    xtr_fib_owner(ctl->fib, src) < 0)
		return rc;
	return xtr_mirror_route_to(ctl->mirror, dst);
}

static uint64_t lisp_random64(struct xtr_lisp *l)
{
	uint64_t value;

	while (getrandom(&value, sizeof(value), 0) != sizeof(value))
		;
	return value;
}

static uint64_t lisp_wall_clock(struct xtr_lisp *l)
{
	return (uint64_t)time(NULL) + l->wheel->offset / XTR_MS_PER_SEC;
}

/* --- rib and RLOC callbacks --- */

static void ask(void *arg, unsigned port, const struct xtr_ip *ip)
{
	struct xtr_ctl *ctl = arg;

	if (ctl->mirror)
		xtr_mirror_ask(ctl->mirror, port, ip);
}

static void routes_changed(void *arg)
{
	((struct xtr_ctl *)arg)->rlocs_dirty = true;
}

bool xtr_ctl_port_address(
    const struct xtr_ctl *ctl, unsigned port, uint8_t af, struct xtr_ip *address)
{
	const struct xtr_cfg_port *p = &ctl->cfg->ports[port];

	for (unsigned i = 0; i < p->n_addresses; i++)
		if (p->addresses[i].ip.af == af && !xtr_ip_is_link_local(&p->addresses[i].ip)) {
			*address = p->addresses[i].ip;
			return true;
		}
	return ctl->mirror && xtr_mirror_address(ctl->mirror, port, af, address);
}

static bool source_rloc(void *arg, unsigned port, uint8_t af, struct xtr_ip *src)
{
	return xtr_ctl_port_address(arg, port, af, src);
}

/* --- parts --- */

static void flush_state(struct xtr_timer *t)
{
	struct xtr_ctl *ctl = (struct xtr_ctl *)((char *)t - offsetof(struct xtr_ctl, state_timer));
	int rc = xtr_state_flush(ctl->state);

	if (rc < 0)
		xtr_log(XTR_LOG_ERR, "state: %s: %s", ctl->cfg->state_dir, strerror(-rc));
	xtr_timer_arm(&ctl->wheel, t, STATE_MS, flush_state);
}

static void choose_xtr_id(struct xtr_ctl *ctl)
{
	if (ctl->cfg->has_xtr_id) {
		memcpy(ctl->xtr_id, ctl->cfg->xtr_id, sizeof(ctl->xtr_id));
	} else if (!xtr_state_xtr_id(ctl->state, ctl->xtr_id)) {
		for (unsigned i = 0; i < 2; i++) {
			uint64_t r = lisp_random64(&ctl->lisp);

			memcpy(ctl->xtr_id + 8 * i, &r, 8);
		}
		xtr_state_set_xtr_id(ctl->state, ctl->xtr_id);
	}
}

/* A VLAN's is its port's, which was looked at before: asking a device may take long. */
static bool link_is_up(const struct xtr_ctl *ctl, unsigned port)
{
	const struct xtr_dp_port *p = &ctl->dp->ports[port];
	struct rte_eth_link link;

	if (p->vlan)
		return ctl->dp->ports[p->parent].up;
	return rte_eth_link_get_nowait(p->ethdev, &link) == 0 && link.link_status;
}

static void check_links(struct xtr_timer *t)
{
	struct xtr_ctl *ctl = (struct xtr_ctl *)((char *)t - offsetof(struct xtr_ctl, link_timer));

	for (unsigned i = 0; i < ctl->dp->n_ports; i++) {
		bool up = link_is_up(ctl, i);

		if (up == ctl->dp->ports[i].up)
			continue;
		__atomic_store_n(&ctl->dp->ports[i].up, up, __ATOMIC_RELAXED);
		xtr_log(XTR_LOG_NOTICE, "port %s: link %s", ctl->cfg->ports[i].name,
		    up ? "up" : "down");
		if (ctl->mirror)
			xtr_mirror_carrier(ctl->mirror, i, up);
	}
	xtr_ctl_refresh_status(ctl);
	xtr_timer_arm(&ctl->wheel, t, LINK_MS, check_links);
}

static int port_by_name(const struct xtr_config *cfg, const char *name)
{
	for (unsigned i = 0; i < cfg->n_ports; i++)
		if (!strcmp(cfg->ports[i].name, name))
			return (int)i;
	return -1;
}

static int static_route(struct xtr_ctl *ctl, const struct xtr_eid *prefix, enum xtr_rib_type type,
    int port, const struct xtr_ip *via)
{
	struct xtr_rib_route r = {.prefix = *prefix, .type = type, .table = STATIC_TABLE};

	r.prefix.iid = 0;
	xtr_ip_mask(&r.prefix.ip, r.prefix.plen);
	if (type == XTR_RIB_UNICAST) {
		r.n_hops = 1;
		r.hops[0] = (struct xtr_rib_hop){.port = port, .weight = 1};
		if (via)
			r.hops[0].via = *via;
	}
	return xtr_rib_route(ctl->rib, &r, false);
}

/* Which connected network does a gateway lie in? */
static int port_towards(const struct xtr_config *cfg, const struct xtr_ip *via)
{
	for (unsigned i = 0; i < cfg->n_ports; i++)
		for (unsigned a = 0; a < cfg->ports[i].n_addresses; a++) {
			struct xtr_eid net = cfg->ports[i].addresses[a],
				       host = xtr_eid_host(net.iid, via);

			xtr_ip_mask(&net.ip, net.plen);
			if (xtr_eid_covers(&net, &host))
				return (int)i;
		}
	return -1;
}

/* Tables from the configuration alone, where there is no mirror. */
static int load_static(struct xtr_ctl *ctl)
{
	const struct xtr_config *cfg = ctl->cfg;
	int rc = 0;

	for (unsigned i = 0; i < cfg->n_ports; i++)
		for (unsigned a = 0; a < cfg->ports[i].n_addresses && !rc; a++) {
			const struct xtr_eid *addr = &cfg->ports[i].addresses[a];
			struct xtr_eid host = xtr_eid_host(0, &addr->ip);

			rc = static_route(ctl, addr, XTR_RIB_UNICAST, (int)i, NULL);
			if (!rc)
				rc = static_route(ctl, &host, XTR_RIB_LOCAL, -1, NULL);
		}
	for (unsigned i = 0; i < cfg->n_routes && !rc; i++) {
		const struct xtr_cfg_route *c = &cfg->routes[i];
		int port = c->port[0] ? port_by_name(cfg, c->port) : port_towards(cfg, &c->via);

		rc = static_route(ctl, &c->prefix,
		    c->blackhole ? XTR_RIB_BLACKHOLE : XTR_RIB_UNICAST, port,
		    c->via.af ? &c->via : NULL);
	}
	for (unsigned i = 0; i < cfg->n_neighbours && !rc; i++)
		xtr_rib_neigh(ctl->rib, (unsigned)port_by_name(cfg, cfg->neighbours[i].port),
		    &cfg->neighbours[i].ip, cfg->neighbours[i].mac, false);
	return rc;
}

/* Who waited for a neighbour in vain is told so, as Linux does it (RFC 1812 section 5.2.7.1, RFC
 * 4443 section 3.1). */
static void dropping(void *arg, struct rte_mbuf *m, enum xtr_drop reason)
{
	struct xtr_ctl *ctl = arg;

	if (reason == XTR_DROP_NEIGH_FAILED && !ctl->stop)
		xtr_ctl_say_unreachable(ctl, m, reason);
}

/* What was punted so far: more may come while this runs, which is the next turn's. */
static void drain(void *arg)
{
	struct xtr_ctl *ctl = arg;
	unsigned left = rte_ring_count(ctl->dp->punt), done;

	while (left && (done = xtr_ctl_punts(ctl, RTE_MIN(left, PUNTS_A_TURN))) != 0)
		left -= done;
}

static bool create_tables(struct xtr_ctl *ctl)
{
	const struct xtr_config *cfg = ctl->cfg;
	struct xtr_rib_ops rib_ops = {ask, routes_changed, ctl};
	struct xtr_rlocs_ops rloc_ops = {
	    source_rloc, xtr_alive_way_changed, xtr_alive_describe, ctl};
	struct xtr_probe_ops probe_ops = xtr_alive_probe_ops;

	ctl->fib = xtr_fib_create(ctl->dp);
	if (!ctl->fib || xtr_holder_init(&ctl->holder, ctl->dp, cfg->lisp.hold_per_eid,
			     cfg->lisp.hold_per_instance, cfg->lisp.hold_total, drain, ctl) < 0)
		return false;
	ctl->holder.dropping = dropping;
	ctl->rib = xtr_rib_create(ctl->dp, ctl->fib, &ctl->holder, &ctl->wheel, &rib_ops);
	if (!ctl->rib)
		return false;
	ctl->rlocs = xtr_rlocs_create(ctl->dp, ctl->rib, &ctl->holder, &ctl->wheel, &rloc_ops);
	probe_ops.arg = ctl;
	ctl->probes = xtr_probes_create(&ctl->lisp, &probe_ops);
	if (!ctl->rlocs || !ctl->probes || xtr_ctl_install_sources(ctl) < 0 ||
	    xtr_ctl_install_proxy_etr(ctl) < 0)
		return false;
	if (cfg->n_use_petr)
		ctl->petrs = xtr_petrs_create(ctl);
	return !cfg->n_use_petr || ctl->petrs;
}

/* The instances whose hosts' packets are looked up here, whatever their destination: those of own
 * EIDs and of site ports. A proxy-ITR's port asks for what is configured only (RFC 6832 section 5).
 */
static unsigned instances(const struct xtr_config *cfg, uint32_t *iids, unsigned max)
{
	unsigned n = 0;

	for (unsigned i = 0; i < cfg->n_database + cfg->n_ports; i++) {
		uint32_t iid = i < cfg->n_database ? cfg->database[i].eid.iid
						   : cfg->ports[i - cfg->n_database].iid;
		unsigned k = 0;

		if (i >= cfg->n_database &&
		    (cfg->ports[i - cfg->n_database].side != XTR_SIDE_SITE ||
			cfg->ports[i - cfg->n_database].proxy_itr))
			continue;
		while (k < n && iids[k] != iid)
			k++;
		if (k == n && n < max)
			iids[n++] = iid;
	}
	return n;
}

static bool create_dataplane(struct xtr_ctl *ctl)
{
	uint32_t iids[64];
	unsigned n = instances(ctl->cfg, iids, RTE_DIM(iids));
	struct xtr_itr_ops ops = xtr_forwarding_ops;

	if (!create_tables(ctl))
		return false;
	for (unsigned i = 0; i < ctl->dp->n_ports; i++) {
		ctl->dp->ports[i].up = link_is_up(ctl, i);
		if (!ctl->dp->ports[i].up)
			xtr_log(XTR_LOG_WARNING, "port %s: link down", ctl->cfg->ports[i].name);
	}
	ops.arg = ctl;
	ctl->itr = xtr_itr_create(&ctl->lisp, &ops, iids, n);
	if (!ctl->itr)
		return false;
	xtr_ctl_icmp_open(ctl);
	if (!ctl->cfg->mirror)
		return load_static(ctl) == 0;
	ctl->mirror = xtr_mirror_create(ctl);
	return ctl->mirror != NULL;
}

static void on_signal(void *arg)
{
	struct xtr_ctl *ctl = arg;
	struct signalfd_siginfo info;

	while (read(ctl->signal_fd, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGHUP) {
			xtr_log(XTR_LOG_WARNING,
			    "reload: not supported yet, the configuration stays as it is");
			continue;
		}
		xtr_log(XTR_LOG_NOTICE, "signal %u: ending", info.ssi_signo);
		ctl->stop = true;
	}
}

static int open_signals(struct xtr_ctl *ctl)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	ctl->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (ctl->signal_fd < 0)
		return -errno;
	return xtr_loop_add(&ctl->loop, &ctl->signal_watch, ctl->signal_fd, on_signal, ctl);
}

static void oper_readable(void *arg)
{
	struct xtr_ctl *ctl = arg;

	/* `clock advance` fires timers from inside a command */
	if (ctl->in_oper)
		return;
	ctl->in_oper = true;
	xtr_oper_run(ctl->oper, xtr_wheel_now(&ctl->wheel));
	ctl->in_oper = false;
}

static void oper_tick(struct xtr_timer *t)
{
	struct xtr_ctl *ctl = (struct xtr_ctl *)((char *)t - offsetof(struct xtr_ctl, oper_timer));

	oper_readable(ctl);
	xtr_timer_arm(&ctl->wheel, t, XTR_MS_PER_SEC, oper_tick);
}

static bool fail(const char *what)
{
	xtr_log(XTR_LOG_ERR, "start: %s: %s", what, strerror(errno ? errno : ENOMEM));
	return false;
}

static bool create_parts(struct xtr_ctl *ctl)
{
	const struct xtr_config *cfg = ctl->cfg;
	struct xtr_sock_ops sock_ops = {xtr_ctl_message, xtr_ctl_reassembled, ctl};

	errno = 0;
	if (open_signals(ctl) < 0)
		return fail("signals");
	ctl->oper = xtr_oper_open(cfg->socket, xtr_ctl_commands, xtr_ctl_n_commands, ctl);
	if (!ctl->oper)
		return fail(cfg->socket);
	if (xtr_loop_add(&ctl->loop, &ctl->oper_watch, xtr_oper_fd(ctl->oper), oper_readable, ctl) <
	    0)
		return fail("operator socket");
	xtr_timer_arm(&ctl->wheel, &ctl->oper_timer, XTR_MS_PER_SEC, oper_tick);
	ctl->state = xtr_state_open(cfg->state_dir);
	if (!ctl->state)
		return fail(cfg->state_dir);
	ctl->lisp.state = ctl->state;
	xtr_timer_arm(&ctl->wheel, &ctl->state_timer, STATE_MS, flush_state);
	choose_xtr_id(ctl);
	/* a PETR answers probes */
	if (cfg->n_database || cfg->n_map_servers || cfg->n_proxy_etr) {
		ctl->etr = xtr_etr_create(&ctl->lisp, ctl->xtr_id);
		if (!ctl->etr)
			return fail("EID database");
	}
	if (cfg->ms || cfg->mr) {
		ctl->ms = xtr_ms_create(&ctl->lisp);
		if (!ctl->ms)
			return fail("sites");
	}
	ctl->ligs = xtr_ligs_create(&ctl->lisp);
	if (!ctl->ligs)
		return fail("lig");
	if (ctl->dp && !create_dataplane(ctl))
		return fail("data plane");
	ctl->sock = xtr_sock_open(&ctl->loop, cfg->control_addresses, cfg->n_control_addresses,
	    ctl->dp != NULL, &sock_ops);
	return ctl->sock ? true : fail("LISP sockets");
}

struct xtr_ctl *xtr_ctl_create(const struct xtr_config *cfg, struct xtr_dp *dp)
{
	struct xtr_ctl *ctl = calloc(1, sizeof(*ctl));

	if (!ctl)
		return NULL;
	ctl->cfg = cfg;
	ctl->dp = dp;
	ctl->signal_fd = ctl->icmp_fd = ctl->icmp6_fd = ctl->loop.epfd = -1;
	TAILQ_INIT(&ctl->changed);
	TAILQ_INIT(&ctl->clears);
	xtr_wheel_init(&ctl->wheel, false);
	ctl->lisp = (struct xtr_lisp){.cfg = cfg,
	    .wheel = &ctl->wheel,
	    .send = lisp_send,
	    .source_for = lisp_source_for,
	    .random64 = lisp_random64,
	    .wall_clock = lisp_wall_clock,
	    .arg = ctl};
	if (xtr_loop_init(&ctl->loop) < 0 || !create_parts(ctl)) {
		xtr_ctl_destroy(ctl);
		return NULL;
	}
	return ctl;
}

void xtr_ctl_destroy(struct xtr_ctl *ctl)
{
	if (!ctl)
		return;
	xtr_oper_close(ctl->oper); /* first: its streams look into the rest */
	xtr_sock_close(ctl->sock);
	xtr_mirror_destroy(ctl->mirror);
	xtr_petrs_destroy(ctl->petrs);
	xtr_itr_destroy(ctl->itr);
	xtr_probes_destroy(ctl->probes);
	xtr_ligs_destroy(ctl->ligs);
	xtr_rlocs_destroy(ctl->rlocs);
	xtr_rib_destroy(ctl->rib);
	if (ctl->dp)
		xtr_holder_fini(&ctl->holder);
	xtr_fib_destroy(ctl->fib);
	free(ctl->own_status);
	xtr_dp_tracer_destroy(ctl->tracer);
	if (ctl->ms)
		xtr_ms_destroy(ctl->ms);
	xtr_etr_destroy(ctl->etr);
	if (ctl->state)
		xtr_state_close(ctl->state);
	if (ctl->icmp_fd >= 0)
		close(ctl->icmp_fd);
	if (ctl->icmp6_fd >= 0)
		close(ctl->icmp6_fd);
	if (ctl->signal_fd >= 0)
		close(ctl->signal_fd);
	xtr_loop_fini(&ctl->loop);
	free(ctl);
}

/* The sd_notify protocol: one datagram to NOTIFY_SOCKET. */
static void notify_ready(void)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	static const char ready[] = "READY=1";
	size_t len = path ? strlen(path) : 0;
	int fd;

	if (!len || len >= sizeof(un.sun_path))
		return;
	memcpy(un.sun_path, path, len);
	if (un.sun_path[0] == '@')
		un.sun_path[0] = 0; /* abstract */
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	sendto(fd, ready, sizeof(ready) - 1, MSG_NOSIGNAL, (struct sockaddr *)&un,
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
	close(fd);
}

static void check_ready(struct xtr_ctl *ctl)
{
	if (ctl->ready || (ctl->mirror && !xtr_mirror_in_sync(ctl->mirror)))
		return;
	ctl->ready = true;
	if (ctl->petrs)
		xtr_petrs_start(ctl->petrs);
	xtr_log(XTR_LOG_NOTICE, "ready: %u ports, %u EID prefixes, %u sites", ctl->cfg->n_ports,
	    ctl->cfg->n_database, ctl->cfg->n_sites);
	notify_ready();
}

/* At most PUNTS_A_TURN, and no longer than PUNTS_US: each may be a new EID that is asked for. True:
 * there may be more. *any: there were some. */
static bool take_punts(struct xtr_ctl *ctl, bool *any)
{
	uint64_t until = xtr_monotonic_us() + PUNTS_US;
	unsigned done = 0, n;

	do {
		n = xtr_ctl_punts(ctl, PUNTS_A_LOOK);
		done += n;
	} while (n == PUNTS_A_LOOK && done < PUNTS_A_TURN && xtr_monotonic_us() < until);
	*any = done;
	return n == PUNTS_A_LOOK;
}

/* One turn of the data plane's side. Returns how long the loop may wait, in microseconds. */
static uint32_t turn_dataplane(struct xtr_ctl *ctl)
{
	bool punts, more = take_punts(ctl, &punts);

	more |= xtr_ctl_look_again(ctl, MAPPINGS_A_TURN);

	xtr_oper_clear_some(&ctl->clears);
	xtr_gate_poll(&ctl->holder);
	more |= xtr_rcu_poll(&ctl->dp->rcu) == XTR_RCU_POLL;
	if (more || !TAILQ_EMPTY(&ctl->clears))
		return 0;
	if (punts || ctl->holder.first || ctl->dp->rcu.waiting ||
	    xtr_wheel_now(&ctl->wheel) - ctl->last_punt_ms < BUSY_MS)
		return BUSY_US;
	return IDLE_US;
}

uint32_t xtr_ctl_turn(struct xtr_ctl *ctl, uint32_t wait_us)
{
	xtr_loop_wait(&ctl->loop, wait_us);
	xtr_loop_timers(&ctl->wheel);
	check_ready(ctl);
	if (ctl->dp)
		return turn_dataplane(ctl);
	return (uint32_t)xtr_wheel_wait(&ctl->wheel, NO_DP_US / 1000) * 1000;
}

int xtr_ctl_run(struct xtr_ctl *ctl)
{
	uint32_t wait_us = 0;

	xtr_loop_timers(&ctl->wheel);
	if (ctl->dp)
		check_links(&ctl->link_timer);
	if (ctl->etr)
		xtr_etr_start(ctl->etr);
	while (!ctl->stop)
		wait_us = xtr_ctl_turn(ctl, wait_us);
	return 0;
}
