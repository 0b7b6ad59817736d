/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ICMP errors from the core about what we encapsulated: which ones are believed, what they change,
 * and what hosts are told. The packets that they quote have left a worker; the errors are put down
 * by hand from RFC 792, 1191, 4443 and 4884. Linux, who carries what hosts are told, checks it.
 */
#include "ctl_fixture.h"
#include "netns.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include "datapath/ip.h"
#include "wire/icmp_error.h"
#include "wire/sum.h"

#define HOST4   "10.1.0.9"
#define HOST6   "2001:db8:1::9"
#define ROUTER4 "198.51.100.7" /* of the core */
#define ROUTER6 "2001:db8:99::7"
#define RLOC4   "192.0.2.2"
#define RLOC6   "2001:db8:c::2"
#define ALL     2000u /* as much as there is */

struct world {
	struct cx *c;
	struct xtr_eid addresses[FX_PORTS][2];
	struct xtr_cfg_mapping database[2];
	int fd[2];                  /* what hosts are told, IPv4 and IPv6 */
	uint64_t counters[XTR_C_N]; /* before */
};

/* Where packets to it go, by (inner, outer). */
static const char *far_of(int inner, int outer)
{
	if (inner == 4)
		return outer == 4 ? "10.2.0.7" : "10.3.0.7";
	return outer == 4 ? "2001:db8:2::7" : "2001:db8:3::7";
}

static void map(struct cx *c, const char *prefix, const char *rloc)
{
	char locator[64];

	snprintf(locator, sizeof(locator), "%s 1 100", rloc);
	cx_map(c, prefix, (const char *const[]){locator}, 1);
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct cx *c;

	enter_namespace();
	run("ip addr add 10.1.0.1/24 dev lo && ip addr add " HOST4 "/24 dev lo");
	run("ip addr add 2001:db8:1::1/64 dev lo nodad && ip addr add " HOST6 "/64 dev lo nodad");
	address_usable("2001:db8:1::1");
	address_usable(HOST6);
	w->c = c = cx_new();
	cx_both_families(c, w->addresses, w->database);
	cx_start(c);
	fx_route(c->f, "2001:db8:1::/64", XTR_RIB_UNICAST, 0, NULL, 0, false);
	fx_route(c->f, "2001:db8:c::/64", XTR_RIB_UNICAST, 1, NULL, 0, false);
	fx_route(c->f, "2001:db8:c::1", XTR_RIB_LOCAL, -1, NULL, 0, false);
	fx_neigh(c->f, 1, RLOC4, 2);
	fx_neigh(c->f, 1, RLOC6, 6);
	fx_neigh(c->f, 1, "192.0.2.3", 3);
	xtr_ctl_icmp_open(&c->ctl);
	assert_true(c->ctl.icmp_fd >= 0 && c->ctl.icmp6_fd >= 0);
	w->fd[0] = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_ICMP);
	w->fd[1] = socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_ICMPV6);
	assert_true(w->fd[0] >= 0 && w->fd[1] >= 0);
	map(c, "10.2.0.0/16", RLOC4);
	map(c, "10.3.0.0/16", RLOC6);
	map(c, "10.4.0.0/16", "192.0.2.3");
	map(c, "2001:db8:2::/48", RLOC4);
	map(c, "2001:db8:3::/48", RLOC6);
	cx_turns(c, 8);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	close(w->fd[0]);
	close(w->fd[1]);
	close(w->c->ctl.icmp_fd);
	close(w->c->ctl.icmp6_fd);
	cx_free(w->c);
	free(w);
	return 0;
}

/* --- packets and errors --- */

struct bytes {
	size_t len;
	uint8_t b[4096];
};

static void put_ip(uint8_t *h, int v, const char *src, const char *dst, uint8_t proto, size_t len)
{
	struct xtr_ip s = fx_ip(src), d = fx_ip(dst);

	memset(h, 0, v == 4 ? 20 : 40);
	if (v == 4) {
		h[0] = 0x45;
		h[2] = (uint8_t)(len >> 8);
		h[3] = (uint8_t)len;
		h[6] = 0x40;
		h[8] = 64;
		h[9] = proto;
		memcpy(h + 12, s.b, 4);
		memcpy(h + 16, d.b, 4);
		*(uint16_t *)(h + 10) = rte_ipv4_cksum((struct rte_ipv4_hdr *)h);
	} else {
		h[0] = 0x60;
		h[4] = (uint8_t)((len - 40) >> 8);
		h[5] = (uint8_t)(len - 40);
		h[6] = proto;
		h[7] = 64;
		memcpy(h + 8, s.b, 16);
		memcpy(h + 24, d.b, 16);
	}
}

/* A frame of these bytes of IP on a port's wire, and what comes of it. */
static void receive(struct cx *c, unsigned port, const uint8_t *ip, size_t len)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(c->f->dp->rx_pool);
	uint8_t *f = (uint8_t *)rte_pktmbuf_append(m, (uint16_t)(14 + len));

	memset(f, 0, 14);
	memcpy(f, c->f->dp->ports[port].mac, 6);
	f[6] = 2;
	f[12] = ip[0] >> 4 == 4 ? 0x08 : 0x86;
	f[13] = ip[0] >> 4 == 4 ? 0x00 : 0xdd;
	memcpy(f + 14, ip, len);
	assert_int_equal(rte_ring_enqueue(c->f->rx[port], m), 0);
	cx_turns(c, 2);
}

/* The outer packet, as the core has it one hop on, of an inner one of `size` bytes to dst. */
static struct bytes sent_to(struct cx *c, int inner, const char *dst, size_t size)
{
	static uint8_t ip[2048];
	struct bytes o = {0};
	struct rte_mbuf *m;

	memset(ip, 0, sizeof(ip));
	put_ip(ip, inner, inner == 4 ? HOST4 : HOST6, dst, 17, size);
	receive(c, 0, ip, size);
	m = fx_receive(c->f, 1);
	assert_non_null(m);
	o.len = m->pkt_len - 14;
	memcpy(o.b, rte_pktmbuf_mtod_offset(m, uint8_t *, 14), o.len);
	rte_pktmbuf_free(m);
	assert_null(fx_receive(c->f, 1));
	if (o.b[0] >> 4 == 4)
		xtr_ip4_set_ttl((struct rte_ipv4_hdr *)o.b, 62);
	else
		o.b[7] = 62;
	return o;
}

static struct bytes sent(struct cx *c, int inner, int outer, size_t size)
{
	return sent_to(c, inner, far_of(inner, outer), size);
}

static void set_checksum(struct bytes *e)
{
	bool six = e->b[0] >> 4 == 6;
	size_t at = six ? 40 : 20;
	struct xtr_ip src = xtr_ip6(e->b + 8), dst = xtr_ip6(e->b + 24);
	uint16_t sum;

	e->b[at + 2] = e->b[at + 3] = 0;
	sum = (uint16_t)~xtr_sum_fold(xtr_sum_add(
	    six ? xtr_sum_pseudo(&src, &dst, 58, e->len - at) : 0, e->b + at, e->len - at));
	e->b[at + 2] = (uint8_t)(sum >> 8);
	e->b[at + 3] = (uint8_t)sum;
}

/* A router's error about it: `value` in the last four bytes of the ICMP header, `quote` bytes. */
static struct bytes error_of(
    const struct bytes *about, uint8_t type, uint8_t code, uint32_t value, size_t quote)
{
	int v = about->b[0] >> 4;
	size_t hlen = v == 4 ? 20 : 40;
	struct bytes e = {0};

	quote = RTE_MIN(quote, RTE_MIN(about->len, v == 4 ? 548u : 1232u));
	e.len = hlen + 8 + quote;
	put_ip(e.b, v, v == 4 ? ROUTER4 : ROUTER6, v == 4 ? "192.0.2.1" : "2001:db8:c::1",
	    v == 4 ? 1 : 58, e.len);
	e.b[hlen] = type;
	e.b[hlen + 1] = code;
	value = htonl(value);
	memcpy(e.b + hlen + 4, &value, 4);
	memcpy(e.b + hlen + 8, about->b, quote);
	set_checksum(&e);
	return e;
}

static struct bytes too_big(const struct bytes *about, uint16_t mtu)
{
	return about->b[0] >> 4 == 4 ? error_of(about, 3, 4, mtu, ALL)
				     : error_of(about, 2, 0, mtu, ALL);
}

static uint16_t mtu_to(struct cx *c, const char *rloc)
{
	struct xtr_ip ip = fx_ip(rloc);
	struct xtr_rloc *r = xtr_rloc_find(c->ctl.rlocs, &ip);

	assert_non_null(r);
	return xtr_rloc_tunnel(c->ctl.rlocs, r)->mtu;
}

/* --- what happened --- */

static void remember(struct world *w)
{
	memcpy(w->counters, w->c->ctl.lisp.counters, sizeof(w->counters));
}

/* Of the core's counters, these have moved by one (XTR_C_N at the end), and no others. */
static void counted(struct world *w, const char *what, const enum xtr_lisp_counter *which)
{
	for (enum xtr_lisp_counter i = XTR_C_CORE_TOO_BIG; i <= XTR_C_CORE_BAD_MAPPING; i++) {
		uint64_t want = 0;

		for (const enum xtr_lisp_counter *k = which; *k != XTR_C_N; k++)
			want += *k == i;
		if (w->c->ctl.lisp.counters[i] - w->counters[i] != want)
			fail_msg("%s: %s moved by %ju", what, xtr_lisp_counter_name(i),
			    (uintmax_t)(w->c->ctl.lisp.counters[i] - w->counters[i]));
	}
	remember(w);
}

#define COUNTED(w, what, ...)                                                                      \
	counted(w, what, (const enum xtr_lisp_counter[]){__VA_ARGS__, XTR_C_N})
#define NOTHING(w, what) counted(w, what, (const enum xtr_lisp_counter[]){XTR_C_N})

/* Nobody was told anything; that nothing was sent either, counters say. */
static void untold(struct world *w)
{
	uint8_t b[2048];

	assert_int_equal(recv(w->fd[0], b, sizeof(b), 0), -1);
	assert_int_equal(recv(w->fd[1], b, sizeof(b), 0), -1);
}

/* The source of the packet inside `about` was told this, from `from`; its packet is quoted. */
static void told(struct world *w, int inner, const struct bytes *about, const char *from,
    uint8_t type, uint8_t code, uint32_t value)
{
	size_t outer = about->b[0] >> 4 == 4 ? 36 : 56, n,
	       quoted = about->b[0] >> 4 == 4 ? 548 : 1232;
	struct sockaddr_storage ss;
	socklen_t size = sizeof(ss);
	struct xtr_ip ip = fx_ip(from);
	uint8_t b[2048], *icmp = b;
	uint32_t v;
	struct pollfd p = {w->fd[inner == 6], POLLIN, 0};
	ssize_t len;

	assert_int_equal(poll(&p, 1, WAIT_MS), 1);
	len = recvfrom(p.fd, b, sizeof(b), 0, (struct sockaddr *)&ss, &size);
	assert_true(len > 0);
	if (inner == 4) {
		icmp += 20;
		len -= 20;
		assert_int_equal(rte_raw_cksum(icmp, (size_t)len), 0xffff);
		assert_memory_equal(&((struct sockaddr_in *)&ss)->sin_addr, ip.b, 4);
	} else {
		assert_memory_equal(&((struct sockaddr_in6 *)&ss)->sin6_addr, ip.b, 16);
	}
	assert_int_equal(icmp[0], type);
	assert_int_equal(icmp[1], code);
	memcpy(&v, icmp + 4, 4);
	assert_int_equal(ntohl(v), value);
	n = RTE_MIN(RTE_MIN(about->len, quoted) - outer, inner == 4 ? 548u : 1232u);
	assert_int_equal(len - 8, n);
	assert_memory_equal(icmp + 8, about->b + outer, n);
	untold(w);
}

/* --- tests --- */

/* All four combinations: the path MTU is lowered, and the source told at once. */
static void lowers(void **state)
{
	struct world *w = *state;
	struct cx *c = w->c;

	remember(w);
	for (unsigned i = 0; i < 4; i++) {
		int inner = i & 1 ? 6 : 4, outer = i & 2 ? 6 : 4;
		unsigned head = outer == 4 ? 36 : 56, mtu = 1400 - 10 * i;
		const char *rloc = outer == 4 ? RLOC4 : RLOC6;
		struct bytes p = sent(c, inner, outer, mtu - head + 1),
			     e = too_big(&p, (uint16_t)mtu);

		receive(c, 1, e.b, e.len);
		COUNTED(w, "too big", XTR_C_CORE_TOO_BIG, XTR_C_CORE_MTU, XTR_C_CORE_RELAYED);
		assert_int_equal(mtu_to(c, rloc), mtu);
		if (inner == 4)
			told(w, 4, &p, "10.1.0.1", 3, 4, mtu - head);
		else
			told(w, 6, &p, "2001:db8:1::1", 2, 0, mtu - head);
		/* the next one does not leave; what fits does */
		sent(c, inner, outer, mtu - head);
		xtr_clock_advance(&c->ctl.wheel, 1000);
	}
	/* the others' are what they were */
	assert_int_equal(mtu_to(c, "192.0.2.3"), 1500);
}

/* Said again of packets that were under way, it is passed on and changes nothing; less is less. */
static void again(void **state)
{
	struct world *w = *state;
	struct cx *c = w->c;
	struct bytes p = sent(c, 4, 4, 1464), e = too_big(&p, 1300);

	remember(w);
	receive(c, 1, e.b, e.len);
	COUNTED(w, "first", XTR_C_CORE_TOO_BIG, XTR_C_CORE_MTU, XTR_C_CORE_RELAYED);
	told(w, 4, &p, "10.1.0.1", 3, 4, 1264);
	receive(c, 1, e.b, e.len);
	COUNTED(w, "second", XTR_C_CORE_TOO_BIG, XTR_C_CORE_RELAYED);
	told(w, 4, &p, "10.1.0.1", 3, 4, 1264);
	e = too_big(&p, 1400); /* another router's view, further in front */
	receive(c, 1, e.b, e.len);
	COUNTED(w, "more", XTR_C_CORE_TOO_BIG, XTR_C_CORE_RELAYED);
	told(w, 4, &p, "10.1.0.1", 3, 4, 1264);
	assert_int_equal(mtu_to(c, RLOC4), 1300);
	e = too_big(&p, 1200);
	receive(c, 1, e.b, e.len);
	COUNTED(w, "less", XTR_C_CORE_TOO_BIG, XTR_C_CORE_MTU, XTR_C_CORE_RELAYED);
	assert_int_equal(mtu_to(c, RLOC4), 1200);
}

/* Routers that do not say what fits, or say what nobody believes. */
static void how_much(void **state)
{
	static const struct {
		uint16_t said, then;
	} cases[] = {{0, 1492}, {0, 1006}, {700, 700}, {576, 576}, {575, 576}, {68, 576}, {1, 576}};
	struct world *w = *state;
	struct cx *c = w->c;

	for (unsigned i = 0; i < RTE_DIM(cases); i++) {
		struct bytes p = sent(c, 4, 4, mtu_to(c, RLOC4) - 36u),
			     e = too_big(&p, cases[i].said);

		receive(c, 1, e.b, e.len);
		assert_int_equal(mtu_to(c, RLOC4), cases[i].then);
	}
	/* RFC 8201 section 4: less than 1280 is discarded */
	remember(w);
	for (unsigned mtu = 0; mtu < 1280; mtu += 1279) {
		struct bytes p = sent(c, 4, 6, 1400), e = too_big(&p, (uint16_t)mtu);

		receive(c, 1, e.b, e.len);
		COUNTED(w, "too little", XTR_C_CORE_BAD_MTU);
		assert_int_equal(mtu_to(c, RLOC6), 1500);
	}
	assert_int_equal(xtr_icmp_plateau(65535), 32000);
	assert_int_equal(xtr_icmp_plateau(1492), 1006);
	assert_int_equal(xtr_icmp_plateau(297), 296);
	assert_int_equal(xtr_icmp_plateau(296), 68);
	assert_int_equal(xtr_icmp_plateau(20), 68);
}

/* Routers that quote little: of the packet inside nobody can be told. */
static void short_quotes(void **state)
{
	struct world *w = *state;
	struct cx *c = w->c;

	remember(w);
	for (size_t quote = 20; quote <= 57; quote++) {
		struct bytes p = sent(c, 4, 4, mtu_to(c, RLOC4) - 36u);
		struct bytes e = error_of(&p, 3, 4, mtu_to(c, RLOC4) - 1u, quote);

		receive(c, 1, e.b, e.len);
		if (quote < 28)
			NOTHING(w, "nothing of UDP");
		else if (quote < 56)
			COUNTED(w, "short", XTR_C_CORE_TOO_BIG, XTR_C_CORE_MTU);
		else
			COUNTED(w, "whole header", XTR_C_CORE_TOO_BIG, XTR_C_CORE_MTU,
			    XTR_C_CORE_RELAYED);
		if (quote < 56)
			untold(w);
	}
}

/* RFC 4884: what follows the quote is not of the packet. */
static void extensions(void **state)
{
	struct world *w = *state;
	struct cx *c = w->c;
	struct bytes p = sent(c, 4, 4, 1464), e = error_of(&p, 11, 0, 0, 128);

	memset(e.b + e.len, 0xee, 12);
	e.len += 12;
	e.b[3] = (uint8_t)e.len;
	e.b[20 + 5] = 128 / 4;
	set_checksum(&e);
	*(uint16_t *)(e.b + 10) = 0;
	*(uint16_t *)(e.b + 10) = rte_ipv4_cksum((struct rte_ipv4_hdr *)e.b);
	remember(w);
	receive(c, 1, e.b, e.len);
	COUNTED(w, "time", XTR_C_CORE_TIME, XTR_C_CORE_RELAYED);
	p.len = 128;
	told(w, 4, &p, ROUTER4, 11, 0, 0);
}

/* "Time exceeded" in the router's name, where the families agree; "unreachable" in ours. */
static void others(void **state)
{
	struct world *w = *state;
	struct cx *c = w->c;

	remember(w);
	for (unsigned i = 0; i < 4; i++) {
		int inner = i & 1 ? 6 : 4, outer = i & 2 ? 6 : 4;
		const char *own = inner == 4 ? "10.1.0.1" : "2001:db8:1::1";
		struct bytes p = sent(c, inner, outer, 100), e;

		e = outer == 4 ? error_of(&p, 11, 0, 0, ALL) : error_of(&p, 3, 0, 0, ALL);
		receive(c, 1, e.b, e.len);
		COUNTED(w, "time", XTR_C_CORE_TIME, XTR_C_CORE_RELAYED);
		told(w, inner, &p,
		    inner != outer ? own
		    : outer == 4   ? ROUTER4
				   : ROUTER6,
		    inner == 4 ? 11 : 3, 0, 0);
		for (uint8_t code = 0; code < 7; code++) {
			bool policy;

			if (outer == 4 && code == 4)
				continue;
			policy = outer == 6 && (code == 1 || code == 5 || code == 6);
			e = error_of(&p, outer == 4 ? 3 : 1, code, 0, ALL);
			receive(c, 1, e.b, e.len);
			COUNTED(w, "unreachable", XTR_C_CORE_UNREACHABLE, XTR_C_CORE_RELAYED);
			told(w, inner, &p, own, inner == 4 ? 3 : 1,
			    inner == 4 ? (policy ? 13 : 1)
			    : policy   ? 1
				       : 3,
			    0);
		}
		xtr_clock_advance(&c->ctl.wheel, 1000);
	}
	assert_int_equal(mtu_to(c, RLOC4), 1500);
}

/* Of the packet inside as RFC 1122 section 3.2.2 and RFC 4443 section 2.4 e have it: not about
 * errors, fragments that are not the first, nor what may be split. */
static void not_passed_on(void **state)
{
	static const struct {
		const char *what;
		int inner;
		size_t at; /* inside the inner packet */
		uint8_t bytes[3], n;
	} cases[] = {
	    {"an ICMP error", 4, 9, {1}, 1}, /* type 3 is put there below */
	    {"a later fragment", 4, 6, {0x20, 0x10}, 2},
	    {"from nobody", 4, 12, {0}, 1},
	    {"an ICMPv6 error", 6, 6, {58}, 1},
	    {"to many", 6, 24, {0xff}, 1},
	};
	struct world *w = *state;
	struct cx *c = w->c;

	for (unsigned i = 0; i < RTE_DIM(cases); i++) {
		struct bytes p = sent(c, cases[i].inner, 4, 1300), e;
		uint8_t *ip = p.b + 36;

		memcpy(ip + cases[i].at, cases[i].bytes, cases[i].n);
		if (cases[i].inner == 4)
			ip[20] = 3;
		else
			ip[40] = 1;
		e = error_of(&p, 11, 0, 0, ALL);
		receive(c, 1, e.b, e.len);
		untold(w);
	}
	/* without DF the next one is split */
	struct bytes p = sent(c, 4, 4, 1300), e;

	p.b[36 + 6] = 0;
	e = too_big(&p, 1200);
	remember(w);
	receive(c, 1, e.b, e.len);
	COUNTED(w, "may be split", XTR_C_CORE_TOO_BIG, XTR_C_CORE_MTU);
	untold(w);
}

/* Where things stand in an error about IPv4 in IPv4, from its IP header on. */
enum { ICMP = 20, OUTER = 28, UDP = 48, LISP = 56, INNER = 64 };

/* Every one would lower the path MTU, but for the bytes that are wrong. */
static void forged(void **state)
{
	static const struct {
		const char *what;
		size_t at;
		uint8_t n, bytes[4];
		enum xtr_lisp_counter name; /* XTR_C_N: nothing of ours */
		bool keep_checksum;
	} cases[] = {
	    {"checksum", ICMP + 2, 1, {0x5a}, XTR_C_CORE_BAD_FORM, true},
	    {"echo reply", ICMP, 1, {0}, XTR_C_N},
	    {"redirect", ICMP, 1, {5}, XTR_C_N},
	    {"parameter problem", ICMP, 1, {12}, XTR_C_N},
	    {"time exceeded in reassembly", ICMP, 2, {11, 1}, XTR_C_N},
	    {"not UDP", OUTER + 9, 1, {6}, XTR_C_N},
	    {"to another port", UDP + 2, 2, {0x10, 0xf6}, XTR_C_N},
	    {"version", OUTER, 1, {0x65}, XTR_C_N},
	    {"header length", OUTER, 1, {0x44}, XTR_C_N},
	    {"a later fragment", OUTER + 6, 2, {0x40, 0x10}, XTR_C_N},
	    {"UDP length", UDP + 4, 2, {5, 0xb8}, XTR_C_CORE_BAD_FORM},
	    {"UDP length of nothing", UDP + 4, 2, {0, 8}, XTR_C_CORE_BAD_FORM},
	    {"UDP checksum", UDP + 6, 1, {1}, XTR_C_CORE_BAD_FORM},
	    {"inner version", INNER, 1, {0x55}, XTR_C_CORE_BAD_FORM},
	    {"inner header length", INNER, 1, {0x44}, XTR_C_CORE_BAD_FORM},
	    {"inner length", INNER + 2, 2, {5, 0xb9}, XTR_C_CORE_BAD_FORM},
	    {"not from us", OUTER + 15, 1, {9}, XTR_C_CORE_BAD_SOURCE},
	    {"to nobody's RLOC", OUTER + 19, 1, {77}, XTR_C_CORE_BAD_RLOC},
	    {"to another RLOC than the EID's", OUTER + 19, 1, {3}, XTR_C_CORE_BAD_MAPPING},
	    {"source port", UDP, 2, {0xbf, 0xff}, XTR_C_CORE_BAD_UDP},
	    {"MTU that is enough", ICMP + 6, 2, {5, 0xdc}, XTR_C_CORE_BAD_LENGTH},
	    {"might have been split", OUTER + 6, 1, {0}, XTR_C_CORE_BAD_LENGTH},
	    {"first fragment", OUTER + 6, 1, {0x20}, XTR_C_CORE_BAD_FORM},
	    {"instance", LISP + 4, 3, {0, 0, 6}, XTR_C_CORE_BAD_INSTANCE},
	    {"another instance of ours", LISP, 1, {0}, XTR_C_CORE_BAD_INNER},
	    {"not our EID", INNER + 13, 1, {9}, XTR_C_CORE_BAD_INNER},
	    {"an EID that leads nowhere", INNER + 17, 1, {9}, XTR_C_CORE_BAD_MAPPING},
	};
	struct world *w = *state;
	struct cx *c = w->c;
	struct bytes p = sent(c, 4, 4, 1464), e = too_big(&p, 1400), bad;

	remember(w);
	for (unsigned i = 0; i < RTE_DIM(cases); i++) {
		bad = e;
		memcpy(bad.b + cases[i].at, cases[i].bytes, cases[i].n);
		if (!cases[i].keep_checksum)
			set_checksum(&bad);
		receive(c, 1, bad.b, bad.len);
		if (cases[i].name == XTR_C_N)
			NOTHING(w, cases[i].what);
		else
			COUNTED(w, cases[i].what, cases[i].name);
		assert_int_equal(mtu_to(c, RLOC4), 1500);
		assert_int_equal(mtu_to(c, "192.0.2.3"), 1500);
		untold(w);
	}
	/* longer than what the port carries: never sent */
	bad = e;
	bad.b[OUTER + 2] = 0x05;
	bad.b[OUTER + 3] = 0xdd;
	bad.b[UDP + 4] = 0x05;
	bad.b[UDP + 5] = 0xc9;
	bad.b[INNER + 2] = 0x05;
	bad.b[INNER + 3] = 0xb9;
	set_checksum(&bad);
	receive(c, 1, bad.b, bad.len);
	COUNTED(w, "too long", XTR_C_CORE_BAD_LENGTH);
	/* to another of our addresses */
	bad = e;
	bad.b[19] = 1;
	memcpy(bad.b + 16, (uint8_t[]){10, 1, 0, 1}, 4);
	*(uint16_t *)(bad.b + 10) = 0;
	*(uint16_t *)(bad.b + 10) = rte_ipv4_cksum((struct rte_ipv4_hdr *)bad.b);
	receive(c, 1, bad.b, bad.len);
	COUNTED(w, "to another address", XTR_C_CORE_BAD_SOURCE);
	/* by a port of the site */
	receive(c, 0, e.b, e.len);
	COUNTED(w, "by the site's port", XTR_C_CORE_BAD_SIDE);
	assert_int_equal(mtu_to(c, RLOC4), 1500);
	untold(w);
	/* and as it was it is believed */
	receive(c, 1, e.b, e.len);
	COUNTED(w, "as it was", XTR_C_CORE_TOO_BIG, XTR_C_CORE_MTU, XTR_C_CORE_RELAYED);
	assert_int_equal(mtu_to(c, RLOC4), 1400);
}

/* No more than a thousand a second are looked at, and no more are passed on than errors of our own.
 */
static void limits(void **state)
{
	struct world *w = *state;
	struct cx *c = w->c;
	struct bytes p = sent(c, 4, 4, 1464), e = too_big(&p, 1400);
	uint64_t *n = c->ctl.lisp.counters;

	for (unsigned i = 0; i < 1100; i++) {
		uint8_t b[2048];

		receive(c, 1, e.b, e.len);
		recv(w->fd[0], b, sizeof(b), 0);
	}
	assert_int_equal(n[XTR_C_CORE_TOO_BIG], 1000);
	assert_int_equal(n[XTR_C_CORE_LIMITED], 100);
	assert_int_equal(n[XTR_C_CORE_MTU], 1);
	assert_in_range(n[XTR_C_CORE_RELAYED], 1, 100);
	xtr_clock_advance(&c->ctl.wheel, 10);
	for (unsigned i = 0; i < 20; i++)
		receive(c, 1, e.b, e.len);
	assert_int_equal(n[XTR_C_CORE_TOO_BIG], 1010);
	assert_int_equal(n[XTR_C_CORE_LIMITED], 110);
}

static json_t *shown(struct cx *c, const char *rloc)
{
	json_t *doc = xtr_rlocs_show(c->ctl.rlocs, &c->cfg), *o, *found = NULL;
	size_t i;

	json_array_foreach (json_object_get(doc, "rlocs"), i, o)
		if (!strcmp(json_string_value(json_object_get(o, "rloc")), rloc))
			found = json_incref(o);
	json_decref(doc);
	assert_non_null(found);
	return found;
}

static void shows(struct cx *c, json_int_t mtu, json_int_t path_mtu, json_int_t expires)
{
	json_t *o = shown(c, RLOC4);

	assert_int_equal(json_integer_value(json_object_get(o, "mtu")), mtu);
	assert_int_equal(json_integer_value(json_object_get(o, "path_mtu")), path_mtu);
	assert_int_equal(json_is_null(json_object_get(o, "path_mtu")), path_mtu == 0);
	assert_int_equal(json_integer_value(json_object_get(o, "path_mtu_expires_s")), expires);
	json_decref(o);
}

/* Ten minutes (RFC 1191 section 6.3), or until the way is another one. */
static void ends(void **state)
{
	struct world *w = *state;
	struct cx *c = w->c;
	struct bytes p = sent(c, 4, 4, 1464), e = too_big(&p, 1400);

	shows(c, 1500, 0, 0);
	receive(c, 1, e.b, e.len);
	shows(c, 1400, 1400, 600);
	xtr_clock_advance(&c->ctl.wheel, 599000);
	cx_turns(c, 4);
	shows(c, 1400, 1400, 1);
	xtr_clock_advance(&c->ctl.wheel, 2000);
	cx_turns(c, 4);
	shows(c, 1500, 0, 0);
	/* a new MAC address is the same way */
	receive(c, 1, e.b, e.len);
	shows(c, 1400, 1400, 600);
	fx_neigh(c->f, 1, RLOC4, 22);
	cx_turns(c, 8);
	shows(c, 1400, 1400, 600);
	sent(c, 4, 4, 1364);
	/* another next hop is not; nor is none */
	fx_neigh(c->f, 1, "192.0.2.9", 9);
	fx_route(c->f, "192.0.2.2/32", XTR_RIB_UNICAST, 1, "192.0.2.9", 0, false);
	cx_turns(c, 8);
	shows(c, 1500, 0, 0);
	p = sent(c, 4, 4, 1464);
	receive(c, 1, e.b, e.len);
	shows(c, 1400, 1400, 600);
	fx_route(c->f, "192.0.2.2/32", XTR_RIB_UNICAST, 1, "192.0.2.9", 0, true);
	fx_route(c->f, "192.0.2.2/32", XTR_RIB_UNREACHABLE, -1, NULL, 0, false);
	cx_turns(c, 8);
	fx_route(c->f, "192.0.2.2/32", XTR_RIB_UNREACHABLE, -1, NULL, 0, true);
	cx_turns(c, 8);
	shows(c, 1500, 0, 0);
}

/* What a worker makes of a path MTU that does not carry the least that IPv6 asks for: the outer
 * packet goes in fragments, whose loss is told too. */
static void narrow(void **state)
{
	struct world *w = *state;
	struct cx *c = w->c;
	struct bytes p = sent(c, 6, 4, 1280), e = too_big(&p, 1300);
	struct rte_mbuf *m;
	uint8_t ip[1280] = {0};

	remember(w);
	receive(c, 1, e.b, e.len);
	COUNTED(w, "narrow", XTR_C_CORE_TOO_BIG, XTR_C_CORE_MTU);
	untold(w); /* hosts need no less */
	put_ip(ip, 6, HOST6, far_of(6, 4), 17, sizeof(ip));
	receive(c, 0, ip, sizeof(ip));
	assert_int_equal(xtr_dp_counter(c->ctl.dp, XTR_CTR_SPLIT_OUTER), 1);
	m = fx_receive(c->f, 1);
	assert_non_null(m);
	p.len = m->pkt_len - 14;
	memcpy(p.b, rte_pktmbuf_mtod_offset(m, uint8_t *, 14), p.len);
	rte_pktmbuf_free(m);
	m = fx_receive(c->f, 1);
	assert_non_null(m);
	rte_pktmbuf_free(m);
	e = error_of(&p, 11, 0, 0, ALL);
	receive(c, 1, e.b, e.len);
	COUNTED(w, "time", XTR_C_CORE_TIME, XTR_C_CORE_RELAYED);
	told(w, 6, &p, "2001:db8:1::1", 3, 0, 0);
	e = too_big(&p, 600);
	receive(c, 1, e.b, e.len);
	COUNTED(w, "what may be split", XTR_C_CORE_BAD_LENGTH);
}

/* LISP packets in fragments: a tenth of a second's worth at once, and no more a second. */
static void reassembled(void **state)
{
	struct world *w = *state;
	struct cx *c = w->c;
	const uint64_t *drops = c->ctl.dp->control_drops;
	struct xtr_peer from = {.ip = fx_ip(RLOC4), .port = 50000};
	uint8_t b[100] = {8};

	for (unsigned i = 0; i < 1200; i++)
		xtr_ctl_reassembled(&c->ctl, &from, b, sizeof(b), 64, 0, 1);
	/* what came by no port, here there is none, was let this far */
	assert_int_equal(drops[XTR_DROP_DECAP_SIDE], 1000);
	assert_int_equal(drops[XTR_DROP_REASSEMBLED], 200);
	xtr_clock_advance(&c->ctl.wheel, 1);
	for (unsigned i = 0; i < 20; i++)
		xtr_ctl_reassembled(&c->ctl, &from, b, sizeof(b), 64, 0, 1);
	assert_int_equal(drops[XTR_DROP_DECAP_SIDE], 1010);
	assert_int_equal(drops[XTR_DROP_REASSEMBLED], 210);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(lowers),
	    T(again),
	    T(how_much),
	    T(short_quotes),
	    T(extensions),
	    T(others),
	    T(not_passed_on),
	    T(forged),
	    T(limits),
	    T(ends),
	    T(narrow),
	    T(reassembled),
	};

	return cmocka_run_group_tests(tests, eal_setup, eal_teardown);
}
