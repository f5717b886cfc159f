/* SPDX-License-Identifier: MIT */
/* A private PostgreSQL for the tests: tool_cluster start DIR [setting...] | env DIR | crash DIR | restart DIR | stop DIR.
   GW_CLUSTER_ENV: "NAME=value" lines for the server process (a moved clock). stop also removes the folder. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapter/cluster.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"

static bool start(struct arena *a, int argc, char **argv, struct err *e)
{
	struct text settings = { 0 };
	const char *env[17] = { NULL };
	struct cluster c;
	for (int i = 0; i < argc; i++)
		text_addf(&settings, "%s\n", argv[i]);
	char *given = getenv("GW_CLUSTER_ENV"), *save = NULL;
	char *lines = given ? arena_dup(a, given) : NULL;
	int n = 0;
	for (char *line = lines ? strtok_r(lines, "\n", &save) : NULL; line && n < 16; line = strtok_r(NULL, "\n", &save))
		env[n++] = line;
	struct cluster_opts o = { .dir = argv[-1], .settings = text_str(&settings), .env = env };
	bool ok = cluster_start(a, &o, &c, e);
	text_free(&settings);
	return ok;
}

static bool run(struct arena *a, int argc, char **argv, struct err *e)
{
	struct cluster c;
	const char *verb = argc > 2 ? argv[1] : "";
	if (strcmp(verb, "start") == 0)
		return start(a, argc - 3, argv + 3, e);
	if (argc != 3)
		return err_set(e, ERR_USE, "tool_cluster start DIR [setting...] | env DIR | crash DIR | restart DIR | stop DIR", "wrong use");
	if (!cluster_find(a, argv[2], &c, e))
		return false;
	if (strcmp(verb, "crash") == 0)
		return cluster_stop(a, &c, "immediate", e);
	if (strcmp(verb, "restart") == 0)
		return cluster_restart(a, &c, e);
	if (strcmp(verb, "stop") == 0)
		return cluster_remove(a, &c, e);
	if (strcmp(verb, "env") != 0)
		return err_set(e, ERR_USE, NULL, "%s: no such verb", verb);
	/* psql and the like themselves: what Debian has in their place starts perl first, each time. */
	printf("export PGHOST='%s' PGPORT=%d PGUSER=%s PGDATABASE=postgres PATH='%s':\"$PATH\"\n", c.host, c.port, c.user, c.bindir);
	return true;
}

int main(int argc, char **argv)
{
	struct err e = { 0 };
	struct arena *a = arena_new();
	bool ok = run(a, argc, argv, &e);
	if (!ok)
		fprintf(stderr, "tool_cluster: %s%s%s\n", e.msg, e.hint[0] ? "\n" : "", e.hint);
	arena_free(a);
	return ok ? 0 : err_exit_status(e.code);
}
