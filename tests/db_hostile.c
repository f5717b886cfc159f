/* SPDX-License-Identifier: MIT */
/* Names as the server allows them, all the way: looked up, tripwire put, written to, relaxed, dropped. A bystander table of
   nearly the same name must be as it was. */
#include "tests/drop_fixture.h"
#include "tests/lib_db.h"

#define DB "gw_hostile"

static struct fix x;

static const char *const hostile[] = {
	"plain", "Upper Case", "quo\"te", "\"\"", "apo'stroph", "''; DROP TABLE public.bystander; --", "semi;colon", "back\\slash", "\\", "$trip$", "$1", "%s%n%1$s", "%",
	"select", "table", "1st", " ", "  lead and trail  ", "tab\there", "line\nbreak", "\r\n", "esc\x1b[31mred", "bell\a\b\x7f", "c1\xc2\x9b" "31m", "ümläut", "ＦＵＬＬ", "\xe2\x80\xae" "bidi\xe2\x80\xac",
	"zero\xe2\x80\x8bwidth", "e\xcc\x81\xcc\x81\xcc\x81\xcc\x81", "\xf0\x9f\x90\x98", "a.b.c", "(paren)", "/* comment */", "-- comment", "{brace}", "NULL", "null", "gatewalk", "gatewalk_trip_0123456789ab", "OLD", "new", "ctid_", "*",
	"0123456789012345678901234567890123456789012345678901234567890ab",   /* 63 bytes */
	"\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4x",
	"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"",
};
#define N_HOSTILE ((int)(sizeof hostile / sizeof hostile[0]))

static void open_db(void)
{
	fix_open(&x, DB, true);
	fix_do(&x, "CREATE TABLE public.bystander (id int PRIMARY KEY, old text); INSERT INTO public.bystander VALUES (1, 'x')");
}

static void close_db(void)
{
	fix_close(&x);
	fix_drop_database(DB);
}

/* The server's own %I makes the names, so that the test does not trust our quoting. */
static const char *quoted(const char *name)
{
	const char *const args[] = { name };
	const struct query q = { .sql = "SELECT format('%I', $1::text)", .args = args, .nargs = 1 };
	struct err e = { 0 };
	const char *s = db_value(x.db, x.a, &q, &e);
	ck_assert_msg(s != NULL, "%s", e.msg);
	return s;
}

START_TEST(all_the_way)
{
	const char *schema = hostile[(_i * 7 + 3) % N_HOSTILE], *table = hostile[_i], *column = hostile[(_i * 5 + 1) % N_HOSTILE];
	struct err e = { 0 };
	struct drop_end end;
	if (strcmp(schema, "gatewalk") == 0)
		schema = "gatewalk ";
	const char *s = quoted(schema), *t = quoted(table), *c = quoted(column);
	fix_do(&x, arena_printf(x.a, "CREATE SCHEMA %s; CREATE TABLE %s.%s (\"key of it\" int PRIMARY KEY, %s text NOT NULL DEFAULT 'd', \"%.8sx\" text)", s, s, t, c, "other"));
	fix_do(&x, arena_printf(x.a, "CREATE INDEX ON %s.%s (%s); INSERT INTO %s.%s VALUES (1, 'v', 'o')", s, t, c, s, t));
	fix_ready(&x, schema, table, column, true);
	const struct fact_target *f = &x.facts.target;
	ck_assert_str_eq(f->schema, schema);
	ck_assert_str_eq(f->table, table);
	ck_assert_str_eq(f->column, column);
	ck_assert_str_eq(f->keys[0], "key of it");
	ck_assert_str_eq(f->locks[0], arena_printf(x.a, "%s.%s", s, t));
	ck_assert_uint_eq(f->n_falls, 1);
	ck_assert_msg(apply_relax(x.db, x.a, &x.plan, &x.walk, &x.facts, &e), "%s", e.msg);
	fix_do(&x, arena_printf(x.a, "UPDATE %s.%s SET %s = 'w'", s, t, c));
	fix_look(&x);
	ck_assert_int_eq(x.facts.watch.trip_count, 1);
	ck_assert(x.facts.watch.tripwire_there && !x.facts.target.not_null && !x.facts.target.def);
	x.walk.final.trip_count = 1;
	struct drop d = fix_drop(&x, fix_mint(&x));
	ck_assert_msg(apply_drop(x.a, &d, &end, &e), "%s", e.msg);
	const char *const args[] = { arena_printf(x.a, "%s.%s", s, t) };
	const struct query q = { .sql = "SELECT string_agg(attname, '|' ORDER BY attnum) FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped",
		.args = args, .nargs = 1 };
	ck_assert_str_eq(db_value(x.db, x.a, &q, &e), "key of it|otherx");
	ck_assert_str_eq(fix_get(&x, "SELECT old FROM public.bystander"), "x");
	ck_assert_str_eq(fix_get(&x, "SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal"), "0");
}
END_TEST

/* One letter more or less, another case, a blank behind: another thing. */
START_TEST(only_the_exact_name)
{
	struct err e = { 0 };
	struct fact_target t;
	static const char *const near[] = { "Old", "old ", " old", "OLD", "old\n", "ol", "olds", "\"old\"", "o%", "old\xe2\x80\x8b", "bystander.old" };
	for (size_t i = 0; i < sizeof near / sizeof near[0]; i++) {
		struct plan p = { .recipe = "drop-column", .schema = "public", .table = "bystander", .column = near[i] };
		ck_assert_msg(probe_target(x.db, x.a, &p, &t, &e), "%s", e.msg);
		ck_assert_msg(!t.found, "%s was taken for old", near[i]);
	}
	/* 64 bytes: the server would cut it to a name that is there; gatewalk does not. */
	fix_do(&x, "ALTER TABLE public.bystander ADD \"0123456789012345678901234567890123456789012345678901234567890ab\" int");
	struct plan p = { .recipe = "drop-column", .schema = "public", .table = "bystander", .column = "0123456789012345678901234567890123456789012345678901234567890abc" };
	ck_assert(probe_target(x.db, x.a, &p, &t, &e));
	ck_assert(!t.found);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("hostile");
	TCase *t = tcase_create("names");
	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, open_db, close_db);
	tcase_add_loop_test(t, all_the_way, 0, N_HOSTILE);
	tcase_add_test(t, only_the_exact_name);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return test_main(suite());
}
