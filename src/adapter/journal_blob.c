/* SPDX-License-Identifier: MIT */
/* Evidence by content: a file's name is the SHA-256 of its bytes, and reading checks it. */
#include "adapter/journal_private.h"

#include <string.h>

#include "core/body.h"
#include "port/files.h"

#define BLOB_MAX (64 * 1024 * 1024)

static const char *blob_path(const struct journal *j, struct arena *a, const char *sha)
{
	return path_join(a, path_join(a, j->dir, BLOBS_NAME), sha);
}

bool journal_blob_get(const struct journal *j, struct arena *a, const char *sha, char **data, size_t *len, struct err *e)
{
	char found[65];
	if (!hex_is(sha, 64))
		return err_set(e, ERR_VERIFY, NULL, "what should name a piece of evidence is no SHA-256");
	const char *path = blob_path(j, a, sha);
	if (!file_exists(path))
		return err_set(e, ERR_VERIFY, NULL, "the evidence %.12s is gone from %s/%s", sha, j->dir, BLOBS_NAME);
	if (!file_read(a, path, BLOB_MAX, data, len, e))
		return false;
	crypto_sha256_hex(*data, *len, found);
	return strcmp(found, sha) == 0 || err_set(e, ERR_VERIFY, NULL, "the evidence %.12s in %s/%s was changed", sha, j->dir, BLOBS_NAME);
}

bool journal_blob_put(struct journal *j, const void *data, size_t len, char sha[static 65], struct err *e)
{
	struct arena *a = arena_new();
	char *there;
	size_t there_len;
	bool good = len <= BLOB_MAX || err_set(e, ERR_INTERNAL, NULL, "evidence of more than %d MiB", BLOB_MAX >> 20);
	crypto_sha256_hex(data, len, sha);
	const char *path = blob_path(j, a, sha);
	if (good && !(file_exists(path) && journal_blob_get(j, a, sha, &there, &there_len, NULL)))
		good = file_write(path, data, len, e);
	arena_free(a);
	return good;
}
