/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/loop.h"

#include <errno.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#define EVENTS        32
#define TIMERS_US     500u /* the rest of a turn's millisecond is for what follows from them */
#define TIMERS_A_LOOK 4u   /* between two looks at the clock */

int xtr_loop_init(struct xtr_loop *loop)
{
	loop->epfd = epoll_create1(EPOLL_CLOEXEC);
	return loop->epfd < 0 ? -errno : 0;
}

void xtr_loop_fini(struct xtr_loop *loop)
{
	if (loop->epfd >= 0)
		close(loop->epfd);
	loop->epfd = -1;
}

int xtr_loop_add(
    struct xtr_loop *loop, struct xtr_watch *w, int fd, void (*fn)(void *arg), void *arg)
{
	struct epoll_event ev = {.events = EPOLLIN, .data.ptr = w};

	*w = (struct xtr_watch){fd, fn, arg};
	return epoll_ctl(loop->epfd, EPOLL_CTL_ADD, fd, &ev) < 0 ? -errno : 0;
}

void xtr_loop_remove(struct xtr_loop *loop, struct xtr_watch *w)
{
	if (w->fn)
		epoll_ctl(loop->epfd, EPOLL_CTL_DEL, w->fd, NULL);
	w->fn = NULL;
}

int xtr_loop_wait(struct xtr_loop *loop, uint32_t us)
{
	struct timespec ts = {us / 1000000, (long)(us % 1000000) * 1000};
	struct epoll_event ev[EVENTS];
	int n = epoll_pwait2(loop->epfd, ev, EVENTS, &ts, NULL);

	for (int i = 0; i < n; i++) {
		struct xtr_watch *w = ev[i].data.ptr;

		if (w->fn)
			w->fn(w->arg);
	}
	return n < 0 ? 0 : n;
}

void xtr_loop_timers(struct xtr_wheel *wheel)
{
	uint64_t until = xtr_monotonic_us() + TIMERS_US;

	while (xtr_wheel_run(wheel, TIMERS_A_LOOK) == TIMERS_A_LOOK && xtr_monotonic_us() < until)
		;
}
