/* SPDX-License-Identifier: MIT */
/* What several commands share. */
#ifndef GW_CLI_RUN_H
#define GW_CLI_RUN_H

#include "cli/options.h"
#include "engine/engine.h"

struct engine_opts run_options(const struct line *l);
/* Gives the engine to a desk and the desk to the screens; the engine is gone afterwards. The exit status. */
int run_screens(const struct line *l, struct engine *g, enum show_from from, struct err *e);
/* Prints a tool's tree in the form asked for; the exit status. */
int run_tree(const struct line *l, const struct json *o, void (*print)(const struct json *), const struct err *e);
void run_say(const char *line);

int run_resync(const struct line *l, struct err *e);
int run_rebind(const struct line *l, struct err *e);
int run_job(const struct line *l, struct err *e);
int run_demo(const struct line *l, struct err *e);

#endif
