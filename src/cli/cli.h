/* SPDX-License-Identifier: MIT */
/* The command line. It links without curses: the screens are handed in by main. */
#ifndef GW_CLI_CLI_H
#define GW_CLI_CLI_H

#include <stdbool.h>

struct desk;

/* Where the screens begin: on the walk that is open, on the list of walks, on an audit without a walk. */
enum show_from { SHOW_WALK, SHOW_HOME, SHOW_AUDIT };

struct show_opts {
	bool plain, ascii;
	const char *theme;  /* one of CLI_THEMES, or NULL */
	enum show_from from;
};
/* The words --theme takes: those of screens/style.c. */
#define CLI_THEMES "safe", "dark", "light", "mono"

/* Runs screens over a desk until the operator leaves; gives the exit status. NULL: this program was built without. */
typedef int show_screens(struct desk *d, const struct show_opts *o);

/* The whole program behind main; gives the exit status. */
int cli_main(int argc, char **argv, show_screens *show);

#endif
