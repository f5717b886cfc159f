/* SPDX-License-Identifier: MIT */
/* Any bytes as a log, as a line of one, as an SSH signature and as allowed_signers. With -DREPLAY a plain program that reads the
   files it is given. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapter/journal_private.h"
#include "base/canon.h"
#include "base/json.h"
#include "base/text.h"
#include "port/jsonread.h"
#include "port/sshsig.h"
#include "tests/forge_log.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static char signers[512];

/* The corpus is signed with a key that stays the same, so that what is good in it is taken. */
static void signers_ready(void)
{
	struct forge f;
	if (signers[0])
		return;
	forge_start_same(&f);
	memcpy(signers, f.allowed, sizeof signers);
	forge_end(&f);
}

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* The strict reader takes nothing that the library's reader refuses, and means the same by it. */
static void readers_agree(struct arena *a, const char *s, size_t len)
{
	struct json *strict = json_read_canonical(a, s, len, NULL), *wide = json_read(a, s, len, NULL);
	struct text one = { 0 }, two = { 0 };
	struct record r;
	if (wide && json_is_log_subset(wide)) {
		json_write(&two, wide);
		must((two.len == len && memcmp(two.s, s, len) == 0) == (strict != NULL));
	}
	if (strict) {
		must(wide != NULL);
		json_write(&one, strict);
		must(strcmp(text_str(&one), text_str(&two)) == 0);
		if (record_decode(a, strict, &r, NULL)) {
			text_clear(&one);
			json_write(&one, record_encode(a, &r));
			must(strlen(r.prev) == 64 && r.n >= 0 && r.op > OP_NONE && r.op < OP_COUNT);
		}
	}
	text_free(&one);
	text_free(&two);
}

/* A line, a whole log, with and without the fold. Refused or not: the figures must fit. */
static void read_log(const unsigned char *data, size_t size, bool fold)
{
	struct journal *j = journal_new("/nowhere", NULL);
	struct err e = { 0 };
	struct walk w;
	char *copy = arena_dupn(j->arena, (const char *)data, size);
	must(signers_parse(j->arena, signers, strlen(signers), &j->trust, NULL));
	walk_init(&w, j->arena);
	j->fold = fold ? &w : NULL;
	bool good = journal_take(j, copy, size, &e);
	must(good || (e.code == ERR_VERIFY && e.msg[0]));
	must(j->size <= (int64_t)size && j->sealed <= j->count && j->is_signed <= j->count);
	must(!good || (j->count > 0 && j->size + (j->torn_at >= 0 ? j->torn_len : 0) == (int64_t)size));
	for (size_t i = 0; i < j->n_lines; i++)
		must(journal_line(j, j->arena, i)->n == (int64_t)i && journal_raw(j, i) != NULL);
	journal_close(j);
}

static void read_signature(struct arena *a, const unsigned char *data, size_t size)
{
	struct sshsig s;
	struct signers list;
	struct pubkey k = { .application = "ssh:" };
	const char *type, *b64;
	if (sshsig_parse((struct slice){ data, size }, &s, NULL)) {
		must(s.raw.len == 64 && s.key.key.len == 32);
		must(sshsig_key(a, data, size, &type, &b64) && pubkey_parse(a, type, b64, &k));
		must(!sshsig_verify(data, size, NS_ENTRY, &k, "not this", 8, NULL, NULL));
	}
	char *text = arena_dupn(a, (const char *)data, size);
	if (signers_parse(a, text, size, &list, NULL))
		for (size_t i = 0; i < list.n; i++)
			must(signers_name_fits(list.line[i].name) && strncmp(list.line[i].key.fingerprint, "SHA256:", 7) == 0);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct arena *a = arena_new();
	must(crypto_start());
	signers_ready();
	readers_agree(a, (const char *)data, size);
	const void *tab = memchr(data, '\t', size);
	if (tab)
		readers_agree(a, (const char *)data, (size_t)((const unsigned char *)tab - data));
	read_signature(a, data, size);
	read_log(data, size, false);
	read_log(data, size, true);
	arena_free(a);
	return 0;
}

#ifdef REPLAY
static void replay(const char *path)
{
	static unsigned char data[4 << 20];
	FILE *f = fopen(path, "rb");
	if (!f) {
		perror(path);
		exit(2);
	}
	size_t len = fread(data, 1, sizeof data, f);
	fclose(f);
	LLVMFuzzerTestOneInput(data, len);
	printf("ok - %s\n", path);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		replay(argv[i]);
	return 0;
}
#endif
