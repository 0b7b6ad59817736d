/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What UDP carries to and from LISP's ports, and the packets inside that, as members of a JSON
 * object.
 */
#ifndef XTRCTL_INNER_JSON_H
#define XTRCTL_INNER_JSON_H

#include <jansson.h>
#include <stdbool.h>

#include "link.h"
#include "packet.h"

/* Adds "vlans" where there are some. */
void xtrctl_vlans_json(json_t *o, const struct xtrctl_link *l);
/* Adds "source", "destination", "source-port", "destination-port" where there are ports,
 * "protocol", "tos", "ttl", and "fragment". */
void xtrctl_ip_hdr_json(json_t *o, const struct xtrctl_ip *ip);
/* Does UDP from and to these ports carry LISP control or data, VXLAN or VXLAN-GPE? */
bool xtrctl_ports_are_lisp(uint16_t sport, uint16_t dport);
/* Adds "kind" and what it is: "message", or "header" and "inner". `depth` is how many packets this
 * one lies in. */
void xtrctl_lisp_json(json_t *o, const struct xtrctl_udp *udp, unsigned depth);

#endif
