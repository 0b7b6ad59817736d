/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/forwarding/template.h"

#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <rte_byteorder.h>
#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_udp.h>
#include "wire/data.h"

/* Returns what follows the IP header. */
static void *write_ip4(struct xtr_tunnel *t, const struct xtr_ip *src, const struct xtr_ip *dst)
{
	struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)(t->tmpl + t->ip_at);

	memset(ip, 0, sizeof(*ip));
	ip->version_ihl = 0x45;
	ip->fragment_offset = rte_cpu_to_be_16(
	    RTE_IPV4_HDR_DF_FLAG); /* section 7.1: SHOULD; so the ID may be 0, RFC 6864 */
	ip->next_proto_id = IPPROTO_UDP;
	memcpy(&ip->src_addr, src->b, 4);
	memcpy(&ip->dst_addr, dst->b, 4);
	ip->hdr_checksum = rte_ipv4_cksum(ip); /* what packets change is added to it */
	return ip + 1;
}

static void *write_ip6(struct xtr_tunnel *t, const struct xtr_ip *src, const struct xtr_ip *dst)
{
	struct rte_ipv6_hdr *ip = (struct rte_ipv6_hdr *)(t->tmpl + t->ip_at);

	memset(ip, 0, sizeof(*ip));
	ip->vtc_flow = rte_cpu_to_be_32(6u << 28);
	ip->proto = IPPROTO_UDP;
	memcpy(ip->src_addr, src->b, 16);
	memcpy(ip->dst_addr, dst->b, 16);
	return ip + 1;
}

void xtr_template_write(struct xtr_tunnel *t, const uint8_t *dst_mac, const uint8_t *src_mac,
    const struct xtr_ip *src, const struct xtr_ip *dst)
{
	struct rte_ether_hdr *eth = (struct rte_ether_hdr *)t->tmpl;
	struct rte_udp_hdr *udp;

	memcpy(&eth->dst_addr, dst_mac, RTE_ETHER_ADDR_LEN);
	memcpy(&eth->src_addr, src_mac, RTE_ETHER_ADDR_LEN);
	eth->ether_type =
	    rte_cpu_to_be_16(dst->af == 6 ? RTE_ETHER_TYPE_IPV6 : RTE_ETHER_TYPE_IPV4);
	t->ip_at = RTE_ETHER_HDR_LEN;
	t->af = dst->af;
	udp = dst->af == 6 ? write_ip6(t, src, dst) : write_ip4(t, src, dst);
	/* checksum zero: section 5.3. N, L, E, V off: section 4.1 */
	memset(udp, 0, sizeof(*udp) + XTR_DATA_HDR_LEN);
	udp->dst_port = rte_cpu_to_be_16(XTR_PORT_DATA);
	t->len = (uint8_t)((uint8_t *)(udp + 1) + XTR_DATA_HDR_LEN - t->tmpl);
}

bool xtr_template_is_from(const struct xtr_tunnel *t, const struct xtr_ip *src)
{
	size_t at = t->af == 6 ? offsetof(struct rte_ipv6_hdr, src_addr)
			       : offsetof(struct rte_ipv4_hdr, src_addr);

	return t->af == src->af && !memcmp(t->tmpl + t->ip_at + at, src->b, xtr_ip_bits(src) / 8);
}
