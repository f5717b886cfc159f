/* SPDX-License-Identifier: MIT */
#include "adapter/job_limits.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "adapter/job_rates.h"
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "port/jsonread.h"

static const char *numbers(struct arena *a, const double *v, size_t n)
{
	struct text t = { 0 };
	for (size_t i = 0; i < n; i++)
		text_addf(&t, "%s%.4g", i ? " " : "", v[i]);
	const char *s = arena_dup(a, text_str(&t));
	text_free(&t);
	return s;
}

const char *limits_text(struct arena *a, const struct view_limit *l, size_t n)
{
	struct text t = { 0 };
	struct json *o = json_obj(a), *list = json_add_arr(o, "limits");
	for (size_t i = 0; i < n && i < LIMITS_MAX; i++) {
		struct json *j = json_add_obj(list, NULL);
		json_add_strf(j, "above", "%.17g", l[i].above);
		json_add_strf(j, "below", "%.17g", l[i].below);
		json_add_int(j, "known", l[i].known);
		json_add_int(j, "limits", l[i].has_limits);
		json_add_str(j, "name", l[i].name);
		json_add_strf(j, "now", "%.6g", l[i].now);
		json_add_str(j, "past", numbers(a, l[i].past, l[i].n_past));
		json_add_str(j, "says", l[i].says ? l[i].says : "");
		json_add_str(j, "unit", l[i].unit);
	}
	json_write(&t, o);
	const char *s = arena_dup(a, text_str(&t));
	text_free(&t);
	return s;
}

static bool number(const char *s, double *out)
{
	char *end = NULL;
	*out = s ? strtod(s, &end) : 0;
	return s && end != s && *end == '\0' && isfinite(*out);
}

static bool past_read(struct arena *a, const char *s, struct view_limit *l)
{
	char *end;
	l->past = arena_array(a, RATES_MAX, sizeof *l->past);
	for (; s && *s; s = end) {
		double v = strtod(s, &end);
		if (end == s || !isfinite(v) || l->n_past == RATES_MAX)
			return false;
		l->past[l->n_past++] = v;
	}
	return s != NULL;
}

static bool limit_read(struct arena *a, const struct json *j, struct view_limit *l)
{
	const char *says = json_str(j, "says");
	*l = (struct view_limit){ .name = json_str(j, "name"), .unit = json_str(j, "unit"), .known = json_int_or(j, "known", 0) == 1, .has_limits = json_int_or(j, "limits", 0) == 1,
		.says = says && *says ? says : NULL };
	return l->name && l->unit && says && number(json_str(j, "above"), &l->above) && number(json_str(j, "below"), &l->below) && number(json_str(j, "now"), &l->now) &&
		past_read(a, json_str(j, "past"), l);
}

bool limits_read(struct arena *a, const char *text, struct view_limit **out, size_t *n)
{
	const struct json *o = json_read(a, text, strlen(text), NULL), *list = o ? json_get(o, "limits") : NULL;
	*n = 0;
	if (!list || list->kind != JSON_ARR || json_count(list) > LIMITS_MAX)
		return false;
	*out = arena_array(a, LIMITS_MAX, sizeof **out);
	for (const struct json *j = list->first; j; j = j->next)
		if (j->kind != JSON_OBJ || !limit_read(a, j, &(*out)[(*n)++])) {
			*n = 0;
			return false;
		}
	return true;
}
