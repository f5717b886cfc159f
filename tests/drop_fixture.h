/* SPDX-License-Identifier: MIT */
/* A walk that stands right before its drop, over a real table on a real server: everything that can be read is read, and what
   only weeks of walking bring is filled in. For db_apply, db_own and tool_drop. */
#ifndef GW_TESTS_DROP_FIXTURE_H
#define GW_TESTS_DROP_FIXTURE_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapter/apply.h"
#include "adapter/guard.h"
#include "adapter/own.h"
#include "adapter/probe.h"
#include "adapter/probe_moment.h"
#include "adapter/schema.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/when.h"
#include "core/sql.h"
#include "port/crypto.h"
#include "port/db.h"

#define FIX_INTENT_N 7
#define FIX_LAST_N 5

struct fix {
	struct arena *a;
	struct db *db;
	const char *conninfo, *statement;
	struct plan plan;
	struct walk walk;
	struct facts facts;
	struct anchor last;
	struct permit_binding binding;
	struct permit_mac mac;
	unsigned char key[32];
	char sid[33], nonce[33], manifest[65];
	struct plan_deploy deploy;
	struct walk_declared declared[2];
	struct plan_window window;
};

/* Any failure of the fixture itself ends the program: it is not what is being tested. */
static inline void fix_must(bool ok, const struct err *e, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "fixture: %s: %s\n", what, e ? e->msg : "failed");
	exit(3);
}

static inline bool fix_sql(struct db *db, struct arena *a, struct err *e, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
static inline bool fix_sql(struct db *db, struct arena *a, struct err *e, const char *fmt, ...)
{
	va_list ap;
	char *sql = NULL;
	va_start(ap, fmt);
	int len = vasprintf(&sql, fmt, ap);
	va_end(ap);
	bool ok = len >= 0 && db_script(db, a, sql, 30000, NULL, e);
	free(sql);
	return ok;
}

static inline void fix_do(struct fix *x, const char *sql)
{
	struct err e = { 0 };
	fix_must(db_script(x->db, x->a, sql, 30000, NULL, &e), &e, sql);
}

/* One value, "" for NULL and for no row. */
static inline const char *fix_get(struct fix *x, const char *sql)
{
	struct err e = { 0 };
	struct rows r;
	const struct query q = { .sql = sql, .cols = 1, .max_rows = 1 };
	fix_must(db_ask(x->db, x->a, &q, &r, &e), &e, sql);
	return r.n && r.cell[0][0] ? r.cell[0][0] : "";
}

static inline const char *fix_dbconn(struct arena *a, const char *dbname)
{
	return arena_printf(a, "dbname='%s'", dbname);
}

/* Opens (and with fresh set: makes) the database and its gatewalk schema. */
static inline void fix_open(struct fix *x, const char *dbname, bool fresh)
{
	struct err e = { 0 };
	bool strong;
	*x = (struct fix){ .a = arena_new() };
	fix_must(crypto_start(), NULL, "crypto");
	if (fresh) {
		struct db *admin = db_open(&(struct db_opts){ .conninfo = "dbname='postgres'" }, &e);
		fix_must(admin != NULL, &e, "connect");
		fix_must(fix_sql(admin, x->a, &e, "DROP DATABASE IF EXISTS %s", dbname), &e, "drop database");
		fix_must(fix_sql(admin, x->a, &e, "CREATE DATABASE %s TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'", dbname), &e, "create database");
		db_close(admin);
	}
	x->conninfo = fix_dbconn(x->a, dbname);
	x->db = db_open(&(struct db_opts){ .conninfo = x->conninfo, .app = "gatewalk" }, &e);
	fix_must(x->db != NULL, &e, "connect");
	fix_must(!fresh || schema_init(x->db, x->a, ENV_REHEARSAL, &strong, &e), &e, "init");
	crypto_random(x->key, sizeof x->key);
	x->mac = (struct permit_mac){ .mac = crypto_mac, .key = x->key };
}

static inline void fix_drop_database(const char *dbname)
{
	struct err e = { 0 };
	struct arena *a = arena_new();
	struct db *admin = db_open(&(struct db_opts){ .conninfo = "dbname='postgres'" }, &e);
	fix_must(admin && fix_sql(admin, a, &e, "DROP DATABASE IF EXISTS %s WITH (FORCE)", dbname), &e, "drop database");
	db_close(admin);
	arena_free(a);
}

static inline void fix_close(struct fix *x)
{
	db_close(x->db);
	arena_free(x->a);
}

static inline void fix_plan(struct fix *x, const char *schema, const char *table, const char *column)
{
	struct plan *p = &x->plan;
	*p = (struct plan){ 0 };
	plan_defaults(p);
	p->file = p->text = "fixture";
	p->name = arena_printf(x->a, "drop-%.8s", x->sid);
	p->archetype = ARCH_DESTRUCTIVE;
	p->recipe = "drop-column";
	p->schema = schema;
	p->table = table;
	p->column = column;
	p->before = p->after = p->why = p->way_back = p->leaves_behind = p->rollback_floor = p->api_contract = "said";
	p->has_falls = true;
	p->zone = "Europe/Berlin";
	x->window = (struct plan_window){ .days = 1u << 2, .from = 120, .to = 300 };
	p->windows = &x->window;
	p->n_windows = 1;
	x->deploy = (struct plan_deploy){ .name = "web" };
	p->deploys = &x->deploy;
	p->n_deploys = 1;
	crypto_sha256_hex(x->sid, strlen(x->sid), p->digest);
}

static inline void fix_look(struct fix *x)
{
	struct err e = { 0 };
	struct facts *f = &x->facts;
	*f = (struct facts){ 0 };
	fix_must(probe_target(x->db, x->a, &x->plan, &f->target, &e) && f->target.found, &e, f->target.missing ? f->target.missing : "target");
	fix_must(probe_server(x->db, x->a, &f->server, &e) && probe_mark(x->db, x->a, &f->mark, &e), &e, "server and mark");
	fix_must(probe_health(x->db, x->a, &x->plan, &f->health, &e), &e, "health");
	const struct moment_ask ask = { .plan = &x->plan, .env = f->mark.env };
	fix_must(probe_moment(x->db, x->a, &ask, &f->moment, &e), &e, "moment");
	fix_must(own_tripwire_look(x->db, x->a, x->sid, f->target.relid, &f->watch.tripwire_there, &f->watch.tripwire_enabled, &f->watch.trip_count, &e),
		&e, "tripwire");
	fix_must(guard_look(x->db, x->a, x->sid, &f->guard, &e), &e, "guard");
	fix_must(probe_others(x->db, x->a, x->sid, f->target.relid, 0, &f->others, &e), &e, "others");
	fix_must(probe_now(x->db, &f->now, &e), &e, "now");
	f->mark.remembered_env = f->mark.env;
	f->mark.remembered_install_id = f->mark.install_id;
	static struct audit_source all_seen = { .name = "all", .sees = SEES_STATIC | SEES_READ | SEES_WRITE | SEES_CODE };
	all_seen.from = f->now - US_DAY;
	all_seen.to = f->now;
	f->audit.sources = &all_seen;
	f->audit.n_sources = 1;
	f->audit.at = f->watch.at = f->log.at = f->monitor.at = f->files_at = f->now;
	f->watch.statements_there = f->watch.standbys_ok = true;
	f->watch.unbroken_since = f->now - US_DAY;
	f->log.verifies = f->log.ledger_agrees = f->files_intact = true;
	f->monitor.baseline_at = f->now;
	f->monitor.errors_seen = true;
}

/* Weeks of walking, as the fold would have it. */
static inline void fix_walk(struct fix *x)
{
	const struct facts *f = &x->facts;
	const struct fact_target *t = &f->target;
	struct walk *w = &x->walk;
	int64_t ago = f->now - 30 * US_MINUTE;
	walk_init(w, x->a);
	w->kind = plan_target(&x->plan);
	w->sid = x->sid;
	w->name = x->plan.name;
	w->plan_digest = x->plan.digest;
	w->db = arena_printf(x->a, "%s.%u.%s", f->server.sysid, f->server.dboid, f->mark.install_id);
	w->who = "tester@here";
	w->target = "target";
	w->env = f->mark.env;
	w->stage = AT_DROPPING;
	w->begun = w->last_t = ago;
	w->day_us = US_SECOND;
	w->relid = t->relid;
	w->attnum = t->attnum;
	w->n = FIX_INTENT_N + 1;
	w->first = (struct fact_snapshot){ .begun = ago, .proved = ago, .id = "one", .path = "/nowhere", .manifest_sha256 = x->manifest, .sysid = f->server.sysid,
		.dboid = f->server.dboid, .relid = t->relid, .attnum = t->attnum, .rows = 1, .values = 1, .equal = true, .trip_count = f->watch.trip_count };
	memcpy(w->first.definition_digest, t->definition_digest, sizeof t->definition_digest);
	w->final = w->first;
	w->final.begun = w->final.proved = ago + 20 * US_MINUTE;
	w->drill = (struct fact_drill){ .at = ago, .passed = true, .sysid = f->server.sysid, .dboid = f->server.dboid, .took_us = 1, .restore_us = 1 };
	for (int i = 1; i <= ITEM_COUNT; i++)
		w->confirmed[i] = ago;
	w->gate_passed[0] = w->gate_passed[1] = w->gate_passed[2] = ago + US_MINUTE;
	w->quiet_since = ago;
	w->baseline_at = ago;
	x->declared[0] = (struct walk_declared){ .what = "reads_moved", .key = "web", .value = "r1 ended", .at = ago };
	x->declared[1] = (struct walk_declared){ .what = "releases", .key = "", .value = "none", .at = f->now };
	w->declared = x->declared;
	w->n_declared = w->cap_declared = 2;
	w->intent_n = FIX_INTENT_N;
	w->intent_nonce = x->nonce;
	w->intent_statement = x->statement;
	w->intent_snapshot = x->manifest;
	crypto_sha256_hex(x->nonce, strlen(x->nonce), w->intent_head);
}

static inline void fix_bind(struct fix *x)
{
	x->binding = (struct permit_binding){ .sid = x->sid, .plan_digest = x->plan.digest, .statement = x->statement, .snapshot_sha256 = x->manifest,
		.intent_head = x->walk.intent_head, .nonce = x->nonce, .relid = x->walk.relid, .attnum = x->walk.attnum, .intent_n = FIX_INTENT_N };
}

/* The line of a change: what it is, and where the walk then stands, are set before; facts with what its statement is made of. */
static inline void fix_change(struct fix *x)
{
	struct walk *w = &x->walk;
	w->intent_n = x->last.n + 2;
	crypto_random_hex(16, x->nonce);
	crypto_sha256_hex(x->nonce, strlen(x->nonce), w->intent_head);
	w->intent_expires = x->facts.now + 10 * US_MINUTE;
	w->intent_statement = x->statement = permit_statement(x->a, &x->plan, w, &x->facts);
	fix_bind(x);
	x->binding.attnum = permit_attnum(w);
	x->binding.intent_n = w->intent_n;
}

/* Looks at the target and stands right behind the intent. With put, tripwire, walk's row and last anchor are made first. */
static inline void fix_ready(struct fix *x, const char *schema, const char *table, const char *column, bool put)
{
	struct err e = { 0 };
	bool ok = true;
	if (put)
		crypto_random_hex(16, x->sid);
	fix_plan(x, schema, table, column);
	crypto_random_hex(16, x->nonce);
	crypto_sha256_hex(x->nonce, 31, x->manifest);
	x->statement = sql_statement(x->a, &x->plan, NULL);
	struct fact_target t;
	fix_must(probe_target(x->db, x->a, &x->plan, &t, &e) && t.found, &e, t.missing ? t.missing : "target");
	fix_must(!put || own_tripwire_put(x->db, x->a, &(struct own_trip){ .sid = x->sid, .target = &t, .where = x->plan.where }, &e), &e, "tripwire");
	fix_look(x);
	x->plan.falls = x->facts.target.falls;
	x->plan.n_falls = x->facts.target.n_falls;
	fix_walk(x);
	if (put) {
		char head[65];
		crypto_sha256_hex("last", 4, head);
		ok = ledger_open(x->db, &x->walk, &x->plan, "here", &e) && ledger_anchor(x->db, x->sid, FIX_LAST_N, head, NULL, &e);
	}
	fix_must(ok && ledger_last(x->db, x->a, x->sid, &x->last, &e), &e, "ledger");
	fix_must(probe_now(x->db, &x->facts.now, &e), &e, "now");
	fix_bind(x);
}

static inline bool fix_files_same(void *ctx)
{
	return ctx == NULL || *(bool *)ctx;
}

static inline struct drop fix_drop(struct fix *x, struct permit *permit)
{
	return (struct drop){ .conninfo = x->conninfo, .plan = &x->plan, .walk = &x->walk, .facts = &x->facts, .binding = x->binding, .permit = permit,
		.mac = &x->mac, .last = x->last, .files_same = fix_files_same };
}

/* The real mint, over all gates. */
static inline struct permit *fix_mint(struct fix *x)
{
	struct err e = { 0 };
	struct permit *pm = permit_mint(x->a, &x->plan, &x->walk, &x->facts, &x->binding, &x->mac, &e);
	fix_must(pm != NULL, &e, "mint");
	return pm;
}

#endif
