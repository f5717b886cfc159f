/* SPDX-License-Identifier: MIT */
/* Old against new: every kind of table and key, what differs and what does not, writers of every kind beside it, a job that is killed and cut off. */
#include "tests/parity_fixture.h"
#include "tests/pg_proxy.h"

static struct par x;

#define LIST "SELECT string_agg(concat_ws('|', key, coalesce(old, '-'), coalesce(new, '-'), coalesce(expected, '-'), error), ' ' ORDER BY n) FROM gatewalk.parity_mismatch"

static void teardown(void)
{
	dual_close(&x.d);
}

static void is(const char *sql, const char *want)
{
	dual_is(&x.d, sql, want);
}

static void sql(const char *text)
{
	test_sql(x.d.db, text);
}

/* Each of some thousand rows, of which two differ: 77 in its value, 1999 has none. */
static const struct { const char *name, *sql, *keys; } shapes[] = {
	{ "bigint", "CREATE TABLE public.t (id bigint PRIMARY KEY, v text, n int); INSERT INTO public.t SELECT i, i::text, i FROM generate_series(1, 5000) i", "id=77 id=1999" },
	{ "text", "CREATE TABLE public.t (k text PRIMARY KEY, v text, n int); INSERT INTO public.t SELECT 'ä' || i, i::text, i FROM generate_series(1, 5000) i", "k=ä1999 k=ä77" },
	{ "uuid", "CREATE TABLE public.t (k uuid PRIMARY KEY, v text, n int); INSERT INTO public.t SELECT md5(i::text)::uuid, i::text, i FROM generate_series(1, 5000) i",
		"k=28dd2c79-55ce-9264-5624-0b2ff0100501 k=dc87c13749315c7217cdc4ac692e704c" },
	{ "composite", "CREATE TABLE public.t (a int, b text, d timestamptz, v text, n int, PRIMARY KEY (a, b, d)); INSERT INTO public.t SELECT i % 7, 'k' || i, 'epoch', i::text, i FROM generate_series(1, 5000) i",
		"a=0, b=k77, d=1970-01-01 00:00:00+00 a=4, b=k1999, d=1970-01-01 00:00:00+00" },
	{ "none", "CREATE TABLE public.t (v text, n int); INSERT INTO public.t SELECT i::text, i FROM generate_series(1, 5000) i", "row at (0,77) of public.t row at (8,191) of public.t" },
	{ "nulls", "CREATE TABLE public.t (id int UNIQUE, v text, n int); INSERT INTO public.t SELECT CASE WHEN i < 4900 THEN i END, i::text, i FROM generate_series(1, 5000) i",
		"row at (0,77) of public.t row at (10,149) of public.t" },
	{ "descending", "CREATE TABLE public.t (id int NOT NULL, v text, n int); CREATE UNIQUE INDEX ON public.t (id DESC); INSERT INTO public.t SELECT i, i::text, i FROM generate_series(1, 5000) i", "id=77 id=1999" },
	{ "an order of its own", "CREATE TABLE public.t (id text COLLATE \"C\" NOT NULL, v text, n int); CREATE UNIQUE INDEX ON public.t (id COLLATE \"POSIX\"); INSERT INTO public.t SELECT i, i::text, i FROM generate_series(1, 5000) i",
		"id=77 id=1999" },
	{ "partitions", "CREATE TABLE public.t (id int PRIMARY KEY, v text, n int) PARTITION BY RANGE (id); CREATE TABLE public.t1 PARTITION OF public.t FOR VALUES FROM (0) TO (1000);"
		" CREATE TABLE public.t2 (n int, v text, extra int, id int NOT NULL); ALTER TABLE public.t2 DROP COLUMN extra; ALTER TABLE public.t ATTACH PARTITION public.t2 FOR VALUES FROM (1000) TO (3000);"
		" CREATE TABLE public.t3 PARTITION OF public.t DEFAULT; CREATE TABLE public.t4 PARTITION OF public.t FOR VALUES FROM (9000) TO (9001); INSERT INTO public.t SELECT i, i::text, i FROM generate_series(1, 5000) i",
		"id=77 id=1999" },
	{ "children", "CREATE TABLE public.t (id int PRIMARY KEY, v text, n int); CREATE TABLE public.child () INHERITS (public.t); INSERT INTO public.t SELECT i, i::text, i FROM generate_series(1, 1000) i;"
		" INSERT INTO public.child SELECT i, i::text, i FROM generate_series(1001, 5000) i", "id=77 id=1999" },
	{ "sparse", "CREATE TABLE public.t (id bigint PRIMARY KEY, v text, n int); INSERT INTO public.t SELECT i::bigint * 1000000000, i::text, i FROM generate_series(1, 5000) i", "id=77000000000 id=1999000000000" },
	{ "words", "CREATE TABLE public.t (\"I d'\" \"char\" NOT NULL, \"b\"\"%s\" int, v text, n int, PRIMARY KEY (\"b\"\"%s\", \"I d'\")); INSERT INTO public.t SELECT 'x', i, i::text, i FROM generate_series(1, 5000) i",
		"b\"%s=77, I d'=x b\"%s=1999, I d'=x" },
};

START_TEST(shape)
{
	par_open(&x, shapes[_i].sql);
	sql("ANALYZE");
	par_finds(&x, 5000, 0);
	sql("UPDATE public.t SET n = n + 1 WHERE v = '77'; UPDATE public.t SET n = NULL WHERE v = '1999'");
	x.plan.backfill.batch_ms = 10;
	par_finds(&x, 5000, 2);
	if (strncmp(shapes[_i].keys, "row at", 6) != 0 && strncmp(shapes[_i].keys, "k=28", 4) != 0)
		is("SELECT string_agg(key, ' ' ORDER BY n) FROM gatewalk.parity_mismatch", shapes[_i].keys);
	is("SELECT string_agg(concat_ws('|', old, coalesce(new, '-'), expected, error), ' ' ORDER BY old DESC) FROM gatewalk.parity_mismatch", "77|78|77 1999|-|1999");
	sql("UPDATE public.t SET n = v::int");
	par_finds(&x, 5000, 0);
	is("SELECT count(*) FROM gatewalk.parity_mismatch", "0");
	is("SELECT round || ' ' || last_round || ' ' || (began_at IS NULL) FROM gatewalk.parity", "4 3 true");
}
END_TEST

START_TEST(facts)
{
	struct fact_parity f;
	struct parity_mismatch *m;
	size_t n;
	par_open(&x, DUAL_TABLE ";" "INSERT INTO public.t SELECT i, i::text, 0, i FROM generate_series(1, 100) i");
	ck_assert(parity_look(x.d.db, x.d.a, &x.order, &f, &x.e));
	ck_assert(f.at > 0 && f.round == 0 && !f.first);
	par_finds(&x, 100, 0);
	ck_assert(parity_look(x.d.db, x.d.a, &x.order, &f, &x.e));
	ck_assert(f.round == 1 && f.rows == 100 && f.mismatches == 0 && !f.first && f.covers == 0 && f.began > 0 && f.ended >= f.began && f.at >= f.ended);
	sql("UPDATE public.t SET n = 0 WHERE id > 98");
	par_finds(&x, 100, 2);
	ck_assert(parity_look(x.d.db, x.d.a, &x.order, &f, &x.e));
	ck_assert(f.round == 2 && f.mismatches == 2);
	ck_assert_str_eq(f.first, "id=99");
	ck_assert(parity_mismatches(x.d.db, x.d.a, TEST_SID, 10, &m, &n, &x.e));
	ck_assert_uint_eq(n, 2);
	ck_assert_str_eq(m[1].key, "id=100");
	ck_assert_str_eq(m[1].old, "100");
	ck_assert_str_eq(m[1].new, "0");
	ck_assert_str_eq(m[1].expected, "100");
	ck_assert(m[1].round == 2 && m[1].at >= f.began && !m[1].error);
	/* Another conversion: nothing is known of it, and it begins anew. */
	x.order.dual.to = "v::int + 0";
	ck_assert(parity_look(x.d.db, x.d.a, &x.order, &f, &x.e));
	ck_assert(f.round == 0);
	par_finds(&x, 100, 2);
	is("SELECT last_round FROM gatewalk.parity", "1");
}
END_TEST

/* ---- what is the same ---- */

static const struct { const char *v, *n, *to, *rows; int mismatches; } values[] = {
	{ "numeric", "numeric(6,2)", NULL, "(1, 1.005, 1.01), (2, 1, 1.00), (3, 1.5, 1.51), (4, NULL, NULL)", 1 },
	{ "text", "text", "lower(v)", "(1, 'A', 'a'), (2, 'A', 'A')", 1 },
	{ "text", "public.ci", "v", "(1, 'a', 'a'), (2, 'a', 'A')", 1 },
	{ "text", "text[]", "ARRAY[v]", "(1, 'a', '{a}'), (2, 'a', '{b}'), (3, 'a', '{a,NULL}')", 2 },
	{ "text", "jsonb", "v::jsonb", "(1, '{\"a\":1, \"b\":2}', '{\"b\":2,\"a\":1}'), (2, '{}', '[]')", 1 },
	{ "text", "json", "v::json", "(1, '{}', '{}'), (2, '{}', '{ }')", 1 },
	{ "text", "box", "v::box", "(1, '(1,1),(0,0)', '(1,1),(0,0)'), (2, '(1,1),(0,0)', '(3,1),(2,0)')", 1 },
	{ "float8", "float8", NULL, "(1, 'NaN', 'NaN'), (2, '-0', '0'), (3, 'Infinity', 'Infinity')", 0 },
	{ "text", "char(3)", "v", "(1, 'a', 'a'), (2, 'a', 'b')", 1 },
	{ "text", "public.mood", "v::public.mood", "(1, 'ok', 'ok'), (2, 'bad', 'ok')", 1 },
};

START_TEST(types_of_values)
{
	par_open(&x, "CREATE COLLATION public.fold (provider = icu, locale = 'und-u-ks-level2', deterministic = false); CREATE DOMAIN public.ci AS text COLLATE public.fold;"
		" CREATE TYPE public.mood AS ENUM ('ok', 'bad')");
	sql(arena_printf(x.d.a, "CREATE TABLE public.t (id int PRIMARY KEY, v %s, n %s); INSERT INTO public.t VALUES %s", values[_i].v, values[_i].n, values[_i].rows));
	x.order.dual.to = values[_i].to;
	const char *rows = test_value(x.d.db, x.d.a, "SELECT count(*) FROM public.t");
	par_finds(&x, cell_int(rows), values[_i].mismatches);
}
END_TEST

/* Rows on which the conversion raises are rows that differ; the others beside them are compared. */
START_TEST(conversions_that_raise)
{
	par_open(&x, DUAL_TABLE "; INSERT INTO public.t SELECT i, CASE WHEN i IN (3, 777, 778, 4000) THEN 'x' || i ELSE i::text END, 0, CASE WHEN i NOT IN (3, 777, 778, 4000) THEN i END FROM generate_series(1, 4000) i;"
		" UPDATE public.t SET n = 0 WHERE id = 779");
	par_finds(&x, 4000, 5);
	is(LIST, "id=3|x3|-|-|invalid input syntax for type integer: \"x3\" id=777|x777|-|-|invalid input syntax for type integer: \"x777\""
		" id=778|x778|-|-|invalid input syntax for type integer: \"x778\" id=779|779|0|779 id=4000|x4000|-|-|invalid input syntax for type integer: \"x4000\"");
	/* Without a key, too: also in the last look. */
	sql("ALTER TABLE public.t DROP CONSTRAINT t_pkey; UPDATE public.t SET v = id::text, n = id WHERE id <> 777");
	par_finds(&x, 4000, 1);
}
END_TEST

START_TEST(checks_and_conditions)
{
	par_open(&x, DUAL_TABLE "; INSERT INTO public.t SELECT i, CASE WHEN i > 90 THEN 'x' ELSE i::text END, 0, CASE WHEN i < 90 THEN i END FROM generate_series(1, 100) i");
	x.order.where = "id <= 90";
	par_finds(&x, 90, 1);
	x.order.check = "n % 2 = 0 OR id > 10";
	par_finds(&x, 90, 6);
	x.order.check = "n";
	ck_assert(!par_run(&x));
	ck_assert_msg(strstr(x.e.msg, "the check cannot be used: "), "%s", x.e.msg);
	/* One that writes is refused by the server at the first row. */
	sql("CREATE FUNCTION public.w() RETURNS boolean LANGUAGE sql AS 'INSERT INTO public.t (id) VALUES (0) RETURNING true'");
	x.order.check = "public.w()";
	ck_assert(!par_run(&x));
	ck_assert_msg(strstr(x.e.msg, "read-only transaction"), "%s", x.e.msg);
	is("SELECT count(*) FROM public.t WHERE id = 0", "0");
}
END_TEST

/* Many rows that differ: counted, and the first hundred told. */
START_TEST(many_differ)
{
	par_open(&x, DUAL_TABLE "; INSERT INTO public.t SELECT i, i::text FROM generate_series(1, 3000) i");
	x.plan.backfill.batch_ms = 1000;
	par_finds(&x, 3000, 3000);
	is("SELECT count(*) FROM gatewalk.parity_mismatch", "100");
}
END_TEST

/* ---- beside writers ---- */

#define OLD_CODE "UPDATE public.t SET v = (v::int + 1)::text WHERE id = 1 + (random() * 4998)::int; INSERT INTO public.t (id, v) VALUES (nextval('public.ids'), '7'); INSERT INTO public.written VALUES (1);" \
	" UPDATE public.t SET w = w + 1 WHERE id = 1 + (random() * 4998)::int; DELETE FROM public.t WHERE id = 100000 + (random() * 1000)::int"
/* As code that writes both, one after the other, and not in one transaction. */
#define BOTH_CODE "INSERT INTO public.written VALUES (1); COMMIT; UPDATE public.t SET v = '5' WHERE id = 7; COMMIT; UPDATE public.t SET n = 5 WHERE id = 7; COMMIT; UPDATE public.t SET v = '6' WHERE id = 7; COMMIT;" \
	" UPDATE public.t SET n = 6 WHERE id = 7; COMMIT"

static void open_many(void)
{
	par_open(&x, "SELECT 1");
	sql(DUAL_TABLE "; CREATE SEQUENCE public.ids START 100000; CREATE TABLE public.written (i int); INSERT INTO public.t SELECT i, i::text, 0, i FROM generate_series(1, 5000) i");
	sql("VACUUM ANALYZE public.t");
}

static void write_and_compare(const char *text, int writers, int64_t rounds)
{
	pid_t pids[3];
	for (int i = 0; i < writers; i++)
		pids[i] = dual_writer(text);
	dual_until(&x.d, "SELECT count(*) > 30 FROM public.written");
	x.rounds = rounds;
	x.plan.backfill.batch_ms = 10;
	bool ok = par_run(&x);
	dual_writers_end(&x.d, pids, (size_t)writers);
	ck_assert_msg(ok, "%s", x.e.msg);
}

START_TEST(with_the_trigger_nothing_differs)
{
	open_many();
	dual_put(&x.d);
	write_and_compare(OLD_CODE, 3, 5);
	is("SELECT last_mismatches + mismatches FROM gatewalk.parity", "0");
	is("SELECT count(*) FROM gatewalk.parity_mismatch", "0");
	is("SELECT last_rows > 4500 AND last_round = 5 FROM gatewalk.parity", "t");
	is(DUAL_BAD, "0");
}
END_TEST

START_TEST(without_a_key_as_well)
{
	open_many();
	sql("ALTER TABLE public.t DROP CONSTRAINT t_pkey; CREATE INDEX ON public.t (id)");
	dual_put(&x.d);
	write_and_compare(OLD_CODE, 2, 3);
	is("SELECT last_mismatches + mismatches FROM gatewalk.parity", "0");
}
END_TEST

/* The control: without it, a writer that knows the old column alone is found. */
START_TEST(without_the_trigger_old_code_is_found)
{
	open_many();
	write_and_compare(OLD_CODE, 1, 1);
	is("SELECT last_mismatches > 0 FROM gatewalk.parity", "t");
	is("SELECT count(*) > 0 FROM gatewalk.parity_mismatch WHERE old <> coalesce(new, '') AND expected = old", "t");
	is("SELECT count(*) > 0 FROM gatewalk.job_event WHERE text LIKE 'rows differ, %'", "t");
}
END_TEST

/* The control: a trigger of the application's that fires later changes what ours has brought over. */
START_TEST(a_later_trigger_is_found)
{
	open_many();
	dual_put(&x.d);
	sql("CREATE FUNCTION public.f() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN NEW.v := (NEW.v::int + 1)::text; RETURN NEW; END$$;"
		" CREATE TRIGGER zzz BEFORE UPDATE ON public.t FOR EACH ROW WHEN (OLD.v IS DISTINCT FROM NEW.v) EXECUTE FUNCTION public.f()");
	write_and_compare("UPDATE public.t SET v = (v::int + 1)::text WHERE id = 1 + (random() * 4998)::int; INSERT INTO public.written VALUES (1)", 2, 1);
	is("SELECT last_mismatches > 0 FROM gatewalk.parity", "t");
	ck_assert_str_eq(dual_look(&x.d)->later, "zzz");
}
END_TEST

/* The application's own dual write, in two transactions: what is under way is no alarm. The control: one that forgets the new column is. */
START_TEST(writes_under_way_are_no_alarm)
{
	open_many();
	write_and_compare(BOTH_CODE, 1, 15);
	is("SELECT last_mismatches + mismatches FROM gatewalk.parity", "0");
	write_and_compare("UPDATE public.t SET v = (v::int + 1)::text WHERE id = 7; INSERT INTO public.written VALUES (1)", 1, 1);
	is("SELECT last_mismatches FROM gatewalk.parity", "1");
}
END_TEST

/* A row that moves behind the place where it is: by its key it is met, and without one in the look at what was written meanwhile. */
START_TEST(rows_that_move)
{
	for (int keyed = 0; keyed < 2; keyed++) {
		if (keyed)
			dual_close(&x.d);
		open_many();
		sql("TRUNCATE public.t; INSERT INTO public.t SELECT i, i::text, 0, CASE WHEN i <> 4700 THEN i END FROM generate_series(1, 5000) i; DELETE FROM public.t WHERE id < 300");
		if (!keyed)
			sql("ALTER TABLE public.t DROP CONSTRAINT t_pkey; CREATE INDEX ON public.t (id)");
		sql("VACUUM public.t");
		x.plan.backfill.batch_ms = 10;
		x.plan.backfill.load = 1;
		pid_t pid = par_begin(&x);
		dual_until(&x.d, "SELECT count(*) > 0 FROM gatewalk.parity WHERE rows_seen > 0 AND rows_seen < 4600");
		struct db *other = test_connect("dbname=" DUAL_DB);
		test_sql(other, "UPDATE public.t SET w = 1 WHERE id = 4700");
		db_close(other);
		is("SELECT ctid < '(5,0)'::tid FROM public.t WHERE id = 4700", "t");
		sql("UPDATE gatewalk.job SET settings = '{\"load\":\"100\"}'");
		ck_assert_int_eq(par_end(pid), 0);
		is("SELECT last_mismatches FROM gatewalk.parity", "1");
	}
}
END_TEST

/* ---- faults ---- */

static void slow(void)
{
	open_many();
	sql("UPDATE public.t SET n = 0 WHERE id IN (7, 4990)");
	x.plan.backfill.batch_ms = 10;
	x.plan.backfill.load = 3;
}

START_TEST(killed)
{
	slow();
	pid_t pid = par_begin(&x);
	dual_until(&x.d, "SELECT count(*) > 0 FROM gatewalk.parity WHERE rows_seen > 0");
	kill(pid, SIGKILL);
	ck_assert(WIFSIGNALED(par_end(pid)));
	is("SELECT mismatches FROM gatewalk.parity", "1");
	test_gone(x.d.db, "application_name = 'gatewalk parity'");
	x.plan.backfill.load = 100;
	par_finds(&x, 5000, 2);
	is("SELECT string_agg(key, ' ' ORDER BY n) FROM gatewalk.parity_mismatch", "id=7 id=4990");
	is("SELECT last_round FROM gatewalk.parity", "1");
}
END_TEST

static const struct { const char *cut_query, *cut_after; } cuts[] = { { "COMMIT", NULL }, { NULL, "COMMIT" }, { "/* gatewalk */ WITH c AS MATERIALIZED", NULL } };

START_TEST(link_cut)
{
	struct proxy p = { .cut = false };
	slow();
	ck_assert(proxy_start(&p, test_dir()));
	x.conninfo = arena_printf(x.d.a, "host=%s port=5432 dbname=" DUAL_DB, p.dir);
	pid_t pid = par_begin(&x);
	dual_until(&x.d, "SELECT count(*) > 0 FROM gatewalk.parity WHERE rows_seen > 0");
	p.cut_query = cuts[_i].cut_query;
	p.cut_after = cuts[_i].cut_after;
	for (int i = 0; i < 3000 && !p.cut; i++)
		clock_nap(10);
	ck_assert(p.cut);
	p.cut_query = p.cut_after = NULL;
	p.cut = false;
	sql("UPDATE gatewalk.job SET settings = '{\"load\":\"100\"}'");
	ck_assert_int_eq(par_end(pid), 0);
	proxy_stop(&p);
	is("SELECT last_rows || ' ' || last_mismatches FROM gatewalk.parity", "5000 2");
	is("SELECT count(*) > 0 FROM gatewalk.job_event WHERE text LIKE 'the link was cut: %'", "t");
}
END_TEST

/* Stopped and paused from a second terminal; on another timeline it begins anew; one at a time. */
START_TEST(controlled)
{
	slow();
	x.rounds = 0;
	x.plan.backfill.load = 1;
	pid_t pid = par_begin(&x);
	dual_until(&x.d, "SELECT count(*) > 0 FROM gatewalk.parity WHERE rows_seen > 0");
	sql("UPDATE gatewalk.job SET control = 'pause'");
	dual_until(&x.d, "SELECT state = 'paused' FROM gatewalk.job");
	struct parity p;
	const char *unfit;
	struct err e = { 0 };
	struct db *second = parity_connect("dbname=" DUAL_DB, 100, &e);
	ck_assert(second && parity_try(second, x.d.a, &x.order, &p, &unfit, &e) && !unfit);
	ck_assert(!parity_begin(&p, 1, &e));
	ck_assert_int_eq(e.code, ERR_WAIT);
	sql("UPDATE gatewalk.job SET control = 'stop'");
	par_end(pid);
	test_gone(x.d.db, "application_name = 'gatewalk parity' AND pid <> (SELECT max(pid) FROM pg_stat_activity WHERE application_name = 'gatewalk parity')");
	ck_assert_msg(parity_begin(&p, 1, &e), "%s", e.msg);
	ck_assert(p.round > 1 || (p.begun && p.rows > 0));
	ck_assert_msg(parity_begin(&p, 2, &e), "%s", e.msg);
	ck_assert(p.round == 1 && !p.begun && p.rows == 0 && parity_settled(&p));
	parity_free(&p);
	db_close(second);
}
END_TEST

/* What pauses the backfill pauses this. */
START_TEST(paused)
{
	open_many();
	sql("CREATE TABLE public.busy (n int); INSERT INTO public.busy VALUES (9)");
	x.pause = (struct plan_pause){ .when = "query", .query = "SELECT n FROM public.busy", .above = 5, .has_above = true };
	pid_t pid = par_begin(&x);
	dual_until(&x.d, "SELECT count(*) > 0 FROM gatewalk.job WHERE state = 'waiting'");
	is("SELECT count(*) FROM gatewalk.parity WHERE rows_seen > 0", "0");
	sql("UPDATE public.busy SET n = 0");
	ck_assert_int_eq(par_end(pid), 0);
	is("SELECT last_rows FROM gatewalk.parity", "5000");
}
END_TEST

#define N(list) (int)(sizeof list / sizeof *list)

int main(void)
{
	Suite *s = suite_create("parity");
	TCase *t = tcase_create("parity");
	tcase_set_timeout(t, 90);
	tcase_add_unchecked_fixture(t, dual_database, dual_database_gone);
	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_loop_test(t, shape, 0, N(shapes));
	tcase_add_test(t, facts);
	tcase_add_loop_test(t, types_of_values, 0, N(values));
	tcase_add_test(t, conversions_that_raise);
	tcase_add_test(t, checks_and_conditions);
	tcase_add_test(t, many_differ);
	tcase_add_test(t, with_the_trigger_nothing_differs);
	tcase_add_test(t, without_a_key_as_well);
	tcase_add_test(t, without_the_trigger_old_code_is_found);
	tcase_add_test(t, a_later_trigger_is_found);
	tcase_add_test(t, writes_under_way_are_no_alarm);
	tcase_add_test(t, rows_that_move);
	tcase_add_test(t, killed);
	tcase_add_loop_test(t, link_cut, 0, N(cuts));
	tcase_add_test(t, controlled);
	tcase_add_test(t, paused);
	suite_add_tcase(s, t);
	return test_main(s);
}
