/* SPDX-License-Identifier: MIT */
#include "adapter/journal_private.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "port/files.h"

/* A mirrored line may have the debris before it: "~BASE64 LF LINE". */
static bool add_line(struct text *log, struct arena *a, const char *line, struct err *e)
{
	if (line[0] == '~') {
		const char *lf = strchr(line, '\n');
		unsigned char *debris;
		size_t len;
		if (!lf || !crypto_unbase64(a, arena_dupn(a, line + 1, (size_t)(lf - line - 1)), &debris, &len))
			return err_set(e, ERR_VERIFY, NULL, "a mirrored torn line is damaged");
		text_addn(log, debris, len);
		text_addn(log, "\n", 1);
		line = lf + 1;
	}
	text_add(log, line);
	text_addn(log, "\n", 1);
	return true;
}

/* Checked in memory before a file is made. */
static bool check(const char *dir, const struct text *log, const char *allowed, struct err *e)
{
	struct walk w;
	struct journal *j = journal_new(dir, NULL);
	char *copy = arena_dupn(j->arena, text_str(log), log->len);
	walk_init(&w, j->arena);
	j->fold = &w;
	bool good = signers_parse(j->arena, allowed, strlen(allowed), &j->trust, e) && journal_take(j, copy, log->len, e);
	if (good && j->torn_at >= 0)
		good = err_set(e, ERR_VERIFY, NULL, "the mirrored lines end in the middle of one");
	journal_close(j);
	return good;
}

static bool folder_write(struct arena *a, const char *dir, const struct text *log, const char *allowed, struct err *e)
{
	const char *path = path_join(a, dir, LOG_NAME), *signers = path_join(a, dir, SIGNERS_NAME);
	if (!dir_make(dir, e))
		return false;
	if (file_exists(path))
		return err_set(e, ERR_USE, NULL, "%s exists, and is not written over", path);
	return dir_make(path_join(a, dir, BLOBS_NAME), e) && file_write(signers, allowed, strlen(allowed), e)
		&& file_write(path, text_str(log), log->len, e) && dir_sync(path_join(a, dir, ".."), e);
}

bool journal_rebuild(const char *dir, const char *const *lines, size_t n, const char *allowed_signers, struct err *e)
{
	struct arena *a = arena_new();
	struct text log = { 0 };
	bool good = true;
	for (size_t i = 0; good && i < n; i++) {
		good = add_line(&log, a, lines[i], e);
		if (good && log.len > GWLOG_FILE_MAX)
			good = err_set(e, ERR_VERIFY, NULL, "the mirrored log is larger than %d MiB", GWLOG_FILE_MAX >> 20);
	}
	good = good && check(dir, &log, allowed_signers, e) && folder_write(a, dir, &log, allowed_signers, e);
	text_free(&log);
	arena_free(a);
	return good;
}
