/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * libFuzzer target: any frame by any port of the data plane of dp_wires.h. Input: a byte that says
 * which port, in what segments, and what is put right before (see enum fix), since chance alone
 * makes no checksum; one that says which IP version that is (enum version); then the frame.
 *
 * A frame must come out once (or in parts), be punted, or be dropped with a counter; its buffers
 * must be free again; what comes out must be a whole IP packet. ASan does not see the ends of
 * packets inside a pool's memory, so each frame goes in twice, with different bytes around it: what
 * comes of it must be the same.
 */

#include "../unit/dp_check.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum fix {
	PORT = 0x03,
	SEGMENTS = 0x0c, /* 0: one; else 7, 34, 200 bytes each */
	ETHERNET = 0x10, /* to our MAC, IP */
	OUTER = 0x20,    /* version, length, checksum; addresses among those that the tables know */
	TUNNEL = 0x40,   /* and UDP to our RLOC's port 4341 */
	INNER = 0x80,    /* as OUTER, of what lies behind the LISP header */
};

enum version {
	OUTER6 = 0x01, /* IPv6, else IPv4 */
	INNER6 = 0x02,
};

#define FRAME_MAX 1600

static struct dp_wires fix;

static void prepare_tunnel(uint8_t *h, size_t len, bool six)
{
	uint8_t *udp = h + (six ? 40 : 20);

	if (six) {
		h[6] = 17;
		h[23] = 5; /* dp_repair6(): fd00:16:1::3 to fd00:16:1::2 */
		h[39] = 4;
	} else {
		h[0] = 0x45;
		dp_put16(h + 6, 0);
		h[9] = 17;
		h[15] = 5; /* dp_repair4(): 172.16.1.3 to 172.16.1.2 */
		h[19] = 4;
	}
	dp_put16(udp + 2, XTR_PORT_DATA);
	if (dp_get16(udp + 4) % 4)
		dp_put16(udp + 4, (unsigned)len - (six ? 40 : 20));
}

static void repair(uint8_t *h, size_t len, bool six)
{
	if (six)
		dp_repair6(h, len);
	else
		dp_repair4(h, len);
}

static void prepare(uint8_t *f, size_t len, uint8_t how, uint8_t versions, unsigned port)
{
	bool six = versions & OUTER6;
	size_t outer = six ? 56 : 36;
	uint8_t *h = f + 14;

	if (how & ETHERNET && len >= 14) {
		memcpy(f, dp_mac[port], 6);
		dp_put16(f + 12, six ? 0x86dd : 0x800);
	}
	if (how & TUNNEL && len >= 14 + outer) {
		prepare_tunnel(h, len - 14, six);
		if (how & INNER)
			repair(h + outer, len - 14 - outer, versions & INNER6);
	}
	if (how & (OUTER | TUNNEL) && len >= 14)
		repair(h, len - 14, six);
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

	dp_require(m->pkt_len <= sizeof(o->packet));
	o->len = m->pkt_len;
	p = rte_pktmbuf_read(m, 0, m->pkt_len, o->packet);
	dp_require(p != NULL);
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
	uint64_t parts = dp_more_parts(&fix);
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
	dp_require(rte_ring_enqueue(fix.rx[port], m) == 0);
	dp_turns(&fix);
	for (unsigned p = 0; p < DP_PORTS; p++)
		while ((m = dp_tx(&fix, p)) != NULL) {
			came++;
			o->port = (int)p;
			save(o, m);
			dp_check_tx(
			    p, o->packet, o->len, xtr_dp_counter(fix.dp, XTR_CTR_ENCAP) != encap);
		}
	while ((m = dp_punted(&fix)) != NULL) {
		came++;
		o->reason = xtr_pkt(m)->reason;
		o->id = xtr_pkt(m)->id;
		dp_require(xtr_pkt(m)->l2_len == 0 || xtr_pkt(m)->l2_len == 14);
		dp_require(xtr_pkt(m)->port == port && m->pkt_len <= len);
		save(o, m);
	}
	/* what was split came in several parts; o has the last */
	dp_require(came + dp_all_drops(&fix) - drops - dp_more_parts(&fix) + parts == 1);
	dp_require(dp_in_use(&fix) == 0);
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
	/* no limits: the outcome must not hang on time */
	fix.dp->punt_cost = 0;
	fix.dp->doubt_gap = UINT64_MAX;
	fix.dp->instances[0].source_check = XTR_CHECK_LOOSE;
	fix.dp->instances[1].source_check = XTR_CHECK_STRICT;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const size_t segments[] = {0, 7, 34, 200};
	static struct outcome a, b;
	uint8_t f[FRAME_MAX];
	unsigned port;
	size_t seg;

	if (size < 3 || size - 2 > sizeof(f))
		return 0;
	port = (data[0] & PORT) % DP_PORTS;
	seg = segments[(data[0] & SEGMENTS) >> 2];
	memcpy(f, data + 2, size - 2);
	prepare(f, size - 2, data[0], data[1], port);
	run(f, size - 2, port, seg, 0x00, &a);
	run(f, size - 2, port, seg, 0x5b, &b); /* 0xff adds nothing to a checksum */
	dp_require(!memcmp(&a, &b, sizeof(a)));
	return 0;
}
