/* SPDX-License-Identifier: MIT */
/* The server resolves texts of every kind, and runs nothing of them, whatever they are made of. */
#include "adapter/resolve.h"

#include <string.h>

#include "base/text.h"
#include "base/when.h"
#include "tests/lib_walk.h"

#define DB "gwt_resolve"

static struct db *db;
static struct arena *a;
static struct err e;
static struct fact_target target;
static struct resolver *r;

static const char *const shop[] = {
	"CREATE TABLE public.orders (id int PRIMARY KEY, note text, legacy_total int CONSTRAINT once UNIQUE, w int); CREATE TABLE public.items (id int, total int, legacy_total int)",
	"CREATE VIEW public.v_named AS SELECT id, legacy_total AS x, note FROM public.orders",
	"CREATE VIEW public.v_upon AS SELECT note AS n, x AS y FROM public.v_named",
	"CREATE VIEW public.v_far AS SELECT n AS w FROM public.v_upon",
	"CREATE VIEW public.v_where AS SELECT id FROM public.orders WHERE legacy_total > 3",
	"CREATE VIEW public.v_join AS SELECT o.id, i.total, o.legacy_total AS z FROM public.orders o JOIN public.items i ON i.id = o.id",
	"CREATE VIEW public.v_natural AS SELECT o.id FROM public.orders o NATURAL JOIN public.items",
	"CREATE VIEW public.v_sub AS SELECT s.id FROM (SELECT id, legacy_total FROM public.orders) s",
	"CREATE VIEW public.v_expr AS SELECT id, legacy_total + 1 AS more FROM public.orders",
	"CREATE VIEW public.v_sorted AS SELECT id, note FROM public.orders ORDER BY legacy_total",
	"CREATE VIEW public.v_row AS SELECT id, to_jsonb(o) AS doc FROM public.orders o",
	"CREATE VIEW public.v_made AS SELECT (json_populate_record(NULL::public.orders, '{}')).id AS doc",
	"CREATE VIEW public.v_joined AS SELECT i.id AS id FROM public.items i; CREATE OR REPLACE VIEW public.v_joined AS SELECT count(j)::int AS id FROM (public.orders o JOIN public.items i ON i.id = o.id) AS j (a, b, c, d, e, f, g)",
	"CREATE VIEW public.v_unused AS SELECT id, note FROM public.orders",
	"CREATE FUNCTION public.f_atomic(int) RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT sum(legacy_total) FROM public.orders WHERE id = $1; END",
	"CREATE FUNCTION public.f_upon(int) RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT public.f_atomic($1); END",
	"CREATE VIEW public.v_by_f AS SELECT public.f_upon(1) AS s",
	"CREATE TABLE public.child () INHERITS (public.orders)",
	"CREATE SCHEMA other; CREATE TABLE other.orders (id int, legacy_total int); CREATE TABLE other.mine (id int)",
	"CREATE TABLE public.witness (n int); CREATE SEQUENCE public.seen; CREATE FUNCTION public.bang(int) RETURNS int LANGUAGE plpgsql AS $$BEGIN PERFORM nextval('public.seen'); INSERT INTO public.witness VALUES ($1); RETURN 1; END$$",
	"CREATE DOMAIN public.evil AS int CHECK (public.bang(value) = 1); CREATE TYPE public.holder AS (e public.evil); CREATE TABLE public.evils (e public.evil[])",
};

static struct resolved resolve(const char *role, const char *text)
{
	struct resolved is = resolver_text(r, role, text);
	resolver_end(r);
	return is;
}

static void resolver(int64_t budget)
{
	ck_assert_msg(resolver_new(db, a, &target, budget, &r, &e), "%s", e.msg);
}

static void setup(void)
{
	db = test_database(DB);
	a = arena_new();
	e = (struct err){ 0 };
	test_sql(db, "DO $$BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'gwt_web') THEN CREATE ROLE gwt_web LOGIN; END IF; END$$;");
	for (size_t i = 0; i < sizeof shop / sizeof shop[0]; i++)
		test_sql(db, shop[i]);
	target = test_target(db, a, "public", "orders", "legacy_total");
	resolver(60 * US_SECOND);
	ck_assert_ptr_null(resolver_why(r));
}

static void teardown(void)
{
	db_close(db);
	arena_free(a);
	test_drop_database(DB);
}

static const struct { const char *text; enum resolved_as as; bool writes; } texts[] = {
	{ "SELECT legacy_total FROM orders WHERE id = $1", RESOLVED_USED, false },
	{ "SELECT o.* FROM orders o LIMIT $1", RESOLVED_USED, false },
	{ "SELECT to_jsonb(o) FROM orders o", RESOLVED_USED, false },
	{ "TABLE orders", RESOLVED_USED, false },
	{ "SELECT id FROM orders ORDER BY legacy_total", RESOLVED_USED, false },
	{ "SELECT count(*) FROM orders NATURAL JOIN items", RESOLVED_USED, false },
	{ "SELECT U&\"legacy\\005ftotal\" FROM orders", RESOLVED_USED, false },
	{ "DELETE FROM orders WHERE legacy_total = $1", RESOLVED_USED, true },
	{ "DELETE FROM orders WHERE id = $1 RETURNING *", RESOLVED_USED, true },
	{ "UPDATE orders SET legacy_total = $1 WHERE id = $2", RESOLVED_USED, true },
	{ "INSERT INTO orders VALUES ($1, $2)", RESOLVED_WITHOUT, true },
	{ "INSERT INTO orders VALUES ($1, $2, $3)", RESOLVED_USED, true },
	{ "INSERT INTO orders (id) VALUES ($1) ON CONFLICT ON CONSTRAINT once DO NOTHING", RESOLVED_USED, true },
	{ "WITH x AS (INSERT INTO orders (id) VALUES ($1) RETURNING legacy_total) SELECT 1 FROM x", RESOLVED_USED, true },
	{ "MERGE INTO orders o USING items i ON i.id = o.id WHEN MATCHED THEN UPDATE SET legacy_total = 1", RESOLVED_NOT, true },
	{ "MERGE INTO orders o USING items i ON i.id = o.legacy_total WHEN MATCHED THEN DELETE", RESOLVED_USED, true },
	{ "INSERT INTO orders (id) VALUES ($1) ON CONFLICT (id) DO UPDATE SET legacy_total = $2", RESOLVED_NOT, true },
	{ "INSERT INTO orders (id) VALUES ($1) ON CONFLICT (id) DO UPDATE SET note = $2", RESOLVED_NOT, true },   /* its words tell them apart */
	{ "SELECT j FROM (orders o JOIN items i ON i.id = o.id) AS j", RESOLVED_NOT, false },
	{ "SELECT (json_populate_record(NULL::orders, $1)).id", RESOLVED_USED, false },
	{ "SELECT o.id FROM orders o, unnest($1::orders[]) x", RESOLVED_USED, false },
	{ "SELECT doc FROM v_made", RESOLVED_USED, false },
	{ "SELECT id FROM v_joined", RESOLVED_USED, false },
	{ "SELECT legacy_total FROM child", RESOLVED_USED, false },
	{ "SELECT x FROM v_named", RESOLVED_USED, false },
	{ "SELECT id FROM v_named", RESOLVED_WITHOUT, false },
	{ "SELECT y FROM v_upon -- no name of it", RESOLVED_USED, false },
	{ "SELECT n FROM v_upon", RESOLVED_WITHOUT, false },
	{ "SELECT v FROM v_upon v", RESOLVED_USED, false },
	{ "INSERT INTO v_named (id, x) VALUES ($1, $2)", RESOLVED_USED, true },
	{ "SELECT id FROM v_where", RESOLVED_USED, false },
	{ "SELECT z FROM v_join", RESOLVED_USED, false },
	{ "SELECT id, total FROM v_join", RESOLVED_WITHOUT, false },
	{ "SELECT id FROM v_natural", RESOLVED_USED, false },
	{ "SELECT id FROM v_sub", RESOLVED_USED, false },       /* in doubt */
	{ "SELECT more FROM v_expr", RESOLVED_USED, false },
	{ "SELECT id FROM v_sorted", RESOLVED_USED, false },
	{ "SELECT doc FROM v_row", RESOLVED_USED, false },
	{ "SELECT id FROM v_unused", RESOLVED_ELSEWHERE, false },
	{ "SELECT f_upon(id) FROM items", RESOLVED_USED, false },
	{ "SELECT s FROM v_by_f", RESOLVED_USED, false },
	{ "SELECT i.legacy_total FROM items i JOIN orders o ON o.id = i.id", RESOLVED_WITHOUT, false },
	{ "SELECT i.* FROM items i, orders o WHERE o.id = i.id", RESOLVED_WITHOUT, false },
	{ "SELECT count(*) FROM orders", RESOLVED_WITHOUT, false },
	{ "SELECT legacy_total FROM other.orders", RESOLVED_ELSEWHERE, false },
	{ "SELECT w FROM v_far", RESOLVED_ELSEWHERE, false },
	{ "COPY v_far TO STDOUT", RESOLVED_ELSEWHERE, false },   /* nothing in it leads to the column: not even asked */
	{ "SELECT $1 - interval $2 FROM orders", RESOLVED_NOT, false },
	{ "SELECT legacy_total FROM orders WHERE note = 'a'", RESOLVED_NOT, false },   /* a literal is not sent */
	{ "SELECT x /* app='web', it''s */ FROM v_named -- don't", RESOLVED_USED, false },
	{ "SELECT \"legacy_total\"::int4 FROM \"orders\" o WHERE o.id>=$1::int AND o.id<>2.5e1", RESOLVED_USED, false },
	{ "SELECT legacy_total FROM orders WHERE $1 IS NULL", RESOLVED_NOT, false },
	{ "SELECT o.id FROM orders o, not_there", RESOLVED_NOT, false },
	{ "COPY orders TO STDOUT", RESOLVED_NOT, false },
};

START_TEST(what_it_uses)
{
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct resolved is = resolver_text(r, "postgres", texts[i].text);   /* one transaction */
		ck_assert_msg(is.as == texts[i].as, "%d, not %d: %s", (int)is.as, (int)texts[i].as, texts[i].text);
		ck_assert_msg(is.as == RESOLVED_NOT || is.writes == texts[i].writes, "writes: %s", texts[i].text);
	}
	ck_assert_uint_eq(resolver_late(r), 0);
	resolver_end(r);
	ck_assert(!db_in_transaction(db));
}
END_TEST

static const char *const hostile[] = {
	"SELECT 1; DROP TABLE public.witness", "SELECT 1; END; DROP TABLE public.witness; SELECT 1", "SELECT 1; COMMIT; INSERT INTO public.witness VALUES (1)",
	"SELECT public.bang(1)", "SELECT public.bang(1) FROM public.orders WHERE public.bang(2) = 1", "SELECT 1 /* ", "SELECT 1 -- ", "SELECT 'a", "SELECT \"a", "SELECT $x$",
	"SELECT 1 ; END $body$", "SELECT 1)", "(SELECT 1", "SELECT 1 INTO public.made", "INSERT INTO public.witness VALUES (1)", "DELETE FROM public.orders",
	"WITH x AS (INSERT INTO public.witness VALUES (1) RETURNING n) SELECT n FROM x", "SELECT set_config('search_path', 'other', false)",
	"SELECT pg_terminate_backend(pg_backend_pid())", "VALUES (public.bang(1))", "SELECT 'x'::public.nothing", "SELECT pg_advisory_lock(1)", "select", "with", "", " ", "\\",
	"SELECT 1; END; CREATE FUNCTION pg_temp.gatewalk_resolve2() RETURNS void LANGUAGE sql BEGIN ATOMIC SELECT 1", "SELECT * FROM orders FOR UPDATE; ROLLBACK",
	/* reading a literal of an array of a domain calls the domain's own check */
	"SELECT '{1}'::public.evil[] FROM orders", "SELECT $$(1)$$::public.holder FROM orders", "SELECT 1 /* /* */ */ - '{1}'::public.evil[] FROM orders",
	"SELECT 1 FROM orders WHERE $1 = 1 -- \r OR $a$(1)$a$::public.holder IS NULL", "INSERT INTO public.evils SELECT E'{1}' FROM orders",
	"SELECT 1 FROM orders, public.evils WHERE e = U&'{1}' -- x",
	"SELECT \xff", "SELECT '\xc3", "TABLE public.orders; TRUNCATE public.orders", "VALUES (1) ; DEALLOCATE ALL", "SELECT 1 \\; DROP TABLE public.witness",
};

START_TEST(nothing_of_it_runs)
{
	static const struct query left = { .sql = "SELECT (SELECT count(*) FROM public.witness) + (SELECT is_called::int FROM public.seen) + (SELECT count(*) - 1 FROM public.orders) + (SELECT count(*) FROM pg_prepared_statements)\n"
		"+ (SELECT count(*) FROM pg_proc WHERE pronamespace = pg_my_temp_schema()) + (SELECT count(*) FROM pg_class WHERE relname = 'made')\n"
		"+ (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid())" };
	test_sql(db, "INSERT INTO public.orders VALUES (1)");
	int pid = db_backend_pid(db);
	for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
		resolve("postgres", hostile[i]);
		ck_assert_msg(db_alive(db) && !db_in_transaction(db), "%s", hostile[i]);
		ck_assert_msg(text_eq(db_value(db, a, &left, &e), "0"), "%s: %s", hostile[i], e.msg);
		ck_assert_str_eq(test_value(db, a, "SHOW search_path"), "pg_catalog, pg_temp");
	}
	ck_assert_int_eq(db_backend_pid(db), pid);
	char *deep = arena_alloc(a, 90000);   /* the server says that this is too deep; a million brackets are not even sent */
	memset(deep, '(', 89000);
	memcpy(deep, "SELECT 1 FROM orders, ", 22);
	ck_assert_int_eq(resolve("postgres", deep).as, RESOLVED_NOT);
	ck_assert_int_eq(resolve("postgres", texts[0].text).as, RESOLVED_USED);
}
END_TEST

/* Operators and functions of the role's own schemas are found by the text, and never called by what gatewalk itself asks. */
START_TEST(the_roles_path)
{
	test_sql(db, "ALTER ROLE gwt_web IN DATABASE " DB " SET search_path = other, public");
	ck_assert_int_eq(resolve("gwt_web", "SELECT legacy_total FROM orders").as, RESOLVED_ELSEWHERE);
	ck_assert_int_eq(resolve("postgres", "SELECT legacy_total FROM orders").as, RESOLVED_USED);
	test_sql(db, "ALTER ROLE gwt_web IN DATABASE " DB " RESET search_path; CREATE SCHEMA gwt_web; CREATE VIEW gwt_web.orders AS SELECT 1 AS legacy_total");
	resolver(60 * US_SECOND);
	ck_assert_int_eq(resolve("gwt_web", "SELECT legacy_total FROM orders").as, RESOLVED_ELSEWHERE);
	test_sql(db, "CREATE FUNCTION public.trap(text, text) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN RETURN public.bang(7) = 0; END$$;"
		"CREATE OPERATOR public.= (LEFTARG = text, RIGHTARG = text, FUNCTION = public.trap);"
		"CREATE FUNCTION public.set_config(text, text, bool) RETURNS text LANGUAGE sql AS 'SELECT public.bang(8)::text'");
	test_sql(db, "ALTER ROLE gwt_web IN DATABASE " DB " SET search_path = public, pg_catalog");
	resolver(60 * US_SECOND);
	ck_assert_int_eq(resolve("gwt_web", "SELECT legacy_total FROM orders WHERE note = $1::text").as, RESOLVED_USED);
	ck_assert_str_eq(test_value(db, a, "SELECT count(*) FROM public.witness"), "0");
	test_sql(db, "ALTER ROLE gwt_web IN DATABASE " DB " RESET search_path");
}
END_TEST

START_TEST(bounds)
{
	resolver(0);
	ck_assert_int_eq(resolve("postgres", texts[0].text).as, RESOLVED_NOT);
	ck_assert_uint_eq(resolver_late(r), 1);
	resolver(60 * US_SECOND);
	struct db *other = test_client(DB, "ddl", "postgres");
	test_sql(other, "BEGIN; LOCK TABLE public.orders IN ACCESS EXCLUSIVE MODE");
	ck_assert_int_eq(resolve("postgres", texts[0].text).as, RESOLVED_NOT);   /* waits 100 ms, no longer */
	test_sql(other, "ROLLBACK");
	db_close(other);
	test_sql(db, "BEGIN; CREATE TABLE public.kept ()");   /* a transaction of the caller's is left alone */
	ck_assert_int_eq(resolve("postgres", "SELECT id FROM orders").as, RESOLVED_NOT);
	test_sql(db, "COMMIT; DROP TABLE public.kept; SET default_transaction_read_only = on");
	resolver(60 * US_SECOND);
	ck_assert_str_eq(resolver_why(r), "transactions are read-only here");
	ck_assert_int_eq(resolve("postgres", "SELECT id FROM orders").as, RESOLVED_NOT);
}
END_TEST

/* Whoever cannot switch its own counting off does not resolve; a superuser leaves nothing in the statistics. */
START_TEST(leaves_the_statistics_alone)
{
	static const char rollbacks[] = "SELECT pg_stat_force_next_flush(), xact_rollback FROM pg_stat_database WHERE datname = '" DB "'";
	struct rows before, after;
	const struct query count = { .sql = rollbacks, .cols = 2, .min_rows = 1, .max_rows = 1 };
	ck_assert(db_ask(db, a, &count, &before, &e));
	for (size_t i = 0; i < 3; i++)
		resolve("postgres", i ? texts[i].text : "SELECT orders FROM orders, nowhere");
	ck_assert(db_ask(db, a, &count, NULL, &e) && db_ask(db, a, &count, &after, &e));
	ck_assert_str_eq(before.cell[0][1], after.cell[0][1]);   /* what the monitor counts */
	resolver(60 * US_SECOND);
	test_sql(db, "CREATE EXTENSION pg_stat_statements SCHEMA public; SELECT public.pg_stat_statements_reset()");
	resolve("postgres", texts[0].text);
	ck_assert_str_eq(test_value(db, a, "SELECT count(*) FROM public.pg_stat_statements WHERE query LIKE '%gatewalk_resolve(%'"), "0");
	struct db *was = db;
	db = test_client(DB, "web", "gwt_web");
	resolver(60 * US_SECOND);
	ck_assert_str_eq(resolver_why(r), "GRANT SET ON PARAMETER pg_stat_statements.track TO gwt_web would let the server do it without filling its own statistics");
	test_sql(was, "GRANT SET ON PARAMETER pg_stat_statements.track TO gwt_web");
	resolver(60 * US_SECOND);
	ck_assert_ptr_null(resolver_why(r));
	ck_assert_int_eq(resolve("gwt_web", texts[0].text).as, RESOLVED_USED);
	test_sql(was, "REVOKE SET ON PARAMETER pg_stat_statements.track FROM gwt_web");
	ck_assert_str_eq(test_value(was, a, "SELECT count(*) FROM public.pg_stat_statements WHERE query LIKE '%gatewalk_resolve(%'"), "0");
	db_close(db);
	db = was;
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("db_resolve");
	TCase *c = tcase_create("resolve");
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_set_timeout(c, 60);
	tcase_add_test(c, what_it_uses);
	tcase_add_test(c, nothing_of_it_runs);
	tcase_add_test(c, the_roles_path);
	tcase_add_test(c, bounds);
	tcase_add_test(c, leaves_the_statistics_alone);
	suite_add_tcase(s, c);
	return s;
}

int main(void) { return test_main(suite()); }
