/* SPDX-License-Identifier: MIT */
/* The permit for each change of a table that has, or is to get, two columns side by side: for which statement, behind which conditions. */
#include "core/permit.h"

#include "base/text.h"
#include "tests/lib_beside.h"

#define BACK "ALTER TABLE public.orders ALTER COLUMN legacy_total SET DEFAULT 0;\nALTER TABLE public.orders VALIDATE CONSTRAINT x"
#define ON "CREATE TRIGGER zz_gatewalk_dual_001122334455"
#define OFF "DROP TRIGGER zz_gatewalk_dual_001122334455"

/* Where it begins, what it sends, what is asked of it when the permit is made, and once more under the lock. */
static const struct { enum change change; enum stage from, to; const char *statement, *more, *asked, *locked; } changes[] = {
	{ CHANGE_ADD, AT_EXPAND, AT_WRITES, "ALTER TABLE public.orders ADD COLUMN cents bigint", "", "A1 A6 C3 C4 C6", "A1 C3 C6" },
	{ CHANGE_TAKE, AT_WRITES, AT_EXPAND, "ALTER TABLE public.orders DROP COLUMN cents", "'alone':0,", "A6 C4 C6", "C6" },
	{ CHANGE_DUAL, AT_WRITES, AT_BACKFILL, ON, "", "A1 A6 C3 C4 C6", "A1 C3 C6" },
	{ CHANGE_UNDUAL, AT_BACKFILL, AT_WRITES, OFF, "'alone':0,", "A6 C4 C6", "C6" },
	{ CHANGE_RELAX, AT_RELAX, AT_PARITY, "ALTER TABLE public.orders ALTER COLUMN legacy_total DROP NOT NULL", BESIDE_RELAXED, "A6 B4 C3 C4 C6", "B4 C3 C6" },
	{ CHANGE_TIGHTEN, AT_PARITY, AT_RELAX, BACK, "", "A6 C4 C6", "C6" },
	{ CHANGE_END, AT_PARITY, AT_UNUSED, OFF, "'parity':%,", "A6 B3 B4 C4 C6", "B3 B4 C6" },
	{ CHANGE_AGAIN, AT_UNUSED, AT_PARITY, ON, "'alone':0,", "A6 C4 C6", "C6" },
};
#define CHANGES (sizeof changes / sizeof *changes)

static struct permit_binding b;
static struct err e;

static void mac(void *key, const void *data, size_t len, unsigned char out[32])
{
	uint64_t h = 1469598103934665603ull ^ *(unsigned char *)key;
	for (size_t i = 0; i < len; i++)
		h = (h ^ ((const unsigned char *)data)[i]) * 1099511628211ull;
	memset(out, 0, 32);
	memcpy(out, &h, sizeof h);
}

static unsigned char key[1] = "k";
static const struct permit_mac good = { mac, key };

static void facts(void)
{
	beside_good();
	c->facts.target.not_null = !c->walk.relaxed_at;
	c->facts.dual = (struct fact_dual){ .at = c->t, .put = ON, .take = OFF };
}

static void bind(void)
{
	const struct walk *w = &c->walk;
	b = (struct permit_binding){ .sid = w->sid, .plan_digest = w->plan_digest, .statement = w->intent_statement, .snapshot_sha256 = w->first.manifest_sha256,
		.intent_head = w->intent_head, .nonce = w->intent_nonce, .relid = w->relid, .attnum = permit_attnum(w), .intent_n = w->intent_n };
}

/* Stands behind the line of this change, with the statement said. */
static void stand(size_t i, const char *statement)
{
	struct text t = { 0 };
	const char *more = strchr(changes[i].more, '%') ? arena_printf(c->a, "'parity':%lld,", (long long)c->walk.parity_n) : changes[i].more;
	struct json *s = json_obj(c->a);
	json_add_str(s, "s", statement);
	json_write(&t, s);
	char *quoted = arena_dup(c->a, text_str(&t) + 5);   /* behind {"s": */
	quoted[strlen(quoted) - 1] = '\0';
	text_free(&t);
	BESIDE_MUST(core_foldf(c, OP_CHANGE, "{%s'expires':'%s','nonce':'n1','relid':16400,'statement':%s,'statement_sha256':'" CORE_BLOB "','what':'%s','why':''}", more,
		core_time(c->t + 10 * US_MINUTE), quoted, change_name(changes[i].change)));
	facts();
	bind();
	err_clear(&e);
}

static void come_to(const char *arch, size_t i)
{
	beside_start(arch, changes[i].from, true);
	BESIDE_MUST(core_fold(c, OP_DECLARE, "{'key':'','value':'none','what':'releases'}"));
	if (changes[i].change == CHANGE_END)
		BESIDE_MUST(beside_said("writes_new") && beside_parity(0, 0));
}

static struct permit *mint(void)
{
	err_clear(&e);
	return permit_mint(c->a, &c->plan, &c->walk, &c->facts, &b, &good, &e);
}

/* Shuts this condition alone. */
static void shut(const char *id)
{
	struct facts *f = &c->facts;
	switch (id[0] * 10 + id[1]) {
	case 'A' * 10 + '1': f->target.definition_digest[0] = 'b'; break;
	case 'A' * 10 + '6': f->others.clear = false; break;
	case 'B' * 10 + '3': f->backfill.rejects = 1; break;
	case 'B' * 10 + '4': f->parity.mismatches = 1; break;
	case 'B' * 10 + '6': f->watch.last_sighting = f->now - 1; break;
	case 'C' * 10 + '1': f->files_intact = false; break;
	case 'C' * 10 + '2': f->watch.trip_count++; break;
	case 'C' * 10 + '3': f->moment.in_window = false; break;
	case 'C' * 10 + '4': f->health.lock_waiters = 1000; break;
	case 'C' * 10 + '6': f->log.verifies = false; break;
	default: f->guard.stands = false;   /* C9 */
	}
}

static const char *const ids[] = { "A1", "A6", "B3", "B4", "B6", "C1", "C2", "C3", "C4", "C6", "C9" };
static const char *const archs[] = { "rename", "type change" };

START_TEST(each_behind_its_own_conditions)
{
	size_t i = (size_t)_i % CHANGES;
	come_to(archs[(size_t)_i / CHANGES], i);
	stand(i, changes[i].statement);
	c->walk.env = c->facts.mark.env = c->facts.mark.comment_env = c->facts.mark.remembered_env = ENV_REHEARSAL;   /* the window is asked for */
	facts();
	ck_assert_str_eq(permit_statement(c->a, &c->plan, &c->walk, &c->facts), changes[i].statement);
	struct permit *pm = mint();
	ck_assert_msg(pm != NULL, "%s", e.msg);
	ck_assert_int_eq(b.attnum, changes[i].change == CHANGE_TAKE ? 8 : 7);
	struct walk before = c->walk;
	before.stage = changes[i].from;
	ck_assert(walk_change_may(&before, changes[i].change) && !walk_change_may(&before, CHANGE_NONE) && !walk_change_may(&before, (enum change)99));
	before.stage = AT_DROPPING;
	ck_assert(!walk_change_may(&before, changes[i].change));
	ck_assert_int_eq(walk_change_to(&c->walk), changes[i].to);
	for (size_t k = 0; k < sizeof ids / sizeof *ids; k++) {
		facts();
		shut(ids[k]);
		bool asked = strstr(changes[i].asked, ids[k]), locked = strstr(changes[i].locked, ids[k]);
		ck_assert_msg((mint() == NULL) == asked, "%s: %s is %sasked for, %s", change_name(changes[i].change), ids[k], asked ? "" : "not ", e.msg);
		ck_assert_msg(!asked || strstr(e.msg, ids[k]), "%s", e.msg);
		c->facts.locked = true;
		err_clear(&e);
		ck_assert_msg(permit_rejudge(pm, &c->plan, &c->walk, &c->facts, &e) == !locked, "%s: under the lock %s is %sasked for, %s", change_name(changes[i].change), ids[k],
			locked ? "" : "not ", e.msg);
		ck_assert_msg(!locked || strstr(e.msg, ids[k]), "%s", e.msg);
	}
}
END_TEST

/* At no other stage, and for no other change's statement. */
START_TEST(for_its_own_line_alone)
{
	size_t i = (size_t)_i;
	come_to("rename", i);
	stand(i, changes[i].statement);
	enum stage at = c->walk.stage;
	for (enum stage s = AT_NOWHERE; s < STAGE_COUNT; s++) {
		c->walk.stage = s;
		ck_assert_msg((mint() != NULL) == (s == AT_CHANGING || s == AT_ENDING), "at %s: %s", stage_name(s), e.msg);
	}
	c->walk.stage = at;
	c->walk.change = CHANGE_NONE;
	ck_assert(!mint());
	ck_assert_str_eq(e.msg, "no permit: no intent stands in the log");
	for (size_t k = 0; k < CHANGES; k++) {
		c->walk.change = changes[k].change;
		c->walk.relaxed_at = changes[k].change == CHANGE_TIGHTEN;
		facts();
		bind();
		ck_assert_msg(mint() == NULL || strcmp(changes[k].statement, changes[i].statement) == 0, "%s with the statement of %s", change_name(changes[k].change),
			change_name(changes[i].change));
	}
}
END_TEST

START_TEST(expired)
{
	come_to("rename", 0);
	stand(0, changes[0].statement);
	c->facts.now = c->walk.intent_expires + 1;
	ck_assert(!mint());
	ck_assert_str_eq(e.msg, "no permit: its intent expired before it was sent");
}
END_TEST

/* What the catalogue was not asked for is no statement; what it says anew under the lock is another one. */
START_TEST(what_the_table_says)
{
	size_t dual = 2, relax = 4;
	come_to("rename", dual);
	stand(dual, changes[dual].statement);
	struct permit *pm = mint();
	ck_assert_msg(pm != NULL, "%s", e.msg);
	c->facts.dual.put = NULL;
	ck_assert_str_eq(permit_statement(c->a, &c->plan, &c->walk, &c->facts), "");
	ck_assert(!mint());
	ck_assert_str_eq(e.msg, "no permit: the statement is not the one the plan makes");
	BESIDE_MUST(beside_changed("done", 0));
	beside_to(AT_RELAX, true);
	stand(relax, changes[relax].statement);
	ck_assert_msg((pm = mint()), "%s", e.msg);
	c->facts.locked = true;
	ck_assert_msg(permit_rejudge(pm, &c->plan, &c->walk, &c->facts, &e), "%s", e.msg);
	c->facts.target.def = "0";
	ck_assert(!permit_rejudge(pm, &c->plan, &c->walk, &c->facts, &e));
	ck_assert_str_eq(e.msg, "under the lock: what the table has asks for another statement than the one that was signed");
	c->facts.target.def = NULL;
	c->facts.target.not_null = false;   /* nothing is left to be taken off */
	ck_assert(!mint());
}
END_TEST

/* The way back is kept by the line that takes it off. */
START_TEST(the_way_back_is_noted)
{
	static const struct { const char *back, *why; } bad[] = {
		{ "", "field \"back\" is missing or empty" }, { "'back':'x',", "field \"back\" is missing or empty" }, { "'back':[],", "field \"back\" is missing or empty" },
		{ "'back':['x',7],", "field \"back\" has something that is no statement" }, { "'back':[''],", "field \"back\" has something that is no statement" },
		{ BESIDE_BACK, "field \"default\" is missing or no text" },
	};
	beside_start("rename", AT_RELAX, true);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		refused(OP_CHANGE, arena_printf(c->a, "{%s'expires':'" PROVED "','nonce':'n1','relid':16400,'statement':'x','statement_sha256':'" CORE_BLOB "','what':'relax','why':''}", bad[i].back),
			bad[i].why);
	BESIDE_MUST(beside_done("relax", BESIDE_RELAXED));
	ck_assert_uint_eq(c->walk.n_tighten, 2);
	ck_assert_str_eq(c->walk.old_default, "0");
	ck_assert_str_eq(c->walk.tighten[1], "ALTER TABLE public.orders VALIDATE CONSTRAINT x");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("permit_change");
	TCase *t = tcase_create("permit_change");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, each_behind_its_own_conditions, 0, (int)(2 * CHANGES));
	tcase_add_loop_test(t, for_its_own_line_alone, 0, (int)CHANGES);
	tcase_add_test(t, expired);
	tcase_add_test(t, what_the_table_says);
	tcase_add_test(t, the_way_back_is_noted);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return test_main(suite());
}
