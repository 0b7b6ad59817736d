/* SPDX-License-Identifier: BSD-3-Clause */
/* From the port to the decision. See fast.h. */
#include "datapath/fast_way.h"

#include "datapath/hop.h"
#include "datapath/use.h"

/* n packets of a burst, and where they stand in it. */
static void load(struct rte_mbuf *const *m, const uint8_t *place, unsigned n,
    struct xtr_fast_raw *raw, struct xtr_fast *b)
{
	memcpy(b->m, m, n * sizeof(*m));
	memcpy(b->place, place, n);
	b->n = n;
	for (unsigned i = 0; i < n; i++) {
		uint8_t *frame = rte_pktmbuf_mtod(m[i], uint8_t *);

		rte_prefetch0(frame);
		b->off[i] = m[i]->data_off;
		b->ip[i] = frame + XTR_FAST_ETH;
	}
	xtr_fast_pad_first(b);
	xtr_rows_load((uint8_t *const *)b->m, offsetof(struct rte_mbuf, packet_type), n, raw->len);
	xtr_rows_load(b->ip, -(int)XTR_FAST_ETH, n, raw->eth);
	xtr_rows_load(b->ip, 0, n, raw->ip);
	xtr_rows_load(b->ip, 16, n, raw->ip + 4);
	if (b->af == 6)
		xtr_rows_load(b->ip, 32, n, raw->ip + 8);
	xtr_fast_pad(b);
}

/* Ethernet headers: how much room they leave, 0 where they are not plain and ours. */
static void check_frames(
    struct xtr_fast_raw *restrict raw, struct xtr_fast *restrict b, const uint32_t *mac)
{
	const uint32_t mac0 = mac[0], mac1 = mac[1];
	const uint32_t type =
	    rte_cpu_to_be_16(b->af == 4 ? RTE_ETHER_TYPE_IPV4 : RTE_ETHER_TYPE_IPV6);

	XTR_FAST_EACH(i, b->n)
	{
		xtr_vec len = XTR_VEC(raw->len[1], i), first = XTR_VEC(raw->len[2], i);
		xtr_vec bad = (XTR_VEC(raw->eth[0], i) ^ mac0) |
			      ((XTR_VEC(raw->eth[1], i) ^ mac1) & 0xffff) |
			      ((XTR_VEC(raw->eth[3], i) ^ type) & 0xffff) |
			      (len ^ (first & 0xffff)) | XTR_IF(len < XTR_FAST_ETH);

		XTR_VEC(raw->room, i) = XTR_IF(bad == 0) & (len - XTR_FAST_ETH);
		XTR_VEC(b->vlan, i) = first;
	}
}

static bool padded(const struct xtr_fast_raw *restrict raw, const struct xtr_fast *restrict b)
{
	uint32_t differ = 0;

	for (unsigned i = 0; i < b->n; i++)
		differ |= b->total[i] ^ raw->room[i];
	return differ;
}

static uint64_t sum(const uint32_t *values, unsigned n)
{
	uint32_t bytes = 0; /* of a burst, at most 2^22 */

	for (unsigned i = 0; i < n; i++)
		bytes += values[i];
	return bytes;
}

static void move(struct xtr_fast *to, unsigned k, const struct xtr_fast *b, unsigned i)
{
	to->m[k] = b->m[i];
	to->ip[k] = b->ip[i];
	to->off[k] = b->off[i];
	to->vlan[k] = b->vlan[i];
	to->total[k] = b->total[i];
	to->tos[k] = b->tos[i];
	to->hops[k] = b->hops[i];
	to->hop_word[k] = b->hop_word[i];
	to->src[k] = b->src[i];
	to->dst[k] = b->dst[i];
	to->hash[k] = b->hash[i];
	to->word1[k] = b->word1[i];
	to->target[k] = b->target[i];
	to->count[k] = b->count[i];
	to->place[k] = b->place[i];
}

static uint32_t all_of(const uint32_t *ok, unsigned n)
{
	uint32_t all = ~0u;

	for (unsigned i = 0; i < n; i++)
		all &= ok[i];
	return all;
}

bool xtr_fast_same(const uint32_t *values, unsigned n)
{
	uint32_t differ = 0;

	for (unsigned i = 0; i < n; i++)
		differ |= values[i] ^ values[0];
	return !differ;
}

void xtr_fast_behind(const struct xtr_fast *b, uint32_t *ok)
{
	const unsigned at = b->af == 4 ? 12 : 8, len = b->af == 4 ? 8 : 32;

	if (likely(all_of(ok, b->n)))
		return;
	for (unsigned i = 0; i < b->n; i++) {
		if (ok[i] || b->ip[i][0] >> 4 != b->af)
			continue; /* the other family's flows are others */
		for (unsigned k = i + 1; k < b->n; k++)
			if (ok[k] && !memcmp(b->ip[i] + at, b->ip[k] + at, len))
				ok[k] = 0;
	}
}

void xtr_fast_keep(struct xtr_fast *b, const uint32_t *ok, uint64_t *rest)
{
	unsigned kept = 0;

	if (likely(all_of(ok, b->n)))
		return;
	for (unsigned i = 0; i < b->n; i++)
		if (ok[i])
			move(b, kept++, b, i);
		else
			*rest |= 1ull << b->place[i];
	b->n = kept;
	xtr_fast_pad(b);
}

void xtr_fast_split(const struct xtr_fast *b, uint64_t which, struct xtr_fast *to)
{
	to->n = 0;
	to->af = b->af;
	to->hashed = b->hashed;
	to->counts = b->counts;
	to->padded = b->padded;
	to->one_src = b->one_src;
	to->one_dst = b->one_dst;
	for (; which; which &= which - 1)
		move(to, to->n++, b, (unsigned)__builtin_ctzll(which));
	xtr_fast_pad(to);
}

/* Of one address each. */
static void find_single(const struct xtr_fast *b, struct xtr_fast_ask *const *asks, unsigned n)
{
	const struct xtr_lpm *tables[3];
	uint8_t key6[3][16];
	uint32_t key4[3], found[3];

	for (unsigned k = 0; k < n; k++) {
		const uint8_t *address = xtr_fast_address(b, 0, asks[k]->source);

		tables[k] = asks[k]->table;
		if (b->af == 4)
			memcpy(&key4[k], address, 4);
		else
			memcpy(key6[k], address, 16);
	}
	if (b->af == 4)
		xtr_lpm_lookup4(tables, key4, found, n);
	else
		xtr_lpm_lookup6(tables, (const uint8_t(*)[16])key6, found, n);
	for (unsigned k = 0; k < n; k++) {
		asks[k]->same = true;
		xtr_fast_fill(asks[k]->values, b->n, found[k]);
	}
}

static void find_each(const struct xtr_fast *b, struct xtr_fast_ask *ask)
{
	uint8_t key6[XTR_BURST][16];

	if (b->af == 4) {
		xtr_lpm_lookup4_one(ask->table, ask->source ? b->src : b->dst, ask->values, b->n);
	} else {
		for (unsigned i = 0; i < b->n; i++)
			memcpy(key6[i], xtr_fast_address(b, i, ask->source), 16);
		xtr_lpm_lookup6_one(ask->table, (const uint8_t(*)[16])key6, ask->values, b->n);
	}
	ask->same = xtr_fast_same(ask->values, b->n);
}

void xtr_fast_find(const struct xtr_fast *b, struct xtr_fast_ask *asks, unsigned n)
{
	struct xtr_fast_ask *single[3];
	unsigned singles = 0;

	for (unsigned k = 0; k < n; k++)
		if (asks[k].source ? b->one_src : b->one_dst)
			single[singles++] = &asks[k];
		else
			find_each(b, &asks[k]);
	if (singles)
		find_single(b, single, singles);
}

/* The LISP header's words that go with the sources. */
static void take_sources(struct xtr_worker *w, struct xtr_fast *b, const struct xtr_fast_ask *own)
{
	const struct xtr_fwd *entries = w->dp->fwd.base;

	if (own->same)
		xtr_fast_fill(b->word1, b->n, entries[own->values[0]].word1);
	else
		for (unsigned i = 0; i < b->n; i++)
			b->word1[i] = entries[own->values[i]].word1;
}

/* Both look-ups of a site's packets. Keeps those of own EIDs. */
static void find_site(struct xtr_worker *w, const struct xtr_instance *inst, struct xtr_fast *b,
    struct xtr_fast_ask *to, uint64_t *rest)
{
	uint32_t values[XTR_BURST] XTR_FAST_ALIGN;
	struct xtr_fast_ask asks[2] = {
	    *to, {.table = inst->database, .source = true, .values = values}};
	unsigned n = b->n;

	xtr_fast_find(b, asks, 2);
	take_sources(w, b, &asks[1]);
	xtr_fast_keep(b, values, rest);
	*to = asks[0];
	if (b->n && unlikely(b->n != n)) /* those that are left stand elsewhere now */
		xtr_fast_find(b, to, 1);
}

/* Where packets of an entry go: the next hop or tunnel. Returns its action, or XTR_FWD_NONE: not
 * for the fast path. */
static uint8_t follow(
    struct xtr_worker *w, struct xtr_fast *b, unsigned i, struct xtr_fwd *fwd, bool view)
{
	b->target[i] = fwd->target;
	b->count[i] = 0;
	if (unlikely(!xtr_fast_gate(w, &fwd->gate)))
		return XTR_FWD_NONE;
	if (fwd->action == XTR_FWD_ENCAP && view) {
		xtr_use(w, fwd);
		b->count[i] = fwd->word1 >> XTR_FWD_COUNT_SHIFT;
		b->counts |= b->count[i] != 0;
	}
	if (unlikely(fwd->set_log2)) {
		if (!b->hashed)
			xtr_fast_hash(NULL, b);
		b->target[i] = xtr_hop_pick(w->dp, fwd, b->hash[i]);
	}
	return fwd->action;
}

/* What was found for each destination leads to which action. True: all to the same, kind[0]. */
static bool follow_all(struct xtr_worker *w, struct xtr_fast *b, const uint32_t *values, bool same,
    bool view, uint8_t *kind)
{
	struct xtr_fwd *entries = w->dp->fwd.base;
	uint8_t other = 0;

	b->counts = false;
	if (same && !entries[values[0]].set_log2) {
		kind[0] = follow(w, b, 0, &entries[values[0]], view);
		xtr_fast_fill(b->target, b->n, b->target[0]);
		xtr_fast_fill(b->count, b->n, b->count[0]);
		return true;
	}
	for (unsigned i = 0; i < b->n; i++)
		rte_prefetch0(&entries[values[i]]);
	for (unsigned i = 0; i < b->n; i++) {
		kind[i] = follow(w, b, i, &entries[values[i]], view);
		other |= kind[i] ^ kind[0];
	}
	return !other;
}

static void act(struct xtr_worker *w, const struct xtr_dp_port *p, struct xtr_fast *b, uint8_t kind,
    uint64_t *rest)
{
	if (kind == XTR_FWD_ENCAP && p->site)
		xtr_fast_encap(w, b, rest);
	else if (kind == XTR_FWD_FORWARD &&
		 !(p->site && __atomic_load_n(&w->dp->blackholes, __ATOMIC_RELAXED)))
		xtr_fast_forward(w, b, rest);
	else if (kind == XTR_FWD_LOCAL && !p->site)
		xtr_fast_decap(w, b, rest);
	else
		for (unsigned i = 0; i < b->n; i++)
			*rest |= 1ull << b->place[i];
}

/* Each kind by itself. */
static void act_mixed(struct xtr_worker *w, const struct xtr_dp_port *p, const struct xtr_fast *b,
    const uint8_t *kind, uint64_t *rest)
{
	uint64_t left = xtr_fast_all(b->n), now;
	struct xtr_fast part;

	while (left) {
		uint8_t k = kind[__builtin_ctzll(left)];

		now = 0;
		for (uint64_t look = left; look; look &= look - 1)
			if (kind[__builtin_ctzll(look)] == k)
				now |= look & -look;
		left &= ~now;
		xtr_fast_split(b, now, &part);
		act(w, p, &part, k, rest);
	}
}

/* Packets of one family. Returns by their place those that are not; *bytes: of all, if it is no
 * NULL. */
static __rte_always_inline uint64_t run(struct xtr_worker *w, const struct xtr_dp_port *p,
    struct rte_mbuf *const *m, const uint8_t *place, unsigned n, uint8_t af, uint64_t *bytes)
{
	const struct xtr_instance *inst = &w->dp->instances[p->inst];
	uint32_t ok[XTR_BURST] XTR_FAST_ALIGN, values[XTR_BURST] XTR_FAST_ALIGN;
	struct xtr_fast_ask to = {.table = p->site ? inst->lisp : inst->routes, .values = values};
	uint32_t mac[2] = {0};
	uint8_t kind[XTR_BURST];
	struct xtr_fast_raw raw;
	uint64_t rest = 0;
	struct xtr_fast b;

	b.af = af;
	load(m, place, n, &raw, &b);
	XTR_FAST_STEP(LOAD);
	memcpy(mac, p->mac, sizeof(p->mac));
	check_frames(&raw, &b, mac);
	if (bytes)
		*bytes = sum(raw.len[1], n);
	xtr_fast_check(&raw, &b, ok);
	b.padded = padded(&raw, &b);
	b.hashed = false;
	if (p->site) /* most of what comes from there goes into a tunnel */
		xtr_fast_hash(&raw, &b);
	xtr_fast_behind(&b, ok); /* some of a flow come in several buffers */
	xtr_fast_keep(&b, ok, &rest);
	XTR_FAST_STEP(CHECK);
	if (p->site && b.n)
		find_site(w, inst, &b, &to, &rest);
	else if (b.n)
		xtr_fast_find(&b, &to, 1);
	XTR_FAST_STEP(LOOKUP);
	if (!b.n)
		return rest;
	if (likely(follow_all(w, &b, values, to.same, p->site, kind))) {
		XTR_FAST_STEP(FOLLOW);
		act(w, p, &b, kind[0], &rest);
	} else {
		XTR_FAST_STEP(FOLLOW);
		act_mixed(w, p, &b, kind, &rest);
	}
	return rest;
}

static bool is6(const struct rte_mbuf *m)
{
	return rte_pktmbuf_mtod(m, const struct rte_ether_hdr *)->ether_type ==
	       rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV6);
}

/* The other family's packets among those that are left. */
static uint64_t run_others(struct xtr_worker *w, const struct xtr_dp_port *p,
    struct rte_mbuf *const *m, bool six, uint64_t rest)
{
	struct rte_mbuf *other[XTR_BURST];
	uint8_t place[XTR_BURST];
	unsigned n = 0;

	for (uint64_t look = rest; look; look &= look - 1) {
		unsigned i = (unsigned)__builtin_ctzll(look);

		if (is6(m[i]) == six) {
			other[n] = m[i];
			place[n++] = (uint8_t)i;
			rest &= ~(look & -look);
		}
	}
	if (n)
		rest |= run(w, p, other, place, n, six ? 6 : 4, NULL);
	return rest;
}

/* To the front, in their order. */
static unsigned keep_rest(struct rte_mbuf **m, uint64_t rest)
{
	unsigned kept = 0;

	for (; rest; rest &= rest - 1)
		m[kept++] = m[__builtin_ctzll(rest)];
	return kept;
}

unsigned xtr_fast_way_burst(struct xtr_worker *w, unsigned port, struct rte_mbuf **m, unsigned n)
{
	static const uint8_t places[XTR_BURST] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
	    15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36,
	    37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58,
	    59, 60, 61, 62, 63};
	const struct xtr_dp_port *p = &w->dp->ports[port];
	uint64_t rest, bytes;
	unsigned left = 0;
	bool six;

	XTR_FAST_STEP_BEGIN();
	six = is6(m[0]);
	rest = run(w, p, m, places, n, six ? 6 : 4, &bytes);
	if (unlikely(rest)) {
		rest = run_others(w, p, m, !six, rest);
		left = keep_rest(m, rest);
		for (unsigned i = 0; i < left; i++)
			bytes -= m[i]->pkt_len;
	}
	w->counters[XTR_CTR_RX] += n - left;
	w->port_rx[port][0] += n - left;
	w->port_rx[port][1] += bytes;
	return left;
}
