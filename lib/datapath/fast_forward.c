/* SPDX-License-Identifier: BSD-3-Clause */
/* Native forwarding of a burst, and what comes out of tunnels, which goes the same way: see
 * forward.c for what it does and why. */
#include "datapath/fast_way.h"

static void lower_hops(struct xtr_fast *b)
{
	const xtr_vec one = xtr_vec_of(1);

	XTR_FAST_EACH(i, b->n)
	{
		xtr_vec word = XTR_VEC(b->hop_word, i);

		XTR_VEC(b->hop_word, i) =
		    b->af == 4 ? xtr_fast_less4(word, one) : xtr_fast_less6(word, one);
	}
}

/* Of what lies from the IP headers on; the longest in *max. */
static uint64_t bytes_of(const struct xtr_fast *b, uint32_t *max)
{
	uint32_t longest = 0, bytes = 0;

	for (unsigned i = 0; i < b->n; i++) {
		bytes += b->total[i];
		longest = b->total[i] > longest ? b->total[i] : longest;
	}
	*max = longest;
	return bytes;
}

static bool ready(const struct xtr_worker *w, const struct xtr_adj *adj, uint32_t total)
{
	uint8_t state = __atomic_load_n(&adj->state, __ATOMIC_ACQUIRE);

	return state == XTR_HOP_READY && xtr_fast_gate(w, &adj->gate) && total <= adj->mtu;
}

/* An Ethernet header, to be stored in two pieces that overlap. */
struct eth {
	uint64_t first, last;
};

static inline struct eth eth_of(const struct xtr_adj *adj, unsigned af)
{
	uint8_t h[XTR_FAST_ETH];
	struct eth e;

	memcpy(h, adj->eth, 12);
	h[12] = af == 4 ? RTE_ETHER_TYPE_IPV4 >> 8 : RTE_ETHER_TYPE_IPV6 >> 8;
	h[13] = af == 4 ? RTE_ETHER_TYPE_IPV4 & 0xff : RTE_ETHER_TYPE_IPV6 & 0xff;
	memcpy(&e.first, h, 8);
	memcpy(&e.last, h + XTR_FAST_ETH - 8, 8);
	return e;
}

static __rte_always_inline void put_header(
    const struct xtr_fast *b, unsigned i, struct eth e, unsigned hop_at)
{
	uint8_t *ip = b->ip[i];

	xtr_put64(ip - XTR_FAST_ETH, e.first);
	xtr_put64(ip - 8, e.last);
	xtr_put32(ip + hop_at, b->hop_word[i]);
}

static void put_lengths(const struct xtr_fast *b, unsigned off)
{
	uint32_t lengths[XTR_BURST][2] XTR_FAST_ALIGN;

	xtr_fast_lengths(b, XTR_FAST_ETH, lengths);
	for (unsigned i = 0; i < b->n; i++) {
		b->m[i]->data_off = (uint16_t)(b->m[i]->data_off + off);
		xtr_fast_put_length(b->m[i], lengths[i]);
	}
}

static void emit_each(struct xtr_worker *w, struct xtr_fast *b, unsigned off, uint64_t *rest)
{
	const struct xtr_adj *adjs = w->dp->adj.base;
	uint8_t ports[XTR_BURST];
	uint32_t ok[XTR_BURST], ignored;

	for (unsigned i = 0; i < b->n; i++)
		rte_prefetch0(&adjs[b->target[i]]);
	for (unsigned i = 0; i < b->n; i++)
		ok[i] = ready(w, &adjs[b->target[i]], b->total[i]) ? ~0u : 0;
	xtr_fast_behind(b, ok); /* some of a flow are too large */
	xtr_fast_keep(b, ok, rest);
	for (unsigned i = 0; i < b->n; i++) {
		const struct xtr_adj *adj = &adjs[b->target[i]];

		put_header(b, i, eth_of(adj, b->af), xtr_fast_hop_at(b->af));
		ports[i] = adj->port;
	}
	if (off || b->padded)
		put_lengths(b, off);
	XTR_FAST_STEP(HEADERS);
	xtr_fast_tx(w, b->m, ports, b->n, bytes_of(b, &ignored) + b->n * XTR_FAST_ETH);
	XTR_FAST_STEP(TX);
}

void xtr_fast_emit(struct xtr_worker *w, struct xtr_fast *b, unsigned off, uint64_t *rest)
{
	const struct xtr_adj *adj = (const struct xtr_adj *)w->dp->adj.base + b->target[0];
	unsigned hop_at = xtr_fast_hop_at(b->af);
	uint64_t bytes;
	uint32_t max;
	struct eth e;

	bytes = bytes_of(b, &max);
	if (!xtr_fast_same(b->target, b->n) || unlikely(!ready(w, adj, max))) {
		emit_each(w, b, off, rest);
		return;
	}
	e = eth_of(adj, b->af);
	for (unsigned i = 0, n = b->n; i < n; i++)
		put_header(b, i, e, hop_at);
	if (off || b->padded)
		put_lengths(b, off);
	XTR_FAST_STEP(HEADERS);
	xtr_fast_tx_one(w, b->m, adj->port, b->n, bytes + b->n * XTR_FAST_ETH);
	XTR_FAST_STEP(TX);
}

void xtr_fast_forward(struct xtr_worker *w, struct xtr_fast *b, uint64_t *rest)
{
	lower_hops(b);
	xtr_fast_emit(w, b, 0, rest);
	w->counters[XTR_CTR_NATIVE] += b->n;
}
