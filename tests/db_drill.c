/* SPDX-License-Identifier: MIT */
#include "adapter/snapshot.h"

#include "adapter/own.h"
#include "adapter/probe.h"
#include "adapter/schema.h"
#include "base/json.h"
#include "port/files.h"
#include "tests/lib_snapshot.h"

static struct snap_world w;
static struct fact_drill d;

#define BASE "CREATE TABLE public.t (id int PRIMARY KEY, name text NOT NULL, qty int NOT NULL CHECK (qty > 0), legacy text);" \
	"INSERT INTO public.t SELECT i, 'n' || i, i, 'v' || i FROM generate_series(1, 500) i;"

/* One of each that falls silently, and neighbours that must not. */
#define FALLS "CREATE TABLE public.parent (code text PRIMARY KEY); INSERT INTO public.parent SELECT 'v' || i FROM generate_series(1, 500) i;" \
	"CREATE INDEX t_plain ON public.t (legacy); CREATE INDEX t_partial ON public.t (id) WHERE legacy IS NOT NULL; CREATE INDEX t_expr ON public.t (lower(legacy));" \
	"CREATE UNIQUE INDEX t_uniq ON public.t (name) INCLUDE (legacy); CREATE INDEX t_other ON public.t (qty);" \
	"ALTER TABLE public.t ADD CONSTRAINT t_check CHECK (legacy <> 'x' OR qty > 3), ADD CONSTRAINT t_unique UNIQUE (legacy, qty) DEFERRABLE INITIALLY DEFERRED," \
	"ADD CONSTRAINT t_fk FOREIGN KEY (legacy) REFERENCES public.parent, ADD CONSTRAINT t_ex EXCLUDE USING btree (legacy WITH =);" \
	"CREATE STATISTICS public.t_stat ON qty, legacy FROM public.t; ALTER TABLE public.t CLUSTER ON t_plain;" \
	"COMMENT ON INDEX public.t_plain IS 'it''s \\ one'; ALTER TABLE public.t ALTER COLUMN legacy SET NOT NULL, ALTER COLUMN legacy SET DEFAULT 'v1', ALTER COLUMN legacy SET STORAGE EXTERNAL," \
	"ALTER COLUMN legacy SET STATISTICS 500; COMMENT ON COLUMN public.t.legacy IS 'old'; GRANT SELECT (legacy) ON public.t TO PUBLIC;"

static void hold(void)
{
	ck_assert_msg(drill_run(w.a, &w.o, w.s.path, &d, &w.e), "%s", w.e.msg);
	snap_no_scratch(&w);
}

static void check_falls(void)
{
	static const char *const want[] = {
		"constraint t_check on table public.t", "constraint t_ex on table public.t", "constraint t_fk on table public.t", "constraint t_unique on table public.t",
		"index public.t_expr", "index public.t_partial", "index public.t_plain", "index public.t_uniq", "statistics object public.t_stat",
	};
	ck_assert_msg(d.passed, "%s", d.problem);
	ck_assert_uint_eq(d.n_fell, sizeof want / sizeof want[0]);
	for (size_t i = 0; i < d.n_fell; i++)
		ck_assert_str_eq(d.fell[i], want[i]);
	ck_assert(d.restore_us > 0 && d.took_us > d.restore_us && d.at > w.s.proved);
	ck_assert_str_eq(d.snapshot_id, w.s.id);
	ck_assert_str_eq(d.sysid, w.s.sysid);
}

START_TEST(a_drill_passes_and_names_what_fell)
{
	snap_world_open(&w, "drill_table", BASE FALLS);
	snap_take(&w);
	hold();
	check_falls();
	struct json *j = drill_json(w.a, &d);
	struct fact_drill back;
	ck_assert(json_is_log_subset(j));
	ck_assert(drill_from_json(w.a, j, &back));
	ck_assert(back.passed && back.n_fell == d.n_fell && back.at == d.at && !back.problem);
	snap_world_close(&w);
}
END_TEST

START_TEST(a_drill_passes_with_key_and_column_alone)
{
	snap_world_open(&w, "drill_column", BASE FALLS);
	w.plan.scope = SCOPE_COLUMN;
	snap_take(&w);
	hold();
	check_falls();
	snap_world_close(&w);
}
END_TEST

START_TEST(a_table_without_a_key_comes_back_too)
{
	snap_world_open(&w, "drill_nokey", "CREATE TABLE public.t (a int, b text, legacy json); INSERT INTO public.t SELECT i % 50, NULL, to_json(i) FROM generate_series(1, 500) i;"
		"INSERT INTO public.t VALUES (7, '', NULL)");
	snap_take(&w);
	hold();
	ck_assert_msg(d.passed, "%s", d.problem);
	ck_assert_uint_eq(d.n_fell, 0);
	snap_world_close(&w);
}
END_TEST

START_TEST(a_statement_that_asks_for_cascade_fails_the_drill)
{
	snap_world_open(&w, "drill_cascade", BASE "CREATE VIEW public.reader AS SELECT legacy FROM public.t");
	snap_take(&w);
	hold();
	ck_assert(!d.passed);
	ck_assert_str_eq(d.problem, "the drop would ask for CASCADE: view public.reader");
	ck_assert_int_eq(d.restore_us, 0);
	snap_world_close(&w);
}
END_TEST

/* Something goes along that no list had: here an event trigger takes a view away. */
START_TEST(what_falls_beyond_the_list_fails_the_drill)
{
	snap_world_open(&w, "drill_beyond", BASE "CREATE VIEW public.bystander AS SELECT 1; CREATE FUNCTION public.also() RETURNS event_trigger LANGUAGE plpgsql AS"
		" $$BEGIN IF NOT EXISTS (SELECT FROM pg_catalog.pg_attribute WHERE attrelid = 'public.t'::regclass AND attname = 'legacy') THEN"
		" DROP VIEW IF EXISTS public.bystander; END IF; END$$; CREATE EVENT TRIGGER also ON ddl_command_end WHEN TAG IN ('ALTER TABLE') EXECUTE FUNCTION public.also();");
	snap_take(&w);
	hold();
	ck_assert(!d.passed);
	ck_assert_str_eq(d.problem, "what fell with it is not what was found before");
	ck_assert_uint_gt(d.n_fell, 0);
	snap_world_close(&w);
}
END_TEST

START_TEST(definitions_that_do_not_load_fail_the_drill)
{
	snap_world_open(&w, "drill_load", BASE "CREATE FUNCTION public.f(int) RETURNS bool IMMUTABLE LANGUAGE plpgsql AS $$BEGIN PERFORM * FROM nowhere; RETURN true; END$$;");
	test_sql(w.db, "CREATE TABLE public.nowhere (x int); ALTER TABLE public.t ADD CHECK (public.f(id)) NOT VALID");
	snap_take(&w);
	hold();
	ck_assert(!d.passed);
	ck_assert_str_eq(d.problem, "relation \"nowhere\" does not exist");
	snap_world_close(&w);
}
END_TEST

START_TEST(missing_roles_do_no_harm)
{
	snap_world_open(&w, "drill_roles", BASE "DROP ROLE IF EXISTS drill_gone; CREATE ROLE drill_gone; ALTER TABLE public.t OWNER TO drill_gone; GRANT SELECT (legacy) ON public.t TO drill_gone;");
	snap_take(&w);
	test_sql(w.db, "REASSIGN OWNED BY drill_gone TO postgres; DROP OWNED BY drill_gone; DROP ROLE drill_gone");
	hold();
	ck_assert_msg(d.passed, "%s", d.problem);
	snap_world_close(&w);
}
END_TEST

/* Triggers of the application must not run in a drill: they may reach outside. */
START_TEST(triggers_stay_quiet)
{
	snap_world_open(&w, "drill_quiet", BASE "CREATE FUNCTION public.boom() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'boom'; END$$;"
		"CREATE TRIGGER boom BEFORE INSERT OR UPDATE ON public.t FOR EACH ROW EXECUTE FUNCTION public.boom();");
	snap_take(&w);
	hold();
	ck_assert_msg(d.passed, "%s", d.problem);
	snap_world_close(&w);
}
END_TEST

/* The tripwire stands on the table in a walk: it is none of the definitions, and its count is the snapshot's. */
START_TEST(the_tripwire_is_counted_and_left_out)
{
	bool strong;
	struct fact_target target;
	snap_world_open(&w, "drill_trip", BASE);
	w.o.sid = "0123456789abcdef0123456789abcdef";
	ck_assert_msg(schema_init(w.db, w.a, ENV_STAGING, &strong, &w.e), "%s", w.e.msg);
	ck_assert_msg(probe_target(w.db, w.a, &w.plan, &target, &w.e), "%s", w.e.msg);
	ck_assert_msg(own_tripwire_put(w.db, w.a, &(struct own_trip){ .sid = w.o.sid, .target = &target }, &w.e), "%s", w.e.msg);
	snap_take(&w);
	ck_assert_int_eq(w.s.trip_count, 0);
	test_sql(w.db, "UPDATE public.t SET legacy = 'x' WHERE id < 4");
	snap_take(&w);
	ck_assert_int_gt(w.s.trip_count, 0);
	int64_t count = w.s.trip_count;
	hold();
	ck_assert_msg(d.passed, "%s", d.problem);
	bool there, enabled;
	ck_assert(own_tripwire_look(w.db, w.a, w.o.sid, target.relid, &there, &enabled, &w.s.trip_count, &w.e));
	ck_assert(there && enabled);
	ck_assert_int_eq(w.s.trip_count, count);
	snap_world_close(&w);
}
END_TEST

START_TEST(a_snapshot_of_elsewhere_is_refused)
{
	snap_world_open(&w, "drill_else", BASE);
	snap_take(&w);
	const char *path = w.s.path;
	w.plan.column = "name";
	ck_assert(!drill_run(w.a, &w.o, path, &d, &w.e));
	ck_assert_str_eq(w.e.msg, arena_printf(w.a, "snapshot %s is not of the plan's column", w.s.id));
	w.plan.column = "legacy";
	w.o.manifest_sha256 = "00";
	ck_assert(!drill_run(w.a, &w.o, path, &d, &w.e));
	ck_assert_ptr_nonnull(strstr(w.e.msg, "is not the manifest that was proven"));
	w.o.manifest_sha256 = w.s.manifest_sha256;
	w.o.conninfo = "dbname=postgres";
	ck_assert(!drill_run(w.a, &w.o, path, &d, &w.e));
	ck_assert_str_eq(w.e.msg, arena_printf(w.a, "snapshot %s is of another database", w.s.id));
	w.o.conninfo = "dbname=drill_else";
	w.plan.scratch = "host=/nowhere dbname=postgres";
	ck_assert(!drill_run(w.a, &w.o, path, &d, &w.e));
	ck_assert_int_eq(w.e.code, ERR_DB_CONNECT);
	snap_world_close(&w);
}
END_TEST

static bool stop_at(void *ctx, const char *phase, double done, double total, const char *unit, bool estimate, const char *note)
{
	(void)done, (void)total, (void)unit, (void)estimate, (void)note;
	return strcmp(phase, ctx) != 0;
}

START_TEST(stopped_it_leaves_no_database)
{
	static char phases[][12] = { "definitions", "load", "drop", "fill" };
	snap_world_open(&w, "drill_stop", BASE);
	snap_take(&w);
	for (size_t i = 0; i < sizeof phases / sizeof phases[0]; i++) {
		w.o.progress = (struct progress){ stop_at, phases[i] };
		ck_assert_msg(!drill_run(w.a, &w.o, w.s.path, &d, &w.e), "not stopped in %s", phases[i]);
		ck_assert_int_eq(w.e.code, ERR_INTERRUPTED);
		snap_no_scratch(&w);
	}
	snap_world_close(&w);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("drill");
	TCase *t = tcase_create("drill");
	tcase_set_timeout(t, 120);
	tcase_add_test(t, a_drill_passes_and_names_what_fell);
	tcase_add_test(t, a_drill_passes_with_key_and_column_alone);
	tcase_add_test(t, a_table_without_a_key_comes_back_too);
	tcase_add_test(t, a_statement_that_asks_for_cascade_fails_the_drill);
	tcase_add_test(t, what_falls_beyond_the_list_fails_the_drill);
	tcase_add_test(t, definitions_that_do_not_load_fail_the_drill);
	tcase_add_test(t, missing_roles_do_no_harm);
	tcase_add_test(t, triggers_stay_quiet);
	tcase_add_test(t, the_tripwire_is_counted_and_left_out);
	tcase_add_test(t, a_snapshot_of_elsewhere_is_refused);
	tcase_add_test(t, stopped_it_leaves_no_database);
	suite_add_tcase(s, t);
	return s;
}

int main(void) { return test_main(suite()); }
