/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/xtrbench/datapath_peer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "app/xtrbench/datapath.h"

#define TESTPMD bench_testpmd_open, bench_testpmd_window, bench_testpmd_close

static const struct datapath_peer peers[] = {
    {"testpmd-io", "net_ring, bursts of 64", TESTPMD},
    {"testpmd-macswap", "net_ring, bursts of 64", TESTPMD},
    {"testpmd-5tswap", "net_ring, bursts of 64", TESTPMD},
    {"kernel-vxlan", "in softirq, from IP to a veth pair", bench_kernel_open, bench_kernel_window,
	bench_kernel_close},
    {"ovs-vxlan", "net_null, bursts of 32", bench_ovs_open, bench_ovs_window, bench_ovs_close},
};

static const struct datapath_peer *find(const char *name)
{
	for (unsigned i = 0; i < RTE_DIM(peers); i++)
		if (!strcmp(peers[i].name, name))
			return &peers[i];
	fprintf(stderr, "xtrbench: no peer is called %s; there are", name);
	for (unsigned i = 0; i < RTE_DIM(peers); i++)
		fprintf(stderr, " %s", peers[i].name);
	fputc('\n', stderr);
	return NULL;
}

int bench_datapath_beside(struct datapath *p)
{
	const struct datapath_peer *peer = find(p->c->peer);
	double samples[BENCH_WINDOWS], theirs[BENCH_WINDOWS];
	struct bench_peer said = {p->c->peer, peer ? peer->type : NULL, theirs};
	struct bench_input in = p->inputs[0];
	uint64_t stamp = bench_stamp_cost();
	const char *why = "";
	int rc;

	if (!peer)
		return -EINVAL;
	rc = peer->open(peer, bench_cpu(0), &why);
	if (rc == -ENOENT) {
		bench_skip(p->b, "datapath", p->c->name, why);
		rc = 0;
		goto out;
	}
	bench_worker_begin(&p->d, 0);
	for (unsigned i = 0; i < p->b->windows && !rc; i++) {
		theirs[i] = peer->window();
		if (theirs[i] <= 0 ||
		    bench_windows(&p->d, 0, &in, 1, stamp, &p->count[0], &samples[i]) < 0)
			rc = -EIO;
	}
	bench_worker_end(&p->d, 0);
	if (rc)
		fprintf(
		    stderr, "xtrbench: %s: %s %s\n", p->c->name, p->c->peer, *why ? why : "failed");
	else
		bench_report_peer(p->b, "datapath", p->c->name, "cycles_per_packet", "cycles",
		    samples, p->b->windows, &said);
out:
	peer->close();
	return rc;
}
