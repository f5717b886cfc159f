/* SPDX-License-Identifier: MIT */
/* Taking in: jobs and the watch leave rows and files; here they are checked and become lines of the log. A job's row is
   anybody's who may write the gatewalk schema: its result counts only where the job itself left the same in the walk's folder.
   And a job's word is never enough where its work can be checked: a snapshot's files are hashed again before its line is written. */
#include "engine/drop_parts.h"

#include <string.h>

#include "adapter/audit.h"
#include "adapter/guard.h"
#include "adapter/job.h"
#include "adapter/monitor.h"
#include "adapter/own.h"
#include "adapter/slot.h"
#include "adapter/snapshot.h"
#include "adapter/stamp.h"
#include "base/arena.h"
#include "base/text.h"
#include "base/when.h"
#include "engine/comparing.h"
#include "engine/filling.h"
#include "engine/indexing.h"
#include "engine/jobend.h"
#include "engine/jobrun.h"
#include "port/files.h"
#include "port/jsonread.h"

#define RESULT_MAX (16 << 20)

static bool blob_of(struct engine *g, const struct json *j, char sha[static 65], struct err *e)
{
	struct text t = { 0 };
	json_write(&t, j);
	bool ok = journal_blob_put(g->journal, text_str(&t), t.len, sha, e);
	text_free(&t);
	return ok;
}

static bool same_snapshot(struct arena *a, const struct fact_snapshot *x, const struct fact_snapshot *y)
{
	struct text t = { 0 }, u = { 0 };
	json_write(&t, snapshot_json(a, x));
	json_write(&u, snapshot_json(a, y));
	bool same = strcmp(text_str(&t), text_str(&u)) == 0;
	text_free(&t);
	text_free(&u);
	return same;
}

static bool snapshot_line(struct engine *g, const struct fact_snapshot *s, const char *role, struct err *e)
{
	struct arena *a = lot_arena(g->walk_lot);
	struct json *b = line_body(g);
	char sha[65];
	if (!blob_of(g, snapshot_json(a, s), sha, e))
		return false;
	json_add_str(b, "blob", sha);
	json_add(b, "fact", snapshot_json(a, s));
	json_add_str(b, "kind", "snapshot");
	json_add_str(b, "role", role);
	return line_write(g, OP_EVIDENCE, b, false, e);
}

static bool take_snapshot(struct engine *g, const struct json *result, struct err *e)
{
	struct arena *a = lot_arena(g->walk_lot);
	const struct json *fact = json_get(result, "snapshot");
	const char *role = json_str(result, "role");
	struct fact_snapshot told = { 0 }, there = { 0 };
	if (!fact || !role || !snapshot_from_json(a, fact, &told))
		return err_set(e, ERR_VERIFY, "Take the snapshot again.", "the snapshot job left a result that cannot be read");
	/* Files that are gone or cannot be read are no snapshot either; the job is then taken in as failed. */
	if (!snapshot_check(a, told.path, told.manifest_sha256, e) || !snapshot_read(a, told.path, &there, e)) {
		e->code = ERR_VERIFY;
		return err_in(e, "the snapshot that the job left");
	}
	/* The row is anybody's who may write there; the manifest, whose hash was just checked, holds every one of these fields. */
	if (!same_snapshot(a, &told, &there))
		return err_set(e, ERR_VERIFY, "Take the snapshot again.", "the snapshot job's result is not what stands in %s", told.path);
	return snapshot_line(g, &told, role, e);
}

#define SERVES (7 * US_DAY)

bool take_serving(struct engine *g, bool *served, struct err *e)
{
	struct arena *a = lot_arena(g->walk_lot);
	struct fact_snapshot s = { 0 };
	*served = false;
	if (g->walk.archetype != ARCH_ADDITIVE || g->walk.stage != AT_SNAPSHOT || g->walk.first.begun)
		return true;
	const struct snapshot_wanted w = { .store = g->plan->store, .target = &g->facts.target, .sysid = g->facts.server.sysid, .dboid = g->facts.server.dboid, .since = g->facts.now - SERVES };
	if (!snapshot_serving(g->db, a, &w, &s, e))
		return false;
	*served = s.id && snapshot_line(g, &s, "first", e);
	if (*served)
		engine_say(g, "the proven snapshot %s serves this walk, too", s.id);
	return *served || !s.id;
}

bool take_audit(struct engine *g, struct err *e)
{
	struct json *b = line_body(g);
	char sha[65];
	if (!blob_of(g, audit_json(lot_arena(g->look_lot), &g->facts.audit), sha, e))
		return false;
	json_add_int(b, "blind", (int64_t)g->facts.audit.n_blind);
	json_add_str(b, "blob", sha);
	json_add_int(b, "found", (int64_t)g->facts.audit.n);
	json_add_str(b, "kind", "audit");
	return line_write(g, OP_EVIDENCE, b, false, e);
}

static bool take_drill(struct engine *g, const struct json *fact, struct err *e)
{
	struct arena *a = lot_arena(g->walk_lot);
	struct fact_drill told = { 0 };
	char sha[65];
	if (!drill_from_json(a, fact, &told))
		return err_set(e, ERR_VERIFY, "Run the drill again.", "the drill left a result that cannot be read");
	struct json *b = line_body(g);
	if (!blob_of(g, fact, sha, e))
		return false;
	json_add_str(b, "blob", sha);
	json_add(b, "fact", drill_json(a, &told));
	json_add_str(b, "kind", "drill");
	return line_write(g, OP_EVIDENCE, b, false, e);
}

static bool take_restore(struct engine *g, const struct json *result, struct err *e)
{
	static const char *const counts[] = { "conflicts", "gone", "kept", "placed", "took_us" };
	struct json *b = line_body(g);
	char sha[65];
	if (!blob_of(g, result, sha, e))
		return false;
	json_add_str(b, "blob", sha);
	for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
		json_add_int(b, counts[i], json_int_or(result, counts[i], 0));
	return line_write(g, OP_RESTORE, b, false, e);
}

/* The backend of the server did it and looked at the grants; the job's own file says the same. */
static bool take_hiding(struct engine *g, const struct json *h, struct err *e)
{
	static const char *const texts[] = { "from", "hit", "source", "to", "why" };
	struct json *b = line_body(g);
	json_add_int(b, "exact", json_int_or(h, "exact", 0) == 1);
	json_add_str(b, "kind", "hiding");
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		const char *s = json_str(h, texts[i]);
		if (!s)
			return err_set(e, ERR_VERIFY, "Hide it again.", "the hiding left a result that cannot be read");
		json_add_str(b, texts[i], s);
	}
	return line_write(g, OP_EVIDENCE, b, false, e);
}

static bool take_end(struct engine *g, const struct job_left *l, struct err *e)
{
	struct json *b = line_body(g);
	json_add_str(b, "event", strcmp(l->state, "done") == 0 ? "end" : l->state);
	json_add_int(b, "job", l->id);
	json_add_str(b, "kind", l->kind);
	json_add_str(b, "note", l->error ? l->error : "");
	return line_write(g, OP_JOB, b, false, e);
}

static bool own_word(struct engine *g, const struct job_left *l, struct err *e)
{
	struct arena *a = lot_arena(g->look_lot);
	const char *path = job_result_file(a, journal_dir(g->journal), l->id);
	char *text;
	size_t len;
	if (!file_read(a, path, RESULT_MAX, &text, &len, NULL))
		return err_set(e, ERR_VERIFY, "Start it again on this machine; if it did run here, see who changed gatewalk.job.",
			"job %lld (%s) left no result in %s", l->id, l->kind, path);
	if (l->result && len == strlen(l->result) && memcmp(text, l->result, len) == 0)
		return true;
	return err_set(e, ERR_VERIFY, "See who changed gatewalk.job, and start it again.",
		"the result of job %lld (%s) in the database is not what stands in %s", l->id, l->kind, path);
}

static bool take_result(struct engine *g, const struct job_left *l, struct err *e)
{
	bool done = strcmp(l->state, "done") == 0, removal = strcmp(l->kind, "remove") == 0;
	if (!done)
		return !removal || rows_taken(g, l->state, NULL, e);
	if (!own_word(g, l, e))
		return false;
	struct json *r = json_read(lot_arena(g->walk_lot), l->result, strlen(l->result), e);
	if (!r) {
		e->code = ERR_VERIFY;
		return err_in(e, "the result of job %lld", l->id);
	}
	if (removal)
		return rows_taken(g, l->state, r, e);
	if (strcmp(l->kind, "backfill") == 0)
		return filling_taken(g, r, e);
	if (strcmp(l->kind, "snapshot") == 0 && !take_snapshot(g, r, e))
		return false;
	if (json_get(r, "drill") && !take_drill(g, json_get(r, "drill"), e))
		return false;
	if (json_get(r, "hiding") && !take_hiding(g, json_get(r, "hiding"), e))
		return false;
	return strcmp(l->kind, "restore") != 0 || take_restore(g, r, e);
}

/* Its end stands in the log, and the program ended before the row said so. Only since log and database were last brought
   together: a database that was put back gives the same numbers again. */
static bool ended_in_log(const struct engine *g, long long id)
{
	bool ended = false;
	for (size_t i = journal_count(g->journal); !ended && i-- > 0 && (int64_t)i > g->walk.agreed_n;) {
		if (journal_mark(g->journal, i)->op != OP_JOB)
			continue;
		struct arena *a = arena_new();
		const struct json *b = journal_line(g->journal, a, i)->b;
		const char *event = json_str(b, "event");
		ended = event && strcmp(event, "start") != 0 && json_int_or(b, "job", 0) == id;
		arena_free(a);
	}
	return ended;
}

/* A restore is a decision's outcome: its line is signed, and waits until the key is unlocked. */
static bool waits_for_key(struct engine *g, const struct job_left *l)
{
	return strcmp(l->kind, "restore") == 0 && strcmp(l->state, "done") == 0 && !engine_unlocked(g) && own_word(g, l, NULL);
}

/* A server whose clock stands behind the log's last line takes no line; that says nothing about a result. */
static bool clock_behind(struct engine *g)
{
	struct stamp st;
	stamp_take(g->db, lot_arena(g->look_lot), &st);
	return st.t < g->walk.last_t;
}

static bool take_job(struct engine *g, struct job_left *l, struct err *e)
{
	struct err why = { 0 };
	if (ended_in_log(g, l->id))
		return job_taken(g->db, l->id, e);
	if (!take_result(g, l, &why)) {
		if (why.code != ERR_VERIFY || clock_behind(g)) {
			*e = why;
			return false;
		}
		l->state = "failed";
		l->error = arena_dup(lot_arena(g->look_lot), why.msg);
		g->last = why;
	}
	return take_end(g, l, e) && job_taken(g->db, l->id, e);
}

static bool take_jobs(struct engine *g, struct err *e)
{
	struct job_left l = { 0 };
	for (;;) {
		if (!job_result(g->db, lot_arena(g->look_lot), g->walk.sid, &l, e))
			return false;
		if (l.id == 0)
			return true;
		if (waits_for_key(g, &l))
			l.but = "restore";   /* what ended behind it does not wait */
		else if (!take_job(g, &l, e))
			return false;
	}
}

static bool take_sightings(struct engine *g, struct err *e)
{
	struct sighting *s;
	size_t n = 0;
	char buf[WHEN_MAX];
	if (g->walk.dropped || !watch_untaken(g->db, lot_arena(g->look_lot), g->walk.sid, &s, &n, e))
		return g->walk.dropped;
	for (size_t i = 0; i < n; i++) {
		struct walk_clear clear;
		bool survives = walk_is_cleared(&g->walk, s[i].consumer, &clear) && clear.survives;
		struct json *b = line_body(g);
		json_add_str(b, "at", when_iso(s[i].at, buf));
		json_add_str(b, "consumer", s[i].consumer);
		json_add_int(b, "counts", !survives);
		json_add_str(b, "source", s[i].source);
		json_add_str(b, "text", s[i].text);
		json_add_str(b, "touch", s[i].touch);
		json_add_str(b, "who", s[i].who);
		if (!line_write(g, OP_SIGHTING, b, false, e) || !watch_taken(g->db, g->walk.sid, s[i].id, e))
			return false;
	}
	return true;
}

static bool take_alarms(struct engine *g, struct err *e)
{
	struct alarm *al;
	size_t n = 0;
	char buf[WHEN_MAX];
	if (!monitor_untaken(g->db, lot_arena(g->look_lot), g->walk.sid, &al, &n, e))
		return false;
	for (size_t i = 0; i < n; i++) {
		struct json *b = line_body(g);
		json_add_str(b, "at", when_iso(al[i].at, buf));
		json_add_str(b, "metric", al[i].metric);
		json_add_str(b, "text", al[i].text);
		json_add_str(b, "value", "");
		if (!line_write(g, OP_ALARM, b, false, e) || !monitor_taken(g->db, g->walk.sid, al[i].id, e))
			return false;
	}
	return true;
}

/* The baseline is a fact of the database; the line says that it stood before the drop. */
static bool take_baseline(struct engine *g, struct err *e)
{
	char buf[WHEN_MAX];
	if (walk_changed_at(&g->walk) || g->walk.baseline_at || !g->facts.monitor.baseline_at)
		return true;
	struct json *b = line_body(g);
	json_add_str(b, "at", when_iso(g->facts.monitor.baseline_at, buf));
	json_add_str(b, "kind", "baseline");
	return line_write(g, OP_EVIDENCE, b, false, e);
}

/* A walk that began since, or whose database got another identity, comes under guard by the next look. */
static bool come_under_guard(struct engine *g, struct err *e)
{
	const char *why;
	return guard_record(g->db, lot_arena(g->look_lot), g->walk.sid, &why, e) &&
		guard_look(g->db, lot_arena(g->look_lot), g->walk.sid, &g->facts.guard, e);
}

/* That it stands, and that it no longer does: one line each time that changes. That TRUNCATE is refused too comes with the watch. */
static bool take_guard(struct engine *g, struct err *e)
{
	const struct fact_guard *f = &g->facts.guard;
	if (g->walk.stage >= AT_DROPPING || !f->at || g->walk.archetype == ARCH_ADDITIVE)
		return true;
	if (f->installed && !f->recorded && !come_under_guard(g, e))
		return false;
	const char *why = f->stands ? "" : !f->installed ? "it is not installed" : f->why;
	bool known = g->walk.guarded || g->walk.guard_why;
	if (known ? text_eq(why, g->walk.guard_why ? g->walk.guard_why : "") : !f->installed)
		return true;
	struct json *b = line_body(g);
	json_add_str(b, "kind", "guard");
	json_add_str(b, "why", why);
	return line_write(g, OP_EVIDENCE, b, false, e);
}

/* What keeps the server's WAL is looked after at every look; that it is gone, and that it is back, is a line each time. */
static bool take_slot(struct engine *g, struct err *e)
{
	const struct fact_slot *s = &g->facts.watch.slot;
	const char *what, *why = s->there ? "" : s->why ? s->why : "", *was = g->walk.slot_why ? g->walk.slot_why : "";
	struct err soft = { 0 };
	if (slot_care(g->db, lot_arena(g->look_lot), &what, &soft) && *what)
		engine_say(g, "%s", what);
	if (g->walk.stage < AT_CONSUMERS || g->walk.stage >= AT_DROPPING || !s->since || text_eq(why, was))
		return true;
	struct json *b = line_body(g);
	json_add_str(b, "kind", "slot");
	json_add_str(b, "why", why);
	return line_write(g, OP_EVIDENCE, b, false, e);
}

static bool gone(const struct engine *g, const char *kind)
{
	const struct view_job *newest = jobend_newest(g, kind);
	return !newest || jobend_lost(g, newest);
}

bool take_care(struct engine *g, struct err *e)
{
	const struct walk *w = &g->walk;
	struct json *none = json_obj(lot_arena(g->look_lot));
	if (w->stage >= AT_CONSUMERS && w->stage <= AT_ARMED && walk_declared(w, "watch", own_trigger_name(lot_arena(g->look_lot), w->sid)) &&
	    g->facts.watch.tripwire_there && gone(g, "watch"))
		return job_begin(g, "watch", none, e);
	/* Before the first change it takes its baseline. */
	bool monitored = walk_is_monitored(w) || (w->archetype != ARCH_DESTRUCTIVE && w->stage == AT_EXPAND);
	if (monitored && g->facts.now && gone(g, "monitor"))
		return job_begin(g, "monitor", none, e);
	if (w->stage == AT_DROPPING && w->kind == TARGET_ROWS && gone(g, "remove"))
		return job_begin(g, "remove", none, e);
	return filling_care(g, e) && comparing_care(g, e) && indexing_care(g, e);
}

bool take_all(struct engine *g, struct err *e)
{
	if (g->walk.stage == AT_LEFT)
		return true;
	return take_jobs(g, e) && take_sightings(g, e) && take_alarms(g, e) && take_baseline(g, e) && take_guard(g, e) && take_slot(g, e) && comparing_take(g, e);
}
