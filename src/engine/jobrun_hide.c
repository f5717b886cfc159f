/* SPDX-License-Identifier: MIT */
/* Hiding as a job: the server's own backend hides and gives back; this process looks on, samples the plan's metrics, and tells the
   backend that it lives. When it dies, the backend gives back by itself. */
#include "engine/jobrun_private.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "adapter/hide.h"
#include "adapter/hide_cron.h"
#include "adapter/job.h"
#include "adapter/ledger.h"
#include "adapter/monitor.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "base/when.h"
#include "port/db.h"
#include "port/files.h"
#include "port/jsonread.h"

#define LOOK_MS 200
#define CRON_LOOKS 50   /* pg_cron is asked for what failed every ten seconds */
#define SEARCH_S 600   /* how long a server that went away is waited for, to give back */

struct caller {
	pthread_t thread;
	struct db *db;
	long long id;
	double seconds;
	atomic_bool over;
	bool ok, cron;
	struct err e;
};

static void *call(void *ctx)
{
	struct caller *c = ctx;
	struct arena *a = arena_new();
	c->ok = hide_call(c->db, a, c->id, c->seconds, &c->e);
	arena_free(a);
	atomic_store(&c->over, true);
	return NULL;
}

/* One metric a look, so that none of them keeps the heartbeat waiting for long. */
static bool metric_says(struct run *r, struct arena *a, size_t *next, long long id, struct err *e)
{
	const struct plan_metric *m = r->plan->n_metrics ? &r->plan->metrics[(*next)++ % r->plan->n_metrics] : NULL;
	const char *what = NULL;
	if (!m || !plan_metric_alarms(m) || !monitor_over(r->db, a, m, &what))
		return true;
	return hide_hit(r->db, a, id, what, e) && hide_stop(r->db, a, id, "alarm", e);
}

/* An error on a standby is in that server's log, which the watcher reads. */
static bool watcher_says(struct run *r, struct arena *a, long long id, struct err *e)
{
	const char *what;
	return hide_elsewhere(r->db, a, id, &what, e) && (!what || (hide_hit(r->db, a, id, what, e) && hide_stop(r->db, a, id, "error", e)));
}

static bool one_look(struct run *r, struct caller *c, size_t *next, bool *told, struct err *e)
{
	struct arena *a = arena_new();
	struct hiding h = { 0 };
	int64_t now = 0;
	bool ok = hide_beat(r->db, a, c->id, e) && hide_look(r->db, a, c->id, &h, &now, e) && (h.back_at || !h.hidden_at || (watcher_says(r, a, c->id, e) && metric_says(r, a, next, c->id, e)));
	double passed = h.hidden_at && now > h.hidden_at ? (double)(now - h.hidden_at) / 1e6 : 0;
	if (!job_tick(r->job, h.hidden_at ? "hidden" : "hiding", passed < c->seconds ? passed : c->seconds, c->seconds, "s", false, "") && ok && !*told)
		*told = ok = hide_stop(r->db, a, c->id, "stopped by the operator", e);
	arena_free(a);
	return ok;
}

/* The server's backend is gone, or could not give back: this process does, as soon as the server is there again. */
static bool give_back(struct run *r, long long id, struct hiding *h, struct err *e)
{
	const struct db_opts o = { .conninfo = r->conninfo, .app = "gatewalk job", .read_write = true };
	int64_t until = clock_mono() + SEARCH_S * US_SECOND, now;
	for (;; clock_nap(500)) {
		const char *what;
		err_clear(e);
		if (!db_alive(r->db)) {
			struct db *db = db_open(&o, e);
			if (db && r->db != r->claimed)
				db_close(r->db);
			r->db = db ? db : r->db;
		}
		if (db_alive(r->db) && hide_return(r->db, r->arena, &what, e) && hide_look(r->db, r->arena, id, h, &now, e) && h->back_at)
			return true;
		if (clock_mono() > until)
			return e->code != ERR_NONE ? err_in(e, "the target is still hidden") :
				err_set(e, ERR_DB, "Any gatewalk command that connects tries again; see who holds a lock on the table.", "the target is still hidden");
	}
}

/* The second way: one that is not there, or does not work, stops nothing, and is said. */
static bool cron_put(struct run *r, long long id)
{
	struct hide_cron w;
	struct err why = { 0 };
	bool ok = hide_cron_there(r->db, r->arena, &w, &why) && (!w.there || hide_cron_put(r->db, r->arena, id, &why));
	if (!ok || w.why)
		job_event(r->job, "%s", ok ? w.why : why.msg);
	return ok && w.there;
}

static void cron_look(struct run *r, long long id, bool *told)
{
	const char *what;
	if (*told || !hide_cron_failed(r->db, r->arena, id, &what, NULL) || !what)
		return;
	job_event(r->job, "pg_cron could not do its part: %s", text_clean(r->arena, what));
	*told = true;
}

static bool look_on(struct run *r, struct caller *c, struct hiding *h, struct err *e)
{
	size_t next = 0, looks = 0;
	bool told = false, good = true, cron_told = false;
	int64_t now;
	if (pthread_create(&c->thread, NULL, call, c) != 0)
		return err_set(e, ERR_SYSTEM, NULL, "no thread could be started");
	/* A look that failed is no end: the backend ends by itself when it does not hear of us. */
	while (!atomic_load(&c->over)) {
		bool was = good;
		good = one_look(r, c, &next, &told, e);
		if (was && !good)
			job_event(r->job, "a look failed: %s", e->msg);
		err_clear(e);
		if (c->cron && ++looks % CRON_LOOKS == 0)
			cron_look(r, c->id, &cron_told);
		clock_nap(LOOK_MS);
	}
	pthread_join(c->thread, NULL);
	if (c->ok && hide_look(r->db, r->arena, c->id, h, &now, e) && h->back_at)
		return true;
	return give_back(r, c->id, h, e);
}

static void leave(struct run *r, const struct hiding *h, const char *source)
{
	char from[WHEN_MAX], to[WHEN_MAX];
	struct json *o = json_add_obj(r->result, "hiding");
	json_add_int(o, "exact", h->exact);
	json_add_str(o, "from", when_iso(h->hidden_at, from));
	json_add_str(o, "hit", text_clean(r->arena, h->hit));
	json_add_str(o, "source", source);
	json_add_str(o, "to", when_iso(h->back_at, to));
	json_add_str(o, "why", text_clean(r->arena, h->why));
}

bool jobrun_hide(struct run *r, struct err *e)
{
	const struct db_opts o = { .conninfo = r->conninfo, .app = "gatewalk hide", .read_write = true };
	const char *log, *why;
	struct caller c = { .seconds = (double)json_int_or(r->args, "ms", 0) / 1000 };
	struct hiding h = { 0 };
	if (c.seconds <= 0)
		return err_set(e, ERR_USE, NULL, "the job was not told for how long to hide");
	if (!hide_source(r->db, r->arena, &log, &why, e))
		return false;
	if (!log && !plan_has_alarm(r->plan))
		return err_set(e, ERR_GATE, "To have it hidden, " HIDE_TO_SEE ".", HIDE_UNSEEN "%s", why);
	c.db = db_open(&o, e);
	bool ok = c.db && hide_begin(r->db, r->arena, r->walk->sid, c.seconds, log, &c.id, e);
	c.cron = ok && cron_put(r, c.id);
	ok = ok && look_on(r, &c, &h, e);
	if (c.cron && h.back_at)   /* else it stays, and takes itself away */
		hide_cron_take(r->db, r->arena, c.id, NULL);
	db_close(c.db);
	if (!ok)
		return false;
	if (!h.hidden_at)
		return err_set(e, ERR_DB, NULL, "it was not hidden: %s", h.why);
	leave(r, &h, log ? log : "metrics");
	if (*h.hit)
		notify_run(r->arena, r->plan, r->walk->name, "sighting", arena_printf(r->arena, "an error while it was hidden: %.300s", text_clean(r->arena, h.hit)));
	return true;
}
