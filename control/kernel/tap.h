/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Persistent TAP and TUN interfaces in Linux, opened by way of /dev/net/tun. Control lcore only.
 */
#ifndef XTR_TAP_H
#define XTR_TAP_H

#include <stdbool.h>
#include <stdint.h>
#include "config/config.h"

struct xtr_tap {
	int fd; /* non-blocking, or -1 */
	int ifindex;
	char name[XTR_NAME_LEN];
	bool l3; /* a TUN: bare IP packets */
};

/*
 * Opens (creates, or adopts from an earlier run) a persistent TAP, or TUN where l3. No packet
 * information header, no offloads. Sets the MAC where mac is not NULL, IPv6 duplicate address
 * detection off, keep_addr_on_down on, rp_filter off for the interface, forwarding on for the
 * interface, but for IPv6 on a TUN (so that Linux answers TTL 1 with time exceeded). Does not set
 * it up. Returns 0 or negative errno; -EBUSY when another process holds it.
 */
int xtr_tap_open(struct xtr_tap *tap, const char *name, bool l3, const uint8_t *mac);
/* IPv6 on the interface, or none at all; one that was made before, or the machine's default, may
 * say otherwise. */
void xtr_tap_ipv6(const struct xtr_tap *tap, bool on);
/* Carrier of the interface: follows the port's link (TUNSETCARRIER). */
int xtr_tap_carrier(struct xtr_tap *tap, bool on);
/* Closes; the interface stays. With remove, it goes. */
void xtr_tap_close(struct xtr_tap *tap, bool remove);
/* One frame (packet where l3). Returns bytes or negative errno; -EAGAIN: nothing there, or no room.
 */
int xtr_tap_read(struct xtr_tap *tap, void *buf, uint32_t size);
int xtr_tap_write(struct xtr_tap *tap, const void *buf, uint32_t len);

#endif
