/* SPDX-License-Identifier: MIT */
#include "tests/lib_core.h"

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/when.h"
#include "port/jsonread.h"

#define INSTALL "11111111-2222-3333-4444-555555555555"
#define DB "7000000000000000001.16384." INSTALL

const char *core_time(int64_t t)
{
	static char bufs[5][WHEN_MAX];
	static int next;
	next = (next + 1) % 5;
	return when_iso(t, bufs[next]);
}

static void make_plan(struct core *c)
{
	struct plan *p = &c->plan;
	plan_defaults(p);
	memcpy(p->digest, CORE_PLAN, sizeof p->digest);
	p->name = "orders-drop-legacy-total";
	p->archetype = ARCH_DESTRUCTIVE;
	p->recipe = "drop-column";
	p->schema = "public";
	p->table = "orders";
	p->column = "legacy_total";
	p->statement = "alter table orders drop column legacy_total;";
	p->before = p->after = p->why = p->way_back = p->leaves_behind = p->api_contract = "said";
	p->rollback_floor = "1.20";
	p->falls = c->falls;
	c->falls[0] = "index public.orders_legacy";
	p->n_falls = 1;
	p->has_falls = true;
	c->deploys[0].name = "web";
	c->deploys[1].name = "workers";
	p->deploys = c->deploys;
	p->n_deploys = 2;
	c->declared[0].name = "looker";
	p->consumers = c->declared;
	p->n_consumers = 1;
	p->zone = "Europe/Berlin";
	p->sync_standby = "db2";
}

struct core *core_new(enum env env)
{
	struct arena *a = arena_new();
	struct core *c = arena_alloc(a, sizeof *c);
	c->a = a;
	c->t = CORE_BEGUN;
	make_plan(c);
	walk_init(&c->walk, a);
	c->walk.env = env;
	return c;
}

void core_free(struct core *c)
{
	arena_free(c->a);
}

struct record core_record(struct core *c, enum record_op op, const char *body)
{
	char *text = arena_dup(c->a, body);
	for (char *s = text; *s; s++)
		if (*s == '\'')
			*s = '"';
	struct record r = {
		.n = c->walk.n, .op = op, .sid = CORE_SID, .db = DB, .who = "oper1@bastion", .t = c->t, .local = c->t,
		.b = json_read(c->a, text, strlen(text), &c->err), .signature = record_op_signed(op) ? "sig" : NULL,
	};
	if (!r.b)
		ck_abort_msg("body %s: %s", text, c->err.msg);
	memcpy(r.prev, CORE_HEAD, sizeof r.prev);
	memcpy(r.head, CORE_HEAD, sizeof r.head);
	return r;
}

bool core_fold(struct core *c, enum record_op op, const char *body)
{
	struct record r = core_record(c, op, body);
	err_clear(&c->err);
	c->t += US_MINUTE;
	if (!walk_fold(&c->walk, &r, &c->err))
		return false;
	ck_assert_int_lt(r.n, (int64_t)(sizeof c->records / sizeof *c->records));
	c->records[r.n] = r;
	return true;
}

bool core_foldf(struct core *c, enum record_op op, const char *fmt, ...)
{
	char *body;
	va_list ap;
	va_start(ap, fmt);
	if (vasprintf(&body, fmt, ap) < 0)
		abort();
	va_end(ap);
	bool ok = core_fold(c, op, body);
	free(body);
	return ok;
}

static bool begin(struct core *c)
{
	enum env env = c->walk.env;
	return core_foldf(c, OP_BEGIN, "{'attnum':7,'day_us':%lld,'environment':'%s','gatewalk':'0.1.0','install_id':'" INSTALL "',"
		"'name':'orders-drop-legacy-total','plan':'" CORE_PLAN "','relid':16400,'server':'shop@db1','signers':'" CORE_BLOB "',"
		"'target':'public.orders.legacy_total'}", env == ENV_REHEARSAL ? (long long)US_SECOND : (long long)US_DAY, env_name(env));
}

bool core_snapshot(struct core *c, const char *role, bool equal)
{
	return core_foldf(c, OP_EVIDENCE, "{'blob':'" CORE_BLOB "','kind':'snapshot','role':'%s','fact':{'attnum':7,'begun':'%s','bytes':1024,"
		"'dboid':16384,'definition_digest':'" CORE_DIGEST "','equal':%d,'id':'3f1c','manifest_sha256':'" CORE_MANIFEST "',"
		"'path':'/snap/3f1c','proved':'%s','relid':16400,'rows':61204118,'scope':'column','sysid':'7000000000000000001',"
		"'trip_count':42,'values':61204118}}", role, core_time(c->t - 5 * US_SECOND), equal, equal ? core_time(c->t - US_SECOND) : "");
}

bool core_drill(struct core *c, bool passed)
{
	return core_foldf(c, OP_EVIDENCE, "{'blob':'" CORE_BLOB "','kind':'drill','fact':{'at':'%s','dboid':16384,'fell':['index public.orders_legacy'],"
		"'id':'d1','passed':%d,'problem':'%s','restore_us':3120000000,'snapshot_id':'3f1c','sysid':'7000000000000000001','took_us':5}}",
		core_time(c->t), passed, passed ? "" : "2 rows differ");
}

bool core_gate(struct core *c, char letter)
{
	return core_foldf(c, OP_GATE, "{'conditions':[{'id':'X1','now':'yes','verdict':'holds'}],'gate':'%c'}", letter);
}

static bool must(const struct core *c, bool ok)
{
	if (!ok)
		ck_abort_msg("fixture at %s: %s", stage_name(c->walk.stage), c->err.msg);
	return ok;
}

static void declare(struct core *c, const char *what, const char *key, const char *value)
{
	must(c, core_foldf(c, OP_DECLARE, "{'key':'%s','value':'%s','what':'%s'}", key, value, what));
}

static void confirm(struct core *c, int item, const char *word)
{
	must(c, core_foldf(c, OP_CONFIRM, "{'item':%d,'typed':'%s'}", item, word));
}

static void clear(struct core *c, const char *key, int survives)
{
	must(c, core_foldf(c, OP_CLEAR, "{'consumer':'%s','reason':'asked its owner','survives':%d}", key, survives));
}

static void step_item_four(struct core *c)
{
	clear(c, "statement 1 by etl", 0);
	clear(c, "view public.all_orders", 1);
	clear(c, "declared looker", 0);
	clear(c, "standby db3", 0);
	confirm(c, 4, "4");
}

static void step_reads(struct core *c)
{
	declare(c, "reads_moved", "web", "90ab17 ended 2026-11-10 11:20");
	declare(c, "reads_moved", "workers", "90ab17 ended 2026-11-10 11:20");
	confirm(c, 8, "moved");
}

static void step_unused(struct core *c)
{
	must(c, core_fold(c, OP_QUIET, "{}"));
	c->t += 15 * c->walk.day_us;
	must(c, core_gate(c, 'B'));
}

static void step_gate_c(struct core *c)
{
	must(c, core_foldf(c, OP_EVIDENCE, "{'at':'%s','kind':'baseline'}", core_time(c->t)));
	declare(c, "releases", "", "none");
	must(c, core_gate(c, 'C'));
}

static void step_armed(struct core *c)
{
	must(c, core_foldf(c, OP_INTENT, "{'attnum':7,'expires':'%s','nonce':'n1','relid':16400,'snapshot':'" CORE_MANIFEST "','statement':'"
		CORE_STATEMENT "','statement_sha256':'" CORE_BLOB "'}", core_time(c->t + US_MINUTE)));
}

static void step_dropping(struct core *c)
{
	must(c, core_foldf(c, OP_OUTCOME, "{'at':'%s','held_us':21000,'intent':%lld,'lock_us':5,'result':'dropped','why':'','xid':'99'}",
		core_time(c->t), (long long)c->walk.intent_n));
}

static void step_monitor(struct core *c)
{
	c->t += 3 * c->walk.day_us;
	confirm(c, 12, "0");
}

static void step_first(struct core *c)
{
	must(c, core_snapshot(c, "first", true));
	must(c, core_drill(c, true));
}

static void step_document(struct core *c)
{
	confirm(c, 3, "1.20");
	if (c->walk.env != ENV_PRODUCTION)
		return;
	declare(c, "rehearsed", "", "0123456789ab, way back included");
	declare(c, "tests", "old_code", "ci 4711");
	declare(c, "tests", "half_filled", "ci 4712");
}

static void step(struct core *c)
{
	switch (c->walk.stage) {
	case AT_NOWHERE: must(c, begin(c)); break;
	case AT_SNAPSHOT: step_first(c); break;
	case AT_ARCHETYPE: confirm(c, 2, "destructive"); break;
	case AT_DOCUMENT: step_document(c); break;
	case AT_GATE_A: must(c, core_gate(c, 'A')); break;
	case AT_CONSUMERS: step_item_four(c); break;
	case AT_READS: step_reads(c); break;
	case AT_UNUSED: step_unused(c); break;
	case AT_FINAL: must(c, core_snapshot(c, "final", true)); break;
	case AT_GATE_C: step_gate_c(c); break;
	case AT_ARMED: step_armed(c); break;
	case AT_DROPPING: step_dropping(c); break;
	case AT_MONITOR: step_monitor(c); break;
	case AT_LOG:
		must(c, core_fold(c, OP_SCHEMA_LOG, "{'blob':'" CORE_BLOB "'}"));
		must(c, core_fold(c, OP_CLOSE, "{}"));
		break;
	default: ck_abort_msg("no step from %s", stage_name(c->walk.stage));
	}
}

enum stage core_after(enum stage s)
{
	return s == AT_CONSUMERS ? AT_READS : s == AT_READS ? AT_UNUSED : (enum stage)(s + 1);
}

enum stage core_before(enum stage s)
{
	return s == AT_READS ? AT_CONSUMERS : s == AT_UNUSED ? AT_READS : (enum stage)(s - 1);
}

void core_walk_to(struct core *c, enum stage s)
{
	while (c->walk.stage != s)
		step(c);
}

static void good_identity(struct core *c)
{
	struct facts *f = &c->facts;
	f->server = (struct fact_server){ .at = c->t, .version = 150018, .version_text = "15.18", .sysid = "7000000000000000001", .dboid = 16384, .label = "shop@db1" };
	f->mark = (struct fact_mark){ .at = c->t, .installed = true, .schema_version = 1, .install_id = INSTALL, .env = c->walk.env,
		.sysid = f->server.sysid, .dboid = 16384, .comment_env = c->walk.env, .remembered_env = c->walk.env,
		.remembered_install_id = INSTALL, .ledger_strong = true };
	f->target = (struct fact_target){ .at = c->t, .found = true, .relid = 16400, .attnum = 7, .schema = "public", .table = "orders",
		.column = "legacy_total", .type = "numeric", .may_alter = true, .relkind = 'r', .definition_digest = CORE_DIGEST, .falls = c->falls, .n_falls = 1 };
}

static void good_consumers(struct core *c)
{
	c->found[0] = (struct consumer){ .key = "statement 1 by etl", .kind = "statement", .touch = TOUCH_READ, .last = CORE_BEGUN, .names_column = true };
	c->found[1] = (struct consumer){ .key = "view public.all_orders", .kind = "view", .may_survive = true };
	c->found[2] = (struct consumer){ .key = "declared looker", .kind = "declared" };
	static const char *const blind[] = { "standby db3" };
	c->sources[0] = (struct audit_source){ .name = "catalogue", .sees = SEES_STATIC, .from = c->t, .to = c->t };
	c->sources[1] = (struct audit_source){ .name = "statements", .sees = SEES_READ | SEES_WRITE, .from = c->t - 30 * US_DAY, .to = c->t, .saw = SAW_FOUND, .hits = 1 };
	c->sources[2] = (struct audit_source){ .name = "tripwire", .sees = SEES_WRITE, .from = c->t - 31 * US_DAY, .to = c->t };
	c->sources[3] = (struct audit_source){ .name = "source trees", .sees = SEES_CODE, .from = c->t, .to = c->t };
	c->facts.audit = (struct fact_audit){ .at = c->t, .found = c->found, .n = 3, .sources = c->sources, .n_sources = 4,
		.blind_keys = (const char **)blind, .n_blind_keys = 1 };
}

void core_good_facts(struct core *c)
{
	struct facts *f = &c->facts;
	*f = (struct facts){ .now = c->t };
	good_identity(c);
	good_consumers(c);
	f->health = (struct fact_health){ .at = c->t, .lag_known = true, .lag_s = 0.4, .standbys = 1, .longest_tx_s = 2, .standby_query_known = true, .sync_standby_there = true };
	f->moment = (struct fact_moment){ .at = c->t, .zone_known = true, .dow = 2, .minute = 270, .in_window = true, .minutes_left = 60, .next = { c->t }, .n_next = 1 };
	f->others = (struct fact_others){ .at = c->t, .clear = true };
	f->watch = (struct fact_watch){ .at = c->t, .tripwire_there = true, .tripwire_enabled = true, .trip_count = 42, .statements_there = true,
		.unbroken_since = c->t - 30 * US_DAY, .standbys_ok = true };
	f->guard = (struct fact_guard){ .at = c->t, .installed = true, .whole = true, .recorded = true, .stands = true, .truncate = true };
	f->log = (struct fact_log){ .at = c->t, .verifies = true, .ledger_agrees = true };
	f->monitor = (struct fact_monitor){ .at = c->t, .baseline_at = c->t - US_HOUR, .errors_seen = true };
	f->files_intact = true;
	f->files_at = c->t;
}
