/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * xtrctl without words: a prompt with history and completion on a terminal, else a command a line.
 */
#ifndef XTRCTL_PROMPT_H
#define XTRCTL_PROMPT_H

#include <stdbool.h>

/* Until "quit" or the end of input. The exit status: 1 where a command failed that came from a file
 * or pipe. */
int xtrctl_prompt(const char *path, bool raw);

#endif
