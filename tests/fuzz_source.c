/* SPDX-License-Identifier: MIT */
/* Any bytes as names and as source code: "KIND SCHEMA TABLE NAME", a word each, on the first line, the code behind it. With -DREPLAY a
   plain program that reads the files it is given, as the corpus replay does. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "core/source.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);
#include "tests/fuzz_replay.h"   /* behind what it calls */

#define KEEP 20

static size_t read_in(struct source *s, const char *text, size_t len, size_t room, size_t step)
{
	char *buf = malloc(room);   /* of just this size: a byte too far is seen */
	size_t have = 0, lines;
	source_begin(s, 1, "src/file.c");
	for (;;) {
		size_t n = len < room - have ? len : room - have;
		n = n < step ? n : step;
		memcpy(buf + have, text, n);
		have += n;
		text += n;
		len -= n;
		size_t used = source_feed(s, buf, have, len == 0);
		if (used > have || (have == room && used == 0) || (len == 0 && used != have))
			abort();
		have -= used;
		memmove(buf, buf + used, have);
		if (len == 0)
			break;
	}
	lines = source_end(s);
	free(buf);
	return lines;
}

/* A hit lies where it says: in its line there are as many bytes, and with it begins what it says it is. */
static void hold(struct arena *a, const struct source_hit *h, const char *text, size_t len, size_t lines)
{
	const char *at = text, *end = text + len;
	if (h->line < 1 || h->line > lines || h->column < 1 || h->dir != 1 || !text_is_clean(h->excerpt) || strcmp(h->file, "src/file.c") != 0)
		abort();
	for (size_t i = 1; i < h->line; i++)
		at = (const char *)memchr(at, '\n', (size_t)(end - at)) + 1;
	at += h->column - 1;
	if (at >= end)
		abort();
	size_t n = 0;
	while (n < 80 && at + n < end && (spell_in_word(at[n]) || (n && !spell_in_word(h->as[0]))))
		n++;
	if (n == 0 || h->as[0] == '\0' || text_cleann(a, at, 1)[0] != h->as[0])
		abort();
}

/* However it is cut into pieces, the same is found. Only a piece's edge within a very long line may hide what is far before it. */
static void same(const struct source_found *x, const struct source_found *y)
{
	for (int g = 0; g < SOURCE_GRADES; g++) {
		if (x->count[g] != y->count[g] || x->n[g] != y->n[g] || x->n[g] > KEEP || x->n[g] > x->count[g])
			abort();
		for (size_t i = 0; i < x->n[g]; i++) {
			const struct source_hit *p = &x->hit[g][i], *q = &y->hit[g][i];
			if (p->line != q->line || p->column != q->column || strcmp(p->as, q->as) != 0 || strcmp(p->excerpt, q->excerpt) != 0)
				abort();
		}
	}
}

static void look(struct arena *a, const struct source_target *t, const char *text, size_t len)
{
	struct source_found once, pieces;
	struct source *s = source_new(a, t, KEEP, &once);
	if (!s)
		return;
	size_t lines = read_in(s, text, len, len + 1, len + 1);
	for (int g = 0; g < SOURCE_GRADES; g++)
		for (size_t i = 0; i < once.n[g]; i++)
			hold(a, &once.hit[g][i], text, len, lines);
	s = source_new(a, t, KEEP, &pieces);
	if (read_in(s, text, len, len > SOURCE_PIECE ? 3 * SOURCE_PIECE : len + 1, 1 + len / 7) != lines)
		abort();
	if (len <= SOURCE_PIECE)
		same(&once, &pieces);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct arena *a = arena_new();
	const char *all = arena_dupn(a, (const char *)data, size), *nl = memchr(all, '\n', size);
	char *head = arena_dupn(a, all, nl ? (size_t)(nl - all) : size), *rest = head;
	const char *word[4];
	for (int i = 0; i < 4; i++)
		word[i] = strsep(&rest, "\t");
	const char *name = word[3] ? word[3] : "legacy_note";
	static const enum target kinds[] = { TARGET_COLUMN, TARGET_TABLE, TARGET_INDEX, TARGET_TYPE };
	const struct source_target t = { kinds[head[0] & 3], word[1], word[2], name };
	if (nl)
		look(a, &t, nl + 1, size - (size_t)(nl + 1 - all));
	arena_free(a);
	return 0;
}

#ifdef REPLAY
int main(int argc, char **argv)
{
	return replay(argc, argv, "source code");
}
#endif
