/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The data plane of dp_wires.h as a filter, for tests that judge it from outside. Arguments, each
 * may be left out:
 *
 *   workers=N      1 unless told
 *   vlans=PORTS    digits: the ports that are VLANs of the trunk
 *   offloads       the trunk's device, or all, do for us what they can
 *   stages         without the fast path
 *
 * Standard input, a line a command; what is named "hex" is a packet's bytes:
 *
 *   rx PORT SEG hex          a frame on a port's wire, in segments of SEG bytes (0: one)
 *   decap PORT TTL TOS SRC hex   from the LISP header on, as control gives back what was
 * reassembled resume PORT INST lisp0|proxy|site hex   from the IP header on; proxy: lisp0's at a
 * proxy-ITR tx PORT hex              a frame of Linux's keep-dscp 0|1            1: decapsulation
 * keeps the inner DSCP petr always|no-route none|routes|miss|one|two   see dp_petr()
 *   mtu BYTES               of all next hops and tunnels
 *
 * Standard output: for each packet a line, an object of what came of it: frames that left, punts,
 * drops and counters that moved, and mbufs in use before and after.
 */
#include <ctype.h>
#include <jansson.h>

#include "dp_wires.h"

#define MAX_PACKET 65600

static struct dp_wires fix;
static uint64_t drops_before[XTR_DROP_N], counters_before[XTR_CTR_N];

static const char *const punt_names[XTR_PUNT_N] = {
    [XTR_PUNT_LINUX] = "linux",
    [XTR_PUNT_TTL] = "ttl",
    [XTR_PUNT_MISS] = "miss",
    [XTR_PUNT_NEIGH] = "neighbour",
    [XTR_PUNT_TUNNEL] = "tunnel",
    [XTR_PUNT_TOO_BIG] = "too-big",
    [XTR_PUNT_UNREACHABLE] = "unreachable",
    [XTR_PUNT_SOURCE] = "source",
    [XTR_PUNT_DOUBT] = "doubt",
};

static size_t from_hex(const char *text, uint8_t *p, size_t max)
{
	size_t n = 0;
	unsigned byte;

	for (; n < max && isxdigit((unsigned char)text[0]); text += 2) {
		dp_need(sscanf(text, "%2x", &byte) == 1, "hexadecimal");
		p[n++] = (uint8_t)byte;
	}
	return n;
}

/* A frame as the device of a port hands it over: a device of many may take the tag off and look at
 * the IPv4 header's checksum. */
static struct rte_mbuf *device_rx(uint8_t *p, size_t len, unsigned seg, unsigned port)
{
	uint8_t offloads = port < DP_DEVICES ? fix.dp->ports[port].offloads : 0;
	uint64_t flags = 0;
	uint16_t tci = 0;
	struct rte_mbuf *m;

	if (offloads & XTR_OFFLOAD_VLAN_STRIP && len >= 18 && p[12] == 0x81 && p[13] == 0) {
		flags |= RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;
		tci = (uint16_t)(p[14] << 8 | p[15]);
		len -= 4;
		memmove(p + 12, p + 16, len - 12);
	}
	if (offloads & XTR_OFFLOAD_CHECKSUM && len >= 34 && p[12] == 8 && p[13] == 0) {
		unsigned hlen = (p[14] & 15) * 4u;
		bool whole = hlen >= 20 && len >= 14 + hlen;
		unsigned sum = whole ? dp_checksum(p + 14, hlen) : 0;

		if (whole)
			flags |= sum == ((unsigned)p[24] << 8 | p[25]) ? RTE_MBUF_F_RX_IP_CKSUM_GOOD
								       : RTE_MBUF_F_RX_IP_CKSUM_BAD;
	}
	m = dp_packet(fix.dp->rx_pool, p, len, seg);
	m->ol_flags |= flags;
	m->vlan_tci = tci;
	return m;
}

/* What it puts on the wire: the tag of the mbuf is in the frame. */
static void device_tx(struct rte_mbuf *m)
{
	if (m->ol_flags & RTE_MBUF_F_TX_VLAN)
		dp_need(rte_vlan_insert(&m) == 0, "tag");
}

static json_t *hex_of(const struct rte_mbuf *m)
{
	static uint8_t buf[MAX_PACKET];
	static char text[2 * MAX_PACKET + 1];
	const uint8_t *p = rte_pktmbuf_read(m, 0, m->pkt_len, buf);

	dp_need(p != NULL && m->pkt_len <= MAX_PACKET, "packet");
	for (uint32_t i = 0; i < m->pkt_len; i++)
		snprintf(text + 2 * i, 3, "%02x", p[i]);
	text[2 * m->pkt_len] = 0;
	return json_string(text);
}

static json_t *moved(
    const char *(*name)(unsigned), uint64_t (*value)(unsigned), uint64_t *before, unsigned n)
{
	json_t *o = json_object();

	for (unsigned i = 0; i < n; i++) {
		uint64_t now = value(i);

		if (now != before[i])
			json_object_set_new(
			    o, name(i), json_integer((json_int_t)(now - before[i])));
		before[i] = now;
	}
	return o;
}

static const char *drop_name(unsigned i)
{
	return xtr_drop_name((enum xtr_drop)i);
}

static uint64_t drop_value(unsigned i)
{
	return xtr_dp_drops(fix.dp, (enum xtr_drop)i);
}

static const char *counter_name(unsigned i)
{
	return xtr_counter_name((enum xtr_counter)i);
}

static uint64_t counter_value(unsigned i)
{
	return xtr_dp_counter(fix.dp, (enum xtr_counter)i);
}

static void answer(void)
{
	json_t *tx = json_array(), *punts = json_array(), *o;
	unsigned in_use = dp_in_use(&fix);
	struct rte_mbuf *m;

	dp_turns(&fix);
	for (unsigned port = 0; port < DP_DEVICES; port++)
		while (fix.tx[port] && (m = dp_tx(&fix, port)) != NULL) {
			device_tx(m);
			json_array_append_new(
			    tx, json_pack("{s:i, s:o}", "port", (int)port, "frame", hex_of(m)));
			rte_pktmbuf_free(m);
		}
	while ((m = dp_punted(&fix)) != NULL) {
		const struct xtr_pkt *pkt = xtr_pkt(m);
		bool dropped = pkt->reason == XTR_PUNT_UNREACHABLE;

		json_array_append_new(
		    punts, json_pack("{s:s?, s:s, s:I, s:i, s:i, s:i, s:i, s:o}", "drop",
			       dropped ? xtr_drop_name((enum xtr_drop)pkt->id) : NULL, "reason",
			       punt_names[pkt->reason], "id", (json_int_t)pkt->id, "port",
			       (int)pkt->port, "out", (int)pkt->out, "l2", (int)pkt->l2_len, "inst",
			       (int)pkt->inst, "packet", hex_of(m)));
		rte_pktmbuf_free(m);
	}
	o = json_pack("{s:o, s:o, s:o, s:o, s:i, s:i}", "tx", tx, "punts", punts, "drops",
	    moved(drop_name, drop_value, drops_before, XTR_DROP_N), "counters",
	    moved(counter_name, counter_value, counters_before, XTR_CTR_N), "in_use_before",
	    (int)in_use, "in_use_after", (int)dp_in_use(&fix));
	json_dumpf(o, stdout, JSON_COMPACT);
	putchar('\n');
	fflush(stdout);
	json_decref(o);
}

/* To the workers in turn. */
static void inject(struct rte_mbuf *m, enum xtr_inject how)
{
	static unsigned serial;
	unsigned worker = serial++ % fix.dp->n_workers;

	xtr_pkt(m)->inject = (uint8_t)how;
	xtr_pkt(m)->worker = (uint8_t)worker;
	dp_need(rte_ring_enqueue(fix.dp->workers[worker]->inject, m) == 0, "inject ring");
}

static bool command(const char *line)
{
	static uint8_t p[MAX_PACKET];
	unsigned port, a, b;
	char word[48], state[16];
	struct xtr_ip rloc;
	struct rte_mbuf *m;
	int at = 0;

	if (sscanf(line, "keep-dscp %u", &a) == 1) {
		fix.dp->copy_dscp = !a;
		return true;
	}
	if (sscanf(line, "mtu %u", &a) == 1) {
		dp_mtu(&fix, (uint16_t)a);
		return true;
	}
	if (sscanf(line, "petr %47s %15s", word, state) == 2)
		return dp_petr(&fix, !strcmp(word, "always"), state);
	if (sscanf(line, "rx %u %u %n", &port, &a, &at) == 2 && at) {
		m = device_rx(p, from_hex(line + at, p, sizeof(p)), a, port);
		dp_need(port < DP_DEVICES && fix.rx[port] && rte_ring_enqueue(fix.rx[port], m) == 0,
		    "rx ring");
	} else if (sscanf(line, "decap %u %u %u %47s %n", &port, &a, &b, word, &at) == 4 && at) {
		m = dp_packet(fix.dp->hold_pool, p, from_hex(line + at, p, sizeof(p)), 2048);
		xtr_pkt(m)->port = (uint8_t)port;
		xtr_pkt(m)->outer_ttl = (uint8_t)a;
		xtr_pkt(m)->outer_tos = (uint8_t)b;
		dp_address(word, &rloc);
		xtr_pkt(m)->outer_af = rloc.af;
		memcpy(xtr_pkt(m)->outer_src, rloc.b, sizeof(rloc.b));
		inject(m, XTR_INJECT_DECAP);
	} else if (sscanf(line, "resume %u %u %47s %n", &port, &a, word, &at) == 3 && at) {
		m = dp_packet(fix.dp->hold_pool, p, from_hex(line + at, p, sizeof(p)), 2048);
		xtr_pkt(m)->port = (uint8_t)port;
		xtr_pkt(m)->inst = a;
		xtr_pkt(m)->flags = XTR_PKT_SITE;
		if (!strcmp(word, "lisp0") || !strcmp(word, "proxy"))
			xtr_pkt(m)->flags |= XTR_PKT_LISP0;
		if (!strcmp(word, "proxy"))
			xtr_pkt(m)->flags |= XTR_PKT_PROXY;
		inject(m, XTR_INJECT_RESUME);
	} else if (sscanf(line, "tx %u %n", &port, &at) == 1 && at) {
		m = dp_packet(fix.dp->hold_pool, p, from_hex(line + at, p, sizeof(p)), 0);
		xtr_pkt(m)->out = (uint8_t)port;
		inject(m, XTR_INJECT_TX);
	} else {
		return false;
	}
	answer();
	return true;
}

int main(int argc, char **argv)
{
	unsigned workers = 1, vlans = 0;
	uint8_t offloads = 0;
	bool stages = false;
	char *line = NULL;
	size_t size = 0;
	int status = 0;

	for (int i = 1; i < argc; i++)
		if (!strncmp(argv[i], "workers=", 8))
			workers = (unsigned)atoi(argv[i] + 8);
		else if (!strncmp(argv[i], "vlans=", 6))
			for (const char *p = argv[i] + 6; *p >= '0' && *p < '0' + DP_PORTS; p++)
				vlans |= 1u << (*p - '0');
		else if (!strcmp(argv[i], "offloads"))
			offloads =
			    XTR_OFFLOAD_VLAN_STRIP | XTR_OFFLOAD_VLAN_INSERT | XTR_OFFLOAD_CHECKSUM;
		else if (!strcmp(argv[i], "stages"))
			stages = true;
		else
			dp_need(false, argv[i]);
	dp_eal();
	dp_need(workers >= 1 && workers <= XTR_DP_WORKERS, "workers");
	dp_open_as(
	    &fix, workers, 1024, 8191, vlans, vlans ? offloads : offloads & XTR_OFFLOAD_CHECKSUM);
	fix.dp->stages_only = stages;
	while (!status && getline(&line, &size, stdin) > 0)
		if (!command(line)) {
			fprintf(stderr, "not understood: %.60s\n", line);
			status = 1;
		}
	free(line);
	dp_close(&fix);
	rte_eal_cleanup();
	return status;
}
