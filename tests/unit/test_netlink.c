/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What Linux knows, learned through netlink: events against dumps, driven by `ip`.
 */
#include "nl_mirror.h"
#include "control/kernel/netlink_priv.h"
#include "control/kernel/tap.h"

static struct xtr_tap t0, t1;

static void tap_open(struct xtr_tap *tap, const char *name, uint8_t last)
{
	const uint8_t mac[6] = {0x02, 0, 0, 0, 0, last};

	assert_int_equal(xtr_tap_open(tap, name, false, mac), 0);
	run("ip link set %s up", name);
}

/* t0: 10.0.0.1/24, 2001:db8::1/64. t1: 10.0.1.1/24, 2001:db8:1::1/64. */
static void two_links(void)
{
	enter_namespace();
	tap_open(&t0, "t0", 0x10);
	tap_open(&t1, "t1", 0x11);
	run("ip addr add 10.0.0.1/24 dev t0 && ip addr add 10.0.1.1/24 dev t1 &&"
	    "ip addr add 2001:db8::1/64 dev t0 nodad && ip addr add 2001:db8:1::1/64 dev t1 nodad");
}

static void close_links(void)
{
	xtr_tap_close(&t0, true);
	xtr_tap_close(&t1, true);
}

static void test_links(void **state)
{
	static const uint8_t mac[6] = {0x02, 0, 0, 0, 0, 0x10};
	struct mirror m;
	const struct xtr_nl_link *l;
	int a, b;

	enter_namespace();
	tap_open(&t0, "t0", 0x10);
	a = t0.ifindex;
	open_mirror(&m);
	for (unsigned k = 0; k < XTR_NL_KINDS; k++)
		assert_true(m.synced[k] >= 1);
	WAIT(&m, (l = find_link(&m, a)) != NULL && l->running);
	assert_true(l->up);
	assert_string_equal(l->name, "t0");
	assert_int_equal(l->mtu, 1500);
	assert_memory_equal(l->mac, mac, 6);
	assert_string_equal(find_link(&m, 1)->name, "lo");

	tap_open(&t1, "t1", 0x11);
	b = t1.ifindex;
	WAIT(&m, (l = find_link(&m, b)) != NULL && l->running);
	run("ip link set t1 mtu 1400 && ip link set t1 down && ip link set t1 name x1");
	settle(&m);
	l = find_link(&m, b);
	assert_non_null(l);
	assert_int_equal(l->mtu, 1400);
	assert_false(l->up);
	assert_string_equal(l->name, "x1");

	/* The carrier's news come by a delayed event. */
	assert_int_equal(xtr_tap_carrier(&t0, false), 0);
	WAIT(&m, !find_link(&m, a)->running);
	assert_true(find_link(&m, a)->up);
	assert_int_equal(xtr_tap_carrier(&t0, true), 0);
	WAIT(&m, find_link(&m, a)->running);

	/* A port that leaves a bridge is not gone. */
	run("ip link add b0 type bridge && ip link set t0 master b0 && ip link set t0 nomaster");
	settle(&m);
	assert_non_null(find_link(&m, a));
	assert_like_new(&m);

	xtr_tap_close(&t1, true);
	settle(&m);
	assert_null(find_link(&m, b));
	close_mirror(&m);
	close_links();
}

static void test_addresses(void **state)
{
	struct mirror m;
	const struct xtr_nl_addr *a;
	int i;

	two_links();
	i = t0.ifindex;
	open_mirror(&m);
	assert_non_null(find_addr(&m, i, "10.0.0.1", 24));
	assert_non_null(find_addr(&m, i, "2001:db8::1", 64));
	assert_non_null(find_addr(&m, 1, "127.0.0.1", 8));
	run("ip addr add 192.0.2.1/25 dev t0 && ip addr add 2001:db8:2::1/48 dev t0 nodad");
	run("ip addr add 198.51.100.1 peer 198.51.100.2/32 dev t0");
	settle(&m);
	assert_non_null(find_addr(&m, i, "192.0.2.1", 25));
	/* Linux finishes IPv6 addresses in the background */
	WAIT(&m, (a = find_addr(&m, i, "2001:db8:2::1", 48)) != NULL);
	assert_false(a->tentative);
	/* Ours, not the peer's. */
	assert_non_null(find_addr(&m, i, "198.51.100.1", 32));
	assert_null(find_addr(&m, i, "198.51.100.2", 32));
	assert_like_new(&m);

	/* With detection on and no carrier an address stays tentative; then it is confirmed. */
	set_sysctl("ipv6/conf/t1/accept_dad", "1");
	assert_int_equal(xtr_tap_carrier(&t1, false), 0);
	WAIT(&m, !find_link(&m, t1.ifindex)->running);
	run("ip addr add 2001:db8:3::1/64 dev t1");
	settle(&m);
	a = find_addr(&m, t1.ifindex, "2001:db8:3::1", 64);
	assert_non_null(a);
	assert_true(a->tentative);
	assert_int_equal(xtr_tap_carrier(&t1, true), 0);
	WAIT(&m, !find_addr(&m, t1.ifindex, "2001:db8:3::1", 64)->tentative);

	run("ip addr del 192.0.2.1/25 dev t0 && ip addr del 2001:db8:2::1/48 dev t0");
	settle(&m);
	assert_null(find_addr(&m, i, "192.0.2.1", 25));
	assert_null(find_addr(&m, i, "2001:db8:2::1", 48));
	assert_like_new(&m);
	close_mirror(&m);
	close_links();
}

static void test_routes(void **state)
{
	const struct xtr_nl_route *r;
	struct mirror m;
	char buf[TEXT_LEN];

	two_links();
	open_mirror(&m);
	run("ip route add 10.1.0.0/16 via 10.0.0.2 && ip route add 10.2.0.0/16 dev t1 &&"
	    "ip route add default via 10.0.1.9 metric 50 &&"
	    "ip route add 10.3.0.0/16 nexthop via 10.0.0.2 weight 3 nexthop via 10.0.1.2 weight "
	    "256 &&"
	    "ip route add 10.4.0.0/16 via inet6 2001:db8::5 dev t0 &&"
	    "ip route add 10.5.0.0/16 nexthop via inet6 2001:db8::5 dev t0 nexthop via 10.0.1.2 &&"
	    "ip route add blackhole 10.6.0.0/16 && ip route add unreachable 10.7.0.0/16 &&"
	    "ip route add prohibit 10.8.0.0/16 && ip route add throw 10.9.0.0/16");
	run("ip -6 route add 2001:db8:a::/48 via 2001:db8::2 &&"
	    "ip -6 route add 2001:db8:b::/48 nexthop via 2001:db8::2 weight 3 nexthop via "
	    "2001:db8:1::2 && ip -6 route add blackhole 2001:db8:c::/48");
	/* Not for us: another table, a TOS, a source prefix. */
	run("ip route add 10.10.0.0/16 via 10.0.0.2 table 77 &&"
	    "ip route add 10.11.0.0/16 tos 0x10 via 10.0.0.2 &&"
	    "ip -6 route add 2001:db8:d::/48 from 2001:db8:e::/48 via 2001:db8::2");
	settle(&m);
	assert_string_equal(main_route(&m, "10.0.0.0/24"), "unicast t0");
	assert_string_equal(main_route(&m, "10.1.0.0/16"), "unicast 10.0.0.2@t0");
	assert_string_equal(main_route(&m, "10.2.0.0/16"), "unicast t1");
	/* Linux counts weights from 1 to 256. */
	assert_string_equal(main_route(&m, "10.3.0.0/16"), "unicast 10.0.0.2@t0*3 10.0.1.2@t1*255");
	assert_string_equal(main_route(&m, "10.4.0.0/16"), "unicast 2001:db8::5@t0");
	assert_string_equal(
	    main_route(&m, "10.5.0.0/16"), "unicast 2001:db8::5@t0*1 10.0.1.2@t1*1");
	assert_string_equal(main_route(&m, "10.6.0.0/16"), "blackhole");
	assert_string_equal(main_route(&m, "10.7.0.0/16"), "unreachable");
	assert_string_equal(main_route(&m, "10.8.0.0/16"), "prohibit");
	assert_string_equal(main_route(&m, "10.9.0.0/16"), "other");
	assert_string_equal(main_route(&m, "10.10.0.0/16"), "none");
	assert_string_equal(main_route(&m, "10.11.0.0/16"), "none");
	assert_string_equal(main_route(&m, "2001:db8::/64"), "none"); /* metric 256 */
	assert_non_null(find_route(&m, "2001:db8::/64", RT_TABLE_MAIN, 256));
	assert_string_equal(main_route(&m, "2001:db8:a::/48"), "unicast 2001:db8::2@t0");
	assert_string_equal(
	    main_route(&m, "2001:db8:b::/48"), "unicast 2001:db8::2@t0*3 2001:db8:1::2@t1*1");
	assert_string_equal(main_route(&m, "2001:db8:c::/48"), "blackhole");
	assert_string_equal(main_route(&m, "2001:db8:d::/48"), "none");
	r = find_route(&m, "0.0.0.0/0", RT_TABLE_MAIN, 50);
	assert_non_null(r);
	assert_string_equal(route_text(r, buf), "unicast 10.0.1.9@t1");
	r = find_route(&m, "10.0.0.1/32", RT_TABLE_LOCAL, 0);
	assert_non_null(r);
	assert_string_equal(route_text(r, buf), "local t0");
	assert_like_new(&m);

	run("ip route replace 10.1.0.0/16 via 10.0.1.2 && ip route del 10.2.0.0/16 &&"
	    "ip route del 10.3.0.0/16 && ip route del blackhole 10.6.0.0/16 &&"
	    "ip route del default && ip -6 route del 2001:db8:a::/48 &&"
	    "ip -6 route del 2001:db8:b::/48");
	settle(&m);
	assert_string_equal(main_route(&m, "10.1.0.0/16"), "unicast 10.0.1.2@t1");
	assert_string_equal(main_route(&m, "10.2.0.0/16"), "none");
	assert_string_equal(main_route(&m, "10.3.0.0/16"), "none");
	assert_string_equal(main_route(&m, "10.6.0.0/16"), "none");
	assert_string_equal(main_route(&m, "2001:db8:a::/48"), "none");
	assert_string_equal(main_route(&m, "2001:db8:b::/48"), "none");
	assert_null(find_route(&m, "0.0.0.0/0", RT_TABLE_MAIN, 50));
	assert_like_new(&m);
	close_mirror(&m);
	close_links();
}

/* Several routes of one prefix, table and metric. */
static void test_same_key(void **state)
{
	struct mirror m;
	uint64_t dumps;

	two_links();
	open_mirror(&m);
	run("ip route add 10.1.0.0/16 via 10.0.0.2 && ip route append 10.1.0.0/16 via 10.0.0.3");
	settle(&m);
	assert_string_equal(main_route(&m, "10.1.0.0/16"), "unicast 10.0.0.2@t0");
	run("ip route prepend 10.1.0.0/16 via 10.0.1.4");
	settle(&m);
	assert_string_equal(main_route(&m, "10.1.0.0/16"), "unicast 10.0.1.4@t1");
	/* The first goes, the second shows. */
	run("ip route del 10.1.0.0/16 via 10.0.1.4");
	settle(&m);
	assert_string_equal(main_route(&m, "10.1.0.0/16"), "unicast 10.0.0.2@t0");
	run("ip route replace 10.1.0.0/16 via 10.0.1.5");
	settle(&m);
	assert_string_equal(main_route(&m, "10.1.0.0/16"), "unicast 10.0.1.5@t1");
	/* The first is dead without carrier, the second is not. */
	assert_int_equal(xtr_tap_carrier(&t1, false), 0);
	WAIT(&m, strcmp(main_route(&m, "10.1.0.0/16"), "unicast 10.0.0.3@t0") == 0);
	assert_int_equal(xtr_tap_carrier(&t1, true), 0);
	WAIT(&m, strcmp(main_route(&m, "10.1.0.0/16"), "unicast 10.0.1.5@t1") == 0);
	assert_like_new(&m);
	run("ip route del 10.1.0.0/16 && ip route del 10.1.0.0/16");
	settle(&m);
	assert_string_equal(main_route(&m, "10.1.0.0/16"), "none");

	/* A route that was several and is single, or new, after the dump: no more dumps for it. */
	run("ip route add 10.2.0.0/16 via 10.0.0.2 && ip route append 10.2.0.0/16 via 10.0.0.3 &&"
	    "ip route del 10.2.0.0/16 via 10.0.0.2");
	settle(&m);
	assert_string_equal(main_route(&m, "10.2.0.0/16"), "unicast 10.0.0.3@t0");
	dumps = xtr_nl_dumps(m.nl);
	run("ip route add 10.1.0.0/16 via 10.0.0.2 && ip route replace 10.1.0.0/16 via 10.0.0.3 &&"
	    "ip route del 10.1.0.0/16 && ip route del 10.2.0.0/16");
	settle(&m);
	assert_string_equal(main_route(&m, "10.1.0.0/16"), "none");
	assert_string_equal(main_route(&m, "10.2.0.0/16"), "none");
	assert_int_equal(xtr_nl_dumps(m.nl), dumps);

	/* IPv6 builds a multipath route one next hop at a time, and tears it down so. */
	run("ip -6 route append 2001:db8:a::/48 via 2001:db8::2");
	settle(&m);
	assert_string_equal(main_route(&m, "2001:db8:a::/48"), "unicast 2001:db8::2@t0");
	run("ip -6 route append 2001:db8:a::/48 via 2001:db8:1::2");
	settle(&m);
	assert_like_new(&m);
	assert_non_null(strstr(main_route(&m, "2001:db8:a::/48"), " 2001:db8::2@t0*1"));
	assert_non_null(strstr(main_route(&m, "2001:db8:a::/48"), " 2001:db8:1::2@t1*1"));
	run("ip -6 route del 2001:db8:a::/48 via 2001:db8::2");
	settle(&m);
	assert_string_equal(main_route(&m, "2001:db8:a::/48"), "unicast 2001:db8:1::2@t1");
	run("ip -6 route append 2001:db8:a::/48 dev t0");
	settle(&m);
	assert_like_new(&m);
	run("ip -6 route replace 2001:db8:a::/48 nexthop via 2001:db8::7 nexthop via "
	    "2001:db8:1::7");
	assert_like_new(&m);
	run("ip -6 route flush 2001:db8:a::/48");
	settle(&m);
	assert_string_equal(main_route(&m, "2001:db8:a::/48"), "none");
	assert_like_new(&m);

	/* A single route becomes a multipath one, and loses a next hop. */
	run("ip -6 route add 2001:db8:b::/48 via 2001:db8::2");
	settle(&m);
	run("ip -6 route replace 2001:db8:b::/48 nexthop via 2001:db8::3 nexthop via "
	    "2001:db8:1::3");
	settle(&m);
	run("ip -6 route del 2001:db8:b::/48 via 2001:db8::3");
	settle(&m);
	assert_string_equal(main_route(&m, "2001:db8:b::/48"), "unicast 2001:db8:1::3@t1");

	/* One address on two links has two local routes. */
	run("ip addr add 10.77.0.1/32 dev t0 && ip addr add 10.77.0.1/32 dev t1");
	settle(&m);
	assert_non_null(find_route(&m, "10.77.0.1/32", RT_TABLE_LOCAL, 0));
	run("ip addr del 10.77.0.1/32 dev t0");
	settle(&m);
	assert_non_null(find_route(&m, "10.77.0.1/32", RT_TABLE_LOCAL, 0));
	assert_like_new(&m);
	run("ip addr del 10.77.0.1/32 dev t1");
	settle(&m);
	assert_null(find_route(&m, "10.77.0.1/32", RT_TABLE_LOCAL, 0));
	close_mirror(&m);
	close_links();
}

/* Next-hop objects; Linux spells them out (1) or does not (0). */
static void nexthop_objects(const char *compat)
{
	struct mirror m;

	two_links();
	set_sysctl("ipv4/nexthop_compat_mode", compat);
	open_mirror(&m);
	run("ip nexthop add id 1 via 10.0.0.3 dev t0 && ip nexthop add id 2 via 10.0.1.3 dev t1 &&"
	    "ip nexthop add id 10 group 1,3/2 && ip nexthop add id 20 blackhole &&"
	    "ip nexthop add id 61 via 2001:db8::3 dev t0 && ip nexthop add id 62 dev t1 &&"
	    "ip -6 nexthop add id 63 via 2001:db8:1::3 dev t1 && ip nexthop add id 60 group "
	    "61/63,4");
	run("ip route add 10.1.0.0/16 nhid 1 && ip route add 10.2.0.0/16 nhid 10 &&"
	    "ip route add 10.3.0.0/16 nhid 20 && ip route add 10.4.0.0/16 nhid 62 &&"
	    "ip route add 10.5.0.0/16 nhid 61 && ip -6 route add 2001:db8:a::/48 nhid 60 &&"
	    "ip -6 route add 2001:db8:b::/48 nhid 61");
	settle(&m);
	assert_string_equal(main_route(&m, "10.1.0.0/16"), "unicast 10.0.0.3@t0");
	assert_string_equal(main_route(&m, "10.2.0.0/16"), "unicast 10.0.0.3@t0*3 10.0.1.3@t1*1");
	assert_string_equal(main_route(&m, "10.3.0.0/16"), "blackhole");
	assert_string_equal(main_route(&m, "10.4.0.0/16"), "unicast t1");
	assert_string_equal(main_route(&m, "10.5.0.0/16"), "unicast 2001:db8::3@t0");
	assert_string_equal(
	    main_route(&m, "2001:db8:a::/48"), "unicast 2001:db8::3@t0*1 2001:db8:1::3@t1*4");
	assert_string_equal(main_route(&m, "2001:db8:b::/48"), "unicast 2001:db8::3@t0");
	assert_like_new(&m);

	/* The object changes, the route does not. */
	run("ip nexthop replace id 1 via 10.0.0.33 dev t0");
	settle(&m);
	assert_string_equal(main_route(&m, "10.1.0.0/16"), "unicast 10.0.0.33@t0");
	assert_string_equal(main_route(&m, "10.2.0.0/16"), "unicast 10.0.0.33@t0*3 10.0.1.3@t1*1");
	run("ip nexthop replace id 10 group 2");
	settle(&m);
	assert_string_equal(main_route(&m, "10.2.0.0/16"), "unicast 10.0.1.3@t1");
	run("ip nexthop replace id 10 group 1/2 && ip nexthop replace id 1 blackhole 2>/dev/null "
	    "|| :");
	assert_like_new(&m);

	/* A link goes, and with it objects and routes, in silence. */
	run("ip link set t0 down");
	settle(&m);
	assert_string_equal(main_route(&m, "10.1.0.0/16"), "none");
	assert_string_equal(main_route(&m, "10.2.0.0/16"), "unicast 10.0.1.3@t1");
	assert_string_equal(main_route(&m, "2001:db8:b::/48"), "none");
	assert_int_equal(m.nl->n_nhobj, 6);
	assert_like_new(&m);

	/* An object goes, and with it routes, in silence. */
	run("ip nexthop del id 62 && ip nexthop del id 20");
	settle(&m);
	assert_string_equal(main_route(&m, "10.4.0.0/16"), "none");
	assert_string_equal(main_route(&m, "10.3.0.0/16"), "none");
	assert_like_new(&m);
	close_mirror(&m);
	close_links();
}

static void test_nexthop_objects(void **state)
{
	nexthop_objects("1");
}

static void test_nexthop_objects_bare(void **state)
{
	nexthop_objects("0");
}

static void test_link_down(void **state)
{
	struct mirror m;

	two_links();
	open_mirror(&m);
	run("ip route add 10.3.0.0/16 nexthop via 10.0.0.2 weight 3 nexthop via 10.0.1.2 &&"
	    "ip -6 route add 2001:db8:b::/48 nexthop via 2001:db8::2 nexthop via 2001:db8:1::2 &&"
	    "ip route add 10.4.0.0/16 via 10.0.1.2");
	settle(&m);
	assert_string_equal(main_route(&m, "10.3.0.0/16"), "unicast 10.0.0.2@t0*3 10.0.1.2@t1*1");

	/* No carrier: the next hops stay in Linux, flagged. */
	assert_int_equal(xtr_tap_carrier(&t1, false), 0);
	WAIT(&m, strcmp(main_route(&m, "10.3.0.0/16"), "unicast 10.0.0.2@t0*3") == 0);
	settle(&m);
	assert_string_equal(main_route(&m, "10.4.0.0/16"), "unicast");
	assert_string_equal(main_route(&m, "2001:db8:b::/48"), "unicast 2001:db8::2@t0");
	assert_int_equal(xtr_tap_carrier(&t1, true), 0);
	WAIT(&m, strcmp(main_route(&m, "10.3.0.0/16"), "unicast 10.0.0.2@t0*3 10.0.1.2@t1*1") == 0);

	run("ip link set t1 down");
	settle(&m);
	assert_string_equal(main_route(&m, "10.3.0.0/16"), "unicast 10.0.0.2@t0*3");
	assert_string_equal(main_route(&m, "10.4.0.0/16"), "none");
	assert_string_equal(main_route(&m, "10.0.1.0/24"), "none");
	assert_string_equal(main_route(&m, "2001:db8:b::/48"), "unicast 2001:db8::2@t0");
	assert_like_new(&m);

	run("ip link set t1 up");
	WAIT(&m, strcmp(main_route(&m, "10.3.0.0/16"), "unicast 10.0.0.2@t0*3 10.0.1.2@t1*1") == 0);

	/* A route whose preferred source goes is dropped in silence as well. */
	run("ip addr add 10.66.0.1/32 dev t0 && ip route add 10.5.0.0/16 via 10.0.0.2 src "
	    "10.66.0.1");
	settle(&m);
	assert_string_equal(main_route(&m, "10.5.0.0/16"), "unicast 10.0.0.2@t0");
	run("ip addr del 10.66.0.1/32 dev t0");
	settle(&m);
	assert_string_equal(main_route(&m, "10.5.0.0/16"), "none");
	assert_like_new(&m);
	close_mirror(&m);
	close_links();
}

static void test_neighbours(void **state)
{
	static const uint8_t mac[6] = {0x02, 0, 0, 0, 0, 0x99};
	const struct xtr_nl_neigh *n;
	struct mirror m;
	int i;

	two_links();
	i = t0.ifindex;
	run("ip neigh add 10.0.0.9 lladdr 02:00:00:00:00:99 dev t0 nud permanent");
	open_mirror(&m);
	n = find_neigh(&m, i, "10.0.0.9");
	assert_non_null(n);
	assert_true(n->usable);
	assert_memory_equal(n->mac, mac, 6);

	for (unsigned k = 0; k < 2; k++) {
		const char *ip = k ? "2001:db8::8" : "10.0.0.8";

		run("ip neigh add %s lladdr 02:00:00:00:00:99 dev t0 nud reachable", ip);
		settle(&m);
		n = find_neigh(&m, i, ip);
		assert_non_null(n);
		assert_true(n->usable);
		assert_false(n->failed);
		assert_memory_equal(n->mac, mac, 6);
		run("ip neigh replace %s lladdr 02:00:00:00:00:99 dev t0 nud stale", ip);
		settle(&m);
		assert_true(find_neigh(&m, i, ip)->usable);
		run("ip neigh replace %s dev t0 nud failed", ip);
		settle(&m);
		n = find_neigh(&m, i, ip);
		assert_false(n->usable);
		assert_true(n->failed);
	}
	/* Addresses that Linux answers for are no neighbours. */
	run("ip neigh add proxy 10.0.0.44 dev t0");
	settle(&m);
	assert_null(find_neigh(&m, i, "10.0.0.44"));
	assert_like_new(&m);
	run("ip neigh del 10.0.0.9 dev t0");
	settle(&m);
	assert_null(find_neigh(&m, i, "10.0.0.9"));
	run("ip link set t0 down");
	settle(&m);
	assert_null(find_neigh(&m, i, "10.0.0.8"));
	close_mirror(&m);
	close_links();
}

/* Runs `ip -batch` on lines made of fmt with the high and low byte of first, first + step, ... <
 * end. */
static void batch(const char *fmt, unsigned first, unsigned end, unsigned step)
{
	FILE *f = popen("ip -batch -", "w");

	assert_non_null(f);
	for (unsigned i = first; i < end; i += step)
		fprintf(f, fmt, i >> 8, i & 255);
	assert_int_equal(pclose(f), 0);
}

static unsigned count_routes(struct mirror *m, uint8_t first_byte)
{
	unsigned n = 0;

	for (unsigned i = 0; i < m->n; i++)
		n += m->objects[i].kind == XTR_NL_ROUTE &&
		     m->objects[i].route.prefix.ip.b[0] == first_byte &&
		     m->objects[i].route.table == RT_TABLE_MAIN;
	return n;
}

static void test_overrun(void **state)
{
	struct mirror m;
	int tiny = 4096;

	two_links();
	open_mirror(&m);
	batch("route add 11.%u.%u.0/24 via 10.0.0.2\n", 0, 100, 1);
	run("ip neigh add 10.0.0.99 lladdr 02:00:00:00:00:99 dev t0 nud permanent");
	settle(&m);
	assert_int_equal(count_routes(&m, 11), 100);
	assert_int_equal(m.nl->permanent.n, 1);
	assert_int_equal(xtr_nl_overruns(m.nl), 0);

	assert_int_equal(
	    setsockopt(xtr_nl_event_fd(m.nl), SOL_SOCKET, SO_RCVBUF, &tiny, sizeof(tiny)), 0);
	batch("route del 11.%u.%u.0/24\n", 0, 100, 2);
	batch("route add 12.%u.%u.0/24 via 10.0.1.2\n", 0, 300, 1);
	batch("neigh add 10.0.%u.%u lladdr 02:00:00:00:00:07 dev t0\n", 100, 150, 1);
	run("ip neigh del 10.0.0.99 dev t0");
	run("ip addr del 10.0.1.1/24 dev t1 && ip link set t0 mtu 1300");
	settle(&m);
	assert_true(xtr_nl_overruns(m.nl) > 0);
	assert_int_equal(count_routes(&m, 11), 50);
	/* Their next hop went with the address. */
	assert_string_equal(main_route(&m, "10.0.1.0/24"), "none");
	assert_non_null(find_neigh(&m, t0.ifindex, "10.0.0.149"));
	assert_null(find_neigh(&m, t0.ifindex, "10.0.0.99"));
	/* `ip` made the 50 others permanent. */
	assert_int_equal(m.nl->permanent.n, 50);
	assert_null(find_addr(&m, t1.ifindex, "10.0.1.1", 24));
	assert_int_equal(find_link(&m, t0.ifindex)->mtu, 1300);
	assert_like_new(&m);
	close_mirror(&m);
	close_links();
}

/* Changes while a dump is under way: what was dumped before them and read after must not come back.
 */
static void test_dump_race(void **state)
{
	struct mirror m;

	two_links();
	batch("route add 11.%u.%u.0/24 via 10.0.0.2\n", 0, 3000, 1);
	batch("route add 2001:db8:aa00::%x:%x/128 via 2001:db8::2\n", 0, 1000, 1);
	open_mirror(&m);
	assert_int_equal(count_routes(&m, 11), 3000);

	xtr_nl_resync(m.nl);
	WAIT(&m, m.syncing == XTR_NL_ROUTE);
	/* Past the next-hop objects, into the routes. */
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(xtr_nl_read(m.nl), 0);
	assert_int_equal(m.syncing, XTR_NL_ROUTE);
	/* Few enough to be read in one go, so that they overtake what Linux has dumped ahead. */
	batch("route del 11.%u.%u.0/24\n", 0, 3000, 60);
	assert_int_equal(xtr_nl_read(m.nl), 0);
	batch("route del 11.%u.%u.0/24\n", 2, 3000, 60);
	assert_int_equal(xtr_nl_read(m.nl), 0);
	assert_int_equal(m.syncing, XTR_NL_ROUTE);
	settle(&m);
	assert_int_equal(count_routes(&m, 11), 2900);
	assert_like_new(&m);

	/* And many. */
	xtr_nl_resync_kind(m.nl, XTR_NL_ROUTE);
	assert_int_equal(xtr_nl_read(m.nl), 0);
	batch("route del 11.%u.%u.0/24\n", 4, 3000, 60);
	batch("route replace 11.%u.%u.0/24 via 10.0.1.2\n", 1, 3000, 2);
	batch("route add 12.%u.%u.0/24 via 10.0.1.2\n", 0, 500, 1);
	batch("route del 2001:db8:aa00::%x:%x/128\n", 0, 1000, 2);
	settle(&m);
	assert_int_equal(xtr_nl_overruns(m.nl), 0);
	assert_int_equal(count_routes(&m, 11), 2850);
	assert_int_equal(count_routes(&m, 12), 500);
	assert_string_equal(main_route(&m, "11.4.1.0/24"), "unicast 10.0.1.2@t1");
	assert_like_new(&m);
	close_mirror(&m);
	close_links();
}

/* A storm of link events is one dump of routes, or few, not one each. */
static void test_coalesce(void **state)
{
	struct mirror m;
	unsigned before, dumps;

	two_links();
	open_mirror(&m);
	before = m.synced[XTR_NL_ROUTE];
	run("i=0; while [ $i -lt 60 ]; do echo link set t0 mtu $((1300 + i)); i=$((i + 1)); done | "
	    "ip -batch -");
	settle(&m);
	assert_int_equal(find_link(&m, t0.ifindex)->mtu, 1359);
	dumps = m.synced[XTR_NL_ROUTE] - before;
	assert_in_range(dumps, 1, 10);

	/* Asked for twice while it waits is once. */
	before = m.begun[XTR_NL_NEIGH];
	xtr_nl_resync(m.nl);
	xtr_nl_resync(m.nl);
	assert_false(xtr_nl_in_sync(m.nl));
	xtr_nl_resync_kind(m.nl, XTR_NL_NEIGH);
	settle(&m);
	assert_int_equal(m.begun[XTR_NL_NEIGH] - before, 1);
	close_mirror(&m);
	close_links();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_links),
	    cmocka_unit_test(test_addresses),
	    cmocka_unit_test(test_routes),
	    cmocka_unit_test(test_same_key),
	    cmocka_unit_test(test_nexthop_objects),
	    cmocka_unit_test(test_nexthop_objects_bare),
	    cmocka_unit_test(test_link_down),
	    cmocka_unit_test(test_neighbours),
	    cmocka_unit_test(test_overrun),
	    cmocka_unit_test(test_dump_race),
	    cmocka_unit_test(test_coalesce),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
