/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/xtrbench/daemon.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/xtrd/eal.h"

#define TURNS_MAX 1000000u

static const char config[] =
    "linux-mirror = false;\n"
    "operator-socket = \"%1$s/sock\"; state-directory = \"%1$s/state\";\n"
    "ports = ( { name = \"site\"; device = \"net_null0\"; side = \"site\"; %2$s },\n"
    "  { name = \"core\"; device = \"net_null1\"; side = \"core\"; %3$s } );\n"
    "%4$s"
    "map-resolver = [ \"240.0.0.2\" ];\n"
    "lisp = { probe-interval-ms = 0; map-cache-limit = 2000000; };\n"
    "database-mapping = ( { eid-prefix = \"0.0.1.0/24\";\n"
    "  locators = ( { rloc = \"240.0.0.1\"; priority = 1; weight = 100; } ); } );\n";

#define NEIGHBOUR                                                                                  \
	"neighbours = ( { address = \"240.0.0.2\"; mac = \"02:aa:00:00:00:02\"; port = \"core\"; " \
	"} );\n"
#define ROUTE "routes = ( { prefix = \"240.1.0.0/16\"; via = \"240.0.0.2\"; } );\n"

/* The own EID is one that no set of prefixes has; RLOCs are behind one next hop. */
static const char *const with_routes[] = {
    "addresses = [ \"0.0.1.1/24\" ];", "addresses = [ \"240.0.0.1/24\" ];", NEIGHBOUR ROUTE};
static const char *const without[] = {"", "", ""};

static int load(struct bench_daemon *d, const char *const *routes)
{
	char path[64], *error = NULL;
	FILE *f;

	strcpy(d->dir, "/tmp/xtrbench-XXXXXX");
	if (!mkdtemp(d->dir)) {
		d->dir[0] = '\0';
		return -errno;
	}
	snprintf(path, sizeof(path), "%s/conf", d->dir);
	f = fopen(path, "w");
	if (!f)
		return -errno;
	fprintf(f, config, d->dir, routes[0], routes[1], routes[2]);
	if (fclose(f))
		return -errno;
	d->cfg = xtr_config_load(path, &error);
	if (!d->cfg)
		fprintf(stderr, "xtrbench: %s\n", error ? error : "configuration: out of memory");
	free(error);
	return d->cfg ? 0 : -EINVAL;
}

int bench_daemon_start(struct bench_daemon *d, bool routes)
{
	int rc;

	memset(d, 0, sizeof(*d));
	rc = load(d, routes ? with_routes : without);
	if (rc < 0)
		return rc;
	d->dp = xtr_eal_dataplane(d->cfg);
	d->ctl = d->dp ? xtr_ctl_create(d->cfg, d->dp) : NULL;
	if (!d->ctl)
		return -ENOMEM; /* the log says why */
	bench_daemon_settle(d);
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	return remove(path);
}

void bench_daemon_stop(struct bench_daemon *d)
{
	xtr_ctl_destroy(d->ctl);
	xtr_eal_close(d->dp);
	xtr_config_free(d->cfg);
	if (d->dir[0])
		nftw(d->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	memset(d, 0, sizeof(*d));
}

void bench_daemon_settle(struct bench_daemon *d)
{
	for (unsigned i = 0; i < TURNS_MAX; i++) {
		xtr_ctl_turn(d->ctl, 0);
		if (!d->dp->rcu.waiting && TAILQ_EMPTY(&d->ctl->changed) && !d->ctl->holder.first &&
		    xtr_wheel_wait(&d->ctl->wheel, 1))
			return;
	}
}

int bench_daemon_learn(struct bench_daemon *d, const struct xtr_eid *eid,
    const struct xtr_eid *host, unsigned rloc, uint32_t ttl_min)
{
	const uint8_t source[4] = {0, 0, 1, 4}, at[4] = {240, 1, rloc >> 8 & 0xff, rloc & 0xff};
	struct xtr_record rec = {.eid = *eid, .ttl = ttl_min, .authoritative = true};
	struct xtr_locator loc = {
	    .ip = xtr_ip4(at), .priority = 1, .weight = 100, .reachable = true};
	struct xtr_ip source_ip = xtr_ip4(source);
	struct xtr_eid from = xtr_eid_host(eid->iid, &source_ip);
	struct xtr_pending *p = xtr_itr_resolve(d->ctl->itr, host, &from);
	struct xtr_peer peer = {.ip = xtr_ip4(at), .port = 4342};
	const struct xtr_mapping *m;
	struct xtr_writer w;
	uint8_t buf[256];

	if (!p || p->state != XTR_ASKING)
		return -EAGAIN;
	xtr_writer_init(&w, buf, sizeof(buf));
	xtr_write_map_reply(&w, p->nonce, false);
	xtr_write_record(&w, &rec);
	xtr_write_locator(&w, &loc);
	if (xtr_writer_result(&w) < 0)
		return -EINVAL;
	xtr_ctl_message(d->ctl, &peer, buf, w.len);
	m = xtr_itr_lookup(d->ctl->itr, eid);
	return m && xtr_eid_equal(&m->eid, eid) && m->n_locators == 1 && m->user ? 0 : -ENOENT;
}

static double table(const struct xtr_lpm *lpm)
{
	return lpm ? (double)xtr_lpm_memory(lpm) : 0;
}

static double used(const struct xtr_pool *pool)
{
	return (double)pool->used * pool->size;
}

void bench_daemon_parts(const struct bench_daemon *d, struct bench_parts *parts)
{
	const struct xtr_dp *dp = d->dp;

	*parts = (struct bench_parts){.entries = used(&dp->fwd),
	    .sets = used(&dp->set) + used(&dp->tunnel) + used(&dp->adj),
	    .instances = (double)dp->n_instances * sizeof(*dp->instances),
	    .engine = dp->n_instances ? table(dp->instances[0].routes) : 0};
	for (unsigned i = 0; i < dp->n_instances; i++)
		parts->engine += table(dp->instances[i].lisp) + table(dp->instances[i].database) +
				 table(dp->instances[i].petr);
}
