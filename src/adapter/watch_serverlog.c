/* SPDX-License-Identifier: MIT */
/* The server's log from where the sample before left it. As long as its files are there, it bridges the time in which nobody looked. Only a
   further pair of eyes: its gaps shut nothing. */
#include "adapter/watch_private.h"

#include <string.h>

#include "adapter/sessions.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"

const char *logged_source(enum log_via via)
{
	static const char *const names[LOG_VIAS] = { [LOG_PLANS] = SOURCE_PLANS, [LOG_AUDIT] = SOURCE_PGAUDIT, [LOG_ERRORS] = SOURCE_LOG };
	return names[via];
}

static bool is_far(const char *server)
{
	return server && strcmp(server, PRIMARY) != 0;
}

const char *logged_key(struct arena *a, const struct log_use *x, const char *server)
{
	return arena_printf(a, "logged %s (%s)%s%s", x->role, x->app && *x->app ? x->app : "no name", is_far(server) ? " on " : "", is_far(server) ? server : "");
}

bool watch_serverlog_from(struct tick *k, const char *server, struct log_place *out, struct err *e)
{
	struct source old;
	*out = (struct log_place){ 0 };
	if (!source_read(k, SOURCE_LOG, server, &old, e))
		return false;
	if (old.known)
		*out = (struct log_place){ .file = old.file, .offset = old.count, .head = old.head, .head_len = old.head_len };
	return true;
}

static struct json *state_of(struct tick *k, const struct serverlog *s, enum log_via via)
{
	struct json *j = json_obj(k->a);
	json_add_str(j, "track", s->eye[via].setup);
	if (via != LOG_ERRORS || !s->to.file)
		return j;
	json_add_int(j, "count", s->to.offset);
	json_add_str(j, "file", s->to.file);
	json_add_str(j, "head", s->to.head);
	json_add_int(j, "head_len", s->to.head_len);
	return j;
}

static bool one_way(struct tick *k, const char *server, const struct serverlog *s, enum log_via via, struct err *e)
{
	const struct log_eye *x = &s->eye[via];
	struct source old;
	if (!source_read(k, logged_source(via), server, &old, e))
		return false;
	const char *why = !s->there ? s->why : x->why;
	if (!why && s->behind)
		why = arena_printf(k->a, "the server's log grows faster than it is read: %lld MB are left", (long long)(s->behind >> 20));
	const char *gap = why ? why : s->gap;
	if (!gap && !old.known)
		gap = "it can be read again from here on";
	else if (!gap && strcmp(old.track, x->setup) != 0)
		gap = arena_printf(k->a, "what is logged was changed from (%s) to (%s)", old.track, x->setup);
	const struct source_look l = { .source = logged_source(via), .server = server, .ok = !why, .why = why, .gap = gap,
		.state = s->there ? state_of(k, s, via) : NULL };
	return source_write(k, &l, e);
}

bool watch_serverlog(struct tick *k, const char *server, const struct serverlog *s, struct err *e)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct log_use *x = &s->v[i];
		const struct seen see = { .source = logged_source(x->via), .server = server, .consumer = logged_key(k->a, x, server),
			.who = session_who(k->a, x->role, x->app, x->addr), .touch = x->touch, .use = x->use };
		k->explained = k->explained || !is_far(server);
		if (!sighting_write(k, &see, e))
			return false;
	}
	for (enum log_via via = 0; via < LOG_VIAS; via++)
		if (!one_way(k, server, s, via, e))
			return false;
	return true;
}

bool watch_serverlog_away(struct tick *k, const char *server, const char *why, struct err *e)
{
	for (enum log_via via = 0; via < LOG_VIAS; via++) {
		const struct source_look l = { .source = logged_source(via), .server = server, .why = why, .keep_state = true };
		if (!source_write(k, &l, e))
			return false;
	}
	return true;
}
