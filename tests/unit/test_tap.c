/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * TAP and TUN interfaces against the kernel itself.
 */
#include "netns.h"
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include "control/kernel/tap.h"

static const uint8_t mac_a[6] = {0x02, 0, 0, 0, 0, 0x0a}, mac_b[6] = {0x02, 0, 0, 0, 0, 0x0b};
static const uint8_t peer[6] = {0x02, 0, 0, 0, 0, 0x99};

/* An ioctl on an interface by name, in the present namespace. */
static int interface_ioctl(const char *name, unsigned long request, struct ifreq *ifr)
{
	int s = socket(AF_INET, SOCK_DGRAM, 0), ret;

	assert_true(s >= 0);
	snprintf(ifr->ifr_name, sizeof(ifr->ifr_name), "%s", name);
	ret = ioctl(s, request, ifr);
	close(s);
	return ret;
}

static void assert_mac(const char *name, const uint8_t *mac)
{
	struct ifreq ifr = {0};

	assert_int_equal(interface_ioctl(name, SIOCGIFHWADDR, &ifr), 0);
	assert_memory_equal(ifr.ifr_hwaddr.sa_data, mac, 6);
}

static bool carrier(const char *name)
{
	struct ethtool_value v = {.cmd = ETHTOOL_GLINK};
	struct ifreq ifr = {.ifr_data = (void *)&v};

	assert_int_equal(interface_ioctl(name, SIOCETHTOOL, &ifr), 0);
	return v.data;
}

static void assert_sysctl(const char *path, const char *value)
{
	char buf[16];

	get_sysctl(path, buf, sizeof(buf));
	assert_string_equal(buf, value);
}

/* Reads until a frame that matches comes, or fails after WAIT_MS. */
static int read_until(
    struct xtr_tap *tap, uint8_t *buf, size_t size, bool (*match)(const uint8_t *p, int len))
{
	struct pollfd pfd = {.fd = tap->fd, .events = POLLIN};
	int64_t end = now_ms() + WAIT_MS;
	int n;

	while (now_ms() < end) {
		n = xtr_tap_read(tap, buf, size);
		if (n == -EAGAIN) {
			poll(&pfd, 1, 100);
			continue;
		}
		assert_true(n > 0);
		if (match(buf, n))
			return n;
	}
	fail_msg("nothing came");
	return -1;
}

static void test_new(void **state)
{
	struct xtr_tap tap;
	uint8_t buf[64];

	enter_namespace();
	assert_int_equal(xtr_tap_open(&tap, "p0", false, mac_a), 0);
	assert_string_equal(tap.name, "p0");
	assert_int_equal(tap.ifindex, if_nametoindex("p0"));
	assert_false(tap.l3);
	assert_mac("p0", mac_a);
	assert_true(fcntl(tap.fd, F_GETFL) & O_NONBLOCK);
	assert_true(fcntl(tap.fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(xtr_tap_read(&tap, buf, sizeof(buf)), -EAGAIN);
	assert_sysctl("ipv4/conf/p0/rp_filter", "0");
	assert_sysctl("ipv4/conf/p0/forwarding", "1");
	assert_sysctl("ipv6/conf/p0/accept_dad", "0");
	assert_sysctl("ipv6/conf/p0/keep_addr_on_down", "1");
	assert_sysctl("ipv6/conf/p0/accept_ra", "0");
	assert_sysctl("ipv6/conf/p0/forwarding", "1");
	xtr_tap_close(&tap, true);
	assert_int_equal(tap.fd, -1);
	assert_int_equal(if_nametoindex("p0"), 0);
	xtr_tap_close(&tap, true); /* harmless */
}

static void test_adopt(void **state)
{
	struct xtr_tap tap, second;
	int ifindex;

	enter_namespace();
	assert_int_equal(xtr_tap_open(&tap, "p0", false, mac_a), 0);
	ifindex = tap.ifindex;
	run("ip addr add 192.0.2.1/24 dev p0 && ip link set p0 up");
	assert_int_equal(xtr_tap_open(&second, "p0", false, mac_b), -EBUSY);
	assert_mac("p0", mac_a);
	xtr_tap_close(&tap, false);
	assert_int_equal(if_nametoindex("p0"), ifindex);
	assert_false(carrier("p0"));

	/* Up, with its address and another MAC than wanted. */
	assert_int_equal(xtr_tap_open(&tap, "p0", false, mac_b), 0);
	assert_int_equal(tap.ifindex, ifindex);
	assert_mac("p0", mac_b);
	run("ip addr show dev p0 | grep -q 'inet 192.0.2.1/24'");
	run("ip link show dev p0 | grep -q '[<,]UP[,>]'");
	xtr_tap_close(&tap, true);
}

static void test_wrong_kind(void **state)
{
	struct xtr_tap tap;

	enter_namespace();
	run("ip tuntap add t3 mode tun && ip tuntap add t2 mode tap");
	run("ip link add b0 type bridge");
	assert_int_equal(xtr_tap_open(&tap, "t3", false, NULL), -EEXIST);
	assert_int_equal(tap.fd, -1);
	assert_int_equal(xtr_tap_open(&tap, "t2", true, NULL), -EEXIST);
	assert_int_equal(xtr_tap_open(&tap, "b0", false, NULL), -EEXIST);
	/* Refused ones are left as they were. */
	assert_int_not_equal(if_nametoindex("t3"), 0);
	assert_int_not_equal(if_nametoindex("t2"), 0);
}

static void test_bad_arguments(void **state)
{
	static const char *const names[] = {
	    "", "sixteen-letters.", "a/b", "p%d", "with space", ".", ".."};
	static const uint8_t multicast[6] = {0x01, 0, 0, 0, 0, 1};
	struct xtr_tap tap;

	enter_namespace();
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_int_equal(xtr_tap_open(&tap, names[i], false, NULL), -EINVAL);
	assert_true(xtr_tap_open(&tap, "p0", false, multicast) < 0);
	/* What was made for it is gone. */
	assert_int_equal(if_nametoindex("p0"), 0);
}

static void test_carrier(void **state)
{
	struct xtr_tap tap;

	enter_namespace();
	assert_int_equal(xtr_tap_open(&tap, "p0", false, mac_a), 0);
	run("ip link set p0 up");
	assert_int_equal(xtr_tap_carrier(&tap, true), 0);
	assert_true(carrier("p0"));
	assert_int_equal(xtr_tap_carrier(&tap, false), 0);
	assert_false(carrier("p0"));
	assert_int_equal(xtr_tap_carrier(&tap, true), 0);
	assert_true(carrier("p0"));
	xtr_tap_close(&tap, true);
}

static bool is_arp_reply(const uint8_t *p, int len)
{
	return len >= 42 && p[12] == 0x08 && p[13] == 0x06 && p[21] == 2;
}

/* Linux answers an ARP request that is written into the TAP. */
static void test_frames(void **state)
{
	uint8_t request[60] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02, 0, 0, 0, 0, 0x99, 0x08,
	    0x06, 0, 1, 0x08, 0, 6, 4, 0, 1, 0x02, 0, 0, 0, 0, 0x99, 192, 0, 2, 9, 0, 0, 0, 0, 0, 0,
	    192, 0, 2, 1};
	struct xtr_tap tap;
	uint8_t buf[2048];

	enter_namespace();
	assert_int_equal(xtr_tap_open(&tap, "p0", false, mac_a), 0);
	assert_int_equal(xtr_tap_write(&tap, request, sizeof(request)), -EIO); /* down */
	run("ip addr add 192.0.2.1/24 dev p0 && ip link set p0 up");
	assert_int_equal(xtr_tap_write(&tap, request, sizeof(request)), sizeof(request));
	read_until(&tap, buf, sizeof(buf), is_arp_reply);
	assert_memory_equal(buf, peer, 6);
	assert_memory_equal(buf + 6, mac_a, 6);
	assert_memory_equal(buf + 22, mac_a, 6);
	assert_memory_equal(buf + 28, request + 38, 4);
	assert_true(xtr_tap_write(&tap, request, 5) < 0); /* no Ethernet header */
	xtr_tap_close(&tap, true);
}

static bool is_echo_reply(const uint8_t *p, int len)
{
	return len >= 28 && p[0] == 0x45 && p[9] == 1 && p[20] == 0;
}

static void test_tun(void **state)
{
	/* 192.0.2.9 -> 192.0.2.1, ICMP echo request; header checksum and ICMP checksum worked out
	 * by hand. */
	static const uint8_t echo[28] = {0x45, 0, 0, 28, 0, 0, 0, 0, 64, 1, 0xf6, 0xd6, 192, 0, 2,
	    9, 192, 0, 2, 1, 8, 0, 0xf7, 0xfd, 0, 1, 0, 1};
	struct xtr_tap tap;
	uint8_t buf[2048];

	enter_namespace();
	assert_int_equal(xtr_tap_open(&tap, "lisp0", true, NULL), 0);
	assert_true(tap.l3);
	assert_sysctl("ipv6/conf/lisp0/addr_gen_mode", "1");
	assert_sysctl("ipv4/conf/lisp0/rp_filter", "0");
	/* it says nothing of itself to anybody */
	assert_sysctl("ipv4/conf/lisp0/forwarding", "1");
	assert_sysctl("ipv6/conf/lisp0/forwarding", "0");
	xtr_tap_ipv6(&tap, false);
	assert_sysctl("ipv6/conf/lisp0/disable_ipv6", "1");
	xtr_tap_ipv6(&tap, true);
	assert_sysctl("ipv6/conf/lisp0/disable_ipv6", "0");
	run("ip addr add 192.0.2.1/24 dev lisp0 && ip link set lisp0 up");
	run("test -z \"$(ip -6 addr show dev lisp0)\"");
	assert_int_equal(xtr_tap_write(&tap, echo, sizeof(echo)), sizeof(echo));
	assert_int_equal(read_until(&tap, buf, sizeof(buf), is_echo_reply), sizeof(echo));
	assert_memory_equal(buf + 12, echo + 16, 4);
	assert_memory_equal(buf + 16, echo + 12, 4);
	xtr_tap_close(&tap, false);
	assert_int_not_equal(if_nametoindex("lisp0"), 0);
	assert_int_equal(xtr_tap_open(&tap, "lisp0", true, NULL), 0);
	xtr_tap_close(&tap, true);
	assert_int_equal(if_nametoindex("lisp0"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_new),
	    cmocka_unit_test(test_adopt),
	    cmocka_unit_test(test_wrong_kind),
	    cmocka_unit_test(test_bad_arguments),
	    cmocka_unit_test(test_carrier),
	    cmocka_unit_test(test_frames),
	    cmocka_unit_test(test_tun),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
