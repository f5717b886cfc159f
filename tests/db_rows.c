/* SPDX-License-Identifier: MIT */
/* Rows on a real server: their snapshot, its proof and drill, the batches of the removal, and the way back. The walk that the
   batches belong to is the fixture's; the job that makes them is e2e_rows. */
#include <sys/wait.h>
#include <unistd.h>

#include "adapter/removal.h"
#include "adapter/schema.h"
#include "tests/rows_fixture.h"
#include "tests/lib_db.h"

static struct rows_fix r;
static struct err e;

#define TABLE "CREATE TABLE public.t (id bigint PRIMARY KEY, name text, qty numeric, at timestamptz DEFAULT now(), f float8, j json);" \
	"INSERT INTO public.t SELECT i, CASE WHEN i % 7 > 0 THEN 'n' || i ELSE NULL END, i, '2019-01-01'::timestamptz + i * interval '1 hour', i / 3.0, '{\"a\": 1}'" \
	" FROM generate_series(1, 3000) i;"
#define OLD "at < '2019-03-01T00:00:00Z'"   /* ids 1 to 1415 */

static void open_rows(const char *sql, const char *where)
{
	rows_fix_open(&r, "gw_rows", sql, where);
	memset(&e, 0, sizeof e);
}

static const char *get(const char *sql)
{
	return fix_get(&r.x, sql);
}

#define COUNT_OLD "SELECT count(*) FROM public.t WHERE " OLD
#define SUM "SELECT md5(coalesce(string_agg(t::text, E'\\n' ORDER BY id), '')) FROM public.t"

START_TEST(all_go_and_all_come_back)
{
	open_rows(TABLE, OLD);
	ck_assert_int_eq(r.snap.rows, 1415);
	ck_assert(r.snap.equal && r.snap.scope == SNAP_ROWS);
	const char *before = get(SUM), *rest = get("SELECT md5(string_agg(t::text, E'\\n' ORDER BY id)) FROM public.t WHERE NOT (" OLD ")");
	rows_fix_remove_all(&r, 100);
	ck_assert_str_eq(get(COUNT_OLD), "0");
	ck_assert_str_eq(get(SUM), rest);
	ck_assert_str_eq(get("SELECT count(*) || ' ' || sum(rows_removed) || ' ' || sum(rows_left) || ' ' || max(to_n) || ' ' || min(from_key) FROM gatewalk.removal"), "15 1415 0 1415 id=1");
	ck_assert_str_eq(get("SELECT string_agg(n || ' ' || kind, ', ' ORDER BY n) FROM gatewalk.anchor"), "5 line, 7 drop");
	struct restore_end end;
	ck_assert_msg(restore_rows(r.x.a, &r.o, r.snap.path, &end, &e), "%s", e.msg);
	ck_assert_int_eq(end.placed, 1415);
	ck_assert_str_eq(get(SUM), before);
	ck_assert_msg(restore_rows(r.x.a, &r.o, r.snap.path, &end, &e), "%s", e.msg);   /* again: the same */
	ck_assert_int_eq(end.placed, 1415);
	ck_assert_str_eq(get("SELECT count(*) FROM pg_class WHERE relname ~ '^rows_'"), "0");
	rows_fix_close(&r);
}
END_TEST

START_TEST(what_changed_is_left_and_listed)
{
	open_rows(TABLE, OLD);
	fix_do(&r.x, "UPDATE public.t SET name = '' WHERE id = 7; UPDATE public.t SET qty = 10.0 WHERE id = 10; UPDATE public.t SET f = '-0' WHERE id = 11;"
		"UPDATE public.t SET j = '{\"a\":1}' WHERE id = 12; DELETE FROM public.t WHERE id = 13; UPDATE public.t SET name = name WHERE id = 14;"
		"DELETE FROM public.t WHERE id = 15; INSERT INTO public.t VALUES (15, 'another', 1, '2019-01-02', 0, NULL);"
		"INSERT INTO public.t VALUES (-5, 'new and matching', 1, '2019-01-02', 0, NULL)");
	rows_fix_remove_all(&r, 200);
	ck_assert_str_eq(get("SELECT string_agg(key || ' ' || why, ', ' ORDER BY n) FROM gatewalk.removal_left"),
		"id=7 changed, id=10 changed, id=11 changed, id=12 changed, id=13 gone, id=15 changed");
	ck_assert_str_eq(get("SELECT string_agg(id::text, ' ' ORDER BY id) FROM public.t WHERE " OLD), "-5 7 10 11 12 15");
	struct removal t;
	ck_assert_msg(removal_read(r.x.db, r.x.a, r.x.sid, r.x.nonce, &t, &e), "%s", e.msg);
	ck_assert_int_eq(t.removed, 1409);
	ck_assert_int_eq(t.left, 6);
	struct removal_row *rows;
	size_t n;
	ck_assert(removal_rows(r.x.db, r.x.a, r.x.sid, 4, &rows, &n, &e));
	ck_assert_uint_eq(n, 4);
	ck_assert_str_eq(rows[3].key, "id=12");
	/* What was left is not brought back when the application deletes it; rows added since stay as they are. */
	fix_do(&r.x, "DELETE FROM public.t WHERE id = 7; INSERT INTO public.t VALUES (20, 'since', 9, now(), 0, NULL)");
	struct restore_end end;
	ck_assert(!restore_rows(r.x.a, &r.o, r.snap.path, &end, &e));
	ck_assert_int_eq(e.code, ERR_LEFT);
	ck_assert_int_eq(end.placed, 1408);
	ck_assert_int_eq(end.conflicts, 1);
	ck_assert_uint_eq(end.n_left, 1);
	ck_assert_str_eq(end.left[0], "row id=20: its key was used again for another row, or a trigger changed it");
	ck_assert_str_eq(get("SELECT string_agg(coalesce(name, '-'), ' ' ORDER BY id) FROM public.t WHERE id IN (-5, 7, 13, 15, 20)"), "new and matching another since");
	rows_fix_close(&r);
}
END_TEST

START_TEST(a_row_that_is_still_needed_is_refused)
{
	open_rows(TABLE "CREATE TABLE public.child (t bigint REFERENCES public.t);", OLD);
	fix_do(&r.x, "INSERT INTO public.child VALUES (5), (9)");
	rows_fix_remove_all(&r, 1000);
	ck_assert_str_eq(get("SELECT string_agg(key, ' ' ORDER BY n) FROM gatewalk.removal_left"), "id=5 id=9");
	ck_assert_str_eq(get("SELECT count(*) FROM gatewalk.removal_left WHERE why LIKE 'the server refuses: %still referenced%child%'"), "2");
	ck_assert_str_eq(get(COUNT_OLD), "2");
	rows_fix_close(&r);
}
END_TEST

START_TEST(the_way_back_respects_the_table)
{
	open_rows("CREATE TABLE public.parent (id int PRIMARY KEY); INSERT INTO public.parent SELECT generate_series(1, 5);"
		"CREATE TABLE public.t (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, p int REFERENCES public.parent, u text UNIQUE, at timestamptz, twice bigint GENERATED ALWAYS AS (p * 2) STORED);"
		"INSERT INTO public.t (p, u, at) SELECT 1 + i % 5, 'u' || i, '2019-01-01' FROM generate_series(1, 100) i;", OLD);
	const char *before = get("SELECT md5(string_agg(t::text, ' ' ORDER BY id)) FROM public.t WHERE p <> 3 AND id NOT IN (7, 8)");
	rows_fix_remove_all(&r, 30);
	ck_assert_str_eq(get(COUNT_OLD), "0");
	fix_do(&r.x, "DELETE FROM public.parent WHERE id = 3; INSERT INTO public.t (p, u, at) VALUES (1, 'u8', now());"
		"INSERT INTO public.t (id, p, u, at) OVERRIDING SYSTEM VALUE VALUES (5, 1, 'mine', now())");
	struct restore_end end;
	ck_assert(!restore_rows(r.x.a, &r.o, r.snap.path, &end, &e));
	ck_assert_int_eq(e.code, ERR_LEFT);
	ck_assert_int_eq(end.placed, 100 - 20 - 2);   /* a fifth has no parent, 8 has another's value, 5 has another's key */
	ck_assert_int_eq(end.conflicts, 1);
	ck_assert_int_eq(end.gone, 21);
	ck_assert_str_eq(get("SELECT u FROM public.t WHERE id = 5"), "mine");
	ck_assert_str_eq(get("SELECT md5(string_agg(t::text, ' ' ORDER BY id)) FROM public.t WHERE p <> 3 AND id NOT IN (5, 7, 8) AND u <> 'u8'"), 
		get("SELECT md5(string_agg(t::text, ' ' ORDER BY id)) FROM public.t WHERE p <> 3 AND id NOT IN (5, 7, 8) AND u LIKE 'u%' AND at < '2019-02-01'"));
	ck_assert(before[0] != '\0');
	rows_fix_close(&r);
}
END_TEST

START_TEST(hard_rows)
{
	open_rows("CREATE TYPE public.mood AS ENUM ('sad', 'ok'); CREATE TYPE public.pair AS (a int, b text); CREATE COLLATION public.nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false);"
		"CREATE TABLE public.t (\"Odd Key\" text COLLATE public.nocase, m public.mood, p public.pair, x xml, j json, pt point, f4 float4, gone int, b bytea, at timestamptz, PRIMARY KEY (m, \"Odd Key\"));"
		"ALTER TABLE public.t DROP COLUMN gone;"
		"INSERT INTO public.t SELECT 'K' || i || E'\\t\\\\N', CASE WHEN i % 2 > 0 THEN 'sad' ELSE 'ok' END::public.mood, ROW(i, NULL)::public.pair, '<a/>', '{}', point(i, -0.0), CASE i % 3 WHEN 0 THEN 'NaN' WHEN 1 THEN '-0' ELSE '0.1' END::float4, '\\x00ff', '2019-01-01'"
		" FROM generate_series(1, 90) i", OLD);
	ck_assert_int_eq(r.snap.rows, 90);
	fix_do(&r.x, "UPDATE public.t SET f4 = 0 WHERE \"Odd Key\" = E'K1\\t\\\\N'; UPDATE public.t SET \"Odd Key\" = lower(\"Odd Key\") WHERE \"Odd Key\" = E'K2\\t\\\\N'; UPDATE public.t SET p = ROW(3, '') WHERE \"Odd Key\" = E'K3\\t\\\\N'");
	rows_fix_remove_all(&r, 40);
	ck_assert_str_eq(get("SELECT string_agg(key || ' ' || why, ', ' ORDER BY n) FROM gatewalk.removal_left"),
		"Odd Key=K1\t\\N, m=sad changed, Odd Key=K2\t\\N, m=ok changed, Odd Key=K3\t\\N, m=sad changed");
	ck_assert_str_eq(get("SELECT count(*) FROM public.t"), "3");
	rows_fix_close(&r);
}
END_TEST

START_TEST(a_drill_from_files_alone)
{
	open_rows("CREATE TABLE public.parent (id int PRIMARY KEY); INSERT INTO public.parent VALUES (1);"
		TABLE "ALTER TABLE public.t ADD COLUMN p int DEFAULT 1 REFERENCES public.parent, ADD COLUMN g numeric GENERATED ALWAYS AS (qty * 2) STORED;", OLD);
	struct fact_drill d;
	ck_assert_msg(drill_run(r.x.a, &r.o, r.snap.path, &d, &e), "%s", e.msg);
	ck_assert_msg(d.passed, "%s", d.problem);
	ck_assert_uint_eq(d.n_fell, 0);
	ck_assert_int_gt(d.restore_us, 0);
	ck_assert_str_eq(get(COUNT_OLD), "1415");
	rows_fix_close(&r);
}
END_TEST

static void refused(enum err_code code, const char *text)
{
	struct rows_batch_end end;
	ck_assert(!rows_fix_batch(&r, 100, NULL, &end, &e));
	ck_assert_msg(strstr(e.msg, text) != NULL, "\"%s\" is not in \"%s\"", text, e.msg);
	ck_assert_int_eq(e.code, code);
	ck_assert_int_ne(end.result, DROP_DONE);
	ck_assert_str_eq(get(COUNT_OLD), "1415");
	ck_assert_str_eq(get("SELECT count(*) FROM gatewalk.removal"), "0");
	ck_assert_str_eq(get("SELECT count(*) FROM gatewalk.permit"), "0");
	memset(&e, 0, sizeof e);
}

/* MUST 1, 3, 4, 6. */
START_TEST(the_writer_guards_itself)
{
	struct rows_batch_end end;
	open_rows(TABLE, OLD);
	rows_fix_stage(&r);
	struct permit *pm = rows_fix_mint(&r);
	ck_assert(permit_spend(pm, &r.x.binding, r.x.facts.now, &r.x.mac, &e));
	r.use = pm;
	refused(ERR_VERIFY, "the permit has been used already");
	r.x.mac.key = (unsigned char[32]){ 1 };
	r.use = rows_fix_mint(&r);
	r.x.mac.key = r.x.key;
	refused(ERR_VERIFY, "seal does not hold");
	r.use = NULL;
	fix_do(&r.x, "UPDATE gatewalk.walk SET stage = 'monitor'");
	refused(ERR_VERIFY, "this batch is not the one that follows");
	fix_do(&r.x, "UPDATE gatewalk.walk SET stage = 'dropping'");
	r.skip_n = 100;
	refused(ERR_VERIFY, "this batch is not the one that follows");
	r.skip_n = 0;
	fix_do(&r.x, arena_printf(r.x.a, "DELETE FROM %s WHERE n = 50", r.stage.name));
	refused(ERR_VERIFY, "or its rows are not there to compare with");
	ck_assert(rows_stage_fill(r.x.db, &r.stage, &e));
	r.x.walk.first.definition_digest[0] ^= 1;
	r.use = NULL;
	r.x.walk.first.definition_digest[0] ^= 1;
	fix_do(&r.x, "CREATE FUNCTION public.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'");
	r.between = "CREATE TRIGGER mine BEFORE DELETE ON public.t FOR EACH ROW EXECUTE FUNCTION public.f()";
	refused(ERR_GATE, "trigger mine");
	fix_do(&r.x, "DROP TRIGGER mine ON public.t");
	r.between = "CREATE RULE mine AS ON DELETE TO public.t DO INSTEAD NOTHING";
	refused(ERR_GATE, "rule mine");
	fix_do(&r.x, "DROP RULE mine ON public.t");
	r.between = "CREATE TABLE public.child (t bigint CONSTRAINT mine REFERENCES public.t ON DELETE CASCADE)";
	refused(ERR_GATE, "constraint mine");
	fix_do(&r.x, "DROP TABLE public.child");
	r.between = "UPDATE gatewalk.meta SET version = version + 1, program = '9.9'";
	refused(ERR_USE, "made by gatewalk 9.9, and this gatewalk");
	fix_do(&r.x, "UPDATE gatewalk.meta SET version = version - 1");
	r.between = "ALTER TABLE public.t ADD COLUMN more int";
	refused(ERR_GATE, "under the lock: C5");
	fix_do(&r.x, "ALTER TABLE public.t DROP COLUMN more");
	rows_fix_close(&r);
	open_rows(TABLE, OLD);
	rows_fix_stage(&r);
	ck_assert_msg(rows_fix_batch(&r, 100, NULL, &end, &e), "%s", e.msg);
	ck_assert_int_eq(end.removed, 100);
	/* The same batch once more: its number and its nonce are the ledger's. */
	r.done = 0;
	r.batches = 0;
	ck_assert(!rows_fix_batch(&r, 100, NULL, &end, &e));
	ck_assert_str_eq(get(COUNT_OLD), "1315");
	rows_fix_close(&r);
}
END_TEST

START_TEST(a_lock_is_waited_for_and_no_longer)
{
	struct rows_batch_end end;
	open_rows(TABLE, OLD);
	rows_fix_stage(&r);
	struct db *other = test_connect(r.x.conninfo);
	test_sql(other, "BEGIN; UPDATE public.t SET name = 'held' WHERE id = 50");
	ck_assert(!rows_fix_batch(&r, 100, NULL, &end, &e));
	ck_assert_str_eq(e.sqlstate, "55P03");
	ck_assert_int_eq(end.tries, 5);
	ck_assert_str_eq(get(COUNT_OLD), "1415");
	test_sql(other, "COMMIT");
	memset(&e, 0, sizeof e);
	ck_assert_msg(rows_fix_batch(&r, 100, NULL, &end, &e), "%s", e.msg);
	ck_assert_int_eq(end.removed, 99);
	ck_assert_int_eq(end.left, 1);
	db_close(other);
	rows_fix_close(&r);
}
END_TEST

START_TEST(nothing_comes_after_the_door_is_shut)
{
	struct rows_batch_end end;
	struct removal t;
	open_rows(TABLE, OLD);
	rows_fix_stage(&r);
	ck_assert_msg(rows_fix_batch(&r, 100, NULL, &end, &e), "%s", e.msg);
	ck_assert(removal_close(r.x.db, r.x.a, r.x.sid, r.x.nonce, 1, &e) && removal_close(r.x.db, r.x.a, r.x.sid, r.x.nonce, 1, &e));
	ck_assert(!rows_fix_batch(&r, 100, NULL, &end, &e));
	ck_assert_str_eq(e.sqlstate, "23505");
	ck_assert_str_eq(get(COUNT_OLD), "1315");
	fix_do(&r.x, "UPDATE gatewalk.removal SET rows_removed = 99, rows_left = 1");
	ck_assert(!removal_read(r.x.db, r.x.a, r.x.sid, r.x.nonce, &t, &e));
	ck_assert_int_eq(e.code, ERR_VERIFY);
	rows_fix_close(&r);
}
END_TEST

#define WRITERS 3
#define ROUNDS 250

/* Changes rows as fast as it can: an update that stays, one back and forth, a delete, a key used again. Each leaves its trace. */
static void writer(int k)
{
	struct db *db = test_connect(r.x.conninfo);
	struct arena *a = arena_new();
	for (int i = 0; i < ROUNDS; i++) {
		int id = 1 + (i * 37 + k * 411) % 1415;
		db_script(db, a, arena_printf(a, "WITH u AS (UPDATE public.t SET qty = qty + 1 WHERE id = %d RETURNING id) INSERT INTO public.trace SELECT id, 'changed' FROM u", id), 0, NULL, NULL);
		if (i % 3 == 0)
			db_script(db, a, arena_printf(a, "WITH d AS (DELETE FROM public.t WHERE id = %d RETURNING id) INSERT INTO public.trace SELECT id, 'deleted' FROM d", id + 1), 0, NULL, NULL);
	}
	_exit(0);
}

/* What is removed is written down by a trigger that stands there as if it were gatewalk's own: any other refuses the removal.
   Never a row that differs from the snapshot's, and never a count that is not what happened. */
START_TEST(under_concurrent_writes)
{
	open_rows(TABLE "CREATE TABLE public.trace (id bigint, what text); CREATE TABLE public.was AS SELECT * FROM public.t;", OLD);
	fix_do(&r.x, "CREATE TABLE public.removed (LIKE public.t); CREATE FUNCTION gatewalk.trip_ffffffffffff() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
		" IF current_setting('application_name') = 'gatewalk removal' THEN INSERT INTO public.removed SELECT OLD.*; END IF; RETURN NULL; END $$");
	rows_fix_stage(&r);
	fix_do(&r.x, "CREATE TRIGGER gatewalk_trip_ffffffffffff AFTER DELETE ON public.t FOR EACH ROW EXECUTE FUNCTION gatewalk.trip_ffffffffffff()");
	for (int k = 0; k < WRITERS; k++)
		if (fork() == 0)
			writer(k);
	rows_fix_remove_all(&r, 25);
	for (int k = 0; k < WRITERS; k++)
		wait(NULL);
	ck_assert_str_ne(get("SELECT count(*) FROM public.trace"), "0");
	ck_assert_str_eq(get("SELECT count(*) FROM public.removed x JOIN public.was w USING (id) WHERE x::text <> w::text"), "0");
	ck_assert_str_eq(get("SELECT count(*) = (SELECT sum(rows_removed) FROM gatewalk.removal) FROM public.removed"), "t");
	ck_assert_str_eq(get("SELECT count(DISTINCT id) = count(*) FROM public.removed"), "t");
	ck_assert_str_eq(get("SELECT sum(rows_removed + rows_left) FROM gatewalk.removal"), "1415");
	rows_fix_close(&r);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("rows on a server");
	TCase *t = tcase_create("rows");
	const TTest *const all[] = {
		all_go_and_all_come_back, what_changed_is_left_and_listed, a_row_that_is_still_needed_is_refused, the_way_back_respects_the_table, hard_rows,
		a_drill_from_files_alone, the_writer_guards_itself, a_lock_is_waited_for_and_no_longer, nothing_comes_after_the_door_is_shut, under_concurrent_writes,
	};
	tcase_set_timeout(t, 120);
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		tcase_add_test(t, all[i]);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return test_main(suite());
}
