/* SPDX-License-Identifier: MIT */
/* Is the table that came back the one that was dropped? What would put it back now is asked for in the very same way as it was for
   the snapshot, and the two lists are laid side by side. */
#include "adapter/restore_parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"

/* Sequences run on, the comment is ours until the end, and on a scratch server roles can be missing. */
static bool counts(const struct restore *r, const struct snap_back *b)
{
	bool role = b->kind == BACK_OWNER || b->kind == BACK_GRANT;
	return b->kind != BACK_SEQUENCE && b->kind != BACK_LAST && b->kind != BACK_NOTHING && !(r->drill && role);
}

static int by_statement(const void *x, const void *y)
{
	const struct snap_back *a = *(const struct snap_back *const *)x, *b = *(const struct snap_back *const *)y;
	return a->kind != b->kind ? (a->kind > b->kind) - (a->kind < b->kind) : strcmp(a->sql, b->sql);
}

static const struct snap_back **sorted(struct restore *r, const struct snap_back *list, size_t n, size_t *out)
{
	const struct snap_back **s = arena_array(r->a, n + 1, sizeof *s);
	*out = 0;
	for (size_t i = 0; i < n; i++)
		if (counts(r, &list[i]))
			s[(*out)++] = &list[i];
	qsort(s, *out, sizeof *s, by_statement);
	return s;
}

bool restore_compare(struct restore *r, unsigned relid, struct err *e)
{
	struct manifest now = r->m;
	size_t n, k;
	if (!snap_tick(r->o, "compare", 0, 0, "", e) || !snap_table_back(r->a, r->db, relid, NULL, &now, e))
		return false;
	const struct snap_back **was = sorted(r, r->m.back, r->m.n_back, &n), **is = sorted(r, now.back, now.n_back, &k);
	for (size_t i = 0; i < n; i++)
		if (!r->not_back[was[i] - r->m.back] && !bsearch(&was[i], is, k, sizeof *is, by_statement))
			restore_left(r, "%s: it is not as it was: %s", was[i]->what, was[i]->sql);
	for (size_t i = 0; i < k; i++)
		if (!bsearch(&is[i], was, n, sizeof *was, by_statement))
			restore_left(r, "%s: it was not there before: %s", is[i]->what, is[i]->sql);
	return true;
}
