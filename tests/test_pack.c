/* SPDX-License-Identifier: MIT */
#include "port/pack.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/text.h"
#include "tests/lib_test.h"

static const char *path_of(const char *name)
{
	static char path[300];
	snprintf(path, sizeof path, "%s/%s", test_dir(), name);
	return path;
}

/* Writes len bytes of s in pieces of step; gives the packed size. */
static int64_t write_packed(const char *path, const char *s, size_t len, size_t step)
{
	struct err e = { 0 };
	int64_t packed = 0;
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	ck_assert_int_ge(fd, 0);
	struct pack *p = pack_new(fd, &e);
	ck_assert_ptr_nonnull(p);
	for (size_t at = 0; at < len; at += step)
		ck_assert_msg(pack_add(p, s + at, len - at < step ? len - at : step, &e), "%s", e.msg);
	ck_assert_msg(pack_end(p, &packed, &e), "%s", e.msg);
	pack_free(p);
	ck_assert_int_eq(lseek(fd, 0, SEEK_END), packed);
	close(fd);
	return packed;
}

static bool read_packed(const char *path, struct text *out, struct err *e)
{
	int fd = open(path, O_RDONLY);
	ck_assert_int_ge(fd, 0);
	struct unpack *u = unpack_new(fd, e);
	ck_assert_ptr_nonnull(u);
	const char *data;
	size_t len = 1;
	bool ok = true;
	while (ok && len) {
		ok = unpack_next(u, &data, &len, e);
		if (ok)
			text_addn(out, data, len);
	}
	unpack_free(u);
	close(fd);
	return ok;
}

static char *noise(size_t len)
{
	char *s = malloc(len + 1);
	ck_assert_ptr_nonnull(s);
	unsigned x = 12345;
	for (size_t i = 0; i < len; i++) {
		x = x * 1103515245u + 12345u;
		s[i] = (char)(x >> 16);
	}
	return s;
}

START_TEST(goes_out_and_comes_back)
{
	static const size_t sizes[] = { 0, 1, 1000, 131072, 131073, 5000000 };
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		char *s = noise(sizes[i]);
		struct text back = { 0 };
		struct err e = { 0 };
		write_packed(path_of("a.zst"), s, sizes[i], 70001);
		ck_assert_msg(read_packed(path_of("a.zst"), &back, &e), "%s", e.msg);
		ck_assert_uint_eq(back.len, sizes[i]);
		ck_assert(sizes[i] == 0 || memcmp(back.s, s, sizes[i]) == 0);
		text_free(&back);
		free(s);
	}
}
END_TEST

START_TEST(packs_what_repeats)
{
	char *s = calloc(1, 10000000);
	struct text back = { 0 };
	struct err e = { 0 };
	ck_assert_int_lt(write_packed(path_of("zero.zst"), s, 10000000, 1000000), 10000);
	ck_assert(read_packed(path_of("zero.zst"), &back, &e));
	ck_assert_uint_eq(back.len, 10000000);
	text_free(&back);
	free(s);
}
END_TEST

START_TEST(a_cut_file_is_refused)
{
	char *s = noise(300000);
	int64_t whole = write_packed(path_of("cut.zst"), s, 300000, 300000);
	for (int64_t len = 0; len < whole; len += len < 20 || len > whole - 20 ? 1 : 9973) {
		struct text back = { 0 };
		struct err e = { 0 };
		ck_assert_int_eq(truncate(path_of("cut.zst"), len), 0);
		ck_assert_msg(!read_packed(path_of("cut.zst"), &back, &e), "cut to %lld bytes passed", (long long)len);
		ck_assert_int_eq(e.code, ERR_VERIFY);
		ck_assert_str_eq(e.msg, "the data file is cut short");
		text_free(&back);
		write_packed(path_of("cut.zst"), s, 300000, 300000);
	}
	free(s);
}
END_TEST

START_TEST(a_changed_byte_is_refused)
{
	char *s = noise(300000);
	int64_t whole = write_packed(path_of("bad.zst"), s, 300000, 300000);
	for (int64_t at = 0; at < whole; at += 14983) {
		struct text back = { 0 };
		struct err e = { 0 };
		char c;
		int fd = open(path_of("bad.zst"), O_RDWR);
		ck_assert_int_eq(pread(fd, &c, 1, at), 1);
		c ^= 0x10;
		ck_assert_int_eq(pwrite(fd, &c, 1, at), 1);
		ck_assert_msg(!read_packed(path_of("bad.zst"), &back, &e) || memcmp(back.s, s, 300000) == 0, "byte %lld passed", (long long)at);
		c ^= 0x10;
		ck_assert_int_eq(pwrite(fd, &c, 1, at), 1);
		close(fd);
		text_free(&back);
	}
	free(s);
}
END_TEST

START_TEST(a_full_disk_is_said)
{
	struct err e = { 0 };
	int fd = open("/dev/full", O_WRONLY);
	ck_assert_int_ge(fd, 0);
	struct pack *p = pack_new(fd, &e);
	int64_t packed;
	ck_assert(pack_add(p, "x", 1, &e));
	ck_assert(!pack_end(p, &packed, &e));
	ck_assert_int_eq(e.code, ERR_SYSTEM);
	ck_assert_str_eq(e.msg, "cannot write the snapshot's data: No space left on device");
	ck_assert_str_eq(e.hint, "free some room, or name another store in the plan");
	pack_free(p);
	close(fd);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("pack");
	TCase *t = tcase_create("pack");
	tcase_set_timeout(t, 60);
	tcase_add_test(t, goes_out_and_comes_back);
	tcase_add_test(t, packs_what_repeats);
	tcase_add_test(t, a_cut_file_is_refused);
	tcase_add_test(t, a_changed_byte_is_refused);
	tcase_add_test(t, a_full_disk_is_said);
	suite_add_tcase(s, t);
	return s;
}

int main(void) { return test_main(suite()); }
