/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sources of what comes out of tunnels, as the control lcore has it: from which RLOCs mappings let
 * them come, and what waits while a source is resolved.
 */
#include "ctl_fixture.h"
#include "fail_alloc.h"
#include "itr_clear.h"

#include "control/forwarding/packet.h"

#define SRC   "10.2.0.7" /* their host */
#define NET   "10.2.0.0/16"
#define HOST  "10.1.0.9" /* ours */
#define A     "192.0.2.11"
#define B     "192.0.2.12"
#define C     "203.0.113.7"
#define A6    "2001:db8:f::1"
#define OUTER (20u + 8 + XTR_DATA_HDR_LEN)

static struct xtr_cfg_locator own_locators[2];

static struct cx *begin(enum xtr_cfg_check check)
{
	struct cx *c = cx_new();

	c->cfg.lisp.source_check = (uint8_t)check;
	own_locators[0].rloc = fx_ip("192.0.2.1");
	own_locators[1].rloc = fx_ip("192.0.2.99"); /* the site's other xTR */
	c->database.locators = own_locators;
	c->database.n_locators = 2;
	return c;
}

static void start(struct cx *c)
{
	cx_start(c);
	fx_neigh(c->f, 0, HOST, 9);
	fx_neigh(c->f, 1, A, 11);
	fx_neigh(c->f, 1, B, 12);
	cx_turns(c, 4);
}

static int setup_strict(void **state)
{
	start(*state = begin(XTR_CFG_CHECK_STRICT));
	return 0;
}

static int setup_loose(void **state)
{
	start(*state = begin(XTR_CFG_CHECK_LOOSE));
	return 0;
}

static int teardown(void **state)
{
	allocs_left = -1;
	cx_free(*state);
	return 0;
}

/* Packets of a source to our host, numbered from `first`, come in LISP packets from an RLOC. */
static void from(
    struct cx *c, const char *rloc, const char *src, const char *dst, uint32_t first, unsigned n)
{
	struct xtr_ip s = fx_ip(rloc), d = fx_ip("192.0.2.1");

	for (unsigned i = 0; i < n; i++) {
		struct rte_mbuf *m = fx_packet(c->f, 1, src, dst, first + i);
		char eth[RTE_ETHER_HDR_LEN];
		struct rte_ipv4_hdr *ip;
		struct rte_udp_hdr *udp;
		struct xtr_data_hdr h = {.flags = XTR_DATA_I, .instance_id = FX_IID};

		memcpy(eth, rte_pktmbuf_mtod(m, char *), sizeof(eth));
		memcpy(rte_pktmbuf_prepend(m, OUTER), eth, sizeof(eth));
		ip = rte_pktmbuf_mtod_offset(m, struct rte_ipv4_hdr *, sizeof(eth));
		udp = (struct rte_udp_hdr *)(ip + 1);
		memset(ip, 0, sizeof(*ip) + sizeof(*udp));
		ip->version_ihl = RTE_IPV4_VHL_DEF;
		ip->total_length = rte_cpu_to_be_16((uint16_t)(m->pkt_len - sizeof(eth)));
		ip->time_to_live = 64;
		ip->next_proto_id = IPPROTO_UDP;
		memcpy(&ip->src_addr, s.b, 4);
		memcpy(&ip->dst_addr, d.b, 4);
		ip->hdr_checksum = rte_ipv4_cksum(ip);
		udp->src_port = rte_cpu_to_be_16(0xc000);
		udp->dst_port = rte_cpu_to_be_16(XTR_PORT_DATA);
		udp->dgram_len =
		    rte_cpu_to_be_16((uint16_t)(m->pkt_len - sizeof(eth) - sizeof(*ip)));
		xtr_data_write((uint8_t *)(udp + 1), &h);
		assert_int_equal(rte_ring_enqueue(c->f->rx[1], m), 0);
	}
}

static void comes(struct cx *c, const char *rloc, uint32_t first, unsigned n)
{
	from(c, rloc, SRC, HOST, first, n);
	xtr_worker_turn(c->f->w);
}

/* Exactly these packets have left for our host, in order. */
static void arrived(struct cx *c, uint32_t first, unsigned n)
{
	fx_expect(c->f, 0, first, n);
}

static uint64_t drops(struct cx *c, enum xtr_drop d)
{
	return xtr_dp_drops(c->ctl.dp, d);
}

/* The answer to the last Map-Request: the prefix at these RLOCs (ends with NULL), or natively. */
static void answer(struct cx *c, const char *prefix, const char *const *rlocs)
{
	struct xtr_record rec = {
	    .ttl = 1440, .eid = fx_eid(FX_IID, prefix), .act = XTR_ACT_NATIVELY_FORWARD};
	struct xtr_peer peer = {.ip = fx_ip(A)};
	struct xtr_writer w;
	uint8_t buf[512];
	struct xtr_msg m;

	xtr_writer_init(&w, buf, sizeof(buf));
	xtr_write_map_reply(&w, c->nonce, false);
	xtr_write_record(&w, &rec);
	for (; *rlocs; rlocs++) {
		struct xtr_locator l = {.priority = 1, .weight = 100, .reachable = true};

		l.ip = fx_ip(*rlocs);
		xtr_write_locator(&w, &l);
	}
	assert_int_equal(xtr_msg_read(buf, w.len, &m, NULL), 0);
	xtr_itr_reply(c->ctl.itr, &peer, &m);
}

static const char *const at_a[] = {A, NULL}, *const nowhere[] = {NULL};

/* Strict: nothing is lost, and nothing overtakes, while the source is resolved; what comes from
 * another RLOC is dropped then. */
static void resolved_first(void **state)
{
	struct xtr_eid theirs = fx_eid(FX_IID, SRC), ours = fx_eid(FX_IID, HOST);
	struct cx *c = *state;

	comes(c, A, 1, 3);
	cx_turn(c);
	assert_int_equal(c->n_requests, 1);
	assert_memory_equal(&c->asked, &theirs, sizeof(theirs));
	assert_memory_equal(&c->asks, &ours, sizeof(ours));
	assert_int_equal(c->ctl.holder.n, 3);
	assert_int_equal(xtr_dp_counter(c->ctl.dp, XTR_CTR_PUNT_SOURCE), 3);
	comes(c, B, 1000, 1);
	cx_turn(c);
	assert_int_equal(c->n_requests, 1);
	comes(c, A, 4, 2); /* still in the punt ring when the answer comes */
	arrived(c, 0, 0);
	answer(c, NET, at_a);
	comes(c, A, 6, 2); /* meets the gate */
	assert_int_equal(c->f->w->n_gate, 2);
	cx_turn(c);
	comes(c, A, 8, 2);
	cx_turns(c, 8);
	comes(c, A, 10, 2);
	arrived(c, 1, 11);
	assert_int_equal(drops(c, XTR_DROP_SOURCE_RLOC), 1);
	assert_int_equal(cx_drops(c), 1);
	assert_int_equal(c->ctl.holder.n, 0);
	comes(c, B, 1001, 1);
	cx_turns(c, 2);
	arrived(c, 0, 0);
	assert_int_equal(drops(c, XTR_DROP_SOURCE_RLOC), 2);
	/* another host of the prefix needs no question */
	from(c, A, "10.2.9.9", HOST, 12, 1);
	cx_turns(c, 2);
	arrived(c, 12, 1);
}

/* A source that is no EID, and one that nobody knows of. */
static void strangers(void **state)
{
	struct cx *c = *state;

	comes(c, A, 1, 2);
	cx_turn(c);
	answer(c, "10.2.0.0/15", nowhere);
	comes(c, B, 3, 2);
	cx_turns(c, 8);
	arrived(c, 1, 4);
	assert_int_equal(c->n_requests, 1);
	/* no answer */
	from(c, A, "10.77.0.1", HOST, 5, 3);
	cx_wait(c, 4000);
	assert_int_equal(c->ctl.holder.n, 3);
	from(c, A, "10.77.0.1", HOST, 8, 1);
	cx_wait(c, 2000);
	assert_int_equal(drops(c, XTR_DROP_HOLD_TIMEOUT), 3);
	assert_int_equal(c->ctl.holder.n, 1);
	cx_wait(c, 5000);
	assert_int_equal(drops(c, XTR_DROP_HOLD_TIMEOUT), 4);
	assert_int_equal(cx_drops(c), 4);
	arrived(c, 0, 0);
}

static void limits(void **state)
{
	struct cx *c = *state;

	comes(c, A, 0, 64);
	for (unsigned i = 1; i < 20; i++) {
		from(c, A, SRC, HOST, 64 * i, 64);
		cx_turns(c, 1);
	}
	assert_int_equal(c->ctl.holder.n, c->cfg.lisp.hold_per_eid);
	assert_int_equal(drops(c, XTR_DROP_HOLD_EID), 20 * 64 - c->cfg.lisp.hold_per_eid);
	assert_int_equal(c->n_requests, 1);
	answer(c, NET, at_a);
	cx_turns(c, 8);
	arrived(c, 0, c->cfg.lisp.hold_per_eid);
}

/* Both ways wait for one answer. */
static void both_ways(void **state)
{
	struct cx *c = *state;

	comes(c, A, 1, 2);
	cx_turn(c);
	cx_send(c, 0, HOST, SRC, 100, 2);
	cx_turns(c, 1);
	assert_int_equal(c->n_requests, 1);
	assert_int_equal(c->ctl.holder.n, 4);
	answer(c, NET, at_a);
	cx_turns(c, 8);
	arrived(c, 1, 2);
	cx_expect(c, 100, 2, A);
	assert_int_equal(cx_drops(c), 0);
}

/* What Linux put together comes by another door. */
static void reassembled(void **state)
{
	struct cx *c = *state;
	static const char *const rlocs[] = {B, A};

	for (unsigned i = 0; i < 2; i++) {
		struct xtr_ip rloc = fx_ip(rlocs[i]);
		struct rte_mbuf *frame, *m;

		from(c, A, SRC, HOST, i, 1);
		assert_int_equal(rte_ring_dequeue(c->f->rx[1], (void **)&frame), 0);
		m = xtr_packet_make(c->ctl.dp,
		    rte_pktmbuf_mtod_offset(frame, char *, 14 + OUTER - XTR_DATA_HDR_LEN),
		    frame->pkt_len - 14 - OUTER + XTR_DATA_HDR_LEN);
		assert_non_null(m);
		rte_pktmbuf_free(frame);
		xtr_pkt(m)->port = 1;
		xtr_pkt(m)->outer_ttl = 64;
		xtr_pkt(m)->outer_af = 4;
		memcpy(xtr_pkt(m)->outer_src, rloc.b, 4);
		assert_int_equal(xtr_inject(c->ctl.dp, m, XTR_INJECT_DECAP), 0);
	}
	cx_turns(c, 1);
	assert_int_equal(c->ctl.holder.n, 2);
	answer(c, NET, at_a);
	cx_turns(c, 8);
	arrived(c, 1, 1);
	assert_int_equal(drops(c, XTR_DROP_SOURCE_RLOC), 1);
	assert_int_equal(cx_drops(c), 1);
}

/* Nobody to ask. */
static void no_resolver(void **state)
{
	struct cx *c = begin(XTR_CFG_CHECK_STRICT);

	c->cfg.n_map_resolvers = 0;
	start(c);
	comes(c, A, 1, 2);
	cx_turns(c, 2);
	assert_int_equal(drops(c, XTR_DROP_NO_RESOLVER), 2);
	assert_int_equal(cx_drops(c), 2);
	arrived(c, 0, 0);
	*state = c;
	teardown(state);
}

/* Which of these RLOCs a packet of a source may come from, one bit each. */
static unsigned allowed(struct cx *c, const char *src)
{
	static const char *const rlocs[] = {A, B, C, "192.0.2.99"};
	unsigned bits = 0;

	for (unsigned i = 0; i < RTE_DIM(rlocs); i++) {
		from(c, rlocs[i], src, HOST, i, 1);
		cx_turns(c, 6);
		bits |= rte_ring_count(c->f->tx[0]) << i;
		fx_empty(c->f->tx[0]);
	}
	return bits;
}

/* All that a mapping names may send, used or not; mappings that name the same share a rule. */
static void locators(void **state)
{
	static const char *const two[] = {A " 1 100", B " 1 100"},
				 *const same[] = {B " 2 1", A " 1 9"},
				 *const backup[] = {A " 1 100", C " 2 100"},
				 *const odd[] = {A " 1 100 down", B " 255 0", A6 " 3 1"},
				 *const never[] = {C " 255 100"}, *const one[] = {B " 1 1"};
	struct cx *c = *state;
	uint32_t rules = c->ctl.dp->rloc_rule.used, set;

	cx_map(c, NET, two, 2);
	cx_turns(c, 6);
	assert_int_equal(c->ctl.dp->rloc_rule.used, rules + 1);
	assert_int_equal(allowed(c, SRC), 3);
	cx_map(c, "10.3.0.0/16", same, 2);
	cx_map(c, "10.4.0.0/16", two, 2);
	cx_turns(c, 6);
	assert_int_equal(c->ctl.dp->rloc_rule.used, rules + 1);
	assert_int_equal(allowed(c, "10.3.0.1"), 3);
	assert_int_equal(allowed(c, "10.4.0.1"), 3);
	cx_map(c, NET, backup, 2);
	cx_turns(c, 6);
	assert_int_equal(c->ctl.dp->rloc_rule.used, rules + 2);
	assert_int_equal(allowed(c, SRC), 5);
	cx_map(c, NET, odd, 3);
	cx_turns(c, 6);
	assert_int_equal(allowed(c, SRC), 3);
	cx_map(c, NET, never, 1);
	cx_turns(c, 6);
	assert_int_equal(allowed(c, SRC), 4);
	set = c->ctl.dp->rloc_rule.used;
	/* one, that packets go to, is no rule's */
	cx_map(c, NET, one, 1);
	cx_turns(c, 6);
	assert_int_equal(c->ctl.dp->rloc_rule.used, set - 1);
	assert_int_equal(allowed(c, SRC), 2);
	cx_negative(c, NET, XTR_ACT_DROP);
	cx_turns(c, 6);
	assert_int_equal(allowed(c, SRC), 0);
	cx_negative(c, NET, XTR_ACT_NATIVELY_FORWARD);
	cx_turns(c, 6);
	assert_int_equal(allowed(c, SRC), 15);
	/* own EIDs: from the site's two xTRs, of which one is this machine */
	assert_int_equal(allowed(c, "10.1.77.7"), 8);
	assert_int_equal(allowed(c, "10.1.0.77"), 8);
	assert_true(drops(c, XTR_DROP_SOURCE_OWN) > 0);
	itr_clear(c->ctl.itr, NULL, -1);
	cx_turns(c, 6);
	assert_int_equal(c->ctl.dp->rloc_rule.used, rules);
	assert_int_equal(allowed(c, SRC), 15);
}

/* Up to 255 of them. */
static void many_locators(void **state)
{
	static char text[UINT8_MAX][32];
	const char *list[UINT8_MAX];
	struct cx *c = *state;
	uint32_t rules = c->ctl.dp->rloc_rule.used;

	for (unsigned i = 0; i < UINT8_MAX; i++) {
		snprintf(text[i], sizeof(text[i]), "198.18.0.%u %u 1", i, i);
		list[i] = text[i];
	}
	cx_map(c, NET, list, UINT8_MAX);
	cx_turns(c, 6);
	assert_int_equal(c->ctl.dp->rloc_rule.used, rules + (UINT8_MAX + 5) / 6);
	for (unsigned i = 0; i <= UINT8_MAX; i++) {
		char rloc[32];

		snprintf(rloc, sizeof(rloc), "198.18.0.%u", i);
		from(c, rloc, SRC, HOST, i, 1);
		cx_turns(c, 2);
		arrived(c, i, i < UINT8_MAX);
	}
	itr_clear(c->ctl.itr, NULL, -1);
	cx_turns(c, 6);
	assert_int_equal(c->ctl.dp->rloc_rule.used, rules);
}

/* Those who are configured, and nobody else, for strangers; and an instance has its own way. */
static void configured(void **state)
{
	struct xtr_cfg_instance other = {.iid = FX_IID, .source_check = XTR_CFG_CHECK_LOOSE};
	struct xtr_eid pitrs[] = {fx_eid(0, "203.0.113.0/24"), fx_eid(0, B)};

	for (unsigned check = XTR_CFG_CHECK_OFF; check <= XTR_CFG_CHECK_STRICT; check++)
		for (unsigned own = 0; own < 2; own++) {
			struct cx *c = begin(own ? XTR_CFG_CHECK_OFF : (enum xtr_cfg_check)check);

			other.source_check = (uint8_t)check;
			c->cfg.instances = &other;
			c->cfg.n_instances = own;
			c->cfg.proxy_itrs = pitrs;
			c->cfg.n_proxy_itrs = 2;
			start(c);
			cx_negative(c, NET, XTR_ACT_NATIVELY_FORWARD);
			cx_turns(c, 6);
			assert_int_equal(allowed(c, SRC), check == XTR_CFG_CHECK_OFF ? 15 : 6);
			assert_int_equal(
			    drops(c, XTR_DROP_SOURCE_PROXY), check == XTR_CFG_CHECK_OFF ? 0 : 2);
			/* what is not known */
			assert_int_equal(
			    allowed(c, "10.3.0.1"), check == XTR_CFG_CHECK_STRICT ? 0 : 15);
			assert_int_equal(c->n_requests, check == XTR_CFG_CHECK_STRICT);
			*state = c;
			teardown(state);
		}
}

/* Its EID has moved, and what it sends says so before anybody else does. */
static void moved(void **state)
{
	static const char *const at_b[] = {B, NULL};
	struct cx *c = *state;

	c->ctl.dp->doubt_gap = 0;
	cx_send(c, 0, HOST, SRC, 0, 1);
	cx_turns(c, 1);
	answer(c, NET, at_a);
	cx_turns(c, 8);
	cx_expect(c, 0, 1, A);
	cx_wait(c, 2000); /* no second question within one */
	assert_int_equal(c->n_requests, 1);
	comes(c, B, 1, 3);
	cx_turns(c, 2);
	arrived(c, 0, 0);
	assert_int_equal(drops(c, XTR_DROP_SOURCE_RLOC), 3);
	assert_int_equal(c->n_requests, 2);
	assert_int_equal(c->ctl.holder.n, 0);
	answer(c, NET, at_b);
	cx_turns(c, 8);
	comes(c, B, 4, 1);
	cx_turns(c, 2);
	arrived(c, 4, 1);
	/* a liar makes us ask ten times a second, and for each source once */
	for (unsigned i = 0; i < 200; i++) {
		char src[32];

		snprintf(src, sizeof(src), "10.2.1.%u", i / 2);
		from(c, A, src, HOST, i, 1);
		cx_turns(c, 1);
	}
	assert_int_equal(c->n_requests, 2 + 9); /* one of this second's was used above */
	cx_wait(c, 1000);
	from(c, A, "10.2.2.1", HOST, 0, 1);
	cx_turns(c, 1);
	assert_in_range(c->n_requests, 12, 22); /* those without an answer may be asked again */
}

/* Memory is short anywhere while a mapping with several locators takes another's place: either
 * stands, whole. */
static void memory_short(void **state)
{
	const struct xtr_mapping_locator first[] = {{fx_ip(A), 1, 1, true}, {fx_ip(B), 2, 1, true}},
					 second[] = {
					     {fx_ip(B), 1, 1, true}, {fx_ip(C), 2, 1, true}};
	struct xtr_eid eid = fx_eid(FX_IID, NET);
	struct cx *c = *state;
	bool done = false;
	unsigned tries = 0;

	for (; !done; tries++) {
		assert_in_range(tries, 0, 100);
		assert_non_null(itr_mapping_set(
		    c->ctl.itr, &eid, XTR_FROM_MAP_REPLY, XTR_ACT_NO_ACTION, first, 2, 1440, 0));
		cx_turns(c, 6);
		assert_int_equal(allowed(c, SRC), 3);
		allocs_failed = 0;
		allocs_left = (int)tries;
		itr_mapping_set(
		    c->ctl.itr, &eid, XTR_FROM_MAP_REPLY, XTR_ACT_NO_ACTION, second, 2, 1440, 0);
		allocs_left = -1;
		done = !allocs_failed;
		cx_turns(c, 6);
		if (done)
			assert_int_equal(allowed(c, SRC), 6);
		else
			assert_true(allowed(c, SRC) == 3 || allowed(c, SRC) == 6);
	}
	assert_in_range(tries, 4, 100);
}

#define S(test) cmocka_unit_test_setup_teardown(test, setup_strict, teardown)
#define L(test) cmocka_unit_test_setup_teardown(test, setup_loose, teardown)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {S(resolved_first), S(strangers), S(limits), S(both_ways),
	    S(reassembled), cmocka_unit_test(no_resolver), L(locators), L(many_locators),
	    cmocka_unit_test(configured), L(moved), L(memory_short)};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, eal_setup, eal_teardown);
}
