/* SPDX-License-Identifier: MIT */
#include "adapter/snapshot.h"

#include <signal.h>
#include <sys/wait.h>

#include "tests/lib_table.h"

static struct snap_world w;
static struct restore_end end;

static int tick_now, tick_kill;
static bool kill_at(void *ctx, const char *phase, double done, double total, const char *unit, bool estimate, const char *note)
{
	(void)ctx, (void)phase, (void)done, (void)total, (void)unit, (void)estimate, (void)note;
	if (++tick_now == tick_kill)
		kill(getpid(), SIGKILL);
	return true;
}

/* Small, and with something in each phase. */
#define SMALL "CREATE TABLE public.ref (a int PRIMARY KEY); INSERT INTO public.ref SELECT generate_series(1, 50);" \
	"CREATE TABLE public.t (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a int REFERENCES public.ref, b text);" \
	"INSERT INTO public.t (a, b) SELECT i, 'b' || i FROM generate_series(1, 50) i; CREATE TABLE public.o (x int REFERENCES public.t); INSERT INTO public.o SELECT generate_series(1, 50);" \
	"CREATE INDEX t_b ON public.t (b); COMMENT ON COLUMN public.t.b IS 'b'; COMMENT ON TABLE public.t IS 't'; GRANT SELECT ON public.t TO PUBLIC; CREATE PUBLICATION p FOR TABLE public.t;"

START_TEST(killed_anywhere_it_goes_on)
{
	table_world_open(&w, "rtb_sweep", SMALL);
	const char *schema = table_schema(&w), *rows = snap_rows(&w, "t::text");
	snap_take(&w);
	int status = SIGKILL, kills = 0;
	for (tick_kill = 1; WIFSIGNALED(status); tick_kill++) {
		table_drop(&w);
		pid_t pid = fork();
		if (pid == 0) {
			w.o.progress = (struct progress){ kill_at, NULL };
			_exit(table_restore(&w, &end) ? 0 : 1);
		}
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
		kills += WIFSIGNALED(status);
		if (WIFSIGNALED(status))
			table_restore_whole(&w, &end);
		ck_assert_str_eq(snap_rows(&w, "t::text"), rows);
		table_same_schema(&w, schema);
	}
	ck_assert_int_eq(WEXITSTATUS(status), 0);
	ck_assert_int_ge(kills, 20);
	snap_world_close(&w);
}
END_TEST

/* A label's provider has to be loaded: the server's own word is listed. */
#define LABEL(object, sub) "SET allow_system_table_mods = on; INSERT INTO pg_seclabel VALUES (" object ", 'pg_class'::regclass, " sub ", 'gw none', 'it''s secret');\n"
START_TEST(a_label_without_its_provider_is_listed)
{
	table_world_open(&w, "rtb_label", SMALL LABEL("'public.t'::regclass", "0") LABEL("'public.t'::regclass", "3") LABEL("'public.t_id_seq'::regclass", "0"));
	snap_take(&w);
	table_drop(&w);
	ck_assert(!table_restore(&w, &end));
	ck_assert_int_eq(w.e.code, ERR_LEFT);
	ck_assert_uint_eq(end.n_left, 3);
	ck_assert_str_eq(end.left[0], "security label of public.t: security label provider \"gw none\" is not loaded");
	ck_assert_str_eq(end.left[1], "security label of public.t.b: security label provider \"gw none\" is not loaded");
	ck_assert_str_eq(end.left[2], "security label of public.t_id_seq: security label provider \"gw none\" is not loaded");
	snap_world_close(&w);
}
END_TEST

START_TEST(what_cannot_come_back_is_listed)
{
	static const char *const want[] = {
		"CREATE POLICY pol ON public.t USING (public.ok(id)): function public.ok(integer) does not exist",
		"owner of public.t: role \"rtb_owner\" does not exist",
		"GRANT SELECT ON TABLE public.t TO rtb_gone: role \"rtb_gone\" does not exist",
		"constraint t_a_fkey on table public.t: relation \"public.ref\" does not exist",
		"constraint t_a_fkey on table public.t: constraint \"t_a_fkey\" of relation \"t\" does not exist",
		"constraint t_f2 on table public.t: insert or update on table \"t\" violates foreign key constraint \"t_f2\"",
		"table public.t in publication p: publication \"p\" does not exist",
	};
	table_world_open(&w, "rtb_left", "DO $$BEGIN CREATE ROLE rtb_gone; CREATE ROLE rtb_owner; EXCEPTION WHEN duplicate_object THEN END$$;\n" SMALL "CREATE TABLE public.ref2 (a int PRIMARY KEY); INSERT INTO public.ref2 SELECT generate_series(1, 50);"
		"ALTER TABLE public.t ADD CONSTRAINT t_f2 FOREIGN KEY (a) REFERENCES public.ref2; ALTER TABLE public.t OWNER TO rtb_owner; GRANT SELECT ON public.t TO rtb_gone;"
		"CREATE FUNCTION public.ok(int) RETURNS bool LANGUAGE sql AS 'SELECT true'; CREATE POLICY pol ON public.t USING (public.ok(id));");
	snap_take(&w);
	table_drop(&w);
	test_sql(w.db, "DROP TABLE public.ref; DELETE FROM public.ref2 WHERE a = 7; DROP PUBLICATION p; DROP ROLE rtb_owner; DROP ROLE rtb_gone; DROP FUNCTION public.ok");
	ck_assert(!table_restore(&w, &end));
	ck_assert_int_eq(w.e.code, ERR_LEFT);
	for (size_t i = 0; i < end.n_left && i < sizeof want / sizeof want[0]; i++)
		ck_assert_msg(strncmp(end.left[i], want[i], strlen(want[i])) == 0, "%zu: %s", i, end.left[i]);
	ck_assert_uint_ge(end.n_left, sizeof want / sizeof want[0]);
	for (size_t i = sizeof want / sizeof want[0]; i < end.n_left; i++)   /* who owns it now */
		ck_assert_msg(strstr(end.left[i], "postgres") != NULL, "%s", end.left[i]);
	ck_assert_str_eq(test_value(w.db, w.a, "SELECT count(*) || ' ' || obj_description('public.t'::regclass) FROM public.t"), "50 t");
	snap_world_close(&w);
}
END_TEST

START_TEST(a_relation_of_that_name_is_not_touched)
{
	table_world_open(&w, "rtb_theirs", SMALL);
	snap_take(&w);
	ck_assert(!table_restore(&w, &end));
	ck_assert_int_eq(w.e.code, ERR_USE);
	ck_assert_str_eq(w.e.msg, "there already is a relation \"public\".\"t\"");
	table_drop(&w);
	test_sql(w.db, "CREATE VIEW public.t AS SELECT 1 AS mine");
	ck_assert(!table_restore(&w, &end));
	ck_assert_str_eq(w.e.msg, "there already is a relation \"public\".\"t\"");
	/* Something of its own name: nothing is made. */
	test_sql(w.db, "DROP VIEW public.t; CREATE SEQUENCE public.t_id_seq");
	ck_assert(!table_restore(&w, &end));
	ck_assert_str_eq(w.e.msg, "the table cannot be made: relation \"t_id_seq\" already exists");
	ck_assert_str_eq(test_value(w.db, w.a, "SELECT count(*) FROM pg_class WHERE relname = 't'"), "0");
	snap_world_close(&w);
}
END_TEST

START_TEST(other_rows_than_the_manifests_are_not_kept)
{
	table_world_open(&w, "rtb_damage", SMALL);
	snap_take(&w);
	table_drop(&w);
	ck_assert_int_eq(system(arena_printf(w.a, "printf x >>'%s/data-0001.copy.zst'", w.s.path)), 0);
	ck_assert(!table_restore(&w, &end));
	ck_assert_int_eq(w.e.code, ERR_VERIFY);
	w.o.manifest_sha256 = "00";
	ck_assert(!table_restore(&w, &end));
	ck_assert_ptr_nonnull(strstr(w.e.msg, "is not the manifest that was proven"));
	w.o.manifest_sha256 = NULL;
	ck_assert_int_eq(system(arena_printf(w.a, "truncate -s -1 '%s/data-0001.copy.zst'", w.s.path)), 0);
	w.plan.recipe = "drop-column";
	w.plan.column = "b";
	ck_assert(!table_restore(&w, &end));
	ck_assert_str_eq(w.e.msg, "the snapshot is of \"public\".\"t\", not of the plan's column");
	ck_assert_str_eq(test_value(w.db, w.a, "SELECT count(*) FROM pg_class WHERE relname = 't'"), "0");
	snap_world_close(&w);
}
END_TEST

/* A type has changed since: nothing half is left. */
START_TEST(rows_that_do_not_fit_any_more_leave_nothing)
{
	table_world_open(&w, "rtb_other", "CREATE DOMAIN public.word AS text; CREATE FUNCTION public.sum(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1'; CREATE TABLE public.t (id int, w public.word, CHECK (public.sum(id) > 0)); INSERT INTO public.t VALUES (1, 'a');");
	snap_take(&w);
	table_drop(&w);
	test_sql(w.db, "ALTER DOMAIN public.word ADD CHECK (VALUE <> 'a')");
	ck_assert(!table_restore(&w, &end));
	ck_assert_int_eq(w.e.code, ERR_DB);
	ck_assert_msg(strstr(w.e.msg, "the rows cannot be loaded: value for domain word violates check constraint") == w.e.msg, "%s", w.e.msg);
	ck_assert_str_eq(test_value(w.db, w.a, "SELECT count(*) FROM pg_class WHERE relname = 't'"), "0");
	snap_world_close(&w);
}
END_TEST

START_TEST(locks_of_others_are_waited_for)
{
	table_world_open(&w, "rtb_locked", SMALL);
	const char *schema = table_schema(&w);
	snap_take(&w);
	table_drop(&w);
	struct db *other = test_connect(w.o.conninfo);
	test_sql(other, "BEGIN; INSERT INTO public.ref VALUES (77)");
	pid_t pid = fork();
	if (pid == 0)
		_exit(table_restore(&w, &end) ? 0 : 1);
	/* It is there, and waits for the foreign key's lock again and again: nobody queues behind it for longer than that. */
	for (int i = 0; i < 600 && strcmp(test_value(w.db, w.a, "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'public.ref'::regclass"), "0") == 0; i++)
		usleep(20000);
	ck_assert_str_eq(test_value(w.db, w.a, "SELECT count(*) FROM public.t"), "50");
	ck_assert_int_eq(waitpid(pid, NULL, WNOHANG), 0);
	test_sql(other, "COMMIT");
	int status;
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(WEXITSTATUS(status), 0);
	db_close(other);
	table_same_schema(&w, schema);
	snap_world_close(&w);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("restore_table_break");
	TCase *t = tcase_create("restore_table_break");
	tcase_set_timeout(t, 180);
	tcase_add_test(t, killed_anywhere_it_goes_on);
	tcase_add_test(t, a_label_without_its_provider_is_listed);
	tcase_add_test(t, what_cannot_come_back_is_listed);
	tcase_add_test(t, a_relation_of_that_name_is_not_touched);
	tcase_add_test(t, other_rows_than_the_manifests_are_not_kept);
	tcase_add_test(t, rows_that_do_not_fit_any_more_leave_nothing);
	tcase_add_test(t, locks_of_others_are_waited_for);
	suite_add_tcase(s, t);
	return s;
}

int main(void) { return test_main(suite()); }
