/* SPDX-License-Identifier: MIT */
/* The words of plain mode: one table makes the commands and their help. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "engine/desk.h"
#include "screens/plain_private.h"

static void on_home(struct plain *p, const char *rest)
{
	(void)rest;
	if (plain_wait(p, desk_home(p->desk)))
		plain_show(p, &screen_home, 0);
}

static void on_open(struct plain *p, const char *rest)
{
	if (*rest == '\0')
		plain_error(p, "which walk", "Write: open NAME");
	else if (plain_wait(p, desk_open_walk(p->desk, rest)))
		plain_show(p, &screen_walk, 0);
}

static void on_walk(struct plain *p, const char *rest)
{
	(void)rest;
	plain_show(p, &screen_walk, 0);
}

static void on_item(struct plain *p, const char *rest)
{
	long i = *rest ? strtol(rest, NULL, 10) : (long)view_item_now(p->view);
	if (i < 1 || i > ITEM_COUNT)
		plain_error(p, "items are numbered from 1 to 13", "Write: item 4");
	else
		plain_show(p, &screen_step, i);
}

static void on_gate(struct plain *p, const char *rest)
{
	enum gate g = *rest == 'A' || *rest == 'a' ? GATE_A : *rest == 'B' || *rest == 'b' ? GATE_B : *rest == 'C' || *rest == 'c' ? GATE_C
		: view_next_gate(p->view);
	plain_show(p, &screen_gate, g);
	for (size_t i = 0; i < CONDITION_COUNT; i++) {
		const struct finding *f = &p->view->findings[i];
		if (!f->id || f->gate != g || f->verdict == HOLDS || f->verdict == NOT_NEEDED)
			continue;
		plain_say(p, f->id, f->question);
		plain_say(p, "  why", f->because);
		plain_say(p, "  do", f->todo);
	}
}

static void on_evidence(struct plain *p, const char *rest)
{
	plain_show(p, &screen_evidence, *rest ? strtol(rest, NULL, 10) : (long)view_item_now(p->view));
}

static void on_clear(struct plain *p, const char *rest)
{
	static const struct offer clear = { .kind = ACT_CLEAR, .label = "clear", .prompt = "who says it is clear, and why",
		.expect = "clear CONSUMER because REASON" };
	const char *because = strstr(rest, " because ");
	if (!because) {
		plain_error(p, "a consumer and a reason are needed", "Write: clear CONSUMER because REASON");
		return;
	}
	char *key = strndup(rest, (size_t)(because - rest));
	if (key)
		plain_do(p, &clear, key, because + strlen(" because "));
	free(key);
}

static void on_look(struct plain *p, const char *rest)
{
	(void)rest;
	if (plain_wait(p, desk_look(p->desk)))
		plain_show(p, p->screen, p->subject);
}

static void on_drop(struct plain *p, const char *rest)
{
	plain_show(p, &screen_drop, 0);
	plain_drop(p, rest);
}

static void on_help(struct plain *p, const char *rest)
{
	(void)rest;
	plain_say(p, p->screen->name, p->screen->help);
	plain_words();
}

static void on_quit(struct plain *p, const char *rest)
{
	(void)rest;
	p->quit = true;
}

static const struct word {
	const char *name, *what;
	void (*run)(struct plain *p, const char *rest);
	const struct screen *screen;
} words[] = {
	{ "home", "the walks", on_home, NULL },
	{ "open", "open NAME: open a walk", on_open, NULL },
	{ "walk", "the walk", on_walk, NULL },
	{ "item", "item N: one item", on_item, NULL },
	{ "gate", "gate A|B|C: each condition with its reason", on_gate, NULL },
	{ "evidence", "evidence N: what is known about an item", on_evidence, NULL },
	{ "consumers", "who uses it", NULL, &screen_consumers },
	{ "clear", "clear CONSUMER because REASON", on_clear, NULL },
	{ "job", "the job that runs", NULL, &screen_job },
	{ "add", "the new column: its statement, its lock, who is in the way", NULL, &screen_add },
	{ "dual", "two columns: how a write of one comes to the other", NULL, &screen_dual },
	{ "parity", "two columns: the wait, and whether they agree", NULL, &screen_parity },
	{ "backfill", "the rows that stand, and what filling them pauses on", NULL, &screen_backfill },
	{ "rejects", "the rows that do not convert", NULL, &screen_rejects },
	{ "monitor", "the figures after the change", NULL, &screen_monitor },
	{ "log", "every line of the log", NULL, &screen_log },
	{ "since", "what changed while you were away", NULL, &screen_since },
	{ "look", "look again at the server", on_look, NULL },
	{ "drop", "drop NAME: the drop, after a countdown and your passphrase", on_drop, NULL },
	{ "help", "these words, and what the page is for", on_help, NULL },
	{ "quit", "leave; jobs go on", on_quit, NULL },
};

static const struct word *word_of(const char *line, size_t len)
{
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strlen(words[i].name) == len && strncmp(words[i].name, line, len) == 0)
			return &words[i];
	return NULL;
}

void plain_words(void)
{
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		printf("command: %s; %s\n", words[i].name, words[i].what);
	puts("command: N [ANSWER]; do the thing with that number");
}

static bool needs_walk(const struct word *w)
{
	return w->run != on_home && w->run != on_open && w->run != on_help && w->run != on_quit && w->run != on_look;
}

static void by_number(struct plain *p, int n, const char *rest)
{
	const struct offer *o = plain_offer(p->view, n);
	if (o)
		plain_do(p, o, NULL, rest);
	else
		plain_error(p, "nothing has that number now", "The numbers stand under the page: write walk.");
}

void plain_command(struct plain *p, const char *line)
{
	line += strspn(line, " \t");
	size_t len = strcspn(line, " \t");
	const char *rest = line + len + strspn(line + len, " \t");
	char *end;
	if (len == 0)
		return;
	long n = strtol(line, &end, 10);
	if (end == line + len && n > 0) {
		by_number(p, (int)n, rest);
		return;
	}
	const struct word *w = word_of(line, len);
	if (!w)
		plain_error(p, "that is no command", "Write: help");
	else if (needs_walk(w) && !p->view->walk)
		plain_error(p, "no walk is open", "Write: open NAME");
	else if (w->screen)
		plain_show(p, w->screen, 0);
	else
		w->run(p, rest);
}
