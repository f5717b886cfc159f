/* SPDX-License-Identifier: MIT */
#include "core/dual.h"

#include "base/arena.h"
#include "base/text.h"
#include "core/sql.h"

static const char *kept(struct arena *a, struct text *t)
{
	const char *s = arena_dup(a, text_str(t));
	text_free(t);
	return s;
}

const char *dual_distinct(struct arena *a, enum dual_equal how, const char *left, const char *right)
{
	static const char *const as[] = { [DUAL_VALUE] = "", [DUAL_BYTES] = " COLLATE \"C\"", [DUAL_WRITTEN] = "::text COLLATE \"C\"" };
	return arena_printf(a, "(%s%s IS DISTINCT FROM %s%s)", left, as[how], right, as[how]);
}

const char *dual_differs(struct arena *a, const struct dual_form *f)
{
	const char *table = sql_quoted(a, f->table), *now = arena_printf(a, "%s.%s", table, sql_quoted(a, f->new.name)), *old = arena_printf(a, "%s.%s", table, sql_quoted(a, f->old.name));
	const char *to = dual_distinct(a, f->new.same, now, arena_printf(a, "CAST((%s\n) AS %s)", f->to.sql, f->new.whole));
	if (!f->back.sql)
		return to;
	return arena_printf(a, "(%s AND %s)", to, dual_distinct(a, f->old.same, old, arena_printf(a, "CAST((%s\n) AS %s)", f->back.sql, f->old.whole)));
}

const char *dual_words(struct arena *a, const struct dual_column *const *columns, size_t n, const char *prefix)
{
	struct text t = { 0 };
	for (size_t i = 0; i < n; i++)
		text_addf(&t, "%spg_catalog.format('%%s=%%s', %s, %s.%s)", i ? ", " : "pg_catalog.concat_ws(', ', ", sql_literal(a, columns[i]->name), prefix, sql_quoted(a, columns[i]->name));
	text_add(&t, n ? ")" : "''");
	return kept(a, &t);
}

/* ---- functions ---- */

/* first: in front of the others, or NULL. */
static const char *parameters(struct arena *a, const struct dual_form *f, const struct dual_expr *x, const struct dual_column *first)
{
	struct text t = { 0 };
	if (first)
		text_addf(&t, "%s %s", sql_quoted(a, first->name), first->type);
	for (size_t i = 0; i < x->n; i++)
		text_addf(&t, "%s%s %s", t.len ? ", " : "", sql_quoted(a, x->reads[i]->name), x->reads[i]->type);
	if (x->named)
		text_addf(&t, "%s%s %s.%s", t.len ? ", " : "", sql_quoted(a, f->table), sql_quoted(a, f->schema), sql_quoted(a, f->table));
	return kept(a, &t);
}

static const char *arguments(struct arena *a, const struct dual_expr *x, const struct dual_column *first)
{
	struct text t = { 0 };
	if (first)
		text_addf(&t, "NEW.%s", sql_quoted(a, first->name));
	for (size_t i = 0; i < x->n; i++)
		text_addf(&t, "%sNEW.%s", t.len ? ", " : "", sql_quoted(a, x->reads[i]->name));
	if (x->named)
		text_add(&t, t.len ? ", NEW" : "NEW");
	return kept(a, &t);
}

/* What a body calls is found by its schema alone. */
static const char CONVERT_SQL[] = "CREATE FUNCTION gatewalk.dual_%s_%s(%s) RETURNS %s LANGUAGE sql RETURN %s;\n";

const char *dual_convert(struct arena *a, const struct dual_form *f, const struct dual_expr *x)
{
	bool back = x == &f->back;
	return arena_printf(a, CONVERT_SQL, f->id, back ? "back" : "to", parameters(a, f, x, NULL), back ? f->old.type : f->new.type, arena_printf(a, "(%s\n)", x->sql));
}

static const char TO_BODY[] =
"BEGIN\n"
"  NEW.%1$s := gatewalk.dual_%2$s_to(%3$s);\n"
"  RETURN NEW;\n"
"EXCEPTION WHEN OTHERS THEN\n"
"  BEGIN\n"
"    NEW.%1$s := NULL;\n"
"    PERFORM gatewalk.dual_%2$s_r('to', %4$s, %5$s, SQLSTATE, SQLERRM);\n"
"  EXCEPTION WHEN OTHERS THEN NULL;\n"
"  END;\n"
"  RETURN NEW;\n"
"END";

/* A row that agrees is left as it is: what comes back from the new value may be written in another way. */
static const char BACK_BODY[] =
"BEGIN\n"
"  IF TG_OP = 'UPDATE' THEN\n"
"    BEGIN\n"
"      IF gatewalk.dual_%2$s_same(%6$s) THEN RETURN NEW; END IF;\n"
"    EXCEPTION WHEN OTHERS THEN NULL;\n"
"    END;\n"
"  END IF;\n"
"  NEW.%1$s := gatewalk.dual_%2$s_back(%3$s);\n"
"  RETURN NEW;\n"
"EXCEPTION WHEN OTHERS THEN\n"
"  BEGIN\n"
"    PERFORM gatewalk.dual_%2$s_r('back', %4$s, %5$s, SQLSTATE, SQLERRM);\n"
"  EXCEPTION WHEN OTHERS THEN NULL;\n"
"  END;\n"
"  RETURN NEW;\n"
"END";

/* Anybody's write may come to call it, so it takes no more than so many rows, each once. A serializable transaction is not to fail by
   what this reads. */
static const char REJECT_BODY[] =
"BEGIN\n"
"  IF current_setting('transaction_isolation') <> 'serializable' AND (SELECT count(*) FROM (SELECT FROM gatewalk.dual_reject r WHERE r.sid = %1$s LIMIT 1000) x) < 1000\n"
"      AND NOT EXISTS (SELECT FROM gatewalk.dual_reject r WHERE r.sid = %1$s AND r.way = $1 AND r.key = left($2, 200)) THEN\n"
"    INSERT INTO gatewalk.dual_reject (sid, way, key, value, sqlstate, error) VALUES (%1$s, left($1, 4), left($2, 200), left($3, 500), left($4, 5), left($5, 500));\n"
"  END IF;\n"
"END";

static void trigger_function(struct arena *a, struct text *t, const struct dual_form *f, const char *tail, const char *body)
{
	text_addf(t, "CREATE FUNCTION gatewalk.dual_%s%s() RETURNS trigger LANGUAGE plpgsql AS %s;\nREVOKE ALL ON FUNCTION gatewalk.dual_%s%s() FROM PUBLIC;\n", f->id, tail,
		sql_literal(a, body), f->id, tail);
}

static void forward_functions(struct arena *a, struct text *t, const struct dual_form *f)
{
	const char *keys = dual_words(a, f->keys, f->n_keys, "NEW");
	text_add(t, dual_convert(a, f, &f->to));
	text_addf(t, "CREATE FUNCTION gatewalk.dual_%s_r(text, text, text, text, text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS %s;\n",
		f->id, sql_literal(a, arena_printf(a, REJECT_BODY, sql_literal(a, f->sid))));
	trigger_function(a, t, f, "", arena_printf(a, TO_BODY, sql_quoted(a, f->new.name), f->id, arguments(a, &f->to, NULL), keys,
		dual_words(a, f->to.reads, f->to.n, "NEW")));
}

static void back_functions(struct arena *a, struct text *t, const struct dual_form *f)
{
	const char *keys = dual_words(a, f->keys, f->n_keys, "NEW");
	const char *made = arena_printf(a, "CAST((%s\n) AS %s)", f->to.sql, f->new.whole);
	text_add(t, dual_convert(a, f, &f->back));
	text_addf(t, CONVERT_SQL, f->id, "same", parameters(a, f, &f->to, &f->new), "boolean",
		arena_printf(a, "NOT %s", dual_distinct(a, f->new.same, sql_quoted(a, f->new.name), made)));
	trigger_function(a, t, f, "_b", arena_printf(a, BACK_BODY, sql_quoted(a, f->old.name), f->id, arguments(a, &f->back, NULL), keys,
		dual_words(a, f->back.reads, f->back.n, "NEW"), arguments(a, &f->to, &f->new)));
}

const char *dual_functions(struct arena *a, const struct dual_form *f)
{
	struct text t = { 0 };
	forward_functions(a, &t, f);
	if (f->back.sql)
		back_functions(a, &t, f);
	return kept(a, &t);
}

/* ---- triggers ---- */

static const char *changed(struct arena *a, const struct dual_column *c)
{
	const char *name = sql_quoted(a, c->name);
	return dual_distinct(a, c->change, arena_printf(a, "OLD.%s", name), arena_printf(a, "NEW.%s", name));
}

static const char *any_changed(struct arena *a, const struct dual_expr *x)
{
	struct text t = { 0 };
	for (size_t i = 0; i < x->n; i++)
		text_addf(&t, "%s%s", i ? " OR " : "(", changed(a, x->reads[i]));
	text_add(&t, ")");
	return kept(a, &t);
}

/* before: the trigger's name up to its id. */
static void trigger(struct text *t, const struct dual_form *f, const char *before, const char *event, const char *relation, const char *when)
{
	bool insert = event[0] == 'I', early = before[0] == '_';
	text_addf(t, "CREATE TRIGGER %s%s%s BEFORE %s ON %s FOR EACH ROW WHEN (%s) EXECUTE FUNCTION gatewalk.dual_%s%s();\n", before, f->id, insert ? "_i" : "", event, relation, when,
		f->id, early ? "_b" : "");
}

const char *dual_triggers(struct arena *a, const struct dual_form *f, const char *relation, bool only)
{
	struct text t = { 0 };
	const char *new = sql_quoted(a, f->new.name), *old = sql_quoted(a, f->old.name), *reads = any_changed(a, &f->to), *on = only ? "ONLY " : "";
	/* Gatewalk's own filling, of either column, is answered by neither: a value that comes and goes may not be the one that it was. */
	const char *not_ours = arena_printf(a, "pg_catalog.current_setting('gatewalk.backfill', true) IS DISTINCT FROM %s", sql_literal(a, f->sid));
	trigger(&t, f, DUAL_LATE, "UPDATE", relation, arena_printf(a, "%s AND NOT %s AND %s", reads, changed(a, &f->new), not_ours));
	trigger(&t, f, DUAL_LATE, "INSERT", relation, arena_printf(a, "NEW.%s IS NULL", new));
	text_addf(&t, "ALTER TABLE %s%s ENABLE ALWAYS TRIGGER %s%s, ENABLE ALWAYS TRIGGER %s%s_i;\n", on, relation, DUAL_LATE, f->id, DUAL_LATE, f->id);
	if (!f->back.sql)
		return kept(a, &t);
	const char *left_out = arena_printf(a, "NEW.%s IS NULL", old);
	if (f->old_default)
		left_out = arena_printf(a, "(%s OR NOT %s)", left_out, dual_distinct(a, f->old.change, arena_printf(a, "NEW.%s", old), arena_printf(a, "CAST((%s\n) AS %s)", f->old_default, f->old.whole)));
	trigger(&t, f, DUAL_EARLY, "UPDATE", relation, arena_printf(a, "%s AND NOT %s AND %s", changed(a, &f->new), reads, not_ours));
	trigger(&t, f, DUAL_EARLY, "INSERT", relation, arena_printf(a, "NEW.%s IS NOT NULL AND %s", new, left_out));
	text_addf(&t, "ALTER TABLE %s%s ENABLE ALWAYS TRIGGER %s%s, ENABLE ALWAYS TRIGGER %s%s_i;\n", on, relation, DUAL_EARLY, f->id, DUAL_EARLY, f->id);
	return kept(a, &t);
}
