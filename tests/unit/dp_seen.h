/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the thread sanitizer has to see. It knows of what was compiled with it only: packets that
 * pass from thread to thread inside DPDK's libraries would look like races. So the test's ports and
 * pools are rings whose code is in the test.
 */
#ifndef XTR_DP_SEEN_H
#define XTR_DP_SEEN_H

#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_mbuf_pool_ops.h>
#include <rte_mempool.h>
#include <rte_ring.h>

#include "sanitizer.h"

#if THREAD_SANITIZER
/* DPDK's rings say by volatile fields how full they are, a guess by nature. And where a ring has
 * several producers, one's entries are published by the next one's tail without that one having
 * acquired them: so DPDK had it until 2024, and x86 does not mind. */
const char *__tsan_default_suppressions(void);
const char *__tsan_default_suppressions(void)
{
	return "race:rte_ring_count\nrace:rte_ring_free_count\n"
	       "race:__rte_ring_dequeue_elems\nrace:__rte_ring_enqueue_elems\n";
}
#endif

static inline int seen_alloc(struct rte_mempool *mp)
{
	char name[RTE_RING_NAMESIZE];

	snprintf(name, sizeof(name), "seen_%.20s", mp->name);
	mp->pool_data = rte_ring_create(name, rte_align32pow2(mp->size + 1), mp->socket_id, 0);
	return mp->pool_data ? 0 : -rte_errno;
}

static inline void seen_free(struct rte_mempool *mp)
{
	rte_ring_free(mp->pool_data);
}

static inline int seen_enqueue(struct rte_mempool *mp, void *const *objs, unsigned n)
{
	return rte_ring_mp_enqueue_bulk(mp->pool_data, objs, n, NULL) ? 0 : -ENOBUFS;
}

static inline int seen_dequeue(struct rte_mempool *mp, void **objs, unsigned n)
{
	return rte_ring_mc_dequeue_bulk(mp->pool_data, objs, n, NULL) ? 0 : -ENOBUFS;
}

static inline unsigned seen_count(const struct rte_mempool *mp)
{
	return rte_ring_count(mp->pool_data);
}

/* After EAL's start: pools that are made from now on. */
static inline int seen_pools(void)
{
	static const struct rte_mempool_ops ops = {.name = "seen",
	    .alloc = seen_alloc,
	    .free = seen_free,
	    .enqueue = seen_enqueue,
	    .dequeue = seen_dequeue,
	    .get_count = seen_count};
	int rc = rte_mempool_register_ops(&ops);

	return rc < 0 ? rc : rte_mbuf_set_user_mempool_ops("seen");
}

static inline uint16_t seen_rx(void *ring, struct rte_mbuf **m, uint16_t n)
{
	return (uint16_t)rte_ring_dequeue_burst(ring, (void **)m, n, NULL);
}

static inline uint16_t seen_tx(void *ring, struct rte_mbuf **m, uint16_t n)
{
	return (uint16_t)rte_ring_enqueue_burst(ring, (void *const *)m, n, NULL);
}

#define SEEN_QUEUES 4

/* A started port of the driver net_ring: from now on its queues are these rings. */
static inline void seen_queues(
    uint16_t ethdev, struct rte_ring *const *rx, struct rte_ring *const *tx, unsigned n)
{
	static void *queues[RTE_MAX_ETHPORTS][2][SEEN_QUEUES];
	struct rte_eth_fp_ops *ops = &rte_eth_fp_ops[ethdev];

	for (unsigned i = 0; i < n && i < SEEN_QUEUES; i++) {
		queues[ethdev][0][i] = rx[i];
		queues[ethdev][1][i] = tx[i];
	}
	ops->rx_pkt_burst = seen_rx;
	ops->tx_pkt_burst = seen_tx;
	ops->rxq.data = queues[ethdev][0];
	ops->txq.data = queues[ethdev][1];
}

static inline void seen_port(uint16_t ethdev, struct rte_ring *rx, struct rte_ring *tx)
{
	seen_queues(ethdev, &rx, &tx, 1);
}

#endif
