/* SPDX-License-Identifier: BSD-3-Clause */
/* Routes and neighbours as they come from Linux, and what workers do then. */
#include "dp_fixture.h"

#include "datapath/hop.h"
#include "fail_alloc.h"

static int setup(void **state)
{
	*state = fx_new(64, 6000, 9000);
	return 0;
}

static int teardown(void **state)
{
	fx_free(*state);
	return 0;
}

static const struct xtr_fwd *look_up(struct fx *f, const char *address)
{
	const struct xtr_lpm *lpm = f->dp->instances[0].routes;
	struct xtr_ip ip = fx_ip(address);
	uint32_t key, entry;

	memcpy(&key, ip.b, 4);
	xtr_lpm_lookup4(&lpm, &key, &entry, 1);
	return xtr_pool_at(&f->dp->fwd, entry);
}

static const struct xtr_adj *adj_at(struct fx *f, uint32_t index)
{
	return xtr_pool_at(&f->dp->adj, index);
}

static const struct xtr_adj *adj_of(struct fx *f, const char *address)
{
	const struct xtr_fwd *fwd = look_up(f, address);

	assert_int_equal(fwd->action, XTR_FWD_FORWARD);
	assert_int_equal(fwd->set_log2, 0);
	return adj_at(f, fwd->target);
}

/* From the core side to the site's net or back, natively. */
static void native(struct fx *f, unsigned port, const char *dst, uint32_t first, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		fx_send(f, port, "203.0.113.9", dst, first + i);
}

static uint64_t drops(struct fx *f, enum xtr_drop d)
{
	return xtr_dp_drops(f->dp, d);
}

static void hosts_of_a_connected_net(void **state)
{
	struct fx *f = *state;
	const struct xtr_adj *adj;
	static const uint8_t eth[14] = {2, 0xaa, 0, 0, 0, 7, 2, 0, 0, 0, 0, 1, 8, 0};

	fx_route(f, "192.0.2.0/24", XTR_RIB_UNICAST, 1, NULL, 0, false);
	fx_route(f, "192.0.2.1", XTR_RIB_LOCAL, -1, NULL, 0, false);
	assert_int_equal(look_up(f, "192.0.2.7")->action, XTR_FWD_GLEAN);
	assert_int_equal(look_up(f, "192.0.2.7")->target, 1);
	assert_int_equal(look_up(f, "192.0.2.1")->action, XTR_FWD_LOCAL);
	fx_neigh(f, 1, "192.0.2.7", 7);
	adj = adj_of(f, "192.0.2.7");
	assert_int_equal(adj->state, XTR_HOP_READY);
	assert_int_equal(adj->port, 1);
	assert_int_equal(adj->mtu, 1500);
	assert_memory_equal(adj->eth, eth, 14);
	/* of another port, or under no connected route: known, but no host route */
	fx_neigh(f, 0, "192.0.2.8", 8);
	fx_neigh(f, 1, "198.51.100.8", 8);
	assert_int_equal(look_up(f, "192.0.2.8")->action, XTR_FWD_GLEAN);
	assert_int_equal(look_up(f, "198.51.100.8")->action, XTR_FWD_NONE);
	/* our own address is never a neighbour */
	fx_neigh(f, 1, "192.0.2.1", 9);
	assert_int_equal(look_up(f, "192.0.2.1")->action, XTR_FWD_LOCAL);
	/* the route comes, the host route with it; and goes */
	fx_route(f, "198.51.100.0/24", XTR_RIB_UNICAST, 1, NULL, 0, false);
	assert_int_equal(adj_of(f, "198.51.100.8")->eth[5], 8);
	fx_route(f, "198.51.100.0/24", XTR_RIB_UNICAST, 1, "192.0.2.7", 0, false);
	assert_int_equal(look_up(f, "198.51.100.8")->target, look_up(f, "192.0.2.7")->target);
	fx_route(f, "198.51.100.0/24", XTR_RIB_UNICAST, 1, NULL, 0, false);
	assert_int_equal(adj_of(f, "198.51.100.8")->eth[5], 8);
	fx_route(f, "198.51.100.0/24", XTR_RIB_UNICAST, 1, NULL, 0, true);
	assert_int_equal(look_up(f, "198.51.100.8")->action, XTR_FWD_NONE);
	/* the neighbour goes */
	fx_neigh_gone(f, 1, "192.0.2.7", false);
	assert_int_equal(look_up(f, "192.0.2.7")->action, XTR_FWD_GLEAN);
}

/* A packet to an unknown host waits, Linux is asked, and it leaves when the answer is there. */
static void unknown_host(void **state)
{
	struct fx *f = *state;

	fx_route(f, "192.0.2.0/24", XTR_RIB_UNICAST, 1, NULL, 0, false);
	native(f, 0, "192.0.2.7", 0, 3);
	fx_turns(f, 1);
	assert_int_equal(f->punts[XTR_PUNT_NEIGH], 3);
	assert_int_equal(f->asked, 1);
	assert_int_equal(f->asked_port, 1);
	assert_true(xtr_ip_equal(&f->asked_ip, &(struct xtr_ip){4, {192, 0, 2, 7}}));
	assert_int_equal(f->holder.n, 3);
	/* it has a place of its own now, so that others do not ask the same again */
	assert_int_equal(adj_of(f, "192.0.2.7")->state, XTR_HOP_UNRESOLVED);
	native(f, 0, "192.0.2.7", 3, 2);
	fx_turns(f, 1);
	assert_int_equal(f->holder.n, 5);
	assert_int_equal(f->asked, 1);
	/* once a second */
	xtr_clock_advance(&f->wheel, 1000);
	assert_int_equal(f->asked, 2);
	fx_neigh(f, 1, "192.0.2.7", 7);
	native(f, 0, "192.0.2.7", 5, 2);
	fx_turns(f, 5);
	fx_expect(f, 1, 0, 7);
	assert_int_equal(f->holder.n, 0);
	/* workers' traffic is unseen by Linux: reminded after a while */
	f->asked = 0;
	xtr_clock_advance(&f->wheel, 31000);
	assert_in_range(f->asked, 1, 2);
}

static void in_vain(void **state)
{
	struct fx *f = *state;

	fx_route(f, "192.0.2.0/24", XTR_RIB_UNICAST, 1, NULL, 0, false);
	/* Linux says so */
	native(f, 0, "192.0.2.7", 0, 3);
	fx_turns(f, 1);
	fx_neigh_gone(f, 1, "192.0.2.7", true);
	assert_int_equal(drops(f, XTR_DROP_NEIGH_FAILED), 3);
	assert_int_equal(f->holder.n, 0);
	assert_int_equal(look_up(f, "192.0.2.7")->action, XTR_FWD_GLEAN);
	/* Linux says nothing: after five seconds */
	xtr_clock_advance(&f->wheel, 10000);
	native(f, 0, "192.0.2.8", 0, 3);
	fx_turns(f, 1);
	xtr_clock_advance(&f->wheel, 3000);
	native(f, 0, "192.0.2.8", 3, 2);
	fx_turns(f, 1);
	assert_int_equal(f->holder.n, 5);
	xtr_clock_advance(&f->wheel, 3000);
	assert_int_equal(drops(f, XTR_DROP_NEIGH_FAILED), 6);
	assert_int_equal(f->holder.n, 2);
	xtr_clock_advance(&f->wheel, 4000);
	assert_int_equal(drops(f, XTR_DROP_NEIGH_FAILED), 8);
	assert_int_equal(f->holder.n, 0);
	xtr_clock_advance(&f->wheel, 2000);
	assert_int_equal(look_up(f, "192.0.2.8")->action, XTR_FWD_GLEAN);
	fx_turns(f, 3);
	assert_int_equal(f->dp->adj.used, 0);
	/* more than a queue takes */
	native(f, 0, "192.0.2.9", 0, 70);
	fx_turns(f, 2);
	assert_int_equal(drops(f, XTR_DROP_HOLD_EID), 6);
}

/* A scan of a connected network fills neither memory nor the tables. */
static void scan(void **state)
{
	struct fx *f = *state;
	char dst[32];

	fx_route(f, "172.16.0.0/12", XTR_RIB_UNICAST, 1, NULL, 0, false);
	f->holder.per_instance = f->holder.total = 9000;
	for (unsigned i = 0; i < 5000; i++) {
		snprintf(dst, sizeof(dst), "172.16.%u.%u", i / 250, i % 250 + 1);
		native(f, 0, dst, i, 1);
		if (i % 50 == 49)
			fx_turns(f, 1);
	}
	assert_int_equal(f->dp->adj.used, 4096);
	assert_int_equal(drops(f, XTR_DROP_NEIGH_FAILED), 5000 - 4096);
	for (unsigned i = 0; i < 10; i++)
		xtr_clock_advance(&f->wheel, 1000);
	fx_turns(f, 2);
	assert_int_equal(f->dp->adj.used, 0);
	assert_int_equal(drops(f, XTR_DROP_NEIGH_FAILED), 5000);
	assert_int_equal(xtr_lpm_count(f->dp->instances[0].routes), 1);
}

static void metrics(void **state)
{
	struct fx *f = *state;

	fx_route(f, "192.0.2.0/24", XTR_RIB_UNICAST, 1, NULL, 0, false);
	fx_neigh(f, 1, "192.0.2.2", 2);
	fx_neigh(f, 1, "192.0.2.3", 3);
	fx_route(f, "10.9.0.0/16", XTR_RIB_UNICAST, 1, "192.0.2.3", 200, false);
	assert_int_equal(adj_of(f, "10.9.1.1")->eth[5], 3);
	fx_route(f, "10.9.0.0/16", XTR_RIB_UNICAST, 1, "192.0.2.2", 100, false);
	assert_int_equal(adj_of(f, "10.9.1.1")->eth[5], 2);
	fx_route(f, "10.9.0.0/16", XTR_RIB_BLACKHOLE, -1, NULL, 300, false);
	assert_int_equal(adj_of(f, "10.9.1.1")->eth[5], 2);
	fx_route(f, "10.9.0.0/16", XTR_RIB_UNICAST, 1, "192.0.2.2", 100, true);
	assert_int_equal(adj_of(f, "10.9.1.1")->eth[5], 3);
	fx_route(f, "10.9.0.0/16", XTR_RIB_UNICAST, 1, "192.0.2.3", 200, true);
	assert_int_equal(look_up(f, "10.9.1.1")->action, XTR_FWD_DROP);
	assert_int_equal(look_up(f, "10.9.1.1")->reason, XTR_DROP_BLACKHOLE);
	fx_route(f, "10.9.0.0/16", XTR_RIB_BLACKHOLE, -1, NULL, 300, true);
	assert_int_equal(look_up(f, "10.9.1.1")->action, XTR_FWD_NONE);
	/* gone once more: no harm */
	fx_route(f, "10.9.0.0/16", XTR_RIB_BLACKHOLE, -1, NULL, 300, true);
	fx_route(f, "10.9.0.0/16", XTR_RIB_PROHIBIT, -1, NULL, 0, false);
	assert_int_equal(look_up(f, "10.9.1.1")->reason, XTR_DROP_PROHIBIT);
	fx_route(f, "10.9.0.0/16", XTR_RIB_UNREACHABLE, -1, NULL, 0, false);
	assert_int_equal(look_up(f, "10.9.1.1")->reason, XTR_DROP_UNREACHABLE);
	/* a local address before all, whatever its metric */
	fx_route(f, "10.9.0.1", XTR_RIB_UNICAST, 1, "192.0.2.3", 0, false);
	fx_route(f, "10.9.0.1", XTR_RIB_LOCAL, -1, NULL, 1000, false);
	assert_int_equal(look_up(f, "10.9.0.1")->action, XTR_FWD_LOCAL);
	fx_route(f, "10.9.0.1", XTR_RIB_LOCAL, -1, NULL, 1000, true);
	assert_int_equal(adj_of(f, "10.9.0.1")->eth[5], 3);
	/* out of an interface that is no port: Linux forwards */
	fx_route(f, "10.8.0.0/16", XTR_RIB_UNICAST, -1, "127.0.0.9", 0, false);
	assert_int_equal(look_up(f, "10.8.0.1")->action, XTR_FWD_LOCAL);
}

static struct xtr_rib_route multipath(const char *prefix)
{
	return (struct xtr_rib_route){
	    .prefix = fx_eid(0, prefix), .type = XTR_RIB_UNICAST, .table = 254};
}

static void hop(struct xtr_rib_route *r, int port, const char *via, uint8_t weight)
{
	r->hops[r->n_hops] = (struct xtr_rib_hop){.port = port, .weight = weight};
	if (via)
		r->hops[r->n_hops].via = fx_ip(via);
	r->n_hops++;
}

static void several_hops(void **state)
{
	struct fx *f = *state;
	struct xtr_rib_route r = multipath("10.9.0.0/16");
	const struct xtr_fwd *fwd;
	const struct xtr_set *set;
	unsigned n[2] = {0};

	fx_route(f, "192.0.2.0/24", XTR_RIB_UNICAST, 1, NULL, 0, false);
	fx_neigh(f, 1, "192.0.2.2", 2);
	fx_neigh(f, 1, "192.0.2.3", 3);
	hop(&r, 1, "192.0.2.2", 1);
	hop(&r, -1, "192.0.2.99", 5); /* no port: left out */
	hop(&r, 1, "192.0.2.3", 3);
	assert_int_equal(xtr_rib_route(f->rib, &r, false), 0);
	fwd = look_up(f, "10.9.1.1");
	assert_int_equal(fwd->action, XTR_FWD_FORWARD);
	assert_int_equal(fwd->set_log2, XTR_SET_LOG2);
	set = xtr_pool_at(&f->dp->set, fwd->target);
	for (unsigned i = 0; i < XTR_SET_SLOTS; i++)
		n[adj_at(f, set->hop[i])->eth[5] == 3]++;
	assert_int_equal(n[0], XTR_SET_SLOTS / 4);
	assert_int_equal(n[1], XTR_SET_SLOTS * 3 / 4);
	/* the same again changes nothing; another weight does */
	f->dirty = false;
	assert_int_equal(xtr_rib_route(f->rib, &r, false), 0);
	assert_false(f->dirty);
	assert_ptr_equal(look_up(f, "10.9.1.1"), fwd);
	r.hops[2].weight = 1;
	assert_int_equal(xtr_rib_route(f->rib, &r, false), 0);
	assert_true(f->dirty);
	/* all hops dead: as if it were not there */
	r.n_hops = 0;
	assert_int_equal(xtr_rib_route(f->rib, &r, false), 0);
	assert_int_equal(look_up(f, "10.9.1.1")->action, XTR_FWD_NONE);
	assert_int_equal(xtr_rib_route(f->rib, &r, true), 0);
	fx_turns(f, 3);
	assert_int_equal(f->dp->set.used, 0);
	assert_int_equal(f->dp->adj.used, 2);
}

/* Several connected hops, and one that is no port in front: the neighbour is looked for where
 * packets are sent to look for it. */
static void several_connected_hops(void **state)
{
	struct fx *f = *state;

	for (unsigned way = 0; way < 2; way++) {
		struct xtr_rib_route r = multipath("192.0.2.0/24");
		unsigned port;

		hop(&r, way ? -1 : 1, NULL, 1);
		hop(&r, 0, NULL, 1);
		assert_int_equal(xtr_rib_route(f->rib, &r, false), 0);
		assert_int_equal(look_up(f, "192.0.2.7")->action, XTR_FWD_GLEAN);
		port = look_up(f, "192.0.2.7")->target;
		native(f, 0, "192.0.2.7", 0, 2);
		fx_turns(f, 1);
		assert_int_equal(f->asked_port, port);
		fx_neigh(f, port, "192.0.2.7", 7);
		assert_int_equal(adj_of(f, "192.0.2.7")->eth[5], 7);
		fx_turns(f, 4);
		fx_expect(f, port, 0, 2);
		fx_neigh_gone(f, port, "192.0.2.7", false);
		assert_int_equal(xtr_rib_route(f->rib, &r, true), 0);
		fx_turns(f, 2);
	}
}

/* A host route of Linux without a gateway, as clouds and point-to-point links have. */
static void connected_host(void **state)
{
	struct fx *f = *state;

	fx_route(f, "198.51.100.7", XTR_RIB_UNICAST, 1, NULL, 0, false);
	assert_int_equal(look_up(f, "198.51.100.7")->action, XTR_FWD_GLEAN);
	native(f, 0, "198.51.100.7", 0, 2);
	fx_turns(f, 1);
	assert_int_equal(f->asked, 1);
	fx_neigh(f, 1, "198.51.100.7", 7);
	assert_int_equal(adj_of(f, "198.51.100.7")->eth[5], 7);
	native(f, 0, "198.51.100.7", 2, 2);
	fx_turns(f, 5);
	fx_expect(f, 1, 0, 4);
	/* the route goes, the neighbour stays; and the other way round */
	fx_route(f, "198.51.100.7", XTR_RIB_UNICAST, 1, NULL, 0, true);
	assert_int_equal(look_up(f, "198.51.100.7")->action, XTR_FWD_NONE);
	fx_route(f, "198.51.100.7", XTR_RIB_UNICAST, 1, NULL, 0, false);
	assert_int_equal(adj_of(f, "198.51.100.7")->eth[5], 7);
	fx_neigh_gone(f, 1, "198.51.100.7", false);
	assert_int_equal(look_up(f, "198.51.100.7")->action, XTR_FWD_GLEAN);
	/* with a gateway it is a route like others */
	fx_neigh(f, 1, "198.51.100.7", 7);
	fx_neigh(f, 1, "192.0.2.9", 9);
	fx_route(f, "198.51.100.7", XTR_RIB_UNICAST, 1, "192.0.2.9", 0, false);
	assert_int_equal(adj_of(f, "198.51.100.7")->eth[5], 9);
}

/* A network moves to another port, where the same address has been heard of, whatever the order in
 * which they are looked at. */
static void net_moves(void **state)
{
	struct fx *f = *state;

	for (unsigned i = 0; i < 2; i++) {
		fx_neigh(f, i, "192.0.2.7", (uint8_t)(7 + i));
		fx_neigh(f, !i, "192.0.2.7", (uint8_t)(7 + !i));
		for (unsigned round = 0; round < 4; round++) {
			fx_route(
			    f, "192.0.2.0/24", XTR_RIB_UNICAST, (int)(round & 1), NULL, 0, false);
			assert_int_equal(adj_of(f, "192.0.2.7")->port, round & 1);
			assert_int_equal(adj_of(f, "192.0.2.7")->eth[5], 7 + (round & 1));
		}
		fx_route(f, "192.0.2.0/24", XTR_RIB_UNICAST, 1, NULL, 0, true);
		assert_int_equal(look_up(f, "192.0.2.7")->action, XTR_FWD_NONE);
		fx_neigh_gone(f, 0, "192.0.2.7", false);
		fx_neigh_gone(f, 1, "192.0.2.7", false);
	}
	fx_turns(f, 2);
	assert_int_equal(f->dp->adj.used, 0);
}

static void gateway(void **state)
{
	struct fx *f = *state;

	fx_route(f, "192.0.2.0/24", XTR_RIB_UNICAST, 1, NULL, 0, false);
	fx_route(f, "0.0.0.0/0", XTR_RIB_UNICAST, 1, "192.0.2.254", 0, false);
	assert_int_equal(adj_of(f, "8.8.8.8")->state, XTR_HOP_UNRESOLVED);
	native(f, 0, "8.8.8.8", 0, 2);
	native(f, 0, "9.9.9.9", 2, 2);
	fx_turns(f, 1);
	assert_int_equal(f->asked, 1);
	assert_true(xtr_ip_equal(&f->asked_ip, &(struct xtr_ip){4, {192, 0, 2, 254}}));
	/* those before the gateway is known, then those after */
	fx_neigh(f, 1, "192.0.2.254", 254);
	native(f, 0, "8.8.8.8", 4, 2);
	fx_turns(f, 5);
	fx_expect(f, 1, 0, 6);
	/* a gateway that fails: packets dropped by name, the route stays and asks again */
	fx_neigh_gone(f, 1, "192.0.2.254", false);
	native(f, 0, "8.8.8.8", 6, 2);
	fx_turns(f, 1);
	fx_neigh_gone(f, 1, "192.0.2.254", true);
	assert_int_equal(drops(f, XTR_DROP_NEIGH_FAILED), 2);
	assert_int_equal(adj_of(f, "8.8.8.8")->state, XTR_HOP_UNRESOLVED);
	f->asked = 0;
	xtr_clock_advance(&f->wheel, 2000);
	assert_in_range(f->asked, 1, 2);
}

/* Workers may be reading the old MAC: it changes only after a grace period without it. */
static void mac_change(void **state)
{
	struct fx *f = *state;
	const struct xtr_adj *adj;

	fx_route(f, "192.0.2.0/24", XTR_RIB_UNICAST, 1, NULL, 0, false);
	fx_neigh(f, 1, "192.0.2.7", 7);
	fx_turns(f, 5);
	adj = adj_of(f, "192.0.2.7");
	fx_neigh(f, 1, "192.0.2.7", 7);
	assert_int_equal(adj->state, XTR_HOP_READY);
	fx_neigh(f, 1, "192.0.2.7", 8);
	assert_int_equal(adj->state, XTR_HOP_UNRESOLVED);
	assert_int_equal(adj->eth[5], 7);
	fx_turn(f);
	assert_int_equal(adj->eth[5], 7); /* the worker has not been round */
	fx_neigh(f, 1, "192.0.2.7", 9);   /* and once more */
	native(f, 0, "192.0.2.7", 0, 2);
	xtr_worker_turn(f->w);
	fx_turn(f);
	assert_int_equal(adj->state, XTR_HOP_READY);
	assert_int_equal(adj->eth[5], 9);
	native(f, 0, "192.0.2.7", 2, 2);
	fx_turns(f, 4);
	fx_expect(f, 1, 0, 4);
	/* gone and back before the grace period is over */
	fx_neigh(f, 1, "192.0.2.7", 10);
	fx_neigh_gone(f, 1, "192.0.2.7", false);
	fx_turns(f, 3);
	assert_int_equal(look_up(f, "192.0.2.7")->action, XTR_FWD_GLEAN);
	fx_neigh(f, 1, "192.0.2.7", 11);
	fx_turns(f, 3);
	assert_int_equal(adj_of(f, "192.0.2.7")->eth[5], 11);
	assert_int_equal(adj_of(f, "192.0.2.7")->state, XTR_HOP_READY);
}

static void sweep(void **state)
{
	struct fx *f = *state;
	char dst[32];

	fx_route(f, "192.0.2.0/24", XTR_RIB_UNICAST, 1, NULL, 0, false);
	fx_route(f, "10.1.0.0/24", XTR_RIB_UNICAST, 0, NULL, 0, false);
	for (unsigned i = 2; i < 60; i++) {
		snprintf(dst, sizeof(dst), "192.0.2.%u", i);
		fx_neigh(f, 1, dst, (uint8_t)i);
		snprintf(dst, sizeof(dst), "10.7.%u.0/24", i);
		fx_route(f, dst, XTR_RIB_UNICAST, 1, i % 2 ? "192.0.2.2" : "192.0.2.3", i, false);
		fx_route(f, dst, XTR_RIB_UNREACHABLE, -1, NULL, 1000, false);
	}
	/* a route of Linux for a host that is a neighbour too */
	fx_route(f, "192.0.2.9", XTR_RIB_UNICAST, 1, "192.0.2.3", 0, false);
	/* half of it is still there: the connected net is not */
	xtr_rib_mark_routes(f->rib);
	fx_route(f, "10.1.0.0/24", XTR_RIB_UNICAST, 0, NULL, 0, false);
	for (unsigned i = 2; i < 60; i += 3) {
		snprintf(dst, sizeof(dst), "10.7.%u.0/24", i);
		fx_route(f, dst, XTR_RIB_UNREACHABLE, -1, NULL, 1000, false);
	}
	xtr_rib_sweep_routes(f->rib);
	assert_int_equal(look_up(f, "192.0.2.7")->action, XTR_FWD_NONE);
	assert_int_equal(look_up(f, "192.0.2.9")->action, XTR_FWD_NONE);
	assert_int_equal(look_up(f, "10.1.0.7")->action, XTR_FWD_GLEAN);
	for (unsigned i = 2; i < 60; i++) {
		snprintf(dst, sizeof(dst), "10.7.%u.1", i);
		assert_int_equal(look_up(f, dst)->action, i % 3 == 2 ? XTR_FWD_DROP : XTR_FWD_NONE);
	}
	assert_int_equal(xtr_lpm_count(f->dp->instances[0].routes), 21);
	/* a sweep without a mark between takes nothing */
	xtr_rib_sweep_routes(f->rib);
	assert_int_equal(xtr_lpm_count(f->dp->instances[0].routes), 21);
	/* neighbours: those not reported go */
	fx_route(f, "192.0.2.0/24", XTR_RIB_UNICAST, 1, NULL, 0, false);
	assert_int_equal(adj_of(f, "192.0.2.7")->eth[5], 7);
	xtr_rib_mark_neighs(f->rib);
	fx_neigh(f, 1, "192.0.2.7", 7);
	xtr_rib_sweep_neighs(f->rib);
	assert_int_equal(adj_of(f, "192.0.2.7")->eth[5], 7);
	assert_int_equal(look_up(f, "192.0.2.8")->action, XTR_FWD_GLEAN);
	/* all gone: nothing stays behind */
	xtr_rib_mark_routes(f->rib);
	xtr_rib_sweep_routes(f->rib);
	xtr_rib_mark_neighs(f->rib);
	xtr_rib_sweep_neighs(f->rib);
	fx_turns(f, 3);
	assert_int_equal(xtr_lpm_count(f->dp->instances[0].routes), 0);
	assert_int_equal(f->dp->adj.used, 0);
	assert_int_equal(f->dp->set.used, 0);
	assert_int_equal(f->dp->fwd.used, 0);
}

/* What a dump of other tables' marks must not do: neighbours and routes are swept apart. */
static void marks_apart(void **state)
{
	struct fx *f = *state;

	fx_route(f, "192.0.2.0/24", XTR_RIB_UNICAST, 1, NULL, 0, false);
	fx_neigh(f, 1, "192.0.2.7", 7);
	xtr_rib_mark_routes(f->rib);
	fx_route(f, "192.0.2.0/24", XTR_RIB_UNICAST, 1, NULL, 0, false);
	/* a dump of neighbours comes between */
	xtr_rib_mark_neighs(f->rib);
	fx_neigh(f, 1, "192.0.2.7", 7);
	xtr_rib_sweep_routes(f->rib);
	assert_int_equal(adj_of(f, "192.0.2.7")->eth[5], 7);
	xtr_rib_sweep_neighs(f->rib);
	assert_int_equal(adj_of(f, "192.0.2.7")->eth[5], 7);
}

static void resolve(void **state)
{
	struct fx *f = *state;
	struct xtr_ip ip = fx_ip("203.0.113.5");
	struct xtr_rib_route r = multipath("203.0.113.0/24");
	struct xtr_nbr *n;
	const char *why;

	assert_null(xtr_rib_resolve(f->rib, &ip, &why));
	assert_string_equal(why, "no route");
	fx_route(f, "0.0.0.0/0", XTR_RIB_UNICAST, -1, NULL, 0, false);
	assert_null(xtr_rib_resolve(f->rib, &ip, &why));
	assert_non_null(strstr(why, "no port"));
	fx_route(f, "203.0.0.0/16", XTR_RIB_BLACKHOLE, -1, NULL, 0, false);
	assert_null(xtr_rib_resolve(f->rib, &ip, &why));
	assert_non_null(strstr(why, "blackhole"));
	fx_route(f, "203.0.113.5", XTR_RIB_LOCAL, -1, NULL, 0, false);
	assert_null(xtr_rib_resolve(f->rib, &ip, &why));
	assert_string_equal(why, "address of this machine");
	fx_route(f, "203.0.113.5", XTR_RIB_LOCAL, -1, NULL, 0, true);
	/* connected: itself */
	fx_route(f, "203.0.113.0/24", XTR_RIB_UNICAST, 1, NULL, 0, false);
	n = xtr_rib_resolve(f->rib, &ip, &why);
	assert_non_null(n);
	assert_null(why);
	assert_true(xtr_ip_equal(&n->key.ip, &ip));
	assert_int_equal(n->key.port, 1);
	assert_false(n->known);
	xtr_rib_ask(f->rib, n);
	xtr_rib_ask(f->rib, n);
	xtr_nbr_put(f->rib, n);
	xtr_nbr_put(f->rib, NULL);
	fx_turns(f, 2);
	assert_int_equal(f->dp->adj.used, 0);
	/* by gateways: one an address, all in use over many */
	hop(&r, 1, "192.0.2.2", 1);
	hop(&r, -1, "192.0.2.3", 1);
	hop(&r, 1, "192.0.2.4", 1);
	assert_int_equal(xtr_rib_route(f->rib, &r, false), 0);
	unsigned seen[5] = {0};

	for (unsigned i = 0; i < 64; i++) {
		struct xtr_nbr *again;

		ip.b[3] = (uint8_t)(i * 4);
		n = xtr_rib_resolve(f->rib, &ip, &why);
		again = xtr_rib_resolve(f->rib, &ip, &why);
		assert_non_null(n);
		assert_ptr_equal(n, again);
		assert_in_range(n->key.ip.b[3], 2, 4);
		seen[n->key.ip.b[3]]++;
		xtr_nbr_put(f->rib, n);
		xtr_nbr_put(f->rib, again);
	}
	assert_true(seen[2] > 8 && seen[4] > 8);
	assert_int_equal(seen[3], 0);
}

/* Random events and memory that runs short: tables and pools stay whole. */
static void random_events(void **state)
{
	struct fx *f = *state;

	srand(21);
	for (unsigned op = 0; op < 6000; op++) {
		struct xtr_rib_route r = {
		    .type = XTR_RIB_UNICAST, .table = 254, .metric = (uint32_t)(rand() % 3)};
		char text[32];
		struct xtr_ip ip;
		bool gone = rand() % 3 == 0;

		snprintf(text, sizeof(text), "192.0.2.%u", 2 + (unsigned)rand() % 12);
		ip = fx_ip(text);
		switch (rand() % 6) {
		case 0:
			xtr_rib_neigh(f->rib, (unsigned)rand() % 2, &ip,
			    gone ? NULL : (uint8_t[]){2, 0xaa, 0, 0, 0, (uint8_t)(rand() % 4)},
			    rand() % 2);
			break;
		case 1:
			native(f, 0, text, op, 1);
			break;
		default:
			if (rand() % 2) {
				snprintf(
				    text, sizeof(text), "192.0.2.%u", 2 + (unsigned)rand() % 12);
				r.prefix = fx_eid(0, text);
			} else {
				snprintf(text, sizeof(text), "192.0.%u.0/%u",
				    2 * ((unsigned)rand() % 2), 16 + (unsigned)rand() % 10);
				xtr_eid_parse(text, &r.prefix);
			}
			r.type = rand() % 8 ? XTR_RIB_UNICAST : (enum xtr_rib_type)(rand() % 5);
			r.n_hops = r.type == XTR_RIB_UNICAST ? (uint8_t)(rand() % 4) : 0;
			for (unsigned i = 0; i < r.n_hops; i++) {
				r.hops[i].port = rand() % 3 - 1;
				r.hops[i].weight = (uint8_t)(rand() % 3);
				if (rand() % 2)
					r.hops[i].via = ip;
			}
			assert_int_equal(xtr_rib_route(f->rib, &r, gone), 0);
		}
		if (op % 500 == 499) {
			xtr_rib_mark_routes(f->rib);
			if (rand() % 2) {
				r.prefix = fx_eid(0, "192.0.2.0/24");
				assert_int_equal(xtr_rib_route(f->rib, &r, false), 0);
			}
			xtr_rib_sweep_routes(f->rib);
			xtr_rib_mark_neighs(f->rib);
			fx_neigh(f, 1, "192.0.2.7", 7);
			xtr_rib_sweep_neighs(f->rib);
		}
		if (op % 7 == 0)
			fx_turns(f, 1);
		if (op % 64 == 0)
			xtr_clock_advance(&f->wheel, 700);
		fx_empty(f->tx[0]);
		fx_empty(f->tx[1]);
	}
	xtr_rib_mark_routes(f->rib);
	xtr_rib_sweep_routes(f->rib);
	xtr_rib_mark_neighs(f->rib);
	xtr_rib_sweep_neighs(f->rib);
	for (unsigned i = 0; i < 12; i++) {
		fx_turns(f, 4);
		xtr_clock_advance(&f->wheel, 1000);
	}
	fx_turns(f, 4);
	assert_int_equal(f->holder.n, 0);
	assert_int_equal(xtr_lpm_count(f->dp->instances[0].routes), 0);
	assert_int_equal(f->dp->fwd.used, 0);
	assert_int_equal(f->dp->adj.used, 0);
	assert_int_equal(f->dp->set.used, 0);
}

static void no_memory(void **state)
{
	struct fx *f = *state;
	struct xtr_eid e = fx_eid(0, "10.9.0.0/16");
	struct xtr_rib_route r = {.prefix = e, .type = XTR_RIB_BLACKHOLE};
	unsigned failed = 0;
	int rc;

	for (int left = 0;; left++) {
		allocs_left = left;
		rc = xtr_rib_route(f->rib, &r, false);
		allocs_left = -1;
		if (!rc)
			break;
		failed++;
		assert_int_equal(rc, -ENOMEM);
		assert_int_equal(look_up(f, "10.9.1.1")->action, XTR_FWD_NONE);
		/* and Linux's next report of it is taken */
		assert_int_equal(xtr_rib_route(f->rib, &r, false), 0);
		assert_int_equal(look_up(f, "10.9.1.1")->action, XTR_FWD_DROP);
		assert_int_equal(xtr_rib_route(f->rib, &r, true), 0);
		fx_turns(f, 2);
		assert_int_equal(f->dp->fwd.used, 0);
	}
	assert_true(failed >= 5);
	assert_int_equal(look_up(f, "10.9.1.1")->action, XTR_FWD_DROP);
}

#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    T(hosts_of_a_connected_net),
	    T(unknown_host),
	    T(in_vain),
	    T(scan),
	    T(metrics),
	    T(several_hops),
	    T(several_connected_hops),
	    T(connected_host),
	    T(net_moves),
	    T(gateway),
	    T(mac_change),
	    T(sweep),
	    T(marks_apart),
	    T(resolve),
	    T(random_events),
	    T(no_memory),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, eal_setup, eal_teardown);
}
