/* SPDX-License-Identifier: BSD-3-Clause */
/* Held packets and gates: whatever happens while something is resolved, packets of a flow leave in
 * the order in which they came, and none is lost without a name. */
#include "dp_fixture.h"

#include <time.h>
#include "fail_alloc.h"

static int setup(void **state)
{
	struct fx *f = fx_new(FX_PER_EID, 6000, 9000);

	fx_tables(f);
	*state = f;
	return 0;
}

static int setup_small(void **state)
{
	struct fx *f = fx_new(8, 12, 16);

	fx_tables(f);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	fx_free(*state);
	return 0;
}

/* Turns of both until every gate is open and adopted. */
static void settle(struct fx *f)
{
	for (unsigned i = 0; i < 20; i++) {
		fx_turn(f);
		xtr_worker_turn(f->w);
	}
	assert_null(f->holder.first);
	assert_null(f->holder.collecting);
	assert_int_equal(f->w->n_gate, 0);
	assert_int_equal(f->holder.n, 0);
	assert_int_equal(f->holder.n_instance[f->inst], 0);
}

/* An RLOC whose neighbour is known, its gate open. */
static struct xtr_rloc *rloc_up(struct fx *f)
{
	struct xtr_ip ip = fx_ip("192.0.2.2");
	struct xtr_rloc *r;

	fx_neigh(f, 1, "192.0.2.2", 1);
	r = xtr_rloc_get(f->rlocs, &ip);
	assert_non_null(r);
	assert_null(r->why);
	settle(f);
	assert_int_equal(f->w->gate_seen, f->dp->gate_open);
	return r;
}

static void order_is_kept(void **state)
{
	struct fx *f = *state;
	struct xtr_rloc *r = rloc_up(f);

	fx_send_eid(f, 0, 10);
	xtr_worker_turn(f->w);
	fx_turn(f);
	assert_int_equal(f->waiting.n, 10);
	assert_int_equal(f->holder.n, 10);
	assert_int_equal(f->punts[XTR_PUNT_MISS], 10);
	/* these are still in the ring when the mapping comes */
	fx_send_eid(f, 10, 5);
	xtr_worker_turn(f->w);
	fx_resolve(f, r->tunnel);
	assert_int_equal(f->waiting.n, 0);
	/* these meet the closed gate */
	fx_send_eid(f, 15, 7);
	xtr_worker_turn(f->w);
	assert_int_equal(f->w->n_gate, 7);
	assert_int_equal(xtr_dp_counter(f->dp, XTR_CTR_GATED), 7);
	assert_int_equal(rte_ring_count(f->tx[1]), 0);
	fx_turn(f); /* 10 to 14 join; a grace period begins */
	assert_int_equal(f->holder.n, 15);
	fx_send_eid(f, 22, 3);
	fx_turn(f); /* the worker has not been round: nothing opens */
	assert_int_equal(rte_ring_count(f->w->inject), 0);
	xtr_worker_turn(f->w);
	assert_int_equal(f->w->n_gate, 10);
	fx_turn(f);
	assert_int_equal(rte_ring_count(f->w->inject), 15);
	assert_int_equal(f->holder.n, 0);
	fx_send_eid(f, 25, 2);
	xtr_worker_turn(f->w);
	assert_int_equal(f->w->n_gate, 0);
	fx_expect(f, 1, 0, 27);
	assert_int_equal(xtr_dp_counter(f->dp, XTR_CTR_INJECTED), 15);
	assert_int_equal(xtr_dp_counter(f->dp, XTR_CTR_ENCAP), 27);
	settle(f);
	xtr_rloc_put(f->rlocs, r);
}

/* Punted in the last moment, while the control lcore waits for the grace period: joins its gate. */
static void late_joins(void **state)
{
	struct fx *f = *state;
	struct xtr_rloc *r = rloc_up(f);
	struct rte_mbuf *m = NULL;

	fx_send_eid(f, 0, 1);
	xtr_worker_turn(f->w);
	fx_turn(f);
	fx_send_eid(f, 1, 1);
	xtr_worker_turn(f->w); /* punted: in the ring */
	assert_int_equal(rte_ring_sc_dequeue(f->dp->punt, (void **)&m), 0);
	fx_resolve(f, r->tunnel);
	fx_turn(f); /* the batch is closed, the gate not open */
	fx_punt(f, m);
	assert_int_equal(f->holder.n, 2);
	fx_send_eid(f, 2, 1);
	settle(f);
	fx_expect(f, 1, 0, 3);
	/* once the gate is open: straight back */
	m = fx_packet(f, 0, "10.1.0.9", "10.2.0.7", 3);
	*xtr_pkt(m) = (struct xtr_pkt){.flags = XTR_PKT_SITE,
	    .l2_len = 14,
	    .inst = (uint32_t)f->inst,
	    .reason = XTR_PUNT_MISS};
	fx_punt(f, m);
	assert_int_equal(f->holder.n, 0);
	assert_int_equal(rte_ring_count(f->w->inject), 1);
	xtr_worker_turn(f->w);
	fx_expect(f, 1, 3, 1);
	xtr_rloc_put(f->rlocs, r);
}

/* Gates of one turn are one gate; those of several open in turn. */
static void several_gates(void **state)
{
	struct fx *f = *state;
	uint32_t first = xtr_gate_number(&f->holder);

	assert_int_not_equal(first, 0);
	assert_int_equal(xtr_gate_number(&f->holder), first);
	assert_false(xtr_gate_is_open(&f->holder, first));
	assert_true(xtr_gate_is_open(&f->holder, 0));
	xtr_gate_poll(&f->holder);
	assert_int_equal(xtr_gate_number(&f->holder), first + 1);
	xtr_gate_poll(&f->holder);
	assert_int_equal(xtr_gate_number(&f->holder), first + 2);
	assert_false(xtr_gate_is_open(&f->holder, first));
	xtr_worker_turn(f->w);
	xtr_gate_poll(&f->holder);
	/* the third began after that worker's turn */
	assert_true(xtr_gate_is_open(&f->holder, first + 1));
	assert_false(xtr_gate_is_open(&f->holder, first + 2));
	settle(f);
	assert_true(xtr_gate_is_open(&f->holder, first + 2));
}

/* --- limits --- */

static void hold_n(struct fx *f, struct xtr_hold *q, unsigned inst, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct rte_mbuf *m = fx_packet(f, 0, "10.1.0.9", "10.2.0.7", i);

		*xtr_pkt(m) = (struct xtr_pkt){.inst = inst, .l2_len = 14};
		xtr_hold_add(&f->holder, q, m, xtr_wheel_now(&f->wheel));
	}
}

static void limits(void **state)
{
	struct fx *f = *state;
	struct xtr_hold a = {0}, b = {0}, c = {0}, d = {0};
	const uint64_t *drops = f->dp->control_drops;

	hold_n(f, &a, 1, 10); /* 8 a queue */
	assert_int_equal(a.n, 8);
	assert_int_equal(drops[XTR_DROP_HOLD_EID], 2);
	hold_n(f, &b, 1, 6); /* 12 an instance */
	assert_int_equal(b.n, 4);
	assert_int_equal(drops[XTR_DROP_HOLD_INSTANCE], 2);
	hold_n(f, &c, 2, 7); /* 16 in all */
	assert_int_equal(c.n, 4);
	assert_int_equal(drops[XTR_DROP_HOLD_TOTAL], 3);
	hold_n(f, &d, 3, 1);
	assert_int_equal(drops[XTR_DROP_HOLD_TOTAL], 4);
	assert_int_equal(f->holder.n, 16);
	/* what is held is the control lcore's own */
	assert_int_equal(rte_mempool_in_use_count(f->dp->rx_pool), 0);
	assert_int_equal(rte_mempool_in_use_count(f->dp->hold_pool), 16);
	/* room again, one kind after the other */
	assert_int_equal(xtr_hold_drop(&f->holder, &c, XTR_DROP_HOLD_TIMEOUT, XTR_HOLD_ALL), 4);
	assert_int_equal(drops[XTR_DROP_HOLD_TIMEOUT], 4);
	hold_n(f, &d, 3, 1);
	assert_int_equal(d.n, 1);
	assert_int_equal(f->holder.n_instance[1], 12);
	assert_int_equal(xtr_hold_drop(&f->holder, &a, XTR_DROP_NEIGH_FAILED, XTR_HOLD_ALL), 8);
	assert_int_equal(f->holder.n_instance[1], 4);
	hold_n(f, &b, 1, 1);
	assert_int_equal(b.n, 5);
	xtr_hold_drop(&f->holder, &b, XTR_DROP_NEIGH_FAILED, XTR_HOLD_ALL);
	xtr_hold_drop(&f->holder, &d, XTR_DROP_NEIGH_FAILED, XTR_HOLD_ALL);
	assert_int_equal(f->holder.n, 0);
	assert_int_equal(f->holder.n_instance[1], 0);
	assert_int_equal(f->holder.n_instance[3], 0);
	/* packets in gates count too */
	hold_n(f, &a, 1, 8);
	xtr_gate_release(&f->holder, &a);
	assert_int_equal(a.n, 0);
	hold_n(f, &b, 1, 5);
	assert_int_equal(b.n, 4);
	xtr_hold_drop(&f->holder, &b, XTR_DROP_NEIGH_FAILED, XTR_HOLD_ALL);
	assert_int_equal(f->holder.n, 8);
}

/* One packet of a party, in a queue of its own. */
static void hold_one(struct fx *f, struct xtr_hold *q, struct xtr_pkt pkt, uint32_t seq)
{
	struct rte_mbuf *m = fx_packet(f, 0, "10.1.0.9", "10.2.0.7", seq);

	pkt.l2_len = 14;
	*xtr_pkt(m) = pkt;
	xtr_hold_add(&f->holder, q, m, xtr_wheel_now(&f->wheel));
}

/* A scan fills what an instance may hold, or all: whoever has less still finds room, at its cost.
 */
static void shares(void **state)
{
	struct fx *f = *state;
	struct xtr_hold scan[16] = {0}, a = {0}, b = {0}, other = {0};
	const struct xtr_pkt scanner = {.inst = 1}, second = {.inst = 1, .port = 1},
			     tunnel = {.inst = 1, .flags = XTR_PKT_DECAP},
			     stranger = {.inst = 2, .flags = XTR_PKT_DECAP};
	const uint64_t *drops = f->dp->control_drops;

	f->dp->ports[1].inst = 1;
	for (unsigned i = 0; i < 16; i++)
		hold_one(f, &scan[i], scanner, i);
	assert_int_equal(drops[XTR_DROP_HOLD_INSTANCE], 4); /* 12 an instance: its own, the last */
	assert_int_equal(scan[11].n, 1);
	assert_int_equal(scan[12].n, 0);
	/* another port, and what comes out of a tunnel: the oldest go */
	hold_one(f, &a, second, 100);
	hold_one(f, &a, second, 101);
	hold_one(f, &b, tunnel, 200);
	assert_int_equal(a.n, 2);
	assert_int_equal(b.n, 1);
	assert_int_equal(scan[0].n + scan[1].n + scan[2].n, 0);
	assert_int_equal(scan[3].n, 1);
	assert_int_equal(drops[XTR_DROP_HOLD_INSTANCE], 7);
	assert_int_equal(f->holder.n_instance[1], 12);
	/* up to as many as the scanner has */
	for (unsigned i = 0; i < 10; i++)
		hold_one(f, &a, second, 102 + i);
	assert_int_equal(a.n, 6);
	assert_int_equal(f->holder.n_instance[1], 12);
	/* 16 in all: a stranger gets what is left, then takes from who has the most */
	for (unsigned i = 0; i < 5; i++)
		hold_one(f, &other, stranger, 300 + i);
	assert_int_equal(other.n, 5);
	assert_int_equal(drops[XTR_DROP_HOLD_TOTAL], 1);
	assert_int_equal(a.n, 5);
	assert_int_equal(f->holder.n, 16);
	/* what gave way was the first that came */
	assert_int_equal(fx_seq(a.first), 101);
	xtr_gate_release(&f->holder, &a);
	/* who waits in gates is counted, but not for anybody: it can't go any more */
	for (unsigned i = 0; i < 16; i++)
		xtr_hold_drop(&f->holder, &scan[i], XTR_DROP_NEIGH_FAILED, XTR_HOLD_ALL);
	xtr_hold_drop(&f->holder, &b, XTR_DROP_NEIGH_FAILED, XTR_HOLD_ALL);
	xtr_hold_drop(&f->holder, &other, XTR_DROP_NEIGH_FAILED, XTR_HOLD_ALL);
	assert_int_equal(f->holder.n, 5);
	for (unsigned i = 0; i < 16; i++)
		hold_one(f, &scan[i], scanner, i);
	assert_int_equal(f->holder.n_instance[1], 12);
	hold_one(f, &a, second, 110);
	assert_int_equal(a.n, 1);
	xtr_hold_drop(&f->holder, &a, XTR_DROP_NEIGH_FAILED, XTR_HOLD_ALL);
	for (unsigned i = 0; i < 16; i++)
		xtr_hold_drop(&f->holder, &scan[i], XTR_DROP_NEIGH_FAILED, XTR_HOLD_ALL);
	assert_int_equal(f->holder.n, 5);
}

static void drop_by_age(void **state)
{
	struct fx *f = *state;
	struct xtr_hold q = {0};
	const uint64_t *drops = f->dp->control_drops;

	/* also over the end of 32 bits of milliseconds, 49 days on */
	for (unsigned round = 0; round < 2; round++) {
		uint64_t start;

		if (round)
			xtr_clock_advance(&f->wheel, UINT32_MAX - xtr_wheel_now(&f->wheel) - 15);
		start = xtr_wheel_now(&f->wheel);
		for (unsigned i = 0; i < 8; i++) {
			hold_n(f, &q, 1, 1);
			xtr_clock_advance(&f->wheel, 10);
		}
		assert_int_equal(q.n, 8);
		assert_int_equal(xtr_hold_drop(&f->holder, &q, XTR_DROP_HOLD_TIMEOUT, start), 0);
		assert_int_equal(
		    xtr_hold_drop(&f->holder, &q, XTR_DROP_HOLD_TIMEOUT, start + 1), 1);
		assert_int_equal(
		    xtr_hold_drop(&f->holder, &q, XTR_DROP_HOLD_TIMEOUT, start + 50), 4);
		assert_int_equal(
		    xtr_hold_drop(&f->holder, &q, XTR_DROP_HOLD_TIMEOUT, start + 50), 0);
		assert_int_equal(q.n, 3);
		assert_int_equal(drops[XTR_DROP_HOLD_TIMEOUT], round * 8 + 5);
		assert_int_equal(
		    xtr_hold_drop(&f->holder, &q, XTR_DROP_HOLD_TIMEOUT, XTR_HOLD_ALL), 3);
		assert_int_equal(q.n, 0);
		assert_int_equal(f->holder.n, 0);
	}
}

static unsigned told;

static void count_dropped(void *arg, struct rte_mbuf *m, enum xtr_drop reason)
{
	assert_non_null(arg);
	assert_int_equal(reason, XTR_DROP_NEIGH_FAILED);
	assert_true(rte_mbuf_refcnt_read(m) == 1);
	told++;
}

/* Who wants to say something to the sources is told of each packet while it is there. */
static void tells(void **state)
{
	struct fx *f = *state;
	struct xtr_hold q = {0};

	told = 0;
	f->holder.dropping = count_dropped;
	f->holder.arg = f;
	hold_n(f, &q, 1, 3);
	assert_int_equal(told, 0);
	assert_int_equal(xtr_hold_drop(&f->holder, &q, XTR_DROP_NEIGH_FAILED, XTR_HOLD_ALL), 3);
	assert_int_equal(told, 3);
	assert_int_equal(f->dp->control_drops[XTR_DROP_NEIGH_FAILED], 3);
}

static void no_buffers(void **state)
{
	struct fx *f = *state;
	struct xtr_hold q = {0};
	struct rte_mbuf **all = calloc(9216, sizeof(struct rte_mbuf *));
	unsigned n = 0;

	while (n < 9216 && (all[n] = rte_pktmbuf_alloc(f->dp->hold_pool)) != NULL)
		n++;
	hold_n(f, &q, 1, 3);
	assert_int_equal(q.n, 0);
	assert_int_equal(f->holder.n, 0);
	assert_int_equal(f->dp->control_drops[XTR_DROP_HOLD_NO_MBUF], 3);
	while (n)
		rte_pktmbuf_free(all[--n]);
	free(all);
}

/* More is held than an inject ring takes: the rest follows in the next turns, and the gate stays
 * shut till then. */
static void ring_full(void **state)
{
	enum { N = 8900, QUEUES = 3 };
	struct fx *f = *state;
	struct xtr_hold q[QUEUES] = {0};
	struct xtr_rloc *r = rloc_up(f);
	unsigned n = 0;

	f->holder.per_instance = N;
	for (unsigned i = 0; i < N; i++) {
		struct rte_mbuf *m = fx_packet(f, 0, "10.1.0.9", "10.2.0.7", i);

		*xtr_pkt(m) = (struct xtr_pkt){
		    .flags = XTR_PKT_SITE, .inst = (uint32_t)f->inst, .l2_len = 14};
		xtr_hold_add(&f->holder, &q[i / 3000], m, 0);
	}
	assert_int_equal(f->holder.n, N);
	fx_resolve(f, r->tunnel);
	for (unsigned i = 0; i < QUEUES; i++)
		xtr_gate_release(&f->holder, &q[i]);
	fx_turn(f);
	fx_send_eid(f, N, 4);
	xtr_worker_turn(f->w);
	assert_int_equal(f->w->n_gate, 4);
	fx_turn(f);
	assert_int_equal(rte_ring_count(f->w->inject), XTR_RING_SIZE - 1);
	assert_int_equal(f->holder.n, N - (XTR_RING_SIZE - 1));
	assert_false(xtr_gate_is_open(&f->holder, f->gate));
	fx_turn(f); /* no room yet: nothing is lost */
	assert_int_equal(f->holder.n, N - (XTR_RING_SIZE - 1));
	xtr_worker_turn(f->w);
	assert_int_equal(f->w->n_gate, 4);
	fx_turn(f);
	assert_true(xtr_gate_is_open(&f->holder, f->gate));
	xtr_worker_turn(f->w);
	for (unsigned port = 0; port < XTR_DROP_N; port++)
		n += (unsigned)xtr_dp_drops(f->dp, (enum xtr_drop)port);
	assert_int_equal(n, 0);
	fx_expect(f, 1, 0, N + 4);
	settle(f);
	/* without a gate a full ring has a name */
	for (unsigned i = 0; i < XTR_RING_SIZE; i++) {
		struct rte_mbuf *m = rte_pktmbuf_alloc(f->dp->hold_pool);
		int rc;

		*xtr_pkt(m) = (struct xtr_pkt){.out = 1};
		rte_pktmbuf_append(m, 60);
		rc = xtr_inject(f->dp, m, XTR_INJECT_TX);
		assert_int_equal(rc, i < XTR_RING_SIZE - 1 ? 0 : -ENOBUFS);
	}
	assert_int_equal(f->dp->control_drops[XTR_DROP_INJECT_FULL], 1);
	xtr_worker_turn(f->w);
	assert_int_equal(rte_ring_count(f->tx[1]), XTR_RING_SIZE - 1);
	xtr_rloc_put(f->rlocs, r);
}

/* No memory for a gate: order may suffer, packets do not. */
static void no_memory(void **state)
{
	struct fx *f = *state;
	struct xtr_rloc *r = rloc_up(f);

	fx_send_eid(f, 0, 20);
	xtr_worker_turn(f->w);
	fx_turn(f);
	allocs_left = 0;
	assert_int_equal(xtr_gate_number(&f->holder), 0);
	allocs_left = -1;
	/* the mapping is there, with its gate open */
	f->mapped = true;
	assert_int_equal(
	    xtr_fib_set_lisp(f->fib,
		&(struct xtr_eid){.iid = FX_IID, .plen = 16, .ip = fx_ip("10.2.0.0")},
		fx_entry(f, (struct xtr_fwd){.action = XTR_FWD_ENCAP, .target = r->tunnel})),
	    0);
	allocs_left = 0;
	xtr_gate_release(&f->holder, &f->waiting);
	allocs_left = -1;
	assert_int_equal(f->holder.n, 0);
	assert_int_equal(f->waiting.n, 0);
	xtr_worker_turn(f->w);
	fx_expect(f, 1, 0, 20);
	settle(f);
	xtr_rloc_put(f->rlocs, r);
}

/* Gate numbers wrap, 0 is left out, and what opened long ago does not look closed then. */
static void numbers_wrap(void **state)
{
	struct fx *f = *state;
	struct xtr_rloc *r = rloc_up(f);
	uint32_t at = UINT32_MAX - 2, seq = 0;

	f->dp->gate_open = f->w->gate_seen = at;
	f->holder.epoch = at + 1;
	((struct xtr_tunnel *)xtr_pool_at(&f->dp->tunnel, r->tunnel))->gate = 0;
	for (unsigned round = 0; round < 6; round++) {
		fx_send_eid(f, seq, 3);
		xtr_worker_turn(f->w);
		fx_turn(f);
		assert_int_equal(f->waiting.n, 3);
		fx_resolve(f, r->tunnel);
		assert_int_not_equal(f->gate, 0);
		fx_send_eid(f, seq + 3, 3);
		xtr_worker_turn(f->w);
		assert_int_equal(f->w->n_gate, 3);
		settle(f);
		fx_expect(f, 1, seq, 6);
		seq += 6;
		fx_clear(f);
		settle(f);
	}
	assert_in_range(f->dp->gate_open, 1, 10);
	xtr_rloc_put(f->rlocs, r);
}

static void old_numbers_go(void **state)
{
	struct fx *f = *state;
	uint32_t old = fx_entry(f, (struct xtr_fwd){0}), fresh = fx_entry(f, (struct xtr_fwd){0});
	uint32_t adj = xtr_pool_get(&f->dp->adj), tunnel = xtr_pool_get(&f->dp->tunnel);
	struct xtr_fwd *fwd = xtr_pool_at(&f->dp->fwd, 0);
	uint32_t *adj_gate = &((struct xtr_adj *)xtr_pool_at(&f->dp->adj, adj))->gate,
		 *tunnel_gate = &((struct xtr_tunnel *)xtr_pool_at(&f->dp->tunnel, tunnel))->gate,
		 at = (1u << 30) - 1;

	settle(f);
	f->dp->gate_open = f->w->gate_seen = at - 1;
	f->holder.epoch = at;
	fwd[old].gate = at - 5000;
	*adj_gate = at - 2000;
	*tunnel_gate = 1;
	fwd[fresh].gate = at - 10;
	xtr_gate_number(&f->holder);
	xtr_gate_poll(&f->holder);
	assert_int_equal(fwd[old].gate, 0);
	assert_int_equal(*adj_gate, 0);
	assert_int_equal(*tunnel_gate, 0);
	assert_int_equal(fwd[fresh].gate, at - 10);
	settle(f);
	xtr_pool_put(&f->dp->fwd, old);
	xtr_pool_put(&f->dp->fwd, fresh);
	xtr_pool_put(&f->dp->adj, adj);
	xtr_pool_put(&f->dp->tunnel, tunnel);
}

/* The mapping goes while its gate is closed: those that wait at it are older than those that come
 * then. */
static void cleared_while_closed(void **state)
{
	struct fx *f = *state;
	struct xtr_rloc *r = rloc_up(f);

	fx_send_eid(f, 0, 4);
	xtr_worker_turn(f->w);
	fx_turn(f);
	fx_resolve(f, r->tunnel);
	fx_send_eid(f, 4, 4);
	xtr_worker_turn(f->w);
	assert_int_equal(f->w->n_gate, 4);
	fx_clear(f);
	fx_send_eid(f, 8, 4);
	xtr_worker_turn(f->w);
	fx_turn(f);
	fx_send_eid(f, 12, 4);
	for (unsigned i = 0; i < 5; i++) {
		xtr_worker_turn(f->w);
		fx_turn(f);
	}
	assert_int_equal(f->waiting.n, 16);
	fx_resolve(f, r->tunnel);
	settle(f);
	fx_expect(f, 1, 0, 16);
	xtr_rloc_put(f->rlocs, r);
}

/* Replaced, not cleared: the new entry's gate is younger than the old one's. */
static void replaced_while_closed(void **state)
{
	struct fx *f = *state;
	struct xtr_rloc *r = rloc_up(f);

	fx_send_eid(f, 0, 4);
	xtr_worker_turn(f->w);
	fx_turn(f);
	fx_resolve(f, r->tunnel);
	fx_turn(f);
	fx_send_eid(f, 4, 4);
	xtr_worker_turn(f->w);
	fx_resolve(f, r->tunnel);
	fx_send_eid(f, 8, 4);
	xtr_worker_turn(f->w);
	settle(f);
	fx_expect(f, 1, 0, 12);
	xtr_rloc_put(f->rlocs, r);
}

/* The RLOC's next hop changes its MAC: nothing leaves with the old one after that, nothing is lost
 * and order is kept. */
static void neighbour_moves(void **state)
{
	struct fx *f = *state;
	struct xtr_rloc *r = rloc_up(f);
	struct rte_mbuf *m;

	fx_resolve(f, r->tunnel);
	settle(f);
	fx_send_eid(f, 0, 2);
	xtr_worker_turn(f->w);
	fx_expect(f, 1, 0, 2);
	fx_neigh(f, 1, "192.0.2.2", 77);
	for (unsigned i = 0; i < 12; i++) {
		fx_send_eid(f, 2 + i, 1);
		xtr_worker_turn(f->w);
		fx_turn(f);
	}
	settle(f);
	for (unsigned i = 0; i < 12; i++) {
		m = fx_receive(f, 1);
		assert_non_null(m);
		assert_int_equal(fx_seq(m), 2 + i);
		if (i == 11)
			assert_int_equal(rte_pktmbuf_mtod(m, const uint8_t *)[5], 77);
		rte_pktmbuf_free(m);
	}
	assert_null(fx_receive(f, 1));
	xtr_rloc_put(f->rlocs, r);
}

/* --- a worker of its own, and mappings that come and go --- */

#define STRESS  100000u
#define WINDOW  2500u /* packets under way; the limits of this test are above */
#define LIMIT_S 30

static void *worker(void *arg)
{
	xtr_worker_run(arg);
	return NULL;
}

struct stress {
	bool mapping, neighbour; /* what comes and goes */
	bool gone;               /* the neighbour, now */
	uint64_t polls;          /* the worker's, when something was changed last */
	unsigned clears, moves;
};

/* A change now and then, but none before the worker has seen the last one. */
static void disturb(struct fx *f, struct stress *s, const struct xtr_rloc *r, uint64_t polls)
{
	const struct xtr_tunnel *t = xtr_pool_at(&f->dp->tunnel, r->tunnel);
	/* A worker may be between a mapping and its tunnel. If the mapping goes and the tunnel gets
	 * a gate before it is through, that one burst meets a gate which nothing else of its flow
	 * meets, and may be overtaken: so not both within a grace period. */
	bool quiet = !f->dirty && !f->dp->rcu.waiting && t->state == XTR_HOP_READY;

	if (polls - s->polls < 2)
		return;
	s->polls = polls;
	if (s->mapping && rand() % 4 == 0) {
		if (f->mapped && (quiet || !s->neighbour)) {
			fx_clear(f);
			s->clears++;
		} else if (!f->mapped && f->waiting.n > (unsigned)rand() % 200) {
			fx_resolve(f, r->tunnel);
		}
	}
	if (s->neighbour && rand() % 16 == 0) {
		s->gone = rand() % 2;
		if (s->gone)
			fx_neigh_gone(f, 1, "192.0.2.2", false);
		else
			fx_neigh(f, 1, "192.0.2.2", (uint8_t)(s->moves % 200));
		s->moves++;
	}
}

/* Returns false at a packet that is not the next one. */
static bool receive_in_order(struct fx *f, uint32_t *received)
{
	struct rte_mbuf *m;
	uint32_t seq;

	while ((m = fx_receive(f, 1)) != NULL) {
		seq = fx_seq(m);
		rte_pktmbuf_free(m);
		if (seq != *received) {
			print_error("packet %u instead of %u\n", seq, *received);
			return false;
		}
		(*received)++;
	}
	return true;
}

static void stress(struct fx *f, struct stress *s)
{
	struct xtr_rloc *r = rloc_up(f);
	uint32_t sent = 0, received = 0;
	struct timespec start, now;
	uint64_t last = 0;
	pthread_t thread;
	bool in_order;

	srand(5);
	f->holder.per_instance = FX_PER_EID;
	fx_resolve(f, r->tunnel);
	fx_offline(f);
	assert_int_equal(pthread_create(&thread, NULL, worker, f->w), 0);
	clock_gettime(CLOCK_MONOTONIC, &start);
	do {
		uint64_t polls = __atomic_load_n(&f->w->polls, __ATOMIC_RELAXED);
		unsigned n = 1 + (unsigned)rand() % 32;

		for (; n && sent < STRESS && sent - received < WINDOW; n--)
			fx_send_eid(f, sent++, 1);
		disturb(f, s, r, polls);
		fx_turn(f);
		in_order = receive_in_order(f, &received);
		if (!n) {
			last = polls;
		} else if (polls - last > 4) {
			/* no more can be sent, and what is under way waits for us */
			if (!f->mapped)
				fx_resolve(f, r->tunnel);
			if (s->gone)
				fx_neigh(f, 1, "192.0.2.2", 1);
			s->gone = false;
			last = polls;
		}
		if (rand() % 4 == 0)
			sched_yield();
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (in_order && received < STRESS && now.tv_sec - start.tv_sec < LIMIT_S);
	__atomic_store_n(&f->dp->stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	print_message(
	    "%u packets, %u + %u punted, %llu gated; %u clears, %u changes of the neighbour\n",
	    received, f->punts[XTR_PUNT_MISS], f->punts[XTR_PUNT_TUNNEL],
	    (unsigned long long)xtr_dp_counter(f->dp, XTR_CTR_GATED), s->clears, s->moves);
	for (unsigned d = 0; d < XTR_DROP_N; d++)
		if (xtr_dp_drops(f->dp, (enum xtr_drop)d))
			fail_msg("%s: %llu", xtr_drop_name((enum xtr_drop)d),
			    (unsigned long long)xtr_dp_drops(f->dp, (enum xtr_drop)d));
	assert_true(in_order);
	assert_int_equal(received, STRESS);
	assert_true(!s->mapping || s->clears > 20);
	assert_true(!s->neighbour || s->moves > 5);
	assert_true(f->punts[s->mapping ? XTR_PUNT_MISS : XTR_PUNT_TUNNEL] > 0);
	assert_true(xtr_dp_counter(f->dp, XTR_CTR_GATED) > 0);
	xtr_rloc_put(f->rlocs, r);
}

static void stress_mapping(void **state)
{
	stress(*state, &(struct stress){.mapping = true});
}

static void stress_neighbour(void **state)
{
	stress(*state, &(struct stress){.neighbour = true});
}

static void stress_both(void **state)
{
	stress(*state, &(struct stress){.mapping = true, .neighbour = true});
}

#define T(test)       cmocka_unit_test_setup_teardown(test, setup, teardown)
#define T_SMALL(test) cmocka_unit_test_setup_teardown(test, setup_small, teardown)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    T(order_is_kept),
	    T(late_joins),
	    T(several_gates),
	    T_SMALL(limits),
	    T_SMALL(shares),
	    T_SMALL(drop_by_age),
	    T(tells),
	    T(no_buffers),
	    T(ring_full),
	    T(no_memory),
	    T(numbers_wrap),
	    T(old_numbers_go),
	    T(cleared_while_closed),
	    T(replaced_while_closed),
	    T(neighbour_moves),
	    T(stress_mapping),
	    T(stress_neighbour),
	    T(stress_both),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, eal_setup, eal_teardown);
}
