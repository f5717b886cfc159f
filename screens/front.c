/* SPDX-License-Identifier: MIT */
#include "screens/front.h"

#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "screens/keep.h"
#include "screens/plain.h"
#include "screens/term.h"
#include "screens/ui.h"

/* The Linux console's font has none of our signs. */
static bool needs_ascii(void)
{
	const char *term = getenv("TERM");
	return strcmp(nl_langinfo(CODESET), "UTF-8") != 0 || (term && strcmp(term, "linux") == 0);
}

/* What is kept, and over it what this start asks for: the command line, then NO_COLOR, then the file. */
static struct look_kept kept(struct arena *a, const struct front_opts *o)
{
	struct look_kept k = { .settings = SETTINGS_DEFAULT, .path = keep_settings_path(a) };
	struct err e = { 0 };
	const char *text = k.path ? keep_read(a, k.path, &e) : NULL, *complaint = NULL, *off = getenv("NO_COLOR");
	if (text)
		k.settings = prefs_parse(a, text, &complaint);
	if (complaint)
		k.complaint = arena_printf(a, "%s: %s", k.path, complaint);
	else if (e.msg[0])
		k.complaint = arena_dup(a, e.msg);
	if (o->theme && theme_named(o->theme) != THEME_COUNT)
		k.settings.theme = theme_named(o->theme);
	else if (off && *off)
		k.settings.theme = THEME_MONO;
	k.settings.ascii |= o->ascii || needs_ascii();
	return k;
}

static int plain_lines(struct desk *d, const struct look_kept *k, bool walk)
{
	if (k->complaint)
		fprintf(stderr, "gatewalk: %s\n", k->complaint);
	return plain_run(d, k->settings.ascii, walk);
}

int front_run(struct desk *d, const struct front_opts *o)
{
	const char *why = NULL;
	struct arena *a = arena_new();
	setlocale(LC_CTYPE, "");
	struct look_kept k = kept(a, o);
	struct tty *t = o->plain ? NULL : term_open(&why);
	if (why)
		fprintf(stderr, "gatewalk: %s: showing plain lines, as with --plain\n", why);
	int status = t ? ui_run(d, t, &k, o->from) : plain_lines(d, &k, o->from == FRONT_WALK);
	term_close(t);
	arena_free(a);
	return status;
}
