/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/xtrbench/datapath_source.h"

#include <stdlib.h>
#include <string.h>
#include <rte_ip.h>
#include <rte_udp.h>

#include "app/xtrbench/mapcache_sets.h"
#include "wire/addr.h"
#include "wire/data.h"

#define LIST (8192u * 100) /* destinations, where some are not known */

/* --- headers --- */

struct ends {
	const char *src[2], *dst[2]; /* IPv4, IPv6 */
};

static const struct ends natively = {
    {"172.16.1.3", "2001:db8:f1::3"}, {"172.18.0.0", "2001:db8:f2::"}};
static const struct ends from_site = {{"10.1.1.4", "2001:db8:1::4"}, {"10.2.0.0", "2001:db8:2::"}};
static const struct ends from_far = {{"10.2.2.5", "2001:db8:2::5"}, {"10.1.0.0", "2001:db8:1::"}};
static const struct ends tunnel = {
    {"172.32.0.1", "2001:db8:f3::1"}, {"172.16.1.2", "2001:db8:f1::2"}};

static const struct ends *ends_of(const struct bench_case *c)
{
	return c->way == BENCH_NATIVE ? &natively : c->way == BENCH_ENCAP ? &from_site : &from_far;
}

static struct xtr_ip address(const char *text)
{
	struct xtr_ip ip;

	if (xtr_ip_parse(text, &ip) < 0)
		abort();
	return ip;
}

/* An IP and a UDP header for `len` bytes with these. Returns how long they are. */
static unsigned put_headers(
    uint8_t *p, unsigned af, const struct ends *e, unsigned len, uint16_t dport)
{
	struct xtr_ip src = address(e->src[af == 6]), dst = address(e->dst[af == 6]);
	struct rte_ipv4_hdr *ip4 = (struct rte_ipv4_hdr *)p;
	struct rte_ipv6_hdr *ip6 = (struct rte_ipv6_hdr *)p;
	unsigned at = af == 6 ? sizeof(*ip6) : sizeof(*ip4);
	struct rte_udp_hdr *udp = (struct rte_udp_hdr *)(p + at);

	if (af == 6) {
		*ip6 = (struct rte_ipv6_hdr){.vtc_flow = rte_cpu_to_be_32(6u << 28),
		    .payload_len = rte_cpu_to_be_16((uint16_t)(len - at)),
		    .proto = IPPROTO_UDP,
		    .hop_limits = 64};
		memcpy(ip6->src_addr, src.b, 16);
		memcpy(ip6->dst_addr, dst.b, 16);
	} else {
		*ip4 = (struct rte_ipv4_hdr){.version_ihl = 0x45,
		    .total_length = rte_cpu_to_be_16((uint16_t)len),
		    .time_to_live = 64,
		    .next_proto_id = IPPROTO_UDP};
		memcpy(&ip4->src_addr, src.b, 4);
		memcpy(&ip4->dst_addr, dst.b, 4);
		ip4->hdr_checksum = rte_ipv4_cksum(ip4);
	}
	*udp = (struct rte_udp_hdr){.src_port = rte_cpu_to_be_16(0xc000),
	    .dst_port = rte_cpu_to_be_16(dport),
	    .dgram_len = rte_cpu_to_be_16((uint16_t)(len - at))};
	return at + (unsigned)sizeof(*udp);
}

static void put_ethernet(uint8_t *p, unsigned port, unsigned af)
{
	memcpy(p, bench_mac[port], 6);
	memcpy(p + 6, bench_neighbour_mac[port], 6);
	p[12] = af == 6 ? 0x86 : 0x08;
	p[13] = af == 6 ? 0xdd : 0x00;
}

/* A frame of `size` bytes at the site, and in the tunnel if it comes by one. */
static void make_frame(struct bench_source *s, const struct bench_case *c, struct bench_frame *f,
    unsigned port, unsigned size)
{
	bool in_tunnel = c->way == BENCH_DECAP;
	unsigned len = size - 4 - 14, at = 14, outer = c->outer == 6 ? 56 : 36;

	put_ethernet(f->b, port, in_tunnel ? c->outer : c->inner);
	if (in_tunnel) {
		s->sport_at = (uint16_t)(at + outer - 16);
		at += put_headers(f->b + at, c->outer, &tunnel, len + outer, XTR_PORT_DATA);
		at += XTR_DATA_HDR_LEN; /* all zero */
	}
	s->csum_at = (uint16_t)(c->inner == 4 ? at + 10 : 0);
	s->dst_at = (uint16_t)(at + (c->inner == 4 ? 16 : 24));
	s->src_at = (uint16_t)(at + (c->inner == 4 ? 14 : 22));
	f->len = (uint16_t)(at + len);
	f->head = (uint16_t)(at + put_headers(f->b + at, c->inner, ends_of(c), len, 9));
	for (unsigned i = 0; c->inner == 4 && i < 16; i += 2)
		f->sum += i == 10 || (i == 14 && c->sources > 1)
			      ? 0u
			      : (uint32_t)f->b[at + i] << 8 | f->b[at + i + 1];
}

/* --- destinations --- */

/* Flow number n, of those to one prefix. */
static void put_flow(const struct bench_case *c, uint8_t *b, unsigned n)
{
	struct xtr_ip ip = address(ends_of(c)->dst[c->inner == 6]);
	unsigned len = c->inner == 4 ? 4 : 16;

	memcpy(b, ip.b, len);
	n++;
	b[len - 2] = (uint8_t)(n >> 8);
	b[len - 1] = (uint8_t)n;
}

static void put_miss(const struct bench_source *s, uint8_t *b)
{
	for (unsigned i = 1; i < s->dst_len; i++)
		b[i] = (uint8_t)bench_random();
	b[0] = s->miss;
}

static void put_hit(const struct bench_source *s, const struct bench_dp *d, uint8_t *b, unsigned n)
{
	if (d->far)
		memcpy(b, d->far + (size_t)(n % d->n_far) * s->dst_len, s->dst_len);
	else
		put_flow(d->c, b, n % d->c->flows);
}

/* Of each hundred, `hits` that are known, at places drawn by lot. */
static int make_list(struct bench_source *s, const struct bench_dp *d, unsigned hits, unsigned n)
{
	unsigned known = 0, need = 0;

	s->own = malloc((size_t)n * s->dst_len);
	if (!s->own)
		return -1;
	for (unsigned i = 0; i < n; i++) {
		uint8_t *b = s->own + (size_t)i * s->dst_len;

		if (i % 100 == 0)
			need = hits;
		if (bench_random() % (100 - i % 100) < need) {
			put_hit(s, d, b, known++);
			need--;
		} else {
			put_miss(s, b);
		}
	}
	s->dst = s->own;
	s->n_dst = n;
	return 0;
}

static int open_list(struct bench_source *s, const struct bench_dp *d, enum bench_mix mix)
{
	unsigned named = d->c->hits < 0 ? 100 : (unsigned)d->c->hits;
	unsigned hits = mix == BENCH_HITS ? 100 : mix == BENCH_MISSES ? 0 : named;

	s->dst_len = d->c->inner == 4 ? 4 : 16;
	s->miss = d->c->inner == 4 ? BENCH_MISS4 : BENCH_MISS6;
	if (hits < 100)
		return make_list(s, d, hits, LIST);
	if (!d->far)
		return make_list(s, d, 100, d->c->flows);
	s->dst = d->far;
	s->n_dst = d->n_far;
	return 0;
}

int bench_source_open(
    struct bench_source *s, const struct bench_dp *d, enum bench_mix mix, unsigned port)
{
	static const uint8_t imix[12] = {0, 1, 0, 0, 1, 0, 2, 0, 1, 0, 1, 0};
	const unsigned smallest = d->c->inner == 4 ? 64 : 66;

	memset(s, 0, sizeof(*s));
	s->pool = d->dp ? d->dp->rx_pool : NULL;
	s->port = port;
	s->seg = d->c->seg;
	s->n_src = d->c->sources;
	s->n_order = d->c->imix ? sizeof(imix) : 1;
	if (d->c->imix)
		memcpy(s->order, imix, sizeof(imix));
	make_frame(s, d->c, &s->frame[0], port, d->c->imix ? smallest : d->c->size);
	make_frame(s, d->c, &s->frame[1], port, 594);
	make_frame(s, d->c, &s->frame[2], port, 1518);
	if (open_list(s, d, mix) < 0) {
		fprintf(stderr, "xtrbench: packets: out of memory\n");
		return -1;
	}
	return 0;
}

void bench_source_close(struct bench_source *s)
{
	free(s->own);
	memset(s, 0, sizeof(*s));
}

void bench_source_rewind(struct bench_source *s)
{
	s->next = s->turn = s->src = 0;
	s->misses = 0;
}

/* --- frames --- */

static uint16_t checksum(uint32_t sum, const uint8_t *dst)
{
	sum += ((uint32_t)dst[0] << 8 | dst[1]) + ((uint32_t)dst[2] << 8 | dst[3]);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t) ~((sum & 0xffff) + (sum >> 16));
}

static void put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

unsigned bench_source_next(struct bench_source *s, uint8_t *p, bool payload)
{
	const struct bench_frame *f = &s->frame[s->order[s->turn]];
	const uint8_t *dst = s->dst + (size_t)s->next * s->dst_len;

	memcpy(p, f->b, payload ? f->head : RTE_MIN(f->len, BENCH_HEAD));
	memcpy(p + s->dst_at, dst, s->dst_len);
	if (s->n_src > 1) {
		s->src = s->src < s->n_src ? s->src + 1 : 1;
		put16(p + s->src_at, s->src);
	}
	if (s->csum_at)
		put16(p + s->csum_at, checksum(f->sum + s->src, dst));
	if (s->sport_at)
		put16(p + s->sport_at, 0xc000 | (s->next & 0x3fff));
	for (unsigned i = f->head; payload && i < f->len; i++)
		p[i] = (uint8_t)(i + s->next);
	s->misses += dst[0] == s->miss;
	s->next = s->next + 1 < s->n_dst ? s->next + 1 : 0;
	s->turn = s->turn + 1 < s->n_order ? s->turn + 1 : 0;
	return f->len;
}

/* One more frame, in as many buffers as its length needs. */
static struct rte_mbuf *take_chain(struct bench_source *s, unsigned len)
{
	struct rte_mbuf *head = NULL, *last = NULL;

	for (unsigned at = 0; at < len; at += s->seg) {
		struct rte_mbuf *m = rte_pktmbuf_alloc(s->pool);

		if (!m) {
			rte_pktmbuf_free(head);
			return NULL;
		}
		m->data_len = (uint16_t)RTE_MIN(s->seg, len - at);
		if (last)
			last->next = m;
		else
			head = m;
		last = m;
		head->nb_segs = (uint16_t)(head == m ? 1 : head->nb_segs + 1);
	}
	head->pkt_len = len;
	return head;
}

int bench_source_take(struct bench_source *s, struct rte_mbuf **m, unsigned n)
{
	if (s->seg) {
		for (unsigned i = 0; i < n; i++) {
			m[i] = take_chain(s, s->frame[s->order[s->turn]].len);
			if (!m[i]) {
				rte_pktmbuf_free_bulk(m, i);
				return -1;
			}
			bench_source_next(s, rte_pktmbuf_mtod(m[i], uint8_t *), false);
		}
		return 0;
	}
	if (rte_pktmbuf_alloc_bulk(s->pool, m, n) < 0)
		return -1;
	for (unsigned i = 0; i < n; i++) {
		unsigned len = bench_source_next(s, rte_pktmbuf_mtod(m[i], uint8_t *), false);

		m[i]->data_len = (uint16_t)len;
		m[i]->pkt_len = len;
	}
	return 0;
}
