/* SPDX-License-Identifier: MIT */
#include "adapter/audit_private.h"
#include "adapter/watch_private.h"

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "core/sql.h"
#include "port/db.h"

void audit_add_sessions(struct audit *l, const struct sessions *s, const char *server)
{
	struct audit_source from = { .name = SOURCE_SESSIONS, .server = server, .from = l->out->at, .sees = SEES_READ | SEES_WRITE | SEES_WHOLE | SEES_STAR };
	audit_window(l, SOURCE_SESSIONS, server, &from);
	if (s->hidden)
		from.why = arena_printf(l->a, "what %zu sessions run is hidden from this login: GRANT pg_read_all_stats TO %s", s->hidden, sql_ident(l->a, s->me));
	else if (s->bad)
		from.why = s->bad;
	else if (s->cut)
		from.why = arena_printf(l->a, "what %zu sessions run is longer than the server keeps: ALTER SYSTEM SET track_activity_query_size = '64kB'; then restart the server", s->cut);
	if (from.why)
		from.saw = SAW_BLIND;
	audit_from(l, &from);
	for (size_t i = 0; i < s->n; i++) {
		const struct session *x = &s->v[i];
		const struct consumer found = {
			.key = session_key(l->a, x, server), .kind = "session", .source = x->active ? "sessions, running now" : "sessions, its last statement",
			.role = x->role, .app = x->app, .touch = x->touch, .last = x->active ? l->out->at : x->at, .calls = 1,
			.names_column = x->use == USE_NAME, .may_survive = x->use == USE_STAR, .evidence = x->text, .server = server,
		};
		audit_add(l, &found);
	}
	if (from.why)
		audit_blind(l, "sessions%s%s: %s", server ? " on " : "", server ? server : "", from.why);
}

static const char WRITERS_SQL[] = OWN_TAG
"SELECT role, coalesce(app, ''), string_agg(DISTINCT addr, ', '), count(*), (extract(epoch FROM max(at)) * 1000000)::bigint, string_agg(DISTINCT op, ', ')\n"
"FROM gatewalk.trip WHERE sid = $1 GROUP BY 1, 2 ORDER BY 5 DESC";

static bool writers(struct audit *l, struct err *e)
{
	struct audit_source from = { .name = SOURCE_TRIPWIRE, .sees = SEES_WRITE | SEES_NESTED | SEES_DEFINER };
	if (!audit_window(l, SOURCE_TRIPWIRE, NULL, &from)) {
		from.saw = SAW_MISSING;
		from.why = "no watch has looked at it: a walk puts it on the table at item 4";
	}
	audit_from(l, &from);
	if (!l->names.schema_there || !*l->sid)
		return true;
	const char *v[] = { l->sid };
	const struct query q = { .sql = WRITERS_SQL, .args = v, .nargs = 1, .cols = 6 };
	struct rows r;
	if (!db_ask(l->db, l->a, &q, &r, e))
		return err_in(e, "reading the tripwire's rows");
	for (int i = 0; i < r.n; i++) {
		char **c = r.cell[i];
		const struct consumer found = {
			.key = arena_printf(l->a, "writer %s (%s)", c[0], *c[1] ? c[1] : "no name"), .kind = "writer", .source = "tripwire", .role = c[0], .app = c[1],
			.touch = TOUCH_WRITE, .last = cell_int(c[4]), .calls = cell_int(c[3]), .names_column = true,
			.evidence = arena_printf(l->a, "%s, noted once a minute at most%s%s", c[5], c[2] ? ", from " : "", c[2] ? c[2] : ""),
		};
		audit_add(l, &found);
	}
	return true;
}

bool audit_sessions(struct audit *l, struct err *e)
{
	struct sessions s;
	if (!sessions_read(l->db, l->a, &l->names, &s, e))
		return false;
	audit_add_sessions(l, &s, NULL);
	return l->names.target.kind > TARGET_ROWS || writers(l, e);
}
