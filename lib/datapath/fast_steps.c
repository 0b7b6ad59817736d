/* SPDX-License-Identifier: BSD-3-Clause */
/* The fast path's copies that measure: see fast.h. */
#include "datapath/fast.h"

struct xtr_fast_steps xtr_fast_steps;

unsigned xtr_fast_burst_steps(struct xtr_worker *w, unsigned port, struct rte_mbuf **m, unsigned n)
{
	switch (xtr_fast_using()) {
#ifdef XTR_HAVE_AVX512
	case XTR_LPM_AVX512:
		return xtr_fast_burst_avx512_steps(w, port, m, n);
#endif
#ifdef XTR_HAVE_AVX2
	case XTR_LPM_AVX2:
		return xtr_fast_burst_avx2_steps(w, port, m, n);
#endif
	default:
		return xtr_fast_burst_scalar_steps(w, port, m, n);
	}
}
