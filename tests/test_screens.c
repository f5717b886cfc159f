/* SPDX-License-Identifier: MIT */
/* Every screen over fixture views, at four sizes, in Unicode and ASCII, compared with the golden text in tests/golden and
   its styles beside it. UPDATE=1 writes them anew: read the difference before it is committed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "screens/page_grid.h"
#include "screens/page_plain.h"
#include "screens/screen.h"
#include "tests/lib_fixture.h"
#include "tests/lib_test.h"

static const struct { int cols, rows; } sizes[] = { { 80, 24 }, { 60, 16 }, { 120, 40 }, { 39, 9 } };

static const struct shown { const char *name; const struct screen *screen; enum fixture fixture; long long subject; int cursor; enum drop_stage stage; } shown[] = {
	{ "home", &screen_home, FIX_HOME, 0, -1, 0 },
	{ "home-empty", &screen_home, FIX_EMPTY, 0, -1, 0 },
	{ "since", &screen_since, FIX_WAITING, 0, -1, 0 },
	{ "walk-begin", &screen_walk, FIX_BEGIN, 0, -1, 0 },
	{ "walk-waiting", &screen_walk, FIX_WAITING, 0, -1, 0 },
	{ "walk-gate", &screen_walk, FIX_WAITING, 0, 10, 0 },
	{ "walk-closed", &screen_walk, FIX_CLOSED, 0, -1, 0 },
	{ "walk-gone", &screen_walk, FIX_GONE, 0, -1, 0 },
	{ "walk-opening", &screen_walk, FIX_HOME, 0, -1, 0 },
	{ "step-begin", &screen_step, FIX_BEGIN, ITEM_SNAPSHOT, -1, 0 },
	{ "step-nine", &screen_step, FIX_WAITING, ITEM_UNUSED, -1, 0 },
	{ "step-behind", &screen_step, FIX_WAITING, ITEM_DOCUMENT, -1, 0 },
	{ "gate-a", &screen_gate, FIX_GATE_A, GATE_A, -1, 0 },
	{ "gate-b", &screen_gate, FIX_WAITING, GATE_B, -1, 0 },
	{ "gate-c-open", &screen_gate, FIX_ARMED, GATE_C, -1, 0 },
	{ "evidence-snapshot", &screen_evidence, FIX_ARMED, ITEM_FINAL, -1, 0 },
	{ "evidence-consumer", &screen_evidence, FIX_CONSUMERS, -2, -1, 0 },
	{ "evidence-line", &screen_evidence, FIX_WAITING, 1004, -1, 0 },
	{ "job", &screen_job, FIX_SNAPSHOT, 0, -1, 0 },
	{ "consumers", &screen_consumers, FIX_CONSUMERS, 4, -1, 0 },
	{ "audit", &screen_audit, FIX_AUDIT, 0, -1, 0 },
	{ "drop-typing", &screen_drop, FIX_ARMED, 11, -1, DROP_TYPING },
	{ "drop-counting", &screen_drop, FIX_ARMED, 11, -1, DROP_COUNTING },
	{ "drop-done", &screen_drop, FIX_QUIET, 11, -1, DROP_ENDED },
	{ "drop-rows", &screen_drop, FIX_ROWS, 11, -1, DROP_TYPING },
	{ "drop-rows-signed", &screen_drop, FIX_ROWS_SIGNED, 11, -1, DROP_ENDED },
	{ "drop-refused", &screen_drop, FIX_ARMED, 11, -1, DROP_ENDED },
	{ "drop-hostile", &screen_drop, FIX_HOSTILE, 11, -1, DROP_TYPING },
	{ "monitor-quiet", &screen_monitor, FIX_QUIET, 12, -1, 0 },
	{ "monitor-alarm", &screen_monitor, FIX_ALARM, 12, -1, 0 },
	{ "added-walk", &screen_walk, FIX_EXPAND, 0, -1, 0 },
	{ "added-walk-moment", &screen_walk, FIX_MOMENT, 0, -1, 0 },
	{ "added-walk-reads", &screen_walk, FIX_READS, 0, -1, 0 },
	{ "added-walk-filling", &screen_walk, FIX_FILLING, 0, -1, 0 },
	{ "added-walk-gate", &screen_walk, FIX_EXPAND, 0, 10, 0 },
	{ "added-walk-closed", &screen_walk, FIX_ADDED, 0, -1, 0 },
	{ "added-gate-b", &screen_gate, FIX_READS, GATE_B, -1, 0 },
	{ "add", &screen_add, FIX_EXPAND, 5, -1, 0 },
	{ "add-blocked", &screen_add, FIX_BLOCKED, 5, -1, 0 },
	{ "add-phased", &screen_add, FIX_PHASED, 5, -1, 0 },
	{ "add-asking", &screen_add, FIX_ASKING, 5, -1, 0 },
	{ "add-unknown", &screen_add, FIX_CHANGING, 5, -1, 0 },
	{ "added-step-writes", &screen_step, FIX_WRITES, ITEM_DUAL_WRITE, -1, 0 },
	{ "added-step-reads", &screen_step, FIX_READS, ITEM_READS, -1, 0 },
	{ "added-step-log", &screen_step, FIX_LOGGING, ITEM_LOG, -1, 0 },
	{ "added-step-spared", &screen_step, FIX_READS, ITEM_BACKFILL, -1, 0 },
	{ "rule", &screen_add, FIX_RULE, 5, -1, 0 },
	{ "rule-walk", &screen_walk, FIX_HOLD, 0, -1, 0 },
	{ "rule-step", &screen_step, FIX_HOLD, ITEM_READS, -1, 0 },
	{ "index", &screen_add, FIX_INDEX, 5, -1, 0 }, { "index-walk", &screen_walk, FIX_BUILDS, 0, -1, 0 }, { "named", &screen_add, FIX_NAMED, 5, -1, 0 }, { "named-walk", &screen_walk, FIX_NAMED, 0, -1, 0 }, { "split", &screen_add, FIX_SPLIT, 5, -1, 0 }, { "split-walk", &screen_walk, FIX_KEPT, 0, -1, 0 },
	{ "backfill-begin", &screen_backfill, FIX_UNFILLED, 6, -1, 0 },
	{ "backfill", &screen_backfill, FIX_FILLING, 6, -1, 0 },
	{ "backfill-waits", &screen_backfill, FIX_FILL_WAITS, 6, -1, 0 },
	{ "backfill-done", &screen_backfill, FIX_REJECTS, 6, -1, 0 },
	{ "rejects", &screen_rejects, FIX_REJECTS, 0, -1, 0 },
	{ "added-evidence", &screen_evidence, FIX_FILLING, ITEM_BACKFILL, -1, 0 },
	{ "added-monitor", &screen_monitor, FIX_WATCHED, 12, -1, 0 },
	{ "dual", &screen_dual, FIX_DUAL, 5, -1, 0 },
	{ "dual-on", &screen_dual, FIX_DUAL_ON, 5, -1, 0 },
	{ "beside-walk", &screen_walk, FIX_WINDOW, 0, -1, 0 },
	{ "beside-walk-relax", &screen_walk, FIX_RELAX, 0, -1, 0 },
	{ "parity", &screen_parity, FIX_WINDOW, 7, -1, 0 },
	{ "parity-differ", &screen_parity, FIX_DIFFER, 7, -1, 0 },
	{ "log", &screen_log, FIX_WAITING, 0, -1, 0 },
	{ "help", &screen_help, FIX_WAITING, 0, -1, 0 },
	{ "answer", &screen_prompt, FIX_WAITING, 0, -1, 0 },
	{ "find", &screen_find, FIX_WAITING, 0, -1, 0 },
	{ "settings", &screen_settings, FIX_WAITING, 0, -1, 0 },
};
#define SHOWN (sizeof shown / sizeof shown[0])

struct setting { struct view *view; struct field field; struct drop_run drop; struct settings settings; struct offer offer; struct scene scene; };

static void set_stage(struct setting *t, const struct shown *s)
{
	bool done = strcmp(s->name, "drop-done") == 0 || strcmp(s->name, "drop-rows-signed") == 0;
	*t = (struct setting){
		.view = fixture_view(s->fixture), .settings = { .bell = true },
		.drop = { .stage = s->stage, .seconds = 30, .seconds_left = 12, .ok = done, .error = "gate C is shut: 3 writes since the snapshot",
			.hint = "Take the final snapshot again." },
		.offer = { .kind = ACT_DECLARE, .label = "declare the releases", .prompt = "releases planned in the next days",
			.expect = "none, or 2026-11-24 10:00, ..." },
	};
	field_set(&t->field, "public.orders.lega");
	t->scene = (struct scene){
		.view = t->view, .now = t->view->now, .subject = s->subject, .cursor = s->cursor, .field = &t->field, .offer = &t->offer,
		.drop = &t->drop, .settings = &t->settings, .below = &screen_walk,
	};
}

/* Draws as the loop does: once more when the page has chosen where the cursor begins. */
static struct grid *draw(struct setting *t, const struct screen *sc, struct arena *a, int cols, int rows, bool ascii)
{
	struct scroll at = { .cursor = t->scene.cursor, .follow = true, .found = -1 };
	struct grid *g = page_grid(screen_page(sc, a, &t->scene, cols, rows, ascii), a, &at);
	struct scene again = t->scene;
	again.cursor = at.cursor;
	at.follow = true;
	g = page_grid(screen_page(sc, a, &again, cols, rows, ascii), a, &at);
	return g;
}

static char *read_golden(const char *name, const char *kind)
{
	char path[600];
	snprintf(path, sizeof path, "%s/%s.%s", test_fixture("golden"), name, kind);
	FILE *f = fopen(path, "r");
	if (!f)
		return NULL;
	struct text all = { 0 };
	char b[4096];
	for (size_t n; (n = fread(b, 1, sizeof b, f)) > 0;)
		text_addn(&all, b, n);
	fclose(f);
	return all.s;
}

static void write_golden(const char *name, const char *kind, const char *s)
{
	char path[600];
	snprintf(path, sizeof path, "%s/%s.%s", test_fixture("golden"), name, kind);
	FILE *f = fopen(path, "w");
	ck_assert_msg(f != NULL, "cannot write %s", path);
	fputs(s, f);
	fclose(f);
}

static void first_difference(const char *name, const char *kind, const char *want, const char *got)
{
	int line = 1;
	while (*want && *want == *got) {
		line += *want == '\n';
		want++;
		got++;
	}
	ck_abort_msg("%s.%s differs from its golden file at line %d. Now:\n%.400s", name, kind, line, got);
}

static void compare(const char *name, const char *kind, const struct text *got)
{
	if (getenv("UPDATE")) {
		write_golden(name, kind, text_str(got));
		return;
	}
	char *want = read_golden(name, kind);
	ck_assert_msg(want != NULL, "there is no golden file for %s.%s; UPDATE=1 writes it", name, kind);
	if (strcmp(want, text_str(got)) != 0)
		first_difference(name, kind, want, text_str(got));
	free(want);
}

START_TEST(golden)
{
	const struct shown *s = &shown[_i];
	struct text cells = { 0 }, styles = { 0 };
	struct setting t;
	set_stage(&t, s);
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		for (int ascii = 0; ascii < 2; ascii++) {
			struct arena *a = arena_new();
			struct grid *g = draw(&t, s->screen, a, sizes[i].cols, sizes[i].rows, ascii);
			text_addf(&cells, "== %dx%d %s\n", sizes[i].cols, sizes[i].rows, ascii ? "ASCII" : "Unicode");
			grid_text(g, &cells);
			if (!ascii) {
				text_addf(&styles, "== %dx%d\n", sizes[i].cols, sizes[i].rows);
				grid_styles(g, &styles);
			}
			arena_free(a);
		}
	}
	compare(s->name, "txt", &cells);
	compare(s->name, "styles", &styles);
	text_free(&cells);
	text_free(&styles);
	arena_free(t.view->arena);
}
END_TEST

START_TEST(plain_lines)
{
	const struct shown *s = &shown[_i];
	struct setting t;
	struct text out = { 0 };
	struct arena *a = arena_new();
	set_stage(&t, s);
	struct page *p = page_new(a, 100, 0, false);
	p->plain = true;
	t.scene.whole = true;
	screen_fill(p, s->screen, &t.scene);
	page_plain(p, &out);
	for (const char *line = text_str(&out); *line; line = strchr(line, '\n') + 1)
		ck_assert_msg(strchr(line, ':') && strchr(line, ':') < strchr(line, '\n'), "a line without a label: %.60s", line);
	compare(s->name, "plain", &out);
	text_free(&out);
	arena_free(a);
	arena_free(t.view->arena);
}
END_TEST

/* Whatever the size, nothing may be written outside, and ASCII is ASCII. */
START_TEST(every_size)
{
	const struct shown *s = &shown[_i];
	struct setting t;
	set_stage(&t, s);
	for (int rows = 1 + _i % 6; rows <= 60; rows += 11) {   /* other ones for each page */
		for (int cols = 1 + _i % 7; cols <= 200; cols += 23) {
			struct arena *a = arena_new();
			struct text out = { 0 };
			grid_text(draw(&t, s->screen, a, cols, rows, true), &out);
			for (const char *c = text_str(&out); *c; c++)
				ck_assert_msg((*c >= 0x20 && *c < 0x7F) || *c == '\n', "%s at %dx%d: byte %02x", s->name, cols, rows, (unsigned char)*c);
			text_free(&out);
			arena_free(a);
		}
	}
	arena_free(t.view->arena);
}
END_TEST

/* Line 1, NEXT and the keys are on every screen; a screen with a field offers no letter as a key. */
START_TEST(the_same_house)
{
	const struct screen *sc = screen_at((size_t)_i);
	ck_assert_ptr_nonnull(sc->render);
	ck_assert_str_ne(sc->help, "");
	for (size_t i = 0; i < sc->n_keys; i++)
		if (sc->field)
			ck_assert(sc->keys[i].key == K_CANCEL || sc->keys[i].key == K_F1);
	for (size_t i = 0; i < SHOWN; i++) {
		if (shown[i].screen != sc)
			continue;
		struct setting t;
		struct text out = { 0 };
		struct arena *a = arena_new();
		set_stage(&t, &shown[i]);
		grid_text(draw(&t, sc, a, 80, 24, false), &out);
		ck_assert_msg(strstr(text_str(&out), "\n NEXT  "), "%s has no NEXT", shown[i].name);
		if (t.view->label && sc != &screen_settings)
			ck_assert_msg(strstr(text_str(&out), "PRODUCTION"), "%s does not name its environment", shown[i].name);
		text_free(&out);
		arena_free(a);
		arena_free(t.view->arena);
	}
}
END_TEST

static struct action press(enum fixture f, const struct screen *sc, long long subject, int cursor, enum key k)
{
	static struct setting t;
	if (t.view)
		arena_free(t.view->arena);
	set_stage(&t, &(struct shown){ .name = "", .screen = sc, .fixture = f, .subject = subject, .cursor = cursor });
	return screen_key(sc, &t.scene, k);
}

START_TEST(keys_ask_for_the_right_thing)
{
	ck_assert_int_eq(press(FIX_HOME, &screen_home, 0, 0, K_ENTER).todo, DO_WALK);
	ck_assert_str_eq(press(FIX_HOME, &screen_home, 0, 3, K_ENTER).word, "dd");
	ck_assert_int_eq(press(FIX_EMPTY, &screen_home, 0, 0, K_ENTER).todo, DO_COMMON);
	ck_assert_ptr_eq(press(FIX_WAITING, &screen_walk, 0, 3, K_ENTER).screen, &screen_gate);
	ck_assert_int_eq(press(FIX_WAITING, &screen_walk, 0, 3, K_ENTER).subject, GATE_A);
	ck_assert_ptr_eq(press(FIX_WAITING, &screen_walk, 0, 4, K_ENTER).screen, &screen_consumers);
	ck_assert_ptr_eq(press(FIX_WAITING, &screen_walk, 0, 13, K_ENTER).screen, &screen_step);
	ck_assert_ptr_eq(press(FIX_ARMED, &screen_walk, 0, 13, K_ENTER).screen, &screen_drop);
	ck_assert_ptr_eq(press(FIX_SNAPSHOT, &screen_walk, 0, 0, K_ENTER).screen, &screen_job);
	ck_assert_int_eq(press(FIX_WAITING, &screen_walk, 0, 0, K_GATES).subject, GATE_B);
	ck_assert_int_eq(press(FIX_WAITING, &screen_step, ITEM_UNUSED, 2, K_ENTER).todo, DO_OFFER);
	ck_assert_int_eq(press(FIX_WAITING, &screen_step, ITEM_UNUSED, 2, K_ENTER).offer->kind, ACT_DECLARE);
	ck_assert_int_eq(press(FIX_WAITING, &screen_step, ITEM_UNUSED, 4, K_ENTER).offer->kind, ACT_BACK);
	ck_assert_int_eq(press(FIX_WAITING, &screen_gate, GATE_B, 0, K_GATES).subject, GATE_C);
	ck_assert_int_eq(press(FIX_SNAPSHOT, &screen_job, 0, -1, K_PAUSE).act.kind, ACT_JOB_PAUSE);
	ck_assert_int_eq(press(FIX_SNAPSHOT, &screen_job, 0, -1, K_STOP).act.job, 41);
	ck_assert_int_eq(press(FIX_ALARM, &screen_monitor, 12, 0, K_RESTORE).offer->kind, ACT_RESTORE);
	ck_assert_int_eq(press(FIX_WAITING, &screen_walk, 0, 0, K_CANCEL).todo, DO_INTERRUPT);
	ck_assert_int_eq(press(FIX_WAITING, &screen_prompt, 0, 0, K_CANCEL).todo, DO_BACK);
}
END_TEST

static const char *sets(int cursor, enum key k)
{
	struct action a = press(FIX_FILLING, &screen_backfill, 6, cursor, k);
	ck_assert_int_eq(a.todo, DO_ACT);
	ck_assert_int_eq(a.act.kind, ACT_JOB_SET);
	ck_assert_int_eq(a.act.job, 43);
	static char both[40];
	snprintf(both, sizeof both, "%s %s", a.act.key, a.act.text);
	return both;
}

/* Each page of a new column is reached by Enter on its item, and each key does what its word says. */
START_TEST(keys_of_a_new_column)
{
	ck_assert_ptr_eq(press(FIX_EXPAND, &screen_walk, 0, 5, K_ENTER).screen, &screen_add);
	ck_assert_ptr_eq(press(FIX_CHANGING, &screen_walk, 0, 5, K_ENTER).screen, &screen_add);
	ck_assert_ptr_eq(press(FIX_WRITES, &screen_walk, 0, 5, K_ENTER).screen, &screen_step);
	ck_assert_ptr_eq(press(FIX_FILLING, &screen_walk, 0, 6, K_ENTER).screen, &screen_backfill);
	ck_assert_ptr_eq(press(FIX_EXPAND, &screen_walk, 0, 6, K_ENTER).screen, &screen_step);
	ck_assert_ptr_eq(press(FIX_READS, &screen_walk, 0, 6, K_ENTER).screen, &screen_step);
	ck_assert_ptr_eq(press(FIX_WATCHED, &screen_walk, 0, 6, K_ENTER).screen, &screen_backfill);
	ck_assert_ptr_eq(press(FIX_WATCHED, &screen_walk, 0, 14, K_ENTER).screen, &screen_monitor);
	ck_assert_int_eq(press(FIX_READS, &screen_walk, 0, 0, K_GATES).subject, GATE_A);
	ck_assert_int_eq(press(FIX_BLOCKED, &screen_add, 5, 0, K_ENTER).offer->kind, ACT_ADD);
	ck_assert_int_eq(press(FIX_PHASED, &screen_add, 5, 0, K_ENTER).offer->kind, ACT_BACK);
	ck_assert_int_eq(press(FIX_CHANGING, &screen_add, 5, 0, K_ENTER).offer->kind, ACT_LOOK);
	ck_assert_int_eq(press(FIX_BLOCKED, &screen_add, 5, 0, K_EVIDENCE).subject, ITEM_DUAL_WRITE);
	ck_assert_str_eq(sets(0, K_LESS), "batch_ms 50");
	ck_assert_str_eq(sets(0, K_MORE), "batch_ms 200");
	ck_assert_str_eq(sets(0, K_SLOWER), "load 50");
	ck_assert_str_eq(sets(-1, K_FASTER), "load 100");
	ck_assert_int_eq(press(FIX_FILL_WAITS, &screen_backfill, 6, 0, K_PAUSE).act.kind, ACT_JOB_PAUSE);
	ck_assert_int_eq(press(FIX_FILLING, &screen_backfill, 6, 0, K_STOP).act.kind, ACT_JOB_STOP);
	ck_assert_ptr_eq(press(FIX_FILLING, &screen_backfill, 6, 0, K_ENTER).screen, &screen_rejects);
	ck_assert_int_eq(press(FIX_UNFILLED, &screen_backfill, 6, 0, K_ENTER).offer->kind, ACT_BACKFILL);
	ck_assert_int_eq(press(FIX_UNFILLED, &screen_backfill, 6, 0, K_FASTER).todo, DO_REFUSE);
	ck_assert_int_eq(press(FIX_UNFILLED, &screen_backfill, 6, 0, K_PAUSE).todo, DO_COMMON);
	ck_assert_ptr_eq(press(FIX_DUAL, &screen_walk, 0, 5, K_ENTER).screen, &screen_dual);
	ck_assert_ptr_eq(press(FIX_WINDOW, &screen_walk, 0, 5, K_ENTER).screen, &screen_dual);
	ck_assert_ptr_eq(press(FIX_WINDOW, &screen_walk, 0, 7, K_ENTER).screen, &screen_parity);
	ck_assert_ptr_eq(press(FIX_RELAX, &screen_walk, 0, 7, K_ENTER).screen, &screen_parity);
	ck_assert_ptr_eq(press(FIX_DUAL, &screen_walk, 0, 7, K_ENTER).screen, &screen_step);
	ck_assert_int_eq(press(FIX_DUAL, &screen_dual, 5, 0, K_ENTER).offer->kind, ACT_ALTER);
	ck_assert_str_eq(press(FIX_DUAL, &screen_dual, 5, 0, K_ENTER).offer->key, "dual write");
	ck_assert_int_eq(press(FIX_DUAL, &screen_dual, 5, 0, K_EVIDENCE).subject, ITEM_DUAL_WRITE);
	ck_assert_int_eq(press(FIX_WINDOW, &screen_parity, 7, -1, K_PAUSE).act.kind, ACT_JOB_PAUSE);
	ck_assert_int_eq(press(FIX_WINDOW, &screen_parity, 7, -1, K_EVIDENCE).subject, ITEM_WINDOW);
	ck_assert_int_eq(press(FIX_DIFFER, &screen_parity, 7, -1, K_STOP).act.job, 51);
	ck_assert_int_eq(press(FIX_REJECTS, &screen_rejects, 0, 3, K_ENTER).offer->kind, ACT_RETRY);
	ck_assert_int_eq(press(FIX_REJECTS, &screen_rejects, 0, 2, K_ENTER).todo, DO_NOTHING);
	ck_assert_int_eq(press(FIX_FILLING, &screen_rejects, 0, 9, K_ENTER).todo, DO_NOTHING);
}
END_TEST

/* At its end a key says so rather than do nothing. */
START_TEST(no_faster_and_no_slower)
{
	struct setting t;
	set_stage(&t, &(struct shown){ .name = "", .screen = &screen_backfill, .fixture = FIX_FILLING, .subject = 6, .cursor = -1 });
	struct view_job *j = &t.view->jobs[0];
	j->batch_ms = 1000;
	j->load = 1;
	ck_assert_int_eq(screen_key(&screen_backfill, &t.scene, K_MORE).todo, DO_REFUSE);
	ck_assert_int_eq(screen_key(&screen_backfill, &t.scene, K_SLOWER).todo, DO_REFUSE);
	j->batch_ms = 130;   /* as somebody set it: the next of the steps */
	ck_assert_str_eq(screen_key(&screen_backfill, &t.scene, K_MORE).act.text, "200");
	ck_assert_str_eq(screen_key(&screen_backfill, &t.scene, K_LESS).act.text, "100");
	arena_free(t.view->arena);
}
END_TEST

/* In a walk of another kind these pages are no dead ends. */
START_TEST(pages_of_another_walk)
{
	static const struct { const struct screen *screen; const char *says; } pages[] = {
		{ &screen_add, "This walk adds nothing." }, { &screen_backfill, "This walk fills no rows." }, { &screen_rejects, "This walk fills no rows." },
		{ &screen_dual, "no second column" }, { &screen_parity, "no second column" },
	};
	struct setting t;
	set_stage(&t, &(struct shown){ .name = "", .screen = pages[_i].screen, .fixture = FIX_WAITING, .cursor = -1 });
	struct arena *a = arena_new();
	struct text out = { 0 };
	grid_text(draw(&t, pages[_i].screen, a, 80, 24, false), &out);
	ck_assert_msg(strstr(text_str(&out), pages[_i].says), "%s", text_str(&out));
	ck_assert_int_ne(screen_key(pages[_i].screen, &t.scene, K_ENTER).todo, DO_ACT);
	text_free(&out);
	arena_free(a);
	arena_free(t.view->arena);
}
END_TEST

/* What would need CASCADE cannot be signed off; the others can, by name. Open ones stand first. */
START_TEST(signing_off)
{
	struct action a = press(FIX_CONSUMERS, &screen_consumers, 4, 0, K_SIGN);
	ck_assert_int_eq(a.todo, DO_OFFER);
	ck_assert_int_eq(a.offer->kind, ACT_CLEAR);
	ck_assert_str_eq(a.word, "statement 1 by etl");
	ck_assert_int_eq(press(FIX_CONSUMERS, &screen_consumers, 4, 1, K_SIGN).todo, DO_REFUSE);
	ck_assert_int_eq(press(FIX_CONSUMERS, &screen_consumers, 4, 6, K_ENTER).offer->kind, ACT_AUDIT);
	/* Without a walk there is evidence, and nothing to sign. */
	ck_assert_ptr_eq(press(FIX_AUDIT, &screen_audit, 0, 1, K_ENTER).screen, &screen_evidence);
	ck_assert_int_eq(press(FIX_AUDIT, &screen_audit, 0, 1, K_SIGN).todo, DO_COMMON);
	ck_assert_int_eq(press(FIX_AUDIT, &screen_audit, 0, 1, K_BACK).todo, DO_QUIT);
}
END_TEST

/* On the drop's screen nothing but the whole name and Enter begins a countdown, and no key asks for the drop itself. */
START_TEST(enter_alone_never_drops)
{
	struct setting t;
	set_stage(&t, &(struct shown){ .name = "", .screen = &screen_drop, .fixture = FIX_ARMED });
	for (enum key k = K_NONE; k < KEY_COUNT; k++) {
		enum todo todo = screen_key(&screen_drop, &t.scene, k).todo;
		ck_assert(todo != DO_COUNT && todo != DO_ACT && todo != DO_OFFER);
	}
	field_set(&t.field, "");
	ck_assert_int_eq(screen_key(&screen_drop, &t.scene, K_EDIT_DONE).todo, DO_NOTHING);
	field_set(&t.field, "public.orders.legacy_tota");
	ck_assert_int_eq(screen_key(&screen_drop, &t.scene, K_EDIT_DONE).todo, DO_REFUSE);
	field_set(&t.field, "public.orders.legacy_total");
	ck_assert_int_eq(screen_key(&screen_drop, &t.scene, K_EDIT_DONE).todo, DO_COUNT);
	for (enum key k = K_NONE; k < KEY_COUNT; k++)
		if (k != K_EDIT_DONE)
			ck_assert(screen_key(&screen_drop, &t.scene, k).todo != DO_COUNT);
	t.drop.stage = DROP_COUNTING;
	ck_assert_int_eq(screen_key(&screen_drop, &t.scene, K_EDIT_DONE).todo, DO_NOTHING);
	arena_free(t.view->arena);
}
END_TEST

START_TEST(a_name_that_no_key_types_is_typed_as_shown)
{
	struct view *v = fixture_view(FIX_HOSTILE);
	ck_assert(drop_is_named(v, "public.\"we\u202eird\".\"zero\u200bwidth\""));
	ck_assert(drop_is_named(v, "public.\"we\\u{202E}ird\".\"zero\\u{200B}width\""));
	ck_assert(!drop_is_named(v, "public.\"weird\".\"zerowidth\""));
	ck_assert(!drop_is_named(v, ""));
	v->target_name = NULL;
	ck_assert(!drop_is_named(v, ""));
	arena_free(v->arena);
}
END_TEST

/* A log of ten thousand lines is drawn fast, and found in whole. */
START_TEST(a_long_log)
{
	struct setting t;
	struct arena *a = arena_new();
	set_stage(&t, &(struct shown){ .name = "", .screen = &screen_log, .fixture = FIX_WAITING, .cursor = -1 });
	size_t n = 10000;
	t.view->lines = arena_array(t.view->arena, n, sizeof *t.view->lines);
	for (size_t i = 0; i < n; i++)
		t.view->lines[i] = (struct view_line){ .n = (int64_t)i, .t = FIX_NOW, .op = "evidence", .who = "oper1", .text = i == 17 ? "needle" : "hay" };
	t.view->n_lines = n;
	struct page *p = screen_page(&screen_log, a, &t.scene, 80, 24, false);
	ck_assert_int_eq(page_find(p, "needle", 0, 1), -1);
	ck_assert_uint_lt(arena_used(a), 4000000);
	t.scene.whole = true;
	ck_assert_int_eq(page_find(screen_page(&screen_log, a, &t.scene, 80, 24, false), "needle", 0, 1), 17);
	arena_free(a);
	arena_free(t.view->arena);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("screens");
	TCase *t = tcase_create("screens");
	int n = 0;
	while (screen_at((size_t)n))
		n++;
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, golden, 0, SHOWN);
	tcase_add_loop_test(t, plain_lines, 0, SHOWN);
	tcase_add_loop_test(t, every_size, 0, SHOWN);
	tcase_add_loop_test(t, the_same_house, 0, n);
	tcase_add_test(t, keys_ask_for_the_right_thing);
	tcase_add_test(t, keys_of_a_new_column);
	tcase_add_test(t, no_faster_and_no_slower);
	tcase_add_loop_test(t, pages_of_another_walk, 0, 5);
	tcase_add_test(t, signing_off);
	tcase_add_test(t, enter_alone_never_drops);
	tcase_add_test(t, a_name_that_no_key_types_is_typed_as_shown);
	tcase_add_test(t, a_long_log);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return test_main(suite());
}
