/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * IPv6 on the control lcore's forwarding side: outer headers, packets that wait for a mapping or a
 * neighbour, and ICMPv6 errors. EIDs are of either family, RLOCs too.
 */
#include "ctl_fixture.h"
#include "netns.h"

#include <arpa/inet.h>
#include <netinet/icmp6.h>
#include <poll.h>
#include <sys/socket.h>
#include "control/forwarding/packet.h"

#define HOST "2001:db8:1::9" /* of the site */
#define FAR  "2001:db8:2::7"
#define A    "2001:db8:c::11"
#define B4   "192.0.2.12"

struct world {
	struct cx *c;
	struct xtr_eid addresses[FX_PORTS][2];
	struct xtr_cfg_mapping database[2];
};

static struct world *world(void)
{
	struct world *w = calloc(1, sizeof(*w));
	struct cx *c = cx_new();

	w->c = c;
	cx_both_families(c, w->addresses, w->database);
	cx_start(c);
	fx_route(c->f, "2001:db8:1::/64", XTR_RIB_UNICAST, 0, NULL, 0, false);
	fx_route(c->f, "2001:db8:1::1", XTR_RIB_LOCAL, -1, NULL, 0, false);
	fx_route(c->f, "2001:db8:c::/64", XTR_RIB_UNICAST, 1, NULL, 0, false);
	fx_route(c->f, "2001:db8:c::1", XTR_RIB_LOCAL, -1, NULL, 0, false);
	cx_turns(c, 4);
	return w;
}

static int setup(void **state)
{
	*state = world();
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	cx_free(w->c);
	free(w);
	return 0;
}

/* --- packets --- */

/* `total` bytes of IPv6 and UDP, numbered in the last four. */
static struct rte_mbuf *packet6(
    struct fx *f, unsigned port, const char *src, const char *dst, uint32_t seq, unsigned total)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(f->dp->rx_pool);
	struct xtr_ip s = fx_ip(src), d = fx_ip(dst);
	uint8_t *p;

	assert_non_null(m);
	p = (uint8_t *)rte_pktmbuf_append(m, (uint16_t)(14 + total));
	memset(xtr_pkt(m), 0, sizeof(struct xtr_pkt));
	memset(p, 0, 14 + total);
	memcpy(p, f->dp->ports[port].mac, 6);
	memcpy(p + 6, (uint8_t[]){2, 9, 9, 9, 9, 9, 0x86, 0xdd}, 8);
	p[14] = 0x60;
	p[18] = (uint8_t)((total - 40) >> 8);
	p[19] = (uint8_t)(total - 40);
	p[20] = IPPROTO_UDP;
	p[21] = 64;
	memcpy(p + 22, s.b, 16);
	memcpy(p + 38, d.b, 16);
	p[55] = (uint8_t)seq; /* source port: flows of their own */
	memcpy(p + 14 + total - 4, &seq, 4);
	return m;
}

static void send6(
    struct cx *c, unsigned port, const char *src, const char *dst, uint32_t first, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(
		    rte_ring_enqueue(c->f->rx[port], packet6(c->f, port, src, dst, first + i, 52)),
		    0);
}

/* The next packets that left for the core are these, `inner` bytes each, inside IP to rloc. */
static void expect(struct cx *c, uint32_t first, unsigned n, const char *rloc, unsigned inner)
{
	struct xtr_ip to = fx_ip(rloc);

	for (unsigned i = 0; i < n; i++) {
		struct rte_mbuf *m = fx_receive(c->f, 1);
		const uint8_t *p;

		if (!m)
			fail_msg("packet %u is missing", first + i);
		p = rte_pktmbuf_mtod(m, const uint8_t *);
		assert_int_equal(fx_seq(m), first + i);
		assert_int_equal(m->pkt_len, 14 + (to.af == 6 ? 56 : 36) + inner);
		assert_int_equal(p[12] << 8 | p[13], to.af == 6 ? 0x86dd : 0x800);
		assert_int_equal(p[14] >> 4, to.af);
		assert_memory_equal(p + (to.af == 6 ? 38 : 30), to.b, to.af == 6 ? 16 : 4);
		rte_pktmbuf_free(m);
	}
	assert_int_equal(rte_ring_count(c->f->tx[1]), 0);
}

/* --- outer headers --- */

/* Every byte put down by hand from RFC 2464, 8200, 768 and RFC 9300 section 5.2. */
static void template(void **state)
{
	static const uint8_t want[70] = {
	    2, 0xaa, 0, 0, 0, 11, 2, 0, 0, 0, 0, 1, 0x86, 0xdd,            /* Ethernet */
	    0x60, 0, 0, 0, 0, 0, 17, 0,                                    /* IPv6: UDP */
	    0x20, 1, 0x0d, 0xb8, 0, 0x0c, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,    /* source */
	    0x20, 1, 0x0d, 0xb8, 0, 0x0c, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x11, /* destination */
	    0, 0, 0x10, 0xf5, 0, 0, 0, 0,                                  /* UDP: to 4341 */
	};
	struct world *w = *state;
	struct cx *c = w->c;
	struct xtr_ip ip = fx_ip(A);
	struct xtr_rloc *r;
	const struct xtr_tunnel *t;

	fx_neigh(c->f, 1, A, 11);
	r = xtr_rloc_get(c->ctl.rlocs, &ip);
	assert_non_null(r);
	t = xtr_pool_at(&c->ctl.dp->tunnel, r->tunnel);
	assert_int_equal(r->way, XTR_WAY_READY);
	assert_int_equal(t->state, XTR_HOP_READY);
	assert_int_equal(t->len, sizeof(want));
	assert_int_equal(t->ip_at, 14);
	assert_int_equal(t->port, 1);
	assert_int_equal(t->mtu, 1500);
	assert_int_equal(t->af, 6);
	assert_memory_equal(t->tmpl, want, sizeof(want));
	/* what did not change is not written again; what did is, a grace period later */
	xtr_rlocs_changed(c->ctl.rlocs);
	xtr_rlocs_update(c->ctl.rlocs, 100);
	assert_int_equal(t->state, XTR_HOP_READY);
	w->addresses[1][1].ip = fx_ip("2001:db8:c::2");
	xtr_rlocs_changed(c->ctl.rlocs);
	xtr_rlocs_update(c->ctl.rlocs, 100);
	assert_int_equal(t->state, XTR_HOP_UNRESOLVED);
	cx_turns(c, 4);
	assert_int_equal(t->state, XTR_HOP_READY);
	assert_int_equal(t->tmpl[14 + 23], 2);
	/* without an address of its family there is none */
	c->ports[1].n_addresses = 1;
	xtr_rlocs_changed(c->ctl.rlocs);
	xtr_rlocs_update(c->ctl.rlocs, 100);
	cx_turns(c, 4);
	assert_int_equal(r->way, XTR_WAY_NONE);
	c->ports[1].n_addresses = 2;
	xtr_rloc_put(c->ctl.rlocs, r);
	cx_turns(c, 4);
}

/* --- packets that wait --- */

/* For a mapping, then for the RLOC's next hop; they leave in the order in which they came. */
static void waits(void **state)
{
	static const struct {
		const char *far, *eids, *rloc, *locator;
	} cases[] = {
	    {FAR, "2001:db8:2::/48", A, A " 1 100"},
	    {"2001:db8:3::7", "2001:db8:3::/48", B4, B4 " 1 100"},
	    {"10.2.0.7", "10.2.0.0/24", "2001:db8:c::13", "2001:db8:c::13 1 100"},
	};
	struct cx *c = ((struct world *)*state)->c;

	for (unsigned i = 0; i < RTE_DIM(cases); i++) {
		bool six = strchr(cases[i].far, ':') != NULL;
		uint32_t first = i * 100;

		c->n_requests = 0;
		for (unsigned part = 0; part < 4; part++) {
			if (six)
				send6(c, 0, HOST, cases[i].far, first + part * 5, 5);
			else
				cx_send(c, 0, "10.1.0.9", cases[i].far, first + part * 5, 5);
			cx_turns(c, 4);
			if (part == 0) {
				cx_map(c, cases[i].eids, &cases[i].locator, 1);
				cx_wait(c, 1100); /* what waits looks again */
			}
			if (part == 2) {
				assert_int_equal(rte_ring_count(c->f->tx[1]), 0);
				fx_neigh(c->f, 1, cases[i].rloc, (uint8_t)i);
			}
		}
		cx_turns(c, 6);
		assert_int_equal(c->n_requests, 1);
		expect(c, first, 20, cases[i].rloc, six ? 52 : 32);
	}
	assert_int_equal(c->ctl.holder.n, 0);
	assert_int_equal(cx_drops(c), 0);
}

/* For a host of the site that nobody has heard of: natively, by IPv6's Ethernet type. */
static void neighbour(void **state)
{
	struct cx *c = ((struct world *)*state)->c;

	send6(c, 1, A, HOST, 0, 7);
	cx_turns(c, 4);
	assert_int_equal(c->ctl.holder.n, 7);
	fx_neigh(c->f, 0, HOST, 9);
	cx_turns(c, 4);
	send6(c, 1, A, HOST, 7, 3);
	cx_turns(c, 4);
	for (unsigned i = 0; i < 10; i++) {
		static const uint8_t want[14] = {2, 0xaa, 0, 0, 0, 9, 2, 0, 0, 0, 0, 0, 0x86, 0xdd};
		struct rte_mbuf *m = fx_receive(c->f, 0);

		assert_non_null(m);
		assert_int_equal(fx_seq(m), i);
		assert_memory_equal(rte_pktmbuf_mtod(m, const uint8_t *), want, sizeof(want));
		assert_int_equal(*rte_pktmbuf_mtod_offset(m, const uint8_t *, 21), 63);
		rte_pktmbuf_free(m);
	}
	assert_int_equal(cx_drops(c), 0);
}

/* To an address of ours that Linux has no route to yet, only one to its network: no neighbour is
 * asked for. */
static void tentative(void **state)
{
	static const struct {
		const char *address, *from;
		unsigned port;
	} cases[] = {{"2001:db8:c::1", A, 1}, {"2001:db8:1::1", HOST, 0}};
	struct cx *c = ((struct world *)*state)->c;

	for (unsigned i = 0; i < RTE_DIM(cases); i++) {
		fx_route(c->f, cases[i].address, XTR_RIB_LOCAL, -1, NULL, 0, true);
		cx_turns(c, 4);
		send6(c, cases[i].port, cases[i].from, cases[i].address, 0, 3);
		cx_turns(c, 4);
		/* Linux is not there in this test */
		assert_int_equal(c->ctl.dp->control_drops[XTR_DROP_TAP_DOWN], 3 * (i + 1));
		assert_int_equal(c->ctl.holder.n, 0);
		fx_route(c->f, cases[i].address, XTR_RIB_LOCAL, -1, NULL, 0, false);
	}
	cx_wait(c, 6000);
	assert_int_equal(cx_drops(c), 3 * RTE_DIM(cases));
}

/* A blackhole under a route that the LISP view shows. */
static void blackhole(void **state)
{
	struct cx *c = ((struct world *)*state)->c;

	fx_neigh(c->f, 1, A, 11);
	fx_route(c->f, "2001:db8:8000::/33", XTR_RIB_UNICAST, 1, A, 0, false);
	cx_turns(c, 4);
	send6(c, 0, HOST, "2001:db8:8001::5", 0, 1);
	cx_turns(c, 2);
	fx_expect(c->f, 1, 0, 1);
	fx_route(c->f, "2001:db8:8001::/48", XTR_RIB_BLACKHOLE, -1, NULL, 0, false);
	cx_turns(c, 4);
	assert_int_equal(c->ctl.dp->blackholes, 1);
	send6(c, 0, HOST, "2001:db8:8001::5", 1, 1);
	send6(c, 0, HOST, "2001:db8:8002::5", 2, 1);
	cx_turns(c, 2);
	fx_expect(c->f, 1, 2, 1);
	assert_int_equal(xtr_dp_drops(c->ctl.dp, XTR_DROP_BLACKHOLE), 1);
	fx_route(c->f, "2001:db8:8001::/48", XTR_RIB_BLACKHOLE, -1, NULL, 0, true);
	assert_int_equal(c->ctl.dp->blackholes, 0);
}

/* --- ICMPv6 --- */

struct error {
	int len;
	struct sockaddr_in6 from;
	uint8_t b[2048];
};

static int icmp_setup(void **state)
{
	struct world *w;

	enter_namespace();
	w = world();
	run("ip addr add 2001:db8:1::1/64 dev lo nodad && ip addr add " HOST "/64 dev lo nodad");
	address_usable("2001:db8:1::1");
	address_usable(HOST);
	*state = w;
	xtr_ctl_icmp_open(&w->c->ctl);
	assert_true(w->c->ctl.icmp6_fd >= 0);
	return 0;
}

static int icmp_teardown(void **state)
{
	struct world *w = *state;

	close(w->c->ctl.icmp_fd);
	close(w->c->ctl.icmp6_fd);
	return teardown(state);
}

static int listen6(void)
{
	int fd = socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMPV6);

	assert_true(fd >= 0);
	return fd;
}

/* What the source was told; the kernel has checked its checksum. */
static void told(int fd, struct error *e)
{
	struct pollfd p = {fd, POLLIN, 0};
	socklen_t len = sizeof(e->from);

	assert_int_equal(poll(&p, 1, WAIT_MS), 1);
	e->len = (int)recvfrom(fd, e->b, sizeof(e->b), 0, (struct sockaddr *)&e->from, &len);
	assert_true(e->len >= 8);
}

/* The error is of this type, code and value, from `from`, and quotes m from its IP header on. */
static void says(int fd, const struct rte_mbuf *m, const char *from, uint8_t type, uint8_t code,
    uint32_t value, unsigned quote)
{
	struct xtr_ip ip = fx_ip(from);
	struct error e;
	uint32_t v;

	told(fd, &e);
	memcpy(&v, e.b + 4, 4);
	assert_int_equal(e.b[0], type);
	assert_int_equal(e.b[1], code);
	assert_int_equal(ntohl(v), value);
	assert_int_equal(e.len, 8 + quote);
	assert_memory_equal(e.b + 8, rte_pktmbuf_mtod_offset(m, const uint8_t *, 14), quote);
	assert_memory_equal(&e.from.sin6_addr, ip.b, 16);
}

static struct rte_mbuf *from_site(struct cx *c, unsigned total)
{
	struct rte_mbuf *m = packet6(c->f, 0, HOST, FAR, 1, total);

	xtr_pkt(m)->l2_len = 14;
	xtr_pkt(m)->inst = (uint32_t)c->f->inst;
	return m;
}

static void errors(void **state)
{
	struct cx *c = ((struct world *)*state)->c;
	struct rte_mbuf *m, *copy;
	int fd = listen6();

	for (unsigned total = 52; total <= 1500; total += 362) {
		unsigned quote = RTE_MIN(total, 1280u - 48);

		m = from_site(c, total);
		copy = rte_pktmbuf_copy(m, c->f->dp->rx_pool, 0, UINT32_MAX);
		rte_mbuf_refcnt_update(copy, 1);
		xtr_clock_advance(&c->ctl.wheel, 1000);
		xtr_ctl_too_big(&c->ctl, m, 1444);
		says(fd, copy, "2001:db8:1::1", 2, 0, 1444, quote);
		rte_pktmbuf_free(copy);
		rte_pktmbuf_free(copy);
	}
	/* no router may say less than 1280 */
	m = from_site(c, 1300);
	copy = rte_pktmbuf_copy(m, c->f->dp->rx_pool, 0, UINT32_MAX);
	xtr_ctl_too_big(&c->ctl, m, 1244);
	says(fd, copy, "2001:db8:1::1", 2, 0, 1280, 1232);
	rte_pktmbuf_free(copy);

	m = from_site(c, 100);
	copy = rte_pktmbuf_copy(m, c->f->dp->rx_pool, 0, UINT32_MAX);
	rte_mbuf_refcnt_update(m, 4);
	xtr_ctl_time_exceeded(&c->ctl, m);
	says(fd, copy, "2001:db8:1::1", 3, 0, 0, 100);
	xtr_ctl_unreachable(&c->ctl, m, XTR_DROP_NO_ROUTE);
	says(fd, copy, "2001:db8:1::1", 1, 0, 0, 100);
	xtr_ctl_unreachable(&c->ctl, m, XTR_DROP_PROHIBIT);
	says(fd, copy, "2001:db8:1::1", 1, 1, 0, 100);
	/* a neighbour that did not answer; its packets are dropped by others */
	xtr_ctl_say_unreachable(&c->ctl, m, XTR_DROP_NEIGH_FAILED);
	says(fd, copy, "2001:db8:1::1", 1, 3, 0, 100);
	assert_int_equal(c->ctl.dp->control_drops[XTR_DROP_NEIGH_FAILED], 0);
	rte_pktmbuf_free(m);
	rte_pktmbuf_free(m);
	rte_pktmbuf_free(copy);
	assert_int_equal(c->ctl.dp->control_drops[XTR_DROP_TOO_BIG], 6);
	assert_int_equal(c->ctl.dp->control_drops[XTR_DROP_TTL], 1);
	assert_int_equal(c->ctl.dp->control_drops[XTR_DROP_NO_ROUTE], 1);
	assert_int_equal(c->ctl.dp->control_drops[XTR_DROP_PROHIBIT], 1);
	close(fd);
}

/* In many buffers; and what came out of a tunnel is answered from an own EID. */
static void chained(void **state)
{
	struct cx *c = ((struct world *)*state)->c;
	struct rte_mbuf *m = from_site(c, 200), *copy, *more;
	int fd = listen6();

	for (unsigned i = 0; i < 10; i++) {
		more = rte_pktmbuf_alloc(c->f->dp->rx_pool);
		memset(rte_pktmbuf_append(more, 150), (int)i, 150);
		assert_int_equal(rte_pktmbuf_chain(m, more), 0);
	}
	copy = rte_pktmbuf_copy(m, c->f->dp->rx_pool, 0, UINT32_MAX);
	assert_int_equal(copy->nb_segs, 1);
	xtr_pkt(m)->port = 1;
	xtr_pkt(m)->flags = XTR_PKT_DECAP;
	xtr_ctl_too_big(&c->ctl, m, 1300);
	says(fd, copy, "2001:db8:1::1", 2, 0, 1300, 1232);
	rte_pktmbuf_free(copy);
	close(fd);
}

/* RFC 4443 section 2.4 e and f. */
static void never(void **state)
{
	static const struct {
		const char *what;
		uint8_t next, more[16]; /* the bytes from the IPv6 header's end on */
		bool answered;
	} cases[] = {
	    {"an error", 58, {1, 0}, false},
	    {"an error at the end of errors", 58, {127, 0}, false},
	    {"echo", 58, {128, 0}, true},
	    {"a redirect", 58, {137, 0}, false},
	    {"an advertisement", 58, {136, 0}, true},
	    {"an error behind destination options", 60, {58, 0, 1, 4, 0, 0, 0, 0, 3, 0}, false},
	    {"echo behind destination options", 60, {58, 0, 1, 4, 0, 0, 0, 0, 128, 0}, true},
	    {"an error's first fragment", 44, {58, 0, 0, 1, 0, 0, 0, 7, 2, 0}, false},
	    {"echo's first fragment", 44, {58, 0, 0, 1, 0, 0, 0, 7, 128, 0}, true},
	    {"ICMPv6's later fragment", 44, {58, 0, 0, 9, 0, 0, 0, 7, 128, 0}, false},
	    {"UDP's later fragment", 44, {17, 0, 0, 9, 0, 0, 0, 7, 1, 0}, true},
	    {"headers without end", 60, {60, 255, 1, 4, 0, 0, 0, 0, 0, 0}, false},
	    {"no next header", 59, {0}, true},
	};
	struct cx *c = ((struct world *)*state)->c;
	uint64_t sent = 0, answered;
	unsigned limit = 0;
	struct error e;
	int fd = listen6();

	for (unsigned i = 0; i < RTE_DIM(cases); i++) {
		struct rte_mbuf *m = from_site(c, 80);
		uint8_t *p = rte_pktmbuf_mtod(m, uint8_t *);

		p[20] = cases[i].next;
		memcpy(p + 54, cases[i].more, sizeof(cases[i].more));
		sent += cases[i].answered;
		xtr_ctl_too_big(&c->ctl, m, 1444);
		if (c->ctl.dp->control_drops[XTR_DROP_TOO_BIG] != sent)
			fail_msg("%s", cases[i].what);
		if (cases[i].answered)
			told(fd, &e);
	}
	answered = sent;
	for (; c->ctl.dp->control_drops[XTR_DROP_TOO_BIG] == sent && limit < 2000; limit++, sent++)
		xtr_ctl_too_big(&c->ctl, from_site(c, 80), 1444);
	assert_in_range(limit, 10, 101);
	/* what is not said is counted too; and all kinds of errors share the limit */
	assert_int_equal(
	    c->ctl.dp->control_drops[XTR_DROP_TOO_BIG_LIMITED], RTE_DIM(cases) - answered + 1);
	xtr_ctl_time_exceeded(&c->ctl, from_site(c, 80));
	assert_int_equal(c->ctl.dp->control_drops[XTR_DROP_TTL_LIMITED], 1);
	assert_int_equal(c->ctl.dp->control_drops[XTR_DROP_TTL], 0);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(template, setup, teardown),
	    cmocka_unit_test_setup_teardown(waits, setup, teardown),
	    cmocka_unit_test_setup_teardown(neighbour, setup, teardown),
	    cmocka_unit_test_setup_teardown(tentative, setup, teardown),
	    cmocka_unit_test_setup_teardown(blackhole, setup, teardown),
	    cmocka_unit_test_setup_teardown(errors, icmp_setup, icmp_teardown),
	    cmocka_unit_test_setup_teardown(chained, icmp_setup, icmp_teardown),
	    cmocka_unit_test_setup_teardown(never, icmp_setup, icmp_teardown),
	};

	return cmocka_run_group_tests(tests, eal_setup, eal_teardown);
}
