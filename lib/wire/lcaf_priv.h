/* SPDX-License-Identifier: BSD-3-Clause */
/* Inside lib/wire: what the readers of LCAFs share. */
#ifndef XTR_WIRE_LCAF_PRIV_H
#define XTR_WIRE_LCAF_PRIV_H

#include "wire/read.h"

/* One LCAF being read: r covers it from its AFI to its end. */
struct xtr_lcaf_rd {
	struct xtr_rd r;
	const char *clause; /* the section of RFC 8060 that says what it looks like */
	uint8_t depth;      /* of the addresses inside */
};

/* Starts with the payload, of which `min` bytes must be there. 0, -EBADMSG or -EINVAL. */
int xtr_lcaf_open(struct xtr_lcaf_rd *l, const struct xtr_addr *a, uint8_t type, const char *clause,
    size_t min, struct xtr_wire_err *err);
/* The next address inside. */
int xtr_lcaf_addr(struct xtr_lcaf_rd *l, const char *field, struct xtr_addr *a);
/* The last address inside, with nothing behind it. */
int xtr_lcaf_last(struct xtr_lcaf_rd *l, const char *field, struct xtr_addr *a);
/* Fails if something follows. */
int xtr_lcaf_end(const struct xtr_lcaf_rd *l);
/* Fails where an IP address is shorter than its mask length, which stands at offset `at`. */
int xtr_lcaf_mask(const struct xtr_lcaf_rd *l, size_t at, uint8_t plen, const struct xtr_addr *a);

static inline bool xtr_lcaf_mask_fits(uint8_t plen, const struct xtr_addr *a)
{
	return a->afi == XTR_AFI_IPV4 ? plen <= 32 : a->afi == XTR_AFI_IPV6 ? plen <= 128 : true;
}

/* RFC 8060 section 4.3. */
static inline bool xtr_geo_valid(const struct xtr_lcaf_geo *g)
{
	return g->lat_deg <= 90 && g->lat_min <= 59 && g->lat_sec <= 59 && g->lon_deg <= 180 &&
	       g->lon_min <= 59 && g->lon_sec <= 59;
}

#define XTR_OPAQUE_FIELDS 15 /* section 5.2: valid values of Key Field Num range from 0 to 15 */

#endif
