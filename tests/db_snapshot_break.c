/* SPDX-License-Identifier: MIT */
/* The snapshot under everything that may happen to it: stopped, killed, its table pulled away, its files damaged. */
#include "adapter/snapshot.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "port/files.h"
#include "tests/lib_snapshot.h"

static struct snap_world w;

#define PLAIN "CREATE TABLE public.t (id int PRIMARY KEY, name text, legacy text);" \
	"INSERT INTO public.t SELECT i, 'n' || i, CASE WHEN i % 3 > 0 THEN 'v' || i END FROM generate_series(1, 1000) i;"

/* A copy stopped in the middle by the operator leaves nothing. */
static int ticks;
static bool stop_later(void *ctx, const char *phase, double done, double total, const char *unit, bool estimate, const char *note)
{
	(void)done, (void)total, (void)unit, (void)estimate, (void)note;
	ticks++;
	return strcmp(phase, ctx) != 0;
}

START_TEST(stopped_it_leaves_nothing)
{
	static const char *const phases[] = { "definitions", "copy", "load", "compare" };
	snap_world_open(&w, "snap_stop", PLAIN);
	for (size_t i = 0; i < sizeof phases / sizeof phases[0]; i++) {
		w.o.progress = (struct progress){ stop_later, (void *)phases[i] };
		ck_assert_msg(!snapshot_take(w.a, &w.o, &w.s, &w.e), "not stopped in %s", phases[i]);
		ck_assert_int_eq(w.e.code, ERR_INTERRUPTED);
		ck_assert_int_eq(snap_entries(&w), 0);
		snap_no_scratch(&w);
	}
	ck_assert_int_ge(ticks, 4);
	snap_world_close(&w);
}
END_TEST

/* Killed in the middle of the load: the next run removes folder and scratch database. */
static bool die(void *ctx, const char *phase, double done, double total, const char *unit, bool estimate, const char *note)
{
	(void)done, (void)total, (void)unit, (void)estimate, (void)note;
	if (strcmp(phase, ctx) == 0)
		kill(getpid(), SIGKILL);
	return true;
}

START_TEST(killed_it_is_cleaned_by_the_next_run)
{
	snap_world_open(&w, "snap_kill", PLAIN);
	static char at[] = "compare";
	pid_t pid = fork();
	if (pid == 0) {
		w.o.progress = (struct progress){ die, at };
		snapshot_take(w.a, &w.o, &w.s, &w.e);
		_exit(0);
	}
	int status;
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status));
	ck_assert_int_eq(snap_entries(&w), 1);
	ck_assert_str_eq(snap_scratches(&w, pid), "1");
	/* Killed before the comment: the note tells. */
	test_sql(w.db, arena_printf(w.a, "DO $$ DECLARE d name; BEGIN SELECT datname INTO d FROM pg_database WHERE shobj_description(oid, 'pg_database')"
		" LIKE '%% pid=%d %%'; EXECUTE format('COMMENT ON DATABASE %%I IS NULL', d); END $$", (int)pid));
	const char *bare = test_value(w.db, w.a, "SELECT datname FROM pg_database WHERE datname LIKE 'gatewalk\\_scratch\\_%' AND shobj_description(oid, 'pg_database') IS NULL");
	/* One that only looks like ours stays. */
	test_sql(w.db, "DROP DATABASE IF EXISTS gatewalk_scratch_00000000000a");
	test_sql(w.db, "CREATE DATABASE gatewalk_scratch_00000000000a");
	test_gone(w.db, "datname = current_database() OR datname LIKE 'gatewalk\\_scratch\\_%'");
	snap_take(&w);
	ck_assert_int_eq(snap_entries(&w), 1);
	ck_assert_str_eq(test_value(w.db, w.a, arena_printf(w.a, "SELECT count(*) FROM pg_database WHERE datname = '%s'", bare)), "0");
	ck_assert_str_eq(test_value(w.db, w.a, "SELECT count(*) FROM pg_database WHERE datname = 'gatewalk_scratch_00000000000a'"), "1");
	test_sql(w.db, "DROP DATABASE gatewalk_scratch_00000000000a");
	snap_world_close(&w);
}
END_TEST

/* Between the exported snapshot and the first row another session tries to pull the table away: only our own lock is there. */
static struct db *other;
static char states[2][6];
static int pulls;
static bool pull(void *ctx, const char *phase, double done, double total, const char *unit, bool estimate, const char *note)
{
	(void)ctx, (void)done, (void)total, (void)unit, (void)estimate, (void)note;
	if (strcmp(phase, "definitions") != 0 || pulls++ > 0)
		return true;
	static const char *const sql[] = { "TRUNCATE public.t", "ALTER TABLE public.t ALTER COLUMN legacy TYPE varchar(3)" };
	for (int i = 0; i < 2; i++) {
		struct err e = { 0 };
		db_script(other, w.a, sql[i], 5000, NULL, &e);
		memcpy(states[i], e.sqlstate, sizeof states[i]);
	}
	test_sql(other, "INSERT INTO public.t VALUES (5000, 'later', 'later')");
	return true;
}

START_TEST(the_table_cannot_be_pulled_away)
{
	snap_world_open(&w, "snap_pull", PLAIN);
	other = test_connect(w.o.conninfo);
	test_sql(other, "SET lock_timeout = '100ms'");
	w.o.progress = (struct progress){ pull, NULL };
	snap_take(&w);
	ck_assert_str_eq(states[0], "55P03");
	ck_assert_str_eq(states[1], "55P03");
	ck_assert_int_eq(w.s.rows, 1000);
	db_close(other);
	snap_world_close(&w);
}
END_TEST

START_TEST(hidden_rows_are_an_error)
{
	snap_world_open(&w, "snap_rls", PLAIN "DROP ROLE IF EXISTS snap_owner; CREATE ROLE snap_owner LOGIN CREATEDB; ALTER TABLE public.t OWNER TO snap_owner; ALTER TABLE public.t ENABLE ROW LEVEL SECURITY;"
		"ALTER TABLE public.t FORCE ROW LEVEL SECURITY; CREATE POLICY p ON public.t USING (id < 500);");
	w.o.conninfo = "dbname=snap_rls user=snap_owner";
	ck_assert(!snapshot_take(w.a, &w.o, &w.s, &w.e));
	ck_assert_int_eq(w.e.code, ERR_DB);
	ck_assert_str_eq(w.e.msg, "query would be affected by row-level security policy for table \"t\"");
	ck_assert_int_eq(snap_entries(&w), 0);
	/* Not forced, the owner sees all of it: a login without superuser takes, proves and drills. */
	test_sql(w.db, "ALTER TABLE public.t NO FORCE ROW LEVEL SECURITY");
	snap_take(&w);
	ck_assert_int_eq(w.s.rows, 1000);
	struct fact_drill d;
	ck_assert_msg(drill_run(w.a, &w.o, w.s.path, &d, &w.e), "%s", w.e.msg);
	ck_assert_msg(d.passed, "%s", d.problem);
	w.o.conninfo = "dbname=snap_rls";
	test_sql(w.db, "DROP OWNED BY snap_owner; DROP ROLE snap_owner");
	snap_world_close(&w);
}
END_TEST

static void damage(const char *path, int64_t at)
{
	char c;
	int fd = open(path, O_RDWR);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pread(fd, &c, 1, at), 1);
	c ^= 1;
	ck_assert_int_eq(pwrite(fd, &c, 1, at), 1);
	close(fd);
}

START_TEST(damage_is_found)
{
	static const char *const files[] = { "data-0001.copy.zst", "schema.sql", "RESTORE.txt" };
	snap_world_open(&w, "snap_damage", PLAIN);
	snap_take(&w);
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		const char *path = path_join(w.a, w.s.path, files[i]);
		damage(path, 40);
		ck_assert(!snapshot_check(w.a, w.s.path, w.s.manifest_sha256, &w.e));
		ck_assert_int_eq(w.e.code, ERR_VERIFY);
		ck_assert_str_eq(w.e.msg, arena_printf(w.a, "%s is damaged: it is not the file that was proven", path));
		struct fact_drill d;
		ck_assert(!drill_run(w.a, &w.o, w.s.path, &d, &w.e));
		ck_assert_ptr_null(snapshot_hold(w.a, w.s.path, w.s.manifest_sha256, &w.e));
		damage(path, 40);
	}
	ck_assert(snapshot_check(w.a, w.s.path, w.s.manifest_sha256, &w.e));
	ck_assert(!snapshot_check(w.a, w.s.path, "00", &w.e));
	ck_assert_str_eq(w.e.msg, arena_printf(w.a, "%s/manifest.json is not the manifest that was proven", w.s.path));
	unlink(path_join(w.a, w.s.path, "data-0001.copy.zst"));
	ck_assert(!snapshot_check(w.a, w.s.path, NULL, &w.e));
	ck_assert_str_eq(w.e.msg, arena_printf(w.a, "%s/data-0001.copy.zst is not there", w.s.path));
	snap_world_close(&w);
}
END_TEST

START_TEST(held_files_show_what_happens_to_them)
{
	snap_world_open(&w, "snap_hold", PLAIN);
	snap_take(&w);
	const char *data = path_join(w.a, w.s.path, "data-0001.copy.zst"), *away = arena_printf(w.a, "%s.away", data);
	for (int i = 0; i < 3; i++) {
		struct snapshot_hold *h = snapshot_hold(w.a, w.s.path, w.s.manifest_sha256, &w.e);
		ck_assert_msg(h != NULL, "%s", w.e.msg);
		ck_assert(snapshot_same(h));
		usleep(20000);
		if (i == 0)
			damage(data, 30);
		else if (i == 1)
			ck_assert_int_eq(rename(data, away), 0);
		else
			ck_assert_int_eq(chmod(path_join(w.a, w.s.path, "manifest.json"), 0644), 0);
		ck_assert(!snapshot_same(h));
		snapshot_release(h);
		if (i == 0)
			damage(data, 30);
		else if (i == 1)
			ck_assert_int_eq(rename(away, data), 0);
	}
	ck_assert(!snapshot_same(NULL));
	snap_world_close(&w);
}
END_TEST

/* The proof reads the files: one that is changed between writing and loading does not pass. */
static bool spoil(void *ctx, const char *phase, double done, double total, const char *unit, bool estimate, const char *note)
{
	(void)ctx, (void)done, (void)total, (void)unit, (void)estimate, (void)note;
	if (strcmp(phase, "load") == 0 && ticks++ == 0) {
		char cmd[1000];
		snprintf(cmd, sizeof cmd, "cd '%s'/.part-*/ && cat data-0001.copy.zst | zstd -dcq | sed 's/^7\\tn7\\tv7$/7\\tn7\\tv8/' | zstd -q > new && mv new data-0001.copy.zst", w.o.store);
		ck_assert_int_eq(system(cmd), 0);
	}
	return true;
}

START_TEST(a_copy_that_differs_is_not_proven)
{
	snap_world_open(&w, "snap_spoil", PLAIN);
	w.o.progress = (struct progress){ spoil, NULL };
	ticks = 0;
	ck_assert(!snapshot_take(w.a, &w.o, &w.s, &w.e));
	ck_assert_int_eq(w.e.code, ERR_VERIFY);
	ck_assert_msg(strstr(w.e.msg, "hold other rows than the manifest says") != NULL, "%s", w.e.msg);
	ck_assert(!w.s.equal);
	ck_assert_int_eq(snap_entries(&w), 0);
	snap_no_scratch(&w);
	snap_world_close(&w);
}
END_TEST

/* A type that does not read what it writes: only loading the copy and comparing shows it. */
START_TEST(a_type_that_does_not_come_back_is_not_proven)
{
	snap_world_open(&w, "snap_lossy", "CREATE TYPE public.lossy; CREATE FUNCTION public.lossy_in(cstring) RETURNS public.lossy LANGUAGE internal IMMUTABLE STRICT AS 'byteain';"
		"CREATE FUNCTION public.lossy_out(public.lossy) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'textout';"
		"CREATE TYPE public.lossy (INPUT = public.lossy_in, OUTPUT = public.lossy_out, INTERNALLENGTH = VARIABLE);"
		"CREATE TABLE public.t (id int PRIMARY KEY, legacy public.lossy); INSERT INTO public.t VALUES (1, 'fine'), (2, '\\\\x41')");
	ck_assert(!snapshot_take(w.a, &w.o, &w.s, &w.e));
	ck_assert_int_eq(w.e.code, ERR_VERIFY);
	ck_assert_str_eq(w.e.msg, "proof: the rows of the copy differ from those of the source");
	ck_assert_int_eq(snap_entries(&w), 0);
	snap_world_close(&w);
}
END_TEST

/* A write that was counted before the snapshot, and commits behind it, must not be missing from both. */
START_TEST(writers_are_waited_for)
{
	snap_world_open(&w, "snap_busy", PLAIN);
	other = test_connect(w.o.conninfo);
	test_sql(other, "BEGIN; INSERT INTO public.t VALUES (2000, 'x', 'y')");
	pid_t pid = fork();
	if (pid == 0) {
		struct fact_snapshot s;
		struct err e;
		_exit(snapshot_take(w.a, &w.o, &s, &e) && s.rows == 1001 ? 0 : 1);
	}
	usleep(1500000);
	ck_assert_int_eq(waitpid(pid, NULL, WNOHANG), 0);
	test_sql(other, "COMMIT");
	int status;
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(WEXITSTATUS(status), 0);
	db_close(other);
	snap_world_close(&w);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("snapshot_break");
	TCase *t = tcase_create("snapshot_break");
	tcase_set_timeout(t, 120);
	tcase_add_test(t, stopped_it_leaves_nothing);
	tcase_add_test(t, killed_it_is_cleaned_by_the_next_run);
	tcase_add_test(t, the_table_cannot_be_pulled_away);
	tcase_add_test(t, hidden_rows_are_an_error);
	tcase_add_test(t, damage_is_found);
	tcase_add_test(t, held_files_show_what_happens_to_them);
	tcase_add_test(t, a_copy_that_differs_is_not_proven);
	tcase_add_test(t, a_type_that_does_not_come_back_is_not_proven);
	tcase_add_test(t, writers_are_waited_for);
	suite_add_tcase(s, t);
	return s;
}

int main(void) { return test_main(suite()); }
