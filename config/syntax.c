/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/syntax.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/scan.h"

#define MAX_DEPTH 16 /* groups and lists in each other; the schema needs six */

struct name { /* a setting of a group that is open */
	const char *text;
	size_t len;
	unsigned line;
};

struct checker {
	struct xtr_cfg_scan sc;
	struct xtr_cfg_syntax *out;
	const char *copied; /* input up to here is in out->text */
	struct name *names; /* those of all open groups, a stack */
	size_t n_names, names_size, lines_size;
	unsigned depth;
	char path[256]; /* of the setting being read */
};

static int check_value(struct checker *c);

__attribute__((format(printf, 4, 5))) static int fail(
    struct checker *c, unsigned line, const char *where, const char *fmt, ...)
{
	char *what;
	va_list ap;
	int r;

	va_start(ap, fmt);
	r = vasprintf(&what, fmt, ap);
	va_end(ap);
	if (r < 0)
		return -ENOMEM;
	r = asprintf(&c->out->error, "%s: %s", where, what);
	free(what);
	if (r < 0) {
		c->out->error = NULL;
		return -ENOMEM;
	}
	c->out->error_line = line;
	return -EINVAL;
}

/* The present token in words; its kind alone, never its text. */
static const char *found(const struct checker *c, char buf[8])
{
	switch (c->sc.kind) {
	case XTR_TOK_END:
		return "the end of the file";
	case XTR_TOK_NAME:
		return "a word without quotes";
	case XTR_TOK_BOOL:
		return "true or false";
	case XTR_TOK_INT:
	case XTR_TOK_FLOAT:
		return "a number";
	case XTR_TOK_TEXT:
		return "a text in quotes";
	case XTR_TOK_MARK:
		snprintf(buf, 8, "\"%c\"", *c->sc.start);
		return buf;
	case XTR_TOK_WRONG:
		break;
	}
	return c->sc.why;
}

static int unexpected(struct checker *c, const char *allowed)
{
	char buf[8];

	if (c->sc.kind == XTR_TOK_WRONG)
		allowed = c->sc.allowed;
	return fail(c, c->sc.token_line, "syntax", "found %s, allowed %s", found(c, buf), allowed);
}

static bool is_mark(const struct checker *c, char mark)
{
	return c->sc.kind == XTR_TOK_MARK && *c->sc.start == mark;
}

/* Copies the input as it is up to p. The buffer was made large enough for all. */
static void copy_to(struct checker *c, const char *p)
{
	size_t n = (size_t)(p - c->copied);

	memcpy(c->out->text + c->out->len, c->copied, n);
	c->out->len += n;
	c->copied = p;
}

/* Writes a character in place of `skip` of the input at p. */
static void put(struct checker *c, const char *p, char ch, size_t skip)
{
	copy_to(c, p);
	c->out->text[c->out->len++] = ch;
	c->copied += skip;
}

static int add_line(struct checker *c, unsigned line)
{
	struct xtr_cfg_syntax *out = c->out;

	if (out->n_lines == c->lines_size) {
		size_t size = c->lines_size ? 2 * c->lines_size : 64;
		unsigned *p = reallocarray(out->lines, size, sizeof(*p));

		if (!p)
			return -ENOMEM;
		out->lines = p;
		c->lines_size = size;
	}
	out->lines[out->n_lines++] = line;
	return 0;
}

/* Notes the present token as a setting of the group whose names start at `base`. */
static int add_name(struct checker *c, size_t base)
{
	const struct xtr_cfg_scan *sc = &c->sc;
	struct name *p;

	for (size_t i = base; i < c->n_names; i++)
		if (c->names[i].len == sc->len && !memcmp(c->names[i].text, sc->start, sc->len))
			return fail(c, sc->token_line, c->path,
			    "found the setting again, allowed once (it is on line %u)",
			    c->names[i].line);
	if (c->n_names == c->names_size) {
		size_t size = c->names_size ? 2 * c->names_size : 32;

		p = reallocarray(c->names, size, sizeof(*p));
		if (!p)
			return -ENOMEM;
		c->names = p;
		c->names_size = size;
	}
	c->names[c->n_names++] = (struct name){sc->start, sc->len, sc->token_line};
	return add_line(c, sc->token_line);
}

/* Settings up to the end of the file or of the group, which is left as the present token. */
static int check_settings(struct checker *c, char close, unsigned open_line)
{
	size_t base = c->n_names, path_len = strlen(c->path);
	char allowed[80];
	int r;

	snprintf(allowed, sizeof(allowed), "the name of a setting");
	if (close)
		snprintf(allowed, sizeof(allowed),
		    "the name of a setting, or \"}\" for the \"{\" of line %u", open_line);
	for (;;) {
		if (close ? is_mark(c, close) : c->sc.kind == XTR_TOK_END)
			break;
		if (c->sc.kind != XTR_TOK_NAME)
			return unexpected(c, allowed);
		snprintf(c->path + path_len, sizeof(c->path) - path_len, "%s%.*s",
		    path_len ? "." : "", (int)(c->sc.len < 64 ? c->sc.len : 64), c->sc.start);
		r = add_name(c, base);
		if (r)
			return r;
		xtr_cfg_scan_next(&c->sc);
		if (!is_mark(c, '=') && !is_mark(c, ':'))
			return unexpected(c, "\"=\" after the name of a setting");
		xtr_cfg_scan_next(&c->sc);
		r = check_value(c);
		if (r)
			return r;
		if (is_mark(c, ';') || is_mark(c, ','))
			xtr_cfg_scan_next(&c->sc);
	}
	c->n_names = base;
	c->path[path_len] = '\0';
	return 0;
}

static int check_group(struct checker *c)
{
	unsigned line = c->sc.token_line;
	int r;

	xtr_cfg_scan_next(&c->sc);
	r = check_settings(c, '}', line);
	if (r)
		return r;
	xtr_cfg_scan_next(&c->sc);
	return 0;
}

/* A list, or an array, which has plain values only. Both become lists. */
static int check_list(struct checker *c)
{
	bool array = is_mark(c, '[');
	char close = array ? ']' : ')', allowed[64];
	unsigned line = c->sc.token_line;
	size_t path_len = strlen(c->path);
	int r;

	snprintf(allowed, sizeof(allowed), "\",\", or \"%c\" for the \"%c\" of line %u", close,
	    array ? '[' : '(', line);
	put(c, c->sc.start, '(', 1);
	xtr_cfg_scan_next(&c->sc);
	for (unsigned i = 0; i > 0 || !is_mark(c, close); i++) {
		if (array && (is_mark(c, '{') || is_mark(c, '[') || is_mark(c, '(')))
			return unexpected(c, "plain values in [ ], for others ( )");
		snprintf(c->path + path_len, sizeof(c->path) - path_len, "[%u]", i);
		r = add_line(c, c->sc.token_line);
		if (!r)
			r = check_value(c);
		if (r)
			return r;
		c->path[path_len] = '\0';
		if (is_mark(c, close))
			break;
		if (!is_mark(c, ','))
			return unexpected(c, allowed);
		xtr_cfg_scan_next(&c->sc);
	}
	put(c, c->sc.start, ')', 1);
	xtr_cfg_scan_next(&c->sc);
	return 0;
}

/* libconfig reads a number without L by strtol and keeps the low 32 bits. */
static int check_int(struct checker *c)
{
	const char *p = c->sc.start, *end = p + c->sc.len;
	bool hex = c->sc.len > 2 && (p[1] == 'x' || p[1] == 'X');
	char digits[40];
	size_t n = c->sc.len;
	long long v;

	while (n && p[n - 1] == 'L')
		n--;
	errno = 0;
	if (n < sizeof(digits)) {
		memcpy(digits, p, n);
		digits[n] = '\0';
		v = strtoll(digits, NULL, hex ? 16 : 10);
	}
	if (n >= sizeof(digits) || errno)
		return fail(c, c->sc.token_line, c->path,
		    "found a number of more than 64 bits, allowed %lld to %lld", LLONG_MIN,
		    LLONG_MAX);
	if ((v < INT_MIN || v > INT_MAX) && p + n == end)
		put(c, end, 'L', 0);
	return 0;
}

static int check_value(struct checker *c)
{
	int r = 0;

	switch (c->sc.kind) {
	case XTR_TOK_INT:
		r = check_int(c);
		break;
	case XTR_TOK_BOOL:
	case XTR_TOK_FLOAT:
		break;
	case XTR_TOK_TEXT: /* several in a row are one */
		while (c->sc.kind == XTR_TOK_TEXT)
			xtr_cfg_scan_next(&c->sc);
		return 0;
	default:
		if (!is_mark(c, '{') && !is_mark(c, '[') && !is_mark(c, '('))
			return unexpected(
			    c, "a value: a number, true, false, \"text\", { }, [ ] or ( )");
		if (c->depth == MAX_DEPTH)
			return fail(c, c->sc.token_line, "syntax",
			    "found groups and lists nested deeper than %d, allowed %d", MAX_DEPTH,
			    MAX_DEPTH);
		c->depth++;
		r = is_mark(c, '{') ? check_group(c) : check_list(c);
		c->depth--;
		return r;
	}
	if (!r)
		xtr_cfg_scan_next(&c->sc);
	return r;
}

/* libconfig would take it for the end of the file, wherever it is. */
static int zero_byte(struct checker *c, const char *text, size_t len)
{
	const char *zero = memchr(text, '\0', len);
	unsigned line = 1;

	for (const char *p = text; p < zero; p++)
		line += *p == '\n';
	return fail(c, line, "syntax", "found a zero byte, allowed text");
}

int xtr_cfg_syntax_check(const char *text, size_t len, struct xtr_cfg_syntax *out)
{
	struct checker c = {.out = out, .copied = text};
	int r;

	*out = (struct xtr_cfg_syntax){0};
	/* Only numbers of ten digits and more grow, by one; and a newline and a zero byte at the
	 * end. */
	out->text = malloc(len + len / 8 + 16);
	if (!out->text)
		return -ENOMEM;
	if (memchr(text, '\0', len))
		return zero_byte(&c, text, len);
	xtr_cfg_scan_init(&c.sc, text, len);
	xtr_cfg_scan_next(&c.sc);
	r = check_settings(&c, '\0', 0);
	if (!r) {
		copy_to(&c, text + len);
		/* libconfig wants a newline after a comment */
		out->text[out->len++] = '\n';
		out->text[out->len] = '\0';
	}
	free(c.names);
	return r;
}

void xtr_cfg_syntax_free(struct xtr_cfg_syntax *out)
{
	if (out->text)
		explicit_bzero(out->text, out->len);
	free(out->text);
	free(out->lines);
	free(out->error);
	*out = (struct xtr_cfg_syntax){0};
}
