/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ports in Linux: what a real kernel says of IPv6 addresses, routes and neighbours stands in the
 * tables, its neighbour discovery goes out and comes in, and what it sends from an EID is
 * encapsulated. IPv4 where the two meet.
 */
#include "forwarding_fixture.h"

#include <net/if.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <rte_ether.h>
#include <sys/socket.h>
#include "control/kernel/mirror_impl.h"
#include "datapath/ip6.h"

#define R1   "2001:db8:c::2" /* neighbours on the core port */
#define R2   "2001:db8:c::3"
#define MAC1 "02:aa:00:00:00:02"
#define MAC2 "02:aa:00:00:00:03"

static const char mirrored[] =
    "operator-socket = \"%1$s/sock\"; state-directory = \"%1$s/state\";\n"
    "ports = (\n"
    "  { name = \"site\"; device = \"net_ring_a\"; side = \"site\";\n"
    "    addresses = [ \"2001:db8:1::1/64\", \"10.1.0.1/24\" ]; },\n"
    "  { name = \"core\"; device = \"net_ring_b\"; side = \"core\"; mtu = 1400;\n"
    "    addresses = [ \"2001:db8:c::1/64\", \"192.0.2.1/24\" ]; },\n"
    "  { name = \"world\"; device = \"net_ring_c\"; side = \"core\"; },\n"
    "  { name = \"site5\"; device = \"net_ring_d\"; side = \"site\"; instance-id = 5; } );\n"
    "routes = ( { prefix = \"2001:db8:f::/48\"; via = \"" R1 "\"; },\n"
    "           { prefix = \"198.51.100.0/24\"; via = \"" R1 "\"; port = \"core\"; } );\n"
    "neighbours = ( { address = \"" R1 "\"; mac = \"" MAC1 "\"; port = \"core\"; },\n"
    "               { address = \"" R2 "\"; mac = \"" MAC2 "\"; port = \"core\"; } );\n"
    "map-resolver = [ \"2001:db8:c::53\" ];\n"
    "database-mapping = (\n"
    "  { eid-prefix = \"2001:db8:1::/48\"; locators = ( { rloc = \"2001:db8:c::1\"; } ); },\n"
    "  { eid-prefix = \"10.1.0.0/16\"; locators = ( { rloc = \"2001:db8:c::1\"; } ); } );\n"
    "map-cache = ( { eid-prefix = \"2001:db8:2::/48\"; locators = ( { rloc = \"" R1 "\"; } ); },\n"
    "              { eid-prefix = \"10.2.0.0/16\"; locators = ( { rloc = \"" R1 "\"; } ); } );\n"
    "lisp = { probe-interval-ms = 0; };\n"
    "%2$s\n";

static void turn(struct f *f)
{
	xtr_ctl_turn(f->ctl, 2000);
	xtr_worker_turn(f->w);
}

#define UNTIL(f, condition)                                                                        \
	do {                                                                                       \
		int64_t end_ = now_ms() + WAIT_MS;                                                 \
		while (!(condition)) {                                                             \
			if (now_ms() > end_)                                                       \
				fail_msg("did not come: %s", #condition);                          \
			turn(f);                                                                   \
		}                                                                                  \
	} while (0)

/* --- what the workers' routes have for an address, as text --- */

static const char *way(struct f *f, const char *address)
{
	static char text[128];
	const struct xtr_fwd *fwd;
	const struct xtr_nbr *nbr;
	char hop[XTR_IP_STRLEN];
	struct xtr_ip ip;
	uint32_t index;

	assert_int_equal(xtr_ip_parse(address, &ip), 0);
	fwd = xtr_forwarding_route(f->ctl, &ip, &index);
	switch (fwd->action) {
	case XTR_FWD_NONE:
		return "none";
	case XTR_FWD_LOCAL:
		return fwd->reason == XTR_LOCAL_ROUTE ? "linux" : "local";
	case XTR_FWD_DROP:
		return xtr_drop_name((enum xtr_drop)fwd->reason);
	case XTR_FWD_GLEAN:
		snprintf(text, sizeof(text), "connected %s", f->cfg->ports[fwd->target].name);
		return text;
	case XTR_FWD_FORWARD:
		break;
	default:
		return "?";
	}
	if (fwd->set_log2)
		return "several";
	nbr = xtr_rib_nbr(f->ctl->rib, fwd->target);
	snprintf(text, sizeof(text), "%s %s%s", xtr_ip_format(&nbr->key.ip, hop),
	    f->cfg->ports[nbr->key.port].name, nbr->known ? "" : " unknown");
	return text;
}

#define WAY(f, address, text) UNTIL(f, !strcmp(way(f, address), text))

/* What the control lcore knew before it read of the change is no answer: all is read first. */
#define STAYS(f, address, text)                                                                    \
	do {                                                                                       \
		UNTIL(f, xtr_mirror_in_sync((f)->ctl->mirror));                                    \
		assert_string_equal(way(f, address), text);                                        \
	} while (0)

static struct f *mirrored_lab(void)
{
	struct f *f = begin_with(mirrored, "");

	UNTIL(f, f->ctl->ready);
	return f;
}

static void empty(struct f *f)
{
	struct rte_mbuf *m;

	for (unsigned i = 0; i < PORTS; i++)
		while (rte_ring_dequeue(f->tx[i], (void **)&m) == 0)
			rte_pktmbuf_free(m);
}

/* What Linux has said on its links goes with it. */
static void finish(struct f *f)
{
	xtr_worker_turn(f->w);
	empty(f);
	end(f);
}

static void addresses(void **state)
{
	struct f *f = mirrored_lab();
	char lla[64], cmd[128];
	FILE *p;

	/* Linux works on a new address in the background, if for a moment only */
	WAY(f, "2001:db8:c::1", "local");
	WAY(f, "2001:db8:1::1", "local");
	WAY(f, "192.0.2.1", "local");
	WAY(f, "2001:db8:c::77", "connected core");
	WAY(f, "2001:db8:1::77", "connected site");
	/* RFC 4291 section 2.6.1: a router's, of each of its networks */
	WAY(f, "2001:db8:c::", "local");
	/* what means something on a link only is not routed, but for our own addresses */
	assert_string_equal(way(f, "fe80::77"), "none");
	assert_string_equal(way(f, "ff02::1"), "none");
	snprintf(cmd, sizeof(cmd), "ip -6 -br addr show dev core scope link | grep -o 'fe80[^/]*'");
	p = popen(cmd, "r");
	assert_non_null(fgets(lla, sizeof(lla), p));
	pclose(p);
	lla[strcspn(lla, "\n")] = 0;
	WAY(f, lla, "local");
	/* usable from the first moment */
	run("! ip -6 addr show tentative | grep -q inet6");
	run("ip -6 addr show dev core | grep '2001:db8:c::1/64' | grep -q nodad");
	/* the interface goes down and comes back: addresses stay (keep_addr_on_down) */
	run("ip link set core down");
	WAY(f, "2001:db8:c::77", "none");
	run("ip link set core up");
	WAY(f, "2001:db8:c::77", "connected core");
	WAY(f, "2001:db8:c::1", "local");
	/* no carrier: Linux keeps the addresses, and no next hop there is used */
	xtr_mirror_carrier(f->ctl->mirror, CORE, false);
	WAY(f, "2001:db8:c::77", "none");
	STAYS(f, "2001:db8:c::1", "local");
	xtr_mirror_carrier(f->ctl->mirror, CORE, true);
	WAY(f, "2001:db8:c::77", "connected core");
	/* one that goes */
	run("ip addr add 2001:db8:d::1/64 dev world");
	WAY(f, "2001:db8:d::1", "local");
	run("ip addr del 2001:db8:d::1/64 dev world");
	WAY(f, "2001:db8:d::1", "none");
	finish(f);
}

static void routes(void **state)
{
	struct f *f = mirrored_lab();

	/* of the configuration; IPv4 by an IPv6 next hop (RFC 8950) */
	WAY(f, "2001:db8:f::9", R1 " core");
	WAY(f, "198.51.100.9", R1 " core");
	run("ip -4 route show 198.51.100.0/24 | grep -q 'via inet6 " R1 "'");
	/* the three that lead nowhere, which Linux says are routes out of lo */
	run("ip -6 route add blackhole 2001:db8:a1::/48");
	run("ip -6 route add unreachable 2001:db8:a2::/48");
	run("ip -6 route add prohibit 2001:db8:a3::/48");
	WAY(f, "2001:db8:a1::1", "route-blackhole");
	WAY(f, "2001:db8:a2::1", "route-unreachable");
	WAY(f, "2001:db8:a3::1", "route-prohibit");
	run("ip -6 route del blackhole 2001:db8:a1::/48");
	WAY(f, "2001:db8:a1::1", "none");
	/* several next hops at once, and one after the other; the lower metric first */
	run("ip -6 route add 2001:db8:b1::/48 nexthop via " R1 " dev core nexthop via " R2
	    " dev core");
	WAY(f, "2001:db8:b1::1", "several");
	run("ip -6 route add 2001:db8:b2::/48 via " R1);
	WAY(f, "2001:db8:b2::1", R1 " core");
	run("ip -6 route append 2001:db8:b2::/48 via " R2);
	WAY(f, "2001:db8:b2::1", "several");
	run("ip -6 route del 2001:db8:b2::/48 via " R1);
	WAY(f, "2001:db8:b2::1", R2 " core");
	run("ip -6 route add 2001:db8:b2::/48 via " R1 " metric 10");
	WAY(f, "2001:db8:b2::1", R1 " core");
	run("ip -6 route del 2001:db8:b2::/48 via " R1 " metric 10");
	WAY(f, "2001:db8:b2::1", R2 " core");
	/* next-hop objects, single and a group */
	run("ip nexthop add id 1 via " R1 " dev core");
	run("ip nexthop add id 2 via " R2 " dev core");
	run("ip nexthop add id 12 group 1/2");
	run("ip -6 route add 2001:db8:b3::/48 nhid 1");
	WAY(f, "2001:db8:b3::1", R1 " core");
	run("ip -6 route replace 2001:db8:b3::/48 nhid 12");
	WAY(f, "2001:db8:b3::1", "several");
	run("ip -4 route add 203.0.113.0/24 nhid 2");
	WAY(f, "203.0.113.9", R2 " core");
	run("ip nexthop del id 2");
	WAY(f, "203.0.113.9", "none");
	WAY(f, "2001:db8:b3::1", R1 " core");
	/* a link-local next hop is known by its port */
	run("ip -6 route add 2001:db8:b4::/48 via fe80::99 dev core");
	WAY(f, "2001:db8:b4::1", "fe80::99 core unknown");
	run("ip -6 neigh replace fe80::99 lladdr " MAC2 " dev core nud permanent");
	WAY(f, "2001:db8:b4::1", "fe80::99 core");
	/* out of an interface that is none of our ports: Linux forwards */
	run("ip link add other type veth peer name far");
	run("ip link set other up && ip link set far up");
	run("ip -6 route add 2001:db8:b5::/48 dev other");
	WAY(f, "2001:db8:b5::1", "linux");
	run("ip -6 route add default via " R2);
	WAY(f, "2620::1", R2 " core");
	finish(f);
}

static void neighbours(void **state)
{
	struct f *f = mirrored_lab();

	WAY(f, R1, R1 " core");
	run("ip -6 neigh add 2001:db8:1::4 lladdr 02:aa:00:00:00:04 dev site nud stale");
	WAY(f, "2001:db8:1::4", "2001:db8:1::4 site");
	run("ip -6 neigh del 2001:db8:1::4 dev site");
	WAY(f, "2001:db8:1::4", "connected site");
	/* of another link: known there, but no host of this one */
	run("ip -6 neigh add 2001:db8:1::5 lladdr 02:aa:00:00:00:05 dev core nud stale");
	STAYS(f, "2001:db8:1::5", "connected site");
	finish(f);
}

/* Is this (NULL: none) what the port without configured addresses sends from? */
static bool sends_from(struct f *f, uint8_t af, const char *address)
{
	struct xtr_ip ip, want;

	if (!xtr_ctl_port_address(f->ctl, WORLD, af, &ip))
		return !address;
	return address && xtr_ip_parse(address, &want) == 0 && xtr_ip_equal(&ip, &want);
}

static json_int_t overruns(struct f *f)
{
	json_t *counters = json_object();
	json_int_t n;

	xtr_mirror_counters(f->ctl->mirror, counters);
	n = json_integer_value(json_object_get(counters, "netlink-overruns"));
	json_decref(counters);
	return n;
}

/* Events are lost, and the dump says what is there (ENOBUFS). */
static void overrun(void **state)
{
	struct f *f = mirrored_lab();
	char path[64];
	int tiny = 4096;

	assert_int_equal(setsockopt(xtr_nl_event_fd(f->ctl->mirror->nl), SOL_SOCKET, SO_RCVBUF,
			     &tiny, sizeof(tiny)),
	    0);
	snprintf(path, sizeof(path), "%s/batch", f->dir);
	for (unsigned del = 0; del < 2; del++) {
		json_int_t before = overruns(f);
		FILE *out = fopen(path, "w");

		for (unsigned i = 0; i < 1000; i++)
			fprintf(out, "route %s 2001:db8:e000:%x::/64 via " R1 "\n",
			    del ? "del" : "add", i);
		/* one that is there at the end in both cases, and a neighbour and an address too */
		fprintf(out, "route replace 2001:db8:e001::/64 via %s\n", del ? R1 : R2);
		fprintf(
		    out, "neigh replace 2001:db8:1::9 lladdr 02:00:00:00:00:0%u dev site\n", del);
		fprintf(out, "addr %s 2001:db8:d::1/64 dev world nodad\n", del ? "del" : "add");
		fclose(out);
		run("ip -6 -batch %s", path);
		UNTIL(f, overruns(f) > before);
		UNTIL(f, xtr_mirror_in_sync(f->ctl->mirror));
		for (unsigned i = 0; i < 1000; i += 11) {
			char address[64];

			snprintf(address, sizeof(address), "2001:db8:e000:%x::1", i);
			assert_string_equal(way(f, address), del ? "none" : R1 " core");
		}
		WAY(f, "2001:db8:e001::1", del ? R1 " core" : R2 " core");
		WAY(f, "2001:db8:1::9", "2001:db8:1::9 site");
		UNTIL(f, sends_from(f, 6, del ? NULL : "2001:db8:d::1"));
	}
	finish(f);
}

/* --- source addresses of ports that the configuration gives none --- */

static void source_addresses(void **state)
{
	struct f *f = mirrored_lab();

	assert_true(sends_from(f, 6, NULL));
	run("ip addr add 2001:db8:d::1/64 dev world");
	UNTIL(f, sends_from(f, 6, "2001:db8:d::1"));
	run("ip addr add 2001:db8:d::2/64 dev world");
	run("ip addr add 203.0.113.1/24 dev world");
	UNTIL(f, sends_from(f, 4, "203.0.113.1"));
	assert_true(sends_from(f, 6, "2001:db8:d::1"));
	/* the first goes, the other takes its place */
	run("ip addr del 2001:db8:d::1/64 dev world");
	UNTIL(f, sends_from(f, 6, "2001:db8:d::2"));
	run("ip addr del 2001:db8:d::2/64 dev world");
	UNTIL(f, sends_from(f, 6, NULL));
	/* while Linux looks whether it is another's, it is nobody's */
	set_sysctl("ipv6/conf/all/accept_dad", "1");
	set_sysctl("ipv6/conf/world/accept_dad", "1");
	run("ip addr add 2001:db8:d::3/64 dev world");
	run("ip -6 addr show dev world tentative | grep -q 2001:db8:d::3");
	run("ip addr add 203.0.113.2/32 dev world");
	WAY(f, "203.0.113.2", "local"); /* so the event of the other was read too */
	assert_true(sends_from(f, 6, NULL));
	UNTIL(f, sends_from(f, 6, "2001:db8:d::3"));
	run("! ip -6 addr show dev world tentative | grep -q 2001:db8:d::3");
	finish(f);
}

/* --- neighbour discovery, both ways --- */

struct nd { /* a solicitation or advertisement with one option, as on the wire */
	struct rte_ether_hdr eth;
	struct rte_ipv6_hdr ip;
	struct nd_neighbor_solicit nd;
	struct nd_opt_hdr opt;
	uint8_t mac[6];
} __attribute__((packed, aligned(2)));

static void parse6(const char *text, uint8_t *out)
{
	struct xtr_ip ip;

	assert_int_equal(xtr_ip_parse(text, &ip), 0);
	memcpy(out, ip.b, 16);
}

/* Puts a message on a port's wire; src "::" carries no option (RFC 4861 section 4.3). */
static void arrives(struct f *f, unsigned port, uint8_t type, const char *src, const char *dst,
    const char *target, uint32_t flags)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(f->dp->rx_pool);
	bool option = strcmp(src, "::");
	unsigned len = sizeof(struct nd) - (option ? 0 : 8);
	struct nd *nd = (struct nd *)rte_pktmbuf_append(m, (uint16_t)len);

	memset(nd, 0, len);
	parse6(dst, nd->ip.dst_addr);
	parse6(src, nd->ip.src_addr);
	parse6(target, nd->nd.nd_ns_target.s6_addr);
	if (xtr_ip6_multicast(nd->ip.dst_addr)) {
		memcpy(&nd->eth.dst_addr, "\x33\x33", 2);
		memcpy(nd->eth.dst_addr.addr_bytes + 2, nd->ip.dst_addr + 12, 4);
	} else {
		memcpy(&nd->eth.dst_addr, f->dp->ports[port].mac, 6);
	}
	memcpy(&nd->eth.src_addr, "\x02\xbb\0\0\0\x09", 6);
	nd->eth.ether_type = rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV6);
	nd->ip.vtc_flow = rte_cpu_to_be_32(6u << 28);
	nd->ip.payload_len = rte_cpu_to_be_16((uint16_t)(len - 54));
	nd->ip.proto = IPPROTO_ICMPV6;
	nd->ip.hop_limits = 255;
	nd->nd.nd_ns_type = type;
	nd->nd.nd_ns_reserved = rte_cpu_to_be_32(flags);
	if (option) {
		nd->opt.nd_opt_type =
		    type == ND_NEIGHBOR_SOLICIT ? ND_OPT_SOURCE_LINKADDR : ND_OPT_TARGET_LINKADDR;
		nd->opt.nd_opt_len = 1;
		memcpy(nd->mac, &nd->eth.src_addr, 6);
	}
	nd->nd.nd_ns_cksum = rte_ipv6_udptcp_cksum(&nd->ip, &nd->nd);
	assert_int_equal(rte_ring_enqueue(f->rx[port], m), 0);
}

/* Waits until Linux sends such a message about target out of a port: a copy of it. */
static struct nd leaves(struct f *f, unsigned port, uint8_t type, const char *target)
{
	int64_t end = now_ms() + WAIT_MS;
	uint8_t about[16];

	parse6(target, about);
	while (now_ms() < end) {
		struct rte_mbuf *m;
		struct nd nd = {0};

		turn(f);
		while (rte_ring_dequeue(f->tx[port], (void **)&m) == 0) {
			memcpy(&nd, rte_pktmbuf_mtod(m, const char *),
			    RTE_MIN(m->data_len, sizeof(nd)));
			rte_pktmbuf_free(m);
			if (nd.ip.proto == IPPROTO_ICMPV6 && nd.nd.nd_ns_type == type &&
			    !memcmp(&nd.nd.nd_ns_target, about, 16))
				return nd;
		}
	}
	fail_msg("no message of type %u about %s", type, target);
	return (struct nd){0};
}

/* The next frame out of a port that is IPv6 and UDP: Linux sends others when it likes. */
static struct rte_mbuf *next_udp(struct f *f, unsigned port)
{
	int64_t end = now_ms() + WAIT_MS;
	struct rte_mbuf *m;

	while (now_ms() < end) {
		turn(f);
		while (rte_ring_dequeue(f->tx[port], (void **)&m) == 0) {
			const uint8_t *p = rte_pktmbuf_mtod(m, const uint8_t *);

			if (p[12] == 0x86 && p[20] == IPPROTO_UDP)
				return m;
			rte_pktmbuf_free(m);
		}
	}
	fail_msg("no UDP left port %u", port);
	return NULL;
}

static void discovery(void **state)
{
	struct f *f = mirrored_lab();
	struct rte_mbuf *m;
	struct nd nd;
	uint8_t want[16];

	/* somebody on the site asks for our address: Linux answers, from the port's MAC */
	arrives(
	    f, SITE, ND_NEIGHBOR_SOLICIT, "2001:db8:1::9", "ff02::1:ff00:1", "2001:db8:1::1", 0);
	nd = leaves(f, SITE, ND_NEIGHBOR_ADVERT, "2001:db8:1::1");
	assert_memory_equal(nd.mac, f->dp->ports[SITE].mac, 6);
	assert_memory_equal(&nd.eth.dst_addr, "\x02\xbb\0\0\0\x09", 6);
	parse6("2001:db8:1::9", want);
	assert_memory_equal(nd.ip.dst_addr, want, 16);
	assert_true(nd.nd.nd_ns_reserved & ND_NA_FLAG_ROUTER);
	WAY(f, "2001:db8:1::9", "2001:db8:1::9 site");
	/* somebody wants to take that address, and asks who has it (RFC 4862 section 5.4.3) */
	arrives(f, SITE, ND_NEIGHBOR_SOLICIT, "::", "ff02::1:ff00:1", "2001:db8:1::1", 0);
	nd = leaves(f, SITE, ND_NEIGHBOR_ADVERT, "2001:db8:1::1");
	parse6("ff02::1", want);
	assert_memory_equal(nd.ip.dst_addr, want, 16);
	/* we ask for a host that a packet is for, and hold the packet until it answers */
	m = rte_pktmbuf_alloc(f->dp->rx_pool);
	assert_non_null(m);
	{
		struct rte_ether_hdr *eth = (struct rte_ether_hdr *)rte_pktmbuf_append(m, 14 + 48);
		struct rte_ipv6_hdr *ip = (struct rte_ipv6_hdr *)(eth + 1);

		memset(eth, 0, 14 + 48);
		memcpy(&eth->dst_addr, f->dp->ports[CORE].mac, 6);
		eth->ether_type = rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV6);
		ip->vtc_flow = rte_cpu_to_be_32(6u << 28);
		ip->payload_len = rte_cpu_to_be_16(8);
		ip->proto = IPPROTO_UDP;
		ip->hop_limits = 9;
		parse6("2001:db8:c::2", ip->src_addr);
		parse6("2001:db8:1::8", ip->dst_addr);
	}
	assert_int_equal(rte_ring_enqueue(f->rx[CORE], m), 0);
	nd = leaves(f, SITE, ND_NEIGHBOR_SOLICIT, "2001:db8:1::8");
	assert_memory_equal(&nd.eth.dst_addr, "\x33\x33\xff\0\0\x08", 6);
	assert_memory_equal(&nd.eth.src_addr, f->dp->ports[SITE].mac, 6);
	assert_int_equal(nd.ip.hop_limits, 255);
	arrives(f, SITE, ND_NEIGHBOR_ADVERT, "2001:db8:1::8", "2001:db8:1::1", "2001:db8:1::8",
	    0x60000000);
	m = next_udp(f, SITE);
	assert_int_equal(m->pkt_len, 14 + 48);
	assert_int_equal(rte_pktmbuf_mtod(m, const uint8_t *)[21], 8);
	assert_memory_equal(rte_pktmbuf_mtod(m, const uint8_t *), "\x02\xbb\0\0\0\x09", 6);
	rte_pktmbuf_free(m);
	finish(f);
}

/* --- lisp0 --- */

/* Linux sends a datagram from an EID address to another; returns the socket. */
static void linux_sends(const char *from, const char *to, const char *iface)
{
	struct sockaddr_in6 a = {.sin6_family = AF_INET6}, b = a;
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	parse6(from, a.sin6_addr.s6_addr);
	parse6(to, b.sin6_addr.s6_addr);
	b.sin6_port = htons(7);
	if (iface)
		b.sin6_scope_id = if_nametoindex(iface);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(sendto(fd, "from an EID", 11, 0, (struct sockaddr *)&b, sizeof(b)), 11);
	close(fd);
}

static void lisp0(void **state)
{
	struct f *f = mirrored_lab();
	uint64_t *drops = f->dp->control_drops;
	struct rte_mbuf *m;
	uint8_t want[16];

	/* 1400 bytes of the core less the longer outer headers */
	run("ip link show lisp0 | grep -q 'mtu 1344'");
	run("ip -6 rule | grep -q '^4341:.*from 2001:db8:1::/48 iif lo lookup 4341'");
	run("ip -4 rule | grep -q '^4341:.*from 10.1.0.0/16 iif lo lookup 4341'");
	run("ip -6 route show table 4341 | grep -q '^default dev lisp0'");
	run("ip -4 route show table 4341 | grep -q '^default dev lisp0'");
	empty(f);
	linux_sends("2001:db8:1::1", "2001:db8:2::7", NULL);
	m = next_udp(f, CORE);
	parse6(R1, want);
	assert_memory_equal(rte_pktmbuf_mtod_offset(m, const uint8_t *, 14 + 24), want, 16);
	parse6("2001:db8:2::7", want);
	assert_memory_equal(rte_pktmbuf_mtod_offset(m, const uint8_t *, 14 + 56 + 24), want, 16);
	assert_memory_equal(
	    rte_pktmbuf_mtod_offset(m, const char *, 14 + 56 + 48), "from an EID", 11);
	/* of what this machine sends itself, nobody has taken a hop yet */
	assert_int_equal(*rte_pktmbuf_mtod_offset(m, const uint8_t *, 14 + 56 + 7), 64);
	rte_pktmbuf_free(m);
	/* what is for one link, or for many, does not enter the pipeline */
	memset(drops, 0, sizeof(f->dp->control_drops));
	linux_sends("2001:db8:1::1", "ff02::77", "lisp0");
	UNTIL(f, drops[XTR_DROP_IP_MARTIAN_DST] == 1);
	linux_sends("2001:db8:1::1", "fe80::77", "lisp0");
	UNTIL(f, drops[XTR_DROP_IP6_LINK_LOCAL] == 1);
	assert_int_equal(drops[XTR_DROP_IP_MARTIAN_DST], 1);
	finish(f);
	/* the rules went with it, the route with its interface stays */
	run("! ip -6 rule | grep -q 4341");
	run("! ip -4 rule | grep -q 4341");
}

/* For an address that no route leads to, Linux takes an EID's and goes to lisp0; LISP's own
 * messages must not. */
static void no_way_for_control(void **state)
{
	struct f *f = mirrored_lab();
	struct xtr_lisp *l = &f->ctl->lisp;
	struct xtr_ip dst, src, want;

	WAY(f, "2001:db8:1::1", "local");
	assert_int_equal(xtr_ip_parse("2620:99::1", &dst), 0);
	run("ip -6 route get 2620:99::1 from 2001:db8:1::1 | grep -q 'dev lisp0'");
	UNTIL(f, l->source_for(l, &dst, &src) == -ENETUNREACH);
	run("ip -6 route add 2620:99::/32 via " R1);
	assert_int_equal(l->source_for(l, &dst, &src), 0);
	assert_int_equal(xtr_ip_parse("2001:db8:c::1", &want), 0);
	assert_true(xtr_ip_equal(&src, &want));
	/* a route whose source is an EID by somebody's wish; and that address itself */
	run("ip -6 route replace 2620:99::/32 via " R1 " src 2001:db8:1::1");
	assert_int_equal(l->source_for(l, &dst, &src), 0);
	assert_int_equal(xtr_ip_parse("2001:db8:1::1", &want), 0);
	assert_true(xtr_ip_equal(&src, &want));
	assert_int_equal(l->source_for(l, &want, &src), 0);
	assert_true(xtr_ip_equal(&src, &want));
	finish(f);
}

/* Without IPv6 EIDs there is no IPv6 on lisp0, whoever left it there. */
static void lisp0_without(void **state)
{
	struct f *f = begin_with(
	    "operator-socket = \"%1$s/sock\"; state-directory = \"%1$s/state\";\n"
	    "ports = ( { name = \"site\"; device = \"net_ring_a\"; side = \"site\"; },\n"
	    "  { name = \"core\"; device = \"net_ring_b\"; side = \"core\"; addresses = [ "
	    "\"192.0.2.1/24\" ]; },\n"
	    "  { name = \"world\"; device = \"net_ring_c\"; side = \"site\"; },\n"
	    "  { name = \"site5\"; device = \"net_ring_d\"; side = \"site\"; } );\n"
	    "map-resolver = [ \"192.0.2.53\" ];\n"
	    "database-mapping = ( { eid-prefix = \"10.1.0.0/16\";\n"
	    "  locators = ( { rloc = \"192.0.2.1\"; } ); } );\n%2$s\n",
	    "");
	char value[8];

	UNTIL(f, f->ctl->ready);
	get_sysctl("ipv6/conf/lisp0/disable_ipv6", value, sizeof(value));
	assert_string_equal(value, "1");
	run("! ip -6 rule | grep -q 4341");
	run("ip link show lisp0 | grep -q 'mtu 1464'");
	finish(f);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(addresses),
	    cmocka_unit_test(routes),
	    cmocka_unit_test(neighbours),
	    cmocka_unit_test(overrun),
	    cmocka_unit_test(source_addresses),
	    cmocka_unit_test(discovery),
	    cmocka_unit_test(lisp0),
	    cmocka_unit_test(no_way_for_control),
	    cmocka_unit_test(lisp0_without),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, eal_setup, eal_teardown);
}
