/* SPDX-License-Identifier: MIT */
/* Source code outside of the database, as far as the plan (or --source) says where it lies: one consumer a file. */
#include "adapter/audit_private.h"

#include <string.h>

#include "adapter/audit_source.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "port/crypto.h"

#define FROM "source trees"
#define KEEP 200         /* places listed of each grade */
#define LINES_SHOWN 20   /* of one file, as evidence */

static const char *last_name(const char *dir)
{
	const char *slash = strrchr(dir, '/');
	return slash && slash[1] ? slash + 1 : dir;
}

/* With more than one folder, the folder's name stands in front; of two that end alike, the whole of it. */
static const char *file_key(struct audit *l, const struct source_hit *h)
{
	const char *dir = l->plan->sources[h->dir], *name = last_name(dir);
	if (l->plan->n_sources < 2)
		return arena_printf(l->a, "source %s", h->file);
	for (size_t i = 0; i < l->plan->n_sources; i++)
		if (i != (size_t)h->dir && text_eq(last_name(l->plan->sources[i]), name))
			name = dir;
	return arena_printf(l->a, "source %s/%s", name, h->file);
}

static bool same_file(const struct source_hit *x, const struct source_hit *y)
{
	return x->dir == y->dir && text_eq(x->file, y->file);
}

/* All places of one file, the strongest grade's first, make one consumer. It is cleared as it was read: the digest is of the lines,
   wherever in the file they stand. */
static void file_add(struct audit *l, const struct source_found *f, enum source_grade strongest, const struct source_hit *of)
{
	struct text shown = { 0 }, all = { 0 };
	size_t n = 0;
	char hex[65];
	for (enum source_grade g = strongest; g <= SOURCE_NAME; g++)
		for (size_t i = 0; i < f->n[g]; i++) {
			const struct source_hit *h = &f->hit[g][i];
			if (!same_file(h, of))
				continue;
			text_addf(&all, "%s\n", h->excerpt);
			if (n++ < LINES_SHOWN)
				text_addf(&shown, "%s%s:%zu: %s", n > 1 ? "\n" : "", h->file, h->line, h->excerpt);
		}
	if (n > LINES_SHOWN)
		text_addf(&shown, "\n... and %zu more", n - LINES_SHOWN);
	crypto_sha256_hex(text_str(&all), all.len, hex);
	const struct consumer c = {
		.key = file_key(l, of), .kind = "source file", .source = arena_printf(l->a, "source tree, %s", source_grade_name(strongest)),
		.calls = (int64_t)n, .counted = arena_dup(l->a, hex), .as_read = true, .evidence = arena_dup(l->a, text_str(&shown)),
	};
	audit_add(l, &c);
	text_free(&shown);
	text_free(&all);
}

static bool added(const struct source_found *f, enum source_grade g, size_t i)
{
	for (enum source_grade s = SOURCE_TOGETHER; s <= g; s++)
		for (size_t k = 0; k < (s == g ? i : f->n[s]); k++)
			if (same_file(&f->hit[s][k], &f->hit[g][i]))
				return true;
	return false;
}

static void grade_add(struct audit *l, const struct source_found *f, enum source_grade g)
{
	for (size_t i = 0; i < f->n[g]; i++)
		if (!added(f, g, i))
			file_add(l, f, g, &f->hit[g][i]);
	if (f->count[g] <= f->n[g])
		return;
	const struct consumer more = { .key = arena_printf(l->a, "source files not listed (%s)", source_grade_name(g)), .kind = "source file", .source = "source tree",
		.calls = (int64_t)(f->count[g] - f->n[g]), .counted = arena_printf(l->a, "%zu places", f->count[g]), .as_read = true, .evidence = arena_printf(l->a, "%zu places; the first %zu are listed", f->count[g], f->n[g]) };
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
		if (files == 0 && !r->twice[d])
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
