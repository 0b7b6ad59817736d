/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The data port's sockets: LISP packets that came in fragments, which the kernel has put together,
 * over either family, without UDP checksums, with what their outer headers said.
 */
#include "netns.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include "control/kernel/sock.h"
#include "wire/data.h"

struct data {
	struct xtr_peer from;
	uint8_t ttl, tos, first, last;
	size_t len;
	int ifindex;
	unsigned n;
};

static void on_control(void *arg, const struct xtr_peer *from, const uint8_t *p, size_t len)
{
	fail_msg("a control message");
}

static void on_data(void *arg, const struct xtr_peer *from, const uint8_t *p, size_t len,
    uint8_t ttl, uint8_t tos, int ifindex)
{
	struct data *d = arg;

	*d = (struct data){*from, ttl, tos, p[0], p[len - 1], len, ifindex, d->n + 1};
}

static void set(int fd, int level, int name, int value)
{
	assert_int_equal(setsockopt(fd, level, name, &value, sizeof(value)), 0);
}

/* A datagram of `len` bytes to the data port, as an ITR's but for its source port. */
static void send_to(int af, size_t len)
{
	static uint8_t p[65536];
	int fd = socket(af, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in6 to6 = {
	    .sin6_family = AF_INET6, .sin6_port = htons(XTR_PORT_DATA), .sin6_addr.s6_addr[15] = 1};
	struct sockaddr_in to4 = {.sin_family = AF_INET,
	    .sin_port = htons(XTR_PORT_DATA),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	assert_true(fd >= 0);
	if (af == AF_INET6) {
		set(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, 33);
		set(fd, IPPROTO_IPV6, IPV6_TCLASS, 0xb9);
		set(fd, IPPROTO_UDP, UDP_NO_CHECK6_TX, 1);
	} else {
		set(fd, IPPROTO_IP, IP_TTL, 33);
		set(fd, IPPROTO_IP, IP_TOS, 0xb8);
		set(fd, SOL_SOCKET, SO_NO_CHECK, 1);
	}
	p[0] = 0x08;
	p[len - 1] = 0x5a;
	assert_int_equal(sendto(fd, p, len, 0, af == AF_INET6 ? (void *)&to6 : (void *)&to4,
			     af == AF_INET6 ? sizeof(to6) : sizeof(to4)),
	    len);
	close(fd);
	p[len - 1] = 0;
}

static void reassembled(void **state)
{
	static const size_t sizes[] = {8, 1000, 1500, 9000, 65000};
	struct data d = {0};
	struct xtr_sock_ops ops = {on_control, on_data, &d};
	struct xtr_loop loop;
	struct xtr_sock *s;

	enter_namespace();
	run("ip link set lo mtu 1400");
	assert_int_equal(xtr_loop_init(&loop), 0);
	s = xtr_sock_open(&loop, NULL, 0, true, &ops);
	assert_non_null(s);
	for (unsigned i = 0; i < 2 * sizeof(sizes) / sizeof(sizes[0]); i++) {
		int af = i & 1 ? AF_INET6 : AF_INET;
		size_t len = sizes[i / 2];

		send_to(af, len);
		for (unsigned ms = 0; d.n == i && ms < WAIT_MS; ms++)
			xtr_loop_wait(&loop, 1000);
		assert_int_equal(d.n, i + 1);
		assert_int_equal(d.len, len);
		assert_int_equal(d.first, 0x08);
		assert_int_equal(d.last, 0x5a);
		assert_int_equal(d.from.ip.af, i & 1 ? 6 : 4);
		assert_int_equal(d.from.local.af, i & 1 ? 6 : 4);
		assert_int_equal(d.ttl, 33);
		assert_int_equal(d.tos, i & 1 ? 0xb9 : 0xb8);
		assert_int_equal(d.ifindex, (int)if_nametoindex("lo"));
	}
	xtr_sock_close(s);
	xtr_loop_fini(&loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(reassembled)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
