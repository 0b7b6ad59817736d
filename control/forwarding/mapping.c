/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Mappings become forwarding entries (RFC 9301 section 5.4): which of their locators, or what else.
 */
#include "control/forwarding/mapping.h"

#include <errno.h>
#include "control/forwarding/alive.h"
#include "control/forwarding/petr.h"
#include "control/forwarding/usage.h"
#include "util/log.h"
#include "util/small.h"

#define RLOCS_A_TURN 1000u /* that may have another way: some tenths of a millisecond */

/* One a mapping, of which there are millions: one allocation, and small. */
struct xtr_mapfwd {
	struct xtr_mapping *mapping;
	uint32_t entry; /* the forwarding entry, fib's */
	uint32_t gate;
	uint8_t n;
	bool stale; /* memory was short: workers have locators that the mapping no longer names */
	struct xtr_rloc_use uses[]; /* as mapping.locators; rloc NULL where never to be used */
};
_Static_assert(XTR_SET_MEMBERS <= UINT8_MAX, "n, and xtr_rloc_use.at");

struct xtr_mapfwd *xtr_mapping_user(const struct xtr_rloc_use *use)
{
	return (
	    struct xtr_mapfwd *)((uintptr_t)(use - use->at) - offsetof(struct xtr_mapfwd, uses));
}

const struct xtr_mapping *xtr_mapping_of(const struct xtr_mapfwd *f)
{
	return f->mapping;
}

uint32_t xtr_mapping_gate(const struct xtr_mapping *m)
{
	return ((const struct xtr_mapfwd *)m->user)->gate;
}

uint32_t xtr_mapping_entry(const struct xtr_mapping *m)
{
	const struct xtr_mapfwd *f = m->user;

	return f ? f->entry : 0;
}

static void free_mapfwd(struct xtr_ctl *ctl, struct xtr_mapfwd *f)
{
	if (!f)
		return;
	for (unsigned i = 0; i < f->n; i++)
		xtr_alive_unuse(ctl, &f->uses[i]);
	xtr_small_free(f);
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

struct choice {
	int score;
	unsigned priority;
};

/* The locators that packets go to are of the best, those of the lowest priority (RFC 9301 5.4).
 * Where none is good, the best of the bad. */
static struct choice choose(const struct xtr_mapping *m, const struct xtr_mapfwd *f)
{
	struct choice c = {-1, 255};

	for (unsigned i = 0; i < f->n; i++) {
		unsigned priority = m->locators[i].priority;
		int s = score(m, f, i);

		if (s > c.score || (s == c.score && priority < c.priority))
			c = (struct choice){s, priority};
	}
	return c;
}

static bool is_chosen(
    const struct xtr_mapping *m, const struct xtr_mapfwd *f, unsigned i, const struct choice *c)
{
	return c->score >= 0 && m->locators[i].priority == c->priority &&
	       score(m, f, i) == c->score;
}

static int use_locators(struct xtr_ctl *ctl, const struct xtr_mapping *m, struct xtr_mapfwd *f)
{
	for (; f->n < m->n_locators; f->n++) {
		struct xtr_rloc_use *use = &f->uses[f->n];

		use->at = f->n;
		if (m->locators[f->n].priority != 255 &&
		    xtr_alive_use(ctl, use, &m->locators[f->n].rloc) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int build_encap(
    struct xtr_ctl *ctl, const struct xtr_mapping *m, struct xtr_mapfwd *f, struct xtr_fwd *fwd)
{
	struct xtr_set_member list[XTR_SET_MEMBERS];
	struct choice c;
	unsigned n = 0;

	if (use_locators(ctl, m, f) < 0)
		return -ENOMEM;
	c = choose(m, f);
	if (c.score < 0) {
		*fwd = (struct xtr_fwd){.action = XTR_FWD_DROP, .reason = XTR_DROP_NO_LOCATOR};
		return 0;
	}
	for (unsigned i = 0; i < f->n; i++) {
		struct xtr_rloc_use *use = &f->uses[i];

		use->chosen = is_chosen(m, f, i, &c);
		/* the others of the priority keep their flows in mind */
		if (use->rloc && m->locators[i].priority == c.priority)
			list[n++] = (struct xtr_set_member){.hop = use->rloc->tunnel,
			    .id = use->rloc->id,
			    .weight = m->locators[i].weight,
			    .usable = use->chosen};
	}
	fwd->action = XTR_FWD_ENCAP;
	return xtr_fib_choose(ctl->fib, list, n, fwd);
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

/* All RLOCs that a mapping names are its site's to send from (datapath/source.h), which the entry
 * says by itself where there is only one and it leads there. 0 or -ENOMEM. */
static int allow_sources(
    struct xtr_ctl *ctl, const struct xtr_mapping *m, const struct xtr_fwd *fwd, uint32_t entry)
{
	uint32_t inst = ctl->dp->inst_of_iid[m->eid.iid];
	uint8_t check = inst ? ctl->dp->instances[inst - 1].source_check : ctl->dp->source_check;
	struct xtr_rule_rloc list[UINT8_MAX];

	if (check == XTR_CHECK_OFF || !m->n_locators ||
	    (m->n_locators == 1 && fwd->action == XTR_FWD_ENCAP))
		return 0;
	for (unsigned i = 0; i < m->n_locators; i++) {
		const struct xtr_ip *ip = &m->locators[i].rloc;

		list[i] = xtr_rule_rloc(ip, xtr_ip_bits(ip));
	}
	return xtr_fib_allow(ctl->fib, entry, list, m->n_locators);
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
	struct xtr_mapfwd *f = xtr_small_alloc(sizeof(*f) + m->n_locators * sizeof(f->uses[0]));
	struct xtr_fwd fwd;
	uint32_t entry = 0;
	char eid[XTR_EID_STRLEN];

	if (f)
		f->mapping = m;
	if (!f || build(ctl, m, f, &fwd) < 0)
		goto fail;
	fwd.word1 = xtr_itr_serves(m->itr, &m->eid) ? 0 : XTR_FWD_OWN_ONLY;
	fwd.word1 |= xtr_usage_word1(ctl, m);
	fwd.used = xtr_usage_used(ctl, m);
	f->gate = fwd.gate = xtr_gate_number(&ctl->holder);
	entry = xtr_fib_entry(ctl->fib, &fwd);
	if (!entry)
		goto fail;
	if (allow_sources(ctl, m, &fwd, entry) < 0) {
		xtr_fib_put_entry(ctl->fib, entry);
		goto fail;
	}
	if (xtr_fib_set_lisp(ctl->fib, &m->eid, entry) < 0)
		goto fail;
	f->entry = entry;
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
	xtr_usage_end(ctl, m);
	free_mapfwd(ctl, m->user);
	m->user = NULL;
}

static bool chooses_the_same(const struct xtr_mapfwd *f)
{
	const struct xtr_mapping *m = f->mapping;
	struct choice c = {-1, 255};

	if (f->stale)
		return false;
	c = choose(m, f);
	for (unsigned i = 0; i < f->n; i++)
		if (f->uses[i].chosen != is_chosen(m, f, i, &c))
			return false;
	return true;
}

void xtr_mapping_look_again(struct xtr_ctl *ctl, struct xtr_mapfwd *f)
{
	if (!chooses_the_same(f))
		install(ctl, f->mapping);
}

bool xtr_ctl_look_again(struct xtr_ctl *ctl, unsigned max)
{
	if (ctl->rlocs_dirty) {
		ctl->rlocs_dirty = false;
		if (ctl->petrs)
			xtr_petrs_look_again(ctl->petrs);
		xtr_rlocs_changed(ctl->rlocs);
	}
	xtr_rlocs_update(ctl->rlocs, RLOCS_A_TURN);
	return xtr_alive_look_again(ctl, max);
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
    .used = xtr_usage_used,
    .counts = xtr_usage_counts,
};
