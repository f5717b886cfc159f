/* SPDX-License-Identifier: MIT */
#include "adapter/slotline.h"

#include <stdlib.h>
#include <string.h>

#include "tests/lib_test.h"

/* By bytes, as the server sorts them. key: rows known by the column; full: by all of them; plain: by another one. */
static const struct slot_table tables[] = {
	{ "public.\"a\"\"b\"", false, false }, { "public.\"odd: x, y\"", true, false }, { "public.full", true, false }, { "public.key", false, true },
	{ "public.plain", false, false },
};
#define OF(c) { .tables = tables, .n = sizeof tables / sizeof tables[0], .column = c }
#define ROW "id[integer]:1 "
#define OTHER(v) " note[text]:" v

static const struct line { const char *text; enum slot_op op; enum slot_says says; } lines[] = {
	{ "table public.plain: INSERT: " ROW "legacy[integer]:5" OTHER("'x'"), SLOT_INSERT, SLOT_HIT },
	{ "table public.plain: INSERT: " ROW "legacy[integer]:null", SLOT_INSERT, SLOT_NOTHING },
	{ "table public.plain: INSERT: " ROW "legacy[text]:'null'", SLOT_INSERT, SLOT_HIT },
	{ "table public.plain: INSERT: id[integer]:1", SLOT_INSERT, SLOT_OPEN },   /* before the column was there */
	{ "table public.plain: INSERT: (no-tuple-data)", SLOT_INSERT, SLOT_OPEN },
	/* Names and values that look like others. */
	{ "table public.plain: INSERT: note[text]:' legacy[integer]:7' legacy[integer]:null", SLOT_INSERT, SLOT_NOTHING },
	{ "table public.plain: INSERT: note[text]:'it''s legacy[integer]:7' legacy[integer]:null", SLOT_INSERT, SLOT_NOTHING },
	{ "table public.plain: INSERT: \" legacy[integer]:7\"[text]:null legacy[integer]:null", SLOT_INSERT, SLOT_NOTHING },
	{ "table public.plain: INSERT: t[public.\"x]:7 legacy\"[]]:'{}' legacy[integer]:null", SLOT_INSERT, SLOT_NOTHING },
	{ "table public.plain: INSERT: t[text[]]:'{a,b}' b[bit varying]:B'01' f[boolean]:true n[numeric]:NaN legacy[timestamp with time zone]:'2020-01-01 00:00:00+00'", SLOT_INSERT, SLOT_HIT },
	{ "table public.plain: INSERT: legacy2[integer]:7 legacy[integer]:null lega[integer]:1", SLOT_INSERT, SLOT_NOTHING },
	{ "table public.\"a\"\"b\": INSERT: legacy[integer]:5", SLOT_INSERT, SLOT_HIT },
	{ "table public.\"odd: x, y\": INSERT: legacy[integer]:5", SLOT_INSERT, SLOT_HIT },
	/* What was there before is known of a full row alone. */
	{ "table public.plain: UPDATE: " ROW "legacy[integer]:5", SLOT_UPDATE, SLOT_OPEN },
	{ "table public.plain: UPDATE: " ROW "legacy[integer]:null", SLOT_UPDATE, SLOT_OPEN },
	{ "table public.plain: UPDATE: old-key: id[integer]:2 new-tuple: " ROW "legacy[integer]:5", SLOT_UPDATE, SLOT_OPEN },
	{ "table public.plain: UPDATE: " ROW "legacy[text]:unchanged-toast-datum", SLOT_UPDATE, SLOT_NOTHING },
	{ "table public.plain: UPDATE: " ROW "legacy[text]:'unchanged-toast-datum'", SLOT_UPDATE, SLOT_OPEN },
	{ "table public.plain: UPDATE: (no-tuple-data)", SLOT_UPDATE, SLOT_OPEN },
	{ "table public.full: UPDATE: old-key: " ROW "legacy[integer]:5 new-tuple: " ROW "legacy[integer]:5" OTHER("'y'"), SLOT_UPDATE, SLOT_NOTHING },
	{ "table public.full: UPDATE: old-key: " ROW "legacy[integer]:5 new-tuple: " ROW "legacy[integer]:6", SLOT_UPDATE, SLOT_HIT },
	{ "table public.full: UPDATE: old-key: " ROW "legacy[integer]:5 new-tuple: " ROW "legacy[integer]:null", SLOT_UPDATE, SLOT_HIT },
	{ "table public.full: UPDATE: old-key: id[integer]:1 new-tuple: " ROW "legacy[integer]:6", SLOT_UPDATE, SLOT_HIT },
	{ "table public.full: UPDATE: old-key: id[integer]:1 new-tuple: " ROW "legacy[integer]:null", SLOT_UPDATE, SLOT_NOTHING },
	{ "table public.full: UPDATE: old-key: " ROW "legacy[text]:'a new-tuple: b' new-tuple: " ROW "legacy[text]:'a new-tuple: b'", SLOT_UPDATE, SLOT_NOTHING },
	{ "table public.full: UPDATE: old-key: " ROW "legacy[text]:'ab' new-tuple: " ROW "legacy[text]:'ab '", SLOT_UPDATE, SLOT_HIT },
	{ "table public.full: UPDATE: " ROW "legacy[integer]:6", SLOT_UPDATE, SLOT_OPEN },   /* from before it was full */
	{ "table public.key: UPDATE: " ROW "legacy[integer]:6", SLOT_UPDATE, SLOT_NOTHING },
	{ "table public.key: UPDATE: old-key: legacy[integer]:5 id[integer]:1 new-tuple: " ROW "legacy[integer]:6", SLOT_UPDATE, SLOT_HIT },
	{ "table public.key: UPDATE: old-key: legacy[integer]:6 id[integer]:1 new-tuple: id[integer]:2 legacy[integer]:6", SLOT_UPDATE, SLOT_NOTHING },
	{ "table public.plain: DELETE: id[integer]:1", SLOT_DELETE, SLOT_NOTHING },
	{ "table public.plain: DELETE: (no-tuple-data)", SLOT_DELETE, SLOT_NOTHING },
	{ "table public.plain: TRUNCATE: (no-flags)", SLOT_TRUNCATE, SLOT_HIT },
	{ "table other.t, public.plain: TRUNCATE: restart_seqs cascade", SLOT_TRUNCATE, SLOT_HIT },
	{ "table public.\"odd: x, y\", other.t: TRUNCATE: (no-flags)", SLOT_TRUNCATE, SLOT_HIT },
	/* What is not written as known may have written it. */
	{ "table public.plain: MERGE: id[integer]:1", SLOT_UPDATE, SLOT_OPEN },
	{ "table public.plain, cu", SLOT_UPDATE, SLOT_OPEN },
	{ "table public.plain: INSERT:", SLOT_INSERT, SLOT_OPEN },
	{ "table public.plain: INSERT: legacy", SLOT_INSERT, SLOT_OPEN },
	{ "table public.plain: INSERT: legacy[integer", SLOT_INSERT, SLOT_OPEN },
	{ "table public.plain: INSERT: legacy[integer]", SLOT_INSERT, SLOT_OPEN },
	{ "table public.plain: INSERT: legacy[integer]:", SLOT_INSERT, SLOT_OPEN },
	{ "table public.plain: INSERT: legacy[text]:'x", SLOT_INSERT, SLOT_OPEN },
	{ "table public.plain: INSERT: \"legacy[text]:'x'", SLOT_INSERT, SLOT_OPEN },
	{ "table public.plain: INSERT: t[\"x", SLOT_INSERT, SLOT_OPEN },
	{ "table public.full: UPDATE: old-key: " ROW "legacy[integer]:5", SLOT_UPDATE, SLOT_OPEN },
};
#define LINES (sizeof lines / sizeof lines[0])

START_TEST(each_line)
{
	const struct slot_ask q = OF("legacy");
	enum slot_op op;
	enum slot_says says;
	ck_assert_msg(slotline_judge(&q, lines[_i].text, strlen(lines[_i].text), &op, &says), "%s", lines[_i].text);
	ck_assert_msg(op == lines[_i].op && says == lines[_i].says, "%s: op %d says %d", lines[_i].text, op, says);
}
END_TEST

START_TEST(other_tables)
{
	static const char *const others[] = {
		"", "table", "table ", "table public", "table public.", "table public.plai: INSERT: legacy[integer]:5", "table public.plain2: INSERT: legacy[integer]:5",
		"table other.plain: INSERT: legacy[integer]:5", "table public.\"plain\": INSERT: legacy[integer]:5", "table public.\"a: INSERT: legacy[integer]:5",
		"table other.t, other.u: TRUNCATE: (no-flags)", "COMMIT (at 2026-11-26 03:21:52.917359+00)", "message: transactional: 1 prefix: x, sz: 1 content:x",
	};
	const struct slot_ask q = OF("legacy");
	enum slot_op op;
	enum slot_says says;
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		ck_assert_msg(!slotline_judge(&q, others[i], strlen(others[i]), &op, &says), "%s", others[i]);
}
END_TEST

/* A column whose name needs quotes; a default may have filled it; of a whole table everything counts. */
START_TEST(what_is_asked)
{
	static const char odd[] = "table public.plain: INSERT: \"We]ird [c\"[text[]]:'{a}'", set[] = "table public.plain: INSERT: legacy[integer]:5",
		gone[] = "table public.plain: DELETE: (no-tuple-data)", touched[] = "table public.plain: UPDATE: broken";
	struct slot_ask q = OF("\"We]ird [c\"");
	enum slot_op op;
	enum slot_says says;
	ck_assert(slotline_judge(&q, odd, strlen(odd), &op, &says) && says == SLOT_HIT);
	q.column = "legacy";
	q.filled = true;
	ck_assert(slotline_judge(&q, set, strlen(set), &op, &says) && says == SLOT_OPEN);
	q.column = NULL;
	ck_assert(slotline_judge(&q, gone, strlen(gone), &op, &says) && op == SLOT_DELETE && says == SLOT_HIT);
	ck_assert(slotline_judge(&q, touched, strlen(touched), &op, &says) && op == SLOT_UPDATE && says == SLOT_HIT);
}
END_TEST

/* A line cut at any byte is read without going past its end, and never says that nothing was written of the column after the cut. */
START_TEST(cut_anywhere)
{
	static const char line[] = "table public.full: UPDATE: old-key: id[integer]:1 legacy[text]:'a''b' new-tuple: id[integer]:1 legacy[text]:'c'";
	const struct slot_ask q = OF("legacy");
	enum slot_op op;
	enum slot_says says;
	for (size_t n = 0; n < strlen(line); n++) {
		char *copy = strndup(line, n);   /* no byte behind it: sanitizers see one too many */
		bool ours = slotline_judge(&q, copy, n, &op, &says);
		ck_assert(!ours || says != SLOT_NOTHING);
		free(copy);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("slotline");
	TCase *t = tcase_create("slotline");
	tcase_add_loop_test(t, each_line, 0, LINES);
	tcase_add_test(t, other_tables);
	tcase_add_test(t, what_is_asked);
	tcase_add_test(t, cut_anywhere);
	suite_add_tcase(s, t);
	return test_main(s);
}
