/* SPDX-License-Identifier: MIT */
/* The drop: what goes, what falls, the way back; the typed name, the countdown. This screen sends nothing: ui.c asks the
   engine, which judges every gate again, signs the intent and mints the permit itself. */
#include "screens/screen.h"

#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "base/when.h"
#include "screens/glyph.h"
#include "screens/num.h"

#define AT 17

static const struct finding *finding(const struct view *v, const char *id)
{
	for (size_t i = 0; i < CONDITION_COUNT; i++)
		if (v->findings[i].id && text_eq(v->findings[i].id, id))
			return &v->findings[i];
	return NULL;
}

static bool is_rows(const struct view *v)
{
	return plan_target(v->plan) == TARGET_ROWS;
}

static const char *removes(struct page *p, const struct view *v)
{
	const struct fact_snapshot *f = &v->walk->final;
	const char *type = v->facts && v->facts->target.type ? v->facts->target.type : "type not known";
	const char *n = f->id ? num_group(p->arena, f->values) : "all";
	if (is_rows(v))
		return arena_printf(p->arena, "%s rows that still equal the snapshot's, for good", n);
	if (plan_target(v->plan) == TARGET_TABLE)
		return arena_printf(p->arena, "the table and its %s rows, for good", n);
	if (!f->id)
		return arena_printf(p->arena, "every value of %s (%s), for good", v->target_name, type);
	return arena_printf(p->arena, "%s values (%s), for good", n, type);
}

/* A removal may last longer than the night in which it is signed. */
static void holds_for(struct page *p, const struct view *v)
{
	if (is_rows(v))
		page_labelled(p, "it holds for", AT, arena_printf(p->arena, "%d min until the first batch; from then on in every window, until each row was gone "
			"through or you end it", INTENT_MINUTES));
}

static void falls(struct page *p, const struct view *v)
{
	const struct fact_target *t = &v->facts->target;
	if (t->n_falls == 0 && !is_rows(v))
		page_labelled(p, "it also drops", AT, "nothing else: no view, index, policy or publication uses it");
	for (size_t i = 0; i < t->n_falls; i++)
		page_item(p, "it also drops", i ? " " : "it also drops", AT, t->falls[i]);
	for (size_t i = 0; i < t->n_blockers; i++)
		page_item(p, "in the way", i ? " " : "in the way", AT, t->blockers[i]);
}

/* While it counts down, the seconds are what stands out. */
static void consequences(struct page *p, const struct view *v, bool counting)
{
	struct arena *a = p->arena;
	const struct finding *quiet = finding(v, "C2");
	const struct fact_snapshot *f = &v->walk->final;
	page_row(p, "about to run");
	page_put(p, ST_PLAIN, 1, is_rows(v) ? "You are about to sign, for a job that runs it in batches, a transaction each:" :
		"You are about to run, once, in one transaction, lock_timeout 500 ms:");
	page_blank(p);
	page_row(p, "statement");
	page_put(p, counting ? ST_PLAIN : ST_BOLD, 3, "%s", v->statement ? v->statement : "");
	page_blank(p);
	page_labelled(p, "this removes", AT, removes(p, v));
	if (v->facts)
		falls(p, v);
	holds_for(p, v);
	page_labelled(p, "nothing lost", AT, quiet && quiet->now[0] ? quiet->now : "not looked at yet: then it does not run");
	page_labelled(p, "to get it back", AT, f->id ? arena_printf(a, "restore snapshot %s of %s UTC, %s", f->id, num_when(a, f->begun),
		v->restore_span ? v->restore_span : "time not measured") : "NO SNAPSHOT");
	page_labelled(p, "app rollback", AT, arena_printf(a, "to release %s or newer; older ones break after this", v->plan->rollback_floor));
}

static void stage_row(struct page *p, int n, bool done, bool now, const char *word)
{
	page_row(p, "step");
	page_put(p, ST_PLAIN, 1, "%d", n);
	page_sign(p, done ? ST_DONE : now ? ST_INFO : ST_DIM, 3, done ? "✓" : now ? "▸" : "·", done ? "done" : now ? "now" : "not yet");
	page_put(p, done || now ? ST_PLAIN : ST_DIM, 5, "%s", word);
}

static void stages(struct page *p, const struct scene *s)
{
	const struct view *v = s->view;
	const struct drop_run *d = s->drop;
	bool open = v->open_gates == GATES_ALL;
	bool typing = d->stage == DROP_TYPING, counting = d->stage == DROP_COUNTING;
	page_blank(p);
	stage_row(p, 1, open, false, "gates");
	page_put(p, open ? ST_PLAIN : ST_SHUT, AT, "%s", open ? "A, B and C hold now" : "not every gate holds: the engine will refuse");
	stage_row(p, 2, !typing, typing, "type it");
	page_more(p, ST_PLAIN, AT, arena_printf(p->arena, "the full name of what goes: %s", v->target_name ? v->target_name : ""));
	if (typing) {
		page_row(p, "type");
		page_sign(p, ST_INFO, AT, "> ", "");
		page_field(p, arena_dupn(p->arena, s->field->text, s->field->at), s->field->text + s->field->at);
	}
	stage_row(p, 3, !typing && !counting, counting, "count down");
	if (counting)
		page_put(p, ST_BOLD, AT, "%d s; any key stops it", d->seconds_left);
	else
		page_put(p, ST_DIM, AT, "%d s; any key stops it", d->seconds);
	stage_row(p, 4, d->stage == DROP_ENDED && d->ok, d->stage == DROP_RUNNING, "sign");
	page_put(p, ST_DIM, AT, "your passphrase or a touch; then the %s", is_rows(s->view) ? "job begins" : "statement runs");
	if (d->stopped)
		page_message(p, ST_WAITING, "◔", "Stopped by a key. Nothing was sent.");
}

static void not_done(struct page *p, const struct scene *s)
{
	bool unknown = s->view->walk->stage == AT_DROPPING;
	page_row(p, "outcome");
	page_put(p, ST_SHUT, 1, unknown ? "✗ THE OUTCOME IS NOT KNOWN YET" : "✗ NOT DROPPED");
	page_blank(p);
	page_text(p, ST_PLAIN, 1, s->drop->error ? s->drop->error : "");
	page_text(p, ST_PLAIN, 1, s->drop->hint ? s->drop->hint : "");
	page_copy(p, s->view->statement);
	page_next(p, unknown ? "The ledger in the database knows: go back, and r asks it." : "Nothing was dropped. Read the reason, then go back.",
		"Enter or Ctrl-C goes back to the walk.");
}

/* Rows were signed for, and their job is at work: that is no drop yet. */
static bool begun(const struct view *v)
{
	return is_rows(v) && !v->walk->dropped;
}

static void signed_for(struct page *p, const struct view *v)
{
	page_row(p, "outcome");
	page_put(p, ST_DONE, 1, "✓ SIGNED");
	page_put(p, ST_PLAIN, FOLLOW, "  %s", v->target_name ? v->target_name : "");
	page_blank(p);
	page_labelled(p, "the removal", AT, "runs as a job of its own; outside of the window it waits; quitting gatewalk does not stop it");
	holds_for(p, v);
	page_labelled(p, "to get it back", AT, v->restore_command);
	page_copy(p, v->restore_command);
	page_next(p, "Look at the job: it says how far it is, and what it waits for.", "Enter or Ctrl-C goes back to the walk.");
}

static void ended(struct page *p, const struct scene *s)
{
	const struct view *v = s->view;
	const struct walk *w = v->walk;
	struct arena *a = p->arena;
	if (!s->drop->ok || begun(v)) {
		if (s->drop->ok)
			signed_for(p, v);
		else
			not_done(p, s);
		return;
	}
	page_row(p, "outcome");
	page_put(p, ST_DONE, 1, "✓ DROPPED");
	page_put(p, ST_PLAIN, FOLLOW, "  %s", v->target_name ? v->target_name : "");
	page_blank(p);
	page_labelled(p, "when", AT, arena_printf(a, "%s UTC", num_when(a, w->dropped_at)));
	if (is_rows(v))
		page_labelled(p, "it removed", AT, arena_printf(a, "%s rows, and left %s", num_group(a, w->rows_removed), num_group(a, w->rows_left)));
	else
		page_labelled(p, "it took", AT, arena_printf(a, "%s, lock wait %s", num_span(a, w->drop_us), num_span(a, w->lock_us)));
	page_labelled(p, "to get it back", AT, v->restore_command);
	page_labelled(p, " ", AT, v->restore_span);
	page_labelled(p, "log", AT, arena_printf(a, "line %lld holds the intent, signed; the outcome follows it", (long long)w->intent_n));
	page_copy(p, v->restore_command);
	page_next(p, "Watch it: item 12 compares errors and latency with before.", "Enter or Ctrl-C goes back to the walk.");
}

static void render(struct page *p, const struct scene *s)
{
	const struct view *v = s->view;
	const struct drop_run *d = s->drop;
	screen_place(p, v, "11 DROP");
	struct gate_sum sum = view_gate(v, GATE_C);
	if (d->stage == DROP_ENDED) {
		page_word(p, K_CANCEL, "back to the walk");
		page_brief(p, !d->ok ? "✗ not dropped" : begun(v) ? "✓ signed" : "✓ dropped");
		page_state(p, d->ok ? ST_DONE : ST_SHUT, 1, d->ok ? "✓ done" : "✗ not done");
		ended(p, s);
		return;
	}
	page_brief(p, d->stage == DROP_COUNTING ? "%d s, any key stops" : "type the name", d->seconds_left);
	page_state(p, sum.open ? ST_DONE : ST_SHUT, 1, "╫ gate C %s", sum.open ? "open" : "shut");
	page_state(p, ST_PLAIN, FOLLOW, " · %d of %d", sum.hold, sum.asked);
	page_state(p, ST_PLAIN, RIGHT, "POINT OF NO RETURN");
	consequences(p, v, s->drop->stage == DROP_COUNTING);
	stages(p, s);
	if (d->stage == DROP_COUNTING)
		page_word(p, K_CANCEL, "stop it, nothing happens");
	if (d->stage == DROP_COUNTING)
		page_next(p, arena_printf(p->arena, "It goes on in %d s. Any key stops it; then nothing runs.", d->seconds_left),
			"After it your key is asked for its passphrase; without it nothing runs.");
	else if (d->stage == DROP_RUNNING)
		page_next(p, is_rows(v) ? "The engine looks again, signs the intent, and starts the job." :
			"The engine looks again, signs the intent, and runs the statement.", "");
	else
		page_next(p, "Type the name, then Enter: the countdown begins. Nothing runs yet.",
			arena_printf(p->arena, "Log line %lld will hold the statement and your signature.", (long long)v->walk->n));
}

bool drop_is_named(const struct view *v, const char *typed)
{
	struct arena *a = arena_new();
	const char *shown = text_clean(a, v->target_name);
	bool same = v->target_name && *v->target_name &&
		(text_eq(typed, v->target_name) || text_eq(typed, shown) || text_eq(typed, glyph_ascii(a, shown)));
	arena_free(a);
	return same;
}

/* Enter begins the countdown when the name is right, and never more than that. */
static struct action key(const struct scene *s, enum key k)
{
	if (k != K_EDIT_DONE)
		return (struct action){ .todo = DO_COMMON };
	if (s->drop->stage == DROP_ENDED)
		return (struct action){ .todo = DO_BACK };
	if (s->drop->stage != DROP_TYPING || s->field->len == 0)
		return (struct action){ .todo = DO_NOTHING };
	if (drop_is_named(s->view, s->field->text))
		return (struct action){ .todo = DO_COUNT };
	return (struct action){ .todo = DO_REFUSE, .word = "That is not the full name as it stands above. Nothing was begun." };
}

static const struct key_use keys[] = { { K_CANCEL, "leave, nothing happens" }, { K_F1, NULL } };

const struct screen screen_drop = {
	.name = "drop", .title = "the drop",
	.help = "What goes and what falls with it, the way back and how long it takes. You type the full name; a countdown begins that any key "
		"stops; then your key is asked for its passphrase, and only then is the statement sent, in one transaction that looks at "
		"everything once more under the lock. Enter alone never runs anything. Ctrl-C leaves, and nothing happens.",
	.keys = keys, .n_keys = sizeof keys / sizeof keys[0], .on_walk = true, .field = true,
	.render = render, .key = key,
};
