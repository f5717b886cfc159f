/* SPDX-License-Identifier: MIT */
/* The drill of a table that a column is added to. Nothing is dropped: it ends when the rows that were loaded from the files are those of the
   snapshot, the new column has come beside them, and they are still the same when it has gone again. The way back that is measured is the
   loading of the whole table. */
#include "adapter/drill_parts.h"

#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "core/sql.h"
#include "port/files.h"

static bool same_rows(struct drill *d, const char *otherwise, struct err *e)
{
	char hex[65];
	int64_t rows;
	bool query = d->m->partitioned || plan_rule(d->o->plan) == RULE_NAME;   /* a view may bear the name by now */
	if (!snap_digest(d->db, d->m, manifest_copy(d->a, d->m, manifest_table(d->a, d->m), query), hex, &rows, e))
		return false;
	return (rows == d->m->fact.rows && strcmp(hex, d->m->digest) == 0) || drill_problem(d, otherwise);
}

static bool run(struct drill *d, const char *sql, const char *otherwise, struct err *e)
{
	return db_script(d->db, d->a, sql, SNAP_IDLE_MS, NULL, e) && same_rows(d, otherwise, e);
}

bool drill_added(struct drill *d, int64_t began, struct err *e)
{
	if (!same_rows(d, "what was loaded is not equal to the snapshot", e))
		return false;
	d->out->restore_us = clock_mono() - began;
	bool beside = plan_rule(d->o->plan) == RULE_SPLIT;   /* its triggers write another table, never this one */
	if (!snap_tick(d->o, "add", 0, 0, "", e) || (!beside && (!run(d, sql_statement(d->a, d->o->plan, NULL), "the rows are not the same once the column has come", e) ||
	    !run(d, sql_take(d->a, d->o->plan), "the rows are not the same once the column has gone again", e))))
		return false;
	const char *difference = drill_table_compare(d, e);
	return difference && (*difference == '\0' || drill_problem(d, difference));
}
