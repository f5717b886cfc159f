/* SPDX-License-Identifier: MIT */
/* The numbers are those of the rules in index.h. */
#include "adapter/index.h"

#include <string.h>

#include "adapter/retry.h"
#include "adapter/writer.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "core/rule.h"
#include "core/sql.h"
#include "core/walk.h"
#include "port/db.h"
#include "port/files.h"

#define TICK_MS 500
#define SETTINGS_SQL "SET statement_timeout = 0; SET lock_timeout = 0; SET idle_session_timeout = 0; SELECT set_config(name, '0', false) FROM pg_settings WHERE name = 'transaction_timeout'"

struct building {
	const struct index_order *o;
	struct arena *a;
	struct db *db, *eye;      /* the one builds, the other looks on meanwhile */
	unsigned relid;
	const char *doing;        /* the phase, where the server has none */
	bool alone;               /* this session has the lock of rule 1 */
};

enum stands { NOTHING, UNFINISHED, BUILT, BY_OTHERS };

/* ---- meanwhile ---- */

/* $1 the builder's pid. Who is in its way: the transaction whose end it waits for, or who holds the table. */
static const char EYE_SQL[] =
"/* gatewalk */ SELECT coalesce(p.phase, ''), coalesce(greatest(p.blocks_done, p.tuples_done), 0), coalesce(greatest(p.blocks_total, p.tuples_total), 0),\n"
"  b.pid, coalesce(nullif(b.application_name, ''), 'no name'), b.usename, coalesce((extract(epoch FROM clock_timestamp() - b.xact_start))::bigint, 0)\n"
"FROM (SELECT $1::int AS pid) me LEFT JOIN pg_stat_progress_create_index p USING (pid)\n"
"LEFT JOIN pg_stat_activity b ON b.pid = coalesce(nullif(p.current_locker_pid, 0), (pg_blocking_pids(me.pid))[1])";

static const char *short_phase(const char *server)
{
	static const struct { const char *begins, *is; } phases[] = { { "building", "build" }, { "index validation", "check" }, { "waiting", "wait" } };
	for (size_t i = 0; i < sizeof phases / sizeof *phases; i++)
		if (strncmp(server, phases[i].begins, strlen(phases[i].begins)) == 0)
			return phases[i].is;
	return NULL;
}

static bool tick_at(const struct building *b, struct arena *a, int pid)
{
	struct index_tick t = { .phase = b->doing, .note = "" };
	const char *args[] = { arena_printf(a, "%d", pid) };
	struct rows r;
	if (db_ask(b->eye, a, &(struct query){ .sql = EYE_SQL, .args = args, .nargs = 1, .cols = 7, .min_rows = 1 }, &r, NULL)) {
		char **c = r.cell[0];
		const char *phase = short_phase(c[0]);
		t = (struct index_tick){ .phase = phase ? phase : b->doing, .done = cell_double(c[1]), .total = cell_double(c[2]), .note = "" };
		if (c[3])
			t.note = arena_printf(a, "waits for pid %s (%s, %s), in a transaction for %s s", c[3], text_clean(a, c[4]), text_clean(a, c[5] ? c[5] : ""), c[6]);
	}
	return b->o->tick(b->o->ctx, &t);
}

static bool tick(void *building)
{
	const struct building *b = building;
	struct arena *a = arena_new();
	bool on = tick_at(b, a, db_backend_pid(b->db));
	arena_free(a);
	return on;
}

static bool sent(struct building *b, const char *doing, const char *sql, struct err *e)
{
	b->doing = doing;
	return db_long(b->db, sql, TICK_MS, tick, b, e);
}

/* ---- what stands ---- */

/* $1 schema, $2 name, $3 the table's oid. */
static const char STANDS_SQL[] =
"/* gatewalk */ SELECT i.indrelid IS NOT DISTINCT FROM $3::oid, coalesce(i.indisvalid AND i.indisready, false),\n"
"  coalesce((SELECT min(pid) FROM pg_stat_progress_create_index WHERE index_relid = x.oid AND pid <> pg_backend_pid()), 0), pg_relation_size(x.oid)\n"
"FROM pg_class x JOIN pg_namespace n ON n.oid = x.relnamespace LEFT JOIN pg_index i ON i.indexrelid = x.oid WHERE n.nspname = $1 AND x.relname = $2";

static bool look(struct building *b, enum stands *is, int *builder, int64_t *bytes, struct err *e)
{
	const struct plan *p = b->o->plan;
	const char *args[] = { p->schema, p->add_name, arena_printf(b->a, "%u", b->relid) };
	struct rows r;
	*is = NOTHING;
	if (!db_ask(b->db, b->a, &(struct query){ .sql = STANDS_SQL, .args = args, .nargs = 3, .cols = 4, .max_rows = 1 }, &r, e))
		return false;
	if (!r.n)
		return true;
	char **c = r.cell[0];
	if (!cell_bool(c[0]))
		return err_set(e, ERR_GATE, "Find out who made it.", "something else of schema %s is named %s already", p->schema, p->add_name);
	*builder = (int)cell_int(c[2]);
	*bytes = cell_int(c[3]);
	*is = cell_bool(c[1]) ? BUILT : *builder ? BY_OTHERS : UNFINISHED;
	return true;
}

/* ---- the way ---- */

static const char *drop_sql(const struct building *b)
{
	const struct plan *p = b->o->plan;
	return arena_printf(b->a, "DROP INDEX CONCURRENTLY IF EXISTS %s.%s", sql_quoted(b->a, p->schema), sql_quoted(b->a, p->add_name));
}

/* 4: at once or not at all. The next build finds what is left. */
static void clean_up(struct building *b)
{
	enum stands is;
	int builder;
	int64_t bytes;
	struct err e = { 0 };
	if (db_alive(b->db) && look(b, &is, &builder, &bytes, &e) && is == UNFINISHED &&
	    db_script(b->db, b->a, "SET lock_timeout = '2s'; SET statement_timeout = '5s'", 0, NULL, &e) && db_script(b->db, b->a, drop_sql(b), 6000, NULL, &e))
		b->o->event(b->o->ctx, "what it had begun was taken away");
}

static bool follow(struct building *b, int pid, struct err *e)
{
	b->doing = "wait";
	struct arena *a = arena_new();
	bool on = tick_at(b, a, pid);
	arena_free(a);
	if (!on)
		return err_set(e, ERR_INTERRUPTED, NULL, "stopped");
	clock_nap(TICK_MS);
	return true;
}

/* With a short wait for locks, and a look again behind each: an index that another session's build has finished meanwhile is no leftover. */
static bool cleared(struct building *b, bool *told, struct err *e)
{
	struct err why = { 0 };
	if (!*told)
		b->o->event(b->o->ctx, "an unfinished index of that name is taken away first");
	*told = true;
	bool ok = db_script(b->db, b->a, "SET lock_timeout = 500", 0, NULL, e) && (sent(b, "clean up", drop_sql(b), &why) || retry_is_lock(&why)) && db_script(b->db, b->a, "SET lock_timeout = 0", 0, NULL, e);
	if (!ok && why.code != ERR_NONE)
		*e = why;
	if (ok && why.code != ERR_NONE)
		return follow(b, db_backend_pid(b->db), e);
	return ok;
}

/* What is waited for is said once. */
static bool step(struct building *b, enum stands is, int builder, bool *told, struct err *e)
{
	if (is == BY_OTHERS) {
		if (!*told)
			b->o->event(b->o->ctx, "another session still builds it: it is waited for");
		*told = true;
		return follow(b, builder, e);
	}
	if (!b->alone && !(b->alone = writer_alone_here(b->db, b->a, e)))
		return false;
	if (is == NOTHING)
		return sent(b, "wait", rule_add(b->a, b->o->plan), e);
	return cleared(b, told, e);
}

static bool way(struct building *b, struct index_end *out, struct err *e)
{
	int64_t began = clock_mono();
	enum stands is;
	int builder = 0;
	bool told = false;
	if (!db_script(b->db, b->a, SETTINGS_SQL, 0, NULL, e) || !writer_signed(b->db, b->a, b->o->sid, b->o->plan, &b->relid, e))
		return false;
	do {
		if (!look(b, &is, &builder, &out->bytes, e))
			return false;
	} while (is != BUILT && step(b, is, builder, &told, e));
	out->took_us = clock_mono() - began;
	return is == BUILT;
}

bool index_build(struct arena *a, const struct index_order *o, struct index_end *out, struct err *e)
{
	const struct db_opts work = { .conninfo = o->conninfo, .app = "gatewalk index", .read_write = true }, eye = { .conninfo = o->conninfo, .app = "gatewalk job" };
	struct building b = { .o = o, .a = a, .doing = "wait", .db = db_open(&work, e) };
	struct err why = { 0 };
	*out = (struct index_end){ 0 };
	bool ok = b.db && (b.eye = db_open(&eye, e)) != NULL && way(&b, out, &why);
	if (!ok && why.code != ERR_NONE) {
		if (b.alone)
			clean_up(&b);
		if (e)
			*e = why;
	}
	db_close(b.eye);
	db_close(b.db);
	return ok;
}
