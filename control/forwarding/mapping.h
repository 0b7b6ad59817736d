/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Mappings become forwarding entries. Control lcore only.
 */
#ifndef XTR_MAPPING_H
#define XTR_MAPPING_H

#include "control/ctl.h"

struct xtr_mapfwd; /* what belongs to a mapping on this side */
struct xtr_rloc_use;

/* Whose use it is. */
struct xtr_mapfwd *xtr_mapping_user(const struct xtr_rloc_use *use);
const struct xtr_mapping *xtr_mapping_of(const struct xtr_mapfwd *f);
/* The gate behind which the mapping was published. */
uint32_t xtr_mapping_gate(const struct xtr_mapping *m);
/* The index of its forwarding entry; 0: none. */
uint32_t xtr_mapping_entry(const struct xtr_mapping *m);
/* One of its locators is not what it was: workers are to follow, if it chooses others now. Then f
 * is no more. */
void xtr_mapping_look_again(struct xtr_ctl *ctl, struct xtr_mapfwd *f);

/*
 * Packets that wait for something that becomes known, or does not: for as long as they may be held,
 * each. Embedded; zeroed is empty.
 */
struct xtr_wait {
	struct xtr_hold hold;
	struct xtr_timer timer;
	struct xtr_ctl *ctl;
};
/* miss.c, for struct xtr_itr_ops. */
void xtr_miss_resolved(void *arg, struct xtr_pending *p, struct xtr_mapping *m);
bool xtr_miss_waited_for(void *arg, const struct xtr_pending *p);
void xtr_miss_forget(void *arg, struct xtr_pending *p);
/* Takes m. */
void xtr_wait_add(struct xtr_ctl *ctl, struct xtr_wait *w, struct rte_mbuf *m);
/* What waited leaves behind the gate of this turn. */
void xtr_wait_release(struct xtr_wait *w);
/* What waited is dropped. */
void xtr_wait_drop(struct xtr_wait *w);

#endif
