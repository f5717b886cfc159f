/* SPDX-License-Identifier: MIT */
#include "adapter/snapshot_parts.h"

#include <string.h>

#include "adapter/snapshot_table.sql.h"
#include "base/arena.h"
#include "base/when.h"

const enum back_kind table_before[2] = { BACK_TABLE, BACK_PART };
const enum back_kind table_behind[8] = {
	BACK_SEQUENCE, BACK_INDEX, BACK_PART_INDEX, BACK_STATISTICS, BACK_EXTRA, BACK_COMMENT, BACK_OWNER, BACK_GRANT,
};
/* Foreign keys of the partitions come before those of their parent, and both before the table joins a parent of its own: what is
   there already is taken over without reading the rows again. */
const enum back_kind table_others[9] = {
	BACK_CONSTRAINT, BACK_VALIDATE, BACK_PARENT, BACK_ATTACH, BACK_OTHER_KEY, BACK_OTHER_VALIDATE, BACK_OTHER_PARENT, BACK_MEMBER, BACK_LATE,
};

static void head(struct script *s)
{
	const struct manifest *m = s->m;
	char when[WHEN_MAX];
	script_say(s, arena_printf(s->a, "Snapshot %s of table %s, database %s, PostgreSQL %s,", m->fact.id,
		text_clean(s->a, manifest_table(s->a, m)), text_clean(s->a, m->dbname), text_clean(s->a, m->server_version)));
	script_say(s, arena_printf(s->a, "begun %s: %lld rows. Restoring needs sh, psql, zstd and sha256sum; it does not need gatewalk.",
		when_iso(m->fact.begun, when), (long long)m->fact.rows));
	script_say(s, "");
	script_say(s, "All definitions of the database go into a new, empty one by");
	script_say(s, "    createdb NAME && psql -X -d NAME -f schema.sql");
	script_say(s, "(roles must be there; an error about gatewalk's own trigger, or about a missing role's privileges, does no harm).");
	script_say(s, "");
	script_say(s, "The table alone, which must not be there, goes back by running this file, after reading it, as its owner or a superuser:");
	script_say(s, "    DB='host=... dbname=...' sh RESTORE.txt");
}

static void own(struct script *s)
{
	script_say(s, "2. The table with its rows, in one transaction: the definitions, the rows, then what would slow them down or fire.");
	text_addf(&s->t, "{ cat <<'%s'\nBEGIN;\n", s->mark);
	script_statements(s, table_before, sizeof table_before / sizeof table_before[0]);
	text_addf(&s->t, "%s \\gexec\nCOPY %s (%s) FROM STDIN;\n%s\n", TABLE_DEFAULT_GRANTS_SQL, manifest_table(s->a, s->m), manifest_columns(s->a, s->m, ""), s->mark);
	text_addf(&s->t, "cat data-*.copy.zst | zstd -dc && printf '%%s\\n' '\\.' && cat <<'%s'\n", s->mark);
	script_statements(s, table_behind, sizeof table_behind / sizeof table_behind[0]);
	text_addf(&s->t, "COMMIT;\n%s\n} | sql\n\n", s->mark);
}

static void others(struct script *s)
{
	const enum back_kind last = BACK_LAST;
	script_say(s, "3. What touches other tables. Each statement waits half a second for its locks at most. psql goes on after an error and");
	script_say(s, "prints it; what it prints is left to do: run it again at a quieter moment.");
	text_addf(&s->t, "sql -v ON_ERROR_STOP=0 <<'%s'\nSET lock_timeout = '500ms';\n", s->mark);
	script_statements(s, table_others, sizeof table_others / sizeof table_others[0]);
	script_statements(s, &last, 1);
	text_addf(&s->t, "%s\n", s->mark);
}

void script_table(struct script *s)
{
	head(s);
	script_begin(s);
	own(s);
	others(s);
}
