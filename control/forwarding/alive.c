/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/forwarding/alive.h"

#include <errno.h>
#include "control/forwarding/mapping.h"
#include "control/forwarding/petr.h"
#include "util/log.h"

int xtr_alive_use(struct xtr_ctl *ctl, struct xtr_rloc_use *use, const struct xtr_ip *ip)
{
	struct xtr_rloc *rloc = xtr_rloc_get(ctl->rlocs, ip);

	if (!rloc)
		return -ENOMEM;
	use->rloc = rloc;
	LIST_INSERT_HEAD(&rloc->uses, use, next);
	/* without memory for a probe the RLOC is used all the same */
	if (!rloc->probe && ctl->probes)
		rloc->probe = xtr_probe_start(ctl->probes, ip, false, rloc);
	return 0;
}

static void end_round(struct xtr_ctl *ctl, struct xtr_rloc *rloc)
{
	if (rloc->changed)
		TAILQ_REMOVE(&ctl->changed, rloc, next_changed);
	rloc->changed = rloc->again = false;
}

void xtr_alive_unuse(struct xtr_ctl *ctl, struct xtr_rloc_use *use)
{
	struct xtr_rloc *rloc = use->rloc;

	if (!rloc)
		return;
	if (rloc->look == use)
		rloc->look = LIST_NEXT(use, next);
	LIST_REMOVE(use, next);
	if (LIST_EMPTY(&rloc->uses)) {
		xtr_probe_stop(rloc->probe);
		rloc->probe = NULL;
		end_round(ctl, rloc);
	}
	xtr_rloc_put(ctl->rlocs, rloc);
	use->rloc = NULL;
}

enum xtr_score xtr_alive_score(const struct xtr_rloc *rloc)
{
	if (rloc->way == XTR_WAY_NONE || rloc->way == XTR_WAY_FAILED)
		return XTR_SCORE_NO_WAY;
	if (!rloc->probe)
		return XTR_SCORE_USABLE;
	switch (xtr_probe_status(rloc->probe).state) {
	case XTR_PROBE_DOWN:
		return XTR_SCORE_DOWN;
	case XTR_PROBE_SILENT:
		return XTR_SCORE_SILENT;
	default:
		return XTR_SCORE_USABLE;
	}
}

/* Of one that is a PETR only, there is what the PETR's own probes say. */
static const struct xtr_probe *probe_of(const struct xtr_ctl *ctl, const struct xtr_rloc *rloc)
{
	return rloc->probe || !ctl->petrs ? rloc->probe : xtr_petrs_probe(ctl->petrs, rloc);
}

const char *xtr_alive_state(
    const struct xtr_ctl *ctl, const struct xtr_rloc *rloc, const char **why)
{
	const struct xtr_probe *probe = probe_of(ctl, rloc);
	struct xtr_probe_status s = {0};

	*why = rloc->why;
	if (rloc->way == XTR_WAY_RESOLVING)
		return "unknown";
	if (rloc->way != XTR_WAY_READY)
		return "unreachable";
	if (probe)
		s = xtr_probe_status(probe);
	*why = s.why;
	return s.state == XTR_PROBE_DOWN ? "down" : s.state == XTR_PROBE_SILENT ? "unknown" : "up";
}

void xtr_alive_show_probe(const struct xtr_ctl *ctl, const struct xtr_probe *probe, json_t *object)
{
	bool probed = probe && ctl->cfg->lisp.probe_interval_ms;
	struct xtr_probe_status s = {0};
	json_t *rtt = json_null(), *last = json_null();

	if (probe)
		s = xtr_probe_status(probe);
	if (s.rtt_us)
		rtt = json_real(s.rtt_us / 1000.0);
	if (s.answered)
		last = json_integer(
		    (json_int_t)((xtr_wheel_now(&ctl->wheel) - s.last_answer_ms) / XTR_MS_PER_SEC));
	json_object_update_new(
	    object, json_pack("{s:s, s:o, s:o, s:I, s:I}", "probe",
			probed ? xtr_probe_state_name(s.state) : "off", "rtt_ms", rtt,
			"last_answer_s", last, "probes_sent", (json_int_t)s.sent, "probes_answered",
			(json_int_t)s.answered));
}

void xtr_alive_describe(void *arg, const struct xtr_rloc *rloc, json_t *object)
{
	const struct xtr_ctl *ctl = arg;
	const char *why, *state = xtr_alive_state(ctl, rloc, &why);

	json_object_update_new(object, json_pack("{s:s, s:s?}", "state", state, "reason", why));
	xtr_alive_show_probe(ctl, probe_of(ctl, rloc), object);
}

/* The mappings that name it choose again, in this turn or later ones: there may be a million. Those
 * that come meanwhile know what it is like. */
static void choose_again(struct xtr_ctl *ctl, struct xtr_rloc *rloc)
{
	if (LIST_EMPTY(&rloc->uses))
		return;
	/* a round ends before the next begins, else the last would never have their turn */
	if (rloc->changed) {
		rloc->again = true;
		return;
	}
	rloc->changed = true;
	rloc->look = LIST_FIRST(&rloc->uses);
	TAILQ_INSERT_TAIL(&ctl->changed, rloc, next_changed);
}

bool xtr_alive_look_again(struct xtr_ctl *ctl, unsigned max)
{
	struct xtr_rloc_use *use;
	struct xtr_rloc *rloc;

	while (max-- && (rloc = TAILQ_FIRST(&ctl->changed)) != NULL) {
		use = rloc->look;
		if (use) {
			rloc->look = LIST_NEXT(use, next);
			/* one with a million does not keep the others waiting */
			TAILQ_REMOVE(&ctl->changed, rloc, next_changed);
			TAILQ_INSERT_TAIL(&ctl->changed, rloc, next_changed);
			xtr_mapping_look_again(ctl, xtr_mapping_user(use));
		} else if (rloc->again) {
			rloc->again = false;
			rloc->look = LIST_FIRST(&rloc->uses);
		} else {
			end_round(ctl, rloc);
		}
	}
	return !TAILQ_EMPTY(&ctl->changed);
}

void xtr_alive_way_changed(void *arg, struct xtr_rloc *rloc)
{
	struct xtr_ctl *ctl = arg;

	if (rloc->way == XTR_WAY_READY && rloc->probe)
		xtr_probe_now(rloc->probe);
	choose_again(ctl, rloc);
	if (ctl->petrs)
		xtr_petrs_update(ctl->petrs);
}

/* `user` of a probe is the RLOC of an ordinary locator, or NULL: a PETR's. */
static void probe_changed(void *arg, void *user, enum xtr_probe_state state)
{
	struct xtr_ctl *ctl = arg;
	struct xtr_rloc *rloc = user;
	char ip[XTR_IP_STRLEN];

	if (!rloc) {
		if (ctl->petrs)
			xtr_petrs_update(ctl->petrs);
		return;
	}
	if (state == XTR_PROBE_DOWN || state == XTR_PROBE_UP)
		xtr_log(XTR_LOG_INFO, "rloc %s: %s", xtr_ip_format(&rloc->ip, ip),
		    state == XTR_PROBE_UP ? "answers probes" : "does not answer probes any more");
	choose_again(ctl, rloc);
}

static bool probe_eid(void *arg, void *user, struct xtr_eid *eid)
{
	struct xtr_rloc *rloc = user;
	struct xtr_rloc_use *use = LIST_FIRST(&rloc->uses);

	if (!use)
		return false;
	*eid = xtr_mapping_of(xtr_mapping_user(use))->eid;
	return true;
}

const struct xtr_probe_ops xtr_alive_probe_ops = {.changed = probe_changed, .eid = probe_eid};
