/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * For tests that need a network namespace: each one gets a fresh, empty one, which goes with the
 * process or the next test.
 */
#ifndef XTR_TEST_NETNS_H
#define XTR_TEST_NETNS_H

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

/* Longest wait for an event that has to come, ms. */
#define WAIT_MS 10000

/* Runs a shell command with printf's format; the test fails if it does. */
__attribute__((format(printf, 1, 2))) static inline void run(const char *fmt, ...)
{
	char cmd[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(cmd, sizeof(cmd), fmt, ap);
	va_end(ap);
	if (system(cmd) != 0)
		fail_msg("command failed: %s", cmd);
}

/* Moves the process to a new namespace with lo up, or skips the test and says why. */
static inline void enter_namespace(void)
{
	if (access("/dev/net/tun", R_OK | W_OK) != 0) {
		print_message("skipped: /dev/net/tun: %s\n", strerror(errno));
		skip();
	}
	if (system("command -v ip >/dev/null") != 0) {
		print_message("skipped: no ip command\n");
		skip();
	}
	if (unshare(CLONE_NEWNET) != 0) {
		print_message("skipped: new network namespace: %s\n", strerror(errno));
		skip();
	}
	run("ip link set lo up");
}

/* Waits until the kernel's worker has made an address usable that was given to lo. */
static inline void address_usable(const char *address)
{
	char cmd[128];
	struct timespec now, end;

	snprintf(cmd, sizeof(cmd), "ip -6 route get %s 2>/dev/null | grep -q ^local", address);
	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += WAIT_MS / 1000;
	while (system(cmd) != 0) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (now.tv_sec > end.tv_sec)
			fail_msg("address %s is not usable", address);
	}
}

/* First characters of /proc/sys/net/PATH, without the line end. */
static inline void get_sysctl(const char *path, char *buf, size_t size)
{
	char full[128];
	ssize_t n;
	int fd;

	snprintf(full, sizeof(full), "/proc/sys/net/%s", path);
	fd = open(full, O_RDONLY);
	assert_true(fd >= 0);
	n = read(fd, buf, size - 1);
	close(fd);
	assert_true(n > 0);
	buf[n] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
}

static inline void set_sysctl(const char *path, const char *value)
{
	char full[128];
	int fd;

	snprintf(full, sizeof(full), "/proc/sys/net/%s", path);
	fd = open(full, O_WRONLY);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, value, strlen(value)), strlen(value));
	close(fd);
}

static inline int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

#endif
