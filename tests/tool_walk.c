/* SPDX-License-Identifier: MIT */
/* Drives a real walk for the scripts, over the engine: tool_walk CONNINFO KEY PLAN|WALK VERB
   VERB: begin | fill:LINES | a stage to be brought to (snapshot consumers unused final gate-c armed) | drop | look | view
   drop asks for the passphrase on the terminal, as the program does. Exit status as gatewalk's; the stage is printed last. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/demo_walks.h"
#include "engine/engine_private.h"

static const struct { const char *name; enum stage stage; } stages[] = {
	{ "snapshot", AT_SNAPSHOT }, { "archetype", AT_ARCHETYPE }, { "document", AT_DOCUMENT }, { "gate-a", AT_GATE_A }, { "consumers", AT_CONSUMERS },
	{ "reads", AT_READS }, { "unused", AT_UNUSED }, { "final", AT_FINAL }, { "gate-c", AT_GATE_C }, { "armed", AT_ARMED },
};

/* A long log: lines of a job, as a watch of months would leave them. */
static bool fill(struct engine *g, long n, struct err *e)
{
	for (long i = 0; i < n; i++) {
		struct json *b = line_body(g);
		json_add_str(b, "event", "start");
		json_add_int(b, "job", i + 1);
		json_add_str(b, "kind", "watch");
		json_add_str(b, "note", "a sample was taken");
		if (!line_write(g, OP_JOB, b, false, e))
			return false;
	}
	return true;
}

static bool verb(struct engine *g, const char *word, struct err *e)
{
	if (strcmp(word, "begin") == 0 || strcmp(word, "view") == 0)
		return true;
	if (strncmp(word, "fill:", 5) == 0)
		return fill(g, atol(word + 5), e);
	if (strcmp(word, "look") == 0)
		return engine_look(g, e);
	if (strcmp(word, "drop") == 0) {
		puts("dropping");   /* the sweep looks for it among the calls */
		fflush(stdout);
		struct view *v = engine_view(g);
		bool ok = engine_drop(g, v->target_name, e);
		view_free(v);
		return ok;
	}
	for (size_t i = 0; i < sizeof stages / sizeof stages[0]; i++)
		if (strcmp(stages[i].name, word) == 0)
			return engine_unlock(g, e) && walk_bring(g, stages[i].stage, e);
	return err_set(e, ERR_USE, NULL, "unknown verb %s", word);
}

static void show(struct engine *g)
{
	struct view *v = engine_view(g);
	if (v->walk)
		printf("stage %s dropped %d restored %d lines %zu\n", stage_name(v->walk->stage), v->walk->dropped, v->walk->restored_at != 0, v->n_lines);
	if (v->last_error)
		printf("last %s\n", v->last_error);
	view_free(v);
}

int main(int argc, char **argv)
{
	struct err e = { 0 };
	if (argc != 5) {
		fputs("use: tool_walk CONNINFO KEY PLAN|WALK VERB\n", stderr);
		return 1;
	}
	const char *program = getenv("GATEWALK");
	const struct engine_opts o = { .dbname = argv[1], .key = argv[2], .program = program ? program : "build/gatewalk", .tty = isatty(0) };
	struct engine *g = engine_new(&o, &e);
	bool ok = g && (access(argv[3], F_OK) == 0 ? engine_walk_plan(g, argv[3], &e) : engine_walk_open(g, argv[3], &e)) && verb(g, argv[4], &e);
	if (g)
		show(g);
	if (!ok)
		printf("error %s\n%s%s\n", e.msg, e.hint[0] ? "hint " : "", e.hint);
	engine_free(g);
	return ok ? 0 : err_exit_status(e.code);
}
