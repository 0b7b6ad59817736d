/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `show forwarding`: what it says is what a worker does with the same packet.
 */
#include "forwarding_fixture.h"

#include "control/lisp/itr_internal.h"

#define CASES  2000
#define LOCALS 20 /* hosts of a network that the random packets go to */

static void put_udp(struct rte_udp_hdr *udp, size_t ip_len)
{
	udp->src_port = rte_cpu_to_be_16(XTR_MADE_UP_SPORT);
	udp->dst_port = rte_cpu_to_be_16(XTR_MADE_UP_DPORT);
	udp->dgram_len = rte_cpu_to_be_16((uint16_t)(XTR_MADE_UP_BYTES - ip_len));
}

static void put_ip6(struct rte_ether_hdr *eth, const struct xtr_ip *s, const struct xtr_ip *d)
{
	struct rte_ipv6_hdr *ip = (struct rte_ipv6_hdr *)(eth + 1);

	eth->ether_type = rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV6);
	ip->vtc_flow = rte_cpu_to_be_32(6u << 28);
	ip->payload_len = rte_cpu_to_be_16(XTR_MADE_UP_BYTES - sizeof(*ip));
	ip->proto = IPPROTO_UDP;
	ip->hop_limits = 64;
	memcpy(ip->src_addr, s->b, 16);
	memcpy(ip->dst_addr, d->b, 16);
	put_udp((struct rte_udp_hdr *)(ip + 1), sizeof(*ip));
}

static struct rte_mbuf *packet(struct f *f, unsigned port, const char *src, const char *dst)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(f->dp->rx_pool);
	struct rte_ether_hdr *eth;
	struct rte_ipv4_hdr *ip;
	struct rte_udp_hdr *udp;
	struct xtr_ip s, d;

	assert_non_null(m);
	assert_int_equal(xtr_ip_parse(src, &s) | xtr_ip_parse(dst, &d), 0);
	eth = (struct rte_ether_hdr *)rte_pktmbuf_append(m, sizeof(*eth) + XTR_MADE_UP_BYTES);
	memset(eth, 0, sizeof(*eth) + XTR_MADE_UP_BYTES);
	ip = (struct rte_ipv4_hdr *)(eth + 1);
	memcpy(&eth->dst_addr, f->dp->ports[port].mac, 6);
	if (d.af == 6) {
		put_ip6(eth, &s, &d);
		return m;
	}
	udp = (struct rte_udp_hdr *)(ip + 1);
	eth->ether_type = rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4);
	ip->version_ihl = 0x45;
	ip->total_length = rte_cpu_to_be_16(XTR_MADE_UP_BYTES);
	ip->time_to_live = 64;
	ip->next_proto_id = IPPROTO_UDP;
	memcpy(&ip->src_addr, s.b, 4);
	memcpy(&ip->dst_addr, d.b, 4);
	ip->hdr_checksum = rte_ipv4_cksum(ip);
	put_udp(udp, sizeof(*ip));
	return m;
}

/* What a worker did, in the words of the result: "ACTION MORE". */
static void outcome(struct f *f, const uint64_t *drops, char *text, size_t size)
{
	struct rte_mbuf *m;

	for (unsigned i = 0; i < PORTS; i++) {
		const struct rte_ipv4_hdr *ip;
		const struct rte_ipv6_hdr *ip6;
		const struct rte_udp_hdr *udp;
		struct xtr_ip rloc;
		char rlocs[XTR_IP_STRLEN];

		if (rte_ring_dequeue(f->tx[i], (void **)&m) < 0)
			continue;
		ip = rte_pktmbuf_mtod_offset(m, const struct rte_ipv4_hdr *, 14);
		ip6 = (const struct rte_ipv6_hdr *)ip;
		if (ip->version_ihl >> 4 == 6) {
			udp = (const struct rte_udp_hdr *)(ip6 + 1);
			rloc = xtr_ip6(ip6->dst_addr);
		} else {
			udp = (const struct rte_udp_hdr *)(ip + 1);
			rloc = xtr_ip4(&ip->dst_addr);
		}
		if (udp->dst_port == rte_cpu_to_be_16(XTR_PORT_DATA))
			snprintf(text, size, "encapsulate %s %s %u %u", f->cfg->ports[i].name,
			    xtr_ip_format(&rloc, rlocs),
			    xtr_data_read((const uint8_t *)(udp + 1)).instance_id,
			    rte_be_to_cpu_16(udp->src_port));
		else
			snprintf(text, size, "forward %s", f->cfg->ports[i].name);
		rte_pktmbuf_free(m);
		return;
	}
	if (rte_ring_dequeue(f->dp->punt, (void **)&m) == 0) {
		const struct xtr_pkt *pkt = xtr_pkt(m);

		if (pkt->reason == XTR_PUNT_LINUX) /* there is no Linux here */
			snprintf(text, size, "drop %s", xtr_drop_name(XTR_DROP_TAP_DOWN));
		else if (pkt->reason == XTR_PUNT_UNREACHABLE)
			snprintf(text, size, "drop %s", xtr_drop_name(pkt->id));
		else if (pkt->reason == XTR_PUNT_MISS)
			snprintf(text, size, pkt->fwd == f->dp->petr_fwd ? "wait" : "resolve");
		else
			snprintf(text, size, "wait");
		rte_pktmbuf_free(m);
		return;
	}
	for (unsigned i = 0; i < XTR_DROP_N; i++)
		if (f->w->drops[i] != drops[i]) {
			snprintf(text, size, "drop %s", xtr_drop_name(i));
			return;
		}
	fail_msg("the packet is nowhere");
}

/* Asks, sends, compares. Returns what happened, until the next call. */
static const char *compare(struct f *f, unsigned port, const char *src, const char *dst)
{
	static char got[128];
	char said[128], line[128];
	uint64_t drops[XTR_DROP_N];
	const char *action;
	json_t *doc, *r;

	snprintf(line, sizeof(line), "%s from %s port %s", dst, src, f->cfg->ports[port].name);
	doc = answer(f, line);
	r = json_object_get(doc, "result");
	action = text_of(r, "action");
	if (!strcmp(action, "encapsulate")) {
		snprintf(said, sizeof(said), "%s %s %s %d %d", action, text_of(r, "port"),
		    text_of(r, "rloc"), (int)json_integer_value(json_object_get(r, "instance")),
		    (int)json_integer_value(json_object_get(r, "source_port")));
		assert_int_equal(json_integer_value(json_object_get(r, "inner_mtu")),
		    1500 - (strchr(text_of(r, "rloc"), ':') ? 56 : 36));
	} else if (!strcmp(action, "forward") || !strcmp(action, "drop"))
		snprintf(said, sizeof(said), "%s %s", action,
		    text_of(r, *action == 'f' ? "port" : "reason"));
	else
		snprintf(said, sizeof(said), "%s", action);
	memcpy(drops, f->w->drops, sizeof(drops));
	assert_int_equal(rte_ring_enqueue(f->rx[port], packet(f, port, src, dst)), 0);
	xtr_worker_turn(f->w);
	outcome(f, drops, got, sizeof(got));
	if (strcmp(said, got))
		fail_msg("%s: said %s, happened %s", line, said, got);
	json_decref(doc);
	return got;
}

static uint32_t seed = 6832;

static uint32_t next_random(unsigned n)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % n;
}

static void random_packets(struct f *f)
{
	static const char *const sources[] = {
	    "10.1.0.4", "10.1.7.7", "10.5.0.9", "203.0.113.9", "198.51.100.2", "127.0.0.1"};
	static const char *const hosts[] = {"10.1.0.1", "10.1.0.4", "10.1.0.9", "10.1.5.5",
	    "10.1.9.9", "10.5.0.9", "10.5.7.7", "192.0.2.1", "192.0.2.2", "198.51.100.2",
	    "198.51.100.9", "224.0.0.5", "127.0.0.1", "40.0.0.1", "0.0.0.1"};
	static const char *const actions[] = {"encapsulate", "forward", "resolve", "wait",
	    "drop no-route", "drop route-blackhole", "drop map-cache-action-drop",
	    "drop next-hop-down", "drop ip-martian-source", "drop tap-not-there"};
	unsigned met[RTE_DIM(actions)] = {0};

	for (unsigned i = 0; i < CASES; i++) {
		char dst[32];
		const char *got;

		if (next_random(3))
			snprintf(dst, sizeof(dst), "%u.%u.%u.%u", next_random(4) ? 20 : 30,
			    next_random(4) ? next_random(9) : 0, next_random(3),
			    1 + next_random(LOCALS));
		else
			strcpy(dst, hosts[next_random(RTE_DIM(hosts))]);
		got = compare(f, next_random(PORTS), sources[next_random(RTE_DIM(sources))], dst);
		for (unsigned a = 0; a < RTE_DIM(actions); a++)
			met[a] += !strncmp(got, actions[a], strlen(actions[a]));
	}
	for (unsigned a = 0; a < RTE_DIM(actions); a++)
		if (!met[a])
			fail_msg("%s: not once", actions[a]);
}

#define PETR(more) "use-petr = ( { rloc = \"192.0.2.3\"; probe = false; }" more " );"

static void agrees_without_petr(void **state)
{
	struct f *f = begin("");

	random_packets(f);
	end(f);
}

static void agrees_with_petr(void **state)
{
	struct f *f = begin(PETR(", { rloc = \"203.0.113.77\"; }"));
	json_t *doc;

	random_packets(f);
	doc = answer(f, "30.0.7.7 from 10.1.0.4");
	assert_string_equal(result(doc, "rloc"), "192.0.2.3");
	assert_string_equal(result(doc, "source_rloc"), "192.0.2.1");
	assert_string_equal(result(doc, "next_hop"), "192.0.2.3");
	says(doc, "petr", "192.0.2.3 (up");
	says(doc, "petr", "not used: 203.0.113.77 (down: no route");
	json_decref(doc);
	end(f);
}

static void agrees_where_no_route(void **state)
{
	struct f *f = begin(PETR("") "lisp = { petr-use = \"no-route\"; };");
	json_t *doc;

	random_packets(f);
	doc = answer(f, "30.0.1.7 from 10.1.0.4"); /* a blackhole is no route */
	assert_string_equal(result(doc, "action"), "encapsulate");
	says(doc, "routes", "the blackhole route 30.0.1.0/24");
	json_decref(doc);
	end(f);
}

/* Whether the PETR lives is not known while its next hop is not. */
static void agrees_while_petr_unknown(void **state)
{
	struct f *f = begin("use-petr = ( { rloc = \"192.0.2.9\"; probe = false; } );");
	json_t *doc;

	random_packets(f);
	doc = answer(f, "30.0.7.7 from 10.1.0.4");
	assert_string_equal(result(doc, "action"), "wait");
	assert_string_equal(result(doc, "reason"), "petr-not-known");
	json_decref(doc);
	end(f);
}

static void says_why(void **state)
{
	struct f *f = begin("");
	json_t *doc = answer(f, "20.2.0.7 from 10.1.0.4");

	says(doc, "source", "the own EID prefix 10.1.0.0/16");
	says(doc, "match", "LISP entry 20.2.0.0/16 (configured): encapsulate");
	says(
	    doc, "match", "the route 20.2.0.0/16 via 192.0.2.2 on port core is of the same length");
	says(doc, "tunnel", "203.0.113.1 (unreachable: no route, priority 1");
	assert_string_equal(text_of(step(doc, "tunnel"), "rloc"), "192.0.2.3");
	assert_int_equal(json_array_size(json_object_get(step(doc, "tunnel"), "locators")), 2);
	json_decref(doc);
	doc = answer(f, "20.1.0.7 from 10.1.0.4");
	says(doc, "match",
	    "the route 20.1.0.0/24 via 192.0.2.2 on port core; it is longer than LISP entry "
	    "20.1.0.0/16");
	json_decref(doc);
	doc = answer(f, "20.1.9.7 from 10.1.0.4");
	says(doc, "match", "the route 20.0.0.0/8 via 198.51.100.2 on port world is shorter");
	json_decref(doc);
	doc = answer(f, "20.3.0.7 from 10.1.0.4");
	says(doc, "match", "the blackhole route 20.3.0.0/24 does not count here");
	assert_string_equal(result(doc, "action"), "wait");
	assert_string_equal(result(doc, "next_hop"), "192.0.2.8");
	json_decref(doc);
	doc = answer(f, "10.1.5.5 from 10.1.0.4");
	says(doc, "match", "the own EID prefix 10.1.0.0/16: never asked for");
	says(doc, "routes", "nothing matches");
	assert_string_equal(result(doc, "reason"), "no-route");
	json_decref(doc);
	doc = answer(f, "20.1.9.7 from 203.0.113.9 port site");
	says(doc, "source", "in no own EID prefix of instance 0");
	assert_string_equal(result(doc, "action"), "forward");
	json_decref(doc);
	end(f);
}

/* Strangers at a proxy-ITR: inside what is configured to be served, as own EIDs; else the routes,
 * whatever own EIDs have learned. Natively-forward inside what is served is no PETR's. */
static void strangers(void **state)
{
	static const char own_only[] = "the proxy-ITR is not configured to serve it";
	struct f *f = begin(PETR(""));
	struct xtr_eid eid = {.plen = 16};
	struct xtr_mapping_locator loc = {.priority = 1, .weight = 1, .reachable = true};
	json_t *doc;

	assert_int_equal(xtr_ip_parse("20.6.0.0", &eid.ip), 0);
	assert_non_null(itr_mapping_set(f->ctl->itr, &(struct xtr_eid){0, 24, eid.ip},
	    XTR_FROM_MAP_REPLY, XTR_ACT_NATIVELY_FORWARD, NULL, 0, 15, 900000));
	assert_int_equal(xtr_ip_parse("60.1.0.0", &eid.ip), 0);
	assert_int_equal(xtr_ip_parse("192.0.2.3", &loc.rloc), 0);
	assert_non_null(itr_mapping_set(
	    f->ctl->itr, &eid, XTR_FROM_MAP_REPLY, XTR_ACT_NO_ACTION, &loc, 1, 1440, 86400000));
	assert_int_equal(xtr_ip_parse("60.2.0.0", &eid.ip), 0);
	assert_non_null(itr_mapping_set(
	    f->ctl->itr, &eid, XTR_FROM_MAP_REPLY, XTR_ACT_DROP, NULL, 0, 15, 900000));
	settle(f);

	for (unsigned i = 0; i < 2; i++) {
		/* the second sends in the name of an own EID, by the core */
		static const char *const from[] = {"198.51.100.2", "10.1.0.4"};
		static const char *const all[][2] = {{"20.6.1.7", "resolve"},
		    {"20.1.9.7", "encapsulate core 192.0.2."}, {"20.6.0.7", "forward world"},
		    {"20.7.0.7", "forward world"}, {"30.0.7.7", "drop no-route"},
		    {"60.1.0.7", "drop no-route"}, {"60.2.0.7", "drop no-route"},
		    {"50.0.7.7", "drop no-route"}};
		char line[64];

		for (unsigned k = 0; k < RTE_DIM(all); k++) {
			const char *got = compare(f, WORLD, from[i], all[k][0]);

			if (strncmp(got, all[k][1], strlen(all[k][1])))
				fail_msg("%s from %s: %s", all[k][0], from[i], got);
			snprintf(line, sizeof(line), "%s from %s port world", all[k][0], from[i]);
			doc = answer(f, line);
			says(doc, "source", "port world is a proxy-ITR's");
			if (k >= 3)
				says(doc, "routes", own_only);
			json_decref(doc);
		}
	}
	doc = answer(f, "20.6.0.7 from 198.51.100.2");
	says(doc, "routes", "a proxy-ITR sends nothing to a PETR");
	json_decref(doc);
	/* own EIDs at their site, for comparison */
	assert_memory_equal(compare(f, SITE, "10.1.0.4", "60.1.0.7"), "encapsulate core", 16);
	assert_string_equal(compare(f, SITE, "10.1.0.4", "60.2.0.7"), "drop map-cache-action-drop");
	assert_memory_equal(compare(f, SITE, "10.1.0.4", "20.6.0.7"), "encapsulate core", 16);
	assert_string_equal(compare(f, SITE, "10.1.0.4", "50.0.7.7"), "resolve");
	end(f);
}

/* Nobody asked, asked and waiting, asked in vain. */
static void resolving(void **state)
{
	struct f *f = begin("");
	json_t *doc = answer(f, "20.6.0.7 from 10.1.0.4");
	struct xtr_ip to, from;

	assert_int_equal(xtr_ip_parse("20.6.0.7", &to) | xtr_ip_parse("10.1.0.4", &from), 0);
	assert_string_equal(result(doc, "action"), "resolve");
	assert_string_equal(result(doc, "reason"), "asked-now");
	json_decref(doc);
	assert_non_null(xtr_itr_resolve(
	    f->ctl->itr, &(struct xtr_eid){0, 32, to}, &(struct xtr_eid){0, 32, from}));
	doc = answer(f, "20.6.0.7 from 10.1.0.4");
	assert_string_equal(result(doc, "action"), "resolve");
	assert_string_equal(result(doc, "reason"), "resolving");
	says(doc, "punt", "1 Map-Request sent so far");
	json_decref(doc);
	for (unsigned i = 0; i < 12; i++)
		xtr_clock_advance(&f->ctl->wheel, 1000);
	doc = answer(f, "20.6.0.7 from 10.1.0.4");
	assert_string_equal(result(doc, "reason"), "quiet");
	says(doc, "punt", "nobody answered 11 Map-Requests");
	json_decref(doc);
	end(f);
}

static void gate_and_link(void **state)
{
	struct f *f = begin("");
	struct xtr_fwd *fwd;
	struct xtr_ip ip;
	json_t *doc;

	assert_int_equal(xtr_ip_parse("20.2.0.0", &ip), 0);
	fwd = xtr_pool_at(&f->dp->fwd, xtr_lpm_get(f->dp->instances[0].lisp, &ip, 16));
	fwd->gate = f->dp->gate_open + 1;
	doc = answer(f, "20.2.0.7 from 10.1.0.4");
	assert_string_equal(result(doc, "action"), "wait");
	assert_string_equal(result(doc, "reason"), "gate");
	json_decref(doc);
	fwd->gate = 0;
	f->dp->ports[CORE].up = 0;
	assert_string_equal(compare(f, SITE, "10.1.0.4", "20.2.0.7"), "drop tx-port-down");
	assert_string_equal(compare(f, SITE, "203.0.113.9", "192.0.2.2"), "drop tx-port-down");
	f->dp->ports[CORE].up = 1;
	assert_string_equal(compare(f, SITE, "203.0.113.9", "192.0.2.2"), "forward core");
	end(f);
}

static void assumed(struct f *f, const char *line, const char *port, const char *source, int iid)
{
	json_t *doc = answer(f, line);

	assert_string_equal(text_of(doc, "port"), port);
	assert_string_equal(text_of(doc, "source"), source);
	assert_int_equal(json_integer_value(json_object_get(doc, "instance")), iid);
	assert_int_equal(json_is_true(json_object_get(step(doc, "packet"), "source_assumed")),
	    strstr(line, "from") == NULL);
	assert_int_equal(json_is_true(json_object_get(step(doc, "packet"), "port_assumed")),
	    strstr(line, "port") == NULL);
	says(doc, "packet", strstr(line, "from") && strstr(line, "port") ? "UDP from" : "assumed");
	json_decref(doc);
}

static void picks_port_and_source(void **state)
{
	struct f *f = begin("");

	assumed(f, "20.1.9.9", "site", "10.1.0.2", 0); /* .1 is the port's own */
	assumed(f, "20.1.9.9 instance 5", "site5", "10.5.0.2", 5);
	assumed(f, "20.1.9.9 port world", "world", "198.51.100.2", 0);
	assumed(f, "20.1.9.9 port core", "core", "192.0.2.2", 0);
	assumed(f, "20.1.9.9 from 10.1.0.77", "site", "10.1.0.77", 0);
	assumed(f, "20.1.9.9 from 10.5.0.77", "site5", "10.5.0.77", 5);
	assumed(f, "20.1.9.9 from 192.0.2.77", "core", "192.0.2.77", 0);
	assumed(f, "20.1.9.9 from 20.9.9.9", "world", "20.9.9.9", 0); /* by the routes */
	assumed(f, "20.1.9.9 from 10.1.9.9", "site", "10.1.9.9", 0);
	assumed(f, "20.1.9.9 from 203.0.113.9", "site", "203.0.113.9", 0);
	assumed(f, "20.1.9.9 from 192.0.2.77 instance 5", "site5", "192.0.2.77", 5);
	assumed(f, "20.1.9.9 port site5 from 10.1.0.4 instance 5", "site5", "10.1.0.4", 5);
	end(f);
}

/* EIDs and RLOCs of both families, each in the other. */
static const char both[] =
    "linux-mirror = false; operator-socket = \"%1$s/sock\"; state-directory = \"%1$s/state\";\n"
    "ports = (\n"
    "  { name = \"site\"; device = \"net_ring_a\"; side = \"site\";\n"
    "    addresses = [ \"fe80::1/64\", \"10.1.0.1/24\", \"2001:db8:1::1/64\" ]; },\n"
    "  { name = \"core\"; device = \"net_ring_b\"; side = \"core\";\n"
    "    addresses = [ \"192.0.2.1/24\", \"2001:db8:c::1/64\" ]; },\n"
    "  { name = \"world\"; device = \"net_ring_c\"; side = \"core\"; proxy-itr = true;\n"
    "    addresses = [ \"2001:db8:d::1/64\" ]; },\n"
    "  { name = \"site5\"; device = \"net_ring_d\"; side = \"site\"; instance-id = 5;\n"
    "    addresses = [ \"2001:db8:5::1/127\" ]; } );\n"
    "neighbours = (\n"
    "  { address = \"2001:db8:1::4\"; mac = \"02:aa:00:00:00:01\"; port = \"site\"; },\n"
    "  { address = \"192.0.2.2\"; mac = \"02:aa:00:00:00:02\"; port = \"core\"; },\n"
    "  { address = \"2001:db8:c::2\"; mac = \"02:aa:00:00:00:03\"; port = \"core\"; },\n"
    "  { address = \"fe80::2\"; mac = \"02:aa:00:00:00:04\"; port = \"world\"; } );\n"
    "routes = (\n"
    "  { prefix = \"2620:1::/48\"; via = \"2001:db8:c::2\"; },\n" /* longer than LISP's */
    "  { prefix = \"2620:2::/32\"; via = \"2001:db8:c::2\"; },\n" /* equal */
    "  { prefix = \"2620:3::/48\"; blackhole = true; },\n"
    "  { prefix = \"2621::/32\"; via = \"fe80::2\"; port = \"world\"; },\n"
    "  { prefix = \"30.0.0.0/24\"; via = \"2001:db8:c::2\"; } );\n"
    "map-resolver = [ \"2001:db8:c::2\" ];\n"
    "database-mapping = (\n"
    "  { eid-prefix = \"2001:db8:1::/48\"; locators = ( { rloc = \"192.0.2.1\"; } ); },\n"
    "  { eid-prefix = \"10.1.0.0/16\"; locators = ( { rloc = \"2001:db8:c::1\"; } ); },\n"
    "  { eid-prefix = \"2001:db8:5::/48\"; instance-id = 5;\n"
    "    locators = ( { rloc = \"2001:db8:c::1\"; } ); } );\n"
    "map-cache = (\n"
    "  { eid-prefix = \"2620:1::/32\"; locators = ( { rloc = \"192.0.2.2\"; } ); },\n"
    "  { eid-prefix = \"2620:2::/32\"; locators = ( { rloc = \"2001:db8:c::2\"; } ); },\n"
    "  { eid-prefix = \"2620:3::/32\"; locators = ( { rloc = \"2001:db8:c::2\"; } ); },\n"
    "  { eid-prefix = \"2620:4::/32\"; locators = ( { rloc = \"2001:db8:e::2\"; } ); },\n"
    "  { eid-prefix = \"20.1.0.0/16\"; locators = ( { rloc = \"2001:db8:c::2\"; } ); },\n"
    "  { eid-prefix = \"2620:5::/32\"; instance-id = 5;\n"
    "    locators = ( { rloc = \"2001:db8:c::2\"; } ); },\n"
    "  { eid-prefix = \"2620:7::/32\"; action = \"drop\"; } );\n"
    "%2$s\n";

static void both_families(void **state)
{
	static const struct {
		unsigned port;
		const char *src, *dst, *what;
	} cases[] = {
	    {SITE, "2001:db8:1::4", "2620:1:0:1::7", "forward core"},
	    {SITE, "2001:db8:1::4", "2620:1:1::7", "encapsulate core 192.0.2.2 0"},
	    {SITE, "2001:db8:1::4", "2620:2::7", "encapsulate core 2001:db8:c::2 0"},
	    {SITE, "2001:db8:1::4", "2620:3::7", "encapsulate core 2001:db8:c::2 0"},
	    {SITE, "2001:db8:1::4", "2620:4::7", "drop next-hop-down"},
	    {SITE, "2001:db8:1::4", "2620:7::7", "drop map-cache-action-drop"},
	    {SITE, "2001:db8:1::4", "2620:8::7", "resolve"},
	    {SITE, "2001:db8:1::4", "2001:db8:1:9::7", "drop no-route"},
	    {SITE, "10.1.0.4", "20.1.0.7", "encapsulate core 2001:db8:c::2 0"},
	    {SITE, "10.1.0.4", "30.0.0.7", "forward core"},
	    {SITE, "2620:99::1", "2620:2::7", "forward core"},
	    {SITE, "2620:99::1", "2620:3::7", "drop route-blackhole"},
	    {SITE, "2620:99::1", "2621::7", "forward world"},
	    {SITE, "2620:99::1", "fe80::2", "drop ip6-link-local-not-ours"},
	    {SITE, "2620:99::1", "2001:db8:1::1", "drop tap-not-there"},
	    {SITE, "::", "2620:2::7", "drop ip-martian-source"},
	    {SITE5, "2001:db8:5::1:4", "2620:5::7", "encapsulate core 2001:db8:c::2 5"},
	    {WORLD, "2620:99::1", "2620:2::7", "encapsulate core 2001:db8:c::2 0"},
	    {WORLD, "2620:99::1", "2001:db8:1::4", "forward site"},
	    {WORLD, "2620:99::1", "2001:db8:1::5", "wait"},
	};
	struct f *f = begin_with(both, "");
	json_t *doc;

	for (unsigned i = 0; i < RTE_DIM(cases); i++) {
		const char *got = compare(f, cases[i].port, cases[i].src, cases[i].dst);

		/* behind that there is the source port, which compare() has looked at */
		if (strncmp(got, cases[i].what, strlen(cases[i].what)))
			fail_msg("%s to %s: %s", cases[i].src, cases[i].dst, got);
	}
	assumed(f, "2620:2::7", "site", "2001:db8:1::2", 0);
	assumed(f, "2620:2::7 instance 5", "site5", "2001:db8:5::2", 5);
	assumed(f, "2620:2::7 port world", "world", "2001:db8:d::2", 0);
	assumed(f, "2620:2::7 from 2001:db8:c::9", "core", "2001:db8:c::9", 0);
	assumed(f, "2620:2::7 from 2621::1", "world", "2621::1", 0);
	doc = answer(f, "2620:3::7 from 2001:db8:1::4");
	says(doc, "source", "2001:db8:1::4 is of the own EID prefix 2001:db8:1::/48");
	says(doc, "match", "LISP entry 2620:3::/32 (configured): encapsulate");
	says(doc, "match", "the blackhole route 2620:3::/48 does not count here");
	assert_string_equal(result(doc, "source_rloc"), "2001:db8:c::1");
	assert_string_equal(result(doc, "next_hop"), "2001:db8:c::2");
	json_decref(doc);
	doc = answer(f, "2001:db8:1::4 from 2001:db8:1::5");
	says(doc, "match", "2001:db8:1::4/128, a neighbour on port site");
	says(doc, "match", "it is inside the own EID prefix 2001:db8:1::/48");
	json_decref(doc);
	end(f);
}

static void refuses(void **state)
{
	static const char *const lines[][2] = {
	    {"", "ADDRESS [from SOURCE] [instance N] [port NAME] [rloc RLOC] is wanted"},
	    {"nonsense", "an address is wanted: found nonsense"},
	    {"2001:db8::1", "from SOURCE is wanted: port site has no IPv6 network"},
	    {"10.2.2.5 from 2001:db8::1", "SOURCE 2001:db8::1 is not of ADDRESS's family, IPv4"},
	    {"2001:db8::1 from 10.1.0.4", "SOURCE 10.1.0.4 is not of ADDRESS's family, IPv6"},
	    {"10.2.2.5 from", "nothing follows from"},
	    {"10.2.2.5 port nowhere", "no port has the name nowhere"},
	    {"10.2.2.5 port core instance 5", "port core is not one of instance 5's"},
	    {"10.2.2.5 instance 7", "instance 7 has no site port and no proxy-ITR's"},
	    {"10.2.2.5 instance -1", "an instance-ID from 0 to 16777215"},
	    {"10.2.2.5 via 10.1.1.1", "is wanted: found via"},
	};
	struct f *f = begin("");
	struct rte_mbuf *all[2048];
	unsigned n = 0;
	json_t *out;

	for (unsigned i = 0; i < RTE_DIM(lines); i++) {
		assert_int_equal(ask(f, &out, lines[i][0]), -EINVAL);
		if (!strstr(f->err, lines[i][1]) || strchr(f->err, '\n'))
			fail_msg("%s: %s", lines[i][0], f->err);
	}
	while ((all[n] = rte_pktmbuf_alloc(f->dp->hold_pool)) != NULL)
		n++;
	assert_int_equal(ask(f, &out, "10.2.2.5"), -ENOMEM);
	while (n--)
		rte_pktmbuf_free(all[n]);
	assert_int_equal(ask(f, &out, "10.2.2.5"), 0);
	json_decref(out);
	end(f);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(agrees_without_petr),
	    cmocka_unit_test(agrees_with_petr),
	    cmocka_unit_test(agrees_where_no_route),
	    cmocka_unit_test(agrees_while_petr_unknown),
	    cmocka_unit_test(says_why),
	    cmocka_unit_test(strangers),
	    cmocka_unit_test(resolving),
	    cmocka_unit_test(gate_and_link),
	    cmocka_unit_test(picks_port_and_source),
	    cmocka_unit_test(both_families),
	    cmocka_unit_test(refuses),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, eal_setup, eal_teardown);
}
