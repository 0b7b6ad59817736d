/* SPDX-License-Identifier: BSD-3-Clause */
/* From the port to the decision. See fast.h. */
#include "datapath/fast.h"

#include "datapath/hop.h"
#include "datapath/ip4.h"
#include "datapath/use.h"

static const uint8_t places[XTR_BURST] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
    17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,
    41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63};

static void load(struct rte_mbuf **m, unsigned n, struct xtr_raw *raw, struct xtr_fast *b)
{
	for (unsigned i = 0; i < n; i++) {
		uint8_t *frame = rte_pktmbuf_mtod(m[i], uint8_t *);

		memcpy(raw->eth[i], frame, 16);
		memcpy(raw->len[i], &m[i]->pkt_len, 8);
		xtr_fast_load(raw, i, frame + XTR_FAST_ETH);
		b->m[i] = m[i];
		b->ip[i] = frame + XTR_FAST_ETH;
	}
	memcpy(b->place, places, sizeof(places));
	b->n = n;
}

/* Ethernet headers: how much room they leave, 0 where they are not plain and ours. */
XTR_FAST_LOOP static uint64_t check_frames(
    const struct xtr_raw *restrict raw, struct xtr_fast *restrict b, const uint32_t *mac)
{
	const uint32_t mac0 = mac[0], mac1 = mac[1];
	uint64_t bytes = 0;

	for (unsigned i = 0; i < b->n; i++) {
		uint32_t len = raw->len[i][0];
		uint32_t bad = (raw->eth[i][0] ^ mac0) | ((raw->eth[i][1] ^ mac1) & 0xffff) |
			       ((raw->eth[i][3] ^ 8) & 0xffff) | (len ^ (raw->len[i][1] & 0xffff));

		b->room[i] = bad ? 0 : len - XTR_FAST_ETH;
		bytes += len;
	}
	return bytes;
}

/* One of several no: a word that is not 0 where the comparison holds. */
#define IF(x) ((x) ? 1u : 0u)

XTR_FAST_LOOP void xtr_fast_check(
    const struct xtr_raw *restrict raw, struct xtr_fast *restrict b, uint32_t *restrict ok)
{
	const uint32_t fragment = rte_cpu_to_le_32(0xff3f0000); /* offset and MF in h1 */

	for (unsigned i = 0; i < b->n; i++) {
		uint32_t h0 = raw->ip[i][0], h1 = raw->ip[i][1], h2 = raw->ip[i][2],
			 src = raw->ip[i][3], dst = raw->end[i][0], total = xtr_swap16(h0 >> 16),
			 bad, sum;
		uint32_t s = src & 0xff, d = dst & 0xff, proto = h2 >> 8 & 0xff, ports;

		sum = (h0 & 0xffff) + (h0 >> 16) + (h1 & 0xffff) + (h1 >> 16) + (h2 & 0xffff) +
		      (h2 >> 16) + (src & 0xffff) + (src >> 16) + (dst & 0xffff) + (dst >> 16);
		sum = (sum & 0xffff) + (sum >> 16);
		sum = (sum & 0xffff) + (sum >> 16);
		bad = (sum ^ 0xffff) | ((h0 & 0xff) ^ 0x45) | (h1 & fragment);
		bad |= IF(total < XTR_FAST_IP) | IF(total > b->room[i]) | IF(b->room[i] > 0xffff);
		bad |= IF((h2 & 0xff) < 2);
		bad |= IF(s == 0) | IF(s == 127) | IF(s > 223);
		bad |= IF(d == 0) | IF(d == 127) | IF(d > 223);
		ok[i] = bad ? 0 : ~0u;
		b->h0[i] = h0;
		b->h2[i] = h2;
		b->src[i] = src;
		b->dst[i] = dst;
		b->ports[i] = raw->end[i][1];
		b->total[i] = total;
		ports =
		    raw->end[i][1] &
		    (IF(proto == IPPROTO_TCP) | IF(proto == IPPROTO_UDP) | IF(proto == IPPROTO_SCTP)
			    ? ~0u
			    : 0) &
		    (total < XTR_FAST_IP + 4 ? 0 : ~0u);
		b->hash[i] = xtr_flow_hash(src, dst, (uint8_t)proto, ports);
	}
}

static void move(struct xtr_fast *to, unsigned k, const struct xtr_fast *b, unsigned i)
{
	to->m[k] = b->m[i];
	to->ip[k] = b->ip[i];
	to->room[k] = b->room[i];
	to->total[k] = b->total[i];
	to->h0[k] = b->h0[i];
	to->h2[k] = b->h2[i];
	to->src[k] = b->src[i];
	to->dst[k] = b->dst[i];
	to->ports[k] = b->ports[i];
	to->hash[k] = b->hash[i];
	to->word1[k] = b->word1[i];
	to->target[k] = b->target[i];
	to->count[k] = b->count[i];
	to->place[k] = b->place[i];
}

XTR_FAST_LOOP static uint32_t all_of(const uint32_t *ok, unsigned n)
{
	uint32_t all = ~0u;

	for (unsigned i = 0; i < n; i++)
		all &= ok[i];
	return all;
}

XTR_FAST_LOOP bool xtr_fast_same(const uint32_t *values, unsigned n)
{
	uint32_t differ = 0;

	for (unsigned i = 0; i < n; i++)
		differ |= values[i] ^ values[0];
	return !differ;
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
}

static void lookup(const struct xtr_lpm *table, const uint32_t *keys, uint32_t *values, unsigned n)
{
	const struct xtr_lpm *tables[XTR_BURST];

	for (unsigned i = 0; i < n; i++)
		tables[i] = table;
	xtr_lpm_lookup4(tables, keys, values, n);
}

/* Keeps the packets of own EIDs. */
static void check_source(
    struct xtr_worker *w, const struct xtr_instance *inst, struct xtr_fast *b, uint64_t *rest)
{
	const struct xtr_fwd *entries = w->dp->fwd.base;
	uint32_t values[XTR_BURST];

	lookup(inst->database, b->src, values, b->n);
	for (unsigned i = 0; i < b->n; i++)
		b->word1[i] = entries[values[i]].word1;
	xtr_fast_keep(b, values, rest);
}

/* Where packets of an entry go: the next hop or tunnel. Returns its action, or XTR_FWD_NONE: not for
 * the fast path. */
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
	if (unlikely(fwd->set_log2))
		b->target[i] = xtr_hop_pick(w->dp, fwd, b->hash[i]);
	return fwd->action;
}

/* What was found for each destination leads to which action. True: all to the same, kind[0]. */
static bool follow_all(
    struct xtr_worker *w, struct xtr_fast *b, const uint32_t *values, bool view, uint8_t *kind)
{
	struct xtr_fwd *entries = w->dp->fwd.base;
	uint8_t other = 0;

	b->counts = false;
	if (xtr_fast_same(values, b->n) && !entries[values[0]].set_log2) {
		kind[0] = follow(w, b, 0, &entries[values[0]], view);
		for (unsigned i = 1; i < b->n; i++) {
			b->target[i] = b->target[0];
			b->count[i] = b->count[0];
		}
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
	uint64_t left = b->n == 64 ? ~0ull : (1ull << b->n) - 1;
	struct xtr_fast part;

	while (left) {
		uint8_t k = kind[__builtin_ctzll(left)];

		part.n = 0;
		part.counts = b->counts;
		for (uint64_t look = left; look; look &= look - 1) {
			unsigned i = (unsigned)__builtin_ctzll(look);

			if (kind[i] == k) {
				move(&part, part.n++, b, i);
				left &= ~(1ull << i);
			}
		}
		act(w, p, &part, k, rest);
	}
}

/* To the front, in their order. */
static unsigned keep_rest(struct rte_mbuf **m, uint64_t rest)
{
	unsigned kept = 0;

	for (; rest; rest &= rest - 1)
		m[kept++] = m[__builtin_ctzll(rest)];
	return kept;
}

unsigned xtr_fast_burst(struct xtr_worker *w, unsigned port, struct rte_mbuf **m, unsigned n)
{
	const struct xtr_dp_port *p = &w->dp->ports[port];
	const struct xtr_instance *inst = &w->dp->instances[p->inst];
	uint32_t ok[XTR_BURST], values[XTR_BURST];
	uint8_t kind[XTR_BURST];
	uint64_t rest = 0, bytes;
	uint32_t mac[2] = {0};
	struct xtr_raw raw;
	struct xtr_fast b;
	unsigned left;

	if (unlikely(p->proxy) || unlikely(w->dp->stages_only))
		return n;
	for (unsigned i = 0; i < n; i++)
		rte_prefetch0(rte_pktmbuf_mtod(m[i], void *));
	load(m, n, &raw, &b);
	memcpy(mac, p->mac, sizeof(p->mac));
	bytes = check_frames(&raw, &b, mac);
	xtr_fast_check(&raw, &b, ok);
	xtr_fast_keep(&b, ok, &rest);
	if (p->site)
		check_source(w, inst, &b, &rest);
	if (b.n) {
		lookup(p->site ? inst->lisp : inst->routes, b.dst, values, b.n);
		if (likely(follow_all(w, &b, values, p->site, kind)))
			act(w, p, &b, kind[0], &rest);
		else
			act_mixed(w, p, &b, kind, &rest);
	}
	left = keep_rest(m, rest);
	for (unsigned i = 0; i < left; i++)
		bytes -= m[i]->pkt_len;
	w->counters[XTR_CTR_RX] += n - left;
	w->port_rx[port][0] += n - left;
	w->port_rx[port][1] += bytes;
	return left;
}
