/* SPDX-License-Identifier: MIT */
/* Fills public.big.n by the job's own code, in the database that libpq's environment names, which has the gatewalk schema:
     tool_backfill EXPRESSION [BATCH_MS [LOAD [on]]]
   on: goes on where another one was ended. What it took at most, in kB, is printed. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "adapter/job.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "core/plan.h"
#include "engine/backfill.h"
#include "port/crypto.h"
#include "port/db.h"

#define SID "0123456789abcdef0123456789abcdef"

static int say(const struct err *e)
{
	fprintf(stderr, "%s\n", e->msg);
	return 1;
}

int main(int argc, char **argv)
{
	struct arena *a = arena_new();
	struct err e = { 0 };
	struct plan_pause pause = { .when = "replication lag", .above = 5, .has_above = true };
	struct plan p = { .name = "big-n", .schema = "public", .table = "big", .column = "n" };
	long long id;
	plan_defaults(&p);
	p.backfill.value = argc > 1 ? argv[1] : "k * 100";
	p.backfill.batch_ms = argc > 2 ? atoi(argv[2]) : 100;
	p.backfill.load = argc > 3 ? atoi(argv[3]) : 100;
	p.backfill.pauses = &pause;
	p.backfill.n_pauses = 1;
	const char *conninfo = arena_printf(a, "dbname='%s'", getenv("PGDATABASE"));
	struct db *db = crypto_start() ? db_open(&(struct db_opts){ .conninfo = conninfo, .app = "gatewalk job" }, &e) : NULL;
	const char *anew = argc > 4 ? "" : "; DELETE FROM gatewalk.backfill";
	if (!db || !db_script(db, a, arena_printf(a, "INSERT INTO gatewalk.walk (sid, name, plan_digest, archetype, relid, attnum, target, stage, operator, host, plan, day_us, closed_at)"
			" VALUES ('" SID "', 'big-n', '', 'additive', 1, 1, 'public.big.n', '', '', '', '', 86400000000, now()) ON CONFLICT DO NOTHING%s", anew), 5000, NULL, &e))
		return say(&e);
	struct job *j = job_make(db, a, SID, "backfill", "{}", &id, &e) ? job_claim(db, id, &e) : NULL;
	if (!j)
		return say(&e);
	const struct backfill_order o = { .arena = a, .conninfo = conninfo, .sid = SID, .name = "big-n", .job = j, .plan = &p, .result = json_obj(a) };
	bool ok = backfill_run(&o, &e) && job_done(j, "{}", &e);
	if (!ok)
		job_failed(j, &e);
	struct rusage used;
	if (getrusage(RUSAGE_SELF, &used) == 0)
		printf("%ld\n", used.ru_maxrss);
	job_free(j);
	db_close(db);
	arena_free(a);
	return ok ? 0 : say(&e);
}
