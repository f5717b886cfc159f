/* SPDX-License-Identifier: MIT */
#include "port/files.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "tests/lib_test.h"

static struct arena *a;
static struct err e;

static void setup(void)
{
	a = arena_new();
	memset(&e, 0, sizeof e);
	umask(022);
}

static void teardown(void)
{
	arena_free(a);
}

static const char *at(const char *name)
{
	return path_join(a, test_dir(), name);
}

static unsigned mode_of(const char *path)
{
	struct stat st;
	return lstat(path, &st) == 0 ? st.st_mode & 07777 : 0;
}

START_TEST(join)
{
	ck_assert_str_eq(path_join(a, "/a", "b"), "/a/b");
	ck_assert_str_eq(path_join(a, "/a//", "b"), "/a/b");
	ck_assert_str_eq(path_join(a, "/", "b"), "/b");
}
END_TEST

START_TEST(places)
{
	setenv("HOME", "/home/ada", 1);
	unsetenv("XDG_STATE_HOME");
	ck_assert_str_eq(path_state(a), "/home/ada/.local/state/gatewalk");
	ck_assert_str_eq(path_walks(a), "/home/ada/.local/state/gatewalk/walks");
	setenv("XDG_STATE_HOME", "relative", 1);
	ck_assert_str_eq(path_state(a), "/home/ada/.local/state/gatewalk");
	setenv("XDG_STATE_HOME", "/s", 1);
	ck_assert_str_eq(path_state(a), "/s/gatewalk");
	setenv("XDG_DATA_HOME", "/d/", 1);
	ck_assert_str_eq(path_data(a), "/d/gatewalk");
	setenv("XDG_CONFIG_HOME", "/c", 1);
	ck_assert_str_eq(path_config(a), "/c/gatewalk");
	setenv("XDG_RUNTIME_DIR", "/r", 1);
	ck_assert_str_eq(path_runtime(a), "/r/gatewalk");
}
END_TEST

START_TEST(folders_are_private)
{
	const char *dir = at("one/two/three");
	ck_assert_msg(dir_make(dir, &e), "%s", e.msg);
	ck_assert_uint_eq(mode_of(dir), 0700);
	ck_assert_uint_eq(mode_of(at("one")), 0700);
	ck_assert(dir_make(dir, &e));
	ck_assert(dir_make(at("one/two/three/"), &e));
}
END_TEST

START_TEST(folders_others_can_change_are_refused)
{
	ck_assert(dir_make(at("open/in"), &e));
	chmod(at("open/in"), 0770);
	ck_assert(!dir_make(at("open/in"), &e));
	ck_assert_ptr_nonnull(strstr(e.msg, "open/in: others may write in this folder"));
	chmod(at("open/in"), 0700);
	chmod(at("open"), 0777);
	ck_assert(!dir_make(at("open/in"), &e));
	ck_assert_ptr_nonnull(strstr(e.msg, "open: somebody else could change what is in this folder"));
	chmod(at("open"), 01777);
	ck_assert(dir_make(at("open/in"), &e));
	if (geteuid() == 0) {
		ck_assert_int_eq(chown(at("open/in"), 65534, 65534), 0);
		ck_assert(!dir_make(at("open/in"), &e));
		ck_assert_ptr_nonnull(strstr(e.msg, "this folder belongs to somebody else"));
		ck_assert(!dir_make(at("open/in/deeper"), &e));
		ck_assert_ptr_nonnull(strstr(e.msg, "somebody else could change"));
	}
	ck_assert_int_eq(symlink(test_dir(), at("link")), 0);
	ck_assert(!dir_make(at("link"), &e));
	ck_assert_ptr_nonnull(strstr(e.msg, "is not a folder"));
}
END_TEST

START_TEST(a_file_is_the_old_or_the_new)
{
	char *data;
	size_t len;
	ck_assert(file_write(at("f"), "old", 3, &e));
	ck_assert(file_write(at("f"), "newer", 5, &e));
	ck_assert(file_read(a, at("f"), 100, &data, &len, &e));
	ck_assert_str_eq(data, "newer");
	ck_assert_uint_eq(len, 5);
	ck_assert_uint_eq(mode_of(at("f")), 0600);
	ck_assert(!file_write(at("no/where"), "x", 1, &e));
	const char **names;
	size_t n;
	ck_assert(dir_make(at("list"), &e));
	ck_assert(file_write(at("list/b"), "", 0, &e) && file_write(at("list/a"), "", 0, &e));
	ck_assert(dir_list(a, at("list"), &names, &n, &e));
	ck_assert_uint_eq(n, 2);   /* nothing is left beside */
	ck_assert_str_eq(names[0], "a");
	ck_assert_str_eq(names[1], "b");
	ck_assert(file_read(a, at("list/a"), 100, &data, &len, &e) && len == 0 && data[0] == '\0');
}
END_TEST

START_TEST(a_full_disk_leaves_the_old)
{
	char *data;
	size_t len;
	if (access("/dev/full", W_OK) != 0)
		return;
	int fd = open("/dev/full", O_WRONLY);
	ck_assert(!file_write_all(fd, "x", 1, "the file", &e));
	ck_assert_str_eq(e.msg, "cannot write the file: No space left on device");
	ck_assert_str_eq(e.hint, "the disk is full: make room, then go on");
	close(fd);
	ck_assert(file_write(at("keep"), "old", 3, &e));
	ck_assert(file_read(a, at("keep"), 3, &data, &len, &e));
}
END_TEST

START_TEST(links_and_odd_files_are_not_read)
{
	char *data;
	size_t len;
	ck_assert(file_write(at("real"), "12345", 5, &e));
	ck_assert_int_eq(symlink(at("real"), at("soft")), 0);
	ck_assert(!file_read(a, at("soft"), 100, &data, &len, &e));
	ck_assert_ptr_nonnull(strstr(e.msg, "is a link, and gatewalk does not follow links here"));
	ck_assert_int_eq(mkfifo(at("fifo"), 0600), 0);
	ck_assert(!file_read(a, at("fifo"), 100, &data, &len, &e));
	ck_assert_ptr_nonnull(strstr(e.msg, "is not a regular file"));
	ck_assert(!file_read(a, test_dir(), 100, &data, &len, &e));
	ck_assert(!file_read(a, at("real"), 4, &data, &len, &e));
	ck_assert_ptr_nonnull(strstr(e.msg, "is larger than gatewalk reads here"));
	ck_assert(!file_read(a, at("gone"), 4, &data, &len, &e));
	ck_assert_ptr_nonnull(strstr(e.msg, "No such file"));
	ck_assert_int_eq(file_create(at("real"), &e), -1);
	ck_assert_str_eq(e.hint, "it exists, and gatewalk writes over nothing");
	ck_assert_int_eq(file_create(at("soft"), &e), -1);
	ck_assert(file_exists(at("soft")) && !file_exists(at("gone")));
}
END_TEST

START_TEST(clocks_and_room)
{
	int64_t one = clock_mono();
	ck_assert(clock_mono() >= one && one > 0);
	ck_assert(clock_local() > INT64_C(1700000000000000));
	ck_assert(disk_free(test_dir()) > 0);
	ck_assert_int_eq(disk_free(at("gone")), -1);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("files");
	TCase *t = tcase_create("files");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, join);
	tcase_add_test(t, places);
	tcase_add_test(t, folders_are_private);
	tcase_add_test(t, folders_others_can_change_are_refused);
	tcase_add_test(t, a_file_is_the_old_or_the_new);
	tcase_add_test(t, a_full_disk_leaves_the_old);
	tcase_add_test(t, links_and_odd_files_are_not_read);
	tcase_add_test(t, clocks_and_room);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return test_main(suite());
}
