/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What answers a question about one address: lig, and show forwarding. These documents are small:
 * they are gathered, and shown when they are whole.
 */
#include "render.h"

#include <string.h>

struct document {
	struct xtrctl_view view;
	json_t *doc;
};

static void gather(void *state, const char *key, json_t *value, bool item)
{
	struct document *d = state;
	json_t *list;

	if (d->doc == NULL)
		d->doc = json_object();
	if (!item) {
		json_object_set(d->doc, key, value);
		return;
	}
	list = json_object_get(d->doc, key);
	if (list == NULL) {
		list = json_array();
		json_object_set_new(d->doc, key, list);
	}
	json_array_append(list, value);
}

/* ", instance 100"; nothing for instance 0. */
static void print_instance(FILE *out, const json_t *o)
{
	json_int_t instance = json_integer_value(json_object_get(o, "instance"));

	if (instance != 0)
		fprintf(out, ", instance %" JSON_INTEGER_FORMAT, instance);
}

static void print_record(FILE *out, const json_t *r)
{
	static const struct xtrctl_column columns[] = {
	    {"Locator"}, {"State"}, {"Pri/Wgt"}, {"Local"}};
	const json_t *locators = json_object_get(r, "locators"), *l;
	char ttl[XTRCTL_WORD];
	struct xtrctl_table t;
	size_t i;

	fprintf(out, "\n%s", xtrctl_string(r, "eid"));
	print_instance(out, r);
	if (json_is_number(json_object_get(r, "ttl_min")))
		fprintf(out, ", TTL %s", xtrctl_minutes(json_object_get(r, "ttl_min"), ttl));
	else
		fputs(", TTL left to the receiver", out);
	fprintf(out, ", %sauthoritative\n",
	    json_is_true(json_object_get(r, "authoritative")) ? "" : "not ");
	if (json_array_size(locators) == 0)
		fprintf(out, "  Negative, action: %s\n", xtrctl_string(r, "action"));
	xtrctl_table_begin(&t, out, "  ", columns, 4);
	json_array_foreach (locators, i, l) {
		xtrctl_cell(&t, "%s", xtrctl_string(l, "rloc"));
		/* the R bit, as RFC 6835 says it */
		xtrctl_cell(
		    &t, "%s", json_is_true(json_object_get(l, "reachable")) ? "up" : "down");
		xtrctl_cell_pri_wgt(&t, l);
		xtrctl_cell_json(&t, json_object_get(l, "local"));
	}
	xtrctl_table_end(&t);
}

static void lig_end(void *state)
{
	struct document *d = state;
	const json_t *records = json_object_get(d->doc, "records"), *r;
	FILE *out = d->view.out;
	char buf[XTRCTL_WORD];
	size_t i;

	fprintf(out, "Map-Request to %s for %s", xtrctl_string(d->doc, "map_resolver"),
	    xtrctl_string(d->doc, "eid"));
	print_instance(out, d->doc);
	if (json_integer_value(json_object_get(d->doc, "tries")) > 1)
		fprintf(out, ", %s sent", xtrctl_word(json_object_get(d->doc, "tries"), buf));
	fprintf(out, "\nMap-Reply from %s, RTT %s ms, nonce ", xtrctl_string(d->doc, "from"),
	    xtrctl_ms(json_object_get(d->doc, "rtt_ms"), buf));
	fprintf(out, "%s\n", xtrctl_string(d->doc, "nonce"));
	json_array_foreach (records, i, r)
		print_record(out, r);
	if (json_is_false(json_object_get(d->doc, "covers_eid")))
		fprintf(out, "\n*** NO RECORD COVERS %s: an ITR would not use this answer ***\n",
		    xtrctl_string(d->doc, "eid"));
	json_decref(d->doc);
}

const struct xtrctl_listing xtrctl_lig = {
    .words = "lig",
    .state_size = sizeof(struct document),
    .value = gather,
    .end = lig_end,
};

static void print_result(FILE *out, json_t *result)
{
	const char *key;
	char word[XTRCTL_WORD];
	json_t *v;

	fprintf(out, "\nResult: %s: %s\n", xtrctl_string(result, "action"),
	    xtrctl_string(result, "text"));
	json_object_foreach (result, key, v) {
		if (!strcmp(key, "action") || !strcmp(key, "text") || json_is_null(v))
			continue;
		fputs("  ", out);
		for (const char *c = key; *c != '\0'; c++)
			fputc(*c == '_' ? ' ' : *c, out);
		fprintf(out, ": %s\n", xtrctl_word(v, word));
	}
}

static void forwarding_end(void *state)
{
	static const struct xtrctl_column columns[] = {{"Step"}, {"Decision"}};
	struct document *d = state;
	const json_t *source = json_object_get(d->doc, "source"),
		     *port = json_object_get(d->doc, "port"), *step;
	json_t *result = json_object_get(d->doc, "result");
	FILE *out = d->view.out;
	struct xtrctl_table t;
	size_t i;

	fprintf(out, "To %s", xtrctl_string(d->doc, "address"));
	if (json_is_string(source))
		fprintf(out, " from %s", json_string_value(source));
	print_instance(out, d->doc);
	if (json_is_string(port))
		fprintf(out, ", coming from port %s", json_string_value(port));
	fputs("\n\n", out);
	xtrctl_table_begin(&t, out, "", columns, 2);
	json_array_foreach (json_object_get(d->doc, "steps"), i, step) {
		xtrctl_cell(&t, "%s", xtrctl_string(step, "step"));
		xtrctl_cell(&t, "%s", xtrctl_string(step, "text"));
	}
	xtrctl_table_end(&t);
	if (json_is_object(result))
		print_result(out, result);
	json_decref(d->doc);
}

const struct xtrctl_listing xtrctl_show_forwarding = {
    .words = "show forwarding",
    .state_size = sizeof(struct document),
    .value = gather,
    .end = forwarding_end,
};
