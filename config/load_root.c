/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The outermost settings, and what holds where the file is silent.
 */
#include "config/load.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "util/log.h"

static const struct xtr_cfg_word dscp_words[] = {{"copy", true}, {"keep", false}, {0}};
static const struct xtr_cfg_word petr_words[] = {
    {"always", XTR_PETR_ALWAYS}, {"no-route", XTR_PETR_NO_ROUTE}, {0}};

const struct xtr_cfg_word xtr_cfg_checks[] = {{"off", XTR_CFG_CHECK_OFF},
    {"loose", XTR_CFG_CHECK_LOOSE}, {"strict", XTR_CFG_CHECK_STRICT}, {0}};

static const struct xtr_cfg_field lisp_fields[] = {
    XTR_CFG_WORD("decap-dscp", struct xtr_config, lisp.decap_copy_dscp, dscp_words),
    XTR_CFG_WORD("source-rloc-check", struct xtr_config, lisp.source_check, xtr_cfg_checks),
    XTR_CFG_INT("min-reply-plen4", struct xtr_config, lisp.min_reply_plen4, 0, 32),
    XTR_CFG_INT("min-reply-plen6", struct xtr_config, lisp.min_reply_plen6, 0, 128),
    XTR_CFG_INT("hold-per-eid", struct xtr_config, lisp.hold_per_eid, 1, 1 << 20),
    XTR_CFG_INT("hold-per-instance", struct xtr_config, lisp.hold_per_instance, 1, 1 << 20),
    XTR_CFG_INT("hold-total", struct xtr_config, lisp.hold_total, 1, 1 << 20),
    XTR_CFG_INT("hold-ms", struct xtr_config, lisp.hold_ms, 1, 60000),
    XTR_CFG_INT("punt-rate", struct xtr_config, lisp.punt_rate, 1, 100000000),
    XTR_CFG_INT("punt-burst", struct xtr_config, lisp.punt_burst, 1, 1 << 20),
    XTR_CFG_INT(
	"map-cache-limit", struct xtr_config, lisp.map_cache_limit, 1, XTR_MAP_CACHE_LIMIT_MAX),
    XTR_CFG_INT("instance-map-cache-limit", struct xtr_config, lisp.instance_map_cache_limit, 1,
	XTR_MAP_CACHE_LIMIT_MAX, .or_zero = true),
    XTR_CFG_BOOL("map-cache-counters", struct xtr_config, lisp.map_cache_counters),
    XTR_CFG_BOOL("locator-status-bits", struct xtr_config, lisp.locator_status_bits),
    XTR_CFG_WORD("petr-use", struct xtr_config, lisp.petr_use, petr_words),
    XTR_CFG_INT("probe-interval-ms", struct xtr_config, lisp.probe_interval_ms, 100, 3600000,
	.or_zero = true),
    {0},
};

static const struct xtr_cfg_list map_resolvers = {
    .size = sizeof(struct xtr_ip),
    .count = offsetof(struct xtr_config, n_map_resolvers),
    .allowed = "addresses of Map-Resolvers",
    .read = xtr_cfg_elem_peer,
    .once = xtr_cfg_once_ip,
};

static const struct xtr_cfg_list control_addresses = {
    .size = sizeof(struct xtr_ip),
    .count = offsetof(struct xtr_config, n_control_addresses),
    .allowed = "addresses of this machine",
    .read = xtr_cfg_elem_peer,
    .once = xtr_cfg_once_ip,
};

/* Categories with commas and perhaps blanks between them; kept without blanks. */
static int read_debug(
    struct xtr_cfg_loader *l, const config_setting_t *s, const struct xtr_cfg_field *f, void *obj)
{
	struct xtr_config *cfg = obj;
	const char *text = config_setting_get_string(s);
	char *rest, *word;
	size_t n = 0;

	if (!text)
		goto bad;
	cfg->debug = rest = strdup(text);
	if (!rest)
		return -ENOMEM;
	for (char *p = rest; *p; p++)
		if (*p != ' ')
			cfg->debug[n++] = *p;
	cfg->debug[n] = '\0';
	word = rest = strdup(cfg->debug);
	if (!rest)
		return -ENOMEM;
	for (char *p = rest; (word = strsep(&p, ","));)
		if (xtr_debug_parse(word) < 0)
			break;
	free(rest);
	if (!word)
		return 0;
bad:
	return xtr_cfg_bad(l, s,
	    "a text with some of all, %s, %s, %s, %s, %s, with commas between them",
	    xtr_debug_name(XTR_DBG_MAP_REGISTER), xtr_debug_name(XTR_DBG_MAP_REQUEST),
	    xtr_debug_name(XTR_DBG_MAP_CACHE), xtr_debug_name(XTR_DBG_NETLINK),
	    xtr_debug_name(XTR_DBG_PUNT));
}

#define SOCKET_PATH_MAX (sizeof(((struct sockaddr_un *)0)->sun_path) - 1)

const struct xtr_cfg_field xtr_cfg_root_fields[] = {
    {.name = "eal", .read = xtr_cfg_read_group, .arg = xtr_cfg_eal_fields},
    XTR_CFG_LIST("ports", xtr_cfg_read_ports, struct xtr_config, ports, 0, XTR_MAX_PORTS, NULL),
    XTR_CFG_LIST("routes", xtr_cfg_read_list, struct xtr_config, routes, 0, 0, &xtr_cfg_routes),
    XTR_CFG_LIST(
	"neighbours", xtr_cfg_read_list, struct xtr_config, neighbours, 0, 0, &xtr_cfg_neighbours),
    XTR_CFG_LIST(
	"map-resolver", xtr_cfg_read_list, struct xtr_config, map_resolvers, 0, 0, &map_resolvers),
    XTR_CFG_LIST("map-server", xtr_cfg_read_list, struct xtr_config, map_servers, 0, 0,
	&xtr_cfg_map_servers),
    XTR_CFG_LIST("database-mapping", xtr_cfg_read_list, struct xtr_config, database, 0, 0,
	&xtr_cfg_database),
    XTR_CFG_LIST(
	"map-cache", xtr_cfg_read_list, struct xtr_config, map_cache, 0, 0, &xtr_cfg_map_cache),
    XTR_CFG_LIST(
	"instances", xtr_cfg_read_list, struct xtr_config, instances, 0, 0, &xtr_cfg_instances),
    XTR_CFG_LIST("use-petr", xtr_cfg_read_list, struct xtr_config, use_petr, 0, XTR_MAX_PETRS,
	&xtr_cfg_use_petr),
    XTR_CFG_LIST(
	"proxy-etr", xtr_cfg_read_list, struct xtr_config, proxy_etr, 0, 0, &xtr_cfg_proxy_etr),
    XTR_CFG_LIST(
	"proxy-itrs", xtr_cfg_read_list, struct xtr_config, proxy_itrs, 1, 0, &xtr_cfg_proxy_itrs),
    XTR_CFG_LIST("site", xtr_cfg_read_list, struct xtr_config, sites, 0, 0, &xtr_cfg_sites),
    XTR_CFG_BOOL("map-server-role", struct xtr_config, ms),
    XTR_CFG_BOOL("map-resolver-role", struct xtr_config, mr),
    XTR_CFG_LIST("control-address", xtr_cfg_read_list, struct xtr_config, control_addresses, 0, 0,
	&control_addresses),
    {.name = "lisp", .read = xtr_cfg_read_group, .arg = lisp_fields},
    XTR_CFG_BOOL("linux-mirror", struct xtr_config, mirror),
    XTR_CFG_FIELD("operator-socket", xtr_cfg_read_text, struct xtr_config, socket,
	.max = SOCKET_PATH_MAX, .arg = "the path of a socket, 1 to 107 bytes"),
    XTR_CFG_FIELD("state-directory", xtr_cfg_read_text, struct xtr_config, state_dir, .max = 4000,
	.arg = "the path of a directory, 1 to 4000 bytes"),
    XTR_CFG_BOOL("test-clock", struct xtr_config, test_clock),
    XTR_CFG_FIELD("debug", read_debug, struct xtr_config, debug),
    XTR_CFG_FIELD("xtr-id", xtr_cfg_read_hex, struct xtr_config, xtr_id, .size = 16),
    XTR_CFG_FIELD("site-id", xtr_cfg_read_hex, struct xtr_config, site_id, .size = 8),
    {0},
};

int xtr_cfg_defaults(struct xtr_config *cfg)
{
	cfg->eal.control_cpu = -1;
	cfg->eal.worker_cpus[0] = -1;
	cfg->eal.n_workers = 1;
	cfg->eal.idle_backoff = true;
	cfg->eal.mbufs = 16384;
	cfg->lisp.decap_copy_dscp = true;
	cfg->lisp.source_check = XTR_CFG_CHECK_LOOSE;
	cfg->lisp.min_reply_plen4 = 1;
	cfg->lisp.min_reply_plen6 = 1;
	cfg->lisp.hold_per_eid = 1024;
	cfg->lisp.hold_per_instance = 4096;
	cfg->lisp.hold_total = 8192;
	cfg->lisp.hold_ms = 5000;
	cfg->lisp.punt_rate = 20000;
	cfg->lisp.punt_burst = 4096;
	cfg->lisp.map_cache_limit = 1000000;
	cfg->lisp.petr_use = XTR_PETR_ALWAYS;
	cfg->lisp.probe_interval_ms = 10000;
	cfg->mirror = true;
	cfg->socket = strdup("/run/xtrd.sock");
	cfg->state_dir = strdup("/var/lib/xtrd");
	return cfg->socket && cfg->state_dir ? 0 : -ENOMEM;
}

/* Defaults that follow from other settings. */
void xtr_cfg_derive(struct xtr_cfg_loader *l)
{
	const config_setting_t *root = config_root_setting(&l->lc), *eal;
	struct xtr_config *cfg = l->cfg;

	eal = config_setting_get_member(root, "eal");
	if (!eal || !config_setting_get_member(eal, "memory"))
		cfg->eal.memory_mb = cfg->eal.huge_pages ? 0 : 256;
	if (!config_setting_get_member(root, "map-server-role"))
		cfg->ms = cfg->n_sites > 0;
	if (!config_setting_get_member(root, "map-resolver-role"))
		cfg->mr = cfg->ms;
	cfg->has_xtr_id = config_setting_get_member(root, "xtr-id") != NULL;
	for (unsigned i = 0; i < cfg->n_instances; i++) {
		if (!xtr_cfg_at(l, "instances", i, "map-cache-limit"))
			cfg->instances[i].map_cache_limit = cfg->lisp.instance_map_cache_limit;
		if (!xtr_cfg_at(l, "instances", i, "map-cache-counters"))
			cfg->instances[i].map_cache_counters = cfg->lisp.map_cache_counters;
		if (!xtr_cfg_at(l, "instances", i, "source-rloc-check"))
			cfg->instances[i].source_check = cfg->lisp.source_check;
	}
}
