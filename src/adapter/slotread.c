/* SPDX-License-Identifier: MIT */
#include "adapter/slotread.h"

#include <string.h>

#include "adapter/audit.h"
#include "adapter/own.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "base/when.h"
#include "core/fact.h"
#include "core/sql.h"
#include "port/crypto.h"
#include "port/db.h"

#define TRUNCATE ": TRUNCATE:( [a-z_()-]+)+$"   /* it may name many tables before that */
#define SILENT_MS 300000   /* one transaction that wrote very much comes in one piece: 700 MB took 42 s on a busy machine */

/* $1 table, $2 column's number, 0 for all. The row's own version tells that a table was altered, there and back included. An index by which rows are known holds the column under the number it has there. */
static const char NAMES_SQL[] = OWN_TAG
"WITH RECURSIVE tree AS (SELECT $1::oid AS oid UNION SELECT i.inhrelid FROM tree JOIN pg_inherits i ON i.inhparent = tree.oid)\n"
"SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname), c.relreplident, c.relreplident IN ('d', 'i') AND EXISTS (SELECT FROM pg_index x\n"
"    JOIN pg_attribute k ON k.attrelid = c.oid AND k.attnum = ANY (x.indkey) WHERE x.indrelid = c.oid\n"
"    AND CASE c.relreplident WHEN 'd' THEN x.indisprimary ELSE x.indisreplident END AND k.attname = (SELECT attname FROM pg_attribute WHERE attrelid = $1::oid AND attnum = $2::int)),\n"
"  c.relpersistence = 'u', c.relkind = 'f', c.relkind = 'p', concat_ws(' ', c.oid, c.relreplident, c.xmin), left(md5(concat_ws(' ', c.oid, n.nspname, c.relname)), 8), (SELECT quote_ident(attname) FROM pg_attribute WHERE attrelid = $1::oid AND attnum = $2::int)\n"
"FROM tree JOIN pg_class c USING (oid) JOIN pg_namespace n ON n.oid = c.relnamespace ORDER BY (quote_ident(n.nspname) || '.' || quote_ident(c.relname)) COLLATE \"C\"";
enum { N_NAME, N_IDENT, N_IN_KEY, N_UNLOGGED, N_FOREIGN, N_BRANCH, N_ROW, N_MEMBER, N_COLUMN, N_COLS };

static const char *blind_of(struct arena *a, char *const *c)
{
	if (cell_bool(c[N_UNLOGGED]))
		return arena_printf(a, "%s is unlogged: no slot sees its writes", c[N_NAME]);
	return cell_bool(c[N_FOREIGN]) ? arena_printf(a, "%s is of another server: no slot here sees its writes", c[N_NAME]) : NULL;
}

static const char *weak_of(struct arena *a, const char *table)
{
	return arena_printf(a, "an UPDATE says what stands there now and not whether it changed that: ALTER TABLE %s REPLICA IDENTITY FULL", table);
}

/* Is each of those that were there before, under its name, there still? */
static bool all_there(struct arena *a, const char *before, const char *now)
{
	for (const char *s = before; *s; s += strcspn(s, " "), s += *s == ' ')
		if (!strstr(now, arena_dupn(a, s, strcspn(s, " "))))
			return false;
	return true;
}

bool slotread_names(struct db *db, struct arena *a, const struct fact_target *t, const struct slot_kept *before, struct slot_names *out, struct err *e)
{
	const char *v[] = { arena_printf(a, "%u", t->relid), arena_printf(a, "%d", t->column ? t->attnum : 0) };
	const struct query q = { .sql = NAMES_SQL, .args = v, .nargs = 2, .cols = N_COLS, .min_rows = 1 };
	struct rows r;
	if (!db_ask(db, a, &q, &r, e))
		return err_in(e, "looking at how the table names its rows");
	struct slot_table *list = arena_array(a, (size_t)r.n, sizeof *list);
	*out = (struct slot_names){ .ask = { .tables = list, .n = (size_t)r.n, .column = r.cell[0][N_COLUMN], .filled = t->def != NULL } };
	struct text all = { 0 }, members = { 0 };
	for (int i = 0; i < r.n; i++) {
		text_addf(&all, "%s ", r.cell[i][N_ROW]);
		text_addf(&members, "%s%s", i ? " " : "", r.cell[i][N_MEMBER]);
	}
	char *digest = arena_alloc(a, 65);
	crypto_sha256_hex(text_str(&all), all.len, digest);
	out->identity = digest;
	out->members = arena_dup(a, text_str(&members));
	out->lost = before && !all_there(a, before->members, out->members);
	text_free(&all);
	text_free(&members);
	bool known = before && text_eq(before->identity, out->identity);
	for (int i = 0; i < r.n; i++) {
		char **c = r.cell[i];
		bool full = c[N_IDENT][0] == 'f', in_key = cell_bool(c[N_IN_KEY]);
		list[i] = (struct slot_table){ c[N_NAME], known && full, known && in_key };
		out->blind = out->blind ? out->blind : blind_of(a, c);
		if (t->column && !full && !in_key && !cell_bool(c[N_BRANCH]) && !out->weak)
			out->weak = weak_of(a, c[N_NAME]);
	}
	return true;
}

/* One transaction at a time, as they were committed. */
struct reading {
	struct arena *a;
	const struct slot_names *names;
	struct slot_changes *out, now;
	struct text xid, own, line, first, last;   /* own: the transaction that bears gatewalk's mark; last: the commit's line */
};

static void unescape(struct text *t, const char *s, size_t len)
{
	static const char letters[] = "bfnrtv", meant[] = "\b\f\n\r\t\v";
	text_clear(t);
	for (size_t i = 0; i < len;) {
		const char *slash = memchr(s + i, '\\', len - i);
		size_t plain = slash ? (size_t)(slash - s) - i : len - i;
		text_addn(t, s + i, plain);
		i += plain;
		if (i + 1 >= len)
			break;
		const char *at = strchr(letters, s[i + 1]);
		text_addn(t, at ? meant + (at - letters) : s + i + 1, 1);
		i += 2;
	}
}

static void changed(struct reading *r, char kind)
{
	enum slot_op op;
	enum slot_says says;
	if (!slotline_judge(&r->names->ask, text_str(&r->line), r->line.len, &op, &says))
		return;
	bool cut = kind == 'L' && r->names->ask.column && (op == SLOT_INSERT || op == SLOT_UPDATE);
	r->now.unread += cut;
	r->now.open += !cut && says == SLOT_OPEN;
	r->now.hits[op] += !cut && says == SLOT_HIT;
}

int64_t slot_changes_hits(const struct slot_changes *c)
{
	int64_t n = 0;
	for (enum slot_op op = 0; op < SLOT_OPS; op++)
		n += c->hits[op];
	return n;
}

static void committed(struct reading *r)
{
	struct slot_changes *to = r->out;
	bool own = r->own.len && text_eq(text_str(&r->own), text_str(&r->xid));
	if (own)
		r->now = (struct slot_changes){ .xid = NULL };
	for (enum slot_op op = 0; op < SLOT_OPS; op++)
		to->hits[op] += r->now.hits[op];
	to->open += r->now.open;
	to->unread += r->now.unread;
	if (slot_changes_hits(&r->now) || r->now.unread) {
		text_clear(&r->last);
		text_addn(&r->last, r->line.s, r->line.len);
		if (r->first.len == 0)
			text_addn(&r->first, r->line.s, r->line.len);
		to->xid = arena_dup(r->a, text_str(&r->xid));
	}
	r->now = (struct slot_changes){ .xid = NULL };
}

/* A transaction of nothing but the mark has no commit in the list. */
static void marked(struct reading *r)
{
	text_clear(&r->own);
	text_addn(&r->own, r->xid.s, r->xid.len);
}

/* xid TAB kind TAB text LF. Kinds: C commit, M gatewalk's own mark, T a change, L one that was cut. */
static bool take(void *ctx, const char *row, size_t len, struct err *e)
{
	struct reading *r = ctx;
	const char *tab = memchr(row, '\t', len);
	if (!tab || row + len < tab + 4 || tab[2] != '\t')
		return err_set(e, ERR_INTERNAL, NULL, "a row of the logical slot is not written as known");
	text_clear(&r->xid);
	text_addn(&r->xid, row, (size_t)(tab - row));
	unescape(&r->line, tab + 3, len - (size_t)(tab + 3 - row) - 1);
	switch (tab[1]) {
	case 'C': committed(r); break;
	case 'M': marked(r); break;
	default: changed(r, tab[1]);
	}
	return true;
}

/* "COMMIT (at 2026-11-26 03:21:52.92+00)"; 0 when it is not written as known. */
static int64_t commit_time(struct arena *a, const struct text *t)
{
	const char *from = strstr(text_str(t), "(at "), *to = from ? strchr(from, ')') : NULL;
	int64_t us = 0;
	return to && when_parse(arena_dupn(a, from + 4, (size_t)(to - from) - 4), &us) ? us : 0;
}

/* Filtered on the server: lines of the target, TRUNCATE of several tables, and the end of each transaction. %1$s slot, %2$lld up to,
   %3$s names as an array, %4$s what is sent of a line. */
static const char PIECE_SQL[] =
OWN_TAG "COPY (SELECT xid, kind, CASE kind WHEN 'T' THEN %4$s WHEN 'M' THEN '' ELSE left(data, 1000) END FROM (\n"
"  SELECT xid, data, CASE WHEN left(data, 7) = 'COMMIT ' THEN 'C'\n"
"    WHEN left(data, 51) = 'message: transactional: 1 prefix: gatewalk, sz: 32 ' AND right(data, 32) IN (SELECT sid FROM gatewalk.walk) THEN 'M'\n"
"    WHEN left(data, 6) = 'table ' AND (split_part(substr(left(data, 300), 7), ': ', 1) = ANY (%3$s) OR right(data, 60) ~ '" TRUNCATE "')\n"
"      THEN CASE WHEN octet_length(data) > 67108864 THEN 'L' ELSE 'T' END END AS kind\n"
"  FROM pg_logical_slot_peek_changes(%1$s, '0/0'::pg_lsn + %2$lld, NULL, 'include-xids', '0', 'include-timestamp', '1', 'skip-empty-xacts', '1')) x\n"
"WHERE kind IS NOT NULL) TO STDOUT";

/* The part of a name up to ": ", which stands for the whole of it; more of them let too much through, which slotline sorts out. */
static const char *names_sql(struct arena *a, const struct slot_ask *q)
{
	struct text t = { 0 };
	for (size_t i = 0; i < q->n; i++) {
		const char *name = q->tables[i].name, *odd = strstr(name, ": ");
		text_addf(&t, "%s%s", i ? ", " : "", sql_literal(a, odd ? arena_dupn(a, name, (size_t)(odd - name)) : name));
	}
	const char *all = arena_printf(a, "ARRAY[%s]", text_str(&t));
	text_free(&t);
	return all;
}

bool slotread_piece(struct db *db, struct arena *a, const char *slot, const struct slot_names *n, int64_t to, struct slot_changes *out, struct err *e)
{
	struct reading r = { .a = a, .names = n, .out = out };
	const char *sql = arena_printf(a, PIECE_SQL, sql_literal(a, slot), (long long)to, names_sql(a, &n->ask), n->ask.column ? "data" : "CASE WHEN right(data, 60) ~ '" TRUNCATE "' THEN data ELSE left(data, 1000) END");
	bool ok = own_is_ours(slot) && db_copy_out(db, sql, SILENT_MS, take, &r, e);
	if (ok && r.last.len) {
		out->last = commit_time(a, &r.last);
		out->first = out->first ? out->first : commit_time(a, &r.first);
	}
	text_free(&r.xid);
	text_free(&r.own);
	text_free(&r.line);
	text_free(&r.first);
	text_free(&r.last);
	return ok;
}

bool slotread_confirm(struct db *db, struct arena *a, const char *slot, int64_t to, struct err *e)
{
	const char *v[] = { slot, arena_printf(a, "%lld", (long long)to) };
	const struct query q = { .sql = OWN_TAG "SELECT pg_replication_slot_advance($1, '0/0'::pg_lsn + $2::numeric)", .args = v, .nargs = 2, .ms = SILENT_MS, .cols = 1 };
	return own_is_ours(slot) && db_ask(db, a, &q, NULL, e);
}
