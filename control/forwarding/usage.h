/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which mappings are in use, and what those count that have counters of their own: what workers
 * leave behind (mapcache/fwd.h, datapath/use.h). Control lcore only; arg is a struct xtr_ctl.
 *
 * Counters belong to a mapping, not to its forwarding entry: they go on when the entry is replaced,
 * and come to an end with the mapping.
 */
#ifndef XTR_USAGE_H
#define XTR_USAGE_H

#include "control/ctl.h"

/* Has a packet met the mapping's forwarding entry since this was asked last? Takes the mark off. */
bool xtr_usage_used(void *arg, const struct xtr_mapping *m);
/* What its entry is to have in word1 beside XTR_FWD_OWN_ONLY, so that workers count. Where memory
 * is short, 0: it counts nothing. */
uint32_t xtr_usage_word1(struct xtr_ctl *ctl, struct xtr_mapping *m);
/* Packets and bytes since the mapping was made. False: it has no counters. */
bool xtr_usage_counts(void *arg, const struct xtr_mapping *m, uint64_t count[2]);
/* The mapping goes, and workers find its entry no more. */
void xtr_usage_end(struct xtr_ctl *ctl, struct xtr_mapping *m);

#endif
