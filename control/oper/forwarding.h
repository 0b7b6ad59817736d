/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `show forwarding`: what would happen to a packet, and why. A made-up packet goes through the
 * workers' own stages (datapath/trace.h); what they did is put into words. Control lcore only.
 */
#ifndef XTR_OPER_FORWARDING_H
#define XTR_OPER_FORWARDING_H

#include "control/ctl.h"

#define XTR_OPER_FORWARDING_ARGS "ADDRESS [from SOURCE] [instance N] [port NAME]"

/* The made-up packet: UDP of these ports, so many bytes behind the Ethernet header. The ports
 * decide where several locators or next hops share the flows. */
#define XTR_MADE_UP_SPORT 49152
#define XTR_MADE_UP_DPORT 9 /* discard */
#define XTR_MADE_UP_BYTES 92
#define XTR_MADE_UP_TTL   64

struct xtr_made_up {
	struct xtr_ip address, source; /* of one family */
	unsigned port;                 /* that it comes in at */
	/* how they were chosen, half a sentence; NULL: as asked */
	const char *why_source, *why_port;
	struct xtr_trace trace;
};

/* For struct xtr_oper_command; arg is a struct xtr_ctl. */
int xtr_oper_forwarding(void *arg, const char *const *words, unsigned n_words, json_t **out,
    char *err, size_t err_size);

/* forwarding_pick.c: fills in the port and the source that were not given (name NULL, source.af 0;
 * iid negative: any instance). 0, or -EINVAL and one line in err. */
int xtr_forwarding_pick(const struct xtr_ctl *ctl, struct xtr_made_up *p, const char *name,
    int64_t iid, char *err, size_t err_size);
/* What a table that workers look into has for an address: the index of a forwarding entry. */
uint32_t xtr_forwarding_lookup(const struct xtr_lpm *table, const struct xtr_ip *ip);
/* What their routes have for it: the entry itself; *index: its index. */
const struct xtr_fwd *xtr_forwarding_route(
    const struct xtr_ctl *ctl, const struct xtr_ip *ip, uint32_t *index);

/* forwarding_text.c: the answer, from what the trace says: a new reference. */
json_t *xtr_forwarding_explain(struct xtr_ctl *ctl, const struct xtr_made_up *p);

#endif
