/* SPDX-License-Identifier: MIT */
/* The removal of rows without screen, keys and journal, for the kill sweep: the real writer, the real ledger, batch after batch,
   resumed where the ledger is.
     tool_rows prepare DIR    database gw_rowkill, a table of 60 rows and a snapshot of 40 of them in DIR, of which four changed since
     tool_rows run DIR        goes on until all are gone through
     tool_rows check DIR      as after a restart: goes on, then looks whether all is well, and puts everything back to its start
     tool_rows clean          takes the database away */
#include <unistd.h>

#include "adapter/removal.h"
#include "port/files.h"
#include "tests/rows_fixture.h"

#define ROWS_DB "gw_rowkill"
#define CHANGED "UPDATE public.t SET v = 'changed' WHERE id IN (7, 23); DELETE FROM public.t WHERE id = 11; UPDATE public.t SET v = NULL WHERE id = 40;"

static void note(struct rows_fix *r, const char *dir)
{
	struct err e = { 0 };
	const char *text = arena_printf(r->x.a, "%s %s %s %s", r->x.sid, r->x.nonce, r->snap.path, r->snap.manifest_sha256);
	fix_must(file_write(path_join(r->x.a, dir, "case"), text, strlen(text), &e), &e, "case");
}

static int prepare(const char *dir)
{
	struct rows_fix r;
	setenv("TMPDIR", dir, 1);
	rows_fix_open(&r, ROWS_DB, "CREATE TABLE public.t (id int PRIMARY KEY, v text); INSERT INTO public.t SELECT i, 'v' || i FROM generate_series(1, 60) i;"
		"CREATE TABLE public.was AS SELECT * FROM public.t;", "id <= 40");
	rows_fix_stage(&r);
	fix_do(&r.x, CHANGED);
	note(&r, dir);
	return 0;
}

static void open_case(struct rows_fix *r, const char *dir)
{
	char *text, path[512], sha[65];
	size_t len;
	struct err e = { 0 };
	*r = (struct rows_fix){ .name = ROWS_DB };
	fix_open(&r->x, ROWS_DB, false);
	fix_must(file_read(r->x.a, path_join(r->x.a, dir, "case"), 4096, &text, &len, &e), &e, "case");
	fix_must(sscanf(text, "%32s %32s %511s %64s", r->x.sid, r->x.nonce, path, sha) == 4, NULL, "case");
	rows_fix_plan(r, "id <= 40");
	fix_must(snapshot_read(r->x.a, path, &r->snap, &e), &e, path);
	r->snap.manifest_sha256 = arena_dup(r->x.a, sha);
	r->o = (struct snapshot_opts){ .conninfo = r->x.conninfo, .plan = &r->x.plan, .sid = r->x.sid, .manifest_sha256 = r->snap.manifest_sha256 };
	rows_fix_ready(r, false);
}

/* What a job does when it starts: nothing of this walk is under way any more, and the ledger says how far it is. */
static void go_on(struct rows_fix *r)
{
	struct removal t;
	struct err e = { 0 };
	fix_must(apply_ended(r->x.db, r->x.sid, 10000, &e) && removal_read(r->x.db, r->x.a, r->x.sid, r->x.nonce, &t, &e), &e, "ledger");
	r->done = t.done;
	r->batches = t.batches;
	rows_fix_remove_all(r, 14);
}

static const struct { const char *what, *sql, *want; } checks[] = {
	{ "rows that changed were removed", "SELECT string_agg(id || coalesce(v, '-'), ' ' ORDER BY id) FROM public.t WHERE id <= 40", "7changed 23changed 40-" },
	{ "other rows were removed", "SELECT count(*) FROM public.t WHERE id > 40", "20" },
	{ "a row is not accounted for", "SELECT sum(rows_removed) || ' ' || sum(rows_left) || ' ' || max(to_n) FROM gatewalk.removal", "36 4 40" },
	{ "what was left is not listed", "SELECT string_agg(key || ' ' || why, ', ' ORDER BY n) FROM gatewalk.removal_left", "id=7 changed, id=11 gone, id=23 changed, id=40 changed" },
	{ "the intent has not one anchor", "SELECT count(*) FROM gatewalk.anchor WHERE kind = 'drop'", "1" },
	{ "a nonce was not spent once", "SELECT count(*) = (SELECT count(*) FROM gatewalk.removal) FROM gatewalk.permit", "t" },
};

static int check(const char *dir)
{
	struct rows_fix r;
	int bad = 0;
	open_case(&r, dir);
	go_on(&r);
	for (size_t i = 0; i < sizeof checks / sizeof *checks; i++)
		if (strcmp(fix_get(&r.x, checks[i].sql), checks[i].want) != 0) {
			printf("bad: %s: %s\n", checks[i].what, fix_get(&r.x, checks[i].sql));
			bad = 1;
		}
	fix_do(&r.x, "DELETE FROM gatewalk.removal; DELETE FROM gatewalk.removal_left; DELETE FROM gatewalk.permit; DELETE FROM gatewalk.anchor WHERE kind = 'drop';"
		"DELETE FROM public.t; INSERT INTO public.t SELECT * FROM public.was;" CHANGED);
	fix_close(&r.x);
	return bad;
}

int main(int argc, char **argv)
{
	struct rows_fix r;
	if (argc == 3 && strcmp(argv[1], "prepare") == 0)
		return prepare(argv[2]);
	if (argc == 3 && strcmp(argv[1], "run") == 0) {
		open_case(&r, argv[2]);
		go_on(&r);
		return 0;
	}
	if (argc == 3 && strcmp(argv[1], "check") == 0)
		return check(argv[2]);
	if (argc == 2 && strcmp(argv[1], "clean") == 0) {
		fix_drop_database(ROWS_DB);
		return 0;
	}
	fprintf(stderr, "tool_rows prepare DIR | run DIR | check DIR | clean\n");
	return 1;
}
