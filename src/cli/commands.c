/* SPDX-License-Identifier: MIT */
/* The commands. Each opens what it needs, calls one tool, prints its tree. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/json.h"
#include "cli/options.h"
#include "cli/print.h"
#include "cli/run.h"
#include "engine/desk.h"
#include "engine/tools.h"

#define LOOK_EVERY_MS 2000
#define AUDIT_EVERY_MS 3600000   /* an audit reads much */

struct engine_opts run_options(const struct line *l)
{
	return (struct engine_opts){
		.dbname = l->value[OPT_DBNAME], .key = l->value[OPT_KEY], .principal = l->value[OPT_AS], .program = l->program, .tty = l->tty,
	};
}

static int end_of(const struct err *e)
{
	return err_exit_status(e->code);
}

int run_tree(const struct line *l, const struct json *o, void (*print)(const struct json *), const struct err *e)
{
	if (o && given(l, OPT_JSON))
		print_json(o);
	else if (o && print)
		print(o);
	return end_of(e);
}

static int run_check(const struct line *l, struct err *e)
{
	struct arena *a = arena_new();
	const struct engine_opts o = run_options(l);
	const struct json *t = tool_check(a, l->words, l->n_words, given(l, OPT_DBNAME) ? &o : NULL, e);
	int rc = run_tree(l, t, print_check, e);
	if (t && e->code != ERR_NONE)
		e->msg[0] = '\0';   /* every error was printed with its place */
	arena_free(a);
	return rc;
}

static bool constraint_is_whole(const struct new_plan *n, enum rule r, struct err *e)
{
	bool table = n->table && !n->type && !n->def && !n->columns == (r != RULE_INDEX && r != RULE_SPLIT);
	if (r == RULE_NAME)
		return (table && n->to && !n->column && !n->convert && !n->where) || err_set(e, ERR_USE, "gatewalk new --recipe rename-table --table T --to N", "which table, and what is its new name?");
	if (r == RULE_SPLIT)
		return (table && n->to && !n->column && !n->convert && !n->where) ||
			err_set(e, ERR_USE, "gatewalk new --recipe split-table --table T --to N --columns \"note, lang\"", "which table, what is the new one's name, and which columns go over?");
	if (r == RULE_INDEX)
		return (table && n->to && !n->column && !n->convert) ||
			err_set(e, ERR_USE, "gatewalk new --recipe build-index --table T --to NAME --columns \"total, created\"", "which table, and an index of what name and what columns?");
	if (r == RULE_CHECK)
		return (table && n->to && n->where && !n->column && !n->convert) ||
			err_set(e, ERR_USE, "gatewalk new --recipe add-check --table T --to NAME --where \"total >= 0\"", "which table, and which check of what name?");
	if (r == RULE_FOREIGN)
		return (table && n->to && n->column && !n->where && !n->convert) ||
			err_set(e, ERR_USE, "gatewalk new --recipe add-foreign-key --table T --column C --to NAME", "which table and column, and what is the key's name?");
	return (table && n->column && !n->to && !n->where) ||
		err_set(e, ERR_USE, "gatewalk new --recipe never-null --table T --column C --convert 0", "which table and column, and what is put where there is no value?");
}

/* Each recipe asks for its own words and takes no others. */
static bool new_is_whole(const struct new_plan *n, struct err *e)
{
	const struct plan p = { .recipe = n->recipe };
	bool of_enum = n->recipe && strcmp(n->recipe, "replace-enum-value") == 0;
	if (of_enum)
		return (n->table && n->column && n->to && n->type && n->replace && !n->where && !n->convert && !n->columns) ||
			err_set(e, ERR_USE, "gatewalk new --recipe replace-enum-value --table T --column C --to N --type public.T2 --replace OLD=NEW", "which table and column, which new column of which new type, and which value goes for which?");
	if (n->replace)
		return err_set(e, ERR_USE, "gatewalk new --help", "--replace is for replace-enum-value alone");
	if (n->columns && plan_rule(&p) != RULE_INDEX && plan_rule(&p) != RULE_SPLIT)
		return err_set(e, ERR_USE, "gatewalk new --help", "--columns is for build-index and split-table alone");
	switch (archetype_beside(plan_recipe(&p)) ? TARGET_TYPE : plan_target(&p)) {
	case TARGET_TYPE:   /* two columns side by side */
		return (n->table && n->column && n->to && !n->where && !n->convert == (plan_recipe(&p) == ARCH_RENAME)) || (plan_recipe(&p) == ARCH_RENAME ?
			err_set(e, ERR_USE, "gatewalk new --recipe rename-column --table T --column C --to N", "which table and column, and what is its new name?") :
			err_set(e, ERR_USE, "gatewalk new --recipe change-type --table T --column C --to N --type T --convert \"C::int\"", "which table and column, which new one, and how does a value go over?"));
	case TARGET_COLUMN:
		return (n->table && n->column && !n->where) ||
			err_set(e, ERR_USE, "gatewalk new --recipe drop-column --table T --column C", "which table and column?");
	case TARGET_ADDED:
		return (n->table && n->column && n->type && !n->where) ||
			err_set(e, ERR_USE, "gatewalk new --recipe add-column --table T --column C --type text", "which table, and which column of which type comes?");
	case TARGET_CONSTRAINT:
		return constraint_is_whole(n, plan_rule(&p), e);
	case TARGET_TABLE:
		return (n->table && !n->column && !n->where) || err_set(e, ERR_USE, "gatewalk new --recipe drop-table --table T", "which table, and nothing else of it?");
	case TARGET_ROWS:
		return (n->table && !n->column && n->where) ||
			err_set(e, ERR_USE, "gatewalk new --recipe remove-rows --table T --where \"created < '2020-01-01'\"", "which table, and which rows of it?");
	default:
		return err_set(e, ERR_USE, "--recipe add-column, rename-column, change-type, never-null, add-check, add-foreign-key, build-index, rename-table, split-table, replace-enum-value, drop-column, drop-table or remove-rows", "which recipe?");
	}
}

static int run_new(const struct line *l, struct err *e)
{
	struct arena *a = arena_new();
	const struct engine_opts o = run_options(l);
	const struct new_plan n = {
		.recipe = l->value[OPT_RECIPE], .name = l->value[OPT_NAME], .schema = l->value[OPT_SCHEMA], .table = l->value[OPT_TABLE],
		.column = l->value[OPT_COLUMN], .columns = l->value[OPT_COLUMNS], .replace = l->value[OPT_REPLACE], .type = l->value[OPT_TYPE], .def = l->value[OPT_DEFAULT], .where = l->value[OPT_WHERE], .why = l->value[OPT_WHY], .zone = l->value[OPT_ZONE], .to = l->value[OPT_TO], .convert = l->value[OPT_CONVERT], .file = l->value[OPT_OUTPUT],
		.deploys = (const char **)(void *)(size_t)l->deploys.v, .n_deploys = l->deploys.n,
		.sources = l->sources.v, .n_sources = l->sources.n,
	};
	int rc = 1;
	if (new_is_whole(&n, e)) {
		const struct json *t = tool_new(a, &n, given(l, OPT_DBNAME) ? &o : NULL, e);
		rc = end_of(e);
		if (t && given(l, OPT_JSON))
			print_json(t);
		else if (t && n.file)
			print_clean("%s written: fill in what it asks for, then gatewalk check %s", n.file, n.file);
		else if (t)
			fputs(json_str(t, "text"), stdout);
	}
	arena_free(a);
	return rc;
}

static int run_doctor(const struct line *l, struct err *e)
{
	struct arena *a = arena_new();
	const struct engine_opts o = run_options(l);
	int rc = run_tree(l, tool_doctor(a, &o, e), print_doctor, e);
	arena_free(a);
	return rc;
}

static int run_init(const struct line *l, struct err *e)
{
	struct arena *a = arena_new();
	const struct engine_opts o = run_options(l);
	int rc = run_tree(l, tool_init(a, &o, l->value[OPT_ENVIRONMENT], e), print_init, e);
	arena_free(a);
	return rc;
}

static void print_uninstalled(const struct json *o)
{
	print_clean("gatewalk's schema and mark are gone from %s", json_str(o, "server"));
}

static int run_uninstall(const struct line *l, struct err *e)
{
	struct arena *a = arena_new();
	const struct engine_opts o = run_options(l);
	int rc = run_tree(l, tool_uninstall(a, &o, e), print_uninstalled, e);
	arena_free(a);
	return rc;
}

static int run_verify(const struct line *l, struct err *e)
{
	struct arena *a = arena_new();
	int rc = run_tree(l, tool_verify(a, l->words[0], e), print_verify, e);
	arena_free(a);
	return rc;
}

static int run_audit(const struct line *l, struct err *e)
{
	struct arena *a = arena_new();
	const struct engine_opts o = run_options(l);
	const struct audit_of of = { l->words[0], l->sources.v, l->sources.n };
	struct engine *g = l->tty && l->show && !given(l, OPT_PLAIN) && !given(l, OPT_JSON) ? engine_new(&o, e) : NULL;
	int rc;
	if (g && engine_audit(g, &of, e))
		rc = run_screens(l, g, SHOW_AUDIT, e);
	else if (e->code) {
		engine_free(g);
		rc = end_of(e);
	} else
		rc = run_tree(l, tool_audit(a, &o, &of, e), print_audit, e);
	arena_free(a);
	return rc;
}

static int run_info(const struct line *l, struct err *e)
{
	struct arena *a = arena_new();
	const struct engine_opts o = run_options(l);
	int rc = run_tree(l, tool_info(a, &o, e), print_info, e);
	arena_free(a);
	return rc;
}

typedef struct json *walk_tool(struct arena *a, struct engine *g, const char *walk, struct err *e);

static int with_walk(const struct line *l, walk_tool *tool, void (*print)(const struct json *), struct err *e)
{
	struct arena *a = arena_new();
	const struct engine_opts o = run_options(l);
	struct engine *g = engine_new(&o, e);
	int rc = g ? run_tree(l, tool(a, g, l->n_words ? l->words[0] : NULL, e), print, e) : end_of(e);
	engine_free(g);
	arena_free(a);
	return rc;
}

static int run_status(const struct line *l, struct err *e)
{
	return with_walk(l, tool_status, print_status, e);
}

static int run_gates(const struct line *l, struct err *e)
{
	return with_walk(l, tool_gates, print_gates, e);
}

static int run_window(const struct line *l, struct err *e)
{
	struct arena *a = arena_new();
	const struct engine_opts o = run_options(l);
	struct engine *g = engine_new(&o, e);
	const struct json *t = g ? tool_window(a, g, l->words[0], l->value[OPT_ZONE], e) : NULL;
	/* A file that outlives this look holds nothing that is in doubt. */
	if (given(l, OPT_ICS) && e->code == ERR_NONE)
		print_ics(t);
	int rc = given(l, OPT_ICS) ? end_of(e) : run_tree(l, t, print_window, e);
	engine_free(g);
	arena_free(a);
	return rc;
}

void run_say(const char *line)
{
	print_clean("%s", line);
}

static struct json *restore_spoken(struct arena *a, struct engine *g, const char *walk, struct err *e)
{
	return tool_restore(a, g, walk, run_say, e);
}

static struct json *restore_silent(struct arena *a, struct engine *g, const char *walk, struct err *e)
{
	return tool_restore(a, g, walk, NULL, e);
}

static int run_restore(const struct line *l, struct err *e)
{
	return with_walk(l, given(l, OPT_JSON) ? restore_silent : restore_spoken, print_restore, e);
}

static int run_guard(const struct line *l, struct err *e)
{
	struct arena *a = arena_new();
	const struct engine_opts o = run_options(l);
	int rc = run_tree(l, tool_guard(a, &o, l->words[0], e), strcmp(l->words[0], "status") == 0 ? print_guard : print_guarded, e);
	arena_free(a);
	return rc;
}

static int run_leave(const struct line *l, struct err *e)
{
	const struct engine_opts o = run_options(l);
	struct engine *g = engine_new(&o, e);
	const struct act act = { .kind = ACT_LEAVE, .text = l->value[OPT_REASON] };
	bool ok = g != NULL;
	if (ok && !act.text)
		ok = err_set(e, ERR_USE, "gatewalk leave WALK --reason \"...\"", "leaving a walk needs a reason: the log keeps it");
	ok = ok && engine_walk_open(g, l->words[0], e) && engine_unlock(g, e) && engine_do(g, &act, e);
	if (ok)
		print_clean("left; what gatewalk put on the table is taken away, the log stays");
	engine_free(g);
	return ok ? 0 : end_of(e);
}

static int run_amend(const struct line *l, struct err *e)
{
	const struct engine_opts o = run_options(l);
	const char *what = "";
	struct engine *g = engine_new(&o, e);
	bool ok = g && engine_amend(g, l->words[0], l->words[1], &what, e);
	if (ok)
		print_clean("amended: %s", what);
	engine_free(g);
	return ok ? 0 : end_of(e);
}

/* Gives the engine to a desk and the desk to the screens. */
int run_screens(const struct line *l, struct engine *g, enum show_from from, struct err *e)
{
	const struct show_opts so = { .plain = given(l, OPT_PLAIN), .ascii = given(l, OPT_ASCII), .theme = l->value[OPT_THEME], .from = from };
	if (!l->show) {
		engine_free(g);
		err_set(e, ERR_USE, NULL, "this program was built without screens");
		return end_of(e);
	}
	struct desk *d = desk_open(g, from == SHOW_AUDIT ? AUDIT_EVERY_MS : LOOK_EVERY_MS, e);
	if (!d) {
		engine_free(g);
		return end_of(e);
	}
	int rc = l->show(d, &so);
	desk_close(d);
	return rc;
}

static bool may_show(const struct line *l, struct err *e)
{
	return l->tty || given(l, OPT_PLAIN) ||
		err_set(e, ERR_USE, "--plain gives labelled lines; `gatewalk status --json` tells the same to a program.", "the screens need a terminal");
}

static int run_walk(const struct line *l, struct err *e)
{
	const struct engine_opts o = run_options(l);
	const char *word = l->words[0];
	struct engine *g = may_show(l, e) ? engine_new(&o, e) : NULL;
	bool ok = g != NULL;
	if (ok && given(l, OPT_FETCH))
		ok = engine_walk_fetch(g, word, e);
	else if (ok)
		ok = access(word, F_OK) == 0 ? engine_walk_plan(g, word, e) : engine_walk_open(g, word, e);
	if (ok)
		return run_screens(l, g, SHOW_WALK, e);
	engine_free(g);
	return end_of(e);
}

static int run_home(const struct line *l, struct err *e)
{
	const struct engine_opts o = run_options(l);
	struct engine *g = may_show(l, e) ? engine_new(&o, e) : NULL;
	if (g && engine_home(g, e))
		return run_screens(l, g, SHOW_HOME, e);
	engine_free(g);
	return end_of(e);
}

const struct command commands[] = {
	{ "", "", "home: the walks, what needs you, what runs, what waits", 0, 0, run_home },
	{ "new", "[OPTION...]", "write a plan", 0, 0, run_new },
	{ "check", "PLAN...", "judge plans; with -d, look their targets up too", 1, WORDS_MAX, run_check },
	{ "doctor", "", "what is there and what is missing, and the command that helps", 0, 0, run_doctor },
	{ "init", "--environment WHICH", "mark a database, make gatewalk's schema and your key", 0, 0, run_init },
	{ "uninstall", "", "take gatewalk's schema and mark away again", 0, 0, run_uninstall },
	{ "walk", "PLAN|WALK", "begin a walk, or go on with it", 1, 1, run_walk },
	{ "amend", "WALK PLAN", "take a new version of the plan in", 2, 2, run_amend },
	{ "resync", "WALK", "go on where the database is behind the log", 1, 1, run_resync },
	{ "rebind", "[WALK]", "go on in an upgraded or restored database", 0, 1, run_rebind },
	{ "leave", "WALK", "give a walk up; takes gatewalk's own objects away", 1, 1, run_leave },
	{ "status", "[WALK]", "what needs whom, and when", 0, 1, run_status },
	{ "gates", "WALK", "each condition with its reason", 1, 1, run_gates },
	{ "window", "WALK", "the next moments for the drop or the change", 1, 1, run_window },
	{ "job", "VERB [ARG...]", "list [WALK], pause ID, resume ID, stop ID, set ID NAME=VALUE, tick [WALK], fill WALK, retry WALK, rejects WALK, compare WALK, differ WALK", 1, 3, run_job },
	{ "audit", "TARGET", "who uses a column, table, index or type", 1, 1, run_audit },
	{ "guard", "VERB", "the server refuses others too: install, status, remove", 1, 1, run_guard },
	{ "restore", "WALK", "put back what a walk took away", 1, 1, run_restore },
	{ "verify", "LOG", "check a walk's log or folder", 1, 1, run_verify },
	{ "info", "", "version, and every path in use", 0, 0, run_info },
	{ "demo", "", "a private PostgreSQL with a shop in it, and walks to try", 0, 0, run_demo },
};
const size_t n_commands = sizeof commands / sizeof commands[0];
