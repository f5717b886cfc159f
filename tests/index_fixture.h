/* SPDX-License-Identifier: MIT */
/* A table that an index comes to, and its plan: what db_index.c and db_index_build.c share. */
#ifndef GW_TESTS_INDEX_FIXTURE_H
#define GW_TESTS_INDEX_FIXTURE_H

#include "adapter/probe.h"
#include "tests/drop_fixture.h"
#include "tests/lib_db.h"

#define DB "gw_index"
#define NAME "an Index"
#define HOSTILE "x\"; DROP TABLE public.orders; --"

static struct fix x;
static struct err err;

static inline void plan(const char *table, const char *list)
{
	fix_plan(&x, "public", table, NULL);
	x.plan.archetype = ARCH_ADDITIVE;
	x.plan.recipe = "build-index";
	x.plan.add_name = NAME;
	x.plan.add_index = list;
}

static inline void setup(void)
{
	fix_open(&x, DB, true);
	err_clear(&err);
	fix_do(&x, "CREATE TABLE public.orders (id int PRIMARY KEY, gone int, total int, note text, \"E Mail\" text, at point); ALTER TABLE public.orders DROP COLUMN gone;"
		"CREATE TABLE public.other (id int); CREATE TABLE public.parts (id int) PARTITION BY LIST (id);"
		"INSERT INTO public.orders (id, total, note) SELECT g, g, 'n' || g FROM generate_series(1, 1000) g");
	crypto_random_hex(16, x.sid);
	crypto_sha256_hex(x.sid, 31, x.manifest);
	plan("orders", "total, lower(note) DESC");
}

static inline void teardown(void)
{
	fix_close(&x);
	fix_drop_database(DB);
}

#endif
