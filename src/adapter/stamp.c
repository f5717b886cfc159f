/* SPDX-License-Identifier: MIT */
#include "adapter/stamp.h"

#include "base/arena.h"
#include "base/err.h"
#include "port/child.h"
#include "port/db.h"
#include "port/files.h"

void stamp_take(struct db *db, struct arena *a, struct stamp *out)
{
	*out = (struct stamp){
		.local = clock_local(), .mono_ms = clock_mono() / 1000, .boot = child_boot_id(a),
		.t_why = "no connection to the server",
	};
	if (!db || !db_alive(db))
		return;
	struct err e = { 0 };
	struct rows r;
	const struct query q = {
		/* The position on disk: one that only stood in memory is lost in a crash, and that is no loss of history. */
		.sql = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint,"
		       " CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_flush_lsn() END::text,"
		       " CASE WHEN pg_is_in_recovery() THEN (SELECT timeline_id FROM pg_control_checkpoint())"
		       "  ELSE ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int END, pg_current_xact_id_if_assigned()::text",
		.ms = 5000, .cols = 4, .min_rows = 1, .max_rows = 1,
	};
	if (!db_ask(db, a, &q, &r, &e)) {
		out->t_why = arena_dup(a, e.msg);
		return;
	}
	out->t = cell_int(r.cell[0][0]);
	out->lsn = r.cell[0][1];
	out->tli = cell_int(r.cell[0][2]);
	out->xid = r.cell[0][3];
	out->t_why = NULL;
}
