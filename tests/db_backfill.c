/* SPDX-License-Identifier: MIT */
/* Every kind of table and key, rejects, what is refused before the first batch, and what gives the rows their values beside it. */
#include "tests/backfill_fixture.h"

static struct bf x;

static void teardown(void)
{
	bf_close(&x);
}

static const struct { const char *name, *sql; } shapes[] = {
	{ "bigint key", "CREATE TABLE public.t (id bigint PRIMARY KEY, v int, n bigint); INSERT INTO public.t SELECT i, i FROM generate_series(1, 20000) i" },
	{ "text key", "CREATE TABLE public.t (id text PRIMARY KEY, v int, n bigint); INSERT INTO public.t SELECT md5(i::text), i FROM generate_series(1, 5000) i" },
	{ "uuid key", "CREATE TABLE public.t (id uuid PRIMARY KEY, v int, n bigint); INSERT INTO public.t SELECT gen_random_uuid(), i FROM generate_series(1, 5000) i" },
	{ "composite key", "CREATE TABLE public.t (a int, b text, v int, n bigint, PRIMARY KEY (a, b)); INSERT INTO public.t SELECT i % 7, 'k' || i, i FROM generate_series(1, 5000) i" },
	{ "no key", "CREATE TABLE public.t (v int, n bigint); INSERT INTO public.t SELECT i % 10 FROM generate_series(1, 5000) i" },
	{ "sparse key", "CREATE TABLE public.t (id bigint PRIMARY KEY, v int, n bigint); INSERT INTO public.t SELECT i::bigint * 1000000000, i FROM generate_series(1, 2000) i" },
	{ "holes", "CREATE TABLE public.t (id bigint PRIMARY KEY, v int, n bigint); INSERT INTO public.t SELECT i, i FROM generate_series(1, 20000) i;"
		" DELETE FROM public.t WHERE id % 10 > 0 OR id BETWEEN 5000 AND 9000" },
	{ "partitions", "CREATE TABLE public.t (id bigint, v int, n bigint, PRIMARY KEY (id, v)) PARTITION BY RANGE (v);"
		" CREATE TABLE public.t1 PARTITION OF public.t FOR VALUES FROM (0) TO (3000); CREATE TABLE public.t2 (v int, extra int, n bigint, id bigint NOT NULL);"
		" ALTER TABLE public.t2 DROP COLUMN extra; ALTER TABLE public.t2 ALTER v SET NOT NULL; ALTER TABLE public.t ATTACH PARTITION public.t2 FOR VALUES FROM (3000) TO (90000);"
		" CREATE TABLE public.t3 PARTITION OF public.t DEFAULT; INSERT INTO public.t SELECT i, i FROM generate_series(1, 9000) i" },
	{ "children", "CREATE TABLE public.t (id bigint PRIMARY KEY, v int, n bigint); CREATE TABLE public.child () INHERITS (public.t);"
		" INSERT INTO public.t SELECT i, i FROM generate_series(1, 100) i; INSERT INTO public.child SELECT i, i FROM generate_series(1, 100) i" },
	{ "nothing in it", "CREATE TABLE public.t (id bigint PRIMARY KEY, v int, n bigint)" },
	{ "a key of the table's own order", "CREATE COLLATION public.c (provider = libc, locale = 'C'); CREATE TABLE public.t (id text COLLATE public.c PRIMARY KEY, v int, n bigint);"
		" INSERT INTO public.t SELECT chr(97 + i % 26) || i, i FROM generate_series(1, 5000) i" },
	{ "a key without an order", "CREATE TABLE public.t (id xid, v int, n bigint); CREATE INDEX ON public.t USING hash (id); INSERT INTO public.t SELECT i::text::xid, i FROM generate_series(1, 5000) i" },
	{ "wide rows", "CREATE TABLE public.t (id bigint PRIMARY KEY, v int, w text, n bigint); ALTER TABLE public.t ALTER w SET STORAGE EXTERNAL;"
		" INSERT INTO public.t SELECT i, i, repeat('x', 3000) FROM generate_series(1, 500) i" },
	{ "names", "CREATE TABLE public.\"T\" (v int, n bigint); DROP TABLE public.\"T\"; CREATE TABLE public.t (\"Id%s\" int PRIMARY KEY, v int, n bigint); INSERT INTO public.t SELECT i, i FROM generate_series(1, 99) i" },
};

START_TEST(shape)
{
	bf_open(&x, shapes[_i].sql);
	const char *rows = bf_get(&x, "SELECT count(*) FROM public.t");
	bf_must(&x);
	bf_is(&x, BF_BAD, "0");
	bf_is(&x, "SELECT count(*) FROM public.t", rows);
	bf_is(&x, "SELECT filled FROM gatewalk.backfill", rows);
	bf_is(&x, "SELECT rows_left || ' ' || (counted_at IS NOT NULL) || ' ' || pass_over FROM gatewalk.backfill", "0 true true");
	/* Again: nothing is done twice. */
	bf_must(&x);
	bf_is(&x, "SELECT filled FROM gatewalk.backfill", rows);
	ck_assert_int_eq(json_int_or(x.result, "left", -1), 0);
}
END_TEST

START_TEST(nothing_is_written_over)
{
	bf_open(&x, "CREATE TABLE public.t (id bigint PRIMARY KEY, v int, n bigint); INSERT INTO public.t SELECT i, i, CASE WHEN i % 3 = 0 THEN -i END FROM generate_series(1, 3000) i");
	bf_must(&x);
	bf_is(&x, "SELECT count(*) FROM public.t WHERE n IS DISTINCT FROM CASE WHEN id % 3 = 0 THEN -id ELSE v * 100 END", "0");
	x.plan.backfill.fills = "differences";
	x.plan.backfill.where = "v > 1500";
	bf_must(&x);
	bf_is(&x, "SELECT count(*) FROM public.t WHERE n IS DISTINCT FROM CASE WHEN id % 3 = 0 AND v <= 1500 THEN -id ELSE v * 100 END", "0");
	bf_is(&x, "SELECT filled FROM gatewalk.backfill", "500");
}
END_TEST

/* v is text: some are no numbers. */
#define TEXTS "CREATE TABLE public.t (id bigint PRIMARY KEY, v text, n int); INSERT INTO public.t SELECT i, CASE WHEN i IN (3, 777, 778, 4000) THEN 'x' || i ELSE i::text END" \
	" FROM generate_series(1, 4000) i"

START_TEST(rejects_are_kept_and_run_again)
{
	struct backfill_reject *r;
	size_t n;
	bf_open(&x, TEXTS);
	x.plan.backfill.value = "v::int";
	bf_must(&x);
	bf_is(&x, "SELECT count(*) || ' ' || count(n) FROM public.t", "4000 3996");
	ck_assert_int_eq(json_int_or(x.result, "rejects", -1), 4);
	ck_assert(backfill_rejects(x.db, x.a, TEST_SID, 10, &r, &n, &x.e));
	ck_assert_uint_eq(n, 4);
	ck_assert_str_eq(r[1].key, "id=777");
	ck_assert_str_eq(r[1].value, "v=x777");
	ck_assert_str_eq(r[1].sqlstate, "22P02");
	ck_assert_str_eq(r[1].error, "invalid input syntax for type integer: \"x777\"");
	/* Mended by the application, two of them; only those that are listed are tried. */
	test_sql(x.db, "UPDATE public.t SET v = '5' WHERE id IN (3, 777)");
	x.rejects = true;
	bf_must(&x);
	bf_is(&x, "SELECT string_agg(key, ' ' ORDER BY n) FROM gatewalk.backfill_reject", "id=778 id=4000");
	bf_is(&x, "SELECT count(*) FROM public.t WHERE n IS NULL", "2");
	/* Mended by the plan: what is filled stays. */
	x.plan.backfill.value = "regexp_replace(v, '^x', '')::int";
	bf_must(&x);
	bf_is(&x, "SELECT count(*) FROM public.t WHERE n IS NULL", "0");
	bf_is(&x, "SELECT count(*) FROM gatewalk.backfill_reject", "0");
	bf_is(&x, "SELECT filled FROM gatewalk.backfill", "2");
}
END_TEST

/* Another expression: what it refuses now is tried by itself, once; what the one before filled stays, and the rest is walked from the beginning. */
START_TEST(amended)
{
	bf_open(&x, TEXTS);
	x.plan.backfill.value = "v::int";
	bf_must(&x);
	bf_is(&x, "SELECT count(*) FROM gatewalk.backfill_reject", "4");
	x.plan.backfill.value = "CASE WHEN v = 'x3' THEN -3 ELSE v::int END";
	bf_must(&x);
	bf_is(&x, "SELECT string_agg(key, ' ' ORDER BY n) FROM gatewalk.backfill_reject", "id=777 id=778 id=4000");
	bf_is(&x, "SELECT pass || ' ' || filled FROM gatewalk.backfill", "1 1");   /* it was filled to its end before: only counted */
	/* The same again: nobody asked for the rejects. */
	test_sql(x.db, "UPDATE gatewalk.backfill_reject SET error = 'as it was'");
	bf_must(&x);
	bf_is(&x, "SELECT count(*) FROM gatewalk.backfill_reject WHERE error = 'as it was'", "3");
	/* Another row set: what is out of it is no reject any more. */
	x.plan.backfill.where = "id <> 777";
	bf_must(&x);
	bf_is(&x, "SELECT string_agg(key, ' ' ORDER BY n) FROM gatewalk.backfill_reject", "id=778 id=4000");
	/* Amended before it came to an end. */
	test_sql(x.db, "UPDATE public.t SET n = NULL WHERE id > 2000; UPDATE gatewalk.backfill SET rows_left = NULL, counted_at = NULL");
	x.plan.backfill.value = "CASE WHEN v LIKE 'x%' THEN 0 ELSE v::int END";
	bf_must(&x);
	bf_is(&x, "SELECT count(*) FROM public.t WHERE n IS NULL", "1");
	bf_is(&x, "SELECT count(*) FROM gatewalk.backfill_reject", "0");
	/* Another column of the same name. */
	x.plan.backfill.value = "v::int";
	x.plan.backfill.where = NULL;
	test_sql(x.db, "UPDATE public.t SET n = NULL");
	bf_must(&x);
	bf_is(&x, "SELECT count(*) FROM gatewalk.backfill_reject", "4");
	test_sql(x.db, "ALTER TABLE public.t DROP n; ALTER TABLE public.t ADD n int; DELETE FROM public.t WHERE v LIKE 'x%'");
	bf_must(&x);
	bf_is(&x, "SELECT count(n) || ' ' || (SELECT count(*) FROM gatewalk.backfill_reject) FROM public.t", "3996 0");
}
END_TEST

static bool keep(void *ctx, const char *row, size_t len, struct err *e)
{
	(void)e;
	text_addn(ctx, row, len);
	return true;
}

START_TEST(rejects_as_csv)
{
	struct text t = { 0 };
	bf_open(&x, "CREATE TABLE public.t (v text, n int); INSERT INTO public.t SELECT i::text FROM generate_series(1, 500) i; INSERT INTO public.t VALUES (E'a,\"b\"\\n')");
	x.plan.backfill.value = "v::int";
	bf_must(&x);
	ck_assert(backfill_export(x.db, TEST_SID, keep, &t, &x.e));
	ck_assert_msg(strncmp(text_str(&t), "key,value,sqlstate,error\r\n\"row at (", 35) == 0 &&
		strstr(text_str(&t), ",\"v=a,\"\"b\"\"\n\",22P02,\"invalid input syntax for type integer: \"\"a,\"\"b\"\" \"\"\"\r\n"), "%s", text_str(&t));
	text_free(&t);
}
END_TEST

START_TEST(too_many_rejects_stop_it)
{
	bf_open(&x, TEXTS);
	x.plan.backfill.value = "v::int";
	x.plan.backfill.max_rejects = 2;
	ck_assert(!bf_run(&x));
	ck_assert_str_eq(x.e.msg, "2 rows do not convert, and the next one: invalid input syntax for type integer: \"x778\"");
	bf_is(&x, "SELECT count(*) FROM gatewalk.backfill_reject", "2");
}
END_TEST

/* A unique index, a check, a trigger that raises, a statement that does not end: each refuses one row, and the rest goes on. */
static const struct { const char *sql, *value, *error; } refusals[] = {
	{ "CREATE UNIQUE INDEX ON public.t (n)", "CASE v WHEN 7 THEN 600 ELSE v * 100 END", "duplicate key value violates unique constraint \"t_n_idx\"%" },
	{ "ALTER TABLE public.t ADD CHECK (n <> 700)", "v * 100", "new row for relation \"t\" violates check constraint \"t_n_check\"%" },
	{ "CREATE FUNCTION public.f() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN IF NEW.v = 7 THEN RAISE EXCEPTION 'not seven'; END IF; RETURN NEW; END$$;"
		" CREATE TRIGGER f BEFORE UPDATE ON public.t FOR EACH ROW EXECUTE FUNCTION public.f()", "v * 100", "not seven" },
	{ "CREATE FUNCTION public.slow(i int) RETURNS int LANGUAGE plpgsql STABLE AS $$BEGIN IF i = 7 THEN LOOP END LOOP; END IF; RETURN i * 100; END$$", "public.slow(v)",
		"canceling statement due to statement timeout" },
	{ "CREATE FUNCTION public.f() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN IF NEW.v = 7 THEN NEW.n := NULL; END IF; RETURN NEW; END$$;"
		" CREATE TRIGGER f BEFORE UPDATE ON public.t FOR EACH ROW EXECUTE FUNCTION public.f()", "v * 100", "a whole pass did not give it its value; its triggers on UPDATE: f" },
	{ "CREATE FUNCTION public.f() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN IF NEW.v = 7 THEN RETURN NULL; END IF; RETURN NEW; END$$;"
		" CREATE TRIGGER f BEFORE UPDATE ON public.t FOR EACH ROW EXECUTE FUNCTION public.f()", "v * 100", "a whole pass did not give it its value; its triggers on UPDATE: f" },
};

START_TEST(one_row_refuses)
{
	bf_open(&x, "CREATE TABLE public.t (id bigint PRIMARY KEY, v int, n int); INSERT INTO public.t SELECT i, CASE i WHEN 25 THEN 7 WHEN 7 THEN 25 ELSE i END FROM generate_series(1, 300) i");
	test_sql(x.db, refusals[_i].sql);
	x.plan.backfill.value = refusals[_i].value;
	x.plan.backfill.batch_ms = 10;
	bf_must(&x);
	bf_is(&x, "SELECT string_agg(key || ' ' || value, ', ') FROM gatewalk.backfill_reject", "id=25 v=7");
	bf_is(&x, arena_printf(x.a, "SELECT error LIKE '%s' FROM gatewalk.backfill_reject", refusals[_i].error), "t");
	bf_is(&x, "SELECT count(*) FROM public.t WHERE n IS NULL", "1");
	ck_assert_int_eq(json_int_or(x.result, "left", -1), 0);
}
END_TEST

/* Found before the first batch. */
static const struct { const char *sql, *value, *where, *msg; } bads[] = {
	{ "", "v * random()", NULL, "the backfill's expression is volatile: random() may give another value each time" },
	{ "", "nextval('public.s')", NULL, "the backfill's expression is volatile: nextval(regclass) may give another value each time" },
	{ "CREATE FUNCTION public.w(i int) RETURNS bigint LANGUAGE sql AS 'INSERT INTO public.o VALUES (i) RETURNING i'", "public.w(v)", NULL,
		"the backfill's expression is volatile: public.w(integer) may give another value each time" },
	{ "CREATE FUNCTION public.w(i int) RETURNS bigint LANGUAGE sql AS 'SELECT i'; CREATE OPERATOR public.@@@ (rightarg = int, function = public.w)", "OPERATOR(public.@@@) v", NULL,
		"the backfill's expression is volatile: public.w(integer) may give another value each time" },
	/* Stable, and calls one that writes; or writes itself, which the server refuses it. */
	{ "CREATE FUNCTION public.w(i int) RETURNS bigint LANGUAGE plpgsql AS $$BEGIN INSERT INTO public.o VALUES (i); RETURN i; END$$;"
		" CREATE FUNCTION public.r(i int) RETURNS bigint LANGUAGE plpgsql STABLE AS $$BEGIN RETURN public.w(i); END$$", "public.r(v)", NULL,
		"the backfill's expression writes, or does what an expression may not: cannot execute INSERT in a read-only transaction" },
	{ "CREATE FUNCTION public.r(i int) RETURNS bigint LANGUAGE plpgsql IMMUTABLE AS $$BEGIN RETURN nextval('public.s'); END$$", "public.r(v)", NULL,
		"the backfill's expression writes, or does what an expression may not: cannot execute nextval() in a read-only transaction" },
	{ "CREATE FUNCTION public.r(i int) RETURNS bigint LANGUAGE plpgsql STABLE AS $$BEGIN INSERT INTO public.o VALUES (i); RETURN i; END$$", "public.r(v)", NULL,
		"the backfill's expression writes, or does what an expression may not: INSERT is not allowed in a non-volatile function" },
	{ "", "(SELECT max(i) FROM public.o)", NULL, "the backfill's expression may hold no subquery: only the row's own columns" },
	{ "", "v", "EXISTS (SELECT FROM public.o)", "the backfill's expression may hold no subquery: only the row's own columns" },
	{ "", "v::text", NULL, "the backfill's expression is of type text and column \"n\" of type bigint: write (...)::bigint" },
	{ "", "v * 1.5", NULL, "the backfill's expression is of type numeric and column \"n\" of type bigint: write (...)::bigint" },
	{ "", "v, 1", NULL, "backfill.value cannot be used: column \"gatewalk_value\" has pseudo-type record" },
	{ "", "v) , (v", NULL, "backfill.value cannot be used: syntax error at or near \")\"" },
	{ "", "v FROM public.o --", NULL, "backfill.value cannot be used: syntax error at or near \"FROM\"" },
	{ "", "v", "v", "backfill.where cannot be used: argument of WHERE must be type boolean, not type integer" },
	{ "", "sum(v)", NULL, "backfill.value cannot be used: aggregate functions are not allowed in WHERE" },
	{ "", "generate_series(1, v)::bigint", NULL, "backfill.value cannot be used: set-returning functions are not allowed in WHERE" },
	{ "", "nothing", NULL, "backfill.value cannot be used: column \"nothing\" does not exist" },
	{ "", "v / 0", NULL, "each of the 20 rows tried is refused: division by zero" },
	{ "CREATE FUNCTION public.f() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN NEW.n := NULL; RETURN NEW; END$$; CREATE TRIGGER f BEFORE UPDATE ON public.t FOR EACH ROW EXECUTE FUNCTION public.f()", "v", NULL,
		"of the 20 rows tried each is as before: it has no value behind the update: a trigger of the table takes it away: f" },
	{ "ALTER TABLE public.t DROP n; ALTER TABLE public.t ADD n bigint GENERATED ALWAYS AS (v) STORED", "v", NULL, "the server gives column \"n\" its value itself: it is generated" },
	{ "ALTER TABLE public.t DROP n; ALTER TABLE public.t ADD n bigint GENERATED ALWAYS AS IDENTITY", "v", NULL, "the server gives column \"n\" its value itself: it is an identity" },
	{ "ALTER TABLE public.t DROP n; ALTER TABLE public.t ADD n bigint NOT NULL DEFAULT 0", "v", NULL,
		"column \"n\" is NOT NULL, so no row is empty; write backfill.fills: differences, or make it NOT NULL behind the backfill" },
	{ "CREATE RULE r AS ON UPDATE TO public.t DO INSTEAD NOTHING", "v", NULL, "a rule rewrites updates of the table: r" },
	{ "ALTER TABLE public.t DROP n", "v", NULL, "table \"t\" has no column \"n\"" },
	{ "DROP TABLE public.t", "v", NULL, "there is no table public.t" },
	{ "ALTER TABLE public.t RENAME TO t0; CREATE VIEW public.t AS SELECT * FROM public.t0", "v", NULL, "\"t\" is no table" },
};

START_TEST(refused_before_the_first_batch)
{
	bf_open(&x, "CREATE TABLE public.t (id bigint PRIMARY KEY, v int, n bigint); INSERT INTO public.t SELECT i, i FROM generate_series(1, 300) i;"
		" CREATE TABLE public.o (i int); CREATE SEQUENCE public.s");
	test_sql(x.db, *bads[_i].sql ? bads[_i].sql : "SELECT");
	x.plan.backfill.value = bads[_i].value;
	x.plan.backfill.where = bads[_i].where;
	ck_assert(!bf_run(&x));
	ck_assert_str_eq(x.e.msg, bads[_i].msg);
	ck_assert_int_eq(x.e.code, ERR_GATE);
	bf_is(&x, "SELECT count(*) FROM gatewalk.backfill", "0");
	bf_is(&x, "SELECT (SELECT count(*) FROM public.o) + (SELECT is_called::int FROM public.s)", "0");
}
END_TEST

/* Stable is no refusal, casts of the column's own family are none, and the table's name may stand before its columns. */
static const struct { const char *type, *value; } goods[] = {
	{ "timestamptz", "('2026-01-01 ' || v % 24 || ':00')::timestamptz" }, { "bigint", "t.v" }, { "varchar(20)", "v::text" }, { "jsonb", "to_jsonb(t)" },
	{ "text", "v::text -- a comment" }, { "int[]", "ARRAY[v]" }, { "numeric", "v" },
};

START_TEST(taken)
{
	bf_open(&x, "CREATE TABLE public.t (id bigint PRIMARY KEY, v int); INSERT INTO public.t SELECT i, i FROM generate_series(1, 300) i");
	test_sql(x.db, arena_printf(x.a, "ALTER TABLE public.t ADD n %s", goods[_i].type));
	x.plan.backfill.value = goods[_i].value;
	bf_must(&x);
	bf_is(&x, "SELECT count(n) FROM public.t", "300");
}
END_TEST

/* While an old snapshot stands no update finds room on its page, and a range goes in one transaction. It is gone: they do again. */
START_TEST(an_old_snapshot_goes)
{
	bf_open(&x, "CREATE TABLE public.t (id bigint PRIMARY KEY, v int, n bigint); INSERT INTO public.t SELECT i, i FROM generate_series(1, 180000) i");
	x.plan.backfill.batch_ms = 50;
	struct db *old = test_connect("dbname=" BF_DB);
	test_sql(old, "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM public.t LIMIT 1");
	pid_t job = bf_begin(&x);
	bf_until(&x, "SELECT EXISTS (SELECT FROM gatewalk.job_event WHERE text ~ '^updates find no room on their pages: ')");
	db_close(old);
	ck_assert_int_eq(bf_end(job), 0);
	bf_whole(&x, "180000");
	bf_until(&x, "SELECT n_tup_upd >= 180000 FROM pg_stat_user_tables WHERE relname = 't'");
	const char *hot = bf_get(&x, "SELECT n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = 't'");
	ck_assert_msg(cell_int(hot) > 12000, "%s of 180000 rows stayed on their page", hot);
}
END_TEST

START_TEST(facts)
{
	struct fact_backfill f;
	bf_open(&x, TEXTS);
	x.plan.backfill.value = "v::int";
	unsigned relid = (unsigned)cell_int(bf_get(&x, "SELECT 'public.t'::regclass::oid"));
	ck_assert(backfill_look(x.db, x.a, &x.plan, TEST_SID, relid, &f, &x.e));
	ck_assert(f.at > 0 && !f.begun && !f.done && f.left == -1 && f.cursor == NULL);
	bf_must(&x);
	ck_assert(backfill_look(x.db, x.a, &x.plan, TEST_SID, relid, &f, &x.e));
	ck_assert(f.begun && f.done && f.left == 0 && f.rejects == 4 && f.filled == 3996 && f.counted_at > 0 && f.share == 1);
	ck_assert_ptr_nonnull(strstr(f.cursor, "pass 1 public.t block "));
	/* Another expression, another table: not begun. */
	ck_assert(backfill_look(x.db, x.a, &x.plan, TEST_SID, relid + 1, &f, &x.e) && !f.begun && f.rejects == 0);
	x.plan.backfill.value = "v::bigint::int";
	ck_assert(backfill_look(x.db, x.a, &x.plan, TEST_SID, relid, &f, &x.e) && !f.begun);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("backfill");
	TCase *t = tcase_create("backfill");
	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_loop_test(t, shape, 0, sizeof shapes / sizeof shapes[0]);
	tcase_add_test(t, nothing_is_written_over);
	tcase_add_test(t, rejects_are_kept_and_run_again);
	tcase_add_test(t, amended);
	tcase_add_test(t, rejects_as_csv);
	tcase_add_test(t, too_many_rejects_stop_it);
	tcase_add_loop_test(t, one_row_refuses, 0, sizeof refusals / sizeof refusals[0]);
	tcase_add_loop_test(t, refused_before_the_first_batch, 0, sizeof bads / sizeof bads[0]);
	tcase_add_loop_test(t, taken, 0, sizeof goods / sizeof goods[0]);
	tcase_add_test(t, an_old_snapshot_goes);
	tcase_add_test(t, facts);
	suite_add_tcase(s, t);
	return test_main(s);
}
