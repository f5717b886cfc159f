/* SPDX-License-Identifier: MIT */
/* The writer of a new column: what it sends, what it refuses, who holds the table, and what became of it. */
#include "adapter/alter.h"

#include "adapter/writer.h"
#include "core/sql.h"
#include "tests/drop_fixture.h"
#include "tests/lib_db.h"

#define DB "gw_alter"

static struct fix x;
static struct alter_end end;
static struct err err;

/* Stands right behind the line of a change. */
static void stand(enum change change, int attnum)
{
	struct walk *w = &x.walk;
	fix_look(&x);
	fix_walk(&x);
	w->archetype = ARCH_ADDITIVE;
	w->kind = TARGET_ADDED;
	w->stage = AT_CHANGING;
	w->change = change;
	w->added_attnum = attnum;
	w->first.attnum = w->attnum = 0;
	fix_change(&x);
}

static void setup(void)
{
	char head[65];
	fix_open(&x, DB, true);
	err_clear(&err);
	fix_do(&x, "CREATE TABLE public.orders (id int PRIMARY KEY, total int); INSERT INTO public.orders SELECT g, g FROM generate_series(1, 1000) g");
	crypto_random_hex(16, x.sid);
	fix_plan(&x, "public", "orders", "note");
	crypto_sha256_hex(x.sid, 31, x.manifest);
	x.plan.archetype = ARCH_ADDITIVE;
	x.plan.recipe = "add-column";
	x.plan.add_type = "text";
	x.plan.add_default = "'new'";
	x.plan.add_not_null = true;
	x.plan.add_comment = "what a clerk's note says";
	x.last.n = FIX_LAST_N;
	stand(CHANGE_ADD, 0);
	crypto_sha256_hex("last", 4, head);
	ck_assert(ledger_open(x.db, &x.walk, &x.plan, "here", &err) && ledger_anchor(x.db, x.sid, FIX_LAST_N, head, NULL, &err));
	ck_assert(ledger_last(x.db, x.a, x.sid, &x.last, &err));
}

static void teardown(void)
{
	fix_close(&x);
	fix_drop_database(DB);
}

static struct alter order(struct permit *pm)
{
	return (struct alter){ .conninfo = x.conninfo, .plan = &x.plan, .walk = &x.walk, .facts = &x.facts, .binding = x.binding, .permit = pm, .mac = &x.mac, .last = x.last };
}

static bool run(void)
{
	struct alter o = order(fix_mint(&x));
	err_clear(&err);
	return alter_run(x.a, &o, &end, &err);
}

static void refused(const char *why)
{
	ck_assert(!run());
	ck_assert_msg(strstr(err.msg, why) != NULL, "%s", err.msg);
	ck_assert_int_ne(end.result, DROP_DONE);
	ck_assert_str_eq(fix_get(&x, "SELECT count(*) FROM gatewalk.anchor"), "1");
	ck_assert_str_eq(fix_get(&x, "SELECT stage FROM gatewalk.walk"), "changing");
}

static const char *column(const char *what)
{
	return fix_get(&x, arena_printf(x.a, "SELECT %s FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum"
		" WHERE attrelid = 'public.orders'::regclass AND attname = 'note'", what));
}

static void added(void)
{
	ck_assert_msg(run(), "%s", err.msg);
	ck_assert(ledger_last(x.db, x.a, x.sid, &x.last, &err));
}

START_TEST(a_column_comes)
{
	added();
	ck_assert_int_eq(end.result, DROP_DONE);
	ck_assert_int_eq(end.attnum, 3);
	ck_assert_int_eq(end.tries, 1);
	ck_assert(end.held_us > 0 && end.held_us < US_SECOND && end.at > 0 && end.xid && !end.blocker.at);
	ck_assert_str_eq(column("format_type(atttypid, atttypmod) || ' ' || attnotnull || ' ' || pg_get_expr(adbin, adrelid) || ' ' || col_description(attrelid, attnum)"),
		"text true 'new'::text what a clerk's note says");
	ck_assert_str_eq(fix_get(&x, "SELECT count(*) FROM public.orders WHERE note = 'new'"), "1000");
	ck_assert_str_eq(fix_get(&x, "SELECT kind || ' ' || n FROM gatewalk.anchor ORDER BY n DESC LIMIT 1"), "line 7");
	ck_assert_str_eq(x.last.head, x.walk.intent_head);
	ck_assert_str_eq(fix_get(&x, "SELECT stage || ' ' || attnum FROM gatewalk.walk"), "writes fill it 3");
}
END_TEST

START_TEST(once_and_for_nothing_else)
{
	struct permit *pm = fix_mint(&x);
	struct alter o = order(pm);
	o.binding.attnum = 2;
	ck_assert(!alter_run(x.a, &o, &end, &err));
	ck_assert_str_eq(err.msg, "the permit is for another walk, plan, change or column");
	o.binding.attnum = 0;
	x.plan.add_type = "integer";
	ck_assert(!alter_run(x.a, &o, &end, &err));
	ck_assert_str_eq(err.msg, "the permit is for another statement than the plan's");
	x.plan.add_type = "text";
	x.walk.change = CHANGE_NONE;
	ck_assert(!alter_run(x.a, &o, &end, &err));
	ck_assert_str_eq(err.msg, "this writer changes a table, and the walk is at no change of one");
	x.walk.change = CHANGE_ADD;
	ck_assert_msg(alter_run(x.a, &o, &end, &err), "%s", err.msg);
	ck_assert(!alter_run(x.a, &o, &end, &err));
	ck_assert_str_eq(err.msg, "the permit has been used already");
	/* Nor does the drop's writer take it. */
	struct drop d = fix_drop(&x, pm);
	struct drop_end drop;
	ck_assert(!apply_drop(x.a, &d, &drop, &err));
	ck_assert_str_eq(err.msg, "this writer drops columns and tables, and the walk is of neither");
}
END_TEST

static void volatile_default(void) { x.plan.add_default = "clock_timestamp()::text"; stand(CHANGE_ADD, 0); }
static void taken_meanwhile(void) { fix_do(&x, "ALTER TABLE public.orders ADD note int"); }
static void other_definition(void) { fix_do(&x, "ALTER TABLE public.orders ADD other int"); }
static void other_entry(void) { fix_do(&x, "UPDATE gatewalk.anchor SET head = repeat('a', 64)"); }
static void spent(void) { fix_do(&x, arena_printf(x.a, "INSERT INTO gatewalk.permit (nonce, sid) VALUES ('%s', '%s')", x.nonce, x.sid)); }
static void no_row(void) { fix_do(&x, "UPDATE gatewalk.walk SET sid = 'x'"); }
static void not_ours(void) { fix_do(&x, "CREATE SCHEMA s2; ALTER TABLE public.orders SET SCHEMA s2; CREATE TABLE public.orders (id int PRIMARY KEY, total int)"); }

static void another_fills(void) { fix_do(&x, "SELECT pg_advisory_lock(" WRITER_ALONE_SQL ")"); }

static const struct { void (*happens)(void); const char *why; } refusals[] = {
	{ volatile_default, "the whole table would be written anew under the lock" }, { taken_meanwhile, "already exists" },
	{ other_definition, "under the lock: A1, a snapshot of it, from this very database: snapshot one was taken under another definition than there is now" },
	{ other_entry, "under the lock: C6, log, ledger and mark agree: the ledger's last entry is not the one before this intent" },
	{ spent, "duplicate key value violates unique constraint" }, { not_ours, "under the lock: A1" },
	{ another_fills, "under the lock: A6, another walk is changing or filling a table of this database right now" },
};

START_TEST(refusals_leave_nothing)
{
	struct permit *pm = refusals[_i].happens == volatile_default ? NULL : fix_mint(&x);
	refusals[_i].happens();
	struct alter o = order(pm ? pm : fix_mint(&x));
	ck_assert(!alter_run(x.a, &o, &end, &err));
	ck_assert_msg(strstr(err.msg, refusals[_i].why) != NULL, "%s", err.msg);
	ck_assert_int_eq(end.result, DROP_REFUSED);
	ck_assert_str_eq(end.why, err.msg);
	ck_assert_int_eq(end.at, 0);
	ck_assert_str_eq(fix_get(&x, "SELECT count(*) FROM pg_attribute WHERE attrelid::regclass::text ~ 'orders$' AND attname = 'note' AND atttypid = 'text'::regtype"), "0");
	ck_assert_str_eq(fix_get(&x, "SELECT count(*) FROM gatewalk.anchor"), "1");
}
END_TEST

START_TEST(a_ledger_that_does_not_know_the_walk)
{
	struct permit *pm = fix_mint(&x);
	fix_do(&x, "ALTER TABLE gatewalk.anchor DROP CONSTRAINT anchor_sid_fkey; ALTER TABLE gatewalk.permit DROP CONSTRAINT permit_sid_fkey");
	no_row();
	struct alter o = order(pm);
	ck_assert(!alter_run(x.a, &o, &end, &err));
	ck_assert_msg(strstr(err.msg, "the ledger does not know the walk") != NULL, "%s", err.msg);
	ck_assert_int_eq(end.result, DROP_NOT_DONE);
	ck_assert_str_eq(column("attname"), "");
}
END_TEST

START_TEST(gates_stand_before_it)
{
	struct permit *pm;
	x.facts.moment.in_window = false;
	x.facts.moment.opens = 0;
	pm = permit_mint(x.a, &x.plan, &x.walk, &x.facts, &x.binding, &x.mac, &err);
	ck_assert(!pm);
	ck_assert_msg(strncmp(err.msg, "gate C is shut: C3", 18) == 0, "%s", err.msg);
	stand(CHANGE_ADD, 0);
	x.facts.others.clear = false;
	ck_assert(!permit_mint(x.a, &x.plan, &x.walk, &x.facts, &x.binding, &x.mac, &err));
	stand(CHANGE_ADD, 0);
	x.facts.health.lock_waiters = 1000;
	ck_assert(!permit_mint(x.a, &x.plan, &x.walk, &x.facts, &x.binding, &x.mac, &err));
	stand(CHANGE_ADD, 0);
	x.walk.intent_expires = x.facts.now - 1;
	ck_assert(!permit_mint(x.a, &x.plan, &x.walk, &x.facts, &x.binding, &x.mac, &err));
	ck_assert_str_eq(err.msg, "no permit: its intent expired before it was sent");
	stand(CHANGE_ADD, 0);
	added();
	/* Whoever steps back does not wait for a night. */
	stand(CHANGE_TAKE, 3);
	x.facts.moment.in_window = false;
	ck_assert_msg(run(), "%s", err.msg);
}
END_TEST

static struct db *holder;
static struct fact_blocker seen;
static int told;

static void lets_go(void *ctx, const struct fact_blocker *by)
{
	seen = *by;
	if (++told == *(int *)ctx)
		db_rollback(holder);
}

static void hold(void)
{
	holder = db_open(&(struct db_opts){ .conninfo = x.conninfo, .app = "nightly report" }, &err);
	ck_assert(db_script(holder, x.a, "BEGIN; SELECT count(*) FROM public.orders", 0, NULL, &err));
	told = 0;
}

START_TEST(who_holds_it_is_named)
{
	int after = 2;
	hold();
	struct alter o = order(fix_mint(&x));
	o.held = lets_go;
	o.ctx = &after;
	ck_assert_msg(alter_run(x.a, &o, &end, &err), "%s", err.msg);
	ck_assert_int_eq(end.tries, 3);
	ck_assert_int_eq(seen.pid, db_backend_pid(holder));
	ck_assert_str_eq(seen.app, "nightly report");
	ck_assert_str_eq(seen.query, "BEGIN; SELECT count(*) FROM public.orders");
	ck_assert_str_eq(seen.state, "idle in transaction");
	ck_assert(seen.since > 0 && seen.since < seen.at && seen.tries == 2);
	ck_assert(end.blocker.at == 0);
	db_close(holder);
}
END_TEST

/* All that was seen, as if 58 s ago: the permit that comes of it ends in two. */
static void shift(int64_t by)
{
	struct facts *f = &x.facts;
	int64_t *const ats[] = { &f->now, &f->server.at, &f->mark.at, &f->target.at, &f->health.at, &f->moment.at, &f->others.at, &f->log.at, &f->watch.at, &x.declared[1].at };
	for (size_t i = 0; i < sizeof ats / sizeof *ats; i++)
		*ats[i] -= by;
}

START_TEST(it_gives_up_and_says_why)
{
	int never = -1;
	hold();
	shift(58 * US_SECOND);
	struct alter o = order(fix_mint(&x));
	o.held = lets_go;
	o.ctx = &never;
	ck_assert(!alter_run(x.a, &o, &end, &err));
	const char *want = arena_printf(x.a, "no lock could be had on public.orders in %d tries: pid %d (nightly report, ", end.tries, db_backend_pid(holder));
	ck_assert_msg(strncmp(err.msg, want, strlen(want)) == 0, "%s", err.msg);
	ck_assert(strstr(err.msg, " UTC, idle in transaction: BEGIN; SELECT count(*) FROM public.orders") != NULL);
	ck_assert_int_eq(err.code, ERR_GATE);
	ck_assert(end.tries >= 2 && end.blocker.at && end.result == DROP_REFUSED);
	ck_assert_str_eq(fix_get(&x, "SELECT count(*) FROM pg_locks WHERE NOT granted"), "0");
	db_close(holder);
}
END_TEST

START_TEST(what_became_of_it)
{
	ck_assert(alter_settle(x.db, x.a, &x.plan, &x.walk, &end, &err));
	ck_assert_int_eq(end.result, DROP_NOT_DONE);
	ck_assert_str_eq(end.why, "the ledger has no entry of it: nothing was changed");
	added();
	ck_assert(alter_settle(x.db, x.a, &x.plan, &x.walk, &end, &err));
	ck_assert_int_eq(end.result, DROP_DONE);
	ck_assert_int_eq(end.attnum, 3);
	ck_assert(end.at > 0 && *end.xid);
	fix_do(&x, "ALTER TABLE public.orders DROP COLUMN note");
	ck_assert(alter_settle(x.db, x.a, &x.plan, &x.walk, &end, &err));
	ck_assert_int_eq(end.attnum, 3);
	fix_do(&x, "UPDATE gatewalk.walk SET attnum = 0");
	ck_assert(!alter_settle(x.db, x.a, &x.plan, &x.walk, &end, &err));
	ck_assert_str_eq(err.msg, "the ledger says that the column note came, and it is not there");
	x.walk.intent_head[0] = x.walk.intent_head[0] == '0' ? '1' : '0';
	ck_assert(!alter_settle(x.db, x.a, &x.plan, &x.walk, &end, &err));
	ck_assert_str_eq(err.msg, "the ledger's entry 7 is not this walk's change");
}
END_TEST

START_TEST(it_goes_again)
{
	int64_t n = -1;
	added();
	ck_assert(alter_values(x.db, x.a, &x.plan, 1000, &n, &err));
	ck_assert_int_eq(n, 0);
	fix_do(&x, "UPDATE public.orders SET note = 'x' WHERE id < 4; ALTER TABLE public.orders ALTER note DROP NOT NULL; UPDATE public.orders SET note = NULL WHERE id = 9");
	ck_assert(alter_values(x.db, x.a, &x.plan, 1000, &n, &err));
	ck_assert_int_eq(n, 3);
	x.plan.add_default = NULL;
	ck_assert(alter_values(x.db, x.a, &x.plan, 1000, &n, &err));
	ck_assert_int_eq(n, 999);
	stand(CHANGE_TAKE, 3);
	ck_assert_msg(run(), "%s", err.msg);
	ck_assert_int_eq(end.result, DROP_DONE);
	ck_assert_int_eq(end.attnum, 0);
	ck_assert_str_eq(column("attname"), "");
	ck_assert_str_eq(fix_get(&x, "SELECT kind || ' ' || n FROM gatewalk.anchor ORDER BY n DESC LIMIT 1"), "line 9");
	ck_assert_str_eq(fix_get(&x, "SELECT stage || ' ' || attnum FROM gatewalk.walk"), "expand 0");
	ck_assert(alter_settle(x.db, x.a, &x.plan, &x.walk, &end, &err));
	ck_assert_int_eq(end.result, DROP_DONE);
}
END_TEST

static const struct { const char *sql, *why; } built[] = {
	{ "CREATE INDEX orders_note ON public.orders (note)", "index public.orders_note was built on the new column and would fall with it" },
	{ "ALTER TABLE public.orders ADD CONSTRAINT short CHECK (length(note) < 99)", "constraint short on table public.orders was built on the new column and would fall with it" },
	{ "CREATE VIEW public.v AS SELECT note FROM public.orders", "view public.v was built on the new column and would fall with it" },
	{ "ALTER TABLE public.orders DROP COLUMN note; ALTER TABLE public.orders ADD note text", "the column that this walk added is not there any more, or another one bears its name" },
	{ "ALTER TABLE public.orders DROP COLUMN note", "the column that this walk added is not there any more" },
};

START_TEST(nothing_of_the_users_falls)
{
	added();
	fix_do(&x, built[_i].sql);
	stand(CHANGE_TAKE, 3);
	ck_assert(!run());
	ck_assert_msg(strncmp(err.msg, built[_i].why, strlen(built[_i].why)) == 0, "%s", err.msg);
	ck_assert_int_eq(end.result, DROP_REFUSED);
	ck_assert_str_eq(fix_get(&x, "SELECT count(*) FROM gatewalk.anchor"), "2");
	ck_assert_str_eq(fix_get(&x, "SELECT stage FROM gatewalk.walk"), "writes fill it");
}
END_TEST

START_TEST(partitions_come_along)
{
	fix_do(&x, "DROP TABLE public.orders; CREATE TABLE public.orders (id int, total int) PARTITION BY LIST (total);"
		"CREATE TABLE public.o1 PARTITION OF public.orders FOR VALUES IN (1); CREATE TABLE public.o2 PARTITION OF public.orders DEFAULT; INSERT INTO public.orders VALUES (1, 1), (2, 2)");
	stand(CHANGE_ADD, 0);
	ck_assert_msg(run(), "%s", err.msg);
	ck_assert_str_eq(fix_get(&x, "SELECT string_agg(note, ',') FROM public.orders"), "new,new");
	fix_do(&x, "UPDATE gatewalk.walk SET stage = 'changing'; DELETE FROM gatewalk.anchor WHERE n > 5; ALTER TABLE public.orders DROP COLUMN note");
	stand(CHANGE_ADD, 0);
	fix_do(&x, "CREATE TABLE public.o3 PARTITION OF public.orders FOR VALUES IN (3)");
	refused("under the lock: other tables would be locked than those that were");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("alter");
	TCase *t = tcase_create("alter");
	const TTest *const all[] = { a_column_comes, once_and_for_nothing_else, a_ledger_that_does_not_know_the_walk, gates_stand_before_it, who_holds_it_is_named, it_gives_up_and_says_why,
		what_became_of_it, it_goes_again, partitions_come_along };
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		tcase_add_test(t, all[i]);
	tcase_add_loop_test(t, refusals_leave_nothing, 0, (int)(sizeof refusals / sizeof *refusals));
	tcase_add_loop_test(t, nothing_of_the_users_falls, 0, (int)(sizeof built / sizeof *built));
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return test_main(suite());
}
