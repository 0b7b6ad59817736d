/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The search. A trial is good if no more was lost than may be, and if the rate was really offered:
 * where a port's ring is full, frames wait that would have been lost on a wire.
 */
#include "app/xtrbench/rfc2544.h"

#define OFFERED  0.995 /* of the rate: what is late by less is jitter */
#define ATTEMPTS 20u   /* of the trial that decides */
#define AGAIN    3u    /* a trial whose rate was not offered says nothing of the device */

static int try(const struct search *s, struct found *f, double rate, double seconds, bool *good)
{
	struct trial *t = &f->last;
	bool lossy = false, offered = false;
	int rc = 0;

	for (unsigned i = 0; i < AGAIN && !rc && !lossy && !offered; i++) {
		uint64_t lost;

		rc = s->run(s->arg, rate, seconds, t);
		lost = t->sent > t->received ? t->sent - t->received : 0;
		lossy = (double)lost > s->loss * (double)t->sent;
		offered = t->sent && t->rate >= rate * OFFERED;
		f->trials++;
	}
	*good = !rc && offered && !lossy;
	if (!*good)
		f->lossy = lossy;
	return rc;
}

/*
 * The section's own words: the final determination is made with trials of full length. If the rate
 * that the short ones found does not hold, a step less is tried.
 */
static int decide(const struct search *s, struct found *f, double rate)
{
	bool good = false;
	int rc = 0;

	for (unsigned i = 0; i < ATTEMPTS && rate > 0 && !rc && !good; i++) {
		rc = try(s, f, rate, s->decides, &good);
		if (good)
			f->rate = f->last.rate;
		rate *= 1 - s->resolution;
	}
	return rc;
}

int bench_search(const struct search *s, struct found *f)
{
	double low = 0, high = s->max;
	bool good;
	int rc;

	*f = (struct found){0};
	rc = try(s, f, high, s->seconds, &good);
	if (rc)
		return rc;
	if (good)
		low = high;
	while (high - low > high * s->resolution && high * s->seconds > 2) {
		double middle = (low + high) / 2;

		rc = try(s, f, middle, s->seconds, &good);
		if (rc)
			return rc;
		if (good)
			low = middle;
		else
			high = middle;
	}
	return decide(s, f, low);
}
