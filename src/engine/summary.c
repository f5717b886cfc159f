/* SPDX-License-Identifier: MIT */
/* Home's list. Each walk keeps a small file of what home shows; it is a cache, written after each line and never believed:
   opening a walk reads and verifies its log. */
#include "engine/engine_private.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "base/when.h"
#include "port/files.h"
#include "port/jsonread.h"

#define SUMMARY "summary"
#define SUMMARY_MAX 8192

static enum mood stage_mood(const struct walk *w)
{
	if (w->stage == AT_CLOSED)
		return MOOD_DONE;
	return w->stage == AT_LEFT ? MOOD_SHUT : MOOD_WAITING;
}

/* What a walk that needs somebody asks for next. kind: target_noun's; NULL in what an older gatewalk wrote. */
static const char *needs(enum stage s, const char *kind)
{
	static const char *const words[STAGE_COUNT] = {
		[AT_SNAPSHOT] = "start the snapshot", [AT_ARCHETYPE] = "confirm what kind of change it is",
		[AT_DOCUMENT] = "read the document, and confirm it", [AT_GATE_A] = "pass gate A",
		[AT_CONSUMERS] = "watch it, clear each consumer", [AT_EXPAND] = "add the new column", [AT_CHANGING] = "ask the ledger what happened",
		[AT_WRITES] = "declare each deploy that writes it", [AT_BACKFILL] = "fill the rows that stand", [AT_WINDOW] = "declare what reads both, or confirm the wait", [AT_COPY] = "take the snapshot before reads move",
		[AT_RELAX] = "relax the old column", [AT_ENDING] = "ask the ledger what happened", [AT_PARITY] = "let both be compared, end dual write", [AT_READS] = "declare each deploy's release",
		[AT_UNUSED] = "begin the count, or pass gate B", [AT_FINAL] = "take the final snapshot", [AT_GATE_C] = "pass gate C",
		[AT_ARMED] = "go to the drop", [AT_DROPPING] = "ask the ledger what happened", [AT_MONITOR] = "the watch is over: confirm it",
		[AT_LOG] = "write the schema log",
	};
	bool held = text_eq(kind, target_noun(TARGET_CONSTRAINT));
	if (held && s == AT_EXPAND)
		return "let the constraint or index come";
	if (held && (s == AT_WRITES || s == AT_READS))
		return "declare what deploys write, and have every row asked";
	return (unsigned)s < STAGE_COUNT && words[s] ? words[s] : "";
}

/* When it is worth a look again by time alone; 0: now. */
static int64_t look_again(const struct engine *g)
{
	const struct walk *w = &g->walk;
	int64_t from = w->last_sighting > w->quiet_since ? w->last_sighting : w->quiet_since;
	if (w->stage == AT_UNUSED && w->quiet_since)
		return from + plan_unused_days(g->plan) * w->day_us;
	if (w->stage == AT_READS && w->archetype != ARCH_DESTRUCTIVE)
		return walk_reads_from(w, g->plan);
	if (w->stage == AT_WINDOW)
		return walk_window_end(w, g->plan);
	if (w->stage == AT_MONITOR)
		return walk_watch_end(w, g->plan);
	return 0;
}

static const char letter[] = { [MOOD_DONE] = 'd', [MOOD_RUNNING] = 'r', [MOOD_WAITING] = 'w', [MOOD_SHUT] = 's', [MOOD_NOT_YET] = '.',
	[MOOD_NOT_NEEDED] = '-' };

/* The gate that a walk stands at; 0 when it is at an item. */
static enum gate stage_gate(enum stage s)
{
	return s == AT_GATE_A ? GATE_A : s == AT_GATE_C ? GATE_C : 0;
}

static bool needed(const struct engine *g, enum item i)
{
	bool fills = stage_item(g->walk.stage) > ITEM_BACKFILL ? !g->walk.unfilled : g->plan && g->plan->backfill.value;
	return walk_has_item(g->walk.archetype, i) && (i != ITEM_BACKFILL || fills);
}

static void item_moods(const struct engine *g, char out[static ITEM_COUNT + 1])
{
	enum item here = stage_item(g->walk.stage);
	for (int i = 1; i <= ITEM_COUNT; i++) {
		enum mood m = i < (int)here ? MOOD_DONE : i > (int)here ? MOOD_NOT_YET : stage_gate(g->walk.stage) ? MOOD_DONE : stage_mood(&g->walk);
		if (!needed(g, (enum item)i))
			m = MOOD_NOT_NEEDED;
		if (g->walk.stage == AT_CLOSED && m != MOOD_NOT_NEEDED)
			m = MOOD_DONE;
		out[i - 1] = letter[m];
	}
	out[ITEM_COUNT] = '\0';
}

void summary_write(struct engine *g)
{
	struct arena *a = arena_new();
	struct json *o = json_obj(a);
	struct text t = { 0 };
	char moods[ITEM_COUNT + 1];
	const struct record *first = journal_line(g->journal, a, 0);
	bool over = g->walk.stage == AT_CLOSED || g->walk.stage == AT_LEFT;
	item_moods(g, moods);
	json_add_int(o, "again", g->plan ? look_again(g) : 0);
	json_add_int(o, "closed", over ? (g->walk.last_t ? g->walk.last_t : 1) : 0);
	json_add_strf(o, "closing", "%s", g->walk.stage == AT_LEFT ? "left" : g->walk.alarms ? "alarms" : "");
	json_add_str(o, "db", g->walk.db);
	json_add_str(o, "items", moods);
	json_add_str(o, "kind", target_noun(g->walk.kind));
	json_add_str(o, "name", g->walk.name);
	json_add_str(o, "note", g->walk.target);
	json_add_str(o, "server", first ? json_str(first->b, "server") : "");
	json_add_str(o, "sid", g->walk.sid);
	json_add_str(o, "stage", stage_name(g->walk.stage));
	json_write(&t, o);
	file_write(path_join(a, journal_dir(g->journal), SUMMARY), text_str(&t), t.len, NULL);
	text_free(&t);
	arena_free(a);
}

static void row_from(struct arena *a, const struct json *o, struct view_walk *w)
{
	const char *items = json_str(o, "items");
	enum stage stage = stage_parse(json_str(o, "stage"));
	enum item item = stage_item(stage);
	w->name = arena_dup(a, json_str(o, "name"));
	w->server = arena_dup(a, json_str(o, "server"));
	w->db = arena_dup(a, json_str(o, "db"));
	w->note = arena_dup(a, json_str(o, "note"));
	w->closing = arena_dup(a, json_str(o, "closing"));
	w->look_again = json_int_or(o, "again", 0);
	w->closed = json_int_or(o, "closed", 0);
	w->step = item == ITEM_NONE ? "" : arena_printf(a, "%d %s", item, item_name(item));
	for (size_t i = 1; items && i <= ITEM_COUNT && items[i - 1]; i++)
		for (size_t m = 0; m < sizeof letter; m++)
			if (letter[m] == items[i - 1])
				w->items[i] = (enum mood)m;
	w->mood = item == ITEM_NONE ? MOOD_SHUT : w->items[item];
	if (stage_gate(stage)) {
		w->step = arena_printf(a, "gate %c", gate_letter(stage_gate(stage)));
		w->mood = MOOD_WAITING;
	}
	if (stage == AT_LEFT)
		w->mood = MOOD_SHUT;
	w->needs_you = !w->closed && w->look_again <= clock_local();   /* a hint by this machine's clock; the gate asks the server's */
	char when[WHEN_MAX];
	if (w->needs_you)
		w->note = needs(stage, json_str(o, "kind"));
	else if (!w->closed)
		w->note = arena_printf(a, "nothing for you before %s UTC", when_short(w->look_again, when));
}

/* No summary, or one that cannot be read: fold the log itself, without a key and without a lock. */
static void row_from_log(struct arena *a, const char *dir, struct view_walk *w)
{
	struct err e = { 0 };
	struct journal *j = journal_read(dir, &e);
	if (!j || journal_count(j) == 0) {
		journal_close(j);
		w->mood = MOOD_SHUT;
		w->name = w->server = "?";
		w->step = "log does not verify";
		w->note = arena_dup(a, e.msg);
		return;
	}
	struct walk k;
	walk_init(&k, a);
	bool good = true;
	for (size_t i = 0; good && i < journal_count(j); i++) {
		struct arena *one = arena_new();
		good = walk_fold(&k, journal_line(j, one, i), &e);
		arena_free(one);
	}
	const struct json *b = journal_line(j, a, 0)->b;
	enum item item = stage_item(k.stage);
	w->name = arena_dup(a, json_str(b, "name"));
	w->server = arena_dup(a, json_str(b, "server"));
	w->db = arena_dup(a, k.db);
	w->note = arena_dup(a, json_str(b, "target"));
	w->step = item == ITEM_NONE ? stage_name(k.stage) : arena_printf(a, "%d %s", item, item_name(item));
	w->closed = k.stage == AT_CLOSED || k.stage == AT_LEFT ? k.last_t : 0;
	w->mood = stage_mood(&k);
	w->needs_you = !w->closed;
	journal_close(j);
}

static void add_row(struct engine *g, struct arena *a, const char *sid, size_t *cap)
{
	struct arena *scratch = arena_new();
	const char *dir = path_join(scratch, path_walks(scratch), sid);
	char *data;
	size_t len;
	struct view_walk w = { .sid = sid };
	const struct json *o = NULL;
	if (file_read(scratch, path_join(scratch, dir, SUMMARY), SUMMARY_MAX, &data, &len, NULL))
		o = json_read(scratch, data, len, NULL);
	if (o && json_str(o, "stage") && json_str(o, "name") && json_str(o, "server") && json_str(o, "db"))
		row_from(a, o, &w);
	else
		row_from_log(a, dir, &w);
	arena_free(scratch);
	g->walks = arena_grow(a, g->walks, &g->n_walks, cap, sizeof *g->walks);
	g->walks[g->n_walks - 1] = w;
}

static int how_far(const struct view_walk *w)
{
	int n = 0;
	for (int i = 1; i <= ITEM_COUNT; i++)
		n += w->items[i] == MOOD_DONE;
	return n;
}

/* What needs a person first, nearest to its end; then what waits, soonest first; then the closed ones, newest first. */
static int by_need(const void *a, const void *b)
{
	const struct view_walk *x = a, *y = b;
	if (!x->closed != !y->closed)
		return x->closed ? 1 : -1;
	if (x->closed)
		return x->closed < y->closed ? 1 : x->closed > y->closed ? -1 : strcmp(x->sid, y->sid);
	if (x->needs_you != y->needs_you)
		return x->needs_you ? -1 : 1;
	if (!x->needs_you && x->look_again != y->look_again)
		return x->look_again < y->look_again ? -1 : 1;
	return how_far(x) != how_far(y) ? how_far(y) - how_far(x) : strcmp(x->sid, y->sid);
}

bool summary_list(struct engine *g, struct err *e)
{
	struct lot *lot = lot_new();
	struct arena *a = lot_arena(lot);
	const char **names;
	size_t n = 0, cap = 0;
	lot_drop(g->home_lot);
	g->home_lot = lot;
	g->walks = NULL;
	g->n_walks = 0;
	if (!file_exists(path_walks(a)))
		return true;
	if (!dir_list(a, path_walks(a), &names, &n, e))
		return false;
	for (size_t i = 0; i < n; i++)
		if (strlen(names[i]) == 32 && strspn(names[i], "0123456789abcdef") == 32)
			add_row(g, a, names[i], &cap);
	if (g->n_walks)
		qsort(g->walks, g->n_walks, sizeof *g->walks, by_need);
	return true;
}

bool engine_home(struct engine *g, struct err *e)
{
	return summary_list(g, e);
}
