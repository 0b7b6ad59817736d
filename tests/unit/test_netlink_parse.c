/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Netlink messages cut short or scrambled, and the set of keys. Needs no privileges.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdlib.h>
#include <cmocka.h>
#include <linux/neighbour.h>
#include <linux/nexthop.h>
#include "control/kernel/netlink_priv.h"

static uint32_t seed = 12345;

static uint32_t rnd(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	return seed;
}

static struct xtr_nl_key key(unsigned i)
{
	uint8_t bytes[4] = {10, 0, (uint8_t)(i >> 8), (uint8_t)i};
	struct xtr_ip ip = xtr_ip4(bytes);

	return xtr_nl_key(&ip, 32, 254, 0);
}

static void test_set(void **state)
{
	static bool reference[2000];
	struct xtr_nl_set s = {0};
	struct xtr_nl_key k;
	size_t n = 0;

	k = key(1);
	assert_false(xtr_nl_set_has(&s, &k));
	xtr_nl_set_del(&s, &k);
	for (unsigned round = 0; round < 100000; round++) {
		/* Grows to about 3/4 of the keys, then shrinks. */
		unsigned i = rnd() % 2000;
		bool add = rnd() % 4 < (round < 50000 ? 3u : 1u);

		k = key(i);
		assert_int_equal(xtr_nl_set_has(&s, &k), reference[i]);
		if (add)
			assert_int_equal(xtr_nl_set_add(&s, &k), 0);
		else
			xtr_nl_set_del(&s, &k);
		n += add && !reference[i];
		n -= !add && reference[i];
		reference[i] = add;
		assert_int_equal(s.n, n);
	}
	for (unsigned i = 0; i < 2000; i++) {
		k = key(i);
		assert_int_equal(xtr_nl_set_has(&s, &k), reference[i]);
	}
	xtr_nl_set_clear(&s);
	k = key(5);
	assert_false(xtr_nl_set_has(&s, &k));
	assert_int_equal(s.n, 0);
}

/* ---- messages ---- */

static unsigned reported;

static void count_route(void *arg, const struct xtr_nl_route *r, bool gone)
{
	assert_true(r->n_nexthops <= XTR_NL_MAX_NEXTHOPS);
	assert_true(r->prefix.plen <= xtr_ip_bits(&r->prefix.ip));
	reported++;
}

static struct nlmsghdr *begin(void *buf, uint16_t type, size_t hdr, uint8_t family)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);

	nlh->nlmsg_type = type;
	*(uint8_t *)mnl_nlmsg_put_extra_header(nlh, hdr) = family;
	return nlh;
}

static void put_route(void *buf)
{
	static const uint8_t dst[4] = {10, 1, 0, 0}, via[4] = {10, 0, 0, 2};
	struct nlmsghdr *nlh = begin(buf, RTM_NEWROUTE, sizeof(struct rtmsg), AF_INET);
	struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);
	struct nlattr *nest;

	rtm->rtm_dst_len = 16;
	rtm->rtm_type = RTN_UNICAST;
	rtm->rtm_table = RT_TABLE_MAIN;
	mnl_attr_put(nlh, RTA_DST, 4, dst);
	mnl_attr_put_u32(nlh, RTA_PRIORITY, 7);
	nest = mnl_attr_nest_start(nlh, RTA_MULTIPATH);
	for (unsigned i = 0; i < XTR_NL_MAX_NEXTHOPS + 4; i++) {
		struct rtnexthop *nh = mnl_nlmsg_get_payload_tail(nlh);

		memset(nh, 0, sizeof(*nh));
		nh->rtnh_ifindex = 2;
		nlh->nlmsg_len += sizeof(*nh);
		mnl_attr_put(nlh, RTA_GATEWAY, 4, via);
		nh->rtnh_len = sizeof(*nh) + 8;
	}
	mnl_attr_nest_end(nlh, nest);
}

static void put_via(void *buf)
{
	static const uint8_t via[18] = {AF_INET6, 0, 0x20, 0x01, 0x0d, 0xb8};
	struct nlmsghdr *nlh = begin(buf, RTM_NEWROUTE, sizeof(struct rtmsg), AF_INET);
	struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);

	rtm->rtm_type = RTN_UNICAST;
	mnl_attr_put_u32(nlh, RTA_TABLE, RT_TABLE_MAIN);
	mnl_attr_put_u32(nlh, RTA_OIF, 3);
	mnl_attr_put(nlh, RTA_VIA, sizeof(via), via);
}

static void put_nexthop_group(void *buf)
{
	struct nexthop_grp g[3] = {{.id = 1}, {.id = 2, .weight = 255}, {.id = 3}};
	struct nlmsghdr *nlh = begin(buf, RTM_NEWNEXTHOP, sizeof(struct nhmsg), AF_UNSPEC);

	mnl_attr_put_u32(nlh, NHA_ID, 9);
	mnl_attr_put(nlh, NHA_GROUP, sizeof(g), g);
}

static void put_link(void *buf)
{
	static const uint8_t mac[6] = {2, 0, 0, 0, 0, 1};
	struct nlmsghdr *nlh = begin(buf, RTM_NEWLINK, sizeof(struct ifinfomsg), AF_UNSPEC);

	/* A name longer than the kernel's, and no zero byte behind it. */
	mnl_attr_put_str(nlh, IFLA_IFNAME, "abcdefghijklmnopqrstuvwxyz");
	mnl_attr_put_u32(nlh, IFLA_MTU, 1500);
	mnl_attr_put(nlh, IFLA_ADDRESS, sizeof(mac), mac);
}

static void put_addr(void *buf)
{
	static const uint8_t ip[16] = {0x20, 0x01};
	struct nlmsghdr *nlh = begin(buf, RTM_NEWADDR, sizeof(struct ifaddrmsg), AF_INET6);
	struct ifaddrmsg *ifa = mnl_nlmsg_get_payload(nlh);

	ifa->ifa_prefixlen = 64;
	mnl_attr_put(nlh, IFA_ADDRESS, sizeof(ip), ip);
	mnl_attr_put_u32(nlh, IFA_FLAGS, IFA_F_TENTATIVE);
}

static void put_neigh(void *buf)
{
	static const uint8_t ip[4] = {10, 0, 0, 9}, mac[6] = {2, 0, 0, 0, 0, 1};
	struct nlmsghdr *nlh = begin(buf, RTM_NEWNEIGH, sizeof(struct ndmsg), AF_INET);
	struct ndmsg *ndm = mnl_nlmsg_get_payload(nlh);

	ndm->ndm_state = NUD_REACHABLE;
	mnl_attr_put(nlh, NDA_DST, sizeof(ip), ip);
	mnl_attr_put(nlh, NDA_LLADDR, sizeof(mac), mac);
}

static void feed(struct xtr_nl *nl, const struct nlmsghdr *nlh)
{
	struct xtr_nl_link l;
	struct xtr_nl_addr a;
	struct xtr_nl_neigh n;
	bool permanent;

	switch (nlh->nlmsg_type) {
	case RTM_NEWLINK:
		if (xtr_nl_parse_link(nlh, &l) == 0)
			assert_int_equal(l.name[IFNAMSIZ - 1], '\0');
		break;
	case RTM_NEWADDR:
		if (xtr_nl_parse_addr(nlh, &a) == 0)
			assert_true(a.plen <= xtr_ip_bits(&a.ip));
		break;
	case RTM_NEWNEIGH:
		if (xtr_nl_parse_neigh(nlh, &n, &permanent) == 0)
			assert_int_not_equal(n.ip.af, 0);
		break;
	case RTM_NEWROUTE:
		xtr_nl_route_dumped(nl, nlh);
		xtr_nl_route_flush(nl);
		break;
	default:
		xtr_nl_nexthop_update(nl, nlh, false);
		break;
	}
}

static void (*const makers[])(void *buf) = {
    put_route, put_via, put_nexthop_group, put_link, put_addr, put_neigh};
#define N_MAKERS (sizeof(makers) / sizeof(makers[0]))

static void init(struct xtr_nl *nl)
{
	memset(nl, 0, sizeof(*nl));
	nl->ops.route = count_route;
	nl->cur = -1;
	/* Nothing is sent from here: it only marks that a dump is wanted. */
	nl->in_read = true;
	reported = 0;
}

static void clear(struct xtr_nl *nl)
{
	xtr_nl_nexthop_clear(nl);
	xtr_nl_set_clear(&nl->multi);
	xtr_nl_set_clear(&nl->multi_next);
}

static void test_whole(void **state)
{
	uint8_t buf[2048] __attribute__((aligned(8)));
	const struct nlmsghdr *nlh = (const struct nlmsghdr *)(const void *)buf;
	struct xtr_nl nl;
	struct xtr_nl_route r = {0};
	struct xtr_nl_link l;
	struct xtr_nl_addr a;
	struct xtr_nl_neigh n;
	bool permanent;

	init(&nl);
	put_route(buf);
	xtr_nl_route_dumped(&nl, nlh);
	/* More next hops than there is room for are cut off. */
	assert_int_equal(nl.held.n_nexthops, XTR_NL_MAX_NEXTHOPS);
	assert_int_equal(nl.held.metric, 7);
	put_via(buf);
	xtr_nl_route_dumped(&nl, nlh);
	assert_int_equal(reported, 1);
	assert_int_equal(nl.held.nexthops[0].via.af, 6);
	assert_int_equal(nl.held.nexthops[0].ifindex, 3);
	put_link(buf);
	assert_int_equal(xtr_nl_parse_link(nlh, &l), 0);
	assert_string_equal(l.name, "abcdefghijklmno");
	assert_int_equal(l.mac[5], 1);
	put_addr(buf);
	assert_int_equal(xtr_nl_parse_addr(nlh, &a), 0);
	assert_true(a.tentative);
	put_neigh(buf);
	assert_int_equal(xtr_nl_parse_neigh(nlh, &n, &permanent), 0);
	assert_true(n.usable && !n.failed && !permanent);
	/* A group whose members are not known is no route. */
	put_nexthop_group(buf);
	xtr_nl_nexthop_update(&nl, nlh, false);
	assert_int_equal(nl.n_nhobj, 1);
	assert_int_equal(nl.nhobj[0].members[1].weight, 255);
	assert_int_equal(xtr_nl_nexthop_resolve(&nl, 9, &r), -ENOENT);
	clear(&nl);
}

/* A route that names a next-hop object which is not known yet: the dump has to say more. */
static void test_unresolved(void **state)
{
	uint8_t buf[256] __attribute__((aligned(8)));
	struct nlmsghdr *nlh = begin(buf, RTM_NEWROUTE, sizeof(struct rtmsg), AF_INET);
	struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);
	struct xtr_nl nl;

	init(&nl);
	rtm->rtm_type = RTN_UNICAST;
	rtm->rtm_table = RT_TABLE_MAIN;
	mnl_attr_put_u32(nlh, RTA_NH_ID, 77);
	nlh->nlmsg_flags = NLM_F_EXCL;
	xtr_nl_route_event(&nl, nlh, false);
	assert_int_equal(reported, 1);
	assert_int_equal(nl.pending, 1u << XTR_NL_ROUTE);
	nl.cur = XTR_NL_ROUTE;
	xtr_nl_route_dumped(&nl, nlh);
	assert_true(nl.interrupted);
	clear(&nl);
}

/* Each message cut at each length, in memory that ends there. */
static void test_truncated(void **state)
{
	uint8_t buf[2048] __attribute__((aligned(8)));
	struct xtr_nl nl;

	init(&nl);
	for (unsigned i = 0; i < N_MAKERS; i++) {
		memset(buf, 0, sizeof(buf));
		makers[i](buf);
		uint32_t whole = ((struct nlmsghdr *)(void *)buf)->nlmsg_len;

		for (uint32_t len = NLMSG_HDRLEN; len <= whole; len++) {
			struct nlmsghdr *cut = malloc(len);

			assert_non_null(cut);
			memcpy(cut, buf, len);
			cut->nlmsg_len = len;
			feed(&nl, cut);
			free(cut);
		}
	}
	assert_true(reported > 0);
	clear(&nl);
}

static void test_scrambled(void **state)
{
	uint8_t buf[2048] __attribute__((aligned(8)));
	struct xtr_nl nl;

	init(&nl);
	for (unsigned round = 0; round < 50000; round++) {
		memset(buf, 0, sizeof(buf));
		makers[round % N_MAKERS](buf);
		uint32_t len = ((struct nlmsghdr *)(void *)buf)->nlmsg_len;
		uint16_t type = ((struct nlmsghdr *)(void *)buf)->nlmsg_type;
		struct nlmsghdr *m = malloc(len);

		assert_non_null(m);
		for (unsigned i = rnd() % 6; i-- > 0;)
			buf[NLMSG_HDRLEN + rnd() % (len - NLMSG_HDRLEN)] = rnd();
		memcpy(m, buf, len);
		m->nlmsg_type = type;
		feed(&nl, m);
		free(m);
	}
	assert_true(reported > 0);
	clear(&nl);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_set),
	    cmocka_unit_test(test_whole),
	    cmocka_unit_test(test_unresolved),
	    cmocka_unit_test(test_truncated),
	    cmocka_unit_test(test_scrambled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
