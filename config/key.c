/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Pre-shared secrets, from the configuration or from a file of their own. No message shows one, nor
 * the text of key-file, in which somebody may have put the key itself.
 */
#include "config/load.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY_MAX   1024 /* bytes */
#define KEY_WORDS "one of key = \"text\" and key-file = \"path\""

static int set_key(struct xtr_cfg_key *key, const void *secret, size_t len)
{
	key->secret = malloc(len);
	if (!key->secret)
		return -ENOMEM;
	memcpy(key->secret, secret, len);
	key->len = len;
	return 0;
}

int xtr_cfg_read_key(
    struct xtr_cfg_loader *l, const config_setting_t *s, const struct xtr_cfg_field *f, void *obj)
{
	struct xtr_cfg_key *key = (void *)((char *)obj + f->offset);
	const char *text = xtr_cfg_text(l, s, KEY_MAX, "a text of 1 to 1024 bytes");

	if (!text)
		return -EINVAL;
	if (key->secret)
		return xtr_cfg_fail(l, s, NULL, "found key and key-file, allowed " KEY_WORDS);
	return set_key(key, text, strlen(text));
}

/* A relative path starts at the directory of the configuration file. */
static char *resolve(const struct xtr_cfg_loader *l, const char *path)
{
	const char *slash = strrchr(l->cfg->path, '/');
	char *full;

	if (*path == '/' || !slash)
		return strdup(path);
	if (asprintf(&full, "%.*s/%s", (int)(slash - l->cfg->path), l->cfg->path, path) < 0)
		return NULL;
	return full;
}

/* Reads up to size bytes. Returns their number or negative errno. */
static ssize_t read_all(int fd, char *buf, size_t size)
{
	size_t n = 0;

	while (n < size) {
		ssize_t r = read(fd, buf + n, size - n);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return -errno;
		if (r == 0)
			break;
		n += (size_t)r;
	}
	return (ssize_t)n;
}

static int read_key_fd(
    struct xtr_cfg_loader *l, const config_setting_t *s, int fd, struct xtr_cfg_key *key)
{
	char buf[KEY_MAX + 3]; /* with "\r\n", and one byte that shows that it is longer */
	struct stat st;
	ssize_t n;
	int r;

	if (fstat(fd, &st))
		return xtr_cfg_fail(l, s, NULL, "found a file without status (%s), allowed another",
		    strerror(errno));
	if (!S_ISREG(st.st_mode))
		return xtr_cfg_fail(
		    l, s, NULL, "found a directory or device, allowed the path of a regular file");
	if (st.st_mode & 07777 & ~0600u)
		return xtr_cfg_fail(l, s, NULL,
		    "found a file of mode %04o, allowed 0600 or 0400 (for its owner only)",
		    st.st_mode & 07777);
	n = read_all(fd, buf, sizeof(buf));
	if (n < 0)
		return xtr_cfg_fail(l, s, NULL,
		    "found a file that cannot be read (%s), allowed a readable one",
		    strerror((int)-n));
	if (n && buf[n - 1] == '\n')
		n--;
	if (n && buf[n - 1] == '\r')
		n--;
	if (n < 1 || n > KEY_MAX)
		r = xtr_cfg_fail(l, s, NULL, "found %s file, allowed one of 1 to 1024 bytes",
		    n ? "a longer" : "an empty");
	else
		r = set_key(key, buf, (size_t)n);
	explicit_bzero(buf, sizeof(buf));
	return r;
}

int xtr_cfg_read_key_file(
    struct xtr_cfg_loader *l, const config_setting_t *s, const struct xtr_cfg_field *f, void *obj)
{
	struct xtr_cfg_key *key = (void *)((char *)obj + f->offset);
	const char *text = xtr_cfg_text(l, s, 4095, "the path of a file of mode 0600 or 0400");
	char *path;
	int fd, r;

	if (!text)
		return -EINVAL;
	if (key->secret)
		return xtr_cfg_fail(l, s, NULL, "found key and key-file, allowed " KEY_WORDS);
	path = resolve(l, text);
	if (!path)
		return -ENOMEM;
	/* not to wait for a writer, should it be a FIFO */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	r = errno;
	free(path);
	if (fd < 0)
		return xtr_cfg_fail(l, s, NULL,
		    "found a file that cannot be read (%s), allowed a readable one of mode 0600 or "
		    "0400",
		    strerror(r));
	r = read_key_fd(l, s, fd, key);
	close(fd);
	return r;
}

int xtr_cfg_check_key(
    struct xtr_cfg_loader *l, const config_setting_t *group, const struct xtr_cfg_key *key)
{
	if (!key->secret)
		return xtr_cfg_fail(l, group, "key", "found nothing, allowed " KEY_WORDS);
	return 0;
}
