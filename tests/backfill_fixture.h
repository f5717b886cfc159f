/* SPDX-License-Identifier: MIT */
/* A table with a new column n, filled by the job's own code in this process or in a child that can be killed. */
#ifndef GW_TESTS_BACKFILL_FIXTURE_H
#define GW_TESTS_BACKFILL_FIXTURE_H

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "adapter/backfill.h"
#include "adapter/job.h"
#include "base/json.h"
#include "engine/backfill.h"
#include "port/crypto.h"
#include "port/files.h"
#include "tests/lib_walk.h"

#define BF_DB "gwt_backfill"
/* Of a table t: every row has its value, and no row was lost. */
#define BF_BAD "SELECT count(*) FROM public.t WHERE n IS DISTINCT FROM v * 100"

struct bf {
	struct arena *a;
	struct db *db;
	struct plan plan;
	struct plan_pause pause;
	const char *conninfo;
	int64_t timeline;
	bool rejects;
	struct json *result;
	struct err e;
};

static inline void bf_open(struct bf *x, const char *sql)
{
	bool strong;
	crypto_start();
	*x = (struct bf){ .a = arena_new(), .db = test_database(BF_DB), .conninfo = "dbname=" BF_DB };
	x->plan = (struct plan){ .name = "fill-n", .schema = "public", .table = "t", .column = "n" };
	plan_defaults(&x->plan);
	x->pause = (struct plan_pause){ .when = "lock waiters", .above = 1000, .has_above = true };
	x->plan.backfill.value = "v * 100";
	x->plan.backfill.pauses = &x->pause;
	x->plan.backfill.n_pauses = 1;
	ck_assert_msg(schema_init(x->db, x->a, ENV_PRODUCTION, &strong, &x->e), "%s", x->e.msg);
	test_sql(x->db, "INSERT INTO gatewalk.walk (sid, name, plan_digest, archetype, relid, attnum, target, stage, operator, host, plan, day_us)"
		" VALUES ('" TEST_SID "', 'fill-n', '', 'additive', 1, 1, 'public.t.n', '', '', '', '', 86400000000)");
	test_sql(x->db, sql);
}

static inline void bf_close(struct bf *x)
{
	db_close(x->db);
	arena_free(x->a);
	test_drop_database(BF_DB);
}

/* One job from its claim to its end. */
static inline bool bf_run(struct bf *x)
{
	long long id;
	struct db *own = test_connect("dbname=" BF_DB);
	err_clear(&x->e);
	x->result = json_obj(x->a);
	ck_assert_msg(job_make(own, x->a, TEST_SID, "backfill", "{}", &id, &x->e), "%s", x->e.msg);
	struct job *j = job_claim(own, id, &x->e);
	ck_assert_msg(j != NULL, "%s", x->e.msg);
	const struct backfill_order o = { .arena = x->a, .conninfo = x->conninfo, .sid = TEST_SID, .name = "fill-n", .job = j, .plan = &x->plan, .timeline = x->timeline,
		.rejects = x->rejects, .result = x->result };
	bool ok = backfill_run(&o, &x->e);
	if (ok)
		job_done(j, "{}", &x->e);
	else
		job_failed(j, &x->e);
	job_free(j);
	db_close(own);
	return ok;
}

static inline void bf_must(struct bf *x)
{
	ck_assert_msg(bf_run(x), "%s", x->e.msg);
}

/* In a child: its number. It ends by itself with status 0 when the job was done. */
static inline pid_t bf_begin(struct bf *x)
{
	pid_t pid = fork();
	if (pid == 0)
		_exit(bf_run(x) ? 0 : 1);
	return pid;
}

static inline int bf_end(pid_t pid)
{
	int status = -1;
	waitpid(pid, &status, 0);
	return status;
}

static inline const char *bf_get(struct bf *x, const char *sql)
{
	return test_value(x->db, x->a, sql);
}

static inline void bf_is(struct bf *x, const char *sql, const char *want)
{
	const char *got = bf_get(x, sql);
	ck_assert_msg(text_eq(got, want), "%s: %s, wanted %s", sql, got ? got : "NULL", want);
}

/* Every row once: what was written down as done is what was done. */
static inline void bf_whole(struct bf *x, const char *rows)
{
	bf_is(x, BF_BAD, "0");
	bf_is(x, "SELECT filled FROM gatewalk.backfill", rows);
	bf_is(x, "SELECT rows_left FROM gatewalk.backfill", "0");
}

/* Until the query gives true; 30 s. */
static inline void bf_until(struct bf *x, const char *sql)
{
	for (int i = 0; i < 3000; i++) {
		const char *got = bf_get(x, sql);
		if (got && strcmp(got, "t") == 0)
			return;
		clock_nap(10);
	}
	ck_abort_msg("never: %s", sql);
}

#endif
