/* SPDX-License-Identifier: MIT */
#include "tests/lib_tool.h"

#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/lib_test.h"

struct pty tool_pty;
static char log_path[600];

char *tool_path(void)
{
	static char path[600];
	char self[512];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	ck_assert_int_gt(n, 0);
	self[n] = '\0';
	snprintf(path, sizeof path, "%s/tool_screens", dirname(self));
	return path;
}

void tool_start_at(int rows, int cols, const char *const *env, const char *const *args)
{
	char *argv[12] = { tool_path(), (char *)(uintptr_t)args[0], (char *)"--log", log_path };
	snprintf(log_path, sizeof log_path, "%s/orders.%d", test_dir(), (int)getpid());
	for (int i = 1; i < 8 && args[i]; i++)
		argv[3 + i] = (char *)(uintptr_t)args[i];
	remove(log_path);
	pty_start(&tool_pty, rows, cols, env, argv);
}

const char *tool_orders(void)
{
	static char all[8192];
	FILE *f = fopen(log_path, "r");
	size_t n = f ? fread(all, 1, sizeof all - 1, f) : 0;
	all[n] = '\0';
	if (f)
		fclose(f);
	return all;
}

void tool_ends(int status)
{
	ck_assert_int_eq(pty_end(&tool_pty), status);
	ck_assert(pty_given_back(&tool_pty));
}

void tool_teardown(void)
{
	if (tool_pty.vt)
		pty_free(&tool_pty);
	memset(&tool_pty, 0, sizeof tool_pty);
}
