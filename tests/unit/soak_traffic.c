/* SPDX-License-Identifier: BSD-3-Clause */
#include "soak.h"

#define BIG        1500
#define SPLIT      0xf000 /* IP IDs from here on: to be fragmented */
#define ROOM       8192
#define FIRST_PORT 49152 /* that our tunnels send from, RFC 9300 section 12 */
#define IN_USE     6000  /* buffers that may be under way */

struct xtr_eid soak_eid(unsigned slot)
{
	struct xtr_eid e = {.iid = FX_IID, .ip.af = 4, .plen = 24};

	if (slot < SOAK_NETS) {
		memcpy(e.ip.b, (uint8_t[]){10, 2, (uint8_t)slot, 0}, 4);
	} else if (slot < 2 * SOAK_NETS) {
		e.ip = fx_ip("2001:db8:2::");
		e.ip.b[7] = (uint8_t)slot;
		e.plen = 64;
	} else {
		slot -= 2 * SOAK_NETS;
		memcpy(e.ip.b, (uint8_t[]){10, 3, (uint8_t)(slot >> 8), (uint8_t)slot}, 4);
		e.plen = 32;
	}
	return e;
}

/* --- packets --- */

static void put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* What the field of an IPv4 header must be, by RFC 1071. */
static unsigned checksum(const uint8_t *h)
{
	uint32_t sum = 0;

	for (unsigned i = 0; i < (h[0] & 15) * 4u; i += 2)
		if (i != 10)
			sum += (uint32_t)h[i] << 8 | h[i + 1];
	sum %= 65535;
	return 65535 - (sum ? sum : 65535);
}

struct packet {
	const struct xtr_ip *src, *dst;
	unsigned total, id, ttl, sport, dport;
	bool df;
};

/* IP and UDP in front of what stands behind them already. Returns the header's length. */
static unsigned write_headers(uint8_t *h, const struct packet *p)
{
	unsigned hlen = p->src->af == 6 ? 40 : 20;

	memset(h, 0, hlen + 8);
	if (hlen == 40) {
		h[0] = 0x60;
		put16(h + 4, p->total - 40);
		h[6] = IPPROTO_UDP;
		h[7] = (uint8_t)p->ttl;
		memcpy(h + 8, p->src->b, 16);
		memcpy(h + 24, p->dst->b, 16);
	} else {
		h[0] = 0x45;
		put16(h + 2, p->total);
		put16(h + 4, p->id);
		h[6] = p->df ? 0x40 : 0;
		h[8] = (uint8_t)p->ttl;
		h[9] = IPPROTO_UDP;
		memcpy(h + 12, p->src->b, 4);
		memcpy(h + 16, p->dst->b, 4);
		put16(h + 10, checksum(h));
	}
	put16(h + hlen, p->sport);
	put16(h + hlen + 2, p->dport);
	put16(h + hlen + 4, p->total - hlen);
	return hlen;
}

static unsigned ether(const struct soak_traffic *t, uint8_t *f, unsigned port, unsigned total)
{
	memcpy(f, t->c->f->dp->ports[port].mac, 6);
	memcpy(f + 6, (uint8_t[]){2, 9, 9, 9, 9, 9}, 6);
	put16(f + 12, f[14] >> 4 == 6 ? 0x86dd : 0x800);
	return 14 + total;
}

static struct xtr_ip site_host(bool six, bool second)
{
	return fx_ip(six      ? second ? "2001:db8:1:3::9" : "2001:db8:1::9"
		     : second ? "10.1.3.9"
			      : "10.1.0.9");
}

/* A host somewhere in the slots, or in what always has a mapping. */
static struct xtr_ip far_host(struct soak_traffic *t, bool six)
{
	unsigned kind = soak_random(&t->seed, 8);
	struct xtr_eid e = soak_eid(
	    six ? SOAK_NETS + soak_random(&t->seed, SOAK_NETS) : soak_random(&t->seed, SOAK_NETS));

	if (kind == 0)
		return fx_ip(six ? "2001:db8:9::5" : "10.9.0.5");
	if (kind <= 2 && !six)
		return soak_eid(2 * SOAK_NETS + soak_random(&t->seed, SOAK_HOSTS)).ip;
	e.ip.b[six ? 15 : 3] = (uint8_t)soak_random(&t->seed, 256);
	return e.ip;
}

/* The total bytes of some packet, mostly small. */
static unsigned some_total(struct soak_traffic *t, bool six)
{
	unsigned least = six ? 48 : 28;

	return least + soak_random(&t->seed, soak_random(&t->seed, 4) ? 100 : 1380);
}

/* From a site's host to an EID. */
static unsigned encap(struct soak_traffic *t, uint8_t *f, unsigned port)
{
	bool six = soak_random(&t->seed, 3) == 0;
	struct xtr_ip src = site_host(six, port == SITE2), dst = far_host(t, six);
	struct packet p = {.src = &src, .dst = &dst, .ttl = 64, .dport = 9};

	p.total = some_total(t, six);
	p.sport = soak_random(&t->seed, 1 << 16);
	write_headers(f + 14, &p);
	return ether(t, f, port, p.total);
}

/* From the core in a tunnel, to a site's host; some in an instance that is not here. */
static unsigned decap(struct soak_traffic *t, uint8_t *f, unsigned port)
{
	bool six = soak_random(&t->seed, 3) == 0, six_out = soak_random(&t->seed, 3) == 0;
	struct xtr_ip src = far_host(t, six), dst = site_host(six, soak_random(&t->seed, 2));
	struct xtr_ip from = fx_ip(six_out ? "2001:db8:c::11" : "192.0.2.11");
	struct xtr_ip to = fx_ip(six_out ? "2001:db8:c::1" : "192.0.2.1");
	struct packet p = {.src = &src, .dst = &dst, .ttl = 64, .dport = 9},
		      out = {.src = &from, .dst = &to, .ttl = 60, .dport = XTR_PORT_DATA};
	unsigned at = six_out ? 40 : 20;
	uint8_t *lisp = f + 14 + at + 8;

	p.total = some_total(t, six);
	out.total = at + 16 + p.total;
	out.sport = 1000;
	write_headers(f + 14, &out);
	put16(f + 14 + at + 6, 0);
	memset(lisp, 0, 8);
	lisp[0] = XTR_DATA_I;
	lisp[6] = soak_random(&t->seed, 50) ? FX_IID : 77;
	write_headers(lisp + 8, &p);
	return ether(t, f, port, out.total);
}

static unsigned native(struct soak_traffic *t, uint8_t *f, unsigned port)
{
	bool six = soak_random(&t->seed, 3) == 0, core = port == CORE || port == CORE2;
	struct xtr_ip stranger = fx_ip(six ? "2001:db8:77::1" : "203.0.113.1"),
		      gateway = fx_ip(six ? "2001:db8:c::11" : "192.0.2.11"),
		      host = site_host(six, soak_random(&t->seed, 2));
	struct packet p = {.src = &stranger,
	    .dst = core ? &host : &gateway,
	    .ttl = 64,
	    .total = some_total(t, six),
	    .sport = soak_random(&t->seed, 1 << 16)};

	write_headers(f + 14, &p);
	return ether(t, f, port, p.total);
}

/* Larger than the tunnel of what is always mapped allows. */
static unsigned too_big(struct soak_traffic *t, uint8_t *f, unsigned port)
{
	bool six = soak_random(&t->seed, 3) == 0;
	struct xtr_ip src = site_host(six, port == SITE2),
		      dst = fx_ip(six ? "2001:db8:9::5" : "10.9.0.5");
	struct packet p = {
	    .src = &src, .dst = &dst, .ttl = 9, .total = BIG, .df = soak_random(&t->seed, 2)};

	if (!p.df && !six) {
		p.id = SPLIT + soak_random(&t->seed, 0x1000);
		t->to_split++;
	}
	write_headers(f + 14, &p);
	return ether(t, f, port, p.total);
}

/* To a host that nobody has, on a connected network. */
static unsigned no_neighbour(struct soak_traffic *t, uint8_t *f, unsigned port)
{
	struct xtr_ip src = fx_ip("203.0.113.1"), dst = fx_ip("10.1.0.200");
	struct packet p = {.src = &src, .dst = &dst, .ttl = 9, .total = 60};

	dst.b[3] = (uint8_t)(200 + soak_random(&t->seed, 8));
	write_headers(f + 14, &p);
	return ether(t, f, port, p.total);
}

static unsigned for_linux(struct soak_traffic *t, uint8_t *f, unsigned port)
{
	memset(f, 0, 60);
	memset(f, 0xff, 6);
	f[6] = 2;
	put16(f + 12, 0x806);
	return 60;
}

/* A packet of this side; with its TTL at the end, or damaged anywhere. */
static unsigned usual(struct soak_traffic *t, uint8_t *f, unsigned port)
{
	return port == SITE || port == SITE2 ? encap(t, f, port) : decap(t, f, port);
}

static unsigned expired(struct soak_traffic *t, uint8_t *f, unsigned port)
{
	unsigned len = usual(t, f, port);

	f[14 + (f[14] >> 4 == 6 ? 7 : 8)] = (uint8_t)soak_random(&t->seed, 2);
	if (f[14] >> 4 == 4)
		put16(f + 14 + 10, checksum(f + 14));
	return len;
}

static unsigned garbage(struct soak_traffic *t, uint8_t *f, unsigned port)
{
	unsigned len = usual(t, f, port);

	for (unsigned n = 1 + soak_random(&t->seed, 4); n; n--)
		f[soak_random(&t->seed, RTE_MIN(len, 100u))] ^=
		    (uint8_t)(1u << soak_random(&t->seed, 8));
	if (soak_random(&t->seed, 4) == 0)
		len = 1 + soak_random(&t->seed, len);
	return len;
}

static unsigned any(struct soak_traffic *t, uint8_t *f, unsigned port)
{
	bool site = port == SITE || port == SITE2;

	switch (soak_random(&t->seed, 64)) {
	case 0:
		return site ? too_big(t, f, port) : no_neighbour(t, f, port);
	case 1:
	case 2:
		return expired(t, f, port);
	case 3:
	case 4:
	case 5:
		return garbage(t, f, port);
	case 6:
		return for_linux(t, f, port);
	default:
		return soak_random(&t->seed, 4) ? usual(t, f, port) : native(t, f, port);
	}
}

static struct rte_mbuf *packet(struct soak_traffic *t, const uint8_t *f, unsigned len)
{
	unsigned seg = soak_random(&t->seed, 16) ? len : 1 + soak_random(&t->seed, len);
	struct rte_mbuf *head = NULL, *m;

	seg = RTE_MAX(seg, len / 4 + 1);
	for (unsigned done = 0; done < len; done += m->data_len) {
		unsigned part = RTE_MIN(seg, len - done);

		m = rte_pktmbuf_alloc(t->c->f->dp->rx_pool);
		assert_non_null(m);
		memcpy(rte_pktmbuf_append(m, (uint16_t)part), f + done, part);
		if (head)
			assert_int_equal(rte_pktmbuf_chain(head, m), 0);
		else
			head = m;
	}
	return head;
}

void soak_send(struct soak_traffic *t, unsigned n)
{
	struct fx *f = t->c->f;
	uint8_t frame[ROOM];

	if (rte_mempool_in_use_count(f->dp->rx_pool) + 4 * n > IN_USE)
		return;
	while (n--) {
		unsigned port = soak_random(&t->seed, FX_PORTS), len = any(t, frame, port);

		assert_int_equal(rte_ring_enqueue(f->rx[port], packet(t, frame, len)), 0);
		t->in[port]++;
	}
}

/* --- what leaves --- */

static unsigned get16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

static void check_ip(const uint8_t *h, unsigned len)
{
	assert_true(len >= 20);
	if (h[0] >> 4 == 6) {
		assert_true(len >= 40 && get16(h + 4) == len - 40 && h[7]);
		return;
	}
	assert_int_equal(h[0] >> 4, 4);
	assert_true(h[8] && get16(h + 2) == len && (h[0] & 15) * 4u <= len);
	assert_int_equal(get16(h + 10), checksum(h));
}

static void check_frame(struct soak_traffic *t, const uint8_t *f, unsigned len)
{
	const uint8_t *ip = f + 14;
	unsigned at;

	assert_true(len >= 34);
	assert_int_equal(get16(f + 12), ip[0] >> 4 == 6 ? 0x86dd : 0x800);
	check_ip(ip, len - 14);
	at = ip[0] >> 4 == 6 ? 40 : 20;
	/* tunnels of others pass by, whatever damage they carry; so do headers without anything */
	if (len < 14 + at + 16 || ip[at == 40 ? 6 : 9] != IPPROTO_UDP ||
	    get16(ip + at + 2) != XTR_PORT_DATA || get16(ip + at) < FIRST_PORT)
		return;
	ip += at + 16;
	check_ip(ip, len - 14 - at - 16);
	if (ip[0] >> 4 == 4 && get16(ip + 4) >= SPLIT) {
		t->parts++;
		t->first_parts += !(get16(ip + 6) & 0x1fff);
	}
}

void soak_receive(struct soak_traffic *t)
{
	static uint8_t buf[ROOM];
	struct rte_mbuf *m;

	for (unsigned port = 0; port < FX_PORTS; port++)
		while ((m = fx_receive(t->c->f, port)) != NULL) {
			rte_mbuf_sanity_check(m, 1);
			check_frame(t, rte_pktmbuf_read(m, 0, m->pkt_len, buf), m->pkt_len);
			rte_pktmbuf_free(m);
			t->out++;
		}
}
