/* SPDX-License-Identifier: BSD-3-Clause */
/* Many mappings, with lengths as tables of the Internet have them. */
#include "app/xtrbench/datapath_lab.h"

#include <stdlib.h>
#include <string.h>

#include "app/xtrbench/datapath_source.h"
#include "app/xtrbench/mapcache_sets.h"

#define FAR (1u << 20) /* addresses to draw from */

/* Is it of none of the prefixes that the tables have besides, or are to have nothing of? */
static bool is_far(unsigned af, const uint8_t *b)
{
	if (af == 4)
		return b[0] != 127 && b[0] != 10 && b[0] != BENCH_MISS4 &&
		       !(b[0] == 172 && b[1] >= 16 && b[1] < 64);
	return !(b[0] == 0x20 && b[1] == 1 && b[2] == 0x0d && b[3] == 0xb8);
}

static int draw(struct bench_dp *d, const struct bench_prefix *p)
{
	unsigned af = d->c->inner, len = af == 4 ? 4 : 16;

	d->far = calloc(FAR, len);
	if (!d->far)
		return -1;
	for (d->n_far = 0; d->n_far < FAR; d->n_far++) {
		uint8_t b[16];

		do
			bench_address(&p[bench_random() % d->c->mappings], af, b);
		while (!is_far(af, b));
		memcpy(d->far + (size_t)d->n_far * len, b, len);
	}
	return 0;
}

int bench_dp_many(struct bench_dp *d)
{
	const struct bench_set *set = &bench_sets[d->c->inner == 4 ? BENCH_INTERNET : BENCH_MIXED6];
	struct bench_prefix *p = bench_set_make(set);
	uint32_t *tunnels = calloc(d->c->rlocs, sizeof(*tunnels));
	int rc = -1;

	if (!p || !tunnels)
		goto out;
	for (unsigned i = 0; i < d->c->rlocs; i++) {
		tunnels[i] = bench_dp_tunnel(d, i);
		if (!tunnels[i])
			goto out;
	}
	for (unsigned i = 0; i < d->c->mappings; i++) {
		struct xtr_ip ip = bench_ip(&p[i], set->af);

		if (set->af == 4 && ip.b[0] == BENCH_MISS4)
			continue;
		if (bench_dp_mapping(d, &ip, p[i].plen, tunnels[bench_random() % d->c->rlocs]) < 0)
			goto out;
		/* what the growing table gives up; there is no reader yet */
		rte_rcu_qsbr_quiescent(d->dp->rcu.qsv, 0);
		xtr_rcu_poll(&d->dp->rcu);
	}
	rc = draw(d, p);
out:
	free(tunnels);
	free(p);
	return rc;
}
