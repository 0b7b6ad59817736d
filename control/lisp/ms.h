/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Map-Server and Map-Resolver (RFC 9301 sections 8.2, 8.3, 8.4): sites and their registrations,
 * Map-Notify, forwarding of Map-Requests to ETRs, proxy replies, negative replies. Control lcore
 * only.
 */
#ifndef XTR_MS_H
#define XTR_MS_H

#include <jansson.h>
#include "control/lisp/lisp.h"

struct xtr_ms;

/* Makes the sites of l->cfg. NULL if memory is short. l outlives the result. */
struct xtr_ms *xtr_ms_create(struct xtr_lisp *l);
void xtr_ms_destroy(struct xtr_ms *ms);

/* A Map-Register of `len` bytes at p, read into m (RFC 9301 sections 5.6, 8.2). */
void xtr_ms_register(struct xtr_ms *ms, const struct xtr_peer *from, const uint8_t *p, size_t len,
    const struct xtr_msg *m);
/*
 * A Map-Request that came inside the ECM `ecm` from `from` (RFC 9301 sections 8.3, 8.4); p and len
 * are the enclosed message. Answers with a Map-Reply (negative, or as proxy), or forwards it
 * re-encapsulated to an ETR.
 */
void xtr_ms_request(struct xtr_ms *ms, const struct xtr_peer *from, const struct xtr_msg *ecm,
    const uint8_t *p, size_t len, const struct xtr_msg *req);

/* `show sites [NAME|PREFIX]`: a new reference, as operator.md names the keys; filter may be NULL.
 */
json_t *xtr_ms_show_sites(struct xtr_ms *ms, const char *filter);

/*
 * The shortest prefix that covers `eid` (a host prefix) and touches no configured or registered EID
 * prefix (RFC 9301 section 8.4). For unit tests and `show`.
 */
struct xtr_eid xtr_ms_hole(const struct xtr_ms *ms, const struct xtr_eid *eid);

#endif
