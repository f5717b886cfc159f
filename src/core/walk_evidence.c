/* SPDX-License-Identifier: MIT */
#include "core/walk_fold.h"

#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "core/body.h"

static bool snapshot_place(const struct json *j, struct fact_snapshot *s, struct err *e)
{
	static const char *const scopes[] = { "table", "column", "rows", NULL };
	static const enum scope_kind is[] = { SNAP_TABLE, SNAP_COLUMN, SNAP_ROWS };
	const char *definition;
	size_t scope;
	if (!body_word(j, "sysid", &s->sysid, e) || !body_oid(j, "dboid", &s->dboid, e) ||
	    !body_oid(j, "relid", &s->relid, e) || !body_attnum(j, "attnum", &s->attnum, e) ||
	    !body_hex(j, "definition_digest", 64, &definition, e) || !body_choice(j, "scope", scopes, &scope, e))
		return false;
	memcpy(s->definition_digest, definition, sizeof s->definition_digest);
	s->scope = is[scope];
	return true;
}

static bool snapshot_counts(const struct json *j, struct fact_snapshot *s, struct err *e)
{
	if (!body_count(j, "rows", &s->rows, e) || !body_count(j, "values", &s->values, e) ||
	    !body_count(j, "bytes", &s->bytes, e) || !body_flag(j, "equal", &s->equal, e))
		return false;
	if (!body_int(j, "trip_count", -1, INT64_MAX, &s->trip_count))
		return err_set(e, ERR_VERIFY, NULL, "field \"trip_count\" is missing or no count");
	return true;
}

static bool snapshot_read(const struct json *j, struct fact_snapshot *s, struct err *e)
{
	if (!body_word(j, "id", &s->id, e) || !body_word(j, "path", &s->path, e) ||
	    !body_hex(j, "manifest_sha256", 64, &s->manifest_sha256, e) || !body_time(j, "begun", &s->begun, e) ||
	    !body_time_or_none(j, "proved", &s->proved, e) || !snapshot_place(j, s, e) || !snapshot_counts(j, s, e))
		return false;
	if (s->equal && !s->proved)
		return err_set(e, ERR_VERIFY, NULL, "a snapshot that was not proven calls itself equal");
	if (!s->equal)
		s->proved = 0;
	return true;
}

static void snapshot_keep(struct walk *w, struct fact_snapshot *to, struct fact_snapshot s)
{
	s.id = arena_dup(w->arena, s.id);
	s.path = arena_dup(w->arena, s.path);
	s.sysid = arena_dup(w->arena, s.sysid);
	s.manifest_sha256 = arena_dup(w->arena, s.manifest_sha256);
	*to = s;
}

/* A copy that comes in at another step than its own (its job ended late) stands in the log and changes nothing. */
static bool fold_snapshot(struct walk *w, const struct json *b, struct err *e)
{
	static const char *const roles[] = { "first", "final", "reads", NULL };
	static const enum stage low[] = { AT_SNAPSHOT, AT_FINAL, AT_COPY }, high[] = { AT_GATE_A, AT_ARMED, AT_COPY };
	struct fact_snapshot *const to[] = { &w->first, &w->final, &w->moved };
	struct fact_snapshot s = { .begun = 0 };
	size_t role;
	const char *blob;
	if (!body_choice(b, "role", roles, &role, e) || !body_hex(b, "blob", 64, &blob, e) ||
	    !snapshot_read(json_get(b, "fact"), &s, e))
		return false;
	if ((s.attnum > 0) != (w->attnum > 0) || (s.scope == SNAP_ROWS) != (w->kind == TARGET_ROWS))
		return err_set(e, ERR_VERIFY, NULL, "the snapshot is of another kind of target than the walk's");
	if (w->stage < low[role] || w->stage > high[role])
		return true;
	snapshot_keep(w, to[role], s);
	if (role == 0)
		w->first_n = w->n;
	if (!s.equal || (role == 0 && w->stage != AT_SNAPSHOT))
		return true;
	return fold_move(w, EV_PROVEN, NULL, e);
}

static bool drill_fell(struct walk *w, const struct json *j, struct fact_drill *d, struct err *e)
{
	const struct json *fell = json_get(j, "fell");
	if (!fell || fell->kind != JSON_ARR)
		return err_set(e, ERR_VERIFY, NULL, "field \"fell\" is missing or no list");
	d->fell = arena_array(w->arena, json_count(fell), sizeof *d->fell);
	for (const struct json *c = fell->first; c; c = c->next) {
		if (c->kind != JSON_STR)
			return err_set(e, ERR_VERIFY, NULL, "field \"fell\" holds something that is no text");
		d->fell[d->n_fell++] = arena_dup(w->arena, c->str);
	}
	return true;
}

static bool fold_drill(struct walk *w, const struct json *b, struct err *e)
{
	const struct json *j = json_get(b, "fact");
	struct fact_drill d = { .at = 0 };
	const char *blob;
	if (!body_hex(b, "blob", 64, &blob, e) || !body_time(j, "at", &d.at, e) || !body_oid(j, "dboid", &d.dboid, e) ||
	    !body_word(j, "id", &d.id, e) || !body_flag(j, "passed", &d.passed, e) || !body_text(j, "problem", &d.problem, e) ||
	    !body_count(j, "restore_us", &d.restore_us, e) || !body_text(j, "snapshot_id", &d.snapshot_id, e) ||
	    !body_word(j, "sysid", &d.sysid, e) || !body_count(j, "took_us", &d.took_us, e) || !drill_fell(w, j, &d, e))
		return false;
	d.id = arena_dup(w->arena, d.id);
	d.snapshot_id = arena_dup(w->arena, d.snapshot_id);
	d.sysid = arena_dup(w->arena, d.sysid);
	d.problem = *d.problem ? arena_dup(w->arena, d.problem) : NULL;
	w->drill = d;
	return true;
}

static bool fold_audit(struct walk *w, const struct json *b, struct err *e)
{
	const char *blob;
	int64_t n;
	(void)w;
	return body_hex(b, "blob", 64, &blob, e) && body_count(b, "found", &n, e) && body_count(b, "blind", &n, e);
}

static bool fold_baseline(struct walk *w, const struct json *b, struct err *e)
{
	return body_time(b, "at", &w->baseline_at, e);
}

static bool fold_guard(struct walk *w, const struct json *b, struct err *e)
{
	const char *why;
	if (!body_text(b, "why", &why, e))
		return false;
	w->guarded = w->guarded || !*why;
	w->guard_why = *why ? arena_dup(w->arena, why) : NULL;
	return true;
}

static bool fold_slot(struct walk *w, const struct json *b, struct err *e)
{
	const char *why;
	if (!body_text(b, "why", &why, e))
		return false;
	w->slot_why = *why ? arena_dup(w->arena, why) : NULL;
	return true;
}

static bool fold_watched(struct walk *w, const struct json *b, struct err *e)
{
	const char *blob;
	(void)w;
	return body_hex(b, "blob", 64, &blob, e);
}

static bool fold_hiding(struct walk *w, const struct json *b, struct err *e)
{
	struct walk_hiding h = { 0 };
	const char *hit, *source;
	if (!body_time(b, "from", &h.from, e) || !body_time(b, "to", &h.to, e) || !body_word(b, "why", &h.why, e) || !body_flag(b, "exact", &h.exact, e) ||
	    !body_text(b, "hit", &hit, e) || !body_word(b, "source", &source, e))
		return false;
	h.why = arena_dup(w->arena, h.why);
	w->hiding = h;
	return true;
}

/* One that ends at another step than its own (stepped back meanwhile) stands in the log and changes nothing. */
static bool fold_backfill(struct walk *w, const struct json *b, struct err *e)
{
	struct walk_fill f;
	int64_t passes;
	const char *blob;
	if (!body_hex(b, "blob", 64, &blob, e) || !body_time(b, "counted", &f.at, e) || !body_count(b, "filled", &f.filled, e) || !body_count(b, "left", &f.left, e) ||
	    !body_count(b, "passes", &passes, e) || !body_count(b, "rejects", &f.rejects, e))
		return false;
	/* Before writes went to both, or while they go there as an earlier plan said; or the old column was filled. */
	bool early = archetype_beside(w->archetype) && (f.at < w->confirmed[ITEM_DUAL_WRITE] || w->reconvert || w->alone);
	if (!fold_fills(w) || w->unfilled || early)
		return true;
	w->fill = f;
	if (f.left || f.rejects)
		return fold_refill(w, e);
	if (w->stage == AT_BACKFILL)
		w->window_from = f.at;
	return w->stage != AT_BACKFILL || fold_move(w, EV_FILLED, NULL, e);
}

/* What differs opens item 6 again, as long as writes go to both; behind that it takes gates B and C back. */
static bool differ(struct walk *w, struct err *e)
{
	if (w->stage >= AT_FINAL && w->stage <= AT_ARMED) {
		w->gate_passed[1] = w->gate_passed[2] = 0;
		return fold_move(w, EV_REOPEN_GATES, NULL, e);
	}
	return w->alone || !fold_fills(w) || fold_refill(w, e);
}

/* A pass over all rows came to its end. One of before writes went to both says nothing. */
static bool fold_parity(struct walk *w, const struct json *b, struct err *e)
{
	struct fact_parity p = { .at = 0 };
	const char *blob;
	if (!body_hex(b, "blob", 64, &blob, e) || !body_time(b, "began", &p.began, e) || !body_time(b, "ended", &p.ended, e) || !body_count(b, "round", &p.round, e) ||
	    !body_count(b, "rows", &p.rows, e) || !body_count(b, "mismatches", &p.mismatches, e) || !body_time_or_none(b, "covers", &p.covers, e) || !body_text(b, "first", &p.first, e))
		return false;
	if (!archetype_beside(w->archetype))
		return fold_refuse(e, "it compares two columns, and the walk has one");
	if (p.ended < p.began || (p.mismatches > 0) != (*p.first != '\0'))
		return fold_refuse(e, p.ended < p.began ? "the pass ended before it began" : "field \"first\" does not fit the mismatches");
	if (w->stage < AT_BACKFILL || w->stage > AT_ARMED || p.began < w->confirmed[ITEM_DUAL_WRITE])
		return true;
	p.at = p.ended;
	p.first = p.mismatches ? arena_dup(w->arena, p.first) : NULL;
	w->parity = p;
	w->parity_n = w->n;
	if (p.mismatches)
		return differ(w, e);
	w->alone = w->alone && p.covers;   /* one over every row in which nothing differs */
	return true;
}

bool fold_evidence(struct walk *w, const struct record *r, struct err *e)
{
	static const char *const kinds[] = { "snapshot", "drill", "audit", "baseline", "watched", "guard", "hiding", "slot", "backfill", "parity", NULL };
	static bool (*const folds[])(struct walk *, const struct json *, struct err *) = {
		fold_snapshot, fold_drill, fold_audit, fold_baseline, fold_watched, fold_guard, fold_hiding, fold_slot, fold_backfill, fold_parity,
	};
	size_t kind;
	return body_choice(r->b, "kind", kinds, &kind, e) && folds[kind](w, r->b, e);
}
