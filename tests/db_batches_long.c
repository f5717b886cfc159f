/* SPDX-License-Identifier: MIT */
/* A job's one long statement: it hears the operator and the plan's conditions, and what it says itself comes through. */
#include "engine/batches_long.h"

#include "adapter/throttle.h"
#include "base/when.h"
#include "engine/batches.h"
#include "tests/backfill_fixture.h"

#define SLEEPS "SELECT pg_sleep(60)"

static struct bf x;
static struct db *own, *works;   /* the job's session, and the one that works */
static struct job *job;
static long long id;
static struct batches at;
static bool cuts;
static int looks;

static void setup(void)
{
	bf_open(&x, "CREATE TABLE public.t (id bigint PRIMARY KEY, v int, n bigint); CREATE TABLE public.brake AS SELECT 0 AS i");
	x.pause = (struct plan_pause){ .when = "flag", .query = "SELECT i > 0 FROM public.brake" };
	own = test_connect(x.conninfo);
	works = test_connect(x.conninfo);
	ck_assert_msg(job_make(own, x.a, TEST_SID, "split", "{}", &id, &x.e) && (job = job_claim(own, id, &x.e)) != NULL, "%s", x.e.msg);
	at = (struct batches){ .job = job, .arena = x.a, .plan = &x.plan, .walk = "fill-n", .bell = "waits", .phase = "count", .unit = "rows" };
	cuts = false;
	looks = 0;
}

static void teardown(void)
{
	job_free(job);
	db_close(works);
	db_close(own);
	bf_close(&x);
}

static bool sends(void *sql, struct err *e)
{
	struct arena *a = arena_new();
	bool ok = db_script(works, a, sql, 120000, NULL, e);
	arena_free(a);
	return ok;
}

static struct db *looks_on(void *sql, struct err *e)
{
	(void)sql;
	struct db *db = db_open(&(struct db_opts){ .conninfo = x.conninfo, .app = "looks on" }, e);
	looks++;
	if (cuts)
		test_sql(db, arena_printf(x.a, "SELECT pg_terminate_backend(%d)", db_backend_pid(works)));
	return db;
}

static bool runs(const char *sql)
{
	struct throttle throttle = { 0 };
	err_clear(&x.e);
	return batches_long(&(struct batches_long){ .at = &at, .throttle = &throttle, .db = works, .relid = (unsigned)cell_int(bf_get(&x, "SELECT 'public.t'::regclass::oid")),
		.work = sends, .aside = looks_on, .ctx = (void *)(uintptr_t)sql }, &x.e);
}

/* Long before it would have ended by itself, with nothing left of it, and its session may go on. */
static void let_go(enum err_code code, const char *why)
{
	int64_t began = clock_mono();
	ck_assert(!runs(SLEEPS));
	ck_assert_int_eq(x.e.code, code);
	ck_assert_str_eq(x.e.msg, why);
	ck_assert_int_lt(clock_mono() - began, 30 * US_SECOND);
	bf_is(&x, "SELECT count(*) FROM pg_stat_activity WHERE query = '" SLEEPS "' AND state = 'active'", "0");
	bf_until(&x, "SELECT count(*) = 0 FROM pg_stat_activity WHERE application_name = 'looks on'");
}

START_TEST(its_own_answer)
{
	ck_assert_msg(runs("SELECT 1"), "%s", x.e.msg);
	ck_assert_msg(runs("SELECT pg_sleep(1.6)"), "%s", x.e.msg);
	ck_assert_int_eq(looks, 1);   /* at the conditions, which hold */
	ck_assert(!runs("SELECT 1 / 0"));
	ck_assert_str_eq(x.e.msg, "division by zero");
}
END_TEST

START_TEST(the_operator)
{
	ck_assert(job_control(x.db, id, _i ? "stop" : "pause", &x.e));
	let_go(ERR_INTERRUPTED, "the operator pauses or stops it");
	ck_assert(job_control(x.db, id, "run", &x.e));
	ck_assert_msg(runs("SELECT 1"), "%s", x.e.msg);
}
END_TEST

START_TEST(a_condition)
{
	test_sql(x.db, "UPDATE public.brake SET i = 1");
	let_go(ERR_GATE, "the flag's query says so");
	test_sql(x.db, "DROP TABLE public.brake");
	let_go(ERR_GATE, "flag cannot be read: relation \"public.brake\" does not exist");
}
END_TEST

START_TEST(its_link)
{
	cuts = true;
	ck_assert(!runs(SLEEPS));
	ck_assert_int_eq(x.e.code, ERR_DB_LOST);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("batches_long");
	TCase *t = tcase_create("batches_long");
	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, its_own_answer);
	tcase_add_loop_test(t, the_operator, 0, 2);
	tcase_add_test(t, a_condition);
	tcase_add_test(t, its_link);
	suite_add_tcase(s, t);
	return test_main(s);
}
