/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ECN at decapsulation, RFC 6040 section 4.2, figure 4.
 */
#ifndef XTR_DATAPATH_ECN_H
#define XTR_DATAPATH_ECN_H

#include <stdbool.h>
#include <stdint.h>

#define XTR_ECN_DROP 0xff

/* The ECN field (two bits) that leaves for an inner and an outer one, or XTR_ECN_DROP. 0 Not-ECT, 1
 * ECT(1), 2 ECT(0), 3 CE. */
static inline uint8_t xtr_ecn_decap(uint8_t inner, uint8_t outer)
{
	static const uint8_t table[4][4] = {
	    /* outer:   Not-ECT ECT(1) ECT(0) CE */
	    /* inner Not-ECT */ {0, 0, 0, XTR_ECN_DROP},
	    /* inner ECT(1) */ {1, 1, 1, 3},
	    /* inner ECT(0) */ {2, 1, 2, 3},
	    /* inner CE */ {3, 3, 3, 3},
	};

	return table[inner & 3][outer & 3];
}

/* Marked (!) or (!!!) in figure 4: no tunnel makes this combination, and the operator should know
 * of it (section 4.2). The fourth, Not-ECT in CE, is dropped, which has a counter of its own. */
static inline bool xtr_ecn_unused(uint8_t inner, uint8_t outer)
{
	return (inner == 0 && (outer == 1 || outer == 2)) || (inner == 1 && outer == 2) ||
	       (inner == 3 && outer == 1);
}

#endif
