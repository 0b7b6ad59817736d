/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Inside the ITR: what its files share.
 */
#ifndef XTR_ITR_INTERNAL_H
#define XTR_ITR_INTERNAL_H

#include "control/lisp/itr.h"

TAILQ_HEAD(itr_mappings, xtr_mapping);
TAILQ_HEAD(itr_pendings, xtr_pending);

/* For whom EIDs of an instance are resolved: there while it has some. */
struct itr_asker {
	struct itr_asker *next;
	uint32_t id;
	unsigned held;
	struct itr_pendings oldest; /* oldest first */
};

/* Where a learned mapping stands to go (itr_limit.c); others are nowhere. */
enum itr_list { ITR_FRESH, ITR_KEPT, ITR_READY, ITR_LISTS, ITR_NOWHERE = ITR_LISTS };

/* What instances share a total of. */
enum itr_kind { ITR_LEARNED, ITR_RESOLVING, ITR_KINDS };

struct instance {
	uint32_t iid;
	struct xtr_trie mappings[2], pendings[2];
	struct itr_mappings list[ITR_LISTS];
	unsigned n_list[ITR_LISTS];
	uint32_t looks; /* at learned mappings, so far */
	struct itr_asker *askers;
	unsigned unanswered;      /* pendings that are not DONE */
	unsigned held[ITR_KINDS]; /* learned mappings, pendings */
	unsigned at[ITR_KINDS];   /* place in xtr_itr.most */
	unsigned limit;           /* learned mappings */
	bool count;               /* learned mappings have counters of their own */
	uint64_t evicted;
	UT_hash_handle hh;
};

struct xtr_itr {
	struct xtr_lisp *l;
	struct xtr_itr_ops ops;
	struct instance *instances;
	struct xtr_pending *by_nonce;
	unsigned resolver;                 /* the one that answered last is asked first */
	unsigned n_mappings;               /* of all sources and instances */
	unsigned total[ITR_KINDS];         /* of all instances */
	unsigned sharing[ITR_KINDS];       /* instances that hold some */
	struct instance **most[ITR_KINDS]; /* heaps, whoever holds the most in front */
	unsigned n_instances, max_instances;
	unsigned limit; /* learned mappings of all instances */
	uint64_t evicted;
	uint64_t quiet_ms; /* no log line about limits until then */
	/* nobody answered: the last log line about an EID, and how many had none since */
	uint64_t unanswered_ms;
	unsigned unanswered_more;
};

/* make: NULL if memory is short. */
struct instance *itr_instance(struct xtr_itr *itr, uint32_t iid, bool make);

/* itr_cache.c. Adds or replaces; copies the n locators. NULL if memory is short. ttl_ms 0:
 * never expires. Another learned mapping may go for it. */
struct xtr_mapping *itr_mapping_set(struct xtr_itr *itr, const struct xtr_eid *eid,
    enum xtr_mapping_source source, uint8_t action, const struct xtr_mapping_locator *locators,
    unsigned n, uint32_t ttl_min, uint64_t ttl_ms);
/* Removes a learned mapping; a configured entry that it stood for comes back. */
void itr_mapping_remove(struct xtr_mapping *m);
/* Is it a configured entry that only says to ask? */
static inline bool itr_is_configured_miss(const struct xtr_mapping *m)
{
	return m->source == XTR_FROM_STATIC && !m->n_locators &&
	       m->action == XTR_ACT_SEND_MAP_REQUEST;
}
/* The mapping that says what to do with packets to this EID; NULL if it has to be asked for. */
struct xtr_mapping *itr_answer(const struct xtr_itr *itr, const struct xtr_eid *eid);

/* itr_resolve.c */
void itr_pending_free(struct xtr_pending *p);
/* The pending was answered: by m, or (NULL) by what does not help its packets. */
void itr_pending_done(struct xtr_pending *p, struct xtr_mapping *m);

/*
 * itr_limit.c: WHO GOES WHEN THE MAP-CACHE IS FULL.
 *
 * Limited are learned mappings, negative ones too, an instance and in all. What is configured, and
 * an ITR's "send-map-request" for everything, neither counts nor goes. What has to go makes room
 * for one new mapping, goes as if it had expired, and costs a bounded number of looks.
 *
 * Whose goes? The instance's that wants to add, if it is at its own limit, or if the total is
 * reached and it holds its fair share of that (the total by the instances that hold any) or more.
 * Else that instance's which holds the most, but only what it does not use, unless the one that
 * wants to add holds none. So a scan of one instance's EIDs costs the others no mapping in use, and
 * those below their share none at all.
 *
 * Which goes? Workers mark what packets meet; a look takes the mark off. An instance's learned
 * mappings begin in the list `fresh`. That the packets which caused a resolution have met its
 * answer says nothing: their mark is taken off a tenth of a second later, or else by the first
 * look, which lets every mapping stay. Whatever is marked again after that is in use, and moves to
 * `kept` when its turn comes. What goes is the oldest of fresh that is not in use. A scan thus
 * passes through fresh, one mapping out for each that comes in, and leaves alone what is in use.
 * The mappings of kept stand in a circle: the one looked at longest ago is looked at again when
 * eight times as many looks have been taken since as the instance has mappings, or sooner while
 * fresh is less than a tenth of all. If it is in use it is passed over once more, else it goes. So
 * what was in use once gives way in the end, but a scan has to be many times as long as the limit
 * for that.
 *
 * Looks are taken a little ahead, from when seven eighths of a limit are reached, a few for each
 * mapping that comes: so marks of long ago are gone when the first has to go. What was found not in
 * use waits in `ready`, and goes from there unless it was met meanwhile.
 */
/* The mapping that has to go for one more of the instance; NULL: none has to. */
struct xtr_mapping *itr_limit_room(struct xtr_itr *itr, struct instance *inst);
/* Removes what had to go. NULL is allowed. */
void itr_limit_evict(struct xtr_itr *itr, struct xtr_mapping *victim);
/* m has become learned, or is so no longer. */
void itr_limit_add(struct instance *inst, struct xtr_mapping *m);
void itr_limit_del(struct instance *inst, struct xtr_mapping *m);
/* What waited for m has met it. */
void itr_limit_settled(struct xtr_mapping *m);

/* itr_share.c: how much of a total each instance holds. */
/* Room for one more instance: 0 or -ENOMEM. Then join() takes it. */
int itr_share_room(struct xtr_itr *itr);
void itr_share_join(struct xtr_itr *itr, struct instance *inst);
void itr_share_fini(struct xtr_itr *itr);
/* delta: 1 or -1. */
void itr_share_change(struct xtr_itr *itr, struct instance *inst, enum itr_kind kind, int delta);
/* Who has to give where the total is reached and inst wants one more: inst itself, or who holds the
 * most. It holds at least one. */
struct instance *itr_share_payer(struct xtr_itr *itr, struct instance *inst, enum itr_kind kind);

#endif
