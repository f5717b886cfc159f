/* SPDX-License-Identifier: MIT */
/* The long sweep's negative control for a cut link and a crash: tool_walk over a writer that takes no answer to COMMIT for a no. */
#include "port/db.h"

static enum db_commit no_answer_is_no(struct db *db, int ms, struct err *e)
{
	enum db_commit end = db_commit(db, ms, e);
	return end == DB_UNKNOWN ? DB_ROLLED_BACK : end;
}

#define db_commit(db, ms, e) no_answer_is_no(db, ms, e)
#include "src/adapter/apply.c"
#undef db_commit
#include "tests/tool_walk.c"
