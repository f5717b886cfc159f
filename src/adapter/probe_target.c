/* SPDX-License-Identifier: MIT */
/* The target as the catalogue shows it. Names go in as values and are compared as they are, so no name can be mistaken. */
#include "adapter/probe_target.h"

#include <stddef.h>
#include <string.h>

#include "adapter/probe_added.sql.h"
#include "adapter/probe_target.sql.h"
#include "base/arena.h"
#include "base/err.h"
#include "core/rule.h"
#include "core/split.h"
#include "core/sql.h"
#include "port/crypto.h"

#define PAIRS_ARGS_MAX 8

/* Of a table, of rows and of a column that comes the relation is looked at, of another column its place in it. */
static bool is_whole(const struct plan *p)
{
	return plan_target(p) == TARGET_TABLE || plan_target(p) == TARGET_ROWS || target_comes(plan_target(p));
}

/* Of a column that gets another one beside it: the number of the one that bears that one's name; and the foreign keys that item 9 takes off. */
static const char BESIDE_SQL[] = "UNION ALL SELECT 'taken', a.attnum::text, 1000 FROM pg_attribute a JOIN t ON t.relid = a.attrelid WHERE a.attname = %s AND NOT a.attisdropped\n"
	"UNION ALL SELECT p.k, p.v, 2000 + row_number() OVER (PARTITION BY p.k ORDER BY k.conname) FROM t JOIN pg_constraint k ON k.conrelid = t.relid AND k.contype = 'f' AND t.attnum = ANY (k.conkey),\n"
	"  LATERAL (VALUES ('foreign', k.conname::text), ('foreign_as', pg_get_constraintdef(k.oid))) p(k, v)\n";

/* Of a constraint that comes: how far it has, and both tables that a foreign key locks. */
static const char *rule_sql(struct arena *a, const struct plan *p)
{
	const char *other = rule_other(a, p);
	if (plan_rule(p) == RULE_NAME)
		return arena_printf(a, "UNION ALL SELECT 'rule', 'true', 1000 FROM t WHERE relname = %s AND relname <> $2::text\n"
			"UNION ALL SELECT 'lock', format('%%I.%%I', nspname, $2::text), 50 FROM t WHERE relname <> $2::text\n"
			"UNION ALL SELECT 'published', format('%%I', p.pubname), 250 FROM pg_publication p JOIN pg_publication_rel l ON l.prpubid = p.oid JOIN t ON t.relid = l.prrelid WHERE l.prattrs IS NOT NULL\n",
			sql_literal(a, p->add_name));   /* the view first, as whoever uses it */
	if (plan_rule(p) == RULE_SPLIT) {
		const struct split_form f = split_named(a, p);
		return split_state(a, &f);
	}
	if (plan_rule(p) == RULE_INDEX)
		return arena_printf(a, "UNION ALL SELECT 'rule', (i.indisvalid AND i.indisready)::text, 1000 FROM pg_index i JOIN t ON t.relid = i.indrelid JOIN pg_class x ON x.oid = i.indexrelid WHERE x.relname = %s\n",
			sql_literal(a, rule_name(p)));
	return arena_printf(a, "UNION ALL SELECT 'rule', k.convalidated::text, 1000 FROM pg_constraint k JOIN t ON t.relid = k.conrelid WHERE k.conname = %s\n"
		"UNION ALL SELECT 'not_null', a.attnotnull::text, 1000 FROM pg_attribute a JOIN t ON t.relid = a.attrelid WHERE a.attname = %s AND NOT a.attisdropped\n"
		"UNION ALL SELECT 'lock', %s, 2000 FROM t WHERE %s\n", sql_literal(a, rule_name(p)), sql_literal(a, p->column), sql_literal(a, other),
		other ? arena_printf(a, "to_regclass(%s) <> t.relid", sql_literal(a, other)) : "false");
}

/* What a plan asks of the catalogue beside its target. */
static const char *beside_sql(struct arena *a, const struct plan *p)
{
	if (plan_rule(p) != RULE_NONE)
		return rule_sql(a, p);
	return plan_target(p) == TARGET_COLUMN && plan_new_column(p) ? arena_printf(a, BESIDE_SQL, sql_literal(a, plan_new_column(p))) : "";
}

bool target_pairs(struct db *db, struct arena *a, const struct pairs_query *q, struct rows *out, struct err *e)
{
	static const char column[] = TARGET_WITH_SQL TARGET_OPEN_SQL TARGET_PAIRS_SQL, table[] = TABLE_WITH_SQL TARGET_OPEN_SQL TABLE_PAIRS_SQL,
		added[] = ADDED_WITH_SQL("$2::text") TARGET_OPEN_SQL ADDED_PAIRS_SQL,
		renamed[] = ADDED_WITH_SQL(RENAMED_SQL) TARGET_OPEN_SQL ADDED_PAIRS_SQL;
	bool comes = target_comes(plan_target(q->plan)), whole = is_whole(q->plan) && !comes;
	const char *args[3 + PAIRS_ARGS_MAX] = { q->plan->schema, q->plan->table, whole ? target_noun(plan_target(q->plan)) : plan_rule(q->plan) != RULE_NONE ? NULL : q->plan->column };
	if (q->nargs > PAIRS_ARGS_MAX)
		return err_set(e, ERR_INTERNAL, NULL, "too many values for one look at the target");
	for (int i = 0; i < q->nargs; i++)
		args[3 + i] = q->args[i];
	const struct query ask = {
		.sql = arena_printf(a, "%s%s%s%s", whole ? table : plan_rule(q->plan) == RULE_NAME ? renamed : comes ? added : column, beside_sql(a, q->plan), q->more, TARGET_CLOSE_SQL),
		.args = args, .nargs = 3 + q->nargs, .ms = q->ms, .cols = 2, .min_rows = 1, .kept = q->kept,
	};
	return db_ask(db, a, &ask, out, e);
}

const char *pairs_get(const struct rows *r, const char *name)
{
	for (int i = 0; i < r->n; i++)
		if (strcmp(r->cell[i][0], name) == 0)
			return r->cell[i][1];
	return NULL;
}

/* All values of that name, in the answer's order. */
static const char **pairs_list(struct arena *a, const struct rows *r, const char *name, size_t *n)
{
	const char **list = arena_array(a, (size_t)r->n + 1, sizeof *list);
	*n = 0;
	for (int i = 0; i < r->n; i++)
		if (strcmp(r->cell[i][0], name) == 0)
			list[(*n)++] = r->cell[i][1] ? r->cell[i][1] : "something that is being removed right now";
	return list;
}

bool target_lets_go(const struct fact_target *t, const char *what)
{
	static const char constraint[] = "constraint ", on[] = " on table ";
	const char *name = what + sizeof constraint - 1;
	bool is = strncmp(what, constraint, sizeof constraint - 1) == 0, found = false;
	for (size_t i = 0; is && i < t->n_foreign && !found; i++) {
		size_t len = strlen(t->foreign[i]);
		found = strncmp(name, t->foreign[i], len) == 0 && strncmp(name + len, on, sizeof on - 1) == 0;
	}
	return found;
}

/* What is taken off before does not fall. */
static void let_go(struct fact_target *t)
{
	size_t n = 0;
	for (size_t i = 0; i < t->n_falls; i++)
		if (!target_lets_go(t, t->falls[i]))
			t->falls[n++] = t->falls[i];
	t->n_falls = n;
}

struct field { const char *name; enum { F_TEXT, F_BOOL, F_INT64, F_OID, F_INT, F_CHAR } kind; size_t offset; };
#define FIELD(kind, name, member) { name, kind, offsetof(struct fact_target, member) }
static const struct field fields[] = {
	FIELD(F_INT64, "at", at), FIELD(F_OID, "relid", relid), FIELD(F_INT, "attnum", attnum),
	FIELD(F_TEXT, "schema", schema), FIELD(F_TEXT, "table", table), FIELD(F_TEXT, "column", column), FIELD(F_TEXT, "owner", owner),
	FIELD(F_BOOL, "may_alter", may_alter), FIELD(F_CHAR, "relkind", relkind), FIELD(F_BOOL, "unlogged", unlogged),
	FIELD(F_BOOL, "partition", partition), FIELD(F_BOOL, "partitioned", partitioned), FIELD(F_BOOL, "inherits", inherits),
	FIELD(F_BOOL, "has_children", has_children), FIELD(F_BOOL, "rls", rls), FIELD(F_TEXT, "unfit", unfit),
	FIELD(F_TEXT, "type", type), FIELD(F_BOOL, "not_null", not_null), FIELD(F_BOOL, "generated", generated),
	FIELD(F_BOOL, "identity", identity), FIELD(F_TEXT, "def", def), FIELD(F_TEXT, "comment", comment),
	FIELD(F_TEXT, "definition", definition), FIELD(F_INT, "taken", taken), FIELD(F_CHAR, "rule", rule), FIELD(F_INT64, "rows", rows_estimate), FIELD(F_INT64, "bytes", bytes),
};

static void read_field(struct fact_target *out, const struct field *f, const char *v)
{
	void *at = (char *)out + f->offset;
	switch (f->kind) {
	case F_TEXT: *(const char **)at = v; break;
	case F_BOOL: *(bool *)at = cell_bool(v); break;
	case F_INT64: *(int64_t *)at = cell_int(v); break;
	case F_OID: *(unsigned *)at = (unsigned)cell_int(v); break;
	case F_INT: *(int *)at = (int)cell_int(v); break;
	case F_CHAR: *(char *)at = v ? v[0] : '\0'; break;
	}
}

static const char *what_is_missing(struct arena *a, const struct plan *p, const struct fact_target *t)
{
	if (!t->schema)
		return arena_printf(a, "there is no schema %s, or this login may not see it", sql_ident(a, p->schema));
	if (!t->table || is_whole(p))
		return arena_printf(a, "there is no table %s.%s", sql_ident(a, p->schema), sql_ident(a, p->table));
	return arena_printf(a, "table %s.%s has no column %s", sql_ident(a, p->schema), sql_ident(a, p->table), sql_ident(a, p->column));
}

void target_read(struct arena *a, const struct plan *p, const struct rows *r, struct fact_target *out)
{
	*out = (struct fact_target){ .rows_estimate = -1 };
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
		read_field(out, &fields[i], pairs_get(r, fields[i].name));
	out->falls = pairs_list(a, r, "fall", &out->n_falls);
	out->blockers = pairs_list(a, r, "stop", &out->n_blockers);
	out->keys = pairs_list(a, r, "key", &out->n_keys);
	out->locks = pairs_list(a, r, "lock", &out->n_locks);
	out->before = pairs_list(a, r, "before", &out->n_before);
	out->foreign = pairs_list(a, r, "foreign", &out->n_foreign);
	out->foreign_as = pairs_list(a, r, "foreign_as", &out->n_foreign);
	let_go(out);
	out->published = pairs_list(a, r, plan_rule(p) == RULE_NONE || plan_rule(p) == RULE_NAME ? "published" : "", &out->n_published);   /* a constraint is sent nowhere */
	out->found = out->schema && out->table && (out->column || is_whole(p)) && out->definition;
	if (out->found)
		crypto_sha256_hex(out->definition, strlen(out->definition), out->definition_digest);
	else
		out->missing = what_is_missing(a, p, out);
}

bool probe_target(struct db *db, struct arena *a, const struct plan *p, struct fact_target *out, struct err *e)
{
	struct rows r;
	*out = (struct fact_target){ .at = 0 };
	const struct pairs_query q = { .plan = p, .more = is_whole(p) ? TABLE_BYTES_SQL : "" };
	if (!target_pairs(db, a, &q, &r, e))
		return err_in(e, "looking at the %s", target_noun(plan_target(p)));
	target_read(a, p, &r, out);
	return true;
}
