/* SPDX-License-Identifier: MIT */
/* The target as the probes read it from a real server. */
#include "base/text.h"
#include "tests/drop_fixture.h"
#include "tests/lib_db.h"

#define DB "gw_probe"

static struct fix x;

static const char SHOP[] =
	"CREATE SCHEMA shop; CREATE TABLE shop.cust (id bigint PRIMARY KEY, code text UNIQUE);"
	"CREATE TABLE shop.ord (id bigint PRIMARY KEY, note text, legacy numeric(12,2) DEFAULT 0 NOT NULL, code text REFERENCES shop.cust (code), u text UNIQUE,"
	" s serial, base int, gen int GENERATED ALWAYS AS (base + 1) STORED, ident int GENERATED ALWAYS AS IDENTITY, k1 int NOT NULL, k2 int NOT NULL, k3 int);"
	"CREATE INDEX plain ON shop.ord (legacy); CREATE INDEX part ON shop.ord (id) WHERE legacy > 0; CREATE INDEX incl ON shop.ord (id) INCLUDE (legacy);"
	"CREATE INDEX expr ON shop.ord ((legacy + 1)); CREATE UNIQUE INDEX multi ON shop.ord (id, legacy);"
	"ALTER TABLE shop.ord ADD CONSTRAINT plus CHECK (legacy >= 0), ADD CONSTRAINT two CHECK (legacy < id); CREATE STATISTICS shop.st ON id, legacy FROM shop.ord;"
	"CREATE TABLE shop.child (u text REFERENCES shop.ord (u));"
	"CREATE VIEW shop.v AS SELECT legacy FROM shop.ord; CREATE MATERIALIZED VIEW shop.mv AS SELECT legacy FROM shop.ord;"
	"CREATE FUNCTION shop.f() RETURNS numeric LANGUAGE sql BEGIN ATOMIC SELECT max(legacy) FROM shop.ord; END;"
	"CREATE POLICY p ON shop.ord USING (legacy > 0);"
	"CREATE FUNCTION shop.tf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';"
	"CREATE TRIGGER upd AFTER UPDATE OF legacy ON shop.ord FOR EACH ROW EXECUTE FUNCTION shop.tf();"
	"CREATE TRIGGER whn AFTER UPDATE ON shop.ord FOR EACH ROW WHEN (old.legacy IS DISTINCT FROM new.legacy) EXECUTE FUNCTION shop.tf();"
	"CREATE RULE r AS ON UPDATE TO shop.ord WHERE new.legacy IS NULL DO ALSO NOTHING;"
	"CREATE PUBLICATION cols FOR TABLE shop.ord (id, legacy); CREATE PUBLICATION rows FOR TABLE shop.ord WHERE (id > 0 AND legacy > 0) WITH (publish = 'insert');";

static void open_db(void)
{
	fix_open(&x, DB, true);
}

static void open_shop(void)
{
	open_db();
	fix_do(&x, SHOP);
}

static void close_db(void)
{
	fix_close(&x);
	fix_drop_database(DB);
}

static struct fact_target probe(const char *schema, const char *table, const char *column)
{
	struct err e = { 0 };
	struct fact_target t;
	struct plan p = { .recipe = "drop-column", .schema = schema, .table = table, .column = column };
	ck_assert_msg(probe_target(x.db, x.a, &p, &t, &e), "%s", e.msg);
	ck_assert(t.at > 0);
	return t;
}

static const char *joined(const char *const *list, size_t n)
{
	struct text t = { 0 };
	for (size_t i = 0; i < n; i++)
		text_addf(&t, "%s%s", i ? "; " : "", list[i]);
	const char *s = arena_dup(x.a, text_str(&t));
	text_free(&t);
	return s;
}

START_TEST(falls_and_blockers)
{
	struct fact_target t = probe("shop", "ord", "legacy");
	ck_assert(t.found);
	ck_assert_str_eq(joined(t.falls, t.n_falls), "constraint plus on table shop.ord; constraint two on table shop.ord; index shop.expr; index shop.incl; "
		"index shop.multi; index shop.part; index shop.plain; statistics object shop.st");
	ck_assert_str_eq(joined(t.blockers, t.n_blockers), "function shop.f(); materialized view shop.mv; policy p on table shop.ord; "
		"publication of table shop.ord in publication cols; publication of table shop.ord in publication rows; rule r on table shop.ord; "
		"trigger upd on table shop.ord; trigger whn on table shop.ord; view shop.v");
	ck_assert_str_eq(t.type, "numeric(12,2)");
	ck_assert_str_eq(t.def, "0");
	ck_assert(t.not_null && t.may_alter && t.relkind == 'r' && !t.unfit && !t.generated && !t.identity && !t.rls);
	ck_assert_str_eq(t.owner, "postgres");
	ck_assert_str_eq(joined(t.keys, t.n_keys), "id");
	ck_assert_int_gt(t.bytes, 0);
	ck_assert_str_eq(fix_get(&x, "SELECT 'shop.ord'::regclass::oid"), arena_printf(x.a, "%u", t.relid));
}
END_TEST

/* The list is the truth: what the server then takes along is exactly that. */
START_TEST(falls_is_what_falls)
{
	fix_do(&x, "DROP VIEW shop.v; DROP MATERIALIZED VIEW shop.mv; DROP FUNCTION shop.f; DROP POLICY p ON shop.ord; DROP PUBLICATION cols; DROP PUBLICATION rows;"
		"DROP RULE r ON shop.ord; DROP TRIGGER upd ON shop.ord; DROP TRIGGER whn ON shop.ord");
	struct fact_target t = probe("shop", "ord", "legacy");
	ck_assert_uint_eq(t.n_blockers, 0);
	fix_do(&x, "CREATE TABLE public.gone (what text); CREATE FUNCTION public.note() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN"
		" INSERT INTO public.gone SELECT object_type FROM pg_event_trigger_dropped_objects() WHERE NOT is_temporary"
		"  AND object_type NOT IN ('table column', 'default value'); END$$;"
		"CREATE EVENT TRIGGER note ON sql_drop EXECUTE FUNCTION public.note(); ALTER TABLE shop.ord DROP COLUMN legacy");
	ck_assert_str_eq(fix_get(&x, "SELECT count(*) FROM public.gone"), arena_printf(x.a, "%zu", t.n_falls));
	ck_assert_str_eq(fix_get(&x, "SELECT string_agg(DISTINCT what, ', ' ORDER BY what) FROM public.gone"), "index, statistics object, table constraint");
}
END_TEST

START_TEST(keys_and_links)
{
	struct fact_target t = probe("shop", "ord", "code");
	ck_assert_str_eq(joined(t.falls, t.n_falls), "constraint ord_code_fkey on table shop.ord");
	ck_assert_str_eq(joined(t.locks, t.n_locks), "shop.cust; shop.ord");
	t = probe("shop", "ord", "u");
	ck_assert_str_eq(joined(t.falls, t.n_falls), "constraint ord_u_key on table shop.ord");
	ck_assert_str_eq(joined(t.blockers, t.n_blockers), "constraint child_u_fkey on table shop.child");
	ck_assert_str_eq(joined(t.locks, t.n_locks), "shop.ord");
	t = probe("shop", "ord", "s");
	ck_assert_str_eq(joined(t.falls, t.n_falls), "sequence shop.ord_s_seq");
	t = probe("shop", "ord", "base");
	ck_assert_str_eq(joined(t.blockers, t.n_blockers), "column gen of table shop.ord");
	t = probe("shop", "ord", "note");
	ck_assert_uint_eq(t.n_falls + t.n_blockers, 0);
}
END_TEST

/* Which key identifies a row: unique, immediate, whole, not null, without the column itself; the primary key first. */
struct key_case { const char *sql, *keys; };
static const struct key_case key_cases[] = {
	{ "SELECT 1", "" },
	{ "ALTER TABLE k ADD PRIMARY KEY (a)", "a" },
	{ "CREATE UNIQUE INDEX ON k (b, a)", "b; a" },
	{ "CREATE UNIQUE INDEX ON k (a) INCLUDE (n)", "a" },
	{ "CREATE UNIQUE INDEX ON k (n)", "" },
	{ "CREATE UNIQUE INDEX ON k (a, n)", "" },
	{ "CREATE UNIQUE INDEX ON k (a) WHERE b > 0", "" },
	{ "CREATE UNIQUE INDEX ON k ((a + 1))", "" },
	{ "CREATE UNIQUE INDEX ON k (a, old)", "" },
	{ "ALTER TABLE k ADD UNIQUE (a) DEFERRABLE INITIALLY DEFERRED", "" },
	{ "CREATE INDEX ON k (a)", "" },
	{ "CREATE UNIQUE INDEX ON k (a, b); ALTER TABLE k ADD PRIMARY KEY (b, a)", "b; a" },
	{ "CREATE UNIQUE INDEX ON k (a, b); CREATE UNIQUE INDEX ON k (b)", "b" },
};

START_TEST(key_of_a_row)
{
	const struct key_case *c = &key_cases[_i];
	fix_do(&x, "SET search_path = public; CREATE TABLE k (a int NOT NULL, b int NOT NULL, n int, old int NOT NULL)");
	fix_do(&x, c->sql);
	fix_do(&x, "SET search_path = pg_catalog, pg_temp");
	struct fact_target t = probe("public", "k", "old");
	ck_assert_msg(strcmp(joined(t.keys, t.n_keys), c->keys) == 0, "%s: %s", c->sql, joined(t.keys, t.n_keys));
}
END_TEST

struct absent { const char *schema, *table, *column, *missing; };
static const struct absent absents[] = {
	{ "nowhere", "ord", "legacy", "there is no schema nowhere, or this login may not see it" },
	{ "Shop", "ord", "legacy", "there is no schema \"Shop\", or this login may not see it" },
	{ "shop", "Ord", "legacy", "there is no table shop.\"Ord\"" },
	{ "shop", "ord", "Legacy", "table shop.ord has no column \"Legacy\"" },
	{ "shop", "ord", "........pg.dropped.2........", "table shop.ord has no column \"........pg.dropped.2........\"" },
	{ "shop", "ord", "legacy\n", "table shop.ord has no column \"legacy\n\"" },
};

START_TEST(missing)
{
	const struct absent *m = &absents[_i];
	fix_do(&x, "ALTER TABLE shop.ord DROP COLUMN note");
	struct fact_target t = probe(m->schema, m->table, m->column);
	ck_assert(!t.found);
	ck_assert_str_eq(t.missing, m->missing);
	ck_assert_str_eq(t.definition_digest, "");
}
END_TEST

struct unfit_case { const char *sql, *schema, *table, *column, *why; };
static const struct unfit_case unfits[] = {
	{ "SELECT 1", "shop", "ord", "id", "the column is part of the primary key" },
	{ "SELECT 1", "shop", "ord", "gen", "the column is generated" },
	{ "SELECT 1", "shop", "ord", "ident", "the column is an identity" },
	{ "SELECT 1", "shop", "ord", "ctid", "this is a system column" },
	{ "SELECT 1", "shop", "v", "legacy", "this is a view" },
	{ "SELECT 1", "shop", "mv", "legacy", "this is a view" },
	{ "SELECT 1", "pg_catalog", "pg_class", "relname", "the table belongs to the server or to gatewalk itself" },
	{ "SELECT 1", "gatewalk", "walk", "plan", "the table belongs to the server or to gatewalk itself" },
	{ "CREATE TABLE pa (a int, b int) PARTITION BY LIST (a)", "public", "pa", "b", "the table is partitioned" },
	{ "CREATE TABLE pa (a int, b int) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF pa FOR VALUES IN (1)", "public", "p1", "b", "the table is a partition" },
	{ "CREATE TABLE a (b int); CREATE TABLE c (d int) INHERITS (a)", "public", "a", "b", "other tables inherit from this one" },
	{ "CREATE TABLE a (b int); CREATE TABLE c (d int) INHERITS (a)", "public", "c", "d", "the table inherits from another one" },
	{ "CREATE TYPE ty AS (b int); CREATE TABLE a OF ty", "public", "a", "b", "the table is made of a type" },
	{ "CREATE TABLE a (b int NOT NULL, c int); CREATE UNIQUE INDEX i ON a (b); ALTER TABLE a REPLICA IDENTITY USING INDEX i", "public", "a", "b",
		"the column is part of the replica identity" },
	{ "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w; CREATE FOREIGN TABLE ft (b int) SERVER s", "public", "ft", "b", "this is a foreign table" },
	{ "CREATE SEQUENCE sq", "public", "sq", "last_value", "this is not a table" },
};

START_TEST(unfit)
{
	const struct unfit_case *u = &unfits[_i];
	fix_do(&x, arena_printf(x.a, "SET search_path = public; %s; SET search_path = pg_catalog, pg_temp", u->sql));
	struct fact_target t = probe(u->schema, u->table, u->column);
	ck_assert(t.found);
	ck_assert_ptr_nonnull(t.unfit);
	ck_assert_msg(strncmp(t.unfit, u->why, strlen(u->why)) == 0, "%s", t.unfit);
}
END_TEST

/* The definition drifts with type, collation and place; not with what gatewalk itself takes off, nor with the rest of the table. */
START_TEST(definition)
{
	fix_do(&x, "CREATE TABLE public.d (id int PRIMARY KEY, old varchar(10) NOT NULL DEFAULT 'x', other int)");
	struct fact_target was = probe("public", "d", "old");
	static const char *const same[] = { "ALTER TABLE public.d ALTER old DROP NOT NULL", "ALTER TABLE public.d ALTER old DROP DEFAULT", "ALTER TABLE public.d DROP COLUMN other",
		"ALTER TABLE public.d ADD COLUMN more int", "CREATE INDEX ON public.d (old)", "COMMENT ON COLUMN public.d.old IS 'c'", "VACUUM public.d",
		"ALTER TABLE public.d ALTER old SET STATISTICS 10" };
	static const char *const other[] = { "ALTER TABLE public.d ALTER old TYPE varchar(20)", "ALTER TABLE public.d ALTER old TYPE varchar(20) COLLATE \"C\"",
		"ALTER TABLE public.d ALTER old TYPE text", "ALTER TABLE public.d RENAME old TO tmp; ALTER TABLE public.d ADD old text" };
	for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
		test_sql(x.db, same[i]);
		ck_assert_msg(strcmp(probe("public", "d", "old").definition_digest, was.definition_digest) == 0, "%s", same[i]);
	}
	ck_assert_str_eq(probe("public", "d", "old").comment, "c");
	for (size_t i = 0; i < sizeof other / sizeof other[0]; i++) {
		test_sql(x.db, other[i]);
		struct fact_target now = probe("public", "d", "old");
		ck_assert_msg(strcmp(now.definition_digest, was.definition_digest) != 0, "%s", other[i]);
		was = now;
	}
}
END_TEST

/* gatewalk's own tripwire neither falls nor stands in the way; one that only looks like it does. */
START_TEST(own_tripwire_is_no_blocker)
{
	struct err e = { 0 };
	fix_do(&x, "CREATE TABLE public.d (id int PRIMARY KEY, old text)");
	struct fact_target t = probe("public", "d", "old");
	ck_assert_msg(own_tripwire_put(x.db, x.a, &(struct own_trip){ .sid = "0123456789abcdef0123456789abcdef", .target = &t }, &e), "%s", e.msg);
	t = probe("public", "d", "old");
	ck_assert_uint_eq(t.n_falls + t.n_blockers, 0);
	fix_do(&x, "CREATE TRIGGER gatewalk_trip_ffffffffffff AFTER UPDATE OF old ON public.d FOR EACH ROW EXECUTE FUNCTION shop.tf()");
	t = probe("public", "d", "old");
	ck_assert_str_eq(joined(t.blockers, t.n_blockers), "trigger gatewalk_trip_ffffffffffff on table public.d");
}
END_TEST

START_TEST(other_login)
{
	struct err e = { 0 };
	struct fact_target t;
	struct fact_health h;
	struct plan p = { .recipe = "drop-column", .schema = "shop", .table = "ord", .column = "note" };
	fix_do(&x, "DROP ROLE IF EXISTS gw_guest; CREATE ROLE gw_guest LOGIN");
	struct db *db = test_connect("dbname=" DB " user=gw_guest");
	ck_assert_msg(probe_target(db, x.a, &p, &t, &e), "%s", e.msg);
	ck_assert(t.found && !t.may_alter);
	ck_assert(!probe_health(db, x.a, &p, &h, &e));
	ck_assert_msg(strstr(e.msg, "sessions of other logins cannot be seen") != NULL, "%s", e.msg);
	ck_assert_int_eq(h.at, 0);
	fix_do(&x, "GRANT pg_monitor TO gw_guest");
	err_clear(&e);
	ck_assert_msg(probe_health(db, x.a, &p, &h, &e), "%s", e.msg);
	ck_assert(h.at > 0);
	db_close(db);
	fix_do(&x, "DROP ROLE gw_guest");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("probe");
	TCase *t = tcase_create("target");
	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, open_shop, close_db);
	tcase_add_test(t, falls_and_blockers);
	tcase_add_test(t, falls_is_what_falls);
	tcase_add_test(t, keys_and_links);
	tcase_add_loop_test(t, missing, 0, (int)(sizeof absents / sizeof absents[0]));
	tcase_add_loop_test(t, unfit, 0, (int)(sizeof unfits / sizeof unfits[0]));
	tcase_add_test(t, definition);
	tcase_add_test(t, own_tripwire_is_no_blocker);
	tcase_add_test(t, other_login);
	suite_add_tcase(s, t);
	TCase *k = tcase_create("keys");
	tcase_set_timeout(k, 60);
	tcase_add_checked_fixture(k, open_db, close_db);
	tcase_add_loop_test(k, key_of_a_row, 0, (int)(sizeof key_cases / sizeof key_cases[0]));
	suite_add_tcase(s, k);
	return s;
}

int main(void)
{
	return test_main(suite());
}
