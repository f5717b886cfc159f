/* SPDX-License-Identifier: MIT */
/* Keys become these before any screen sees them. One list makes the enum, the footer and the help. Pure. d, D, Ctrl-d,
   Del, Ctrl-k and Ctrl-r are in no list, and none may be added. */
#ifndef GW_SCREENS_KEYS_H
#define GW_SCREENS_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

/* name, how it is written, the same in ASCII, what it does everywhere, its word in the footer */
#define KEYS(X) \
	X(K_UP, "↑ k", "Up k", "up", "") \
	X(K_DOWN, "↓ j", "Down j", "down", "") \
	X(K_MOVE, "↑↓", "j k", "move", "move") \
	X(K_PAGE_UP, "PgUp Ctrl-b", "PgUp Ctrl-b", "a page up", "") \
	X(K_PAGE_DOWN, "PgDn Ctrl-f", "PgDn Ctrl-f", "a page down", "page") \
	X(K_FIRST, "g Home", "g Home", "the first", "") \
	X(K_LAST, "G End", "G End", "the last", "") \
	X(K_ENTER, "Enter l right", "Enter l right", "open", "open") \
	X(K_BACK, "b h left Backspace Esc", "b h left Backspace Esc", "back one level", "back") \
	X(K_Q, "q", "q", "back one level; on home: leave", "quit") \
	X(K_QUIT, "Q", "Q", "leave gatewalk; jobs go on", "quit") \
	X(K_HELP, "? F1", "? F1", "the keys of this screen and what it is for", "help") \
	X(K_F1, "F1", "F1", "the same, where ? is text", "help") \
	X(K_FIND, "/", "/", "find", "find") \
	X(K_NEXT, "n", "n", "the next one found", "") \
	X(K_PREV, "N", "N", "the one found before", "") \
	X(K_LOOK, "r", "r", "look again at the server", "look") \
	X(K_REDRAW, "Ctrl-L", "Ctrl-L", "draw again", "") \
	X(K_COPY, "y", "y", "copy, and keep in a file", "copy") \
	X(K_EVIDENCE, "e", "e", "evidence", "evidence") \
	X(K_LOG, "L", "L", "the log, with every statement run", "log") \
	X(K_GATES, "v", "v", "the gates", "gates") \
	X(K_PAUSE, "Space", "Space", "pause and go on", "pause") \
	X(K_RESTORE, "F", "F", "put the column back (asks)", "restore") \
	X(K_HIDE, "H", "H", "hide it from the application's roles", "hide") \
	X(K_UNHIDE, "u", "u", "give back what is hidden", "give back") \
	X(K_SIGN, "s", "s", "sign off the consumer under the cursor", "sign off") \
	X(K_STOP, "x", "x", "stop the job (asks)", "stop") \
	X(K_LESS, "[", "[", "smaller batches", "") \
	X(K_MORE, "]", "]", "larger batches", "") \
	X(K_BATCH, "[ ]", "[ ]", "smaller batches, larger batches", "batch") \
	X(K_SLOWER, "-", "-", "slower: a longer rest between batches", "") \
	X(K_FASTER, "+", "+", "faster: a shorter rest", "") \
	X(K_PACE, "- +", "- +", "slower, faster", "speed") \
	X(K_SETTINGS, "F2", "F2", "settings: theme, ASCII, bell", "settings") \
	X(K_CANCEL, "Ctrl-C", "Ctrl-C", "leave", "leave") \
	X(K_SUSPEND, "Ctrl-Z", "Ctrl-Z", "to the shell and back with fg", "")

enum key {
	K_NONE,
#define X(id, cap, ascii, what, word) id,
	KEYS(X)
#undef X
	K_TEXT,        /* a character, on screens with a text field */
	K_EDIT_LEFT, K_EDIT_RIGHT, K_EDIT_HOME, K_EDIT_END, K_EDIT_ERASE, K_EDIT_DELETE, K_EDIT_DONE,
	KEY_COUNT
};

/* What a terminal sends, told apart from characters. */
enum raw {
	RAW_NONE, RAW_UP, RAW_DOWN, RAW_LEFT, RAW_RIGHT, RAW_PAGE_UP, RAW_PAGE_DOWN, RAW_HOME, RAW_END, RAW_BACKSPACE, RAW_DELETE,
	RAW_ENTER, RAW_F1, RAW_F2, RAW_OTHER, RAW_PASTE_BEGIN, RAW_PASTE_END
};
struct stroke { enum raw raw; uint32_t cp; bool pasted; };   /* raw RAW_NONE: the character cp */
struct key_event { enum key key; uint32_t cp; };

/* field: a screen with a text field binds its editing, paging, F-keys and Ctrl-C only. What is pasted presses nothing. */
struct key_event key_read(struct stroke s, bool field);

/* A key a screen uses, with its own word (NULL: the list's). */
struct key_use { enum key key; const char *word; };
const char *key_cap(enum key k, bool ascii);         /* the first way to write it: "Enter" */
const char *key_caps(enum key k, bool ascii);        /* all of them: "Enter l right" */
const char *key_what(enum key k);
const char *key_word(struct key_use u);
/* The footer: as many as fit into cols, the last two always. Owned by a. */
char *key_footer(struct arena *a, const struct key_use *uses, size_t n, int cols, bool ascii);
/* The keys that every screen without a field knows, for its help. NULL past the end. */
const struct key_use *key_common(size_t i);

#endif
