/* SPDX-License-Identifier: BSD-3-Clause */
/* IPv4 checksums that are changed and not computed again: every value, and what the stages make of
 * them, held against sums modulo 65535 (dp_checksum()). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "datapath/ip4.h"
#include "dp_wires.h"

static struct dp_wires fix;

static uint16_t read16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

/* As dp_frame(), with TTL and TOS. */
static unsigned make_frame(uint8_t *f, unsigned port, const char *src, const char *dst, uint16_t id,
    uint16_t total, uint8_t ttl, uint8_t tos)
{
	unsigned len = dp_frame(f, port, src, dst, id, total);

	f[14 + 1] = tos;
	f[14 + 8] = ttl;
	dp_put16(f + 14 + 10, dp_checksum(f + 14, 20));
	return len;
}

/* RFC 1624: for each value of the field, and changes at the corners and between. */
static void test_update(void **state)
{
	static const uint16_t words[] = {
	    0, 1, 0x4500, 0x45ff, 0x00ff, 0xff00, 0x0111, 0xff11, 0x7fff, 0x8000, 0xfffe, 0xffff};

	for (unsigned a = 0; a < RTE_DIM(words); a++)
		for (unsigned b = 0; b < RTE_DIM(words); b++)
			for (uint32_t csum = 0; csum < 65536; csum++) {
				uint16_t got = xtr_csum_update((uint16_t)csum, words[a], words[b]);
				uint32_t was = 65535 - csum; /* sum of the other words */
				uint32_t is = (was + 65535 - words[a] + words[b]) % 65535;

				/* the words of a header that had words[a] cannot add up to less */
				if ((65535u - got) % 65535 != is)
					fail_msg("%04x: %04x -> %04x gives %04x", csum, words[a],
					    words[b], got);
				/* 0xffff: only of a header of zeros, or where it was there */
				if (got == 0xffff && csum != 0xffff)
					fail_msg("%04x: %04x -> %04x gives ffff", csum, words[a],
					    words[b]);
			}
}

/* Every checksum that a header can have, times every change of TTL and TOS at the corners. */
static void test_header(void **state)
{
	static const uint8_t ttls[][2] = {
	    {2, 1}, {255, 254}, {128, 127}, {64, 64}, {255, 1}, {1, 0}};
	static const uint8_t toses[][2] = {{0, 3}, {3, 0}, {0xb8, 0}, {0, 0xff}, {0xff, 0xff}};
	uint8_t f[64], *h = f + 14;
	bool seen[65536] = {0};
	unsigned n_seen = 0;

	for (uint32_t id = 0; id < 65536; id++) {
		for (unsigned i = 0; i < RTE_DIM(ttls); i++) {
			make_frame(f, 0, "172.16.1.3", "10.1.1.4", (uint16_t)id, 28, ttls[i][0], 0);
			n_seen += !seen[read16(h + 10)];
			seen[read16(h + 10)] = true;
			xtr_ip4_set_ttl((struct rte_ipv4_hdr *)h, ttls[i][1]);
			if (h[8] != ttls[i][1] || read16(h + 10) != dp_checksum(h, 20))
				fail_msg("id %x: TTL %u -> %u", id, ttls[i][0], ttls[i][1]);
		}
		for (unsigned i = 0; i < RTE_DIM(toses); i++) {
			make_frame(
			    f, 0, "172.16.1.3", "10.1.1.4", (uint16_t)id, 28, 64, toses[i][0]);
			xtr_ip4_set_tos((struct rte_ipv4_hdr *)h, toses[i][1]);
			if (h[1] != toses[i][1] || read16(h + 10) != dp_checksum(h, 20))
				fail_msg("id %x: TOS %02x -> %02x", id, toses[i][0], toses[i][1]);
		}
	}
	assert_int_equal(n_seen, 65535); /* all but 0xffff */
}

/* Both forms of zero pass the check, as the sum does not tell them apart. */
static void test_check(void **state)
{
	enum xtr_drop reason;
	uint8_t f[64], *h = f + 14;
	unsigned both = 0;

	for (uint32_t id = 0; id < 65536; id++) {
		struct rte_mbuf *m;
		unsigned len = make_frame(f, 0, "172.16.1.3", "10.1.1.4", (uint16_t)id, 28, 64, 0);

		m = dp_packet(fix.dp->rx_pool, f, len, 0);
		assert_non_null(xtr_ip4_check(m, 14, &reason));
		h = rte_pktmbuf_mtod_offset(m, uint8_t *, 14);
		if (read16(h + 10) == 0) {
			dp_put16(h + 10, 0xffff);
			assert_non_null(xtr_ip4_check(m, 14, &reason));
			/* and what is made of that adds up again */
			xtr_ip4_set_ttl((struct rte_ipv4_hdr *)h, 63);
			assert_int_equal(read16(h + 10), dp_checksum(h, 20));
			both++;
		}
		h[10] ^= 0x40;
		assert_null(xtr_ip4_check(m, 14, &reason));
		assert_int_equal(reason, XTR_DROP_IP4_CHECKSUM);
		rte_pktmbuf_free(m);
	}
	assert_int_equal(both, 1);
}

/* Sends frames for all values of `id`, sees that each leaves by the port with a right checksum. */
static void all_ids(const char *src, const char *dst, unsigned in, unsigned out, uint8_t ttl)
{
	uint8_t f[128];

	for (uint32_t id = 0; id < 65536;) {
		struct rte_mbuf *m;
		unsigned n = 0;

		for (; n < XTR_BURST; n++, id++)
			dp_rx(
			    &fix, in, f, make_frame(f, in, src, dst, (uint16_t)id, 29, ttl, 0x2e));
		dp_turns(&fix);
		for (; (m = dp_tx(&fix, out)) != NULL; n--) {
			const uint8_t *h = rte_pktmbuf_mtod_offset(m, const uint8_t *, 14);
			unsigned at = h[9] == 17 && read16(h + 22) == XTR_PORT_DATA ? 36 : 0;

			assert_int_equal(m->pkt_len, 14 + at + 29);
			assert_int_equal(read16(h + 10), dp_checksum(h, 20));
			assert_int_equal(read16(h + at + 10), dp_checksum(h + at, 20));
			assert_int_equal(h[8], ttl - 1);
			assert_int_equal(h[at + 8], ttl - 1);
			rte_pktmbuf_free(m);
		}
		assert_int_equal(n, 0);
	}
	assert_int_equal(dp_in_use(&fix), 0);
}

static void test_forward(void **state)
{
	all_ids("172.16.1.3", "10.1.1.4", DP_CORE, DP_SITE, 64);
	all_ids("172.16.1.3", "10.1.1.4", DP_CORE, DP_SITE, 255);
}

static void test_encap(void **state)
{
	all_ids("10.1.1.4", "10.2.2.5", DP_SITE, DP_CORE, 64);
}

/* The outer checksum is an addition of its own: every length, TTL and TOS. */
static void test_outer(void **state)
{
	static uint8_t f[2048];
	const uint8_t *h;

	for (unsigned total = 28; total <= DP_MTU - 36; total++) {
		for (unsigned k = 0; k < 16; k++) {
			uint8_t ttl = (uint8_t)(2 + (total * 7 + k * 16) % 254);
			uint8_t tos = (uint8_t)(total + k * 17);
			struct rte_mbuf *m;

			dp_rx(&fix, DP_SITE, f,
			    make_frame(
				f, DP_SITE, "10.1.1.4", "10.2.2.5", 0, (uint16_t)total, ttl, tos));
			dp_turns(&fix);
			m = dp_tx(&fix, DP_CORE);
			assert_non_null(m);
			h = rte_pktmbuf_mtod_offset(m, const uint8_t *, 14);
			assert_int_equal(m->pkt_len, 14 + 36 + total);
			assert_int_equal(read16(h + 2), 36 + total);
			assert_int_equal(read16(h + 24), 16 + total);
			assert_int_equal(h[1], tos);
			assert_int_equal(h[8], ttl - 1);
			assert_int_equal(read16(h + 10), dp_checksum(h, 20));
			rte_pktmbuf_free(m);
		}
	}
}

static int setup(void **state)
{
	dp_open(&fix, 1, 1024);
	return 0;
}

static int teardown(void **state)
{
	dp_close(&fix);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_update),
	    cmocka_unit_test(test_header),
	    cmocka_unit_test(test_check),
	    cmocka_unit_test(test_forward),
	    cmocka_unit_test(test_encap),
	    cmocka_unit_test(test_outer),
	};
	int failed;

	dp_eal();
	failed = cmocka_run_group_tests(tests, setup, teardown);
	rte_eal_cleanup();
	return failed;
}
