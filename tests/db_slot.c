/* SPDX-License-Identifier: MIT */
/* What the logical slot tells of each change, and that each counts once, whatever happens to the watcher and to the server. */
#include "adapter/slotread.h"

#include <signal.h>
#include <sys/wait.h>

#include "tests/slot_fixture.h"

/* Rows known by their key: a new value is proof, a changed row is none. */
START_TEST(default_identity)
{
	put();
	tick();
	test_sql(db, "INSERT INTO public.orders VALUES (1, 'a', NULL); UPDATE public.orders SET note = 'b'; UPDATE public.orders SET id = 2; DELETE FROM public.orders");
	test_sql(db, "BEGIN; INSERT INTO public.orders VALUES (7, 'a', '5'); ROLLBACK; CREATE TABLE public.other (legacy_total text); INSERT INTO public.other VALUES ('x')");
	tick();
	counts(0, 0, 0, 0, 2);
	ck_assert_int_eq(sighted(), 0);
	test_sql(db, "INSERT INTO public.orders VALUES (1, 'a', '5')");
	const char *xid = test_value(db, a, "SELECT xmin::text FROM public.orders");
	int64_t before = cell_int(test_value(db, a, "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint"));
	tick();
	counts(1, 0, 0, 0, 2);
	struct sighting *s;
	size_t n;
	ck_assert(watch_untaken(db, a, TEST_SID, &s, &n, &e));
	ck_assert_uint_eq(n, 1);
	ck_assert_str_eq(s->source, SOURCE_SLOT);
	ck_assert_str_eq(s->consumer, "committed writes");
	ck_assert_str_eq(s->text, arena_printf(a, "transaction %s wrote legacy_total", xid));
	ck_assert(s->at <= before && s->at > before - 60 * US_SECOND && s->at == kept().last);   /* as it was committed, not as it was looked at */
	ck_assert(seen_in_blind("logical slot: of 2 changes nobody can say whether they wrote the column; an UPDATE says what stands there now and not whether it changed"
		" that: ALTER TABLE public.orders REPLICA IDENTITY FULL"));
}
END_TEST

START_TEST(full_identity)
{
	test_sql(db, "ALTER TABLE public.orders REPLICA IDENTITY FULL; INSERT INTO public.orders VALUES (1, 'a', repeat('x', 4000)), (2, 'a', NULL)");
	put();
	test_sql(db, "UPDATE public.orders SET note = 'b'; UPDATE public.orders SET legacy_total = legacy_total; UPDATE public.orders SET id = 3 WHERE id = 2");
	tick();
	counts(0, 0, 0, 0, 0);
	test_sql(db, "UPDATE public.orders SET legacy_total = 'y'");
	tick();
	counts(0, 2, 0, 0, 0);
	test_sql(db, "UPDATE public.orders SET legacy_total = NULL; TRUNCATE public.orders");
	tick();
	counts(0, 4, 0, 1, 0);
	/* Altered there and back since: what was written in between is not taken for known. */
	test_sql(db, "ALTER TABLE public.orders REPLICA IDENTITY DEFAULT; INSERT INTO public.orders VALUES (1, 'a', NULL); UPDATE public.orders SET id = 2;"
		" ALTER TABLE public.orders REPLICA IDENTITY FULL");
	tick();
	counts(0, 4, 0, 1, 1);
	ck_assert_ptr_null(gap());
}
END_TEST

START_TEST(identity_of_nothing_and_of_the_column)
{
	test_sql(db, "INSERT INTO public.orders VALUES (1, 'a', repeat('x', 4000)); ALTER TABLE public.orders REPLICA IDENTITY NOTHING");
	put();
	test_sql(db, "UPDATE public.orders SET note = 'b'");   /* a long value that stays is not written again, whatever the identity */
	tick();
	counts(0, 0, 0, 0, 0);
	test_sql(db, "UPDATE public.orders SET legacy_total = 'z'; DELETE FROM public.orders");
	tick();
	counts(0, 0, 0, 0, 1);
	test_sql(db, "ALTER TABLE public.orders ALTER legacy_total SET NOT NULL; CREATE UNIQUE INDEX k ON public.orders (legacy_total); ALTER TABLE public.orders REPLICA IDENTITY USING INDEX k");
	tick();
	test_sql(db, "INSERT INTO public.orders VALUES (1, 'a', 'b'); UPDATE public.orders SET note = 'c'; UPDATE public.orders SET legacy_total = 'd'");
	tick();
	counts(1, 1, 0, 0, 1);
}
END_TEST

START_TEST(partitions_and_default)
{
	test_sql(db, "DROP TABLE public.orders; CREATE TABLE public.orders (id int, note text, legacy_total text DEFAULT 'x') PARTITION BY RANGE (id);"
		" CREATE TABLE public.\"odd: p\" (legacy_total text DEFAULT 'x', note text, id int); ALTER TABLE public.orders ATTACH PARTITION public.\"odd: p\" FOR VALUES FROM (0) TO (10);"
		" ALTER TABLE public.\"odd: p\" REPLICA IDENTITY FULL");
	target = test_target(db, a, "public", "orders", "legacy_total");
	put();
	test_sql(db, "INSERT INTO public.orders (id) VALUES (1); UPDATE public.orders SET legacy_total = 'y'; TRUNCATE public.\"odd: p\"");
	target.def = "'x'::text";
	tick();
	counts(0, 1, 0, 1, 1);   /* the default may have been it */
	target.column = NULL;
	plan.column = NULL;
	plan.recipe = "drop-table";
	test_sql(db, "INSERT INTO public.orders (id) VALUES (2); DELETE FROM public.orders");
	tick();
	counts(1, 1, 1, 1, 1);
}
END_TEST

/* What was written to a partition that is gone since was not seen; one that came is. */
START_TEST(partitions_come_and_go)
{
	test_sql(db, "DROP TABLE public.orders; CREATE TABLE public.orders (id int, note text, legacy_total text) PARTITION BY RANGE (id);"
		" CREATE TABLE public.p1 PARTITION OF public.orders FOR VALUES FROM (0) TO (10)");
	target = test_target(db, a, "public", "orders", "legacy_total");
	put();
	test_sql(db, "CREATE TABLE public.p2 PARTITION OF public.orders FOR VALUES FROM (10) TO (20); INSERT INTO public.orders VALUES (5, 'a', 'x'), (15, 'a', 'x')");
	tick();
	counts(2, 0, 0, 0, 0);
	ck_assert_ptr_null(gap());
	test_sql(db, "INSERT INTO public.orders VALUES (5, 'a', 'x'); DROP TABLE public.p1");
	tick();
	ck_assert_str_eq(gap(), "a table below the target was taken away or got another name: its last writes were not seen");
	int64_t since = look().slot.since;
	test_sql(db, "ALTER TABLE public.p2 RENAME TO p3");
	tick();
	ck_assert(look().slot.since > since);
	since = look().slot.since;
	test_sql(db, "INSERT INTO public.orders VALUES (15, 'a', 'x')");
	tick();
	counts(3, 0, 0, 0, 0);
	ck_assert_int_eq(look().slot.since, since);
}
END_TEST

/* One TRUNCATE of more tables than stand in a short line. */
START_TEST(truncate_of_many)
{
	const char *all = "public.orders";
	for (int i = 0; i < 40; i++) {
		const char *name = arena_printf(a, "public.a_table_of_a_rather_long_name_%d", i);
		test_sql(db, arena_printf(a, "CREATE TABLE %s ()", name));
		all = arena_printf(a, "%s, %s", name, all);
	}
	plan.recipe = "drop-table";
	target.column = plan.column = NULL;
	put();
	test_sql(db, arena_printf(a, "TRUNCATE %s", all));
	tick();
	counts(0, 0, 0, 1, 0);
}
END_TEST

START_TEST(own_writes_are_let_off)
{
	put();
	/* Under the application's search_path nobody's objects are taken for the server's. */
	test_sql(db, "CREATE SCHEMA evil; CREATE TABLE evil.pg_replication_slots (slot_name name, plugin name, database name); CREATE TABLE evil.pg_proc ();"
		" CREATE FUNCTION evil.no(name, text) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RAISE ''called''; END';"
		" CREATE OPERATOR evil.~ (LEFTARG = name, RIGHTARG = text, FUNCTION = evil.no); CREATE OPERATOR evil.= (LEFTARG = name, RIGHTARG = text, FUNCTION = evil.no);"
		" CREATE FUNCTION evil.pg_logical_emit_message(boolean, text, text) RETURNS void LANGUAGE plpgsql AS 'BEGIN RAISE ''called''; END'");
	test_sql(db, arena_printf(a, "BEGIN; SET LOCAL search_path = evil, pg_catalog; " SLOT_OWN_WRITE_SQL "INSERT INTO public.orders VALUES (1, 'a', '5'); COMMIT", "'" TEST_SID "'"));
	tick();
	counts(0, 0, 0, 0, 0);
	test_sql(db, arena_printf(a, "BEGIN; INSERT INTO public.orders VALUES (2, 'a', '5'); " SLOT_OWN_WRITE_SQL "COMMIT", "'ffff2233445566778899aabbccddeeff'"));
	/* A mark that belongs to no change, and one outside of a transaction. */
	test_sql(db, "SELECT pg_logical_emit_message(true, 'gatewalk', '" TEST_SID "')");
	test_sql(db, "SELECT pg_logical_emit_message(false, 'gatewalk', '" TEST_SID "'); INSERT INTO public.orders VALUES (3, 'a', '5')");
	tick();
	counts(2, 0, 0, 0, 0);
}
END_TEST

/* Nobody looked for a while, and the server crashed: all of it is still there, once. */
START_TEST(bridges_an_outage)
{
	put();
	tick();
	struct fact_watch before = look();
	ck_assert(before.slot.there && slot_tells(&before.slot) && before.slot.since > 0 && before.slot.limit == LIMIT);
	test_sql(db, "INSERT INTO public.orders VALUES (1, 'a', '5')");
	tick();
	test_sql(db, "INSERT INTO public.orders VALUES (2, 'a', '5')");
	db_close(db);
	ck_assert_msg(cluster_stop(a, &server, "immediate", &e) && cluster_restart(a, &server, &e), "%s", e.msg);
	db = test_connect("dbname=" DB);
	tick();
	counts(2, 0, 0, 0, 0);
	tick();
	counts(2, 0, 0, 0, 0);
	struct fact_watch after = look();
	ck_assert_int_eq(after.slot.since, before.slot.since);
	ck_assert_ptr_null(gap());
	ck_assert(slot_tells(&after.slot));
}
END_TEST

static void tick_and_die(int ms)
{
	pid_t pid = fork();
	if (pid == 0) {
		struct db *own = test_connect("dbname=" DB);
		for (;;)
			watch_tick(own, a, TEST_SID, &plan, &target, NULL, 0, &e);
	}
	usleep((useconds_t)ms * 1000);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	test_gone(db, "datname = '" DB "'");
}

/* Killed at some moment of its sample, over and over: no write is lost, and none counts twice. */
START_TEST(killed_watcher_counts_once)
{
	put();
	for (int i = 0; i < 12; i++) {
		test_sql(db, arena_printf(a, "INSERT INTO public.orders SELECT %d + j, 'a', 'x' FROM generate_series(1, 50) j; UPDATE public.orders SET note = 'b' WHERE id = %d", i * 100, i * 100 + 1));
		tick_and_die(15 + 3 * i);
	}
	tick();
	counts(600, 0, 0, 0, 12);
}
END_TEST

START_TEST(noted_and_not_confirmed)
{
	put();
	test_sql(db, "INSERT INTO public.orders VALUES (1, 'a', '5')");
	struct slot_seen s;
	tick();
	int64_t read = kept().read;
	/* As after a kill between the ledger's commit and the word to the server: the ledger is ahead. */
	test_sql(db, "INSERT INTO public.orders VALUES (2, 'a', '5')");
	test_sql(db, "UPDATE gatewalk.source SET state = (state::jsonb || jsonb_build_object('read', pg_wal_lsn_diff(pg_current_wal_flush_lsn(), '0/0')::bigint))::text WHERE source = '" SOURCE_SLOT "'");
	ck_assert(slot_look(db, a, TEST_SID, &s, &e) && s.confirmed == read && kept().read > read);
	tick();
	counts(1, 0, 0, 0, 0);
	test_sql(db, "INSERT INTO public.orders VALUES (3, 'a', '5')");
	tick();
	counts(2, 0, 0, 0, 0);
	ck_assert_ptr_null(gap());
}
END_TEST

/* As a consumer: who has to be found and cleared by name. */
START_TEST(the_audit_shows_it)
{
	struct fact_audit f;
	test_sql(db, "ALTER TABLE public.orders REPLICA IDENTITY FULL");
	put();
	tick();
	test_sql(db, "INSERT INTO public.orders VALUES (1, 'a', '5'), (2, 'a', '5'); TRUNCATE public.orders");
	tick();
	ck_assert_msg(audit_look(db, a, &(struct audit_ask){ TEST_SID, &plan, &target, plan_target(&plan) }, &f, &e), "%s", e.msg);
	const struct consumer *c = test_consumer(&f, "committed writes");
	ck_assert(c && c->touch == TOUCH_WRITE && c->names_column && c->calls == 3 && c->last == kept().last);
	ck_assert_str_eq(c->source, SOURCE_SLOT);
	ck_assert_ptr_nonnull(strstr(c->evidence, ": INSERT 2, UPDATE 0, DELETE 0, TRUNCATE 1; the last at "));
	for (size_t i = 0; i < f.n_sources; i++) {
		const struct audit_source *s = &f.sources[i];
		if (strcmp(s->name, SOURCE_SLOT) != 0)
			continue;
		ck_assert(s->saw == SAW_FOUND && !s->why && s->from == kept().since && s->sees == (SEES_WRITE | SEES_NESTED | SEES_DEFINER));
		return;
	}
	ck_abort_msg("the slot is no source of the audit");
}
END_TEST

/* One that is too long to be read may have written it. */
START_TEST(too_long_to_be_read)
{
	plan.slot_max_mb = 1024;
	put();
	test_sql(db, "INSERT INTO public.orders SELECT 1, repeat('n', 70000000), NULL");
	tick();
	struct slot_kept k = kept();
	ck_assert_int_eq(k.unread, 1);
	ck_assert_int_eq(k.inserts, 0);
	ck_assert_int_eq(sighted(), 1);
}
END_TEST

START_TEST(unlogged_sees_nothing)
{
	put();
	test_sql(db, "ALTER TABLE public.orders SET UNLOGGED");
	tick();
	struct fact_watch w = look();
	ck_assert(w.slot.there && !slot_tells(&w.slot));
	ck_assert_str_eq(w.slot.why, "public.orders is unlogged: no slot sees its writes");
}
END_TEST

/* More than is decoded at once, in one transaction and in many: read in pieces, to the end. */
START_TEST(many_changes)
{
	plan.slot_max_mb = 1024;
	put();
	test_sql(db, "UPDATE gatewalk.source SET state = (state::jsonb || '{\"limit\": 1000000000}')::text WHERE source = '" SOURCE_SLOT "'");
	test_sql(db, "INSERT INTO public.orders SELECT i, repeat('n', 300), 'x' FROM generate_series(1, 150000) i");
	test_sql(db, "DO $$BEGIN FOR i IN 1..2000 LOOP INSERT INTO public.orders VALUES (1000000 + i, repeat('n', 3000), 'x'); COMMIT; END LOOP; END$$");
	tick();
	counts(152000, 0, 0, 0, 0);
	ck_assert_int_eq(sighted(), 1);   /* not yet taken by the log: moved forward */
	struct fact_watch w = look();
	ck_assert(slot_tells(&w.slot));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		default_identity, full_identity, identity_of_nothing_and_of_the_column, partitions_and_default, partitions_come_and_go, truncate_of_many, own_writes_are_let_off, bridges_an_outage,
		killed_watcher_counts_once, noted_and_not_confirmed, the_audit_shows_it, too_long_to_be_read, unlogged_sees_nothing, many_changes,
	};
	return run(suite_create("slot"), tests, sizeof tests / sizeof tests[0]);
}
