/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The control lcore's forwarding side whole, on the ports and packets of dp_fixture.h: map-cache,
 * RLOCs, probes, PETRs. Time stands still but for xtr_clock_advance() and cx_wait(); messages that
 * are sent are kept, and probes are answered by the RLOCs that the test says.
 *
 * Site: 10.1.0.0/16 of instance-ID 5 on port 0. Core: 192.0.2.0/24 on port 1, 192.0.2.1 is ours.
 */
#ifndef XTR_TEST_CTL_FIXTURE_H
#define XTR_TEST_CTL_FIXTURE_H

#include <errno.h>
#include "dp_fixture.h"
#include "control/forwarding/mapping.h"
#include "control/forwarding/petr.h"
#include "control/lisp/itr_internal.h"

#define CX_MAX      64 /* PETRs, prefixes, RLOCs that answer */
#define CX_INTERVAL 10000u

struct cx {
	struct xtr_ctl ctl;
	struct fx *f;
	struct xtr_config cfg;
	struct xtr_cfg_port ports[FX_PORTS];
	struct xtr_eid addresses[FX_PORTS];
	struct xtr_cfg_mapping database, map_cache[CX_MAX];
	struct xtr_ip resolver;
	struct xtr_cfg_petr petrs[CX_MAX];
	uint64_t random;
	struct xtr_ip answering[CX_MAX]; /* RLOCs that answer probes */
	unsigned n_answering;
	struct {
		struct xtr_ip from;
		uint64_t nonce;
	} answers[CX_MAX]; /* on their way */
	unsigned n_answers, n_probes, n_requests;
	uint64_t nonce;             /* of the last Map-Request */
	struct xtr_eid asked, asks; /* its EID, and the source EID in it */
	bool not_petrs;             /* answers are without a record */
};

/* --- what the control lcore calls --- */

static inline void cx_asked(struct cx *c, const struct xtr_msg *ecm)
{
	const uint8_t *cursor = NULL;
	struct xtr_request_rec rec;
	struct xtr_msg m;

	c->n_requests++;
	assert_int_equal(xtr_msg_read(ecm->inner, ecm->inner_len, &m, NULL), 0);
	assert_true(xtr_request_rec_next(&m, &cursor, &rec));
	c->nonce = m.nonce;
	c->asked = rec.eid;
	c->asks = m.source_eid;
}

static inline int cx_sent(struct xtr_lisp *l, const struct xtr_ip *src, const struct xtr_ip *dst,
    uint16_t port, const uint8_t *p, size_t len)
{
	struct cx *c = l->arg;
	struct xtr_msg m;

	assert_int_equal(xtr_msg_read(p, len, &m, NULL), 0);
	if (!m.probe) {
		cx_asked(c, &m);
		return 0;
	}
	c->n_probes++;
	for (unsigned i = 0; i < c->n_answering; i++)
		if (xtr_ip_equal(&c->answering[i], dst) && c->n_answers < CX_MAX) {
			c->answers[c->n_answers].from = *dst;
			c->answers[c->n_answers++].nonce = m.nonce;
		}
	return 0;
}

static inline int cx_source_for(struct xtr_lisp *l, const struct xtr_ip *dst, struct xtr_ip *src)
{
	*src = fx_ip("192.0.2.1");
	return 0;
}

static inline uint64_t cx_random(struct xtr_lisp *l)
{
	return ++((struct cx *)l->arg)->random;
}

static inline uint64_t cx_wall_clock(struct xtr_lisp *l)
{
	return 1700000000;
}

static inline void cx_ask(void *arg, unsigned port, const struct xtr_ip *ip)
{
}

static inline void cx_changed(void *arg)
{
	((struct cx *)arg)->ctl.rlocs_dirty = true;
}

static inline bool cx_source(void *arg, unsigned port, uint8_t af, struct xtr_ip *src)
{
	return xtr_ctl_port_address(arg, port, af, src);
}

static inline void cx_drain(void *arg)
{
	while (xtr_ctl_punts(arg, 256))
		;
}

/* --- a turn of the loop, and time --- */

static inline void cx_turn(struct cx *c)
{
	struct xtr_ctl *ctl = &c->ctl;

	while (c->n_answers) {
		struct xtr_peer from = {.ip = c->answers[--c->n_answers].from};
		struct xtr_record rec = {.ttl = 1440, .eid.ip.af = 4};
		struct xtr_locator loc = {.ip = from.ip, .priority = 1, .probed = true};
		struct xtr_writer w;
		struct xtr_msg m;
		uint8_t buf[128];

		/* 0.0.0.0/0 at that very RLOC, as a PETR says */
		xtr_writer_init(&w, buf, sizeof(buf));
		xtr_write_map_reply(&w, c->answers[c->n_answers].nonce, true);
		if (!c->not_petrs) {
			xtr_write_record(&w, &rec);
			xtr_write_locator(&w, &loc);
		}
		assert_int_equal(xtr_msg_read(buf, w.len, &m, NULL), 0);
		xtr_probes_reply(ctl->probes, &from, &m);
	}
	xtr_ctl_punts(ctl, 256);
	xtr_ctl_look_again(ctl, 256);
	xtr_gate_poll(&ctl->holder);
	xtr_rcu_poll(&ctl->dp->rcu);
}

static inline void cx_turns(struct cx *c, unsigned n)
{
	while (n--) {
		xtr_worker_turn(c->f->w);
		cx_turn(c);
	}
}

/* Lets time pass, with turns of all in between. */
static inline void cx_wait(struct cx *c, unsigned ms)
{
	for (; ms; ms -= RTE_MIN(ms, 20u)) {
		xtr_clock_advance(&c->ctl.wheel, RTE_MIN(ms, 20u));
		cx_turns(c, 2);
	}
	cx_turns(c, 4);
}

static inline void cx_answers(struct cx *c, const char *rloc, bool yes)
{
	struct xtr_ip ip = fx_ip(rloc);

	for (unsigned i = 0; i < c->n_answering; i++)
		if (xtr_ip_equal(&c->answering[i], &ip))
			c->answering[i--] = c->answering[--c->n_answering];
	if (yes)
		c->answering[c->n_answering++] = ip;
}

/* --- making and ending it --- */

/* What the test may still change before cx_start(). */
static inline struct cx *cx_new(void)
{
	struct cx *c = calloc(1, sizeof(*c));

	c->f = calloc(1, sizeof(*c->f));
	fx_open(c->f);
	c->addresses[0] = fx_eid(FX_IID, "10.1.0.0/24");
	c->addresses[0].ip = fx_ip("10.1.0.1");
	c->addresses[1] = fx_eid(0, "192.0.2.0/24");
	c->addresses[1].ip = fx_ip("192.0.2.1");
	for (unsigned i = 0; i < FX_PORTS; i++) {
		snprintf(c->ports[i].name, sizeof(c->ports[i].name), "port%u", i);
		c->ports[i].side = i ? XTR_SIDE_CORE : XTR_SIDE_SITE;
		c->ports[i].iid = i ? 0 : FX_IID;
		c->ports[i].addresses = &c->addresses[i];
		c->ports[i].n_addresses = 1;
	}
	c->resolver = fx_ip("192.0.2.200");
	c->database.eid = fx_eid(FX_IID, "10.1.0.0/16");
	c->cfg = (struct xtr_config){.ports = c->ports,
	    .n_ports = FX_PORTS,
	    .database = &c->database,
	    .n_database = 1,
	    .map_cache = c->map_cache,
	    .use_petr = c->petrs,
	    .map_resolvers = &c->resolver,
	    .n_map_resolvers = 1,
	    .lisp = {.source_check = XTR_CFG_CHECK_LOOSE,
		.hold_per_eid = 1000,
		.hold_per_instance = 2000,
		.hold_total = 4000,
		.hold_ms = 5000,
		.probe_interval_ms = CX_INTERVAL}};
	return c;
}

static inline void cx_petr(
    struct cx *c, const char *rloc, uint8_t priority, uint8_t weight, bool probe)
{
	c->petrs[c->cfg.n_use_petr++] = (struct xtr_cfg_petr){
	    .rloc = fx_ip(rloc), .priority = priority, .weight = weight, .probe = probe};
}

static inline void cx_map_cache(struct cx *c, uint32_t iid, const char *prefix, uint8_t action)
{
	c->map_cache[c->cfg.n_map_cache++] =
	    (struct xtr_cfg_mapping){.eid = fx_eid(iid, prefix), .action = action};
}

/* Port `port` is a proxy-ITR's, in the site's instance, which serves 10.2.0.0/16 but for
 * 10.2.9.0/24. */
static inline void cx_proxy_itr(struct cx *c, unsigned port)
{
	c->f->dp->ports[port].proxy = 1;
	c->f->dp->ports[port].inst = c->f->dp->ports[0].inst;
	c->ports[port].proxy_itr = true;
	cx_map_cache(c, FX_IID, "10.2.0.0/16", XTR_ACT_SEND_MAP_REQUEST);
	cx_map_cache(c, FX_IID, "10.2.9.0/24", XTR_ACT_DROP);
}

/* IPv6 beside IPv4: 2001:db8:1::/48 of instance-ID 5 at the site, 2001:db8:c::/64 in the core.
 * Between cx_new() and cx_start(); the arrays stay the caller's. */
static inline void cx_both_families(
    struct cx *c, struct xtr_eid (*addresses)[2], struct xtr_cfg_mapping *database)
{
	addresses[0][1] = fx_eid(FX_IID, "2001:db8:1::/64");
	addresses[0][1].ip = fx_ip("2001:db8:1::1");
	addresses[1][1] = fx_eid(0, "2001:db8:c::/64");
	addresses[1][1].ip = fx_ip("2001:db8:c::1");
	for (unsigned i = 0; i < FX_PORTS; i++) {
		addresses[i][0] = c->addresses[i];
		c->ports[i].addresses = addresses[i];
		c->ports[i].n_addresses = 2;
	}
	database[0] = c->database;
	database[1].eid = fx_eid(FX_IID, "2001:db8:1::/48");
	c->cfg.database = database;
	c->cfg.n_database = 2;
}

/* As create_tables() of ctl.c does it, with what stands in for Linux. */
static inline void cx_start(struct cx *c)
{
	struct xtr_ctl *ctl = &c->ctl;
	struct xtr_rib_ops rib_ops = {cx_ask, cx_changed, c};
	struct xtr_rlocs_ops rloc_ops = {cx_source, xtr_alive_way_changed, xtr_alive_describe, ctl};
	struct xtr_probe_ops probe_ops = xtr_alive_probe_ops;
	struct xtr_itr_ops itr_ops = xtr_forwarding_ops;
	uint32_t iid = FX_IID;

	ctl->cfg = &c->cfg;
	ctl->dp = c->f->dp;
	ctl->icmp_fd = ctl->icmp6_fd = -1;
	TAILQ_INIT(&ctl->changed);
	TAILQ_INIT(&ctl->clears);
	xtr_wheel_init(&ctl->wheel, true);
	xtr_clock_advance(&ctl->wheel, 1000);
	ctl->lisp = (struct xtr_lisp){.cfg = &c->cfg,
	    .wheel = &ctl->wheel,
	    .send = cx_sent,
	    .source_for = cx_source_for,
	    .random64 = cx_random,
	    .wall_clock = cx_wall_clock,
	    .arg = c};
	ctl->fib = xtr_fib_create(ctl->dp);
	assert_non_null(ctl->fib);
	assert_int_equal(xtr_holder_init(&ctl->holder, ctl->dp, c->cfg.lisp.hold_per_eid,
			     c->cfg.lisp.hold_per_instance, c->cfg.lisp.hold_total, cx_drain, ctl),
	    0);
	ctl->rib = xtr_rib_create(ctl->dp, ctl->fib, &ctl->holder, &ctl->wheel, &rib_ops);
	assert_non_null(ctl->rib);
	ctl->rlocs = xtr_rlocs_create(ctl->dp, ctl->rib, &ctl->holder, &ctl->wheel, &rloc_ops);
	assert_non_null(ctl->rlocs);
	probe_ops.arg = itr_ops.arg = ctl;
	ctl->probes = xtr_probes_create(&ctl->lisp, &probe_ops);
	assert_non_null(ctl->probes);
	assert_int_equal(xtr_ctl_install_sources(ctl), 0);
	assert_int_equal(xtr_ctl_install_proxy_etr(ctl), 0);
	if (c->cfg.n_use_petr) {
		ctl->petrs = xtr_petrs_create(ctl);
		assert_non_null(ctl->petrs);
	}
	ctl->itr = xtr_itr_create(&ctl->lisp, &itr_ops, &iid, 1);
	assert_non_null(ctl->itr);
	/* packets and routes by the helpers of dp_fixture.h */
	c->f->fib = ctl->fib;
	c->f->rib = ctl->rib;
	fx_route(c->f, "10.1.0.0/24", XTR_RIB_UNICAST, 0, NULL, 0, false);
	fx_route(c->f, "10.1.0.1", XTR_RIB_LOCAL, -1, NULL, 0, false);
	fx_route(c->f, "192.0.2.0/24", XTR_RIB_UNICAST, 1, NULL, 0, false);
	fx_route(c->f, "192.0.2.1", XTR_RIB_LOCAL, -1, NULL, 0, false);
}

/* In the order of xtr_ctl_destroy(). Nothing may be left in pools and timers. */
static inline void cx_free(struct cx *c)
{
	struct xtr_ctl *ctl = &c->ctl;

	fx_offline(c->f);
	xtr_petrs_destroy(ctl->petrs);
	xtr_itr_destroy(ctl->itr);
	xtr_probes_destroy(ctl->probes);
	assert_true(TAILQ_EMPTY(&ctl->changed));
	xtr_rlocs_destroy(ctl->rlocs);
	assert_int_equal(ctl->dp->tunnel.used, 0);
	xtr_rib_destroy(ctl->rib);
	assert_int_equal(ctl->dp->adj.used, 0);
	xtr_holder_fini(&ctl->holder);
	xtr_fib_destroy(ctl->fib);
	assert_int_equal(ctl->wheel.n_armed, 0);
	fx_close(c->f);
	free(c);
}

/* --- mappings, and where packets to them went --- */

/* A locator as text: "rloc priority weight", and "down" where its R bit is clear. */
static inline struct xtr_mapping *cx_map(
    struct cx *c, const char *prefix, const char *const *locators, unsigned n)
{
	struct xtr_eid eid = fx_eid(FX_IID, prefix);
	struct xtr_mapping_locator l[UINT8_MAX];
	struct xtr_mapping *m;

	assert_true(n <= UINT8_MAX);
	for (unsigned i = 0; i < n; i++) {
		unsigned priority, weight;
		char rloc[64], word[8] = "";

		assert_true(
		    sscanf(locators[i], "%63s %u %u %7s", rloc, &priority, &weight, word) >= 3);
		l[i] = (struct xtr_mapping_locator){
		    fx_ip(rloc), (uint8_t)priority, (uint8_t)weight, !word[0]};
	}
	m = itr_mapping_set(c->ctl.itr, &eid, XTR_FROM_MAP_REPLY, XTR_ACT_NO_ACTION, l, n, 1440, 0);
	assert_non_null(m);
	return m;
}

static inline struct xtr_mapping *cx_negative(struct cx *c, const char *prefix, uint8_t action)
{
	struct xtr_eid eid = fx_eid(FX_IID, prefix);
	struct xtr_mapping *m =
	    itr_mapping_set(c->ctl.itr, &eid, XTR_FROM_MAP_REPLY, action, NULL, 0, 15, 15 * 60000);

	assert_non_null(m);
	return m;
}

/* Sends n packets of as many flows to an address, numbered from `first`. */
static inline void cx_send(
    struct cx *c, unsigned port, const char *src, const char *dst, uint32_t first, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct rte_mbuf *m = fx_packet(c->f, port, src, dst, first + i);
		struct rte_udp_hdr *udp = rte_pktmbuf_mtod_offset(m, struct rte_udp_hdr *, 34);

		udp->src_port = rte_cpu_to_be_16((uint16_t)(first + i));
		assert_int_equal(rte_ring_enqueue(c->f->rx[port], m), 0);
	}
}

/* The next packets that left for the core are numbered from `first`, inside LISP packets to rloc,
 * or (NULL) natively; none follows. */
static inline void cx_expect(struct cx *c, uint32_t first, unsigned n, const char *rloc)
{
	struct xtr_ip to = fx_ip(rloc ? rloc : "0.0.0.0");

	for (unsigned i = 0; i < n; i++) {
		struct rte_mbuf *m = fx_receive(c->f, 1);
		const struct rte_ipv4_hdr *ip;

		if (!m)
			fail_msg("packet %u is missing", first + i);
		ip = rte_pktmbuf_mtod_offset(m, const struct rte_ipv4_hdr *, 14);
		assert_int_equal(fx_seq(m), first + i);
		assert_int_equal(m->pkt_len, rloc ? 14 + 36 + 32 : 14 + 32);
		if (rloc)
			assert_memory_equal(&ip->dst_addr, to.b, 4);
		rte_pktmbuf_free(m);
	}
	assert_int_equal(rte_ring_count(c->f->tx[1]), 0);
}

static inline uint64_t cx_drops(struct cx *c)
{
	uint64_t sum = 0;

	for (unsigned d = 0; d < XTR_DROP_N; d++)
		sum += xtr_dp_drops(c->ctl.dp, (enum xtr_drop)d);
	return sum;
}

/* How many of n flows go to each of two RLOCs. */
static inline void cx_shares(
    struct cx *c, const char *dst, unsigned n, const char *const rlocs[2], unsigned count[2])
{
	struct xtr_ip to[2] = {fx_ip(rlocs[0]), fx_ip(rlocs[1])};
	struct rte_mbuf *m;

	count[0] = count[1] = 0;
	for (unsigned i = 0; i < n; i += 32) {
		cx_send(c, 0, "10.1.0.9", dst, i, 32);
		cx_turns(c, 4);
		while ((m = fx_receive(c->f, 1)) != NULL) {
			for (unsigned r = 0; r < 2; r++)
				count[r] += !memcmp(
				    rte_pktmbuf_mtod_offset(m, const char *, 30), to[r].b, 4);
			rte_pktmbuf_free(m);
		}
	}
}

#endif
