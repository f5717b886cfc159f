/* SPDX-License-Identifier: MIT */
/* A screen is one file that ends in one const struct screen: what it is for, how it fills a page, what its keys ask for.
   It does nothing itself: it returns an action, and ui.c does it through the desk. Pure. */
#ifndef GW_SCREENS_SCREEN_H
#define GW_SCREENS_SCREEN_H

#include "core/view.h"
#include "screens/field.h"
#include "screens/page.h"
#include "screens/prefs.h"

enum drop_stage { DROP_TYPING, DROP_COUNTING, DROP_RUNNING, DROP_ENDED };

/* The drop as the screen sees it: what was typed, how long to go, how it ended. */
struct drop_run {
	enum drop_stage stage;
	int seconds_left, seconds;
	bool stopped;              /* a key stopped the countdown */
	bool ok;                   /* DROP_ENDED: done */
	const char *error, *hint;
};


/* All that a screen may look at. */
struct scene {
	const struct view *view;
	int64_t now;               /* the server's clock, carried on since the view; 0 unknown */
	long long subject;         /* what the screen is about: item, gate, job, row; 0 none */
	int cursor;                /* the picked row */
	const struct field *field;
	const struct offer *offer; /* prompt: what is asked */
	const struct drop_run *drop;
	const struct settings *settings;
	const char *settings_path; /* where they are kept, or NULL: for this session only */
	bool eight;                /* this terminal has eight colours */
	const struct screen *below;   /* help: the screen it is about */
	const char *notice;        /* what the screens themselves have to say, or NULL */
	bool notice_bad;
	bool read;                 /* the message of the last act has been seen: a key was pressed since */
	bool on_home;              /* nothing below */
	bool whole;                /* every row is asked for, also those far from the cursor: find, plain lines */
};

enum todo {
	DO_NOTHING, DO_COMMON, DO_OPEN, DO_SUBJECT, DO_BACK, DO_QUIT, DO_INTERRUPT, DO_OFFER, DO_LOOK, DO_WALK, DO_ACT, DO_TYPED, DO_COUNT, DO_SETTINGS, DO_FIND, DO_REFUSE
};
struct action {
	enum todo todo;            /* DO_COMMON: as on every screen */
	const struct screen *screen;   /* DO_OPEN */
	long long subject;         /* DO_OPEN, DO_SUBJECT: stay, about another thing */
	const struct offer *offer; /* DO_OFFER: lives as long as the view, or is static */
	const char *word;          /* DO_WALK: which; DO_REFUSE: why nothing is done */
	struct act act;            /* DO_ACT */
	struct settings settings;  /* DO_SETTINGS */
};

struct screen {
	const char *name, *title;
	const char *help;          /* one paragraph: what it is for */
	const struct key_use *keys;
	size_t n_keys;
	bool field;                /* has a text field: F-keys and Ctrl-C only */
	bool on_walk;              /* shows an open walk; without one it says that it is being opened */
	void (*render)(struct page *p, const struct scene *s);
	struct action (*key)(const struct scene *s, enum key k);   /* NULL: the common behaviour */
};

extern const struct screen screen_home, screen_since, screen_walk, screen_step, screen_gate, screen_evidence, screen_job,
	screen_consumers, screen_drop, screen_monitor, screen_log, screen_help, screen_prompt, screen_find, screen_settings, screen_audit, screen_add, screen_backfill, screen_rejects, screen_dual, screen_parity;
/* Every one of them, NULL past the end. */
const struct screen *screen_at(size_t i);

/* The whole page of a screen: bar, its own part, message, keys. */
void screen_fill(struct page *p, const struct screen *sc, const struct scene *s);
struct page *screen_page(const struct screen *sc, struct arena *a, const struct scene *s, int cols, int rows, bool ascii);
/* What this key asks for: the screen's own answer, else the common one. */
struct action screen_key(const struct screen *sc, const struct scene *s, enum key k);

struct action action_open(const struct screen *sc, long long subject);
struct action action_offer(const struct offer *o);
/* The screen an item of the walk opens as. */
struct action action_item(const struct view *v, enum item i);
/* The gate that is next: the first that was not passed. */
enum gate view_next_gate(const struct view *v);
enum item view_item_now(const struct view *v);
/* Shut or open, and how many of its conditions hold. */
struct gate_sum { bool open; int hold, asked; int64_t at; };
struct gate_sum view_gate(const struct view *v, enum gate g);
const struct offer *view_offer(const struct view *v, enum act_kind k);
/* Does a good signature stand on this line or a later one? */
bool view_sealed(const struct view *v, const struct view_line *l);
/* What NEXT asks for, NULL when it asks for nothing: there the cursor begins. */
const struct offer *view_wanted(const struct view *v);
/* The work that runs for the current item: snapshot, drill or restore; NULL when none does. */
const struct view_job *view_work(const struct view *v);
bool offer_is(const struct offer *a, const struct offer *b);

/* What an item is about in this walk, in a sentence. */
const char *item_about(const struct view *v, enum item i);
/* Does the walk open on this view add a column, and nothing else? Does one come at all? */
bool view_adds(const struct view *v);
bool view_comes(const struct view *v);
/* What the log and the server say about an item, as rows. */
void evidence_rows(struct page *p, const struct view *v, enum item i, int64_t now);
/* Line 1, left, with the plan's name. */
void screen_place(struct page *p, const struct view *v, const char *where);
enum style style_of_verdict(enum verdict v);
const char *glyph_of_verdict(enum verdict v);
const char *verdict_word(enum verdict v);
/* True when this is the whole name of what goes: as it is, or as it is shown where it holds what no key types. */
bool drop_is_named(const struct view *v, const char *typed);
/* The offers as rows that can be chosen, under "YOU CAN". skip: this kind is left out; ACT_NONE: those that a challenge
   asks for already; ACT_COUNT: none. */
/* sources.c: what an audit's sources see, since when, and what nobody could see. */
void sources_rows(struct page *p, const struct fact_audit *u);
/* job.c: what every page of a job has in common. */
const struct view_job *job_newest(const struct view *v, const char *kind);   /* NULL when there is none */
bool job_alive(const struct view_job *j);
enum mood job_mood(const struct view_job *j);
int job_percent(const struct view_job *j);
void job_total(struct page *p, const struct view_job *j);
void job_left(struct page *p, const struct view_job *j, int64_t now);
void job_speed(struct page *p, const struct view_job *j);
void job_words(struct page *p, const struct view_job *j);
struct action job_key(const struct view_job *j, enum key k);
/* add.c: what stands before a change of the table, and who held it at the last attempt. */
void change_before(struct page *p, const struct view *v);
void change_blocker(struct page *p, const struct view *v, int64_t now);
/* Which publications send a column on that is to come, and what that does to a subscriber. */
const char *change_published(struct page *p, const struct view *v);
/* limits.c: what the backfill pauses on, as a table; what a limit's value is now, in words. */
void limits_rows(struct page *p, const struct view *v);
const char *limit_now(struct page *p, const struct view_limit *l);
/* rates.c: how fast the job goes, beside the limit that matters, as charts of several rows; in one row where it is narrow. */
void rates_rows(struct page *p, const struct view *v, const struct view_job *j, int64_t now);
/* Is it an act that a single key must not do? Then the word yes is asked for. */
bool offers_asks_yes(enum act_kind k);
void offers_rows(struct page *p, const struct view *v, enum act_kind skip);
/* All of them at the end of a page on which nothing else can be chosen, with what Enter does; and its keys: Enter, and the evidence of item i. */
void offers_page(struct page *p, const struct scene *s);
struct action offers_key(const struct scene *s, enum key k, enum item i);
/* The row among them that NEXT asks for, counted from 0; -1 none. */
int offers_wanted(const struct view *v, enum act_kind skip);
/* The index-th of these rows' offers; NULL past the end. */
const struct offer *offers_at(const struct view *v, enum act_kind skip, int index);

#endif
