/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/xtrbench/datapath_lab.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <rte_errno.h>
#include <rte_eth_ring.h>
#include <rte_ip.h>
#include <rte_udp.h>

#include "app/xtrbench/mapcache_sets.h"
#include "wire/addr.h"
#include "wire/data.h"

#define FAR (1u << 20) /* addresses to draw from */

static uint32_t ip4(uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
	return rte_cpu_to_be_32((uint32_t)a << 24 | (uint32_t)b << 16 | (uint32_t)c << 8 | d);
}

/* A next hop that is ready, on a port. */
static uint32_t add_adj(struct xtr_dp *dp, uint8_t port)
{
	uint32_t i = xtr_pool_get(&dp->adj);
	struct xtr_adj *adj = xtr_pool_at(&dp->adj, i);

	*adj = (struct xtr_adj){.state = XTR_HOP_READY, .port = port, .mtu = 1500};
	adj->eth[12] = 8;
	return i;
}

/* A tunnel that is ready, to RLOC number n. */
static uint32_t add_tunnel(struct xtr_dp *dp, uint32_t n)
{
	uint32_t i = xtr_pool_get(&dp->tunnel), rloc = rte_cpu_to_be_32(0xac200000 + n);
	uint32_t source = ip4(172, 16, 1, 2);
	struct xtr_tunnel *t = xtr_pool_at(&dp->tunnel, i);
	uint8_t *ip = t->tmpl + 14;

	if (!i)
		return 0;
	*t = (struct xtr_tunnel){.state = XTR_HOP_READY,
	    .port = BENCH_CORE,
	    .mtu = 1500,
	    .len = 50,
	    .ip_at = 14,
	    .af = 4};
	t->tmpl[12] = 8;
	ip[0] = 0x45;
	ip[6] = 0x40;
	ip[9] = IPPROTO_UDP;
	memcpy(ip + 12, &source, 4);
	memcpy(ip + 16, &rloc, 4);
	ip[22] = XTR_PORT_DATA >> 8;
	ip[23] = XTR_PORT_DATA & 0xff;
	for (unsigned k = 0; k < 20; k += 2)
		t->csum += (uint32_t)ip[k] << 8 | ip[k + 1];
	return i;
}

static int add(struct xtr_dp *dp, const struct xtr_lpm *lpm, const struct xtr_ip *ip, unsigned plen,
    struct xtr_fwd fwd)
{
	uint32_t i = xtr_pool_get(&dp->fwd);

	if (!i)
		return -1;
	fwd.plen = (uint8_t)plen;
	*(struct xtr_fwd *)xtr_pool_at(&dp->fwd, i) = fwd;
	return xtr_lpm_set((struct xtr_lpm *)(uintptr_t)lpm, ip, plen, i);
}

static int add_text(
    struct xtr_dp *dp, const struct xtr_lpm *lpm, const char *prefix, struct xtr_fwd fwd)
{
	struct xtr_eid eid;

	return xtr_eid_parse(prefix, &eid) < 0 ? -1 : add(dp, lpm, &eid.ip, eid.plen, fwd);
}

static int open_port(struct bench_dp *d, unsigned port)
{
	const char *name = port == BENCH_SITE ? "sent-site" : "sent-core", *why = "no port";
	int ethdev;

	d->sent[port] = rte_ring_create(name, 256, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
	ethdev = d->sent[port] ? rte_eth_from_ring(d->sent[port]) : -1;
	if (ethdev < 0 || xtr_dp_port_open(d->dp, port, (uint16_t)ethdev, 1500, &why) < 0 ||
	    xtr_dp_port_start(d->dp, port) < 0) {
		fprintf(stderr, "xtrbench: port: %s\n", why);
		return -1;
	}
	d->dp->ports[port].site = port == BENCH_SITE;
	d->dp->ports[port].up = 1;
	return 0;
}

static int add_tables(struct xtr_dp *dp)
{
	const struct xtr_instance *inst = &dp->instances[0];
	struct xtr_fwd to_site = {.action = XTR_FWD_FORWARD, .target = add_adj(dp, BENCH_SITE)};
	struct xtr_fwd to_core = {.action = XTR_FWD_FORWARD, .target = add_adj(dp, BENCH_CORE)};
	struct xtr_fwd encap = {.action = XTR_FWD_ENCAP, .target = add_tunnel(dp, 0)};
	struct xtr_fwd own = {.action = XTR_FWD_ROUTES}, local = {.action = XTR_FWD_LOCAL};

	return add_text(dp, inst->database, "10.1.0.0/16", own) < 0 ||
		       add_text(dp, inst->lisp, "10.1.0.0/16", own) < 0 ||
		       add_text(dp, inst->routes, "10.1.0.0/16", to_site) < 0 ||
		       add_text(dp, inst->routes, "172.16.2.0/24", to_core) < 0 ||
		       add_text(dp, inst->routes, "172.16.1.2/32", local) < 0 ||
		       add_text(dp, inst->lisp, "10.2.0.0/16", encap) < 0
		   ? -1
		   : 0;
}

int bench_dp_open(struct bench_dp *d)
{
	struct xtr_dp_opts opts = {.n_workers = 1,
	    .mbufs = 4095,
	    .hold_mbufs = 1023,
	    .copy_dscp = true,
	    .punt_rate = 1000,
	    .punt_burst = 1000};

	memset(d, 0, sizeof(*d));
	d->dp = xtr_dp_create(&opts);
	if (!d->dp || xtr_dp_instance(d->dp, 0) != 0) {
		fprintf(stderr, "xtrbench: data plane: %s\n", rte_strerror(rte_errno));
		return -1;
	}
	d->w = d->dp->workers[0];
	for (unsigned i = 0; i < BENCH_PORTS; i++)
		if (open_port(d, i) < 0)
			return -1;
	rte_rcu_qsbr_thread_register(d->dp->rcu.qsv, 0);
	rte_rcu_qsbr_thread_online(d->dp->rcu.qsv, 0);
	if (add_tables(d->dp) < 0) {
		fprintf(stderr, "xtrbench: tables: out of memory\n");
		return -1;
	}
	return 0;
}

void bench_dp_close(struct bench_dp *d)
{
	rte_rcu_qsbr_thread_offline(d->dp->rcu.qsv, 0);
	for (unsigned i = 0; i < BENCH_PORTS; i++) {
		xtr_dp_port_close(d->dp, i);
		rte_ring_free(d->sent[i]);
	}
	xtr_dp_destroy(d->dp);
	free(d->far);
}

int bench_dp_many(struct bench_dp *d, unsigned rlocs)
{
	const struct bench_set *set = &bench_sets[BENCH_INTERNET];
	struct bench_prefix *p = bench_set_make(set);
	uint32_t *tunnels = calloc(rlocs, sizeof(*tunnels));
	int rc = -1;

	d->far = calloc(FAR, sizeof(*d->far));
	d->n_far = FAR;
	if (!p || !tunnels || !d->far)
		goto out;
	for (unsigned i = 0; i < rlocs; i++) {
		tunnels[i] = add_tunnel(d->dp, i);
		if (!tunnels[i])
			goto out;
	}
	for (unsigned i = 0; i < set->n; i++) {
		struct xtr_ip ip = bench_ip(&p[i], set->af);

		if (add(d->dp, d->dp->instances[0].lisp, &ip, p[i].plen,
			(struct xtr_fwd){.action = XTR_FWD_ENCAP,
			    .target = tunnels[bench_random() % rlocs]}) < 0)
			goto out;
		/* what the growing table gives up; there is no reader yet */
		rte_rcu_qsbr_quiescent(d->dp->rcu.qsv, 0);
		xtr_rcu_poll(&d->dp->rcu);
	}
	for (unsigned i = 0; i < FAR; i++) {
		uint8_t b[16];

		do /* where a packet may go */
			bench_address(&p[bench_random() % set->n], set->af, b);
		while (b[0] == 127 || b[0] == 10 || (b[0] == 172 && b[1] == 16));
		memcpy(&d->far[i], b, 4);
	}
	rc = 0;
out:
	if (rc < 0)
		fprintf(stderr, "xtrbench: a million mappings: out of memory\n");
	free(tunnels);
	free(p);
	return rc;
}

static void put_frame(
    const struct bench_dp *d, unsigned port, uint8_t *p, uint16_t len, uint32_t src, uint32_t dst)
{
	struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)(p + 14);

	memset(p, 0, 14);
	memcpy(p, d->dp->ports[port].mac, 6);
	p[12] = 8;
	*ip = (struct rte_ipv4_hdr){.version_ihl = 0x45,
	    .total_length = rte_cpu_to_be_16(len),
	    .time_to_live = 64,
	    .next_proto_id = IPPROTO_UDP,
	    .src_addr = src,
	    .dst_addr = dst};
	ip->hdr_checksum = rte_ipv4_cksum(ip);
}

uint16_t bench_frame_native(const struct bench_dp *d, uint8_t *p, unsigned n)
{
	put_frame(
	    d, BENCH_CORE, p, BENCH_FRAME - 14, ip4(172, 16, 1, 3), ip4(172, 16, 2, (uint8_t)n));
	memset(p + 34, 0, BENCH_FRAME - 34);
	return BENCH_FRAME;
}

uint16_t bench_frame_encap(const struct bench_dp *d, uint8_t *p, unsigned n)
{
	put_frame(d, BENCH_SITE, p, BENCH_FRAME - 14, ip4(10, 1, 1, 4),
	    ip4(10, 2, (uint8_t)(n >> 8), (uint8_t)n));
	memset(p + 34, 0, BENCH_FRAME - 34);
	return BENCH_FRAME;
}

uint16_t bench_frame_far(const struct bench_dp *d, uint8_t *p, unsigned n)
{
	put_frame(d, BENCH_SITE, p, BENCH_FRAME - 14, ip4(10, 1, 1, 4), d->far[n % d->n_far]);
	memset(p + 34, 0, BENCH_FRAME - 34);
	return BENCH_FRAME;
}

uint16_t bench_frame_decap(const struct bench_dp *d, uint8_t *p, unsigned n)
{
	const uint16_t inner = BENCH_FRAME - 14;
	struct rte_udp_hdr *udp = (struct rte_udp_hdr *)(p + 34);

	/* the inner one first: the outer one's Ethernet header takes the place of its own */
	put_frame(d, BENCH_CORE, p + 36, inner, ip4(10, 2, 2, 5),
	    ip4(10, 1, (uint8_t)(n >> 8), (uint8_t)n));
	memset(p + 70, 0, BENCH_FRAME - 34);
	put_frame(d, BENCH_CORE, p, inner + 36, ip4(172, 16, 1, 3), ip4(172, 16, 1, 2));
	udp->src_port = rte_cpu_to_be_16((uint16_t)(49152 + n % 16384));
	udp->dst_port = rte_cpu_to_be_16(XTR_PORT_DATA);
	udp->dgram_len = rte_cpu_to_be_16(inner + 16);
	udp->dgram_cksum = 0;
	memset(p + 42, 0, XTR_DATA_HDR_LEN);
	return (uint16_t)(inner + 50);
}
