/* SPDX-License-Identifier: MIT */
/* The screens on a real terminal, cell by cell: sizes, keys, pastes, signals, crashes, terminals of all kinds. */
#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/lib_pty.h"
#include "tests/lib_test.h"

static struct pty p;
static char log_path[600];

static char *tool(void)
{
	static char path[600];
	char self[512];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	ck_assert_int_gt(n, 0);
	self[n] = '\0';
	snprintf(path, sizeof path, "%s/tool_screens", dirname(self));
	return path;
}

static void start_at(int rows, int cols, const char *const *env, const char *fixture, const char *more, const char *value)
{
	snprintf(log_path, sizeof log_path, "%s/orders.%d", test_dir(), (int)getpid());
	char *argv[] = { tool(), (char *)(uintptr_t)fixture, (char *)"--log", log_path, (char *)(uintptr_t)more, (char *)(uintptr_t)value, NULL };
	remove(log_path);
	pty_start(&p, rows, cols, env, argv);
}

static void start(const char *fixture, const char *more, const char *value)
{
	start_at(24, 80, NULL, fixture, more, value);
}

static const char *orders(void)
{
	static char all[8192];
	FILE *f = fopen(log_path, "r");
	size_t n = f ? fread(all, 1, sizeof all - 1, f) : 0;
	all[n] = '\0';
	if (f)
		fclose(f);
	return all;
}

static void teardown(void)
{
	if (p.vt)
		pty_free(&p);
	memset(&p, 0, sizeof p);
}

static void ends(int status)
{
	ck_assert_int_eq(pty_end(&p), status);
	ck_assert(pty_given_back(&p));
}

START_TEST(quit_asks_nothing)
{
	start("home", "--home", NULL);
	pty_wait(&p, "OPEN WALKS");
	ck_assert(p.alt);
	ck_assert(!pty_given_back(&p));
	pty_send(&p, "q");
	ends(0);
}
END_TEST

START_TEST(back_and_forth)
{
	start("home", "--home", NULL);
	pty_wait(&p, "OPEN WALKS");
	pty_send(&p, "jj");
	pty_wait(&p, "▸ orders-drop");
	pty_send(&p, "\r");
	pty_wait(&p, "2 things changed while you were away");
	pty_send(&p, "\r");
	pty_wait(&p, "NOBODY USES IT");
	pty_send(&p, "v");
	pty_wait(&p, "GATE B");
	pty_send(&p, "v");
	pty_wait(&p, "GATE C");
	pty_send(&p, "\033[D");
	pty_wait(&p, "NOBODY USES IT");
	pty_send(&p, "L");
	pty_wait(&p, "6 lines, 214 sealed");
	pty_send(&p, "\033");
	pty_wait(&p, "NOBODY USES IT");
	pty_send(&p, "q");
	pty_wait(&p, "OPEN WALKS");
	pty_send(&p, "Q");
	ends(0);
	ck_assert_str_eq(orders(), "open cc\nhome \n");
}
END_TEST

START_TEST(a_walk_that_does_not_open_says_why)
{
	start("home", "--home", NULL);
	pty_wait(&p, "OPEN WALKS");
	pty_send(&p, "G\r");
	pty_wait(&p, "the log of this walk does not verify");
	ck_assert(pty_shows(&p, "OPEN WALKS"));
}
END_TEST

/* On each screen, by each size: something sensible is there, and keys go on working. */
START_TEST(resized_on_each_screen)
{
	static const struct { const char *keys, *text; } stops[] = {
		{ "", "GATE B|nobody uses it" }, { "v", "GATE B|gate B" }, { "qL", "lines, 214 sealed|lines" }, { "q\r", "passes|nobody uses it" },
		{ "?", "KEYS OF THIS|help" }, { "qe", "EVIDENCE|evidence of 9" }, { "qqkkkkk\r", "BLIND|\342\227\224" },
	};
	start("waiting", NULL, NULL);
	pty_wait(&p, "2 things");
	pty_send(&p, "q");
	pty_wait(&p, "NOBODY USES IT");
	for (size_t i = 0; i < sizeof stops / sizeof stops[0]; i++) {
		pty_send(&p, stops[i].keys);
		pty_read(&p, 100);
		pty_resize(&p, 9, 39);
		pty_wait(&p, strchr(stops[i].text, '|') + 1);
		pty_resize(&p, 16, 60);
		pty_wait(&p, "NEXT");
		pty_resize(&p, 60, 200);
		pty_wait(&p, "NEXT");
		pty_wait(&p, "pg 15.18");
		pty_resize(&p, 24, 80);
		pty_wait(&p, "PRODUCTION · pg 15.18 · 04:1");
	}
	pty_send(&p, "Q");
	ends(0);
}
END_TEST

static void type_name(const char *keys)
{
	pty_wait(&p, "A, B and C hold");
	pty_send(&p, "\r");
	pty_wait(&p, "POINT OF NO RETURN");
	pty_send(&p, keys);
}

START_TEST(a_drop_that_any_key_stops)
{
	start("armed", "--count", "30");
	type_name("public.orders.legacy_total");
	pty_wait(&p, "> public.orders.legacy_total");
	pty_send(&p, "\r");
	pty_wait(&p, "It goes on in");
	pty_send(&p, "x");
	pty_wait(&p, "Stopped by a key. Nothing was sent.");
	pty_send(&p, "\r");
	pty_wait(&p, "It goes on in");
	pty_send(&p, "\003");
	pty_wait(&p, "Stopped by a key");
	pty_send(&p, "\003");
	pty_wait(&p, "Enter, then");
	pty_send(&p, "Q");
	ends(0);
	ck_assert_str_eq(orders(), "");
}
END_TEST

START_TEST(enter_alone_does_nothing_there)
{
	start("armed", "--count", "1");
	type_name("\r\r\rpublic.orders.legacy_tota\r\r");
	pty_read(&p, 1500);
	ck_assert(pty_shows(&p, "> public.orders.legacy_tota"));
	ck_assert(!pty_shows(&p, "It goes on in"));
	ck_assert_str_eq(orders(), "");
}
END_TEST

START_TEST(a_pasted_new_line_presses_nothing)
{
	start("armed", "--count", "1");
	type_name("\033[200~public.orders.legacy_total\r\n\033[201~");
	pty_wait(&p, "> public.orders.legacy_total");
	pty_read(&p, 1500);
	ck_assert(!pty_shows(&p, "It goes on in"));
	ck_assert_str_eq(orders(), "");
}
END_TEST

START_TEST(a_drop)
{
	start("armed", "--count", "1");
	type_name("public.orders.legacy_total\r");
	pty_wait(&p, "Enter passphrase for the drop:");
	ck_assert(pty_given_back(&p));
	pty_send(&p, "sesame\n");
	pty_wait(&p, "DROPPED");
	pty_wait(&p, "gatewalk restore orders-drop-legacy-total");
	pty_send(&p, "\r");
	pty_wait(&p, "12 of 13");
	pty_send(&p, "Q");
	ends(0);
	ck_assert_str_eq(orders(), "drop public.orders.legacy_total\n");
}
END_TEST

START_TEST(a_drop_without_its_passphrase)
{
	start("armed", "--count", "1");
	type_name("public.orders.legacy_total\r");
	pty_wait(&p, "Enter passphrase for the drop:");
	pty_send(&p, "wrong\n");
	pty_wait(&p, "NOT DROPPED");
	pty_wait(&p, "the intent was not signed");
	pty_send(&p, "\003");
	pty_wait(&p, "11 of 13");
}
END_TEST

START_TEST(an_answer_is_signed_with_the_terminal_free)
{
	start("waiting", NULL, NULL);
	pty_wait(&p, "2 things");
	pty_send(&p, "q\r");
	pty_wait(&p, "ticks by itself");
	pty_send(&p, "\r");
	pty_wait(&p, "releases planned in the next days");
	pty_send(&p, "nqo\177ne\r");
	pty_wait(&p, "Enter passphrase for key:");
	ck_assert(pty_given_back(&p));
	pty_send(&p, "sesame\n");
	pty_wait(&p, "done as asked");
	ck_assert_str_eq(orders(), "unlock \ndeclare releases|nqne|0|0\n");
}
END_TEST

START_TEST(a_job_is_stopped_by_yes_only)
{
	start("snapshot", NULL, NULL);
	pty_wait(&p, "Safe to quit");
	pty_send(&p, "\rx");
	pty_wait(&p, "Type yes to");
	pty_send(&p, "y\r");
	pty_wait(&p, "Only the word yes does it");
	pty_send(&p, "es\r");
	pty_wait_gone(&p, "Type yes to");
	ck_assert_str_eq(orders(), "stop |yes|0|41\n");
}
END_TEST

START_TEST(keys_do_not_wait_for_the_engine)
{
	struct timespec from, to;
	start("snapshot", "--busy", NULL);
	pty_wait(&p, "Safe to quit");
	pty_send(&p, "rrr");
	clock_gettime(CLOCK_MONOTONIC, &from);
	pty_send(&p, "G");
	pty_wait(&p, "13  SCHEMA LOG");
	clock_gettime(CLOCK_MONOTONIC, &to);
	ck_assert_int_lt((to.tv_sec - from.tv_sec) * 1000 + (to.tv_nsec - from.tv_nsec) / 1000000, 900);
}
END_TEST

START_TEST(unknown_sequences_press_nothing)
{
	start("armed", NULL, NULL);
	pty_wait(&p, "A, B and C hold");
	pty_send(&p, "\033[1;5Q\033[99~\033Oz\033[?1;2c");
	pty_send(&p, "dD\004\013\022\033[3~");
	pty_read(&p, 300);
	ck_assert(pty_shows(&p, "11 of 13"));
	ck_assert(!pty_shows(&p, "POINT OF NO RETURN"));
	ck_assert_str_eq(orders(), "");
}
END_TEST

START_TEST(find_and_help)
{
	start("waiting", NULL, NULL);
	pty_wait(&p, "2 things");
	pty_send(&p, "q/");
	pty_wait(&p, "find >");
	pty_send(&p, "schema\r");
	pty_wait(&p, "▸13");
	pty_send(&p, "/nowhere\r");
	pty_wait(&p, "not on this page: nowhere");
	pty_send(&p, "\033OP");
	pty_wait(&p, "KEYS OF THIS SCREEN");
}
END_TEST

START_TEST(copying_tells_the_path)
{
	start("waiting", NULL, NULL);
	pty_wait(&p, "2 things");
	pty_send(&p, "y");
	pty_wait(&p, "copied, and kept in");
	pty_wait(&p, ".local/state/gatewalk/copied.txt");
}
END_TEST

static void ends_by(int sig, int status)
{
	start("waiting", NULL, NULL);
	pty_wait(&p, "2 things");
	kill(p.pid, sig);
	ends(status);
}

START_TEST(hang_up_and_terminate)
{
	ends_by(SIGHUP, 0);
	teardown();
	ends_by(SIGTERM, 0);
}
END_TEST

START_TEST(ctrl_c_is_interrupted)
{
	start("waiting", NULL, NULL);
	pty_wait(&p, "2 things");
	pty_send(&p, "\003");
	ends(130);
}
END_TEST

START_TEST(a_crash_gives_the_terminal_back)
{
	start("waiting", "--crash", NULL);
	pty_wait(&p, "2 things");
	pty_send(&p, "r");
	ends(1000 + SIGSEGV);
	teardown();
	ends_by(SIGABRT, 1000 + SIGABRT);
}
END_TEST

static void stopped_and_on(const char *word)
{
	pty_wait(&p, word);
	ck_assert(!p.alt);
	pty_send(&p, "\n");
	pty_wait(&p, "2 things");
	ck_assert(p.alt);
}

/* Under a shell with job control: a process that nobody could continue is not stopped at all. */
START_TEST(stopped_and_continued)
{
	char line[1500];
	snprintf(line, sizeof line, "%s waiting; echo once; read x; fg; echo twice; read x; fg; echo over $?", tool());
	char *argv[] = { (char *)"/bin/sh", (char *)"-mc", line, NULL };
	pty_start(&p, 24, 80, NULL, argv);
	pty_wait(&p, "2 things");
	pty_send(&p, "\032");
	stopped_and_on("once");
	kill(-tcgetpgrp(p.fd), SIGTSTP);
	stopped_and_on("twice");
	pty_send(&p, "Q");
	pty_wait(&p, "over 0");
	ends(0);
}
END_TEST

START_TEST(the_terminal_goes_away)
{
	start("waiting", NULL, NULL);
	pty_wait(&p, "2 things");
	close(p.slave);
	close(p.fd);
	int status;
	ck_assert_int_eq(waitpid(p.pid, &status, 0), p.pid);
	ck_assert_msg(WIFEXITED(status), "ended by signal %d", WTERMSIG(status));
	p.gone = true;
	p.fd = p.slave = -1;
}
END_TEST

START_TEST(terminals_that_cannot)
{
	static const char *const dumb[] = { "TERM=dumb", NULL }, *const unknown[] = { "TERM=no-such-terminal", NULL };
	start_at(70, 100, dumb, "armed", NULL, NULL);
	pty_wait(&p, "this terminal cannot move its cursor: showing plain lines");
	pty_wait(&p, "place: orders-drop-legacy-total");
	pty_send(&p, "quit\n");
	ends(0);
	teardown();
	start_at(70, 100, unknown, "armed", NULL, NULL);
	pty_wait(&p, "the terminal type in TERM is not known here: showing plain lines");
}
END_TEST

static int colours(void)
{
	int n = 0;
	for (int r = 0; r < p.rows; r++)
		for (int c = 0; c < p.cols; c++) {
			VTermScreenCell cell;
			vterm_screen_get_cell(p.screen, (VTermPos){ r, c }, &cell);
			n += !VTERM_COLOR_IS_DEFAULT_FG(&cell.fg);
		}
	return n;
}

START_TEST(terminals_of_all_kinds)
{
	static const struct { const char *env[3]; const char *text; bool colour; } kinds[] = {
		{ { "TERM=xterm-256color", NULL }, "▸", true }, { { "TERM=screen", NULL }, "▸", true }, { { "TERM=linux", NULL }, "> 9 w nobody", true },
		{ { "NO_COLOR=1", NULL }, "▸", false }, { { "LC_ALL=C", NULL }, "> 9 w nobody", true }, { { "TERM=vt100", NULL }, "▸", false },
		{ { "LINES=5", "COLUMNS=20", NULL }, "▸", true },
	};
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		start_at(24, 80, kinds[i].env, "waiting", NULL, NULL);
		pty_wait(&p, "2 things");
		pty_send(&p, "q");
		pty_wait(&p, "NOBODY USES IT");
		pty_wait(&p, kinds[i].text);
		ck_assert_msg((colours() > 0) == kinds[i].colour, "%s: %d cells with colour", kinds[i].env[0], colours());
		pty_send(&p, "Q");
		ends(0);
		teardown();
	}
}
END_TEST

START_TEST(hostile_names_do_not_act)
{
	start("hostile", NULL, NULL);
	pty_wait(&p, "orders\\x1b[2J");
	pty_wait(&p, "no \\x1b]52;c;AAAA\\x07 tricks");
	pty_send(&p, "Q");
	ends(0);
}
END_TEST

START_TEST(plain_mode_walks_too)
{
	start_at(60, 80, NULL, "waiting", "--plain", NULL);
	pty_wait(&p, "> ");
	pty_send(&p, "gate B\n");
	pty_wait(&p, "WHY:");
	pty_send(&p, "1 none\n");
	pty_wait(&p, "Enter passphrase for key:");
	pty_send(&p, "sesame\n");
	pty_wait(&p, "done: done as asked");
	pty_send(&p, "quit\n");
	ends(0);
	ck_assert_str_eq(orders(), "unlock \ndeclare releases|none|0|0\n");
}
END_TEST

START_TEST(plain_drop_counts_down)
{
	start_at(60, 80, NULL, "armed", "--plain", NULL);
	pty_wait(&p, "> ");
	pty_send(&p, "drop public.orders.legacy_tota\n");
	pty_wait(&p, "the full name was not typed");
	pty_send(&p, "drop public.orders.legacy_total\n");
	pty_wait(&p, "countdown: 30 s; Enter stops it");
	pty_send(&p, "\n");
	pty_wait(&p, "countdown: stopped; nothing was sent");
	pty_send(&p, "quit\n");
	ends(0);
	ck_assert_str_eq(orders(), "");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("vterm");
	TCase *t = tcase_create("vterm");
	tcase_set_timeout(t, 90);
	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_test(t, quit_asks_nothing);
	tcase_add_test(t, back_and_forth);
	tcase_add_test(t, a_walk_that_does_not_open_says_why);
	tcase_add_test(t, resized_on_each_screen);
	tcase_add_test(t, a_drop_that_any_key_stops);
	tcase_add_test(t, enter_alone_does_nothing_there);
	tcase_add_test(t, a_pasted_new_line_presses_nothing);
	tcase_add_test(t, a_drop);
	tcase_add_test(t, a_drop_without_its_passphrase);
	tcase_add_test(t, an_answer_is_signed_with_the_terminal_free);
	tcase_add_test(t, a_job_is_stopped_by_yes_only);
	tcase_add_test(t, keys_do_not_wait_for_the_engine);
	tcase_add_test(t, unknown_sequences_press_nothing);
	tcase_add_test(t, find_and_help);
	tcase_add_test(t, copying_tells_the_path);
	tcase_add_test(t, hang_up_and_terminate);
	tcase_add_test(t, ctrl_c_is_interrupted);
	tcase_add_test(t, a_crash_gives_the_terminal_back);
	tcase_add_test(t, stopped_and_continued);
	tcase_add_test(t, the_terminal_goes_away);
	tcase_add_test(t, terminals_that_cannot);
	tcase_add_test(t, terminals_of_all_kinds);
	tcase_add_test(t, hostile_names_do_not_act);
	tcase_add_test(t, plain_mode_walks_too);
	tcase_add_test(t, plain_drop_counts_down);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return test_main(suite());
}
