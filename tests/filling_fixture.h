/* SPDX-License-Identifier: MIT */
/* A walk of a new column whose rows are filled, brought to item 6 by its lines; the column comes by hand. */
#ifndef GW_TESTS_FILLING_FIXTURE_H
#define GW_TESTS_FILLING_FIXTURE_H

#include <stdarg.h>

#include "adapter/job.h"
#include "core/sql.h"
#include "port/jsonread.h"
#include "tests/lib_engine.h"

#define FILL_ROWS "20000"

/* more: further fields of backfill. */
static inline void fill_plan(struct engine_world *w, const char *name, const char *value, const char *more)
{
	const char *text = arena_printf(w->a,
		"gatewalk: 1\nname: %s\narchetype: additive\nrecipe: add-column\ntarget: {schema: public, table: items, column: n}\nadd: {type: int}\n"
		"backfill: {value: \"%s\", batch_ms: 10, pause: [{when: lock waiters, above: 1000}]%s}\n"
		"document:\n  before: table items without n\n  after: table items with n\n  why: It is asked for.\n  way_back: the column goes again\n"
		"  leaves_behind: values that stand only in it\n  rollback_floor: \"2.4.0\"\n  api_contract: none\ndeploys:\n  - name: web\n"
		"window:\n  zone: UTC\n  open:\n    - {days: [Mon, Tue, Wed, Thu], from: \"02:00\", to: \"06:00\"}\n"
		"health: {max_lag_s: 5, max_lock_waiters: 5, max_longest_tx_s: 120}\nrehearsal: {now: \"Tue 04:30\", day: 0.2}\n", name, value, more);
	ck_assert_msg(file_write(w->plan, text, strlen(text), &w->e), "%s", w->e.msg);
}

static inline void fill_line(struct engine_world *w, enum record_op op, const char *text) __attribute__((nonnull));
static inline void fill_line(struct engine_world *w, enum record_op op, const char *text)
{
	char *s = arena_dup(w->a, text);
	for (char *c = s; *c; c++)
		*c = *c == '\'' ? '"' : *c;
	const struct json *b = json_read(lot_arena(w->g->walk_lot), s, strlen(s), &w->e);
	ck_assert_msg(b && line_write(w->g, op, b, false, &w->e), "%s: %s", text, w->e.msg);
}

#define FILL_SHA "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define FILL_TIME "2026-01-01T00:00:00.000000Z"

/* As the writer does in the transaction of the statement: the column, and the intent's entry in the ledger. */
static inline void fill_change(struct engine_world *w, const char *sql)
{
	struct anchor last = line_last_anchor(w->g, &w->e);
	int64_t n = w->g->walk.n - 1;
	test_sql(w->db, sql);
	ck_assert_msg(ledger_anchor(w->g->db, w->g->walk.sid, n, journal_mark(w->g->journal, (size_t)n)->head, &last, &w->e), "%s", w->e.msg);
}

static inline void fill_to_item_6(struct engine_world *w)
{
	ck_assert_msg(world_walk(w), "%s", w->e.msg);
	const char *rel = test_value(w->db, w->a, "SELECT 'public.items'::regclass::oid");
	fill_line(w, OP_EVIDENCE, arena_printf(w->a, "{'blob':'" FILL_SHA "','kind':'snapshot','role':'first','fact':{'attnum':0,'begun':'" FILL_TIME "','bytes':1,'dboid':1,'definition_digest':'" FILL_SHA
		"','equal':1,'id':'a','manifest_sha256':'" FILL_SHA "','path':'/a','proved':'" FILL_TIME "','relid':%s,'rows':9,'scope':'table','sysid':'1','trip_count':-1,'values':9}}", rel));
	fill_line(w, OP_CONFIRM, "{'item':2,'typed':'additive'}");
	fill_line(w, OP_CONFIRM, "{'item':3,'typed':'2.4.0'}");
	fill_line(w, OP_GATE, "{'conditions':[{'id':'A1','now':'','verdict':'holds'}],'gate':'A'}");
	fill_line(w, OP_CHANGE, arena_printf(w->a, "{'expires':'" FILL_TIME "','nonce':'n1','relid':%s,'statement':'ALTER TABLE','statement_sha256':'" FILL_SHA "','what':'add','why':''}", rel));
	fill_change(w, "ALTER TABLE public.items ADD n int");
	fill_line(w, OP_CHANGED, arena_printf(w->a, "{'at':'" FILL_TIME "','attnum':3,'held_us':1,'intent':%lld,'lock_us':1,'result':'done','why':'','xid':'7'}", (long long)w->g->walk.n - 1));
	fill_line(w, OP_CONFIRM, "{'backfill':1,'item':5,'typed':'written'}");
	ck_assert_int_eq(w->g->walk.stage, AT_BACKFILL);
}

/* name: as of world_open; the table has two rows whose text is no number where bad is given. */
static inline void fill_open(struct engine_world *w, const char *name, bool bad, const char *value, const char *more)
{
	world_open(w, name);
	test_sql(w->db, arena_printf(w->a, "CREATE TABLE public.items (id bigint PRIMARY KEY, v text); INSERT INTO public.items SELECT i, CASE WHEN %s AND i IN (7, 9000) THEN 'x' || i ELSE i::text END"
		" FROM generate_series(1, " FILL_ROWS ") i", bad ? "true" : "false"));
	fill_plan(w, name, value, more);
	fill_to_item_6(w);
}

/* Looks until the walk is there; a minute. */
static inline void fill_until(struct engine_world *w, enum stage at)
{
	for (int i = 0; i < 600 && w->g->walk.stage != at; i++) {
		struct err soft = { 0 };
		engine_look(w->g, &soft);
		clock_nap(100);
	}
	ck_assert_str_eq(stage_name(w->g->walk.stage), stage_name(at));
}

/* Until the query gives true. */
static inline void fill_sees(struct engine_world *w, const char *sql)
{
	for (int i = 0; i < 600; i++) {
		const char *got = test_value(w->db, w->a, sql);
		if (got && strcmp(got, "t") == 0)
			return;
		struct err soft = { 0 };
		engine_look(w->g, &soft);
		clock_nap(100);
	}
	ck_abort_msg("never: %s", sql);
}

static inline void fill_is(struct engine_world *w, const char *sql, const char *want)
{
	const char *got = test_value(w->db, w->a, sql);
	ck_assert_msg(text_eq(got, want), "%s: %s, wanted %s", sql, got ? got : "NULL", want);
}

#endif
