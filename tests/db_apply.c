/* SPDX-License-Identifier: MIT */
/* The writer, its permit and what it sees under the lock: MUST 1, 3, 4 and 5 of adapter/apply.h, on a real server. */
#include "adapter/writer.h"
#include "tests/drop_orders.h"

#define NOWHERE "host=/nonexistent dbname=nowhere"

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
	{ "none", "no permit: there is none" },
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
	ck_assert_int_eq(e.code, strcmp(f->name, "expired") == 0 ? ERR_GATE : ERR_VERIFY);
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
	{ "UPDATE public.orders SET total = total + 1 WHERE id = 5", "under the lock: C2, nothing written since that snapshot: it was written to after the final snapshot" },
	{ "INSERT INTO public.orders VALUES (1000, 1, '')", "it was written to after the final snapshot" },
	{ "TRUNCATE public.orders", "it was written to after the final snapshot" },
	{ "BEGIN; UPDATE public.orders SET total = 0 WHERE id = 5; ROLLBACK", "it was written to after the final snapshot" },
	{ "SET session_replication_role = replica; UPDATE public.orders SET total = 0 WHERE id = 5", "it was written to after the final snapshot" },
	{ "ALTER TABLE public.orders DISABLE TRIGGER USER", "the tripwire's count cannot be read" },
	{ "UPDATE pg_attribute SET atttypmod = atttypmod + 65536 WHERE attrelid = 'public.orders'::regclass AND attname = 'total'",
		"C5, the target is what was documented: the definition is not that of the final snapshot" },
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

/* A6: two engines may have passed it in the same moment. */
START_TEST(another_fills)
{
	struct err e = { 0 };
	struct drop_end end;
	struct drop d = fix_drop(&x, fix_mint(&x));
	struct db *other = test_connect(x.conninfo);
	test_sql(other, "SELECT pg_advisory_lock(" WRITER_ALONE_SQL ")");
	ck_assert(!apply_drop(x.a, &d, &end, &e));
	ck_assert_str_eq(e.msg, "under the lock: A6, another walk is changing or filling a table of this database right now");
	ck_assert_int_eq(end.result, DROP_REFUSED);
	ck_assert(column_there("total"));
	db_close(other);
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
	tcase_add_test(t, another_fills);
	tcase_add_test(t, files_changed);
	tcase_add_test(t, locks_what_the_key_points_to);
	tcase_add_test(t, relaxes);
	tcase_add_test(t, relaxes_only_the_column_it_saw);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return test_main(suite());
}
