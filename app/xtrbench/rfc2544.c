/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/xtrbench/rfc2544.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <jansson.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_ethdev.h>

#define SIZES_MAX 16u
#define MBUFS     8191u
#define READY_S   30.0 /* until frames come through */

static const char usage[] =
    "usage: xtrbench rfc2544 [options] -- EAL ARGUMENTS\n"
    "       xtrbench rfc2544 --config CORE-DEVICE SITE-DEVICE DIR [--case NAME]\n"
    "The first port that EAL knows leads to the device's core port, the second to its site port.\n"
    "  --case NAME        what is sent, as in suite datapath, to one mapping "
    "(encap4in4/flows=1000)\n"
    "  --sizes N,N,...    frame sizes at the site (64,128,256,512,1024,1280,1518,9000)\n"
    "  --duration S       seconds of the trial that decides (60, as the RFC asks)\n"
    "  --search S         of the trials that search (5)\n"
    "  --loss SHARE       of the frames that may be lost (0)\n"
    "  --resolution SHARE of the rate (0.01)\n"
    "  --max RATE         frames a second (what the first port takes)\n"
    "  --wait MS          for frames that are on their way (2000)\n"
    "  --settle MS        between trials (5000)\n"
    "  --core-mac, --site-mac MAC   of the device's ports (02:70:63:61:70:00, ...:01)\n"
    "  --json             one JSON document instead of the table\n"
    "--config writes the configuration of an xtrd that forwards all this.\n";

struct options {
	const char *name;
	struct bench_case c;
	unsigned sizes[SIZES_MAX], n_sizes;
	double duration, search, loss, resolution, max;
	double wait_ms, settle_ms;
	uint8_t mac[2][6]; /* BENCH_CORE, BENCH_SITE */
	bool json;
	char **eal;
	int n_eal;
};

static volatile bool stop;

static void on_signal(int number)
{
	stop = true;
}

static int bad(const char *option, const char *allowed)
{
	fprintf(stderr, "xtrbench: rfc2544: %s: %s is allowed\n", option, allowed);
	return -EINVAL;
}

static bool read_double(const char *text, double min, double max, double *value)
{
	char *end;
	double v = strtod(text, &end);

	if (end == text || *end || !(v >= min && v <= max))
		return false;
	*value = v;
	return true;
}

static int read_sizes(struct options *o, const char *text)
{
	char *end;

	for (o->n_sizes = 0; o->n_sizes < SIZES_MAX; text = end + 1) {
		unsigned long v = strtoul(text, &end, 10);

		if (end == text || v < 64 || v > BENCH_CASE_SIZE || (*end && *end != ','))
			break;
		o->sizes[o->n_sizes++] = (unsigned)v;
		if (!*end)
			return 0;
	}
	return bad("--sizes", "a list of sizes from 64 to 9000");
}

static int read_mac(const char *option, const char *text, uint8_t *mac)
{
	struct rte_ether_addr addr;

	if (rte_ether_unformat_addr(text, &addr) < 0)
		return bad(option, "an address like 02:00:00:00:00:01");
	memcpy(mac, addr.addr_bytes, 6);
	return 0;
}

static int read_option(struct options *o, const char *option, const char *value)
{
	const struct {
		const char *name;
		double min, max, *at;
	} numbers[] = {
	    {"--duration", 0.01, 86400, &o->duration},
	    {"--search", 0.01, 86400, &o->search},
	    {"--loss", 0, 1, &o->loss},
	    {"--resolution", 0.0001, 0.5, &o->resolution},
	    {"--max", 1, 1e9, &o->max},
	    {"--wait", 0, 60000, &o->wait_ms},
	    {"--settle", 0, 60000, &o->settle_ms},
	};

	if (!strcmp(option, "--case")) {
		o->name = value;
		return 0;
	}
	if (!strcmp(option, "--sizes"))
		return read_sizes(o, value);
	if (!strcmp(option, "--core-mac"))
		return read_mac(option, value, o->mac[BENCH_CORE]);
	if (!strcmp(option, "--site-mac"))
		return read_mac(option, value, o->mac[BENCH_SITE]);
	for (unsigned i = 0; i < RTE_DIM(numbers); i++)
		if (!strcmp(option, numbers[i].name)) {
			char allowed[64];

			snprintf(allowed, sizeof(allowed), "a number from %g to %g", numbers[i].min,
			    numbers[i].max);
			return read_double(value, numbers[i].min, numbers[i].max, numbers[i].at)
				   ? 0
				   : bad(option, allowed);
		}
	fprintf(stderr, "xtrbench: rfc2544: no option %s\n%s", option, usage);
	return -EINVAL;
}

/* The case says what is in the frames, and nothing of how they come. */
static int read_case(struct options *o)
{
	const char *why;

	if (bench_case_parse(o->name, &o->c, &why) < 0) {
		fprintf(stderr, "xtrbench: rfc2544: case %s: %s\n", o->name, why);
		return -EINVAL;
	}
	if (!o->c.flows || strstr(o->name, "/size=") || o->c.burst != 64 || o->c.workers > 1 ||
	    o->c.hits >= 0 || o->c.seg || o->c.sources > 1 || o->c.peer[0])
		return bad("--case", "a way and /flows=N");
	return 0;
}

static int read_options(struct options *o, int argc, char **argv)
{
	static const char sizes[] = "64,128,256,512,1024,1280,1518,9000";
	int rc;

	*o = (struct options){.name = "encap4in4/flows=1000",
	    .duration = 60,
	    .search = 5,
	    .resolution = 0.01,
	    .wait_ms = 2000,
	    .settle_ms = 5000};
	memcpy(o->mac[BENCH_CORE], bench_mac[BENCH_CORE], 6);
	memcpy(o->mac[BENCH_SITE], bench_mac[BENCH_SITE], 6);
	read_sizes(o, sizes);
	for (int i = 0; i < argc; i++) {
		if (!strcmp(argv[i], "--")) {
			o->eal = argv + i; /* its place becomes the program's name */
			o->n_eal = argc - i;
			break;
		}
		if (!strcmp(argv[i], "--json")) {
			o->json = true;
			continue;
		}
		if (i + 1 == argc)
			return bad(argv[i], "an option with its value");
		rc = read_option(o, argv[i], argv[i + 1]);
		if (rc < 0)
			return rc;
		i++;
	}
	o->search = RTE_MIN(o->search, o->duration);
	return read_case(o);
}

/* --config CORE SITE DIR [--case NAME] */
static int print_config(int argc, char **argv)
{
	struct options o;

	if (argc < 4 || read_options(&o, argc - 4, argv + 4) < 0) {
		fputs(usage, stderr);
		return 2;
	}
	bench_dp_config(stdout, o.c.outer, argv[1], argv[2], argv[3]);
	return 0;
}

/* --- ports --- */

static int open_port(uint16_t ethdev, struct rte_mempool *pool)
{
	const struct rte_eth_conf conf = {0};
	uint16_t rxd = 1024, txd = 1024;

	if (rte_eth_dev_configure(ethdev, 1, 1, &conf) < 0 ||
	    rte_eth_dev_adjust_nb_rx_tx_desc(ethdev, &rxd, &txd) < 0 ||
	    rte_eth_rx_queue_setup(ethdev, 0, rxd, SOCKET_ID_ANY, NULL, pool) < 0 ||
	    rte_eth_tx_queue_setup(ethdev, 0, txd, SOCKET_ID_ANY, NULL) < 0)
		return -EIO;
	rte_eth_dev_set_mtu(ethdev, BENCH_MTU); /* where it has one */
	if (rte_eth_dev_start(ethdev) < 0)
		return -EIO;
	rte_eth_promiscuous_enable(ethdev); /* the device's neighbours have addresses of ours */
	return 0;
}

static int open_ports(struct tester *t)
{
	if (rte_eth_dev_count_avail() < 2) {
		fprintf(stderr, "xtrbench: rfc2544: EAL knows %u ports, two are needed\n",
		    rte_eth_dev_count_avail());
		return -ENODEV;
	}
	t->pool = rte_pktmbuf_pool_create(
	    "frames", MBUFS, 256, 0, RTE_PKTMBUF_HEADROOM + BENCH_MTU + 64, SOCKET_ID_ANY);
	if (!t->pool) {
		fprintf(stderr, "xtrbench: rfc2544: buffers: %s\n", rte_strerror(rte_errno));
		return -ENOMEM;
	}
	for (unsigned i = 0, n = 0; i < RTE_MAX_ETHPORTS && n < 2; i++) {
		if (!rte_eth_dev_is_valid_port((uint16_t)i))
			continue;
		t->ethdev[n++] = (uint16_t)i;
		if (open_port((uint16_t)i, t->pool) < 0) {
			fprintf(stderr, "xtrbench: rfc2544: port %u does not start\n", i);
			return -EIO;
		}
	}
	return 0;
}

/* --- the measurement --- */

struct job {
	const struct options *o;
	struct tester t;
	json_t *figures;
};

static int run_trial(void *arg, double rate, double seconds, struct trial *r)
{
	struct job *j = arg;
	struct timespec ts = {.tv_sec = (time_t)(j->o->settle_ms / 1000),
	    .tv_nsec = (long)(j->o->settle_ms * 1e6) % 1000000000};
	int rc;

	if (j->t.trial > 1)
		nanosleep(&ts, NULL);
	rc = bench_trial(&j->t, rate, seconds, r);
	fprintf(stderr,
	    "xtrbench: rfc2544: %.0f of %.0f frames a second for %.2f s: %lu sent, %lu lost%s\n",
	    r->rate, rate, r->seconds, (unsigned long)r->sent,
	    (unsigned long)(r->sent - r->received), rc ? ", stopped" : "");
	return rc;
}

static void report(struct job *j, unsigned size, const struct found *f)
{
	char name[128];
	json_t *figure;

	snprintf(name, sizeof(name), "%s/size=%u", j->o->name, size);
	figure =
	    json_pack("{s:s, s:s, s:s, s:f, s:f, s:f, s:f, s:i, s:s, s:i, s:f, s:I, s:I, s:I, s:s}",
		"suite", "rfc2544", "case", name, "metric", "throughput", "min", f->rate, "p10",
		f->rate, "median", f->rate, "max", f->rate, "samples", 1, "unit", "frames/s",
		"trials", (int)f->trials, "seconds", f->last.seconds, "sent",
		(json_int_t)f->last.sent, "lost", (json_int_t)(f->last.sent - f->last.received),
		"late", (json_int_t)f->last.late, "limited_by", f->lossy ? "loss" : "offer");
	json_array_append_new(j->figures, figure);
	if (!j->o->json)
		/* on a wire each frame has 8 bytes in front and 12 of silence */
		printf("%-9s %-38s %12.0f frames/s %10.1f Mbit/s of the wire; %u trials, the last "
		       "%.2f s; limited by %s\n",
		    "rfc2544", name, f->rate, f->rate * (size + 20) * 8 / 1e6, f->trials,
		    f->last.seconds, f->lossy ? "loss" : "offer");
}

static int measure(struct job *j, unsigned size)
{
	const struct options *o = j->o;
	struct search s = {.run = run_trial,
	    .arg = j,
	    .max = o->max,
	    .seconds = o->search,
	    .decides = o->duration,
	    .loss = o->loss,
	    .resolution = o->resolution};
	struct bench_case c = o->c;
	struct bench_dp frames = {.c = &c};
	struct bench_source source;
	struct found f;
	struct trial r;
	int rc;

	/* a number at the end of each needs room */
	c.size = RTE_MAX(size, c.inner == 4 ? 64u : 66 + STAMP_LEN);
	if (bench_source_open(
		&source, &frames, BENCH_HITS, c.way == BENCH_ENCAP ? BENCH_SITE : BENCH_CORE) < 0)
		return -ENOMEM;
	memcpy(source.frame[0].b, o->mac[source.port], 6);
	j->t.source = &source;
	rc = bench_trial_wait(&j->t, READY_S);
	if (rc == -ETIMEDOUT)
		fprintf(stderr, "xtrbench: rfc2544: no frame of %u bytes came through in %.0f s\n",
		    c.size, READY_S);
	if (!rc && s.max == 0) {
		rc = bench_trial(&j->t, 0, RTE_MIN(o->search, 1.0), &r);
		s.max = r.rate;
	}
	if (!rc)
		rc = bench_search(&s, &f);
	if (!rc)
		report(j, c.size, &f);
	bench_source_close(&source);
	return rc;
}

static int run(const struct options *o)
{
	struct job j = {.o = o, .t = {.wait_ms = (unsigned)o->wait_ms, .stop = &stop}};
	int rc = open_ports(&j.t);

	j.figures = json_array();
	for (unsigned i = 0; i < o->n_sizes && !rc; i++)
		rc = measure(&j, o->sizes[i]);
	if (o->json) {
		json_t *doc = json_pack("{s:O}", "figures", j.figures);

		json_dumpf(doc, stdout, JSON_INDENT(1));
		putchar('\n');
		json_decref(doc);
	}
	json_decref(j.figures);
	for (unsigned i = 0; i < 2; i++)
		if (rte_eth_dev_is_valid_port(j.t.ethdev[i]))
			rte_eth_dev_stop(j.t.ethdev[i]);
	return rc;
}

int bench_rfc2544(int argc, char **argv)
{
	struct options o;
	int rc;

	if (argc && (!strcmp(argv[0], "-h") || !strcmp(argv[0], "--help"))) {
		fputs(usage, stdout);
		return 0;
	}
	if (argc && !strcmp(argv[0], "--config"))
		return print_config(argc, argv);
	if (read_options(&o, argc, argv) < 0)
		return 2;
	if (!o.eal) {
		fputs(usage, stderr);
		return 2;
	}
	o.eal[0] = argv[-1];
	if (rte_eal_init(o.n_eal, o.eal) < 0) {
		fprintf(stderr, "xtrbench: rfc2544: EAL: %s\n", rte_strerror(rte_errno));
		return 1;
	}
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	rc = run(&o);
	rte_eal_cleanup();
	return rc ? 1 : 0;
}
