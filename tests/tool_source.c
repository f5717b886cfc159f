/* SPDX-License-Identifier: MIT */
/* Searches source trees for a column's uses: tool_source SCHEMA TABLE COLUMN DIR... prints what was found, then "MS KB": how long it
   took and the most memory it had. tool_source --make DIR FILES LINES: fills DIR with a tree of that size, one use in each tenth file. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "adapter/audit_source.h"
#include "base/arena.h"
#include "base/err.h"

static const char *const code[] = {
	"\tif (customer.isActive() && invoice.getTotalAmount() > limits.maximum) {", "\t\treturn repository.findByCustomerId(customer.getId());", "\t}",
	"    def total_amount(self, order, rate=None):", "        return sum(item.price * item.quantity for item in order.items.all())", "",
	"  const { data, error } = await client.from('invoices').select('id, created_at, total').eq('status', 'open')", "// the rest is left as it was before",
};

static int make_tree(const char *dir, int files, int lines)
{
	char path[512];
	for (int i = 0; i < files; i++) {
		snprintf(path, sizeof path, "%s/m%d", dir, i / 100);
		mkdir(path, 0755);
		snprintf(path, sizeof path, "%s/m%d/file%d.java", dir, i / 100, i);
		FILE *f = fopen(path, "w");
		if (!f) {
			perror(path);
			return 1;
		}
		for (int l = 0; l < lines; l++)
			fprintf(f, "%s\n", l == lines / 2 && i % 10 == 0 ? "\t\torder.setLegacyNote(row.get(\"legacy_note\"));" : code[(unsigned)(i * 7 + l) % (sizeof code / sizeof *code)]);
		fclose(f);
	}
	return 0;
}

static void print(const struct source_report *r)
{
	for (int g = 0; g < SOURCE_GRADES; g++) {
		printf("%s: %zu\n", source_grade_name((enum source_grade)g), r->found.count[g]);
		for (size_t i = 0; i < r->found.n[g]; i++) {
			const struct source_hit *h = &r->found.hit[g][i];
			printf("  %s:%zu:%zu: %s (%s%s): %s\n", h->file, h->line, h->column, h->as, spell_form_name(h->form), h->accessor ? ", accessor" : "", h->excerpt);
		}
	}
	for (size_t i = 0; i < r->n_trees; i++)
		printf("tree %d:%s git %s, commit %s, dirty %d, files %lld\n", r->tree[i].dir, r->tree[i].path, r->tree[i].why_plain ? r->tree[i].why_plain : "yes",
			r->tree[i].commit ? r->tree[i].commit : "none", (int)r->tree[i].dirty, (long long)r->tree[i].files);
	for (size_t i = 0; i < r->n_blind; i++)
		printf("blind: %s\n", r->blind[i]);
	printf("%lld files, %lld lines, %lld bytes\n", (long long)r->files, (long long)r->lines, (long long)r->bytes);
}

int main(int argc, char **argv)
{
	struct arena *a = arena_new();
	struct err e = { 0 };
	struct source_report r;
	struct rusage u;
	if (argc == 5 && strcmp(argv[1], "--make") == 0)
		return make_tree(argv[2], atoi(argv[3]), atoi(argv[4]));
	if (argc < 5) {
		fputs("tool_source SCHEMA TABLE COLUMN DIR... | --make DIR FILES LINES\n", stderr);
		return 1;
	}
	const struct source_ask q = { .dirs = (const char *const *)argv + 4, .n = (size_t)(argc - 4), .target = { TARGET_COLUMN, argv[1], argv[2], argv[3] } };
	if (!audit_source_search(a, &q, &r, &e)) {
		fprintf(stderr, "%s\n%s\n", e.msg, e.hint);
		return 1;
	}
	print(&r);
	getrusage(RUSAGE_SELF, &u);
	printf("%.1f %ld\n", (double)r.took_us / 1000, u.ru_maxrss);
	arena_free(a);
	return 0;
}
