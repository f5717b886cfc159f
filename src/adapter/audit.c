/* SPDX-License-Identifier: MIT */
#include "adapter/audit.h"

#include <stdarg.h>
#include <stdio.h>

#include "adapter/audit_opinion.h"
#include "adapter/audit_private.h"
#include "adapter/watch_private.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "port/db.h"

static struct consumer *found_by_key(struct audit *l, const char *key)
{
	for (size_t i = 0; i < l->out->n; i++)
		if (text_eq(l->out->found[i].key, key))
			return &l->out->found[i];
	return NULL;
}

static void merge(struct audit *l, struct consumer *to, const struct consumer *c)
{
	to->structural = to->structural || c->structural;
	to->names_column = to->names_column || c->names_column;
	to->may_survive = !to->structural && !to->names_column && (to->may_survive || c->may_survive);
	if (c->touch > to->touch)
		to->touch = c->touch;
	if (c->last > to->last)
		to->last = c->last;
	if (c->calls > to->calls)
		to->calls = c->calls;
	to->counted = NULL;   /* counted by two: neither speaks for both */
	if (!text_eq(to->source, c->source))
		to->source = arena_printf(l->a, "%s, %s", to->source, c->source);
}

void audit_from(struct audit *l, const struct audit_source *s)
{
	l->out->sources = arena_grow(l->a, l->out->sources, &l->out->n_sources, &l->cap_sources, sizeof *l->out->sources);
	struct audit_source *to = &l->out->sources[l->out->n_sources - 1];
	*to = *s;
	to->to = l->out->at;
	if (l->names.target.kind == TARGET_INDEX && !text_eq(s->name, SOURCE_SCANS))
		to->sees &= ~(unsigned)(SEES_READ | SEES_WRITE);   /* nobody names the indexes that a statement goes by */
}

static void hit(struct audit *l, const struct consumer *c)
{
	struct audit_source *s = &l->out->sources[l->out->n_sources - 1];
	s->hits++;
	s->saw = SAW_FOUND;
	if (c->last >= s->last) {
		s->last = c->last;
		s->who = c->key;
	}
}

void audit_add(struct audit *l, const struct consumer *c)
{
	struct consumer *old = found_by_key(l, c->key);
	hit(l, c);
	if (old) {
		merge(l, old, c);
		return;
	}
	l->out->found = arena_grow(l->a, l->out->found, &l->out->n, &l->cap_found, sizeof *l->out->found);
	struct consumer *to = &l->out->found[l->out->n - 1];
	*to = *c;
	to->evidence = c->evidence ? names_cut(l->a, c->evidence, EVIDENCE_MAX) : "";
}

void audit_blind(struct audit *l, const char *fmt, ...)
{
	char line[2048];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	l->out->blind = arena_grow(l->a, l->out->blind, &l->out->n_blind, &l->cap_blind, sizeof *l->out->blind);
	l->out->blind[l->out->n_blind - 1] = arena_dup(l->a, line);
}

void audit_blind_key(struct audit *l, const char *key)
{
	l->out->blind_keys = arena_grow(l->a, l->out->blind_keys, &l->out->n_blind_keys, &l->cap_keys, sizeof *l->out->blind_keys);
	l->out->blind_keys[l->out->n_blind_keys - 1] = key;
}

/* Strongest evidence first: what is found twice keeps the place and the text of the first. */
static bool (*const parts[])(struct audit *, struct err *) = {
	audit_catalog, audit_code, audit_statements, audit_serverlog, audit_sessions, audit_slot, audit_standbys, audit_trees, audit_declared,
};

static const char BEGIN_SQL[] = OWN_TAG "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint";
static const char WINDOWS_SQL[] = OWN_TAG
"SELECT source, server, (extract(epoch FROM since) * 1000000)::bigint, gap, ok, why FROM gatewalk.source WHERE sid = $1";
enum { W_SOURCE, W_SERVER, W_SINCE, W_GAP, W_OK, W_WHY, W_COLS };

static bool windows(struct audit *l, struct err *e)
{
	const char *v[] = { l->sid };
	const struct query q = { .sql = WINDOWS_SQL, .args = v, .nargs = 1, .cols = W_COLS };
	return !l->names.schema_there || !*l->sid || db_ask(l->db, l->a, &q, &l->windows, e);
}

bool audit_window(const struct audit *l, const char *source, const char *server, struct audit_source *s)
{
	for (int i = 0; i < l->windows.n; i++) {
		char **c = l->windows.cell[i];
		if (!text_eq(c[W_SOURCE], source) || !text_eq(c[W_SERVER], server ? server : PRIMARY))
			continue;
		s->from = cell_int(c[W_SINCE]);
		s->gap = c[W_GAP];
		if (!cell_bool(c[W_OK])) {
			s->saw = SAW_BLIND;
			s->why = c[W_WHY];
		}
		return true;
	}
	return false;
}

static bool audit_begin(struct audit *l, enum target kind, struct err *e)
{
	static const struct query now = { .sql = BEGIN_SQL, .cols = 1, .min_rows = 1, .max_rows = 1 };
	const char *at = db_value(l->db, l->a, &now, e);
	if (!at || !names_read(l->db, l->a, l->target, kind, &l->names, e) || !windows(l, e))
		return false;
	l->out->at = cell_int(at);
	return true;
}

static void not_parsed(struct audit *l)
{
	const char *why;
	size_t n = l->names.opinion ? opinion_unread(l->names.opinion, &why) : 0;
	if (n)
		audit_blind(l, "%zu texts could not be read by the parser, whose grammar is that of PostgreSQL 15: they are judged without it; the first: %s", n, why);
}

bool audit_look(struct db *db, struct arena *a, const struct audit_ask *ask, struct fact_audit *out, struct err *e)
{
	struct audit l = { .db = db, .a = a, .sid = ask->sid ? ask->sid : "", .plan = ask->plan, .target = ask->target, .out = out };
	*out = (struct fact_audit){ 0 };
	if (!l.target->found)
		return err_set(e, ERR_USE, NULL, "there is nothing to audit: %s", l.target->missing ? l.target->missing : "the target is not there");
	bool ok = audit_begin(&l, ask->kind, e);
	for (size_t i = 0; ok && i < sizeof parts / sizeof parts[0]; i++)
		ok = parts[i](&l, e);
	if (ok)
		not_parsed(&l);
	if (ok)
		audit_blind(&l, "not seen by any look at a server: programs that have not run yet, names put together at run time, statements that define or maintain "
			"(CREATE, ALTER, ANALYZE and the like), SQL kept in the rows of tables, exports and reports kept elsewhere, databases that read this one by dblink or a foreign server");
	else
		out->at = 0;   /* half an audit is none */
	return ok || err_in(e, "looking for consumers");
}
