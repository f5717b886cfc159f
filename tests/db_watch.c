/* SPDX-License-Identifier: MIT */
#include "adapter/audit.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

#include "adapter/own.h"
#include "base/when.h"
#include "tests/lib_walk.h"

#define DB "gwt_watch"

static struct db *db, *etl;
static struct arena *a;
static struct err e;
static struct plan plan;
static struct fact_target target;

static void nap(int ms)
{
	nanosleep(&(struct timespec){ ms / 1000, (long)(ms % 1000) * 1000000L }, NULL);
}

static void setup(void)
{
	db = test_database(DB);
	a = arena_new();
	e = (struct err){ 0 };
	plan = test_plan();
	test_sql(db, "CREATE EXTENSION pg_stat_statements SCHEMA public; SELECT public.pg_stat_statements_reset()");
	test_sql(db, "CREATE TABLE public.orders (id int PRIMARY KEY, note text, legacy_total int);"
		" INSERT INTO public.orders SELECT i, 'n', i FROM generate_series(1, 5) i; GRANT ALL ON public.orders TO PUBLIC");
	test_sql(db, "DO $$BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'gwt_etl') THEN CREATE ROLE gwt_etl LOGIN; END IF; END$$;");
	test_sql(db, "ALTER ROLE gwt_etl RESET ALL; REVOKE pg_read_all_stats FROM gwt_etl");
	target = test_target(db, a, "public", "orders", "legacy_total");
	test_schema(db, a, &target);
	ck_assert_msg(own_tripwire_put(db, a, &(struct own_trip){ .sid = TEST_SID, .target = &target }, &e), "%s", e.msg);
	etl = test_client(DB, "airflow", "gwt_etl");
}

static void teardown(void)
{
	db_close(etl);
	db_close(db);
	arena_free(a);
	test_drop_database(DB);
}

static void tick_with(const char *const *surviving, size_t n)
{
	nap(5);
	ck_assert_msg(watch_tick(db, a, TEST_SID, &plan, &target, surviving, n, &e), "%s", e.msg);
}

static void tick(void)
{
	tick_with(NULL, 0);
}

static struct fact_watch look(void)
{
	struct fact_watch w;
	ck_assert_msg(watch_read(db, a, TEST_SID, 0, &w, &e), "%s", e.msg);
	return w;
}

static struct sighting *untaken(size_t want)
{
	struct sighting *s;
	size_t n;
	ck_assert_msg(watch_untaken(db, a, TEST_SID, &s, &n, &e), "%s", e.msg);
	for (size_t i = 0; i < n && n != want; i++)
		fprintf(stderr, "sighting: %s %s\n", s[i].consumer, s[i].text);
	ck_assert_uint_eq(n, want);
	return s;
}

static void take(void)
{
	ck_assert(watch_taken(db, TEST_SID, INT64_MAX, &e));
}

START_TEST(nothing_looked_yet)
{
	struct fact_watch w = look();
	ck_assert_int_eq(w.at, 0);
	ck_assert_int_eq(w.unbroken_since, 0);
	ck_assert(!w.statements_there && !w.standbys_ok);
	ck_assert_str_eq(w.statements_why, "the watcher has not looked yet: gatewalk job tick");
}
END_TEST

START_TEST(quiet_is_unbroken)
{
	tick();
	struct fact_watch w = look();
	int64_t since = w.unbroken_since;
	ck_assert(w.tripwire_there && w.tripwire_enabled && w.statements_there && w.standbys_ok);
	ck_assert(w.at > 0 && since > 0 && since <= w.at);
	ck_assert_int_eq(w.trip_count, 0);
	ck_assert_ptr_null(w.gap);
	tick();
	tick();
	w = look();
	ck_assert_int_eq(w.unbroken_since, since);
	ck_assert(w.at > since);
	ck_assert_int_eq(w.last_sighting, 0);
	untaken(0);
}
END_TEST

/* What ran before the watch began is counted, not seen; a further call is. */
START_TEST(reader_of_another_role)
{
	test_sql(etl, "SELECT legacy_total FROM public.orders WHERE id = 1");
	test_sql(etl, "SELECT 1");   /* its last statement is another one: sessions do not tell */
	tick();
	untaken(0);
	test_sql(etl, "SELECT legacy_total FROM public.orders WHERE id = 2");
	test_sql(etl, "SELECT 1");
	tick();
	struct sighting *s = untaken(1);
	ck_assert_str_eq(s->source, "statements");
	ck_assert_str_eq(s->touch, "read");
	ck_assert_ptr_nonnull(strstr(s->consumer, "statement "));
	ck_assert_ptr_nonnull(strstr(s->consumer, " by gwt_etl"));
	ck_assert_str_eq(s->text, "role gwt_etl read legacy_total");
	struct fact_watch w = look();
	ck_assert_int_eq(w.last_sighting, s->at);
	ck_assert_str_eq(w.sighted, "role gwt_etl read legacy_total");
	ck_assert(watch_read(db, a, TEST_SID, s->at + 1, &w, &e) && w.last_sighting == 0);
	take();
	tick();
	untaken(0);
}
END_TEST

START_TEST(new_statement_is_a_sighting)
{
	tick();
	test_sql(etl, "UPDATE public.orders SET note = 'x' WHERE legacy_total = 3");
	tick();
	struct sighting *s = untaken(2);   /* its session, whose last statement it is, and the statement itself */
	ck_assert_str_eq(s[0].source, "statements");
	ck_assert_str_eq(s[0].text, "airflow (role gwt_etl) read legacy_total");
	ck_assert_str_eq(s[1].source, "sessions");
	ck_assert_str_eq(s[1].consumer, "session gwt_etl (airflow)");
	/* untaken ones are moved, not repeated */
	test_sql(etl, "UPDATE public.orders SET note = 'x' WHERE legacy_total = 3");
	tick();
	ck_assert_int_gt(untaken(2)[0].at, s[0].at);
}
END_TEST

START_TEST(running_session_is_seen)
{
	tick();
	pid_t pid = fork();
	if (pid == 0) {
		struct db *slow = test_client(DB, "report", "gwt_etl");
		struct arena *mine = arena_new();
		db_script(slow, mine, "SELECT legacy_total, pg_sleep(3) FROM public.orders", 20000, NULL, NULL);
		_exit(0);
	}
	for (int i = 0; i < 50 && !test_value(db, a, "SELECT max(pid) FROM pg_stat_activity WHERE application_name = 'report' AND query LIKE '%sleep%'"); i++)
		nap(50);
	tick();
	struct sighting *s = untaken(1);
	ck_assert_str_eq(s->source, "sessions");
	ck_assert_str_eq(s->text, "report (role gwt_etl) read legacy_total");
	test_sql(db, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'report'");
}
END_TEST

START_TEST(star_can_survive_and_name_cannot)
{
	struct sighting *s;
	tick();
	test_sql(etl, "SELECT * FROM public.orders");
	test_sql(etl, "SELECT id, legacy_total FROM public.orders");
	test_sql(etl, "SELECT 1");
	tick();
	s = untaken(2);
	const char *keys[] = { s[0].consumer, s[1].consumer };
	ck_assert(strcmp(s[0].text, "role gwt_etl read whole rows of orders") == 0 || strcmp(s[1].text, "role gwt_etl read whole rows of orders") == 0);
	take();
	test_sql(etl, "SELECT * FROM public.orders");
	test_sql(etl, "SELECT id, legacy_total FROM public.orders");
	test_sql(etl, "SELECT 1");
	tick_with(keys, 2);   /* both cleared as surviving: only the one that takes whole rows is let off */
	s = untaken(1);
	ck_assert_str_eq(s->text, "role gwt_etl read legacy_total");
}
END_TEST

static bool swallow(void *ctx, const char *row, size_t len, struct err *why)
{
	(void)ctx, (void)row, (void)len, (void)why;
	return true;
}

START_TEST(own_reads_never_count)
{
	tick();
	test_sql(db, OWN_TAG "SELECT legacy_total FROM public.orders");
	ck_assert_msg(db_copy_out(db, OWN_TAG "COPY (SELECT id, legacy_total FROM public.orders) TO STDOUT", 5000, swallow, NULL, &e), "%s", e.msg);
	test_sql(db, OWN_TAG "SELECT * FROM public.orders");
	tick();
	untaken(0);
	/* The mark alone excuses nobody: this login is none that gatewalk works as. */
	test_sql(etl, OWN_TAG "SELECT legacy_total FROM public.orders");
	tick();
	ck_assert_ptr_nonnull(strstr(untaken(2)[0].consumer, "by gwt_etl"));
}
END_TEST

START_TEST(definitions_do_not_count)
{
	tick();
	test_sql(db, "ALTER TABLE public.orders ALTER COLUMN legacy_total SET DEFAULT 1");
	test_sql(db, "CREATE INDEX i ON public.orders (legacy_total)");
	test_sql(db, "BEGIN; LOCK TABLE public.orders IN ACCESS SHARE MODE; COMMIT");
	test_sql(db, "ANALYZE public.orders (legacy_total)");
	test_sql(etl, "SELECT count(*) FROM public.orders");
	test_sql(etl, "SELECT id, note FROM public.orders");
	tick();
	untaken(0);
}
END_TEST

START_TEST(writer_is_named)
{
	tick();
	ck_assert_int_eq(look().last_sighting, 0);
	test_sql(etl, "INSERT INTO public.orders VALUES (100, 'n', 7)");
	struct fact_watch w = look();   /* before any further sample */
	ck_assert_int_eq(w.trip_count, 1);
	ck_assert_int_gt(w.last_sighting, 0);
	ck_assert_str_eq(w.sighted, "somebody wrote it since the watcher looked last");
	tick();
	struct sighting *s;
	size_t n, found = 0;
	ck_assert(watch_untaken(db, a, TEST_SID, &s, &n, &e));
	for (size_t i = 0; i < n; i++) {
		if (strcmp(s[i].source, "tripwire") != 0)
			continue;
		found++;
		ck_assert_str_eq(s[i].touch, "write");
		ck_assert_str_eq(s[i].consumer, "writer gwt_etl (airflow)");
		ck_assert_str_eq(s[i].text, "airflow (role gwt_etl, local) wrote legacy_total");
	}
	ck_assert_uint_eq(found, 1);
	take();
	tick();
	untaken(0);
}
END_TEST

START_TEST(write_rolled_back_is_somebody)
{
	tick();
	test_sql(etl, "BEGIN; UPDATE public.orders SET legacy_total = legacy_total + 1 WHERE id = 1; ROLLBACK; SELECT 1");
	tick();
	struct sighting *s;
	size_t n, found = 0;
	ck_assert(watch_untaken(db, a, TEST_SID, &s, &n, &e));
	for (size_t i = 0; i < n; i++)
		found += strcmp(s[i].consumer, "writer unknown") == 0;
	ck_assert_uint_eq(found, 1);
}
END_TEST

static void gap_like(const char *words, int64_t since)
{
	struct fact_watch w = look();
	ck_assert_int_gt(w.unbroken_since, since);
	ck_assert_ptr_nonnull(w.gap);
	ck_assert_msg(strstr(w.gap, words) != NULL, "%s", w.gap);
}

START_TEST(reset_is_a_gap)
{
	test_sql(etl, "SELECT legacy_total FROM public.orders");
	test_sql(etl, "SELECT 1");
	tick();
	int64_t since = look().unbroken_since;
	test_sql(db, "SELECT public.pg_stat_statements_reset()");
	tick();
	gap_like("statements on primary, ", since);
	gap_like(": the statistics of statements were reset or lost at ", since);
	untaken(0);
	since = look().unbroken_since;
	tick();
	ck_assert_int_eq(look().unbroken_since, since);   /* one gap, not one a tick */
	test_sql(etl, "SELECT legacy_total FROM public.orders");
	test_sql(etl, "SELECT 1");
	tick();
	untaken(1);
}
END_TEST

/* A reset of a single statement leaves no time of reset behind. */
START_TEST(partial_reset_is_a_gap)
{
	test_sql(etl, "SELECT legacy_total FROM public.orders");
	test_sql(etl, "SELECT 1");
	tick();
	int64_t since = look().unbroken_since;
	test_sql(db, "SELECT public.pg_stat_statements_reset(0, 0, queryid) FROM public.pg_stat_statements WHERE query LIKE 'SELECT legacy_total%'");
	tick();
	gap_like("is gone from the statistics", since);
	since = look().unbroken_since;
	test_sql(etl, "SELECT legacy_total FROM public.orders");
	test_sql(etl, "SELECT 1");
	tick();
	untaken(1);
	ck_assert_int_eq(look().unbroken_since, since);
}
END_TEST

START_TEST(fewer_calls_are_a_gap)
{
	for (int i = 0; i < 3; i++)
		test_sql(etl, "SELECT legacy_total FROM public.orders");
	test_sql(etl, "SELECT 1");
	tick();
	int64_t since = look().unbroken_since;
	test_sql(db, "SELECT public.pg_stat_statements_reset(0, 0, queryid) FROM public.pg_stat_statements WHERE query LIKE 'SELECT legacy_total%'");
	test_sql(etl, "SELECT legacy_total FROM public.orders");
	test_sql(etl, "SELECT 1");
	tick();
	gap_like(" went down from 3 to 1", since);
	untaken(1);
}
END_TEST

START_TEST(evicted_statements_are_a_gap)
{
	tick();
	int64_t since = look().unbroken_since;
	/* as if the sample before had seen one eviction fewer */
	test_sql(db, "UPDATE gatewalk.source SET state = (state::jsonb || '{\"dealloc\": -1}')::text WHERE source = 'statements'");
	tick();
	gap_like("the server threw statements out of its statistics", since);
}
END_TEST

START_TEST(restart_alone_is_no_gap)
{
	tick();
	int64_t since = look().unbroken_since;
	test_sql(db, "UPDATE gatewalk.source SET state = (state::jsonb || '{\"started\": 1}')::text");
	tick();
	ck_assert_int_eq(look().unbroken_since, since);
	/* the sequence's own jump after a crash: up to 32, nobody noted */
	test_sql(db, "UPDATE gatewalk.source SET state = (state::jsonb || '{\"started\": 1, \"count\": 0}')::text WHERE source = 'tripwire'");
	test_sql(db, arena_printf(a, "SELECT setval('%s', 32)", own_sequence_name(a, TEST_SID)));
	tick();
	untaken(0);
	test_sql(db, arena_printf(a, "SELECT setval('%s', 64)", own_sequence_name(a, TEST_SID)));
	tick();
	untaken(1);   /* no restart: somebody wrote */
}
END_TEST

START_TEST(tracking_changed_is_a_gap)
{
	test_sql(db, "SET pg_stat_statements.track = 'top'");
	tick();
	int64_t since = look().unbroken_since;
	test_sql(db, "SET pg_stat_statements.track = 'all'");
	tick();
	gap_like("what is tracked was changed from (track top, utility on, query id auto) to (track all, ", since);
	test_sql(db, "SET pg_stat_statements.track = 'none'");
	tick();
	struct fact_watch w = look();
	ck_assert(!w.statements_there);
	ck_assert_str_eq(w.statements_why, "pg_stat_statements.track is none: ALTER SYSTEM SET pg_stat_statements.track = 'all'; SELECT pg_reload_conf()");
	ck_assert_int_eq(w.unbroken_since, 0);
	test_sql(db, "SET pg_stat_statements.track = 'all'");
	tick();
	w = look();
	ck_assert(w.statements_there);
	ck_assert_int_gt(w.unbroken_since, since);
}
END_TEST

START_TEST(role_not_tracked_is_blind)
{
	test_sql(db, "ALTER ROLE gwt_etl SET pg_stat_statements.track = 'none'");
	tick();
	struct fact_watch w = look();
	test_sql(db, "ALTER ROLE gwt_etl RESET ALL");
	ck_assert(!w.statements_there);
	ck_assert_ptr_nonnull(strstr(w.statements_why, "statements of gwt_etl are not tracked"));
}
END_TEST

START_TEST(extension_missing_is_blind)
{
	tick();
	test_sql(db, "DROP EXTENSION pg_stat_statements");
	tick();
	struct fact_watch w = look();
	ck_assert(!w.statements_there);
	ck_assert_str_eq(w.statements_why, "pg_stat_statements is loaded, but not created in this database: CREATE EXTENSION pg_stat_statements");
	ck_assert_int_eq(w.unbroken_since, 0);
}
END_TEST

START_TEST(hidden_texts_are_blind)
{
	test_sql(db, arena_printf(a, "GRANT gatewalk_owner TO gwt_etl; GRANT SELECT ON SEQUENCE %s TO gwt_etl", own_sequence_name(a, TEST_SID)));
	struct db *low = test_client(DB, "gatewalk", "gwt_etl");
	ck_assert_msg(watch_tick(low, a, TEST_SID, &plan, &target, NULL, 0, &e), "%s", e.msg);
	struct fact_watch w = look();
	ck_assert(!w.statements_there);
	ck_assert_ptr_nonnull(strstr(w.statements_why, "other logins are hidden from this one: GRANT pg_read_all_stats TO gwt_etl"));
	db_close(low);
	test_sql(db, "REVOKE gatewalk_owner FROM gwt_etl");
}
END_TEST

START_TEST(tripwire_off_is_a_gap)
{
	tick();
	int64_t since = look().unbroken_since;
	test_sql(db, "ALTER TABLE public.orders DISABLE TRIGGER ALL");
	tick();
	struct fact_watch w = look();
	ck_assert(w.tripwire_there && !w.tripwire_enabled);
	ck_assert_int_eq(w.unbroken_since, 0);
	ck_assert_ptr_nonnull(strstr(w.gap, "the tripwire was switched off or changed"));
	ck_assert_msg(own_tripwire_take(db, a, TEST_SID, target.relid, &e), "%s", e.msg);
	tick();
	w = look();
	ck_assert(!w.tripwire_there);
	ck_assert_ptr_nonnull(strstr(w.gap, ": the tripwire is not on the table"));
	ck_assert_msg(own_tripwire_put(db, a, &(struct own_trip){ .sid = TEST_SID, .target = &target }, &e), "%s", e.msg);
	tick();
	gap_like("it can be read again from here on", since);
}
END_TEST

START_TEST(silence_is_bridged)
{
	tick();
	int64_t since = look().unbroken_since;
	test_sql(db, "UPDATE gatewalk.source SET looked_at = looked_at - interval '3 days', since = since - interval '3 days'");
	test_sql(etl, "SELECT legacy_total FROM public.orders");
	test_sql(etl, "SELECT 1");
	tick();
	struct fact_watch w = look();
	ck_assert_int_eq(w.unbroken_since, since - 3 * US_DAY);
	untaken(1);
}
END_TEST

START_TEST(standby_out_of_reach)
{
	struct plan_standby s[] = { { .name = "db2", .dbname = "host=/nonexistent dbname=" DB }, { .name = "db3" } };
	plan.standbys = s;
	plan.n_standbys = 2;
	tick();
	struct fact_watch w = look();
	ck_assert(!w.standbys_ok && w.statements_there);
	ck_assert_int_eq(w.unbroken_since, 0);
	const char *cleared[] = { "standby db2", "standby db3" };
	tick_with(cleared, 2);
	w = look();
	ck_assert(w.standbys_ok);
	ck_assert_int_gt(w.unbroken_since, 0);
	plan.n_standbys = 0;   /* amended away */
	tick();
	ck_assert_str_eq(test_value(db, a, "SELECT count(*) FROM gatewalk.source WHERE server <> 'primary'"), "0");
}
END_TEST

START_TEST(another_server_is_no_standby)
{
	struct plan_standby s[] = { { .name = "db2", .dbname = "dbname=" DB } };
	plan.standbys = s;
	plan.n_standbys = 1;
	tick();
	struct fact_watch w = look();
	ck_assert(!w.standbys_ok);
	ck_assert_str_eq(w.standbys_why, "standby db2: cannot be asked: db2 is no standby: it is not in recovery");
}
END_TEST

START_TEST(two_at_once)
{
	struct db *other = test_client(DB, "gatewalk", NULL);
	test_sql(other, "SELECT pg_advisory_lock(hashtextextended('gatewalk.watch." TEST_SID "', 0))");
	tick();   /* the other one takes the sample */
	ck_assert_int_eq(look().at, 0);
	db_close(other);
	for (int i = 0; i < 20 && look().at == 0; i++)
		tick();
	ck_assert_int_gt(look().at, 0);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("db_watch");
	TCase *c = tcase_create("watch");
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_set_timeout(c, 60);
	tcase_add_test(c, nothing_looked_yet);
	tcase_add_test(c, quiet_is_unbroken);
	tcase_add_test(c, reader_of_another_role);
	tcase_add_test(c, new_statement_is_a_sighting);
	tcase_add_test(c, running_session_is_seen);
	tcase_add_test(c, star_can_survive_and_name_cannot);
	tcase_add_test(c, own_reads_never_count);
	tcase_add_test(c, definitions_do_not_count);
	tcase_add_test(c, writer_is_named);
	tcase_add_test(c, write_rolled_back_is_somebody);
	tcase_add_test(c, reset_is_a_gap);
	tcase_add_test(c, partial_reset_is_a_gap);
	tcase_add_test(c, fewer_calls_are_a_gap);
	tcase_add_test(c, evicted_statements_are_a_gap);
	tcase_add_test(c, restart_alone_is_no_gap);
	tcase_add_test(c, tracking_changed_is_a_gap);
	tcase_add_test(c, role_not_tracked_is_blind);
	tcase_add_test(c, extension_missing_is_blind);
	tcase_add_test(c, hidden_texts_are_blind);
	tcase_add_test(c, tripwire_off_is_a_gap);
	tcase_add_test(c, silence_is_bridged);
	tcase_add_test(c, standby_out_of_reach);
	tcase_add_test(c, another_server_is_no_standby);
	tcase_add_test(c, two_at_once);
	suite_add_tcase(s, c);
	return s;
}

int main(void) { return test_main(suite()); }
