/* SPDX-License-Identifier: MIT */
/* A world for the engine: a database of its own, marked rehearsal; a home, a key without passphrase and a plan. */
#ifndef GW_TESTS_LIB_ENGINE_H
#define GW_TESTS_LIB_ENGINE_H

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "engine/demo_walks.h"
#include "engine/engine_private.h"
#include "engine/tools.h"
#include "port/child.h"
#include "port/files.h"
#include "tests/lib_db.h"

struct engine_world {
	struct arena *a;
	struct db *db;            /* ours, beside the engine's own */
	const char *conninfo, *key, *plan;
	struct engine_opts o;
	struct engine *g;
	struct err e;
};

static inline void world_env(struct arena *a, const char *home)
{
	static const char *const names[] = { "STATE", "DATA", "CONFIG" };
	struct err e = { 0 };
	ck_assert_msg(dir_make(home, &e), "%s", e.msg);
	setenv("HOME", home, 1);
	for (size_t i = 0; i < 3; i++)
		setenv(arena_printf(a, "XDG_%s_HOME", names[i]), arena_printf(a, "%s/%s", home, names[i]), 1);
	unsetenv("XDG_RUNTIME_DIR");
	unsetenv("SSH_AUTH_SOCK");
}

static inline const char *world_plan(struct arena *a, const char *name)
{
	return arena_printf(a,
		"gatewalk: 1\nname: %s\narchetype: destructive\nrecipe: drop-column\ntarget: {schema: public, table: orders, column: old_total}\n"
		"document:\n  before: table orders has the column old_total\n  after: table orders without it\n  why: Nobody needs it.\n"
		"  way_back: gatewalk restore puts the values back by key\n  leaves_behind: rows written after the drop have no value in it\n"
		"  rollback_floor: \"2.4.0\"\n  api_contract: never carried it\n  falls: []\ndeploys:\n  - name: web\nsources: []\n"
		"policy: {unused_days: 14, longest_job_days: 7}\nwindow:\n  zone: UTC\n  open:\n    - {days: [Mon, Tue, Wed, Thu], from: \"02:00\", to: \"06:00\"}\n"
		"health: {max_lag_s: 5, max_lock_waiters: 5, max_longest_tx_s: 120}\nsnapshot: {scope: column}\nrehearsal: {now: \"Tue 04:30\", day: 0.2}\n", name);
}

static inline void world_key(struct engine_world *w, const char *home)
{
	const char *const argv[] = { "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "oper", "-f", w->key = path_join(w->a, home, "key"), NULL };
	struct child c = { .argv = argv };
	struct child_end end;
	ck_assert_msg(child_run(w->a, &c, &end, &w->e) && end.status == 0, "%s", w->e.msg);
}

/* name: a plain lower-case word, also the walk's. */
static inline void world_open(struct engine_world *w, const char *name)
{
	memset(w, 0, sizeof *w);
	w->a = arena_new();
	const char *home = path_join(w->a, test_dir(), name);
	world_env(w->a, home);
	w->db = test_database(name);
	test_sql(w->db, "CREATE EXTENSION pg_stat_statements SCHEMA public; CREATE TABLE public.orders (id bigint PRIMARY KEY, total numeric, old_total text);"
		"INSERT INTO public.orders SELECT i, i, CASE WHEN i % 3 > 0 THEN 'v' || i END FROM generate_series(1, 300) i");
	w->conninfo = db_conninfo(w->db, w->a, NULL);
	world_key(w, home);
	const char *text = world_plan(w->a, name), *program = getenv("GATEWALK");
	w->plan = path_join(w->a, home, "plan.yaml");
	ck_assert_msg(file_write(w->plan, text, strlen(text), &w->e), "%s", w->e.msg);
	w->o = (struct engine_opts){ .dbname = w->conninfo, .key = w->key, .program = program ? program : "build/gatewalk" };
	ck_assert_msg(tool_init(w->a, &w->o, "rehearsal", &w->e) != NULL, "%s", w->e.msg);
}

static inline void world_engine(struct engine_world *w)
{
	w->g = engine_new(&w->o, &w->e);
	ck_assert_msg(w->g != NULL, "%s", w->e.msg);
}

/* A new engine on the walk; says false where opening is refused. */
static inline bool world_walk(struct engine_world *w)
{
	engine_free(w->g);
	memset(&w->e, 0, sizeof w->e);
	world_engine(w);
	return engine_walk_plan(w->g, w->plan, &w->e) && engine_unlock(w->g, &w->e);
}

static inline void world_at(struct engine_world *w, enum stage at)
{
	ck_assert_msg(world_walk(w) && walk_bring(w->g, at, &w->e), "%s", w->e.msg);
}

static inline const char *world_log(struct engine_world *w)
{
	return arena_printf(w->a, "%s/%s/plan.gwlog", path_walks(w->a), test_value(w->db, w->a, "SELECT max(sid) FROM gatewalk.walk"));
}

/* Jobs are processes of their own: those of this database end here. */
static inline void world_kill_jobs(struct engine_world *w)
{
	const struct query q = { .sql = "SELECT pid FROM gatewalk.job WHERE pid IS NOT NULL AND ended_at IS NULL", .cols = 1 };
	struct rows r;
	if (!db_ask(w->db, w->a, &q, &r, NULL))
		return;
	for (int i = 0; i < r.n; i++)
		kill((pid_t)cell_int(r.cell[i][0]), SIGKILL);
}

static inline void world_close(struct engine_world *w, const char *name)
{
	engine_free(w->g);
	world_kill_jobs(w);
	db_close(w->db);
	test_drop_database(name);
	arena_free(w->a);
}

/* Does this and expects exactly this answer: "" for success. */
static inline void world_expect(struct engine_world *w, const struct act *act, const char *answer)
{
	memset(&w->e, 0, sizeof w->e);
	bool ok = engine_do(w->g, act, &w->e);
	ck_assert_str_eq(ok ? "" : w->e.msg, answer);
}

#endif
