/* SPDX-License-Identifier: BSD-3-Clause */
#include "datapath/dp.h"
#include "datapath/hop.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <rte_cycles.h>
#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_random.h>
#include "wire/addr.h"
#include "wire/data.h"

#define MAX_FWD     (1u << 22)
#define MAX_ADJ     (1u << 16)
#define MAX_TUNNELS (1u << 18)
#define MAX_SETS    (1u << 18)
#define MAX_RULES   (1u << 20)
#define MAX_COUNTED (1u << 22)

#define DOUBTS_A_SECOND 100u /* of a worker */

static const char *const drop_names[] = {
#define XTR_X(id, name) [XTR_DROP_##id] = name,
    XTR_DROPS(XTR_X)
#undef XTR_X
};

static const char *const counter_names[] = {
#define XTR_X(id, name) [XTR_CTR_##id] = name,
    XTR_COUNTERS(XTR_X)
#undef XTR_X
};

const char *xtr_drop_name(enum xtr_drop d)
{
	return d < XTR_DROP_N ? drop_names[d] : "?";
}

const char *xtr_counter_name(enum xtr_counter c)
{
	return c < XTR_CTR_N ? counter_names[c] : "?";
}

/* Zeroed memory whose pages come as they are touched. */
static void *reserve(size_t size)
{
	void *p = mmap(
	    NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static void release(void *p, size_t size)
{
	if (p)
		munmap(p, size);
}

#define RULES_SIZE (MAX_FWD * sizeof(uint32_t))
#define RLOC4_SIZE (MAX_TUNNELS * sizeof(uint32_t))
#define RLOC6_SIZE (MAX_TUNNELS * 16ul)
#define RLOC_SIZE  (MAX_TUNNELS * sizeof(struct xtr_rloc_count))
#define ENTRY_SIZE (MAX_COUNTED * sizeof(struct xtr_rloc_count))

static void worker_destroy(struct xtr_worker *w)
{
	if (!w)
		return;
	for (unsigned i = 0; i < w->n_gate; i++)
		rte_pktmbuf_free(w->gate[i]);
	if (w->inject) {
		struct rte_mbuf *m;

		while (rte_ring_sc_dequeue(w->inject, (void **)&m) == 0)
			rte_pktmbuf_free(m);
		rte_ring_free(w->inject);
	}
	release(w->rloc, RLOC_SIZE);
	release(w->entry, ENTRY_SIZE);
	free(w);
}

struct xtr_worker *xtr_dp_tracer_create(struct xtr_dp *dp)
{
	struct xtr_worker *w = aligned_alloc(XTR_APART, sizeof(*w));

	if (!w)
		return NULL;
	memset(w, 0, sizeof(*w));
	w->dp = dp;
	w->rloc = reserve(RLOC_SIZE);
	w->entry = reserve(ENTRY_SIZE);
	if (w->rloc && w->entry)
		return w;
	worker_destroy(w);
	return NULL;
}

void xtr_dp_tracer_destroy(struct xtr_worker *w)
{
	worker_destroy(w);
}

static struct xtr_worker *worker_create(struct xtr_dp *dp, unsigned index)
{
	struct xtr_worker *w = aligned_alloc(XTR_APART, sizeof(*w));
	char name[RTE_RING_NAMESIZE];

	if (!w)
		return NULL;
	memset(w, 0, sizeof(*w));
	w->dp = dp;
	w->index = index;
	w->split_id = (uint32_t)rte_rand();
	w->rloc = reserve(RLOC_SIZE);
	w->entry = reserve(ENTRY_SIZE);
	snprintf(name, sizeof(name), "inject%u", index);
	w->inject =
	    rte_ring_create(name, XTR_RING_SIZE, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
	if (!w->rloc || !w->entry || !w->inject) {
		worker_destroy(w);
		return NULL;
	}
	return w;
}

/*
 * rte_pktmbuf_pool_create(), but for where objects may lie: without huge pages that begins each on
 * a page of its own, where the same lines of all of them share a few sets of the cache.
 */
static struct rte_mempool *create_pool(const char *name, unsigned n, uint16_t room)
{
	struct rte_pktmbuf_pool_private priv = {
	    .mbuf_data_room_size = room, .mbuf_priv_size = sizeof(struct xtr_pkt)};
	const unsigned cache = 256, size = sizeof(struct rte_mbuf) + sizeof(struct xtr_pkt) + room;
	struct rte_mempool *mp;
	int rc;

	if (rte_eal_has_hugepages() || rte_eal_iova_mode() != RTE_IOVA_VA)
		return rte_pktmbuf_pool_create(
		    name, n, cache, sizeof(struct xtr_pkt), room, SOCKET_ID_ANY);
	mp = rte_mempool_create_empty(
	    name, n, size, cache, sizeof(priv), SOCKET_ID_ANY, RTE_MEMPOOL_F_NO_IOVA_CONTIG);
	if (!mp)
		return NULL;
	rte_pktmbuf_pool_init(mp, &priv);
	rc = rte_mempool_populate_default(mp);
	if (rc < 0) {
		rte_mempool_free(mp);
		rte_errno = -rc;
		return NULL;
	}
	rte_mempool_obj_iter(mp, rte_pktmbuf_init, NULL);
	return mp;
}

struct xtr_dp *xtr_dp_create(const struct xtr_dp_opts *opts)
{
	/* Ethernet header, two VLAN tags and CRC beside the packet */
	uint16_t room = (uint16_t)RTE_ALIGN_CEIL(
	    RTE_PKTMBUF_HEADROOM +
		RTE_MAX(opts->mtu + 14u + 8 + 4, (unsigned)RTE_MBUF_DEFAULT_DATAROOM),
	    64u);
	struct xtr_dp *dp = aligned_alloc(XTR_APART, sizeof(*dp));

	if (!dp)
		return NULL;
	memset(dp, 0, sizeof(*dp));
	dp->copy_dscp = opts->copy_dscp;
	dp->punt_cost = rte_get_tsc_hz() / (opts->punt_rate ? opts->punt_rate : 1);
	dp->punt_cap = dp->punt_cost * (opts->punt_burst ? opts->punt_burst : 1);
	dp->doubt_gap = rte_get_tsc_hz() / DOUBTS_A_SECOND;
	if (xtr_rcu_init(&dp->rcu, opts->n_workers) < 0 ||
	    xtr_pool_init(&dp->fwd, &dp->rcu, sizeof(struct xtr_fwd), MAX_FWD) < 0 ||
	    xtr_pool_init(&dp->adj, &dp->rcu, sizeof(struct xtr_adj), MAX_ADJ) < 0 ||
	    xtr_pool_init(&dp->tunnel, &dp->rcu, sizeof(struct xtr_tunnel), MAX_TUNNELS) < 0 ||
	    xtr_pool_init(&dp->set, &dp->rcu, sizeof(struct xtr_set), MAX_SETS) < 0 ||
	    xtr_pool_init(&dp->rloc_rule, &dp->rcu, sizeof(struct xtr_rloc_rule), MAX_RULES) < 0 ||
	    xtr_pool_init(&dp->counted, &dp->rcu, sizeof(struct xtr_rloc_count), MAX_COUNTED) < 0)
		goto fail;
	dp->instances = reserve(XTR_DP_INSTANCES * sizeof(*dp->instances));
	dp->inst_of_iid = reserve((XTR_IID_MAX + 1ul) * sizeof(*dp->inst_of_iid));
	dp->entry_rule = reserve(RULES_SIZE);
	dp->rloc4 = reserve(RLOC4_SIZE);
	dp->rloc6 = reserve(RLOC6_SIZE);
	dp->rx_pool = create_pool("rx", opts->mbufs, room);
	dp->hold_pool = create_pool("hold", opts->hold_mbufs, room);
	dp->punt = rte_ring_create("punt", XTR_RING_SIZE, SOCKET_ID_ANY, RING_F_SC_DEQ);
	if (!dp->instances || !dp->inst_of_iid || !dp->entry_rule || !dp->rloc4 || !dp->rloc6 ||
	    !dp->rx_pool || !dp->hold_pool || !dp->punt)
		goto fail;
	for (; dp->n_workers < opts->n_workers; dp->n_workers++) {
		dp->workers[dp->n_workers] = worker_create(dp, dp->n_workers);
		if (!dp->workers[dp->n_workers])
			goto fail;
		for (unsigned port = 0; port < XTR_DP_PORTS; port++)
			dp->workers[dp->n_workers]->tx_queue[port] = UINT16_MAX;
	}
	return dp;
fail:
	if (!rte_errno)
		rte_errno = ENOMEM;
	xtr_dp_destroy(dp);
	return NULL;
}

static void instance_destroy(struct xtr_instance *inst)
{
	xtr_lpm_destroy((struct xtr_lpm *)(uintptr_t)inst->lisp);
	xtr_lpm_destroy((struct xtr_lpm *)(uintptr_t)inst->database);
	xtr_lpm_destroy((struct xtr_lpm *)(uintptr_t)inst->petr);
}

void xtr_dp_destroy(struct xtr_dp *dp)
{
	struct rte_mbuf *m;

	if (!dp)
		return;
	for (unsigned i = 0; i < dp->n_workers; i++)
		worker_destroy(dp->workers[i]);
	while (dp->punt && rte_ring_sc_dequeue(dp->punt, (void **)&m) == 0)
		rte_pktmbuf_free(m);
	xtr_rcu_fini(&dp->rcu);
	for (unsigned i = 0; i < dp->n_instances; i++)
		instance_destroy(&dp->instances[i]);
	if (dp->n_instances)
		xtr_lpm_destroy((struct xtr_lpm *)(uintptr_t)dp->instances[0].routes);
	rte_ring_free(dp->punt);
	rte_mempool_free(dp->rx_pool);
	rte_mempool_free(dp->hold_pool);
	release(dp->instances, XTR_DP_INSTANCES * sizeof(*dp->instances));
	release(dp->inst_of_iid, (XTR_IID_MAX + 1ul) * sizeof(*dp->inst_of_iid));
	release(dp->entry_rule, RULES_SIZE);
	release(dp->rloc4, RLOC4_SIZE);
	release(dp->rloc6, RLOC6_SIZE);
	xtr_pool_fini(&dp->fwd);
	xtr_pool_fini(&dp->adj);
	xtr_pool_fini(&dp->tunnel);
	xtr_pool_fini(&dp->set);
	xtr_pool_fini(&dp->rloc_rule);
	xtr_pool_fini(&dp->counted);
	free(dp);
}

int xtr_dp_instance(struct xtr_dp *dp, uint32_t iid)
{
	struct xtr_instance *inst;

	if (dp->inst_of_iid[iid])
		return (int)dp->inst_of_iid[iid] - 1;
	if (dp->n_instances == XTR_DP_INSTANCES)
		return -ENOSPC;
	inst = &dp->instances[dp->n_instances];
	inst->iid = iid;
	inst->source_check = dp->source_check;
	/* strangers have no locators whose status could be said */
	inst->word1 = xtr_data_word1(XTR_DATA_I, iid, 0);
	inst->lisp = xtr_lpm_create(&dp->rcu);
	inst->database = xtr_lpm_create(&dp->rcu);
	/* One Linux routing table so far: the instances share the routes of the first, the
	 * underlay's. */
	inst->routes = dp->n_instances ? dp->instances[0].routes : xtr_lpm_create(&dp->rcu);
	if (!inst->lisp || !inst->database || !inst->routes) {
		instance_destroy(inst);
		if (!dp->n_instances)
			xtr_lpm_destroy((struct xtr_lpm *)(uintptr_t)inst->routes);
		memset(inst, 0, sizeof(*inst));
		return -ENOMEM;
	}
	dp->n_instances++;
	__atomic_store_n(&dp->inst_of_iid[iid], dp->n_instances, __ATOMIC_RELEASE);
	return (int)dp->n_instances - 1;
}

void xtr_dp_name_tunnel(struct xtr_dp *dp, uint32_t tunnel, uint8_t af, const uint8_t *ip)
{
	dp->rloc4[tunnel] = 0;
	memset(dp->rloc6[tunnel], 0, sizeof(dp->rloc6[tunnel]));
	memcpy(af == 4 ? (void *)&dp->rloc4[tunnel] : dp->rloc6[tunnel], ip, af == 4 ? 4 : 16);
}

uint64_t xtr_dp_drops(const struct xtr_dp *dp, enum xtr_drop d)
{
	uint64_t sum = dp->control_drops[d];

	for (unsigned i = 0; i < dp->n_workers; i++)
		sum += dp->workers[i]->drops[d];
	return sum;
}

uint64_t xtr_dp_counter(const struct xtr_dp *dp, enum xtr_counter c)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < dp->n_workers; i++)
		sum += dp->workers[i]->counters[c];
	return sum;
}
