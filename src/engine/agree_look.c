/* SPDX-License-Identifier: MIT */
/* Both sides of a disagreement: what log and ledger have, what follows from it, and the sentences that say so. */
#include "engine/agree_private.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "adapter/probe.h"
#include "adapter/remember.h"
#include "adapter/schema.h"
#include "adapter/snapshot.h"
#include "base/arena.h"
#include "base/text.h"
#include "base/when.h"
#include "core/rule.h"
#include "port/crypto.h"

static void say(struct sides *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void say(struct sides *s, const char *fmt, ...)
{
	char all[1024];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(all, sizeof all, fmt, ap);
	va_end(ap);
	if (s->n < SAID_MAX)
		s->said[s->n++] = arena_dup(s->a, all);
}

static const struct record *newest_timed(const struct engine *g, struct arena *a)
{
	for (size_t i = journal_count(g->journal); i-- > 0;)
		if (journal_line(g->journal, a, i)->t)
			return journal_line(g->journal, a, i);
	return journal_line(g->journal, a, 0);
}

bool agree_look(struct engine *g, struct sides *s, struct err *e)
{
	*s = (struct sides){ .a = lot_arena(g->walk_lot) };
	if (!place_look(g->db, s->a, &s->here, e) || !probe_server(g->db, s->a, &s->server, e) || !probe_mark(g->db, s->a, &s->mark, e) ||
	    !remember_read(s->a, s->server.sysid, s->server.dboid, &s->mark, e) || !ledger_mirrored(g->db, journal_sid(g->journal), &s->mirrored, e))
		return false;
	if (s->server.in_recovery)
		return err_set(e, ERR_USE, "Give the primary's address with -d.", "%s is a standby", s->server.label);
	s->last = line_last_anchor(g, e);
	s->newest = newest_timed(g, s->a);
	s->drop_lost = g->walk.dropped && s->last.n < g->walk.intent_n;
	s->adds = g->walk.archetype == ARCH_ADDITIVE ? g->walk.added_at > 0 : g->walk.added_attnum > 0;
	s->add_lost = s->adds && s->last.n < g->walk.changed_n;
	return s->last.n != -2 && probe_target(g->db, s->a, g->plan, &s->target, e);
}

/* A definition without the numbers of table and columns, which lead its lines: a dump that was restored gives others. */
static const char *unnumbered(struct arena *a, const char *definition)
{
	struct text t = { 0 };
	size_t used;
	for (const char *s = definition; *s; s += used) {
		while (strncmp(s, "relid=", 6) == 0 || strncmp(s, "attnum=", 7) == 0)
			s += strcspn(s, " \n") + (s[strcspn(s, " \n")] == ' ');
		used = strcspn(s, "\n");
		used += s[used] == '\n';
		text_addn(&t, s, used);
	}
	const char *out = arena_dup(a, text_str(&t));
	text_free(&t);
	return out;
}

/* All but the numbers must be the same. The log has only the digest of what the first snapshot copied: it fits where just the table's
   number, of a column its own as well, is another one. Else the snapshot's manifest, which the log vouches for, has the words. */
static bool same_definition(struct arena *a, const struct fact_target *t, const struct walk *w, struct err *e)
{
	const char *rest = t->definition ? strchr(t->definition, ' ') : NULL;
	const char *type = rest && w->kind == TARGET_COLUMN ? strstr(rest, " type=") : NULL;
	char sha[65];
	if (!rest)
		return err_set(e, ERR_VERIFY, NULL, "what %s is here cannot be read", w->target);
	const char *old = type ? arena_printf(a, "relid=%u attnum=%d%s", w->relid, w->attnum, type) : arena_printf(a, "relid=%u%s", w->relid, rest);
	crypto_sha256_hex(old, strlen(old), sha);
	if (strcmp(sha, w->first.definition_digest) == 0)
		return true;
	struct err why = { 0 };
	const char *was = w->kind == TARGET_COLUMN ? NULL : snapshot_definition(a, w->first.path, w->first.manifest_sha256, &why);
	if (was && strcmp(unnumbered(a, was), unnumbered(a, t->definition)) == 0)
		return true;
	if (!was && w->kind != TARGET_COLUMN)
		return err_set(e, ERR_VERIFY, "Run it where the first snapshot's manifest is.", "whether %s is the same here cannot be told: %s", w->target, why.msg);
	return err_set(e, ERR_VERIFY, arena_printf(a, "A walk keeps to its own %s: leave this one behind, and begin another.", target_noun(w->kind)),
		"%s has another definition here than where the walk began", w->target);
}

/* It counts on when the database has known of it, its files are whole, and the target is the one it holds. */
static bool first_stands(struct engine *g, const struct sides *s)
{
	const struct fact_snapshot *f = &g->walk.first;
	const struct fact_target *t = &s->target;
	struct err why = { 0 };
	if (!f->begun)
		return true;
	if (g->walk.first_n >= s->mirrored && g->walk.first_n > s->last.n)
		return false;
	return t->found && t->relid == f->relid && t->attnum == f->attnum && strcmp(t->definition_digest, f->definition_digest) == 0 &&
		snapshot_check(s->a, f->path, f->manifest_sha256, &why);
}

/* A drop that the ledger has no entry of, and a target that is gone: nobody knows what happened. */
static bool target_fits(const struct engine *g, const struct sides *s, struct err *e)
{
	if (s->target.found || (g->walk.dropped && !s->drop_lost) || g->walk.stage >= AT_CLOSED)
		return true;
	return err_set(e, ERR_VERIFY, "Find out who took it away; the walk stops here until that is known.", s->drop_lost ?
		"the ledger is of before the drop, and yet the target is not there: %s" : "the target is not there: %s", s->target.missing);
}

static bool lead(const struct engine *g, struct sides *s, enum event ev, struct err *e)
{
	struct move m;
	if (!walk_move(g->walk.archetype, s->to, ev, 0, &m))
		return err_set(e, ERR_USE, NULL, "there is no way on from here (%s)", stage_name(s->to));
	s->to = m.to;
	return true;
}

static bool recount(const struct engine *g, struct sides *s, struct err *e)
{
	return walk_recounts(&g->walk, s->drop_lost || s->add_lost, &s->to) || err_set(e, ERR_USE, NULL, "there is no way on from here (%s)", stage_name(g->walk.stage));
}

/* A column, or a constraint, that the log has is there, one that it lost is not. Of two columns side by side trigger and old column have a state of
   their own, which nothing here can put back: of before a change of them there is no way on. */
static bool column_fits(const struct engine *g, const struct sides *s, struct err *e)
{
	if (archetype_beside(g->walk.archetype) && s->add_lost && !s->drop_lost && g->walk.stage < AT_CLOSED)
		return err_set(e, ERR_VERIFY, "Look at what stands on the table, and begin another walk from there.",
			"the ledger is of before line %lld of the log, a change of the table: this walk cannot go on here", (long long)g->walk.changed_n);
	bool asks = g->walk.kind == TARGET_CONSTRAINT, there = asks ? rule_step(g->plan, &s->target) != RULE_ABSENT : s->target.taken > 0;
	if (!s->adds || g->walk.stage >= AT_CLOSED || there == !s->add_lost)
		return true;
	return err_set(e, ERR_VERIFY, "Find out who changed the table; the walk stops here until that is known.", s->add_lost ?
		"the ledger is of before the %s came, and yet there is one of its name" : "the ledger has the %s, and the table has none of its name", asks ? plan_noun(g->plan) : "new column");
}

bool agree_resync_leads(struct engine *g, struct sides *s, struct err *e)
{
	s->to = g->walk.stage;
	if (!target_fits(g, s, e) || !column_fits(g, s, e) || !recount(g, s, e))
		return false;
	s->again = s->to <= AT_UNUSED && (!s->adds || s->add_lost) && !first_stands(g, s);   /* what has come needs no copy of before it any more */
	return !s->again || lead(g, s, EV_RESTART, e);
}

bool agree_rebind_leads(struct engine *g, struct sides *s, struct err *e)
{
	s->to = g->walk.stage;
	if (!target_fits(g, s, e) || !column_fits(g, s, e))
		return false;
	if (s->target.found && !(g->walk.dropped && !s->drop_lost) && g->walk.first.begun && !same_definition(s->a, &s->target, &g->walk, e))
		return false;
	/* A table that was dropped has no number anywhere: it keeps the one it had. */
	if (!s->target.relid && g->walk.kind != TARGET_TABLE)
		return err_set(e, ERR_VERIFY, NULL, "the table of the walk is not there: %s", s->target.missing);
	s->relid = s->target.relid ? s->target.relid : g->walk.relid;
	s->attnum = s->target.found ? s->target.attnum : g->walk.attnum;
	if ((g->walk.dropped || s->adds || g->walk.change != CHANGE_NONE) && !recount(g, s, e))
		return false;
	s->again = s->to <= AT_DROPPING && (!s->adds || s->add_lost);
	return !s->again || lead(g, s, EV_RESTART, e);
}

static void say_lost(struct engine *g, struct sides *s)
{
	char when[WHEN_MAX];
	size_t decisions = 0, lost = 0;
	for (size_t i = (size_t)(s->last.n + 1); i < journal_count(g->journal); i++) {
		lost += (int64_t)i >= s->mirrored;
		decisions += line_anchored(journal_mark(g->journal, i));
	}
	if (!lost && !decisions)
		return;
	say(s, "missing   %zu line%s of the log, %zu decision%s, in the database", lost, lost == 1 ? "" : "s", decisions, decisions == 1 ? "" : "s");
	for (size_t i = (size_t)(s->last.n + 1), shown = 0; i < journal_count(g->journal) && shown < 4; i++) {
		if (!line_anchored(journal_mark(g->journal, i)))
			continue;
		const struct record *r = journal_line(g->journal, s->a, i);
		say(s, "          line %lld, %s, %s UTC by %s", (long long)r->n, record_op_name(r->op), when_short(r->t, when), r->who);
		shown++;
	}
}

void agree_say_sides(struct engine *g, struct sides *s)
{
	char when[WHEN_MAX];
	say(s, "walk      %s (%.8s), %s", g->walk.name, g->walk.sid, g->walk.target);
	say(s, "log       %zu lines, the last one of %s UTC, timeline %lld at %s", journal_count(g->journal),
		when_short(s->newest->t, when), (long long)s->newest->tli, s->newest->lsn);
	say(s, "database  %s, timeline %lld, %s now", s->server.label, (long long)s->here.tli, s->server.lsn);
	if (s->last.n < 0)
		say(s, "ledger    knows nothing of this walk");
	else
		say(s, "ledger    its last entry is line %lld of the log (%s), of %s UTC", (long long)s->last.n,
			record_op_name(journal_mark(g->journal, (size_t)s->last.n)->op), when_short(s->last.at, when));
	say_lost(g, s);
}

void agree_say_mark(struct sides *s)
{
	if (!s->here.marked)
		say(s, "mark      %s, made for %s; this is %.*s", s->here.environment, s->here.marked_for,
			(int)(strrchr(s->here.db, '.') - s->here.db), s->here.db);
	if (s->here.version < SCHEMA_VERSION)
		say(s, "schema    version %d, upgraded in place to %d", s->here.version, SCHEMA_VERSION);
}

void agree_say_end(struct engine *g, struct sides *s)
{
	if (strcmp(s->here.db, g->walk.db) != 0) {
		say(s, "from      %s", g->walk.db);
		if (g->walk.attnum)
			say(s, "to        %s: oid %u, column %d (was %u, %d)", s->here.db, s->relid, s->attnum, g->walk.relid, g->walk.attnum);
		else
			say(s, "to        %s: oid %u (was %u)", s->here.db, s->relid, g->walk.relid);
	}
	if (s->drop_lost)
		say(s, "drop      the log says dropped; the database is of before it, and the target is there. The drop is noted as lost.");
	if (s->add_lost)
		say(s, "column    the log says that it came; the database is of before that. It may come again.");
	if (s->again && g->walk.first.begun)
		say(s, "snapshot  the first one does not count any more: it is taken again");
	if (s->to == g->walk.stage && s->to >= AT_CLOSED)
		say(s, "then      the walk stays %s; the ledger gets what it lacks, marked", stage_name(s->to));
	else
		say(s, "then      the walk stands at \"%s\" (was \"%s\"); waits, audit and final snapshot count anew; the ledger gets what it lacks, marked",
			stage_name(s->to), stage_name(g->walk.stage));
}
