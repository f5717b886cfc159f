/* SPDX-License-Identifier: MIT */
#include "screens/plain.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/text.h"
#include "engine/desk.h"
#include "screens/glyph.h"
#include "screens/page_plain.h"
#include "screens/plain_private.h"

#define PLAIN_COLS 100
#define ANSWER_MS 120000   /* an order that has no answer by then is told so */

static volatile sig_atomic_t interrupted;

static void on_interrupt(int sig)
{
	(void)sig;
	interrupted = 1;
}

void plain_say(const struct plain *p, const char *label, const char *s)
{
	struct arena *a = arena_new();
	const char *clean = text_clean(a, s);
	printf("%s: %s\n", label, p->ascii ? glyph_ascii(a, clean) : clean);
	arena_free(a);
}

void plain_error(const struct plain *p, const char *what, const char *hint)
{
	plain_say(p, "refused", what);
	if (hint && *hint)
		plain_say(p, "do", hint);
}

void plain_refresh(struct plain *p)
{
	desk_drain(p->desk);
	const struct view *v = desk_view(p->desk);
	if (p->view)
		desk_unview(p->desk, p->view);
	p->view = v;
}

static void offers(const struct plain *p)
{
	struct arena *a = arena_new();
	const struct offer *o;
	for (int i = 1; (o = plain_offer(p->view, i)); i++) {
		const char *label = o->label ? o->label : act_name(o->kind);
		plain_say(p, arena_printf(a, "%d", i), o->prompt ? arena_printf(a, "%s; type: %d ANSWER; %s; form: %s", label, i, o->prompt,
			o->expect ? o->expect : "free text") : arena_printf(a, "%s; %s", label, act_what(o->kind)));
	}
	arena_free(a);
}

void plain_show(struct plain *p, const struct screen *sc, long long subject)
{
	struct arena *a = arena_new();
	struct text out = { 0 };
	struct settings set = { .ascii = p->ascii };
	struct field none = { 0 };
	struct drop_run drop = { .seconds = desk_countdown(p->desk) };
	struct scene s = {
		.view = p->view, .now = p->view->now, .subject = subject, .cursor = -1, .field = &none, .drop = &drop,
		.settings = &set, .below = p->screen, .whole = true,
	};
	p->screen = sc;
	p->subject = subject;
	struct page *page = page_new(a, PLAIN_COLS, 0, p->ascii);
	page->plain = true;
	screen_fill(page, sc, &s);
	page_plain(page, &out);
	fputs(text_str(&out), stdout);
	offers(p);
	fflush(stdout);
	text_free(&out);
	arena_free(a);
}

/* Between commands only what changed is said: a screen reader must not hear the page again and again. */
static void tell_change(struct plain *p)
{
	char next[2][120];
	memcpy(next, p->view->next, sizeof next);
	bool walked = p->view->walk != NULL;
	enum stage stage = walked ? p->view->walk->stage : AT_NOWHERE;
	plain_refresh(p);
	const struct view *v = p->view;
	if (v->walk && walked && v->walk->stage != stage)
		plain_say(p, "changed", stage_name(v->walk->stage));
	if (memcmp(next, v->next, sizeof next) != 0 && v->next[0][0])
		plain_say(p, "next", v->next[0]);
	fflush(stdout);
}

static bool fill(struct plain *p, int ms, bool tell)
{
	struct pollfd fds[] = { { .fd = STDIN_FILENO, .events = POLLIN }, { .fd = desk_fd(p->desk), .events = POLLIN } };
	int n = poll(fds, 2, ms);
	if (n > 0 && fds[1].revents && tell)
		tell_change(p);
	else if (n > 0 && fds[1].revents)
		plain_refresh(p);
	if (n <= 0 || !fds[0].revents)
		return false;
	if (p->have == sizeof p->in)
		p->have = 0;   /* a line that long is none of ours */
	ssize_t got = read(STDIN_FILENO, p->in + p->have, sizeof p->in - p->have);
	if (got > 0)
		p->have += (size_t)got;
	else if (got == 0 || errno != EINTR)
		p->at_end = true;
	return true;
}

static int64_t clock_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000) + t.tv_nsec / 1000000;
}

bool plain_waiting(struct plain *p, int ms)
{
	int64_t until = clock_ms() + ms;
	for (;;) {
		if (memchr(p->in, '\n', p->have) || p->at_end || interrupted)
			return true;
		int64_t left = until - clock_ms();
		if (left <= 0)
			return false;
		fill(p, (int)left, false);
	}
}

bool plain_line(struct plain *p, char out[static PLAIN_LINE_MAX])
{
	char *end;
	while (!(end = memchr(p->in, '\n', p->have)) && !p->at_end && !interrupted)
		fill(p, -1, true);
	if (interrupted) {
		p->status = 130;
		return false;
	}
	size_t len = end ? (size_t)(end - p->in) : p->have;
	if (!end && len == 0)
		return false;
	if (len >= PLAIN_LINE_MAX)
		len = PLAIN_LINE_MAX - 1;
	memcpy(out, p->in, len);
	out[len] = '\0';
	size_t used = end ? len + 1 : p->have;
	memmove(p->in, p->in + used, p->have - used);
	p->have -= used;
	return true;
}

bool plain_wait(struct plain *p, unsigned long long order)
{
	struct pollfd fd = { .fd = desk_fd(p->desk), .events = POLLIN };
	struct answer said = { 0 };
	if (order == 0) {
		plain_error(p, "the engine is still busy with what was asked before", "Try again in a moment.");
		return false;
	}
	for (int waited = 0; waited < ANSWER_MS && !interrupted; waited += 100) {
		plain_refresh(p);
		if (desk_answer(p->desk, &said) && said.order >= order)
			break;
		poll(&fd, 1, 100);
	}
	plain_refresh(p);
	if (said.order < order)
		plain_error(p, "no answer yet", "It goes on; look again in a moment.");
	else if (!said.ok)
		plain_error(p, said.err.msg, said.err.hint);
	else if (said.done[0])
		plain_say(p, "done", said.done);
	return said.order >= order && said.ok;
}

static void no_terminal(const struct plain *p)
{
	if (p->terminal)
		return;
	puts("terminal: none, so nothing is asked. Answers come as lines of standard input, or by command:");
	puts("  gatewalk status, gatewalk gates WALK, gatewalk window WALK, gatewalk job list, gatewalk verify LOG");
	puts("  A signature needs a key without a question: --key FILE, or an ssh-agent. The drop needs a terminal.");
}

int plain_run(struct desk *d, bool ascii, bool walk)
{
	char line[PLAIN_LINE_MAX];
	struct sigaction act = { .sa_handler = on_interrupt }, old;
	struct plain p = { .desk = d, .ascii = ascii, .terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) };
	sigaction(SIGINT, &act, &old);
	plain_refresh(&p);
	if (walk && p.view->n_since_left > 0)
		plain_show(&p, &screen_since, 0);
	plain_show(&p, walk ? &screen_walk : &screen_home, 0);
	no_terminal(&p);
	if (p.terminal)
		plain_words();
	while (!p.quit) {
		if (p.terminal)
			fputs("> ", stdout);
		fflush(stdout);
		if (!plain_line(&p, line))
			break;
		plain_command(&p, line);
	}
	desk_unview(d, p.view);
	sigaction(SIGINT, &old, NULL);
	return p.status;
}
