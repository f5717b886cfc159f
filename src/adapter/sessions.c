/* SPDX-License-Identifier: MIT */
#include "adapter/sessions.h"

#include "adapter/audit.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "port/db.h"

static const char SESSIONS_SQL[] = OWN_TAG
"SELECT coalesce(usename, ''), coalesce(application_name, ''), coalesce(host(client_addr), ''), query,\n"
"  (extract(epoch FROM coalesce(query_start, clock_timestamp())) * 1000000)::bigint, coalesce(state, '') = 'active'\n"
"FROM pg_stat_activity WHERE datname = current_database() AND coalesce(backend_type, 'client backend') = 'client backend'\n"
"  AND pid <> pg_backend_pid() AND query <> '' ORDER BY query_start";

bool sessions_read(struct db *db, struct arena *a, const struct names *n, struct sessions *out, struct err *e)
{
	const struct query q = { .sql = SESSIONS_SQL, .cols = 6 };
	struct rows r;
	size_t cap = 0;
	*out = (struct sessions){ 0 };
	if (!db_ask(db, a, &q, &r, e))
		return err_in(e, "looking at sessions");
	for (int i = 0; i < r.n; i++) {
		char **c = r.cell[i];
		if (text_eq(c[3], "<insufficient privilege>")) {
			out->hidden++;
			continue;
		}
		if (names_own_session(n, c[0], c[1]))
			continue;
		struct text_found f = names_use(n, a, c[0], c[3]);
		if (f.use == USE_NONE)
			continue;
		out->v = arena_grow(a, out->v, &out->n, &cap, sizeof *out->v);
		out->v[out->n - 1] = (struct session){ c[0], c[1], c[2], c[3], cell_int(c[4]), cell_bool(c[5]), f.use, f.touch };
	}
	return true;
}

const char *session_who(struct arena *a, const char *role, const char *app, const char *addr)
{
	const char *host = addr && *addr ? arena_printf(a, ", %s", addr) : "";
	if (!app || !*app)
		return arena_printf(a, "role %s%s", role, host);
	return arena_printf(a, "%s (role %s%s)", app, role, host);
}

const char *session_key(struct arena *a, const struct session *s, const char *server)
{
	return arena_printf(a, "session %s (%s)%s%s", s->role, *s->app ? s->app : "no name", server ? " on " : "", server ? server : "");
}
