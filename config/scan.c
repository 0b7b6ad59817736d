/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/scan.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

void xtr_cfg_scan_init(struct xtr_cfg_scan *sc, const char *text, size_t len)
{
	*sc = (struct xtr_cfg_scan){.p = text, .end = text + len, .line = 1};
}

static void wrong(struct xtr_cfg_scan *sc, const char *why, const char *allowed)
{
	sc->kind = XTR_TOK_WRONG;
	sc->why = why;
	sc->allowed = allowed;
}

static bool at(const struct xtr_cfg_scan *sc, char first, char second)
{
	return sc->end - sc->p >= 2 && sc->p[0] == first && sc->p[1] == second;
}

/* Returns false if a comment never ends. libconfig takes all that follows for comment and says
 * nothing. */
static bool skip_comment(struct xtr_cfg_scan *sc)
{
	unsigned from = sc->line;

	for (sc->p += 2; sc->p < sc->end; sc->p++) {
		if (at(sc, '*', '/')) {
			sc->p += 2;
			return true;
		}
		sc->line += *sc->p == '\n';
	}
	sc->token_line = from;
	wrong(sc, "a comment that never ends", "\"*/\" at its end");
	return false;
}

static bool skip_blanks(struct xtr_cfg_scan *sc)
{
	while (sc->p < sc->end) {
		if (*sc->p == '#' || at(sc, '/', '/')) {
			while (sc->p < sc->end && *sc->p != '\n')
				sc->p++;
		} else if (at(sc, '/', '*')) {
			if (!skip_comment(sc))
				return false;
		} else if (*sc->p && strchr(" \t\r\f\n", *sc->p)) {
			sc->line += *sc->p == '\n';
			sc->p++;
		} else {
			break;
		}
	}
	return true;
}

/* A text may not run over the end of its line: a forgotten quote would swallow the lines that
 * follow. */
static void scan_text(struct xtr_cfg_scan *sc)
{
	sc->kind = XTR_TOK_TEXT;
	for (sc->p++; sc->p < sc->end && *sc->p != '\n'; sc->p++) {
		if (*sc->p == '"') {
			sc->p++;
			return;
		}
		if (*sc->p != '\\' || sc->end - sc->p < 2 || sc->p[1] == '\n')
			continue;
		/* libconfig would end the text here without a word */
		if (sc->end - sc->p >= 4 && !memcmp(sc->p, "\\x00", 4)) {
			wrong(sc, "\\x00 in a text", "bytes other than zero");
			return;
		}
		sc->p++;
	}
	wrong(sc, "a text without a quote at its end", "\"...\" on one line");
}

static bool looks_like_int(const char *p, const char *end)
{
	bool hex = end - p > 2 && p[0] == '0' && (p[1] == 'x' || p[1] == 'X');
	const char *digits;

	if (hex)
		p += 2;
	else if (p < end && (*p == '-' || *p == '+'))
		p++;
	digits = p;
	while (p < end && (hex ? is_hex(*p) : is_digit(*p)))
		p++;
	if (p == digits)
		return false;
	for (int i = 0; i < 2 && p < end && *p == 'L'; i++)
		p++;
	return p == end;
}

static bool looks_like_float(const char *p, const char *end)
{
	unsigned digits = 0;

	if (p < end && (*p == '-' || *p == '+'))
		p++;
	for (; p < end && is_digit(*p); p++)
		digits++;
	if (p < end && *p == '.')
		for (p++; p < end && is_digit(*p); p++)
			digits++;
	if (digits && p < end && (*p == 'e' || *p == 'E')) {
		p++;
		if (p < end && (*p == '-' || *p == '+'))
			p++;
		if (p == end)
			return false;
		while (p < end && is_digit(*p))
			p++;
	}
	return digits && p == end;
}

static void scan_name(struct xtr_cfg_scan *sc)
{
	while (sc->p < sc->end &&
	       (is_letter(*sc->p) || is_digit(*sc->p) || (*sc->p && strchr("-_*", *sc->p))))
		sc->p++;
	sc->len = (size_t)(sc->p - sc->start);
	if ((sc->len == 4 && !strncasecmp(sc->start, "true", 4)) ||
	    (sc->len == 5 && !strncasecmp(sc->start, "false", 5)))
		sc->kind = XTR_TOK_BOOL;
	else
		sc->kind = XTR_TOK_NAME;
}

static void scan_number(struct xtr_cfg_scan *sc)
{
	while (sc->p < sc->end &&
	       (is_letter(*sc->p) || is_digit(*sc->p) || (*sc->p && strchr("+-._", *sc->p))))
		sc->p++;
	if (looks_like_int(sc->start, sc->p))
		sc->kind = XTR_TOK_INT;
	else if (looks_like_float(sc->start, sc->p))
		sc->kind = XTR_TOK_FLOAT;
	else
		wrong(sc, "a word without quotes", "a number, or \"...\" around a text");
}

void xtr_cfg_scan_next(struct xtr_cfg_scan *sc)
{
	if (!skip_blanks(sc))
		return;
	sc->start = sc->p;
	sc->token_line = sc->line;
	sc->len = 0;
	if (sc->p == sc->end) {
		sc->kind = XTR_TOK_END;
		return;
	}
	if (*sc->p == '"') {
		scan_text(sc);
	} else if (is_letter(*sc->p) || *sc->p == '*') {
		scan_name(sc);
	} else if (is_digit(*sc->p) || *sc->p == '+' || *sc->p == '-' || *sc->p == '.') {
		scan_number(sc);
	} else if (*sc->p && strchr("=:;,{}[]()", *sc->p)) {
		sc->kind = XTR_TOK_MARK;
		sc->p++;
	} else if (*sc->p == '@') {
		wrong(sc, "\"@\"", "settings of this one file (@include is not read)");
	} else {
		wrong(sc, "a character that means nothing outside quotes",
		    "settings, values in \"...\", and comments after #");
	}
	sc->len = (size_t)(sc->p - sc->start);
}
