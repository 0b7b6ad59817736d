/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The documents of xtrd as text for a person, in the manner of a router's listings, while they
 * arrive.
 */
#ifndef XTRCTL_RENDER_H
#define XTRCTL_RENDER_H

#include "client.h"
#include "split.h"
#include "text.h"

/* What every listing knows; the first member of its state. */
struct xtrctl_view {
	FILE *out;
	bool all;    /* the word "all" was there: rows of zero too */
	bool detail; /* the word "detail" was there, or a filter */
};

struct xtrctl_listing {
	const char *words; /* the command that it shows, "show map-cache" */
	size_t state_size;
	/* As in split.h. state begins with a struct xtrctl_view and is zeroed behind it. */
	void (*value)(void *state, const char *key, json_t *value, bool item);
	/* The document is over, or broke off. Frees what the state holds. */
	void (*end)(void *state);
};

extern const struct xtrctl_listing xtrctl_show_map_cache, xtrctl_show_map_cache_summary,
    xtrctl_show_database, xtrctl_show_sites, xtrctl_show_rlocs, xtrctl_show_petrs,
    xtrctl_show_forwarding, xtrctl_lig, xtrctl_show_ports, xtrctl_show_workers,
    xtrctl_show_counters, xtrctl_show_drops, xtrctl_version, xtrctl_help;

/*
 * Asks xtrd, and prints what it says: as it comes where raw, else by the listing of that command,
 * or as indented JSON. "decode FILE" asks nobody (decode.h). Returns 0 or negative errno and one
 * line in err.
 */
int xtrctl_show(FILE *out, const char *path, bool raw, const char *const *words, unsigned n_words,
    char *err, size_t err_size);

#endif
