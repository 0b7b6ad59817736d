/* SPDX-License-Identifier: BSD-3-Clause */
#include "client.h"

#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define SILENCE_S  30   /* xtrd says nothing for so long: give up */
#define FIRST_LINE 4096 /* bytes of "ok" or "error TEXT" at most */
#define PIECE      65536

static int dial(const char *path, bool patient, char *err, size_t err_size)
{
	struct timeval limit = {.tv_sec = SILENCE_S};
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd, rc;

	if (strlen(path) >= sizeof(addr.sun_path)) {
		snprintf(err, err_size, "the name of the socket is longer than %zu characters: %s",
		    sizeof(addr.sun_path) - 1, path);
		return -ENAMETOOLONG;
	}
	strcpy(addr.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		rc = -errno;
		snprintf(err, err_size, "socket: %s", strerror(errno));
		return rc;
	}
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	if (!patient)
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (connect(fd, (const struct sockaddr *)&addr, sizeof(addr)) != 0) {
		rc = -errno;
		snprintf(err, err_size, "cannot reach xtrd at %s: %s", path, strerror(errno));
		close(fd);
		return rc;
	}
	return fd;
}

/* The request line with its line end, *len bytes on the heap; NULL and a text in err. */
static char *encode(
    const char *const *words, unsigned n_words, size_t *len, char *err, size_t err_size)
{
	json_t *list = json_array();
	char *line = NULL;

	for (unsigned i = 0; i < n_words; i++) {
		if (json_array_append_new(list, json_string(words[i])) != 0) {
			snprintf(err, err_size, "word %u is not UTF-8", i + 1);
			goto out;
		}
	}
	line = json_dumps(list, JSON_COMPACT);
	if (line == NULL) {
		snprintf(err, err_size, "out of memory");
		goto out;
	}
	*len = strlen(line);
	line[(*len)++] = '\n'; /* in place of the NUL */
out:
	json_decref(list);
	return line;
}

static int send_all(int fd, const char *p, size_t len, char *err, size_t err_size)
{
	while (len > 0) {
		ssize_t n = send(fd, p, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		/* it may have closed already, with an answer that says why: that is read next */
		if (n < 0 && (errno == EPIPE || errno == ECONNRESET))
			break;
		if (n < 0) {
			int rc = -errno;

			snprintf(err, err_size, "cannot send to xtrd: %s", strerror(-rc));
			return rc;
		}
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Bytes read, 0 at the end, or negative errno and a text in err. */
static ssize_t receive(int fd, char *p, size_t size, char *err, size_t err_size)
{
	ssize_t n;

	do {
		n = recv(fd, p, size, 0);
	} while (n < 0 && errno == EINTR);
	if (n >= 0)
		return n;
	n = -errno;
	if (n == -ECONNRESET) /* closed before it had read all that was sent */
		return 0;
	if (n == -EAGAIN)
		snprintf(err, err_size, "xtrd says nothing for %d seconds", SILENCE_S);
	else
		snprintf(err, err_size, "cannot read from xtrd: %s", strerror((int)-n));
	return n;
}

int xtrctl_ask(const char *path, const char *const *words, unsigned n_words, xtrctl_sink *sink,
    void *arg, char *err, size_t err_size)
{
	bool patient = n_words > 0 && !strcmp(words[0], "monitor"); /* events come when they come */
	char piece[PIECE], *line, *end = NULL, last = '\0';
	size_t len = 0;
	ssize_t n;
	int fd, rc;

	line = encode(words, n_words, &len, err, err_size);
	if (line == NULL)
		return -EINVAL;
	fd = dial(path, patient, err, err_size);
	if (fd < 0) {
		free(line);
		return fd;
	}
	rc = send_all(fd, line, len, err, err_size);
	if (rc != 0)
		goto out;
	len = 0;
	while (end == NULL && len < FIRST_LINE) {
		n = receive(fd, piece + len, sizeof(piece) - len, err, err_size);
		if (n < 0) {
			rc = (int)n;
			goto out;
		}
		if (n == 0)
			break;
		len += (size_t)n;
		end = memchr(piece, '\n', len);
	}
	if (end == NULL) {
		snprintf(err, err_size, "xtrd closed the connection without an answer");
		rc = -EPROTO;
		goto out;
	}
	*end++ = '\0';
	if (!strncmp(piece, "error ", 6)) {
		snprintf(err, err_size, "%s", piece + 6);
		rc = -EREMOTEIO;
		goto out;
	}
	if (strcmp(piece, "ok") != 0) {
		snprintf(err, err_size, "%s does not speak xtrd's protocol", path);
		rc = -EPROTO;
		goto out;
	}
	len -= (size_t)(end - piece);
	memmove(piece, end, len);
	for (;;) {
		if (len > 0) {
			rc = sink(arg, piece, len, err, err_size);
			if (rc != 0)
				goto out;
			last = piece[len - 1];
		}
		n = receive(fd, piece, sizeof(piece), err, err_size);
		if (n < 0) {
			rc = (int)n;
			goto out;
		}
		if (n == 0)
			break;
		len = (size_t)n;
	}
	/* a document ends with a line end, and has none inside */
	if (last != '\n' && !(patient && last == '\0')) {
		snprintf(err, err_size, "the answer broke off in the middle");
		rc = -EPROTO;
	}
out:
	free(line);
	close(fd);
	return rc;
}
