/* SPDX-License-Identifier: MIT */
/* What is special to removed rows in the pure core: batches and their permits, and the outcome that counts. */
#include "tests/lib_test.h"

#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/when.h"
#include "core/permit.h"
#include "core/sql.h"
#include "tests/lib_core.h"

static struct core *c;
static struct permit_binding b;
static struct err e;

/* What was bound is told apart by its first byte that differs; seals are test_permit's. */
static void mac(void *key, const void *data, size_t len, unsigned char out[32])
{
	const unsigned char *d = data;
	uint64_t h = *(const unsigned char *)key;
	for (size_t i = 0; i < len; i++)
		h = (h ^ d[i]) * 1099511628211ull;
	memset(out, 0, 32);
	memcpy(out, &h, sizeof h);
}

static unsigned char key = 7;
static const struct permit_mac good = { mac, &key };

/* A walk of the fixture whose target are rows from here on. */
static void make_rows(void)
{
	struct walk *w = &c->walk;
	c->plan.recipe = "remove-rows";
	c->plan.column = NULL;
	c->plan.statement = NULL;
	c->plan.where = "created < '2020-01-01'";
	c->plan.n_falls = c->facts.target.n_falls = 0;
	c->facts.target.attnum = 0;
	w->kind = TARGET_ROWS;
	w->attnum = w->first.attnum = w->final.attnum = 0;
	w->first.scope = w->final.scope = SNAP_ROWS;
	w->intent_statement = sql_statement(c->a, &c->plan, NULL);
}

static void bind(int64_t batch)
{
	const struct walk *w = &c->walk;
	b = (struct permit_binding){
		.sid = w->sid, .plan_digest = w->plan_digest, .statement = w->intent_statement, .snapshot_sha256 = CORE_MANIFEST, .intent_head = w->intent_head,
		.nonce = permit_batch_nonce(c->a, w->intent_nonce, batch), .relid = w->relid, .attnum = 0, .intent_n = w->intent_n, .batch = batch,
	};
}

static void setup(void)
{
	c = core_new(ENV_PRODUCTION);
	core_walk_to(c, AT_DROPPING);
	core_good_facts(c);
	make_rows();
	bind(1);
	err_clear(&e);
}

static void teardown(void)
{
	core_free(c);
}

static struct permit *mint(void)
{
	return permit_mint(c->a, &c->plan, &c->walk, &c->facts, &b, &good, &e);
}

static void no_mint(enum err_code code, const char *text)
{
	ck_assert_msg(mint() == NULL, "minted");
	ck_assert_str_eq(e.msg, text);
	ck_assert_int_eq(e.code, code);
}

START_TEST(each_batch_has_its_own)
{
	ck_assert_str_eq(b.nonce, "n1.1");
	struct permit *first = mint();
	ck_assert_msg(first != NULL, "%s", e.msg);
	struct permit_binding one = b;
	bind(2);
	ck_assert_str_eq(b.nonce, "n1.2");
	ck_assert(!permit_check(first, &b, c->facts.now, &good, &e));
	ck_assert_str_eq(e.msg, "the permit is for another nonce");
	b.nonce = one.nonce;
	ck_assert(!permit_check(first, &b, c->facts.now, &good, &e));
	ck_assert_str_eq(e.msg, "the permit is for another batch");
	no_mint(ERR_VERIFY, "no permit: the nonce is not that of the open intent");
	ck_assert(permit_spend(first, &one, c->facts.now, &good, &e));
	ck_assert(!permit_spend(first, &one, c->facts.now, &good, &e));
	bind(2);
	ck_assert_msg(mint() != NULL, "%s", e.msg);
}
END_TEST

START_TEST(rows_in_batches_and_nothing_else)
{
	static const char why[] = "no permit: rows are removed in numbered batches, and nothing else is";
	bind(0);
	no_mint(ERR_VERIFY, why);
	bind(-1);
	no_mint(ERR_VERIFY, why);
	bind(1);
	c->walk.kind = TARGET_COLUMN;
	no_mint(ERR_VERIFY, why);
	ck_assert_str_eq(permit_batch_nonce(c->a, NULL, 3), ".3");
}
END_TEST

START_TEST(the_intent_must_begin_in_time)
{
	c->facts.now = c->walk.intent_expires;
	core_good_facts(c);
	make_rows();
	c->facts.now = c->walk.intent_expires + 1;
	c->facts.health.at = c->facts.moment.at = c->facts.target.at = c->facts.log.at = c->facts.others.at = c->facts.server.at = c->facts.mark.at = c->facts.now;
	no_mint(ERR_GATE, "no permit: its intent expired before the first batch");
	bind(2);
	ck_assert_msg(mint() != NULL, "%s", e.msg);
}
END_TEST

START_TEST(what_stands_before_each_batch)
{
	/* Not these: they were the intent's. */
	c->facts.watch.trip_count = 77;
	c->facts.files_at = 0;
	c->facts.audit.at = 0;
	c->facts.watch.last_sighting = c->facts.now - US_DAY;
	ck_assert_msg(mint() != NULL, "%s", e.msg);
	c->facts.others.clear = false;
	no_mint(ERR_GATE, "gate A is shut: A6, no other walk is in the way: another walk is in the way: one is open");
	c->facts.others.clear = true;
	c->facts.moment.in_window = false;
	c->facts.moment.next[0] = c->facts.now + US_HOUR;
	no_mint(ERR_WAIT, "gate C is shut: C3, inside the off-peak window: it is outside the off-peak window");
	c->facts.moment.in_window = true;
	c->facts.health.lock_waiters = 99;
	no_mint(ERR_GATE, "gate C is shut: C4, the server is healthy: sessions waiting for locks is 99.0, and the plan's limit is 5.0");
	c->facts.health.lock_waiters = 0;
	c->facts.target.n_blockers = 1;
	c->facts.target.blockers = (const char *[]){ "trigger t on table o" };
	no_mint(ERR_GATE, "gate C is shut: C5, the target is what was documented: the drop would need CASCADE, which gatewalk never uses: trigger t on table o");
	c->facts.target.n_blockers = 0;
	c->facts.log.verifies = false;
	no_mint(ERR_GATE, "gate C is shut: C6, log, ledger and mark agree: the log does not verify");
}
END_TEST

START_TEST(judged_again_in_the_transaction)
{
	struct permit *pm = mint();
	c->facts.locked = true;
	c->facts.watch.trip_count = 77;
	ck_assert_msg(permit_rejudge(pm, &c->plan, &c->walk, &c->facts, &e), "%s", e.msg);
	c->facts.moment.in_window = false;
	ck_assert(!permit_rejudge(pm, &c->plan, &c->walk, &c->facts, &e));
	ck_assert_str_eq(e.msg, "under the lock: C3, inside the off-peak window: it is outside the off-peak window");
	c->facts.moment.in_window = true;
	c->facts.log.ledger_agrees = false;
	ck_assert(!permit_rejudge(pm, &c->plan, &c->walk, &c->facts, &e));
}
END_TEST

static bool outcome(const char *result, const char *more)
{
	return core_foldf(c, OP_OUTCOME, "{'at':'%s','held_us':1,%s'intent':%lld,'lock_us':1,'result':'%s','why':'x','xid':''}", core_time(c->t), more,
		(long long)c->walk.intent_n, result);
}

START_TEST(the_outcome_counts)
{
	ck_assert(!outcome("dropped", ""));
	ck_assert_str_eq(c->err.msg, "log line 24 (outcome): field \"blob\" is missing or no text");
	ck_assert(!outcome("dropped", "'blob':'" CORE_BLOB "','left':-1,'removed':5,"));
	ck_assert(!outcome("dropped", "'blob':'" CORE_BLOB "','left':1,"));
	ck_assert_int_eq(c->walk.stage, AT_DROPPING);
	ck_assert_msg(outcome("dropped", "'blob':'" CORE_BLOB "','left':3,'removed':50,"), "%s", c->err.msg);
	ck_assert_int_eq(c->walk.rows_removed, 50);
	ck_assert_int_eq(c->walk.rows_left, 3);
	ck_assert(c->walk.dropped);
}
END_TEST

START_TEST(nothing_removed_is_no_count)
{
	ck_assert_msg(outcome("not dropped", ""), "%s", c->err.msg);
	ck_assert_int_eq(c->walk.stage, AT_GATE_C);
	ck_assert(!c->walk.dropped);
}
END_TEST

#define RELEASES "{'key':'','value':'none','what':'releases'}"

START_TEST(releases_of_the_next_day)
{
	int64_t was = walk_declared(&c->walk, "releases", "")->at;
	ck_assert_msg(core_fold(c, OP_DECLARE, RELEASES), "%s", c->err.msg);
	ck_assert_int_gt(walk_declared(&c->walk, "releases", "")->at, was);
	ck_assert(!core_fold(c, OP_DECLARE, "{'key':'','value':'x','what':'rehearsed'}"));
	c->walk.kind = TARGET_COLUMN;
	ck_assert(!core_fold(c, OP_DECLARE, RELEASES));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("rows");
	TCase *t = tcase_create("rows");
	const TTest *const all[] = {
		each_batch_has_its_own, rows_in_batches_and_nothing_else, the_intent_must_begin_in_time, what_stands_before_each_batch,
		judged_again_in_the_transaction, the_outcome_counts, nothing_removed_is_no_count, releases_of_the_next_day,
	};
	tcase_add_checked_fixture(t, setup, teardown);
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		tcase_add_test(t, all[i]);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return test_main(suite());
}
