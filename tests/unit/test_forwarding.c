/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `show forwarding` over a whole control lcore and a data plane of rings, tables from the
 * configuration: what it says is what a worker does with the same packet, and asking changes
 * nothing.
 */
#include "netns.h"

#include <ftw.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_ip.h>
#include <rte_udp.h>
#include "control/ctl.h"
#include "control/oper/forwarding.h"
#include "datapath/hop.h"
#include "eal_fixture.h"
#include "wire/data.h"

#define PORTS  4
#define CASES  2000
#define LOCALS 20 /* hosts of a network that the random packets go to */

enum { SITE, CORE, WORLD, SITE5 };

static const char config[] =
    "linux-mirror = false; operator-socket = \"%1$s/sock\"; state-directory = \"%1$s/state\";\n"
    "ports = (\n"
    "  { name = \"site\"; device = \"a\"; side = \"site\"; addresses = [ \"10.1.0.1/24\" ]; },\n"
    "  { name = \"core\"; device = \"b\"; side = \"core\"; addresses = [ \"192.0.2.1/24\" ]; },\n"
    "  { name = \"world\"; device = \"c\"; side = \"core\"; proxy-itr = true;\n"
    "    addresses = [ \"198.51.100.1/24\" ]; },\n"
    "  { name = \"site5\"; device = \"d\"; side = \"site\"; instance-id = 5;\n"
    "    addresses = [ \"10.5.0.1/24\" ]; } );\n"
    "neighbours = (\n"
    "  { address = \"10.1.0.4\"; mac = \"02:aa:00:00:00:01\"; port = \"site\"; },\n"
    "  { address = \"192.0.2.2\"; mac = \"02:aa:00:00:00:02\"; port = \"core\"; },\n"
    "  { address = \"192.0.2.3\"; mac = \"02:aa:00:00:00:03\"; port = \"core\"; },\n"
    "  { address = \"198.51.100.2\"; mac = \"02:aa:00:00:00:04\"; port = \"world\"; } );\n"
    "routes = (\n"
    "  { prefix = \"20.1.0.0/24\"; via = \"192.0.2.2\"; },\n"   /* longer than LISP's */
    "  { prefix = \"20.2.0.0/16\"; via = \"192.0.2.2\"; },\n"   /* equal */
    "  { prefix = \"20.0.0.0/8\"; via = \"198.51.100.2\"; },\n" /* shorter */
    "  { prefix = \"20.3.0.0/24\"; blackhole = true; },\n"
    "  { prefix = \"30.0.0.0/24\"; via = \"192.0.2.9\"; },\n" /* a gateway that nobody knows */
    "  { prefix = \"30.0.1.0/24\"; blackhole = true; },\n"
    "  { prefix = \"10.1.9.0/24\"; via = \"10.1.0.4\"; } );\n"
    "map-resolver = [ \"192.0.2.2\" ];\n"
    "database-mapping = (\n"
    "  { eid-prefix = \"10.1.0.0/16\";\n"
    "    locators = ( { rloc = \"192.0.2.1\"; priority = 1; weight = 100; } ); },\n"
    "  { eid-prefix = \"10.5.0.0/16\"; instance-id = 5;\n"
    "    locators = ( { rloc = \"192.0.2.1\"; priority = 1; weight = 100; } ); } );\n"
    "map-cache = (\n"
    "  { eid-prefix = \"20.1.0.0/16\";\n"
    "    locators = ( { rloc = \"192.0.2.2\"; priority = 1; weight = 50; },\n"
    "                 { rloc = \"192.0.2.3\"; priority = 1; weight = 50; } ); },\n"
    "  { eid-prefix = \"20.2.0.0/16\";\n"
    "    locators = ( { rloc = \"203.0.113.1\"; priority = 1; weight = 100; },\n"
    "                 { rloc = \"192.0.2.3\"; priority = 2; weight = 100; } ); },\n"
    "  { eid-prefix = \"20.3.0.0/16\";\n"
    "    locators = ( { rloc = \"192.0.2.8\"; priority = 1; weight = 100; } ); },\n"
    "  { eid-prefix = \"20.4.0.0/16\";\n"
    "    locators = ( { rloc = \"203.0.113.1\"; priority = 1; weight = 100; } ); },\n"
    "  { eid-prefix = \"20.5.0.0/16\"; instance-id = 5;\n"
    "    locators = ( { rloc = \"192.0.2.3\"; priority = 1; weight = 100; } ); },\n"
    "  { eid-prefix = \"20.6.0.0/16\"; action = \"send-map-request\"; },\n"
    "  { eid-prefix = \"20.7.0.0/16\"; action = \"drop\"; },\n"
    "  { eid-prefix = \"30.0.0.0/16\"; action = \"natively-forward\"; } );\n"
    "%2$s\n";

struct f {
	char dir[32];
	struct xtr_config *cfg;
	struct xtr_dp *dp;
	struct xtr_ctl *ctl;
	struct xtr_worker *w;
	struct rte_ring *rx[PORTS], *tx[PORTS];
	char err[256];
};

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	return remove(path);
}

static void open_ports(struct f *f)
{
	static unsigned serial;
	struct xtr_dp_opts opts = {.n_workers = 1,
	    .mbufs = 1024,
	    .hold_mbufs = 1024,
	    .punt_rate = 100000000,
	    .punt_burst = 1000000};
	const char *why;

	f->dp = xtr_dp_create(&opts);
	assert_non_null(f->dp);
	assert_int_equal(xtr_dp_instance(f->dp, 0), 0);
	for (unsigned i = 0; i < PORTS; i++) {
		struct xtr_dp_port *p = &f->dp->ports[i];
		char name[32];
		int ethdev;

		snprintf(name, sizeof(name), "rx%u", i);
		f->rx[i] = rte_ring_create(name, 64, SOCKET_ID_ANY, 0);
		snprintf(name, sizeof(name), "tx%u", i);
		f->tx[i] = rte_ring_create(name, 64, SOCKET_ID_ANY, 0);
		snprintf(name, sizeof(name), "forwarding%u", serial++);
		ethdev = rte_eth_from_rings(name, &f->rx[i], 1, &f->tx[i], 1, SOCKET_ID_ANY);
		assert_true(ethdev >= 0);
		p->site = f->cfg->ports[i].side == XTR_SIDE_SITE;
		p->proxy = f->cfg->ports[i].proxy_itr;
		p->inst = (uint32_t)xtr_dp_instance(f->dp, f->cfg->ports[i].iid);
		assert_int_equal(xtr_dp_port_open(f->dp, i, (uint16_t)ethdev, 1500, &why), 0);
		assert_int_equal(xtr_dp_port_start(f->dp, i), 0);
	}
	f->w = f->dp->workers[0];
	assert_int_equal(rte_rcu_qsbr_thread_register(f->dp->rcu.qsv, 0), 0);
	rte_rcu_qsbr_thread_online(f->dp->rcu.qsv, 0);
}

/* What the loop of the control lcore does, and a worker's, until no gate is closed. */
static void settle(struct f *f)
{
	for (unsigned i = 0; i < 10; i++) {
		xtr_rlocs_update(f->ctl->rlocs);
		xtr_ctl_look_again(f->ctl, 100);
		xtr_gate_poll(&f->ctl->holder);
		xtr_rcu_poll(&f->dp->rcu);
		xtr_worker_turn(f->w);
	}
	assert_null(f->ctl->holder.first);
	assert_int_equal(f->w->gate_seen, f->dp->gate_open);
}

static struct f *begin(const char *more)
{
	struct f *f = calloc(1, sizeof(*f));
	char path[64], *error = NULL;
	FILE *out;

	enter_namespace();
	strcpy(f->dir, "/tmp/xtr-forwarding-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(path, sizeof(path), "%s/conf", f->dir);
	out = fopen(path, "w");
	assert_non_null(out);
	fprintf(out, config, f->dir, more);
	fclose(out);
	f->cfg = xtr_config_load(path, &error);
	if (!f->cfg)
		fail_msg("%s", error);
	open_ports(f);
	f->ctl = xtr_ctl_create(f->cfg, f->dp);
	assert_non_null(f->ctl);
	settle(f);
	return f;
}

static void end(struct f *f)
{
	rte_rcu_qsbr_thread_offline(f->dp->rcu.qsv, 0);
	rte_rcu_qsbr_thread_unregister(f->dp->rcu.qsv, 0);
	xtr_ctl_destroy(f->ctl);
	for (unsigned i = 0; i < PORTS; i++) {
		xtr_dp_port_close(f->dp, i);
		rte_ring_free(f->rx[i]);
		rte_ring_free(f->tx[i]);
	}
	assert_int_equal(rte_mempool_in_use_count(f->dp->rx_pool), 0);
	assert_int_equal(rte_mempool_in_use_count(f->dp->hold_pool), 0);
	xtr_dp_destroy(f->dp);
	xtr_config_free(f->cfg);
	assert_int_equal(nftw(f->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
	free(f);
}

/* --- asking --- */

/* All that `show` counts, and what is in use. */
struct state {
	uint64_t drops[XTR_DROP_N], counters[XTR_CTR_N], lisp[XTR_C_N];
	unsigned rx, hold, punts, held, rlocs, adjs, sets, fwds;
	struct xtr_rloc_count rloc[16];
};

static struct state *state_of(const struct f *f)
{
	struct state *s = calloc(1, sizeof(*s));

	for (unsigned i = 0; i < XTR_DROP_N; i++)
		s->drops[i] = xtr_dp_drops(f->dp, i);
	for (unsigned i = 0; i < XTR_CTR_N; i++)
		s->counters[i] = xtr_dp_counter(f->dp, i);
	memcpy(s->lisp, f->ctl->lisp.counters, sizeof(s->lisp));
	memcpy(s->rloc, f->w->rloc, sizeof(s->rloc));
	s->rx = rte_mempool_in_use_count(f->dp->rx_pool);
	s->hold = rte_mempool_in_use_count(f->dp->hold_pool);
	s->punts = rte_ring_count(f->dp->punt);
	s->held = f->ctl->holder.n;
	s->rlocs = f->dp->tunnel.used;
	s->adjs = f->dp->adj.used;
	s->sets = f->dp->set.used;
	s->fwds = f->dp->fwd.used;
	return s;
}

/* The command as xtrctl runs it; nothing changes. */
static int ask(struct f *f, json_t **out, const char *line)
{
	const struct xtr_oper_command *c = xtr_ctl_commands;
	struct state *before = state_of(f), *after;
	const char *words[16];
	char copy[256], *at = copy;
	unsigned n = 0;
	int rc;

	while (strcmp(c->words, "show forwarding"))
		assert_in_range(++c - xtr_ctl_commands, 0, xtr_ctl_n_commands - 1);
	snprintf(copy, sizeof(copy), "%s", line);
	while ((words[n] = strsep(&at, " ")) != NULL)
		n++;
	*out = NULL;
	f->err[0] = 0;
	rc = c->handler(f->ctl, words, *line ? n : 0, out, f->err, sizeof(f->err));
	assert_int_equal(rc == 0, *out != NULL);
	after = state_of(f);
	assert_memory_equal(before, after, sizeof(*before));
	free(before);
	free(after);
	return rc;
}

static json_t *answer(struct f *f, const char *line)
{
	json_t *out;

	if (ask(f, &out, line) < 0)
		fail_msg("%s: %s", line, f->err);
	return out;
}

static const char *text_of(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));

	return text ? text : "";
}

static const char *result(const json_t *doc, const char *key)
{
	return text_of(json_object_get(doc, "result"), key);
}

static json_t *step(const json_t *doc, const char *name)
{
	json_t *one;
	size_t i;

	json_array_foreach (json_object_get(doc, "steps"), i, one)
		if (!strcmp(text_of(one, "step"), name))
			return one;
	return NULL;
}

/* The words of the answer's steps have this in them. */
static void says(const json_t *doc, const char *name, const char *text)
{
	const char *got = text_of(step(doc, name), "text");

	if (!strstr(got, text))
		fail_msg("step %s: \"%s\" is not in \"%s\"", name, text, got);
}

/* --- against a worker --- */

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
	udp = (struct rte_udp_hdr *)(ip + 1);
	memcpy(&eth->dst_addr, f->dp->ports[port].mac, 6);
	eth->ether_type = rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4);
	ip->version_ihl = 0x45;
	ip->total_length = rte_cpu_to_be_16(XTR_MADE_UP_BYTES);
	ip->time_to_live = 64;
	ip->next_proto_id = IPPROTO_UDP;
	memcpy(&ip->src_addr, s.b, 4);
	memcpy(&ip->dst_addr, d.b, 4);
	ip->hdr_checksum = rte_ipv4_cksum(ip);
	udp->src_port = rte_cpu_to_be_16(XTR_MADE_UP_SPORT);
	udp->dst_port = rte_cpu_to_be_16(XTR_MADE_UP_DPORT);
	udp->dgram_len = rte_cpu_to_be_16(XTR_MADE_UP_BYTES - sizeof(*ip));
	return m;
}

/* What a worker did, in the words of the result: "ACTION MORE". */
static void outcome(struct f *f, const uint64_t *drops, char *text, size_t size)
{
	struct rte_mbuf *m;

	for (unsigned i = 0; i < PORTS; i++) {
		const struct rte_ipv4_hdr *ip;
		const struct rte_udp_hdr *udp;
		struct xtr_ip rloc;
		char rlocs[XTR_IP_STRLEN];

		if (rte_ring_dequeue(f->tx[i], (void **)&m) < 0)
			continue;
		ip = rte_pktmbuf_mtod_offset(m, const struct rte_ipv4_hdr *, 14);
		udp = (const struct rte_udp_hdr *)(ip + 1);
		rloc = xtr_ip4(&ip->dst_addr);
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
	if (!strcmp(action, "encapsulate"))
		snprintf(said, sizeof(said), "%s %s %s %d %d", action, text_of(r, "port"),
		    text_of(r, "rloc"), (int)json_integer_value(json_object_get(r, "instance")),
		    (int)json_integer_value(json_object_get(r, "source_port")));
	else if (!strcmp(action, "forward") || !strcmp(action, "drop"))
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
	doc = answer(f, "30.0.7.7 from 198.51.100.2");
	says(doc, "source", "proxy-ITR");
	says(doc, "routes", "a proxy-ITR sends nothing to a PETR");
	json_decref(doc);
	doc = answer(f, "50.0.7.7 from 198.51.100.2");
	says(doc, "routes", "a proxy-ITR asks for nothing but what it is configured to serve");
	json_decref(doc);
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

static void refuses(void **state)
{
	static const char *const lines[][2] = {
	    {"", "ADDRESS [from SOURCE] [instance N] [port NAME] is wanted"},
	    {"nonsense", "an address is wanted: found nonsense"},
	    {"2001:db8::1", "ADDRESS 2001:db8::1: IPv6 packets are left to Linux"},
	    {"10.2.2.5 from 2001:db8::1", "SOURCE 2001:db8::1: IPv6 packets are left to Linux"},
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
	    cmocka_unit_test(resolving),
	    cmocka_unit_test(gate_and_link),
	    cmocka_unit_test(picks_port_and_source),
	    cmocka_unit_test(refuses),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, eal_setup, eal_teardown);
}
