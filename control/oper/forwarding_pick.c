/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which port a made-up packet comes in at, and from whom, where the operator did not say.
 */
#include "control/oper/forwarding.h"

#include <errno.h>
#include <stdio.h>
#include <arpa/inet.h>
#include "datapath/hop.h"

#define HOSTS_TRIED 256u /* of a prefix, until one is found that is nobody's here */

uint32_t xtr_forwarding_lookup(const struct xtr_lpm *table, const struct xtr_ip *ip)
{
	uint32_t index = 0, key;

	if (ip->af == 6) {
		xtr_lpm_lookup6(&table, &ip->b, &index, 1);
	} else {
		memcpy(&key, ip->b, sizeof(key));
		xtr_lpm_lookup4(&table, &key, &index, 1);
	}
	return index;
}

const struct xtr_fwd *xtr_forwarding_route(
    const struct xtr_ctl *ctl, const struct xtr_ip *ip, uint32_t *index)
{
	*index = xtr_forwarding_lookup(ctl->dp->instances[0].routes, ip);
	return xtr_pool_at(&ctl->dp->fwd, *index);
}

static uint32_t iid_of(const struct xtr_ctl *ctl, unsigned port)
{
	return ctl->dp->instances[ctl->dp->ports[port].inst].iid;
}

/* May packets of the instance (negative: any) come in at the port? */
static bool of_instance(const struct xtr_ctl *ctl, unsigned port, int64_t iid)
{
	return iid < 0 || ((ctl->dp->ports[port].site || ctl->dp->ports[port].proxy) &&
			      iid_of(ctl, port) == iid);
}

static int port_of_network(const struct xtr_ctl *ctl, const struct xtr_ip *ip, int64_t iid)
{
	for (unsigned i = 0; i < ctl->cfg->n_ports; i++)
		for (unsigned a = 0; a < ctl->cfg->ports[i].n_addresses; a++) {
			struct xtr_eid net = ctl->cfg->ports[i].addresses[a],
				       host = xtr_eid_host(net.iid, ip);

			xtr_ip_mask(&net.ip, net.plen);
			if (of_instance(ctl, i, iid) && xtr_eid_covers(&net, &host))
				return (int)i;
		}
	return -1;
}

static int port_by_routes(const struct xtr_ctl *ctl, const struct xtr_ip *ip, int64_t iid)
{
	uint32_t index;
	const struct xtr_fwd *fwd = xtr_forwarding_route(ctl, ip, &index);
	uint32_t adj = fwd->set_log2 ? xtr_hop_pick(ctl->dp, fwd, 0) : fwd->target;
	int port = -1;

	if (fwd->action == XTR_FWD_GLEAN)
		port = (int)fwd->target;
	else if (fwd->action == XTR_FWD_FORWARD)
		port = ((const struct xtr_adj *)xtr_pool_at(&ctl->dp->adj, adj))->port;
	return port >= 0 && of_instance(ctl, (unsigned)port, iid) ? port : -1;
}

/* The first that LISP may touch packets of, site ports before those of a proxy-ITR; else any. */
static int port_by_side(const struct xtr_ctl *ctl, int64_t iid)
{
	int proxy = -1;

	for (unsigned i = 0; i < ctl->dp->n_ports; i++) {
		if (!of_instance(ctl, i, iid))
			continue;
		if (ctl->dp->ports[i].site)
			return (int)i;
		if (ctl->dp->ports[i].proxy && proxy < 0)
			proxy = (int)i;
	}
	return proxy < 0 && iid < 0 && ctl->dp->n_ports ? 0 : proxy;
}

static int named_port(const struct xtr_ctl *ctl, struct xtr_made_up *p, const char *name,
    int64_t iid, char *err, size_t err_size)
{
	for (unsigned i = 0; i < ctl->dp->n_ports; i++) {
		if (strcmp(ctl->cfg->ports[i].name, name))
			continue;
		p->port = i;
		if (of_instance(ctl, i, iid))
			return 0;
		snprintf(
		    err, err_size, "port %s is not one of instance %lld's", name, (long long)iid);
		return -EINVAL;
	}
	snprintf(err, err_size, "no port has the name %s", name);
	return -EINVAL;
}

static int pick_port(
    const struct xtr_ctl *ctl, struct xtr_made_up *p, int64_t iid, char *err, size_t err_size)
{
	int port = -1;

	if (p->source.af) {
		port = port_of_network(ctl, &p->source, iid);
		p->why_port = "the source is in its network";
		if (port < 0) {
			port = port_by_routes(ctl, &p->source, iid);
			p->why_port = "the routes lead to the source there";
		}
	}
	if (port < 0) {
		port = port_by_side(ctl, iid);
		if (port >= 0)
			p->why_port = ctl->dp->ports[port].site    ? "the first site port"
				      : ctl->dp->ports[port].proxy ? "the first proxy-ITR's port"
								   : "the first port";
	}
	if (port < 0) {
		snprintf(err, err_size, "instance %lld has no site port and no proxy-ITR's",
		    (long long)iid);
		return -EINVAL;
	}
	p->port = (unsigned)port;
	return 0;
}

/* The first host of a prefix that is no address of this machine. */
static bool first_host(
    const struct xtr_ctl *ctl, const struct xtr_ip *ip, unsigned plen, struct xtr_ip *out)
{
	unsigned bits = xtr_ip_bits(ip), free = RTE_MIN(bits - plen, 31u);
	unsigned edge = free > 1; /* RFC 3021, RFC 6164; and RFC 4291 section 2.6.1 */
	uint32_t last = (1u << free) - 1, index, low;
	struct xtr_ip net = *ip;

	xtr_ip_mask(&net, plen);
	for (uint32_t i = edge; i <= RTE_MIN(last - edge, HOSTS_TRIED); i++) {
		*out = net;
		memcpy(&low, out->b + bits / 8 - 4, sizeof(low));
		low = htonl(ntohl(low) | i);
		memcpy(out->b + bits / 8 - 4, &low, sizeof(low));
		if (xtr_forwarding_route(ctl, out, &index)->action != XTR_FWD_LOCAL)
			return true;
	}
	return false;
}

/* At a site port a host of the first EID prefix, if there is one in the port's own network; else a
 * neighbour on the port. */
static int pick_source(const struct xtr_ctl *ctl, struct xtr_made_up *p, char *err, size_t err_size)
{
	const struct xtr_cfg_port *port = &ctl->cfg->ports[p->port];
	uint32_t iid = iid_of(ctl, p->port);
	uint8_t af = p->address.af;
	struct xtr_ip address = {0};
	bool near = xtr_ctl_port_address(ctl, p->port, af, &address);
	struct xtr_eid own = xtr_eid_host(iid, &address);

	for (int strict = near; ctl->dp->ports[p->port].site && strict >= 0; strict--)
		for (unsigned i = 0; i < ctl->cfg->n_database; i++) {
			const struct xtr_eid *eid = &ctl->cfg->database[i].eid;

			p->why_source = "a host of the first EID prefix";
			if (eid->iid == iid && eid->ip.af == af &&
			    (!strict || xtr_eid_covers(eid, &own)) &&
			    first_host(ctl, &eid->ip, eid->plen, &p->source))
				return 0;
		}
	p->why_source = "a host of the port's network";
	for (unsigned i = 0; i < port->n_addresses; i++)
		if (port->addresses[i].ip.af == af &&
		    !xtr_ip_is_link_local(&port->addresses[i].ip) &&
		    first_host(ctl, &port->addresses[i].ip, port->addresses[i].plen, &p->source))
			return 0;
	snprintf(err, err_size,
	    "from SOURCE is wanted: port %s has no IPv%d network in the configuration", port->name,
	    af);
	return -EINVAL;
}

int xtr_forwarding_pick(const struct xtr_ctl *ctl, struct xtr_made_up *p, const char *name,
    int64_t iid, char *err, size_t err_size)
{
	int rc = name ? named_port(ctl, p, name, iid, err, err_size)
		      : pick_port(ctl, p, iid, err, err_size);

	return rc == 0 && !p->source.af ? pick_source(ctl, p, err, err_size) : rc;
}
