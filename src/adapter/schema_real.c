/* SPDX-License-Identifier: MIT */
#include "adapter/schema_real.h"

#include "adapter/slot.h"
#include "base/arena.h"
#include "base/err.h"
#include "port/db.h"

/* Each asks for one sign of a real database: no row, or one text that says what was seen. */
struct sign { const char *sql, *hint; };

static const char AS_REAL[] = "Mark it production or staging; or use a copy of it on a server of its own.";
static const char LET_SEE[] = "As a superuser: GRANT pg_read_all_stats TO <this login>; then try again.";

static const struct sign SIGNS[] = {
	{ "SELECT 'standbys or log receivers are attached (' || string_agg(DISTINCT coalesce(nullif(application_name, ''), 'no name'), ', ') || ')'"
	  " FROM pg_stat_replication HAVING count(*) > 0", AS_REAL },
	{ "SELECT 'it has replication slots (' || string_agg(slot_name, ', ' ORDER BY slot_name) || ')'"
	  " FROM pg_replication_slots WHERE NOT " SLOT_OURS_SQL " HAVING count(*) > 0", AS_REAL },
	{ "SELECT 'this login cannot see where the sessions of ' || string_agg(DISTINCT usename, ', ') || ' come from'"
	  " FROM pg_stat_activity WHERE datname = current_database() AND usesysid IS NOT NULL AND query = '<insufficient privilege>'"
	  " HAVING count(*) > 0", LET_SEE },
	{ "SELECT 'clients of other machines are connected (' || string_agg(DISTINCT host(client_addr), ', ') || ')'"
	  " FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND client_addr IS NOT NULL"
	  " AND NOT (client_addr <<= '127.0.0.0/8' OR client_addr = '::1'"
	  "  OR client_addr = (SELECT m.client_addr FROM pg_stat_activity m WHERE m.pid = pg_backend_pid()))"
	  " HAVING count(*) > 0", AS_REAL },
	{ "SELECT 'it has carried ' || round(d.xact_commit / t.up) || ' transactions a second for ' || round(t.up / 3600) || ' h'"
	  " FROM pg_stat_database d, LATERAL (SELECT extract(epoch FROM clock_timestamp() - coalesce(d.stats_reset, pg_postmaster_start_time())) AS up) t"
	  " WHERE d.datname = current_database() AND t.up > 3600 AND d.xact_commit / t.up > 50", AS_REAL },
};

bool schema_may_be(struct db *db, struct arena *a, enum env env, struct err *e)
{
	if (env == ENV_PRODUCTION || env == ENV_STAGING)
		return true;
	for (size_t i = 0; i < sizeof SIGNS / sizeof SIGNS[0]; i++) {
		struct rows r;
		const struct query q = { .sql = SIGNS[i].sql, .cols = 1, .min_rows = 0, .max_rows = 1 };
		if (!db_ask(db, a, &q, &r, e))
			return false;
		if (r.n > 0)
			return err_set(e, ERR_USE, SIGNS[i].hint, "this database is not marked %s: %s", env_name(env), r.cell[0][0]);
	}
	return true;
}
