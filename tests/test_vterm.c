/* SPDX-License-Identifier: MIT */
/* The screens on a real terminal: keys, sizes, pastes, the drop, and the terminal given away for a passphrase. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "tests/lib_test.h"
#include "tests/lib_tool.h"

START_TEST(quit_asks_nothing)
{
	tool_start("home", "--home");
	pty_wait(&tool_pty, "OPEN WALKS");
	ck_assert(tool_pty.alt);
	ck_assert(!pty_given_back(&tool_pty));
	pty_send(&tool_pty, "q");
	tool_ends(0);
}
END_TEST

START_TEST(back_and_forth)
{
	tool_start("home", "--home");
	pty_wait(&tool_pty, "OPEN WALKS");
	pty_send(&tool_pty, "jj");
	pty_wait(&tool_pty, "▸ orders-drop");
	pty_send(&tool_pty, "\r");
	pty_wait(&tool_pty, "2 things changed");
	pty_send(&tool_pty, "\r");
	pty_wait(&tool_pty, "NOBODY USES IT");
	pty_send(&tool_pty, "v");
	pty_wait(&tool_pty, "GATE B");
	pty_send(&tool_pty, "v");
	pty_wait(&tool_pty, "GATE C");
	pty_send(&tool_pty, "\033[D");
	pty_wait(&tool_pty, "NOBODY USES IT");
	pty_send(&tool_pty, "L");
	pty_wait(&tool_pty, "6 lines, 5 sealed");
	pty_send(&tool_pty, "\033");
	pty_wait(&tool_pty, "NOBODY USES IT");
	pty_send(&tool_pty, "q");
	pty_wait(&tool_pty, "OPEN WALKS");
	pty_send(&tool_pty, "Q");
	tool_ends(0);
	ck_assert_str_eq(tool_orders(), "open cc\nhome \n");
}
END_TEST

START_TEST(a_walk_that_does_not_open_says_why)
{
	tool_start("home", "--home");
	pty_wait(&tool_pty, "OPEN WALKS");
	pty_send(&tool_pty, "G\r");
	pty_wait(&tool_pty, "the log of this walk does not verify");
	ck_assert(pty_shows(&tool_pty, "OPEN WALKS"));
}
END_TEST

/* On each screen, by each size: something sensible is there, and keys go on working. */
START_TEST(resized_on_each_screen)
{
	static const struct { const char *keys, *text; } stops[] = {
		{ "", "GATE B|nobody uses it" }, { "v", "GATE B|gate B" }, { "qL", "lines, 5 sealed|lines" }, { "q\r", "passes|nobody uses it" },
		{ "?", "KEYS OF THIS|help" }, { "qe", "EVIDENCE|evidence of 9" }, { "qqkkkkk\r", "BLIND|\342\227\224" },
	};
	tool_start("waiting");
	pty_wait(&tool_pty, "2 things");
	pty_send(&tool_pty, "q");
	pty_wait(&tool_pty, "NOBODY USES IT");
	for (size_t i = 0; i < sizeof stops / sizeof stops[0]; i++) {
		pty_send(&tool_pty, stops[i].keys);
		pty_read(&tool_pty, 100);
		pty_resize(&tool_pty, 9, 39);
		pty_wait(&tool_pty, strchr(stops[i].text, '|') + 1);
		pty_resize(&tool_pty, 16, 60);
		pty_wait(&tool_pty, "NEXT");
		pty_resize(&tool_pty, 60, 200);
		pty_wait(&tool_pty, "NEXT");
		pty_wait(&tool_pty, "pg 15.18");
		pty_resize(&tool_pty, 24, 80);
		pty_wait(&tool_pty, "PRODUCTION · pg 15.18 · 04:1");
	}
	pty_send(&tool_pty, "Q");
	tool_ends(0);
}
END_TEST

static void type_name(const char *keys)
{
	pty_wait(&tool_pty, "A, B and C hold");
	pty_send(&tool_pty, "\r");
	pty_wait(&tool_pty, "POINT OF NO RETURN");
	pty_send(&tool_pty, keys);
}

START_TEST(a_drop_that_any_key_stops)
{
	tool_start("armed", "--count", "30");
	type_name("public.orders.legacy_total");
	pty_wait(&tool_pty, "> public.orders.legacy_total");
	pty_send(&tool_pty, "\r");
	pty_wait(&tool_pty, "It goes on in");
	pty_send(&tool_pty, "x");
	pty_wait(&tool_pty, "Stopped by a key. Nothing was sent.");
	pty_send(&tool_pty, "\r");   /* the name is gone: it is typed anew for each try */
	pty_read(&tool_pty, 300);
	ck_assert(!pty_shows(&tool_pty, "It goes on in"));
	pty_send(&tool_pty, "public.orders.legacy_total\r");
	pty_wait(&tool_pty, "It goes on in");
	pty_send(&tool_pty, "\003");
	pty_wait(&tool_pty, "Stopped by a key");
	pty_send(&tool_pty, "\003");
	pty_wait(&tool_pty, "Enter, then");
	pty_send(&tool_pty, "Q");
	tool_ends(0);
	ck_assert_str_eq(tool_orders(), "");
}
END_TEST

START_TEST(enter_alone_does_nothing_there)
{
	tool_start("armed", "--count", "1");
	type_name("\r\r\rpublic.orders.legacy_tota\r\r");
	pty_read(&tool_pty, 1500);
	ck_assert(pty_shows(&tool_pty, "> public.orders.legacy_tota"));
	ck_assert(!pty_shows(&tool_pty, "It goes on in"));
	ck_assert_str_eq(tool_orders(), "");
}
END_TEST

START_TEST(a_pasted_new_line_presses_nothing)
{
	tool_start("armed", "--count", "1");
	type_name("\033[200~public.orders.legacy_total\r\n\033[201~");
	pty_wait(&tool_pty, "> public.orders.legacy_total");
	pty_read(&tool_pty, 1500);
	ck_assert(!pty_shows(&tool_pty, "It goes on in"));
	ck_assert_str_eq(tool_orders(), "");
}
END_TEST

START_TEST(a_drop)
{
	tool_start("armed", "--count", "1");
	type_name("public.orders.legacy_total\r");
	pty_wait(&tool_pty, "Enter passphrase for the drop:");
	ck_assert(pty_lent(&tool_pty));
	ck_assert(pty_shows(&tool_pty, "gatewalk: your signature") && pty_shows(&tool_pty, "DROP COLUMN legacy_total"));
	ck_assert(!pty_shows(&tool_pty, "POINT OF NO RETURN"));
	pty_send(&tool_pty, "sesame\n");
	pty_wait(&tool_pty, "DROPPED");
	pty_wait(&tool_pty, "gatewalk restore orders-drop-legacy-total");
	pty_send(&tool_pty, "\r");
	pty_wait(&tool_pty, "12 of 13");
	pty_send(&tool_pty, "Q");
	tool_ends(0);
	ck_assert_str_eq(tool_orders(), "drop public.orders.legacy_total\n");
}
END_TEST

START_TEST(a_drop_without_its_passphrase)
{
	tool_start("armed", "--count", "1");
	type_name("public.orders.legacy_total\r");
	pty_wait(&tool_pty, "Enter passphrase for the drop:");
	pty_send(&tool_pty, "wrong\n");
	pty_wait(&tool_pty, "NOT DROPPED");
	pty_wait(&tool_pty, "the intent was not signed");
	pty_send(&tool_pty, "\003");
	pty_wait(&tool_pty, "11 of 13");
}
END_TEST

START_TEST(an_answer_is_signed_with_the_terminal_free)
{
	tool_start("waiting");
	pty_wait(&tool_pty, "2 things");
	pty_send(&tool_pty, "q\r");
	pty_wait(&tool_pty, "ticks by itself");
	pty_send(&tool_pty, "jj\r");
	pty_wait(&tool_pty, "releases planned in the next days");
	pty_send(&tool_pty, "nqo\177ne\r");
	pty_wait(&tool_pty, "Enter passphrase for key:");
	ck_assert(pty_lent(&tool_pty));
	ck_assert(pty_shows(&tool_pty, "releases") && !pty_shows(&tool_pty, "REHEARSAL ·"));
	pty_send(&tool_pty, "sesame");
	pty_read(&tool_pty, 100);
	ck_assert(!pty_shows(&tool_pty, "sesame"));
	pty_send(&tool_pty, "\n");
	pty_wait(&tool_pty, "done as asked");
	ck_assert_str_eq(tool_orders(), "unlock \ndeclare releases|nqne|0|0\n");
}
END_TEST

START_TEST(a_job_is_stopped_by_yes_only)
{
	tool_start("snapshot");
	pty_wait(&tool_pty, "Safe to quit");
	pty_send(&tool_pty, "\rx");
	pty_wait(&tool_pty, "Type yes to");
	pty_send(&tool_pty, "y\r");
	pty_wait(&tool_pty, "Only the word yes does it");
	pty_send(&tool_pty, "es\r");
	pty_wait_gone(&tool_pty, "Type yes to");
	ck_assert_str_eq(tool_orders(), "stop |yes|0|41\n");
}
END_TEST

START_TEST(keys_do_not_wait_for_the_engine)
{
	struct timespec from, to;
	tool_start("snapshot", "--busy");
	pty_wait(&tool_pty, "Safe to quit");
	pty_send(&tool_pty, "rrr");
	clock_gettime(CLOCK_MONOTONIC, &from);
	pty_send(&tool_pty, "G");
	pty_wait(&tool_pty, "13  SCHEMA LOG");
	clock_gettime(CLOCK_MONOTONIC, &to);
	ck_assert_int_lt((to.tv_sec - from.tv_sec) * 1000 + (to.tv_nsec - from.tv_nsec) / 1000000, 900);
}
END_TEST

START_TEST(unknown_sequences_press_nothing)
{
	tool_start("armed");
	pty_wait(&tool_pty, "A, B and C hold");
	pty_send(&tool_pty, "\033[1;5Q\033[99~\033Oz\033[?1;2c");
	pty_send(&tool_pty, "dD\004\013\022\033[3~");
	pty_read(&tool_pty, 300);
	ck_assert(pty_shows(&tool_pty, "11 of 13"));
	ck_assert(!pty_shows(&tool_pty, "POINT OF NO RETURN"));
	ck_assert_str_eq(tool_orders(), "");
}
END_TEST

START_TEST(find_and_help)
{
	tool_start("waiting");
	pty_wait(&tool_pty, "2 things");
	pty_send(&tool_pty, "q/");
	pty_wait(&tool_pty, "find >");
	pty_send(&tool_pty, "schema\r");
	pty_wait(&tool_pty, "▸13");
	pty_send(&tool_pty, "/nowhere\r");
	pty_wait(&tool_pty, "not on this page: nowhere");
	/* "not needed" stands three times: n goes on, and says when it goes round. */
	pty_send(&tool_pty, "g/not needed\r");
	pty_wait(&tool_pty, "▸ 5");
	pty_send(&tool_pty, "nn");
	pty_wait(&tool_pty, "▸ 7");
	pty_send(&tool_pty, "n");
	pty_wait(&tool_pty, "▸ 5");
	pty_wait(&tool_pty, "past the end: from the top again");
	pty_send(&tool_pty, "N");
	pty_wait(&tool_pty, "▸ 7");
	pty_wait(&tool_pty, "past the top: from the end again");
	/* After a move a search goes on from there. */
	pty_send(&tool_pty, "kn");
	pty_wait(&tool_pty, "▸ 7");
	pty_send(&tool_pty, "/13\rn");
	pty_wait(&tool_pty, "only here: 13");
	pty_send(&tool_pty, "\033OP");
	pty_wait(&tool_pty, "KEYS OF THIS SCREEN");
}
END_TEST

START_TEST(nothing_looked_for_yet)
{
	tool_start("waiting");
	pty_wait(&tool_pty, "2 things");
	pty_send(&tool_pty, "qn");
	pty_wait(&tool_pty, "Nothing was looked for yet: / asks what.");
}
END_TEST

/* What became of an act stands until a key is pressed: it neither vanishes by itself nor stays for ever. */
START_TEST(a_message_stands_until_it_was_read)
{
	tool_start("snapshot");
	pty_wait(&tool_pty, "Safe to quit");
	pty_send(&tool_pty, "\r ");
	pty_wait(&tool_pty, "done as asked");
	pty_read(&tool_pty, 1500);
	ck_assert(pty_shows(&tool_pty, "done as asked"));
	pty_send(&tool_pty, "v");
	pty_wait(&tool_pty, "GATE B");
	pty_wait_gone(&tool_pty, "done as asked");
}
END_TEST

/* Changed in one session, kept for the next; --ascii and --theme are for one session alone. */
START_TEST(settings_are_kept)
{
	char config[600];
	snprintf(config, sizeof config, "XDG_CONFIG_HOME=%s/config", test_dir());
	const char *const env[] = { config, NULL };
	tool_start_at(24, 80, env, (const char *const[]){ "waiting", "--ascii", NULL });
	pty_wait(&tool_pty, "2 things");
	pty_send(&tool_pty, "q\033OQ");
	pty_wait(&tool_pty, "kept in");
	pty_wait(&tool_pty, "> theme      safe");
	pty_send(&tool_pty, "\r");
	pty_wait(&tool_pty, "theme      dark");
	pty_send(&tool_pty, "jj\r");
	pty_wait(&tool_pty, "bell       off");
	pty_send(&tool_pty, "Q");
	tool_ends(0);
	tool_teardown();
	tool_start_at(24, 80, env, (const char *const[]){ "waiting", "--theme", "mono", NULL });
	pty_wait(&tool_pty, "2 things");
	pty_send(&tool_pty, "q\033OQ");
	pty_wait(&tool_pty, "▸ theme      mono");
	ck_assert(pty_shows(&tool_pty, "signs      Unicode") && pty_shows(&tool_pty, "bell       off"));
	pty_send(&tool_pty, "j\r");
	pty_wait(&tool_pty, "signs      ASCII");
	pty_send(&tool_pty, "Q");
	tool_ends(0);
	tool_teardown();
	tool_start_at(24, 80, env, (const char *const[]){ "waiting", NULL });
	pty_wait(&tool_pty, "2 things");
	pty_send(&tool_pty, "q\033OQ");
	pty_wait(&tool_pty, "> theme      dark");
	ck_assert(pty_shows(&tool_pty, "signs      ASCII"));
	pty_send(&tool_pty, "Q");
	tool_ends(0);
	/* What is wrong there is said, and does not keep anybody out. */
	char path[700];
	snprintf(path, sizeof path, "%s/config/gatewalk/settings", test_dir());
	FILE *f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fputs("theme = pink\n", f);
	fclose(f);
	tool_teardown();
	tool_start_at(24, 120, env, (const char *const[]){ "home", "--home", NULL });
	pty_wait(&tool_pty, "line 1: theme is one of safe, dark, light, mono");
	pty_send(&tool_pty, "Q");
	tool_ends(0);
}
END_TEST

START_TEST(copying_tells_the_path)
{
	tool_start("waiting");
	pty_wait(&tool_pty, "2 things");
	pty_send(&tool_pty, "y");
	pty_wait(&tool_pty, "copied, and kept in");
	pty_wait(&tool_pty, ".local/state/gatewalk/copied.txt");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("vterm");
	TCase *t = tcase_create("vterm");
	tcase_set_timeout(t, 90);
	tcase_add_checked_fixture(t, NULL, tool_teardown);
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
	tcase_add_test(t, nothing_looked_for_yet);
	tcase_add_test(t, a_message_stands_until_it_was_read);
	tcase_add_test(t, settings_are_kept);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return test_main(suite());
}
