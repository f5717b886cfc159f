/* SPDX-License-Identifier: MIT */
#include "adapter/audit.h"

#include <string.h>

#include "adapter/own.h"
#include "adapter/slot.h"
#include "adapter/watch_private.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "base/when.h"
#include "port/db.h"
#include "port/jsonread.h"

#define US(col) "(extract(epoch FROM " col ") * 1000000)::bigint"

static const char SOURCES_SQL[] = OWN_TAG
"SELECT source, server, " US("since") ", " US("looked_at") ", ok, coalesce(why, ''), gap, " US("gap_at") ", state\n"
"FROM gatewalk.source WHERE sid = $1 ORDER BY gap_at NULLS FIRST, source, server";
enum { R_SOURCE, R_SERVER, R_SINCE, R_LOOKED, R_OK, R_WHY, R_GAP, R_GAP_AT, R_STATE, R_COLS };

struct reading { struct fact_watch *out; struct arena *a; int64_t ticked; bool all_ok, any; };

/* Statements and tripwire count on while nobody looks: only they make the unbroken time. */
static void cumulative(struct reading *g, char *const *c)
{
	struct fact_watch *out = g->out;
	int64_t since = cell_int(c[R_SINCE]), looked = cell_int(c[R_LOOKED]);
	g->all_ok = g->all_ok && cell_bool(c[R_OK]);
	g->any = true;
	if (since > out->unbroken_since)
		out->unbroken_since = since;
	if (out->at == 0 || looked < out->at)
		out->at = looked;
	if (c[R_GAP]) {
		char buf[WHEN_MAX];
		out->gap = arena_printf(g->a, "%s on %s, %s: %s", c[R_SOURCE], c[R_SERVER], when_iso(cell_int(c[R_GAP_AT]), buf), c[R_GAP]);
	}
}

static void standby(struct reading *g, char *const *c)
{
	if (cell_bool(c[R_OK]))
		return;
	g->out->standbys_ok = false;
	g->out->standbys_why = c[R_WHY];
}

/* Further pairs of eyes: what they see counts, their gaps do not. */
static bool is_extra(const char *name)
{
	static const char *const extra[] = { SOURCE_SESSIONS, SOURCE_SCANS, SOURCE_LOG, SOURCE_PLANS, SOURCE_PGAUDIT };
	for (size_t i = 0; i < sizeof extra / sizeof *extra; i++)
		if (text_eq(name, extra[i]))
			return true;
	return false;
}

static void source(struct reading *g, char *const *c)
{
	bool primary = text_eq(c[R_SERVER], PRIMARY);
	if (is_extra(c[R_SOURCE]))
		return;
	if (!primary)
		standby(g, c);
	if (text_eq(c[R_SOURCE], SOURCE_STANDBY))
		return;
	cumulative(g, c);
	if (primary && text_eq(c[R_SOURCE], SOURCE_STATEMENTS)) {
		g->out->statements_there = cell_bool(c[R_OK]);
		g->out->statements_why = cell_bool(c[R_OK]) ? NULL : c[R_WHY];
	} else if (primary && text_eq(c[R_SOURCE], SOURCE_TRIPWIRE)) {
		const struct json *j = json_read(g->a, c[R_STATE], strlen(c[R_STATE]), NULL);
		g->ticked = j ? json_int_or(j, "count", -1) : -1;
	}
}

static bool read_sources(struct db *db, const char *sid, struct reading *g, struct err *e)
{
	const char *v[] = { sid };
	const struct query q = { .sql = SOURCES_SQL, .args = v, .nargs = 1, .cols = R_COLS };
	struct rows r;
	if (!db_ask(db, g->a, &q, &r, e))
		return false;
	g->out->standbys_ok = r.n > 0;
	g->all_ok = true;
	for (int i = 0; i < r.n; i++)
		source(g, r.cell[i]);
	if (!g->any || !g->all_ok)
		g->out->unbroken_since = 0;   /* one that is blind now watches nothing */
	if (!g->any)
		g->out->statements_why = "the watcher has not looked yet: gatewalk job tick";
	return true;
}

static bool read_sighting(struct db *db, struct arena *a, const char *sid, int64_t since, struct fact_watch *out, struct err *e)
{
	const char *v[] = { sid, arena_printf(a, "%lld", (long long)since) };
	const struct query q = { .sql = OWN_TAG "SELECT " US("at") ", text FROM gatewalk.sighting WHERE sid = $1\n"
		"AND at >= to_timestamp($2::bigint / 1000000.0) ORDER BY at DESC, id DESC LIMIT 1", .args = v, .nargs = 2, .cols = 2, .max_rows = 1 };
	struct rows r;
	if (!db_ask(db, a, &q, &r, e))
		return false;
	if (r.n) {
		out->last_sighting = cell_int(r.cell[0][0]);
		out->sighted = r.cell[0][1];
	}
	return true;
}

/* The tripwire as it is now, not as the last sample saw it: a write since then counts at once. */
static bool read_tripwire(struct db *db, const char *sid, struct reading *g, struct err *e)
{
	const char *v[] = { sid };
	struct fact_watch *out = g->out;
	const struct query q = { .sql = OWN_TAG "SELECT relid, " US("clock_timestamp()") " FROM gatewalk.walk WHERE sid = $1",
		.args = v, .nargs = 1, .cols = 2, .max_rows = 1 };
	struct rows r;
	if (!db_ask(db, g->a, &q, &r, e))
		return false;
	if (r.n == 0)
		return true;
	if (!own_tripwire_look(db, g->a, sid, (unsigned)cell_int(r.cell[0][0]), &out->tripwire_there, &out->tripwire_enabled, &out->trip_count, e))
		return false;
	if (g->ticked >= 0 && out->trip_count > g->ticked && out->tripwire_there) {
		out->last_sighting = cell_int(r.cell[0][1]);
		out->sighted = "somebody wrote it since the watcher looked last";
	}
	return true;
}

/* How much it keeps now, not at the last sample. */
static bool read_slot(struct db *db, const char *sid, struct reading *g, struct err *e)
{
	struct fact_slot *out = &g->out->slot;
	struct slot_kept k;
	struct slot_seen s;
	if (!slot_kept_read(db, g->a, sid, &k, e) || !slot_look(db, g->a, sid, &s, e))
		return false;
	if (!k.known)
		return true;
	*out = (struct fact_slot){ .there = s.there, .why = k.ok ? NULL : k.why, .since = k.since, .held = s.held, .limit = k.limit, .age = s.age };
	if (s.server_max >= 0 && s.server_max < k.limit)
		out->limit = s.server_max;
	if (k.ok && !s.there)
		out->why = SLOT_GONE;
	return true;
}

bool watch_read(struct db *db, struct arena *a, const char *sid, int64_t since, struct fact_watch *out, struct err *e)
{
	struct reading g = { .out = out, .a = a, .ticked = -1 };
	*out = (struct fact_watch){ .trip_count = -1 };
	if (read_sources(db, sid, &g, e) && read_sighting(db, a, sid, since, out, e) && read_tripwire(db, sid, &g, e) &&
		read_slot(db, sid, &g, e))
		return true;
	*out = (struct fact_watch){ .trip_count = -1 };   /* half a reading is none */
	return err_in(e, "reading what the watcher saw");
}

bool watch_untaken(struct db *db, struct arena *a, const char *sid, struct sighting **out, size_t *n, struct err *e)
{
	const char *v[] = { sid };
	const struct query q = { .sql = OWN_TAG "SELECT id, " US("at") ", source, touch, who, consumer, text FROM gatewalk.sighting\n"
		"WHERE sid = $1 AND NOT taken ORDER BY id LIMIT 1000", .args = v, .nargs = 1, .cols = 7 };
	struct rows r;
	*n = 0;
	if (!db_ask(db, a, &q, &r, e))
		return false;
	*out = arena_array(a, (size_t)r.n + 1, sizeof **out);
	for (int i = 0; i < r.n; i++) {
		char **c = r.cell[i];
		(*out)[i] = (struct sighting){ cell_int(c[0]), cell_int(c[1]), c[2], c[3], c[4], c[5], c[6] };
	}
	*n = (size_t)r.n;
	return true;
}

bool watch_taken(struct db *db, const char *sid, int64_t up_to_id, struct err *e)
{
	struct arena *a = arena_new();
	const char *v[] = { sid, arena_printf(a, "%lld", (long long)up_to_id) };
	const struct query q = { .sql = OWN_TAG "UPDATE gatewalk.sighting SET taken = true WHERE sid = $1 AND id <= $2::bigint AND NOT taken",
		.args = v, .nargs = 2, .cols = -1 };
	bool ok = db_ask(db, a, &q, NULL, e);
	arena_free(a);
	return ok;
}
