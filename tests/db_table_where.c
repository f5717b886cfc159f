/* SPDX-License-Identifier: MIT */
/* A table's snapshot, drill, drop and way back where the surroundings are other ones: tablespaces, a login that only owns, a scratch
   server without the roles. */
#include "adapter/snapshot.h"

#include "adapter/cluster.h"
#include "tests/lib_table.h"

static struct snap_world w;
static struct restore_end end;
static struct fact_drill d;

static void drilled(void)
{
	snap_take(&w);
	ck_assert_msg(drill_run(w.a, &w.o, w.s.path, &d, &w.e), "%s", w.e.msg);
	ck_assert_msg(d.passed, "%s", d.problem);
}

static void there_and_back(void)
{
	const char *schema = table_schema(&w), *rows = snap_rows(&w, "t::text");
	drilled();
	table_drop(&w);
	table_restore_whole(&w, &end);
	ck_assert_str_eq(snap_rows(&w, "t::text"), rows);
	table_same_schema(&w, schema);
}

#define SPACE "SET allow_in_place_tablespaces = on; CREATE TABLESPACE tw_space LOCATION '';\n"

START_TEST(in_another_tablespace)
{
	table_world_open(&w, "tw_space", SPACE "CREATE TABLE public.t (id int, b text, PRIMARY KEY (id) USING INDEX TABLESPACE tw_space) TABLESPACE tw_space; CREATE INDEX t_b ON public.t (b);"
		"CREATE INDEX t_b2 ON public.t (b) TABLESPACE tw_space; INSERT INTO public.t SELECT i, i::text FROM generate_series(1, 99) i;");
	there_and_back();
	ck_assert_str_eq(test_value(w.db, w.a, "SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class WHERE reltablespace = (SELECT oid FROM pg_tablespace WHERE spcname = 'tw_space')"
		" AND relnamespace = 'public'::regnamespace"), "t t_b2 t_pkey");
	/* It is gone by then: the table stands in the default one, and that is listed. */
	table_drop(&w);
	test_sql(w.db, "DROP TABLESPACE tw_space");
	ck_assert(!table_restore(&w, &end));
	ck_assert_int_eq(w.e.code, ERR_LEFT);
	ck_assert_uint_ge(end.n_left, 1);
	ck_assert_ptr_nonnull(strstr(end.left[0], "tw_space"));
	ck_assert_str_eq(test_value(w.db, w.a, "SELECT count(*) FROM public.t"), "99");
	snap_world_close(&w);
}
END_TEST

START_TEST(partitions_in_another_tablespace)
{
	table_world_open(&w, "tw_parts", SPACE "CREATE TABLE public.t (id int PRIMARY KEY, b text) PARTITION BY RANGE (id); CREATE INDEX t_b ON public.t (b);"
		"CREATE TABLE public.t1 PARTITION OF public.t FOR VALUES FROM (0) TO (50) TABLESPACE tw_space; CREATE TABLE public.t2 PARTITION OF public.t DEFAULT;"
		"INSERT INTO public.t SELECT i, i::text FROM generate_series(1, 99) i;");
	there_and_back();
	ck_assert_str_eq(test_value(w.db, w.a, "SELECT spcname FROM pg_class c JOIN pg_tablespace s ON s.oid = c.reltablespace WHERE relname = 't1'"), "tw_space");
	/* The parent's is what new partitions would get. */
	test_sql(w.db, "ALTER TABLE public.t SET TABLESPACE tw_space");
	there_and_back();
	table_drop(&w);
	test_sql(w.db, "DROP TABLESPACE tw_space");
	snap_world_close(&w);
}
END_TEST

#define OWNER "DO $$BEGIN CREATE ROLE tw_owner; CREATE ROLE tw_app; CREATE ROLE tw_login LOGIN CREATEDB; EXCEPTION WHEN duplicate_object THEN END$$;\n" \
	"GRANT tw_owner TO tw_login; GRANT pg_read_all_data, pg_read_all_stats TO tw_login; GRANT ALL ON SCHEMA public TO tw_owner; GRANT CREATE ON DATABASE tw_login TO tw_login;\n" \
	"CREATE TABLE public.ref (a int PRIMARY KEY); INSERT INTO public.ref SELECT generate_series(1, 99); CREATE TABLE public.t (id serial PRIMARY KEY, a int REFERENCES public.ref, b text CHECK (b <> ''));\n" \
	"CREATE TABLE public.o (x int CONSTRAINT o_x REFERENCES public.t); INSERT INTO public.t (a, b) SELECT i, i::text FROM generate_series(1, 99) i; INSERT INTO public.o SELECT generate_series(1, 9);\n" \
	"CREATE INDEX t_b ON public.t (b); ALTER TABLE public.t ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON public.t TO tw_app USING (id > 3); COMMENT ON TABLE public.t IS 'owned';\n" \
	"ALTER TABLE public.ref OWNER TO tw_owner; ALTER TABLE public.t OWNER TO tw_owner; ALTER TABLE public.o OWNER TO tw_owner; GRANT SELECT, UPDATE (b) ON public.t TO tw_app;\n"

static void as_login(const char *dbname)
{
	w.o.conninfo = arena_printf(w.a, "dbname=%s user=tw_login", dbname);
	db_close(w.db);
	w.db = test_connect(w.o.conninfo);
	ck_assert_str_eq(test_value(w.db, w.a, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"), "f");
}

static void end_login(const char *dbname)
{
	db_close(w.db);
	w.o.conninfo = arena_printf(w.a, "dbname=%s", dbname);
	w.db = test_connect(w.o.conninfo);
	snap_world_close(&w);
}

/* A member of the owner's role, and no more than that. */
START_TEST(by_a_login_that_is_no_superuser)
{
	struct fact_target t;
	table_world_open(&w, "tw_login", OWNER);
	as_login("tw_login");
	there_and_back();
	ck_assert_str_eq(test_value(w.db, w.a, "SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = 'public.t'::regclass"), "tw_owner");
	/* A member who would have to SET ROLE first may not. */
	struct db *super = test_connect("dbname=tw_login");
	test_sql(super, "ALTER ROLE tw_login NOINHERIT");
	ck_assert_msg(probe_target(w.db, w.a, &w.plan, &t, &w.e), "%s", w.e.msg);
	ck_assert(!t.may_alter);
	ck_assert_str_eq(t.unfit, "table public.o refers to this one and this login may not take its foreign key off; log in as a member of its owner's role");
	test_sql(super, "ALTER ROLE tw_login INHERIT");
	db_close(super);
	end_login("tw_login");
}
END_TEST

START_TEST(scratch_server_without_the_roles)
{
	struct cluster c;
	table_world_open(&w, "tw_scratch", "DO $$BEGIN CREATE ROLE tw_owner; CREATE ROLE tw_app; EXCEPTION WHEN duplicate_object THEN END$$;\n"
		"CREATE TABLE public.t (id int PRIMARY KEY, b text); INSERT INTO public.t SELECT i, i::text FROM generate_series(1, 99) i; CREATE INDEX t_b ON public.t (b);\n"
		"ALTER TABLE public.t OWNER TO tw_owner; GRANT SELECT, UPDATE (b) ON public.t TO tw_app;");
	/* Below /tmp itself: the server's user must get there when we are root. */
	const char *dir = arena_printf(w.a, "/tmp/gwt-where-%d", (int)getpid());
	ck_assert_msg(cluster_start(w.a, &(struct cluster_opts){ .dir = dir, .settings = "fsync=off\n" }, &c, &w.e), "%s", w.e.msg);
	w.plan.scratch = arena_printf(w.a, "host=%s port=%d user=%s dbname=postgres", c.host, c.port, c.user);
	there_and_back();
	/* A policy cannot be without its role. */
	test_sql(w.db, "CREATE POLICY p ON public.t TO tw_app USING (id > 3)");
	snap_take(&w);
	ck_assert_msg(drill_run(w.a, &w.o, w.s.path, &d, &w.e), "%s", w.e.msg);
	ck_assert(!d.passed);
	ck_assert_ptr_nonnull(strstr(d.problem, "role \"tw_app\" does not exist"));
	ck_assert(cluster_remove(w.a, &c, &w.e));
	snap_world_close(&w);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("table_where");
	TCase *t = tcase_create("table_where");
	tcase_set_timeout(t, 180);
	tcase_add_test(t, in_another_tablespace);
	tcase_add_test(t, partitions_in_another_tablespace);
	tcase_add_test(t, by_a_login_that_is_no_superuser);
	tcase_add_test(t, scratch_server_without_the_roles);
	suite_add_tcase(s, t);
	return s;
}

int main(void) { return test_main(suite()); }
