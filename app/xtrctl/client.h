/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One request to xtrd: the words go out, the document comes back piece by piece
 * (control/oper/oper.h has the protocol).
 */
#ifndef XTRCTL_CLIENT_H
#define XTRCTL_CLIENT_H

#include <stddef.h>

/* Where the document goes. Returns 0, or negative errno to stop, with a text in err. */
typedef int xtrctl_sink(void *arg, const char *p, size_t len, char *err, size_t err_size);

/* Returns 0 when the whole document has gone to sink, else negative errno and one line in err. */
int xtrctl_ask(const char *path, const char *const *words, unsigned n_words, xtrctl_sink *sink,
    void *arg, char *err, size_t err_size);

#endif
