/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Suite datapath: cycles a packet of what a worker does, from its ports' bursts to its ports'
 * bursts, by the turns of the worker's own loop. Each case in a process of its own.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "app/xtrbench/datapath.h"

static int start(struct datapath *p, struct bench *b, const struct bench_case *c)
{
	memset(p, 0, sizeof(*p));
	p->b = b;
	p->c = c;
	if (bench_dp_open(&p->d, c) < 0)
		return -1;
	p->inputs[0].n_sources = c->ports;
	p->inputs[0].n[0] = c->burst;
	if (c->ports > 1) {
		unsigned hits = (c->burst * (unsigned)c->hits + 50) / 100;

		hits = RTE_MIN(RTE_MAX(hits, 1u), c->burst - 1);
		p->inputs[0].n[0] = hits;
		p->inputs[0].n[1] = c->burst - hits;
	}
	if (bench_source_open(&p->inputs[0].source[0], &p->d,
		c->ports > 1 ? BENCH_HITS : BENCH_AS_NAMED,
		c->way == BENCH_ENCAP ? BENCH_SITE : BENCH_CORE) < 0 ||
	    (c->ports > 1 &&
		bench_source_open(&p->inputs[0].source[1], &p->d, BENCH_MISSES, BENCH_SITE2) < 0))
		return -1;
	p->variants = 1;
	return 0;
}

/* Where not all packets hit: what each kind costs alone. */
static int add_alone(struct datapath *p)
{
	struct bench_input *mixed = &p->inputs[0], *hits = &p->inputs[BENCH_HITS],
			   *misses = &p->inputs[BENCH_MISSES];

	if (p->c->hits < 1 || p->c->hits > 99)
		return 0;
	p->variants = 3;
	hits->n_sources = misses->n_sources = 1;
	hits->n[0] = mixed->n[0];
	misses->n[0] = mixed->n[p->c->ports - 1];
	if (p->c->ports > 1) {
		hits->source[0] = mixed->source[0];
		misses->source[0] = mixed->source[1];
		hits->source[0].own = misses->source[0].own = NULL; /* not theirs */
		return 0;
	}
	return bench_source_open(&hits->source[0], &p->d, BENCH_HITS, BENCH_SITE) < 0 ||
		       bench_source_open(&misses->source[0], &p->d, BENCH_MISSES, BENCH_SITE) < 0
		   ? -1
		   : 0;
}

static void end(struct datapath *p)
{
	for (unsigned i = 0; i < RTE_DIM(p->inputs); i++)
		for (unsigned k = 0; k < RTE_DIM(p->inputs[i].source); k++)
			bench_source_close(&p->inputs[i].source[k]);
	bench_dp_close(&p->d);
}

/* All that came in has left, was punted, or is in a named drop; and what was to leave has. */
static int balance(struct datapath *p)
{
	struct bench_count n = {0};
	uint64_t drops = 0;

	for (unsigned i = 0; i < p->c->workers; i++) {
		n.sent += p->count[i].sent;
		n.misses += p->count[i].misses;
		n.left += p->count[i].left;
		n.punted += p->count[i].punted;
	}
	for (unsigned i = 0; i < XTR_DROP_N; i++)
		drops += xtr_dp_drops(p->d.dp, (enum xtr_drop)i) - p->drops_before[i];
	if (n.left == n.sent - n.misses && n.misses == n.punted + drops)
		return 0;
	fprintf(stderr,
	    "xtrbench: %s: %lu packets came, %lu of them to nowhere; %lu left, %lu were punted, "
	    "%lu dropped\n",
	    p->c->name, (unsigned long)n.sent, (unsigned long)n.misses, (unsigned long)n.left,
	    (unsigned long)n.punted, (unsigned long)drops);
	return -1;
}

/* The comparison's packets don't count. */
static int check(struct datapath *p)
{
	int rc;

	bench_worker_begin(&p->d, 0);
	rc = bench_check(&p->d, &p->inputs[0], p->b->write_dir);
	bench_worker_end(&p->d, 0);
	for (unsigned i = 0; i < XTR_DROP_N; i++)
		p->drops_before[i] = xtr_dp_drops(p->d.dp, (enum xtr_drop)i);
	return rc;
}

static int run(struct bench *b)
{
	struct datapath *p = malloc(sizeof(*p));
	struct bench_case c;
	const char *why;
	int rc;

	if (!p || bench_case_parse(b->job->cases[0], &c, &why) < 0) {
		free(p);
		return -1;
	}
	rc = start(p, b, &c);
	if (!rc)
		rc = add_alone(p);
	if (!rc)
		rc = check(p);
	if (rc || b->write_dir)
		goto out;
	if (b->stages)
		rc = bench_datapath_stages(p);
	else if (c.peer[0])
		rc = bench_datapath_beside(p);
	else
		rc = bench_datapath_measure(p);
	if (!rc)
		rc = balance(p);
out:
	end(p);
	free(p);
	return rc;
}

/* --- what is measured unless something else is asked for --- */

#define CASE(...)                                                                                  \
	{                                                                                          \
		.suite = "datapath", .cases = {__VA_ARGS__}, .run = run                            \
	}

const struct bench_job bench_datapath_jobs[] = {
    CASE("native4/flows=1"),
    CASE("encap4in4/flows=1"),
    CASE("encap4in4/flows=1000"),
    CASE("encap4in4/mappings=1m"),
    CASE("encap4in4/rlocs=100k"),
    CASE("decap4in4/flows=1"),
    CASE("decap4in4/flows=1000"),
    CASE("decap4in4/flows=1000/sources=1000"),
    CASE("encap4in4/mappings=1m/sources=1000"),
    CASE("native6/flows=1"),
    CASE("encap6in6/flows=1"),
    CASE("encap6in6/flows=1000"),
    CASE("encap6in6/mappings=1m"),
    CASE("encap6in6/rlocs=100k"),
    CASE("decap6in6/flows=1"),
    CASE("decap6in6/flows=1000"),
    CASE("encap4in6/flows=1"),
    CASE("encap6in4/flows=1"),
    CASE("decap4in6/flows=1"),
    CASE("decap6in4/flows=1"),
    CASE("encap4in4/flows=1/burst=4"),
    CASE("encap4in4/flows=1/burst=32"),
    CASE("encap4in4/flows=1/burst=256"),
    CASE("encap4in4/flows=1/size=imix"),
    CASE("encap4in4/flows=1/size=1518"),
    CASE("encap4in4/flows=1/size=9000"),
    CASE("encap4in4/flows=1/size=9000/seg=2048"),
    CASE("encap4in4/flows=1000/hits=90"),
    CASE("encap4in4/flows=1000/hits=10"),
    CASE("encap4in4/flows=1000/hits=0"),
    CASE("encap4in4/flows=1000/hits=50/ports=2"),
    {.suite = "datapath", .cases = {"encap4in4/flows=1/workers=2"}, .run = run, .lcores = 2},
    CASE("native4/flows=1/peer=testpmd-io"),
    CASE("native4/flows=1/peer=testpmd-macswap"),
    CASE("native4/flows=1/peer=testpmd-5tswap"),
    CASE("encap4in4/flows=1/peer=ovs-vxlan"),
    CASE("encap4in4/flows=1/peer=kernel-vxlan"),
    {.suite = NULL},
};

int bench_datapath_named(const char *name, struct bench_job *job)
{
	struct bench_case c;
	const char *why;

	if (bench_case_parse(name, &c, &why) == 0) {
		*job = (struct bench_job)CASE(name);
		job->lcores = c.workers;
		return 0;
	}
	for (const struct bench_job *j = bench_datapath_jobs; j->suite; j++)
		if (!strncmp(j->cases[0], name, strlen(name)))
			return -ENOENT; /* several of these */
	if (strncmp(name, "native", 6) && strncmp(name, "encap", 5) && strncmp(name, "decap", 5))
		return -ENOENT;
	fprintf(stderr, "xtrbench: case %s: %s\n", name, why);
	return -EINVAL;
}
