/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ports, routes and neighbours.
 */
#include "config/load.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IP6_MTU_MIN   1280u
#define DEVICE_ID_MAX 63 /* DPDK's limit for a name, without the zero byte */
#define DEVICE_WORDS                                                                               \
	"a PCI address such as \"0000:01:00.0\", or a DPDK vdev such as "                          \
	"\"net_af_packet0,iface=eth1\""

/* A name that Linux takes for an interface, and that is no other's. */
static bool name_ok(const char *text)
{
	static const char *const taken[] = {".", "..", "lo", "lisp0", "all", "default"};

	if (!*text || strlen(text) >= XTR_NAME_LEN)
		return false;
	for (const char *p = text; *p; p++)
		if (!isgraph((unsigned char)*p) || strchr("/:%", *p))
			return false;
	for (unsigned i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
		if (!strcmp(text, taken[i]))
			return false;
	return true;
}

static int read_name(
    struct xtr_cfg_loader *l, const config_setting_t *s, const struct xtr_cfg_field *f, void *obj)
{
	const char *text = config_setting_get_string(s);

	if (!text || !name_ok(text))
		return xtr_cfg_bad(l, s,
		    "an interface name of 1 to %d characters without blanks, \"/\", \":\" and "
		    "\"%%\", "
		    "and not lo, lisp0, all or default",
		    XTR_NAME_LEN - 1);
	strcpy((char *)obj + f->offset, text);
	return 0;
}

/* A PCI address, with or without its domain, is written anew with it. */
static bool pci_id(char id[DEVICE_ID_MAX + 1])
{
	unsigned domain = 0, bus = 0, dev = 0, function = 0;
	int used = 0;

	if (strchr(id, ':') == strrchr(id, ':'))
		sscanf(id, "%2x:%2x.%1x%n", &bus, &dev, &function, &used);
	else
		sscanf(id, "%4x:%2x:%2x.%1x%n", &domain, &bus, &dev, &function, &used);
	if (!used || id[used] || dev > 31 || function > 7)
		return false;
	snprintf(id, DEVICE_ID_MAX + 1, "%04x:%02x:%02x.%x", domain, bus, dev, function);
	return true;
}

/*
 * What stands before the arguments, the same for two spellings of one PCI address. Returns false if
 * it is neither a PCI address nor the name of a vdev.
 */
static bool device_id(const char *device, char id[DEVICE_ID_MAX + 1])
{
	size_t n = strcspn(device, ",");

	if (n < 1 || n > DEVICE_ID_MAX)
		return false;
	memcpy(id, device, n);
	id[n] = '\0';
	if (pci_id(id))
		return true;
	/* Every vdev's name has "_" in it (net_tap0, virtio_user0), other buses have ":". The name
	 * of a Linux interface, the likely mistake, seldom does. */
	for (const char *p = id; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr("_:.-", *p))
			return false;
	if (!isalpha((unsigned char)*id))
		return false;
	return strpbrk(id, "_:") != NULL;
}

static int read_device(
    struct xtr_cfg_loader *l, const config_setting_t *s, const struct xtr_cfg_field *f, void *obj)
{
	struct xtr_cfg_port *p = obj;
	char id[DEVICE_ID_MAX + 1];
	const char *text = xtr_cfg_text(l, s, 1023, DEVICE_WORDS);

	if (!text)
		return -EINVAL;
	if (!device_id(text, id))
		return xtr_cfg_bad(l, s, DEVICE_WORDS);
	p->device = strdup(text);
	if (!p->device)
		return -ENOMEM;
	return xtr_cfg_seen_add(l, &l->devices, s, id);
}

static const struct xtr_cfg_word sides[] = {
    {"core", XTR_SIDE_CORE},
    {"site", XTR_SIDE_SITE},
    {0},
};

static const struct xtr_cfg_list addresses = {
    .size = sizeof(struct xtr_eid),
    .count = offsetof(struct xtr_cfg_port, n_addresses),
    .allowed = "addresses with their prefix lengths",
    .read = xtr_cfg_elem_host,
};

#define SIDE_FIELD                                                                                 \
	XTR_CFG_WORD("side", struct xtr_cfg_port, side, sides, .required = "\"core\" or \"site\"")
/* settings of ports and VLANs alike */
#define INTERFACE_FIELDS                                                                           \
	SIDE_FIELD, XTR_CFG_INT("instance-id", struct xtr_cfg_port, iid, 0, XTR_IID_MAX),          \
	    XTR_CFG_BOOL("proxy-itr", struct xtr_cfg_port, proxy_itr),                             \
	    XTR_CFG_INT("mtu", struct xtr_cfg_port, mtu, 576, 9216),                               \
	    XTR_CFG_LIST(                                                                          \
		"addresses", xtr_cfg_read_list, struct xtr_cfg_port, addresses, 0, 0, &addresses)

static const struct xtr_cfg_field vlan_fields[] = {
    XTR_CFG_FIELD("name", read_name, struct xtr_cfg_port, name,
	.required = "the name of the VLAN's interface in Linux"),
    XTR_CFG_INT("vlan-id", struct xtr_cfg_port, vlan_id, 1, 4094, .required = "1 to 4094"),
    INTERFACE_FIELDS,
    {0},
};

static int elem_vlan(struct xtr_cfg_loader *l, const config_setting_t *s, void *elem);
static char *once_vlan(const void *elem, char *buf);

static const struct xtr_cfg_list vlans = {
    .size = sizeof(struct xtr_cfg_port),
    .count = offsetof(struct xtr_cfg_port, n_vlans),
    .allowed = "vlans { vlan-id, name, side, ... }",
    .read = elem_vlan,
    .once = once_vlan,
    .once_member = "vlan-id",
};

static const struct xtr_cfg_field port_fields[] = {
    XTR_CFG_FIELD("name", read_name, struct xtr_cfg_port, name,
	.required = "the name of the port's interface in Linux"),
    XTR_CFG_FIELD("device", read_device, struct xtr_cfg_port, device, .required = DEVICE_WORDS),
    XTR_CFG_BOOL("offloads", struct xtr_cfg_port, offloads),
    INTERFACE_FIELDS,
    XTR_CFG_LIST("vlans", xtr_cfg_read_list, struct xtr_cfg_port, vlans, 0, XTR_MAX_VLANS, &vlans),
    {0},
};

uint32_t xtr_cfg_network(const struct xtr_cfg_port *p)
{
	return p->side == XTR_SIDE_SITE ? p->iid : 0;
}

/* The same address twice in an instance; link-local ones may be there once a port. */
static int add_address(struct xtr_cfg_loader *l, const config_setting_t *s,
    const struct xtr_cfg_port *p, const struct xtr_eid *address)
{
	char buf[XTR_IP_STRLEN], text[XTR_IP_STRLEN + 32];

	xtr_ip_format(&address->ip, buf);
	if (xtr_ip_is_link_local(&address->ip))
		snprintf(text, sizeof(text), "%s on %s", buf, p->name);
	else if (address->iid)
		snprintf(text, sizeof(text), "[%u] %s", address->iid, buf);
	else
		snprintf(text, sizeof(text), "%s", buf);
	return xtr_cfg_seen_add(l, &l->addresses, s, text);
}

static char *once_vlan(const void *elem, char *buf)
{
	sprintf(buf, "%u", ((const struct xtr_cfg_port *)elem)->vlan_id);
	return buf;
}

/* What ports and VLANs have in common. */
static int read_interface(struct xtr_cfg_loader *l, const config_setting_t *s,
    const struct xtr_cfg_field *fields, struct xtr_cfg_port *p)
{
	const struct xtr_cfg_field group = {.arg = fields};
	const config_setting_t *m;
	int r = xtr_cfg_read_group(l, s, &group, p);

	if (r)
		return r;
	r = xtr_cfg_seen_add(l, &l->port_names, config_setting_get_member(s, "name"), p->name);
	if (r)
		return r;
	m = config_setting_get_member(s, "instance-id");
	if (m && p->side == XTR_SIDE_CORE && !p->proxy_itr)
		return xtr_cfg_bad(
		    l, m, "none on a core port without proxy-itr: the underlay has no instance");
	m = config_setting_get_member(s, "addresses");
	for (unsigned i = 0; i < p->n_addresses; i++) {
		p->addresses[i].iid = xtr_cfg_network(p);
		r = add_address(l, xtr_cfg_elem(m, i), p, &p->addresses[i]);
		if (r)
			return r;
	}
	return 0;
}

static int elem_vlan(struct xtr_cfg_loader *l, const config_setting_t *s, void *elem)
{
	return read_interface(l, s, vlan_fields, elem);
}

/* Every link that IPv6 goes over carries 1280 bytes (RFC 8200 section 5): Linux would take its
 * addresses off an interface with less. */
static int check_mtu(
    struct xtr_cfg_loader *l, const config_setting_t *s, const struct xtr_cfg_port *p)
{
	const config_setting_t *m = config_setting_get_member(s, "addresses");

	for (unsigned i = 0; p->mtu < IP6_MTU_MIN && i < p->n_addresses; i++)
		if (p->addresses[i].ip.af == 6)
			return xtr_cfg_bad(l, xtr_cfg_elem(m, i),
			    "an IPv4 address, or an mtu of at least %u: it is %u", IP6_MTU_MIN,
			    p->mtu);
	return 0;
}

static int elem_port(struct xtr_cfg_loader *l, const config_setting_t *s, void *elem)
{
	struct xtr_cfg_port *p = elem;
	int r;

	p->mtu = 1500;
	p->offloads = true;
	r = read_interface(l, s, port_fields, p);
	if (!r)
		r = check_mtu(l, s, p);
	for (unsigned i = 0; !r && i < p->n_vlans; i++) {
		const config_setting_t *v = xtr_cfg_elem(config_setting_get_member(s, "vlans"), i);

		if (!p->vlans[i].mtu)
			p->vlans[i].mtu = p->mtu;
		else if (p->vlans[i].mtu > p->mtu)
			r = xtr_cfg_bad(l, config_setting_get_member(v, "mtu"),
			    "576 to %u, which is the port's", p->mtu);
		if (!r)
			r = check_mtu(l, v, &p->vlans[i]);
	}
	return r;
}

static const struct xtr_cfg_list ports = {
    .size = sizeof(struct xtr_cfg_port),
    .count = offsetof(struct xtr_config, n_ports),
    .allowed = "ports { name, device, side, ... }",
    .read = elem_port,
};

int xtr_cfg_read_ports(
    struct xtr_cfg_loader *l, const config_setting_t *s, const struct xtr_cfg_field *f, void *obj)
{
	const struct xtr_cfg_field list = {
	    .offset = f->offset, .min = f->min, .max = f->max, .arg = &ports};
	struct xtr_config *cfg = obj;
	struct xtr_cfg_port *all;
	unsigned n, n_ports;
	int r = xtr_cfg_read_list(l, s, &list, obj);

	if (r)
		return r;
	n = n_ports = cfg->n_ports;
	for (unsigned i = 0; i < n_ports; i++) {
		cfg->ports[i].parent = i;
		n += cfg->ports[i].n_vlans;
	}
	if (n == n_ports)
		return 0;
	if (n > XTR_MAX_INTERFACES)
		return xtr_cfg_fail(
		    l, s, NULL, "found %u ports and VLANs, allowed %d", n, XTR_MAX_INTERFACES);
	all = reallocarray(cfg->ports, n, sizeof(*all));
	if (!all)
		return -ENOMEM;
	cfg->ports = all;
	for (unsigned i = 0; i < n_ports; i++) {
		for (unsigned v = 0; v < all[i].n_vlans; v++) {
			all[cfg->n_ports] = all[i].vlans[v];
			all[cfg->n_ports++].parent = i;
		}
		free(all[i].vlans);
		all[i].vlans = NULL;
	}
	return 0;
}

const config_setting_t *xtr_cfg_port_at(
    const struct xtr_cfg_loader *l, unsigned i, const char *member)
{
	const struct xtr_cfg_port *p = l->cfg->ports;
	const config_setting_t *s = xtr_cfg_at(l, "ports", p[i].parent, NULL);

	if (p[i].vlan_id) {
		unsigned first = i;

		while (p[first - 1].vlan_id && p[first - 1].parent == p[i].parent)
			first--;
		s = xtr_cfg_elem(config_setting_get_member(s, "vlans"), i - first);
	}
	return member ? config_setting_get_member(s, member) : s;
}

/* Whether the port exists is seen in check.c, when all are read. */
static const struct xtr_cfg_field route_fields[] = {
    XTR_CFG_FIELD("prefix", xtr_cfg_read_prefix, struct xtr_cfg_route, prefix,
	.required = "a prefix such as \"0.0.0.0/0\""),
    XTR_CFG_FIELD("via", xtr_cfg_read_hop, struct xtr_cfg_route, via),
    XTR_CFG_FIELD("port", read_name, struct xtr_cfg_route, port),
    XTR_CFG_BOOL("blackhole", struct xtr_cfg_route, blackhole),
    {0},
};

static int elem_route(struct xtr_cfg_loader *l, const config_setting_t *s, void *elem)
{
	const struct xtr_cfg_field group = {.arg = route_fields};
	struct xtr_cfg_route *route = elem;
	const config_setting_t *via;
	int r = xtr_cfg_read_group(l, s, &group, route);

	if (r)
		return r;
	via = config_setting_get_member(s, "via");
	if (route->blackhole && (via || *route->port))
		return xtr_cfg_fail(l, config_setting_get_member(s, via ? "via" : "port"), NULL,
		    "found a way for a blackhole, allowed neither via nor port");
	if (!route->blackhole && !via && !*route->port)
		return xtr_cfg_fail(l, s, "via",
		    "found nothing, allowed an address in via, a port, both, or blackhole = true");
	/* the other way round there is RFC 8950 */
	if (via && route->via.af == 4 && route->prefix.ip.af == 6)
		return xtr_cfg_bad(l, via, "an IPv6 address, as the prefix is");
	if (via && xtr_ip_is_link_local(&route->via) && !*route->port)
		return xtr_cfg_fail(l, s, "port",
		    "found nothing, allowed the port on which the link-local next hop is");
	return 0;
}

const struct xtr_cfg_list xtr_cfg_routes = {
    .size = sizeof(struct xtr_cfg_route),
    .count = offsetof(struct xtr_config, n_routes),
    .allowed = "routes { prefix, via, port } or { prefix, blackhole }",
    .read = elem_route,
};

static int read_mac(
    struct xtr_cfg_loader *l, const config_setting_t *s, const struct xtr_cfg_field *f, void *obj)
{
	const char *text = config_setting_get_string(s);
	uint8_t *mac = (uint8_t *)obj + f->offset, bits = 0;
	unsigned v;

	if (!text || strlen(text) != 17)
		goto bad;
	for (unsigned i = 0; i < 6; i++) {
		const char *p = text + 3 * i;

		if (!isxdigit((unsigned char)p[0]) || !isxdigit((unsigned char)p[1]) ||
		    p[2] != (i < 5 ? ':' : '\0'))
			goto bad;
		sscanf(p, "%2x", &v);
		mac[i] = (uint8_t)v;
		bits |= mac[i];
	}
	if (bits && !(mac[0] & 1))
		return 0;
bad:
	return xtr_cfg_bad(l, s, "a unicast MAC address such as \"02:00:00:00:00:01\"");
}

static const struct xtr_cfg_field neighbour_fields[] = {
    XTR_CFG_FIELD("address", xtr_cfg_read_hop, struct xtr_cfg_neighbour, ip,
	.required = "an IPv4 or IPv6 address"),
    XTR_CFG_FIELD("mac", read_mac, struct xtr_cfg_neighbour, mac, .required = "a MAC address"),
    XTR_CFG_FIELD(
	"port", read_name, struct xtr_cfg_neighbour, port, .required = "the name of a port"),
    {0},
};

static int elem_neighbour(struct xtr_cfg_loader *l, const config_setting_t *s, void *elem)
{
	const struct xtr_cfg_field group = {.arg = neighbour_fields};
	struct xtr_cfg_neighbour *n = elem;
	char buf[XTR_IP_STRLEN], text[XTR_IP_STRLEN + 32];
	int r = xtr_cfg_read_group(l, s, &group, n);

	if (r)
		return r;
	snprintf(text, sizeof(text), "%s on %s", xtr_ip_format(&n->ip, buf), n->port);
	return xtr_cfg_seen_add(l, &l->neighbours, config_setting_get_member(s, "address"), text);
}

const struct xtr_cfg_list xtr_cfg_neighbours = {
    .size = sizeof(struct xtr_cfg_neighbour),
    .count = offsetof(struct xtr_config, n_neighbours),
    .allowed = "neighbours { address, mac, port }",
    .read = elem_neighbour,
};
