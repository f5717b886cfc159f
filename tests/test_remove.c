/* SPDX-License-Identifier: MIT */
/* When the removal of rows pauses, and when it goes on: over facts, without a server. */
#include "tests/lib_test.h"

#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/when.h"
#include "core/sql.h"
#include "engine/remove_private.h"
#include "tests/lib_core.h"

static struct core *c;
static struct err e;
static struct removing r;
static struct remove_order o;
static struct fact_metric metric;

static void setup(void)
{
	c = core_new(ENV_PRODUCTION);
	core_walk_to(c, AT_DROPPING);
	core_good_facts(c);
	c->plan.recipe = "remove-rows";
	c->plan.column = NULL;
	c->plan.where = "created < '2020-01-01'";
	c->plan.n_falls = c->facts.target.n_falls = 0;
	c->facts.target.attnum = 0;
	c->walk.kind = TARGET_ROWS;
	c->walk.attnum = c->walk.first.attnum = c->walk.final.attnum = 0;
	o = (struct remove_order){ .plan = &c->plan };
	r = (struct removing){ .o = &o, .walk = c->walk, .facts = c->facts };
	metric = (struct fact_metric){ .name = "queue", .unit = "jobs", .known = true, .value = 10, .pause = 10, .has_pause = true };
	r.facts.monitor.metrics = &metric;
	r.facts.monitor.n = 1;
	err_clear(&e);
}

static void teardown(void)
{
	core_free(c);
}

static void pauses(const char *text)
{
	err_clear(&e);
	ck_assert_msg(!remove_may(&r, &e), "goes on: %s", text);
	ck_assert_str_eq(e.msg, text);
}

static void goes_on(void)
{
	ck_assert_msg(remove_may(&r, &e), "%s", e.msg);
}

START_TEST(outside_the_window)
{
	goes_on();
	r.facts.moment.minutes_left = 9;
	pauses("gate C is shut: C3, inside the off-peak window: the window has 9 min left, and 10 are needed");
	r.facts.moment.in_window = false;
	r.facts.moment.next[0] = r.facts.now + 20 * US_HOUR;
	pauses("gate C is shut: C3, inside the off-peak window: it is outside the off-peak window");
	ck_assert_int_eq(e.code, ERR_WAIT);
	r.facts = c->facts;
	goes_on();
	/* The next night: the releases of the day have not been declared. */
	r.facts.now += 25 * US_HOUR;
	r.facts.moment.at = r.facts.health.at = r.facts.target.at = r.facts.log.at = r.facts.others.at = r.facts.server.at = r.facts.mark.at = r.facts.now;
	pauses("gate C is shut: C3, inside the off-peak window: the list of releases was confirmed more than 24 h ago");
}
END_TEST

START_TEST(two_thresholds_each)
{
	r.facts.health.lag_s = c->plan.max_lag_s = 5;
	c->plan.max_lock_waiters = 5;
	goes_on();
	r.facts.health.lag_s = 5.1;
	pauses("gate C is shut: C4, the server is healthy: replication lag, s, is 5.1, and the plan's limit is 5.0");
	r.at.paused = true;
	r.facts.health.lag_s = 4.5;
	pauses("gate C is shut: C4, the server is healthy: replication lag, s, is 4.5, and the plan's limit is 4.0");
	r.facts.health.lag_s = 4;
	metric.value = 8;
	r.facts.health.lock_waiters = 5;
	pauses("gate C is shut: C4, the server is healthy: sessions waiting for locks is 5.0, and the plan's limit is 4.0");
	r.facts.health.lock_waiters = 4;
	goes_on();
	r.at.paused = false;
	metric.value = 11;
	pauses("queue is 11 jobs, and it pauses above 10");
	r.at.paused = true;
	metric.value = 9;
	pauses("queue is 9 jobs, and it pauses above 8");
	metric.value = 8;
	goes_on();
	metric.has_pause = false;
	metric.value = 99;
	goes_on();
}
END_TEST

START_TEST(what_cannot_be_read_pauses)
{
	metric.known = false;
	pauses("queue cannot be read");
	metric.why = "no such table";
	pauses("queue cannot be read: no such table");
	metric.known = true;
	r.facts.health.lag_known = false;
	pauses("gate C is shut: C4, the server is healthy: the replication lag cannot be read");
	r.facts.health.lag_known = true;
	r.facts.health.at = 0;
	pauses("gate C is shut: C4, the server is healthy: nobody has looked at the server's health yet");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("remove");
	TCase *t = tcase_create("remove");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, outside_the_window);
	tcase_add_test(t, two_thresholds_each);
	tcase_add_test(t, what_cannot_be_read_pauses);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return test_main(suite());
}
