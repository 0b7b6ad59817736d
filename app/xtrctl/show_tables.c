/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The listings that are plain tables: show map-cache summary, ports, workers, counters, drops;
 * version and help.
 */
#include "render.h"

#include <stdlib.h>
#include <string.h>

/* A table whose cells are members of the items, one a column. */
struct rows {
	struct xtrctl_view view;
	struct xtrctl_table table;
	bool begun;
};

static void add_row(struct rows *r, const struct xtrctl_column *columns, const char *const *keys,
    unsigned n, const json_t *item)
{
	if (!r->begun) {
		xtrctl_table_begin(&r->table, r->view.out, "", columns, n);
		r->begun = true;
	}
	for (unsigned i = 0; i < n; i++)
		xtrctl_cell_json(&r->table, json_object_get(item, keys[i]));
}

static void end_rows(struct rows *r, const char *none)
{
	if (r->begun)
		xtrctl_table_end(&r->table);
	else
		fprintf(r->view.out, "%s\n", none);
}

static void summary_value(void *state, const char *key, json_t *value, bool item)
{
	static const struct xtrctl_column columns[] = {{"Instance"}, {"Entries", NULL, true},
	    {"Static", NULL, true}, {"Dynamic", NULL, true}, {"Limit", NULL, true},
	    {"Evicted", NULL, true}, {"Resolving", NULL, true}};
	static const char *const keys[] = {
	    "instance", "entries", "static", "dynamic", "limit", "evicted", "resolving"};
	bool total = !item && !strcmp(key, "total");

	if (total)
		json_object_set_new(value, "instance", json_string("all"));
	if (total || (item && !strcmp(key, "instances")))
		add_row(state, columns, keys, sizeof(keys) / sizeof(keys[0]), value);
}

static void summary_end(void *state)
{
	end_rows(state, "No map-cache");
}

const struct xtrctl_listing xtrctl_show_map_cache_summary = {
    .words = "show map-cache summary",
    .state_size = sizeof(struct rows),
    .value = summary_value,
    .end = summary_end,
};

static void workers_value(void *state, const char *key, json_t *value, bool item)
{
	static const struct xtrctl_column columns[] = {{"Worker", NULL, true},
	    {"Lcore", NULL, true}, {"CPU", NULL, true}, {"Ports"}, {"Packets", NULL, true},
	    {"Bursts", NULL, true}, {"Polls", NULL, true}, {"Idle polls", NULL, true},
	    {"Sleeps", NULL, true}, {"Cycles/packet", NULL, true}};
	static const char *const keys[] = {"worker", "lcore", "cpu", "ports", "packets", "bursts",
	    "polls", "idle_polls", "sleeps", "cycles_per_packet"};

	if (item && !strcmp(key, "workers"))
		add_row(state, columns, keys, sizeof(keys) / sizeof(keys[0]), value);
}

static void workers_end(void *state)
{
	end_rows(state, "No workers");
}

const struct xtrctl_listing xtrctl_show_workers = {
    .words = "show workers",
    .state_size = sizeof(struct rows),
    .value = workers_value,
    .end = workers_end,
};

struct ports {
	struct xtrctl_view view;
	bool any;
};

static void ports_value(void *state, const char *key, json_t *value, bool item)
{
	struct ports *p = state;
	FILE *out = p->view.out;
	const json_t *link = json_object_get(value, "link");
	bool vlan = json_is_integer(json_object_get(value, "vlan"));
	char a[XTRCTL_WORD], b[XTRCTL_WORD], c[XTRCTL_WORD];

	if (!item || strcmp(key, "ports") != 0)
		return;
	fprintf(out, "%s%s is %s", p->any ? "\n" : "", xtrctl_string(value, "name"),
	    json_is_boolean(link) ? (json_is_true(link) ? "up" : "down") : xtrctl_word(link, a));
	p->any = true;
	if (vlan)
		fprintf(out, ", VLAN %s of %s", xtrctl_word(json_object_get(value, "vlan"), a),
		    xtrctl_word(json_object_get(value, "port"), b));
	if (json_integer_value(json_object_get(value, "speed_mbps")) > 0)
		fprintf(out, ", %s Mb/s", xtrctl_word(json_object_get(value, "speed_mbps"), a));
	fprintf(out, ", %s side, instance %s, workers %s\n",
	    xtrctl_word(json_object_get(value, "side"), a),
	    xtrctl_word(json_object_get(value, "instance"), b),
	    xtrctl_word(json_object_get(value, "workers"), c));
	fprintf(out, "  Device %s, MAC %s, MTU %s\n",
	    xtrctl_word(json_object_get(value, "device"), a),
	    xtrctl_word(json_object_get(value, "mac"), b),
	    xtrctl_word(json_object_get(value, "mtu"), c));
	fprintf(out, "  Addresses %s\n", xtrctl_word(json_object_get(value, "addresses"), a));
	fprintf(out, "  Offloads %s\n", xtrctl_word(json_object_get(value, "offloads"), a));
	fprintf(out, "  Received %s packets, %s bytes",
	    xtrctl_word(json_object_get(value, "rx_packets"), a),
	    xtrctl_word(json_object_get(value, "rx_bytes"), b));
	/* what the device counts, it counts for the port */
	if (!vlan)
		fprintf(out, ", missed %s, errors %s, no buffer %s",
		    xtrctl_word(json_object_get(value, "rx_missed"), a),
		    xtrctl_word(json_object_get(value, "rx_errors"), b),
		    xtrctl_word(json_object_get(value, "rx_nombuf"), c));
	fprintf(out, "\n  Sent %s packets, %s bytes",
	    xtrctl_word(json_object_get(value, "tx_packets"), a),
	    xtrctl_word(json_object_get(value, "tx_bytes"), b));
	if (!vlan)
		fprintf(out, ", errors %s", xtrctl_word(json_object_get(value, "tx_errors"), a));
	fputc('\n', out);
}

static void ports_end(void *state)
{
	struct ports *p = state;

	if (!p->any)
		fputs("No ports\n", p->view.out);
}

const struct xtrctl_listing xtrctl_show_ports = {
    .words = "show ports",
    .state_size = sizeof(struct ports),
    .value = ports_value,
    .end = ports_end,
};

/* A flat object, shown sorted by name. */
struct counters {
	struct xtrctl_view view;
	json_t *values;
	unsigned zeroes;
};

static void counters_value(void *state, const char *key, json_t *value, bool item)
{
	struct counters *c = state;

	if (c->values == NULL)
		c->values = json_object();
	if (item)
		return;
	if (json_number_value(value) == 0 && !c->view.all)
		c->zeroes++;
	else
		json_object_set(c->values, key, value);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void counters_end(void *state)
{
	static const struct xtrctl_column columns[] = {{"Name"}, {"Count", NULL, true}};
	struct counters *c = state;
	size_t n = json_object_size(c->values), i = 0;
	const char **names = calloc(n + 1, sizeof(*names)), *name;
	struct xtrctl_table t;
	json_t *v;

	xtrctl_table_begin(&t, c->view.out, "", columns, 2);
	if (names != NULL) {
		json_object_foreach (c->values, name, v)
			names[i++] = name;
		qsort(names, n, sizeof(*names), by_name);
	}
	for (i = 0; names != NULL && i < n; i++) {
		xtrctl_cell(&t, "%s", names[i]);
		xtrctl_cell_json(&t, json_object_get(c->values, names[i]));
	}
	xtrctl_table_end(&t);
	if (c->zeroes > 0)
		fprintf(c->view.out, "%s%u at zero left out; the word 'all' shows them\n",
		    n ? "\n" : "", c->zeroes);
	free(names);
	json_decref(c->values);
}

const struct xtrctl_listing xtrctl_show_counters = {
    .words = "show counters",
    .state_size = sizeof(struct counters),
    .value = counters_value,
    .end = counters_end,
};

const struct xtrctl_listing xtrctl_show_drops = {
    .words = "show drops",
    .state_size = sizeof(struct counters),
    .value = counters_value,
    .end = counters_end,
};

struct version {
	struct xtrctl_view view;
	char xtrd[XTRCTL_WORD], dpdk[XTRCTL_WORD];
};

static void version_value(void *state, const char *key, json_t *value, bool item)
{
	struct version *v = state;

	if (!strcmp(key, "version"))
		xtrctl_word(value, v->xtrd);
	else if (!strcmp(key, "dpdk"))
		xtrctl_word(value, v->dpdk);
}

static void version_end(void *state)
{
	struct version *v = state;

	fprintf(v->view.out, "xtrd %s, %s\n", v->xtrd, v->dpdk);
}

const struct xtrctl_listing xtrctl_version = {
    .words = "version",
    .state_size = sizeof(struct version),
    .value = version_value,
    .end = version_end,
};

static void help_value(void *state, const char *key, json_t *value, bool item)
{
	static const struct xtrctl_column columns[] = {{"Command"}, {"What it does"}};
	struct rows *r = state;
	const char *args = json_string_value(json_object_get(value, "args"));

	if (!item || strcmp(key, "commands") != 0)
		return;
	if (!r->begun) {
		xtrctl_table_begin(&r->table, r->view.out, "", columns, 2);
		r->begun = true;
	}
	xtrctl_cell(&r->table, "%s%s%s", xtrctl_string(value, "words"), args && args[0] ? " " : "",
	    args ? args : "");
	xtrctl_cell(&r->table, "%s", xtrctl_string(value, "help"));
}

static void help_end(void *state)
{
	end_rows(state, "No commands");
}

const struct xtrctl_listing xtrctl_help = {
    .words = "help",
    .state_size = sizeof(struct rows),
    .value = help_value,
    .end = help_end,
};
