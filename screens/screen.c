/* SPDX-License-Identifier: MIT */
#include "screens/screen.h"

#include <string.h>

#include "base/arena.h"
#include "base/text.h"

static const struct screen *const all[] = {
	&screen_home, &screen_since, &screen_walk, &screen_step, &screen_gate, &screen_evidence, &screen_job, &screen_consumers,
	&screen_drop, &screen_monitor, &screen_log, &screen_help, &screen_prompt, &screen_find, &screen_settings, &screen_audit, &screen_add, &screen_backfill, &screen_rejects, &screen_dual, &screen_parity,
};

const struct screen *screen_at(size_t i)
{
	return i < sizeof all / sizeof all[0] ? all[i] : NULL;
}

static void add_messages(struct page *p, const struct scene *s)
{
	const struct view *v = s->view;
	if (v->trouble && *v->trouble)
		page_message(p, ST_SHUT, "✗", v->trouble);
	if (s->notice) {
		page_message(p, s->notice_bad ? ST_SHUT : ST_DONE, s->notice_bad ? "✗" : "✓", s->notice);
		return;
	}
	if (v->last_error) {
		page_message(p, ST_SHUT, "✗", v->last_error);
		if (v->last_hint && *v->last_hint)
			page_message(p, ST_PLAIN, "", v->last_hint);
	} else if (v->last_done && !s->read) {
		page_message(p, ST_DONE, "✓", v->last_done);
	}
	if (v->busy)
		page_message(p, ST_RUNNING, "●", v->busy);
}

/* The view knows no keys: a screen names the way to a gate that can be passed. */
static void next_lines(struct page *p, const struct view *v)
{
	const struct offer *wanted = view_wanted(v);
	int len = (int)strlen(v->next[0]);
	bool pass = !p->plain && len && wanted && wanted->kind == ACT_PASS;
	page_next(p, pass ? arena_printf(p->arena, "%.*s: v, then Enter.", len - 1, v->next[0]) : v->next[0], v->next[1]);
}

/* Without a walk an audit has its own page, and the evidence of what it found. */
static bool has_subject(const struct screen *sc, const struct view *v)
{
	return !sc->on_walk || (v->walk && v->plan && v->facts) || (v->audited && sc == &screen_evidence);
}

void screen_fill(struct page *p, const struct screen *sc, const struct scene *s)
{
	const struct view *v = s->view;
	(has_subject(sc, v) ? sc : &screen_walk)->render(p, s);
	page_server(p, s->view, s->now);
	if (!p->field)
		add_messages(p, s);
	else if (s->notice)
		page_message(p, s->notice_bad ? ST_SHUT : ST_DONE, s->notice_bad ? "✗" : "✓", s->notice);
	if (*p->next[0] == '\0')
		next_lines(p, v);
	page_keys(p, sc->keys, sc->n_keys);
}

struct page *screen_page(const struct screen *sc, struct arena *a, const struct scene *s, int cols, int rows, bool ascii)
{
	struct page *p = page_new(a, cols, rows, ascii);
	screen_fill(p, sc, s);
	return p;
}

struct action action_open(const struct screen *sc, long long subject)
{
	return (struct action){ .todo = DO_OPEN, .screen = sc, .subject = subject };
}

struct action action_offer(const struct offer *o)
{
	if (!o)
		return (struct action){ .todo = DO_NOTHING };
	if (o->kind == ACT_DROP)
		return action_open(&screen_drop, ITEM_DROP);
	return (struct action){ .todo = DO_OFFER, .offer = o };
}

const struct view_job *view_work(const struct view *v)
{
	static const char *const works[] = { "snapshot", "drill", "restore" };
	for (size_t i = 0; i < v->n_jobs; i++)
		for (size_t k = 0; k < sizeof works / sizeof works[0]; k++)
			if (v->jobs[i].mine && v->jobs[i].ended == 0 && text_eq(v->jobs[i].kind, works[k]))
				return &v->jobs[i];
	return NULL;
}

/* Stepping back, leaving, looking again and the way back are there at any time: nobody asks for them. */
const struct offer *view_wanted(const struct view *v)
{
	const struct offer *o = v->n_offers ? &v->offers[0] : NULL;
	if (!o || o->kind == ACT_BACK || o->kind == ACT_LEAVE || o->kind == ACT_RESTORE || (o->kind == ACT_AUDIT && v->facts->audit.at))
		return NULL;
	return o;
}

bool view_sealed(const struct view *v, const struct view_line *l)
{
	return v->walk && l->n < v->walk->sealed;
}

bool offer_is(const struct offer *a, const struct offer *b)
{
	return a && b && a->kind == b->kind && text_eq(a->key, b->key);
}

/* Enter on the current item leads to what NEXT asks for. */
struct action action_item(const struct view *v, enum item i)
{
	bool now = i == view_item_now(v);
	const struct view_job *job = now ? view_work(v) : NULL;
	const struct offer *wanted = now ? view_wanted(v) : NULL;
	if (wanted && wanted->kind == ACT_PASS)
		return action_open(&screen_gate, view_next_gate(v));
	if (i == ITEM_DUAL_WRITE && now && (v->walk->stage == AT_EXPAND || (v->walk->stage == AT_CHANGING && v->walk->change <= CHANGE_TAKE)))
		return action_open(&screen_add, i);
	if (i == ITEM_DUAL_WRITE && i <= view_item_now(v) && view_comes(v) && !view_adds(v) && v->walk->added_at)
		return action_open(&screen_dual, i);
	if (i == ITEM_WINDOW && i <= view_item_now(v) && v->items[i].mood != MOOD_NOT_NEEDED)
		return action_open(&screen_parity, i);
	if (i == ITEM_BACKFILL && i <= view_item_now(v) && v->items[i].mood != MOOD_NOT_NEEDED)
		return action_open(&screen_backfill, i);
	if (i == ITEM_CONSUMERS)
		return action_open(&screen_consumers, i);
	if (i == ITEM_MONITOR && v->n_series > 0)
		return action_open(&screen_monitor, i);
	if (now && i == ITEM_DROP && view_offer(v, ACT_DROP))
		return action_open(&screen_drop, i);
	return job ? action_open(&screen_job, job->id) : action_open(&screen_step, i);
}

enum item view_item_now(const struct view *v)
{
	return v->walk ? stage_item(v->walk->stage) : ITEM_NONE;
}

enum gate view_next_gate(const struct view *v)
{
	enum gate last = GATE_A;
	for (int i = 0; v->walk && i < 3; i++) {
		if (!walk_has_gate(v->walk->archetype, (enum gate)(1 << i)))
			continue;
		last = (enum gate)(1 << i);
		if (v->walk->gate_passed[i] == 0)
			return last;
	}
	return last;
}

bool view_comes(const struct view *v)
{
	return v->walk && walk_has_item(v->walk->archetype, ITEM_DUAL_WRITE);
}

bool view_adds(const struct view *v)
{
	return v->walk && v->walk->archetype == ARCH_ADDITIVE;
}

struct gate_sum view_gate(const struct view *v, enum gate g)
{
	struct gate_sum sum = { .open = (v->open_gates & (unsigned)g) != 0 };
	bool time_alone = true;
	for (size_t i = 0; i < CONDITION_COUNT; i++) {
		const struct finding *f = &v->findings[i];
		if (f->gate != g || f->verdict == NOT_NEEDED || !f->id)
			continue;
		sum.asked++;
		sum.hold += f->verdict == HOLDS;
		if (f->verdict == HOLDS)
			continue;
		if (f->verdict != WAITS)
			time_alone = false;
		else if (f->at > sum.at)
			sum.at = f->at;
	}
	if (!time_alone)
		sum.at = 0;
	return sum;
}

const struct offer *view_offer(const struct view *v, enum act_kind k)
{
	for (size_t i = 0; i < v->n_offers; i++)
		if (v->offers[i].kind == k)
			return &v->offers[i];
	return NULL;
}

static struct action on_walk(const struct scene *s, const struct screen *sc, long long subject)
{
	return s->view->walk ? action_open(sc, subject) : (struct action){ .todo = DO_NOTHING };
}

static struct action other(const struct screen *now, const struct screen *sc)
{
	struct action a = { .todo = DO_NOTHING };
	return now == sc ? a : action_open(sc, 0);
}

static struct action offered(const struct view *v, enum act_kind k, const char *why_not)
{
	if (view_offer(v, k))
		return action_offer(view_offer(v, k));
	return (struct action){ .todo = v->walk ? DO_REFUSE : DO_NOTHING, .word = why_not };
}

static struct action common(const struct screen *sc, const struct scene *s, enum key k)
{
	switch (k) {
	case K_BACK:     return (struct action){ .todo = s->on_home ? DO_NOTHING : DO_BACK };
	case K_Q:        return (struct action){ .todo = s->on_home ? DO_QUIT : DO_BACK };
	case K_CANCEL:   return (struct action){ .todo = sc->field && !s->on_home ? DO_BACK : DO_INTERRUPT };
	case K_QUIT:     return (struct action){ .todo = DO_QUIT };
	case K_HELP:     return other(sc, &screen_help);
	case K_FIND:     return action_open(&screen_find, 0);
	case K_LOOK:     return (struct action){ .todo = DO_LOOK };
	case K_SETTINGS: return other(sc, &screen_settings);
	case K_EVIDENCE: return on_walk(s, &screen_evidence, view_item_now(s->view));
	case K_LOG:      return on_walk(s, &screen_log, 0);
	case K_GATES:    return on_walk(s, &screen_gate, view_next_gate(s->view));
	case K_RESTORE:  return offered(s->view, ACT_RESTORE, "There is nothing to put back now: it was not dropped, or it is back.");
	case K_HIDE:     return offered(s->view, ACT_HIDE, "It is hidden at item 9, once the count has begun, where the plan asks for it.");
	case K_UNHIDE:   return offered(s->view, ACT_UNHIDE, "It is not hidden.");
	default:         return (struct action){ .todo = DO_COMMON };
	}
}

struct action screen_key(const struct screen *sc, const struct scene *s, enum key k)
{
	struct action a = sc->key && has_subject(sc, s->view) ? sc->key(s, k) : (struct action){ .todo = DO_COMMON };
	return a.todo == DO_COMMON ? common(sc, s, k) : a;
}
