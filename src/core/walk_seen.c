/* SPDX-License-Identifier: MIT */
#include "core/walk_fold.h"

#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "core/body.h"

bool fold_sighting(struct walk *w, const struct record *r, struct err *e)
{
	static const char *const touches[] = { "read", "write", NULL };
	const char *who, *consumer, *source, *text;
	int64_t at;
	bool counts;
	size_t touch;
	if (!fold_here(w, AT_SNAPSHOT, AT_CLOSED, e) || !body_time(r->b, "at", &at, e) || !body_flag(r->b, "counts", &counts, e) ||
	    !body_word(r->b, "consumer", &consumer, e) || !body_text(r->b, "source", &source, e) ||
	    !body_text(r->b, "text", &text, e) || !body_choice(r->b, "touch", touches, &touch, e) ||
	    !body_text(r->b, "who", &who, e))
		return false;
	if (!counts || w->stage >= AT_DROPPING)
		return true;
	if (at >= w->last_sighting) {
		w->last_sighting = at;
		w->sighted = arena_dup(w->arena, who);
	}
	if (w->stage < AT_FINAL)
		return true;
	w->gate_passed[1] = w->gate_passed[2] = 0;
	return fold_move(w, EV_REOPEN_GATES, NULL, e);
}

bool fold_job(struct walk *w, const struct record *r, struct err *e)
{
	static const char *const events[] = { "start", "end", "failed", "stopped", "lost", NULL };
	const char *kind, *note;
	int64_t job;
	size_t event;
	if (!body_choice(r->b, "event", events, &event, e) || !body_count(r->b, "job", &job, e) || !body_word(r->b, "kind", &kind, e) || !body_text(r->b, "note", &note, e))
		return false;
	if (strcmp(kind, "backfill") == 0 && (event == 0 || job == w->filling))
		w->filling = event == 0 ? job : 0;
	return true;
}

static bool intent_fits(const struct walk *w, unsigned relid, int attnum, const char *snapshot, struct err *e)
{
	if (relid != w->relid || attnum != w->attnum)
		return fold_refuse(e, "the intent is for another target than the walk's");
	if (!w->final.equal || strcmp(w->final.manifest_sha256, snapshot) != 0)
		return fold_refuse(e, "the intent names another snapshot than the proven final one");
	return true;
}

bool fold_intent(struct walk *w, const struct record *r, struct err *e)
{
	const char *nonce, *snapshot, *statement, *digest;
	enum effect effect = EFFECT_NONE;
	int64_t expires;
	unsigned relid;
	int attnum;
	if (!fold_timed(r, e) || !body_oid(r->b, "relid", &relid, e) || !body_attnum(r->b, "attnum", &attnum, e) ||
	    !body_time(r->b, "expires", &expires, e) || !body_word(r->b, "nonce", &nonce, e) ||
	    !body_hex(r->b, "snapshot", 64, &snapshot, e) || !body_word(r->b, "statement", &statement, e) ||
	    !body_hex(r->b, "statement_sha256", 64, &digest, e) || !fold_move(w, EV_INTENT, &effect, e) ||
	    !intent_fits(w, relid, attnum, snapshot, e))
		return false;
	if (effect != EFFECT_DROP || !hex_is(r->head, 64))
		return fold_refuse(e, "the intent has no head");
	w->intent_n = r->n;
	memcpy(w->intent_head, r->head, sizeof w->intent_head);
	w->intent_nonce = arena_dup(w->arena, nonce);
	w->intent_statement = arena_dup(w->arena, statement);
	w->intent_snapshot = arena_dup(w->arena, snapshot);
	w->intent_t = r->t;
	w->intent_expires = expires;
	w->outcome_known = false;
	return true;
}

/* Removed rows are counted, and those that were left are listed in a blob. */
static bool outcome_rows(struct walk *w, const struct json *b, struct err *e)
{
	const char *blob;
	if (w->kind != TARGET_ROWS)
		return true;
	return body_hex(b, "blob", 64, &blob, e) && body_count(b, "left", &w->rows_left, e) && body_count(b, "removed", &w->rows_removed, e);
}

bool fold_outcome(struct walk *w, const struct record *r, struct err *e)
{
	static const char *const results[] = { "dropped", "not dropped", NULL };
	const char *why, *xid;
	int64_t at, held, lock, intent;
	size_t result;
	if (!body_choice(r->b, "result", results, &result, e) || !body_count(r->b, "intent", &intent, e) ||
	    !body_count(r->b, "held_us", &held, e) || !body_count(r->b, "lock_us", &lock, e) ||
	    !body_text(r->b, "why", &why, e) || !body_text(r->b, "xid", &xid, e))
		return false;
	bool dropped = result == 0;
	if ((dropped && !outcome_rows(w, r->b, e)) || !(dropped ? body_time(r->b, "at", &at, e) : body_time_or_none(r->b, "at", &at, e)))
		return false;
	if (!fold_move(w, dropped ? EV_DROPPED : EV_NOT_DROPPED, NULL, e))
		return false;
	if (intent != w->intent_n)
		return fold_refuse(e, "the outcome speaks of another intent than the open one");
	w->outcome_known = true;
	w->drop_us = held;
	w->lock_us = lock;
	if (dropped) {
		w->dropped = true;
		w->dropped_at = w->watch_from = at;
	}
	return true;
}

bool fold_alarm(struct walk *w, const struct record *r, struct err *e)
{
	const char *metric, *text, *value;
	int64_t at;
	if (!body_time(r->b, "at", &at, e) || !body_word(r->b, "metric", &metric, e) ||
	    !body_word(r->b, "text", &text, e) || !body_text(r->b, "value", &value, e))
		return false;
	w->alarms++;
	w->alarm = arena_dup(w->arena, text);
	return true;
}

bool fold_restore(struct walk *w, const struct record *r, struct err *e)
{
	const char *blob;
	int64_t n;
	if (!fold_here(w, AT_MONITOR, AT_CLOSED, e) || !fold_timed(r, e) || !body_hex(r->b, "blob", 64, &blob, e) ||
	    !body_count(r->b, "conflicts", &n, e) || !body_count(r->b, "gone", &n, e) || !body_count(r->b, "kept", &n, e) ||
	    !body_count(r->b, "placed", &n, e) || !body_count(r->b, "took_us", &n, e))
		return false;
	w->restored_at = r->t;
	return true;
}

bool fold_torn(struct walk *w, const struct record *r, struct err *e)
{
	const char *digest;
	int64_t n;
	if (!body_count(r->b, "length", &n, e) || !body_count(r->b, "offset", &n, e) || !body_hex(r->b, "sha256", 64, &digest, e))
		return false;
	w->stopped_by_torn = true;
	return true;
}
