/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What stands in front of the IP header of a captured packet: Ethernet, Linux cooked, or nothing.
 */
#ifndef XTRCTL_LINK_H
#define XTRCTL_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/err.h"

#define XTRCTL_VLANS 4 /* 802.1Q and 802.1ad tags in one another */

#define XTRCTL_ETHERTYPE_IPV4 0x0800
#define XTRCTL_ETHERTYPE_IPV6 0x86dd

struct xtrctl_link {
	size_t len;          /* bytes before the network layer */
	uint16_t ethertype;  /* of the network layer; a length below 1536 stands for LLC */
	const uint8_t *macs; /* Ethernet: destination and source; else NULL */
	unsigned n_vlans;
	uint16_t vlans[XTRCTL_VLANS]; /* VLAN identifiers, from the outside in */
};

/* `type` is libpcap's DLT_... */
bool xtrctl_link_known(int type);
/* Returns 0, or -EBADMSG and what is wrong, counted from p. */
int xtrctl_link_read(
    int type, const uint8_t *p, size_t len, struct xtrctl_link *l, struct xtr_wire_err *err);
int xtrctl_ethernet_read(
    const uint8_t *p, size_t len, struct xtrctl_link *l, struct xtr_wire_err *err);

#endif
