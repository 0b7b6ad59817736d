/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The grammar of libconfig files, checked before libconfig 1.5 sees them. It does what the library
 * does not:
 * - says what was found and what is allowed, where the library says "syntax error";
 * - keeps whole numbers beyond 31 bits (the library cuts 4294967796 to 500 without a word unless an
 * L follows);
 * - notes the line of every setting and element (the library gives the last text of a list the line
 * of what follows it);
 * - finds comments and texts that never end.
 * Values never appear in its messages, for they may be keys. Internal to config/.
 */
#ifndef XTR_CONFIG_SYNTAX_H
#define XTR_CONFIG_SYNTAX_H

#include <stddef.h>

struct xtr_cfg_syntax {
	/* The same settings for config_read_string(): numbers made wide where needed, arrays made
	 * lists. */
	char *text;
	size_t len;
	/* Line of each setting and element in the order of the file. */
	unsigned *lines;
	size_t n_lines;
	/* What is wrong. */
	char *error; /* "SETTING: found X, allowed Y" */
	unsigned error_line;
};

/* 0; -EINVAL with error and error_line; -ENOMEM. The caller frees with xtr_cfg_syntax_free() in
 * every case. */
int xtr_cfg_syntax_check(const char *text, size_t len, struct xtr_cfg_syntax *out);
/* Wipes the text (it has keys in it) and frees. */
void xtr_cfg_syntax_free(struct xtr_cfg_syntax *out);

#endif
