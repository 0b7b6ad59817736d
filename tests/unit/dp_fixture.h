/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A data plane of one worker and two ports made of rings, unless the test says otherwise, with what
 * the control lcore has on top: fib, rib, RLOCs, held packets. The test plays the control loop, and
 * the worker too unless it starts a thread.
 *
 * Port 0 is the site's, in instance-ID 5, whose EIDs are 10.1.0.0/16; port 1 the core's, with
 * 192.0.2.1/24.
 */
#ifndef XTR_TEST_DP_FIXTURE_H
#define XTR_TEST_DP_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_ip.h>
#include <rte_udp.h>
#include "control/forwarding/alive.h"
#include "eal_fixture.h"
#include "wire/data.h"

#ifndef FX_PORTS
#define FX_PORTS 2
#endif
#define FX_IID     5
#define FX_RING    16384u
#define FX_PER_EID 4000u

static unsigned fx_workers = 1;

struct fx {
	struct xtr_dp *dp;
	struct xtr_worker *w;
	struct xtr_wheel wheel;
	struct xtr_fib *fib;
	struct xtr_holder holder;
	struct xtr_rib *rib;
	struct xtr_rlocs *rlocs;
	struct rte_ring *rx[FX_PORTS], *tx[FX_PORTS];
	int inst;
	bool online; /* the test is the worker */
	/* what the parts called back */
	bool dirty; /* routes or next hops changed */
	unsigned asked, asked_port;
	struct xtr_ip asked_ip;
	struct xtr_ip source[FX_PORTS]; /* the ports' RLOCs */
	/* one mapping */
	bool mapped;
	uint32_t gate;
	struct xtr_hold waiting;
	unsigned punts[XTR_PUNT_N];
};

static inline struct xtr_ip fx_ip(const char *text)
{
	struct xtr_ip ip;

	assert_int_equal(xtr_ip_parse(text, &ip), 0);
	return ip;
}

static inline struct xtr_eid fx_eid(uint32_t iid, const char *text)
{
	struct xtr_eid e;

	assert_int_equal(xtr_eid_parse(text, &e), 0);
	e.iid = iid;
	return e;
}

/* --- callbacks --- */

static inline void fx_ask(void *arg, unsigned port, const struct xtr_ip *ip)
{
	struct fx *f = arg;

	f->asked++;
	f->asked_port = port;
	f->asked_ip = *ip;
}

static inline void fx_changed(void *arg)
{
	((struct fx *)arg)->dirty = true;
}

static inline bool fx_source(void *arg, unsigned port, uint8_t af, struct xtr_ip *src)
{
	struct fx *f = arg;

	*src = f->source[port];
	return f->source[port].af == af;
}

static inline void fx_describe(void *arg, const struct xtr_rloc *rloc, json_t *object)
{
	static const struct xtr_config no_probes;
	struct xtr_ctl ctl = {.cfg = &no_probes};

	xtr_alive_describe(&ctl, rloc, object);
}

static inline void fx_miss(struct fx *f, struct rte_mbuf *m, const struct xtr_ip *dst)
{
	uint32_t gate = xtr_fib_gate(f->fib, xtr_pkt(m)->inst, dst);

	if (f->mapped || !xtr_gate_is_open(&f->holder, gate))
		xtr_gate_late(&f->holder, gate, m);
	else
		xtr_hold_add(&f->holder, &f->waiting, m, xtr_wheel_now(&f->wheel));
}

/* As the control lcore does it. */
static inline void fx_punt(struct fx *f, struct rte_mbuf *m)
{
	struct xtr_pkt *pkt = xtr_pkt(m);
	const struct rte_ipv4_hdr *ip =
	    rte_pktmbuf_mtod_offset(m, const struct rte_ipv4_hdr *, pkt->l2_len);
	struct xtr_ip dst = xtr_ip4(&ip->dst_addr);

	assert_in_range(pkt->reason, 0, XTR_PUNT_N - 1);
	f->punts[pkt->reason]++;
	if (pkt->reason == XTR_PUNT_MISS)
		fx_miss(f, m, &dst);
	else if (pkt->reason == XTR_PUNT_TUNNEL)
		xtr_rloc_hold(f->rlocs, pkt->id, m);
	else if (pkt->reason == XTR_PUNT_NEIGH && pkt->id)
		xtr_rib_hold_adj(f->rib, pkt->id, m);
	else if (pkt->reason == XTR_PUNT_NEIGH)
		xtr_rib_hold_host(f->rib, pkt->out, &dst, m);
	else
		rte_pktmbuf_free(m);
}

static inline void fx_drain(void *arg)
{
	struct fx *f = arg;
	struct rte_mbuf *m;

	while (rte_ring_sc_dequeue(f->dp->punt, (void **)&m) == 0)
		fx_punt(f, m);
}

/* One turn of the control loop. */
static inline void fx_turn(struct fx *f)
{
	struct rte_mbuf *m;

	for (unsigned i = 0; i < 256 && rte_ring_sc_dequeue(f->dp->punt, (void **)&m) == 0; i++)
		fx_punt(f, m);
	if (f->dirty) {
		f->dirty = false;
		xtr_rlocs_changed(f->rlocs);
	}
	xtr_rlocs_update(f->rlocs, 64);
	xtr_gate_poll(&f->holder);
	xtr_rcu_poll(&f->dp->rcu);
}

/* Turns of the worker and of the control lcore. */
static inline void fx_turns(struct fx *f, unsigned n)
{
	while (n--) {
		xtr_worker_turn(f->w);
		fx_turn(f);
	}
}

/* --- making and ending it --- */

/* The data plane alone, and its ports; instance 0 is the underlay, 1 the site's. */
static inline void fx_open(struct fx *f)
{
	static unsigned serial;
	struct xtr_dp_opts opts = {.n_workers = fx_workers,
	    .mbufs = 8192,
	    .hold_mbufs = 9216,
	    .punt_rate = 100000000,
	    .punt_burst = 1000000};
	const char *why = "";

	f->dp = xtr_dp_create(&opts);
	assert_non_null(f->dp);
	f->w = f->dp->workers[0];
	for (unsigned i = 0; i < FX_PORTS; i++) {
		char name[32];
		int ethdev;

		snprintf(name, sizeof(name), "rx%u", i);
		f->rx[i] = rte_ring_create(name, FX_RING, SOCKET_ID_ANY, 0);
		snprintf(name, sizeof(name), "tx%u", i);
		f->tx[i] = rte_ring_create(name, FX_RING, SOCKET_ID_ANY, 0);
		assert_non_null(f->rx[i]);
		assert_non_null(f->tx[i]);
		snprintf(name, sizeof(name), "fx%u", serial++);
		ethdev = rte_eth_from_rings(name, &f->rx[i], 1, &f->tx[i], 1, 0);
		assert_true(ethdev >= 0);
		if (xtr_dp_port_open(f->dp, i, (uint16_t)ethdev, 1500, &why) < 0)
			fail_msg("port %u: %s", i, why);
		/* of the test's own, so that it can tell them apart */
		memcpy(f->dp->ports[i].mac, (uint8_t[]){2, 0, 0, 0, 0, (uint8_t)i}, 6);
		assert_int_equal(xtr_dp_port_start(f->dp, i), 0);
		f->dp->ports[i].up = 1;
	}
	assert_int_equal(xtr_dp_instance(f->dp, 0), 0);
	f->inst = xtr_dp_instance(f->dp, FX_IID);
	assert_int_equal(f->inst, 1);
	f->dp->ports[0].site = 1;
	f->dp->ports[0].inst = (uint32_t)f->inst;
	f->source[1] = fx_ip("192.0.2.1");
	assert_int_equal(rte_rcu_qsbr_thread_register(f->dp->rcu.qsv, 0), 0);
	rte_rcu_qsbr_thread_online(f->dp->rcu.qsv, 0);
	f->online = true;
}

static inline struct fx *fx_new(unsigned per_queue, unsigned per_instance, unsigned total)
{
	struct fx *f = calloc(1, sizeof(*f));
	struct xtr_rib_ops rib_ops = {fx_ask, fx_changed, f};
	struct xtr_rlocs_ops rloc_ops = {.source = fx_source, .describe = fx_describe, .arg = f};

	fx_open(f);
	xtr_wheel_init(&f->wheel, true);
	xtr_clock_advance(&f->wheel, 1000);
	f->fib = xtr_fib_create(f->dp);
	assert_non_null(f->fib);
	assert_int_equal(
	    xtr_holder_init(&f->holder, f->dp, per_queue, per_instance, total, fx_drain, f), 0);
	f->rib = xtr_rib_create(f->dp, f->fib, &f->holder, &f->wheel, &rib_ops);
	assert_non_null(f->rib);
	f->rlocs = xtr_rlocs_create(f->dp, f->rib, &f->holder, &f->wheel, &rloc_ops);
	assert_non_null(f->rlocs);
	return f;
}

/* For the time that a thread of its own is the worker. */
static inline void fx_offline(struct fx *f)
{
	if (!f->online)
		return;
	rte_rcu_qsbr_thread_offline(f->dp->rcu.qsv, 0);
	rte_rcu_qsbr_thread_unregister(f->dp->rcu.qsv, 0);
	f->online = false;
}

static inline void fx_empty(struct rte_ring *r)
{
	struct rte_mbuf *m;

	while (r && rte_ring_dequeue(r, (void **)&m) == 0)
		rte_pktmbuf_free(m);
}

/* Ends the data plane and checks that every packet is back in its pool. */
static inline void fx_close(struct fx *f)
{
	unsigned in_use[2];

	fx_empty(f->dp->punt);
	fx_empty(f->w->inject);
	for (unsigned i = 0; i < f->w->n_gate; i++)
		rte_pktmbuf_free(f->w->gate[i]);
	f->w->n_gate = 0;
	for (unsigned i = 0; i < FX_PORTS; i++) {
		fx_empty(f->rx[i]);
		fx_empty(f->tx[i]);
		xtr_dp_port_close(f->dp, i);
		rte_ring_free(f->rx[i]);
		rte_ring_free(f->tx[i]);
	}
	in_use[0] = rte_mempool_in_use_count(f->dp->rx_pool);
	in_use[1] = rte_mempool_in_use_count(f->dp->hold_pool);
	xtr_dp_destroy(f->dp);
	free(f);
	assert_int_equal(in_use[0], 0);
	assert_int_equal(in_use[1], 0);
}

static inline void fx_free(struct fx *f)
{
	fx_offline(f);
	xtr_hold_drop(&f->holder, &f->waiting, XTR_DROP_HOLD_TIMEOUT, XTR_HOLD_ALL);
	xtr_rlocs_destroy(f->rlocs);
	xtr_rib_destroy(f->rib);
	xtr_holder_fini(&f->holder);
	xtr_fib_destroy(f->fib);
	fx_close(f);
}

/* --- packets --- */

struct fx_payload {
	uint32_t seq;
};

static inline struct rte_mbuf *fx_packet(
    struct fx *f, unsigned port, const char *src, const char *dst, uint32_t seq)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(f->dp->rx_pool);
	struct xtr_ip s = fx_ip(src), d = fx_ip(dst);
	struct rte_ether_hdr *eth;
	struct rte_ipv4_hdr *ip;
	struct rte_udp_hdr *udp;

	assert_non_null(m);
	eth = (struct rte_ether_hdr *)rte_pktmbuf_append(
	    m, sizeof(*eth) + sizeof(*ip) + sizeof(*udp) + 4);
	ip = (struct rte_ipv4_hdr *)(eth + 1);
	udp = (struct rte_udp_hdr *)(ip + 1);
	memset(eth, 0, sizeof(*eth) + sizeof(*ip) + sizeof(*udp));
	memcpy(&eth->dst_addr, f->dp->ports[port].mac, 6);
	memcpy(&eth->src_addr, (uint8_t[]){2, 9, 9, 9, 9, 9}, 6);
	eth->ether_type = rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4);
	ip->version_ihl = 0x45;
	ip->total_length = rte_cpu_to_be_16(sizeof(*ip) + sizeof(*udp) + 4);
	ip->time_to_live = 64;
	ip->next_proto_id = IPPROTO_UDP;
	memcpy(&ip->src_addr, s.b, 4);
	memcpy(&ip->dst_addr, d.b, 4);
	ip->hdr_checksum = rte_ipv4_cksum(ip);
	udp->src_port = rte_cpu_to_be_16(1000);
	udp->dst_port = rte_cpu_to_be_16(2000);
	udp->dgram_len = rte_cpu_to_be_16(sizeof(*udp) + 4);
	memcpy(udp + 1, &seq, 4);
	return m;
}

static inline void fx_send(
    struct fx *f, unsigned port, const char *src, const char *dst, uint32_t seq)
{
	assert_int_equal(rte_ring_enqueue(f->rx[port], fx_packet(f, port, src, dst, seq)), 0);
}

/* From the site's host to the one EID of these tests. */
static inline void fx_send_eid(struct fx *f, uint32_t first, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		fx_send(f, 0, "10.1.0.9", "10.2.0.7", first + i);
}

static inline struct rte_mbuf *fx_receive(struct fx *f, unsigned port)
{
	struct rte_mbuf *m = NULL;

	return rte_ring_dequeue(f->tx[port], (void **)&m) == 0 ? m : NULL;
}

/* The number in the packet's last four bytes. */
static inline uint32_t fx_seq(const struct rte_mbuf *m)
{
	uint32_t seq;

	memcpy(&seq, rte_pktmbuf_mtod_offset(m, const char *, m->data_len - 4), 4);
	return seq;
}

/* The next packets that left the port are those of these numbers, in order, and no more follow. */
static inline void fx_expect(struct fx *f, unsigned port, uint32_t first, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct rte_mbuf *m = fx_receive(f, port);

		if (!m)
			fail_msg("packet %u is missing", first + i);
		assert_int_equal(fx_seq(m), first + i);
		rte_pktmbuf_free(m);
	}
	assert_int_equal(rte_ring_count(f->tx[port]), 0);
}

/* --- tables --- */

static inline uint32_t fx_entry(struct fx *f, struct xtr_fwd fwd)
{
	uint32_t index = xtr_fib_entry(f->fib, &fwd);

	assert_int_not_equal(index, 0);
	return index;
}

static inline void fx_route(struct fx *f, const char *prefix, enum xtr_rib_type type, int port,
    const char *via, uint32_t metric, bool gone)
{
	struct xtr_rib_route r = {
	    .prefix = fx_eid(0, prefix), .type = type, .table = 254, .metric = metric};

	if (type == XTR_RIB_UNICAST) {
		r.n_hops = 1;
		r.hops[0] = (struct xtr_rib_hop){.port = port, .weight = 1};
		if (via)
			r.hops[0].via = fx_ip(via);
	}
	assert_int_equal(xtr_rib_route(f->rib, &r, gone), 0);
}

static inline void fx_neigh(struct fx *f, unsigned port, const char *ip, uint8_t mac)
{
	struct xtr_ip addr = fx_ip(ip);

	xtr_rib_neigh(f->rib, port, &addr, (uint8_t[]){2, 0xaa, 0, 0, 0, mac}, false);
}

static inline void fx_neigh_gone(struct fx *f, unsigned port, const char *ip, bool failed)
{
	struct xtr_ip addr = fx_ip(ip);

	xtr_rib_neigh(f->rib, port, &addr, NULL, failed);
}

/* The usual tables: addresses, the EIDs, everything else to be asked for. */
static inline void fx_tables(struct fx *f)
{
	struct xtr_eid own = fx_eid(FX_IID, "10.1.0.0/16"), all = fx_eid(FX_IID, "0.0.0.0/0");

	fx_route(f, "10.1.0.0/24", XTR_RIB_UNICAST, 0, NULL, 0, false);
	fx_route(f, "10.1.0.1", XTR_RIB_LOCAL, -1, NULL, 0, false);
	fx_route(f, "192.0.2.0/24", XTR_RIB_UNICAST, 1, NULL, 0, false);
	fx_route(f, "192.0.2.1", XTR_RIB_LOCAL, -1, NULL, 0, false);
	assert_int_equal(xtr_fib_set_database(f->fib, &own,
			     fx_entry(f, (struct xtr_fwd){.action = XTR_FWD_ROUTES,
					     .word1 = xtr_data_word1(XTR_DATA_I, FX_IID, 0)})),
	    0);
	assert_int_equal(
	    xtr_fib_set_lisp(f->fib, &all, fx_entry(f, (struct xtr_fwd){.action = XTR_FWD_MISS})),
	    0);
}

/* The EID's mapping comes: to this tunnel. */
static inline void fx_resolve(struct fx *f, uint32_t tunnel)
{
	struct xtr_eid eid = fx_eid(FX_IID, "10.2.0.0/16");

	f->gate = xtr_gate_number(&f->holder);
	assert_int_equal(
	    xtr_fib_set_lisp(f->fib, &eid,
		fx_entry(f,
		    (struct xtr_fwd){.action = XTR_FWD_ENCAP, .target = tunnel, .gate = f->gate})),
	    0);
	f->mapped = true;
	xtr_gate_release(&f->holder, &f->waiting);
}

static inline void fx_clear(struct fx *f)
{
	struct xtr_eid eid = fx_eid(FX_IID, "10.2.0.0/16");

	assert_int_equal(xtr_fib_set_lisp(f->fib, &eid, 0), 0);
	f->mapped = false;
}

#endif
