/* SPDX-License-Identifier: MIT */
/* C3: the off-peak window, Fridays, and the releases that are planned. */
#include "core/gate_rules.h"

#include "base/when.h"

#define RELEASE_QUIET_HOURS 48
#define CALENDAR_LIVES (10 * US_MINUTE)
#define LIST_LIVES (24 * US_HOUR)

static void wait_for(const struct judge *j, int64_t at, const char *because)
{
	char when[WHEN_MAX];
	find_shut(j->o, at ? WAITS : REFUSED, "%s", because);
	find_passes(j->o, "inside the window, not on a Friday, no release near");
	if (at)
		find_todo(j->o, "Wait until %s UTC; gatewalk window lists the next moments.", when_short(at, when));
	else
		find_todo(j->o, "No opening is known: see gatewalk window, and the plan's window.");
	j->o->at = at;
}

static bool release_far(const struct judge *j, const struct release *r)
{
	const struct fact_moment *m = &j->f->moment;
	int hours = j->p->release_quiet_hours > RELEASE_QUIET_HOURS ? j->p->release_quiet_hours : RELEASE_QUIET_HOURS;
	char because[240], when[WHEN_MAX], named[120] = "";
	if (!r || r->from - j->f->now > hours * US_HOUR)
		return true;
	if (r->name)
		put_text(named, sizeof named, ": %s", r->name);
	if (r->from > j->f->now) {
		find_now(j->o, "release %s", when_short(r->from, when));
		put_text(because, sizeof because, "a release is planned for %s UTC, within %d h%s", when, hours, named);
	} else {
		find_now(j->o, "release until %s", when_short(r->to, when));
		put_text(because, sizeof because, "a release may be going on until %s UTC%s", when, named);
	}
	int64_t over = later(r->from, r->to);
	wait_for(j, m->n_next > 0 ? later(m->next[0], over) : over, because);
	return false;
}

static bool planned_far(const struct judge *j)
{
	const struct fact_moment *m = &j->f->moment;
	return release_far(j, release_next(m->releases, m->n_releases, j->f->now));
}

/* A release that was declared counts as long as it is to come, however old the word is. */
static bool declared_far(const struct judge *j, const char *list)
{
	struct release one = { 0 };
	while (release_declared(&list, &one.from))
		if (!release_far(j, release_next(&one, 1, j->f->now)))
			return false;
	return true;
}

/* A calendar that was just read takes the place of the word of a day; one that cannot be read does not. */
static bool calendar_known(const struct judge *j)
{
	const struct fact_moment *m = &j->f->moment;
	if (!plan_release_source(j->p))
		return true;
	if (m->calendar_why) {
		find_now(j->o, "releases not read");
		find_shut(j->o, UNKNOWN, "the planned releases are not known: %s", m->calendar_why);
		find_passes(j->o, "the plan's releases_from, read in the last 10 min");
		find_todo(j->o, "Correct the calendar or its command; gatewalk reads it again every minute.");
		return false;
	}
	if (!rule_fresh(j, m->calendar_at, CALENDAR_LIVES, "the calendar of releases"))
		return false;
	j->o->seen = m->at;
	return true;
}

static bool releases_confirmed(const struct judge *j, const struct walk_declared *d)
{
	bool young = d && d->at <= j->f->now && j->f->now - d->at <= LIST_LIVES;
	bool reads = d && release_reads(d->value);
	if (young ? reads : plan_release_source(j->p) != NULL)
		return true;
	find_now(j->o, young ? "releases not read" : "releases not confirmed");
	find_shut(j->o, REFUSED, young ? "the declared list of releases cannot be read" :
		d ? "the list of releases was confirmed more than 24 h ago" : "the list of releases has not been confirmed");
	find_passes(j->o, young ? "none, or times in UTC: 2026-11-24 10:00, 2026-12-01 09:30" : "the list of releases confirmed in the last 24 h");
	find_todo(j->o, "Declare the releases of the next days, or \"none\".");
	return false;
}

static bool releases_far(const struct judge *j)
{
	const struct walk_declared *d = walk_declared(j->w, "releases", "");
	return planned_far(j) && calendar_known(j) && releases_confirmed(j, d) && declared_far(j, d ? d->value : NULL);
}

static bool zone_known(const struct judge *j)
{
	const struct fact_moment *m = &j->f->moment;
	if (m->zone_known && m->dow >= 0 && m->dow <= 6)
		return true;
	find_now(j->o, "not known");
	find_shut(j->o, UNKNOWN, "the server does not know the time zone %s", j->p->zone ? j->p->zone : "");
	find_passes(j->o, "a zone that the server knows");
	find_todo(j->o, "Correct window.zone of the plan, and take it in with gatewalk amend.");
	return false;
}

void rule_c3(const struct judge *j)
{
	static const char days[7][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
	const struct fact_moment *m = &j->f->moment;
	int need = plan_drop_min(j->p);
	int64_t next = m->n_next > 0 ? m->next[0] : 0;
	if (j->w->env == ENV_STAGING || j->w->env == ENV_DEVELOPMENT) {
		find_not_needed(j->o, "only production has a window");
		return;
	}
	if (!rule_fresh(j, m->at, j->lives, "the moment") || !zone_known(j))
		return;
	find_now(j->o, "%s %02d:%02d there", days[m->dow], m->minute / 60, m->minute % 60);
	if (m->dow == FRIDAY) {
		wait_for(j, next, j->w->archetype == ARCH_ADDITIVE ? "it is Friday there, and nothing is added on a Friday" :
			archetype_beside(j->w->archetype) && j->w->stage < AT_UNUSED ? "it is Friday there, and no table is changed on a Friday" : "it is Friday there, and nothing is dropped on a Friday");
	} else if (!m->in_window) {
		wait_for(j, next, "it is outside the off-peak window");
	} else if (m->minutes_left < need) {
		char because[120];
		put_text(because, sizeof because, "the window has %d min left, and %d are needed", m->minutes_left, need);
		wait_for(j, next, because);
	} else if (releases_far(j)) {
		find_now(j->o, "%s %02d:%02d there, %d min left", days[m->dow], m->minute / 60, m->minute % 60, m->minutes_left);
		find_holds(j->o);
	}
}
