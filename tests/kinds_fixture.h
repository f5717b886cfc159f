/* SPDX-License-Identifier: MIT */
/* Every kind of consumer of one column: public.orders.legacy_total of (id, note, legacy_total). For each what makes it, what uses it,
   and where the audit has to show it. db_kinds.c makes each alone. A new source of the audit: add its name to the rows that it sees. */
#ifndef GW_TESTS_KINDS_FIXTURE_H
#define GW_TESTS_KINDS_FIXTURE_H

#include <stddef.h>

/* KEY: a consumer of this key. TEXT: a statement, session or other consumer whose evidence has this text. BLIND: a blind spot in these
   words, before every person that reads the audit. FALLS: the plan shows it as what the drop takes along. NOTHING: no consumer. */
enum shown { KEY, TEXT, BLIND, FALLS, NOTHING };
struct kind {
	const char *name;
	const char *make;     /* as the owner; what is made stands in the schema k, or is rolled back where nothing runs */
	const char *run;      /* NULL: it need not run. SQL by the role gwt_web; "@psql ": by psql; "!": a command; "@far ": in another database; "@standby "; "~": by a
	                         session that stays, and then the statistics are emptied: only the session itself can tell */
	enum shown how;
	const char *what;
	const char *source;   /* of the consumer: begins with this */
	const char *undo;     /* as run; beside DROP SCHEMA k */
};

#define TF " RETURNS trigger LANGUAGE plpgsql AS "
#define CAT "catalogue"
#define BODY "function body"
#define PGSS "pg_stat_statements"
#define SEL "SELECT legacy_total FROM public.orders"

static const struct kind kinds_static[] = {
	/* views and rules */
	{ "view that names it", "CREATE VIEW k.v AS " SEL, NULL, KEY, "view k.v", CAT, NULL },
	{ "view with a star", "CREATE VIEW k.v AS SELECT * FROM public.orders", NULL, KEY, "view k.v", CAT, NULL },
	{ "view that only filters by it", "CREATE VIEW k.v AS SELECT id FROM public.orders WHERE legacy_total > 1", NULL, KEY, "view k.v", CAT, NULL },
	{ "view that renames it", "CREATE VIEW k.v (x) AS " SEL, NULL, KEY, "view k.v", CAT, NULL },
	{ "view upon a view", "CREATE VIEW k.v0 AS " SEL "; CREATE VIEW k.v AS SELECT * FROM k.v0", NULL, KEY, "view k.v", CAT, NULL },
	{ "view of the whole row", "CREATE VIEW k.v AS SELECT id, to_jsonb(o) AS doc FROM public.orders o", NULL, KEY, "view k.v", CAT, NULL },
	{ "view upon a view of the whole row", "CREATE VIEW k.v0 AS SELECT id, to_jsonb(o) AS doc FROM public.orders o; CREATE VIEW k.v AS SELECT doc FROM k.v0", NULL, KEY, "view k.v", CAT, NULL },
	{ "view upon a function that returns the row", "CREATE FUNCTION k.f() RETURNS SETOF public.orders LANGUAGE sql AS 'SELECT 1, NULL, 2'; CREATE VIEW k.v AS SELECT count(*) FROM k.f()", NULL, KEY, "view k.v", CAT, NULL },
	{ "view with a natural join", "CREATE TABLE k.t (legacy_total int); CREATE VIEW k.v AS SELECT id FROM public.orders NATURAL JOIN k.t", NULL, KEY, "view k.v", CAT, NULL },
	{ "recursive view", "CREATE RECURSIVE VIEW k.v (n) AS SELECT legacy_total FROM public.orders UNION ALL SELECT n + 1 FROM v WHERE n < 9", NULL, KEY, "view k.v", CAT, NULL },
	{ "temporary view", "CREATE TEMP VIEW kv AS " SEL, NULL, TEXT, "legacy_total", CAT, NULL },
	{ "materialized view", "CREATE MATERIALIZED VIEW k.v AS " SEL, NULL, KEY, "materialized view k.v", CAT, NULL },
	{ "materialized view upon a function", "CREATE FUNCTION k.f() RETURNS SETOF int LANGUAGE sql BEGIN ATOMIC " SEL "; END; CREATE MATERIALIZED VIEW k.v AS SELECT k.f()", NULL, KEY, "materialized view k.v", CAT, NULL },
	{ "rule on it", "CREATE RULE r AS ON DELETE TO public.orders WHERE old.legacy_total = 9 DO INSTEAD NOTHING", NULL, KEY, "rule r on public.orders", CAT, NULL },
	{ "rule that passes the row on", "CREATE TABLE k.t (doc jsonb); CREATE RULE r AS ON UPDATE TO public.orders DO ALSO INSERT INTO k.t SELECT to_jsonb(new)", NULL, KEY, "rule r on public.orders", CAT, NULL },
	{ "rule on another table", "CREATE TABLE k.t (x int); CREATE RULE r AS ON INSERT TO k.t DO ALSO UPDATE public.orders SET legacy_total = new.x", NULL, KEY, "rule r on k.t", CAT, NULL },
	/* functions */
	{ "function, BEGIN ATOMIC", "CREATE FUNCTION k.f() RETURNS SETOF int LANGUAGE sql BEGIN ATOMIC " SEL "; END", NULL, KEY, "function k.f()", CAT, NULL },
	{ "function, BEGIN ATOMIC, whole row", "CREATE FUNCTION k.f() RETURNS SETOF jsonb LANGUAGE sql BEGIN ATOMIC SELECT to_jsonb(o) FROM public.orders o; END", NULL, KEY, "function k.f()", CAT, NULL },
	{ "function, BEGIN ATOMIC, ON CONFLICT ON CONSTRAINT", "ALTER TABLE public.orders ADD CONSTRAINT u UNIQUE (legacy_total); CREATE FUNCTION k.f() RETURNS void LANGUAGE sql"
		" BEGIN ATOMIC INSERT INTO public.orders (id) VALUES (9) ON CONFLICT ON CONSTRAINT u DO NOTHING; END", NULL, KEY, "function k.f()", CAT, NULL },
	{ "function, SQL as text", "CREATE FUNCTION k.f() RETURNS SETOF int LANGUAGE sql AS '" SEL "'", NULL, KEY, "function k.f()", BODY, NULL },
	{ "function, SQL as text, star", "CREATE FUNCTION k.f() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM (SELECT * FROM public.orders) x'", NULL, KEY, "function k.f()", BODY, NULL },
	{ "function, SQL as text, ON CONFLICT ON CONSTRAINT", "ALTER TABLE public.orders ADD CONSTRAINT u UNIQUE (legacy_total); CREATE FUNCTION k.f() RETURNS void LANGUAGE sql"
		" AS 'INSERT INTO public.orders (id) VALUES (9) ON CONFLICT ON CONSTRAINT u DO NOTHING'", NULL, KEY, "function k.f()", BODY, NULL },
	{ "function, PL/pgSQL", "CREATE FUNCTION k.f() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN (SELECT max(legacy_total) FROM public.orders); END'", NULL, KEY, "function k.f()", BODY, NULL },
	{ "function, PL/pgSQL, %TYPE", "CREATE FUNCTION k.f() RETURNS int LANGUAGE plpgsql AS 'DECLARE x public.orders.legacy_total%TYPE; BEGIN RETURN x; END'", NULL, KEY, "function k.f()", BODY, NULL },
	{ "function, PL/pgSQL, %ROWTYPE", "CREATE FUNCTION k.f() RETURNS text LANGUAGE plpgsql AS 'DECLARE x public.orders%ROWTYPE; BEGIN RETURN x::text; END'", NULL, KEY, "function k.f()", BODY, NULL },
	{ "function, PL/pgSQL, U& spelling", "CREATE FUNCTION k.f() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN (SELECT max(U&\"legacy\\005ftotal\") FROM public.orders); END'", NULL, KEY, "function k.f()", BODY, NULL },
	{ "function, dynamic SQL over the table", "CREATE FUNCTION k.f() RETURNS void LANGUAGE plpgsql AS $$BEGIN EXECUTE 'SELECT legacy' || '_total FROM public.orders'; END$$", NULL, KEY, "function k.f()", BODY, NULL },
	{ "function, dynamic SQL that names nothing", "CREATE FUNCTION k.f(t text) RETURNS void LANGUAGE plpgsql AS $$BEGIN EXECUTE 'SELECT ' || t; END$$", NULL, BLIND, "to be read by eye: k.f(text)", NULL, NULL },
	{ "function, dynamic SQL, with its line", "CREATE FUNCTION k.f(t text) RETURNS void LANGUAGE plpgsql AS $$DECLARE r record; BEGIN\n r.a := 1;\n FOR r IN EXECUTE t LOOP NULL; END LOOP; END$$", NULL, BLIND,
		"to be read by eye: k.f(text) in line 3", NULL, NULL },
	{ "function, EXECUTE of a constant", "CREATE FUNCTION k.f() RETURNS void LANGUAGE plpgsql AS $$BEGIN EXECUTE E'SELECT legacy\\x5ftotal FROM public.orders'; END$$", NULL, KEY, "function k.f()",
		"function body, read by the parser", NULL },
	{ "function that takes the row", "CREATE FUNCTION k.f(public.orders) RETURNS int LANGUAGE sql AS 'SELECT 1'", NULL, KEY, "function k.f(public.orders)", CAT, NULL },
	{ "function that takes an array of rows", "CREATE FUNCTION k.f(public.orders[]) RETURNS int LANGUAGE sql AS 'SELECT 1'", NULL, KEY, "function k.f(public.orders[])", CAT, NULL },
	{ "function that returns the row", "CREATE FUNCTION k.f() RETURNS SETOF public.orders LANGUAGE sql AS 'SELECT 1, NULL, 2'", NULL, KEY, "function k.f()", CAT, NULL },
	{ "function of an extension", "CREATE FUNCTION k.f() RETURNS SETOF int LANGUAGE sql AS '" SEL "'; ALTER EXTENSION pgcrypto ADD FUNCTION k.f()", NULL, KEY, "function k.f()", BODY, NULL },
	{ "function in the system's schema", "CREATE FUNCTION pg_catalog.f() RETURNS SETOF int LANGUAGE sql AS '" SEL "'", NULL, KEY, "function f()", BODY, NULL },
	{ "function in a language other than SQL", "CREATE LANGUAGE plother HANDLER plpgsql_call_handler; CREATE FUNCTION k.f() RETURNS int LANGUAGE plother AS"
		" $$ i--; return plpy.execute(\"select legacy_total from orders\") # it's $$", NULL, KEY, "function k.f()", BODY, NULL },
	{ "function in another language that names nothing", "CREATE LANGUAGE plother HANDLER plpgsql_call_handler; CREATE FUNCTION k.f() RETURNS int LANGUAGE plother AS"
		" $$ return run(query) $$", NULL, BLIND, "to be read by eye: k.f()", NULL, NULL },
	{ "function, compiled", "CREATE FUNCTION k.f() RETURNS trigger LANGUAGE c AS '$libdir/autoinc', 'autoinc'", NULL, BLIND, "compiled functions: k.f()", NULL, NULL },
	{ "procedure", "CREATE PROCEDURE k.p() LANGUAGE plpgsql AS 'BEGIN UPDATE public.orders SET legacy_total = 2; END'", NULL, KEY, "procedure k.p()", BODY, NULL },
	{ "aggregate", "CREATE FUNCTION k.f(int, int) RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT max(legacy_total) FROM public.orders; END; CREATE AGGREGATE k.a (int) (SFUNC = k.f, STYPE = int)", NULL, KEY, "aggregate k.a(integer)", CAT, NULL },
	{ "aggregate over the row", "CREATE FUNCTION k.f(int, public.orders) RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE AGGREGATE k.a (public.orders) (SFUNC = k.f, STYPE = int)", NULL, KEY, "aggregate k.a(public.orders)", CAT, NULL },
	{ "operator over the row", "CREATE FUNCTION k.f(public.orders, int) RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE OPERATOR k.## (FUNCTION = k.f, LEFTARG = public.orders, RIGHTARG = int)",
		NULL, KEY, "operator k.##(public.orders,integer)", CAT, NULL },
	{ "operator upon a function", "CREATE FUNCTION k.f(int, int) RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT max(legacy_total) FROM public.orders; END;"
		" CREATE OPERATOR k.## (FUNCTION = k.f, LEFTARG = int, RIGHTARG = int)", NULL, KEY, "operator k.##(integer,integer)", CAT, NULL },
	{ "cast of the row", "CREATE FUNCTION k.f(public.orders) RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE CAST (public.orders AS int) WITH FUNCTION k.f(public.orders)", NULL, KEY, "cast (public.orders AS integer)", CAT, NULL },
	/* triggers */
	{ "trigger, UPDATE OF", "CREATE FUNCTION k.f()" TF "'BEGIN RETURN new; END'; CREATE TRIGGER t AFTER UPDATE OF legacy_total ON public.orders EXECUTE FUNCTION k.f()", NULL, KEY, "trigger t on public.orders", CAT, NULL },
	{ "trigger, WHEN", "CREATE FUNCTION k.f()" TF "'BEGIN RETURN new; END'; CREATE TRIGGER t AFTER UPDATE ON public.orders FOR EACH ROW WHEN (new.legacy_total > 1) EXECUTE FUNCTION k.f()", NULL, KEY, "trigger t on public.orders", CAT, NULL },
	{ "trigger, WHEN over the row", "CREATE FUNCTION k.f()" TF "'BEGIN RETURN new; END'; CREATE TRIGGER t AFTER UPDATE ON public.orders FOR EACH ROW WHEN (old IS DISTINCT FROM new) EXECUTE FUNCTION k.f()", NULL, KEY, "trigger t on public.orders", CAT, NULL },
	{ "trigger's function names it", "CREATE FUNCTION k.f()" TF "'BEGIN new.legacy_total := 1; RETURN new; END'; CREATE TRIGGER t BEFORE INSERT ON public.orders FOR EACH ROW EXECUTE FUNCTION k.f()", NULL, KEY, "function k.f()", "trigger's function body", NULL },
	{ "trigger's function takes the row", "CREATE FUNCTION k.f()" TF "'BEGIN PERFORM to_jsonb(new); RETURN new; END'; CREATE TRIGGER t BEFORE INSERT ON public.orders FOR EACH ROW EXECUTE FUNCTION k.f()", NULL, KEY, "function k.f()", "trigger's function body", NULL },
	{ "trigger's function takes a transition table", "CREATE FUNCTION k.f()" TF "'BEGIN CREATE TEMP TABLE x AS SELECT * FROM fresh; RETURN NULL; END';"
		" CREATE TRIGGER t AFTER INSERT ON public.orders REFERENCING NEW TABLE AS fresh EXECUTE FUNCTION k.f()", NULL, KEY, "function k.f()", "trigger's function body", NULL },
	{ "trigger of the server, named as its argument", "ALTER TABLE public.orders ADD v tsvector; CREATE TRIGGER t BEFORE INSERT ON public.orders FOR EACH ROW"
		" EXECUTE FUNCTION tsvector_update_trigger('v', 'pg_catalog.english', 'legacy_total')", NULL, KEY, "trigger t on public.orders", CAT, NULL },
	{ "trigger, compiled", "CREATE FUNCTION k.f() RETURNS trigger LANGUAGE c AS '$libdir/autoinc', 'autoinc'; CREATE TRIGGER t BEFORE INSERT ON public.orders FOR EACH ROW EXECUTE FUNCTION k.f('id')",
		NULL, BLIND, "compiled functions: k.f()", NULL, NULL },
	{ "constraint trigger", "CREATE FUNCTION k.f()" TF "'BEGIN RETURN new; END'; CREATE CONSTRAINT TRIGGER t AFTER UPDATE OF legacy_total ON public.orders DEFERRABLE FOR EACH ROW EXECUTE FUNCTION k.f()", NULL, KEY, "trigger t on public.orders", CAT, NULL },
	{ "event trigger", "CREATE FUNCTION k.f() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN IF EXISTS (SELECT FROM public.orders WHERE legacy_total = 0) THEN NULL; END IF; END$$;"
		" CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION k.f()", NULL, KEY, "function k.f()", BODY, NULL },
	/* policies and publications */
	{ "policy", "CREATE POLICY p ON public.orders USING (legacy_total > 0)", NULL, KEY, "policy p on public.orders", CAT, NULL },
	{ "policy, WITH CHECK", "CREATE POLICY p ON public.orders FOR INSERT WITH CHECK (legacy_total > 0)", NULL, KEY, "policy p on public.orders", CAT, NULL },
	{ "policy over the row", "CREATE POLICY p ON public.orders USING (orders IS NOT NULL)", NULL, KEY, "policy p on public.orders", CAT, NULL },
	{ "policy on another table", "CREATE TABLE k.t (x int); CREATE POLICY p ON k.t USING (EXISTS (SELECT FROM public.orders WHERE legacy_total = x))", NULL, KEY, "policy p on k.t", CAT, NULL },
	{ "publication, column list", "CREATE PUBLICATION p FOR TABLE public.orders (id, legacy_total)", NULL, KEY, "publication p", CAT, NULL },
	{ "publication, row filter", "CREATE PUBLICATION p FOR TABLE public.orders WHERE (legacy_total > 1)", NULL, KEY, "publication p", CAT, NULL },
	{ "publication of the table", "CREATE PUBLICATION p FOR TABLE public.orders", NULL, KEY, "publication p", "publications", NULL },
	{ "publication of the schema", "CREATE PUBLICATION p FOR TABLES IN SCHEMA public", NULL, KEY, "publication p", "publications", NULL },
	{ "publication of all tables", "CREATE PUBLICATION p FOR ALL TABLES", NULL, KEY, "publication p", "publications", NULL },
	{ "subscription that fills it", "CREATE SUBSCRIPTION s CONNECTION 'dbname=x' PUBLICATION p WITH (connect = false);"
		" INSERT INTO pg_subscription_rel SELECT oid, 'public.orders'::regclass, 'r' FROM pg_subscription WHERE subname = 's'", NULL, KEY, "subscription s", "subscriptions", NULL },
	/* tables and types made of it */
	{ "generated column", "ALTER TABLE public.orders ADD g int GENERATED ALWAYS AS (legacy_total * 2) STORED", NULL, KEY, "generated column public.orders.g", CAT, NULL },
	{ "default that calls a function over it", "CREATE FUNCTION k.f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT max(legacy_total) FROM public.orders; END; CREATE TABLE k.t (x int DEFAULT k.f())",
		NULL, KEY, "default of column k.t.x", CAT, NULL },
	{ "default from a sequence that it owns", "CREATE SEQUENCE k.s OWNED BY NONE; ALTER SEQUENCE k.s OWNER TO CURRENT_USER; CREATE SEQUENCE public.s OWNED BY public.orders.legacy_total;"
		" CREATE TABLE k.t (x int DEFAULT nextval('public.s'))", NULL, KEY, "default of column k.t.x", CAT, NULL },
	{ "check of another table by a function", "CREATE FUNCTION k.f(int) RETURNS bool LANGUAGE sql AS 'SELECT EXISTS (SELECT FROM public.orders WHERE legacy_total = $1)'; CREATE TABLE k.t (x int CHECK (k.f(x)))",
		NULL, KEY, "function k.f(integer)", BODY, NULL },
	{ "foreign key to it", "ALTER TABLE public.orders ADD UNIQUE (legacy_total); CREATE TABLE k.t (x int CONSTRAINT fk REFERENCES public.orders (legacy_total))", NULL, KEY, "foreign key fk on k.t", CAT, NULL },
	{ "child table", "CREATE TABLE k.t () INHERITS (public.orders)", NULL, KEY, "child table k.t", CAT, NULL },
	{ "view of a child table", "CREATE TABLE k.t () INHERITS (public.orders); CREATE VIEW k.v AS SELECT legacy_total FROM k.t", NULL, KEY, "view k.v", CAT, NULL },
	{ "foreign table as a child", "CREATE EXTENSION IF NOT EXISTS postgres_fdw; CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw; CREATE FOREIGN TABLE k.t () INHERITS (public.orders) SERVER far",
		NULL, KEY, "child table k.t", CAT, NULL },
	{ "parent table", "CREATE TABLE k.t (id int NOT NULL, legacy_total int); ALTER TABLE public.orders INHERIT k.t", NULL, KEY, "parent table k.t", CAT, NULL },
	{ "foreign server", "CREATE EXTENSION IF NOT EXISTS postgres_fdw; CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw", NULL, BLIND, "foreign servers: far; ", NULL, NULL },
	{ "column of the row's type", "CREATE TABLE k.t (was public.orders)", NULL, KEY, "table column k.t.was", CAT, NULL },
	{ "column of an array of rows", "CREATE TABLE k.t (were public.orders[])", NULL, KEY, "table column k.t.were", CAT, NULL },
	{ "composite type with the row", "CREATE TYPE k.c AS (o public.orders)", NULL, KEY, "composite type column k.c.o", CAT, NULL },
	{ "domain over the row", "CREATE DOMAIN k.d AS public.orders", NULL, KEY, "type k.d", CAT, NULL },
	{ "grant on the column", "GRANT SELECT (legacy_total) ON public.orders TO gwt_web", NULL, KEY, "column grant to gwt_web", "privileges", NULL },
	{ "comment that names it", "CREATE TABLE k.t (x int); COMMENT ON TABLE k.t IS 'filled each night from orders.legacy_total'", NULL, BLIND, "comments that name it: table k.t; ", NULL, NULL },
	/* what merely falls: the plan lists it */
	{ "index", "CREATE INDEX x ON public.orders (legacy_total)", NULL, FALLS, "index public.x", NULL, NULL },
	{ "index, INCLUDE", "CREATE INDEX x ON public.orders (id) INCLUDE (legacy_total)", NULL, FALLS, "index public.x", NULL, NULL },
	{ "index on an expression", "CREATE INDEX x ON public.orders ((legacy_total + 1))", NULL, FALLS, "index public.x", NULL, NULL },
	{ "index, partial", "CREATE INDEX x ON public.orders (id) WHERE legacy_total > 1", NULL, FALLS, "index public.x", NULL, NULL },
	{ "index over the row", "CREATE FUNCTION k.f(public.orders) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 1'; CREATE INDEX x ON public.orders (k.f(orders))", NULL, KEY, "index public.x", CAT, NULL },
	{ "unique constraint", "ALTER TABLE public.orders ADD CONSTRAINT x UNIQUE (note, legacy_total)", NULL, FALLS, "constraint x on table public.orders", NULL, NULL },
	{ "exclusion constraint", "ALTER TABLE public.orders ADD CONSTRAINT x EXCLUDE USING btree (legacy_total WITH =)", NULL, FALLS, "constraint x on table public.orders", NULL, NULL },
	{ "check constraint", "ALTER TABLE public.orders ADD CONSTRAINT x CHECK (legacy_total > 0)", NULL, FALLS, "constraint x on table public.orders", NULL, NULL },
	{ "check over the row", "ALTER TABLE public.orders ADD CONSTRAINT x CHECK (orders IS NOT NULL)", NULL, KEY, "table constraint x on public.orders", CAT, NULL },
	{ "foreign key from it", "CREATE TABLE k.t (id int PRIMARY KEY); ALTER TABLE public.orders ADD CONSTRAINT x FOREIGN KEY (legacy_total) REFERENCES k.t NOT VALID", NULL, FALLS, "constraint x on table public.orders", NULL, NULL },
	{ "statistics object", "CREATE STATISTICS public.x ON id, legacy_total FROM public.orders", NULL, FALLS, "statistics object public.x", NULL, NULL },
	{ "statistics on an expression", "CREATE STATISTICS public.x ON (legacy_total + 1) FROM public.orders", NULL, FALLS, "statistics object public.x", NULL, NULL },

	/* no consumers */
	{ "its own default", "ALTER TABLE public.orders ALTER legacy_total SET DEFAULT 7", NULL, NOTHING, NULL, NULL, NULL },
	{ "a view of other columns", "CREATE VIEW k.v AS SELECT id, note FROM public.orders", NULL, NOTHING, NULL, NULL, NULL },
	{ "a function over another table's column of the name, with parameters", "CREATE TABLE k.t (legacy_total int); CREATE FUNCTION k.f(\"select\" int, OUT b int, INOUT c int) LANGUAGE plpgsql AS"
		" $$DECLARE r k.t%ROWTYPE; BEGIN b := 1; r.legacy_total := (SELECT x.legacy_total FROM k.t x); END$$", NULL, KEY, "function k.f(integer,integer)", BODY, NULL },   /* whose r is, a catalogue knows */
	{ "a function over another table's column by its alias", "CREATE TABLE k.t (legacy_total int); CREATE FUNCTION k.f(\"select\" int, OUT b int, INOUT c int) LANGUAGE plpgsql AS"
		" $$BEGIN b := (SELECT x.legacy_total FROM k.t x); RETURN; END$$", NULL, BLIND,
		"the parser reads them whole without it, so they do not count: k.f(integer,integer)", NULL, NULL },
	{ "a function that executes constants over other columns", "CREATE FUNCTION k.f() RETURNS SETOF text LANGUAGE plpgsql AS $$BEGIN RETURN QUERY EXECUTE 'SELECT note FROM public.orders'; END$$", NULL,
		NOTHING, NULL, NULL, NULL },
	{ "a function over other columns", "CREATE FUNCTION k.f() RETURNS SETOF text LANGUAGE sql AS 'SELECT note FROM public.orders'", NULL, NOTHING, NULL, NULL, NULL },
	{ "a column of the same name elsewhere", "CREATE TABLE k.orders (legacy_total int); CREATE VIEW k.v AS SELECT legacy_total FROM k.orders", NULL, NOTHING, NULL, NULL, NULL },
};

static const struct kind kinds_run[] = {
	{ "SELECT by name", NULL, SEL, TEXT, "SELECT legacy_total", PGSS, NULL },
	{ "SELECT, quoted", NULL, "SELECT \"legacy_total\" FROM public.\"orders\"", TEXT, "SELECT \"legacy_total\"", PGSS, NULL },
	{ "SELECT, U& spelling", NULL, "SELECT U&\"legacy\\005ftotal\" FROM public.orders", TEXT, "SELECT U&", PGSS, NULL },
	{ "SELECT behind a comment", NULL, "SELECT /* -- $x$ ' /* nested */ */ legacy_total FROM public.orders", TEXT, "legacy_total", PGSS, NULL },
	{ "SELECT *", NULL, "SELECT * FROM public.orders", TEXT, "SELECT *", PGSS, NULL },
	{ "SELECT alias.*", NULL, "SELECT o.* FROM public.orders o", TEXT, "SELECT o.*", PGSS, NULL },
	{ "TABLE", NULL, "TABLE public.orders", TEXT, "TABLE public", PGSS, NULL },
	{ "SELECT the row", NULL, "SELECT o FROM public.orders o", TEXT, "SELECT o FROM", PGSS, NULL },
	{ "SELECT to_jsonb(row)", NULL, "SELECT to_jsonb(o) FROM public.orders o", TEXT, "SELECT to_jsonb", PGSS, NULL },
	{ "row as a function's argument in FROM", NULL, "SELECT j.value FROM public.orders, jsonb_each(to_jsonb(orders)) j", TEXT, "SELECT j.value", PGSS, NULL },
	{ "row into json_populate_record", NULL, "SELECT note FROM json_populate_record(NULL::public.orders, '{}')", TEXT, "SELECT note FROM json_populate", PGSS, NULL },
	{ "column aliases by place", NULL, "SELECT c FROM public.orders AS o (a, b, c)", TEXT, "SELECT c FROM", PGSS, NULL },
	{ "NATURAL JOIN", "CREATE TABLE k.t (legacy_total int); GRANT ALL ON k.t TO gwt_web", "SELECT id FROM public.orders NATURAL JOIN k.t", TEXT, "NATURAL JOIN", PGSS, NULL },
	{ "JOIN USING", "CREATE TABLE k.t (legacy_total int); GRANT ALL ON k.t TO gwt_web", "SELECT id FROM public.orders JOIN k.t USING (legacy_total)", TEXT, "USING", PGSS, NULL },
	{ "WHERE", NULL, "SELECT id FROM public.orders WHERE legacy_total = 5", TEXT, "WHERE legacy_total", PGSS, NULL },
	{ "ORDER BY", NULL, "SELECT id FROM public.orders o ORDER BY o.legacy_total", TEXT, "ORDER BY o.legacy_total", PGSS, NULL },
	{ "GROUP BY and HAVING", NULL, "SELECT count(*) FROM public.orders GROUP BY note HAVING max(legacy_total) > 1", TEXT, "HAVING", PGSS, NULL },
	{ "window", NULL, "SELECT sum(id) OVER (ORDER BY legacy_total) FROM public.orders", TEXT, "OVER", PGSS, NULL },
	{ "common table expression", NULL, "WITH x AS (SELECT * FROM public.orders) SELECT id FROM x", TEXT, "WITH x AS (SELECT *", PGSS, NULL },
	{ "attribute written as a function", NULL, "SELECT legacy_total(orders) FROM public.orders", TEXT, "legacy_total(orders)", PGSS, NULL },
	{ "SELECT INTO", NULL, "SELECT * INTO TEMP x1 FROM public.orders", TEXT, "INTO TEMP x1", PGSS, NULL },
	{ "CREATE TABLE AS", NULL, "CREATE TEMP TABLE x2 AS " SEL, TEXT, "CREATE TEMP TABLE x2 AS", PGSS, NULL },
	{ "CREATE TABLE LIKE", NULL, "CREATE TEMP TABLE x3 (LIKE public.orders)", TEXT, "LIKE public.orders", PGSS, NULL },
	{ "prepared statement", NULL, "PREPARE p AS " SEL "; EXECUTE p", TEXT, "PREPARE p", PGSS, NULL },
	{ "cursor", NULL, "BEGIN; DECLARE c CURSOR FOR " SEL "; FETCH c; COMMIT", TEXT, "DECLARE c", PGSS, NULL },
	{ "EXPLAIN", NULL, "EXPLAIN " SEL, TEXT, "EXPLAIN", PGSS, NULL },
	{ "COPY TO", NULL, "@psql COPY public.orders TO STDOUT", TEXT, "COPY public.orders TO", PGSS, NULL },
	{ "COPY of the column", NULL, "@psql COPY public.orders (legacy_total) TO STDOUT", TEXT, "(legacy_total) TO", PGSS, NULL },
	{ "COPY of a query", NULL, "@psql COPY (" SEL ") TO STDOUT", TEXT, "COPY (SELECT", PGSS, NULL },
	{ "COPY FROM", NULL, "@psql COPY public.orders FROM STDIN;\n9\tx\t9\n\\.\n", TEXT, "COPY public.orders FROM", PGSS, NULL },
	{ "DO", NULL, "DO $$BEGIN PERFORM legacy_total FROM public.orders; END$$", TEXT, "legacy_total", PGSS, NULL },
	{ "dynamic SQL", NULL, "DO $$BEGIN EXECUTE 'SELECT legacy' || '_total FROM public.orders'; END$$", TEXT, "SELECT legacy_total FROM", PGSS, NULL },
	{ "query_to_xml", NULL, "SELECT length(query_to_xml('SELECT legacy' || '_total FROM public.orders', true, false, '')::text)", TEXT, "SELECT legacy_total FROM", PGSS, NULL },
	{ "table_to_xml", NULL, "SELECT length(table_to_xml('public.orders', true, false, '')::text)", TEXT, "SELECT * FROM", PGSS, NULL },
	{ "through a function", "CREATE FUNCTION k.f() RETURNS SETOF int LANGUAGE plpgsql AS $$BEGIN RETURN QUERY EXECUTE 'SELECT legacy' || '_total FROM public.orders'; END$$", "SELECT count(*) FROM k.f()", TEXT, "SELECT legacy_total FROM", PGSS, NULL },
	{ "through a SECURITY DEFINER function", "CREATE FUNCTION k.f() RETURNS SETOF int LANGUAGE plpgsql SECURITY DEFINER AS $$BEGIN RETURN QUERY EXECUTE 'SELECT legacy' || '_total FROM public.orders'; END$$",
		"SELECT count(*) FROM k.f()", TEXT, "SELECT legacy_total FROM", PGSS, NULL },
	{ "through a view", "CREATE VIEW k.v AS " SEL "; GRANT ALL ON k.v TO gwt_web", "SELECT legacy_total FROM k.v", TEXT, "legacy_total FROM k.v", PGSS, NULL },
	{ "star through a view", "CREATE VIEW k.v AS " SEL "; GRANT ALL ON k.v TO gwt_web", "SELECT * FROM k.v", KEY, "view k.v", CAT, NULL },
	{ "INSERT", NULL, "INSERT INTO public.orders (id, legacy_total) VALUES (9, 9)", TEXT, "INSERT INTO", PGSS, NULL },
	{ "INSERT by place", NULL, "INSERT INTO public.orders VALUES (9, 'x', 9)", TEXT, "INSERT INTO", PGSS, NULL },
	{ "INSERT by place, in parentheses", NULL, "INSERT INTO public.orders (VALUES (9, 'x', 9))", TEXT, "INSERT INTO", PGSS, NULL },
	{ "INSERT RETURNING *", NULL, "INSERT INTO public.orders (id) VALUES (9) RETURNING *", TEXT, "RETURNING *", PGSS, NULL },
	{ "INSERT ON CONFLICT (column)", "CREATE UNIQUE INDEX x ON public.orders (legacy_total)", "INSERT INTO public.orders (id) VALUES (9) ON CONFLICT (legacy_total) DO NOTHING", TEXT, "ON CONFLICT", PGSS, "!psql -qXc 'DROP INDEX public.x'" },
	{ "INSERT ON CONFLICT ON CONSTRAINT", "ALTER TABLE public.orders ADD CONSTRAINT x UNIQUE (legacy_total)", "INSERT INTO public.orders (id) VALUES (9) ON CONFLICT ON CONSTRAINT x DO NOTHING", TEXT, "ON CONFLICT", PGSS,
		"!psql -qXc 'ALTER TABLE public.orders DROP CONSTRAINT x'" },
	{ "INSERT ON CONFLICT DO UPDATE", NULL, "INSERT INTO public.orders (id) VALUES (9) ON CONFLICT (id) DO UPDATE SET note = excluded.legacy_total::text", TEXT, "ON CONFLICT", PGSS, NULL },
	{ "UPDATE", NULL, "UPDATE public.orders SET legacy_total = 2 WHERE id = 1", TEXT, "UPDATE public", PGSS, NULL },
	{ "UPDATE of several", NULL, "UPDATE public.orders SET (note, legacy_total) = ('x', 2) WHERE id = 1", TEXT, "UPDATE public", PGSS, NULL },
	{ "UPDATE RETURNING", NULL, "UPDATE public.orders SET note = 'x' RETURNING legacy_total", TEXT, "RETURNING legacy_total", PGSS, NULL },
	{ "UPDATE from its own row", NULL, "UPDATE public.orders SET note = to_jsonb(orders)::text", TEXT, "to_jsonb(orders)", PGSS, NULL },
	{ "DELETE RETURNING *", NULL, "DELETE FROM public.orders WHERE id = 9 RETURNING *", TEXT, "RETURNING *", PGSS, NULL },
	{ "DELETE WHERE", NULL, "DELETE FROM public.orders WHERE legacy_total = -1", TEXT, "DELETE FROM", PGSS, NULL },
	{ "MERGE", NULL, "MERGE INTO public.orders o USING (VALUES (1)) s (id) ON s.id = o.id WHEN MATCHED THEN UPDATE SET legacy_total = 3", TEXT, "MERGE INTO", PGSS, NULL },
	{ "MERGE, INSERT by place", NULL, "MERGE INTO public.orders USING (VALUES (1)) s (id) ON s.id = orders.id WHEN NOT MATCHED THEN INSERT VALUES (9, 'x', 9)", TEXT, "MERGE INTO", PGSS, NULL },
	{ "SET CONSTRAINTS", "CREATE TABLE k.t (id int PRIMARY KEY); ALTER TABLE public.orders ADD CONSTRAINT orders_fk FOREIGN KEY (legacy_total) REFERENCES k.t DEFERRABLE NOT VALID",
		"BEGIN; SET CONSTRAINTS public.orders_fk DEFERRED; COMMIT", TEXT, "SET CONSTRAINTS", PGSS, NULL },
	{ "child table by its name", "CREATE TABLE k.child () INHERITS (public.orders); GRANT ALL ON k.child TO gwt_web", "SELECT legacy_total FROM k.child", TEXT, "FROM k.child", PGSS, NULL },
	{ "session that stays", NULL, "~" SEL, KEY, "session gwt_web (kept)", "sessions", NULL },
	{ "write that was rolled back", NULL, "BEGIN; UPDATE public.orders SET legacy_total = 2 WHERE id = 1; ROLLBACK", TEXT, "UPDATE public", PGSS, NULL },
	{ "write by a session that is not counted", NULL, "!psql -U postgres -qXc 'SET pg_stat_statements.track = none; UPDATE public.orders SET legacy_total = 2'", KEY, "writer postgres (psql)", "tripwire", NULL },
	{ "pg_dump", NULL, "!pg_dump -U postgres -t public.orders -f /dev/null", TEXT, "COPY public.orders", PGSS, NULL },
	{ "foreign table in another database", NULL, "@far SELECT legacy_total FROM public.away", TEXT, "CURSOR FOR", PGSS, NULL },
	{ "dblink from another database", NULL, "@far SELECT x FROM dblink('dbname=gwt_kinds user=gwt_web host=' || current_setting('unix_socket_directories'), '" SEL "') AS d (x int)", TEXT, "SELECT legacy_total", PGSS, NULL },
	{ "logical slot", "SELECT pg_create_logical_replication_slot('decoder', 'test_decoding')", "SELECT 1", KEY, "slot decoder", "replication slots", "!psql -qXc \"SELECT pg_drop_replication_slot('decoder')\"" },
	{ "logical replication subscriber", NULL,
		"!psql -qXc 'CREATE PUBLICATION p FOR TABLE public.orders' && psql -qX -o /dev/null -c \"SELECT pg_create_logical_replication_slot('sub', 'pgoutput')\" && psql -qX -d gwt_far -c \"CREATE SUBSCRIPTION sub CONNECTION 'host=$PGHOST dbname=gwt_kinds' PUBLICATION p WITH (create_slot = false)\"", KEY, "slot sub", "replication slots",
		"!psql -qX -d gwt_far -c 'DROP SUBSCRIPTION sub' && psql -qXc 'DROP PUBLICATION p'" },
	{ "physical slot that nobody uses", "SELECT pg_create_physical_replication_slot('spare')", "SELECT 1", BLIND, "physical slots that nobody uses: spare", NULL, "!psql -qXc \"SELECT pg_drop_replication_slot('spare')\"" },
	{ "reader on a standby", NULL, "@standby " SEL, TEXT, "SELECT legacy_total", PGSS, NULL },
	/* what no source can see is said before it is needed */
	{ "statement that failed", NULL, "!psql -U gwt_web -qXc 'SELECT legacy_total / 0 FROM public.orders' || true", BLIND, "nor those that failed", NULL, NULL },
	{ "reader of the catalogue (ORM)", NULL, "SELECT count(*) FROM information_schema.columns WHERE table_name = 'orders'", BLIND, "names put together at run time", NULL, NULL },
	{ "maintenance by name", NULL, "!psql -U postgres -qXc 'ANALYZE public.orders (legacy_total)'", BLIND, "statements that define or maintain", NULL, NULL },
	{ "SQL kept in a table's rows", "CREATE TABLE k.jobs (command text); INSERT INTO k.jobs VALUES ('" SEL "')", "SELECT 1", BLIND, "SQL kept in the rows of tables", NULL, NULL },
	{ "program that has not run yet", NULL, "SELECT 1", BLIND, "programs that have not run yet", NULL, NULL },
	{ "another database that has not read yet", NULL, "SELECT 1", BLIND, "databases that read this one by dblink", NULL, NULL },
	/* no consumers */
	{ "a statement over other columns", NULL, "SELECT id, note FROM public.orders", NOTHING, NULL, NULL, NULL },
	{ "count(*)", NULL, "SELECT count(*) FROM public.orders", NOTHING, NULL, NULL, NULL },
	/* the last: from its look on, the watch has counted */
	{ "write while the tripwire is switched off", NULL, "!psql -U postgres -qXc 'SET pg_stat_statements.track = none; ALTER TABLE public.orders DISABLE TRIGGER ALL; INSERT INTO public.orders (id, legacy_total) VALUES (9, 2)'",
		KEY, "committed writes", "logical slot", NULL },
};

#endif
