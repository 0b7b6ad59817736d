/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a proxy needs of the other settings, so that none is there that does nothing.
 */
#include "config/load.h"

#include "wire/msg.h"

/* Is something configured that a packet of the instance could be encapsulated to? */
static bool serves(const struct xtr_config *cfg, uint32_t iid)
{
	for (unsigned i = 0; i < cfg->n_map_cache; i++) {
		const struct xtr_cfg_mapping *m = &cfg->map_cache[i];

		if (m->eid.iid == iid && (m->n_locators || m->action == XTR_ACT_SEND_MAP_REQUEST))
			return true;
	}
	return false;
}

static int check_proxy_itr(struct xtr_cfg_loader *l)
{
	const struct xtr_config *cfg = l->cfg;

	for (unsigned i = 0; i < cfg->n_ports; i++) {
		const config_setting_t *s = xtr_cfg_port_at(l, i, "proxy-itr");

		if (!cfg->ports[i].proxy_itr)
			continue;
		if (!serves(cfg, cfg->ports[i].iid))
			return xtr_cfg_bad(l, s,
			    "false, or true beside a map-cache entry of instance %u with locators "
			    "or action = \"send-map-request\": it serves nothing",
			    cfg->ports[i].iid);
	}
	return 0;
}

static int check_to_ask(struct xtr_cfg_loader *l)
{
	const struct xtr_config *cfg = l->cfg;

	for (unsigned i = 0; !cfg->n_map_resolvers && i < cfg->n_map_cache; i++)
		if (!cfg->map_cache[i].n_locators &&
		    cfg->map_cache[i].action == XTR_ACT_SEND_MAP_REQUEST)
			return xtr_cfg_bad(l, xtr_cfg_at(l, "map-cache", i, "action"),
			    "it only beside a map-resolver: there is none to ask");
	return 0;
}

/* Sent to our own address, packets would come back to us for ever. */
static int check_not_own(
    struct xtr_cfg_loader *l, const struct xtr_cfg_port *p, const config_setting_t *addresses)
{
	const struct xtr_config *cfg = l->cfg;

	for (unsigned a = 0; a < p->n_addresses; a++)
		for (unsigned i = 0; i < cfg->n_use_petr; i++)
			if (xtr_ip_equal(&cfg->use_petr[i].rloc, &p->addresses[a].ip))
				return xtr_cfg_bad(l, xtr_cfg_at(l, "use-petr", i, "rloc"),
				    "an address of another machine (line %u gives it to port %s)",
				    xtr_cfg_line(xtr_cfg_elem(addresses, a)), p->name);
	return 0;
}

static int check_use_petr(struct xtr_cfg_loader *l)
{
	const config_setting_t *s = xtr_cfg_root_member(l, "use-petr");
	const struct xtr_config *cfg = l->cfg;
	int r = 0;

	if (!cfg->n_use_petr)
		return 0;
	if (!cfg->n_ports)
		return xtr_cfg_bad(l, s, "none: there are no ports");
	if (!cfg->n_database)
		return xtr_cfg_bad(
		    l, s, "it only beside database-mapping: a PETR is for packets of own EIDs");
	if (!cfg->n_map_resolvers && !cfg->n_map_cache)
		return xtr_cfg_bad(
		    l, s, "it only beside a map-resolver or a map-cache: nothing leads to a PETR");
	for (unsigned i = 0; !r && i < cfg->n_ports; i++)
		r = check_not_own(l, &cfg->ports[i], xtr_cfg_port_at(l, i, "addresses"));
	return r;
}

/* Is any instance's check of sources this one? Those that nothing is said of have the common one.
 */
static bool checks(const struct xtr_config *cfg, enum xtr_cfg_check check)
{
	bool found = cfg->lisp.source_check == check;

	for (unsigned i = 0; i < cfg->n_instances; i++)
		found |= cfg->instances[i].source_check == check;
	return found;
}

/* Strict without anything that says where sources are would let nothing pass at all. */
static int check_strict(
    struct xtr_cfg_loader *l, const config_setting_t *group, enum xtr_cfg_check check)
{
	const struct xtr_config *cfg = l->cfg;
	const config_setting_t *s =
	    group ? config_setting_get_member(group, "source-rloc-check") : NULL;

	return s && check == XTR_CFG_CHECK_STRICT && !cfg->n_map_resolvers && !cfg->n_map_cache
		   ? xtr_cfg_bad(l, s,
			 "\"off\", \"loose\", or it beside a map-resolver or a map-cache: nothing "
			 "says where sources are")
		   : 0;
}

static int check_sources(struct xtr_cfg_loader *l)
{
	const config_setting_t *s = xtr_cfg_root_member(l, "proxy-itrs");
	const struct xtr_config *cfg = l->cfg;
	int r = check_strict(l, xtr_cfg_root_member(l, "lisp"), cfg->lisp.source_check);

	for (unsigned i = 0; !r && i < cfg->n_instances; i++)
		r = check_strict(
		    l, xtr_cfg_at(l, "instances", i, NULL), cfg->instances[i].source_check);
	if (r || !cfg->n_proxy_itrs)
		return r;
	if (!cfg->n_ports)
		return xtr_cfg_bad(l, s, "none: there are no ports");
	if (!checks(cfg, XTR_CFG_CHECK_LOOSE) && !checks(cfg, XTR_CFG_CHECK_STRICT))
		return xtr_cfg_bad(l, s,
		    "it only beside source-rloc-check = \"loose\" or \"strict\": no source is "
		    "checked");
	return 0;
}

int xtr_cfg_check_proxies(struct xtr_cfg_loader *l)
{
	int r = check_proxy_itr(l);

	if (!r)
		r = check_to_ask(l);
	if (!r)
		r = check_use_petr(l);
	if (!r && l->cfg->n_proxy_etr && !l->cfg->n_ports)
		r = xtr_cfg_bad(l, xtr_cfg_root_member(l, "proxy-etr"), "none: there are no ports");
	if (!r)
		r = check_sources(l);
	return r;
}
