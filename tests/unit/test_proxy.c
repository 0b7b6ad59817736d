/* SPDX-License-Identifier: BSD-3-Clause */
/* A proxy xTR: strangers' packets at a proxy-ITR (RFC 6832 section 5), and for whom it is a PETR
 * (section 6), from the configuration to the wire. */
#include "ctl_fixture.h"
#include "netns.h"

#define WORLD "4.2.2.2"
#define A     "192.0.2.11"
#define B     "192.0.2.12"

static int setup(void **state)
{
	*state = cx_new();
	return 0;
}

static int teardown(void **state)
{
	cx_free(*state);
	return 0;
}

/* --- strangers at a proxy-ITR --- */

static void default_route(struct cx *c)
{
	fx_neigh(c->f, 1, "192.0.2.254", 99);
	fx_route(c->f, "0.0.0.0/0", XTR_RIB_UNICAST, 1, "192.0.2.254", 0, false);
	cx_turns(c, 6);
}

/* What is served is asked for, whoever sends; the default that own EIDs have is not for strangers,
 * nor is the PETR. */
static void strangers(void **state)
{
	static const char *const locators[] = {B " 1 100"};
	struct cx *c = *state;

	cx_proxy_itr(c, 0);
	cx_petr(c, A, 1, 100, false);
	cx_start(c);
	cx_negative(c, "0.0.0.0/1", XTR_ACT_NATIVELY_FORWARD);
	fx_neigh(c->f, 1, A, 11);
	fx_neigh(c->f, 1, B, 12);
	default_route(c);
	/* natively-forward: to the PETR for own EIDs only */
	cx_send(c, 0, "10.1.0.9", WORLD, 0, 2);
	cx_turns(c, 4);
	cx_expect(c, 0, 2, A);
	cx_send(c, 0, "198.51.100.9", WORLD, 2, 2);
	cx_turns(c, 4);
	cx_expect(c, 2, 2, NULL);
	/* the default 0.0.0.0/0 "send-map-request" */
	cx_send(c, 0, "198.51.100.9", "200.1.1.1", 4, 2);
	cx_turns(c, 4);
	cx_expect(c, 4, 2, NULL);
	assert_int_equal(c->n_requests, 0);
	cx_send(c, 0, "10.1.0.9", "200.1.1.1", 6, 1);
	cx_turns(c, 4);
	assert_int_equal(c->n_requests, 1);
	/* what is served */
	cx_send(c, 0, "198.51.100.9", "10.2.0.7", 7, 2);
	cx_turns(c, 4);
	assert_int_equal(c->n_requests, 2);
	assert_int_equal(c->ctl.holder.n, 3);
	cx_map(c, "10.2.0.0/24", locators, 1);
	cx_wait(c, 1100);
	cx_expect(c, 7, 2, B);
	/* own EIDs are own EIDs, for strangers too */
	fx_neigh(c->f, 0, "10.1.0.9", 9);
	cx_send(c, 0, "198.51.100.9", "10.1.0.9", 9, 1);
	cx_turns(c, 4);
	fx_expect(c->f, 0, 9, 1);
	assert_int_equal(cx_drops(c), 0);
}

/* What own EIDs have learned outside what is served is not for strangers, whatever it says; nor is
 * what is configured there. Inside it, what is configured for a part holds. */
static void learned_by_others(void **state)
{
	static const char *const locators[] = {B " 1 100"};
	struct cx *c = *state;

	cx_proxy_itr(c, 0);
	cx_map_cache(c, FX_IID, "10.4.0.0/16", XTR_ACT_DROP);
	cx_start(c);
	fx_neigh(c->f, 1, B, 12);
	default_route(c);
	cx_map(c, "10.3.0.0/16", locators, 1);
	cx_negative(c, "8.0.0.0/8", XTR_ACT_DROP);
	cx_negative(c, "9.0.0.0/8", XTR_ACT_NO_ACTION);
	cx_turns(c, 6);
	cx_send(c, 0, "198.51.100.9", "10.3.0.7", 0, 2);
	cx_send(c, 0, "198.51.100.9", "8.8.8.8", 2, 2);
	cx_send(c, 0, "198.51.100.9", "9.9.9.9", 4, 2);
	cx_send(c, 0, "198.51.100.9", "10.4.0.7", 6, 2);
	cx_turns(c, 4);
	cx_expect(c, 0, 8, NULL);
	assert_int_equal(cx_drops(c), 0);
	cx_send(c, 0, "198.51.100.9", "10.2.9.7", 8, 2);
	cx_turns(c, 4);
	assert_int_equal(xtr_dp_drops(c->ctl.dp, XTR_DROP_MAPCACHE_DROP), 2);
	/* own EIDs by the same port, for comparison */
	cx_send(c, 0, "10.1.0.9", "10.3.0.7", 10, 2);
	cx_send(c, 0, "10.1.0.9", "8.8.8.8", 12, 1);
	cx_send(c, 0, "10.1.0.9", "10.4.0.7", 13, 1);
	cx_turns(c, 4);
	cx_expect(c, 10, 2, B);
	assert_int_equal(xtr_dp_drops(c->ctl.dp, XTR_DROP_MAPCACHE_DROP), 4);
	/* learned inside what is served, in its place, and gone again: it is served all the time */
	cx_map(c, "10.2.0.0/16", locators, 1);
	cx_turns(c, 6);
	cx_send(c, 0, "198.51.100.9", "10.2.0.7", 14, 2);
	cx_turns(c, 4);
	cx_expect(c, 14, 2, B);
	assert_int_equal(c->n_requests, 0);
	assert_int_equal(cx_drops(c), 4);
}

static void write_locators(struct xtr_writer *w, const char *prefix, const char *rloc)
{
	struct xtr_record rec = {.ttl = 1440, .eid = fx_eid(FX_IID, prefix), .authoritative = true};
	struct xtr_locator loc = {
	    .ip = fx_ip(rloc), .priority = 1, .weight = 100, .reachable = true};

	xtr_write_record(w, &rec);
	xtr_write_locator(w, &loc);
}

/* A Map-Reply for what is served may say more than that: strangers' packets do not follow it. */
static void more_than_asked(void **state)
{
	struct cx *c = *state;
	struct xtr_peer from = {.ip = fx_ip(A)};
	struct xtr_writer w;
	struct xtr_msg m;
	uint8_t buf[256];

	cx_proxy_itr(c, 0);
	c->cfg.lisp.min_reply_plen4 = 1;
	cx_start(c);
	fx_neigh(c->f, 1, A, 11);
	default_route(c);
	cx_send(c, 0, "198.51.100.9", "10.2.0.7", 0, 1);
	cx_turns(c, 4);
	assert_int_equal(c->n_requests, 1);
	xtr_writer_init(&w, buf, sizeof(buf));
	xtr_write_map_reply(&w, c->ctl.itr->by_nonce->nonce, false);
	write_locators(&w, "10.2.0.0/15", A);
	write_locators(&w, "10.3.5.0/24", A);
	assert_int_equal(xtr_msg_read(buf, w.len, &m, NULL), 0);
	xtr_itr_reply(c->ctl.itr, &from, &m);
	cx_wait(c, 1100);
	cx_send(c, 0, "198.51.100.9", "10.3.5.7", 1, 1);
	cx_send(c, 0, "198.51.100.9", "10.3.0.7", 2, 1);
	cx_turns(c, 4);
	/* which of the two the reply was taken for does not matter here */
	for (unsigned i = 0, n = rte_ring_count(c->f->tx[1]); i < n; i++) {
		struct rte_mbuf *out = fx_receive(c->f, 1);

		if (fx_seq(out))
			assert_int_equal(out->pkt_len, 14 + 32);
		rte_pktmbuf_free(out);
	}
	cx_send(c, 0, "10.1.0.9", "10.3.5.7", 3, 1);
	cx_turns(c, 4);
	cx_expect(c, 3, 1, A);
}

/* A core-side proxy-ITR: who sends there in the name of an own EID is a stranger. */
static void spoofed(void **state)
{
	static const char *const senders[] = {"198.51.100.9", "10.1.0.9"}, *const locators[] = {
									       B " 1 100"};
	struct cx *c = *state;

	cx_proxy_itr(c, 1);
	cx_petr(c, A, 1, 100, false);
	cx_start(c);
	cx_negative(c, "0.0.0.0/1", XTR_ACT_NATIVELY_FORWARD);
	fx_neigh(c->f, 1, A, 11);
	fx_neigh(c->f, 1, B, 12);
	default_route(c);
	for (unsigned i = 0; i < 2; i++) {
		cx_send(c, 1, senders[i], WORLD, i * 10, 2);
		cx_send(c, 1, senders[i], "200.1.1.1", i * 10 + 2, 2);
		cx_turns(c, 4);
		cx_expect(c, i * 10, 4, NULL);
	}
	assert_int_equal(c->n_requests, 0);
	/* as strangers they are served */
	cx_send(c, 1, "10.1.0.9", "10.2.0.7", 20, 1);
	cx_turns(c, 4);
	assert_int_equal(c->n_requests, 1);
	cx_map(c, "10.2.0.0/24", locators, 1);
	cx_wait(c, 1100);
	/* what waited had its mapping not from a reply: the next packets */
	cx_send(c, 1, "198.51.100.9", "10.2.0.8", 21, 1);
	cx_send(c, 1, "10.1.0.9", "10.2.0.8", 22, 1);
	cx_turns(c, 4);
	cx_expect(c, 20, 3, B);
	assert_int_equal(cx_drops(c), 0);
}

/* --- what Linux sends --- */

static bool has_rule(const char *rule)
{
	char line[256];
	bool found = false;
	FILE *f = popen("ip -4 rule show", "r");

	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		found |= strstr(line, rule) != NULL;
	assert_int_equal(pclose(f), 0);
	return found;
}

/* By lisp0, to what is served, but where Linux would not get to the mapping system any more. */
static void rules(void **state)
{
	static const char *const added[] = {"from 10.1.0.0/16 iif lo lookup 4341",
	    "from all to 10.2.0.0/16 iif lo lookup 4341",
	    "from all to 203.0.0.0/18 iif lo lookup 4341"},
				 *const left_out[] = {"to 192.0.2.0/24", "to 203.0.113.0/24",
				     "from all iif lo lookup 4341"};
	struct cx *c = *state;
	struct xtr_cfg_ms server = {.address = fx_ip("203.0.113.5")};

	enter_namespace();
	cx_proxy_itr(c, 1);
	cx_map_cache(c, FX_IID, "192.0.2.0/24", XTR_ACT_SEND_MAP_REQUEST);
	cx_map_cache(c, FX_IID, "203.0.113.0/24", XTR_ACT_SEND_MAP_REQUEST);
	cx_map_cache(c, FX_IID, "203.0.0.0/18", XTR_ACT_SEND_MAP_REQUEST);
	cx_map_cache(c, FX_IID, "0.0.0.0/0", XTR_ACT_SEND_MAP_REQUEST);
	c->cfg.map_servers = &server;
	c->cfg.n_map_servers = 1;
	cx_start(c);
	assert_int_equal(xtr_loop_init(&c->ctl.loop), 0);
	c->ctl.mirror = xtr_mirror_create(&c->ctl);
	assert_non_null(c->ctl.mirror);
	for (unsigned i = 0; i < RTE_DIM(added); i++)
		if (!has_rule(added[i]))
			fail_msg("%s", added[i]);
	for (unsigned i = 0; i < RTE_DIM(left_out); i++)
		if (has_rule(left_out[i]))
			fail_msg("%s", left_out[i]);
	xtr_mirror_destroy(c->ctl.mirror);
	for (unsigned i = 0; i < RTE_DIM(added); i++)
		assert_false(has_rule(added[i]));
	/* a mapping system that is nowhere in IPv4: still not all that Linux sends */
	c->resolver = fx_ip("2001:db8::200");
	c->cfg.n_map_servers = 0;
	c->ctl.mirror = xtr_mirror_create(&c->ctl);
	assert_non_null(c->ctl.mirror);
	assert_true(has_rule(left_out[0]));
	assert_false(has_rule("from all iif lo lookup 4341"));
	xtr_mirror_destroy(c->ctl.mirror);
	c->ctl.mirror = NULL;
	xtr_loop_fini(&c->ctl.loop);
}

/* A blackhole, which a routing daemon needs to announce what is served, hides no LISP entry. But
 * what LISP does not serve under it is not sent by a shorter route, back to where it came from. */
static void blackhole(void **state)
{
	struct cx *c = *state;

	cx_proxy_itr(c, 0);
	cx_start(c);
	cx_negative(c, "0.0.0.0/1", XTR_ACT_NATIVELY_FORWARD);
	fx_neigh(c->f, 1, "192.0.2.254", 99);
	fx_route(c->f, "0.0.0.0/0", XTR_RIB_UNICAST, 1, "192.0.2.254", 0, false);
	fx_route(c->f, "10.0.0.0/8", XTR_RIB_BLACKHOLE, -1, NULL, 0, false);
	cx_turns(c, 4);
	assert_int_equal(c->ctl.dp->blackholes, 1);
	cx_send(c, 0, "198.51.100.9", "10.2.0.7", 0, 2);
	cx_turns(c, 4);
	assert_int_equal(c->ctl.holder.n, 2);
	cx_send(c, 0, "198.51.100.9", "10.3.0.7", 2, 2);
	cx_turns(c, 4);
	cx_expect(c, 0, 0, NULL);
	assert_int_equal(xtr_dp_drops(c->ctl.dp, XTR_DROP_BLACKHOLE), 2);
	/* the same where a longer route than the LISP entry leads the view to a next hop */
	fx_route(c->f, "172.16.0.0/12", XTR_RIB_UNICAST, 1, "192.0.2.254", 0, false);
	fx_route(c->f, "172.16.5.0/24", XTR_RIB_BLACKHOLE, -1, NULL, 0, false);
	cx_send(c, 0, "10.1.0.9", "172.16.5.5", 4, 2);
	cx_send(c, 0, "10.1.0.9", "172.16.6.6", 6, 2);
	cx_turns(c, 4);
	cx_expect(c, 6, 2, NULL);
	assert_int_equal(xtr_dp_drops(c->ctl.dp, XTR_DROP_BLACKHOLE), 4);
	fx_route(c->f, "172.16.5.0/24", XTR_RIB_BLACKHOLE, -1, NULL, 0, true);
	fx_route(c->f, "10.0.0.0/8", XTR_RIB_BLACKHOLE, -1, NULL, 0, true);
	assert_int_equal(c->ctl.dp->blackholes, 0);
	cx_send(c, 0, "10.1.0.9", "172.16.5.5", 8, 2);
	cx_turns(c, 4);
	cx_expect(c, 8, 2, NULL);
}

/* --- a PETR --- */

static struct xtr_eid *list(const char *const *texts, unsigned n, uint32_t iid)
{
	struct xtr_eid *e = calloc(n, sizeof(*e));

	assert_non_null(e);
	for (unsigned i = 0; i < n; i++)
		e[i] = fx_eid(iid, texts[i]);
	return e;
}

/* A LISP packet from an RLOC to ours, with a packet of 32 bytes from src to dst in it. */
static void tunnel(
    struct cx *c, const char *rloc, uint32_t iid, const char *src, const char *dst, uint32_t seq)
{
	struct rte_mbuf *m = fx_packet(c->f, 1, src, dst, seq);
	struct xtr_ip from = fx_ip(rloc), to = fx_ip("192.0.2.1");
	uint32_t word1 = xtr_data_word1(XTR_DATA_I, iid, 0);
	struct rte_ether_hdr eth = *rte_pktmbuf_mtod(m, struct rte_ether_hdr *);
	struct rte_ipv4_hdr *ip;
	struct rte_udp_hdr *udp;

	rte_pktmbuf_adj(m, sizeof(eth));
	memcpy(rte_pktmbuf_prepend(m, sizeof(eth) + 36), &eth, sizeof(eth));
	ip = rte_pktmbuf_mtod_offset(m, struct rte_ipv4_hdr *, sizeof(eth));
	memset(ip, 0, 36);
	ip->version_ihl = 0x45;
	ip->total_length = rte_cpu_to_be_16(36 + 32);
	ip->time_to_live = 64;
	ip->next_proto_id = IPPROTO_UDP;
	memcpy(&ip->src_addr, from.b, 4);
	memcpy(&ip->dst_addr, to.b, 4);
	ip->hdr_checksum = rte_ipv4_cksum(ip);
	udp = (struct rte_udp_hdr *)(ip + 1);
	udp->dst_port = rte_cpu_to_be_16(XTR_PORT_DATA);
	udp->dgram_len = rte_cpu_to_be_16(16 + 32);
	*(uint8_t *)(udp + 1) = XTR_DATA_I;
	memcpy((uint8_t *)(udp + 1) + 4, &word1, 4);
	assert_int_equal(rte_ring_enqueue(c->f->rx[1], m), 0);
}

/* What becomes of a packet from src by an RLOC: XTR_DROP_N if it goes natively on. */
static enum xtr_drop outcome(struct cx *c, const char *rloc, uint32_t iid, const char *src)
{
	enum xtr_drop found = XTR_DROP_N;
	uint64_t before[XTR_DROP_N];
	static uint32_t seq;

	for (unsigned d = 0; d < XTR_DROP_N; d++)
		before[d] = xtr_dp_drops(c->ctl.dp, (enum xtr_drop)d);
	tunnel(c, rloc, iid, src, WORLD, ++seq);
	cx_turns(c, 2);
	for (unsigned d = 0; d < XTR_DROP_N; d++)
		if (xtr_dp_drops(c->ctl.dp, (enum xtr_drop)d) != before[d])
			found = (enum xtr_drop)d;
	cx_expect(c, seq, found == XTR_DROP_N, NULL);
	return found;
}

static void start_petr(struct cx *c, struct xtr_cfg_proxy_etr *groups, unsigned n)
{
	c->cfg.proxy_etr = groups;
	c->cfg.n_proxy_etr = n;
	cx_start(c);
	default_route(c);
}

/* For nobody by default. */
static void no_open_relay(void **state)
{
	struct cx *c = *state;

	start_petr(c, NULL, 0);
	assert_int_equal(outcome(c, "192.0.2.7", FX_IID, "10.20.0.1"), XTR_DROP_DECAP_NOT_OURS);
	assert_int_equal(outcome(c, "192.0.2.7", 0, "10.20.0.1"), XTR_DROP_DECAP_NOT_OURS);
}

/* Groups whose prefixes lie in each other, prefixes of RLOCs, more RLOCs than a rule has room for.
 */
static void groups(void **state)
{
	static const char *const wide[] = {"10.20.0.0/16"},
				 *const narrow[] = {"10.20.9.0/24", "10.21.0.0/16"},
				 *const far[] = {"172.16.0.0/12", "2001:db8:f::/48", "192.0.2.7"},
				 *const near[] = {"192.0.2.8"};
	struct cx *c = *state;
	struct xtr_cfg_proxy_etr g[4] = {{list(far, 3, 0), 3, list(wide, 1, FX_IID), 1, FX_IID},
	    {list(near, 1, 0), 1, list(narrow, 2, FX_IID), 2, FX_IID}, {0}, {0}};
	const struct xtr_rloc_rule *rule;
	char text[40];

	/* 40 more for the narrow one, in a group of its own */
	g[2] = (struct xtr_cfg_proxy_etr){
	    calloc(40, sizeof(struct xtr_eid)), 40, list(narrow, 1, FX_IID), 1, FX_IID};
	for (unsigned i = 0; i < 40; i++) {
		snprintf(text, sizeof(text), "198.18.%u.1", i);
		g[2].rlocs[i] = fx_eid(0, text);
	}
	/* the same prefix of another instance, from elsewhere */
	g[3] = (struct xtr_cfg_proxy_etr){
	    list((const char *const[]){"0.0.0.0/0"}, 1, 0), 1, list(wide, 1, 9), 1, 9};
	start_petr(c, g, 4);
	/* one for the wide prefix, one for that of 0/0, eight for the narrow: 3 + 1 + 40 of 6 each,
	 * and one for 10.21.0.0/16 */
	assert_int_equal(c->ctl.dp->rloc_rule.used, 1 + 1 + 8 + 1);
	/* the wide one's came first */
	rule = xtr_pool_at(&c->ctl.dp->rloc_rule, 1);
	assert_int_equal(rule->n, 3);
	assert_int_equal(rule->rloc[0].af, 4);
	assert_int_equal(rule->rloc[0].plen, 12);
	assert_int_equal(rule->rloc[1].af, 4);
	assert_int_equal(rule->rloc[1].plen, 32);
	assert_int_equal(rule->rloc[2].af, 6);
	assert_int_equal(rule->rloc[2].plen, 48);
	assert_memory_equal(rule->rloc[2].ip, ((uint8_t[16]){0x20, 1, 0x0d, 0xb8, 0, 0x0f}), 16);

	assert_int_equal(outcome(c, "192.0.2.7", FX_IID, "10.20.0.1"), XTR_DROP_N);
	assert_int_equal(outcome(c, "172.16.0.1", FX_IID, "10.20.0.1"), XTR_DROP_N);
	assert_int_equal(outcome(c, "172.31.255.254", FX_IID, "10.20.255.1"), XTR_DROP_N);
	assert_int_equal(outcome(c, "172.32.0.1", FX_IID, "10.20.0.1"), XTR_DROP_PETR_RLOC);
	assert_int_equal(outcome(c, "192.0.2.8", FX_IID, "10.20.0.1"), XTR_DROP_PETR_RLOC);
	assert_int_equal(outcome(c, "198.18.3.1", FX_IID, "10.20.0.1"), XTR_DROP_PETR_RLOC);
	/* of the narrow one: its own, and those of what covers it */
	assert_int_equal(outcome(c, "192.0.2.8", FX_IID, "10.20.9.1"), XTR_DROP_N);
	assert_int_equal(outcome(c, "192.0.2.7", FX_IID, "10.20.9.1"), XTR_DROP_N);
	assert_int_equal(outcome(c, "172.16.0.1", FX_IID, "10.20.9.1"), XTR_DROP_N);
	for (unsigned i = 0; i < 40; i++) {
		snprintf(text, sizeof(text), "198.18.%u.1", i);
		assert_int_equal(outcome(c, text, FX_IID, "10.20.9.1"), XTR_DROP_N);
		assert_int_equal(outcome(c, text, FX_IID, "10.21.9.1"), XTR_DROP_PETR_RLOC);
	}
	assert_int_equal(outcome(c, "198.18.40.1", FX_IID, "10.20.9.1"), XTR_DROP_PETR_RLOC);
	assert_int_equal(outcome(c, "192.0.2.8", FX_IID, "10.21.9.1"), XTR_DROP_N);
	assert_int_equal(outcome(c, "192.0.2.8", FX_IID, "10.22.9.1"), XTR_DROP_PETR_SOURCE);
	/* the other instance: from anywhere, but no other's source */
	assert_int_equal(outcome(c, "198.18.40.1", 9, "10.20.9.1"), XTR_DROP_N);
	assert_int_equal(outcome(c, "198.18.40.1", 9, "10.21.9.1"), XTR_DROP_PETR_SOURCE);
	assert_int_equal(outcome(c, "198.18.40.1", 0, "10.20.9.1"), XTR_DROP_DECAP_NOT_OURS);
	for (unsigned i = 0; i < 4; i++) {
		free(g[i].rlocs);
		free(g[i].eids);
	}
	c->cfg.n_proxy_etr = 0;
}

#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {T(strangers), T(learned_by_others), T(more_than_asked),
	    T(spoofed), T(rules), T(blackhole), T(no_open_relay), T(groups)};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, eal_setup, eal_teardown);
}
