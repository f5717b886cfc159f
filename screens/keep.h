/* SPDX-License-Identifier: MIT */
/* The screens' own small files: what was copied, and the settings. */
#ifndef GW_SCREENS_KEEP_H
#define GW_SCREENS_KEEP_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct err;

/* The path of a file of ours below an XDG folder, or below its default in the home folder; NULL without a home. Owned by a. */
const char *keep_path(struct arena *a, const char *variable, const char *under_home, const char *name);
/* Writes the file whole, or not at all: 0600, beside it and then renamed; folders that are missing are made 0700. */
bool keep_write(struct arena *a, const char *path, const char *text, struct err *e);
bool keep_write_all(int fd, const char *s, size_t n);
/* The file's text, "" when there is none; NULL with an error when it cannot be read or is no small text file. */
const char *keep_read(struct arena *a, const char *path, struct err *e);

/* Where the settings are kept; NULL without a home folder. */
const char *keep_settings_path(struct arena *a);

#endif
