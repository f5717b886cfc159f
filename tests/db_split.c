/* SPDX-License-Identifier: MIT */
/* A table split in two: what the triggers bring over, what the fill does beside writers, and which tables are refused. */
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "adapter/split.h"
#include "base/text.h"
#include "base/when.h"
#include "port/files.h"
#include "tests/lib_db.h"

#define SPLIT_DB "gwt_split"
#define ID "orders_split"
#define TABLE "CREATE TABLE public.t (id bigint PRIMARY KEY, street text, city text, w int DEFAULT 0)"
#define TRIGGER SPLIT_TRIGGER "orders_split"
#define ROWS "SELECT coalesce(string_agg(concat_ws(':', id, coalesce(street, '-'), coalesce(city, '-')), ' ' ORDER BY id), '') FROM public.t2"

static struct arena *a;
static struct db *db;
static struct split_form form;
static const char *const two[] = { "street", "city" };
static struct split_order order;

static void database(void)
{
	struct db *made = test_database(SPLIT_DB);
	test_sql(made, "CREATE SCHEMA gatewalk; DO $$BEGIN CREATE ROLE gwt_split_reader; CREATE ROLE gwt_split_stranger; EXCEPTION WHEN duplicate_object THEN NULL; END$$");
	db_close(made);
}

static void database_gone(void)
{
	test_drop_database(SPLIT_DB);
	struct db *last = test_connect("dbname=postgres");
	test_sql(last, "DROP ROLE gwt_split_reader; DROP ROLE gwt_split_stranger");
	db_close(last);
}

static void begin(const char *sql)
{
	a = arena_new();
	db = test_connect("dbname=" SPLIT_DB);
	order = (struct split_order){ .id = ID, .schema = "public", .table = "t", .to_schema = "public", .to = "t2", .columns = two, .n = 2 };
	test_sql(db, "DROP SCHEMA IF EXISTS public, \"S.x\" CASCADE; CREATE SCHEMA public; DROP FUNCTION IF EXISTS gatewalk.split_orders_split()");
	test_sql(db, sql);
}

static void teardown(void)
{
	db_close(db);
	arena_free(a);
}

static const char *unfit(void)
{
	struct err e = { 0 };
	const char *why = NULL;
	ck_assert_msg(split_form(db, a, &order, &form, &why, &e), "%s", e.msg);
	return why;
}

static void put(void)
{
	const char *why = unfit();
	ck_assert_msg(!why, "%s", why);
	test_sql(db, arena_printf(a, "BEGIN;\n%sCOMMIT", split_put(a, &form)));
}

static void is(const char *sql, const char *want)
{
	const char *got = test_value(db, a, sql);
	ck_assert_msg(text_eq(got, want), "%s: %s, wanted %s", sql, got ? got : "NULL", want);
}

static void compared(int missing, int extra, int differing)
{
	is(arena_printf(a, "SELECT concat_ws(' ', x.a, x.b, x.c) FROM (%s) x (a, b, c)", split_compare(a, &form)), arena_printf(a, "%d %d %d", missing, extra, differing));
}

static const char *state_of(struct db *on, const char *sql)
{
	struct err e = { 0 };
	return db_script(on, a, sql, 10000, NULL, &e) ? "" : arena_dup(a, e.sqlstate);
}

static void fill(void)
{
	test_sql(db, split_fill(a, &form, "public.t", 0, 1000000));
}

/* ---- the triggers ---- */

static const struct { const char *sql, *rows; } writes[] = {
	{ "INSERT INTO public.t VALUES (1, 'a', 'b'), (2, NULL, NULL)", "1:a:b 2:-:-" },
	{ "INSERT INTO public.t VALUES (1, 'a', 'b'); UPDATE public.t SET street = 'c'; UPDATE public.t SET city = NULL", "1:c:-" },
	{ "INSERT INTO public.t VALUES (1, 'a', 'b') ON CONFLICT DO NOTHING; INSERT INTO public.t VALUES (1, 'c', 'd') ON CONFLICT (id) DO UPDATE SET street = excluded.street", "1:c:b" },
	{ "INSERT INTO public.t VALUES (1, 'a', 'b'), (2, 'c', 'd'); DELETE FROM public.t WHERE id = 1", "2:c:d" },
	/* Keys: alone, with a value, and each onto the next one's place. */
	{ "INSERT INTO public.t VALUES (1, 'a', 'b'); UPDATE public.t SET id = 7", "7:a:b" },
	{ "INSERT INTO public.t VALUES (1, 'a', 'b'); UPDATE public.t SET id = 7, street = 'c'", "7:c:b" },
	{ "INSERT INTO public.t VALUES (3, 'c', ''), (2, 'b', ''), (1, 'a', ''); UPDATE public.t SET id = id + 1", "2:a: 3:b: 4:c:" },
	{ "INSERT INTO public.t VALUES (1, 'a', 'b'); DELETE FROM public.t; INSERT INTO public.t VALUES (1, 'c', 'd')", "1:c:d" },
	{ "BEGIN; INSERT INTO public.t VALUES (1, 'a', 'b'); SAVEPOINT s; UPDATE public.t SET street = 'x'; ROLLBACK TO s; COMMIT", "1:a:b" },
	/* What logical replication brings. */
	{ "SET session_replication_role = replica; INSERT INTO public.t VALUES (1, 'a', 'b'), (2, 'c', 'd'), (3, 'e', 'f'); UPDATE public.t SET id = 7, city = 'x' WHERE id = 1;"
		" UPDATE public.t SET id = 8 WHERE id = 2; DELETE FROM public.t WHERE id = 3; RESET session_replication_role", "7:a:x 8:c:d" },
	/* The application's own triggers: before, and after, where the inner write is told first. */
	{ "CREATE FUNCTION public.f() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN NEW.city := upper(NEW.street); RETURN NEW; END$$; CREATE TRIGGER app BEFORE INSERT OR UPDATE ON public.t FOR EACH ROW"
		" EXECUTE FUNCTION public.f(); INSERT INTO public.t VALUES (1, 'a', 'b'); UPDATE public.t SET street = 'c'", "1:c:C" },
	{ "CREATE FUNCTION public.f() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN UPDATE public.t SET city = 'inner' WHERE id = NEW.id; RETURN NULL; END$$; CREATE TRIGGER app AFTER INSERT ON public.t"
		" FOR EACH ROW EXECUTE FUNCTION public.f(); INSERT INTO public.t VALUES (1, 'a', 'outer')", "1:a:inner" },
	{ "CREATE FUNCTION public.f() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN DELETE FROM public.t WHERE id = NEW.id; RETURN NULL; END$$; CREATE TRIGGER app AFTER INSERT ON public.t"
		" FOR EACH ROW WHEN (NEW.id = 1) EXECUTE FUNCTION public.f(); INSERT INTO public.t VALUES (1, 'a', 'b'), (2, 'c', 'd')", "2:c:d" },
	/* An order that is not allowed: a release that writes the old columns behind one that writes the new table alone takes away what that one wrote. */
	{ "INSERT INTO public.t VALUES (1, 'a', 'b'); UPDATE public.t2 SET street = 'new code'; UPDATE public.t SET city = 'old code'", "1:a:old code" },
	/* A search_path with a table of the same name in it. */
	{ "CREATE TEMPORARY TABLE t2 (id bigint PRIMARY KEY, street text, city text); SET search_path = pg_temp, public; INSERT INTO public.t VALUES (1, 'a', 'b'); RESET search_path; DROP TABLE pg_temp.t2",
		"1:a:b" },
};

START_TEST(ways_of_writing)
{
	begin(TABLE);
	put();
	test_sql(db, writes[_i].sql);
	is(ROWS, writes[_i].rows);
	compared(0, 0, 0);
}
END_TEST

/* A write of other columns alone fires nothing: a row that is not filled yet stays so. */
START_TEST(rows_that_do_not_change)
{
	begin(TABLE "; INSERT INTO public.t VALUES (1, 'a', 'b'), (2, 'c', 'd')");
	put();
	test_sql(db, "UPDATE public.t SET w = 1, street = street; UPDATE public.t SET city = 'x' WHERE id = 2");
	is(ROWS, "2:c:x");
	is(split_left(a, &form), "1");
	compared(1, 0, 0);
	fill();
	is(split_left(a, &form), "0");
	compared(0, 0, 0);
}
END_TEST

/* The comparison sees each kind; 1.0 against 1.00 is one. */
START_TEST(what_differs_is_seen)
{
	static const char *const n[] = { "n" };
	begin("CREATE TABLE public.t (id int PRIMARY KEY, n numeric); INSERT INTO public.t VALUES (1, 1.0), (2, 2), (3, 3)");
	order.columns = n;
	order.n = 1;
	put();
	fill();
	compared(0, 0, 0);
	test_sql(db, "UPDATE public.t2 SET n = 1.00 WHERE id = 1; DELETE FROM public.t2 WHERE id = 2; SET session_replication_role = replica; INSERT INTO public.t2 VALUES (9, 9); RESET session_replication_role");
	compared(1, 1, 1);
}
END_TEST

START_TEST(types_and_odd_names)
{
	static const char *const columns[] = { "ex\"cluded", "tg_op", "found", "new", "doc", "kind" };
	begin("CREATE SCHEMA \"S.x\"; CREATE DOMAIN public.digits AS text CHECK (VALUE ~ '^[0-9]*$'); CREATE TYPE public.mood AS ENUM ('ok', 'odd');"
		" CREATE TABLE \"S.x\".\"t'\\\" (\"Old\" text COLLATE \"C\", part int, \"ex\"\"cluded\" public.digits DEFAULT '0' NOT NULL, tg_op json, found numeric(6,2) CHECK (found > 0), \"new\" text[], doc jsonb,"
		" kind public.mood DEFAULT 'ok', other int, CHECK (found > other), PRIMARY KEY (part, \"Old\"))");
	order = (struct split_order){ .id = ID, .schema = "S.x", .table = "t'\\", .to_schema = "public", .to = "new", .columns = columns, .n = 6 };
	put();
	is("SELECT string_agg(pg_get_constraintdef(oid), '; ' ORDER BY contype) FROM pg_constraint WHERE conrelid = 'public.new'::regclass AND contype IN ('c', 'f', 'p')",
		"CHECK ((found > (0)::numeric)); FOREIGN KEY (part, \"Old\") REFERENCES \"S.x\".\"t'\\\"(part, \"Old\") ON UPDATE CASCADE ON DELETE CASCADE; PRIMARY KEY (part, \"Old\")");
	is("SELECT string_agg(concat_ws(' ', attname, format_type(atttypid, atttypmod), attnotnull, pg_get_expr(adbin, adrelid)), ', ' ORDER BY attnum) FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid"
		" AND adnum = attnum WHERE attrelid = 'public.new'::regclass AND attnum > 0", "part integer t, Old text t, ex\"cluded public.digits t '0'::text, tg_op json f, found numeric(6,2) f, new text[] f, doc jsonb f,"
		" kind public.mood f 'ok'::public.mood");
	test_sql(db, "INSERT INTO \"S.x\".\"t'\\\" VALUES ('a', 1, '5', '{\"a\": 1}', 2.5, '{x,NULL}', '{}', 'odd', 1), ('b', 1, '6', NULL, NULL, NULL, NULL, NULL, NULL);"
		" UPDATE \"S.x\".\"t'\\\" SET tg_op = '{\"a\":1}' WHERE \"Old\" = 'a'; UPDATE \"S.x\".\"t'\\\" SET \"Old\" = 'c', part = 2 WHERE \"Old\" = 'b'");
	is("SELECT string_agg(n::text, ' ' ORDER BY part) FROM public.new AS n", "(1,a,5,\"{\"\"a\"\":1}\",2.50,\"{x,NULL}\",{},odd) (2,c,6,,,,,)");
	compared(0, 0, 0);
	test_sql(db, split_take(a, &form));
	is("SELECT count(*) FROM pg_trigger WHERE tgname ~ 'gatewalk'", "0");
	is("SELECT count(*) FROM public.new", "2");
}
END_TEST

/* Open to whom the old one is, and to nobody else. */
START_TEST(who_may_read_and_write)
{
	begin(TABLE "; GRANT SELECT ON public.t TO gwt_split_reader WITH GRANT OPTION; GRANT UPDATE (city, w) ON public.t TO gwt_split_reader;"
		" ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO gwt_split_stranger, PUBLIC; GRANT USAGE ON SCHEMA public TO PUBLIC");
	put();
	is("SELECT string_agg(concat_ws(' ', grantee::regrole, privilege_type, is_grantable), ', ') FROM pg_class c, aclexplode(relacl) WHERE c.oid = 'public.t2'::regclass AND grantee <> relowner",
		"gwt_split_reader SELECT t");
	is("SELECT string_agg(concat_ws(' ', attname, x.grantee::regrole, x.privilege_type), ', ') FROM pg_attribute, aclexplode(attacl) x WHERE attrelid = 'public.t2'::regclass",
		"city gwt_split_reader UPDATE");
	/* Who may write the old one alone writes through the trigger, and cannot call its function otherwise. */
	test_sql(db, "INSERT INTO public.t VALUES (1, 'a', 'b'); SET ROLE gwt_split_reader; UPDATE public.t SET city = 'x'; RESET ROLE");
	is(ROWS, "1:a:x");
	is("SELECT has_function_privilege('gwt_split_reader', 'gatewalk.split_orders_split()', 'EXECUTE')", "f");
}
END_TEST

/* Said in the header: the foreign key refuses it. */
START_TEST(truncate_alone_is_refused)
{
	begin(TABLE);
	put();
	test_sql(db, "INSERT INTO public.t VALUES (1, 'a', 'b')");
	ck_assert_str_eq(state_of(db, "TRUNCATE public.t"), "0A000");
	test_sql(db, "TRUNCATE public.t, public.t2");
	compared(0, 0, 0);
}
END_TEST

/* ---- the fill, beside writers ---- */

static const char *with_lock(const char *lock)
{
	static const char ours[] = " FOR NO KEY UPDATE OF o SKIP LOCKED";
	const char *sql = split_fill(a, &form, "public.t", 0, 1000), *at = strstr(sql, ours);
	ck_assert_ptr_nonnull(at);
	return arena_printf(a, "%.*s%s%s", (int)(at - sql), sql, lock, at + strlen(ours));
}

/* A writer under way, and what a fill with this lock comes to: 55P03, it waits for the writer. */
static const struct { const char *write, *lock, *state, *rows; } meetings[] = {
	{ "UPDATE public.t SET city = 'x' WHERE id = 1", " FOR NO KEY UPDATE OF o SKIP LOCKED", "", "1:a:x 2:c:d" },
	{ "DELETE FROM public.t WHERE id = 1", " FOR NO KEY UPDATE OF o SKIP LOCKED", "", "2:c:d" },
	{ "UPDATE public.t SET id = 7 WHERE id = 1", " FOR NO KEY UPDATE OF o SKIP LOCKED", "", "2:c:d 7:a:b" },
	{ "UPDATE public.t SET city = 'x' WHERE id = 1", " FOR KEY SHARE OF o SKIP LOCKED", "55P03", "1:a:x" },
	{ "UPDATE public.t SET city = 'x' WHERE id = 1", "", "55P03", "1:a:x" },
	{ "DELETE FROM public.t WHERE id = 1", "", "55P03", "" },
};

START_TEST(a_writer_under_way)
{
	begin(TABLE "; INSERT INTO public.t VALUES (1, 'a', 'b'), (2, 'c', 'd')");
	put();
	struct db *writer = test_connect("dbname=" SPLIT_DB);
	test_sql(writer, arena_printf(a, "BEGIN; %s", meetings[_i].write));
	test_sql(db, "SET lock_timeout = '200ms'");
	ck_assert_str_eq(state_of(db, with_lock(meetings[_i].lock)), meetings[_i].state);
	test_sql(writer, "COMMIT");
	is(ROWS, meetings[_i].rows);
	fill();
	is(split_left(a, &form), "0");
	compared(0, 0, 0);
	db_close(writer);
}
END_TEST

/* The writer rolled back: the row was passed by, and a later pass comes to it. */
START_TEST(a_writer_who_rolls_back)
{
	begin(TABLE "; INSERT INTO public.t VALUES (1, 'a', 'b')");
	put();
	struct db *writer = test_connect("dbname=" SPLIT_DB);
	test_sql(writer, "BEGIN; UPDATE public.t SET city = 'x'");
	fill();
	test_sql(writer, "ROLLBACK");
	is(split_left(a, &form), "1");
	fill();
	is(ROWS, "1:a:b");
	db_close(writer);
}
END_TEST

static pid_t writer_of(const char *sql)
{
	pid_t pid = fork();
	if (pid != 0)
		return pid;
	struct err e = { 0 };
	struct db *own = test_connect("dbname=" SPLIT_DB);
	struct arena *mine = arena_new();
	while (db_script(own, mine, sql, 10000, NULL, &e))
		;
	fprintf(stderr, "writer: %s\n", e.msg);
	_exit(1);
}

/* Each on its own rows, so that none fails by another's: what is left to meet is the fill. */
START_TEST(under_writers)
{
	static const char *const sqls[] = {
		"UPDATE public.t SET city = city || 'x' WHERE id = (random() * 2999)::int; UPDATE public.t SET street = NULL, w = w + 1 WHERE id = (random() * 2999)::int",
		"DELETE FROM public.t WHERE id = 3000 + (random() * 2999)::int; UPDATE public.t SET w = w + 1 WHERE id = 3000 + (random() * 2999)::int",
		"UPDATE public.t SET id = -id WHERE abs(id) = 6001 + (random() * 2998)::int",
		"INSERT INTO public.t SELECT coalesce(max(id), 0) + 1, 'n', 'm' FROM public.t WHERE id > 5000",
	};
	enum { N = sizeof sqls / sizeof sqls[0] };
	pid_t pids[N];
	begin(TABLE "; INSERT INTO public.t SELECT i, 's' || i, 'c', 0 FROM generate_series(1, 9000) i");
	put();
	for (int i = 0; i < N; i++)
		pids[i] = writer_of(sqls[i]);
	long long pages = strtoll(test_value(db, a, "SELECT pg_relation_size('public.t') / 8192"), NULL, 10);
	ck_assert_int_gt(pages, 20);
	/* Passes over blocks that were there at the beginning, two at a time, while rows move behind and before it. */
	for (int pass = 0; pass < 3; pass++)
		for (long long at = 0; at < pages; at += 2) {
			test_sql(db, split_fill(a, &form, "public.t", at, at + 2));
			clock_nap(2);
		}
	int status, gone = waitpid(-1, &status, WNOHANG);
	for (int i = 0; i < N; i++) {
		kill(pids[i], SIGKILL);
		waitpid(pids[i], NULL, 0);
	}
	ck_assert_int_eq(gone, 0);
	test_gone(db, "application_name = 'gatewalk test'");
	is("SELECT count(*) > 100 FROM public.t WHERE w > 0 OR id < 0 OR street = 'n'", "t");
	is("SELECT count(*) < 3000 FROM public.t WHERE id BETWEEN 3000 AND 5999", "t");
	is(arena_printf(a, "SELECT concat_ws(' ', x.b, x.c) FROM (%s) x (a, b, c)", split_compare(a, &form)), "0 0");
	fill();
	compared(0, 0, 0);
}
END_TEST

/* Said in the header: a write of REPEATABLE READ is told to try again, and loses nothing. */
START_TEST(repeatable_read)
{
	begin(TABLE "; INSERT INTO public.t VALUES (1, 'a', 'b')");
	put();
	struct db *writer = test_connect("dbname=" SPLIT_DB);
	test_sql(writer, "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM public.t");
	fill();
	ck_assert_str_eq(state_of(writer, "UPDATE public.t SET city = 'x'"), "40001");
	test_sql(writer, "ROLLBACK; BEGIN ISOLATION LEVEL REPEATABLE READ; UPDATE public.t SET city = 'x'; COMMIT");
	is(ROWS, "1:a:x");
	db_close(writer);
}
END_TEST

/* ---- refused ---- */

static const struct { const char *sql, *why; } refused[] = {
	{ "SELECT 1", "there is no such table" },
	{ "CREATE TABLE public.t (id int, street text, city text)", "it has no primary key" },
	{ "CREATE TABLE public.t (id int PRIMARY KEY DEFERRABLE, street text, city text)", "its primary key is DEFERRABLE: no foreign key can refer to it" },
	{ "CREATE TABLE public.t (id int PRIMARY KEY, street text, city text) PARTITION BY RANGE (id)", "it has partitions or children, or is one" },
	{ "CREATE TABLE public.p (id int); CREATE TABLE public.t (id int PRIMARY KEY, street text, city text) INHERITS (public.p)", "it has partitions or children, or is one" },
	{ "CREATE VIEW public.t AS SELECT 1 AS id, '' AS street, '' AS city", "it is no plain, logged table" },
	{ "CREATE UNLOGGED TABLE public.t (id int PRIMARY KEY, street text, city text)", "it is no plain, logged table" },
	{ TABLE "; ALTER TABLE public.t ENABLE ROW LEVEL SECURITY", "it has row security, whose policies the new table would not have" },
	{ TABLE "; SET ROLE gwt_split_reader", "this login has not the rights of its owner, with which the trigger is to write" },
	{ TABLE "; CREATE VIEW public.t2 AS SELECT 1", "something of the new table's name is there already" },
	{ TABLE "; CREATE DOMAIN public.t2 AS int", "something of the new table's name is there already" },
	{ "CREATE TABLE public.t (id int PRIMARY KEY, street text, town text)", "column city is not there" },
	{ "CREATE TABLE public.t (street text PRIMARY KEY, city text)", "column street is part of the key, which both tables have" },
	{ "CREATE TABLE public.t (id int PRIMARY KEY, street text, city text GENERATED ALWAYS AS ('x') STORED)", "column city is generated" },
	{ "CREATE TABLE public.t (id int PRIMARY KEY, street text, city int GENERATED BY DEFAULT AS IDENTITY)", "column city is an identity" },
};

START_TEST(tables_that_are_refused)
{
	begin(refused[_i].sql);
	const char *why = unfit();
	ck_assert_msg(text_eq(why, refused[_i].why), "%s", why ? why : "not refused");
}
END_TEST

START_TEST(a_column_named_twice)
{
	static const char *const twice[] = { "city", "city" };
	begin(TABLE);
	order.columns = twice;
	ck_assert_str_eq(unfit(), "column city is named twice");
	order.n = 0;
	ck_assert_str_eq(unfit(), "no column is named");
	order.n = 1;
	order.to_schema = "nowhere";
	ck_assert_str_eq(unfit(), "there is no schema of the new table's");
}
END_TEST

#define N(list) (int)(sizeof list / sizeof *list)

int main(void)
{
	Suite *s = suite_create("split");
	TCase *c = tcase_create("split");
	tcase_set_timeout(c, 60);
	tcase_add_unchecked_fixture(c, database, database_gone);
	tcase_add_checked_fixture(c, NULL, teardown);
	tcase_add_loop_test(c, ways_of_writing, 0, N(writes));
	tcase_add_test(c, rows_that_do_not_change);
	tcase_add_test(c, what_differs_is_seen);
	tcase_add_test(c, types_and_odd_names);
	tcase_add_test(c, who_may_read_and_write);
	tcase_add_test(c, truncate_alone_is_refused);
	tcase_add_loop_test(c, a_writer_under_way, 0, N(meetings));
	tcase_add_test(c, a_writer_who_rolls_back);
	tcase_add_test(c, under_writers);
	tcase_add_test(c, repeatable_read);
	tcase_add_loop_test(c, tables_that_are_refused, 0, N(refused));
	tcase_add_test(c, a_column_named_twice);
	suite_add_tcase(s, c);
	return test_main(s);
}
