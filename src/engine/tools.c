/* SPDX-License-Identifier: MIT */
/* The tools that need no walk: plans, the server's fitness, the mark, logs, paths. */
#include "engine/tools.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "adapter/journal.h"
#include "adapter/planfile.h"
#include "adapter/probe.h"
#include "adapter/remember.h"
#include "adapter/schema.h"
#include "adapter/sign.h"
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "engine/upkeep.h"
#include "port/crypto.h"
#include "port/db.h"
#include "port/files.h"

#define NAME_LONG 40   /* what a plan's name may have */

static struct db *connect_to(const struct engine_opts *o, struct err *e)
{
	const struct db_opts d = { .conninfo = o->dbname, .app = "gatewalk" };
	return upkeep_db(&d, e);
}

/* "orders-drop-legacy-total", from the target; NULL when nothing of its names can stand in one. */
static const char *name_from(struct arena *a, const struct new_plan *n)
{
	const struct plan p = { .recipe = n->recipe };
	const char *raw = archetype_beside(plan_recipe(&p)) ? arena_printf(a, "%s-%s-%s", n->table, plan_recipe(&p) == ARCH_RENAME ? "rename" : "retype", n->column) :
		plan_rule(&p) != RULE_NONE ? plan_rule(&p) == RULE_INDEX ? arena_printf(a, "build-%s", n->to) : arena_printf(a, "%s-%s-%s", n->table, n->recipe, n->column ? n->column : n->to) :
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
	if (!put_sources(a, n, &d, e))
		return NULL;
	if (db_or_null) {
		struct db *db = connect_to(db_or_null, e);
		struct fact_target t = { 0 };
		struct plan p = { .recipe = n->recipe, .schema = n->schema ? n->schema : "public", .table = n->table, .column = n->column, .where = n->where, .add_column = n->to, .add_name = n->to ? n->to : "", .add_index = "" };
		if (plan_rule(&p) == RULE_FOREIGN)
			p.recipe = "add-check";   /* what it refers to is not known yet: the table alone is looked up */
		bool adds = target_comes(plan_target(&p)), ok = db && probe_target(db, a, &p, &t, e);
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

struct json *tool_doctor(struct arena *a, const struct engine_opts *o, struct err *e)
{
	static const char *const states[] = { [DOCTOR_OK] = "ok", [DOCTOR_WARN] = "warn", [DOCTOR_MISSING] = "missing" };
	struct doctor_row *rows;
	size_t n = 0;
	struct fact_server s = { 0 };
	struct db *db = connect_to(o, e);
	bool ok = db && probe_server(db, a, &s, e) && probe_doctor(db, a, &rows, &n, e);
	db_close(db);
	if (!ok)
		return NULL;
	struct json *out = json_obj(a), *list = json_add_arr(out, "rows");
	json_add_str(out, "server", s.label);
	for (size_t i = 0; i < n; i++) {
		struct json *r = json_add_obj(list, NULL);
		json_add_str(r, "fix", rows[i].fix);
		json_add_str(r, "id", rows[i].id);
		json_add_str(r, "now", rows[i].now);
		json_add_str(r, "state", states[rows[i].state]);
		json_add_str(r, "what", rows[i].what);
		if (rows[i].state == DOCTOR_MISSING && e->code == ERR_NONE)
			err_set(e, ERR_USE, NULL, "something is missing on %s", s.label);
	}
	return out;
}

/* The operator's key: the one named, the one there, or a new one. */
static const char *key_for_init(struct arena *a, const struct engine_opts *o, bool *made, struct err *e)
{
	*made = false;
	const char *path = o->key ? o->key : path_join(a, path_config(a), "id_ed25519");
	if (file_exists(path))
		return path;
	if (o->key) {
		err_set(e, ERR_USE, "Name a private key that is there, or leave --key out: init makes one.", "%s: no such key", o->key);
		return NULL;
	}
	if (!o->tty) {
		err_set(e, ERR_USE, "Run it on a terminal, or name a key with --key.", "a new key asks for a passphrase, and there is no terminal");
		return NULL;
	}
	*made = dir_make(path_config(a), e) && signer_make_key(path, "gatewalk", e);
	return *made ? path : NULL;
}

struct json *tool_init(struct arena *a, const struct engine_opts *o, const char *environment, struct err *e)
{
	enum env env = environment ? env_parse(environment) : ENV_NONE;
	struct fact_server s = { 0 };
	struct fact_mark m = { 0 };
	bool strong = false, made = false;
	if (env == ENV_NONE) {
		err_set(e, ERR_USE, "gatewalk init --environment production|staging|development|rehearsal", "which environment is this database?");
		return NULL;
	}
	struct db *db = connect_to(o, e);
	const char *key = NULL;
	bool ok = db && probe_direct(db, e) && (key = key_for_init(a, o, &made, e)) && probe_server(db, a, &s, e) && remember_allows(a, s.sysid, s.dboid, env, e) &&
		schema_init(db, a, env, &strong, e) && probe_mark(db, a, &m, e) && remember_write(a, s.sysid, s.dboid, m.install_id, env, false, e);
	db_close(db);
	if (!ok)
		return NULL;
	struct json *out = json_obj(a);
	json_add_str(out, "environment", env_name(env));
	json_add_str(out, "install_id", m.install_id);
	json_add_str(out, "key", key);
	json_add_bool(out, "key_made", made);
	json_add_str(out, "server", s.label);
	json_add_bool(out, "strong", strong);
	return out;
}

struct json *tool_uninstall(struct arena *a, const struct engine_opts *o, struct err *e)
{
	struct fact_server s = { 0 };
	struct fact_mark m = { 0 };
	struct db *db = connect_to(o, e);
	bool ok = db && probe_direct(db, e) && probe_server(db, a, &s, e) && probe_mark(db, a, &m, e);
	if (ok && !m.installed)
		ok = err_set(e, ERR_USE, NULL, "%s has no gatewalk schema", s.label);
	ok = ok && schema_uninstall(db, a, e) && remember_write(a, s.sysid, s.dboid, m.install_id, ENV_NONE, true, e);
	db_close(db);
	if (!ok)
		return NULL;
	struct json *out = json_obj(a);
	json_add_str(out, "server", s.label);
	return out;
}

struct json *tool_verify(struct arena *a, const char *log, struct err *e)
{
	struct verify_end v = { 0 };
	if (!crypto_start() || (!journal_verify(a, log, &v, e) && v.why == NULL))
		return NULL;
	struct json *o = json_obj(a);
	json_add_int(o, "bad_line", v.good ? 0 : v.bad_line);
	json_add_bool(o, "good", v.good);
	json_add_str(o, "head", v.head);
	json_add_str(o, "keys", v.keys);
	json_add_int(o, "lines", v.lines);
	json_add_str(o, "sid", v.sid);
	json_add_int(o, "signed", v.is_signed);
	json_add_int(o, "unsealed", v.unsealed);
	json_add_str(o, "why", v.why);
	if (!v.good)
		err_set(e, ERR_VERIFY, NULL, "%s, line %lld: %s", log, (long long)v.bad_line, v.why);
	return o;
}

struct json *tool_info(struct arena *a, const struct engine_opts *o, struct err *e)
{
	(void)e;
	struct json *out = json_obj(a), *paths = json_add_obj(out, "paths");
	json_add_str(paths, "allowed_signers", path_join(a, path_config(a), "allowed_signers"));
	json_add_str(paths, "config", path_config(a));
	json_add_str(paths, "key", o->key ? o->key : path_join(a, path_config(a), "id_ed25519"));
	json_add_str(paths, "plans", GATEWALK_PLANS);
	json_add_str(paths, "runtime", path_runtime(a));
	json_add_str(paths, "snapshots", path_join(a, path_data(a), "snapshots"));
	json_add_str(paths, "state", path_state(a));
	json_add_str(paths, "walks", path_walks(a));
	json_add_str(out, "program", o->program);
	json_add_str(out, "version", GATEWALK_VERSION);
	return out;
}
