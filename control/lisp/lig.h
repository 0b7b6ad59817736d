/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * lig, the LISP Internet Groper (RFC 6835): asks the mapping system for an EID and says what it
 * answered. Beside the map-cache: nothing is learned from the answer. Control lcore only.
 */
#ifndef XTR_LIG_H
#define XTR_LIG_H

#include <jansson.h>
#include "control/lisp/lisp.h"

#define XTR_LIG_TRIES 3u /* Map-Requests, one a second (RFC 9301 section 5.3) */

struct xtr_ligs; /* all questions that are open */
struct xtr_lig;  /* one question */

struct xtr_ligs *xtr_ligs_create(struct xtr_lisp *l);
/* Cancels what is open. ligs may be NULL. */
void xtr_ligs_destroy(struct xtr_ligs *ligs);

/*
 * Asks for eid (a host prefix) at a Map-Resolver (NULL: the configured ones, in turn; those that
 * there is no way to are passed over). done() is called once, later and never from inside this
 * call: with a new reference to the answer, or NULL and one line in err. The question is freed
 * after done(). NULL: *err says why it can't be asked.
 *
 * {"eid","instance","map_resolver","from","rtt_ms","nonce","tries","covers_eid","records":
 * [{"instance","eid","ttl_min" (null: the receiver decides),"action","authoritative","locators":
 * [{"rloc","priority","weight","reachable","local"}]}]}: what came, as it came; it need not be an
 * answer to what was asked (covers_eid). Of the tries, "map_resolver", "rtt_ms" and "nonce" are
 * those of the one that was answered.
 */
struct xtr_lig *xtr_lig_ask(struct xtr_ligs *ligs, const struct xtr_eid *eid,
    const struct xtr_ip *resolver, void (*done)(void *arg, json_t *answer, const char *err),
    void *arg, const char **err);
/* Nobody waits for it any more: freed, done() is not called. */
void xtr_lig_cancel(struct xtr_lig *lig);

/* A Map-Reply, to be shown here first: true if its nonce is that of an open question, which is
 * answered with it. */
bool xtr_ligs_reply(struct xtr_ligs *ligs, const struct xtr_peer *from, const struct xtr_msg *m);

#endif
