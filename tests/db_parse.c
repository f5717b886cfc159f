/* SPDX-License-Identifier: MIT */
/* The parser beside the server that knows the catalogue: of texts put together at random, none that the server resolves to the column may be one of which
   the parser is certain that it does without, nor the other way round. */
#include "adapter/audit_opinion.h"

#include <stdlib.h>
#include <string.h>

#include "adapter/audit_names.h"
#include "adapter/resolve.h"
#include "base/when.h"
#include "tests/lib_walk.h"

#define DB "gwt_parse"
#ifndef SEED
#define SEED 1
#endif
#ifndef TEXTS
#define TEXTS 500
#endif

static struct db *db;
static struct arena *a;
static struct err e;
static struct fact_target target;
static struct names names;

static const char shop[] =
	"CREATE TABLE public.orders (id int PRIMARY KEY, note text, legacy_total int); CREATE TABLE public.items (id int PRIMARY KEY, note text, legacy_total int);"
	"CREATE TABLE public.plain (id int, b int); CREATE SCHEMA other; CREATE TABLE other.orders (id int, legacy_total int);"
	"CREATE VIEW public.sums AS SELECT id, legacy_total AS x FROM public.orders; CREATE VIEW public.notes AS SELECT id, note FROM public.orders;"
	"CREATE FUNCTION public.total(int) RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT legacy_total FROM public.orders WHERE id = $1; END;"
	"CREATE FUNCTION public.whole(public.orders) RETURNS int LANGUAGE sql AS 'SELECT 1';";

static void setup(void)
{
	db = test_database(DB);
	a = arena_new();
	e = (struct err){ 0 };
	test_sql(db, shop);
	target = test_target(db, a, "public", "orders", "legacy_total");
	ck_assert_msg(names_read(db, a, &target, TARGET_COLUMN, &names, &e) && resolver_new(db, a, &target, 600 * US_SECOND, &names.resolver, &e), "%s", e.msg);
}

static void teardown(void)
{
	db_close(db);
	arena_free(a);
	test_drop_database(DB);
}

static unsigned long seed = SEED;

static size_t any(size_t n)
{
	seed = seed * 6364136223846793005UL + 1442695040888963407UL;
	return (size_t)(seed >> 33) % n;
}

static const char *one_of(const char *const *list)
{
	size_t n = 0;
	while (list[n])
		n++;
	return list[any(n)];
}

static const char *query(int depth);

static const char *value(int depth)
{
	static const char *const names_of[] = { "id", "legacy_total", "o.id", "o.legacy_total", "i.legacy_total", "i.id", "orders.legacy_total", "items.legacy_total", "x.legacy_total", "o", "i",
		"orders", "count(*)", "$1", "x.id", "to_jsonb(o)", "o.note", "total(1)", "total(o.id)", "o.whole", "whole(o)", "(o).legacy_total", "(i).legacy_total", "U&\"legacy\\005ftotal\"", "note", NULL };
	if (depth > 0 && any(6) == 0)
		return arena_printf(a, "(%s)", query(depth - 1));
	return one_of(names_of);
}

static const char *relation(int depth)
{
	static const char *const tables[] = { "orders", "public.orders", "items", "plain", "other.orders", "sums", "notes", NULL };
	static const char *const aliases[] = { "", "", " o", " i", " x", " AS legacy_total", " orders", " items", NULL }, *const given[] = { " o", " i", " x", " x (legacy_total)", NULL };
	if (depth > 0 && any(5) == 0)
		return arena_printf(a, "%s(%s)%s", any(3) ? "" : "LATERAL ", query(depth - 1), one_of(given));
	return arena_printf(a, "%s%s", one_of(tables), one_of(aliases));
}

static const char *from(int depth)
{
	static const char *const joins[] = { "%s JOIN %s ON true", "%s, %s", "%s NATURAL JOIN %s", "%s LEFT JOIN %s USING (id)", "%s JOIN %s USING (legacy_total)", "(%s CROSS JOIN %s) AS x", NULL };
	static const char *const common[] = { "orders o, items i", "items i JOIN public.orders o ON o.id = i.id", "orders o", "items i, plain o", "orders, items i", "sums x, orders o, items i",
		"items i", NULL };
	if (any(3))
		return one_of(common);   /* most of the others are refused: a name is not in sight, or twice */
	const char *first = relation(depth);
	if (any(2))
		return first;
	const char *how = one_of(joins);
	const char *mid = strstr(how, "%s"), *end = strstr(mid + 2, "%s");
	return arena_printf(a, "%.*s%s%.*s%s%s", (int)(mid - how), how, first, (int)(end - mid - 2), mid + 2, relation(depth), end + 2);
}

static const char *query(int depth)
{
	static const char *const lists[] = { "*", "o.*", "i.*", "x.*", NULL };
	const char *list = any(5) ? value(depth) : one_of(lists);
	const char *also = any(3) ? "" : any(2) ? arena_printf(a, ", %s AS legacy_total", value(depth)) : arena_printf(a, ", %s", value(depth));
	const char *where = any(3) ? "" : any(2) ? arena_printf(a, " WHERE %s IS NOT NULL", value(depth)) : arena_printf(a, " WHERE EXISTS (%s)", depth > 0 ? query(depth - 1) : "SELECT 1");
	const char *order = any(6) ? "" : " ORDER BY legacy_total", *with = any(6) || depth == 0 ? "" : arena_printf(a, "WITH x AS (%s) ", query(depth - 1));
	return arena_printf(a, "%sSELECT %s%s FROM %s%s%s", with, list, also, from(depth), where, order);
}

static const char *statement(void)
{
	static const char *const targets[] = { "orders", "public.orders", "items", "orders o", "items o", "other.orders", "sums", NULL };
	static const char *const columns[] = { "id", "legacy_total", "note", NULL };
	const char *to = one_of(targets), *what = value(1), *column = one_of(columns);
	switch (any(8)) {
	case 0: return arena_printf(a, "UPDATE %s SET %s = %s FROM %s", to, column, what, from(1));
	case 1: return arena_printf(a, "DELETE FROM %s USING %s WHERE %s IS NULL RETURNING %s", to, from(1), what, any(2) ? "*" : value(0));
	case 2: return arena_printf(a, "INSERT INTO %.*s (id, %s) %s", (int)strcspn(to, " "), to, any(2) ? "note" : "legacy_total", query(1));
	case 3: return arena_printf(a, "INSERT INTO %.*s (id) VALUES ($1) ON CONFLICT (id) DO NOTHING RETURNING %s", (int)strcspn(to, " "), to, value(0));
	default: return query(2);
	}
}

START_TEST(never_against_each_other)
{
	size_t used = 0, without = 0, none = 0;
	for (int i = 0; i < TEXTS; i++) {
		const char *text = statement();
		struct resolved server = resolver_text(names.resolver, "postgres", text);
		struct parsed p = opinion_text(names.opinion, text);
		bool out = server.as == RESOLVED_WITHOUT || server.as == RESOLVED_ELSEWHERE;
		ck_assert_msg(server.as != RESOLVED_USED || p.as != PARSED_NONE, "the server finds it, the parser is certain that it does not: %s", text);
		ck_assert_msg(!out || p.as != PARSED_USED || !p.sure, "the parser is certain of it, the server does not find it: %s", text);
		used += server.as == RESOLVED_USED;
		without += out;
		none += out && p.as == PARSED_NONE;
		if (i % 100 == 99)
			opinion_end(names.opinion);   /* time for the next */
	}
	resolver_end(names.resolver);
	printf("  %d texts: the server finds it in %zu, and not in %zu, of which the parser is certain of %zu\n", TEXTS, used, without, none);
	ck_assert(used > TEXTS / 20 && without > TEXTS / 40 && none > 0);   /* the texts are worth something */
	opinion_end(names.opinion);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("db_parse");
	TCase *c = tcase_create("parse");
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_set_timeout(c, 60);
	tcase_add_test(c, never_against_each_other);
	suite_add_tcase(s, c);
	return s;
}

int main(void) { return test_main(suite()); }
