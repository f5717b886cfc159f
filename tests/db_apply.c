/* SPDX-License-Identifier: MIT */
/* The writer: each MUST of adapter/apply.h, on a real server. */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "port/files.h"
#include "tests/drop_fixture.h"
#include "tests/lib_db.h"
#include "tests/pg_proxy.h"

#define DB "gw_apply"
#define NOWHERE "host=/nonexistent dbname=nowhere"

static struct fix x;

static void open_db(void)
{
	fix_open(&x, DB, true);
	fix_do(&x, "CREATE TABLE public.orders (id bigint PRIMARY KEY, total numeric(12,2), note text);"
		"INSERT INTO public.orders SELECT g, g, 'n' FROM generate_series(1, 100) g; CREATE TABLE public.cust (id numeric PRIMARY KEY);"
		"CREATE INDEX orders_total ON public.orders (total)");
	fix_ready(&x, "public", "orders", "total", true);
}

static void close_db(void)
{
	fix_close(&x);
	fix_drop_database(DB);
}

static bool column_there(const char *column)
{
	return strcmp(fix_get(&x, arena_printf(x.a, "SELECT count(*) FROM pg_attribute WHERE attrelid = 'public.orders'::regclass AND attname = '%s'", column)), "1") == 0;
}

static const char *spent(void)
{
	return fix_get(&x, "SELECT count(*) FROM gatewalk.permit");
}

static const char *anchors(void)
{
	return fix_get(&x, "SELECT string_agg(n || ' ' || kind, ', ' ORDER BY n) FROM gatewalk.anchor");
}

static void untouched(void)
{
	ck_assert(column_there("total"));
	ck_assert_str_eq(spent(), "0");
	ck_assert_str_ne(fix_get(&x, "SELECT stage FROM gatewalk.walk"), "monitor");
	ck_assert_str_eq(fix_get(&x, "SELECT count(*) FROM gatewalk.anchor WHERE kind = 'drop'"), "0");
}

START_TEST(drops)
{
	struct err e = { 0 };
	struct drop_end end;
	struct drop d = fix_drop(&x, fix_mint(&x));
	ck_assert_msg(apply_drop(x.a, &d, &end, &e), "%s", e.msg);
	ck_assert_int_eq(end.result, DROP_DONE);
	ck_assert_int_eq(end.tries, 1);
	ck_assert(!column_there("total"));
	ck_assert(column_there("note"));
	ck_assert_str_eq(anchors(), "5 line, 7 drop");
	ck_assert_str_eq(fix_get(&x, "SELECT head FROM gatewalk.anchor WHERE kind = 'drop'"), x.walk.intent_head);
	ck_assert_str_eq(fix_get(&x, "SELECT nonce FROM gatewalk.permit"), x.nonce);
	ck_assert_str_eq(fix_get(&x, "SELECT xid FROM gatewalk.anchor WHERE kind = 'drop'"), end.xid);
	ck_assert_str_eq(fix_get(&x, "SELECT stage FROM gatewalk.walk WHERE dropped_at IS NOT NULL"), "monitor");
	ck_assert_str_eq(fix_get(&x, "SELECT count(*) FROM pg_trigger WHERE tgrelid = 'public.orders'::regclass"), "0");
	ck_assert_str_eq(fix_get(&x, "SELECT count(*) FROM pg_class WHERE relname LIKE 'trip_%' AND relkind = 'S'"), "0");
	ck_assert_str_eq(fix_get(&x, "SELECT count(*) FROM public.orders WHERE note = 'n'"), "100");
	ck_assert(end.at >= x.facts.now && end.held_us > 0 && end.held_us < US_SECOND);
}
END_TEST

/* MUST 1: on each of these nothing is sent, not even a login: the server named does not exist. */
struct forgery { const char *name, *why; };
static const struct forgery forgeries[] = {
	{ "none", "no permit for the drop: there is none" },
	{ "forged", "the permit's seal does not hold: it was not made by this program's engine" },
	{ "bit", "the permit's seal does not hold: it was not made by this program's engine" },
	{ "expired", "the permit has expired: it holds for 60 s" },
	{ "future", "the permit was issued later than now, by the server's clock" },
	{ "used", "the permit has been used already" },
	{ "plan", "the permit is for another walk, plan or intent" },
	{ "walk", "the permit is for another walk, plan or intent" },
	{ "head", "the permit is for another walk, plan or intent" },
	{ "intent", "the permit is for another walk, plan or intent" },
	{ "statement", "the permit is for another statement than the plan's" },
	{ "snapshot", "the permit is for another snapshot" },
	{ "nonce", "the permit is for another nonce" },
	{ "table", "the permit is for another table" },
	{ "column", "the permit is for another column" },
	{ "other plan's statement", "the permit is for another statement than the plan's" },
	{ "other key", "the permit's seal does not hold: it was not made by this program's engine" },
};

static void forge(const char *how, struct drop *d)
{
	static unsigned char bytes[1024];
	struct permit_binding *b = &d->binding;
	if (strcmp(how, "none") == 0)
		d->permit = NULL;
	else if (strcmp(how, "forged") == 0)
		d->permit = memset(bytes, 7, sizeof bytes) ? (struct permit *)bytes : NULL;
	else if (strcmp(how, "bit") == 0)
		((unsigned char *)d->permit)[permit_size() / 2] ^= 1;
	else if (strcmp(how, "expired") == 0)
		x.facts.now += PERMIT_LIFE + 1;
	else if (strcmp(how, "future") == 0)
		x.facts.now -= 1;
	else if (strcmp(how, "used") == 0)
		ck_assert(permit_spend(d->permit, b, x.facts.now, d->mac, NULL));
	else if (strcmp(how, "plan") == 0)
		b->plan_digest = x.manifest;
	else if (strcmp(how, "walk") == 0)
		b->sid = x.nonce;
	else if (strcmp(how, "head") == 0)
		b->intent_head = x.manifest;
	else if (strcmp(how, "intent") == 0)
		b->intent_n++;
	else if (strcmp(how, "statement") == 0)
		b->statement = "ALTER TABLE public.orders DROP COLUMN note";
	else if (strcmp(how, "snapshot") == 0)
		b->snapshot_sha256 = x.plan.digest;
	else if (strcmp(how, "nonce") == 0)
		b->nonce = "00";
	else if (strcmp(how, "table") == 0)
		b->relid++;
	else if (strcmp(how, "column") == 0)
		b->attnum++;
	else if (strcmp(how, "other plan's statement") == 0)
		x.plan.column = "note";
	else
		x.key[0] ^= 1;
}

START_TEST(refuses_without_permit)
{
	const struct forgery *f = &forgeries[_i];
	struct err e = { 0 };
	struct drop_end end;
	struct drop d = fix_drop(&x, fix_mint(&x));
	d.conninfo = NOWHERE;
	forge(f->name, &d);
	ck_assert(!apply_drop(x.a, &d, &end, &e));
	ck_assert_str_eq(e.msg, f->why);
	ck_assert_int_eq(e.code, ERR_VERIFY);
	ck_assert_int_eq(end.result, DROP_REFUSED);
	ck_assert_str_eq(end.why, f->why);
	ck_assert_int_eq(end.tries, 0);
	x.plan.column = "total";
	untouched();
}
END_TEST

/* The control: with a good permit that server is asked for. */
START_TEST(good_permit_connects)
{
	struct err e = { 0 };
	struct drop_end end;
	struct drop d = fix_drop(&x, fix_mint(&x));
	d.conninfo = NOWHERE;
	ck_assert(!apply_drop(x.a, &d, &end, &e));
	ck_assert_int_eq(e.code, ERR_DB_CONNECT);
	ck_assert_int_eq(end.result, DROP_REFUSED);
}
END_TEST

START_TEST(permit_serves_once)
{
	struct err e = { 0 };
	struct drop_end end;
	struct drop d = fix_drop(&x, fix_mint(&x));
	bool bad = false;
	d.ctx = &bad;
	ck_assert(!apply_drop(x.a, &d, &end, &e));
	untouched();
	bad = true;
	ck_assert(!apply_drop(x.a, &d, &end, &e));
	ck_assert_str_eq(e.msg, "the permit has been used already");
	untouched();
}
END_TEST

/* The server's own half of "once": the nonce. */
START_TEST(nonce_serves_once)
{
	struct err e = { 0 };
	struct drop_end end;
	struct drop d = fix_drop(&x, fix_mint(&x));
	fix_do(&x, arena_printf(x.a, "INSERT INTO gatewalk.permit (nonce, sid) VALUES ('%s', '%s')", x.nonce, x.sid));
	ck_assert(!apply_drop(x.a, &d, &end, &e));
	ck_assert_str_eq(e.sqlstate, "23505");
	ck_assert_int_eq(end.result, DROP_REFUSED);
	ck_assert(column_there("total"));
}
END_TEST

/* MUST 4: what happened between the judgement and the lock is seen under the lock. */
struct sabotage { const char *sql, *why; };
static const struct sabotage sabotages[] = {
	{ "UPDATE public.orders SET total = total + 1 WHERE id = 5", "under the lock: C2, nothing written since that snapshot: the column was written to after the final snapshot" },
	{ "INSERT INTO public.orders VALUES (1000, 1, '')", "the column was written to after the final snapshot" },
	{ "TRUNCATE public.orders", "the column was written to after the final snapshot" },
	{ "BEGIN; UPDATE public.orders SET total = 0 WHERE id = 5; ROLLBACK", "the column was written to after the final snapshot" },
	{ "SET session_replication_role = replica; UPDATE public.orders SET total = 0 WHERE id = 5", "the column was written to after the final snapshot" },
	{ "ALTER TABLE public.orders DISABLE TRIGGER USER", "the tripwire's count cannot be read" },
	{ "UPDATE pg_attribute SET atttypmod = atttypmod + 65536 WHERE attrelid = 'public.orders'::regclass AND attname = 'total'",
		"C5, the target is what was documented: the column's definition is not that of the final snapshot" },
	{ "ALTER TABLE public.orders RENAME COLUMN total TO totals", "C2, nothing written since that snapshot: the tripwire's count cannot be read" },
	{ "ALTER TABLE public.orders RENAME TO orders_old; CREATE TABLE public.orders (id bigint PRIMARY KEY, total numeric(12,2))", "C2" },
	{ "CREATE INDEX more ON public.orders (total) WHERE id > 5", "it would take along, and the plan does not list it: index public.more" },
	{ "DROP INDEX public.orders_total", "the plan lists it, and it would not fall: index public.orders_total" },
	{ "CREATE VIEW public.v AS SELECT total FROM public.orders", "the drop would need CASCADE, which gatewalk never uses: view public.v" },
	{ "ALTER TABLE public.orders ADD FOREIGN KEY (total) REFERENCES public.cust NOT VALID", "other tables would be locked than those that were" },
	{ "UPDATE gatewalk.meta SET environment = 'production'", "the mark names another environment than the walk" },
	{ "DELETE FROM gatewalk.meta", "the mark of gatewalk init is gone" },
	{ "COMMENT ON DATABASE gw_apply IS NULL", "the comment on the database that names the environment is gone" },
	{ "UPDATE gatewalk.meta SET database_oid = 1", "the mark was made for another database" },
	{ "UPDATE gatewalk.meta SET install_id = gen_random_uuid()", "the log belongs to another database" },
};

START_TEST(sees_under_the_lock)
{
	const struct sabotage *s = &sabotages[_i];
	struct err e = { 0 };
	struct drop_end end;
	struct drop d = fix_drop(&x, fix_mint(&x));
	struct db *other = test_connect(x.conninfo);
	test_sql(other, s->sql);
	db_close(other);
	const char *before = fix_get(&x, "SELECT string_agg(attname, ',' ORDER BY attrelid, attnum) FROM pg_attribute WHERE attrelid IN "
		"(SELECT oid FROM pg_class WHERE relname LIKE 'orders%') AND NOT attisdropped");
	ck_assert(!apply_drop(x.a, &d, &end, &e));
	ck_assert_msg(strstr(e.msg, s->why) != NULL, "%s: %s", s->sql, e.msg);
	ck_assert_int_eq(end.result, DROP_REFUSED);
	ck_assert_str_eq(spent(), "0");
	ck_assert_str_eq(fix_get(&x, "SELECT count(*) FROM gatewalk.anchor WHERE kind = 'drop'"), "0");
	ck_assert_str_eq(before, fix_get(&x, "SELECT string_agg(attname, ',' ORDER BY attrelid, attnum) FROM pg_attribute WHERE attrelid IN "
		"(SELECT oid FROM pg_class WHERE relname LIKE 'orders%') AND NOT attisdropped"));
}
END_TEST

START_TEST(ledger_moved)
{
	struct err e = { 0 };
	struct drop_end end;
	struct drop d = fix_drop(&x, fix_mint(&x));
	ck_assert(ledger_anchor(x.db, x.sid, FIX_LAST_N + 1, x.manifest, &x.last, &e));
	ck_assert(!apply_drop(x.a, &d, &end, &e));
	ck_assert_msg(strstr(e.msg, "the ledger's last entry is not the one before this intent"), "%s", e.msg);
	untouched();
}
END_TEST

START_TEST(files_changed)
{
	struct err e = { 0 };
	struct drop_end end;
	bool same = false;
	struct drop d = fix_drop(&x, fix_mint(&x));
	d.ctx = &same;
	ck_assert(!apply_drop(x.a, &d, &end, &e));
	ck_assert_str_eq(e.msg, "under the lock: the snapshot's files were changed after their proof");
	untouched();
	d = fix_drop(&x, fix_mint(&x));
	d.files_same = NULL;
	ck_assert(!apply_drop(x.a, &d, &end, &e));
	untouched();
}
END_TEST

/* A foreign key of the column locks the other table too, before anything is looked at. */
START_TEST(locks_what_the_key_points_to)
{
	struct err e = { 0 };
	struct drop_end end;
	fix_do(&x, "UPDATE gatewalk.walk SET closed_at = now(); ALTER TABLE public.orders ADD ref numeric REFERENCES public.cust");
	fix_ready(&x, "public", "orders", "ref", true);
	ck_assert_uint_eq(x.facts.target.n_locks, 2);
	struct drop d = fix_drop(&x, fix_mint(&x));
	ck_assert_msg(apply_drop(x.a, &d, &end, &e), "%s", e.msg);
	ck_assert(!column_there("ref"));
	ck_assert_str_eq(fix_get(&x, "SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND connamespace = 'public'::regnamespace"), "0");
}
END_TEST

/* A reader in the way for 1.2 s: tried again without a queue behind us, and done. */
static void reader(int ms)
{
	if (fork() != 0)
		return;
	struct db *db = test_connect(x.conninfo);
	char sql[200];
	snprintf(sql, sizeof sql, "BEGIN; LOCK TABLE public.orders IN ACCESS SHARE MODE; SELECT pg_sleep(%d.%03d); COMMIT", ms / 1000, ms % 1000);
	test_sql(db, sql);
	db_close(db);
	_exit(0);
}

static void wait_for_lock(void)
{
	for (int i = 0; i < 100 && strcmp(fix_get(&x, "SELECT count(*) FROM pg_locks WHERE relation = 'public.orders'::regclass AND granted"), "0") == 0; i++)
		usleep(20000);
}

START_TEST(waits_for_a_reader)
{
	struct err e = { 0 };
	struct drop_end end;
	struct drop d = fix_drop(&x, fix_mint(&x));
	reader(1200);
	wait_for_lock();
	ck_assert_msg(apply_drop(x.a, &d, &end, &e), "%s", e.msg);
	ck_assert_int_gt(end.tries, 1);
	ck_assert_int_gt(end.lock_wait_us, 800000);
	ck_assert_str_eq(spent(), "1");
	ck_assert(!column_there("total"));
	wait(NULL);
}
END_TEST

/* No longer than the permit lives: here three seconds of it are left. */
START_TEST(gives_up_with_the_permit)
{
	struct err e = { 0 };
	struct drop_end end;
	struct permit *pm;
	x.facts.now -= PERMIT_LIFE - 3 * US_SECOND;
	struct facts *f = &x.facts;
	f->server.at = f->mark.at = f->target.at = f->health.at = f->moment.at = f->watch.at = f->others.at = f->audit.at = f->log.at = f->monitor.at =
		f->files_at = f->now;
	x.walk.declared[1].at = f->watch.unbroken_since = f->now - US_DAY / 2;
	pm = fix_mint(&x);
	struct drop d = fix_drop(&x, pm);
	reader(6000);
	wait_for_lock();
	int64_t began = clock_mono();
	ck_assert(!apply_drop(x.a, &d, &end, &e));
	ck_assert_msg(strstr(e.msg, "no lock could be had on public.orders in") != NULL, "%s", e.msg);
	ck_assert_int_eq(end.result, DROP_REFUSED);
	ck_assert_int_lt(clock_mono() - began, 5 * US_SECOND);
	wait(NULL);
	untouched();
}
END_TEST

/* The client is stopped with the lock in hand: the server frees the table. */
static bool stop_here(void *ctx)
{
	(void)ctx;
	raise(SIGSTOP);
	return true;
}

START_TEST(stopped_client_frees_the_table)
{
	struct drop d = fix_drop(&x, fix_mint(&x));
	d.files_same = stop_here;
	pid_t pid = fork();
	if (pid == 0) {
		struct err e = { 0 };
		struct drop_end end;
		bool ok = apply_drop(x.a, &d, &end, &e);
		_exit(ok ? 1 : end.result == DROP_NOT_DONE ? 0 : 2);
	}
	int status;
	ck_assert_int_eq(waitpid(pid, &status, WUNTRACED), pid);
	ck_assert(WIFSTOPPED(status));
	int64_t began = clock_mono();
	fix_do(&x, "SET lock_timeout = '10s'; SELECT count(*) FROM public.orders");
	int64_t waited = clock_mono() - began;
	ck_assert_msg(waited < 3500000, "another session waited %lld us", (long long)waited);
	ck_assert_msg(waited > 500000, "the lock was not held at all: %lld us", (long long)waited);
	kill(pid, SIGCONT);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %d", status);
	untouched();
}
END_TEST

/* Ctrl-Z while the lock is held does nothing; afterwards it does what it did before. */
static void on_tstp(int sig)
{
	(void)sig;
}

static bool press_ctrl_z(void *ctx)
{
	(void)ctx;
	return raise(SIGTSTP) == 0;
}

START_TEST(ctrl_z_is_ignored)
{
	struct err e = { 0 };
	struct drop_end end;
	struct sigaction mine = { .sa_handler = on_tstp }, now;
	struct drop d = fix_drop(&x, fix_mint(&x));
	sigaction(SIGTSTP, &mine, NULL);
	d.files_same = press_ctrl_z;
	ck_assert_msg(apply_drop(x.a, &d, &end, &e), "%s", e.msg);
	sigaction(SIGTSTP, NULL, &now);
	ck_assert(now.sa_handler == on_tstp);
}
END_TEST

static const char *through(struct proxy *p)
{
	ck_assert(proxy_start(p, test_dir()));
	return arena_printf(x.a, "host=%s port=5432 dbname=%s", p->dir, DB);
}

/* MUST 7: LOCK; look; change; COMMIT. Nothing else is sent in between. */
START_TEST(three_round_trips)
{
	struct err e = { 0 };
	struct drop_end end;
	struct proxy p = { .cut_ready = 0 };
	struct drop d = fix_drop(&x, fix_mint(&x));
	d.conninfo = through(&p);
	ck_assert_msg(apply_drop(x.a, &d, &end, &e), "%s", e.msg);
	proxy_stop(&p);
	int n = p.n_texts;
	ck_assert_int_ge(n, 4);
	ck_assert_str_eq(p.texts[n - 1], "COMMIT");
	ck_assert(strstr(p.texts[n - 2], "DROP TRIGGER gatewalk_trip_"));
	ck_assert_msg(strstr(p.texts[n - 2], ";\nALTER TABLE public.orders DROP COLUMN total;\nSELECT gatewalk.append("), "%s", p.texts[n - 2]);
	ck_assert(!strstr(p.texts[n - 2], "CASCADE"));
	ck_assert(strstr(p.texts[n - 3], "WITH RECURSIVE t AS"));
	ck_assert(strstr(p.texts[n - 4], "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; LOCK TABLE"));
}
END_TEST

START_TEST(refuses_a_pooler)
{
	struct err e = { 0 };
	struct drop_end end;
	struct proxy p = { .other_pid = true };
	struct drop d = fix_drop(&x, fix_mint(&x));
	d.conninfo = through(&p);
	ck_assert(!apply_drop(x.a, &d, &end, &e));
	proxy_stop(&p);
	ck_assert_str_eq(e.msg, "a pooler stands between gatewalk and the server");
	ck_assert_str_ne(e.hint, "");
	untouched();
}
END_TEST

/* MUST 6: the link is cut before each answer of the server in turn. Whatever the writer says, the ledger says what happened. */
START_TEST(cut_anywhere)
{
	int unknown = 0, gone = 0, done = 0;
	for (int k = 1; k < 40 && done == 0; k++) {
		struct err e = { 0 };
		struct drop_end end;
		struct anchor row;
		bool there;
		struct proxy p = { .cut_ready = k };
		fix_do(&x, "UPDATE gatewalk.walk SET closed_at = now(), dropped_at = NULL; DROP TABLE IF EXISTS public.orders;"
			"CREATE TABLE public.orders (id bigint PRIMARY KEY, total numeric(12,2), note text)");
		fix_ready(&x, "public", "orders", "total", true);
		struct drop d = fix_drop(&x, fix_mint(&x));
		d.conninfo = through(&p);
		bool ok = apply_drop(x.a, &d, &end, &e);
		proxy_stop(&p);
		ck_assert_msg(apply_ended(x.db, x.sid, 5000, &e), "%s", e.msg);
		ck_assert(ledger_at(x.db, x.a, x.sid, FIX_INTENT_N, &row, &there, &e));
		ck_assert_msg(there == !column_there("total"), "cut %d", k);
		ck_assert_int_eq(ok, end.result == DROP_DONE);
		if (end.result == DROP_DONE)
			ck_assert(there);
		if (end.result == DROP_REFUSED || end.result == DROP_NOT_DONE)
			ck_assert_msg(!there, "cut %d said not done", k);
		unknown += end.result == DROP_UNKNOWN;
		gone += end.result == DROP_UNKNOWN && there;
		done += p.ready < k;
	}
	ck_assert_int_eq(unknown, 1);
	ck_assert_int_eq(gone, 1);
	ck_assert_int_eq(done, 1);
}
END_TEST

START_TEST(cut_before_commit_is_sent)
{
	struct err e = { 0 };
	struct drop_end end;
	struct proxy p = { .cut_query = "COMMIT" };
	struct drop d = fix_drop(&x, fix_mint(&x));
	d.conninfo = through(&p);
	ck_assert(!apply_drop(x.a, &d, &end, &e));
	proxy_stop(&p);
	ck_assert_int_eq(end.result, DROP_UNKNOWN);
	ck_assert(apply_ended(x.db, x.sid, 5000, &e));
	untouched();
}
END_TEST

/* A COMMIT that takes its time: after the cut the ledger shows nothing yet, and only waiting tells the truth. */
START_TEST(cut_in_a_slow_commit)
{
	struct err e = { 0 };
	struct drop_end end;
	struct anchor row;
	bool there;
	struct proxy p = { .cut_after = "COMMIT" };
	fix_do(&x, "CREATE FUNCTION public.slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(1.2); RETURN NULL; END';"
		"CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON gatewalk.permit DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.slow()");
	struct drop d = fix_drop(&x, fix_mint(&x));
	d.conninfo = through(&p);
	ck_assert(!apply_drop(x.a, &d, &end, &e));
	proxy_stop(&p);
	ck_assert_int_eq(end.result, DROP_UNKNOWN);
	ck_assert(ledger_at(x.db, x.a, x.sid, FIX_INTENT_N, &row, &there, &e));
	ck_assert_msg(!there, "COMMIT was over too soon for this test");
	err_clear(&e);
	ck_assert(!apply_ended(x.db, x.sid, 100, &e));
	ck_assert_int_eq(e.code, ERR_WAIT);
	ck_assert_str_eq(e.msg, "the drop's transaction has not ended yet");
	ck_assert(apply_ended(x.db, x.sid, 5000, &e));
	ck_assert(ledger_at(x.db, x.a, x.sid, FIX_INTENT_N, &row, &there, &e));
	ck_assert(there);
	ck_assert(!column_there("total"));
}
END_TEST

/* MUST 6: a COMMIT that the server turns into a rollback. */
START_TEST(failed_commit_is_no_drop)
{
	struct err e = { 0 };
	struct drop_end end;
	fix_do(&x, "CREATE FUNCTION public.no() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''not today''; END';"
		"CREATE CONSTRAINT TRIGGER no AFTER INSERT ON gatewalk.permit DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.no()");
	struct drop d = fix_drop(&x, fix_mint(&x));
	ck_assert(!apply_drop(x.a, &d, &end, &e));
	ck_assert_int_eq(end.result, DROP_NOT_DONE);
	ck_assert_msg(strstr(e.msg, "not today"), "%s", e.msg);
	untouched();
}
END_TEST

/* The look under the lock is slow: 300 ms, then all is rolled back. */
START_TEST(slow_look_rolls_back)
{
	struct err e = { 0 };
	struct drop_end end;
	fix_do(&x, "ALTER TABLE gatewalk.meta RENAME TO meta_;"
		"CREATE VIEW gatewalk.meta AS SELECT m.* FROM gatewalk.meta_ m, pg_sleep(0.6)");
	struct drop d = fix_drop(&x, fix_mint(&x));
	ck_assert(!apply_drop(x.a, &d, &end, &e));
	ck_assert_str_eq(e.sqlstate, "57014");
	ck_assert_int_eq(end.result, DROP_REFUSED);
	untouched();
}
END_TEST

START_TEST(relaxes)
{
	struct err e = { 0 };
	fix_do(&x, "ALTER TABLE public.orders ALTER total SET NOT NULL, ALTER total SET DEFAULT 7");
	fix_look(&x);
	ck_assert(x.facts.target.not_null && x.facts.target.def);
	int64_t health = x.facts.health.at;
	x.facts.health.at = 0;
	ck_assert(!apply_relax(x.db, x.a, &x.plan, &x.walk, &x.facts, &e));
	ck_assert_msg(strstr(e.msg, "gate C is shut: C4"), "%s", e.msg);
	fix_look(&x);
	ck_assert(x.facts.target.not_null && x.facts.target.def && health > 0);
	ck_assert_msg(apply_relax(x.db, x.a, &x.plan, &x.walk, &x.facts, &e), "%s", e.msg);
	fix_look(&x);
	ck_assert(!x.facts.target.not_null && !x.facts.target.def);
	ck_assert(apply_relax(x.db, x.a, &x.plan, &x.walk, &x.facts, &e));
	fix_do(&x, "INSERT INTO public.orders (id) VALUES (5000)");
	ck_assert_str_eq(fix_get(&x, "SELECT total IS NULL FROM public.orders WHERE id = 5000"), "t");
}
END_TEST

START_TEST(relaxes_only_the_column_it_saw)
{
	struct err e = { 0 };
	fix_do(&x, "ALTER TABLE public.orders ALTER total SET NOT NULL");
	fix_look(&x);
	fix_do(&x, "ALTER TABLE public.orders RENAME total TO was; ALTER TABLE public.orders ADD total int NOT NULL DEFAULT 3");
	ck_assert(!apply_relax(x.db, x.a, &x.plan, &x.walk, &x.facts, &e));
	ck_assert_msg(strstr(e.msg, "changed meanwhile"), "%s", e.msg);
	ck_assert_str_eq(fix_get(&x, "SELECT count(*) FROM pg_attribute WHERE attrelid = 'public.orders'::regclass AND attname IN ('was', 'total') AND attnotnull"), "2");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("apply");
	TCase *t = tcase_create("drop");
	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, open_db, close_db);
	tcase_add_test(t, drops);
	tcase_add_loop_test(t, refuses_without_permit, 0, (int)(sizeof forgeries / sizeof forgeries[0]));
	tcase_add_test(t, good_permit_connects);
	tcase_add_test(t, permit_serves_once);
	tcase_add_test(t, nonce_serves_once);
	tcase_add_loop_test(t, sees_under_the_lock, 0, (int)(sizeof sabotages / sizeof sabotages[0]));
	tcase_add_test(t, ledger_moved);
	tcase_add_test(t, files_changed);
	tcase_add_test(t, locks_what_the_key_points_to);
	tcase_add_test(t, waits_for_a_reader);
	tcase_add_test(t, gives_up_with_the_permit);
	tcase_add_test(t, stopped_client_frees_the_table);
	tcase_add_test(t, ctrl_z_is_ignored);
	tcase_add_test(t, three_round_trips);
	tcase_add_test(t, refuses_a_pooler);
	tcase_add_test(t, cut_anywhere);
	tcase_add_test(t, cut_before_commit_is_sent);
	tcase_add_test(t, cut_in_a_slow_commit);
	tcase_add_test(t, failed_commit_is_no_drop);
	tcase_add_test(t, slow_look_rolls_back);
	tcase_add_test(t, relaxes);
	tcase_add_test(t, relaxes_only_the_column_it_saw);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return test_main(suite());
}
