/* SPDX-License-Identifier: MIT */
/* The tools that speak of walks: status, gates, jobs, restore. All but restore only read. */
#include "engine/tools.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "adapter/job.h"
#include "adapter/place.h"
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "base/when.h"
#include "engine/engine_private.h"
#include "engine/jobrun.h"
#include "engine/upkeep.h"
#include "port/jsonread.h"

#define LINE_TRIES 100

static void add_time(struct json *o, const char *key, int64_t us)
{
	char buf[WHEN_MAX];
	json_add_str(o, key, us ? when_iso(us, buf) : "");
}

static const char *const verdict_words[] = {
	[NOT_NEEDED] = "not needed", [HOLDS] = "holds", [REFUSED] = "refused", [UNKNOWN] = "unknown", [WAITS] = "waits",
};

static struct json *status_all(struct arena *a, struct engine *g, struct err *e)
{
	if (!engine_home(g, e))
		return NULL;
	struct json *o = json_obj(a), *list = json_add_arr(o, "walks");
	for (size_t i = 0; i < g->n_walks; i++) {
		const struct view_walk *w = &g->walks[i];
		struct json *r = json_add_obj(list, NULL);
		add_time(r, "closed", w->closed);
		add_time(r, "look_again", w->look_again);
		json_add_str(r, "name", w->name);
		json_add_bool(r, "needs_you", w->needs_you);
		json_add_str(r, "note", w->note);
		json_add_str(r, "server", w->server);
		json_add_str(r, "sid", w->sid);
		json_add_str(r, "state", mood_word(w->mood));
		json_add_str(r, "step", w->step);
	}
	return o;
}

/* Whole ones: 100 is reached at the end alone. -1: nobody knows. */
static int64_t percent(const struct view_job *j)
{
	double p = j->total > 0 ? j->done * 100 / j->total : -1;
	return (int64_t)(p > 100 ? 100 : p);
}

static void add_jobs(struct json *o, const struct view_job *jobs, size_t n)
{
	struct json *list = json_add_arr(o, "jobs");
	for (size_t i = 0; i < n; i++) {
		struct json *r = json_add_obj(list, NULL);
		json_add_int(r, "done", (int64_t)jobs[i].done);
		json_add_str(r, "error", jobs[i].error);
		json_add_int(r, "eta_high_s", (int64_t)jobs[i].eta_high_s);
		json_add_int(r, "eta_low_s", (int64_t)jobs[i].eta_low_s);
		json_add_str(r, "host", jobs[i].host);
		json_add_int(r, "id", jobs[i].id);
		json_add_str(r, "kind", jobs[i].kind);
		json_add_str(r, "note", jobs[i].note);
		json_add_int(r, "percent", percent(&jobs[i]));
		json_add_str(r, "phase", jobs[i].phase);
		json_add_int(r, "rate", (int64_t)(jobs[i].rate + 0.5));
		add_time(r, "seen", jobs[i].seen);
		add_time(r, "started", jobs[i].started);
		json_add_str(r, "state", jobs[i].state);
		json_add_int(r, "total", (int64_t)jobs[i].total);
		json_add_str(r, "unit", jobs[i].unit);
		json_add_str(r, "walk", jobs[i].walk);
	}
}

static void add_items(struct json *o, const struct view *v)
{
	struct json *list = json_add_arr(o, "items");
	for (int i = 1; i <= ITEM_COUNT; i++) {
		struct json *r = json_add_obj(list, NULL);
		json_add_int(r, "item", i);
		json_add_str(r, "name", item_name((enum item)i));
		json_add_str(r, "note", v->items[i].note);
		json_add_str(r, "state", mood_word(v->items[i].mood));
	}
}

/* The walk as seen now. A server that is gone is said in "trouble" and gives exit status 2; gates are unknown then. */
static struct view *see(struct engine *g, const char *walk, struct err *e)
{
	if (!engine_walk_read(g, walk, e))
		return NULL;
	return engine_view(g);
}

/* "" when the walk has none. */
static const char *slot_words(struct arena *a, const struct fact_slot *s)
{
	char since[WHEN_MAX];
	if (!s->since)
		return "";
	if (!s->there)
		return s->why;
	return arena_printf(a, "keeps %lld of %lld MB of WAL, and the catalogue's old rows for %lld transactions, since %s UTC%s%s", (long long)(s->held >> 20),
		(long long)(s->limit >> 20), (long long)s->age, when_short(s->since, since), s->why ? "; " : "", s->why ? s->why : "");
}

struct json *tool_status(struct arena *a, struct engine *g, const char *walk, struct err *e)
{
	if (!walk)
		return status_all(a, g, e);
	struct view *v = see(g, walk, e);
	if (!v)
		return NULL;
	struct json *o = json_obj(a);
	struct json *gates = json_add_arr(o, "open_gates");
	static const enum gate all[] = { GATE_A, GATE_B, GATE_C };
	for (size_t i = 0; i < 3; i++)
		if (v->open_gates & all[i])
			json_add_strf(gates, NULL, "%c", gate_letter(all[i]));
	json_add_str(o, "environment", env_name(v->env));
	add_items(o, v);
	add_jobs(o, v->jobs, v->n_jobs);
	json_add_str(o, "name", v->walk->name);
	struct json *next = json_add_arr(o, "next");
	for (size_t i = 0; i < 2; i++)
		if (v->next[i][0])
			json_add_str(next, NULL, v->next[i]);
	json_add_str(o, "plan_sha256", v->walk->plan_digest);
	add_time(o, "watched", v->facts->watch.at);
	json_add_str(o, "server", v->label);
	add_time(o, "server_time", v->now);
	json_add_str(o, "sid", v->walk->sid);
	json_add_str(o, "slot", slot_words(a, &v->facts->watch.slot));
	json_add_str(o, "stage", stage_name(v->walk->stage));
	json_add_str(o, "target", v->walk->target);
	json_add_str(o, "trouble", v->trouble ? v->trouble : v->last_error);
	if (!v->connected)
		err_set(e, ERR_DB_CONNECT, g->db_err.hint, "%s", v->trouble ? v->trouble : "no connection to the server");
	view_free(v);
	return o;
}

static void add_condition(struct json *list, const struct finding *f)
{
	struct json *r = json_add_obj(list, NULL);
	add_time(r, "at", f->at);
	json_add_str(r, "because", f->because);
	json_add_str(r, "id", f->id);
	json_add_str(r, "now", f->now);
	json_add_str(r, "passes", f->passes);
	json_add_str(r, "question", f->question);
	json_add_str(r, "todo", f->todo);
	json_add_str(r, "verdict", verdict_words[f->verdict]);
}

struct json *tool_gates(struct arena *a, struct engine *g, const char *walk, struct err *e)
{
	static const enum gate all[] = { GATE_A, GATE_B, GATE_C };
	struct view *v = see(g, walk, e);
	if (!v)
		return NULL;
	struct json *o = json_obj(a), *list = json_add_arr(o, "gates");
	for (size_t i = 0; i < 3; i++) {
		struct json *r = json_add_obj(list, NULL), *rows = json_add_arr(r, "conditions");
		bool open = v->open_gates & all[i], there = walk_has_gate(v->walk->archetype, all[i]);
		for (size_t k = 0; k < CONDITION_COUNT; k++)
			if (v->findings[k].gate == all[i])
				add_condition(rows, &v->findings[k]);
		json_add_strf(r, "gate", "%c", gate_letter(all[i]));
		json_add_bool(r, "needed", there);
		json_add_bool(r, "open", open);
		json_add_str(r, "question", gate_question(all[i]));
		if (there && !open && e->code == ERR_NONE)
			gate_refusal(v->findings, all[i], e);
	}
	json_add_str(o, "name", v->walk->name);
	json_add_str(o, "server", v->label);
	add_time(o, "server_time", v->now);
	view_free(v);
	return o;
}

bool tools_sid(struct arena *a, struct db *db, const char *walk, const char **sid, struct err *e)
{
	struct ledger_walk *w;
	size_t n = 0;
	if (!ledger_find(db, a, walk, &w, &n, e))
		return false;
	if (n == 0)
		return err_set(e, ERR_USE, NULL, "no walk \"%s\" in this database", walk);
	*sid = w[0].sid;
	return true;
}

static struct json *job_listed(struct arena *a, struct db *db, const char *walk, struct err *e)
{
	struct view_job *jobs;
	size_t n = 0;
	const char *sid = NULL;
	if ((walk && !tools_sid(a, db, walk, &sid, e)) || !job_list(db, a, sid, &jobs, &n, e))
		return NULL;
	struct json *o = json_obj(a);
	add_jobs(o, jobs, n);
	return o;
}

static bool job_word(struct arena *a, struct db *db, const char *verb, const char *const *args, size_t n, struct err *e)
{
	char *end = NULL;
	long long id = n ? strtoll(args[0], &end, 10) : 0;
	if (n == 0 || *end != '\0' || id <= 0)
		return err_set(e, ERR_USE, "gatewalk job list   shows them.", "which job? Give its number");
	if (strcmp(verb, "set") == 0) {
		const char *eq = n == 2 ? strchr(args[1], '=') : NULL;
		if (!eq)
			return err_set(e, ERR_USE, "gatewalk job set ID NAME=VALUE", "nothing to set");
		char *name = arena_dupn(a, args[1], (size_t)(eq - args[1]));
		for (char *dash = name; (dash = strchr(dash, '-')) != NULL; )
			*dash = '_';   /* as options are written */
		return job_set(db, a, id, name, eq + 1, e);
	}
	return job_control(db, id, strcmp(verb, "resume") == 0 ? "run" : verb, e);
}

struct json *tool_job(struct arena *a, const struct engine_opts *o, const char *verb, const char *const *args, size_t n, struct err *e)
{
	static const char *const verbs[] = { "list", "pause", "resume", "stop", "set", "tick" };
	bool known = false;
	for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
		known = known || (verb && strcmp(verb, verbs[i]) == 0);
	if (!known) {
		err_set(e, ERR_USE, "gatewalk job list|pause|resume|stop|set|tick|fill|retry|rejects", "job: unknown word \"%s\"", verb ? verb : "");
		return NULL;
	}
	struct json *out = json_obj(a);
	if (strcmp(verb, "tick") == 0) {
		int walks = 0;
		if (!job_tick_once(o->dbname, n ? args[0] : NULL, &walks, e))
			return NULL;
		json_add_int(out, "walks", walks);
		return out;
	}
	struct db *db = upkeep_tool(o->dbname, e);
	if (!db)
		return NULL;
	bool other, ok = place_known(db, &other, e);
	if (ok && strcmp(verb, "list") == 0)
		out = job_listed(a, db, n ? args[0] : NULL, e);
	else
		ok = ok && job_word(a, db, verb, args, n, e);
	db_close(db);
	return ok ? out : NULL;
}

static const struct view_job *newest_restore(const struct engine *g)
{
	const struct view_job *found = NULL;
	for (size_t i = 0; i < g->n_jobs; i++)
		if (strcmp(g->jobs[i].kind, "restore") == 0 && (!found || g->jobs[i].id > found->id))
			found = &g->jobs[i];
	return found;
}

/* The one written since the log had `before` lines. */
static const struct record *last_restore(const struct engine *g, struct arena *a, size_t before)
{
	for (size_t i = journal_count(g->journal); i-- > before;)
		if (journal_mark(g->journal, i)->op == OP_RESTORE)
			return journal_line(g->journal, a, i);
	return NULL;
}

static void say_job(const struct view_job *j, void (*say)(const char *line), char old[static 256])
{
	char line[256];
	snprintf(line, sizeof line, "job %lld  %s  %s  %.0f of %.0f %s", j->id, j->state, j->phase ? j->phase : "", j->done, j->total, j->unit ? j->unit : "");
	if (say && strcmp(line, old) != 0)
		say(line);
	memcpy(old, line, sizeof line);
}

/* Follows the job until it has ended and its line stands in the log: a look writes the line, and where one fails the next ones try
   again, for half a minute. NULL says why; a job that outlives us is taken in at the next look at the walk. */
static const struct record *follow_restore(struct engine *g, struct arena *a, size_t before, void (*say)(const char *line), struct err *e)
{
	const struct timespec pause = { .tv_nsec = 300000000L };
	char old[256] = "";
	for (int tries = 0; tries < LINE_TRIES; nanosleep(&pause, NULL)) {
		err_clear(e);
		bool looked = engine_look(g, e);
		const struct view_job *j = newest_restore(g);
		const struct record *r = last_restore(g, a, before);
		if (r || (!looked && !g->db))
			return r;
		bool done = j && strcmp(j->state, "done") == 0;
		if (j)
			say_job(j, say, old);
		if (j && !done && (j->ended || strcmp(j->state, "lost") == 0)) {
			err_set(e, ERR_SYSTEM, "Run it again: what was placed stays placed.", "the restore stopped: %s", j->error ? j->error : j->state);
			return NULL;
		}
		bool locked = done && !engine_unlocked(g);
		if ((done && looked && !locked) || (locked && !engine_unlock(g, e)))
			break;
		tries += done || !j;
	}
	if (e->code == ERR_NONE)
		*e = g->last;
	err_in(e, "it is back, but the log does not say so yet");
	return NULL;
}

struct json *tool_restore(struct arena *a, struct engine *g, const char *walk, void (*say)(const char *line), struct err *e)
{
	const struct act act = { .kind = ACT_RESTORE };
	struct json *o = json_obj(a);
	char *data;
	size_t len;
	if (!engine_walk_open(g, walk, e) || !engine_unlock(g, e))
		return NULL;
	size_t before = journal_count(g->journal);
	const struct record *r = engine_do(g, &act, e) ? follow_restore(g, a, before, say, e) : NULL;
	if (!r || !journal_blob_get(g->journal, a, json_str(r->b, "blob"), &data, &len, e))
		return NULL;
	struct json *told = json_read(a, data, len, e);
	if (!told)
		return NULL;
	json_add(o, "restore", told);
	json_add_str(o, "target", g->walk.target);
	size_t left = json_count(json_get(told, "left"));
	if (left)
		err_set(e, ERR_LEFT, NULL, "put back, but for %zu thing%s listed above", left, left == 1 ? "" : "s");
	return o;
}
