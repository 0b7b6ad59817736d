/* SPDX-License-Identifier: BSD-3-Clause */
/* Packets of both families, in one buffer and in many: mutations of valid frames, of which each
 * leaves as a whole packet, is punted, or is dropped under a name; and what gathers and cuts
 * buffers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "datapath/ip6.h"
#include "dp_check.h"

#define MUTATIONS 10000

static struct dp_wires fix;

static int setup(void **state)
{
	dp_open(&fix, 1, 1024);
	return 0;
}

static int setup_two(void **state)
{
	dp_open(&fix, 2, 1024);
	return 0;
}

static int teardown(void **state)
{
	assert_int_equal(dp_in_use(&fix), 0);
	dp_close(&fix);
	return 0;
}

static uint32_t seed = 6935;

static uint32_t next_random(uint32_t n)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % n;
}

/* --- frames --- */

/* IPv6 and UDP, `total` bytes of which the payload counts up. Returns total. */
static unsigned packet6(uint8_t *h, const char *src, const char *dst, unsigned total)
{
	struct xtr_ip ip;

	memset(h, 0, 48);
	h[0] = 0x60;
	dp_put16(h + 4, total - 40);
	h[6] = 17;
	h[7] = 64;
	dp_address(src, &ip);
	memcpy(h + 8, ip.b, 16);
	dp_address(dst, &ip);
	memcpy(h + 24, ip.b, 16);
	dp_put16(h + 40, 1000 + next_random(50));
	dp_put16(h + 42, 2000);
	dp_put16(h + 44, total - 40);
	for (unsigned i = 48; i < total; i++)
		h[i] = (uint8_t)i;
	return total;
}

static unsigned packet4(uint8_t *h, const char *src, const char *dst, unsigned total)
{
	uint8_t f[14 + 2048];

	dp_frame(f, 0, src, dst, (uint16_t)next_random(65536), (uint16_t)total);
	memcpy(h, f + 14, total);
	for (unsigned i = 28; i < total; i++)
		h[i] = (uint8_t)i;
	return total;
}

static unsigned ether(uint8_t *f, unsigned port, unsigned ip_len)
{
	memcpy(f, dp_mac[port], 6);
	memcpy(f + 6, "\2\0\0\0\11\11", 6);
	dp_put16(f + 12, f[14] >> 4 == 6 ? 0x86dd : 0x800);
	return 14 + ip_len;
}

/* Puts a tunnel's headers in front of the len bytes at f + 14. Returns the new length. */
static unsigned tunnel(uint8_t *f, unsigned len, bool six, bool gpe)
{
	unsigned at = six ? 40 : 20;
	uint8_t inner[2048], *udp = f + 14 + at;

	memcpy(inner, f + 14, len);
	if (six)
		packet6(f + 14, "fd00:16:1::3", "fd00:16:1::2", at + 16 + len);
	else
		packet4(f + 14, "172.16.1.3", "172.16.1.2", at + 16 + len);
	dp_put16(udp + 2, XTR_PORT_DATA);
	dp_put16(udp + 4, 16 + len);
	memset(udp + 6, 0, 10);
	if (gpe) {
		udp[8] = XTR_DATA_P;
		udp[11] = inner[0] >> 4 == 6 ? XTR_GPE_IPV6 : XTR_GPE_IPV4;
	}
	memcpy(udp + 16, inner, len);
	return at + 16 + len;
}

/* Extension headers into an IPv6 packet at h. Returns the new length. */
static unsigned extend(uint8_t *h, unsigned len)
{
	static const uint8_t kinds[] = {0, 43, 44, 60};
	uint8_t *ext = h + 40, next = h[6];

	memmove(ext + 8, ext, len - 40);
	memset(ext, 0, 8);
	h[6] = kinds[next_random(RTE_DIM(kinds))];
	ext[0] = next;
	if (h[6] == 0 || h[6] == 60)
		memcpy(ext + 2, "\1\4", 2); /* PadN */
	dp_put16(h + 4, len + 8 - 40);
	return len + 8;
}

/* A valid frame of any form, and the port that it comes by. Returns its length. */
static unsigned any_frame(uint8_t *f, unsigned *port)
{
	static const char *const hosts[2][7] = {
	    {"10.1.1.4", "10.2.2.5", "10.26.0.5", "172.16.1.3", "10.3.9.9", "10.1.1.2", "10.9.9.9"},
	    {"2001:db8:1:1::4", "2001:db8:2::5", "2001:db8:26::5", "fd00:16:1::3", "2001:db8:3::9",
		"2001:db8:1:1::2", "2001:db8:9::9"}};
	bool six = next_random(2), tunnelled = next_random(2);
	unsigned total = 48 + next_random(next_random(2) ? 100 : 1400), len;
	const char *src = hosts[six][0], *dst = hosts[six][1 + next_random(6)];

	*port = tunnelled ? DP_CORE : DP_SITE;
	if (tunnelled) {
		dst = src;
		src = hosts[six][1];
	}
	len = six ? packet6(f + 14, src, dst, total) : packet4(f + 14, src, dst, total);
	for (unsigned n = next_random(4); six && n < 3; n++)
		len = extend(f + 14, len);
	if (tunnelled) {
		bool outer6 = next_random(2);

		len = tunnel(f, len, outer6, next_random(3) == 0);
		if (outer6 && next_random(3) == 0)
			len = extend(f + 14, len);
	}
	return ether(f, *port, len);
}

/* Changes a few bits or bytes, mostly where headers are; cuts or lengthens. */
static unsigned mutate(uint8_t *f, unsigned len)
{
	for (unsigned n = 1 + next_random(3); n; n--) {
		unsigned at = next_random(next_random(8) ? RTE_MIN(len, 140u) : len);

		switch (next_random(8)) {
		case 0:
			f[at] = (uint8_t)next_random(256);
			break;
		case 1:
			f[at] = 0;
			break;
		case 2:
			f[at] = 0xff;
			break;
		case 3:
			len = 1 + next_random(len);
			break;
		case 4:
			memset(f + len, 0xee, 40);
			len += next_random(40);
			break;
		default:
			f[at] ^= (uint8_t)(1u << next_random(8));
			break;
		}
	}
	/* no checksum hides what else is wrong, half of the time */
	if (len >= 34 && f[14] >> 4 == 4 && next_random(2)) {
		unsigned hlen = (f[14] & 15) * 4u;

		if (hlen >= 20 && len >= 14 + hlen)
			dp_put16(f + 14 + 10, dp_checksum(f + 14, hlen));
	}
	return len;
}

/* --- what becomes of them --- */

struct outcome {
	unsigned tx, punts;
	uint64_t drops, encap, decap;
};

/* Takes and checks all that came out for the frame `in`; before: how it was until then. */
static struct outcome taken(const uint8_t *in, unsigned in_len, const struct outcome *before)
{
	static uint8_t buf[4096];
	struct outcome o = {.drops = dp_all_drops(&fix),
	    .encap = xtr_dp_counter(fix.dp, XTR_CTR_ENCAP),
	    .decap = xtr_dp_counter(fix.dp, XTR_CTR_DECAP)};
	struct rte_mbuf *m;

	for (unsigned port = 0; port < DP_PORTS; port++)
		while ((m = dp_tx(&fix, port)) != NULL) {
			const uint8_t *p = rte_pktmbuf_read(m, 0, m->pkt_len, buf);

			rte_mbuf_sanity_check(m, 1);
			assert_non_null(p);
			dp_check_tx(port, p, m->pkt_len, o.encap != before->encap);
			dp_check_content(in, in_len, p, m->pkt_len, o.encap != before->encap,
			    o.decap != before->decap);
			rte_pktmbuf_free(m);
			o.tx++;
		}
	while ((m = dp_punted(&fix)) != NULL) {
		rte_mbuf_sanity_check(m, 1);
		assert_in_range(xtr_pkt(m)->reason, 0, XTR_PUNT_N - 1);
		rte_pktmbuf_free(m);
		o.punts++;
	}
	return o;
}

/* Each comes out once, in one buffer or cut anyhow, and nothing stays. */
static void mutations(void **state)
{
	static uint8_t f[8192];
	unsigned tx = 0, punts = 0, names = 0;
	struct outcome before = {0};

	for (unsigned i = 0; i < MUTATIONS; i++) {
		unsigned port, len = mutate(f, any_frame(f, &port));
		unsigned seg = next_random(3) ? 0 : 1 + next_random(next_random(2) ? 90 : 700);
		struct rte_mbuf *m = dp_packet(fix.dp->rx_pool, f, len, seg);
		struct outcome o;

		assert_int_equal(rte_ring_enqueue(fix.rx[port], m), 0);
		dp_turns(&fix);
		o = taken(f, len, &before);
		assert_int_equal(o.tx + o.punts + (o.drops - before.drops), 1);
		assert_int_equal(dp_in_use(&fix), 0);
		tx += o.tx;
		punts += o.punts;
		before = o;
	}
	for (unsigned d = 0; d < XTR_DROP_N; d++)
		names += xtr_dp_drops(fix.dp, (enum xtr_drop)d) > 0;
	/* they got far, and to many ends */
	assert_true(tx > MUTATIONS / 5 && punts > MUTATIONS / 20 && before.drops > MUTATIONS / 5);
	assert_true(before.encap > MUTATIONS / 20 && names >= 12);
	assert_true(xtr_dp_counter(fix.dp, XTR_CTR_DECAP) > MUTATIONS / 10);
}

/* The frames as they are, in bursts of both families: all that can leave does, in order. */
static void mixed_bursts(void **state)
{
	uint8_t f[2048];

	for (unsigned round = 0; round < 50; round++) {
		uint32_t forms = next_random(1u << 16);
		int last[2][2] = {{-1, -1}, {-1, -1}};
		unsigned sum = 0;
		struct rte_mbuf *m;

		for (unsigned i = 0; i < XTR_BURST; i++) {
			unsigned len, total = 60 + i;

			/* even ones natively, odd ones by a tunnel */
			len = forms >> i % 16 & 1
				  ? packet6(f + 14, "2001:db8:1:1::4",
					i & 1 ? "2001:db8:26::5" : "fd00:16:1::3", total)
				  : packet4(f + 14, "10.1.1.4", i & 1 ? "10.26.0.5" : "172.16.1.3",
					total);
			dp_rx(&fix, DP_SITE, f, ether(f, DP_SITE, len));
		}
		dp_turns(&fix);
		/* those that go the same way, and are of one family, stay in order */
		for (unsigned n = 0; n < XTR_BURST; n++) {
			const uint8_t *p;
			bool encap, six;
			int i;

			m = dp_tx(&fix, DP_CORE);
			assert_non_null(m);
			p = rte_pktmbuf_mtod(m, const uint8_t *);
			/* even lengths are those of packets that are forwarded */
			encap = m->pkt_len & 1;
			i = (int)m->pkt_len - 14 - 60 - (encap ? 56 : 0);
			assert_in_range(i, 0, XTR_BURST - 1);
			dp_check_tx(DP_CORE, p, m->pkt_len, encap);
			six = forms >> i % 16 & 1;
			assert_int_equal(p[14 + (encap ? 56 : 0)] >> 4, six ? 6 : 4);
			assert_true(i > last[encap][six]);
			last[encap][six] = i;
			sum += (unsigned)i;
			rte_pktmbuf_free(m);
		}
		assert_int_equal(sum, XTR_BURST * (XTR_BURST - 1) / 2);
		assert_null(dp_tx(&fix, DP_CORE));
	}
	assert_int_equal(dp_all_drops(&fix), 0);
}

/* A flow whose hash ends in zeros has a flow label all the same: 0 would mean none (RFC 6437). */
static void label_of_zeros(void **state)
{
	uint8_t f[128];
	unsigned len = ether(f, DP_SITE, packet6(f + 14, "2001:db8:1:1::4", "2001:db8:26::5", 60));
	struct rte_mbuf *m = dp_packet(fix.dp->rx_pool, f, len, 0);
	struct rte_ipv6_hdr *ip = rte_pktmbuf_mtod_offset(m, struct rte_ipv6_hdr *, 14);
	uint32_t i = 1;

	for (; i < 1u << 26; i++) {
		ip->vtc_flow = rte_cpu_to_be_32(6u << 28 | (i & 0xfffff));
		ip->src_addr[15] = (uint8_t)(i >> 20);
		if ((i & 0xfffff) && !(xtr_ip6_flow(m, ip, 14) & 0xfffff))
			break;
	}
	assert_true(i < 1u << 26);
	assert_int_equal(rte_ring_enqueue(fix.rx[DP_SITE], m), 0);
	dp_turns(&fix);
	m = dp_tx(&fix, DP_CORE);
	assert_non_null(m);
	ip = rte_pktmbuf_mtod_offset(m, struct rte_ipv6_hdr *, 14);
	assert_int_equal(ip->vtc_flow, rte_cpu_to_be_32(6u << 28 | 1));
	rte_pktmbuf_free(m);
}

/* A port that sends no chains gets one buffer, or nothing. */
static void no_chains(void **state)
{
	static uint8_t f[8192];
	unsigned len = ether(f, DP_SITE, packet6(f + 14, "2001:db8:1:1::4", "fd00:16:1::3", 1400));
	struct rte_mbuf *m;

	dp_mtu(&fix, 9000);
	for (unsigned chains = 0; chains < 2; chains++) {
		fix.dp->ports[DP_CORE].chains = (uint8_t)chains;
		m = dp_packet(fix.dp->rx_pool, f, len, 500);
		assert_int_equal(m->nb_segs, 3);
		assert_int_equal(rte_ring_enqueue(fix.rx[DP_SITE], m), 0);
		dp_turns(&fix);
		m = dp_tx(&fix, DP_CORE);
		assert_non_null(m);
		rte_mbuf_sanity_check(m, 1);
		assert_int_equal(m->nb_segs, chains ? 3 : 1);
		assert_int_equal(m->pkt_len, len);
		rte_pktmbuf_free(m);
	}
	len = ether(f, DP_SITE, packet6(f + 14, "2001:db8:1:1::4", "fd00:16:1::3", 6000));
	fix.dp->ports[DP_CORE].chains = 0;
	assert_int_equal(
	    rte_ring_enqueue(fix.rx[DP_SITE], dp_packet(fix.dp->rx_pool, f, len, 1000)), 0);
	dp_turns(&fix);
	assert_null(dp_tx(&fix, DP_CORE));
	assert_int_equal(xtr_dp_drops(fix.dp, XTR_DROP_TX_CHAIN), 1);
	assert_int_equal(dp_all_drops(&fix), 1);
}

/* Buffers too small for headers. */
static void small_buffers(void **state)
{
	struct rte_mempool *pool =
	    rte_pktmbuf_pool_create("small", 255, 0, sizeof(struct xtr_pkt), 100, SOCKET_ID_ANY);
	static uint8_t f[4096];
	unsigned len;

	assert_non_null(pool);
	len = ether(f, DP_SITE, packet6(f + 14, "2001:db8:1:1::4", "2001:db8:26::5", 500));
	/* the pool's buffers have no room in front either */
	for (unsigned i = 0; i < 2; i++) {
		struct rte_mbuf *head = NULL;

		for (unsigned done = 0; done < len;) {
			unsigned part = RTE_MIN(len - done, 50u);
			struct rte_mbuf *m = rte_pktmbuf_alloc(pool);

			assert_non_null(m);
			m->data_off = 0;
			memcpy(rte_pktmbuf_append(m, (uint16_t)part), f + done, part);
			done += part;
			if (!head)
				head = m;
			else
				assert_int_equal(rte_pktmbuf_chain(head, m), 0);
		}
		assert_int_equal(rte_ring_enqueue(fix.rx[DP_SITE], head), 0);
	}
	dp_turns(&fix);
	assert_int_equal(xtr_dp_drops(fix.dp, XTR_DROP_HEADERS_SPLIT), 2);
	assert_int_equal(dp_all_drops(&fix), 2);
	assert_int_equal(rte_mempool_in_use_count(pool), 0);
	rte_mempool_free(pool);
}

/* --- gathering and cutting --- */

static void same_bytes(struct rte_mbuf *m, const uint8_t *want, uint32_t len)
{
	static uint8_t buf[4096];
	const uint8_t *p;
	unsigned segs = 0;

	rte_mbuf_sanity_check(m, 1);
	assert_int_equal(m->pkt_len, len);
	for (const struct rte_mbuf *s = m; s; s = s->next)
		segs++;
	assert_int_equal(m->nb_segs, segs);
	p = rte_pktmbuf_read(m, 0, len, buf);
	assert_non_null(p);
	assert_memory_equal(p, want, len);
}

/* However a packet is cut, and whatever was taken off in front. */
static void gather(void **state)
{
	uint8_t bytes[3000];

	for (unsigned i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 7 + i / 256);
	for (unsigned n = 0; n < 2000; n++) {
		unsigned len = 1 + next_random(sizeof(bytes)), seg = 1 + next_random(2000), off;
		struct rte_mbuf *m = dp_packet(fix.dp->rx_pool, bytes, len, seg);

		off = next_random(m->data_len + 1u);
		if (off == len)
			off = len - 1;
		rte_pktmbuf_adj(m, (uint16_t)off);
		assert_true(xtr_mbuf_headers(m, 14));
		assert_true(m->data_len >= RTE_MIN(14 + XTR_HEADERS, len - off));
		same_bytes(m, bytes + off, len - off);
		rte_pktmbuf_free(m);
	}
	assert_int_equal(dp_in_use(&fix), 0);
}

static void cut(void **state)
{
	uint8_t bytes[600];

	for (unsigned i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 13 + i / 256);
	for (unsigned seg = 1; seg < 650; seg += 1 + seg / 4)
		for (unsigned len = 1; len <= sizeof(bytes); len++) {
			struct rte_mbuf *m = dp_packet(fix.dp->rx_pool, bytes, sizeof(bytes), seg);

			xtr_mbuf_cut(m, len);
			same_bytes(m, bytes, len);
			assert_int_equal(m->nb_segs, (len + seg - 1) / seg);
			assert_int_equal(dp_in_use(&fix), m->nb_segs);
			rte_pktmbuf_free(m);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(mutations, setup, teardown),
	    {"mutations with two workers", mutations, setup_two, teardown, NULL},
	    cmocka_unit_test_setup_teardown(mixed_bursts, setup, teardown),
	    {"mixed_bursts with two workers", mixed_bursts, setup_two, teardown, NULL},
	    cmocka_unit_test_setup_teardown(label_of_zeros, setup, teardown),
	    cmocka_unit_test_setup_teardown(no_chains, setup, teardown),
	    cmocka_unit_test_setup_teardown(small_buffers, setup, teardown),
	    cmocka_unit_test_setup_teardown(gather, setup, teardown),
	    cmocka_unit_test_setup_teardown(cut, setup, teardown),
	};
	int failed;

	dp_eal();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rte_eal_cleanup();
	return failed;
}
