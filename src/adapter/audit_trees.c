/* SPDX-License-Identifier: MIT */
/* Source code outside of the database, as far as the plan (or --source) says where it lies: one consumer a file. */
#include "adapter/audit_private.h"

#include <string.h>

#include "adapter/audit_source.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"

#define FROM "source trees"
#define KEEP 200         /* places listed of each grade */
#define LINES_SHOWN 20   /* of one file, as evidence */

static const char *file_key(struct audit *l, const struct source_hit *h)
{
	const char *dir = l->plan->sources[h->dir], *slash = strrchr(dir, '/');
	bool many = l->plan->n_sources > 1;
	return arena_printf(l->a, "source %s%s%s", many ? slash && slash[1] ? slash + 1 : dir : "", many ? "/" : "", h->file);
}

/* All places of one grade in one file make one consumer; hits come in the order of the files. */
static void file_add(struct audit *l, const struct source_hit *h, size_t n, enum source_grade g)
{
	struct text t = { 0 };
	for (size_t i = 0; i < n && i < LINES_SHOWN; i++)
		text_addf(&t, "%s%s:%zu: %s", i ? "\n" : "", h[i].file, h[i].line, h[i].excerpt);
	if (n > LINES_SHOWN)
		text_addf(&t, "\n... and %zu more", n - LINES_SHOWN);
	const struct consumer c = {
		.key = file_key(l, h), .kind = "source file", .source = arena_printf(l->a, "source tree, %s", source_grade_name(g)),
		.calls = (int64_t)n, .evidence = arena_dup(l->a, text_str(&t)),
	};
	audit_add(l, &c);
	text_free(&t);
}

static void grade_add(struct audit *l, const struct source_found *f, enum source_grade g)
{
	for (size_t i = 0, n; i < f->n[g]; i += n) {
		const struct source_hit *h = &f->hit[g][i];
		for (n = 1; i + n < f->n[g] && h[n].dir == h->dir && text_eq(h[n].file, h->file); n++)
			;
		file_add(l, h, n, g);
	}
	if (f->count[g] <= f->n[g])
		return;
	const struct consumer more = { .key = arena_printf(l->a, "source files not listed (%s)", source_grade_name(g)), .kind = "source file", .source = "source tree",
		.calls = (int64_t)(f->count[g] - f->n[g]), .evidence = arena_printf(l->a, "%zu places; the first %zu are listed", f->count[g], f->n[g]) };
	audit_add(l, &more);
}

static void found(struct audit *l, const struct source_report *r)
{
	const struct source_found *f = &r->found;
	for (enum source_grade g = SOURCE_TOGETHER; g <= SOURCE_NAME; g++)
		grade_add(l, f, g);
	if (f->count[SOURCE_COMMON] + f->count[SOURCE_PART])
		audit_blind(l, "source trees: the name stands alone as a common word in %zu places, and inside longer names in %zu: not listed, to be read by eye",
			f->count[SOURCE_COMMON], f->count[SOURCE_PART]);
	for (size_t i = 0; i < r->n_blind; i++)
		audit_blind(l, "source trees: %s", r->blind[i]);
}

/* Nobody said where the code lies: in a walk somebody has to answer for that. */
static bool unknown(struct audit *l)
{
	bool none = l->plan->has_sources || l->names.target.kind == TARGET_ROWS;
	struct audit_source from = { .name = FROM, .from = l->out->at, .sees = SEES_CODE };
	if (!none) {
		from.saw = SAW_MISSING;
		from.why = *l->sid ? "the plan does not say where the source code lies (sources)" : "--source DIR searches a source tree";
	}
	audit_from(l, &from);
	if (!none && *l->sid)
		audit_blind_key(l, BLIND_CODE);
	return true;
}

/* An empty folder is no search: a mount that is not there, a checkout that failed. NULL: each has files. */
static const char *empty(const struct audit *l, const struct source_report *r)
{
	for (size_t d = 0; d < l->plan->n_sources; d++) {
		int64_t files = 0;
		for (size_t i = 0; i < r->n_trees; i++)
			files += r->tree[i].dir == (int)d ? r->tree[i].files : 0;
		if (files == 0)
			return l->plan->sources[d];
	}
	return NULL;
}

/* Why the search does not count as one, or NULL. */
static const char *why_blind(struct audit *l, bool ok, const struct source_report *r, const struct err *own)
{
	if (!ok)
		return arena_printf(l->a, "%s", own->msg);
	const char *none = empty(l, r);
	if (none)
		return arena_printf(l->a, "no file was read in %s", text_clean(l->a, none));
	return r->whole ? NULL : "not every file could be read: see the blind spots";
}

bool audit_trees(struct audit *l, struct err *e)
{
	const struct fact_target *t = l->target;
	const struct source_ask q = { .dirs = l->plan->sources, .n = l->plan->n_sources, .keep = KEEP,
		.target = { l->names.target.kind, t->schema, t->table, t->column ? t->column : t->table } };
	struct source_report r;
	struct err own = { 0 };
	if (l->plan->n_sources == 0 || l->names.target.kind == TARGET_ROWS)
		return unknown(l);
	struct audit_source from = { .name = FROM, .from = l->out->at, .sees = SEES_CODE };
	bool ok = audit_source_search(l->a, &q, &r, &own);
	if ((from.why = why_blind(l, ok, &r, &own)) != NULL)
		from.saw = SAW_BLIND;
	audit_from(l, &from);
	if (ok)
		found(l, &r);
	if (from.why && *l->sid)
		audit_blind_key(l, BLIND_CODE);
	/* On the command line a folder that is none is wrong use. */
	return ok || *l->sid || err_set(e, own.code, own.hint, "%s", own.msg);
}
