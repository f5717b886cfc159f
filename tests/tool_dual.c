/* SPDX-License-Identifier: MIT */
/* A dual write and a comparison by the job's own code, for bench_dual.sh, in the database that libpq's environment names, which has the
   gatewalk schema:
     tool_dual put|take|compare TABLE OLD NEW TO [BACK] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapter/job.h"
#include "adapter/parity.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "core/plan.h"
#include "engine/parity.h"
#include "port/crypto.h"
#include "port/db.h"
#include "tests/dual_send.h"

#define SID "0123456789abcdef0123456789abcdef"

static bool compare(struct db *db, struct arena *a, const struct dual_order *d, struct err *e)
{
	long long id;
	struct plan_pause pause = { .when = "replication lag", .above = 5, .has_above = true };
	struct plan p = { .name = "dual" };
	plan_defaults(&p);
	p.backfill.pauses = &pause;
	p.backfill.n_pauses = 1;
	struct job *j = job_make(db, a, SID, "parity", "{}", &id, e) ? job_claim(db, id, e) : NULL;
	if (!j)
		return false;
	const struct parity_order order = { .dual = *d };
	struct json *result = json_obj(a);
	const struct parity_job o = { .arena = a, .conninfo = arena_printf(a, "dbname='%s'", getenv("PGDATABASE")), .name = "dual", .job = j, .plan = &p, .order = &order, .rounds = 1, .result = result };
	bool ok = parity_run(&o, e) && job_done(j, "{}", e);
	if (!ok)
		job_failed(j, e);
	job_free(j);
	if (ok)
		printf("%lld %lld\n", (long long)json_int_or(result, "rows", -1), (long long)json_int_or(result, "mismatches", -1));
	return ok;
}

static bool act(const char *what, struct db *db, struct arena *a, const struct dual_order *d, struct err *e)
{
	if (strcmp(what, "put") == 0)
		return dual_send(db, a, d, true, e);
	return strcmp(what, "take") == 0 ? dual_send(db, a, d, false, e) : compare(db, a, d, e);
}

int main(int argc, char **argv)
{
	struct err e = { 0 };
	if (argc < 6) {
		fputs("tool_dual put|take|compare TABLE OLD NEW TO [BACK]\n", stderr);
		return 1;
	}
	struct arena *a = arena_new();
	const struct dual_order d = { .sid = SID, .schema = "public", .table = argv[2], .column = argv[3], .add_column = argv[4], .to = argv[5], .back = argv[6] };
	struct db *db = crypto_start() ? db_open(&(struct db_opts){ .conninfo = "", .app = "gatewalk bench" }, &e) : NULL;
	bool ok = db && db_script(db, a, "INSERT INTO gatewalk.walk (sid, name, plan_digest, archetype, relid, attnum, target, stage, operator, host, plan, day_us, closed_at)"
		" VALUES ('" SID "', 'dual', '', 'type', 1, 1, 'public.t.v', '', '', '', '', 86400000000, now()) ON CONFLICT DO NOTHING", 5000, NULL, &e) && act(argv[1], db, a, &d, &e);
	if (!ok)
		fprintf(stderr, "tool_dual: %s\n", e.msg);
	db_close(db);
	arena_free(a);
	return !ok;
}
