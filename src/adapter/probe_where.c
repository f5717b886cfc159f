/* SPDX-License-Identifier: MIT */
/* May this condition say which rows go? The server says so, about an empty table of the same columns and name: the condition of
   an index there has to be immutable, boolean, over the table's own columns, without subqueries. It is read twice, bare and in
   brackets: what holds both ways is one expression, and nothing of it (a bracket, a comment) can reach out of the brackets that
   are put around it wherever it is used. */
#include "adapter/probe.h"

#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "core/sql.h"
#include "port/db.h"

/* Characters, not bytes: so the server counts. */
static int chars(const char *s)
{
	int n = 0;
	for (; *s; s++)
		n += ((unsigned char)*s & 0xC0) != 0x80;
	return n;
}

/* One statement by itself: a second one behind a semicolon is refused by the server. */
static bool holds(struct db *db, struct arena *a, const char *before, const char *where, const char *after, const char **why, struct err *e)
{
	struct err own = { 0 };
	const struct query q = { .sql = arena_printf(a, "%s%s%s", before, where, after), .cols = 0 };
	if (db_ask(db, a, &q, NULL, &own))
		return true;
	if (own.code != ERR_DB) {
		if (e)
			*e = own;
		return false;
	}
	int at = db_error_position(db) - chars(before);
	*why = at > 0 && at <= chars(where) ? arena_printf(a, "the condition of the rows cannot be used: %s (character %d)", own.msg, at)
		: arena_printf(a, "the condition of the rows cannot be used: %s", own.msg);
	return false;
}

bool probe_where(struct db *db, struct arena *a, const char *where, struct fact_target *t, struct err *e)
{
	if (!where || !t->found || t->unfit)
		return true;
	const char *name = sql_quoted(a, t->table), *why = NULL;
	const char *bare = arena_printf(a, "CREATE INDEX ON pg_temp.%s ((1)) WHERE ", name);
	const char *make = arena_printf(a, "BEGIN; CREATE TEMPORARY TABLE %s (LIKE %s.%s) ON COMMIT DROP", name, sql_quoted(a, t->schema), name);
	if (!db_script(db, a, make, 0, NULL, e)) {
		db_rollback(db);
		return err_in(e, "making an empty table to try the condition on");
	}
	bool ok = holds(db, a, bare, where, "", &why, e) && holds(db, a, arena_printf(a, "%s(", bare), where, ")", &why, e);
	db_rollback(db);
	t->unfit = why;
	return ok || why;
}
