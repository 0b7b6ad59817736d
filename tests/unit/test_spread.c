/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * 100,000 flows, real packets through a worker, to locators of different weights: each has its part
 * to within 1 % of all flows, whatever it is that the flows differ in; and who stays keeps its
 * flows.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "dp_wires.h"

#define FLOWS    100000u
#define LOCATORS 4u
#define FRAME    (14u + 28)

static struct dp_wires fix;
static struct xtr_sets *sets;
static uint32_t tunnel[LOCATORS];

static int setup(void **state)
{
	dp_open(&fix, 1, 1024);
	sets = xtr_sets_create(&fix.dp->set);
	for (unsigned i = 0; i < LOCATORS; i++)
		tunnel[i] = dp_tunnel(&fix, (uint8_t)(100 + i), XTR_HOP_READY);
	return sets ? 0 : -1;
}

static int teardown(void **state)
{
	xtr_sets_destroy(sets);
	dp_close(&fix);
	return 0;
}

/* 10.8.0.0/16 leads to these from now on. */
static void choose(const unsigned *weights, unsigned usable)
{
	struct xtr_set_member m[LOCATORS];
	struct xtr_fwd fwd = {.action = XTR_FWD_ENCAP};

	for (unsigned i = 0; i < LOCATORS; i++)
		m[i] = (struct xtr_set_member){.hop = tunnel[i],
		    .id = xtr_set_id(&i, sizeof(i)),
		    .weight = (uint16_t)weights[i],
		    .usable = usable >> i & 1};
	assert_int_equal(xtr_sets_choose(sets, m, LOCATORS, &fwd), 0);
	dp_lisp(&fix, 0, "10.8.0.0/16", fwd);
}

struct flow {
	uint32_t src, dst;
	uint16_t sport, dport;
};

typedef struct flow flow_fn(uint32_t i);

static struct flow source_ports(uint32_t i)
{
	return (struct flow){
	    0x0a010104, 0x0a080105, (uint16_t)(1024 + i % 64000), (uint16_t)(443 + i / 64000)};
}

static struct flow last_bytes(uint32_t i)
{
	return (struct flow){0x0a010100 | (i & 0xff), 0x0a080100 | (i >> 8 & 0xff),
	    (uint16_t)(5000 + (i >> 16)), 80};
}

static struct flow destinations(uint32_t i)
{
	return (struct flow){0x0a010104 + (i >> 16), 0x0a080000 | (i & 0xffff), 5000, 80};
}

static struct flow last_byte_and_port(uint32_t i)
{
	return (struct flow){0x0a010104, 0x0a080100 | (i & 0xff), (uint16_t)(32768 + (i >> 8)), 80};
}

static struct flow together(uint32_t i)
{
	return (struct flow){0x0a010100 | (i & 0xff), 0x0a080000 | (i & 0xffff),
	    (uint16_t)(1024 + i), (uint16_t)(i >> 8)};
}

static struct flow anything(uint32_t i)
{
	uint64_t x = (i + 1) * 0x9e3779b97f4a7c15ull;

	x = (x ^ x >> 29) * 0xbf58476d1ce4e5b9ull;
	x ^= x >> 32;
	return (struct flow){0x0a010100 | (x & 0xff), 0x0a080000 | (x >> 8 & 0xffff),
	    (uint16_t)(x >> 24), (uint16_t)(x >> 40)};
}

static flow_fn *const kinds[] = {
    source_ports, last_bytes, destinations, last_byte_and_port, together, anything};

static void send_flow(struct flow flow, uint32_t i)
{
	static uint8_t frame[FRAME];
	uint8_t *ip = frame + 14;

	if (!frame[0] && !frame[6])
		dp_frame(frame, DP_SITE, "10.1.1.4", "10.8.1.5", 0, FRAME - 14);
	flow.src = htonl(flow.src);
	flow.dst = htonl(flow.dst);
	memcpy(ip + 12, &flow.src, 4);
	memcpy(ip + 16, &flow.dst, 4);
	dp_put16(ip + 4, i & 0xffff); /* where it is to be found again */
	dp_put16(ip + 10, dp_checksum(ip, 20));
	dp_put16(ip + 20, flow.sport);
	dp_put16(ip + 22, flow.dport);
	dp_rx(&fix, DP_SITE, frame, FRAME);
}

/* The locator that each flow goes to, and how many each has. */
static void run(flow_fn *fn, uint8_t *took, unsigned *got)
{
	const unsigned outer = 14 + 20 + 8 + 8;
	struct rte_mbuf *m;

	memset(got, 0, LOCATORS * sizeof(*got));
	for (uint32_t first = 0; first < FLOWS; first += XTR_BURST) {
		uint32_t n = RTE_MIN(FLOWS - first, (uint32_t)XTR_BURST);

		for (uint32_t i = 0; i < n; i++)
			send_flow(fn(first + i), first + i);
		dp_turns(&fix);
		for (uint32_t i = 0; i < n; i++) {
			const uint8_t *p;
			unsigned id;

			m = dp_tx(&fix, DP_CORE);
			assert_non_null(m);
			p = rte_pktmbuf_mtod(m, const uint8_t *);
			assert_int_equal(m->pkt_len, outer + FRAME - 14);
			assert_in_range(p[14 + 19], 100, 100 + LOCATORS - 1);
			id = (unsigned)p[outer + 4] << 8 | p[outer + 5];
			took[first + (uint16_t)(id - first)] = p[14 + 19] - 100;
			got[p[14 + 19] - 100]++;
			rte_pktmbuf_free(m);
		}
	}
	assert_null(dp_tx(&fix, DP_CORE));
}

static void check(const unsigned *weights, unsigned usable, const unsigned *got)
{
	double total = 0, off;

	for (unsigned i = 0; i < LOCATORS; i++)
		total += usable >> i & 1 ? weights[i] : 0;
	for (unsigned i = 0; i < LOCATORS; i++) {
		off = got[i] - (usable >> i & 1 ? FLOWS * weights[i] / total : 0);
		if (off > FLOWS / 100 || off < -(double)FLOWS / 100)
			fail_msg("locator %u of weight %u has %u flows", i, weights[i], got[i]);
	}
}

static void by_weight(void **state)
{
	static const unsigned weights[][LOCATORS] = {
	    {50, 50, 0, 0}, {1, 1, 1, 1}, {30, 20, 20, 10}, {255, 1, 90, 0}, {1, 2, 3, 250}};
	static uint8_t all[FLOWS], took[FLOWS];
	unsigned got[LOCATORS];

	for (unsigned k = 0; k < RTE_DIM(kinds); k++)
		for (unsigned w = 0; w < RTE_DIM(weights); w++) {
			choose(weights[w], 15);
			run(kinds[k], all, got);
			check(weights[w], 15, got);
			/* the second fails */
			choose(weights[w], 13);
			run(kinds[k], took, got);
			check(weights[w], 13, got);
			for (unsigned i = 0; i < FLOWS; i++)
				if (all[i] != 1)
					assert_int_equal(took[i], all[i]);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(by_weight)};

	dp_eal();
	return cmocka_run_group_tests(tests, setup, teardown);
}
