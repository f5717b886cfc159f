/* SPDX-License-Identifier: MIT */
/* A walk that adds a column, brought along line by line. */
#ifndef GW_TESTS_ADDED_HARNESS_H
#define GW_TESTS_ADDED_HARNESS_H

#include "tests/fold_harness.h"

#define BEGIN "{'archetype':'%s','attnum':%d,'day_us':86400000000,'environment':'staging','gatewalk':'0.1.0','install_id':'11111111-2222-3333-4444-555555555555'," \
	"'kind':'%s','name':'orders-add-note','plan':'" CORE_PLAN "','relid':16400,'server':'shop@db1','signers':'" CORE_BLOB "','target':'public.orders.note'}"
#define SNAPSHOT "{'blob':'" CORE_BLOB "','kind':'snapshot','role':'first','fact':{'attnum':0,'begun':'" PROVED "','bytes':1024,'dboid':16384,'definition_digest':'" CORE_DIGEST \
	"','equal':1,'id':'3f1c','manifest_sha256':'" CORE_MANIFEST "','path':'/snap/3f1c','proved':'" PROVED "','relid':16400,'rows':9,'scope':'table'," \
	"'sysid':'7000000000000000001','trip_count':-1,'values':9}}"
#define CHANGE(what, relid) "{'expires':'" PROVED "','nonce':'n1','relid':" relid ",'statement':'ALTER TABLE','statement_sha256':'" CORE_BLOB "','what':'" what "','why':''}"

static inline bool changed(const char *result, int attnum, int64_t intent)
{
	bool done = strcmp(result, "done") == 0;
	return core_foldf(c, OP_CHANGED, "{'at':'%s','attnum':%d,'held_us':1,'intent':%lld,'lock_us':1,'result':'%s','why':'','xid':'7'}", done ? core_time(c->t) : "", attnum,
		(long long)intent, result);
}

static inline void says(enum record_op op, const char *body)
{
	ck_assert_msg(core_fold(c, op, body), "%s", c->err.msg);
}

static inline void to_expand(void)
{
	ck_assert_msg(core_foldf(c, OP_BEGIN, BEGIN, "additive", 0, "new column"), "%s", c->err.msg);
	says(OP_EVIDENCE, SNAPSHOT);
	says(OP_CONFIRM, "{'item':2,'typed':'additive'}");
	says(OP_CONFIRM, "{'item':3,'typed':'1.20'}");
	ck_assert(core_gate(c, 'A'));
	ck_assert_int_eq(c->walk.stage, AT_EXPAND);
}

static inline void to_writes(void)
{
	to_expand();
	says(OP_CHANGE, CHANGE("add", "16400"));
	ck_assert_int_eq(c->walk.change, CHANGE_ADD);
	ck_assert_msg(changed("done", 8, c->walk.n - 1), "%s", c->err.msg);
	ck_assert_int_eq(c->walk.stage, AT_WRITES);
}

static inline void back(enum stage from, enum stage to)
{
	ck_assert_msg(core_foldf(c, OP_BACK, "{'from':'%s','to':'%s','why':'x'}", stage_name(from), stage_name(to)), "%s", c->err.msg);
	ck_assert_int_eq(c->walk.stage, to);
}

static inline void additive_plan(void)
{
	c->plan.archetype = ARCH_ADDITIVE;
	c->plan.recipe = "add-column";
	c->plan.column = "note";
	c->plan.add_type = "text";
	c->plan.statement = "alter table orders add note text";
	c->plan.n_falls = 0;
	c->plan.has_falls = false;
	core_good_facts(c);
	c->facts.target.attnum = 0;
	c->facts.target.n_falls = 0;
}

#endif
