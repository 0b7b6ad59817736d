/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Cables between interfaces of a network namespace, for labs on kernels without 8021q:
 *
 *   wire trunk.100=a trunk.200=b c=d
 *
 * What comes in at one end of a cable goes out at the other. An end with a number is a VLAN of its
 * interface: frames with this 802.1Q tag, which they lose here and get there; one without takes
 * what has no tag, or a priority alone. The namespace's own stack is to be kept from the frames by
 * whoever starts this (nftables, netdev ingress). Says "ready" on standard error, runs until it is
 * ended, and then tells on standard output how many frames each cable has carried and lost.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define MAX_CABLES 64
#define FRAME_MAX  65536
#define A_TURN     64        /* frames of one interface before the others get their turn */
#define BUFFER     (8 << 20) /* bytes of a socket */
#define ADDRESSES  12u       /* bytes of a frame before its tag */

struct interface {
	char name[IF_NAMESIZE];
	int fd;
};

struct end {
	unsigned interface;
	uint16_t vid; /* 0: untagged */
};

struct cable {
	struct end end[2];
	unsigned long carried[2], lost[2]; /* by the end that they came from */
};

static struct interface interfaces[2 * MAX_CABLES];
static struct cable cables[MAX_CABLES];
static unsigned n_interfaces, n_cables;
static volatile sig_atomic_t ending;

static void on_signal(int number)
{
	ending = 1;
}

static void need(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "wire: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int open_interface(const char *name)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, htons(ETH_P_ALL));
	struct sockaddr_ll to = {.sll_family = AF_PACKET,
	    .sll_protocol = htons(ETH_P_ALL),
	    .sll_ifindex = (int)if_nametoindex(name)};
	struct packet_mreq all = {.mr_ifindex = to.sll_ifindex, .mr_type = PACKET_MR_PROMISC};
	int one = 1, size = BUFFER;

	need(fd >= 0, "packet socket");
	need(to.sll_ifindex != 0, name);
	/* tags come beside the frame: Linux takes them off first of all */
	need(setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &one, sizeof(one)) == 0, "PACKET_AUXDATA");
	need(setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one)) == 0,
	    "PACKET_IGNORE_OUTGOING");
	need(
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) == 0, "receive buffer");
	need(setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) == 0, "send buffer");
	need(setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof(all)) == 0,
	    "promiscuous");
	need(bind(fd, (struct sockaddr *)&to, sizeof(to)) == 0, name);
	return fd;
}

/* NAME, or NAME.NUMBER */
static struct end parse_end(char *text)
{
	char *dot = strrchr(text, '.');
	struct end e = {0};

	if (dot) {
		*dot = 0;
		e.vid = (uint16_t)atoi(dot + 1);
	}
	errno = EINVAL;
	need(!dot || (e.vid > 0 && e.vid < 4095), "number of a VLAN");
	need(strlen(text) < IF_NAMESIZE, text);
	while (e.interface < n_interfaces && strcmp(interfaces[e.interface].name, text))
		e.interface++;
	if (e.interface == n_interfaces) {
		strcpy(interfaces[n_interfaces].name, text);
		interfaces[n_interfaces++].fd = open_interface(text);
	}
	return e;
}

static void parse_cable(char *text)
{
	char *second = strchr(text, '=');

	errno = EINVAL;
	need(second != NULL && n_cables < MAX_CABLES, text);
	*second++ = 0;
	cables[n_cables].end[0] = parse_end(text);
	cables[n_cables++].end[1] = parse_end(second);
}

/* The frame of len bytes leaves by an end, with its tag. */
static bool send_frame(const struct end *e, char *frame, size_t len)
{
	uint16_t tag[2] = {htons(ETH_P_8021Q), htons(e->vid)};
	struct iovec part[3] = {{frame, ADDRESSES}, {tag, e->vid ? sizeof(tag) : 0},
	    {frame + ADDRESSES, len - ADDRESSES}};
	struct msghdr msg = {.msg_iov = part, .msg_iovlen = 3};

	return sendmsg(interfaces[e->interface].fd, &msg, MSG_DONTWAIT) >= 0;
}

static void carry(unsigned interface, uint16_t vid, char *frame, size_t len)
{
	for (unsigned i = 0; i < n_cables; i++)
		for (unsigned from = 0; from < 2; from++) {
			struct cable *c = &cables[i];

			if (c->end[from].interface != interface || c->end[from].vid != vid)
				continue;
			if (send_frame(&c->end[!from], frame, len))
				c->carried[from]++;
			else
				c->lost[from]++;
		}
}

/* Takes one frame. False: there is none. */
static bool take(unsigned interface)
{
	static char frame[FRAME_MAX];
	char control[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
	struct iovec iov = {frame, sizeof(frame)};
	struct msghdr msg = {.msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = control,
	    .msg_controllen = sizeof(control)};
	ssize_t len = recvmsg(interfaces[interface].fd, &msg, MSG_DONTWAIT);
	uint16_t vid = 0;

	if (len < 0)
		return errno == EINTR || errno == ENETDOWN;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c)) {
		struct tpacket_auxdata aux;

		if (c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA)
			continue;
		memcpy(&aux, CMSG_DATA(c), sizeof(aux));
		if (!(aux.tp_status & TP_STATUS_VLAN_VALID))
			continue;
		if (aux.tp_status & TP_STATUS_VLAN_TPID_VALID && aux.tp_vlan_tpid != ETH_P_8021Q)
			return true; /* no end is of this kind */
		vid = aux.tp_vlan_tci & 0xfff;
	}
	if (len > ETH_HLEN)
		carry(interface, vid, frame, (size_t)len);
	return true;
}

int main(int argc, char **argv)
{
	struct sigaction action = {.sa_handler = on_signal};
	struct pollfd fds[2 * MAX_CABLES];

	for (int i = 1; i < argc; i++)
		parse_cable(argv[i]);
	errno = EINVAL;
	need(n_cables > 0, "usage: wire IFACE[.VID]=IFACE[.VID] ...");
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	for (unsigned i = 0; i < n_interfaces; i++)
		fds[i] = (struct pollfd){.fd = interfaces[i].fd, .events = POLLIN};
	fprintf(stderr, "ready\n");
	while (!ending) {
		if (poll(fds, n_interfaces, -1) < 0)
			continue;
		for (unsigned i = 0; i < n_interfaces; i++)
			for (unsigned n = 0; fds[i].revents && n < A_TURN && take(i); n++)
				;
	}
	for (unsigned i = 0; i < n_cables; i++)
		printf("%s.%u=%s.%u: carried %lu and %lu, lost %lu and %lu\n",
		    interfaces[cables[i].end[0].interface].name, cables[i].end[0].vid,
		    interfaces[cables[i].end[1].interface].name, cables[i].end[1].vid,
		    cables[i].carried[0], cables[i].carried[1], cables[i].lost[0],
		    cables[i].lost[1]);
	return 0;
}
