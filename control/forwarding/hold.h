/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packets that wait on the control lcore, and gates (mapcache/fwd.h): how they return to their
 * workers without being overtaken. Control lcore only.
 */
#ifndef XTR_HOLD_H
#define XTR_HOLD_H

#include <sys/queue.h>
#include "datapath/dp.h"

/* Packets that wait for one thing, in order of arrival. Embedded in that thing, which stays where
 * it is while packets wait; zeroed is empty. */
struct xtr_hold {
	struct rte_mbuf *first, **last;
	unsigned n;
	uint32_t party;               /* whom all of them count for: that of the first to come */
	TAILQ_ENTRY(xtr_hold) queues; /* of that party, oldest first */
	bool shared;                  /* by many EIDs: limited by instance and in all only */
};

struct xtr_gate; /* a batch of packets that leave when a gate opens */
struct xtr_hold_party;

struct xtr_holder {
	struct xtr_dp *dp;
	/* limits, packets */
	unsigned per_queue, per_instance, total;
	unsigned n;           /* packets held now, those in gates included */
	uint32_t *n_instance; /* by instance index */
	/* hold_share.c: by party, what waits in queues; and who has the most of it, or had lately
	 */
	struct xtr_hold_party *parties, *most;
	uint32_t epoch; /* of the batch that collects now */
	struct xtr_gate *collecting, *first, **last;
	void (*drain)(void *arg); /* empties the punt ring */
	/* NULL, or told of each packet that xtr_hold_drop() drops, which stays the caller's. To be
	 * set after xtr_holder_init(). */
	void (*dropping)(void *arg, struct rte_mbuf *m, enum xtr_drop reason);
	void *arg;
};

int xtr_holder_init(struct xtr_holder *h, struct xtr_dp *dp, unsigned per_queue,
    unsigned per_instance, unsigned total, void (*drain)(void *arg), void *arg);
void xtr_holder_fini(struct xtr_holder *h);

/* Takes m: copies it into the control lcore's pool and frees it, or counts a drop with the limit's
 * name. Where an instance or all together hold as many as they may, the oldest packet of the party
 * that has the most waiting goes, and m only if it is that party's own (or of one that has as
 * many). now in ms. */
void xtr_hold_add(struct xtr_holder *h, struct xtr_hold *q, struct rte_mbuf *m, uint64_t now);
/* Drops those that came before `before` (ms), or all (XTR_HOLD_ALL), with this reason. Returns how
 * many. */
#define XTR_HOLD_ALL UINT64_MAX
unsigned xtr_hold_drop(
    struct xtr_holder *h, struct xtr_hold *q, enum xtr_drop reason, uint64_t before);

/* The gate number for what is published in this turn. Memory short: 0, which means "open": order
 * may suffer, packets do not. */
uint32_t xtr_gate_number(struct xtr_holder *h);
/* Hands the queue's packets to the gate of this turn: they leave, in order of arrival, before it
 * opens. */
void xtr_gate_release(struct xtr_holder *h, struct xtr_hold *q);
/* A packet punted before the gate `number` was seen: joins the gate if it is still closed, else
 * goes straight back to its worker. Takes m. */
void xtr_gate_late(struct xtr_holder *h, uint32_t number, struct rte_mbuf *m);
/* Once a turn of the control loop: ends this turn's batch, and opens gates whose grace period has
 * passed. */
void xtr_gate_poll(struct xtr_holder *h);
static inline bool xtr_gate_is_open(const struct xtr_holder *h, uint32_t number)
{
	return !number || (int32_t)(number - h->dp->gate_open) <= 0;
}

/* hold_share.c, for hold.c: whom held packets count for. */
int xtr_hold_share_init(struct xtr_holder *h);
void xtr_hold_share_fini(struct xtr_holder *h);
/* m is about to be appended to q; q has lost n of its packets. */
void xtr_hold_share_add(struct xtr_holder *h, struct xtr_hold *q, const struct xtr_pkt *pkt);
void xtr_hold_share_sub(struct xtr_holder *h, struct xtr_hold *q, unsigned n);
/* The queue whose first packet has to go for a packet like this one, in its instance or in all;
 * NULL: it is the new packet that goes. */
struct xtr_hold *xtr_hold_share_victim(
    const struct xtr_holder *h, const struct xtr_pkt *pkt, bool in_instance);

/* Sends a packet to its worker's inject ring. Takes m; a full ring counts a drop and returns
 * -ENOBUFS. */
int xtr_inject(struct xtr_dp *dp, struct rte_mbuf *m, enum xtr_inject how);

#endif
