/* SPDX-License-Identifier: MIT */
/* Signals, crashes, terminals of all kinds, and plain lines. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "tests/lib_test.h"
#include "tests/lib_tool.h"

static void ends_by(int sig, int status)
{
	tool_start("waiting");
	pty_wait(&tool_pty, "2 things");
	kill(tool_pty.pid, sig);
	tool_ends(status);
}

START_TEST(hang_up_and_terminate)
{
	ends_by(SIGHUP, 0);
	tool_teardown();
	ends_by(SIGTERM, 0);
}
END_TEST

START_TEST(ctrl_c_is_interrupted)
{
	tool_start("waiting");
	pty_wait(&tool_pty, "2 things");
	pty_send(&tool_pty, "\003");
	tool_ends(130);
}
END_TEST

START_TEST(a_crash_gives_the_terminal_back)
{
	tool_start("waiting", "--crash");
	pty_wait(&tool_pty, "2 things");
	pty_send(&tool_pty, "r");
	tool_ends(1000 + SIGSEGV);
	tool_teardown();
	ends_by(SIGABRT, 1000 + SIGABRT);
}
END_TEST

static void stopped_and_on(const char *word)
{
	pty_wait(&tool_pty, word);
	ck_assert(!tool_pty.alt);
	pty_send(&tool_pty, "\n");
	pty_wait(&tool_pty, "2 things");
	ck_assert(tool_pty.alt);
}

/* Under a shell with job control: a process that nobody could continue is not stopped at all. */
START_TEST(stopped_and_continued)
{
	char line[1500];
	snprintf(line, sizeof line, "%s waiting; echo once; read x; fg; echo twice; read x; fg; echo over $?", tool_path());
	char *argv[] = { (char *)"/bin/sh", (char *)"-mc", line, NULL };
	pty_start(&tool_pty, 24, 80, NULL, argv);
	pty_wait(&tool_pty, "2 things");
	pty_send(&tool_pty, "\032");
	stopped_and_on("once");
	kill(-tcgetpgrp(tool_pty.fd), SIGTSTP);
	stopped_and_on("twice");
	pty_send(&tool_pty, "Q");
	pty_wait(&tool_pty, "over 0");
	tool_ends(0);
}
END_TEST

START_TEST(the_terminal_goes_away)
{
	tool_start("waiting");
	pty_wait(&tool_pty, "2 things");
	close(tool_pty.slave);
	close(tool_pty.fd);
	int status;
	ck_assert_int_eq(waitpid(tool_pty.pid, &status, 0), tool_pty.pid);
	ck_assert_msg(WIFEXITED(status), "ended by signal %d", WTERMSIG(status));
	tool_pty.gone = true;
	tool_pty.fd = tool_pty.slave = -1;
}
END_TEST

START_TEST(terminals_that_cannot)
{
	static const char *const dumb[] = { "TERM=dumb", NULL }, *const unknown[] = { "TERM=no-such-terminal", NULL };
	tool_start_at(70, 100, dumb, (const char *const[]){ "armed", NULL });
	pty_wait(&tool_pty, "this terminal cannot move its cursor: showing plain lines");
	pty_wait(&tool_pty, "place: orders-drop-legacy-total");
	pty_send(&tool_pty, "quit\n");
	tool_ends(0);
	tool_teardown();
	tool_start_at(70, 100, unknown, (const char *const[]){ "armed", NULL });
	pty_wait(&tool_pty, "the terminal type in TERM is not known here: showing plain lines");
}
END_TEST

static int colours(void)
{
	int n = 0;
	for (int r = 0; r < tool_pty.rows; r++)
		for (int c = 0; c < tool_pty.cols; c++) {
			VTermScreenCell cell;
			vterm_screen_get_cell(tool_pty.screen, (VTermPos){ r, c }, &cell);
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
		tool_start_at(24, 80, kinds[i].env, (const char *const[]){ "waiting", NULL });
		pty_wait(&tool_pty, "2 things");
		pty_send(&tool_pty, "q");
		pty_wait(&tool_pty, "NOBODY USES IT");
		pty_wait(&tool_pty, kinds[i].text);
		ck_assert_msg((colours() > 0) == kinds[i].colour, "%s: %d cells with colour", kinds[i].env[0], colours());
		pty_send(&tool_pty, "Q");
		tool_ends(0);
		tool_teardown();
	}
}
END_TEST

START_TEST(hostile_names_do_not_act)
{
	tool_start("hostile");
	pty_wait(&tool_pty, "orders\\x1b[2J");
	pty_wait(&tool_pty, "no \\x1b]52;c;AAAA\\x07 tricks");
	pty_send(&tool_pty, "Q");
	tool_ends(0);
}
END_TEST

/* By pages the text moves and the cursor stays in what is seen; at an end only the cursor moves. */
START_TEST(by_pages)
{
	tool_start_at(13, 60, NULL, (const char *const[]){ "waiting", NULL });
	pty_wait(&tool_pty, "2 things");
	pty_send(&tool_pty, "q?");
	pty_wait(&tool_pty, "The thirteen items");
	pty_send(&tool_pty, "\033[6~");
	pty_wait_gone(&tool_pty, "The thirteen items");
	pty_send(&tool_pty, "\014\033[5~");
	pty_wait(&tool_pty, "The thirteen items");
	pty_send(&tool_pty, "bL");
	pty_wait(&tool_pty, "▸    5");
	pty_send(&tool_pty, "\033[5~");
	pty_wait_gone(&tool_pty, "▸    5");
	pty_wait(&tool_pty, "▸");
	pty_send(&tool_pty, "\033[5~\033[5~");
	pty_wait(&tool_pty, "▸    0");
	pty_send(&tool_pty, "\033[6~\033[6~\033[6~");
	pty_wait(&tool_pty, "▸    5");
	pty_send(&tool_pty, "Q");
	tool_ends(0);
}
END_TEST

START_TEST(plain_mode_walks_too)
{
	tool_start_at(60, 80, NULL, (const char *const[]){ "waiting", "--plain", NULL });
	pty_wait(&tool_pty, "> ");
	pty_send(&tool_pty, "gate B\n");
	pty_wait(&tool_pty, "WHY:");
	pty_send(&tool_pty, "2 none\n");
	pty_wait(&tool_pty, "Enter passphrase for key:");
	pty_send(&tool_pty, "sesame\n");
	pty_wait(&tool_pty, "done: done as asked");
	pty_send(&tool_pty, "quit\n");
	tool_ends(0);
	ck_assert_str_eq(tool_orders(), "unlock \ndeclare releases|none|0|0\n");
}
END_TEST

/* Every word of plain mode, and what is no word: lines in, lines out, without a terminal. */
START_TEST(plain_words)
{
	static const struct { const char *command, *answer; } rows[] = {
		{ "item", "place: orders-drop-legacy-total 9 nobody uses it" }, { "item 3", "place: orders-drop-legacy-total 3 documented" },
		{ "item 99", "refused: items are numbered from 1 to 13" }, { "gate b", "place: orders-drop-legacy-total gate B" },
		{ "evidence 1", "place: orders-drop-legacy-total evidence of 1" }, { "consumers", "consumer: view public.order_sum" },
		{ "log", "state: 6 lines, 5 sealed" }, { "since", "state: you left 6 d 00 h ago" }, { "monitor", "place: orders-drop-legacy-total 12 monitor" },
		{ "job", "place: orders-drop-legacy-total jobs" }, { "walk", "item 9: waiting" }, { "  walk", "item 9: waiting" },
		{ "clear etl", "refused: a consumer and a reason are needed" }, { "help", "command: N [ANSWER]; do the thing with that number" },
		{ "99", "refused: nothing has that number now" }, { "2", "refused: releases planned in the next days" }, { "dance", "refused: that is no command" },
		{ "open", "refused: which walk" }, { "drop x", "refused: the drop needs a terminal" }, { "home", "text: OPEN WALKS" },
		{ "walk", "refused: no walk is open" }, { "look", "text: OPEN WALKS" }, { "open ee", "refused: the log of this walk does not verify" },
		{ "open cc", "item 9: waiting" }, { "quit", "" },
	};
	struct text said = { 0 };
	char line[1500];
	size_t used = (size_t)snprintf(line, sizeof line, "printf '%%s\\n'");
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		used += (size_t)snprintf(line + used, sizeof line - used, " '%s'", rows[i].command);
	snprintf(line + used, sizeof line - used, " | %s waiting --plain 2>&1", tool_path());
	FILE *f = popen(line, "r");
	for (size_t n; (n = fread(line, 1, sizeof line, f)) > 0;)
		text_addn(&said, line, n);
	ck_assert_int_eq(pclose(f), 0);
	const char *at = strstr(text_str(&said), "The drop needs a terminal.");
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *answer = at ? strstr(at, rows[i].answer) : NULL;
		ck_assert_msg(answer != NULL, "%s: no \"%s\" after\n%s", rows[i].command, rows[i].answer, at ? at : text_str(&said));
		at = answer + strlen(rows[i].answer);
	}
	text_free(&said);
}
END_TEST

START_TEST(plain_drop_counts_down)
{
	tool_start_at(60, 80, NULL, (const char *const[]){ "armed", "--plain", NULL });
	pty_wait(&tool_pty, "> ");
	pty_send(&tool_pty, "drop public.orders.legacy_tota\n");
	pty_wait(&tool_pty, "the full name was not typed");
	pty_send(&tool_pty, "drop public.orders.legacy_total\n");
	pty_wait(&tool_pty, "countdown: 30 s; Enter stops it");
	pty_send(&tool_pty, "\n");
	pty_wait(&tool_pty, "countdown: stopped; nothing was sent");
	pty_send(&tool_pty, "quit\n");
	tool_ends(0);
	ck_assert_str_eq(tool_orders(), "");
}
END_TEST

static void drop_plainly(const char *passphrase, const char *answer)
{
	tool_start_at(60, 80, NULL, (const char *const[]){ "armed", "--plain", "--count", "1", NULL });
	pty_wait(&tool_pty, "> ");
	pty_send(&tool_pty, "drop public.orders.legacy_total\n");
	pty_wait(&tool_pty, "Enter passphrase for the drop:");
	pty_send(&tool_pty, passphrase);
	pty_wait(&tool_pty, answer);
}

/* A drop in plain lines: the name, the countdown, a person's passphrase; one that is wrong drops nothing. */
START_TEST(plain_drop)
{
	drop_plainly("open\n", "refused: the intent was not signed");
	pty_send(&tool_pty, "quit\n");
	tool_ends(0);
	tool_teardown();
	drop_plainly("sesame\n", "dropped: public.orders.legacy_total");
	pty_send(&tool_pty, "drop public.orders.legacy_total\n");
	pty_wait(&tool_pty, "refused: a gate is shut");
	pty_send(&tool_pty, "quit\n");
	tool_ends(0);
	ck_assert_str_eq(tool_orders(), "drop public.orders.legacy_total\n");
}
END_TEST

/* A number alone is answered on the next line; a key that stays shut does nothing; Ctrl-C ends it. */
START_TEST(plain_questions)
{
	tool_start_at(90, 100, NULL, (const char *const[]){ "consumers", "--plain", NULL });
	pty_wait(&tool_pty, "> ");
	pty_send(&tool_pty, "clear view public.all_orders because it is gone\n");
	pty_wait(&tool_pty, "Enter passphrase for key:");
	pty_send(&tool_pty, "open\n");
	pty_wait(&tool_pty, "refused: the key was not unlocked");
	pty_send(&tool_pty, "clear view public.all_orders because it is gone\n");
	pty_wait(&tool_pty, "> clear view public.all_orders because it is gone");
	pty_send(&tool_pty, "sesame\n");
	pty_wait(&tool_pty, "done: done as asked");
	pty_send(&tool_pty, "2\n");
	pty_wait(&tool_pty, "answer> ");
	pty_send(&tool_pty, "none\ndance\n");
	pty_wait(&tool_pty, "refused: that is no command");
	pty_send(&tool_pty, "\003");
	tool_ends(130);
	ck_assert_str_eq(tool_orders(), "unlock \nunlock \nclear view public.all_orders|it is gone|1|0\ndeclare releases|none|0|0\n");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("term");
	TCase *t = tcase_create("term");
	tcase_set_timeout(t, 90);
	tcase_add_checked_fixture(t, NULL, tool_teardown);
	tcase_add_test(t, hang_up_and_terminate);
	tcase_add_test(t, ctrl_c_is_interrupted);
	tcase_add_test(t, a_crash_gives_the_terminal_back);
	tcase_add_test(t, stopped_and_continued);
	tcase_add_test(t, the_terminal_goes_away);
	tcase_add_test(t, terminals_that_cannot);
	tcase_add_test(t, terminals_of_all_kinds);
	tcase_add_test(t, hostile_names_do_not_act);
	tcase_add_test(t, by_pages);
	tcase_add_test(t, plain_mode_walks_too);
	tcase_add_test(t, plain_words);
	tcase_add_test(t, plain_drop_counts_down);
	tcase_add_test(t, plain_drop);
	tcase_add_test(t, plain_questions);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return test_main(suite());
}
