/* SPDX-License-Identifier: MIT */
/* Installing the guard in a database and taking it away again, each in one transaction. */
#include "adapter/guard.h"

#include <string.h>

#include "adapter/guard_private.h"
#include "base/arena.h"
#include "base/err.h"
#include "port/db.h"

/* gatewalk's schema has this version, and no login stands behind the functions that everybody's statements will call: who owns
   them could let others' statements do anything. */
static const char MAY_SQL[] =
"/* gatewalk */ SELECT (SELECT version FROM gatewalk.meta), o.rolcanlogin AND NOT o.rolsuper, o.rolname, pg_has_role(o.oid, 'USAGE'), pg_is_in_recovery()\n"
"FROM pg_namespace n JOIN pg_roles o ON o.oid = n.nspowner WHERE n.nspname = 'gatewalk'";

struct may { bool weak, owner; const char *owner_name; };

static bool schema_there(struct db *db, struct arena *a, struct err *e)
{
	const struct query there = { .sql = "/* gatewalk */ SELECT to_regclass('gatewalk.guarded') IS NOT NULL" };
	const char *yes = db_value(db, a, &there, e);
	if (!yes)
		return false;
	return cell_bool(yes) || err_set(e, ERR_USE, "gatewalk init --environment production|staging|development|rehearsal   makes or upgrades it.",
		"this database has no gatewalk schema, or one of before there was a guard");
}

static bool may_look(struct db *db, struct arena *a, struct may *out, struct err *e)
{
	const struct query q = { .sql = MAY_SQL, .cols = 5, .min_rows = 1, .max_rows = 1 };
	struct rows r;
	if (!schema_there(db, a, e) || !db_ask(db, a, &q, &r, e))
		return false;
	char **c = r.cell[0];
	*out = (struct may){ .weak = cell_bool(c[1]), .owner_name = c[2], .owner = cell_bool(c[3]) };
	return !cell_bool(c[4]) || err_set(e, ERR_USE, "Name the primary with -d.", "this server is a standby");
}

bool guard_walks(struct db *db, struct arena *a, struct guard_walk **out, size_t *n, struct err *e)
{
	const struct query q = { .sql = "/* gatewalk */ SELECT sid, name, target FROM gatewalk.walk WHERE closed_at IS NULL AND dropped_at IS NULL AND archetype <> 'additive' ORDER BY opened_at, sid", .cols = 3 };
	struct rows r;
	if (!schema_there(db, a, e) || !db_ask(db, a, &q, &r, e))
		return false;
	*n = (size_t)r.n;
	*out = arena_array(a, *n + 1, sizeof **out);
	for (size_t i = 0; i < *n; i++)
		(*out)[i] = (struct guard_walk){ .sid = r.cell[i][0], .name = r.cell[i][1], .target = r.cell[i][2], .why = "" };
	return true;
}

/* Inside the transaction: tried, and taken back to before it when this login may not. */
static bool make_events(struct db *db, struct arena *a, bool *made, struct err *e)
{
	struct err why = { 0 };
	*made = db_script(db, a, arena_printf(a, "SAVEPOINT gatewalk; %sRELEASE SAVEPOINT gatewalk", guard_events_sql(a)), 0, NULL, &why);
	if (*made)
		return true;
	if (strcmp(why.sqlstate, "42501") == 0)
		return db_script(db, a, "ROLLBACK TO SAVEPOINT gatewalk; RELEASE SAVEPOINT gatewalk", 0, NULL, e);
	if (e)
		*e = why;
	return false;
}

static bool events_there(struct db *db, struct arena *a, bool *there, struct err *e)
{
	const struct query q = { .sql = "/* gatewalk */ SELECT EXISTS (SELECT FROM pg_event_trigger WHERE evtname ~ '^gatewalk_guard_')" };
	const char *yes = db_value(db, a, &q, e);
	*there = yes && cell_bool(yes);
	return yes != NULL;
}

static bool note(struct db *db, struct arena *a, const char *how, struct err *e)
{
	const char *const args[] = { how };
	const struct query q = {
		.sql = "/* gatewalk */ INSERT INTO gatewalk.guard (how, seal) VALUES ($1, (" GUARD_SEAL_SQL "))\n"
		       "ON CONFLICT (one) DO UPDATE SET how = excluded.how, seal = excluded.seal, installed_at = excluded.installed_at, installed_by = excluded.installed_by",
		.args = args, .nargs = 1,
	};
	return db_ask(db, a, &q, NULL, e);
}

/* A target that cannot be taken under guard is listed, and the others are. */
static bool record_all(struct db *db, struct arena *a, struct guard_done *out, struct err *e)
{
	if (!guard_walks(db, a, &out->walks, &out->n, e))
		return false;
	for (size_t i = 0; i < out->n; i++)
		if (!guard_record(db, a, out->walks[i].sid, &out->walks[i].why, e))
			return err_in(e, "walk %s", out->walks[i].name);
	return true;
}

static bool install_inside(struct db *db, struct arena *a, struct guard_done *out, struct err *e)
{
	struct may m;
	bool events = false, there = false;
	if (!may_look(db, a, &m, e) || !make_events(db, a, &events, e) || !events_there(db, a, &there, e))
		return false;
	if (events && m.weak)
		return err_set(e, ERR_USE, "Run gatewalk init once more as a superuser: it gives the schema an owner that cannot log in. Then install the guard.",
			"the gatewalk schema belongs to the login %s, who could change what the guard runs", m.owner_name);
	if (!events && there)
		return err_set(e, ERR_DB, "Run it as a superuser.", "the guard's event triggers belong to another role");
	if (!events && !m.owner)
		return err_set(e, ERR_DB, "Run it as a superuser; or as the owner of the gatewalk schema, for a guard by views alone, which stops less.",
			"this login may make no event triggers, and the gatewalk schema belongs to %s", m.owner_name);
	out->how = events ? "triggers" : "views";
	return note(db, a, out->how, e) && record_all(db, a, out, e);
}

static bool in_transaction(struct db *db, struct arena *a, bool (*inside)(struct db *, struct arena *, struct guard_done *, struct err *), struct guard_done *out, struct err *e)
{
	*out = (struct guard_done){ .how = "" };
	if (!db_script(db, a, "BEGIN; SELECT pg_advisory_xact_lock(hashtextextended('gatewalk.schema', 0))", 0, NULL, e))
		return false;
	if (inside(db, a, out, e))
		return db_commit(db, 30000, e) == DB_COMMITTED;
	db_rollback(db);
	return false;
}

bool guard_install(struct db *db, struct arena *a, struct guard_done *out, struct err *e)
{
	return in_transaction(db, a, install_inside, out, e) || err_in(e, "installing the guard");
}

/* The triggers that stand on the tables refuse nothing any more; they go when their walks end. */
static const char REMOVE_SQL[] =
"DO $d$ DECLARE o record; BEGIN"
"  FOR o IN SELECT evtname FROM pg_event_trigger WHERE evtname ~ '^gatewalk_guard_[a-z]+$' LOOP"
"    EXECUTE format('DROP EVENT TRIGGER %I', o.evtname); END LOOP;"
"  FOR o IN SELECT relname FROM pg_class WHERE relnamespace = 'gatewalk'::regnamespace AND relkind = 'v' AND relname ~ '^hold_[0-9a-f]{12}$' LOOP"
"    EXECUTE format('DROP VIEW gatewalk.%I', o.relname); END LOOP;"
" END $d$;"
"UPDATE gatewalk.guarded SET over_at = clock_timestamp() WHERE over_at IS NULL;"
"DELETE FROM gatewalk.guard";

static bool remove_inside(struct db *db, struct arena *a, struct guard_done *out, struct err *e)
{
	const struct query q = { .sql = "/* gatewalk */ SELECT how FROM gatewalk.guard", .cols = 1, .max_rows = 1 };
	struct may m;
	struct rows r;
	if (!may_look(db, a, &m, e) || !db_ask(db, a, &q, &r, e))
		return false;
	if (r.n == 0)
		return err_set(e, ERR_USE, NULL, "the guard is not installed in this database");
	out->how = r.cell[0][0];
	if (!guard_walks(db, a, &out->walks, &out->n, e))
		return false;
	if (db_script(db, a, REMOVE_SQL, 0, NULL, e))
		return true;
	return strcmp(e->sqlstate, "42501") != 0 ? false : err_set(e, ERR_DB, "Run it as a superuser, or as who installed it.", "this login may not take the guard away");
}

bool guard_remove(struct db *db, struct arena *a, struct guard_done *out, struct err *e)
{
	return in_transaction(db, a, remove_inside, out, e) || err_in(e, "removing the guard");
}
