/* SPDX-License-Identifier: BSD-3-Clause */
/* What IP headers say, and whether that is anything special. See fast.h, ip4.h and ip6.h. */
#include "datapath/fast_way.h"

#include <netinet/in.h>
#include "datapath/flow.h"

/* The vector of this word of the packets' headers. */
#define IP(k) XTR_VEC_CONST(raw->ip[k], i)

static __rte_always_inline xtr_vec bad_address4(xtr_vec a)
{
	a &= 0xff;
	return XTR_IF(a == 0) | XTR_IF(a == 127) | XTR_IF(a > 223);
}

/* The sum of a word's halves, and of what was before. */
static __rte_always_inline xtr_vec halves(xtr_vec sum, xtr_vec word)
{
	return sum + (word & 0xffff) + (word >> 16);
}

static void check4(
    const struct xtr_fast_raw *restrict raw, struct xtr_fast *restrict b, uint32_t *restrict ok)
{
	const uint32_t fragment = 0xff3f0000; /* offset and MF in the second word */
	const uint32_t src = raw->ip[3][0], dst = raw->ip[4][0];
	const xtr_vec none = {0};
	xtr_vec other_src = none, other_dst = none;

	XTR_FAST_EACH(i, b->n)
	{
		xtr_vec total = xtr_vec_swap16(IP(0) >> 16), sum, bad;

		sum =
		    halves(halves(halves(halves(halves(none, IP(0)), IP(1)), IP(2)), IP(3)), IP(4));
		sum = halves(none, sum);
		sum = halves(none, sum);
		bad = (sum ^ 0xffff) | ((IP(0) & 0xff) ^ 0x45) | (IP(1) & fragment);
		bad |= XTR_IF(total < XTR_FAST_IP4) | XTR_IF(total > XTR_VEC_CONST(raw->room, i));
		bad |= XTR_IF((IP(2) & 0xff) < 2) | bad_address4(IP(3)) | bad_address4(IP(4));
		XTR_VEC(ok, i) = XTR_IF(bad == 0);
		other_src |= IP(3) ^ src;
		other_dst |= IP(4) ^ dst;
		XTR_VEC(b->src, i) = IP(3);
		XTR_VEC(b->dst, i) = IP(4);
		XTR_VEC(b->hop_word, i) = IP(2);
		XTR_VEC(b->hops, i) = IP(2) & 0xff;
		XTR_VEC(b->tos, i) = IP(0) >> 8 & 0xff;
		XTR_VEC(b->total, i) = total;
	}
	b->one_src = !xtr_vec_any(other_src);
	b->one_dst = !xtr_vec_any(other_dst);
}

/* ::, ::1, multicast or link-local, by the address's words. */
static __rte_always_inline xtr_vec bad_address6(xtr_vec a, xtr_vec b, xtr_vec c, xtr_vec d)
{
	return XTR_IF((a | b | c | (d & ~0x01000000u)) == 0) | XTR_IF((a & 0xff) == 0xff) |
	       XTR_IF((a & 0xc0ff) == 0x80fe);
}

static __rte_always_inline xtr_vec extension(xtr_vec next)
{
	return XTR_IF(next == IPPROTO_HOPOPTS) | XTR_IF(next == IPPROTO_ROUTING) |
	       XTR_IF(next == IPPROTO_FRAGMENT) | XTR_IF(next == IPPROTO_AH) |
	       XTR_IF(next == IPPROTO_DSTOPTS);
}

static void check6(
    const struct xtr_fast_raw *restrict raw, struct xtr_fast *restrict b, uint32_t *restrict ok)
{
	xtr_vec other_src = {0}, other_dst = {0};

	XTR_FAST_EACH(i, b->n)
	{
		xtr_vec total = xtr_vec_swap16(IP(1)) + XTR_FAST_IP6, bad;

		bad = (IP(0) & 0xf0) ^ 0x60;
		bad |= XTR_IF(total > XTR_VEC_CONST(raw->room, i)) | XTR_IF(IP(1) >> 24 < 2);
		bad |= extension(IP(1) >> 16 & 0xff);
		bad |= bad_address6(IP(2), IP(3), IP(4), IP(5));
		bad |= bad_address6(IP(6), IP(7), IP(8), IP(9));
		XTR_VEC(ok, i) = XTR_IF(bad == 0);
		XTR_VEC(b->hop_word, i) = IP(1);
		XTR_VEC(b->hops, i) = IP(1) >> 24;
		XTR_VEC(b->tos, i) = (IP(0) << 4 & 0xf0) | (IP(0) >> 12 & 0xf);
		XTR_VEC(b->total, i) = total;
		for (unsigned k = 0; k < 4; k++) {
			other_src |= IP(2 + k) ^ raw->ip[2 + k][0];
			other_dst |= IP(6 + k) ^ raw->ip[6 + k][0];
		}
	}
	b->one_src = !xtr_vec_any(other_src);
	b->one_dst = !xtr_vec_any(other_dst);
}

void xtr_fast_check(const struct xtr_fast_raw *raw, struct xtr_fast *b, uint32_t *ok)
{
	if (b->af == 4)
		check4(raw, b, ok);
	else
		check6(raw, b, ok);
}

static __rte_always_inline xtr_vec ports_of(xtr_vec proto, xtr_vec bytes, xtr_vec ports)
{
	xtr_vec has = XTR_IF(proto == IPPROTO_TCP) | XTR_IF(proto == IPPROTO_UDP) |
		      XTR_IF(proto == IPPROTO_SCTP);

	return has & XTR_IF(bytes >= 4) & ports;
}

XTR_FLOW_HASH(flow, xtr_vec)

static void hash4(const struct xtr_fast_raw *restrict raw, struct xtr_fast *restrict b)
{
	XTR_FAST_EACH(i, b->n)
	{
		xtr_vec proto = IP(2) >> 8 & 0xff;
		xtr_vec ports = ports_of(proto, XTR_VEC(b->total, i) - XTR_FAST_IP4, IP(5));

		XTR_VEC(b->hash, i) =
		    flow_end(flow_word(flow_word(flow_word(proto, IP(3)), IP(4)), ports));
	}
}

static void hash6(const struct xtr_fast_raw *restrict raw, struct xtr_fast *restrict b)
{
	const uint32_t label_mask = 0xffff0f00;
	const bool one = b->one_src && b->one_dst;
	uint32_t addresses = 0;

	if (one)
		for (unsigned k = 0; k < 8; k++)
			addresses += raw->ip[2 + k][0] * xtr_flow_odd[k];
	XTR_FAST_EACH(i, b->n)
	{
		xtr_vec proto = IP(1) >> 16 & 0xff, label = IP(0) & label_mask;
		xtr_vec ports = ports_of(proto, XTR_VEC(b->total, i) - XTR_FAST_IP6, IP(10));
		xtr_vec none = XTR_IF(label == 0), hash = xtr_pick(none, proto, label);

		hash += addresses;
		for (unsigned k = 0; k < 8 && !one; k++)
			hash += IP(2 + k) * xtr_flow_odd[k];
		XTR_VEC(b->hash, i) = flow_end(hash + (none & ports) * xtr_flow_odd[8]);
	}
}

void xtr_fast_hash(const struct xtr_fast_raw *raw, struct xtr_fast *b)
{
	struct xtr_fast_raw again;

	if (!raw) {
		for (unsigned k = 0; k < (b->af == 4 ? 8u : 12u); k += 4)
			xtr_rows_load(b->ip, (int)k * 4, b->n, again.ip + k);
		raw = &again;
	}
	if (b->af == 4)
		hash4(raw, b);
	else
		hash6(raw, b);
	b->hashed = true;
}
