/* SPDX-License-Identifier: MIT */
/* What would the addition do to the table? The statement is run on an empty table of the same columns, and rolled back: the server
   decides on a rewrite and on a reading of all rows by the statement alone, whatever the table holds. A new file shows the one, a
   counted scan the other. What does either is not run on the table itself; its form in steps is named. */
#include "adapter/probe_trial.h"

#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "core/sql.h"
#include "port/db.h"


/* The file of the trial, how often it was read, and whether that is counted at all. */
static const char STATE_SQL[] =
"/* gatewalk */ SELECT pg_relation_filenode(r.oid), coalesce((SELECT seq_scan FROM pg_stat_xact_all_tables WHERE relid = r.oid), 0), current_setting('track_counts')\n"
"FROM to_regclass('pg_temp." TRIAL "') r(oid)";

static bool state(struct db *db, struct arena *a, struct rows *out, struct err *e)
{
	const struct query q = { .sql = STATE_SQL, .cols = 3, .min_rows = 1, .max_rows = 1 };
	return db_ask(db, a, &q, out, e);
}

bool trial_refused(struct arena *a, const char *what, const struct err *why, const char **unfit, struct err *e)
{
	static const char *const about[] = { "42", "0A", "22", "23", "2F", "38", "39", "3F", "54", "P0" };
	for (size_t i = 0; why->code == ERR_DB && i < sizeof about / sizeof *about; i++)
		if (strncmp(why->sqlstate, about[i], 2) == 0) {
			bool unknown = strcmp(why->sqlstate, "42704") == 0 && !strstr(why->msg, "no default operator class"), index = strcmp(what, "index") == 0;
			*unfit = arena_printf(a, "the server refuses the new %s: %s%s", what, why->msg, !unknown ? "" : index ?
				"; a type, a collation or an operator class outside of pg_catalog is written with its schema" : "; a type outside of pg_catalog is written with its schema");
			return true;
		}
	*e = *why;
	return false;
}

static const char *phased(const struct plan *p, bool rewritten, bool read)
{
	if (rewritten && p->add_default)
		return "the whole table would be written anew under the lock, since its default is not one value for every row, or its type has conditions. "
			"Leave add.default out, and give the rows their value by backfill; ALTER COLUMN ... SET DEFAULT is a change of its own, for rows that come later";
	if (rewritten)
		return "the whole table would be written anew under the lock, since its type has a default or conditions. "
			"Take the type under it, add the condition as CHECK ... NOT VALID, then VALIDATE CONSTRAINT";
	if (read)
		return "all rows would be read under the lock. Leave add.not_null out; when every row has a value: CHECK (... IS NOT NULL) NOT VALID, VALIDATE CONSTRAINT, then SET NOT NULL";
	return NULL;
}

static bool try(struct db *db, struct arena *a, const struct plan *p, const char **unfit, struct err *e)
{
	struct plan trial = *p;
	struct rows before, after;
	struct err why = { 0 };
	trial.schema = "pg_temp";
	trial.table = TRIAL;
	const char *make = arena_printf(a, "BEGIN READ WRITE; SET LOCAL lock_timeout = '500ms'; SET LOCAL statement_timeout = '5s';"
		"CREATE TEMPORARY TABLE " TRIAL " (LIKE %s.%s INCLUDING CONSTRAINTS) ON COMMIT DROP", sql_quoted(a, p->schema), sql_quoted(a, p->table));
	if (!db_script(db, a, make, 0, NULL, e) || !state(db, a, &before, e))
		return false;
	if (!db_ask(db, a, &(struct query){ .sql = sql_add(a, &trial) }, NULL, &why))
		return trial_refused(a, "column", &why, unfit, e);
	if (!state(db, a, &after, e))
		return false;
	if (strcmp(after.cell[0][2], "on") != 0)
		*unfit = "whether all rows would be read cannot be seen: track_counts is off on this server. Switch it on first";
	else
		*unfit = phased(p, !text_eq(before.cell[0][0], after.cell[0][0]), !text_eq(before.cell[0][1], after.cell[0][1]));
	return true;
}

bool probe_added(struct db *db, struct arena *a, const struct plan *p, struct fact_target *t, struct err *e)
{
	struct err why = { 0 };
	if (plan_rule(p) != RULE_NONE)
		return !t->found || t->unfit || probe_rule(db, a, p, t, e);
	if (!plan_new_column(p) || !t->found || t->unfit)
		return true;
	if (t->taken) {
		t->unfit = arena_printf(a, "the table has a column %s already", sql_ident(a, plan_new_column(p)));
		return true;
	}
	bool ok = try(db, a, p, &t->unfit, &why);
	db_rollback(db);
	if (!ok && e)
		*e = why;
	return ok || err_in(e, "trying the new column on an empty table");
}
