/* SPDX-License-Identifier: MIT */
/* Drives a real walk for the scripts, over the engine: tool_walk CONNINFO KEY PLAN|WALK VERB
   VERB: begin | fill:LINES | start-snapshot | close | pass-b | a stage to be brought to (snapshot consumers expand writes backfill window copy reads relax parity monitor unused final gate-c armed) | drop | clear | look | view | finish
         | act:NAME:KEY:TEXT | - (verbs from standard input, one a line; each answer ends with a line ".")
   drop asks for the passphrase on the terminal, as the program does. Exit status as gatewalk's; the stage is printed last. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/demo_walks.h"
#include "engine/engine_private.h"
#include "port/files.h"

static const struct { const char *name; enum stage stage; } stages[] = {
	{ "snapshot", AT_SNAPSHOT }, { "archetype", AT_ARCHETYPE }, { "document", AT_DOCUMENT }, { "gate-a", AT_GATE_A }, { "consumers", AT_CONSUMERS },
	{ "expand", AT_EXPAND }, { "writes", AT_WRITES }, { "backfill", AT_BACKFILL }, { "window", AT_WINDOW },
	{ "copy", AT_COPY }, { "relax", AT_RELAX }, { "parity", AT_PARITY },
	{ "reads", AT_READS }, { "monitor", AT_MONITOR }, { "unused", AT_UNUSED }, { "final", AT_FINAL }, { "gate-c", AT_GATE_C }, { "armed", AT_ARMED },
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

/* Items 12 and 13, once the watch is over and its job has looked behind its end: a minute at most. */
static bool finish(struct engine *g, struct err *e)
{
	char alarms[16];
	for (int i = 0; i < 600 && g->state == LOG_AGREES && (g->facts.monitor.at < walk_watch_end(&g->walk, g->plan) || g->facts.now < walk_watch_end(&g->walk, g->plan)); i++) {
		clock_nap(100);
		if (!engine_look(g, e))
			return false;
	}
	snprintf(alarms, sizeof alarms, "%d", g->walk.alarms);
	return engine_unlock(g, e) && engine_do(g, &(struct act){ .kind = ACT_CONFIRM, .key = "12", .text = alarms }, e) &&
		engine_do(g, &(struct act){ .kind = ACT_SCHEMA_LOG }, e);
}

/* "NAME:KEY:TEXT"; an empty key or text is none. For a job the key is its number. */
static bool act(struct engine *g, const char *words, struct err *e)
{
	char all[512], *key, *text = NULL;
	snprintf(all, sizeof all, "%s", words);
	if ((key = strchr(all, ':'))) {
		*key++ = '\0';
		if ((text = strchr(key, ':')))
			*text++ = '\0';
	}
	const struct act a = { .kind = act_parse(all), .key = key && *key ? key : NULL, .text = text && *text ? text : NULL, .job = key ? atoll(key) : 0 };
	return engine_unlock(g, e) && engine_do(g, &a, e);
}

static bool verb(struct engine *g, const char *word, struct err *e)
{
	if (strcmp(word, "begin") == 0 || strcmp(word, "view") == 0)
		return true;
	if (strncmp(word, "fill:", 5) == 0)
		return fill(g, atol(word + 5), e);
	if (strncmp(word, "act:", 4) == 0)
		return act(g, word + 4, e);
	if (strcmp(word, "finish") == 0)
		return finish(g, e);
	if (strcmp(word, "start-snapshot") == 0)
		return engine_do(g, &(struct act){ .kind = ACT_SNAPSHOT }, e);
	if (strcmp(word, "close") == 0)
		return engine_unlock(g, e) && engine_do(g, &(struct act){ .kind = ACT_CONFIRM, .key = "12", .text = "0" }, e) &&
			engine_do(g, &(struct act){ .kind = ACT_SCHEMA_LOG }, e);
	if (strcmp(word, "pass-b") == 0)
		return engine_unlock(g, e) && engine_do(g, &(struct act){ .kind = ACT_PASS, .key = "B" }, e);
	if (strcmp(word, "clear") == 0)
		return engine_look(g, e) && engine_unlock(g, e) && engine_do(g, &(struct act){ .kind = ACT_AUDIT }, e) && walk_clear(g, e);
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
	printf("connected %d%s%s\n", v->connected, v->trouble ? " " : "", v->trouble ? v->trouble : "");
	if (v->last_error)
		printf("last %s\n", v->last_error);
	view_free(v);
}

static bool tell(struct engine *g, bool ok, const struct err *e)
{
	if (g)
		show(g);
	if (!ok)
		printf("error %s\n%s%s%s", e->msg, e->hint[0] ? "hint " : "", e->hint, e->hint[0] ? "\n" : "");
	return ok;
}

/* One engine over many verbs, as a screen has it: what it says while the server is gone is seen, too. */
static void stay(struct engine *g)
{
	char line[512];
	setvbuf(stdout, NULL, _IOLBF, 0);
	while (fgets(line, sizeof line, stdin)) {
		struct err e = { 0 };
		line[strcspn(line, "\n")] = '\0';
		tell(g, verb(g, line, &e), &e);
		puts(".");
	}
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
	bool ok = g && (access(argv[3], F_OK) == 0 ? engine_walk_plan(g, argv[3], &e) : engine_walk_open(g, argv[3], &e));
	if (ok && strcmp(argv[4], "-") == 0)
		stay(g);
	else
		ok = ok && verb(g, argv[4], &e);
	tell(g, ok, &e);
	engine_free(g);
	return ok ? 0 : err_exit_status(e.code);
}
