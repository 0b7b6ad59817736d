/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Between LISP sites and the rest of the world (RFC 6832): use-petr, proxy-etr and proxy-itrs.
 */
#include "config/load.h"

static const struct xtr_cfg_field petr_fields[] = {
    XTR_CFG_FIELD("rloc", xtr_cfg_read_locator, struct xtr_cfg_petr, rloc,
	.required = "an IPv4 or IPv6 address"),
    XTR_CFG_INT("priority", struct xtr_cfg_petr, priority, 0, 255),
    XTR_CFG_INT("weight", struct xtr_cfg_petr, weight, 0, 255),
    XTR_CFG_BOOL("probe", struct xtr_cfg_petr, probe),
    {0},
};

static int elem_petr(struct xtr_cfg_loader *l, const config_setting_t *s, void *elem)
{
	const struct xtr_cfg_field group = {.arg = petr_fields};
	struct xtr_cfg_petr *petr = elem;

	petr->priority = 1;
	petr->weight = 100;
	petr->probe = true;
	return xtr_cfg_read_group(l, s, &group, petr);
}

const struct xtr_cfg_list xtr_cfg_use_petr = {
    .size = sizeof(struct xtr_cfg_petr),
    .count = offsetof(struct xtr_config, n_use_petr),
    .allowed = "PETRs { rloc, priority, weight, probe }",
    .read = elem_petr,
    .once = xtr_cfg_once_ip,
    .once_member = "rloc",
};

static int elem_rlocs(struct xtr_cfg_loader *l, const config_setting_t *s, void *elem)
{
	int r = xtr_cfg_prefix_or_ip(l, s, elem);

	return r ? r : xtr_cfg_check_unicast(l, s, elem);
}

static int elem_eids(struct xtr_cfg_loader *l, const config_setting_t *s, void *elem)
{
	int r = xtr_cfg_prefix(l, s, elem);

	return r ? r : xtr_cfg_check_unicast(l, s, elem);
}

static char *once_prefix(const void *elem, char *buf)
{
	return xtr_prefix_format(elem, buf);
}

/* Neither list may be empty: it would read as "none" and could be taken for "any". */
static const struct xtr_cfg_list rlocs = {
    .size = sizeof(struct xtr_eid),
    .count = offsetof(struct xtr_cfg_proxy_etr, n_rlocs),
    .allowed = "addresses or prefixes of ITRs",
    .read = elem_rlocs,
    .once = once_prefix,
};

static const struct xtr_cfg_list eids = {
    .size = sizeof(struct xtr_eid),
    .count = offsetof(struct xtr_cfg_proxy_etr, n_eids),
    .allowed = "prefixes of sources",
    .read = elem_eids,
    .once = once_prefix,
};

const struct xtr_cfg_list xtr_cfg_proxy_itrs = {
    .size = sizeof(struct xtr_eid),
    .count = offsetof(struct xtr_config, n_proxy_itrs),
    .allowed = "addresses or prefixes of proxy ITRs",
    .read = elem_rlocs,
    .once = once_prefix,
};

static const struct xtr_cfg_field proxy_etr_fields[] = {
    XTR_CFG_LIST("rloc", xtr_cfg_read_list, struct xtr_cfg_proxy_etr, rlocs, 1, 0, &rlocs,
	.required = "addresses or prefixes such as [ \"192.0.2.1\" ]"),
    XTR_CFG_LIST("eid-prefix", xtr_cfg_read_list, struct xtr_cfg_proxy_etr, eids, 1, 0, &eids,
	.required = "prefixes such as [ \"10.1.1.0/24\" ]"),
    XTR_CFG_INT("instance-id", struct xtr_cfg_proxy_etr, iid, 0, XTR_IID_MAX),
    {0},
};

static int elem_proxy_etr(struct xtr_cfg_loader *l, const config_setting_t *s, void *elem)
{
	const struct xtr_cfg_field group = {.arg = proxy_etr_fields};
	struct xtr_cfg_proxy_etr *petr = elem;
	int r = xtr_cfg_read_group(l, s, &group, petr);

	for (unsigned i = 0; !r && i < petr->n_eids; i++)
		petr->eids[i].iid = petr->iid;
	return r;
}

const struct xtr_cfg_list xtr_cfg_proxy_etr = {
    .size = sizeof(struct xtr_cfg_proxy_etr),
    .count = offsetof(struct xtr_config, n_proxy_etr),
    .allowed = "groups { rloc, eid-prefix, instance-id }",
    .read = elem_proxy_etr,
};
