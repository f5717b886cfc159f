/* SPDX-License-Identifier: MIT */
#include "core/body.h"

#include <string.h>

#include "base/err.h"
#include "base/json.h"
#include "base/when.h"

#define ATTNUM_MAX 1600   /* MaxHeapAttributeNumber of the server */
#define OID_MAX INT64_C(4294967295)

static bool bad(struct err *e, const char *key, const char *form)
{
	return err_set(e, ERR_VERIFY, NULL, "field \"%s\" %s", key, form);
}

bool hex_is(const char *s, size_t len)
{
	return s && strlen(s) == len && strspn(s, "0123456789abcdef") == len;
}

bool body_text(const struct json *o, const char *key, const char **out, struct err *e)
{
	*out = json_str(o, key);
	if (!*out)
		return bad(e, key, "is missing or no text");
	return true;
}

bool body_word(const struct json *o, const char *key, const char **out, struct err *e)
{
	if (!body_text(o, key, out, e))
		return false;
	if (**out == '\0')
		return bad(e, key, "is empty");
	return true;
}

bool body_hex(const struct json *o, const char *key, size_t len, const char **out, struct err *e)
{
	if (!body_text(o, key, out, e))
		return false;
	if (!hex_is(*out, len))
		return err_set(e, ERR_VERIFY, NULL, "field \"%s\" is not %zu lower-case hex digits", key, len);
	return true;
}

bool body_time(const struct json *o, const char *key, int64_t *out, struct err *e)
{
	char again[WHEN_MAX];
	const char *s;
	if (!body_text(o, key, &s, e))
		return false;
	if (!when_parse(s, out) || *out <= 0 || strcmp(when_iso(*out, again), s) != 0)
		return bad(e, key, "is no time like 2026-11-20T04:12:09.123456Z");
	return true;
}

bool body_time_or_none(const struct json *o, const char *key, int64_t *out, struct err *e)
{
	const char *s = json_str(o, key);
	*out = 0;
	return s && *s == '\0' ? true : body_time(o, key, out, e);
}

bool body_int(const struct json *o, const char *key, int64_t min, int64_t max, int64_t *out)
{
	return json_int(o, key, out) && *out >= min && *out <= max;
}

bool body_count(const struct json *o, const char *key, int64_t *out, struct err *e)
{
	if (!body_int(o, key, 0, JSON_LOG_INT_MAX, out))
		return bad(e, key, "is missing or no whole number from 0 on");
	return true;
}

bool body_oid(const struct json *o, const char *key, unsigned *out, struct err *e)
{
	int64_t n;
	if (!body_int(o, key, 1, OID_MAX, &n))
		return bad(e, key, "is missing or no object id");
	*out = (unsigned)n;
	return true;
}

bool body_attnum(const struct json *o, const char *key, int *out, struct err *e)
{
	int64_t n;
	if (!body_int(o, key, 0, ATTNUM_MAX, &n))
		return bad(e, key, "is missing or no column number");
	*out = (int)n;
	return true;
}

bool body_flag(const struct json *o, const char *key, bool *out, struct err *e)
{
	int64_t n;
	if (!body_int(o, key, 0, 1, &n))
		return bad(e, key, "is missing or neither 0 nor 1");
	*out = n == 1;
	return true;
}

bool body_choice(const struct json *o, const char *key, const char *const *words, size_t *which, struct err *e)
{
	const char *s;
	if (!body_text(o, key, &s, e))
		return false;
	for (*which = 0; words[*which]; (*which)++)
		if (strcmp(words[*which], s) == 0)
			return true;
	return bad(e, key, "has an unknown word");
}
