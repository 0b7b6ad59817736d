/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Inside `show forwarding`: putting steps into words (forwarding_text.c), forwarding entries
 * (forwarding_entry.c), and what comes of it (forwarding_result.c).
 */
#ifndef XTR_OPER_FORWARDING_IMPL_H
#define XTR_OPER_FORWARDING_IMPL_H

#include "control/oper/forwarding.h"
#include "datapath/source.h"

struct xtr_words { /* a sentence that grows; what does not fit is cut */
	char b[2048];
	size_t n;
};
__attribute__((format(printf, 2, 3))) void xtr_words_add(
    struct xtr_words *w, const char *format, ...);

struct xtr_explain {
	struct xtr_ctl *ctl;
	const struct xtr_made_up *p;
	const struct xtr_instance *inst;
	struct xtr_eid eid;         /* the destination */
	enum xtr_eligible eligible; /* whose packet it is */
	const struct xtr_fwd *view; /* found in the LISP view, or for other sources in the routes */
	const struct xtr_fwd *fwd;  /* what decides so far */
	bool by_petr;               /* it is the PETRs' */
	const struct xtr_rloc *rloc;
	const struct xtr_nbr *nbr;
	json_t *steps;
};

/* Adds a step. Takes members, which may be NULL. */
void xtr_explain_add(
    struct xtr_explain *x, const char *name, const struct xtr_words *w, json_t *members);
const char *xtr_explain_port(const struct xtr_explain *x, unsigned port);

/* forwarding_tunnel.c: what comes out of a tunnel; entry: of its source. */
void xtr_explain_decap(struct xtr_explain *x);
void xtr_explain_source_rloc(struct xtr_explain *x, uint32_t entry, enum xtr_source_rloc verdict);

/* The last step: adds it, and returns the result, a new reference. */
json_t *xtr_explain_gate(struct xtr_explain *x);
json_t *xtr_explain_punted(struct xtr_explain *x, enum xtr_punt reason, uint32_t id);
json_t *xtr_explain_dropped(struct xtr_explain *x, enum xtr_drop reason);
json_t *xtr_explain_sent(struct xtr_explain *x, unsigned port);

/* The mapping that a forwarding entry was made from, or NULL. */
const struct xtr_mapping *xtr_explain_mapping(
    const struct xtr_explain *x, const struct xtr_fwd *fwd);
/* Adds what a forwarding entry for the destination is to a sentence; its machine-readable members:
 * a new reference. */
json_t *xtr_explain_entry(const struct xtr_explain *x, uint32_t index, struct xtr_words *w);
/* Adds what the entry of the LISP view wins over, if anything. */
void xtr_explain_over(
    const struct xtr_explain *x, uint32_t index, struct xtr_words *w, json_t *members);
/* "10.0.1.77 (down: no route)", from an element of `show petrs` or of a mapping's locators. */
void xtr_explain_state(struct xtr_words *w, const json_t *rloc);

#endif
