/* SPDX-License-Identifier: MIT */
/* Old code, new code and what lies between, at once, through a rename and a type change: at each step run all the releases that the walk allows there, and
   while it goes from one to the next those that both allow. No read sees a value that is missing or old, no write is lost. What the walk does not allow is shown to
   do harm: the same steps with one release more. The walk's machine says which step follows which; core/walk_beside.c says what it asks of the deploys, and when. */
#include "tests/mixed_fixture.h"

#include "core/sql.h"

static struct mixed x;

static void teardown(void)
{
	mixed_close(&x);
}

/* ---- what is done to the table ---- */

static void sql(const char *s)
{
	test_sql(x.bf.db, s);
}

static void add(struct mixed *m) { sql(sql_add(m->bf.a, &m->bf.plan)); }
static void take(struct mixed *m) { (void)m; sql("ALTER TABLE public.t DROP COLUMN n"); }
static void dual(struct mixed *m) { ck_assert_msg(dual_send(m->bf.db, m->bf.a, &m->order, true, &m->bf.e), "%s", m->bf.e.msg); }
static void undual(struct mixed *m) { ck_assert_msg(dual_send(m->bf.db, m->bf.a, &m->order, false, &m->bf.e), "%s", m->bf.e.msg); }
static void fill(struct mixed *m) { bf_must(&m->bf); }
static void relax(struct mixed *m) { (void)m; sql("ALTER TABLE public.t ALTER v DROP NOT NULL, ALTER v DROP DEFAULT"); }
static void drop(struct mixed *m) { (void)m; sql("ALTER TABLE public.t DROP COLUMN v"); }

/* What new code wrote meanwhile goes back to the old column. */
static void fill_back(struct mixed *m)
{
	struct plan there = m->bf.plan;
	m->bf.plan = plan_reversed(&there);
	bf_must(&m->bf);
	m->bf.plan = there;
}

static void tighten(struct mixed *m)
{
	(void)m;
	sql(arena_printf(m->bf.a, "ALTER TABLE public.t ALTER v SET DEFAULT %s, ADD CONSTRAINT c CHECK (v IS NOT NULL) NOT VALID", m->kind->archetype == ARCH_TYPE ? "'0'" : "0"));
	sql("ALTER TABLE public.t VALIDATE CONSTRAINT c");
	sql("ALTER TABLE public.t ALTER v SET NOT NULL, DROP CONSTRAINT c");
}

/* ---- the ways ---- */

enum mode { ANY, TRIGGER, APPLICATION, RENAME };
struct leg { enum event ask, done; void (*happens)(struct mixed *x); enum mode mode; };

static const struct leg there[] = {
	{ EV_ADD, EV_ADDED, add, ANY }, { EV_DUAL, EV_DUALED, dual, TRIGGER }, { EV_CONFIRM, EVENT_COUNT, NULL, APPLICATION }, { EV_FILLED, EVENT_COUNT, fill, ANY },
	{ EV_CONFIRM, EVENT_COUNT, NULL, ANY }, { EV_PROVEN, EVENT_COUNT, NULL, RENAME }, { EV_CONFIRM, EVENT_COUNT, NULL, ANY }, { EV_RELAX, EV_RELAXED, relax, ANY },
	{ EV_END, EV_ENDED, undual, TRIGGER }, { EV_QUIET, EVENT_COUNT, NULL, APPLICATION },
};
static const struct leg back[] = {
	{ EV_AGAIN, EV_AGAINED, dual, TRIGGER }, { EV_BACK, EVENT_COUNT, NULL, APPLICATION }, { EVENT_COUNT, EVENT_COUNT, fill_back, ANY }, { EV_TIGHTEN, EV_TIGHTENED, tighten, ANY }, { EV_BACK, EVENT_COUNT, NULL, ANY },
	{ EV_BACK, EVENT_COUNT, NULL, ANY }, { EV_BACK, EVENT_COUNT, NULL, RENAME }, { EV_BACK, EVENT_COUNT, NULL, ANY }, { EV_UNDUAL, EV_UNDUALED, undual, TRIGGER },
	{ EV_BACK, EVENT_COUNT, NULL, APPLICATION }, { EV_TAKE, EV_TAKEN, take, ANY },
};

static bool goes(enum mode m)
{
	bool application = plan_dual_by_application(&x.bf.plan);
	return m == ANY || (m == RENAME ? x.kind->archetype == ARCH_RENAME : (m == APPLICATION) == application);
}

static void move(enum event ev)
{
	struct move m;
	ck_assert_msg(walk_move(x.kind->archetype, x.stage, ev, GATES_ALL, &m), "%s: no event %d", stage_name(x.stage), (int)ev);
	x.stage = m.to;
}

static void fine(void)
{
	ck_assert_msg(!x.harm[0], "%s, at \"%s\": %s", x.kind->name, stage_name(x.stage), x.harm);
}

static void take_leg(const struct leg *l, unsigned more)
{
	unsigned before = mixed_allowed(&x, x.stage);
	if (l->ask != EVENT_COUNT)
		move(l->ask);
	if (l->done != EVENT_COUNT)
		move(l->done);
	unsigned both = before & mixed_allowed(&x, x.stage);
	ck_assert_msg((both & 7) && (both >> 3), "%s: nobody may run while the walk goes to \"%s\"", x.kind->name, stage_name(x.stage));
	mixed_traffic(&x, both | more, l->happens);
	fine();
}

/* Up to that step, or to the end of the way. */
static void go(const struct leg *way, size_t n, enum stage to)
{
	mixed_traffic(&x, mixed_allowed(&x, x.stage), NULL);
	fine();
	for (size_t i = 0; i < n && x.stage != to; i++) {
		if (!goes(way[i].mode))
			continue;
		take_leg(&way[i], 0);
		mixed_traffic(&x, mixed_allowed(&x, x.stage), NULL);
		fine();
	}
	ck_assert(to == AT_NOWHERE || x.stage == to);
}

#define GO(way, to) go(way, sizeof way / sizeof *way, to)

START_TEST(whatever_runs)
{
	mixed_open(&x, &mixed_kinds[_i]);
	GO(there, AT_NOWHERE);
	ck_assert_int_eq(x.stage, AT_UNUSED);
	mixed_traffic(&x, READS_NEW | WRITES_NEW, drop);
	fine();
}
END_TEST

/* From the last step before the drop to the first, under traffic: all that was written is in the old column. */
START_TEST(and_back)
{
	mixed_open(&x, &mixed_kinds[_i]);
	GO(there, AT_NOWHERE);
	if (!x.order.back)
		return;   /* rows that stand in the new column alone have no way back: the walk goes no further than that */
	GO(back, AT_NOWHERE);
	ck_assert_int_eq(x.stage, AT_EXPAND);
}
END_TEST

/* ---- what the walk does not allow ---- */

static void refill(struct mixed *m)
{
	m->bf.plan.backfill.fills = "differences";
	bf_must(&m->bf);
}

#define ANY_KIND 5   /* shown with the first: by trigger both ways */
static const struct { size_t kind; enum stage at; unsigned more; void (*happens)(struct mixed *x); } wrongs[] = {
	/* Who reads it alone before the rows are filled finds nothing; who writes it alone before writes go back is not seen by old code. */
	{ ANY_KIND, AT_WRITES, READS_NEW, NULL }, { ANY_KIND, AT_BACKFILL, READS_NEW, NULL }, { ANY_KIND, AT_WRITES, WRITES_NEW, NULL },
	/* Dual write has ended. */
	{ ANY_KIND, AT_UNUSED, READS_OLD, NULL }, { ANY_KIND, AT_UNUSED, WRITES_OLD, NULL }, { ANY_KIND, AT_UNUSED, READS_OLD, drop }, { ANY_KIND, AT_UNUSED, WRITES_OLD, drop },
	/* New first with the old one as fallback, while some write both and some the old one only: what stands in the new one is old. */
	{ 0, AT_WRITES, READS_BOTH | WRITES_BOTH, NULL }, { 1, AT_WRITES, READS_BOTH, NULL }, { 3, AT_WRITES, READS_BOTH | WRITES_BOTH, NULL }, { 4, AT_WRITES, READS_BOTH, NULL },
	/* The application writes both, and one release does not. */
	{ 1, AT_WINDOW, WRITES_OLD, NULL }, { 1, AT_WINDOW, WRITES_NEW, NULL }, { 1, AT_READS, WRITES_OLD, NULL }, { 4, AT_WINDOW, WRITES_OLD, NULL }, { 4, AT_PARITY, WRITES_OLD, NULL },
	/* Nothing brings the new column's values back: old code does not see them, and rows that differ are filled once more, from the old one. */
	{ 3, AT_BACKFILL, WRITES_NEW, NULL }, { 3, AT_WINDOW, WRITES_NEW, NULL }, { 3, AT_PARITY, WRITES_NEW, refill }, { 4, AT_PARITY, WRITES_NEW, refill },
};

START_TEST(what_is_not_allowed_does_harm)
{
	const struct mixed_kind *k = &mixed_kinds[wrongs[_i].kind % ANY_KIND];
	mixed_open(&x, k);
	GO(there, wrongs[_i].at);
	unsigned live = mixed_allowed(&x, x.stage);
	ck_assert_msg((live | wrongs[_i].more) != live, "%s, at \"%s\": the walk allows it", k->name, stage_name(x.stage));
	for (int n = 0; n < 20 && !x.harm[0]; n++)
		mixed_traffic(&x, live | wrongs[_i].more, n ? NULL : wrongs[_i].happens);
	ck_assert_msg(x.harm[0], "%s, at \"%s\": no harm was seen", k->name, stage_name(x.stage));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("mixed");
	TCase *t = tcase_create("mixed");
	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_loop_test(t, whatever_runs, 0, sizeof mixed_kinds / sizeof *mixed_kinds);
	tcase_add_loop_test(t, and_back, 0, sizeof mixed_kinds / sizeof *mixed_kinds);
	tcase_add_loop_test(t, what_is_not_allowed_does_harm, 0, sizeof wrongs / sizeof *wrongs);
	suite_add_tcase(s, t);
	return test_main(s);
}
