/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * No line of memory is written by two workers: what a worker writes is its own struct, its
 * counters, and packets. While one works, all else that workers share stays as it is, to the byte;
 * struct xtr_fwd.used, which is set once by whoever comes first, has been set.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "dp_wires.h"

#define VLANS ((1u << DP_SITE2) | (1u << DP_PROXY))

static struct dp_wires fix;

/* A piece of memory, and what was in it. */
struct piece {
	const char *what;
	const void *at;
	size_t len;
	void *copy;
};

static struct piece pieces[32];
static unsigned n_pieces;

static void keep(const char *what, const void *at, size_t len)
{
	struct piece *p = &pieces[n_pieces++];

	assert_true(n_pieces <= RTE_DIM(pieces));
	*p = (struct piece){what, at, len, malloc(len)};
	assert_non_null(p->copy);
	memcpy(p->copy, at, len);
}

static void keep_pool(const char *what, const struct xtr_pool *pool)
{
	keep(what, pool->base, (size_t)pool->fresh * pool->size);
}

/* All but what worker w may write. */
static void keep_shared(const struct xtr_worker *w)
{
	const struct xtr_dp *dp = fix.dp;

	keep("data plane", dp, sizeof(*dp));
	keep_pool("entries", &dp->fwd);
	keep_pool("next hops", &dp->adj);
	keep_pool("tunnels", &dp->tunnel);
	keep_pool("sets", &dp->set);
	keep_pool("rules of RLOCs", &dp->rloc_rule);
	keep("instances", dp->instances, dp->n_instances * sizeof(*dp->instances));
	keep("instance-IDs", dp->inst_of_iid, 4096);
	keep("VLANs", dp->ports[DP_TRUNK].vlans, XTR_VLAN_IDS);
	for (unsigned i = 0; i < dp->n_workers; i++) {
		const struct xtr_worker *other = dp->workers[i];

		if (other == w)
			continue;
		keep("another worker", other, sizeof(*other));
		keep("its tunnels' counters", other->rloc, 4096);
		keep("its entries' counters", other->entry, 4096);
		keep("its inject ring", other->inject, sizeof(*other->inject));
	}
}

static void check_shared(void)
{
	for (unsigned i = 0; i < n_pieces; i++) {
		const uint8_t *now = pieces[i].at, *then = pieces[i].copy;

		for (size_t k = 0; k < pieces[i].len; k++)
			if (now[k] != then[k])
				fail_msg("%s: byte %zu was written", pieces[i].what, k);
		free(pieces[i].copy);
	}
	n_pieces = 0;
}

/* Packets of every kind, to all ports that a worker polls. */
static void send_all(const struct xtr_worker *w)
{
	static const char *const src[] = {"10.1.1.4", "172.16.1.3", "10.100.1.4", "10.9.9.9"};
	static const char *const dst[] = {"10.2.2.5", "10.3.1.1", "10.4.1.1", "10.1.1.4",
	    "10.100.1.4", "172.16.1.3", "172.17.9.9", "8.8.8.8", "10.7.1.1", "192.0.2.1"};

	for (unsigned q = 0; q < w->n_queues; q++)
		for (unsigned i = 0; i < RTE_DIM(src) * RTE_DIM(dst); i++) {
			unsigned port = w->queues[q].port, at = port == DP_TRUNK ? 4 : 0;
			unsigned as = !at ? port : i & 1 ? DP_SITE2 : DP_PROXY;
			uint8_t f[256];
			unsigned len = dp_frame(f + at, as, src[i % RTE_DIM(src)],
			    dst[i / RTE_DIM(src)], (uint16_t)i, 60);

			if (at) {
				memmove(f, f + at, 12);
				dp_put16(f + 12, 0x8100);
				dp_put16(f + 14, dp_vlan[as]);
			}
			dp_rx(&fix, port, f, len + at);
		}
}

static void worker_writes_its_own(void **state)
{
	for (uint32_t i = 1; i < fix.dp->fwd.fresh; i++)
		((struct xtr_fwd *)xtr_pool_at(&fix.dp->fwd, i))->used = 1;
	for (unsigned stages_only = 0; stages_only < 2; stages_only++)
		for (unsigned i = 0; i < fix.dp->n_workers; i++) {
			struct xtr_worker *w = fix.dp->workers[i];
			uint64_t before = w->counters[XTR_CTR_RX];
			struct rte_mbuf *m;

			fix.dp->stages_only = stages_only;
			send_all(w);
			keep_shared(w);
			while (xtr_worker_turn(w))
				;
			check_shared();
			assert_true(w->counters[XTR_CTR_RX] - before > 30);
			dp_turns(&fix); /* what was handed over leaves */
			while ((m = dp_punted(&fix)) != NULL)
				rte_pktmbuf_free(m);
			for (unsigned p = 0; p < DP_DEVICES; p++)
				while (fix.tx[p] && (m = dp_tx(&fix, p)) != NULL)
					rte_pktmbuf_free(m);
		}
	assert_true(xtr_dp_counter(fix.dp, XTR_CTR_ENCAP) > 0);
	assert_true(xtr_dp_counter(fix.dp, XTR_CTR_NATIVE) > 0);
}

/* What two workers write lies lines apart, and so does what control writes all the time from what
 * workers read for each packet. */
static void apart(void **state)
{
	const struct xtr_dp *dp = fix.dp;
	const struct xtr_pool *pools[] = {&dp->fwd, &dp->adj, &dp->tunnel, &dp->set};

	for (unsigned i = 0; i < dp->n_workers; i++) {
		const struct xtr_worker *w = dp->workers[i];

		assert_int_equal((uintptr_t)w % XTR_APART, 0);
		/* reserved by pages */
		assert_int_equal((uintptr_t)w->rloc % 4096, 0);
		assert_int_equal((uintptr_t)w->entry % 4096, 0);
		assert_int_equal((uintptr_t)w->inject % RTE_CACHE_LINE_SIZE, 0);
	}
	for (unsigned i = 0; i < RTE_DIM(pools); i++) {
		assert_true((uintptr_t)&pools[i]->max / RTE_CACHE_LINE_SIZE >
			    (uintptr_t)&pools[i]->size / RTE_CACHE_LINE_SIZE);
		/* the next one's base */
		assert_true((uintptr_t)(pools[i] + 1) / RTE_CACHE_LINE_SIZE >
			    (uintptr_t)&pools[i]->pending / RTE_CACHE_LINE_SIZE);
	}
	assert_true((uintptr_t)&dp->rcu.waiting / RTE_CACHE_LINE_SIZE <
		    (uintptr_t)&dp->fwd.base / RTE_CACHE_LINE_SIZE);
	assert_true((uintptr_t)&dp->control_drops / RTE_CACHE_LINE_SIZE >
		    (uintptr_t)&dp->stop / RTE_CACHE_LINE_SIZE);
}

static int setup(void **state)
{
	dp_open_as(&fix, 2, 1024, 8191, VLANS, 0);
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
	    cmocka_unit_test_setup_teardown(worker_writes_its_own, setup, teardown),
	    cmocka_unit_test_setup_teardown(apart, setup, teardown),
	};

	dp_eal();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
