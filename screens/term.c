/* SPDX-License-Identifier: MIT */
#include "screens/term.h"

#include <curses.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>

#include "screens/term_crash.h"
#include "screens/term_signal.h"
#include "screens/term_stroke.h"

#define PAIRS_MAX 16
#define PASTE_ON "\033[?2004h"
#define PASTE_OFF "\033[?2004l"

struct tty {
	SCREEN *screen;
	struct termios was;
	bool away, page, paste, in_paste;
	short colours[PAIRS_MAX];    /* of pair i + 1 */
	int pairs;
};

static struct tty *only;   /* atexit has no other way to know */

static void give_back_at_exit(void)
{
	term_close(only);
}

/* A terminal string without its padding ("$<5>"). */
static void add_plain(char *out, size_t size, const char *cap)
{
	size_t n = strlen(out);
	for (; cap && cap != (char *)-1 && *cap && n + 1 < size; cap++) {
		if (cap[0] == '$' && cap[1] == '<' && strchr(cap, '>'))
			cap = strchr(cap, '>');
		else
			out[n++] = *cap;
	}
	out[n] = '\0';
}

static void arm(struct tty *t)
{
	char leave[512] = PASTE_OFF;
	static const char *const caps[] = { "sgr0", "rmkx", "cnorm", "rmcup" };
	for (size_t i = 0; i < sizeof caps / sizeof caps[0]; i++)
		add_plain(leave, sizeof leave, tigetstr(caps[i]));
	crash_arm(STDOUT_FILENO, &t->was, leave);
}

static void modes(struct tty *t)
{
	raw();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	leaveok(stdscr, FALSE);
	if (!getenv("ESCDELAY"))
		set_escdelay(25);
	stroke_define();
	if (has_colors()) {
		start_color();
		use_default_colors();
	}
	(void)t;
}

/* Moving the cursor is the least that full screen needs. */
static const char *unusable(void)
{
	int found;
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return "there is no terminal";
	if (setupterm(NULL, STDOUT_FILENO, &found) != OK)
		return "the terminal type in TERM is not known here";
	const char *move = tigetstr("cup");
	return !move || move == (char *)-1 ? "this terminal cannot move its cursor" : NULL;
}

struct tty *term_open(const char **why)
{
	struct tty *t = NULL;
	unsetenv("LINES");
	unsetenv("COLUMNS");
	*why = unusable();
	if (*why)
		return NULL;
	t = calloc(1, sizeof *t);
	if (!t || tcgetattr(STDIN_FILENO, &t->was) != 0 || !signals_take()) {
		*why = "the terminal cannot be set up";
		free(t);
		return NULL;
	}
	t->screen = newterm(NULL, stdout, stdin);
	if (!t->screen) {
		*why = "the terminal cannot be set up";
		signals_give_back();
		free(t);
		return NULL;
	}
	modes(t);
	arm(t);
	if (!only)
		atexit(give_back_at_exit);
	only = t;
	return t;
}

static void send_cap(struct tty *t, const char *name)
{
	char plain[256] = "";
	add_plain(plain, sizeof plain, tigetstr(name));
	term_send(t, plain);
}

void term_close(struct tty *t)
{
	if (!t || t != only)
		return;
	term_paste(t, false);
	if (!t->away)
		endwin();
	else if (t->page)
		send_cap(t, "rmcup");
	crash_disarm();
	delscreen(t->screen);
	tcsetattr(STDIN_FILENO, TCSANOW, &t->was);
	signals_give_back();
	only = NULL;
	free(t);
}

enum theme term_theme(const struct tty *t, enum theme wanted)
{
	(void)t;
	if (wanted == THEME_MONO || !has_colors())
		return THEME_MONO;
	return COLORS >= 256 ? wanted : THEME_EIGHT;
}

void term_size(const struct tty *t, int *rows, int *cols)
{
	(void)t;
	getmaxyx(stdscr, *rows, *cols);
}

static void fit(void)
{
	struct winsize w;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_row > 0 && w.ws_col > 0)
		resizeterm(w.ws_row, w.ws_col);
}

static short pair_of(struct tty *t, int fg)
{
	if (fg < 0 || !has_colors())
		return 0;
	for (int i = 0; i < t->pairs; i++)
		if (t->colours[i] == fg)
			return (short)(i + 1);
	if (t->pairs == PAIRS_MAX || fg >= COLORS || init_pair((short)(t->pairs + 1), (short)fg, -1) == ERR)
		return 0;
	t->colours[t->pairs++] = (short)fg;
	return (short)t->pairs;
}

static void draw_cell(struct tty *t, int y, int x, const struct cell *c, enum theme theme)
{
	struct look l = style_look(theme, c->style);
	wchar_t text[CELL_MARKS + 2] = { (wchar_t)c->cp, (wchar_t)c->marks[0], (wchar_t)c->marks[1], 0 };
	attr_t attrs = (l.bold ? A_BOLD : 0) | (l.dim ? A_DIM : 0) | (l.under ? A_UNDERLINE : 0) | (l.reverse ? A_REVERSE : 0);
	cchar_t out;
	if (setcchar(&out, text, attrs, pair_of(t, l.fg), NULL) == OK)
		mvadd_wch(y, x, &out);
}

void term_draw(struct tty *t, const struct grid *g, enum theme theme)
{
	int rows, cols;
	if (t->away)
		return;
	term_size(t, &rows, &cols);
	theme = term_theme(t, theme);
	erase();
	for (int y = 0; y < g->rows && y < rows; y++)
		for (int x = 0; x < g->cols && x < cols; x++)
			if (grid_at(g, y, x)->cp)
				draw_cell(t, y, x, grid_at(g, y, x), theme);
	bool seen = g->cursor_row >= 0 && g->cursor_row < rows && g->cursor_col < cols;
	curs_set(seen ? 1 : 0);
	if (seen)
		move(g->cursor_row, g->cursor_col);
	refresh();
}

void term_redraw(struct tty *t)
{
	(void)t;
	clearok(curscr, TRUE);
}

unsigned term_wait(struct tty *t, int other, int ms)
{
	struct timespec limit = { ms / 1000, (long)(ms % 1000) * 1000000 };
	struct pollfd fds[] = {
		{ .fd = STDIN_FILENO, .events = POLLIN }, { .fd = signals_fd(), .events = POLLIN }, { .fd = other, .events = POLLIN },
	};
	(void)t;
	int n = ppoll(fds, 3, ms < 0 ? NULL : &limit, signals_mask());
	unsigned flags = signals_read();
	if (n > 0 && (fds[0].revents & POLLIN))
		flags |= TERM_KEYS;
	if (n > 0 && (fds[0].revents & (POLLHUP | POLLERR | POLLNVAL)))
		flags |= TERM_END;
	if (n > 0 && fds[2].revents)
		flags |= TERM_OTHER;
	if (flags & TERM_RESIZED)
		fit();
	return flags;
}

void term_suspend(struct tty *t)
{
	if (t->away)
		return;
	term_send(t, t->paste ? PASTE_OFF : "");
	tcflush(STDIN_FILENO, TCIFLUSH);
	flushinp();
	def_prog_mode();
	endwin();
	crash_disarm();
	t->away = true;
}

/* A passphrase typed before it is asked for must not be read off the screen. */
void term_page(struct tty *t)
{
	struct termios mode;
	term_suspend(t);
	t->page = true;
	send_cap(t, "smcup");
	send_cap(t, "clear");
	arm(t);
	if (tcgetattr(STDIN_FILENO, &mode) == 0) {
		mode.c_lflag &= ~(tcflag_t)ECHO;
		tcsetattr(STDIN_FILENO, TCSADRAIN, &mode);
	}
}

void term_resume(struct tty *t)
{
	if (!t->away)
		return;
	tcflush(STDIN_FILENO, TCIFLUSH);
	signals_read();
	t->away = t->page = false;
	reset_prog_mode();
	flushinp();
	fit();
	arm(t);
	term_send(t, t->paste ? PASTE_ON : "");
	clearok(curscr, TRUE);
}

void term_stop(struct tty *t)
{
	sigset_t stop, old;
	struct sigaction plain = { .sa_handler = SIG_DFL }, ours;
	term_suspend(t);
	sigaction(SIGTSTP, &plain, &ours);
	sigemptyset(&stop);
	sigaddset(&stop, SIGTSTP);
	raise(SIGTSTP);
	sigprocmask(SIG_UNBLOCK, &stop, &old);   /* stops here */
	sigprocmask(SIG_SETMASK, &old, NULL);
	sigaction(SIGTSTP, &ours, NULL);
	term_resume(t);
}

void term_paste(struct tty *t, bool on)
{
	if (t->paste == on)
		return;
	t->paste = on;
	t->in_paste = false;
	if (!t->away)
		term_send(t, on ? PASTE_ON : PASTE_OFF);
}

void term_bell(struct tty *t)
{
	if (!t->away)
		beep();
}

void term_send(struct tty *t, const char *s)
{
	(void)t;
	fflush(stdout);
	for (size_t left = strlen(s); left;) {
		ssize_t n = write(STDOUT_FILENO, s, left);
		if (n < 0 && errno != EINTR)
			return;
		if (n > 0) {
			s += n;
			left -= (size_t)n;
		}
	}
}

bool term_read(struct tty *t, struct stroke *out)
{
	if (t->away || !stroke_next(out))
		return false;
	if (out->raw == RAW_PASTE_BEGIN || out->raw == RAW_PASTE_END)
		t->in_paste = out->raw == RAW_PASTE_BEGIN;
	out->pasted = t->in_paste;
	return true;
}
