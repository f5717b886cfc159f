/* SPDX-License-Identifier: MIT */
/* Every kind of consumer of one column, each made alone: the audit finds it by the source that should, or names it as a blind spot in
   words that a person sees. None is missed silently. On a server of its own, with a standby and a second database. */
#include "adapter/audit.h"

#include <stdlib.h>

#include "adapter/own.h"
#include "adapter/probe.h"
#include "adapter/slot.h"
#include "tests/kinds_fixture.h"
#include "tests/lib_walk.h"
#include "tests/standby_fixture.h"

#define DB "gwt_kinds"
#define COUNT(x) (sizeof (x) / sizeof (x)[0])
#define ROWS_MAX 400
#define SOURCES_MAX 12

static struct db *db, *web;
static struct arena *a;
static struct err e;
static struct plan plan;
static struct fact_target target;
static struct cluster primary;
static const char *copy;   /* the standby's folder */
static struct fact_audit found;

/* Of each row, the sources that the audit found it by: what is left when one of them is taken away? */
struct outcome { const struct kind *k; const char *by[SOURCES_MAX]; size_t n; };
static struct outcome outcomes[ROWS_MAX];
static size_t n_outcomes;

static void shell(const char *command)
{
	struct child_end end;
	ck_assert_msg(child_shell(a, command, NULL, 60000, &end, &e), "%s: %s", command, e.msg);
	ck_assert_msg(end.status == 0, "%s: %s", command, end.err);
}

static void psql(const char *args, const char *sql)
{
	const char *in = arena_printf(a, "%s\n;\n", sql);
	const char *const argv[] = { "/bin/sh", "-c", arena_printf(a, "exec psql -qX -v ON_ERROR_STOP=1 -o /dev/null %s", args), NULL };
	struct child_end end;
	ck_assert_msg(child_run(a, &(struct child){ .argv = argv, .in = in, .in_len = strlen(in) }, &end, &e), "%s", e.msg);
	ck_assert_msg(end.status == 0, "%s: %s", sql, end.err);
}

static const char *const shop[] = {
	"CREATE EXTENSION pg_stat_statements SCHEMA public; CREATE EXTENSION pgcrypto SCHEMA public",
	"CREATE TABLE public.orders (id int PRIMARY KEY, note text, legacy_total int); INSERT INTO public.orders VALUES (1, 'a', 7)",
	"DO $$BEGIN IF to_regrole('gwt_web') IS NULL THEN CREATE ROLE gwt_web LOGIN; END IF; END$$; GRANT ALL ON public.orders TO gwt_web",
	"ALTER DEFAULT PRIVILEGES GRANT USAGE ON SCHEMAS TO gwt_web; CREATE SCHEMA k",
};
#define FAR_SHOP "CREATE EXTENSION postgres_fdw; CREATE EXTENSION dblink; CREATE SERVER near FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '%s', dbname '" DB "');" \
	" CREATE USER MAPPING FOR postgres SERVER near OPTIONS (user 'gwt_web', password_required 'false');" \
	" CREATE FOREIGN TABLE public.away (id int, legacy_total int) SERVER near OPTIONS (schema_name 'public', table_name 'orders');" \
	" CREATE TABLE public.orders (id int PRIMARY KEY, note text, legacy_total int)"

/* Unchecked: it runs in the process that survives a failed test, so that nothing is left running. */
static void servers_up(void)
{
	a = arena_new();
	copy = arena_printf(a, "/tmp/gwkd.%d.b", (int)getpid());
	const struct cluster_opts o = { .dir = arena_printf(a, "/tmp/gwkd.%d", (int)getpid()), .settings = "fsync = off\nshared_buffers = 16MB\nwal_level = logical\n" };
	ck_assert_msg(cluster_start(a, &o, &primary, &e), "%s", e.msg);
	setenv("PGHOST", primary.host, 1);
	setenv("PGPORT", arena_printf(a, "%d", primary.port), 1);
	setenv("PGUSER", primary.user, 1);
	setenv("PGDATABASE", DB, 1);
}

static void servers_down(void)
{
	standby_remove(a, &primary, copy);
	arena_free(a);
}

static void setup(void)
{
	db_close(test_database("gwt_far"));
	db = test_database(DB);
	for (size_t i = 0; i < COUNT(shop); i++)
		test_sql(db, shop[i]);
	psql("-d gwt_far", arena_printf(a, FAR_SHOP, primary.host));
	plan = test_plan();
	target = test_target(db, a, "public", "orders", "legacy_total");
	test_schema(db, a, &target);
	n_outcomes = 0;
	setlinebuf(stdout);
}

static void teardown(void)
{
	db_close(db);
}

static void audit(void)
{
	ck_assert_msg(audit_look(db, a, &(struct audit_ask){ TEST_SID, &plan, &target, plan_target(&plan) }, &found, &e), "%s", e.msg);
}

static bool starts(const char *s, const char *front)
{
	return strncmp(s, front, strlen(front)) == 0;
}

/* By which sources was it found? "catalogue, uses the whole row" is the catalogue; "X, Y" of what two have found is both. */
static void by_add(struct outcome *o, const char *source)
{
	for (size_t i = 0; i < o->n; i++)
		if (strcmp(o->by[i], source) == 0)
			return;
	if (o->n < SOURCES_MAX)
		o->by[o->n++] = source;
}

static bool right_one(const struct kind *k, const struct consumer *c)
{
	return k->how == KEY ? strcmp(c->key, k->what) == 0 : strstr(c->evidence, k->what) != NULL;
}

static const char *base_name(const struct kind *k, const struct consumer *c)
{
	return k->source && starts(c->source, k->source) ? k->source : c->source;
}

static bool falls(const struct kind *k)
{
	struct fact_target t;
	ck_assert_msg(probe_target(db, a, &plan, &t, &e), "%s", e.msg);
	for (size_t i = 0; i < t.n_falls; i++)
		if (strstr(t.falls[i], k->what))
			return true;
	return false;
}

static bool is_blind(const char *words)
{
	for (size_t i = 0; i < found.n_blind; i++)
		if (strstr(found.blind[i], words))
			return true;
	return false;
}

/* True when the audit shows it as it should. */
static bool judge(const struct kind *k, struct outcome *o)
{
	bool hit = false;
	*o = (struct outcome){ .k = k };
	for (size_t i = 0; i < found.n; i++)
		by_add(o, base_name(k, &found.found[i]));
	for (size_t i = 0; i < found.n && (k->how == KEY || k->how == TEXT); i++)
		hit = hit || (right_one(k, &found.found[i]) && starts(found.found[i].source, k->source));
	switch (k->how) {
	case BLIND: return is_blind(k->what);
	case FALLS: return falls(k);
	case NOTHING: return found.n == 0;
	default: return hit;
	}
}

static const char *shown_as(const struct kind *k, const struct outcome *o)
{
	const char *s = "";
	if (k->how == BLIND)
		return arena_printf(a, "blind: \"%s\"", k->what);
	if (k->how == FALLS)
		return "falls with the column, listed in the plan";
	for (size_t i = 0; i < o->n; i++)
		s = arena_printf(a, "%s%s%s", s, i ? "; " : "", o->by[i]);
	return k->how == NOTHING ? "no consumer" : s;
}

static int row(const struct kind *k)
{
	struct outcome *o = &outcomes[n_outcomes++];
	ck_assert_uint_le(n_outcomes, ROWS_MAX);
	bool ok = judge(k, o);
	printf("  %s %-50s %s\n", ok ? "   " : "NOT", k->name, shown_as(k, o));
	for (size_t i = 0; !ok && i < found.n; i++)
		printf("        found %s (%s): %.90s\n", found.found[i].key, found.found[i].source, found.found[i].evidence);
	for (size_t i = 0; !ok && i < found.n_blind; i++)
		printf("        blind %s\n", found.blind[i]);
	return !ok;
}

static int made(const struct kind *k)
{
	test_sql(db, "BEGIN; SET LOCAL client_min_messages = error; SELECT public.pg_stat_statements_reset()");
	test_sql(db, k->make);
	test_sql(db, "SELECT public.pg_stat_statements_reset()");
	audit();
	int bad = row(k);
	db_rollback(db);
	return bad;
}

static void step(const char *s, struct db **kept)
{
	if (starts(s, "!")) {
		shell(s + 1);
	} else if (starts(s, "@far ")) {
		psql("-d gwt_far", s + 5);
	} else if (starts(s, "@standby ")) {
		psql(arena_printf(a, "-h %s", copy), s + 9);
	} else if (starts(s, "~")) {
		*kept = test_client(DB, "kept", "gwt_web");
		test_sql(*kept, s + 1);
		test_sql(db, "SELECT public.pg_stat_statements_reset()");
	} else if (starts(s, "@psql ")) {
		psql("-U gwt_web", s + 6);
	} else {
		test_sql(web, s);
		test_sql(web, "SELECT 1");   /* its last statement: this session shows nothing */
	}
}

/* It keeps what is written from here on. */
static void put_slot(void)
{
	const struct slot_order slot = { .sid = TEST_SID, .target = &target, .limit = 1 << 30 };
	const char *why;
	ck_assert_msg(slot_put(db, a, &slot, &why, &e) && !why, "%s", why ? why : e.msg);
}

static int used(const struct kind *k)
{
	struct db *kept = NULL;
	plan.slot = k->source && starts(k->source, SOURCE_SLOT);
	if (plan.slot)
		put_slot();
	if (k->make)
		test_sql(db, k->make);
	test_sql(db, "SELECT public.pg_stat_statements_reset(); DELETE FROM gatewalk.trip");
	step(k->run, &kept);
	if (strchr("@!", *k->run))
		test_gone(db, "application_name NOT IN ('web', 'kept', 'gatewalk') AND datname = '" DB "' AND NOT application_name LIKE 'sub%'");
	if (plan.slot)   /* of a slot the watch's own look tells */
		ck_assert_msg(watch_tick(db, a, TEST_SID, &plan, &target, NULL, 0, &e), "%s", e.msg);
	audit();
	int bad = row(k);
	db_close(kept);
	if (k->undo)
		step(k->undo, NULL);
	if (k->make)
		test_sql(db, "SET client_min_messages = error; DROP SCHEMA k CASCADE; CREATE SCHEMA k");
	test_sql(db, "DELETE FROM public.orders WHERE id = 9");
	return bad;
}

/* What the table rests on: struck out of it, each source leaves rows that nothing else would have shown. */
static void each_source_is_needed(const char *const *sources)
{
	for (; *sources; sources++) {
		size_t lost = 0;
		for (size_t i = 0; i < n_outcomes; i++) {
			const struct outcome *o = &outcomes[i];
			lost += (o->k->how == KEY || o->k->how == TEXT) && o->n == 1 && starts(o->by[0], *sources);
		}
		printf("  without %s: %zu kinds would be missed\n", *sources, lost);
		ck_assert_msg(lost > 0, "nothing rests on %s", *sources);
	}
}

START_TEST(kinds_that_stand)
{
	static const char *const sources[] = { CAT, BODY, "trigger's function body", "publications", "subscriptions", "privileges", NULL };
	int missed = 0;
	for (size_t i = 0; i < COUNT(kinds_static); i++)
		missed += made(&kinds_static[i]);
	printf("  %zu kinds, %d missed\n", n_outcomes, missed);
	ck_assert_int_eq(missed, 0);
	each_source_is_needed(sources);
}
END_TEST

START_TEST(kinds_that_run)
{
	static const char *const sources[] = { PGSS, "sessions", "tripwire", "replication slots", SOURCE_SLOT, NULL };
	int missed = 0;
	ck_assert_msg(own_tripwire_put(db, a, &(struct own_trip){ .sid = TEST_SID, .target = &target }, &e), "%s", e.msg);
	standby_make(a, &primary, copy, "");
	web = test_client(DB, "web", "gwt_web");
	struct plan_standby s[] = { { .name = "db2", .dbname = arena_printf(a, "host=%s dbname=" DB, copy) } };
	plan.standbys = s;
	for (size_t i = 0; i < COUNT(kinds_run); i++) {
		plan.n_standbys = starts(kinds_run[i].run, "@standby ");
		missed += used(&kinds_run[i]);
	}
	db_close(web);
	printf("  %zu kinds, %d missed\n", n_outcomes, missed);
	ck_assert_int_eq(missed, 0);
	each_source_is_needed(sources);
}
END_TEST

/* The control: with the source really gone the same row is missed, and the audit says which source is missing. */
START_TEST(a_source_gone)
{
	struct outcome o;
	web = test_client(DB, "web", "gwt_web");
	step(kinds_run[0].run, NULL);
	audit();
	ck_assert(judge(&kinds_run[0], &o) && o.n == 1);
	test_sql(db, "DROP EXTENSION pg_stat_statements");
	audit();
	ck_assert(!judge(&kinds_run[0], &o) && o.n == 0);
	ck_assert(is_blind("not created in this database: CREATE EXTENSION pg_stat_statements"));
	db_close(web);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("db_kinds");
	TCase *c = tcase_create("kinds");
	tcase_add_unchecked_fixture(c, servers_up, servers_down);
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_set_timeout(c, 120);
	tcase_add_test(c, kinds_that_stand);
	tcase_add_test(c, kinds_that_run);
	tcase_add_test(c, a_source_gone);
	suite_add_tcase(s, c);
	return s;
}

int main(void) { return test_main(suite()); }
