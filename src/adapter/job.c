/* SPDX-License-Identifier: MIT */
#include "adapter/job.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "adapter/job_private.h"
#include "adapter/job_rates.h"
#include "adapter/schema.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "base/when.h"
#include "port/child.h"
#include "port/db.h"
#include "port/files.h"

#define WRITE_EVERY (US_SECOND / 2)   /* progress: two writes a second at most */
#define LOGIN_EVERY (5 * US_SECOND)   /* between two attempts to log in again */
#define LAST_WORD (60 * US_SECOND)    /* how long the last word of a job is tried */
/* Of every write to a job's row: a job of another gatewalk than the schema's writes no more of it, and is told to stop. */
#define TEXT_OF(n) #n
#define VERSION_TEXT(n) TEXT_OF(n)
#define OF_THIS_SCHEMA "(SELECT version FROM gatewalk.meta) = " VERSION_TEXT(SCHEMA_VERSION)

struct job {
	struct arena *arena;
	struct db *db;         /* the one in use: the caller's, or `again` */
	struct db *again;      /* our own, after the caller's was lost */
	const char *conninfo;
	long long id;
	const char *kind, *sid, *args;
	char phase[64], note[256];
	int64_t wrote, tried;  /* CLOCK_BOOTTIME */
	bool stop;
	struct rates rates;
	struct text limits;    /* empty: it tells none */
};

static const char *num(struct arena *a, long long n)
{
	return arena_printf(a, "%lld", n);
}

static const char *real(struct arena *a, double d)
{
	return isfinite(d) ? arena_printf(a, "%.17g", d) : NULL;
}

/* Copies what fits, never half a character: the server refuses that. */
static void put(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from ? from : "");
	size_t len = strlen(to);
	while (len > 0 && !text_utf8_valid(to, len))
		to[--len] = '\0';
}

/* Logs in again when the connection of the row is gone. */
static bool job_login(struct job *j, struct err *e)
{
	if (db_alive(j->db))
		return true;
	if (j->tried && clock_mono() - j->tried < LOGIN_EVERY)
		return err_set(e, ERR_DB_LOST, NULL, "job %lld has lost its connection", j->id);
	j->tried = clock_mono();
	const struct db_opts o = { .conninfo = j->conninfo, .app = arena_printf(j->arena, "gatewalk job %lld", j->id), .read_write = true };
	struct db *db = db_open(&o, e);
	if (!db)
		return false;
	db_close(j->again);
	j->again = j->db = db;
	struct arena *a = arena_new();
	const char *args[] = { num(a, j->id) };
	const struct query q = { .sql = "UPDATE gatewalk.job SET backend_pid = pg_backend_pid(), seen_at = clock_timestamp() WHERE id = $1::bigint AND " OF_THIS_SCHEMA,
		.args = args, .nargs = 1, .ms = 5000, .cols = -1 };
	bool ok = db_ask(db, a, &q, NULL, e);
	arena_free(a);
	return ok;
}

static bool job_ask(struct job *j, struct arena *a, const struct query *q, struct rows *out, struct err *e)
{
	return job_login(j, e) && db_ask(j->db, a, q, out, e);
}

/* The last word of a job is worth waiting for: the work is done and only the row does not say so yet. */
static bool job_ask_long(struct job *j, struct arena *a, const struct query *q, struct rows *out, struct err *e)
{
	int64_t until = clock_mono() + LAST_WORD;
	for (;;) {
		struct err own = { 0 };
		if (job_ask(j, a, q, out, &own))
			return true;
		if ((own.code != ERR_DB_LOST && own.code != ERR_DB_CONNECT) || clock_mono() > until) {
			if (e)
				*e = own;
			return false;
		}
		clock_nap(500);
	}
}

static const char *host_here(struct arena *a)
{
	char host[256] = "";
	gethostname(host, sizeof host - 1);
	return arena_dup(a, host);
}

/* Until the job has a process its maker's stands for it: should that end before, the job is lost at once, not only when nobody has
   heard of it for minutes. */
bool job_make(struct db *db, struct arena *a, const char *sid, const char *kind, const char *args, long long *id, struct err *e)
{
	const char *v[] = { sid && *sid ? sid : NULL, kind, args ? args : "{}", host_here(a), num(a, getpid()), child_boot_id(a) };
	const struct query q = { .sql = "INSERT INTO gatewalk.job (sid, kind, args, operator, host, pid, boot_id)"
		" VALUES ($1, $2, $3, session_user, $4, $5::int, $6) RETURNING id",
		.args = v, .nargs = 6, .cols = 1, .min_rows = 1, .max_rows = 1 };
	struct rows r;
	if (!db_ask(db, a, &q, &r, e))
		return err_in(e, "cannot note the %s job", kind);
	*id = cell_int(r.cell[0][0]);
	return true;
}

bool job_start(struct db *db, struct arena *a, const struct job_order *o, struct err *e)
{
	const char *argv[] = { o->program, "job", "run", num(a, o->id), "-d", o->conninfo, NULL };
	if (!o->conninfo)
		argv[4] = NULL;
	int pid;
	if (!dir_make(o->log_dir, e))
		return false;
	const char *log = path_join(a, o->log_dir, arena_printf(a, "job-%lld.log", o->id));
	if (!child_detach(argv, log, &pid, e))
		return err_in(e, "cannot start job %lld", o->id);
	const char *v[] = { num(a, o->id), num(a, pid) };
	const struct query q = { .sql = "UPDATE gatewalk.job SET pid = $2::int WHERE id = $1::bigint AND state = 'new'", .args = v, .nargs = 2, .cols = -1 };
	return db_ask(db, a, &q, NULL, e);
}

static bool claim_refused(struct db *db, struct arena *a, long long id, struct err *e)
{
	const char *v[] = { num(a, id) };
	const struct query q = { .sql = "SELECT state, coalesce(host, ''), coalesce(pid::text, '') FROM gatewalk.job WHERE id = $1::bigint",
		.args = v, .nargs = 1, .cols = 3, .max_rows = 1 };
	struct rows r;
	if (!db_ask(db, a, &q, &r, e))
		return false;
	if (r.n == 0)
		return err_set(e, ERR_USE, "gatewalk job list", "there is no job %lld in this database", id);
	return err_set(e, ERR_USE, "gatewalk job list", "job %lld is taken already: %s, process %s on %s", id, r.cell[0][0], r.cell[0][2], r.cell[0][1]);
}

struct job *job_claim(struct db *db, long long id, struct err *e)
{
	struct arena *a = arena_new();
	const char *v[] = { num(a, id), host_here(a), num(a, getpid()), child_boot_id(a) };
	const struct query q = { .sql =
		"UPDATE gatewalk.job SET state = 'running', host = $2, pid = $3::int, boot_id = $4, backend_pid = pg_backend_pid(),"
		" started_at = clock_timestamp(), seen_at = clock_timestamp()"
		" WHERE id = $1::bigint AND state = 'new' AND " OF_THIS_SCHEMA " RETURNING kind, coalesce(sid, ''), args",
		.args = v, .nargs = 4, .cols = 3, .max_rows = 1 };
	struct rows r;
	bool ok = db_ask(db, a, &q, &r, e);
	if (!ok || r.n == 0) {
		if (ok)
			claim_refused(db, a, id, e);
		arena_free(a);
		return NULL;
	}
	struct job *j = arena_alloc(a, sizeof *j);
	*j = (struct job){ .arena = a, .db = db, .id = id, .kind = r.cell[0][0], .sid = r.cell[0][1], .args = r.cell[0][2],
		.conninfo = db_conninfo(db, a, NULL) };
	return j;
}

const char *job_kind(const struct job *j) { return j->kind; }
const char *job_sid(const struct job *j) { return j->sid; }
const char *job_args(const struct job *j) { return j->args; }

static bool event_put(struct job *j, const char *text, struct err *e)
{
	struct arena *a = arena_new();
	const char *v[] = { num(a, j->id), text, j->sid };
	const struct query q = { .sql =
		"WITH put AS (INSERT INTO gatewalk.job_event (job, text) SELECT $1::bigint, $2 WHERE " OF_THIS_SCHEMA ") SELECT pg_notify('gatewalk', $3)",
		.args = v, .nargs = 3, .ms = 5000, .cols = -1 };
	bool ok = job_ask(j, a, &q, NULL, e);
	arena_free(a);
	return ok;
}

void job_limits(struct job *j, const char *text)
{
	j->limits.len = 0;
	text_add(&j->limits, text);
}

void job_event(struct job *j, const char *fmt, ...)
{
	char line[1024];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	char text[sizeof line];
	put(text, sizeof text, line);
	event_put(j, text, NULL);   /* an event that is lost stops no work */
}

/* A phase begins, and the one before it ends with its last note: job_list makes the list of phases from these events. */
static void phase_change(struct job *j, const char *phase)
{
	char name[sizeof j->phase];
	put(name, sizeof name, phase);
	if (name[0] == '\0' || strcmp(j->phase, name) == 0)
		return;
	if (j->phase[0])
		job_event(j, PHASE_ENDS "%s", j->note);
	memcpy(j->phase, name, sizeof name);
	j->note[0] = '\0';
	job_event(j, PHASE_BEGINS "%s", j->phase);
	j->wrote = 0;
}

struct step { double done, total; const char *unit; bool estimate; const char *state; };

/* Writes where the job is and reads what it is told, in one round trip. A row that was ended from outside tells it to stop. */
static const char *row_write(struct job *j, struct arena *a, const struct step *s, struct err *e)
{
	/* Work that has an end has a speed; a watch that goes round has none. */
	if (s->total > 0)
		rates_add(&j->rates, clock_mono(), s->done, s->unit ? s->unit : "");
	const char *v[] = { num(a, j->id), j->phase, j->note, real(a, s->done), real(a, s->total), s->unit, s->estimate ? "t" : "f", s->state,
		rates_text(a, &j->rates), j->limits.len ? text_str(&j->limits) : NULL };
	const struct query q = { .sql =
		"UPDATE gatewalk.job SET seen_at = clock_timestamp(), phase = $2, note = $3, done = $4::float8, total = $5::float8,"
		" unit = $6, estimate = $7::boolean, state = $8, settings = CASE WHEN coalesce($9, $10) IS NULL THEN settings"
		" ELSE (settings::jsonb || jsonb_strip_nulls(jsonb_build_object('" RATES_KEY "', $9::text, '" LIMITS_KEY "', $10::text)))::text END"
		" WHERE id = $1::bigint AND ended_at IS NULL AND " OF_THIS_SCHEMA " RETURNING control",
		.args = v, .nargs = 10, .ms = 5000, .cols = 1, .max_rows = 1 };
	struct rows r;
	if (!job_ask(j, a, &q, &r, e))
		return NULL;
	j->wrote = clock_mono();
	return r.n ? r.cell[0][0] : "stop";
}

static bool tick(struct job *j, const char *phase, struct step s, const char *note)
{
	const char *state = s.state;
	if (j->stop)
		return false;
	phase_change(j, phase);
	put(j->note, sizeof j->note, note);
	if (j->wrote && clock_mono() - j->wrote < WRITE_EVERY)
		return true;
	for (;;) {
		struct arena *a = arena_new();
		const char *control = row_write(j, a, &s, NULL);
		bool pause = text_eq(control, "pause");
		j->stop = text_eq(control, "stop");
		arena_free(a);
		if (j->stop)
			return false;
		/* Out of reach while running: the work goes on, and the row is written when the login works again. */
		if (!pause && (control || strcmp(s.state, "paused") != 0))
			break;
		s.state = "paused";
		clock_nap(500);
	}
	if (strcmp(s.state, "paused") == 0) {
		j->wrote = 0;
		s.state = state;
		return tick(j, phase, s, note);
	}
	return true;
}

bool job_tick(void *job, const char *phase, double done, double total, const char *unit, bool estimate, const char *note)
{
	return tick(job, phase, (struct step){ done, total, unit, estimate, "running" }, note);
}

bool job_wait(void *job, const char *phase, double done, double total, const char *unit, const char *note)
{
	return tick(job, phase, (struct step){ done, total, unit, false, "waiting" }, note);
}

bool job_still(struct job *j, const char *phase, double done, double total, const char *unit, const char *note)
{
	phase_change(j, phase);
	put(j->note, sizeof j->note, note);
	struct arena *a = arena_new();
	const char *control = row_write(j, a, &(struct step){ done, total, unit, true, "running" }, NULL);
	bool on = !control || text_eq(control, "run");   /* out of reach: the work goes on, as in tick */
	arena_free(a);
	if (!on)
		j->wrote = 0;   /* so that the next tick asks at once */
	return on;
}

static bool job_end(struct job *j, const char *state, const char *result, const char *error, struct err *e)
{
	if (j->phase[0] && strcmp(state, "done") == 0)
		job_event(j, PHASE_ENDS "%s", j->note);
	struct arena *a = arena_new();
	const char *v[] = { num(a, j->id), state, result, error, j->sid };
	const struct query q = { .sql =
		"WITH e AS (UPDATE gatewalk.job SET state = $2, result = $3, error = $4, ended_at = clock_timestamp(), seen_at = clock_timestamp()"
		" WHERE id = $1::bigint AND ended_at IS NULL AND " OF_THIS_SCHEMA " RETURNING 1) SELECT count(*), pg_notify('gatewalk', $5) FROM e",
		.args = v, .nargs = 5, .cols = 2, .min_rows = 1, .max_rows = 1 };
	struct rows r;
	bool ok = job_ask_long(j, a, &q, &r, e);
	if (ok && cell_int(r.cell[0][0]) == 0)
		ok = err_set(e, ERR_USE, "gatewalk job list", "job %lld was ended from outside: its result does not count", j->id);
	arena_free(a);
	return ok;
}

bool job_done(struct job *j, const char *result_json, struct err *e)
{
	return job_end(j, "done", result_json ? result_json : "{}", NULL, e);
}

bool job_failed(struct job *j, const struct err *why)
{
	struct arena *a = arena_new();
	const char *text = why->hint[0] ? arena_printf(a, "%s; %s", why->msg, why->hint) : why->msg;
	bool stopped = why->code == ERR_INTERRUPTED || j->stop;
	bool ok = job_end(j, stopped ? "stopped" : "failed", NULL, text, NULL);
	arena_free(a);
	return ok;
}

bool job_setting(struct job *j, struct arena *a, const char *name, const char **value, struct err *e)
{
	const char *v[] = { num(a, j->id), name };
	const struct query q = { .sql = "SELECT settings::jsonb ->> $2 FROM gatewalk.job WHERE id = $1::bigint",
		.args = v, .nargs = 2, .ms = 5000, .cols = 1, .max_rows = 1 };
	struct rows r;
	if (!job_ask(j, a, &q, &r, e))
		return false;
	*value = r.n ? r.cell[0][0] : NULL;
	return true;
}

void job_free(struct job *j)
{
	if (!j)
		return;
	db_close(j->again);
	text_free(&j->limits);
	arena_free(j->arena);
}
