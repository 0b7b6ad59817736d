/* SPDX-License-Identifier: BSD-3-Clause */
#include "text.h"

#include <err.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define MINUTE 60LL
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)
#define WEEK   (7 * DAY)
#define YEAR   (365 * DAY)

static const char *duration(long long s, char buf[XTRCTL_WORD])
{
	if (s < 0)
		s = 0;
	if (s < DAY)
		snprintf(buf, XTRCTL_WORD, "%02lld:%02lld:%02lld", s / HOUR, s % HOUR / MINUTE,
		    s % MINUTE);
	else if (s < WEEK)
		snprintf(buf, XTRCTL_WORD, "%lldd%02lldh", s / DAY, s % DAY / HOUR);
	else if (s < YEAR)
		snprintf(buf, XTRCTL_WORD, "%lldw%lldd", s / WEEK, s % WEEK / DAY);
	else
		snprintf(buf, XTRCTL_WORD, "%lldy%02lldw", s / YEAR, s % YEAR / WEEK);
	return buf;
}

const char *xtrctl_duration(const json_t *seconds, char buf[XTRCTL_WORD])
{
	return json_is_number(seconds) ? duration((long long)json_number_value(seconds), buf)
				       : "never";
}

const char *xtrctl_minutes(const json_t *minutes, char buf[XTRCTL_WORD])
{
	return json_is_number(minutes)
		   ? duration((long long)json_number_value(minutes) * MINUTE, buf)
		   : "-";
}

const char *xtrctl_word(const json_t *v, char buf[XTRCTL_WORD])
{
	size_t len = 0;

	if (json_is_string(v)) {
		snprintf(buf, XTRCTL_WORD, "%s", json_string_value(v));
	} else if (json_is_integer(v)) {
		snprintf(buf, XTRCTL_WORD, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
	} else if (json_is_real(v)) {
		snprintf(buf, XTRCTL_WORD, "%.1f", json_real_value(v));
	} else if (json_is_boolean(v)) {
		snprintf(buf, XTRCTL_WORD, "%s", json_is_true(v) ? "yes" : "no");
	} else if (json_is_array(v) && json_array_size(v) > 0) {
		for (size_t i = 0; i < json_array_size(v) && len < XTRCTL_WORD - 1; i++) {
			char one[XTRCTL_WORD];

			len += (size_t)snprintf(buf + len, XTRCTL_WORD - len, "%s%s", i ? " " : "",
			    xtrctl_word(json_array_get(v, i), one));
		}
	} else {
		strcpy(buf, "-");
	}
	return buf;
}

const char *xtrctl_ms(const json_t *ms, char buf[XTRCTL_WORD])
{
	if (!json_is_number(ms))
		return "-";
	snprintf(buf, XTRCTL_WORD, "%.3f", json_number_value(ms));
	return buf;
}

const char *xtrctl_string(const json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));

	return s ? s : "-";
}

void xtrctl_table_begin(struct xtrctl_table *t, FILE *out, const char *indent,
    const struct xtrctl_column *columns, unsigned n_columns)
{
	memset(t, 0, sizeof(*t));
	t->out = out;
	t->indent = indent;
	t->columns = columns;
	t->n_columns = n_columns;
	for (unsigned i = 0; i < n_columns; i++) {
		size_t len = strlen(columns[i].title),
		       under = columns[i].under ? strlen(columns[i].under) : 0;

		t->width[i] = (unsigned)(len > under ? len : under);
	}
}

void xtrctl_cell(struct xtrctl_table *t, const char *fmt, ...)
{
	unsigned column = t->n_cells % t->n_columns;
	va_list ap;
	int len;

	if (t->n_cells == XTRCTL_ROWS * t->n_columns)
		xtrctl_table_flush(t);
	if (t->n_cells == t->size) {
		t->size = t->size ? t->size * 2 : 64;
		t->cells = reallocarray(t->cells, t->size, sizeof(*t->cells));
		if (t->cells == NULL)
			err(1, "table");
	}
	va_start(ap, fmt);
	len = vasprintf(&t->cells[t->n_cells], fmt, ap);
	va_end(ap);
	if (len < 0)
		err(1, "table");
	t->n_cells++;
	if ((unsigned)len > t->width[column])
		t->width[column] = (unsigned)len;
}

void xtrctl_cell_json(struct xtrctl_table *t, const json_t *v)
{
	char buf[XTRCTL_WORD];

	xtrctl_cell(t, "%s", xtrctl_word(v, buf));
}

void xtrctl_cell_pri_wgt(struct xtrctl_table *t, const json_t *locator)
{
	xtrctl_cell(t, "%3" JSON_INTEGER_FORMAT "/%" JSON_INTEGER_FORMAT,
	    json_integer_value(json_object_get(locator, "priority")),
	    json_integer_value(json_object_get(locator, "weight")));
}

void xtrctl_cell_ms(struct xtrctl_table *t, const json_t *object, const char *key)
{
	char buf[XTRCTL_WORD];

	xtrctl_cell(t, "%s", xtrctl_ms(json_object_get(object, key), buf));
}

void xtrctl_cell_duration(struct xtrctl_table *t, const json_t *object, const char *key)
{
	char buf[XTRCTL_WORD];

	xtrctl_cell(t, "%s", xtrctl_duration(json_object_get(object, key), buf));
}

/* One line. Blanks are printed only in front of something, so that none stand at its end. */
static void print_row(const struct xtrctl_table *t, const char *const *cells)
{
	unsigned gap = 0;

	fputs(t->indent, t->out);
	for (unsigned i = 0; i < t->n_columns; i++) {
		unsigned len = (unsigned)strlen(cells[i]);
		unsigned blanks = t->width[i] > len ? t->width[i] - len : 0;

		if (t->columns[i].right)
			gap += blanks;
		if (len > 0) {
			fprintf(t->out, "%*s%s", (int)gap, "", cells[i]);
			gap = 0;
		}
		if (!t->columns[i].right)
			gap += blanks;
		gap += 2;
	}
	fputc('\n', t->out);
}

static void print_titles(const struct xtrctl_table *t)
{
	const char *line[XTRCTL_COLUMNS];
	bool under = false;

	for (unsigned i = 0; i < t->n_columns; i++)
		line[i] = t->columns[i].title;
	print_row(t, line);
	for (unsigned i = 0; i < t->n_columns; i++) {
		line[i] = t->columns[i].under ? t->columns[i].under : "";
		under |= t->columns[i].under != NULL;
	}
	if (under)
		print_row(t, line);
}

void xtrctl_table_flush(struct xtrctl_table *t)
{
	if (t->n_cells > 0 && !t->titled) {
		print_titles(t);
		t->titled = true;
	}
	for (unsigned i = 0; i + t->n_columns <= t->n_cells; i += t->n_columns)
		print_row(t, (const char *const *)&t->cells[i]);
	for (unsigned i = 0; i < t->n_cells; i++)
		free(t->cells[i]);
	t->n_cells = 0;
}

void xtrctl_table_end(struct xtrctl_table *t)
{
	xtrctl_table_flush(t);
	free(t->cells);
}
