/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ETR: its EID database, registration with Map-Servers (RFC 9301 sections 5.6, 5.7, 8.2), and
 * answers to Map-Requests (5.2 to 5.5). Control lcore only.
 */
#ifndef XTR_ETR_H
#define XTR_ETR_H

#include <jansson.h>
#include "control/lisp/lisp.h"

struct xtr_etr;

/* The database and Map-Servers of l->cfg, or only a PETR to be probed, which has neither. xtr_id:
 * 16 bytes that name this xTR. NULL if memory is short. */
struct xtr_etr *xtr_etr_create(struct xtr_lisp *l, const uint8_t *xtr_id);
void xtr_etr_destroy(struct xtr_etr *etr);
/* Registers now, and every minute from now on. */
void xtr_etr_start(struct xtr_etr *etr);

/* A Map-Request: bare, or from inside the ECM `ecm` (NULL: bare). False: none of its EIDs is ours,
 * and it is no probe of a locator of ours, nor of a PETR: nothing was done. */
bool xtr_etr_request(struct xtr_etr *etr, const struct xtr_peer *from, const struct xtr_msg *ecm,
    const struct xtr_msg *req);
/* A Map-Notify of len bytes at p, read into m. */
void xtr_etr_notify(struct xtr_etr *etr, const struct xtr_peer *from, const uint8_t *p, size_t len,
    const struct xtr_msg *m);

/* Does the prefix overlap an own EID prefix (cover it, or lie inside it)? */
bool xtr_etr_overlaps(const struct xtr_etr *etr, const struct xtr_eid *eid);
/* Locator-status-bits of packets whose source is the mapping's EID (RFC 9300 section 5.3): bit n is
 * set where the n-th locator of its Map-Replies is reachable, as R says there. 0, which says
 * nothing: it has more than the eight that fit beside an instance-ID, or none is reachable. */
uint8_t xtr_etr_status_bits(const struct xtr_etr *etr, const struct xtr_cfg_mapping *m);
/* `show database`: a new reference. */
json_t *xtr_etr_show(const struct xtr_etr *etr);

#endif
