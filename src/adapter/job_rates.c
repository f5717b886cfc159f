/* SPDX-License-Identifier: MIT */
#include "adapter/job_rates.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "base/when.h"

static void begin(struct rates *r, int64_t now, double done)
{
	r->since = now;
	r->done = done;
}

static void put(struct rates *r, double v)
{
	if (r->n == RATES_MAX) {
		for (size_t i = 0; i < RATES_MAX / 2; i++)
			r->v[i] = (r->v[2 * i] + r->v[2 * i + 1]) / 2;
		r->n = RATES_MAX / 2;
		r->each *= 2;
	}
	r->v[r->n++] = v;
}

void rates_add(struct rates *r, int64_t now, double done, const char *unit)
{
	if (!isfinite(done))
		return;
	if (r->since == 0 || strncmp(r->unit, unit, sizeof r->unit - 1) != 0) {
		*r = (struct rates){ .each = US_SECOND };
		snprintf(r->unit, sizeof r->unit, "%s", unit);
		begin(r, now, done);
		return;
	}
	if (done < r->done)
		begin(r, now, done);
	if (now - r->since < r->each)
		return;
	double rate = (done - r->done) / ((double)(now - r->since) / US_SECOND);
	/* A silence longer than a stretch is drawn as long as it was. */
	for (int64_t left = now - r->since; left >= r->each; left -= r->each)
		put(r, rate);
	begin(r, now, done);
}

const char *rates_text(struct arena *a, const struct rates *r)
{
	struct text t = { 0 };
	if (r->n == 0 || strpbrk(r->unit, " \t"))
		return NULL;
	text_addf(&t, "%lld %s", (long long)(r->each / 1000), *r->unit ? r->unit : "-");
	for (size_t i = 0; i < r->n; i++)
		text_addf(&t, " %.4g", r->v[i]);
	const char *copy = arena_dup(a, text_str(&t));
	text_free(&t);
	return copy;
}

bool rates_read(const char *text, struct rates *r)
{
	char *end;
	*r = (struct rates){ 0 };
	long long ms = strtoll(text, &end, 10);
	size_t len = strcspn(end + (*end == ' '), " ");
	if (ms <= 0 || ms > 1000LL * 3600 * 24 * 366 || *end != ' ' || len == 0 || len >= sizeof r->unit)
		return false;
	memcpy(r->unit, end + 1, len);
	r->each = ms * 1000;
	for (const char *p = end + 1 + len; *p; p = end) {
		double v = strtod(p, &end);
		if (end == p || !isfinite(v) || v < 0 || r->n == RATES_MAX)
			return false;
		r->v[r->n++] = v;
	}
	return r->n > 0;
}
