/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * show map-cache, show database: lists of EIDs with their locators, a listing for each instance and
 * address family.
 */
#include "render.h"

#include <string.h>

#define GROUP_MAX                                                                                  \
	4096 /* so many entries are gathered to say their number at the top; more are printed as   \
		they come */

/* Entries of one instance and family. */
struct group {
	struct xtrctl_view view;
	void (*title)(FILE *out, const char *family, const char *table, const char *count);
	void (*entry)(FILE *out, const json_t *e);
	json_t *entries;
	json_int_t instance;
	bool ipv6, open, titled;
	unsigned long long printed; /* of this group */
	unsigned n_groups;
};

static void group_flush(struct group *g, bool last)
{
	char table[64] = "default (IID 0)", count[64] = "";
	size_t n = json_array_size(g->entries), i;
	json_t *e;

	if (!g->titled) {
		if (g->instance != 0)
			snprintf(table, sizeof(table),
			    "instance %" JSON_INTEGER_FORMAT " (IID %" JSON_INTEGER_FORMAT ")",
			    g->instance, g->instance);
		if (last)
			snprintf(count, sizeof(count), "%zu", n);
		if (g->n_groups++ > 0)
			fputc('\n', g->view.out);
		g->title(g->view.out, g->ipv6 ? "IPv6" : "IPv4", table, count);
		g->titled = true;
	}
	json_array_foreach (g->entries, i, e)
		g->entry(g->view.out, e);
	g->printed += n;
	json_array_clear(g->entries);
}

static void group_close(struct group *g)
{
	if (!g->open)
		return;
	group_flush(g, true);
	if (g->printed > GROUP_MAX)
		fprintf(g->view.out, "\n%llu entries\n", g->printed);
	json_decref(g->entries);
	g->entries = NULL;
	g->open = false;
}

static void group_add(struct group *g, json_t *e)
{
	json_int_t instance = json_integer_value(json_object_get(e, "instance"));
	bool ipv6 = strchr(xtrctl_string(e, "eid"), ':') != NULL;

	if (g->open && (g->instance != instance || g->ipv6 != ipv6))
		group_close(g);
	if (!g->open) {
		g->entries = json_array();
		g->instance = instance;
		g->ipv6 = ipv6;
		g->open = true;
		g->titled = false;
		g->printed = 0;
	}
	json_array_append(g->entries, e);
	if (json_array_size(g->entries) > GROUP_MAX)
		group_flush(g, false);
}

static void map_cache_title(FILE *out, const char *family, const char *table, const char *count)
{
	fprintf(out, "LISP %s Mapping Cache for EID-table %s", family, table);
	if (count[0])
		fprintf(out, ", %s entr%s", count, !strcmp(count, "1") ? "y" : "ies");
	fputs("\n\n", out);
}

/* For an incomplete entry: how often the mapping system was asked. */
static const char *asked(const json_t *e, char buf[XTRCTL_WORD])
{
	const json_t *n = json_object_get(e, "map_requests");

	if (!json_is_integer(n))
		return "";
	snprintf(buf, XTRCTL_WORD, ", Map-Requests sent: %" JSON_INTEGER_FORMAT "%s",
	    json_integer_value(n), json_is_true(json_object_get(e, "quiet")) ? ", no answer" : "");
	return buf;
}

static void map_cache_entry(FILE *out, const json_t *e)
{
	static const struct xtrctl_column columns[] = {{"Locator"}, {"Uptime"}, {"State"},
	    {"Pri/Wgt"}, {"Packets", NULL, true}, {"Bytes", NULL, true}};
	const char *state = xtrctl_string(e, "state"), *action = xtrctl_string(e, "action");
	const json_t *locators = json_object_get(e, "locators"), *l;
	char up[XTRCTL_WORD], expires[XTRCTL_WORD];
	struct xtrctl_table t;
	bool counted = false;
	size_t i;

	fprintf(out, "%s, uptime: %s, expires: %s, via %s, %s\n", xtrctl_string(e, "eid"),
	    xtrctl_duration(json_object_get(e, "uptime_s"), up),
	    xtrctl_duration(json_object_get(e, "expires_s"), expires), xtrctl_string(e, "source"),
	    !strcmp(state, "negative") ? action : state);
	if (!strcmp(state, "negative"))
		fprintf(out, "  Negative cache entry, action: %s\n", action);
	else if (json_array_size(locators) == 0)
		fprintf(out, "  No locators, action: %s%s\n", action, asked(e, up));
	if (json_is_number(json_object_get(e, "packets")))
		fprintf(out, "  Packets: %s, bytes: %s\n",
		    xtrctl_word(json_object_get(e, "packets"), up),
		    xtrctl_word(json_object_get(e, "bytes"), expires));
	json_array_foreach (locators, i, l)
		counted |= json_is_number(json_object_get(l, "packets"));
	xtrctl_table_begin(&t, out, "  ", columns, counted ? 6 : 4);
	json_array_foreach (locators, i, l) {
		xtrctl_cell(&t, "%s", xtrctl_string(l, "rloc"));
		xtrctl_cell_duration(&t, l, "uptime_s");
		xtrctl_cell(&t, "%s", xtrctl_string(l, "state"));
		xtrctl_cell_pri_wgt(&t, l);
		if (counted) {
			xtrctl_cell_json(&t, json_object_get(l, "packets"));
			xtrctl_cell_json(&t, json_object_get(l, "bytes"));
		}
	}
	xtrctl_table_end(&t);
}

static void map_cache_value(void *state, const char *key, json_t *value, bool item)
{
	struct group *g = state;

	if (!item || strcmp(key, "entries") != 0)
		return;
	g->title = map_cache_title;
	g->entry = map_cache_entry;
	group_add(g, value);
}

static void map_cache_end(void *state)
{
	struct group *g = state;

	group_close(g);
	if (g->n_groups == 0)
		fputs("LISP Mapping Cache, 0 entries\n", g->view.out);
}

const struct xtrctl_listing xtrctl_show_map_cache = {
    .words = "show map-cache",
    .state_size = sizeof(struct group),
    .value = map_cache_value,
    .end = map_cache_end,
};

struct database {
	struct group g;
	json_t *map_servers;
};

static void database_title(FILE *out, const char *family, const char *table, const char *count)
{
	fprintf(out, "LISP ETR %s Mapping Database for EID-table %s\n", family, table);
	if (count[0])
		fprintf(out, "Entries total %s\n", count);
}

static void database_entry(FILE *out, const json_t *e)
{
	static const struct xtrctl_column columns[] = {{"Locator"}, {"Pri/Wgt"}, {"State"}};
	char up[XTRCTL_WORD], ttl[XTRCTL_WORD];
	struct xtrctl_table t;
	const json_t *l;
	size_t i;

	fprintf(out, "\n%s\n  Uptime: %s, TTL: %s\n", xtrctl_string(e, "eid"),
	    xtrctl_duration(json_object_get(e, "uptime_s"), up),
	    xtrctl_minutes(json_object_get(e, "ttl_min"), ttl));
	xtrctl_table_begin(&t, out, "  ", columns, 3);
	json_array_foreach (json_object_get(e, "locators"), i, l) {
		xtrctl_cell(&t, "%s", xtrctl_string(l, "rloc"));
		xtrctl_cell_pri_wgt(&t, l);
		xtrctl_cell(&t, "%s", xtrctl_string(l, "state"));
	}
	xtrctl_table_end(&t);
}

static void database_value(void *state, const char *key, json_t *value, bool item)
{
	struct database *d = state;

	if (!item)
		return;
	if (!strcmp(key, "entries")) {
		d->g.title = database_title;
		d->g.entry = database_entry;
		group_add(&d->g, value);
	} else if (!strcmp(key, "map_servers")) {
		if (d->map_servers == NULL)
			d->map_servers = json_array();
		json_array_append(d->map_servers, value);
	}
}

static void print_map_servers(FILE *out, const json_t *map_servers)
{
	static const struct xtrctl_column columns[] = {{"Map-Server"}, {"State"},
	    {"Registers", "sent", true}, {"Notifies", "received", true}, {"Last", "register"},
	    {"Last", "notify"}, {"Algorithm"}, {"Nonce"}};
	char age[XTRCTL_WORD], sent[XTRCTL_WORD];
	struct xtrctl_table t;
	const json_t *m;
	size_t i;

	fputc('\n', out);
	xtrctl_table_begin(&t, out, "", columns, sizeof(columns) / sizeof(columns[0]));
	json_array_foreach (map_servers, i, m) {
		const char *state = xtrctl_string(m, "state");

		xtrctl_cell(&t, "%s", xtrctl_string(m, "address"));
		xtrctl_cell(&t, "%s", !strcmp(state, "no-answer") ? "NO ANSWER" : state);
		xtrctl_cell_json(&t, json_object_get(m, "registers_sent"));
		xtrctl_cell_json(&t, json_object_get(m, "notifies_received"));
		xtrctl_cell_duration(&t, m, "last_register_s");
		xtrctl_cell_duration(&t, m, "last_notify_s");
		xtrctl_cell_json(&t, json_object_get(m, "algorithm"));
		xtrctl_cell_json(&t, json_object_get(m, "nonce"));
	}
	xtrctl_table_end(&t);
	json_array_foreach (map_servers, i, m) {
		const json_t *refused = json_object_get(m, "prefixes_refused");

		if (json_integer_value(refused) > 0)
			fprintf(out,
			    "\n*** Map-Server %s REFUSES prefixes: %s of those above ***\n",
			    xtrctl_string(m, "address"), xtrctl_word(refused, sent));
		if (strcmp(xtrctl_string(m, "state"), "no-answer") != 0)
			continue;
		fprintf(out,
		    "\n*** Map-Server %s DOES NOT ANSWER: Map-Registers sent %s, last Map-Notify "
		    "%s ***\n"
		    "*** Others may not find the EIDs above. Check its address, the key, and that "
		    "its site has "
		    "the prefixes. ***\n",
		    xtrctl_string(m, "address"),
		    xtrctl_word(json_object_get(m, "registers_sent"), sent),
		    xtrctl_duration(json_object_get(m, "last_notify_s"), age));
	}
}

static void database_end(void *state)
{
	struct database *d = state;

	group_close(&d->g);
	if (d->g.n_groups == 0)
		fputs("LISP ETR Mapping Database, 0 entries\n", d->g.view.out);
	if (d->map_servers != NULL)
		print_map_servers(d->g.view.out, d->map_servers);
	json_decref(d->map_servers);
}

const struct xtrctl_listing xtrctl_show_database = {
    .words = "show database",
    .state_size = sizeof(struct database),
    .value = database_value,
    .end = database_end,
};
