/* SPDX-License-Identifier: MIT */
/* The full screen: a stack of screens over one view, strokes in, orders out. No key waits for the engine, but where the
   terminal is handed to ssh-add or ssh-keygen. */
#ifndef GW_SCREENS_UI_H
#define GW_SCREENS_UI_H

#include "screens/front.h"
#include "screens/page_grid.h"
#include "screens/screen.h"

struct arena;
struct desk;
struct tty;

/* How it looks at the start, and where changes are kept: path NULL, nowhere. complaint: what was wrong there, or NULL. */
struct look_kept { struct settings settings; const char *path, *complaint; };

#define PLACES_MAX 16
#define NOTICE_MAX 1600

struct place { const struct screen *screen; long long subject; struct scroll scroll; };

struct ui {
	struct desk *desk;
	struct tty *term;
	struct settings settings;
	const char *settings_path;
	const struct view *view;
	int64_t received;              /* this machine's monotonic clock, us, when the view came */
	struct place stack[PLACES_MAX];
	int depth;
	struct arena *frame;           /* of the last page drawn */
	struct page *page;
	struct field field, find;
	struct arena *asked_arena;     /* of what is asked */
	struct offer asked;
	const char *asked_key;
	bool asked_yes;                /* an act without a text of its own: only "yes" answers */
	long long asked_job;
	struct drop_run drop;
	char drop_error[768], drop_hint[768];
	int64_t drop_until;            /* monotonic, us */
	char word[FIELD_MAX];          /* what n and N look for */
	char notice[NOTICE_MAX];
	bool notice_bad;
	bool read;                     /* a key was pressed since the last act was answered: its message has been seen */
	unsigned long long opening;    /* the order that opens a walk; 0 none */
	unsigned long long acted;      /* the order of an act; 0 none: once done, the cursor goes to what is next */
	char sid[64];                  /* of the walk whose news were shown */
	bool news_told;
	enum stage stage;
	long long job_running;         /* its own job was seen running: its end rings */
	bool quit;
	int status;
};

/* Runs until the operator leaves; gives the exit status. */
int ui_run(struct desk *d, struct tty *t, const struct look_kept *k, enum front_from from);

/* Inside (ui*.c). */
int64_t ui_clock(void);                                  /* monotonic, us */
struct place *ui_top(struct ui *u);
struct scene ui_scene(struct ui *u);
void ui_push(struct ui *u, const struct screen *sc, long long subject);
void ui_pop(struct ui *u);
void ui_say(struct ui *u, bool bad, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void ui_draw(struct ui *u);
void ui_stroke(struct ui *u, struct stroke s);
void ui_do(struct ui *u, const struct action *a);        /* ui_act.c */
void ui_ask_key(struct ui *u, const char *what, bool person);   /* ui_sign.c; term_resume ends its page */
const char *ui_signs(struct ui *u, const struct act *a);        /* what is signed, in words */
void ui_answer(struct ui *u);                            /* what was typed answers what was asked */
void ui_move(struct ui *u, enum key k);                  /* ui_move.c */
void ui_find(struct ui *u, int dir, bool again);         /* again: not where the last search stands */
void ui_copy(struct ui *u);
void ui_drop_begin(struct ui *u);                        /* ui_drop.c */
void ui_drop_tick(struct ui *u);
bool ui_drop_stroke(struct ui *u);                       /* true when the stroke was spent on stopping it */

#endif
