/* SPDX-License-Identifier: MIT */
/* The drop's protocol without screen, keys and journal, for the kill sweep: intent to a file and fsync, the real apply_drop,
   outcome to a file and fsync; and what a restart does.
     tool_drop prepare DIR N    database gw_kill, N tables, a folder DIR/K each
     tool_drop run DIR/K        one drop
     tool_drop settle DIR N     as after a restart: asks the ledger, writes missing outcomes, then looks whether all is well
     tool_drop clean            takes the database away */
#include <unistd.h>

#include "port/files.h"
#include "tests/drop_fixture.h"

#define KILL_DB "gw_kill"

static const char *case_file(struct fix *x, const char *dir, const char *name)
{
	return path_join(x->a, dir, name);
}

/* A file whose last byte is not LF was cut by the kill: it does not count, as in the log. */
static const char *case_read(struct fix *x, const char *dir, const char *name)
{
	char *data;
	size_t len;
	if (!file_read(x->a, case_file(x, dir, name), 4096, &data, &len, NULL) || len == 0 || data[len - 1] != '\n')
		return NULL;
	data[len - 1] = '\0';
	return data;
}

/* Once, durable before it returns. */
static void case_write(struct fix *x, const char *dir, const char *name, const char *text)
{
	struct err e = { 0 };
	const char *path = case_file(x, dir, name);
	unlink(path);
	int fd = file_create(path, &e);
	fix_must(fd >= 0 && file_write_all(fd, text, strlen(text), path, &e) && file_sync(fd, path, &e) && dir_sync(dir, &e), &e, path);
	close(fd);
}

static const char *case_dir(struct fix *x, const char *dir, int k)
{
	return arena_printf(x->a, "%s/%d", dir, k);
}

static const char *case_table(struct fix *x, int k)
{
	return arena_printf(x->a, "t%d", k);
}

static int prepare(const char *dir, int n)
{
	struct fix x;
	struct err e = { 0 };
	fix_open(&x, KILL_DB, true);
	for (int k = 0; k < n; k++) {
		const char *table = case_table(&x, k), *at = case_dir(&x, dir, k);
		fix_do(&x, arena_printf(x.a, "CREATE TABLE public.%s (id bigint PRIMARY KEY, old text)", table));
		fix_do(&x, arena_printf(x.a, "INSERT INTO public.%s SELECT g, g::text FROM generate_series(1, 3) g", table));
		fix_ready(&x, "public", table, "old", true);
		/* A6 is not what is swept: each walk counts as the only open one. */
		fix_do(&x, arena_printf(x.a, "UPDATE gatewalk.walk SET closed_at = now() WHERE sid = '%s'", x.sid));
		fix_must(dir_make(at, &e), &e, at);
		case_write(&x, at, "case", arena_printf(x.a, "%s %s\n", x.sid, table));
	}
	fix_close(&x);
	return 0;
}

static bool case_open(struct fix *x, const char *dir, const char **table)
{
	char name[64];
	const char *text = case_read(x, dir, "case");
	if (!text || sscanf(text, "%32s %63s", x->sid, name) != 2)
		return false;
	*table = arena_dup(x->a, name);
	return true;
}

static int run_case(const char *dir)
{
	struct fix x;
	struct drop_end end;
	struct err e = { 0 };
	const char *table;
	fix_open(&x, KILL_DB, false);
	fix_must(case_open(&x, dir, &table), NULL, "no case");
	fix_must(ledger_hold(x.db, x.sid, 0, &e), &e, "hold");
	fix_ready(&x, "public", table, "old", false);
	case_write(&x, dir, "intent", arena_printf(x.a, "%d %s\n", FIX_INTENT_N, x.walk.intent_head));
	struct drop d = fix_drop(&x, fix_mint(&x));
	bool ok = apply_drop(x.a, &d, &end, &e);
	if (!ok)
		fprintf(stderr, "%s\n", e.msg);
	if (end.result != DROP_UNKNOWN)
		case_write(&x, dir, "outcome", ok ? "dropped\n" : "not dropped\n");
	fix_close(&x);
	return ok ? 0 : 1;
}

/* What a restart does: the anchor's row alone decides. */
static void resume(struct fix *x, const char *dir)
{
	struct err e = { 0 };
	struct anchor row;
	bool there = false;
	if (!case_read(x, dir, "intent") || case_read(x, dir, "outcome"))
		return;
	fix_must(ledger_hold(x->db, x->sid, 5000, &e), &e, "hold");
	fix_must(apply_ended(x->db, x->sid, 5000, &e), &e, "ended");
	fix_must(ledger_at(x->db, x->a, x->sid, FIX_INTENT_N, &row, &there, &e), &e, "ledger");
	case_write(x, dir, "outcome", there ? "dropped\n" : "not dropped\n");
}

static const char *wrong(struct fix *x, const char *dir, const char *table)
{
	const char *intent = case_read(x, dir, "intent"), *outcome = case_read(x, dir, "outcome");
	const char *column = fix_get(x, arena_printf(x->a, "SELECT count(*) FROM pg_attribute WHERE attrelid = 'public.%s'::regclass AND attname = 'old'", table));
	const char *anchors = fix_get(x, arena_printf(x->a, "SELECT count(*) FROM gatewalk.anchor WHERE sid = '%s' AND kind = 'drop'", x->sid));
	const char *head = fix_get(x, arena_printf(x->a, "SELECT n || ' ' || head FROM gatewalk.anchor WHERE sid = '%s' AND kind = 'drop'", x->sid));
	bool dropped = strcmp(column, "0") == 0, anchored = strcmp(anchors, "0") != 0;
	if (dropped && !intent)
		return "dropped without an intent";
	if (dropped != anchored)
		return dropped ? "dropped without an anchor" : "an anchor without a drop";
	if (anchored && (strcmp(anchors, "1") != 0 || strcmp(head, intent) != 0))
		return "the anchor is not that of the intent";
	if (intent && !outcome)
		return "an intent without an outcome";
	if (outcome && (strcmp(outcome, "dropped") == 0) != dropped)
		return "the outcome is not what happened";
	return NULL;
}

static int settle(const char *dir, int n)
{
	struct fix x;
	int bad = 0, dropped = 0;
	fix_open(&x, KILL_DB, false);
	for (int k = 0; k < n; k++) {
		const char *at = case_dir(&x, dir, k), *table, *why;
		fix_must(case_open(&x, at, &table), NULL, at);
		resume(&x, at);
		if ((why = wrong(&x, at, table))) {
			printf("case %d: %s\n", k, why);
			bad++;
		}
		const char *outcome = case_read(&x, at, "outcome");
		dropped += outcome && strcmp(outcome, "dropped") == 0;
	}
	printf("%d cases, %d dropped, %d bad\n", n, dropped, bad);
	fix_close(&x);
	return bad ? 1 : 0;
}

int main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "prepare") == 0)
		return prepare(argv[2], atoi(argv[3]));
	if (argc == 3 && strcmp(argv[1], "run") == 0)
		return run_case(argv[2]);
	if (argc == 4 && strcmp(argv[1], "settle") == 0)
		return settle(argv[2], atoi(argv[3]));
	if (argc == 2 && strcmp(argv[1], "clean") == 0) {
		fix_drop_database(KILL_DB);
		return 0;
	}
	fprintf(stderr, "tool_drop prepare DIR N | run DIR/K | settle DIR N | clean\n");
	return 1;
}
