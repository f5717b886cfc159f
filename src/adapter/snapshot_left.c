/* SPDX-License-Identifier: MIT */
/* Scratch databases whose maker is gone. A comment on the database says who made it; since that comes a moment after CREATE DATABASE, a
   file of the database's name says the same before. Only what one of the two names is removed. */
#include "adapter/snapshot_parts.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "base/when.h"
#include "core/sql.h"
#include "port/child.h"
#include "port/files.h"

#define COMMENT_START "gatewalk scratch database"
#define LEFT_HOURS 24   /* on another machine, or after a restart of this one, age decides */
#define NOTE_MAX 1024

/* Names our process, so that the next run knows whether its maker is still there. */
const char *scratch_mark(struct arena *a)
{
	char host[256] = "";
	gethostname(host, sizeof host - 1);
	return arena_printf(a, COMMENT_START " pid=%d boot=%s at=%lld host=%s", (int)getpid(), child_boot_id(a),
		(long long)(clock_local() / US_SECOND), text_clean(a, host));
}

static const char *notes_dir(struct arena *a)
{
	return path_join(a, path_state(a), "scratch");
}

bool scratch_note(struct arena *a, const char *name, struct err *e)
{
	const char *mark = scratch_mark(a), *dir = notes_dir(a);
	return dir_make(dir, e) && file_write(path_join(a, dir, name), mark, strlen(mark), e);
}

static bool older(const char *mark, int64_t hours)
{
	const char *at = strstr(mark, " at=");
	return at && clock_local() - atoll(at + 4) * US_SECOND > hours * US_HOUR;
}

static bool is_left(struct arena *a, const char *mark)
{
	const char *pid = strstr(mark, " pid="), *boot = strstr(mark, " boot="), *here = child_boot_id(a);
	size_t len = here ? strlen(here) : 0;
	if (!pid || !boot)
		return false;
	if (len > 0 && strncmp(boot + 6, here, len) == 0 && boot[6 + len] == ' ')
		return !child_alive(atoi(pid + 5));
	return older(mark, LEFT_HOURS);
}

void scratch_drop(struct arena *a, struct db *db, const char *name)
{
	struct err e;
	if (strncmp(name, SCRATCH_NAME, strlen(SCRATCH_NAME)) == 0 &&
	    db_ask(db, a, &(struct query){ .sql = arena_printf(a, "DROP DATABASE IF EXISTS %s WITH (FORCE)", sql_quoted(a, name)),
			.ms = SNAP_QUERY_MS, .cols = -1 }, NULL, &e))
		unlink(path_join(a, notes_dir(a), name));
}

/* What a note of ours says of a database without a comment; "" when there is none. */
static const char *noted(struct arena *a, const char *name)
{
	char *text;
	size_t len;
	return file_read(a, path_join(a, notes_dir(a), name), NOTE_MAX, &text, &len, NULL) ? arena_dupn(a, text, len) : "";
}

/* A database that was never made, or that another server has and somebody else removed there. */
static void forget_old(struct arena *a)
{
	const char **names;
	size_t n;
	if (!dir_list(a, notes_dir(a), &names, &n, NULL))
		return;
	for (size_t i = 0; i < n; i++)
		if (older(noted(a, names[i]), LEFT_HOURS))
			unlink(path_join(a, notes_dir(a), names[i]));
}

void scratch_clean(struct arena *a, struct db *db)
{
	static const char sql[] = "SELECT datname, coalesce(shobj_description(oid, 'pg_database'), '') FROM pg_database WHERE datname ~ '^" SCRATCH_NAME "[0-9a-f]{12}$'\n"
		"AND NOT EXISTS (SELECT FROM pg_stat_activity s WHERE s.datid = pg_database.oid)";
	struct rows rows;
	struct err e;
	if (!db_ask(db, a, &(struct query){ .sql = sql, .cols = 2 }, &rows, &e))
		return;
	for (int i = 0; i < rows.n; i++) {
		const char *name = rows.cell[i][0], *comment = rows.cell[i][1];
		const char *mark = *comment ? comment : noted(a, name);
		if (strncmp(mark, COMMENT_START " ", strlen(COMMENT_START " ")) == 0 && is_left(a, mark))
			scratch_drop(a, db, name);
	}
	forget_old(a);
}
