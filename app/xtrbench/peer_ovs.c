/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include "app/xtrbench/datapath_peer.h"
int bench_ovs_open(const struct datapath_peer *peer, int cpu, const char **why)
{
	*why = "Open vSwitch with DPDK is not installed";
	return -ENOENT;
}
double bench_ovs_window(void)
{
	return 0;
}
void bench_ovs_close(void)
{
}
