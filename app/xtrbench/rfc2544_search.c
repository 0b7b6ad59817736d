/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The search. A trial is good if no more was lost than may be, and if the rate was really offered:
 * where a port's ring is full, frames wait that would have been lost on a wire.
 */
#include "app/xtrbench/rfc2544.h"

#define OFFERED  0.995 /* of the rate: what is late by less is jitter */
#define ATTEMPTS 20u   /* of the trial that decides */

static bool good(const struct search *s, double rate, const struct trial *t)
{
	uint64_t lost = t->sent > t->received ? t->sent - t->received : 0;

	return t->sent && (double)lost <= s->loss * (double)t->sent &&
	       (rate == 0 || t->rate >= rate * OFFERED);
}

static int try(const struct search *s, struct found *f, double rate, double seconds, bool *is_good)
{
	int rc = s->run(s->arg, rate, seconds, &f->last);

	f->trials++;
	*is_good = rc == 0 && good(s, rate, &f->last);
	return rc;
}

/*
 * The section's own words: the final determination is made with trials of full length. If the rate
 * that the short ones found does not hold, a step less is tried.
 */
static int decide(const struct search *s, struct found *f, double rate)
{
	bool is_good = false;
	int rc = 0;

	for (unsigned i = 0; i < ATTEMPTS && rate > 0 && !rc && !is_good; i++) {
		rc = try(s, f, rate, s->decides, &is_good);
		if (is_good)
			f->rate = f->last.rate;
		rate *= 1 - s->resolution;
	}
	return rc;
}

int bench_search(const struct search *s, struct found *f)
{
	double low = 0, high = s->max;
	bool is_good;
	int rc;

	*f = (struct found){0};
	rc = try(s, f, high, s->seconds, &is_good);
	if (rc)
		return rc;
	if (is_good) {
		f->limited = true;
		low = high;
	}
	while (high - low > high * s->resolution) {
		double middle = (low + high) / 2;

		rc = try(s, f, middle, s->seconds, &is_good);
		if (rc)
			return rc;
		if (is_good)
			low = middle;
		else
			high = middle;
	}
	return decide(s, f, low);
}
