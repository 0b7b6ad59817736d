/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The operator's socket, met by clients on a real socket in a directory of its own. One thread: the
 * test is the client, and lets the server run whenever its descriptor is readable.
 */
#ifndef OPER_FIXTURE_H
#define OPER_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "control/oper/oper.h"

#define LIMIT_MS 10000 /* nothing here takes so long */
#define ARG      ((void *)0x1234)

static char dir[] = "/tmp/xtr-oper-XXXXXX";
static char path[sizeof(dir) + 32];
static struct xtr_oper *oper;
static uint64_t now = 1000; /* ms, the server's clock */

static inline void open_with(const struct xtr_oper_command *commands, size_t n)
{
	oper = xtr_oper_open(path, commands, (unsigned)n, ARG);
	assert_non_null(oper);
}

static inline int teardown(void **state)
{
	struct stat st;

	xtr_oper_close(oper);
	oper = NULL;
	assert_int_equal(stat(path, &st), -1);
	return 0;
}

static inline int dial(void)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	assert_true(fd >= 0);
	strcpy(addr.sun_path, path);
	assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	return fd;
}

/* Lets the server do all it can do without its clients moving. Returns the number of runs. */
static inline unsigned settle(void)
{
	struct pollfd p = {.fd = xtr_oper_fd(oper), .events = POLLIN};
	unsigned runs = 0;

	while (poll(&p, 1, 0) == 1) {
		xtr_oper_run(oper, now);
		assert_true(++runs < 1000000);
	}
	return runs;
}

static inline void say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* All that the server answers until it closes; the caller frees. */
static inline char *hear(int fd)
{
	size_t len = 0, size = 1 << 16;
	char *text = malloc(size);

	for (;;) {
		struct pollfd p[2] = {
		    {.fd = fd, .events = POLLIN}, {.fd = xtr_oper_fd(oper), .events = POLLIN}};
		ssize_t n;

		assert_true(poll(p, 2, LIMIT_MS) > 0);
		if (p[1].revents)
			xtr_oper_run(oper, now);
		if (!p[0].revents)
			continue;
		if (len + 1 == size) {
			size *= 2;
			text = realloc(text, size);
		}
		n = recv(fd, text + len, size - 1 - len, 0);
		if (n < 0) /* it closed with words of ours unread */
			assert_int_equal(errno, ECONNRESET);
		if (n <= 0)
			break;
		len += (size_t)n;
	}
	text[len] = '\0';
	close(fd);
	return text;
}

/* The whole answer, and that the server closes behind it. */
static inline void expect_from(int fd, const char *answer)
{
	char *text = hear(fd);

	assert_string_equal(text, answer);
	free(text);
}

static inline void expect(const char *request, const char *answer)
{
	int fd = dial();

	say(fd, request);
	expect_from(fd, answer);
	assert_int_equal(xtr_oper_clients(oper), 0);
}

/* The directory of the socket. 0 or -1. */
static inline int make_dir(void)
{
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/xtrd.sock", dir);
	return 0;
}

static inline void remove_dir(void)
{
	unlink(path);
	rmdir(dir);
}

#endif
