/* SPDX-License-Identifier: MIT */
/* drop_fixture for rows: a walk right behind the intent of a removal, over a real table and a real snapshot of its rows. */
#ifndef GW_TESTS_ROWS_FIXTURE_H
#define GW_TESTS_ROWS_FIXTURE_H

#include "adapter/apply_rows.h"
#include "adapter/rows_stage.h"
#include "adapter/snapshot.h"
#include "tests/drop_fixture.h"

struct rows_fix {
	struct fix x;
	const char *store, *name;
	struct snapshot_opts o;
	struct fact_snapshot snap;
	struct rows_stage stage;
	struct rows_writer *writer;
	int64_t done, batches;
	struct permit *use;           /* instead of one that is minted */
	const char *between;          /* run between mint and writer, once */
	int64_t skip_n;               /* begins so many rows too late */
};

static inline void rows_fix_plan(struct rows_fix *r, const char *where)
{
	fix_plan(&r->x, "public", "t", NULL);
	r->x.plan.recipe = "remove-rows";
	r->x.plan.where = where;
}

/* Looks, and stands right behind the intent. fresh: makes the walk's row and its last anchor. */
static inline void rows_fix_ready(struct rows_fix *r, bool fresh)
{
	struct fix *x = &r->x;
	struct err e = { 0 };
	char head[65];
	memcpy(x->manifest, r->snap.manifest_sha256, sizeof x->manifest);
	x->statement = sql_statement(x->a, &x->plan, NULL);
	fix_look(x);
	fix_walk(x);
	x->walk.kind = TARGET_ROWS;
	x->walk.intent_expires = x->facts.now + US_HOUR;
	x->walk.final = x->walk.first = r->snap;
	crypto_sha256_hex("last", 4, head);
	fix_must(!fresh || (ledger_open(x->db, &x->walk, &x->plan, "here", &e) && ledger_anchor(x->db, x->sid, FIX_LAST_N, head, NULL, &e)), &e, "ledger");
}

static inline void rows_fix_open(struct rows_fix *r, const char *dbname, const char *sql, const char *where)
{
	struct err e = { 0 };
	*r = (struct rows_fix){ .name = dbname };
	fix_open(&r->x, dbname, true);
	fix_do(&r->x, sql);
	crypto_random_hex(16, r->x.sid);
	crypto_random_hex(16, r->x.nonce);
	fix_do(&r->x, arena_printf(r->x.a, "CREATE SEQUENCE %s", own_sequence_name(r->x.a, r->x.sid)));
	rows_fix_plan(r, where);
	const char *tmp = getenv("TMPDIR");
	r->store = arena_printf(r->x.a, "%s/gwrows-%d", tmp ? tmp : "/tmp", (int)getpid());
	r->o = (struct snapshot_opts){ .conninfo = r->x.conninfo, .plan = &r->x.plan, .sid = r->x.sid, .store = r->store };
	fix_must(snapshot_take(r->x.a, &r->o, &r->snap, &e), &e, "snapshot");
	r->o.manifest_sha256 = r->snap.manifest_sha256;
	rows_fix_ready(r, true);
}

static inline void rows_fix_close(struct rows_fix *r)
{
	char cmd[512];
	rows_writer_close(r->writer);
	fix_close(&r->x);
	fix_drop_database(r->name);
	snprintf(cmd, sizeof cmd, "rm -rf '%s/gwrows-%d'", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp", (int)getpid());
	if (system(cmd) != 0)
		exit(3);
}

static inline void rows_fix_stage(struct rows_fix *r)
{
	struct err e = { 0 };
	fix_must(rows_stage_open(r->x.db, r->x.a, &r->o, r->snap.path, own_rows_name(r->x.a, r->x.sid), &r->stage, &e) &&
		rows_stage_fill(r->x.db, &r->stage, &e), &e, "stage");
}

static inline void rows_fix_bind(struct rows_fix *r)
{
	struct fix *x = &r->x;
	struct err e = { 0 };
	fix_look(x);
	fix_must(ledger_last(x->db, x->a, x->sid, &x->last, &e), &e, "last");
	fix_bind(x);
	x->binding.batch = r->batches + 1;
	x->binding.nonce = permit_batch_nonce(x->a, x->nonce, x->binding.batch);
}

static inline struct permit *rows_fix_mint(struct rows_fix *r)
{
	rows_fix_bind(r);
	return fix_mint(&r->x);
}

static inline bool rows_fix_batch(struct rows_fix *r, int64_t rows, const char *skip, struct rows_batch_end *out, struct err *e)
{
	struct fix *x = &r->x;
	struct permit *pm = r->use ? r->use : rows_fix_mint(r);
	if (r->use)
		rows_fix_bind(r);
	if (r->between)
		fix_do(x, r->between);
	r->between = NULL;
	if (!r->writer)
		fix_must((r->writer = rows_writer_open(x->conninfo, e)) != NULL, e, "writer");
	const struct rows_batch b = { .plan = &x->plan, .walk = &x->walk, .facts = &x->facts, .stage = &r->stage, .binding = x->binding, .permit = pm,
		.mac = &x->mac, .last = x->last, .from_n = r->done + r->skip_n, .to_n = r->done + r->skip_n + rows, .skip = skip };
	if (!apply_rows(r->writer, x->a, &b, out, e))
		return false;
	r->done = b.to_n;
	r->batches++;
	return true;
}

/* As the job does it, without its looks and pauses: what the server refuses is found by halving. */
static inline void rows_fix_remove_all(struct rows_fix *r, int64_t size)
{
	const char *skip = NULL;
	int64_t now = size;
	rows_fix_stage(r);
	while (r->done < r->snap.rows) {
		struct err e = { 0 };
		struct rows_batch_end end;
		int64_t rest = r->snap.rows - r->done, rows = skip ? 1 : now < rest ? now : rest;
		if (rows_fix_batch(r, rows, skip, &end, &e)) {
			skip = NULL;
			now = now * 2 < size ? now * 2 : size;
			continue;
		}
		fix_must(end.result != DROP_UNKNOWN && (strncmp(e.sqlstate, "23", 2) == 0 || strcmp(e.sqlstate, "55P03") == 0), &e, "batch");
		if (rows == 1 && e.sqlstate[0] == '2')
			skip = arena_printf(r->x.a, "the server refuses: %s", e.msg);
		now = rows > 1 ? rows / 2 : 1;
	}
}

#endif
