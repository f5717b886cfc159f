/* SPDX-License-Identifier: MIT */
/* One look at all of a server's log that is still there: plans of auto_explain, lines of pgaudit, errors that name the target. */
#include "adapter/audit_private.h"

#include "adapter/serverlog.h"
#include "adapter/watch_private.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"

static const char *on_server(struct arena *a, const char *server)
{
	return server ? arena_printf(a, " on %s", server) : "";
}

static void add_uses(struct audit *l, const struct serverlog *s, enum log_via via, const char *server)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct log_use *x = &s->v[i];
		if (x->via != via)
			continue;
		const struct consumer found = {
			.key = logged_key(l->a, x, server), .kind = "logged", .source = arena_printf(l->a, "%s%s", logged_source(via), x->who ? x->who : ""), .role = x->role,
			.app = x->app, .touch = x->touch, .last = x->last, .calls = x->calls, .names_column = x->use == USE_NAME, .may_survive = x->use == USE_STAR,
			.evidence = x->text, .server = server,
		};
		audit_add(l, &found);
	}
}

static void one_way(struct audit *l, const struct serverlog *s, enum log_via via, const char *server)
{
	const struct log_eye *x = &s->eye[via];
	struct audit_source from = { .name = logged_source(via), .server = server, .from = s->begins, .sees = x->sees, .why = s->there ? x->why : s->why };
	if (!s->there || !x->there)
		from.saw = SAW_MISSING;
	else if (x->why)
		from.saw = SAW_BLIND;
	else
		audit_window(l, from.name, server, &from);
	if (s->there && x->why)
		audit_blind(l, "%s%s: %s", from.name, on_server(l->a, server), x->why);
	audit_from(l, &from);
	add_uses(l, s, via, server);
}

/* What is true of each server's log is said once. */
static bool said(const struct audit *l, const char *limit)
{
	for (size_t i = 0; i < l->out->n_blind; i++)
		if (text_eq(l->out->blind[i], limit))
			return true;
	return false;
}

void audit_add_serverlog(struct audit *l, const struct serverlog *s, const char *server)
{
	const char *on = on_server(l->a, server);
	for (enum log_via via = 0; via < LOG_VIAS; via++)
		one_way(l, s, via, server);
	if (!s->there)
		audit_blind(l, "server log%s: %s", on, s->why);
	for (size_t i = 0; i < s->n_limits; i++)
		if (!server)
			audit_blind(l, "%s", s->limits[i]);
		else if (!said(l, s->limits[i]))
			audit_blind(l, "server log%s: %s", on, s->limits[i]);
}

bool audit_serverlog(struct audit *l, struct err *e)
{
	struct serverlog s;
	if (!serverlog_read(l->db, l->a, &l->names, l->target, NULL, &s, e))
		return false;
	audit_add_serverlog(l, &s, NULL);
	return true;
}
