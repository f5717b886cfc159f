/* SPDX-License-Identifier: MIT */
/* What the parser says of texts, each beside what the words alone would say where that matters. */
#include "adapter/audit_parse.h"

#include <string.h>

#include "base/arena.h"
#include "tests/lib_test.h"
#include "tests/parser_leaks.h"

static const char *const views[] = { "order_sum", NULL };
static const char *const names[] = { "id", "note", "legacy_total", NULL };
static const char *const falls[] = { "orders_total_key", NULL };
static const char *const leads[] = { "order_sum", "total_of", NULL };
static const struct text_target column = { "public", "orders", "legacy_total", views, names, TARGET_COLUMN, falls };
static const struct text_target table = { "public", "orders", NULL, views, NULL, TARGET_TABLE, NULL };

#define COUNT(x) (sizeof (x) / sizeof (x)[0])

struct row { const char *text; enum parsed_as as; enum text_use use; bool writes, sure; };
#define NOT PARSED_NOT, USE_NONE, false, false
#define NONE PARSED_NONE, USE_NONE, false, false
#define UNSURE PARSED_UNSURE, USE_NONE, false, false
#define NAME PARSED_USED, USE_NAME, false, false
#define NAME_SURE PARSED_USED, USE_NAME, false, true
#define WRITE PARSED_USED, USE_NAME, true, false
#define WRITE_SURE PARSED_USED, USE_NAME, true, true
#define STAR PARSED_USED, USE_STAR, false, false
#define LITERAL PARSED_USED, USE_STAR, false, true
#define STAR_W PARSED_USED, USE_STAR, true, false

static const struct row columns[] = {
	/* the column, by every spelling */
	{ "select legacy_total from orders", NAME },
	{ "select legacy_total from public.orders", NAME },
	{ "select o.LEGACY_TOTAL from public.orders o", NAME_SURE },
	{ "select \"o\".\"legacy_total\" from \"public\".\"orders\" \"o\"", NAME_SURE },
	{ "select public.orders.legacy_total from public.orders", NAME_SURE },
	{ "select o.U&\"legacy\\005ftotal\" from orders o", NAME },
	{ "select o.U&\"legacy!005ftotal\" uescape '!' from orders o", NAME },
	{ "select 1 from orders where interval $1 < now() - $2 and legacy_total > $3", NAME },
	{ "select id from orders order by legacy_total", NAME },
	{ "select legacy_total(o) from orders o", STAR },
	{ "select (o).legacy_total from orders o", STAR },
	{ "select 1 from orders join items using (legacy_total)", NAME },
	{ "select sum(id) over (partition by o.legacy_total) from orders o", NAME },
	{ "with recursive x as (select o.legacy_total from orders o union all select 1 from x) select 1 from x", NAME },
	{ "explain analyze select legacy_total from orders", NAME },
	{ "prepare p as select legacy_total from orders", NAME },
	{ "declare c cursor for select legacy_total from orders", NAME },
	{ "create table x as select legacy_total from orders", NAME },
	{ "begin; select legacy_total from orders; commit", NAME },
	{ "select * from items i where exists (select from orders o where o.legacy_total = i.a)", NAME },
	{ "select (select o.legacy_total) from orders o", NAME },
	{ "copy (select legacy_total from orders) to stdout", NAME },
	{ "copy orders (id, legacy_total) to stdout", NAME },
	{ "set constraints orders_total_key deferred", UNSURE },
	/* writes */
	{ "update orders set legacy_total = $1", WRITE },
	{ "update public.orders o set (note, legacy_total) = ($1, $2) from items i where i.id = o.id", WRITE_SURE },
	{ "update orders set note = legacy_total", NAME },
	{ "update orders set note = $1 where legacy_total = $2", NAME },
	{ "insert into orders (id, legacy_total) values ($1, $2)", WRITE },
	{ "insert into orders (id) values ($1) on conflict (legacy_total) do nothing", NAME },
	{ "insert into orders (id) values ($1) on conflict on constraint orders_total_key do nothing", NAME },
	{ "insert into orders (id) values ($1) on conflict (id) do update set legacy_total = $2", WRITE },
	{ "insert into orders (id) values ($1) on conflict (id) do update set note = excluded.legacy_total", NAME },
	{ "insert into items (a) values ($1) on conflict (a) do update set a = excluded.legacy_total", NONE },
	{ "merge into orders o using s on s.id = o.id when matched then update set legacy_total = s.t", WRITE },
	{ "merge into orders o using s on s.id = o.id when not matched then insert (id, legacy_total) values (1, 2)", WRITE },
	{ "merge into orders o using s on s.id = o.id when not matched then insert values (1, 2, 3)", STAR_W },
	{ "merge into items i using orders o on true when matched then update set a = o.legacy_total", NAME },
	{ "copy orders (legacy_total) from stdin", WRITE },
	{ "delete from items i using orders o where o.legacy_total = i.id", NAME },
	{ "insert into copy_of (id) select o.legacy_total from orders o", NAME },
	/* whole rows */
	{ "select * from orders", STAR },
	{ "select o.* from orders o", STAR },
	{ "table orders", STAR },
	{ "select to_jsonb(o) from orders o", STAR },
	{ "select public.orders from public.orders", STAR },
	{ "select 1 from orders natural join items", STAR },
	{ "select 1 from items natural left join (orders o join a on true)", STAR },
	{ "select c from orders as o (a, b, c)", STAR },
	{ "select j.* from (orders o join items i on true) as j", STAR },
	{ "select note from orders note", NONE },   /* a column before a row */
	{ "update orders set id = 1 returning to_jsonb(new)", STAR },
	{ "select jsonb_populate_record(null::orders, $1)", STAR },
	{ "select x::public.orders[] from x", STAR },
	{ "insert into orders values ($1, $2)", PARSED_USED, USE_STAR, true, false },
	{ "insert into orders default values", STAR_W },
	{ "insert into items (a) values ($1) returning *", NONE },
	{ "insert into orders (id) values ($1) returning *", STAR },
	{ "delete from orders where id = $1 returning to_jsonb(old)", STAR },
	{ "copy orders to stdout", STAR },
	{ "copy public.orders from stdin", PARSED_USED, USE_STAR, true, true },
	/* certainly not: what the words take for a use */
	{ "select i.legacy_total from items i join orders o on o.id = i.id", NONE },
	{ "select items.legacy_total from items, public.orders", NONE },
	{ "select i.legacy_total from items i, orders o, generate_series(1, o.id)", NONE },
	{ "select i.* from items i join orders o on o.id = i.id", NONE },
	{ "select legacy_total from items where id in (select id from orders)", NONE },
	{ "select * from items where exists (select from orders where id = $1)", NONE },
	{ "select id as legacy_total from orders", NONE },
	{ "select x.legacy_total from (select id as legacy_total from orders) x", NONE },
	{ "select o.U&\"n\\006fte\" from orders o", NONE },
	{ "with x(legacy_total) as (select id from orders) select x.legacy_total from x", NONE },
	{ "update items i set legacy_total = o.id from orders o where o.id = i.id", NONE },
	{ "insert into items (legacy_total) select id from orders", NONE },
	{ "insert into orders (id) select legacy_total from items", NONE },
	{ "select id from orders /* legacy_total */ -- legacy_total", NONE },
	{ "select count(*) from orders", NONE },
	{ "select o.legacy_total from other.orders o", NONE },
	{ "select f(legacy_total => o.id) from orders o", NONE },
	/* only a catalogue knows */
	{ "select legacy_total from items join orders using (id)", UNSURE },
	{ "select (select max(legacy_total) from items) from orders", UNSURE },
	{ "select id as legacy_total from orders order by legacy_total", NAME },
	{ "select legacy_total from order_sum", NAME },
	{ "select s.id from order_sum s", UNSURE },
	{ "select i.legacy_total, total_of(1) from items i, orders o", UNSURE },
	{ "select i.legacy_total, x.* from items i, orders o", UNSURE },
	{ "update orders set note = $1 returning new.legacy_total, old.id", NAME },
	{ "select r.legacy_total from orders o", UNSURE },
	{ "select U&\"legacy\\005ftotal\" from items join orders using (id)", UNSURE },
	{ "select (f(o.id)).U&\"legacy\\005ftotal\" from orders o", UNSURE },
	{ "select f.legacy_total from f(1), orders o", UNSURE },
	{ "select i.legacy_total, o.total from items i, orders o", UNSURE },   /* total(o) */
	{ "select (f(o.id)).legacy_total from orders o", UNSURE },
	/* which o a sub-select in FROM means, the tree does not show */
	{ "select 1 from public.orders o where exists (select 1 from (select o.legacy_total) x, items o)", UNSURE },
	/* a literal could be what a function runs */
	{ "select i.legacy_total from items i, orders o where f('legacy_total')", UNSURE },
	{ "select query_to_xml('select legacy_total from orders', true, true, '')", LITERAL },
	{ "select dblink_exec($$update public.orders set legacy_total = 1$$)", PARSED_USED, USE_STAR, true, true },
	{ "select f('select query_to_xml(''select legacy_total from orders'')')", LITERAL },
	{ "insert into log values ('orders.legacy_total has gone')", UNSURE },
	{ "select id from orders where note = 'legacy_total'", UNSURE },
	/* what a backslash in a string means is a setting of the server */
	{ "select i.legacy_total from items i, orders o where i.a = 'x\\'", UNSURE },
	{ "select '\\'' , legacy_total from orders --'", UNSURE },
	{ "select f('select * from orders')", LITERAL },
	{ "do $$begin perform o.legacy_total from public.orders o; end$$", NAME_SURE },
	{ "do language plpgsql 'begin execute ''update orders set legacy_total = 1''; end'", WRITE },
	{ "do $$begin perform i.legacy_total from items i; end$$", UNSURE },
	{ "do $$begin execute 'select legacy_total from ' || x; end$$", UNSURE },
	/* no statement of rows, or none at all */
	{ "alter table orders drop constraint x", UNSURE },
	{ "create view v as select legacy_total from orders", UNSURE },
	{ "lock table orders", UNSURE },
	{ "-- legacy_total", UNSURE },
	{ "", UNSURE },
	{ "select legacy_total from", NOT },
	{ "select i.legacy_total from items i, orders o where $$", NOT },
	{ "select $1 legacy_total from orders; selec", NOT },
	{ "select i.legacy_total from items i join orders o on json_value(o.x, $1 returning int) = 1", NOT },
};

static const struct row tables[] = {
	{ "select id from orders", NAME },
	{ "select id from public.orders o", NAME },
	{ "select id from other.orders o", NONE },
	{ "delete from orders", WRITE },
	{ "update orders set id = 1", WRITE },
	{ "insert into orders (id) values (1)", WRITE },
	{ "insert into items select id from orders", NAME },
	{ "merge into orders o using s on true when matched then delete", WRITE },
	{ "copy orders from stdin", WRITE },
	{ "copy orders to stdout", NAME },
	{ "select x::orders from x", NAME },
	{ "select id from order_sum", NAME },
	{ "select f('select 1 from orders')", NAME_SURE },
	{ "select extract(year from orders) from items", NONE },
	{ "select i.orders from items i", NONE },
	{ "select orders.id from items orders", NONE },
	{ "select orders(1)", UNSURE },
	{ "select 'orders'", UNSURE },
	{ "truncate orders", UNSURE },
};

#define FUNCTION "CREATE FUNCTION f(t text) RETURNS void LANGUAGE plpgsql AS "
#define TRIGGER "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS "
#define RETSET "CREATE FUNCTION f(OUT a int, OUT b int) RETURNS SETOF record LANGUAGE plpgsql AS "

static const struct { const char *head, *body; struct { enum parsed_as as; enum text_use use; bool writes, sure; } is; size_t opaque; int line; } bodies[] = {
	{ FUNCTION, "BEGIN PERFORM o.legacy_total FROM public.orders o; END", { NAME_SURE }, 0, 0 },
	{ FUNCTION, "DECLARE n int; BEGIN n := (SELECT max(legacy_total) FROM orders); END", { NAME }, 0, 0 },
	{ FUNCTION, "DECLARE n int := (SELECT max(legacy_total) FROM orders); BEGIN NULL; END", { NAME }, 0, 0 },
	{ FUNCTION, "DECLARE c CURSOR FOR SELECT legacy_total FROM orders; BEGIN NULL; END", { NAME }, 0, 0 },
	{ FUNCTION, "BEGIN UPDATE orders SET legacy_total = 1; END", { WRITE }, 0, 0 },
	{ FUNCTION, "DECLARE r record; BEGIN FOR r IN SELECT * FROM orders LOOP NULL; END LOOP; END", { STAR }, 0, 0 },
	{ FUNCTION, "BEGIN RAISE NOTICE '%', (SELECT legacy_total FROM orders); END", { NAME }, 0, 0 },
	{ FUNCTION, "BEGIN IF EXISTS (SELECT FROM orders WHERE legacy_total = 1) THEN NULL; END IF; END", { NAME }, 0, 0 },
	{ FUNCTION, "BEGIN PERFORM 1; EXCEPTION WHEN others THEN DELETE FROM orders WHERE legacy_total = 1; END", { NAME }, 0, 0 },
	{ FUNCTION, "BEGIN PERFORM i.legacy_total FROM items i JOIN orders o ON o.id = i.id; END", { NONE }, 0, 0 },
	{ FUNCTION, "BEGIN PERFORM legacy_total FROM items; -- legacy_total\n END", { NONE }, 0, 0 },
	{ FUNCTION, "DECLARE r record; BEGIN PERFORM r.legacy_total; END", { UNSURE }, 0, 0 },
	{ FUNCTION, "DECLARE r public.orders%ROWTYPE; BEGIN r.legacy_total := 1; PERFORM 1; END", { UNSURE }, 0, 0 },
	{ FUNCTION, "DECLARE r record; BEGIN r.U&\"legacy\\005ftotal\" := 1; END", { UNSURE }, 0, 0 },
	{ FUNCTION, "DECLARE x public.orders.legacy_total%TYPE; BEGIN NULL; END", { UNSURE }, 0, 0 },
	{ FUNCTION, "DECLARE x public.orders%ROWTYPE; BEGIN PERFORM x::text; END", { UNSURE }, 0, 0 },
	{ FUNCTION, "DECLARE x order_sum%ROWTYPE; BEGIN PERFORM x::text; END", { UNSURE }, 0, 0 },
	{ FUNCTION, "DECLARE r record; BEGIN\n r.x\n := (SELECT 1);\n EXECUTE t; END", { UNSURE }, 1, 4 },
	{ TRIGGER, "BEGIN new.legacy_total := 1; RETURN new; END", { UNSURE }, 0, 0 },
	{ TRIGGER, "BEGIN PERFORM i.legacy_total FROM items i; RETURN new; END", { NONE }, 0, 0 },
	{ RETSET, "BEGIN a := 1; b := (SELECT legacy_total FROM orders); RETURN NEXT; END", { NAME }, 0, 0 },
	{ FUNCTION, "DECLARE c refcursor; BEGIN OPEN c NO SCROLL FOR SELECT legacy_total FROM orders; FETCH NEXT FROM c INTO t; CLOSE c; END", { NAME }, 0, 0 },
	{ FUNCTION, "DECLARE c refcursor; BEGIN OPEN c FOR SELECT 1 FROM items i WHERE i.legacy_total = 1; MOVE c; END", { NONE }, 0, 0 },
	{ FUNCTION, "DECLARE c refcursor; r record; BEGIN OPEN c FOR SELECT 1; FETCH c INTO r.legacy_total; END", { UNSURE }, 0, 0 },
	{ FUNCTION, "DECLARE c CURSOR (k int) FOR SELECT legacy_total FROM orders; BEGIN OPEN c(1); FETCH c INTO t; END", { NAME }, 0, 0 },
	{ FUNCTION, "DECLARE c CURSOR (k int) FOR SELECT 1; BEGIN OPEN c((SELECT max(legacy_total) FROM orders)); END", { NAME }, 0, 0 },
	{ FUNCTION, "DECLARE c CURSOR FOR SELECT 1; r record; BEGIN OPEN c; PERFORM o.legacy_total FROM public.orders o; END", { NAME_SURE }, 0, 0 },
	/* EXECUTE */
	{ FUNCTION, "DECLARE c refcursor; BEGIN\n OPEN c\n FOR EXECUTE t USING 1; END", { UNSURE }, 1, 3 },
	{ FUNCTION, "BEGIN EXECUTE 'SELECT legacy_total FROM orders'; END", { NAME }, 0, 0 },
	{ FUNCTION, "BEGIN EXECUTE 'TRUNCATE items'; END", { UNSURE }, 0, 0 },
	{ FUNCTION, "BEGIN EXECUTE $q$DELETE FROM items$q$; END", { NONE }, 0, 0 },
	{ FUNCTION, "BEGIN EXECUTE E'SELECT legacy\\x5ftotal FROM orders'; END", { NAME }, 0, 0 },
	{ FUNCTION, "BEGIN\n EXECUTE 'SELECT ' || t;\n EXECUTE t;\nEND", { UNSURE }, 2, 2 },
	{ FUNCTION, "BEGIN EXECUTE 'not sql'; END", { UNSURE }, 1, 1 },
	{ FUNCTION, "DECLARE r record; BEGIN FOR r IN EXECUTE format('SELECT %I FROM orders', t) LOOP NULL; END LOOP; END", { UNSURE }, 1, 1 },
	{ FUNCTION, "DECLARE r record; BEGIN FOR r IN EXECUTE 'SELECT * FROM orders' LOOP NULL; END LOOP; END", { STAR }, 0, 0 },
	{ RETSET, "BEGIN\n\n RETURN QUERY EXECUTE t; END", { UNSURE }, 1, 3 },
	{ FUNCTION, "BEGIN EXECUTE 'SELECT legacy_total FROM orders WHERE id = ' || t; END", { UNSURE }, 1, 1 },
	{ FUNCTION, "BEGIN EXECUTE t USING (SELECT legacy_total FROM orders); END", { NAME }, 1, 1 },
	{ "DO ", "BEGIN EXECUTE 'SELECT 1'; PERFORM legacy_total FROM orders; END", { NAME }, 0, 0 },
	{ FUNCTION, "BEGIN EXECUTE 'do $$begin execute t; end$$'; END", { UNSURE }, 1, 1 },
	{ FUNCTION, "BEGIN EXECUTE E'do $$begin \\x65xecute t; end$$'; END", { UNSURE }, 1, 1 },
	{ FUNCTION, "BEGIN\n PERFORM run('execute x');\n EXECUTE 'SELECT 1'; END", { NONE }, 1, 2 },
	{ FUNCTION, "BEGIN\n CREATE TRIGGER x BEFORE INSERT ON y EXECUTE FUNCTION z(); END", { UNSURE }, 1, 2 },
	/* not read */
	{ FUNCTION, "BEGIN PERFORM 1 FROM; END", { NOT }, 0, 0 },
	{ FUNCTION, "BEGIN", { NOT }, 0, 0 },
	{ FUNCTION, "BEGIN nobody := 1; END", { NOT }, 0, 0 },
	{ FUNCTION, "BEGIN OPEN nobody FOR", { NOT }, 0, 0 },
	{ FUNCTION, "BEGIN FETCH", { NOT }, 0, 0 },
	{ FUNCTION, "BEGIN NULL; END $gatewalk_body$", { NOT }, 0, 0 },
	{ FUNCTION, "BEGIN\n EXECUTE 'SELECT 1';\n nobody := 1; EXECUTE t; END", { NOT }, 2, 2 },
};

START_TEST(of_a_body)
{
	struct arena *a = arena_new();
	const char *why = NULL;
	const struct parse_target of = { &column, leads };
	struct parsed_body p = audit_parse_body(a, &of, &(struct parse_code){ bodies[_i].head, bodies[_i].body }, &why);
	ck_assert_msg(p.is.as == bodies[_i].is.as && p.is.use == bodies[_i].is.use && p.is.writes == bodies[_i].is.writes && p.is.sure == bodies[_i].is.sure,
		"%s: as %d, use %d, writes %d, sure %d (%s)", bodies[_i].body, p.is.as, p.is.use, p.is.writes, p.is.sure, why ? why : "read");
	ck_assert_msg(p.opaque == bodies[_i].opaque && p.line[0] == bodies[_i].line, "%s: %zu, line %d", bodies[_i].body, p.opaque, p.line[0]);
	ck_assert_msg((why != NULL) == (bodies[_i].is.as == PARSED_NOT), "%s", bodies[_i].body);
	arena_free(a);
}
END_TEST

static void holds(const struct row *r, const struct text_target *t)
{
	struct arena *a = arena_new();
	const char *why = NULL;
	const struct parse_target of = { t, t->column ? leads : NULL };
	struct parsed p = audit_parse(a, &of, r->text, &why);
	ck_assert_msg(p.as == r->as && p.use == r->use && p.writes == r->writes && p.sure == r->sure, "%s: as %d, use %d, writes %d, sure %d (%s)", r->text,
		p.as, p.use, p.writes, p.sure, why ? why : "read");
	ck_assert_msg((why != NULL) == (r->as == PARSED_NOT), "%s", r->text);
	arena_free(a);
}

START_TEST(of_a_column)
{
	holds(&columns[_i], &column);
}
END_TEST

START_TEST(of_a_table)
{
	holds(&tables[_i], &table);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("audit_parse");
	TCase *c = tcase_create("parse");
	tcase_add_loop_test(c, of_a_column, 0, COUNT(columns));
	tcase_add_loop_test(c, of_a_table, 0, COUNT(tables));
	tcase_add_loop_test(c, of_a_body, 0, COUNT(bodies));
	suite_add_tcase(s, c);
	return s;
}

int main(void) { return test_main(suite()); }
