/* SPDX-License-Identifier: MIT */
#include "engine/comparing.h"

#include <string.h>

#include "adapter/job.h"
#include "adapter/parity.h"
#include "base/arena.h"
#include "base/text.h"
#include "base/when.h"
#include "engine/engine_private.h"
#include "engine/filling.h"
#include "engine/jobend.h"
#include "engine/parity.h"
#include "port/files.h"

#define KIND "parity"
#define SHOWN 100                      /* rows that differ, on the screen */
#define REST_S 60                      /* between two rounds; less where a day of waiting is shorter */
#define SAME_AGAIN (6 * US_HOUR)       /* two lines that say the same are so far apart */
#define WORD_MAX 4096

static bool wanted(const struct engine *g)
{
	return archetype_beside(g->walk.archetype) && g->walk.stage < AT_CLOSED;
}

static bool belongs(const struct engine *g)
{
	return wanted(g) && g->walk.stage >= AT_WINDOW && g->walk.stage <= AT_ARMED && g->walk.stage != AT_ENDING;
}

/* What is written to the new column alone is not brought to the old one: from the last pass on they differ, and that is well.
   Not so while the old one is filled from it, after a step back. */
static bool once(const struct engine *g)
{
	return !g->walk.alone && g->walk.stage == AT_PARITY && (!walk_trigger_due(&g->walk) || !g->plan->convert_back);
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* A comparison of before then says nothing of what stands now. */
static int64_t since(const struct engine *g)
{
	const struct walk *w = &g->walk;
	int64_t at = later(later(w->window_from, w->relaxed_at), later(w->ended_at, w->back_at));
	at = later(at, w->asked[walk_ask("writes_new")]);   /* every step back asks for that anew, a change of the table as well */
	return later(at, later(w->amended_at, once(g) ? w->confirmed[ITEM_UNUSED] : 0));
}

static struct parity_order order(const struct engine *g)
{
	return parity_order_of(g->plan, g->walk.sid, g->walk.ended_at != 0);
}

/* ---- the job ---- */

static bool start(struct engine *g, bool anew, struct err *e)
{
	int64_t rest = REST_S * g->walk.day_us / US_DAY;
	struct json *args = json_obj(lot_arena(g->walk_lot));
	json_add_int(args, "anew", anew);
	json_add_int(args, "rest_s", rest > 0 ? rest : 1);
	json_add_int(args, "rounds", once(g));
	json_add_int(args, "unwritten", g->walk.ended_at != 0);
	return job_begin(g, KIND, args, e);
}

bool comparing_begin(struct engine *g, const struct act *act, struct err *e)
{
	(void)act;
	bool running = false;
	if (!wanted(g))
		return err_set(e, ERR_USE, NULL, "this walk has no two columns to compare");
	if (!belongs(g))
		return err_set(e, ERR_USE, "It is compared from item 7 on.", "a comparison does not belong to this part of the walk (%s)", stage_name(g->walk.stage));
	if (!job_running(g->db, lot_arena(g->walk_lot), g->walk.sid, KIND, &running, e))
		return false;
	if (running)
		return err_set(e, ERR_USE, "Pause or stop the job first.", "the comparison's job is at work");
	if (!start(g, true, e))
		return false;
	engine_say(g, "old and new are compared, by a job of its own");
	return true;
}

bool comparing_care(struct engine *g, struct err *e)
{
	const struct view_job *j = jobend_newest(g, KIND);
	bool lost = j && strcmp(j->state, "lost") == 0, alive = j && !j->ended && !lost;
	if (!wanted(g) || !g->facts.now)
		return true;
	if (alive && (!belongs(g) || j->started < since(g)))
		return job_control(g->db, j->id, "stop", NULL) || db_alive(g->db) || err_set(e, ERR_DB_LOST, NULL, "the connection was lost while the comparison was told to stop");
	if (alive || !belongs(g) || (once(g) && walk_passed(&g->walk)))
		return true;
	if (lost && j->started >= since(g))
		return !jobend_lost(g, j) || start(g, false, e);
	bool again = g->compare_again;
	g->compare_again = false;
	return (j && j->started >= since(g) && !again) || start(g, true, e);
}

bool comparing_over(struct engine *g, bool *was, struct err *e)
{
	bool ok = jobend_wait(g, KIND, "comparison", was, e);
	g->compare_again = g->compare_again || *was;
	return ok;
}

/* ---- rounds ---- */

/* A job's word alone is not believed, nor is a row that anybody may write: both say the same, or nothing is taken in. */
static bool told_so(struct engine *g, const struct fact_parity *f)
{
	char *text;
	size_t len;
	struct text t = { 0 };
	struct arena *a = arena_new();
	json_write(&t, parity_word(a, f));
	bool same = file_read(a, parity_word_file(a, journal_dir(g->journal)), WORD_MAX, &text, &len, NULL) && len == t.len && memcmp(text, text_str(&t), len) == 0;
	text_free(&t);
	arena_free(a);
	return same;
}

/* Does the log need it? One that differs opens item 6 again, one that does not is what the end of dual write asks for. */
static bool due(const struct engine *g, const struct fact_parity *f)
{
	const struct fact_parity *was = &g->walk.parity;
	if (f->ended <= was->ended || f->began < since(g))
		return false;
	bool needed = !was->at || was->began < since(g) || (f->mismatches > 0) != (was->mismatches > 0) || (f->covers != 0) != (was->covers != 0) ||
		(g->walk.stage == AT_PARITY && !walk_passed(&g->walk));
	return needed || f->ended - was->ended >= SAME_AGAIN;
}

/* Which rows differ, without their values. */
static bool evidence(struct engine *g, const struct fact_parity *f, char sha[static 65], struct err *e)
{
	struct arena *a = lot_arena(g->look_lot);
	struct parity_mismatch *m;
	struct text text = { 0 };
	size_t n = 0;
	struct json *j = parity_word(a, f), *list = json_add_arr(j, "differ");
	if (!parity_mismatches(g->db, a, g->walk.sid, SHOWN, &m, &n, e))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (m[i].round != f->round)
			continue;
		struct json *one = json_add_obj(list, NULL);
		json_add_str(one, "error", m[i].error ? m[i].error : "");
		json_add_str(one, "key", m[i].key);
	}
	json_write(&text, j);
	bool ok = journal_blob_put(g->journal, text_str(&text), text.len, sha, e);
	text_free(&text);
	return ok;
}

static bool line(struct engine *g, const struct fact_parity *f, struct err *e)
{
	char sha[65], at[WHEN_MAX];
	struct json *b = line_body(g);
	if (!evidence(g, f, sha, e))
		return false;
	json_add_str(b, "began", when_iso(f->began, at));
	json_add_str(b, "blob", sha);
	json_add_str(b, "covers", f->covers ? when_iso(f->covers, at) : "");
	json_add_str(b, "ended", when_iso(f->ended, at));
	json_add_str(b, "first", f->mismatches ? (f->first ? f->first : "not known") : "");
	json_add_str(b, "kind", KIND);
	json_add_int(b, "mismatches", f->mismatches);
	json_add_int(b, "round", f->round);
	json_add_int(b, "rows", f->rows);
	return line_write(g, OP_EVIDENCE, b, false, e);
}

bool comparing_take(struct engine *g, struct err *e)
{
	struct fact_parity f;
	if (!belongs(g) || g->facts.parity.ended <= g->walk.parity.ended)
		return true;
	const struct parity_order o = order(g);
	if (!parity_over(g->db, lot_arena(g->look_lot), &o, &f, e))
		return false;
	bool said = f.round && told_so(g, &f);
	f.covers = g->walk.ended_at;
	return !said || !due(g, &f) || line(g, &f, e);
}

bool comparing_look(struct engine *g, struct arena *a, struct err *e)
{
	struct parity_mismatch *m;
	const struct parity_order o = order(g);
	if (!wanted(g) || g->walk.stage < AT_BACKFILL)
		return true;
	if (!parity_look(g->db, a, &o, &g->facts.parity, e) || !parity_mismatches(g->db, a, g->walk.sid, SHOWN, &m, &g->n_mismatches, e))
		return false;
	if (g->facts.parity.mismatches)
		filling_since(g, g->facts.parity.ended);
	g->facts.parity.covers = g->facts.parity.round ? g->walk.ended_at : 0;
	g->mismatches = arena_array(a, g->n_mismatches + 1, sizeof *g->mismatches);
	for (size_t i = 0; i < g->n_mismatches; i++)
		g->mismatches[i] = (struct view_mismatch){ m[i].round, m[i].key, m[i].old, m[i].new, m[i].expected, m[i].error };
	return true;
}
