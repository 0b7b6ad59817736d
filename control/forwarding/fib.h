/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The tables that workers look into, put together from what the control lcore knows: routes, LISP
 * entries, own EID prefixes. Control lcore only.
 *
 * An instance's LISP view holds routes and LISP entries together, so that one look-up finds the
 * longer of the two. For one prefix: a local address, else an own EID prefix, else a LISP entry,
 * else a route that leads somewhere. LISP entries inside own EID prefixes do not count. Blackhole,
 * unreachable and prohibit routes hide no LISP entry; where a shorter route is found, workers ask
 * the routes too.
 */
#ifndef XTR_FIB_H
#define XTR_FIB_H

#include "control/forwarding/rules.h"
#include "mapcache/set.h"

struct xtr_fib;

struct xtr_fib *xtr_fib_create(struct xtr_dp *dp);
void xtr_fib_destroy(struct xtr_fib *fib);

/* The instance's index, made if it is new, with the routes that are there already. Negative errno
 * on failure. */
int xtr_fib_instance(struct xtr_fib *fib, uint32_t iid);

/* Lets fwd lead to one or several next hops or tunnels: xtr_sets_choose(). The set that fwd may get
 * by this goes with the entry made from it. */
int xtr_fib_choose(
    struct xtr_fib *fib, struct xtr_set_member *list, unsigned n, struct xtr_fwd *fwd);

/* A forwarding entry made from *fwd, whose set it takes (plen is set by the call that uses it). 0
 * if the pool is exhausted: then the set is given back. */
uint32_t xtr_fib_entry(struct xtr_fib *fib, const struct xtr_fwd *fwd);
/* From which RLOCs packets of the sources that lead to the entry may come (datapath/source.h): one
 * at least, put into order. Before the entry is used; without it, from its only tunnel's. 0 or
 * -ENOMEM.
 */
int xtr_fib_allow(struct xtr_fib *fib, uint32_t entry, struct xtr_rule_rloc *list, unsigned n);
/* What other tables' rules are made with. */
struct xtr_rules *xtr_fib_rules(const struct xtr_fib *fib);
/* Frees an entry that no table leads to (any more) after a grace period, and its set. 0 is allowed.
 */
void xtr_fib_put_entry(struct xtr_fib *fib, uint32_t entry);

/*
 * Sets, replaces or (entry 0) removes what a prefix leads to. Takes the entry; the one that was
 * there is freed after a grace period. 0 or -ENOMEM: then the entry is given back and the old one
 * stays.
 */
int xtr_fib_set_route(struct xtr_fib *fib, const struct xtr_eid *prefix, uint32_t entry);
int xtr_fib_set_lisp(struct xtr_fib *fib, const struct xtr_eid *eid, uint32_t entry);
int xtr_fib_set_database(struct xtr_fib *fib, const struct xtr_eid *eid, uint32_t entry);

/* The gate at which a packet to ip would wait now in the instance's LISP view: 0 for none. What was
 * punted before it was closed joins it (xtr_gate_late), whatever the entry says. */
uint32_t xtr_fib_gate(const struct xtr_fib *fib, unsigned inst, const struct xtr_ip *ip);

/* Does an own EID prefix of its instance cover eid? */
bool xtr_fib_own(const struct xtr_fib *fib, const struct xtr_eid *eid);
/* The index of the first instance that has the address inside an own EID prefix; negative: none. */
int xtr_fib_owner(const struct xtr_fib *fib, const struct xtr_ip *ip);

#endif
