/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/xtrd/eal.h"

#include <errno.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>
#include "util/log.h"

#define MAX_ARGS 256

struct args {
	char *v[MAX_ARGS];
	int n;
};

static void add(struct args *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void add(struct args *a, const char *fmt, ...)
{
	va_list ap;

	if (a->n == MAX_ARGS - 1)
		return;
	va_start(ap, fmt);
	if (vasprintf(&a->v[a->n], fmt, ap) >= 0)
		a->n++;
	va_end(ap);
}

/* The CPUs that this process may use, as "(0,1,2)": where a floating lcore runs. */
static void all_cpus(char *buf, size_t size)
{
	cpu_set_t set;
	size_t len = 0;

	CPU_ZERO(&set);
	sched_getaffinity(0, sizeof(set), &set);
	for (int i = 0; i < CPU_SETSIZE && len < size - 8; i++)
		if (CPU_ISSET(i, &set))
			len += (size_t)snprintf(buf + len, size - len, "%c%d", len ? ',' : '(', i);
	snprintf(buf + len, size - len, ")");
}

static void add_lcore(char *list, size_t size, unsigned lcore, int cpu, const char *floating)
{
	size_t len = strlen(list);

	if (cpu < 0)
		snprintf(list + len, size - len, "%s%u@%s", len ? "," : "", lcore, floating);
	else
		snprintf(list + len, size - len, "%s%u@%d", len ? "," : "", lcore, cpu);
}

/* A vdev string begins with a driver's name; anything else is an address on a bus. */
static bool is_vdev(const char *device)
{
	return strncmp(device, "net_", 4) == 0 || strncmp(device, "virtio_user", 11) == 0;
}

/* Lcore 0 is the control lcore, 1 and up are the workers. */
static void add_lcores(struct args *a, const struct xtr_config *cfg)
{
	char list[XTR_MAX_WORKERS * 512] = "", floating[2048];

	all_cpus(floating, sizeof(floating));
	add_lcore(list, sizeof(list), 0, cfg->eal.control_cpu, floating);
	for (unsigned i = 0; i < cfg->eal.n_workers; i++)
		add_lcore(list, sizeof(list), i + 1, cfg->eal.worker_cpus[i], floating);
	add(a, "--lcores=%s", list);
	add(a, "--main-lcore=0");
}

int xtr_eal_start(const struct xtr_config *cfg)
{
	/* EAL keeps pointers to its arguments and changes the array: they live as long as the
	 * process, in an array that it does not see. */
	static struct args a;
	char *argv[MAX_ARGS];
	bool bus = false;
	int rc;

	add(&a, "xtrd");
	add_lcores(&a, cfg);
	if (cfg->eal.huge_pages) {
		add(&a, "--in-memory");
	} else {
		add(&a, "--no-huge");
		add(&a, "--no-shconf");
	}
	if (cfg->eal.memory_mb)
		add(&a, "-m%u", cfg->eal.memory_mb);
	add(&a, "--no-telemetry");
	for (unsigned i = 0; i < cfg->n_ports; i++) {
		if (cfg->ports[i].vlan_id)
			continue;
		add(&a, is_vdev(cfg->ports[i].device) ? "--vdev=%s" : "--allow=%s",
		    cfg->ports[i].device);
		bus |= !is_vdev(cfg->ports[i].device);
	}
	if (!bus)
		add(&a, "--no-pci");
	for (unsigned i = 0; i < cfg->eal.n_args; i++)
		add(&a, "%s", cfg->eal.args[i]);
	memcpy(argv, a.v, sizeof(argv));
	rc = rte_eal_init(a.n, argv);
	if (rc < 0) {
		rc = -rte_errno;
		xtr_log(XTR_LOG_ERR, "start: EAL: %s", rte_strerror(rte_errno));
		return rc;
	}
	return 0;
}

static int open_device(struct xtr_dp *dp, const struct xtr_config *cfg, unsigned index)
{
	const struct xtr_cfg_port *c = &cfg->ports[index];
	char name[RTE_ETH_NAME_MAX_LEN];
	const char *why = "";
	uint16_t ethdev;
	int rc;

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(c->device, ","), c->device);
	rc = rte_eth_dev_get_port_by_name(name, &ethdev);
	if (rc < 0) {
		xtr_log(XTR_LOG_ERR,
		    "port %s: device %s: no such ethernet device, or its driver refused it",
		    c->name, c->device);
		return rc;
	}
	dp->ports[index].trunk = c->n_vlans != 0;
	dp->ports[index].plain = !c->offloads;
	rc = xtr_dp_port_open(dp, index, ethdev, c->mtu, &why);
	if (rc < 0)
		xtr_log(XTR_LOG_ERR, "port %s: device %s: %s: %s", c->name, c->device, why,
		    rte_strerror(-rc));
	return rc;
}

/* A port, or a VLAN of one that is open. */
static int open_port(struct xtr_dp *dp, const struct xtr_config *cfg, unsigned index)
{
	const struct xtr_cfg_port *c = &cfg->ports[index];
	struct xtr_dp_port *p = &dp->ports[index];
	const char *why = "";
	int rc;

	p->site = c->side == XTR_SIDE_SITE;
	p->proxy = c->proxy_itr;
	rc = xtr_dp_instance(dp, c->iid);
	if (rc < 0)
		return rc;
	p->inst = (uint32_t)rc;
	if (!c->vlan_id)
		return open_device(dp, cfg, index);
	rc = xtr_dp_vlan_open(dp, index, c->parent, c->vlan_id, c->mtu, &why);
	if (rc < 0)
		xtr_log(XTR_LOG_ERR, "port %s: VLAN %u: %s: %s", c->name, c->vlan_id, why,
		    rte_strerror(-rc));
	return rc;
}

/* Idle workers sleep no longer than it takes to fill a port's rx ring with the smallest frames. */
static unsigned max_sleep_us(const struct xtr_dp *dp)
{
	unsigned us = 500;

	for (unsigned i = 0; i < dp->n_ports; i++) {
		struct rte_eth_link link = {0};
		uint64_t mbps, fill_us;

		rte_eth_link_get_nowait(dp->ports[i].ethdev, &link);
		mbps = link.link_speed && link.link_speed != UINT32_MAX ? link.link_speed
									: RTE_ETH_SPEED_NUM_10G;
		fill_us = XTR_DP_DESCRIPTORS * 84ull * 8 /
			  mbps; /* 84 bytes of wire time a 64-byte frame */
		if (fill_us < us)
			us = (unsigned)fill_us;
	}
	return us ? us : 1;
}

struct xtr_dp *xtr_eal_dataplane(const struct xtr_config *cfg)
{
	struct xtr_dp_opts opts = {
	    .n_workers = cfg->eal.n_workers,
	    .mbufs = cfg->eal.mbufs,
	    /* what may be held, and what Linux sends meanwhile */
	    .hold_mbufs = cfg->lisp.hold_total + 4096,
	    .copy_dscp = cfg->lisp.decap_copy_dscp,
	    .punt_rate = cfg->lisp.punt_rate,
	    .punt_burst = cfg->lisp.punt_burst,
	};
	struct xtr_dp *dp;

	for (unsigned i = 0; i < cfg->n_ports; i++)
		opts.mtu = RTE_MAX(opts.mtu, (unsigned)cfg->ports[i].mtu);
	dp = xtr_dp_create(&opts);

	if (!dp) {
		xtr_log(XTR_LOG_ERR, "start: data plane: %s (eal.memory is %u MB)",
		    rte_strerror(rte_errno), cfg->eal.memory_mb);
		return NULL;
	}
	if (xtr_dp_instance(dp, 0) != 0) /* the underlay comes first */
		goto fail;
	for (unsigned i = 0; i < cfg->n_ports; i++)
		if (open_port(dp, cfg, i) < 0)
			goto fail;
	for (unsigned i = 0; i < cfg->n_ports; i++) {
		int rc = xtr_dp_port_start(dp, i);

		if (rc < 0) {
			xtr_log(XTR_LOG_ERR, "port %s: start: %s", cfg->ports[i].name,
			    rte_strerror(-rc));
			goto fail;
		}
	}
	for (unsigned i = 0; i < dp->n_workers; i++) {
		dp->workers[i]->lcore = i + 1;
		dp->workers[i]->cpu = cfg->eal.worker_cpus[i];
		dp->workers[i]->backoff = cfg->eal.idle_backoff;
		dp->workers[i]->max_sleep_us = max_sleep_us(dp);
	}
	return dp;
fail:
	xtr_eal_close(dp);
	return NULL;
}

int xtr_eal_launch(struct xtr_dp *dp)
{
	for (unsigned i = 0; i < dp->n_workers; i++) {
		int rc =
		    rte_eal_remote_launch(xtr_worker_run, dp->workers[i], dp->workers[i]->lcore);

		if (rc < 0) {
			xtr_log(XTR_LOG_ERR, "start: worker %u: %s", i, rte_strerror(-rc));
			return rc;
		}
	}
	return 0;
}

void xtr_eal_stop_workers(struct xtr_dp *dp)
{
	if (!dp)
		return;
	__atomic_store_n(&dp->stop, true, __ATOMIC_RELAXED);
	rte_eal_mp_wait_lcore();
}

void xtr_eal_close(struct xtr_dp *dp)
{
	if (!dp)
		return;
	for (unsigned i = 0; i < dp->n_ports; i++)
		xtr_dp_port_close(dp, i);
	xtr_dp_destroy(dp);
}
