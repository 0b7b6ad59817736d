/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How many mappings may be learned, and which go where there are too many: itr_internal.h says it
 * in words.
 */
#include "control/lisp/itr_internal.h"

#include "util/log.h"

#define LOOKS_MAX   64u /* at mappings, to find one that may go */
#define LOOKS_AHEAD 4u  /* for each that comes */
#define READY_MAX   64u
#define FRESH_MIN   10u /* fresh has at least one of so many, or the room is made in kept */
#define KEPT_ROUND  8u  /* looks, times the learned mappings, between two at one in kept */
#define QUIET_MS    60000u

static void move(struct instance *inst, struct xtr_mapping *m, enum itr_list list)
{
	if (m->list != ITR_NOWHERE) {
		TAILQ_REMOVE(&inst->list[m->list], m, next);
		inst->n_list[m->list]--;
	}
	m->list = (uint8_t)list;
	if (list != ITR_NOWHERE) {
		TAILQ_INSERT_TAIL(&inst->list[list], m, next);
		inst->n_list[list]++;
	}
}

void itr_limit_add(struct instance *inst, struct xtr_mapping *m)
{
	m->looked = false;
	move(inst, m, ITR_FRESH);
	itr_share_change(m->itr, inst, ITR_LEARNED, 1);
}

void itr_limit_del(struct instance *inst, struct xtr_mapping *m)
{
	move(inst, m, ITR_NOWHERE);
	itr_share_change(m->itr, inst, ITR_LEARNED, -1);
}

/* Takes off the mark. */
static bool was_used(const struct xtr_mapping *m)
{
	return m->itr->ops.used(m->itr->ops.arg, m);
}

void itr_limit_settled(struct xtr_mapping *m)
{
	if (m->list == ITR_NOWHERE || m->looked)
		return;
	m->looked = true;
	was_used(m);
}

/* The next to look at in the two lists of those that are not ready to go; NULL: there is none. */
static struct xtr_mapping *next(struct instance *inst)
{
	struct xtr_mapping *kept = TAILQ_FIRST(&inst->list[ITR_KEPT]);
	unsigned fresh = inst->n_list[ITR_FRESH];

	if (kept && (fresh * FRESH_MIN < fresh + inst->n_list[ITR_KEPT] ||
			inst->looks - kept->looked_at >= inst->held[ITR_LEARNED] * KEPT_ROUND))
		return kept;
	return TAILQ_FIRST(&inst->list[ITR_FRESH]);
}

/* Does it stay? Then it goes to where it may. At the first look it does: it may be so new that what
 * waited for it is still on its way. */
static bool look(struct instance *inst, struct xtr_mapping *m)
{
	bool stays = was_used(m) || !m->looked;

	if (stays)
		move(inst, m, m->looked ? ITR_KEPT : ITR_FRESH);
	m->looked = true;
	m->looked_at = inst->looks++;
	return stays;
}

static void look_ahead(struct instance *inst)
{
	unsigned enough = inst->held[ITR_LEARNED] / 16 + 1;
	struct xtr_mapping *m;

	if (enough > READY_MAX)
		enough = READY_MAX;
	for (unsigned i = 0; i < LOOKS_AHEAD && inst->n_list[ITR_READY] < enough; i++) {
		m = next(inst);
		if (!m)
			return;
		if (!look(inst, m))
			move(inst, m, ITR_READY);
	}
}

/* One that goes; there is one. NULL: only such as are in use, or may be, and those are to stay. */
static struct xtr_mapping *choose(struct instance *inst, bool used_too)
{
	struct xtr_mapping *spare = NULL, *m;
	bool spare_looked = false, looked;

	/* none is looked at twice: nothing can have met it in between */
	for (unsigned i = 0; i < LOOKS_MAX && i < inst->held[ITR_LEARNED]; i++) {
		m = TAILQ_FIRST(&inst->list[ITR_READY]);
		if (!m)
			m = next(inst);
		looked = m->looked;
		if (!look(inst, m))
			return m;
		/* all may be in use: the first that is not known to be, else just the first */
		if (!spare || (spare_looked && !looked)) {
			spare = m;
			spare_looked = looked;
		}
	}
	return used_too ? spare : NULL;
}

/* One line a minute at most, of whatever instance. */
static void report(struct xtr_itr *itr, const struct instance *inst)
{
	uint64_t now = xtr_wheel_now(itr->l->wheel);

	if (now < itr->quiet_ms)
		return;
	itr->quiet_ms = now + QUIET_MS;
	xtr_log(XTR_LOG_NOTICE,
	    "map-cache: full: %u learned entries of %u, of them %u of %u in instance %u: those "
	    "least recently used go, %llu so far",
	    itr->total[ITR_LEARNED], itr->limit, inst->held[ITR_LEARNED], inst->limit, inst->iid,
	    (unsigned long long)itr->evicted);
}

/* Who has to give where the limits are reached but for so many eighths; NULL: nobody. */
static struct instance *payer(struct xtr_itr *itr, struct instance *inst, unsigned eighths)
{
	if (inst->held[ITR_LEARNED] >= inst->limit - inst->limit / 8 * eighths)
		return inst;
	if (itr->total[ITR_LEARNED] >= itr->limit - itr->limit / 8 * eighths)
		return itr_share_payer(itr, inst, ITR_LEARNED);
	return NULL;
}

struct xtr_mapping *itr_limit_room(struct xtr_itr *itr, struct instance *inst)
{
	struct instance *gives = payer(itr, inst, 0), *soon = gives ? gives : payer(itr, inst, 1);
	struct xtr_mapping *m = NULL;

	if (soon)
		look_ahead(soon);
	if (!gives)
		return NULL;
	report(itr, gives);
	/* another's that are in use stay, while there is one of its own */
	if (gives != inst && inst->held[ITR_LEARNED]) {
		m = choose(gives, false);
		gives = inst;
	}
	return m ? m : choose(gives, true);
}

void itr_limit_evict(struct xtr_itr *itr, struct xtr_mapping *victim)
{
	char eid[XTR_EID_STRLEN];

	if (!victim)
		return;
	itr->l->counters[XTR_C_ITR_EVICTED]++;
	itr->evicted++;
	itr_instance(itr, victim->eid.iid, false)->evicted++;
	xtr_dbg(XTR_DBG_MAP_CACHE, "map-cache: %s makes room", xtr_eid_format(&victim->eid, eid));
	itr_mapping_remove(victim);
}
