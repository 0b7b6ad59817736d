/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A port whose host scans addresses that nobody answers for, faster than the control lcore may be
 * bothered: packets of known mappings all leave, also those of the scanner's own port; another port
 * of its instance, and another instance, resolve what they have not asked for before.
 */
#define FX_PORTS 4
#include "ctl_fixture.h"

#include <time.h>

enum { SCANNER, CORE, SECOND, OTHER }; /* ports */

#define IID2   6
#define RLOC   "192.0.2.11"
#define ROUNDS 4000
#define EVERY  200 /* rounds between two new flows */

static struct flood {
	struct cx *c;
	struct xtr_eid addresses[2];
	struct xtr_cfg_mapping database[2];
	uint32_t seed;
	uint64_t scanned, known, fresh; /* packets in */
	uint64_t known_out, fresh_out;
} flood;

static uint32_t below(uint32_t n)
{
	flood.seed = flood.seed * 1664525 + 1013904223;
	return (uint32_t)(((uint64_t)(flood.seed >> 4) * n) >> 28);
}

static int setup(void **state)
{
	struct cx *c = cx_new();
	struct xtr_dp *dp = c->f->dp;

	memset(&flood, 0, sizeof(flood));
	flood.c = c;
	flood.seed = 3;
	/* Rates of real time are not what bounds the scan here (dp_fixture.h), but how much the
	 * control lcore takes. Limits as xtrd has them when nothing is configured. */
	c->cfg.lisp.hold_per_eid = 1024;
	c->cfg.lisp.hold_per_instance = 4096;
	c->cfg.lisp.hold_total = 8192;
	for (unsigned i = 0; i < 2; i++) {
		unsigned port = SECOND + i;

		flood.addresses[i] = fx_eid(i ? IID2 : FX_IID, i ? "10.6.0.0/24" : "10.1.3.0/24");
		flood.addresses[i].ip = fx_ip(i ? "10.6.0.1" : "10.1.3.1");
		c->ports[port].addresses = &flood.addresses[i];
		c->ports[port].side = XTR_SIDE_SITE;
		c->ports[port].iid = i ? IID2 : FX_IID;
		dp->ports[port].site = 1;
		dp->ports[port].inst = (uint32_t)xtr_dp_instance(dp, i ? IID2 : FX_IID);
	}
	flood.database[0] = c->database;
	flood.database[1].eid = fx_eid(IID2, "10.6.0.0/16");
	c->cfg.database = flood.database;
	c->cfg.n_database = 2;
	cx_map_cache(c, IID2, "0.0.0.0/0", XTR_ACT_SEND_MAP_REQUEST);
	cx_start(c);
	fx_neigh(c->f, CORE, RLOC, 11);
	cx_answers(c, RLOC, true);
	cx_map(c, "10.2.0.0/24", (const char *const[]){RLOC " 1 100"}, 1);
	cx_turns(c, 8);
	return 0;
}

static int teardown(void **state)
{
	cx_free(flood.c);
	return 0;
}

static void send_to(unsigned port, const char *src, const struct xtr_ip *dst)
{
	struct fx *f = flood.c->f;
	char text[XTR_IP_STRLEN];

	assert_int_equal(
	    rte_ring_enqueue(f->rx[port], fx_packet(f, port, src, xtr_ip_format(dst, text), 0)), 0);
}

static void known(unsigned port, const char *src)
{
	struct xtr_ip dst = fx_ip("10.2.0.7");

	send_to(port, src, &dst);
	flood.known++;
}

static void scan(unsigned n)
{
	struct xtr_ip dst = {.af = 4, .b = {10, 64}};

	for (; n; n--) {
		dst.b[1] = (uint8_t)(64 + below(64));
		dst.b[2] = (uint8_t)below(256);
		dst.b[3] = (uint8_t)below(256);
		send_to(SCANNER, "10.1.0.9", &dst);
		flood.scanned++;
	}
}

/* What has left: known or new, by the inner destination; nothing of the scan. */
static void receive(void)
{
	struct rte_mbuf *m;

	while ((m = fx_receive(flood.c->f, CORE)) != NULL) {
		const uint8_t *dst = rte_pktmbuf_mtod_offset(m, const uint8_t *, 14 + 36 + 16);

		assert_int_equal(m->pkt_len, 14 + 36 + 32);
		assert_true(dst[1] == 2 || dst[1] == 3);
		flood.known_out += dst[1] == 2;
		flood.fresh_out += dst[1] == 3;
		rte_pktmbuf_free(m);
	}
}

static void turn(void)
{
	for (unsigned i = 0; i < 4; i++) /* what comes in a round is more than a burst */
		xtr_worker_turn(flood.c->f->w);
	/* the control lcore gets no further than this, a flood long */
	xtr_ctl_punts(&flood.c->ctl, 16);
	xtr_ctl_look_again(&flood.c->ctl, 256);
	xtr_gate_poll(&flood.c->ctl.holder);
	xtr_rcu_poll(&flood.c->ctl.dp->rcu);
	receive();
}

static bool is_asked_for(const struct xtr_eid *eid)
{
	struct instance *inst = itr_instance(flood.c->ctl.itr, eid->iid, false);

	return inst && xtr_trie_get(&inst->pendings[0], &eid->ip, eid->plen);
}

/* An EID that nobody has asked for: it is asked for, at the end of those in the ring at the latest;
 * its mapping comes, and the packet leaves. */
static void resolve(unsigned port, const char *src, uint32_t iid, unsigned n)
{
	struct xtr_eid eid = {.iid = iid, .plen = 32, .ip = {.af = 4, .b = {10, 3}}};
	struct xtr_mapping_locator l = {fx_ip(RLOC), 1, 100, true};
	uint64_t out = flood.fresh_out;
	unsigned limit = 2 * XTR_RING_SIZE / 16;

	eid.ip.b[2] = (uint8_t)(n >> 8);
	eid.ip.b[3] = (uint8_t)n;
	send_to(port, src, &eid.ip);
	flood.fresh++;
	do {
		scan(48);
		turn();
	} while (!is_asked_for(&eid) && --limit);
	if (!limit)
		fail_msg("flow %u of instance %u is not asked for", n, iid);
	assert_non_null(itr_mapping_set(
	    flood.c->ctl.itr, &eid, XTR_FROM_MAP_REPLY, XTR_ACT_NO_ACTION, &l, 1, 1440, 0));
	xtr_clock_advance(&flood.c->ctl.wheel, 1000); /* the pending sees its answer */
	for (limit = 2 * XTR_RING_SIZE / 16; flood.fresh_out == out && limit; limit--) {
		scan(48);
		turn();
	}
	assert_int_equal(flood.fresh_out, out + 1);
}

static void nobody_else_notices(void **state)
{
	struct xtr_dp *dp = flood.c->ctl.dp;
	static const enum xtr_drop allowed[] = {XTR_DROP_PUNT_FULL, XTR_DROP_HOLD_INSTANCE,
	    XTR_DROP_HOLD_TIMEOUT, XTR_DROP_RESOLVE_LIMIT};
	uint64_t drops = 0;

	for (unsigned round = 0; round < ROUNDS; round++) {
		scan(200);
		known(SCANNER, "10.1.0.9");
		known(SECOND, "10.1.3.9");
		turn();
		if (round % 20 == 0)
			xtr_clock_advance(&flood.c->ctl.wheel, 1);
		if (round % EVERY == EVERY - 1) {
			resolve(SECOND, "10.1.3.9", FX_IID, round);
			resolve(OTHER, "10.6.0.9", IID2, round);
		}
	}
	/* the scan has reached every limit that it shares with them */
	assert_int_equal(flood.known_out, flood.known);
	assert_int_equal(flood.fresh_out, flood.fresh);
	for (unsigned i = 0; i < RTE_DIM(allowed); i++)
		drops += xtr_dp_drops(dp, allowed[i]);
	assert_int_equal(drops, cx_drops(flood.c));
	assert_true(xtr_dp_drops(dp, XTR_DROP_PUNT_FULL) > 1000);
	assert_true(xtr_dp_drops(dp, XTR_DROP_HOLD_INSTANCE) > 1000);
	assert_true(drops > flood.scanned / 2);
	print_message(
	    "%llu scanned, %llu punted, %llu dropped; %llu of known and %llu of new EIDs\n",
	    (unsigned long long)flood.scanned,
	    (unsigned long long)xtr_dp_counter(dp, XTR_CTR_PUNT_MISS), (unsigned long long)drops,
	    (unsigned long long)flood.known_out, (unsigned long long)flood.fresh_out);
	/* it ends: nothing stays but what is in the rings */
	xtr_clock_advance(&flood.c->ctl.wheel, 120000);
	cx_turns(flood.c, 100);
	xtr_clock_advance(&flood.c->ctl.wheel, 120000);
	cx_turns(flood.c, 100);
	assert_int_equal(flood.c->ctl.holder.n, 0);
	assert_int_equal(flood.c->ctl.itr->total[ITR_RESOLVING], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(nobody_else_notices, setup, teardown),
	};

	return cmocka_run_group_tests(tests, eal_setup, eal_teardown);
}
