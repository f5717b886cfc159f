/* SPDX-License-Identifier: MIT */
#include "tests/lib_test.h"

#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/when.h"
#include "core/permit.h"
#include "tests/lib_core.h"

static struct core *c;
static struct permit_binding b;
static struct err e;

/* Enough of a keyed hash for a test: every byte of key and data moves every byte of out. */
static void mac(void *key, const void *data, size_t len, unsigned char out[32])
{
	const unsigned char *d = data, *k = key;
	for (unsigned lane = 0; lane < 4; lane++) {
		uint64_t h = 1469598103934665603ull + lane;
		for (size_t i = 0; i < 16; i++)
			h = (h ^ k[i]) * 1099511628211ull;
		for (size_t i = 0; i < len; i++)
			h = (h ^ d[i]) * 1099511628211ull;
		h ^= h >> 29;
		memcpy(out + lane * 8, &h, 8);
	}
}

static unsigned char key[16] = "0123456789abcde", other_key[16] = "another key 123";
static const struct permit_mac good = { mac, key }, forger = { mac, other_key };

static void bind(void)
{
	const struct walk *w = &c->walk;
	b = (struct permit_binding){
		.sid = w->sid, .plan_digest = w->plan_digest, .statement = CORE_STATEMENT, .snapshot_sha256 = CORE_MANIFEST, .intent_head = w->intent_head,
		.nonce = w->intent_nonce, .relid = w->relid, .attnum = w->attnum, .intent_n = w->intent_n,
	};
}

static void setup(void)
{
	c = core_new(ENV_PRODUCTION);
	core_walk_to(c, AT_DROPPING);
	core_good_facts(c);
	bind();
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

static struct permit *minted(void)
{
	struct permit *pm = mint();
	ck_assert_msg(pm != NULL, "%s", e.msg);
	return pm;
}

static void no_mint(enum err_code code, const char *text)
{
	ck_assert_msg(mint() == NULL, "minted");
	ck_assert_str_eq(e.msg, text);
	ck_assert_int_eq(e.code, code);
}

START_TEST(a_good_one_is_spent_once)
{
	struct permit *pm = minted();
	int64_t now = c->facts.now;
	ck_assert_int_eq(permit_expires(pm), now + 60 * US_SECOND);
	ck_assert_msg(permit_check(pm, &b, now, &good, &e), "%s", e.msg);
	ck_assert(permit_check(pm, &b, now + PERMIT_LIFE, &good, &e));
	ck_assert(permit_spend(pm, &b, now, &good, &e));
	ck_assert(!permit_spend(pm, &b, now, &good, &e));
	ck_assert_str_eq(e.msg, "the permit has been used already");
	ck_assert(!permit_check(pm, &b, now, &good, &e));
	ck_assert_int_eq(e.code, ERR_VERIFY);
}
END_TEST

START_TEST(times)
{
	struct permit *pm = minted();
	ck_assert(!permit_check(pm, &b, c->facts.now - 1, &good, &e));
	ck_assert_str_eq(e.msg, "the permit was issued later than now, by the server's clock");
	ck_assert(!permit_check(pm, &b, c->facts.now + PERMIT_LIFE + 1, &good, &e));
	ck_assert_str_eq(e.msg, "the permit has expired: it holds for 60 s");
	ck_assert(!permit_spend(pm, &b, c->facts.now + PERMIT_LIFE + 1, &good, &e));
	ck_assert(permit_spend(pm, &b, c->facts.now, &good, &e));
}
END_TEST

START_TEST(every_byte_is_sealed)
{
	struct permit *pm = minted();
	unsigned char *bytes = (unsigned char *)pm;
	for (size_t i = 0; i < permit_size(); i++)
		for (int bit = 0; bit < 8; bit++) {
			bytes[i] ^= (unsigned char)(1 << bit);
			ck_assert_msg(!permit_check(pm, &b, c->facts.now, &good, &e), "byte %zu bit %d", i, bit);
			bytes[i] ^= (unsigned char)(1 << bit);
		}
	ck_assert(permit_check(pm, &b, c->facts.now, &good, &e));
}
END_TEST

START_TEST(forged_ones)
{
	struct permit *pm = permit_mint(c->a, &c->plan, &c->walk, &c->facts, &b, &forger, &e);
	ck_assert(pm != NULL);
	ck_assert(!permit_check(pm, &b, c->facts.now, &good, &e));
	ck_assert_str_eq(e.msg, "the permit's seal does not hold: it was not made by this program's engine");
	memset((void *)pm, 0, permit_size());
	ck_assert(!permit_check(pm, &b, c->facts.now, &good, &e));
	ck_assert(!permit_check(NULL, &b, c->facts.now, &good, &e));
	ck_assert_str_eq(e.msg, "no permit: there is none");
	ck_assert(!permit_check(minted(), NULL, c->facts.now, &good, &e));
	ck_assert(!permit_check(minted(), &b, c->facts.now, NULL, &e));
	ck_assert(!permit_check(minted(), &b, c->facts.now, &(struct permit_mac){ .key = key }, &e));
	ck_assert_str_eq(e.msg, "no permit: there is none");
}
END_TEST

static void other(struct permit *pm, const struct permit_binding *o, const char *text)
{
	ck_assert_msg(!permit_check(pm, o, c->facts.now, &good, &e), "%s", text);
	ck_assert_str_eq(e.msg, text);
	ck_assert(!permit_spend(pm, o, c->facts.now, &good, &e));
}

START_TEST(bound_to_each_part)
{
	struct permit *pm = minted();
	struct permit_binding o = b;
	o.sid = "ffffffffffffffffffffffffffffffff";
	other(pm, &o, "the permit is for another walk");
	o = b, o.plan_digest = CORE_BLOB;
	other(pm, &o, "the permit is for another plan");
	o = b, o.statement = CORE_STATEMENT " CASCADE";
	other(pm, &o, "the permit is for another statement");
	o = b, o.statement = NULL;
	other(pm, &o, "the permit is for another statement");
	o = b, o.snapshot_sha256 = CORE_BLOB;
	other(pm, &o, "the permit is for another snapshot");
	o = b, o.intent_head = CORE_BLOB;
	other(pm, &o, "the permit is for another log head");
	o = b, o.nonce = "n2";
	other(pm, &o, "the permit is for another nonce");
	o = b, o.relid++;
	other(pm, &o, "the permit is for another table");
	o = b, o.attnum++;
	other(pm, &o, "the permit is for another column");
	o = b, o.intent_n++;
	other(pm, &o, "the permit is for another intent");
	ck_assert(permit_spend(pm, &b, c->facts.now, &good, &e));
}
END_TEST

START_TEST(parts_do_not_change_places)
{
	struct permit *pm = minted();
	struct permit_binding o = b;
	o.snapshot_sha256 = b.intent_head;
	o.intent_head = b.snapshot_sha256;
	other(pm, &o, "the permit is for another snapshot");
}
END_TEST

static void no_mint_for(const char *part)
{
	no_mint(ERR_VERIFY, arena_printf(c->a, "no permit: the %s is not that of the open intent", part));
	bind();
}

START_TEST(minted_for_the_open_intent_only)
{
	b.sid = "ffffffffffffffffffffffffffffffff";
	no_mint_for("walk");
	b.plan_digest = CORE_BLOB;
	no_mint_for("plan");
	b.statement = "ALTER TABLE public.orders DROP COLUMN total";
	no_mint_for("statement");
	b.snapshot_sha256 = CORE_BLOB;
	no_mint_for("snapshot");
	b.intent_head = CORE_BLOB;
	no_mint_for("log head");
	b.nonce = "n2";
	no_mint_for("nonce");
	b.relid++;
	no_mint_for("table");
	b.attnum++;
	no_mint_for("column");
	b.intent_n++;
	no_mint_for("intent");
	b.nonce = NULL;
	no_mint(ERR_VERIFY, "no permit: a part of the intent is missing");
	b.nonce = "";
	no_mint(ERR_VERIFY, "no permit: a part of the intent is missing");
	bind();
	c->walk.intent_nonce = NULL;
	no_mint(ERR_VERIFY, "no permit: a part of the intent is missing");
}
END_TEST

START_TEST(minted_at_the_drop_only)
{
	for (enum stage s = AT_NOWHERE; s < STAGE_COUNT; s++) {
		c->walk.stage = s;
		ck_assert_msg((mint() != NULL) == (s == AT_DROPPING), "at %s", stage_name(s));
	}
	c->walk.stage = AT_ARMED;
	no_mint(ERR_VERIFY, "no permit: no intent stands in the log");
	c->walk.stage = AT_DROPPING;
	c->walk.outcome_known = true;
	no_mint(ERR_VERIFY, "no permit: its intent has an outcome already");
	c->walk.outcome_known = false;
	c->walk.dropped = true;
	no_mint(ERR_VERIFY, "no permit: its intent has an outcome already");
	c->walk.dropped = false;
	c->walk.intent_n = b.intent_n = -1;
	no_mint(ERR_VERIFY, "no permit: no intent stands in the log");
}
END_TEST

START_TEST(minted_for_the_plans_own_statement)
{
	c->walk.intent_statement = b.statement = CORE_STATEMENT " CASCADE";
	no_mint(ERR_VERIFY, "no permit: the statement is not the one the plan makes");
	c->walk.intent_statement = b.statement = CORE_STATEMENT;
	c->plan.digest[0] = 'f';
	no_mint(ERR_VERIFY, "no permit: the statement is not the one the plan makes");
}
END_TEST

START_TEST(minted_for_the_walks_own_kind_of_target)
{
	c->walk.kind = TARGET_TABLE;
	no_mint(ERR_VERIFY, "no permit: the plan's target is of another kind than the walk's");
	c->walk.kind = TARGET_COLUMN;
	c->plan.recipe = "drop-table";
	no_mint(ERR_VERIFY, "no permit: the plan's target is of another kind than the walk's");
}
END_TEST

START_TEST(minting_judges_every_gate)
{
	c->facts.others.clear = false;
	c->facts.others.who = "walk orders-x";
	no_mint(ERR_GATE, "gate A is shut: A6, no other walk is in the way: another walk is in the way: walk orders-x");
	core_good_facts(c);
	c->facts.watch.last_sighting = c->facts.now - US_DAY;
	ck_assert(mint() == NULL);
	ck_assert_int_eq(e.code, ERR_WAIT);
	core_good_facts(c);
	c->facts.files_intact = false;
	no_mint(ERR_GATE, "gate C is shut: C1, a fresh snapshot, proven within the hour: the snapshot's files no longer have the hashes of the proof");
	core_good_facts(c);
	c->facts.files_at = 0;
	no_mint(ERR_GATE, "gate C is shut: C1, a fresh snapshot, proven within the hour: nobody has looked at the snapshot's files yet");
	core_good_facts(c);
	c->facts.now = 0;
	ck_assert(mint() == NULL);
}
END_TEST

static struct facts under_lock(void)
{
	core_good_facts(c);
	c->facts.locked = true;
	return c->facts;
}

static bool rejudge(struct permit *pm, const struct facts *f)
{
	return permit_rejudge(pm, &c->plan, &c->walk, f, &e);
}

static void refused(struct permit *pm, const struct facts *f, const char *text)
{
	ck_assert_msg(!rejudge(pm, f), "let through: %s", text);
	ck_assert_str_eq(e.msg, text);
}

START_TEST(judged_again_under_the_lock)
{
	struct permit *pm = minted();
	struct facts f = under_lock();
	ck_assert_msg(rejudge(pm, &f), "%s", e.msg);
	f.locked = false;
	refused(pm, &f, "no permit: the facts were not read under the lock");
	f = under_lock();
	f.now += PERMIT_LIFE;
	f.health.at = f.moment.at = f.target.at = f.log.at = f.guard.at = f.now;
	ck_assert_msg(rejudge(pm, &f), "%s", e.msg);
	f.now += 1;
	refused(pm, &f, "the permit has expired: it holds for 60 s");
	ck_assert_int_eq(e.code, ERR_GATE);
	f.now = c->facts.now - 1;
	refused(pm, &f, "no permit: it is not valid at the server's time under the lock");
	ck_assert_int_eq(e.code, ERR_VERIFY);
	f = under_lock();
	f.watch.trip_count++;
	refused(pm, &f, "under the lock: C2, nothing written since that snapshot: it was written to after the final snapshot");
	f.watch.trip_count = -1;
	refused(pm, &f, "under the lock: C2, nothing written since that snapshot: the tripwire's count cannot be read");
	f = under_lock();
	f.moment.in_window = false;
	refused(pm, &f, "under the lock: C3, inside the off-peak window: it is outside the off-peak window");
	f = under_lock();
	f.target.n_blockers = 1;
	f.target.blockers = (const char *[]){ "view public.v" };
	refused(pm, &f, "under the lock: C5, the target is what was documented: the drop would need CASCADE, which gatewalk never uses: view public.v");
	f = under_lock();
	f.target.relid++;
	ck_assert(!rejudge(pm, &f));
	f = under_lock();
	f.log.ledger_agrees = false;
	refused(pm, &f, "under the lock: C6, log, ledger and mark agree: the log and the ledger do not agree");
	f = under_lock();
	f.mark.env = ENV_REHEARSAL;
	refused(pm, &f, "under the lock: C6, log, ledger and mark agree: this database is not what the walk began on: the mark names another environment than the walk");
	f = under_lock();
	c->walk.outcome_known = true;
	refused(pm, &f, "no permit: its intent has an outcome already");
	c->walk.outcome_known = false;
	ck_assert(!permit_rejudge(NULL, &c->plan, &c->walk, &f, &e));
	ck_assert(rejudge(pm, &f));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("permit");
	TCase *t = tcase_create("permit");
	const TTest *const all[] = {
		a_good_one_is_spent_once, times, every_byte_is_sealed, forged_ones, bound_to_each_part, parts_do_not_change_places,
		minted_for_the_open_intent_only, minted_at_the_drop_only, minted_for_the_plans_own_statement,
		minted_for_the_walks_own_kind_of_target, minting_judges_every_gate,
		judged_again_under_the_lock,
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
