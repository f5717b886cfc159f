/* SPDX-License-Identifier: MIT */
/* One table with every kind of consumer there is: each is found, or named as blind; what merely falls is not asked about. */
#include "adapter/audit.h"

#include <string.h>
#include <unistd.h>

#include "adapter/own.h"
#include "base/json.h"
#include "tests/lib_walk.h"

#define DB "gwt_audit"

static struct db *db, *web;
static struct arena *a;
static struct err e;
static struct plan plan;
static struct fact_target target;
static struct fact_audit found;

static const char *const shop[] = {
	"CREATE EXTENSION pg_stat_statements SCHEMA public",
	"CREATE TABLE public.orders (id int PRIMARY KEY, note text, legacy_total int, UNIQUE (legacy_total), CHECK (legacy_total > 0))",
	"CREATE TABLE public.items (id int PRIMARY KEY, total int REFERENCES public.orders (legacy_total))",
	/* what merely falls */
	"CREATE INDEX falls_plain ON public.orders (legacy_total); CREATE INDEX falls_part ON public.orders (id) WHERE legacy_total > 5",
	"CREATE INDEX falls_inc ON public.orders (id) INCLUDE (legacy_total); CREATE INDEX falls_expr ON public.orders ((legacy_total + 1))",
	"CREATE STATISTICS falls_stat ON id, legacy_total FROM public.orders",
	/* the catalogue names the column */
	"CREATE VIEW public.v_named AS SELECT id, legacy_total FROM public.orders",
	"CREATE VIEW public.v_star AS SELECT * FROM public.orders",
	"CREATE VIEW public.v_upon AS SELECT legacy_total FROM public.v_named",
	"CREATE VIEW public.v_where AS SELECT id FROM public.orders WHERE legacy_total > 3",
	"CREATE VIEW public.v_unused AS SELECT id, note FROM public.orders",
	"CREATE MATERIALIZED VIEW public.m_named AS SELECT sum(legacy_total) FROM public.orders",
	"CREATE FUNCTION public.f_atomic(int) RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT sum(legacy_total) FROM public.orders WHERE id = $1; END",
	"CREATE VIEW public.v_by_f AS SELECT public.f_atomic(1)",
	"ALTER TABLE public.orders ADD COLUMN gen int GENERATED ALWAYS AS (legacy_total * 2) STORED",
	"CREATE POLICY p_named ON public.orders USING (legacy_total > 0)",
	"CREATE POLICY p_other ON public.items USING (EXISTS (SELECT FROM public.orders WHERE legacy_total = total))",
	"CREATE RULE r_named AS ON DELETE TO public.orders WHERE old.legacy_total = 99 DO INSTEAD NOTHING",
	"CREATE FUNCTION public.tf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END'",
	"CREATE TRIGGER t_of AFTER UPDATE OF legacy_total ON public.orders FOR EACH ROW EXECUTE FUNCTION public.tf()",
	"CREATE TRIGGER t_when AFTER UPDATE ON public.orders FOR EACH ROW WHEN (new.legacy_total > 1) EXECUTE FUNCTION public.tf()",
	"CREATE PUBLICATION pub_cols FOR TABLE public.orders (id, legacy_total)",
	"CREATE PUBLICATION pub_rows FOR TABLE public.orders WHERE (legacy_total > 1)",
	/* the row as a whole */
	"CREATE PUBLICATION pub_all FOR ALL TABLES; CREATE PUBLICATION pub_schema FOR TABLES IN SCHEMA public",
	"CREATE PUBLICATION pub_without FOR TABLE public.orders (id, note)",
	"CREATE VIEW public.v_row AS SELECT id, to_jsonb(o) AS doc FROM public.orders o",
	"CREATE VIEW public.v_row_items AS SELECT to_jsonb(i) AS doc FROM public.items i, public.orders o WHERE o.id = i.id",
	"CREATE FUNCTION public.f_row(public.orders) RETURNS text LANGUAGE sql AS 'SELECT $1.note'",
	"CREATE FUNCTION public.f_set() RETURNS SETOF public.orders LANGUAGE sql AS 'SELECT 1, 2, 3, 4'",
	"CREATE TABLE public.history (id int, was public.orders)",
	"CREATE POLICY p_row ON public.orders USING (orders IS NOT NULL)",
	"CREATE TRIGGER t_row AFTER UPDATE ON public.orders FOR EACH ROW WHEN (old IS DISTINCT FROM new) EXECUTE FUNCTION public.tf()",
	/* code as text */
	"CREATE FUNCTION public.b_named() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN (SELECT max(legacy_total) FROM public.orders); END'",
	"CREATE FUNCTION public.b_new() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN new.legacy_total := 1; RETURN new; END'",
	"CREATE FUNCTION public.b_json() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM to_jsonb(new); RETURN new; END'",
	"CREATE TRIGGER t_json BEFORE DELETE ON public.orders FOR EACH ROW EXECUTE FUNCTION public.b_json()",
	"CREATE FUNCTION public.b_star() RETURNS SETOF record LANGUAGE sql AS 'SELECT * FROM public.orders'",
	"CREATE PROCEDURE public.b_proc() LANGUAGE plpgsql AS 'BEGIN UPDATE public.orders SET legacy_total = 2; END'",
	"CREATE FUNCTION public.b_dynamic() RETURNS void LANGUAGE plpgsql AS $$BEGIN EXECUTE 'SELECT legacy' || '_total FROM public.orders'; END$$",
	"CREATE FUNCTION public.b_opaque(t text) RETURNS void LANGUAGE plpgsql AS $$BEGIN EXECUTE 'ANALYZE ' || t; END$$",
	"CREATE FUNCTION public.b_other() RETURNS int LANGUAGE sql AS 'SELECT 1'",
	/* leads */
	"GRANT SELECT (legacy_total) ON public.orders TO gwt_web; GRANT ALL ON ALL TABLES IN SCHEMA public TO gwt_web",
	"CREATE EXTENSION postgres_fdw SCHEMA public; CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw",
	/* other things of the same name */
	"CREATE SCHEMA other; CREATE TABLE other.orders (id int, legacy_total int); CREATE VIEW other.v AS SELECT legacy_total FROM other.orders",
	"INSERT INTO public.orders VALUES (1, 'a', 7); SELECT public.pg_stat_statements_reset()",
};

static void setup(void)
{
	db = test_database(DB);
	a = arena_new();
	e = (struct err){ 0 };
	plan = test_plan();
	test_sql(db, "DO $$BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'gwt_web') THEN CREATE ROLE gwt_web LOGIN; END IF; END$$;");
	for (size_t i = 0; i < sizeof shop / sizeof shop[0]; i++)
		test_sql(db, shop[i]);
	target = test_target(db, a, "public", "orders", "legacy_total");
	test_schema(db, a, &target);
	ck_assert_msg(own_tripwire_put(db, a, &(struct own_trip){ .sid = TEST_SID, .target = &target }, &e), "%s", e.msg);
	web = test_client(DB, "web", "gwt_web");
}

static void teardown(void)
{
	db_close(web);
	db_close(db);
	arena_free(a);
	test_drop_database(DB);
}

static void audit(void)
{
	ck_assert_msg(audit_look(db, a, &(struct audit_ask){ TEST_SID, &plan, &target, plan_target(&plan) }, &found, &e), "%s", e.msg);
}

static const struct consumer *has(const char *key)
{
	return test_consumer(&found, key);
}

static const struct consumer *statement_like(const char *text, const char *role)
{
	for (size_t i = 0; i < found.n; i++)
		if (strcmp(found.found[i].kind, "statement") == 0 && strstr(found.found[i].evidence, text) && strcmp(found.found[i].role, role) == 0)
			return &found.found[i];
	return NULL;
}

static bool blind(const char *words)
{
	return test_blind(&found, words);
}

enum way { STRUCTURAL, SURVIVES, NAMES, SAY };
static const struct { const char *key; enum way way; } wanted[] = {
	{ "view public.v_named", STRUCTURAL }, { "view public.v_star", STRUCTURAL }, { "view public.v_upon", STRUCTURAL },
	{ "view public.v_where", STRUCTURAL }, { "materialized view public.m_named", STRUCTURAL },
	{ "function public.f_atomic(integer)", STRUCTURAL }, { "view public.v_by_f", STRUCTURAL },
	{ "generated column public.orders.gen", STRUCTURAL }, { "policy p_named on public.orders", STRUCTURAL },
	{ "policy p_other on public.items", STRUCTURAL }, { "rule r_named on public.orders", STRUCTURAL },
	{ "trigger t_of on public.orders", STRUCTURAL }, { "trigger t_when on public.orders", STRUCTURAL },
	{ "publication pub_cols", STRUCTURAL }, { "publication pub_rows", STRUCTURAL },
	{ "foreign key items_total_fkey on public.items", STRUCTURAL },
	{ "publication pub_all", SURVIVES }, { "publication pub_schema", SURVIVES }, { "view public.v_row", SURVIVES },
	{ "function public.f_row(public.orders)", SURVIVES }, { "function public.f_set()", SURVIVES },
	{ "table column public.history.was", SURVIVES }, { "policy p_row on public.orders", SURVIVES }, { "trigger t_row on public.orders", SURVIVES },
	{ "function public.b_named()", NAMES }, { "function public.b_new()", NAMES }, { "procedure public.b_proc()", NAMES },
	{ "function public.b_json()", SURVIVES }, { "function public.b_star()", SURVIVES }, { "function public.b_dynamic()", SURVIVES },
	{ "column grant to gwt_web", SAY },
};

START_TEST(every_kind_is_found)
{
	test_sql(db, "SET pg_stat_statements.track = 'top'");   /* whatever the server has */
	audit();
	for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
		const struct consumer *c = has(wanted[i].key);
		if (!c)
			for (size_t k = 0; k < found.n; k++)
				fprintf(stderr, "  %s (%s)\n", found.found[k].key, found.found[k].source);
		ck_assert_msg(c != NULL, "%s was not found", wanted[i].key);
		ck_assert_msg(c->structural == (wanted[i].way == STRUCTURAL), "%s: structural is %d", c->key, c->structural);
		ck_assert_msg(c->may_survive == (wanted[i].way == SURVIVES), "%s: may_survive is %d", c->key, c->may_survive);
		ck_assert_msg(c->names_column == (wanted[i].way == NAMES), "%s: names_column is %d", c->key, c->names_column);
		ck_assert_msg(*c->evidence != '\0', "%s: no evidence", c->key);
	}
	for (size_t k = 0; k < found.n; k++) {
		bool asked = false;
		for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
			asked = asked || strcmp(wanted[i].key, found.found[k].key) == 0;
		if (!asked)
			fprintf(stderr, "  not wanted: %s (%s)\n", found.found[k].key, found.found[k].source);
	}
	ck_assert_uint_eq(found.n, sizeof wanted / sizeof wanted[0]);   /* and nothing else: no index, check, statistics, tripwire, other.orders */
	ck_assert(blind("foreign servers: far; "));
	ck_assert(blind("dynamic SQL, or another language, in 1 functions that name neither the table nor the column, to be read by eye: public.b_opaque(text)"));
	ck_assert(blind("pg_stat_statements.track is top: "));
	ck_assert_uint_eq(found.n_blind_keys, 0);
	ck_assert_int_gt(found.at, 0);
}
END_TEST

/* Each structural one, taken alone, is what DROP COLUMN really refuses for; and no other is. */
START_TEST(structural_is_what_refuses)
{
	struct arena *b = arena_new();
	audit();
	ck_assert(!db_script(db, b, "ALTER TABLE public.orders DROP COLUMN legacy_total", 5000, NULL, &e));
	ck_assert_str_eq(e.sqlstate, "2BP01");
	test_sql(db, "DROP VIEW public.v_by_f, public.v_upon, public.v_named, public.v_star, public.v_where");
	test_sql(db, "DROP MATERIALIZED VIEW public.m_named; DROP FUNCTION public.f_atomic; ALTER TABLE public.orders DROP COLUMN gen");
	test_sql(db, "DROP POLICY p_named ON public.orders; DROP POLICY p_other ON public.items; DROP RULE r_named ON public.orders");
	test_sql(db, "DROP TRIGGER t_of ON public.orders; DROP TRIGGER t_when ON public.orders; DROP PUBLICATION pub_cols, pub_rows");
	test_sql(db, "ALTER TABLE public.items DROP CONSTRAINT items_total_fkey");
	audit();
	for (size_t i = 0; i < found.n; i++)
		ck_assert_msg(!found.found[i].structural, "%s", found.found[i].key);
	ck_assert_msg(own_tripwire_take(db, a, TEST_SID, target.relid, &e), "%s", e.msg);
	test_sql(db, "ALTER TABLE public.orders DROP COLUMN legacy_total");
	arena_free(b);
}
END_TEST

START_TEST(statements_and_sessions)
{
	test_sql(db, "DROP PUBLICATION pub_rows, pub_all, pub_schema, pub_cols");   /* they refuse updates without a replica identity */
	test_sql(web, "SELECT legacy_total FROM public.orders WHERE id = 1");
	test_sql(web, "SELECT * FROM public.orders");
	test_sql(web, "SELECT count(*) FROM public.orders");
	test_sql(web, "UPDATE public.orders SET legacy_total = 8 WHERE id = 1");
	test_sql(db, OWN_TAG "SELECT max(legacy_total) FROM public.orders");
	audit();
	const struct consumer *c = statement_like("SELECT legacy_total FROM", "gwt_web");
	ck_assert_ptr_nonnull(c);
	ck_assert(c->names_column && !c->may_survive && c->touch == TOUCH_READ && c->calls == 1 && c->last == found.at);
	c = statement_like("SELECT * FROM public.orders", "gwt_web");
	ck_assert_ptr_nonnull(c);
	ck_assert(!c->names_column && c->may_survive);
	c = statement_like("UPDATE public.orders SET", "gwt_web");
	ck_assert_ptr_nonnull(c);
	ck_assert(c->touch == TOUCH_WRITE && strcmp(c->app, "web") == 0);
	ck_assert_ptr_null(statement_like("count(*)", "gwt_web"));
	ck_assert_ptr_null(statement_like("max(legacy_total)", "postgres"));
	c = has("session gwt_web (web)");
	ck_assert_ptr_nonnull(c);
	ck_assert(c->names_column && c->touch == TOUCH_WRITE && c->last > 0);
	c = has("writer gwt_web (web)");
	ck_assert_ptr_nonnull(c);
	ck_assert_str_eq(c->source, "tripwire");
	ck_assert_str_eq(c->evidence, "UPDATE, noted once a minute at most, from local");
}
END_TEST

/* The watch knows when a statement ran last; the audit alone only that it was not after this look. */
START_TEST(last_call_is_the_watchs)
{
	test_sql(web, "SELECT legacy_total FROM public.orders WHERE id = 1");
	test_sql(web, "SELECT 1");
	ck_assert_msg(watch_tick(db, a, TEST_SID, &plan, &target, NULL, 0, &e), "%s", e.msg);
	int64_t ticked = cell_int(test_value(db, a, "SELECT (extract(epoch FROM max(first_at)) * 1000000)::bigint FROM gatewalk.statement WHERE role = 'gwt_web'"));
	audit();
	ck_assert_int_eq(statement_like("SELECT legacy_total FROM", "gwt_web")->last, ticked);
	test_sql(db, "SELECT public.pg_stat_statements_reset()");
	audit();   /* gone from the statistics, kept by the watch */
	ck_assert_str_eq(statement_like("SELECT legacy_total FROM", "gwt_web")->source, "watched statements");
}
END_TEST

START_TEST(declared_and_standbys)
{
	struct plan_consumer c[] = { { .name = "looker", .kind = "report", .owner = "biop", .check = "echo none left" },
		{ .name = "webhook", .kind = "webhook", .check = "echo 3 use it >&2; exit 4" }, { .name = "csv", .kind = "other", .owner = "pair" } };
	struct plan_standby s[] = { { .name = "db2", .dbname = "host=/nonexistent" }, { .name = "db3" } };
	plan.consumers = c;
	plan.n_consumers = 3;
	plan.standbys = s;
	plan.n_standbys = 2;
	audit();
	ck_assert_str_eq(has("declared looker")->evidence, "clear says its own check: none left\n");
	ck_assert_str_eq(has("declared looker")->owner, "biop");
	ck_assert_ptr_nonnull(strstr(has("declared webhook")->evidence, "its check says no (status 4): "));
	ck_assert_str_eq(has("declared csv")->evidence, "declared in the plan; no check command");
	ck_assert_uint_eq(found.n_blind_keys, 2);
	ck_assert_str_eq(found.blind_keys[0], "standby db2");
	ck_assert_str_eq(found.blind_keys[1], "standby db3");
	ck_assert(blind("standby db3: the plan has no dbname for it"));
	struct json *j = audit_json(a, &found);
	ck_assert(json_is_log_subset(j));
	ck_assert_uint_eq(json_count(json_get(j, "found")), found.n);
}
END_TEST

START_TEST(without_statistics_it_says_how)
{
	test_sql(db, "DROP EXTENSION pg_stat_statements");
	audit();
	ck_assert(blind("statements: pg_stat_statements is loaded, but not created in this database: CREATE EXTENSION pg_stat_statements"));
}
END_TEST

START_TEST(without_the_schema)
{
	struct db *plain = test_database("gwt_audit_plain");
	test_sql(plain, "CREATE TABLE public.orders (id int, legacy_total int); CREATE VIEW public.v AS SELECT legacy_total FROM public.orders");
	struct fact_target t = test_target(plain, a, "public", "orders", "legacy_total");
	ck_assert_msg(audit_look(plain, a, &(struct audit_ask){ "", &plan, &t, TARGET_COLUMN }, &found, &e), "%s", e.msg);
	ck_assert_ptr_nonnull(has("view public.v"));
	t.found = false;
	t.missing = "no column legacy_total";
	ck_assert(!audit_look(plain, a, &(struct audit_ask){ "", &plan, &t, TARGET_COLUMN }, &found, &e));
	ck_assert_int_eq(found.at, 0);
	ck_assert_str_eq(e.msg, "there is nothing to audit: no column legacy_total");
	db_close(plain);
	test_drop_database("gwt_audit_plain");
}
END_TEST

START_TEST(odd_names)
{
	static const char table[] = "Or\"ders '; -- \xe2\x80\xae", column[] = "Legacy \"T\\otal\"";
	struct db *odd = test_database("gwt_audit_odd");
	test_sql(odd, "CREATE EXTENSION pg_stat_statements SCHEMA public; CREATE SCHEMA \"S x\"");
	test_sql(odd, "CREATE TABLE \"S x\".\"Or\"\"ders '; -- \xe2\x80\xae\" (id int, \"Legacy \"\"T\\otal\"\"\" int)");
	test_sql(odd, "CREATE VIEW \"S x\".\"V\"\"w\" AS SELECT \"Legacy \"\"T\\otal\"\"\" FROM \"S x\".\"Or\"\"ders '; -- \xe2\x80\xae\"");
	test_sql(odd, "GRANT USAGE ON SCHEMA \"S x\" TO gwt_web; GRANT ALL ON ALL TABLES IN SCHEMA \"S x\" TO gwt_web");
	struct db *reader = test_client("gwt_audit_odd", "web", "gwt_web");
	test_sql(reader, "SELECT \"Legacy \"\"T\\otal\"\"\" FROM \"S x\".\"Or\"\"ders '; -- \xe2\x80\xae\"");
	struct fact_target t = test_target(odd, a, "S x", table, column);
	ck_assert_msg(audit_look(odd, a, &(struct audit_ask){ "", &plan, &t, TARGET_COLUMN }, &found, &e), "%s", e.msg);
	ck_assert_ptr_nonnull(has("view \"S x\".\"V\"\"w\""));
	ck_assert_ptr_nonnull(statement_like("SELECT \"Legacy", "gwt_web"));
	db_close(reader);
	db_close(odd);
	test_drop_database("gwt_audit_odd");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("db_audit");
	TCase *c = tcase_create("audit");
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_set_timeout(c, 60);
	tcase_add_test(c, every_kind_is_found);
	tcase_add_test(c, structural_is_what_refuses);
	tcase_add_test(c, statements_and_sessions);
	tcase_add_test(c, last_call_is_the_watchs);
	tcase_add_test(c, declared_and_standbys);
	tcase_add_test(c, without_statistics_it_says_how);
	tcase_add_test(c, without_the_schema);
	tcase_add_test(c, odd_names);
	suite_add_tcase(s, c);
	return s;
}

int main(void) { return test_main(suite()); }
