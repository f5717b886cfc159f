/* SPDX-License-Identifier: MIT */
#include "adapter/shop.h"

#include <string.h>

#include "adapter/cluster.h"
#include "base/arena.h"
#include "base/err.h"
#include "port/child.h"
#include "port/db.h"
#include "port/files.h"

static const char tables[] =
	"CREATE EXTENSION pg_stat_statements SCHEMA public;\n"
	"CREATE ROLE web LOGIN;\n"
	"CREATE TABLE public.customers (id bigint PRIMARY KEY, name text NOT NULL, email text NOT NULL);\n"
	"CREATE TABLE public.orders (id bigint PRIMARY KEY, customer_id bigint NOT NULL REFERENCES public.customers, total numeric(10,2) NOT NULL,\n"
	"  legacy_total numeric(10,2), placed_at timestamptz NOT NULL, status text NOT NULL);\n"
	"CREATE INDEX orders_legacy_total ON public.orders (legacy_total);\n"
	"CREATE TABLE public.subscribers (id bigint PRIMARY KEY, email text NOT NULL, fax text);\n"
	"CREATE TABLE public.coupons (id bigint PRIMARY KEY, code text NOT NULL, old_code text);\n"
	"CREATE TABLE public.products (id bigint PRIMARY KEY, name text NOT NULL, price numeric(10,2) NOT NULL);\n"
	"CREATE TABLE public.parcels (id bigint PRIMARY KEY, weight text NOT NULL);\n"
	"CREATE TABLE public.staff (id bigint PRIMARY KEY, nme text NOT NULL);\n"
	"INSERT INTO public.customers SELECT i, 'Customer ' || i, 'c' || i || '@example.net' FROM generate_series(1, 20000) i;\n"
	"INSERT INTO public.orders SELECT i, 1 + i % 20000, (i % 9000) / 7.0, CASE WHEN i % 3 > 0 THEN (i % 9000) / 7.0 END,\n"
	"  '2024-01-01'::timestamptz + i * interval '3 minutes', (ARRAY['new','paid','sent','back'])[1 + i % 4] FROM generate_series(1, 200000) i;\n"
	"INSERT INTO public.subscribers SELECT i, 's' || i || '@example.net', CASE WHEN i % 2 = 0 THEN '+49 30 ' || i END FROM generate_series(1, 30000) i;\n"
	"INSERT INTO public.coupons SELECT i, md5(i::text), CASE WHEN i % 5 = 0 THEN 'OLD-' || i END FROM generate_series(1, 10000) i;\n"
	"INSERT INTO public.products SELECT i, 'Product ' || i, (i % 5000) / 4.0 FROM generate_series(1, 50000) i;\n"
	"INSERT INTO public.parcels SELECT i, (1 + i % 300) / 10 || '.' || i % 10 FROM generate_series(1, 100000) i;\n"
	"INSERT INTO public.staff SELECT i, 'Person ' || i FROM generate_series(1, 2000) i;\n"
	"GRANT SELECT, INSERT, UPDATE ON public.customers, public.orders, public.subscribers, public.coupons, public.products, public.parcels, public.staff TO web;\n"
	"ANALYZE;\n";

static const char traffic[] =
	"\\set id random(1, 200000)\n"
	"\\set c random(1, 20000)\n"
	"SELECT id, total, status FROM public.orders WHERE id = :id;\n"
	"UPDATE public.orders SET status = 'paid' WHERE id = :id;\n"
	"SELECT name, email FROM public.customers WHERE id = :c;\n"
	"UPDATE public.products SET name = name || '' WHERE id = :c;\n";

bool shop_make(struct arena *a, const struct cluster *c, const char **conninfo, struct err *e)
{
	const struct db_opts first = { .conninfo = c->conninfo, .app = "gatewalk demo" };
	struct db *db = db_open(&first, e);
	bool ok = db && db_script(db, a, "CREATE DATABASE shop", 60000, NULL, e);
	db_close(db);
	if (!ok)
		return false;
	*conninfo = arena_printf(a, "host=%s port=%d user=%s dbname=shop", c->host, c->port, c->user);
	const struct db_opts second = { .conninfo = *conninfo, .app = "gatewalk demo" };
	db = db_open(&second, e);
	ok = db && db_script(db, a, tables, 120000, NULL, e);
	db_close(db);
	return ok;
}

bool shop_traffic(struct arena *a, const struct cluster *c, const char *dir, int *pid, struct err *e)
{
	const char *script = path_join(a, dir, "traffic.sql");
	const char *pgbench = path_join(a, c->bindir, "pgbench");
	const char *target = arena_printf(a, "host=%s port=%d user=web dbname=shop application_name=web", c->host, c->port);
	if (!file_write(script, traffic, strlen(traffic), e))
		return false;
	const char *const argv[] = { pgbench, "-n", "-c", "2", "-R", "40", "-T", "7200", "-f", script, target, NULL };
	return child_detach(argv, path_join(a, dir, "traffic.log"), pid, e);
}
