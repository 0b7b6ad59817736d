/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/forwarding/petr.h"

#include <stdlib.h>
#include "control/forwarding/alive.h"
#include "control/forwarding/mapping.h"
#include "util/log.h"

#define RETRY_MS 1000u /* after memory was short */

enum petr_state { PETR_DOWN, PETR_CHECKING, PETR_UP };

struct petr {
	const struct xtr_cfg_petr *cfg;
	struct xtr_rloc *rloc;
	struct xtr_probe *probe; /* as long as there is a way to it */
	enum petr_state state;
	const char *why; /* NULL: up */
	uint64_t since_ms;
	bool used;
};

struct xtr_petrs {
	struct xtr_ctl *ctl;
	unsigned n;
	struct petr *list;
	enum xtr_fwd_action action;
	bool behind; /* memory was short: workers do not have what was chosen */
	struct xtr_timer retry;
	struct xtr_wait wait;
	bool started;
};

static bool probed(const struct xtr_petrs *p, const struct petr *petr)
{
	return petr->cfg->probe && p->ctl->probes && p->ctl->cfg->lisp.probe_interval_ms;
}

/* A probe says something only of a way that exists: it starts anew with each. */
static void follow_way(struct xtr_petrs *p, struct petr *petr)
{
	bool ready = petr->rloc->way == XTR_WAY_READY;

	if (!ready && petr->probe) {
		xtr_probe_stop(petr->probe);
		petr->probe = NULL;
	} else if (ready && !petr->probe && probed(p, petr)) {
		petr->probe = xtr_probe_start(p->ctl->probes, &petr->rloc->ip, true, NULL);
	}
}

static enum petr_state judge(const struct xtr_petrs *p, const struct petr *petr, const char **why)
{
	struct xtr_probe_status s;

	*why = petr->rloc->why;
	if (petr->rloc->way == XTR_WAY_RESOLVING)
		return PETR_CHECKING;
	if (petr->rloc->way != XTR_WAY_READY)
		return PETR_DOWN;
	if (!probed(p, petr))
		return PETR_UP;
	*why = "out of memory";
	if (!petr->probe)
		return PETR_DOWN;
	s = xtr_probe_status(petr->probe);
	*why = s.why;
	if (s.state == XTR_PROBE_UP)
		return PETR_UP;
	if (s.state != XTR_PROBE_UNKNOWN)
		return PETR_DOWN;
	*why = "probe not answered yet";
	return PETR_CHECKING;
}

static const char *const state_names[] = {"down", "checking", "up"};

static void say(const struct petr *petr)
{
	char ip[XTR_IP_STRLEN];

	xtr_log(XTR_LOG_NOTICE, "petr %s: %s%s%s", xtr_ip_format(&petr->rloc->ip, ip),
	    state_names[petr->state], petr->why ? ": " : "", petr->why ? petr->why : "");
}

static void look(struct xtr_petrs *p, struct petr *petr)
{
	enum petr_state state;
	const char *why;

	follow_way(p, petr);
	state = judge(p, petr, &why);
	petr->why = why;
	if (state == petr->state)
		return;
	petr->state = state;
	petr->since_ms = xtr_wheel_now(&p->ctl->wheel);
	if (p->started)
		say(petr);
}

void xtr_petrs_start(struct xtr_petrs *p)
{
	p->started = true;
	for (unsigned i = 0; i < p->n; i++)
		say(&p->list[i]);
}

/* The live ones of the best priority are used. Returns that; UINT8_MAX: there is none. *changed:
 * others than until now. */
static unsigned choose(struct xtr_petrs *p, bool *changed)
{
	unsigned best = UINT8_MAX;

	*changed = false;
	for (unsigned i = 0; i < p->n; i++)
		if (p->list[i].state == PETR_UP)
			best = RTE_MIN(best, p->list[i].cfg->priority);
	for (unsigned i = 0; i < p->n; i++) {
		struct petr *petr = &p->list[i];
		bool used =
		    petr->state == PETR_UP && petr->cfg->priority == best && best != UINT8_MAX;

		*changed |= used != petr->used;
		petr->used = used;
	}
	return best;
}

static enum xtr_fwd_action without_live(const struct xtr_petrs *p)
{
	for (unsigned i = 0; i < p->n; i++)
		if (p->list[i].state == PETR_CHECKING && p->list[i].cfg->priority != UINT8_MAX)
			return XTR_FWD_MISS;
	return XTR_FWD_ROUTES;
}

/* Tells the workers. False: memory is short, they go on as they did. */
static bool publish(struct xtr_petrs *p, enum xtr_fwd_action action, unsigned priority)
{
	struct xtr_dp *dp = p->ctl->dp;
	struct xtr_fwd fwd = {.action = (uint8_t)action};
	struct xtr_set_member list[XTR_MAX_PETRS];
	uint32_t entry, old = dp->petr_fwd;
	unsigned n = 0;

	for (unsigned i = 0; i < p->n; i++)
		if (p->list[i].cfg->priority == priority)
			list[n++] = (struct xtr_set_member){.hop = p->list[i].rloc->tunnel,
			    .id = p->list[i].rloc->id,
			    .weight = p->list[i].cfg->weight,
			    .usable = p->list[i].used};
	if (action == XTR_FWD_ENCAP && xtr_fib_choose(p->ctl->fib, list, n, &fwd) < 0)
		return false;
	fwd.gate = xtr_gate_number(&p->ctl->holder);
	entry = xtr_fib_entry(p->ctl->fib, &fwd);
	if (!entry)
		return false;
	__atomic_store_n(&dp->petr_fwd, entry, __ATOMIC_RELEASE);
	xtr_fib_put_entry(p->ctl->fib, old);
	p->action = action;
	if (action != XTR_FWD_MISS)
		xtr_wait_release(&p->wait);
	return true;
}

static void try_again(struct xtr_timer *t);

void xtr_petrs_update(struct xtr_petrs *p)
{
	enum xtr_fwd_action action;
	unsigned priority;
	bool changed;

	for (unsigned i = 0; i < p->n; i++)
		look(p, &p->list[i]);
	priority = choose(p, &changed);
	action = priority < UINT8_MAX ? XTR_FWD_ENCAP : without_live(p);
	if (!changed && action == p->action && !p->behind)
		return;
	p->behind = !publish(p, action, priority);
	if (!p->behind)
		return;
	xtr_log(XTR_LOG_ERR, "petr: out of memory or table full");
	xtr_timer_arm(&p->ctl->wheel, &p->retry, RETRY_MS, try_again);
}

static void try_again(struct xtr_timer *t)
{
	xtr_petrs_update((struct xtr_petrs *)((char *)t - offsetof(struct xtr_petrs, retry)));
}

struct xtr_petrs *xtr_petrs_create(struct xtr_ctl *ctl)
{
	const struct xtr_config *cfg = ctl->cfg;
	struct xtr_petrs *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->ctl = ctl;
	p->action = XTR_FWD_NONE;
	p->wait.hold.shared = true;
	p->list = calloc(cfg->n_use_petr, sizeof(*p->list));
	if (!p->list)
		goto fail;
	for (; p->n < cfg->n_use_petr; p->n++) {
		struct petr *petr = &p->list[p->n];

		petr->cfg = &cfg->use_petr[p->n];
		petr->rloc = xtr_rloc_get(ctl->rlocs, &petr->cfg->rloc);
		if (!petr->rloc)
			goto fail;
		petr->since_ms = xtr_wheel_now(&ctl->wheel);
	}
	ctl->dp->petr_always = cfg->lisp.petr_use == XTR_PETR_ALWAYS;
	xtr_petrs_update(p);
	if (p->action == XTR_FWD_NONE)
		goto fail;
	return p;
fail:
	xtr_petrs_destroy(p);
	return NULL;
}

void xtr_petrs_destroy(struct xtr_petrs *p)
{
	if (!p)
		return;
	xtr_wait_drop(&p->wait);
	xtr_timer_cancel(&p->ctl->wheel, &p->retry);
	for (unsigned i = 0; i < p->n; i++) {
		xtr_probe_stop(p->list[i].probe);
		xtr_rloc_put(p->ctl->rlocs, p->list[i].rloc);
	}
	free(p->list);
	free(p);
}

bool xtr_petrs_wait(struct xtr_petrs *p, struct rte_mbuf *m)
{
	if (p->action != XTR_FWD_MISS)
		return false;
	xtr_wait_add(p->ctl, &p->wait, m);
	return true;
}

void xtr_petrs_look_again(struct xtr_petrs *p)
{
	if (p->wait.hold.n)
		xtr_wait_release(&p->wait);
}

const struct xtr_probe *xtr_petrs_probe(const struct xtr_petrs *p, const struct xtr_rloc *rloc)
{
	for (unsigned i = 0; i < p->n; i++)
		if (p->list[i].rloc == rloc)
			return p->list[i].probe;
	return NULL;
}

/* As things are now: a reason may change while the state does not. */
static const char *reason(const struct xtr_petrs *p, const struct petr *petr)
{
	const char *why;

	judge(p, petr, &why);
	return !why && petr->cfg->priority == UINT8_MAX ? "priority 255: never used" : why;
}

json_t *xtr_petrs_show(const struct xtr_petrs *p)
{
	const struct xtr_config *cfg = p->ctl->cfg;
	uint64_t now = xtr_wheel_now(&p->ctl->wheel);
	json_t *list = json_array();

	for (unsigned i = 0; i < p->n; i++) {
		const struct petr *petr = &p->list[i];
		struct xtr_rloc_count c = xtr_rloc_count(p->ctl->rlocs, petr->rloc);
		json_t *o = json_object();
		char ip[XTR_IP_STRLEN];

		json_object_update_new(
		    o, json_pack("{s:s, s:i, s:i, s:s, s:b, s:s?, s:b, s:I, s:I, s:I}", "rloc",
			   xtr_ip_format(&petr->rloc->ip, ip), "priority", petr->cfg->priority,
			   "weight", petr->cfg->weight, "state", state_names[petr->state], "used",
			   petr->used, "reason", reason(p, petr), "probing", probed(p, petr),
			   "packets", (json_int_t)c.packets, "bytes", (json_int_t)c.bytes,
			   "since_s", (json_int_t)((now - petr->since_ms) / XTR_MS_PER_SEC)));
		xtr_rloc_show_hop(petr->rloc, cfg, o);
		xtr_alive_show_probe(p->ctl, petr->probe, o);
		json_array_append_new(list, o);
	}
	return json_pack("{s:s, s:o}", "use",
	    cfg->lisp.petr_use == XTR_PETR_ALWAYS ? "always" : "no-route", "petrs", list);
}
