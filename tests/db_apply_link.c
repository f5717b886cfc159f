/* SPDX-License-Identifier: MIT */
/* The writer's lock, link and COMMIT: MUST 2, 3, 4, 6 and 7 of adapter/apply.h, on a real server. */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "port/files.h"
#define DB "gw_apply_link"
#include "tests/drop_orders.h"
#include "tests/pg_proxy.h"

/* A reader in the way for 1.2 s: tried again without a queue behind us, and done. */
static void reader(int ms)
{
	if (fork() != 0)
		return;
	struct db *db = test_connect(x.conninfo);
	char sql[200];
	snprintf(sql, sizeof sql, "BEGIN; LOCK TABLE public.orders IN ACCESS SHARE MODE; SELECT pg_sleep(%d.%03d); COMMIT", ms / 1000, ms % 1000);
	test_sql(db, sql);
	db_close(db);
	_exit(0);
}

static void wait_for_lock(void)
{
	for (int i = 0; i < 100 && strcmp(fix_get(&x, "SELECT count(*) FROM pg_locks WHERE relation = 'public.orders'::regclass AND granted"), "0") == 0; i++)
		usleep(20000);
}

START_TEST(waits_for_a_reader)
{
	struct err e = { 0 };
	struct drop_end end;
	struct drop d = fix_drop(&x, fix_mint(&x));
	reader(1200);
	wait_for_lock();
	ck_assert_msg(apply_drop(x.a, &d, &end, &e), "%s", e.msg);
	ck_assert_int_gt(end.tries, 1);
	ck_assert_int_gt(end.lock_wait_us, 800000);
	ck_assert_str_eq(spent(), "1");
	ck_assert(!column_there("total"));
	wait(NULL);
}
END_TEST

/* No longer than the permit lives: here three seconds of it are left. */
START_TEST(gives_up_with_the_permit)
{
	struct err e = { 0 };
	struct drop_end end;
	struct permit *pm;
	x.facts.now -= PERMIT_LIFE - 3 * US_SECOND;
	struct facts *f = &x.facts;
	f->server.at = f->mark.at = f->target.at = f->health.at = f->moment.at = f->watch.at = f->others.at = f->audit.at = f->log.at = f->monitor.at =
		f->files_at = f->now;
	x.walk.declared[1].at = f->watch.unbroken_since = f->now - US_DAY / 2;
	pm = fix_mint(&x);
	struct drop d = fix_drop(&x, pm);
	reader(6000);
	wait_for_lock();
	int64_t began = clock_mono();
	ck_assert(!apply_drop(x.a, &d, &end, &e));
	ck_assert_msg(strstr(e.msg, "no lock could be had on public.orders in") != NULL, "%s", e.msg);
	ck_assert_int_eq(end.result, DROP_REFUSED);
	ck_assert_int_lt(clock_mono() - began, 5 * US_SECOND);
	wait(NULL);
	untouched();
}
END_TEST

/* The client is stopped with the lock in hand: the server frees the table. */
static bool stop_here(void *ctx)
{
	(void)ctx;
	raise(SIGSTOP);
	return true;
}

START_TEST(stopped_client_frees_the_table)
{
	struct drop d = fix_drop(&x, fix_mint(&x));
	d.files_same = stop_here;
	pid_t pid = fork();
	if (pid == 0) {
		struct err e = { 0 };
		struct drop_end end;
		bool ok = apply_drop(x.a, &d, &end, &e);
		_exit(ok ? 1 : end.result == DROP_NOT_DONE ? 0 : 2);
	}
	int status;
	ck_assert_int_eq(waitpid(pid, &status, WUNTRACED), pid);
	ck_assert(WIFSTOPPED(status));
	int64_t began = clock_mono();
	fix_do(&x, "SET lock_timeout = '10s'; SELECT count(*) FROM public.orders");
	int64_t waited = clock_mono() - began;
	ck_assert_msg(waited < 3500000, "another session waited %lld us", (long long)waited);
	ck_assert_msg(waited > 500000, "the lock was not held at all: %lld us", (long long)waited);
	kill(pid, SIGCONT);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %d", status);
	untouched();
}
END_TEST

/* Ctrl-Z while the lock is held does nothing; afterwards it does what it did before. */
static void on_tstp(int sig)
{
	(void)sig;
}

static bool press_ctrl_z(void *ctx)
{
	(void)ctx;
	return raise(SIGTSTP) == 0;
}

START_TEST(ctrl_z_is_ignored)
{
	struct err e = { 0 };
	struct drop_end end;
	struct sigaction mine = { .sa_handler = on_tstp }, now;
	struct drop d = fix_drop(&x, fix_mint(&x));
	sigaction(SIGTSTP, &mine, NULL);
	d.files_same = press_ctrl_z;
	ck_assert_msg(apply_drop(x.a, &d, &end, &e), "%s", e.msg);
	sigaction(SIGTSTP, NULL, &now);
	ck_assert(now.sa_handler == on_tstp);
}
END_TEST

static const char *through(struct proxy *p)
{
	ck_assert(proxy_start(p, test_dir()));
	return arena_printf(x.a, "host=%s port=5432 dbname=%s", p->dir, DB);
}

/* MUST 7: LOCK; look; change; COMMIT. Nothing else is sent in between. */
START_TEST(three_round_trips)
{
	struct err e = { 0 };
	struct drop_end end;
	struct proxy p = { .cut_ready = 0 };
	struct drop d = fix_drop(&x, fix_mint(&x));
	d.conninfo = through(&p);
	ck_assert_msg(apply_drop(x.a, &d, &end, &e), "%s", e.msg);
	proxy_stop(&p);
	int n = p.n_texts;
	ck_assert_int_ge(n, 4);
	ck_assert_str_eq(p.texts[n - 1], "COMMIT");
	ck_assert(strstr(p.texts[n - 2], "DROP TRIGGER gatewalk_trip_"));
	ck_assert_msg(strstr(p.texts[n - 2], ";\nALTER TABLE public.orders DROP COLUMN total;\n"), "%s", p.texts[n - 2]);
	ck_assert(strstr(strstr(p.texts[n - 2], "DROP COLUMN total;"), ";\nSELECT gatewalk.append("));
	ck_assert(!strstr(p.texts[n - 2], "CASCADE"));
	ck_assert_str_eq(p.texts[n - 3], "gatewalk_kept");   /* the look, prepared and run once before the lock */
	ck_assert(strstr(p.texts[n - 4], "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; LOCK TABLE"));
}
END_TEST

START_TEST(refuses_a_pooler)
{
	struct err e = { 0 };
	struct drop_end end;
	struct proxy p = { .other_pid = true };
	struct drop d = fix_drop(&x, fix_mint(&x));
	d.conninfo = through(&p);
	ck_assert(!apply_drop(x.a, &d, &end, &e));
	proxy_stop(&p);
	ck_assert_str_eq(e.msg, "a pooler stands between gatewalk and the server");
	ck_assert_str_ne(e.hint, "");
	untouched();
}
END_TEST

/* MUST 6: the link is cut before each answer of the server in turn. Whatever the writer says, the ledger says what happened. */
START_TEST(cut_anywhere)
{
	int unknown = 0, gone = 0, done = 0;
	for (int k = 1; k < 40 && done == 0; k++) {
		struct err e = { 0 };
		struct drop_end end;
		struct anchor row;
		bool there;
		struct proxy p = { .cut_ready = k };
		fix_do(&x, "UPDATE gatewalk.walk SET closed_at = now(), dropped_at = NULL; DROP TABLE IF EXISTS public.orders;"
			"CREATE TABLE public.orders (id bigint PRIMARY KEY, total numeric(12,2), note text)");
		fix_ready(&x, "public", "orders", "total", true);
		struct drop d = fix_drop(&x, fix_mint(&x));
		d.conninfo = through(&p);
		bool ok = apply_drop(x.a, &d, &end, &e);
		proxy_stop(&p);
		ck_assert_msg(apply_ended(x.db, x.sid, 5000, &e), "%s", e.msg);
		ck_assert(ledger_at(x.db, x.a, x.sid, FIX_INTENT_N, &row, &there, &e));
		ck_assert_msg(there == !column_there("total"), "cut %d", k);
		ck_assert_int_eq(ok, end.result == DROP_DONE);
		if (end.result == DROP_DONE)
			ck_assert(there);
		if (end.result == DROP_REFUSED || end.result == DROP_NOT_DONE)
			ck_assert_msg(!there, "cut %d said not done", k);
		unknown += end.result == DROP_UNKNOWN;
		gone += end.result == DROP_UNKNOWN && there;
		done += p.ready < k;
	}
	ck_assert_int_eq(unknown, 1);
	ck_assert_int_eq(gone, 1);
	ck_assert_int_eq(done, 1);
}
END_TEST

START_TEST(cut_before_commit_is_sent)
{
	struct err e = { 0 };
	struct drop_end end;
	struct proxy p = { .cut_query = "COMMIT" };
	struct drop d = fix_drop(&x, fix_mint(&x));
	d.conninfo = through(&p);
	ck_assert(!apply_drop(x.a, &d, &end, &e));
	proxy_stop(&p);
	ck_assert_int_eq(end.result, DROP_UNKNOWN);
	ck_assert(apply_ended(x.db, x.sid, 5000, &e));
	untouched();
}
END_TEST

/* A COMMIT that takes its time: after the cut the ledger shows nothing yet, and only waiting tells the truth. */
START_TEST(cut_in_a_slow_commit)
{
	struct err e = { 0 };
	struct drop_end end;
	struct anchor row;
	bool there;
	struct proxy p = { .cut_after = "COMMIT" };
	/* COMMIT ends when this session lets it: neither its own patience nor the server's look at the cut connection ends it before. */
	fix_do(&x, "CREATE FUNCTION public.slow() RETURNS trigger LANGUAGE plpgsql SET lock_timeout = 0 SET client_connection_check_interval = 0"
		" AS 'BEGIN PERFORM pg_advisory_xact_lock(77); RETURN NULL; END';"
		"CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON gatewalk.permit DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.slow();"
		"SELECT pg_advisory_lock(77)");
	struct drop d = fix_drop(&x, fix_mint(&x));
	d.conninfo = through(&p);
	ck_assert(!apply_drop(x.a, &d, &end, &e));
	proxy_stop(&p);
	ck_assert_int_eq(end.result, DROP_UNKNOWN);
	ck_assert(ledger_at(x.db, x.a, x.sid, FIX_INTENT_N, &row, &there, &e));
	ck_assert(!there);
	err_clear(&e);
	ck_assert(!apply_ended(x.db, x.sid, 100, &e));
	ck_assert_int_eq(e.code, ERR_WAIT);
	ck_assert_str_eq(e.msg, "the drop's transaction has not ended yet");
	fix_do(&x, "SELECT pg_advisory_unlock(77)");
	ck_assert(apply_ended(x.db, x.sid, 10000, &e));
	ck_assert(ledger_at(x.db, x.a, x.sid, FIX_INTENT_N, &row, &there, &e));
	ck_assert(there);
	ck_assert(!column_there("total"));
}
END_TEST

/* MUST 6: a COMMIT that the server turns into a rollback. */
START_TEST(failed_commit_is_no_drop)
{
	struct err e = { 0 };
	struct drop_end end;
	fix_do(&x, "CREATE FUNCTION public.no() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''not today''; END';"
		"CREATE CONSTRAINT TRIGGER no AFTER INSERT ON gatewalk.permit DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.no()");
	struct drop d = fix_drop(&x, fix_mint(&x));
	ck_assert(!apply_drop(x.a, &d, &end, &e));
	ck_assert_int_eq(end.result, DROP_NOT_DONE);
	ck_assert_msg(strstr(e.msg, "not today"), "%s", e.msg);
	untouched();
}
END_TEST

/* The look under the lock is slow: 300 ms, then all is rolled back. */
START_TEST(slow_look_rolls_back)
{
	struct err e = { 0 };
	struct drop_end end;
	fix_do(&x, "ALTER TABLE gatewalk.meta RENAME TO meta_;"
		"CREATE VIEW gatewalk.meta AS SELECT m.* FROM gatewalk.meta_ m, pg_sleep(0.6); GRANT SELECT ON gatewalk.meta TO gatewalk_owner");
	struct drop d = fix_drop(&x, fix_mint(&x));
	ck_assert(!apply_drop(x.a, &d, &end, &e));
	ck_assert_str_eq(e.sqlstate, "57014");
	ck_assert_int_eq(end.result, DROP_REFUSED);
	untouched();
}
END_TEST

/* Not a superuser: the table's owner with gatewalk's own role and pg_monitor does all of it, and the ledger is not its own. */
START_TEST(a_plain_login_can_drop)
{
	struct err e = { 0 };
	struct drop_end end;
	fix_do(&x, "DROP ROLE IF EXISTS gw_plain; CREATE ROLE gw_plain LOGIN; GRANT gatewalk_operator, pg_monitor TO gw_plain;"
		"DROP TABLE public.orders; UPDATE gatewalk.walk SET closed_at = now(); GRANT ALL ON SCHEMA public TO gw_plain");
	db_close(x.db);
	x.conninfo = "dbname=" DB " user=gw_plain";
	x.db = test_connect(x.conninfo);
	fix_do(&x, "CREATE TABLE public.orders (id bigint PRIMARY KEY, total numeric(12,2) NOT NULL DEFAULT 1, note text)");
	fix_ready(&x, "public", "orders", "total", true);
	ck_assert(x.facts.mark.ledger_strong && !x.facts.server.superuser && x.facts.target.may_alter);
	ck_assert_msg(apply_relax(x.db, x.a, &x.plan, &x.walk, &x.facts, &e), "%s", e.msg);
	fix_look(&x);
	struct drop d = fix_drop(&x, fix_mint(&x));
	ck_assert_msg(apply_drop(x.a, &d, &end, &e), "%s", e.msg);
	ck_assert(!column_there("total"));
	ck_assert_str_eq(anchors(), "5 line, 5 line, 7 drop");
	ck_assert(!fix_sql(x.db, x.a, &e, "DELETE FROM gatewalk.anchor"));
	ck_assert_str_eq(e.sqlstate, "42501");
	fix_close(&x);
	fix_open(&x, DB, true);
	fix_do(&x, "DROP ROLE gw_plain");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("apply_link");
	TCase *t = tcase_create("link");
	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, open_db, close_db);
	tcase_add_test(t, waits_for_a_reader);
	tcase_add_test(t, gives_up_with_the_permit);
	tcase_add_test(t, stopped_client_frees_the_table);
	tcase_add_test(t, ctrl_z_is_ignored);
	tcase_add_test(t, three_round_trips);
	tcase_add_test(t, refuses_a_pooler);
	tcase_add_test(t, cut_anywhere);
	tcase_add_test(t, cut_before_commit_is_sent);
	tcase_add_test(t, cut_in_a_slow_commit);
	tcase_add_test(t, failed_commit_is_no_drop);
	tcase_add_test(t, slow_look_rolls_back);
	tcase_add_test(t, a_plain_login_can_drop);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return test_main(suite());
}
