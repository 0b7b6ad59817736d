/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two workers on one data plane: each flow keeps its order, whoever has its turn when; gates hold
 * with both; counters add up; and no turn writes what is another worker's. Turns in any order on
 * one thread, and the real loops in two, where scripts/test lets the thread sanitizer look on.
 * Ports are of one worker each, their frames handed over, or have a queue for each worker.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <pthread.h>

#include "dp_seen.h"
#include "dp_wires.h"

#define WORKERS 2
#define KINDS   6
#define FLOWS   24   /* of each kind as many */
#define WINDOW  2000 /* packets under way: what a gate takes */
#define PACKETS (THREAD_SANITIZER ? 20000u : 200000u)
#define LIMIT_S 100

static struct dp_wires fix;
/* Rings of the workers' queues: the first is fix.rx, fix.tx. */
static struct rte_ring *rx[DP_PORTS][WORKERS], *tx[DP_PORTS][WORKERS];
static bool queues; /* a queue for each worker */
static uint16_t sent[FLOWS], received[FLOWS];
static unsigned n_sent, n_received;
static uint32_t seed = 99;

static uint32_t below(uint32_t n)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % n;
}

/* --- set-up --- */

static int setup_handoff(void **state)
{
	dp_open(&fix, WORKERS, 4096);
	queues = false;
	for (unsigned port = 0; port < DP_PORTS; port++) {
		rx[port][0] = rx[port][1] = fix.rx[port];
		tx[port][0] = tx[port][1] = fix.tx[port];
		seen_port(fix.dp->ports[port].ethdev, fix.rx[port], fix.tx[port]);
	}
	memset(sent, 0, sizeof(sent));
	memset(received, 0, sizeof(received));
	n_sent = n_received = 0;
	return 0;
}

/* As port.c does it where the device has so many queues: no port is one worker's. */
static int setup_queues(void **state)
{
	static unsigned serial;
	char name[32];

	setup_handoff(state);
	queues = true;
	for (unsigned i = 0; i < WORKERS; i++)
		fix.dp->workers[i]->n_queues = 0;
	for (unsigned port = 0; port < DP_PORTS; port++) {
		struct xtr_dp_port *p = &fix.dp->ports[port];

		rte_ring_free(p->handoff);
		p->handoff = NULL;
		p->n_rx = p->n_tx = WORKERS;
		snprintf(name, sizeof(name), "more_rx%u", serial);
		rx[port][1] = rte_ring_create(name, 1024, SOCKET_ID_ANY, 0);
		snprintf(name, sizeof(name), "more_tx%u", serial++);
		tx[port][1] = rte_ring_create(name, 4096, SOCKET_ID_ANY, 0);
		dp_need(rx[port][1] && tx[port][1], "ring");
		seen_queues(p->ethdev, rx[port], tx[port], WORKERS);
		for (unsigned i = 0; i < WORKERS; i++) {
			struct xtr_worker *w = fix.dp->workers[i];

			w->queues[w->n_queues].port = (uint8_t)port;
			w->queues[w->n_queues++].queue = (uint16_t)i;
			w->tx_queue[port] = (uint16_t)i;
		}
	}
	return 0;
}

static int teardown(void **state)
{
	assert_int_equal(dp_in_use(&fix), 0);
	for (unsigned port = 0; queues && port < DP_PORTS; port++) {
		dp_free_ring(rx[port][1]);
		dp_free_ring(tx[port][1]);
	}
	dp_close(&fix);
	return 0;
}

/* --- flows --- */

/* A packet of the flow: its number in the IP ID, the flow in the source port. Returns its length.
 */
static unsigned frame_of(uint8_t *f, unsigned flow, unsigned *port)
{
	static const struct {
		unsigned port;
		const char *src, *dst;
	} kinds[KINDS] = {
	    {DP_SITE, "10.1.1.4", "10.2.2.5"}, {DP_SITE2, "10.100.1.4", "10.2.2.5"},
	    {DP_PROXY, "8.8.8.8", "10.2.2.5"}, {DP_CORE, "172.16.1.3", "10.1.1.4"},
	    {DP_SITE, "10.1.1.4", "10.26.0.5"}, {DP_CORE, "10.2.2.5", "10.1.1.4"}, /* in a tunnel */
	};
	unsigned kind = flow % KINDS, len;
	uint8_t inner[64];

	*port = kinds[kind].port;
	len = dp_frame(f, *port, kinds[kind].src, kinds[kind].dst, sent[flow], 28);
	dp_put16(f + 14 + 20, 1000 + flow);
	if (kind < KINDS - 1)
		return len;
	memcpy(inner, f + 14, len - 14);
	dp_frame(f, *port, "172.16.1.3", "172.16.1.2", 7, (uint16_t)(36 + len - 14));
	dp_put16(f + 14 + 20, 50000 + flow);
	dp_put16(f + 14 + 22, XTR_PORT_DATA);
	dp_put16(f + 14 + 24, 16 + len - 14);
	memcpy(f + 14 + 36, inner, len - 14);
	return 36 + len;
}

static bool may_send(void)
{
	return n_sent - n_received < WINDOW;
}

/* A packet of some flow; flows stay in the queue that their number says, as RSS has it. */
static void send_one(void)
{
	unsigned flow = below(FLOWS), port, len;
	uint8_t f[128];

	len = frame_of(f, flow, &port);
	if (rte_ring_enqueue(
		rx[port][flow / KINDS % WORKERS], dp_packet(fix.dp->rx_pool, f, len, 0)) != 0)
		fail_msg("a ring is full");
	sent[flow]++;
	n_sent++;
}

static void check_next(struct rte_mbuf *m)
{
	const uint8_t *h = rte_pktmbuf_mtod_offset(m, const uint8_t *, 14);
	unsigned at = h[0] >> 4 == 6 ? 40 : 20, flow;

	if (h[at + 2] == XTR_PORT_DATA >> 8 && h[at + 3] == (XTR_PORT_DATA & 0xff))
		h += at + 16;
	flow = ((unsigned)h[20] << 8 | h[21]) - 1000;
	assert_in_range(flow, 0, FLOWS - 1);
	if ((h[4] << 8 | h[5]) != received[flow])
		fail_msg(
		    "flow %u: number %u instead of %u", flow, h[4] << 8 | h[5], received[flow]);
	received[flow]++;
	n_received++;
	rte_pktmbuf_free(m);
}

static void receive(void)
{
	struct rte_mbuf *m = NULL;

	for (unsigned port = 0; port < DP_PORTS; port++)
		for (unsigned q = 0; q < (queues ? WORKERS : 1); q++)
			while (rte_ring_dequeue(tx[port][q], (void **)&m) == 0)
				check_next(m);
}

/* --- gates --- */

static uint32_t closed;

/* Of what both workers meet: the tunnel of most flows. */
static void close_gate(void)
{
	struct xtr_tunnel *t = xtr_pool_at(&fix.dp->tunnel, fix.tunnel);

	closed = fix.dp->gate_open + 1;
	__atomic_store_n(&t->gate, closed, __ATOMIC_RELAXED);
}

static void open_gate(void)
{
	__atomic_store_n(&fix.dp->gate_open, closed, __ATOMIC_RELEASE);
	closed = 0;
}

static void now_and_then(void)
{
	if (below(200))
		return;
	if (closed)
		open_gate();
	else
		close_gate();
}

/* --- what must be so in the end --- */

static void adds_up(void)
{
	const struct xtr_dp *dp = fix.dp;
	uint64_t in = 0, out = 0, tunnel = 0, tunnel6 = 0;
	unsigned of[KINDS] = {0};

	for (unsigned flow = 0; flow < FLOWS; flow++) {
		assert_int_equal(received[flow], sent[flow]);
		of[flow % KINDS] += sent[flow];
	}
	for (unsigned i = 0; i < WORKERS; i++) {
		const struct xtr_worker *w = dp->workers[i];

		for (unsigned port = 0; port < DP_PORTS; port++) {
			in += w->port_rx[port][0];
			out += w->port_tx[port][0];
			if (!queues && dp->ports[port].owner != i)
				assert_int_equal(w->port_rx[port][0] + w->port_tx[port][0], 0);
		}
		tunnel += w->rloc[fix.tunnel].packets;
		tunnel6 += w->rloc[fix.tunnel6].packets;
		assert_true(w->counters[XTR_CTR_ENCAP] > 0 && w->counters[XTR_CTR_RX] > 0);
	}
	assert_int_equal(dp_all_drops(&fix), 0);
	assert_int_equal(in, n_sent);
	assert_int_equal(out, n_sent);
	assert_int_equal(xtr_dp_counter(dp, XTR_CTR_RX), n_sent);
	assert_int_equal(xtr_dp_counter(dp, XTR_CTR_TX), n_sent);
	/* (no flow has so many that its 16 bits went round) */
	assert_int_equal(tunnel, of[0] + of[1] + of[2]);
	assert_int_equal(tunnel6, of[4]);
	assert_int_equal(xtr_dp_counter(dp, XTR_CTR_ENCAP), tunnel + tunnel6);
	assert_int_equal(xtr_dp_counter(dp, XTR_CTR_DECAP), of[5]);
	assert_int_equal(xtr_dp_counter(dp, XTR_CTR_NATIVE), of[3] + of[5]);
}

static void some_waited(void)
{
	assert_true(xtr_dp_counter(fix.dp, XTR_CTR_GATED) > 0);
}

/* --- turns, in any order --- */

static void turns_in_any_order(void **state)
{
	for (unsigned round = 0; round < 3000; round++) {
		for (unsigned n = below(30); n && may_send(); n--)
			send_one();
		now_and_then();
		for (unsigned n = below(4); n; n--)
			xtr_worker_turn(fix.dp->workers[below(WORKERS)]);
		receive();
	}
	if (closed)
		open_gate();
	dp_turns(&fix);
	receive();
	adds_up();
	some_waited();
}

/* Each worker adopts a gate in its own turn; what the other kept stays there. */
static void gate_of_both(void **state)
{
	struct xtr_worker *a = fix.dp->workers[0], *b = fix.dp->workers[1];

	close_gate();
	while (n_sent < 600)
		send_one();
	for (unsigned i = 0; i < 12; i++) {
		xtr_worker_turn(a);
		xtr_worker_turn(b);
	}
	receive();
	assert_true(a->n_gate > 50 && b->n_gate > 50);
	assert_int_equal(a->n_gate + b->n_gate, n_sent - n_received);
	open_gate();
	xtr_worker_turn(b);
	assert_int_equal(b->n_gate, 0);
	assert_true(a->n_gate > 50);
	xtr_worker_turn(a);
	assert_int_equal(a->n_gate, 0);
	dp_turns(&fix);
	receive();
	adds_up();
	some_waited();
}

/* --- who writes what --- */

/* What a worker must not write while another reads it: the data plane's own struct, tables, and the
 * other worker. */
struct image {
	struct xtr_dp dp;
	struct xtr_worker other;
	struct xtr_rloc_count rlocs[64];
	uint8_t adj[64 * sizeof(struct xtr_adj)], tunnel[64 * sizeof(struct xtr_tunnel)],
	    set[16 * sizeof(struct xtr_set)], fwd[256 * sizeof(struct xtr_fwd)];
};

static void copy_pool(uint8_t *to, size_t size, const struct xtr_pool *pool)
{
	assert_true((size_t)pool->fresh * pool->size <= size);
	memcpy(to, pool->base, (size_t)pool->fresh * pool->size);
}

static void take_image(struct image *i, const struct xtr_worker *other)
{
	memset(i, 0, sizeof(*i));
	memcpy(&i->dp, fix.dp, sizeof(i->dp));
	memcpy(&i->other, other, sizeof(i->other));
	memcpy(i->rlocs, other->rloc, sizeof(i->rlocs));
	copy_pool(i->adj, sizeof(i->adj), &fix.dp->adj);
	copy_pool(i->tunnel, sizeof(i->tunnel), &fix.dp->tunnel);
	copy_pool(i->set, sizeof(i->set), &fix.dp->set);
	copy_pool(i->fwd, sizeof(i->fwd), &fix.dp->fwd);
}

/* Once every entry is marked as used, which each needs once, a turn writes its own worker alone. */
static void writes_its_own(void **state)
{
	static struct image before, after;

	for (unsigned round = 0; round < 200; round++) {
		unsigned who = below(WORKERS);

		while (n_sent - n_received < 200)
			send_one();
		if (round < 20) {
			dp_turns(&fix);
		} else {
			take_image(&before, fix.dp->workers[1 - who]);
			xtr_worker_turn(fix.dp->workers[who]);
			take_image(&after, fix.dp->workers[1 - who]);
			assert_memory_equal(&before, &after, sizeof(before));
		}
		receive();
	}
	/* nor do two share a cache line at the ends of theirs */
	for (unsigned i = 0; i < WORKERS; i++) {
		assert_int_equal((uintptr_t)fix.dp->workers[i] % RTE_CACHE_LINE_SIZE, 0);
		assert_int_equal((uintptr_t)fix.dp->workers[i]->rloc % RTE_CACHE_LINE_SIZE, 0);
		assert_int_equal((uintptr_t)fix.dp->workers[i]->entry % RTE_CACHE_LINE_SIZE, 0);
	}
	assert_int_equal(sizeof(struct xtr_worker) % RTE_CACHE_LINE_SIZE, 0);
	dp_turns(&fix);
	receive();
	assert_int_equal(n_received, n_sent);
}

/* --- two threads --- */

static void *loop(void *arg)
{
	xtr_worker_run(arg);
	return NULL;
}

/* How many packets a worker meets while the gate is closed is the scheduler's: none perhaps. */
static void threads(void **state)
{
	uint64_t until = rte_rdtsc() + LIMIT_S * rte_get_tsc_hz();
	pthread_t thread[WORKERS];

	for (unsigned i = 0; i < WORKERS; i++) {
		fix.dp->workers[i]->backoff = true;
		fix.dp->workers[i]->max_sleep_us = 20;
		assert_int_equal(pthread_create(&thread[i], NULL, loop, fix.dp->workers[i]), 0);
	}
	while (n_received < PACKETS && rte_rdtsc() < until) {
		for (unsigned n = below(30); n && may_send() && n_sent < PACKETS; n--)
			send_one();
		now_and_then();
		if (closed && (!may_send() || n_sent == PACKETS))
			open_gate();
		receive();
	}
	__atomic_store_n(&fix.dp->stop, true, __ATOMIC_RELAXED);
	for (unsigned i = 0; i < WORKERS; i++)
		pthread_join(thread[i], NULL);
	assert_int_equal(n_received, PACKETS);
	adds_up();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    {"turns in any order, ports of one worker", turns_in_any_order, setup_handoff, teardown,
		NULL},
	    {"turns in any order, queues", turns_in_any_order, setup_queues, teardown, NULL},
	    {"gate of both, ports of one worker", gate_of_both, setup_handoff, teardown, NULL},
	    {"gate of both, queues", gate_of_both, setup_queues, teardown, NULL},
	    {"writes its own, ports of one worker", writes_its_own, setup_handoff, teardown, NULL},
	    {"writes its own, queues", writes_its_own, setup_queues, teardown, NULL},
	    {"threads, ports of one worker", threads, setup_handoff, teardown, NULL},
	    {"threads, queues", threads, setup_queues, teardown, NULL},
	};
	int failed;

	dp_eal();
	/* vector loads escape the thread sanitizer */
	dp_need(seen_pools() == 0 && (!THREAD_SANITIZER || xtr_lpm_use(XTR_LPM_SCALAR)), "pools");
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rte_eal_cleanup();
	return failed;
}
