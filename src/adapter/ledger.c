/* SPDX-License-Identifier: MIT */
#include "adapter/ledger.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "port/db.h"

#define US(column) "(extract(epoch FROM " column ") * 1000000)::bigint"
#define AT(n) "(SELECT timestamptz 'epoch' + nullif($" #n "::bigint, 0) * interval '1 microsecond')"
#define HOLD_TRY_MS 100

static const char *num(struct arena *a, int64_t n)
{
	return arena_printf(a, "%lld", (long long)n);
}

bool ledger_open(struct db *db, const struct walk *w, const struct plan *p, const char *host, struct err *e)
{
	struct arena *a = arena_new();
	struct rows r;
	const char *args[] = { w->sid, p->name, p->digest, archetype_name(p->archetype), num(a, w->relid), num(a, w->attnum), plan_target_name(a, p),
		stage_name(w->stage), w->who, host, p->text, num(a, w->day_us) };
	const struct query q = {
		.sql = "INSERT INTO gatewalk.walk (sid, name, plan_digest, archetype, relid, attnum, target, stage, operator, host, plan, day_us)"
		       " VALUES ($1, $2, $3, $4, $5::oid, $6::smallint, $7, $8, $9, $10, $11, $12::bigint) ON CONFLICT (sid) DO NOTHING RETURNING sid",
		.args = args, .nargs = 12, .cols = 1, .min_rows = 0, .max_rows = 1,
	};
	bool ok = db_ask(db, a, &q, &r, e);
	if (ok && r.n == 0)
		ok = err_set(e, ERR_VERIFY, "gatewalk walk --fetch WALK goes on with it.", "the ledger already knows a walk with the id %s", w->sid);
	arena_free(a);
	return ok;
}

bool ledger_update(struct db *db, const struct walk *w, const struct plan *p, bool changing, struct err *e)
{
	struct arena *a = arena_new();
	bool ended = w->stage == AT_CLOSED || w->stage == AT_LEFT;
	const char *args[] = { w->sid, p->name, p->digest, stage_name(w->stage), changing ? "t" : "f", num(a, w->dropped_at), num(a, walk_watch_end(w, p)),
		ended ? "t" : "f", num(a, w->quiet_since), p->text, num(a, w->relid), num(a, w->attnum) };
	const struct query q = {
		.sql = "WITH u AS (UPDATE gatewalk.walk SET name = $2, plan_digest = $3, stage = $4, changing = $5::boolean, dropped_at = " AT(6) ","
		       " watched_until = " AT(7) ", closed_at = CASE WHEN $8::boolean THEN coalesce(closed_at, clock_timestamp()) END, quiet_since = " AT(9) ", plan = $10, relid = $11::oid, attnum = $12::smallint,"
		       " changed_at = clock_timestamp() WHERE sid = $1 RETURNING 1)"
		       " SELECT count(*), (SELECT pg_notify('gatewalk', $1)) FROM u",
		.args = args, .nargs = 12, .cols = 2, .min_rows = 1, .max_rows = 1,
	};
	struct rows r;
	bool ok = db_ask(db, a, &q, &r, e);
	if (ok && cell_int(r.cell[0][0]) != 1)
		ok = err_set(e, ERR_VERIFY, "The gatewalk schema was changed or restored: gatewalk verify LOG shows the log itself.", "the ledger does not know the walk %s", w->sid);
	arena_free(a);
	return ok;
}

bool ledger_mirror(struct db *db, const char *sid, int64_t n, const char *line, struct err *e)
{
	struct arena *a = arena_new();
	struct rows r;
	const char *args[] = { sid, num(a, n), line };
	const struct query put = {
		.sql = "INSERT INTO gatewalk.line (sid, n, line) VALUES ($1, $2::bigint, $3) ON CONFLICT (sid, n) DO NOTHING RETURNING n",
		.args = args, .nargs = 3, .cols = 1, .min_rows = 0, .max_rows = 1,
	};
	const struct query same = {
		.sql = "SELECT line = $3 FROM gatewalk.line WHERE sid = $1 AND n = $2::bigint",
		.args = args, .nargs = 3, .cols = 1, .min_rows = 1, .max_rows = 1,
	};
	bool ok = db_ask(db, a, &put, &r, e);
	if (ok && r.n == 0) {
		ok = db_ask(db, a, &same, &r, e);
		if (ok && !cell_bool(r.cell[0][0]))
			ok = err_set(e, ERR_VERIFY, "Two logs of one walk: find out which machine wrote the other one.",
				"line %lld of walk %s stands in the ledger with another text", (long long)n, sid);
	}
	arena_free(a);
	return ok;
}

static bool append(struct db *db, const char *sid, const struct anchor *entry, const struct anchor *prev, struct err *e)
{
	struct arena *a = arena_new();
	bool none = !prev || prev->n < 0;
	const char *args[] = { sid, num(a, entry->n), entry->head, num(a, none ? -1 : prev->n), none ? "" : prev->head, entry->kind };
	const struct query q = {
		.sql = "SELECT gatewalk.append($1, $2::bigint, $3, $4::bigint, $5, $6)",
		.args = args, .nargs = 6, .cols = 1, .min_rows = 1, .max_rows = 1,
	};
	struct err why = { 0 };
	bool ok = db_ask(db, a, &q, NULL, &why);
	if (!ok && strncmp(why.sqlstate, "GW", 2) == 0) {
		bool prefixed = strncmp(why.msg, "gatewalk: ", 10) == 0;
		why.code = ERR_VERIFY;
		snprintf(why.hint, sizeof why.hint, "%s", "The log and the ledger do not agree: gatewalk verify LOG shows which line; was the database restored?");
		memmove(why.msg, why.msg + (prefixed ? 10 : 0), strlen(why.msg) + 1 - (prefixed ? 10 : 0));
	}
	if (!ok && e)
		*e = why;
	arena_free(a);
	return ok;
}

static struct anchor entry_of(int64_t n, const char *head, const char *kind)
{
	struct anchor entry = { .n = n, .kind = kind };
	snprintf(entry.head, sizeof entry.head, "%s", head);
	return entry;
}

bool ledger_anchor(struct db *db, const char *sid, int64_t n, const char *head, const struct anchor *prev, struct err *e)
{
	const struct anchor entry = entry_of(n, head, "line");
	return append(db, sid, &entry, prev, e);
}

bool ledger_anchor_again(struct db *db, const char *sid, int64_t n, const char *head, const struct anchor *prev, struct err *e)
{
	const struct anchor entry = entry_of(n, head, "again");
	return append(db, sid, &entry, prev, e);
}

static const char ANCHOR[] = "SELECT n, head, kind, " US("at") ", xid FROM gatewalk.anchor WHERE sid = $1";

static void anchor_take(char **c, struct anchor *out)
{
	*out = (struct anchor){ .n = cell_int(c[0]), .kind = c[2], .at = cell_int(c[3]), .xid = c[4] };
	size_t len = strlen(c[1]);
	memcpy(out->head, c[1], len < sizeof out->head ? len : sizeof out->head - 1);
}

bool ledger_last(struct db *db, struct arena *a, const char *sid, struct anchor *out, struct err *e)
{
	struct rows r;
	const char *args[] = { sid };
	const struct query q = { .sql = arena_printf(a, "%s ORDER BY n DESC LIMIT 1", ANCHOR), .args = args, .nargs = 1, .cols = 5, .min_rows = 0, .max_rows = 1 };
	*out = (struct anchor){ .n = -1 };
	if (!db_ask(db, a, &q, &r, e))
		return false;
	if (r.n > 0)
		anchor_take(r.cell[0], out);
	return true;
}

bool ledger_at(struct db *db, struct arena *a, const char *sid, int64_t n, struct anchor *out, bool *there, struct err *e)
{
	struct rows r;
	const char *args[] = { sid, num(a, n) };
	const struct query q = { .sql = arena_printf(a, "%s AND n = $2::bigint", ANCHOR), .args = args, .nargs = 2, .cols = 5, .min_rows = 0, .max_rows = 1 };
	*out = (struct anchor){ .n = -1 };
	*there = false;
	if (!db_ask(db, a, &q, &r, e))
		return false;
	if ((*there = r.n > 0))
		anchor_take(r.cell[0], out);
	return true;
}

bool ledger_anchors(struct db *db, struct arena *a, const char *sid, struct anchor **out, size_t *n, struct err *e)
{
	struct rows r;
	const char *args[] = { sid };
	const struct query q = { .sql = arena_printf(a, "%s ORDER BY n", ANCHOR), .args = args, .nargs = 1, .ms = 60000, .cols = 5 };
	if (!db_ask(db, a, &q, &r, e))
		return false;
	*n = (size_t)r.n;
	*out = arena_array(a, *n + 1, sizeof **out);
	for (int i = 0; i < r.n; i++)
		anchor_take(r.cell[i], &(*out)[i]);
	return true;
}

bool ledger_mirrored(struct db *db, const char *sid, int64_t *n, struct err *e)
{
	struct arena *a = arena_new();
	const char *args[] = { sid };
	const struct query q = { .sql = "SELECT coalesce(max(n) + 1, 0) FROM gatewalk.line WHERE sid = $1", .args = args, .nargs = 1 };
	const char *count = db_value(db, a, &q, e);
	if (count)
		*n = cell_int(count);
	arena_free(a);
	return count != NULL;
}

bool ledger_page(struct db *db, struct arena *a, const char *sid, int64_t from, const char ***lines, size_t *n, struct err *e)
{
	struct rows r;
	const char *args[] = { sid, num(a, from), num(a, LEDGER_PAGE) };
	const struct query q = {
		.sql = "SELECT n, line FROM gatewalk.line WHERE sid = $1 AND n >= $2::bigint ORDER BY n LIMIT $3::bigint",
		.args = args, .nargs = 3, .ms = 60000, .cols = 2,
	};
	if (!db_ask(db, a, &q, &r, e))
		return false;
	*n = (size_t)r.n;
	*lines = arena_array(a, *n + 1, sizeof **lines);
	for (int i = 0; i < r.n; i++) {
		if (cell_int(r.cell[i][0]) != from + i)
			return err_set(e, ERR_VERIFY, "Fetch from the machine that wrote the log instead.", "the ledger's mirror of walk %s has no line %lld",
				sid, (long long)from + i);
		(*lines)[i] = r.cell[i][1];
	}
	return true;
}

bool ledger_lines(struct db *db, struct arena *a, const char *sid, const char ***lines, size_t *n, struct err *e)
{
	const char **page;
	size_t here = 0, cap = 0;
	*lines = NULL;
	*n = 0;
	do {
		if (!ledger_page(db, a, sid, (int64_t)*n, &page, &here, e))
			return false;
		for (size_t i = 0; i < here; i++) {
			*lines = arena_grow(a, *lines, n, &cap, sizeof **lines);
			(*lines)[*n - 1] = page[i];
		}
	} while (here == LEDGER_PAGE);
	return true;
}

bool ledger_find(struct db *db, struct arena *a, const char *word, struct ledger_walk **out, size_t *n, struct err *e)
{
	struct rows r;
	const char *args[] = { word ? word : "" };
	const struct query q = {
		.sql = "SELECT sid, name, plan_digest, stage, target, operator, host, " US("opened_at") ", " US("changed_at") ", " US("closed_at") ","
		       " " US("dropped_at") ", " US("watched_until") ", " US("quiet_since") ", day_us, plan"
		       " FROM gatewalk.walk WHERE starts_with(sid, $1) OR starts_with(name, $1) ORDER BY opened_at DESC, sid",
		.args = args, .nargs = 1, .cols = 15,
	};
	if (!db_ask(db, a, &q, &r, e))
		return false;
	*n = (size_t)r.n;
	*out = arena_array(a, *n + 1, sizeof **out);
	for (int i = 0; i < r.n; i++) {
		char **c = r.cell[i];
		(*out)[i] = (struct ledger_walk){ .sid = c[0], .name = c[1], .plan_digest = c[2], .stage = c[3], .target = c[4], .operator_name = c[5],
			.host = c[6], .opened = cell_int(c[7]), .changed = cell_int(c[8]), .closed = cell_int(c[9]), .dropped = cell_int(c[10]),
			.watched_until = cell_int(c[11]), .quiet_since = cell_int(c[12]), .day_us = cell_int(c[13]), .plan = c[14] };
	}
	return true;
}

/* Who holds the walk's lock, in words. */
static const char *holder(struct db *db, struct arena *a, const char *sid)
{
	struct err ignored = { 0 };
	const char *args[] = { sid };
	const struct query q = {
		.sql = "SELECT format('login %s, %s, backend %s, since %s UTC', s.usename, coalesce(host(s.client_addr), 'this server''s socket'), s.pid,"
		       "  to_char(s.backend_start, 'YYYY-MM-DD HH24:MI:SS'))"
		       " FROM pg_locks l JOIN pg_stat_activity s USING (pid), (SELECT hashtextextended('gatewalk.walk.' || $1, 0) AS key) k"
		       " WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 AND l.database = s.datid AND s.datname = current_database()"
		       "  AND ((l.classid::bigint << 32) | l.objid::bigint) = k.key LIMIT 1",
		.args = args, .nargs = 1,
	};
	const char *who = db_value(db, a, &q, &ignored);
	return who ? who : "another session";
}

bool ledger_hold(struct db *db, const char *sid, int ms, struct err *e)
{
	struct arena *a = arena_new();
	const char *args[] = { sid };
	const struct query q = { .sql = "SELECT pg_try_advisory_lock(hashtextextended('gatewalk.walk.' || $1, 0))", .args = args, .nargs = 1 };
	const struct timespec pause = { .tv_nsec = HOLD_TRY_MS * 1000000L };
	for (int waited = 0;; waited += HOLD_TRY_MS) {
		const char *got = db_value(db, a, &q, e);
		bool held = got && cell_bool(got);
		if (got && !held && waited >= ms)
			err_set(e, ERR_USE, "Only one gatewalk at a time may be on a walk: quit the other one, or only look (gatewalk status).",
				"the walk is in use by another gatewalk (%s)", holder(db, a, sid));
		if (!got || held || waited >= ms) {
			arena_free(a);
			return held;
		}
		nanosleep(&pause, NULL);
	}
}

bool ledger_schema_log(struct db *db, const char *sid, const struct schema_entry *s, struct err *e)
{
	struct arena *a = arena_new();
	const char *args[] = { sid, s->target, s->statement, s->before, s->after, s->why, s->snapshot, s->operator_name, s->head, s->markdown };
	const struct query q = {
		/* Once a walk: after a crash the entry that stands is the entry. */
		.sql = "INSERT INTO gatewalk.schema_log (sid, target, statement, before, after, why, snapshot, operator, head, markdown)"
		       " VALUES ($1, $2, $3, coalesce($4, ''), coalesce($5, ''), coalesce($6, ''), coalesce($7, ''), $8, $9, $10) ON CONFLICT (sid) DO NOTHING",
		.args = args, .nargs = 10,
	};
	bool ok = db_ask(db, a, &q, NULL, e);
	arena_free(a);
	return ok;
}
