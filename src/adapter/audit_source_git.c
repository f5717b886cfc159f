/* SPDX-License-Identifier: MIT */
/* What git says of a work tree. Rules, since a repository may come from anybody:
   1. Nothing of it runs: no hook, no fsmonitor, no clean filter (each one its configuration names is emptied), no transport for a
      partial clone's missing objects, no pager, no prompt, no lock taken and no index written.
   2. Its owner is asked for as git asks: a tree of somebody else's, which the operator has not named safe, is not git's to read.
   3. Only the repository's own rules leave files out (.gitignore, info/exclude), not those of this machine. */
#include <string.h>

#include "adapter/audit_source_private.h"
#include "base/arena.h"
#include "base/err.h"
#include "port/child.h"
#include "port/records.h"

#define ASK_MS 10000
#define SILENT_MS 30000
#define FILTERS_MAX 200

#define WORDS_MAX 24
#define ENV_MAX (3 * FILTERS_MAX * 2 + 16)

static const char *const fixed_env[] = {
	"GIT_CONFIG_NOSYSTEM=1", "GIT_ATTR_NOSYSTEM=1", "GIT_OPTIONAL_LOCKS=0", "GIT_TERMINAL_PROMPT=0", "GIT_ALLOW_PROTOCOL=none", "GIT_NO_LAZY_FETCH=1",
	"GIT_NO_REPLACE_OBJECTS=1", "LC_ALL=C", "PGPASSWORD", "SSH_AUTH_SOCK", NULL,
};

struct git { struct arena *a; const char *root; const char *env[ENV_MAX]; size_t n_env; };

static const char *const *command(const struct git *g, const char *const *args)
{
	static const char *const fixed[] = {
		"--no-optional-locks", "--no-pager", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "core.excludesFile=/dev/null",
		"-c", "core.quotePath=false",
	};
	const char **v = arena_array(g->a, WORDS_MAX, sizeof *v);
	size_t n = 0;
	v[n++] = "git";
	v[n++] = "-C";
	v[n++] = g->root;
	for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
		v[n++] = fixed[i];
	for (; *args && n < WORDS_MAX - 1; args++)
		v[n++] = *args;
	return v;
}

/* True when it ended with status 0; its first line of complaint otherwise in *why. */
static bool ask(const struct git *g, const char *const *args, struct child_end *end, const char **why)
{
	struct err e = { 0 };
	const struct child c = { .argv = command(g, args), .env = g->env, .ms = ASK_MS };
	*why = NULL;
	if (!child_run(g->a, &c, end, &e))
		*why = arena_dup(g->a, e.msg);
	else if (end->status != 0)
		*why = *end->err ? text_cleann(g->a, end->err, strcspn(end->err, "\n")) : "git failed without a word";
	return !*why;
}

/* Rule 1 for filters: whatever the configuration calls them, the environment speaks last. */
static bool no_filters(struct git *g, const char **why)
{
	static const char *const args[] = { "config", "-z", "--name-only", "--get-regexp", "^filter\\..*\\.(clean|smudge|process|required)$", NULL };
	struct child_end end;
	size_t n = 0;
	if (!ask(g, args, &end, why) && end.status != 1)   /* 1: there are none */
		return false;
	*why = NULL;
	for (const char *p = end.out; p < end.out + end.out_len; p += strlen(p) + 1, n++) {
		if (n == 2 * FILTERS_MAX || end.cut) {
			*why = "its configuration names more filters than gatewalk turns off";
			return false;
		}
		const char *dot = strrchr(p, '.');
		g->env[g->n_env++] = arena_printf(g->a, "GIT_CONFIG_KEY_%zu=%s", n, p);
		g->env[g->n_env++] = arena_printf(g->a, "GIT_CONFIG_VALUE_%zu=%s", n, dot && strcmp(dot, ".required") == 0 ? "false" : "");
	}
	g->env[g->n_env++] = arena_printf(g->a, "GIT_CONFIG_COUNT=%zu", n);
	return true;
}

/* Is it a work tree that git may read, and does it not leave out this very folder? */
static bool is_tree(struct hunt *h, const struct git *g, const char **why)
{
	static const char *const inside[] = { "rev-parse", "--is-inside-work-tree", NULL };
	static const char *const head[] = { "rev-parse", "--verify", "--quiet", "HEAD^{commit}", NULL };
	static const char *const ignored[] = { "check-ignore", "-q", ".", NULL };
	struct child_end end;
	const char *none;
	if (!ask(g, inside, &end, why))
		return false;
	if (strncmp(end.out, "true", 4) != 0) {
		*why = "a repository without files of its own lies here";
		return false;
	}
	if (ask(g, ignored, &end, &none)) {
		*why = "the repository around it leaves this folder out";
		return false;
	}
	if (ask(g, head, &end, &none))
		h->tree->commit = text_cleann(h->a, end.out, strcspn(end.out, "\n"));
	return true;
}

static enum source_dirty dirty(const struct git *g)
{
	static const char *const args[] = { "status", "--porcelain", "-z", "-uno", "--no-renames", "--ignore-submodules=dirty", NULL };
	struct child_end end;
	const char *why;
	return !ask(g, args, &end, &why) ? DIRTY_UNKNOWN : end.out_len ? DIRTY_YES : DIRTY_NO;
}

struct listing {
	const char *args[8];
	const char *failed;                                                                         /* what it then did not do */
	void (*take)(struct hunt *h, const char *record, size_t len, struct text *before);          /* before: its own, from record to record */
};

/* Every record of git's; what it wrote on the side. */
static const char *list(struct hunt *h, const struct git *g, const struct listing *l)
{
	struct err e = { 0 };
	struct text before = { 0 };
	const char *record;
	size_t len;
	struct records *r = records_open(g->a, command(g, l->args), g->env, SILENT_MS, &e);
	while (r && !hunt_late(h) && records_next(r, &record, &len))
		l->take(h, record, len, &before);
	text_free(&before);
	if ((!r || !records_close(r, &e)) && !h->late) {
		hunt_blind(h, "%s: git did not %s: %s", h->at.full, l->failed, e.msg);
		h->broken = true;
	}
	return r ? records_said(r) : "";
}

/* A record is "TAG PATH": H and others are tracked, S need not be on the disk, ? is not tracked. A folder ends in a slash.
   An unmerged file is listed up to three times in a row. */
static void take_file(struct hunt *h, const char *record, size_t len, struct text *before)
{
	if (len < 3 || strcmp(text_str(before), record + 2) == 0)
		return;
	text_clear(before);
	text_add(before, record + 2);
	if (record[0] == '?' && h->tree->dirty == DIRTY_NO)
		h->tree->dirty = DIRTY_YES;
	struct arena *a = arena_new();
	hunt_read(h, arena_dupn(a, record + 2, len - 2 - (record[len - 1] == '/')), record[0] == 'S');
	arena_free(a);
}

/* A folder that is left out counts as one: git may name what lies in it too. */
static void take_ignored(struct hunt *h, const char *record, size_t len, struct text *before)
{
	if (before->len && strncmp(record, before->s, before->len) == 0)
		return;
	text_clear(before);
	text_add(before, len && record[len - 1] == '/' ? record : "");
	hunt_skip(h, SKIP_IGNORED, record, NULL);
}

static const struct listing list_files = { { "ls-files", "-z", "-t", "-c", "-o", "--exclude-standard", NULL }, "list all of its files", take_file };
static const struct listing list_ignored = { { "ls-files", "-z", "-o", "-i", "--exclude-standard", "--directory", NULL }, "say what .gitignore leaves out", take_ignored };

/* git passes over a folder it cannot open, and says so on the side: warning: could not open directory 'a/b/': Permission denied */
static void take_warnings(struct hunt *h, const char *said)
{
	static const char start[] = "warning: could not open directory '";
	for (const char *line = said; *line; ) {
		size_t len = strcspn(line, "\n");
		if (strncmp(line, start, sizeof start - 1) == 0) {
			const char *name = line + sizeof start - 1, *end = memmem(name, (size_t)(line + len - name), "/': ", 4);
			size_t n = end ? (size_t)(end - name) : (size_t)(line + len - name);
			hunt_skip(h, SKIP_UNREADABLE, text_cleann(h->a, name, n), end ? text_cleann(h->a, end + 4, (size_t)(line + len - end - 4)) : NULL);
		}
		line += len + (line[len] == '\n');
	}
}

bool hunt_git(struct hunt *h, const char **why)
{
	struct git *g = arena_alloc(h->a, sizeof *g);
	g->a = h->a;
	g->root = h->at.full;
	for (; fixed_env[g->n_env]; g->n_env++)
		g->env[g->n_env] = fixed_env[g->n_env];
	if (!child_find(h->a, "git")) {
		*why = "git is not installed";
		return false;
	}
	if (!is_tree(h, g, why) || !no_filters(g, why))
		return false;
	h->tree->dirty = dirty(g);
	take_warnings(h, list(h, g, &list_files));
	list(h, g, &list_ignored);
	return true;
}
