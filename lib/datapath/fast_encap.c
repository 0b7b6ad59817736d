/* SPDX-License-Identifier: BSD-3-Clause */
/* Encapsulation of a burst, IPv4 in IPv4: see encap.c for what it does and why. */
#include "datapath/fast.h"

#define OUTER (XTR_FAST_ETH + XTR_FAST_NET)

/* What goes into each packet's headers, ready-made. */
struct words {
	uint32_t o2[XTR_BURST], h2[XTR_BURST];
	uint32_t len_tos[XTR_BURST]; /* outer version to length */
	uint32_t udp_ports[XTR_BURST], udp_len[XTR_BURST];
	uint32_t flag[XTR_BURST]; /* I */
};

XTR_FAST_LOOP static void make_words(
    const struct xtr_fast *restrict b, const uint32_t *restrict csum, struct words *restrict o)
{
	for (unsigned i = 0; i < b->n; i++) {
		uint32_t h2 = b->h2[i], total = b->total[i] + XTR_FAST_NET;
		uint32_t tos = b->h0[i] >> 8 & 0xff, ttl = (h2 & 0xff) - 1, sum;

		sum = csum[i] + tos + total + (ttl << 8);
		sum = (sum & 0xffff) + (sum >> 16);
		sum += sum >> 16;
		o->o2[i] = xtr_swap16(~sum & 0xffff) << 16 | IPPROTO_UDP << 8 | ttl;
		o->len_tos[i] = xtr_swap16(total) << 16 | tos << 8 | 0x45;
		o->udp_ports[i] =
		    xtr_swap16(XTR_PORT_DATA) << 16 | xtr_swap16(0xc000 | (b->hash[i] & 0x3fff));
		o->udp_len[i] = xtr_swap16(total - XTR_FAST_IP);
		o->flag[i] = b->word1[i] & 0x00ffffff ? XTR_DATA_I : 0;
		o->h2[i] = xtr_fast_less_ttl(h2, 1);
	}
}

static uint32_t ready(
    const struct xtr_worker *w, const struct xtr_fast *b, unsigned i, const struct xtr_tunnel *t)
{
	uint8_t state = __atomic_load_n(&t->state, __ATOMIC_ACQUIRE);

	bool yes = (state == XTR_HOP_READY) & xtr_fast_gate(w, &t->gate) &
		   (b->total[i] + XTR_FAST_NET <= t->mtu) & (t->len == OUTER) &
		   (b->m[i]->data_off >= XTR_FAST_NET);

	return yes ? ~0u : 0;
}

/* Which tunnels can take their packets. */
static void look(struct xtr_worker *w, const struct xtr_fast *b, uint32_t *ok)
{
	const struct xtr_tunnel *tunnels = w->dp->tunnel.base;

	for (unsigned i = 0; i < b->n; i++) {
		rte_prefetch0(&tunnels[b->target[i]]);
		rte_prefetch0(&w->rloc[b->target[i]]);
	}
	for (unsigned i = 0; i < b->n; i++)
		ok[i] = ready(w, b, i, &tunnels[b->target[i]]);
}

static inline void write_headers(
    const struct xtr_fast *b, const struct words *o, unsigned i, const struct xtr_tunnel *t)
{
	uint32_t total = b->total[i] + XTR_FAST_NET;
	uint8_t *ip = b->ip[i], *net = ip - XTR_FAST_NET;
	struct rte_mbuf *m = b->m[i];

	xtr_put32(ip + 8, o->h2[i]);
	memcpy(ip - OUTER, t->tmpl, 32);
	memcpy(ip - 32, t->tmpl + OUTER - 32, 32);
	xtr_put32(net, o->len_tos[i]);
	xtr_put32(net + 8, o->o2[i]);
	xtr_put64(net + XTR_FAST_IP, (uint64_t)o->udp_len[i] << 32 | o->udp_ports[i]);
	net[XTR_FAST_IP + 8] = (uint8_t)(t->tmpl[OUTER - 8] | o->flag[i]);
	xtr_put32(ip - 4, b->word1[i]);
	m->data_off = (uint16_t)(m->data_off - XTR_FAST_NET);
	m->data_len = (uint16_t)(total + XTR_FAST_ETH);
	m->pkt_len = total + XTR_FAST_ETH;
}

/* Entries that have counters of their own. */
static void count_entries(struct xtr_worker *w, const struct xtr_fast *b)
{
	for (unsigned i = 0; i < b->n; i++)
		if (b->count[i]) {
			w->entry[b->count[i]].packets++;
			w->entry[b->count[i]].bytes += b->total[i] + XTR_FAST_NET;
		}
}

static inline void count(struct xtr_worker *w, uint32_t index, uint64_t packets, uint64_t bytes)
{
	w->rloc[index].packets += packets;
	w->rloc[index].bytes += bytes;
}

/* The whole burst to one tunnel. */
static void encap_one(struct xtr_worker *w, const struct xtr_fast *b, const struct xtr_tunnel *t)
{
	uint32_t csum[XTR_BURST];
	uint64_t bytes = 0;
	struct words o;

	for (unsigned i = 0; i < b->n; i++)
		csum[i] = t->csum;
	make_words(b, csum, &o);
	for (unsigned i = 0; i < b->n; i++) {
		write_headers(b, &o, i, t);
		bytes += b->total[i];
	}
	if (unlikely(b->counts))
		count_entries(w, b);
	count(w, b->target[0], b->n, bytes + b->n * XTR_FAST_NET);
	xtr_fast_tx_one(w, b->m, t->port, b->n);
}

static void encap_each(struct xtr_worker *w, const struct xtr_fast *b)
{
	const struct xtr_tunnel *tunnels = w->dp->tunnel.base;
	uint32_t csum[XTR_BURST];
	uint8_t ports[XTR_BURST];
	struct words o;

	for (unsigned i = 0; i < b->n; i++)
		csum[i] = tunnels[b->target[i]].csum;
	make_words(b, csum, &o);
	for (unsigned i = 0; i < b->n; i++) {
		const struct xtr_tunnel *t = &tunnels[b->target[i]];

		write_headers(b, &o, i, t);
		count(w, b->target[i], 1, b->total[i] + XTR_FAST_NET);
		ports[i] = t->port;
	}
	if (unlikely(b->counts))
		count_entries(w, b);
	xtr_fast_tx(w, b->m, ports, b->n);
}

void xtr_fast_encap(struct xtr_worker *w, struct xtr_fast *b, uint64_t *rest)
{
	uint32_t ok[XTR_BURST];
	const struct xtr_tunnel *t = (const struct xtr_tunnel *)w->dp->tunnel.base + b->target[0];

	if (xtr_fast_same(b->target, b->n)) {
		uint8_t state = __atomic_load_n(&t->state, __ATOMIC_ACQUIRE);
		uint32_t max = 0, min = ~0u;
		for (unsigned i = 0; i < b->n; i++) {
			max = RTE_MAX(max, b->total[i]);
			min = RTE_MIN(min, (uint32_t)b->m[i]->data_off);
		}
		if (likely((state == XTR_HOP_READY) & xtr_fast_gate(w, &t->gate) &
			   (max + XTR_FAST_NET <= t->mtu) & (t->len == OUTER) &
			   (min >= XTR_FAST_NET))) {
			w->counters[XTR_CTR_ENCAP] += b->n;
			encap_one(w, b, t);
			return;
		}
	}
	look(w, b, ok);
	xtr_fast_keep(b, ok, rest);
	w->counters[XTR_CTR_ENCAP] += b->n;
	encap_each(w, b);
}
