/* SPDX-License-Identifier: BSD-3-Clause */
/* Native forwarding of a burst, and decapsulation, whose packets go the same way: see forward.c and
 * decap.c for what it does and why. */
#include "datapath/fast.h"

#include "datapath/ecn.h"
#include "datapath/hop.h"
#include "datapath/source.h"

XTR_FAST_LOOP static void lower_ttl(struct xtr_fast *b)
{
	for (unsigned i = 0; i < b->n; i++)
		b->h2[i] = xtr_fast_less_ttl(b->h2[i], 1);
}

XTR_FAST_LOOP static uint32_t longest(const struct xtr_fast *b)
{
	uint32_t max = 0;

	for (unsigned i = 0; i < b->n; i++)
		max = b->total[i] > max ? b->total[i] : max;
	return max;
}

static bool ready(const struct xtr_worker *w, const struct xtr_adj *adj, uint32_t total)
{
	uint8_t state = __atomic_load_n(&adj->state, __ATOMIC_ACQUIRE);

	return (state == XTR_HOP_READY) & xtr_fast_gate(w, &adj->gate) & (total <= adj->mtu);
}

/* Headers and length; the frame starts ETH before the IP header. */
/* The Ethernet header of an IPv4 packet, to be stored in three pieces. */
struct eth {
	uint64_t a;
	uint32_t b;
	uint16_t c;
};

static inline struct eth eth_of(const struct xtr_adj *adj)
{
	struct eth e;

	memcpy(&e.a, adj->eth, 8);
	memcpy(&e.b, adj->eth + 8, 4);
	e.c = rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4);
	return e;
}

static __rte_always_inline void write_headers(
    const struct xtr_fast *b, unsigned i, struct eth e, unsigned off)
{
	struct rte_mbuf *m = b->m[i];
	uint8_t *ip = b->ip[i], *frame = ip - XTR_FAST_ETH;

	xtr_put32(ip + 8, b->h2[i]);
	memcpy(frame, &e.a, 8);
	memcpy(frame + 8, &e.b, 4);
	memcpy(frame + 12, &e.c, 2);
	if (off)
		m->data_off = (uint16_t)(m->data_off + off);
	m->data_len = (uint16_t)(b->total[i] + XTR_FAST_ETH);
	m->pkt_len = b->total[i] + XTR_FAST_ETH;
}

/* Sends what can go. */
static __rte_always_inline void emit(
    struct xtr_worker *w, struct xtr_fast *b, unsigned off, uint64_t *rest)
{
	const struct xtr_adj *adjs = w->dp->adj.base, *adj = &adjs[b->target[0]];
	uint8_t ports[XTR_BURST];
	uint32_t ok[XTR_BURST];

	if (likely(xtr_fast_same(b->target, b->n)) && likely(ready(w, adj, longest(b)))) {
		struct eth e = eth_of(adj);

		for (unsigned i = 0, n = b->n; i < n; i++)
			write_headers(b, i, e, off);
		xtr_fast_tx_one(w, b->m, adj->port, b->n);
		return;
	}
	for (unsigned i = 0; i < b->n; i++)
		rte_prefetch0(&adjs[b->target[i]]);
	for (unsigned i = 0; i < b->n; i++)
		ok[i] = ready(w, &adjs[b->target[i]], b->total[i]) ? ~0u : 0;
	xtr_fast_keep(b, ok, rest);
	for (unsigned i = 0; i < b->n; i++) {
		write_headers(b, i, eth_of(&adjs[b->target[i]]), off);
		ports[i] = adjs[b->target[i]].port;
	}
	xtr_fast_tx(w, b->m, ports, b->n);
}

void xtr_fast_forward(struct xtr_worker *w, struct xtr_fast *b, uint64_t *rest)
{
	lower_ttl(b);
	emit(w, b, 0, rest);
	w->counters[XTR_CTR_NATIVE] += b->n;
}

/* --- decapsulation --- */

/* What is in the tunnels: outer headers and what is inside, as they stand. */
struct opened {
	uint32_t udp[XTR_BURST][4]; /* UDP and LISP header */
	struct xtr_raw inner;
};

static void load(struct xtr_worker *w, const struct xtr_fast *b, struct opened *o,
    struct xtr_fast *d, uint32_t *inst)
{
	for (unsigned i = 0; i < b->n; i++) {
		uint8_t *udp = b->ip[i] + XTR_FAST_IP;
		struct xtr_data_hdr h = xtr_data_read(udp + 8);

		memcpy(o->udp[i], udp, 16);
		xtr_fast_load(&o->inner, i, udp + 16);
		inst[i] = __atomic_load_n(&w->dp->inst_of_iid[h.instance_id], __ATOMIC_ACQUIRE);
		d->ip[i] = udp + 16;
	}
	memcpy(d->m, b->m, b->n * sizeof(b->m[0]));
	memcpy(d->place, b->place, b->n);
	d->n = b->n;
}

/* How much room outer headers leave, 0 where there is more to say of them. */
XTR_FAST_LOOP static void check_outer(const struct xtr_fast *restrict b,
    const struct opened *restrict o, struct xtr_fast *restrict d, const uint32_t *restrict inst)
{
	for (unsigned i = 0; i < b->n; i++) {
		uint32_t udp_len = xtr_swap16(o->udp[i][1] & 0xffff);
		uint32_t bad = ((b->h2[i] & 0xff00) ^ (IPPROTO_UDP << 8)) |
			       ((o->udp[i][0] >> 16) ^ xtr_swap16(XTR_PORT_DATA)) |
			       (udp_len + XTR_FAST_IP - b->total[i]) |
			       (o->udp[i][2] & (XTR_DATA_KK | XTR_DATA_P));

		bad |=
		    (b->total[i] < XTR_FAST_NET + XTR_FAST_IP ? 1u : 0) | (inst[i] == 0 ? 1u : 0);
		d->room[i] = bad ? 0 : b->total[i] - XTR_FAST_NET;
	}
}

/* ECN, DSCP and TTL of inner and outer header become one (decap.c: merge_header). Where that is
 * more than a smaller TTL, the stages do it. */
XTR_FAST_LOOP static void merge(
    const struct xtr_fast *restrict b, struct xtr_fast *restrict d, uint32_t *restrict ok)
{
	for (unsigned i = 0; i < d->n; i++) {
		uint32_t inner = d->h2[i] & 0xff, outer = b->h2[i] & 0xff;
		uint32_t less = (inner > outer ? inner - outer : 0) + 1;

		ok[i] &= ((b->h0[i] ^ d->h0[i]) & 0xff00 ? 0 : ~0u);
		d->h2[i] = xtr_fast_less_ttl(d->h2[i], less);
	}
}

/* Keeps in ok[] what may come from the RLOC that it came from. */
static void check_sources(const struct xtr_worker *w, const struct xtr_fast *b,
    const struct xtr_fast *d, const uint32_t *inst, uint32_t *ok)
{
	const struct xtr_instance *instances = w->dp->instances;
	const struct xtr_lpm *tables[XTR_BURST];
	uint32_t entry[XTR_BURST];
	uint8_t check = 0;

	for (unsigned i = 0; i < d->n; i++) {
		const struct xtr_instance *in = &instances[inst[i] ? inst[i] - 1 : 0];

		tables[i] = in->lisp;
		check |= in->source_check;
	}
	if (check == XTR_CHECK_OFF)
		return;
	xtr_lpm_lookup4(tables, d->src, entry, d->n);
	for (unsigned i = 0; i < d->n; i++)
		if (!xtr_source_passes(w, &instances[inst[i] ? inst[i] - 1 : 0], entry[i], 4,
			(const uint8_t *)&b->src[i]))
			ok[i] = 0;
}

void xtr_fast_decap(struct xtr_worker *w, struct xtr_fast *b, uint64_t *rest)
{
	const struct xtr_fwd *entries = w->dp->fwd.base;
	const struct xtr_lpm *tables[XTR_BURST];
	uint32_t inst[XTR_BURST], own[XTR_BURST], route[XTR_BURST], ok[XTR_BURST];
	struct opened o;
	struct xtr_fast d;

	load(w, b, &o, &d, inst);
	check_outer(b, &o, &d, inst);
	xtr_fast_check(&o.inner, &d, ok);
	merge(b, &d, ok);
	check_sources(w, b, &d, inst, ok);
	for (unsigned i = 0; i < d.n; i++)
		tables[i] = w->dp->instances[inst[i] ? inst[i] - 1 : 0].database;
	xtr_lpm_lookup4(tables, d.dst, own, d.n);
	for (unsigned i = 0; i < d.n; i++)
		tables[i] = w->dp->instances[inst[i] ? inst[i] - 1 : 0].routes;
	xtr_lpm_lookup4(tables, d.dst, route, d.n);
	for (unsigned i = 0; i < d.n; i++) {
		const struct xtr_fwd *fwd = &entries[route[i]];

		d.target[i] = fwd->target;
		ok[i] &= own[i] && fwd->action == XTR_FWD_FORWARD && xtr_fast_gate(w, &fwd->gate)
			     ? ~0u
			     : 0;
		if (unlikely(fwd->set_log2) && ok[i])
			d.target[i] = xtr_hop_pick(w->dp, fwd, d.hash[i]);
	}
	xtr_fast_keep(&d, ok, rest);
	if (!d.n)
		return;
	emit(w, &d, XTR_FAST_NET, rest);
	w->counters[XTR_CTR_DECAP] += d.n;
	w->counters[XTR_CTR_NATIVE] += d.n;
}
