/* SPDX-License-Identifier: MIT */
/* tool_journal DIR LINES SIGNED: a walk's folder with a log of LINES lines, SIGNED of them signed, for the benchmark and for
   the shell lines of gatewalk-log(5). */
#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "port/files.h"
#include "tests/forge_log.h"

static int make(const char *dir, long lines, long is_signed)
{
	struct forge f;
	struct err e = { 0 };
	forge_start(&f, "ada@example");
	forge_begin(&f);
	for (long i = 1, done = 1; i < lines; i++) {
		if (done * lines < i * is_signed) {
			forge_declare(&f, "rehearsal of 3 November, clone of the night before");
			done++;
		} else {
			forge_job(&f, "a sample of the column's readers was taken and none was new");
		}
	}
	struct arena *a = arena_new();
	bool good = dir_make(dir, &e) && dir_make(path_join(a, dir, "blobs"), &e)
		&& file_write(path_join(a, dir, "allowed_signers"), f.allowed, strlen(f.allowed), &e)
		&& file_write(path_join(a, dir, "plan.gwlog"), f.log.s, f.log.len, &e);
	if (!good)
		fprintf(stderr, "tool_journal: %s\n", e.msg);
	arena_free(a);
	forge_end(&f);
	return good ? 0 : 1;
}

int main(int argc, char **argv)
{
	long lines = argc == 4 ? strtol(argv[2], NULL, 10) : 0, is_signed = argc == 4 ? strtol(argv[3], NULL, 10) : 0;
	if (lines < 1 || is_signed < 1 || is_signed > lines || !crypto_start()) {
		fputs("usage: tool_journal DIR LINES SIGNED (1 <= SIGNED <= LINES)\n", stderr);
		return 2;
	}
	return make(argv[1], lines, is_signed);
}
