/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Locator sets: the flows of an entry over its tunnels or next hops, by weight (RFC 9300 section
 * 12, RFC 9301 section 5.4). A set is an array of slots, of which a flow's hash picks one.
 *
 * Which member a slot has follows from the members alone, their ids, weights, and which of them
 * are usable; so a set needs no history, and all entries with the same members share one.
 *
 * 1. All slots are shared out to all members, usable or not: so many each as its weight says, by
 * largest remainder. In turn, each takes the next of an order that is its id's own.
 * 2. Those of members that are not usable are shared out again to the usable ones, so that each
 * comes as near to its part among these as it can without giving any up.
 *
 * So when a member fails, the flows of the others stay where they are, and when it is back it has
 * the flows that it had. With all usable a member's part is right to within one slot of 512; with
 * some not, to within two. Weight 0: no flows (RFC 9301 section 5.4), unless all that could be
 * used have it: then all the same.
 *
 * Control lcore only, but for reading the slots.
 */
#ifndef XTR_MAPCACHE_SET_H
#define XTR_MAPCACHE_SET_H

#include <stdbool.h>
#include "mapcache/fwd.h"
#include "mapcache/pool.h"

#define XTR_SET_LOG2    9
#define XTR_SET_SLOTS   (1u << XTR_SET_LOG2) /* so that weights are met within 1 % */
#define XTR_SET_MEMBERS 255u                 /* locators of a record, RFC 9301 section 5.4 */

struct xtr_set {
	uint32_t hop[XTR_SET_SLOTS]; /* indexes of next hops or tunnels */
};

/* Zero what is not set: members are compared whole. */
struct xtr_set_member {
	uint32_t hop; /* what goes into the slots */
	uint32_t id;  /* says which slots it takes; the same after a restart (xtr_set_id) */
	uint16_t weight;
	uint8_t usable;
	uint8_t pad;
};

struct xtr_sets;

/* An id of what names a member for good, such as an address. */
uint32_t xtr_set_id(const void *name, size_t len);

/* pool has objects of struct xtr_set, and outlives the result. NULL if memory is short. */
struct xtr_sets *xtr_sets_create(struct xtr_pool *pool);
/* The sets go with their pool. NULL is allowed. */
void xtr_sets_destroy(struct xtr_sets *sets);

/*
 * Lets fwd's target be the usable ones of n members (at most XTR_SET_MEMBERS, at least one usable):
 * one of them, or a set, on which fwd has a reference then. The list is put into order. 0, or
 * -ENOMEM and fwd is as it was.
 */
int xtr_sets_choose(
    struct xtr_sets *sets, struct xtr_set_member *list, unsigned n, struct xtr_fwd *fwd);
/* Gives back the reference of an entry that workers see no more, or never saw. What has no set is
 * allowed. The last one frees the set after a grace period. */
void xtr_sets_release(struct xtr_sets *sets, const struct xtr_fwd *fwd);
/* The members of an entry's set. */
const struct xtr_set_member *xtr_sets_members(
    const struct xtr_sets *sets, const struct xtr_fwd *fwd, unsigned *n);

#endif
