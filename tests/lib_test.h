/* SPDX-License-Identifier: MIT */
/* What every Check program of ours needs. */
#ifndef GW_TESTS_LIB_TEST_H
#define GW_TESTS_LIB_TEST_H

#include <check.h>

/* Check tells its parent the place of each assertion that holds, to name the last one of a test that crashes: over a loop's bytes
   that takes longer than all else. Where ours crash, the sanitizers say. */
#define _mark_point(file, line) ((void)0)

/* Runs the suite (CK_FORK=no is honoured) and gives main's exit status. Prints Check's closing line. */
int test_main(Suite *s);
/* The same of one case: each of the n tests between setup and teardown. */
int test_cases(const char *name, const TTest *const *tests, size_t n, SFun setup, SFun teardown);
/* A new folder under TMPDIR or /tmp, removed at exit; the same one for the life of the process. */
const char *test_dir(void);
/* The source tree's path of a fixture: test_fixture("plans/bad.yaml") is tests/plans/bad.yaml. */
const char *test_fixture(const char *name);

#endif
