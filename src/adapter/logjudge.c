/* SPDX-License-Identifier: MIT */
#include "adapter/logjudge.h"

#include <string.h>

#include "adapter/audit.h"
#include "adapter/audit_token.h"
#include "adapter/audit_verdict.h"
#include "base/arena.h"
#include "base/text.h"

static const char UNKNOWN[] = "";

static void widen(struct log_hit *to, const struct text_found *f)
{
	if (f->use > to->use) {
		to->use = f->use;
		to->who = audit_who(f);
	}
	if (f->touch > to->touch)
		to->touch = f->touch;
}

/* A client can send several statements at once, and the log has them as one text. Of one that failed nothing is taken back: the server itself says that
   a name was asked for. */
static void widen_by_text(struct arena *a, const struct log_ask *ask, const struct log_record *r, const char *text, struct log_hit *out)
{
	const struct tokens v = tokens_read(a, text);
	const char *from = text;
	bool whole = !r->cut && out->via != LOG_ERRORS;
	for (size_t i = 0; i <= v.n; i++) {
		if (i < v.n && !token_is(&v, i, ";"))
			continue;
		const char *end = i < v.n ? v.t[i].s : text + strlen(text);
		const struct text_found f = names_use(ask->names, a, r->role ? r->role : UNKNOWN, arena_dupn(a, from, (size_t)(end - from)), whole);
		widen(out, &f);
		from = end + (i < v.n);
	}
}

/* The plan says what is read. What UPDATE and INSERT write stands in the statement alone. */
static bool plan_use(struct arena *a, const struct log_ask *ask, const struct log_record *r, struct log_hit *out)
{
	struct logplan p;
	logplan_read(a, r->message, r->cut, &ask->names->target, ask->of, &p);
	if (!p.is_plan)
		return false;
	const struct text_target *t = &ask->names->target;
	bool table = t->kind == TARGET_TABLE, rows = t->kind == TARGET_ROWS;
	*out = (struct log_hit){ .via = LOG_PLANS, .use = p.use, .touch = p.modifies && table ? TOUCH_WRITE : TOUCH_READ, .text = p.query ? p.query : r->message };
	if (rows || (table && p.query && audit_text_key_check(a, p.query)))
		out->use = USE_NONE;   /* of rows only their removal counts, which the statement says */
	if (p.query && (rows || (p.modifies && t->column)))
		widen_by_text(a, ask, r, p.query, out);
	return true;
}

/* AUDIT: type,id,subid,class,command,object type,object name,statement,parameters */
enum { A_TYPE, A_ID, A_SUB, A_CLASS, A_COMMAND, A_KIND, A_OBJECT, A_STATEMENT, A_FIELDS };

static void audit_fields(struct arena *a, const char *p, const char **f)
{
	for (size_t n = 0; n < A_FIELDS; n++) {
		struct text t = { 0 };
		bool quoted = *p == '"';
		for (p += quoted; *p && (quoted ? *p != '"' || p[1] == '"' : *p != ','); p++) {
			text_addn(&t, p, 1);
			p += quoted && *p == '"';
		}
		p += quoted && *p;
		p += *p == ',';
		f[n] = arena_dup(a, text_str(&t));
		text_free(&t);
	}
}

static bool is_ours(struct arena *a, const struct log_ask *ask, const char *object)
{
	const struct tokens v = tokens_read(a, object);
	for (const struct log_relation *r = ask->of; r->table && v.n == 3; r++)
		if (token_names(&v, 0, r->schema) && token_names(&v, 2, r->table))
			return true;
	return false;
}

static bool audit_use(struct arena *a, const struct log_ask *ask, const struct log_record *r, struct log_hit *out)
{
	const char *f[A_FIELDS];
	if (strncmp(r->message, "AUDIT: ", 7) != 0)
		return false;
	audit_fields(a, r->message + 7, f);
	*out = (struct log_hit){ .via = LOG_AUDIT, .text = f[A_STATEMENT] };
	bool write = text_eq(f[A_CLASS], "WRITE"), ours = text_eq(f[A_TYPE], "OBJECT") && is_ours(a, ask, f[A_OBJECT]);
	if (!write && !text_eq(f[A_CLASS], "READ"))
		return true;   /* functions' bodies and definitions are read where they stand */
	widen_by_text(a, ask, r, f[A_STATEMENT], out);
	bool unread = *f[A_STATEMENT] == '<' || *f[A_STATEMENT] == '\0';   /* <previously logged> */
	if (ours && ask->names->target.kind == TARGET_TABLE && !audit_text_key_check(a, f[A_STATEMENT]))
		out->use = USE_NAME;
	else if (out->use == USE_NONE && ((ours && (ask->one_column || unread)) || r->cut))
		out->use = USE_STAR;
	if (out->use != USE_NONE && out->touch == TOUCH_NONE)
		out->touch = write ? TOUCH_WRITE : TOUCH_READ;
	return true;
}

static bool says(const struct tokens *v, const char *name)
{
	for (size_t i = 0; name && i < v->n; i++)
		if (token_names(v, i, name))
			return true;
	return false;
}

/* Undefined column, undefined table, no permission; where the state is not logged, by the words of the untranslated server. */
static bool asks_in_vain(const struct log_record *r)
{
	if (r->state)
		return text_eq(r->state, "42703") || text_eq(r->state, "42P01") || text_eq(r->state, "42501");
	return strstr(r->message, "does not exist") || strstr(r->message, "permission denied") || strstr(r->message, "has no field");
}

static bool error_use(struct arena *a, const struct log_ask *ask, const struct log_record *r, struct log_hit *out)
{
	const struct text_target *t = &ask->names->target;
	if (!asks_in_vain(r))
		return false;
	const struct tokens m = tokens_read(a, r->message);
	bool column = says(&m, t->column), table = says(&m, t->table);
	for (size_t i = 0; !table && t->views && t->views[i]; i++)
		table = says(&m, t->views[i]);
	if (!column && !table)
		return false;
	*out = (struct log_hit){ .via = LOG_ERRORS, .touch = TOUCH_READ, .text = r->statement ? r->statement : r->message };
	if (r->statement && t->kind != TARGET_INDEX && t->kind != TARGET_TYPE) {
		widen_by_text(a, ask, r, r->statement, out);
		if (r->context && out->use == USE_NONE)
			out->use = USE_STAR;   /* inside a function: the statement is the outer one */
	} else {
		out->use = column || !t->column ? USE_NAME : USE_STAR;
	}
	if (out->use == USE_NONE && t->column && column && table)
		out->use = USE_NAME;
	return true;
}

static bool starts_with_tag(const char *text)
{
	static const char tag[] = OWN_TAG;
	text += strspn(text, " \t\r\n");
	return strncmp(text, tag, sizeof tag - 2) == 0;
}

/* gatewalk's own work. Where the log does not say who it was, its mark has to do; such a log is said to be blind. */
static bool is_own(const struct log_ask *ask, const struct log_record *r, const struct log_hit *h)
{
	if (!r->role)
		return starts_with_tag(h->text);
	return names_own_session(ask->names, r->role, r->app) || names_own_text(ask->names, r->role, h->text);
}

bool logjudge(struct arena *a, const struct log_ask *ask, const struct log_record *r, struct log_hit *out)
{
	if (!r->message || (r->database && !text_eq(r->database, ask->database)))
		return false;
	bool speaks = plan_use(a, ask, r, out) || audit_use(a, ask, r, out) || error_use(a, ask, r, out);
	return speaks && out->use != USE_NONE && !is_own(ask, r, out);
}

const char *logjudge_setting(struct arena *a, const struct log_record *r)
{
	static const char *const kinds[] = { "auto_explain.", "pgaudit.", "log_", "logging_collector", "session_preload_libraries", "shared_preload_libraries" };
	const char *name = r->message && !r->role && strncmp(r->message, "parameter \"", 11) == 0 ? r->message + 11 : NULL;
	for (size_t i = 0; name && i < sizeof kinds / sizeof *kinds; i++)
		if (strncmp(name, kinds[i], strlen(kinds[i])) == 0)
			return arena_dupn(a, name, strcspn(name, "\""));
	return NULL;
}
