/* SPDX-License-Identifier: MIT */
#include "adapter/audit_private.h"

#include "adapter/audit_object.sql.h"
#include "adapter/audit_table.sql.h"
#include "adapter/watch_private.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "port/db.h"

enum { C_CLASS, C_KIND, C_NAME, C_WAY, C_SOURCE, C_OWNER, C_EVIDENCE, C_COLS };

/* The way a thing uses the target:
   S structural: the drop would refuse without CASCADE, it must be gone;
   W whole row: may survive, its shape changes silently;
   N names it, and would break with no refusal of the drop: it has to stop;
   P plain: a person has to say; B no consumer, a blind spot. */
static void add(struct audit *l, char *const *c)
{
	char way = c[C_WAY][0];
	if (way == 'B') {
		audit_blind(l, "%s: %s; what they do with this table is not visible from here", c[C_KIND], c[C_NAME]);
		return;
	}
	const struct consumer found = {
		.key = arena_printf(l->a, "%s %s", c[C_KIND], c[C_NAME]), .kind = c[C_KIND], .source = c[C_SOURCE], .role = c[C_OWNER],
		.owner = c[C_OWNER], .touch = TOUCH_NONE, .structural = way == 'S', .names_column = way == 'N', .may_survive = way == 'W', .evidence = c[C_EVIDENCE],
	};
	audit_add(l, &found);
}

static bool ask(struct audit *l, const char *sql, struct err *e)
{
	const char *second = l->target->column ? arena_printf(l->a, "%d", l->target->attnum) : target_noun(l->names.target.kind);
	const char *v[] = { arena_printf(l->a, "%u", l->target->relid), second };
	const struct query q = { .sql = sql, .args = v, .nargs = 2, .ms = 30000, .cols = C_COLS };
	struct rows r;
	if (!db_ask(l->db, l->a, &q, &r, e))
		return err_in(e, "reading the catalogue");
	for (int i = 0; i < r.n; i++)
		add(l, r.cell[i]);
	return true;
}

/* Standbys count their own. */
static bool scans(struct audit *l, struct err *e)
{
	static const struct query q = { .sql = OWN_TAG "SELECT coalesce((extract(epoch FROM stats_reset) * 1000000)::bigint, 0) FROM pg_stat_database WHERE datname = current_database()" };
	const char *since = db_value(l->db, l->a, &q, e);
	if (!since)
		return err_in(e, "reading the scan counters");
	audit_from(l, &(struct audit_source){ .name = SOURCE_SCANS, .from = cell_int(since), .sees = SEES_READ | SEES_WRITE | SEES_NESTED | SEES_DEFINER });
	audit_blind(l, "scans of the index on standbys: each counts its own");
	return ask(l, AUDIT_SCANS_SQL, e);
}

bool audit_catalog(struct audit *l, struct err *e)
{
	static const char *const column[] = { AUDIT_NAMED_SQL, AUDIT_WHOLE_SQL, AUDIT_ROWTYPE_SQL, AUDIT_OTHERS_SQL, NULL };
	static const char *const whole[] = { AUDIT_TABLE_SQL, AUDIT_ROWS_SQL, AUDIT_TABLE_OTHERS_SQL, NULL };
	static const char *const index[] = { AUDIT_INDEX_SQL, NULL }, *const type[] = { AUDIT_TYPE_SQL, NULL };
	static const char *const *const of[] = {
		[TARGET_COLUMN] = column, [TARGET_TABLE] = whole, [TARGET_ROWS] = whole, [TARGET_INDEX] = index, [TARGET_TYPE] = type,
	};
	audit_from(l, &(struct audit_source){ .name = "catalogue", .from = l->out->at, .sees = SEES_STATIC | SEES_WHOLE | SEES_STAR });
	for (const char *const *q = of[l->names.target.kind]; *q; q++)
		if (!ask(l, *q, e))
			return false;
	return l->names.target.kind != TARGET_INDEX || scans(l, e);
}
