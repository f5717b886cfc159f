/* SPDX-License-Identifier: MIT */
/* A dual write put on or taken away by the statements that dualwrite hands out, in one transaction and without a walk. Only tests may: gatewalk itself has a
   permit for it (adapter/alter.h). */
#ifndef GW_TESTS_DUAL_SEND_H
#define GW_TESTS_DUAL_SEND_H

#include "adapter/dualwrite.h"
#include "base/arena.h"
#include "base/err.h"
#include "core/sql.h"
#include "port/db.h"

static inline bool dual_send(struct db *db, struct arena *a, const struct dual_order *o, bool put, struct err *e)
{
	struct dualwrite_sql sql;
	const char *unfit;
	if (!dualwrite_sql(db, a, o, put, &sql, &unfit, e))
		return false;
	if (unfit)
		return err_set(e, ERR_GATE, NULL, "%s", unfit);
	bool ok = db_script(db, a, arena_printf(a, "BEGIN; LOCK TABLE %s.%s IN %s MODE;\n%s;\nCOMMIT", sql_quoted(a, o->schema), sql_quoted(a, o->table), put && !sql.replaces ? "SHARE ROW EXCLUSIVE" : "ACCESS EXCLUSIVE",
		put ? sql.put : sql.take), 60000, NULL, e);
	if (!ok)
		db_rollback(db);
	return ok;
}

#endif
