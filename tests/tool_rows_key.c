/* SPDX-License-Identifier: MIT */
/* The kill sweep's negative control: a writer that removes by the key alone, whatever else stands in the row. */
#define NEGATIVE_KEY_ALONE
#include "src/adapter/rows_stage.c"
#include "tests/tool_rows.c"
