/* SPDX-License-Identifier: MIT */
/* How it looks, and the file that keeps it: "theme = dark" and the like, one a line. Pure; keep.c has the file. */
#ifndef GW_SCREENS_PREFS_H
#define GW_SCREENS_PREFS_H

#include "screens/style.h"

struct arena;

struct settings { enum theme theme; bool ascii, bell; };
#define SETTINGS_DEFAULT ((struct settings){ .theme = THEME_SAFE, .bell = true })

/* Lines that are not known are left alone; a value that is not one falls to its default, and the first such is said in
   *complaint (owned by a), else NULL. */
struct settings prefs_parse(struct arena *a, const char *text, const char **complaint);
/* The file's next text: comments and lines of others stay as they were. Owned by a. */
const char *prefs_text(struct arena *a, const char *old, const struct settings *s);

#endif
