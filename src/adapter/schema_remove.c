/* SPDX-License-Identifier: MIT */
/* uninstall: the schema's own objects by name, never CASCADE: what somebody hung on them makes it refuse. */
#include "adapter/schema.h"

#include <string.h>

#include "adapter/slot.h"
#include "base/arena.h"
#include "base/err.h"
#include "port/db.h"

/* What still needs the schema: no row, or one text. */
static const struct need { const char *sql, *hint; } NEEDS[] = {
	{ "SELECT 'open walks: ' || string_agg(name || ' (' || left(sid, 8) || ')', ', ' ORDER BY opened_at) FROM gatewalk.walk WHERE closed_at IS NULL"
	  " HAVING count(*) > 0", "Close them, or step out: gatewalk leave WALK." },
	{ "SELECT 'running jobs: ' || string_agg(id || ' ' || kind, ', ' ORDER BY id) FROM gatewalk.job WHERE ended_at IS NULL"
	  " AND coalesce(seen_at, made_at) > clock_timestamp() - interval '2 minutes' HAVING count(*) > 0", "gatewalk job stop ID" },
	{ "SELECT 'hidden: ' || string_agg(w.target, ', ' ORDER BY h.id) FROM gatewalk.hiding h JOIN gatewalk.walk w USING (sid) WHERE h.back_at IS NULL HAVING count(*) > 0",
	  "gatewalk job stop ID gives it back; where no job runs any more, gatewalk job list does." },
	{ "SELECT 'dual writes: ' || string_agg(DISTINCT tgrelid::regclass || ' ' || tgname, ', ') FROM pg_trigger"
	  " WHERE tgparentid = 0 AND tgname ~ '^(_|zz_)gatewalk_dual_[0-9a-f]{12}(_i)?$' HAVING count(*) > 0", "gatewalk leave WALK takes a walk's triggers away." },
	{ "SELECT 'tripwires and guards: ' || string_agg(tgrelid::regclass || ' ' || tgname, ', ' ORDER BY tgname) FROM pg_trigger"
	  " WHERE NOT tgisinternal AND tgname ~ '^gatewalk_(trip|guard)_[0-9a-f]{12}$' HAVING count(*) > 0", "gatewalk leave WALK takes a walk's triggers away." },
	{ "SELECT 'logical slots: ' || string_agg(slot_name, ', ' ORDER BY slot_name) FROM pg_replication_slots WHERE " SLOT_OURS_SQL " HAVING count(*) > 0",
	  "As a login with REPLICATION: SELECT pg_drop_replication_slot(slot_name) of each." },
};

static const char REMOVE[] =
	"DO $d$ DECLARE o record; BEGIN"
	"  FOR o IN SELECT evtname FROM pg_event_trigger WHERE evtname ~ '^gatewalk_guard_[a-z]+$' LOOP"
	"    EXECUTE format('DROP EVENT TRIGGER %I', o.evtname); END LOOP;"
	"  FOR o IN SELECT relname FROM pg_class WHERE relnamespace = 'gatewalk'::regnamespace AND relkind = 'v' AND relname ~ '^hold_[0-9a-f]{12}$' LOOP"
	"    EXECUTE format('DROP VIEW gatewalk.%I', o.relname); END LOOP;"
	"  FOR o IN SELECT oid FROM pg_proc WHERE pronamespace = 'gatewalk'::regnamespace AND (proname = 'append' OR proname ~ '^(trip_[0-9a-f]{12}|dual_[0-9a-f]{12}(_[a-z]+)?|guard_[a-z]+)$') LOOP"
	"    EXECUTE format('DROP FUNCTION %s', o.oid::regprocedure); END LOOP;"
	"  FOR o IN SELECT relname FROM pg_class WHERE relnamespace = 'gatewalk'::regnamespace AND relkind = 'S' AND relname ~ '^trip_[0-9a-f]{12}$' LOOP"
	"    EXECUTE format('DROP SEQUENCE gatewalk.%I', o.relname); END LOOP;"
	"  FOR o IN SELECT relname FROM pg_class WHERE relnamespace = 'gatewalk'::regnamespace AND relkind = 'r' AND relname ~ '^rows_[0-9a-f]{12}$' LOOP"
	"    EXECUTE format('DROP TABLE gatewalk.%I', o.relname); END LOOP;"
	"  DROP PROCEDURE gatewalk.hide(bigint);"
	"  DROP FUNCTION gatewalk.hide_undone(gatewalk.hiding), gatewalk.hide_record(bigint);"
	"  FOR o IN SELECT oid FROM pg_proc WHERE pronamespace = 'gatewalk'::regnamespace AND proname ~ '^hide_[a-z]+$' LOOP"
	"    EXECUTE format('DROP FUNCTION %s', o.oid::regprocedure); END LOOP;"
	"  DROP TABLE gatewalk.parity_mismatch, gatewalk.parity, gatewalk.dual_reject, gatewalk.backfill_reject, gatewalk.backfill, gatewalk.hiding, gatewalk.pass, gatewalk.guarded, gatewalk.guard, gatewalk.removal_left, gatewalk.removal, gatewalk.schema_log, gatewalk.alarm, gatewalk.sample, gatewalk.source, gatewalk.sighting, gatewalk.statement, gatewalk.trip,"
	"    gatewalk.job_event, gatewalk.job, gatewalk.permit, gatewalk.line, gatewalk.anchor, gatewalk.walk, gatewalk.meta;"
	"  DROP SCHEMA gatewalk;"
	" END $d$;"
	"DO $d$ DECLARE old text := shobj_description((SELECT oid FROM pg_database WHERE datname = current_database()), 'pg_database'); BEGIN"
	"  IF old ~ '\\[gatewalk: [a-z]+\\]' THEN EXECUTE format('COMMENT ON DATABASE %I IS %L', current_database(),"
	"    nullif(regexp_replace(old, ' ?\\[gatewalk: [a-z]+\\]', '', 'g'), '')); END IF;"
	" END $d$;";

static bool is_needed(struct db *db, struct arena *a, struct err *e)
{
	for (size_t i = 0; i < sizeof NEEDS / sizeof NEEDS[0]; i++) {
		struct rows r;
		const struct query q = { .sql = NEEDS[i].sql, .cols = 1, .min_rows = 0, .max_rows = 1 };
		if (!db_ask(db, a, &q, &r, e))
			return true;
		if (r.n > 0)
			return !err_set(e, ERR_USE, NEEDS[i].hint, "the gatewalk schema is still needed by %s", r.cell[0][0]);
	}
	return false;
}

/* Another database of this server may use the roles too: then the server keeps them, and that is well. */
static void drop_roles(struct db *db, struct arena *a)
{
	db_script(db, a, "DROP ROLE IF EXISTS gatewalk_operator", 10000, NULL, NULL);
	db_script(db, a, "DROP ROLE IF EXISTS gatewalk_owner", 10000, NULL, NULL);
}

bool schema_uninstall(struct db *db, struct arena *a, struct err *e)
{
	int version = 0;
	if (!schema_version(db, a, &version, e))
		return false;
	if (version == 0)
		return err_set(e, ERR_USE, NULL, "there is no gatewalk schema in this database");
	if (version > SCHEMA_VERSION)
		return schema_too_new(version, "", e);
	if (!db_script(db, a, "BEGIN", 5000, NULL, e))
		return false;
	if (is_needed(db, a, e) || !db_script(db, a, REMOVE, 30000, NULL, e)) {
		if (e && strcmp(e->sqlstate, "42501") == 0)
			err_in(e, "the gatewalk schema belongs to another role; run this as a superuser");
		db_rollback(db);
		return false;
	}
	if (db_commit(db, 30000, e) != DB_COMMITTED)
		return false;
	drop_roles(db, a);
	return true;
}
