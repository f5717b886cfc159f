/* SPDX-License-Identifier: MIT */
/* A walk with two columns side by side, line by line: what test_beside.c, test_beside_paths.c and test_fold_fields.c share. */
#ifndef GW_TESTS_LIB_BESIDE_H
#define GW_TESTS_LIB_BESIDE_H

#include "tests/fold_harness.h"

#define BESIDE_FACT "'attnum':7,'begun':'" PROVED "','bytes':1024,'dboid':16384,'definition_digest':'" CORE_DIGEST "','equal':1,'id':'3f1c','manifest_sha256':'" CORE_MANIFEST \
	"','path':'/snap/3f1c','proved':'" PROVED "','relid':16400,'rows':9,'scope':'column','sysid':'7000000000000000001','trip_count':42,'values':9"

#define BESIDE_BACK "'back':['ALTER TABLE public.orders ALTER COLUMN legacy_total SET DEFAULT 0','ALTER TABLE public.orders VALIDATE CONSTRAINT x'],"
#define BESIDE_RELAXED BESIDE_BACK "'default':'0',"

static inline bool beside_begin(const char *arch, const char *env)
{
	return core_foldf(c, OP_BEGIN, "{'archetype':'%s','attnum':7,'day_us':86400000000,'environment':'%s','gatewalk':'0.1.0',"
		"'install_id':'11111111-2222-3333-4444-555555555555','kind':'column','name':'orders-rename','plan':'" CORE_PLAN "','relid':16400,'server':'shop@db1',"
		"'signers':'" CORE_BLOB "','target':'public.orders.legacy_total'}", arch, env);
}

/* more: further fields, each with its comma behind. */
static inline bool beside_change(const char *what, const char *more)
{
	return core_foldf(c, OP_CHANGE, "{%s'expires':'%s','nonce':'n1','relid':16400,'statement':'ALTER TABLE','statement_sha256':'" CORE_BLOB "','what':'%s','why':''}", more,
		core_time(c->t + US_MINUTE), what);
}

static inline bool beside_changed(const char *result, int attnum)
{
	bool done = strcmp(result, "done") == 0;
	return core_foldf(c, OP_CHANGED, "{'at':'%s','attnum':%d,'held_us':1,'intent':%lld,'lock_us':1,'result':'%s','why':'','xid':'7'}", done ? core_time(c->t) : "", attnum,
		(long long)c->walk.intent_n, result);
}

static inline bool beside_done(const char *what, const char *more)
{
	return beside_change(what, more) && beside_changed("done", strcmp(what, "add") == 0 ? 8 : 0);
}

static inline bool beside_snapshot(const char *role)
{
	return core_foldf(c, OP_EVIDENCE, "{'blob':'" CORE_BLOB "','kind':'snapshot','role':'%s','fact':{" BESIDE_FACT "}}", role);
}

static inline bool beside_confirm(int item)
{
	return core_foldf(c, OP_CONFIRM, "{%s'item':%d,'typed':'x'}", item == 5 ? "'backfill':1," : "", item);
}

static inline bool beside_said(const char *what)
{
	return core_foldf(c, OP_DECLARE, "{'key':'web','value':'1.21 ended','what':'%s'}", what) &&
		core_foldf(c, OP_DECLARE, "{'key':'workers','value':'1.21 ended','what':'%s'}", what);
}

static inline bool beside_filled(int left)
{
	return core_foldf(c, OP_EVIDENCE, "{'blob':'" CORE_BLOB "','counted':'%s','filled':9,'kind':'backfill','left':%d,'passes':1,'rejects':0}", core_time(c->t), left);
}

/* A pass that began a second ago and has just ended. */
static inline bool beside_parity(int mismatches, int64_t covers)
{
	return core_foldf(c, OP_EVIDENCE, "{'began':'%s','blob':'" CORE_BLOB "','covers':'%s','ended':'%s','first':'%s','kind':'parity','mismatches':%d,'round':3,'rows':9}",
		core_time(c->t - US_SECOND), covers ? core_time(covers) : "", core_time(c->t), mismatches ? "id 7" : "", mismatches);
}

static inline bool beside_back(enum stage to, const char *more)
{
	return core_foldf(c, OP_BACK, "{%s'from':'%s','to':'%s','why':'x'}", more, stage_name(c->walk.stage), stage_name(to));
}

static inline bool beside_quiet(void)
{
	return core_foldf(c, OP_QUIET, "{'parity':%lld}", (long long)c->walk.parity_n);
}

static inline bool beside_end(void)
{
	return beside_done("end dual write", arena_printf(c->a, "'parity':%lld,", (long long)c->walk.parity_n));
}

static inline bool beside_intent(void)
{
	return core_foldf(c, OP_INTENT, "{'attnum':7,'expires':'%s','nonce':'n1','relid':16400,'snapshot':'" CORE_MANIFEST "','statement':'" CORE_STATEMENT
		"','statement_sha256':'" CORE_BLOB "'}", core_time(c->t + US_MINUTE));
}

static inline bool beside_outcome(const char *result)
{
	return core_foldf(c, OP_OUTCOME, "{'at':'%s','held_us':21000,'intent':%lld,'lock_us':5,'result':'%s','why':'','xid':'99'}", core_time(c->t), (long long)c->walk.intent_n, result);
}

/* The lines that lead on from where the walk stands, waits included. */
static inline bool beside_on(bool trigger)
{
	bool rename = c->walk.archetype == ARCH_RENAME;
	int window = archetype_window_floor(c->walk.archetype), unused = archetype_unused_floor(c->walk.archetype);
	switch (c->walk.stage) {
	case AT_SNAPSHOT: return beside_snapshot("first") && core_drill(c, true);
	case AT_ARCHETYPE: return beside_confirm(2);
	case AT_DOCUMENT: return beside_confirm(3);
	case AT_GATE_A: return core_gate(c, 'A');
	case AT_CONSUMERS: return beside_confirm(4);
	case AT_EXPAND: return beside_done("add", "");
	case AT_WRITES: return trigger ? beside_done("dual write", "") : beside_said("writes_both") && beside_confirm(5);
	case AT_BACKFILL: return beside_filled(0);
	case AT_WINDOW:
		if (rename && !beside_said("reads_both"))
			return false;
		c->t += window * c->walk.day_us;
		return beside_confirm(7);
	case AT_COPY: return beside_snapshot("reads");
	case AT_READS: return beside_said("reads_moved") && beside_confirm(8);
	case AT_RELAX: return c->walk.relaxed_at ? beside_confirm(9) : beside_done("relax", BESIDE_RELAXED);
	case AT_PARITY: return beside_said("writes_new") && beside_parity(0, 0) && (trigger ? beside_end() : beside_quiet());
	case AT_UNUSED:
		c->t += unused * c->walk.day_us;
		return core_gate(c, 'B');
	case AT_FINAL: return beside_snapshot("final");
	case AT_GATE_C: return core_gate(c, 'C');
	case AT_ARMED: return beside_intent();
	case AT_DROPPING: return beside_outcome("dropped");
	case AT_MONITOR:
		c->t += 3 * c->walk.day_us;
		return beside_confirm(12);
	case AT_LOG: return core_fold(c, OP_SCHEMA_LOG, "{'blob':'" CORE_BLOB "'}") && core_fold(c, OP_CLOSE, "{}");
	default: return false;
	}
}

/* One step back from where the walk stands, by a word or a change. */
static inline bool beside_back_one(bool trigger)
{
	enum stage to;
	enum change ch = walk_back_change(&c->walk);
	bool bounds = c->walk.stage == AT_BACKFILL || c->walk.stage == AT_UNUSED;
	const char *alone = ch == CHANGE_TAKE || ch == CHANGE_UNDUAL || ch == CHANGE_AGAIN || (!trigger && bounds) ? "'alone':0," : "";
	if (ch != CHANGE_NONE)
		return beside_done(change_name(ch), alone);
	return walk_back(&c->walk, &to) && beside_back(to, alone);
}

static inline void beside_to(enum stage s, bool trigger)
{
	while (c->walk.stage != s)
		if (!beside_on(trigger))
			ck_abort_msg("at %s: %s", stage_name(c->walk.stage), c->err.msg);
}

#define BESIDE_MUST(x) ck_assert_msg(x, "%s", c->err.msg)

static struct plan_pause beside_pause = { .when = "replication lag", .above = 5, .has_above = true };

static inline void beside_start(const char *arch, enum stage to, bool trigger)
{
	bool rename = arch[0] == 'r';
	c->plan.archetype = rename ? ARCH_RENAME : ARCH_TYPE;
	c->plan.recipe = rename ? "rename-column" : "change-type";
	c->plan.statement = NULL;
	c->plan.add_column = "cents";
	c->plan.add_type = "bigint";
	c->plan.convert_to = rename ? NULL : "legacy_total * 100";
	c->plan.dual_write = trigger ? "trigger" : "application";
	c->plan.unused_days = archetype_unused_floor(c->plan.archetype);
	c->plan.longest_job_days = 1;
	plan_finish(c->a, &c->plan);
	c->plan.backfill.pauses = &beside_pause;
	c->plan.backfill.n_pauses = 1;
	BESIDE_MUST(beside_begin(arch, "staging"));
	beside_to(to, trigger);
}

/* The facts of a good day, those of item 6 and the comparison among them. */
static inline void beside_good(void)
{
	core_good_facts(c);
	c->facts.backfill = (struct fact_backfill){ .at = c->t, .begun = true, .counted_at = c->t, .done = true, .pass = 1, .share = 1 };
	c->facts.trigger = (struct fact_trigger){ .at = c->t };
	c->facts.parity = (struct fact_parity){ .at = c->t, .round = 4, .began = c->t - US_SECOND, .ended = c->t, .rows = 61204118, .covers = c->walk.ended_at };
}

#endif
