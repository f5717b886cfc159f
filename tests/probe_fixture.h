/* SPDX-License-Identifier: MIT */
/* A shop with the kinds of tables that can be walked, and one look of the probe at one of them. */
#ifndef GW_TESTS_PROBE_FIXTURE_H
#define GW_TESTS_PROBE_FIXTURE_H

#include "base/text.h"
#include "tests/drop_fixture.h"
#include "tests/lib_db.h"

#define DB "gw_probe_table"

static struct fix x;

static const char SHOP[] =
	"CREATE SCHEMA shop; CREATE TABLE shop.cust (id bigint PRIMARY KEY, code text UNIQUE);"
	"CREATE TABLE shop.ord (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, s serial, cust bigint REFERENCES shop.cust, up bigint REFERENCES shop.ord, gone int,"
	" amount numeric(12,2) NOT NULL DEFAULT 0 CHECK (amount >= 0), kind varchar(10) COLLATE \"C\", twice numeric GENERATED ALWAYS AS (amount * 2) STORED, body text);"
	"ALTER TABLE shop.ord DROP COLUMN gone; CREATE INDEX ord_kind ON shop.ord (kind) WHERE amount > 0; CREATE STATISTICS shop.st ON kind, amount FROM shop.ord;"
	"CREATE TABLE shop.item (id int PRIMARY KEY, ord bigint CONSTRAINT item_ord REFERENCES shop.ord, again bigint CONSTRAINT \"item Again\" REFERENCES shop.ord);"
	"CREATE POLICY mine ON shop.ord USING (amount > 0); CREATE RULE r AS ON UPDATE TO shop.ord WHERE new.amount IS NULL DO ALSO NOTHING;"
	"CREATE FUNCTION shop.tf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';"
	"CREATE TRIGGER upd AFTER UPDATE OF kind ON shop.ord FOR EACH ROW EXECUTE FUNCTION shop.tf();"
	"CREATE PUBLICATION pub FOR TABLE shop.ord WHERE (id > 0) WITH (publish = 'insert');"
	"CREATE TABLE shop.plain (id int PRIMARY KEY, note text);"
	"CREATE TABLE shop.ev (id int NOT NULL, at date NOT NULL, body text, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);"
	"CREATE TABLE shop.ev1 PARTITION OF shop.ev FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');"
	"CREATE TABLE shop.ev2 PARTITION OF shop.ev FOR VALUES FROM ('2027-01-01') TO ('2028-01-01') PARTITION BY HASH (id);"
	"CREATE TABLE shop.ev2a PARTITION OF shop.ev2 FOR VALUES WITH (MODULUS 1, REMAINDER 0);"
	"CREATE TABLE shop.evd PARTITION OF shop.ev DEFAULT;"
	"CREATE INDEX ON shop.ev (body); CREATE INDEX own1 ON shop.ev1 (at); ALTER TABLE shop.ev ADD CONSTRAINT long CHECK (length(body) < 1000);"
	"CREATE TRIGGER evt AFTER UPDATE ON shop.ev FOR EACH ROW EXECUTE FUNCTION shop.tf();";

static inline void open_db(void)
{
	fix_open(&x, DB, true);
	fix_do(&x, SHOP);
}

static inline void close_db(void)
{
	fix_close(&x);
	fix_drop_database(DB);
}

static inline struct fact_target probe(const char *recipe, const char *schema, const char *table)
{
	struct err e = { 0 };
	struct fact_target t;
	struct plan p = { .recipe = recipe, .schema = schema, .table = table, .where = "id > 0" };
	ck_assert_msg(probe_target(x.db, x.a, &p, &t, &e), "%s", e.msg);
	ck_assert(t.at > 0);
	return t;
}

static inline const char *joined(const char *const *list, size_t n)
{
	struct text t = { 0 };
	for (size_t i = 0; i < n; i++)
		text_addf(&t, "%s%s", i ? "; " : "", list[i]);
	const char *s = arena_dup(x.a, text_str(&t));
	text_free(&t);
	return s;
}
#define JOINED(t, what) joined((t).what, (t).n_##what)

struct unfit_case { const char *sql, *schema, *table, *why; };
static inline void unfit_as(const char *recipe, const struct unfit_case *u)
{
	fix_do(&x, arena_printf(x.a, "SET search_path = public; %s; SET search_path = pg_catalog, pg_temp", u->sql));
	struct fact_target t = probe(recipe, u->schema, u->table);
	ck_assert(t.found);
	ck_assert_str_eq(t.unfit ? t.unfit : "", u->why);
}

#define LOOP(t, f, list) tcase_add_loop_test(t, f, 0, (int)(sizeof list / sizeof list[0]))

#endif
