/* SPDX-License-Identifier: MIT */
#include "adapter/snapshot_parts.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

#include "adapter/own.h"
#include "adapter/probe.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/when.h"
#include "core/sql.h"
#include "port/child.h"
#include "port/files.h"

#define ROOM_MIN ((int64_t)64 << 20)
#define BUSY_US (30 * US_SECOND)
#define BUSY_STEP_MS 100
#define REMOTE_MS (24 * 60 * 60 * 1000)

struct take {
	struct arena *a;
	const struct snapshot_opts *o;
	struct db *db;               /* holds the database snapshot */
	struct manifest m;
	const char *store, *remote;  /* the folder; "name:path" when the plan names an rclone remote */
	const char *part;
	int lock;
};

bool snap_tick(const struct snapshot_opts *o, const char *phase, double done, double total, const char *unit, struct err *e)
{
	if (!o->progress.tick || o->progress.tick(o->progress.ctx, phase, done, total, unit, total > 0, ""))
		return true;
	return err_set(e, ERR_INTERRUPTED, NULL, "stopped");
}

static bool connect_source(struct take *t, struct err *e)
{
	t->db = db_open(&(struct db_opts){ .conninfo = t->o->conninfo, .app = "gatewalk snapshot" }, e);
	return t->db != NULL;
}

/* Opens, and refuses what this version cannot copy. */
static bool begin(struct take *t, struct fact_target *target, struct err *e)
{
	struct fact_server server;
	if (!connect_source(t, e) || !probe_server(t->db, t->a, &server, e) || !probe_target(t->db, t->a, t->o->plan, target, e))
		return false;
	if (!target->found)
		return err_set(e, ERR_USE, NULL, "%s", target->missing ? target->missing : "the target was not found");
	if (target->unfit)
		return err_set(e, ERR_USE, NULL, "%s", target->unfit);
	if (server.version < 150000 || server.version >= 190000)
		return err_set(e, ERR_USE, NULL, "PostgreSQL %s: snapshots are taken from 15 to 18", server.version_text);
	t->m.fact.sysid = server.sysid;
	t->m.fact.dboid = server.dboid;
	t->m.fact.begun = server.at;
	return true;
}

/* The tripwire's count is read before the database snapshot is taken, since a sequence knows no transactions: a write that
   is not in the snapshot must be counted after this reading. One that had been counted already and has not committed yet
   would slip through, so those that hold the table for writing at this moment are waited for. */
static bool read_trip(struct take *t, const struct fact_target *target, struct err *e)
{
	bool there = false, enabled = false;
	t->m.fact.trip_count = -1;
	if (!t->o->sid || !t->o->sid[0])
		return true;
	if (!own_tripwire_look(t->db, t->a, t->o->sid, target->relid, &there, &enabled, &t->m.fact.trip_count, e))
		return false;
	if (!there)
		t->m.fact.trip_count = -1;
	return true;
}

static bool wait_for_writers(struct take *t, const struct fact_target *target, struct err *e)
{
	static const char who[] = "/* gatewalk */ SELECT coalesce(string_agg(DISTINCT virtualtransaction, ','), '') FROM pg_locks\n"
		"WHERE locktype = 'relation' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())\n"
		"AND relation IN (SELECT $1::oid UNION SELECT relid FROM pg_partition_tree($1::oid)) AND granted AND pid IS DISTINCT FROM pg_backend_pid()\n"
		"AND mode IN ('RowExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')\n"
		"AND ($2::text IS NULL OR virtualtransaction = ANY (string_to_array($2, ',')))";
	const char *args[] = { arena_printf(t->a, "%u", target->relid), NULL };
	for (int64_t until = clock_mono() + BUSY_US; clock_mono() < until; ) {
		args[1] = db_value(t->db, t->a, &(struct query){ .sql = who, .args = args, .nargs = 2 }, e);
		if (!args[1])
			return false;
		if (!*args[1])
			return true;
		if (!snap_tick(t->o, "waiting for writers", 0, 0, "", e))
			return false;
		nanosleep(&(struct timespec){ .tv_nsec = BUSY_STEP_MS * 1000000L }, NULL);
	}
	return err_set(e, ERR_DB, "Try again when it has ended; pg_stat_activity shows it.",
		"a transaction has held the table for writing for more than 30 s");
}

/* LOCK TABLE does not take the snapshot yet: whatever could make it read nothing (TRUNCATE, a rewrite) is shut out before. */
static const char *open_snapshot(struct take *t, struct err *e)
{
	const char *sql = arena_printf(t->a, "BEGIN ISOLATION LEVEL REPEATABLE READ; SET LOCAL lock_timeout = '10s';"
		"SET LOCAL idle_in_transaction_session_timeout = '1h'; LOCK TABLE %s%s IN ACCESS SHARE MODE",
		plan_target(t->o->plan) == TARGET_TABLE || target_comes(plan_target(t->o->plan)) ? "" : "ONLY ",   /* of a table, its partitions too */
		arena_printf(t->a, "%s.%s", sql_quoted(t->a, t->o->plan->schema), sql_quoted(t->a, t->o->plan->table)));
	if (!db_script(t->db, t->a, sql, 20000, NULL, e))
		return NULL;
	return db_value(t->db, t->a, &(struct query){ .sql = "SELECT pg_export_snapshot()" }, e);
}

/* A guess of the text by the statistics, else the table's size; compression is not counted on. */
static bool has_room(struct take *t, const struct fact_target *target, struct err *e)
{
	int64_t room = disk_free(t->store), need = target->bytes;
	if (t->m.fact.scope == SNAP_COLUMN && target->rows_estimate > 0) {
		static const char sql[] = "/* gatewalk */ SELECT coalesce(sum(avg_width), 0)::bigint FROM pg_stats WHERE schemaname = $1 AND tablename = $2 AND attname = $3";
		const char *args[] = { target->schema, target->table, target->column };
		const char *width = db_value(t->db, t->a, &(struct query){ .sql = sql, .args = args, .nargs = 3 }, e);
		if (!width)
			return false;
		if (cell_int(width) > 0)
			need = target->rows_estimate * (2 * cell_int(width) + 64);
	}
	need += ROOM_MIN;
	if (room >= need)
		return true;
	if (room < 0)
		return err_set(e, ERR_SYSTEM, NULL, "%s: how much room is left cannot be read", t->store);
	return err_set(e, ERR_SYSTEM, "Free some room, or name another store in the plan (snapshot.store).",
		"%s has %lld MiB free; the snapshot may take %lld", t->store, (long long)(room >> 20), (long long)(need >> 20));
}

/* All that is read from the source, in its one snapshot. */
static bool copy_source(struct take *t, const struct fact_target *before, struct err *e)
{
	struct fact_target target;
	const char *snapshot = open_snapshot(t, e);
	if (!snapshot || !probe_target(t->db, t->a, t->o->plan, &target, e))
		return false;
	if (!target.found || target.relid != before->relid || strcmp(target.definition_digest, before->definition_digest) != 0)
		return err_set(e, ERR_DB, "Try again.", "the target was changed at this moment");
	if (!snap_look(t->a, &(struct snap_source){ t->db, snapshot, t->o }, &target, &t->m, e) || !has_room(t, &target, e))
		return false;
	snap_carry(t->a, t->store, &t->m);
	if (!snap_tick(t->o, "definitions", 0, 0, "", e)
			|| !schema_dump(t->a, t->db, snapshot, path_join(t->a, t->part, SCHEMA_NAME), e)
			|| !snap_note_file(t->a, &t->m, t->part, SCHEMA_NAME, 0, e)
			|| !snap_copy_out(t->db, t->a, t->o, &t->m, t->part, e))
		return false;
	return db_commit(t->db, 0, e) == DB_COMMITTED;
}

static bool store_names(struct take *t, struct err *e)
{
	const char *store = t->o->store, *colon = strchr(store, ':'), *slash = strchr(store, '/');
	if (!colon || (slash && slash < colon)) {
		t->store = store;
		return true;
	}
	t->remote = store;
	t->store = path_join(t->a, path_data(t->a), "snapshots");
	return child_find(t->a, "rclone") || err_set(e, ERR_USE, "Install the package rclone.", "the store %s is an rclone remote, and rclone was not found", store);
}

static bool rclone(struct take *t, const char *verb, const char *option, const char *to, struct err *e)
{
	const char *argv[] = { "rclone", verb, t->part, to, option, NULL };
	struct child_end end;
	if (!child_run(t->a, &(struct child){ .argv = argv, .ms = REMOTE_MS }, &end, e))
		return err_in(e, "rclone");
	return (end.status == 0 && end.signal == 0) || err_set(e, ERR_SYSTEM, "Run the same by hand to see more: rclone lsd and the remote's name.",
		"rclone %s to %s failed with status %d", verb, t->remote, end.status);
}

static bool send_remote(struct take *t, struct err *e)
{
	if (!t->remote)
		return true;
	const char *to = path_join(t->a, t->remote, t->m.fact.id);
	return snap_tick(t->o, "remote", 0, 0, "", e) && rclone(t, "copy", "--immutable", to, e) && rclone(t, "check", "--one-way", to, e);
}

/* A connection keeps the room of the largest row that it has read: the source's is given back before the copy is read. */
static bool prove(struct take *t, struct err *e)
{
	db_close(t->db);
	t->db = NULL;
	return snap_prove(t->a, t->o, &t->m, t->part, e) && connect_source(t, e) && probe_now(t->db, &t->m.fact.proved, e);
}

/* The manifest is last: a folder without one is no snapshot. */
static bool finish(struct take *t, struct err *e)
{
	struct manifest again;
	char sha[65];
	if (!restore_text_write(&t->m, t->part, e) || !snap_note_file(t->a, &t->m, t->part, RESTORE_NAME, 0, e)
			|| !prove(t, e))
		return false;
	t->m.fact.equal = true;
	if (!manifest_write(&t->m, t->part, sha, e) || !manifest_read(t->a, t->part, sha, &again, e) || !send_remote(t, e)
			|| !part_finish(t->a, t->store, t->part, t->m.fact.id, e))
		return false;
	t->m.fact.path = path_join(t->a, t->store, t->m.fact.id);
	t->m.fact.manifest_sha256 = arena_dup(t->a, sha);
	return true;
}

static const char *new_id(struct arena *a, int64_t at)
{
	char iso[WHEN_MAX], hex[9];
	when_iso(at, iso);
	crypto_random_hex(4, hex);
	return arena_printf(a, "%.4s%.2s%.2sT%.2s%.2s%.2sZ-%s", iso, iso + 5, iso + 8, iso + 11, iso + 14, iso + 17, hex);
}

bool snapshot_take(struct arena *a, const struct snapshot_opts *o, struct fact_snapshot *out, struct err *e)
{
	struct take t = { .a = a, .o = o, .lock = -1 };
	struct fact_target target;
	bool ok = store_names(&t, e) && begin(&t, &target, e);
	if (ok) {
		t.m.fact.id = new_id(a, t.m.fact.begun);
		t.part = part_make(a, t.store, t.m.fact.id, &t.lock, e);
	}
	ok = ok && t.part && read_trip(&t, &target, e) && wait_for_writers(&t, &target, e) && copy_source(&t, &target, e) && finish(&t, e);
	if (!ok && t.part)
		part_remove(t.part);
	if (t.lock >= 0)
		close(t.lock);
	db_close(t.db);
	if (ok)
		*out = t.m.fact;
	return ok;
}
