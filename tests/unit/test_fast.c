/* SPDX-License-Identifier: BSD-3-Clause */
/* The fast path against the stages: random bursts go through both, and all that comes of them must
 * be the same, to the byte and the counter. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "dp_wires.h"

#define BURSTS    4000u
#define FRAME_MAX 1700u
#define OUT_MAX   XTR_BURST

static struct dp_wires fix;
static uint64_t seed;

/* splitmix64: the same sequence everywhere */
static uint64_t next(void)
{
	uint64_t z = (seed += 0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

static unsigned below(unsigned n)
{
	return (unsigned)(next() % n);
}

static bool one_in(unsigned n)
{
	return below(n) == 0;
}

struct frame {
	unsigned len, seg;
	uint8_t b[FRAME_MAX];
};

static const char *const sites[] = {"10.1.1.4", "10.1.1.5", "10.1.1.200", "10.100.1.4", "10.9.9.9",
    "127.0.0.1", "0.1.2.3", "224.1.1.1", "10.20.9.1"};
static const char *const places[] = {"10.2.2.5", "10.2.2.77", "10.3.1.1", "10.3.200.9", "10.4.1.1",
    "10.5.1.1", "10.6.1.1", "10.7.1.1", "172.16.1.3", "172.17.3.3", "172.17.9.3", "172.16.1.77",
    "10.1.1.4", "10.1.1.6", "10.1.1.7", "10.1.1.2", "172.16.1.2", "10.100.1.4", "198.51.100.1",
    "198.51.101.1", "198.51.7.7", "192.0.2.1", "255.255.255.255", "239.1.1.1", "127.0.0.1",
    "0.0.0.0", "8.8.8.8", "10.13.1.1"};
#define PICK(list) (list[below(RTE_DIM(list))])
/* what most packets of a burst are like */
static const char *usual_src, *usual_dst;

static void finish_ip(uint8_t *h)
{
	dp_put16(h + 10, dp_checksum(h, (h[0] & 15) * 4u));
}

/* An IP packet of `total` bytes at h. */
static void make_ip(uint8_t *h, unsigned total, const char *src, const char *dst)
{
	static const uint8_t protocols[] = {17, 17, 17, 6, 6, 1, 132, 50};
	static const uint8_t ttls[] = {64, 64, 64, 64, 255, 2, 1, 0};

	memset(h, 0, total);
	h[0] = 0x45;
	h[1] = one_in(3) ? (uint8_t)next() : 0;
	dp_put16(h + 2, total);
	dp_put16(h + 4, (uint16_t)next());
	h[6] = one_in(4) ? 0x40 : 0;
	h[8] = PICK(ttls);
	h[9] = PICK(protocols);
	dp_need(inet_pton(AF_INET, src, h + 12) == 1 && inet_pton(AF_INET, dst, h + 16) == 1,
	    "address");
	for (unsigned i = 20; i < total; i++)
		h[i] = (uint8_t)next();
	if (one_in(20) && total >= 24) {
		h[0] = 0x46;
		h[20] = h[21] = h[22] = 1;
		h[23] = 0;
	}
	if (one_in(20))
		h[6] |= 0x20;
	if (one_in(20))
		h[7] = (uint8_t)next();
	finish_ip(h);
}

static unsigned some_length(void)
{
	static const unsigned lengths[] = {
	    20, 21, 24, 28, 46, 60, 100, 1400, 1463, 1464, 1465, 1500};

	return one_in(4) ? 20 + below(1480) : PICK(lengths);
}

static unsigned make_inner(uint8_t *h, const char *src, const char *dst)
{
	unsigned total = RTE_MIN(some_length(), 1440u);

	make_ip(h, total, src, dst);
	return total;
}

/* A LISP packet to the core's port. */
static unsigned make_lisp(uint8_t *h)
{
	uint8_t *lisp = h + 28;
	unsigned inner = make_inner(
	    lisp + 8, one_in(3) ? PICK(sites) : "10.2.2.5", one_in(3) ? PICK(places) : usual_src);
	unsigned total = inner + 36 + (one_in(30) ? 1 : 0);

	make_ip(h, 28, one_in(8) ? "172.16.1.70" : "172.16.1.3", "172.16.1.2");
	h[0] = 0x45;
	h[6] = h[7] = 0;
	h[9] = 17;
	if (!one_in(4))
		h[1] = lisp[9];
	dp_put16(h + 2, total);
	finish_ip(h);
	dp_put16(h + 22, one_in(30) ? 4342 : 4341);
	dp_put16(h + 24, one_in(30) ? below(2000) : inner + 16);
	memset(lisp, 0, 8);
	if (one_in(3)) {
		lisp[0] = 8;
		lisp[6] = one_in(4) ? (uint8_t)next() : DP_IID2;
	}
	if (one_in(20))
		lisp[0] |= (uint8_t)next();
	return total;
}

static void make_frame(struct frame *f, unsigned port)
{
	unsigned total;
	uint8_t *h = f->b + 14;

	memset(f->b, 0, 14);
	memcpy(f->b, dp_mac[port], 6);
	f->b[6] = 2;
	f->b[12] = 8;
	if (port == DP_CORE && !one_in(3)) {
		total = make_lisp(h);
	} else {
		total = some_length();
		make_ip(h, total, one_in(4) ? PICK(sites) : usual_src,
		    one_in(3) ? PICK(places) : usual_dst);
	}
	f->len = total + 14;
	if (one_in(8)) { /* padding */
		unsigned pad = below(60);

		memset(f->b + f->len, 0x5a, pad);
		f->len += pad;
	}
	if (one_in(12)) /* any damage */
		f->b[below(RTE_MIN(f->len, 80u))] ^= (uint8_t)(1u << below(8));
	if (one_in(40))
		f->len = below(f->len) + 1;
	f->seg = one_in(30) ? 1 + below(f->len) : 0;
}

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
	struct xtr_rloc_count rlocs[16];
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
}

static int by_content(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(((struct sent *)0)->out[0]));
}

static void run(struct sent *s, const struct frame *f, unsigned n, unsigned port, bool stages_only)
{
	struct rte_mbuf *m;

	memset(s, 0, sizeof(*s));
	fix.dp->stages_only = stages_only;
	count(s, -1);
	for (unsigned i = 0; i < n; i++) {
		m = dp_packet(fix.dp->rx_pool, f[i].b, f[i].len, f[i].seg);
		dp_need(rte_ring_enqueue(fix.rx[port], m) == 0, "rx ring");
	}
	dp_turns(&fix);
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
}

static void same_as_stages(void **state)
{
	static struct frame f[XTR_BURST];
	static struct sent stages, fast;
	uint64_t left = 0;

	for (unsigned k = 0; k < BURSTS; k++) {
		static const unsigned ports[] = {
		    DP_SITE, DP_SITE, DP_CORE, DP_CORE, DP_SITE2, DP_PROXY};
		unsigned port = PICK(ports), n = one_in(3) ? XTR_BURST : 1 + below(XTR_BURST);

		usual_src = port == DP_SITE2 ? "10.100.1.4" : "10.1.1.4";
		usual_dst = PICK(places);
		for (unsigned i = 0; i < 2; i++) /* off, loose, strict */
			fix.dp->instances[i].source_check = (uint8_t)below(3);
		for (unsigned i = 0; i < n; i++)
			make_frame(&f[i], port);
		run(&stages, f, n, port, true);
		run(&fast, f, n, port, false);
		qsort(stages.out, stages.n, sizeof(stages.out[0]), by_content);
		qsort(fast.out, fast.n, sizeof(fast.out[0]), by_content);
		compare(&stages, &fast);
		left += fast.counters[XTR_CTR_ENCAP] + fast.counters[XTR_CTR_DECAP] +
			fast.counters[XTR_CTR_NATIVE];
	}
	assert_true(left > BURSTS); /* it was not all drops and punts */
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
			f[i].len = dp_frame(f[i].b, DP_SITE, "10.1.1.4", PICK(good), (uint16_t)i,
			    (uint16_t)(28 + below(1400)));
		}
		run(&stages, f, XTR_BURST, DP_SITE, true);
		run(&fast, f, XTR_BURST, DP_SITE, false);
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
	make_ip(inner, total, "10.2.2.5", "10.1.1.4");
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
	f->seg = 0;
}

/* So do flows of which the stages have to do with some: those that were marked on the way, and
 * those too large for the tunnel. */
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
				f[i].seg = 0;
				f[i].len = dp_frame(f[i].b, DP_SITE, "10.1.1.4", "10.2.2.5",
				    (uint16_t)i, one_in(4) ? 1500 : 100);
			}
		run(&stages, f, XTR_BURST, port, true);
		run(&fast, f, XTR_BURST, port, false);
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

	run(&s, f, n, port, false);
	return fix.w->arrivals - before;
}

static void takes_plain_packets(void **state)
{
	static struct frame f[3];

	for (unsigned i = 0; i < 3; i++)
		f[i].len = dp_frame(f[i].b, DP_SITE, "10.1.1.4", "10.2.2.5", 1, 100);
	assert_int_equal(handed_over(f, 3, DP_SITE), 0);
	f[1].b[14 + 8] = 1; /* TTL */
	finish_ip(f[1].b + 14);
	assert_int_equal(handed_over(f, 3, DP_SITE), 1);
	f[2].b[0] ^= 4;
	assert_int_equal(handed_over(f, 3, DP_SITE), 2);
}

static int setup(void **state)
{
	seed = 0x78747264;
	dp_open(&fix, 1, 1024);
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
	    cmocka_unit_test_setup_teardown(keeps_flows_order, setup, teardown),
	    cmocka_unit_test_setup_teardown(takes_plain_packets, setup, teardown),
	};

	dp_eal();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
