/* SPDX-License-Identifier: MIT */
/* How the guard stands, and the target's part in it. */
#include "adapter/guard.h"

#include <string.h>

#include "adapter/guard_private.h"
#include "adapter/own.h"
#include "adapter/probe_target.h"
#include "adapter/retry.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "base/when.h"
#include "core/sql.h"
#include "port/crypto.h"
#include "port/db.h"
#include "port/files.h"

#define PATIENCE (20 * US_SECOND)
#define PUT_MS 10000

static const struct { const char *name, *event, *function, *tags; } events[] = {
#define X(name, event, function, tags) { name, event, function, tags },
	GUARD_EVENTS(X)
#undef X
};
#define EVENTS (sizeof events / sizeof events[0])

static const struct { const char *name, *body; } functions[] = {
#define X(name, form, body) { name, body },
	GUARD_FUNCTIONS(X)
#undef X
};

/* As EVENTS_SEEN_SQL puts them together. */
const char *guard_events_text(struct arena *a)
{
	struct text t = { 0 };
	for (size_t i = 0; i < EVENTS; i++)
		text_addf(&t, "%s%s|%s|gatewalk.%s|%s%sA", i ? ";" : "", events[i].name, events[i].event, events[i].function, events[i].tags ? events[i].tags : "",
			events[i].tags ? "|" : "");
	const char *s = arena_dup(a, text_str(&t));
	text_free(&t);
	return s;
}

static void functions_digest(char hex[65])
{
	struct text t = { 0 };
	for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++)
		text_addf(&t, "%s\nt\n" GUARD_CONFIG "\n%s\n", functions[i].name, functions[i].body);
	crypto_sha256_hex(text_str(&t), t.len, hex);
	text_free(&t);
}

const char *guard_events_sql(struct arena *a)
{
	struct text t = { 0 };
	for (size_t i = 0; i < EVENTS; i++) {
		const char *name = events[i].name;
		text_addf(&t, "DROP EVENT TRIGGER IF EXISTS %s;\nCREATE EVENT TRIGGER %s ON %s ", name, name, events[i].event);
		if (events[i].tags) {
			const char *at = events[i].tags;
			for (size_t n; *at; at += n + (at[n] == ',')) {
				n = strcspn(at, ",");
				text_addf(&t, "%s'%.*s'", at == events[i].tags ? "WHEN TAG IN (" : ", ", (int)n, at);
			}
			text_add(&t, ") ");
		}
		text_addf(&t, "EXECUTE FUNCTION gatewalk.%s();\nALTER EVENT TRIGGER %s ENABLE ALWAYS;\n", events[i].function, name);
	}
	const char *s = arena_dup(a, text_str(&t));
	text_free(&t);
	return s;
}

/* %1$s: what the event triggers have to be; %2$s: the functions' digest; %3$s: the walk, a literal; %4$s: its view. */
static const char LOOK_SQL[] =
"SELECT p.k, p.v FROM (SELECT (SELECT how FROM gatewalk.guard) AS how, (SELECT seal FROM gatewalk.guard) AS seal) i CROSS JOIN (\n"
"  SELECT encode(sha256(convert_to(coalesce(string_agg(concat_ws(E'\\n', p.proname, p.prosecdef, array_to_string(p.proconfig, ';'), p.prosrc, ''), '' ORDER BY p.proname COLLATE \"C\"), ''), 'UTF8')), 'hex')\n"
"    = '%2$s' AND bool_and(p.proowner = n.nspowner) AS good FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = 'gatewalk' AND p.proname ~ '^guard_') f\n"
"LEFT JOIN (SELECT g.state, g.parts, gatewalk.guard_state(g.sid, g.relid, g.attnum) AS now, EXISTS (SELECT FROM gatewalk.guard_open() o WHERE o.sid = g.sid)\n"
"    AND (g.relid, g.attnum) = (w.relid, w.attnum) AS open FROM gatewalk.guarded g JOIN gatewalk.walk w USING (sid) WHERE g.sid = %3$s OFFSET 0) t ON true\n"
"CROSS JOIN LATERAL (VALUES ('guard_how', i.how), ('guard_events', ((" GUARD_EVENTS_SEEN_SQL ") IS NOT DISTINCT FROM %1$s\n"
"    AND coalesce(current_setting('event_triggers', true), 'on') = 'on')::text), ('guard_seal', (i.seal = (" GUARD_SEAL_SQL "))::text),\n"
"  ('guard_functions', f.good::text), ('guard_open', t.open::text), ('guard_same', (t.now @> t.state)::text),\n"
"  ('guard_truncate', ((SELECT count(*) FROM jsonb_each_text(t.now -> 'guards') x WHERE x.value = concat_ws(' ', 'A', 34, to_regprocedure('gatewalk.guard_truncate()')::oid))\n"
"    = 1 + (SELECT count(*) FROM jsonb_object_keys(t.now -> 'parts')))::text),\n"
"  ('guard_parts', (SELECT NOT EXISTS (SELECT FROM jsonb_object_keys(t.now -> 'parts') k WHERE k::oid <> ALL (t.parts)))::text),\n"
"  ('guard_view', EXISTS (SELECT FROM pg_class v WHERE v.oid = to_regclass(nullif('%4$s', '')) AND v.relkind = 'v')::text)) p(k, v)";

const char *guard_look_sql(struct arena *a, const char *sid)
{
	char digest[65];
	const char *hold = own_hold_name(a, sid);
	functions_digest(digest);
	return arena_printf(a, LOOK_SQL, sql_literal(a, guard_events_text(a)), digest, sql_literal(a, sid), hold ? hold : "");
}

/* What is wrong, the first that holds. */
enum { IN_ALL, IN_TARGET, IN_RECORD, IN_TRUNCATE };   /* of the guard itself; over this target; and guard_record helps; TRUNCATE alone */
static const struct { const char *key, *how, *why; int in; } wrongs[] = {
	{ "guard_events", "triggers", "an event trigger of the guard is missing, switched off or changed", IN_ALL },
	{ "guard_functions", NULL, "a function of the guard is not gatewalk's own", IN_ALL },
	{ "guard_seal", NULL, "the guard was switched off, changed or granted to others since it was installed", IN_ALL },
	{ "guard_open", NULL, "the walk's target is not under guard", IN_RECORD },
	{ "guard_same", NULL, "the target is not what was put under guard", IN_TARGET },
	{ "guard_view", "views", "the view that holds the target is missing", IN_RECORD },
	{ "guard_parts", NULL, "a partition came since, and is not under guard", IN_RECORD },
	{ "guard_truncate", NULL, "TRUNCATE is not refused: the guard's trigger is not on the table", IN_TRUNCATE },
};

void guard_read(struct arena *a, const struct rows *r, int64_t at, struct fact_guard *out)
{
	const char *how = pairs_get(r, "guard_how");
	*out = (struct fact_guard){ .at = at, .installed = how != NULL, .by_views = text_eq(how, "views") };
	for (size_t i = 0; how && i < sizeof wrongs / sizeof wrongs[0]; i++) {
		if ((wrongs[i].how && !text_eq(wrongs[i].how, how)) || cell_bool(pairs_get(r, wrongs[i].key)))
			continue;
		out->why = arena_dup(a, wrongs[i].why);
		out->whole = wrongs[i].in != IN_ALL;
		out->recorded = wrongs[i].in != IN_RECORD;
		out->stands = wrongs[i].in == IN_TRUNCATE;
		return;
	}
	out->whole = out->stands = out->recorded = out->truncate = how != NULL;
}

bool guard_look(struct db *db, struct arena *a, const char *sid, struct fact_guard *out, struct err *e)
{
	struct rows r;
	const struct query q = { .sql = arena_printf(a, "/* gatewalk */ %s UNION ALL SELECT 'at', (extract(epoch FROM clock_timestamp()) * 1000000)::bigint::text", guard_look_sql(a, sid)),
		.cols = 2, .min_rows = 2 };
	if (!db_ask(db, a, &q, &r, e))
		return err_in(e, "looking at the guard");
	guard_read(a, &r, cell_int(pairs_get(&r, "at")), out);
	return true;
}

/* A view needs no lock that anybody waits for. One that was made before reads the same columns: it stays. */
static bool hold_view(struct db *db, struct arena *a, const char *sid, struct err *e)
{
	struct rows r;
	const char *const args[] = { sid, own_hold_name(a, sid) };
	const struct query q = {
		.sql = "/* gatewalk */ SELECT format('CREATE VIEW %s AS SELECT %s FROM ONLY %I.%I', $2::text, coalesce(quote_ident(c.attname), '*'), n.nspname, t.relname)\n"
		       "FROM gatewalk.guard g, gatewalk.walk w JOIN pg_class t ON t.oid = w.relid JOIN pg_namespace n ON n.oid = t.relnamespace\n"
		       "  LEFT JOIN pg_attribute c ON c.attrelid = w.relid AND c.attnum = w.attnum AND w.attnum > 0\n"
		       "WHERE w.sid = $1 AND g.how = 'views' AND w.dropped_at IS NULL AND w.closed_at IS NULL AND to_regclass($2::text) IS NULL",
		.args = args, .nargs = 2, .cols = 1, .max_rows = 1,
	};
	return db_ask(db, a, &q, &r, e) && (r.n == 0 || db_script(db, a, r.cell[0][0], 0, NULL, e));
}

bool guard_record(struct db *db, struct arena *a, const char *sid, const char **why, struct err *e)
{
	const char *const args[] = { sid };
	const struct query q = { .sql = "/* gatewalk */ SELECT gatewalk.guard_put($1)", .args = args, .nargs = 1 };
	*why = hold_view(db, a, sid, e) ? db_value(db, a, &q, e) : NULL;
	return *why || err_in(e, "taking the target under guard");
}

/* The table, and so many of its partitions as are done at once, that have no trigger or one that was changed; of the table always a
   row, unless it is another one by now. */
#define AT_ONCE "50"
enum { B_NAME, B_THERE, B_GOOD, B_COLS };
static const char BARE_SQL[] =
"/* gatewalk */ WITH RECURSIVE tree AS (SELECT $1::oid AS oid WHERE to_regclass($2) = $1::oid\n"
"  UNION SELECT i.inhrelid FROM tree JOIN pg_inherits i ON i.inhparent = tree.oid JOIN pg_class c ON c.oid = i.inhrelid AND c.relispartition)\n"
"SELECT format('%I.%I', n.nspname, c.relname), g.oid IS NOT NULL, (g.tgenabled = 'A' AND g.tgtype = 34 AND g.tgfoid = to_regprocedure('gatewalk.guard_truncate()')) IS TRUE AS good\n"
"FROM tree JOIN pg_class c USING (oid) JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_trigger g ON g.tgrelid = c.oid AND g.tgname = $3\n"
"WHERE c.relkind IN ('r', 'p') AND (c.oid = $1::oid OR (g.tgenabled = 'A' AND g.tgtype = 34 AND g.tgfoid = to_regprocedure('gatewalk.guard_truncate()')) IS NOT TRUE)\n"
"ORDER BY c.oid <> $1::oid, c.oid LIMIT " AT_ONCE;

struct put { struct db *db; struct arena *a; const char *sid, *name, *table; unsigned relid; };

static bool bare(const struct put *p, struct rows *r, struct err *e)
{
	const char *const args[] = { arena_printf(p->a, "%u", p->relid), p->table, p->name };
	if (!db_ask(p->db, p->a, &(struct query){ .sql = BARE_SQL, .args = args, .nargs = 3, .cols = B_COLS }, r, e))
		return false;
	return r->n > 0 || err_set(e, ERR_GATE, "Look again, then put the guard.", "the table changed meanwhile");
}

static bool recorded(const struct put *p, struct err *e)
{
	const char *why;
	return guard_record(p->db, p->a, p->sid, &why, e) && (!*why || err_set(e, ERR_GATE, "gatewalk guard status says what is so.", "%s", why));
}

/* Which of them, in a list for LOCK TABLE: "" when all have theirs. */
static const char *without(const struct put *p, const struct rows *r)
{
	const char *list = "";
	for (int i = 0; i < r->n; i++)
		if (!cell_bool(r->cell[i][B_GOOD]))
			list = arena_printf(p->a, "%s%s ONLY %s", list, *list ? "," : "", r->cell[i][B_NAME]);
	return list;
}

/* In this transaction the walk is not guarded, for of a table of many partitions the guard looks at all of them behind each statement;
   to everybody else it is. What was recorded is compared before, under the lock. */
static bool put_triggers(const struct put *p, const struct rows *r, struct err *e)
{
	struct text sql = { 0 };
	text_addf(&sql, "SELECT gatewalk.guard_end(%s);\n", sql_literal(p->a, p->sid));
	for (int i = 0; i < r->n; i++)
		if (!cell_bool(r->cell[i][B_GOOD]))
			text_addf(&sql, "%s TRIGGER %s BEFORE TRUNCATE ON %s FOR EACH STATEMENT EXECUTE FUNCTION gatewalk.guard_truncate(%s);\nALTER TABLE ONLY %s ENABLE ALWAYS TRIGGER %s;\n",
				cell_bool(r->cell[i][B_THERE]) ? "CREATE OR REPLACE" : "CREATE", p->name, r->cell[i][B_NAME], sql_literal(p->a, p->sid), r->cell[i][B_NAME], p->name);
	bool ok = recorded(p, e) && db_script(p->db, p->a, text_str(&sql), PUT_MS, NULL, e) && recorded(p, e);
	text_free(&sql);
	return ok;
}

/* Writers wait for these few alone. all: none is without any more. */
static bool put_some(const struct put *p, bool *all, struct err *e)
{
	struct rows r, again;
	if (!db_script(p->db, p->a, "BEGIN; SET LOCAL lock_timeout = '500ms'", 0, NULL, e) || !bare(p, &r, e))
		return false;
	const char *list = without(p, &r);
	*all = !*list;
	if (*all ? !recorded(p, e) : !db_script(p->db, p->a, arena_printf(p->a, "LOCK TABLE%s IN SHARE ROW EXCLUSIVE MODE", list), 0, NULL, e) || !bare(p, &again, e))
		return false;
	if (!*all && strcmp(without(p, &again), list) != 0)
		return err_set(e, ERR_GATE, "Look again, then put the guard.", "the table changed meanwhile");
	return (*all || put_triggers(p, &again, e)) && db_commit(p->db, 0, e) == DB_COMMITTED;
}

static bool names_good(struct arena *a, const char *sid, struct err *e)
{
	return own_guard_name(a, sid) || err_set(e, ERR_INTERNAL, NULL, "the walk's id does not begin with twelve hex digits");
}

bool guard_put(struct db *db, struct arena *a, const char *sid, const struct fact_target *t, struct err *e)
{
	const struct put p = { db, a, sid, own_guard_name(a, sid), arena_printf(a, "%s.%s", sql_quoted(a, t->schema), sql_quoted(a, t->table)), t->relid };
	int64_t deadline = clock_mono() + PATIENCE;
	bool all = false;
	if (!names_good(a, sid, e))
		return false;
	while (!all) {
		struct err why = { 0 };
		if (put_some(&p, &all, &why)) {
			deadline = clock_mono() + PATIENCE;
			continue;
		}
		all = false;
		db_rollback(db);
		if (retry_is_lock(&why) && retry_pause(deadline))
			continue;
		if (e)
			*e = why;
		return err_in(e, "putting the guard's trigger on %s.%s", t->schema, t->table);
	}
	return true;
}

bool guard_removal_sql(struct db *db, struct arena *a, const char *sid, bool view, const char **sql, struct err *e)
{
	const char *const args[] = { names_good(a, sid, e) ? own_guard_name(a, sid) : "", own_hold_name(a, sid) };
	const struct query q = {
		.sql = view ? "/* gatewalk */ SELECT 'DROP VIEW ' || $2::text || E';\\n' FROM pg_class WHERE oid = to_regclass($2::text) AND relkind = 'v' AND $1::text <> ''" :
			"/* gatewalk */ SELECT format(E'DROP TRIGGER %s ON %I.%I;\\n', g.tgname, n.nspname, c.relname) FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid\n"
			"  JOIN pg_namespace n ON n.oid = c.relnamespace WHERE g.tgname = $1::text AND g.tgfoid = to_regprocedure('gatewalk.guard_truncate()') AND $2::text <> '' ORDER BY c.oid",
		.args = args, .nargs = 2, .cols = 1,
	};
	struct text t = { 0 };
	struct rows r;
	if (!*args[0] || !db_ask(db, a, &q, &r, e))
		return false;
	for (int i = 0; i < r.n; i++)
		text_add(&t, r.cell[i][0]);
	*sql = arena_dup(a, text_str(&t));
	text_free(&t);
	return true;
}

bool guard_take(struct db *db, struct arena *a, const char *sid, struct err *e)
{
	int64_t deadline = clock_mono() + PATIENCE;
	for (;;) {
		const char *view, *triggers, *tag = NULL;
		struct err why = { 0 };
		if (!guard_removal_sql(db, a, sid, true, &view, e) || !guard_removal_sql(db, a, sid, false, &triggers, e))
			return false;
		const char *sql = arena_printf(a, "BEGIN; SET LOCAL lock_timeout = '500ms'; SELECT gatewalk.guard_end(%s);\n%s%sCOMMIT;", sql_literal(a, sid), view, triggers);
		if (db_script(db, a, sql, 0, &tag, &why) && text_eq(tag, "COMMIT"))
			return true;
		db_rollback(db);
		if (retry_is_lock(&why) && retry_pause(deadline))
			continue;
		if (e)
			*e = why;
		return err_in(e, "ending the guard over the target");
	}
}
