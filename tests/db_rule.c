/* SPDX-License-Identifier: MIT */
/* A constraint that comes: what the server says of its statement, which rows do not hold to it, and the writer of its three changes. */
#include "adapter/alter.h"

#include "adapter/probe.h"
#include "core/rule.h"
#include "core/sql.h"
#include "tests/drop_fixture.h"
#include "tests/lib_db.h"

#define DB "gw_rule"

static struct fix x;
static struct alter_end end;
static struct err err;

static void plan(const char *recipe, const char *table, const char *column)
{
	fix_plan(&x, "public", table, strcmp(recipe, "add-check") == 0 ? NULL : column);
	x.plan.archetype = ARCH_ADDITIVE;
	x.plan.recipe = recipe;
	x.plan.add_name = "a Rule";
	x.plan.add_check = "total >= 0";
	x.plan.add_refers_schema = "public";
	x.plan.add_refers_table = "cust";
	x.plan.add_refers_column = "id";
}

/* Stands right behind the line of a change. */
static void stand(enum change change)
{
	struct walk *w = &x.walk;
	fix_look(&x);
	fix_walk(&x);
	w->archetype = ARCH_ADDITIVE;
	w->stage = AT_CHANGING;
	w->change = change;
	w->first.attnum = w->attnum = 0;
	w->confirmed[ITEM_DUAL_WRITE] = x.facts.now - 5 * US_HOUR;
	w->unfilled = true;
	w->intent_n = x.last.n + 2;
	crypto_random_hex(16, x.nonce);
	crypto_sha256_hex(x.nonce, strlen(x.nonce), w->intent_head);
	w->intent_expires = x.facts.now + 10 * US_MINUTE;
	w->intent_statement = x.statement = permit_statement(x.a, &x.plan, w, &x.facts);
	x.binding = (struct permit_binding){ .sid = x.sid, .plan_digest = x.plan.digest, .statement = x.statement, .snapshot_sha256 = x.manifest, .intent_head = w->intent_head,
		.nonce = x.nonce, .relid = w->relid, .attnum = permit_attnum(w), .intent_n = w->intent_n };
}

static void setup(void)
{
	fix_open(&x, DB, true);
	err_clear(&err);
	fix_do(&x, "CREATE TABLE public.cust (id bigint PRIMARY KEY, code text);"
		"CREATE TABLE public.orders (id int PRIMARY KEY, total int, note text, cust bigint); CREATE TABLE public.bare (total int, note text);"
		"CREATE TABLE public.parts (id int, cust bigint) PARTITION BY LIST (id); CREATE TABLE public.part1 PARTITION OF public.parts FOR VALUES IN (1);"
		"INSERT INTO public.cust SELECT g FROM generate_series(1, 9) g; INSERT INTO public.orders SELECT g, g, 'n', 1 + g % 9 FROM generate_series(1, 1000) g;"
		"INSERT INTO public.orders (id) VALUES (0)");
	crypto_random_hex(16, x.sid);
	crypto_sha256_hex(x.sid, 31, x.manifest);
}

static void teardown(void)
{
	fix_close(&x);
	fix_drop_database(DB);
}

static void opened(enum change change)
{
	char head[65];
	x.last.n = FIX_LAST_N;
	stand(change);
	crypto_sha256_hex("last", 4, head);
	ck_assert(ledger_open(x.db, &x.walk, &x.plan, "here", &err) && ledger_anchor(x.db, x.sid, FIX_LAST_N, head, NULL, &err));
	ck_assert(ledger_last(x.db, x.a, x.sid, &x.last, &err));
}

static bool run(void)
{
	const struct alter o = { .conninfo = x.conninfo, .plan = &x.plan, .walk = &x.walk, .facts = &x.facts, .binding = x.binding, .permit = fix_mint(&x), .mac = &x.mac, .last = x.last };
	err_clear(&err);
	if (!alter_run(x.a, &o, &end, &err))
		return false;
	ck_assert(ledger_last(x.db, x.a, x.sid, &x.last, &err));
	return true;
}

static void done(enum change change)
{
	stand(change);
	ck_assert_msg(run(), "%s", err.msg);
	ck_assert_int_eq(end.result, DROP_DONE);
	ck_assert_int_eq(end.attnum, 0);
}

static const char *state(void)
{
	return fix_get(&x, arena_printf(x.a, "SELECT coalesce((SELECT convalidated::text FROM pg_constraint WHERE conrelid = 'public.orders'::regclass AND conname = %s), 'gone')",
		sql_literal(x.a, rule_name(&x.plan))));
}

/* ---- what the server says ---- */

static const struct { const char *recipe, *table, *column, *sql, *why; } trials[] = {
	{ "never-null", "orders", "note", NULL, NULL }, { "never-null", "orders", "gone", NULL, "the server refuses the new constraint: column \"gone\" does not exist" },
	{ "never-null", "orders", "id", NULL, "column id is NOT NULL already" },
	{ "never-null", "orders", "note", "ALTER TABLE orders ADD CONSTRAINT gatewalk_not_null CHECK (note IS NOT NULL) NOT VALID",
		"the table has a constraint gatewalk_not_null already: it was left by another walk; take it off first (ALTER TABLE ... DROP CONSTRAINT)" },
	{ "add-check", "orders", "total >= 0", NULL, NULL }, { "add-check", "parts", "id > 0", NULL, NULL }, { "add-check", "orders", "total", NULL, "the server refuses the new constraint: argument of CHECK must be type boolean, not type integer" },
	{ "add-check", "orders", "total = (SELECT 1)", NULL, "the server refuses the new constraint: cannot use subquery in check constraint" },
	{ "add-check", "orders", "\"Total\" > 0", NULL, "the server refuses the new constraint: column \"Total\" does not exist" },
	{ "add-check", "orders", "true", "ALTER TABLE orders ADD CONSTRAINT \"a Rule\" CHECK (id > 7) NOT VALID", "the table has a constraint \"a Rule\" already" },
	{ "add-foreign-key", "orders", "cust", NULL, NULL }, { "add-foreign-key", "orders", "note", NULL, "the server refuses the new constraint: foreign key constraint \"a Rule\" cannot be implemented: Key columns \"note\" and \"id\" are of incompatible types: text and bigint." },
	{ "add-foreign-key", "orders", "cust", "ALTER TABLE cust DROP CONSTRAINT cust_pkey",
		"the server refuses the new constraint: there is no unique constraint matching given keys for referenced table \"gatewalk_trial_other\"" },
	{ "add-foreign-key", "orders", "cust", "DROP TABLE cust", "the server refuses the new constraint: relation \"public.cust\" does not exist" },
	{ "add-foreign-key", "parts", "cust", NULL, "the table is partitioned, and the server asks a foreign key of all its rows at once; give each partition its own, by a walk of its own" },
};

START_TEST(what_its_statement_says)
{
	struct fact_target t;
	plan(trials[_i].recipe, trials[_i].table, trials[_i].column);
	x.plan.add_check = trials[_i].column;
	if (trials[_i].sql)
		fix_do(&x, arena_printf(x.a, "SET search_path = public; %s; RESET search_path", trials[_i].sql));
	ck_assert_msg(probe_target(x.db, x.a, &x.plan, &t, &err) && probe_added(x.db, x.a, &x.plan, &t, &err), "%s", err.msg);
	ck_assert_str_eq(t.unfit ? t.unfit : "", trials[_i].why ? trials[_i].why : "");
	ck_assert_str_eq(fix_get(&x, "SELECT count(*) FROM pg_class WHERE relname ~ 'gatewalk_trial'"), "0");
}
END_TEST

static void broken(int64_t rows, const char *first)
{
	struct fact_target t;
	struct fact_broken b;
	ck_assert_msg(probe_target(x.db, x.a, &x.plan, &t, &err) && probe_broken(x.db, x.a, &x.plan, &t, 10000, &b, &err), "%s", err.msg);
	ck_assert_int_eq(b.rows, rows);
	ck_assert_str_eq(b.first ? b.first : "", first);
	ck_assert(b.at > 0);
}

START_TEST(rows_that_do_not_hold_to_it)
{
	plan("add-check", "orders", NULL);
	broken(0, "");   /* NULL is not known, and holds */
	fix_do(&x, "UPDATE public.orders SET total = -1 WHERE id IN (3, 7, 8, 9)");
	broken(4, "id=3, id=7, id=8");
	plan("never-null", "orders", "note");
	broken(1, "id=0");
	plan("add-foreign-key", "orders", "cust");
	broken(0, "");
	fix_do(&x, "UPDATE public.orders SET cust = 4711 WHERE id = 5");
	broken(1, "id=5");
	plan("add-check", "bare", NULL);
	fix_do(&x, "INSERT INTO public.bare VALUES (-1)");
	broken(1, "the row at (0,1)");
	struct fact_target t;
	struct fact_broken b;
	x.plan.add_check = "total / 0 > 1";
	ck_assert(probe_target(x.db, x.a, &x.plan, &t, &err) && !probe_broken(x.db, x.a, &x.plan, &t, 10000, &b, &err));
	ck_assert_str_eq(err.msg, "counting the rows that do not hold to the constraint: division by zero");
	ck_assert_int_eq(b.at, 0);
}
END_TEST

/* ---- the writer ---- */

/* A writer that is under way keeps nobody from asking every row, and is not kept out. */
START_TEST(every_row_is_asked_beside_writes)
{
	plan("add-check", "orders", NULL);
	opened(CHANGE_ADD);
	done(CHANGE_ADD);
	ck_assert_str_eq(state(), "false");
	struct db *other = db_open(&(struct db_opts){ .conninfo = x.conninfo, .app = "writer" }, &err);
	ck_assert(other && db_script(other, x.a, "BEGIN; UPDATE public.orders SET total = 5 WHERE id = 5", 0, NULL, &err));
	done(CHANGE_HOLD);
	ck_assert_str_eq(state(), "true");
	ck_assert_int_eq(end.tries, 1);
	ck_assert(db_script(other, x.a, "COMMIT", 0, NULL, &err));
	db_close(other);
	stand(CHANGE_HOLD);
	ck_assert_str_eq(x.statement, "");   /* there is nothing left to be asked */
	done(CHANGE_TAKE);
	ck_assert_str_eq(state(), "gone");
	ck_assert_str_eq(fix_get(&x, "SELECT stage || ' ' || coalesce(attnum, 0) FROM gatewalk.walk"), "expand 0");
}
END_TEST

START_TEST(a_row_that_slipped_in)
{
	plan("add-foreign-key", "orders", "cust");
	opened(CHANGE_ADD);
	ck_assert_uint_eq(x.facts.target.n_locks, 2);
	done(CHANGE_ADD);
	fix_do(&x, "SET session_replication_role = replica; UPDATE public.orders SET cust = 4711 WHERE id = 5; RESET session_replication_role");
	stand(CHANGE_HOLD);
	ck_assert(!run());
	ck_assert_msg(strstr(err.msg, "asking every row: insert or update on table \"orders\" violates foreign key constraint \"a Rule\"") != NULL, "%s", err.msg);
	ck_assert_int_eq(end.result, DROP_NOT_DONE);
	ck_assert_str_eq(state(), "false");
	ck_assert_str_eq(fix_get(&x, "SELECT cust FROM public.orders WHERE id = 5"), "4711");
	ck_assert(alter_settle(x.db, x.a, &x.plan, &x.walk, &end, &err) && end.result == DROP_NOT_DONE);
	fix_do(&x, "UPDATE public.orders SET cust = 1 WHERE id = 5");
	done(CHANGE_HOLD);
	ck_assert(alter_settle(x.db, x.a, &x.plan, &x.walk, &end, &err) && end.result == DROP_DONE && end.attnum == 0);
}
END_TEST

/* A backend tells what it has read when it ends. */
static const char *scans(void)
{
	while (strcmp(fix_get(&x, "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'gatewalk alter'"), "0") != 0)
		;
	fix_do(&x, "SELECT pg_stat_force_next_flush()");
	fix_do(&x, "SELECT pg_stat_clear_snapshot()");
	return fix_get(&x, "SELECT seq_scan FROM pg_stat_user_tables WHERE relname = 'orders'");
}

/* NOT NULL is set by the check's word: no row is read under the strongest lock. */
START_TEST(never_null)
{
	fix_do(&x, "UPDATE public.orders SET note = '' WHERE note IS NULL");
	plan("never-null", "orders", "note");
	opened(CHANGE_ADD);
	done(CHANGE_ADD);
	done(CHANGE_HOLD);
	ck_assert_str_eq(state(), "true");
	const char *before = scans();
	stand(CHANGE_HOLD);
	ck_assert_str_eq(x.statement, "ALTER TABLE public.orders ALTER COLUMN note SET NOT NULL; ALTER TABLE public.orders DROP CONSTRAINT gatewalk_not_null");
	ck_assert_msg(run(), "%s", err.msg);
	ck_assert_str_eq(state(), "gone");
	ck_assert_str_eq(scans(), before);
	stand(CHANGE_ADD);
	ck_assert_int_eq(rule_step(&x.plan, &x.facts.target), RULE_DONE);
	done(CHANGE_TAKE);
	ck_assert_str_eq(fix_get(&x, "SELECT attnotnull::text FROM pg_attribute WHERE attrelid = 'public.orders'::regclass AND attname = 'note'"), "false");
}
END_TEST

START_TEST(who_came_first)
{
	plan("add-check", "orders", NULL);
	opened(CHANGE_ADD);
	fix_do(&x, "ALTER TABLE public.orders ADD CONSTRAINT \"a Rule\" CHECK (total > 1) NOT VALID");
	ck_assert(!run());
	ck_assert_str_eq(err.msg, "under the lock: the table has it already");
	fix_do(&x, "ALTER TABLE public.orders DROP CONSTRAINT \"a Rule\"");
	done(CHANGE_ADD);
	fix_do(&x, "ALTER TABLE public.orders VALIDATE CONSTRAINT \"a Rule\"");
	ck_assert_str_eq(fix_get(&x, "SELECT count(*) FROM gatewalk.anchor"), "2");
}
END_TEST

/* Between the look and the lock somebody else asks every row: what was signed is not what is to be done. */
START_TEST(what_was_signed_is_what_is_done)
{
	plan("add-check", "orders", NULL);
	opened(CHANGE_ADD);
	done(CHANGE_ADD);
	stand(CHANGE_HOLD);
	fix_do(&x, "ALTER TABLE public.orders VALIDATE CONSTRAINT \"a Rule\"");
	ck_assert(!run());
	ck_assert_str_eq(err.msg, "under the lock: what the table has asks for another statement than the one that was signed");
}
END_TEST

START_TEST(partitions_come_along)
{
	fix_do(&x, "INSERT INTO public.parts VALUES (1, 1)");
	plan("add-check", "parts", NULL);
	x.plan.add_check = "id > 0";
	opened(CHANGE_ADD);
	ck_assert_uint_eq(x.facts.target.n_locks, 2);
	done(CHANGE_ADD);
	done(CHANGE_HOLD);
	ck_assert_str_eq(fix_get(&x, "SELECT string_agg(conrelid::regclass || ' ' || convalidated, ', ' ORDER BY conrelid) FROM pg_constraint WHERE conname = 'a Rule'"),
		"public.parts true, public.part1 true");
	done(CHANGE_TAKE);
	ck_assert_str_eq(fix_get(&x, "SELECT count(*) FROM pg_constraint WHERE conname = 'a Rule'"), "0");
}
END_TEST

/* The other table belongs to somebody else. */
START_TEST(who_may_refer)
{
	struct fact_target t;
	plan("add-foreign-key", "orders", "cust");
	fix_do(&x, "DROP ROLE IF EXISTS gw_clerk; CREATE ROLE gw_clerk; GRANT gw_clerk TO CURRENT_USER; GRANT USAGE, CREATE ON SCHEMA public TO gw_clerk;"
		"ALTER TABLE public.orders OWNER TO gw_clerk; GRANT SELECT, REFERENCES ON public.cust TO gw_clerk; SET ROLE gw_clerk");
	ck_assert_msg(probe_target(x.db, x.a, &x.plan, &t, &err) && probe_added(x.db, x.a, &x.plan, &t, &err), "%s", err.msg);
	ck_assert_str_eq(t.unfit, "this login may not lock and refer to public.cust; its owner grants that (GRANT REFERENCES, UPDATE ON public.cust TO ...)");
	fix_do(&x, "RESET ROLE; GRANT UPDATE ON public.cust TO gw_clerk; SET ROLE gw_clerk");
	t.unfit = NULL;
	ck_assert_msg(probe_added(x.db, x.a, &x.plan, &t, &err), "%s", err.msg);
	ck_assert_msg(!t.unfit, "%s", t.unfit);
	fix_do(&x, "RESET ROLE; DROP OWNED BY gw_clerk; DROP ROLE gw_clerk");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("rule");
	TCase *t = tcase_create("rule");
	const TTest *const all[] = { rows_that_do_not_hold_to_it, every_row_is_asked_beside_writes, a_row_that_slipped_in, never_null, who_came_first, what_was_signed_is_what_is_done, partitions_come_along, who_may_refer };
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		tcase_add_test(t, all[i]);
	tcase_add_loop_test(t, what_its_statement_says, 0, (int)(sizeof trials / sizeof *trials));
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return test_main(suite());
}
