/* SPDX-License-Identifier: MIT */
#include "adapter/standby.h"

#include "adapter/audit.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "port/db.h"

/* Physical ones; a subscriber shows up here too, but it gets rows, it does not answer queries of ours. */
static const char SENDERS_SQL[] = OWN_TAG
"SELECT DISTINCT coalesce(nullif(application_name, ''), 'without a name') FROM pg_stat_replication r\n"
"WHERE state IS DISTINCT FROM 'backup' AND coalesce(application_name, '') <> 'pg_basebackup' AND NOT " PG_ONLY_RECEIVES "\n"
"  AND NOT EXISTS (SELECT FROM pg_replication_slots o WHERE o.active_pid = r.pid AND o.slot_type = 'logical') ORDER BY 1";

static const char STANDBY_SQL[] = OWN_TAG
"SELECT pg_is_in_recovery(), (SELECT system_identifier FROM pg_control_system())";
static const char PRIMARY_SQL[] = OWN_TAG "SELECT system_identifier FROM pg_control_system()";

/* Another server than the plan means would give a comforting answer. */
static bool is_standby_of(struct db *db, struct arena *a, const char *sysid, struct standby *s, struct err *e)
{
	const struct query q = { .sql = STANDBY_SQL, .cols = 2, .min_rows = 1, .max_rows = 1 };
	struct rows r;
	if (!db_ask(db, a, &q, &r, e))
		return false;
	if (!cell_bool(r.cell[0][0]))
		return err_set(e, ERR_USE, NULL, "%s is no standby: it is not in recovery", s->name);
	if (!text_eq(r.cell[0][1], sysid))
		return err_set(e, ERR_USE, NULL, "%s is the standby of another server", s->name);
	return true;
}

static void standby_ask(struct arena *a, const struct standby_ask *ask, size_t i, const char *sysid, struct standby *s)
{
	const struct db_opts o = { .conninfo = ask->plan->standbys[i].dbname, .app = "gatewalk" };
	struct err e = { 0 };
	s->can_be_asked = true;
	struct db *db = db_open(&o, &e);
	s->asked = db && is_standby_of(db, a, sysid, s, &e) && statements_read(db, a, ask->names, &s->statements, &e)
		&& sessions_read(db, a, ask->names, &s->sessions, &e)
		&& serverlog_read(db, a, ask->names, ask->target, ask->from ? &ask->from[i] : NULL, &s->log, &e);
	if (!s->asked)
		s->why = arena_printf(a, "cannot be asked: %s", e.msg);
	db_close(db);
}

static bool plan_names(const struct plan *p, const char *name)
{
	for (size_t i = 0; i < p->n_standbys; i++)
		if (text_eq(p->standbys[i].name, name))
			return true;
	return false;
}

bool standby_ask_all(struct db *db, struct arena *a, const struct standby_ask *ask, struct standby **out, size_t *count, struct err *e)
{
	const struct plan *p = ask->plan;
	const struct query senders = { .sql = SENDERS_SQL, .cols = 1 };
	const struct query self = { .sql = PRIMARY_SQL, .cols = 1, .min_rows = 1, .max_rows = 1 };
	struct rows r;
	const char *sysid = db_value(db, a, &self, e);
	if (!sysid || !db_ask(db, a, &senders, &r, e))
		return err_in(e, "looking for standbys");
	struct standby *v = arena_array(a, p->n_standbys + (size_t)r.n + 1, sizeof *v);
	size_t k = 0;
	for (size_t i = 0; i < p->n_standbys; i++) {
		v[k].name = p->standbys[i].name;
		if (p->standbys[i].dbname)
			standby_ask(a, ask, i, sysid, &v[k]);
		else
			v[k].why = "the plan has no dbname for it, so it cannot be asked";
		k++;
	}
	for (int i = 0; i < r.n; i++) {
		if (plan_names(p, r.cell[i][0]))
			continue;
		v[k++] = (struct standby){ .name = r.cell[i][0], .why = "the primary sends to it, but the plan does not name it" };
	}
	*out = v;
	*count = k;
	return true;
}
