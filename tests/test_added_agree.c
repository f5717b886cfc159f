/* SPDX-License-Identifier: MIT */
/* A walk that adds a column, and a database that has less than its log; and the permit for such a change. */
#include "core/permit.h"
#include "tests/added_harness.h"

#define INSTALL "11111111-2222-3333-4444-555555555555"
#define NEW_DB "7000000000000000002.16999." INSTALL

static const char *said(long long last, const char *snapshot, const char *to)
{
	return arena_printf(c->a, "{'drop':'none','last_head':'" CORE_HEAD "','last_n':%lld,'lsn_was':'0/1','mirrored':%lld,'snapshot':'%s','tli_was':1,'to':'%s','typed':'orders','why':'failed over'}",
		last, (long long)c->walk.n, snapshot, to);
}

static void to(enum stage at)
{
	if (at >= AT_MONITOR)
		to_writes();
	switch (at) {
	case AT_EXPAND: to_expand(); return;
	case AT_WRITES: to_writes(); return;
	case AT_BACKFILL: to_writes(); says(OP_CONFIRM, "{'backfill':1,'item':5,'typed':'written'}"); return;
	case AT_READS: to_writes(); says(OP_CONFIRM, "{'backfill':0,'item':5,'typed':'written'}"); return;
	case AT_LEFT: says(OP_LEAVE, "{'why':'x'}"); return;
	default: break;
	}
	says(OP_CONFIRM, "{'backfill':0,'item':5,'typed':'written'}");
	says(OP_CONFIRM, "{'item':8,'typed':'moved'}");
	if (at >= AT_LOG)
		says(OP_CONFIRM, "{'item':12,'typed':'0'}");
	if (at == AT_CLOSED) {
		says(OP_SCHEMA_LOG, "{'blob':'" CORE_BLOB "'}");
		says(OP_CLOSE, "{}");
	}
}

/* at: where the walk stands; stays: where it goes on from when only lines are lost; lost: when the column is. */
static const struct { enum stage at, stays, lost; } stands[] = {
	{ AT_EXPAND, AT_EXPAND, AT_NOWHERE }, { AT_WRITES, AT_WRITES, AT_EXPAND }, { AT_BACKFILL, AT_BACKFILL, AT_EXPAND }, { AT_READS, AT_READS, AT_EXPAND },
	{ AT_MONITOR, AT_MONITOR, AT_EXPAND }, { AT_LOG, AT_MONITOR, AT_EXPAND }, { AT_CLOSED, AT_CLOSED, AT_CLOSED }, { AT_LEFT, AT_LEFT, AT_LEFT },
};

START_TEST(lines_are_lost)
{
	enum stage where = stands[_i].stays, there = AT_NOWHERE;
	to(stands[_i].at);
	int attnum = c->walk.added_attnum;
	ck_assert(walk_recounts(&c->walk, false, &there));
	ck_assert_int_eq(there, where);
	taken(OP_RESYNC, said(c->walk.n - 1, "stands", stage_name(where)));
	ck_assert_int_eq(c->walk.stage, where);
	ck_assert_int_eq(c->walk.added_attnum, attnum);
	if (where == AT_MONITOR)
		ck_assert_int_eq(c->walk.watch_from, c->walk.last_t);
}
END_TEST

START_TEST(the_column_is_lost)
{
	enum stage where = stands[_i].lost, there = AT_NOWHERE;
	to(stands[_i].at);
	int64_t added = c->walk.changed_n;
	if (where == AT_NOWHERE) {
		ck_assert_int_eq(added, -1);
		return;
	}
	ck_assert(walk_recounts(&c->walk, true, &there));
	ck_assert_int_eq(there, where);
	taken(OP_RESYNC, said(added - 1, "stands", stage_name(where)));
	ck_assert_int_eq(c->walk.stage, where);
	ck_assert(!c->walk.added_attnum && !c->walk.added_at && c->walk.changed_n == -1 && !c->walk.watch_from && !c->walk.schema_logged);
	if (where != AT_EXPAND)
		return;
	says(OP_CHANGE, CHANGE("add", "16400"));
	ck_assert(changed("done", 9, c->walk.n - 1));
	ck_assert_int_eq(c->walk.added_attnum, 9);
}
END_TEST

START_TEST(an_open_change_came_to_nothing)
{
	to_expand();
	says(OP_CHANGE, CHANGE("add", "16400"));
	refused(OP_RESYNC, said(c->walk.intent_n, "stands", "expand"), "the ledger has an entry of the open change: its outcome comes first");
	taken(OP_RESYNC, said(c->walk.intent_n - 1, "stands", "expand"));
	ck_assert(c->walk.change == CHANGE_NONE && c->walk.outcome_known);
	says(OP_CHANGE, CHANGE("add", "16400"));
	ck_assert(changed("done", 8, c->walk.n - 1));
	says(OP_CHANGE, CHANGE("take", "16400"));
	taken(OP_RESYNC, said(c->walk.intent_n - 1, "stands", "writes fill it"));
	ck_assert_int_eq(c->walk.added_attnum, 8);
	says(OP_CHANGE, CHANGE("take", "16400"));
	ck_assert(changed("done", 0, c->walk.n - 1));
	/* Nobody's column would stand there again. */
	refused(OP_RESYNC, said(c->walk.changed_n - 1, "stands", "expand"), "the database is of before the last change of its table: its columns are not those of this walk");
}
END_TEST

START_TEST(no_way_on)
{
	enum stage there;
	to_expand();
	ck_assert(!walk_recounts(&c->walk, true, &there));
	taken(OP_RESYNC, said(c->walk.first_n, "again", "snapshot"));
	ck_assert(!c->walk.first.begun);
	c->walk.change = CHANGE_DUAL;
	ck_assert(!walk_recounts(&c->walk, false, &there));
}
END_TEST

static bool rebinds(const char *more, const char *to_stage)
{
	struct record r = core_record(c, OP_REBIND, arena_printf(c->a, "{%s'attnum':0,'drop':'none','from':'%s','into':'" NEW_DB "','last_head':'" CORE_HEAD "','last_n':%lld,'lsn_was':'0/1',"
		"'mirrored':%lld,'relid':17000,'server':'shop@db2','tli_was':1,'to':'%s','typed':'orders','why':'moved'}", more, c->walk.db, (long long)c->walk.n - 1, (long long)c->walk.n, to_stage));
	r.db = NEW_DB;
	return walk_fold(&c->walk, &r, &c->err);
}

START_TEST(another_database)
{
	to_expand();
	ck_assert_msg(rebinds("", "snapshot"), "%s", c->err.msg);
	core_free(c);
	c = core_new(ENV_PRODUCTION);
	to_writes();
	ck_assert(!rebinds("", "writes fill it"));
	ck_assert(!rebinds("'added':0,", "writes fill it"));
	ck_assert_str_eq(strstr(c->err.msg, ": ") + 2, "field \"added\" is no column's number");
	ck_assert_msg(rebinds("'added':3,", "writes fill it"), "%s", c->err.msg);
	ck_assert_int_eq(c->walk.added_attnum, 3);
	ck_assert_uint_eq(c->walk.relid, 17000);
	core_free(c);
	c = core_new(ENV_PRODUCTION);
	to_writes();
	says(OP_CHANGE, CHANGE("take", "16400"));
	c->walk.intent_n += 5;   /* as if the ledger had no entry of it */
	ck_assert_msg(rebinds("'added':3,", "writes fill it"), "%s", c->err.msg);
	core_free(c);
	c = core_new(ENV_PRODUCTION);
	to_expand();
	says(OP_CHANGE, CHANGE("add", "16400"));
	c->walk.intent_n += 5;
	ck_assert_msg(rebinds("", "snapshot"), "%s", c->err.msg);
}
END_TEST

/* A database of before the column came: all begins anew there. */
/* Which has no number in its table. */
START_TEST(a_constraint_is_taken_along)
{
	to(AT_WRITES);
	c->walk.kind = TARGET_CONSTRAINT;
	c->walk.added_attnum = 0;
	ck_assert_msg(rebinds("", "writes fill it"), "%s", c->err.msg);
	ck_assert(c->walk.added_at > 0);
}
END_TEST

START_TEST(another_database_of_before)
{
	to_writes();
	int64_t last = c->walk.changed_n - 1;
	struct record r = core_record(c, OP_REBIND, arena_printf(c->a, "{'attnum':0,'drop':'none','from':'%s','into':'" NEW_DB "','last_head':'" CORE_HEAD "','last_n':%lld,'lsn_was':'0/1',"
		"'mirrored':%lld,'relid':17000,'server':'shop@db2','tli_was':1,'to':'snapshot','typed':'orders','why':'moved'}", c->walk.db, (long long)last, (long long)last + 1));
	r.db = NEW_DB;
	ck_assert_msg(walk_fold(&c->walk, &r, &c->err), "%s", c->err.msg);
	ck_assert(c->walk.stage == AT_SNAPSHOT && !c->walk.added_attnum && !c->walk.first.begun);
}
END_TEST

static void mac(void *key, const void *data, size_t len, unsigned char out[32])
{
	const unsigned char *d = data;
	uint64_t h = *(const uint64_t *)key;
	for (size_t i = 0; i < len; i++)
		h = (h ^ d[i]) * 1099511628211ull;
	for (size_t i = 0; i < 4; i++)
		memcpy(out + i * 8, &h, 8);
}

static uint64_t key = 1469598103934665603ull;
static const struct permit_mac good = { mac, &key };

static struct permit *mint(void)
{
	const struct walk *w = &c->walk;
	const struct permit_binding b = { .sid = w->sid, .plan_digest = w->plan_digest, .statement = w->intent_statement, .snapshot_sha256 = CORE_MANIFEST, .intent_head = w->intent_head,
		.nonce = w->intent_nonce, .relid = w->relid, .attnum = permit_attnum(w), .intent_n = w->intent_n };
	return permit_mint(c->a, &c->plan, w, &c->facts, &b, &good, &c->err);
}

static void changing(const char *what, bool add)
{
	additive_plan();
	says(OP_CHANGE, arena_printf(c->a, "{'expires':'%s','nonce':'n1','relid':16400,'statement':'%s','statement_sha256':'" CORE_BLOB "','what':'%s','why':''}", core_time(c->t + US_HOUR),
		add ? "ALTER TABLE public.orders ADD COLUMN note text" : "ALTER TABLE public.orders DROP COLUMN note", what));
	additive_plan();
}

START_TEST(a_permit)
{
	to_expand();
	ck_assert(core_drill(c, true));
	changing("add", true);
	struct permit *pm = mint();
	ck_assert_msg(pm != NULL, "%s", c->err.msg);
	c->facts.locked = true;
	ck_assert_msg(permit_rejudge(pm, &c->plan, &c->walk, &c->facts, &c->err), "%s", c->err.msg);
	c->facts.target.definition_digest[0] ^= 1;
	ck_assert(!permit_rejudge(pm, &c->plan, &c->walk, &c->facts, &c->err));
	ck_assert_ptr_nonnull(strstr(c->err.msg, "under the lock: A1, "));
	c->facts.target.definition_digest[0] ^= 1;
	c->walk.intent_expires = c->facts.now - 1;
	ck_assert_ptr_null(mint());
	ck_assert_str_eq(c->err.msg, "no permit: its intent expired before it was sent");
	c->walk.change = CHANGE_NONE;
	ck_assert_ptr_null(mint());
	ck_assert_str_eq(c->err.msg, "no permit: no intent stands in the log");
}
END_TEST

START_TEST(a_permit_to_take)
{
	to_writes();
	changing("take", false);
	ck_assert_int_eq(permit_attnum(&c->walk), 8);
	c->facts.moment.in_window = false;   /* whoever steps back does not wait for a night */
	struct permit *pm = mint();
	ck_assert_msg(pm != NULL, "%s", c->err.msg);
	c->facts.locked = true;
	ck_assert_msg(permit_rejudge(pm, &c->plan, &c->walk, &c->facts, &c->err), "%s", c->err.msg);
	c->facts.others.clear = false;
	ck_assert_ptr_null(mint());
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("added_agree");
	TCase *t = tcase_create("added_agree");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, lines_are_lost, 0, sizeof stands / sizeof *stands);
	tcase_add_loop_test(t, the_column_is_lost, 0, sizeof stands / sizeof *stands);
	tcase_add_test(t, an_open_change_came_to_nothing);
	tcase_add_test(t, no_way_on);
	tcase_add_test(t, another_database);
	tcase_add_test(t, a_constraint_is_taken_along);
	tcase_add_test(t, another_database_of_before);
	tcase_add_test(t, a_permit);
	tcase_add_test(t, a_permit_to_take);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return test_main(suite());
}
