/* SPDX-License-Identifier: BSD-3-Clause */
/* RLOCs: the outer headers that workers copy, and how they follow routes and neighbours. */
#include "dp_fixture.h"

static int setup(void **state)
{
	struct fx *f = fx_new(64, 6000, 9000);

	fx_tables(f);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	fx_free(*state);
	return 0;
}

static const struct xtr_tunnel *tunnel(struct fx *f, const struct xtr_rloc *r)
{
	return xtr_pool_at(&f->dp->tunnel, r->tunnel);
}

static struct xtr_rloc *get(struct fx *f, const char *text)
{
	struct xtr_ip ip = fx_ip(text);
	struct xtr_rloc *r = xtr_rloc_get(f->rlocs, &ip);

	assert_non_null(r);
	assert_true(xtr_ip_equal(&r->ip, &ip));
	return r;
}

/* Every byte put down by hand from RFC 894, 791, 768 and RFC 9300 section 5.1. */
static void template(void **state)
{
	struct fx *f = *state;
	struct xtr_rloc *r;
	/* IPv4's checksum: of 4500 + 4000 + 0011 + c000 + 0201 + c000 + 0202 */
	static const uint8_t want[50] = {
	    2, 0xaa, 0, 0, 0, 1, 2, 0, 0, 0, 0, 1, 0x08, 0x00, /* Ethernet */
	    0x45, 0, 0, 0, 0, 0, 0x40, 0, 0, 17, 0xf6, 0xe9,   /* IPv4: DF, UDP */
	    192, 0, 2, 1, 192, 0, 2, 2,                        /* source, destination */
	    0, 0, 0x10, 0xf5, 0, 0, 0, 0,                      /* UDP: to 4341 */
	    0, 0, 0, 0, 0, 0, 0, 0,                            /* LISP */
	};
	const struct xtr_tunnel *t;

	fx_neigh(f, 1, "192.0.2.2", 1);
	r = get(f, "192.0.2.2");
	t = tunnel(f, r);
	assert_null(r->why);
	assert_int_equal(t->state, XTR_HOP_READY);
	assert_int_equal(t->len, sizeof(want));
	assert_int_equal(t->ip_at, 14);
	assert_int_equal(t->port, 1);
	assert_int_equal(t->mtu, 1500);
	assert_int_equal(t->af, 4);
	assert_memory_equal(t->tmpl, want, sizeof(want));
	/* the same RLOC is the same tunnel, as long as one needs it */
	assert_ptr_equal(get(f, "192.0.2.2"), r);
	xtr_rloc_put(f->rlocs, r);
	assert_int_equal(f->dp->tunnel.used, 1);
	xtr_rloc_put(f->rlocs, r);
	assert_int_equal(f->dp->tunnel.used, 0);
	xtr_rloc_put(f->rlocs, NULL);
}

/* What a worker makes of it: a whole packet, whose checksum is that of RFC 1071 over the header. */
static void on_the_wire(void **state)
{
	struct fx *f = *state;
	struct xtr_rloc *r;
	struct rte_mbuf *m;
	const struct rte_ipv4_hdr *ip;
	const struct rte_udp_hdr *udp;
	const uint8_t *lisp;

	fx_neigh(f, 1, "192.0.2.2", 1);
	r = get(f, "192.0.2.2");
	fx_resolve(f, r->tunnel);
	fx_turns(f, 4);
	fx_send_eid(f, 0, 2);
	fx_turns(f, 1);
	m = fx_receive(f, 1);
	assert_non_null(m);
	assert_int_equal(m->pkt_len, 50 + 20 + 8 + 4);
	ip = rte_pktmbuf_mtod_offset(m, const struct rte_ipv4_hdr *, 14);
	udp = (const struct rte_udp_hdr *)(ip + 1);
	lisp = (const uint8_t *)(udp + 1);
	assert_int_equal(rte_raw_cksum(ip, 20), 0xffff);
	assert_int_equal(rte_be_to_cpu_16(ip->total_length), 20 + 8 + 8 + 32);
	assert_int_equal(ip->time_to_live, 63);
	assert_int_equal(rte_be_to_cpu_16(udp->dgram_len), 8 + 8 + 32);
	assert_int_equal(udp->dgram_cksum, 0);
	assert_in_range(rte_be_to_cpu_16(udp->src_port), 0xc000, 0xffff);
	assert_int_equal(lisp[0], 0x08); /* I */
	assert_memory_equal(lisp + 4, ((uint8_t[]){0, 0, FX_IID, 0}), 4);
	rte_pktmbuf_free(m);
	fx_expect(f, 1, 1, 1);
	assert_int_equal(xtr_rloc_count(f->rlocs, r).packets, 2);
	assert_int_equal(xtr_rloc_count(f->rlocs, r).bytes, 2 * (20 + 8 + 8 + 32));
	fx_clear(f);
	xtr_rloc_put(f->rlocs, r);
}

static void states(void **state)
{
	struct fx *f = *state;
	struct xtr_rloc *r = get(f, "203.0.113.5");

	assert_string_equal(r->why, "no route");
	assert_int_equal(tunnel(f, r)->state, XTR_HOP_DOWN);
	xtr_clock_advance(&f->wheel, 500);
	fx_route(f, "203.0.113.0/24", XTR_RIB_BLACKHOLE, -1, NULL, 0, false);
	fx_turn(f);
	assert_non_null(strstr(r->why, "blackhole"));
	assert_int_equal(r->since_ms, xtr_wheel_now(&f->wheel));
	fx_route(f, "203.0.113.0/24", XTR_RIB_UNICAST, 1, "192.0.2.2", 0, false);
	fx_turn(f);
	assert_string_equal(r->why, "next hop not resolved");
	assert_int_equal(tunnel(f, r)->state, XTR_HOP_UNRESOLVED);
	fx_neigh(f, 1, "192.0.2.2", 2);
	fx_turn(f);
	assert_null(r->why);
	assert_int_equal(tunnel(f, r)->state, XTR_HOP_READY);
	assert_int_equal(tunnel(f, r)->tmpl[5], 2);
	/* another way: after a grace period */
	fx_turns(f, 3);
	fx_neigh(f, 1, "192.0.2.3", 3);
	fx_route(f, "203.0.113.0/24", XTR_RIB_UNICAST, 1, "192.0.2.3", 0, false);
	fx_turn(f);
	assert_int_equal(tunnel(f, r)->state, XTR_HOP_UNRESOLVED);
	assert_int_equal(tunnel(f, r)->tmpl[5], 2);
	fx_turns(f, 2);
	assert_int_equal(tunnel(f, r)->state, XTR_HOP_READY);
	assert_int_equal(tunnel(f, r)->tmpl[5], 3);
	/* out of the other port, which has no address of ours */
	fx_neigh(f, 0, "10.1.0.2", 4);
	fx_route(f, "203.0.113.0/24", XTR_RIB_UNICAST, 0, "10.1.0.2", 0, false);
	fx_turns(f, 3);
	assert_string_equal(r->why, "the port has no address of this family");
	assert_int_equal(tunnel(f, r)->state, XTR_HOP_DOWN);
	/* it gets one */
	f->source[0] = fx_ip("10.1.0.1");
	xtr_rlocs_changed(f->rlocs);
	xtr_rlocs_update(f->rlocs, 100);
	fx_turns(f, 3);
	assert_null(r->why);
	assert_int_equal(tunnel(f, r)->port, 0);
	assert_memory_equal(tunnel(f, r)->tmpl + 26, ((uint8_t[]){10, 1, 0, 1}), 4);
	/* and another */
	f->source[0] = fx_ip("10.1.0.11");
	xtr_rlocs_changed(f->rlocs);
	xtr_rlocs_update(f->rlocs, 100);
	fx_turns(f, 3);
	assert_memory_equal(tunnel(f, r)->tmpl + 26, ((uint8_t[]){10, 1, 0, 11}), 4);
	/* no change: nothing is withdrawn */
	xtr_rlocs_changed(f->rlocs);
	xtr_rlocs_update(f->rlocs, 100);
	assert_int_equal(tunnel(f, r)->state, XTR_HOP_READY);
	fx_route(f, "203.0.113.0/24", XTR_RIB_UNICAST, 0, NULL, 0, true);
	fx_turn(f);
	assert_string_equal(r->why, "no route");
	assert_int_equal(tunnel(f, r)->state, XTR_HOP_DOWN);
	/* its last user goes while a change waits for the grace period */
	fx_route(f, "203.0.113.0/24", XTR_RIB_UNICAST, 1, "192.0.2.2", 0, false);
	fx_turn(f);
	assert_int_equal(f->dp->rcu.waiting > 0, 1);
	xtr_rloc_put(f->rlocs, r);
	fx_turns(f, 3);
	assert_int_equal(f->dp->tunnel.used, 0);
}

/* Packets for an RLOC whose next hop is not known wait for it. */
static void packets_wait(void **state)
{
	struct fx *f = *state;
	struct xtr_rloc *r = get(f, "192.0.2.2");

	fx_resolve(f, r->tunnel);
	fx_turns(f, 3);
	fx_send_eid(f, 0, 3);
	fx_turns(f, 1);
	assert_int_equal(f->punts[XTR_PUNT_TUNNEL], 3);
	assert_int_equal(f->asked, 1);
	assert_int_equal(f->holder.n, 3);
	fx_neigh(f, 1, "192.0.2.2", 1);
	fx_send_eid(f, 3, 3);
	fx_turns(f, 5);
	fx_expect(f, 1, 0, 6);
	/* in vain: five seconds */
	fx_neigh_gone(f, 1, "192.0.2.2", true);
	fx_turn(f);
	fx_send_eid(f, 6, 3);
	fx_turns(f, 4); /* a gate, for what was punted before */
	assert_int_equal(f->holder.n, 3);
	for (unsigned i = 0; i < 8; i++)
		xtr_clock_advance(&f->wheel, 1000);
	assert_int_equal(f->holder.n, 0);
	assert_int_equal(xtr_dp_drops(f->dp, XTR_DROP_NEIGH_FAILED), 3);
	/* no route at all: dropped by the worker */
	fx_route(f, "192.0.2.0/24", XTR_RIB_UNICAST, 1, NULL, 0, true);
	fx_turn(f);
	fx_send_eid(f, 9, 2);
	fx_turns(f, 4);
	assert_int_equal(xtr_dp_drops(f->dp, XTR_DROP_HOP_DOWN), 2);
	/* punted before, and the RLOC is gone since: looked at again */
	fx_route(f, "192.0.2.0/24", XTR_RIB_UNICAST, 1, NULL, 0, false);
	fx_turn(f);
	fx_send_eid(f, 11, 2);
	xtr_worker_turn(f->w);
	fx_clear(f);
	xtr_rloc_put(f->rlocs, r);
	fx_turns(f, 3);
	assert_int_equal(f->waiting.n, 2);
	/* and what waits when the last user goes */
	r = get(f, "192.0.2.2");
	fx_resolve(f, r->tunnel);
	fx_turns(f, 3);
	assert_int_equal(f->holder.n, 2);
	fx_clear(f);
	xtr_rloc_put(f->rlocs, r);
	fx_turns(f, 3);
	assert_int_equal(f->waiting.n, 2);
	assert_int_equal(xtr_dp_drops(f->dp, XTR_DROP_HOP_DOWN), 2);
}

/* What is known of the next hop: asked for, asked in vain, there, gone without having been asked.
 */
static void ways(void **state)
{
	struct fx *f = *state;
	struct xtr_rloc *r = get(f, "192.0.2.2");

	assert_int_equal(r->way, XTR_WAY_RESOLVING);
	assert_int_equal(f->asked, 1); /* though no packet came */
	fx_neigh_gone(f, 1, "192.0.2.2", true);
	fx_turn(f);
	assert_int_equal(r->way, XTR_WAY_FAILED);
	assert_string_equal(r->why, "next hop does not answer");
	fx_neigh(f, 1, "192.0.2.2", 1);
	fx_turns(f, 3);
	assert_int_equal(r->way, XTR_WAY_READY);
	xtr_clock_advance(&f->wheel, 5000);
	f->asked = 0;
	fx_neigh_gone(f, 1, "192.0.2.2", false);
	fx_turns(f, 3);
	assert_int_equal(r->way, XTR_WAY_RESOLVING);
	assert_int_equal(f->asked, 1);
	fx_neigh_gone(f, 1, "192.0.2.2", true);
	fx_turns(f, 3);
	assert_int_equal(r->way, XTR_WAY_FAILED);
	xtr_rloc_put(f->rlocs, r);
}

/* Many RLOCs behind one gateway: each has its turn, some at a time, though routes change again and
 * some go meanwhile. */
static void slices(void **state)
{
	enum { MANY = 500 };
	struct fx *f = *state;
	struct xtr_rloc *r[MANY];
	unsigned ready;
	char text[32];

	fx_route(f, "203.0.0.0/16", XTR_RIB_UNICAST, 1, "192.0.2.2", 0, false);
	for (unsigned i = 0; i < MANY; i++) {
		snprintf(text, sizeof(text), "203.0.%u.%u", i / 250, i % 250);
		r[i] = get(f, text);
		assert_int_equal(r[i]->way, XTR_WAY_RESOLVING);
	}
	fx_neigh(f, 1, "192.0.2.2", 1);
	xtr_rlocs_changed(f->rlocs);
	for (unsigned turn = 1; turn <= MANY / 100; turn++) {
		xtr_rlocs_update(f->rlocs, 100);
		ready = 0;
		for (unsigned i = 0; i < MANY; i++)
			ready += r[i]->way == XTR_WAY_READY;
		assert_int_equal(ready, turn * 100);
		xtr_rlocs_changed(f->rlocs);
	}
	/* the gateway goes; so do the RLOCs that are to be looked at next */
	fx_neigh_gone(f, 1, "192.0.2.2", true);
	xtr_rlocs_update(f->rlocs, 100);
	for (unsigned i = 90; i < 130; i++)
		xtr_rloc_put(f->rlocs, r[i]);
	xtr_rlocs_update(f->rlocs, MANY - 130);
	for (unsigned i = 0; i < MANY; i++)
		if (i < 90 || i >= 130)
			assert_int_equal(r[i]->way, XTR_WAY_FAILED);
	/* all go in the middle of a round */
	xtr_rlocs_changed(f->rlocs);
	xtr_rlocs_update(f->rlocs, 100);
	for (unsigned i = 0; i < MANY; i++)
		if (i < 90 || i >= 130)
			xtr_rloc_put(f->rlocs, r[i]);
	xtr_rlocs_changed(f->rlocs);
	xtr_rlocs_update(f->rlocs, 100);
	fx_turns(f, 3);
	assert_int_equal(f->dp->tunnel.used, 0);
}

static void show(void **state)
{
	struct fx *f = *state;
	struct xtr_cfg_port ports[FX_PORTS] = {{{0}}};
	struct xtr_config cfg = {.ports = ports, .n_ports = FX_PORTS};
	struct xtr_rloc *up, *down;
	json_t *root, *list, *one;
	size_t i;

	strcpy(ports[1].name, "core0");
	fx_neigh(f, 1, "192.0.2.2", 1);
	up = get(f, "192.0.2.2");
	down = get(f, "203.0.113.5");
	root = xtr_rlocs_show(f->rlocs, &cfg);
	list = json_object_get(root, "rlocs");
	assert_int_equal(json_array_size(list), 2);
	json_array_foreach (list, i, one) {
		const char *rloc = json_string_value(json_object_get(one, "rloc")),
			   *word = json_string_value(json_object_get(one, "state"));

		if (!strcmp(rloc, "192.0.2.2")) {
			assert_string_equal(word, "up");
			assert_string_equal(
			    json_string_value(json_object_get(one, "port")), "core0");
			assert_int_equal(json_integer_value(json_object_get(one, "mtu")), 1500);
		} else {
			assert_string_equal(word, "unreachable");
			assert_string_equal(
			    json_string_value(json_object_get(one, "reason")), "no route");
			assert_true(json_is_null(json_object_get(one, "port")));
		}
	}
	json_decref(root);
	xtr_rloc_put(f->rlocs, up);
	xtr_rloc_put(f->rlocs, down);
}

#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    T(template), T(on_the_wire), T(states), T(packets_wait), T(ways), T(slices), T(show)};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, eal_setup, eal_teardown);
}
