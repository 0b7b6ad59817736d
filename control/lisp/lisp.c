/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/lisp/lisp.h"

#include "control/lisp/hash.h"

/*
 * RFC 9301 5.4: Map-Replies MUST be rate limited. The rate that it recommends, one packet every 3
 * seconds to a destination RLOC, is not kept: an ITR that starts asks for a thousand EID prefixes
 * of one site at once, and each answer that it does not get costs its hosts a second. What is kept
 * is the purpose: nobody can make us flood an address, and no address gets more than this.
 */
#define REPLY_COST_US  500u /* a reply: 2,000 a second */
#define REPLY_BURST_US (4000u * REPLY_COST_US)
#define US_PER_MS      1000u

static const char *const names[XTR_C_N] = {
#define XTR_X(id, name) [XTR_C_##id] = name,
    XTR_LISP_COUNTERS(XTR_X)
#undef XTR_X
};

const char *xtr_lisp_counter_name(enum xtr_lisp_counter c)
{
	return (unsigned)c < XTR_C_N ? names[c] : "?";
}

bool xtr_lisp_may_reply(struct xtr_lisp *l, const struct xtr_ip *dst)
{
	uint32_t hash = xtr_hash_bytes(dst->af, dst->b, xtr_ip_bits(dst) / 8);
	uint64_t *whole_at = &l->reply_credit[hash & (XTR_REPLY_BUCKETS - 1)];
	uint64_t now = xtr_wheel_now(l->wheel) * US_PER_MS;

	if (*whole_at < now)
		*whole_at = now;
	if (*whole_at + REPLY_COST_US - now > REPLY_BURST_US) {
		l->counters[XTR_C_REPLY_LIMITED]++;
		return false;
	}
	*whole_at += REPLY_COST_US;
	return true;
}

bool xtr_lisp_itr_rloc(struct xtr_lisp *l, const struct xtr_ip *to, struct xtr_ip *rloc)
{
	const struct xtr_ip *bound = NULL;

	if (l->source_for(l, to, rloc) < 0)
		return false;
	for (unsigned i = l->cfg->n_control_addresses; i-- > 0;) {
		const struct xtr_ip *a = &l->cfg->control_addresses[i];

		if (xtr_ip_equal(a, rloc))
			return true;
		if (a->af == rloc->af)
			bound = a;
	}
	if (bound)
		*rloc = *bound;
	return bound || !l->cfg->n_control_addresses;
}
