/* SPDX-License-Identifier: MIT */
/* A new column comes, or goes again: what was signed, and what became of it. */
#include "core/walk_fold.h"

#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "core/body.h"

bool fold_change(struct walk *w, const struct record *r, struct err *e)
{
	static const char *const whats[] = { "add", "take", NULL };
	const char *nonce, *statement, *digest, *why;
	int64_t expires;
	unsigned relid;
	size_t what;
	if (!fold_timed(r, e) || !body_choice(r->b, "what", whats, &what, e) || !body_oid(r->b, "relid", &relid, e) ||
	    !body_time(r->b, "expires", &expires, e) || !body_word(r->b, "nonce", &nonce, e) || !body_word(r->b, "statement", &statement, e) ||
	    !body_hex(r->b, "statement_sha256", 64, &digest, e) || !body_text(r->b, "why", &why, e) || !fold_move(w, what ? EV_TAKE : EV_ADD, NULL, e))
		return false;
	if (relid != w->relid)
		return fold_refuse(e, "the change is for another table than the walk's");
	if (!hex_is(r->head, 64))
		return fold_refuse(e, "the change has no head");
	w->change = what ? CHANGE_TAKE : CHANGE_ADD;
	w->intent_n = r->n;
	memcpy(w->intent_head, r->head, sizeof w->intent_head);
	w->intent_nonce = arena_dup(w->arena, nonce);
	w->intent_statement = arena_dup(w->arena, statement);
	w->intent_t = r->t;
	w->intent_expires = expires;
	w->outcome_known = false;
	return true;
}

/* A column that is gone again takes along what was reached with it. */
static void end_of_change(struct walk *w, bool done, int64_t at, int attnum)
{
	bool there = (w->change == CHANGE_ADD) == done;
	w->added_attnum = !there ? 0 : done ? attnum : w->added_attnum;
	w->added_at = !there ? 0 : done ? at : w->added_at;
	w->change = CHANGE_NONE;
	w->outcome_known = true;
	fold_undo(w);
}

bool fold_changed(struct walk *w, const struct record *r, struct err *e)
{
	static const char *const results[] = { "done", "not done", NULL };
	const char *why, *xid;
	int64_t at, held, lock, intent;
	int attnum;
	size_t result;
	if (!body_choice(r->b, "result", results, &result, e) || !body_count(r->b, "intent", &intent, e) || !body_attnum(r->b, "attnum", &attnum, e) ||
	    !body_count(r->b, "held_us", &held, e) || !body_count(r->b, "lock_us", &lock, e) || !body_text(r->b, "why", &why, e) || !body_text(r->b, "xid", &xid, e))
		return false;
	bool done = result == 0, add = w->change == CHANGE_ADD;
	if (!(done ? body_time(r->b, "at", &at, e) : body_time_or_none(r->b, "at", &at, e)))
		return false;
	if (!fold_move(w, add ? (done ? EV_ADDED : EV_NOT_ADDED) : done ? EV_TAKEN : EV_NOT_TAKEN, NULL, e))
		return false;
	if (intent != w->intent_n)
		return fold_refuse(e, "the outcome speaks of another change than the open one");
	if ((done && add) != (attnum > 0))
		return fold_refuse(e, "field \"attnum\" does not fit what was done");
	w->drop_us = held;
	w->lock_us = lock;
	end_of_change(w, done, at, attnum);
	return true;
}
