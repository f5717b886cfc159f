/* SPDX-License-Identifier: MIT */
#include "adapter/serverlog.h"

#include <string.h>

#include "adapter/audit.h"
#include "adapter/audit_opinion.h"
#include "adapter/serverlog_private.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "port/db.h"

#define TEXT_MAX 4000   /* bytes of a text kept as evidence */
#define USES_MAX 1000   /* roles and applications told apart */

struct uses {
	struct arena *a;
	struct log_ask ask;
	struct serverlog *out;
	const char **at;            /* of each use, as it is logged */
	size_t cap, cap_at, n_at;
};

static struct log_use *same_use(struct uses *u, const struct log_use *x)
{
	for (size_t i = 0; i < u->out->n; i++) {
		struct log_use *o = &u->out->v[i];
		if (o->via == x->via && o->use == x->use && text_eq(o->role, x->role) && text_eq(o->app, x->app))
			return o;
	}
	return u->out->n < USES_MAX ? NULL : &u->out->v[USES_MAX - 1];
}

static void add_use(struct uses *u, const struct log_use *x, const char *at)
{
	struct serverlog *out = u->out;
	struct log_use *o = same_use(u, x);
	if (!o) {
		out->v = arena_grow(u->a, out->v, &out->n, &u->cap, sizeof *out->v);
		u->at = arena_grow(u->a, u->at, &u->n_at, &u->cap_at, sizeof *u->at);
		o = &out->v[out->n - 1];
		*o = *x;
		o->role = arena_dup(u->a, x->role);
		o->app = arena_dup(u->a, x->app);
		o->addr = arena_dup(u->a, x->addr);
		o->text = names_cut(u->a, arena_dup(u->a, x->text), TEXT_MAX);
	}
	if (x->touch > o->touch)
		o->touch = x->touch;
	o->calls++;
	u->at[o - out->v] = at ? arena_dup(u->a, at) : "";
}

static void take(void *ctx, const struct log_record *r)
{
	struct uses *u = ctx;
	struct log_hit h;
	struct arena *a = arena_new();
	const char *setting = logjudge_setting(a, r);
	if (setting)
		u->out->gap = arena_printf(u->a, "what the server logs was changed: %s", setting);
	if (logjudge(a, &u->ask, r, &h)) {
		const char *addr = text_eq(r->addr, "[local]") ? NULL : r->addr;
		const struct log_use x = { .via = h.via, .role = r->role ? r->role : "unknown", .app = r->app, .addr = addr, .text = h.text, .use = h.use, .touch = h.touch,
			.who = h.who };
		add_use(u, &x, r->at);
	}
	arena_free(a);
}

static const char RELATIONS_SQL[] = OWN_TAG
"WITH RECURSIVE tree AS (SELECT $1::oid AS oid, 0 AS depth UNION SELECT i.inhrelid, 1 FROM tree JOIN pg_inherits i ON i.inhparent = tree.oid)\n"
"SELECT n.nspname, c.relname FROM (SELECT oid, min(depth) AS depth FROM tree GROUP BY 1) t JOIN pg_class c USING (oid) JOIN pg_namespace n ON n.oid = c.relnamespace\n"
"ORDER BY t.depth, 1, 2";

static bool relations(struct db *db, struct arena *a, const struct names *n, const struct fact_target *t, const struct log_relation **out, struct err *e)
{
	const char *v[] = { arena_printf(a, "%u", n->target.kind == TARGET_TYPE ? 0 : t->relid) };
	const struct query q = { .sql = RELATIONS_SQL, .args = v, .nargs = 1, .cols = 2 };
	struct rows r;
	if (!db_ask(db, a, &q, &r, e))
		return false;
	struct log_relation *l = arena_array(a, (size_t)r.n + 1, sizeof *l);
	for (int i = 0; i < r.n; i++)
		l[i] = (struct log_relation){ r.cell[i][0], r.cell[i][1] };
	*out = l;
	return true;
}

static bool is_plain(const char *name)
{
	return name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_$")] == '\0';
}

struct words { const char **v; size_t n, cap; bool odd; };

static void add_word(struct arena *a, struct words *w, const char *name)
{
	w->v = arena_grow(a, w->v, &w->n, &w->cap, sizeof *w->v);
	w->v[w->n - 1] = name;
	w->odd = w->odd || (name && !is_plain(name));
}

/* What an entry must hold to be worth reading. NULL when a name can be written in several ways. */
static const char *const *wanted(struct arena *a, const struct log_ask *ask)
{
	const struct text_target *t = &ask->names->target;
	struct words w = { 0 };
	add_word(a, &w, t->table);
	if (t->column)
		add_word(a, &w, t->column);
	for (size_t i = 0; t->views && t->views[i]; i++)
		add_word(a, &w, t->views[i]);
	for (const struct log_relation *r = ask->of; r->table; r++)
		add_word(a, &w, r->table);
	add_word(a, &w, "parameter");
	if (w.odd)
		return NULL;
	add_word(a, &w, "u&");
	add_word(a, &w, NULL);
	return w.v;
}

/* $1 the times as logged. One that is no time makes all of them unknown: then they count as of now. */
static const char TIMES_SQL[] = OWN_TAG
"SELECT (extract(epoch FROM coalesce(substring(x from '^\\d+-\\d+-\\d+ \\d+:\\d+:\\d+(?:\\.\\d+)?')::timestamp AT TIME ZONE current_setting('log_timezone'),\n"
"  clock_timestamp())) * 1000000)::bigint FROM json_array_elements_text($1::json) WITH ORDINALITY y(x, n) ORDER BY n";

static bool times(struct db *db, struct uses *u, const char *first, struct err *e)
{
	struct arena *a = u->a;
	struct json *j = json_arr(a);
	struct text t = { 0 };
	struct err own = { 0 };
	struct rows r;
	json_add_str(j, NULL, first);
	for (size_t i = 0; i < u->n_at; i++)
		json_add_str(j, NULL, u->at[i]);
	json_write(&t, j);
	const char *v[] = { arena_dup(a, text_str(&t)), arena_printf(a, "[%s]", "\"\"") };
	text_free(&t);
	struct query q = { .sql = TIMES_SQL, .args = v, .nargs = 1, .cols = 1 };
	bool good = db_ask(db, a, &q, &r, &own);
	if (!good && own.code != ERR_DB) {
		*e = own;
		return false;
	}
	q.args = v + 1;
	if (!good && !db_ask(db, a, &q, &r, e))
		return false;
	u->out->begins = cell_int(r.cell[0][0]);
	for (size_t i = 0; i < u->n_at; i++)
		u->out->v[i].last = cell_int(r.cell[good ? i + 1 : 0][0]);
	return true;
}

static void odd_entries(struct arena *a, const struct logread *r, struct serverlog *out)
{
	const struct log_count c = logread_count(r);
	if (c.unreadable)
		serverlog_limit(out, arena_printf(a, "%zu entries of the server log could not be read", c.unreadable));
	if (c.cut)
		serverlog_limit(out, arena_printf(a, "of %zu long entries of the server log only the first 2 MB were read", c.cut));
}

static bool read_all(struct db *db, struct arena *a, const struct log_setup *s, struct uses *u, const struct log_place *from, struct err *e)
{
	const struct log_opts o = { .format = u->out->format, .prefix = s->prefix, .wanted = wanted(a, &u->ask), .sink = take, .ctx = u };
	struct logread *r = logread_new(&o);
	bool ok = serverlog_files(db, a, s, from, r, u->out, e);
	const char *first = logread_first(r);
	if (ok && first) {
		ok = times(db, u, first, e);
		if (s->loaded > u->out->begins)
			u->out->begins = s->loaded;   /* what was logged before is not known */
	}
	odd_entries(a, r, u->out);
	logread_free(r);
	return ok;
}

bool serverlog_read(struct db *db, struct arena *a, const struct names *n, const struct fact_target *t, const struct log_place *from,
	struct serverlog *out, struct err *e)
{
	struct log_setup s = { 0 };
	struct uses u = { .a = a, .ask = { .names = n }, .out = out };
	struct err own = { 0 };
	*out = (struct serverlog){ 0 };
	bool ok = serverlog_setup(db, a, t, out, &s, &own);
	if (ok && !out->there)
		return true;
	u.ask.database = s.database;
	u.ask.one_column = s.one_column;
	ok = ok && relations(db, a, n, t, &u.ask.of, &own) && read_all(db, a, &s, &u, from, &own);
	if (n->opinion)
		opinion_end(n->opinion);
	if (ok)
		return true;
	if (own.code == ERR_DB) {
		out->there = false;
		out->why = arena_printf(a, "the server log cannot be read: %s", own.msg);
		return true;
	}
	if (e)
		*e = own;
	return err_in(e, "reading the server's log");
}
