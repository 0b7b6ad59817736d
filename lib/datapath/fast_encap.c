/* SPDX-License-Identifier: BSD-3-Clause */
/* Encapsulation of a burst, either family in either: see encap.c for what it does and why. */
#include "datapath/fast_way.h"

/* What goes into each packet's headers. */
struct words {
	/* the outer IP header's first four words, UDP and LISP headers */
	uint32_t ip[4][XTR_BURST] XTR_FAST_ALIGN, udp[4][XTR_BURST];
	uint32_t hop_word[XTR_BURST];   /* inner */
	uint32_t lengths[XTR_BURST][2]; /* the mbufs' */
};

static __rte_always_inline unsigned template_len(unsigned af)
{
	return XTR_FAST_ETH + XTR_FAST_NET(af);
}

/* What the tunnel's template says of its packets' words. */
static __rte_always_inline void template_words(
    struct words *o, unsigned i, const struct xtr_tunnel *t, unsigned af)
{
	const uint8_t *ip = t->tmpl + XTR_FAST_ETH;

	if (af == 4)
		memcpy(&o->ip[1][i], ip + 4, 4);
	memcpy(&o->ip[2][i], ip + 8, 4);
	memcpy(&o->ip[3][i], ip + 12, 4);
}

/* The same for all packets. */
static __rte_always_inline void template_words_one(
    struct words *restrict o, unsigned n, const struct xtr_tunnel *t, unsigned af)
{
	template_words(o, 0, t, af);
	for (unsigned k = af == 4 ? 1 : 2; k < 4; k++)
		xtr_fast_fill(o->ip[k], n, o->ip[k][0]);
}

/* The vector of a packet's words. */
#define OF(words) XTR_VEC_CONST(b->words, i)

static void make_outer4(const struct xtr_fast *restrict b, struct words *restrict o)
{
	XTR_FAST_EACH(i, b->n)
	{
		xtr_vec total = OF(total) + XTR_FAST_NET(4), ttl = OF(hops) - 1;
		xtr_vec first = xtr_vec_swap16(total) << 16 | OF(tos) << 8;
		/* the template's sum, and what was 0 in it */
		xtr_vec sum =
		    (~XTR_VEC(o->ip[2], i) >> 16) + (first & 0xffff) + (first >> 16) + ttl;

		sum = (sum & 0xffff) + (sum >> 16);
		sum += sum >> 16;
		XTR_VEC(o->ip[0], i) = first | 0x45;
		XTR_VEC(o->ip[2], i) = ~sum << 16 | IPPROTO_UDP << 8 | ttl;
	}
}

static void make_outer6(const struct xtr_fast *restrict b, struct words *restrict o)
{
	XTR_FAST_EACH(i, b->n)
	{
		xtr_vec label = OF(hash) & RTE_IPV6_HDR_FL_MASK, tos = OF(tos);

		/* none would be 0: 1, as a comparison says -1 */
		label -= XTR_IF(label == 0);
		XTR_VEC(o->ip[0], i) = 0x60 | tos >> 4 | (tos & 0xf) << 12 | (label >> 16) << 8 |
				       xtr_vec_swap16(label) << 16;
		XTR_VEC(o->ip[1], i) = (OF(hops) - 1) << 24 | IPPROTO_UDP << 16 |
				       xtr_vec_swap16(OF(total) + XTR_FAST_UDP);
	}
}

static void make_rest(const struct xtr_fast *restrict b, struct words *restrict o, unsigned af)
{
	const uint32_t port = (uint32_t)xtr_swap16(XTR_PORT_DATA) << 16;

	XTR_FAST_EACH(i, b->n)
	{
		xtr_vec word1 = OF(word1);

		XTR_VEC(o->udp[0], i) = xtr_vec_swap16((OF(hash) & 0x3fff) | 0xc000) | port;
		XTR_VEC(o->udp[1], i) = xtr_vec_swap16(OF(total) + XTR_FAST_UDP);
		XTR_VEC(o->udp[2], i) = (XTR_IF((word1 & 0x00ffffff) != 0) & XTR_DATA_I) |
					(XTR_IF(word1 >> 24 != 0) & XTR_DATA_L);
		XTR_VEC(o->udp[3], i) = word1;
	}
	xtr_fast_lengths(b, template_len(af), o->lengths);
}

static void make_inner(const struct xtr_fast *restrict b, struct words *restrict o)
{
	const xtr_vec one = xtr_vec_of(1);

	XTR_FAST_EACH(i, b->n)
	XTR_VEC(o->hop_word, i) =
	    b->af == 4 ? xtr_fast_less4(OF(hop_word), one) : xtr_fast_less6(OF(hop_word), one);
}

/* What is the same in all packets of a tunnel. The rows that come after have the rest. */
static __rte_always_inline void put_template(uint8_t *ip, const uint8_t *tmpl, unsigned af)
{
	uint8_t *frame = ip - template_len(af);

	memcpy(frame, tmpl, 16);
	if (af == 4)
		memcpy(frame + 30, tmpl + 30, 4);
	else
		memcpy(frame + 22, tmpl + 22, 32);
}

/* Rows, lengths; templates are there. */
static __rte_always_inline void put_words(
    const struct xtr_fast *b, const struct words *o, unsigned af)
{
	const int net = (int)XTR_FAST_NET(af);
	const unsigned hop_at = xtr_fast_hop_at(b->af);

	xtr_rows_store(b->ip, -net, b->n, o->ip);
	xtr_rows_store(b->ip, -(int)XTR_FAST_UDP, b->n, o->udp);
	for (unsigned i = 0; i < b->n; i++) {
		struct rte_mbuf *m = b->m[i];

		xtr_put32(b->ip[i] + hop_at, o->hop_word[i]);
		m->data_off = (uint16_t)(m->data_off - XTR_FAST_NET(af));
		xtr_fast_put_length(m, o->lengths[i]);
	}
}

static __rte_always_inline void make_words(const struct xtr_fast *b, struct words *o, unsigned af)
{
	if (af == 4)
		make_outer4(b, o);
	else
		make_outer6(b, o);
	make_rest(b, o, af);
	make_inner(b, o);
}

static uint64_t bytes_of(const struct xtr_fast *b, unsigned more)
{
	uint32_t bytes = 0;

	for (unsigned i = 0; i < b->n; i++)
		bytes += b->total[i];
	return bytes + (uint64_t)b->n * more;
}

/* Entries that have counters of their own. */
static void count_entries(struct xtr_worker *w, const struct xtr_fast *b, unsigned af)
{
	for (unsigned i = 0; i < b->n; i++)
		if (b->count[i]) {
			w->entry[b->count[i]].packets++;
			w->entry[b->count[i]].bytes += b->total[i] + XTR_FAST_NET(af);
		}
}

static inline void count(struct xtr_worker *w, uint32_t index, uint64_t packets, uint64_t bytes)
{
	w->rloc[index].packets += packets;
	w->rloc[index].bytes += bytes;
}

/* The whole burst to one tunnel. */
static __rte_always_inline void encap_one(
    struct xtr_worker *w, struct xtr_fast *b, const struct xtr_tunnel *t, unsigned af)
{
	uint64_t bytes = bytes_of(b, XTR_FAST_NET(af));
	uint8_t tmpl[XTR_TUNNEL_TMPL_MAX];
	struct words o;

	memcpy(tmpl, t->tmpl, 64);
	template_words_one(&o, b->n, t, af);
	make_words(b, &o, af);
	for (unsigned i = 0; i < b->n; i++)
		put_template(b->ip[i], tmpl, af);
	put_words(b, &o, af);
	if (unlikely(b->counts))
		count_entries(w, b, af);
	count(w, b->target[0], b->n, bytes);
	XTR_FAST_STEP(HEADERS);
	xtr_fast_tx_one(w, b->m, t->port, b->n, bytes + b->n * XTR_FAST_ETH);
	XTR_FAST_STEP(TX);
}

static __rte_always_inline void encap_each(struct xtr_worker *w, struct xtr_fast *b, unsigned af)
{
	const struct xtr_tunnel *tunnels = w->dp->tunnel.base;
	uint8_t ports[XTR_BURST];
	struct words o;

	for (unsigned i = 0; i < b->n; i++) {
		const struct xtr_tunnel *t = &tunnels[b->target[i]];

		put_template(b->ip[i], t->tmpl, af);
		template_words(&o, i, t, af);
		count(w, b->target[i], 1, b->total[i] + XTR_FAST_NET(af));
		ports[i] = t->port;
	}
	make_words(b, &o, af);
	put_words(b, &o, af);
	if (unlikely(b->counts))
		count_entries(w, b, af);
	XTR_FAST_STEP(HEADERS);
	xtr_fast_tx(w, b->m, ports, b->n, bytes_of(b, template_len(af)));
	XTR_FAST_STEP(TX);
}

/* The outer family, of the template's length: its own field lies in another cache line. 0: not as
 * usual. */
static inline unsigned family(const struct xtr_tunnel *t)
{
	return t->len == template_len(4) ? 4 : t->len == template_len(6) ? 6 : 0;
}

/* May packets so long, with so much room in front, go into the tunnel? */
static inline bool ready(
    const struct xtr_worker *w, const struct xtr_tunnel *t, uint32_t total, uint32_t off)
{
	unsigned af, net;

	/* the rest is written while it is not */
	if (unlikely(__atomic_load_n(&t->state, __ATOMIC_ACQUIRE) != XTR_HOP_READY))
		return false;
	af = family(t);
	net = XTR_FAST_NET(af);
	return xtr_fast_gate(w, &t->gate) &&
	       total + net <= __atomic_load_n(&t->mtu, __ATOMIC_RELAXED) && af && off >= net;
}

static bool all_ready(
    const struct xtr_worker *w, const struct xtr_tunnel *t, const struct xtr_fast *b)
{
	uint32_t max = 0, min = ~0u;

	for (unsigned i = 0; i < b->n; i++) {
		max = b->total[i] > max ? b->total[i] : max;
		min = b->off[i] < min ? b->off[i] : min;
	}
	return ready(w, t, max, min);
}

/* Those of the second family to b6, if there are both. */
static void split_families(struct xtr_fast *b, uint64_t six, struct xtr_fast *b6)
{
	uint32_t ok[XTR_BURST];
	uint64_t ignored = 0;

	xtr_fast_split(b, six, b6);
	for (unsigned i = 0; i < b->n; i++)
		ok[i] = !(six >> i & 1);
	xtr_fast_keep(b, ok, &ignored);
}

static void encap_mixed(struct xtr_worker *w, struct xtr_fast *b, uint64_t *rest)
{
	const struct xtr_tunnel *tunnels = w->dp->tunnel.base;
	uint32_t ok[XTR_BURST];
	uint64_t six = 0;

	for (unsigned i = 0; i < b->n; i++) {
		rte_prefetch0(&tunnels[b->target[i]]);
		rte_prefetch0(&w->rloc[b->target[i]]);
	}
	for (unsigned i = 0; i < b->n; i++)
		ok[i] = ready(w, &tunnels[b->target[i]], b->total[i], b->off[i]);
	xtr_fast_behind(b, ok); /* some of a flow are too large */
	xtr_fast_keep(b, ok, rest);
	w->counters[XTR_CTR_ENCAP] += b->n;
	for (unsigned i = 0; i < b->n; i++)
		six |= (uint64_t)(family(&tunnels[b->target[i]]) == 6) << i;
	if (likely(!six)) {
		encap_each(w, b, 4);
	} else if (six == xtr_fast_all(b->n)) {
		encap_each(w, b, 6);
	} else {
		struct xtr_fast b6;

		split_families(b, six, &b6);
		encap_each(w, b, 4);
		encap_each(w, &b6, 6);
	}
}

void xtr_fast_encap(struct xtr_worker *w, struct xtr_fast *b, uint64_t *rest)
{
	const struct xtr_tunnel *t = (const struct xtr_tunnel *)w->dp->tunnel.base + b->target[0];

	if (!xtr_fast_same(b->target, b->n) || unlikely(!all_ready(w, t, b))) {
		encap_mixed(w, b, rest);
		return;
	}
	w->counters[XTR_CTR_ENCAP] += b->n;
	if (family(t) == 4)
		encap_one(w, b, t, 4);
	else
		encap_one(w, b, t, 6);
}
