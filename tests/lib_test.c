/* SPDX-License-Identifier: MIT */
#include "tests/lib_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[256];
static pid_t owner;

static void remove_dir(void)
{
	if (dir[0] == '\0' || getpid() != owner)
		return;
	pid_t pid = fork();
	if (pid == 0) {
		execl("/bin/rm", "rm", "-rf", "--", dir, (char *)NULL);
		_exit(127);
	}
	if (pid > 0)
		waitpid(pid, NULL, 0);
}

const char *test_dir(void)
{
	if (dir[0] != '\0')
		return dir;
	const char *tmp = getenv("TMPDIR");
	snprintf(dir, sizeof dir, "%s/gwtest.XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(dir)) {
		perror(dir);
		exit(2);
	}
	owner = getpid();
	atexit(remove_dir);
	return dir;
}

const char *test_fixture(const char *name)
{
	static char path[4][512];
	static int turn;
	const char *root = getenv("GW_ROOT");
	char *p = path[turn++ % 4];
	snprintf(p, sizeof path[0], "%s/tests/%s", root ? root : ".", name);
	return p;
}

int test_main(Suite *s)
{
	test_dir();
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}

int test_cases(const char *name, const TTest *const *tests, size_t n, SFun setup, SFun teardown)
{
	Suite *s = suite_create(name);
	TCase *t = tcase_create(name);
	tcase_add_checked_fixture(t, setup, teardown);
	for (size_t i = 0; i < n; i++)
		tcase_add_test(t, tests[i]);
	suite_add_tcase(s, t);
	return test_main(s);
}
