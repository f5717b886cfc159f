/* SPDX-License-Identifier: MIT */
/* What a screen shows, before it has a place in cells: one bar, one state line, rows of spans in one or two panes, NEXT,
   keys. Every text that gets in is cleaned here and nowhere else. Pure; everything is owned by the page's arena. */
#ifndef GW_SCREENS_PAGE_H
#define GW_SCREENS_PAGE_H

#include "core/view.h"
#include "screens/keys.h"
#include "screens/style.h"

#define PAGE_TWO_PANES 76          /* columns from which two panes stand side by side */
#define PAGE_MIN_COLS 40           /* below this, or below PAGE_MIN_ROWS, one line */
#define PAGE_MIN_ROWS 10
#define PAGE_WORDS 6
#define FOLLOW (-1)                /* a span right after the one before it */
#define RIGHT (-2)                 /* a span that ends where the pane ends */

struct span { const char *text, *plain; unsigned style; int at; };   /* plain: said instead of text without a screen; "" is left out */
struct row {
	struct span *spans;
	size_t n, cap;
	const char *label;         /* how plain lines begin; NULL: the label of the row before */
	int pick;                  /* the number the cursor gives it; -1 when it cannot be chosen */
	bool has_field;            /* the text field stands at its end */
};

enum pane { PANE_MAIN, PANE_SIDE, PANE_COUNT };
struct pane_rows { struct row *row; size_t n, cap; int width; };

struct page {
	struct arena *arena;
	int cols, rows;
	bool ascii;
	bool plain;                /* for plain lines: what can be done is numbered elsewhere */
	struct row bar, state;     /* line 1, line 2 */
	struct pane_rows pane[PANE_COUNT];
	enum pane now;             /* where rows go */
	struct pane_rows message;  /* above NEXT: what became of the last act */
	const char *next[2];
	const char *keys;
	struct key_use words[PAGE_WORDS];   /* what keys do on this very page; NULL word: nothing */
	size_t n_words;
	const char *brief;         /* the state for one line, when there is no room for more */
	const char *copy;          /* what `y` copies; NULL: the page */
	const char *field;         /* the field's text up to its cursor, and after it; NULL: no field */
	const char *field_after;
	int picks;                 /* rows that can be chosen */
	int start;                 /* the one the cursor begins on */
};

struct page *page_new(struct arena *a, int cols, int rows, bool ascii);
/* Two panes, when the page is wide enough: main gets `main_width` of 80 columns, and its share of more. */
void page_split(struct page *p, int main_width);
void page_pane(struct page *p, enum pane pane);
int page_width(const struct page *p);                /* columns of the pane rows go to, its margin included */
bool page_narrow(const struct page *p);              /* one column only */

const char *page_clean(struct page *p, const char *s);
/* Line 1, left: "plan › where"; where may be NULL. */
void page_place(struct page *p, const char *name, const char *where);
/* Line 1, right: server, environment, the server's time. */
void page_server(struct page *p, const struct view *v, int64_t now);
void page_state(struct page *p, unsigned style, int at, const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* A new row; label for plain lines. */
void page_row(struct page *p, const char *label);
/* The same, and the cursor can stand on it. Returns its number. */
int page_pick(struct page *p, const char *label);
void page_put(struct page *p, unsigned style, int at, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* Cut to width columns. */
void page_fit(struct page *p, unsigned style, int at, int width, const char *s);
/* Seen on the screen only, or said in plain lines only. */
void page_sign(struct page *p, unsigned style, int at, const char *sign, const char *plain);
void page_mood(struct page *p, int at, enum mood m);
void page_blank(struct page *p);
/* A paragraph, wrapped, from column `at` on. */
void page_text(struct page *p, unsigned style, int at, const char *s);
/* The same, beginning on the row that was begun last. */
void page_more(struct page *p, unsigned style, int at, const char *s);
/* "WHY   text", wrapped, the text from column `at` on. */
void page_labelled(struct page *p, const char *label, int at, const char *s);
/* The same with a sign on the screen, and the label only where there is none. */
void page_item(struct page *p, const char *label, const char *sign, int at, const char *s);
/* Text of several lines: each cleaned and wrapped by itself. */
void page_lines(struct page *p, unsigned style, int at, const char *s);
void page_message(struct page *p, unsigned style, const char *sign, const char *s);
/* A text field there, after its label. */
void page_message_field(struct page *p, const char *label, const char *before, const char *after);
void page_next(struct page *p, const char *first, const char *second);
/* The footer's word for a key as things stand, instead of the screen's own; NULL takes the key out of it. */
void page_word(struct page *p, enum key k, const char *word);
void page_keys(struct page *p, const struct key_use *uses, size_t n);
void page_brief(struct page *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void page_copy(struct page *p, const char *s);
/* The text field, at the end of the row that was begun last. */
void page_field(struct page *p, const char *before, const char *after);

/* The text of a row, as one line. */
char *row_text(struct arena *a, const struct row *r);
/* The next row of the main pane that holds the word, from `from` on (dir 1) or back (dir -1), around the end; -1 none. */
int page_find(const struct page *p, const char *word, int from, int dir);

#endif
