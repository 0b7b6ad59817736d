/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/xtrbench/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LINE_MS 20000
#define END_MS  5000

/* In the child. Says by `failed` that the program could not be run. */
static void become(const char *const *argv, int in, int out, int failed)
{
	char *words[64];
	unsigned n = 0;
	int error;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(in, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(out, STDERR_FILENO);
	for (; argv[n] && n < 63; n++)
		words[n] = strdup(argv[n]);
	words[n] = NULL;
	execvp(words[0], words);
	error = errno;
	if (write(failed, &error, sizeof(error)) < 0)
		_exit(126);
	_exit(127);
}

int child_start(struct child *c, const char *const *argv)
{
	int in[2], out[2], failed[2], error = 0;

	memset(c, 0, sizeof(*c));
	/* what it says comes by a terminal, or it would keep it until it has said much */
	if (openpty(&out[0], &out[1], NULL, NULL, NULL) < 0)
		return -errno;
	fcntl(out[0], F_SETFD, FD_CLOEXEC);
	fcntl(out[1], F_SETFD, FD_CLOEXEC);
	if (pipe2(in, O_CLOEXEC) < 0 || pipe2(failed, O_CLOEXEC) < 0)
		return -errno;
	signal(SIGPIPE, SIG_IGN);
	c->pid = fork();
	if (c->pid == 0)
		become(argv, in[0], out[1], failed[1]);
	close(in[0]);
	close(out[1]);
	close(failed[1]);
	c->to = fdopen(in[1], "w");
	c->from = fdopen(out[0], "r");
	if (c->pid < 0 || read(failed[0], &error, sizeof(error)) != 0 || !c->to || !c->from) {
		close(failed[0]);
		child_end(c);
		return error ? -error : -ENOMEM;
	}
	close(failed[0]);
	setvbuf(c->from, NULL, _IONBF, 0); /* so that poll() sees all there is */
	return 0;
}

void child_say(struct child *c, const char *line)
{
	fputs(line, c->to);
	fflush(c->to);
}

const char *child_wait(struct child *c, const char *what)
{
	static char line[512];
	struct pollfd fd = {.fd = fileno(c->from), .events = POLLIN};
	bool prompt = what[strlen(what) - 1] == ' '; /* which no newline follows */
	size_t n = 0;

	while (poll(&fd, 1, LINE_MS) > 0) {
		int b = getc(c->from);

		if (b == EOF)
			return NULL;
		line[n] = '\0';
		if (b == '\n' && strstr(line, what))
			return line;
		if (b == '\n' || n + 2 == sizeof(line)) {
			n = 0;
			continue;
		}
		line[n++] = (char)b;
		line[n] = '\0';
		if (prompt && strstr(line, what))
			return line;
	}
	return NULL;
}

void child_end(struct child *c)
{
	const struct timespec ms = {.tv_nsec = 1000000};

	if (c->to)
		fclose(c->to);
	if (c->from)
		fclose(c->from);
	for (unsigned i = 0; c->pid > 0 && waitpid(c->pid, NULL, WNOHANG) == 0; i++) {
		if (i == END_MS)
			kill(c->pid, SIGKILL);
		nanosleep(&ms, NULL);
	}
	memset(c, 0, sizeof(*c));
}
