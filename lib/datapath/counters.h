/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Names of what is counted. Nothing is dropped without one of these; each worker counts in lines of
 * its own, the control lcore in its own too, and `show` adds them up.
 */
#ifndef XTR_DATAPATH_COUNTERS_H
#define XTR_DATAPATH_COUNTERS_H

#define XTR_DROPS(X)                                                                               \
	/* vlan */                                                                                 \
	X(VLAN_UNKNOWN, "vlan-unknown")                                                            \
	X(VLAN_STACKED, "vlan-stacked-tags")                                                       \
	/* classify */                                                                             \
	X(ETHER_SHORT, "ether-short")                                                              \
	X(ETHER_NOT_OURS, "ether-destination-not-ours")                                            \
	X(IP4_MALFORMED, "ip4-malformed")                                                          \
	X(IP4_CHECKSUM, "ip4-checksum")                                                            \
	X(IP6_MALFORMED, "ip6-malformed")                                                          \
	X(IP6_JUMBO, "ip6-jumbo-payload")                                                          \
	X(IP6_LINK_LOCAL, "ip6-link-local-not-ours")                                               \
	X(HEADERS_SPLIT, "headers-in-pieces")                                                      \
	X(IP_MARTIAN, "ip-martian-source")                                                         \
	X(IP_MARTIAN_DST, "ip-martian-destination")                                                \
	/* lookup */                                                                               \
	X(NO_ROUTE, "no-route")                                                                    \
	X(BLACKHOLE, "route-blackhole")                                                            \
	X(UNREACHABLE, "route-unreachable")                                                        \
	X(PROHIBIT, "route-prohibit")                                                              \
	X(MAPCACHE_DROP, "map-cache-action-drop")                                                  \
	X(NO_LOCATOR, "map-cache-no-usable-locator")                                               \
	X(HOP_DOWN, "next-hop-down")                                                               \
	/* decap */                                                                                \
	X(DECAP_SHORT, "decap-short")                                                              \
	X(DECAP_ENCRYPTED, "decap-encrypted")                                                      \
	X(DECAP_PROTOCOL, "decap-inner-protocol")                                                  \
	X(DECAP_INSTANCE, "decap-instance-unknown")                                                \
	X(DECAP_INNER, "decap-inner-malformed")                                                    \
	X(DECAP_NOT_OURS, "decap-inner-destination-not-ours")                                      \
	X(PETR_SOURCE, "petr-source-refused")                                                      \
	X(PETR_RLOC, "petr-rloc-refused")                                                          \
	X(SOURCE_RLOC, "decap-source-rloc-mismatch")                                               \
	X(SOURCE_OWN, "decap-source-own-eid")                                                      \
	X(SOURCE_PROXY, "decap-source-not-by-proxy-itr")                                           \
	X(DECAP_ECN, "decap-ecn-not-capable")                                                      \
	X(DECAP_SIDE, "decap-not-from-core")                                                       \
	/* punt and gates */                                                                       \
	X(PUNT_FULL, "punt-ring-full")                                                             \
	X(PUNT_LIMITED, "punt-rate-limited")                                                       \
	X(GATE_FULL, "gate-queue-full")                                                            \
	/* tx */                                                                                   \
	X(TX_FULL, "tx-queue-full")                                                                \
	X(TX_DOWN, "tx-port-down")                                                                 \
	X(TX_HANDOFF, "tx-handoff-full")                                                           \
	X(TX_REFUSED, "tx-device-refused")                                                         \
	X(NO_HEADROOM, "no-headroom")                                                              \
	X(TX_CHAIN, "tx-port-takes-no-chains")                                                     \
	X(FRAGMENT, "fragmentation-failed")                                                        \
	/* control lcore */                                                                        \
	X(HOLD_EID, "hold-overflow-eid")                                                           \
	X(HOLD_INSTANCE, "hold-overflow-instance")                                                 \
	X(HOLD_TOTAL, "hold-overflow-total")                                                       \
	X(HOLD_NO_MBUF, "hold-no-buffer")                                                          \
	X(HOLD_TIMEOUT, "hold-timeout")                                                            \
	X(NEIGH_FAILED, "neighbour-failed")                                                        \
	X(NO_RESOLVER, "no-map-resolver")                                                          \
	X(RESOLVE_LIMIT, "unresolved-eids-limit")                                                  \
	X(TOO_BIG, "too-big-icmp-sent")                                                            \
	X(TOO_BIG_LIMITED, "too-big-icmp-limited")                                                 \
	X(TTL, "ttl-expired-icmp-sent")                                                            \
	X(TTL_LIMITED, "ttl-expired-icmp-limited")                                                 \
	X(REASSEMBLED, "decap-reassembled-rate-limited")                                           \
	X(TAP_FULL, "tap-full")                                                                    \
	X(TAP_DOWN, "tap-not-there")                                                               \
	X(INJECT_FULL, "inject-ring-full")

enum xtr_drop {
#define XTR_X(id, name) XTR_DROP_##id,
	XTR_DROPS(XTR_X)
#undef XTR_X
	    XTR_DROP_N
};

#define XTR_COUNTERS(X)                                                                            \
	X(RX, "rx-packets")                                                                        \
	X(TX, "tx-packets")                                                                        \
	X(NATIVE, "forwarded-natively")                                                            \
	X(ENCAP, "encapsulated")                                                                   \
	X(DECAP, "decapsulated")                                                                   \
	X(PETR, "decapsulated-as-petr")                                                            \
	X(PUNT_LINUX, "punted-for-linux")                                                          \
	X(PUNT_TTL, "punted-ttl-expired")                                                          \
	X(PUNT_MISS, "punted-map-cache-miss")                                                      \
	X(PUNT_NEIGH, "punted-neighbour-unknown")                                                  \
	X(PUNT_TOO_BIG, "punted-too-big")                                                          \
	X(PUNT_UNREACHABLE, "punted-unreachable")                                                  \
	X(PUNT_SOURCE, "punted-decap-source-unknown")                                              \
	X(PUNT_DOUBT, "punted-decap-source-doubted")                                               \
	X(GATED, "gated")                                                                          \
	X(SPLIT, "fragmented")                                                                     \
	X(SPLIT_OUTER, "encapsulated-in-fragments")                                                \
	X(PARTS, "fragments-made")                                                                 \
	X(INJECTED, "injected")                                                                    \
	X(NOT_ELIGIBLE, "source-not-in-eid-database")                                              \
	X(ECN_MARKED, "decap-ecn-marked")                                                          \
	X(ECN_UNUSED, "decap-ecn-unused-combination")

enum xtr_counter {
#define XTR_X(id, name) XTR_CTR_##id,
	XTR_COUNTERS(XTR_X)
#undef XTR_X
	    XTR_CTR_N
};

const char *xtr_drop_name(enum xtr_drop d);
const char *xtr_counter_name(enum xtr_counter c);

#endif
