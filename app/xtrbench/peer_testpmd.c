/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * testpmd, DPDK's own: one port whose ring leads back to it, and one burst of packets that goes
 * round. Its cycles are from before rx to after tx, of polls that found packets. It forwards while
 * we wait, and waits while we measure.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "app/xtrbench/bench.h"
#include "app/xtrbench/child.h"
#include "app/xtrbench/datapath_peer.h"

#define WINDOW_NS 20000000 /* a million packets of 50 cycles */

static struct child testpmd;

int bench_testpmd_open(const struct datapath_peer *peer, int cpu, const char **why)
{
	char lcores[64], mode[64];
	const char *const argv[] = {"dpdk-testpmd", "--no-huge", "--no-shconf", "--no-pci",
	    "--no-telemetry", "-m128", "--lcores", lcores, "--vdev=net_ring0", "--", "-i",
	    "--record-core-cycles", "--no-flush-rx", "--port-topology=loop", "--burst=64",
	    "--txpkts=60", "--total-num-mbufs=4096", "--no-lsc-interrupt", NULL};
	int rc;

	snprintf(lcores, sizeof(lcores), "0@%d,1@%d", bench_cpu(1), cpu);
	rc = child_start(&testpmd, argv);
	*why = "dpdk-testpmd is not installed";
	if (rc < 0)
		return rc;
	*why = "does not start";
	if (!child_wait(&testpmd, "testpmd> "))
		return -EIO;
	snprintf(mode, sizeof(mode), "set fwd %s\n", strchr(peer->name, '-') + 1);
	child_say(&testpmd, mode);
	/* the burst that goes round from now on */
	child_say(&testpmd, "start tx_first 1\nstop\n");
	if (!child_wait(&testpmd, "Done."))
		return -EIO;
	*why = "";
	return 0;
}

double bench_testpmd_window(void)
{
	const struct timespec window = {.tv_nsec = WINDOW_NS};
	const char *line;
	double cycles;

	child_say(&testpmd, "start\n");
	nanosleep(&window, NULL);
	child_say(&testpmd, "stop\n");
	line = child_wait(&testpmd, "CPU cycles/packet=");
	if (!line || sscanf(strstr(line, "packet=") + 7, "%lf", &cycles) != 1)
		return 0;
	return child_wait(&testpmd, "Done.") ? cycles : 0;
}

void bench_testpmd_close(void)
{
	if (testpmd.pid)
		child_say(&testpmd, "quit\n");
	child_end(&testpmd);
}
