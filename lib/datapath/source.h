/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * May packets of this source EID come out of tunnels from this RLOC? (RFC 9300 section 16: "A
 * LISP-specific uRPF check is also possible.") The source is looked up in the instance's LISP view,
 * as a destination would be: what answers to it would meet decides. Worker lcores.
 *
 * 1. An EID that has a mapping: from all RLOCs that the mapping names, whatever their priority and
 *    whether they are up or used: its site may send from any.
 * 2. An own EID, from the core: from the RLOCs of the own database-mapping only, where another xTR
 *    of this site may be. It is not one of ours that somebody else encapsulates.
 * 3. No EID (natively-forward, or a route is longer than what LISP has): a stranger's, by way of a
 *    proxy-ITR. From those that are configured, or from anywhere if none is.
 * 4. A mapping without locators that says "drop": from nowhere.
 * 5. Not known: loose lets it pass, strict resolves it first.
 *
 * What a PETR decapsulates has rules of its own instead (inner.c).
 */
#ifndef XTR_DATAPATH_SOURCE_H
#define XTR_DATAPATH_SOURCE_H

#include "datapath/dp.h"
#include "datapath/use.h"
#include "wire/addr.h"

enum xtr_source_rloc {
	XTR_SOURCE_VALID,
	XTR_SOURCE_MISMATCH, /* its mapping has other RLOCs */
	XTR_SOURCE_OWN,      /* an own EID, of another RLOC than ours */
	XTR_SOURCE_STRANGER, /* no EID: from a proxy-ITR */
	XTR_SOURCE_UNKNOWN,  /* no mapping yet */
};

/* Is the RLOC (af 4 or 6; IPv4: the first four bytes of ip) one of the rule's? Rule 0 has none. */
static inline bool xtr_rule_allows(
    const struct xtr_dp *dp, uint32_t rule, uint8_t af, const uint8_t *ip)
{
	while (rule) {
		const struct xtr_rloc_rule *r = xtr_pool_at(&dp->rloc_rule, rule);

		for (unsigned i = 0; i < r->n; i++)
			if (r->rloc[i].af == af &&
			    xtr_bits_common(r->rloc[i].ip, ip, r->rloc[i].plen) == r->rloc[i].plen)
				return true;
		rule = r->next;
	}
	return false;
}

/*
 * Does the entry encapsulate to one tunnel only, whose RLOC is this (network order)? True for
 * nearly all packets of nearly all mappings, at the price of the entry and of four bytes beside it.
 * What else an entry's target may be is an index that the array has too.
 */
static inline bool xtr_source_is_target4(
    const struct xtr_dp *dp, const struct xtr_fwd *fwd, uint32_t rloc)
{
	return (fwd->action == XTR_FWD_ENCAP) & !fwd->set_log2 & (dp->rloc4[fwd->target] == rloc);
}

static inline bool xtr_source_is_target(
    const struct xtr_dp *dp, const struct xtr_fwd *fwd, uint8_t af, const uint8_t *ip)
{
	uint32_t rloc;

	if (af == 4) {
		memcpy(&rloc, ip, sizeof(rloc));
		return xtr_source_is_target4(dp, fwd, rloc);
	}
	return fwd->action == XTR_FWD_ENCAP && !fwd->set_log2 &&
	       !memcmp(dp->rloc6[fwd->target], ip, sizeof(dp->rloc6[0]));
}

/* A route, by which the source would be answered. It may be inside an own EID prefix. */
static inline bool xtr_source_by_route(const struct xtr_fwd *fwd)
{
	return fwd->action == XTR_FWD_FORWARD || fwd->action == XTR_FWD_GLEAN ||
	       fwd->action == XTR_FWD_LOCAL;
}

/* What the entry found for a source says of packets from this RLOC (as above). STRANGER where
 * xtr_source_by_route() says so: unless the EID database has it. */
static inline enum xtr_source_rloc xtr_source_judge(
    const struct xtr_dp *dp, uint32_t entry, uint8_t af, const uint8_t *ip)
{
	const struct xtr_fwd *fwd = xtr_pool_at(&dp->fwd, entry);
	uint32_t rule;

	if (likely(xtr_source_is_target(dp, fwd, af, ip)))
		return XTR_SOURCE_VALID;
	rule = dp->entry_rule[entry];
	if (rule) {
		if (xtr_rule_allows(dp, rule, af, ip))
			return XTR_SOURCE_VALID;
		return fwd->action == XTR_FWD_ROUTES ? XTR_SOURCE_OWN : XTR_SOURCE_MISMATCH;
	}
	switch (fwd->action) {
	case XTR_FWD_NONE:
	case XTR_FWD_MISS:
		return XTR_SOURCE_UNKNOWN;
	case XTR_FWD_ENCAP:
	case XTR_FWD_DROP:
		return XTR_SOURCE_MISMATCH;
	default:
		return XTR_SOURCE_STRANGER;
	}
}

/* A packet passes by this entry. Where it would have to wait without, that is a use. */
static inline void xtr_source_use(
    const struct xtr_worker *w, const struct xtr_instance *inst, struct xtr_fwd *fwd)
{
	if (inst->source_check == XTR_CHECK_STRICT)
		xtr_use(w, fwd);
}

/* Does such a packet pass without more ado? False: source.c finishes it. */
static inline bool xtr_source_passes(const struct xtr_worker *w, const struct xtr_instance *inst,
    uint32_t entry, uint8_t af, const uint8_t *ip)
{
	const struct xtr_dp *dp = w->dp;
	struct xtr_fwd *fwd = xtr_pool_at(&dp->fwd, entry);
	bool passes;
	uint32_t gate;

	if (inst->source_check == XTR_CHECK_OFF)
		return true;
	if (inst->source_check == XTR_CHECK_STRICT) {
		gate = __atomic_load_n(&fwd->gate, __ATOMIC_RELAXED);
		if (unlikely(gate != 0) && (int32_t)(gate - w->gate_seen) > 0)
			return false;
	}
	switch (xtr_source_judge(dp, entry, af, ip)) {
	case XTR_SOURCE_VALID:
		passes = true;
		break;
	case XTR_SOURCE_UNKNOWN:
		return inst->source_check == XTR_CHECK_LOOSE;
	case XTR_SOURCE_STRANGER:
		passes = !dp->proxy_itrs && !xtr_source_by_route(fwd);
		break;
	default:
		return false;
	}
	if (passes)
		xtr_source_use(w, inst, fwd);
	return passes;
}

#endif
