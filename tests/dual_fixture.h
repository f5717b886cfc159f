/* SPDX-License-Identifier: MIT */
/* A table with an old and a new column, and a dual write on it. */
#ifndef GW_TESTS_DUAL_FIXTURE_H
#define GW_TESTS_DUAL_FIXTURE_H

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "base/when.h"
#include "port/crypto.h"
#include "port/files.h"
#include "tests/dual_send.h"
#include "tests/lib_walk.h"

#define DUAL_DB "gwt_dual"
/* v: old, text; n: new, int. */
#define DUAL_TABLE "CREATE TABLE public.t (id bigint PRIMARY KEY, v text, w int DEFAULT 0, n int)"
#define DUAL_BAD "SELECT count(*) FROM public.t WHERE n IS DISTINCT FROM v::int"

#define LATE "zz_gatewalk_dual_001122334455"
#define EARLY "_gatewalk_dual_001122334455"
/* All rows, in words. */
#define ROWS "SELECT string_agg(concat_ws(':', id, coalesce(v::text, '-'), coalesce(n::text, '-')), ' ' ORDER BY id) FROM public.t"
/* A trigger of the application's, and its function. */
#define APP(name, event, body) "CREATE OR REPLACE FUNCTION public." name "_f() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN " body " RETURN NEW; END$$; CREATE TRIGGER " name " " event " ON public.t FOR EACH ROW EXECUTE FUNCTION public." name "_f()"

struct dual {
	struct arena *a;
	struct db *db;
	struct dual_order order;
	struct dualwrite_seen seen;
	struct err e;
};

/* Unchecked: one database for all tests, since making one takes longer than most of them. */
static inline void dual_database(void)
{
	bool strong;
	struct err e = { 0 };
	struct arena *a = arena_new();
	struct db *db = test_database(DUAL_DB);
	ck_assert_msg(schema_init(db, a, ENV_PRODUCTION, &strong, &e), "%s", e.msg);
	test_sql(db, "INSERT INTO gatewalk.walk (sid, name, plan_digest, archetype, relid, attnum, target, stage, operator, host, plan, day_us)"
		" VALUES ('" TEST_SID "', 'retype-v', '', 'type', 1, 1, 'public.t.v', '', '', '', '', 86400000000)");
	db_close(db);
	arena_free(a);
}

static inline void dual_database_gone(void)
{
	test_drop_database(DUAL_DB);
}

/* Nothing in it but gatewalk's schema, and what sql makes. */
static inline void dual_open(struct dual *x, const char *sql)
{
	crypto_start();
	*x = (struct dual){ .a = arena_new(), .db = test_connect("dbname=" DUAL_DB),
		.order = { .sid = TEST_SID, .schema = "public", .table = "t", .column = "v", .add_column = "n", .to = "v::int" } };
	test_sql(x->db, "DO $$DECLARE o record; BEGIN FOR o IN SELECT nspname FROM pg_namespace WHERE nspname !~ '^(pg_|information_schema|gatewalk)' LOOP EXECUTE format('DROP SCHEMA %I CASCADE', o.nspname);"
		" END LOOP; FOR o IN SELECT oid FROM pg_proc WHERE pronamespace = 'gatewalk'::regnamespace AND proname ~ '^dual_' LOOP EXECUTE format('DROP FUNCTION %s', o.oid::regprocedure); END LOOP; END$$;"
		" CREATE SCHEMA public; GRANT USAGE ON SCHEMA public TO PUBLIC; DELETE FROM gatewalk.dual_reject; DELETE FROM gatewalk.parity_mismatch; DELETE FROM gatewalk.parity; DELETE FROM gatewalk.job");
	test_sql(x->db, sql);
}

static inline void dual_close(struct dual *x)
{
	db_close(x->db);
	arena_free(x->a);
}

static inline void dual_put(struct dual *x)
{
	err_clear(&x->e);
	ck_assert_msg(dual_send(x->db, x->a, &x->order, true, &x->e), "%s", x->e.msg);
}

static inline void dual_take(struct dual *x)
{
	ck_assert_msg(dual_send(x->db, x->a, &x->order, false, &x->e), "%s", x->e.msg);
}

static inline const struct dualwrite_seen *dual_look(struct dual *x)
{
	ck_assert_msg(dualwrite_look(x->db, x->a, &x->order, &x->seen, &x->e), "%s", x->e.msg);
	return &x->seen;
}

static inline void dual_stands(struct dual *x)
{
	dual_look(x);
	ck_assert_msg(x->seen.stands, "%s", x->seen.why);
}

static inline void dual_lacks(struct dual *x, const char *why)
{
	dual_look(x);
	ck_assert(!x->seen.stands);
	ck_assert_str_eq(x->seen.why, why);
}

static inline void dual_is(struct dual *x, const char *sql, const char *want)
{
	const char *got = test_value(x->db, x->a, sql);
	ck_assert_msg(text_eq(got, want), "%s: %s, wanted %s", sql, got ? got : "NULL", want);
}

/* Until the query gives true; 30 s. */
static inline void dual_until(struct dual *x, const char *sql)
{
	for (int i = 0; i < 3000; i++) {
		const char *got = test_value(x->db, x->a, sql);
		if (got && strcmp(got, "t") == 0)
			return;
		clock_nap(10);
	}
	ck_abort_msg("never: %s", sql);
}

/* A child that writes again and again until it is killed; it ends by itself with 1 when a write fails. */
static inline pid_t dual_writer(const char *sql)
{
	pid_t pid = fork();
	if (pid != 0)
		return pid;
	struct db *db = test_connect("dbname=" DUAL_DB);
	struct arena *a = arena_new();
	struct err e = { 0 };
	while (db_script(db, a, sql, 5000, NULL, &e))
		;
	fprintf(stderr, "writer: %s\n", e.msg);
	_exit(1);
}

/* Ends them; none has failed before. */
static inline void dual_writers_end(struct dual *x, const pid_t *pids, size_t n)
{
	int gone = waitpid(-1, NULL, WNOHANG);
	for (size_t i = 0; i < n; i++) {
		kill(pids[i], SIGKILL);
		waitpid(pids[i], NULL, 0);
	}
	ck_assert_int_eq(gone, 0);
	test_gone(x->db, "application_name = 'gatewalk test'");
}

#endif
