/* SPDX-License-Identifier: MIT */
#include "tests/lib_test.h"

#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "base/when.h"
#include "core/act.h"
#include "core/body.h"
#include "core/fact.h"
#include "core/record.h"
#include "port/jsonread.h"

#define PREV "0000000000000000000000000000000000000000000000000000000000000000"
#define LINE "{\"b\":{\"list\":[\"x\",3,{\"y\":\"z\"}],\"why\":\"\"},\"boot\":\"b1\",\"db\":\"1.2.3\",\"lsn\":\"0/1A\",\"mono\":5,\"n\":7,\"op\":\"quiet\",\"prev\":\"" \
	PREV "\",\"sid\":\"00112233445566778899aabbccddeeff\",\"t\":\"2026-11-20T04:12:09.123456Z\",\"tl\":\"2026-11-20T04:12:10.000000Z\",\"tli\":1," \
	"\"v\":\"gwlog/1\",\"who\":\"oper1@bastion\",\"xid\":\"77\"}"

static struct arena *a;
static struct err e;
static struct record r;

static void setup(void)
{
	a = arena_new();
	err_clear(&e);
}

static void teardown(void)
{
	arena_free(a);
}

static bool decode(const char *text)
{
	struct json *j = json_read(a, text, strlen(text), &e);
	ck_assert_msg(j != NULL, "%s: %s", text, e.msg);
	err_clear(&e);
	return record_decode(a, j, &r, &e);
}

/* LINE with the first `from` replaced. */
static const char *with(const char *from, const char *to)
{
	const char *at = strstr(LINE, from);
	ck_assert_msg(at != NULL, "%s is not in the line", from);
	return arena_printf(a, "%.*s%s%s", (int)(at - LINE), LINE, to, at + strlen(from));
}

static void refused(const char *from, const char *to, const char *text)
{
	ck_assert_msg(!decode(with(from, to)), "accepted: %s", with(from, to));
	ck_assert_int_eq(e.code, ERR_VERIFY);
	ck_assert_str_eq(e.msg, text);
}

START_TEST(reads_every_field)
{
	ck_assert_msg(decode(LINE), "%s", e.msg);
	ck_assert_int_eq(r.n, 7);
	ck_assert_int_eq(r.op, OP_QUIET);
	ck_assert_str_eq(r.sid, "00112233445566778899aabbccddeeff");
	ck_assert_str_eq(r.db, "1.2.3");
	ck_assert_str_eq(r.who, "oper1@bastion");
	ck_assert_str_eq(r.prev, PREV);
	ck_assert_int_eq(r.t, INT64_C(1795147929123456));
	ck_assert_int_eq(r.local, INT64_C(1795147930000000));
	ck_assert_int_eq(r.mono_ms, 5);
	ck_assert_int_eq(r.tli, 1);
	ck_assert_str_eq(r.boot, "b1");
	ck_assert_str_eq(r.lsn, "0/1A");
	ck_assert_str_eq(r.xid, "77");
	ck_assert_ptr_null(r.t_why);
	ck_assert_ptr_nonnull(r.b);
}
END_TEST

START_TEST(writes_what_it_read)
{
	struct text t = { 0 };
	ck_assert(decode(LINE));
	json_write(&t, record_encode(a, &r));
	ck_assert_str_eq(text_str(&t), LINE);
	text_clear(&t);
	ck_assert(decode(with("\"t\":\"2026-11-20T04:12:09.123456Z\",", "\"t_why\":\"no connection\",")));
	ck_assert_int_eq(r.t, 0);
	ck_assert_str_eq(r.t_why, "no connection");
	struct json *j = record_encode(a, &r);
	ck_assert(json_is_log_subset(j));
	ck_assert_ptr_null(json_get(j, "t"));
	ck_assert_str_eq(json_str(j, "t_why"), "no connection");
	r.b = NULL;
	ck_assert_int_eq((int)json_count(json_get(record_encode(a, &r), "b")), 0);
	text_free(&t);
}
END_TEST

START_TEST(keeps_every_kind_of_value)
{
	struct text t = { 0 };
	struct json *b = json_obj(a);
	json_add_bool(b, "bool", true);
	json_add_null(b, "null");
	ck_assert(decode(LINE));
	r.b = b;
	json_write(&t, json_get(record_encode(a, &r), "b"));
	ck_assert_str_eq(text_str(&t), "{\"bool\":true,\"null\":null}");
	text_free(&t);
}
END_TEST

START_TEST(refuses_other_forms)
{
	refused("gwlog/1", "gwlog/2", "field \"v\" is not gwlog/1");
	refused("\"v\":\"gwlog/1\"", "\"v\":1", "field \"v\" is missing or no text");
	refused("\"who\":\"oper1@bastion\"", "\"who\":\"\"", "field \"who\" is empty");
	refused("\"db\":\"1.2.3\"", "\"db\":\"\"", "field \"db\" is empty");
	refused("00112233445566778899aabbccddeeff", "00112233445566778899AABBCCDDEEFF", "field \"sid\" is not 32 lower-case hex digits");
	refused("00112233445566778899aabbccddeeff", "0011", "field \"sid\" is not 32 lower-case hex digits");
	refused("\"prev\":\"0", "\"prev\":\"", "field \"prev\" is not 64 lower-case hex digits");
	refused("\"prev\":\"0", "\"prev\":\"g", "field \"prev\" is not 64 lower-case hex digits");
	refused("\"n\":7", "\"n\":-1", "field \"n\" is missing or no whole number from 0 on");
	refused("\"n\":7", "\"n\":\"7\"", "field \"n\" is missing or no whole number from 0 on");
	refused("\"n\":7,", "", "field \"n\" is missing or no whole number from 0 on");
	refused("\"op\":\"quiet\"", "\"op\":\"drop\"", "field \"op\" has an unknown word");
	refused("\"op\":\"quiet\"", "\"op\":\"none\"", "field \"op\" has an unknown word");
	refused("\"op\":\"quiet\",", "", "field \"op\" is missing or no text");
	refused("\"mono\":5", "\"mono\":-5", "field \"mono\" is missing or no whole number from 0 on");
	refused("\"tli\":1", "\"tli\":-1", "field \"tli\" is missing or no timeline");
	refused("\"boot\":\"b1\",", "", "field \"boot\" is missing or no text");
	refused("\"lsn\":\"0/1A\",", "", "field \"lsn\" is missing or no text");
	refused(",\"xid\":\"77\"", "", "field \"xid\" is missing or no text");
	refused("\"b\":{\"list\":[\"x\",3,{\"y\":\"z\"}],\"why\":\"\"}", "\"b\":\"x\"", "field \"b\" is missing or no object");
	refused("\"b\":{\"list\":[\"x\",3,{\"y\":\"z\"}],\"why\":\"\"},", "", "field \"b\" is missing or no object");
	refused("\"xid\":\"77\"", "\"xid\":\"77\",\"yes\":1", "field \"yes\" is not known");
}
END_TEST

START_TEST(refuses_other_times)
{
	static const char form[] = "field \"t\" is no time like 2026-11-20T04:12:09.123456Z";
	refused("2026-11-20T04:12:09.123456Z", "2026-11-20 04:12:09.123456Z", form);
	refused("2026-11-20T04:12:09.123456Z", "2026-11-20T04:12:09Z", form);
	refused("2026-11-20T04:12:09.123456Z", "2026-13-20T04:12:09.123456Z", form);
	refused("2026-11-20T04:12:09.123456Z", "1960-11-20T04:12:09.123456Z", form);
	refused("2026-11-20T04:12:09.123456Z", "", form);
	refused("\"t\":\"2026-11-20T04:12:09.123456Z\",", "", "field \"t\" is missing or no text");
	refused("\"t\":\"2026-11-20T04:12:09.123456Z\",", "\"t_why\":\"\",", "field \"t_why\" is empty");
	refused("\"tl\":", "\"t_why\":\"x\",\"tl\":", "fields \"t\" and \"t_why\" stand side by side");
	refused("\"tl\":\"2026-11-20T04:12:10.000000Z\"", "\"tl\":\"\"", "field \"tl\" is no time like 2026-11-20T04:12:09.123456Z");
}
END_TEST

START_TEST(hex_has_its_length_and_its_digits)
{
	ck_assert(hex_is("0af9", 4));
	ck_assert(!hex_is("0af9", 5) && !hex_is("0AF9", 4) && !hex_is("0ag9", 4) && !hex_is(NULL, 0));
}
END_TEST

START_TEST(refuses_what_is_no_object)
{
	ck_assert(!record_decode(a, json_arr(a), &r, &e));
	ck_assert_str_eq(e.msg, "the line is no object");
	ck_assert(!record_decode(a, NULL, &r, &e));
	r.n = 99;
	ck_assert(!decode(with("\"n\":7", "\"n\":-1")));
	ck_assert_int_eq(r.n, 99);   /* a refused line leaves the record as it was */
}
END_TEST

START_TEST(names_and_lists_agree)
{
	ck_assert_int_eq(record_op_parse("schema_log"), OP_SCHEMA_LOG);
	ck_assert_int_eq(record_op_parse(NULL), OP_NONE);
	for (enum record_op op = OP_NONE + 1; op < OP_COUNT; op++)
		ck_assert_int_eq(record_op_parse(record_op_name(op)), op);
	ck_assert_str_eq(record_op_name(OP_COUNT), "none");
	ck_assert(record_op_signed(OP_INTENT) && record_op_signed(OP_GATE) && !record_op_signed(OP_OUTCOME) && !record_op_signed(OP_COUNT));
	for (enum record_op op = OP_NONE; op <= OP_COUNT; op++)
		ck_assert_int_eq(record_op_agrees(op), op == OP_RESYNC || op == OP_REBIND);
	for (enum act_kind k = ACT_NONE + 1; k < ACT_COUNT; k++) {
		ck_assert_int_eq(act_parse(act_name(k)), k);
		ck_assert_int_gt((int)strlen(act_what(k)), 5);
	}
	ck_assert_int_eq(act_parse("no such act"), ACT_NONE);
	ck_assert_int_eq(act_parse(NULL), ACT_NONE);
	ck_assert_int_eq(act_signs(ACT_DROP), 2);
	ck_assert_int_eq(act_signs(ACT_LOOK), 0);
	ck_assert_str_eq(act_name(ACT_COUNT), "none");
	for (enum env n = ENV_PRODUCTION; n <= ENV_REHEARSAL; n++)
		ck_assert_int_eq(env_parse(env_name(n)), n);
	ck_assert_int_eq(env_parse("none"), ENV_NONE);
	ck_assert_int_eq(env_parse(NULL), ENV_NONE);
	ck_assert_str_eq(env_name((enum env)99), "none");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("record");
	TCase *t = tcase_create("record");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, reads_every_field);
	tcase_add_test(t, writes_what_it_read);
	tcase_add_test(t, keeps_every_kind_of_value);
	tcase_add_test(t, refuses_other_forms);
	tcase_add_test(t, hex_has_its_length_and_its_digits);
	tcase_add_test(t, refuses_other_times);
	tcase_add_test(t, refuses_what_is_no_object);
	tcase_add_test(t, names_and_lists_agree);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return test_main(suite());
}
