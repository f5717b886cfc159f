/* SPDX-License-Identifier: MIT */
/* A backfill of two columns side by side: the new one is filled by the plan's conversion, the dual write beside it is not woken, and what
   cannot be used is found before the first batch. */
#include "tests/dual_send.h"
#include "tests/backfill_fixture.h"

static struct bf x;

#define TABLE "CREATE TABLE public.t (id bigint PRIMARY KEY, v text, n int); INSERT INTO public.t SELECT i, i::text FROM generate_series(1, 3000) i"
#define BAD "SELECT count(*) FROM public.t WHERE n IS DISTINCT FROM v::int"

static void teardown(void)
{
	bf_close(&x);
}

static void open_beside(const char *sql)
{
	bf_open(&x, sql);
	x.plan.recipe = "change-type";
	x.plan.archetype = ARCH_TYPE;
	x.plan.column = "v";
	x.plan.add_column = "n";
	x.plan.backfill.value = x.plan.convert_to = "v::int";
}

static const struct dual_order both = { .sid = TEST_SID, .schema = "public", .table = "t", .column = "v", .add_column = "n", .to = "v::int", .back = "n::text" };

/* Behind a trigger that writes both ways: the old column stays as it is written. */
START_TEST(the_new_column_is_filled)
{
	open_beside(TABLE);
	test_sql(x.db, "UPDATE public.t SET v = '007' WHERE id = 7; UPDATE public.t SET v = 'x' WHERE id IN (9, 2000)");
	ck_assert_msg(dual_send(x.db, x.a, &both, true, &x.e), "%s", x.e.msg);
	bf_must(&x);
	bf_is(&x, "SELECT string_agg(concat_ws('|', key, value, sqlstate, error), ' ' ORDER BY n) FROM gatewalk.backfill_reject",
		"id=9|v=x|22P02|invalid input syntax for type integer: \"x\" id=2000|v=x|22P02|invalid input syntax for type integer: \"x\"");
	bf_is(&x, "SELECT count(*) FROM public.t WHERE v <> 'x' AND n IS DISTINCT FROM v::int", "0");
	bf_is(&x, "SELECT v FROM public.t WHERE id = 7", "007");
	bf_is(&x, "SELECT attname FROM gatewalk.backfill b JOIN pg_attribute a ON a.attrelid = b.relid AND a.attnum = b.attnum", "n");
	bf_is(&x, "SELECT count(*) FROM gatewalk.dual_reject", "0");
	/* Written by the application, one of them mended: gatewalk's trigger has filled it. */
	test_sql(x.db, "UPDATE public.t SET v = '9' WHERE id = 9");
	x.rejects = true;
	bf_must(&x);
	bf_is(&x, "SELECT string_agg(key, ' ') FROM gatewalk.backfill_reject", "id=2000");
	ck_assert_int_eq(json_int_or(x.result, "left", -1), 0);
}
END_TEST

START_TEST(a_rename_takes_the_old_value)
{
	open_beside("CREATE TABLE public.t (id bigint PRIMARY KEY, \"Old v\" text, \"New v\" text); INSERT INTO public.t SELECT i, nullif(i % 3, 0) || 'x' FROM generate_series(1, 3000) i");
	x.plan.recipe = "rename-column";
	x.plan.archetype = ARCH_RENAME;
	x.plan.column = "Old v";
	x.plan.add_column = "New v";
	x.plan.backfill.value = NULL;
	plan_finish(x.a, &x.plan);
	bf_must(&x);
	bf_is(&x, "SELECT count(*) FROM public.t WHERE \"Old v\" IS DISTINCT FROM \"New v\"", "0");
	bf_is(&x, "SELECT filled FROM gatewalk.backfill", "2000");
}
END_TEST

/* What is left are rows that do not convert, and none of them is the version that is listed: they are no word against the expression. */
START_TEST(rejects_alone_are_left)
{
	open_beside(TABLE);
	test_sql(x.db, "UPDATE public.t SET v = 'x' || v WHERE id > 2990");
	bf_must(&x);
	bf_is(&x, "SELECT count(*) FROM gatewalk.backfill_reject", "10");
	test_sql(x.db, "UPDATE public.t SET v = v || 'y' WHERE id > 2990");
	bf_must(&x);
	bf_is(&x, "SELECT count(*) FROM gatewalk.backfill_reject r JOIN public.t ON r.key = 'id=' || id WHERE r.value = 'v=' || v", "10");
	/* So with another expression, which has filled nothing yet, and rows that came meanwhile. */
	test_sql(x.db, "UPDATE public.t SET v = v || 'z' WHERE id > 2990; INSERT INTO public.t VALUES (0, 'new')");
	x.plan.backfill.value = x.plan.convert_to = "trim(v)::int";
	bf_must(&x);
	bf_is(&x, "SELECT count(*) FROM gatewalk.backfill_reject r JOIN public.t ON r.key = 'id=' || id WHERE r.value = 'v=' || v", "11");
	bf_is(&x, "SELECT count(*) FROM public.t WHERE n IS NULL", "11");
	/* The first ones of a table in which most convert. */
	test_sql(x.db, "DELETE FROM gatewalk.backfill; DELETE FROM gatewalk.backfill_reject; UPDATE public.t SET n = NULL, v = CASE WHEN id > 40 THEN id::text ELSE 'x' END");
	test_sql(x.db, "VACUUM FULL public.t");
	bf_must(&x);
	bf_is(&x, "SELECT count(*) FROM public.t WHERE n IS NULL", "41");
	/* None does. */
	test_sql(x.db, "DELETE FROM gatewalk.backfill; DELETE FROM gatewalk.backfill_reject; UPDATE public.t SET n = NULL, v = 'x'");
	ck_assert(!bf_run(&x));
	ck_assert_str_eq(x.e.msg, "each of the 20 rows tried is refused: invalid input syntax for type integer: \"x\"");
}
END_TEST

#define FUNCTION(name, args, kind, body) "CREATE FUNCTION public." name "(" args ") RETURNS int LANGUAGE plpgsql " kind " AS $$BEGIN " body " RETURN 1; END$$"
#define FIGHTS(body) "CREATE FUNCTION public.f() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN " body " RETURN NEW; END$$; CREATE TRIGGER f BEFORE UPDATE ON public.t FOR EACH ROW EXECUTE FUNCTION public.f()"

static const struct { const char *sql, *to, *msg; } bads[] = {
	{ "", "v::int + random()::int", "the backfill's expression is volatile: random() may give another value each time" },
	{ FUNCTION("w", "v text", "IMMUTABLE", "UPDATE public.t SET v = 'w';"), "public.w(v)", "the backfill's expression writes, or does what an expression may not: UPDATE is not allowed in a non-volatile function" },
	{ FUNCTION("l", "v text", "IMMUTABLE", "LOOP END LOOP;"), "public.l(v)", "the backfill's expression takes longer than 3s on each of the 2 rows tried: it loops, or waits" },
	{ "", "v", "the backfill's expression is of type text and column \"n\" of type integer: write (...)::integer" },
	{ "", "v::int FROM public.t", "the conversion cannot be used: syntax error at or near \"FROM\"" },
	{ "", "nothing::int", "the conversion cannot be used: column \"nothing\" does not exist" },
	{ "ALTER TABLE public.t ALTER n SET DEFAULT 0, ALTER n SET NOT NULL", "v::int", "column \"n\" is NOT NULL, so no row is empty; write backfill.fills: differences, or make it NOT NULL behind the backfill" },
	{ "ALTER TABLE public.t DROP n; ALTER TABLE public.t ADD n int GENERATED ALWAYS AS (id) STORED", "v::int", "the server gives column \"n\" its value itself: it is generated" },
	{ "ALTER TABLE public.t DROP n; ALTER TABLE public.t ADD n int GENERATED BY DEFAULT AS IDENTITY", "v::int", "the server gives column \"n\" its value itself: it is an identity" },
	{ FIGHTS("NEW.n := -NEW.n;"), "v::int", "of the 20 rows tried each is another one than it should be: it has another value behind the update: a trigger of the table changes it: f" },
	{ FIGHTS("NEW.v := 'x';"), "length(v)", "of the 20 rows tried each is another one than it should be: it has another value behind the update: a trigger of the table changes it: f" },
	{ FIGHTS("RAISE EXCEPTION 'not by you';"), "v::int", "each of the 20 rows tried is refused: not by you" },
};

static void afresh(const char *sql)
{
	test_sql(x.db, "DROP SCHEMA public CASCADE; CREATE SCHEMA public; DELETE FROM gatewalk.backfill; DELETE FROM gatewalk.backfill_reject; DELETE FROM gatewalk.job");
	test_sql(x.db, sql);
}

START_TEST(refused_before_the_first_batch)
{
	open_beside("SELECT");
	for (size_t i = 0; i < sizeof bads / sizeof bads[0]; i++) {
		afresh("CREATE TABLE public.t (id int PRIMARY KEY, v text, n int)");
		test_sql(x.db, *bads[i].sql ? bads[i].sql : "SELECT");
		test_sql(x.db, "INSERT INTO public.t (id, v) SELECT i, 10 + i FROM generate_series(1, 300) i");
		x.plan.backfill.value = x.plan.convert_to = bads[i].to;
		ck_assert_msg(!bf_run(&x), "%s", bads[i].msg);
		ck_assert_str_eq(x.e.msg, bads[i].msg);
		ck_assert_int_eq(x.e.code, ERR_GATE);
		bf_is(&x, "SELECT count(*) FROM gatewalk.backfill", "0");
		bf_is(&x, "SELECT count(*) FROM public.t WHERE v <> (10 + id)::text", "0");
	}
}
END_TEST

/* What refuses single rows is named with them, and nothing else of their batch is lost. */
static const struct { const char *sql, *to, *says; } singles[] = {
	{ "INSERT INTO public.t VALUES (0, '25', 25); CREATE UNIQUE INDEX n_once ON public.t (n)", "v::int", "id=25 v=25 23505 duplicate key value violates unique constraint \"n_once\"" },
	{ "SELECT", "CASE v WHEN '25' THEN v::int / 0 ELSE v::int END", "id=25 v=25 22012 division by zero" },
	{ "CREATE FUNCTION public.l(v text) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$BEGIN IF v = '25' THEN LOOP END LOOP; END IF; RETURN v::int; END$$", "public.l(v)",
		"id=25 v=25 57014 canceling statement due to statement timeout" },
};

START_TEST(one_row_refuses)
{
	open_beside("SELECT");
	x.plan.backfill.batch_ms = 10;
	for (size_t i = 0; i < sizeof singles / sizeof singles[0]; i++) {
		afresh(TABLE);
		test_sql(x.db, singles[i].sql);
		x.plan.backfill.value = x.plan.convert_to = singles[i].to;
		bf_must(&x);
		const char *got = bf_get(&x, "SELECT concat_ws(' ', key, value, sqlstate, error) FROM gatewalk.backfill_reject");
		ck_assert_msg(got && strncmp(got, singles[i].says, strlen(singles[i].says)) == 0, "%s", got);
		bf_is(&x, "SELECT count(*) FROM public.t WHERE n IS NULL", "1");
		bf_is(&x, "SELECT count(*) FROM public.t WHERE id <> 25 AND n IS DISTINCT FROM v::int", "0");
	}
}
END_TEST

/* A row that differs, of a parity that found it: filled again where the plan says differences. */
START_TEST(differences_are_mended)
{
	open_beside(TABLE);
	bf_must(&x);
	test_sql(x.db, "UPDATE public.t SET n = 0 WHERE id IN (5, 2500)");
	bf_must(&x);
	bf_is(&x, BAD, "2");
	x.plan.backfill.fills = "differences";
	bf_must(&x);
	bf_is(&x, BAD, "0");
	bf_is(&x, "SELECT filled FROM gatewalk.backfill", "2");
	/* A value that went, and one that belongs to the old one by the way back alone. */
	x.plan.convert_to = x.plan.backfill.value = "nullif(v, '')::int";
	x.plan.convert_back = "CASE WHEN n > 2999 THEN '2999' ELSE n::text END";
	test_sql(x.db, "UPDATE public.t SET v = '' WHERE id = 5; UPDATE public.t SET v = NULL WHERE id = 6; UPDATE public.t SET n = 3500 WHERE id = 2999");
	bf_must(&x);
	bf_is(&x, "SELECT string_agg(concat_ws(':', id, coalesce(v, '-'), coalesce(n::text, '-')), ' ' ORDER BY id) FROM public.t WHERE id IN (5, 6, 7, 2999)", "5::- 6:-:- 7:7:7 2999:2999:3500");
	ck_assert_int_eq(json_int_or(x.result, "left", -1), 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("backfill_beside");
	TCase *t = tcase_create("beside");
	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_test(t, the_new_column_is_filled);
	tcase_add_test(t, a_rename_takes_the_old_value);
	tcase_add_test(t, rejects_alone_are_left);
	tcase_add_test(t, refused_before_the_first_batch);
	tcase_add_test(t, one_row_refuses);
	tcase_add_test(t, differences_are_mended);
	suite_add_tcase(s, t);
	return test_main(s);
}
