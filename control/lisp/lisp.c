/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/lisp/lisp.h"

#include <errno.h>
#include <time.h>
#include "control/lisp/hash.h"
#include "util/log.h"
#include "wire/data.h"

/*
 * RFC 9301 5.4: Map-Replies MUST be rate limited. The rate that it recommends, one packet every 3
 * seconds to a destination RLOC, is not kept: an ITR that starts asks for a thousand EID prefixes
 * of one site at once, and each answer that it does not get costs its hosts a second. What is kept
 * is the purpose: nobody can make us flood an address, and no address gets more than this.
 */
#define REPLY_COST_US  500u /* a reply: 2,000 a second */
#define REPLY_BURST_US (4000u * REPLY_COST_US)
#define US_PER_MS      1000u
#define US_PER_SEC     1000000u
#define NS_PER_US      1000u

/* Bytes of the longest Map-Request that we send (two IPv6 EIDs with instance-ID, an ITR-RLOC of
 * each family), and of what goes around it at most. */
#define REQUEST_MAX 128
/* Of the database, in search of one that is ours, for each Map-Request: each locator costs a
 * question to the kernel. Mappings of a site share their locators, so the first ones do. */
#define LOCATORS_TRIED 8u
#define MAPPINGS_TRIED 64u
#define ECM_MAX        64

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

/* Is it an address of this machine? Towards one of its own, the kernel uses that address. */
static bool is_own(struct xtr_lisp *l, const struct xtr_ip *ip)
{
	struct xtr_ip src;

	return l->source_for(l, ip, &src) == 0 && xtr_ip_equal(&src, ip);
}

/* An address of a family that answers can come to: a control address, else one of a core port, else
 * a locator of our own EIDs. */
static const struct xtr_ip *own_rloc(struct xtr_lisp *l, uint8_t af)
{
	const struct xtr_config *cfg = l->cfg;
	unsigned tries = 0;

	for (unsigned i = 0; i < cfg->n_control_addresses; i++)
		if (cfg->control_addresses[i].af == af)
			return &cfg->control_addresses[i];
	if (cfg->n_control_addresses)
		return NULL; /* nobody listens elsewhere */
	for (unsigned i = 0; i < cfg->n_ports; i++)
		for (unsigned j = 0; j < cfg->ports[i].n_addresses; j++) {
			const struct xtr_ip *ip = &cfg->ports[i].addresses[j].ip;

			if (cfg->ports[i].side == XTR_SIDE_CORE && ip->af == af &&
			    !xtr_ip_is_link_local(ip) && is_own(l, ip))
				return ip;
		}
	for (unsigned i = 0; i < cfg->n_database && i < MAPPINGS_TRIED && tries < LOCATORS_TRIED;
	     i++)
		for (unsigned j = 0; j < cfg->database[i].n_locators; j++) {
			const struct xtr_ip *rloc = &cfg->database[i].locators[j].rloc;

			if (rloc->af == af && tries++ < LOCATORS_TRIED && is_own(l, rloc))
				return rloc;
		}
	return NULL;
}

unsigned xtr_lisp_itr_rlocs(
    struct xtr_lisp *l, const struct xtr_ip *to, struct xtr_ip rlocs[XTR_ITR_RLOCS])
{
	const struct xtr_ip *other;

	if (!xtr_lisp_itr_rloc(l, to, &rlocs[0]))
		return 0;
	other = own_rloc(l, rlocs[0].af == 4 ? 6 : 4);
	if (!other)
		return 1;
	rlocs[1] = *other;
	return 2;
}

int xtr_lisp_map_request(struct xtr_lisp *l, const struct xtr_ip *resolver, uint64_t nonce,
    const struct xtr_eid *source, const struct xtr_eid *eid, bool pitr)
{
	struct xtr_ip rlocs[XTR_ITR_RLOCS];
	struct xtr_request_opts o = {.nonce = nonce, .itr_rlocs = rlocs, .pitr = pitr};
	uint8_t request[REQUEST_MAX], buf[REQUEST_MAX + ECM_MAX];
	char text[XTR_EID_STRLEN], to[XTR_IP_STRLEN];
	const struct xtr_ip *inner;
	struct xtr_writer w;
	size_t len;
	int rc;

	o.n_itr_rlocs = (uint8_t)xtr_lisp_itr_rlocs(l, resolver, rlocs);
	if (!o.n_itr_rlocs) {
		l->counters[XTR_C_CTL_TX_FAILED]++;
		return -ENETUNREACH;
	}
	/*
	 * Nobody answers to the inner source, but it must be of the EID's family, and peers refuse
	 * the unspecified address. Without a host of ours it is the RLOC, or where that is of the
	 * other family, as in the field's routers, the EID that is asked for.
	 */
	inner = source ? &source->ip : rlocs[0].af == eid->ip.af ? &rlocs[0] : &eid->ip;
	if (source)
		o.source_eid = *source;
	xtr_writer_init(&w, request, sizeof(request));
	xtr_write_map_request(&w, &o, eid);
	rc = xtr_writer_result(&w);
	if (rc < 0)
		return rc;
	len = w.len;
	xtr_writer_init(&w, buf, sizeof(buf));
	xtr_write_ecm(&w, inner, &eid->ip, XTR_PORT_CONTROL, XTR_PORT_CONTROL, request, len);
	rc = xtr_writer_result(&w);
	if (rc < 0)
		return rc;
	xtr_dbg(XTR_DBG_MAP_REQUEST, "map-request: %s, nonce 0x%08X-0x%08X, to map-resolver %s",
	    xtr_eid_format(eid, text), (unsigned)(nonce >> 32), (unsigned)nonce,
	    xtr_ip_format(resolver, to));
	return l->send(l, &rlocs[0], resolver, XTR_PORT_CONTROL, buf, w.len);
}

uint64_t xtr_lisp_now_us(const struct xtr_lisp *l)
{
	struct timespec t;

	if (l->wheel->manual)
		return xtr_wheel_now(l->wheel) * US_PER_MS;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * US_PER_SEC + (uint64_t)t.tv_nsec / NS_PER_US;
}
