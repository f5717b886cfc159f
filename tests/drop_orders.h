/* SPDX-License-Identifier: MIT */
/* A table of orders whose column total is about to be dropped: for db_apply and db_apply_link. */
#ifndef GW_TESTS_DROP_ORDERS_H
#define GW_TESTS_DROP_ORDERS_H

#include "tests/drop_fixture.h"
#include "tests/lib_db.h"

#ifndef DB
#define DB "gw_apply"
#endif

/* One a program; a test is a process of its own. */
static struct fix x;

static inline void open_db(void)
{
	fix_open(&x, DB, true);
	fix_do(&x, "CREATE TABLE public.orders (id bigint PRIMARY KEY, total numeric(12,2), note text);"
		"INSERT INTO public.orders SELECT g, g, 'n' FROM generate_series(1, 100) g; CREATE TABLE public.cust (id numeric PRIMARY KEY);"
		"CREATE INDEX orders_total ON public.orders (total)");
	fix_ready(&x, "public", "orders", "total", true);
}

static inline void close_db(void)
{
	fix_close(&x);
	fix_drop_database(DB);
}

static inline bool column_there(const char *column)
{
	return strcmp(fix_get(&x, arena_printf(x.a, "SELECT count(*) FROM pg_attribute WHERE attrelid = 'public.orders'::regclass AND attname = '%s'", column)), "1") == 0;
}

static inline const char *spent(void)
{
	return fix_get(&x, "SELECT count(*) FROM gatewalk.permit");
}

static inline const char *anchors(void)
{
	return fix_get(&x, "SELECT string_agg(n || ' ' || kind, ', ' ORDER BY n) FROM gatewalk.anchor");
}

static inline void untouched(void)
{
	ck_assert(column_there("total"));
	ck_assert_str_eq(spent(), "0");
	ck_assert_str_ne(fix_get(&x, "SELECT stage FROM gatewalk.walk"), "monitor");
	ck_assert_str_eq(fix_get(&x, "SELECT count(*) FROM gatewalk.anchor WHERE kind = 'drop'"), "0");
}

#endif
