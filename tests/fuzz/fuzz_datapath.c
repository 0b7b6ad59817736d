/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * libFuzzer target: any frame by any port of the data plane of dp_wires.h. Input: a byte that says
 * which port, in what segments, and what is put right before (see enum fix), since chance alone
 * makes no checksum; then the frame.
 *
 * A frame must come out once, be punted, or be dropped with a counter; its buffers must be free
 * again; what comes out must be a whole IPv4 packet. ASan does not see the ends of packets inside a
 * pool's memory, so each frame goes in twice, with different bytes around it: what comes of it must
 * be the same.
 */

#include "../unit/dp_wires.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum fix {
	PORT = 0x03,
	SEGMENTS = 0x0c, /* 0: one; else 34, 64, 200 bytes each */
	ETHERNET = 0x10, /* to our MAC, IPv4 */
	OUTER = 0x20,    /* version, length, checksum; addresses among those that the tables know */
	TUNNEL = 0x40,   /* and UDP to our RLOC's port 4341 */
	INNER = 0x80,    /* as OUTER, of what lies behind the LISP header */
};

#define FRAME_MAX 1600

static struct dp_wires fix;

static void require(bool good)
{
	if (!good)
		abort();
}

static unsigned get16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

/* The header's addresses from the tables, by their last byte, and a checksum that is right. */
static void repair(uint8_t *h, size_t len)
{
	static const uint8_t hosts[][4] = {{10, 1, 1, 4}, {10, 2, 2, 5}, {10, 3, 0, 1},
	    {10, 1, 1, 2}, {172, 16, 1, 2}, {172, 16, 1, 3}, {10, 9, 9, 9}, {172, 17, 1, 1},
	    {10, 20, 9, 1}, {198, 51, 100, 1}, {198, 51, 103, 1}, {10, 12, 0, 1}};
	unsigned hlen;

	if (len < 20)
		return;
	memcpy(h + 12, hosts[h[15] % RTE_DIM(hosts)], 4);
	memcpy(h + 16, hosts[h[19] % RTE_DIM(hosts)], 4);
	h[0] = 0x40 | RTE_MAX(5, h[0] & 15);
	hlen = (h[0] & 15) * 4u;
	if (get16(h + 2) > len || get16(h + 2) < hlen)
		dp_put16(h + 2, (unsigned)len);
	if (len >= hlen)
		dp_put16(h + 10, dp_checksum(h, hlen));
}

static void prepare(uint8_t *f, size_t len, uint8_t how, unsigned port)
{
	uint8_t *h = f + 14;

	if (how & ETHERNET && len >= 14) {
		memcpy(f, dp_mac[port], 6);
		dp_put16(f + 12, 0x800);
	}
	if (how & TUNNEL && len >= 50) {
		h[0] = 0x45;
		dp_put16(h + 6, 0);
		h[9] = 17;
		h[15] = 5; /* repair(): 172.16.1.3 to 172.16.1.2 */
		h[19] = 4;
		dp_put16(h + 22, XTR_PORT_DATA);
		if (get16(h + 24) % 4)
			dp_put16(h + 24, (unsigned)len - 34);
		if (how & INNER)
			repair(h + 36, len - 50);
	}
	if (how & (OUTER | TUNNEL) && len >= 14)
		repair(h, len - 14);
}

/* Takes a whole IPv4 packet that left a router: RFC 791, RFC 1812 section 5.3.1. */
static void check_ip(const uint8_t *h, size_t len)
{
	unsigned hlen;

	require(len >= 20 && h[0] >> 4 == 4);
	hlen = (h[0] & 15) * 4u;
	require(hlen >= 20 && hlen <= len && get16(h + 2) == len);
	require(get16(h + 10) == dp_checksum(h, hlen));
	require(h[8] != 0 && len <= DP_MTU);
	require(h[12] != 0 && h[12] != 127 && h[12] < 224 && h[16] < 224);
}

static void check_tx(unsigned port, const uint8_t *f, size_t len, bool encap)
{
	const uint8_t *h = f + 14;

	require(len >= 34 && !memcmp(f + 6, dp_mac[port], 6) && get16(f + 12) == 0x800);
	check_ip(h, len - 14);
	if (!encap)
		return;
	require(port == DP_CORE && h[0] == 0x45 && h[9] == 17 && get16(h + 22) == XTR_PORT_DATA);
	require(get16(h + 20) >= 49152 && get16(h + 24) == len - 34 && !get16(h + 26));
	check_ip(h + 36, len - 50);
	require(h[8] == h[44] && h[1] == h[37]);
}

struct outcome {
	uint64_t drops[XTR_DROP_N];
	int port, reason; /* -1: none */
	uint32_t id;
	size_t len;
	uint8_t packet[FRAME_MAX + 64];
};

static void save(struct outcome *o, struct rte_mbuf *m)
{
	const void *p;

	require(m->pkt_len <= sizeof(o->packet));
	o->len = m->pkt_len;
	p = rte_pktmbuf_read(m, 0, m->pkt_len, o->packet);
	require(p != NULL);
	if (p != o->packet)
		memcpy(o->packet, p, m->pkt_len);
	rte_pktmbuf_free(m);
}

/* Sends the frame through, with `around` in the bytes before and behind it. */
static void run(
    const uint8_t *f, size_t len, unsigned port, size_t seg, int around, struct outcome *o)
{
	struct rte_mbuf *m = dp_packet(fix.dp->rx_pool, f, len, seg);
	uint64_t encap = xtr_dp_counter(fix.dp, XTR_CTR_ENCAP), drops = dp_all_drops(&fix);
	unsigned came = 0;

	memset(o, 0, sizeof(*o));
	o->port = o->reason = -1;
	for (unsigned d = 0; d < XTR_DROP_N; d++)
		o->drops[d] = xtr_dp_drops(fix.dp, (enum xtr_drop)d);
	for (struct rte_mbuf *s = m; s; s = s->next) {
		memset(s->buf_addr, around, rte_pktmbuf_headroom(s));
		memset(rte_pktmbuf_mtod_offset(s, char *, s->data_len), around,
		    rte_pktmbuf_tailroom(s));
	}
	require(rte_ring_enqueue(fix.rx[port], m) == 0);
	dp_turns(&fix);
	for (unsigned p = 0; p < DP_PORTS; p++)
		while ((m = dp_tx(&fix, p)) != NULL) {
			came++;
			o->port = (int)p;
			save(o, m);
			check_tx(
			    p, o->packet, o->len, xtr_dp_counter(fix.dp, XTR_CTR_ENCAP) != encap);
		}
	while ((m = dp_punted(&fix)) != NULL) {
		came++;
		o->reason = xtr_pkt(m)->reason;
		o->id = xtr_pkt(m)->id;
		require(xtr_pkt(m)->l2_len == 0 || xtr_pkt(m)->l2_len == 14);
		require(xtr_pkt(m)->port == port && m->pkt_len <= len);
		save(o, m);
	}
	require(came + dp_all_drops(&fix) - drops == 1);
	require(dp_in_use(&fix) == 0);
	for (unsigned d = 0; d < XTR_DROP_N; d++)
		o->drops[d] = xtr_dp_drops(fix.dp, (enum xtr_drop)d) - o->drops[d];
}

static void close_all(void)
{
	dp_close(&fix);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	dp_eal();
	dp_open(&fix, 1, 1024);
	/* tables are in mapped memory, where the leak checker does not look for pointers */
	atexit(close_all);
	dp_petr(&fix, true, "two");
	fix.dp->punt_cost = 0; /* no limit: the outcome must not hang on time */
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const size_t segments[] = {0, 34, 64, 200};
	static struct outcome a, b;
	uint8_t f[FRAME_MAX];
	unsigned port;
	size_t seg;

	if (size < 2 || size - 1 > sizeof(f))
		return 0;
	port = (data[0] & PORT) % DP_PORTS;
	seg = segments[(data[0] & SEGMENTS) >> 2];
	memcpy(f, data + 1, size - 1);
	prepare(f, size - 1, data[0], port);
	run(f, size - 1, port, seg, 0x00, &a);
	run(f, size - 1, port, seg, 0x5b, &b); /* 0xff adds nothing to a checksum */
	require(!memcmp(&a, &b, sizeof(a)));
	return 0;
}
