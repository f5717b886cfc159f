/* SPDX-License-Identifier: MIT */
/* What the log and the server say about each item, as labelled rows: one function an item, in one table. */
#include "screens/screen.h"

#include "base/arena.h"
#include "base/text.h"
#include "base/when.h"
#include "core/migration.h"
#include "screens/num.h"

#define AT 18

struct sink { struct page *p; const struct view *v; int64_t now; };

static void say(const struct sink *o, const char *label, const char *value)
{
	page_labelled(o->p, label, AT, value && *value ? value : "not known");
}

static void say_time(const struct sink *o, const char *label, int64_t at)
{
	say(o, label, at ? arena_printf(o->p->arena, "%s UTC", num_when(o->p->arena, at)) : "never");
}

static void say_list(const struct sink *o, const char *label, const char **list, size_t n)
{
	if (n == 0)
		say(o, label, "nothing");
	for (size_t i = 0; i < n; i++)
		page_item(o->p, label, i ? " " : label, AT, list[i]);
}

static void snapshot(const struct sink *o, const struct fact_snapshot *s)
{
	struct arena *a = o->p->arena;
	if (!s->id) {
		say(o, "snapshot", "none yet");
		return;
	}
	say(o, "snapshot", s->id);
	say(o, "folder", s->path);
	say_time(o, "begun", s->begun);
	say_time(o, "proved", s->proved);
	say(o, "equal", s->equal ? "yes: rows, contents and types of the loaded copy equal the source" : "NO");
	say(o, "rows", num_group(a, s->rows));
	say(o, "values", num_group(a, s->values));
	say(o, "size", num_bytes(a, (double)s->bytes));
	say(o, "scope", s->scope == SNAP_TABLE ? "the whole table" : "key and column");
	say(o, "manifest", s->manifest_sha256);
}

static void drill(const struct sink *o)
{
	const struct fact_drill *d = &o->v->walk->drill;
	if (!d->at) {
		say(o, "drill", "none yet");
		return;
	}
	say(o, "drill", d->passed ? "passed, from the files alone" : d->problem);
	say_time(o, "drilled", d->at);
	say(o, "way back takes", num_span(o->p->arena, d->restore_us));
	say_list(o, "fell there", d->fell, d->n_fell);
}

static void on_first(const struct sink *o)
{
	snapshot(o, &o->v->walk->first);
	drill(o);
}

static void on_archetype(const struct sink *o)
{
	const struct plan *p = o->v->plan;
	say(o, "archetype", archetype_name(p->archetype));
	say(o, "risk", archetype_risk(p->archetype));
	say(o, "statement", o->v->statement);
	if (p->statement)
		say(o, "proposed as", p->statement);
}

static void say_declared(const struct sink *o, const char *what)
{
	const struct walk *w = o->v->walk;
	for (size_t i = 0; i < w->n_declared; i++) {
		const struct walk_declared *d = &w->declared[i];
		if (text_eq(d->what, what))
			page_labelled(o->p, d->key && *d->key ? d->key : what, AT,
				arena_printf(o->p->arena, "%s (said %s UTC)", d->value, num_when(o->p->arena, d->at)));
	}
}

static void on_document(const struct sink *o)
{
	const struct plan *p = o->v->plan;
	say(o, "before", p->before);
	say(o, "after", p->after);
	say(o, "why", p->why);
	say(o, "way back", p->way_back);
	say(o, "leaves behind", p->leaves_behind);
	say(o, "rollback floor", p->rollback_floor);
	say(o, "API contract", p->api_contract);
	if (!view_adds(o->v)) {
		say_list(o, "falls, plan", p->falls, p->n_falls);
		say_list(o, "falls, server", o->v->facts->target.falls, o->v->facts->target.n_falls);
	}
	else if (o->v->facts->target.n_published)
		say(o, "replication", change_published(o->p, o->v));
	for (size_t i = 0; i < p->n_deploys; i++)
		page_item(o->p, "deploys", i ? " " : "deploys", AT, p->deploys[i].name);
	say_declared(o, "rehearsed");
	say_declared(o, "tests");
}

static void on_consumers(const struct sink *o)
{
	const struct fact_audit *u = &o->v->facts->audit;
	say(o, "audit", num_age(o->p->arena, u->at, o->now));
	say(o, "found", num_group(o->p->arena, (int64_t)u->n));
	for (size_t i = 0; i < o->v->walk->n_clears; i++) {
		const struct walk_clear *c = &o->v->walk->clears[i];
		page_item(o->p, "cleared", i ? " " : "cleared", AT, arena_printf(o->p->arena, "%s%s: %s (%s UTC)", c->key,
			c->survives ? ", survives" : "", c->reason, num_when(o->p->arena, c->at)));
	}
	say_list(o, "cannot be seen", u->blind, u->n_blind);
}

static void on_added(const struct sink *o)
{
	const struct walk *w = o->v->walk;
	say(o, "statement", w->intent_statement ? w->intent_statement : o->v->statement);
	say_time(o, "added", w->added_at);
	if (w->added_at) {
		say(o, "lock held", num_span(o->p->arena, w->drop_us));
		say(o, "waited for lock", num_span(o->p->arena, w->lock_us));
	}
	say_declared(o, "writes_fill");
	say_declared(o, "writes_both");
	say_time(o, "written since", w->confirmed[ITEM_DUAL_WRITE]);
}

static void on_backfill(const struct sink *o)
{
	const struct fact_backfill *b = &o->v->facts->backfill;
	const struct plan_backfill *p = &o->v->plan->backfill;
	struct arena *a = o->p->arena;
	if (!p->value)
		return;
	say(o, "value", p->value);
	say(o, "rows", p->where ? p->where : "all of them");
	say(o, "fills", text_eq(p->fills, "differences") ? "rows whose value differs" : "rows without a value");
	say(o, "looked", num_age(a, b->at, o->now));
	say(o, "filled", num_group(a, b->filled));
	say(o, "left", b->left < 0 ? "not counted yet" : num_group(a, b->left));
	say_time(o, "counted", b->counted_at);
	say(o, "rejected", num_group(a, b->rejects));
}

static void on_window(const struct sink *o)
{
	const struct fact_parity *s = &o->v->facts->parity;
	struct arena *a = o->p->arena;
	say_declared(o, "reads_both");
	say_time(o, "counted from", walk_window_from(o->v->walk, o->v->plan));
	say(o, "passes", num_group(a, s->round));
	say_time(o, "the last began", s->began);
	say_time(o, "and ended", s->ended);
	say(o, "rows", num_group(a, s->rows));
	say(o, "differ", num_group(a, s->mismatches));
	if (s->first)
		say(o, "the first", s->first);
}

static void on_reads(const struct sink *o)
{
	say_declared(o, "reads_moved");
}

static void say_hiding(const struct sink *o, const struct walk_hiding *h)
{
	if (!h->to)
		return;
	say_time(o, "hidden from", h->from);
	say_time(o, "until", h->to);
	say(o, "it ended", text_eq(h->why, "over") ? "its time was over, no error was seen" : h->why);
	say(o, "its grants", h->exact ? "given back as they were" : "given back; others changed them meanwhile");
}

static void on_unused(const struct sink *o)
{
	const struct fact_watch *t = &o->v->facts->watch;
	struct arena *a = o->p->arena;
	if (view_comes(o->v)) {
		say_time(o, "relaxed", o->v->walk->relaxed_at);
		say_declared(o, "writes_new");
		say_time(o, "dual write ended", o->v->walk->ended_at);
	}
	say_time(o, "count began", o->v->walk->quiet_since);
	say_time(o, "last sighting", o->v->walk->last_sighting);
	if (o->v->walk->sighted)
		say(o, "seen then", o->v->walk->sighted);
	say_hiding(o, &o->v->walk->hiding);
	say(o, "watcher looked", num_age(a, t->at, o->now));
	say(o, "tripwire", !t->tripwire_there ? "not there" : t->tripwire_enabled ? "there, enabled always" : "there, but switched off");
	say(o, "writes counted", t->trip_count < 0 ? NULL : num_group(a, t->trip_count));
	say(o, "statements", t->statements_there ? "read from pg_stat_statements" : t->statements_why);
	say_time(o, "unbroken since", t->unbroken_since);
	say(o, "last gap", t->gap ? t->gap : "none");
	say(o, "standbys", t->standbys_ok ? "each known one was asked, or is cleared" : t->standbys_why);
}

/* What the plan's calendar said, or why it could not be read. */
static void calendar(const struct sink *o)
{
	const struct fact_moment *m = &o->v->facts->moment;
	const char *from = plan_release_source(o->v->plan);
	if (!from)
		return;
	say(o, "calendar", from);
	say(o, "calendar read", m->calendar_why ? m->calendar_why : m->calendar_at ? num_age(o->p->arena, m->calendar_at, o->now) : "never");
}

static void on_final(const struct sink *o)
{
	snapshot(o, &o->v->walk->final);
	say(o, "files", o->v->facts->files_intact ? "still have the proven hashes" : "not checked");
	say_declared(o, "releases");
	calendar(o);
}

static void on_drop(const struct sink *o)
{
	const struct walk *w = o->v->walk;
	say(o, "statement", o->v->statement);
	if (w->intent_n >= 0)
		say(o, "intent", arena_printf(o->p->arena, "log line %lld", (long long)w->intent_n));
	if (!w->dropped)
		return;
	say_time(o, "dropped", w->dropped_at);
	say(o, "took", num_span(o->p->arena, w->drop_us));
	say(o, "waited for lock", num_span(o->p->arena, w->lock_us));
	if (w->restored_at)
		say_time(o, "put back", w->restored_at);
	say(o, "way back", o->v->restore_command);
	say(o, "takes", o->v->restore_span);
}

static void on_monitor(const struct sink *o)
{
	const struct fact_monitor *m = &o->v->facts->monitor;
	say(o, "last sample", num_age(o->p->arena, m->at, o->now));
	say_time(o, "baseline", m->baseline_at);
	say(o, "alarms", num_group(o->p->arena, o->v->walk->alarms));
	if (o->v->walk->alarm)
		say(o, "last alarm", o->v->walk->alarm);
}

static void on_log(const struct sink *o)
{
	const struct walk *w = o->v->walk;
	say(o, "log", arena_printf(o->p->arena, "%lld lines, %lld sealed", (long long)w->n, (long long)w->sealed));
	say(o, "verifies", o->v->facts->log.verifies ? "yes" : o->v->facts->log.why);
	say(o, "ledger", o->v->facts->log.ledger_agrees ? "agrees" : o->v->facts->log.why);
	say(o, "schema log", w->schema_logged ? "written" : "not yet");
	const char *tool = o->v->plan->migration_tool, *entry = migration_entry(tool);
	say(o, "for your tool", tool ? tool : "the plan names none");
	if (entry)
		say(o, "its entry", entry);
}

static void (*const rows[ITEM_COUNT + 1])(const struct sink *) = {
	[ITEM_SNAPSHOT] = on_first, [ITEM_ARCHETYPE] = on_archetype, [ITEM_DOCUMENT] = on_document, [ITEM_CONSUMERS] = on_consumers,
	[ITEM_DUAL_WRITE] = on_added, [ITEM_BACKFILL] = on_backfill, [ITEM_WINDOW] = on_window, [ITEM_READS] = on_reads, [ITEM_UNUSED] = on_unused, [ITEM_FINAL] = on_final, [ITEM_DROP] = on_drop,
	[ITEM_MONITOR] = on_monitor, [ITEM_LOG] = on_log,
};

void evidence_rows(struct page *p, const struct view *v, enum item i, int64_t now)
{
	struct sink o = { p, v, now };
	if ((unsigned)i > ITEM_COUNT || !rows[i] || !v->walk || !v->plan || !v->facts || v->items[i].mood == MOOD_NOT_NEEDED)
		return;
	page_blank(p);
	page_row(p, NULL);
	page_sign(p, ST_PLAIN, 1, "EVIDENCE", "");
	rows[i](&o);
}
