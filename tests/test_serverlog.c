/* SPDX-License-Identifier: MIT */
/* The server's log: entries cut from bytes, plans and what an entry says, without a server. */
#include "adapter/logjudge.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "tests/lib_test.h"

static struct arena *a;
static struct text seen;

static void setup(void)
{
	a = arena_new();
	seen = (struct text){ 0 };
}

static void teardown(void)
{
	arena_free(a);
	text_free(&seen);
}

/* "role@database/app state message [statement]" a line */
static void note(void *ctx, const struct log_record *r)
{
	(void)ctx;
	text_addf(&seen, "%s@%s/%s %s %.60s", r->role ? r->role : "-", r->database ? r->database : "-", r->app ? r->app : "-", r->state ? r->state : "-", r->message);
	if (r->statement)
		text_addf(&seen, " [%s]", r->statement);
	text_add(&seen, r->cut ? " (cut)\n" : "\n");
}

static struct log_count feed(const struct log_opts *o, const char *log, size_t len, size_t piece, size_t *left)
{
	struct logread *r = logread_new(o);
	text_clear(&seen);
	for (size_t at = 0; at < len; at += piece)
		logread_feed(r, log + at, len - at < piece ? len - at : piece);
	*left = logread_end(r);
	struct log_count c = logread_count(r);
	logread_free(r);
	return c;
}

/* The same entries whatever the pieces. */
static void reads(const struct log_opts *o, const char *log, const char *want, size_t want_left)
{
	size_t left;
	for (size_t piece = 1; piece <= strlen(log) + 1; piece += piece < 70 ? 1 : 97) {
		feed(o, log, strlen(log), piece, &left);
		ck_assert_str_eq(text_str(&seen), want);
		ck_assert_uint_eq(left, want_left);
	}
}

#define CSV(user, db, state, message, statement, app) \
	"2026-11-26 04:30:00.123 UTC,\"" user "\",\"" db "\",123,\"10.0.4.17:40112\",6566.1,2,\"SELECT\",2026-11-26 04:29:00 UTC,3/4,0,LOG," state ",\"" message "\",,,,,," \
	statement ",,,\"" app "\",\"client backend\",,0\n"
#define JSON(user, message) "{\"timestamp\":\"2026-11-26 04:30:00.123 UTC\",\"user\":\"" user "\",\"dbname\":\"shop\",\"pid\":1,\"error_severity\":\"LOG\"," \
	"\"message\":\"" message "\",\"application_name\":\"web\",\"query_id\":0}\n"

START_TEST(csv)
{
	const struct log_opts o = { .format = LOG_CSV, .sink = note };
	reads(&o, CSV("etl", "shop", "00000", "one", "", "web"), "etl@shop/web 00000 one\n", 0);
	reads(&o, CSV("e\"\"t\nl", "shop", "42703", "a \"\"b\"\"\nc,d", "\"SELECT\n1\"", "x,\"\"y\"\"") CSV("etl", "shop", "00000", "two", "", "web"),
		"e\"t\nl@shop/x,\"y\" 42703 a \"b\"\nc,d [SELECT\n1]\netl@shop/web 00000 two\n", 0);
	/* What is not written to its end is left for the next time. */
	reads(&o, CSV("etl", "shop", "00000", "one", "", "web") "2026-11-26 04:30:00.123 UTC,\"et\nl", "etl@shop/web 00000 one\n", 33);
	/* Fields that are not there: by no session; and what is no entry. */
	reads(&o, "2026-11-26 04:30:00.123 UTC,,,9,,65.9,1,,2026-11-26 04:29:00 UTC,,0,LOG,00000,\"parameter \"\"log_x\"\" changed\",,,,,,,,,\"\",\"postmaster\",,0\n",
		"-@-/ 00000 parameter \"log_x\" changed\n", 0);
	reads(&o, "a,b,c\n,\n\n" CSV("etl", "shop", "00000", "one", "", "web"), "etl@shop/web 00000 one\n", 0);
}
END_TEST

START_TEST(json)
{
	const struct log_opts o = { .format = LOG_JSON, .sink = note };
	reads(&o, JSON("etl", "one\\n{\\\"message\\\":\\\"no\\\"}") JSON("e\\ntl", "two"), "etl@shop/web - one\n{\"message\":\"no\"}\ne\ntl@shop/web - two\n", 0);
	reads(&o, "no json\n{}\n[1]\n" JSON("etl", "one") "{\"timest", "etl@shop/web - one\n", 8);
	size_t left;
	const char *bad = "no json\n{}\n" JSON("etl", "one");
	ck_assert_uint_eq(feed(&o, bad, strlen(bad), 1000, &left).unreadable, 2);
}
END_TEST

#define P "2026-11-26 04:30:00.123 UTC [7] etl@shop/my app "
START_TEST(by_prefix)
{
	const struct log_opts o = { .format = LOG_STDERR, .prefix = "%m [%p] %q%u@%d/%a ", .sink = note };
	reads(&o, P "LOG:  one\n", "etl@shop/my app - one\n", 0);
	reads(&o, P "LOG:  AUDIT: OBJECT,1\n", "etl@shop/my app - AUDIT: OBJECT,1\n", 0);
	reads(&o, P "ERROR:  42703: column \"x\" does not exist at character 8\n" P "LOCATION:  f, parse.c:1\n" P "STATEMENT:  SELECT x\n\tFROM y\n" P "LOG:  two\n\tmore\n",
		"etl@shop/my app 42703 column \"x\" does not exist at character 8 [SELECT x\nFROM y]\netl@shop/my app - two\nmore\n", 0);
	/* A process of the server's own has a shorter prefix; and what others wrote into the file. */
	reads(&o, "2026-11-26 04:30:00.123 UTC [7] LOG:  parameter \"log_x\" changed\nsh: no such file\n" P "LOG:  one\n\tmo",
		"-@-/- - parameter \"log_x\" changed\n-@-/- - sh: no such file\netl@shop/my app - one\n", 3);
	const struct log_opts plain = { .format = LOG_STDERR, .prefix = "%m [%p] ", .sink = note };
	reads(&plain, "2026-11-26 04:30:00.123 UTC [7] LOG:  one\n", "-@-/- - one\n", 0);
	const struct log_opts with_state = { .format = LOG_STDERR, .prefix = "%t:%r:%u@%d:[%p]:%e ", .sink = note };
	reads(&with_state, "2026-11-26 04:30:00 UTC:10.0.0.1(40):etl@shop:[7]:42P01 ERROR:  relation \"x\" does not exist\n", "etl@shop/- 42P01 relation \"x\" does not exist\n", 0);
	ck_assert(log_prefix_tells("%m %u@%d ") && log_prefix_tells("%-10u%20d") && !log_prefix_tells("%m [%p] ") && !log_prefix_tells("%u %") && !log_prefix_tells("%d"));
}
END_TEST

/* Ten megabytes in one entry, bytes that are no text, and only what is wanted. */
START_TEST(hostile)
{
	static const enum log_format formats[] = { LOG_CSV, LOG_JSON, LOG_STDERR };
	struct text log = { 0 };
	size_t left;
	for (size_t i = 0; i < 3; i++) {
		const struct log_opts o = { .format = formats[i], .prefix = "%m [%p] %q%u@%d/%a ", .sink = note };
		const char *tail = i == 0 ? CSV("etl", "shop", "00000", "one", "", "web") : i == 1 ? JSON("etl", "one") : P "LOG:  one\n";
		text_clear(&log);
		text_add(&log, i == 0 ? "2026-11-26 04:30:00.123 UTC,\"etl\",\"shop\",1,,,,,,,,LOG,00000,\"" : i == 1 ? "{\"message\":\"" : P "LOG:  ");
		for (int k = 0; k < 10 << 20; k += 64)
			text_add(&log, i == 1 ? "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" : "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcd\n\t");
		text_add(&log, i == 0 ? "\",,,,,,,,,\"web\",,,0\n" : i == 1 ? "\"}\n" : "\n");
		text_add(&log, tail);
		struct log_count c = feed(&o, log.s, log.len, 1 << 20, &left);
		ck_assert_uint_eq(c.entries, 2);
		ck_assert_uint_eq(c.cut, 1);
		ck_assert_uint_eq(left, 0);
		ck_assert_msg(strstr(text_str(&seen), i == 0 ? "etl@shop/web 00000 one\n" : i == 1 ? "etl@shop/web - one\n" : "etl@shop/my app - one\n") != NULL, "%s", text_str(&seen));
	}
	text_free(&log);
	const struct log_opts o = { .format = LOG_CSV, .sink = note, .wanted = (const char *const[]){ "ORDERS", NULL } };
	static const char odd[] = CSV("e\xE4l", "shop", "00000", "orders \0 \xC3", "", "web") CSV("etl", "shop", "00000", "else", "", "web");
	struct log_count c = feed(&o, odd, sizeof odd - 1, 7, &left);
	ck_assert_str_eq(text_str(&seen), "e?l@shop/web 00000 orders ? ?\n");
	ck_assert_uint_eq(c.entries, 2);
}
END_TEST

/* ---- plans ---- */

static const char *const views[] = { "order_view", NULL };
static const char *const columns[] = { "id", "note", "legacy_total", NULL };
static const struct names names = { .target = { "public", "orders", "legacy_total", views, columns, TARGET_COLUMN, NULL }, .own_roles = (const char *[]){ "ann", NULL } };
static const struct log_relation of[] = { { "public", "orders" }, { "part", "Old \"ones\"" }, { NULL, NULL } };

struct plan_row { const char *plan; enum text_use use; };
#define SCAN(rel, out) "Seq Scan on " rel "  (cost=0.00..35.50 rows=2550 width=4)\n  Output: " out
static const struct plan_row plans[] = {
	{ SCAN("public.orders", "id"), USE_NONE },
	{ SCAN("public.orders", "legacy_total"), USE_NAME },
	{ SCAN("public.orders o", "o.\"legacy_total\""), USE_NAME },
	{ SCAN("public.orders", "id, note, legacy_total"), USE_STAR },
	{ SCAN("public.orders o", "o.*"), USE_STAR },
	{ SCAN("public.orders o", "to_jsonb(o.*)"), USE_STAR },
	{ SCAN("public.orders", "id\n  Filter: (orders.legacy_total > 3)"), USE_NAME },
	{ SCAN("public.orders", "id\n  Filter: (orders.note = 'legacy_total'::text)"), USE_NONE },
	{ SCAN("other.orders", "legacy_total"), USE_NONE },
	{ SCAN("public.invoices orders", "legacy_total"), USE_NONE },
	{ SCAN("part.\"Old \"\"ones\"\"\" p_1", "p_1.legacy_total"), USE_NAME },
	/* All columns below a node that picks: the planner's shortcut. */
	{ "Aggregate  (cost=1 rows=1)\n  Output: count(*)\n  ->  Seq Scan on public.orders  (cost=1)\n        Output: id, note, legacy_total", USE_NONE },
	{ "Aggregate  (cost=1 rows=1)\n  Output: sum(legacy_total)\n  ->  Seq Scan on public.orders  (cost=1)\n        Output: id, note, legacy_total", USE_NAME },
	{ "Append  (cost=1 rows=1)\n  ->  Seq Scan on public.orders o_1  (cost=1)\n        Output: o_1.id, o_1.note, o_1.legacy_total", USE_STAR },
	{ "Hash Join  (cost=1)\n  Output: i.legacy_total\n  ->  Seq Scan on public.invoices i  (cost=1)\n        Output: i.legacy_total\n  ->  Hash  (cost=1)\n        Output: o.id\n"
		"        ->  Seq Scan on public.orders o  (cost=1)\n              Output: o.id", USE_NONE },
	{ "Index Scan using orders_pkey on public.orders  (actual rows=1)\n  Output: id\n  Index Cond: (orders.legacy_total = 1)", USE_NAME },
	/* A statement that looks like a plan hides nothing. */
	{ "x\nAggregate  (cost=1)\n  Output: count(*)\n  ->  Seq Scan on public.orders  (cost=1)\n        Output: 1\n" SCAN("public.orders", "id, note, legacy_total"), USE_STAR },
	{ "no plan of orders", USE_STAR },
	{ "no plan", USE_NONE },
};

static struct logplan plan_of(const char *head, const char *plan)
{
	struct logplan p;
	logplan_read(a, arena_printf(a, "%s%s", head, plan), false, &names.target, of, &p);
	return p;
}

START_TEST(plans_tell_real_use)
{
	for (size_t i = 0; i < sizeof plans / sizeof *plans; i++) {
		const struct logplan p = plan_of("duration: 0.041 ms  plan:\nQuery Text: SELECT 1\n", plans[i].plan);
		ck_assert(p.is_plan);
		ck_assert_msg(p.use == plans[i].use, "%s: %d", plans[i].plan, (int)p.use);
	}
	ck_assert(!plan_of("duration: 0.041 ms  statement: ", "x").is_plan);
	ck_assert(!plan_of("AUDIT: ", "x").is_plan);
}
END_TEST

#define JSON_PLAN "duration: 0.041 ms  plan:\n{\n  \"Query Text\": \"SELECT\\n \\\"x\\\" -- \\\\n\",\n  \"Plan\": {\n    \"Node Type\": \"Aggregate\",\n    \"Startup Cost\": 0.00,\n" \
	"    \"Output\": [%s],\n    \"Plans\": [\n      {\n        \"Node Type\": \"%s\",\n%s        \"Relation Name\": \"orders\",\n        \"Schema\": \"public\",\n        \"Alias\": \"o\",\n" \
	"        \"Output\": [\"o.id\", \"o.note\", \"o.legacy_total\"]\n      }\n    ]\n  }\n}"

/* Of an index, the nodes that go by it; of a table, every node on it. */
START_TEST(plans_of_other_targets)
{
	static const struct { const char *name, *plan; enum target kind; bool touches; } rows[] = {
		{ "orders_ix", "Index Only Scan using orders_ix on public.orders  (cost=1)\n  Output: id", TARGET_INDEX, true },
		{ "orders_ix", "Bitmap Heap Scan on public.orders  (cost=1)\n  ->  Bitmap Index Scan on orders_ix  (cost=1)", TARGET_INDEX, true },
		{ "orders_ix", "Index Scan using other_ix on public.orders  (cost=1)\n  Output: id", TARGET_INDEX, false },
		{ "Odd\"ix", "Index Scan using \"Odd\"\"ix\" on public.orders  (cost=1)\n  Output: id", TARGET_INDEX, true },
		{ "orders", "Seq Scan on public.orders  (cost=1)\n  Output: id", TARGET_TABLE, true },
		{ "orders", "Delete on public.orders  (cost=1)\n  ->  Seq Scan on public.orders  (cost=1)\n        Output: ctid", TARGET_TABLE, true },
		{ "orders", "Seq Scan on public.orders_2  (cost=1)\n  Output: id", TARGET_TABLE, false },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct text_target t = { .schema = "public", .table = rows[i].name, .kind = rows[i].kind };
		const struct log_relation one[] = { { "public", rows[i].name }, { NULL, NULL } };
		struct logplan p;
		logplan_read(a, arena_printf(a, "duration: 1 ms  plan:\nQuery Text: x\n%s", rows[i].plan), false, &t, one, &p);
		ck_assert_msg(p.touches == rows[i].touches && p.use == (rows[i].touches ? USE_NAME : USE_NONE), "%s", rows[i].plan);
	}
}
END_TEST

START_TEST(json_plans_too)
{
	struct logplan p;
	logplan_read(a, arena_printf(a, JSON_PLAN, "\"count(*)\"", "Seq Scan", ""), false, &names.target, of, &p);
	ck_assert(p.touches && !p.modifies && p.use == USE_NONE);
	ck_assert_str_eq(p.query, "SELECT\n \"x\" -- \\n");
	logplan_read(a, arena_printf(a, JSON_PLAN, "\"sum(o.\\\"legacy_total\\\")\"", "Seq Scan", ""), false, &names.target, of, &p);
	ck_assert_int_eq(p.use, USE_NAME);
	logplan_read(a, arena_printf(a, JSON_PLAN, "\"1\"", "ModifyTable", "        \"Operation\": \"Update\",\n"), false, &names.target, of, &p);
	ck_assert(p.modifies);
	logplan_read(a, arena_printf(a, JSON_PLAN, "\"1\"", "Seq Scan", ""), true, &names.target, of, &p);
	ck_assert_int_eq(p.use, USE_STAR);   /* its end was cut off */
}
END_TEST

/* ---- what an entry says ---- */

struct entry { const char *role, *app, *state, *message, *statement, *context; enum text_use use; enum touch touch; };
#define AUDIT(kind, class, object, text) "AUDIT: " kind ",1,1," class ",SELECT,TABLE," object ",\"" text "\",<not logged>"
static const struct entry entries[] = {
	{ "etl", "x", "00000", AUDIT("OBJECT", "READ", "public.orders", "select legacy_total from orders"), NULL, NULL, USE_NAME, TOUCH_READ },
	{ "etl", "x", "00000", AUDIT("OBJECT", "READ", "public.orders", "select \"\"legacy_total\"\" from orders"), NULL, NULL, USE_NAME, TOUCH_READ },
	{ "etl", "x", "00000", AUDIT("OBJECT", "READ", "public.orders", "select note from orders"), NULL, NULL, USE_NONE, TOUCH_READ },
	{ "etl", "x", "00000", AUDIT("OBJECT", "READ", "other.orders", "<previously logged>"), NULL, NULL, USE_NONE, TOUCH_READ },
	{ "etl", "x", "00000", "AUDIT: OBJECT,1,1,READ,SELECT,TABLE,public.orders,<previously logged>,<previously logged>", NULL, NULL, USE_STAR, TOUCH_READ },
	{ "etl", "x", "00000", AUDIT("SESSION", "WRITE", "", "begin; update orders set legacy_total = 1; commit"), NULL, NULL, USE_NAME, TOUCH_WRITE },
	{ "etl", "x", "00000", AUDIT("SESSION", "DDL", "", "alter table orders drop column legacy_total"), NULL, NULL, USE_NONE, TOUCH_NONE },
	{ "ann", "gatewalk job 4", "00000", AUDIT("SESSION", "READ", "", "select legacy_total from orders"), NULL, NULL, USE_NONE, TOUCH_READ },
	{ "ann", "psql", "00000", AUDIT("SESSION", "READ", "", "/* gatewalk */ select legacy_total from orders"), NULL, NULL, USE_NONE, TOUCH_READ },
	{ "etl", "gatewalk", "00000", AUDIT("SESSION", "READ", "", "/* gatewalk */ select legacy_total from orders"), NULL, NULL, USE_NAME, TOUCH_READ },
	{ NULL, NULL, NULL, AUDIT("SESSION", "READ", "", "select legacy_total from orders"), NULL, NULL, USE_NAME, TOUCH_READ },
	{ NULL, NULL, NULL, AUDIT("SESSION", "READ", "", "/* gatewalk */ select legacy_total from orders"), NULL, NULL, USE_NONE, TOUCH_READ },
	{ "etl", "x", "42703", "column o.legacy_total does not exist", "select o.legacy_total from orders o", NULL, USE_NAME, TOUCH_READ },
	{ "etl", "x", "42703", "column \"legacy_total\" of relation \"orders\" does not exist", NULL, NULL, USE_NAME, TOUCH_READ },
	{ "etl", "x", "42703", "column \"legacy_total\" does not exist", "select legacy_total from invoices", NULL, USE_NONE, TOUCH_READ },
	{ "etl", "x", "42703", "record \"new\" has no field \"legacy_total\"", "insert into invoices values (1)", "PL/pgSQL function f() line 3", USE_STAR, TOUCH_READ },
	{ "etl", "x", "42501", "permission denied for table orders", "select note from orders", NULL, USE_NONE, TOUCH_READ },
	{ "etl", "x", "42501", "permission denied for table orders", "select * from orders", NULL, USE_STAR, TOUCH_READ },
	{ "etl", "x", "42501", "permission denied for view order_view", NULL, NULL, USE_STAR, TOUCH_READ },
	{ "etl", "x", "42501", "permission denied for table invoices", "select legacy_total from invoices", NULL, USE_NONE, TOUCH_READ },
	{ "etl", "x", "23505", "duplicate key of orders legacy_total", NULL, NULL, USE_NONE, TOUCH_READ },
	{ "etl", "x", NULL, "permission denied for table orders", "select * from orders", NULL, USE_STAR, TOUCH_READ },
	{ "etl", "x", "00000", "duration: 1 ms  plan:\nQuery Text: update orders set legacy_total = 1\nUpdate on public.orders  (cost=1)\n  ->  Seq Scan on public.orders  (cost=1)\n        Output: 1, ctid",
		NULL, NULL, USE_NAME, TOUCH_WRITE },
	{ "etl", "x", "00000", "connection received: orders legacy_total", NULL, NULL, USE_NONE, TOUCH_NONE },
};

START_TEST(entries_are_judged)
{
	struct log_ask ask = { .names = &names, .of = of, .database = "shop" };
	for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
		const struct entry *x = &entries[i];
		struct log_record r = { .role = x->role, .database = x->role ? "shop" : NULL, .app = x->app, .state = x->state, .message = x->message, .statement = x->statement,
			.context = x->context };
		struct log_hit h = { 0 };
		bool hit = logjudge(a, &ask, &r, &h);
		ck_assert_msg(hit == (x->use != USE_NONE) && (!hit || (h.use == x->use && h.touch == x->touch)), "%zu %s: %d %d", i, x->message, hit ? (int)h.use : 0, (int)h.touch);
		r.database = "other";
		ck_assert(!logjudge(a, &ask, &r, &h));
	}
	/* With grants on the column alone, each OBJECT entry of the table is a use. */
	ask.one_column = true;
	struct log_hit h;
	const struct log_record r = { .role = "etl", .database = "shop", .message = AUDIT("OBJECT", "READ", "public.orders", "select * from v") };
	ck_assert(logjudge(a, &ask, &r, &h) && h.use == USE_STAR);
}
END_TEST

START_TEST(changed_settings_are_read)
{
	struct log_record r = { .message = "parameter \"auto_explain.sample_rate\" changed to \"0.1\"" };
	ck_assert_str_eq(logjudge_setting(a, &r), "auto_explain.sample_rate");
	r.role = "etl";   /* a client cannot say so */
	ck_assert_ptr_null(logjudge_setting(a, &r));
	r = (struct log_record){ .message = "parameter \"work_mem\" changed to \"1GB\"" };
	ck_assert_ptr_null(logjudge_setting(a, &r));
}
END_TEST

static Suite *suite(void)
{
	const TTest *const tests[] = { csv, json, by_prefix, hostile, plans_tell_real_use, plans_of_other_targets, json_plans_too, entries_are_judged, changed_settings_are_read };
	Suite *s = suite_create("serverlog");
	TCase *t = tcase_create("serverlog");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
		tcase_add_test(t, tests[i]);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return test_main(suite());
}
