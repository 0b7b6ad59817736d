/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * show sites: who registered what, as a table, or with a filter or the word "detail" in full.
 */
#include "render.h"

#include <ctype.h>
#include <string.h>

struct sites {
	struct xtrctl_view view;
	struct xtrctl_table table;
	json_t *errors; /* site name -> its errors, where some are not zero */
	bool titled;
};

static const struct xtrctl_column summary_columns[] = {{"Site Name"}, {"Last", "Register"}, {"Up"},
    {"Who Last", "Registered"}, {"Inst", "ID", true}, {"EID Prefix"}};

/* The key under which an EID's registrations are gathered. */
static const char *eid_key(const json_t *o, char buf[XTRCTL_WORD])
{
	snprintf(buf, XTRCTL_WORD, "%" JSON_INTEGER_FORMAT " %s",
	    json_integer_value(json_object_get(o, "instance")), xtrctl_string(o, "eid"));
	return buf;
}

/*
 * The EIDs of a site, in order: those configured, then those registered beneath them. key -> {eid,
 * instance, etrs: [registration, ...]}.
 */
static json_t *gather(const json_t *site)
{
	json_t *eids = json_object(), *p, *r;
	char key[XTRCTL_WORD];
	size_t i;

	json_array_foreach (json_object_get(site, "prefixes"), i, p) {
		json_t *one = json_pack("{s:O?,s:O?,s:[]}", "eid", json_object_get(p, "eid"),
		    "instance", json_object_get(p, "instance"), "etrs");

		json_object_set_new(eids, eid_key(p, key), one);
	}
	json_array_foreach (json_object_get(site, "registrations"), i, r) {
		json_t *one = json_object_get(eids, eid_key(r, key));

		if (one == NULL) {
			one = json_pack("{s:O?,s:O?,s:[]}", "eid", json_object_get(r, "eid"),
			    "instance", json_object_get(r, "instance"), "etrs");
			json_object_set_new(eids, key, one);
		}
		json_array_append(json_object_get(one, "etrs"), r);
	}
	return eids;
}

/* The registration that is the freshest, or NULL. */
static const json_t *freshest(const json_t *etrs)
{
	const json_t *best = NULL, *r;
	size_t i;

	json_array_foreach (etrs, i, r) {
		double age = json_number_value(json_object_get(r, "last_registered_s"));

		if (best == NULL ||
		    age < json_number_value(json_object_get(best, "last_registered_s")))
			best = r;
	}
	return best;
}

static const char *etr_name(const json_t *r, char buf[XTRCTL_WORD])
{
	const char *etr = xtrctl_string(r, "etr");
	const json_t *port = json_object_get(r, "etr_port");

	if (!json_is_integer(port))
		snprintf(buf, XTRCTL_WORD, "%s", etr);
	else
		snprintf(buf, XTRCTL_WORD,
		    strchr(etr, ':') ? "[%s]:%" JSON_INTEGER_FORMAT : "%s:%" JSON_INTEGER_FORMAT,
		    etr, json_integer_value(port));
	return buf;
}

/* yes, or yes* where a locator of one of them is not up. */
static const char *up_mark(const json_t *etrs)
{
	const json_t *r, *l;
	size_t i, k;

	json_array_foreach (etrs, i, r)
		json_array_foreach (json_object_get(r, "locators"), k, l)
			if (strcmp(xtrctl_string(l, "state"), "up") != 0)
				return "yes*";
	return "yes";
}

static void summary(struct sites *s, const json_t *site)
{
	const char *name = xtrctl_string(site, "name"), *key;
	char age[XTRCTL_WORD], who[XTRCTL_WORD];
	json_t *eids = gather(site), *e;

	if (!s->titled) {
		fputs("LISP Site Registration Information\n* = Some locators are down or "
		      "unreachable\n\n",
		    s->view.out);
		xtrctl_table_begin(&s->table, s->view.out, "", summary_columns,
		    sizeof(summary_columns) / sizeof(summary_columns[0]));
		s->titled = true;
	}
	json_object_foreach (eids, key, e) {
		const json_t *etrs = json_object_get(e, "etrs"), *r = freshest(etrs);

		xtrctl_cell(&s->table, "%s", name);
		xtrctl_cell(&s->table, "%s",
		    r ? xtrctl_duration(json_object_get(r, "last_registered_s"), age) : "never");
		xtrctl_cell(&s->table, "%s", r ? up_mark(etrs) : "no");
		xtrctl_cell(&s->table, "%s", r ? etr_name(r, who) : "--");
		xtrctl_cell_json(&s->table, json_object_get(e, "instance"));
		xtrctl_cell(&s->table, "%s", xtrctl_string(e, "eid"));
		name = "";
	}
	if (json_object_size(eids) == 0) {
		xtrctl_cell(&s->table, "%s", name);
		for (unsigned i = 1; i < sizeof(summary_columns) / sizeof(summary_columns[0]); i++)
			xtrctl_cell(&s->table, "--");
	}
	json_decref(eids);
}

/* Hex digits as a router prints them, 0x01234567-0x...; nothing but zeroes is none. */
static const char *hex_id(const json_t *v, char buf[XTRCTL_WORD])
{
	const char *id = json_string_value(v);
	size_t n = 0, len;

	if (json_is_null(v) || v == NULL)
		return "unspecified";
	if (id != NULL && !strncmp(id, "0x", 2))
		id += 2;
	len = id ? strlen(id) : 0;
	if (len == 0 || len % 8 != 0 || len > 32 || strspn(id, "0123456789abcdefABCDEF") != len)
		return xtrctl_word(v, buf);
	if (strspn(id, "0") == len)
		return "unspecified";
	for (size_t i = 0; i < len; i++) {
		if (i % 8 == 0)
			n += (size_t)sprintf(buf + n, "%s0x", i ? "-" : "");
		buf[n++] = (char)toupper((unsigned char)id[i]);
	}
	buf[n] = '\0';
	return buf;
}

static void detail_etr(FILE *out, const json_t *r)
{
	static const struct xtrctl_column columns[] = {
	    {"Locator"}, {"Local"}, {"State"}, {"Pri/Wgt"}};
	const char *blanks = "                          ";
	char a[XTRCTL_WORD], b[XTRCTL_WORD], c[XTRCTL_WORD];
	const json_t *l;
	struct xtrctl_table t;
	size_t i;

	fprintf(out, "    ETR %s, last registered %s, %sproxy-reply, %smap-notify\n",
	    etr_name(r, a), xtrctl_duration(json_object_get(r, "last_registered_s"), b),
	    json_is_true(json_object_get(r, "proxy_reply")) ? "" : "no ",
	    json_is_true(json_object_get(r, "map_notify")) ? "" : "no ");
	fprintf(out, "%sTTL %s, expires %s, hash-function %s, nonce %s\n", blanks,
	    xtrctl_minutes(json_object_get(r, "ttl_min"), a),
	    xtrctl_duration(json_object_get(r, "expires_s"), b), xtrctl_string(r, "authentication"),
	    xtrctl_word(json_object_get(r, "nonce"), c));
	fprintf(out, "%sxTR-ID %s\n", blanks, hex_id(json_object_get(r, "xtr_id"), a));
	fprintf(out, "%ssite-ID %s\n", blanks, hex_id(json_object_get(r, "site_id"), a));
	xtrctl_table_begin(&t, out, "      ", columns, 4);
	json_array_foreach (json_object_get(r, "locators"), i, l) {
		const json_t *local = json_object_get(l, "local");

		xtrctl_cell(&t, "%s", xtrctl_string(l, "rloc"));
		xtrctl_cell_json(&t, local);
		xtrctl_cell(&t, "%s", xtrctl_string(l, "state"));
		xtrctl_cell_pri_wgt(&t, l);
	}
	xtrctl_table_end(&t);
}

/* "authentication_failed": 2 as "Authentication failed: 2", and the text of the last one. */
static void print_errors(FILE *out, const char *indent, json_t *errors, bool zeroes)
{
	const char *last = json_string_value(json_object_get(errors, "last_error")), *key;
	char label[XTRCTL_WORD];
	size_t width = 0;
	json_t *v;

	json_object_foreach (errors, key, v)
		if (json_is_integer(v) && strlen(key) > width)
			width = strlen(key);
	json_object_foreach (errors, key, v) {
		if (!json_is_integer(v) || (!zeroes && json_integer_value(v) == 0))
			continue;
		snprintf(label, sizeof(label), "%.200s:", key);
		for (char *p = label; *p; p++)
			if (*p == '_')
				*p = ' ';
		label[0] = (char)toupper((unsigned char)label[0]);
		fprintf(out, "%s%-*s %" JSON_INTEGER_FORMAT "\n", indent, (int)width + 1, label,
		    json_integer_value(v));
	}
	if (last != NULL)
		fprintf(out, "%sLast: %s\n", indent, last);
}

static bool any_error(json_t *errors)
{
	const char *key;
	json_t *v;

	json_object_foreach (errors, key, v)
		if (json_integer_value(v) != 0 || (!strcmp(key, "last_error") && json_is_string(v)))
			return true;
	return false;
}

static void detail(struct sites *s, const json_t *site)
{
	FILE *out = s->view.out;
	char age[XTRCTL_WORD];
	json_t *eids = gather(site), *e, *r;
	const char *key;
	size_t i;

	fputs(s->titled ? "\n" : "LISP Site Registration Information\n\n", out);
	s->titled = true;
	fprintf(out, "Site name: %s\nAllowed EID-prefixes:\n", xtrctl_string(site, "name"));
	json_array_foreach (json_object_get(site, "prefixes"), i, r) {
		json_t *one = json_object_get(eids, eid_key(r, age));

		json_object_set_new(one, "origin", json_string("Configuration"));
		if (json_is_true(json_object_get(r, "accept_more_specifics")))
			json_object_set_new(
			    one, "origin", json_string("Configuration, accepting more specifics"));
	}
	json_object_foreach (eids, key, e) {
		const json_t *etrs = json_object_get(e, "etrs"), *last = freshest(etrs);
		json_int_t instance = json_integer_value(json_object_get(e, "instance"));
		const json_t *origin = json_object_get(e, "origin");

		fprintf(out, "\n  EID-prefix: %s", xtrctl_string(e, "eid"));
		if (instance != 0)
			fprintf(out, " instance-id %" JSON_INTEGER_FORMAT, instance);
		fprintf(out, "\n    First registered:     %s\n",
		    xtrctl_duration(json_object_get(last, "first_registered_s"), age));
		fprintf(out, "    Last registered:      %s\n",
		    xtrctl_duration(json_object_get(last, "last_registered_s"), age));
		fprintf(out, "    Origin:               %s\n",
		    origin ? json_string_value(origin) : "Dynamic, more specific");
		fprintf(out, "    State:                %s\n", last ? "complete" : "unknown");
		json_array_foreach (etrs, i, r)
			detail_etr(out, r);
	}
	fputs("\n  Registration errors:\n", out);
	print_errors(out, "    ", json_object_get(site, "errors"), true);
	json_decref(eids);
}

static void sites_value(void *state, const char *key, json_t *value, bool item)
{
	struct sites *s = state;
	json_t *errors = json_object_get(value, "errors");

	if (s->errors == NULL)
		s->errors = json_object();
	if (item && !strcmp(key, "sites")) {
		if (s->view.detail) {
			detail(s, value);
			return;
		}
		summary(s, value);
		if (any_error(errors))
			json_object_set(s->errors, xtrctl_string(value, "name"), errors);
	} else if (!item && !strcmp(key, "errors") && any_error(value)) {
		/* no site has this name: it would be in the way of the configuration's syntax */
		json_object_set(s->errors, "", value);
	}
}

static void sites_end(void *state)
{
	struct sites *s = state;
	const char *name;
	json_t *errors;

	if (!s->titled)
		fputs("LISP Site Registration Information\n\nNo sites\n", s->view.out);
	else if (!s->view.detail)
		xtrctl_table_end(&s->table);
	json_object_foreach (s->errors, name, errors) {
		if (name[0])
			fprintf(s->view.out, "\nRegistration errors of site %s:\n", name);
		else
			fputs("\nRegistration errors of no known site:\n", s->view.out);
		print_errors(s->view.out, "  ", errors, false);
	}
	json_decref(s->errors);
}

const struct xtrctl_listing xtrctl_show_sites = {
    .words = "show sites",
    .state_size = sizeof(struct sites),
    .value = sites_value,
    .end = sites_end,
};
