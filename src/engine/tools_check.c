/* SPDX-License-Identifier: MIT */
/* gatewalk check: plans judged, each problem at its place; with a database, what the server says of them too. */
#include "engine/tools.h"

#include <string.h>

#include "adapter/hide.h"
#include "adapter/monitor.h"
#include "adapter/planfile.h"
#include "adapter/probe.h"
#include "adapter/slot.h"
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "engine/upkeep.h"
#include "port/db.h"

#define BROKEN_MS (10 * 60 * 1000)

static void strings(struct json *o, const char *key, const char *const *s, size_t n)
{
	struct json *list = json_add_arr(o, key);
	for (size_t i = 0; i < n; i++)
		json_add_str(list, NULL, s[i]);
}

static void place_row(struct json *errs, struct mark at, const char *what, const char *instead)
{
	struct json *x = json_add_obj(errs, NULL);
	json_add_int(x, "column", at.column);
	json_add_str(x, "instead", instead);
	json_add_int(x, "line", at.line);
	json_add_str(x, "what", what);
}

static bool same_falls(const struct plan *p, const struct fact_target *t)
{
	bool same = p->n_falls == t->n_falls;
	for (size_t i = 0; same && i < t->n_falls; i++) {
		bool there = false;
		for (size_t k = 0; k < p->n_falls; k++)
			there = there || strcmp(p->falls[k], t->falls[i]) == 0;
		same = there;
	}
	return same;
}

/* Rows that do not hold to a constraint that comes, where nothing fills them. */
static bool look_broken(struct arena *a, struct db *db, const struct plan *p, const struct fact_target *t, struct json *errs, struct err *e)
{
	struct fact_broken b;
	if (plan_rule(p) == RULE_NONE || !t->found || t->unfit)
		return true;
	if (!probe_broken(db, a, p, t, BROKEN_MS, &b, e))
		return false;
	if (b.rows && !p->backfill.value)
		place_row(errs, plan_mark(p, "add"), arena_printf(a, "%lld row%s not hold to it: %s%s", (long long)b.rows, b.rows == 1 ? " does" : "s do", b.first, b.rows > 3 ? ", ..." : ""),
			plan_rule(p) == RULE_NOT_NULL ? "mend them first, or let backfill.value fill them" : "mend them first");
	return true;
}

/* What the server says of the target; every problem is one more error of the plan. */
static bool look_up(struct arena *a, struct db *db, const struct plan *p, struct json *row, struct json *errs, struct err *e)
{
	struct fact_target t = { 0 };
	struct mark at = plan_mark(p, "target");
	if (!probe_target(db, a, p, &t, e) || !probe_where(db, a, p->where, &t, e) || !probe_added(db, a, p, &t, e))
		return false;
	if (!t.found) {
		place_row(errs, at, t.missing, "the names as they stand on the server");
		return true;
	}
	if (!look_broken(a, db, p, &t, errs, e))
		return false;
	if (t.unfit)
		place_row(errs, at, t.unfit, target_comes(plan_target(p)) ? "" : "a target that this version walks");
	if (!same_falls(p, &t))
		place_row(errs, plan_mark(p, "document.falls"), "the list of what falls is not what the server says",
			t.n_falls ? "the list under target.falls of --json" : "falls: []");
	for (size_t i = 0; i < t.n_blockers; i++)
		place_row(errs, at, arena_printf(a, "%s depends on it: the drop would need CASCADE, which gatewalk never uses", t.blockers[i]),
			"change or remove it before the walk");
	struct json *o = json_add_obj(row, "target");
	json_add_int(o, "bytes", t.bytes);
	json_add_str(o, "definition", t.definition);
	strings(o, "falls", t.falls, t.n_falls);
	strings(o, "key", t.keys, t.n_keys);
	json_add_int(o, "rows_estimate", t.rows_estimate);
	json_add_str(o, "type", plan_target(p) == TARGET_ADDED ? p->add_type : t.type);
	return true;
}

/* B8 has to be able to hold: errors that can be read, or a metric that says it. A standby's log is another server's. */
static bool look_hide(struct arena *a, struct db *db, const struct plan *p, struct json *errs, struct err *e)
{
	struct fact_server s;
	const char *log, *why;
	if (!probe_server(db, a, &s, e))
		return false;
	if (s.in_recovery)
		return true;
	if (!hide_could_read(db, a, &log, &why, e))
		return false;
	if (!log)
		place_row(errs, plan_mark(p, "policy.hide"), arena_printf(a, "policy.hide is true, and " HIDE_UNSEEN "%s", why), HIDE_TO_SEE ", or write false");
	return true;
}

/* The server may be set up before the watch begins: a note, no error. */
static bool look_slot(struct arena *a, struct db *db, const struct plan *p, struct json *notes, struct err *e)
{
	const char *why;
	if (!slot_may(db, a, &why, e))
		return false;
	size_t len = why ? strcspn(why, ":") : 0;
	if (why)
		place_row(notes, plan_mark(p, "policy.slot"), arena_printf(a, "policy.slot is true, and none can be made here: %.*s", (int)len, why), why[len] ? why + len + 2 : "");
	return true;
}

#define UNREAD_DO "every name with its schema: gatewalk finds none without; one that the walk itself brings is right"

/* A query of the plan that gives nothing makes the walk wait: a note, as it may read what comes with the walk. */
static bool look_queries(struct arena *a, struct db *db, const struct plan *p, struct json *notes, struct err *e)
{
	const char *why;
	for (size_t i = 0; i < p->n_metrics; i++)
		if (p->metrics[i].query && (why = monitor_unread(db, a, p->metrics[i].query, false)))
			place_row(notes, p->metrics[i].at, arena_printf(a, "the query of metric %s gives no value: %s", p->metrics[i].name, why), UNREAD_DO);
	const struct plan_backfill *b = &p->backfill;
	for (size_t i = 0; i < b->n_pauses; i++)
		if (b->pauses[i].query && (why = monitor_unread(db, a, b->pauses[i].query, text_eq(b->pauses[i].when, "flag"))))
			place_row(notes, b->pauses[i].at, arena_printf(a, "the query of the pause for %s gives no value: %s", b->pauses[i].when, why), UNREAD_DO);
	return db_alive(db) || err_set(e, ERR_DB_LOST, NULL, "the connection was lost while the plan's queries were tried");
}

static bool check_one(struct arena *a, const char *file, struct db *db, struct json *list, struct err *e)
{
	struct plan_error *errs;
	size_t n;
	struct err why = { 0 };
	struct json *row = json_add_obj(list, NULL);
	struct plan *p = planfile_load(a, file, &errs, &n, &why);
	json_add_str(row, "file", file);
	struct json *out = json_add_arr(row, "errors"), *notes = json_add_arr(row, "notes");
	if (!p && why.code != ERR_NONE)
		place_row(out, (struct mark){ 0, 0 }, why.msg, why.hint);
	for (size_t i = 0; why.code == ERR_NONE && i < n; i++)
		place_row(out, errs[i].at, errs[i].what, errs[i].instead);
	if (p && db && !look_up(a, db, p, row, out, e))
		return false;
	bool unseen = p && p->hide && !plan_has_alarm(p);
	if (unseen && db && !look_hide(a, db, p, out, e))
		return false;
	if (p && p->slot && db && !look_slot(a, db, p, notes, e))
		return false;
	if (p && db && !look_queries(a, db, p, notes, e))
		return false;
	if (unseen && !db)
		place_row(notes, plan_mark(p, "policy.hide"), "policy.hide is true, and no metric has an alarm limit: the server's log has to be readable, which is looked at with -d",
			HIDE_TO_SEE);
	if (p)
		json_add_str(row, "digest", p->digest);
	json_add_bool(row, "ok", json_count(out) == 0);
	if (json_count(out) && e->code == ERR_NONE)
		err_set(e, ERR_USE, NULL, "%s is not a plan that can be walked", file);
	return true;
}

struct json *tool_check(struct arena *a, const char *const *files, size_t n, const struct engine_opts *db_or_null, struct err *e)
{
	struct db *db = NULL;
	if (db_or_null && !(db = upkeep_tool(db_or_null->dbname, e)))
		return NULL;
	struct json *o = json_obj(a), *list = json_add_arr(o, "plans");
	bool ok = true;
	for (size_t i = 0; ok && i < n; i++)
		ok = check_one(a, files[i], db, list, e);
	db_close(db);
	return ok ? o : NULL;
}
