/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What no setting shows alone: references, instances, overlaps.
 */
#include "config/load.h"

#include <stdio.h>
#include <string.h>

static const struct xtr_cfg_port *find_port(const struct xtr_config *cfg, const char *name)
{
	for (unsigned i = 0; i < cfg->n_ports; i++)
		if (!strcmp(cfg->ports[i].name, name))
			return &cfg->ports[i];
	return NULL;
}

static int no_such_port(struct xtr_cfg_loader *l, const config_setting_t *s)
{
	char names[XTR_MAX_INTERFACES * (XTR_NAME_LEN + 2) + 1];
	size_t n = 0;

	if (!l->cfg->n_ports)
		return xtr_cfg_bad(l, s, "none: there are no ports");
	for (unsigned i = 0; i < l->cfg->n_ports; i++)
		n += (size_t)snprintf(
		    names + n, sizeof(names) - n, "%s%s", i ? ", " : "", l->cfg->ports[i].name);
	return xtr_cfg_bad(l, s, "%s", names);
}

/* A route out of a port belongs to the instance of the port's addresses. */
static int check_routes(struct xtr_cfg_loader *l)
{
	struct xtr_config *cfg = l->cfg;
	char buf[XTR_EID_STRLEN];
	int r;

	for (unsigned i = 0; i < cfg->n_routes; i++) {
		struct xtr_cfg_route *route = &cfg->routes[i];

		if (*route->port) {
			const struct xtr_cfg_port *p = find_port(cfg, route->port);

			if (!p)
				return no_such_port(l, xtr_cfg_at(l, "routes", i, "port"));
			route->prefix.iid = xtr_cfg_network(p);
		}
		/* Linux would let the second replace the first */
		r = xtr_cfg_seen_add(l, &l->routes, xtr_cfg_at(l, "routes", i, "prefix"),
		    xtr_eid_format(&route->prefix, buf));
		if (r)
			return r;
	}
	return 0;
}

static int check_neighbours(struct xtr_cfg_loader *l)
{
	for (unsigned i = 0; i < l->cfg->n_neighbours; i++)
		if (!find_port(l->cfg, l->cfg->neighbours[i].port))
			return no_such_port(l, xtr_cfg_at(l, "neighbours", i, "port"));
	return 0;
}

/*
 * A port on a kernel interface, and the TAP that stands for a port in Linux: one name can't be
 * both's.
 */
static int check_interfaces(struct xtr_cfg_loader *l)
{
	const struct xtr_config *cfg = l->cfg;

	for (unsigned i = 0; cfg->mirror && i < cfg->n_ports; i++) {
		const char *device = cfg->ports[i].device;
		const char *iface = device ? strstr(device, ",iface=") : NULL;
		char name[XTR_NAME_LEN];

		if (!iface)
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(iface + 7, ","), iface + 7);
		if (find_port(cfg, name))
			return xtr_cfg_bad(l, xtr_cfg_port_at(l, i, "device"),
			    "an iface other than %s, which is the name of a port and so of its "
			    "interface in Linux",
			    name);
	}
	return 0;
}

/* One instance besides 0, in all that forwards. */
struct instances {
	uint32_t iid;              /* the one, or 0 */
	const config_setting_t *s; /* where it was first */
};

static int add_instance(
    struct xtr_cfg_loader *l, struct instances *in, const config_setting_t *s, uint32_t iid)
{
	if (!iid || iid == in->iid)
		return 0;
	if (in->iid)
		return xtr_cfg_bad(l, s, "0 or %u (one instance besides 0; line %u has %u)",
		    in->iid, xtr_cfg_line(in->s), in->iid);
	in->iid = iid;
	in->s = s;
	return 0;
}

static int check_instances(struct xtr_cfg_loader *l)
{
	const struct xtr_config *cfg = l->cfg;
	struct instances in = {0};
	int r = 0;

	for (unsigned i = 0; !r && i < cfg->n_ports; i++)
		if (cfg->ports[i].iid)
			r = add_instance(
			    l, &in, xtr_cfg_port_at(l, i, "instance-id"), cfg->ports[i].iid);
	for (unsigned i = 0; !r && i < cfg->n_database; i++)
		if (cfg->database[i].eid.iid)
			r = add_instance(l, &in,
			    xtr_cfg_at(l, "database-mapping", i, "instance-id"),
			    cfg->database[i].eid.iid);
	for (unsigned i = 0; !r && i < cfg->n_map_cache; i++)
		if (cfg->map_cache[i].eid.iid)
			r = add_instance(l, &in, xtr_cfg_at(l, "map-cache", i, "instance-id"),
			    cfg->map_cache[i].eid.iid);
	for (unsigned i = 0; !r && i < cfg->n_proxy_etr; i++)
		if (cfg->proxy_etr[i].iid)
			r = add_instance(l, &in, xtr_cfg_at(l, "proxy-etr", i, "instance-id"),
			    cfg->proxy_etr[i].iid);
	for (unsigned i = 0; !r && i < cfg->n_instances; i++)
		if (cfg->instances[i].iid)
			r = add_instance(l, &in, xtr_cfg_at(l, "instances", i, "instance-id"),
			    cfg->instances[i].iid);
	return r;
}

/* Which prefix lengths occur, so that only those are looked up. */
struct lengths {
	bool used[2][129]; /* [IPv6][length] */
};

static struct lengths lengths_of(const struct xtr_cfg_mapping *m, unsigned n)
{
	struct lengths lengths = {0};

	for (unsigned i = 0; i < n; i++)
		lengths.used[m[i].eid.ip.af == 6][m[i].eid.plen] = true;
	return lengths;
}

/* The setting of a seen prefix that covers eid, or is eid; its text in buf. */
static const config_setting_t *find_cover(const struct xtr_cfg_seen *seen,
    const struct lengths *lengths, const struct xtr_eid *eid, char buf[XTR_EID_STRLEN])
{
	for (unsigned plen = 0; plen <= eid->plen; plen++) {
		struct xtr_eid cover = *eid;
		const config_setting_t *s;

		if (!lengths->used[eid->ip.af == 6][plen])
			continue;
		cover.plen = (uint8_t)plen;
		xtr_ip_mask(&cover.ip, plen);
		s = xtr_cfg_seen_find(seen, xtr_eid_format(&cover, buf));
		if (s)
			return s;
	}
	return NULL;
}

/* What is in our own site needs no mapping. A shorter entry is allowed: own prefixes hide it. */
static int check_overlap(struct xtr_cfg_loader *l)
{
	const struct xtr_config *cfg = l->cfg;
	struct lengths own = lengths_of(cfg->database, cfg->n_database);
	char buf[XTR_EID_STRLEN];

	for (unsigned i = 0; cfg->n_database && i < cfg->n_map_cache; i++) {
		const config_setting_t *s =
		    find_cover(&l->database, &own, &cfg->map_cache[i].eid, buf);

		if (s)
			return xtr_cfg_bad(l, xtr_cfg_at(l, "map-cache", i, "eid-prefix"),
			    "a prefix outside the own database (\"%s\" on line %u)",
			    config_setting_get_string(s), xtr_cfg_line(s));
	}
	return 0;
}

/* An empty file, or one cut short, must not start a process that does nothing. */
static int check_role(struct xtr_cfg_loader *l)
{
	const struct xtr_config *cfg = l->cfg;

	if (cfg->n_ports || cfg->n_map_servers || cfg->n_map_resolvers || cfg->ms || cfg->mr)
		return 0;
	return xtr_cfg_fail(l, config_root_setting(&l->lc), "ports",
	    "found nothing to do, allowed one or more of ports, map-resolver, map-server, site, "
	    "map-server-role, map-resolver-role");
}

int xtr_cfg_check(struct xtr_cfg_loader *l)
{
	int r = check_routes(l);

	if (!r)
		r = check_neighbours(l);
	if (!r)
		r = check_interfaces(l);
	if (!r)
		r = check_instances(l);
	if (!r)
		r = check_overlap(l);
	if (!r)
		r = xtr_cfg_check_proxies(l);
	if (!r)
		r = check_role(l);
	return r;
}
