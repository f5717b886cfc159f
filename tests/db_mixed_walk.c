/* SPDX-License-Identifier: MIT */
/* The application of mixed_fixture.h through a whole walk, by the acts that an operator does: from item 5 to the count of item 9 and back to where no new column
   is, each step under the traffic of all releases that the walk allows before and behind it. No read sees a value that is missing or old, no write is lost. */
#include "tests/lib_engine.h"

#include "adapter/journal.h"
#include "tests/mixed_fixture.h"

#define STEP_US (120 * US_SECOND)

static struct engine_world w;
static struct mixed x;
static enum stage goal;   /* of the step that happens */
static char name[] = "gwtmixed0";

static void teardown(void)
{
	mixed_end(&x);
	world_close(&w, name);
}

static void fine(void)
{
	ck_assert_msg(!x.harm[0], "%s, at \"%s\": %s", x.kind->name, stage_name(x.stage), x.harm);
}

static const char *plan_text(const struct mixed_kind *k)
{
	const char *back = k->back ? arena_printf(w.a, ", back: \"%s\"", k->back) : "";
	const char *convert = k->to ? arena_printf(w.a, "convert: {to: \"%s\"%s}\n", k->to, back) : "";
	return arena_printf(w.a,
		"gatewalk: 1\nname: mixed-walk\narchetype: %s\nrecipe: %s\ntarget: {schema: public, table: t, column: v}\nadd: {column: n, type: int}\n%sdual_write: %s\n"
		"backfill: {batch_ms: 10, pause: [{when: lock waiters, above: 1000}]}\n"
		"document: {before: it is v, after: it is n, why: it is asked for, way_back: the old column, leaves_behind: nothing, rollback_floor: \"2.4.0\", api_contract: none, falls: []}\n"
		"deploys: [{name: web}]\nsources: []\npolicy: {longest_job_days: 1}\nmonitor: {migration_tool: rails}\n"
		"window: {zone: UTC, open: [{days: [Mon, Tue, Wed, Thu], from: \"02:00\", to: \"06:00\"}]}\n"
		"health: {max_lag_s: 5, max_lock_waiters: 1000, max_longest_tx_s: 300}\nrehearsal: {now: \"Tue 04:30\", day: 0.2}\n",
		archetype_name(k->archetype), k->recipe, convert, k->dual_write);
}

/* Items 1 to 4, while old code alone runs. */
static void begin(const struct mixed_kind *k, char id)
{
	name[sizeof name - 2] = id;   /* a folder and a database of its own */
	world_open(&w, name);
	mixed_begin(&x, k);
	test_sql(w.db, mixed_table(w.a, k));
	const char *text = plan_text(k);
	ck_assert_msg(file_write(w.plan, text, strlen(text), &w.e), "%s", w.e.msg);
	world_at(&w, AT_EXPAND);
	x.bf = (struct bf){ .a = w.a, .conninfo = w.conninfo, .plan = *w.g->plan };
	x.order.back = w.g->plan->convert_back;
	for (int i = 0; i < 300 && !w.g->facts.monitor.baseline_at; i++) {
		clock_nap(100);
		engine_look(w.g, &w.e);
	}
}

/* What happens under traffic tells what went wrong, and lets the traffic end first. */
static void on(struct mixed *m)
{
	memset(&w.e, 0, sizeof w.e);
	if (!walk_bring(w.g, goal, &w.e))
		mixed_harm(m, "to \"%s\": %s", stage_name(goal), w.e.msg);
}

/* One step back, by what the walk asks there; where rows stand in the new column alone, the old one is filled first. */
static void back(struct mixed *m)
{
	int64_t until = clock_mono() + STEP_US;
	const char *text = m->stage == AT_UNUSED ? "yes, the report is wrong" : m->stage == AT_BACKFILL ? "no, the report is wrong" : "the report is wrong";
	while (w.g->walk.stage != goal) {
		struct err why = { 0 };
		bool ok = engine_do(w.g, &(struct act){ .kind = ACT_BACK, .text = w.g->walk.stage == AT_WRITES && w.g->added.counted_at ? arena_printf(w.a, "%lld of no use", (long long)w.g->added.values) : text }, &why);
		if (!ok && strstr(why.msg, "in the new column alone")) {
			struct err busy = { 0 };
			engine_do(w.g, &(struct act){ .kind = ACT_BACKFILL }, &busy);
		}
		if (w.g->walk.stage == goal)
			break;
		if (clock_mono() > until) {
			mixed_harm(m, "back to \"%s\": %s", stage_name(goal), why.msg);
			return;
		}
		clock_nap(100);
		engine_look(w.g, &why);
	}
}

/* To that step, while those run that are allowed on both sides of it; then all that are allowed there. */
static void go(enum stage to, void (*by)(struct mixed *m))
{
	unsigned both = mixed_allowed(&x, x.stage) & mixed_allowed(&x, to);
	ck_assert_msg((both & 7) && (both >> 3), "%s: nobody may run while the walk goes to \"%s\"", x.kind->name, stage_name(to));
	goal = to;
	mixed_traffic(&x, both, by);
	fine();
	ck_assert_str_eq(stage_name(w.g->walk.stage), stage_name(to));
	x.stage = to;
	mixed_traffic(&x, mixed_allowed(&x, to), NULL);
	fine();
}

/* AT_COPY is a rename's alone; between the last comparison and the count nothing brings a value back that was written one way. */
static bool comes(enum stage at)
{
	return (at != AT_COPY || x.kind->archetype == ARCH_RENAME) && (at != AT_UNUSED || x.order.back || !x.kind->to);
}

START_TEST(there_and_back)
{
	static const enum stage way[] = { AT_EXPAND, AT_WRITES, AT_BACKFILL, AT_WINDOW, AT_COPY, AT_READS, AT_RELAX, AT_PARITY, AT_UNUSED };
	size_t n = sizeof way / sizeof *way;
	begin(&mixed_kinds[_i], (char)('0' + _i));
	mixed_traffic(&x, mixed_allowed(&x, AT_EXPAND), NULL);
	for (size_t i = 1; i < n; i++)
		if (comes(way[i]))
			go(way[i], on);
	for (size_t i = n - 1; i-- > 0;)
		if (comes(way[i]) && way[i] < x.stage)
			go(way[i], back);
	ck_assert_str_eq(test_value(w.db, w.a, "SELECT count(*) FROM pg_attribute WHERE attrelid = 'public.t'::regclass AND attnum > 0 AND NOT attisdropped"), "3");
	for (int row = 0; row < MIXED_ROWS; row++)
		ck_assert_int_eq(cell_int(test_value(w.db, w.a, arena_printf(w.a, "SELECT v::int FROM public.t WHERE id = %d", row))), atomic_load(&x.done[row]));
	struct verify_end v;
	ck_assert_msg(journal_verify(w.a, arena_printf(w.a, "%s/%s", path_walks(w.a), w.g->walk.sid), &v, &w.e), "%s", w.e.msg);
}
END_TEST

static void switched(const char *how)
{
	test_sql(w.db, test_value(w.db, w.a, arena_printf(w.a, "SELECT string_agg(format('ALTER TABLE public.t %s TRIGGER %%I', tgname), ';') FROM pg_trigger"
		" WHERE tgrelid = 'public.t'::regclass AND tgname ~ 'gatewalk_dual'", how)));
}

static void refused(enum act_kind kind, const char *key, const char *text, const char *why)
{
	memset(&w.e, 0, sizeof w.e);
	ck_assert(!engine_do(w.g, &(struct act){ .kind = kind, .key = key, .text = text }, &w.e));
	ck_assert_msg(strstr(w.e.msg, why) != NULL, "%s", w.e.msg);
}

#define TRIGGER "the trigger that writes both columns: "
#define OFF TRIGGER "it is switched off, or does not fire always"
#define OTHER TRIGGER "it was changed, or off for a while, since it was put on"

/* Somebody switches the trigger off, or changes it: neither item 7 nor what follows goes on, though no row differs. As it was is not good again: it is put on anew. */
START_TEST(the_trigger_is_looked_for)
{
	begin(&mixed_kinds[2], 't');
	goal = AT_WINDOW;
	on(&x);
	switched("DISABLE");
	refused(ACT_CONFIRM, "7", "over", OFF);
	switched("ENABLE");
	refused(ACT_CONFIRM, "7", "over", OFF);
	switched("ENABLE ALWAYS");
	refused(ACT_CONFIRM, "7", "over", OTHER);
	for (enum stage at = AT_BACKFILL; at >= AT_WRITES; at--, x.stage = goal) {
		x.stage = w.g->walk.stage;
		goal = at;
		back(&x);
	}
	goal = AT_RELAX;
	on(&x);
	const char *function = test_value(w.db, w.a, "SELECT oid::regprocedure FROM pg_proc WHERE proname ~ '^dual_[0-9a-f]+$'");
	test_sql(w.db, arena_printf(w.a, "ALTER FUNCTION %s STABLE", function));
	refused(ACT_ALTER, "relax", NULL, OTHER);
	test_sql(w.db, arena_printf(w.a, "ALTER FUNCTION %s VOLATILE", function));
	refused(ACT_ALTER, "relax", NULL, OTHER);
}
END_TEST

/* Behind the end of dual write rows stand in the new column alone, and the plan has no way back for them: no step is taken that could neither be gone on from nor left. */
START_TEST(no_way_back)
{
	begin(&mixed_kinds[3], 'o');
	goal = AT_UNUSED;
	on(&x);
	fine();
	test_sql(w.db, "UPDATE public.t SET n = n + 1 WHERE id = 1");
	refused(ACT_BACK, NULL, "yes, the report is wrong", "the plan has no way back (convert.back) for what stands in the new column alone");
	ck_assert_int_eq(w.g->walk.stage, AT_UNUSED);
	memset(&w.e, 0, sizeof w.e);
	ck_assert_msg(engine_do(w.g, &(struct act){ .kind = ACT_LEAVE, .text = "another way was found" }, &w.e), "%s", w.e.msg);
	ck_assert_int_eq(w.g->walk.stage, AT_LEFT);
	ck_assert_str_eq(test_value(w.db, w.a, "SELECT count(*) FROM pg_trigger WHERE tgrelid = 'public.t'::regclass AND NOT tgisinternal"), "0");
	ck_assert_str_eq(test_value(w.db, w.a, "SELECT concat_ws(' ', v, n) FROM public.t WHERE id = 1"), "1 2");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("mixed_walk");
	TCase *t = tcase_create("mixed_walk");
	tcase_set_timeout(t, 600);
	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_loop_test(t, there_and_back, 0, sizeof mixed_kinds / sizeof *mixed_kinds);
	tcase_add_test(t, the_trigger_is_looked_for);
	tcase_add_test(t, no_way_back);
	suite_add_tcase(s, t);
	return test_main(s);
}
