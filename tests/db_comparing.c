/* SPDX-License-Identifier: MIT */
/* Two columns side by side in the engine: the new one filled by a real job, and compared with the old one by another from item 7 on, until the
   old one is written no more; rows that differ, jobs that are gone, words that are not the database's. */
#include "core/gate.h"
#include "engine/comparing.h"
#include "tests/dual_send.h"
#include "tests/filling_fixture.h"

static struct engine_world w;

static const struct act begin = { .kind = ACT_BACKFILL }, compare = { .kind = ACT_PARITY };

static void plan_of(const char *name, const char *back)
{
	const char *text = arena_printf(w.a,
		"gatewalk: 1\nname: %s\narchetype: type change\nrecipe: change-type\ntarget: {schema: public, table: items, column: v}\nadd: {column: n, type: int}\n"
		"convert: {to: \"v::int\"%s}\ndual_write: trigger\nbackfill: {batch_ms: 10, pause: [{when: lock waiters, above: 1000}]}\n"
		"document:\n  before: v is text\n  after: n is a number\n  why: It is one.\n  way_back: v stands until the drop\n"
		"  leaves_behind: nothing\n  rollback_floor: \"2.4.0\"\n  api_contract: none\n  falls: []\ndeploys:\n  - name: web\nsources: []\n"
		"policy: {longest_job_days: 1}\nwindow:\n  zone: UTC\n  open:\n    - {days: [Mon, Tue, Wed, Thu], from: \"02:00\", to: \"06:00\"}\n"
		"health: {max_lag_s: 5, max_lock_waiters: 5, max_longest_tx_s: 120}\nrehearsal: {now: \"Tue 04:30\", day: 0.2}\n", name, back);
	ck_assert_msg(file_write(w.plan, text, strlen(text), &w.e), "%s", w.e.msg);
}

static void change(const char *what, const char *more, const char *sql, int attnum)
{
	fill_line(&w, OP_CHANGE, arena_printf(w.a, "{%s'expires':'" FILL_TIME "','nonce':'n1','relid':%u,'statement':'ALTER TABLE','statement_sha256':'" FILL_SHA "','what':'%s','why':''}", more,
		w.g->walk.relid, what));
	fill_change(&w, sql);
	const char *now = test_value(w.db, w.a, "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')");
	fill_line(&w, OP_CHANGED, arena_printf(w.a, "{'at':'%s','attnum':%d,'held_us':1,'intent':%lld,'lock_us':1,'result':'done','why':'','xid':'7'}", now, attnum, (long long)w.g->walk.intent_n));
}

static struct dual_order dual(void)
{
	return (struct dual_order){ .sid = w.g->walk.sid, .schema = "public", .table = "items", .column = "v", .add_column = "n", .to = "v::int", .back = w.g->plan->convert_back };
}

/* The trigger by its own adapter, the lines by hand. */
static void put_trigger(void)
{
	const struct dual_order o = dual();
	ck_assert_msg(dual_send(w.db, w.a, &o, true, &w.e), "%s", w.e.msg);
}

static void to_item_6(void)
{
	ck_assert_msg(world_walk(&w), "%s", w.e.msg);
	fill_line(&w, OP_EVIDENCE, arena_printf(w.a, "{'blob':'" FILL_SHA "','kind':'snapshot','role':'first','fact':{'attnum':2,'begun':'" FILL_TIME "','bytes':1,'dboid':1,'definition_digest':'" FILL_SHA
		"','equal':1,'id':'a','manifest_sha256':'" FILL_SHA "','path':'/a','proved':'" FILL_TIME "','relid':%u,'rows':9,'scope':'column','sysid':'1','trip_count':-1,'values':9}}", w.g->walk.relid));
	fill_line(&w, OP_CONFIRM, "{'item':2,'typed':'type change'}");
	fill_line(&w, OP_CONFIRM, "{'item':3,'typed':'2.4.0'}");
	fill_line(&w, OP_GATE, "{'conditions':[{'id':'A1','now':'','verdict':'holds'}],'gate':'A'}");
	fill_line(&w, OP_CONFIRM, "{'item':4,'typed':'0'}");
	change("add", "", "ALTER TABLE public.items ADD n int", 3);
	put_trigger();
	change("dual write", "", "SELECT", 0);
	ck_assert_int_eq(w.g->walk.stage, AT_BACKFILL);
}

static void look(void)
{
	ck_assert_msg(engine_look(w.g, &w.e), "%s", w.e.msg);
}

static void open_at(const char *name, const char *back, enum stage at)
{
	world_open(&w, name);
	test_sql(w.db, "CREATE TABLE public.items (id bigint PRIMARY KEY, v text); INSERT INTO public.items SELECT i, i FROM generate_series(1, 2000) i");
	plan_of(name, back);
	to_item_6();
	if (at == AT_BACKFILL)
		return;
	world_expect(&w, &begin, "");
	fill_until(&w, AT_WINDOW);
}

static const struct finding *found(const char *id)
{
	for (size_t i = 0; i < CONDITION_COUNT; i++)
		if (strcmp(w.g->findings[i].id, id) == 0)
			return &w.g->findings[i];
	ck_abort_msg("no condition %s", id);
}

/* Until a pass behind the last step stands in the log. */
static void passes(void)
{
	for (int i = 0; i < 600; i++) {
		struct err soft = { 0 };
		engine_look(w.g, &soft);
		if (w.g->walk.parity.at && found("B4")->verdict == HOLDS)
			return;
		clock_nap(50);
	}
	ck_abort_msg("no pass: %s; %s", found("B4")->because, w.g->last.msg);
}

/* A trigger of the application's own that fires behind ours: ours stands as it was, and the rows differ. */
#define BEHIND_IT "CREATE FUNCTION public.later() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN NEW.n := 0; RETURN NEW; END$$;" \
	"CREATE TRIGGER zzz_later BEFORE UPDATE ON public.items FOR EACH ROW EXECUTE FUNCTION public.later();" \
	"UPDATE public.items SET n = n WHERE id IN (7, 1500); DROP TRIGGER zzz_later ON public.items; DROP FUNCTION public.later()"

START_TEST(what_differs_opens_item_6_again)
{
	open_at("cmpdiff", ", back: \"n::text\"", AT_BACKFILL);
	world_expect(&w, &compare, "a comparison does not belong to this part of the walk (backfill)");
	world_expect(&w, &begin, "");
	fill_until(&w, AT_WINDOW);
	fill_is(&w, "SELECT count(*) FROM public.items WHERE n IS DISTINCT FROM v::int", "0");
	passes();
	ck_assert_int_eq(w.g->walk.parity.rows, 2000);
	ck_assert_int_eq(w.g->walk.parity.mismatches, 0);
	world_expect(&w, &compare, "the comparison's job is at work");
	/* Old code, new code: the trigger follows. */
	test_sql(w.db, "UPDATE public.items SET v = '5' WHERE id = 1; UPDATE public.items SET n = 6 WHERE id = 2; INSERT INTO public.items (id, n) VALUES (0, 7)");
	int64_t n = w.g->walk.n;
	fill_sees(&w, arena_printf(w.a, "SELECT last_round > %lld FROM gatewalk.parity", (long long)w.g->facts.parity.round + 1));
	ck_assert_int_eq(w.g->walk.n, n);   /* the same again is no line */
	test_sql(w.db, BEHIND_IT);
	fill_until(&w, AT_BACKFILL);
	look();
	ck_assert_str_eq(found("B4")->because, "2 of 2 001 rows differ; the first: id=7");
	fill_is(&w, "SELECT count(*) FROM gatewalk.line WHERE line LIKE '%\"kind\":\"parity\",\"mismatches\":2,%'", "1");
	struct view *v = engine_view(w.g);
	ck_assert_uint_eq(v->n_mismatches, 2);
	bool offered = false;
	for (size_t i = 0; i < v->n_offers; i++)
		offered = offered || v->offers[i].kind == ACT_BACKFILL;
	ck_assert(offered && found("B3")->verdict == REFUSED);   /* that all was filled before says nothing */
	ck_assert_str_eq(v->mismatches[1].key, "id=1500");
	ck_assert_str_eq(v->mismatches[1].expected, "1500");
	view_free(v);
	fill_sees(&w, "SELECT count(*) = 0 FROM gatewalk.job WHERE kind = 'parity' AND ended_at IS NULL");
	/* The backfill goes over them, and the count of item 7 begins anew. */
	world_expect(&w, &begin, "");
	fill_until(&w, AT_WINDOW);
	passes();
	fill_is(&w, "SELECT count(*) FROM public.items WHERE n IS DISTINCT FROM v::int", "0");
	world_close(&w, "cmpdiff");
}
END_TEST

START_TEST(jobs_that_are_gone)
{
	open_at("cmpgone", ", back: \"n::text\"", AT_WINDOW);
	passes();
	/* Killed: another one goes on. */
	ck_assert_int_eq(kill((pid_t)atoi(test_value(w.db, w.a, "SELECT pid FROM gatewalk.job WHERE kind = 'parity'")), SIGKILL), 0);
	fill_sees(&w, "SELECT count(*) = 1 FROM gatewalk.job WHERE kind = 'parity' AND state = 'running' AND args::jsonb ->> 'anew' = '0'");
	/* Stopped: a person's, until the walk goes on. */
	long long id = cell_int(test_value(w.db, w.a, "SELECT max(id) FROM gatewalk.job WHERE kind = 'parity'"));
	world_expect(&w, &(struct act){ .kind = ACT_JOB_STOP, .job = id }, "");
	fill_sees(&w, "SELECT count(*) = 0 FROM gatewalk.job WHERE kind = 'parity' AND ended_at IS NULL");
	look();
	look();
	fill_is(&w, arena_printf(w.a, "SELECT max(id) = %lld FROM gatewalk.job WHERE kind = 'parity'", id), "t");
	world_expect(&w, &compare, "");
	fill_sees(&w, "SELECT count(*) = 1 FROM gatewalk.job WHERE kind = 'parity' AND state = 'running'");
	/* What the database says and the job did not is no line. */
	id = cell_int(test_value(w.db, w.a, "SELECT max(id) FROM gatewalk.job WHERE kind = 'parity'"));
	world_expect(&w, &(struct act){ .kind = ACT_JOB_PAUSE, .job = id }, "");
	fill_sees(&w, "SELECT count(*) = 1 FROM gatewalk.job WHERE kind = 'parity' AND state = 'paused'");
	int64_t n = w.g->walk.n;
	test_sql(w.db, "UPDATE gatewalk.parity SET last_mismatches = 3, last_ended_at = clock_timestamp()");
	look();
	ck_assert_int_eq(w.g->walk.n, n);
	ck_assert_int_eq(found("B4")->verdict, REFUSED);
	/* Told to end, before the walk is left. */
	const struct dual_order o = dual();
	ck_assert_msg(dual_send(w.db, w.a, &o, false, &w.e), "%s", w.e.msg);
	bool was;
	ck_assert(comparing_over(w.g, &was, &w.e) && was);
	fill_is(&w, "SELECT count(*) FROM gatewalk.job WHERE kind = 'parity' AND ended_at IS NULL", "0");
	world_close(&w, "cmpgone");
}
END_TEST

/* To item 9's last pass, waits included. */
static void to_last_pass(void)
{
	passes();
	clock_nap(14 * 200 + 200);
	fill_line(&w, OP_CONFIRM, "{'item':7,'typed':'over'}");
	fill_line(&w, OP_DECLARE, "{'key':'web','value':'1.21 ended','what':'reads_moved'}");
	fill_line(&w, OP_CONFIRM, "{'item':8,'typed':'moved'}");
	if (w.g->walk.stage == AT_RELAX)
		fill_line(&w, OP_CONFIRM, "{'item':9,'typed':'relaxed'}");
	fill_line(&w, OP_DECLARE, "{'key':'web','value':'1.21 ended','what':'writes_new'}");
	ck_assert_int_eq(w.g->walk.stage, AT_PARITY);
	for (int i = 0; i < 600 && !walk_passed(&w.g->walk); i++) {
		look();
		clock_nap(50);
	}
	ck_assert(walk_passed(&w.g->walk));
}

static void end_dual_write(void)
{
	bool was;
	ck_assert(comparing_over(w.g, &was, &w.e));
	const struct dual_order o = dual();
	ck_assert_msg(dual_send(w.db, w.a, &o, false, &w.e), "%s", w.e.msg);
	change("end dual write", arena_printf(w.a, "'parity':%lld,", (long long)w.g->walk.parity_n), "SELECT", 0);
	ck_assert_int_eq(w.g->walk.stage, AT_UNUSED);
}

/* Rows that are written once dual write has ended go their own way: those that are not are compared on. */
START_TEST(after_dual_write)
{
	open_at("cmpend", ", back: \"n::text\"", AT_WINDOW);
	to_last_pass();
	fill_sees(&w, "SELECT count(*) > 0 FROM gatewalk.job WHERE kind = 'parity' AND state = 'running'");
	end_dual_write();
	test_sql(w.db, "UPDATE public.items SET n = -1 WHERE id <= 10; INSERT INTO public.items (id, n) VALUES (0, 0)");
	passes();
	ck_assert(w.g->facts.parity.covers == w.g->walk.ended_at && w.g->walk.parity.covers == w.g->walk.ended_at);
	ck_assert_int_eq(w.g->walk.parity.rows, 1990);
	ck_assert_int_eq(w.g->walk.stage, AT_UNUSED);
	fill_is(&w, "SELECT args::jsonb ->> 'unwritten' FROM gatewalk.job WHERE kind = 'parity' ORDER BY id DESC LIMIT 1", "1");
	world_close(&w, "cmpend");
}
END_TEST

/* Nobody brings the new value to the old column: the last pass is one round, and what new code writes behind it opens nothing. */
START_TEST(one_way)
{
	open_at("cmponce", "", AT_WINDOW);
	to_last_pass();
	fill_sees(&w, "SELECT count(*) = 0 FROM gatewalk.job WHERE kind = 'parity' AND ended_at IS NULL");
	test_sql(w.db, "UPDATE public.items SET n = -1 WHERE id <= 10");
	long long id = cell_int(test_value(w.db, w.a, "SELECT max(id) FROM gatewalk.job WHERE kind = 'parity'"));
	look();
	look();
	fill_is(&w, arena_printf(w.a, "SELECT max(id) = %lld FROM gatewalk.job WHERE kind = 'parity'", id), "t");
	ck_assert_int_eq(found("B4")->verdict, HOLDS);
	end_dual_write();
	passes();
	ck_assert_int_eq(w.g->walk.parity.rows, 1990);
	world_close(&w, "cmponce");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("comparing");
	TCase *t = tcase_create("comparing");
	tcase_set_timeout(t, 120);
	tcase_add_test(t, what_differs_opens_item_6_again);
	tcase_add_test(t, jobs_that_are_gone);
	tcase_add_test(t, after_dual_write);
	tcase_add_test(t, one_way);
	suite_add_tcase(s, t);
	return test_main(s);
}
