/* SPDX-License-Identifier: MIT */
/* Rows of a table, as the probe reads them from a real server: what can be removed, and what a DELETE would set off. The statement that
   removes acts on one table alone, so whatever acts on others, or is not known to act on none, is refused. */
#include "tests/probe_fixture.h"

START_TEST(rows)
{
	struct fact_target t = probe("remove-rows", "shop", "ord");
	ck_assert(t.found && !t.unfit && t.attnum == 0);
	ck_assert_uint_eq(t.n_falls + t.n_blockers + t.n_before, 0);
	ck_assert_str_eq(JOINED(t, keys), "id");
	ck_assert_str_eq(JOINED(t, locks), "shop.ord");
	ck_assert_str_eq(t.definition, probe("drop-table", "shop", "ord").definition);
	t = probe("remove-rows", "shop", "ev");
	ck_assert_ptr_null(t.unfit);
	ck_assert_str_eq(JOINED(t, keys), "id; at");
	ck_assert_str_eq(JOINED(t, locks), "shop.ev; shop.ev1; shop.ev2; shop.ev2a; shop.evd");
}
END_TEST

#define CHILD(type, key) "CREATE TABLE c (p " type " CONSTRAINT acts " key ")"
#define ACTS " deletes or changes rows there when rows here are deleted; remove the children by a walk of their own first, and take the action off the foreign key"
#define CASCADES "constraint acts on table public.c" ACTS
#define TRIGGER(kind, when) "CREATE " kind " TRIGGER del " when " EXECUTE FUNCTION shop.tf()"
#define WHAT " acts when rows are deleted; what it does cannot be put back. Take it off first"
#define FIRES(table) "trigger del on table shop." table WHAT
#define RULE(does) "CREATE RULE del AS ON DELETE TO shop.plain DO " does
#define RULES "rule del on table shop.plain" WHAT
static const struct unfit_case unfit_rows[] = {
	{ "CREATE VIEW v AS SELECT 1 AS a", "public", "v", "this is a view: it holds no rows of its own; DROP VIEW needs no walk" },
	{ "CREATE TABLE n (id int); CREATE UNIQUE INDEX ON n (id)", "public", "n", "the table has no unique key of not null columns, by which a removed row could be told again; give it one first" },
	/* Each action, from each kind of table, onto each kind. */
	{ CHILD("int", "REFERENCES shop.plain ON DELETE CASCADE"), "shop", "plain", CASCADES },
	{ CHILD("int", "REFERENCES shop.plain ON DELETE SET NULL"), "shop", "plain", CASCADES },
	{ CHILD("int DEFAULT 1", "REFERENCES shop.plain ON DELETE SET DEFAULT"), "shop", "plain", CASCADES },
	{ CHILD("int", "REFERENCES shop.plain ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED"), "shop", "plain", CASCADES },
	{ "CREATE TABLE c (p int, q int, CONSTRAINT acts FOREIGN KEY (p) REFERENCES shop.plain ON DELETE SET NULL (p))", "shop", "plain", CASCADES },
	{ "CREATE TABLE c (p int CONSTRAINT acts REFERENCES shop.plain ON DELETE CASCADE) PARTITION BY LIST (p); CREATE TABLE c1 PARTITION OF c DEFAULT", "shop", "plain", CASCADES },
	{ "CREATE TABLE c (p int) PARTITION BY LIST (p); CREATE TABLE c1 PARTITION OF c DEFAULT; ALTER TABLE c1 ADD CONSTRAINT acts FOREIGN KEY (p) REFERENCES shop.plain ON DELETE CASCADE",
		"shop", "plain", "constraint acts on table public.c1" ACTS },
	{ "CREATE TABLE c (id int PRIMARY KEY, p int CONSTRAINT acts REFERENCES c ON DELETE CASCADE)", "public", "c", CASCADES },
	{ "CREATE TABLE c (id int, at date, CONSTRAINT acts FOREIGN KEY (id, at) REFERENCES shop.ev ON DELETE CASCADE)", "shop", "ev", CASCADES },
	{ "CREATE TABLE c (id int, at date, CONSTRAINT acts FOREIGN KEY (id, at) REFERENCES shop.ev ON DELETE CASCADE)", "shop", "ev1", CASCADES },
	{ "CREATE TABLE c (id int, at date, CONSTRAINT acts FOREIGN KEY (id, at) REFERENCES shop.ev1 ON DELETE CASCADE)", "shop", "ev", CASCADES },
	/* Each kind of trigger that a DELETE fires. */
	{ TRIGGER("", "BEFORE DELETE ON shop.plain FOR EACH ROW"), "shop", "plain", FIRES("plain") },
	{ TRIGGER("", "AFTER DELETE ON shop.plain FOR EACH ROW"), "shop", "plain", FIRES("plain") },
	{ TRIGGER("", "AFTER INSERT OR DELETE ON shop.plain FOR EACH ROW"), "shop", "plain", FIRES("plain") },
	{ TRIGGER("", "BEFORE DELETE ON shop.plain"), "shop", "plain", FIRES("plain") },
	{ TRIGGER("", "AFTER DELETE ON shop.plain"), "shop", "plain", FIRES("plain") },
	{ TRIGGER("", "AFTER DELETE ON shop.plain REFERENCING OLD TABLE AS gone FOR EACH STATEMENT"), "shop", "plain", FIRES("plain") },
	{ TRIGGER("", "AFTER DELETE ON shop.plain FOR EACH ROW WHEN (old.id > 5)"), "shop", "plain", FIRES("plain") },
	{ TRIGGER("CONSTRAINT", "AFTER DELETE ON shop.plain DEFERRABLE INITIALLY DEFERRED FOR EACH ROW"), "shop", "plain", FIRES("plain") },
	{ TRIGGER("", "BEFORE DELETE ON shop.plain FOR EACH ROW") "; ALTER TABLE shop.plain ENABLE ALWAYS TRIGGER del", "shop", "plain", FIRES("plain") },
	{ TRIGGER("", "BEFORE DELETE ON shop.plain FOR EACH ROW") "; ALTER TABLE shop.plain ENABLE REPLICA TRIGGER del", "shop", "plain", FIRES("plain") },
	{ TRIGGER("", "BEFORE DELETE ON shop.ev1 FOR EACH ROW"), "shop", "ev", FIRES("ev1") },
	{ TRIGGER("", "BEFORE DELETE ON shop.ev2a FOR EACH ROW"), "shop", "ev", FIRES("ev2a") },
	{ TRIGGER("", "AFTER DELETE ON shop.ev"), "shop", "ev", FIRES("ev") },
	/* One that a partition has of its parent. */
	{ TRIGGER("", "AFTER DELETE ON shop.ev FOR EACH ROW"), "shop", "ev", FIRES("ev") },
	{ TRIGGER("", "AFTER DELETE ON shop.ev FOR EACH ROW"), "shop", "ev1", FIRES("ev1") },
	{ "CREATE VIEW v AS SELECT * FROM shop.plain; " TRIGGER("", "INSTEAD OF DELETE ON v FOR EACH ROW"), "public", "v",
		"this is a view: it holds no rows of its own; DROP VIEW needs no walk" },
	{ RULE("INSTEAD NOTHING"), "shop", "plain", RULES },
	{ RULE("ALSO INSERT INTO shop.cust VALUES (1)"), "shop", "plain", RULES },
	{ "CREATE RULE del AS ON DELETE TO shop.plain WHERE old.id = 5 DO INSTEAD UPDATE shop.plain SET note = 'gone' WHERE id = old.id", "shop", "plain", RULES },
	{ "CREATE RULE del AS ON DELETE TO shop.ev DO INSTEAD NOTHING", "shop", "ev", "rule del on table shop.ev" WHAT },
};

START_TEST(unfit_row)
{
	unfit_as("remove-rows", &unfit_rows[_i]);
}
END_TEST

/* What a DELETE of these rows does not set off: rows of others that are merely in the way are left, one by one. */
static const char *const harmless[] = {
	CHILD("int", "REFERENCES shop.plain ON DELETE NO ACTION ON UPDATE CASCADE"), CHILD("int", "REFERENCES shop.plain ON DELETE RESTRICT"),
	"ALTER TABLE shop.plain ADD COLUMN up int REFERENCES shop.cust ON DELETE CASCADE",
	TRIGGER("", "BEFORE INSERT OR UPDATE ON shop.plain FOR EACH ROW"), TRIGGER("", "BEFORE TRUNCATE ON shop.plain"),
	TRIGGER("", "BEFORE DELETE ON shop.plain FOR EACH ROW") "; ALTER TABLE shop.plain DISABLE TRIGGER del",
	"CREATE RULE ins AS ON INSERT TO shop.plain DO ALSO NOTHING", "CREATE VIEW v AS SELECT * FROM shop.plain; " TRIGGER("", "INSTEAD OF DELETE ON v FOR EACH ROW"),
};

START_TEST(harmless_to_rows)
{
	fix_do(&x, arena_printf(x.a, "SET search_path = public; %s; SET search_path = pg_catalog, pg_temp", harmless[_i]));
	struct fact_target t = probe("remove-rows", "shop", "plain");
	ck_assert_msg(t.found && !t.unfit && t.n_blockers == 0, "%s", t.unfit ? t.unfit : JOINED(t, blockers));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("probe_rows");
	TCase *t = tcase_create("rows");
	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, open_db, close_db);
	tcase_add_test(t, rows);
	LOOP(t, unfit_row, unfit_rows);
	LOOP(t, harmless_to_rows, harmless);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return test_main(suite());
}
