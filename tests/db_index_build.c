/* SPDX-License-Identifier: MIT */
/* Who builds an index: only where the ledger says so, one at a time, and with nothing left behind. */
#include "adapter/index.h"

#include <pthread.h>

#include "tests/index_fixture.h"

static struct index_end end;
/* What the builder told. When it tells that it waits, the holder lets go and, with stops, the builder is told to stop. */
static struct { struct db *holder; bool stops; int64_t ticks; char note[256], events[512]; } seen;

static struct db *session(const char *app, const char *sql)
{
	struct db *db = db_open(&(struct db_opts){ .conninfo = x.conninfo, .app = app }, &err);
	ck_assert_msg(db && db_script(db, x.a, sql, 0, NULL, &err), "%s", err.msg);
	return db;
}

static struct db *holder(void)
{
	return session("old one", "BEGIN; UPDATE public.orders SET total = total WHERE id = 5");
}

static void *other_build(void *unused)
{
	struct arena *a = arena_new();
	struct err e = { 0 };
	struct db *db = db_open(&(struct db_opts){ .conninfo = "dbname=" DB, .app = "other build" }, &e);
	bool ok = db && db_script(db, a, "SET lock_timeout = 0", 0, NULL, &e) &&
		db_script(db, a, "CREATE INDEX CONCURRENTLY \"" NAME "\" ON public.orders (total, lower(note) DESC)", 50000, NULL, &e);
	db_close(db);
	arena_free(a);
	(void)unused;
	return ok ? &seen : NULL;
}

static const char *state(void)
{
	return fix_get(&x, "SELECT coalesce((SELECT indisvalid::text FROM pg_class c LEFT JOIN pg_index i ON i.indexrelid = c.oid WHERE c.relname = '" NAME "'), 'nothing')");
}

static void until(const char *sql)
{
	for (int i = 0; i < 1000 && strcmp(fix_get(&x, sql), "t") != 0; i++)
		usleep(20000);
	ck_assert_msg(strcmp(fix_get(&x, sql), "t") == 0, "%s", sql);
}

/* The walk's row in the ledger, where an index is built. */
static void opened(void)
{
	char head[65];
	memset(&seen, 0, sizeof seen);
	fix_look(&x);
	fix_walk(&x);
	x.walk.archetype = ARCH_ADDITIVE;
	x.walk.stage = AT_WRITES;
	x.walk.attnum = 0;
	crypto_sha256_hex("last", 4, head);
	ck_assert_msg(ledger_open(x.db, &x.walk, &x.plan, "here", &err) && ledger_anchor(x.db, x.sid, FIX_LAST_N, head, NULL, &err), "%s", err.msg);
}

static bool on_tick(void *unused, const struct index_tick *t)
{
	(void)unused;
	seen.ticks++;
	bool waits = strstr(t->note, "waits for pid") != NULL;
	if (waits)
		snprintf(seen.note, sizeof seen.note, "%s", t->note);
	if (waits && seen.holder) {
		test_sql(seen.holder, "COMMIT");
		seen.holder = NULL;
	}
	return !waits || !seen.stops;
}

static void on_event(void *unused, const char *what)
{
	(void)unused;
	snprintf(seen.events + strlen(seen.events), sizeof seen.events - strlen(seen.events), "%s; ", what);
}

static bool build(void)
{
	const struct index_order o = { .conninfo = x.conninfo, .sid = x.sid, .plan = &x.plan, .tick = on_tick, .event = on_event };
	err_clear(&err);
	return index_build(x.a, &o, &end, &err);
}

START_TEST(it_is_built)
{
	opened();
	ck_assert_msg(build(), "%s", err.msg);
	ck_assert_str_eq(state(), "true");
	ck_assert(end.took_us > 0 && end.bytes > 0);
	const char *oid = fix_get(&x, "SELECT 'public.\"" NAME "\"'::regclass::oid");
	ck_assert_msg(build(), "%s", err.msg);   /* it stands: nothing is done */
	ck_assert_str_eq(fix_get(&x, "SELECT 'public.\"" NAME "\"'::regclass::oid"), oid);
	ck_assert_str_eq(seen.events, "");
	x.plan.add_name = HOSTILE;
	ck_assert_msg(build(), "%s", err.msg);
	ck_assert_str_eq(fix_get(&x, "SELECT string_agg(relname, ', ') FROM pg_class WHERE relname ~ 'DROP'"), HOSTILE);
}
END_TEST

static const char *const not_here[] = {
	"UPDATE gatewalk.walk SET stage = 'consumers'", "UPDATE gatewalk.walk SET relid = 'public.other'::regclass", "UPDATE gatewalk.walk SET closed_at = now()", "DELETE FROM gatewalk.anchor",
	"UPDATE gatewalk.walk SET sid = repeat('0', 32)", "ALTER TABLE public.orders RENAME TO old; CREATE TABLE public.orders (LIKE public.old)", "DROP TABLE public.orders",
};

START_TEST(the_ledger_says_where_it_is)
{
	opened();
	fix_do(&x, arena_printf(x.a, "SET session_replication_role = replica; %s; RESET session_replication_role", not_here[_i]));
	ck_assert(!build());
	ck_assert_int_eq(err.code, ERR_VERIFY);
	ck_assert_str_eq(err.msg, "by the ledger this walk is not where " NAME " is to come, or the table is another one");
	ck_assert_str_eq(state(), "nothing");
	ck_assert(!seen.ticks && !*seen.events);
}
END_TEST

#define INVALID "CREATE INDEX \"" NAME "\" ON public.orders (id); UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'public.\"" NAME "\"'::regclass"

START_TEST(what_is_unfinished_goes_first)
{
	opened();
	fix_do(&x, INVALID);
	ck_assert_msg(build(), "%s", err.msg);
	ck_assert_str_eq(seen.events, "an unfinished index of that name is taken away first; ");
	ck_assert_str_eq(state(), "true");
	ck_assert_str_eq(fix_get(&x, "SELECT pg_get_indexdef('public.\"" NAME "\"'::regclass) ~ 'lower'"), "t");
}
END_TEST

START_TEST(what_is_anothers_stays)
{
	opened();
	fix_do(&x, "CREATE INDEX \"" NAME "\" ON public.other (id)");
	ck_assert(!build());
	ck_assert_str_eq(err.msg, "something else of schema public is named " NAME " already");
	fix_do(&x, "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'public.\"" NAME "\"'::regclass");
	ck_assert(!build());
	ck_assert_int_eq(err.code, ERR_GATE);
	ck_assert_str_eq(state(), "false");
}
END_TEST

/* Whoever has not the lock takes nothing away either. */
START_TEST(one_at_a_time)
{
	opened();
	struct db *other = session("other", "SELECT pg_advisory_lock(hashtextextended('gatewalk.alone', 0))");
	ck_assert(!build());
	ck_assert_int_eq(err.code, ERR_WAIT);
	ck_assert_str_eq(state(), "nothing");
	fix_do(&x, INVALID);
	ck_assert(!build());
	ck_assert_int_eq(err.code, ERR_WAIT);
	ck_assert_str_eq(state(), "false");
	ck_assert_str_eq(seen.events, "");
	db_close(other);
	test_gone(x.db, "application_name = 'other'");
	ck_assert_msg(build(), "%s", err.msg);
}
END_TEST

/* Lets go once the builder takes away what it had begun: before that the build itself might go on. */
static void *lets_go(void *old)
{
	struct arena *a = arena_new();
	struct db *db = db_open(&(struct db_opts){ .conninfo = "dbname=" DB, .app = "looks" }, NULL);
	const char *got = NULL;
	for (int i = 0; db && i < 3000 && !cell_bool(got); i++) {
		got = db_value(db, a, &(struct query){ .sql = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'gatewalk index' AND state = 'active' AND query LIKE 'DROP INDEX%')" }, NULL);
		usleep(10000);
	}
	db_script(old, a, "COMMIT", 0, NULL, NULL);
	db_close(db);
	arena_free(a);
	return NULL;
}

START_TEST(it_is_stopped)
{
	pthread_t thread;
	opened();
	struct db *old = holder();
	const char *who = arena_printf(x.a, "waits for pid %d (old one, %s), in a transaction for ", db_backend_pid(old), fix_get(&x, "SELECT current_user"));
	seen.stops = true;
	ck_assert_int_eq(pthread_create(&thread, NULL, lets_go, old), 0);
	ck_assert(!build());
	pthread_join(thread, NULL);
	ck_assert_int_eq(err.code, ERR_INTERRUPTED);
	ck_assert_msg(strncmp(seen.note, who, strlen(who)) == 0, "%s", seen.note);
	ck_assert_str_eq(state(), "nothing");
	ck_assert_str_eq(seen.events, "what it had begun was taken away; ");
	db_close(old);
}
END_TEST

/* Who is in the way stays there: what was begun cannot go at once, and the next build finds it. */
START_TEST(what_cannot_go_at_once_stays)
{
	opened();
	struct db *old = holder();
	seen.stops = true;
	ck_assert(!build());
	ck_assert_int_eq(err.code, ERR_INTERRUPTED);
	ck_assert_str_eq(state(), "false");
	ck_assert_str_eq(seen.events, "");
	test_sql(old, "COMMIT");
	seen.stops = false;
	ck_assert_msg(build(), "%s", err.msg);
	ck_assert_str_eq(seen.events, "an unfinished index of that name is taken away first; ");
	ck_assert_str_eq(state(), "true");
	db_close(old);
}
END_TEST

START_TEST(a_key_that_stands_twice)
{
	opened();
	fix_do(&x, "UPDATE public.orders SET total = 7, note = 'x' WHERE id IN (7, 8)");
	x.plan.add_unique = true;
	ck_assert(!build());
	ck_assert_int_eq(err.code, ERR_DB);
	ck_assert_str_eq(err.sqlstate, "23505");
	ck_assert_msg(strstr(err.msg, "could not create unique index \"" NAME "\"") != NULL, "%s", err.msg);
	ck_assert_str_eq(seen.events, "what it had begun was taken away; ");
	ck_assert_str_eq(state(), "nothing");
}
END_TEST

/* A job was killed, and the server still does what it was told. */
START_TEST(another_session_builds_it)
{
	struct fact_target t;
	pthread_t thread;
	void *ok;
	opened();
	struct db *old = holder();
	ck_assert_int_eq(pthread_create(&thread, NULL, other_build, NULL), 0);
	until("SELECT EXISTS (SELECT FROM pg_stat_progress_create_index p JOIN pg_class c ON c.oid = p.index_relid)");
	ck_assert_msg(probe_target(x.db, x.a, &x.plan, &t, &err) && probe_added(x.db, x.a, &x.plan, &t, &err), "%s", err.msg);
	ck_assert_str_eq(t.unfit ? t.unfit : "", arena_printf(x.a, "pid %s builds an index \"" NAME "\" right now", fix_get(&x, "SELECT pid FROM pg_stat_progress_create_index")));
	seen.stops = true;
	ck_assert(!build());   /* and takes nothing away */
	ck_assert_int_eq(err.code, ERR_INTERRUPTED);
	ck_assert_str_eq(seen.events, "another session still builds it: it is waited for; ");
	seen.stops = false;
	*seen.events = '\0';
	seen.holder = old;
	ck_assert_msg(build(), "%s", err.msg);
	ck_assert_str_eq(seen.events, "another session still builds it: it is waited for; ");
	ck_assert_str_eq(state(), "true");
	pthread_join(thread, &ok);
	ck_assert_ptr_nonnull(ok);
	db_close(old);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("index_build");
	TCase *t = tcase_create("index_build");
	const TTest *const all[] = { it_is_built, what_is_unfinished_goes_first, what_is_anothers_stays, one_at_a_time, it_is_stopped, what_cannot_go_at_once_stays, a_key_that_stands_twice, another_session_builds_it };
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		tcase_add_test(t, all[i]);
	tcase_add_loop_test(t, the_ledger_says_where_it_is, 0, (int)(sizeof not_here / sizeof *not_here));
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return test_main(suite());
}
