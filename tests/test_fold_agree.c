/* SPDX-License-Identifier: MIT */
/* The fold of resync and rebind: what stands, what counts anew, and each refusal with its text. */
#include "tests/fold_harness.h"

#define INSTALL "11111111-2222-3333-4444-555555555555"
#define OLD_DB "7000000000000000001.16384." INSTALL
#define NEW_DB "7000000000000000002.16999." INSTALL

static const char *body(long long last, long long mirrored, const char *drop, const char *snapshot, const char *to)
{
	return arena_printf(c->a, "{'drop':'%s','last_head':'%s','last_n':%lld,'lsn_was':'0/1','mirrored':%lld,'snapshot':'%s','tli_was':1,'to':'%s',"
		"'typed':'orders','why':'failed over'}", drop, last < 0 ? "" : CORE_HEAD, last, mirrored, snapshot, to);
}

static bool resync(long long last, const char *drop, const char *snapshot, const char *to)
{
	return core_fold(c, OP_RESYNC, body(last, c->walk.n, drop, snapshot, to));
}

/* At each stage: where it leads, and what is left of what was counted. */
START_TEST(resync_counts_anew)
{
	for (enum stage at = AT_SNAPSHOT; at <= AT_CLOSED; at = core_after(at)) {
		core_free(c);
		c = core_new(ENV_PRODUCTION);
		core_walk_to(c, at);
		enum stage to = at >= AT_FINAL && at <= AT_DROPPING ? AT_UNUSED : at == AT_LOG ? AT_MONITOR : at;
		int64_t a = c->walk.gate_passed[0], t = c->t;
		bool after = at >= AT_MONITOR;
		ck_assert_msg(resync(after ? c->walk.n - 1 : c->walk.n - 2, after ? "stands" : "none", "stands", stage_name(to)), "%s: %s", stage_name(at), c->err.msg);
		const struct walk *w = &c->walk;
		ck_assert_int_eq(w->stage, to);
		ck_assert_int_eq(w->agreed_n, w->n - 1);
		ck_assert_int_eq(w->agreed_last, after ? w->n - 2 : w->n - 3);
		if (after) {
			ck_assert(w->dropped && w->final.begun);
			ck_assert(at == AT_CLOSED || (w->watch_from == t && !w->confirmed[ITEM_MONITOR]));
			continue;
		}
		ck_assert(!w->quiet_since && !w->final.begun && !w->gate_passed[1] && !w->gate_passed[2] && !w->baseline_at);
		ck_assert_int_eq(w->gate_passed[0], at > AT_GATE_A ? a : 0);
	}
}
END_TEST

START_TEST(an_open_drop_came_to_nothing)
{
	core_walk_to(c, AT_DROPPING);
	ck_assert(!c->walk.outcome_known);
	refused(OP_RESYNC, body(c->walk.intent_n, c->walk.n, "none", "stands", "nobody uses it"), "the ledger has an entry of the open drop: its outcome comes first");
	ck_assert_msg(resync(c->walk.intent_n - 1, "none", "stands", "nobody uses it"), "%s", c->err.msg);
	ck_assert(c->walk.outcome_known && !c->walk.dropped);
}
END_TEST

START_TEST(a_lost_drop)
{
	static const enum stage at[] = { AT_MONITOR, AT_LOG, AT_CLOSED };
	for (size_t i = 0; i < 3; i++) {
		core_free(c);
		c = core_new(ENV_PRODUCTION);
		core_walk_to(c, at[i]);
		int64_t t = c->t;
		const char *to = at[i] == AT_CLOSED ? "closed" : "nobody uses it";
		refused(OP_RESYNC, body(c->walk.intent_n - 1, 0, "stands", "stands", to), "field \"drop\" is not what log and ledger say");
		ck_assert_msg(resync(c->walk.intent_n - 1, "lost", "stands", to), "%s", c->err.msg);
		ck_assert(!c->walk.dropped && !c->walk.dropped_at && !c->walk.schema_logged && c->walk.drop_lost_at == t);
	}
}
END_TEST

START_TEST(the_first_snapshot_may_be_lost)
{
	core_walk_to(c, AT_UNUSED);
	long long first = c->walk.first_n;
	refused(OP_RESYNC, body(first - 1, first, "none", "stands", "nobody uses it"), "the first snapshot is younger than the database, and cannot stand");
	refused(OP_RESYNC, body(first - 1, first, "none", "again", "nobody uses it"), "it leads to \"snapshot\"");
	ck_assert_msg(core_fold(c, OP_RESYNC, body(first - 1, first, "none", "again", "snapshot")), "%s", c->err.msg);
	ck_assert(!c->walk.first.begun && !c->walk.gate_passed[0] && !c->walk.confirmed[ITEM_ARCHETYPE]);
	core_free(c);
	c = core_new(ENV_PRODUCTION);
	core_walk_to(c, AT_MONITOR);
	refused(OP_RESYNC, body(c->walk.n - 1, c->walk.n, "stands", "again", "snapshot"), "it may not stand at \"monitor\"");
}
END_TEST

START_TEST(resync_says_what_it_must)
{
	core_walk_to(c, AT_CONSUMERS);
	long long n = c->walk.n;
	refused(OP_RESYNC, body(n, n, "none", "stands", "consumers"), "field \"last_n\" is missing or no line before this one");
	refused(OP_RESYNC, body(n - 1, n + 1, "none", "stands", "consumers"), "field \"mirrored\" counts lines that are not there");
	refused(OP_RESYNC, "{'last_head':'ab','last_n':0,'mirrored':0}", "field \"last_head\" does not fit the entry it names");
	refused(OP_RESYNC, "{'last_head':'ab','last_n':-1,'mirrored':0}", "field \"last_head\" does not fit the entry it names");
	refused(OP_RESYNC, "{'last_n':-1}", "field \"last_head\" is missing or no text");
	refused(OP_RESYNC, "{'last_head':'','last_n':-1,'mirrored':0,'drop':'none','tli_was':1,'lsn_was':'','typed':'x','why':''}", "field \"why\" is empty");
	refused(OP_RESYNC, body(n - 1, n, "none", "maybe", "consumers"), "field \"snapshot\" has an unknown word");
	ck_assert_msg(core_fold(c, OP_RESYNC, body(-1, n, "none", "stands", "consumers")), "%s", c->err.msg);
	ck_assert_int_eq(c->walk.agreed_last, -1);
}
END_TEST

START_TEST(a_walk_that_was_left_may_be_brought_together)
{
	core_walk_to(c, AT_CONSUMERS);
	taken(OP_LEAVE, "{'why':'no longer'}");
	ck_assert_msg(resync(c->walk.n - 1, "none", "stands", "left"), "%s", c->err.msg);
	ck_assert_int_eq(c->walk.stage, AT_LEFT);
}
END_TEST

/* A closed walk stays closed, whatever became of its snapshot: nothing rests on it any more. */
START_TEST(a_closed_walk_asks_for_no_snapshot)
{
	core_walk_to(c, AT_CLOSED);
	ck_assert_msg(core_fold(c, OP_RESYNC, body(-1, 0, "lost", "stands", "closed")), "%s", c->err.msg);
	ck_assert(c->walk.first.begun && !c->walk.dropped);
}
END_TEST

/* No log leads to these states. What has no row in the table does not move. */
START_TEST(no_row_means_no)
{
	core_walk_to(c, AT_MONITOR);
	c->walk.stage = AT_LEFT;
	refused(OP_RESYNC, body(c->walk.intent_n - 1, 0, "lost", "stands", "left"), "it may not stand at \"left\"");
	c->walk.stage = AT_NOWHERE;
	refused(OP_SIGHTING, "{'at':'" PROVED "','consumer':'x','counts':1,'source':'s','text':'t','touch':'read','who':'w'}", "it may not stand at \"nowhere\"");
}
END_TEST

static bool rebind(const char *from, const char *into, const char *db, const char *more)
{
	struct record r = core_record(c, OP_REBIND, arena_printf(c->a, "{'attnum':6,'from':'%s','into':'%s','last_head':'%s','lsn_was':'0/1','relid':17000,"
		"'server':'shop@db2','tli_was':1,'typed':'orders','why':'upgraded',%s}", from, into, CORE_HEAD, more));
	r.db = db;
	err_clear(&c->err);
	c->t += US_MINUTE;
	return walk_fold(&c->walk, &r, &c->err);
}

static void not_rebound(const char *from, const char *into, const char *db, const char *text)
{
	const struct walk had = c->walk;
	ck_assert(!rebind(from, into, db, "'drop':'none','last_n':0,'mirrored':1,'to':'snapshot'"));
	ck_assert_str_eq(c->err.msg, arena_printf(c->a, "log line %lld (rebind): %s", (long long)had.n, text));
	ck_assert(memcmp(&had, &c->walk, sizeof had) == 0);
}

START_TEST(rebind_switches_the_database)
{
	core_walk_to(c, AT_UNUSED);
	not_rebound("1.2.x", NEW_DB, NEW_DB, "it moves the walk from another database than the one it was in");
	not_rebound(OLD_DB, OLD_DB, OLD_DB, "it moves the walk to the database it was in");
	not_rebound(OLD_DB, NEW_DB, OLD_DB, "field \"into\" is not the database that the line speaks of");
	not_rebound(OLD_DB, "7.8.other", "7.8.other", "it moves the walk to another ledger");
	not_rebound(OLD_DB, "7", "7", "it moves the walk to another ledger");
	c->walk.db = "7";
	not_rebound("7", NEW_DB, NEW_DB, "it moves the walk to another ledger");
	c->walk.db = OLD_DB;
	not_rebound("", NEW_DB, NEW_DB, "field \"from\" is empty");
	c->walk.stage = AT_NOWHERE;
	not_rebound(OLD_DB, NEW_DB, NEW_DB, "it may not stand at \"nowhere\"");
	c->walk.stage = AT_UNUSED;
	c->walk.dropped = true;
	c->walk.intent_n = 1;
	ck_assert(!rebind(OLD_DB, NEW_DB, NEW_DB, "'drop':'lost','last_n':0,'mirrored':1,'to':'snapshot'"));
	ck_assert_msg(strstr(c->err.msg, "it may not stand at \"nobody uses it\"") != NULL, "%s", c->err.msg);
	c->walk.dropped = false;
	c->walk.intent_n = -1;
	ck_assert_msg(rebind(OLD_DB, NEW_DB, NEW_DB, "'drop':'none','last_n':0,'mirrored':1,'to':'snapshot'"), "%s", c->err.msg);
	const struct walk *w = &c->walk;
	ck_assert_str_eq(w->db, NEW_DB);
	ck_assert_uint_eq(w->relid, 17000);
	ck_assert_int_eq(w->attnum, 6);
	ck_assert(w->stage == AT_SNAPSHOT && !w->first.begun && !w->drill.at && !w->gate_passed[0] && !w->quiet_since);
	ck_assert(!core_fold(c, OP_DECLARE, "{'key':'','value':'none','what':'releases'}"));
	ck_assert_msg(strstr(c->err.msg, "it belongs to another walk or database") != NULL, "%s", c->err.msg);
}
END_TEST

START_TEST(rebind_after_the_drop)
{
	core_walk_to(c, AT_LOG);
	int64_t t = c->t;
	ck_assert(!rebind(OLD_DB, NEW_DB, NEW_DB, "'drop':'lost','last_n':0,'mirrored':1,'to':'monitor'"));
	ck_assert_msg(rebind(OLD_DB, NEW_DB, NEW_DB, arena_printf(c->a, "'drop':'stands','last_n':%lld,'mirrored':1,'to':'monitor'", (long long)c->walk.n - 1)), "%s", c->err.msg);
	ck_assert(c->walk.stage == AT_MONITOR && c->walk.dropped && c->walk.first.begun && c->walk.watch_from > t);
	core_free(c);
	c = core_new(ENV_PRODUCTION);
	core_walk_to(c, AT_MONITOR);
	ck_assert_msg(rebind(OLD_DB, NEW_DB, NEW_DB, "'drop':'lost','last_n':0,'mirrored':1,'to':'snapshot'"), "%s", c->err.msg);
	ck_assert(!c->walk.dropped && c->walk.stage == AT_SNAPSHOT);
	core_free(c);
	c = core_new(ENV_PRODUCTION);
	core_walk_to(c, AT_CONSUMERS);
	taken(OP_LEAVE, "{'why':'no longer'}");
	not_rebound(OLD_DB, NEW_DB, NEW_DB, "the walk was left");
}
END_TEST

START_TEST(states_have_words)
{
	const char *does;
	for (int s = LOG_AGREES + 1; s < LOG_STATE_COUNT; s++) {
		ck_assert_ptr_nonnull(log_state_why((enum log_state)s));
		ck_assert_uint_le(strlen(log_state_brief((enum log_state)s)), 72);
		const char *command = log_state_command((enum log_state)s, &does);
		ck_assert((command == NULL) == (does == NULL));
	}
	ck_assert_ptr_null(log_state_why(LOG_AGREES));
	ck_assert_ptr_null(log_state_why(LOG_STATE_COUNT));
	ck_assert_ptr_null(log_state_brief(LOG_STATE_COUNT));
	ck_assert_ptr_null(log_state_command(LOG_STATE_COUNT, &does));
	ck_assert_str_eq(log_state_command(LOG_MOVED, &does), "rebind");
	ck_assert(log_state_resyncs(LOG_DROP_LOST) && !log_state_resyncs(LOG_MOVED));
}
END_TEST

int main(void)
{
	TCase *t = tcase_create("agree");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, resync_counts_anew);
	tcase_add_test(t, an_open_drop_came_to_nothing);
	tcase_add_test(t, a_lost_drop);
	tcase_add_test(t, the_first_snapshot_may_be_lost);
	tcase_add_test(t, resync_says_what_it_must);
	tcase_add_test(t, a_walk_that_was_left_may_be_brought_together);
	tcase_add_test(t, a_closed_walk_asks_for_no_snapshot);
	tcase_add_test(t, no_row_means_no);
	tcase_add_test(t, rebind_switches_the_database);
	tcase_add_test(t, rebind_after_the_drop);
	tcase_add_test(t, states_have_words);
	Suite *s = suite_create("fold_agree");
	suite_add_tcase(s, t);
	return test_main(s);
}
