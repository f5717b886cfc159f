/* SPDX-License-Identifier: MIT */
/* The guard and gatewalk itself: its own drop goes through by a pass, once; what is wrong with the guard is seen; installing and
   removing are whole or nothing; an error of the guard's own holds nobody up, and lets no target go. */
#include "tests/guard_fixture.h"

#define DB "gw_guard_pass"
#define FIRST "00000000000000000000000000000001"

static void open_db(void)
{
	guard_open(DB);
}

static void close_db(void)
{
	guard_close(DB);
}

static void looks(bool installed, bool stands, bool truncate, const char *why)
{
	struct err e = { 0 };
	struct fact_guard f;
	ck_assert_msg(guard_look(x.db, x.a, FIRST, &f, &e), "%s", e.msg);
	ck_assert_int_eq(f.installed, installed);
	ck_assert_msg(f.stands == stands && f.truncate == truncate, "%d %d %s", f.stands, f.truncate, f.why ? f.why : "");
	ck_assert_str_eq(f.why ? f.why : "", why);
	ck_assert(f.at > 0);
}

static void refused(const char *sql, const char *state)
{
	const char *msg, *said = guard_said("", sql, &msg);
	ck_assert_msg(strcmp(said, state) == 0, "%s: %s %s", sql, said, msg);
}

/* The writer itself, over a guarded column: the pass is spent, the guard's trigger is gone, and a second drop needs another. */
START_TEST(the_drop_goes_through)
{
	struct err e = { 0 };
	struct drop_end end;
	fix_do(&x, "CREATE TABLE public.orders (id bigint PRIMARY KEY, legacy text, after text); INSERT INTO public.orders VALUES (1, 'a', 'b')");
	fix_ready(&x, "public", "orders", "legacy", true);
	ck_assert_msg(guard_put(x.db, x.a, x.sid, &x.facts.target, &e), "%s", e.msg);
	fix_look(&x);
	fix_walk(&x);
	fix_bind(&x);
	ck_assert_msg(x.facts.guard.stands && x.facts.guard.truncate, "%s", x.facts.guard.why);
	refused("ALTER TABLE public.orders DROP COLUMN legacy CASCADE", "GW100");
	const struct drop d = fix_drop(&x, fix_mint(&x));
	ck_assert_msg(apply_drop(x.a, &d, &end, &e), "%s", e.msg);
	ck_assert_str_eq(fix_get(&x, "SELECT count(*) FROM gatewalk.pass WHERE spent_at IS NOT NULL"), "1");
	ck_assert_str_eq(fix_get(&x, "SELECT count(*) FROM pg_attribute WHERE attrelid = 'public.orders'::regclass AND attname = 'legacy'"), "0");
	ck_assert_str_eq(fix_get(&x, "SELECT count(*) FROM pg_trigger WHERE tgrelid = 'public.orders'::regclass"), "0");
	fix_do(&x, "ALTER TABLE public.orders DROP COLUMN after; TRUNCATE public.orders; DROP TABLE public.orders");
}
END_TEST

/* Somebody switches the guard off between the look and the lock: the look under the lock sees it. */
START_TEST(switched_off_before_the_lock)
{
	struct err e = { 0 };
	struct drop_end end;
	fix_do(&x, "CREATE TABLE public.orders (id bigint PRIMARY KEY, legacy text)");
	fix_ready(&x, "public", "orders", "legacy", true);
	ck_assert_msg(guard_put(x.db, x.a, x.sid, &x.facts.target, &e), "%s", e.msg);
	fix_look(&x);
	fix_walk(&x);
	fix_bind(&x);
	struct permit *permit = fix_mint(&x);
	fix_do(&x, "ALTER EVENT TRIGGER gatewalk_guard_ddl DISABLE; ALTER EVENT TRIGGER gatewalk_guard_ddl ENABLE ALWAYS");
	const struct drop d = fix_drop(&x, permit);
	ck_assert(!apply_drop(x.a, &d, &end, &e));
	ck_assert_int_eq(end.result, DROP_REFUSED);
	ck_assert_msg(strstr(e.msg, "under the lock: C9, the server refuses it to everybody else: the guard was switched off"), "%s", e.msg);
	ck_assert_str_eq(fix_get(&x, "SELECT count(*) FROM gatewalk.pass"), "0");
}
END_TEST

/* Whoever may write passes still has to name message and transaction; a pass that was spent, or is of another one, is none. */
START_TEST(passes)
{
	struct err e = { 0 };
	static const char drop[] = "ALTER TABLE s.t DROP COLUMN old";
	char hex[65];
	crypto_sha256_hex(drop, strlen(drop), hex);
	const char *own = arena_printf(x.a, "'%s'", hex);
	fix_do(&x, "UPDATE gatewalk.walk SET stage = 'dropping'; INSERT INTO gatewalk.permit (nonce, sid) VALUES ('m', '" FIRST "')");
	refused("SELECT gatewalk.guard_pass('" FIRST "', repeat('a', 64))", "GW101");   /* the permit was spent in another transaction */
	fix_do(&x, arena_printf(x.a, "BEGIN; INSERT INTO gatewalk.permit (nonce, sid) VALUES ('n', '" FIRST "'); SELECT gatewalk.guard_pass('" FIRST "', %s)", own));
	ck_assert_msg(!db_script(x.db, x.a, "ALTER TABLE s.t RENAME COLUMN old TO young", 5000, NULL, &e) && strcmp(e.sqlstate, "GW100") == 0, "%s", e.msg);
	db_rollback(x.db);
	fix_do(&x, arena_printf(x.a, "BEGIN; INSERT INTO gatewalk.permit (nonce, sid) VALUES ('n', '" FIRST "'); SELECT gatewalk.guard_pass('" FIRST "', %s)", own));
	ck_assert_msg(!db_script(x.db, x.a, "DROP TABLE s.t", 5000, NULL, &e) && strcmp(e.sqlstate, "GW100") == 0, "%s", e.msg);
	db_rollback(x.db);
	/* The right one: once. Put back by the savepoint it may be used again; in another transaction not. */
	fix_do(&x, arena_printf(x.a, "BEGIN; INSERT INTO gatewalk.permit (nonce, sid) VALUES ('n', '" FIRST "'); SELECT gatewalk.guard_pass('" FIRST "', %s); SAVEPOINT a", own));
	ck_assert_msg(db_script(x.db, x.a, drop, 5000, NULL, &e), "%s", e.msg);
	fix_do(&x, "ROLLBACK TO SAVEPOINT a; COMMIT");
	refused(drop, "GW100");
	fix_do(&x, arena_printf(x.a, "UPDATE gatewalk.pass SET xid = (pg_current_xact_id()::text::bigint + 1)::text, spent_at = clock_timestamp()"));
	ck_assert(!db_script(x.db, x.a, drop, 5000, NULL, &e));
	db_rollback(x.db);
}
END_TEST

/* What is done to the guard, and what is seen of it. */
static const struct { const char *sql; bool stands, truncate; const char *why; } harms[] = {
	{ "SELECT 1", true, true, "" },
	{ "ALTER EVENT TRIGGER gatewalk_guard_drop DISABLE", false, false, "an event trigger of the guard is missing, switched off or changed" },
	{ "ALTER EVENT TRIGGER gatewalk_guard_drop ENABLE", false, false, "an event trigger of the guard is missing, switched off or changed" },
	{ "DROP EVENT TRIGGER gatewalk_guard_rewrite", false, false, "an event trigger of the guard is missing, switched off or changed" },
	{ "ALTER EVENT TRIGGER gatewalk_guard_drop DISABLE; ALTER EVENT TRIGGER gatewalk_guard_drop ENABLE ALWAYS", false, false,
		"the guard was switched off, changed or granted to others since it was installed" },
	{ "GRANT INSERT ON gatewalk.pass TO PUBLIC", false, false, "the guard was switched off, changed or granted to others since it was installed" },
	{ "GRANT UPDATE ON gatewalk.walk TO PUBLIC", false, false, "the guard was switched off, changed or granted to others since it was installed" },
	{ "GRANT EXECUTE ON FUNCTION gatewalk.guard_end(text) TO PUBLIC", false, false, "the guard was switched off, changed or granted to others since it was installed" },
	{ "CREATE OR REPLACE FUNCTION gatewalk.guard_spend(a_sid text) RETURNS boolean LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '1s' AS 'SELECT true'",
		false, false, "a function of the guard is not gatewalk's own" },
	{ "ALTER FUNCTION gatewalk.guard_drop() RESET search_path", false, false, "a function of the guard is not gatewalk's own" },
	{ "ALTER FUNCTION gatewalk.guard_drop() OWNER TO " GUARD_APP, false, false, "a function of the guard is not gatewalk's own" },
	{ "UPDATE gatewalk.guarded SET over_at = now()", false, false, "the walk's target is not under guard" },
	{ "UPDATE gatewalk.meta SET database_oid = 1", false, false, "the walk's target is not under guard" },
	{ "DELETE FROM gatewalk.guarded", false, false, "the walk's target is not under guard" },
	{ "ALTER EVENT TRIGGER gatewalk_guard_ddl DISABLE; ALTER TABLE s.t RENAME old TO young", false, false, "an event trigger of the guard is missing, switched off or changed" },
	{ "UPDATE pg_attribute SET attname = 'young' WHERE attrelid = 's.t'::regclass AND attname = 'old'", false, false, "the target is not what was put under guard" },
	{ "SELECT gatewalk.guard_end('" FIRST "'); DROP TRIGGER gatewalk_guard_000000000000 ON s.t; SELECT gatewalk.guard_put('" FIRST "')", true, false,
		"TRUNCATE is not refused: the guard's trigger is not on the table" },
};

START_TEST(harm_is_seen)
{
	fix_do(&x, arena_printf(x.a, "SET client_min_messages = error; %s", harms[_i].sql));
	looks(true, harms[_i].stands, harms[_i].truncate, harms[_i].why);
}
END_TEST

/* The list of walks cannot be read: what carries gatewalk's trigger stays, and the rest of the database goes on. */
START_TEST(an_error_of_its_own)
{
	refused("DROP TABLE gatewalk.guarded", "GW100");
	fix_do(&x, "ALTER EVENT TRIGGER gatewalk_guard_ddl DISABLE; ALTER TABLE gatewalk.guarded RENAME TO lost; ALTER EVENT TRIGGER gatewalk_guard_ddl ENABLE ALWAYS");
	refused("ALTER TABLE s.t DROP COLUMN old", "GW100");
	refused("ALTER TABLE s.t RENAME TO young", "GW100");
	refused("ALTER TABLE s.t ALTER old TYPE int USING 0", "GW100");
	refused("DROP TABLE s.part", "GW100");
	refused("DROP TRIGGER gatewalk_guard_000000000000 ON s.t", "GW100");
	refused("TRUNCATE s.t", "42P01");
	refused("DROP TABLE s.free; ALTER TABLE s.like_whole RENAME TO liked; ALTER TABLE s.liked ADD COLUMN n int; ALTER TABLE s.liked ALTER id TYPE bigint", "");
}
END_TEST

/* A target that a superuser changed behind the guard's back holds up nobody who does not touch it. */
START_TEST(changed_behind_its_back)
{
	fix_do(&x, "ALTER EVENT TRIGGER gatewalk_guard_ddl DISABLE; ALTER TABLE s.t RENAME old TO young; ALTER EVENT TRIGGER gatewalk_guard_ddl ENABLE ALWAYS");
	refused("ALTER TABLE s.free RENAME TO freed; ALTER TABLE s.freed ALTER old TYPE varchar; CREATE SCHEMA n; ALTER SCHEMA n RENAME TO m", "");
	refused("ALTER TABLE s.t ADD COLUMN n int", "GW100");
	struct err e = { 0 };
	struct guard_done d;
	ck_assert_msg(guard_install(x.db, x.a, &d, &e), "%s", e.msg);
	ck_assert_str_eq(d.walks[0].why, "the target is not what was put under guard");
	looks(true, false, false, "the target is not what was put under guard");
	/* As guard_help says. */
	ck_assert_msg(guard_remove(x.db, x.a, &d, &e) && guard_install(x.db, x.a, &d, &e), "%s", e.msg);
	ck_assert_str_eq(d.walks[0].why, "");
	looks(true, true, true, "");
	refused("ALTER TABLE s.t ADD COLUMN n int", "");
	refused("ALTER TABLE s.t RENAME young TO old", "GW100");
}
END_TEST

START_TEST(it_ends_with_the_walk)
{
	struct err e = { 0 };
	refused("TRUNCATE s.t", "GW100");
	ck_assert_msg(guard_take(x.db, x.a, FIRST, &e), "%s", e.msg);
	ck_assert_msg(guard_take(x.db, x.a, FIRST, &e), "%s", e.msg);
	refused("TRUNCATE s.t; ALTER TABLE s.t RENAME old TO young; DROP TABLE s.t", "");
	refused("UPDATE gatewalk.walk SET closed_at = now() WHERE name = 'walk-tm'; TRUNCATE s.tm; DROP TABLE s.tm", "");
	refused("DROP TABLE s.td", "GW100");
}
END_TEST

/* Each is whole or nothing. */
START_TEST(install_and_remove)
{
	struct err e = { 0 };
	struct guard_done d;
	ck_assert_msg(guard_remove(x.db, x.a, &d, &e), "%s", e.msg);
	ck_assert_uint_eq(d.n, GUARDED);
	looks(false, false, false, "");
	refused("TRUNCATE s.t; DROP TABLE s.t", "");
	ck_assert_str_eq(fix_get(&x, "SELECT count(*) FROM pg_event_trigger"), "0");
	ck_assert(!guard_remove(x.db, x.a, &d, &e));
	ck_assert_msg(strstr(e.msg, "the guard is not installed in this database"), "%s", e.msg);
	err_clear(&e);
	fix_do(&x, "CREATE FUNCTION public.no() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''no''; END';"
		"CREATE TRIGGER no BEFORE UPDATE ON gatewalk.guarded FOR EACH ROW WHEN (NEW.sid LIKE '%8') EXECUTE FUNCTION public.no()");
	ck_assert(!guard_install(x.db, x.a, &d, &e));
	looks(false, false, false, "");
	ck_assert_str_eq(fix_get(&x, "SELECT count(*) FROM pg_event_trigger"), "0");
	fix_do(&x, "DROP FUNCTION public.no() CASCADE");
	for (int i = 0; i < 2; i++)
		ck_assert_msg(guard_install(x.db, x.a, &d, &e), "%s", e.msg);
	looks(true, true, true, "");
	refused("DROP TABLE s.t", "GW100");
}
END_TEST

/* guard status on a walk under guard: each try is refused, and nothing is left of it. */
START_TEST(tried)
{
	struct err e = { 0 };
	struct fact_guard f;
	struct guard_tried *t;
	size_t n = 0;
	const char *before = fix_get(&x, "SELECT md5(string_agg(a::text, ',' ORDER BY attrelid, attnum)) FROM pg_attribute a WHERE attrelid >= 16384");
	for (size_t i = 0; i < GUARDED; i++) {
		ck_assert_msg(guard_look(x.db, x.a, guarded[i].sid, &f, &e) && f.stands && f.truncate, "%s %s", guarded[i].table, f.why);
		ck_assert_msg(guard_try(x.db, x.a, guarded[i].sid, &f, &t, &n, &e), "%s", e.msg);
		ck_assert_uint_ge(n, 7);
		for (size_t k = 0; k < n; k++)
			ck_assert_msg(strcmp(t[k].result, "refused") == 0, "%s %s: %s %s", guarded[i].table, t[k].way, t[k].result, t[k].said);
	}
	ck_assert_str_eq(fix_get(&x, "SELECT md5(string_agg(a::text, ',' ORDER BY attrelid, attnum)) FROM pg_attribute a WHERE attrelid >= 16384"), before);
	/* A hole is found: a superuser's own event trigger cannot make one, a lost function can. */
	fix_do(&x, "ALTER EVENT TRIGGER gatewalk_guard_ddl DISABLE");
	ck_assert_msg(guard_try(x.db, x.a, FIRST, &f, &t, &n, &e), "%s", e.msg);
	size_t open = 0;
	for (size_t k = 0; k < n; k++)
		open += strcmp(t[k].result, "open") == 0;
	ck_assert_uint_ge(open, 3);
	/* A trigger of the owner's that would run before ours does not run with the rights of who asks. */
	fix_do(&x, "ALTER EVENT TRIGGER gatewalk_guard_ddl ENABLE ALWAYS; CREATE FUNCTION s.first() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION \'\'it ran\'\'; END';"
		"CREATE TRIGGER a_first BEFORE TRUNCATE ON s.t FOR EACH STATEMENT EXECUTE FUNCTION s.first(); ALTER TABLE s.t ENABLE ALWAYS TRIGGER a_first");
	ck_assert_msg(guard_try(x.db, x.a, FIRST, &f, &t, &n, &e), "%s", e.msg);
	for (size_t k = 0; k < n; k++)
		if (strcmp(t[k].way, "TRUNCATE") == 0)
			ck_assert_msg(strcmp(t[k].result, "not tried") == 0 && strstr(t[k].said, "another trigger"), "%s: %s", t[k].result, t[k].said);
		else
			ck_assert_msg(strcmp(t[k].result, "refused") == 0, "%s: %s", t[k].way, t[k].said);
	/* A table that somebody holds is not queued for. */
	struct db *other = test_connect(x.conninfo);
	test_sql(other, "BEGIN; SELECT FROM s.t");
	ck_assert_msg(guard_try(x.db, x.a, FIRST, &f, &t, &n, &e), "%s", e.msg);
	ck_assert_str_eq(t[0].result, "not tried");
	db_close(other);
}
END_TEST

/* Who may walk writes rows of gatewalk.walk: what stands in them is data, whoever asks how the guard stands. */
START_TEST(an_id_is_no_sql)
{
	struct err e = { 0 };
	struct fact_guard f;
	struct guard_walk *walks;
	size_t n = 0;
	fix_do(&x, "INSERT INTO gatewalk.walk (sid, name, plan_digest, archetype, relid, attnum, target, stage, operator, host, plan, day_us)"
		" VALUES ($s$x' OR 1 / (g.attnum - g.attnum) = 1 OR '$s$, 'w', 'x', 'destructive', 1, 1, 's.t.old', 'audit', 'ana', 'h', 'p', 1)");
	ck_assert_msg(guard_walks(x.db, x.a, &walks, &n, &e), "%s", e.msg);
	ck_assert_uint_eq(n, GUARDED + 1);
	for (size_t i = 0; i < n; i++)
		ck_assert_msg(guard_look(x.db, x.a, walks[i].sid, &f, &e), "%s: %s", walks[i].sid, e.msg);
}
END_TEST

/* Catalogue rows that are older than two thousand million transactions look like those of the future. */
START_TEST(old_rows_are_not_mine)
{
	static const char *const far[] = { "1000000", "2000000000", "2147483647", "2147483648", "2147483649", "4294967295" };
	for (size_t i = 0; i < sizeof far / sizeof far[0]; i++)
		ck_assert_str_eq(fix_get(&x, arena_printf(x.a, "SELECT gatewalk.guard_mine(((pg_current_xact_id()::text::bigint + %s) %% 4294967296)::text::xid)", far[i])), "f");
	ck_assert_str_eq(fix_get(&x, "SELECT gatewalk.guard_mine(pg_current_xact_id()::xid)"), "t");
}
END_TEST

/* A table of many partitions: some at a time, and the guard does not look at all of them behind each statement of its own. */
START_TEST(many_partitions)
{
	struct err e = { 0 };
	struct fact_guard f;
	const char *why;
	static const char sid[] = "00000000000a0000000000000000000b";
	fix_do(&x, "CREATE TABLE s.many (id int, old text) PARTITION BY RANGE (id); DO $d$ BEGIN FOR i IN 1..120 LOOP"
		" EXECUTE format('CREATE TABLE s.many_%s PARTITION OF s.many FOR VALUES FROM (%s) TO (%s)', i, i, i + 1); END LOOP; END $d$");
	fix_do(&x, arena_printf(x.a, "INSERT INTO gatewalk.walk (sid, name, plan_digest, archetype, relid, attnum, target, stage, operator, host, plan, day_us)"
		" VALUES ('%s', 'w', 'x', 'destructive', 's.many'::regclass, 2, 's.many.old', 'audit', 'ana', 'h', 'p', 1)", sid));
	ck_assert_msg(guard_record(x.db, x.a, sid, &why, &e) && !*why, "%s", e.msg);
	fix_do(&x, "UPDATE gatewalk.guarded SET over_at = now() WHERE sid <> '00000000000a0000000000000000000b'; SET track_functions = 'pl'");
	const struct fact_target t = { .schema = "s", .table = "many", .relid = (unsigned)strtoul(fix_get(&x, "SELECT 's.many'::regclass::oid"), NULL, 10) };
	ck_assert_msg(guard_put(x.db, x.a, sid, &t, &e), "%s", e.msg);
	fix_do(&x, "SELECT pg_stat_force_next_flush()");
	const char *calls = fix_get(&x, "SELECT calls FROM pg_stat_user_functions WHERE funcname = 'guard_state'");
	ck_assert_int_lt(atoi(calls), 20);
	/* Nor behind a trigger of the tripwire's, or of anybody's. */
	fix_do(&x, "CREATE FUNCTION s.no() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; CREATE TRIGGER other AFTER INSERT ON s.many_1 FOR EACH ROW EXECUTE FUNCTION s.no();"
		"SET track_functions = 'none'; SELECT pg_stat_force_next_flush()");
	ck_assert_str_eq(fix_get(&x, "SELECT calls FROM pg_stat_user_functions WHERE funcname = 'guard_state'"), calls);
	ck_assert_str_eq(fix_get(&x, "SELECT count(*) || ' in ' || count(DISTINCT xmin::text) FROM pg_trigger WHERE tgname = 'gatewalk_guard_00000000000a'"), "121 in 3");
	ck_assert_msg(guard_look(x.db, x.a, sid, &f, &e) && f.stands && f.truncate, "%s", f.why);
	refused("TRUNCATE s.many_77", "GW100");
	refused("ALTER TABLE s.many_77 DISABLE TRIGGER USER", "GW100");
	/* What was changed behind its back is not recorded anew by putting the triggers. */
	fix_do(&x, "ALTER EVENT TRIGGER gatewalk_guard_ddl DISABLE; ALTER TABLE s.many_77 DISABLE TRIGGER USER; ALTER TABLE s.many RENAME old TO young; ALTER EVENT TRIGGER gatewalk_guard_ddl ENABLE ALWAYS");
	ck_assert(!guard_put(x.db, x.a, sid, &t, &e));
	ck_assert_msg(strstr(e.msg, "the target is not what was put under guard"), "%s", e.msg);
}
END_TEST

/* Before item 4 the table carries no trigger of gatewalk's. */
static void record_free(void)
{
	struct err e = { 0 };
	const char *why;
	static const char sid[] = "0000000000090000000000000000000a";
	fix_do(&x, arena_printf(x.a, "INSERT INTO gatewalk.walk (sid, name, plan_digest, archetype, relid, attnum, target, stage, operator, host, plan, day_us)"
		" VALUES ('%s', 'w', 'x', 'destructive', 's.free'::regclass, 2, 's.free.old', 'audit', 'ana', 'h', 'p', 1)", sid));
	ck_assert_msg(guard_record(x.db, x.a, sid, &why, &e) && !*why, "%s", e.msg);
}

/* Whoever calls so deep that the guard has no stack left to read its list has no stack left for the command either. */
START_TEST(no_room_left_is_no_way_through)
{
	record_free();
	fix_do(&x, "CREATE FUNCTION s.deep(n int) RETURNS void LANGUAGE plpgsql AS 'BEGIN IF n = 0 THEN ALTER TABLE s.free RENAME old TO young; ELSE PERFORM s.deep(n - 1); END IF; END';"
		"CREATE FUNCTION s.deeper() RETURNS text LANGUAGE plpgsql AS 'DECLARE short int := 0; BEGIN FOR n IN 1..400 LOOP BEGIN PERFORM s.deep(n); RETURN ''renamed at '' || n;"
		" EXCEPTION WHEN SQLSTATE ''GW100'' THEN NULL; WHEN statement_too_complex THEN short := short + 1; END; END LOOP; RETURN CASE WHEN short > 50 THEN ''held'' ELSE ''not tried'' END; END';"
		"SET max_stack_depth = '250kB'");
	ck_assert_str_eq(fix_get(&x, "SELECT s.deeper()"), "held");
}
END_TEST

START_TEST(an_empty_table_becomes_no_view)
{
	record_free();
	refused("CREATE RULE \"_RETURN\" AS ON SELECT TO s.free DO INSTEAD SELECT 1 AS id, NULL::text AS old, 2 AS gone", db_version(x.db) < 160000 ? "GW100" : "42809");
	refused("CREATE VIEW s.v AS SELECT * FROM s.free; CREATE RULE r AS ON INSERT TO s.v DO INSTEAD NOTHING", "");
}
END_TEST

/* How a session writes names is no change of the target. */
START_TEST(names_in_quotes_are_the_same)
{
	refused("SET LOCAL quote_all_identifiers = on; ALTER TABLE s.t ADD COLUMN more int", "");
	refused("SET LOCAL quote_all_identifiers = on; ALTER TABLE s.t RENAME old TO young", "GW100");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("guard_pass");
	TCase *t = tcase_create("gatewalk");
	tcase_add_checked_fixture(t, open_db, close_db);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, the_drop_goes_through);
	tcase_add_test(t, switched_off_before_the_lock);
	tcase_add_test(t, passes);
	tcase_add_loop_test(t, harm_is_seen, 0, (int)(sizeof harms / sizeof harms[0]));
	tcase_add_test(t, an_error_of_its_own);
	tcase_add_test(t, changed_behind_its_back);
	tcase_add_test(t, it_ends_with_the_walk);
	tcase_add_test(t, install_and_remove);
	tcase_add_test(t, tried);
	tcase_add_test(t, an_id_is_no_sql);
	tcase_add_test(t, many_partitions);
	tcase_add_test(t, no_room_left_is_no_way_through);
	tcase_add_test(t, an_empty_table_becomes_no_view);
	tcase_add_test(t, names_in_quotes_are_the_same);
	tcase_add_test(t, old_rows_are_not_mine);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return test_main(suite());
}
