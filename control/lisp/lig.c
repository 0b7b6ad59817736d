/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/lisp/lig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#define TRY_MS     1000u /* RFC 9301 5.3: one Map-Request a second */
#define OPEN_MAX   64u   /* questions */
#define US_PER_MS  1000.0
#define TEXT_BYTES 256

/* A Map-Request that was sent. Each has a nonce of its own, so that it is known which of them was
 * answered, and how fast. */
struct
try {
	uint64_t nonce, sent_us;
	struct xtr_ip resolver;
};

struct xtr_lig {
	struct xtr_ligs *ligs;
	LIST_ENTRY(xtr_lig) entry;
	struct xtr_eid eid;
	struct xtr_ip to; /* af 0: the configured Map-Resolvers */
	unsigned next_resolver, left;
	unsigned n_tries;
	struct try tries[XTR_LIG_TRIES];
	int failure; /* negative errno where the last one could not be sent, to anybody */
	struct xtr_timer timer;
	void (*done)(void *arg, json_t *answer, const char *err);
	void *arg;
};

struct xtr_ligs {
	struct xtr_lisp *l;
	LIST_HEAD(, xtr_lig) open;
	unsigned n_open;
};

struct xtr_ligs *xtr_ligs_create(struct xtr_lisp *l)
{
	struct xtr_ligs *ligs = calloc(1, sizeof(*ligs));

	if (ligs)
		ligs->l = l;
	return ligs;
}

void xtr_lig_cancel(struct xtr_lig *lig)
{
	LIST_REMOVE(lig, entry);
	lig->ligs->n_open--;
	xtr_timer_cancel(lig->ligs->l->wheel, &lig->timer);
	free(lig);
}

void xtr_ligs_destroy(struct xtr_ligs *ligs)
{
	struct xtr_lig *lig;

	if (!ligs)
		return;
	while ((lig = LIST_FIRST(&ligs->open)))
		xtr_lig_cancel(lig);
	free(ligs);
}

static void finish(struct xtr_lig *lig, json_t *answer, const char *err)
{
	lig->done(lig->arg, answer, answer ? NULL : err);
	xtr_lig_cancel(lig);
}

/* "10.2.2.5", "10.2.2.5 in instance 100" */
static void name_eid(const struct xtr_eid *eid, char text[TEXT_BYTES])
{
	char ip[XTR_IP_STRLEN];

	xtr_ip_format(&eid->ip, ip);
	if (eid->iid)
		snprintf(text, TEXT_BYTES, "%s in instance %u", ip, (unsigned)eid->iid);
	else
		snprintf(text, TEXT_BYTES, "%s", ip);
}

/* The Map-Resolvers that were asked, each once. */
static void name_resolvers(const struct xtr_lig *lig, char text[TEXT_BYTES])
{
	size_t len = 0;

	for (unsigned i = 0; i < lig->n_tries; i++) {
		const struct xtr_ip *ip = &lig->tries[i].resolver;
		char buf[XTR_IP_STRLEN];
		unsigned k = 0;

		while (!xtr_ip_equal(&lig->tries[k].resolver, ip))
			k++;
		if (k == i)
			len += (size_t)snprintf(text + len, TEXT_BYTES - len, "%s%s", i ? ", " : "",
			    xtr_ip_format(ip, buf));
	}
}

static void give_up(struct xtr_lig *lig)
{
	char eid[TEXT_BYTES], resolvers[TEXT_BYTES], err[3 * TEXT_BYTES];

	name_eid(&lig->eid, eid);
	name_resolvers(lig, resolvers);
	if (lig->n_tries)
		snprintf(err, sizeof(err), "no Map-Reply for %s after %u Map-Request%s to %s", eid,
		    lig->n_tries, lig->n_tries == 1 ? "" : "s", resolvers);
	else
		snprintf(err, sizeof(err), "a Map-Request for %s cannot be sent to %s: %s", eid,
		    xtr_ip_format(&lig->tries[0].resolver, resolvers), strerror(-lig->failure));
	finish(lig, NULL, err);
}

/* RFC 6835 4.1: the first EID prefix of the site, host bits 0, is who asks. False: no site. */
static bool own_eid(const struct xtr_config *cfg, const struct xtr_eid *eid, struct xtr_eid *source)
{
	for (unsigned i = 0; i < cfg->n_database; i++) {
		const struct xtr_eid *own = &cfg->database[i].eid;

		*source = xtr_eid_host(own->iid, &own->ip);
		if (own->iid == eid->iid && own->ip.af == eid->ip.af && xtr_ip_is_unicast(&own->ip))
			return true;
	}
	return false;
}

/* One Map-Request, to the next Map-Resolver that there is a way to. */
static void ask(struct xtr_lig *lig)
{
	struct xtr_lisp *l = lig->ligs->l;
	unsigned n = lig->to.af ? 1 : l->cfg->n_map_resolvers;
	struct try *t = &lig->tries[lig->n_tries];
	struct xtr_eid source;
	bool own = own_eid(l->cfg, &lig->eid, &source);

	for (unsigned i = 0; i < n; i++) {
		t->resolver =
		    lig->to.af ? lig->to : l->cfg->map_resolvers[lig->next_resolver++ % n];
		t->nonce = l->random64(l);
		t->sent_us = xtr_lisp_now_us(l);
		lig->failure = xtr_lisp_map_request(
		    l, &t->resolver, t->nonce, own ? &source : NULL, &lig->eid, false);
		if (!lig->failure) {
			lig->n_tries++;
			l->counters[XTR_C_LIG_REQ_TX]++;
			return;
		}
	}
}

static void tick(struct xtr_timer *t)
{
	struct xtr_lig *lig =
	    (struct xtr_lig *)(void *)((char *)t - offsetof(struct xtr_lig, timer));

	if (!lig->left || (!lig->n_tries && lig->failure)) {
		give_up(lig);
		return;
	}
	lig->left--;
	ask(lig);
	xtr_timer_arm(lig->ligs->l->wheel, t, lig->n_tries ? TRY_MS : 0, tick);
}

struct xtr_lig *xtr_lig_ask(struct xtr_ligs *ligs, const struct xtr_eid *eid,
    const struct xtr_ip *resolver, void (*done)(void *arg, json_t *answer, const char *err),
    void *arg, const char **err)
{
	struct xtr_lig *lig;

	if (!xtr_ip_is_unicast(&eid->ip) || (resolver && !xtr_ip_is_unicast(resolver))) {
		*err = "a unicast address is wanted";
		return NULL;
	}
	if (!resolver && !ligs->l->cfg->n_map_resolvers) {
		*err = "no map-resolver is configured: name one with 'to'";
		return NULL;
	}
	if (ligs->n_open == OPEN_MAX) {
		*err = "too many questions are open";
		return NULL;
	}
	lig = calloc(1, sizeof(*lig));
	if (!lig) {
		*err = "memory is short";
		return NULL;
	}
	lig->ligs = ligs;
	lig->eid = *eid;
	if (resolver)
		lig->to = *resolver;
	lig->left = XTR_LIG_TRIES;
	lig->done = done;
	lig->arg = arg;
	LIST_INSERT_HEAD(&ligs->open, lig, entry);
	ligs->n_open++;
	tick(&lig->timer);
	return lig;
}

static json_t *show_locator(const struct xtr_locator *loc)
{
	char ip[XTR_IP_STRLEN];

	/* null: an address of a type that we do not know */
	return json_pack("{s:s?, s:i, s:i, s:b, s:b}", "rloc",
	    loc->ip.af ? xtr_ip_format(&loc->ip, ip) : NULL, "priority", loc->priority, "weight",
	    loc->weight, "reachable", loc->reachable, "local", loc->local);
}

static json_t *show_record(const struct xtr_record *rec)
{
	char eid[XTR_EID_STRLEN];
	const uint8_t *cursor = NULL;
	json_t *list = json_array();
	struct xtr_locator loc;

	while (xtr_locator_next(rec, &cursor, &loc))
		json_array_append_new(list, show_locator(&loc));
	/* RFC 9301 5.4: a TTL of all ones leaves the time to the receiver */
	return json_pack("{s:I, s:s?, s:o, s:s, s:b, s:o}", "instance", (json_int_t)rec->eid.iid,
	    "eid", !rec->eid.ip.af ? NULL : xtr_prefix_format(&rec->eid, eid), "ttl_min",
	    rec->ttl == XTR_TTL_FOREVER ? json_null() : json_integer(rec->ttl), "action",
	    rec->n_locators ? "encapsulate" : xtr_act_name(rec->act), "authoritative",
	    rec->authoritative, "locators", list);
}

static json_t *show_answer(const struct xtr_lig *lig, const struct try *t,
    const struct xtr_peer *from, const struct xtr_msg *m, double rtt_ms)
{
	char eid[XTR_IP_STRLEN], resolver[XTR_IP_STRLEN], who[XTR_IP_STRLEN], nonce[24];
	json_t *records = json_array();
	const uint8_t *cursor = NULL;
	struct xtr_record rec;
	bool covers = false;

	while (xtr_record_next(m, &cursor, &rec)) {
		covers |= rec.eid.ip.af && xtr_eid_covers(&rec.eid, &lig->eid);
		json_array_append_new(records, show_record(&rec));
	}
	snprintf(
	    nonce, sizeof(nonce), "0x%08X-0x%08X", (unsigned)(m->nonce >> 32), (unsigned)m->nonce);
	return json_pack("{s:s, s:I, s:s, s:s, s:f, s:s, s:i, s:b, s:o}", "eid",
	    xtr_ip_format(&lig->eid.ip, eid), "instance", (json_int_t)lig->eid.iid, "map_resolver",
	    xtr_ip_format(&t->resolver, resolver), "from", xtr_ip_format(&from->ip, who), "rtt_ms",
	    rtt_ms, "nonce", nonce, "tries", (int)lig->n_tries, "covers_eid", covers, "records",
	    records);
}

bool xtr_ligs_reply(struct xtr_ligs *ligs, const struct xtr_peer *from, const struct xtr_msg *m)
{
	uint64_t now_us = xtr_lisp_now_us(ligs->l);
	struct xtr_lig *lig;

	if (m->probe)
		return false;
	LIST_FOREACH (lig, &ligs->open, entry)
		for (unsigned i = 0; i < lig->n_tries; i++) {
			const struct try *t = &lig->tries[i];

			if (t->nonce != m->nonce)
				continue;
			ligs->l->counters[XTR_C_LIG_REPLY]++;
			finish(lig,
			    show_answer(lig, t, from, m, (double)(now_us - t->sent_us) / US_PER_MS),
			    "memory is short");
			return true;
		}
	return false;
}
