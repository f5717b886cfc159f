/* SPDX-License-Identifier: MIT */
#include "adapter/slot.h"

#include <string.h>

#include "adapter/audit.h"
#include "adapter/own.h"
#include "adapter/slotread.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "base/when.h"
#include "core/sql.h"
#include "port/db.h"
#include "port/files.h"
#include "port/jsonread.h"

#define MAKE_MS 10000
#define PATIENCE (20 * US_SECOND)   /* for whoever reads it just now */
#define LIMIT_UNKNOWN (INT64_C(1) << 30)
#define NUMBER(lsn) "pg_wal_lsn_diff(" lsn ", '0/0')::bigint"
#define SERVER_MAX "(SELECT CASE WHEN setting::bigint < 0 THEN -1 ELSE setting::bigint * 1048576 END FROM pg_settings WHERE name = 'max_slot_wal_keep_size')"

static const char LOOK_SQL[] = OWN_TAG
"SELECT coalesce(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn), 0)::bigint, " NUMBER("confirmed_flush_lsn") ",\n"
"  " NUMBER("pg_current_wal_flush_lsn()") ", coalesce(age(catalog_xmin), 0), " SERVER_MAX "\n"
"FROM pg_replication_slots WHERE slot_name = $1 AND wal_status IS DISTINCT FROM 'lost' AND " SLOT_OURS_SQL;

bool slot_look(struct db *db, struct arena *a, const char *sid, struct slot_seen *out, struct err *e)
{
	const char *v[] = { own_slot_name(a, sid) };
	const struct query q = { .sql = LOOK_SQL, .args = v, .nargs = 1, .cols = 5, .max_rows = 1 };
	struct rows r;
	*out = (struct slot_seen){ .server_max = -1 };
	if (!db_ask(db, a, &q, &r, e))
		return err_in(e, "looking at the logical slot");
	if (r.n == 0)
		return true;
	char **c = r.cell[0];
	*out = (struct slot_seen){ true, cell_int(c[0]), cell_int(c[1]), cell_int(c[2]), cell_int(c[3]), cell_int(c[4]) };
	return true;
}

static const char KEPT_SQL[] = OWN_TAG
"SELECT ok, why, (extract(epoch FROM since) * 1000000)::bigint, (extract(epoch FROM looked_at) * 1000000)::bigint, state\n"
"FROM gatewalk.source WHERE sid = $1 AND source = '" SOURCE_SLOT "' AND server = 'primary'";

bool slot_kept_read(struct db *db, struct arena *a, const char *sid, struct slot_kept *out, struct err *e)
{
	const char *v[] = { sid };
	const struct query q = { .sql = KEPT_SQL, .args = v, .nargs = 1, .cols = 5, .max_rows = 1 };
	struct rows r;
	*out = (struct slot_kept){ .limit = LIMIT_UNKNOWN, .xid = "", .identity = "", .members = "" };
	if (!db_ask(db, a, &q, &r, e))
		return err_in(e, "reading what is kept of the logical slot");
	if (r.n == 0)
		return true;
	char **c = r.cell[0];
	const struct json *j = json_read(a, c[4], strlen(c[4]), NULL);
	out->known = true;
	out->ok = cell_bool(c[0]);
	out->why = c[1];
	out->since = cell_int(c[2]);
	out->looked = cell_int(c[3]);
	out->limit = json_int_or(j, "limit", LIMIT_UNKNOWN);
	out->read = json_int_or(j, "read", 0);
	out->inserts = json_int_or(j, "inserts", 0);
	out->updates = json_int_or(j, "updates", 0);
	out->deletes = json_int_or(j, "deletes", 0);
	out->truncates = json_int_or(j, "truncates", 0);
	out->open = json_int_or(j, "open", 0);
	out->unread = json_int_or(j, "unread", 0);
	out->first = json_int_or(j, "first", 0);
	out->last = json_int_or(j, "last", 0);
	out->xid = json_str(j, "xid") ? json_str(j, "xid") : "";
	out->identity = json_str(j, "identity") ? json_str(j, "identity") : "";
	out->members = json_str(j, "members") ? json_str(j, "members") : "";
	return true;
}

struct json *slot_kept_json(struct arena *a, const struct slot_kept *k)
{
	struct json *j = json_obj(a);
	json_add_int(j, "deletes", k->deletes);
	json_add_int(j, "first", k->first);
	json_add_str(j, "identity", k->identity);
	json_add_int(j, "inserts", k->inserts);
	json_add_int(j, "last", k->last);
	json_add_int(j, "limit", k->limit);
	json_add_str(j, "members", k->members);
	json_add_int(j, "open", k->open);
	json_add_int(j, "read", k->read);
	json_add_int(j, "truncates", k->truncates);
	json_add_int(j, "unread", k->unread);
	json_add_int(j, "updates", k->updates);
	json_add_str(j, "xid", k->xid);
	return j;
}

static const char MAY_SQL[] = OWN_TAG
"SELECT current_setting('wal_level'), rolsuper OR rolreplication, rolname, (SELECT count(*) FROM pg_replication_slots) >= current_setting('max_replication_slots')::bigint,\n"
"  current_setting('max_replication_slots') FROM pg_roles WHERE rolname = current_user";

static const char *all_taken(struct arena *a, const char *most)
{
	return arena_printf(a, "all %s replication slots are taken: ALTER SYSTEM SET max_replication_slots = %lld; then restart the server", most, (long long)cell_int(most) + 4);
}

static const char *no_right(struct arena *a, const char *login)
{
	return arena_printf(a, "this login may not use replication slots: as a superuser, ALTER ROLE %s REPLICATION;", sql_ident(a, login));
}

bool slot_may(struct db *db, struct arena *a, const char **why, struct err *e)
{
	const struct query q = { .sql = MAY_SQL, .cols = 5, .min_rows = 1, .max_rows = 1 };
	struct rows r;
	*why = NULL;
	if (!db_ask(db, a, &q, &r, e))
		return err_in(e, "asking for logical slots");
	char **c = r.cell[0];
	if (strcmp(c[0], "logical") != 0)
		*why = arena_printf(a, "wal_level is %s: ALTER SYSTEM SET wal_level = logical; then restart the server", c[0]);
	else if (!cell_bool(c[1]))
		*why = no_right(a, c[2]);
	else if (cell_bool(c[3]))
		*why = all_taken(a, c[4]);
	return true;
}

/* The server ends the making of a slot itself when it is cancelled, and keeps none. */
static const char *not_made(struct arena *a, const struct err *why)
{
	if (strcmp(why->sqlstate, "58P01") == 0)
		return "its plugin test_decoding is not installed: install the server's contrib package (postgresql-contrib)";
	if (strcmp(why->sqlstate, "57014") == 0 || strcmp(why->sqlstate, "55P03") == 0)
		return "a transaction that runs for long held it up: a slot begins when all that run have ended. Start the watch again";
	return arena_printf(a, "it could not be made: %s", why->msg);
}

static const char NOTE_SQL[] = OWN_TAG
"INSERT INTO gatewalk.source AS s (sid, source, server, since, looked_at, state, ok) SELECT $1, '" SOURCE_SLOT "', 'primary', n, n, $2, true FROM clock_timestamp() n\n"
"ON CONFLICT (sid, source, server) DO UPDATE SET since = excluded.since, looked_at = excluded.looked_at, state = excluded.state, ok = true, why = NULL";

static bool note(struct db *db, struct arena *a, const char *sid, const struct slot_kept *k, struct err *e)
{
	struct text t = { 0 };
	json_write(&t, slot_kept_json(a, k));
	const char *v[] = { sid, arena_dup(a, text_str(&t)) };
	text_free(&t);
	return db_ask(db, a, &(struct query){ .sql = NOTE_SQL, .args = v, .nargs = 2, .cols = -1 }, NULL, e) || err_in(e, "noting the logical slot");
}

/* The server's short lock_timeout would count for the transactions that it waits for, too. */
static bool make(struct db *db, struct arena *a, const char *sid, const char **why, struct err *e)
{
	struct err own = { 0 };
	if (!slot_may(db, a, why, e))
		return false;
	if (*why || db_script(db, a, arena_printf(a, OWN_TAG "BEGIN; SET LOCAL lock_timeout = %d; SELECT pg_create_logical_replication_slot('%s', 'test_decoding'); COMMIT",
			MAKE_MS - 500, own_slot_name(a, sid)), MAKE_MS, NULL, &own))
		return true;
	db_rollback(db);
	if (own.code == ERR_DB_LOST) {
		*e = own;
		return false;
	}
	*why = not_made(a, &own);
	return true;
}

bool slot_put(struct db *db, struct arena *a, const struct slot_order *o, const char **why, struct err *e)
{
	struct slot_seen s;
	struct slot_kept k;
	struct slot_names n;
	*why = NULL;
	if (!own_slot_name(a, o->sid))
		return err_set(e, ERR_INTERNAL, NULL, "the walk's id does not begin with twelve hex digits");
	if (!slot_look(db, a, o->sid, &s, e) || !slot_kept_read(db, a, o->sid, &k, e) || !slotread_names(db, a, o->target, NULL, &n, e))
		return false;
	if (s.there && k.known && s.confirmed <= k.read)
		return true;
	if (!s.there && (!make(db, a, o->sid, why, e) || (!*why && !slot_look(db, a, o->sid, &s, e))))
		return false;
	if (*why)
		return true;
	k.limit = o->limit;
	k.read = s.confirmed;
	k.identity = n.identity;
	k.members = n.members;
	return note(db, a, o->sid, &k, e);
}

static bool drop(struct db *db, struct arena *a, const char *name, struct err *e)
{
	const char *v[] = { name };
	const struct query q = { .sql = OWN_TAG "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1 AND " SLOT_OURS_SQL,
		.args = v, .nargs = 1, .cols = 1 };
	struct err own = { 0 };
	if (!own_is_ours(name))
		return err_set(e, ERR_INTERNAL, NULL, "\"%s\" is no slot of gatewalk's", name);
	if (db_ask(db, a, &q, NULL, &own) || strcmp(own.sqlstate, "42704") == 0)
		return true;
	if (e)
		*e = own;
	return false;
}

static bool is_read_now(const struct err *e)
{
	return strcmp(e->sqlstate, "55006") == 0;
}

bool slot_take(struct db *db, struct arena *a, const char *sid, struct err *e)
{
	const char *name = own_slot_name(a, sid);
	int64_t until = clock_mono() + PATIENCE;
	struct err own = { 0 };
	while (name && !drop(db, a, name, &own)) {
		if (!is_read_now(&own) || clock_mono() > until) {
			if (e)
				*e = own;
			if (strcmp(own.sqlstate, "42501") == 0)
				err_set(e, ERR_DB, arena_printf(a, "As a superuser: SELECT pg_drop_replication_slot('%s');", name), "this login may not take the logical slot %s away", name);
			return err_in(e, "taking the logical slot away");
		}
		err_clear(&own);
		clock_nap(100);
	}
	return true;
}

/* Own slots here, each with its walk while that may still need it. Not on a standby: what stands there came from the primary. */
static const char OWN_SQL[] = OWN_TAG
"SELECT slot_name, coalesce(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn), 0)::bigint, wal_status IN ('unreserved', 'lost'), " SERVER_MAX "\n"
"FROM pg_replication_slots WHERE " SLOT_OURS_SQL " AND NOT pg_is_in_recovery()";
static const char THERE_SQL[] = OWN_TAG "SELECT to_regclass('gatewalk.source') IS NOT NULL";
static const char WALK_SQL[] = OWN_TAG
"SELECT sid FROM gatewalk.walk WHERE left(sid, 12) = right($1, 12) AND closed_at IS NULL AND dropped_at IS NULL";
enum { O_NAME, O_HELD, O_LEFT, O_MAX, O_COLS };

static bool walk_of(struct db *db, struct arena *a, const char *slot, const char **sid, struct err *e)
{
	const char *v[] = { slot };
	const struct query q = { .sql = WALK_SQL, .args = v, .nargs = 1, .cols = 1, .max_rows = 1 };
	struct rows r;
	const char *there = db_value(db, a, &(struct query){ .sql = THERE_SQL }, e);
	*sid = NULL;
	if (!there || !cell_bool(there))
		return there != NULL;
	if (!db_ask(db, a, &q, &r, e))
		return false;
	*sid = r.n ? r.cell[0][0] : NULL;
	return true;
}

/* NULL: it may stay. The WAL of any number of transactions is longer than this limit long before their count ages the catalogue. */
static const char *too_much(struct arena *a, char *const *c, const struct slot_kept *k)
{
	int64_t held = cell_int(c[O_HELD]), most = cell_int(c[O_MAX]);
	bool nearer = most >= 0 && most < k->limit;
	if (cell_bool(c[O_LEFT]))
		return "the server had begun to leave it behind: it needed more WAL than max_slot_wal_keep_size keeps";
	if (held > (nearer ? most : k->limit))
		return arena_printf(a, "it kept %lld MB of WAL, more than the %lld MB of %s", (long long)(held >> 20), (long long)((nearer ? most : k->limit) >> 20),
			nearer ? "max_slot_wal_keep_size" : "policy.slot_max_mb");
	return NULL;
}

static const char GONE_SQL[] = OWN_TAG
"UPDATE gatewalk.source SET ok = false, why = $2, gap = $2, gap_at = clock_timestamp(), since = clock_timestamp() WHERE sid = $1 AND source = '" SOURCE_SLOT "'";

static bool care_one(struct db *db, struct arena *a, char *const *c, const char **what, struct err *e)
{
	struct slot_kept k;
	const char *sid, *why;
	if (!walk_of(db, a, c[O_NAME], &sid, e))
		return false;
	if (!sid)
		why = "no open walk here needs it";
	else if (!slot_kept_read(db, a, sid, &k, e))
		return false;
	else if (!(why = too_much(a, c, &k)))
		return true;
	struct err own = { 0 };
	if (!drop(db, a, c[O_NAME], &own)) {
		if (!is_read_now(&own) && e)
			*e = own;
		return is_read_now(&own);   /* the next look takes it */
	}
	*what = arena_printf(a, "%s%sthe logical slot %s was taken away: %s", *what, **what ? "; " : "", c[O_NAME], why);
	const char *v[] = { sid, arena_printf(a, "gatewalk took it away: %s. Start the watch again: it begins anew", why) };
	return !sid || db_ask(db, a, &(struct query){ .sql = GONE_SQL, .args = v, .nargs = 2, .cols = -1 }, NULL, e);
}

bool slot_care(struct db *db, struct arena *a, const char **what, struct err *e)
{
	const struct query q = { .sql = OWN_SQL, .cols = O_COLS };
	struct rows r;
	*what = "";
	bool ok = db_ask(db, a, &q, &r, e);
	for (int i = 0; ok && i < r.n; i++)
		ok = care_one(db, a, r.cell[i], what, e);
	return ok || err_in(e, "looking after logical slots");
}
