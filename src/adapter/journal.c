/* SPDX-License-Identifier: MIT */
#include "adapter/journal_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "port/files.h"

struct journal *journal_new(const char *dir_or_file, const char *sid)
{
	struct arena *a = arena_new();
	struct journal *j = arena_alloc(a, sizeof *j);
	struct stat st;
	const char *slash = strrchr(dir_or_file, '/');
	j->arena = a;
	j->scratch = arena_new();
	j->fd = j->lock_fd = -1;
	j->torn_at = -1;
	j->sid = arena_dup(a, sid);
	if (stat(dir_or_file, &st) == 0 && !S_ISDIR(st.st_mode)) {
		j->path = arena_dup(a, dir_or_file);
		j->dir = slash ? arena_dupn(a, dir_or_file, slash == dir_or_file ? 1 : (size_t)(slash - dir_or_file)) : ".";
	} else {
		j->dir = arena_dup(a, dir_or_file);
		j->path = path_join(a, dir_or_file, LOG_NAME);
	}
	j->shown = text_clean(a, j->path);
	sha256_init(&j->hash);
	sha256_hex(j->hash, j->head);
	return j;
}

void journal_close(struct journal *j)
{
	if (!j)
		return;
	if (j->fd >= 0)
		close(j->fd);
	if (j->lock_fd >= 0)
		close(j->lock_fd);
	struct arena *a = j->arena;
	arena_free(j->scratch);
	arena_free(a);
}

static struct journal *given_up(struct journal *j)
{
	journal_close(j);
	return NULL;
}

bool journal_trust(struct journal *j, struct err *e)
{
	char *text;
	size_t len;
	const char *path = path_join(j->arena, j->dir, SIGNERS_NAME);
	if (!file_read(j->arena, path, SIGNERS_MAX, &text, &len, e))
		return false;
	return signers_parse(j->arena, text, len, &j->trust, e) || err_in(e, "beside %s", j->shown);
}

static bool read_log(struct journal *j, struct err *e)
{
	char *data;
	size_t len;
	if (!journal_trust(j, e) || !file_read(j->arena, j->path, GWLOG_FILE_MAX, &data, &len, e))
		return false;
	return journal_take(j, data, len, e);
}

static bool someone_has_it(struct journal *j, struct err *e)
{
	char buf[32] = "";
	ssize_t n = pread(j->lock_fd, buf, sizeof buf - 1, 0);
	long pid = n > 0 ? strtol(buf, NULL, 10) : 0;
	return err_set(e, ERR_USE, "close it there first; to look only: gatewalk status, gatewalk verify",
		"another gatewalk (pid %ld) has this walk open", pid);
}

static bool take_lock(struct journal *j, struct err *e)
{
	char pid[32];
	const char *path = path_join(j->arena, j->dir, LOCK_NAME);
	j->lock_fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (j->lock_fd < 0)
		return err_set(e, ERR_SYSTEM, NULL, "cannot open the lock of %s: %s", j->shown, strerror(errno));
	while (flock(j->lock_fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno == EWOULDBLOCK)
			return someone_has_it(j, e);
		if (errno != EINTR)
			return err_set(e, ERR_SYSTEM, "the folder must be on a file system that can lock", "cannot lock %s: %s", j->shown, strerror(errno));
	}
	int len = snprintf(pid, sizeof pid, "%d\n", (int)getpid());
	bool noted = ftruncate(j->lock_fd, 0) == 0 && pwrite(j->lock_fd, pid, (size_t)len, 0) == len;
	(void)noted;   /* the pid is a courtesy: a full disk must not shut us out */
	return true;
}

/* Room that is given up when the disk is full, so that an outcome can still be written. */
void journal_ballast(struct journal *j, bool there)
{
	struct arena *a = arena_new();
	const char *path = path_join(a, j->dir, BALLAST_NAME);
	if (!there)
		unlink(path);
	if (there && !file_exists(path)) {
		int fd = file_create(path, NULL);
		if (fd >= 0 && !file_write_all(fd, arena_alloc(a, BALLAST_SIZE), BALLAST_SIZE, path, NULL))
			unlink(path);
		if (fd >= 0)
			close(fd);
	}
	arena_free(a);
}

/* Folder, lock, append descriptor, ballast. */
static bool hold(struct journal *j, struct err *e)
{
	if (!dir_make(j->dir, e) || !take_lock(j, e))
		return false;
	j->fd = open(j->path, O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC);
	if (j->fd < 0)
		return err_set(e, ERR_SYSTEM, NULL, "cannot open %s: %s", j->shown, strerror(errno));
	journal_ballast(j, true);
	return true;
}

/* The name and key that will sign must be known to the log, or its readers would refuse everything they sign. A host that was
   renamed since is no other operator: the log's own name for this key goes on. */
static bool signer_is_known(const struct journal *j, struct err *e)
{
	const struct signers_line *same_key = NULL;
	for (size_t i = 0; i < j->trust.n; i++) {
		const struct signers_line *l = &j->trust.line[i];
		if (strcmp(l->key.fingerprint, signer_fingerprint(j->signer)) != 0)
			continue;
		if (strcmp(l->name, signer_principal(j->signer)) == 0)
			return true;
		same_key = l;
	}
	if (same_key && signer_go_by(j->signer, same_key->name))
		return true;
	return err_set(e, ERR_SIGNATURE, "go on with the key the walk began with (--key), under the same name",
		"%s with the key %s is not among the signers of this walk", signer_principal(j->signer), signer_fingerprint(j->signer));
}

static bool folder_fill(struct journal *j, struct err *e)
{
	const char *allowed = arena_printf(j->arena, "%s\n", signer_allowed_line(j->signer));
	const char *signers = path_join(j->arena, j->dir, SIGNERS_NAME);
	int fd = file_create(j->path, e);
	if (fd < 0)
		return false;
	bool good = file_sync(fd, j->path, e);
	close(fd);
	return good && dir_make(path_join(j->arena, j->dir, BLOBS_NAME), e) && file_write(signers, allowed, strlen(allowed), e)
		&& dir_sync(j->dir, e) && dir_sync(path_join(j->arena, j->dir, ".."), e);
}

struct journal *journal_create(const char *dir, const char *sid, const char *db_id, struct signer *s, struct err *e)
{
	if (!s) {
		err_set(e, ERR_SIGNATURE, NULL, "a walk's log begins with a signature, and there is no key");
		return NULL;
	}
	if (!dir_make(dir, e))
		return NULL;
	struct journal *j = journal_new(dir, sid);
	j->db = arena_dup(j->arena, db_id);
	j->signer = s;
	if (!folder_fill(j, e) || !hold(j, e) || !journal_trust(j, e) || !signer_is_known(j, e))
		return given_up(j);
	return j;
}

struct journal *journal_open(const char *dir, struct signer *s, struct err *e)
{
	struct journal *j = journal_new(dir, NULL);
	j->signer = s;
	if (!file_exists(j->path)) {
		err_set(e, ERR_SYSTEM, NULL, "there is no log %s", j->shown);
		return given_up(j);
	}
	if (!hold(j, e) || !file_sync(j->fd, j->path, e) || !read_log(j, e) || (s && !signer_is_known(j, e)))
		return given_up(j);
	return j;
}

struct journal *journal_read(const char *dir_or_file, struct err *e)
{
	struct journal *j = journal_new(dir_or_file, NULL);
	return read_log(j, e) ? j : given_up(j);
}

const char *journal_sid(const struct journal *j)
{
	return j->sid;
}

const char *journal_dir(const struct journal *j)
{
	return j->dir;
}

size_t journal_count(const struct journal *j)
{
	return j->n_lines;
}

const struct line_mark *journal_mark(const struct journal *j, size_t i)
{
	return i < j->n_lines ? &j->lines[i].mark : NULL;
}

const char *journal_raw(const struct journal *j, size_t i)
{
	return i < j->n_lines ? j->lines[i].raw : NULL;
}

const char *journal_head(const struct journal *j)
{
	return j->head;
}

bool journal_torn(const struct journal *j)
{
	return j->torn_at >= 0;
}

const char *journal_path(const struct journal *j)
{
	return j->path;
}

bool journal_unchanged(const struct journal *j)
{
	char buf[65536], head[65];
	struct sha256 h;
	ssize_t n = 0;
	int fd = file_open(j->path, NULL);
	if (fd < 0)
		return false;
	sha256_init(&h);
	while ((n = read(fd, buf, sizeof buf)) > 0 || (n < 0 && errno == EINTR))
		if (n > 0)
			sha256_add(&h, buf, (size_t)n);
	close(fd);
	sha256_hex(h, head);
	return n == 0 && strcmp(head, j->head) == 0;
}
