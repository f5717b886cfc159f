/* SPDX-License-Identifier: MIT */
/* gatewalk job: its verbs. */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "cli/options.h"
#include "cli/print.h"
#include "cli/run.h"
#include "engine/jobrun.h"
#include "engine/tools.h"

static void print_filled(const struct json *o)
{
	print_clean("%s: %s", json_str(o, "walk"), json_str(o, "done"));
}

static const char *job_walk(const struct line *l, struct err *e)
{
	if (l->n_words == 2)
		return l->words[1];
	err_set(e, ERR_USE, "gatewalk status   names the walks.", "which walk, and nothing else?");
	return NULL;
}

static int run_act(const struct line *l, enum act_kind kind, struct err *e)
{
	struct arena *a = arena_new();
	const struct engine_opts o = run_options(l);
	const char *walk = job_walk(l, e);
	struct engine *g = walk ? engine_new(&o, e) : NULL;
	int rc = g ? run_tree(l, tool_begin(a, g, walk, kind, e), print_filled, e) : err_exit_status(e->code);
	engine_free(g);
	arena_free(a);
	return rc;
}

static int run_rejects(const struct line *l, struct err *e)
{
	struct arena *a = arena_new();
	const struct engine_opts o = run_options(l);
	const char *walk = job_walk(l, e);
	int rc = walk ? run_tree(l, tool_rejects(a, &o, walk, l->value[OPT_OUTPUT], e), print_rejects, e) : err_exit_status(e->code);
	arena_free(a);
	return rc;
}

static int run_begin(const struct line *l, struct err *e)
{
	return run_act(l, ACT_BACKFILL, e);
}

static int run_retry(const struct line *l, struct err *e)
{
	return run_act(l, ACT_RETRY, e);
}

static int run_compare(const struct line *l, struct err *e)
{
	return run_act(l, ACT_PARITY, e);
}

static int run_differ(const struct line *l, struct err *e)
{
	struct arena *a = arena_new();
	const struct engine_opts o = run_options(l);
	const char *walk = job_walk(l, e);
	int rc = walk ? run_tree(l, tool_differ(a, &o, walk, e), print_differ, e) : err_exit_status(e->code);
	arena_free(a);
	return rc;
}

/* How a detached job starts; not for people, so not in the help. */
static int run_itself(const struct line *l, struct err *e)
{
	return l->n_words == 2 && job_run(l->value[OPT_DBNAME], strtoll(l->words[1], NULL, 10), e) ? 0 : err_exit_status(e->code);
}

static int run_words(const struct line *l, struct err *e)
{
	struct arena *a = arena_new();
	const struct engine_opts o = run_options(l);
	int rc = run_tree(l, tool_job(a, &o, l->words[0], l->words + 1, l->n_words - 1, e), print_jobs, e);
	arena_free(a);
	return rc;
}

int run_job(const struct line *l, struct err *e)
{
	static const struct { const char *verb; command_run *run; } verbs[] = {
		{ "fill", run_begin }, { "retry", run_retry }, { "rejects", run_rejects }, { "compare", run_compare }, { "differ", run_differ }, { "run", run_itself },
	};
	command_run *run = run_words;
	for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
		if (strcmp(l->words[0], verbs[i].verb) == 0)
			run = verbs[i].run;
	if (run != run_rejects && given(l, OPT_OUTPUT)) {
		err_set(e, ERR_USE, "gatewalk job rejects WALK -o FILE", "only job rejects writes a file");
		return err_exit_status(e->code);
	}
	return run(l, e);
}
