/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The steps of a made-up packet in words.
 */
#include "control/oper/forwarding_impl.h"

#include "control/forwarding/alive.h"
#include "control/forwarding/petr.h"

void xtr_explain_add(
    struct xtr_explain *x, const char *name, const struct xtr_words *w, json_t *members)
{
	json_t *o = json_pack("{s:s, s:s}", "step", name, "text", w->b);

	json_object_update_new(o, members ? members : json_object());
	json_array_append_new(x->steps, o);
}

const char *xtr_explain_port(const struct xtr_explain *x, unsigned port)
{
	return x->ctl->cfg->ports[port].name;
}

static const struct xtr_fwd *entry(const struct xtr_explain *x, uint32_t index)
{
	return xtr_pool_at(&x->ctl->dp->fwd, index);
}

static void step_packet(struct xtr_explain *x)
{
	const struct xtr_made_up *p = x->p;
	char source[XTR_IP_STRLEN], address[XTR_IP_STRLEN];
	struct xtr_words w = {0};

	xtr_words_add(&w, "UDP from %s", xtr_ip_format(&p->source, source));
	if (p->why_source)
		xtr_words_add(&w, " (assumed: %s)", p->why_source);
	xtr_words_add(&w, " to %s comes in%s at port %s", xtr_ip_format(&p->address, address),
	    p->rloc.af ? " inside a LISP packet" : "", xtr_explain_port(x, p->port));
	if (p->why_port)
		xtr_words_add(&w, " (assumed: %s)", p->why_port);
	xtr_explain_add(x, "packet", &w,
	    json_pack("{s:s, s:i, s:i, s:i, s:i, s:b, s:b}", "protocol", "udp", "source_port",
		XTR_MADE_UP_SPORT, "destination_port", XTR_MADE_UP_DPORT, "length",
		XTR_MADE_UP_BYTES, "ttl", XTR_MADE_UP_TTL, "source_assumed", p->why_source != NULL,
		"port_assumed", p->why_port != NULL));
}

/* value: the entry of the EID database; asked: the port lets LISP touch its packets. */
static void step_source(
    struct xtr_explain *x, uint32_t value, enum xtr_eligible eligible, bool asked)
{
	struct xtr_eid own = {
	    .iid = x->inst->iid, .plen = entry(x, value)->plen, .ip = x->p->source};
	char source[XTR_IP_STRLEN], prefix[XTR_EID_STRLEN];
	struct xtr_words w = {0};
	const char *state = "other";

	xtr_ip_format(&x->p->source, source);
	xtr_ip_mask(&own.ip, own.plen);
	x->eligible = eligible;
	if (!asked) {
		xtr_words_add(&w,
		    "port %s is on the core side: LISP does not touch what comes in there",
		    xtr_explain_port(x, x->p->port));
	} else if (eligible == XTR_SOURCE_EID) {
		state = "eid";
		xtr_words_add(&w, "source %s is of the own EID prefix %s: LISP may encapsulate",
		    source, xtr_prefix_format(&own, prefix));
	} else if (eligible == XTR_SOURCE_PROXY) {
		state = "proxy-itr";
		xtr_words_add(&w,
		    "port %s is a proxy-ITR's: LISP may encapsulate what comes from any source",
		    xtr_explain_port(x, x->p->port));
	} else {
		xtr_words_add(&w,
		    "source %s is in no own EID prefix of instance %u: LISP does not touch it",
		    source, x->inst->iid);
	}
	xtr_explain_add(x, "source", &w,
	    json_pack("{s:s, s:s?}", "state", state, "eid", value ? prefix : NULL));
}

static void step_match(struct xtr_explain *x, uint32_t value)
{
	char address[XTR_IP_STRLEN];
	struct xtr_words w = {0};
	json_t *o;

	if (!json_array_size(x->steps) || x->view)
		return;
	x->view = x->fwd = entry(x, value);
	xtr_words_add(&w, "destination %s: ", xtr_ip_format(&x->p->address, address));
	o = xtr_explain_entry(x, value, &w);
	if (x->eligible)
		xtr_explain_over(x, value, &w, o);
	else
		xtr_words_add(&w, " (routes alone)");
	xtr_explain_add(x, "match", &w, o);
}

/* The PETRs, each with its state: those used, or those that are not. */
static unsigned list_petrs(struct xtr_words *w, const json_t *petrs, bool used, const char *before)
{
	unsigned n = 0;
	json_t *one;
	size_t i;

	json_array_foreach (petrs, i, one)
		if (json_is_true(json_object_get(one, "used")) == used) {
			xtr_words_add(w, "%s", n++ ? ", " : before);
			xtr_explain_state(w, one);
		}
	return n;
}

static void step_petr(struct xtr_explain *x, uint32_t value)
{
	json_t *all = x->ctl->petrs ? xtr_petrs_show(x->ctl->petrs) : json_object();
	json_t *petrs = json_object_get(all, "petrs");
	const char *action = "routes", *why;
	struct xtr_words w = {0};

	x->fwd = entry(x, value);
	x->by_petr = x->fwd->action != XTR_FWD_ROUTES && x->fwd->action != XTR_FWD_NONE;
	if (x->fwd->action == XTR_FWD_ENCAP) {
		action = "encapsulate";
		list_petrs(&w, petrs, true, "natively-forward means by way of a PETR that lives: ");
		list_petrs(&w, petrs, false, "; not used: ");
	} else if (x->fwd->action == XTR_FWD_MISS) {
		action = "wait";
		list_petrs(&w, petrs, false,
		    "natively-forward means by way of a PETR, and whether one lives is being found "
		    "out: ");
	} else if (!json_array_size(petrs)) {
		xtr_words_add(&w, "no PETR is configured");
	} else {
		why = "natively-forward means by way of a PETR, but none lives: ";
		list_petrs(&w, petrs, false, why);
	}
	xtr_explain_add(x, "petr", &w,
	    json_pack("{s:s, s:o}", "action", action, "petrs",
		petrs ? json_incref(petrs) : json_array()));
	json_decref(all);
}

static bool is_route(const struct xtr_fwd *fwd)
{
	return fwd->action == XTR_FWD_FORWARD || fwd->action == XTR_FWD_GLEAN ||
	       fwd->action == XTR_FWD_LOCAL;
}

/* Why the routes decide, though the packet is one that LISP may touch. */
static const char *why_routes(const struct xtr_explain *x)
{
	if (x->view->action == XTR_FWD_ROUTES)
		return "the routes decide";
	if (is_route(x->view))
		return "a longer route leads nowhere";
	if (x->eligible == XTR_SOURCE_PROXY && x->view->word1 == XTR_FWD_OWN_ONLY)
		return "the proxy-ITR is not configured to serve it";
	if (x->eligible == XTR_SOURCE_PROXY)
		return "a proxy-ITR sends nothing to a PETR";
	if (!x->ctl->petrs)
		return "natively-forward, and no PETR is configured";
	return x->ctl->dp->petr_always ? "no PETR lives"
				       : "a PETR is only for what has no route (petr-use)";
}

static void step_routes(struct xtr_explain *x, uint32_t value)
{
	struct xtr_words w = {0};
	json_t *o;

	x->fwd = entry(x, value);
	/* whether a longer route hides this one is looked at wherever there are such: it is none */
	if (is_route(x->view) && x->fwd == x->view)
		return;
	xtr_words_add(&w, "%s: ", why_routes(x));
	o = xtr_explain_entry(x, value, &w);
	xtr_explain_add(x, "routes", &w, o);
}

static void step_next_hop(struct xtr_explain *x, uint32_t value)
{
	const struct xtr_adj *adj = xtr_pool_at(&x->ctl->dp->adj, value);
	const struct xtr_nbr *nbr = xtr_rib_nbr(x->ctl->rib, value);
	char ip[XTR_IP_STRLEN] = "?";
	struct xtr_words w = {0};
	const char *state = "resolving";

	x->nbr = nbr;
	if (nbr)
		xtr_ip_format(&nbr->key.ip, ip);
	xtr_words_add(&w, "next hop %s on port %s", ip, xtr_explain_port(x, adj->port));
	if (x->fwd->set_log2)
		xtr_words_add(&w, ", one of several, by flow hash");
	if (nbr && nbr->known) {
		state = "known";
		xtr_words_add(&w, ": its MAC address is %02x:%02x:%02x:%02x:%02x:%02x", nbr->mac[0],
		    nbr->mac[1], nbr->mac[2], nbr->mac[3], nbr->mac[4], nbr->mac[5]);
	} else if (nbr && nbr->failed) {
		state = "failed";
		xtr_words_add(&w, ": it did not answer when it was asked for its MAC address");
	} else {
		xtr_words_add(&w, ": its MAC address is not known yet");
	}
	xtr_explain_add(x, "next-hop", &w,
	    json_pack("{s:s, s:s, s:s}", "next_hop", ip, "port", xtr_explain_port(x, adj->port),
		"state", state));
}

/* The locators of the mapping as `show map-cache` has them: a new reference, or NULL. */
static json_t *locators(const struct xtr_explain *x)
{
	json_t *all, *list;

	if (x->by_petr || !xtr_explain_mapping(x, x->fwd))
		return NULL;
	all = xtr_itr_show(x->ctl->itr, &x->eid, x->eid.iid);
	list = json_object_get(json_array_get(json_object_get(all, "entries"), 0), "locators");
	json_incref(list);
	json_decref(all);
	return list;
}

static void step_tunnel(struct xtr_explain *x, uint32_t value)
{
	const struct xtr_rloc *rloc = xtr_rloc_at(x->ctl->rlocs, value);
	json_t *list = locators(x), *o = json_object(), *one;
	const char *why = NULL, *state = rloc ? xtr_alive_state(x->ctl, rloc, &why) : "?";
	char ip[XTR_IP_STRLEN] = "?";
	struct xtr_words w = {0};
	size_t i;

	x->rloc = rloc;
	if (rloc)
		xtr_ip_format(&rloc->ip, ip);
	xtr_words_add(&w, "RLOC %s", ip);
	if (x->fwd->set_log2)
		xtr_words_add(&w, ", one of several of the best priority, by flow hash and weight");
	xtr_words_add(&w, ": %s%s%s", state, why ? ", " : "", why ? why : "");
	json_array_foreach (list, i, one) {
		xtr_words_add(&w, "%s", i ? ", " : "; locators: ");
		xtr_explain_state(&w, one);
		if (json_is_true(json_object_get(one, "used")))
			xtr_words_add(&w, " used");
	}
	json_object_update_new(o, json_pack("{s:s, s:s, s:s?, s:o?}", "rloc", ip, "state", state,
				      "reason", why, "locators", list));
	if (rloc)
		xtr_rloc_show_hop(rloc, x->ctl->cfg, o);
	xtr_explain_add(x, "tunnel", &w, o);
}

static bool has_step(const struct xtr_trace *t, enum xtr_step step)
{
	for (unsigned i = 0; i < t->n; i++)
		if (t->steps[i].step == step)
			return true;
	return false;
}

/* Adds a step; the result where it is the last one, else NULL. */
static json_t *step(struct xtr_explain *x, enum xtr_step kind, uint32_t value, uint32_t more)
{
	switch (kind) {
	case XTR_STEP_SOURCE:
		step_source(x, value, (enum xtr_eligible)more, true);
		return NULL;
	case XTR_STEP_MATCH:
		if (!has_step(&x->p->trace, XTR_STEP_SOURCE) && !x->p->rloc.af)
			step_source(x, 0, XTR_SOURCE_OTHER, false);
		step_match(x, value);
		return NULL;
	case XTR_STEP_PETR:
		step_petr(x, value);
		return NULL;
	case XTR_STEP_ROUTES:
		step_routes(x, value);
		return NULL;
	case XTR_STEP_NEXTHOP:
		step_next_hop(x, value);
		return NULL;
	case XTR_STEP_TUNNEL:
		step_tunnel(x, value);
		return NULL;
	case XTR_STEP_DECAP:
		xtr_explain_decap(x);
		return NULL;
	case XTR_STEP_RLOC:
		xtr_explain_source_rloc(x, value, (enum xtr_source_rloc)more);
		return NULL;
	case XTR_STEP_GATE:
		return xtr_explain_gate(x);
	case XTR_STEP_PUNT:
		return xtr_explain_punted(x, (enum xtr_punt)value, more);
	case XTR_STEP_DROP:
		return xtr_explain_dropped(x, (enum xtr_drop)value);
	case XTR_STEP_TX:
		return xtr_explain_sent(x, value);
	}
	return NULL;
}

json_t *xtr_forwarding_explain(struct xtr_ctl *ctl, const struct xtr_made_up *p)
{
	const struct xtr_instance *inst =
	    &ctl->dp->instances[p->rloc.af ? p->inst : ctl->dp->ports[p->port].inst];
	struct xtr_explain x = {.ctl = ctl, .p = p, .inst = inst, .steps = json_array()};
	char source[XTR_IP_STRLEN], address[XTR_IP_STRLEN];
	json_t *last = NULL;

	x.eid = xtr_eid_host(inst->iid, &p->address);
	step_packet(&x);
	for (unsigned i = 0; i < p->trace.n && !last; i++)
		last = step(
		    &x, p->trace.steps[i].step, p->trace.steps[i].value, p->trace.steps[i].more);
	return json_pack("{s:s, s:s, s:I, s:s, s:o, s:o}", "address",
	    xtr_ip_format(&p->address, address), "source", xtr_ip_format(&p->source, source),
	    "instance", (json_int_t)inst->iid, "port", xtr_explain_port(&x, p->port), "steps",
	    x.steps, "result", last ? last : json_null());
}
