/* SPDX-License-Identifier: MIT */
/* One list of options and one of commands: they parse the line, print --help, and are held against gatewalk(1) by a test. */
#ifndef GW_CLI_OPTIONS_H
#define GW_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "cli/cli.h"

#define WORDS_MAX 64

/* id, long name, short letter or 0, argument's name or NULL, what it does, who takes it: * all commands, else their names */
#define OPTIONS(X) \
	X(OPT_DBNAME, "dbname", 'd', "CONNINFO", "database to connect to, as in psql; else libpq's own ways", "*") \
	X(OPT_KEY, "key", 0, "FILE", "private key to sign with", "*") \
	X(OPT_AS, "as", 0, "NAME", "name to sign under, instead of user@host", "*") \
	X(OPT_JSON, "json", 0, NULL, "print one JSON object", "*") \
	X(OPT_PLAIN, "plain", 0, NULL, "labelled lines instead of screens", "*") \
	X(OPT_ASCII, "ascii", 0, NULL, "ASCII only", "*") \
	X(OPT_THEME, "theme", 0, "NAME", "colours of the screens: safe, dark, light or mono", "*") \
	X(OPT_HELP, "help", 'h', NULL, "show this, or a command's help", "*") \
	X(OPT_VERSION, "version", 'V', NULL, "show the version", "*") \
	X(OPT_RECIPE, "recipe", 0, "NAME", "add-column, rename-column, change-type, never-null, add-check, add-foreign-key, build-index, rename-table, split-table, replace-enum-value, drop-column, drop-table or remove-rows", "new") \
	X(OPT_SCHEMA, "schema", 0, "NAME", "schema of the table; public when left out", "new") \
	X(OPT_TABLE, "table", 0, "NAME", "table of the target", "new") \
	X(OPT_COLUMN, "column", 0, "NAME", "column that is to go, or to come; of two side by side the old one", "new") \
	X(OPT_COLUMNS, "columns", 0, "LIST", "of an index: what it is of, as SQL", "new") \
	X(OPT_TYPE, "type", 0, "TYPE", "type of the column that comes, as SQL", "new") \
	X(OPT_TO, "to", 0, "NAME", "of two columns side by side: the new one; of a constraint or an index: its name; of rename-table and split-table: the new one", "new") \
	X(OPT_CONVERT, "convert", 0, "SQL", "of a change of type: the new value, over the row's own columns; of never-null: what fills a null", "new") \
	X(OPT_REPLACE, "replace", 0, "PAIR", "of replace-enum-value: OLD=NEW, which value goes, and what comes in its place", "new") \
	X(OPT_DEFAULT, "default", 0, "VALUE", "its default, as SQL", "new") \
	X(OPT_WHERE, "where", 0, "CONDITION", "rows that are to go, as behind WHERE; of add-check: what is true of every row; of build-index: of which rows", "new") \
	X(OPT_NAME, "name", 0, "NAME", "name of the plan; made from the target when left out", "new") \
	X(OPT_WHY, "why", 0, "TEXT", "why it is done", "new") \
	X(OPT_ZONE, "zone", 0, "ZONE", "new: time zone of the off-peak window; window: yours", "new window") \
	X(OPT_DEPLOY, "deploy", 0, "NAME", "a deployed part; may be given several times", "new") \
	X(OPT_SOURCE, "source", 0, "DIR", "new: a folder with source code; audit: search it as well; may be given several times", "new audit") \
	X(OPT_OUTPUT, "output", 'o', "FILE", "new, job rejects: file to write, never an existing one; else standard output", "new job") \
	X(OPT_ENVIRONMENT, "environment", 0, "WHICH", "production, staging, development or rehearsal", "init") \
	X(OPT_FETCH, "fetch", 0, NULL, "take the walk's log from its database onto this machine", "walk") \
	X(OPT_ICS, "ics", 0, NULL, "print the moments as an iCalendar file", "window") \
	X(OPT_REASON, "reason", 0, "TEXT", "why, for the log", "leave resync rebind") \
	X(OPT_ANSWER, "answer", 0, "WORD", "the word that is asked for, where there is no terminal", "resync rebind")

enum opt {
#define X(id, name, letter, arg, what, who) id,
	OPTIONS(X)
#undef X
	OPT_COUNT
};

struct line {
	const char *program;
	const struct command *command;
	const char *value[OPT_COUNT];      /* "" for a flag that was given */
	struct many { const char *v[WORDS_MAX]; size_t n; } deploys, sources;   /* options that may be given several times */
	const char *words[WORDS_MAX];      /* what is no option */
	size_t n_words;
	bool tty;                          /* standard input and output are a terminal */
	show_screens *show;
};

/* True and the exit status of a command is its own; e is shown by the caller. */
typedef int command_run(const struct line *l, struct err *e);
struct command {
	const char *name, *args, *what;    /* name "" is home */
	size_t min_words, max_words;
	command_run *run;
};
extern const struct command commands[];
extern const size_t n_commands;

/* Reads the line; false with ERR_USE and a hint. */
bool options_parse(int argc, char **argv, struct line *l, struct err *e);
bool given(const struct line *l, enum opt o);
/* --help of the program or of one command, to standard output. */
void options_help(const struct command *c);

#endif
