/* SPDX-License-Identifier: MIT */
/* A dual write on a table is gatewalk's own, and no part of the table: it falls with nothing, blocks nothing, uses nothing, comes back with no
   snapshot, and the guard has nothing against it. */
#include "adapter/audit.h"
#include "adapter/guard.h"
#include "adapter/probe.h"
#include "adapter/snapshot_parts.h"
#include "core/sql.h"
#include "tests/dual_fixture.h"

static struct dual x;

/* In words, line by line, what each look has of the table. */
struct seen { const char *column, *table, *uses, *back; };

static void add_all(struct text *t, const char *what, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		text_addf(t, "%s %s\n", what, list[i]);
}

static const char *kept(struct text *t)
{
	const char *s = arena_dup(x.a, text_str(t));
	text_free(t);
	return s;
}

static const char *target(const char *column, struct plan *p, struct fact_target *f)
{
	struct text t = { 0 };
	*p = (struct plan){ .name = "x", .recipe = column ? "drop-column" : "drop-table", .archetype = ARCH_DESTRUCTIVE, .schema = "public", .table = "t", .column = column };
	plan_defaults(p);
	ck_assert_msg(probe_target(x.db, x.a, p, f, &x.e) && f->found, "%s", x.e.msg);
	text_addf(&t, "%s\n%s\n", f->unfit ? f->unfit : "", f->definition);
	add_all(&t, "falls", f->falls, f->n_falls);
	add_all(&t, "blocks", f->blockers, f->n_blockers);
	return kept(&t);
}

static struct seen look(void)
{
	struct seen s;
	struct plan p;
	struct fact_target f;
	struct fact_audit u = { 0 };
	struct manifest m = { 0 };
	struct text uses = { 0 }, back = { 0 };
	s.column = target("v", &p, &f);
	const struct audit_ask ask = { TEST_SID, &p, &f, TARGET_COLUMN };
	ck_assert_msg(audit_look(x.db, x.a, &ask, &u, &x.e), "%s", x.e.msg);
	for (size_t i = 0; i < u.n; i++)
		if (strcmp(u.found[i].kind, "session") != 0 && strcmp(u.found[i].kind, "statement") != 0)
			text_addf(&uses, "%s %s\n", u.found[i].kind, u.found[i].key);
	s.uses = kept(&uses);
	s.table = target(NULL, &p, &f);
	ck_assert_msg(snap_table_back(x.a, x.db, f.relid, NULL, &m, &x.e), "%s", x.e.msg);
	for (size_t i = 0; i < m.n_back; i++)
		text_addf(&back, "%s\n", m.back[i].sql);
	s.back = kept(&back);
	return s;
}

/* With a way back and without, by the table's own name and without it, on a table with partitions. */
static const struct { const char *table, *to, *back; } ways[] = {
	{ DUAL_TABLE, "v::int", NULL }, { DUAL_TABLE, "t.v::int", "t.n::text" },
	{ "CREATE TABLE public.t (id bigint, v text, w int, n int) PARTITION BY RANGE (id); CREATE TABLE public.t1 PARTITION OF public.t DEFAULT", "v::int", "n::text" },
};

START_TEST(it_is_no_part_of_the_table)
{
	dual_open(&x, ways[_i].table);
	test_sql(x.db, "CREATE VIEW public.uses AS SELECT v FROM public.t; CREATE INDEX falls ON public.t (v); " APP("app", "BEFORE UPDATE OF v", "NEW.w := 1;"));
	x.order.to = ways[_i].to;
	x.order.back = ways[_i].back;
	const struct seen before = look();
	ck_assert_ptr_nonnull(strstr(before.uses, "view public.uses"));
	ck_assert_ptr_nonnull(strstr(before.back, "TRIGGER app"));
	dual_put(&x);
	const struct seen with = look();
	ck_assert_str_eq(with.column, before.column);
	ck_assert_str_eq(with.table, before.table);
	ck_assert_str_eq(with.uses, before.uses);
	ck_assert_str_eq(with.back, before.back);
	dual_close(&x);
}
END_TEST

/* Foreign keys of the old column are item 9's to take off: they are told apart, and do not fall. */
START_TEST(foreign_keys)
{
	struct fact_target t;
	dual_open(&x, "CREATE TABLE public.o (k int PRIMARY KEY, a int, b int, UNIQUE (a, b)); CREATE TABLE public.t (id bigint PRIMARY KEY, v int NOT NULL DEFAULT 1, w int, n int,"
		" CONSTRAINT \"Z y\" FOREIGN KEY (v) REFERENCES public.o ON DELETE CASCADE, CONSTRAINT two FOREIGN KEY (w, v) REFERENCES public.o (a, b), CHECK (v > 0), FOREIGN KEY (w) REFERENCES public.o)");
	struct plan p = { .name = "x", .recipe = "rename-column", .archetype = ARCH_RENAME, .schema = "public", .table = "t", .column = "v", .add_column = "n" };
	plan_defaults(&p);
	ck_assert_msg(probe_target(x.db, x.a, &p, &t, &x.e), "%s", x.e.msg);
	ck_assert_uint_eq(t.n_foreign, 2);
	ck_assert_str_eq(t.foreign[0], "Z y");
	ck_assert_str_eq(t.foreign_as[0], "FOREIGN KEY (v) REFERENCES public.o(k) ON DELETE CASCADE");
	ck_assert_str_eq(t.foreign[1], "two");
	ck_assert_str_eq(t.foreign_as[1], "FOREIGN KEY (w, v) REFERENCES public.o(a, b)");
	ck_assert_uint_eq(t.n_falls, 1);
	ck_assert_str_eq(t.falls[0], "constraint t_v_check on table public.t");
	test_sql(x.db, sql_relax(x.a, &p, &t));
	struct fact_target now;
	ck_assert(probe_target(x.db, x.a, &p, &now, &x.e) && now.n_foreign == 0 && now.n_falls == 1 && !now.not_null && !now.def);
	ck_assert_str_eq(sql_relax(x.a, &p, &now), "");
	test_sql(x.db, sql_tighten(x.a, &p, &t));
	ck_assert(probe_target(x.db, x.a, &p, &now, &x.e) && now.n_foreign == 2);
	/* One that is only dropped has them fall. */
	p.recipe = "drop-column";
	p.archetype = ARCH_DESTRUCTIVE;
	ck_assert(probe_target(x.db, x.a, &p, &now, &x.e) && now.n_foreign == 0 && now.n_falls >= 3);
	dual_close(&x);
}
END_TEST

/* The guard refuses what would change the column, and not what gatewalk puts beside it, nor that what it asks for is taken off. */
START_TEST(the_guard_lets_it)
{
	struct guard_done d;
	const char *why;
	struct err e = { 0 };
	dual_open(&x, "CREATE TABLE public.t (id bigint PRIMARY KEY, v text NOT NULL DEFAULT '0', w int)");
	test_sql(x.db, "UPDATE gatewalk.walk SET relid = 'public.t'::regclass, attnum = 2");
	ck_assert_msg(guard_install(x.db, x.a, &d, &x.e), "%s", x.e.msg);
	ck_assert_msg(guard_record(x.db, x.a, TEST_SID, &why, &x.e), "%s", x.e.msg);
	ck_assert(!db_script(x.db, x.a, "ALTER TABLE public.t RENAME v TO vv", 5000, NULL, &e));
	test_sql(x.db, "ALTER TABLE public.t ADD n int");
	x.order.back = "n::text";
	dual_put(&x);
	dual_stands(&x);
	test_sql(x.db, "ALTER TABLE public.t ALTER v DROP NOT NULL, ALTER v DROP DEFAULT; INSERT INTO public.t (id, n) VALUES (1, 5)");
	dual_is(&x, ROWS, "1:5:5");
	dual_take(&x);
	test_sql(x.db, "ALTER TABLE public.t ALTER v SET DEFAULT '0'; ALTER TABLE public.t DROP n");
	ck_assert(!db_script(x.db, x.a, "ALTER TABLE public.t DROP v", 5000, NULL, &e));
	struct fact_guard f;
	ck_assert(guard_look(x.db, x.a, TEST_SID, &f, &x.e) && f.recorded);
	test_sql(x.db, "UPDATE gatewalk.guarded SET over_at = clock_timestamp()");
	ck_assert_msg(guard_remove(x.db, x.a, &d, &x.e), "%s", x.e.msg);
	dual_close(&x);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("dual_seen");
	TCase *t = tcase_create("seen");
	tcase_set_timeout(t, 60);
	tcase_add_unchecked_fixture(t, dual_database, dual_database_gone);
	tcase_add_loop_test(t, it_is_no_part_of_the_table, 0, sizeof ways / sizeof ways[0]);
	tcase_add_test(t, foreign_keys);
	tcase_add_test(t, the_guard_lets_it);
	suite_add_tcase(s, t);
	return test_main(s);
}
