/* SPDX-License-Identifier: MIT */
#include "port/sqlparse.h"

#include <pg_query.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "port/jsonread.h"

#define DEPTH 2000   /* levels of the tree's JSON: some three for each of the text's */

static bool fits(const char *text, struct err *e)
{
	return strlen(text) <= SQLPARSE_MAX || err_set(e, ERR_USE, NULL, "longer than %d bytes", SQLPARSE_MAX);
}

static struct json *refused(struct arena *a, const PgQueryError *why, struct err *e)
{
	err_set(e, ERR_USE, NULL, "%s", text_clean(a, why->message));
	return NULL;
}

struct json *sqlparse(struct arena *a, const char *text, struct err *e)
{
	if (!fits(text, e))
		return NULL;
	PgQueryParseResult r = pg_query_parse(text);
	struct json *tree = r.error ? refused(a, r.error, e) : json_read_deep(a, r.parse_tree, strlen(r.parse_tree), DEPTH, e);
	pg_query_free_parse_result(r);
	return tree;
}

struct json *sqlparse_plpgsql(struct arena *a, const char *text, struct err *e)
{
	if (!fits(text, e))
		return NULL;
	PgQueryPlpgsqlParseResult r = pg_query_parse_plpgsql(text);
	struct json *tree = NULL;
	if (r.error) {
		refused(a, r.error, e);
	} else {
		const char *whole = arena_printf(a, "{\"functions\":%s}", r.plpgsql_funcs);
		tree = json_read_deep(a, whole, strlen(whole), DEPTH, e);
	}
	pg_query_free_plpgsql_parse_result(r);
	return tree;
}
