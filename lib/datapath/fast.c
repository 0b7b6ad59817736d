/* SPDX-License-Identifier: BSD-3-Clause */
/* Which of the fast path's copies bursts go through. */
#include "datapath/fast.h"

#include <rte_byteorder.h>

static xtr_fast_fn *const ways[] = {
#ifdef XTR_HAVE_AVX512
    [XTR_LPM_AVX512] = xtr_fast_burst_avx512,
#endif
#ifdef XTR_HAVE_AVX2
    [XTR_LPM_AVX2] = xtr_fast_burst_avx2,
#endif
    [XTR_LPM_SCALAR] = xtr_fast_burst_scalar,
};

/* Start: rw, then ro. */
static xtr_fast_fn *burst = xtr_fast_burst_scalar;
static enum xtr_lpm_way using = XTR_LPM_SCALAR;

bool xtr_fast_use(enum xtr_lpm_way way)
{
	if (way >= RTE_DIM(ways) || !ways[way] || !xtr_lpm_machine_has(way))
		return false;
	burst = ways[way];
	using = way;
	return true;
}

enum xtr_lpm_way xtr_fast_using(void)
{
	return using;
}

__attribute__((constructor)) static void choose(void)
{
	for (enum xtr_lpm_way w = XTR_LPM_SCALAR; w <= XTR_LPM_AVX512; w++)
		xtr_fast_use(w);
}

unsigned xtr_fast_burst(struct xtr_worker *w, unsigned port, struct rte_mbuf **m, unsigned n)
{
	/* words of headers are taken as they stand, by machines that have the low byte first */
	if (RTE_BYTE_ORDER != RTE_LITTLE_ENDIAN || unlikely(w->dp->stages_only) ||
	    unlikely(w->dp->ports[port].proxy))
		return n;
	return burst(w, port, m, n);
}
