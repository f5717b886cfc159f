/* SPDX-License-Identifier: MIT */
#include "adapter/signers.h"

#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"

#define NAME_MAX_LEN 255
#define OPTION "namespaces=\""
#define LINES_MAX 100

bool signers_name_fits(const char *name)
{
	static const char fit[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._@+-";
	size_t len = strlen(name);
	return len > 0 && len <= NAME_MAX_LEN && name[0] != '-' && strspn(name, fit) == len;
}

/* Cuts the next word off; *rest moves behind the one space. NULL at the end. */
static char *word(char **rest)
{
	char *from = *rest;
	if (*from == '\0')
		return NULL;
	char *space = strchr(from, ' ');
	if (!space) {
		*rest = from + strlen(from);
		return from;
	}
	*space = '\0';
	*rest = space + 1;
	return from;
}

static const char *option(struct arena *a, const char *w)
{
	size_t front = strlen(OPTION), len = strlen(w);
	if (strncmp(w, OPTION, front) != 0 || len < front + 2 || w[len - 1] != '"')
		return NULL;
	const char *list = arena_dupn(a, w + front, len - front - 1);
	return strpbrk(list, "\"*?! ") ? NULL : list;
}

static bool line_parse(struct arena *a, char *text, struct signers_line *out)
{
	const char *name = word(&text), *opt = word(&text), *type = word(&text), *key = word(&text);
	if (!key || !signers_name_fits(name))
		return false;
	out->name = name;
	out->namespaces = option(a, opt);
	return out->namespaces && pubkey_parse(a, type, key, &out->key);
}

bool signers_parse(struct arena *a, const char *text, size_t len, struct signers *out, struct err *e)
{
	char *copy = arena_dupn(a, text, len);
	int number = 0;
	memset(out, 0, sizeof *out);
	crypto_sha256_hex(text, len, out->sha);
	if (strlen(copy) != len)
		return err_set(e, ERR_VERIFY, NULL, "allowed_signers has a byte of value zero");
	for (char *next = copy; next; ) {
		char *l = next;
		next = strchr(l, '\n');
		if (next)
			*next++ = '\0';
		number++;
		if (*l == '\0' || *l == '#')
			continue;
		out->line = arena_grow(a, out->line, &out->n, &out->cap, sizeof *out->line);
		if (out->n > LINES_MAX || !line_parse(a, l, &out->line[out->n - 1]))
			return err_set(e, ERR_VERIFY, "gatewalk-log(5) shows the form", "allowed_signers, line %d: not NAME namespaces=\"...\" TYPE KEY with an Ed25519 key", number);
	}
	return out->n > 0 ? true : err_set(e, ERR_VERIFY, NULL, "allowed_signers names nobody");
}

static bool may(const struct signers_line *l, const char *ns)
{
	size_t len = strlen(ns);
	for (const char *p = l->namespaces; *p; ) {
		size_t n = strcspn(p, ",");
		if (n == len && strncmp(p, ns, n) == 0)
			return true;
		p += n + (p[n] == ',');
	}
	return false;
}

static const struct signers_line *by_key(const struct signers *s, const struct pubkey *k)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->line[i].key.sk == k->sk && memcmp(s->line[i].key.key, k->key, sizeof k->key) == 0)
			return &s->line[i];
	return NULL;
}

/* It did not verify: say why as exactly as can be said. The message of the last try stands in e. */
static bool explain(const struct signers *s, struct arena *scratch, const char *who, const unsigned char *blob, size_t len, struct err *e)
{
	const char *type, *base64;
	struct pubkey k;
	const char *name = text_clean(scratch, who);
	if (!sshsig_key(scratch, blob, len, &type, &base64) || !pubkey_parse(scratch, type, base64, &k))
		return err_set(e, ERR_VERIFY, NULL, "the signature is not a well-formed SSH signature by an Ed25519 key");
	const struct signers_line *l = by_key(s, &k);
	if (!l)
		return err_set(e, ERR_VERIFY, NULL, "signed with the key %s, which is not among the signers of this log", k.fingerprint);
	if (strcmp(l->name, who) != 0)
		return err_set(e, ERR_VERIFY, NULL, "the line is by %s, but signed by %s", name, l->name);
	return false;
}

bool signers_check(const struct signers *s, struct arena *scratch, const char *who, const char *ns, const char *signature,
	const void *data, size_t len, struct err *e)
{
	unsigned char *blob;
	size_t n, i;
	if (!crypto_unbase64(scratch, signature, &blob, &n))
		return err_set(e, ERR_VERIFY, NULL, "the signature is not base64");
	err_set(e, ERR_VERIFY, NULL, "%s may not sign for %s in this log", text_clean(scratch, who), ns);
	for (i = 0; i < s->n; i++) {
		const struct signers_line *l = &s->line[i];
		if (strcmp(l->name, who) != 0 || !may(l, ns))
			continue;
		if (sshsig_verify(blob, n, ns, &l->key, data, len, NULL, e)) {
			err_clear(e);
			return true;
		}
	}
	return explain(s, scratch, who, blob, n, e);
}
