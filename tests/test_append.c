/* SPDX-License-Identifier: MIT */
/* Writing a log, with the real ssh-keygen and a disk that fails on demand. */
#include "adapter/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "port/child.h"
#include "port/crypto.h"
#include "port/files.h"
#include "tests/lib_test.h"

#define SID "00112233445566778899aabbccddeeff"
#define DB "7300000000000000001.16384.6f1e2d3c"
#define WHO "ada@example"

/* ---- the failing disk: these stand in the place of libc's ---- */

static int fail_fsync, fail_fallocate, write_only = -1;

int fsync(int fd)
{
	if (!fail_fsync)
		return (int)syscall(SYS_fsync, fd);
	errno = EIO;
	return -1;
}

/* ext4 cannot tell of a limit beforehand, tmpfs can. */
static bool no_fallocate;

int fallocate(int fd, int mode, off_t from, off_t len)
{
	if (no_fallocate) {
		errno = EOPNOTSUPP;
		return -1;
	}
	if (!fail_fallocate)
		return (int)syscall(SYS_fallocate, fd, mode, from, len);
	fail_fallocate--;
	errno = ENOSPC;
	return -1;
}

/* After so many bytes to a log, nothing more: a short write, then ENOSPC. */
ssize_t write(int fd, const void *data, size_t len)
{
	char path[PATH_MAX], link[64] = "/proc/self/fd/";
	snprintf(link + strlen(link), 20, "%d", fd);
	ssize_t n = write_only < 0 ? -1 : readlink(link, path, sizeof path - 1);
	if (n < 10 || memcmp(path + n - 10, "plan.gwlog", 10) != 0)
		return syscall(SYS_write, fd, data, len);
	if (write_only == 0) {
		errno = ENOSPC;
		return -1;
	}
	if (len > (size_t)write_only)
		len = (size_t)write_only;
	write_only -= (int)len;
	return syscall(SYS_write, fd, data, len);
}

/* ---- a walk ---- */

static struct arena *a;
static struct err e;
static struct signer *s;
static struct journal *j;
static const char *dir, *path;
static int64_t now;

static const char *at(const char *name)
{
	return path_join(a, test_dir(), name);
}

static const char *key(const char *name)
{
	const char *file = at(name), *const argv[] = { "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", file, NULL };
	struct child c = { .argv = argv };
	struct child_end end;
	if (!file_exists(file))
		ck_assert(child_run(a, &c, &end, &e) && end.status == 0);
	return file;
}

static struct stamp stamp(void)
{
	now += 1000000;
	return (struct stamp){ .t = now, .local = now, .mono_ms = now / 1000, .boot = "b", .lsn = "0/1", .xid = "", .tli = 1 };
}

static const struct record *add(enum record_op op, const struct json *b)
{
	struct stamp st = stamp();
	return journal_append(j, op, b, &st, false, &e);
}

static const struct record *job(const char *note)
{
	struct json *b = json_obj(a);
	json_add_str(b, "event", "start");
	json_add_int(b, "job", 1);
	json_add_str(b, "kind", "watch");
	json_add_str(b, "note", note);
	return add(OP_JOB, b);
}

static const struct record *declare(const char *value)
{
	struct json *b = json_obj(a);
	json_add_str(b, "key", "");
	json_add_str(b, "value", value);
	json_add_str(b, "what", "rehearsed");
	return add(OP_DECLARE, b);
}

static struct json *begin_body(void)
{
	char *allowed, sha[65];
	size_t len;
	struct json *b = json_obj(a);
	ck_assert(file_read(a, path_join(a, dir, "allowed_signers"), 4096, &allowed, &len, &e));
	crypto_sha256_hex(allowed, len, sha);
	json_add_int(b, "attnum", 3);
	json_add_int(b, "day_us", 86400000000);
	json_add_str(b, "environment", "production");
	json_add_str(b, "gatewalk", "0.1.0");
	json_add_str(b, "install_id", "6f1e2d3c");
	json_add_str(b, "name", "drop-notes");
	json_add_str(b, "plan", sha);
	json_add_int(b, "relid", 16401);
	json_add_str(b, "server", "db1");
	json_add_str(b, "signers", sha);
	json_add_str(b, "target", "public.orders.notes");
	return b;
}

static void setup(void)
{
	ck_assert(crypto_start());
	a = arena_new();
	memset(&e, 0, sizeof e);
	setenv("XDG_RUNTIME_DIR", test_dir(), 1);
	now = INT64_C(1760000000000000);
	static int walks;
	dir = at(arena_printf(a, "walk%d.%d", getpid(), ++walks));
	path = path_join(a, dir, "plan.gwlog");
	s = signer_open(key("k"), WHO, &e);
	ck_assert_msg(s && signer_unlock(s, &e), "%s", e.msg);
	j = journal_create(dir, SID, DB, s, &e);
	ck_assert_msg(j != NULL, "%s", e.msg);
	ck_assert_msg(add(OP_BEGIN, begin_body()) != NULL, "%s", e.msg);
}

static void teardown(void)
{
	journal_close(j);
	signer_close(s);
	arena_free(a);
}

static bool reopen(void)
{
	journal_close(j);
	j = journal_open(dir, s, &e);
	return j != NULL;
}

static void good(int64_t lines, int64_t is_signed)
{
	struct verify_end v;
	ck_assert_msg(journal_verify(a, dir, &v, &e), "%s", e.msg);
	ck_assert_int_eq(v.lines, lines);
	ck_assert_int_eq(v.is_signed, is_signed);
	ck_assert_str_eq(v.sid, SID);
	ck_assert_str_eq(v.head, journal_head(j));
	ck_assert(strncmp(v.keys, WHO " SHA256:", strlen(WHO) + 8) == 0);
}

static int64_t size(void)
{
	struct stat st;
	return stat(path, &st) == 0 ? st.st_size : -1;
}

START_TEST(written_and_read_again)
{
	const struct record *r = job("one");
	ck_assert_msg(r && !r->sealed && !r->signature, "%s", e.msg);
	ck_assert_str_eq(r->head, journal_mark(j, 1)->head);
	const struct record *d = declare("two \"quoted\" \xc3\xa4 and a tab\there");
	ck_assert_msg(d && d->sealed && d->signature, "%s", e.msg);
	ck_assert(journal_line(j, a, 1)->sealed);   /* the signature covers it */
	ck_assert_str_eq(d->prev, journal_mark(j, 1)->head);
	ck_assert_str_eq(json_str(d->b, "value"), "two \"quoted\" \xc3\xa4 and a tab\there");
	good(3, 2);
	const char *head = arena_dup(a, journal_head(j)), *raw = arena_dup(a, journal_raw(j, 2));
	ck_assert_msg(reopen(), "%s", e.msg);
	ck_assert_str_eq(journal_head(j), head);
	ck_assert_str_eq(journal_raw(j, 2), raw);
	ck_assert(job("three"));
	good(4, 2);
}
END_TEST

START_TEST(everything_is_private)
{
	static const char *const names[] = { "plan.gwlog", "allowed_signers", "lock", "ballast" };
	struct stat st;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		ck_assert_int_eq(stat(path_join(a, dir, names[i]), &st), 0);
		ck_assert_uint_eq(st.st_mode & 07777, 0600);
	}
	ck_assert_int_eq(st.st_size, 65536);
	ck_assert_int_eq(stat(path_join(a, dir, "blobs"), &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0700);
	ck_assert_int_eq(stat(dir, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0700);
	ck_assert_ptr_null(journal_create(dir, SID, DB, s, &e));
	ck_assert_ptr_nonnull(strstr(e.msg, "plan.gwlog: File exists"));
}
END_TEST

START_TEST(a_second_writer_is_refused)
{
	struct err why = { 0 };
	ck_assert_ptr_null(journal_open(dir, s, &why));
	ck_assert_int_eq(why.code, ERR_USE);
	ck_assert_str_eq(why.msg, arena_printf(a, "another gatewalk (pid %d) has this walk open", (int)getpid()));
	struct journal *only = journal_read(dir, &why);   /* looking is free */
	ck_assert_ptr_nonnull(only);
	struct stamp st = stamp();
	ck_assert_ptr_null(journal_append(only, OP_QUIET, json_obj(a), &st, false, &why));
	ck_assert_str_eq(why.msg, "this log was opened for reading only");
	journal_close(only);
	ck_assert(reopen());
}
END_TEST

START_TEST(what_cannot_be_signed_is_not_written)
{
	int64_t before = size();
	struct stamp st = stamp();
	ck_assert_ptr_null(journal_append(j, OP_INTENT, json_obj(a), &st, true, &e));   /* no terminal here, or no passphrase */
	ck_assert_int_eq(e.code, ERR_SIGNATURE);
	journal_close(j);
	signer_close(s);
	s = signer_open(key("k"), WHO, &e);
	j = journal_open(dir, s, &e);
	ck_assert_ptr_null(declare("locked"));
	ck_assert_int_eq(e.code, ERR_SIGNATURE);
	ck_assert_int_eq(size(), before);
	ck_assert(job("unsigned lines need no key"));
	good(2, 1);
}
END_TEST

START_TEST(what_readers_would_refuse_is_not_written)
{
	int64_t before = size();
	ck_assert_ptr_null(add(OP_BEGIN, begin_body()));
	ck_assert_str_eq(e.msg, "gatewalk's own line is refused: a second begin line");
	struct json *b = json_obj(a);
	json_add_bool(b, "yes", true);
	ck_assert_ptr_null(add(OP_JOB, b));
	ck_assert_str_eq(e.msg, "a line \"job\" does not fit the log's form");
	char *big = arena_alloc(a, GWLOG_LINE_MAX);
	memset(big, 'x', GWLOG_LINE_MAX - 1);
	ck_assert_ptr_null(job(big));
	ck_assert_str_eq(e.msg, "a line \"job\" is too long for the log");
	ck_assert_int_eq(size(), before);
	ck_assert(job("and on"));
}
END_TEST

START_TEST(another_key_does_not_go_on)
{
	journal_close(j);
	struct signer *other = signer_open(key("other"), WHO, &e);
	ck_assert_ptr_null(journal_open(dir, other, &e));
	ck_assert_int_eq(e.code, ERR_SIGNATURE);
	ck_assert_ptr_nonnull(strstr(e.msg, "is not among the signers of this walk"));
	signer_close(other);
	struct signer *named = signer_open(key("k"), "bob@example", &e);
	ck_assert_ptr_null(journal_open(dir, named, &e));
	signer_close(named);
	signer_close(s);
	s = signer_open(key("k"), NULL, &e);
	j = journal_open(dir, s, &e);
	ck_assert_msg(j != NULL, "%s", e.msg);
	ck_assert_str_eq(signer_principal(s), WHO);
	ck_assert(signer_unlock(s, &e) && declare("as before"));
	good(2, 2);
}
END_TEST

START_TEST(changed_while_open)
{
	int fd = open(path, O_WRONLY | O_APPEND);
	ck_assert_int_eq(syscall(SYS_write, fd, "x", 1), 1);
	close(fd);
	ck_assert_ptr_null(job("x"));
	ck_assert_int_eq(e.code, ERR_VERIFY);
	ck_assert_ptr_nonnull(strstr(e.msg, "was changed while it was open"));
	unlink(path);
	ck_assert_ptr_null(job("x"));
	ck_assert_ptr_nonnull(strstr(e.msg, "was taken away while it was open"));
}
END_TEST

/* ---- the disk ---- */

static void is_dead(void)
{
	ck_assert_ptr_null(job("again"));
	ck_assert_int_eq(e.code, ERR_SYSTEM);
	ck_assert_ptr_nonnull(strstr(e.msg, "could not be written before, and is not written again"));
}

static void seal(void)
{
	struct stamp st = stamp();
	ck_assert(journal_torn(j));
	ck_assert_ptr_null(declare("not before it is sealed"));
	ck_assert_ptr_nonnull(strstr(e.msg, "the last line of "));
	ck_assert_msg(journal_seal_torn(j, &st, &e), "%s", e.msg);
	ck_assert(!journal_torn(j));
}

START_TEST(a_limit_on_the_files_size)
{
	struct rlimit was, less;
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &was);
	less = was;
	less.rlim_cur = (rlim_t)size() + 100;
	setrlimit(RLIMIT_FSIZE, &less);
	no_fallocate = true;
	ck_assert_ptr_null(job("too much"));
	no_fallocate = false;
	ck_assert_int_eq(e.code, ERR_SYSTEM);
	ck_assert_str_eq(e.hint, "the disk is full: make room, then go on");
	ck_assert(!file_exists(path_join(a, dir, "ballast")));
	is_dead();
	setrlimit(RLIMIT_FSIZE, &was);
	ck_assert_msg(reopen(), "%s", e.msg);
	ck_assert_uint_eq(journal_count(j), 1);
	seal();
	ck_assert(declare("room again"));
	good(3, 2);
	ck_assert(file_exists(path_join(a, dir, "ballast")));
}
END_TEST

/* Wherever the write stops, the log can be opened, sealed and gone on with, and what was not written is not believed. */
START_TEST(cut_at_every_byte)
{
	int64_t lines = 1, decisions = 1;
	for (int k = 0; k < 400; k += k < 8 ? 1 : 31) {
		write_only = k;
		ck_assert_ptr_null(job("a note of some length"));
		write_only = -1;
		is_dead();
		ck_assert_msg(reopen(), "%d: %s", k, e.msg);
		ck_assert_int_eq((int64_t)journal_count(j), lines);
		if (k > 0) {
			seal();
			lines++;
		}
		ck_assert(declare("on"));
		good(++lines, ++decisions);
	}
}
END_TEST

START_TEST(the_sealing_itself_cut_at_every_byte)
{
	int64_t lines = 1;
	for (int k = 0; k < 400; k += k < 8 ? 1 : 31) {
		write_only = 200;
		ck_assert_ptr_null(job("a note of some length"));
		write_only = -1;
		ck_assert(reopen());
		struct stamp st = stamp();
		write_only = k;
		ck_assert(!journal_seal_torn(j, &st, &e));
		write_only = -1;
		is_dead();
		ck_assert_msg(reopen(), "%d: %s", k, e.msg);
		seal();
		good(++lines, 1);
	}
}
END_TEST

/* A file that may only grow keeps what a failed sealing left. */
START_TEST(debris_of_a_failed_sealing_is_debris)
{
	static const char *const tails[] = { "{\"b\":{\"a", "{\"b\":{\"a\n{\"b\":", "x\ny\nz" };
	int64_t lines = 1;
	for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
		int fd = open(path, O_WRONLY | O_APPEND);
		ck_assert_int_eq(syscall(SYS_write, fd, tails[i], strlen(tails[i])), (long)strlen(tails[i]));
		close(fd);
		ck_assert_msg(reopen(), "%s", e.msg);
		seal();
		good(++lines, 1);
		ck_assert(reopen());
	}
}
END_TEST

START_TEST(fsync_fails)
{
	fail_fsync = 1;
	ck_assert_ptr_null(declare("lost?"));
	ck_assert_int_eq(e.code, ERR_SYSTEM);
	ck_assert_ptr_nonnull(strstr(e.msg, "cannot make durable"));
	is_dead();
	ck_assert_uint_eq(journal_count(j), 1);
	ck_assert(!reopen());   /* still no fsync: nothing is built on what may not be there */
	fail_fsync = 0;
	j = journal_open(dir, s, &e);
	ck_assert_ptr_nonnull(j);
	ck_assert_uint_eq(journal_count(j), 2);
	good(2, 2);
}
END_TEST

START_TEST(full_before_a_byte_is_written)
{
	int64_t before = size();
	fail_fallocate = 1;
	ck_assert_ptr_null(job("x"));
	ck_assert_int_eq(e.code, ERR_SYSTEM);
	ck_assert_str_eq(e.hint, "the disk is full: make room, then go on. Nothing was written");
	ck_assert_int_eq(size(), before);
	ck_assert(file_exists(path_join(a, dir, "ballast")));
	ck_assert_msg(job("room again") != NULL, "%s", e.msg);   /* nothing was written: the handle lives */
	good(2, 1);
	fail_fallocate = 1;
	struct json *b = json_obj(a);
	json_add_str(b, "why", "");
	ck_assert_msg(add(OP_OUTCOME, b) != NULL, "%s", e.msg);   /* an outcome takes the ballast's room */
	ck_assert(!file_exists(path_join(a, dir, "ballast")));
}
END_TEST

START_TEST(evidence)
{
	char sha[65], *data;
	size_t len;
	ck_assert(journal_blob_put(j, "{\"rows\":3}", 10, sha, &e));
	ck_assert(journal_blob_put(j, "{\"rows\":3}", 10, sha, &e));
	ck_assert(journal_blob_get(j, a, sha, &data, &len, &e));
	ck_assert_str_eq(data, "{\"rows\":3}");
	const char *file = path_join(a, path_join(a, dir, "blobs"), sha);
	ck_assert(file_write(file, "{\"rows\":4}", 10, &e));
	ck_assert(!journal_blob_get(j, a, sha, &data, &len, &e));
	ck_assert_int_eq(e.code, ERR_VERIFY);
	ck_assert_ptr_nonnull(strstr(e.msg, "was changed"));
	unlink(file);
	ck_assert(!journal_blob_get(j, a, sha, &data, &len, &e));
	ck_assert_ptr_nonnull(strstr(e.msg, "is gone from"));
	ck_assert(!journal_blob_get(j, a, "../plan.gwlog", &data, &len, &e));
	ck_assert_str_eq(e.msg, "what should name a piece of evidence is no SHA-256");
}
END_TEST

static Suite *suite(void)
{
	Suite *su = suite_create("append");
	TCase *t = tcase_create("append");
	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, written_and_read_again);
	tcase_add_test(t, everything_is_private);
	tcase_add_test(t, a_second_writer_is_refused);
	tcase_add_test(t, what_cannot_be_signed_is_not_written);
	tcase_add_test(t, what_readers_would_refuse_is_not_written);
	tcase_add_test(t, another_key_does_not_go_on);
	tcase_add_test(t, changed_while_open);
	tcase_add_test(t, a_limit_on_the_files_size);
	tcase_add_test(t, cut_at_every_byte);
	tcase_add_test(t, the_sealing_itself_cut_at_every_byte);
	tcase_add_test(t, debris_of_a_failed_sealing_is_debris);
	tcase_add_test(t, fsync_fails);
	tcase_add_test(t, full_before_a_byte_is_written);
	tcase_add_test(t, evidence);
	suite_add_tcase(su, t);
	return su;
}

int main(void)
{
	return test_main(suite());
}
