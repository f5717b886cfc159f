/* SPDX-License-Identifier: MIT */
/* Gate A: can we get it back? */
#include "core/gate_rules.h"

#include <string.h>

#include "base/arena.h"
#include "base/when.h"
#include "core/sql.h"

#define DIGEST_NAMED 12   /* hex digits of a plan's digest that name it */

static bool snapshot_there(const struct judge *j)
{
	if (j->w->first.begun && j->w->first.id)
		return true;
	find_now(j->o, "none");
	find_shut(j->o, REFUSED, "no snapshot has been taken in this walk yet");
	find_passes(j->o, "a snapshot of the %s, proven equal", rule_noun(j));
	find_todo(j->o, "Start the snapshot with its proof and its drill (item 1).");
	return false;
}

static bool snapshot_shut(const struct judge *j, const char *what)
{
	find_shut(j->o, REFUSED, "snapshot %s %s", j->w->first.id, what);
	find_passes(j->o, "a snapshot of the %s as now, from this database", rule_noun(j));
	find_todo(j->o, "Step back to item 1 and take the snapshot again.");
	return false;
}

void rule_a1(const struct judge *j)
{
	const struct fact_snapshot *s = &j->w->first;
	const struct fact_target *t = &j->f->target;
	const struct fact_server *server = &j->f->server;
	char when[WHEN_MAX];
	if (!snapshot_there(j) || !rule_identity(j) || !rule_fresh(j, t->at, LOOK_LIVES, "the target") || !rule_target(j))
		return;
	j->o->seen = s->begun;
	find_now(j->o, "%s of %s", s->id, when_short(s->begun, when));
	if (!same_known(s->sysid, server->sysid) || s->dboid != server->dboid)
		snapshot_shut(j, "was taken from another database");
	else if (s->relid != t->relid || s->attnum != t->attnum)
		snapshot_shut(j, "holds another target");
	else if (!same_known(s->definition_digest, t->definition_digest))
		snapshot_shut(j, "was taken under another definition than there is now");
	else
		find_holds(j->o);
}

void rule_a2(const struct judge *j)
{
	const struct fact_snapshot *s = &j->w->first;
	char rows[32];
	if (!snapshot_there(j))
		return;
	j->o->seen = s->proved;
	find_now(j->o, s->equal ? "%s rows, equal" : "%s rows, not equal", grouped(s->rows, rows));
	if (!s->equal)
		snapshot_shut(j, "does not equal its source: the copy loaded from its files differs");
	else if (!s->proved)
		snapshot_shut(j, "has not been loaded and compared yet");
	else
		find_holds(j->o);
}

static void drill_shut(const struct judge *j, const char *because)
{
	find_shut(j->o, REFUSED, "%s", because);
	find_passes(j->o, "a restore drill of this database that passes");
	find_todo(j->o, "Start a restore drill from the files alone (item 1).");
}

void rule_a3(const struct judge *j)
{
	const struct fact_drill *d = &j->w->drill;
	const struct fact_server *server = &j->f->server;
	char when[WHEN_MAX], took[WHEN_MAX];
	if (!d->at) {
		find_now(j->o, "none");
		drill_shut(j, "no restore drill has run in this walk yet");
		return;
	}
	if (!rule_fresh(j, server->at, LOOK_LIVES, "the server") || !rule_fresh(j, d->at, j->lives, "the restore drill"))
		return;
	find_now(j->o, "%s %s, way back %s", d->passed ? "passed" : "failed", when_short(d->at, when), when_span(d->restore_us, took));
	if (!d->passed) {
		drill_shut(j, "");
		find_shut(j->o, REFUSED, "the last restore drill failed: %s", d->problem ? d->problem : "no reason was given");
	} else if (!same_known(d->sysid, server->sysid) || d->dboid != server->dboid) {
		drill_shut(j, "the last restore drill was of another database");
	} else {
		find_holds(j->o);
	}
}

/* The words of the plan at hand are those that the log was opened with, or amended to. */
static bool same_plan(const struct judge *j)
{
	if (same_known(j->p->digest, j->w->plan_digest))
		return true;
	find_now(j->o, "another plan");
	find_shut(j->o, REFUSED, "the plan at hand is not the one in the log: %.12s here, %.12s there",
		j->p->digest, j->w->plan_digest ? j->w->plan_digest : "");
	find_passes(j->o, "the plan as the log has it");
	find_todo(j->o, "Take the new version in with gatewalk amend, or put the old file back.");
	return false;
}

void rule_a4(const struct judge *j)
{
	char when[WHEN_MAX];
	if (!same_plan(j))
		return;
	j->o->seen = j->w->confirmed[ITEM_ARCHETYPE];
	find_now(j->o, "%s", archetype_name(j->p->archetype));
	const char *name = archetype_name(j->w->archetype);
	if (j->p->archetype != j->w->archetype || plan_recipe(j->p) != j->w->archetype) {
		if (j->w->archetype != ARCH_DESTRUCTIVE)
			find_shut(j->o, REFUSED, "the walk began as %s, and the plan says %s", name, archetype_name(j->p->archetype));
		else
			find_shut(j->o, REFUSED, "taking the %s away is destructive, and the plan says %s", rule_noun(j), archetype_name(j->p->archetype));
		find_passes(j->o, "archetype: %s", name);
		find_todo(j->o, "Correct the plan's archetype: that is a new walk.");
		return;
	}
	if (!j->o->seen) {
		find_shut(j->o, REFUSED, "the archetype has not been confirmed");
		find_passes(j->o, "you type \"%s\" at item 2", name);
		find_todo(j->o, "Confirm item 2.");
		return;
	}
	find_now(j->o, "%s, confirmed %s", name, when_short(j->o->seen, when));
	find_holds(j->o);
	if (!j->p->statement)
		return;
	struct arena *a = arena_new();
	const char *why = "";
	if (!sql_same(a, j->p, j->p->statement, &why)) {
		find_shut(j->o, REFUSED, "the plan's statement is not the one gatewalk writes: %s", why);
		find_passes(j->o, "the same statement, or none in the plan");
		find_todo(j->o, "Correct or remove statement in the plan: that is a new walk.");
	}
	arena_free(a);
}

static const char *undocumented(const struct plan *p)
{
	const struct { const char *name, *value; } fields[] = {
		{ "before", p->before }, { "after", p->after }, { "why", p->why }, { "way_back", p->way_back },
		{ "leaves_behind", p->leaves_behind }, { "rollback_floor", p->rollback_floor }, { "api_contract", p->api_contract },
	};
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		if (!fields[i].value || fields[i].value[strspn(fields[i].value, " \t\r\n")] == '\0')
			return fields[i].name;
	return NULL;
}

void rule_a5(const struct judge *j)
{
	const char *missing = undocumented(j->p);
	if (!same_plan(j))
		return;
	find_passes(j->o, "every field of document, deploys and document.falls filled in");
	find_todo(j->o, "Fill it in and take the plan in with gatewalk amend.");
	find_now(j->o, "not in full");
	if (missing) {
		find_shut(j->o, REFUSED, "document.%s is empty", missing);
		return;
	}
	if (j->p->n_deploys == 0 || (!j->p->has_falls && j->w->archetype != ARCH_ADDITIVE)) {
		find_shut(j->o, REFUSED, j->p->has_falls ? "no deployed part is named" : "document.falls is missing; [] says that nothing falls");
		return;
	}
	if (j->p->backfill.value && j->p->backfill.n_pauses == 0) {
		find_shut(j->o, REFUSED, "the backfill has no condition under which it pauses");
		find_passes(j->o, "backfill.pause names at least one");
		return;
	}
	if (!j->w->confirmed[ITEM_DOCUMENT]) {
		find_now(j->o, "not confirmed");
		find_shut(j->o, REFUSED, "the documentation has not been confirmed");
		find_passes(j->o, "you type the rollback floor at item 3");
		find_todo(j->o, "Confirm item 3.");
		return;
	}
	if (!rule_fresh(j, j->f->target.at, LOOK_LIVES, "the target") || !rule_target(j) || !rule_falls(j))
		return;
	j->o->seen = j->f->target.at;
	if (j->w->archetype == ARCH_ADDITIVE)
		find_now(j->o, "in full");
	else
		find_now(j->o, "in full; %zu fall%s with it", j->p->n_falls, j->p->n_falls == 1 ? "s" : "");
	find_holds(j->o);
}

void rule_a6(const struct judge *j)
{
	const struct fact_others *o = &j->f->others;
	if (!rule_fresh(j, o->at, j->lives, "the other walks on this database"))
		return;
	if (o->clear) {
		find_now(j->o, "none");
		find_holds(j->o);
		return;
	}
	find_now(j->o, "%s", o->who ? o->who : "one is open");
	find_shut(j->o, REFUSED, "another walk is in the way: %s", o->who ? o->who : "one is open");
	find_passes(j->o, "no other walk on this table or its ties, none changing schema, none within 48 h of a drop");
	find_todo(j->o, "Finish or leave the other walk first, or wait for its 48 h.");
}

/* The value names the rehearsed plan by the start of its digest, as `gatewalk status` prints it. */
static bool names_plan(const char *value, const char *digest)
{
	size_t run = strspn(value, "0123456789abcdef");
	return run >= DIGEST_NAMED && run <= 64 && strncmp(value, digest, run) == 0 &&
		strstr(value + run, "way back included") != NULL;
}

static bool said(const struct judge *j, const char *what, const char *key)
{
	const struct walk_declared *d = walk_declared(j->w, what, key);
	return d && d->value && d->value[strspn(d->value, " ")] != '\0';
}

void rule_a7(const struct judge *j)
{
	const struct walk_declared *d = walk_declared(j->w, "rehearsed", "");
	char when[WHEN_MAX];
	if (j->w->env != ENV_PRODUCTION) {
		find_not_needed(j->o, "only production asks for a rehearsal");
		return;
	}
	if (!same_plan(j))
		return;
	j->o->seen = d ? d->at : 0;
	find_now(j->o, d ? "%s" : "not declared", d ? d->value : "");
	find_passes(j->o, "\"%.12s, way back included\" and both tests named", j->p->digest);
	find_todo(j->o, "Rehearse this plan, restore included, then declare it (item 3).");
	if (!d) {
		find_shut(j->o, REFUSED, "no rehearsal of this plan has been declared");
	} else if (!names_plan(d->value, j->p->digest)) {
		find_shut(j->o, REFUSED, "the declared rehearsal is of another plan, or without its way back");
	} else if (!said(j, "tests", "old_code")) {
		find_now(j->o, "old code not tested");
		find_shut(j->o, REFUSED, "nobody has named the test of the old code on the new schema");
	} else if (!said(j, "tests", "half_filled")) {
		find_now(j->o, "half-filled data not tested");
		find_shut(j->o, REFUSED, "nobody has named the test of the new code on half-filled data");
	} else {
		find_now(j->o, "declared %s", when_short(d->at, when));
		find_holds(j->o);
	}
}
