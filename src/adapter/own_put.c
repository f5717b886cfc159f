/* SPDX-License-Identifier: MIT */
/* Puts the tripwire on the table. It must never stop a write of the application's, and must see every one that changes the
   column, TRUNCATE and replayed writes (ENABLE ALWAYS) included. */
#include "adapter/own.h"

#include <stdio.h>
#include <string.h>

#include "adapter/own_private.h"
#include "adapter/retry.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "core/sql.h"
#include "port/db.h"
#include "port/files.h"

/* The count is one nextval; of a sequence that is gone to_regclass gives null and nextval does nothing. Who wrote is noted once
   a minute: the session's own setting is asked first, so that the costly part runs once a minute in each session at most. */
static const char FUNCTION_SQL[] =
"CREATE SEQUENCE IF NOT EXISTS %1$s;\n"
"CREATE OR REPLACE FUNCTION %1$s() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $trip$\n"
"DECLARE minute text := (extract(epoch FROM clock_timestamp())::bigint / 60)::text;\n"
"BEGIN\n"
"  PERFORM nextval(to_regclass('%1$s'));\n"
"  IF current_setting('%1$s', true) IS DISTINCT FROM minute THEN\n"
"    PERFORM set_config('%1$s', minute, false);\n"
"    BEGIN\n"
"      IF pg_try_advisory_xact_lock(hashtextextended('%1$s', 0)) THEN\n"
"        INSERT INTO gatewalk.trip (sid, role, app, addr, op)\n"
"        SELECT '%2$s', session_user, current_setting('application_name', true), coalesce(host(inet_client_addr()), 'local'), TG_OP\n"
"        WHERE NOT EXISTS (SELECT FROM gatewalk.trip WHERE sid = '%2$s' AND at > clock_timestamp() - interval '1 minute');\n"
"      END IF;\n"
"    EXCEPTION WHEN OTHERS THEN NULL;\n"
"    END;\n"
"  END IF;\n"
"  RETURN NULL;\n"
"END $trip$;\n"
"REVOKE ALL ON FUNCTION %1$s() FROM PUBLIC;\n";

static const char TRIGGERS_SQL[] =
"CREATE OR REPLACE TRIGGER %1$s AFTER UPDATE ON %2$s FOR EACH ROW WHEN (%4$s IS DISTINCT FROM %5$s) EXECUTE FUNCTION %3$s();\n"
"CREATE OR REPLACE TRIGGER %1$s_i AFTER INSERT ON %2$s FOR EACH ROW WHEN (NEW.%6$s IS DISTINCT FROM NULL) EXECUTE FUNCTION %3$s();\n"
"CREATE OR REPLACE TRIGGER %1$s_t AFTER TRUNCATE ON %2$s FOR EACH STATEMENT EXECUTE FUNCTION %3$s();\n"
"ALTER TABLE %2$s ENABLE ALWAYS TRIGGER %1$s, ENABLE ALWAYS TRIGGER %1$s_i, ENABLE ALWAYS TRIGGER %1$s_t;\n"
"COMMENT ON FUNCTION %3$s() IS NULL;\n";

/* Is the table still the one that was looked at, and is "equal" of this type the same as "the same bytes"? For other types
   (json has no equality at all; that of box compares areas, that of numeric takes 1.0 for 1.00) the text is compared. */
static const char COLUMN_SQL[] =
"/* gatewalk */ SELECT y.typtype = 'e' OR y.oid IN ('bool'::regtype, 'bytea'::regtype, '\"char\"'::regtype, 'name'::regtype, 'int8'::regtype, 'int2'::regtype,\n"
"  'int4'::regtype, 'oid'::regtype, 'uuid'::regtype, 'date'::regtype, 'time'::regtype, 'timestamp'::regtype, 'timestamptz'::regtype)\n"
"  OR y.oid IN ('text'::regtype, 'varchar'::regtype) AND (SELECT l.collisdeterministic FROM pg_collation l WHERE l.oid = a.attcollation)\n"
"FROM pg_attribute a JOIN pg_type y ON y.oid = a.atttypid\n"
"WHERE a.attrelid = $1::oid AND a.attnum = $2::int AND a.attname = $3::text AND NOT a.attisdropped AND to_regclass($4) = $1::oid";

static bool plain_equality(struct db *db, struct arena *a, const struct fact_target *t, const char *table, bool *plain, struct err *e)
{
	char rel[16], num[16];
	snprintf(rel, sizeof rel, "%u", t->relid);
	snprintf(num, sizeof num, "%d", t->attnum);
	const char *const args[] = { rel, num, t->column, table };
	const struct query q = { .sql = COLUMN_SQL, .args = args, .nargs = 4, .cols = 1, .max_rows = 1 };
	struct rows r;
	if (!db_ask(db, a, &q, &r, e))
		return false;
	if (r.n == 0)
		return err_set(e, ERR_GATE, "Look again, then put the tripwire.", "the table or its column changed meanwhile");
	*plain = cell_bool(r.cell[0][0]);
	return true;
}

static const char *making(struct arena *a, const char *sid, const struct own_names *n, const char *table, const char *column, bool plain)
{
	struct text t = { 0 };
	const char *old = arena_printf(a, plain ? "OLD.%s" : "OLD.%s::text COLLATE \"C\"", column);
	const char *now = arena_printf(a, plain ? "NEW.%s" : "NEW.%s::text COLLATE \"C\"", column);
	text_addf(&t, FUNCTION_SQL, n->object, sid);
	text_addf(&t, TRIGGERS_SQL, n->trigger, table, n->object, old, now, column);
	const char *sql = arena_dup(a, text_str(&t));
	text_free(&t);
	return sql;
}

/* Notes what function and triggers look like now: own_whole compares. */
static bool seal(struct db *db, struct arena *a, const struct own_names *n, unsigned relid, struct err *e)
{
	struct own_seen s;
	if (!own_look(db, a, n, relid, &s, e))
		return false;
	if (s.triggers != OWN_TRIGGERS || !s.function || !s.sequence || !s.enabled)
		return err_set(e, ERR_INTERNAL, NULL, "the tripwire was put but cannot be seen");
	return db_script(db, a, arena_printf(a, "COMMENT ON FUNCTION %s() IS %s", n->object, sql_literal(a, arena_printf(a, "%s %s", s.digest, s.stamp))), 0, NULL, e);
}

static bool put_once(struct db *db, struct arena *a, const char *sid, const struct fact_target *t, struct err *e)
{
	struct own_names n;
	bool plain = false;
	const char *table = arena_printf(a, "%s.%s", sql_quoted(a, t->schema), sql_quoted(a, t->table));
	if (!own_names(a, sid, &n, e) || strspn(sid, "0123456789abcdef") != strlen(sid))
		return err_set(e, ERR_INTERNAL, NULL, "the walk's id is not hex");
	const char *lock = arena_printf(a, "BEGIN; SET LOCAL lock_timeout = '500ms'; LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE", table);
	if (!db_script(db, a, lock, 0, NULL, e) || !plain_equality(db, a, t, table, &plain, e))
		return false;
	return db_script(db, a, making(a, sid, &n, table, sql_quoted(a, t->column), plain), 0, NULL, e) && seal(db, a, &n, t->relid, e) &&
		db_commit(db, 0, e) == DB_COMMITTED;
}

bool own_tripwire_put(struct db *db, struct arena *a, const char *sid, const struct fact_target *t, struct err *e)
{
	int64_t deadline = clock_mono() + OWN_PATIENCE, count;
	bool there, enabled;
	if (!own_tripwire_look(db, a, sid, t->relid, &there, &enabled, &count, e))
		return false;
	if (there && enabled)
		return true;
	for (;;) {
		struct err why = { 0 };
		if (put_once(db, a, sid, t, &why))
			return true;
		db_rollback(db);
		if (retry_is_lock(&why) && retry_pause(deadline))
			continue;
		if (e)
			*e = why;
		return err_in(e, "putting the tripwire on %s.%s", t->schema, t->table);
	}
}
