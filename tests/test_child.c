/* SPDX-License-Identifier: MIT */
#include "port/child.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "port/files.h"
#include "tests/lib_test.h"

static struct arena *a;
static struct err e;
static struct child_end end;

static void setup(void)
{
	a = arena_new();
	memset(&e, 0, sizeof e);
}

static void teardown(void)
{
	arena_free(a);
}

static const char *at(const char *name)
{
	return path_join(a, test_dir(), name);
}

#define ARGV(...) ((const char *const[]){ __VA_ARGS__, NULL })

static bool run(const char *const *argv)
{
	struct child c = { .argv = argv };
	return child_run(a, &c, &end, &e);
}

START_TEST(output_and_status)
{
	ck_assert(run(ARGV("sh", "-c", "echo out; echo err >&2; exit 7")));
	ck_assert_int_eq(end.status, 7);
	ck_assert_int_eq(end.signal, 0);
	ck_assert_str_eq(end.out, "out\n");
	ck_assert_str_eq(end.err, "err\n");
	ck_assert(run(ARGV("sh", "-c", "kill -9 $$")));
	ck_assert_int_eq(end.signal, SIGKILL);
	ck_assert_int_eq(end.status, -1);
}
END_TEST

START_TEST(what_is_missing_is_named)
{
	ck_assert(!run(ARGV("gatewalk-no-such-program")));
	ck_assert_str_eq(e.msg, "gatewalk-no-such-program was not found");
	ck_assert_int_eq(e.code, ERR_SYSTEM);
	ck_assert(!run(ARGV("./sh")));
	ck_assert(file_write(at("not-a-program"), "\177ELF", 4, &e));
	chmod(at("not-a-program"), 0700);
	ck_assert(!run(ARGV(at("not-a-program"))));
	ck_assert_ptr_nonnull(strstr(e.msg, "cannot start"));
	ck_assert_str_eq(child_find(a, "sh") ? "found" : "", "found");
	ck_assert_ptr_null(child_find(a, "no/slash"));
}
END_TEST

START_TEST(input_is_given_whole)
{
	size_t len = 3 * 1024 * 1024;
	char *in = arena_alloc(a, len);
	memset(in, 'x', len);
	struct child c = { .argv = ARGV("sh", "-c", "wc -c"), .in = in, .in_len = len };
	ck_assert(child_run(a, &c, &end, &e));
	ck_assert_int_eq(atoi(end.out), 3 * 1024 * 1024);
	ck_assert(run(ARGV("cat")));   /* none: an empty one, not ours */
	ck_assert_uint_eq(end.out_len, 0);
}
END_TEST

START_TEST(output_is_capped)
{
	ck_assert(run(ARGV("sh", "-c", "head -c 3000000 /dev/zero; echo end >&2")));
	ck_assert_int_eq(end.status, 0);
	ck_assert_uint_eq(end.out_len, 1024 * 1024);
	ck_assert_str_eq(end.err, "end\n");
}
END_TEST

START_TEST(environment_is_an_allow_list)
{
	setenv("SECRET_OF_MINE", "x", 1);
	setenv("LD_LIBRARY_PATH", "/nowhere", 1);
	setenv("PGHOST", "/run/pg", 1);
	setenv("SSH_AUTH_SOCK", "/run/agent", 1);
	setenv("PATH", "/evil", 1);
	ck_assert(run(ARGV("env")));
	ck_assert_ptr_null(strstr(end.out, "SECRET_OF_MINE"));
	ck_assert_ptr_null(strstr(end.out, "LD_LIBRARY_PATH"));
	ck_assert_ptr_nonnull(strstr(end.out, "PGHOST=/run/pg\n"));
	ck_assert_ptr_nonnull(strstr(end.out, "SSH_AUTH_SOCK=/run/agent\n"));
	ck_assert_ptr_nonnull(strstr(end.out, "PATH=/usr/local/bin:/usr/bin:/bin\n"));
	struct child c = { .argv = ARGV("env"), .env = ARGV("PGHOST=/other", "SSH_AUTH_SOCK", "GW_EXTRA=1") };
	ck_assert(child_run(a, &c, &end, &e));
	ck_assert_ptr_null(strstr(end.out, "/run/"));
	ck_assert_ptr_null(strstr(end.out, "SSH_AUTH_SOCK"));
	ck_assert_ptr_nonnull(strstr(end.out, "PGHOST=/other\n"));
	ck_assert_ptr_nonnull(strstr(end.out, "GW_EXTRA=1\n"));
}
END_TEST

START_TEST(no_descriptor_of_ours_goes_along)
{
	int fd = open("/dev/null", O_RDONLY);   /* without O_CLOEXEC, on purpose */
	ck_assert_int_ge(fd, 3);
	ck_assert_int_eq(dup2(fd, 40), 40);
	ck_assert(run(ARGV("sh", "-c", "for f in 3 4 5 6 7 8 9; do eval \"true <&$f\" 2>/dev/null && echo $f; done; ls /proc/self/fd")));
	ck_assert_ptr_null(strstr(end.out, "40"));
	ck_assert_str_eq(end.out, "0\n1\n2\n3\n");   /* 3 is ls looking at its own folder */
	close(40);
	close(fd);
}
END_TEST

/* glibc keeps 32 and 33 to itself, and posix_spawn (make uses it) leaves them ignored. */
#define OF_GLIBC 0x180000000ULL

START_TEST(signals_are_as_at_birth)
{
	unsigned long long blocked, ignored;
	signal(SIGPIPE, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	ck_assert(run(ARGV("grep", "-E", "^Sig(Ign|Blk)", "/proc/self/status")));
	ck_assert_int_eq(sscanf(end.out, "SigBlk:\t%llx\nSigIgn:\t%llx\n", &blocked, &ignored), 2);
	ck_assert_uint_eq(blocked, 0);
	ck_assert_uint_eq(ignored & ~OF_GLIBC, 0);
}
END_TEST

START_TEST(a_deadline_ends_it_and_what_it_started)
{
	int64_t from = clock_mono();
	struct child c = { .argv = ARGV("sh", "-c", "sleep 31 & sleep 31; echo never"), .ms = 200 };
	ck_assert(!child_run(a, &c, &end, &e));
	ck_assert_str_eq(e.msg, "sh did not end within 0.2 s and was stopped");
	ck_assert(clock_mono() - from < 1500000);
	c = (struct child){ .argv = ARGV("sh", "-c", "trap '' TERM; echo on; while :; do sleep 0.1; done"), .ms = 200 };
	from = clock_mono();
	ck_assert(!child_run(a, &c, &end, &e));
	ck_assert_int_eq(end.signal, SIGKILL);
	ck_assert_str_eq(end.out, "on\n");
	ck_assert(clock_mono() - from < 4000000);
}
END_TEST

START_TEST(a_grandchild_that_keeps_the_pipe_does_not_hold_us)
{
	int64_t from = clock_mono();
	ck_assert(run(ARGV("sh", "-c", "sleep 20 & echo done")));
	ck_assert_str_eq(end.out, "done\n");
	ck_assert(clock_mono() - from < 3000000);
}
END_TEST

START_TEST(output_to_a_new_file)
{
	char *data;
	size_t len;
	struct child c = { .argv = ARGV("echo", "to a file"), .out_file = at("out") };
	ck_assert(child_run(a, &c, &end, &e));
	ck_assert(file_read(a, at("out"), 100, &data, &len, &e));
	ck_assert_str_eq(data, "to a file\n");
	ck_assert(!child_run(a, &c, &end, &e));   /* never over an old one */
}
END_TEST

START_TEST(shell)
{
	ck_assert(child_shell(a, "echo \"$WHAT\" | tr a-z A-Z", ARGV("WHAT=gate opened"), 5000, &end, &e));
	ck_assert_str_eq(end.out, "GATE OPENED\n");
}
END_TEST

static bool comes_true(bool (*ask)(const char *), const char *what)
{
	for (int i = 0; i < 500; i++) {
		if (ask(what))
			return true;
		poll(NULL, 0, 10);
	}
	return false;
}

static const char *contents(const char *path)
{
	char *data;
	size_t len;
	return file_exists(path) && file_read(a, path, 4096, &data, &len, NULL) ? data : "";
}

static bool has_line(const char *path)
{
	return strchr(contents(path), '\n') != NULL;
}

static bool is_late(const char *path)
{
	return strstr(contents(path), "late\n") != NULL;
}

static bool is_gone(const char *path)
{
	return !child_alive(atoi(contents(path)));
}

START_TEST(detached_outlives_us_and_writes_its_log)
{
	const char *log = at("job.log");
	int pid = 0;
	ck_assert(child_detach(ARGV("sh", "-c", "echo $$ $(cut -d' ' -f6 /proc/$$/stat); echo late >&2"), log, &pid, &e));
	ck_assert_int_gt(pid, 0);
	ck_assert(comes_true(is_late, log));
	int first = 0, session = 0;
	ck_assert_int_eq(sscanf(contents(log), "%d %d\nlate\n", &first, &session), 2);
	ck_assert_int_eq(first, pid);
	ck_assert_int_ne(session, (int)getsid(0));
	ck_assert_int_eq(waitpid(pid, NULL, 0), -1);   /* not our child */
	ck_assert(!child_detach(ARGV("/nowhere/at-all"), log, &pid, &e));
	ck_assert(!child_detach(ARGV("sh"), at("no/folder.log"), &pid, &e));
}
END_TEST

START_TEST(a_companion_ends_when_let_go)
{
	struct child_kept k = { .pid = -1, .hold = -1 };
	const char *file = at("kept");
	ck_assert(child_keep(ARGV("sh", "-c", arena_printf(a, "echo $$ > %s; exec sleep 60", file)), &k, &e));
	ck_assert(comes_true(has_line, file));
	ck_assert(child_alive(atoi(contents(file))));
	child_release(&k);
	ck_assert(is_gone(file));
	child_release(&k);
	ck_assert(!child_keep(ARGV("/nowhere/at-all"), &k, &e));
}
END_TEST

START_TEST(a_companion_ends_when_we_are_killed)
{
	const char *file = at("orphan");
	pid_t pid = fork();
	if (pid == 0) {
		struct child_kept k;
		child_keep(ARGV("sh", "-c", arena_printf(a, "echo $$ > %s; exec sleep 60", file)), &k, &e);
		pause();
	}
	ck_assert(comes_true(has_line, file));
	ck_assert(child_alive(atoi(contents(file))));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	ck_assert(comes_true(is_gone, file));
}
END_TEST

START_TEST(alive)
{
	ck_assert(child_alive(getpid()));
	ck_assert(child_alive(1));
	ck_assert(!child_alive(0));
	ck_assert(!child_alive(-1));
	pid_t pid = fork();
	if (pid == 0)
		_exit(0);
	siginfo_t end_of_it;
	ck_assert_int_eq(waitid(P_PID, (id_t)pid, &end_of_it, WEXITED | WNOWAIT), 0);
	ck_assert(!child_alive(pid));   /* ended, not yet waited for */
	waitpid(pid, NULL, 0);
	ck_assert(!child_alive(pid));
	ck_assert_uint_eq(strlen(child_boot_id(a)), 36);
}
END_TEST

/* What is cut off is no answer. */
START_TEST(answers)
{
	const char *out;
	size_t len;
	ck_assert(child_answer(a, "printf yes", 5000, &out, &len, &e));
	ck_assert_str_eq(out, "yes");
	ck_assert_uint_eq(len, 3);
	ck_assert(child_answer(a, "head -c 1048576 /dev/zero", 5000, &out, &len, &e));
	ck_assert_uint_eq(len, 1048576);
	ck_assert(!child_answer(a, "head -c 1048577 /dev/zero", 5000, &out, &len, &e));
	ck_assert_str_eq(e.msg, "its command printed more than 1 MiB");
	ck_assert(!child_answer(a, "echo yes; exit 4", 5000, &out, &len, &e));
	ck_assert_str_eq(e.msg, "its command failed with status 4");
	ck_assert(!child_answer(a, "kill -15 $$", 5000, &out, &len, &e));
	ck_assert_str_eq(e.msg, "its command failed with status 143");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("child");
	TCase *t = tcase_create("child");
	tcase_set_timeout(t, 30);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, output_and_status);
	tcase_add_test(t, what_is_missing_is_named);
	tcase_add_test(t, input_is_given_whole);
	tcase_add_test(t, output_is_capped);
	tcase_add_test(t, answers);
	tcase_add_test(t, environment_is_an_allow_list);
	tcase_add_test(t, no_descriptor_of_ours_goes_along);
	tcase_add_test(t, signals_are_as_at_birth);
	tcase_add_test(t, a_deadline_ends_it_and_what_it_started);
	tcase_add_test(t, a_grandchild_that_keeps_the_pipe_does_not_hold_us);
	tcase_add_test(t, output_to_a_new_file);
	tcase_add_test(t, shell);
	tcase_add_test(t, detached_outlives_us_and_writes_its_log);
	tcase_add_test(t, a_companion_ends_when_let_go);
	tcase_add_test(t, a_companion_ends_when_we_are_killed);
	tcase_add_test(t, alive);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return test_main(suite());
}
