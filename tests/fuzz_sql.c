/* SPDX-License-Identifier: MIT */
/* Any bytes as SQL: "s" on the first line is statements; "f", "r", "t" and "d" a function's body. Its head is ours: without AS the parser ends the process. With
   -DREPLAY a plain program that reads the files it is given, as the corpus replay does. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapter/audit_parse.h"
#include "base/arena.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);
#include "tests/fuzz_replay.h"   /* behind what it calls */
#include "tests/parser_leaks.h"

#define SIZE_MAX_HERE 8192   /* what is deeper or slower goes to a process of its own */

static const char *const views[] = { "order_sum", NULL };
static const char *const columns[] = { "id", "note", "legacy_total", NULL };
static const struct text_target column = { "public", "orders", "legacy_total", views, columns, TARGET_COLUMN, NULL };
static const struct text_target table = { "public", "orders", NULL, views, NULL, TARGET_TABLE, NULL };

static const struct { char kind; const char *head; } heads[] = {
	{ 'f', "CREATE FUNCTION f(t text, n int) RETURNS void LANGUAGE plpgsql AS " }, { 'r', "CREATE FUNCTION f(t text) RETURNS SETOF int LANGUAGE plpgsql AS " },
	{ 't', "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS " }, { 'd', "DO " },
};

static void hold(const struct parsed *p, const char *why)
{
	if ((p->as == PARSED_USED) != (p->use != USE_NONE) || (p->as == PARSED_NOT) != (why != NULL) || (p->sure && p->as != PARSED_USED))
		abort();
}

static struct parsed statements(struct arena *a, const struct text_target *t, const char *text)
{
	const char *why = NULL;
	struct parsed p = audit_parse(a, &(struct parse_target){ t, NULL }, text, &why);
	hold(&p, why);
	return p;
}

/* What stands in front of a text cannot hide its use, nor the text what stands in front of it. */
static void look(struct arena *a, const struct text_target *t, const char *text)
{
	struct parsed p = statements(a, t, text), more;
	if (p.as == PARSED_NOT)
		return;
	more = statements(a, t, arena_printf(a, "select o.legacy_total from public.orders o; %s", text));
	if (more.as != PARSED_USED)
		abort();
	more = statements(a, t, arena_printf(a, "select 1; %s", text));
	if (more.use != p.use || (more.as == PARSED_NONE && p.as != PARSED_NONE && p.as != PARSED_UNSURE))
		abort();
}

static void look_body(struct arena *a, const char *head, const char *body)
{
	const char *why = NULL;
	struct parsed_body p = audit_parse_body(a, &(struct parse_target){ &column, NULL }, &(struct parse_code){ head, body }, &why);
	hold(&p.is, why);
	for (size_t i = 0; i < p.opaque && i < PARSE_LINES; i++)
		if (p.line[i] < 0)
			abort();
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct arena *a = arena_new();
	const char *all = arena_dupn(a, (const char *)data, size), *nl = strchr(all, '\n');
	bool is_ours = nl == all + 1 && size <= SIZE_MAX_HERE;
	if (is_ours && *all == 's') {
		look(a, &column, nl + 1);
		look(a, &table, nl + 1);
	}
	for (size_t i = 0; is_ours && i < sizeof heads / sizeof heads[0]; i++)
		if (*all == heads[i].kind)
			look_body(a, heads[i].head, nl + 1);
	arena_free(a);
	return 0;
}

#ifdef REPLAY
int main(int argc, char **argv)
{
	return replay(argc, argv, "SQL");
}
#endif
