/* SPDX-License-Identifier: MIT */
/* What gatewalk costs, for bench_cost.sh:
   tool_cost make TABLES STATEMENTS   SQL of a database with so many tables (a view or function over each fifth) and so many statements
   tool_cost put|take TABLE COLUMN    the guard into the database and the tripwire of a walk onto public.TABLE; away again
   tool_cost run CMD...               runs it; prints its ms and the most memory it or a child of its had, in kB */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "adapter/guard.h"
#include "adapter/own.h"
#include "adapter/schema.h"
#include "base/arena.h"
#include "base/err.h"
#include "port/db.h"

#define SID "00112233445566778899aabbccddeeff"

static void make_table(int i)
{
	printf("CREATE TABLE public.shop_%d (id int PRIMARY KEY, note text, total int, legacy_note text, c1 int, c2 int, c3 int, at timestamptz);\n", i);
	printf("CREATE INDEX ON public.shop_%d (total);\n", i);
	if (i % 5 == 0)
		printf("CREATE VIEW public.shop_%d_v AS SELECT id, legacy_note FROM public.shop_%d;\n", i, i);
	if (i % 5 == 1)
		printf("CREATE FUNCTION public.shop_%d_f() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN (SELECT count(*) FROM public.shop_%d WHERE legacy_note IS NULL); END';\n", i, i);
}

/* Ten shapes, two of which name the column; which table, and the length of the list, makes each one's own. */
static void make_statement(int i, int tables)
{
	static const struct { const char *list, *rest; } shapes[] = {
		{ "id, note", " WHERE total = 1" }, { "count(*)", "" }, { "legacy_note", " WHERE id = 1" }, { "max(at)", " WHERE note = 'x' GROUP BY c1" },
		{ "c1", " ORDER BY c2" }, { "id", " WHERE legacy_note IS NULL" }, { "total + c1", " WHERE c2 IN (1, 2)" }, { "note || 'x'", "" },
		{ "coalesce(c3, 0)", " LIMIT 3" }, { "abs(c1)", " WHERE at > now()" },
	};
	int n = (int)(sizeof shapes / sizeof *shapes), shape = i / tables;
	printf("SELECT %s", shapes[shape % n].list);
	for (int k = 0; k < shape / n; k++)
		printf(", 1");
	printf(" FROM public.shop_%d%s;\n", i % tables, shapes[shape % n].rest);
}

static int make(int tables, int statements)
{
	for (int i = 0; i < tables; i++)
		make_table(i);
	puts("SELECT pg_stat_statements_reset();");
	for (int i = 0; i < statements; i++)
		make_statement(i, tables);
	return 0;
}

static bool find(struct db *db, struct arena *a, struct fact_target *t, struct err *e)
{
	const char *v[] = { t->table, t->column };
	const struct query q = { .sql = "SELECT c.oid, a.attnum FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = $2"
		" WHERE c.relnamespace = 'public'::regnamespace AND c.relname = $1", .args = v, .nargs = 2, .cols = 2, .min_rows = 1, .max_rows = 1 };
	struct rows r;
	if (!db_ask(db, a, &q, &r, e))
		return false;
	t->relid = (unsigned)cell_int(r.cell[0][0]);
	t->attnum = (int)cell_int(r.cell[0][1]);
	return true;
}

static bool put(struct db *db, struct arena *a, const struct fact_target *t, struct err *e)
{
	bool strong;
	struct guard_done d;
	const char *walk = arena_printf(a, "INSERT INTO gatewalk.walk (sid, name, plan_digest, archetype, relid, attnum, target, stage, operator, host, plan, day_us)"
		" VALUES ('" SID "', 'cost', '', 'destructive', %u, %d, 'public.%s.%s', 'audit', '', '', '', 86400000000)", t->relid, t->attnum, t->table, t->column);
	return schema_init(db, a, ENV_PRODUCTION, &strong, e) && db_script(db, a, walk, 5000, NULL, e) && guard_install(db, a, &d, e) && guard_put(db, a, SID, t, e)
		&& own_tripwire_put(db, a, &(struct own_trip){ .sid = SID, .target = t }, e);
}

static bool take(struct db *db, struct arena *a, const struct fact_target *t, struct err *e)
{
	struct guard_done d;
	return own_tripwire_take(db, a, SID, t->relid, e) && guard_take(db, a, SID, e) && guard_remove(db, a, &d, e)
		&& db_script(db, a, "DROP SCHEMA gatewalk CASCADE", 5000, NULL, e);
}

static int on_table(char **argv)
{
	struct err e = { 0 };
	struct arena *a = arena_new();
	struct fact_target t = { .at = 1, .found = true, .schema = "public", .table = argv[2], .column = argv[3], .relkind = 'r' };
	struct db *db = db_open(&(struct db_opts){ .conninfo = "", .app = "gatewalk bench" }, &e);
	bool ok = db && find(db, a, &t, &e) && (strcmp(argv[1], "put") == 0 ? put : take)(db, a, &t, &e);
	if (!ok)
		fprintf(stderr, "tool_cost: %s\n", e.msg);
	db_close(db);
	arena_free(a);
	return !ok;
}

static double now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int run(char **argv)
{
	struct rusage u;
	int status = 0;
	double from = now_ms();
	pid_t pid = fork();
	if (pid == 0) {
		if (!freopen("/dev/null", "w", stdout))
			_exit(126);
		execvp(argv[0], argv);
		_exit(127);
	}
	if (wait4(pid, &status, 0, &u) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) > 1) {
		fprintf(stderr, "tool_cost: %s failed\n", argv[0]);
		return 1;
	}
	printf("%.0f %ld\n", now_ms() - from, u.ru_maxrss);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "make") == 0 && atoi(argv[2]) > 0)
		return make(atoi(argv[2]), atoi(argv[3]));
	if (argc == 4 && (strcmp(argv[1], "put") == 0 || strcmp(argv[1], "take") == 0))
		return on_table(argv);
	if (argc > 2 && strcmp(argv[1], "run") == 0)
		return run(argv + 2);
	fputs("tool_cost make TABLES STATEMENTS | put TABLE COLUMN | take TABLE COLUMN | run CMD...\n", stderr);
	return 1;
}
