/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `show forwarding ADDRESS from SOURCE rloc RLOC`: what it says of a packet out of a tunnel is what
 * a worker does with the same packet.
 */
#include "forwarding_fixture.h"

#define OUTER (20u + 8 + XTR_DATA_HDR_LEN)
#define FRAME (14 + OUTER + XTR_MADE_UP_BYTES)

static void put_ip(
    struct rte_ipv4_hdr *ip, const char *src, const char *dst, unsigned total, uint16_t port)
{
	struct rte_udp_hdr *udp = (struct rte_udp_hdr *)(ip + 1);
	struct xtr_ip s, d;

	assert_int_equal(xtr_ip_parse(src, &s) | xtr_ip_parse(dst, &d), 0);
	ip->version_ihl = RTE_IPV4_VHL_DEF;
	ip->total_length = rte_cpu_to_be_16((uint16_t)total);
	ip->time_to_live = 64;
	ip->next_proto_id = IPPROTO_UDP;
	memcpy(&ip->src_addr, s.b, 4);
	memcpy(&ip->dst_addr, d.b, 4);
	ip->hdr_checksum = rte_ipv4_cksum(ip);
	udp->src_port = rte_cpu_to_be_16(XTR_MADE_UP_SPORT);
	udp->dst_port = rte_cpu_to_be_16(port);
	udp->dgram_len = rte_cpu_to_be_16((uint16_t)(total - sizeof(*ip)));
}

static void receive(struct f *f, const char *rloc, uint32_t iid, const char *src, const char *dst)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(f->dp->rx_pool);
	struct xtr_data_hdr h = {.flags = iid ? XTR_DATA_I : 0, .instance_id = iid};
	char *frame;

	assert_non_null(m);
	frame = rte_pktmbuf_append(m, FRAME);
	memset(frame, 0, FRAME);
	memcpy(frame, f->dp->ports[CORE].mac, 6);
	frame[12] = 8;
	put_ip((struct rte_ipv4_hdr *)(frame + 14), rloc, "192.0.2.1", FRAME - 14, XTR_PORT_DATA);
	xtr_data_write((uint8_t *)frame + 14 + OUTER - XTR_DATA_HDR_LEN, &h);
	put_ip((struct rte_ipv4_hdr *)(frame + 14 + OUTER), src, dst, XTR_MADE_UP_BYTES,
	    XTR_MADE_UP_DPORT);
	assert_int_equal(rte_ring_enqueue(f->rx[CORE], m), 0);
	xtr_worker_turn(f->w);
}

/* What a worker did, as "ACTION MORE". */
static void outcome(struct f *f, const uint64_t *drops, char *text, size_t size)
{
	struct rte_mbuf *m;

	for (unsigned i = 0; i < PORTS; i++)
		if (rte_ring_dequeue(f->tx[i], (void **)&m) == 0) {
			snprintf(text, size, "forward %s", f->cfg->ports[i].name);
			rte_pktmbuf_free(m);
			return;
		}
	if (rte_ring_dequeue(f->dp->punt, (void **)&m) == 0) {
		const struct xtr_pkt *pkt = xtr_pkt(m);

		if (pkt->reason == XTR_PUNT_UNREACHABLE)
			snprintf(text, size, "drop %s", xtr_drop_name(pkt->id));
		else
			snprintf(text, size, "%s",
			    pkt->reason == XTR_PUNT_SOURCE ? "wait source-not-known" : "punted");
		rte_pktmbuf_free(m);
		return;
	}
	for (unsigned i = 0; i < XTR_DROP_N; i++)
		if (f->w->drops[i] != drops[i]) {
			snprintf(text, size, "drop %s", xtr_drop_name(i));
			return;
		}
	fail_msg("the packet is nowhere");
}

/* Returns what happened, until the next call. */
static const char *compare(
    struct f *f, const char *rloc, uint32_t iid, const char *src, const char *dst)
{
	static char got[128];
	char said[128], line[160];
	uint64_t drops[XTR_DROP_N];
	const char *action;
	json_t *doc;

	snprintf(line, sizeof(line), "%s from %s rloc %s instance %u", dst, src, rloc, iid);
	doc = answer(f, line);
	action = result(doc, "action");
	snprintf(
	    said, sizeof(said), "%s %s", action, result(doc, *action == 'f' ? "port" : "reason"));
	memcpy(drops, f->w->drops, sizeof(drops));
	receive(f, rloc, iid, src, dst);
	outcome(f, drops, got, sizeof(got));
	if (strcmp(said, got))
		fail_msg("%s: said %s, happened %s", line, said, got);
	json_decref(doc);
	return got;
}

static void agrees(void **state)
{
	static const char *const modes[] = {"off", "loose", "strict"};
	static const char *const sources[] = {"20.1.0.9", "20.1.9.9", "20.2.9.9", "20.3.0.9",
	    "20.4.0.9", "20.5.0.9", "20.6.0.9", "20.7.0.9", "30.0.9.9", "30.0.0.9", "10.1.0.77",
	    "10.1.0.1", "10.1.77.7", "50.1.1.1", "192.0.2.77", "224.0.0.1"};
	static const char *const rlocs[] = {
	    "192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.8", "203.0.113.1", "198.51.100.9"};
	static const char *const expected[] = {"forward site", "wait source-not-known",
	    "drop decap-source-rloc-mismatch", "drop decap-source-own-eid",
	    "drop decap-source-not-by-proxy-itr", "drop decap-inner-malformed",
	    "drop decap-inner-destination-not-ours"};
	unsigned met[RTE_DIM(expected)] = {0};

	for (unsigned mode = 0; mode < 3; mode++)
		for (unsigned list = 0; list < (mode ? 2u : 1u); list++) {
			char more[128];
			struct f *f;

			snprintf(more, sizeof(more), "lisp = { source-rloc-check = \"%s\"; }; %s",
			    modes[mode], list ? "proxy-itrs = \"198.51.100.0/24\";" : "");
			f = begin(more);
			f->dp->doubt_gap = UINT64_MAX;
			for (unsigned s = 0; s < RTE_DIM(sources); s++)
				for (unsigned r = 0; r < RTE_DIM(rlocs); r++) {
					const char *got =
					    compare(f, rlocs[r], 0, sources[s], "10.1.0.4");

					for (unsigned i = 0; i < RTE_DIM(expected); i++)
						met[i] += !strcmp(got, expected[i]);
				}
			met[6] +=
			    !strcmp(compare(f, rlocs[0], 0, "50.1.1.1", "20.1.9.9"), expected[6]);
			compare(f, "192.0.2.3", 5, "20.5.0.9", "20.5.0.1");
			compare(f, "192.0.2.2", 5, "20.5.0.9", "10.5.7.7");
			end(f);
		}
	for (unsigned i = 0; i < RTE_DIM(expected); i++)
		if (!met[i])
			fail_msg("no packet: %s", expected[i]);
}

static void says_why(void **state)
{
	struct f *f =
	    begin("lisp = { source-rloc-check = \"strict\"; }; proxy-itrs = \"9.9.9.9\";");
	json_t *doc = answer(f, "10.1.0.4 from 20.1.9.9 rloc 192.0.2.3");

	assert_string_equal(text_of(doc, "port"), "core");
	says(doc, "packet", "inside a LISP packet at port core");
	says(doc, "decapsulation", "from RLOC 192.0.2.3, for instance 0");
	assert_string_equal(text_of(step(doc, "decapsulation"), "source_rloc_check"), "strict");
	says(doc, "source-rloc", "source 20.1.9.9: LISP entry 20.1.0.0/16 (configured)");
	assert_string_equal(text_of(step(doc, "source-rloc"), "state"), "valid");
	assert_null(step(doc, "source"));
	says(doc, "next-hop", "10.1.0.4");
	json_decref(doc);
	doc = answer(f, "10.1.0.4 from 20.1.9.9 rloc 192.0.2.9 port core");
	assert_string_equal(text_of(step(doc, "source-rloc"), "state"), "mismatch");
	says(doc, "drop", "its source EID has no such RLOC");
	json_decref(doc);
	doc = answer(f, "10.1.0.4 from 10.1.77.7 rloc 192.0.2.9");
	assert_string_equal(text_of(step(doc, "source-rloc"), "state"), "own");
	says(doc, "source-rloc", "the own EID prefix 10.1.0.0/16");
	json_decref(doc);
	doc = answer(f, "10.1.0.4 from 30.0.9.9 rloc 192.0.2.9");
	assert_string_equal(text_of(step(doc, "source-rloc"), "state"), "no-eid");
	says(doc, "drop", "none of proxy-itrs");
	json_decref(doc);
	doc = answer(f, "10.1.0.4 from 50.1.1.1 rloc 192.0.2.9");
	assert_string_equal(text_of(step(doc, "source-rloc"), "state"), "unknown");
	assert_string_equal(result(doc, "action"), "wait");
	json_decref(doc);
	end(f);
}

static void refuses(void **state)
{
	static const char *const lines[][2] = {
	    {"10.1.0.4 rloc 192.0.2.2", "from SOURCE is wanted beside rloc"},
	    {"10.1.0.4 from 20.1.9.9 rloc x", "an address is wanted: found x"},
	    {"10.1.0.4 from 20.1.9.9 rloc 192.0.2.2 port site", "port site is none of the core's"},
	    {"10.1.0.4 from 20.1.9.9 rloc 192.0.2.2 port none", "port none is none of the core's"},
	    {"10.1.0.4 from 20.1.9.9 rloc 192.0.2.2 instance 77",
		"nothing is known of instance 77 here"},
	};
	struct f *f = begin("");
	json_t *out;

	for (unsigned i = 0; i < RTE_DIM(lines); i++) {
		assert_int_equal(ask(f, &out, lines[i][0]), -EINVAL);
		assert_string_equal(f->err, lines[i][1]);
	}
	end(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(agrees), cmocka_unit_test(says_why), cmocka_unit_test(refuses)};

	return cmocka_run_group_tests(tests, eal_setup, eal_teardown);
}
