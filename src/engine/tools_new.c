/* SPDX-License-Identifier: MIT */
/* gatewalk new: a plan from what was said on the command line, and, where a database was named, from what stands there. */
#include "engine/tools.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "adapter/planfile.h"
#include "adapter/probe.h"
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "core/sql.h"
#include "engine/upkeep.h"
#include "port/db.h"
#include "port/files.h"

#define NAME_LONG 40   /* what a plan's name may have */

/* ---- one value of an enum is replaced: a change of type, whose conversion is written here ---- */

static const char *replaced(struct arena *a, const char *column, const char *from, const char *to, const char *type)
{
	return arena_printf(a, "(CASE %s::text WHEN %s THEN %s ELSE %s::text END)::%s", sql_ident(a, column), sql_literal(a, from), sql_literal(a, to), sql_ident(a, column), type);
}

/* "new=open": at the first equals sign. */
static bool put_replaced(struct arena *a, const struct new_plan *n, struct db *db, struct plan_draft *d, struct err *e)
{
	const char *equals = strchr(n->replace, '=');
	if (!equals || equals == n->replace || !equals[1])
		return err_set(e, ERR_USE, "--replace new=open", "\"%s\" is not OLD=NEW", n->replace);
	const char *from = arena_dupn(a, n->replace, (size_t)(equals - n->replace)), *to = equals + 1, *column = sql_ident(a, n->column);
	struct probe_enum was;
	d->convert = replaced(a, n->column, from, to, n->type);
	d->recipe = "change-type";
	d->of_enum = true;
	if (!db)
		return true;
	if (!probe_enum(db, a, &(struct probe_enum_ask){ n->schema ? n->schema : "public", n->table, n->column, n->type, from, to }, &was, e))
		return false;
	if (!was.is_enum)
		return err_set(e, ERR_USE, "change-type is for other types.", "%s.%s.%s is of type %s, which is no enum", n->schema ? n->schema : "public", n->table, column, was.type);
	if (!was.has_from)
		return err_set(e, ERR_USE, NULL, "%s has no value \"%s\"", was.type, from);
	if (!was.new_there)
		return err_set(e, ERR_USE, "CREATE TYPE ... AS ENUM with the values that stay and the new one, by the application's own migration; name it with its schema.", "there is no enum %s", n->type);
	if (was.missing)
		return err_set(e, ERR_USE, "Every value of the old type that stays stands in the new one, too.", "%s lacks: %s", n->type, was.missing);
	/* Where the old type had both, the two become one, and the way back cannot tell them apart: it keeps the new one's name. */
	d->back = was.had_to ? arena_printf(a, "%s::text::%s", sql_ident(a, n->to), was.type) : replaced(a, n->to, to, from, was.type);
	return true;
}

/* "orders-drop-legacy-total", from the target; NULL when nothing of its names can stand in one. */
static const char *name_from(struct arena *a, const struct new_plan *n)
{
	const struct plan p = { .recipe = n->replace ? "change-type" : n->recipe };
	const char *raw = archetype_beside(plan_recipe(&p)) ? arena_printf(a, "%s-%s-%s", n->table, plan_recipe(&p) == ARCH_RENAME ? "rename" : "retype", n->column) :
		plan_rule(&p) != RULE_NONE ? plan_rule(&p) == RULE_INDEX ? arena_printf(a, "build-%s", n->to) : plan_rule(&p) == RULE_NAME ? arena_printf(a, "%s-to-%s", n->table, n->to) : plan_rule(&p) == RULE_SPLIT ? arena_printf(a, "%s-split-%s", n->table, n->to) : arena_printf(a, "%s-%s-%s", n->table, n->recipe, n->column ? n->column : n->to) :
		plan_target(&p) == TARGET_COLUMN || plan_target(&p) == TARGET_ADDED ?
		arena_printf(a, "%s-%s-%s", n->table, plan_target(&p) == TARGET_ADDED ? "add" : "drop", n->column)
		: plan_target(&p) == TARGET_TABLE ? arena_printf(a, "%s-drop", n->table) : arena_printf(a, "%s-remove-rows", n->table);
	char *name = arena_dup(a, raw);
	size_t len = 0;
	for (const char *c = raw; *c && len < NAME_LONG; c++) {
		bool upper = *c >= 'A' && *c <= 'Z', fits = upper || (*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9');
		if (fits || (len && name[len - 1] != '-'))
			name[len++] = (char)(!fits ? '-' : upper ? *c - 'A' + 'a' : *c);
	}
	while (len && name[len - 1] == '-')
		len--;
	name[len] = '\0';
	return len ? name : NULL;
}

/* Folders as they are found from everywhere. */
static bool put_sources(struct arena *a, const struct new_plan *n, struct plan_draft *d, struct err *e)
{
	d->sources = arena_array(a, n->n_sources, sizeof *d->sources);
	for (; d->n_sources < n->n_sources; d->n_sources++) {
		char real[PATH_MAX];
		if (!realpath(n->sources[d->n_sources], real))
			return err_set(e, ERR_USE, "Give a folder with --source.", "%s: %s", n->sources[d->n_sources], strerror(errno));
		d->sources[d->n_sources] = arena_dup(a, real);
	}
	return true;
}

struct json *tool_new(struct arena *a, const struct new_plan *n, const struct engine_opts *db_or_null, struct err *e)
{
	struct plan_draft d = {
		.recipe = n->recipe, .name = n->name ? n->name : name_from(a, n), .schema = n->schema, .table = n->table, .column = n->column, .type = n->type, .def = n->def, .where = n->where, .why = n->why, .zone = n->zone, .to = n->to, .convert = n->convert, .columns = n->columns,
		.deploys = n->deploys, .n_deploys = n->n_deploys,
	};
	if (!put_sources(a, n, &d, e) || (n->replace && !db_or_null && !put_replaced(a, n, NULL, &d, e)))
		return NULL;
	if (db_or_null) {
		struct db *db = upkeep_tool(db_or_null->dbname, e);
		struct fact_target t = { 0 };
		struct plan p = { .recipe = n->replace ? "change-type" : n->recipe, .schema = n->schema ? n->schema : "public", .table = n->table, .column = n->column, .where = n->where, .add_column = n->to, .add_name = n->to ? n->to : "", .add_index = "", .name = "" };
		if (plan_rule(&p) == RULE_FOREIGN)
			p.recipe = "add-check";   /* what it refers to is not known yet: the table alone is looked up */
		bool adds = target_comes(plan_target(&p)), ok = db && probe_target(db, a, &p, &t, e) && (!n->replace || !t.found || put_replaced(a, n, db, &d, e));
		db_close(db);
		if (!ok)
			return NULL;
		if (!t.found) {
			err_set(e, ERR_USE, "Correct --schema, --table, --column or --where.", "%s", t.missing);
			return NULL;
		}
		if (t.taken) {
			err_set(e, ERR_USE, adds ? "Give another one with --column." : "Give another one with --to.", "%s.%s has a column %s already", t.schema, t.table, plan_new_column(&p));
			return NULL;
		}
		if (!d.type && plan_recipe(&p) == ARCH_RENAME)
			d.type = t.type;
		d.falls = t.falls;
		d.n_falls = t.n_falls;
		d.has_falls = true;
		d.before = t.column ? arena_printf(a, "%s.%s has the column %s of type %s%s", t.schema, t.table, t.column, t.type, t.not_null ? ", not null" : "")
			: arena_printf(a, adds ? "%s.%s without it, some %lld rows" : "%s.%s, some %lld rows", t.schema, t.table, (long long)(t.rows_estimate > 0 ? t.rows_estimate : 0));
	}
	char *text = planfile_write(a, &d);
	struct json *o = json_obj(a);
	if (n->file) {
		if (file_exists(n->file)) {
			err_set(e, ERR_USE, "Give another name with --output.", "%s is there already", n->file);
			return NULL;
		}
		if (!file_write(n->file, text, strlen(text), e))
			return NULL;
		json_add_str(o, "file", n->file);
	}
	json_add_str(o, "text", text);
	return o;
}
