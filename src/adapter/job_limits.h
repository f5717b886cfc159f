/* SPDX-License-Identifier: MIT */
/* What a job pauses on, as it read it last: it travels in the job's row, as text. Pure. */
#ifndef GW_ADAPTER_JOB_LIMITS_H
#define GW_ADAPTER_JOB_LIMITS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/view.h"

struct arena;

#define LIMITS_MAX 24   /* that are told of; the rest pause all the same */

/* Owned by a. */
const char *limits_text(struct arena *a, const struct view_limit *l, size_t n);
/* False when the text is none of ours: it comes from a row that others can write. Owned by a. */
bool limits_read(struct arena *a, const char *text, struct view_limit **out, size_t *n);

#endif
