/* SPDX-License-Identifier: MIT */
/* Audit and watch with the server's own opinion of the statements' texts. */
#include "adapter/audit.h"

#include <string.h>

#include "adapter/own.h"
#include "tests/lib_walk.h"

#define DB "gwt_resolved"

static struct db *db, *web;
static struct arena *a;
static struct err e;
static struct plan plan;
static struct fact_target target;
static struct fact_audit found;

static void setup(void)
{
	db = test_database(DB);
	a = arena_new();
	e = (struct err){ 0 };
	plan = test_plan();
	test_sql(db, "CREATE EXTENSION pg_stat_statements SCHEMA public;"
		"CREATE TABLE public.orders (id int PRIMARY KEY, note text, legacy_total int); CREATE TABLE public.items (id int, legacy_total int);"
		"CREATE VIEW public.sums AS SELECT id, note, legacy_total AS total FROM public.orders; CREATE VIEW public.upon AS SELECT id, note AS n, total AS t FROM public.sums;"
		"CREATE FUNCTION public.total_of(int) RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT legacy_total FROM public.orders WHERE id = $1; END;"
		"DO $$BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'gwt_web') THEN CREATE ROLE gwt_web LOGIN; END IF; END$$;"
		"GRANT ALL ON ALL TABLES IN SCHEMA public TO gwt_web");
	target = test_target(db, a, "public", "orders", "legacy_total");
	test_schema(db, a, &target);
	ck_assert_msg(own_tripwire_put(db, a, &(struct own_trip){ .sid = TEST_SID, .target = &target }, &e), "%s", e.msg);
	web = test_client(DB, "web", "gwt_web");
	test_sql(db, "SELECT public.pg_stat_statements_reset()");
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

static const struct consumer *statement_like(const char *text)
{
	for (size_t i = 0; i < found.n; i++)
		if (strcmp(found.found[i].kind, "statement") == 0 && strstr(found.found[i].evidence, text))
			return &found.found[i];
	return NULL;
}

static bool blind(const char *words)
{
	return test_blind(&found, words);
}

#define UPON "SELECT i.legacy_total, u.n FROM public.items i JOIN public.upon u ON u.id = i.id"

enum found_as { NOT, NAMES, SURVIVES };
#define SERVER "pg_stat_statements, resolved by the server"
#define BOTH SERVER ", read so by the parser"
#define PARSER "pg_stat_statements, read by the parser"
#define WORDS "pg_stat_statements, by its words"
static const struct { const char *run, *text; enum found_as as; const char *source; } wanted[] = {
	{ "SELECT t FROM public.upon", "SELECT t FROM", NAMES, SERVER },               /* names neither table nor column */
	{ "SELECT * FROM public.upon", "SELECT * FROM public.upon", SURVIVES, BOTH },
	{ "SELECT id, n FROM public.upon", "SELECT id, n FROM", NOT, NULL },
	{ "SELECT public.total_of(1)", "total_of(", NAMES, SERVER },
	{ "SELECT 1 FROM public.orders NATURAL JOIN public.items", "NATURAL JOIN", SURVIVES, BOTH },
	{ "SELECT max(legacy_total) FROM public.orders", "max(legacy", NAMES, BOTH },
	{ "SELECT i.legacy_total FROM public.items i JOIN public.orders o ON o.id = i.id", "i.legacy_total", NOT, NULL },   /* by its words it would be */
	{ "COPY (SELECT t + 1 FROM public.upon) TO '/dev/null'", "COPY (", SURVIVES, WORDS },   /* the server cannot say, so a person has to */
	{ "SELECT legacy_total FROM public.orders WHERE now() - interval '1 day' < now()", "legacy_total FROM public.orders WHERE now()", NAMES, PARSER },
};

START_TEST(one_verdict)
{
	for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
		test_sql(strncmp(wanted[i].run, "COPY", 4) == 0 ? db : web, wanted[i].run);
	audit();
	for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
		const struct consumer *c = statement_like(wanted[i].text);
		ck_assert_msg((c != NULL) == (wanted[i].as != NOT), "%s", wanted[i].run);
		if (!c)
			continue;
		ck_assert_msg(c->names_column == (wanted[i].as == NAMES) && c->may_survive == (wanted[i].as == SURVIVES), "%s", wanted[i].run);
		ck_assert_str_eq(c->source, wanted[i].source);
	}
	ck_assert(blind("1 statements look by their words as if they used the column; the server resolves them to the table without it, so they do not count: statement "));
	ck_assert(!blind("judged by their words"));
}
END_TEST

/* A login that cannot have texts resolved is told so, and takes what it cannot know for a use. */
START_TEST(words_alone)
{
	test_sql(web, "SELECT t FROM public.upon; SELECT i.legacy_total FROM public.items i JOIN public.orders o ON o.id = i.id; " UPON);
	test_sql(db, "SET default_transaction_read_only = on");
	ck_assert_msg(audit_look(db, a, &(struct audit_ask){ NULL, &plan, &target, TARGET_COLUMN }, &found, &e), "%s", e.msg);
	ck_assert(blind("texts of statements are judged by their words and the parser, not resolved by the server: transactions are read-only here"));
	const struct consumer *c = statement_like("SELECT t FROM");
	ck_assert(c && c->may_survive && !c->names_column);
	c = statement_like("u.n FROM");   /* what a view shows, only a catalogue knows */
	ck_assert(c && c->names_column);
	ck_assert_str_eq(c->source, WORDS);
	ck_assert(!statement_like("JOIN public.orders o"));   /* by another table's alias: the parser can tell */
	ck_assert(blind("1 statements look by their words as if they used the column; the parser reads them whole without it, so they do not count: statement "));
}
END_TEST

static void tick(void)
{
	ck_assert_msg(watch_tick(db, a, TEST_SID, &plan, &target, NULL, 0, &e), "%s", e.msg);
}

static const char *kept(void)
{
	return test_value(db, a, "SELECT count(*) FROM gatewalk.statement WHERE role = 'gwt_web'");
}

/* The watch: what the server takes back is no sighting; once kept in doubt, its going is no gap. */
START_TEST(watched)
{
	static const char text[] = "SELECT i.legacy_total FROM public.items i JOIN public.orders o ON o.id = i.id";
	tick();
	test_sql(web, text);
	tick();
	ck_assert_str_eq(kept(), "0");
	test_sql(web, "SELECT t FROM public.upon");
	tick();
	ck_assert_str_eq(kept(), "1");
	test_sql(web, UPON);   /* of the other one the parser is certain */
	struct db *ddl = test_client(DB, "ddl", NULL);
	test_sql(ddl, "BEGIN; LOCK TABLE public.items IN ACCESS EXCLUSIVE MODE");   /* parsing would wait: in doubt it is a use */
	tick();
	test_sql(ddl, "ROLLBACK");
	db_close(ddl);
	ck_assert_str_eq(kept(), "2");
	tick();
	ck_assert_str_eq(kept(), "2");
	ck_assert_str_eq(test_value(db, a, "SELECT coalesce(max(gap), 'none') FROM gatewalk.source WHERE sid = '" TEST_SID "' AND source = 'statements' AND gap LIKE '%gone%'"), "none");
	ck_assert_str_eq(test_value(db, a, "SELECT count(*) FROM gatewalk.statement WHERE calls = 0"), "0");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("db_resolved");
	TCase *c = tcase_create("resolved");
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_set_timeout(c, 60);
	tcase_add_test(c, one_verdict);
	tcase_add_test(c, words_alone);
	tcase_add_test(c, watched);
	suite_add_tcase(s, c);
	return s;
}

int main(void) { return test_main(suite()); }
