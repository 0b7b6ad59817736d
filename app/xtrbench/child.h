/* SPDX-License-Identifier: BSD-3-Clause */
/* Another program that is told lines and says lines. One at a time in a process. */
#ifndef XTR_BENCH_CHILD_H
#define XTR_BENCH_CHILD_H

#include <stdio.h>
#include <sys/types.h>

struct child {
	pid_t pid; /* 0: none */
	FILE *to, *from;
};

/* 0, or negative errno; -ENOENT: there is no such program. It ends with this process at the latest.
 */
int child_start(struct child *c, const char *const *argv);
/* The next line that contains `what`, in a buffer that the next call uses again; NULL: none in 20
 * s, or it has ended. */
const char *child_wait(struct child *c, const char *what);
void child_say(struct child *c, const char *line);
/* After its last line was said; killed if it does not end within some seconds. */
void child_end(struct child *c);

#endif
