/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Rules: from which RLOCs packets may come, as workers read them (struct xtr_rloc_rule). Those that
 * name the same RLOCs are one. Control lcore only.
 */
#ifndef XTR_RULES_H
#define XTR_RULES_H

#include "datapath/dp.h"
#include "wire/addr.h"

struct xtr_rules;

/* One RLOC or prefix of RLOCs, host bits zero. */
struct xtr_rule_rloc xtr_rule_rloc(const struct xtr_ip *ip, unsigned plen);

/* pool has objects of struct xtr_rloc_rule, and outlives the result. NULL if memory is short. */
struct xtr_rules *xtr_rules_create(struct xtr_pool *pool);
/* The rules go with their pool. NULL is allowed. */
void xtr_rules_destroy(struct xtr_rules *rules);
/* The rule for these RLOCs, of which there is one at least, with a reference; the list is put into
 * order. 0: memory is short. */
uint32_t xtr_rules_get(struct xtr_rules *rules, struct xtr_rule_rloc *list, unsigned n);
/* Gives a reference back; with the last one the rule goes, after a grace period. 0 is allowed. */
void xtr_rules_put(struct xtr_rules *rules, uint32_t rule);

#endif
