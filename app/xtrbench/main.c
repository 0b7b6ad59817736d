/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * xtrbench: throughput and scale figures of this machine, through the code that the daemon runs.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <rte_eal.h>

#include "app/xtrbench/bench.h"
#include "app/xtrbench/rfc2544.h"

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
	bool json, stages;
	const char *write_dir;
	struct bench_job named; /* the case `only` where it is one; no suite: none */
};

struct run {
	const struct command *cmd;
	json_t *figures, *machine, *skipped;
};

/* No huge pages of its own; net_null stands in for the daemon's NICs. */
static int start_eal(const struct bench_job *job)
{
	static char lcores[512];
	static const char *const words[] = {"xtrbench", "--no-huge", "--no-shconf", "--no-pci",
	    "--no-telemetry", "-m256", "--vdev=net_null0", "--vdev=net_null1",
	    "--log-level=lib.eal:warning",
	    "--force-max-simd-bitwidth=512", /* the peers' best, where it runs */
	    lcores};
	char *args[sizeof(words) / sizeof(words[0]) + 1] = {NULL};
	int n = snprintf(lcores, sizeof(lcores), "--lcores=0@%d", bench_cpu(0));

	for (unsigned i = 1; i < job->lcores && n < (int)sizeof(lcores); i++)
		n += snprintf(lcores + n, sizeof(lcores) - (size_t)n, ",%u@%d", i, bench_cpu(i));
	for (n = 0; n < (int)(sizeof(words) / sizeof(words[0])); n++)
		args[n] = strdup(words[n]); /* EAL keeps them */
	return rte_eal_init(n, args);
}

/* In a process of its own. What libraries print goes where errors go: out is for figures. */
static int run_here(const struct bench_job *job, const struct command *cmd, FILE *out)
{
	struct bench b = {.out = out,
	    .only = cmd->only,
	    .windows = cmd->windows,
	    .job = job,
	    .stages = cmd->stages,
	    .write_dir = cmd->write_dir};
	int rc;

	dup2(STDERR_FILENO, STDOUT_FILENO);
	if (job->own_network && unshare(CLONE_NEWNET) < 0 &&
	    unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0) {
		fprintf(stderr, "xtrbench: network namespace: %s\n", strerror(errno));
		return -errno;
	}
	if (start_eal(job) < 0) {
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
	} else if (json_object_get(object, "skipped")) {
		if (!r->cmd->json)
			bench_print_skipped(object);
		json_array_append(r->skipped, object);
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

	if (cmd->named.suite)
		return false;
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
	    "usage: xtrbench [wire|mapcache|datapath ...] [--case NAME] [--windows N] [--json]\n"
	    "       xtrbench rfc2544 --help\n"
	    "  --case NAME     only cases whose names begin so; of datapath whatever case is named "
	    "so,\n"
	    "                  in its list or not: "
	    "encap4in6/flows=1000/size=imix/burst=32/workers=2\n"
	    "                  (native, encap, decap; flows, sources, mappings, rlocs, burst, "
	    "size,\n"
	    "                  seg, workers, hits, ports, check, peer)\n"
	    "  --windows N     samples a case, 1 to %d (%d)\n"
	    "  --stages        datapath: what each stage takes\n"
	    "  --write DIR     datapath: what comes and what leaves, as DIR/in.pcap and "
	    "DIR/out.pcap\n"
	    "  --json          one JSON document instead of the table\n"
	    "  --list          what runs without --case: names, or how they begin\n",
	    BENCH_WINDOWS, BENCH_WINDOWS);
}

/* The one case that is asked for may be in no list. Exit status, or negative: go on. */
static int read_case(struct command *cmd)
{
	bool suite = !cmd->n_suites;
	int rc;

	for (unsigned i = 0; i < cmd->n_suites; i++)
		suite |= !strcmp(cmd->suites[i], "datapath");
	if (!suite)
		return -1;
	rc = bench_datapath_named(cmd->only, &cmd->named);
	return rc == 0 || rc == -ENOENT ? -1 : 2;
}

static void list(void)
{
	for (unsigned l = 0; l < N_LISTS; l++)
		for (unsigned i = 0; jobs[l][i].suite; i++)
			for (unsigned c = 0; jobs[l][i].cases[c]; c++)
				printf("%s %s\n", jobs[l][i].suite, jobs[l][i].cases[c]);
}

/* Exit status, or negative: go on. */
static int read_command(struct command *cmd, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "-h") || !strcmp(argv[i], "--help")) {
			usage(stdout);
			return 0;
		}
		if (!strcmp(argv[i], "--list")) {
			list();
			return 0;
		}
		if (!strcmp(argv[i], "--json")) {
			cmd->json = true;
		} else if (!strcmp(argv[i], "--stages")) {
			cmd->stages = true;
		} else if (!strcmp(argv[i], "--write") && i + 1 < argc) {
			cmd->write_dir = argv[++i];
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
	return cmd->only ? read_case(cmd) : -1;
}

/* Exit status. */
static int run_all(const struct command *cmd)
{
	struct run r = {.cmd = cmd, .figures = json_array(), .skipped = json_array()};
	int status = 0;

	if (!cmd->json)
		bench_print_head();
	for (unsigned l = 0; l < N_LISTS; l++)
		for (unsigned i = 0; jobs[l][i].suite; i++)
			if (wants_job(cmd, &jobs[l][i]) && run_job(&r, &jobs[l][i]) < 0)
				status = 1;
	if (cmd->named.suite && run_job(&r, &cmd->named) < 0)
		status = 1;
	if (!status && !cmd->write_dir && !json_array_size(r.figures) &&
	    !json_array_size(r.skipped)) {
		fprintf(stderr, "xtrbench: no case is called so\n");
		status = 2;
	}
	if (!r.machine)
		r.machine = json_object();
	if (cmd->json) {
		json_t *doc = json_pack("{s:O, s:O}", "machine", r.machine, "figures", r.figures);

		if (json_array_size(r.skipped))
			json_object_set(doc, "skipped", r.skipped);
		json_dumpf(doc, stdout, JSON_INDENT(1));
		putchar('\n');
		json_decref(doc);
	}
	json_decref(r.machine);
	json_decref(r.figures);
	json_decref(r.skipped);
	return status;
}

int main(int argc, char **argv)
{
	struct command cmd = {.windows = BENCH_WINDOWS};
	int status;

	if (argc > 1 && !strcmp(argv[1], "rfc2544"))
		return bench_rfc2544(argc - 2, argv + 2);
	status = read_command(&cmd, argc, argv);
	bench_find_cpus();
	if (status >= 0)
		return status;
	return run_all(&cmd);
}
