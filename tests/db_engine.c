/* SPDX-License-Identifier: MIT */
/* The engine against a server: log and ledger compared, what a broken end leaves, and acts where they do not belong. */
#include "engine/engine.h"

#include <sys/stat.h>
#include <time.h>

#include "tests/lib_engine.h"

static struct engine_world w;

static const char *const lines_missing = "the log is behind the ledger: lines are missing at its end, or this is an older copy";
static const char *const entries_missing = "the database is behind the log: decisions are missing from the ledger (restored, or failed over with loss)";

static const char *anchors(void)
{
	return test_value(w.db, w.a, "SELECT count(*) || ' ' || max(n) FROM gatewalk.anchor");
}

/* The ledger as it was some decisions ago. */
static void ledger_back(int decisions)
{
	test_sql(w.db, arena_printf(w.a, "DELETE FROM gatewalk.anchor WHERE n IN (SELECT n FROM gatewalk.anchor ORDER BY n DESC LIMIT %d);"
		"DELETE FROM gatewalk.line WHERE n > (SELECT max(n) FROM gatewalk.anchor)", decisions));
}

static const struct act declare = { .kind = ACT_DECLARE, .key = "releases", .text = "none" };

/* Nothing is written while log and ledger disagree, and the reason is C6's. */
static void refused(const char *why)
{
	struct stat before, after;
	const char *log = world_log(&w);
	ck_assert(world_walk(&w));
	ck_assert(stat(log, &before) == 0);
	ck_assert_str_eq(w.g->facts.log.why, why);
	ck_assert(!w.g->facts.log.ledger_agrees);
	world_expect(&w, &declare, why);
	ck_assert_int_eq(w.e.code, ERR_VERIFY);
	ck_assert(!engine_drop(w.g, "public.orders.old_total", &w.e));
	struct err e = { 0 };
	engine_look(w.g, &e);
	ck_assert_str_eq(w.g->facts.log.why, why);
	ck_assert(stat(log, &after) == 0 && before.st_size == after.st_size);
}

START_TEST(a_ledger_behind_by_one_is_brought_up)
{
	world_open(&w, "engone");
	world_at(&w, AT_CONSUMERS);
	const char *whole = anchors();
	engine_free(w.g);
	w.g = NULL;
	ledger_back(1);
	ck_assert_str_ne(anchors(), whole);
	ck_assert(world_walk(&w));
	ck_assert(w.g->state == LOG_AGREES);
	ck_assert_str_eq(anchors(), whole);
	world_expect(&w, &declare, "");
	world_close(&w, "engone");
}
END_TEST

START_TEST(a_ledger_behind_by_two_is_a_named_state)
{
	world_open(&w, "engtwo");
	world_at(&w, AT_CONSUMERS);
	ledger_back(2);
	refused(entries_missing);
	world_close(&w, "engtwo");
}
END_TEST

START_TEST(a_log_behind_its_ledger_is_a_named_state)
{
	world_open(&w, "engcut");
	world_at(&w, AT_CONSUMERS);
	engine_free(w.g);
	w.g = NULL;
	char *data;
	size_t len;
	const char *log = world_log(&w);
	ck_assert(file_read(w.a, log, 1 << 20, &data, &len, &w.e));
	do
		len--;
	while (data[len - 1] != '\n');
	ck_assert(truncate(log, (off_t)len) == 0);
	refused(lines_missing);
	world_close(&w, "engcut");
}
END_TEST

/* As after an end between the first line and the walk's row. */
START_TEST(a_walk_without_its_row_gets_it)
{
	world_open(&w, "engrow");
	ck_assert_msg(world_walk(&w), "%s", w.e.msg);
	engine_free(w.g);
	w.g = NULL;
	const char *sid = test_value(w.db, w.a, "SELECT sid FROM gatewalk.walk");
	test_sql(w.db, "DELETE FROM gatewalk.line; DELETE FROM gatewalk.anchor; DELETE FROM gatewalk.walk");
	world_at(&w, AT_CONSUMERS);
	ck_assert_str_eq(test_value(w.db, w.a, "SELECT sid || stage FROM gatewalk.walk"), arena_printf(w.a, "%sconsumers", sid));
	ck_assert(w.g->state == LOG_AGREES);
	world_close(&w, "engrow");
}
END_TEST

START_TEST(a_torn_line_is_sealed_and_the_walk_goes_on)
{
	static const char torn[] = "{\"b\":{\"key\":\"\",\"value\":\"no";
	world_open(&w, "engtorn");
	world_at(&w, AT_CONSUMERS);
	engine_free(w.g);
	w.g = NULL;
	FILE *f = fopen(world_log(&w), "a");
	ck_assert(f && fputs(torn, f) >= 0 && fclose(f) == 0);
	for (int i = 0; i < 2; i++) {
		ck_assert_msg(world_walk(&w), "%s", w.e.msg);
		world_expect(&w, &declare, "");
		ck_assert_int_eq(w.g->walk.n, (int64_t)journal_count(w.g->journal));
		ck_assert_int_eq(w.g->n_lines, journal_count(w.g->journal));
	}
	struct verify_end end;
	ck_assert_msg(journal_verify(w.a, world_log(&w), &end, &w.e) && end.good, "%s", end.why);
	ck_assert_str_eq(test_value(w.db, w.a, "SELECT count(*) FROM gatewalk.line WHERE line LIKE '%\"op\":\"torn\"%'"), "1");
	world_close(&w, "engtorn");
}
END_TEST

/* A link that came back holds the walk again, or it is not used. */
START_TEST(somebody_else_took_the_walk_meanwhile)
{
	world_open(&w, "enghold");
	world_at(&w, AT_ARCHETYPE);
	size_t lines = journal_count(w.g->journal);
	const char *cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'gatewalk' AND datname = current_database()";
	const char *hold = arena_printf(w.a, "SELECT pg_advisory_lock(hashtextextended('gatewalk.walk.%s', 0))", w.g->walk.sid);
	test_sql(w.db, cut);
	test_sql(w.db, hold);
	struct err e = { 0 };
	ck_assert(!engine_look(w.g, &e));   /* finds the link gone */
	ck_assert_int_eq(e.code, ERR_DB_LOST);
	ck_assert(!engine_look(w.g, &e));
	ck_assert_msg(strncmp(e.msg, "the walk is in use by another gatewalk (login ", 46) == 0, "%s", e.msg);
	struct view *v = engine_view(w.g);
	ck_assert(!v->connected);
	ck_assert_str_eq(v->trouble, e.msg);
	view_free(v);
	world_expect(&w, &declare, "no connection to the server");
	ck_assert_int_eq(journal_count(w.g->journal), lines);
	test_sql(w.db, "SELECT pg_advisory_unlock_all()");
	ck_assert_msg(engine_look(w.g, &e), "%s", e.msg);
	world_expect(&w, &declare, "");
	world_close(&w, "enghold");
}
END_TEST

static void nap(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = 200000000L }, NULL);
}

/* A job whose files are gone before it was taken in has failed, and the walk is not stuck on it. */
START_TEST(a_snapshot_that_is_gone_is_a_failed_one)
{
	world_open(&w, "enggone");
	ck_assert_msg(world_walk(&w), "%s", w.e.msg);
	world_expect(&w, &(struct act){ .kind = ACT_SNAPSHOT }, "");
	while (strcmp(test_value(w.db, w.a, "SELECT state FROM gatewalk.job"), "done") != 0)
		nap();
	const char *all = path_join(w.a, path_data(w.a), "snapshots");
	ck_assert(rename(all, arena_printf(w.a, "%s.away", all)) == 0);
	struct err e = { 0 };
	ck_assert_msg(engine_look(w.g, &e), "%s", e.msg);
	ck_assert_int_eq(w.g->walk.stage, AT_SNAPSHOT);
	ck_assert_str_eq(test_value(w.db, w.a, "SELECT taken FROM gatewalk.job"), "t");
	ck_assert(strstr(journal_raw(w.g->journal, journal_count(w.g->journal) - 1), "\"event\":\"failed\"") != NULL);
	ck_assert_msg(walk_bring(w.g, AT_GATE_A, &w.e), "%s", w.e.msg);
	world_close(&w, "enggone");
}
END_TEST

/* The end of a job stands in the log, and the program ended before the job's row knew. */
START_TEST(a_job_is_taken_in_once)
{
	world_open(&w, "engonce");
	world_at(&w, AT_ARCHETYPE);
	size_t lines = journal_count(w.g->journal);
	test_sql(w.db, "UPDATE gatewalk.job SET taken = false");
	ck_assert(engine_look(w.g, &w.e));
	ck_assert_int_eq(journal_count(w.g->journal), lines);
	ck_assert_str_eq(test_value(w.db, w.a, "SELECT taken FROM gatewalk.job"), "t");
	world_close(&w, "engonce");
}
END_TEST

static const char *watches(void)
{
	return test_value(w.db, w.a, "SELECT count(*) FROM gatewalk.job WHERE kind = 'watch'");
}

START_TEST(a_lost_watch_is_started_again_and_a_stopped_one_is_not)
{
	world_open(&w, "engwatch");
	world_at(&w, AT_UNUSED);
	ck_assert_str_eq(watches(), "1");
	world_kill_jobs(&w);
	test_sql(w.db, "UPDATE gatewalk.job SET started_at = started_at - interval '1 min'");
	struct err e = { 0 };
	for (int i = 0; i < 3; i++, nap())
		ck_assert_msg(engine_look(w.g, &e), "%s", e.msg);
	ck_assert_str_eq(watches(), "2");
	const char *id = test_value(w.db, w.a, "SELECT max(id) FROM gatewalk.job");
	world_expect(&w, &(struct act){ .kind = ACT_JOB_STOP, .job = atoll(id) }, "");
	while (strcmp(test_value(w.db, w.a, "SELECT taken FROM gatewalk.job ORDER BY id DESC LIMIT 1"), "t") != 0) {
		engine_look(w.g, &e);
		nap();
	}
	test_sql(w.db, "UPDATE gatewalk.job SET started_at = started_at - interval '1 min'");
	engine_look(w.g, &e);
	ck_assert_str_eq(watches(), "2");
	world_close(&w, "engwatch");
}
END_TEST

/* Two servers of one host may have databases of one name, and a schema may be made anew: what is called the same is not the
   same walk. The name of the server and the database are those of the first walk here. */
START_TEST(a_plan_on_another_database_of_the_same_name)
{
	world_open(&w, "engtwin");
	ck_assert_msg(world_walk(&w), "%s", w.e.msg);
	const char *first = arena_dup(w.a, w.g->walk.sid);
	engine_free(w.g);
	w.g = NULL;
	db_close(w.db);
	w.db = test_database("engtwin");
	test_sql(w.db, "CREATE TABLE public.orders (id bigint PRIMARY KEY, total numeric, old_total text)");
	ck_assert_msg(tool_init(w.a, &w.o, "rehearsal", &w.e) != NULL, "%s", w.e.msg);
	ck_assert_msg(world_walk(&w), "%s", w.e.msg);
	ck_assert_str_ne(w.g->walk.sid, first);
	const char *second = arena_dup(w.a, w.g->walk.sid);
	ck_assert_msg(world_walk(&w), "%s", w.e.msg);
	ck_assert_str_eq(w.g->walk.sid, second);
	engine_free(w.g);
	w.g = NULL;
	test_sql(w.db, "DROP SCHEMA gatewalk CASCADE");
	ck_assert_msg(tool_init(w.a, &w.o, "rehearsal", &w.e) != NULL, "%s", w.e.msg);
	ck_assert_msg(world_walk(&w), "%s", w.e.msg);
	ck_assert_str_ne(w.g->walk.sid, second);
	ck_assert_int_eq(w.g->walk.stage, AT_SNAPSHOT);
	world_close(&w, "engtwin");
}
END_TEST

START_TEST(acts_where_they_do_not_belong)
{
	static const struct { struct act act; const char *answer; } all[] = {
		{ { .kind = ACT_NONE }, "no such act" },
		{ { .kind = ACT_CONFIRM, .key = "2", .text = "destructive" }, "that item cannot be confirmed now" },
		{ { .kind = ACT_CONFIRM, .key = "1", .text = "x" }, "that item cannot be confirmed now" },
		{ { .kind = ACT_CONFIRM }, "that item cannot be confirmed now" },
		{ { .kind = ACT_DECLARE, .key = "reads_moved/nobody", .text = "x" }, "nothing is declared under \"reads_moved/nobody\"" },
		{ { .kind = ACT_DECLARE, .key = "weather", .text = "x" }, "nothing is declared under \"weather\"" },
		{ { .kind = ACT_DECLARE, .key = "releases", .text = "  " }, "an empty answer declares nothing" },
		{ { .kind = ACT_CLEAR, .key = "nobody", .text = "a reason" }, "no consumer \"nobody\" was found" },
		{ { .kind = ACT_DRILL }, "there is no snapshot to drill with" },
		{ { .kind = ACT_WATCH }, "the watch does not belong to this part of the walk (snapshot)" },
		{ { .kind = ACT_QUIET }, "the count of item 9 does not belong to this part of the walk (snapshot)" },
		{ { .kind = ACT_PASS, .key = "D" }, "which gate? A, B or C" },
		{ { .kind = ACT_PASS }, "which gate? A, B or C" },
		{ { .kind = ACT_DROP }, "the drop is not done from here" },
		{ { .kind = ACT_RESTORE }, "a restore does not belong to this part of the walk (snapshot)" },
		{ { .kind = ACT_SCHEMA_LOG }, "the schema log is written when the watch is over" },
		{ { .kind = ACT_BACK, .text = "a reason" }, "there is no step back from here (snapshot)" },
		{ { .kind = ACT_BACK }, "this needs a reason" },
		{ { .kind = ACT_LEAVE, .text = "no" }, "this needs a reason" },
		{ { .kind = ACT_JOB_STOP, .job = 4711 }, "there is no job 4711 in this database, or it has ended" },
	};
	world_open(&w, "engacts");
	world_engine(&w);
	world_expect(&w, &declare, "no walk is open");
	ck_assert_msg(world_walk(&w), "%s", w.e.msg);
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		world_expect(&w, &all[i].act, all[i].answer);
	for (const char *gate = "ABC"; *gate; gate++) {
		const char key[2] = { *gate, '\0' };
		struct err e = { 0 };
		ck_assert(!engine_do(w.g, &(struct act){ .kind = ACT_PASS, .key = key }, &e));
		ck_assert_int_eq(e.code, ERR_GATE);
	}
	ck_assert(!engine_drop(w.g, "public.orders.old_total", &w.e));
	ck_assert_str_eq(w.e.msg, "the walk is not at its drop");
	ck_assert_int_eq(journal_count(w.g->journal), 1);
	world_close(&w, "engacts");
}
END_TEST

START_TEST(who_only_looks_writes_nothing)
{
	world_open(&w, "engread");
	ck_assert_msg(world_walk(&w), "%s", w.e.msg);
	struct engine *reader = engine_new(&w.o, &w.e);
	ck_assert_msg(engine_walk_read(reader, "engread", &w.e), "%s", w.e.msg);
	struct err e = { 0 };
	ck_assert(!engine_do(reader, &declare, &e));
	ck_assert_str_eq(e.msg, "this walk is only being read");
	ck_assert(!engine_walk_open(reader, "engread", &e));
	ck_assert_int_eq(e.code, ERR_USE);
	engine_free(reader);
	/* A plan that was edited after the start is not walked by its old name. */
	const char *other = arena_printf(w.a, "%s# a word more\n", world_plan(w.a, "engread"));
	ck_assert(file_write(w.plan, other, strlen(other), &e));
	ck_assert(!world_walk(&w));
	ck_assert_str_eq(w.e.msg, arena_printf(w.a, "%s was edited after its walk began", w.plan));
	world_close(&w, "engread");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("engine");
	TCase *t = tcase_create("engine");
	tcase_set_timeout(t, 90);
	tcase_add_test(t, a_ledger_behind_by_one_is_brought_up);
	tcase_add_test(t, a_ledger_behind_by_two_is_a_named_state);
	tcase_add_test(t, a_log_behind_its_ledger_is_a_named_state);
	tcase_add_test(t, a_walk_without_its_row_gets_it);
	tcase_add_test(t, a_torn_line_is_sealed_and_the_walk_goes_on);
	tcase_add_test(t, somebody_else_took_the_walk_meanwhile);
	tcase_add_test(t, a_snapshot_that_is_gone_is_a_failed_one);
	tcase_add_test(t, a_job_is_taken_in_once);
	tcase_add_test(t, a_lost_watch_is_started_again_and_a_stopped_one_is_not);
	tcase_add_test(t, a_plan_on_another_database_of_the_same_name);
	tcase_add_test(t, acts_where_they_do_not_belong);
	tcase_add_test(t, who_only_looks_writes_nothing);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return test_main(suite());
}
