/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What xtrd changes in Linux through netlink, seen by `ip`, and NTF_USE, seen on the wire.
 */
#include "nl_mirror.h"
#include "control/kernel/tap.h"

static struct xtr_tap t0, t1;
static struct mirror m;

static void setup_links(void)
{
	static const uint8_t a[6] = {0x02, 0, 0, 0, 0, 0x10}, b[6] = {0x02, 0, 0, 0, 0, 0x11};
	struct xtr_ip ip;

	enter_namespace();
	assert_int_equal(xtr_tap_open(&t0, "t0", false, a), 0);
	assert_int_equal(xtr_tap_open(&t1, "t1", false, b), 0);
	open_mirror(&m);
	assert_int_equal(xtr_nl_link_set(m.nl, t0.ifindex, true, 0), 0);
	assert_int_equal(xtr_nl_link_set(m.nl, t1.ifindex, true, 0), 0);
	WAIT(&m, find_link(&m, t0.ifindex)->running && find_link(&m, t1.ifindex)->running);
	ip = ip_of("10.0.0.1");
	assert_int_equal(xtr_nl_addr_add(m.nl, t0.ifindex, &ip, 24), 0);
	ip = ip_of("10.0.1.1");
	assert_int_equal(xtr_nl_addr_add(m.nl, t1.ifindex, &ip, 24), 0);
	ip = ip_of("2001:db8::1");
	assert_int_equal(xtr_nl_addr_add(m.nl, t0.ifindex, &ip, 64), 0);
	ip = ip_of("2001:db8:1::1");
	assert_int_equal(xtr_nl_addr_add(m.nl, t1.ifindex, &ip, 64), 0);
	/* Linux works on these in the background. */
	WAIT(&m, find_addr(&m, t0.ifindex, "2001:db8::1", 64) &&
		     find_addr(&m, t1.ifindex, "2001:db8:1::1", 64));
	settle(&m);
}

static void close_links(void)
{
	close_mirror(&m);
	xtr_tap_close(&t0, true);
	xtr_tap_close(&t1, true);
}

static void test_link(void **state)
{
	setup_links();
	assert_int_equal(xtr_nl_link_set(m.nl, t0.ifindex, true, 1400), 0);
	settle(&m);
	assert_int_equal(find_link(&m, t0.ifindex)->mtu, 1400);
	assert_true(find_link(&m, t0.ifindex)->up);
	assert_int_equal(xtr_nl_link_set(m.nl, t0.ifindex, false, 0), 0);
	settle(&m);
	assert_false(find_link(&m, t0.ifindex)->up);
	assert_int_equal(find_link(&m, t0.ifindex)->mtu, 1400);
	assert_int_equal(xtr_nl_link_set(m.nl, 4711, true, 0), -ENODEV);
	assert_int_equal(xtr_nl_link_set(m.nl, t0.ifindex, true, 10), -EINVAL);
	close_links();
}

static void test_address(void **state)
{
	struct xtr_ip v4 = ip_of("192.0.2.1"), v6 = ip_of("2001:db8:77::1"), none = {0};
	int i;

	setup_links();
	i = t0.ifindex;
	for (unsigned k = 0; k < 2; k++) {
		/* The second time it is there, or gone, already. */
		assert_int_equal(xtr_nl_addr_add(m.nl, i, &v4, 25), 0);
		assert_int_equal(xtr_nl_addr_add(m.nl, i, &v6, 48), 0);
	}
	settle(&m);
	assert_non_null(find_addr(&m, i, "192.0.2.1", 25));
	WAIT(&m, find_addr(&m, i, "2001:db8:77::1", 48));
	/* whatever the machine does with other addresses, ours are not held back */
	assert_int_equal(xtr_nl_addr_del(m.nl, i, &v6, 48), 0);
	WAIT(&m, !find_addr(&m, i, "2001:db8:77::1", 48));
	set_sysctl("ipv6/conf/all/accept_dad", "1");
	set_sysctl("ipv6/conf/t0/accept_dad", "1");
	run("ip -6 addr add 2001:db8:78::1/48 dev t0");
	assert_int_equal(xtr_nl_addr_add(m.nl, i, &v6, 48), 0);
	WAIT(&m, find_addr(&m, i, "2001:db8:77::1", 48));
	/* of the other Linux says nothing until it has looked; but it stands in a dump */
	xtr_nl_resync_kind(m.nl, XTR_NL_ADDR);
	settle(&m);
	assert_false(find_addr(&m, i, "2001:db8:77::1", 48)->tentative);
	assert_true(find_addr(&m, i, "2001:db8:78::1", 48)->tentative);
	run("ip -4 addr show dev t0 | grep -q 'inet 192.0.2.1/25 '");
	for (unsigned k = 0; k < 2; k++) {
		assert_int_equal(xtr_nl_addr_del(m.nl, i, &v4, 25), 0);
		assert_int_equal(xtr_nl_addr_del(m.nl, i, &v6, 48), 0);
	}
	settle(&m);
	assert_null(find_addr(&m, i, "192.0.2.1", 25));
	assert_null(find_addr(&m, i, "2001:db8:77::1", 48));
	assert_int_equal(xtr_nl_addr_add(m.nl, i, &v4, 33), -EINVAL);
	assert_int_equal(xtr_nl_addr_add(m.nl, i, &none, 0), -EINVAL);
	assert_int_equal(xtr_nl_addr_add(m.nl, 4711, &v4, 24), -ENODEV);
	assert_int_equal(xtr_nl_addr_del(m.nl, 4711, &v4, 24), 0);
	close_links();
}

static struct xtr_nl_route route_to(const char *prefix)
{
	return (struct xtr_nl_route){.prefix = prefix_of(prefix), .type = XTR_NL_UNICAST};
}

static void add_hop(struct xtr_nl_route *r, int ifindex, const char *via, uint8_t weight)
{
	struct xtr_nl_nexthop *h = &r->nexthops[r->n_nexthops++];

	h->ifindex = ifindex;
	h->weight = weight;
	if (via != NULL)
		h->via = ip_of(via);
}

static void test_route(void **state)
{
	static const char *const prefixes[] = {"10.9.0.0/16", "2001:db8:9::/48"};
	static const char *const near[] = {"10.0.0.2", "2001:db8::2"};
	static const char *const far[] = {"10.0.1.2", "2001:db8:1::2"};

	setup_links();
	for (unsigned k = 0; k < 2; k++) {
		struct xtr_nl_route one = route_to(prefixes[k]), two = one, dev = one, hole = one;
		char want[TEXT_LEN];

		add_hop(&one, t0.ifindex, near[k], 1);
		add_hop(&two, t0.ifindex, near[k], 3);
		add_hop(&two, t1.ifindex, far[k], 0);
		add_hop(&dev, t1.ifindex, NULL, 1);
		hole.type = XTR_NL_BLACKHOLE;

		/* Each replaces the one before; the second time nothing changes. */
		for (unsigned i = 0; i < 2; i++) {
			assert_int_equal(xtr_nl_route_add(m.nl, &one), 0);
			settle(&m);
			snprintf(want, sizeof(want), "unicast %s@t0", near[k]);
			assert_string_equal(main_route(&m, prefixes[k]), want);
		}
		run("ip -%u route show | grep -q '^%s via %s dev t0 proto static'", k ? 6 : 4,
		    prefixes[k], near[k]);
		assert_int_equal(xtr_nl_route_add(m.nl, &two), 0);
		settle(&m);
		snprintf(want, sizeof(want), "unicast %s@t0*3 %s@t1*1", near[k], far[k]);
		assert_string_equal(main_route(&m, prefixes[k]), want);
		assert_int_equal(xtr_nl_route_add(m.nl, &dev), 0);
		settle(&m);
		assert_string_equal(main_route(&m, prefixes[k]), "unicast t1");
		assert_int_equal(xtr_nl_route_del(m.nl, &dev), 0);
		assert_int_equal(xtr_nl_route_del(m.nl, &dev), 0);
		assert_int_equal(xtr_nl_route_add(m.nl, &hole), 0);
		settle(&m);
		assert_string_equal(main_route(&m, prefixes[k]), "blackhole");
		assert_like_new(&m);
		assert_int_equal(xtr_nl_route_del(m.nl, &hole), 0);
		assert_int_equal(xtr_nl_route_add(m.nl, &two), 0);
		assert_int_equal(xtr_nl_route_del(m.nl, &two), 0);
		settle(&m);
		assert_string_equal(main_route(&m, prefixes[k]), "none");
		assert_like_new(&m);
	}
	close_links();
}

static void test_route_more(void **state)
{
	struct xtr_nl_route r;
	char buf[TEXT_LEN];

	setup_links();
	/* IPv4 by way of IPv6, default, metric, another table. */
	r = route_to("10.9.0.0/16");
	add_hop(&r, t0.ifindex, "2001:db8::5", 1);
	assert_int_equal(xtr_nl_route_add(m.nl, &r), 0);
	settle(&m);
	assert_string_equal(main_route(&m, "10.9.0.0/16"), "unicast 2001:db8::5@t0");
	add_hop(&r, t1.ifindex, "10.0.1.2", 7);
	assert_int_equal(xtr_nl_route_add(m.nl, &r), 0);
	settle(&m);
	assert_string_equal(
	    main_route(&m, "10.9.0.0/16"), "unicast 2001:db8::5@t0*1 10.0.1.2@t1*7");

	/* The interface may be left to Linux. */
	r = route_to("0.0.0.0/0");
	r.metric = 200;
	add_hop(&r, 0, "10.0.1.9", 1);
	assert_int_equal(xtr_nl_route_add(m.nl, &r), 0);
	settle(&m);
	assert_string_equal(route_text(find_route(&m, "0.0.0.0/0", RT_TABLE_MAIN, 200), buf),
	    "unicast 10.0.1.9@t1");
	r.table = 1000;
	assert_int_equal(xtr_nl_route_add(m.nl, &r), 0);
	run("ip route show table 1000 | grep -q '^default via 10.0.1.9 dev t1 proto static metric "
	    "200'");
	assert_int_equal(xtr_nl_route_del(m.nl, &r), 0);
	run("test -z \"$(ip route show table 1000)\"");
	settle(&m);
	assert_non_null(find_route(&m, "0.0.0.0/0", RT_TABLE_MAIN, 200));

	/* Another's route of the same prefix stays: of another protocol, or with other next hops.
	 */
	run("ip route add 10.8.0.0/16 via 10.0.0.2 && "
	    "ip route add 10.7.0.0/16 via 10.0.0.2 metric 5 proto static");
	r = route_to("10.8.0.0/16");
	assert_int_equal(xtr_nl_route_del(m.nl, &r), 0);
	r = route_to("10.7.0.0/16");
	add_hop(&r, t1.ifindex, "10.0.1.2", 1);
	assert_int_equal(xtr_nl_route_del(m.nl, &r), 0);
	settle(&m);
	assert_string_equal(main_route(&m, "10.8.0.0/16"), "unicast 10.0.0.2@t0");
	assert_non_null(find_route(&m, "10.7.0.0/16", RT_TABLE_MAIN, 5));

	r = route_to("10.6.0.0/16");
	assert_int_equal(xtr_nl_route_add(m.nl, &r), -EINVAL); /* no next hop */
	add_hop(&r, t0.ifindex, "192.0.2.77", 1);
	assert_int_equal(xtr_nl_route_add(m.nl, &r), -ENETUNREACH); /* unreachable gateway */
	r.type = XTR_NL_LOCAL;
	assert_int_equal(xtr_nl_route_add(m.nl, &r), -EINVAL);
	assert_int_equal(xtr_nl_route_del(m.nl, &r), -EINVAL);
	r.type = XTR_NL_UNICAST;
	r.prefix.plen = 33;
	assert_int_equal(xtr_nl_route_add(m.nl, &r), -EINVAL);
	r.prefix.plen = 16;
	r.n_nexthops = XTR_NL_MAX_NEXTHOPS + 1;
	assert_int_equal(xtr_nl_route_add(m.nl, &r), -EINVAL);

	/* As many next hops as there may be. */
	for (unsigned v = 4; v <= 6; v += 2) {
		char via[XTR_IP_STRLEN];

		r = route_to(v == 4 ? "10.6.0.0/16" : "2001:db8:6::/48");
		for (unsigned i = 0; i < XTR_NL_MAX_NEXTHOPS; i++) {
			snprintf(via, sizeof(via), v == 4 ? "10.0.0.%u" : "2001:db8::%u", 10 + i);
			add_hop(&r, t0.ifindex, via, 1);
		}
		assert_int_equal(xtr_nl_route_add(m.nl, &r), 0);
		settle(&m);
		assert_int_equal(find_route(&m, v == 4 ? "10.6.0.0/16" : "2001:db8:6::/48",
				     RT_TABLE_MAIN, v == 4 ? 0 : 1024)
				     ->n_nexthops,
		    XTR_NL_MAX_NEXTHOPS);
	}
	assert_like_new(&m);
	close_links();
}

static void test_rule(void **state)
{
	static const struct {
		const char *prefix;
		bool to;
		uint32_t table, priority;
		const char *shown;
	} cases[] = {
	    {"10.1.1.0/24", false, 100, 1000, "^1000:.from 10.1.1.0/24 iif lo lookup 100 "},
	    {"2001:db8:1::/48", false, 1000, 1000,
		"^1000:.from 2001:db8:1::/48 iif lo lookup 1000 "},
	    {"0.0.0.0/0", false, 101, 1001, "^1001:.from all iif lo lookup 101 "},
	    {"192.0.2.0/24", true, 100, 1000, "^1000:.from all to 192.0.2.0/24 iif lo lookup 100 "},
	};
	struct xtr_nl_rule bad = {0};

	setup_links();
	for (unsigned i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
		/* twice each: what is there already is no error */
		struct xtr_nl_rule r = {prefix_of(cases[i / 2].prefix), cases[i / 2].to};

		assert_int_equal(
		    xtr_nl_rule_add(m.nl, &r, cases[i / 2].table, cases[i / 2].priority), 0);
	}
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		run("test \"$( (ip -4 rule; ip -6 rule) | grep -c '%s')\" = 1", cases[i].shown);
	for (unsigned i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
		struct xtr_nl_rule r = {prefix_of(cases[i / 2].prefix), cases[i / 2].to};

		assert_int_equal(
		    xtr_nl_rule_del(m.nl, &r, cases[i / 2].table, cases[i / 2].priority), 0);
	}
	run("! ip -4 rule | grep -q 'iif lo' && ! ip -6 rule | grep -q 'iif lo'");
	assert_int_equal(xtr_nl_rule_add(m.nl, &bad, 100, 1000), -EINVAL);
	close_links();
}

/* ---- neighbours ---- */

struct asked {
	const uint8_t *ip;
	unsigned len; /* of ip: 4 or 16 */
	bool broadcast;
};

/* Is this frame an ARP request, or a neighbour solicitation (RFC 4861 section 4.3), for the
 * address? */
static bool is_question(const uint8_t *p, int len, const struct asked *q)
{
	bool to_all = p[0] & 1;

	if (to_all != q->broadcast)
		return false;
	if (q->len == 4)
		return len >= 42 && p[12] == 0x08 && p[13] == 0x06 && p[21] == 1 &&
		       memcmp(p + 38, q->ip, 4) == 0;
	return len >= 78 && p[12] == 0x86 && p[13] == 0xdd && p[20] == 58 && p[54] == 135 &&
	       memcmp(p + 62, q->ip, 16) == 0;
}

/* Waits at most ms for the question; netlink is served meanwhile. */
static bool asks(const struct asked *q, int ms)
{
	struct pollfd pfd = {.fd = t0.fd, .events = POLLIN};
	int64_t end = now_ms() + ms;
	uint8_t buf[2048];
	int n;

	for (;;) {
		n = xtr_tap_read(&t0, buf, sizeof(buf));
		if (n > 14 && is_question(buf, n, q))
			return true;
		if (n > 0)
			continue;
		assert_int_equal(n, -EAGAIN);
		if (now_ms() >= end)
			return false;
		pump(&m, 0);
		poll(&pfd, 1, 10);
	}
}

static void test_neigh_set(void **state)
{
	static const uint8_t mac[6] = {0x02, 0, 0, 0, 0, 0x99}, other[6] = {0x02, 0, 0, 0, 0, 0x98};
	struct xtr_ip v4 = ip_of("10.0.0.9"), v6 = ip_of("2001:db8::9"), none = {0};
	struct asked q4 = {.ip = v4.b, .len = 4, .broadcast = true};

	setup_links();
	assert_int_equal(xtr_nl_neigh_set(m.nl, t0.ifindex, &v4, mac), 0);
	assert_int_equal(xtr_nl_neigh_set(m.nl, t0.ifindex, &v4, other), 0);
	assert_int_equal(xtr_nl_neigh_set(m.nl, t0.ifindex, &v6, mac), 0);
	settle(&m);
	assert_true(find_neigh(&m, t0.ifindex, "10.0.0.9")->usable);
	assert_memory_equal(find_neigh(&m, t0.ifindex, "10.0.0.9")->mac, other, 6);
	assert_memory_equal(find_neigh(&m, t0.ifindex, "2001:db8::9")->mac, mac, 6);

	/* NTF_USE must not spoil it: known by our own change, by an event, and by a dump. */
	assert_int_equal(xtr_nl_neigh_use(m.nl, t0.ifindex, &v4), 0);
	run("ip neigh add 10.0.0.8 lladdr 02:00:00:00:00:97 nud permanent dev t0");
	settle(&m);
	v4 = ip_of("10.0.0.8");
	assert_int_equal(xtr_nl_neigh_use(m.nl, t0.ifindex, &v4), 0);
	close_mirror(&m);
	open_mirror(&m);
	assert_int_equal(xtr_nl_neigh_use(m.nl, t0.ifindex, &v4), 0);
	assert_int_equal(xtr_nl_neigh_use(m.nl, t0.ifindex, &v6), 0);
	run("test $(ip neigh show nud permanent dev t0 | wc -l) = 3");

	/* Once it is not permanent any more, it is asked for. */
	run("ip neigh del 10.0.0.8 dev t0");
	settle(&m);
	assert_int_equal(xtr_nl_neigh_use(m.nl, t0.ifindex, &v4), 0);
	q4.ip = v4.b;
	assert_true(asks(&q4, WAIT_MS));

	assert_int_equal(xtr_nl_neigh_set(m.nl, 4711, &v4, mac), -ENODEV);
	assert_int_equal(xtr_nl_neigh_use(m.nl, 4711, &v4), -ENODEV);
	assert_int_equal(xtr_nl_neigh_set(m.nl, t0.ifindex, &none, mac), -EINVAL);
	assert_int_equal(xtr_nl_neigh_use(m.nl, t0.ifindex, &none), -EINVAL);
	/* Errors left unread do not confuse the next change. */
	assert_int_equal(xtr_nl_link_set(m.nl, t0.ifindex, true, 1300), 0);
	close_links();
}

static void use(const char *text, const char *family)
{
	struct xtr_ip ip = ip_of(text);
	struct asked q = {.ip = ip.b, .len = xtr_ip_bits(&ip) / 8, .broadcast = true};
	const struct xtr_nl_neigh *n;
	char path[64];

	/* STALE -> DELAY -> PROBE: without waiting 5 s in between. Give up at once without an
	 * answer. */
	snprintf(path, sizeof(path), "%s/neigh/t0/delay_first_probe_time", family);
	set_sysctl(path, "0");
	snprintf(path, sizeof(path), "%s/neigh/t0/mcast_solicit", family);
	set_sysctl(path, "1");
	snprintf(path, sizeof(path), "%s/neigh/t0/retrans_time_ms", family);
	set_sysctl(path, "50");

	/* Unknown: asked for. Nobody answers: failed. */
	assert_false(asks(&q, 0));
	assert_int_equal(xtr_nl_neigh_use(m.nl, t0.ifindex, &ip), 0);
	assert_true(asks(&q, WAIT_MS));
	WAIT(&m, (n = find_neigh(&m, t0.ifindex, text)) != NULL && n->failed);
	assert_false(n->usable);

	/* Failed: asked for again. */
	assert_int_equal(xtr_nl_neigh_use(m.nl, t0.ifindex, &ip), 0);
	assert_true(asks(&q, WAIT_MS));

	/* Stale: usable, nobody asks of itself; then the neighbour itself is asked. */
	run("ip neigh replace %s lladdr 02:00:00:00:00:99 nud stale dev t0", text);
	settle(&m);
	assert_true(find_neigh(&m, t0.ifindex, text)->usable);
	q.broadcast = false;
	assert_int_equal(xtr_nl_neigh_use(m.nl, t0.ifindex, &ip), 0);
	assert_true(asks(&q, WAIT_MS));
}

static void test_neigh_use(void **state)
{
	setup_links();
	use("10.0.0.50", "ipv4");
	use("2001:db8::50", "ipv6");
	close_links();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_link),
	    cmocka_unit_test(test_address),
	    cmocka_unit_test(test_route),
	    cmocka_unit_test(test_route_more),
	    cmocka_unit_test(test_rule),
	    cmocka_unit_test(test_neigh_set),
	    cmocka_unit_test(test_neigh_use),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
