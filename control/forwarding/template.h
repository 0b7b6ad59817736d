/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The outer headers of a tunnel, as far as all its packets have them in common (RFC 9300 sections
 * 5.1 and 5.2): what workers copy, and fill in the rest. Control lcore, while no worker reads the
 * tunnel (mapcache/fwd.h).
 */
#ifndef XTR_TEMPLATE_H
#define XTR_TEMPLATE_H

#include <stdbool.h>
#include "mapcache/fwd.h"
#include "wire/addr.h"

/* Writes the template: Ethernet from src_mac to dst_mac, IP from src to dst (of one family), UDP
 * and LISP; and tmpl, len, ip_at and af with it. */
void xtr_template_write(struct xtr_tunnel *t, const uint8_t *dst_mac, const uint8_t *src_mac,
    const struct xtr_ip *src, const struct xtr_ip *dst);
/* Is this the template's outer source address? */
bool xtr_template_is_from(const struct xtr_tunnel *t, const struct xtr_ip *src);

#endif
