/* SPDX-License-Identifier: MIT */
#include "adapter/audit.h"

#include <stdarg.h>
#include <stdio.h>

#include "adapter/audit_private.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "base/when.h"
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
	if (!text_eq(to->source, c->source))
		to->source = arena_printf(l->a, "%s, %s", to->source, c->source);
}

void audit_add(struct audit *l, const struct consumer *c)
{
	struct consumer *old = found_by_key(l, c->key);
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
	audit_catalog, audit_code, audit_statements, audit_sessions, audit_standbys, audit_declared,
};

static bool audit_begin(struct audit *l, struct err *e)
{
	static const struct query now = { .sql = OWN_TAG "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint", .cols = 1, .min_rows = 1, .max_rows = 1 };
	const char *at = db_value(l->db, l->a, &now, e);
	if (!at || !names_read(l->db, l->a, l->target, &l->names, e))
		return false;
	l->names.target.kind = plan_target(l->plan);
	l->out->at = cell_int(at);
	return true;
}

bool audit_look(struct db *db, struct arena *a, const char *sid, const struct plan *p, const struct fact_target *t, struct fact_audit *out, struct err *e)
{
	struct audit l = { .db = db, .a = a, .sid = sid ? sid : "", .plan = p, .target = t, .out = out };
	*out = (struct fact_audit){ 0 };
	if (!t->found)
		return err_set(e, ERR_USE, NULL, "there is nothing to audit: %s", t->missing ? t->missing : "the target is not there");
	bool ok = audit_begin(&l, e);
	for (size_t i = 0; ok && i < sizeof parts / sizeof parts[0]; i++)
		ok = parts[i](&l, e);
	if (ok)
		audit_blind(&l, "not seen by any look at a server: programs that have not run yet, names put together at run time, exports and reports kept elsewhere, "
			"databases that read this one by dblink or a foreign server");
	else
		out->at = 0;   /* half an audit is none */
	return ok || err_in(e, "looking for consumers");
}

static const char *touch_word(enum touch t)
{
	return t == TOUCH_WRITE ? "write" : t == TOUCH_READ ? "read" : "none";
}

static void consumer_json(struct json *list, const struct consumer *c)
{
	char buf[WHEN_MAX];
	struct json *o = json_add_obj(list, NULL);
	json_add_str(o, "key", c->key);
	json_add_str(o, "kind", c->kind);
	json_add_str(o, "source", c->source);
	json_add_str(o, "role", c->role);
	json_add_str(o, "app", c->app);
	json_add_str(o, "owner", c->owner);
	json_add_str(o, "touch", touch_word(c->touch));
	json_add_str(o, "last", c->last ? when_iso(c->last, buf) : "");
	json_add_int(o, "calls", c->calls);
	json_add_int(o, "names_column", c->names_column);
	json_add_int(o, "structural", c->structural);
	json_add_int(o, "may_survive", c->may_survive);
	json_add_str(o, "evidence", c->evidence);
	json_add_str(o, "server", c->server ? c->server : "primary");
}

struct json *audit_json(struct arena *a, const struct fact_audit *f)
{
	char buf[WHEN_MAX];
	struct json *o = json_obj(a);
	json_add_str(o, "at", f->at ? when_iso(f->at, buf) : "");
	struct json *found = json_add_arr(o, "found"), *blind = json_add_arr(o, "blind"), *keys = json_add_arr(o, "blind_keys");
	for (size_t i = 0; i < f->n; i++)
		consumer_json(found, &f->found[i]);
	for (size_t i = 0; i < f->n_blind; i++)
		json_add_str(blind, NULL, f->blind[i]);
	for (size_t i = 0; i < f->n_blind_keys; i++)
		json_add_str(keys, NULL, f->blind_keys[i]);
	return o;
}
