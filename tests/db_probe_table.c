/* SPDX-License-Identifier: MIT */
/* A table, as the probe reads it from a real server. */
#include "tests/probe_fixture.h"

START_TEST(plain_table)
{
	struct fact_target t = probe("drop-table", "shop", "ord");
	ck_assert(t.found && t.may_alter && t.relkind == 'r' && t.attnum == 0 && !t.column && !t.unfit && !t.partitioned && !t.partition);
	ck_assert_str_eq(JOINED(t, falls), "constraint item Again on table shop.item; constraint item_ord on table shop.item; constraint ord_amount_check on table shop.ord; "
		"constraint ord_cust_fkey on table shop.ord; constraint ord_pkey on table shop.ord; constraint ord_up_fkey on table shop.ord; index shop.ord_kind; "
		"policy mine on table shop.ord; publication of table shop.ord in publication pub; rule r on table shop.ord; sequence shop.ord_id_seq; "
		"sequence shop.ord_s_seq; statistics object shop.st; trigger upd on table shop.ord");
	ck_assert_str_eq(JOINED(t, before), "ALTER TABLE ONLY shop.item DROP CONSTRAINT item_ord; ALTER TABLE ONLY shop.item DROP CONSTRAINT \"item Again\"");
	ck_assert_str_eq(JOINED(t, locks), "shop.cust; shop.ord; shop.item");
	ck_assert_str_eq(JOINED(t, blockers), "");
	ck_assert_str_eq(JOINED(t, keys), "id");
	ck_assert_str_eq(t.owner, "postgres");
	ck_assert_int_gt(t.bytes, 0);
	ck_assert_int_eq(t.rows_estimate, -1);
	ck_assert_str_eq(t.definition, arena_printf(x.a, "relid=%u relkind=r persistence=p\n"
		"attnum=1 name=id type=bigint typmod=-1 collation= identity=a generated=\nattnum=2 name=s type=integer typmod=-1 collation= identity= generated=\n"
		"attnum=3 name=cust type=bigint typmod=-1 collation= identity= generated=\nattnum=4 name=up type=bigint typmod=-1 collation= identity= generated=\n"
		"attnum=6 name=amount type=numeric(12,2) typmod=786438 collation= identity= generated=\n"
		"attnum=7 name=kind type=character varying(10) typmod=14 collation=pg_catalog.\"C\" identity= generated=\n"
		"attnum=8 name=twice type=numeric typmod=-1 collation= identity= generated=s\n"
		"attnum=9 name=body type=text typmod=-1 collation=pg_catalog.\"default\" identity= generated=", t.relid));
}
END_TEST

START_TEST(partitioned_table)
{
	struct fact_target t = probe("drop-table", "shop", "ev");
	ck_assert(t.found && !t.unfit && t.partitioned && t.has_children && !t.partition);
	ck_assert_str_eq(JOINED(t, falls), "constraint ev_pkey on table shop.ev; constraint long on table shop.ev; index shop.ev_body_idx; table shop.ev1; table shop.ev2; "
		"table shop.ev2a; table shop.evd; trigger evt on table shop.ev");
	ck_assert_str_eq(JOINED(t, locks), "shop.ev; shop.ev1; shop.ev2; shop.ev2a; shop.evd");
	ck_assert_str_eq(JOINED(t, before), "");
	ck_assert_ptr_nonnull(strstr(t.definition, "\npartition key: RANGE (at)\n"));
	ck_assert_int_gt(t.bytes, 8192 * 3);
	fix_do(&x, "INSERT INTO shop.ev SELECT g, '2026-02-02' FROM generate_series(1, 100) g; INSERT INTO shop.ev SELECT g, '2027-02-02' FROM generate_series(1, 11) g; ANALYZE");
	ck_assert_int_eq(probe("drop-table", "shop", "ev").rows_estimate, 111);
}
END_TEST

START_TEST(a_partition)
{
	struct fact_target t = probe("drop-table", "shop", "ev1");
	ck_assert(t.found && !t.unfit && t.partition && t.inherits);
	/* its own ones too that it has of its parent */
	ck_assert_str_eq(JOINED(t, falls), "constraint ev1_pkey on table shop.ev1; constraint long on table shop.ev1; index shop.ev1_body_idx; index shop.own1; trigger evt on table shop.ev1");
	ck_assert_str_eq(JOINED(t, locks), "shop.ev; shop.ev1; shop.evd");
	ck_assert_ptr_nonnull(strstr(t.definition, "\npartition bound: FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')\n"));
	t = probe("drop-table", "shop", "ev2");
	ck_assert_str_eq(JOINED(t, falls), "constraint ev2_pkey on table shop.ev2; constraint long on table shop.ev2; index shop.ev2_body_idx; table shop.ev2a; trigger evt on table shop.ev2");
	ck_assert_str_eq(JOINED(t, locks), "shop.ev; shop.ev2; shop.ev2a; shop.evd");
}
END_TEST

/* Foreign keys between partitioned tables: one statement each, locks on every table that has a part of it. */
START_TEST(keys_of_partitions)
{
	fix_do(&x, "CREATE TABLE shop.o (id int, at date, FOREIGN KEY (id, at) REFERENCES shop.ev) PARTITION BY LIST (id); CREATE TABLE shop.o1 PARTITION OF shop.o DEFAULT;"
		"CREATE TABLE shop.direct (id int, at date, CONSTRAINT d FOREIGN KEY (id, at) REFERENCES shop.ev1)");
	struct fact_target t = probe("drop-table", "shop", "ev");
	ck_assert_ptr_null(t.unfit);
	ck_assert_str_eq(JOINED(t, blockers), "");
	ck_assert_str_eq(JOINED(t, before), "ALTER TABLE shop.o DROP CONSTRAINT o_id_at_fkey; ALTER TABLE ONLY shop.direct DROP CONSTRAINT d");
	ck_assert_str_eq(JOINED(t, locks), "shop.ev; shop.ev1; shop.ev2; shop.ev2a; shop.evd; shop.o; shop.o1; shop.direct");
	ck_assert_ptr_nonnull(strstr(JOINED(t, falls), "constraint d on table shop.direct"));
	t = probe("drop-table", "shop", "o");
	ck_assert_str_eq(JOINED(t, locks), "shop.ev; shop.ev1; shop.ev2; shop.ev2a; shop.evd; shop.o; shop.o1");
	ck_assert_str_eq(JOINED(t, falls), "constraint o_id_at_fkey on table shop.o; table shop.o1");
}
END_TEST

struct blocker { const char *sql, *table, *what; };
static const struct blocker blockers[] = {
	{ "CREATE VIEW v AS SELECT kind FROM shop.ord", "ord", "view public.v" },
	{ "CREATE VIEW v AS SELECT kind FROM shop.ord; CREATE VIEW w AS SELECT * FROM v", "ord", "view public.v" },
	{ "CREATE MATERIALIZED VIEW mv AS SELECT 1 FROM shop.ord", "ord", "materialized view public.mv" },
	{ "CREATE FUNCTION f(shop.ord) RETURNS int LANGUAGE sql AS 'SELECT 1'", "ord", "function public.f(shop.ord)" },
	{ "CREATE FUNCTION f() RETURNS SETOF shop.ord LANGUAGE sql AS 'SELECT * FROM shop.ord'", "ord", "function public.f()" },
	{ "CREATE FUNCTION f() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(*) FROM shop.ord; END", "ord", "function public.f()" },
	{ "CREATE TABLE c (o shop.ord)", "ord", "column o of table public.c" },
	{ "CREATE TABLE c (o shop.ord[])", "ord", "column o of table public.c" },
	{ "CREATE TABLE c (o int DEFAULT nextval('shop.ord_s_seq'))", "ord", "default value for column o of table public.c" },
	{ "CREATE POLICY p ON shop.plain USING (id IN (SELECT id FROM shop.ord))", "ord", "policy p on table shop.plain" },
	{ "CREATE VIEW v AS SELECT * FROM shop.ev1", "ev", "view public.v" },
	{ "CREATE FUNCTION f(shop.ev2a) RETURNS int LANGUAGE sql AS 'SELECT 1'", "ev", "function public.f(shop.ev2a)" },
	{ "CREATE RULE r2 AS ON INSERT TO shop.plain DO ALSO SELECT 1 FROM shop.ord", "ord", "rule r2 on table shop.plain" },
};

START_TEST(blocked)
{
	const struct blocker *b = &blockers[_i];
	fix_do(&x, arena_printf(x.a, "SET search_path = public; %s; SET search_path = pg_catalog, pg_temp", b->sql));
	struct fact_target t = probe("drop-table", "shop", b->table);
	ck_assert_str_eq(JOINED(t, blockers), b->what);
	ck_assert_msg(!strstr(JOINED(t, falls), b->what), "%s", b->what);
}
END_TEST

/* The list is the truth, and the locks are: what the server then takes along and locks is exactly that, without CASCADE. */
struct truth { const char *table, *gone; };
static const struct truth truths[] = { { "ord", "14" }, { "ev", "8" }, { "ev1", "5" }, { "ev2", "5" }, { "o", "2" } };

START_TEST(falls_and_locks_are_true)
{
	struct text sql = { 0 };
	struct rows r;
	struct err e = { 0 };
	fix_do(&x, "CREATE TABLE shop.o (id int, at date, FOREIGN KEY (id, at) REFERENCES shop.ev) PARTITION BY LIST (id); CREATE TABLE shop.o1 PARTITION OF shop.o DEFAULT");
	if (strncmp(truths[_i].table, "ev", 2) == 0)
		fix_do(&x, "DROP TABLE shop.o");
	struct fact_target t = probe("drop-table", "shop", truths[_i].table);
	ck_assert_str_eq(arena_printf(x.a, "%zu", t.n_falls), truths[_i].gone);
	fix_do(&x, "CREATE TABLE public.obj AS SELECT classid, objid, pg_describe_object(classid, objid, 0) AS what FROM (SELECT 'pg_class'::regclass::oid, oid FROM pg_class WHERE relkind <> 't'"
		" UNION ALL SELECT 'pg_constraint'::regclass, oid FROM pg_constraint UNION ALL SELECT 'pg_trigger'::regclass, oid FROM pg_trigger WHERE NOT tgisinternal"
		" UNION ALL SELECT 'pg_policy'::regclass, oid FROM pg_policy UNION ALL SELECT 'pg_rewrite'::regclass, oid FROM pg_rewrite"
		" UNION ALL SELECT 'pg_publication_rel'::regclass, oid FROM pg_publication_rel UNION ALL SELECT 'pg_statistic_ext'::regclass, oid FROM pg_statistic_ext) o(classid, objid)");
	struct plan p = { .recipe = "drop-table", .schema = "shop", .table = truths[_i].table };
	text_addf(&sql, "BEGIN; %s", sql_statement(x.a, &p, &t));
	test_sql(x.db, text_str(&sql));
	text_free(&sql);
	/* relations by name that are locked and no index, sequence, toast or catalogue: those that are gone have no name any more */
	const struct query q = { .sql = "SELECT DISTINCT format('%I.%I', n.nspname, c.relname) FROM pg_locks l JOIN pg_class c ON c.oid = l.relation JOIN pg_namespace n ON n.oid = c.relnamespace"
		" WHERE l.pid = pg_backend_pid() AND l.mode = 'AccessExclusiveLock' AND c.relkind IN ('r', 'p')", .cols = 1 };
	ck_assert(db_ask(x.db, x.a, &q, &r, &e));
	for (int i = 0; i < r.n; i++)
		ck_assert_msg(strstr(JOINED(t, locks), r.cell[i][0]) != NULL, "%s is locked", r.cell[i][0]);
	const struct query gone = { .sql = "SELECT what FROM public.obj b WHERE NOT EXISTS (SELECT FROM pg_class WHERE oid = objid) AND NOT EXISTS (SELECT FROM pg_constraint WHERE oid = objid)"
		" AND NOT EXISTS (SELECT FROM pg_trigger WHERE oid = objid) AND NOT EXISTS (SELECT FROM pg_policy WHERE oid = objid) AND NOT EXISTS (SELECT FROM pg_rewrite WHERE oid = objid)"
		" AND NOT EXISTS (SELECT FROM pg_publication_rel WHERE oid = objid) AND NOT EXISTS (SELECT FROM pg_statistic_ext WHERE oid = objid)"
		" ORDER BY what COLLATE \"C\"", .cols = 1 };
	ck_assert(db_ask(x.db, x.a, &gone, &r, &e));
	for (size_t i = 0; i < t.n_falls; i++) {
		bool there = false;
		for (int k = 0; k < r.n; k++)
			there = there || strcmp(r.cell[k][0], t.falls[i]) == 0;
		ck_assert_msg(there, "%s did not fall", t.falls[i]);
	}
	test_sql(x.db, "ROLLBACK");
}
END_TEST

struct absent { const char *schema, *table, *missing; };
static const struct absent absents[] = {
	{ "nowhere", "ord", "there is no schema nowhere, or this login may not see it" },
	{ "shop", "Ord", "there is no table shop.\"Ord\"" },
	{ "shop", "ord\n", "there is no table shop.\"ord\n\"" },
};

START_TEST(missing)
{
	const struct absent *m = &absents[_i];
	struct fact_target t = probe("drop-table", m->schema, m->table);
	ck_assert(!t.found && !t.unfit);
	ck_assert_str_eq(t.missing, m->missing);
	ck_assert_str_eq(t.definition_digest, "");
	ck_assert_str_eq(probe("remove-rows", m->schema, m->table).missing, m->missing);
}
END_TEST

static const struct unfit_case unfit_tables[] = {
	{ "SELECT 1", "pg_catalog", "pg_class", "the table belongs to the server or to gatewalk itself" },
	{ "SELECT 1", "gatewalk", "walk", "the table belongs to the server or to gatewalk itself" },
	{ "CREATE VIEW v AS SELECT 1 AS a", "public", "v", "this is a view: it holds no rows of its own; DROP VIEW needs no walk" },
	{ "CREATE MATERIALIZED VIEW v AS SELECT 1 AS a", "public", "v", "this is a materialized view: its rows come from its query; DROP MATERIALIZED VIEW needs no walk" },
	{ "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w; CREATE FOREIGN TABLE ft (b int) SERVER s", "public", "ft",
		"this is a foreign table; walk the table on the server that holds the data" },
	{ "CREATE SEQUENCE sq", "public", "sq", "this is not a table" },
	{ "SELECT 1", "shop", "plain_pkey", "this is not a table" },
	{ "CREATE TYPE ty AS (b int); CREATE TABLE a OF ty", "public", "a", "the table is made of type public.ty; make it a plain one first (ALTER TABLE ... NOT OF)" },
	{ "CREATE TABLE a (b int); CREATE TABLE c (d int) INHERITS (a)", "public", "a", "table public.c inherits from this one; end that first (ALTER TABLE ... NO INHERIT)" },
	{ "CREATE TABLE a (b int); CREATE TABLE c (d int) INHERITS (a)", "public", "c", "the table inherits from another one; end that first (ALTER TABLE ... NO INHERIT)" },
	{ "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w; CREATE TABLE pa (a int) PARTITION BY LIST (a); CREATE FOREIGN TABLE pf PARTITION OF pa DEFAULT SERVER s",
		"public", "pa", "partition public.pf is a foreign table; detach it first (ALTER TABLE ... DETACH PARTITION)" },
	{ "CREATE TABLE r (id int, at date, FOREIGN KEY (id, at) REFERENCES shop.ev)", "shop", "ev1",
		"another table refers to the partitioned table that this is a partition of; detach the partition first (ALTER TABLE ... DETACH PARTITION), then walk it" },
	{ "CREATE SUBSCRIPTION sub CONNECTION 'dbname=nowhere' PUBLICATION p WITH (connect = false); INSERT INTO pg_subscription_rel SELECT oid, 'shop.plain'::regclass, 'r' FROM pg_subscription",
		"shop", "plain", "a subscription writes into the table; take the table out of it first (at the publisher, then ALTER SUBSCRIPTION ... REFRESH PUBLICATION)" },
	{ "CREATE INDEX \"B d\" ON shop.ev1 (id); UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'shop.\"B d\"'::regclass", "shop", "ev",
		"index shop.\"B d\" was left unfinished and is not valid, so that nothing would bring it back; drop it or finish it first (DROP INDEX CONCURRENTLY, REINDEX INDEX CONCURRENTLY)" },
	{ "ALTER TABLE shop.ord DISABLE TRIGGER ALL", "shop", "ord",
		"the triggers behind constraint item Again on table shop.item are switched off, which nothing would bring back; switch them on first (ALTER TABLE ... ENABLE TRIGGER ALL)" },
	{ "ALTER TABLE shop.item DISABLE TRIGGER ALL", "shop", "ord",
		"the triggers behind constraint item Again on table shop.item are switched off, which nothing would bring back; switch them on first (ALTER TABLE ... ENABLE TRIGGER ALL)" },
	{ "ALTER TABLE shop.ord DISABLE TRIGGER USER; CREATE INDEX ON ONLY shop.ev (at)", "shop", "ord", "" },
	{ "CREATE INDEX ON ONLY shop.ev (at)", "shop", "ev", "" },
};
START_TEST(unfit_table)
{
	unfit_as("drop-table", &unfit_tables[_i]);
	if (strstr(unfit_tables[_i].sql, "SUBSCRIPTION"))
		fix_do(&x, "ALTER SUBSCRIPTION sub SET (slot_name = NONE); DROP SUBSCRIPTION sub");
}
END_TEST

/* What the drop locks is foreseen: no lock of it is left out, and where the server has no room for them it is said before. */
START_TEST(more_locks_than_the_server_has)
{
	static const char held[] = "SELECT count(DISTINCT (locktype, relation, classid, objid)) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype IN ('relation', 'object')";
	int64_t room = cell_int(test_value(x.db, x.a, "SELECT current_setting('max_locks_per_transaction')::int * (current_setting('max_connections')::int + current_setting('max_prepared_transactions')::int)"));
	fix_do(&x, "CREATE TABLE shop.cut (id int PRIMARY KEY, note text DEFAULT 'x', k int) PARTITION BY RANGE (id); CREATE INDEX ON shop.cut (k)");
	int n = (int)(room / 12) + 1;   /* twelve each: table, two row types, toast table and index, two indexes, key, default, our three triggers */
	fix_do(&x, arena_printf(x.a, "DO $$ BEGIN FOR i IN 1 .. %d LOOP EXECUTE format('CREATE TABLE shop.cut%%s PARTITION OF shop.cut FOR VALUES FROM (%%s) TO (%%s)', i, i, i + 1); END LOOP; END $$", n));
	struct fact_target t = probe("drop-table", "shop", "cut");
	int64_t need = 12LL * n + 10;   /* the parent has no toast table */
	ck_assert_str_eq(t.unfit, arena_printf(x.a, "its walk takes %lld locks at once, and the server has room for %lld; raise max_locks_per_transaction from 64 to 128 or more"
		" (ALTER SYSTEM, then a restart), or drop its partitions in several walks", (long long)need, (long long)room));
	ck_assert_ptr_null(probe("remove-rows", "shop", "plain").unfit);
	test_sql(x.db, "BEGIN; DROP TABLE shop.cut");
	int64_t took = cell_int(test_value(x.db, x.a, held));
	test_sql(x.db, "ROLLBACK");
	ck_assert_int_le(took, need);
	ck_assert_int_ge(took, need - 3 * (n + 1) - 9);
}
END_TEST

/* Each of these is walked. */
static const char *const fits[] = {
	"CREATE UNLOGGED TABLE a (id int PRIMARY KEY)",
	"CREATE TABLE a (id int PRIMARY KEY, b int GENERATED ALWAYS AS (id) STORED, c int GENERATED BY DEFAULT AS IDENTITY)",
	"CREATE TABLE a (id int PRIMARY KEY, gone text); ALTER TABLE a DROP COLUMN gone",
	"DO $$BEGIN EXECUTE (SELECT 'CREATE TABLE a (id int PRIMARY KEY, ' || string_agg('c' || g || ' int', ', ') || ')' FROM generate_series(2, 1600) g); END$$",
	"CREATE EXTENSION pg_trgm SCHEMA public; CREATE TABLE a (id int PRIMARY KEY, t text); CREATE INDEX ON a USING gin (t gin_trgm_ops)",
	"CREATE TABLE b (id int PRIMARY KEY); CREATE TABLE a (id int PRIMARY KEY, FOREIGN KEY (id) REFERENCES b); ALTER TABLE b ADD FOREIGN KEY (id) REFERENCES a",
};

START_TEST(fit)
{
	fix_do(&x, arena_printf(x.a, "SET search_path = public; %s; SET search_path = pg_catalog, pg_temp", fits[_i]));
	struct fact_target t = probe("drop-table", "public", "a");
	ck_assert_msg(t.found && !t.unfit && t.n_blockers == 0, "%s", t.unfit ? t.unfit : JOINED(t, blockers));
	t = probe("remove-rows", "public", "a");
	ck_assert_msg(t.found && !t.unfit, "%s", t.unfit);
}
END_TEST

/* Drift is of columns and bounds, not of statistics, comments, defaults or what falls. */
START_TEST(definition)
{
	static const char *const same[] = { "ANALYZE shop.ord", "COMMENT ON TABLE shop.ord IS 'c'", "COMMENT ON COLUMN shop.ord.kind IS 'c'", "CREATE INDEX ON shop.ord (amount)",
		"ALTER TABLE shop.ord ALTER amount DROP DEFAULT", "ALTER TABLE shop.ord ALTER kind SET STATISTICS 10", "INSERT INTO shop.ord (amount) VALUES (1)", "VACUUM FULL shop.ord" };
	static const char *const other[] = { "ALTER TABLE shop.ord ADD COLUMN more int", "ALTER TABLE shop.ord DROP COLUMN more", "ALTER TABLE shop.ord ALTER body TYPE varchar(99)",
		"ALTER TABLE shop.ord RENAME body TO bodies", "ALTER TABLE shop.ord ALTER id DROP IDENTITY" };
	struct fact_target was = probe("drop-table", "shop", "ord");
	for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
		test_sql(x.db, same[i]);
		ck_assert_msg(strcmp(probe("drop-table", "shop", "ord").definition_digest, was.definition_digest) == 0, "%s", same[i]);
	}
	ck_assert_str_eq(probe("drop-table", "shop", "ord").comment, "c");
	for (size_t i = 0; i < sizeof other / sizeof other[0]; i++) {
		test_sql(x.db, other[i]);
		struct fact_target now = probe("drop-table", "shop", "ord");
		ck_assert_msg(strcmp(now.definition_digest, was.definition_digest) != 0, "%s", other[i]);
		was = now;
	}
}
END_TEST

START_TEST(other_login)
{
	struct err e = { 0 };
	struct fact_target t;
	struct plan p = { .recipe = "drop-table", .schema = "shop", .table = "plain" };
	fix_do(&x, "CREATE TABLE public.far (id int REFERENCES shop.plain); DROP ROLE IF EXISTS gw_guest; CREATE ROLE gw_guest LOGIN; ALTER TABLE shop.plain OWNER TO gw_guest");
	struct db *db = test_connect("dbname=" DB " user=gw_guest");
	ck_assert_msg(probe_target(db, x.a, &p, &t, &e), "%s", e.msg);
	ck_assert(t.found && t.may_alter);
	ck_assert_str_eq(t.unfit, "table public.far refers to this one and this login may not take its foreign key off; log in as a member of its owner's role");
	p.table = "ord";
	ck_assert_msg(probe_target(db, x.a, &p, &t, &e), "%s", e.msg);
	ck_assert(!t.may_alter);
	db_close(db);
	fix_do(&x, "ALTER TABLE shop.plain OWNER TO postgres; DROP ROLE gw_guest");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("probe_table");
	TCase *t = tcase_create("table");
	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, open_db, close_db);
	tcase_add_test(t, plain_table);
	tcase_add_test(t, partitioned_table);
	tcase_add_test(t, a_partition);
	tcase_add_test(t, keys_of_partitions);
	LOOP(t, blocked, blockers);
	LOOP(t, falls_and_locks_are_true, truths);
	LOOP(t, missing, absents);
	LOOP(t, unfit_table, unfit_tables);
	tcase_add_test(t, more_locks_than_the_server_has);
	LOOP(t, fit, fits);
	tcase_add_test(t, definition);
	tcase_add_test(t, other_login);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return test_main(suite());
}
