/* SPDX-License-Identifier: MIT */
/* Puts the tripwire on the table. It must never stop a write of the application's, and must see every one that changes the
   column, TRUNCATE and replayed writes (ENABLE ALWAYS) included. */
#include "adapter/own.h"

#include <stdio.h>
#include <string.h>

#include "adapter/own_private.h"
#include "adapter/probe.h"
#include "adapter/retry.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "core/sql.h"
#include "port/db.h"
#include "port/files.h"

#define PUT_MS 60000
#define ASK_MS 10000
#define ROUNDS_MAX 10

/* The count is one nextval; of a sequence that is gone to_regclass gives null and nextval does nothing. Who wrote is noted once
   a minute: the session's own setting is asked first, so that the costly part runs once a minute in each session at most. All that each
   write pays for stands in one expression (nextval is never 0): each further statement costs as much again.
   %3$s: what lets a row off, or nothing. */
#define MINUTE_SQL "(date_part('epoch', clock_timestamp())::bigint / 60)::text"
static const char BODY_SQL[] =
"#variable_conflict use_column\n"
"BEGIN\n%3$s"
"  IF nextval(to_regclass('%1$s')) = 0 OR current_setting('%1$s', true) IS DISTINCT FROM " MINUTE_SQL " THEN\n"
"    PERFORM set_config('%1$s', " MINUTE_SQL ", false);\n"
"    BEGIN\n"
"      IF pg_try_advisory_xact_lock(hashtextextended('%1$s', 0)) THEN\n"
"        INSERT INTO gatewalk.trip (sid, role, app, addr, op)\n"
"        SELECT '%2$s', session_user, current_setting('application_name', true), coalesce(host(inet_client_addr()), 'local'), TG_OP\n"
"        WHERE NOT EXISTS (SELECT FROM gatewalk.trip w WHERE w.sid = '%2$s' AND w.at > clock_timestamp() - interval '1 minute');\n"
"      END IF;\n"
"    EXCEPTION WHEN OTHERS THEN NULL;\n"
"    END;\n"
"  END IF;\n"
"  RETURN NULL;\n"
"END";

/* %1$s: the table's name, under which the condition may speak of the row; %2$s: the condition, which probe_where has tried. One that
   fails on this row counts as met. */
static const char LET_OFF_SQL[] =
"  IF TG_LEVEL = 'ROW' THEN\n"
"    BEGIN\n"
"      IF NOT (TG_OP <> 'INSERT' AND EXISTS (SELECT FROM unnest(ARRAY[OLD]) AS %1$s WHERE (%2$s))\n"
"          OR TG_OP <> 'DELETE' AND EXISTS (SELECT FROM unnest(ARRAY[NEW]) AS %1$s WHERE (%2$s))) THEN\n"
"        RETURN NULL;\n"
"      END IF;\n"
"    EXCEPTION WHEN OTHERS THEN NULL;\n"
"    END;\n"
"  END IF;\n";

static const char FUNCTION_SQL[] =
"CREATE SEQUENCE IF NOT EXISTS %1$s;\n"
"CREATE OR REPLACE FUNCTION %1$s() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS %2$s;\n"
"REVOKE ALL ON FUNCTION %1$s() FROM PUBLIC;\n"
"COMMENT ON FUNCTION %1$s() IS NULL;\n";

/* Of a whole table, one relation at a time. A plain table or a partition at the end of the tree: each row, by whatever name it was
   written, and TRUNCATE, by its own name. */
static const char LEAF_SQL[] = OWN_SOON
"CREATE OR REPLACE TRIGGER %1$s AFTER INSERT OR UPDATE OR DELETE ON %2$s FOR EACH ROW EXECUTE FUNCTION %3$s();\n"
"CREATE OR REPLACE TRIGGER %1$s_t AFTER TRUNCATE ON %2$s FOR EACH STATEMENT EXECUTE FUNCTION %3$s();\n"
"ALTER TABLE ONLY %2$s ENABLE ALWAYS TRIGGER %1$s, ENABLE ALWAYS TRIGGER %1$s_t;\n";
/* A trigger for each row of a partitioned table would lock and change all its partitions at once, which takes far too long. So the
   statements that name it are seen: also those that write to a partition that has come and gone since the last look. */
static const char BRANCH_SQL[] = OWN_SOON
"CREATE OR REPLACE TRIGGER %1$s_t AFTER %4$sTRUNCATE ON %2$s FOR EACH STATEMENT EXECUTE FUNCTION %3$s();\n"
"ALTER TABLE ONLY %2$s ENABLE ALWAYS TRIGGER %1$s_t;\n";

static const char TRIGGERS_SQL[] =
"CREATE OR REPLACE TRIGGER %1$s AFTER UPDATE ON %2$s FOR EACH ROW WHEN (%4$s IS DISTINCT FROM %5$s) EXECUTE FUNCTION %3$s();\n"
"CREATE OR REPLACE TRIGGER %1$s_i AFTER INSERT ON %2$s FOR EACH ROW WHEN (NEW.%6$s IS DISTINCT FROM NULL) EXECUTE FUNCTION %3$s();\n"
"CREATE OR REPLACE TRIGGER %1$s_t AFTER TRUNCATE ON %2$s FOR EACH STATEMENT EXECUTE FUNCTION %3$s();\n"
"ALTER TABLE %2$s ENABLE ALWAYS TRIGGER %1$s, ENABLE ALWAYS TRIGGER %1$s_i, ENABLE ALWAYS TRIGGER %1$s_t;\n";

/* Is the table still the one that was looked at, and is "equal" of this type the same as "the same bytes"? For other types
   (json has no equality at all; that of box compares areas, that of numeric takes 1.0 for 1.00) the text is compared. */
static const char COLUMN_SQL[] =
"/* gatewalk */ SELECT y.typtype = 'e' OR y.oid IN ('bool'::regtype, 'bytea'::regtype, '\"char\"'::regtype, 'name'::regtype, 'int8'::regtype, 'int2'::regtype,\n"
"  'int4'::regtype, 'oid'::regtype, 'uuid'::regtype, 'date'::regtype, 'time'::regtype, 'timestamp'::regtype, 'timestamptz'::regtype)\n"
"  OR y.oid IN ('text'::regtype, 'varchar'::regtype) AND (SELECT l.collisdeterministic FROM pg_collation l WHERE l.oid = a.attcollation)\n"
"FROM pg_attribute a JOIN pg_type y ON y.oid = a.atttypid\n"
"WHERE a.attrelid = $1::oid AND a.attnum = $2::int AND a.attname = $3::text AND NOT a.attisdropped AND to_regclass($4) = $1::oid";

static bool plain_equality(struct db *db, struct arena *a, const struct fact_target *t, const char *table, bool *plain, struct err *e)
{
	char rel[16], num[16];
	snprintf(rel, sizeof rel, "%u", t->relid);
	snprintf(num, sizeof num, "%d", t->attnum);
	const char *const args[] = { rel, num, t->column, table };
	const struct query q = { .sql = COLUMN_SQL, .args = args, .nargs = 4, .cols = 1, .max_rows = 1 };
	struct rows r;
	if (!db_ask(db, a, &q, &r, e))
		return false;
	if (r.n == 0)
		return err_set(e, ERR_GATE, "Look again, then put the tripwire.", "the table or its column changed meanwhile");
	*plain = cell_bool(r.cell[0][0]);
	return true;
}

static void function_text(struct arena *a, const struct own_trip *t, const struct own_names *n, struct text *out)
{
	const char *name = sql_quoted(a, t->target->table);
	const char *let_off = t->where ? arena_printf(a, LET_OFF_SQL, name, t->where) : "";
	text_addf(out, FUNCTION_SQL, n->object, sql_literal(a, arena_printf(a, BODY_SQL, n->object, t->sid, let_off)));
}

/* A column's triggers are replaced where they stand. */
static bool column_text(struct db *db, struct arena *a, const struct own_trip *t, const struct own_names *n, struct text *out, struct err *e)
{
	bool plain = false;
	const char *table = arena_printf(a, "%s.%s", sql_quoted(a, t->target->schema), sql_quoted(a, t->target->table));
	const char *column = sql_quoted(a, t->target->column);
	if (!plain_equality(db, a, t->target, table, &plain, e))
		return false;
	const char *old = arena_printf(a, plain ? "OLD.%s" : "OLD.%s::text COLLATE \"C\"", column);
	const char *now = arena_printf(a, plain ? "NEW.%s" : "NEW.%s::text COLLATE \"C\"", column);
	text_addf(out, TRIGGERS_SQL, n->trigger, table, n->object, old, now, column);
	return true;
}

/* The table and all partitions below it; no row when it is another table by now. leaf: it holds rows. done: ours are on it, on no
   other event, and always enabled. */
enum { LEAF = 1, DONE };
static const char TREE_SQL[] =
"/* gatewalk */ WITH RECURSIVE tree AS (SELECT $1::oid AS oid WHERE to_regclass($2) = $1::oid\n"
"  UNION SELECT i.inhrelid FROM tree JOIN pg_inherits i ON i.inhparent = tree.oid JOIN pg_class c ON c.oid = i.inhrelid AND c.relispartition),\n"
"f AS (SELECT p.oid FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = 'gatewalk' AND p.proname = split_part($3, '.', 2) AND p.pronargs = 0)\n"
"SELECT format('%I.%I', n.nspname, c.relname), c.relkind <> 'p', (SELECT count(*) FROM pg_trigger g JOIN f ON f.oid = g.tgfoid\n"
"    WHERE g.tgrelid = c.oid AND g.tgenabled = 'A' AND g.tgparentid = 0) = CASE c.relkind WHEN 'p' THEN 1 ELSE 2 END\n"
"FROM tree JOIN pg_class c USING (oid) JOIN pg_namespace n ON n.oid = c.relnamespace ORDER BY c.oid <> $1::oid, c.oid";

struct put {
	struct db *db;
	struct arena *a;
	const struct own_trip *t;
	struct own_names n;
	const char *table;
	int64_t deadline;   /* clock_mono() */
};

static bool tree(struct put *p, struct rows *r, struct err *e)
{
	const char *const args[] = { arena_printf(p->a, "%u", p->t->target->relid), p->table, p->n.object };
	if (!db_ask(p->db, p->a, &(struct query){ .sql = TREE_SQL, .args = args, .nargs = 3, .ms = ASK_MS, .cols = 3 }, r, e))
		return false;
	return r->n > 0 || err_set(e, ERR_GATE, "Look again, then put the tripwire.", "the table changed meanwhile");
}

static const char *begin_sql(const struct put *p)
{
	return own_begin_sql(p->a, p->deadline);
}

/* As own_step, where statements have to be asked for in between. */
static bool attempt(struct put *p, bool (*step)(struct put *p, bool *sealed, struct err *e), bool *sealed, struct err *e)
{
	p->deadline = clock_mono() + OWN_PATIENCE;
	for (;;) {
		struct err why = { 0 };
		if (step(p, sealed, &why))
			return true;
		db_rollback(p->db);
		if (retry_is_lock(&why) && retry_pause(p->deadline))
			continue;
		if (e)
			*e = why;
		return false;
	}
}

/* The function comes first, and locks no table. Without its seal nothing of what follows counts. */
static bool put_function(struct put *p, struct err *e)
{
	struct text sql = { 0 };
	function_text(p->a, p->t, &p->n, &sql);
	bool ok = own_step(p->db, p->a, text_str(&sql), e);
	text_free(&sql);
	return ok;
}

static bool put_column(struct put *p, bool *sealed, struct err *e)
{
	(void)sealed;
	struct text sql = { 0 };
	bool ok = db_script(p->db, p->a, arena_printf(p->a, "%s; LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE", begin_sql(p), p->table), 0, NULL, e)
		&& column_text(p->db, p->a, p->t, &p->n, &sql, e) && db_script(p->db, p->a, text_str(&sql), PUT_MS, NULL, e)
		&& db_commit(p->db, 0, e) == DB_COMMITTED;
	text_free(&sql);
	return ok;
}

static const char *relation_sql(struct put *p, char *const *cell)
{
	if (cell_bool(cell[LEAF]))
		return arena_printf(p->a, LEAF_SQL, p->n.trigger, cell[0], p->n.object);
	return arena_printf(p->a, BRANCH_SQL, p->n.trigger, cell[0], p->n.object, p->t->where ? "" : "INSERT OR UPDATE OR DELETE OR ");
}

/* all: also where ours are, since they may have been changed; and what stands where it has no business is taken off. */
static bool put_relations(struct put *p, bool all, struct err *e)
{
	struct rows r;
	if ((all && !own_triggers_take(p->db, p->a, &p->n, p->t->target->relid, e)) || !tree(p, &r, e))
		return false;
	for (int i = 0; i < r.n; i++)
		if ((all || !cell_bool(r.cell[i][DONE])) && !own_step(p->db, p->a, relation_sql(p, r.cell[i]), e))
			return false;
	return true;
}

/* Partitions can neither come nor go while it is sealed; writers are not held up. */
static bool hold_tree(struct put *p, struct rows *r, struct err *e)
{
	struct text sql = { 0 };
	bool ok = db_script(p->db, p->a, begin_sql(p), 0, NULL, e) && tree(p, r, e);
	for (int i = 0; ok && i < r->n; i++)
		if (i == 0 || !cell_bool(r->cell[i][LEAF]))
			text_addf(&sql, "%s ONLY %s", i ? "," : "LOCK TABLE", r->cell[i][0]);
	text_add(&sql, " IN SHARE UPDATE EXCLUSIVE MODE");
	ok = ok && db_script(p->db, p->a, text_str(&sql), 0, NULL, e) && tree(p, r, e);
	text_free(&sql);
	return ok;
}

/* Notes what function and triggers look like now: own_whole compares. Not when a relation is still without. */
static bool seal(struct put *p, bool *sealed, struct err *e)
{
	struct own_seen s;
	struct rows r;
	*sealed = true;
	if (!hold_tree(p, &r, e))
		return false;
	for (int i = 0; i < r.n && !p->t->target->column; i++)
		*sealed = *sealed && cell_bool(r.cell[i][DONE]);
	if (!*sealed)
		return db_rollback(p->db), true;
	if (!own_look(p->db, p->a, &p->n, p->t->target->relid, &s, e))
		return false;
	if (s.triggers == 0 || !s.function || !s.sequence || !s.enabled)
		return err_set(e, ERR_INTERNAL, NULL, "the tripwire was put but cannot be seen");
	return db_script(p->db, p->a, arena_printf(p->a, "COMMENT ON FUNCTION %s() IS %s", p->n.object, sql_literal(p->a, arena_printf(p->a, "%s %s", s.digest, s.stamp))), 0, NULL, e)
		&& db_commit(p->db, 0, e) == DB_COMMITTED;
}

/* A partition may come while the others are being done: then there is one more round. */
static bool put_all(struct put *p, struct err *e)
{
	bool sealed = false;
	if (!put_function(p, e))
		return false;
	for (int round = 0; !sealed; round++) {
		if (round == ROUNDS_MAX)
			return err_set(e, ERR_WAIT, "Go on once that has settled.", "partitions come and go all the time");
		if (p->t->target->column ? !attempt(p, put_column, NULL, e) : !put_relations(p, round == 0, e))
			return false;
		if (!attempt(p, seal, &sealed, e))
			return false;
	}
	return true;
}

/* The condition becomes part of a function: only one that the server takes as a single expression may. */
static bool condition_fits(struct db *db, struct arena *a, const struct own_trip *t, struct err *e)
{
	struct fact_target tried = *t->target;
	tried.unfit = NULL;
	if (!probe_where(db, a, t->where, &tried, e))
		return false;
	return !tried.unfit || err_set(e, ERR_GATE, "Correct the plan's condition.", "%s", tried.unfit);
}

bool own_tripwire_put(struct db *db, struct arena *a, const struct own_trip *t, struct err *e)
{
	int64_t count;
	bool there, enabled;
	struct put p = { .db = db, .a = a, .t = t,
		.table = arena_printf(a, "%s.%s", sql_quoted(a, t->target->schema), sql_quoted(a, t->target->table)) };
	if (!own_names(a, t->sid, &p.n, e) || strspn(t->sid, "0123456789abcdef") != strlen(t->sid))
		return err_set(e, ERR_INTERNAL, NULL, "the walk's id is not hex");
	if (!condition_fits(db, a, t, e) || !own_tripwire_look(db, a, t->sid, t->target->relid, &there, &enabled, &count, e))
		return false;
	return (there && enabled) || put_all(&p, e) || err_in(e, "putting the tripwire on %s.%s", t->target->schema, t->target->table);
}
