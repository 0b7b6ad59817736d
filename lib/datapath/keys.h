/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Addresses of a burst, to be looked up together: those of either family in bulk. Worker lcores.
 */
#ifndef XTR_DATAPATH_KEYS_H
#define XTR_DATAPATH_KEYS_H

#include "datapath/dp.h"
#include "datapath/ip.h"

enum xtr_key { XTR_KEY_SOURCE, XTR_KEY_DESTINATION };

/* Only the three counts need to be zero at the start. */
struct xtr_keys {
	unsigned n, n4, n6;
	uint8_t at4[XTR_BURST], at6[XTR_BURST]; /* which value is theirs */
	const struct xtr_lpm *table4[XTR_BURST], *table6[XTR_BURST];
	uint32_t key4[XTR_BURST];
	uint8_t key6[XTR_BURST][16];
};

/* Adds an address of the header, to be looked up in this table. At most XTR_BURST. */
static inline void xtr_keys_add(
    struct xtr_keys *k, const struct xtr_lpm *table, const uint8_t *ip, enum xtr_key which)
{
	if (unlikely(xtr_ip_is6(ip))) {
		memcpy(k->key6[k->n6], ip + (which == XTR_KEY_SOURCE ? 8 : 24), 16);
		k->table6[k->n6] = table;
		k->at6[k->n6++] = (uint8_t)k->n++;
	} else {
		memcpy(&k->key4[k->n4], ip + (which == XTR_KEY_SOURCE ? 12 : 16), 4);
		k->table4[k->n4] = table;
		k->at4[k->n4++] = (uint8_t)k->n++;
	}
}

/* values[i]: what was found for the address that was added as number i. */
static inline void xtr_keys_lookup(const struct xtr_keys *k, uint32_t *values)
{
	uint32_t found[XTR_BURST];

	if (likely(!k->n6)) {
		xtr_lpm_lookup4(k->table4, k->key4, values, k->n4);
		return;
	}
	if (!k->n4) {
		xtr_lpm_lookup6(k->table6, k->key6, values, k->n6);
		return;
	}
	xtr_lpm_lookup4(k->table4, k->key4, found, k->n4);
	for (unsigned i = 0; i < k->n4; i++)
		values[k->at4[i]] = found[i];
	xtr_lpm_lookup6(k->table6, k->key6, found, k->n6);
	for (unsigned i = 0; i < k->n6; i++)
		values[k->at6[i]] = found[i];
}

#endif
