/* SPDX-License-Identifier: BSD-3-Clause */
/* What leaves, kept and compared. */
#include "app/xtrbench/datapath_run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BURSTS  16u /* of each source */
#define PACKETS (BURSTS * 2 * BENCH_CASE_BURST)

/* Frames in the order in which they came or left. */
struct kept {
	unsigned n;
	struct {
		unsigned port, len;
		uint8_t *b;
	} frame[PACKETS];
};

static struct kept *kept_new(void)
{
	return calloc(1, sizeof(struct kept));
}

static void kept_free(struct kept *k)
{
	for (unsigned i = 0; k && i < k->n; i++)
		free(k->frame[i].b);
	free(k);
}

static int keep(struct kept *k, unsigned port, const struct rte_mbuf *m)
{
	uint8_t *b = malloc(m->pkt_len);
	const void *from = b ? rte_pktmbuf_read(m, 0, m->pkt_len, b) : NULL;

	if (!from || k->n == PACKETS) {
		free(b);
		return -1;
	}
	if (from != b)
		memcpy(b, from, m->pkt_len);
	k->frame[k->n].port = port;
	k->frame[k->n].len = m->pkt_len;
	k->frame[k->n++].b = b;
	return 0;
}

static int keep_sent(struct bench_dp *d, struct kept *k)
{
	struct rte_mbuf *m[XTR_BURST];
	int rc = 0;

	for (unsigned port = 0; port < d->n_ports; port++)
		for (unsigned got; (got = bench_sent(d, 0, port, m));) {
			for (unsigned i = 0; i < got && !rc; i++)
				rc = keep(k, port, m[i]);
			rte_pktmbuf_free_bulk(m, got);
		}
	return rc;
}

/* Payload for what the source has just put into the ring: each byte is one that is looked at. */
static void fill(struct rte_mbuf *m)
{
	unsigned at = 0;

	for (struct rte_mbuf *s = m; s; at += s->data_len, s = s->next)
		for (unsigned i = 0; i < s->data_len; i++)
			if (at + i >= BENCH_HEAD)
				*rte_pktmbuf_mtod_offset(s, uint8_t *, i) = (uint8_t)(at + i);
}

/* The worker's turns over the same bursts, each time anew. */
static int pass(struct bench_dp *d, const struct bench_input *input, struct kept *in,
    struct kept *out, struct bench_count *n)
{
	struct bench_input a = *input;

	for (unsigned i = 0; i < a.n_sources; i++)
		bench_source_rewind(&a.source[i]);
	for (unsigned k = 0; k < BURSTS; k++) {
		struct rte_mbuf *m[BENCH_CASE_BURST];

		if (bench_give(d, 0, &a, n) < 0)
			return -1;
		/* round the ring once, to see them */
		for (unsigned i = 0; i < a.n_sources; i++) {
			struct rte_ring *ring = d->rx[a.source[i].port][0];

			if (!rte_ring_sc_dequeue_bulk(ring, (void **)m, a.n[i], NULL))
				return -1;
			for (unsigned j = 0; j < a.n[i]; j++) {
				fill(m[j]);
				if (in && keep(in, a.source[i].port, m[j]) < 0)
					return -1;
			}
			if (!rte_ring_sp_enqueue_bulk(ring, (void **)m, a.n[i], NULL))
				return -1;
		}
		for (unsigned i = 0; i < bench_turns(&a); i++)
			xtr_worker_turn(d->dp->workers[0]);
		if (keep_sent(d, out) < 0)
			return -1;
		bench_clear(d, 0, n);
	}
	return 0;
}

static bool same(const struct kept *a, const struct kept *b)
{
	for (unsigned i = 0; i < a->n && a->n == b->n; i++)
		if (a->frame[i].port != b->frame[i].port || a->frame[i].len != b->frame[i].len ||
		    memcmp(a->frame[i].b, b->frame[i].b, a->frame[i].len))
			return false;
	return a->n == b->n;
}

/* A capture, classic form: Ethernet, times all 0. */
static int write_pcap(const char *dir, const char *name, const struct kept *k)
{
	const struct {
		uint32_t magic;
		uint16_t major, minor;
		uint32_t zone, accuracy, longest, ethernet;
	} head = {0xa1b2c3d4, 2, 4, 0, 0, 65535, 1};
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	if (f)
		fwrite(&head, sizeof(head), 1, f);
	for (unsigned i = 0; f && i < k->n; i++) {
		const uint32_t record[4] = {0, 0, k->frame[i].len, k->frame[i].len};

		fwrite(record, sizeof(record), 1, f);
		fwrite(k->frame[i].b, k->frame[i].len, 1, f);
	}
	if (!f || ferror(f) | fclose(f)) {
		fprintf(stderr, "xtrbench: %s: %s\n", path, strerror(errno));
		return -1;
	}
	return 0;
}

int bench_check(struct bench_dp *d, const struct bench_input *input, const char *dir)
{
	struct kept *in = kept_new(), *fast = kept_new(), *stages = kept_new();
	struct bench_count n = {0}, again = {0};
	int rc = -1;

	if (!in || !fast || !stages || pass(d, input, in, fast, &n) < 0)
		goto out;
	d->dp->stages_only = true;
	rc = pass(d, input, NULL, stages, &again);
	d->dp->stages_only = false;
	if (rc < 0)
		goto out;
	if (!same(fast, stages)) {
		fprintf(stderr, "xtrbench: %s: not what the stages make of it\n", d->c->name);
		rc = -1;
	} else if (fast->n != n.sent - n.misses) {
		fprintf(stderr, "xtrbench: %s: of %lu packets %u left\n", d->c->name,
		    (unsigned long)n.sent, fast->n);
		rc = -1;
	} else if (dir &&
		   (write_pcap(dir, "in.pcap", in) < 0 || write_pcap(dir, "out.pcap", fast) < 0)) {
		rc = -1;
	}
out:
	if (!fast)
		fprintf(stderr, "xtrbench: packets: out of memory\n");
	kept_free(in);
	kept_free(fast);
	kept_free(stages);
	return rc;
}
