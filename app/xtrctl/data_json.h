/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The headers of data packets in JSON. The caller checked that their eight bytes are at p.
 */
#ifndef XTRCTL_DATA_JSON_H
#define XTRCTL_DATA_JSON_H

#include <jansson.h>
#include <stdint.h>

/* LISP's: {"flags", "kk", "nonce", "echo", "source-version", "dest-version", "instance-id", "lsb",
 * "next"}; what the flags say is not there is null. */
json_t *xtrctl_data_json(const uint8_t *p);
/* VXLAN's and VXLAN-GPE's: {"flags", "version", "vni", "next"}. */
json_t *xtrctl_vxlan_json(const uint8_t *p);

#endif
