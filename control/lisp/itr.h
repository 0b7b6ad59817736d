/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ITR's map-cache and the resolution of EIDs (RFC 9301 sections 5.3 to 5.5, 8.1; RFC 9300
 * section 6). Control lcore only.
 */
#ifndef XTR_ITR_H
#define XTR_ITR_H

#include <jansson.h>
#include <sys/queue.h>
#include <uthash.h>
#include "control/lisp/lisp.h"
#include "control/oper/oper.h"
#include "util/trie.h"

struct xtr_itr;

enum xtr_mapping_source {
	XTR_FROM_STATIC,
	XTR_FROM_MAP_REPLY,
	/* only in a call */
	XTR_FROM_DEFAULT, /* an ITR's "send-map-request" for everything */
	XTR_FROM_COUNTED, /* configured, with counters of its own */
};

struct xtr_mapping_locator {
	struct xtr_ip rloc;
	uint8_t priority, weight;
	bool reachable; /* R bit: its site has a route to it */
};

/* A map-cache entry. There are millions: small, and of util/small.h, as their locators are. */
struct xtr_mapping {
	struct xtr_eid eid;
	uint8_t source; /* enum xtr_mapping_source */
	uint8_t action; /* enum xtr_act; meaningful without locators */
	uint8_t n_locators;
	/* learned in the place of a configured send-map-request entry, which comes back after it */
	bool over_configured : 1;
	bool by_default : 1; /* nobody configured it: an ITR's "send-map-request" for everything */
	bool count_configured : 1;
	bool count : 1;   /* has counters of its own */
	uint8_t list : 2; /* itr_limit.c: enum itr_list, where it stands to go */
	bool looked : 1;  /* itr_limit.c: its mark has been taken off once */
	uint32_t ttl_min, configured_ttl_min;
	uint32_t looked_at; /* itr_limit.c: the number of the last look */
	uint32_t counted;   /* the forwarding side's: index of its counters, 0: none */
	uint64_t created_ms;
	struct xtr_mapping_locator *locators; /* NULL: none */
	void *user;                           /* the forwarding side's */
	struct xtr_itr *itr;
	struct xtr_timer timer;        /* armed: it expires */
	TAILQ_ENTRY(xtr_mapping) next; /* in that list */
};

/* 0: never. */
static inline uint64_t xtr_mapping_expires_ms(const struct xtr_mapping *m)
{
	return xtr_timer_armed(&m->timer) ? m->timer.due : 0;
}

enum xtr_pending_state {
	XTR_ASKING, /* Map-Requests go out */
	XTR_DONE,   /* answered less than a second after the last request: no new one before that
		       second is over */
	XTR_QUIET,  /* nobody answered: 30 s without a request; an answer is still welcome */
};

/* An EID that is being resolved, and for a while after. */
struct xtr_pending {
	struct xtr_eid eid; /* a host prefix */
	struct xtr_eid source;
	uint64_t nonce;
	uint64_t started_ms, asked_ms;
	unsigned sent;           /* Map-Requests of this round */
	unsigned first_resolver; /* whom the first of them went to: index in cfg->map_resolvers */
	enum xtr_pending_state state;
	void *user; /* the forwarding side's: held packets */
	struct xtr_itr *itr;
	struct xtr_timer timer;
	struct itr_asker *asker;       /* for whom it is resolved: who asked first */
	TAILQ_ENTRY(xtr_pending) next; /* of that one's in the instance, oldest first */
	UT_hash_handle hh;             /* by nonce, while not DONE */
};

struct xtr_itr_ops {
	/* A mapping is new or has changed, or goes: workers are to follow. */
	void (*install)(void *arg, struct xtr_mapping *m);
	void (*remove)(void *arg, struct xtr_mapping *m);
	/* The EID is resolved by m: held packets may leave. May be said more than once. */
	void (*resolved)(void *arg, struct xtr_pending *p, struct xtr_mapping *m);
	/* Are packets held for it? */
	bool (*waited_for)(void *arg, const struct xtr_pending *p);
	/* The pending is freed; what is held is to be dropped. */
	void (*forget)(void *arg, struct xtr_pending *p);
	/* Does this prefix overlap the own EID database? */
	bool (*own)(void *arg, const struct xtr_eid *eid);
	/* Adds what the forwarding side knows (state, packets, bytes) to a locator's JSON object.
	 */
	void (*describe)(void *arg, const struct xtr_mapping *m, unsigned locator, json_t *object);
	/* Has a packet met the mapping's entry since this was asked last? */
	bool (*used)(void *arg, const struct xtr_mapping *m);
	/* Packets and bytes that the mapping's own counters have. False: it has none. */
	bool (*counts)(void *arg, const struct xtr_mapping *m, uint64_t count[2]);
	void *arg;
};

/* Makes the map-cache with the configured entries, and where a Map-Resolver is configured,
 * 0.0.0.0/0 and ::/0 "send-map-request" in the instances given. NULL if memory is short. */
struct xtr_itr *xtr_itr_create(
    struct xtr_lisp *l, const struct xtr_itr_ops *ops, const uint32_t *iids, unsigned n_iids);
void xtr_itr_destroy(struct xtr_itr *itr);

/* The entry that decides for an EID, or NULL. */
struct xtr_mapping *xtr_itr_lookup(const struct xtr_itr *itr, const struct xtr_eid *eid);
/* Is eid inside a configured entry that has locators or says "send-map-request"? That is what a
 * proxy-ITR serves. */
bool xtr_itr_serves(const struct xtr_itr *itr, const struct xtr_eid *eid);
/*
 * A packet from `source` to `eid` (host prefixes) needs a mapping: the pending that it may wait in,
 * asking if that is allowed now (one Map-Request a second an EID prefix, RFC 9301 section 5.3).
 * NULL if memory is short, nobody can be asked, or too many EIDs are being resolved: of the
 * instance, or in all. Where another asker of the instance (a number that says for whom, a port
 * say) has more than this one, or another instance more than its share, that one's oldest is given
 * up instead.
 */
struct xtr_pending *xtr_itr_resolve_for(
    struct xtr_itr *itr, const struct xtr_eid *eid, const struct xtr_eid *source, uint32_t asker);
/* The same where there is but one asker. */
static inline struct xtr_pending *xtr_itr_resolve(
    struct xtr_itr *itr, const struct xtr_eid *eid, const struct xtr_eid *source)
{
	return xtr_itr_resolve_for(itr, eid, source, 0);
}
/* A Map-Reply, read into m. */
void xtr_itr_reply(struct xtr_itr *itr, const struct xtr_peer *from, const struct xtr_msg *m);
/* Removal of learned entries, a part at a time. */
struct xtr_itr_clearing {
	struct xtr_itr *itr;
	struct xtr_eid within; /* ip.af 0: all */
	int64_t iid;           /* negative: any */
	unsigned cleared;      /* so far */
	/* itr_clear.c's */
	bool begun, first;   /* has a table; nothing of that has been looked at */
	struct xtr_eid last; /* looked at last, there or not */
};
/* Inside the prefix (NULL: all), in any instance if iid is negative. itr, which may be NULL,
 * outlives it. */
void xtr_itr_clear(
    struct xtr_itr_clearing *c, struct xtr_itr *itr, const struct xtr_eid *within, int64_t iid);
/* Looks at max entries or tables more, at most. False: that was all. What is learned between two
 * calls may stay. */
bool xtr_itr_clear_some(struct xtr_itr_clearing *c, unsigned max);
/* `show map-cache`: a new reference. filter NULL: all; an address: the entry that decides and what
 * is being resolved. */
json_t *xtr_itr_show(struct xtr_itr *itr, const struct xtr_eid *filter, int64_t iid);
/* `show map-cache summary`: how many entries there are, and may be, an instance and in all. Fills
 * *stream; itr, which may be NULL, outlives that. 0 or -ENOMEM. */
int xtr_itr_show_summary(struct xtr_itr *itr, struct xtr_oper_stream *stream);
/* Calls fn for each mapping until it returns other than 0. */
int xtr_itr_walk(struct xtr_itr *itr, int (*fn)(void *mapping, void *arg), void *arg);

#endif
