/* SPDX-License-Identifier: MIT */
/* On trees made here, with the real git. Each test has a folder of its own. */
#include "adapter/audit_source.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "tests/lib_test.h"

static struct arena *a;
static struct err e;
static struct source_report r;
static const char *top;

static void setup(void)
{
	a = arena_new();
	memset(&e, 0, sizeof e);
	chmod(test_dir(), 0755);
	char *dir = arena_printf(a, "%s/XXXXXX", test_dir());
	top = mkdtemp(dir);
	ck_assert_ptr_nonnull(top);
	chmod(top, 0755);
	setenv("HOME", test_dir(), 1);
	unsetenv("XDG_CONFIG_HOME");
}
static void teardown(void) { arena_free(a); }

/* In the test's folder. */
static void sh(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void sh(const char *fmt, ...)
{
	va_list v;
	va_start(v, fmt);
	struct text t = { 0 };
	char buf[4096];
	vsnprintf(buf, sizeof buf, fmt, v);
	va_end(v);
	text_addf(&t, "cd '%s' && { %s; } >/dev/null 2>&1", top, buf);
	ck_assert_msg(system(t.s) == 0, "%s", t.s);
	text_free(&t);
}
#define COMMIT "git -c user.name=t -c user.email=t@t commit -qm x"

static void put(const char *name, const char *text, size_t len)
{
	const char *path = arena_printf(a, "%s/%s", top, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	ck_assert_msg(fd >= 0 && write(fd, text, len) == (ssize_t)len, "%s", path);
	close(fd);
}

static struct source_target target = { TARGET_COLUMN, "public", "orders", "legacy_note" };

static void search_with(const char *const *dirs, size_t n, int ms)
{
	const struct source_ask q = { .dirs = dirs, .n = n, .target = target, .ms = ms };
	ck_assert_msg(audit_source_search(a, &q, &r, &e), "%s", e.msg);
}
static void search(void) { search_with(&top, 1, 0); }

/* The files with hits, in the order found, each once. */
static const char *files(void)
{
	struct text t = { 0 };
	for (int g = 0; g < SOURCE_GRADES; g++)
		for (size_t i = 0; i < r.found.n[g]; i++)
			if (!strstr(arena_printf(a, " %s ", text_str(&t)), arena_printf(a, " %s ", r.found.hit[g][i].file)))
				text_addf(&t, "%s%s", t.len ? " " : "", r.found.hit[g][i].file);
	const char *s = arena_dup(a, text_str(&t));
	text_free(&t);
	return s;
}

static void blind(const char *words)
{
	for (size_t i = 0; i < r.n_blind; i++)
		if (strstr(r.blind[i], words))
			return;
	for (size_t i = 0; i < r.n_blind; i++)
		ck_assert_msg(false, "no \"%s\", but %s", words, r.blind[i]);
}

START_TEST(ignored_files_are_left_out_and_counted)
{
	sh("git init -q; mkdir -p src/gen node_modules/x docs/a/b/build keep/out");
	sh("printf '*.log\\nnode_modules/\\n/only_top\\n**/build/\\n!important.log\\n' >.gitignore; printf '*.gen\\n!kept.gen\\n' >src/gen/.gitignore; echo secret >>.git/info/exclude");
	sh("for f in a.c x.log important.log only_top src/only_top src/gen/a.gen src/gen/kept.gen node_modules/x/i.js docs/a/b/build/o forced.log secret .git/hidden; do echo legacy_note >$f; done");
	sh("git add .; git add -f forced.log; " COMMIT "; echo legacy_note >untracked.c");
	search();
	ck_assert_str_eq(files(), "untracked.c a.c forced.log important.log src/gen/kept.gen src/only_top");
	ck_assert_int_eq(r.skipped[SKIP_IGNORED], 6);
	blind("left out by .gitignore: 6: docs/, node_modules/, only_top, secret, src/gen/a.gen and 1 more");
	ck_assert(r.whole);
	ck_assert_uint_eq(r.n_trees, 1);
	ck_assert_uint_eq(strlen(r.tree[0].commit), 40);
	ck_assert_int_eq(r.tree[0].dirty, DIRTY_YES);
	ck_assert_ptr_null(r.tree[0].why_plain);
	ck_assert_int_eq(r.files, 8);
	ck_assert_int_eq(r.lines, 6 + 5 + 2);
	sh("git add -A; " COMMIT);
	search();
	ck_assert_int_eq(r.tree[0].dirty, DIRTY_NO);
	/* the operator's own rules do not count */
	sh("rm ../.config/git/ignore; echo legacy_note >later.c; echo legacy_note >>a.c; mkdir -p ../.config/git; echo '*.c' >../.config/git/ignore");
	search();
	ck_assert_msg(strstr(files(), "later.c"), "%s", files());
	sh("rm ../.config/git/ignore later.c");
	search();
	ck_assert_int_eq(r.tree[0].dirty, DIRTY_YES);
}
END_TEST

START_TEST(part_of_a_work_tree)
{
	sh("git init -q; mkdir -p sub/in build; printf 'build\\n*.log\\n' >.gitignore; for f in a.c sub/b.c sub/in/c.log build/d.c; do echo legacy_note >$f; done");
	const char *dirs[] = { arena_printf(a, "%s/sub", top), arena_printf(a, "%s/build", top), arena_printf(a, "%s/sub/", top) };
	search_with(dirs, 3, 0);
	ck_assert_str_eq(files(), "b.c d.c");
	ck_assert_int_eq(r.found.hit[SOURCE_NAME][1].dir, 1);
	ck_assert_uint_eq(r.n_trees, 2);
	ck_assert_ptr_null(r.tree[0].commit);
	ck_assert_int_eq(r.tree[0].dirty, DIRTY_YES);
	ck_assert_str_eq(r.tree[1].why_plain, "the repository around it leaves this folder out");
}
END_TEST

START_TEST(without_git_everything_is_read)
{
	sh("mkdir -p node_modules .hidden; printf 'node_modules\\n' >.gitignore; echo legacy_note >node_modules/a.js; echo legacy_note >.hidden/b; echo legacy_note >c");
	search();
	ck_assert_uint_eq(r.found.count[SOURCE_NAME], 3);
	ck_assert_int_eq(r.files, 4);
	blind("whatever .gitignore says: fatal: not a git repository");
	/* repositories in a folder of them are git's again */
	sh("mkdir -p one/src two; echo x.c >one/.gitignore; for f in one/src/x.c one/src/y.c two/z.c; do echo legacy_note >$f; done; git init -q one; git init -q two; git init -q --bare bare.git");
	search();
	ck_assert_uint_eq(r.n_trees, 3);
	ck_assert_msg(strstr(files(), "one/src/y.c") && strstr(files(), "two/z.c") && !strstr(files(), "x.c"), "%s", files());
	ck_assert_int_eq(r.skipped[SKIP_IGNORED], 1);
	blind("left out by .gitignore: 1: one/src/x.c");
	const char *bare = arena_printf(a, "%s/bare.git", top);
	search_with(&bare, 1, 0);
	blind("a repository without files of its own lies here");
}
END_TEST

START_TEST(repositories_inside)
{
	sh("git init -q; mkdir sub gone; git init -q sub; echo legacy_note >sub/s.c; echo '*.x' >sub/.gitignore; echo legacy_note >sub/i.x; cd sub; git add -A; " COMMIT);
	sh("git update-index --add --cacheinfo 160000,$(git -C sub rev-parse HEAD),sub; git update-index --add --cacheinfo 160000,$(git -C sub rev-parse HEAD),gone; mkdir other; git init -q other; echo legacy_note >other/o.c");
	search();
	ck_assert_str_eq(files(), "other/o.c sub/s.c");
	ck_assert_uint_eq(r.n_trees, 3);
	ck_assert_str_eq(r.tree[2].path, "sub");
	ck_assert_ptr_nonnull(r.tree[2].commit);
	ck_assert_int_eq(r.skipped[SKIP_ABSENT], 1);
	blind("not checked out: 1: gone (a submodule)");
	ck_assert(!r.whole);
}
END_TEST

START_TEST(what_is_not_on_the_disk)
{
	sh("git init -q; mkdir d; for f in sparse deleted d/linked x; do echo legacy_note >$f; done; git add .; " COMMIT);
	sh("git update-index --skip-worktree sparse; rm sparse deleted; mv d ../elsewhere.$$; ln -s ../elsewhere.$$ d");
	search();
	ck_assert_str_eq(files(), "x");
	ck_assert_int_eq(r.skipped[SKIP_ABSENT], 1);
	ck_assert_int_eq(r.skipped[SKIP_GONE], 1);
	ck_assert_int_eq(r.skipped[SKIP_LINK], 2);   /* the folder that is a link now, and what is listed below it */
	blind("not checked out: 1: sparse");
	ck_assert(!r.whole);
}
END_TEST

/* The same faults, listed by git and by our own walk. */
static void faults(bool git)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int s = socket(AF_UNIX, SOCK_STREAM, 0);
	sh("mkdir -p d/e ../out.$$; echo legacy_note | tee ../out.$$/o >../out.$$/p; ln -s ../out.$$ leaves; ln -s ../.. d/e/loop; ln -s nowhere dangling; ln -s f d/link; mkfifo pipe");
	ck_assert_int_eq(chdir(top), 0);
	strcpy(at.sun_path, "sock");
	ck_assert_int_eq(bind(s, (struct sockaddr *)&at, sizeof at), 0);
	put("binary", "legacy_note\0", 12);
	put("late-nul", arena_printf(a, "%*s", 9000, "legacy_note"), 9001);
	put("two\nlines", "legacy_note", 11);
	put("bad\xff\xE2\x80\xAE", "legacy_note", 11);
	put("empty", "", 0);
	if (git)
		sh("git init -q; git add binary; " COMMIT);
	search();
	ck_assert_str_eq(files(), "bad\\xff\\u{202E} late-nul two\\x0alines");
	ck_assert_int_eq(r.skipped[SKIP_LINK], 4);
	ck_assert_int_eq(r.skipped[SKIP_BINARY], 1);
	ck_assert_int_eq(r.skipped[SKIP_SPECIAL], git ? 0 : 2);   /* git does not speak of what it cannot keep */
	ck_assert_int_eq(r.skipped[SKIP_UNREADABLE], 0);
	ck_assert_int_eq(r.files, 4);
	blind("binary: 1: binary");
	blind("links, not followed: 4: d");
	ck_assert(r.whole);
	close(s);
	if (git) {   /* files that have become something else: they cannot be opened, or would be in vain */
		sh("git add late-nul; rm binary late-nul; mkfifo binary; mv sock late-nul");
		search();
		ck_assert_int_eq(r.skipped[SKIP_SPECIAL], 2);
		ck_assert_int_eq(r.skipped[SKIP_UNREADABLE], 0);
	}
}

START_TEST(odd_files_listed_by_git) { faults(true); }
END_TEST
START_TEST(odd_files_walked) { faults(false); }
END_TEST

/* As somebody who may not read all of it; root may, so it becomes nobody for the while. */
static void unreadable(bool git)
{
	sh("mkdir closed shut; echo legacy_note >a; echo legacy_note >secret; echo legacy_note >closed/b; chmod 000 secret closed");
	if (git)
		sh("git init -q; chmod -R a+rX .git; git add a");
	if (getuid() == 0) {
		sh("chown -R nobody .");
		ck_assert_int_eq(seteuid(65534), 0);
	}
	search();
	if (getuid() == 0)
		ck_assert_int_eq(seteuid(0), 0);
	ck_assert_str_eq(files(), "a");
	ck_assert_int_eq(r.skipped[SKIP_UNREADABLE], 2);
	blind("closed (Permission denied)");
	blind("secret (Permission denied)");
	ck_assert(!r.whole);
	ck_assert_int_eq(r.tree[0].why_plain == NULL, git);
	sh("chmod 700 closed");
}
START_TEST(unreadable_listed_by_git) { unreadable(true); }
END_TEST
START_TEST(unreadable_walked) { unreadable(false); }
END_TEST

/* Deeper than a path may be long: reached no more, and said. */
static void deep(bool git)
{
	const char *cd = "n=dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd";
	sh("%s; echo legacy_note >a; i=0; while [ $i -lt 45 ]; do mkdir $n && cd -P $n; i=$((i + 1)); done; echo legacy_note >b", cd);
	if (git)
		sh("git init -q");
	search();
	ck_assert_str_eq(files(), "a");
	ck_assert_int_eq(r.skipped[SKIP_UNREADABLE], 1);
	blind("could not be read: 1: ...dddd");
	if (!git)
		blind("File name too long");   /* git cuts its warnings */
	ck_assert(!r.whole);
	sh("rm -rf d*");
}
START_TEST(deep_listed_by_git) { deep(true); }
END_TEST
START_TEST(deep_walked) { deep(false); }
END_TEST

START_TEST(a_tree_of_somebody_else)
{
	if (getuid() != 0)
		return;   /* nobody else's tree can be made */
	sh("git init -q; echo legacy_note >a; echo b >.gitignore; echo legacy_note >b; chown -R nobody .");
	search();
	ck_assert_str_eq(files(), "a b");
	blind("fatal: detected dubious ownership");
	sh("git config --global safe.directory \"$PWD\"");
	search();
	ck_assert_str_eq(files(), "a");
	sh("git config --global --unset safe.directory");
}
END_TEST

/* A repository whose configuration runs a program at every chance: git alone runs it, the search does not. */
START_TEST(nothing_of_a_repository_runs)
{
	sh("git init -q; printf '#!/bin/sh\\necho ran $0 $* >>%s/ran.txt\\ncat\\n' >trap.sh; chmod +x trap.sh; echo legacy_note >a.c; echo old >b.c; git add .; " COMMIT, top);
	sh("git config core.fsmonitor \"$PWD/trap.sh\"; git config core.hooksPath \"$PWD/hooks\"; mkdir hooks; cp trap.sh hooks/post-index-change; cp trap.sh hooks/query-watchman");
	sh("git config filter.evil.clean \"$PWD/trap.sh\"; git config filter.evil.process \"$PWD/trap.sh\"; git config filter.evil.required true; git config 'filter.e=v.l.clean' \"$PWD/trap.sh\"");
	sh("git config core.pager \"$PWD/trap.sh\"; git config diff.external \"$PWD/trap.sh\"; git config core.sshCommand \"$PWD/trap.sh\"; printf '*.c filter=evil diff=evil\\nb.c filter=e=v.l\\n' >.gitattributes; git config diff.evil.textconv \"$PWD/trap.sh\"");
	sh("echo new >b.c; touch -d '2001-01-01' a.c");
	search();
	ck_assert_str_eq(files(), "a.c");
	ck_assert_int_eq(r.tree[0].dirty, DIRTY_YES);
	ck_assert_ptr_null(r.tree[0].why_plain);
	ck_assert_msg(access(arena_printf(a, "%s/ran.txt", top), F_OK) != 0, "something ran");
	sh("touch -d '2001-01-02' a.c; git status || true");   /* the trap is one */
	ck_assert(access(arena_printf(a, "%s/ran.txt", top), F_OK) == 0);
}
END_TEST

/* git reads such a line from no clone, but writes one on demand. */
START_TEST(too_many_filters)
{
	sh("git init -q; i=0; while [ $i -lt 401 ]; do printf '[filter \"f%%d\"]\\nclean = x\\n' $i >>.git/config; i=$((i + 1)); done");
	search();
	blind("its configuration names more filters than gatewalk turns off");
}
END_TEST

START_TEST(a_broken_index_is_told)
{
	sh("git init -q; echo legacy_note >a; git add a; echo damaged >.git/index");
	search();
	ck_assert_int_eq(r.tree[0].dirty, DIRTY_UNKNOWN);
	blind("git did not list all of its files: git: status 128: ");
	ck_assert(!r.whole);
}
END_TEST

/* Characters of two units, one across the edge of each piece. */
START_TEST(pairs_across_pieces)
{
	enum { TIMES = 50000 };
	struct text t = { 0 };
	text_addn(&t, "\xFF\xFEz\0\n\0", 6);
	for (int i = 0; i < TIMES; i++)
		text_addn(&t, i % 100 ? "a\0\x3D\xD8\x00\xDE \0" : "a\0\x3D\xD8\x00\xDE\n\0", 8);
	put("pairs", t.s, t.len);
	text_free(&t);
	target.name = "a\xF0\x9F\x98\x80";
	search();
	size_t all = 0;
	for (int g = 0; g < SOURCE_GRADES; g++)
		all += r.found.count[g];
	ck_assert_uint_eq(all, TIMES);
	target.name = "legacy_note";
}
END_TEST

static void put16(const char *name, const char *text, bool big)
{
	struct text t = { 0 };
	text_addn(&t, big ? "\xFE\xFF" : "\xFF\xFE", 2);
	for (const char *p = text; *p; p++)
		text_addn(&t, (const char[]){ big ? '\0' : *p, big ? *p : '\0' }, 2);
	/* one above U+FFFF, a half one, a byte too much */
	text_addn(&t, big ? "\xD8\x3D\xDE\x00\xD8\x3D\0x\xDC\x00\0" : "\x3D\xD8\x00\xDE\x3D\xD8x\0\x00\xDC\0", 11);
	put(name, t.s, t.len);
	text_free(&t);
}

START_TEST(encodings)
{
	put16("little", "one\r\nlegacy_note ", false);
	put16("big", "one\r\nlegacy_note ", true);
	put("utf8", "\xEF\xBB\xBFlegacy_note", 14);
	put("latin1", "\xE9 legacy_note", 13);
	put("utf32", "\xFF\xFE\0\0l\0\0\0", 8);
	struct text t = { 0 };
	for (int i = 0; i < 300000; i++)
		text_add(&t, i % 3 ? "\xE2\x82\xAC legacy_note\n" : "legacy_note\n");
	put("zlong", t.s, t.len);
	text_free(&t);
	search();
	ck_assert_str_eq(files(), "big latin1 little utf8 zlong");
	const struct source_hit *h = r.found.hit[SOURCE_NAME];
	ck_assert_uint_eq(h[0].line, 2);
	ck_assert_uint_eq(h[0].column, 1);
	ck_assert_str_eq(h[0].excerpt, "legacy_note \xF0\x9F\x98\x80\xEF\xBF\xBDx\xEF\xBF\xBD");
	ck_assert_str_eq(h[2].excerpt, h[0].excerpt);
	ck_assert_uint_eq(h[r.found.n[SOURCE_NAME] - 1].column, 1);
	ck_assert_uint_eq(r.found.count[SOURCE_NAME], 300004);
	ck_assert_int_eq(r.skipped[SKIP_BINARY], 1);
	ck_assert(r.whole);
	target.name = "l\xC3\xA9gende";
	put("c", "x.l\xC3\xA9gende, L\xC3\xA9gende", 20);
	search();
	ck_assert_uint_eq(r.found.count[SOURCE_NAME], 2);
	ck_assert_int_eq(r.skipped[SKIP_ENCODING], 1);
	blind("not UTF-8, which the name needs: 1: latin1");
	ck_assert(!r.whole);
	target.name = "legacy_note";
}
END_TEST

/* Greek and the like take more room than in UTF-16. */
START_TEST(a_large_file_of_utf16)
{
	struct text t = { 0 };
	text_addn(&t, "\xFF\xFE", 2);
	for (int i = 0; i < 400000; i++)
		text_addn(&t, i % 1000 ? "\xAC\x20" : "\n\0", 2);
	for (const char *p = "\nlegacy_note"; *p; p++)
		text_addn(&t, (const char[]){ *p, '\0' }, 2);
	put("wide", t.s, t.len);
	search();
	ck_assert_int_eq(r.bytes, (int64_t)t.len - 2);
	text_free(&t);
	ck_assert_int_eq(r.lines, 402);
	ck_assert_uint_eq(r.found.hit[SOURCE_NAME][0].line, 402);
}
END_TEST

START_TEST(a_line_of_ten_megabytes)
{
	enum { LEN = 10 << 20 };
	char *text = arena_alloc(a, LEN);
	memset(text, ';', LEN);
	memcpy(text + LEN / 2, "order.legacyNote\x1b[2J", 20);
	memcpy(text + LEN - 12, "legacy_note;", 12);
	put("min.js", text, LEN);
	search();
	ck_assert_uint_eq(r.found.count[SOURCE_TOGETHER], 2);   /* one line: near */
	const struct source_hit *h = r.found.hit[SOURCE_TOGETHER];
	ck_assert_uint_eq(h[0].column, LEN / 2 + 7);
	ck_assert_uint_eq(h[1].column, LEN - 11);
	ck_assert_msg(strlen(h[0].excerpt) < 200 && strstr(h[0].excerpt, "order.legacyNote\\x1b[2J;"), "%s", h[0].excerpt);
	ck_assert_int_eq(r.lines, 1);
}
END_TEST

START_TEST(the_time_is_limited)
{
	sh("git init -q; echo legacy_note >a");
	search_with(&top, 1, 1);
	ck_assert_int_eq(r.files, 0);
	blind("the time was up after 1 ms");
	ck_assert(!r.whole);
	sh("rm -rf .git");
	search_with(&top, 1, 1);
	blind("the time was up after 1 ms");
}
END_TEST

struct wrong { const char *dir, *name, *words; };
static const struct wrong wrongs[] = {
	{ "%s/nowhere", "x", "nowhere: No such file or directory" }, { "%s/file", "x", "file: Not a directory" }, { "%s/a\nb", "x", "a\\x0ab: No such file" },
	{ "%s", "--", "the name \"--\" has no letter to look for" }, { NULL, "x", "no source folder was named" },
};
START_TEST(wrong_use)
{
	put("file", "", 0);
	struct text t = { 0 };
	const char *at = wrongs[_i].dir ? wrongs[_i].dir + 2 : "";
	text_addf(&t, "%s%s", top, at);
	const char *dir = t.s;
	const struct source_ask q = { .dirs = &dir, .n = wrongs[_i].dir != NULL, .target = { TARGET_COLUMN, "s", "t", wrongs[_i].name } };
	ck_assert(!audit_source_search(a, &q, &r, &e));
	ck_assert_int_eq(e.code, ERR_USE);
	ck_assert_msg(strstr(e.msg, wrongs[_i].words), "%s", e.msg);
	ck_assert(e.hint[0]);
	text_free(&t);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("audit_source");
	TCase *t = tcase_create("audit_source");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, ignored_files_are_left_out_and_counted);
	tcase_add_test(t, part_of_a_work_tree);
	tcase_add_test(t, without_git_everything_is_read);
	tcase_add_test(t, repositories_inside);
	tcase_add_test(t, what_is_not_on_the_disk);
	tcase_add_test(t, odd_files_listed_by_git);
	tcase_add_test(t, odd_files_walked);
	tcase_add_test(t, unreadable_listed_by_git);
	tcase_add_test(t, unreadable_walked);
	tcase_add_test(t, deep_listed_by_git);
	tcase_add_test(t, deep_walked);
	tcase_add_test(t, a_tree_of_somebody_else);
	tcase_add_test(t, nothing_of_a_repository_runs);
	tcase_add_test(t, too_many_filters);
	tcase_add_test(t, a_broken_index_is_told);
	tcase_add_test(t, pairs_across_pieces);
	tcase_add_test(t, encodings);
	tcase_add_test(t, a_large_file_of_utf16);
	tcase_add_test(t, a_line_of_ten_megabytes);
	tcase_add_test(t, the_time_is_limited);
	tcase_add_loop_test(t, wrong_use, 0, (int)(sizeof wrongs / sizeof *wrongs));
	suite_add_tcase(s, t);
	return test_main(s);
}
