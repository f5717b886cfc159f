/* SPDX-License-Identifier: MIT */
/* Source trees as consumers of a walk, and what stands when nobody said where the code lies. */
#include "adapter/audit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/consumers.h"
#include "tests/lib_test.h"
#include "tests/lib_walk.h"

#define DB "gwt_trees"

static struct db *db;
static struct arena *a;
static struct err e;
static struct plan plan;
static struct fact_target target;
static struct fact_audit found;
static const char *top;

static void sh(const char *line)
{
	char cmd[4096];
	snprintf(cmd, sizeof cmd, "cd '%s' && { %s; } >/dev/null 2>&1", top, line);
	ck_assert_msg(system(cmd) == 0, "%s", cmd);
}

static void setup(void)
{
	db = test_database(DB);
	a = arena_new();
	e = (struct err){ 0 };
	plan = test_plan();
	chmod(test_dir(), 0755);
	char *dir = arena_printf(a, "%s/XXXXXX", test_dir());
	top = mkdtemp(dir);
	ck_assert_ptr_nonnull(top);
	test_sql(db, "CREATE EXTENSION pg_stat_statements SCHEMA public; CREATE TABLE public.orders (id int PRIMARY KEY, legacy_total int)");
	target = test_target(db, a, "public", "orders", "legacy_total");
	test_schema(db, a, &target);
}

static void teardown(void)
{
	db_close(db);
	arena_free(a);
	test_drop_database(DB);
}

static void audit(const char *const *dirs, size_t n)
{
	plan.sources = (const char **)dirs;
	plan.n_sources = n;
	plan.has_sources = dirs != NULL;
	ck_assert_msg(audit_look(db, a, &(struct audit_ask){ TEST_SID, &plan, &target, plan_target(&plan) }, &found, &e), "%s", e.msg);
}

static const struct audit_source *trees(void)
{
	for (size_t i = 0; i < found.n_sources; i++)
		if (strcmp(found.sources[i].name, "source trees") == 0)
			return &found.sources[i];
	return NULL;
}

static bool answered_by_name(void)
{
	return found.n_blind_keys == 1 && strcmp(found.blind_keys[0], BLIND_CODE) == 0;
}

START_TEST(each_file_is_a_consumer)
{
	const char *dirs[] = { arena_printf(a, "%s/shop", top), arena_printf(a, "%s/jobs", top) };
	sh("mkdir shop jobs; printf 'class Order\\n  self.table_name = \"orders\"\\n  attr :legacy_total\\nend\\n' > shop/order.rb");
	sh("printf 'legacyTotal\\n' > shop/page.ts; printf 'nothing\\n' > shop/none.ts; i=0; while [ $i -lt 30 ]; do echo 'SELECT legacy_total FROM orders'; i=$((i + 1)); done > jobs/night.sql");
	audit(dirs, 1);
	const struct consumer *c = test_consumer(&found, "source order.rb");
	ck_assert_ptr_nonnull(c);
	ck_assert_str_eq(c->kind, "source file");
	ck_assert_ptr_nonnull(strstr(c->evidence, "order.rb:3: "));
	ck_assert(!c->structural);
	c = test_consumer(&found, "source page.ts");
	ck_assert_ptr_nonnull(c);
	ck_assert_str_eq(c->source, "source tree, the name alone");
	ck_assert_ptr_null(test_consumer(&found, "source none.ts"));
	ck_assert_uint_eq(found.n_blind_keys, 0);
	ck_assert_int_le(trees()->saw, SAW_FOUND);
	struct class_seen seen[CLASSES];
	audit_classes(&found, seen);
	ck_assert_ptr_nonnull(seen[CLASS_CODE].by);
	audit(dirs, 2);   /* with more than one, the folder's name stands in front */
	ck_assert_ptr_nonnull(test_consumer(&found, "source shop/order.rb"));
	c = test_consumer(&found, "source jobs/night.sql");
	ck_assert_ptr_nonnull(c);
	ck_assert_int_eq(c->calls, 30);
	ck_assert_ptr_nonnull(strstr(c->evidence, "\n... and 10 more"));
}
END_TEST

/* What was cleared was what somebody read: other lines are to be read again, and the same ones somewhere else in the file are not. */
START_TEST(a_clearing_is_of_what_was_read)
{
	const char *dirs[] = { arena_printf(a, "%s/web/src", top), arena_printf(a, "%s/api/src", top) };
	sh("mkdir -p web/src api/src; echo '# legacy_total is gone' > web/src/m.py; echo '# legacy_total is gone' > api/src/m.py");
	audit(dirs, 2);   /* folders that end alike: two files, not one */
	const struct consumer *web = test_consumer(&found, arena_printf(a, "source %s/m.py", dirs[0]));
	ck_assert_ptr_nonnull(web);
	ck_assert_ptr_nonnull(test_consumer(&found, arena_printf(a, "source %s/m.py", dirs[1])));
	struct walk_clear cleared = { .key = web->key, .reason = "a comment", .counted = web->counted, .at = found.at };
	const struct walk w = { .clears = &cleared, .n_clears = 1 };
	ck_assert(consumer_is_clear(&w, web, NULL, NULL));
	sh("printf 'import x\\n\\n# legacy_total is gone\\n' > web/src/m.py");
	audit(dirs, 2);
	web = test_consumer(&found, cleared.key);
	ck_assert_ptr_nonnull(web);
	ck_assert(consumer_is_clear(&w, web, NULL, NULL));
	sh("printf 'orders = Table()\\n# legacy_total is gone\\n\\n\\n\\n\\n\\n\\nx = orders.legacy_total\\n' > web/src/m.py");
	audit(dirs, 2);
	web = test_consumer(&found, cleared.key);
	ck_assert_ptr_nonnull(web);
	ck_assert_int_eq(web->calls, 2);
	ck_assert_ptr_nonnull(strstr(web->evidence, "m.py:9: x = orders.legacy_total"));
	ck_assert_ptr_nonnull(strstr(web->evidence, "m.py:2: # legacy_total is gone"));   /* of whatever grade */
	const char *why, *todo;
	ck_assert(!consumer_is_clear(&w, web, &why, &todo));
	ck_assert_str_eq(why, "reads otherwise than when it was cleared");
	const char *twice[] = { dirs[0], arena_printf(a, "%s/web/../web/src/", top) };
	audit(twice, 2);
	ck_assert_int_eq(trees()->saw, SAW_FOUND);   /* one folder by two names is searched once */
	ck_assert_msg(!trees()->why, "%s", trees()->why);
}
END_TEST

START_TEST(what_is_not_listed_is_counted)
{
	const char *dirs[] = { top };
	sh("i=0; while [ $i -lt 250 ]; do echo 'legacy_total' > f$i.txt; i=$((i + 1)); done");
	audit(dirs, 1);
	const struct consumer *c = test_consumer(&found, "source files not listed (the name alone)");
	ck_assert_ptr_nonnull(c);
	ck_assert_int_eq(c->calls, 50);
}
END_TEST

START_TEST(unknown_code_is_answered_by_name)
{
	struct class_seen seen[CLASSES];
	audit(NULL, 0);
	ck_assert(answered_by_name());
	ck_assert_int_eq(trees()->saw, SAW_MISSING);
	audit_classes(&found, seen);
	ck_assert_ptr_null(seen[CLASS_CODE].by);
	const char *gone[] = { arena_printf(a, "%s/gone", top) };
	audit(gone, 1);   /* a folder that is not there */
	ck_assert(answered_by_name());
	ck_assert_int_eq(trees()->saw, SAW_BLIND);
	sh("mkdir empty; echo x > y");
	const char *none[] = { top, arena_printf(a, "%s/empty", top) };
	audit(none, 2);   /* a mount that is not there */
	ck_assert(answered_by_name());
	ck_assert_ptr_nonnull(strstr(trees()->why, "no file was read in "));
	const char *dirs[] = { top };
	sh("rm -r empty y; git init -q; echo x > kept; echo y > away; git add .; git -c user.name=t -c user.email=t@t commit -qm x; git update-index --skip-worktree away; rm away");
	audit(dirs, 1);   /* a work tree that is not whole on this disk */
	ck_assert(answered_by_name());
	ck_assert_int_eq(trees()->saw, SAW_BLIND);
	audit(dirs, 0);   /* "sources: []": there is no code outside of the database, says the plan */
	ck_assert_uint_eq(found.n_blind_keys, 0);
	audit_classes(&found, seen);
	ck_assert_ptr_nonnull(seen[CLASS_CODE].by);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("trees");
	TCase *t = tcase_create("trees");
	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, each_file_is_a_consumer);
	tcase_add_test(t, a_clearing_is_of_what_was_read);
	tcase_add_test(t, what_is_not_listed_is_counted);
	tcase_add_test(t, unknown_code_is_answered_by_name);
	suite_add_tcase(s, t);
	return test_main(s);
}
