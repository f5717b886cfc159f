/* SPDX-License-Identifier: MIT */
/* Who uses a table, or the rows of it: each kind of consumer is found; what merely falls is not asked about. */
#include "adapter/audit.h"

#include "adapter/probe.h"
#include "tests/lib_walk.h"

#define DB "gwt_audit_table"

static struct db *db, *web;
static struct arena *a;
static struct err e;
static struct plan plan;
static struct fact_target target;
static struct fact_audit found;

static const char shop[] =
	"CREATE EXTENSION pg_stat_statements SCHEMA public; CREATE TABLE public.cust (id int PRIMARY KEY);"
	"CREATE TABLE public.orders (id int PRIMARY KEY, s serial, note text, cust int REFERENCES public.cust, CHECK (id > 0)); CREATE INDEX falls ON public.orders (note);"
	"CREATE TABLE public.items (id int, ord int CONSTRAINT items_ord REFERENCES public.orders);"
	"CREATE VIEW public.v AS SELECT note FROM public.orders; CREATE VIEW public.v_upon AS SELECT * FROM public.v; CREATE MATERIALIZED VIEW public.m AS SELECT 1 FROM public.orders;"
	"CREATE FUNCTION public.f_atomic() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(*) FROM public.orders; END;"
	"CREATE FUNCTION public.f_row(public.orders) RETURNS text LANGUAGE sql AS 'SELECT $1.note'; CREATE TABLE public.history (was public.orders[]);"
	"CREATE TABLE public.nums (n int DEFAULT nextval('public.orders_s_seq'));"
	"CREATE POLICY mine ON public.orders USING (id > 0); CREATE POLICY far ON public.cust USING (id IN (SELECT cust FROM public.orders));"
	"CREATE FUNCTION public.tf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM to_jsonb(new); RETURN new; END';"
	"CREATE TRIGGER falls AFTER UPDATE ON public.orders FOR EACH ROW EXECUTE FUNCTION public.tf();"
	"CREATE FUNCTION public.b_read() RETURNS bigint LANGUAGE plpgsql AS 'BEGIN RETURN (SELECT count(*) FROM orders); END';"
	"CREATE FUNCTION public.b_clean() RETURNS void LANGUAGE sql AS 'DELETE FROM public.orders WHERE id > 100';"
	"CREATE FUNCTION public.b_other() RETURNS int LANGUAGE sql AS 'SELECT 1';"
	"CREATE PUBLICATION pub FOR TABLE public.orders; CREATE PUBLICATION pub_all FOR ALL TABLES; CREATE PUBLICATION pub_not FOR TABLE public.cust;"
	"CREATE SCHEMA other; CREATE TABLE other.orders (id int); CREATE VIEW other.v AS SELECT id FROM other.orders;"
	"CREATE TABLE public.ev (id int PRIMARY KEY) PARTITION BY RANGE (id); CREATE TABLE public.ev_old PARTITION OF public.ev DEFAULT;"
	"CREATE VIEW public.v_old AS SELECT * FROM public.ev_old; CREATE TABLE public.far_item (ev int CONSTRAINT far_ev REFERENCES public.ev);"
	"GRANT USAGE ON SCHEMA other TO PUBLIC; GRANT ALL ON ALL TABLES IN SCHEMA public, other TO PUBLIC; SELECT public.pg_stat_statements_reset()";

static void setup(void)
{
	db = test_database(DB);
	a = arena_new();
	e = (struct err){ 0 };
	test_sql(db, "DO $$BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'gwt_web') THEN CREATE ROLE gwt_web LOGIN; END IF; END$$;");
	test_sql(db, shop);
	target = test_target(db, a, "public", "orders", "id");
	test_schema(db, a, &target);
	web = test_client(DB, "web", "gwt_web");
}

static void teardown(void)
{
	db_close(web);
	db_close(db);
	arena_free(a);
	test_drop_database(DB);
}

static void audit(const char *recipe, const char *table)
{
	plan = test_plan();
	plan.recipe = recipe;
	plan.table = table;
	plan.column = NULL;
	plan.where = "id > 0";
	ck_assert_msg(probe_target(db, a, &plan, &target, &e) && target.found, "%s", e.msg);
	ck_assert_msg(audit_look(db, a, &(struct audit_ask){ TEST_SID, &plan, &target, plan_target(&plan) }, &found, &e), "%s", e.msg);
}

static const struct consumer *has(const char *key)
{
	return test_consumer(&found, key);
}

static const struct consumer *find(const char *kind, const char *part)
{
	for (size_t i = 0; i < found.n; i++)
		if (strcmp(found.found[i].kind, kind) == 0 && strstr(found.found[i].evidence, part))
			return &found.found[i];
	return NULL;
}

/* s structural, p a person has to say, n names what goes, w may survive. */
struct want { const char *key; char way; };

static char way_of(const struct consumer *c)
{
	return c->structural ? 's' : c->names_column ? 'n' : c->may_survive ? 'w' : 'p';
}

static void all_of(const struct want *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct consumer *c = has(v[i].key);
		ck_assert_msg(c != NULL, "%s is missing", v[i].key);
		ck_assert_msg(way_of(c) == v[i].way, "%s: %c", v[i].key, way_of(c));
	}
	for (size_t i = 0; i < found.n; i++) {
		bool wanted = strcmp(found.found[i].kind, "statement") == 0 || strcmp(found.found[i].kind, "session") == 0;
		for (size_t k = 0; k < n; k++)
			wanted = wanted || strcmp(found.found[i].key, v[k].key) == 0;
		ck_assert_msg(wanted, "%s was found", found.found[i].key);
	}
}
#define ALL(list) all_of(list, sizeof list / sizeof list[0])

START_TEST(of_a_table)
{
	static const struct want want[] = {
		{ "view public.v", 's' }, { "view public.v_upon", 's' }, { "materialized view public.m", 's' }, { "function public.f_atomic()", 's' },
		{ "function public.f_row(public.orders)", 's' }, { "table column public.history.was", 's' }, { "default of column public.nums.n", 's' },
		{ "policy far on public.cust", 's' }, { "foreign key items_ord on public.items", 'p' }, { "publication pub", 'p' }, { "publication pub_all", 'p' },
		{ "function public.b_read()", 'n' }, { "function public.b_clean()", 'n' },
	};
	audit("drop-table", "orders");
	ALL(want);
	ck_assert_int_eq(has("function public.b_clean()")->touch, TOUCH_WRITE);
	ck_assert_int_eq(has("function public.b_read()")->touch, TOUCH_READ);
}
END_TEST

START_TEST(of_partitions)
{
	static const struct want want[] = { { "view public.v_old", 's' }, { "foreign key far_ev on public.far_item", 'p' }, { "publication pub_all", 'p' } };
	static const struct want part[] = { { "view public.v_old", 's' }, { "parent table public.ev", 'p' }, { "publication pub_all", 'p' } };
	audit("drop-table", "ev");
	ALL(want);
	audit("drop-table", "ev_old");
	ALL(part);
}
END_TEST

START_TEST(of_rows)
{
	static const struct want want[] = {
		{ "foreign key items_ord on public.items", 'p' }, { "publication pub", 'w' }, { "publication pub_all", 'w' }, { "function public.b_clean()", 'w' },
	};
	test_sql(web, "SELECT * FROM public.orders; SELECT count(*) FROM public.orders");
	audit("remove-rows", "orders");
	ALL(want);
	ck_assert_ptr_null(find("statement", "orders"));
	test_sql(web, "DELETE FROM public.orders WHERE id = 7");
	audit("remove-rows", "orders");
	const struct consumer *c = find("statement", "DELETE FROM public.orders");
	ck_assert(c && c->touch == TOUCH_WRITE && c->may_survive && !c->names_column);
}
END_TEST

static const struct audit_source *source(const char *name)
{
	for (size_t i = 0; i < found.n_sources; i++)
		if (strcmp(found.sources[i].name, name) == 0)
			return &found.sources[i];
	ck_abort_msg("there is no source %s", name);
	return NULL;
}

/* Of rows no watch keeps the statements: what the statistics have lost since they began shows at the audit's source. */
START_TEST(statements_that_were_thrown_out)
{
	audit("remove-rows", "orders");
	ck_assert_ptr_null(source("statements")->gap);
	test_sql(db, "CREATE OR REPLACE VIEW public.pg_stat_statements_info AS SELECT 7::bigint AS dealloc, '2026-01-02 03:04:05Z'::timestamptz AS stats_reset");
	audit("remove-rows", "orders");
	ck_assert_str_eq(source("statements")->gap, "the least used were forgotten, 7 times since the reset");
	ck_assert_int_eq(source("statements")->from, INT64_C(1767323045000000));
}
END_TEST

/* By name, never by the word alone; the checks of foreign keys and gatewalk's own looks are no use. */
START_TEST(statements_of_a_table)
{
	test_sql(db, "SET pg_stat_statements.track = 'all'; INSERT INTO public.orders (id) VALUES (1); SET pg_stat_statements.track TO DEFAULT");
	test_sql(db, "SELECT public.pg_stat_statements_reset()");
	test_sql(db, "SET pg_stat_statements.track = 'all'; INSERT INTO public.items VALUES (1, 1); SET pg_stat_statements.track TO DEFAULT");
	test_sql(web, "SELECT id AS orders FROM public.cust; SELECT id FROM other.orders; SELECT 1 FROM public.ev_old");
	audit("drop-table", "orders");
	ck_assert_str_eq(test_value(db, a, "SELECT count(*) > 0 FROM public.pg_stat_statements WHERE query LIKE '%FOR KEY SHARE%'"), "t");
	for (size_t i = 0; i < found.n; i++)
		ck_assert_msg(strcmp(found.found[i].kind, "statement") != 0, "%s", found.found[i].evidence);
	test_sql(web, "SELECT note FROM public.orders WHERE id = 5");
	audit("drop-table", "orders");
	const struct consumer *c = find("statement", "SELECT note FROM public.orders");
	ck_assert(c && c->names_column && !c->may_survive && c->touch == TOUCH_READ);
	ck_assert_ptr_nonnull(find("session", "SELECT note FROM public.orders"));
	audit("drop-table", "ev");   /* a partition's own name */
	ck_assert_ptr_nonnull(find("statement", "FROM public.ev_old"));
	ck_assert_ptr_null(find("statement", "orders"));
}
END_TEST

/* Through a view that has another name; in a DO block, of which the statistics keep the text; gatewalk's own reads are none. */
START_TEST(statements_that_hide_it)
{
	test_sql(web, "SELECT note FROM public.v_upon; SELECT 1");
	test_sql(web, "DO $$BEGIN PERFORM note FROM public.orders; END$$; SELECT 1");
	test_sql(web, "DELETE FROM public.v WHERE note = 'none'; SELECT 1");
	test_sql(db, OWN_TAG "SELECT max(note) FROM public.orders");
	audit("drop-table", "orders");
	const struct consumer *c = find("statement", "FROM public.v_upon");
	ck_assert(c && c->names_column && c->touch == TOUCH_READ);
	c = find("statement", "DO $$BEGIN");
	ck_assert(c && c->names_column && c->touch == TOUCH_READ);
	ck_assert_ptr_null(find("statement", "max(note)"));
	audit("remove-rows", "orders");
	ck_assert_ptr_null(find("statement", "FROM public.v_upon"));
	ck_assert_ptr_null(find("statement", "DO $$BEGIN"));
	c = find("statement", "DELETE FROM public.v WHERE");
	ck_assert(c && c->touch == TOUCH_WRITE);
}
END_TEST

/* It asks the publisher for the list of tables and no more: no slot, no worker. A database with one cannot be dropped. */
START_TEST(of_a_subscription)
{
	test_sql(db, arena_printf(a, "CREATE SUBSCRIPTION sub CONNECTION 'host=%s port=%s dbname=" DB " user=%s' PUBLICATION pub"
		" WITH (enabled = false, create_slot = false, slot_name = NONE, copy_data = false)", test_value(db, a, "SELECT split_part(current_setting('unix_socket_directories'), ',', 1)"),
		test_value(db, a, "SHOW port"), test_value(db, a, "SELECT current_user")));
	audit("drop-table", "orders");
	const struct consumer *table = has("subscription sub");
	audit("remove-rows", "orders");
	const struct consumer *rows = has("subscription sub");
	audit("drop-table", "ev");
	const struct consumer *other = has("subscription sub");
	test_sql(db, "DROP SUBSCRIPTION sub");
	ck_assert(table && way_of(table) == 'p' && rows && way_of(rows) == 'p' && !other);
}
END_TEST

START_TEST(of_an_odd_name)
{
#define ODD "\"Or\"\"ders '; -- \xe2\x80\xae\\\""
	test_sql(db, "CREATE TABLE public." ODD " (id int PRIMARY KEY, \"N;\" text); CREATE VIEW public.\"V\"\"w\" AS SELECT * FROM public." ODD ";"
		"CREATE TABLE public.\"K'd\" (x int CONSTRAINT \"f\"\"k\" REFERENCES public." ODD "); GRANT ALL ON ALL TABLES IN SCHEMA public TO PUBLIC");
	test_sql(web, "SELECT \"N;\" FROM public." ODD "; SELECT 1");
	test_sql(web, "SELECT id FROM public.\"V\"\"w\"; SELECT 1");
	audit("drop-table", "Or\"ders '; -- \xe2\x80\xae\\");
	ck_assert_int_eq(way_of(has("view public.\"V\"\"w\"")), 's');
	ck_assert_int_eq(way_of(has("foreign key \"f\"\"k\" on public.\"K'd\"")), 'p');
	ck_assert_ptr_nonnull(find("statement", "SELECT \"N;\""));
	ck_assert_ptr_nonnull(find("statement", "SELECT id FROM public.\"V"));
	ck_assert_ptr_null(find("statement", "orders"));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("audit_table");
	TCase *t = tcase_create("audit_table");
	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, of_a_table);
	tcase_add_test(t, of_partitions);
	tcase_add_test(t, of_rows);
	tcase_add_test(t, statements_of_a_table);
	tcase_add_test(t, statements_that_were_thrown_out);
	tcase_add_test(t, statements_that_hide_it);
	tcase_add_test(t, of_a_subscription);
	tcase_add_test(t, of_an_odd_name);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return test_main(suite());
}
