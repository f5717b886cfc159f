/* SPDX-License-Identifier: MIT */
/* An application in several releases at once, over a table with an old column v and a new one n. Each row has one writer, who counts it up by one, in whatever
   release comes next: what a reader may see of it is known, and a write that another one undid is seen by the next. */
#ifndef GW_TESTS_MIXED_FIXTURE_H
#define GW_TESTS_MIXED_FIXTURE_H

#include <pthread.h>
#include <stdatomic.h>

#include "core/plan.h"
#include "core/walk.h"
#include "port/files.h"
#include "tests/backfill_fixture.h"
#include "tests/dual_send.h"

#define MIXED_WRITERS 2
#define MIXED_READERS 2
#define MIXED_ROWS 24          /* of the application's; the others stand still */
#define MIXED_STILL 400
#define MIXED_OPS 24           /* at least so many of each in a phase */

/* A release: what it goes by, and what it writes. Bits of them: those that run at once. */
enum { READS_OLD = 1, READS_BOTH = 2, READS_NEW = 4, WRITES_OLD = 8, WRITES_BOTH = 16, WRITES_NEW = 32 };

struct mixed_kind { const char *name, *recipe; enum archetype archetype; const char *type, *old, *to, *back, *dual_write; };

static const struct mixed_kind mixed_kinds[] = {
	{ "rename, by trigger", "rename-column", ARCH_RENAME, "int", "int", NULL, NULL, "trigger" },
	{ "rename, by the application", "rename-column", ARCH_RENAME, "int", "int", NULL, NULL, "application" },
	{ "type, by trigger both ways", "change-type", ARCH_TYPE, "int", "text", "v::int", "n::text", "trigger" },
	{ "type, by trigger one way", "change-type", ARCH_TYPE, "int", "text", "v::int", NULL, "trigger" },
	{ "type, by the application", "change-type", ARCH_TYPE, "int", "text", "v::int", "n::text", "application" },
};

struct mixed {
	struct bf bf;
	const struct mixed_kind *kind;
	struct dual_order order;
	enum stage stage;
	unsigned live;
	_Atomic int64_t begun[MIXED_ROWS], done[MIXED_ROWS];
	atomic_bool stop;
	atomic_int busy;           /* who has not yet done his part */
	pthread_mutex_t lock;
	char harm[400];            /* the first one; "" none */
	pthread_t who[MIXED_WRITERS + MIXED_READERS];
	struct db *session[MIXED_WRITERS + MIXED_READERS];   /* each one's own, from the first phase on: as a pool keeps them over a change of the table */
};

struct mixed_app { struct mixed *x; unsigned seed; int n; };

static inline bool mixed_two_way(const struct mixed *x)
{
	return x->order.back && !plan_dual_by_application(&x->bf.plan);
}

static inline void mixed_harm(struct mixed *x, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static inline void mixed_harm(struct mixed *x, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	pthread_mutex_lock(&x->lock);
	if (!x->harm[0])
		vsnprintf(x->harm, sizeof x->harm, fmt, ap);
	pthread_mutex_unlock(&x->lock);
	va_end(ap);
}

/* One of the bits that run, between these two. */
static inline unsigned mixed_pick(struct mixed_app *w, unsigned from, unsigned to)
{
	unsigned some[3], n = 0;
	for (unsigned bit = from; bit <= to; bit <<= 1)
		if (w->x->live & bit)
			some[n++] = bit;
	return n ? some[(unsigned)rand_r(&w->seed) % n] : 0;
}

/* What the release takes for the value, as an int. */
static inline const char *mixed_value(const struct mixed *x, unsigned reads)
{
	bool text = x->kind->archetype == ARCH_TYPE;
	return reads == READS_NEW ? "n" : reads == READS_OLD ? text ? "v::int" : "v" : text ? "coalesce(n, v::int)" : "coalesce(n, v)";
}

static inline bool mixed_ask(struct mixed_app *w, struct db *db, struct arena *a, const char *sql, int64_t *out)
{
	struct err e = { 0 };
	struct rows r;
	const struct query q = { .sql = sql, .cols = 1, .max_rows = 1 };
	*out = 0;
	if (!db_ask(db, a, &q, &r, &e)) {
		mixed_harm(w->x, "%s: %s", sql, e.msg);
		return false;
	}
	if (!r.n || !r.cell[0][0]) {
		mixed_harm(w->x, "%s: nothing is there", sql);
		return false;
	}
	*out = cell_int(r.cell[0][0]);
	return true;
}

static inline bool mixed_write(struct mixed_app *w, struct db *db, struct arena *a)
{
	struct mixed *x = w->x;
	int row = w->n + MIXED_WRITERS * (rand_r(&w->seed) % (MIXED_ROWS / MIXED_WRITERS));
	unsigned reads = mixed_pick(w, READS_OLD, READS_NEW), writes = mixed_pick(w, WRITES_OLD, WRITES_NEW);
	const char *value = mixed_value(x, reads), *text = x->kind->archetype == ARCH_TYPE ? "::text" : "";
	const char *old = arena_printf(a, "v = (%s + 1)%s", value, text), *new = arena_printf(a, "n = %s + 1", value);
	const char *sql = arena_printf(a, "UPDATE public.t SET %s%s%s WHERE id = %d RETURNING %s", writes != WRITES_NEW ? old : "", writes == WRITES_BOTH ? ", " : "",
		writes != WRITES_OLD ? new : "", row, writes == WRITES_NEW ? "n" : mixed_value(x, READS_OLD));
	int64_t got, want = x->done[row] + 1;
	if (rand_r(&w->seed) % 5 == 0)
		return mixed_ask(w, db, a, arena_printf(a, "UPDATE public.t SET other = other + 1 WHERE id = %d RETURNING id", row), &got);
	atomic_store(&x->begun[row], want);
	if (!mixed_ask(w, db, a, sql, &got))
		return false;
	if (got != want)
		mixed_harm(x, "%s: it is %lld, and %lld would be right: a write was lost", sql, (long long)got, (long long)want);
	atomic_store(&x->done[row], want);
	return got == want;
}

static inline bool mixed_read(struct mixed_app *w, struct db *db, struct arena *a)
{
	struct mixed *x = w->x;
	int row = rand_r(&w->seed) % (MIXED_ROWS + MIXED_STILL);
	const char *value = mixed_value(x, mixed_pick(w, READS_OLD, READS_NEW)), *sql = arena_printf(a, "SELECT %s FROM public.t WHERE id = %d", value, row);
	int64_t got, low = row < MIXED_ROWS ? atomic_load(&x->done[row]) : row;
	if (!mixed_ask(w, db, a, sql, &got))
		return false;
	int64_t high = row < MIXED_ROWS ? atomic_load(&x->begun[row]) : row;
	if (got < low || got > high)
		mixed_harm(x, "%s: it is %lld, and %lld to %lld would be right", sql, (long long)got, (long long)low, (long long)high);
	return got >= low && got <= high;
}

static inline void *mixed_run(void *arg)
{
	struct mixed_app *w = arg;
	struct db **session = &w->x->session[w->n];
	if (!*session)
		*session = db_open(&(struct db_opts){ .conninfo = w->x->bf.conninfo, .app = "shop" }, NULL);
	struct db *db = *session;
	for (int i = 0; db && (i < MIXED_OPS || !atomic_load(&w->x->stop)); i++) {
		struct arena *a = arena_new();
		bool ok = (w->n < MIXED_WRITERS ? mixed_write : mixed_read)(w, db, a);
		arena_free(a);
		if (!ok)
			break;
		if (i == MIXED_OPS / 2)
			atomic_fetch_sub(&w->x->busy, 1);
		if (i > MIXED_OPS)
			clock_nap(8);   /* what happens meanwhile is to have its share of a small machine */
	}
	if (!db)
		mixed_harm(w->x, "no connection");
	return NULL;
}

/* From when on the declaration is taken, and until when a release without it may run: the step that asks for it. */
static inline unsigned mixed_since(const struct mixed *x, const char *what, unsigned bit, enum stage at)
{
	enum stage from = walk_ask_from(walk_ask(what), &x->bf.plan);
	return from != AT_NOWHERE && at >= from ? bit : 0;
}

static inline unsigned mixed_until(const struct mixed *x, const char *what, unsigned bit, enum stage at)
{
	enum stage asked = walk_ask_stage(walk_ask(what), &x->bf.plan);
	return asked == AT_NOWHERE || at <= asked ? bit : 0;
}

/* The releases that the walk allows there. */
static inline unsigned mixed_allowed(const struct mixed *x, enum stage at)
{
	unsigned live = mixed_until(x, "reads_both", READS_OLD, at) & mixed_until(x, "reads_moved", READS_OLD, at);
	if (at == AT_EXPAND)
		return READS_OLD | WRITES_OLD;
	live |= mixed_since(x, "reads_both", READS_BOTH, at) & mixed_until(x, "reads_moved", READS_BOTH, at);
	live |= mixed_since(x, "reads_moved", READS_NEW, at);
	live |= mixed_until(x, "writes_both", WRITES_OLD, at) & mixed_until(x, "writes_new", WRITES_OLD, at);
	live |= mixed_since(x, "writes_both", WRITES_BOTH, at) & mixed_until(x, "writes_new", WRITES_BOTH, at);
	return live | mixed_since(x, "writes_new", WRITES_NEW, at);
}

/* These releases at once; what happens meanwhile, happens under their traffic, in its midst. */
static inline void mixed_traffic(struct mixed *x, unsigned live, void (*happens)(struct mixed *x))
{
	struct mixed_app w[MIXED_WRITERS + MIXED_READERS];
	int n = MIXED_WRITERS + MIXED_READERS;
	x->live = live;
	atomic_store(&x->stop, false);
	atomic_store(&x->busy, n);
	for (int i = 0; i < n; i++) {
		w[i] = (struct mixed_app){ .x = x, .seed = (unsigned)(i + 1) * 7919 + (unsigned)x->stage, .n = i };
		pthread_create(&x->who[i], NULL, mixed_run, &w[i]);
	}
	for (int i = 0; i < 2000 && atomic_load(&x->busy) && !x->harm[0]; i++)
		clock_nap(2);
	if (happens)
		happens(x);
	atomic_store(&x->stop, true);
	for (int i = 0; i < n; i++)
		pthread_join(x->who[i], NULL);
}

/* The application's table. */
static inline const char *mixed_table(struct arena *a, const struct mixed_kind *k)
{
	bool text = k->archetype == ARCH_TYPE;
	return arena_printf(a, "CREATE TABLE public.t (id int PRIMARY KEY, v %s NOT NULL DEFAULT %s, other int DEFAULT 0) WITH (fillfactor = 50);"
		" INSERT INTO public.t SELECT i, i%s FROM generate_series(0, %d) i", k->old, text ? "'0'" : "0", text ? "::text" : "", MIXED_ROWS + MIXED_STILL - 1);
}

/* Nothing was written yet. */
static inline void mixed_begin(struct mixed *x, const struct mixed_kind *k)
{
	memset(x, 0, sizeof *x);
	pthread_mutex_init(&x->lock, NULL);
	x->kind = k;
	for (int i = 0; i < MIXED_ROWS; i++)
		x->begun[i] = x->done[i] = i;
	x->stage = AT_EXPAND;
}

static inline void mixed_open(struct mixed *x, const struct mixed_kind *k)
{
	struct arena *a = arena_new();
	mixed_begin(x, k);
	bf_open(&x->bf, mixed_table(a, k));
	arena_free(a);
	struct plan *p = &x->bf.plan;
	p->recipe = k->recipe;
	p->archetype = k->archetype;
	p->column = "v";
	p->add_column = "n";
	p->add_type = k->type;
	p->convert_to = k->to;
	p->convert_back = k->back;
	p->dual_write = k->dual_write;
	p->backfill.value = NULL;
	p->backfill.batch_ms = 5;
	plan_finish(x->bf.a, p);
	x->order = (struct dual_order){ .sid = TEST_SID, .schema = "public", .table = "t", .column = "v", .add_column = "n", .to = p->convert_to, .back = p->convert_back };
}

/* What mixed_begin began. */
static inline void mixed_end(struct mixed *x)
{
	for (int i = 0; i < MIXED_WRITERS + MIXED_READERS; i++)
		db_close(x->session[i]);
	pthread_mutex_destroy(&x->lock);
}

static inline void mixed_close(struct mixed *x)
{
	mixed_end(x);
	bf_close(&x->bf);
}

#endif
