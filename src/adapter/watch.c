/* SPDX-License-Identifier: MIT */
#include "adapter/audit.h"

#include <string.h>

#include "adapter/own.h"
#include "adapter/sessions.h"
#include "adapter/standby.h"
#include "adapter/watch_private.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "base/when.h"
#include "port/db.h"

/* After a crash a sequence goes on behind the numbers it had logged ahead. */
#define SEQUENCE_LOGGED_AHEAD 32

/* All that is read before anything is written. */
struct look {
	struct statements statements;
	struct sessions sessions;
	struct serverlog log;
	struct standby *standbys;
	size_t n_standbys;
	bool trip_there, trip_enabled;
	int64_t trip_count;
};

static bool tick_begin(struct tick *k, bool *mine, struct err *e)
{
	const char *v[] = { k->sid };
	/* Held by the session: two samples at once would compare with each other's halves. */
	const struct query q = { .sql = OWN_TAG "SELECT pg_try_advisory_lock(hashtextextended('gatewalk.watch.' || $1, 0)),\n"
		"(extract(epoch FROM clock_timestamp()) * 1000000)::bigint, (extract(epoch FROM pg_postmaster_start_time()) * 1000000)::bigint",
		.args = v, .nargs = 1, .cols = 3, .min_rows = 1, .max_rows = 1 };
	struct rows r;
	if (!db_ask(k->db, k->a, &q, &r, e))
		return false;
	*mine = cell_bool(r.cell[0][0]);
	k->now = cell_int(r.cell[0][1]);
	k->started = cell_int(r.cell[0][2]);
	return true;
}

static void tick_end(struct tick *k)
{
	const char *v[] = { k->sid };
	const struct query q = { .sql = OWN_TAG "SELECT pg_advisory_unlock(hashtextextended('gatewalk.watch.' || $1, 0))", .args = v, .nargs = 1, .cols = 1 };
	db_ask(k->db, k->a, &q, NULL, NULL);
}

static bool look_tripwire(struct tick *k, struct look *l, struct err *e)
{
	return own_tripwire_look(k->db, k->a, k->sid, k->target->relid, &l->trip_there, &l->trip_enabled, &l->trip_count, e);
}

static bool look_log(struct tick *k, struct look *l, struct err *e)
{
	struct log_place from;
	return watch_serverlog_from(k, PRIMARY, &from, e) && serverlog_read(k->db, k->a, &k->names, k->target, &from, &l->log, e);
}

static bool look_standbys(struct tick *k, struct look *l, struct err *e)
{
	struct log_place *from = arena_array(k->a, k->plan->n_standbys + 1, sizeof *from);
	for (size_t i = 0; i < k->plan->n_standbys; i++)
		if (!watch_serverlog_from(k, k->plan->standbys[i].name, &from[i], e))
			return false;
	return standby_ask_all(k->db, k->a, &(struct standby_ask){ k->plan, &k->names, k->target, from }, &l->standbys, &l->n_standbys, e);
}

static bool look_all(struct tick *k, struct look *l, struct err *e)
{
	return names_read(k->db, k->a, k->target, plan_target(k->plan), &k->names, e)
		&& statements_read(k->db, k->a, &k->names, &l->statements, e)
		&& sessions_read(k->db, k->a, &k->names, &l->sessions, e)
		&& look_tripwire(k, l, e)
		&& look_log(k, l, e)
		&& look_standbys(k, l, e);
}

/* Who wrote, as far as the tripwire noted it: a row a minute at most. */
static bool trip_rows(struct tick *k, int64_t since, struct rows *r, struct err *e)
{
	const char *v[] = { k->sid, arena_printf(k->a, "%lld", (long long)since) };
	const struct query q = { .sql = OWN_TAG "SELECT role, coalesce(app, ''), coalesce(addr, '') FROM gatewalk.trip\n"
		"WHERE sid = $1 AND at > to_timestamp($2::bigint / 1000000.0) GROUP BY 1, 2, 3 ORDER BY max(at)", .args = v, .nargs = 2, .cols = 3 };
	return db_ask(k->db, k->a, &q, r, e);
}

static const char *writer_key(struct arena *a, const char *role, const char *app)
{
	return arena_printf(a, "writer %s (%s)", role, *app ? app : "no name");
}

static bool trip_sightings(struct tick *k, const struct rows *r, struct err *e)
{
	struct seen s = { .source = SOURCE_TRIPWIRE, .server = PRIMARY, .touch = TOUCH_WRITE, .use = USE_NAME };
	for (int i = 0; i < r->n; i++) {
		char **c = r->cell[i];
		s.consumer = writer_key(k->a, c[0], c[1]);
		s.who = session_who(k->a, c[0], c[1], c[2]);
		if (!sighting_write(k, &s, e))
			return false;
	}
	if (r->n > 0)
		return true;
	s.consumer = "writer unknown";
	s.who = "somebody the tripwire did not note by name";
	return sighting_write(k, &s, e);
}

static bool trip_state(struct tick *k, const struct look *l, const char *gap, struct err *e)
{
	struct json *j = json_obj(k->a);
	json_add_int(j, "count", l->trip_count);
	json_add_int(j, "started", k->started);
	const struct source_look s = { .source = SOURCE_TRIPWIRE, .server = PRIMARY, .gap = gap, .ok = true, .state = j };
	return source_write(k, &s, e);
}

static bool watch_tripwire(struct tick *k, const struct look *l, struct err *e)
{
	struct source old;
	struct rows r;
	const char *why = !l->trip_there ? "the tripwire is not on the table" : !l->trip_enabled ? "the tripwire was switched off or changed"
		: l->trip_count < 0 ? "the tripwire's count cannot be read" : NULL;
	if (why) {
		const struct source_look blind = { .source = SOURCE_TRIPWIRE, .server = PRIMARY, .gap = why, .why = why };
		return source_write(k, &blind, e);
	}
	if (!source_read(k, SOURCE_TRIPWIRE, PRIMARY, &old, e))
		return false;
	if (!old.known)
		return trip_state(k, l, "it can be read again from here on", e);
	if (l->trip_count < old.count)
		return trip_state(k, l, "the tripwire's count went down: it was put there anew", e);
	if (l->trip_count == old.count)
		return trip_state(k, l, NULL, e);
	if (!trip_rows(k, old.looked, &r, e))
		return false;
	k->explained = true;
	/* Nobody noted and a restart in between: the sequence's own jump, no write. */
	bool jump = r.n == 0 && old.started != k->started && l->trip_count - old.count <= SEQUENCE_LOGGED_AHEAD;
	return (jump || trip_sightings(k, &r, e)) && trip_state(k, l, NULL, e);
}

static bool watch_sessions(struct tick *k, const char *server, const struct sessions *v, struct err *e)
{
	struct source old;
	bool far = strcmp(server, PRIMARY) != 0;
	if (!source_read(k, SOURCE_SESSIONS, server, &old, e))
		return false;
	for (size_t i = 0; i < v->n; i++) {
		const struct session *s = &v->v[i];
		if (!s->active && (!old.known || s->at <= old.looked))
			continue;
		k->explained = k->explained || !far;
		const struct seen see = { .source = SOURCE_SESSIONS, .server = server, .consumer = session_key(k->a, s, far ? server : NULL),
			.who = session_who(k->a, s->role, s->app, s->addr), .touch = s->touch, .use = s->use };
		if (!sighting_write(k, &see, e))
			return false;
	}
	struct json *j = json_obj(k->a);
	json_add_int(j, "hidden", (int64_t)v->hidden);
	bool slept = old.known && k->now - old.looked > 5 * US_MINUTE;
	const struct source_look l = { .source = SOURCE_SESSIONS, .server = server, .ok = !v->bad, .state = j, .why = v->bad,
		.gap = v->bad ? v->bad : slept ? "nobody looked for a while" : NULL };
	return source_write(k, &l, e);
}

/* A standby that is out of reach keeps its counters: what it says when it is back tells whether they bridge the time. */
static bool watch_standby(struct tick *k, const struct standby *s, struct err *e)
{
	bool cleared = tick_survives(k, arena_printf(k->a, "standby %s", s->name));
	bool sees = s->asked && s->statements.there;
	if (s->asked ? !watch_sessions(k, s->name, &s->sessions, e) || !watch_serverlog(k, s->name, &s->log, e) :
		s->can_be_asked && !watch_serverlog_away(k, s->name, s->why, e))
		return false;
	if (sees || (s->asked && !cleared))
		return watch_statements(k, s->name, &s->statements, e);
	const char *why = arena_printf(k->a, "standby %s: %s", s->name, s->asked ? s->statements.why : s->why);
	const struct source_look l = { .source = s->can_be_asked && !cleared ? SOURCE_STATEMENTS : SOURCE_STANDBY, .server = s->name, .ok = cleared,
		.why = why, .keep_state = true };
	return source_write(k, &l, e);
}

static bool write_all(struct tick *k, const struct look *l, struct err *e)
{
	if (!watch_statements(k, PRIMARY, &l->statements, e) || !watch_tripwire(k, l, e) || !watch_sessions(k, PRIMARY, &l->sessions, e) ||
		!watch_serverlog(k, PRIMARY, &l->log, e) ||
		(plan_target(k->plan) == TARGET_TABLE && !watch_scans(k, e)))
		return false;
	for (size_t i = 0; i < l->n_standbys; i++)
		if (!watch_standby(k, &l->standbys[i], e))
			return false;
	return source_forget_old(k, e);
}

/* Of rows the tripwire alone speaks: reads of the table go on, and nothing is written on a standby. Nothing else is read there. */
static bool write_tripwire(struct tick *k, const struct look *l, struct err *e)
{
	return watch_tripwire(k, l, e) && source_forget_old(k, e);
}

/* ahead: what notes itself, before all else is looked at. */
struct sources { bool (*ahead)(struct tick *, struct err *); bool (*look)(struct tick *, struct look *, struct err *), (*write)(struct tick *, const struct look *, struct err *); };

static bool tick_commit(struct tick *k, const struct sources *from, const struct look *l, struct err *e)
{
	if (!db_script(k->db, k->a, OWN_TAG "BEGIN", 5000, NULL, e))
		return false;
	if (!from->write(k, l, e)) {
		db_rollback(k->db);
		return false;
	}
	struct err why = { 0 };
	if (db_commit(k->db, 10000, &why) == DB_COMMITTED)
		return true;
	return err_set(e, why.code ? why.code : ERR_DB, why.hint, "the sample was not kept: %s", why.msg);
}

bool watch_tick(struct db *db, struct arena *a, const char *sid, const struct plan *p, const struct fact_target *t,
	const char *const *surviving, size_t n_surviving, struct err *e)
{
	struct tick k = { .db = db, .a = a, .sid = sid, .plan = p, .target = t, .surviving = surviving, .n_surviving = n_surviving };
	struct look l = { 0 };
	bool mine;
	if (!tick_begin(&k, &mine, e))
		return err_in(e, "watching");
	if (!mine)
		return true;   /* another gatewalk takes this sample just now */
	const struct sources from = plan_target(p) == TARGET_ROWS ? (struct sources){ NULL, look_tripwire, write_tripwire } : (struct sources){ watch_slot, look_all, write_all };
	bool ok = (!from.ahead || from.ahead(&k, e)) && from.look(&k, &l, e) && tick_commit(&k, &from, &l, e);
	tick_end(&k);
	return ok || err_in(e, "watching");
}
