/* SPDX-License-Identifier: MIT */
#include "core/gate_rules.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/when.h"

/* Cut at a whole character, since names may be long and not ASCII. */
static void put(char *buf, size_t size, const char *fmt, va_list ap) __attribute__((format(printf, 3, 0)));
static void put(char *buf, size_t size, const char *fmt, va_list ap)
{
	int len = vsnprintf(buf, size, fmt, ap);
	if (len < 0 || (size_t)len < size)
		return;
	size_t end = size - 1;
	while (end > 0 && ((unsigned char)buf[end - 1] & 0xC0) == 0x80)
		end--;
	if (end > 0 && (unsigned char)buf[end - 1] >= 0xC0)
		end--;
	buf[end] = '\0';
}

void put_text(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	put(buf, size, fmt, ap);
	va_end(ap);
}

#define PUT(field) \
	do { \
		va_list ap; \
		va_start(ap, fmt); \
		put(o->field, sizeof o->field, fmt, ap); \
		va_end(ap); \
	} while (0)

void find_now(struct finding *o, const char *fmt, ...)
{
	PUT(now);
}

void find_passes(struct finding *o, const char *fmt, ...)
{
	PUT(passes);
}

void find_todo(struct finding *o, const char *fmt, ...)
{
	PUT(todo);
}

void find_holds(struct finding *o)
{
	o->verdict = HOLDS;
	o->because[0] = o->passes[0] = o->todo[0] = '\0';
	o->at = 0;
}

void find_not_needed(struct finding *o, const char *why)
{
	find_holds(o);
	o->verdict = NOT_NEEDED;
	find_now(o, "not needed: %s", why);
}

void find_shut(struct finding *o, enum verdict v, const char *fmt, ...)
{
	o->verdict = v;
	PUT(because);
}

bool same_known(const char *a, const char *b)
{
	return a && b && *a && strcmp(a, b) == 0;
}

int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

const char *grouped(int64_t n, char buf[static 32])
{
	char digits[24];
	int len = snprintf(digits, sizeof digits, "%lld", (long long)(n < 0 ? 0 : n));
	char *to = buf;
	for (int i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			*to++ = ' ';
		*to++ = digits[i];
	}
	*to = '\0';
	return buf;
}

bool rule_fresh(const struct judge *j, int64_t at, int64_t lives, const char *what)
{
	char age[WHEN_MAX], limit[WHEN_MAX];
	int64_t now = j->f->now;
	j->o->seen = at;
	if (at > 0 && at - now <= LOOK_LIVES && now - at <= lives)
		return true;
	if (at <= 0) {
		find_now(j->o, "not known");
		find_shut(j->o, UNKNOWN, "nobody has looked at %s yet", what);
	} else if (at > now) {
		find_now(j->o, "seen later than now");
		find_shut(j->o, UNKNOWN, "the look at %s bears a time that has not come yet by the server's clock", what);
	} else {
		when_span(now - at, age);
		when_span(lives, limit);
		find_now(j->o, "seen %s ago", age);
		find_shut(j->o, UNKNOWN, "the look at %s is %s old, and it counts for %s", what, age, limit);
	}
	find_passes(j->o, "a look at %s", what);
	find_todo(j->o, "Look again: r on the screens, or run gatewalk gates.");
	return false;
}

static bool mark_wrong(const struct judge *j, const char *what)
{
	find_now(j->o, "%s", what);
	find_shut(j->o, REFUSED, "this database is not what the walk began on: %s", what);
	find_passes(j->o, "the same server, database, mark and environment as at the start");
	find_todo(j->o, "Find out who changed it: gatewalk doctor shows the mark in each place.");
	return false;
}

static bool mark_fits_server(const struct judge *j)
{
	const struct fact_mark *m = &j->f->mark;
	const struct fact_server *s = &j->f->server;
	char db[160];
	snprintf(db, sizeof db, "%s.%u.%s", s->sysid ? s->sysid : "", s->dboid, m->install_id ? m->install_id : "");
	if (!m->installed)
		return mark_wrong(j, "the mark of gatewalk init is gone");
	if (!same_known(m->sysid, s->sysid) || m->dboid != s->dboid)
		return mark_wrong(j, "the mark was made for another database");
	if (!same_known(j->w->db, db))
		return mark_wrong(j, "the log belongs to another database");
	if (m->remembered_install_id && !same_known(m->remembered_install_id, m->install_id))
		return mark_wrong(j, "this machine remembers another gatewalk here");
	return true;
}

static bool environments_agree(const struct judge *j)
{
	const struct fact_mark *m = &j->f->mark;
	if (m->env == ENV_NONE || m->env != j->w->env)
		return mark_wrong(j, "the mark names another environment than the walk");
	if (m->comment_env == ENV_NONE)
		return mark_wrong(j, "the comment on the database that names the environment is gone");
	if (m->comment_env != m->env)
		return mark_wrong(j, "the comment on the database names another environment than the mark");
	if (m->remembered_env == ENV_NONE)
		return mark_wrong(j, "this machine does not remember this database");
	if (m->remembered_env != m->env)
		return mark_wrong(j, "this machine remembers another environment");
	return true;
}

bool rule_identity(const struct judge *j)
{
	int64_t seen = j->o->seen;
	bool good = rule_fresh(j, j->f->server.at, LOOK_LIVES, "the server") &&
		rule_fresh(j, j->f->mark.at, LOOK_LIVES, "the mark of gatewalk init") &&
		mark_fits_server(j) && environments_agree(j);
	if (good && seen)
		j->o->seen = seen;
	return good;
}

const char *rule_noun(const struct judge *j)
{
	return target_noun(target_comes(plan_target(j->p)) ? TARGET_TABLE : plan_target(j->p));   /* a new column's snapshot is its table's */
}

static void another_target(const struct judge *j)
{
	find_passes(j->o, "the %s that the walk began with", rule_noun(j));
	find_todo(j->o, "Find out who did that. A walk keeps to its own target: leave this one.");
}

bool rule_target(const struct judge *j)
{
	const struct fact_target *t = &j->f->target;
	if (!t->found) {
		find_now(j->o, "not found");
		find_shut(j->o, REFUSED, "the target is not there: %s", t->missing ? t->missing : "not found");
		another_target(j);
		return false;
	}
	if (t->relid == j->w->relid && t->attnum == j->w->attnum)
		return true;
	if (j->w->attnum) {
		find_now(j->o, "oid %u, column %d", t->relid, t->attnum);
		find_shut(j->o, REFUSED, "the walk began with oid %u, column %d; under this name now stands another one", j->w->relid, j->w->attnum);
	} else {
		find_now(j->o, "oid %u", t->relid);
		find_shut(j->o, REFUSED, "the walk began with oid %u; under this name now stands another one", j->w->relid);
	}
	another_target(j);
	return false;
}

static const char *not_in(const char *const *some, size_t n_some, const char *const *all, size_t n_all)
{
	for (size_t i = 0; i < n_some; i++) {
		size_t k = 0;
		while (k < n_all && strcmp(some[i], all[k]) != 0)
			k++;
		if (k == n_all)
			return some[i];
	}
	return NULL;
}

bool rule_falls(const struct judge *j)
{
	const struct fact_target *t = &j->f->target;
	const struct plan *p = j->p;
	const char *more = not_in(t->falls, t->n_falls, p->falls, p->n_falls);
	const char *less = not_in(p->falls, p->n_falls, t->falls, t->n_falls);
	if (!more && !less)
		return true;
	find_now(j->o, "%zu would fall, %zu in the plan", t->n_falls, p->n_falls);
	if (more)
		find_shut(j->o, REFUSED, "it would take along, and the plan does not list it: %s", more);
	else
		find_shut(j->o, REFUSED, "the plan lists it, and it would not fall: %s", less);
	find_passes(j->o, "document.falls is exactly what falls");
	find_todo(j->o, "Correct document.falls in the plan, and take it in with gatewalk amend.");
	return false;
}
