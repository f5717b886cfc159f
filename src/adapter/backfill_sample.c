/* SPDX-License-Identifier: MIT */
/* Some rows, tried before the first batch: what refuses each of them, or takes each value away again, is the expression's fault or the
   table's, and no list of rejects. Rows that are left may all be ones that do not convert: before an expression is refused for them, it
   is worked out on others, filled ones among them, over the whole table. */
#include "adapter/backfill_private.h"

#include <string.h>

#include "adapter/audit.h"
#include "adapter/retry.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "core/sql.h"

#define TRIED 20    /* rows */
#define SLOW 2      /* rows on which the statement's time is over, one behind the other: then so it is on the next ones */
#define PLACES 4    /* of a table, at which others are looked for */

struct sample {
	struct backfill *b;
	struct arena *a;
	const char **unfit;
	int all, raised, still, slow, by_table;   /* by_table: of those raised, where the expression itself did not */
	struct err first;
	bool works;                   /* on one of the others */
};

static bool unfit(struct sample *s, const char *why)
{
	*s->unfit = why;
	return false;
}

static bool told(struct sample *s, const char *sql, struct err *e)
{
	return db_script(s->b->db, s->a, sql, BACKFILL_MS, NULL, e);
}

/* Where its time is over, nothing is found: a table that is full but for a few rows is not searched to its end. */
static bool ask(struct sample *s, const char *sql, struct rows *r, struct err *e)
{
	struct err why = { 0 };
	*r = (struct rows){ .n = 0 };
	if (!told(s, OWN_TAG "SAVEPOINT gatewalk_ask", e))
		return false;
	if (db_ask(s->b->db, s->a, &(struct query){ .sql = sql, .ms = BACKFILL_MS, .cols = 1 }, r, &why))
		return true;
	if (!retry_is_refusal(&why) && !retry_is_moment(&why)) {
		*e = why;
		return false;
	}
	return told(s, OWN_TAG "ROLLBACK TO SAVEPOINT gatewalk_ask", e);
}

/* Worked out with nothing allowed to be written: a function that says stable and calls one that writes is seen here alone. What else it
   raises is the UPDATE's to say. */
static bool only_reads(struct sample *s, const struct backfill_leaf *leaf, const char *where, struct err *why, struct err *e)
{
	struct backfill *b = s->b;
	const struct plan_backfill *f = &b->plan->backfill;
	const char *sql = arena_printf(s->a, OWN_TAG "SELECT CASE WHEN (%s\n) THEN (%s\n) END FROM ONLY %s AS %s WHERE %s", f->where ? f->where : "true", f->value, leaf->name, b->alias, where);
	if (!told(s, OWN_TAG "SAVEPOINT gatewalk_read; SET TRANSACTION READ ONLY", e))
		return false;
	bool ok = db_ask(b->db, s->a, &(struct query){ .sql = sql, .ms = BACKFILL_MS, .cols = 1 }, NULL, why);
	if (!ok && (strcmp(why->sqlstate, "25006") == 0 || strcmp(why->sqlstate, "0A000") == 0))
		return unfit(s, arena_printf(b->a, "the backfill's expression writes, or does what an expression may not: %s", why->msg));
	return told(s, OWN_TAG "ROLLBACK TO SAVEPOINT gatewalk_read", e);
}

static const char *place(struct sample *s, const char *tid)
{
	return arena_printf(s->a, "%s.ctid = %s::tid", s->b->alias, sql_literal(s->a, tid));
}

static bool too_slow(const struct err *e)
{
	return strcmp(e->sqlstate, "57014") == 0;
}

static void count(struct sample *s, const struct err *why)
{
	s->all++;
	s->still += why->code != ERR_NONE && !why->sqlstate[0];
	s->raised += why->code != ERR_NONE && why->sqlstate[0];
	s->slow = too_slow(why) ? s->slow + 1 : 0;
	if (why->code != ERR_NONE && s->first.code == ERR_NONE)
		s->first = *why;
}

static bool try_one(struct sample *s, const struct backfill_leaf *leaf, const char *tid, struct err *e)
{
	struct err read = { 0 }, why = { 0 };
	bool there;
	int64_t filled;
	if (!told(s, OWN_TAG "SAVEPOINT gatewalk_one", e) || !only_reads(s, leaf, place(s, tid), &read, e))
		return false;
	if (too_slow(&read)) {
		count(s, &read);
		return true;
	}
	bool ok = backfill_try_row(s->b, s->a, leaf, place(s, tid), &there, &filled, &why, e);
	if (!ok && !retry_is_moment(e))
		return false;
	if (ok && there) {
		count(s, &why);
		s->by_table += why.code != ERR_NONE && read.code == ERR_NONE;
	}
	err_clear(e);
	return told(s, OWN_TAG "ROLLBACK TO SAVEPOINT gatewalk_one", e);
}

/* Rows that are known not to convert say nothing about the others. */
static bool try_leaf(struct sample *s, const struct backfill_leaf *leaf, struct err *e)
{
	struct backfill *b = s->b;
	struct rows r;
	const char *cond = text_eq(b->plan->backfill.fills, "differences") ? "true" : arena_printf(s->a, "%s.%s IS NULL", b->alias, b->column);
	const char *sql = arena_printf(s->a, OWN_TAG "SELECT ctid FROM ONLY %s AS %s WHERE %s AND NOT %s LIMIT %d", leaf->name, b->alias, cond, backfill_rejected(b, s->a, leaf), TRIED);
	if (!ask(s, sql, &r, e))
		return false;
	for (int i = 0; i < r.n && s->slow < SLOW; i++)
		if (!try_one(s, leaf, r.cell[i][0], e))
			return false;
	return true;
}

static bool others_at(struct sample *s, const struct backfill_leaf *leaf, int64_t block, struct err *e)
{
	struct rows r;
	const char *from = backfill_tid(s->a, block * BACKFILL_BLOCK), *alias = s->b->alias;
	const char *sql = arena_printf(s->a, OWN_TAG "SELECT ctid FROM ONLY %s AS %s WHERE %s.ctid >= %s LIMIT %d", leaf->name, alias, alias, from, TRIED);
	if (!ask(s, sql, &r, e))
		return false;
	for (int i = 0; i < r.n && !s->works; i++) {
		struct err why = { 0 };
		if (!only_reads(s, leaf, place(s, r.cell[i][0]), &why, e))
			return false;
		s->works = why.code == ERR_NONE;
	}
	return true;
}

static bool others(struct sample *s, const struct backfill_leaf *leaf, struct err *e)
{
	for (int i = 0; i < PLACES && !s->works; i++)
		if (!others_at(s, leaf, leaf->blocks * i / PLACES, e))
			return false;
	return true;
}

static bool leaves(struct sample *s, bool (*each)(struct sample *, const struct backfill_leaf *, struct err *), bool (*enough)(const struct sample *), struct err *e)
{
	struct rows r;
	const char *args[] = { arena_printf(s->a, "%u", s->b->relid) };
	const struct query q = { .sql = OWN_TAG "WITH RECURSIVE tree AS (SELECT $1::oid AS oid UNION SELECT inhrelid FROM pg_inherits JOIN tree ON inhparent = tree.oid)\n"
		"SELECT c.oid, format('%I.%I', n.nspname, c.relname), pg_relation_size(c.oid) / current_setting('block_size')::bigint\n"
		"FROM tree JOIN pg_class c USING (oid) JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r' ORDER BY c.oid LIMIT 8", .args = args, .nargs = 1, .cols = 3 };
	if (!db_ask(s->b->db, s->a, &q, &r, e))
		return false;
	for (int i = 0; i < r.n && !enough(s); i++)
		if (!each(s, &(struct backfill_leaf){ .oid = (unsigned)cell_int(r.cell[i][0]), .name = r.cell[i][1], .blocks = cell_int(r.cell[i][2]) }, e))
			return false;
	return true;
}

static bool some(const struct sample *s)
{
	return s->all > 0;
}

static bool one_works(const struct sample *s)
{
	return s->works;
}

/* Has this expression filled rows of this column before? Then what is left says nothing against it. */
static bool proven(struct sample *s, bool *yes, struct err *e)
{
	const struct backfill *b = s->b;
	const char *args[] = { b->sid, arena_printf(s->a, "%u", b->relid), arena_printf(s->a, "%d", b->attnum), backfill_spec(s->a, b->plan) };
	const char *got = db_value(b->db, s->a, &(struct query){ .sql = OWN_TAG "SELECT EXISTS (SELECT FROM gatewalk.backfill WHERE sid = $1 AND relid = $2::oid AND attnum = $3::smallint AND spec = $4"
		" AND filled > 0)", .args = args, .nargs = 4 }, e);
	*yes = got && cell_bool(got);
	return got != NULL;
}

static bool judge(struct sample *s, struct err *e)
{
	struct backfill *b = s->b;
	bool yes;
	if (s->all == 0 || (s->raised < s->all && s->still < s->all))
		return true;
	if (!proven(s, &yes, e) || yes)
		return yes;
	if (s->still == s->all)
		return unfit(s, arena_printf(b->a, "of the %d rows tried each is %s: %s", s->all, b->strict ? "another one than it should be" : "as before", s->first.msg));
	if (s->slow >= SLOW)
		return unfit(s, arena_printf(b->a, "the backfill's expression takes longer than " BACKFILL_ROW " on each of the %d rows tried: it loops, or waits", s->all));
	if (s->by_table == 0 && !leaves(s, others, one_works, e))
		return false;
	return s->works || (s->by_table && s->all < TRIED) || unfit(s, arena_printf(b->a, "each of the %d rows tried is refused: %s", s->all, s->first.msg));
}

bool backfill_sample(struct backfill *b, struct arena *a, const char **why, struct err *e)
{
	struct sample s = { .b = b, .a = a, .unfit = why };
	b->strict = archetype_beside(plan_recipe(b->plan));
	bool ok = leaves(&s, try_leaf, some, e) && judge(&s, e);
	b->strict = false;
	return ok;
}
