/* SPDX-License-Identifier: MIT */
#include "adapter/writer.h"

#include <signal.h>
#include <stddef.h>

#include "adapter/probe_target.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "core/fact.h"
#include "core/plan.h"
#include "core/walk.h"
#include "port/db.h"

#define SETTINGS "-c idle_in_transaction_session_timeout=2s -c statement_timeout=5s -c lock_timeout=500ms -c plan_cache_mode=force_generic_plan"

static const char SETTINGS_SQL[] =
"/* gatewalk */ SELECT pg_backend_pid(), (extract(epoch FROM clock_timestamp()) * 1000000)::bigint, pg_is_in_recovery(),\n"
"  current_setting('idle_in_transaction_session_timeout') = '2s' AND current_setting('statement_timeout') = '5s'\n"
"    AND current_setting('lock_timeout') = '500ms' AND current_setting('search_path') = 'pg_catalog, pg_temp' AND current_setting('row_security') = 'off'";

struct db *writer_open(const char *conninfo, const char *app, struct err *e)
{
	return db_open(&(struct db_opts){ .conninfo = conninfo, .app = app, .options = SETTINGS, .read_write = true }, e);
}

bool writer_settled(struct db *db, struct arena *a, int64_t *now, struct err *e)
{
	const struct query q = { .sql = SETTINGS_SQL, .cols = 4, .min_rows = 1, .max_rows = 1 };
	struct rows r;
	if (!db_ask(db, a, &q, &r, e))
		return false;
	char **c = r.cell[0];
	*now = cell_int(c[1]);
	if (cell_int(c[0]) != db_backend_pid(db))
		return err_set(e, ERR_GATE, "Give the server's own address: -d host=... port=5432.", "a pooler stands between gatewalk and the server");
	if (cell_bool(c[2]) || !cell_bool(c[3]))
		return err_set(e, ERR_GATE, NULL, cell_bool(c[2]) ? "the server is a standby" : "the session's timeouts and search path could not be set");
	return true;
}

const char *writer_locks(struct arena *a, const struct fact_target *t, bool only)
{
	struct text list = { 0 };
	for (size_t i = 0; i < t->n_locks; i++)
		text_addf(&list, "%s%s%s", i ? ", " : "", only ? "ONLY " : "", t->locks[i]);
	const char *s = arena_dup(a, text_str(&list));
	text_free(&list);
	return s;
}

bool writer_alone(const struct rows *pairs, struct err *e)
{
	return cell_bool(pairs_get(pairs, "alone")) ||
		err_set(e, ERR_GATE, "gatewalk job list   shows it. Begin this again when it has ended.", "under the lock: A6, another walk is changing or filling a table of this database right now");
}

bool writer_alone_here(struct db *db, struct arena *a, struct err *e)
{
	const char *got = db_value(db, a, &(struct query){ .sql = "/* gatewalk */ SELECT pg_try_advisory_lock(" WRITER_ALONE_SQL ")" }, e);
	return got && (cell_bool(got) || err_set(e, ERR_WAIT, "gatewalk job list", "another session fills or changes a table of this database"));
}

/* The walk's own row: signed, at the place where something is brought, and of this very table. $1 sid, $2 stage, $3 and $4 the table. */
static const char SIGNED_SQL[] =
"/* gatewalk */ SELECT t.oid, EXISTS (SELECT FROM gatewalk.walk w WHERE w.sid = $1 AND w.stage = $2 AND w.relid = t.oid AND w.closed_at IS NULL\n"
"    AND EXISTS (SELECT FROM gatewalk.anchor a WHERE a.sid = w.sid AND a.kind = 'line'))\n"
"FROM pg_class t JOIN pg_namespace n ON n.oid = t.relnamespace WHERE n.nspname = $3 AND t.relname = $4";

bool writer_signed(struct db *db, struct arena *a, const char *sid, const struct plan *p, unsigned *relid, struct err *e)
{
	const char *args[] = { sid, stage_name(AT_WRITES), p->schema, p->table };
	struct rows r;
	if (!db_ask(db, a, &(struct query){ .sql = SIGNED_SQL, .args = args, .nargs = 4, .cols = 2, .max_rows = 1 }, &r, e))
		return false;
	if (!r.n || !cell_bool(r.cell[0][1]))
		return err_set(e, ERR_VERIFY, "Nothing was sent.", "by the ledger this walk is not where %s is to come, or the table is another one", p->add_name);
	*relid = (unsigned)cell_int(r.cell[0][0]);
	return true;
}

bool writer_unstoppable(bool (*attempt)(void *run, struct err *e), void *run, struct err *e)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN }, before;
	sigemptyset(&ignore.sa_mask);
	bool changed = sigaction(SIGTSTP, &ignore, &before) == 0;
	bool ok = attempt(run, e);
	if (changed)
		sigaction(SIGTSTP, &before, NULL);
	return ok;
}
