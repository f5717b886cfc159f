/* SPDX-License-Identifier: MIT */
/* A table that is split in two: what speaks against it, and whether every row has come over. */
#include "adapter/probe_trial.h"

#include "adapter/split.h"
#include "base/arena.h"
#include "base/err.h"
#include "core/rule.h"
#include "core/split.h"
#include "port/db.h"

/* Where the function and the new table go. $1 the table's schema. */
static const char MAY_SQL[] =
"/* gatewalk */ SELECT CASE WHEN NOT has_schema_privilege($1, 'CREATE') THEN format('this login may not make a table in schema %I; its owner grants that (GRANT CREATE ON SCHEMA %I TO ...)', $1, $1)\n"
"  WHEN to_regnamespace('gatewalk') IS NOT NULL AND NOT has_schema_privilege('gatewalk', 'CREATE') THEN 'this login may not make a function in schema gatewalk' END";

bool probe_split(struct db *db, struct arena *a, const struct plan *p, struct fact_target *t, struct err *e)
{
	const struct split_order o = split_order_of(a, p, false);
	struct split_form f;
	const char *args[] = { p->schema }, *why;
	if (!split_form(db, a, &o, &f, &t->unfit, e) || t->unfit)
		return t->unfit != NULL;
	if (!(why = db_value(db, a, &(struct query){ .sql = MAY_SQL, .args = args, .nargs = 1 }, e)) && e->code != ERR_NONE)
		return err_in(e, "looking whether the table can be split");
	t->unfit = why;
	return true;
}

bool probe_left(struct db *db, struct arena *a, const struct plan *p, const struct fact_target *t, int ms, struct fact_broken *out, struct err *e)
{
	const struct split_order o = split_order_of(a, p, true);
	const char *unfit = NULL;
	struct split_form f;
	struct rows r;
	if (rule_step(p, t) != RULE_ALL_ROWS)
		return probe_now(db, &out->at, e);
	if (!split_form(db, a, &o, &f, &unfit, e))
		return false;
	if (unfit)
		return err_set(e, ERR_GATE, NULL, "%s", unfit);
	if (!db_ask(db, a, &(struct query){ .sql = split_left(a, &f), .ms = ms, .cols = 1, .min_rows = 1, .max_rows = 1 }, &r, e) || !probe_now(db, &out->at, e))
		return err_in(e, "counting the rows that are not in the new table");
	out->rows = cell_int(r.cell[0][0]);
	out->first = "not in the new table";
	return true;
}
