/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Suite datapath: cycles a packet of the worker's stages, from classify to tx, on one lcore. Frames
 * of 64 bytes in bursts of 64; the source is not in the price, net_null takes what leaves.
 */
#include <stdio.h>
#include <string.h>
#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_udp.h>

#include "app/xtrbench/bench.h"
#include "datapath/dp.h"
#include "wire/addr.h"
#include "wire/data.h"

#define BURSTS_A_WINDOW 1600 /* some 100,000 packets */
#define FRAME           64u
enum { CORE, SITE };

struct lab {
	struct xtr_dp *dp;
	struct xtr_worker *w;
};

/* A next hop or tunnel that is ready, on a port. */
static uint32_t add_adj(struct xtr_dp *dp, uint8_t port)
{
	uint32_t i = xtr_pool_get(&dp->adj);
	struct xtr_adj *adj = xtr_pool_at(&dp->adj, i);

	*adj = (struct xtr_adj){.state = XTR_HOP_READY, .port = port, .mtu = 1500};
	adj->eth[12] = 8;
	return i;
}

static uint32_t add_tunnel(struct xtr_dp *dp, uint8_t port)
{
	uint32_t i = xtr_pool_get(&dp->tunnel);
	struct xtr_tunnel *t = xtr_pool_at(&dp->tunnel, i);

	*t = (struct xtr_tunnel){
	    .state = XTR_HOP_READY, .port = port, .mtu = 1500, .len = 50, .ip_at = 14, .af = 4};
	t->tmpl[12] = 8;
	t->tmpl[14] = 0x45;
	t->tmpl[23] = IPPROTO_UDP;
	return i;
}

static int add(struct xtr_dp *dp, const struct xtr_lpm *lpm, const char *prefix, struct xtr_fwd fwd)
{
	struct xtr_eid eid;
	uint32_t i = xtr_pool_get(&dp->fwd);

	if (!i || xtr_eid_parse(prefix, &eid) < 0)
		return -1;
	fwd.plen = eid.plen;
	*(struct xtr_fwd *)xtr_pool_at(&dp->fwd, i) = fwd;
	return xtr_lpm_set((struct xtr_lpm *)(uintptr_t)lpm, &eid.ip, eid.plen, i);
}

/* Site 10.1.0.0/16 on one port, the core with 172.16.1.0/24 on the other, all 10.2.0.0/16 behind
 * one RLOC. */
static int make(struct lab *lab)
{
	struct xtr_dp_opts opts = {.n_workers = 1,
	    .mbufs = 8192,
	    .hold_mbufs = 1024,
	    .copy_dscp = true,
	    .punt_rate = 1000,
	    .punt_burst = 1000};
	struct xtr_dp *dp = xtr_dp_create(&opts);
	const struct xtr_instance *inst;
	const char *why;

	if (!dp || xtr_dp_instance(dp, 0) != 0)
		return -1;
	lab->dp = dp;
	lab->w = dp->workers[0];
	for (unsigned i = 0; i < 2; i++) {
		if (xtr_dp_port_open(dp, i, (uint16_t)i, 1500, &why) < 0 ||
		    xtr_dp_port_start(dp, i) < 0)
			return -1;
		dp->ports[i].site = i == SITE;
		dp->ports[i].up = 1;
	}
	inst = &dp->instances[0];
	rte_rcu_qsbr_thread_register(dp->rcu.qsv, 0);
	rte_rcu_qsbr_thread_online(dp->rcu.qsv, 0);
	if (add(dp, inst->database, "10.1.0.0/16", (struct xtr_fwd){.action = XTR_FWD_ROUTES}) <
		0 ||
	    add(dp, inst->routes, "10.1.0.0/16",
		(struct xtr_fwd){.action = XTR_FWD_FORWARD, .target = add_adj(dp, SITE)}) < 0 ||
	    add(dp, inst->routes, "172.16.2.0/24",
		(struct xtr_fwd){.action = XTR_FWD_FORWARD, .target = add_adj(dp, CORE)}) < 0 ||
	    add(dp, inst->routes, "172.16.1.2/32", (struct xtr_fwd){.action = XTR_FWD_LOCAL}) < 0 ||
	    add(dp, inst->lisp, "10.2.0.0/16",
		(struct xtr_fwd){.action = XTR_FWD_ENCAP, .target = add_tunnel(dp, CORE)}) < 0)
		return -1;
	return 0;
}

static uint32_t ip4(uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
	return rte_cpu_to_be_32((uint32_t)a << 24 | (uint32_t)b << 16 | (uint32_t)c << 8 | d);
}

static void put_ip(struct rte_ipv4_hdr *ip, uint16_t len, uint8_t proto, uint32_t src, uint32_t dst)
{
	*ip = (struct rte_ipv4_hdr){.version_ihl = 0x45,
	    .total_length = rte_cpu_to_be_16(len),
	    .time_to_live = 64,
	    .next_proto_id = proto,
	    .src_addr = src,
	    .dst_addr = dst};
	ip->hdr_checksum = rte_ipv4_cksum(ip);
}

/* Writes frame number n of a case's flows; returns its length. */
static uint16_t frame_native(const struct xtr_dp *dp, uint8_t *p, unsigned n)
{
	memcpy(p, dp->ports[CORE].mac, 6);
	p[12] = 8;
	put_ip((struct rte_ipv4_hdr *)(p + 14), FRAME - 14 - 4, IPPROTO_UDP, ip4(172, 16, 1, 3),
	    ip4(172, 16, 2, (uint8_t)n));
	return FRAME - 4;
}

static uint16_t frame_encap(const struct xtr_dp *dp, uint8_t *p, unsigned n)
{
	memcpy(p, dp->ports[SITE].mac, 6);
	p[12] = 8;
	put_ip((struct rte_ipv4_hdr *)(p + 14), FRAME - 14 - 4, IPPROTO_UDP, ip4(10, 1, 1, 4),
	    ip4(10, 2, (uint8_t)(n >> 8), (uint8_t)n));
	return FRAME - 4;
}

static uint16_t frame_decap(const struct xtr_dp *dp, uint8_t *p, unsigned n)
{
	uint16_t inner = FRAME - 14 - 4;
	struct rte_udp_hdr *udp = (struct rte_udp_hdr *)(p + 34);

	memcpy(p, dp->ports[CORE].mac, 6);
	p[12] = 8;
	put_ip((struct rte_ipv4_hdr *)(p + 14), inner + 36, IPPROTO_UDP, ip4(172, 16, 1, 3),
	    ip4(172, 16, 1, 2));
	udp->src_port = rte_cpu_to_be_16((uint16_t)(49152 + n % 16384));
	udp->dst_port = rte_cpu_to_be_16(XTR_PORT_DATA);
	udp->dgram_len = rte_cpu_to_be_16(inner + 16);
	put_ip((struct rte_ipv4_hdr *)(p + 50), inner, IPPROTO_UDP, ip4(10, 2, 2, 5),
	    ip4(10, 1, (uint8_t)(n >> 8), (uint8_t)n));
	return (uint16_t)(inner + 50);
}

static int measure(struct bench *b, struct lab *lab, const char *name, unsigned port,
    unsigned flows, uint16_t (*frame)(const struct xtr_dp *dp, uint8_t *p, unsigned n),
    enum xtr_counter done)
{
	double samples[BENCH_WINDOWS];
	uint64_t before = lab->w->counters[done], packets = 0;
	unsigned flow = 0;

	if (!bench_wants(b, name))
		return 0;
	for (unsigned i = 0; i < b->windows; i++) {
		uint64_t cycles = 0;

		for (unsigned k = 0; k < BURSTS_A_WINDOW; k++) {
			struct rte_mbuf *m[XTR_BURST];
			uint64_t start;

			if (rte_pktmbuf_alloc_bulk(lab->dp->rx_pool, m, XTR_BURST) < 0)
				return -1;
			for (unsigned j = 0; j < XTR_BURST;
			     j++, flow = flow + 1 < flows ? flow + 1 : 0) {
				memset(rte_pktmbuf_mtod(m[j], void *), 0, 128);
				m[j]->data_len =
				    frame(lab->dp, rte_pktmbuf_mtod(m[j], uint8_t *), flow);
				m[j]->pkt_len = m[j]->data_len;
			}
			start = rte_rdtsc();
			xtr_stage_classify(lab->w, port, m, XTR_BURST);
			xtr_stage_tx_flush(lab->w);
			rte_rcu_qsbr_quiescent(lab->dp->rcu.qsv, 0);
			cycles += rte_rdtsc() - start;
		}
		packets += (uint64_t)BURSTS_A_WINDOW * XTR_BURST;
		samples[i] = (double)cycles / (BURSTS_A_WINDOW * XTR_BURST);
	}
	/* a figure for packets that were dropped would be worth nothing */
	if (lab->w->counters[done] - before != packets) {
		fprintf(stderr, "xtrbench: %s: %lu of %lu packets done\n", name,
		    (unsigned long)(lab->w->counters[done] - before), (unsigned long)packets);
		return -1;
	}
	bench_report(b, "datapath", name, "cycles_per_packet", "cycles", samples, b->windows);
	return 0;
}

int bench_datapath(struct bench *b)
{
	struct lab lab;

	if (make(&lab) < 0) {
		fprintf(
		    stderr, "xtrbench: datapath: ports or tables: %s\n", rte_strerror(rte_errno));
		return -1;
	}
	if (measure(b, &lab, "native4/flows=1", CORE, 1, frame_native, XTR_CTR_NATIVE) < 0 ||
	    measure(b, &lab, "encap4in4/flows=1", SITE, 1, frame_encap, XTR_CTR_ENCAP) < 0 ||
	    measure(b, &lab, "encap4in4/flows=1000", SITE, 1000, frame_encap, XTR_CTR_ENCAP) < 0 ||
	    measure(b, &lab, "decap4in4/flows=1", CORE, 1, frame_decap, XTR_CTR_DECAP) < 0 ||
	    measure(b, &lab, "decap4in4/flows=1000", CORE, 1000, frame_decap, XTR_CTR_DECAP) < 0)
		return -1;
	rte_rcu_qsbr_thread_offline(lab.dp->rcu.qsv, 0);
	for (unsigned i = 0; i < 2; i++)
		xtr_dp_port_close(lab.dp, i);
	xtr_dp_destroy(lab.dp);
	return 0;
}
