/* SPDX-License-Identifier: MIT */
/* The long sweep's negative control: tool_walk over a writer that puts the anchor into a second transaction. */
#define NEGATIVE_ANCHOR_APART
#include "src/adapter/apply.c"
#include "tests/tool_walk.c"
