/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Next-hop objects (`ip nexthop`). With net.ipv4.nexthop_compat_mode 1, the default, Linux spells
 * out the next hops of a route that names an object, and tells of the route when the object
 * changes. With 0 it does neither, and the objects have to be known here. In both modes it says
 * nothing of routes that vanish with an object, nor of objects that vanish with a link.
 */
#include <errno.h>
#include <linux/nexthop.h>
#include <stdlib.h>
#include "control/kernel/netlink_priv.h"

/* Index of id, or of the first object behind it. */
static unsigned position(const struct xtr_nl *nl, uint32_t id)
{
	unsigned low = 0, high = nl->n_nhobj;

	while (low < high) {
		unsigned mid = low + (high - low) / 2;

		if (nl->nhobj[mid].id < id)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static struct xtr_nl_nhobj *lookup(const struct xtr_nl *nl, uint32_t id)
{
	unsigned i = position(nl, id);

	return i < nl->n_nhobj && nl->nhobj[i].id == id ? &nl->nhobj[i] : NULL;
}

static void drop(struct xtr_nl *nl, uint32_t id)
{
	unsigned i = position(nl, id);

	if (i == nl->n_nhobj || nl->nhobj[i].id != id)
		return;
	free(nl->nhobj[i].members);
	nl->n_nhobj--;
	memmove(&nl->nhobj[i], &nl->nhobj[i + 1], (nl->n_nhobj - i) * sizeof(*nl->nhobj));
}

/* Takes over obj->members. */
static int put(struct xtr_nl *nl, const struct xtr_nl_nhobj *obj)
{
	unsigned i = position(nl, obj->id);

	if (i < nl->n_nhobj && nl->nhobj[i].id == obj->id) {
		free(nl->nhobj[i].members);
		nl->nhobj[i] = *obj;
		return 0;
	}
	if (nl->n_nhobj == nl->max_nhobj) {
		unsigned max = nl->max_nhobj ? nl->max_nhobj * 2 : 16;
		struct xtr_nl_nhobj *bigger = reallocarray(nl->nhobj, max, sizeof(*bigger));

		if (bigger == NULL)
			return -ENOMEM;
		nl->nhobj = bigger;
		nl->max_nhobj = max;
	}
	memmove(&nl->nhobj[i + 1], &nl->nhobj[i], (nl->n_nhobj - i) * sizeof(*nl->nhobj));
	nl->nhobj[i] = *obj;
	nl->n_nhobj++;
	return 0;
}

static int parse_group(const struct nlattr *a, struct xtr_nl_nhobj *obj)
{
	const struct nexthop_grp *g = mnl_attr_get_payload(a);
	unsigned n = mnl_attr_get_payload_len(a) / sizeof(*g);

	if (n == 0) {
		obj->unusable = true;
		return 0;
	}
	obj->members = calloc(n, sizeof(*obj->members));
	if (obj->members == NULL)
		return -ENOMEM;
	obj->n_members = n;
	for (unsigned i = 0; i < n; i++) {
		obj->members[i].id = g[i].id;
		obj->members[i].weight = g[i].weight < UINT8_MAX ? g[i].weight + 1 : UINT8_MAX;
	}
	return 0;
}

void xtr_nl_nexthop_update(struct xtr_nl *nl, const struct nlmsghdr *nlh, bool gone)
{
	const struct nhmsg *nhm = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *tb[NHA_FDB + 1];
	struct xtr_nl_nhobj obj = {.seen = true};
	uint32_t oif = 0;

	if (xtr_nl_msg_attrs(nlh, sizeof(*nhm), tb, NHA_FDB) < 0 ||
	    !xtr_nl_attr_u32(tb[NHA_ID], &obj.id))
		return;
	if (gone) {
		drop(nl, obj.id);
		return;
	}
	if (tb[NHA_GROUP] != NULL) {
		if (parse_group(tb[NHA_GROUP], &obj) < 0)
			goto no_memory;
	} else {
		obj.blackhole = tb[NHA_BLACKHOLE] != NULL;
		xtr_nl_attr_u32(tb[NHA_OIF], &oif);
		obj.hop.ifindex = oif;
		xtr_nl_attr_ip(tb[NHA_GATEWAY], nhm->nh_family, &obj.hop.via);
		obj.unusable =
		    (nhm->nh_flags & (RTNH_F_DEAD | RTNH_F_LINKDOWN)) || tb[NHA_ENCAP] != NULL;
	}
	if (tb[NHA_FDB] != NULL)
		obj.unusable = true;
	if (put(nl, &obj) == 0)
		return;
	free(obj.members);
no_memory:
	/* The truth is still in the kernel. */
	xtr_nl_resync_kind(nl, XTR_NL_ROUTE);
}

void xtr_nl_nexthop_sweep_begin(struct xtr_nl *nl)
{
	for (unsigned i = 0; i < nl->n_nhobj; i++)
		nl->nhobj[i].seen = false;
}

void xtr_nl_nexthop_sweep(struct xtr_nl *nl)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < nl->n_nhobj; i++) {
		if (nl->nhobj[i].seen)
			nl->nhobj[kept++] = nl->nhobj[i];
		else
			free(nl->nhobj[i].members);
	}
	nl->n_nhobj = kept;
}

int xtr_nl_nexthop_resolve(struct xtr_nl *nl, uint32_t id, struct xtr_nl_route *r)
{
	const struct xtr_nl_nhobj *obj = lookup(nl, id), *m;

	nl->nhobj_used = true;
	if (obj == NULL)
		return -ENOENT;
	if (obj->unusable)
		return 0;
	if (obj->blackhole) {
		r->type = XTR_NL_BLACKHOLE;
		return 0;
	}
	if (obj->n_members == 0)
		xtr_nl_route_hop(r, &obj->hop, 1);
	for (unsigned i = 0; i < obj->n_members; i++) {
		m = lookup(nl, obj->members[i].id);
		/* A group's members are single objects; a group of one blackhole is allowed. */
		if (m == NULL)
			return -ENOENT;
		if (m->blackhole)
			r->type = XTR_NL_BLACKHOLE;
		else if (!m->unusable && m->n_members == 0)
			xtr_nl_route_hop(r, &m->hop, obj->members[i].weight);
	}
	return 0;
}

void xtr_nl_nexthop_clear(struct xtr_nl *nl)
{
	for (unsigned i = 0; i < nl->n_nhobj; i++)
		free(nl->nhobj[i].members);
	free(nl->nhobj);
	nl->nhobj = NULL;
	nl->n_nhobj = nl->max_nhobj = 0;
}
