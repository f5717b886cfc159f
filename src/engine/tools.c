/* SPDX-License-Identifier: MIT */
/* The tools that need no walk: plans, the server's fitness, the mark, logs, paths. */
#include "engine/tools.h"

#include <string.h>

#include "adapter/journal.h"
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

struct json *tool_doctor(struct arena *a, const struct engine_opts *o, struct err *e)
{
	static const char *const states[] = { [DOCTOR_OK] = "ok", [DOCTOR_WARN] = "warn", [DOCTOR_MISSING] = "missing" };
	struct doctor_row *rows;
	size_t n = 0;
	struct fact_server s = { 0 };
	struct db *db = upkeep_tool(o->dbname, e);
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
	struct db *db = upkeep_tool(o->dbname, e);
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
	struct db *db = upkeep_tool(o->dbname, e);
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
