/* SPDX-License-Identifier: MIT */
/* Reading: logs forged in memory, each way of being bad with its own text and its line. Writing: test_append.c. */
#include "adapter/journal.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "port/files.h"
#include "tests/forge_log.h"
#include "tests/lib_test.h"

static struct forge f;
static struct forge_key eve;
static const char *dir, *path;
static struct err e;

static void setup(void)
{
	static int turn;
	ck_assert(crypto_start());
	memset(&e, 0, sizeof e);
	forge_start(&f, "ada@example");
	eve = forge_key("eve@example");
	dir = arena_printf(f.a, "%s/walk%d", test_dir(), turn++);
	path = path_join(f.a, dir, "plan.gwlog");
	ck_assert_msg(dir_make(dir, &e), "%s", e.msg);
}

static void teardown(void)
{
	forge_end(&f);
}

static void put_down(const char *log, size_t len)
{
	ck_assert(file_write(path_join(f.a, dir, "allowed_signers"), f.allowed, strlen(f.allowed), &e));
	ck_assert(file_write(path, log, len, &e));
}

/* "good N lines, S signed, U unsealed", or "LINE: why" with the folder's name taken off. */
static const char *verdict_of(const char *log, size_t len)
{
	struct verify_end v;
	struct err why = { 0 };
	put_down(log, len);
	bool good = journal_verify(f.a, dir, &v, &why);
	ck_assert_int_eq(good, v.good);
	struct journal *j = journal_read(dir, NULL);
	if (good) {
		ck_assert_ptr_nonnull(j);
		ck_assert_str_eq(journal_head(j), v.head);
		journal_close(j);
		return arena_printf(f.a, "good %d lines, %d signed, %d unsealed", (int)v.lines, (int)v.is_signed, (int)v.unsealed);
	}
	journal_close(j);
	ck_assert_int_eq(why.code, ERR_VERIFY);
	const char *colon = strstr(v.why, ": ");
	return arena_printf(f.a, "%d: %s", (int)v.bad_line, colon ? colon + 2 : v.why);
}

static const char *verdict(void)
{
	return verdict_of(f.log.s, f.log.len);
}

/* begin, declare, job, declare, job: five lines, two of them unsigned, one after the last signature */
static void five(void)
{
	forge_begin(&f);
	forge_declare(&f, "one");
	forge_job(&f, "two");
	forge_declare(&f, "three");
	forge_job(&f, "four");
}

static char *line_at(char *log, int i)
{
	while (i-- > 0)
		log = strchr(log, '\n') + 1;
	return log;
}

static size_t line_len(const char *l)
{
	return (size_t)(strchr(l, '\n') + 1 - l);
}

static char *swap_text(const char *from, const char *to)
{
	char *p = strstr(f.log.s, from);
	ck_assert_ptr_nonnull(p);
	ck_assert_uint_eq(strlen(from), strlen(to));
	return memcpy(p, to, strlen(to));
}

START_TEST(a_good_log)
{
	five();
	ck_assert_str_eq(verdict(), "good 5 lines, 3 signed, 1 unsealed");
	struct journal *j = journal_read(dir, &e);
	ck_assert_ptr_nonnull(j);
	ck_assert_uint_eq(journal_count(j), 5);
	ck_assert_str_eq(journal_sid(j), FORGE_SID);
	ck_assert_str_eq(journal_dir(j), dir);
	ck_assert_str_eq(journal_path(j), path);
	ck_assert(!journal_torn(j));
	ck_assert_str_eq(journal_head(j), f.head);
	const struct record *r = journal_line(j, f.a, 3);
	ck_assert_int_eq(r->n, 3);
	ck_assert_str_eq(json_str(r->b, "value"), "three");
	ck_assert_str_eq(r->prev, journal_mark(j, 2)->head);
	ck_assert(journal_line(j, f.a, 2)->sealed && journal_line(j, f.a, 2)->signature == NULL);
	ck_assert(!journal_line(j, f.a, 4)->sealed);
	ck_assert(!journal_line(j, f.a, 5) && !journal_mark(j, 5) && !journal_raw(j, 5));
	for (int i = 0; i < 5; i++) {
		const char *l = line_at(f.log.s, i);
		ck_assert_int_eq(journal_line(j, f.a, (size_t)i)->offset, l - f.log.s);
		ck_assert_int_eq(journal_line(j, f.a, (size_t)i)->length, (int64_t)line_len(l));
		ck_assert_str_eq(journal_raw(j, (size_t)i), arena_dupn(f.a, l, line_len(l) - 1));
	}
	journal_close(j);
	j = journal_read(path, &e);   /* the file itself does as well */
	ck_assert_ptr_nonnull(j);
	journal_close(j);
}
END_TEST

START_TEST(edited)
{
	five();
	swap_text("\"value\":\"one\"", "\"value\":\"ONE\"");
	ck_assert_str_eq(verdict(), "2: the signature does not fit what it stands under");
}
END_TEST

START_TEST(an_unsigned_line_edited_shows_at_the_next)
{
	five();
	swap_text("\"note\":\"two\"", "\"note\":\"TWO\"");
	ck_assert_str_eq(verdict(), "4: what stands before it is not what stood there when it was written");
}
END_TEST

START_TEST(cut_out)
{
	five();
	char *l = line_at(f.log.s, 2), *next = line_at(f.log.s, 3);
	size_t gone = (size_t)(next - l);
	memmove(l, next, strlen(next) + 1);
	ck_assert_str_eq(verdict_of(f.log.s, f.log.len - gone), "3: it is numbered 3 where 2 must stand");
}
END_TEST

/* What a log alone cannot show: the ledger and the mirror can. */
START_TEST(a_cut_tail_is_not_seen_here)
{
	five();
	size_t keep = (size_t)(line_at(f.log.s, 3) - f.log.s);
	ck_assert_str_eq(verdict_of(f.log.s, keep), "good 3 lines, 2 signed, 1 unsealed");
}
END_TEST

START_TEST(reordered)
{
	five();
	char *two = line_at(f.log.s, 2), *three = line_at(f.log.s, 3), *four = line_at(f.log.s, 4);
	struct text t = { 0 };
	text_addn(&t, f.log.s, (size_t)(two - f.log.s));
	text_addn(&t, three, (size_t)(four - three));
	text_addn(&t, two, (size_t)(three - two));
	text_add(&t, four);
	ck_assert_str_eq(verdict_of(t.s, t.len), "3: it is numbered 3 where 2 must stand");
	text_free(&t);
}
END_TEST

START_TEST(spliced)
{
	five();
	f.sid = "ffffffffffffffffffffffffffffffff";
	forge_declare(&f, "from elsewhere");
	ck_assert_str_eq(verdict(), "6: it comes from another walk's log");
}
END_TEST

START_TEST(taken_to_another_database)
{
	five();
	f.db = "7300000000000000002.5.x";
	forge_declare(&f, "there");
	ck_assert_str_eq(verdict(), "6: it speaks of another database");
}
END_TEST

START_TEST(another_prefix)
{
	char prev[65];
	five();
	memset(prev, 'a', 64);
	prev[64] = '\0';
	f.prev = prev;
	forge_declare(&f, "good signature, other past");
	ck_assert_str_eq(verdict(), "6: what stands before it is not what stood there when it was written");
}
END_TEST

START_TEST(junk_behind)
{
	five();
	forge_bytes(&f, "junk\n", 5);
	ck_assert_str_eq(verdict(), "6: it is not BODY TAB SIGNATURE");
	teardown();
	setup();
	five();
	forge_bytes(&f, "{\"a\":1}\t\n", 9);
	ck_assert_str_eq(verdict(), "6: field \"a\" is not known");
	teardown();
	setup();
	five();
	forge_bytes(&f, "\n", 1);
	ck_assert_str_eq(verdict(), "6: it is not BODY TAB SIGNATURE");
}
END_TEST

START_TEST(a_space_is_not_canonical)
{
	five();
	char *l = line_at(f.log.s, 4);
	struct text t = { 0 };
	text_addn(&t, f.log.s, (size_t)(l - f.log.s));
	text_addf(&t, "{ %s", l + 1);
	ck_assert_str_eq(verdict_of(t.s, t.len), "5: it is not canonical JSON (byte 1)");
	text_free(&t);
}
END_TEST

START_TEST(stripped_signature)
{
	forge_begin(&f);
	f.bare = true;
	forge_declare(&f, "nobody signed this");
	ck_assert_str_eq(verdict(), "2: a line \"declare\" must be signed, and this one is not");
}
END_TEST

START_TEST(another_purpose)
{
	forge_begin(&f);
	f.ns = "gatewalk-cosign-v1";
	forge_declare(&f, "x");
	ck_assert_str_eq(verdict(), "2: the signature was made for another purpose than gatewalk-entry-v1");
}
END_TEST

START_TEST(a_foreign_key)
{
	forge_begin(&f);
	f.by = &eve;
	forge_declare(&f, "x");
	const char *v = verdict();
	ck_assert_msg(strncmp(v, "2: signed with the key SHA256:", 30) == 0 && strstr(v, ", which is not among the signers of this log"), "%s", v);
}
END_TEST

START_TEST(signed_by_somebody_else_of_the_list)
{
	forge_allow(&f, &eve);
	forge_begin(&f);
	f.by = &eve;
	f.who = eve.name;
	forge_declare(&f, "her own");
	f.by = &eve;
	forge_declare(&f, "in another name");
	ck_assert_str_eq(verdict(), "3: the line is by ada@example, but signed by eve@example");
	teardown();
	setup();
	forge_begin(&f);
	f.who = "nobody@example";
	forge_declare(&f, "x");
	ck_assert_str_eq(verdict(), "2: the line is by nobody@example, but signed by ada@example");
}
END_TEST

START_TEST(a_signature_that_is_none)
{
	forge_begin(&f);
	forge_declare(&f, "x");
	f.log.s[f.log.len - 2] = '!';
	ck_assert_str_eq(verdict(), "2: the signature is not base64");
	char *tab = strchr(line_at(f.log.s, 1), '\t');
	memcpy(tab + 1, "Z2F0ZQ==\n", 9);
	ck_assert_str_eq(verdict_of(f.log.s, (size_t)(tab + 10 - f.log.s)), "2: the signature is not a well-formed SSH signature by an Ed25519 key");
	memcpy(tab + 1, "Z2\tZQ==\n", 8);
	ck_assert_str_eq(verdict_of(f.log.s, (size_t)(tab + 9 - f.log.s)), "2: the signature is not base64");
}
END_TEST

START_TEST(other_signers_than_at_the_beginning)
{
	five();
	forge_allow(&f, &eve);
	ck_assert_str_eq(verdict(), "1: allowed_signers is not the list this log began with");
}
END_TEST

START_TEST(allowed_signers_must_be_plain)
{
	static const char *const bad[] = {
		"", "* namespaces=\"gatewalk-entry-v1\" ssh-ed25519 AAAA\n", "ada ssh-ed25519 AAAA\n", "ada namespaces=\"x\",cert-authority ssh-ed25519 AAAA\n",
		"ada namespaces=\"*\" ssh-ed25519 AAAA\n", "ada namespaces=\"x\" ssh-rsa AAAA\n",
	};
	five();
	put_down(f.log.s, f.log.len);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct verify_end v;
		ck_assert(file_write(path_join(f.a, dir, "allowed_signers"), bad[i], strlen(bad[i]), &e));
		ck_assert_msg(!journal_verify(f.a, dir, &v, &e), "%s", bad[i]);
		ck_assert_int_eq(e.code, ERR_VERIFY);
		ck_assert_int_eq(v.bad_line, 0);
		ck_assert_ptr_nonnull(strstr(e.msg, "allowed_signers"));
	}
}
END_TEST

START_TEST(the_first_line_and_only_it_begins)
{
	forge_declare(&f, "x");
	ck_assert_str_eq(verdict(), "1: a log must begin with a begin line");
	teardown();
	setup();
	forge_begin(&f);
	forge_begin(&f);
	ck_assert_str_eq(verdict(), "2: a second begin line");
	teardown();
	setup();
	ck_assert_ptr_nonnull(strstr(verdict_of("", 0), "has no whole line"));
}
END_TEST

START_TEST(a_line_that_may_not_stand_there)
{
	struct json *b;
	forge_begin(&f);
	b = json_obj(f.a);
	json_add_int(b, "item", 8);
	json_add_str(b, "typed", "notes");
	forge_line(&f, OP_CONFIRM, b);
	struct verify_end v;
	put_down(f.log.s, f.log.len);
	ck_assert(!journal_verify(f.a, dir, &v, &e));
	ck_assert_int_eq(v.bad_line, 2);
	ck_assert_ptr_nonnull(strstr(v.why, "line 2: "));
}
END_TEST

START_TEST(a_line_too_long)
{
	char *long_note = arena_alloc(f.a, GWLOG_LINE_MAX + 1);
	memset(long_note, 'x', GWLOG_LINE_MAX);
	forge_begin(&f);
	forge_job(&f, long_note);
	ck_assert_str_eq(verdict(), "2: it is longer than 65536 bytes");
}
END_TEST

/* ---- torn tails ---- */

START_TEST(a_torn_tail_is_readable_and_said)
{
	five();
	size_t last = (size_t)(line_at(f.log.s, 4) - f.log.s);
	for (size_t cut = last + 1; cut < f.log.len; cut += 37) {
		put_down(f.log.s, cut);
		struct journal *j = journal_read(dir, &e);
		ck_assert_msg(j != NULL, "%s", e.msg);
		ck_assert(journal_torn(j));
		ck_assert_uint_eq(journal_count(j), 4);
		ck_assert_str_eq(journal_head(j), journal_mark(j, 3)->head);
		journal_close(j);
	}
	put_down(f.log.s, f.log.len - 1);   /* whole, but for its LF */
	struct journal *j = journal_read(dir, &e);
	ck_assert(j && journal_torn(j) && journal_count(j) == 4);
	journal_close(j);
}
END_TEST

START_TEST(damage_before_the_last_line_is_no_torn_tail)
{
	five();
	size_t end = f.log.len - 1;
	line_at(f.log.s, 2)[0] = 'x';
	ck_assert_str_eq(verdict_of(f.log.s, end), "3: it is not canonical JSON (byte 0)");
	line_at(f.log.s, 2)[0] = '{';
	line_at(f.log.s, 4)[0] = 'x';
	ck_assert_str_eq(verdict_of(f.log.s, f.log.len), "5: it is not canonical JSON (byte 0)");
}
END_TEST

static void forge_torn(int64_t offset, int64_t length, const char *sha)
{
	struct json *b = json_obj(f.a);
	json_add_int(b, "length", length);
	json_add_int(b, "offset", offset);
	json_add_str(b, "sha256", sha);
	forge_line(&f, OP_TORN, b);
}

static void seal(const char *debris, const char *claimed)
{
	char sha[65];
	size_t at = f.log.len;
	crypto_sha256_hex(claimed, strlen(claimed), sha);
	forge_bytes(&f, debris, strlen(debris));
	forge_bytes(&f, "\n", 1);
	forge_torn((int64_t)at, (int64_t)strlen(claimed), sha);
}

START_TEST(sealed_debris_is_skipped)
{
	five();
	seal("{\"b\":{\"ev", "{\"b\":{\"ev");
	forge_declare(&f, "after");
	ck_assert_str_eq(verdict(), "good 7 lines, 4 signed, 0 unsealed");
	struct journal *j = journal_read(dir, &e);
	ck_assert_str_eq(journal_raw(j, 5) + 1, arena_printf(f.a, "eyJiIjp7ImV2\n%s\t", journal_line(j, f.a, 5)->body));
	ck_assert_int_eq(journal_raw(j, 5)[0], '~');
	journal_close(j);
}
END_TEST

START_TEST(debris_that_was_a_whole_line_without_lf)
{
	five();
	const char *l = line_at(f.log.s, 4);
	const char *copy = arena_dupn(f.a, l, line_len(l) - 1);   /* would be read as a line, were it not covered */
	seal(copy, copy);
	forge_declare(&f, "after");
	ck_assert_str_eq(verdict(), "good 7 lines, 4 signed, 0 unsealed");
	seal("AAA\nBBB\nCC", "AAA\nBBB\nCC");          /* left by sealings that failed */
	ck_assert_str_eq(verdict(), "good 8 lines, 4 signed, 1 unsealed");
}
END_TEST

START_TEST(debris_that_is_not_what_was_sealed)
{
	five();
	seal("{\"b\":{\"ev", "{\"b\":{\"eX");
	ck_assert_str_eq(verdict(), "6: it is not BODY TAB SIGNATURE");
	teardown();
	setup();
	five();
	forge_torn(3, 4, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	ck_assert_str_eq(verdict(), "6: a torn line that covers nothing");
	teardown();
	setup();
	five();
	seal("torn", "torn");
	forge_declare(&f, "after");
	swap_text("torn\n", "tarn\n");
	ck_assert_str_eq(verdict(), "6: it is not BODY TAB SIGNATURE");
}
END_TEST

/* ---- from the mirror ---- */

static const char **raws(size_t *n)
{
	put_down(f.log.s, f.log.len);
	struct journal *j = journal_read(dir, &e);
	ck_assert_msg(j != NULL, "%s", e.msg);
	*n = journal_count(j);
	const char **all = arena_array(f.a, *n, sizeof *all);
	for (size_t i = 0; i < *n; i++)
		all[i] = arena_dup(f.a, journal_raw(j, i));
	journal_close(j);
	return all;
}

START_TEST(rebuilt_from_its_lines)
{
	size_t n, len;
	char *data;
	five();
	seal("to\xff" "rn", "to\xff" "rn");
	forge_declare(&f, "after");
	const char **lines = raws(&n), *copy = arena_printf(f.a, "%s-copy", dir);
	ck_assert_msg(journal_rebuild(copy, lines, n, f.allowed, &e), "%s", e.msg);
	ck_assert(file_read(f.a, path_join(f.a, copy, "plan.gwlog"), 1 << 20, &data, &len, &e));
	ck_assert_uint_eq(len, f.log.len);
	ck_assert_mem_eq(data, f.log.s, len);
	ck_assert(!journal_rebuild(copy, lines, n, f.allowed, &e));
	ck_assert_ptr_nonnull(strstr(e.msg, "exists, and is not written over"));
	const char *bad = arena_printf(f.a, "%s-bad", dir);
	lines[1] = lines[2];
	ck_assert(!journal_rebuild(bad, lines, n, f.allowed, &e));
	ck_assert_ptr_nonnull(strstr(e.msg, "line 2: it is numbered 2 where 1 must stand"));
	ck_assert(!file_exists(bad));
	ck_assert(!journal_rebuild(bad, lines, 0, f.allowed, &e));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("journal");
	TCase *t = tcase_create("journal");
	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_good_log);
	tcase_add_test(t, edited);
	tcase_add_test(t, an_unsigned_line_edited_shows_at_the_next);
	tcase_add_test(t, cut_out);
	tcase_add_test(t, a_cut_tail_is_not_seen_here);
	tcase_add_test(t, reordered);
	tcase_add_test(t, spliced);
	tcase_add_test(t, taken_to_another_database);
	tcase_add_test(t, another_prefix);
	tcase_add_test(t, junk_behind);
	tcase_add_test(t, a_space_is_not_canonical);
	tcase_add_test(t, stripped_signature);
	tcase_add_test(t, another_purpose);
	tcase_add_test(t, a_foreign_key);
	tcase_add_test(t, signed_by_somebody_else_of_the_list);
	tcase_add_test(t, a_signature_that_is_none);
	tcase_add_test(t, other_signers_than_at_the_beginning);
	tcase_add_test(t, allowed_signers_must_be_plain);
	tcase_add_test(t, the_first_line_and_only_it_begins);
	tcase_add_test(t, a_line_that_may_not_stand_there);
	tcase_add_test(t, a_line_too_long);
	tcase_add_test(t, a_torn_tail_is_readable_and_said);
	tcase_add_test(t, damage_before_the_last_line_is_no_torn_tail);
	tcase_add_test(t, sealed_debris_is_skipped);
	tcase_add_test(t, debris_that_was_a_whole_line_without_lf);
	tcase_add_test(t, debris_that_is_not_what_was_sealed);
	tcase_add_test(t, rebuilt_from_its_lines);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return test_main(suite());
}
