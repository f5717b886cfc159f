/* SPDX-License-Identifier: MIT */
#include "core/source.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "tests/lib_test.h"

static struct arena *a;
static struct source_found found;

static void setup(void) { a = arena_new(); }
static void teardown(void) { arena_free(a); }

static struct source *start(struct source_target t, size_t keep)
{
	struct source *s = source_new(a, &t, keep, &found);
	ck_assert_ptr_nonnull(s);
	return s;
}

/* As a reader of files does it, with a buffer of `room` bytes. */
static size_t read_all(struct source *s, const char *path, const char *text, size_t len, size_t room)
{
	char *buf = arena_alloc(a, room + 1);
	size_t have = 0;
	source_begin(s, 0, path);
	for (;;) {
		size_t n = len < room - have ? len : room - have;
		memcpy(buf + have, text, n);
		have += n;
		text += n;
		len -= n;
		size_t used = source_feed(s, buf, have, len == 0);
		ck_assert(used <= have && (len == 0 ? used == have : have < room || used > 0));
		have -= used;
		memmove(buf, buf + used, have);
		if (len == 0)
			return source_end(s);
	}
}

static const struct source_target note = { TARGET_COLUMN, "public", "orders", "legacy_note" };
static const struct source_target status = { TARGET_COLUMN, "public", "orders", "status" };
static const struct source_target total = { TARGET_COLUMN, "public", "shop_order", "order_total" };
static const struct source_target odd = { TARGET_COLUMN, "public", "Order Lines", "Legacy Total ($)" };
static const struct source_target camel = { TARGET_COLUMN, "public", "orders", "legacyNote" };
static const struct source_target orders = { TARGET_TABLE, "public", "orders", "orders" };
static const struct source_target some = { TARGET_ROWS, "public", "orders", "orders" };
static const struct source_target items = { TARGET_TABLE, "shop", NULL, "order_items" };
static const struct source_target idx = { TARGET_INDEX, "public", "orders", "orders_legacy_note_idx" };
static const struct source_target type = { TARGET_TYPE, "public", NULL, "order_status" };

static const struct source_target two = { TARGET_COLUMN, "public", "orders", "2fa_code" };
static const struct source_target accent = { TARGET_COLUMN, "public", "orders", "\xC3\xA9tat_civil" };
static const struct source_target groups = { TARGET_TABLE, "public", NULL, "groups" };
static const struct source_target over = { TARGET_COLUMN, "public", "order_legacy", "legacy_note" };

#define T SOURCE_TOGETHER
#define F SOURCE_FILE
#define N SOURCE_NAME
#define C SOURCE_COMMON
#define P SOURCE_PART
#define NONE SOURCE_GRADES

struct row { const struct source_target *target; const char *text; enum source_grade grade; };
#define APART "\n\n\n\n\n\n"   /* more than near */
static const struct row rows[] = {
	/* the spellings */
	{ &note, "x = legacy_note", N }, { &note, "x.legacyNote", N }, { &note, "LegacyNote", N }, { &note, "LEGACY_NOTE", N }, { &note, "'legacy-note'", N },
	{ &note, "legacynote", N }, { &note, ":legacy_note", N }, { &note, "\"legacy_note\"", N }, { &note, "_legacy_note", N }, { &note, "`legacy_note`", N },
	{ &note, "[legacy_note]", N }, { &note, "legacy_note?", N }, { &note, "$legacy_note", N }, { &note, "@legacy_note", N }, { &note, "legacy__note", N },
	{ &camel, "legacy_note", N }, { &camel, "legacyNote", N }, { &camel, "LEGACY_NOTE", N },
	{ &odd, "\"Legacy Total ($)\"", N }, { &odd, "legacy_total", N }, { &odd, "legacyTotal", N }, { &odd, "Legacy  Total", NONE },
	{ &two, "x.2fa_code", N }, { &two, "2faCode", N }, { &accent, "\xC3\xA9tat_civil", N }, { &accent, "x\xC3\xA9tat_civil", NONE }, { &note, "  legacy_note \r\n", N },
	/* accessors */
	{ &note, "getLegacyNote()", N }, { &note, "set_legacy_note", N }, { &note, "findByLegacyNote(x)", N }, { &note, "find_by_legacy_note", N },
	{ &note, "legacy_note_was", N }, { &note, "legacy_note__icontains=1", N }, { &note, "shop__legacy_note", N }, { &note, "COL_LEGACY_NOTE", N },
	{ &note, "existsByLegacyNote__x", N },
	/* other names */
	{ &note, "legacy note", NONE }, { &note, "legacy_notes", NONE }, { &note, "legacynoted", NONE }, { &note, "xlegacy_note", NONE },
	{ &note, "legacy.note", NONE }, { &note, "legacy--note", NONE }, { &note, "legacy_not", NONE }, { &note, "'legacy' + '_note'", NONE },
	{ &note, "legacy_note_eur", P }, { &note, "x_legacy_note", P }, { &note, "oldLegacyNoteText", P }, { &note, "legacy_note_was_here", P },
	{ &note, "l\xC3\xA9gacy_note", NONE }, { &note, "legacy_note\xC3\xA9", NONE },
	/* with the table */
	{ &note, "orders.legacy_note", T }, { &note, "Order.legacyNote", T }, { &note, "order[:legacy_note]", T }, { &note, "\"orders\".\"legacy_note\"", T },
	{ &note, "select legacy_note\n  from orders", T }, { &note, "orders\n\n\n\n\nlegacy_note", T }, { &note, "legacy_note\n\n\n\n\norders", T },
	{ &note, "orders" APART "legacy_note", F }, { &note, "legacy_note" APART "orders", F }, { &note, "invoices.legacy_note", N },
	{ &note, "select legacy_note from x order by 1", N }, { &note, "ORDER BY legacy_note", N }, { &note, "query.orderBy('legacy_note')", N },
	{ &note, "order_legacy_note", T }, { &note, "orders__legacy_note", T }, { &note, "currentOrder.getLegacyNote()", T }, { &note, "orders_archive" APART "legacy_note", F },
	{ &note, "border" APART "legacy_note", N }, { &note, "class Order" APART "@Column(name = \"legacy_note\")", T }, { &note, "@map(\"legacy_note\")", N },
	{ &note, "class Order" APART "db_column='legacy_note'", T },
	{ &total, "order_total", N }, { &total, "class Order:" APART "order_total = 1", F }, { &total, "total_order", NONE }, { &total, "shop_order" APART "order_total", F },
	{ &over, "order_legacy_note", P },
	/* common words */
	{ &status, "orders status", F }, { &status, "order_x__status", F },
	{ &status, "status", C }, { &status, "orders" APART "status", F }, { &status, "orders\nstatus", F }, { &status, "orders.status", T }, { &status, "getStatus()", C },
	{ &status, "order?.status", T }, { &status, "Order(status=1)", T }, { &status, "order_status", P }, { &status, "http_status", P },
	{ &status, "db_column='status'", N }, { &status, "orders and status", F }, { &status, "orders, [status]", F },
	/* tables */
	{ &orders, "from orders", T }, { &orders, "FROM public.orders", T }, { &orders, "self.table_name = 'orders'", T }, { &orders, "__tablename__ = \"orders\"", T },
	{ &orders, "@Table(name = \"orders\")", T }, { &orders, "class Order < ApplicationRecord", T }, { &orders, "model Order {", T }, { &orders, "@@map(\"orders\")", T },
	{ &orders, "has_many :orders", T }, { &orders, "orders.each", C }, { &orders, "order.save", C }, { &orders, "OrdersController", P }, { &orders, "order by x", NONE },
	{ &orders, "ORDER  BY x", NONE }, { &orders, "order bytes", C }, { &orders, "order b", C }, { &orders, "group by orders", C }, { &orders, "public_orders", P },
	{ &some, "delete from orders", T }, { &some, "orders", C },
	{ &items, "order_items", N }, { &items, "orderItems", N }, { &items, "OrderItem", N }, { &items, "item", C }, { &items, "class Item", N }, { &items, "shop.order_items", T },
	{ &items, "shop_order_items", T }, { &items, "join order_items", T }, { &items, "only(order_items)", T }, { &items, "order", NONE },
	{ &orders, "order_by", NONE }, { &orders, "order\tby", NONE }, { &orders, "order                    by x", C }, { &orders, "order be", C },
	{ &groups, "group by x", NONE }, { &groups, "GROUP BY x", NONE }, { &groups, "Group", C }, { &groups, "GroupBy", P }, { &note, "legacy_note\norders orders", T },
	/* indexes and types */
	{ &idx, "orders_legacy_note_idx", N }, { &idx, "drop index orders_legacy_note_idx", T }, { &idx, "orders" APART "orders_legacy_note_idx", F },
	{ &type, "order_status", N }, { &type, "create type order_status", T }, { &type, "enum OrderStatus", T }, { &type, "order_statuses", N }, { &type, "cast(x as order_status)", T },
	{ &type, "status", C },
};

START_TEST(each_spelling_has_its_grade)
{
	const struct row *r = &rows[_i];
	struct source *s = start(*r->target, 10);
	read_all(s, "src/x.c", r->text, strlen(r->text), 4 * SOURCE_PIECE);
	for (int g = 0; g < SOURCE_GRADES; g++)
		ck_assert_msg(found.count[g] == (g == (int)r->grade) && found.n[g] == found.count[g], "%s: %zu %s", r->text, found.count[g], source_grade_name(g));
	ck_assert_uint_eq(found.files, r->grade != NONE);
}
END_TEST

START_TEST(a_hit_says_where)
{
	static const char text[] = "one\n\n\tif (order.legacyNote \x1b[31m > 0)\r\nlegacy_note";
	struct source *s = start(note, 10);
	ck_assert_uint_eq(read_all(s, "a\nb/\xE2\x80\xAE.c", text, strlen(text), 4 * SOURCE_PIECE), 4);
	ck_assert_uint_eq(found.n[T], 2);
	const struct source_hit *h = found.hit[T];
	ck_assert_str_eq(h[0].file, "a\\x0ab/\\u{202E}.c");
	ck_assert_uint_eq(h[0].line, 3);
	ck_assert_uint_eq(h[0].column, 12);
	ck_assert_str_eq(h[0].as, "legacyNote");
	ck_assert_int_eq(h[0].form, SPELL_CAMEL);
	ck_assert(!h[0].accessor);
	ck_assert_str_eq(h[0].excerpt, "if (order.legacyNote \\x1b[31m > 0)");
	ck_assert_uint_eq(h[1].line, 4);
	ck_assert_uint_eq(h[1].column, 1);
	ck_assert_str_eq(h[1].excerpt, "legacy_note");
}
END_TEST

START_TEST(a_path_names_the_table)
{
	read_all(start(note, 10), "app/models/order.rb", "legacy_note", 11, 4 * SOURCE_PIECE);
	ck_assert_uint_eq(found.n[F], 1);
	read_all(start(note, 10), "app/OrderService.java", "legacy_note", 11, 4 * SOURCE_PIECE);
	ck_assert_uint_eq(found.n[F], 1);
	read_all(start(note, 10), "orders/x.sql", "legacy_note", 11, 4 * SOURCE_PIECE);
	ck_assert_uint_eq(found.n[F], 1);
	read_all(start(note, 10), "app/border.rb", "legacy_note", 11, 4 * SOURCE_PIECE);
	ck_assert_uint_eq(found.n[N], 1);
	read_all(start(orders, 10), "public/x.rb", "orders", 6, 4 * SOURCE_PIECE);
	ck_assert_uint_eq(found.n[C], 1);
}
END_TEST

/* Lists are bounded, counts are not; a file after another keeps its own grades. */
START_TEST(what_is_not_kept_is_counted)
{
	struct source *s = start(note, 3);
	char text[4000] = "";
	for (int i = 0; i < 10; i++)
		strcat(text, "legacy_note legacy_note_x\n" APART);
	read_all(s, "a.c", text, strlen(text), 4 * SOURCE_PIECE);
	ck_assert_uint_eq(found.count[N], 10);
	ck_assert_uint_eq(found.n[N], 3);
	strcat(text, "orders");
	read_all(s, "b.c", text, strlen(text), 4 * SOURCE_PIECE);
	ck_assert_uint_eq(found.count[N], 10);
	ck_assert_uint_eq(found.count[F], 10);
	ck_assert_uint_eq(found.n[F], 3);
	ck_assert_uint_eq(found.count[P], 20);
	ck_assert_uint_eq(found.files, 2);
	read_all(s, "c.c", text, strlen(text), 4 * SOURCE_PIECE);
	ck_assert_uint_eq(found.count[F], 20);
	ck_assert_str_eq(found.hit[F][2].file, "b.c");
	ck_assert_uint_eq(found.hit[F][2].line, 15);
}
END_TEST

/* What a table brings near may be of several lines, and only of the last five. */
START_TEST(near_goes_both_ways)
{
	static const char text[] = "legacy_note\nlegacy_note\nlegacy_note legacy_note\n\n\n\norders\nlegacy_note\norders";
	read_all(start(note, 10), "a.c", text, strlen(text), 4 * SOURCE_PIECE);
	ck_assert_uint_eq(found.count[T], 4);
	ck_assert_uint_eq(found.count[F], 1);
	ck_assert_uint_eq(found.hit[F][0].line, 1);
	ck_assert_uint_eq(found.hit[T][0].line, 2);
	ck_assert_uint_eq(found.hit[T][1].line, 3);
	ck_assert_uint_eq(found.hit[T][1].column, 1);
	ck_assert_uint_eq(found.hit[T][2].column, 13);
	ck_assert_uint_eq(found.hit[T][3].line, 8);
	read_all(start(note, 2), "a.c", text, strlen(text), 4 * SOURCE_PIECE);
	ck_assert_uint_eq(found.count[T], 4);
	ck_assert_uint_eq(found.n[T], 2);
}
END_TEST

/* A line of a megabyte without a line's end, the name at every place of a piece's edge. */
START_TEST(long_lines_are_read_in_pieces)
{
	enum { LEN = 1 << 20, STEP = 613 };
	char *text = arena_alloc(a, LEN + 1);
	memset(text, ';', LEN);
	size_t n = 0;
	for (size_t at = 0; at + 40 < LEN; at += STEP, n++)
		memcpy(text + at, n % 2 ? "getLegacyNote" : "legacy_note_eur", n % 2 ? 13 : 15);
	for (size_t room = 2 * SOURCE_PIECE; room < 2 * SOURCE_PIECE + 40; room += 13) {
		struct source *s = start(note, 2000);
		ck_assert_uint_eq(read_all(s, "min.js", text, LEN, room), 1);
		ck_assert_uint_eq(found.count[N], n / 2);
		ck_assert_uint_eq(found.count[P], n - n / 2);
		for (size_t i = 0; i < found.n[N]; i++)
			ck_assert_uint_eq(found.hit[N][i].column, 1 + STEP * (2 * i + 1));
		ck_assert_str_eq(found.hit[N][0].as, "getLegacyNote");
		ck_assert_uint_eq(strlen(found.hit[N][1].excerpt), 4 + 60 + 13 + 100 + 4);
	}
	memset(text, 'x', LEN);
	memcpy(text + LEN - 12, "_legacy_note", 12);
	read_all(start(note, 10), "base64", text, LEN, 2 * SOURCE_PIECE);
	ck_assert_uint_eq(found.count[P], 1);
	ck_assert_uint_eq(strlen(found.hit[P][0].as), 80);
}
END_TEST

/* Files of many lines, in pieces; and a reader that gets little at a time. */
START_TEST(lines_are_read_in_pieces)
{
	enum { TIMES = 20000 };
	char *text = arena_alloc(a, 40 * TIMES);
	size_t len = (size_t)sprintf(text, "orders\n\n\n\n\n\n");
	for (int i = 0; i < TIMES; i++)
		len += (size_t)sprintf(text + len, "line %d of legacy_note\n", i);
	struct source *s = start(note, 10);
	ck_assert_uint_eq(read_all(s, "x", text, len, 2 * SOURCE_PIECE), TIMES + 6);
	ck_assert_uint_eq(found.count[F], TIMES);
	ck_assert_uint_eq(found.hit[F][9].line, 16);
	s = start(status, 10);
	source_begin(s, 0, "x");
	ck_assert_uint_eq(source_feed(s, "orders.sta", 10, false), 0);
	ck_assert_uint_eq(source_feed(s, "orders.status\nsta", 17, false), 14);
	ck_assert_uint_eq(source_feed(s, "status", 6, true), 6);
	ck_assert_uint_eq(source_end(s), 2);
	ck_assert_uint_eq(found.count[T], 1);
	ck_assert_uint_eq(found.count[F], 1);
	ck_assert_uint_eq(found.hit[F][0].line, 2);
	/* what stood in a piece before is not looked at again */
	memset(text, ';', 40 * TIMES);
	memcpy(text, "orders", 6);
	memcpy(text + 100000, ".status", 7);
	read_all(start(status, 10), "x", text, 40 * TIMES, 2 * SOURCE_PIECE);
	ck_assert_uint_eq(found.count[F], 1);
}
END_TEST

/* Lists that fill up while a file is graded. */
START_TEST(lists_fill_up)
{
	static const char text[] = "orders.legacy_note" APART "legacy_note legacy_note\norders";
	struct source *s = start(note, 2);
	read_all(s, "a", text, strlen(text), 4 * SOURCE_PIECE);
	ck_assert_uint_eq(found.count[T], 3);
	ck_assert_uint_eq(found.n[T], 2);
	s = start(note, 3);
	read_all(s, "a", text, strlen(text), 4 * SOURCE_PIECE);
	read_all(s, "b", text, strlen(text), 4 * SOURCE_PIECE);
	ck_assert_uint_eq(found.count[T], 6);
	ck_assert_uint_eq(found.n[T], 3);
	s = start(note, 4);
	for (int i = 0; i < 2; i++)
		read_all(s, i ? "b" : "a", text, strlen(text), 4 * SOURCE_PIECE);
	ck_assert_str_eq(found.hit[T][3].file, "b");
}
END_TEST

/* An excerpt is cut between characters. */
START_TEST(excerpts_keep_whole_characters)
{
	char text[2000] = "";
	for (int i = 0; i < 100; i++)
		strcat(text, "\xE2\x82\xAC");
	strcat(text, " legacy_note ");
	for (int i = 0; i < 100; i++)
		strcat(text, "\xE2\x82\xAC");
	read_all(start(note, 10), "a", text, strlen(text), 4 * SOURCE_PIECE);
	const char *e = found.hit[N][0].excerpt;
	ck_assert_msg(!strchr(e, '\\') && strncmp(e, "... \xE2\x82\xAC", 7) == 0, "%s", e);
	ck_assert_str_eq(e + strlen(e) - 7, "\xE2\x82\xAC ...");
	memset(text, '\x80', 1600);   /* nothing but rests of characters */
	memcpy(text + 800, "_legacy_note_", 13);
	read_all(start(note, 10), "a", text, 1600, 4 * SOURCE_PIECE);
	ck_assert_uint_eq(found.count[P], 1);
}
END_TEST

START_TEST(names_are_told)
{
	const char *v[30];
	struct source *s = start(items, 1);
	size_t n = source_names(s, v, 30, false);
	ck_assert_str_eq(source_grade_name(SOURCE_NAME), "the name alone");
	ck_assert_uint_eq(n, 4);
	ck_assert_str_eq(v[0], "order_items");
	ck_assert_str_eq(v[1], "order_item");
	ck_assert_str_eq(v[3], "item");
	ck_assert_uint_eq(source_names(s, v, 2, false), 2);
	ck_assert_uint_eq(source_names(s, v, 30, true), 1);
	struct source_target nothing = { TARGET_COLUMN, "s", "t", "$-_" }, same = { TARGET_COLUMN, NULL, "user", "user" }, bare = { TARGET_COLUMN, NULL, NULL, "x" };
	ck_assert_ptr_null(source_new(a, &nothing, 1, &found));
	ck_assert_uint_eq(source_names(start(same, 1), v, 30, true), 1);
	ck_assert_uint_eq(source_names(start(bare, 1), v, 30, true), 0);
	ck_assert_uint_eq(source_names(start((struct source_target){ TARGET_TABLE, "*", NULL, "x" }, 1), v, 30, true), 0);
	ck_assert_uint_eq(source_names(start((struct source_target){ TARGET_TABLE, NULL, NULL, "x" }, 1), v, 30, true), 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("source");
	TCase *t = tcase_create("source");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, each_spelling_has_its_grade, 0, (int)(sizeof rows / sizeof *rows));
	tcase_add_test(t, a_hit_says_where);
	tcase_add_test(t, a_path_names_the_table);
	tcase_add_test(t, what_is_not_kept_is_counted);
	tcase_add_test(t, near_goes_both_ways);
	tcase_add_test(t, long_lines_are_read_in_pieces);
	tcase_add_test(t, lines_are_read_in_pieces);
	tcase_add_test(t, lists_fill_up);
	tcase_add_test(t, excerpts_keep_whole_characters);
	tcase_add_test(t, names_are_told);
	suite_add_tcase(s, t);
	return test_main(s);
}
