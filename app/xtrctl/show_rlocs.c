/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * show rlocs, show petrs: whom packets are encapsulated to, and what is known of their being alive.
 */
#include "render.h"

#include <string.h>

#define N(columns) (sizeof(columns) / sizeof((columns)[0]))

struct rlocs {
	struct xtrctl_view view;
	struct xtrctl_table table;
	bool begun;
	char use[XTRCTL_WORD]; /* of PETRs */
};

static struct xtrctl_table *begin(
    struct rlocs *r, const struct xtrctl_column *columns, unsigned n_columns)
{
	if (!r->begun)
		xtrctl_table_begin(&r->table, r->view.out, "", columns, n_columns);
	r->begun = true;
	return &r->table;
}

static void cells(struct xtrctl_table *t, const json_t *v, const char *const *keys)
{
	for (; *keys != NULL; keys++)
		xtrctl_cell_json(t, json_object_get(v, *keys));
}

/* What probes found: the columns Probe to Probes answered. */
static void probe_cells(struct xtrctl_table *t, const json_t *v)
{
	const json_t *sent = json_object_get(v, "probes_sent");

	xtrctl_cell(t, "%s", xtrctl_string(v, "probe"));
	xtrctl_cell_ms(t, v, "rtt_ms");
	xtrctl_cell_duration(t, v, "last_answer_s");
	if (json_integer_value(sent) > 0)
		xtrctl_cell(t, "%" JSON_INTEGER_FORMAT "/%" JSON_INTEGER_FORMAT,
		    json_integer_value(json_object_get(v, "probes_answered")),
		    json_integer_value(sent));
	else
		xtrctl_cell(t, "-");
}

static void rlocs_value(void *state, const char *key, json_t *value, bool item)
{
	static const struct xtrctl_column columns[] = {{"RLOC"}, {"State"}, {"Reason"},
	    {"Next hop"}, {"Port"}, {"MTU", NULL, true}, {"Path MTU", NULL, true},
	    {"Users", NULL, true}, {"Probe"}, {"RTT", "ms", true}, {"Last", "answer"},
	    {"Probes", "answered", true}, {"Packets", NULL, true}, {"Bytes", NULL, true}};
	static const char *const left[] = {
	    "rloc", "state", "reason", "next_hop", "port", "mtu", "path_mtu", "users", NULL};
	static const char *const right[] = {"packets", "bytes", NULL};
	struct xtrctl_table *t;

	if (!item || strcmp(key, "rlocs") != 0)
		return;
	t = begin(state, columns, N(columns));
	cells(t, value, left);
	probe_cells(t, value);
	cells(t, value, right);
}

static void rlocs_end(void *state)
{
	struct rlocs *r = state;

	if (r->begun)
		xtrctl_table_end(&r->table);
	else
		fputs("No RLOCs\n", r->view.out);
}

const struct xtrctl_listing xtrctl_show_rlocs = {
    .words = "show rlocs",
    .state_size = sizeof(struct rlocs),
    .value = rlocs_value,
    .end = rlocs_end,
};

static void petrs_value(void *state, const char *key, json_t *value, bool item)
{
	static const struct xtrctl_column columns[] = {{"PETR"}, {"Pri/Wgt"}, {"State"}, {"Used"},
	    {"Since"}, {"Reason"}, {"Next hop"}, {"Port"}, {"Probe"}, {"RTT", "ms", true},
	    {"Last", "answer"}, {"Probes", "answered", true}, {"Packets", NULL, true},
	    {"Bytes", NULL, true}};
	static const char *const middle[] = {"reason", "next_hop", "port", NULL};
	static const char *const right[] = {"packets", "bytes", NULL};
	struct rlocs *r = state;
	struct xtrctl_table *t;

	if (!item && !strcmp(key, "use"))
		xtrctl_word(value, r->use);
	if (!item || strcmp(key, "petrs") != 0)
		return;
	t = begin(r, columns, N(columns));
	xtrctl_cell(t, "%s", xtrctl_string(value, "rloc"));
	xtrctl_cell_pri_wgt(t, value);
	xtrctl_cell(t, "%s", xtrctl_string(value, "state"));
	xtrctl_cell_json(t, json_object_get(value, "used"));
	xtrctl_cell_duration(t, value, "since_s");
	cells(t, value, middle);
	probe_cells(t, value);
	cells(t, value, right);
}

static void petrs_end(void *state)
{
	struct rlocs *r = state;

	if (!r->begun) {
		fputs("No PETRs\n", r->view.out);
		return;
	}
	xtrctl_table_end(&r->table);
	fprintf(r->view.out, "\nPackets to what no LISP site has go to a PETR%s\n",
	    !strcmp(r->use, "no-route") ? " where there is no route"
					: ", also where there is a route");
}

const struct xtrctl_listing xtrctl_show_petrs = {
    .words = "show petrs",
    .state_size = sizeof(struct rlocs),
    .value = petrs_value,
    .end = petrs_end,
};
