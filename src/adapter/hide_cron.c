/* SPDX-License-Identifier: MIT */
/* pg_cron runs the schema's own hide_back, which does nothing while the backend that hides lives. The command takes its own schedule
   away when nothing is left to do, so that nobody else has to. */
#include "adapter/hide_cron.h"

#include "adapter/preload.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "core/sql.h"
#include "port/db.h"

/* Its settings may be hidden from this login; its process may too, and then it counts as not there. */
static const char THERE_SQL[] =
"/* gatewalk */ SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_cron'),\n"
"  coalesce((SELECT has_schema_privilege(oid, 'USAGE') FROM pg_namespace WHERE nspname = 'cron'), false),\n"
"  EXISTS (SELECT FROM pg_stat_activity WHERE backend_type = 'pg_cron launcher'), (SELECT setting FROM pg_settings WHERE name = 'cron.database_name'), current_database(),\n"
"  (SELECT setting FROM pg_settings WHERE name = 'cron.use_background_workers'), quote_ident(session_user), " PRELOADED("shared_preload_libraries");
enum { T_CREATED, T_MAY, T_RUNS, T_WHERE, T_HERE, T_WORKERS, T_ME, T_LIBRARIES, T_COLS };

static const char *not_loaded(struct arena *a, const char *first, char *const *c)
{
	return arena_printf(a, "%s%s; then restart the server", first, preload_command(a, "shared_preload_libraries", c[T_LIBRARIES], "pg_cron"));
}

static const char *why_not(struct arena *a, int major, char *const *c)
{
	if (!cell_bool(c[T_CREATED]) && !c[T_WHERE])
		return not_loaded(a, arena_printf(a, "pg_cron is not loaded: apt install postgresql-%d-cron; ", major), c);
	if (!cell_bool(c[T_CREATED]) && !text_eq(c[T_WHERE], c[T_HERE]))
		return arena_printf(a, "pg_cron works in the database %s alone: if nothing there needs it, ALTER SYSTEM SET cron.database_name = %s; then restart the server", c[T_WHERE], sql_literal(a, c[T_HERE]));
	if (!cell_bool(c[T_CREATED]))
		return "pg_cron is loaded, but not created in this database: CREATE EXTENSION pg_cron";
	if (!cell_bool(c[T_MAY]))
		return arena_printf(a, "this login may not use pg_cron: GRANT USAGE ON SCHEMA cron TO %s", c[T_ME]);
	if (!cell_bool(c[T_RUNS]))
		return not_loaded(a, "pg_cron's process is not there, or hidden from this login: ", c);
	return NULL;
}

bool hide_cron_there(struct db *db, struct arena *a, struct hide_cron *out, struct err *e)
{
	const struct query q = { .sql = THERE_SQL, .cols = T_COLS, .min_rows = 1, .max_rows = 1 };
	struct rows r;
	if (!db_ask(db, a, &q, &r, e))
		return err_in(e, "asking for pg_cron");
	*out = (struct hide_cron){ .why = why_not(a, db_version(db) / 10000, r.cell[0]) };
	out->there = !out->why;
	if (out->there && text_eq(r.cell[0][T_WORKERS], "off"))
		out->why = "pg_cron logs in over TCP, which pg_hba.conf has to allow: ALTER SYSTEM SET cron.use_background_workers = on; then restart the server";
	return true;
}

#define NAMES "'gatewalk hide %lld', 'gatewalk hide %lld at start'"

/* One that has not begun is left a minute to begin, as hide_return leaves it. */
#define BACK "DO $gatewalk$ BEGIN\n" \
"  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true), pg_catalog.set_config('lock_timeout', '5s', true);\n" \
"  IF to_regclass('gatewalk.hiding') IS NOT NULL THEN\n" \
"    PERFORM gatewalk.hide_back(h.id, 'the backend that hid it is gone'::text) FROM gatewalk.hiding h\n" \
"      WHERE h.id = %lld AND h.back_at IS NULL AND (h.hidden_at IS NOT NULL OR h.made_at < clock_timestamp() - interval '60 s');\n" \
"    IF EXISTS (SELECT FROM gatewalk.hiding WHERE id = %lld AND back_at IS NULL) THEN RETURN; END IF;\n" \
"  END IF;\n" \
"  PERFORM cron.unschedule(jobid) FROM cron.job WHERE jobname IN (" NAMES ") AND username = current_user;\n" \
"END $gatewalk$"

static bool ask(struct db *db, struct arena *a, const char *sql, struct rows *r, struct err *e)
{
	return db_ask(db, a, &(struct query){ .sql = sql, .cols = 1 }, r, e) || err_in(e, "asking pg_cron");
}

bool hide_cron_put(struct db *db, struct arena *a, long long id, struct err *e)
{
	const char *back = sql_literal(a, arena_printf(a, "/* gatewalk */ " BACK, id, id, id, id));
	return ask(db, a, arena_printf(a, "/* gatewalk */ SELECT cron.schedule(n, w, %s) FROM (VALUES ('gatewalk hide %lld', '* * * * *'), ('gatewalk hide %lld at start', '@reboot')) v(n, w)", back, id, id), NULL, e);
}

bool hide_cron_failed(struct db *db, struct arena *a, long long id, const char **what, struct err *e)
{
	struct rows r;
	if (!ask(db, a, arena_printf(a, "/* gatewalk */ SELECT d.return_message FROM cron.job_run_details d JOIN cron.job j USING (jobid)\n"
			"WHERE j.jobname IN (" NAMES ") AND j.username = current_user AND d.status = 'failed' ORDER BY d.runid DESC LIMIT 1", id, id), &r, e))
		return false;
	*what = r.n ? r.cell[0][0] ? r.cell[0][0] : "" : NULL;
	return true;
}

bool hide_cron_take(struct db *db, struct arena *a, long long id, struct err *e)
{
	return ask(db, a, arena_printf(a, "/* gatewalk */ SELECT cron.unschedule(jobid) FROM cron.job WHERE jobname IN (" NAMES ") AND username = current_user", id, id), NULL, e);
}
