/* SPDX-License-Identifier: MIT */
#include "adapter/audit_private.h"

#include "adapter/resolve.h"
#include "adapter/watch_private.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "base/when.h"
#include "port/db.h"

/* Calls alone are not enough: a statement set back to nothing can come to the same number of calls again. */
static const char *counted(struct arena *a, const struct statements *s, const struct statement *x)
{
	char buf[WHEN_MAX];
	if (!s->there || !x->spent)
		return NULL;
	return arena_printf(a, "%lld calls, %s ms, counted since %s, %lld times thrown out, %s", (long long)x->calls, x->spent,
		s->reset ? when_iso(s->reset, buf) : "ever", (long long)s->dealloc, s->track);
}

/* pg_stat_statements does not say when a statement ran last. The watch does; without it, "not after this look" is all that is
   known, and that is the safe side. */
static void statements_from(struct audit *l, const struct statements *s, const char *server)
{
	struct audit_source from = { .name = SOURCE_STATEMENTS, .server = server, .from = s->reset, .sees = SEES_READ | SEES_WRITE | SEES_WHOLE | SEES_STAR };
	if (s->all)
		from.sees |= SEES_NESTED | SEES_DEFINER;
	if (!audit_window(l, SOURCE_STATEMENTS, server, &from) && s->dealloc)
		from.gap = arena_printf(l->a, "the least used were forgotten, %lld times since the reset", (long long)s->dealloc);
	if (!s->there) {
		from.saw = SAW_MISSING;
		from.why = s->why;
	}
	audit_from(l, &from);
}

void audit_add_statements(struct audit *l, const struct statements *s, const char *server)
{
	statements_from(l, s, server);
	for (size_t i = 0; i < s->n; i++) {
		const struct statement *x = &s->v[i];
		if (x->use == USE_NONE)
			continue;
		const struct consumer found = {
			.key = statement_key(l->a, x->queryid, x->role, server), .kind = "statement", .role = x->role,
			.source = arena_printf(l->a, "pg_stat_statements%s", x->who),
			.app = x->app, .touch = x->touch, .last = l->out->at, .calls = x->calls, .counted = counted(l->a, s, x), .names_column = x->use == USE_NAME,
			.may_survive = x->use == USE_STAR, .evidence = x->text, .server = server,
		};
		audit_add(l, &found);
	}
}

static const char KEPT_SQL[] = OWN_TAG
"SELECT queryid, role, server, how, touch, query, calls, (extract(epoch FROM coalesce(last_at, first_at)) * 1000000)::bigint\n"
"FROM gatewalk.statement WHERE sid = $1 ORDER BY calls DESC";

static struct consumer *find(struct audit *l, const char *key)
{
	for (size_t i = 0; i < l->out->n; i++)
		if (text_eq(l->out->found[i].key, key))
			return &l->out->found[i];
	return NULL;
}

/* What the watch has kept: when each statement ran last, and those that are in the statistics no more. */
static bool kept(struct audit *l, struct err *e)
{
	const char *v[] = { l->sid };
	const struct query q = { .sql = KEPT_SQL, .args = v, .nargs = 1, .cols = 8 };
	struct rows r;
	if (!db_ask(l->db, l->a, &q, &r, e))
		return false;
	for (int i = 0; i < r.n; i++) {
		char **c = r.cell[i];
		bool far = !text_eq(c[2], PRIMARY), star = text_eq(c[3], "star");
		const struct consumer k = {
			.key = statement_key(l->a, cell_int(c[0]), c[1], c[2]), .kind = "statement", .source = "watched statements", .role = c[1],
			.touch = text_eq(c[4], "write") ? TOUCH_WRITE : TOUCH_READ, .last = cell_int(c[7]), .calls = cell_int(c[6]),
			.names_column = !star, .may_survive = star, .evidence = c[5], .server = far ? c[2] : NULL,
		};
		struct consumer *live = find(l, k.key);
		if (!live)
			audit_add(l, &k);
		else if (live->calls == k.calls)
			live->last = k.last;
	}
	return true;
}

static void limits(struct audit *l, const struct statements *s)
{
	char buf[WHEN_MAX];
	if (!s->there)
		audit_blind(l, "statements: %s", s->why);
	for (size_t i = 0; s->limits[i]; i++)
		audit_blind(l, "%s", s->limits[i]);
	if (s->reset)
		audit_blind(l, "statements that ran before %s are not counted, nor those that failed", when_iso(s->reset, buf));
}

/* What was taken back, by the server or by the parser. */
static void taken_back(struct audit *l, const struct statements *s, bool by_parser, const char *does)
{
	size_t without = 0;
	const char *first = NULL;
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].use == USE_NONE && s->v[i].by_parser == by_parser && !without++)
			first = statement_key(l->a, s->v[i].queryid, s->v[i].role, NULL);
	if (without)
		audit_blind(l, "%zu statements look by their words as if they used the %s; %s, so they do not count: %s%s", without, l->target->column ? "column" : "table", does,
			first, without > 1 ? ", ..." : "");
}

/* How far the opinions of the texts go. */
static void opinions(struct audit *l, const struct statements *s)
{
	taken_back(l, s, false, "the server resolves them to the table without it");
	taken_back(l, s, true, "the parser reads them whole without it");
	const struct resolver *r = l->names.resolver;
	if (r && resolver_why(r))
		audit_blind(l, "texts of statements are judged by their words and the parser, not resolved by the server: %s", resolver_why(r));
	if (r && resolver_late(r))
		audit_blind(l, "the server had no time to resolve %zu texts of statements: they are judged by their words and the parser", resolver_late(r));
}

bool audit_statements(struct audit *l, struct err *e)
{
	struct statements s;
	if (!statements_read(l->db, l->a, &l->names, &s, e))
		return false;
	limits(l, &s);
	audit_add_statements(l, &s, NULL);
	opinions(l, &s);
	return !l->names.schema_there || !*l->sid || kept(l, e);
}
