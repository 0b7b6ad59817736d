/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Inside the ITR: what its files share.
 */
#ifndef XTR_ITR_INTERNAL_H
#define XTR_ITR_INTERNAL_H

#include "control/lisp/itr.h"

struct instance {
	uint32_t iid;
	struct xtr_trie mappings[2], pendings[2];
	UT_hash_handle hh;
};

struct xtr_itr {
	struct xtr_lisp *l;
	struct xtr_itr_ops ops;
	struct instance *instances;
	struct xtr_pending *by_nonce;
	unsigned resolver; /* the one that answered last is asked first */
};

struct instance *itr_instance(struct xtr_itr *itr, uint32_t iid, bool make);

/* itr_cache.c. Adds or replaces; takes locators (malloc'd). NULL if memory is short. ttl_ms 0:
 * never expires. */
struct xtr_mapping *itr_mapping_set(struct xtr_itr *itr, const struct xtr_eid *eid,
    enum xtr_mapping_source source, uint8_t action, struct xtr_mapping_locator *locators,
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

#endif
