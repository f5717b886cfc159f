/* SPDX-License-Identifier: MIT */
/* A comparison by the job's own code, in this process or in a child that can be killed. */
#ifndef GW_TESTS_PARITY_FIXTURE_H
#define GW_TESTS_PARITY_FIXTURE_H

#include "adapter/job.h"
#include "adapter/parity.h"
#include "base/json.h"
#include "engine/parity.h"
#include "tests/dual_fixture.h"

struct par {
	struct dual d;
	struct parity_order order;
	struct plan plan;
	struct plan_pause pause;
	const char *conninfo;
	int64_t rounds;
	struct json *result;
	struct err e;
};

static inline void par_open(struct par *x, const char *sql)
{
	*x = (struct par){ .conninfo = "dbname=" DUAL_DB, .rounds = 1, .plan = { .name = "retype-v" } };
	dual_open(&x->d, sql);
	plan_defaults(&x->plan);
	x->pause = (struct plan_pause){ .when = "lock waiters", .above = 1000, .has_above = true };
	x->plan.backfill.pauses = &x->pause;
	x->plan.backfill.n_pauses = 1;
	x->order.dual = x->d.order;
}

static inline bool par_run(struct par *x)
{
	long long id;
	struct arena *a = x->d.a;
	struct db *own = test_connect("dbname=" DUAL_DB);
	err_clear(&x->e);
	x->result = json_obj(a);
	ck_assert_msg(job_make(own, a, TEST_SID, "parity", "{}", &id, &x->e), "%s", x->e.msg);
	struct job *j = job_claim(own, id, &x->e);
	ck_assert_msg(j != NULL, "%s", x->e.msg);
	const struct parity_job o = { .arena = a, .conninfo = x->conninfo, .name = "retype-v", .job = j, .plan = &x->plan, .order = &x->order, .rounds = x->rounds, .result = x->result };
	bool ok = parity_run(&o, &x->e);
	if (ok)
		job_done(j, "{}", &x->e);
	else
		job_failed(j, &x->e);
	job_free(j);
	db_close(own);
	return ok;
}

/* One round more: so many rows, so many of them differ. */
static inline void par_finds(struct par *x, int64_t rows, int64_t mismatches)
{
	ck_assert_msg(par_run(x), "%s", x->e.msg);
	ck_assert_int_eq(json_int_or(x->result, "rows", -1), rows);
	ck_assert_int_eq(json_int_or(x->result, "mismatches", -1), mismatches);
}

static inline pid_t par_begin(struct par *x)
{
	pid_t pid = fork();
	if (pid == 0)
		_exit(par_run(x) ? 0 : 1);
	return pid;
}

static inline int par_end(pid_t pid)
{
	int status = -1;
	waitpid(pid, &status, 0);
	return status;
}

#endif
