/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Forwarding entries in words: what they are, and what they win over.
 */
#include "control/oper/forwarding_impl.h"

#include <stdarg.h>
#include <stdio.h>

void xtr_words_add(struct xtr_words *w, const char *format, ...)
{
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(w->b + w->n, sizeof(w->b) - w->n, format, ap);
	va_end(ap);
	if (n > 0)
		w->n = RTE_MIN(w->n + (size_t)n, sizeof(w->b) - 1);
}

const struct xtr_mapping *xtr_explain_mapping(
    const struct xtr_explain *x, const struct xtr_fwd *fwd)
{
	const struct xtr_mapping *m = x->ctl->itr ? xtr_itr_lookup(x->ctl->itr, &x->eid) : NULL;

	return m && m->eid.plen == fwd->plen ? m : NULL;
}

/* The prefix of an entry that covers the destination. */
static struct xtr_eid prefix_of(const struct xtr_explain *x, unsigned plen)
{
	struct xtr_eid prefix = x->eid;

	prefix.plen = (uint8_t)plen;
	xtr_ip_mask(&prefix.ip, plen);
	return prefix;
}

static bool is_own(const struct xtr_explain *x, uint32_t index, const struct xtr_eid *prefix)
{
	return index && xtr_lpm_get(x->inst->database, &prefix->ip, prefix->plen) == index;
}

static json_t *members(const char *table, const char *prefix, const char *action)
{
	return json_pack("{s:s, s:s?, s:s}", "table", table, "prefix", prefix, "action", action);
}

/* An entry of the routes, or NULL: it is none. */
static json_t *route(
    const struct xtr_explain *x, const struct xtr_fwd *fwd, const char *prefix, struct xtr_words *w)
{
	const struct xtr_cfg_port *ports = x->ctl->cfg->ports;
	const struct xtr_nbr *nbr;
	char hop[XTR_IP_STRLEN];
	const char *why;

	switch (fwd->action) {
	case XTR_FWD_LOCAL:
		/* of such an address no next hop comes back: the reason does */
		xtr_nbr_put(x->ctl->rib, xtr_rib_resolve(x->ctl->rib, &x->eid.ip, &why));
		xtr_words_add(w, "%s, %s", prefix, why ? why : "Linux's own");
		return members("routes", prefix, "local");
	case XTR_FWD_GLEAN:
		xtr_words_add(
		    w, "the connected network %s of port %s", prefix, ports[fwd->target].name);
		return members("routes", prefix, "connected");
	case XTR_FWD_FORWARD:
		nbr = fwd->set_log2 ? NULL : xtr_rib_nbr(x->ctl->rib, fwd->target);
		if (nbr && xtr_ip_equal(&nbr->key.ip, &x->eid.ip))
			xtr_words_add(
			    w, "%s, a neighbour on port %s", prefix, ports[nbr->key.port].name);
		else if (nbr)
			xtr_words_add(w, "the route %s via %s on port %s", prefix,
			    xtr_ip_format(&nbr->key.ip, hop), ports[nbr->key.port].name);
		else
			xtr_words_add(w, "the route %s via several next hops", prefix);
		return members("routes", prefix, "forward");
	case XTR_FWD_DROP:
		why = fwd->reason == XTR_DROP_BLACKHOLE     ? "blackhole"
		      : fwd->reason == XTR_DROP_UNREACHABLE ? "unreachable"
		      : fwd->reason == XTR_DROP_PROHIBIT    ? "prohibit"
							    : NULL;
		if (!why)
			return NULL; /* a mapping's */
		xtr_words_add(w, "the %s route %s", why, prefix);
		return members("routes", prefix, why);
	default:
		return NULL;
	}
}

/* What a mapping says, in the words of the map-cache. */
static const char *mapping_action(const struct xtr_fwd *fwd)
{
	switch (fwd->action) {
	case XTR_FWD_ENCAP:
		return "encapsulate";
	case XTR_FWD_MISS:
		return "send-map-request";
	case XTR_FWD_NATIVE:
		return "natively-forward";
	case XTR_FWD_ROUTES:
		return "no-action";
	default:
		return "drop";
	}
}

json_t *xtr_explain_entry(const struct xtr_explain *x, uint32_t index, struct xtr_words *w)
{
	const struct xtr_fwd *fwd = xtr_pool_at(&x->ctl->dp->fwd, index);
	struct xtr_eid prefix = prefix_of(x, fwd->plen);
	const struct xtr_mapping *m;
	char text[XTR_EID_STRLEN];
	const char *action;
	json_t *o;

	xtr_prefix_format(&prefix, text);
	if (fwd->action == XTR_FWD_NONE) {
		xtr_words_add(w, "nothing matches");
		return members("none", NULL, "none");
	}
	if (is_own(x, index, &prefix)) {
		xtr_words_add(w, "the own EID prefix %s: never asked for, the routes decide", text);
		return members("database", text, "routes");
	}
	o = route(x, fwd, text, w);
	if (o)
		return o;
	m = xtr_explain_mapping(x, fwd);
	action = mapping_action(fwd);
	xtr_words_add(w, "LISP entry %s (%s): %s%s", text,
	    m && m->source == XTR_FROM_MAP_REPLY ? "learned" : "configured", action,
	    fwd->reason == XTR_DROP_NO_LOCATOR && fwd->action == XTR_FWD_DROP
		? ", for it has no locator that may be used"
		: "");
	o = members("lisp", text, action);
	if (m)
		json_object_set_new(o, "source",
		    json_string(m->source == XTR_FROM_MAP_REPLY ? "map-reply" : "static"));
	return o;
}

/* A route stands in the view: what LISP would have had for the destination. */
static void over_lisp(const struct xtr_explain *x, struct xtr_words *w, json_t *object)
{
	const struct xtr_fwd *own;
	const struct xtr_mapping *m;
	char text[XTR_EID_STRLEN];
	struct xtr_eid prefix;
	uint32_t index = xtr_forwarding_lookup(x->inst->database, &x->eid.ip);

	own = xtr_pool_at(&x->ctl->dp->fwd, index);
	m = x->ctl->itr ? xtr_itr_lookup(x->ctl->itr, &x->eid) : NULL;
	if (!index && !m)
		return;
	prefix = index ? prefix_of(x, own->plen) : m->eid;
	xtr_prefix_format(&prefix, text);
	if (index)
		xtr_words_add(w, "; it is inside the own EID prefix %s, never asked for", text);
	else
		xtr_words_add(w, "; it is longer than LISP entry %s", text);
	json_object_set_new(object, "over",
	    members(index ? "database" : "lisp", text,
		index           ? "routes"
		: m->n_locators ? "encapsulate"
				: xtr_act_name(m->action)));
}

/* LISP decides: the route that there is beside it. */
static void over_route(
    const struct xtr_explain *x, const struct xtr_fwd *fwd, struct xtr_words *w, json_t *object)
{
	const struct xtr_fwd *r;
	uint32_t index;

	r = xtr_forwarding_route(x->ctl, &x->eid.ip, &index);
	if (!index)
		return;
	xtr_words_add(w, "; ");
	json_object_set_new(object, "over", xtr_explain_entry(x, index, w));
	if (r->action == XTR_FWD_DROP)
		xtr_words_add(w, " does not count here");
	else if (r->plen == fwd->plen)
		xtr_words_add(w, " is of the same length: LISP decides");
	else
		xtr_words_add(w, " is shorter");
}

void xtr_explain_over(
    const struct xtr_explain *x, uint32_t index, struct xtr_words *w, json_t *object)
{
	const struct xtr_fwd *fwd = xtr_pool_at(&x->ctl->dp->fwd, index);
	struct xtr_eid prefix = prefix_of(x, fwd->plen);

	switch (fwd->action) {
	case XTR_FWD_LOCAL:
	case XTR_FWD_GLEAN:
	case XTR_FWD_FORWARD:
		over_lisp(x, w, object);
		break;
	default:
		if (!is_own(x, index, &prefix))
			over_route(x, fwd, w, object);
		break;
	}
}

void xtr_explain_state(struct xtr_words *w, const json_t *rloc)
{
	const char *state = json_string_value(json_object_get(rloc, "state")),
		   *reason = json_string_value(json_object_get(rloc, "reason"));

	xtr_words_add(w, "%s (%s%s%s, priority %d, weight %d)",
	    json_string_value(json_object_get(rloc, "rloc")), state ? state : "?",
	    reason ? ": " : "", reason ? reason : "",
	    (int)json_integer_value(json_object_get(rloc, "priority")),
	    (int)json_integer_value(json_object_get(rloc, "weight")));
}
