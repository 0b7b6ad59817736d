/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What oper.c is made of: the socket file (oper_listen.c), the words of a request and the command
 * that they name (oper_command.c), what is written to a client (oper_out.c).
 */
#ifndef XTR_OPER_IMPL_H
#define XTR_OPER_IMPL_H

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/un.h>
#include "control/oper/oper.h"

/* A socket file that this process made. Zeroed: none. */
struct xtr_oper_file {
	struct sockaddr_un addr;
	dev_t dev;
	ino_t ino;
};

/* Makes it, and returns a non-blocking listening socket, or negative errno as xtr_oper_open() has
 * it. */
int xtr_oper_listen(struct xtr_oper_file *file, const char *path);
/* Removes it, unless the path is another process's by now. */
void xtr_oper_unlink(const struct xtr_oper_file *file);

struct xtr_oper_table {
	const struct xtr_oper_command *commands;
	unsigned n;
};

/*
 * Reads a request of len bytes, without its line end. The words point into *request, a new
 * reference that the caller drops. Returns how many there are (1 and up), or negative errno and a
 * text in err.
 */
int xtr_oper_words(const char *line, size_t len, json_t **request,
    const char *words[XTR_OPER_WORDS], char *err, size_t err_size);
/*
 * The command of these words; *used of them are its pattern. NULL, and a text in err that lists
 * what is possible.
 */
const struct xtr_oper_command *xtr_oper_find(const struct xtr_oper_table *table,
    const char *const *words, unsigned n_words, unsigned *used, char *err, size_t err_size);
/* The answer of `help`: a new reference, or NULL if memory is short. */
json_t *xtr_oper_help(const struct xtr_oper_table *table);
/* True for the command that oper.c answers itself. */
bool xtr_oper_is_help(const struct xtr_oper_command *command);

/* What is to be written to a client. Zeroed: nothing. The owner frees buf. */
struct xtr_oper_out {
	char *buf; /* bytes off to len are still to be written */
	size_t off, len, size;
};

/* These return 0, or -1 where memory is short. */
int xtr_oper_put(struct xtr_oper_out *out, const char *text);
/* Takes the reference; v may be NULL, which is a failure too. */
int xtr_oper_put_json(struct xtr_oper_out *out, json_t *v, size_t flags);
/* A whole answer "ok", with its document: takes the reference. */
int xtr_oper_put_answer(struct xtr_oper_out *out, json_t *document);
/* The answer "error TEXT", in place of what was there. Control characters would make more than a
 * line of it. */
int xtr_oper_put_error(struct xtr_oper_out *out, const char *text);

#endif
