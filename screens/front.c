/* SPDX-License-Identifier: MIT */
#include "screens/front.h"

#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "screens/plain.h"
#include "screens/term.h"
#include "screens/ui.h"

/* The Linux console's font has none of our signs. */
static bool needs_ascii(void)
{
	const char *term = getenv("TERM");
	return strcmp(nl_langinfo(CODESET), "UTF-8") != 0 || (term && strcmp(term, "linux") == 0);
}

int front_run(struct desk *d, const struct front_opts *o)
{
	const char *why = NULL;
	setlocale(LC_CTYPE, "");
	bool ascii = o->ascii || needs_ascii();
	if (o->plain)
		return plain_run(d, ascii, o->walk);
	struct tty *t = term_open(&why);
	if (!t) {
		fprintf(stderr, "gatewalk: %s: showing plain lines, as with --plain\n", why);
		return plain_run(d, ascii, o->walk);
	}
	struct settings s = { .theme = term_theme(t), .ascii = ascii, .bell = true };
	int status = ui_run(d, t, s, o->walk);
	term_close(t);
	return status;
}
