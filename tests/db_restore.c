/* SPDX-License-Identifier: MIT */
#include "adapter/snapshot.h"

#include <signal.h>
#include <sys/wait.h>

#include "adapter/snapshot_parts.h"
#include "port/files.h"
#include "tests/lib_snapshot.h"

static struct snap_world w;
static struct restore_end end;

#define BASE "CREATE TABLE public.t (id int PRIMARY KEY, name text, qty int, legacy text);" \
	"INSERT INTO public.t SELECT i, 'n' || i, i, CASE WHEN i % 10 > 0 THEN 'v' || i END FROM generate_series(1, 2000) i;"
#define DROP "ALTER TABLE public.t DROP COLUMN legacy"

static bool restore(void)
{
	memset(&w.e, 0, sizeof w.e);
	return restore_target(w.a, &w.o, w.s.path, &end, &w.e);
}

static void restore_whole(void)
{
	ck_assert_msg(restore(), "%s: %s", w.e.msg, end.n_left ? end.left[0] : "");
}

/* gatewalk leaves nothing of its own behind. */
static void nothing_of_ours(void)
{
	ck_assert_str_eq(test_value(w.db, w.a, "SELECT count(*) FROM pg_class WHERE relname LIKE 'gatewalk\\_%'"), "0");
	ck_assert_str_eq(test_value(w.db, w.a, "SELECT count(*) FROM pg_constraint WHERE conname LIKE 'gatewalk\\_%'"), "0");
}

START_TEST(the_column_comes_back_equal)
{
	snap_world_open(&w, "rest_equal", BASE);
	const char *before = snap_rows(&w, "format('%s %s %s %s', id, name, qty, legacy)");
	for (int scope = 0; scope < 2; scope++) {
		w.plan.scope = scope ? SCOPE_COLUMN : SCOPE_TABLE;
		snap_take(&w);
		test_sql(w.db, DROP);
		restore_whole();
		ck_assert_int_eq(end.placed, 1800);
		ck_assert_int_eq(end.kept + end.gone + end.conflicts, 0);
		ck_assert(end.took_us > 0);
		ck_assert_str_eq(snap_rows(&w, "format('%s %s %s %s', id, name, qty, legacy)"), before);
		nothing_of_ours();
	}
	snap_world_close(&w);
}
END_TEST

/* Types without an equality of their own, and values whose text is hard to carry. */
static const struct { const char *type, *value; } kinds[] = {
	{ "json", "'{\"a\" :  1}'" }, { "xml", "'<a>x &amp; y</a>'" }, { "point", "'(1.5,-2)'" }, { "polygon", "'((0,0),(1,1),(1,0))'" }, { "tid", "'(0,1)'" },
	{ "money", "'12.34'" }, { "\"char\"", "'q'" }, { "aclitem", "'=r*w/pg_database_owner'" }, { "refcursor", "'a cursor'" }, { "pg_snapshot", "'10:20:10,14'" },
	{ "jsonpath", "'$.a[*] ? (@ > 1)'" }, { "regtype", "'timestamp(3) with time zone'" }, { "xid", "'4294967295'" }, { "int2vector", "'1 2'" },
	{ "float4", "'NaN'" }, { "char(8)", "'x  '" }, { "bit(5)", "'10101'" }, { "interval", "'-1 mon +2 days -03:04:05.6'" }, { "bytea", "'\\x00ff5c6e'" },
	{ "text", "E'a\\nb\\tc\\\\N\\r'" }, { "text", "'\\N'" }, { "text[]", "ARRAY['a', NULL, 'NULL', '', '{', '\\']" }, { "text", "''" },
};

START_TEST(a_column_of_any_type_comes_back)
{
	char sql[400];
	snprintf(sql, sizeof sql, "CREATE TABLE public.t (id int PRIMARY KEY, legacy %s);"
		"INSERT INTO public.t VALUES (1, %s), (2, NULL), (3, %s)", kinds[_i].type, kinds[_i].value, kinds[_i].value);
	snap_world_open(&w, "rest_types", sql);
	w.plan.scope = SCOPE_COLUMN;
	const char *before = snap_rows(&w, "format('%s %L', id, legacy::text)");
	snap_take(&w);
	test_sql(w.db, DROP "; INSERT INTO public.t VALUES (4)");
	restore_whole();
	ck_assert_int_eq(end.placed, 2);
	test_sql(w.db, "DELETE FROM public.t WHERE id = 4");
	ck_assert_str_eq(snap_rows(&w, "format('%s %L', id, legacy::text)"), before);
	nothing_of_ours();
	snap_world_close(&w);
}
END_TEST

START_TEST(what_was_written_since_is_kept)
{
	snap_world_open(&w, "rest_since", BASE);
	snap_take(&w);
	test_sql(w.db, DROP);
	test_sql(w.db, "DELETE FROM public.t WHERE id IN (5, 7, 10); UPDATE public.t SET qty = -1 WHERE id = 8; INSERT INTO public.t VALUES (3000, 'new', 1);"
		"UPDATE public.t SET name = 'someone else', qty = 99 WHERE id = 9");
	ck_assert(!restore());
	ck_assert_int_eq(w.e.code, ERR_LEFT);
	ck_assert_str_eq(w.e.msg, "the column is back; 3 things could not be placed");
	ck_assert_int_eq(end.placed, 1797);
	ck_assert_int_eq(end.gone, 2);
	ck_assert_int_eq(end.conflicts, 1);
	ck_assert_uint_eq(end.n_left, 3);
	ck_assert_str_eq(end.left[0], "row id=5: deleted since");
	ck_assert_str_eq(end.left[1], "row id=7: deleted since");
	ck_assert_str_eq(end.left[2], "row id=9: its key was used again for another row");
	ck_assert_str_eq(test_value(w.db, w.a, "SELECT string_agg(id || '=' || coalesce(legacy, '-'), ' ' ORDER BY id) FROM public.t WHERE id IN (6, 8, 9, 3000)"),
		"6=v6 8=v8 9=- 3000=-");
	nothing_of_ours();
	snap_world_close(&w);
}
END_TEST

/* Definition of the table without the places of its columns. */
#define SHAPE "SELECT string_agg(x, E'\\n' ORDER BY x) FROM (" \
	"SELECT pg_get_indexdef(indexrelid) || indisclustered || coalesce(obj_description(indexrelid, 'pg_class'), '') FROM pg_index WHERE indrelid = 'public.t'::regclass" \
	" UNION ALL SELECT conname || pg_get_constraintdef(oid) || convalidated || coalesce(obj_description(oid, 'pg_constraint'), '') FROM pg_constraint WHERE conrelid = 'public.t'::regclass" \
	" UNION ALL SELECT pg_get_statisticsobjdef(oid) FROM pg_statistic_ext" \
	" UNION ALL SELECT concat_ws(' ', attname, format_type(atttypid, atttypmod), attcollation, attnotnull, attstorage, attcompression, attstattarget, (SELECT string_agg(o, ',') FROM unnest(attoptions) o WHERE o NOT LIKE 'pg\\_%'), (SELECT string_agg(i::text, ',' ORDER BY i::text) FROM unnest(attacl) i)," \
	"   col_description(attrelid, attnum), pg_get_expr(adbin, adrelid)) FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum" \
	"   WHERE attrelid = 'public.t'::regclass AND attnum > 0 AND NOT attisdropped" \
	" UNION ALL SELECT concat_ws(' ', s.seqrelid::regclass, last_value, pg_get_serial_sequence('public.t', 'legacy')) FROM pg_sequence s, public.legacy_seq) q(x)"

#define DRESS "CREATE ROLE rest_reader; CREATE TABLE public.parent (code varchar(20) COLLATE \"C\" PRIMARY KEY); INSERT INTO public.parent SELECT 'v' || i FROM generate_series(1, 2000) i;" \
	"UPDATE public.t SET legacy = 'v' || id; ALTER TABLE public.t ALTER COLUMN legacy TYPE varchar(20) COLLATE \"C\";" \
	"CREATE INDEX t_plain ON public.t (legacy); CREATE INDEX \"t Partial\" ON public.t (id) WHERE legacy IS NOT NULL; CREATE INDEX t_expr ON public.t USING hash (lower(legacy));" \
	"CREATE UNIQUE INDEX t_uniq ON public.t (name) INCLUDE (legacy) WITH (fillfactor = 80);" \
	"ALTER TABLE public.t ADD CONSTRAINT \"t Check\" CHECK (legacy <> 'x' OR qty > 3), ADD CONSTRAINT t_check2 CHECK (legacy <> 'y') NOT VALID," \
	"ADD CONSTRAINT t_unique UNIQUE (legacy, qty) DEFERRABLE INITIALLY DEFERRED, ADD CONSTRAINT t_fk FOREIGN KEY (legacy) REFERENCES public.parent ON DELETE CASCADE," \
	"ADD CONSTRAINT t_ex EXCLUDE USING btree (legacy WITH =);" \
	"COMMENT ON CONSTRAINT t_unique ON public.t IS 'two'; CREATE STATISTICS public.t_stat (ndistinct) ON qty, legacy FROM public.t; ALTER TABLE public.t CLUSTER ON t_plain;" \
	"COMMENT ON INDEX public.t_plain IS 'it''s \\ one'; CREATE SEQUENCE public.legacy_seq START 5; SELECT setval('public.legacy_seq', 77);" \
	"ALTER SEQUENCE public.legacy_seq OWNED BY public.t.legacy; ALTER TABLE public.t ALTER COLUMN legacy SET NOT NULL," \
	"ALTER COLUMN legacy SET DEFAULT 'v' || nextval('public.legacy_seq'), ALTER COLUMN legacy SET STORAGE EXTERNAL, ALTER COLUMN legacy SET STATISTICS 500," \
	"ALTER COLUMN legacy SET (n_distinct = -0.5), ALTER COLUMN legacy SET COMPRESSION pglz; COMMENT ON COLUMN public.t.legacy IS 'old \\ it''s';" \
	"GRANT SELECT (legacy), UPDATE (legacy) ON public.t TO rest_reader WITH GRANT OPTION; GRANT INSERT (legacy) ON public.t TO PUBLIC;"

static void same_shape(const char *shape)
{
	const char *now = test_value(w.db, w.a, SHAPE);
	if (strcmp(now, shape) != 0)
		fprintf(stderr, "was:\n%s\nis:\n%s\n", shape, now);   /* too long for Check's message */
	ck_assert(strcmp(now, shape) == 0);
}

START_TEST(all_that_fell_comes_back)
{
	snap_world_open(&w, "rest_dress", "DROP ROLE IF EXISTS rest_reader;" BASE DRESS);
	const char *shape = test_value(w.db, w.a, SHAPE), *rows = snap_rows(&w, "format('%s %s', id, legacy)");
	snap_take(&w);
	test_sql(w.db, DROP);
	restore_whole();
	same_shape(shape);
	ck_assert_str_eq(snap_rows(&w, "format('%s %s', id, legacy)"), rows);
	nothing_of_ours();
	/* The same by the commands of RESTORE.txt alone. */
	test_sql(w.db, DROP);
	ck_assert_int_eq(system(arena_printf(w.a, "DB=dbname=rest_dress sh '%s/RESTORE.txt' >'%s/out' 2>&1 && ! grep ERROR '%s/out'", w.s.path, test_dir(), test_dir())), 0);
	same_shape(shape);
	ck_assert_str_eq(snap_rows(&w, "format('%s %s', id, legacy)"), rows);
	nothing_of_ours();
	test_sql(w.db, "DROP OWNED BY rest_reader; DROP ROLE rest_reader");
	snap_world_close(&w);
}
END_TEST

/* Killed wherever it tells its progress, the next run ends it. */
static int tick_now, tick_kill;
static bool kill_at(void *ctx, const char *phase, double done, double total, const char *unit, bool estimate, const char *note)
{
	(void)ctx, (void)phase, (void)done, (void)total, (void)unit, (void)estimate, (void)note;
	if (++tick_now == tick_kill)
		kill(getpid(), SIGKILL);
	return true;
}

START_TEST(killed_anywhere_it_goes_on)
{
	snap_world_open(&w, "rest_sweep", "DROP ROLE IF EXISTS rest_reader;" BASE DRESS);
	const char *shape = test_value(w.db, w.a, SHAPE), *rows = snap_rows(&w, "format('%s %s', id, legacy)");
	snap_take(&w);
	int status = SIGKILL, kills = 0;
	for (tick_kill = 1; WIFSIGNALED(status); tick_kill++) {
		test_sql(w.db, DROP);
		pid_t pid = fork();
		if (pid == 0) {
			w.o.progress = (struct progress){ kill_at, NULL };
			_exit(restore() ? 0 : 1);
		}
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
		kills += WIFSIGNALED(status);
		if (WIFSIGNALED(status))
			restore_whole();
		same_shape(shape);
		ck_assert_str_eq(snap_rows(&w, "format('%s %s', id, legacy)"), rows);
		nothing_of_ours();
	}
	ck_assert_int_eq(WEXITSTATUS(status), 0);
	ck_assert_int_ge(kills, 20);
	test_sql(w.db, "DROP OWNED BY rest_reader; DROP ROLE rest_reader");
	snap_world_close(&w);
}
END_TEST

START_TEST(what_cannot_come_back_is_listed)
{
	snap_world_open(&w, "rest_left", "DROP ROLE IF EXISTS rest_gone; CREATE ROLE rest_gone;" BASE
		"UPDATE public.t SET legacy = 'v' || id; ALTER TABLE public.t ALTER COLUMN legacy SET NOT NULL; CREATE UNIQUE INDEX t_uniq ON public.t (qty) INCLUDE (legacy);"
		"ALTER TABLE public.t ADD CONSTRAINT t_check CHECK (legacy IS NOT NULL OR qty < 0); GRANT SELECT (legacy) ON public.t TO rest_gone; COMMENT ON COLUMN public.t.legacy IS 'c';");
	snap_take(&w);
	test_sql(w.db, DROP);
	test_sql(w.db, "DROP OWNED BY rest_gone; DROP ROLE rest_gone; INSERT INTO public.t VALUES (3001, 'x', 7), (3002, 'y', 8)");
	ck_assert(!restore());
	ck_assert_int_eq(w.e.code, ERR_LEFT);
	ck_assert_uint_eq(end.n_left, 4);
	ck_assert_str_eq(end.left[0], "NOT NULL: 2 rows have no value");
	ck_assert_msg(strstr(end.left[1], "index public.t_uniq: could not create unique index \"t_uniq\"") == end.left[1], "%s", end.left[1]);
	ck_assert_msg(strstr(end.left[2], "constraint t_check on table public.t: check constraint \"t_check\" of relation \"t\" is violated by some row") == end.left[2], "%s", end.left[2]);
	ck_assert_str_eq(end.left[3], "SELECT of rest_gone: role \"rest_gone\" does not exist");
	ck_assert_int_eq(end.placed, 2000);
	ck_assert_str_eq(test_value(w.db, w.a, "SELECT col_description('public.t'::regclass, attnum) FROM pg_attribute WHERE attrelid = 'public.t'::regclass AND attname = 'legacy'"), "c");
	nothing_of_ours();
	snap_world_close(&w);
}
END_TEST

START_TEST(a_column_of_that_name_is_not_touched)
{
	snap_world_open(&w, "rest_there", BASE);
	snap_take(&w);
	ck_assert(!restore());
	ck_assert_int_eq(w.e.code, ERR_USE);
	ck_assert_str_eq(w.e.msg, "table \"public\".\"t\" already has a column \"legacy\"");
	test_sql(w.db, "DROP TABLE public.t");
	ck_assert(!restore());
	ck_assert_str_eq(w.e.msg, "there is no table \"public\".\"t\"");
	test_sql(w.db, "CREATE TABLE public.t (other int)");
	ck_assert(!restore());
	ck_assert_str_eq(w.e.msg, "table \"public\".\"t\" has no column \"id\" any more, by which its rows would be found");
	ck_assert_str_eq(test_value(w.db, w.a, "SELECT count(*) FROM pg_class WHERE relname LIKE 'gatewalk\\_%'"), "0");
	snap_world_close(&w);
}
END_TEST

/* Kills, stops or damages the restore in its third batch. */
static int fills;
static bool in_fill(void *ctx, const char *phase, double done, double total, const char *unit, bool estimate, const char *note)
{
	(void)done, (void)total, (void)unit, (void)estimate, (void)note;
	if (strcmp(phase, "fill") != 0 || ++fills != 3)
		return true;
	if (strcmp(ctx, "kill") == 0)
		kill(getpid(), SIGKILL);
	return false;
}

static void break_off(char *how)
{
	pid_t pid = fork();
	int status;
	if (pid == 0) {
		w.o.progress = (struct progress){ in_fill, how };
		_exit(restore() ? 0 : (int)w.e.code);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	if (strcmp(how, "kill") == 0)
		ck_assert(WIFSIGNALED(status));
	else
		ck_assert_int_eq(WEXITSTATUS(status), ERR_INTERRUPTED);
	ck_assert_str_eq(test_value(w.db, w.a, "SELECT count(*) > 0 AND count(*) < 18000 FROM public.t WHERE legacy IS NOT NULL"), "t");
}

START_TEST(broken_off_it_goes_on)
{
	static char how[][5] = { "kill", "stop" };
	snap_world_open(&w, "rest_kill", "CREATE TABLE public.t (id int PRIMARY KEY, name text, qty int, legacy text);"
		"INSERT INTO public.t SELECT i, 'n' || i, i, CASE WHEN i % 10 > 0 THEN 'v' || i END FROM generate_series(1, 20000) i;");
	const char *before = snap_rows(&w, "format('%s %s', id, legacy)");
	snap_take(&w);
	for (int i = 0; i < 4; i++) {
		test_sql(w.db, DROP);
		break_off(how[i % 2]);
		test_gone(w.db, "datname = current_database()");
		if (i >= 2)   /* as a crash of the server leaves UNLOGGED tables */
			test_sql(w.db, "DO $$DECLARE r regclass; BEGIN FOR r IN SELECT oid FROM pg_class WHERE relname LIKE 'gatewalk\\_restore\\_%' AND relkind = 'r' LOOP"
				" EXECUTE 'TRUNCATE ' || r; END LOOP; END$$");
		test_sql(w.db, "UPDATE public.t SET legacy = 'mine' WHERE id = 19999");
		ck_assert_msg(restore(), "%s", w.e.msg);
		ck_assert_int_eq(end.placed, 17999);
		ck_assert_int_eq(end.kept, 1);
		nothing_of_ours();
		test_sql(w.db, "UPDATE public.t SET legacy = 'v19999' WHERE id = 19999");
		ck_assert_str_eq(snap_rows(&w, "format('%s %s', id, legacy)"), before);
	}
	snap_world_close(&w);
}
END_TEST

START_TEST(without_a_key_rows_are_found_by_content)
{
	snap_world_open(&w, "rest_nokey", "CREATE TABLE public.t (a int, b text, legacy text); INSERT INTO public.t SELECT i % 300, NULL, 'v' || i FROM generate_series(1, 3000) i;"
		"INSERT INTO public.t VALUES (NULL, '', 'e'), (NULL, NULL, 'n'), (900, 'd', 'x'), (900, 'd', 'y'), (901, 'same', 's'), (901, 'same', 's'), (902, 'g', 'gone'), (903, 'u', 'updated');");
	const char *before = snap_rows(&w, "format('%s|%s|%s', a, b, legacy)");
	snap_take(&w);
	test_sql(w.db, DROP);
	restore_whole();
	ck_assert_str_eq(snap_rows(&w, "format('%s|%s|%s', a, b, legacy)"), before);
	test_sql(w.db, DROP);
	/* One of two alike is gone: which value it had cannot be known; where both had the same, it does not matter. */
	test_sql(w.db, "DELETE FROM public.t WHERE ctid IN (SELECT min(ctid) FROM public.t WHERE a IN (900, 901) GROUP BY a); DELETE FROM public.t WHERE a = 902;"
		"UPDATE public.t SET b = 'other' WHERE a = 903");
	ck_assert(!restore());
	ck_assert_int_eq(w.e.code, ERR_LEFT);
	ck_assert_int_eq(end.placed, 3003);
	ck_assert_int_eq(end.gone, 5);
	ck_assert_str_eq(end.left[0], "row number 3003 of the data files: no row of the table, or not one alone, has the same content");
	ck_assert_str_eq(test_value(w.db, w.a, "SELECT string_agg(a || coalesce(legacy, '-'), ' ' ORDER BY a) FROM public.t WHERE a >= 900"), "900- 901s 903-");
	snap_world_close(&w);
}
END_TEST

/* The application's triggers see its own search_path, and a value that a trigger takes away is listed. */
START_TEST(triggers_of_the_application_run_as_ever)
{
	snap_world_open(&w, "rest_trigger", BASE "CREATE TABLE public.audit (id int); CREATE FUNCTION public.note() RETURNS trigger LANGUAGE plpgsql AS"
		" $$BEGIN INSERT INTO audit VALUES (NEW.id); NEW.qty := NEW.qty + 1; RETURN NEW; END$$; CREATE TRIGGER note BEFORE UPDATE ON public.t FOR EACH ROW EXECUTE FUNCTION public.note();");
	snap_take(&w);
	test_sql(w.db, DROP);
	restore_whole();
	ck_assert_str_eq(test_value(w.db, w.a, "SELECT count(*) FROM public.audit"), "1800");
	test_sql(w.db, DROP);
	test_sql(w.db, "CREATE OR REPLACE FUNCTION public.note() RETURNS trigger LANGUAGE plpgsql AS"
		" $$BEGIN RETURN CASE WHEN OLD.id = 3 THEN NULL ELSE NEW END; END$$; UPDATE public.t SET qty = id");
	ck_assert(!restore());
	ck_assert_int_eq(w.e.code, ERR_LEFT);
	ck_assert_uint_eq(end.n_left, 1);
	ck_assert_str_eq(end.left[0], "row id=3: the table did not take the value; a trigger or a rule may have changed it");
	ck_assert_int_eq(end.placed, 1799);
	snap_world_close(&w);
}
END_TEST

START_TEST(locked_rows_are_waited_for)
{
	snap_world_open(&w, "rest_locked", BASE);
	snap_take(&w);
	test_sql(w.db, DROP);
	struct db *other = test_connect(w.o.conninfo);
	test_sql(other, "BEGIN; UPDATE public.t SET qty = qty WHERE id = 77");
	pid_t pid = fork();
	if (pid == 0)
		_exit(restore() && end.placed == 1800 ? 0 : 1);
	usleep(2500000);
	ck_assert_int_eq(waitpid(pid, NULL, WNOHANG), 0);
	test_sql(other, "COMMIT");
	int status;
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(WEXITSTATUS(status), 0);
	db_close(other);
	snap_world_close(&w);
}
END_TEST

START_TEST(damaged_files_change_nothing)
{
	snap_world_open(&w, "rest_damage", BASE);
	snap_take(&w);
	test_sql(w.db, DROP);
	ck_assert_int_eq(system(arena_printf(w.a, "printf x >>'%s/data-0001.copy.zst'", w.s.path)), 0);
	ck_assert(!restore());
	ck_assert_int_eq(w.e.code, ERR_VERIFY);
	ck_assert_str_eq(test_value(w.db, w.a, "SELECT count(*) FROM pg_attribute WHERE attrelid = 'public.t'::regclass AND attname = 'legacy'"), "0");
	nothing_of_ours();
	w.plan.column = "name";
	ck_assert_int_eq(system(arena_printf(w.a, "truncate -s -1 '%s/data-0001.copy.zst'", w.s.path)), 0);
	ck_assert(!restore());
	ck_assert_str_eq(w.e.msg, "the snapshot is of \"public\".\"t\".\"legacy\", not of the plan's column");
	snap_world_close(&w);
}
END_TEST

/* Its files fit together, but it is not the one that the log speaks of. */
START_TEST(another_manifest_is_not_run)
{
	snap_world_open(&w, "rest_other", BASE);
	snap_take(&w);
	test_sql(w.db, DROP);
	w.o.manifest_sha256 = w.s.manifest_sha256;
	const char *manifest = arena_printf(w.a, "'%s/manifest.json'", w.s.path);
	ck_assert_int_eq(system(arena_printf(w.a, "cp %s %s.kept && sed -i 's/ADD COLUMN legacy text/ADD COLUMN legacy text NOT NULL/' %s", manifest, manifest, manifest)), 0);
	ck_assert(!restore());
	ck_assert_int_eq(w.e.code, ERR_VERIFY);
	ck_assert_ptr_nonnull(strstr(w.e.msg, "is not the manifest that was proven"));
	ck_assert_str_eq(test_value(w.db, w.a, "SELECT count(*) FROM pg_attribute WHERE attrelid = 'public.t'::regclass AND attname = 'legacy'"), "0");
	ck_assert_int_eq(system(arena_printf(w.a, "mv %s.kept %s", manifest, manifest)), 0);
	restore_whole();
	snap_world_close(&w);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("restore");
	TCase *t = tcase_create("restore");
	tcase_set_timeout(t, 120);
	tcase_add_test(t, the_column_comes_back_equal);
	tcase_add_loop_test(t, a_column_of_any_type_comes_back, 0, (int)(sizeof kinds / sizeof kinds[0]));
	tcase_add_test(t, what_was_written_since_is_kept);
	tcase_add_test(t, all_that_fell_comes_back);
	tcase_add_test(t, killed_anywhere_it_goes_on);
	tcase_add_test(t, what_cannot_come_back_is_listed);
	tcase_add_test(t, a_column_of_that_name_is_not_touched);
	tcase_add_test(t, broken_off_it_goes_on);
	tcase_add_test(t, without_a_key_rows_are_found_by_content);
	tcase_add_test(t, triggers_of_the_application_run_as_ever);
	tcase_add_test(t, locked_rows_are_waited_for);
	tcase_add_test(t, damaged_files_change_nothing);
	tcase_add_test(t, another_manifest_is_not_run);
	suite_add_tcase(s, t);
	return s;
}

int main(void) { return test_main(suite()); }
