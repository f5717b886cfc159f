/* SPDX-License-Identifier: MIT */
#include "adapter/job.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "adapter/job_limits.h"
#include "adapter/job_private.h"
#include "adapter/job_rates.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "base/when.h"
#include "port/child.h"
#include "port/db.h"
#include "port/files.h"
#include "port/jsonread.h"

#define JOBS_MAX "100"
#define EVENTS_MAX "500"
#define EVENTS_SHOWN 20
#define RECENT 10   /* stretches of the chart */

#define US(col) "(extract(epoch FROM " col ") * 1000000)::bigint"
/* Not heard from for two minutes, and no backend of gatewalk's with its number. */
#define SILENT \
	"(coalesce(j.seen_at, j.made_at) < clock_timestamp() - interval '2 min' AND NOT EXISTS (SELECT FROM pg_stat_activity s" \
	" WHERE s.pid = j.backend_pid AND s.application_name LIKE 'gatewalk%' AND s.backend_start >= j.made_at))"
#define ALIVE_COLS "j.state, j.host, j.pid, j.boot_id, " SILENT
enum { ALIVE_STATE, ALIVE_HOST, ALIVE_PID, ALIVE_BOOT, ALIVE_SILENT, ALIVE_COUNT };

struct here { char host[256]; const char *boot; };

static struct here here_now(struct arena *a)
{
	struct here h = { .boot = child_boot_id(a) };
	gethostname(h.host, sizeof h.host - 1);
	return h;
}

static bool state_open(const char *s)
{
	return text_eq(s, "new") || text_eq(s, "running") || text_eq(s, "paused") || text_eq(s, "waiting");
}

/* The state to show: what the row says, unless its process is known to be gone or has not been heard of. */
static const char *state_shown(const struct here *h, char *const *c)
{
	const char *s = c[ALIVE_STATE];
	if (!state_open(s))
		return s;
	bool silent = cell_bool(c[ALIVE_SILENT]), unclaimed = text_eq(s, "new");
	bool local = text_eq(c[ALIVE_HOST], h->host) && text_eq(c[ALIVE_BOOT], h->boot);
	if (local && !child_alive((int)cell_int(c[ALIVE_PID])))
		return "lost";
	if (!silent)
		return s;
	return local && !unclaimed ? "needs a login" : "lost";
}

static int rank(const char *state)
{
	if (text_eq(state, "new") || text_eq(state, "waiting"))
		return 1;
	return state_open(state) || text_eq(state, "needs a login") ? 0 : 2;
}

enum { J_ID = ALIVE_COUNT, J_KIND, J_PHASE, J_NOTE, J_UNIT, J_STARTED, J_SEEN, J_ENDED, J_DONE, J_TOTAL, J_ESTIMATE, J_ERROR, J_SETTINGS, J_NOW, J_WALK, J_COLS };

static void job_fill(struct view_job *v, char *const *c, const struct here *h)
{
	*v = (struct view_job){
		.id = cell_int(c[J_ID]), .kind = c[J_KIND], .state = state_shown(h, c), .phase = c[J_PHASE] ? c[J_PHASE] : "",
		.walk = c[J_WALK] ? c[J_WALK] : "", .note = c[J_NOTE] ? c[J_NOTE] : "", .unit = c[J_UNIT] ? c[J_UNIT] : "", .host = c[ALIVE_HOST] ? c[ALIVE_HOST] : "",
		.started = cell_int(c[J_STARTED]), .seen = cell_int(c[J_SEEN]), .ended = cell_int(c[J_ENDED]),
		.done = cell_double(c[J_DONE]), .total = cell_double(c[J_TOTAL]), .estimate = cell_bool(c[J_ESTIMATE]),
		.error = c[J_ERROR], .eta_low_s = -1, .eta_high_s = -1,
	};
	if (v->total > 0 && v->done > v->total)
		v->total = v->done;   /* an estimate that was too low never shows more than all */
}

/* A number that `job set` wrote; 0: none, or no number. */
static int told(const struct json *o, const char *name)
{
	const char *text = o ? json_str(o, name) : NULL;
	long n = text ? strtol(text, NULL, 10) : 0;
	return n > 0 && n <= 1000 ? (int)n : 0;
}

/* Settings are text that others can write: what is not ours is no chart, and no reason to show no jobs. */
static void settings_fill(struct arena *a, struct view_job *v, const char *settings)
{
	struct rates r;
	const struct json *o = settings ? json_read(a, settings, strlen(settings), NULL) : NULL;
	const char *text = o ? json_str(o, RATES_KEY) : NULL, *limits = o ? json_str(o, LIMITS_KEY) : NULL;
	v->batch_ms = told(o, "batch_ms");
	v->load = told(o, "load");
	if (limits)
		limits_read(a, limits, &v->limits, &v->n_limits);
	if (!text || !rates_read(text, &r))
		return;
	v->rates = arena_array(a, r.n, sizeof *v->rates);
	memcpy(v->rates, r.v, r.n * sizeof *v->rates);
	v->n_rates = r.n;
	v->rate_each = r.each;
	v->rate_unit = strcmp(r.unit, "-") == 0 ? "" : arena_dup(a, r.unit);
}

static void phase_add(struct arena *a, struct view_job *v, int64_t at, const char *name, size_t *cap)
{
	v->phases = arena_grow(a, v->phases, &v->n_phases, cap, sizeof *v->phases);
	v->phases[v->n_phases - 1] = (struct view_phase){ .name = name, .note = "", .mood = MOOD_RUNNING, .took = at };
}

/* took holds the beginning until the end is known. */
static void phase_end(struct view_job *v, int64_t at, const char *note, enum mood mood)
{
	struct view_phase *p = v->n_phases ? &v->phases[v->n_phases - 1] : NULL;
	if (!p || p->mood != MOOD_RUNNING)
		return;
	p->took = at - p->took;
	p->mood = mood;
	if (*note)
		p->note = note;
}

static void event_sort(struct arena *a, struct view_job *v, char *const *c, size_t *phase_cap, size_t *event_cap)
{
	int64_t at = cell_int(c[0]);
	const char *text = c[1];
	if (strncmp(text, PHASE_BEGINS, strlen(PHASE_BEGINS)) == 0) {
		phase_end(v, at, "", MOOD_DONE);
		phase_add(a, v, at, text + strlen(PHASE_BEGINS), phase_cap);
	} else if (strncmp(text, PHASE_ENDS, strlen(PHASE_ENDS)) == 0) {
		phase_end(v, at, text + strlen(PHASE_ENDS), MOOD_DONE);
	} else {
		v->events = arena_grow(a, v->events, &v->n_events, event_cap, sizeof *v->events);
		v->events[v->n_events - 1] = (struct view_event){ at, text };
	}
}

/* Reads the events, makes the phases, and gives the time at which the current phase began. */
static bool events_read(struct db *db, struct arena *a, struct view_job *v, int64_t now, int64_t *phase_began, struct err *e)
{
	const char *args[] = { arena_printf(a, "%lld", v->id) };
	const struct query q = { .sql = "SELECT * FROM (SELECT " US("at") " AS us, text FROM gatewalk.job_event WHERE job = $1::bigint"
		" ORDER BY at DESC LIMIT " EVENTS_MAX ") e ORDER BY us", .args = args, .nargs = 1, .cols = 2 };
	struct rows r;
	if (!db_ask(db, a, &q, &r, e))
		return false;
	size_t phase_cap = 0, event_cap = 0;
	for (int i = 0; i < r.n; i++)
		event_sort(a, v, r.cell[i], &phase_cap, &event_cap);
	if (v->n_events > EVENTS_SHOWN) {
		v->events += v->n_events - EVENTS_SHOWN;
		v->n_events = EVENTS_SHOWN;
	}
	*phase_began = v->started;
	struct view_phase *last = v->n_phases ? &v->phases[v->n_phases - 1] : NULL;
	if (!last || last->mood != MOOD_RUNNING)
		return true;
	*phase_began = last->took;
	bool over = v->ended || text_eq(v->state, "lost");
	phase_end(v, v->ended ? v->ended : over ? v->seen : now, v->note, over ? MOOD_SHUT : MOOD_RUNNING);
	return true;
}

/* Of late: a job that goes on where another one was has done nothing of what stands there already, and one that waited is not slow. */
static double rate_now(const struct view_job *v)
{
	double sum = 0;
	size_t n = v->n_rates < RECENT ? v->n_rates : RECENT;
	for (size_t i = v->n_rates - n; i < v->n_rates; i++)
		sum += v->rates[i];
	return n ? sum / (double)n : 0;
}

/* Rate of the phase so far, or of late; what is left as a range, wider while the total is an estimate. */
static void eta(struct view_job *v, int64_t phase_began)
{
	double secs = (double)((v->ended ? v->ended : v->seen) - phase_began) / 1e6;
	if (secs < 1 || v->done <= 0)
		return;
	bool late = !v->ended && v->n_rates > 1 && rate_now(v) > 0;
	v->rate = late ? rate_now(v) : v->done / secs;
	if (v->ended || v->total <= 0 || secs < 2)
		return;
	double left = (v->total - v->done) / v->rate;
	v->eta_low_s = left * (v->estimate ? 0.7 : 0.85);
	v->eta_high_s = left * (v->estimate ? 1.6 : 1.3);
}

static void list_sort(struct view_job *v, size_t n)
{
	for (size_t i = 1; i < n; i++)   /* what runs first, then the newest; the query's order breaks ties */
		for (size_t k = i; k > 0 && rank(v[k - 1].state) > rank(v[k].state); k--) {
			struct view_job t = v[k];
			v[k] = v[k - 1];
			v[k - 1] = t;
		}
}

bool job_list(struct db *db, struct arena *a, const char *sid, struct view_job **out, size_t *n, struct err *e)
{
	const char *args[] = { sid };
	const struct query q = { .sql = "SELECT " ALIVE_COLS ", j.id, j.kind, j.phase, j.note, j.unit, " US("coalesce(j.started_at, j.made_at)") ","
		" " US("j.seen_at") ", " US("j.ended_at") ", j.done, j.total, j.estimate, j.error, j.settings, " US("clock_timestamp()") ", (SELECT w.name FROM gatewalk.walk w WHERE w.sid = j.sid) FROM gatewalk.job j"
		" WHERE $1::text IS NULL OR j.sid = $1 ORDER BY j.id DESC LIMIT " JOBS_MAX, .args = args, .nargs = 1, .cols = J_COLS };
	struct rows r;
	*n = 0;
	if (!db_ask(db, a, &q, &r, e))
		return false;
	struct here h = here_now(a);
	struct view_job *v = arena_array(a, (size_t)r.n + 1, sizeof *v);
	for (int i = 0; i < r.n; i++) {
		int64_t began;
		job_fill(&v[i], r.cell[i], &h);
		settings_fill(a, &v[i], r.cell[i][J_SETTINGS]);
		if (!events_read(db, a, &v[i], cell_int(r.cell[i][J_NOW]), &began, e))
			return false;
		eta(&v[i], began);
	}
	list_sort(v, (size_t)r.n);
	*out = v;
	*n = (size_t)r.n;
	return true;
}

static bool one_row(struct db *db, struct arena *a, const struct query *q, long long id, struct err *e)
{
	struct rows r;
	if (!db_ask(db, a, q, &r, e))
		return false;
	if (r.n == 0)
		return err_set(e, ERR_USE, "gatewalk job list", "there is no job %lld in this database, or it has ended", id);
	return true;
}

bool job_control(struct db *db, long long id, const char *control, struct err *e)
{
	if (!text_eq(control, "run") && !text_eq(control, "pause") && !text_eq(control, "stop"))
		return err_set(e, ERR_USE, NULL, "a job is told run, pause or stop, not \"%s\"", control);
	struct arena *a = arena_new();
	/* A job nobody has taken yet is stopped by its row alone. */
	const char *v[] = { arena_printf(a, "%lld", id), control };
	const struct query q = { .sql = "UPDATE gatewalk.job SET control = $2,"
		" state = CASE WHEN state = 'new' AND $2 = 'stop' THEN 'stopped' ELSE state END,"
		" ended_at = CASE WHEN state = 'new' AND $2 = 'stop' THEN clock_timestamp() END"
		" WHERE id = $1::bigint AND ended_at IS NULL RETURNING pg_notify('gatewalk', coalesce(sid, ''))",
		.args = v, .nargs = 2, .cols = 1, .max_rows = 1 };
	bool ok = one_row(db, a, &q, id, e);
	arena_free(a);
	return ok;
}

/* What the jobs read; a name that none reads, or a value that none takes, would be told and do nothing. */
static const struct setting { const char *name; long least, most; } settings[] = {
	{ "batch_ms", 10, 1000 }, { "interval_s", 1, 300 }, { "load", 1, 100 }, { "rest_s", 0, 86400 },
};

static bool settable(const char *name, const char *value, struct err *e)
{
	for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
		const struct setting *s = &settings[i];
		if (!text_eq(name, s->name))
			continue;
		char *end;
		long v = strtol(value, &end, 10);
		return (end != value && *end == '\0' && v >= s->least && v <= s->most) ||
			err_set(e, ERR_USE, NULL, "%s is a number from %ld to %ld, not \"%s\"", name, s->least, s->most, value);
	}
	return err_set(e, ERR_USE, "batch_ms, load or rest_s of what fills or compares; interval_s of a monitor or watch", "a job has no setting \"%s\"", name);
}

bool job_set(struct db *db, struct arena *a, long long id, const char *name, const char *value, struct err *e)
{
	if (!settable(name, value, e))
		return false;
	const char *v[] = { arena_printf(a, "%lld", id), name, value };
	const struct query q = { .sql = "UPDATE gatewalk.job SET settings = (settings::jsonb || jsonb_build_object($2::text, $3::text))::text"
		" WHERE id = $1::bigint AND ended_at IS NULL RETURNING id", .args = v, .nargs = 3, .cols = 1, .max_rows = 1 };
	return one_row(db, a, &q, id, e);
}

bool job_result(struct db *db, struct arena *a, const char *sid, struct job_left *out, struct err *e)
{
	const char *v[] = { sid, out->but };
	const struct query q = { .sql = "SELECT " ALIVE_COLS ", j.id, j.kind, j.result, coalesce(j.error, '') FROM gatewalk.job j"
		" WHERE j.sid = $1 AND NOT j.taken AND j.kind IS DISTINCT FROM $2 ORDER BY coalesce(j.ended_at, j.seen_at, j.made_at), j.id LIMIT " JOBS_MAX,
		.args = v, .nargs = 2, .cols = ALIVE_COUNT + 4 };
	struct rows r;
	*out = (struct job_left){ .but = out->but };
	if (!db_ask(db, a, &q, &r, e))
		return false;
	struct here h = here_now(a);
	for (int i = 0; i < r.n; i++) {
		char **c = r.cell[i];
		const char *shown = state_shown(&h, c);
		if (state_open(shown) || text_eq(shown, "needs a login"))
			continue;
		out->id = cell_int(c[ALIVE_COUNT]);
		out->kind = c[ALIVE_COUNT + 1];
		out->state = shown;
		out->result = c[ALIVE_COUNT + 2];
		out->error = text_eq(shown, "lost") ? "its process is gone, or was not heard of for 2 min" : c[ALIVE_COUNT + 3];
		return true;
	}
	return true;
}

bool job_taken(struct db *db, long long id, struct err *e)
{
	struct arena *a = arena_new();
	const char *v[] = { arena_printf(a, "%lld", id) };
	/* A lost job is ended here, so that it stops by itself should it come back. */
	const struct query q = { .sql = "UPDATE gatewalk.job SET taken = true, state = CASE WHEN ended_at IS NULL THEN 'lost' ELSE state END,"
		" ended_at = coalesce(ended_at, clock_timestamp()) WHERE id = $1::bigint", .args = v, .nargs = 1, .cols = -1 };
	bool ok = db_ask(db, a, &q, NULL, e);
	arena_free(a);
	return ok;
}

bool job_running(struct db *db, struct arena *a, const char *sid, const char *kind, bool *yes, struct err *e)
{
	const char *v[] = { sid, kind };
	const struct query q = { .sql = "SELECT " ALIVE_COLS " FROM gatewalk.job j WHERE j.sid = $1 AND j.kind = $2 AND j.ended_at IS NULL",
		.args = v, .nargs = 2, .cols = ALIVE_COUNT };
	struct rows r;
	*yes = false;
	if (!db_ask(db, a, &q, &r, e))
		return false;
	struct here h = here_now(a);
	for (int i = 0; i < r.n; i++) {
		const char *shown = state_shown(&h, r.cell[i]);
		*yes = *yes || state_open(shown) || text_eq(shown, "needs a login");
	}
	return true;
}

void job_stop_all(struct db *db, int ms)
{
	static const char stop[] = "UPDATE gatewalk.job SET control = 'stop' WHERE ended_at IS NULL AND control <> 'stop'";
	static const char left[] = "SELECT count(*) FROM gatewalk.job WHERE ended_at IS NULL";
	const struct timespec pause = { .tv_nsec = 100000000L };
	struct arena *a = arena_new();
	const struct query q = { .sql = left, .ms = 2000, .cols = 1, .min_rows = 1, .max_rows = 1 };
	struct rows r;
	int64_t until = clock_mono() + (int64_t)ms * 1000;
	bool ok = db_script(db, a, stop, 2000, NULL, NULL);
	while (ok && clock_mono() < until && db_ask(db, a, &q, &r, NULL) && cell_int(r.cell[0][0]) > 0)
		nanosleep(&pause, NULL);
	arena_free(a);
}
