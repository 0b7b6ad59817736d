/* SPDX-License-Identifier: BSD-3-Clause */
/* The fast path against the stages: random bursts go through both, and all that comes of them must
 * be the same, to the byte and the counter. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "fast_frames.h"
#include "datapath/fast.h"

#define BURSTS  4000u
#define OUT_MAX XTR_BURST

static struct dp_wires fix;

/* What a burst comes to. */
struct packet {
	unsigned where; /* port; DP_PORTS + reason: punted */
	uint32_t id;
	unsigned len;
	uint8_t b[FRAME_MAX + 64];
};

struct sent {
	unsigned n;
	struct packet out[2 * OUT_MAX];
	uint64_t drops[XTR_DROP_N], counters[XTR_CTR_N];
	uint64_t ports[DP_PORTS][4];
	struct xtr_rloc_count rlocs[16], entries[4];
	unsigned gated;
};

static void add(struct sent *s, unsigned where, uint32_t id, struct rte_mbuf *m)
{
	assert_true(s->n < RTE_DIM(s->out));
	memset(&s->out[s->n], 0, sizeof(s->out[0]));
	s->out[s->n].where = where;
	s->out[s->n].id = id;
	s->out[s->n].len = m->pkt_len;
	assert_true(m->pkt_len <= sizeof(s->out[0].b));
	memcpy(s->out[s->n].b, rte_pktmbuf_read(m, 0, m->pkt_len, s->out[s->n].b), m->pkt_len);
	s->n++;
	rte_pktmbuf_free(m);
}

static void count(struct sent *s, int sign)
{
	const struct xtr_worker *w = fix.w;

	for (unsigned i = 0; i < XTR_DROP_N; i++)
		s->drops[i] += (uint64_t)sign * w->drops[i];
	for (unsigned i = 0; i < XTR_CTR_N; i++)
		s->counters[i] += (uint64_t)sign * w->counters[i];
	for (unsigned i = 0; i < DP_PORTS; i++)
		for (unsigned k = 0; k < 2; k++) {
			s->ports[i][k] += (uint64_t)sign * w->port_rx[i][k];
			s->ports[i][2 + k] += (uint64_t)sign * w->port_tx[i][k];
		}
	for (unsigned i = 0; i < RTE_DIM(s->rlocs); i++) {
		s->rlocs[i].packets += (uint64_t)sign * w->rloc[i].packets;
		s->rlocs[i].bytes += (uint64_t)sign * w->rloc[i].bytes;
	}
	for (unsigned i = 0; i < RTE_DIM(s->entries); i++) {
		s->entries[i].packets += (uint64_t)sign * w->entry[i].packets;
		s->entries[i].bytes += (uint64_t)sign * w->entry[i].bytes;
	}
}

static int by_content(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(((struct sent *)0)->out[0]));
}

/* The frame's first buffer has f->room bytes in front. */
static struct rte_mbuf *packet_of(const struct frame *f)
{
	struct rte_mbuf *m = dp_packet(fix.dp->rx_pool, f->b, f->len, f->seg);

	memmove((uint8_t *)m->buf_addr + f->room, rte_pktmbuf_mtod(m, void *), m->data_len);
	m->data_off = (uint16_t)f->room;
	return m;
}

/* Closes a gate for what it belongs to; it opens with the next number. */
static uint32_t close_gate(uint32_t *gate)
{
	if (gate)
		*gate = fix.w->gate_seen + 1;
	return fix.w->gate_seen + 1;
}

static void run(struct sent *s, const struct frame *f, unsigned n, unsigned port, bool stages_only,
    uint32_t *gate)
{
	uint32_t opens = close_gate(gate);
	struct rte_mbuf *m;

	memset(s, 0, sizeof(*s));
	fix.dp->stages_only = stages_only;
	count(s, -1);
	for (unsigned i = 0; i < n; i++)
		dp_need(rte_ring_enqueue(fix.rx[port], packet_of(&f[i])) == 0, "rx ring");
	dp_turns(&fix);
	s->gated = fix.w->n_gate;
	if (gate) {
		fix.dp->gate_open = opens;
		dp_turns(&fix);
		assert_int_equal(fix.w->n_gate, 0);
	}
	count(s, 1);
	for (unsigned p = 0; p < DP_PORTS; p++)
		while ((m = dp_tx(&fix, p)) != NULL)
			add(s, p, 0, m);
	while ((m = dp_punted(&fix)) != NULL)
		add(s, DP_PORTS + xtr_pkt(m)->reason, xtr_pkt(m)->id, m);
}

static void show(const struct packet *a, const struct packet *b)
{
	const struct packet *both[] = {a, b};

	for (unsigned k = 0; k < 2; k++) {
		print_message("%s: to %u, id %u, %u bytes:", k ? "fast" : "stages", both[k]->where,
		    both[k]->id, both[k]->len);
		for (unsigned i = 0; i < RTE_MIN(both[k]->len, 90u); i++)
			print_message(" %02x", both[k]->b[i]);
		print_message("\n");
	}
}

static void compare(const struct sent *a, const struct sent *b)
{
	for (unsigned i = 0; a->n != b->n && i < RTE_MAX(a->n, b->n); i++)
		if (memcmp(&a->out[i], &b->out[i], sizeof(a->out[i]))) {
			show(&a->out[i], &b->out[i]);
			break;
		}
	assert_int_equal(a->n, b->n);
	for (unsigned i = 0; i < a->n; i++) {
		if (memcmp(&a->out[i], &b->out[i], sizeof(a->out[i])))
			show(&a->out[i], &b->out[i]);
		assert_memory_equal(&a->out[i], &b->out[i], sizeof(a->out[i]));
	}
	for (unsigned i = 0; i < XTR_DROP_N; i++)
		if (a->drops[i] != b->drops[i])
			fail_msg("%s: %lu by the stages, %lu by the fast path",
			    xtr_drop_name((enum xtr_drop)i), a->drops[i], b->drops[i]);
	for (unsigned i = 0; i < XTR_CTR_N; i++)
		if (a->counters[i] != b->counters[i])
			fail_msg("%s: %lu by the stages, %lu by the fast path",
			    xtr_counter_name((enum xtr_counter)i), a->counters[i], b->counters[i]);
	assert_memory_equal(a->ports, b->ports, sizeof(a->ports));
	assert_memory_equal(a->rlocs, b->rlocs, sizeof(a->rlocs));
	assert_memory_equal(a->entries, b->entries, sizeof(a->entries));
	assert_int_equal(a->gated, b->gated);
}

/* Something that has a gate; mostly nothing. */
static uint32_t *some_gate(void)
{
	uint32_t i;

	switch (below(12)) {
	case 0:
		i = 1 + below(fix.dp->fwd.fresh - 1);
		return &((struct xtr_fwd *)xtr_pool_at(&fix.dp->fwd, i))->gate;
	case 1:
		i = 1 + below(fix.dp->tunnel.fresh - 1);
		return &((struct xtr_tunnel *)xtr_pool_at(&fix.dp->tunnel, i))->gate;
	case 2:
		i = 1 + below(fix.dp->adj.fresh - 1);
		return &((struct xtr_adj *)xtr_pool_at(&fix.dp->adj, i))->gate;
	default:
		return NULL;
	}
}

static void one_burst(uint64_t *left)
{
	static const unsigned ports[] = {DP_SITE, DP_SITE, DP_CORE, DP_CORE, DP_SITE2, DP_PROXY};
	static struct frame f[XTR_BURST];
	static struct sent stages, fast;
	unsigned port = PICK(ports), n = one_in(3) ? XTR_BURST : 1 + below(XTR_BURST);
	struct usual u = usual_of(port);
	uint32_t *gate = some_gate();

	/* routes that lead nowhere are a question to all packets of a site */
	fix.dp->blackholes = one_in(2);
	fix.dp->copy_dscp = one_in(2);
	for (unsigned i = 0; i < 2; i++) /* off, loose, strict */
		fix.dp->instances[i].source_check = (uint8_t)below(3);
	for (unsigned i = 0; i < n; i++)
		make_frame(&f[i], port, &u);
	run(&stages, f, n, port, true, gate);
	run(&fast, f, n, port, false, gate);
	qsort(stages.out, stages.n, sizeof(stages.out[0]), by_content);
	qsort(fast.out, fast.n, sizeof(fast.out[0]), by_content);
	compare(&stages, &fast);
	*left += fast.counters[XTR_CTR_ENCAP] + fast.counters[XTR_CTR_DECAP] +
		 fast.counters[XTR_CTR_NATIVE];
}

/* With each way of the fast path that this machine has. */
static void all_ways(void (*test)(void))
{
	for (enum xtr_lpm_way way = XTR_LPM_SCALAR; way <= XTR_LPM_AVX512; way++)
		if (xtr_fast_use(way)) {
			assert_true(xtr_lpm_use(way));
			print_message("%s\n", xtr_lpm_using());
			test();
		}
}

static void bursts(void)
{
	uint64_t left = 0;

	for (unsigned k = 0; k < BURSTS; k++)
		one_burst(&left);
	assert_true(left > BURSTS); /* it was not all drops and punts */
}

static void same_as_stages(void **state)
{
	all_ways(bursts);
}

/* Bursts that the fast path takes whole keep their order, with several ways out. */
static void keeps_order(void **state)
{
	static struct frame f[XTR_BURST];
	static struct sent stages, fast;

	for (unsigned k = 0; k < 200; k++) {
		for (unsigned i = 0; i < XTR_BURST; i++) {
			static const char *const good[] = {
			    "10.2.2.5", "10.3.1.1", "10.3.2.2", "10.3.77.1"};

			f[i].seg = 0;
			f[i].room = RTE_PKTMBUF_HEADROOM;
			f[i].len = dp_frame(f[i].b, DP_SITE, "10.1.1.4", PICK(good), (uint16_t)i,
			    (uint16_t)(28 + below(1400)));
		}
		run(&stages, f, XTR_BURST, DP_SITE, true, NULL);
		run(&fast, f, XTR_BURST, DP_SITE, false, NULL);
		assert_int_equal(fast.counters[XTR_CTR_ENCAP], XTR_BURST);
		compare(&stages, &fast);
	}
}

/* A LISP packet that some router on the way may have marked (RFC 3168). */
static void make_marked(struct frame *f, unsigned id)
{
	uint8_t *h = f->b + 14, *inner = h + 36;
	unsigned total = 64;

	memset(f->b, 0, sizeof(f->b));
	memcpy(f->b, dp_mac[DP_CORE], 6);
	f->b[12] = 8;
	make_ip4(inner, total, "10.2.2.5", "10.1.1.4");
	inner[0] = 0x45;
	inner[1] = 2;
	dp_put16(inner + 4, id);
	inner[6] = inner[7] = 0;
	inner[8] = 64;
	finish_ip(inner);
	memset(h, 0, 36);
	h[0] = 0x45;
	h[1] = one_in(4) ? 3 : 2;
	dp_put16(h + 2, total + 36);
	h[8] = 64;
	h[9] = 17;
	dp_need(inet_pton(AF_INET, "172.16.1.3", h + 12) == 1 &&
		    inet_pton(AF_INET, "172.16.1.2", h + 16) == 1,
	    "address");
	finish_ip(h);
	dp_put16(h + 20, 50000);
	dp_put16(h + 22, 4341);
	dp_put16(h + 24, total + 16);
	f->len = 14 + 36 + total;
	f->room = RTE_PKTMBUF_HEADROOM;
	f->seg = 0;
}

/* So do flows of which the stages have to do with some: those that were marked on the way, those
 * too large for the tunnel, those in several buffers. */
static void keeps_flows_order(void **state)
{
	static struct frame f[XTR_BURST];
	static struct sent stages, fast;

	for (unsigned k = 0; k < 200; k++) {
		unsigned port = k % 2 ? DP_SITE : DP_CORE;

		for (unsigned i = 0; i < XTR_BURST; i++)
			if (port == DP_CORE) {
				make_marked(&f[i], i);
			} else {
				f[i].seg = one_in(8) ? 64 : 0;
				f[i].room = RTE_PKTMBUF_HEADROOM;
				f[i].len = dp_frame(f[i].b, DP_SITE, "10.1.1.4", "10.2.2.5",
				    (uint16_t)i, one_in(4) ? 1500 : 100);
			}
		run(&stages, f, XTR_BURST, port, true, NULL);
		run(&fast, f, XTR_BURST, port, false, NULL);
		assert_true(
		    fast.counters[port == DP_SITE ? XTR_CTR_ENCAP : XTR_CTR_DECAP] >= XTR_BURST);
		compare(&stages, &fast);
	}
}

/* What a worker that has the fast path does not hand to the stages, by counting the arrivals that
 * only they number. */
static unsigned handed_over(const struct frame *f, unsigned n, unsigned port)
{
	static struct sent s;
	uint32_t before = fix.w->arrivals;

	run(&s, f, n, port, false, NULL);
	return fix.w->arrivals - before;
}

/* Frames 0 to 3 are of one family each, outside and in: IPv4, IPv6 over their own and the other. */
static void plain_frame(struct frame *f, unsigned port, unsigned kind)
{
	bool six = kind & 1, other = kind & 2;
	uint8_t *h = f->b + 14;

	memset(f, 0, sizeof(*f));
	f->room = RTE_PKTMBUF_HEADROOM;
	if (port == DP_SITE && !six)
		f->len = dp_frame(f->b, port, "10.1.1.4", other ? "10.26.1.1" : "10.2.2.5", 1, 100);
	else if (port == DP_SITE)
		f->len = dp_frame6(
		    f->b, port, "2001:db8:1:1::4", other ? "2001:db8:2::1" : "2001:db8:26::1", 100);
	else if (!six)
		f->len = dp_frame(f->b, port, "172.16.1.3", "172.16.1.2", 1, 150);
	else
		f->len = dp_frame6(f->b, port, "fd00:16:1::3", "fd00:16:1::2", 150);
	if (port == DP_SITE)
		return;
	h += six ? 40 : 20;
	dp_put16(h + 2, XTR_PORT_DATA);
	dp_put16(h + 4, six ? 110 : 130);
	if (six != other)
		dp_frame6(h + 2, port, "2001:db8:26::1", "2001:db8:1:1::4", six ? 94 : 114);
	else
		dp_frame(h + 2, port, "10.2.2.5", "10.1.1.4", 1, six ? 94 : 114);
	memset(h + 8, 0, 8);
	dp_put16(h, 50000);
	dp_put16(h + 2, XTR_PORT_DATA);
	dp_put16(h + 4, six ? 110 : 130);
	h[6] = h[7] = 0;
}

/* All families in all of them, in one burst. */
static void takes_families(void)
{
	static const unsigned ports[] = {DP_SITE, DP_CORE};
	static const enum xtr_counter done[] = {XTR_CTR_ENCAP, XTR_CTR_DECAP};
	static struct frame f[XTR_BURST];

	for (unsigned p = 0; p < RTE_DIM(ports); p++)
		for (unsigned kinds = 1; kinds < 16; kinds++) {
			uint64_t before = fix.w->counters[done[p]];
			unsigned n = 0;

			while (n < XTR_BURST)
				for (unsigned k = 0; k < 4 && n < XTR_BURST; k++)
					if (kinds >> k & 1)
						plain_frame(&f[n++], ports[p], k);
			assert_int_equal(handed_over(f, n, ports[p]), 0);
			assert_int_equal(fix.w->counters[done[p]] - before, n);
		}
}

static void takes_all_families(void **state)
{
	all_ways(takes_families);
}

/* Whatever else is in a burst, the packets of a flow leave in their order. */
static void flows_keep_order(void **state)
{
	static struct frame f[XTR_BURST];
	static struct sent out;

	for (unsigned k = 0; k < 200; k++) {
		int last[4] = {-1, -1, -1, -1};

		for (unsigned i = 0; i < XTR_BURST; i++) {
			unsigned flow = below(4);

			plain_frame(&f[i], DP_SITE, flow);
			f[i].b[f[i].len - 2] = (uint8_t)flow;
			f[i].b[f[i].len - 1] = (uint8_t)i;
		}
		run(&out, f, XTR_BURST, DP_SITE, false, NULL);
		assert_int_equal(out.n, XTR_BURST);
		for (unsigned i = 0; i < out.n; i++) {
			const uint8_t *end = out.out[i].b + out.out[i].len;

			assert_true(end[-2] < 4 && end[-1] > last[end[-2]]);
			last[end[-2]] = end[-1];
		}
	}
}

/* RFC 3168, RFC 8200 section 7 */
static void put_ecn(uint8_t *h, uint8_t ecn)
{
	if (h[0] >> 4 == 6) {
		h[1] = (uint8_t)((h[1] & 0xcf) | ecn << 4);
	} else {
		h[1] = (uint8_t)((h[1] & 0xfc) | ecn);
		h[10] = h[11] = 0;
		finish_ip(h);
	}
}

/* A frame of one of four flows, of which the stages have to do with some: what a router on the way
 * has marked, or what is too large for the tunnel. */
static void special_frame(struct frame *f, unsigned port, unsigned flow)
{
	uint8_t *outer = f->b + 14;

	plain_frame(f, port, flow);
	if (port == DP_CORE) {
		put_ecn(outer, one_in(4) ? 3 : 2);
		put_ecn(outer + 16 + (flow & 1 ? 40 : 20), 2);
	} else if (!(flow & 1)) {
		f->len = dp_frame(f->b, port, "10.1.1.4", flow ? "10.26.1.1" : "10.2.2.5", 1,
		    one_in(4) ? 1500 : 100);
	}
}

/* Those of flows that go both ways, too. */
static void split_flows_keep_order(void **state)
{
	static const unsigned ports[] = {DP_SITE, DP_CORE};
	static struct frame f[XTR_BURST];
	static struct sent out;

	for (unsigned k = 0; k < 200; k++) {
		int last[5] = {-1, -1, -1, -1, -1};
		unsigned n = 0;

		for (unsigned i = 0; i < XTR_BURST; i++) {
			unsigned flow = below(4);

			special_frame(&f[i], ports[k % 2], flow);
			f[i].b[f[i].len - 2] = (uint8_t)(flow + 1);
			f[i].b[f[i].len - 1] = (uint8_t)i;
		}
		run(&out, f, XTR_BURST, ports[k % 2], false, NULL);
		for (unsigned i = 0; i < out.n; i++) {
			const uint8_t *end = out.out[i].b + out.out[i].len;

			if (!end[-2])
				continue; /* the first part of one that was split */
			assert_true(end[-2] < 5 && end[-1] > last[end[-2]]);
			last[end[-2]] = end[-1];
			n++;
		}
		assert_int_equal(n, XTR_BURST);
	}
}

static void takes_plain_packets(void **state)
{
	static struct frame f[3];

	for (unsigned i = 0; i < 3; i++)
		plain_frame(&f[i], DP_SITE, 0);
	assert_int_equal(handed_over(f, 3, DP_SITE), 0);
	f[2].b[14 + 8] = 1; /* TTL */
	finish_ip(f[2].b + 14);
	assert_int_equal(handed_over(f, 3, DP_SITE), 1);
	/* with what stands behind it */
	f[1].b[0] ^= 4;
	f[2] = f[0];
	assert_int_equal(handed_over(f, 3, DP_SITE), 2);
}

static int setup(void **state)
{
	seed = 0x78747264;
	dp_open(&fix, 1, 1024);
	for (unsigned i = 0; i < 2; i++) {
		uint32_t index = xtr_pool_get(&fix.dp->counted);
		struct xtr_fwd fwd = dp_to(XTR_FWD_ENCAP, i ? fix.tunnel6 : fix.tunnel2);

		fwd.word1 = index << XTR_FWD_COUNT_SHIFT;
		dp_lisp(&fix, 0, i ? "2001:db8:8::/48" : "10.8.0.0/16", fwd);
	}
	fix.dp->doubt_gap = UINT64_MAX; /* no drop depends on the time */
	return 0;
}

static int teardown(void **state)
{
	assert_int_equal(dp_in_use(&fix), 0);
	dp_close(&fix);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(same_as_stages, setup, teardown),
	    cmocka_unit_test_setup_teardown(keeps_order, setup, teardown),
	    cmocka_unit_test_setup_teardown(flows_keep_order, setup, teardown),
	    cmocka_unit_test_setup_teardown(keeps_flows_order, setup, teardown),
	    cmocka_unit_test_setup_teardown(split_flows_keep_order, setup, teardown),
	    cmocka_unit_test_setup_teardown(takes_plain_packets, setup, teardown),
	    cmocka_unit_test_setup_teardown(takes_all_families, setup, teardown),
	};

	dp_eal();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
