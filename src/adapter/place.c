/* SPDX-License-Identifier: MIT */
#include "adapter/place.h"

#include <stdio.h>
#include <string.h>

#include "adapter/schema.h"
#include "base/arena.h"
#include "base/err.h"
#include "port/db.h"

/* The row as JSON: a column that this version of the schema lacks is no error. */
static const char PLACE[] =
	"SELECT c.system_identifier || '.' || d.oid || '.' || m.install_id,"
	" m.system_identifier = c.system_identifier::text AND m.database_oid = d.oid, m.system_identifier || '.' || m.database_oid, m.environment,"
	" m.version, coalesce(to_jsonb(m)->>'program', ''),"
	" CASE WHEN pg_is_in_recovery() THEN (SELECT timeline_id FROM pg_control_checkpoint())"
	"  ELSE ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int END,"
	" CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_flush_lsn() END"
	" FROM gatewalk.meta m, pg_control_system() c, pg_database d WHERE d.datname = current_database()";

bool place_look(struct db *db, struct arena *a, struct place *out, struct err *e)
{
	struct rows r;
	const struct query q = { .sql = PLACE, .cols = 8, .min_rows = 0, .max_rows = 1 };
	if (!db_ask(db, a, &q, &r, e))
		return false;
	if (r.n == 0)
		return err_set(e, ERR_VERIFY, "Find out who removed it.", "the gatewalk schema has lost its mark: gatewalk.meta is empty");
	char **c = r.cell[0];
	*out = (struct place){
		.db = c[0], .marked = cell_bool(c[1]), .marked_for = c[2], .environment = c[3], .version = (int)cell_int(c[4]), .program = c[5],
		.tli = cell_int(c[6]), .lsn = place_lsn(c[7]),
	};
	return true;
}

uint64_t place_lsn(const char *text)
{
	unsigned high, low;
	char more;
	if (!text || sscanf(text, "%8X/%8X%c", &high, &low, &more) != 2)
		return 0;
	return (uint64_t)high << 32 | low;
}

bool place_fits(const struct place *p, struct err *e)
{
	if (p->version == SCHEMA_VERSION)
		return true;
	if (p->version > SCHEMA_VERSION)
		return schema_too_new(p->version, p->program, e);
	char hint[128];
	snprintf(hint, sizeof hint, "gatewalk init --environment %s   upgrades it in place; open walks go on.", p->environment);
	return err_set(e, ERR_USE, hint, "the gatewalk schema here has version %d, and this gatewalk works with version %d", p->version, SCHEMA_VERSION);
}

bool place_known(struct db *db, bool *other, struct err *e)
{
	struct arena *a = arena_new();
	struct place p;
	struct err why = { 0 };
	bool asked = place_look(db, a, &p, &why), fits = asked && place_fits(&p, &why);
	arena_free(a);
	bool gone = !asked && (strcmp(why.sqlstate, "3F000") == 0 || strcmp(why.sqlstate, "42P01") == 0);
	if (gone)
		err_set(&why, ERR_USE, "gatewalk init --environment WHICH", "there is no gatewalk schema in this database");
	*other = gone || (asked && !fits);
	if (!fits && e)
		*e = why;
	return fits;
}
