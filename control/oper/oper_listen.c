/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/oper/oper_impl.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* mkdir -p of the directory that path is in. */
static int make_directory(const char *path)
{
	char dir[sizeof(((struct sockaddr_un *)0)->sun_path)];

	for (size_t i = 1; path[i] != '\0'; i++) {
		if (path[i] != '/')
			continue;
		memcpy(dir, path, i);
		dir[i] = '\0';
		if (mkdir(dir, 0755) != 0 && errno != EEXIST)
			return -errno;
	}
	return 0;
}

/* Removes the socket file of a process that is gone. */
static int remove_stale(const struct sockaddr_un *addr)
{
	struct stat st;
	int fd, rc;

	if (lstat(addr->sun_path, &st) != 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -ENOTSOCK;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	/* EAGAIN is a live one too, whose backlog is full */
	if (connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) == 0 || errno == EAGAIN)
		rc = -EADDRINUSE;
	else
		rc = -errno;
	close(fd);
	if (rc != -ECONNREFUSED)
		return rc == -ENOENT ? 0 : rc;
	return unlink(addr->sun_path) == 0 || errno == ENOENT ? 0 : -errno;
}

int xtr_oper_listen(struct xtr_oper_file *file, const char *path)
{
	struct sockaddr_un *addr = &file->addr;
	struct stat st;
	int fd = -1, rc;

	if (path[0] == '\0')
		return -EINVAL;
	if (strlen(path) >= sizeof(addr->sun_path))
		return -ENAMETOOLONG;
	memset(file, 0, sizeof(*file));
	addr->sun_family = AF_UNIX;
	strcpy(addr->sun_path, path);
	rc = make_directory(path);
	if (rc == 0)
		rc = remove_stale(addr);
	if (rc != 0)
		return rc;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (bind(fd, (const struct sockaddr *)addr, sizeof(*addr)) != 0) {
		rc = -errno;
		goto fail;
	}
	/* between bind and listen nobody can connect, whatever the umask made of the mode */
	if (chmod(path, 0600) != 0 || stat(path, &st) != 0 || listen(fd, XTR_OPER_CLIENTS) != 0) {
		rc = -errno;
		unlink(path);
		goto fail;
	}
	file->dev = st.st_dev;
	file->ino = st.st_ino;
	return fd;
fail:
	close(fd);
	return rc;
}

void xtr_oper_unlink(const struct xtr_oper_file *file)
{
	struct stat st;

	if (file->ino != 0 && lstat(file->addr.sun_path, &st) == 0 && st.st_dev == file->dev &&
	    st.st_ino == file->ino)
		unlink(file->addr.sun_path);
}
