/* SPDX-License-Identifier: MIT */
/* The logical slot never stays where it must not: too much WAL, no walk, no plan, another's hand; and what is in the way of making one. */
#include "adapter/slot.h"

#include "adapter/probe.h"
#include "tests/slot_fixture.h"

START_TEST(gone_is_a_gap)
{
	put();
	tick();
	int64_t since = look().slot.since;
	test_sql(db, "SELECT pg_drop_replication_slot('" NAME "')");
	struct fact_watch w = look();
	ck_assert(!w.slot.there);
	ck_assert_str_eq(w.slot.why, SLOT_GONE);
	tick();
	w = look();
	ck_assert(!w.slot.there && w.unbroken_since == 0);
	ck_assert_str_eq(gap(), SLOT_GONE);
	ck_assert(seen_in_blind("logical slot: " SLOT_GONE));
	put();
	tick();
	w = look();
	ck_assert(slot_tells(&w.slot) && w.slot.since > since);
	/* Made anew by somebody else under the same name: not the same slot. */
	test_sql(db, "SELECT pg_drop_replication_slot('" NAME "'); INSERT INTO public.orders VALUES (1, 'a', '5')");
	test_sql(db, "SELECT pg_create_logical_replication_slot('" NAME "', 'test_decoding')");
	tick();
	ck_assert_str_eq(gap(), "somebody else read it or made it anew: what it kept until then was not seen");
	ck_assert(look().slot.since > w.slot.since);
	counts(0, 0, 0, 0, 0);
	int64_t now = look().slot.since;
	test_sql(db, "INSERT INTO public.orders VALUES (2, 'a', '5'); SELECT count(*) FROM pg_logical_slot_get_changes('" NAME "', NULL, NULL)");
	tick();
	ck_assert(look().slot.since > now);
}
END_TEST

START_TEST(too_much_is_taken_away)
{
	static const char why[] = "gatewalk took it away: it kept ";
	const char *what;
	put();
	tick();
	fill_wal(3);
	ck_assert(slot_care(db, a, &what, &e) && *what == '\0' && stands());
	ck_assert_int_gt(look().slot.held, 32 << 20);
	fill_wal(3);
	ck_assert_msg(slot_care(db, a, &what, &e), "%s", e.msg);
	ck_assert_msg(strncmp(what, "the logical slot " NAME " was taken away: it kept ", 50) == 0 && strstr(what, " MB of WAL, more than the 64 MB of policy.slot_max_mb"), "%s", what);
	ck_assert(!stands());
	struct fact_watch w = look();
	ck_assert(!w.slot.there && strncmp(w.slot.why, why, strlen(why)) == 0 && strstr(w.slot.why, "Start the watch again: it begins anew"));
	ck_assert(strncmp(gap(), why, strlen(why)) == 0);
	tick();   /* the watcher keeps the reason */
	ck_assert(strncmp(look().slot.why, why, strlen(why)) == 0);
	put();
	tick();
	w = look();
	ck_assert(slot_tells(&w.slot));
	ck_assert(strncmp(gap(), why, strlen(why)) == 0);
}
END_TEST

/* The watcher's own sample takes it away too, before it reads on. */
START_TEST(the_sample_takes_it_away)
{
	put();
	fill_wal(6);
	tick();
	ck_assert(!stands());
	ck_assert_ptr_nonnull(strstr(look().slot.why, "more than the 64 MB of policy.slot_max_mb"));
}
END_TEST

/* The server takes it in a moment after it was told. */
static void keep_at_most(const char *mb)
{
	test_sql(db, arena_printf(a, "ALTER SYSTEM SET max_slot_wal_keep_size = %s", mb));
	test_sql(db, "SELECT pg_reload_conf()");
	for (int i = 0; i < 600 && strcmp(test_value(db, a, "SELECT setting FROM pg_settings WHERE name = 'max_slot_wal_keep_size'"), mb) != 0; i++)
		usleep(10000);
}

START_TEST(the_servers_own_limit)
{
	const char *what;
	keep_at_most("48");
	put();
	ck_assert_int_eq(look().slot.limit, INT64_C(48) << 20);
	fill_wal(4);
	ck_assert(slot_care(db, a, &what, &e));
	ck_assert_msg(strstr(what, "the 48 MB of max_slot_wal_keep_size") || strstr(what, "begun to leave it behind"), "%s", what);
	put();
	fill_wal(8);
	test_sql(db, "CHECKPOINT");
	ck_assert_str_eq(test_value(db, a, "SELECT wal_status FROM pg_replication_slots"), "lost");
	ck_assert(!look().slot.there);
	tick();
	ck_assert(!stands());
	ck_assert_str_eq(look().slot.why, "gatewalk took it away: the server had begun to leave it behind: it needed more WAL than max_slot_wal_keep_size keeps. Start the watch again: it begins anew");
	keep_at_most("-1");
}
END_TEST

START_TEST(not_without_a_walk)
{
	const char *what;
	struct db *other = test_connect("dbname=postgres");
	put();
	test_sql(db, "SELECT pg_create_logical_replication_slot('gatewalk_slot_ffffffffffff', 'test_decoding')");
	test_sql(other, "SELECT pg_create_logical_replication_slot('gatewalk_slot_eeeeeeeeeeee', 'test_decoding')");
	db_close(other);
	ck_assert(slot_care(db, a, &what, &e));
	ck_assert_str_eq(what, "the logical slot gatewalk_slot_ffffffffffff was taken away: no open walk here needs it");
	ck_assert(stands());
	test_sql(db, "UPDATE gatewalk.walk SET dropped_at = now()");
	ck_assert(slot_care(db, a, &what, &e) && !stands());
	ck_assert_str_eq(test_value(db, a, "SELECT string_agg(slot_name, ' ') FROM pg_replication_slots"), "gatewalk_slot_eeeeeeeeeeee");
	/* A name that is ours, of another plugin: somebody else's. */
	test_sql(db, "SELECT pg_create_logical_replication_slot('gatewalk_slot_dddddddddddd', 'pgoutput')");
	ck_assert(slot_care(db, a, &what, &e) && *what == '\0');
}
END_TEST

START_TEST(no_plan_asks_for_it)
{
	put();
	tick();
	plan.slot = false;
	tick();
	ck_assert(!stands());
	struct fact_watch w = look();
	ck_assert(!w.slot.there && w.slot.since == 0);
	ck_assert(slot_take(db, a, TEST_SID, &e));
	ck_assert_str_eq(test_value(db, a, "SELECT count(*) FROM gatewalk.source WHERE source = '" SOURCE_SLOT "'"), "0");
}
END_TEST

START_TEST(never_made)
{
	tick();
	struct fact_watch w = look();
	ck_assert_str_eq(w.slot.why, "it was not made yet: start the watch");
	ck_assert(seen_in_blind("logical slot: it was not made yet: start the watch"));
	struct fact_audit f;
	plan.slot = false;
	put();   /* gatewalk's own slot is nobody's */
	ck_assert(audit_look(db, a, &(struct audit_ask){ TEST_SID, &plan, &target, plan_target(&plan) }, &f, &e));
	ck_assert_ptr_null(test_consumer(&f, "slot " NAME));
	bool strong;   /* and no sign of a real database */
	test_sql(db, "UPDATE gatewalk.meta SET environment = 'development'; COMMENT ON DATABASE " DB " IS '[gatewalk: development]'");
	ck_assert_msg(schema_init(db, a, ENV_DEVELOPMENT, &strong, &e), "%s", e.msg);
}
END_TEST

START_TEST(what_is_in_the_way)
{
	const char *why;
	test_sql(db, "DO $$BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'Gwt plain') THEN CREATE ROLE \"Gwt plain\" LOGIN; END IF; END$$; GRANT gatewalk_operator TO \"Gwt plain\"");
	struct db *plain = test_client(DB, "gatewalk", "'Gwt plain'");
	ck_assert_str_eq(try_put(plain), "this login may not use replication slots: as a superuser, ALTER ROLE \"Gwt plain\" REPLICATION;");
	put();
	ck_assert(!slot_take(plain, a, TEST_SID, &e));
	ck_assert_str_eq(e.hint, "As a superuser: SELECT pg_drop_replication_slot('" NAME "');");
	ck_assert(!slot_care(plain, a, &why, NULL) || stands());
	err_clear(&e);
	test_sql(db, "ALTER ROLE \"Gwt plain\" REPLICATION");
	ck_assert(slot_take(plain, a, TEST_SID, &e) && !stands());
	ck_assert_ptr_null(try_put(plain));
	test_sql(db, "ALTER ROLE \"Gwt plain\" NOREPLICATION; SELECT pg_drop_replication_slot('" NAME "')");
	db_close(plain);
	test_sql(db, "SELECT pg_create_physical_replication_slot('one'), pg_create_physical_replication_slot('two'), pg_create_physical_replication_slot('three')");
	ck_assert_str_eq(try_put(db), "all 3 replication slots are taken: ALTER SYSTEM SET max_replication_slots = 7; then restart the server");
	test_sql(db, "DELETE FROM gatewalk.source");
	tick();
	ck_assert_str_eq(look().slot.why, "all 3 replication slots are taken: ALTER SYSTEM SET max_replication_slots = 7; then restart the server");
}
END_TEST

static void doctor_says(enum doctor_state state, const char *now, const char *fix)
{
	struct doctor_row *rows;
	size_t n;
	ck_assert_msg(probe_doctor(db, a, &rows, &n, &e), "%s", e.msg);
	for (size_t i = 0; i < n; i++) {
		if (strcmp(rows[i].id, "slot") != 0)
			continue;
		ck_assert_str_eq(rows[i].now, now);
		ck_assert_int_eq(rows[i].state, state);
		ck_assert(text_eq(rows[i].fix, fix));
		return;
	}
	ck_abort_msg("the doctor does not look at slots");
}

START_TEST(the_doctor_says_what_it_keeps)
{
	static const char bound[] = "ALTER SYSTEM SET max_slot_wal_keep_size = '4GB'; SELECT pg_reload_conf();";
	doctor_says(DOCTOR_WARN, "a plan may ask for one; max_slot_wal_keep_size is -1: one that nobody looks after fills the disk", bound);
	put();
	fill_wal(2);
	const char *keeps = test_value(db, a, "SELECT format('" NAME " keeps %s MB of WAL, and the catalogue''s old rows for %s transactions',"
		" (pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn) / 1048576)::bigint, age(catalog_xmin)) FROM pg_replication_slots");
	doctor_says(DOCTOR_WARN, arena_printf(a, "%s; max_slot_wal_keep_size is -1: one that nobody looks after fills the disk", keeps), bound);
	keep_at_most("4096");
	doctor_says(DOCTOR_OK, keeps, NULL);
	keep_at_most("-1");
}
END_TEST

START_TEST(wal_level_replica)
{
	const char *why;
	struct db *outside = test_connect(arena_printf(a, "host=%s port=%s user=%s dbname=postgres", outside_host, outside_port, outside_user));
	ck_assert(slot_may(outside, a, &why, &e));
	ck_assert_str_eq(why, "wal_level is replica: ALTER SYSTEM SET wal_level = logical; then restart the server");
	db_close(outside);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		gone_is_a_gap, too_much_is_taken_away, the_sample_takes_it_away, the_servers_own_limit, not_without_a_walk, no_plan_asks_for_it,
		never_made, what_is_in_the_way, the_doctor_says_what_it_keeps, wal_level_replica,
	};
	return run(suite_create("slot_limits"), tests, sizeof tests / sizeof tests[0]);
}
