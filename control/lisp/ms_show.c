/* SPDX-License-Identifier: BSD-3-Clause */
/* `show sites`: what is configured, who registered, what went wrong. Ages are in seconds. */
#include "control/lisp/ms_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* What the operator wants to see: everything, one site, or what an address or prefix concerns. */
struct filter {
	const char *name; /* NULL: any */
	bool by_eid;
	struct xtr_eid eid; /* of any instance */
};

static bool eid_matches(const struct filter *f, const struct xtr_eid *eid)
{
	struct xtr_eid e = f->eid;

	e.iid = eid->iid;
	return !f->by_eid || xtr_eid_covers(&e, eid) || xtr_eid_covers(eid, &e);
}

static json_t *show_age(const struct xtr_ms *ms, uint64_t since_s)
{
	return json_integer((json_int_t)(ms_now(ms) / XTR_MS_PER_SEC - since_s));
}

static json_t *show_ip(const struct xtr_ip *ip)
{
	char text[XTR_IP_STRLEN];

	return json_string(xtr_ip_format(ip, text));
}

static json_t *show_prefix(const struct xtr_eid *eid)
{
	char text[XTR_EID_STRLEN];

	return json_string(xtr_prefix_format(eid, text));
}

static json_t *show_hex(bool there, const uint8_t *p, size_t n)
{
	char text[2 * XTR_XTR_ID_LEN + 1];

	if (!there)
		return json_null();
	for (size_t i = 0; i < n; i++)
		sprintf(text + 2 * i, "%02x", p[i]);
	return json_string(text);
}

static json_t *show_locators(const struct ms_reg *reg)
{
	json_t *list = json_array(), *o;

	for (unsigned i = 0; i < reg->n_locators; i++) {
		const struct xtr_locator *loc = &reg->locators[i];

		o = json_object();
		json_object_set_new(o, "rloc", show_ip(&loc->ip));
		json_object_set_new(o, "priority", json_integer(loc->priority));
		json_object_set_new(o, "weight", json_integer(loc->weight));
		json_object_set_new(o, "local", json_boolean(loc->local));
		json_object_set_new(o, "state", json_string(loc->reachable ? "up" : "down"));
		json_array_append_new(list, o);
	}
	return list;
}

static json_t *show_reg(const struct xtr_ms *ms, const struct ms_reg *reg)
{
	const struct ms_etr *etr = reg->etr;
	json_t *o = json_object();
	char nonce[32];

	snprintf(nonce, sizeof(nonce), "0x%08" PRIX32 "-0x%08" PRIX32, (uint32_t)(reg->nonce >> 32),
	    (uint32_t)reg->nonce);
	json_object_set_new(o, "instance", json_integer(reg->mapping->eid.iid));
	json_object_set_new(o, "eid", show_prefix(&reg->mapping->eid));
	json_object_set_new(o, "etr", show_ip(&etr->ip));
	json_object_set_new(o, "etr_port", json_integer(reg->port));
	json_object_set_new(o, "first_registered_s", show_age(ms, reg->first_s));
	json_object_set_new(o, "last_registered_s", show_age(ms, reg->last_s));
	json_object_set_new(o, "expires_s", json_integer(ms_reg_expires_s(ms, reg)));
	json_object_set_new(o, "authentication", json_string(xtr_algorithm_name(reg->algorithm)));
	json_object_set_new(o, "key_id", json_integer(etr->key_id));
	json_object_set_new(o, "nonce", json_string(nonce));
	json_object_set_new(o, "ttl_min", json_integer(reg->ttl));
	json_object_set_new(o, "xtr_id", show_hex(etr->has_ids, etr->xtr_id, XTR_XTR_ID_LEN));
	json_object_set_new(o, "site_id", show_hex(etr->has_ids, etr->site_id, XTR_SITE_ID_LEN));
	json_object_set_new(o, "map_notify", json_boolean(reg->notify));
	json_object_set_new(o, "proxy_reply", json_boolean(reg->proxy));
	json_object_set_new(o, "merge", json_boolean(reg->merge));
	json_object_set_new(o, "locators", show_locators(reg));
	return o;
}

struct listing {
	const struct xtr_ms *ms;
	const struct filter *filter;
	const struct ms_prefix *prefix;
	json_t *list;
};

static int show_mapping(void *value, void *arg)
{
	const struct ms_mapping *map = value;
	struct listing *l = arg;

	/* what is inside this prefix may belong to another, configured inside it */
	if (map->prefix != l->prefix || !eid_matches(l->filter, &map->eid))
		return 0;
	for (const struct ms_reg *r = map->regs; r; r = r->next)
		json_array_append_new(l->list, show_reg(l->ms, r));
	return 0;
}

static json_t *show_last_error(const char *text)
{
	return *text ? json_string(text) : json_null();
}

static json_t *show_errors(const struct ms_site *site)
{
	static const char *const names[MS_ERR_N] = {
	    [MS_ERR_AUTH] = "authentication_failed",
	    [MS_ERR_LOCATOR] = "locator_not_allowed",
	    [MS_ERR_PREFIX] = "prefix_not_configured",
	    [MS_ERR_REPLAY] = "replay",
	    [MS_ERR_ALGORITHM] = "algorithm_not_allowed",
	};
	json_t *o = json_object();

	for (unsigned i = 0; i < MS_ERR_N; i++)
		json_object_set_new(o, names[i], json_integer((json_int_t)site->errors[i]));
	json_object_set_new(o, "last_error", show_last_error(site->last_error));
	return o;
}

static json_t *show_site(
    const struct xtr_ms *ms, const struct ms_site *site, const struct filter *f)
{
	json_t *o = json_object(), *list = json_array(), *p;
	struct listing l = {.ms = ms, .filter = f, .list = json_array()};

	json_object_set_new(o, "name", json_string(site->cfg->name));
	json_object_set_new(
	    o, "replay_protection", json_string(site->cfg->replay_strict ? "strict" : "off"));
	for (unsigned i = 0; i < site->cfg->n_prefixes; i++) {
		struct ms_prefix *prefix = &site->prefixes[i];

		if (!prefix->table || !eid_matches(f, &prefix->eid))
			continue;
		p = json_object();
		json_object_set_new(p, "instance", json_integer(prefix->eid.iid));
		json_object_set_new(p, "eid", show_prefix(&prefix->eid));
		json_object_set_new(
		    p, "accept_more_specifics", json_boolean(prefix->accept_more_specifics));
		json_array_append_new(list, p);
		l.prefix = prefix;
		xtr_trie_walk(&prefix->table->registered, &prefix->eid.ip, prefix->eid.plen,
		    show_mapping, &l);
	}
	json_object_set_new(o, "prefixes", list);
	json_object_set_new(o, "registrations", l.list);
	json_object_set_new(o, "errors", show_errors(site));
	return o;
}

json_t *xtr_ms_show_sites(struct xtr_ms *ms, const char *filter)
{
	struct filter f = {0};
	json_t *o = json_object(), *sites = json_array(), *errors = json_object(), *site;
	int rc;

	if (filter) {
		for (unsigned i = 0; i < ms->n_sites && !f.name; i++)
			if (!strcmp(ms->sites[i].cfg->name, filter))
				f.name = filter;
		/* an address inside a prefix, with its host bits, will do as well */
		rc = f.name ? 0 : xtr_eid_parse(filter, &f.eid);
		f.by_eid = !f.name && (!rc || rc == -EDOM);
		if (!f.name && !f.by_eid)
			f.name = filter;
	}
	for (unsigned i = 0; i < ms->n_sites; i++) {
		if (f.name && strcmp(ms->sites[i].cfg->name, f.name))
			continue;
		site = show_site(ms, &ms->sites[i], &f);
		if (f.by_eid && !json_array_size(json_object_get(site, "prefixes")))
			json_decref(site);
		else
			json_array_append_new(sites, site);
	}
	json_object_set_new(errors, "no_site", json_integer((json_int_t)ms->no_site));
	json_object_set_new(errors, "malformed", json_integer((json_int_t)ms->malformed));
	json_object_set_new(errors, "last_error", show_last_error(ms->last_error));
	json_object_set_new(o, "sites", sites);
	json_object_set_new(o, "errors", errors);
	return o;
}
