/* SPDX-License-Identifier: BSD-3-Clause */
/* Decapsulation of a burst, either family out of either: see decap.c and inner.c for what it does
 * and why. */
#include "datapath/fast_way.h"

#include "datapath/hop.h"
#include "datapath/source.h"

/* What is in the tunnels. */
struct opened {
	uint32_t udp[4][XTR_BURST] XTR_FAST_ALIGN; /* UDP and LISP header */
	uint32_t iid[XTR_BURST]; /* instance-ID as it stands, in the upper three bytes; or 0 */
	uint32_t inst[XTR_BURST];
	struct xtr_fast_raw inner;
	bool one; /* all are of one instance, inst[0] */
};

/* How much room outer headers leave, 0 where there is more to say of them. */
static void check_outer(const struct xtr_fast *restrict b, struct opened *restrict o)
{
	const unsigned proto_at = b->af == 4 ? 8 : 16, net = XTR_FAST_NET(b->af);

	XTR_FAST_EACH(i, b->n)
	{
		xtr_vec udp_len = xtr_vec_swap16(XTR_VEC(o->udp[1], i)),
			flags = XTR_VEC(o->udp[2], i);
		xtr_vec total = XTR_VEC_CONST(b->total, i);
		xtr_vec bad = (XTR_VEC_CONST(b->hop_word, i) >> proto_at & 0xff) ^ IPPROTO_UDP;

		bad |= (XTR_VEC(o->udp[0], i) >> 16) ^ xtr_swap16(XTR_PORT_DATA);
		bad |= (udp_len + net - XTR_FAST_UDP) ^ total;
		bad |= (flags & (XTR_DATA_KK | XTR_DATA_P)) | XTR_IF(total < net);
		XTR_VEC(o->inner.room, i) = XTR_IF(bad == 0) & (total - net);
		XTR_VEC(o->iid, i) =
		    XTR_IF((flags & XTR_DATA_I) != 0) & XTR_VEC(o->udp[3], i) & 0x00ffffff;
	}
}

/* Indexes of instances plus one, or 0. */
static void find_instances(const struct xtr_worker *w, struct opened *o, unsigned n)
{
	o->one = xtr_fast_same(o->iid, n);
	if (o->one)
		n = 1;
	for (unsigned i = 0; i < n; i++)
		o->inst[i] = __atomic_load_n(
		    &w->dp->inst_of_iid[rte_be_to_cpu_32(o->iid[i]) >> 8], __ATOMIC_ACQUIRE);
}

static void load(
    const struct xtr_worker *w, const struct xtr_fast *b, struct opened *o, struct xtr_fast *d)
{
	const unsigned net = XTR_FAST_NET(b->af);

	d->n = b->n;
	memcpy(d->m, b->m, b->n * sizeof(b->m[0]));
	memcpy(d->place, b->place, b->n);
	memcpy(d->vlan, b->vlan, sizeof(b->vlan));
	for (unsigned i = 0; i < b->n; i++)
		d->ip[i] = b->ip[i] + net;
	xtr_fast_pad_first(d);
	xtr_rows_load(d->ip, -(int)XTR_FAST_UDP, d->n, o->udp);
	xtr_rows_load(d->ip, 0, d->n, o->inner.ip);
	xtr_rows_load(d->ip, 16, d->n, o->inner.ip + 4);
	check_outer(b, o);
	find_instances(w, o, d->n);
}

/* ECN, DSCP and TTL of inner and outer header become one (decap.c: merge_header). Where that is
 * more than a smaller TTL, the stages do it. */
static void merge(
    const struct xtr_fast *restrict b, struct xtr_fast *restrict d, uint32_t *restrict ok)
{
	XTR_FAST_EACH(i, d->n)
	{
		xtr_vec inner = XTR_VEC(d->hops, i), outer = XTR_VEC_CONST(b->hops, i);
		xtr_vec less = (XTR_IF(inner > outer) & (inner - outer)) + 1;
		xtr_vec word = XTR_VEC(d->hop_word, i);

		XTR_VEC(ok, i) &= XTR_IF(XTR_VEC_CONST(b->tos, i) == XTR_VEC(d->tos, i));
		XTR_VEC(d->hop_word, i) =
		    d->af == 4 ? xtr_fast_less4(word, less) : xtr_fast_less6(word, less);
	}
}

/* SOURCE: only where it is checked. */
enum { OWN, ROUTE, SOURCE, ASKS };

static const struct xtr_instance *instance_of(
    const struct xtr_worker *w, const struct opened *o, unsigned i)
{
	uint32_t inst = o->inst[o->one ? 0 : i];

	return &w->dp->instances[inst ? inst - 1 : 0];
}

/* Looks up d's packets, each in its instance's tables. */
static void find_mixed(const struct xtr_worker *w, const struct opened *o, const struct xtr_fast *d,
    struct xtr_fast_ask *asks)
{
	const struct xtr_lpm *tables[ASKS][XTR_BURST];
	uint8_t keys[XTR_BURST][16];

	for (unsigned i = 0; i < d->n; i++) {
		const struct xtr_instance *inst = instance_of(w, o, i);

		tables[OWN][i] = inst->database;
		tables[ROUTE][i] = inst->routes;
		tables[SOURCE][i] = inst->lisp;
	}
	for (unsigned k = 0; k < ASKS; k++) {
		bool source = k == SOURCE;

		for (unsigned i = 0; i < d->n && d->af == 6; i++)
			memcpy(keys[i], xtr_fast_address(d, i, source), 16);
		if (d->af == 4)
			xtr_lpm_lookup4(tables[k], source ? d->src : d->dst, asks[k].values, d->n);
		else
			xtr_lpm_lookup6(
			    tables[k], (const uint8_t(*)[16])keys, asks[k].values, d->n);
		asks[k].same = xtr_fast_same(asks[k].values, d->n);
	}
}

static void find(const struct xtr_worker *w, const struct opened *o, const struct xtr_fast *d,
    struct xtr_fast_ask *asks)
{
	const struct xtr_instance *inst = instance_of(w, o, 0);

	if (unlikely(!o->one)) {
		find_mixed(w, o, d, asks);
		return;
	}
	asks[OWN].table = inst->database;
	asks[ROUTE].table = inst->routes;
	asks[SOURCE].table = inst->lisp;
	asks[SOURCE].source = true;
	xtr_fast_find(d, asks, inst->source_check == XTR_CHECK_OFF ? SOURCE : ASKS);
}

/* Keeps in ok[] what may come from the RLOC that it came from; others are source.c's. */
static void check_sources(struct xtr_worker *w, const struct opened *o, const struct xtr_fast *b,
    const struct xtr_fast_ask *ask, uint32_t *ok)
{
	bool single = o->one && b->one_src && ask->same;

	if (o->one && instance_of(w, o, 0)->source_check == XTR_CHECK_OFF)
		return;
	for (unsigned i = 0; i < b->n; i++) {
		if (!ok[i])
			continue;
		if (!xtr_source_passes(w, instance_of(w, o, i), ask->values[i], b->af,
			xtr_fast_address(b, i, true)))
			ok[i] = 0;
		else if (single)
			return;
	}
}

/* The next hop of a route; ok is cleared where that is not for the fast path. */
static inline void follow(
    struct xtr_worker *w, struct xtr_fast *d, unsigned i, uint32_t route, uint32_t *ok)
{
	const struct xtr_fwd *fwd = (const struct xtr_fwd *)w->dp->fwd.base + route;

	d->target[i] = fwd->target;
	if (fwd->action != XTR_FWD_FORWARD || !xtr_fast_gate(w, &fwd->gate)) {
		*ok = 0;
	} else if (unlikely(fwd->set_log2)) {
		if (!d->hashed)
			xtr_fast_hash(NULL, d);
		d->target[i] = xtr_hop_pick(w->dp, fwd, d->hash[i]);
	}
}

static void follow_all(
    struct xtr_worker *w, struct xtr_fast *d, const uint32_t *routes, bool same, uint32_t *ok)
{
	const struct xtr_fwd *entries = w->dp->fwd.base;
	uint32_t all = ~0u;

	if (!same || entries[routes[0]].set_log2) {
		for (unsigned i = 0; i < d->n; i++)
			follow(w, d, i, routes[i], &ok[i]);
		return;
	}
	follow(w, d, 0, routes[0], &all);
	xtr_fast_fill(d->target, d->n, d->target[0]);
	XTR_FAST_EACH(i, d->n) XTR_VEC(ok, i) &= all;
}

static void decap(struct xtr_worker *w, const struct xtr_fast *b, struct opened *o,
    struct xtr_fast *d, uint64_t *rest)
{
	uint32_t own[XTR_BURST] XTR_FAST_ALIGN, routes[XTR_BURST] XTR_FAST_ALIGN;
	uint32_t sources[XTR_BURST] XTR_FAST_ALIGN, ok[XTR_BURST] XTR_FAST_ALIGN;
	struct xtr_fast_ask asks[ASKS] = {
	    [OWN].values = own, [ROUTE].values = routes, [SOURCE].values = sources};

	if (d->af == 6)
		xtr_rows_load(d->ip, 32, d->n, o->inner.ip + 8);
	xtr_fast_pad(d);
	xtr_fast_check(&o->inner, d, ok);
	merge(b, d, ok);
	xtr_fast_behind(d, ok); /* a router on the way marks some of a flow */
	d->hashed = false;
	d->padded = false; /* lengths are written anyway */
	XTR_FAST_STEP(INSIDE);
	find(w, o, d, asks);
	follow_all(w, d, routes, asks[ROUTE].same, ok);
	for (unsigned i = 0; i < d->n; i++)
		ok[i] &= own[i] && o->inst[o->one ? 0 : i] ? ~0u : 0;
	check_sources(w, o, b, &asks[SOURCE], ok);
	xtr_fast_keep(d, ok, rest);
	XTR_FAST_STEP(INNER);
	if (!d->n)
		return;
	xtr_fast_emit(w, d, XTR_FAST_NET(b->af), rest);
	w->counters[XTR_CTR_DECAP] += d->n;
	w->counters[XTR_CTR_NATIVE] += d->n;
}

/* Those that have IPv6 inside; what is neither does not pass xtr_fast_check(). */
static uint64_t six_inside(const struct opened *o, unsigned n)
{
	uint64_t six = 0;

	for (unsigned i = 0; i < n; i++)
		six |= (uint64_t)((o->inner.ip[0][i] & 0xf0) == 0x60) << i;
	return six;
}

static bool one_family(const struct opened *o, unsigned n)
{
	uint32_t differ = 0;

	for (unsigned i = 0; i < n; i++)
		differ |= o->inner.ip[0][i] ^ o->inner.ip[0][0];
	return !(differ & 0xf0);
}

void xtr_fast_decap(struct xtr_worker *w, struct xtr_fast *b, uint64_t *rest)
{
	struct opened o;
	struct xtr_fast d;
	uint64_t six;

	load(w, b, &o, &d);
	if (likely(one_family(&o, b->n))) {
		d.af = (o.inner.ip[0][0] & 0xf0) == 0x60 ? 6 : 4;
		decap(w, b, &o, &d, rest);
		return;
	}
	six = six_inside(&o, b->n);
	for (unsigned k = 0; k < 2; k++) {
		struct xtr_fast part;

		xtr_fast_split(b, k ? six : xtr_fast_all(b->n) & ~six, &part);
		if (!part.n)
			continue;
		load(w, &part, &o, &d);
		d.af = k ? 6 : 4;
		decap(w, &part, &o, &d, rest);
	}
}
