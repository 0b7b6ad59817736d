/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which locators of a mapping are used: who has a way there, who answers probes (RFC 9301 section
 * 7.1), and what follows when that changes. Control lcore only.
 */
#ifndef XTR_ALIVE_H
#define XTR_ALIVE_H

#include "control/ctl.h"

/* A mapping's use of an RLOC (mapping.c). Zeroed: none. */
struct xtr_rloc_use {
	struct xtr_rloc *rloc;
	LIST_ENTRY(xtr_rloc_use) next;
	uint8_t at;  /* index of the locator, of XTR_SET_MEMBERS at most */
	bool chosen; /* packets go there */
};

/* Takes a reference on the RLOC and has it probed. 0 or -ENOMEM. */
int xtr_alive_use(struct xtr_ctl *ctl, struct xtr_rloc_use *use, const struct xtr_ip *ip);
void xtr_alive_unuse(struct xtr_ctl *ctl, struct xtr_rloc_use *use);

/* How much speaks for an RLOC. Packets go to the best of a mapping's, whatever their priorities. */
enum xtr_score {
	XTR_SCORE_NO_WAY, /* no route, next hop does not answer */
	XTR_SCORE_DOWN,   /* answered probes, but does not any more */
	XTR_SCORE_SILENT, /* never answered one: there are peers that don't */
	XTR_SCORE_USABLE,
};
enum xtr_score xtr_alive_score(const struct xtr_rloc *rloc);

/* The RLOC as `show` calls it: "up", "down", "unreachable", "unknown"; *why may be NULL. */
const char *xtr_alive_state(
    const struct xtr_ctl *ctl, const struct xtr_rloc *rloc, const char **why);

/* Adds rtt_ms and more of a probe (NULL: none) to a JSON object. */
void xtr_alive_show_probe(const struct xtr_ctl *ctl, const struct xtr_probe *probe, json_t *object);

/* Mappings that name an RLOC which has changed choose again, at most `max` of them. True: there may
 * be more. */
bool xtr_alive_look_again(struct xtr_ctl *ctl, unsigned max);

/* For struct xtr_rlocs_ops and xtr_probes_create(). */
void xtr_alive_way_changed(void *arg, struct xtr_rloc *rloc);
void xtr_alive_describe(void *arg, const struct xtr_rloc *rloc, json_t *object);
extern const struct xtr_probe_ops xtr_alive_probe_ops; /* its arg is a struct xtr_ctl */

#endif
