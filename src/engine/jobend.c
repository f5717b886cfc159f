/* SPDX-License-Identifier: MIT */
#include "engine/jobend.h"

#include <string.h>

#include "adapter/job.h"
#include "base/arena.h"
#include "base/when.h"
#include "engine/engine_private.h"
#include "port/files.h"

#define PATIENCE (45 * US_SECOND)      /* a batch may take 20 times as long as it should, and a login 10 s */

#define AGAIN_AFTER (5 * US_SECOND)

const struct view_job *jobend_newest(const struct engine *g, const char *kind)
{
	const struct view_job *newest = NULL;
	for (size_t i = 0; i < g->n_jobs; i++)
		if (strcmp(g->jobs[i].kind, kind) == 0 && (!newest || g->jobs[i].id > newest->id))
			newest = &g->jobs[i];
	return newest;
}

bool jobend_lost(const struct engine *g, const struct view_job *j)
{
	return j && strcmp(j->state, "lost") == 0 && g->facts.now > j->started + AGAIN_AFTER;
}

/* Is it still there? A job that is lost is not. */
static bool told(struct engine *g, struct arena *a, const char *kind, const char *name, bool *open, struct err *e)
{
	struct view_job *jobs;
	size_t n = 0;
	*open = false;
	if (!job_list(g->db, a, g->walk.sid, &jobs, &n, e))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (strcmp(jobs[i].kind, kind) != 0 || jobs[i].ended || strcmp(jobs[i].state, "lost") == 0)
			continue;
		*open = true;
		if (!job_control(g->db, jobs[i].id, "stop", NULL) && !db_alive(g->db))   /* it may have ended just now */
			return err_set(e, ERR_DB_LOST, NULL, "the connection was lost while the %s was told to stop", name);
	}
	return true;
}

bool jobend_wait(struct engine *g, const char *kind, const char *name, bool *was, struct err *e)
{
	*was = false;
	for (int64_t until = clock_mono() + PATIENCE;; clock_nap(100)) {
		struct arena *a = arena_new();
		bool open = false, ok = told(g, a, kind, name, &open, e);
		arena_free(a);
		if (!ok || !open)
			return ok;
		*was = true;
		if (clock_mono() > until)
			return err_set(e, ERR_WAIT, "gatewalk job list   shows why. Then do it again.", "the %s's job was told to stop, and is still there", name);
	}
}
