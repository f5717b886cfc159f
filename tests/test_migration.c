/* SPDX-License-Identifier: MIT */
#include "core/migration.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "port/files.h"
#include "tests/lib_test.h"

#define STATEMENT "ALTER TABLE public.orders DROP COLUMN note"

/* As the schema log prints it, whole, for each tool by name. db_ledger runs those that are SQL. */
static const struct { const char *tool, *entry; } golden[] = {
	{ "rails", "INSERT INTO schema_migrations (version) VALUES ('VERSION');  -- then rails db:schema:dump" },
	{ "django", "python manage.py migrate APP NAME --fake" },
	{ "alembic", "alembic stamp REVISION" },
	{ "flyway", "INSERT INTO flyway_schema_history (installed_rank, version, description, type, script, installed_by, execution_time, success) SELECT coalesce(max(installed_rank), 0) + 1, 'VERSION', 'DESCRIPTION', 'SQL', 'FILE', current_user, 0, true FROM flyway_schema_history;  -- then flyway repair, which adds the checksum" },
	{ "liquibase", "liquibase mark-next-changeset-ran" },
	{ "sqitch", "sqitch deploy --log-only --to CHANGE" },
	{ "prisma", "prisma migrate resolve --applied NAME" },
	{ "atlas", "atlas migrate set VERSION" },
	{ "golang-migrate", "migrate -path DIR -database URL force VERSION" },
	{ "node-pg-migrate", "node-pg-migrate up --fake" },
	{ "dbmate", "INSERT INTO schema_migrations (version) VALUES ('VERSION');  -- then dbmate dump" },
	{ "goose", "INSERT INTO goose_db_version (version_id, is_applied, tstamp) VALUES (VERSION, true, now());" },
	{ "knex", "INSERT INTO knex_migrations (name, batch, migration_time) SELECT 'FILE', coalesce(max(batch), 0) + 1, now() FROM knex_migrations;" },
};
#define GOLDEN (sizeof golden / sizeof golden[0])

static void section_is(const char *tool, const char *want)
{
	struct text t = { 0 };
	migration_section(&t, tool, STATEMENT);
	ck_assert_str_eq(text_str(&t), want);
	text_free(&t);
}

START_TEST(each_tool_by_name)
{
	struct arena *a = arena_new();
	ck_assert_str_eq(migration_tool((size_t)_i), golden[_i].tool);
	section_is(golden[_i].tool, arena_printf(a, "\n## For the application's own migration tool\n\n%s: put the statement into a new migration and mark it as applied on this database,"
		" so that it never runs here again.\n\n    " STATEMENT ";\n\n    %s\n", golden[_i].tool, golden[_i].entry));
	ck_assert_ptr_null(strstr(golden[_i].entry, "..."));
	arena_free(a);
}
END_TEST

START_TEST(none_and_unknown)
{
	ck_assert_ptr_null(migration_tool(GOLDEN));
	ck_assert_ptr_null(migration_entry(NULL));
	ck_assert_ptr_null(migration_entry("rail"));
	ck_assert_ptr_eq(migration_entry("Rails"), migration_entry("rails"));
	section_is(NULL, "\n## For the application's own migration tool\n\nThe plan names none. The statement, for whoever keeps a history by hand:\n\n    " STATEMENT ";\n");
	section_is("our own", "\n## For the application's own migration tool\n\nour own: put the statement into a new migration and mark it as applied on this database,"
		" so that it never runs here again.\n\n    " STATEMENT ";\n");
}
END_TEST

START_TEST(the_manual_names_them)
{
	struct arena *a = arena_new();
	char *page;
	size_t len;
	ck_assert(file_read(a, test_fixture("../man/gatewalk-plan.5"), 1 << 20, &page, &len, NULL));
	const char *at = strstr(page, ".It Ic monitor.migration_tool");
	ck_assert_ptr_nonnull(at);
	for (size_t i = 0; migration_tool(i); i++) {
		at = strstr(at, arena_printf(a, ".Cm %s%s", migration_tool(i), i + 1 < GOLDEN ? " ,\n" : " .\n"));
		ck_assert_msg(at != NULL, "gatewalk-plan(5) lacks %s, or has it in another place", migration_tool(i));
	}
	arena_free(a);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("migration");
	TCase *t = tcase_create("migration");
	tcase_add_loop_test(t, each_tool_by_name, 0, (int)GOLDEN);
	tcase_add_test(t, none_and_unknown);
	tcase_add_test(t, the_manual_names_them);
	suite_add_tcase(s, t);
	return s;
}

int main(void) { return test_main(suite()); }
