/* SPDX-License-Identifier: MIT */
#include "adapter/sessions.h"

#include <string.h>

#include "adapter/audit.h"
#include "adapter/audit_opinion.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "port/db.h"

/* The server cuts a text at a whole character. */
static const char SESSIONS_SQL[] = OWN_TAG
"SELECT coalesce(usename, ''), coalesce(application_name, ''), coalesce(host(client_addr), ''), query,\n"
"  (extract(epoch FROM coalesce(query_start, clock_timestamp())) * 1000000)::bigint, coalesce(state, '') = 'active',\n"
"  octet_length(query) >= pg_size_bytes(current_setting('track_activity_query_size')) - 4, session_user\n"
"FROM pg_stat_activity WHERE datname = current_database() AND coalesce(backend_type, 'client backend') = 'client backend'\n"
"  AND pid <> pg_backend_pid() AND query <> '' ORDER BY query_start";

bool sessions_read(struct db *db, struct arena *a, const struct names *n, struct sessions *out, struct err *e)
{
	const struct query q = { .sql = SESSIONS_SQL, .cols = 8 };
	struct rows r;
	size_t cap = 0;
	*out = (struct sessions){ 0 };
	struct err own = { 0 };
	if (!db_ask(db, a, &q, &r, &own) && strcmp(own.sqlstate, "22021") == 0) {
		out->bad = arena_printf(a, "a session's text is not in the database's encoding (%s): nothing of any session can be read while it runs", own.msg);
		return true;
	}
	if (own.code != ERR_NONE) {
		if (e)
			*e = own;
		return err_in(e, "looking at sessions");
	}
	for (int i = 0; i < r.n; i++) {
		char **c = r.cell[i];
		out->me = c[7];
		if (text_eq(c[3], "<insufficient privilege>")) {
			out->hidden++;
			continue;
		}
		if (names_own_session(n, c[0], c[1]))
			continue;
		struct text_found f = names_use(n, a, c[0], c[3], !cell_bool(c[6]));
		out->cut += f.use == USE_NONE && cell_bool(c[6]);
		if (f.use == USE_NONE)
			continue;
		out->v = arena_grow(a, out->v, &out->n, &cap, sizeof *out->v);
		out->v[out->n - 1] = (struct session){ c[0], c[1], c[2], c[3], cell_int(c[4]), cell_bool(c[5]), f.use, f.touch };
	}
	if (n->opinion)
		opinion_end(n->opinion);
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
