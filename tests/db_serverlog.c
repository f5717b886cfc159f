/* SPDX-License-Identifier: MIT */
/* The server's log on a server of its own with auto_explain and pgaudit: statements as people write them, each seen or named as blind. */
#include "adapter/serverlog.h"

#include <stdlib.h>
#include <string.h>

#include "adapter/audit.h"
#include "adapter/cluster.h"
#include "adapter/watch_private.h"
#include "tests/lib_walk.h"

static struct cluster cluster;
static struct arena *whole, *a;
static struct err e;
static struct db *db;
static struct fact_target target;

static const char SETTINGS[] =
	"fsync = off\nlogging_collector = on\nlog_destination = 'stderr,csvlog,jsonlog'\nlog_line_prefix = '%m [%p] %q%u@%d/%a '\nlc_messages = 'C'\n"
	"shared_preload_libraries = 'pg_stat_statements,auto_explain,pgaudit'\nauto_explain.log_min_duration = 0\nauto_explain.log_verbose = on\n"
	"auto_explain.log_nested_statements = on\npgaudit.role = 'gwt_auditor'\nlog_rotation_size = 0\n";

/* As the role and application of a client; each is a name of its own in the log. */
struct shape { const char *app, *sql; enum text_use plans, audit, errors; };
#define N USE_NONE
static const struct shape shapes[] = {
	{ "named", "SELECT legacy_total FROM public.orders WHERE id = 1", USE_NAME, USE_NAME, N },
	{ "other", "SELECT note FROM public.orders WHERE id = 1", N, N, N },
	{ "star", "SELECT * FROM public.orders", USE_STAR, USE_STAR, N },
	{ "where", "SELECT id FROM public.orders WHERE legacy_total > 3", USE_NAME, USE_NAME, N },
	{ "order by", "SELECT id FROM public.orders ORDER BY legacy_total", USE_NAME, USE_NAME, N },
	{ "join", "SELECT o.note FROM public.orders o JOIN public.orders p ON p.legacy_total = o.id", USE_NAME, USE_NAME, N },
	{ "view", "SELECT * FROM public.order_view", USE_NAME, USE_STAR, N },
	{ "view, unused", "SELECT id FROM public.order_view", N, USE_STAR, N },
	{ "dynamic", "SELECT public.dynamic()", USE_NAME, USE_NAME, N },
	{ "definer", "SELECT public.definer()", USE_NAME, N, N },
	{ "cursor", "BEGIN; DECLARE c CURSOR FOR SELECT legacy_total FROM public.orders; FETCH ALL c; COMMIT", USE_NAME, USE_NAME, N },
	{ "prepared", "PREPARE p AS SELECT legacy_total FROM public.orders; EXECUTE p", USE_NAME, USE_NAME, N },
	{ "insert", "INSERT INTO public.orders (id, legacy_total) VALUES (100, 1)", USE_NAME, USE_NAME, N },
	{ "insert, all", "INSERT INTO public.orders VALUES (101, 'n', 1)", USE_STAR, USE_STAR, N },
	{ "insert, not", "INSERT INTO public.orders (id) VALUES (102)", N, N, N },
	{ "update", "UPDATE public.orders SET legacy_total = 7 WHERE id = 1", USE_NAME, USE_NAME, N },
	{ "update, not", "UPDATE public.orders SET note = 'x' WHERE id = 1", N, N, N },
	{ "returning", "UPDATE public.orders SET note = 'x' WHERE id = 1 RETURNING legacy_total", USE_NAME, USE_NAME, N },
	{ "delete", "DELETE FROM public.orders WHERE id = 999", N, N, N },
	{ "unicode", "SELECT U&\"legacy\\005ftotal\" FROM public.orders", USE_NAME, USE_NAME, N },
	{ "whole row", "SELECT o FROM public.orders o", USE_STAR, N, N },
	{ "to_jsonb", "SELECT pg_catalog.to_jsonb(o) FROM public.orders o", USE_STAR, N, N },
	{ "count", "SELECT count(*) FROM public.orders", N, USE_STAR, N },
	{ "partition", "SELECT legacy_total FROM public.orders_old", USE_NAME, N, N },
	{ "copy", "COPY public.orders (legacy_total) TO '/dev/null'", N, USE_NAME, N },
	{ "renamed", "SELECT o.legacy_total FROM (SELECT id FROM public.orders) o", N, N, USE_NAME },
	{ "no such table", "SELECT legacy_total FROM public.orders_gone", N, N, N },
	{ "lines", "SELECT\n  o.legacy_total,\n  1 AS \"x\ny\"\nFROM public.orders o\n-- end", USE_NAME, USE_NAME, N },
};

static const char SHOP[] =
	"CREATE TABLE public.orders (id int PRIMARY KEY, note text, legacy_total int);"
	" CREATE TABLE public.orders_old () INHERITS (public.orders);"
	" INSERT INTO public.orders SELECT i, 'n', i FROM generate_series(1, 5) i; INSERT INTO public.orders_old VALUES (6, 'o', 6);"
	" CREATE VIEW public.order_view AS SELECT id, legacy_total FROM public.orders;"
	" CREATE FUNCTION public.dynamic() RETURNS int LANGUAGE plpgsql AS $$ DECLARE n int; BEGIN EXECUTE 'SELECT sum(' || 'legacy' || '_total) FROM public.orders' INTO n; RETURN n; END $$;"
	" CREATE FUNCTION public.definer() RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN RETURN (SELECT sum(legacy_total) FROM public.orders); END $$;"
	" GRANT SELECT, INSERT, UPDATE, DELETE ON public.orders, public.orders_old, public.order_view TO gwt_etl;"
	" GRANT SELECT (legacy_total), INSERT (legacy_total), UPDATE (legacy_total) ON public.orders TO gwt_auditor";

static struct db *client(const char *role)
{
	struct db *c = db_open(&(struct db_opts){ .conninfo = arena_printf(a, "%s dbname=shop user=%s", cluster.conninfo, role), .app = "psql" }, &e);
	ck_assert_msg(c != NULL, "%s", e.msg);
	return c;
}

/* Until the log holds what was done so far: the collector writes a moment later. */
static void written(void)
{
	static int n;
	const char *mark = arena_printf(a, "mark %d of the test", ++n);
	test_sql(db, arena_printf(a, "DO $$ BEGIN RAISE LOG '%s'; END $$", mark));
	const char *sql = arena_printf(a, "SELECT coalesce(position('LOG,00000,\"%s'::bytea IN pg_read_binary_file(pg_current_logfile('csvlog'))) > 0, false)", mark);
	for (int i = 0; i < 500 && strcmp(test_value(db, a, sql), "t") != 0; i++)
		usleep(10000);
}

static void start(void)
{
	char dir[64];
	whole = a = arena_new();
	snprintf(dir, sizeof dir, "/tmp/gwt-slog-%d", (int)getpid());
	struct cluster_opts o = { .dir = arena_dup(whole, dir), .settings = SETTINGS };
	ck_assert_msg(cluster_start(whole, &o, &cluster, &e), "%s", e.msg);
	db = test_connect(cluster.conninfo);
	test_sql(db, "CREATE DATABASE shop");
	test_sql(db, "CREATE ROLE gwt_etl LOGIN; CREATE ROLE gwt_none LOGIN; CREATE ROLE gwt_auditor NOLOGIN; GRANT pg_write_server_files TO gwt_etl");
	db_close(db);
	db = test_connect(arena_printf(whole, "%s dbname=shop", cluster.conninfo));
	test_sql(db, SHOP);
	target = test_target(db, whole, "public", "orders", "legacy_total");
	test_schema(db, whole, &target);
}

static void end(void)
{
	db_close(db);
	cluster_remove(whole, &cluster, &e);
	arena_free(whole);
}

static void setup(void)
{
	a = arena_new();
	e = (struct err){ 0 };
}

static void teardown(void)
{
	arena_free(a);
}

static struct serverlog look(const struct log_place *from)
{
	struct serverlog s;
	struct names n;
	ck_assert_msg(names_read(db, a, &target, TARGET_COLUMN, &n, &e), "%s", e.msg);
	ck_assert_msg(serverlog_read(db, a, &n, &target, from, &s, &e), "%s", e.msg);
	return s;
}

static enum text_use used(const struct serverlog *s, enum log_via via, const char *app)
{
	enum text_use use = USE_NONE;
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].via == via && s->v[i].app && strcmp(s->v[i].app, app) == 0 && s->v[i].use > use)
			use = s->v[i].use;
	return use;
}

static void run_shapes(void)
{
	struct db *c = client("gwt_etl");
	for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
		test_sql(c, arena_printf(a, "SET application_name = '%s'", shapes[i].app));
		db_script(c, a, shapes[i].sql, 5000, NULL, NULL);
		db_script(c, a, "DEALLOCATE ALL", 5000, NULL, NULL);
	}
	db_close(c);
	written();
}

static void shapes_seen(const char *format)
{
	const struct serverlog s = look(NULL);
	ck_assert_msg(s.there, "%s", s.why);
	ck_assert_str_eq(log_format_name(s.format), format);
	for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
		const struct shape *x = &shapes[i];
		enum text_use p = used(&s, LOG_PLANS, x->app), u = used(&s, LOG_AUDIT, x->app), v = used(&s, LOG_ERRORS, x->app);
		ck_assert_msg(p == x->plans && u == x->audit && v == x->errors, "%s, %s: plans %d, pgaudit %d, errors %d", format, x->app, (int)p, (int)u, (int)v);
	}
}

/* Changed for all: it stands when a new session has it. */
static void set(const char *setting)
{
	const char *was = test_value(db, a, "SELECT pg_conf_load_time()");
	test_sql(db, arena_printf(a, "ALTER SYSTEM SET %s", setting));
	test_sql(db, "SELECT pg_reload_conf()");
	for (int i = 0; i < 500 && strcmp(test_value(db, a, "SELECT pg_conf_load_time()"), was) == 0; i++)
		usleep(10000);
}

static bool limited(const struct serverlog *s, const char *start)
{
	for (size_t i = 0; i < s->n_limits; i++)
		if (strncmp(s->limits[i], start, strlen(start)) == 0)
			return true;
	return false;
}

START_TEST(each_shape_is_seen_in_each_format)
{
	run_shapes();
	shapes_seen("csvlog");
	set("log_destination = 'stderr,jsonlog'");
	shapes_seen("jsonlog");
	set("log_destination = 'stderr'");
	shapes_seen("stderr");
	ck_assert(limited(&(const struct serverlog[]){ look(NULL) }[0], "the server log is in the format stderr"));
	set("log_destination = 'csvlog,jsonlog,stderr'");
	set("auto_explain.log_format = json");
	run_shapes();
	shapes_seen("csvlog");
	set("log_destination = 'jsonlog'");
	shapes_seen("jsonlog");
	set("log_destination = 'csvlog,jsonlog,stderr'");
}
END_TEST

START_TEST(says_what_it_sees)
{
	const struct serverlog s = look(NULL);
	ck_assert_uint_eq(s.eye[LOG_PLANS].sees, SEES_READ | SEES_WHOLE | SEES_STAR | SEES_NESTED | SEES_DEFINER);
	ck_assert_uint_eq(s.eye[LOG_AUDIT].sees, SEES_READ | SEES_WRITE | SEES_STAR | SEES_NESTED);
	ck_assert_ptr_null(s.eye[LOG_PLANS].why);
	ck_assert_ptr_null(s.eye[LOG_AUDIT].why);
	ck_assert(limited(&s, "pgaudit with grants on the column alone does not see whole-row reads"));
	ck_assert(limited(&s, "auto_explain does not see COPY"));
	ck_assert(limited(&s, "pgaudit does not see reads inside a SECURITY DEFINER function"));
	ck_assert(s.begins > 0 && s.behind == 0);
	test_sql(db, "GRANT SELECT ON public.orders TO gwt_auditor");
	const struct serverlog t = look(NULL);
	ck_assert(t.eye[LOG_AUDIT].sees & SEES_WHOLE);
	ck_assert(!limited(&t, "pgaudit with grants"));
	/* What the audit's role may do as anybody counts too. */
	test_sql(db, "REVOKE SELECT ON public.orders FROM gwt_auditor; GRANT SELECT ON public.orders TO PUBLIC");
	const struct serverlog u = look(NULL);
	ck_assert(u.eye[LOG_AUDIT].sees & SEES_WHOLE);
	test_sql(db, "REVOKE SELECT ON public.orders FROM PUBLIC");
}
END_TEST

/* With the table granted, pgaudit names each statement on it, and its text tells. */
START_TEST(table_grant_sees_whole_rows)
{
	test_sql(db, "GRANT SELECT (legacy_total), SELECT ON public.orders TO gwt_auditor");
	struct db *c = client("gwt_etl");
	test_sql(c, "SET application_name = 'granted'; SELECT pg_catalog.to_jsonb(o) FROM public.orders o");
	test_sql(c, "SET application_name = 'granted, other'; SELECT note FROM public.orders");
	db_close(c);
	written();
	const struct serverlog s = look(NULL);
	ck_assert_int_eq(used(&s, LOG_AUDIT, "granted"), USE_STAR);
	ck_assert_int_eq(used(&s, LOG_AUDIT, "granted, other"), USE_NONE);
	test_sql(db, "REVOKE SELECT ON public.orders FROM gwt_auditor; GRANT SELECT (legacy_total) ON public.orders TO gwt_auditor");
}
END_TEST

START_TEST(refused_clients_are_seen)
{
	struct db *c = client("gwt_none");
	test_sql(c, "SET application_name = 'refused'");
	ck_assert(!db_script(c, a, "SELECT legacy_total FROM public.orders", 5000, NULL, NULL));
	db_close(c);
	written();
	const struct serverlog s = look(NULL);
	ck_assert_int_eq(used(&s, LOG_ERRORS, "refused"), USE_NAME);
}
END_TEST

struct broken { const char *setting, *back; enum log_via via; bool there; const char *why; };
static const struct broken broken[] = {
	{ "auto_explain.log_min_duration = '10ms'", "auto_explain.log_min_duration = 0", LOG_PLANS, true, "auto_explain logs only what takes 10ms or longer" },
	{ "auto_explain.log_min_duration = -1", "auto_explain.log_min_duration = 0", LOG_PLANS, false, "auto_explain is loaded, and switched off" },
	{ "auto_explain.log_verbose = off", "auto_explain.log_verbose = on", LOG_PLANS, true, "auto_explain.log_verbose is off" },
	{ "auto_explain.log_format = xml", "auto_explain.log_format = json", LOG_PLANS, true, "auto_explain.log_format is neither" },
	{ "auto_explain.sample_rate = 0.5", "auto_explain.sample_rate = 1", LOG_PLANS, true, "auto_explain logs only a share of 0.5" },
	{ "pgaudit.role = 'nobody'", "pgaudit.role = 'gwt_auditor'", LOG_AUDIT, false, "pgaudit is loaded, and logs no use of the target" },
	{ "pgaudit.log_level = 'debug1'", "pgaudit.log_level = 'log'", LOG_AUDIT, true, "pgaudit.log_level is not log" },
	{ "log_destination = 'syslog'", "log_destination = 'csvlog,jsonlog,stderr'", LOG_VIAS, false, "log_destination is syslog" },
};

START_TEST(settings_that_blind_are_said)
{
	for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
		const struct broken *b = &broken[i];
		set(b->setting);
		const struct serverlog s = look(NULL);
		const char *why = b->via == LOG_VIAS ? s.why : s.eye[b->via].why;
		ck_assert_msg(why && strncmp(why, b->why, strlen(b->why)) == 0, "%s: %s", b->setting, why ? why : "nothing");
		ck_assert_msg((b->via == LOG_VIAS ? s.there : s.eye[b->via].there) == b->there, "%s", b->setting);
		set(b->back);
	}
	/* stderr that does not say who is blind in all three ways. */
	set("log_destination = 'stderr'");
	set("log_line_prefix = '%m [%p] '");
	const struct serverlog s = look(NULL);
	for (int via = 0; via < LOG_VIAS; via++)
		ck_assert_str_eq(s.eye[via].why, "the server log does not say whose entries they are: ALTER SYSTEM SET log_destination = 'csvlog'; SELECT pg_reload_conf()");
	set("log_line_prefix = '%m [%p] %q%u@%d/%a '");
	set("log_destination = 'csvlog,jsonlog,stderr'");
}
END_TEST

START_TEST(no_permission_names_the_grant)
{
	struct db *own = db;
	test_sql(db, "GRANT USAGE ON SCHEMA gatewalk TO gwt_none; GRANT SELECT ON ALL TABLES IN SCHEMA gatewalk TO gwt_none");
	db = client("gwt_none");
	const struct serverlog s = look(NULL);
	db_close(db);
	db = own;
	ck_assert(!s.there);
	ck_assert_str_eq(s.why, "this login may not read the log: "
		"GRANT EXECUTE ON FUNCTION pg_current_logfile(text), pg_ls_logdir(), pg_read_binary_file(text, bigint, bigint, boolean) TO gwt_none");
	/* And these are enough. */
	test_sql(db, "GRANT EXECUTE ON FUNCTION pg_current_logfile(text), pg_ls_logdir(), pg_read_binary_file(text, bigint, bigint, boolean) TO gwt_none");
	db = client("gwt_none");
	const struct serverlog t = look(NULL);
	db_close(db);
	db = own;
	ck_assert_msg(t.there, "%s", t.why);
}
END_TEST

/* ---- the watch ---- */

static void tick(void)
{
	struct plan p = test_plan();
	written();
	ck_assert_msg(watch_tick(db, a, TEST_SID, &p, &target, NULL, 0, &e), "%s", e.msg);
}

static const char *sighted(void)
{
	const char *v = test_value(db, a, "SELECT coalesce((SELECT string_agg(source || ': ' || consumer || ', ' || text, '; ' ORDER BY source) FROM gatewalk.sighting"
		" WHERE NOT taken AND source IN ('auto_explain', 'pgaudit', 'server log')), '')");
	test_sql(db, "UPDATE gatewalk.sighting SET taken = true");
	return v;
}

static const char *gap_of(const char *source)
{
	return test_value(db, a, arena_printf(a, "SELECT coalesce(gap, '') FROM gatewalk.source WHERE source = '%s'", source));
}

static void anew(void)
{
	test_sql(db, "DELETE FROM gatewalk.source; DELETE FROM gatewalk.sighting");
	tick();
	ck_assert_str_eq(sighted(), "");
	ck_assert_str_eq(gap_of("server log"), "");
}

static void use(const char *app, const char *sql)
{
	struct db *c = client("gwt_etl");
	test_sql(c, arena_printf(a, "SET application_name = '%s'", app));
	test_sql(c, sql);
	db_close(c);
}

static void rotate(void)
{
	const char *was = test_value(db, a, "SELECT pg_current_logfile('csvlog')");
	sleep(1);   /* the files' names have seconds */
	test_sql(db, "SELECT pg_rotate_logfile()");
	for (int i = 0; i < 500 && strcmp(test_value(db, a, "SELECT coalesce(pg_current_logfile('csvlog'), '')"), was) == 0; i++)
		usleep(10000);
}

static void remove_log(const char *name)
{
	ck_assert_int_eq(remove(arena_printf(a, "%s/data/%s", cluster.dir, name)), 0);
}

START_TEST(watch_sees_what_was_logged_since)
{
	use("before", "SELECT to_jsonb(o) FROM public.orders o");
	anew();
	use("reporter", "SELECT legacy_total FROM public.orders");
	use("other", "SELECT note FROM public.orders");
	tick();
	ck_assert_str_eq(sighted(), "auto_explain: logged gwt_etl (reporter), reporter (role gwt_etl) read legacy_total; "
		"pgaudit: logged gwt_etl (reporter), reporter (role gwt_etl) read legacy_total");
	tick();
	ck_assert_str_eq(sighted(), "");
	ck_assert_str_eq(gap_of("auto_explain"), "");
}
END_TEST

/* gatewalk was away, the log was not: all of it is read, over several files. */
START_TEST(watch_follows_rotation)
{
	anew();
	use("first", "SELECT to_jsonb(o) FROM public.orders o");
	written();
	rotate();
	use("second", "SELECT to_jsonb(o) FROM public.orders o");
	written();
	rotate();
	use("third", "SELECT to_jsonb(o) FROM public.orders o");
	tick();
	ck_assert_str_eq(sighted(), "auto_explain: logged gwt_etl (first), first (role gwt_etl) read whole rows of orders; "
		"auto_explain: logged gwt_etl (second), second (role gwt_etl) read whole rows of orders; "
		"auto_explain: logged gwt_etl (third), third (role gwt_etl) read whole rows of orders");
	ck_assert_str_eq(gap_of("server log"), "");
	tick();
	ck_assert_str_eq(sighted(), "");
}
END_TEST

START_TEST(watch_finds_its_gaps)
{
	anew();
	const char *file = test_value(db, a, "SELECT pg_current_logfile('csvlog')");
	rotate();
	remove_log(file);
	tick();
	ck_assert_msg(strstr(gap_of("server log"), "was rotated away before it was read to its end"), "%s", gap_of("server log"));
	anew();
	file = test_value(db, a, "SELECT pg_current_logfile('csvlog')");
	ck_assert_int_eq(truncate(arena_printf(a, "%s/data/%s", cluster.dir, file), 10), 0);
	ck_assert_msg(watch_tick(db, a, TEST_SID, &(struct plan){ .schema = "public", .table = "orders", .column = "legacy_total", .recipe = "drop-column" }, &target, NULL, 0, &e), "%s", e.msg);
	ck_assert_msg(strstr(gap_of("pgaudit"), "was cut") || strstr(gap_of("pgaudit"), "was written over"), "%s", gap_of("pgaudit"));
	rotate();
	anew();
	set("auto_explain.log_nested_statements = off");
	set("auto_explain.log_nested_statements = on");
	tick();
	ck_assert_str_eq(gap_of("auto_explain"), "what the server logs was changed: auto_explain.log_nested_statements");
	anew();
	test_sql(db, "GRANT SELECT ON public.orders TO gwt_auditor");
	tick();
	ck_assert_msg(strstr(gap_of("pgaudit"), "what is logged was changed from"), "%s", gap_of("pgaudit"));
	ck_assert_str_eq(gap_of("auto_explain"), "");
	test_sql(db, "REVOKE SELECT ON public.orders FROM gwt_auditor; GRANT SELECT (legacy_total) ON public.orders TO gwt_auditor");
}
END_TEST

/* More than a look reads: what is left is said, and read by the next one. */
START_TEST(watch_catches_up)
{
	struct text line = { 0 };
	anew();
	char *path = arena_printf(a, "%s/data/%s", cluster.dir, test_value(db, a, "SELECT pg_current_logfile('csvlog')"));
	FILE *f = fopen(path, "a");
	ck_assert_ptr_nonnull(f);
	text_add(&line, "2026-11-26 04:30:00.123 UTC,\"etl\",\"shop\",1,,,,,,,,LOG,00000,\"");
	while (line.len < 1 << 20)
		text_add(&line, "one entry of a megabyte, with \"\"quotes\"\"\n");
	text_add(&line, "\",,,,,,,,,\"x\",,,0\n");
	for (int i = 0; i < 65; i++)
		ck_assert_uint_eq(fwrite(line.s, 1, line.len, f), line.len);
	text_free(&line);
	ck_assert_int_eq(fclose(f), 0);
	use("late", "SELECT to_jsonb(o) FROM public.orders o");
	tick();
	ck_assert_str_eq(sighted(), "");
	const char *why = test_value(db, a, "SELECT why FROM gatewalk.source WHERE source = 'auto_explain' AND NOT ok");
	ck_assert_msg(strncmp(why, "the server's log grows faster than it is read: ", 47) == 0, "%s", why);
	tick();
	ck_assert_str_eq(sighted(), "auto_explain: logged gwt_etl (late), late (role gwt_etl) read whole rows of orders");
	ck_assert_str_eq(test_value(db, a, "SELECT ok FROM gatewalk.source WHERE source = 'auto_explain'"), "t");
	const struct serverlog s = look(NULL);
	ck_assert(limited(&s, "of the server log only the newest 64 MB were read"));
	ck_assert_int_eq(used(&s, LOG_PLANS, "late"), USE_STAR);
}
END_TEST

/* The sources stand in one look as well, with the time that the watch knows of them. */
START_TEST(audit_has_its_sources)
{
	const struct plan p = test_plan();
	const struct audit_ask ask = { .sid = TEST_SID, .plan = &p, .target = &target, .kind = TARGET_COLUMN };
	struct fact_audit f;
	anew();
	use("seen once", "SELECT to_jsonb(o) FROM public.orders o");
	written();
	ck_assert_msg(audit_look(db, a, &ask, &f, &e), "%s", e.msg);
	size_t found = 0;
	for (size_t i = 0; i < f.n_sources; i++)
		found += strcmp(f.sources[i].name, "auto_explain") == 0 ? f.sources[i].saw == SAW_FOUND && !f.sources[i].why
			: strcmp(f.sources[i].name, "pgaudit") == 0 || strcmp(f.sources[i].name, "server log") == 0;
	ck_assert_uint_eq(found, 3);
	const struct consumer *c = test_consumer(&f, "logged gwt_etl (seen once)");
	ck_assert(c && c->may_survive && c->last > 0 && c->last <= f.at);
	ck_assert_str_eq(c->evidence, "SELECT to_jsonb(o) FROM public.orders o");
}
END_TEST

static Suite *suite(void)
{
	const TTest *const tests[] = { each_shape_is_seen_in_each_format, says_what_it_sees, table_grant_sees_whole_rows, refused_clients_are_seen,
		settings_that_blind_are_said, watch_sees_what_was_logged_since, watch_follows_rotation, watch_finds_its_gaps, audit_has_its_sources, watch_catches_up, no_permission_names_the_grant };
	Suite *s = suite_create("serverlog");
	TCase *t = tcase_create("serverlog");
	tcase_add_unchecked_fixture(t, start, end);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 120);
	for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
		tcase_add_test(t, tests[i]);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return test_main(suite());
}
