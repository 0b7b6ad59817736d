/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Mappings become forwarding entries (RFC 9301 section 5.4): which of their locators, or what else.
 */
#include "control/forwarding/mapping.h"

#include <errno.h>
#include <stdlib.h>
#include "control/forwarding/alive.h"
#include "control/forwarding/petr.h"
#include "datapath/hop.h"
#include "util/log.h"
#include "wire/data.h"

struct xtr_mapfwd {
	struct xtr_mapping *mapping;
	unsigned n;
	struct xtr_rloc_use *uses; /* as mapping.locators; rloc NULL where never to be used */
	uint32_t set;              /* index in the pool of sets, 0: none */
	uint32_t gate;
	bool marked; /* waits to be looked at again */
	bool stale;  /* memory was short: workers have locators that the mapping no longer names */
	TAILQ_ENTRY(xtr_mapfwd) next;
};

const struct xtr_mapping *xtr_mapping_of(const struct xtr_mapfwd *f)
{
	return f->mapping;
}

uint32_t xtr_mapping_gate(const struct xtr_mapping *m)
{
	return ((const struct xtr_mapfwd *)m->user)->gate;
}

static void free_mapfwd(struct xtr_ctl *ctl, struct xtr_mapfwd *f)
{
	if (!f)
		return;
	if (f->marked)
		TAILQ_REMOVE(&ctl->marked, f, next);
	for (unsigned i = 0; i < f->n; i++)
		xtr_alive_unuse(ctl, &f->uses[i]);
	xtr_pool_put(&ctl->dp->set, f->set);
	free(f->uses);
	free(f);
}

/* How good a locator is, whatever its priority. R says that its site has a route to it (RFC 9301
 * 5.4); without one of ours that does not help. Negative: MUST NOT be used, or cannot be. */
static int score(const struct xtr_mapping *m, const struct xtr_mapfwd *f, unsigned i)
{
	enum xtr_score alive;

	if (!f->uses[i].rloc)
		return -1;
	alive = xtr_alive_score(f->uses[i].rloc);
	if (alive == XTR_SCORE_NO_WAY)
		return 0;
	return m->locators[i].reachable ? 1 + (int)alive : 1;
}

/* The locators that packets go to: of the best, those of the lowest priority (RFC 9301 5.4). Where
 * none is good, the best of the bad. Returns how many. */
static unsigned choose(const struct xtr_mapping *m, const struct xtr_mapfwd *f, unsigned *list)
{
	unsigned priority = 255, n = 0;
	int best = -1;

	for (unsigned i = 0; i < f->n; i++)
		best = RTE_MAX(best, score(m, f, i));
	for (unsigned i = 0; i < f->n && best >= 0; i++)
		if (score(m, f, i) == best && m->locators[i].priority < priority)
			priority = m->locators[i].priority;
	for (unsigned i = 0; i < f->n && best >= 0; i++)
		if (score(m, f, i) == best && m->locators[i].priority == priority)
			list[n++] = i;
	return n;
}

static int use_locators(struct xtr_ctl *ctl, const struct xtr_mapping *m, struct xtr_mapfwd *f)
{
	f->uses = calloc(m->n_locators, sizeof(*f->uses));
	if (!f->uses)
		return -ENOMEM;
	f->n = m->n_locators;
	for (unsigned i = 0; i < f->n; i++)
		if (m->locators[i].priority != 255 &&
		    xtr_alive_use(ctl, &f->uses[i], &m->locators[i].rloc, f) < 0)
			return -ENOMEM;
	return 0;
}

static int build_encap(
    struct xtr_ctl *ctl, const struct xtr_mapping *m, struct xtr_mapfwd *f, struct xtr_fwd *fwd)
{
	unsigned list[255], weights[255], n;
	uint32_t tunnels[255];

	if (use_locators(ctl, m, f) < 0)
		return -ENOMEM;
	n = choose(m, f, list);
	if (!n) {
		*fwd = (struct xtr_fwd){.action = XTR_FWD_DROP, .reason = XTR_DROP_NO_LOCATOR};
		return 0;
	}
	for (unsigned i = 0; i < n; i++) {
		f->uses[list[i]].chosen = true;
		tunnels[i] = f->uses[list[i]].rloc->tunnel;
		weights[i] = m->locators[list[i]].weight;
	}
	*fwd = (struct xtr_fwd){.action = XTR_FWD_ENCAP, .target = tunnels[0]};
	if (n == 1)
		return 0;
	f->set = xtr_fib_hop_set(ctl->fib, tunnels, weights, n);
	fwd->set_log2 = XTR_SET_LOG2;
	fwd->target = f->set;
	return f->set ? 0 : -ENOMEM;
}

static int build(
    struct xtr_ctl *ctl, const struct xtr_mapping *m, struct xtr_mapfwd *f, struct xtr_fwd *fwd)
{
	memset(fwd, 0, sizeof(*fwd));
	if (m->n_locators)
		return build_encap(ctl, m, f, fwd);
	switch ((enum xtr_act)m->action) { /* RFC 9301 section 5.4 */
	case XTR_ACT_SEND_MAP_REQUEST:
		fwd->action = XTR_FWD_MISS;
		break;
	case XTR_ACT_NO_ACTION: /* "no packet encapsulation occurs" */
		fwd->action = XTR_FWD_ROUTES;
		break;
	case XTR_ACT_NATIVELY_FORWARD:
		fwd->action = XTR_FWD_NATIVE;
		break;
	default:
		fwd->action = XTR_FWD_DROP;
		fwd->reason = XTR_DROP_MAPCACHE_DROP;
		break;
	}
	return 0;
}

static bool chosen_in(const struct xtr_mapfwd *f, const struct xtr_rloc *rloc)
{
	for (unsigned i = 0; i < f->n; i++)
		if (f->uses[i].rloc == rloc && f->uses[i].chosen)
			return true;
	return false;
}

/* What waits for RLOCs that were left goes where the others go now. */
static void leave(struct xtr_ctl *ctl, struct xtr_mapfwd *old, const struct xtr_mapfwd *f)
{
	for (unsigned i = 0; old && i < old->n; i++)
		if (old->uses[i].chosen && !chosen_in(f, old->uses[i].rloc))
			xtr_rloc_release(ctl->rlocs, old->uses[i].rloc);
	free_mapfwd(ctl, old);
}

static void install(void *arg, struct xtr_mapping *m)
{
	struct xtr_ctl *ctl = arg;
	struct xtr_mapfwd *f = calloc(1, sizeof(*f));
	struct xtr_fwd fwd;
	uint32_t entry = 0;
	char eid[XTR_EID_STRLEN];

	if (f)
		f->mapping = m;
	if (!f || build(ctl, m, f, &fwd) < 0)
		goto fail;
	fwd.word1 = xtr_itr_serves(m->itr, &m->eid) ? 0 : XTR_FWD_OWN_ONLY;
	f->gate = fwd.gate = xtr_gate_number(&ctl->holder);
	entry = xtr_fib_entry(ctl->fib, &fwd);
	if (!entry || xtr_fib_set_lisp(ctl->fib, &m->eid, entry) < 0)
		goto fail;
	if (ctl->petrs)
		xtr_petrs_look_again(ctl->petrs);
	leave(ctl, m->user, f);
	m->user = f;
	return;
fail:
	/* workers keep what they had */
	if (m->user)
		((struct xtr_mapfwd *)m->user)->stale = true;
	xtr_log(XTR_LOG_ERR, "map-cache: %s: out of memory or table full",
	    xtr_eid_format(&m->eid, eid));
	free_mapfwd(ctl, f);
}

static void remove_mapping(void *arg, struct xtr_mapping *m)
{
	struct xtr_ctl *ctl = arg;

	xtr_fib_set_lisp(ctl->fib, &m->eid, 0);
	free_mapfwd(ctl, m->user);
	m->user = NULL;
}

void xtr_mapping_mark(struct xtr_ctl *ctl, struct xtr_mapfwd *f)
{
	if (f->marked)
		return;
	f->marked = true;
	TAILQ_INSERT_TAIL(&ctl->marked, f, next);
}

static bool chooses_the_same(const struct xtr_mapfwd *f)
{
	const struct xtr_mapping *m = f->mapping;
	unsigned list[255], n, chosen = 0;

	if (f->stale)
		return false;
	n = choose(m, f, list);
	for (unsigned i = 0; i < f->n; i++)
		chosen += f->uses[i].chosen;
	for (unsigned i = 0; i < n; i++)
		if (!f->uses[list[i]].chosen)
			return false;
	return n == chosen;
}

void xtr_ctl_look_again(struct xtr_ctl *ctl, unsigned max)
{
	struct xtr_mapfwd *f;

	if (ctl->rlocs_dirty) {
		ctl->rlocs_dirty = false;
		if (ctl->petrs)
			xtr_petrs_look_again(ctl->petrs);
		xtr_rlocs_update(ctl->rlocs);
	}
	while (max-- && (f = TAILQ_FIRST(&ctl->marked)) != NULL) {
		TAILQ_REMOVE(&ctl->marked, f, next);
		f->marked = false;
		if (!chooses_the_same(f))
			install(ctl, f->mapping);
	}
}

static bool own(void *arg, const struct xtr_eid *eid)
{
	struct xtr_ctl *ctl = arg;

	return ctl->etr && xtr_etr_overlaps(ctl->etr, eid);
}

static void describe(void *arg, const struct xtr_mapping *m, unsigned locator, json_t *object)
{
	struct xtr_ctl *ctl = arg;
	const struct xtr_mapfwd *f = m->user;
	const struct xtr_rloc *rloc = f && locator < f->n ? f->uses[locator].rloc : NULL;
	struct xtr_rloc_count c = {0};
	const char *why = NULL, *state = m->locators[locator].reachable ? "unknown" : "down";

	/* where memory was short at the last change, workers have locators that m no longer names
	 */
	if (rloc && !xtr_ip_equal(&rloc->ip, &m->locators[locator].rloc))
		rloc = NULL;
	if (rloc) {
		c = xtr_rloc_count(ctl->rlocs, rloc);
		if (m->locators[locator].reachable)
			state = xtr_alive_state(ctl, rloc, &why);
	}
	json_object_update_new(
	    object, json_pack("{s:s, s:s?, s:b, s:I, s:I}", "state", state, "reason", why, "used",
			rloc && f->uses[locator].chosen, "packets", (json_int_t)c.packets, "bytes",
			(json_int_t)c.bytes));
}

const struct xtr_itr_ops xtr_forwarding_ops = {
    .install = install,
    .remove = remove_mapping,
    .resolved = xtr_miss_resolved,
    .waited_for = xtr_miss_waited_for,
    .forget = xtr_miss_forget,
    .own = own,
    .describe = describe,
};

int xtr_ctl_install_database(struct xtr_ctl *ctl)
{
	for (unsigned i = 0; i < ctl->cfg->n_database; i++) {
		const struct xtr_eid *eid = &ctl->cfg->database[i].eid;
		/* the LISP header's second word for this source; L is off (RFC 9300 section 4.1) */
		struct xtr_fwd fwd = {
		    .action = XTR_FWD_ROUTES, .word1 = xtr_data_word1(XTR_DATA_I, eid->iid, 0)};
		uint32_t entry = xtr_fib_entry(ctl->fib, &fwd);
		int rc = entry ? xtr_fib_set_database(ctl->fib, eid, entry) : -ENOMEM;

		if (rc < 0)
			return rc;
	}
	return 0;
}
