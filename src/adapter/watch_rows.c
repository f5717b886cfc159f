/* SPDX-License-Identifier: MIT */
#include "adapter/watch_private.h"

#include <string.h>

#include "adapter/audit.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "port/db.h"
#include "port/jsonread.h"

bool source_read(struct tick *k, const char *source, const char *server, struct source *out, struct err *e)
{
	const char *v[] = { k->sid, source, server };
	const struct query q = { .sql = OWN_TAG "SELECT (extract(epoch FROM since) * 1000000)::bigint, (extract(epoch FROM looked_at) * 1000000)::bigint, state\n"
		"FROM gatewalk.source WHERE sid = $1 AND source = $2 AND server = $3", .args = v, .nargs = 3, .cols = 3, .max_rows = 1 };
	struct rows r;
	*out = (struct source){ .track = "", .count = -1 };
	if (!db_ask(k->db, k->a, &q, &r, e))
		return false;
	if (r.n == 0)
		return true;
	char **c = r.cell[0];
	out->since = cell_int(c[0]);
	out->looked = cell_int(c[1]);
	const struct json *j = json_read(k->a, c[2], strlen(c[2]), NULL);
	if (!j || json_count(j) == 0)
		return true;   /* was blind the last time: this is a new beginning */
	out->known = true;
	out->reset = json_int_or(j, "reset", 0);
	out->dealloc = json_int_or(j, "dealloc", 0);
	out->started = json_int_or(j, "started", 0);
	out->count = json_int_or(j, "count", -1);
	out->checks = json_int_or(j, "checks", 0);
	out->file = json_str(j, "file");
	out->head = json_str(j, "head");
	out->head_len = json_int_or(j, "head_len", 0);
	out->track = json_str(j, "track") ? json_str(j, "track") : "";
	return true;
}

static const char *state_text(struct tick *k, struct json *state)
{
	struct text t = { 0 };
	if (state)
		json_write(&t, state);
	const char *s = arena_dup(k->a, state ? text_str(&t) : "{}");
	text_free(&t);
	return s;
}

bool source_write(struct tick *k, const struct source_look *l, struct err *e)
{
	const char *v[] = { k->sid, l->source, l->server, arena_printf(k->a, "%lld", (long long)k->now), state_text(k, l->state),
		l->gap, l->ok ? "t" : "f", l->why, l->keep_state ? "t" : "f" };
	const struct query q = { .sql = OWN_TAG
		"INSERT INTO gatewalk.source AS s (sid, source, server, since, looked_at, state, gap, gap_at, ok, why)\n"
		"SELECT $1, $2, $3, n.at, n.at, $5, NULL, NULL, $7::boolean, $8 FROM (SELECT to_timestamp($4::bigint / 1000000.0)) n(at)\n"
		"ON CONFLICT (sid, source, server) DO UPDATE SET looked_at = excluded.looked_at, ok = excluded.ok, why = excluded.why,\n"
		"  since = CASE WHEN $6::text IS NULL THEN s.since ELSE excluded.since END, gap = coalesce($6::text, s.gap),\n"
		"  gap_at = CASE WHEN $6::text IS NULL THEN s.gap_at ELSE excluded.looked_at END,\n"
		"  state = CASE WHEN $9::boolean THEN s.state ELSE excluded.state END",
		.args = v, .nargs = 9, .cols = -1 };
	return db_ask(k->db, k->a, &q, NULL, e);
}

bool source_forget_old(struct tick *k, struct err *e)
{
	const char *v[] = { k->sid, arena_printf(k->a, "%lld", (long long)k->now) };
	const struct query q = { .sql = OWN_TAG "DELETE FROM gatewalk.source WHERE sid = $1 AND looked_at < to_timestamp($2::bigint / 1000000.0)",
		.args = v, .nargs = 2, .cols = -1 };
	return db_ask(k->db, k->a, &q, NULL, e);
}

bool tick_survives(const struct tick *k, const char *key)
{
	for (size_t i = 0; i < k->n_surviving; i++)
		if (text_eq(k->surviving[i], key))
			return true;
	return false;
}

/* "airflow (role etl, 10.0.4.17) read legacy_total on db2" */
static const char *seen_text(struct tick *k, const struct seen *s)
{
	const char *verb = s->touch == TOUCH_WRITE ? "wrote" : "read";
	const char *what = s->use == USE_STAR ? arena_printf(k->a, "whole rows of %s", k->target->table) : k->target->column ? k->target->column : k->target->table;
	bool far = strcmp(s->server, PRIMARY) != 0;
	return arena_printf(k->a, "%s %s %s%s%s", s->who, verb, what, far ? " on " : "", far ? s->server : "");
}

bool sighting_write(struct tick *k, const struct seen *s, struct err *e)
{
	if (s->use == USE_STAR && tick_survives(k, s->consumer))
		return true;   /* what names the column is never let off: it is cleared only by having stopped */
	const char *v[] = { k->sid, s->source, s->touch == TOUCH_WRITE ? "write" : "read", s->who, s->consumer, seen_text(k, s),
		s->at ? arena_printf(k->a, "%lld", (long long)s->at) : NULL };
	const struct query q = { .sql = OWN_TAG
		"WITH t AS (SELECT coalesce(to_timestamp($7::bigint / 1000000.0), clock_timestamp()) AS at),\n"
		"moved AS (UPDATE gatewalk.sighting s SET at = greatest(s.at, t.at), touch = $3, who = $4, text = $6 FROM t\n"
		"  WHERE sid = $1 AND source = $2 AND consumer = $5 AND NOT taken RETURNING 1)\n"
		"INSERT INTO gatewalk.sighting (sid, source, touch, who, consumer, text, at) SELECT $1, $2, $3, $4, $5, $6, t.at FROM t\n"
		"WHERE NOT EXISTS (SELECT FROM moved)", .args = v, .nargs = 7, .cols = -1 };
	return db_ask(k->db, k->a, &q, NULL, e);
}
