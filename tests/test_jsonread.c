/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "port/jsonread.h"
#include "tests/lib_test.h"

static struct arena *a;

static void setup(void)
{
	a = arena_new();
}

static void teardown(void)
{
	arena_free(a);
}

static const char *again(const char *text)
{
	struct err e = { 0 };
	struct json *v = json_read(a, text, strlen(text), &e);
	if (!v)
		return arena_printf(a, "! %s", e.msg);
	struct text t = { 0 };
	json_write(&t, v);
	const char *out = arena_dup(a, text_str(&t));
	text_free(&t);
	return out;
}

START_TEST(reads_and_sorts)
{
	ck_assert_str_eq(again(" { \"b\" : [1, -2, \"x\\u0041\"], \"a\": {\"z\":true,\"n\":null} } "), "{\"a\":{\"n\":null,\"z\":true},\"b\":[1,-2,\"xA\"]}");
}
END_TEST

START_TEST(refuses_what_is_not_one_plain_object)
{
	ck_assert_str_eq(again("[1]"), "! not a JSON object");
	ck_assert_str_eq(again("{\"a\":1.5}"), "! a number with a fraction");
	ck_assert_ptr_nonnull(strstr(again("{\"a\":1,\"a\":2}"), "duplicate"));
	ck_assert_int_eq(again("{\"a\":1} x")[0], '!');
	ck_assert_int_eq(again("{\"a\":\"\\u0000\"}")[0], '!');
	ck_assert_int_eq(again("{\"a\":\"\xff\"}")[0], '!');
	char deep[200];
	memset(deep, '[', sizeof deep);
	memcpy(deep, "{\"a\":", 5);
	memset(deep + 5 + 40, ']', 40);
	memcpy(deep + 85, "}", 2);
	ck_assert_str_eq(again(deep), "! nested deeper than 32");
}
END_TEST

static bool canonical(const char *text)
{
	return json_read_canonical(a, text, strlen(text), NULL) != NULL;
}

START_TEST(canonical_takes_the_one_form)
{
	ck_assert(canonical("{}"));
	ck_assert(canonical("{\"a\":[],\"b\":{\"c_9\":-7},\"d\":\"\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f/\x7f\xc3\xa4\"}"));
	ck_assert(canonical("{\"a\":9007199254740991,\"b\":-9007199254740991,\"c\":0}"));
	ck_assert(canonical("{\"a\":[[[[[[[1]]]]]]]}"));
}
END_TEST

START_TEST(canonical_refuses_each_other_form)
{
	static const char *const bad[] = {
		"", "[]", "{\"b\":1,\"a\":2}", "{\"a\":1,\"a\":1}", "{ }", "{\"a\": 1}", "{\"a\":1}\n", "{\"a\":1}x", "{\"A\":1}", "{\"\":1}",
		"{\"a\":01}", "{\"a\":-0}", "{\"a\":1.0}", "{\"a\":1e3}", "{\"a\":+1}", "{\"a\":9007199254740992}", "{\"a\":99999999999999999999}",
		"{\"a\":true}", "{\"a\":null}", "{\"a\":\"\\u0041\"}", "{\"a\":\"\\u000a\"}", "{\"a\":\"\\u001F\"}", "{\"a\":\"\\/\"}", "{\"a\":\"\\u0000\"}",
		"{\"a\":\"\xff\"}", "{\"a\":\"\xed\xa0\x80\"}", "{\"a\":\"\t\"}", "{\"a\":[1,]}", "{\"a\":[,1]}", "{,}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}",
		"{\"a\":[[[[[[[[1]]]]]]]]}", "{\"a\":\"x", "{\"a\":\"\\", "{\"a\":\"\\u00", "{\"a\":-}", "{\"a\xc3\xa4\":1}",
	};
	struct err e = { 0 };
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ck_assert_msg(!canonical(bad[i]), "taken: %s", bad[i]);
	ck_assert_ptr_null(json_read_canonical(a, "{\"b\":1,\"a\":2}", 13, &e));
	ck_assert_int_eq(e.code, ERR_VERIFY);
	ck_assert_str_eq(e.msg, "it is not canonical JSON (byte 10)");
	ck_assert_ptr_null(json_read_canonical(a, "{\"a\":\"x\0y\"}", 11, NULL));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("jsonread");
	TCase *t = tcase_create("jsonread");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, reads_and_sorts);
	tcase_add_test(t, refuses_what_is_not_one_plain_object);
	tcase_add_test(t, canonical_takes_the_one_form);
	tcase_add_test(t, canonical_refuses_each_other_form);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return test_main(suite());
}
