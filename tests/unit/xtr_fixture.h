/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What an ITR or ETR needs in place of sockets, routes and time: messages sent are read by
 * xtr_msg_read and kept here, the clock stands still but for xtr_clock_advance(), the log goes to a
 * memory file.
 */
#ifndef XTR_FIXTURE_H
#define XTR_FIXTURE_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>
#include <jansson.h>

#include "control/lisp/lisp.h"
#include "util/log.h"

#define MAX_MAPPINGS 1100

struct sent {
	struct xtr_ip src, dst; /* src af 0: the kernel chooses */
	uint16_t port;
	uint64_t at_ms;
	size_t len;
	uint8_t *p;
	struct xtr_msg m;
};

struct world {
	struct xtr_lisp l; /* first: callbacks get it */
	struct xtr_config cfg;
	struct xtr_wheel wheel;
	struct sent *sent;
	unsigned n_sent, room;
	struct xtr_ip unreachable[4]; /* no route there */
	struct xtr_ip own[4];         /* addresses of this machine; [0] is the usual source */
	uint64_t random, wall;
	int send_rc;
	int saved_stderr, log_fd;
};

static inline struct xtr_ip ip(const char *text)
{
	struct xtr_ip out;

	assert_int_equal(xtr_ip_parse(text, &out), 0);
	return out;
}

static inline struct xtr_eid eid(const char *text)
{
	struct xtr_eid out;

	assert_int_equal(xtr_eid_parse(text, &out), 0);
	return out;
}

static inline struct xtr_eid eid_in(uint32_t iid, const char *text)
{
	struct xtr_eid out = eid(text);

	out.iid = iid;
	return out;
}

static inline int fake_send(struct xtr_lisp *l, const struct xtr_ip *src, const struct xtr_ip *dst,
    uint16_t port, const uint8_t *p, size_t len)
{
	struct world *w = (struct world *)l;
	struct sent *s;

	if (w->send_rc)
		return w->send_rc;
	if (w->n_sent == w->room) {
		w->room = w->room ? 2 * w->room : 64;
		w->sent = reallocarray(w->sent, w->room, sizeof(*w->sent));
		assert_non_null(w->sent);
	}
	s = &w->sent[w->n_sent++];
	*s =
	    (struct sent){.dst = *dst, .port = port, .len = len, .at_ms = xtr_wheel_now(&w->wheel)};
	if (src)
		s->src = *src;
	s->p = malloc(len);
	assert_non_null(s->p);
	memcpy(s->p, p, len);
	assert_int_equal(xtr_msg_read(s->p, len, &s->m, NULL), 0);
	return 0;
}

static inline int fake_source_for(struct xtr_lisp *l, const struct xtr_ip *dst, struct xtr_ip *src)
{
	struct world *w = (struct world *)l;

	for (unsigned i = 0; i < 4; i++)
		if (w->unreachable[i].af && xtr_ip_equal(dst, &w->unreachable[i]))
			return -ENETUNREACH;
	for (unsigned i = 0; i < 4; i++)
		if (w->own[i].af && xtr_ip_equal(dst, &w->own[i])) {
			*src = *dst;
			return 0;
		}
	*src = dst->af == 4 ? w->own[0] : ip("2001:db8::2");
	return 0;
}

static inline uint64_t fake_random(struct xtr_lisp *l)
{
	return ((struct world *)l)->random++;
}

static inline uint64_t fake_wall_clock(struct xtr_lisp *l)
{
	return ((struct world *)l)->wall + xtr_wheel_now(l->wheel) / 1000;
}

static inline void forget_sent(struct world *w)
{
	for (unsigned i = 0; i < w->n_sent; i++)
		free(w->sent[i].p);
	w->n_sent = 0;
}

static inline void world_init(struct world *w)
{
	w->l.cfg = &w->cfg;
	w->l.wheel = &w->wheel;
	w->l.send = fake_send;
	w->l.source_for = fake_source_for;
	w->l.random64 = fake_random;
	w->l.wall_clock = fake_wall_clock;
	w->own[0] = ip("172.16.1.2");
	w->random = 0x1000000000000001;
	w->wall = 1700000000;
	w->cfg.lisp.min_reply_plen4 = w->cfg.lisp.min_reply_plen6 = 1;
	xtr_wheel_init(&w->wheel, true);
	w->saved_stderr = dup(2);
	w->log_fd = memfd_create("log", MFD_CLOEXEC);
	dup2(w->log_fd, 2);
}

/* To be called when all that has timers is gone. */
static inline void world_fini(struct world *w)
{
	char buf[4096];
	ssize_t n;

	assert_int_equal(w->wheel.n_armed, 0);
	forget_sent(w);
	free(w->sent);
	/* what was said, a failed assertion too, goes where it should */
	dup2(w->saved_stderr, 2);
	lseek(w->log_fd, 0, SEEK_SET);
	while ((n = read(w->log_fd, buf, sizeof(buf))) > 0)
		if (write(2, buf, (size_t)n) != n)
			break;
	close(w->log_fd);
	close(w->saved_stderr);
}

/* How many log lines have all of these words (NULL at the end). */
static inline unsigned logged(struct world *w, ...)
{
	off_t size = lseek(w->log_fd, 0, SEEK_END);
	char *text = calloc(1, (size_t)size + 1), *line, *rest = text;
	unsigned n = 0;

	assert_int_equal(pread(w->log_fd, text, (size_t)size, 0), size);
	while ((line = strsep(&rest, "\n"))) {
		const char *word;
		bool all = *line != 0;
		va_list ap;

		va_start(ap, w);
		while (all && (word = va_arg(ap, const char *)))
			all = strstr(line, word) != NULL;
		va_end(ap);
		n += all;
	}
	free(text);
	return n;
}

static inline struct xtr_record record_of(const struct xtr_msg *m, unsigned n)
{
	const uint8_t *cursor = NULL;
	struct xtr_record rec;

	do
		assert_true(xtr_record_next(m, &cursor, &rec));
	while (n--);
	return rec;
}

static inline struct xtr_locator locator_of(const struct xtr_record *rec, unsigned n)
{
	const uint8_t *cursor = NULL;
	struct xtr_locator loc;

	do
		assert_true(xtr_locator_next(rec, &cursor, &loc));
	while (n--);
	return loc;
}

static inline void assert_eid(const struct xtr_eid *e, const char *text)
{
	char buf[XTR_EID_STRLEN];

	assert_string_equal(xtr_eid_format(e, buf), text);
}

static inline void assert_ip(const struct xtr_ip *a, const char *text)
{
	char buf[XTR_IP_STRLEN];

	assert_string_equal(xtr_ip_format(a, buf), text);
}

#define COUNTER(w, c) ((w)->l.counters[XTR_C_##c])

/* A value by a path such as "entries.0.locators.1.rloc"; borrowed. */
static inline json_t *at(json_t *doc, const char *path)
{
	char part[64];

	while (doc && *path) {
		size_t n = strcspn(path, ".");

		snprintf(part, sizeof(part), "%.*s", (int)n, path);
		doc = json_is_array(doc) ? json_array_get(doc, (size_t)atoi(part))
					 : json_object_get(doc, part);
		path += n + (path[n] == '.');
	}
	return doc;
}

#endif
