/* SPDX-License-Identifier: MIT */
/* Removal and way back of many rows for the bench, in the database that libpq's environment names, over the table public.big:
     tool_rows_bench prepare N    a schema, a walk, a snapshot of the rows 1 to N
     tool_rows_bench remove       by the writer's batches, sized by time as the job does it
     tool_rows_bench restore */
#include <unistd.h>

#include "port/files.h"
#include "tests/rows_fixture.h"

#define BATCH_US 100000

static const char *case_path(struct rows_fix *r)
{
	return path_join(r->x.a, path_data(r->x.a), "bench-rows");
}

static void connect_rows(struct rows_fix *r)
{
	struct err e = { 0 };
	*r = (struct rows_fix){ .x = { .a = arena_new() } };
	fix_must(crypto_start(), NULL, "crypto");
	r->x.conninfo = arena_printf(r->x.a, "dbname='%s'", getenv("PGDATABASE"));
	fix_must((r->x.db = db_open(&(struct db_opts){ .conninfo = r->x.conninfo, .app = "gatewalk" }, &e)) != NULL, &e, "connect");
	crypto_random(r->x.key, sizeof r->x.key);
	r->x.mac = (struct permit_mac){ .mac = crypto_mac, .key = r->x.key };
}

static void plan_rows(struct rows_fix *r, const char *n)
{
	rows_fix_plan(r, arena_printf(r->x.a, "id <= %s", n));
	r->x.plan.table = "big";
	r->store = path_join(r->x.a, path_data(r->x.a), "bench-store");
	r->o = (struct snapshot_opts){ .conninfo = r->x.conninfo, .plan = &r->x.plan, .sid = r->x.sid, .store = r->store };
}

static int prepare(const char *n)
{
	struct rows_fix r;
	struct err e = { 0 };
	connect_rows(&r);
	crypto_random_hex(16, r.x.sid);
	crypto_random_hex(16, r.x.nonce);
	fix_do(&r.x, arena_printf(r.x.a, "CREATE SEQUENCE %s; UPDATE gatewalk.walk SET closed_at = now()", own_sequence_name(r.x.a, r.x.sid)));
	plan_rows(&r, n);
	fix_must(snapshot_take(r.x.a, &r.o, &r.snap, &e), &e, "snapshot");
	rows_fix_ready(&r, true);
	r.o.manifest_sha256 = r.snap.manifest_sha256;
	rows_fix_stage(&r);
	const char *text = arena_printf(r.x.a, "%s %s %s %s %s", r.x.sid, r.x.nonce, r.snap.path, r.snap.manifest_sha256, n);
	fix_must(file_write(case_path(&r), text, strlen(text), &e), &e, "case");
	return 0;
}

static void open_case(struct rows_fix *r)
{
	char *text, path[512], sha[65], n[32];
	size_t len;
	struct err e = { 0 };
	connect_rows(r);
	fix_must(file_read(r->x.a, case_path(r), 4096, &text, &len, &e), &e, "case");
	fix_must(sscanf(text, "%32s %32s %511s %64s %31s", r->x.sid, r->x.nonce, path, sha, n) == 5, NULL, "case");
	plan_rows(r, arena_dup(r->x.a, n));
	fix_must(snapshot_read(r->x.a, path, &r->snap, &e), &e, path);
	r->snap.manifest_sha256 = r->o.manifest_sha256 = arena_dup(r->x.a, sha);
}

static int remove_rows(void)
{
	struct rows_fix r;
	int64_t size = 500;
	open_case(&r);
	rows_fix_ready(&r, false);
	rows_fix_stage(&r);
	while (r.done < r.snap.rows) {
		struct err e = { 0 };
		struct rows_batch_end end;
		int64_t rest = r.snap.rows - r.done, rows = size < rest ? size : rest, want;
		if (!rows_fix_batch(&r, rows, NULL, &end, &e)) {
			fix_must(strcmp(e.sqlstate, "55P03") == 0, &e, "batch");
			continue;
		}
		want = end.held_us > 0 ? rows * BATCH_US / end.held_us : rows * 2;
		size = want > rows * 2 ? rows * 2 : want < 1 ? 1 : want;
	}
	return 0;
}

static int restore(void)
{
	struct rows_fix r;
	struct restore_end end;
	struct err e = { 0 };
	open_case(&r);
	fix_must(restore_rows(r.x.a, &r.o, r.snap.path, &end, &e), &e, "restore");
	return end.placed == r.snap.rows ? 0 : 1;
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "prepare") == 0)
		return prepare(argv[2]);
	if (argc == 2 && strcmp(argv[1], "remove") == 0)
		return remove_rows();
	if (argc == 2 && strcmp(argv[1], "restore") == 0)
		return restore();
	fputs("use: tool_rows_bench prepare N | remove | restore\n", stderr);
	return 2;
}
