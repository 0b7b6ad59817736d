/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What workers and the control lcore share, and nothing else: the punt ring, the inject rings,
 * tables under RCU, counters. Each field says who writes it. "start" means: written before the
 * workers start, read-only from then on.
 */
#ifndef XTR_DATAPATH_DP_H
#define XTR_DATAPATH_DP_H

#include <stdbool.h>
#include <rte_mbuf.h>
#include <rte_ring.h>
#include "datapath/counters.h"
#include "datapath/trace.h"
#include "mapcache/fwd.h"
#include "mapcache/lpm.h"
#include "mapcache/pool.h"

#define XTR_BURST          64  /* packets a stage handles at once, at most */
#define XTR_DP_PORTS       256 /* ports and their VLANs: an index fits a byte */
#define XTR_DP_WORKERS     64
#define XTR_DP_INSTANCES   65536
#define XTR_GATE_MAX       4096 /* packets a worker keeps while a gate is closed */
#define XTR_RING_SIZE      8192
#define XTR_DP_DESCRIPTORS 1024 /* of an rx or tx queue, where the device allows */
#define XTR_PUNT_PARTIES                                                                           \
	(2 * XTR_DP_PORTS) /* each port has buckets; so many instances share some */

enum xtr_punt {               /* why a worker could not finish a packet */
	XTR_PUNT_LINUX,       /* for Linux: not IP, local, multicast, ... */
	XTR_PUNT_TTL,         /* TTL or hop limit expired: Linux answers */
	XTR_PUNT_MISS,        /* no mapping: resolve the destination EID */
	XTR_PUNT_NEIGH,       /* next hop unknown: id is a next hop, or 0 and the destination is the
				 neighbour (on port `out`) */
	XTR_PUNT_TUNNEL,      /* next hop of the RLOC unknown: id is a tunnel */
	XTR_PUNT_TOO_BIG,     /* larger than the tunnel or link allows, and not to be split: id is
				 what fits */
	XTR_PUNT_UNREACHABLE, /* nothing leads there, ICMP may say so: id is the enum xtr_drop */
	XTR_PUNT_SOURCE, /* out of a tunnel, and no mapping says from where: resolve the source */
	XTR_PUNT_DOUBT,  /* to be dropped, id is the enum xtr_drop: its source's mapping has
			    another RLOC, but may be old */
	XTR_PUNT_N
};

/* Flags of struct xtr_pkt. */
#define XTR_PKT_SITE  0x01 /* from the site side: LISP may touch it */
#define XTR_PKT_DECAP 0x02 /* was inside a LISP packet: no Ethernet header in front */
#define XTR_PKT_LISP0 0x04 /* sent by Linux itself through lisp0 */
#define XTR_PKT_RELEASED                                                                           \
	0x08 /* was held: passes the gate `id` and those before, though they are still closed */
#define XTR_PKT_PROXY 0x10 /* to a proxy-ITR: LISP may touch it whatever its source */
#define XTR_PKT_TRUSTED                                                                            \
	0x20 /* DECAP: its source may come from this RLOC (source.c), or we are its PETR */

/* Whom a packet's source makes it a packet of. */
enum xtr_eligible {
	XTR_SOURCE_OTHER = 0, /* LISP does not touch it */
	XTR_SOURCE_EID,       /* of the instance's EID database */
	XTR_SOURCE_PROXY,     /* anybody's, at a proxy-ITR (RFC 6832 section 5) */
};

/* What comes out of a tunnel is held against its source's mapping (source.h). */
enum xtr_source_check {
	XTR_CHECK_OFF = 0,
	XTR_CHECK_LOOSE,  /* sources without a mapping pass */
	XTR_CHECK_STRICT, /* they are resolved first */
};

enum xtr_inject { XTR_INJECT_TX, XTR_INJECT_RESUME, XTR_INJECT_DECAP };

/* What goes with a packet, in the mbuf's private area. Written by whoever owns the packet. */
struct xtr_pkt {
	uint8_t flags;
	uint8_t port;                 /* rx port, index in xtr_dp.ports */
	uint8_t worker;               /* who punted it, where it returns to */
	uint8_t reason;               /* enum xtr_punt */
	uint8_t inject;               /* enum xtr_inject */
	uint8_t l2_len;               /* bytes before the IP header */
	uint8_t outer_ttl, outer_tos; /* DECAP; IPv6: hop limit, traffic class */
	uint32_t inst;                /* index in xtr_dp.instances */
	uint32_t id;                  /* see enum xtr_punt */
	uint32_t word1;   /* encapsulation: second word of the LISP header, network order */
	uint32_t fwd;     /* the decision: forwarding entry */
	uint8_t out;      /* port to send on */
	uint8_t eligible; /* enum xtr_eligible */
	uint8_t counted;  /* a natively-forward entry has, whatever the packet waits for next */
	uint8_t outer_af; /* DECAP: 4 or 6, of outer_src */
	uint8_t outer_src[16]; /* DECAP: source RLOC, network order; IPv4: the first four */
	uint32_t arrival;      /* the worker's number for it, 0: none yet */
	uint32_t held_ms;      /* control lcore: when it was held */
	struct rte_mbuf *next; /* control lcore: the packet held after it */
};
_Static_assert(sizeof(struct xtr_pkt) <= 64, "the mbuf's private area: one cache line");

static inline struct xtr_pkt *xtr_pkt(struct rte_mbuf *m)
{
	return rte_mbuf_to_priv(m);
}

/* A router takes one hop off the TTL; of what this machine's own Linux sends, nobody has taken any
 * yet. */
static inline uint8_t xtr_pkt_hops(const struct xtr_pkt *pkt)
{
	return pkt->flags & XTR_PKT_LISP0 ? 0 : 1;
}

/*
 * Who competes for what the control lcore can do: each port, and for what came out of tunnels or
 * was sent by Linux itself, where all tenants share a way, each instance.
 */
#define XTR_PARTIES (XTR_DP_PORTS + XTR_DP_INSTANCES)
static inline uint32_t xtr_party(const struct xtr_pkt *pkt)
{
	return pkt->flags & (XTR_PKT_DECAP | XTR_PKT_LISP0) ? XTR_DP_PORTS + pkt->inst : pkt->port;
}

struct xtr_list {
	unsigned n;
	struct rte_mbuf *m[XTR_BURST];
};

/* What a device does for us. The packets are the same without. */
#define XTR_OFFLOAD_CHECKSUM    0x01 /* rx: looks at IPv4 headers' checksums */
#define XTR_OFFLOAD_VLAN_STRIP  0x02 /* rx: takes the tag off, into the mbuf */
#define XTR_OFFLOAD_VLAN_INSERT 0x04 /* tx: puts it in, from the mbuf */
#define XTR_OFFLOAD_RSS         0x08 /* rx: spreads flows over the queues */
#define XTR_OFFLOAD_CHAINS      0x10 /* tx: sends packets in several buffers */

#define XTR_VLAN_TAG  4u    /* bytes of an 802.1Q tag in a frame */
#define XTR_VLAN_IDS  4096u /* VLAN identifiers; 0 and 4095 name none */
#define XTR_VLAN_MASK 0xfffu

/*
 * An interface: a port, or a VLAN of one, which is an interface like any other but that it shares
 * the port's device and queues. Tags are taken off before anything else looks at a frame, and put
 * in after all else (vlan.c): in between, frames of all interfaces look alike.
 */
struct xtr_dp_port {
	/* start; those up to here the caller's of xtr_dp_port_open(), before */
	uint8_t site;  /* LISP side: 1 site, 0 core */
	uint8_t proxy; /* proxy-ITR: packets of any source may be encapsulated */
	uint8_t trunk; /* will have VLANs */
	uint8_t plain; /* no offloads but for what several buffers and queues need */
	uint32_t inst;
	/* start */
	uint16_t ethdev;
	uint8_t parent;   /* index of the port; its own, but for a VLAN */
	uint8_t offloads; /* XTR_OFFLOAD_... that are on */
	uint16_t vlan;    /* VLAN identifier; 0: a port */
	uint16_t mtu;
	uint16_t n_rx, n_tx; /* queues; 0 for a VLAN */
	uint8_t mac[6];
	uint8_t owner; /* ports with one tx queue: the worker that sends; it polls those with one rx
			  queue */
	uint8_t *vlans; /* NULL: it has none. By identifier: index of its interface; of those that
			   are none, the port's own */
	struct rte_ring
	    *handoff; /* ports with one tx queue: frames of other workers, NULL with one worker */
	/* control: rw, workers: ro */
	uint8_t up __rte_cache_aligned;
} __rte_cache_aligned;

struct xtr_instance { /* control: rw before the instance is used, workers: ro */
	uint32_t iid;
	const struct xtr_lpm *routes; /* what Linux routes */
	const struct xtr_lpm
	    *lisp; /* routes and LISP entries together: the longer decides, LISP on equal length */
	const struct xtr_lpm *database; /* own EID prefixes */
	const struct xtr_lpm *petr; /* source EIDs that we are a PETR for -> struct xtr_rloc_rule;
				       NULL: none */
	uint32_t word1; /* second word of the LISP header of a proxy-ITR's packets, network order */
	uint8_t source_check; /* enum xtr_source_check */
};

#define XTR_RULE_RLOCS 6 /* of a struct xtr_rloc_rule */

struct xtr_rule_rloc {
	uint8_t af, plen;
	uint8_t ip[16]; /* network order; IPv4: the first four */
};

/* From which RLOCs packets of a source may come. Immutable once published. */
struct xtr_rloc_rule {
	uint32_t n, next; /* next: index of the rule that goes on, 0: none */
	struct xtr_rule_rloc rloc[XTR_RULE_RLOCS];
	uint8_t pad[12];
};
_Static_assert(sizeof(struct xtr_rloc_rule) == 128, "two cache lines");

struct xtr_rloc_count {
	uint64_t packets, bytes;
};

/* Bytes between what two lcores write: a line, and the one beside it, which processors fetch with
 * it. */
#define XTR_APART (2 * RTE_CACHE_LINE_SIZE)

/* All that a worker writes is here, or behind a pointer that is its own; tables, ports and the rest
 * of struct xtr_dp it only reads, but for struct xtr_fwd.used. */
struct xtr_worker {
	/* start */
	struct xtr_dp *dp;
	unsigned index, lcore;
	int cpu;
	bool backoff;
	unsigned max_sleep_us;
	struct rte_ring *inject; /* control -> this worker */
	unsigned n_queues;
	struct {
		uint8_t port;
		uint16_t queue;
	} queues[XTR_DP_PORTS];
	/* By port, as what follows is that has a port in it; VLANs send as their port */
	uint16_t tx_queue[XTR_DP_PORTS]; /* UINT16_MAX: hand over to the port's owner */
	struct xtr_trace *trace; /* NULL but for the control lcore's made-up packets (trace.h) */

	/* worker: rw, nobody else */
	uint32_t gate_seen __rte_aligned(XTR_APART);
	unsigned idle;
	uint64_t now; /* TSC at the start of the loop */
	struct {
		uint64_t credit, last; /* TSC cycles */
	} bucket[XTR_PUNT_N][XTR_PUNT_PARTIES];
	struct {
		uint32_t n, until; /* places in the punt ring, and where the last one ends */
	} punted[XTR_PUNT_PARTIES];
	struct rte_mbuf *tx[XTR_DP_PORTS][XTR_BURST];
	uint16_t n_tx[XTR_DP_PORTS];
	struct rte_mbuf *gate[XTR_GATE_MAX];
	unsigned n_gate;
	uint32_t arrivals; /* the last number given */
	uint64_t doubted;  /* TSC of the last XTR_PUNT_DOUBT */
	uint32_t split_id; /* of the next packet that is split after encapsulation */

	/* worker: rw, control: ro */
	uint64_t drops[XTR_DROP_N] __rte_cache_aligned;
	uint64_t counters[XTR_CTR_N];
	uint64_t polls, idle_polls, sleeps, busy_cycles;
	/* By interface, VLANs too: packets, bytes without tags */
	uint64_t port_rx[XTR_DP_PORTS][2], port_tx[XTR_DP_PORTS][2];
	struct xtr_rloc_count *rloc;  /* by tunnel index */
	struct xtr_rloc_count *entry; /* of LISP entries that count: by index in xtr_dp.counted */
} __rte_aligned(XTR_APART);

struct xtr_dp {
	/* start */
	struct xtr_dp_port ports[XTR_DP_PORTS];
	unsigned n_ports;
	struct xtr_worker *workers[XTR_DP_WORKERS];
	unsigned n_workers;
	struct rte_mempool *rx_pool;   /* workers' packets */
	struct rte_mempool *hold_pool; /* what the control lcore keeps or makes, so that the rx pool
					  never runs dry */
	struct rte_ring *punt;         /* workers -> control */
	struct xtr_rcu rcu;
	/* control: rw under RCU, workers: ro */
	struct xtr_pool fwd, adj, tunnel, set, rloc_rule;
	/* indexes of counters that LISP entries have to themselves (fwd.h, xtr_worker.entry); the
	 * objects are the control lcore's: what workers had counted when the index was given out */
	struct xtr_pool counted;
	/* by index in `fwd`: index in `rloc_rule` of all RLOCs of the mapping, or of the own EID
	 * prefix; 0: none but that of its only tunnel, if it has one. Read where that does not
	 * match, so that it costs ordinary mappings neither memory nor a cache line. Written before
	 * the entry is published */
	uint32_t *entry_rule;
	/* by index in `tunnel`: its RLOC, network order, 0 where that is of the other family; by
	 * itself, so that checking sources takes few cache lines. Written before an entry leads
	 * there */
	uint32_t *rloc4;
	uint8_t (*rloc6)[16];
	struct xtr_instance *instances; /* index 0 is instance-ID 0: the underlay too */
	uint32_t *inst_of_iid;          /* by instance-ID: index + 1, or 0 */
	bool copy_dscp;
	uint32_t proxy_itrs;  /* start: rule, from where strangers' packets may come; 0: anywhere */
	uint8_t source_check; /* start: enum xtr_source_check of the instances that are made */
	uint64_t doubt_gap; /* start: TSC cycles between two punts of XTR_PUNT_DOUBT of a worker */
	uint64_t punt_cost, punt_cap; /* TSC cycles a punt, and of a full bucket */

	/* control: rw, workers: ro */
	uint32_t n_instances __rte_cache_aligned;
	uint32_t gate_open;
	/* What natively-forward leads to beside the routes, a forwarding entry: ENCAP to the PETRs
	 * that live, MISS while that is being found out, ROUTES where there is none. */
	uint32_t petr_fwd;
	bool stages_only; /* start: no fast path (fast.h): for tests, and to find a defect */
	bool petr_always; /* start: to the PETR even where there is a route */
	/* Routes that lead nowhere (blackhole, ...), which LISP views do not show */
	uint32_t blackholes;
	bool stop;

	/* control: rw */
	uint64_t control_drops[XTR_DROP_N] __rte_aligned(XTR_APART);
};
_Static_assert(offsetof(struct xtr_worker, gate_seen) % XTR_APART == 0 &&
		   sizeof(struct xtr_worker) % XTR_APART == 0,
    "what a worker writes has lines of its own");
_Static_assert(
    sizeof(struct xtr_dp_port) % RTE_CACHE_LINE_SIZE == 0, "a port shares no line with another");

struct xtr_dp_opts {
	unsigned n_workers, mbufs, hold_mbufs;
	bool copy_dscp;
	unsigned punt_rate, punt_burst;
	unsigned mtu; /* of the largest port: a frame fits one buffer */
};

/* Control lcore, after rte_eal_init(). Makes pools, rings and tables; no ports yet. NULL and
 * rte_errno on failure. */
struct xtr_dp *xtr_dp_create(const struct xtr_dp_opts *opts);
/* Control lcore, when no worker runs. */
void xtr_dp_destroy(struct xtr_dp *dp);
/* Control lcore. Index of the instance, made if it is new; negative errno. */
int xtr_dp_instance(struct xtr_dp *dp, uint32_t iid);
/* Control lcore. A worker that is no lcore's, to run made-up packets through the stages; NULL if
 * memory is short. */
struct xtr_worker *xtr_dp_tracer_create(struct xtr_dp *dp);
void xtr_dp_tracer_destroy(struct xtr_worker *w);
/* Control lcore, before anything leads to the tunnel: af 4 or 6, ip as in struct xtr_rule_rloc. */
void xtr_dp_name_tunnel(struct xtr_dp *dp, uint32_t tunnel, uint8_t af, const uint8_t *ip);
/* Control lcore. Sum over workers and control of a drop or counter. */
uint64_t xtr_dp_drops(const struct xtr_dp *dp, enum xtr_drop d);
uint64_t xtr_dp_counter(const struct xtr_dp *dp, enum xtr_counter c);

/* port.c. Control lcore. Configures an ethdev as port `index`, before the workers start. mtu: the
 * largest of the port's and its VLANs' (IP packets, bytes). 0 or negative errno with *why. */
int xtr_dp_port_open(
    struct xtr_dp *dp, unsigned index, uint16_t ethdev, uint16_t mtu, const char **why);
/* Makes interface `index` the VLAN `id` (1 to 4094) of a port that is open and a trunk. 0 or
 * negative errno with *why: -EEXIST, -EINVAL, -ENOMEM. */
int xtr_dp_vlan_open(struct xtr_dp *dp, unsigned index, unsigned parent, uint16_t id, uint16_t mtu,
    const char **why);
/* Start and close: of a port, with its VLANs. */
int xtr_dp_port_start(struct xtr_dp *dp, unsigned index);
void xtr_dp_port_close(struct xtr_dp *dp, unsigned index);

/* worker.c: the loop of a worker lcore, until dp->stop. arg is a struct xtr_worker. */
int xtr_worker_run(void *arg);
/* One turn of that loop, for tests and benchmarks. Returns packets handled. */
unsigned xtr_worker_turn(struct xtr_worker *w);

/*
 * The stages, each in a file of its name. Worker lcore only. Each consumes the packets of its list:
 * passes them on, punts, drops or queues them for tx.
 */
/* vlan: frames from the device of a port, at most XTR_BURST; calls classify for each interface
 * with what has no tag any more. */
void xtr_stage_vlan(struct xtr_worker *w, unsigned port, struct rte_mbuf **m, unsigned n);
void xtr_stage_classify(struct xtr_worker *w, unsigned port, struct rte_mbuf **pkts, unsigned n);
void xtr_stage_lookup(struct xtr_worker *w, struct xtr_list *in);
/* inner: of packets that have just come out of tunnels, drops what is not for us to take out.
 * Returns how many stay, in front. */
unsigned xtr_stage_inner(struct xtr_worker *w, struct rte_mbuf **m, unsigned n);
/* source: of packets out of tunnels, drops or punts those whose source may not come, or is not
 * known to come, from the RLOC that they came from; others it does not look at. Returns how many
 * stay, in front. */
unsigned xtr_stage_source(struct xtr_worker *w, struct rte_mbuf **m, unsigned n);
void xtr_stage_forward(struct xtr_worker *w, struct xtr_list *in);
void xtr_stage_encap(struct xtr_worker *w, struct xtr_list *in);
/* decap: outer headers in front; decap_inner: data starts at the LISP header, pkt has outer_ttl and
 * outer_tos. */
void xtr_stage_decap(struct xtr_worker *w, struct xtr_list *in);
void xtr_stage_decap_inner(struct xtr_worker *w, struct xtr_list *in);
/* tx: an Ethernet frame, to an interface: a VLAN's tag is not there yet. */
void xtr_stage_tx(struct xtr_worker *w, unsigned port, struct rte_mbuf *m);
void xtr_stage_tx_flush(struct xtr_worker *w);
/* Drops m for `reason`, by way of the control lcore where its source is to be told (RFC 1812
 * section 4.3.3.1). */
void xtr_stage_unreachable(struct xtr_worker *w, struct rte_mbuf *m, enum xtr_drop reason);
void xtr_stage_punt(struct xtr_worker *w, struct rte_mbuf *m, enum xtr_punt reason, uint32_t id);
/* Keeps a packet until the gate that it met opens, in order of arrival. */
void xtr_stage_gate(struct xtr_worker *w, struct rte_mbuf *m);
/* Runs the kept packets again, after gate_seen has moved. */
void xtr_stage_gate_open(struct xtr_worker *w);

static inline void xtr_trace(struct xtr_worker *w, enum xtr_step step, uint32_t value)
{
	if (unlikely(w->trace != NULL))
		xtr_trace_add(w->trace, step, value, 0);
}

static inline void xtr_trace_more(
    struct xtr_worker *w, enum xtr_step step, uint32_t value, uint32_t more)
{
	if (unlikely(w->trace != NULL))
		xtr_trace_add(w->trace, step, value, more);
}

static inline void xtr_drop(struct xtr_worker *w, struct rte_mbuf *m, enum xtr_drop reason)
{
	xtr_trace(w, XTR_STEP_DROP, reason);
	w->drops[reason]++;
	rte_pktmbuf_free(m);
}

/*
 * Must the packet wait at this gate? What the control lcore held comes back before the gate opens,
 * and is what the others wait for.
 */
static inline bool xtr_gate_closed(
    const struct xtr_worker *w, const struct xtr_pkt *pkt, uint32_t gate)
{
	return unlikely(gate != 0) && (int32_t)(gate - w->gate_seen) > 0 &&
	       !((pkt->flags & XTR_PKT_RELEASED) && (int32_t)(gate - pkt->id) <= 0);
}

/* Numbers packets as they come, so that what returns from the control lcore finds its place. */
static inline uint32_t xtr_arrival(struct xtr_worker *w)
{
	if (unlikely(++w->arrivals == 0))
		w->arrivals = 1; /* 0 means none */
	return w->arrivals;
}

static inline void xtr_list_add(struct xtr_list *l, struct rte_mbuf *m)
{
	l->m[l->n++] = m;
}

#endif
