/* SPDX-License-Identifier: MIT */
#include "engine/agree.h"

#include <string.h>

#include "adapter/apply.h"
#include "adapter/guard.h"
#include "adapter/own.h"
#include "adapter/probe.h"
#include "adapter/remember.h"
#include "adapter/schema.h"
#include "adapter/slot.h"
#include "base/arena.h"
#include "engine/altering.h"
#include "engine/agree_private.h"
#include "engine/drop_parts.h"

#define SETTLE_MS 15000
#define WHY_MIN 4

/* The sentences are shown, and the word is typed; nothing else is an answer. */
static bool asked(struct sides *s, const char *word, const struct asker *by, struct agree_answer *out, struct err *e)
{
	if (!by->ask(by->ctx, s->said, s->n, word, out, e))
		return false;
	if (!out->typed || strcmp(out->typed, word) != 0)
		return err_set(e, ERR_USE, "Type it exactly.", "the answer is not %s, but \"%s\": nothing was changed", word, out->typed ? out->typed : "");
	return (out->why && strlen(out->why) >= WHY_MIN) || err_set(e, ERR_USE, "Say it in a few words: the log keeps it.", "this needs a reason");
}

static void add_common(struct json *b, const struct sides *s)
{
	json_add_str(b, "last_head", s->last.n < 0 ? "" : s->last.head);
	json_add_int(b, "last_n", s->last.n);
	json_add_str(b, "lsn_was", s->newest->lsn);
	json_add_int(b, "mirrored", s->mirrored);
}

static void add_end(struct json *b, const struct sides *s, const struct agree_answer *by)
{
	json_add_int(b, "tli_was", s->newest->tli);
	json_add_str(b, "to", stage_name(s->to));
	json_add_str(b, "typed", by->typed);
	json_add_str(b, "why", by->why);
}

static const char *drop_word(const struct engine *g, const struct sides *s)
{
	return !g->walk.dropped ? "none" : s->drop_lost ? "lost" : "stands";
}

/* A walk that is over keeps no watch: a tripwire, slot or guard that came back with the backup goes again. */
static bool tidy(struct engine *g, struct err *e)
{
	return g->walk.stage < AT_CLOSED || (own_tripwire_take(g->db, lot_arena(g->walk_lot), g->walk.sid, g->walk.relid, e) &&
		slot_take(g->db, lot_arena(g->walk_lot), g->walk.sid, e) && guard_take(g->db, lot_arena(g->walk_lot), g->walk.sid, e));
}

static bool written(struct engine *g, enum record_op op, const struct json *b, struct err *e)
{
	if (!line_write(g, op, b, false, e) || !line_sync(g, e))
		return false;
	if (g->state != LOG_AGREES)
		return line_disagree(g, e);
	if (!tidy(g, e))
		return false;
	struct err soft = { 0 };
	engine_look(g, &soft);
	return true;
}

static bool opened(struct engine *g, const char *walk, struct err *e)
{
	if (!engine_walk_open(g, walk, e))
		return false;
	if (!g->db) {
		*e = g->db_err;
		return false;
	}
	return true;
}

bool engine_resync(struct engine *g, const char *walk, const struct asker *by, struct err *e)
{
	struct sides s;
	struct agree_answer answer = { NULL, NULL };
	if (!opened(g, walk, e))
		return false;
	if (g->state == LOG_AGREES)
		return err_set(e, ERR_USE, NULL, "log and database agree: there is nothing to bring together");
	if (!log_state_resyncs(g->state))
		return line_disagree(g, e);
	/* An open drop's own backend may still be at its COMMIT. */
	if (!apply_ended(g->db, g->walk.sid, SETTLE_MS, e) || !agree_look(g, &s, e) || !agree_resync_leads(g, &s, e))
		return false;
	agree_say_sides(g, &s);
	agree_say_end(g, &s);
	if (!asked(&s, g->walk.name, by, &answer, e) || !engine_unlock(g, e))
		return false;
	struct json *b = line_body(g);
	json_add_str(b, "drop", drop_word(g, &s));
	add_common(b, &s);
	json_add_str(b, "snapshot", s.again ? "again" : "stands");
	add_end(b, &s, &answer);
	if (!written(g, OP_RESYNC, b, e))
		return false;
	engine_say(g, "brought together: the walk is at \"%s\"", stage_name(g->walk.stage));
	return true;
}

/* An open drop or change that the ledger has an entry of was done: its outcome is written before the walk moves. A removal ends with the rows that
   it has removed in this database, and is refused while its job is at work. */
static bool settled(struct engine *g, struct sides *s, struct err *e)
{
	bool open = g->walk.stage == AT_DROPPING || walk_is_changing(&g->walk);
	if (!open || s->last.n < g->walk.intent_n)
		return true;
	g->state = LOG_AGREES;
	bool ok = walk_is_changing(&g->walk) ? altering_settle(g, e) : g->walk.kind == TARGET_ROWS ? rows_end(g, NULL, e) : drop_settle(g, e);
	return ok && line_compare_all(g, e) && agree_look(g, s, e);
}

static bool may_rebind(struct engine *g, struct err *e)
{
	if (g->state == LOG_AGREES)
		return err_set(e, ERR_USE, NULL, "this is the very database that the walk is in: there is nothing to rebind");
	if (g->state == LOG_MOVED && (g->under == LOG_AGREES || g->under == LOG_AHEAD || g->under == LOG_DROP_LOST))
		return true;
	if (g->state == LOG_MOVED)
		g->state = g->under;   /* why this ledger is not, or not whole, the walk's */
	if (g->state == LOG_NO_WALK)
		return err_set(e, ERR_VERIFY, "A walk goes on only where its ledger is. Begin a new one here.", "this database's ledger knows nothing of the walk %s", g->walk.name);
	return line_disagree(g, e);
}

static bool remark(struct engine *g, struct sides *s, struct err *e)
{
	struct arena *a = s->a;
	if (!remember_allows(a, s->server.sysid, s->server.dboid, s->mark.env, e))
		return false;
	if ((!s->here.marked || s->here.version < SCHEMA_VERSION || s->mark.comment_env != s->mark.env) && !schema_rebind(g->db, a, e))
		return false;
	return remember_write(a, s->server.sysid, s->server.dboid, s->mark.install_id, s->mark.env, false, e);
}

static struct json *rebind_body(struct engine *g, const struct sides *s, const struct agree_answer *by)
{
	struct json *b = line_body(g);
	if (s->adds && !s->add_lost)
		json_add_int(b, "added", s->target.taken);
	json_add_int(b, "attnum", s->attnum);
	json_add_str(b, "drop", drop_word(g, s));
	json_add_str(b, "from", g->walk.db);
	json_add_str(b, "into", s->here.db);
	add_common(b, s);
	json_add_int(b, "relid", s->relid);
	json_add_str(b, "server", s->server.label);
	add_end(b, s, by);
	return b;
}

bool engine_rebind(struct engine *g, const char *walk, const struct asker *by, struct err *e)
{
	struct sides s;
	struct agree_answer answer = { NULL, NULL };
	engine_walk_close(g);
	g->rebinding = true;
	bool ok = opened(g, walk, e) && may_rebind(g, e) && apply_ended(g->db, g->walk.sid, SETTLE_MS, e) && agree_look(g, &s, e) &&
		settled(g, &s, e) && agree_rebind_leads(g, &s, e);
	if (ok) {
		agree_say_sides(g, &s);
		agree_say_mark(&s);
		agree_say_end(g, &s);
		ok = asked(&s, g->walk.name, by, &answer, e) && engine_unlock(g, e) && remark(g, &s, e);
	}
	g->rebinding = false;
	if (!ok || !written(g, OP_REBIND, rebind_body(g, &s, &answer), e))
		return false;
	engine_say(g, "the walk goes on in %s, at \"%s\"", s.server.label, stage_name(g->walk.stage));
	return true;
}

bool engine_rebind_mark(struct engine *g, const struct asker *by, struct err *e)
{
	struct sides s = { .a = g->arena };
	struct agree_answer answer = { NULL, NULL };
	engine_walk_close(g);
	if (!engine_connect(g, e) || !probe_direct(g->db, e) || !probe_server(g->db, s.a, &s.server, e) || !probe_mark(g->db, s.a, &s.mark, e))
		return false;
	if (!s.mark.installed)
		return err_set(e, ERR_USE, "gatewalk init --environment WHICH", "there is no gatewalk schema in %s", s.server.label);
	if (!place_look(g->db, s.a, &s.here, e))
		return false;
	if (s.here.marked)
		return err_set(e, ERR_USE, NULL, "the mark of %s was made for this very database: there is nothing to rebind", s.server.label);
	agree_say_mark(&s);
	if (!asked(&s, s.server.label, by, &answer, e) || !remark(g, &s, e))
		return false;
	engine_say(g, "%s is marked %s; open walks go on with gatewalk rebind WALK", s.server.label, env_name(s.mark.env));
	return true;
}

const char *engine_agreed(const struct engine *g)
{
	return g->last_done;
}
