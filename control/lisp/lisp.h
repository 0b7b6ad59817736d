/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the LISP state machines of the control lcore share: the way out for messages, the clock,
 * counters, errors. ms.c, mr.c, etr.c and itr.c know of sockets, DPDK and Linux only through this,
 * so that unit tests drive them with a clock and a wire of their own.
 */
#ifndef XTR_LISP_H
#define XTR_LISP_H

#include "config/config.h"
#include "util/timer.h"
#include "wire/msg.h"

/* Where a control message came from. Ports in host order. */
struct xtr_peer {
	struct xtr_ip ip;    /* source address */
	uint16_t port;       /* source port */
	struct xtr_ip local; /* the address of ours that it was sent to */
};

/* Named counters of the control plane; as `show counters` names them. */
#define XTR_LISP_COUNTERS(X)                                                                       \
	X(CTL_RX, "control-rx")                                                                    \
	X(CTL_TX, "control-tx")                                                                    \
	X(CTL_TX_FAILED, "control-tx-failed")                                                      \
	X(CTL_RX_SHORT, "control-rx-short")                                                        \
	X(CTL_RX_MALFORMED, "control-rx-malformed")                                                \
	X(CTL_RX_UNKNOWN_TYPE, "control-rx-unknown-type")                                          \
	X(CTL_RX_NOT_OURS, "control-rx-role-not-configured")                                       \
	X(CTL_RX_SEC, "control-rx-lisp-sec-not-implemented")                                       \
	X(REG_RX, "map-register-rx")                                                               \
	X(REG_OK, "map-register-accepted")                                                         \
	X(REG_REPEATED, "map-register-repeated")                                                   \
	X(REG_NO_SITE, "map-register-no-site")                                                     \
	X(REG_AUTH_FAILED, "map-register-authentication-failed")                                   \
	X(REG_ALGORITHM, "map-register-algorithm-not-allowed")                                     \
	X(REG_REPLAY, "map-register-replay")                                                       \
	X(REG_LOCATOR, "map-register-locator-not-allowed")                                         \
	X(REG_EXPIRED, "registration-expired")                                                     \
	X(REG_WITHDRAWN, "registration-withdrawn")                                                 \
	X(NOTIFY_TX, "map-notify-tx")                                                              \
	X(MS_REQ_RX, "ms-map-request-rx")                                                          \
	X(MS_REQ_FORWARDED, "ms-map-request-forwarded")                                            \
	X(MS_REQ_PROXY, "ms-map-request-proxy-replied")                                            \
	X(MS_REQ_NEGATIVE, "ms-map-request-negative-replied")                                      \
	X(MS_REQ_DROPPED, "ms-map-request-dropped")                                                \
	X(ETR_REG_TX, "etr-map-register-tx")                                                       \
	X(ETR_REG_RETRANSMIT, "etr-map-register-retransmit")                                       \
	X(ETR_NOTIFY_OK, "etr-map-notify-accepted")                                                \
	X(ETR_NOTIFY_BAD, "etr-map-notify-rejected")                                               \
	X(ETR_REQ_RX, "etr-map-request-rx")                                                        \
	X(ETR_REQ_DROPPED, "etr-map-request-dropped")                                              \
	X(ETR_REPLY_TX, "etr-map-reply-tx")                                                        \
	X(REPLY_LIMITED, "map-reply-rate-limited")                                                 \
	X(ITR_REQ_TX, "itr-map-request-tx")                                                        \
	X(ITR_REQ_RETRANSMIT, "itr-map-request-retransmit")                                        \
	X(ITR_REPLY_OK, "itr-map-reply-accepted")                                                  \
	X(ITR_REPLY_UNSOLICITED, "itr-map-reply-unsolicited")                                      \
	X(ITR_REPLY_REFUSED, "itr-map-reply-refused")                                              \
	X(ITR_RESOLVE_FAILED, "itr-resolution-failed")                                             \
	X(ITR_RESOLVE_LIMIT, "itr-resolution-limit")                                               \
	X(ITR_RESOLVE_GIVEN_UP, "itr-resolution-given-up")                                         \
	X(ITR_EXPIRED, "map-cache-expired")                                                        \
	X(ITR_EVICTED, "map-cache-evicted")                                                        \
	X(PROBE_TX, "probe-tx")                                                                    \
	X(PROBE_RETRANSMIT, "probe-retransmit")                                                    \
	X(PROBE_REPLY_OK, "probe-reply-accepted")                                                  \
	X(PROBE_REPLY_REFUSED, "probe-reply-not-as-petr")                                          \
	X(PROBE_REPLY_UNSOLICITED, "probe-reply-unsolicited")                                      \
	/* ICMP errors from the core about packets that we encapsulated */                         \
	X(CORE_TOO_BIG, "core-icmp-too-big")                                                       \
	X(CORE_MTU, "core-icmp-path-mtu-lowered")                                                  \
	X(CORE_UNREACHABLE, "core-icmp-unreachable")                                               \
	X(CORE_TIME, "core-icmp-time-exceeded")                                                    \
	X(CORE_RELAYED, "core-icmp-relayed")                                                       \
	X(CORE_LIMITED, "core-icmp-rate-limited")                                                  \
	/* the same, refused: they cannot be about what we sent */                                 \
	X(CORE_BAD_SIDE, "core-icmp-bad-port")                                                     \
	X(CORE_BAD_FORM, "core-icmp-bad-form")                                                     \
	X(CORE_BAD_RLOC, "core-icmp-bad-rloc")                                                     \
	X(CORE_BAD_SOURCE, "core-icmp-bad-source")                                                 \
	X(CORE_BAD_UDP, "core-icmp-bad-source-port")                                               \
	X(CORE_BAD_LENGTH, "core-icmp-bad-length")                                                 \
	X(CORE_BAD_MTU, "core-icmp-bad-mtu")                                                       \
	X(CORE_BAD_INSTANCE, "core-icmp-bad-instance")                                             \
	X(CORE_BAD_INNER, "core-icmp-bad-inner-source")                                            \
	X(CORE_BAD_MAPPING, "core-icmp-bad-mapping")                                               \
	X(LIG_REQ_TX, "lig-map-request-tx")                                                        \
	X(LIG_REPLY, "lig-map-reply")

enum xtr_lisp_counter {
#define XTR_X(id, name) XTR_C_##id,
	XTR_LISP_COUNTERS(XTR_X)
#undef XTR_X
	    XTR_C_N
};
const char *xtr_lisp_counter_name(enum xtr_lisp_counter c);

#define XTR_REPLY_BUCKETS 1024 /* of destination RLOCs, by hash; a power of two */

struct xtr_lisp {
	const struct xtr_config *cfg;
	struct xtr_wheel *wheel;
	uint64_t counters[XTR_C_N];
	/*
	 * Sends a UDP payload to dst:port from local port 4342. src NULL or af 0: the kernel
	 * chooses the address, else from that local address. 0 or negative errno; failures are
	 * counted by the callee.
	 */
	int (*send)(struct xtr_lisp *l, const struct xtr_ip *src, const struct xtr_ip *dst,
	    uint16_t port, const uint8_t *p, size_t len);
	/* The source address that the kernel would use towards dst. 0 or negative errno (no route).
	 */
	int (*source_for)(struct xtr_lisp *l, const struct xtr_ip *dst, struct xtr_ip *src);
	/* 64 random bits from a properly seeded source (RFC 9301 5.2). */
	uint64_t (*random64)(struct xtr_lisp *l);
	/* Seconds since 1970, for nonces that rise across restarts. */
	uint64_t (*wall_clock)(struct xtr_lisp *l);
	void *arg; /* of the callbacks */
	struct xtr_state
	    *state; /* what outlives a restart, control/lisp/state.h; NULL in some tests */
	/* When the credit of a bucket's RLOCs is whole again, in microseconds of the wheel's clock;
	 * zeroed is whole. For xtr_lisp_may_reply(). */
	uint64_t reply_credit[XTR_REPLY_BUCKETS];
};

#define XTR_ITR_RLOCS 2 /* a family each */

/* May a Map-Reply go to this RLOC now (RFC 9301 section 5.4)? Counts those that may not. */
bool xtr_lisp_may_reply(struct xtr_lisp *l, const struct xtr_ip *dst);

/* The address of ours that an answer to a Map-Request to `to` is to come to: one that we listen on
 * (RFC 9301 section 5.2, ITR-RLOC). False: there is no way to `to`. */
bool xtr_lisp_itr_rloc(struct xtr_lisp *l, const struct xtr_ip *to, struct xtr_ip *rloc);
/* That, and behind it one of the other family, if we have one: the ETR that answers may not reach
 * the family that we reach the Map-Resolver by. Returns how many; 0: there is no way to `to`. */
unsigned xtr_lisp_itr_rlocs(
    struct xtr_lisp *l, const struct xtr_ip *to, struct xtr_ip rlocs[XTR_ITR_RLOCS]);

/*
 * Sends one Encapsulated Map-Request for an EID to a Map-Resolver (RFC 9301 sections 5.8, 8.1).
 * source: the host that wants it; NULL: nobody in particular. pitr: a proxy-ITR asks. 0 or negative
 * errno; failures are counted.
 */
int xtr_lisp_map_request(struct xtr_lisp *l, const struct xtr_ip *resolver, uint64_t nonce,
    const struct xtr_eid *source, const struct xtr_eid *eid, bool pitr);

/* Microseconds of a clock that does not go back, for round-trip times: the real one, whatever was
 * done to the wheel's, but in unit tests that one. */
uint64_t xtr_lisp_now_us(const struct xtr_lisp *l);

#endif
