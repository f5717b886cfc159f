/* SPDX-License-Identifier: MIT */
#include "adapter/audit_text.h"

#include <string.h>

#include "base/arena.h"
#include "tests/lib_test.h"

static const char *const views[] = { "order_sum", NULL };
static const char *const columns[] = { "id", "note", "legacy_total", NULL };
static const char *const falls[] = { "orders_total_key", NULL };
static const struct text_target target = { "public", "orders", "legacy_total", views, columns, TARGET_COLUMN, falls };
static const struct text_target odd = { "s", "Odd \"t\"", "Legacy Total", NULL, NULL, TARGET_COLUMN, NULL };

struct row { const char *text; enum text_use use; enum touch touch; };
#define NONE USE_NONE, TOUCH_NONE
#define NAME_R USE_NAME, TOUCH_READ
#define NAME_W USE_NAME, TOUCH_WRITE
#define STAR_R USE_STAR, TOUCH_READ
#define STAR_W USE_STAR, TOUCH_WRITE

static const struct text_target keywords = { "public", "order", "user", NULL, NULL, TARGET_COLUMN, NULL };
static const struct row keyword_statements[] = {
	{ "select id from items order by user", NONE },
	{ "select user from \"order\"", NONE },
	{ "select \"user\" from \"order\"", NAME_R },
	{ "select o.user from \"order\" o", NAME_R },
	{ "update public.order set \"user\" = $1", NAME_W },
};

static const struct row statements[] = {
	{ "SELECT legacy_total FROM orders", NAME_R },
	{ "select o.LEGACY_TOTAL from public.orders o", NAME_R },
	{ "/* app:web */ select \"legacy_total\" from orders", NAME_R },
	{ "select legacy_total_eur from orders", NONE },
	{ "select x_legacy_total, id from orders", NONE },
	{ "select legacy_total from invoices", NONE },
	{ "select legacy_total from order_sum", NAME_R },
	{ "select id from orders -- legacy_total", NONE },
	{ "select id from orders where note = 'legacy_total'", NONE },
	{ "select id from orders where legacy_total > $1", NAME_R },
	{ "update orders set legacy_total = $1 where id = $2", NAME_W },
	{ "update orders set (note, legacy_total) = ($1, $2)", NAME_W },
	{ "update orders set note = $1 where legacy_total = $2", NAME_R },
	{ "insert into orders (id, legacy_total) values ($1, $2)", NAME_W },
	{ "insert into orders (id) values ($1) returning legacy_total", NAME_R },
	{ "insert into copy_of (id) select legacy_total from orders", NAME_R },
	{ "with x as (update public.orders set legacy_total = $1 returning id) select * from x", NAME_W },
	{ "merge into orders o using s on s.id = o.id when matched then update set legacy_total = s.t", NAME_W },
	{ "copy orders (id, legacy_total) from stdin", NAME_W },
	{ "copy orders (id, legacy_total) to stdout", NAME_R },
	{ "copy (select legacy_total from orders) to stdout", NAME_R },
	{ "delete from orders where legacy_total is null", NAME_R },
	{ "prepare p as select legacy_total from orders", NAME_R },
	{ "declare c cursor for select legacy_total from orders", NAME_R },
	{ "create table x as select legacy_total from orders", NAME_R },
	{ "create materialized view x as select legacy_total from orders", NAME_R },
	{ "select U&\"legacy\\005ftotal\" from orders", NAME_R },
	{ "create view v as select legacy_total from orders", NONE },
	{ "create or replace function f() returns int as 'select legacy_total from orders' language sql", NONE },
	{ "create trigger t after update of legacy_total on orders execute function f()", NONE },
	{ "create table orders (id int, legacy_total int)", NONE },
	{ "alter table orders alter column legacy_total drop not null", NONE },
	{ "lock table orders in access share mode", NONE },
	{ "analyze orders (legacy_total)", NONE },
	{ "select * from orders", STAR_R },
	{ "select o.* from orders o where id = $1", STAR_R },
	{ "select id, * from orders", STAR_R },
	{ "select distinct on (id) * from orders", STAR_R },
	{ "select count(*) from orders", NONE },
	{ "select count(*), sum(a * b) from orders", NONE },
	{ "select id * $1 from orders", NONE },
	{ "table orders", STAR_R },
	{ "table public.orders", STAR_R },
	{ "copy orders to stdout", STAR_R },
	{ "copy public.orders from stdin", STAR_W },
	{ "copy orders (id) to stdout", NONE },
	{ "select id from orders natural join items", STAR_R },
	{ "select c from orders as o (a, b, c)", STAR_R },
	{ "select c from public.orders o(a, b, c)", STAR_R },
	{ "insert into orders as o (id) values ($1)", NONE },
	{ "insert into orders (values ($1, $2, $3))", STAR_W },
	{ "insert into orders (table staging)", STAR_W },
	{ "insert into orders ((select $1, $2, $3))", STAR_W },
	{ "select j.value from orders, jsonb_each(to_jsonb(orders)) j", STAR_R },
	{ "select j.x from orders, lateral f($1, public.orders) j", STAR_R },
	{ "create temp table x (like public.orders)", STAR_R },
	{ "create temp table x (like items)", NONE },
	{ "insert into orders (id) values ($1) on conflict on constraint orders_total_key do nothing", NAME_R },
	{ "set constraints orders_total_key deferred", NAME_R },
	{ "set constraints all deferred", NONE },
	{ "select to_jsonb(o) from orders o", STAR_R },
	{ "select row_to_json(orders) from orders", STAR_R },
	{ "select o from orders as o", STAR_R },
	{ "select o.id from orders o join items i on i.o = o.id", NONE },
	{ "select orders.id from orders", NONE },
	{ "select a.id from items a, orders b where a.id = b.id", NONE },
	{ "select a.id, b from items a, orders b where a.id = b.id", STAR_R },
	{ "insert into orders values ($1, $2)", STAR_W },
	{ "insert into orders select * from staging", STAR_W },
	{ "insert into orders (id) values ($1)", NONE },
	{ "insert into orders (id) values ($1) returning *", STAR_R },
	{ "update orders set note = $1 where id = $2", NONE },
	{ "delete from orders where id = $1 returning *", STAR_R },
	{ "select * from items", NONE },
	{ "select 'it''s \\' , $t$ orders $t$, legacy_total from orders", NAME_R },
	{ "select legacy_total from other.orders", NONE },
	{ "select * from other.orders", NONE },
	{ "select x.orders from items x", NONE },
	{ "COPY public.orders (id, note, legacy_total) TO stdout;", STAR_R },
	{ "COPY public.orders (id, legacy_total) TO stdout;", NAME_R },
	{ "COPY public.orders (id, note, legacy_total) FROM stdin;", NAME_W },
	{ "DECLARE _pg_dump_cursor CURSOR FOR SELECT id, note, legacy_total FROM ONLY public.orders", STAR_R },
	{ "do $$begin perform legacy_total from orders; end$$", NAME_R },
	{ "DO LANGUAGE plpgsql $x$begin update public.orders set legacy_total = 1; end$x$", NAME_W },
	{ "do $$begin execute 'select legacy_total from orders'; end$$ language 'plpgsql'", NAME_R },
	{ "do $$begin for r in select * from orders loop null; end loop; end$$", STAR_R },
	{ "do $$begin insert into orders values (1, 2); end$$", STAR_W },
	{ "do $$begin perform legacy_total from order_sum; end$$", NAME_R },
	{ "do $$begin perform U&\"legacy\\005ftotal\" from orders; end$$", NAME_R },
	{ "do $$begin perform id from orders; end$$", NONE },
	{ "do $$begin perform legacy_total from invoices; end$$", NONE },
	{ "do", NONE },
	{ "", NONE },
	{ "/* never closed select legacy_total from orders", NONE },
	{ "select \"never closed legacy_total from orders", NONE },
};

START_TEST(statement_texts)
{
	struct arena *a = arena_new();
	const struct row *r = &statements[_i];
	struct text_found f;
	audit_text_statement(a, r->text, &target, &f);
	ck_assert_msg(f.use == r->use, "%s: use %d, not %d", r->text, f.use, r->use);
	ck_assert_msg(f.touch == r->touch, "%s: touch %d, not %d", r->text, f.touch, r->touch);
	arena_free(a);
}
END_TEST

START_TEST(keyword_texts)
{
	struct arena *a = arena_new();
	struct text_found f;
	audit_text_statement(a, keyword_statements[_i].text, &keywords, &f);
	ck_assert_msg(f.use == keyword_statements[_i].use && f.touch == keyword_statements[_i].touch, "%s: use %d, touch %d", keyword_statements[_i].text, f.use, f.touch);
	arena_free(a);
}
END_TEST

/* Of a language that is not read, words alone count, wherever they stand. */
static const struct { const char *text; enum text_use use; } foreign_bodies[] = {
	{ "i--; run(\"select legacy_total from orders\")", USE_NAME }, { "# it's Legacy_Total", USE_NAME }, { "legacy_total_eur, xlegacy_total", USE_NONE },
	{ "run(\"select * from orders\")", USE_NONE }, { "", USE_NONE },
};

START_TEST(foreign_texts)
{
	struct text_found f;
	audit_text_foreign(foreign_bodies[_i].text, &target, &f);
	ck_assert_int_eq(f.use, foreign_bodies[_i].use);
	ck_assert(f.dynamic);
	ck_assert(f.names_table == (strstr(foreign_bodies[_i].text, "orders") != NULL));
}
END_TEST

static const char *const parts[] = { "orders_2025", NULL };
static const struct text_target table = { "public", "orders", NULL, parts, columns, TARGET_TABLE, NULL };
static const struct text_target common = { "public", "status", NULL, NULL, NULL, TARGET_TABLE, NULL };
static const struct text_target some_rows = { "public", "orders", NULL, parts, columns, TARGET_ROWS, NULL };

struct table_row { const struct text_target *t; const char *text; enum text_use use; enum touch touch; };
static const struct table_row table_statements[] = {
	{ &table, "SELECT id FROM orders", NAME_R },
	{ &table, "select 1 from public.orders o join items i using (id)", NAME_R },
	{ &table, "select 1 from items, orders", NAME_R },
	{ &table, "select count(*) from only \"orders\"", NAME_R },
	{ &table, "select id from orders_2025", NAME_R },
	{ &table, "select id from archive.orders_2025", NAME_R },
	{ &table, "select id from other.orders", NONE },
	{ &table, "select id from orders_2024", NONE },
	{ &table, "select x.orders from items x", NONE },
	{ &table, "select id as orders from items", NONE },
	{ &table, "select 'orders' from items -- orders", NONE },
	{ &table, "select null::orders", NAME_R },
	{ &table, "insert into orders (id) values ($1)", NAME_W },
	{ &table, "insert into copy_of select id from orders", NAME_R },
	{ &table, "update only public.orders set note = $1", NAME_W },
	{ &table, "update items set x = 1 from orders", NAME_R },
	{ &table, "delete from orders where id = $1", NAME_W },
	{ &table, "delete from items using orders", NAME_R },
	{ &table, "merge into orders o using s on true when matched then delete", NAME_W },
	{ &table, "merge into s using orders o on true when matched then delete", NAME_R },
	{ &table, "truncate items, orders", NAME_W },
	{ &table, "copy orders (id) from stdin", NAME_W },
	{ &table, "copy orders to stdout", NAME_R },
	{ &table, "copy items from stdin", NONE },
	{ &table, "with x as (delete from public.orders returning 1) select * from x", NAME_W },
	{ &table, "create table x as select * from orders", NAME_R },
	{ &table, "table orders", NAME_R },
	{ &table, "alter table orders add x int", NONE },
	{ &table, "lock table orders", NONE },
	{ &table, "analyze orders", NONE },
	{ &table, "vacuum orders", NONE },
	{ &table, "create index on orders (id)", NONE },
	{ &table, "select U&\"ord\\0065rs\" from x", NAME_R },
	{ &table, "COPY public.orders (id, note, legacy_total) TO stdout;", STAR_R },
	{ &table, "DECLARE _pg_dump_cursor CURSOR FOR SELECT id, note, legacy_total FROM ONLY public.orders", STAR_R },
	{ &table, "SELECT $1 FROM ONLY \"public\".\"orders\" x WHERE \"id\" OPERATOR(pg_catalog.=) $2 FOR KEY SHARE OF x", NONE },
	{ &table, "SELECT 1 FROM ONLY \"public\".\"orders\" x WHERE \"id\" OPERATOR(pg_catalog.=) $1 FOR KEY SHARE OF x", NONE },
	{ &table, "SELECT id FROM public.orders x WHERE id = $1 FOR KEY SHARE OF x", NAME_R },
	{ &table, "", NONE },
	{ &table, "select 1 from a join b on a.x = b.x, orders", NAME_R },
	{ &table, "select 1 from (select 1 from a where x) s, orders o", NAME_R },
	{ &table, "select 1 from a, lateral (select 1 from b where b.x = a.x order by 1) s, public.items, orders", NAME_R },
	{ &table, "delete from items using (select 1 where true) x, orders", NAME_R },
	{ &table, "select 1 from (orders join items using (id))", NAME_R },
	{ &table, "select f(a, orders) from x where y in (1, orders) order by a, orders", NONE },
	{ &table, "select cast(x as orders) from y", NAME_R },
	{ &table, "select id as orders, b from items", NONE },
	{ &table, "do $$begin perform 1 from orders; end$$", NAME_R },
	{ &table, "DO LANGUAGE plpgsql $x$begin delete from public.orders; end$x$", NAME_W },
	{ &table, "do $$begin perform 1 from items; end$$", NONE },
	{ &table, "prepare p as delete from orders", NAME_W },
	{ &table, "explain analyze select 1 from orders", NAME_R },
	{ &common, "select 1 from a join b on a.x = b.x where a.y in (select 1, status)", NONE },
	{ &common, "select o.id from orders o join c on o.c = c.id group by o.id, status order by o.id, status", NONE },
	{ &common, "select status from orders", NONE },
	{ &common, "update orders set status = $1 where status = $2", NONE },
	{ &common, "insert into orders (id, status) values ($1, $2)", NONE },
	{ &common, "select o.id, status.name from orders o join status on status.id = o.status", NAME_R },
	{ &common, "select public.status.name from orders", NAME_R },
	{ &some_rows, "select * from orders", NONE },
	{ &some_rows, "update orders set note = 'x'", NONE },
	{ &some_rows, "insert into orders values (1)", NONE },
	{ &some_rows, "delete from items using orders", NONE },
	{ &some_rows, "delete from only public.orders where id = 1", STAR_W },
	{ &some_rows, "delete from orders_2025", STAR_W },
	{ &some_rows, "truncate table only orders", STAR_W },
	{ &some_rows, "do $$begin delete from orders; end$$", STAR_W },
	{ &some_rows, "do $$begin perform 1 from orders; end$$", NONE },
	{ &some_rows, "select U&\"a\" from x", NONE },
};

START_TEST(table_texts)
{
	struct arena *a = arena_new();
	const struct table_row *r = &table_statements[_i];
	struct text_found f;
	audit_text_statement(a, r->text, r->t, &f);
	ck_assert_msg(f.use == r->use, "%s: use %d, not %d", r->text, f.use, r->use);
	ck_assert_msg(f.touch == r->touch, "%s: touch %d, not %d", r->text, f.touch, r->touch);
	arena_free(a);
}
END_TEST

static const struct table_row table_bodies[] = {
	{ &table, "begin return (select max(id) from orders); end", NAME_R },
	{ &table, "begin execute 'delete from ' || 'public.orders'; end", NAME_R },
	{ &table, "begin execute 'delete from orders'; end", NAME_W },
	{ &table, "begin execute format('update %I set x = 1', 'orders'); end", NAME_R },
	{ &table, "begin return new; end", NONE },
	{ &table, "begin perform 1 from orders_2025; end", NAME_R },
	{ &table, "select 1 from other.orders", NONE },
	{ &common, "declare status int; begin null; end", NAME_R },   /* in doubt it does */
	{ &some_rows, "begin return (select max(id) from orders); end", NONE },
	{ &some_rows, "begin delete from orders where old; end", STAR_W },
	{ &some_rows, "begin execute 'delete from orders'; end", STAR_W },
};

START_TEST(table_code)
{
	struct arena *a = arena_new();
	const struct table_row *r = &table_bodies[_i];
	struct text_found f;
	audit_text_body(a, r->text, r->t, &f);
	ck_assert_msg(f.use == r->use, "%s: use %d, not %d", r->text, f.use, r->use);
	ck_assert_msg(f.touch == r->touch, "%s: touch %d, not %d", r->text, f.touch, r->touch);
	arena_free(a);
}
END_TEST

static const struct row odd_statements[] = {
	{ "select \"Legacy Total\" from \"Odd \"\"t\"\"\"", NAME_R },
	{ "update s.\"Odd \"\"t\"\"\" set \"Legacy Total\" = 1", NAME_W },
	{ "select \"legacy total\" from \"Odd \"\"t\"\"\"", NONE },
	{ "select * from \"Odd \"\"t\"\"\" x", STAR_R },
	{ "select x.a from \"Odd \"\"t\"\"\" x", NONE },
};

START_TEST(odd_names)
{
	struct arena *a = arena_new();
	const struct row *r = &odd_statements[_i];
	struct text_found f;
	audit_text_statement(a, r->text, &odd, &f);
	ck_assert_msg(f.use == r->use && f.touch == r->touch, "%s: use %d touch %d", r->text, f.use, f.touch);
	arena_free(a);
}
END_TEST

struct body { const char *text; enum text_use use; bool table, column, dynamic; };
static const struct body bodies[] = {
	{ "begin return new.legacy_total; end", USE_NAME, false, true, false },
	{ "begin execute 'select legacy_total from orders'; end", USE_NAME, true, true, true },
	{ "begin execute format('select %I from orders', 'legacy' || '_total'); end", USE_NONE, true, false, true },
	{ "select * from orders", USE_STAR, true, false, false },
	{ "declare r orders%rowtype; begin end", USE_STAR, true, false, false },
	{ "select id from orders", USE_NONE, true, false, false },
	{ "select 1", USE_NONE, false, false, false },
};

START_TEST(body_texts)
{
	struct arena *a = arena_new();
	const struct body *b = &bodies[_i];
	struct text_found f;
	audit_text_body(a, b->text, &target, &f);
	ck_assert_msg(f.use == b->use && f.names_table == b->table && f.names_column == b->column && f.dynamic == b->dynamic,
		"%s: use %d table %d column %d dynamic %d", b->text, f.use, f.names_table, f.names_column, f.dynamic);
	arena_free(a);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("audit_text");
	TCase *c = tcase_create("texts");
	tcase_add_loop_test(c, table_texts, 0, (int)(sizeof table_statements / sizeof table_statements[0]));
	tcase_add_loop_test(c, table_code, 0, (int)(sizeof table_bodies / sizeof table_bodies[0]));
	tcase_add_loop_test(c, statement_texts, 0, (int)(sizeof statements / sizeof statements[0]));
	tcase_add_loop_test(c, keyword_texts, 0, sizeof keyword_statements / sizeof keyword_statements[0]);
	tcase_add_loop_test(c, foreign_texts, 0, sizeof foreign_bodies / sizeof foreign_bodies[0]);
	tcase_add_loop_test(c, odd_names, 0, (int)(sizeof odd_statements / sizeof odd_statements[0]));
	tcase_add_loop_test(c, body_texts, 0, (int)(sizeof bodies / sizeof bodies[0]));
	suite_add_tcase(s, c);
	return s;
}

int main(void) { return test_main(suite()); }
