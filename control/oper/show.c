/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The operator's commands (xtrctl).
 */
#include "control/ctl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <rte_ethdev.h>
#include <rte_version.h>
#include "control/forwarding/petr.h"
#include "control/oper/clear.h"
#include "control/oper/forwarding.h"
#include "control/oper/lig.h"
#include "control/oper/words.h"
#include "util/log.h"

static json_t *number(uint64_t n)
{
	return json_integer((json_int_t)n);
}

/* Says what is wrong; the errno that goes with it. */
static int refuse(char *err, size_t size, const char *text, const char *found)
{
	snprintf(err, size, "%s: found %s", text, found);
	return -EINVAL;
}

static int lig(void *arg, const char *const *words, unsigned n, struct xtr_oper_later *later,
    char *err, size_t size)
{
	return xtr_oper_lig(((struct xtr_ctl *)arg)->ligs, words, n, later, err, size);
}

struct where { /* the words "[ADDRESS|PREFIX] [instance N]" */
	struct xtr_eid eid;
	bool any;
	int64_t iid;
};

static int read_where(const char *const *words, unsigned n, struct where *w, char *err, size_t size)
{
	struct xtr_oper_option instance = {.name = "instance"};
	uint32_t iid;
	int rc;

	*w = (struct where){.any = true, .iid = -1};
	if (n && strcmp(words[0], "instance")) {
		if (xtr_eid_parse(words[0], &w->eid) == -EINVAL)
			return refuse(err, size, "an address or a prefix is wanted", words[0]);
		w->any = false;
		words++;
		n--;
	}
	rc = xtr_oper_options(words, n, &instance, 1, "[ADDRESS|PREFIX] [instance N]", err, size);
	if (rc < 0 || !instance.value)
		return rc;
	rc = xtr_oper_instance(instance.value, &iid, err, size);
	w->iid = iid;
	return rc;
}

static int show_map_cache(
    void *arg, const char *const *words, unsigned n, json_t **out, char *err, size_t size)
{
	struct xtr_ctl *ctl = arg;
	struct where w;
	int rc = read_where(words, n, &w, err, size);

	if (rc < 0)
		return rc;
	*out = ctl->itr ? xtr_itr_show(ctl->itr, w.any ? NULL : &w.eid, w.iid)
			: json_pack("{s:[]}", "entries");
	return 0;
}

static int show_map_cache_summary(void *arg, const char *const *words, unsigned n,
    struct xtr_oper_stream *stream, char *err, size_t size)
{
	return xtr_itr_show_summary(((struct xtr_ctl *)arg)->itr, stream);
}

static int clear_map_cache(void *arg, const char *const *words, unsigned n,
    struct xtr_oper_later *later, char *err, size_t size)
{
	struct xtr_ctl *ctl = arg;
	struct where w;
	int rc = read_where(words, n, &w, err, size);

	if (rc < 0)
		return rc;
	return xtr_oper_clear(&ctl->clears, ctl->itr, w.any ? NULL : &w.eid, w.iid, later);
}

static int show_database(
    void *arg, const char *const *words, unsigned n, json_t **out, char *err, size_t size)
{
	struct xtr_ctl *ctl = arg;

	*out =
	    ctl->etr ? xtr_etr_show(ctl->etr) : json_pack("{s:[], s:[]}", "entries", "map_servers");
	return 0;
}

static int show_sites(
    void *arg, const char *const *words, unsigned n, json_t **out, char *err, size_t size)
{
	struct xtr_ctl *ctl = arg;

	if (n > 1)
		return refuse(err, size, "[NAME|PREFIX] is wanted", words[1]);
	*out = ctl->ms ? xtr_ms_show_sites(ctl->ms, n ? words[0] : NULL)
		       : json_pack("{s:[], s:{}}", "sites", "errors");
	return 0;
}

static int show_rlocs(
    void *arg, const char *const *words, unsigned n, json_t **out, char *err, size_t size)
{
	struct xtr_ctl *ctl = arg;

	if (!ctl->rlocs) {
		*out = json_pack("{s:[]}", "rlocs");
		return 0;
	}
	*out = xtr_rlocs_show(ctl->rlocs, ctl->cfg);
	return 0;
}

static int show_petrs(
    void *arg, const char *const *words, unsigned n, json_t **out, char *err, size_t size)
{
	struct xtr_ctl *ctl = arg;

	*out = ctl->petrs ? xtr_petrs_show(ctl->petrs)
			  : json_pack("{s:s, s:[]}", "use",
				ctl->cfg->lisp.petr_use == XTR_PETR_ALWAYS ? "always" : "no-route",
				"petrs");
	return 0;
}

/* Text of an address with its prefix length, host bits and all. */
static json_t *address(const struct xtr_eid *a)
{
	char text[XTR_EID_STRLEN];

	return json_string(xtr_prefix_format(a, text));
}

static json_t *offloads(const struct xtr_dp_port *p)
{
	static const struct {
		uint8_t bit;
		const char *name;
	} names[] = {
	    {XTR_OFFLOAD_RSS, "rss"},
	    {XTR_OFFLOAD_CHECKSUM, "rx-ipv4-checksum"},
	    {XTR_OFFLOAD_VLAN_STRIP, "rx-vlan-strip"},
	    {XTR_OFFLOAD_VLAN_INSERT, "tx-vlan-insert"},
	    {XTR_OFFLOAD_CHAINS, "tx-multi-segment"},
	};
	json_t *list = json_array();

	for (unsigned i = 0; i < RTE_DIM(names); i++)
		if (p->offloads & names[i].bit)
			json_array_append_new(list, json_string(names[i].name));
	return list;
}

static json_t *show_port(const struct xtr_ctl *ctl, unsigned i)
{
	const struct xtr_cfg_port *cfg = &ctl->cfg->ports[i];
	const struct xtr_dp_port *p = &ctl->dp->ports[i];
	json_t *workers = json_array(), *addresses = json_array(), *o;
	struct rte_eth_stats stats = {0};
	struct rte_eth_link link = {0};
	uint64_t sum[4] = {0};
	char mac[18];

	if (!p->vlan)
		rte_eth_stats_get(p->ethdev, &stats);
	rte_eth_link_get_nowait(p->ethdev, &link);
	snprintf(mac, sizeof(mac), "%02x:%02x:%02x:%02x:%02x:%02x", p->mac[0], p->mac[1], p->mac[2],
	    p->mac[3], p->mac[4], p->mac[5]);
	for (unsigned w = 0; w < ctl->dp->n_workers; w++) {
		const struct xtr_worker *worker = ctl->dp->workers[w];

		for (unsigned q = 0; q < worker->n_queues; q++)
			if (worker->queues[q].port == p->parent)
				json_array_append_new(workers, number(w));
		sum[0] += worker->port_rx[i][0];
		sum[1] += worker->port_rx[i][1];
		sum[2] += worker->port_tx[i][0];
		sum[3] += worker->port_tx[i][1];
	}
	for (unsigned a = 0; a < cfg->n_addresses; a++)
		json_array_append_new(addresses, address(&cfg->addresses[a]));
	o = json_pack("{s:s, s:s, s:s?, s:o, s:s, s:I, s:s, s:i, s:s, s:I, s:o, s:o, s:o}", "name",
	    cfg->name, "device", ctl->cfg->ports[p->parent].device, "port",
	    p->vlan ? ctl->cfg->ports[p->parent].name : NULL, "vlan",
	    p->vlan ? json_integer(p->vlan) : json_null(), "side", p->site ? "site" : "core",
	    "instance", (json_int_t)cfg->iid, "mac", mac, "mtu", (int)p->mtu, "link",
	    p->up ? "up" : "down", "speed_mbps",
	    (json_int_t)(link.link_speed == UINT32_MAX ? 0 : link.link_speed), "workers", workers,
	    "offloads", offloads(p), "addresses", addresses);
	/* what workers counted; what the device lost before they saw it is the driver's to tell */
	json_object_set_new(o, "rx_packets", number(sum[0]));
	json_object_set_new(o, "rx_bytes", number(sum[1]));
	json_object_set_new(o, "tx_packets", number(sum[2]));
	json_object_set_new(o, "tx_bytes", number(sum[3]));
	if (p->vlan)
		return o;
	json_object_set_new(o, "rx_missed", number(stats.imissed));
	json_object_set_new(o, "rx_errors", number(stats.ierrors));
	json_object_set_new(o, "tx_errors", number(stats.oerrors));
	json_object_set_new(o, "rx_nombuf", number(stats.rx_nombuf));
	return o;
}

static int show_ports(
    void *arg, const char *const *words, unsigned n, json_t **out, char *err, size_t size)
{
	struct xtr_ctl *ctl = arg;
	json_t *list = json_array();

	for (unsigned i = 0; i < ctl->cfg->n_ports; i++)
		json_array_append_new(list, show_port(ctl, i));
	*out = json_pack("{s:o}", "ports", list);
	return 0;
}

static int show_workers(
    void *arg, const char *const *words, unsigned n, json_t **out, char *err, size_t size)
{
	struct xtr_ctl *ctl = arg;
	json_t *list = json_array();

	for (unsigned i = 0; ctl->dp && i < ctl->dp->n_workers; i++) {
		const struct xtr_worker *w = ctl->dp->workers[i];
		uint64_t packets = w->counters[XTR_CTR_RX];
		json_t *ports = json_array();

		for (unsigned q = 0; q < w->n_queues; q++)
			json_array_append_new(
			    ports, json_string(ctl->cfg->ports[w->queues[q].port].name));
		json_array_append_new(list,
		    json_pack("{s:i, s:i, s:o, s:o, s:I, s:I, s:I, s:I, s:I, s:o}", "worker",
			(int)i, "lcore", (int)w->lcore, "cpu",
			w->cpu < 0 ? json_null() : json_integer(w->cpu), "ports", ports, "packets",
			(json_int_t)packets, "polls", (json_int_t)w->polls, "idle_polls",
			(json_int_t)w->idle_polls, "bursts", (json_int_t)(w->polls - w->idle_polls),
			"sleeps", (json_int_t)w->sleeps, "cycles_per_packet",
			packets ? json_real((double)w->busy_cycles / (double)packets)
				: json_null()));
	}
	*out = json_pack("{s:o}", "workers", list);
	return 0;
}

static int show_counters(
    void *arg, const char *const *words, unsigned n, json_t **out, char *err, size_t size)
{
	struct xtr_ctl *ctl = arg;
	json_t *o = json_object();

	for (unsigned c = 0; c < XTR_C_N; c++)
		json_object_set_new(o, xtr_lisp_counter_name(c), number(ctl->lisp.counters[c]));
	for (unsigned c = 0; ctl->dp && c < XTR_CTR_N; c++)
		json_object_set_new(o, xtr_counter_name(c), number(xtr_dp_counter(ctl->dp, c)));
	if (ctl->dp) {
		json_object_set_new(o, "held-packets", number(ctl->holder.n));
		json_object_set_new(
		    o, "rx-buffers-in-use", number(rte_mempool_in_use_count(ctl->dp->rx_pool)));
		json_object_set_new(
		    o, "hold-buffers-in-use", number(rte_mempool_in_use_count(ctl->dp->hold_pool)));
	}
	if (ctl->mirror)
		xtr_mirror_counters(ctl->mirror, o);
	*out = o;
	return 0;
}

static int show_drops(
    void *arg, const char *const *words, unsigned n, json_t **out, char *err, size_t size)
{
	struct xtr_ctl *ctl = arg;
	json_t *o = json_object();

	for (unsigned d = 0; ctl->dp && d < XTR_DROP_N; d++)
		json_object_set_new(o, xtr_drop_name(d), number(xtr_dp_drops(ctl->dp, d)));
	*out = o;
	return 0;
}

static int show_version(
    void *arg, const char *const *words, unsigned n, json_t **out, char *err, size_t size)
{
	*out = json_pack("{s:s, s:s}", "version", XTR_VERSION, "dpdk", rte_version());
	return 0;
}

static int set_debug(
    void *arg, const char *const *words, unsigned n, json_t **out, char *err, size_t size)
{
	bool on = n < 2 || !strcmp(words[1], "on");
	int cat = n ? xtr_debug_parse(words[0]) : XTR_DBG_N;
	json_t *o = json_object();

	if (cat < 0 || n > 2 || (n == 2 && !on && strcmp(words[1], "off"))) {
		json_decref(o);
		return refuse(err, size,
		    "CATEGORY [on|off] is wanted, CATEGORY: map-register, map-request, map-cache, "
		    "netlink, punt or all",
		    words[n > 2     ? 2
			  : cat < 0 ? 0
				    : 1]);
	}
	for (int c = 0; c < XTR_DBG_N; c++) {
		if (n && (cat == XTR_DBG_N || cat == c))
			xtr_debug_on[c] = on;
		json_object_set_new(
		    o, xtr_debug_name((enum xtr_debug)c), json_boolean(xtr_debug_on[c]));
	}
	*out = o;
	return 0;
}

static int advance_clock(
    void *arg, const char *const *words, unsigned n, json_t **out, char *err, size_t size)
{
	struct xtr_ctl *ctl = arg;
	double seconds;
	char *end;

	if (!ctl->cfg->test_clock) {
		snprintf(err, size,
		    "the clock is not a test's: the configuration says test-clock = false");
		return -EPERM;
	}
	seconds = n == 1 ? strtod(words[0], &end) : -1;
	if (n != 1 || *end || !(seconds > 0 && seconds <= 1e8))
		return refuse(err, size, "SECONDS above 0 are wanted", n ? words[0] : "nothing");
	xtr_clock_advance(&ctl->wheel, (uint64_t)(seconds * XTR_MS_PER_SEC));
	*out = json_pack("{s:I}", "now_ms", (json_int_t)xtr_wheel_now(&ctl->wheel));
	return 0;
}

const struct xtr_oper_command xtr_ctl_commands[] = {
    {"show map-cache", "[ADDRESS|PREFIX] [instance N]",
	"mappings learned and configured, and what is being resolved", show_map_cache, NULL},
    {"show map-cache summary", NULL, "how many mappings there are, and may be, by instance",
	.stream = show_map_cache_summary},
    {"show database", NULL, "own EID prefixes, and whether the Map-Servers acknowledged them",
	show_database, NULL},
    {"show sites", "[NAME|PREFIX]", "Map-Server: sites, their registrations and refusals",
	show_sites, NULL},
    {"show rlocs", NULL, "RLOCs that this machine encapsulates to", show_rlocs, NULL},
    {"show petrs", NULL, "proxy ETRs: which are used, and why not the others", show_petrs, NULL},
    {"show forwarding", XTR_OPER_FORWARDING_ARGS,
	"what would happen to a packet, and why: every decision for a made-up one",
	xtr_oper_forwarding, NULL},
    {"show ports", NULL, "ports, their links, addresses and counters", show_ports, NULL},
    {"show counters", NULL, "what was counted", show_counters, NULL},
    {"show drops", NULL, "packets dropped, by reason", show_drops, NULL},
    {"show workers", NULL, "worker lcores and their load", show_workers, NULL},
    {"clear map-cache", "[PREFIX] [instance N]", "forgets learned mappings",
	.later = clear_map_cache},
    {"lig", XTR_OPER_LIG_ARGS, "asks the mapping system for an EID", .later = lig},
    {"debug", "[CATEGORY [on|off]]", "log lines by category", set_debug, NULL},
    {"clock advance", "SECONDS", "tests: moves the control plane's clock forward", advance_clock,
	NULL},
    {"version", NULL, "versions of xtrd and DPDK", show_version, NULL},
};
const unsigned xtr_ctl_n_commands = RTE_DIM(xtr_ctl_commands);
