/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/oper/forwarding.h"

#include <errno.h>
#include <stdio.h>
#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_udp.h>
#include "control/oper/words.h"

#define FRAME_BYTES (sizeof(struct rte_ether_hdr) + XTR_MADE_UP_BYTES)
_Static_assert(FRAME_BYTES <= RTE_MBUF_DEFAULT_DATAROOM, "fits the smallest buffer");

static int refuse(char *err, size_t size, const char *text)
{
	snprintf(err, size, "%s", text);
	return -EINVAL;
}

/* Both: fill in the IP header at ip, of zero bytes. Return where UDP follows. */
static struct rte_udp_hdr *put_ip4(struct rte_ipv4_hdr *ip, const struct xtr_made_up *p)
{
	ip->version_ihl = RTE_IPV4_VHL_DEF;
	ip->total_length = rte_cpu_to_be_16(XTR_MADE_UP_BYTES);
	ip->time_to_live = XTR_MADE_UP_TTL;
	ip->next_proto_id = IPPROTO_UDP;
	memcpy(&ip->src_addr, p->source.b, 4);
	memcpy(&ip->dst_addr, p->address.b, 4);
	ip->hdr_checksum = rte_ipv4_cksum(ip);
	return (struct rte_udp_hdr *)(ip + 1);
}

static struct rte_udp_hdr *put_ip6(struct rte_ipv6_hdr *ip, const struct xtr_made_up *p)
{
	ip->vtc_flow = rte_cpu_to_be_32(6u << 28);
	ip->payload_len = rte_cpu_to_be_16(XTR_MADE_UP_BYTES - sizeof(*ip));
	ip->hop_limits = XTR_MADE_UP_TTL;
	ip->proto = IPPROTO_UDP;
	memcpy(ip->src_addr, p->source.b, 16);
	memcpy(ip->dst_addr, p->address.b, 16);
	return (struct rte_udp_hdr *)(ip + 1);
}

/* The packet as it comes in: a whole Ethernet frame. NULL: no buffer is free. */
static struct rte_mbuf *make(const struct xtr_ctl *ctl, const struct xtr_made_up *p)
{
	/* not xtr_packet_make(): where buffers are short it counts a packet that is none */
	struct rte_mbuf *m = rte_pktmbuf_alloc(ctl->dp->hold_pool);
	bool six = p->address.af == 6;
	struct rte_ether_hdr *eth;
	struct rte_udp_hdr *udp;
	char *ip;

	if (!m)
		return NULL;
	eth = (struct rte_ether_hdr *)rte_pktmbuf_append(m, FRAME_BYTES);
	memset(eth, 0, FRAME_BYTES);
	memcpy(&eth->dst_addr, ctl->dp->ports[p->port].mac, RTE_ETHER_ADDR_LEN);
	eth->src_addr.addr_bytes[0] = RTE_ETHER_LOCAL_ADMIN_ADDR;
	eth->ether_type = rte_cpu_to_be_16(six ? RTE_ETHER_TYPE_IPV6 : RTE_ETHER_TYPE_IPV4);
	ip = (char *)(eth + 1);
	udp = six ? put_ip6((struct rte_ipv6_hdr *)ip, p) : put_ip4((struct rte_ipv4_hdr *)ip, p);
	udp->src_port = rte_cpu_to_be_16(XTR_MADE_UP_SPORT);
	udp->dst_port = rte_cpu_to_be_16(XTR_MADE_UP_DPORT);
	udp->dgram_len = rte_cpu_to_be_16(ip + XTR_MADE_UP_BYTES - (char *)udp);
	return m;
}

/* Runs it through the workers' stages, in a worker that nothing leaves. 0 or -ENOMEM. */
static int run(struct xtr_ctl *ctl, struct xtr_made_up *p)
{
	struct rte_mbuf *m;

	if (!ctl->tracer)
		ctl->tracer = xtr_dp_tracer_create(ctl->dp);
	m = ctl->tracer ? make(ctl, p) : NULL;
	if (!m)
		return -ENOMEM;
	ctl->tracer->trace = &p->trace;
	ctl->tracer->gate_seen = ctl->dp->gate_open;
	xtr_stage_classify(ctl->tracer, p->port, &m, 1);
	ctl->tracer->trace = NULL;
	return 0;
}

static int read_source(const char *text, struct xtr_made_up *p, char *err, size_t err_size)
{
	int rc = xtr_oper_address(text, &p->source, err, err_size);

	if (rc == 0 && p->source.af != p->address.af) {
		snprintf(err, err_size, "SOURCE %s is not of ADDRESS's family, IPv%d", text,
		    p->address.af);
		rc = -EINVAL;
	}
	return rc;
}

int xtr_oper_forwarding(
    void *arg, const char *const *words, unsigned n_words, json_t **out, char *err, size_t err_size)
{
	struct xtr_oper_option options[] = {{"from", NULL}, {"instance", NULL}, {"port", NULL}};
	struct xtr_ctl *ctl = arg;
	struct xtr_made_up p = {0};
	uint32_t iid;
	int rc;

	if (n_words == 0)
		return refuse(err, err_size, XTR_OPER_FORWARDING_ARGS " is wanted");
	if (!ctl->dp)
		return refuse(err, err_size, "no ports are configured: nothing is forwarded here");
	rc = xtr_oper_address(words[0], &p.address, err, err_size);
	if (rc == 0)
		rc = xtr_oper_options(words + 1, n_words - 1, options, RTE_DIM(options),
		    XTR_OPER_FORWARDING_ARGS, err, err_size);
	if (rc == 0 && options[0].value)
		rc = read_source(options[0].value, &p, err, err_size);
	if (rc == 0)
		rc = xtr_oper_instance(options[1].value, &iid, err, err_size);
	if (rc == 0)
		rc = xtr_forwarding_pick(
		    ctl, &p, options[2].value, options[1].value ? (int64_t)iid : -1, err, err_size);
	if (rc == 0)
		rc = run(ctl, &p);
	if (rc < 0)
		return rc;
	*out = xtr_forwarding_explain(ctl, &p);
	rte_pktmbuf_free(p.trace.frame);
	return *out ? 0 : -ENOMEM;
}
