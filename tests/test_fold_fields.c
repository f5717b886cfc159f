/* SPDX-License-Identifier: MIT */
/* Every field of every line is asked for, and in its own kind: each is taken away and each is replaced, one at a time. */
#include "tests/lib_beside.h"

#include "base/json.h"
#include "base/text.h"

#define INSTALL "11111111-2222-3333-4444-555555555555"
#define MOVED "7000000000000000002.16999." INSTALL
#define AGREED "'drop':'none','last_head':'" CORE_HEAD "','last_n':0,'lsn_was':'0/1','mirrored':5,'tli_was':1,'typed':'x','why':'y'"

enum spoil { TAKE_AWAY, OTHER_KIND };

static struct json *spoil(const struct json *from, int *nth, enum spoil how);

static void spoil_one(struct json *to, const struct json *m, int *nth, enum spoil how)
{
	bool hit = (m->key || how == OTHER_KIND) && (*nth)-- == 0;
	if (hit && how == TAKE_AWAY)
		return;
	if (hit && m->kind == JSON_STR)
		json_add_int(to, m->key, 5);
	else if (hit)
		json_add_str(to, m->key, "x");
	else if (m->kind == JSON_STR)
		json_add_str(to, m->key, m->str);
	else if (m->kind == JSON_INT)
		json_add_int(to, m->key, m->num);
	else
		json_add(to, m->key, spoil(m, nth, how));
}

/* A copy of the tree with its nth member gone or of another kind. */
static struct json *spoil(const struct json *from, int *nth, enum spoil how)
{
	struct json *to = from->kind == JSON_OBJ ? json_obj(c->a) : json_arr(c->a);
	for (const struct json *m = from->first; m; m = m->next)
		spoil_one(to, m, nth, how);
	return to;
}

static int spoil_all(const struct walk *w, const struct record *good, enum spoil how)
{
	int done = 0;
	for (;; done++) {
		struct record r = *good;
		struct walk copy = *w;
		struct text t = { 0 };
		int nth = done;
		r.b = spoil(good->b, &nth, how);
		json_write(&t, r.b);
		bool none_left = nth >= 0, taken_in = !none_left && walk_fold(&copy, &r, &c->err);
		ck_assert_msg(!taken_in, "%s takes %s", record_op_name(r.op), text_str(&t));
		text_free(&t);
		if (none_left)
			return done;
	}
}

/* What is decided bears the server's time; what is only noted need not. */
static void spoil_time(const struct walk *w, const struct record *good)
{
	static const enum record_op noted[] = { OP_EVIDENCE, OP_SIGHTING, OP_JOB, OP_OUTCOME, OP_CHANGED, OP_ALARM, OP_BACK, OP_AMEND, OP_LEAVE, OP_TORN, OP_SCHEMA_LOG, OP_CLOSE };
	struct record r = *good;
	struct walk copy = *w;
	bool timeless = false;
	for (size_t i = 0; i < sizeof noted / sizeof *noted; i++)
		timeless = timeless || noted[i] == r.op;
	r.t = 0;
	err_clear(&c->err);
	ck_assert_msg(walk_fold(&copy, &r, &c->err) == timeless, "%s without a time: %s", record_op_name(r.op), c->err.msg);
	ck_assert(timeless || strstr(c->err.msg, "a decision without the server's time") != NULL);
}

static int spoil_both(const struct walk *w, const struct record *r)
{
	spoil_time(w, r);
	return spoil_all(w, r, TAKE_AWAY) + spoil_all(w, r, OTHER_KIND);
}

/* From this line on. */
static int spoil_every_line(int64_t from)
{
	int done = 0;
	struct walk w;
	walk_init(&w, c->a);
	for (int64_t i = 0; i < c->walk.n; i++) {
		done += i < from ? 0 : spoil_both(&w, &c->records[i]);
		ck_assert_msg(walk_fold(&w, &c->records[i], &c->err), "%s", c->err.msg);
	}
	return done;
}

START_TEST(of_a_whole_walk)
{
	core_walk_to(c, AT_CLOSED);
	ck_assert_int_gt(spoil_every_line(0), 150);
}
END_TEST

/* By trigger and by the application; the way back from the end of dual write among the lines. The first line may leave its archetype out. */
START_TEST(of_two_columns)
{
	bool trigger = _i;
	ck_assert(beside_begin("rename", "staging"));
	beside_to(AT_UNUSED, trigger);
	if (trigger)
		ck_assert(beside_back_one(true));
	beside_to(AT_CLOSED, trigger);
	ck_assert_int_gt(spoil_every_line(1), 250);
}
END_TEST

START_TEST(of_the_other_lines)
{
	static const struct { enum stage at; enum record_op op; const char *body, *db; } lines[] = {
		{ AT_UNUSED, OP_RESYNC, "{" AGREED ",'snapshot':'stands','to':'nobody uses it'}", NULL },
		{ AT_UNUSED, OP_REBIND, "{" AGREED ",'attnum':6,'from':'7000000000000000001.16384." INSTALL "','into':'" MOVED "','relid':17000,'server':'s',"
			"'to':'snapshot'}", MOVED },
		{ AT_UNUSED, OP_SIGHTING, "{'at':'" PROVED "','consumer':'x','counts':1,'source':'s','text':'t','touch':'read','who':'w'}", NULL },
		{ AT_UNUSED, OP_JOB, "{'event':'end','job':1,'kind':'watch','note':'n'}", NULL },
		{ AT_UNUSED, OP_BACK, "{'from':'nobody uses it','to':'reads moved','why':'x'}", NULL },
		{ AT_UNUSED, OP_AMEND, "{'class':'same','plan':'" CORE_BLOB "','why':'x'}", NULL },
		{ AT_UNUSED, OP_LEAVE, "{'why':'x'}", NULL },
		{ AT_UNUSED, OP_TORN, "{'length':1,'offset':2,'sha256':'" CORE_BLOB "'}", NULL },
		{ AT_UNUSED, OP_EVIDENCE, "{'blind':0,'blob':'" CORE_BLOB "','found':1,'kind':'audit'}", NULL },
		{ AT_UNUSED, OP_EVIDENCE, "{'blob':'" CORE_BLOB "','kind':'watched'}", NULL },
		{ AT_UNUSED, OP_EVIDENCE, "{'kind':'guard','why':'w'}", NULL },
		{ AT_UNUSED, OP_EVIDENCE, "{'kind':'slot','why':'w'}", NULL },
		{ AT_UNUSED, OP_EVIDENCE, "{'exact':1,'from':'" PROVED "','hit':'h','kind':'hiding','source':'csvlog','to':'" PROVED "','why':'over'}", NULL },
		{ AT_DROPPING, OP_OUTCOME, NULL, NULL },
		{ AT_MONITOR, OP_ALARM, "{'at':'" PROVED "','metric':'m','text':'t','value':'v'}", NULL },
		{ AT_MONITOR, OP_RESTORE, "{'blob':'" CORE_BLOB "','conflicts':0,'gone':1,'kept':2,'placed':3,'took_us':4}", NULL },
	};
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		core_walk_to(c, lines[i].at);
		const char *body = lines[i].body ? lines[i].body : arena_printf(c->a, "{'at':'','held_us':1,'intent':%lld,'lock_us':1,"
			"'result':'not dropped','why':'w','xid':'1'}", (long long)c->walk.intent_n);
		struct record r = core_record(c, lines[i].op, body);
		r.db = lines[i].db ? lines[i].db : r.db;
		struct walk copy = c->walk;
		ck_assert_msg(walk_fold(&copy, &r, &c->err), "%s", c->err.msg);
		ck_assert_int_gt(spoil_both(&c->walk, &r), 0);
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("fold_fields");
	TCase *t = tcase_create("fold_fields");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, of_a_whole_walk);
	tcase_add_loop_test(t, of_two_columns, 0, 2);
	tcase_add_test(t, of_the_other_lines);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return test_main(suite());
}
