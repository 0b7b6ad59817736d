/* SPDX-License-Identifier: BSD-3-Clause */
#include "datapath/ip6.h"

/* Do all the options of this header (hop-by-hop or destination) say "skip over" where they are not
 * known? RFC 8200 section 4.2. */
static bool options_plain(const uint8_t *h, unsigned len)
{
	for (unsigned at = 2; at < len;) {
		if (!h[at]) { /* Pad1 */
			at++;
			continue;
		}
		if (h[at] & 0xc0 || at + 1 >= len)
			return false;
		at += 2u + h[at + 1];
		if (at > len)
			return false;
	}
	return true;
}

struct xtr_ip6_upper xtr_ip6_upper(
    const struct rte_mbuf *m, const struct rte_ipv6_hdr *ip, unsigned off)
{
	unsigned limit = RTE_MIN((unsigned)m->data_len - off, XTR_HEADERS);
	struct xtr_ip6_upper u = {.proto = ip->proto, .at = sizeof(*ip), .plain = true};

	for (unsigned i = 0; i <= XTR_IP6_EXTENSIONS; i++) {
		const uint8_t *h = (const uint8_t *)ip + u.at;
		unsigned len = 8;

		if (likely(u.proto == IPPROTO_TCP || u.proto == IPPROTO_UDP))
			return u;
		switch (u.proto) {
		case IPPROTO_HOPOPTS:
		case IPPROTO_ROUTING:
		case IPPROTO_DSTOPTS:
		case IPPROTO_AH:
		case IPPROTO_FRAGMENT:
			break;
		default:
			return u;
		}
		if (u.at + len > limit)
			break;
		if (u.proto == IPPROTO_AH) /* RFC 4302 section 2.2: words of 32 bits less two */
			len = (h[1] + 2u) * 4;
		else if (u.proto != IPPROTO_FRAGMENT)
			len = (h[1] + 1u) * 8;
		if (u.at + len > limit)
			break;
		if (u.proto == IPPROTO_FRAGMENT) {
			if (((unsigned)h[2] << 8 | h[3]) & 0xfff9) {
				u.fragment = true;
				u.plain = false;
				return u;
			}
		} else if (u.proto == IPPROTO_AH || (u.proto == IPPROTO_ROUTING && h[3]) ||
			   (u.proto == IPPROTO_HOPOPTS && i)) {
			u.plain = false; /* to be verified; we are not the last; out of place */
		} else if (u.proto != IPPROTO_ROUTING && !options_plain(h, len)) {
			u.plain = false;
		}
		u.proto = h[0];
		u.at = (uint16_t)(u.at + len);
	}
	u.proto = IPPROTO_NONE;
	u.plain = false;
	return u;
}
