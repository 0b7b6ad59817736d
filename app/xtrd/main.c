/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * xtrd: the daemon. Reads its configuration, starts EAL where there are ports, and runs the control
 * lcore in the foreground.
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <rte_eal.h>
#include <rte_version.h>

#include "app/xtrd/eal.h"
#include "control/ctl.h"
#include "util/log.h"

static void usage(FILE *to)
{
	fprintf(to, "usage: xtrd -c FILE [--check]\n"
		    "  -c FILE   configuration\n"
		    "  --check   read and check the configuration, start nothing\n"
		    "  -V        version\n"
		    "  -h        this text\n");
}

/* Categories of the setting `debug`, comma separated. */
static void debug_from_start(const char *list)
{
	char *copy = list ? strdup(list) : NULL, *save = NULL;

	for (char *w = copy ? strtok_r(copy, ", ", &save) : NULL; w;
	     w = strtok_r(NULL, ", ", &save)) {
		int cat = xtr_debug_parse(w);

		if (cat < 0)
			xtr_log(XTR_LOG_WARNING, "debug: no category \"%s\"", w);
		for (int c = 0; c < XTR_DBG_N; c++)
			if (cat == XTR_DBG_N || cat == c)
				xtr_debug_on[c] = true;
	}
	free(copy);
}

static int run(const struct xtr_config *cfg)
{
	struct xtr_dp *dp = NULL;
	struct xtr_ctl *ctl;
	int status = 1;

	debug_from_start(cfg->debug);
	if (cfg->n_ports) {
		if (xtr_eal_start(cfg) < 0)
			return 1;
		dp = xtr_eal_dataplane(cfg);
		if (!dp)
			goto out;
	}
	ctl = xtr_ctl_create(cfg, dp);
	if (ctl) {
		if (!dp || xtr_eal_launch(dp) == 0)
			status = xtr_ctl_run(ctl);
		xtr_eal_stop_workers(dp);
		xtr_ctl_destroy(ctl);
	}
	xtr_eal_close(dp);
out:
	if (cfg->n_ports)
		rte_eal_cleanup();
	return status;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"check", no_argument, NULL, 'C'},
	    {"version", no_argument, NULL, 'V'}, {"help", no_argument, NULL, 'h'},
	    {NULL, 0, NULL, 0}};
	const char *path = NULL;
	struct xtr_config *cfg;
	char *error = NULL;
	bool check = false;
	int opt, status = 0;
	sigset_t ending;

	while ((opt = getopt_long(argc, argv, "c:Vh", options, NULL)) != -1) {
		switch (opt) {
		case 'c':
			path = optarg;
			break;
		case 'C':
			check = true;
			break;
		case 'V':
			printf("xtrd %s, %s\n", XTR_VERSION, rte_version());
			return 0;
		case 'h':
			usage(stdout);
			return 0;
		default:
			usage(stderr);
			return 1;
		}
	}
	if (!path || optind < argc) {
		usage(stderr);
		return 1;
	}
	cfg = xtr_config_load(path, &error);
	if (!cfg) {
		fprintf(stderr, "%s\n", error ? error : "out of memory");
		free(error);
		return 1;
	}
	/* blocked before any thread is made, so that only the control lcore's descriptor sees them
	 */
	sigemptyset(&ending);
	sigaddset(&ending, SIGTERM);
	sigaddset(&ending, SIGINT);
	sigaddset(&ending, SIGHUP);
	sigprocmask(SIG_BLOCK, &ending, NULL);
	if (!check)
		status = run(cfg);
	xtr_config_free(cfg);
	return status;
}
