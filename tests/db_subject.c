/* SPDX-License-Identifier: MIT */
/* An audit without a walk: what a name on the command line means, and who uses an index or a type. */
#include "adapter/audit_subject.h"

#include <string.h>

#include "adapter/audit.h"
#include "base/when.h"
#include "core/consumers.h"
#include "tests/lib_walk.h"

#define DB "gwt_subject"

static struct db *db;
static struct arena *a;
static struct err e;
static struct subject s;
static struct fact_audit found;

static const char *const shop[] = {
	"CREATE EXTENSION pg_stat_statements SCHEMA public; CREATE TYPE public.mood AS ENUM ('sad', 'ok'); CREATE DOMAIN public.name AS text",
	"CREATE TABLE public.orders (id int PRIMARY KEY, old int UNIQUE, m public.mood, ms public.mood[], \"Odd \"\"n\" int)",
	"CREATE TABLE public.items (id int, was int REFERENCES public.orders (old)); CREATE INDEX orders_m ON public.orders (m)",
	"CREATE UNIQUE INDEX orders_odd ON public.orders (\"Odd \"\"n\"); ALTER TABLE public.orders ADD UNIQUE (id, old)",
	"CREATE TABLE public.parts (id int) PARTITION BY RANGE (id); CREATE TABLE public.parts_1 PARTITION OF public.parts FOR VALUES FROM (0) TO (9)",
	"CREATE INDEX parts_id ON public.parts (id); CREATE SCHEMA other; CREATE TABLE other.items (id int); CREATE TABLE public.mood_of (mood int)",
	"CREATE VIEW public.v AS SELECT old FROM public.orders; CREATE TABLE public.mood_seen (x public.mood); CREATE INDEX same ON public.items (id); CREATE DOMAIN public.same AS int",
	"CREATE FUNCTION public.f_mood(public.mood) RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE FUNCTION public.f_text() RETURNS text LANGUAGE sql AS $$SELECT 'ok'::public.mood::text$$",
	"CLUSTER public.orders USING orders_m",
};

static void setup(void)
{
	db = test_database(DB);
	a = arena_new();
	e = (struct err){ 0 };
	for (size_t i = 0; i < sizeof shop / sizeof shop[0]; i++)
		test_sql(db, shop[i]);
	test_sql(db, "SELECT public.pg_stat_statements_reset()");
}

static void teardown(void)
{
	db_close(db);
	arena_free(a);
	test_drop_database(DB);
}

static void find(const char *word)
{
	ck_assert_msg(subject_find(db, a, word, &s, &e), "%s: %s", word, e.msg);
}

static void refused(const char *word, const char *why)
{
	e = (struct err){ 0 };
	ck_assert(!subject_find(db, a, word, &s, &e));
	ck_assert_int_eq(e.code, ERR_USE);
	ck_assert_msg(strstr(e.msg, why) != NULL, "%s: %s", word, e.msg);
}

static void audit(const char *word)
{
	struct plan none = { 0 };
	plan_defaults(&none);
	find(word);
	ck_assert_msg(audit_look(db, a, &(struct audit_ask){ NULL, &none, &s.target, s.kind }, &found, &e), "%s", e.msg);
}

static const struct consumer *has(const char *key)
{
	const struct consumer *c = test_consumer(&found, key);
	ck_assert_msg(c != NULL, "%s is not found", key);
	return c;
}

START_TEST(a_name_is_what_it_says)
{
	static const struct { const char *word; enum target kind; const char *label; } names[] = {
		{ "orders", TARGET_TABLE, "public.orders" }, { "public.orders", TARGET_TABLE, "public.orders" }, { "parts", TARGET_TABLE, "public.parts" },
		{ "orders.old", TARGET_COLUMN, "public.orders.old" }, { "public.orders.old", TARGET_COLUMN, "public.orders.old" },
		{ "ORDERS.Old", TARGET_COLUMN, "public.orders.old" }, { "public.orders.\"Odd \"\"n\"", TARGET_COLUMN, "public.orders.\"Odd \"\"n\"" },
		{ "orders_pkey", TARGET_INDEX, "public.orders_pkey" }, { "parts_id", TARGET_INDEX, "public.parts_id" }, { "index:same", TARGET_INDEX, "public.same" },
		{ "type:same", TARGET_TYPE, "public.same" }, { "mood", TARGET_TYPE, "public.mood" }, { "public.name", TARGET_TYPE, "public.name" },
		{ "mood_of.mood", TARGET_COLUMN, "public.mood_of.mood" }, { "other.items", TARGET_TABLE, "other.items" },
	};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		find(names[i].word);
		ck_assert_int_eq(s.kind, names[i].kind);
		ck_assert_str_eq(s.label, names[i].label);
		ck_assert(s.target.found);
	}
}
END_TEST

START_TEST(a_name_that_says_nothing_or_too_much)
{
	refused("nothing", "there is no nothing here");
	refused("public.orders.nothing", "there is no public.orders.nothing here");
	refused("index:orders", "there is no index orders here");
	refused("same", "is the name of 2 things");
	ck_assert_str_eq(e.hint, "index:public.same, type:public.same");
	refused("items", "is the name of 2 things");
	refused("v", "public.v is no table");
	refused("v.old", "public.v.old is no table");
	refused("a\"b", "is no name");
	refused("", "is no name");
	refused("a.b.c.d", "there is no a.b.c.d here");
}
END_TEST

START_TEST(who_uses_an_index)
{
	test_sql(db, "ALTER TABLE public.orders ALTER old SET NOT NULL; ALTER TABLE public.orders REPLICA IDENTITY USING INDEX orders_id_old_key");
	audit("orders_old_key");
	ck_assert(has("constraint orders_old_key on public.orders")->structural);
	ck_assert(has("foreign key items_was_fkey on public.items")->structural);
	audit("orders_odd");
	ck_assert(!has("rule of the index unique, on public.orders")->structural);
	audit("orders_id_old_key");
	has("replica identity of public.orders");
	audit("orders_m");
	has("CLUSTER order of public.orders");
	audit("parts_1_id_idx");
	ck_assert(has("parent index public.parts_id")->structural);
	test_sql(db, "SET enable_seqscan = off; SELECT count(*) FROM public.items WHERE id = 3; /*+ IndexScan(items same) */ SELECT 1");
	test_sql(db, "SELECT pg_stat_force_next_flush()");
	audit("index:same");
	has("scans of same");
	/* Statements say nothing of the indexes they go by: the counters do, since their reset. */
	struct class_seen seen[CLASSES];
	test_sql(db, "SELECT pg_stat_reset()");
	test_sql(db, "SELECT pg_stat_force_next_flush()");
	audit("index:same");
	ck_assert_ptr_null(test_consumer(&found, "scans of same"));
	audit_classes(&found, seen);
	ck_assert_str_eq(seen[CLASS_READ].by->name, "scan counters");
	ck_assert_str_eq(seen[CLASS_WRITE].by->name, "scan counters");
	ck_assert_int_gt(seen[CLASS_READ].by->from, found.at - 10 * US_SECOND);
	/* A partitioned index is used through its parts. */
	test_sql(db, "SET enable_seqscan = off; SELECT count(*) FROM public.parts WHERE id = 3");
	test_sql(db, "SELECT pg_stat_force_next_flush()");
	audit("parts_id");
	has("scans of parts_id");
}
END_TEST

START_TEST(who_uses_a_type)
{
	test_sql(db, "SELECT 'ok'::public.mood");
	audit("mood");
	has("table column public.orders.m");
	has("table column public.orders.ms");
	has("table column public.mood_seen.x");
	has("function public.f_mood(public.mood)");
	ck_assert(has("function public.f_text()")->names_column);
	bool statement = false;
	for (size_t i = 0; i < found.n; i++)
		statement = statement || strcmp(found.found[i].kind, "statement") == 0;
	ck_assert(statement);
	ck_assert_ptr_null(test_consumer(&found, "table column public.mood_of.mood"));
}
END_TEST

/* Each source stands there with what it can see and since when; nothing that was not asked counts as having seen. */
START_TEST(what_could_be_seen)
{
	struct class_seen seen[CLASSES];
	audit("orders.old");
	audit_classes(&found, seen);
	ck_assert_str_eq(seen[CLASS_STATIC].by->name, "catalogue");
	ck_assert_str_eq(seen[CLASS_READ].by->name, "statements");
	ck_assert_str_eq(seen[CLASS_WRITE].by->name, "statements");
	ck_assert_int_lt(seen[CLASS_READ].by->from, found.at);
	ck_assert_ptr_null(seen[CLASS_CODE].by);
	for (size_t i = 0; i < found.n_sources; i++)
		if (strcmp(found.sources[i].name, "tripwire") == 0)
			ck_assert_int_eq(found.sources[i].saw, SAW_MISSING);
	test_sql(db, "DROP EXTENSION pg_stat_statements");
	audit("orders.old");
	audit_classes(&found, seen);
	ck_assert_ptr_null(seen[CLASS_READ].by);   /* sessions of one moment are no time in which nobody read it */
	ck_assert_ptr_null(seen[CLASS_WRITE].by);
}
END_TEST

static Suite *suite(void)
{
	Suite *x = suite_create("subject");
	TCase *c = tcase_create("subject");
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_set_timeout(c, 60);
	tcase_add_test(c, a_name_is_what_it_says);
	tcase_add_test(c, a_name_that_says_nothing_or_too_much);
	tcase_add_test(c, who_uses_an_index);
	tcase_add_test(c, who_uses_a_type);
	tcase_add_test(c, what_could_be_seen);
	suite_add_tcase(x, c);
	return x;
}

int main(void)
{
	return test_main(suite());
}
