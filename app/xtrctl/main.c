/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * xtrctl: what an operator says to xtrd.
 */
#include "prompt.h"
#include "render.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define DEFAULT_SOCKET "/run/xtrd.sock"
#define USAGE          "usage: xtrctl [-s SOCKET] [--json] [WORDS...]"

int main(int argc, char **argv)
{
	static const struct option options[] = {
	    {"socket", required_argument, NULL, 's'},
	    {"json", no_argument, NULL, 'j'},
	    {"help", no_argument, NULL, 'h'},
	    {NULL, 0, NULL, 0},
	};
	const char *path = getenv("XTRD_SOCKET");
	char why[1024];
	bool raw = false;
	int c;

	if (path == NULL || path[0] == '\0')
		path = DEFAULT_SOCKET;
	opterr = 0; /* one line, ours */
	while ((c = getopt_long(argc, argv, "s:h", options, NULL)) != -1) {
		switch (c) {
		case 's':
			path = optarg;
			break;
		case 'j':
			raw = true;
			break;
		case 'h':
			puts(USAGE "\n"
				   "  -s SOCKET  where xtrd listens; else the variable "
				   "XTRD_SOCKET, else " DEFAULT_SOCKET "\n"
				   "  --json     print the answer as it comes, one JSON document\n"
				   "decode FILE prints the LISP packets of a capture (pcap, "
				   "pcapng; - for standard input), and needs no xtrd.\n"
				   "Without words, a prompt. 'xtrctl help' lists the commands of "
				   "the xtrd that runs.");
			return 0;
		default:
			fprintf(
			    stderr, "xtrctl: cannot understand %s; " USAGE "\n", argv[optind - 1]);
			return 2;
		}
	}
	if (optind == argc)
		return xtrctl_prompt(path, raw);
	if (xtrctl_show(stdout, path, raw, (const char *const *)&argv[optind],
		(unsigned)(argc - optind), why, sizeof(why)) != 0) {
		fprintf(stderr, "xtrctl: %s\n", why);
		return 1;
	}
	return 0;
}
