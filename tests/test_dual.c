/* SPDX-License-Identifier: MIT */
/* The texts of a dual write: what is quoted, which functions and triggers there are, what fires when. What they do: db_dualwrite. */
#include <string.h>

#include "base/arena.h"
#include "core/dual.h"
#include "tests/lib_test.h"

static const struct dual_column V = { "v", "text", "text", DUAL_BYTES, DUAL_BYTES }, N = { "n\"x", "integer", "integer", DUAL_VALUE, DUAL_VALUE },
	J = { "j", "json", "json", DUAL_WRITTEN, DUAL_WRITTEN }, ID = { "Id", "bigint", "bigint", DUAL_VALUE, DUAL_VALUE };
static const struct dual_column *two[] = { &V, &J }, *back[] = { &N }, *keys[] = { &ID, &V };

static struct dual_form form(void)
{
	return (struct dual_form){ .sid = "0123456789abcdef", .id = "0123456789ab", .schema = "S", .table = "t", .old = V, .new = N, .to = { .sql = "f(v, j)", .reads = two, .n = 2 },
		.keys = keys, .n_keys = 2 };
}

static void has(const char *text, const char *part)
{
	ck_assert_msg(strstr(text, part) != NULL, "%s\nis not in\n%s", part, text);
}

static int count(const char *text, const char *part)
{
	int n = 0;
	for (const char *at = text; (at = strstr(at, part)); at++)
		n++;
	return n;
}

START_TEST(values_are_compared_as_their_types_are)
{
	struct arena *a = arena_new();
	struct dual_form f = form();
	ck_assert_str_eq(dual_distinct(a, DUAL_VALUE, "x", "y"), "(x IS DISTINCT FROM y)");
	ck_assert_str_eq(dual_distinct(a, DUAL_BYTES, "x", "y"), "(x COLLATE \"C\" IS DISTINCT FROM y COLLATE \"C\")");
	ck_assert_str_eq(dual_distinct(a, DUAL_WRITTEN, "x", "y"), "(x::text COLLATE \"C\" IS DISTINCT FROM y::text COLLATE \"C\")");
	ck_assert_str_eq(dual_differs(a, &f), "(\"t\".\"n\"\"x\" IS DISTINCT FROM CAST((f(v, j)\n) AS integer))");
	/* With a way back: one of the two is what the other makes. */
	f.back.sql = "n::text";
	ck_assert_str_eq(dual_differs(a, &f), "((\"t\".\"n\"\"x\" IS DISTINCT FROM CAST((f(v, j)\n) AS integer)) AND (\"t\".\"v\" COLLATE \"C\" IS DISTINCT FROM CAST((n::text\n) AS text) COLLATE \"C\"))");
	arena_free(a);
}
END_TEST

START_TEST(rows_in_words)
{
	struct arena *a = arena_new();
	ck_assert_str_eq(dual_words(a, keys, 2, "NEW"), "pg_catalog.concat_ws(', ', pg_catalog.format('%s=%s', 'Id', NEW.\"Id\"), pg_catalog.format('%s=%s', 'v', NEW.\"v\"))");
	ck_assert_str_eq(dual_words(a, keys, 0, "NEW"), "''");
	arena_free(a);
}
END_TEST

START_TEST(one_way)
{
	struct arena *a = arena_new();
	struct dual_form f = form();
	const char *s = dual_functions(a, &f), *t = dual_triggers(a, &f, "\"S\".\"t\"", true);
	ck_assert_int_eq(count(s, "CREATE FUNCTION "), 3);
	has(s, "CREATE FUNCTION gatewalk.dual_0123456789ab_to(\"v\" text, \"j\" json) RETURNS integer LANGUAGE sql RETURN (f(v, j)\n);");
	has(s, "NEW.\"n\"\"x\" := gatewalk.dual_0123456789ab_to(NEW.\"v\", NEW.\"j\");");
	ck_assert_int_eq(count(s, "SECURITY DEFINER"), 1);
	ck_assert_int_eq(count(t, "CREATE TRIGGER "), 2);
	has(t, "CREATE TRIGGER zz_gatewalk_dual_0123456789ab BEFORE UPDATE ON \"S\".\"t\" FOR EACH ROW WHEN (((OLD.\"v\" COLLATE \"C\" IS DISTINCT FROM NEW.\"v\" COLLATE \"C\") OR "
		"(OLD.\"j\"::text COLLATE \"C\" IS DISTINCT FROM NEW.\"j\"::text COLLATE \"C\")) AND NOT (OLD.\"n\"\"x\" IS DISTINCT FROM NEW.\"n\"\"x\") AND pg_catalog.current_setting('gatewalk.backfill', true) IS DISTINCT FROM '0123456789abcdef') EXECUTE FUNCTION gatewalk.dual_0123456789ab();");
	has(t, "_i BEFORE INSERT ON \"S\".\"t\" FOR EACH ROW WHEN (NEW.\"n\"\"x\" IS NULL)");
	has(t, "ALTER TABLE ONLY \"S\".\"t\" ENABLE ALWAYS TRIGGER zz_gatewalk_dual_0123456789ab, ENABLE ALWAYS TRIGGER zz_gatewalk_dual_0123456789ab_i;");
	has(dual_triggers(a, &f, "\"S\".\"t\"", false), "ALTER TABLE \"S\".\"t\" ENABLE ALWAYS");
	arena_free(a);
}
END_TEST

START_TEST(both_ways)
{
	struct arena *a = arena_new();
	struct dual_form f = form();
	f.back = (struct dual_expr){ .sql = "g(t.n)", .reads = back, .n = 1, .named = true };
	f.to.named = true;
	const char *s = dual_functions(a, &f), *t = dual_triggers(a, &f, "\"S\".\"t\"", true);
	ck_assert_int_eq(count(s, "CREATE FUNCTION "), 6);
	ck_assert_int_eq(count(s, "SECURITY DEFINER"), 1);
	has(s, "dual_0123456789ab_back(\"n\"\"x\" integer, \"t\" \"S\".\"t\") RETURNS text LANGUAGE sql RETURN (g(t.n)\n);");
	has(s, "dual_0123456789ab_same(\"n\"\"x\" integer, \"v\" text, \"j\" json, \"t\" \"S\".\"t\") RETURNS boolean");
	has(s, "NEW.\"v\" := gatewalk.dual_0123456789ab_back(NEW.\"n\"\"x\", NEW);");
	has(s, "dual_0123456789ab_same(NEW.\"n\"\"x\", NEW.\"v\", NEW.\"j\", NEW)");
	has(t, "CREATE TRIGGER _gatewalk_dual_0123456789ab BEFORE UPDATE");
	has(t, "IS DISTINCT FROM '0123456789abcdef') EXECUTE FUNCTION gatewalk.dual_0123456789ab_b();");
	has(t, "WHEN (NEW.\"n\"\"x\" IS NOT NULL AND NEW.\"v\" IS NULL)");
	f.old_default = "'0'::text";
	has(dual_triggers(a, &f, "\"S\".\"t\"", true), "IS NOT NULL AND (NEW.\"v\" IS NULL OR NOT (NEW.\"v\" COLLATE \"C\" IS DISTINCT FROM CAST(('0'::text\n) AS text) COLLATE \"C\"))");
	arena_free(a);
}
END_TEST

/* A conversion that reads only its table by name. */
START_TEST(nothing_but_the_row)
{
	struct arena *a = arena_new();
	struct dual_form f = form();
	f.to = (struct dual_expr){ .sql = "t.v", .named = true };
	has(dual_convert(a, &f, &f.to), "_to(\"t\" \"S\".\"t\") RETURNS integer");
	has(dual_functions(a, &f), "_to(NEW)");
	arena_free(a);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("dual");
	TCase *t = tcase_create("dual");
	tcase_add_test(t, values_are_compared_as_their_types_are);
	tcase_add_test(t, rows_in_words);
	tcase_add_test(t, one_way);
	tcase_add_test(t, both_ways);
	tcase_add_test(t, nothing_but_the_row);
	suite_add_tcase(s, t);
	return test_main(s);
}
