/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * xtrbench: throughput and scale figures of this machine, through the code that the daemon runs.
 */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <rte_eal.h>

#include "app/xtrbench/bench.h"

static const struct bench_job other_jobs[] = {
    {.suite = "wire", .run = bench_wire},
    {.suite = "wire", .run = bench_auth},
    {.suite = NULL},
};

/* In the order in which they run. */
static const struct bench_job *const jobs[] = {
    other_jobs, bench_mapcache_jobs, bench_datapath_jobs};

#define N_LISTS (sizeof(jobs) / sizeof(jobs[0]))

struct command {
	const char *suites[8]; /* up to a NULL; none: all */
	unsigned n_suites;
	const char *only;
	unsigned windows;
	bool json;
};

struct run {
	const struct command *cmd;
	json_t *figures, *machine;
};

/* A CPU to measure on: the last that this process may use, as the first has most of the system's
 * own work. */
static int measuring_cpu(void)
{
	cpu_set_t cpus;
	int last = 0;

	CPU_ZERO(&cpus);
	sched_getaffinity(0, sizeof(cpus), &cpus);
	for (int i = 0; i < CPU_SETSIZE; i++)
		if (CPU_ISSET((size_t)i, &cpus))
			last = i;
	return last;
}

/* One lcore, no huge pages of its own; net_null stands in for the daemon's NICs. */
static int start_eal(void)
{
	static char lcores[32];
	static const char *const words[] = {"xtrbench", "--no-huge", "--no-shconf", "--no-pci",
	    "--no-telemetry", "-m256", "--vdev=net_null0", "--vdev=net_null1",
	    "--log-level=lib.eal:warning",
	    "--force-max-simd-bitwidth=512", /* the peers' best, where it runs */
	    lcores};
	char *args[sizeof(words) / sizeof(words[0]) + 1] = {NULL};
	int n = 0;

	snprintf(lcores, sizeof(lcores), "--lcores=0@%d", measuring_cpu());
	for (; n < (int)(sizeof(words) / sizeof(words[0])); n++)
		args[n] = strdup(words[n]); /* EAL keeps them */
	return rte_eal_init(n, args);
}

/* In a process of its own. What libraries print goes where errors go: out is for figures. */
static int run_here(const struct bench_job *job, const struct command *cmd, FILE *out)
{
	struct bench b = {.out = out, .only = cmd->only, .windows = cmd->windows};
	int rc;

	dup2(STDERR_FILENO, STDOUT_FILENO);
	if (job->own_network && unshare(CLONE_NEWNET) < 0 &&
	    unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0) {
		fprintf(stderr, "xtrbench: network namespace: %s\n", strerror(errno));
		return -errno;
	}
	if (start_eal() < 0) {
		fprintf(stderr, "xtrbench: EAL does not start\n");
		return -1;
	}
	bench_report_machine(&b);
	rc = job->run(&b);
	rte_eal_cleanup();
	return rc;
}

/* Takes what a job says. */
static void take(struct run *r, const char *line)
{
	json_t *object = json_loads(line, 0, NULL), *machine = json_object_get(object, "machine");

	if (machine && !r->machine) {
		r->machine = json_incref(machine);
	} else if (object && !machine) {
		if (!r->cmd->json)
			bench_print(object);
		json_array_append(r->figures, object);
	}
	json_decref(object);
}

static int run_job(struct run *r, const struct bench_job *job)
{
	char *line = NULL;
	size_t room = 0;
	int ends[2], status;
	FILE *in;
	pid_t pid;

	fflush(stdout);
	if (pipe(ends) < 0)
		return -errno;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (!pid) {
		FILE *out = fdopen(ends[1], "w");

		close(ends[0]);
		_exit(!out || run_here(job, r->cmd, out) < 0);
	}
	close(ends[1]);
	in = fdopen(ends[0], "r");
	while (in && getline(&line, &room, in) >= 0)
		take(r, line);
	free(line);
	if (in)
		fclose(in);
	if (waitpid(pid, &status, 0) < 0)
		return -errno;
	if (WIFSIGNALED(status))
		fprintf(stderr, "xtrbench: %s: %s\n", job->suite, strsignal(WTERMSIG(status)));
	return WIFEXITED(status) && !WEXITSTATUS(status) ? 0 : -1;
}

/* May it have a case that is asked for? */
static bool wants_job(const struct command *cmd, const struct bench_job *job)
{
	bool suite = !cmd->n_suites;

	for (unsigned i = 0; i < cmd->n_suites; i++)
		suite |= !strcmp(cmd->suites[i], job->suite);
	if (!suite || !cmd->only || !job->cases[0])
		return suite;
	for (unsigned i = 0; job->cases[i]; i++) {
		size_t a = strlen(job->cases[i]), b = strlen(cmd->only);

		if (!strncmp(job->cases[i], cmd->only, a < b ? a : b))
			return true;
	}
	return false;
}

static bool is_suite(const char *name)
{
	for (unsigned l = 0; l < N_LISTS; l++)
		for (unsigned i = 0; jobs[l][i].suite; i++)
			if (!strcmp(jobs[l][i].suite, name))
				return true;
	return false;
}

static void usage(FILE *to)
{
	fprintf(to,
	    "usage: xtrbench [wire|mapcache|datapath ...] [--case PREFIX] [--windows N] [--json]\n"
	    "  --case PREFIX   only cases whose names begin so\n"
	    "  --windows N     samples a case, 1 to %d (%d)\n"
	    "  --json          one JSON document instead of the table\n",
	    BENCH_WINDOWS, BENCH_WINDOWS);
}

/* Exit status, or negative: go on. */
static int read_command(struct command *cmd, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "-h") || !strcmp(argv[i], "--help")) {
			usage(stdout);
			return 0;
		}
		if (!strcmp(argv[i], "--json")) {
			cmd->json = true;
		} else if (!strcmp(argv[i], "--case") && i + 1 < argc) {
			cmd->only = argv[++i];
		} else if (!strcmp(argv[i], "--windows") && i + 1 < argc &&
			   atoi(argv[i + 1]) >= 1 && atoi(argv[i + 1]) <= BENCH_WINDOWS) {
			cmd->windows = (unsigned)atoi(argv[++i]);
		} else if (is_suite(argv[i]) && cmd->n_suites < 8) {
			cmd->suites[cmd->n_suites++] = argv[i];
		} else {
			usage(stderr);
			return 2;
		}
	}
	return -1;
}

int main(int argc, char **argv)
{
	struct command cmd = {.windows = BENCH_WINDOWS};
	struct run r = {.cmd = &cmd};
	int status = read_command(&cmd, argc, argv);

	if (status >= 0)
		return status;
	status = 0;
	r.figures = json_array();
	if (!cmd.json)
		bench_print_head();
	for (unsigned l = 0; l < N_LISTS; l++)
		for (unsigned i = 0; jobs[l][i].suite; i++)
			if (wants_job(&cmd, &jobs[l][i]) && run_job(&r, &jobs[l][i]) < 0)
				status = 1;
	if (!status && !json_array_size(r.figures)) {
		fprintf(stderr, "xtrbench: no case is called so\n");
		status = 2;
	}
	if (!r.machine)
		r.machine = json_object();
	if (cmd.json) {
		json_t *doc = json_pack("{s:O, s:O}", "machine", r.machine, "figures", r.figures);

		json_dumpf(doc, stdout, JSON_INDENT(1));
		putchar('\n');
		json_decref(doc);
	}
	json_decref(r.machine);
	json_decref(r.figures);
	return status;
}
