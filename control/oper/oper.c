/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/oper/oper.h"
#include "control/oper/oper_impl.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define LISTENER   UINT32_MAX /* epoll data of the listening socket; a client's is its index */
#define WHY_BYTES  1000       /* of a command's text about an error */
#define EVENTS     64         /* descriptors served in one run at most */
#define RETRY_MS   1000       /* accept again so long after the process ran out of descriptors */
#define NS_PER_US  1000u
#define NS_PER_SEC 1000000000u

struct client {
	int fd;                        /* -1: nobody */
	uint64_t active;               /* ms, when bytes last moved */
	bool answering;                /* the request is read, the answer is on its way */
	bool waiting;                  /* for the later answer; of `later` */
	bool cut;                      /* the stream failed: close when `out` is written */
	bool first;                    /* no item of the stream was written yet */
	struct xtr_oper_stream stream; /* next NULL: none, or at its end */
	struct xtr_oper_later later;
	struct xtr_oper_out out;
	struct xtr_oper *oper;
	unsigned line_len;
	char line[XTR_OPER_LINE];
};

struct xtr_oper {
	int epoll, listener;
	struct xtr_oper_table table;
	void *arg;
	uint64_t now;      /* ms, of the present run */
	uint64_t retry_at; /* ms, accept nobody before; 0: the listener is armed */
	unsigned n_clients;
	struct client clients[XTR_OPER_CLIENTS];
	struct xtr_oper_file file;
};

/* What is left of a run. */
struct slice {
	size_t bytes;
	uint64_t end; /* ns, CLOCK_MONOTONIC */
};

static uint64_t clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * NS_PER_SEC + (uint64_t)t.tv_nsec;
}

struct xtr_oper *xtr_oper_open(
    const char *path, const struct xtr_oper_command *commands, unsigned n_commands, void *arg)
{
	struct epoll_event ev = {.events = EPOLLIN, .data.u32 = LISTENER};
	struct xtr_oper *o = calloc(1, sizeof(*o));
	int rc = 0;

	if (o == NULL)
		return NULL;
	o->listener = -1;
	o->table.commands = commands;
	o->table.n = n_commands;
	o->arg = arg;
	for (unsigned i = 0; i < XTR_OPER_CLIENTS; i++)
		o->clients[i].fd = -1;
	o->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (o->epoll < 0) {
		rc = -errno;
		goto fail;
	}
	o->listener = xtr_oper_listen(&o->file, path);
	if (o->listener < 0) {
		rc = o->listener;
		goto fail;
	}
	if (epoll_ctl(o->epoll, EPOLL_CTL_ADD, o->listener, &ev) != 0) {
		rc = -errno;
		goto fail;
	}
	return o;
fail:
	xtr_oper_close(o);
	errno = -rc;
	return NULL;
}

int xtr_oper_fd(const struct xtr_oper *o)
{
	return o->epoll;
}

unsigned xtr_oper_clients(const struct xtr_oper *o)
{
	return o->n_clients;
}

static void end_stream(struct client *c)
{
	if (c->stream.free != NULL)
		c->stream.free(c->stream.state);
	memset(&c->stream, 0, sizeof(c->stream));
}

static void end_client(struct xtr_oper *o, struct client *c)
{
	end_stream(c);
	if (c->waiting)
		c->later.cancel(c->later.state);
	c->waiting = false;
	free(c->out.buf);
	c->out.buf = NULL;
	close(c->fd);
	c->fd = -1;
	o->n_clients--;
}

void xtr_oper_close(struct xtr_oper *o)
{
	if (o == NULL)
		return;
	for (unsigned i = 0; i < XTR_OPER_CLIENTS; i++)
		if (o->clients[i].fd >= 0)
			end_client(o, &o->clients[i]);
	xtr_oper_unlink(&o->file);
	if (o->listener >= 0)
		close(o->listener);
	if (o->epoll >= 0)
		close(o->epoll);
	free(o);
}

static void answer_error(struct client *c, const char *text)
{
	c->cut = xtr_oper_put_error(&c->out, text) != 0;
}

/* Everything of a stream before its first item. */
static int begin_stream(struct client *c)
{
	c->first = true;
	if (xtr_oper_put(&c->out, "ok\n{") != 0 ||
	    xtr_oper_put_json(&c->out, json_string(c->stream.key), 0) != 0)
		return -1;
	return xtr_oper_put(&c->out, ":[");
}

/* Everything behind its last. */
static int finish_stream(struct client *c)
{
	json_t *rest = c->stream.rest ? c->stream.rest(c->stream.state) : NULL;

	if (xtr_oper_put(&c->out, "]") != 0) {
		json_decref(rest);
		return -1;
	}
	if (json_object_size(rest) == 0)
		json_decref(rest);
	else if (xtr_oper_put(&c->out, ",") != 0 ||
		 xtr_oper_put_json(&c->out, rest, JSON_EMBED) != 0)
		return -1;
	return xtr_oper_put(&c->out, "}\n");
}

/* Makes items until enough are there for the client to read, or the slice is over. */
static void fill(struct client *c, const struct slice *slice)
{
	while (c->stream.next != NULL && c->out.len < XTR_OPER_FILL && clock_ns() < slice->end) {
		json_t *item = NULL;
		int rc = c->stream.next(c->stream.state, &item);

		if (rc > 0) {
			if (!c->first && xtr_oper_put(&c->out, ",") != 0)
				rc = -ENOMEM;
			c->first = false;
			if (xtr_oper_put_json(&c->out, item, 0) != 0)
				rc = -ENOMEM;
		} else if (rc == 0 && finish_stream(c) != 0) {
			rc = -ENOMEM;
		}
		/* without the line end that an answer ends with, the client knows that it is not
		 * whole */
		c->cut = rc < 0;
		if (rc <= 0)
			end_stream(c);
	}
}

static int run_later(struct xtr_oper *o, struct client *c, const struct xtr_oper_command *cmd,
    const char *const *words, unsigned n_words, char *err, size_t err_size)
{
	int rc;

	c->waiting = true;
	rc = cmd->later(o->arg, words, n_words, &c->later, err, err_size);
	if (rc != 0)
		c->waiting = false;
	return rc;
}

static void run_command(struct xtr_oper *o, struct client *c)
{
	const struct xtr_oper_command *cmd;
	const char *words[XTR_OPER_WORDS], *const *args;
	char err[WHY_BYTES] = "";
	json_t *request, *doc = NULL;
	unsigned used, n_args;
	int n, rc;

	n = xtr_oper_words(c->line, c->line_len, &request, words, err, sizeof(err));
	if (n < 0) {
		answer_error(c, err);
		return;
	}
	cmd = xtr_oper_find(&o->table, words, (unsigned)n, &used, err, sizeof(err));
	args = words + used;
	n_args = (unsigned)n - used;
	if (cmd == NULL) {
		rc = -EINVAL;
	} else if (cmd->stream != NULL) {
		rc = cmd->stream(o->arg, args, n_args, &c->stream, err, sizeof(err));
		if (rc == 0 && begin_stream(c) != 0)
			rc = -ENOMEM;
	} else if (cmd->later != NULL) {
		rc = run_later(o, c, cmd, args, n_args, err, sizeof(err));
	} else {
		if (xtr_oper_is_help(cmd)) {
			doc = xtr_oper_help(&o->table);
			rc = 0;
		} else {
			rc = cmd->handler(o->arg, args, n_args, &doc, err, sizeof(err));
		}
		if (rc == 0 && xtr_oper_put_answer(&c->out, doc) != 0)
			rc = -ENOMEM;
	}
	if (rc != 0) {
		end_stream(c);
		answer_error(c, err[0] ? err : strerror(-rc));
	}
	json_decref(request);
}

/* A client that waits is only watched for its leaving, which epoll always tells. */
static int watch(struct client *c, uint32_t events)
{
	struct epoll_event ev = {.events = events, .data.u32 = (uint32_t)(c - c->oper->clients)};

	return epoll_ctl(c->oper->epoll, EPOLL_CTL_MOD, c->fd, &ev);
}

void xtr_oper_answer(struct xtr_oper_later *later, json_t *answer, const char *err)
{
	struct client *c =
	    (struct client *)(void *)((char *)later - offsetof(struct client, later));

	c->waiting = false;
	if (answer == NULL)
		answer_error(c, err);
	else if (xtr_oper_put_answer(&c->out, answer) != 0)
		answer_error(c, strerror(ENOMEM));
	c->active = c->oper->now;
	watch(c, EPOLLOUT);
}

/* Returns false when the client is to be closed: all is written, or it is gone. */
static bool write_some(struct xtr_oper *o, struct client *c, struct slice *slice)
{
	while (slice->bytes > 0) {
		size_t len;
		ssize_t n;

		if (c->out.off == c->out.len) {
			c->out.off = c->out.len = 0;
			fill(c, slice);
			if (c->out.len == 0)
				return c->stream.next != NULL;
		}
		len =
		    c->out.len - c->out.off < slice->bytes ? c->out.len - c->out.off : slice->bytes;
		n = send(c->fd, c->out.buf + c->out.off, len, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		c->out.off += (size_t)n;
		slice->bytes -= (size_t)n;
		c->active = o->now;
		if (c->out.off == c->out.len && (c->cut || c->stream.next == NULL))
			return false;
	}
	return true;
}

/* Reads the request as far as it is there, and runs it when it is whole. Returns false when the
 * client is to be closed. */
static bool read_some(struct xtr_oper *o, struct client *c)
{
	const char *end;
	ssize_t n;

	n = recv(c->fd, c->line + c->line_len, sizeof(c->line) - c->line_len, MSG_DONTWAIT);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	if (n == 0)
		return false;
	/* c->active stays: a request that comes a byte at a time has its limit all the same */
	end = memchr(c->line + c->line_len, '\n', (size_t)n);
	c->line_len += (unsigned)n;
	if (end != NULL) {
		c->line_len = (unsigned)(end - c->line);
		run_command(o, c);
	} else if (c->line_len == sizeof(c->line)) {
		answer_error(c, "the request is too long");
	} else {
		return true;
	}
	c->answering = true;
	c->active = o->now;
	return watch(c, c->waiting ? 0 : EPOLLOUT) == 0;
}

static void listen_for(struct xtr_oper *o, uint32_t events)
{
	struct epoll_event ev = {.events = events, .data.u32 = LISTENER};

	epoll_ctl(o->epoll, EPOLL_CTL_MOD, o->listener, &ev);
}

static void accept_one(struct xtr_oper *o)
{
	static const char full[] = "error too many clients are connected\n";
	struct epoll_event ev = {.events = EPOLLIN};
	struct client *c = NULL;
	int fd;

	fd = accept4(o->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0) {
		/* the waiting client would keep the epoll descriptor readable, and the control
		 * lcore busy */
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
			o->retry_at = o->now + RETRY_MS;
			listen_for(o, 0);
		}
		return;
	}
	for (unsigned i = 0; i < XTR_OPER_CLIENTS && c == NULL; i++)
		if (o->clients[i].fd < 0)
			c = &o->clients[i];
	if (c == NULL) {
		(void)!send(fd, full, sizeof(full) - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
		close(fd);
		return;
	}
	ev.data.u32 = (uint32_t)(c - o->clients);
	if (epoll_ctl(o->epoll, EPOLL_CTL_ADD, fd, &ev) != 0) {
		close(fd);
		return;
	}
	memset(c, 0, offsetof(struct client, line));
	c->fd = fd;
	c->oper = o;
	c->active = o->now;
	o->n_clients++;
}

static void sweep(struct xtr_oper *o)
{
	for (unsigned i = 0; i < XTR_OPER_CLIENTS; i++) {
		struct client *c = &o->clients[i];

		if (c->fd >= 0 && !c->waiting &&
		    o->now - c->active >= (c->answering ? XTR_OPER_READ_MS : XTR_OPER_REQUEST_MS))
			end_client(o, c);
	}
	if (o->retry_at != 0 && o->now >= o->retry_at) {
		o->retry_at = 0;
		listen_for(o, EPOLLIN);
	}
}

void xtr_oper_run(struct xtr_oper *o, uint64_t now)
{
	struct slice slice = {
	    .bytes = XTR_OPER_SLICE, .end = clock_ns() + XTR_OPER_SLICE_US * NS_PER_US};
	struct epoll_event ev;

	o->now = now;
	/* one event at a time: epoll then hands the descriptors out in turn, and nobody starves
	 * behind a big answer */
	for (unsigned i = 0; i < EVENTS && slice.bytes > 0 && clock_ns() < slice.end; i++) {
		struct client *c;
		bool keep = true;

		if (epoll_wait(o->epoll, &ev, 1, 0) != 1)
			break;
		if (ev.data.u32 == LISTENER) {
			accept_one(o);
			continue;
		}
		c = &o->clients[ev.data.u32];
		if (!c->answering)
			keep = read_some(o, c);
		if (keep && c->waiting)
			keep = (ev.events & (EPOLLHUP | EPOLLERR)) == 0;
		else if (keep && c->answering)
			keep = write_some(o, c, &slice);
		if (!keep)
			end_client(o, c);
	}
	sweep(o);
}
