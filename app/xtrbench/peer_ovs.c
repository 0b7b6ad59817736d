/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Open vSwitch on DPDK: frames of 64 bytes from a net_null port into a VXLAN tunnel, whose packets
 * leave by another net_null port. Its cycles are those of its thread's busy turns, with rx and tx:
 * with what net_null costs to take buffers and to free them. Between its windows it is stopped. All
 * in a network namespace of its own.
 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "app/xtrbench/bench.h"
#include "app/xtrbench/child.h"
#include "app/xtrbench/datapath_peer.h"

/* sh -c with the CPU that forwards and another one. Says "left out: WHY" or "ready", then a line
 * for each that it is told, until there are no more. */
static const char script[] =
    "cpu=$1 main=$2 dir= db= vs=\n"
    "out() { echo \"left out: $*\"; exit 1; }\n"
    "command -v ovs-vswitchd ovsdb-server ovs-vsctl setpriv >/dev/null ||\n"
    "	out 'Open vSwitch is not installed'\n"
    "ovs-vswitchd --version | grep -q DPDK || out 'this Open vSwitch is without DPDK'\n"
    "awk '/HugePages_Free/ { n = $2 } /Hugepagesize/ { exit n * $2 < 512 * 1024 }' "
    "/proc/meminfo ||\n"
    "	out 'Open vSwitch wants 512 MB of free huge pages'\n"
    "set -e\n"
    "end() {\n"
    "	for p in $vs $db; do kill -CONT $p; kill -KILL $p; done 2>/dev/null\n"
    "	[ -z \"$dir\" ] || rm -rf \"$dir\"\n"
    "}\n"
    "trap end EXIT\n"
    "dir=$(mktemp -d)\n"
    "export OVS_RUNDIR=$dir OVS_LOGDIR=$dir OVS_DBDIR=$dir OVS_SYSCONFDIR=$dir "
    "XDG_RUNTIME_DIR=$dir\n"
    "ctl() { ovs-vsctl --db=unix:$dir/db --timeout=20 \"$@\"; }\n"
    "tell() { ovs-appctl -t $dir/vs -T 20 \"$@\"; }\n"
    "mask() { printf 0x%x $((1 << $1)); }\n"
    "ovsdb-tool create $dir/conf.db "
    "${OVS_PKGDATADIR:-/usr/share/openvswitch}/vswitch.ovsschema\n"
    "setpriv --pdeathsig KILL ovsdb-server $dir/conf.db --remote=punix:$dir/db "
    "--unixctl=$dir/dbctl 2>$dir/log & db=$!\n"
    "for i in $(seq 100); do [ -S $dir/db ] && break; sleep 0.1; done\n"
    "ctl --no-wait init\n"
    "ctl --no-wait set Open_vSwitch . other_config:dpdk-init=true "
    "other_config:dpdk-extra='--no-pci --no-telemetry' "
    "other_config:pmd-cpu-mask=$(mask $cpu) other_config:dpdk-lcore-mask=$(mask $main)\n"
    "setpriv --pdeathsig KILL ovs-vswitchd unix:$dir/db --unixctl=$dir/vs 2>>$dir/log & vs=$!\n"
    "for b in bi bo; do\n"
    "	ctl add-br $b -- set bridge $b datapath_type=netdev fail-mode=secure\n"
    "done\n"
    "ctl add-port bi n0 -- set Interface n0 type=dpdk options:dpdk-devargs=net_null0 "
    "ofport_request=1\n"
    "ctl add-port bo n1 -- set Interface n1 type=dpdk options:dpdk-devargs=net_null1,no-rx=1 "
    "ofport_request=1\n"
    "ctl add-port bi v0 -- set Interface v0 type=vxlan options:remote_ip=172.16.1.3 "
    "options:key=1 ofport_request=2\n"
    "ip addr add 172.16.1.2/24 dev bo\n"
    "ip link set dev bo up\n"
    "ovs-ofctl add-flow bi in_port=1,actions=output:2\n"
    "ovs-ofctl add-flow bo in_port=LOCAL,actions=output:1\n"
    "tell tnl/arp/set bo 172.16.1.3 02:00:00:00:01:03 >/dev/null\n"
    "for i in $(seq 100); do\n"
    "	tell dpctl/dump-flows | grep -q tnl_push && break\n"
    "	sleep 0.1\n"
    "done\n"
    "tell dpctl/dump-flows | grep -q tnl_push\n"
    "kill -STOP $vs\n"
    "echo ready\n"
    "while read -r word; do\n"
    "	kill -CONT $vs\n"
    "	tell dpif-netdev/pmd-stats-clear >/dev/null\n"
    "	sleep 0.05\n"
    "	tell dpif-netdev/pmd-stats-show | sed -n 's/.*avg processing cycles per packet:/cycles/p'"
    " | head -n 1\n"
    "	kill -STOP $vs\n"
    "	echo stopped\n"
    "done\n";

static struct child ovs;

int bench_ovs_open(const struct datapath_peer *peer, int cpu, const char **why)
{
	static char reason[128];
	char cpus[2][16];
	const char *const argv[] = {"sh", "-c", script, "ovs", cpus[0], cpus[1], NULL};
	const char *line;

	snprintf(cpus[0], sizeof(cpus[0]), "%d", cpu);
	snprintf(cpus[1], sizeof(cpus[1]), "%d", bench_cpu(1));
	*why = "network namespaces are not allowed here";
	if (unshare(CLONE_NEWNET) < 0)
		return -ENOENT;
	*why = "does not start";
	if (child_start(&ovs, argv) < 0)
		return -EIO;
	line = child_wait(&ovs, "e"); /* "left out: WHY" or "ready" */
	while (line && strncmp(line, "left out: ", 10) && strncmp(line, "ready", 5))
		line = child_wait(&ovs, "e");
	if (!line)
		return -EIO;
	if (line[0] == 'l') {
		snprintf(reason, sizeof(reason), "%s", line + 10);
		reason[strcspn(reason, "\r")] = '\0';
		*why = reason;
		return -ENOENT;
	}
	*why = "";
	return 0;
}

double bench_ovs_window(void)
{
	const char *line;
	double cycles;

	child_say(&ovs, "window\n");
	line = child_wait(&ovs, "cycles");
	if (!line || sscanf(line, "cycles %lf", &cycles) != 1)
		return 0;
	return child_wait(&ovs, "stopped") ? cycles : 0;
}

void bench_ovs_close(void)
{
	child_end(&ovs);
}
