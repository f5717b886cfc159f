/* SPDX-License-Identifier: MIT */
/* Counters of pg_stat_statements against those of the sample before. A count that grew is a sighting. The counters bridge the
   time in which nobody looked, as long as nothing says that they were set back. */
#include "adapter/watch_private.h"

#include <string.h>

#include "adapter/audit.h"
#include "adapter/sessions.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "base/when.h"
#include "port/db.h"

#define QUERY_MAX 4000   /* bytes of a text kept as evidence */

struct stored { int64_t queryid, calls; const char *role; bool seen; };
struct compared { struct tick *k; const char *server; struct source old; struct stored *v; size_t n; const char *gap; };

const char *statement_key(struct arena *a, int64_t queryid, const char *role, const char *server)
{
	bool far = server && strcmp(server, PRIMARY) != 0;
	return arena_printf(a, "statement %lld by %s%s%s", (long long)queryid, role, far ? " on " : "", far ? server : "");
}

static bool stored_read(struct compared *c, struct err *e)
{
	struct tick *k = c->k;
	const char *v[] = { k->sid, c->server };
	const struct query q = { .sql = OWN_TAG "SELECT queryid, calls, role FROM gatewalk.statement WHERE sid = $1 AND server = $2",
		.args = v, .nargs = 2, .cols = 3 };
	struct rows r;
	if (!db_ask(k->db, k->a, &q, &r, e))
		return false;
	c->n = (size_t)r.n;
	c->v = arena_array(k->a, c->n + 1, sizeof *c->v);
	for (int i = 0; i < r.n; i++)
		c->v[i] = (struct stored){ cell_int(r.cell[i][0]), cell_int(r.cell[i][1]), r.cell[i][2], false };
	return true;
}

static struct stored *stored_find(struct compared *c, const struct statement *s)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->v[i].queryid == s->queryid && text_eq(c->v[i].role, s->role))
			return &c->v[i];
	return NULL;
}

static bool statement_write(struct compared *c, const struct statement *s, bool ran, struct err *e)
{
	struct tick *k = c->k;
	const char *v[] = { k->sid, c->server, arena_printf(k->a, "%lld", (long long)s->queryid), s->role, s->use == USE_STAR ? "star" : "name",
		s->touch == TOUCH_WRITE ? "write" : "read", names_cut(k->a, s->text, QUERY_MAX), arena_printf(k->a, "%lld", (long long)s->calls), ran ? "t" : "f" };
	const struct query q = { .sql = OWN_TAG
		"INSERT INTO gatewalk.statement AS x (sid, server, queryid, role, how, touch, query, calls, last_at)\n"
		"VALUES ($1, $2, $3::bigint, $4, $5, $6, $7, $8::bigint, CASE WHEN $9::boolean THEN clock_timestamp() END)\n"
		"ON CONFLICT (sid, server, queryid, role) DO UPDATE SET how = excluded.how, touch = excluded.touch, query = excluded.query,\n"
		"  calls = excluded.calls, last_at = coalesce(excluded.last_at, x.last_at)", .args = v, .nargs = 9, .cols = -1 };
	return db_ask(k->db, k->a, &q, NULL, e);
}

static bool statement_gone(struct compared *c, const struct stored *s, struct err *e)
{
	struct tick *k = c->k;
	const char *v[] = { k->sid, c->server, arena_printf(k->a, "%lld", (long long)s->queryid), s->role };
	const struct query q = { .sql = OWN_TAG "UPDATE gatewalk.statement SET calls = 0 WHERE sid = $1 AND server = $2 AND queryid = $3::bigint AND role = $4",
		.args = v, .nargs = 4, .cols = -1 };
	return db_ask(k->db, k->a, &q, NULL, e);
}

static bool statement_compare(struct compared *c, const struct statement *s, struct err *e)
{
	struct tick *k = c->k;
	struct stored *old = stored_find(c, s);
	bool ran = old ? s->calls != old->calls : c->old.known;   /* fewer calls than before: set back, and run since */
	if (old)
		old->seen = true;
	if (s->use == USE_NONE)
		return true;
	if (old && s->calls < old->calls && !c->gap)
		c->gap = arena_printf(k->a, "the count of statement %lld by %s went down from %lld to %lld", (long long)s->queryid, s->role,
			(long long)old->calls, (long long)s->calls);
	if (old && !ran)
		return true;
	if (!statement_write(c, s, ran, e))
		return false;
	if (!ran)
		return true;
	k->explained = k->explained || text_eq(c->server, PRIMARY);
	const struct seen see = { .source = SOURCE_STATEMENTS, .server = c->server, .consumer = statement_key(k->a, s->queryid, s->role, c->server),
		.who = session_who(k->a, s->role, s->app, s->addr), .touch = s->touch, .use = s->use };
	return sighting_write(k, &see, e);
}

/* What says that the counters do not speak for all the time since the last sample; NULL when they do. A restart alone is
   fine: the file that keeps the counters also keeps the time of their reset. */
static const char *gap_of(struct tick *k, const struct source *old, const struct statements *st)
{
	char buf[WHEN_MAX];
	if (!old->known)
		return "it can be read again from here on";
	if (old->reset != st->reset)
		return arena_printf(k->a, "the statistics of statements were reset or lost at %s%s", when_iso(st->reset, buf),
			old->started != st->started ? ", with a restart of the server" : "");
	if (st->dealloc > old->dealloc)
		return arena_printf(k->a, "the server threw statements out of its statistics: ALTER SYSTEM SET pg_stat_statements.max = 20000, then restart");
	if (st->dealloc < old->dealloc)
		return "the statistics of statements are not those of the look before";
	if (strcmp(old->track, st->track) != 0)
		return arena_printf(k->a, "what is tracked was changed from (%s) to (%s)", old->track, st->track);
	return NULL;
}

static struct json *state_of(struct tick *k, const struct statements *st)
{
	struct json *j = json_obj(k->a);
	json_add_int(j, "dealloc", st->dealloc);
	json_add_int(j, "reset", st->reset);
	json_add_int(j, "started", st->started);
	json_add_str(j, "track", st->track);
	return j;
}

bool watch_statements(struct tick *k, const char *server, const struct statements *st, struct err *e)
{
	struct compared c = { .k = k, .server = server };
	if (!st->there) {
		const struct source_look blind = { .source = SOURCE_STATEMENTS, .server = server, .gap = st->why, .why = st->why };
		return source_write(k, &blind, e);
	}
	if (!source_read(k, SOURCE_STATEMENTS, server, &c.old, e) || !stored_read(&c, e))
		return false;
	c.gap = gap_of(k, &c.old, st);
	for (size_t i = 0; i < st->n; i++)
		if (!statement_compare(&c, &st->v[i], e))
			return false;
	for (size_t i = 0; i < c.n; i++) {
		if (c.v[i].seen || c.v[i].calls == 0)
			continue;
		if (!c.gap)
			c.gap = arena_printf(k->a, "statement %lld by %s is gone from the statistics", (long long)c.v[i].queryid, c.v[i].role);
		if (!statement_gone(&c, &c.v[i], e))
			return false;
	}
	const struct source_look l = { .source = SOURCE_STATEMENTS, .server = server, .ok = true, .gap = c.gap, .state = state_of(k, st) };
	return source_write(k, &l, e);
}
