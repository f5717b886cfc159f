/* SPDX-License-Identifier: MIT */
/* Any bytes as a plan. With -DREPLAY a plain program that reads the files it is given, as the corpus replay does. */
#include <stdlib.h>
#include <string.h>

#include "adapter/planfile.h"
#include "base/arena.h"
#include "base/text.h"
#include "core/plan.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);
#include "tests/fuzz_replay.h"   /* behind what it calls */

/* What must hold of any answer: a plan or errors, each with a place and clean words; and a plan that is in order is so again. */
static void hold(struct arena *a, const struct plan *p, const struct plan_error *errs, size_t n)
{
	if ((p == NULL) != (n > 0))
		abort();
	for (size_t i = 0; i < n; i++) {
		const struct plan_error *e = &errs[i];
		if (e->at.line < 1 || e->at.column < 1 || !text_is_clean(e->what) || !text_is_clean(e->instead) || !*e->what || !*e->instead)
			abort();
		if (i && (e->at.line < e[-1].at.line || (e->at.line == e[-1].at.line && e->at.column < e[-1].at.column)))
			abort();
	}
	if (p == NULL)
		return;
	struct plan_error *again;
	if (plan_judge(a, p, &again) != 0 || plan_compare(a, p, p, NULL) != AMEND_SAME)
		abort();
	if (p->archetype != ARCH_DESTRUCTIVE || plan_unused_days(p) < 14 || p->monitor_hours < 48 || p->release_quiet_hours < 48)
		abort();
}

/* What a plan holds comes out of a draft as it went in. */
static void write_again(struct arena *a, const struct plan *p)
{
	struct plan_draft d = { .recipe = p->recipe, .name = p->name, .schema = p->schema, .table = p->table, .column = p->column, .why = p->why,
		.zone = p->zone, .falls = p->falls, .n_falls = p->n_falls, .has_falls = true, .before = p->before };
	const char *yaml = planfile_write(a, &d);
	struct text t = { 0 };
	for (const char *line = yaml; *line; line = strchr(line, '\n') + 1) {
		const char *end = strchr(line, '\n'), *value = line + strcspn(line, ":\n");
		value += *value == ':';
		if (strncmp(value + strspn(value, " "), "# fill in: ", 11) != 0)
			text_addn(&t, line, (size_t)(end - line) + 1);
		else if (strncmp(line, "deploys:", 8) == 0)
			text_add(&t, "deploys: [{name: web}]\n");
		else
			text_addf(&t, "%.*s x\n", (int)(value - line), line);
	}
	struct plan_error *errs;
	size_t n;
	const struct plan *q = planfile_parse(a, "again", t.s, t.len, &errs, &n);
	if (q == NULL || !text_eq(p->table, q->table) || !text_eq(p->column, q->column) || !text_eq(p->schema, q->schema)
		|| !text_eq(p->why, q->why) || !text_eq(p->before, q->before) || p->n_falls != q->n_falls)
		abort();
	for (size_t i = 0; i < p->n_falls; i++)
		if (!text_eq(p->falls[i], q->falls[i]))
			abort();
	text_free(&t);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct arena *a = arena_new();
	struct plan_error *errs;
	size_t n;
	const struct plan *p = planfile_parse(a, "fuzz.yaml", (const char *)data, size, &errs, &n);
	hold(a, p, errs, n);
	if (p)
		write_again(a, p);
	arena_free(a);
	return 0;
}

#ifdef REPLAY
int main(int argc, char **argv)
{
	return replay(argc, argv, "plans");
}
#endif
