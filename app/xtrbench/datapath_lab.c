/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/xtrbench/datapath_lab.h"

#include <stdlib.h>
#include <string.h>
#include <rte_errno.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>

#include "control/forwarding/template.h"
#include "wire/addr.h"

/* Those that the driver net_pcap gives to its first devices: so a daemon on such has the same. */
const uint8_t bench_mac[BENCH_PORTS][6] = {
    [BENCH_CORE] = {2, 'p', 'c', 'a', 'p', 0},
    [BENCH_SITE] = {2, 'p', 'c', 'a', 'p', 1},
    [BENCH_SITE2] = {2, 'p', 'c', 'a', 'p', 2},
};
const uint8_t bench_neighbour_mac[BENCH_PORTS][6] = {
    [BENCH_CORE] = {2, 0, 0, 0, 1, 3},
    [BENCH_SITE] = {2, 0, 0, 0, 2, 4},
    [BENCH_SITE2] = {2, 0, 0, 0, 3, 4},
};

#define RING_SIZE 1024u
#define MBUFS     4095u /* a worker */

static struct xtr_ip address(const char *text)
{
	struct xtr_ip ip;

	if (xtr_ip_parse(text, &ip) < 0)
		abort();
	return ip;
}

/* --- tables --- */

/* A next hop that is ready, on a port. */
static uint32_t add_adj(struct xtr_dp *dp, uint8_t port)
{
	uint32_t i = xtr_pool_get(&dp->adj);
	struct xtr_adj *adj = xtr_pool_at(&dp->adj, i);

	*adj = (struct xtr_adj){.state = XTR_HOP_READY, .port = port, .mtu = BENCH_MTU};
	memcpy(adj->eth, bench_neighbour_mac[port], 6);
	memcpy(adj->eth + 6, bench_mac[port], 6);
	adj->eth[12] = 8;
	return i;
}

uint32_t bench_dp_tunnel(struct bench_dp *d, uint32_t n)
{
	const struct xtr_ip src = address(d->c->outer == 4 ? "172.16.1.2" : "2001:db8:f1::2");
	struct xtr_ip dst = address(d->c->outer == 4 ? "172.32.0.0" : "2001:db8:f3::");
	uint32_t i = xtr_pool_get(&d->dp->tunnel);
	struct xtr_tunnel *t = xtr_pool_at(&d->dp->tunnel, i);
	unsigned at = d->c->outer == 4 ? 1 : 13;

	if (!i)
		return 0;
	n++; /* x.0.0.0 is no host's */
	for (unsigned k = 0; k < 3; k++)
		dst.b[at + k] = (uint8_t)(dst.b[at + k] + (n >> (16 - 8 * k) & 0xff));
	*t = (struct xtr_tunnel){.state = XTR_HOP_READY, .port = BENCH_CORE, .mtu = BENCH_MTU};
	xtr_dp_name_tunnel(d->dp, i, dst.af, dst.b);
	xtr_template_write(t, bench_neighbour_mac[BENCH_CORE], bench_mac[BENCH_CORE], &src, &dst);
	return i;
}

static int add(const struct bench_dp *d, const struct xtr_lpm *lpm, const struct xtr_ip *ip,
    unsigned plen, struct xtr_fwd fwd)
{
	uint32_t i = xtr_pool_get(&d->dp->fwd);

	if (!i)
		return -1;
	fwd.plen = (uint8_t)plen;
	*(struct xtr_fwd *)xtr_pool_at(&d->dp->fwd, i) = fwd;
	return xtr_lpm_set((struct xtr_lpm *)(uintptr_t)lpm, ip, plen, i);
}

int bench_dp_mapping(struct bench_dp *d, const struct xtr_ip *ip, unsigned plen, uint32_t tunnel)
{
	return add(d, d->dp->instances[0].lisp, ip, plen,
	    (struct xtr_fwd){.action = XTR_FWD_ENCAP, .target = tunnel});
}

static int add_text(
    const struct bench_dp *d, const struct xtr_lpm *lpm, const char *prefix, struct xtr_fwd fwd)
{
	struct xtr_eid eid;

	return xtr_eid_parse(prefix, &eid) < 0 ? -1 : add(d, lpm, &eid.ip, eid.plen, fwd);
}

/* What Linux routes is in the LISP view too. */
static int add_route(const struct bench_dp *d, const char *prefix, struct xtr_fwd fwd)
{
	const struct xtr_instance *inst = &d->dp->instances[0];

	return add_text(d, inst->routes, prefix, fwd) < 0 ||
		       add_text(d, inst->lisp, prefix, fwd) < 0
		   ? -1
		   : 0;
}

static int add_tables(struct bench_dp *d)
{
	const struct xtr_instance *inst = &d->dp->instances[0];
	struct xtr_fwd to_site = {.action = XTR_FWD_FORWARD, .target = add_adj(d->dp, BENCH_SITE)};
	struct xtr_fwd to_core = {.action = XTR_FWD_FORWARD, .target = add_adj(d->dp, BENCH_CORE)};
	struct xtr_fwd own = {.action = XTR_FWD_ROUTES}, local = {.action = XTR_FWD_LOCAL};
	struct xtr_fwd miss = {.action = XTR_FWD_MISS}, encap = {.action = XTR_FWD_ENCAP};
	static const char *const own_eids[] = {"10.1.0.0/16", "2001:db8:1::/48"};
	static const char *const far_eids[] = {"10.2.0.0/16", "2001:db8:2::/48"};
	static const char *const core[] = {"172.18.0.0/16", "2001:db8:f2::/48"};
	static const char *const rlocs[] = {"172.32.0.0/11", "2001:db8:f3::/48"};
	static const char *const here[] = {"172.16.1.2/32", "2001:db8:f1::2/128"};
	static const char *const all[] = {"0.0.0.0/0", "::/0"};

	if (d->c->outer)
		encap.target = bench_dp_tunnel(d, 0);
	for (unsigned i = 0; i < 2; i++)
		if (add_text(d, inst->database, own_eids[i], own) < 0 ||
		    add_text(d, inst->lisp, own_eids[i], own) < 0 ||
		    add_text(d, inst->routes, own_eids[i], to_site) < 0 ||
		    add_text(d, inst->lisp, all[i], miss) < 0 ||
		    add_route(d, core[i], to_core) < 0 || add_route(d, rlocs[i], to_core) < 0 ||
		    add_route(d, here[i], local) < 0 ||
		    (d->c->outer && add_text(d, inst->lisp, far_eids[i], encap) < 0))
			return -1;
	return 0;
}

/* --- ports --- */

/*
 * A NIC has a queue for each worker, which RSS fills. Rings have none of that, so
 * xtr_dp_port_open() would give such a port to one worker.
 */
static int open_queues(struct bench_dp *d, unsigned port, uint16_t ethdev)
{
	const struct rte_eth_conf conf = {.txmode.offloads = RTE_ETH_TX_OFFLOAD_MULTI_SEGS};
	struct xtr_dp_port *p = &d->dp->ports[port];
	uint16_t n = (uint16_t)d->c->workers;

	p->ethdev = ethdev;
	p->mtu = BENCH_MTU;
	p->n_rx = p->n_tx = n;
	p->parent = (uint8_t)port;
	p->offloads = XTR_OFFLOAD_CHAINS;
	if (rte_eth_dev_configure(ethdev, n, n, &conf) < 0)
		return -1;
	for (uint16_t q = 0; q < n; q++) {
		struct xtr_worker *w = d->dp->workers[q];

		if (rte_eth_rx_queue_setup(
			ethdev, q, RING_SIZE, SOCKET_ID_ANY, NULL, d->dp->rx_pool) < 0 ||
		    rte_eth_tx_queue_setup(ethdev, q, RING_SIZE, SOCKET_ID_ANY, NULL) < 0)
			return -1;
		w->queues[w->n_queues].port = (uint8_t)port;
		w->queues[w->n_queues++].queue = q;
		w->tx_queue[port] = q;
	}
	if (d->dp->n_ports <= port)
		d->dp->n_ports = port + 1;
	return 0;
}

static struct rte_ring *make_ring(const char *what, unsigned port, unsigned worker)
{
	char name[RTE_RING_NAMESIZE];

	snprintf(name, sizeof(name), "%s%u-%u", what, port, worker);
	return rte_ring_create(name, RING_SIZE, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
}

static int open_port(struct bench_dp *d, unsigned port)
{
	const char *why = "rings: out of memory";
	unsigned n = d->c->workers;
	char name[16];
	int ethdev;

	for (unsigned i = 0; i < n; i++) {
		d->rx[port][i] = make_ring("rx", port, i);
		d->tx[port][i] = make_ring("tx", port, i);
		if (!d->rx[port][i] || !d->tx[port][i])
			goto fail;
	}
	snprintf(name, sizeof(name), "bench%u", port);
	why = rte_strerror(ENODEV);
	ethdev = rte_eth_from_rings(name, d->rx[port], n, d->tx[port], n, 0);
	if (ethdev < 0)
		goto fail;
	if (n == 1 ? xtr_dp_port_open(d->dp, port, (uint16_t)ethdev, BENCH_MTU, &why) < 0
		   : open_queues(d, port, (uint16_t)ethdev) < 0)
		goto fail;
	if (xtr_dp_port_start(d->dp, port) < 0)
		goto fail;
	d->n_ports = port + 1;
	memcpy(d->dp->ports[port].mac, bench_mac[port], 6);
	d->dp->ports[port].site = port != BENCH_CORE;
	d->dp->ports[port].up = 1;
	return 0;
fail:
	fprintf(stderr, "xtrbench: port: %s\n", why);
	return -1;
}

int bench_dp_open(struct bench_dp *d, const struct bench_case *c)
{
	/* the rates are the daemon's own, if its configuration says nothing */
	struct xtr_dp_opts opts = {.n_workers = c->workers,
	    .mbufs = MBUFS * c->workers,
	    .hold_mbufs = 1023,
	    .copy_dscp = true,
	    .punt_rate = 20000,
	    .punt_burst = 4096,
	    .mtu = c->seg ? 0 : RTE_MAX(1600u, c->size + 100)};

	memset(d, 0, sizeof(*d));
	d->c = c;
	d->dp = xtr_dp_create(&opts);
	if (d->dp)
		d->dp->source_check = c->check;
	if (!d->dp || xtr_dp_instance(d->dp, 0) != 0) {
		fprintf(stderr, "xtrbench: data plane: %s\n", rte_strerror(rte_errno));
		return -1;
	}
	for (unsigned i = 0; i < BENCH_SITE + c->ports; i++)
		if (open_port(d, i) < 0)
			return -1;
	rte_rcu_qsbr_thread_register(d->dp->rcu.qsv, 0);
	rte_rcu_qsbr_thread_online(d->dp->rcu.qsv, 0);
	if (add_tables(d) < 0 || (!c->flows && bench_dp_many(d) < 0)) {
		fprintf(stderr, "xtrbench: tables: out of memory\n");
		return -1;
	}
	rte_rcu_qsbr_thread_offline(d->dp->rcu.qsv, 0);
	rte_rcu_qsbr_thread_unregister(d->dp->rcu.qsv, 0);
	return 0;
}

static void empty(struct rte_ring *ring)
{
	struct rte_mbuf *m;

	while (ring && rte_ring_dequeue(ring, (void **)&m) == 0)
		rte_pktmbuf_free(m);
	rte_ring_free(ring);
}

void bench_dp_close(struct bench_dp *d)
{
	for (unsigned i = 0; i < d->n_ports; i++)
		xtr_dp_port_close(d->dp, i);
	for (unsigned i = 0; i < BENCH_PORTS; i++)
		for (unsigned k = 0; d->c && k < d->c->workers; k++) {
			empty(d->rx[i][k]);
			empty(d->tx[i][k]);
		}
	xtr_dp_destroy(d->dp);
	free(d->far);
	free(d->each);
	memset(d, 0, sizeof(*d));
}
