/* SPDX-License-Identifier: MIT */
#include "core/migration.h"

#include "base/text.h"

/* A tool that has a command for it is asked by that; for the others it is the row that it would have written itself. Flyway
   wants the file's checksum, which its repair fills in; liquibase's changelog-sync would mark all that is pending. */
static const struct { const char *tool, *entry; } entries[] = {
	{ "rails", "INSERT INTO schema_migrations (version) VALUES ('VERSION');  -- then rails db:schema:dump" },
	{ "django", "python manage.py migrate APP NAME --fake" },
	{ "alembic", "alembic stamp REVISION" },
	{ "flyway", "INSERT INTO flyway_schema_history (installed_rank, version, description, type, script, installed_by, execution_time, success) "
		"SELECT coalesce(max(installed_rank), 0) + 1, 'VERSION', 'DESCRIPTION', 'SQL', 'FILE', current_user, 0, true FROM flyway_schema_history;  "
		"-- then flyway repair, which adds the checksum" },
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
#define KNOWN (sizeof entries / sizeof entries[0])

const char *migration_tool(size_t i)
{
	return i < KNOWN ? entries[i].tool : NULL;
}

const char *migration_entry(const char *tool)
{
	for (size_t i = 0; tool && i < KNOWN; i++)
		if (text_same_nocase(tool, entries[i].tool))
			return entries[i].entry;
	return NULL;
}

void migration_section(struct text *t, const char *tool, const char *statement)
{
	const char *entry = migration_entry(tool);
	text_add(t, "\n## For the application's own migration tool\n\n");
	if (!tool) {
		text_add(t, "The plan names none. The statement, for whoever keeps a history by hand:\n\n");
	} else {
		text_addf(t, "%s: put the statement into a new migration and mark it as applied on this database, so that it never runs here again.\n\n", tool);
	}
	text_addf(t, "    %s;\n", statement);
	if (entry)
		text_addf(t, "\n    %s\n", entry);
}
