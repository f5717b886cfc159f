/* SPDX-License-Identifier: MIT */
#include "adapter/journal_private.h"

#include <string.h>

#include "base/text.h"
#include "port/files.h"

static const char *keys_text(struct arena *a, const struct signers *s)
{
	struct text t = { 0 };
	for (size_t i = 0; i < s->n; i++)
		text_addf(&t, "%s%s %s", i ? ", " : "", s->line[i].name, s->line[i].key.fingerprint);
	const char *out = arena_dup(a, text_str(&t));
	text_free(&t);
	return out;
}

/* Lines are folded as they pass and not kept. */
static bool check(struct journal *j, struct err *e)
{
	char *data;
	size_t len;
	struct walk w;
	walk_init(&w, j->arena);
	j->fold = &w;
	bool good = journal_trust(j, e) && file_read(j->arena, j->path, GWLOG_FILE_MAX, &data, &len, e) && journal_take(j, data, len, e);
	j->fold = NULL;
	return good;
}

bool journal_verify(struct arena *a, const char *dir_or_file, struct verify_end *out, struct err *e)
{
	struct err why = { 0 };
	struct journal *j = journal_new(dir_or_file, NULL);
	*out = (struct verify_end){ .good = check(j, &why) };
	out->lines = j->count;
	out->is_signed = j->is_signed;
	out->unsealed = j->count - j->sealed;
	out->bad_line = out->good ? 0 : j->at_line;
	out->why = out->good ? NULL : arena_dup(a, why.msg);
	out->sid = arena_dup(a, j->sid);
	out->keys = keys_text(a, &j->trust);
	memcpy(out->head, j->head, sizeof out->head);
	if (!out->good && e)
		*e = why;
	journal_close(j);
	return out->good;
}
