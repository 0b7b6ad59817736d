/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Descriptors of the control lcore: each has a callback for "readable". Level-triggered, by epoll.
 */
#ifndef XTR_LOOP_H
#define XTR_LOOP_H

#include <stdint.h>
#include "util/timer.h"

struct xtr_watch {
	int fd;
	void (*fn)(void *arg);
	void *arg;
};

struct xtr_loop {
	int epfd;
};

int xtr_loop_init(struct xtr_loop *loop);
void xtr_loop_fini(struct xtr_loop *loop);
/* The watch is the caller's, and stays where it is until it is removed. 0 or negative errno. */
int xtr_loop_add(
    struct xtr_loop *loop, struct xtr_watch *w, int fd, void (*fn)(void *arg), void *arg);
void xtr_loop_remove(struct xtr_loop *loop, struct xtr_watch *w);
/* Waits at most us microseconds for a descriptor and calls what is ready. Returns how many were. */
int xtr_loop_wait(struct xtr_loop *loop, uint32_t us);
/* Fires timers that are due, for half a millisecond at most: a million that are due at once do not
 * keep packets and descriptors waiting. What is left comes with the next call. */
void xtr_loop_timers(struct xtr_wheel *wheel);

#endif
