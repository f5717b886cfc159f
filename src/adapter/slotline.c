/* SPDX-License-Identifier: MIT */
/* table public.orders: UPDATE: old-key: id[integer]:1 new-tuple: id[integer]:2 note[text]:'it''s' */
#include "adapter/slotline.h"

#include <stdlib.h>
#include <string.h>

#define WORD(s) (s), sizeof(s) - 1
#define UNCHANGED "unchanged-toast-datum"

struct reader { const char *at, *end; };
struct span { const char *s; size_t len; };

/* Of the column in one row of the line. absent: the row does not show it. */
enum state { ABSENT, IS_NULL, IS_UNCHANGED, HAS_VALUE };
struct cell { enum state state; struct span value; };

static bool word(struct reader *r, const char *s, size_t len)
{
	if ((size_t)(r->end - r->at) < len || memcmp(r->at, s, len) != 0)
		return false;
	r->at += len;
	return true;
}

/* From a quote to behind its end; a doubled one stands for itself. */
static bool quoted(struct reader *r, char quote)
{
	for (r->at++; r->at < r->end; r->at++)
		if (*r->at == quote && (++r->at == r->end || *r->at != quote))
			return true;
	return false;
}

/* A name as the server writes it: plain up to one of `stops`, or in double quotes. */
static bool name(struct reader *r, const char *stops, struct span *out)
{
	out->s = r->at;
	if (r->at < r->end && *r->at == '"') {
		if (!quoted(r, '"'))
			return false;
	} else {
		while (r->at < r->end && !strchr(stops, *r->at))
			r->at++;
	}
	out->len = (size_t)(r->at - out->s);
	return out->len > 0;
}

static bool table_name(struct reader *r, struct span *out)
{
	struct span part;
	out->s = r->at;
	if (!name(r, ".", &part) || !word(r, WORD(".")) || !name(r, ",:", &part))
		return false;
	out->len = (size_t)(r->at - out->s);
	return true;
}

/* [character varying], [text[]], [public."odd ]"[]]: with names in quotes inside. */
static bool type_name(struct reader *r)
{
	int depth = 0;
	while (r->at < r->end) {
		if (*r->at == '"') {
			if (!quoted(r, '"'))
				return false;
			continue;
		}
		depth += (*r->at == '[') - (*r->at == ']');
		r->at++;
		if (depth == 0)
			return true;
	}
	return false;
}

static bool value(struct reader *r, struct cell *out)
{
	out->value.s = r->at;
	if (r->at < r->end && *r->at == 'B' && r->at + 1 < r->end && r->at[1] == '\'')
		r->at++;
	if (r->at < r->end && *r->at == '\'') {
		if (!quoted(r, '\''))
			return false;
	} else {
		while (r->at < r->end && *r->at != ' ')
			r->at++;
	}
	out->value.len = (size_t)(r->at - out->value.s);
	struct reader v = { out->value.s, r->at };
	bool null = word(&v, WORD("null")) && v.at == v.end;
	v.at = out->value.s;
	bool unchanged = word(&v, WORD(UNCHANGED)) && v.at == v.end;
	out->state = null ? IS_NULL : unchanged ? IS_UNCHANGED : HAS_VALUE;
	return out->value.len > 0;
}

/* The cells of one row, up to the line's end or to new-tuple. False: it is not written as known. */
static bool row(struct reader *r, const char *column, struct cell *out)
{
	size_t len = strlen(column);
	out->state = ABSENT;
	while (r->at < r->end) {
		struct reader here = *r;
		struct span n;
		struct cell c;
		if (word(&here, WORD(" new-tuple:")) || word(&here, WORD(" (no-tuple-data)")))
			return true;
		if (!word(r, WORD(" ")) || !name(r, "[", &n) || !type_name(r) || !word(r, WORD(":")) || !value(r, &c))
			return false;
		if (n.len == len && memcmp(n.s, column, len) == 0)
			*out = c;
	}
	return true;
}

static bool same(const struct cell *a, const struct cell *b)
{
	return a->state == b->state && a->value.len == b->value.len && memcmp(a->value.s, b->value.s, a->value.len) == 0;
}

static enum slot_says of_insert(const struct slot_ask *q, struct reader *r)
{
	struct cell now;
	if (!row(r, q->column, &now) || now.state == ABSENT)
		return SLOT_OPEN;
	return now.state == IS_NULL ? SLOT_NOTHING : q->filled ? SLOT_OPEN : SLOT_HIT;
}

/* What was there before stands in the line only under REPLICA IDENTITY FULL, or when the row's key was changed. */
static enum slot_says of_update(const struct slot_ask *q, const struct slot_table *t, struct reader *r)
{
	struct cell old = { .state = ABSENT }, now;
	bool with_old = word(r, WORD(" old-key:"));
	if ((with_old && (!row(r, q->column, &old) || !word(r, WORD(" new-tuple:")))) || !row(r, q->column, &now) || now.state == ABSENT)
		return SLOT_OPEN;
	if (now.state == IS_UNCHANGED || (t->in_key && !with_old))
		return SLOT_NOTHING;
	if (old.state != ABSENT)
		return same(&old, &now) ? SLOT_NOTHING : SLOT_HIT;
	if (with_old && t->full)   /* a row of before leaves out what was null */
		return now.state == IS_NULL ? SLOT_NOTHING : SLOT_HIT;
	return SLOT_OPEN;
}

static enum slot_says of_column(const struct slot_ask *q, const struct slot_table *t, enum slot_op op, struct reader *r)
{
	switch (op) {
	case SLOT_INSERT: return of_insert(q, r);
	case SLOT_UPDATE: return of_update(q, t, r);
	case SLOT_DELETE: return SLOT_NOTHING;   /* the row goes, and its value with it: nobody wrote that */
	default: return SLOT_HIT;
	}
}

static int by_name(const void *key, const void *table)
{
	const struct span *k = key;
	const char *n = ((const struct slot_table *)table)->name;
	size_t len = strlen(n);
	int c = memcmp(k->s, n, k->len < len ? k->len : len);
	return c ? c : (k->len > len) - (k->len < len);
}

/* The tables of a line; TRUNCATE alone has several. NULL: none of ours. */
static const struct slot_table *table_of(const struct slot_ask *q, struct reader *r)
{
	const struct slot_table *found = NULL;
	struct span n;
	if (!word(r, WORD("table ")))
		return NULL;
	do {
		if (!table_name(r, &n))
			return found;
		const struct slot_table *t = bsearch(&n, q->tables, q->n, sizeof *q->tables, by_name);
		found = found ? found : t;
	} while (word(r, WORD(", ")));
	return found;
}

bool slotline_judge(const struct slot_ask *q, const char *line, size_t len, enum slot_op *op, enum slot_says *says)
{
	static const struct span ops[SLOT_OPS] = {
		[SLOT_INSERT] = { WORD(": INSERT:") }, [SLOT_UPDATE] = { WORD(": UPDATE:") }, [SLOT_DELETE] = { WORD(": DELETE:") },
		[SLOT_TRUNCATE] = { WORD(": TRUNCATE:") },
	};
	struct reader r = { line, line + len };
	const struct slot_table *t = table_of(q, &r);
	if (!t)
		return false;
	for (*op = 0; *op < SLOT_OPS; ++*op)
		if (word(&r, ops[*op].s, ops[*op].len)) {
			*says = q->column ? of_column(q, t, *op, &r) : SLOT_HIT;
			return true;
		}
	*op = SLOT_UPDATE;
	*says = SLOT_OPEN;
	return true;
}
