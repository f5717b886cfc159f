/* SPDX-License-Identifier: MIT */
/* What a deploy declares: a release, and when its last old instance ended, "90ab17 ended 2026-11-10 11:20" in UTC. */
#ifndef GW_CORE_DEPLOY_H
#define GW_CORE_DEPLOY_H

#include <stdbool.h>
#include <stdint.h>

#include "core/walk.h"

struct err;

/* Can this be so at now (us UTC)? False with ERR_USE: its time cannot be read, is still to come, or lies before what a release that does what had to wait for.
   Where nothing had to be waited for, a word without a time is taken as it is. The times that a log holds already are not judged again. */
bool deploy_word_holds(const struct walk *w, const struct plan *p, const char *what, const char *text, int64_t now, struct err *e);

#endif
