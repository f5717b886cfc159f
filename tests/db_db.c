/* SPDX-License-Identifier: MIT */
#include "port/db.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "tests/lib_db.h"

static struct db *db;
static struct arena *a;
static struct err e;

static void setup(void)
{
	db = test_database("gwt_db");
	a = arena_new();
	e = (struct err){ 0 };
}

static void teardown(void)
{
	db_close(db);
	arena_free(a);
	test_drop_database("gwt_db");
}

static double now_s(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

START_TEST(session_is_pinned)
{
	static const char *const want[][2] = { { "search_path", "pg_catalog, pg_temp" }, { "client_encoding", "UTF8" }, { "row_security", "off" },
		{ "standard_conforming_strings", "on" }, { "DateStyle", "ISO, MDY" }, { "IntervalStyle", "postgres" }, { "TimeZone", "UTC" },
		{ "extra_float_digits", "3" }, { "bytea_output", "hex" }, { "lc_messages", "C" }, { "idle_in_transaction_session_timeout", "1min" },
		{ "lock_timeout", "1s" }, { "statement_timeout", "0" }, { "application_name", "gatewalk x" }, { "synchronous_commit", "on" },
		{ "quote_all_identifiers", "off" }, { "client_connection_check_interval", "2s" }, { "work_mem", "7MB" } };
	test_sql(db, "ALTER DATABASE gwt_db SET search_path = evil; ALTER DATABASE gwt_db SET statement_timeout = '20ms';"
		"ALTER DATABASE gwt_db SET synchronous_commit = off; ALTER DATABASE gwt_db SET quote_all_identifiers = on");
	setenv("PGOPTIONS", "-c DateStyle=German -c TimeZone=Asia/Tokyo", 1);
	struct db *x = db_open(&(struct db_opts){ .conninfo = "dbname=gwt_db", .app = "gatewalk x", .options = "-c work_mem=7MB -c lock_timeout=1s" }, &e);
	unsetenv("PGOPTIONS");
	ck_assert_msg(x != NULL, "%s", e.msg);
	for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
		const char *sql = arena_printf(a, "SELECT current_setting('%s')", want[i][0]);
		ck_assert_str_eq(test_value(x, a, sql), want[i][1]);
	}
	db_close(x);
}
END_TEST

START_TEST(connecting_fails_with_reason)
{
	ck_assert_ptr_null(db_open(&(struct db_opts){ .conninfo = "dbname=gwt_absent" }, &e));
	ck_assert_int_eq(e.code, ERR_DB_CONNECT);
	ck_assert_ptr_nonnull(strstr(e.msg, "database \"gwt_absent\" does not exist"));
	ck_assert_ptr_null(strchr(e.msg, '\n'));
}
END_TEST

START_TEST(no_password_in_errors)
{
	static const char *const infos[] = { "host=/nowhere dbname=x password=hunter22", "postgresql://me:hunter22@127.0.0.1:1/x?bad=1",
		"host=x password=hunter22 port", "password = 'hunter22", "postgresql://me:hunter22@[::1", "postgresql://u:hunter22@127.0.0.1:1/hunter22", "user=hunter22 password=hunter22 dbname=postgres" };
	for (size_t i = 0; i < sizeof infos / sizeof infos[0]; i++) {
		ck_assert_ptr_null(db_open(&(struct db_opts){ .conninfo = infos[i] }, &e));
		ck_assert_int_eq(e.code, ERR_DB_CONNECT);
		ck_assert_msg(!strstr(e.msg, "hunter22") && !strstr(e.hint, "hunter22"), "%s: %s", infos[i], e.msg);
	}
}
END_TEST

START_TEST(conninfo_leads_to_the_same_place_without_password)
{
	struct db *x = test_connect("dbname=gwt_db password='it\\'s secret' options='-c geqo=off' connect_timeout=7");
	const char *info = db_conninfo(x, a, NULL), *other = db_conninfo(x, a, "o'b\\r");
	ck_assert_ptr_null(strstr(info, "secret"));
	ck_assert_ptr_nonnull(strstr(info, "connect_timeout='7'"));
	ck_assert_ptr_nonnull(strstr(other, "dbname='o\\'b\\\\r'"));
	db_close(x);
	x = test_connect(info);
	ck_assert_str_eq(test_value(x, a, "SELECT current_database()"), "gwt_db");
	ck_assert_str_eq(test_value(x, a, "SELECT current_setting('geqo')"), "off");
	db_close(x);
}
END_TEST

START_TEST(values_are_bound_and_null_is_null)
{
	struct rows r;
	const char *args[] = { "x'; SELECT 2; --", NULL };
	struct query q = { .sql = "SELECT $1::text, $2::text, '', 1.5::float8, true, now() IS NOT NULL", .args = args, .nargs = 2, .cols = 6, .min_rows = 1, .max_rows = 1 };
	ck_assert(db_ask(db, a, &q, &r, &e));
	ck_assert_str_eq(r.cell[0][0], args[0]);
	ck_assert_ptr_null(r.cell[0][1]);
	ck_assert_str_eq(r.cell[0][2], "");
	ck_assert_double_eq(cell_double(r.cell[0][3]), 1.5);
	ck_assert(cell_bool(r.cell[0][4]));
	ck_assert_str_eq(r.tag, "SELECT 1");
	/* Null value: no error. */
	ck_assert_ptr_null(db_value(db, a, &(struct query){ .sql = "SELECT NULL::text" }, &e));
	ck_assert_int_eq(e.code, ERR_NONE);
}
END_TEST

START_TEST(two_statements_are_refused)
{
	ck_assert(!db_ask(db, a, &(struct query){ .sql = "SELECT 1; SELECT 2", .cols = -1 }, NULL, &e));
	ck_assert_int_eq(e.code, ERR_DB);
	ck_assert_str_eq(e.sqlstate, "42601");
}
END_TEST

START_TEST(another_shape_is_refused)
{
	struct rows r;
	ck_assert(!db_ask(db, a, &(struct query){ .sql = "SELECT 1, 2", .cols = 1 }, &r, &e));
	ck_assert_int_eq(e.code, ERR_INTERNAL);
	ck_assert_str_eq(e.msg, "the server answered 2 columns where 1 were expected: SELECT 1, 2");
	ck_assert(!db_ask(db, a, &(struct query){ .sql = "SELECT 1 WHERE false", .cols = 1, .min_rows = 1, .max_rows = 1 }, &r, &e));
	ck_assert_str_eq(e.msg, "the server answered 0 rows where 1 to 1 were expected: SELECT 1 WHERE false");
	ck_assert(!db_ask(db, a, &(struct query){ .sql = "SELECT generate_series(1,3)", .cols = 1, .max_rows = 2 }, &r, &e));
	ck_assert_int_eq(e.code, ERR_INTERNAL);
	ck_assert(db_ask(db, a, &(struct query){ .sql = "SELECT generate_series(1,3)", .cols = 1 }, &r, &e));
	ck_assert_int_eq(r.n, 3);
}
END_TEST

START_TEST(errors_carry_state_detail_and_hint)
{
	test_sql(db, "CREATE TABLE public.t (k int PRIMARY KEY); INSERT INTO public.t VALUES (1)");
	ck_assert(!db_script(db, a, "INSERT INTO public.t VALUES (1)", 0, NULL, &e));
	ck_assert_str_eq(e.sqlstate, "23505");
	ck_assert_str_eq(e.msg, "duplicate key value violates unique constraint \"t_pkey\": Key (k)=(1) already exists.");
	ck_assert(!db_script(db, a, "SELECT to_char(1)", 0, NULL, &e));
	ck_assert_ptr_nonnull(strstr(e.hint, "No function matches"));
	ck_assert(db_alive(db));
}
END_TEST

START_TEST(deadline_cancels_and_the_session_goes_on)
{
	double begun = now_s();
	ck_assert(!db_ask(db, a, &(struct query){ .sql = "SELECT pg_sleep(30)", .ms = 300, .cols = 1 }, NULL, &e));
	ck_assert_double_lt(now_s() - begun, 3.0);
	ck_assert_int_eq(e.code, ERR_DB);
	ck_assert_str_eq(e.sqlstate, "57014");
	ck_assert_str_eq(e.msg, "cancelled after 0.3 s");
	ck_assert(db_alive(db));
	for (int i = 0; i < 20; i++)
		ck_assert_str_eq(test_value(db, a, "SELECT 1 FROM pg_sleep(0.005)"), "1");
}
END_TEST

START_TEST(lost_is_not_failed)
{
	struct db *killer = test_connect("dbname=postgres");
	test_sql(killer, arena_printf(a, "SELECT pg_terminate_backend(%d)", db_backend_pid(db)));
	db_close(killer);
	ck_assert(!db_script(db, a, "SELECT 1", 0, NULL, &e));
	ck_assert_int_eq(e.code, ERR_DB_LOST);
	ck_assert_str_eq(e.sqlstate, "57P01");
	ck_assert(!db_alive(db));
	ck_assert(!db_script(db, a, "SELECT 1", 0, NULL, &e));
	ck_assert_int_eq(e.code, ERR_DB_LOST);
	ck_assert_str_eq(e.msg, "the connection to the server is gone");
	ck_assert_int_eq(db_commit(db, 100, &e), DB_UNKNOWN);
}
END_TEST

START_TEST(commit_is_believed_by_its_tag)
{
	test_sql(db, "CREATE TABLE public.t (k int PRIMARY KEY DEFERRABLE INITIALLY DEFERRED); INSERT INTO public.t VALUES (1)");
	test_sql(db, "BEGIN; INSERT INTO public.t VALUES (2)");
	ck_assert_int_eq(db_commit(db, 0, &e), DB_COMMITTED);
	test_sql(db, "BEGIN");
	ck_assert(!db_script(db, a, "SELECT 1/0", 0, NULL, &e));
	ck_assert_int_eq(db_commit(db, 0, &e), DB_ROLLED_BACK);
	ck_assert_str_eq(e.msg, "the transaction had failed before; the server answered ROLLBACK to COMMIT");
	test_sql(db, "BEGIN; INSERT INTO public.t VALUES (1)");
	ck_assert_int_eq(db_commit(db, 0, &e), DB_ROLLED_BACK);
	ck_assert_str_eq(e.sqlstate, "23505");
	ck_assert_int_eq(db_commit(db, 0, &e), DB_ROLLED_BACK);
	ck_assert_str_eq(e.msg, "COMMIT without a transaction");
	ck_assert_str_eq(test_value(db, a, "SELECT count(*) FROM public.t"), "2");
}
END_TEST

/* A trigger makes COMMIT take long; the backend is ended meanwhile: nobody knows. */
START_TEST(commit_cut_is_unknown)
{
	test_sql(db, "CREATE TABLE public.t (k int); CREATE FUNCTION public.slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(30); RETURN NULL; END';"
		"CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON public.t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.slow()");
	test_sql(db, "BEGIN; INSERT INTO public.t VALUES (1)");
	ck_assert_int_eq(db_commit(db, 300, &e), DB_ROLLED_BACK);   /* cancelled before it took effect: the server said so */
	ck_assert_str_eq(e.sqlstate, "57014");
	test_sql(db, "BEGIN; INSERT INTO public.t VALUES (1)");
	pid_t child = fork();
	if (child == 0) {
		struct db *k = test_connect("dbname=postgres");
		const char *commits = arena_printf(a, "SELECT count(*) FROM pg_stat_activity WHERE pid = %d AND state = 'active' AND query LIKE 'COMMIT%%'", db_backend_pid(db));
		while (strcmp(test_value(k, a, commits), "1") != 0)
			usleep(10000);
		test_sql(k, arena_printf(a, "SELECT pg_terminate_backend(%d)", db_backend_pid(db)));
		_exit(0);
	}
	ck_assert_int_eq(db_commit(db, 10000, &e), DB_UNKNOWN);
	ck_assert_int_eq(e.code, ERR_DB_LOST);
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
}
END_TEST

START_TEST(rollback_ends_a_transaction)
{
	test_sql(db, "CREATE TABLE public.t (k int)");
	test_sql(db, "BEGIN; INSERT INTO public.t VALUES (1)");
	db_rollback(db);
	ck_assert_str_eq(test_value(db, a, "SELECT count(*) FROM public.t"), "0");
	db_rollback(db);
	ck_assert(db_alive(db));
}
END_TEST

struct sunk { struct text t; int rows, stop_at; };

static bool sink(void *ctx, const char *row, size_t len, struct err *why)
{
	struct sunk *s = ctx;
	text_addn(&s->t, row, len);
	s->rows++;
	return s->rows != s->stop_at || err_set(why, ERR_INTERRUPTED, NULL, "enough");
}

struct poured { const char *data; size_t len, piece; int turns, fail_at; };

static bool pour(void *ctx, const char **data, size_t *len, struct err *why)
{
	struct poured *p = ctx;
	if (p->fail_at && ++p->turns == p->fail_at)
		return err_set(why, ERR_SYSTEM, NULL, "the file is cut");
	*len = p->len < p->piece ? p->len : p->piece;
	*data = p->data;
	p->data += *len;
	p->len -= *len;
	return true;
}

START_TEST(copy_out_and_in_again)
{
	struct sunk s = { 0 };
	int64_t rows = 0;
	test_sql(db, "CREATE TABLE public.s AS SELECT g AS k, CASE WHEN g % 7 = 0 THEN NULL ELSE E'a\\tb\\\\N\\n' || g END AS v FROM generate_series(1, 20000) g;"
		"CREATE TABLE public.t (LIKE public.s)");
	ck_assert_msg(db_copy_out(db, "COPY public.s TO STDOUT", 5000, sink, &s, &e), "%s", e.msg);
	ck_assert_int_eq(s.rows, 20000);
	struct poured p = { .data = s.t.s, .len = s.t.len, .piece = 1000 };
	ck_assert_msg(db_copy_in(db, "COPY public.t FROM STDIN", 2000, pour, &p, &rows, &e), "%s", e.msg);
	ck_assert_int_eq(rows, 20000);
	ck_assert_str_eq(test_value(db, a, "SELECT count(*) FROM (TABLE public.s EXCEPT TABLE public.t) d"), "0");
	text_free(&s.t);
}
END_TEST

START_TEST(copy_carries_ten_megabytes_in_one_value)
{
	struct sunk s = { 0 };
	int64_t rows = 0;
	test_sql(db, "CREATE TABLE public.s AS SELECT repeat('0123456789', 1048576) AS v; CREATE TABLE public.t (v text)");
	ck_assert(db_copy_out(db, "COPY public.s TO STDOUT", 20000, sink, &s, &e));
	ck_assert_uint_eq(s.t.len, 10485761);
	struct poured p = { .data = s.t.s, .len = s.t.len, .piece = s.t.len };
	ck_assert_msg(db_copy_in(db, "COPY public.t FROM STDIN", 20000, pour, &p, &rows, &e), "%s", e.msg);
	ck_assert_str_eq(test_value(db, a, "SELECT count(*) FROM public.s JOIN public.t USING (v)"), "1");
	text_free(&s.t);
}
END_TEST

START_TEST(copy_stopped_leaves_a_usable_session)
{
	struct sunk s = { .stop_at = 3 };
	ck_assert(!db_copy_out(db, "COPY (SELECT generate_series(1, 5000000)) TO STDOUT", 5000, sink, &s, &e));
	ck_assert_int_eq(e.code, ERR_INTERRUPTED);
	ck_assert_str_eq(e.msg, "enough");
	ck_assert_str_eq(test_value(db, a, "SELECT 1"), "1");
	test_sql(db, "CREATE TABLE public.t (k int)");
	struct poured p = { .data = "1\n2\n3\n", .len = 6, .piece = 2, .fail_at = 2 };
	ck_assert(!db_copy_in(db, "COPY public.t FROM STDIN", 5000, pour, &p, NULL, &e));
	ck_assert_str_eq(e.msg, "the file is cut");
	ck_assert_str_eq(test_value(db, a, "SELECT count(*) FROM public.t"), "0");
	p = (struct poured){ .data = "1\nx\n3\n", .len = 6, .piece = 6 };
	ck_assert(!db_copy_in(db, "COPY public.t FROM STDIN", 5000, pour, &p, NULL, &e));
	ck_assert_str_eq(e.sqlstate, "22P02");
	ck_assert(db_alive(db));
	text_free(&s.t);
}
END_TEST

START_TEST(copy_silent_too_long_is_cancelled)
{
	struct sunk s = { 0 };
	ck_assert(!db_copy_out(db, "COPY (SELECT 1 UNION ALL SELECT 2 FROM pg_sleep(20)) TO STDOUT", 300, sink, &s, &e));
	ck_assert_str_eq(e.msg, "cancelled after 0.3 s");
	ck_assert_str_eq(test_value(db, a, "SELECT 1"), "1");
	ck_assert(!db_copy_out(db, "SELECT 1", 300, sink, &s, &e));
	ck_assert_str_eq(e.msg, "the statement is no COPY");
	ck_assert(db_alive(db));
	text_free(&s.t);
}
END_TEST

START_TEST(notify_wakes)
{
	const char *channel = NULL, *payload = NULL;
	test_sql(db, "LISTEN gatewalk");
	ck_assert(!db_listen_wait(db, a, 50, &channel, &payload));
	struct db *other = test_connect("dbname=gwt_db");
	test_sql(other, "NOTIFY gatewalk, 'abc'");
	ck_assert(db_listen_wait(db, a, 5000, &channel, &payload));
	ck_assert_str_eq(channel, "gatewalk");
	ck_assert_str_eq(payload, "abc");
	db_close(other);
}
END_TEST

static atomic_bool ended;

/* Again and again: what comes before the statement has begun, cancels nothing. */
static void *cancel_soon(void *ctx)
{
	do {
		usleep(100000);
		db_cancel(ctx);
	} while (!ended);
	return NULL;
}

START_TEST(cancel_from_another_thread)
{
	pthread_t t;
	ck_assert_int_eq(pthread_create(&t, NULL, cancel_soon, db), 0);
	ck_assert(!db_script(db, a, "SELECT pg_sleep(20)", 20000, NULL, &e));
	ended = true;
	ck_assert_str_eq(e.sqlstate, "57014");
	pthread_join(t, NULL);
	ck_assert(db_alive(db));
}
END_TEST

START_TEST(who_we_talk_to)
{
	ck_assert_int_eq(db_version(db) / 10000, (int)cell_int(test_value(db, a, "SHOW server_version_num")) / 10000);
	ck_assert_int_eq(db_backend_pid(db), (int)cell_int(test_value(db, a, "SELECT pg_backend_pid()")));
	ck_assert(!db_tls(db));
	ck_assert_int_eq(db_tcp(db), getenv("PGHOST") && getenv("PGHOST")[0] != '/');
	ck_assert_str_eq(db_sslmode(db), "prefer");
}
END_TEST

START_TEST(cells_are_read)
{
	ck_assert_int_eq(cell_int("-12"), -12);
	ck_assert_int_eq(cell_int(NULL), 0);
	ck_assert(!cell_bool(NULL) && !cell_bool("f") && cell_bool("true"));
}
END_TEST

static Suite *suite(void)
{
	const TTest *const tests[] = { session_is_pinned, connecting_fails_with_reason, no_password_in_errors,
		conninfo_leads_to_the_same_place_without_password, values_are_bound_and_null_is_null, two_statements_are_refused, another_shape_is_refused,
		errors_carry_state_detail_and_hint, deadline_cancels_and_the_session_goes_on, lost_is_not_failed, commit_is_believed_by_its_tag,
		commit_cut_is_unknown, rollback_ends_a_transaction, copy_out_and_in_again, copy_carries_ten_megabytes_in_one_value,
		copy_stopped_leaves_a_usable_session, copy_silent_too_long_is_cancelled, notify_wakes, cancel_from_another_thread, who_we_talk_to, cells_are_read };
	Suite *s = suite_create("db");
	TCase *c = tcase_create("db");
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_set_timeout(c, 60);
	for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
		tcase_add_test(c, tests[i]);
	suite_add_tcase(s, c);
	return s;
}

int main(void)
{
	return test_main(suite());
}
