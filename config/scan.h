/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tokens of a libconfig file, with their lines. Internal to config/.
 */
#ifndef XTR_CONFIG_SCAN_H
#define XTR_CONFIG_SCAN_H

#include <stddef.h>

enum xtr_cfg_token {
	XTR_TOK_END,
	XTR_TOK_NAME,
	XTR_TOK_BOOL,
	XTR_TOK_INT, /* decimal or hexadecimal, without or with L */
	XTR_TOK_FLOAT,
	XTR_TOK_TEXT,  /* "..." */
	XTR_TOK_MARK,  /* one of = : ; , { } [ ] ( ) */
	XTR_TOK_WRONG, /* none of the above; why and allowed say what */
};

struct xtr_cfg_scan {
	const char *p, *end; /* what is left */
	unsigned line;       /* of p, from 1 */
	/* the token read last */
	enum xtr_cfg_token kind;
	const char *start; /* its first character */
	size_t len;
	unsigned token_line;
	const char *why, *allowed; /* XTR_TOK_WRONG: static texts */
};

void xtr_cfg_scan_init(struct xtr_cfg_scan *sc, const char *text, size_t len);
/* Skips blanks and comments and reads the next token. After XTR_TOK_END or XTR_TOK_WRONG, don't
 * call again. */
void xtr_cfg_scan_next(struct xtr_cfg_scan *sc);

#endif
