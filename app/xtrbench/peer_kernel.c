/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The kernel's VXLAN: packets come by a veth pair, are routed into a VXLAN device and leave by
 * another veth pair, whose far end drops them as they are for somebody else: all in the softirq of
 * the system call that sends them, on this CPU. Its price is that of such packets less that of
 * packets that are for somebody else where they come in: so the system call, its buffers and one
 * way through a veth pair are not in it. The other is: it stands in for the NIC's driver.
 */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netpacket/packet.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <rte_common.h>
#include <rte_ip.h>

#include "app/xtrbench/datapath_peer.h"
#include "app/xtrbench/datapath_run.h"

#define BATCH    64u
#define BATCHES  512u /* of each kind a window: a million packets would take seconds */
#define FRAME    60u
#define ATTEMPTS 50u

static struct kernel {
	int s;
	uint8_t frame[2][FRAME]; /* to be forwarded; to nobody */
} k = {.s = -1};

static const char setup[] =
    "link add name kin type veth peer name kfrom\n"
    "link set dev kfrom address 02:00:00:00:02:02\n"
    "link add name kout type veth peer name kend\n"
    "link add name kvx type vxlan id 1 local 172.16.1.2 remote 172.32.0.1 dstport 4789 nolearning\n"
    "addr add 10.1.0.1/16 dev kfrom\n"
    "addr add 172.16.1.2/24 dev kout\n"
    "addr add 10.3.0.1/24 dev kvx\n"
    "link set dev kin up\nlink set dev kfrom up\n"
    "link set dev kout up\nlink set dev kend up\nlink set dev kvx up\n"
    "neigh add 172.16.1.3 lladdr 02:00:00:00:01:03 dev kout nud permanent\n"
    "route add 172.32.0.0/16 via 172.16.1.3\n"
    "neigh add 10.3.0.2 lladdr 02:00:00:00:03:02 dev kvx nud permanent\n"
    "route add 10.2.0.0/16 via 10.3.0.2\n";

static int set(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY), rc = -1;

	if (fd >= 0) {
		rc = write(fd, value, 1) == 1 ? 0 : -1;
		close(fd);
	}
	return rc;
}

static void make_frames(void)
{
	const uint8_t to[2][6] = {{2, 0, 0, 0, 2, 2}, {2, 0, 0, 0, 2, 9}},
		      from[6] = {2, 0, 0, 0, 2, 4};
	struct rte_ipv4_hdr ip = {.version_ihl = 0x45,
	    .total_length = rte_cpu_to_be_16(FRAME - 14),
	    .time_to_live = 64,
	    .next_proto_id = IPPROTO_UDP,
	    .src_addr = rte_cpu_to_be_32(RTE_IPV4(10, 1, 1, 4)),
	    .dst_addr = rte_cpu_to_be_32(RTE_IPV4(10, 2, 0, 1))};
	const uint8_t udp[8] = {0xc0, 0, 0, 9, 0, FRAME - 34};

	ip.hdr_checksum = rte_ipv4_cksum(&ip);
	for (unsigned i = 0; i < 2; i++) {
		memcpy(k.frame[i], to[i], 6);
		memcpy(k.frame[i] + 6, from, 6);
		k.frame[i][12] = 8;
		memcpy(k.frame[i] + 14, &ip, sizeof(ip));
		memcpy(k.frame[i] + 34, udp, sizeof(udp));
	}
}

int bench_kernel_open(const struct datapath_peer *peer, int cpu, const char **why)
{
	struct sockaddr_ll at = {.sll_family = AF_PACKET};
	const int one = 1;
	FILE *ip;

	*why = "network namespaces are not allowed here";
	if (unshare(CLONE_NEWNET) < 0)
		return -ENOENT;
	/* whose neighbour discovery would be counted */
	set("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1");
	*why = "no VXLAN or veth devices in this kernel, or no ip(8)";
	ip = popen("ip -batch - 2>/dev/null", "w");
	if (!ip || fputs(setup, ip) < 0 || pclose(ip))
		return -ENOENT;
	*why = "forwarding can't be switched on";
	if (set("/proc/sys/net/ipv4/ip_forward", "1") < 0 ||
	    set("/proc/sys/net/ipv4/conf/all/rp_filter", "0") < 0 ||
	    set("/proc/sys/net/ipv4/conf/kfrom/rp_filter", "0") < 0)
		return -EIO;
	*why = "packet socket refused";
	k.s = socket(AF_PACKET, SOCK_RAW, 0);
	at.sll_ifindex = (int)if_nametoindex("kin");
	if (k.s < 0 || bind(k.s, (struct sockaddr *)&at, sizeof(at)) < 0 ||
	    setsockopt(k.s, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof(one)) < 0)
		return -EIO;
	make_frames();
	*why = "";
	return 0;
}

/* Packets that left by the VXLAN so far. */
static uint64_t left(void)
{
	FILE *f = fopen("/proc/self/net/dev", "r");
	char line[512];
	unsigned long n = 0;

	while (f && fgets(line, sizeof(line), f)) {
		char *at = strstr(line, " kout:");

		if (at && sscanf(at + 6, "%*u %*u %*u %*u %*u %*u %*u %*u %*u %lu", &n) != 1)
			n = 0;
	}
	if (f)
		fclose(f);
	return n;
}

/* Cycles of so many packets; 0: they can't be sent. */
static uint64_t send_all(uint8_t *frame)
{
	struct iovec data = {.iov_base = frame, .iov_len = FRAME};
	struct mmsghdr m[BATCH];
	uint64_t start;

	memset(m, 0, sizeof(m));
	for (unsigned i = 0; i < BATCH; i++)
		m[i].msg_hdr = (struct msghdr){.msg_iov = &data, .msg_iovlen = 1};
	start = bench_stamp();
	for (unsigned i = 0; i < BATCHES; i++)
		if (sendmmsg(k.s, m, BATCH, 0) != BATCH)
			return 0;
	return bench_stamp() - start;
}

/* All of them have left: then their cycles a packet, else 0. */
static double try(void)
{
	uint64_t before = left(), all, way_in;
	double packets = BATCH * BATCHES;

	all = send_all(k.frame[0]);
	/* what the softirq left to its thread, on this CPU too, comes before this */
	for (unsigned i = 0; i < 1000 && left() - before < BATCH * BATCHES; i++)
		usleep(1000);
	way_in = send_all(k.frame[1]);
	if (!all || !way_in || left() - before != BATCH * BATCHES)
		return 0;
	return ((double)all - (double)way_in) / packets;
}

/* Where others want this CPU too, the softirq's queue can overflow. */
double bench_kernel_window(void)
{
	double cycles = 0;

	for (unsigned i = 0; i < ATTEMPTS && cycles <= 0; i++)
		cycles = try();
	return cycles;
}

void bench_kernel_close(void)
{
	if (k.s >= 0)
		close(k.s);
	k.s = -1;
}
