/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Asking the mapping system: one Map-Request a second an EID, ten times again, then half a minute
 * of silence (RFC 9301 section 5.3).
 */
#include "control/lisp/itr_internal.h"

#include "util/log.h"
#include "util/small.h"

#define REQUEST_MS                                                                                 \
	1000u /* RFC 9301 5.3: Map-Requests MUST be rate limited to 1 per second per EID-Prefix */
#define RETRANSMITS 10u /* "After 10 retransmits without receiving the corresponding Map-Reply" */
#define QUIET_MS    30000u /* "the sender MUST wait 30 seconds" */
#define SETTLE_MS   100u   /* so long after the answer, what waited for it has long met it */
/* EIDs of an instance that are being resolved, at most: a scan of addresses that nobody answers for
 * must not fill the memory, nor flood the Map-Resolver. Where so many are reached, the oldest of
 * whichever asker has the most makes room for those that have less. */
#define PENDINGS_MAX 16384u
/* And of all: when so many are reached, an instance that has less than its share gets its own all
 * the same, and the oldest of whichever has the most is given up. */
#define PENDINGS_TOTAL 65536u

static struct xtr_pending *pending_of(struct xtr_timer *t)
{
	return (struct xtr_pending *)((char *)t - offsetof(struct xtr_pending, timer));
}

static struct itr_asker **find_asker(struct instance *inst, uint32_t id)
{
	struct itr_asker **at = &inst->askers;

	while (*at && (*at)->id != id)
		at = &(*at)->next;
	return at;
}

/* Memory short: false. */
static bool join_asker(struct instance *inst, struct xtr_pending *p, uint32_t id)
{
	struct itr_asker **at = find_asker(inst, id), *a = *at;

	if (!a) {
		a = xtr_small_alloc(sizeof(*a));
		if (!a)
			return false;
		a->id = id;
		TAILQ_INIT(&a->oldest);
		*at = a;
	}
	p->asker = a;
	a->held++;
	TAILQ_INSERT_TAIL(&a->oldest, p, next);
	return true;
}

static void leave_asker(struct instance *inst, struct xtr_pending *p)
{
	struct itr_asker *a = p->asker;

	TAILQ_REMOVE(&a->oldest, p, next);
	if (--a->held)
		return;
	*find_asker(inst, a->id) = a->next;
	xtr_small_free(a);
}

/* Whoever has the most; the instance has some. */
static struct itr_asker *most(const struct instance *inst)
{
	struct itr_asker *found = inst->askers;

	for (struct itr_asker *a = found; a; a = a->next)
		if (a->held > found->held)
			found = a;
	return found;
}

/* Its Map-Reply is not waited for any more. */
static void forget_nonce(struct xtr_pending *p)
{
	if (p->state == XTR_DONE)
		return;
	HASH_DEL(p->itr->by_nonce, p);
	itr_instance(p->itr, p->eid.iid, false)->unanswered--;
	p->state = XTR_DONE;
}

void itr_pending_free(struct xtr_pending *p)
{
	struct xtr_itr *itr = p->itr;
	struct instance *inst = itr_instance(itr, p->eid.iid, false);

	itr->ops.forget(itr->ops.arg, p);
	forget_nonce(p);
	leave_asker(inst, p);
	itr_share_change(itr, inst, ITR_RESOLVING, -1);
	xtr_trie_del(&inst->pendings[p->eid.ip.af == 6], &p->eid.ip, p->eid.plen);
	xtr_timer_cancel(itr->l->wheel, &p->timer);
	xtr_small_free(p);
}

static void send_request(struct xtr_pending *p)
{
	struct xtr_lisp *l = p->itr->l;
	const struct xtr_config *cfg = l->cfg;
	/* each retransmission asks the next resolver: one that is gone costs a second, not the
	 * answer */
	unsigned resolver = (p->first_resolver + p->sent) % cfg->n_map_resolvers;

	p->asked_ms = xtr_wheel_now(l->wheel);
	l->counters[p->sent ? XTR_C_ITR_REQ_RETRANSMIT : XTR_C_ITR_REQ_TX]++;
	p->sent++;
	/* RFC 9301 5.2: for a host that is not of our site, a PITR asks */
	xtr_lisp_map_request(l, &cfg->map_resolvers[resolver], p->nonce, &p->source, &p->eid,
	    !p->itr->ops.own(p->itr->ops.arg, &p->source));
}

static void tick(struct xtr_timer *t);

static void start(struct xtr_pending *p)
{
	struct xtr_itr *itr = p->itr;

	forget_nonce(p);
	p->state = XTR_ASKING;
	p->nonce = itr->l->random64(itr->l);
	p->sent = 0;
	p->first_resolver = itr->resolver;
	p->started_ms = xtr_wheel_now(itr->l->wheel);
	HASH_ADD(hh, itr->by_nonce, nonce, sizeof(p->nonce), p);
	itr_instance(itr, p->eid.iid, false)->unanswered++;
	send_request(p);
	xtr_timer_arm(itr->l->wheel, &p->timer, REQUEST_MS, tick);
}

/* Counted, and logged once a second at most: a scan makes thousands. */
static void report_silence(const struct xtr_pending *p)
{
	struct xtr_itr *itr = p->itr;
	uint64_t now = xtr_wheel_now(itr->l->wheel);
	char eid[XTR_EID_STRLEN];

	itr->l->counters[XTR_C_ITR_RESOLVE_FAILED]++;
	if (itr->unanswered_ms && now - itr->unanswered_ms < XTR_MS_PER_SEC) {
		itr->unanswered_more++;
		return;
	}
	xtr_log(XTR_LOG_WARNING,
	    "map-cache: no Map-Reply for %s after %u Map-Requests, silent for %u s; %u more not "
	    "logged",
	    xtr_eid_format(&p->eid, eid), p->sent, QUIET_MS / XTR_MS_PER_SEC, itr->unanswered_more);
	itr->unanswered_ms = now;
	itr->unanswered_more = 0;
}

static void tick(struct xtr_timer *t)
{
	struct xtr_pending *p = pending_of(t);
	struct xtr_itr *itr = p->itr;
	struct xtr_mapping *m = itr_answer(itr, &p->eid);
	uint64_t since = xtr_wheel_now(itr->l->wheel) - p->asked_ms;

	if (p->state == XTR_DONE && m)
		itr_limit_settled(m);
	if (p->state != XTR_DONE && m) {
		/* another EID's answer covers this one too */
		itr_pending_done(p, m);
	} else if (p->state == XTR_DONE && since < REQUEST_MS) {
		xtr_timer_arm(itr->l->wheel, t, REQUEST_MS - since, tick);
	} else if (p->state == XTR_ASKING && p->sent <= RETRANSMITS) {
		send_request(p);
		xtr_timer_arm(itr->l->wheel, t, REQUEST_MS, tick);
	} else if (p->state == XTR_ASKING) {
		p->state = XTR_QUIET;
		report_silence(p);
		xtr_timer_arm(itr->l->wheel, t, QUIET_MS, tick);
	} else if (itr->ops.waited_for(itr->ops.arg, p)) {
		start(p);
	} else {
		itr_pending_free(p);
	}
}

/* May one more EID of the instance be resolved for this asker? *given_up: the pending that goes for
 * it, or NULL. */
static bool may_resolve(
    struct xtr_itr *itr, struct instance *inst, uint32_t asker, struct xtr_pending **given_up)
{
	const struct itr_asker *own = *find_asker(inst, asker), *gives;
	struct instance *payer = inst;

	*given_up = NULL;
	if (inst->held[ITR_RESOLVING] < PENDINGS_MAX) {
		if (itr->total[ITR_RESOLVING] < PENDINGS_TOTAL)
			return true;
		payer = itr_share_payer(itr, inst, ITR_RESOLVING);
	}
	gives = most(payer);
	*given_up = TAILQ_FIRST(&gives->oldest);
	return payer != inst || gives->held > (own ? own->held : 0);
}

struct xtr_pending *xtr_itr_resolve_for(
    struct xtr_itr *itr, const struct xtr_eid *eid, const struct xtr_eid *source, uint32_t asker)
{
	struct instance *inst = itr_instance(itr, eid->iid, true);
	struct xtr_pending *p, *given_up;

	if (!inst || !itr->l->cfg->n_map_resolvers)
		return NULL;
	p = xtr_trie_get(&inst->pendings[eid->ip.af == 6], &eid->ip, eid->plen);
	if (p) {
		/* DONE and QUIET ask when their time is over, if packets wait then. RFC 9301 5.2:
		 * for the host whose packet is the cause */
		if (p->state != XTR_ASKING)
			p->source = *source;
		return p;
	}
	if (!may_resolve(itr, inst, asker, &given_up)) {
		itr->l->counters[XTR_C_ITR_RESOLVE_LIMIT]++;
		return NULL;
	}
	p = xtr_small_alloc(sizeof(*p));
	if (!p)
		return NULL;
	p->state = XTR_DONE; /* of nothing yet */
	p->eid = *eid;
	p->source = *source;
	p->itr = itr;
	if (!join_asker(inst, p, asker))
		goto fail;
	if (xtr_trie_set(&inst->pendings[eid->ip.af == 6], &eid->ip, eid->plen, p, NULL) < 0) {
		leave_asker(inst, p);
		goto fail;
	}
	if (given_up) {
		itr->l->counters[XTR_C_ITR_RESOLVE_GIVEN_UP]++;
		itr_pending_free(given_up);
	}
	itr_share_change(itr, inst, ITR_RESOLVING, 1);
	start(p);
	return p;
fail:
	xtr_small_free(p);
	return NULL;
}

void itr_pending_done(struct xtr_pending *p, struct xtr_mapping *m)
{
	struct xtr_itr *itr = p->itr;
	uint64_t since = xtr_wheel_now(itr->l->wheel) - p->asked_ms;

	forget_nonce(p);
	if (m)
		itr->ops.resolved(itr->ops.arg, p, m);
	if (since >= REQUEST_MS)
		since = REQUEST_MS;
	xtr_timer_arm(itr->l->wheel, &p->timer,
	    REQUEST_MS - since < SETTLE_MS ? REQUEST_MS - since : SETTLE_MS, tick);
}
