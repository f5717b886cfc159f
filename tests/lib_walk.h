/* SPDX-License-Identifier: MIT */
/* A shop with a column to drop, the gatewalk schema and a walk's row: what the tests of audit, watch, monitor and jobs stand on. */
#ifndef GW_TESTS_LIB_WALK_H
#define GW_TESTS_LIB_WALK_H

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "adapter/schema.h"
#include "base/text.h"
#include "core/fact.h"
#include "core/plan.h"
#include "tests/lib_db.h"

#define TEST_SID "00112233445566778899aabbccddeeff"

static inline struct plan test_plan(void)
{
	struct plan p = { .name = "orders-drop", .recipe = "drop-column", .schema = "public", .table = "orders", .column = "legacy_total", .has_sources = true };
	plan_defaults(&p);
	return p;
}

/* The target as the catalogue has it; only what audit and watch use. */
static inline struct fact_target test_target(struct db *db, struct arena *a, const char *schema, const char *table, const char *column)
{
	struct err e = { 0 };
	struct rows r;
	const char *v[] = { schema, table, column };
	const struct query q = { .sql = "SELECT c.oid, a.attnum FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid"
		" WHERE n.nspname = $1 AND c.relname = $2 AND a.attname = $3", .args = v, .nargs = 3, .cols = 2, .min_rows = 1, .max_rows = 1 };
	ck_assert_msg(db_ask(db, a, &q, &r, &e), "%s", e.msg);
	return (struct fact_target){ .at = 1, .found = true, .relid = (unsigned)cell_int(r.cell[0][0]), .attnum = (int)cell_int(r.cell[0][1]),
		.schema = schema, .table = table, .column = column, .relkind = 'r' };
}

static inline void test_schema(struct db *db, struct arena *a, const struct fact_target *t)
{
	struct err e = { 0 };
	char sql[512];
	bool strong;
	ck_assert_msg(schema_init(db, a, ENV_PRODUCTION, &strong, &e), "%s", e.msg);
	snprintf(sql, sizeof sql, "INSERT INTO gatewalk.walk (sid, name, plan_digest, archetype, relid, attnum, target, stage, operator, host, plan, day_us)"
		" VALUES ('" TEST_SID "', 'orders-drop', '', 'destructive', %u, %d, 'public.orders.legacy_total', '', '', '', '', 86400000000)", t->relid, t->attnum);
	test_sql(db, sql);
}

/* The consumer of this key, or NULL. */
static inline const struct consumer *test_consumer(const struct fact_audit *found, const char *key)
{
	for (size_t i = 0; i < found->n; i++)
		if (strcmp(found->found[i].key, key) == 0)
			return &found->found[i];
	return NULL;
}

/* A blind spot with these words; when there is none, all are printed. */
static inline bool test_blind(const struct fact_audit *found, const char *words)
{
	for (size_t i = 0; i < found->n_blind; i++)
		if (strstr(found->blind[i], words))
			return true;
	for (size_t i = 0; i < found->n_blind; i++)
		fprintf(stderr, "  blind: %s\n", found->blind[i]);
	return false;
}

/* Another session: its own name, and its own role when there is one. */
static inline struct db *test_client(const char *dbname, const char *app, const char *role)
{
	char conninfo[256];
	struct err e = { 0 };
	snprintf(conninfo, sizeof conninfo, "dbname=%s%s%s", dbname, role ? " user=" : "", role ? role : "");
	struct db *db = db_open(&(struct db_opts){ .conninfo = conninfo, .app = app }, &e);
	ck_assert_msg(db != NULL, "%s", e.msg);
	return db;
}

#endif
