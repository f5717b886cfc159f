/* SPDX-License-Identifier: MIT */
/* tests/plans/NAME.yaml is read; NAME.errors beside it holds every error expected, and nothing else may come. */
#include "adapter/planfile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapter/planfile_fields.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "port/crypto.h"
#include "port/files.h"
#include "tests/lib_test.h"

static struct arena *a;

static void setup(void)
{
	ck_assert(crypto_start());
	a = arena_new();
}

static void teardown(void)
{
	arena_free(a);
}

static char *errors_text(const struct plan_error *errs, size_t n)
{
	struct text t = { 0 };
	for (size_t i = 0; i < n; i++)
		text_addf(&t, "%d:%d: %s; %s\n", errs[i].at.line, errs[i].at.column, errs[i].what, errs[i].instead);
	char *s = arena_dup(a, text_str(&t));
	text_free(&t);
	return s;
}

static struct plan *parse(const char *text, char **errors)
{
	struct plan_error *errs;
	size_t n;
	struct plan *p = planfile_parse(a, "test.yaml", text, strlen(text), &errs, &n);
	ck_assert((p == NULL) == (n > 0));
	if (errors)
		*errors = errors_text(errs, n);
	else if (n)
		ck_abort_msg("%s", errors_text(errs, n));
	return p;
}

static char *slurp(const char *path)
{
	char *text;
	size_t len;
	struct err e = { 0 };
	ck_assert_msg(file_read(a, path, 4 << 20, &text, &len, &e), "%s", e.msg);
	return text;
}

static struct plan *good(void)
{
	return parse(slurp(test_fixture("plans/good.yaml")), NULL);
}

START_TEST(every_fixture_gives_its_errors)
{
	const char **names;
	size_t n, seen = 0;
	struct err e = { 0 };
	ck_assert(dir_list(a, test_fixture("plans"), &names, &n, &e));
	for (size_t i = 0; i < n; i++) {
		const char *dot = strrchr(names[i], '.');
		if (dot == NULL || strcmp(dot, ".yaml") != 0)
			continue;
		struct plan_error *errs;
		size_t found;
		const char *path = arena_dup(a, test_fixture(arena_printf(a, "plans/%s", names[i])));
		struct plan *p = planfile_load(a, path, &errs, &found, &e);
		const char *want = slurp(arena_printf(a, "%.*s.errors", (int)(strlen(path) - 5), path));
		const char *got = errors_text(errs, found);
		ck_assert_msg(strcmp(got, want) == 0, "%s:\ngot\n%swanted\n%s", names[i], got, want);
		ck_assert((p != NULL) == (strcmp(names[i], "good.yaml") == 0));
		seen++;
	}
	ck_assert_int_ge((int)seen, 25);
}
END_TEST

START_TEST(every_field_arrives)
{
	const struct plan *p = good();
	ck_assert_str_eq(p->name, "orders-drop-legacy-total");
	ck_assert_int_eq(p->archetype, ARCH_DESTRUCTIVE);
	ck_assert_str_eq(p->column, "legacy_total");
	ck_assert_str_eq(p->statement, "alter table orders drop column legacy_total;");
	ck_assert_int_eq((int)p->n_deploys, 3);
	ck_assert_str_eq(p->deploys[2].name, "cron");
	ck_assert_int_eq((int)p->n_consumers, 2);
	ck_assert_str_eq(p->consumers[0].check, "true");
	ck_assert_str_eq(p->consumers[1].kind, "webhook");
	ck_assert_ptr_null(p->consumers[1].check);
	ck_assert_int_eq((int)p->n_sources, 2);
	ck_assert_str_eq(p->sources[1], "/srv/reports");
	ck_assert(p->has_sources);
	ck_assert_str_eq(p->standbys[0].dbname, "host=db2 dbname=shop");
	ck_assert_ptr_null(p->standbys[1].dbname);
	ck_assert_int_eq(p->unused_days, 21);
	ck_assert_int_eq(plan_unused_days(p), 32);
	ck_assert_int_eq(p->drop_estimate_min, 15);
	ck_assert_int_eq((int)p->windows[0].days, 1 << 1 | 1 << 2 | 1 << 4);
	ck_assert_int_eq(p->windows[0].from, 120);
	ck_assert_int_eq(p->windows[1].to, 60);
	ck_assert_int_eq((int)p->n_releases, 2);
	ck_assert_str_eq(p->release_ics, "/srv/calendars/releases.ics");
	ck_assert_ptr_null(p->release_command);
	ck_assert_int_eq(p->releases[0], INT64_C(1795514400000000));
	ck_assert(p->max_lag_s > 2.49 && p->max_lag_s < 2.51);
	ck_assert_int_eq(p->max_lock_waiters, 0);
	ck_assert_str_eq(p->sync_standby, "db2");
	ck_assert_int_eq(p->scope, SCOPE_TABLE);
	ck_assert_str_eq(p->store, "backup:gatewalk/shop");
	ck_assert_int_eq(p->retention_days, 365);
	ck_assert(p->metrics[0].has_pause && p->metrics[0].alarm > 5.24 && p->metrics[0].alarm < 5.26);
	ck_assert(!p->metrics[1].has_pause && p->metrics[1].has_alarm && p->metrics[1].alarm < 0);
	ck_assert_str_eq(p->notify, "logger -t gatewalk");
	ck_assert_int_eq(p->rehearsal_dow, 6);
	ck_assert_int_eq(p->rehearsal_minute, 23 * 60 + 45);
	ck_assert(p->rehearsal_day_s > 0.49 && p->rehearsal_day_s < 0.51);
}
END_TEST

START_TEST(scalars_stay_text)
{
	const struct plan *p = good();
	ck_assert_str_eq(p->rollback_floor, "1.20");
	ck_assert_str_eq(p->api_contract, "NO");
	ck_assert(p->has_falls);
	ck_assert_int_eq((int)p->n_falls, 2);
	ck_assert_str_eq(p->falls[1], "014");
}
END_TEST

START_TEST(places_and_digest)
{
	const struct plan *p = good();
	ck_assert_int_eq(plan_mark(p, "policy.monitor_hours").line, 23);
	ck_assert_int_eq(plan_mark(p, "policy.monitor_hours").column, 49);
	ck_assert_int_eq(p->deploys[1].at.line, 16);
	ck_assert_int_eq(p->deploys[1].at.column, 24);
	char hex[65];
	crypto_sha256_hex(p->text, p->len, hex);
	ck_assert_str_eq(p->digest, hex);
}
END_TEST

START_TEST(a_file_that_is_not_there)
{
	struct plan_error *errs;
	size_t n;
	struct err e = { 0 };
	ck_assert_ptr_null(planfile_load(a, "/nonexistent/plan.yaml", &errs, &n, &e));
	ck_assert_int_eq((int)n, 0);
	ck_assert_int_ne(e.code, ERR_NONE);
}
END_TEST

/* Text that wants to be something else in YAML, in a terminal or in SQL. */
static const char *const hostile[] = {
	"plain", "with space", "it's", "say \"x\"", "back\\slash", "a: b", "a #b", "#x", "- x", "-x", "-", "?", ": ", "[", "{}", "*a", "&a", "!t",
	"%d", "@x", "`x`", "|", ">", "null", "~", "true", "NO", "014", "1.20", "line\nbreak", "\n", "tab\there", "\r\n", "esc\x1b[31m", "del\x7f",
	"c1\xc2\x9b", "nel\xc2\x85", "bidi\xe2\x80\xae", "bom\xef\xbb\xbf", "e\xcc\x81\xcc\x81\xcc\x81", "\xef\xbf\xbf", "\xef\xbf\xbd",
	"\xf0\x9f\x9a\xb2", "\xf3\xa0\x80\x81", " lead", "trail ", "---", "...", "<<", "a,b", "Order", "\xc3\xb1",
	"012345678901234567890123456789012345678901234567890123456789012",
	"ééééééééééééééééééééééééééééééé" /* 62 bytes */,
};
#define HOSTILE (sizeof hostile / sizeof hostile[0])

/* What was left blank, filled in as an operator would. */
static const char *fill(const char *yaml)
{
	static const char *const blanks[] = { "name", "table", "column", "type", "where", "before", "after", "why", "way_back", "leaves_behind",
		"rollback_floor", "api_contract", "falls", "deploys", "zone", "to", "value", "check", "index", "columns", "query" };
	static const char *const values[] = { "a-plan", "orders", "total", "numeric(10,2)", "\"total < 0\"", "b", "a", "w", "w", "l", "1", "none", "[]", "[{name: web}]", "UTC", "\"total * 2\"", "\"0\"", "\"total < 0\"", "\"total, lower(note) DESC\"", "[note, lang]", "SELECT 1" };
	struct text t = { 0 };
	int columns = 0;
	for (const char *line = yaml, *end; *line; line = end) {
		end = strchr(line, '\n') + 1;
		const char *blank = strstr(line, "# fill in: "), *word = line + strspn(line, " ");
		text_addn(&t, line, (size_t)((blank && blank < end ? strchr(line, ':') + 1 : end) - line));
		for (size_t i = 0; blank && blank < end && i < sizeof blanks / sizeof blanks[0]; i++)
			if (strncmp(word, blanks[i], strlen(blanks[i])) == 0 && word[strlen(blanks[i])] == ':')
				text_addf(&t, " %s\n", i == 2 && columns++ ? "amount" : values[i]);   /* of two the second one is new */
	}
	const char *out = arena_dup(a, text_str(&t));
	text_free(&t);
	return out;
}

START_TEST(what_was_given_comes_back)
{
	const char *s = hostile[_i], *twice[] = { s, "other" }, *at[] = { "/srv/shop", arena_printf(a, "/%s", s) };
	bool blank = s[strspn(s, " \t\r\n")] == '\0';
	struct plan_draft d = { .recipe = "drop-column", .name = "a-plan", .schema = blank ? "x" : s, .table = blank ? "x" : s,
		.column = blank ? "x" : s, .why = blank ? "x" : s, .zone = "Europe/Madrid", .falls = twice, .n_falls = blank ? 0 : 2, .has_falls = true,
		.deploys = twice, .n_deploys = blank ? 0 : 2, .sources = at, .n_sources = blank ? 0 : 2,
		.before = blank ? "x" : s };
	const struct plan *p = parse(fill(planfile_write(a, &d)), NULL);
	ck_assert_str_eq(p->schema, d.schema);
	ck_assert_str_eq(p->table, d.table);
	ck_assert_str_eq(p->column, d.column);
	ck_assert_str_eq(p->why, d.why);
	ck_assert_str_eq(p->before, d.before);
	ck_assert(p->has_falls);
	ck_assert_int_eq((int)p->n_falls, (int)d.n_falls);
	for (size_t i = 0; i < d.n_falls; i++) {
		ck_assert_str_eq(p->falls[i], twice[i]);
		ck_assert_str_eq(p->deploys[i].name, twice[i]);
		ck_assert_str_eq(p->sources[i], at[i]);
	}
	ck_assert_uint_eq(p->n_sources, d.n_sources);
}
END_TEST

START_TEST(a_new_column_comes_back)
{
	const char *s = hostile[_i];
	struct plan_draft d = { .recipe = "add-column", .name = "a-plan", .table = "orders", .column = "note", .type = "text", .def = arena_printf(a, "'%s'", s) };
	char *errors;
	const struct plan *p = parse(fill(planfile_write(a, &d)), &errors);
	if (p)
		ck_assert_str_eq(p->add_default, d.def);
	else
		ck_assert_msg(strncmp(errors, "16:3: add.default is ", 21) == 0, "%s", errors);
	ck_assert_msg(p || strpbrk(s, "'\\"), "%s: %s", s, errors);
}
END_TEST

START_TEST(written_text_is_clean)
{
	struct plan_draft d = { .column = "a\xe2\x80\xae\x1b[2J\xc2\x9b" "b" };
	const char *yaml = planfile_write(a, &d);
	for (const char *line = yaml, *end; *line; line = end + 1) {
		end = strchr(line, '\n');
		ck_assert(text_is_clean(arena_dupn(a, line, (size_t)(end - line))));
	}
	ck_assert_ptr_nonnull(strstr(yaml, "  column: \"a\\u202E\\u001B[2J\\u009Bb\"\n"));
}
END_TEST

START_TEST(the_template_is_an_empty_draft)
{
	static const char *const recipes[] = { "drop-column", "drop-table", "remove-rows", "add-column", "rename-column", "change-type", "never-null", "add-check", "add-foreign-key", "build-index", "rename-table", "split-table" };
	for (size_t i = 0; i < sizeof recipes / sizeof *recipes; i++) {
		struct plan_draft none = { .recipe = recipes[i] };
		const char *written = planfile_write(a, &none);
		ck_assert_str_eq(slurp(test_fixture(arena_printf(a, "../plans/%s.yaml", recipes[i]))), written);
		char *errors;
		ck_assert_ptr_null(parse(written, &errors));
		ck_assert_ptr_nonnull(strstr(errors, "4:1: name is empty; "));
		const struct plan *p = parse(fill(written), NULL);
		ck_assert_int_eq(plan_target(p), i < 4 ? (enum target)(TARGET_COLUMN + i) : i < 6 ? TARGET_COLUMN : TARGET_CONSTRAINT);
		ck_assert_ptr_null(p->store);
		ck_assert_ptr_null(p->sync_standby);
	}
}
END_TEST

START_TEST(the_template_of_an_enum)
{
	struct plan_draft none = { .recipe = "change-type", .of_enum = true };
	const char *written = planfile_write(a, &none);
	ck_assert_str_eq(slurp(test_fixture("../plans/replace-enum-value.yaml")), written);
	const struct plan *p = parse(fill(written), NULL);
	ck_assert_int_eq(plan_recipe(p), ARCH_TYPE);
	none.back = "state_now::text::public.state";
	none.convert = "(CASE state::text WHEN 'it''s' THEN 'a\"b' ELSE state::text END)::public.state2";
	p = parse(fill(planfile_write(a, &none)), NULL);
	ck_assert_str_eq(p->convert_back, none.back);
	ck_assert_str_eq(p->convert_to, none.convert);
}
END_TEST

/* What the template says in so many words is what holds without it. */
/* Duplicates merged: what new writes, with the column, the rows and what holds the removal filled in. */
START_TEST(the_templates_of_a_merge)
{
	const char *mark = slurp(test_fixture("../plans/merge-duplicates-mark.yaml")), *remove = slurp(test_fixture("../plans/merge-duplicates-remove.yaml"));
	struct plan_draft added = { .recipe = "add-column", .column = "merged_into", .type = "bigint" }, gone = { .recipe = "remove-rows", .where = "merged_into IS NOT NULL" };
	ck_assert_str_eq(strstr(mark, "\n\n") + 2, planfile_write(a, &added));
	const char *begins = strstr(remove, "\n\n") + 2, *written = planfile_write(a, &gone), *metrics = strstr(written, "  metrics: []\n");
	ck_assert_uint_eq(strncmp(begins, written, (size_t)(metrics - written)), 0);
	const char *p = fill(remove);
	const struct plan *plan = parse(p, NULL);
	ck_assert_str_eq(plan->where, "merged_into IS NOT NULL");
	ck_assert_uint_eq(plan->n_metrics, 1);
	ck_assert(plan->metrics[0].has_pause && !(plan->metrics[0].pause > 0));
	ck_assert_int_eq(plan_target(parse(fill(mark), NULL)), TARGET_ADDED);
}
END_TEST

START_TEST(the_template_holds_the_defaults)
{
	struct plan_draft none = { 0 };
	struct plan d = { 0 };
	plan_defaults(&d);
	const struct plan *p = parse(fill(planfile_write(a, &none)), NULL);
	ck_assert_int_eq(p->unused_days, d.unused_days);
	ck_assert_int_eq(p->longest_job_days, d.longest_job_days);
	ck_assert_int_eq(p->monitor_hours, d.monitor_hours);
	ck_assert_int_eq(p->release_quiet_hours, d.release_quiet_hours);
	ck_assert_int_eq(p->drop_estimate_min, d.drop_estimate_min);
	ck_assert_int_eq(p->max_lock_waiters, d.max_lock_waiters);
	ck_assert_int_eq((int)p->max_lag_s, (int)d.max_lag_s);
	ck_assert_int_eq((int)p->max_longest_tx_s, (int)d.max_longest_tx_s);
	ck_assert_int_eq((int)p->max_standby_query_s, (int)d.max_standby_query_s);
	ck_assert_int_eq(p->retention_days, d.retention_days);
	ck_assert_int_eq(p->scope, d.scope);
	ck_assert_int_eq(p->rehearsal_dow, d.rehearsal_dow);
	ck_assert_int_eq(p->rehearsal_minute, d.rehearsal_minute);
	ck_assert_int_eq((int)p->rehearsal_day_s, (int)d.rehearsal_day_s);
	none.recipe = "add-column";
	p = parse(fill(planfile_write(a, &none)), NULL);
	ck_assert_int_eq(p->writes_hours, d.writes_hours);
	ck_assert(!p->add_default && !p->add_comment && !p->add_not_null);
}
END_TEST

START_TEST(every_field_is_in_the_manual)
{
	const char *manual = slurp(test_fixture("../man/gatewalk-plan.5"));
	size_t n;
	const struct field *f = field_list(&n);
	for (size_t i = 0; i < n; i++)
		ck_assert_msg(strstr(manual, arena_printf(a, ".It Ic %s\n", f[i].path)) != NULL, "%s is not in gatewalk-plan(5)", f[i].path);
	for (const char *s = manual; (s = strstr(s, ".It Ic ")) != NULL; s++) {
		const char *path = arena_dupn(a, s + 7, strcspn(s + 7, "\n"));
		ck_assert_msg(field_find(path) != NULL, "%s in gatewalk-plan(5) is no field", path);
	}
}
END_TEST

/* Each required field, taken out of a plan that had it, is missed. */
START_TEST(every_required_field_is_missed)
{
	size_t n;
	const struct field *f = &field_list(&n)[_i];
	if ((size_t)_i >= n || !f->required || f->kind == FIELD_MAP || strstr(f->path, "[]"))
		return;
	const char *dot = strrchr(f->path, '.'), *leaf = dot ? dot + 1 : f->path;
	struct plan_draft d = { 0 };
	const char *yaml = fill(planfile_write(a, &d));
	const char *at = strstr(yaml, arena_printf(a, "\n%s%s:", dot ? "  " : "", leaf)) + 1, *end = strchr(at, '\n') + 1;
	if (strcmp(f->path, "window.open") == 0)
		end = strchr(end, '\n') + 1;
	const char *without = arena_printf(a, "%.*s%s", (int)(at - yaml), yaml, end);
	char *errors;
	ck_assert_ptr_null(parse(without, &errors));
	const char *what = strstr(errors, arena_printf(a, ": %s ", f->path));
	ck_assert_msg(what != NULL, "%s: %s", f->path, errors);
	ck_assert_msg(strchr(errors, '\n')[1] == '\0', "%s: %s", f->path, errors);
}
END_TEST

START_TEST(size_and_number_are_bounded)
{
	char *errors;
	struct text t = { 0 };
	text_add(&t, "gatewalk: 1\n");
	while (t.len <= 1 << 20)
		text_add(&t, "# a line that says nothing\n");
	ck_assert_ptr_null(parse(text_str(&t), &errors));
	ck_assert_str_eq(errors, "1:1: the file is longer than 1 MiB; write a plan, a few kilobytes long\n");
	text_clear(&t);
	for (int i = 0; i < 100001; i++)
		text_add(&t, "- a\n");
	ck_assert_ptr_null(parse(text_str(&t), &errors));
	ck_assert_ptr_nonnull(strstr(errors, ":3: the file has more than 100,000 parts; "));
	text_clear(&t);
	text_add(&t, "gatewalk: 1\ndeploys:\n");
	for (int i = 0; i < 10001; i++)
		text_addf(&t, "  - {name: n%d}\n", i);
	ck_assert_ptr_null(parse(text_str(&t), &errors));
	ck_assert_ptr_nonnull(strstr(errors, "2:1: deploys has 10001 entries, more than 10000; "));
	text_free(&t);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("planfile");
	TCase *c = tcase_create("planfile");
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, every_fixture_gives_its_errors);
	tcase_add_test(c, every_field_arrives);
	tcase_add_test(c, scalars_stay_text);
	tcase_add_test(c, places_and_digest);
	tcase_add_test(c, a_file_that_is_not_there);
	tcase_add_loop_test(c, what_was_given_comes_back, 0, (int)HOSTILE);
	tcase_add_loop_test(c, a_new_column_comes_back, 0, (int)HOSTILE);
	tcase_add_test(c, written_text_is_clean);
	tcase_add_test(c, the_template_of_an_enum);
	tcase_add_test(c, the_template_is_an_empty_draft);
	tcase_add_test(c, the_templates_of_a_merge);
	tcase_add_test(c, the_template_holds_the_defaults);
	tcase_add_test(c, every_field_is_in_the_manual);
	tcase_add_loop_test(c, every_required_field_is_missed, 0, 80);
	tcase_add_test(c, size_and_number_are_bounded);
	tcase_set_timeout(c, 60);
	suite_add_tcase(s, c);
	return s;
}

int main(void)
{
	return test_main(suite());
}
