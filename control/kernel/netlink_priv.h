/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the netlink*.c files share, and nobody else includes.
 */
#ifndef XTR_NETLINK_PRIV_H
#define XTR_NETLINK_PRIV_H

#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include "control/kernel/netlink.h"

/* The identity of a link, address, route or neighbour. All bytes are compared: start from zeroes.
 */
struct xtr_nl_key {
	uint8_t used; /* 1: the slot of a set is taken */
	uint8_t af, plen, pad;
	uint32_t index; /* ifindex, or table of a route */
	uint32_t metric;
	uint8_t ip[16];
};

/* A set of keys: open addressing, at most 3/4 full. Zeroes are an empty set. */
struct xtr_nl_set {
	struct xtr_nl_key *slot;
	size_t n, size; /* size: power of two, or 0 */
};

/* 0 or -ENOMEM; adding twice is no error. */
int xtr_nl_set_add(struct xtr_nl_set *s, const struct xtr_nl_key *k);
bool xtr_nl_set_has(const struct xtr_nl_set *s, const struct xtr_nl_key *k);
void xtr_nl_set_del(struct xtr_nl_set *s, const struct xtr_nl_key *k);
void xtr_nl_set_clear(struct xtr_nl_set *s);

/* One next-hop object (ip nexthop), single or group. */
struct xtr_nl_nhobj {
	uint32_t id;
	bool seen;      /* in the dump under way */
	bool unusable;  /* dead, of a bridge, or with an encapsulation */
	bool blackhole; /* single: drops */
	struct xtr_nl_nexthop hop;
	unsigned n_members; /* 0: single */
	struct {
		uint32_t id;
		uint8_t weight; /* 1 and up */
	} * members;
};

struct xtr_nl {
	struct xtr_nl_ops ops;
	struct mnl_socket *ev, *dump, *req;
	uint32_t dump_seq, req_seq;
	uint8_t *buf; /* received messages, of both sockets */
	size_t buf_size;

	unsigned pending; /* bit 1 << kind: a dump waits */
	int cur;          /* kind of the dump under way, or -1 */
	unsigned part;    /* which of its requests, see netlink_dump.c */
	bool begun;       /* sync_begin was called for it */
	bool interrupted; /* it has to be done again */
	bool in_read;     /* inside xtr_nl_read(), which starts dumps at its end */
	int error;        /* of a request that could not be sent, for the next xtr_nl_read() */
	uint64_t overruns, dumps;

	/*
	 * What events said while the dump of their kind was under way. Events and dump come by two
	 * sockets, so a dumped object may be older than an event that was already handled; events
	 * miss nothing, so the dumped object is then ignored.
	 */
	struct xtr_nl_set touched;
	/* Keys of routes that are more than one in Linux; next: as the dump under way finds them.
	 */
	struct xtr_nl_set multi, multi_next;
	struct xtr_nl_set permanent,
	    permanent_next; /* neighbours that NTF_USE would spoil; as above */

	struct xtr_nl_route held; /* the last dumped route: the next may belong to it */
	bool holding;

	struct xtr_nl_nhobj *nhobj; /* sorted by id */
	unsigned n_nhobj, max_nhobj;
	bool nhobj_used; /* some route came with nothing but the id of a next-hop object */
};

/* netlink.c */
/* An event told of this object: see `touched`. */
void xtr_nl_touch(struct xtr_nl *nl, enum xtr_nl_kind kind, const struct xtr_nl_key *k);
/* recvmsg() that takes messages of the kernel only. Bytes, or negative errno; -ENOSPC: truncated.
 */
int xtr_nl_recv(int fd, void *buf, size_t size, int flags);

/* A larger buffer, for messages that did not fit. False if that cannot be. */
bool xtr_nl_grow_buf(struct xtr_nl *nl);

/* netlink_dump.c */
/* Starts the next dump if none is under way and one waits. */
void xtr_nl_dump_start(struct xtr_nl *nl);
/* Reads a slice of the answer. 0 or negative errno (fatal). */
int xtr_nl_dump_read(struct xtr_nl *nl);

/* netlink_event.c */
/* Reads some events. 0 or negative errno (fatal). */
int xtr_nl_event_read(struct xtr_nl *nl);
/* event: false if the message is out of a dump. */
void xtr_nl_got_link(struct xtr_nl *nl, const struct nlmsghdr *nlh, bool gone, bool event);
void xtr_nl_got_addr(struct xtr_nl *nl, const struct nlmsghdr *nlh, bool gone, bool event);
void xtr_nl_got_neigh(struct xtr_nl *nl, const struct nlmsghdr *nlh, bool gone, bool event);

/* netlink_parse.c: 0, or negative errno for what is not to be reported. */
/* Points tb[type] at each attribute with type up to max; the last of a type wins. */
void xtr_nl_attrs(const void *p, size_t len, const struct nlattr **tb, unsigned max);
/* As xtr_nl_attrs, after a family header of hdr bytes; -EINVAL if the message is shorter than that.
 */
int xtr_nl_msg_attrs(
    const struct nlmsghdr *nlh, size_t hdr, const struct nlattr **tb, unsigned max);
bool xtr_nl_attr_u32(const struct nlattr *a, uint32_t *v);
bool xtr_nl_attr_ip(const struct nlattr *a, uint8_t family, struct xtr_ip *ip);
int xtr_nl_parse_link(const struct nlmsghdr *nlh, struct xtr_nl_link *l);
int xtr_nl_parse_addr(const struct nlmsghdr *nlh, struct xtr_nl_addr *a);
int xtr_nl_parse_neigh(const struct nlmsghdr *nlh, struct xtr_nl_neigh *n, bool *permanent);
struct xtr_nl_key xtr_nl_key(
    const struct xtr_ip *ip, uint8_t plen, uint32_t index, uint32_t metric);

/* netlink_route.c */
void xtr_nl_route_event(struct xtr_nl *nl, const struct nlmsghdr *nlh, bool gone);
void xtr_nl_route_dumped(struct xtr_nl *nl, const struct nlmsghdr *nlh);
void xtr_nl_route_flush(struct xtr_nl *nl);
/* Appends a next hop if there is room. */
void xtr_nl_route_hop(struct xtr_nl_route *r, const struct xtr_nl_nexthop *hop, unsigned weight);

/* netlink_nexthop.c */
void xtr_nl_nexthop_update(struct xtr_nl *nl, const struct nlmsghdr *nlh, bool gone);
void xtr_nl_nexthop_sweep_begin(struct xtr_nl *nl);
void xtr_nl_nexthop_sweep(struct xtr_nl *nl);
/* Fills in the next hops of a route (and its type, if they are a blackhole). -ENOENT: no such
 * object. */
int xtr_nl_nexthop_resolve(struct xtr_nl *nl, uint32_t id, struct xtr_nl_route *r);
void xtr_nl_nexthop_clear(struct xtr_nl *nl);

#endif
