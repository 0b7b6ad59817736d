/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Grace periods between the control lcore, which alone writes tables, and workers, which read them
 * without locks. A thin layer on rte_rcu_qsbr: objects to be freed wait in a list that costs no
 * allocation.
 *
 * Control lcore only, but for rte_rcu_qsbr_quiescent() on `qsv`, which each worker calls once a
 * loop.
 */
#ifndef XTR_MAPCACHE_RCU_H
#define XTR_MAPCACHE_RCU_H

#include <stdbool.h>
#include <stdint.h>
#include <rte_rcu_qsbr.h>

struct xtr_rcu_head {
	struct xtr_rcu_head *next;
	uint64_t token;
	void (*fn)(struct xtr_rcu_head *);
};

struct xtr_rcu {
	struct rte_rcu_qsbr *qsv; /* start; workers: ro, each its own line of what it leads to */
	char apart[RTE_CACHE_LINE_SIZE];
	/* control: rw */
	struct xtr_rcu_head *first, **last;
	unsigned waiting; /* objects in the list */
	char apart_too[RTE_CACHE_LINE_SIZE];
};

/* max_readers: worker threads that will register. 0 or -ENOMEM. */
int xtr_rcu_init(struct xtr_rcu *rcu, unsigned max_readers);
/* No reader is left: calls what waits, frees. */
void xtr_rcu_fini(struct xtr_rcu *rcu);
/* Calls fn(head) after a grace period, from a later xtr_rcu_poll(). head lies inside the object. */
void xtr_rcu_defer(
    struct xtr_rcu *rcu, struct xtr_rcu_head *head, void (*fn)(struct xtr_rcu_head *));
/* Calls what is due, at most XTR_RCU_POLL of it. Never waits. Returns how many were called. */
#define XTR_RCU_POLL 256u
unsigned xtr_rcu_poll(struct xtr_rcu *rcu);
/* Starts a grace period; xtr_rcu_passed() says, without waiting, whether every reader went through
 * a quiescent state since. */
uint64_t xtr_rcu_start(struct xtr_rcu *rcu);
bool xtr_rcu_passed(struct xtr_rcu *rcu, uint64_t token);

#endif
