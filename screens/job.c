/* SPDX-License-Identifier: MIT */
#include "screens/screen.h"

#include "base/arena.h"
#include "base/text.h"
#include "base/when.h"
#include "screens/glyph.h"
#include "screens/num.h"

#define STILL (20 * US_SECOND)   /* no progress for longer than this is said */

static const struct view_job *job_of(const struct scene *s)
{
	const struct view *v = s->view;
	if (s->subject == 0 && view_work(v))
		return view_work(v);
	for (size_t i = 0; i < v->n_jobs; i++)
		if (s->subject ? v->jobs[i].id == s->subject : v->jobs[i].mine && v->jobs[i].ended == 0)
			return &v->jobs[i];
	return NULL;
}

const struct view_job *job_newest(const struct view *v, const char *kind)
{
	const struct view_job *newest = NULL;
	for (size_t i = 0; i < v->n_jobs; i++)
		if (text_eq(v->jobs[i].kind, kind) && (!newest || v->jobs[i].id > newest->id))
			newest = &v->jobs[i];
	return newest;
}

bool job_alive(const struct view_job *j)
{
	return j && !j->ended && !text_eq(j->state, "lost");
}

/* The watcher and the monitor have no end to count down to. */
static bool has_end(const struct view_job *j)
{
	return !text_eq(j->kind, "watch") && !text_eq(j->kind, "monitor");
}

enum mood job_mood(const struct view_job *j)
{
	if (text_eq(j->state, "running"))
		return MOOD_RUNNING;
	if (text_eq(j->state, "done"))
		return MOOD_DONE;
	return text_eq(j->state, "paused") || text_eq(j->state, "waiting") ? MOOD_WAITING : MOOD_SHUT;
}

/* Never 100 % before the end is confirmed. */
int job_percent(const struct view_job *j)
{
	if (text_eq(j->state, "done"))
		return 100;
	if (j->total <= 0 || j->done <= 0)
		return 0;
	int n = (int)(j->done / j->total * 100);
	return n > 99 ? 99 : n;
}

void job_total(struct page *p, const struct view_job *j)
{
	struct arena *a = p->arena;
	if (j->total <= 0)
		return;
	page_row(p, "total");
	page_sign(p, ST_PLAIN, 2, "TOTAL", "");
	const char *done = text_eq(j->unit, "bytes") ? num_bytes(a, j->done) : num_short(a, j->done);
	const char *amount = arena_printf(a, "%s of %s%s", done, j->estimate ? "about " : "", num_unit(a, j->total, j->unit));
	int cells = page_width(p) - 10 - 10 - text_width(amount);
	page_sign(p, style_of_mood(job_mood(j)), 10, glyph_bar(a, job_percent(j) / 100.0, cells > 5 ? cells : 5), "");
	page_put(p, ST_PLAIN, FOLLOW, " %3d %%", job_percent(j));
	page_put(p, ST_PLAIN, FOLLOW, "   %s", amount);
}

void job_left(struct page *p, const struct view_job *j, int64_t now)
{
	struct arena *a = p->arena;
	int64_t still = now && j->seen ? now - j->seen : 0;
	if (j->ended || !has_end(j))
		return;
	page_row(p, "left");
	if (still > STILL) {
		page_put(p, ST_WAITING, 10, "no progress for %s%s%s", num_span(a, still), j->phase ? ": " : "", j->phase ? j->phase : "");
		return;
	}
	if (j->eta_low_s >= 0 && j->eta_high_s >= 0)
		page_put(p, ST_PLAIN, 10, "%s to %s left", num_span(a, (int64_t)(j->eta_low_s * 1e6)), num_span(a, (int64_t)(j->eta_high_s * 1e6)));
	else
		page_put(p, ST_DIM, 10, "time left not known yet");
	if (j->rate > 0 && j->n_rates == 0)
		page_put(p, ST_PLAIN, FOLLOW, "     %s/s", num_unit(a, j->rate, j->unit));
}

/* How fast it went, over its whole life: one sign for each stretch, and in figures now, mean and max. */
void job_speed(struct page *p, const struct view_job *j)
{
	struct arena *a = p->arena;
	double sum = 0, max = 0;
	int cells = page_width(p) - 11;
	if (j->n_rates == 0)
		return;
	for (size_t i = 0; i < j->n_rates; i++) {
		sum += j->rates[i];
		max = j->rates[i] > max ? j->rates[i] : max;
	}
	page_blank(p);
	page_row(p, "speed");
	page_sign(p, ST_PLAIN, 2, "SPEED", "");
	const char *late = arena_printf(a, j->ended ? "last %s/s" : "now %s/s", num_unit(a, j->rates[j->n_rates - 1], j->rate_unit));
	const char *mean = arena_printf(a, "   mean %s/s", num_unit(a, sum / (double)j->n_rates, j->rate_unit));
	const char *most = arena_printf(a, "   max %s/s", num_unit(a, max, j->rate_unit));
	page_put(p, ST_PLAIN, 10, "%s%s", late, mean);
	if (text_width(late) + text_width(mean) + text_width(most) < page_width(p) - 10)
		page_put(p, ST_PLAIN, FOLLOW, "%s", most);
	page_sign(p, ST_DIM, RIGHT, arena_printf(a, "1 cell = %s", num_whole(a, j->rate_each)), "");
	page_row(p, NULL);
	page_sign(p, style_of_mood(job_mood(j)), 10, glyph_chart(a, j->rates, j->n_rates, cells, 0), "");
}

static void phases(struct page *p, const struct view_job *j)
{
	if (j->n_phases)
		page_blank(p);
	for (size_t i = 0; i < j->n_phases; i++) {
		const struct view_phase *f = &j->phases[i];
		page_row(p, "phase");
		page_mood(p, 2, f->mood);
		page_put(p, ST_PLAIN, 4, "%zu %s", i + 1, f->name);
		page_fit(p, f->mood == MOOD_NOT_YET ? ST_DIM : ST_PLAIN, 27, page_width(p) - 27 - 12, f->note);
		if (f->took > 0)
			page_put(p, ST_PLAIN, RIGHT, "%s", num_span(p->arena, f->took));
	}
}

static void events(struct page *p, const struct view_job *j)
{
	char clock[WHEN_MAX];
	if (j->n_events)
		page_blank(p);
	for (size_t i = j->n_events; i-- > 0;)
		page_labelled(p, when_clock(j->events[i].at, clock), 12, j->events[i].text);
}

static void others(struct page *p, const struct view *v, const struct view_job *own)
{
	bool any = false;
	for (size_t i = 0; i < v->n_jobs; i++) {
		const struct view_job *j = &v->jobs[i];
		if (j == own)
			continue;
		if (!any) {
			page_blank(p);
			page_row(p, NULL);
			page_sign(p, ST_PLAIN, 1, "OTHER JOBS", "");
		}
		any = true;
		page_pick(p, "other job");
		page_mood(p, 3, job_mood(j));
		page_put(p, ST_PLAIN, 5, "%lld %s", j->id, j->kind);
		page_put(p, ST_PLAIN, 22, "%s", j->state);
		if (j->ended)
			page_put(p, ST_DIM, 34, "%s", num_when(p->arena, j->ended));
		else
			page_fit(p, ST_DIM, 34, page_width(p) - 36, j->phase ? j->phase : "");
	}
}

void job_words(struct page *p, const struct view_job *j)
{
	if (j && !j->ended) {
		page_word(p, K_PAUSE, text_eq(j->state, "paused") ? "go on" : "pause");
		return;
	}
	page_word(p, K_PAUSE, NULL);
	page_word(p, K_STOP, NULL);
}

/* The list of phases says where it is; before there is one, this does. */
static void head(struct page *p, const struct view_job *j)
{
	bool named = j->phase && *j->phase;
	if (j->n_phases || (!named && j->ended))
		return;
	page_row(p, "phase");
	page_put(p, ST_PLAIN, 2, "%s", named ? j->phase : "starting");
	if (named && j->note)
		page_put(p, ST_DIM, FOLLOW, "  %s", j->note);
}

static void render(struct page *p, const struct scene *s)
{
	const struct view_job *j = job_of(s);
	p->start = -1;   /* no cursor until somebody moves it to another job: the page begins at its top */
	if (!j) {
		screen_place(p, s->view, "jobs");
		page_text(p, ST_PLAIN, 1, s->subject ? "No such job runs, and none is remembered." : "No job runs here just now.");
		others(p, s->view, NULL);
		job_words(p, NULL);
		return;
	}
	enum mood m = job_mood(j);
	screen_place(p, s->view, j->kind);
	page_state(p, ST_PLAIN, 1, "job %lld  ", j->id);
	page_state(p, style_of_mood(m), FOLLOW, "%s %s", glyph_of_mood(m), j->state);
	if (j->started && s->now)
		page_state(p, ST_PLAIN, FOLLOW, " %s", num_whole(p->arena, (j->ended ? j->ended : s->now) - j->started));
	page_state(p, ST_PLAIN, RIGHT, j->ended ? "%s" : "%s · safe to quit: the job runs on its own", j->host ? j->host : "");
	page_brief(p, "%s %s %d %%", glyph_of_mood(m), j->kind, job_percent(j));
	head(p, j);
	job_total(p, j);
	job_left(p, j, s->now);
	if (j->error)
		page_text(p, ST_SHUT, 2, j->error);
	phases(p, j);
	job_speed(p, j);
	events(p, j);
	others(p, s->view, j);
	job_words(p, j);
	if (!j->ended && has_end(j))
		page_next(p, "Wait, or quit and come back: the end stands in the log.", "If ssh drops, the job goes on; gatewalk finds it again at start.");
}

static struct action job_act(enum act_kind kind, const struct view_job *j)
{
	return (struct action){ .todo = DO_ACT, .act = { .kind = kind, .job = j->id } };
}

struct action job_key(const struct view_job *j, enum key k)
{
	if (k == K_PAUSE && j && !j->ended)
		return job_act(text_eq(j->state, "paused") ? ACT_JOB_RESUME : ACT_JOB_PAUSE, j);
	if (k == K_STOP && j && !j->ended)
		return job_act(ACT_JOB_STOP, j);
	return (struct action){ .todo = DO_COMMON };
}

static const struct view_job *other(const struct scene *s, const struct view_job *own)
{
	int left = s->cursor;
	for (size_t i = 0; left >= 0 && i < s->view->n_jobs; i++)
		if (&s->view->jobs[i] != own && left-- == 0)
			return &s->view->jobs[i];
	return NULL;
}

static struct action key(const struct scene *s, enum key k)
{
	const struct view_job *j = job_of(s);
	const struct view_job *o = k == K_ENTER ? other(s, j) : NULL;
	if (o)
		return (struct action){ .todo = DO_SUBJECT, .subject = o->id };
	if (k == K_ENTER)
		return (struct action){ .todo = DO_BACK };
	return job_key(j, k);
}

static const struct key_use keys[] = {
	{ K_PAUSE, NULL }, { K_STOP, "stop job (asks)" }, { K_LOOK, NULL }, { K_LOG, NULL }, { K_COPY, "copy status" }, { K_ENTER, "back" },
	{ K_BACK, NULL }, { K_HELP, NULL },
};

const struct screen screen_job = {
	.name = "job", .title = "a job",
	.help = "A job is a process of its own: it outlives this screen and an ssh drop. Here stand its phases, how far it is (never 100 % before "
		"the end is confirmed), what is left as a range, how fast it went over its whole life, and what it met. Space pauses it and lets it go on; x stops it, and asks.",
	.keys = keys, .n_keys = sizeof keys / sizeof keys[0], .on_walk = true,
	.render = render, .key = key,
};
