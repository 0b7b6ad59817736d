/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The control lcore: everything that is not a worker, tied together. One thread.
 */
#ifndef XTR_CTL_H
#define XTR_CTL_H

#include "control/lisp/etr.h"
#include "control/forwarding/fib.h"
#include "control/forwarding/hold.h"
#include "control/lisp/itr.h"
#include "control/lisp/lig.h"
#include "control/lisp/lisp.h"
#include "control/lisp/probe.h"
#include "control/loop.h"
#include "control/lisp/ms.h"
#include "control/oper/clear.h"
#include "control/oper/oper.h"
#include "control/forwarding/rib.h"
#include "control/forwarding/rloc.h"
#include "control/kernel/sock.h"
#include "control/lisp/state.h"
#include "util/bucket.h"

struct xtr_mirror;
struct xtr_petrs;

struct xtr_ctl {
	const struct xtr_config *cfg;
	struct xtr_loop loop;
	struct xtr_wheel wheel;
	struct xtr_lisp lisp;
	struct xtr_state *state;
	struct xtr_timer state_timer;
	struct xtr_sock *sock;
	struct xtr_oper *oper;
	struct xtr_watch oper_watch, signal_watch;
	struct xtr_timer oper_timer;
	int signal_fd;
	bool stop, ready, in_oper;
	uint8_t xtr_id[16];
	/* roles; NULL where not configured */
	struct xtr_ms *ms;
	struct xtr_etr *etr;
	struct xtr_itr *itr;
	struct xtr_ligs *ligs;
	/* the data plane's side; all NULL in a process without ports */
	struct xtr_dp *dp;
	struct xtr_fib *fib;
	struct xtr_rib *rib;
	struct xtr_rlocs *rlocs;
	struct xtr_holder holder;
	struct xtr_mirror *mirror;
	struct xtr_probes *probes;
	struct xtr_petrs *petrs;       /* NULL where none are configured */
	struct xtr_rlocs_list changed; /* whose mappings choose their locators again */
	struct xtr_oper_clears clears; /* of the map-cache */
	struct xtr_worker *tracer;     /* runs made-up packets; made by oper/forwarding.c */
	bool rlocs_dirty;
	uint64_t last_punt_ms;
	struct xtr_timer link_timer;
	int icmp_fd, icmp6_fd;
	/* with locator-status-bits: what own mappings' entries say, and which is looked at next */
	uint8_t *own_status;
	unsigned status_next;
	unsigned doubts; /* EIDs asked for again for that reason, in the second that began at */
	uint64_t doubts_ms;
	struct xtr_bucket icmp[XTR_DP_PORTS]; /* by rx port of what the errors are about */
	struct xtr_bucket core_errors, reassembled;
};

/*
 * Makes the control lcore's side of cfg; dp is NULL in a process without ports, else its ports are
 * open and the workers do not run yet. Both outlive the result. NULL on failure, and the log says
 * why.
 */
struct xtr_ctl *xtr_ctl_create(const struct xtr_config *cfg, struct xtr_dp *dp);
void xtr_ctl_destroy(struct xtr_ctl *ctl);
/* Starts what speaks first (registration), then runs until SIGTERM or SIGINT. Returns 0. */
int xtr_ctl_run(struct xtr_ctl *ctl);
/* One turn of that, which waits for descriptors at most wait_us; for measurements. Returns how long
 * the next may wait. */
uint32_t xtr_ctl_turn(struct xtr_ctl *ctl, uint32_t wait_us);

/* An address of a port: the first of this family in the configuration, else the first that Linux
 * has there, none of them link-local. False: none. */
bool xtr_ctl_port_address(
    const struct xtr_ctl *ctl, unsigned port, uint8_t af, struct xtr_ip *address);

/* dispatch.c: a control message from the socket. */
void xtr_ctl_message(void *arg, const struct xtr_peer *from, const uint8_t *p, size_t len);

/* forwarding/punt.c: takes what workers punted, at most `max` packets; returns how many. */
unsigned xtr_ctl_punts(struct xtr_ctl *ctl, unsigned max);
/* A LISP data packet that Linux put together from fragments. */
void xtr_ctl_reassembled(void *arg, const struct xtr_peer *from, const uint8_t *p, size_t len,
    uint8_t ttl, uint8_t tos, int ifindex);

/* forwarding/mapping.c: mappings into what workers read, and the packets that wait for them. */
extern const struct xtr_itr_ops xtr_forwarding_ops; /* its arg is a struct xtr_ctl */
/* Where routes changed, RLOCs follow; then mappings whose locators are not what they were choose
 * again, at most `max` of them. True: there may be more. */
bool xtr_ctl_look_again(struct xtr_ctl *ctl, unsigned max);
/* forwarding/miss.c: a packet that needs a mapping, or a PETR. Takes m. */
void xtr_ctl_miss(struct xtr_ctl *ctl, struct rte_mbuf *m);
/* One out of a tunnel that needs its source's mapping. Takes m. */
void xtr_ctl_source_unknown(struct xtr_ctl *ctl, struct rte_mbuf *m);
/* forwarding/source.c: one that is to be dropped, since the mapping of its source has another RLOC:
 * the mapping may be out of date. Takes m. */
void xtr_ctl_source_doubted(struct xtr_ctl *ctl, struct rte_mbuf *m, enum xtr_drop reason);
/* How sources are checked (datapath/source.h), and the own EID database into the tables. Once,
 * before anything else comes into the tables. 0 or negative errno. */
int xtr_ctl_install_sources(struct xtr_ctl *ctl);
/* With locator-status-bits: what packets of own EIDs say of their locators follows their state. A
 * part of the database a call. */
void xtr_ctl_refresh_status(struct xtr_ctl *ctl);
/* forwarding/proxy.c: for whom we are a PETR, into the tables. Once, before the workers start. 0 or
 * negative errno. */
int xtr_ctl_install_proxy_etr(struct xtr_ctl *ctl);

/* forwarding/icmp.c: a packet that does not fit: ICMP to its source, or fragments back to its
 * worker (RFC 9300 section 7.1). Takes m. */
void xtr_ctl_too_big(struct xtr_ctl *ctl, struct rte_mbuf *m, uint32_t mtu);
/* A packet that nothing leads to, dropped for this reason: ICMP destination unreachable to its
 * source (RFC 1812 section 5.2.7.1, RFC 9301 section 5.4). Takes m. */
void xtr_ctl_unreachable(struct xtr_ctl *ctl, struct rte_mbuf *m, enum xtr_drop reason);
/* Only the ICMP message; m stays the caller's. */
void xtr_ctl_say_unreachable(struct xtr_ctl *ctl, struct rte_mbuf *m, enum xtr_drop reason);
/* A packet of LISP's whose TTL has expired: ICMP to its source (RFC 1812 section 5.3.1). Takes m.
 */
void xtr_ctl_time_exceeded(struct xtr_ctl *ctl, struct rte_mbuf *m);
void xtr_ctl_icmp_open(struct xtr_ctl *ctl);
/* forwarding/core_error.c: what a router of the core says of a packet that we encapsulated (RFC
 * 9300 section 7.2), if m, which is on its way to Linux, is that. m stays the caller's. */
void xtr_ctl_core_error(struct xtr_ctl *ctl, struct rte_mbuf *m);

/* kernel/mirror.c: ports in Linux. */
struct xtr_mirror *xtr_mirror_create(struct xtr_ctl *ctl);
void xtr_mirror_destroy(struct xtr_mirror *mirror);
/* A frame to the port's TAP, or a packet to lisp0. Copies; m stays the caller's. */
void xtr_mirror_to_linux(struct xtr_mirror *mirror, struct rte_mbuf *m);
/* The port's link changed. */
void xtr_mirror_carrier(struct xtr_mirror *mirror, unsigned port, bool up);
/* Has Linux a route to dst for what it sends from no address in particular? 0 or negative errno. */
int xtr_mirror_route_to(const struct xtr_mirror *mirror, const struct xtr_ip *dst);
void xtr_mirror_ask(struct xtr_mirror *mirror, unsigned port, const struct xtr_ip *ip);
/* The first address of this family that Linux has on the port's TAP. False: none. */
bool xtr_mirror_address(
    const struct xtr_mirror *mirror, unsigned port, uint8_t af, struct xtr_ip *address);
bool xtr_mirror_in_sync(const struct xtr_mirror *mirror);
/* The port behind a Linux interface, or -1. */
int xtr_mirror_port(const struct xtr_mirror *mirror, int ifindex);
/* Reads the counters of netlink into a JSON object. */
void xtr_mirror_counters(const struct xtr_mirror *mirror, json_t *object);

/* oper/show.c */
extern const struct xtr_oper_command xtr_ctl_commands[];
extern const unsigned xtr_ctl_n_commands;

#define XTR_LISP0      "lisp0"
#define XTR_LISP_TABLE 4341 /* Linux routing table and rule priority of lisp0 */
#define XTR_OVERHEAD4  36   /* bytes of outer IPv4, UDP and LISP headers */
#define XTR_OVERHEAD6  56   /* of IPv6, UDP and LISP headers */

#endif
