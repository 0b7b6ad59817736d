/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Inside the mirror: ports in Linux (mirror.c), and what Linux itself sends from an EID (lisp0.c).
 * Control lcore.
 */
#ifndef XTR_MIRROR_IMPL_H
#define XTR_MIRROR_IMPL_H

#include "control/ctl.h"
#include "control/kernel/netlink.h"
#include "control/kernel/tap.h"

#define XTR_TAP_FRAME_MAX     9728 /* bytes: the largest port MTU and its headers */
#define XTR_TAP_FRAMES_A_TURN 64   /* read from one TAP before others get their turn */

/* An address of one family that a port sends from, as Linux has it; af 0: none. */
struct tap_address {
	struct xtr_ip ip;
	struct xtr_ip first; /* that the dump under way has shown */
	bool seen;           /* it has shown ip itself */
};

struct tap_port {
	struct xtr_mirror *mirror;
	struct xtr_tap tap;
	struct xtr_watch watch;
	unsigned port;
	struct tap_address address[2]; /* IPv4, IPv6 */
};

struct xtr_mirror {
	struct xtr_ctl *ctl;
	struct xtr_nl *nl;
	struct xtr_watch nl_event, nl_dump;
	struct tap_port *taps; /* one a port */
	unsigned n_taps;
	struct tap_port lisp0;
	bool have_lisp0;
	uint8_t buf[XTR_TAP_FRAME_MAX];
};

/* mirror.c */
/* Opens a TAP, or TUN, sets it up and watches it. mtu 0: as it is. 0 or negative errno: logged. */
int mirror_open_tap(struct xtr_mirror *mirror, struct tap_port *t, const char *name, bool l3,
    bool ipv6, const uint8_t *mac, uint32_t mtu, void (*readable)(void *arg));
/*
 * The next frame that Linux sends there, as a packet of the control lcore's. False: there is none
 * now; an interface that went under way is not watched any more. *m NULL: no buffer was free.
 */
bool mirror_read_tap(struct tap_port *t, struct rte_mbuf **m);

/* lisp0.c */
/* 0 or negative errno: logged. */
int mirror_lisp0_open(struct xtr_mirror *mirror);
/* Takes the policy rules away again. */
void mirror_lisp0_close(struct xtr_mirror *mirror);

#endif
