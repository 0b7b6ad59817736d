/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Mixed traffic while the map-cache changes all the time: at the end every packet that came in has
 * left, or was dropped under a name, to the packet, and every buffer is free.
 *
 *   soak [-t seconds] [-w workers] [-u updates a second]
 *
 * Workers run their real loop in threads of their own. The main thread is the control lcore with
 * all that forwards (ctl_fixture.h), the mapping system that it asks, and source and sink of the
 * packets. Mappings come, change and go as Map-Replies bring them; neighbours and a link come and
 * go too.
 */
#include "soak.h"

#include <getopt.h>
#include <pthread.h>
#include <time.h>
#include "dp_seen.h"

#define MAX_WORKERS 4
#define MAX_ASKED   4096
#define SETTLE_US   60000000u

static unsigned seconds = 3, updates_a_second = 10000;

static const char *const rlocs[] = {"192.0.2.11", "192.0.2.12", "192.0.2.13", "192.0.2.14",
    "198.51.100.11", "198.51.100.12", "2001:db8:c::11", "2001:db8:c::12"};

static struct soak {
	struct cx *c;
	struct soak_traffic t;
	struct xtr_eid addresses[FX_PORTS][2];
	struct xtr_cfg_mapping database[2];
	uint32_t seed;
	struct {
		uint64_t nonce;
		struct xtr_eid eid;
	} asked[MAX_ASKED];
	unsigned n_asked;
	uint64_t start_us, clock_ms, updates, replies;
	bool gone; /* a neighbour */
	pthread_t threads[MAX_WORKERS];
	unsigned n_threads;
} soak;

/* --- the mapping system --- */

static int sent(struct xtr_lisp *l, const struct xtr_ip *src, const struct xtr_ip *dst,
    uint16_t port, const uint8_t *p, size_t len)
{
	const uint8_t *cursor = NULL;
	struct xtr_request_rec rec;
	struct xtr_msg m, request;

	assert_int_equal(xtr_msg_read(p, len, &m, NULL), 0);
	if (m.type != XTR_MSG_ECM)
		return cx_sent(l, src, dst, port, p, len);
	assert_int_equal(xtr_msg_read(m.inner, m.inner_len, &request, NULL), 0);
	assert_true(xtr_request_rec_next(&request, &cursor, &rec));
	if (soak.n_asked < MAX_ASKED && soak_random(&soak.seed, 8)) {
		soak.asked[soak.n_asked].nonce = request.nonce;
		soak.asked[soak.n_asked++].eid = rec.eid;
	}
	return 0;
}

static struct xtr_mapping_locator some_locator(void)
{
	struct xtr_mapping_locator l = {
	    .rloc = fx_ip(rlocs[soak_random(&soak.seed, RTE_DIM(rlocs))]),
	    .priority = 1,
	    .weight = (uint8_t)(1 + soak_random(&soak.seed, 100)),
	    .reachable = true};

	return l;
}

/* Of the slot that the EID lies in; of others, for the host alone. */
static struct xtr_eid answer_for(struct xtr_eid eid)
{
	if (eid.ip.af == 6)
		eid.plen = 64;
	else if (eid.ip.b[0] == 10 && eid.ip.b[1] == 2)
		eid.plen = 24;
	xtr_ip_mask(&eid.ip, eid.plen);
	return eid;
}

static void reply(unsigned i)
{
	struct xtr_record rec = {
	    .eid = answer_for(soak.asked[i].eid), .ttl = 1440, .authoritative = true};
	struct xtr_peer from = {.ip = fx_ip("192.0.2.200"), .port = 4342};
	struct xtr_writer w;
	struct xtr_msg m;
	uint8_t buf[512];

	rec.act = XTR_ACT_NATIVELY_FORWARD;
	xtr_writer_init(&w, buf, sizeof(buf));
	xtr_write_map_reply(&w, soak.asked[i].nonce, false);
	xtr_write_record(&w, &rec);
	for (unsigned n = soak_random(&soak.seed, 3); n; n--) {
		struct xtr_mapping_locator l = some_locator();
		struct xtr_locator loc = {
		    .ip = l.rloc, .priority = 1, .weight = l.weight, .reachable = true};

		xtr_write_locator(&w, &loc);
	}
	assert_int_equal(xtr_writer_result(&w), 0);
	assert_int_equal(xtr_msg_read(buf, w.len, &m, NULL), 0);
	xtr_itr_reply(soak.c->ctl.itr, &from, &m);
	soak.replies++;
}

static void answer(unsigned max)
{
	while (max-- && soak.n_asked) {
		unsigned i = soak_random(&soak.seed, soak.n_asked);

		reply(i);
		soak.asked[i] = soak.asked[--soak.n_asked];
	}
}

/* --- what changes --- */

static void update(void)
{
	static const uint8_t actions[] = {
	    XTR_ACT_DROP, XTR_ACT_NATIVELY_FORWARD, XTR_ACT_SEND_MAP_REQUEST};
	struct xtr_eid eid = soak_eid(soak_random(&soak.seed, SOAK_SLOTS));
	struct xtr_mapping *m = xtr_itr_lookup(soak.c->ctl.itr, &eid);
	unsigned what = soak_random(&soak.seed, 8), n = 0;
	struct xtr_mapping_locator l[3];

	soak.updates++;
	if (what < 2 && m && m->eid.plen == eid.plen) {
		itr_mapping_remove(m);
		return;
	}
	if (what > 2)
		for (n = 0; n <= what % 3; n++)
			l[n] = some_locator();
	assert_non_null(itr_mapping_set(soak.c->ctl.itr, &eid, XTR_FROM_MAP_REPLY,
	    n ? XTR_ACT_NO_ACTION : actions[soak_random(&soak.seed, RTE_DIM(actions))], l, n, 1440,
	    soak_random(&soak.seed, 16) ? 0 : 1 + soak_random(&soak.seed, 300)));
}

static void update_core(uint64_t ms)
{
	struct cx *c = soak.c;
	bool gone = ms / 64 % 4 == 1;

	if (gone != soak.gone && gone)
		fx_neigh_gone(c->f, CORE, "192.0.2.14", ms % 2);
	else if (gone != soak.gone)
		fx_neigh(c->f, CORE, "192.0.2.14", (uint8_t)ms);
	soak.gone = gone;
	__atomic_store_n(&c->f->dp->ports[CORE2].up, ms / 16 % 64 != 5, __ATOMIC_RELAXED);
}

/* --- set-up --- */

static void neighbour(unsigned port, const char *ip, uint8_t mac)
{
	fx_neigh(soak.c->f, port, ip, mac);
}

static void connected(const char *net, const char *own, unsigned port)
{
	fx_route(soak.c->f, net, XTR_RIB_UNICAST, (int)port, NULL, 0, false);
	fx_route(soak.c->f, own, XTR_RIB_LOCAL, -1, NULL, 0, false);
}

static void add_addresses(void)
{
	static const char *const nets[FX_PORTS][2] = {{"10.1.0.0/24", "2001:db8:1::/64"},
	    {"192.0.2.0/24", "2001:db8:c::/64"}, {"198.51.100.0/24", "2001:db8:d::/64"},
	    {"10.1.3.0/24", "2001:db8:1:3::/64"}};
	static const char *const own[FX_PORTS][2] = {{"10.1.0.1", "2001:db8:1::1"},
	    {"192.0.2.1", "2001:db8:c::1"}, {"198.51.100.1", "2001:db8:d::1"},
	    {"10.1.3.1", "2001:db8:1:3::1"}};
	struct cx *c = soak.c;

	for (unsigned port = 0; port < FX_PORTS; port++) {
		bool site = port == SITE || port == SITE2;

		for (unsigned i = 0; i < 2; i++) {
			soak.addresses[port][i] = fx_eid(site ? FX_IID : 0, nets[port][i]);
			soak.addresses[port][i].ip = fx_ip(own[port][i]);
		}
		c->ports[port].addresses = soak.addresses[port];
		c->ports[port].n_addresses = 2;
		c->ports[port].side = site ? XTR_SIDE_SITE : XTR_SIDE_CORE;
		c->ports[port].iid = site ? FX_IID : 0;
	}
	c->f->dp->ports[SITE2].site = 1;
	c->f->dp->ports[SITE2].inst = c->f->dp->ports[SITE].inst;
	soak.database[0] = c->database;
	soak.database[1].eid = fx_eid(FX_IID, "2001:db8:1::/48");
	c->cfg.database = soak.database;
	c->cfg.n_database = 2;
	cx_start(c);
	for (unsigned port = 0; port < FX_PORTS; port++)
		for (unsigned i = 0; i < 2; i++)
			connected(nets[port][i], own[port][i], port);
}

static void add_neighbours(void)
{
	static const char *const stable[] = {"10.9.0.0/24", "2001:db8:9::/48"};

	neighbour(SITE, "10.1.0.9", 1);
	neighbour(SITE, "2001:db8:1::9", 1);
	neighbour(SITE2, "10.1.3.9", 3);
	neighbour(SITE2, "2001:db8:1:3::9", 3);
	for (unsigned i = 0; i < RTE_DIM(rlocs); i++) {
		neighbour(rlocs[i][0] == '1' && rlocs[i][2] == '8' ? CORE2 : CORE, rlocs[i],
		    (uint8_t)(10 + i));
		cx_answers(soak.c, rlocs[i], true);
	}
	for (unsigned i = 0; i < RTE_DIM(stable); i++)
		cx_map(soak.c, stable[i], (const char *const[]){"192.0.2.11 1 100"}, 1);
}

static int setup(void **state)
{
	struct cx *c = cx_new();
	struct xtr_dp *dp = c->f->dp;

	soak.c = soak.t.c = c;
	soak.seed = 20240607;
	soak.t.seed = 42;
	c->cfg.lisp.source_check = XTR_CFG_CHECK_STRICT;
	c->cfg.lisp.hold_per_eid = 256;
	c->cfg.lisp.hold_per_instance = 2048;
	c->cfg.lisp.hold_total = 4096;
	c->cfg.lisp.hold_ms = 1000;
	add_addresses();
	c->ctl.lisp.send = sent;
	add_neighbours();
	for (unsigned i = 0; i < FX_PORTS; i++)
		seen_port(dp->ports[i].ethdev, c->f->rx[i], c->f->tx[i]);
	cx_turns(c, 4);
	fx_offline(c->f);
	return 0;
}

static void *worker(void *arg)
{
	xtr_worker_run(arg);
	return NULL;
}

static void end_workers(void)
{
	__atomic_store_n(&soak.c->f->dp->stop, true, __ATOMIC_RELAXED);
	while (soak.n_threads)
		pthread_join(soak.threads[--soak.n_threads], NULL);
}

static int teardown(void **state)
{
	struct cx *c = soak.c;

	end_workers(); /* where something is wrong, they run */
	fx_neigh(c->f, CORE, "192.0.2.14", 1);
	cx_free(c);
	return 0;
}

/* --- the run --- */

/* A turn of the control loop, of source and sink; simulated time moves on by ms. */
static void turn(uint64_t ms)
{
	if (ms)
		xtr_clock_advance(&soak.c->ctl.wheel, ms);
	cx_turn(soak.c);
	soak_receive(&soak.t);
}

static unsigned in_use(void)
{
	return rte_mempool_in_use_count(soak.c->f->dp->rx_pool) +
	       rte_mempool_in_use_count(soak.c->f->dp->hold_pool);
}

static void run(void)
{
	uint64_t now_us, ms = 0, next;

	soak.start_us = xtr_monotonic_us();
	do {
		now_us = xtr_monotonic_us() - soak.start_us;
		next = now_us / 1000;
		soak_send(&soak.t, 64);
		for (unsigned n = 0; n < 64 && soak.updates < now_us * updates_a_second / 1000000;
		     n++)
			update();
		if (next != ms)
			update_core(next);
		answer(8);
		turn(next - ms);
		ms = next;
	} while (now_us < seconds * 1000000ull);
	soak.clock_ms = ms;
	__atomic_store_n(&soak.c->f->dp->ports[CORE2].up, 1, __ATOMIC_RELAXED);
}

/* No more comes: what waits gets its answer, or its time is over. */
static void settle(void)
{
	uint64_t until = xtr_monotonic_us() + SETTLE_US;

	while (in_use() && xtr_monotonic_us() < until) {
		turn(1);
		sched_yield();
	}
}

static uint64_t report(void)
{
	const struct xtr_dp *dp = soak.c->f->dp;
	uint64_t drops = 0;

	for (unsigned d = 0; d < XTR_DROP_N; d++) {
		uint64_t n = xtr_dp_drops(dp, (enum xtr_drop)d);

		if (n)
			print_message("  %-32s %llu\n", xtr_drop_name((enum xtr_drop)d),
			    (unsigned long long)n);
		drops += n;
	}
	for (unsigned i = 0; i < XTR_CTR_N; i++)
		print_message("  %-32s %llu\n", xtr_counter_name((enum xtr_counter)i),
		    (unsigned long long)xtr_dp_counter(dp, (enum xtr_counter)i));
	return drops;
}

/* What each worker has counted, port by port, is what the source sent and the sink got. */
static void check_ports(void)
{
	const struct xtr_dp *dp = soak.c->f->dp;
	uint64_t out = 0;

	for (unsigned port = 0; port < FX_PORTS; port++) {
		uint64_t in = 0;

		for (unsigned i = 0; i < dp->n_workers; i++) {
			in += dp->workers[i]->port_rx[port][0];
			out += dp->workers[i]->port_tx[port][0];
			/* a port is one worker's */
			assert_true(
			    i == dp->ports[port].owner || dp->n_workers == 1 ||
			    !(dp->workers[i]->port_rx[port][0] + dp->workers[i]->port_tx[port][0]));
		}
		assert_int_equal(in, soak.t.in[port]);
	}
	assert_int_equal(out, soak.t.out);
	assert_int_equal(xtr_dp_counter(dp, XTR_CTR_TX), out);
}

static void nothing_is_lost(void **state)
{
	struct xtr_dp *dp = soak.c->f->dp;
	unsigned before = in_use(), after;
	uint64_t in = 0, drops, made, split;

	for (unsigned i = 0; i < dp->n_workers; i++) {
		dp->workers[i]->backoff = true;
		dp->workers[i]->max_sleep_us = 20;
		assert_int_equal(pthread_create(&soak.threads[i], NULL, worker, dp->workers[i]), 0);
		soak.n_threads++;
	}
	run();
	settle();
	after = in_use();
	end_workers();
	drops = report();
	for (unsigned port = 0; port < FX_PORTS; port++)
		in += soak.t.in[port];
	print_message("%u s, %u workers: %llu packets in, %llu out (%llu are parts of %llu), %llu "
		      "dropped; %llu updates of the map-cache, %llu Map-Replies\n",
	    seconds, dp->n_workers, (unsigned long long)in, (unsigned long long)soak.t.out,
	    (unsigned long long)soak.t.parts, (unsigned long long)soak.t.first_parts,
	    (unsigned long long)drops, (unsigned long long)soak.updates,
	    (unsigned long long)soak.replies);
	assert_int_equal(before, 0);
	assert_int_equal(after, 0);
	/* a packet that was split is one more for each part but the first; they may leave, or be
	 * dropped one by one */
	made = xtr_dp_counter(dp, XTR_CTR_PARTS);
	split = xtr_dp_counter(dp, XTR_CTR_SPLIT) + xtr_dp_counter(dp, XTR_CTR_SPLIT_OUTER);
	assert_int_equal(in + made - split, soak.t.out + drops);
	assert_true(soak.t.parts <= made && soak.t.first_parts <= split && made == 2 * split);
	check_ports();
	/* it was all of it */
	for (unsigned i = 0; i < XTR_CTR_N; i++)
		if (i != XTR_CTR_PETR && i != XTR_CTR_ECN_MARKED && i != XTR_CTR_ECN_UNUSED &&
		    i != XTR_CTR_SPLIT_OUTER && !xtr_dp_counter(dp, (enum xtr_counter)i))
			fail_msg("%s: none", xtr_counter_name((enum xtr_counter)i));
	assert_true(soak.t.to_split && soak.t.parts && soak.replies && soak.updates);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(nothing_is_lost, setup, teardown),
	};
	int opt, failed;

	while ((opt = getopt(argc, argv, "t:w:u:")) != -1) {
		unsigned n = opt == '?' ? 0 : (unsigned)strtoul(optarg, NULL, 10);

		if (opt == 't' && n)
			seconds = n;
		else if (opt == 'w' && n && n <= MAX_WORKERS)
			fx_workers = n;
		else if (opt == 'u')
			updates_a_second = n;
		else
			return 2;
	}
	if (eal_start("192") < 0 || seen_pools() < 0)
		return 1;
	/* vector loads escape the thread sanitizer */
	if (THREAD_SANITIZER && !xtr_lpm_use(XTR_LPM_SCALAR))
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rte_eal_cleanup();
	return failed;
}
