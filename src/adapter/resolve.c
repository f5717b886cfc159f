/* SPDX-License-Identifier: MIT */
#include "adapter/resolve.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "adapter/audit_token.h"
#include "adapter/resolve.sql.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "base/when.h"
#include "core/fact.h"
#include "core/sql.h"
#include "port/crypto.h"
#include "port/db.h"
#include "port/files.h"

#define LOCK_WAIT "100ms"
#define STEP_WAIT "500ms"
#define STEP_MS 2000           /* the server ends a step before that */
#define TEXT_BYTES 100000      /* a longer one is a list of values: parsing it twice costs more than it tells */

/* The way to our own reading: no name of the text's schemas is called by it. */
static const char OWN_PATH[] = OWN_TAG "SET LOCAL search_path = pg_catalog, pg_temp";

/* Between two looks of one process: a watch asks about the same texts every minute. For REMEMBERED, since the catalogue may change under
   a text; a change of the ways to the column is another key. By digest: nobody makes a text that is taken for another. */
#define REMEMBERED (10 * 60 * US_SECOND)
#define PLACES 4096
struct remembered { char key[65]; int64_t until; struct resolved is; };
static struct remembered memory[PLACES];
static pthread_mutex_t memory_lock = PTHREAD_MUTEX_INITIALIZER;   /* a desk has a thread of its own */

struct role_path { const char *role, *path; };
struct resolver {
	struct db *db;
	struct arena *a, *text_a;    /* text_a: of the text at hand */
	bool open;                   /* our transaction: one for all texts, each behind a savepoint */
	bool prepared;               /* a prepared statement outlives the transaction that made it */
	const char *why;
	unsigned relid;
	const char *column;
	struct { const char *columns, *functions, *tables; } ways;   /* as RESOLVE_USES_SQL takes them */
	const char **names;
	int64_t left;                /* of the budget, us */
	size_t late, n, cap;
	struct role_path *v;
};

static void add(struct arena *a, const char **list, const char *item)
{
	*list = **list ? arena_printf(a, "%s,%s", *list, item) : item;
}

static bool ways_read(struct resolver *r, const struct fact_target *t, struct err *e)
{
	const char *v[] = { arena_printf(r->a, "%u", t->relid), t->column };
	const struct query q = { .sql = RESOLVE_WAYS_SQL, .args = v, .nargs = 2, .ms = 30000, .cols = 4 };
	struct rows rows;
	if (!db_ask(r->db, r->a, &q, &rows, e))
		return err_in(e, "following views over the column");
	r->names = arena_array(r->a, (size_t)rows.n + 1, sizeof *r->names);
	for (int i = 0; i < rows.n; i++) {
		char **c = rows.cell[i];
		if (*c[0] == 'c')
			add(r->a, &r->ways.columns, arena_printf(r->a, "%s:%s", c[1], c[2]));
		else
			add(r->a, *c[0] == 'f' ? &r->ways.functions : &r->ways.tables, c[1]);
		r->names[i] = c[3];
	}
	return true;
}

bool resolver_new(struct db *db, struct arena *a, const struct fact_target *t, int64_t budget, struct resolver **out, struct err *e)
{
	struct resolver *r = arena_alloc(a, sizeof *r);
	*r = (struct resolver){ .db = db, .a = a, .left = budget, .relid = t->relid, .column = arena_dup(a, t->column), .ways = { "", "", "" } };
	*out = r;
	const struct query ready = { .sql = db_version(db) >= 150000 ? RESOLVE_READY_SQL("has_parameter_privilege('pg_stat_statements.track', 'SET')")
		: RESOLVE_READY_SQL("false") };
	struct err own = { 0 };
	if (db_version(db) < 140000)
		r->why = "the server is older than 14";
	else
		r->why = db_value(db, a, &ready, &own);
	if (own.code) {
		*e = own;
		return err_in(e, "asking whether the server can read texts");
	}
	if (r->why) {
		r->names = arena_array(a, 1, sizeof *r->names);
		return true;
	}
	return ways_read(r, t, e);
}

const char *resolver_why(const struct resolver *r)
{
	return r->why;
}

const char *const *resolver_names(const struct resolver *r)
{
	return r->names;
}

size_t resolver_late(const struct resolver *r)
{
	return r->late;
}

static bool leads(const struct resolver *r, const struct tokens *v)
{
	for (size_t i = 0; i < v->n; i++) {
		if (v->t[i].kind == TOKEN_UNICODE)
			return true;
		for (const char **name = r->names; *name; name++)
			if (token_names(v, i, *name))
				return true;
	}
	return false;
}

enum worth { WORTH_ASKING, NO_KIND, NO_LEAD };

/* A kind of statement that can be prepared (the others would only be errors in the server's log), with a name that leads to the column? */
static enum worth worth_of(const struct resolver *r, const char *text)
{
	static const char *const first[] = { "select", "with", "insert", "update", "delete", "merge", "values", "table" };
	if (strlen(text) > TEXT_BYTES)
		return NO_KIND;
	struct arena *a = arena_new();
	struct tokens v = tokens_read(a, text);
	size_t i = 0;
	enum worth is = NO_KIND;
	while (token_is(&v, i, "("))
		i++;
	for (size_t k = 0; k < sizeof first / sizeof first[0]; k++)
		if (token_is(&v, i, first[k]))
			is = WORTH_ASKING;
	if (!leads(r, &v))
		is = NO_LEAD;
	arena_free(a);
	return is;
}

/* The text without its comments, NULL when a literal stands in it: the server reads literals as it parses, and reading one of an array or a row
   of a domain calls the domain's check, which is anybody's code. Judged by the bytes that are sent, not by what our reader took them for. Texts of
   pg_stat_statements have parameters in the place of literals. */
static const char *without_literals(struct arena *a, const char *text)
{
	struct tokens v = tokens_read(a, text);
	struct text out = { 0 };
	const char *past = text;
	for (size_t i = 0; i < v.n; i++) {
		size_t before = v.t[i].kind == TOKEN_QUOTED ? 1 : v.t[i].kind == TOKEN_UNICODE ? 3 : 0;   /* " and U&" */
		const char *s = v.t[i].s - before, *end = v.t[i].s + v.t[i].len + (before > 0);
		text_add(&out, s > past ? " " : "");
		text_addn(&out, s, (size_t)(end - s));
		past = end;
	}
	const char *sent = arena_dup(a, text_str(&out));
	text_free(&out);
	if (strchr(sent, '\''))
		return NULL;
	for (const char *p = strchr(sent, '$'); p; p = strchr(p + 1, '$'))
		if (p[1] < '0' || p[1] > '9')
			return NULL;
	return sent;
}

static const char *path_sql(struct resolver *r, const char *path)
{
	return arena_printf(r->text_a, "SELECT set_config('search_path', %s, true)", sql_literal(r->text_a, path));
}

static bool begin(struct resolver *r, struct err *e)
{
	/* What only a superuser may: our own parsing neither counts nor stands in the log; another who may leaves the statistics alone. */
	const char *sql = arena_printf(r->text_a, OWN_TAG "BEGIN; SET LOCAL lock_timeout = '" LOCK_WAIT "'; SET LOCAL statement_timeout = '" STEP_WAIT "';\n"
		"SELECT set_config(name, value, true) FROM (VALUES ('log_min_messages', 'fatal'), ('log_min_error_statement', 'panic'), ('log_statement', 'none'),\n"
		"  ('log_min_duration_statement', '-1')) x(name, value) WHERE (SELECT rolsuper FROM pg_roles WHERE rolname = current_user);\n"
		"SELECT set_config('pg_stat_statements.track', 'none', true) WHERE current_setting('pg_stat_statements.track', true) IS NOT NULL\n"
		"  AND ((SELECT rolsuper FROM pg_roles WHERE rolname = current_user)%s)",
		db_version(r->db) >= 150000 ? " OR has_parameter_privilege('pg_stat_statements.track', 'SET')" : "");
	if (!db_script(r->db, r->text_a, sql, STEP_MS, NULL, e))
		return false;
	r->open = true;
	return true;
}

static bool enter(struct resolver *r, const char *path, struct err *e)
{
	return (r->open || begin(r, e))
		&& db_script(r->db, r->text_a, arena_printf(r->text_a, OWN_TAG "SAVEPOINT gatewalk_text; %s", path_sql(r, path)), STEP_MS, NULL, e);
}

/* The types of its parameters, "int4, text"; NULL when it is not one statement that can be prepared. */
static const char *types_of(struct resolver *r, const char *text, struct err *e)
{
	const struct query prepare = { .sql = arena_printf(r->text_a, OWN_TAG "PREPARE gatewalk_resolve AS %s\n", text), .ms = STEP_MS, .cols = -1 };
	const struct query types = { .sql = OWN_TAG "SELECT coalesce((SELECT string_agg(format_type(t, NULL), ', ' ORDER BY o) FROM unnest(parameter_types::oid[]) WITH ORDINALITY x(t, o)), '')\n"
		"FROM pg_prepared_statements WHERE name = 'gatewalk_resolve'", .ms = STEP_MS };
	if (!db_ask(r->db, r->text_a, &prepare, NULL, e))
		return NULL;
	r->prepared = true;
	return db_script(r->db, r->text_a, OWN_PATH, STEP_MS, NULL, e) ? db_value(r->db, r->text_a, &types, e) : NULL;
}

static bool uses_of(struct resolver *r, struct resolved *out, struct err *e)
{
	const char *v[] = { r->ways.columns, r->ways.functions, r->ways.tables };
	const struct query q = { .sql = RESOLVE_USES_SQL, .args = v, .nargs = 3, .ms = STEP_MS, .cols = 5, .min_rows = 1, .max_rows = 1 };
	struct rows rows;
	if (!db_script(r->db, r->text_a, OWN_PATH, STEP_MS, NULL, e) || !db_ask(r->db, r->text_a, &q, &rows, e))
		return false;
	char **c = rows.cell[0];
	bool used = cell_bool(c[0]), related = cell_bool(c[1]), unsure = cell_bool(c[2]);
	out->as = cell_bool(c[4]) ? RESOLVED_NOT : used ? RESOLVED_USED : unsure ? RESOLVED_NOT : related ? RESOLVED_WITHOUT : RESOLVED_ELSEWHERE;
	out->writes = cell_bool(c[3]);
	return true;
}

static void leave(struct resolver *r)
{
	const char *back = r->prepared ? OWN_TAG "ROLLBACK TO SAVEPOINT gatewalk_text; RELEASE SAVEPOINT gatewalk_text; DEALLOCATE gatewalk_resolve"
		: OWN_TAG "ROLLBACK TO SAVEPOINT gatewalk_text; RELEASE SAVEPOINT gatewalk_text";
	if (db_script(r->db, r->text_a, back, STEP_MS, NULL, NULL)) {
		r->prepared = false;
		return;
	}
	db_rollback(r->db);   /* no savepoint, or no server */
	r->open = false;
}

/* Each text was taken back to its savepoint, so nothing is left to commit. Another ROLLBACK would be counted among the application's, and the
   monitor would take it for an alarm. */
void resolver_end(struct resolver *r)
{
	if (r->open && db_commit(r->db, STEP_MS, NULL) != DB_COMMITTED)
		db_rollback(r->db);
	r->open = false;
}

static struct resolved ask(struct resolver *r, const char *path, const char *whole)
{
	struct resolved is = { RESOLVED_NOT, false };
	struct err e = { 0 };
	r->text_a = arena_new();
	const char *text = without_literals(r->text_a, whole);
	if (!text) {
		arena_free(r->text_a);
		return is;
	}
	const char *types = enter(r, path, &e) ? types_of(r, text, &e) : NULL;
	if (types && db_script(r->db, r->text_a, arena_printf(r->text_a, OWN_TAG "%s", path_sql(r, path)), STEP_MS, NULL, &e)) {
		const struct query make = { .sql = arena_printf(r->text_a, OWN_TAG "CREATE FUNCTION pg_temp.gatewalk_resolve(%s) RETURNS pg_catalog.void LANGUAGE sql BEGIN ATOMIC\n%s\n; END",
			types, text), .ms = STEP_MS, .cols = -1 };
		if (!db_ask(r->db, r->text_a, &make, NULL, &e) || !uses_of(r, &is, &e))
			is.as = RESOLVED_NOT;
	}
	leave(r);
	arena_free(r->text_a);
	return is;
}

static const char *path_of(struct resolver *r, const char *role)
{
	for (size_t i = 0; i < r->n; i++)
		if (text_eq(r->v[i].role, role))
			return r->v[i].path;
	const char *v[] = { role };
	const struct query q = { .sql = RESOLVE_PATH_SQL, .args = v, .nargs = 1 };
	const char *path = db_value(r->db, r->a, &q, &(struct err){ 0 });
	if (!path)
		return NULL;
	r->v = arena_grow(r->a, r->v, &r->n, &r->cap, sizeof *r->v);
	r->v[r->n - 1] = (struct role_path){ arena_dup(r->a, role), path };
	return path;
}

static struct remembered *place_of(const struct resolver *r, const char *path, const char *text, char key[static 65])
{
	struct arena *a = arena_new();   /* texts are long, and many */
	const char *all = arena_printf(a, "%s %s %u %s\n%s\n%s\n%s\n%s", db_conninfo(r->db, a, NULL), r->column, r->relid, path,
		r->ways.columns, r->ways.functions, r->ways.tables, text);
	crypto_sha256_hex(all, strlen(all), key);
	arena_free(a);
	return &memory[strtoul((char[]){ key[0], key[1], key[2], '\0' }, NULL, 16)];
}

/* As the process remembers it, else as the server says now. */
static struct resolved asked(struct resolver *r, const char *path, const char *text)
{
	char key[65];
	struct remembered *m = place_of(r, path, text, key);
	pthread_mutex_lock(&memory_lock);
	bool known = clock_mono() < m->until && text_eq(m->key, key);
	struct resolved was = m->is;
	pthread_mutex_unlock(&memory_lock);
	if (known)
		return was;
	if (r->left <= 0) {
		r->late++;
		return (struct resolved){ RESOLVED_NOT, false };
	}
	int64_t began = clock_mono();
	struct resolved is = ask(r, path, text);
	r->left -= clock_mono() - began;
	pthread_mutex_lock(&memory_lock);
	memcpy(m->key, key, sizeof key);
	m->until = clock_mono() + REMEMBERED;
	m->is = is;
	pthread_mutex_unlock(&memory_lock);
	return is;
}

struct resolved resolver_text(struct resolver *r, const char *role, const char *text)
{
	const struct resolved cannot = { RESOLVED_NOT, false };
	if (r->why || r->prepared || !db_alive(r->db) || (!r->open && db_in_transaction(r->db)))
		return cannot;
	enum worth worth = worth_of(r, text);
	if (worth != WORTH_ASKING)
		return (struct resolved){ worth == NO_LEAD ? RESOLVED_ELSEWHERE : RESOLVED_NOT, false };
	const char *path = path_of(r, role);
	return path ? asked(r, path, text) : cannot;
}
