/* SPDX-License-Identifier: MIT */
/* The writer of a walk with two columns: each of its changes and their ways back on a real table, what it refuses under the lock, what proves it. */
#include "adapter/alter.h"

#include "core/sql.h"
#include "tests/drop_fixture.h"
#include "tests/lib_db.h"

#define DB "gw_alter_beside"

static struct fix x;
static struct alter_end end;
static struct dualwrite_sql dual;
static struct dual_order order;
static struct err err;

static bool of_trigger(enum change ch)
{
	return ch == CHANGE_DUAL || ch == CHANGE_UNDUAL || ch == CHANGE_END || ch == CHANGE_AGAIN;
}

/* What a change of the trigger would send now. */
static void look_dual(enum change ch)
{
	const char *unfit;
	ck_assert_msg(dualwrite_sql(x.db, x.a, &order, ch == CHANGE_DUAL || ch == CHANGE_AGAIN, &dual, &unfit, &err) && !unfit, "%s", err.msg);
	x.facts.dual = (struct fact_dual){ .at = x.facts.now, .put = dual.put, .take = dual.take };
}

/* Stands right behind the line of a change. */
static void stand(enum change ch)
{
	struct walk *w = &x.walk;
	const char **tighten = w->tighten;
	size_t n_tighten = w->n_tighten;
	fix_look(&x);
	fix_walk(&x);
	w->archetype = x.plan.archetype;
	w->stage = ch == CHANGE_ADD || ch == CHANGE_TAKE || ch == CHANGE_DUAL || ch == CHANGE_UNDUAL ? AT_CHANGING : AT_ENDING;
	w->change = ch;
	w->added_attnum = ch == CHANGE_ADD ? 0 : 4;
	w->by_trigger = true;
	w->tighten = tighten;
	w->n_tighten = n_tighten;
	order.old_default = ch == CHANGE_AGAIN ? "'7'::text" : NULL;
	w->relaxed_at = ch == CHANGE_TIGHTEN ? x.facts.now : 0;
	w->window_from = w->confirmed[ITEM_DUAL_WRITE];
	x.facts.parity = (struct fact_parity){ .at = x.facts.now, .round = 1, .began = x.facts.now - 1, .ended = x.facts.now, .rows = 3 };
	x.facts.backfill = (struct fact_backfill){ .at = x.facts.now, .begun = true, .done = true, .counted_at = x.facts.now };
	x.facts.trigger = (struct fact_trigger){ .at = x.facts.now };
	if (of_trigger(ch))
		look_dual(ch);
	if (ch == CHANGE_RELAX) {
		size_t n;
		const char **rest = sql_tighten_rest(x.a, &x.plan, &x.facts.target, &n);
		w->tighten = arena_array(x.a, n + 1, sizeof *w->tighten);
		w->tighten[0] = sql_tighten(x.a, &x.plan, &x.facts.target);
		memcpy(w->tighten + 1, rest, n * sizeof *rest);
		w->n_tighten = n + 1;
	}
	fix_change(&x);
}

static void setup(void)
{
	char head[65];
	fix_open(&x, DB, true);
	err_clear(&err);
	fix_do(&x, "CREATE TABLE public.t (id int PRIMARY KEY, w int, v text NOT NULL DEFAULT '7'); INSERT INTO public.t VALUES (1, 1, '1'), (2, 2, '2'), (3, 3, '3')");
	crypto_random_hex(16, x.sid);
	fix_plan(&x, "public", "t", "v");
	crypto_sha256_hex(x.sid, 31, x.manifest);
	x.plan.archetype = ARCH_TYPE;
	x.plan.recipe = "change-type";
	x.plan.add_column = "n";
	x.plan.add_type = "int";
	x.plan.convert_to = "v::int";
	x.plan.convert_back = "n::text";
	x.plan.dual_write = "trigger";
	plan_finish(x.a, &x.plan);
	static struct plan_pause pause = { .when = "replication lag", .above = 5, .has_above = true };
	x.plan.backfill.pauses = &pause;
	x.plan.backfill.n_pauses = 1;
	order = (struct dual_order){ .sid = x.sid, .schema = "public", .table = "t", .column = "v", .add_column = "n", .to = x.plan.convert_to, .back = x.plan.convert_back };
	x.last.n = FIX_LAST_N;
	stand(CHANGE_ADD);
	crypto_sha256_hex("last", 4, head);
	ck_assert(ledger_open(x.db, &x.walk, &x.plan, "here", &err) && ledger_anchor(x.db, x.sid, FIX_LAST_N, head, NULL, &err));
	ck_assert(ledger_last(x.db, x.a, x.sid, &x.last, &err));
}

static void teardown(void)
{
	fix_close(&x);
	fix_drop_database(DB);
}

static struct alter order_of(struct permit *pm)
{
	return (struct alter){ .conninfo = x.conninfo, .plan = &x.plan, .walk = &x.walk, .facts = &x.facts, .binding = x.binding, .permit = pm, .mac = &x.mac, .last = x.last,
		.dual = of_trigger(x.walk.change) ? &dual : NULL };
}

static bool run(void)
{
	struct alter o = order_of(fix_mint(&x));
	err_clear(&err);
	return alter_run(x.a, &o, &end, &err);
}

/* The whole way of one change, and where the walk's row then stands. */
static void done(enum change ch, enum stage to)
{
	stand(ch);
	ck_assert_msg(run(), "%s: %s", change_name(ch), err.msg);
	ck_assert_int_eq(end.result, DROP_DONE);
	ck_assert_msg(!end.left, "%s", end.left);
	ck_assert_int_eq(end.attnum, ch == CHANGE_ADD ? 4 : 0);
	ck_assert(end.at > 0 && end.held_us < US_SECOND && end.xid);
	ck_assert(ledger_last(x.db, x.a, x.sid, &x.last, &err));
	ck_assert_str_eq(x.last.head, x.walk.intent_head);
	ck_assert_str_eq(fix_get(&x, "SELECT stage || ' ' || attnum FROM gatewalk.walk"), arena_printf(x.a, "%s 3", stage_name(to)));
}

static void is(const char *sql, const char *want)
{
	ck_assert_str_eq(fix_get(&x, sql), want);
}

#define TRIGGERS "SELECT count(*) FROM pg_trigger WHERE tgrelid = 'public.t'::regclass AND tgname ~ 'gatewalk_dual'"
#define OLD "SELECT attnotnull || ' ' || atthasdef || ' ' || (SELECT count(*) FROM pg_constraint WHERE conrelid = attrelid AND conname ~ 'gatewalk') FROM pg_attribute WHERE attrelid = 'public.t'::regclass AND attnum = 3"

START_TEST(there_and_back)
{
	done(CHANGE_ADD, AT_WRITES);
	is("SELECT format_type(atttypid, -1) FROM pg_attribute WHERE attrelid = 'public.t'::regclass AND attnum = 4", "integer");
	done(CHANGE_DUAL, AT_BACKFILL);
	is(TRIGGERS, "4");
	fix_do(&x, "INSERT INTO public.t (id, v) VALUES (4, '4'); INSERT INTO public.t (id, n) VALUES (5, 5); UPDATE public.t SET w = 0");
	is("SELECT string_agg(v || ':' || coalesce(n, 0), ' ' ORDER BY id) FROM public.t", "1:0 2:0 3:0 4:4 5:5");
	done(CHANGE_RELAX, AT_PARITY);
	is(OLD, "false false 0");
	done(CHANGE_END, AT_UNUSED);
	is(TRIGGERS, "0");
	is("SELECT count(*) FROM pg_proc WHERE proname ~ '^dual_'", "0");
	fix_do(&x, "INSERT INTO public.t (id, n) VALUES (6, 6); DELETE FROM public.t WHERE id = 6");
	done(CHANGE_AGAIN, AT_PARITY);
	is(TRIGGERS, "4");
	done(CHANGE_TIGHTEN, AT_RELAX);
	is(OLD, "true true 0");
	fix_do(&x, "INSERT INTO public.t (id, n) VALUES (6, 6)");   /* its default is no value that somebody gave */
	is("SELECT v FROM public.t WHERE id = 6", "6");
	is("SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE adrelid = 'public.t'::regclass", "'7'::text");
	done(CHANGE_UNDUAL, AT_WRITES);
	is(TRIGGERS, "0");
	int64_t n = -1;
	fix_do(&x, "UPDATE public.t SET n = 9 WHERE id = 1");
	ck_assert_msg(alter_values(x.db, x.a, &x.plan, 1000, &n, &err), "%s", err.msg);
	ck_assert_int_eq(n, 1);
	fix_do(&x, "UPDATE public.t SET v = 'none' WHERE id = 4");   /* it does not convert: each value may stand there alone */
	ck_assert_msg(alter_values(x.db, x.a, &x.plan, 1000, &n, &err), "%s", err.msg);
	ck_assert_int_eq(n, 4);
	done(CHANGE_TAKE, AT_EXPAND);
	is("SELECT count(*) FROM pg_attribute WHERE attrelid = 'public.t'::regclass AND attnum > 0 AND NOT attisdropped", "3");
}
END_TEST

/* What puts the old column back looks at the rows that stand behind its COMMIT: where one does not fit, or the program ends there, new rows are held to it all the same. */
START_TEST(what_is_left_behind)
{
	done(CHANGE_ADD, AT_WRITES);
	done(CHANGE_RELAX, AT_PARITY);
	fix_do(&x, "INSERT INTO public.t (id) VALUES (6)");
	stand(CHANGE_TIGHTEN);
	ck_assert_msg(run(), "%s", err.msg);
	ck_assert_int_eq(end.result, DROP_DONE);
	ck_assert_msg(end.left && strstr(end.left, "is violated by some row"), "%s", end.left ? end.left : "nothing");
	is(OLD, "false true 1");
	struct err why = { 0 };
	ck_assert(!db_script(x.db, x.a, "INSERT INTO public.t (id, v) VALUES (7, NULL)", 0, NULL, &why));
	ck_assert_str_eq(why.sqlstate, "23514");
	x.walk.relaxed_at = 0;
	ck_assert(!alter_rest(x.conninfo, x.a, &x.walk, &err));
	fix_do(&x, "UPDATE public.t SET v = '6' WHERE id = 6");
	ck_assert_msg(alter_rest(x.conninfo, x.a, &x.walk, &err), "%s", err.msg);
	is(OLD, "true true 0");
	ck_assert(alter_rest(x.conninfo, x.a, &x.walk, &err));   /* once more is fine */
	x.walk.relaxed_at = 1;
	ck_assert(alter_rest("dbname=none", x.a, &x.walk, &err));   /* it was relaxed again: nothing is due */
}
END_TEST

static void other_column(void) { fix_do(&x, "ALTER TABLE public.t ADD more int"); }
static void no_default(void) { fix_do(&x, "ALTER TABLE public.t ALTER v DROP DEFAULT"); }
static void other_old(void) { fix_do(&x, "ALTER TABLE public.t DROP v; ALTER TABLE public.t ADD v text"); }
static void child(void) { fix_do(&x, "CREATE TABLE public.c () INHERITS (public.t)"); }
static void switched_off(void) { fix_do(&x, arena_printf(x.a, "ALTER TABLE public.t DISABLE TRIGGER zz_gatewalk_dual_%.12s", x.sid)); }

static const struct { enum change before, change; void (*happens)(void); const char *why; } refusals[] = {
	{ CHANGE_ADD, CHANGE_DUAL, other_column, "under the lock: the table's columns, or the trigger on it, have changed since its SQL was made" },
	{ CHANGE_ADD, CHANGE_DUAL, child, "under the lock: the table's columns, or the trigger on it, have changed since its SQL was made" },
	{ CHANGE_ADD, CHANGE_DUAL, other_old, "under the lock: A1, a snapshot of it" },
	{ CHANGE_DUAL, CHANGE_END, switched_off, "under the lock: the table's columns, or the trigger on it, have changed since its SQL was made" },
	{ CHANGE_ADD, CHANGE_RELAX, no_default, "under the lock: what the table has asks for another statement than the one that was signed" },
	{ CHANGE_RELAX, CHANGE_TIGHTEN, other_old, "under the lock: target is not what the walk began with" },
	{ CHANGE_NONE, CHANGE_ADD, other_old, "under the lock: A1, a snapshot of it" },
};

START_TEST(refused_under_the_lock)
{
	if (refusals[_i].before != CHANGE_NONE)
		done(CHANGE_ADD, AT_WRITES);
	if (refusals[_i].before > CHANGE_ADD)
		done(refusals[_i].before, refusals[_i].before == CHANGE_DUAL ? AT_BACKFILL : AT_PARITY);
	const char *entries = fix_get(&x, "SELECT count(*) FROM gatewalk.anchor");
	stand(refusals[_i].change);
	struct alter o = order_of(fix_mint(&x));
	refusals[_i].happens();
	ck_assert(!alter_run(x.a, &o, &end, &err));
	ck_assert_msg(strncmp(err.msg, refusals[_i].why, strlen(refusals[_i].why)) == 0, "%s", err.msg);
	ck_assert_int_eq(end.result, DROP_REFUSED);
	is("SELECT count(*) FROM gatewalk.anchor", entries);
}
END_TEST

/* A statement that the permit names and the trigger's SQL does not, and one whose proof fails behind it. */
START_TEST(proven_or_nothing)
{
	done(CHANGE_ADD, AT_WRITES);
	stand(CHANGE_DUAL);
	struct alter o = order_of(fix_mint(&x));
	o.dual = NULL;
	ck_assert(!alter_run(x.a, &o, &end, &err));
	ck_assert_str_eq(err.msg, "the trigger's SQL is missing");
	stand(CHANGE_DUAL);
	dual.on_sql = dual.off_sql;
	ck_assert(!run());
	ck_assert_msg(strstr(err.msg, "the statement did not do to the very column of this walk what it says"), "%s", err.msg);
	ck_assert_int_eq(end.result, DROP_NOT_DONE);
	is(TRIGGERS, "0");
	stand(CHANGE_DUAL);
	x.facts.dual.put = NULL;
	ck_assert(!permit_mint(x.a, &x.plan, &x.walk, &x.facts, &x.binding, &x.mac, &err));
}
END_TEST

START_TEST(a_name_that_is_taken)
{
	fix_do(&x, "ALTER TABLE public.t ADD n int");
	stand(CHANGE_ADD);
	ck_assert_int_eq(x.facts.target.taken, 4);
	ck_assert(!run());
	ck_assert_str_eq(err.msg, "the table has a column n already");
}
END_TEST

static struct db *holder;

static void lets_go(void *ctx, const struct fact_blocker *by)
{
	if (by->tries == *(int *)ctx)
		db_rollback(holder);
}

/* A trigger needs no more than that nobody writes; to take it away asks for everybody. */
START_TEST(who_holds_it)
{
	int after = 2;
	holder = db_open(&(struct db_opts){ .conninfo = x.conninfo, .app = "nightly report" }, &err);
	done(CHANGE_ADD, AT_WRITES);
	ck_assert(db_script(holder, x.a, "BEGIN; SELECT count(*) FROM public.t", 0, NULL, &err));
	done(CHANGE_DUAL, AT_BACKFILL);
	ck_assert_int_eq(end.tries, 1);
	stand(CHANGE_UNDUAL);
	struct alter o = order_of(fix_mint(&x));
	o.held = lets_go;
	o.ctx = &after;
	ck_assert_msg(alter_run(x.a, &o, &end, &err), "%s", err.msg);
	ck_assert_int_eq(end.tries, 3);
	db_close(holder);
}
END_TEST

START_TEST(what_became_of_it)
{
	stand(CHANGE_ADD);
	ck_assert_msg(run(), "%s", err.msg);
	ck_assert_msg(alter_settle(x.db, x.a, &x.plan, &x.walk, &end, &err), "%s", err.msg);
	ck_assert(end.result == DROP_DONE && end.attnum == 4);
	ck_assert(ledger_last(x.db, x.a, x.sid, &x.last, &err));
	stand(CHANGE_DUAL);
	ck_assert_msg(alter_settle(x.db, x.a, &x.plan, &x.walk, &end, &err), "%s", err.msg);
	ck_assert_int_eq(end.result, DROP_NOT_DONE);
	ck_assert_msg(run(), "%s", err.msg);
	ck_assert_msg(alter_settle(x.db, x.a, &x.plan, &x.walk, &end, &err), "%s", err.msg);
	ck_assert(end.result == DROP_DONE && end.attnum == 0);
}
END_TEST

#define N(list) (int)(sizeof list / sizeof *list)

int main(void)
{
	Suite *s = suite_create("alter_beside");
	TCase *t = tcase_create("alter_beside");
	const TTest *const all[] = { there_and_back, what_is_left_behind, proven_or_nothing, a_name_that_is_taken, who_holds_it, what_became_of_it };
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		tcase_add_test(t, all[i]);
	tcase_add_loop_test(t, refused_under_the_lock, 0, N(refusals));
	suite_add_tcase(s, t);
	return test_main(s);
}
