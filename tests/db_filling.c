/* SPDX-License-Identifier: MIT */
/* Item 6 in the engine: begun, taken in, told to end, amended, killed; by real jobs. */
#include "core/gate.h"
#include "tests/filling_fixture.h"

static struct engine_world w;

static const struct act begin = { .kind = ACT_BACKFILL }, retry = { .kind = ACT_RETRY };
static const struct act back = { .kind = ACT_BACK, .text = "not like this" };

#define DONE "SELECT count(*) > 0 FROM gatewalk.job WHERE kind = 'backfill' AND state = 'done' AND taken"
#define WHOLE "SELECT count(*) FROM public.items WHERE n IS DISTINCT FROM v::int"

static enum verdict judged(const char *id, const char *because)
{
	for (size_t i = 0; i < CONDITION_COUNT; i++)
		if (strcmp(w.g->findings[i].id, id) == 0) {
			ck_assert_str_eq(w.g->findings[i].because, because);
			return w.g->findings[i].verdict;
		}
	ck_abort_msg("no condition %s", id);
}

static void look(void)
{
	ck_assert_msg(engine_look(w.g, &w.e), "%s", w.e.msg);
}

/* As the command does, in a program of its own. */
static const char *amend(const char *name)
{
	const char *what = "";
	engine_free(w.g);
	world_engine(&w);
	ck_assert_msg(engine_amend(w.g, name, w.plan, &what, &w.e), "%s", w.e.msg);
	return arena_dup(w.a, what);
}

START_TEST(the_whole_way)
{
	fill_open(&w, "fillway", false, "v::int", ", load: 10");
	look();
	ck_assert_int_eq(judged("B3", "the backfill has not begun with this plan"), REFUSED);
	world_expect(&w, &retry, "");
	world_expect(&w, &begin, "the backfill's job is at work");
	fill_sees(&w, "SELECT coalesce(max(batches), 0) > 2 FROM gatewalk.backfill");
	fill_is(&w, "SELECT changing FROM gatewalk.walk", "t");
	look();
	ck_assert_int_eq(judged("B3", "the rows that are left have not been counted"), REFUSED);
	const struct act set = { .kind = ACT_JOB_SET, .key = "load", .text = "100", .job = w.g->walk.filling }, wrong = { .kind = ACT_JOB_SET, .key = "speed", .job = w.g->walk.filling };
	world_expect(&w, &wrong, "a backfill has no setting \"speed\"");
	world_expect(&w, &set, "");
	fill_until(&w, AT_READS);
	fill_is(&w, WHOLE, "0");
	fill_is(&w, "SELECT changing FROM gatewalk.walk", "f");
	look();
	ck_assert_int_eq(judged("B3", ""), HOLDS);
	ck_assert_int_eq(w.g->walk.fill.filled, atoi(FILL_ROWS));
	world_expect(&w, &retry, "no row was rejected");
	/* Counted anew, and what came meanwhile is filled. */
	test_sql(w.db, "INSERT INTO public.items VALUES (0, '0')");
	world_expect(&w, &begin, "");
	fill_sees(&w, "SELECT count(*) = 2 FROM gatewalk.job WHERE kind = 'backfill' AND state = 'done' AND taken");
	ck_assert_int_eq(w.g->walk.stage, AT_READS);
	fill_is(&w, WHOLE, "0");
	world_close(&w, "fillway");
}
END_TEST

START_TEST(rejects_amended)
{
	const char *what;
	fill_open(&w, "fillbad", true, "v::int", "");
	world_expect(&w, &begin, "");
	fill_sees(&w, DONE);
	ck_assert_str_eq(stage_name(w.g->walk.stage), "backfill");
	ck_assert_int_eq(w.g->walk.fill.rejects, 2);
	look();
	ck_assert_int_eq(judged("B3", "rows that do not convert: 2"), REFUSED);
	struct view *v = engine_view(w.g);
	ck_assert_uint_eq(v->n_rejects, 2);
	ck_assert_str_eq(v->rejects[1].key, "id=9000");
	view_free(v);
	/* As a file, whole or not there. */
	const char *file = path_join(w.a, test_dir(), "rejects.csv"), *lost = path_join(w.a, test_dir(), "none/rejects.csv");
	char *text;
	size_t len;
	const struct json *told = tool_rejects(w.a, &w.o, "fillbad", file, &w.e);
	ck_assert_msg(told && json_int_or(told, "rows", -1) == 2, "%s", w.e.msg);
	ck_assert(file_read(w.a, file, 1 << 20, &text, &len, &w.e));
	ck_assert_str_eq(text, "key,value,sqlstate,error\r\nid=7,v=x7,22P02,\"invalid input syntax for type integer: \"\"x7\"\"\"\r\n"
		"id=9000,v=x9000,22P02,\"invalid input syntax for type integer: \"\"x9000\"\"\"\r\n");
	ck_assert(!tool_rejects(w.a, &w.o, "fillbad", file, &w.e) && !tool_rejects(w.a, &w.o, "fillbad", lost, &w.e) && !tool_rejects(w.a, &w.o, "nowalk", NULL, &w.e));
	ck_assert_str_eq(w.e.msg, "no walk \"nowalk\" in this database");
	/* The plan's next version mends one. */
	fill_plan(&w, "fillbad", "CASE v WHEN 'x7' THEN 7 ELSE v::int END", "");
	what = amend("fillbad");
	ck_assert_msg(strstr(what, "(backfill)") != NULL, "%s", what);
	look();
	ck_assert_int_eq(judged("B3", "the backfill has not begun with this plan"), REFUSED);
	fill_is(&w, "SELECT count(*) FROM gatewalk.backfill_reject", "2");
	world_expect(&w, &begin, "");
	fill_sees(&w, "SELECT count(*) = 2 FROM gatewalk.job WHERE kind = 'backfill' AND taken");
	fill_is(&w, "SELECT string_agg(key, ' ') FROM gatewalk.backfill_reject", "id=9000");
	ck_assert_int_eq(w.g->walk.fill.rejects, 1);
	/* The application mends the other one; only it is tried. */
	test_sql(w.db, "UPDATE public.items SET v = '9000' WHERE id = 9000");
	world_expect(&w, &retry, "");
	fill_until(&w, AT_READS);
	fill_is(&w, "SELECT count(*) FROM gatewalk.backfill_reject", "0");
	fill_is(&w, "SELECT count(*) FROM public.items WHERE n IS NULL", "0");
	/* Amended behind it: item 6 again. A stricter plan is none of its business. */
	fill_plan(&w, "fillbad", "CASE v WHEN 'x7' THEN 7 ELSE v::int END", ", load: 50");
	amend("fillbad");
	ck_assert_int_eq(w.g->walk.stage, AT_READS);
	fill_plan(&w, "fillbad", "8", ", load: 50");
	amend("fillbad");
	ck_assert_int_eq(w.g->walk.stage, AT_BACKFILL);
	world_close(&w, "fillbad");
}
END_TEST

static void begun_slowly(const char *name)
{
	fill_open(&w, name, false, "v::int", ", load: 3");
	world_expect(&w, &begin, "");
	fill_sees(&w, "SELECT coalesce(max(batches), 0) > 2 FROM gatewalk.backfill");
}

/* Both killed: the job, and the program with the screen. Nothing is lost and nothing is done twice. */
START_TEST(killed)
{
	begun_slowly("fillkill");
	pid_t pid = (pid_t)atoi(test_value(w.db, w.a, "SELECT pid FROM gatewalk.job WHERE kind = 'backfill'"));
	engine_free(w.g);
	w.g = NULL;
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_msg(world_walk(&w), "%s", w.e.msg);
	fill_sees(&w, "SELECT count(*) = 1 FROM gatewalk.job WHERE kind = 'backfill' AND state = 'running' AND pid IS NOT NULL");
	fill_is(&w, "SELECT args::jsonb ->> 'timeline' FROM gatewalk.job WHERE kind = 'backfill' ORDER BY id DESC LIMIT 1", "0");
	test_sql(w.db, "UPDATE gatewalk.job SET settings = '{\"load\":\"100\"}'");
	fill_until(&w, AT_READS);
	fill_is(&w, WHOLE, "0");
	fill_is(&w, "SELECT filled FROM gatewalk.backfill", FILL_ROWS);
	world_close(&w, "fillkill");
}
END_TEST

/* What a program starts again does not go on behind a failover; a person may say so. */
START_TEST(a_lost_job_asks_on_another_timeline)
{
	begun_slowly("filltli");
	test_sql(w.db, "UPDATE gatewalk.backfill SET timeline = 9");
	ck_assert_int_eq(kill((pid_t)atoi(test_value(w.db, w.a, "SELECT pid FROM gatewalk.job WHERE kind = 'backfill'")), SIGKILL), 0);
	fill_sees(&w, "SELECT count(*) = 1 FROM gatewalk.job WHERE kind = 'backfill' AND state = 'failed' AND taken AND error LIKE '%on timeline 1 and the backfill began on 9: %'");
	clock_nap(200);
	look();
	fill_is(&w, "SELECT count(*) FROM gatewalk.job WHERE kind = 'backfill'", "2");
	world_expect(&w, &begin, "");
	test_sql(w.db, "UPDATE gatewalk.job SET settings = '{\"load\":\"100\"}'");
	fill_until(&w, AT_READS);
	fill_is(&w, WHOLE, "0");
	world_close(&w, "filltli");
}
END_TEST

START_TEST(stepped_back_amended_left)
{
	const char *what;
	begun_slowly("fillback");
	world_expect(&w, &back, "");
	ck_assert_str_eq(stage_name(w.g->walk.stage), "writes fill it");
	fill_is(&w, "SELECT state FROM gatewalk.job WHERE kind = 'backfill'", "stopped");
	world_expect(&w, &begin, "a backfill does not belong to this part of the walk (writes fill it)");
	fill_line(&w, OP_CONFIRM, "{'backfill':1,'item':5,'typed':'written'}");
	world_expect(&w, &begin, "");
	fill_sees(&w, "SELECT count(*) = 1 FROM gatewalk.job WHERE kind = 'backfill' AND state = 'running'");
	fill_plan(&w, "fillback", "v::int + 1", ", load: 3");
	what = amend("fillback");
	ck_assert_msg(strstr(what, "; the backfill was stopped: start it again to go on by the new plan") != NULL, "%s", what);
	fill_is(&w, "SELECT count(*) FROM gatewalk.job WHERE kind = 'backfill' AND ended_at IS NULL", "0");
	world_expect(&w, &begin, "");
	fill_sees(&w, "SELECT count(*) = 1 FROM gatewalk.job WHERE kind = 'backfill' AND state = 'running'");
	world_expect(&w, &(struct act){ .kind = ACT_LEAVE, .text = "not now" }, "");
	fill_is(&w, "SELECT count(*) FROM gatewalk.job WHERE kind = 'backfill' AND ended_at IS NULL", "0");
	world_close(&w, "fillback");
}
END_TEST

/* What another walk does counts, and this one's row tells the others. */
START_TEST(others_in_the_way)
{
	fill_open(&w, "fillother", false, "v::int", "");
	test_sql(w.db, "INSERT INTO gatewalk.walk (sid, name, plan_digest, archetype, relid, attnum, target, stage, changing, operator, host, plan, day_us)"
		" VALUES ('other', 'other', '', 'additive', 1, 1, 'public.x.n', 'backfill', true, '', '', '', 86400000000)");
	world_expect(&w, &begin, "gate A is shut: A6, no other walk is in the way: another walk is in the way: walk other (public.x.n) is changing the schema or filling data right now");
	fill_is(&w, "SELECT count(*) FROM gatewalk.job", "0");
	world_close(&w, "fillother");
}
END_TEST

/* A job's row is anybody's who may write the schema. */
START_TEST(a_word_that_is_not_the_databases)
{
	fill_open(&w, "fillword", false, "v::int", "");
	world_expect(&w, &begin, "");
	for (int i = 0; i < 300 && !text_eq(test_value(w.db, w.a, "SELECT count(*) FROM gatewalk.job WHERE state = 'done'"), "1"); i++)
		clock_nap(50);
	test_sql(w.db, "UPDATE gatewalk.backfill SET rows_left = 5");
	struct err soft = { 0 };
	engine_look(w.g, &soft);
	ck_assert_str_eq(w.g->last.msg, "what the backfill's job says is not what gatewalk.backfill says");
	ck_assert_str_eq(stage_name(w.g->walk.stage), "backfill");
	world_expect(&w, &begin, "");
	fill_until(&w, AT_READS);
	world_close(&w, "fillword");
}
END_TEST

/* Nobody may log in for a while: the process is there, and says nothing. */
START_TEST(needs_a_login)
{
	begun_slowly("filllogin");
	struct db *other = test_connect("dbname=postgres");
	test_sql(other, "ALTER DATABASE filllogin ALLOW_CONNECTIONS false");
	test_sql(w.db, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name ~ '^gatewalk (job|backfill)' AND datname = 'filllogin'");
	fill_sees(&w, "SELECT count(*) = 0 FROM pg_stat_activity WHERE application_name ~ '^gatewalk (job|backfill)' AND datname = 'filllogin'");
	test_sql(w.db, "UPDATE gatewalk.job SET seen_at = clock_timestamp() - interval '10 min'");
	look();
	ck_assert_str_eq(w.g->jobs[0].state, "needs a login");
	world_expect(&w, &begin, "the backfill's job is at work");
	test_sql(other, "ALTER DATABASE filllogin ALLOW_CONNECTIONS true");
	db_close(other);
	test_sql(w.db, "UPDATE gatewalk.job SET settings = '{\"load\":\"100\"}'");
	fill_until(&w, AT_READS);
	fill_is(&w, WHOLE, "0");
	fill_is(&w, "SELECT filled FROM gatewalk.backfill", FILL_ROWS);
	world_close(&w, "filllogin");
}
END_TEST

/* A command as a program of its own: its status and what it said. */
static int cli(const char **said, const char *const *words)
{
	const char *argv[16] = { w.o.program };
	struct child_end end;
	size_t n = 1;
	for (; *words; words++)
		argv[n++] = *words;
	argv[n++] = "-d";
	argv[n++] = w.conninfo;
	argv[n++] = "--key";
	argv[n++] = w.key;
	argv[n] = NULL;
	ck_assert_msg(child_run(w.a, &(struct child){ .argv = argv, .ms = 60000 }, &end, &w.e), "%s", w.e.msg);
	*said = arena_printf(w.a, "%s%s", end.out, end.err);
	return end.status;
}

static void says(int status, const char *text, const char *const *words)
{
	const char *said;
	int got = cli(&said, words);
	ck_assert_msg(got == status && strstr(said, text), "status %d, wanted %d and \"%s\": %s", got, status, text, said);
}
#define SAYS(status, text, ...) says(status, text, (const char *const[]){ __VA_ARGS__, NULL })

START_TEST(by_command)
{
	fill_open(&w, "fillcmd", true, "v::int", ", load: 3");
	engine_free(w.g);
	w.g = NULL;
	SAYS(0, "no row was rejected", "job", "rejects", "fillcmd");
	SAYS(1, "which walk, and nothing else?", "job", "fill");
	SAYS(1, "no walk \"fly\"", "job", "fill", "fly");
	SAYS(1, "only job rejects writes a file", "job", "fill", "fillcmd", "-o", "x");
	SAYS(0, "fillcmd: the backfill runs as a job of its own", "job", "fill", "fillcmd");
	SAYS(1, "the backfill's job is at work", "job", "retry", "fillcmd");
	const char *id = test_value(w.db, w.a, "SELECT id FROM gatewalk.job WHERE kind = 'backfill'"), *list[] = { "job", "list", NULL }, *said = "";
	for (int i = 0; i < 300 && !(strstr(said, " s left; ") && strstr(said, " %, ") && strstr(said, "/s, ")); i++) {
		ck_assert_int_eq(cli(&said, list), 0);
		clock_nap(100);
	}
	ck_assert_msg(strstr(said, " s left; ") && strstr(said, " filled, "), "%s", said);
	SAYS(0, "", "job", "pause", id);
	for (int i = 0; i < 100 && !text_eq(test_value(w.db, w.a, "SELECT state FROM gatewalk.job WHERE kind = 'backfill'"), "paused"); i++)
		clock_nap(100);
	SAYS(0, " paused ", "job", "list", "fillcmd");
	SAYS(0, "", "job", "set", id, "load=100");
	SAYS(0, "", "job", "set", id, "batch-ms=50");
	SAYS(0, "\"state\":\"paused\"", "job", "list", "--json");
	SAYS(0, "", "job", "resume", id);
	for (int i = 0; i < 300 && !text_eq(test_value(w.db, w.a, "SELECT state FROM gatewalk.job WHERE kind = 'backfill'"), "done"); i++)
		clock_nap(100);
	SAYS(0, "id=7  v=x7  22P02: invalid input syntax for type integer: \"x7\"", "job", "rejects", "fillcmd");
	SAYS(0, "\"sqlstate\":\"22P02\",\"value\":\"v=x9000\"", "job", "rejects", "fillcmd", "--json");
	const char *file = path_join(w.a, test_dir(), "cmd.csv");
	SAYS(0, arena_printf(w.a, "2 rows written to %s", file), "job", "rejects", "fillcmd", "-o", file);
	SAYS(1, "cmd.csv", "job", "rejects", "fillcmd", "-o", file);
	test_sql(w.db, "UPDATE public.items SET v = id::text");
	SAYS(0, "fillcmd: the rejected rows are tried again, by a job of its own", "job", "retry", "fillcmd");
	ck_assert_msg(world_walk(&w), "%s", w.e.msg);
	fill_until(&w, AT_READS);
	fill_is(&w, WHOLE, "0");
	world_close(&w, "fillcmd");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("filling");
	TCase *t = tcase_create("filling");
	const TTest *const all[] = { the_whole_way, rejects_amended, killed, a_lost_job_asks_on_another_timeline, stepped_back_amended_left, others_in_the_way,
		a_word_that_is_not_the_databases, needs_a_login, by_command };
	tcase_set_timeout(t, 120);
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		tcase_add_test(t, all[i]);
	suite_add_tcase(s, t);
	return test_main(s);
}
