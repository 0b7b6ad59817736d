/* SPDX-License-Identifier: BSD-3-Clause */
#include "link.h"

#include "bytes.h"

#include <pcap/pcap.h>

#define ETHERNET_LEN 14 /* destination, source, EtherType */
#define SLL_LEN      16 /* LINKTYPE_LINUX_SLL: EtherType at 14 */
#define SLL2_LEN     20 /* LINKTYPE_LINUX_SLL2: EtherType at 0 */
#define TAG_LEN      4

static bool is_tag(uint16_t ethertype)
{
	/* 802.1Q, 802.1ad, and what was used before 802.1ad */
	return ethertype == 0x8100 || ethertype == 0x88a8 || ethertype == 0x9100;
}

/* The tags behind a header of l->len bytes, whose EtherType was read. */
static int read_tags(const uint8_t *p, size_t len, struct xtrctl_link *l, struct xtr_wire_err *err)
{
	for (; is_tag(l->ethertype); l->len += TAG_LEN) {
		if (len - l->len < TAG_LEN)
			return fail(
			    err, l->len, "VLAN tag", "packet ends inside it", "IEEE 802.1Q 9.6");
		if (l->n_vlans == XTRCTL_VLANS)
			return fail(err, l->len, "VLAN tag", "more than 4 in one another",
			    "IEEE 802.1Q 9.6");
		l->vlans[l->n_vlans++] = get16(p + l->len) & 0xfff;
		l->ethertype = get16(p + l->len + 2);
	}
	return 0;
}

int xtrctl_ethernet_read(
    const uint8_t *p, size_t len, struct xtrctl_link *l, struct xtr_wire_err *err)
{
	*l = (struct xtrctl_link){.len = ETHERNET_LEN};
	if (len < ETHERNET_LEN)
		return fail(err, 0, "Ethernet header", "packet ends inside it", "IEEE 802.3 3.2");
	l->macs = p;
	l->ethertype = get16(p + 12);
	return read_tags(p, len, l, err);
}

static int read_cooked(const uint8_t *p, size_t len, size_t header, size_t type_at,
    struct xtrctl_link *l, struct xtr_wire_err *err)
{
	*l = (struct xtrctl_link){.len = header};
	if (len < header)
		return fail(err, 0, "Linux cooked header", "packet ends inside it",
		    header == SLL_LEN ? "LINKTYPE_LINUX_SLL" : "LINKTYPE_LINUX_SLL2");
	l->ethertype = get16(p + type_at);
	return read_tags(p, len, l, err);
}

static int read_raw(const uint8_t *p, size_t len, struct xtrctl_link *l, struct xtr_wire_err *err)
{
	*l = (struct xtrctl_link){0};
	if (len == 0)
		return fail(err, 0, "IP header", "the packet is empty", "LINKTYPE_RAW");
	if (p[0] >> 4 == 4)
		l->ethertype = XTRCTL_ETHERTYPE_IPV4;
	else if (p[0] >> 4 == 6)
		l->ethertype = XTRCTL_ETHERTYPE_IPV6;
	else
		return fail(err, 0, "IP version", "is neither 4 nor 6", "LINKTYPE_RAW");
	return 0;
}

bool xtrctl_link_known(int type)
{
	return type == DLT_EN10MB || type == DLT_RAW || type == DLT_IPV4 || type == DLT_IPV6 ||
	       type == DLT_LINUX_SLL || type == DLT_LINUX_SLL2;
}

int xtrctl_link_read(
    int type, const uint8_t *p, size_t len, struct xtrctl_link *l, struct xtr_wire_err *err)
{
	switch (type) {
	case DLT_EN10MB:
		return xtrctl_ethernet_read(p, len, l, err);
	case DLT_LINUX_SLL:
		return read_cooked(p, len, SLL_LEN, 14, l, err);
	case DLT_LINUX_SLL2:
		return read_cooked(p, len, SLL2_LEN, 0, l, err);
	default:
		return read_raw(p, len, l, err);
	}
}
