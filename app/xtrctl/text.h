/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Pieces of text output: times as routers write them, JSON values as words, tables.
 */
#ifndef XTRCTL_TEXT_H
#define XTRCTL_TEXT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#define XTRCTL_WORD 256 /* bytes that a value takes as a word */

/* Seconds as 00:01:23, 1d00h, 2w3d or 1y04w; "never" where the value is null or absent. */
const char *xtrctl_duration(const json_t *seconds, char buf[XTRCTL_WORD]);
/* The same of minutes. */
const char *xtrctl_minutes(const json_t *minutes, char buf[XTRCTL_WORD]);
/* A scalar, or a list of them with spaces in between; "-" for null, absent, or an empty list. */
const char *xtrctl_word(const json_t *v, char buf[XTRCTL_WORD]);
/* Milliseconds to the microsecond, "0.812"; "-" for what is no number. */
const char *xtrctl_ms(const json_t *ms, char buf[XTRCTL_WORD]);
/* A member that is a string, or "-". */
const char *xtrctl_string(const json_t *object, const char *key);

struct xtrctl_column {
	const char *title;
	const char *under; /* a second line of the title, or NULL */
	bool right;        /* adjusted to the right */
};

#define XTRCTL_COLUMNS 16
#define XTRCTL_ROWS    1000 /* widths are found over so many rows, and then the rows are printed */

struct xtrctl_table {
	FILE *out;
	const char *indent;
	const struct xtrctl_column *columns;
	unsigned n_columns;
	unsigned width[XTRCTL_COLUMNS];
	bool titled;
	unsigned n_cells, size;
	char **cells;
};

/* Columns stay the caller's. The functions below exit if memory is short. */
void xtrctl_table_begin(struct xtrctl_table *t, FILE *out, const char *indent,
    const struct xtrctl_column *columns, unsigned n_columns);
/* The next cell of the present row. */
void xtrctl_cell(struct xtrctl_table *t, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* The next cell is that of a JSON value, xtrctl_word() of it. */
void xtrctl_cell_json(struct xtrctl_table *t, const json_t *v);
/* A locator's priority and weight, "1/50". */
void xtrctl_cell_pri_wgt(struct xtrctl_table *t, const json_t *locator);
/* A member that is a time in milliseconds, to the microsecond. */
void xtrctl_cell_ms(struct xtrctl_table *t, const json_t *object, const char *key);
/* A member that is a number of seconds, xtrctl_duration() of it. */
void xtrctl_cell_duration(struct xtrctl_table *t, const json_t *object, const char *key);
/* Prints what is there. Title lines come once, and not at all without a row. */
void xtrctl_table_flush(struct xtrctl_table *t);
/* Prints and frees. */
void xtrctl_table_end(struct xtrctl_table *t);

#endif
