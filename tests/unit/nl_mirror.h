/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A receiver of control/kernel/netlink.h for tests: keeps what it is told, sweeps at the end of
 * dumps, prints it as text.
 */
#ifndef XTR_TEST_NL_MIRROR_H
#define XTR_TEST_NL_MIRROR_H

#include "netns.h"
#include <linux/rtnetlink.h>
#include <poll.h>
#include "control/kernel/netlink.h"

struct object {
	enum xtr_nl_kind kind;
	unsigned generation;
	union {
		struct xtr_nl_link link;
		struct xtr_nl_addr addr;
		struct xtr_nl_route route;
		struct xtr_nl_neigh neigh;
	};
};

struct mirror {
	struct xtr_nl *nl;
	struct object *objects;
	unsigned n, max;
	unsigned generation[XTR_NL_KINDS];
	unsigned begun[XTR_NL_KINDS], synced[XTR_NL_KINDS];
	int syncing; /* kind, or -1 */
};

static inline bool same_object(const struct object *a, const struct object *b)
{
	if (a->kind != b->kind)
		return false;
	switch (a->kind) {
	case XTR_NL_LINK:
		return a->link.ifindex == b->link.ifindex;
	case XTR_NL_ADDR:
		return a->addr.ifindex == b->addr.ifindex && a->addr.plen == b->addr.plen &&
		       xtr_ip_equal(&a->addr.ip, &b->addr.ip);
	case XTR_NL_ROUTE:
		return a->route.table == b->route.table && a->route.metric == b->route.metric &&
		       xtr_eid_equal(&a->route.prefix, &b->route.prefix);
	default:
		return a->neigh.ifindex == b->neigh.ifindex &&
		       xtr_ip_equal(&a->neigh.ip, &b->neigh.ip);
	}
}

static inline struct object *find_object(struct mirror *m, const struct object *o)
{
	for (unsigned i = 0; i < m->n; i++)
		if (same_object(&m->objects[i], o))
			return &m->objects[i];
	return NULL;
}

static inline void told(struct mirror *m, struct object *o, bool gone)
{
	struct object *have = find_object(m, o);

	o->generation = m->generation[o->kind];
	if (gone && have != NULL) {
		*have = m->objects[--m->n];
	} else if (!gone && have != NULL) {
		*have = *o;
	} else if (!gone) {
		if (m->n == m->max) {
			m->max = m->max ? 2 * m->max : 64;
			m->objects = realloc(m->objects, m->max * sizeof(*o));
			assert_non_null(m->objects);
		}
		m->objects[m->n++] = *o;
	}
}

static inline void on_link(void *arg, const struct xtr_nl_link *l, bool gone)
{
	told(arg, &(struct object){.kind = XTR_NL_LINK, .link = *l}, gone);
}

static inline void on_addr(void *arg, const struct xtr_nl_addr *a, bool gone)
{
	told(arg, &(struct object){.kind = XTR_NL_ADDR, .addr = *a}, gone);
}

static inline void on_route(void *arg, const struct xtr_nl_route *r, bool gone)
{
	assert_true(r->n_nexthops <= XTR_NL_MAX_NEXTHOPS);
	assert_true(r->table == RT_TABLE_MAIN || r->table == RT_TABLE_LOCAL);
	assert_int_equal(r->prefix.iid, 0);
	told(arg, &(struct object){.kind = XTR_NL_ROUTE, .route = *r}, gone);
}

static inline void on_neigh(void *arg, const struct xtr_nl_neigh *n, bool gone)
{
	told(arg, &(struct object){.kind = XTR_NL_NEIGH, .neigh = *n}, gone);
}

static inline void on_sync_begin(void *arg, enum xtr_nl_kind kind)
{
	struct mirror *m = arg;

	/* One at a time; the same kind again where Linux called a dump interrupted. */
	assert_true(m->syncing == -1 || m->syncing == (int)kind);
	m->syncing = kind;
	m->generation[kind]++;
	m->begun[kind]++;
}

static inline void on_synced(void *arg, enum xtr_nl_kind kind)
{
	struct mirror *m = arg;

	assert_int_equal(m->syncing, kind);
	m->syncing = -1;
	m->synced[kind]++;
	for (unsigned i = 0; i < m->n;) {
		if (m->objects[i].kind == kind && m->objects[i].generation != m->generation[kind])
			m->objects[i] = m->objects[--m->n];
		else
			i++;
	}
}

/* Lets it read for at most `ms` if there is nothing to read. */
static inline void pump(struct mirror *m, int ms)
{
	struct pollfd pfd[2] = {{.fd = xtr_nl_event_fd(m->nl), .events = POLLIN},
	    {.fd = xtr_nl_dump_fd(m->nl), .events = POLLIN}};

	if (poll(pfd, 2, ms) > 0)
		assert_int_equal(xtr_nl_read(m->nl), 0);
}

#define WAIT(m, condition)                                                                         \
	do {                                                                                       \
		int64_t end_ = now_ms() + WAIT_MS;                                                 \
		while (!(condition)) {                                                             \
			if (now_ms() > end_)                                                       \
				fail_msg("did not come: %s", #condition);                          \
			pump(m, 100);                                                              \
		}                                                                                  \
	} while (0)

static inline bool quiet(struct mirror *m)
{
	struct pollfd pfd[2] = {{.fd = xtr_nl_event_fd(m->nl), .events = POLLIN},
	    {.fd = xtr_nl_dump_fd(m->nl), .events = POLLIN}};

	return poll(pfd, 2, 0) == 0 && xtr_nl_in_sync(m->nl);
}

/* Reads all there is. What a command changed is there when the command ends (but not the kernel's
 * delayed link states). */
static inline void settle(struct mirror *m)
{
	WAIT(m, quiet(m));
}

static inline void open_mirror(struct mirror *m)
{
	struct xtr_nl_ops ops = {.link = on_link,
	    .addr = on_addr,
	    .route = on_route,
	    .neigh = on_neigh,
	    .sync_begin = on_sync_begin,
	    .synced = on_synced,
	    .arg = m};

	memset(m, 0, sizeof(*m));
	m->syncing = -1;
	m->nl = xtr_nl_open(&ops);
	assert_non_null(m->nl);
	settle(m);
}

static inline void close_mirror(struct mirror *m)
{
	xtr_nl_close(m->nl);
	free(m->objects);
}

static inline struct xtr_ip ip_of(const char *text)
{
	struct xtr_ip ip;

	assert_int_equal(xtr_ip_parse(text, &ip), 0);
	return ip;
}

static inline struct xtr_eid prefix_of(const char *text)
{
	struct xtr_eid e;

	assert_int_equal(xtr_eid_parse(text, &e), 0);
	return e;
}

static inline const char *name_of(int ifindex, char name[IFNAMSIZ])
{
	return if_indextoname(ifindex, name) ? name : "?";
}

static inline void append(char *buf, size_t size, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
static inline void append(char *buf, size_t size, const char *fmt, ...)
{
	size_t used = strlen(buf);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(buf + used, size - used, fmt, ap);
	va_end(ap);
}

#define TEXT_LEN 1024

/* "unicast 10.0.0.2@t0*3 10.0.1.2@t1*1", "local t0", ... */
static inline const char *route_text(const struct xtr_nl_route *r, char buf[TEXT_LEN])
{
	static const char *const types[] = {
	    "unicast", "local", "blackhole", "unreachable", "prohibit", "other"};
	char ip[XTR_IP_STRLEN], name[IFNAMSIZ];

	buf[0] = '\0';
	append(buf, TEXT_LEN, "%s", types[r->type]);
	for (unsigned i = 0; i < r->n_nexthops; i++) {
		const struct xtr_nl_nexthop *h = &r->nexthops[i];

		append(buf, TEXT_LEN, " %s%s%s", h->via.af ? xtr_ip_format(&h->via, ip) : "",
		    h->via.af ? "@" : "", name_of(h->ifindex, name));
		if (r->n_nexthops > 1 || h->weight != 1)
			append(buf, TEXT_LEN, "*%u", h->weight);
	}
	return buf;
}

static inline const char *object_text(const struct object *o, char buf[TEXT_LEN])
{
	char ip[XTR_EID_STRLEN], body[TEXT_LEN];

	buf[0] = '\0';
	switch (o->kind) {
	case XTR_NL_LINK:
		append(buf, TEXT_LEN, "link %d %s up %d running %d mtu %u mac %02x:%02x:%02x",
		    o->link.ifindex, o->link.name, o->link.up, o->link.running, o->link.mtu,
		    o->link.mac[0], o->link.mac[4], o->link.mac[5]);
		break;
	case XTR_NL_ADDR:
		append(buf, TEXT_LEN, "addr %d %s/%u", o->addr.ifindex,
		    xtr_ip_format(&o->addr.ip, ip), o->addr.plen);
		break;
	case XTR_NL_ROUTE:
		append(buf, TEXT_LEN, "route %s table %u metric %u: %s",
		    xtr_prefix_format(&o->route.prefix, ip), o->route.table, o->route.metric,
		    route_text(&o->route, body));
		break;
	default:
		append(buf, TEXT_LEN, "neigh %d %s usable %d failed %d mac %02x:%02x:%02x",
		    o->neigh.ifindex, xtr_ip_format(&o->neigh.ip, ip), o->neigh.usable,
		    o->neigh.failed, o->neigh.mac[0], o->neigh.mac[4], o->neigh.mac[5]);
		break;
	}
	return buf;
}

/* What events taught has to be what a newcomer learns from dumps. */
static inline void assert_like_new(struct mirror *m)
{
	struct mirror fresh;
	char a[TEXT_LEN], b[TEXT_LEN];

	settle(m);
	open_mirror(&fresh);
	settle(m);
	for (unsigned i = 0; i < m->n; i++) {
		const struct object *o = find_object(&fresh, &m->objects[i]);

		object_text(&m->objects[i], a);
		if (o == NULL)
			fail_msg("kept by events, not in a dump: %s", a);
		assert_string_equal(a, object_text(o, b));
	}
	for (unsigned i = 0; i < fresh.n; i++)
		if (find_object(m, &fresh.objects[i]) == NULL)
			fail_msg("not told by events: %s", object_text(&fresh.objects[i], a));
	close_mirror(&fresh);
}

static inline const struct xtr_nl_link *find_link(struct mirror *m, int ifindex)
{
	struct object o = {.kind = XTR_NL_LINK, .link.ifindex = ifindex}, *have;

	have = find_object(m, &o);
	return have ? &have->link : NULL;
}

static inline const struct xtr_nl_addr *find_addr(
    struct mirror *m, int ifindex, const char *ip, uint8_t plen)
{
	struct object o = {.kind = XTR_NL_ADDR}, *have;

	o.addr = (struct xtr_nl_addr){.ifindex = ifindex, .ip = ip_of(ip), .plen = plen};
	have = find_object(m, &o);
	return have ? &have->addr : NULL;
}

static inline const struct xtr_nl_neigh *find_neigh(struct mirror *m, int ifindex, const char *ip)
{
	struct object o = {.kind = XTR_NL_NEIGH}, *have;

	o.neigh = (struct xtr_nl_neigh){.ifindex = ifindex, .ip = ip_of(ip)};
	have = find_object(m, &o);
	return have ? &have->neigh : NULL;
}

static inline const struct xtr_nl_route *find_route(
    struct mirror *m, const char *prefix, uint32_t table, uint32_t metric)
{
	struct object o = {.kind = XTR_NL_ROUTE}, *have;

	o.route =
	    (struct xtr_nl_route){.prefix = prefix_of(prefix), .table = table, .metric = metric};
	have = find_object(m, &o);
	return have ? &have->route : NULL;
}

/* As route_text(), of a route in the main table with the metric that Linux gives by default; "none"
 * if there is none. */
static inline const char *main_route(struct mirror *m, const char *prefix)
{
	static char buf[TEXT_LEN];
	const struct xtr_nl_route *r =
	    find_route(m, prefix, RT_TABLE_MAIN, strchr(prefix, ':') ? 1024 : 0);

	return r ? route_text(r, buf) : "none";
}

#endif
