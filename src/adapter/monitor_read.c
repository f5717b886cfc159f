/* SPDX-License-Identifier: MIT */
#include "adapter/monitor.h"

#include "adapter/audit.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "port/child.h"
#include "port/db.h"

#define NOTIFY_MS 30000

/* At most 60 cells a side; the highest value of a cell stands for it, so that no alarm is smoothed away. */
static const char SERIES_SQL[] = OWN_TAG
"SELECT metric, side, max(value) FROM (\n"
"  SELECT metric, value, side, row_number() OVER w AS i, count(*) OVER (PARTITION BY metric, side) AS n FROM (\n"
"    SELECT metric, value, at, $2::bigint = 0 OR at < to_timestamp($2::bigint / 1000000.0) AS side FROM gatewalk.sample\n"
"    WHERE sid = $1 AND value IS NOT NULL AND metric NOT LIKE 'raw:%') s WINDOW w AS (PARTITION BY metric, side ORDER BY at)) t\n"
"GROUP BY metric, side, (i - 1) * 60 / greatest(n, 60) ORDER BY metric, side, min(i)";

static void points(struct arena *a, const struct rows *r, struct view_series *s)
{
	s->before = arena_array(a, 61, sizeof *s->before);
	s->after = arena_array(a, 61, sizeof *s->after);
	for (int i = 0; i < r->n; i++) {
		if (!text_eq(r->cell[i][0], s->name))
			continue;
		double v = cell_double(r->cell[i][2]);
		if (cell_bool(r->cell[i][1]) && s->n_before < 60)
			s->before[s->n_before++] = v;
		else if (!cell_bool(r->cell[i][1]) && s->n_after < 60)
			s->after[s->n_after++] = v;
	}
}

bool monitor_series(struct db *db, struct arena *a, const char *sid, const struct plan *p, int64_t dropped_at, struct view_series **out, size_t *n, struct err *e)
{
	struct fact_monitor f;
	const char *v[] = { sid, arena_printf(a, "%lld", (long long)dropped_at) };
	const struct query q = { .sql = SERIES_SQL, .args = v, .nargs = 2, .cols = 3 };
	struct rows r;
	*n = 0;
	if (!monitor_read(db, a, sid, p, &f, e) || !db_ask(db, a, &q, &r, e))
		return false;
	*out = arena_array(a, f.n + 1, sizeof **out);
	for (size_t i = 0; i < f.n; i++) {
		const struct fact_metric *m = &f.metrics[i];
		(*out)[i] = (struct view_series){ .name = m->name, .unit = m->unit, .now = m->value, .base = m->base, .alarm = m->alarm,
			.has_base = m->has_base, .has_alarm = m->has_alarm, .known = m->known, .alarmed = m->alarmed };
		points(a, &r, &(*out)[i]);
	}
	*n = f.n;
	return true;
}

bool monitor_untaken(struct db *db, struct arena *a, const char *sid, struct alarm **out, size_t *n, struct err *e)
{
	const char *v[] = { sid };
	const struct query q = { .sql = OWN_TAG "SELECT id, (extract(epoch FROM at) * 1000000)::bigint, metric, text FROM gatewalk.alarm\n"
		"WHERE sid = $1 AND NOT taken ORDER BY id LIMIT 1000", .args = v, .nargs = 1, .cols = 4 };
	struct rows r;
	*n = 0;
	if (!db_ask(db, a, &q, &r, e))
		return false;
	*out = arena_array(a, (size_t)r.n + 1, sizeof **out);
	for (int i = 0; i < r.n; i++) {
		char **c = r.cell[i];
		(*out)[i] = (struct alarm){ cell_int(c[0]), cell_int(c[1]), c[2], c[3] };
	}
	*n = (size_t)r.n;
	return true;
}

bool monitor_taken(struct db *db, const char *sid, int64_t up_to_id, struct err *e)
{
	struct arena *a = arena_new();
	const char *v[] = { sid, arena_printf(a, "%lld", (long long)up_to_id) };
	const struct query q = { .sql = OWN_TAG "UPDATE gatewalk.alarm SET taken = true WHERE sid = $1 AND id <= $2::bigint AND NOT taken",
		.args = v, .nargs = 2, .cols = -1 };
	bool ok = db_ask(db, a, &q, NULL, e);
	arena_free(a);
	return ok;
}

void notify_run(struct arena *a, const struct plan *p, const char *walk, const char *event, const char *text)
{
	if (!p->notify)
		return;
	const char *env[] = { arena_printf(a, "GATEWALK_WALK=%s", walk ? walk : ""), arena_printf(a, "GATEWALK_EVENT=%s", event),
		arena_printf(a, "GATEWALK_TEXT=%s", text ? text : ""), NULL };
	struct child_end end;
	child_shell(a, p->notify, env, NOTIFY_MS, &end, NULL);   /* a bell that does not ring stops nothing */
}
