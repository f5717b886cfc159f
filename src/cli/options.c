/* SPDX-License-Identifier: MIT */
#include "cli/options.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

static const struct spec { const char *name; char letter; const char *arg, *what, *who; } specs[] = {
#define X(id, name, letter, arg, what, who) [id] = { name, letter, arg, what, who },
	OPTIONS(X)
#undef X
};

bool given(const struct line *l, enum opt o)
{
	return l->value[o] != NULL;
}

/* Is this word one of the list, which has blanks between its words? */
static bool listed(const char *list, const char *word)
{
	size_t len = strlen(word);
	for (const char *at = list; *at; at += strspn(at, " ")) {
		size_t n = strcspn(at, " ");
		if (n == len && strncmp(at, word, len) == 0)
			return true;
		at += n;
	}
	return false;
}

static bool takes(const struct command *c, const struct spec *s)
{
	return strcmp(s->who, "*") == 0 || listed(s->who, c->name);
}

static const struct command *command_named(const char *name)
{
	for (size_t i = 0; i < n_commands; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

static struct many *many_of(struct line *l, enum opt o)
{
	return o == OPT_DEPLOY ? &l->deploys : o == OPT_SOURCE ? &l->sources : NULL;
}

static bool note(struct line *l, int opt, struct err *e)
{
	for (size_t i = 0; i < OPT_COUNT; i++) {
		if (opt != 256 + (int)i && !(specs[i].letter && opt == specs[i].letter))
			continue;
		struct many *m = many_of(l, (enum opt)i);
		if (m && m->n == WORDS_MAX)
			return err_set(e, ERR_USE, NULL, "more than %d --%s", WORDS_MAX, specs[i].name);
		if (m)
			m->v[m->n++] = optarg;
		l->value[i] = optarg ? optarg : "";
		return true;
	}
	return err_set(e, ERR_USE, "gatewalk --help", "an option is not known, or lacks its value");
}

static bool read_options(int argc, char **argv, struct line *l, struct err *e)
{
	struct option longs[OPT_COUNT + 1] = { 0 };
	char shorts[2 * OPT_COUNT + 2] = ":";
	size_t at = 1;
	for (size_t i = 0; i < OPT_COUNT; i++) {
		longs[i].name = specs[i].name;
		longs[i].has_arg = specs[i].arg ? required_argument : no_argument;
		longs[i].val = 256 + (int)i;
		if (specs[i].letter)
			shorts[at++] = specs[i].letter;
		if (specs[i].letter && specs[i].arg)
			shorts[at++] = ':';
	}
	opterr = 0;
	optind = 0;
	for (int c; (c = getopt_long(argc, argv, shorts, longs, NULL)) != -1;) {
		if (c == ':')
			return err_set(e, ERR_USE, "gatewalk --help", "%s needs a value", argv[optind - 1]);
		if (c == '?')
			return err_set(e, ERR_USE, "gatewalk --help", "unknown option %s", argv[optind - 1]);
		if (!note(l, c, e))
			return false;
	}
	return true;
}

static bool theme_fits(const struct line *l, struct err *e)
{
	static const char *const themes[] = { CLI_THEMES };
	const char *name = l->value[OPT_THEME];
	for (size_t i = 0; name && i < sizeof themes / sizeof themes[0]; i++)
		if (strcmp(themes[i], name) == 0)
			return true;
	return !name || err_set(e, ERR_USE, "--theme safe, dark, light or mono", "there is no theme \"%s\"", name);
}

static bool fits(const struct line *l, struct err *e)
{
	const struct command *c = l->command;
	if (given(l, OPT_HELP) || given(l, OPT_VERSION))
		return true;
	for (size_t i = 0; i < OPT_COUNT; i++)
		if (l->value[i] && !takes(c, &specs[i]))
			return err_set(e, ERR_USE, "gatewalk --help", "--%s does not belong to \"gatewalk %s\"", specs[i].name, c->name);
	if (l->n_words < c->min_words || l->n_words > c->max_words)
		return err_set(e, ERR_USE, "gatewalk --help", "use: gatewalk %s %s", c->name, c->args);
	return theme_fits(l, e);
}

bool options_parse(int argc, char **argv, struct line *l, struct err *e)
{
	if (!read_options(argc, argv, l, e))
		return false;
	const char *name = optind < argc ? argv[optind++] : "";
	l->command = command_named(name);
	if (!l->command)
		return err_set(e, ERR_USE, "gatewalk --help", "unknown command \"%s\"", name);
	for (; optind < argc; optind++) {
		if (l->n_words == WORDS_MAX)
			return err_set(e, ERR_USE, NULL, "more than %d words", WORDS_MAX);
		l->words[l->n_words++] = argv[optind];
	}
	return fits(l, e);
}

static void print_option(const struct spec *s)
{
	char left[64];
	snprintf(left, sizeof left, "%s%c%s--%s%s%s", s->letter ? "-" : " ", s->letter ? s->letter : ' ', s->letter ? ", " : "  ",
		s->name, s->arg ? " " : "", s->arg ? s->arg : "");
	printf("  %-26s %s\n", left, s->what);
}

static void print_options(const char *who)
{
	for (size_t i = 0; i < OPT_COUNT; i++)
		if (listed(specs[i].who, who))
			print_option(&specs[i]);
}

void options_help(const struct command *c)
{
	if (c && *c->name) {
		printf("gatewalk %s %s\n  %s\n\n", c->name, c->args, c->what);
		print_options(c->name);
		puts("\nOptions of every command:");
		print_options("*");
		return;
	}
	puts("gatewalk walks an operator through one PostgreSQL schema change at a time.\n\nUse: gatewalk [COMMAND] [OPTION...]\n\nCommands:");
	for (size_t i = 0; i < n_commands; i++) {
		char left[64];
		snprintf(left, sizeof left, "%s %s", commands[i].name, commands[i].args);
		printf("  %-26s %s\n", *commands[i].name ? left : "(none)", commands[i].what);
	}
	puts("\nOptions:");
	print_options("*");
	puts("\nExit status: 0 done, 1 wrong use or own error, 2 no connection, 3 a gate is shut, 4 a wait is not over,\n"
	     "5 a signature is missing, 6 does not verify, 7 done but something was left, 130 interrupted.\nMore: man gatewalk");
}
