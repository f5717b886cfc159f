/* SPDX-License-Identifier: MIT */
#include "port/sshsig.h"

#include <string.h>

#include "base/err.h"

#define MAGIC "SSHSIG"
#define KEY_LEN 32
#define SIG_LEN 64
#define TYPE_PLAIN "ssh-ed25519"
#define TYPE_SK "sk-ssh-ed25519@openssh.com"

bool slice_is(struct slice s, const char *text)
{
	return s.len == strlen(text) && memcmp(s.p, text, s.len) == 0;
}

static uint32_t number(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static bool take(struct slice *from, size_t len, struct slice *out)
{
	if (from->len < len)
		return false;
	*out = (struct slice){ from->p, len };
	from->p += len;
	from->len -= len;
	return true;
}

static bool take_number(struct slice *from, uint32_t *out)
{
	struct slice s;
	if (!take(from, 4, &s))
		return false;
	*out = number(s.p);
	return true;
}

static bool take_string(struct slice *from, struct slice *out)
{
	uint32_t len;
	return take_number(from, &len) && take(from, len, out);
}

bool sshkey_parse(struct slice blob, struct sshkey *out)
{
	memset(out, 0, sizeof *out);
	if (!take_string(&blob, &out->type) || !take_string(&blob, &out->key) || out->key.len != KEY_LEN)
		return false;
	out->sk = slice_is(out->type, TYPE_SK);
	if (!out->sk)
		return slice_is(out->type, TYPE_PLAIN) && blob.len == 0;
	return take_string(&blob, &out->application) && out->application.len > 0
		&& !memchr(out->application.p, 0, out->application.len) && blob.len == 0;
}

/* The inner signature: type, 64 bytes, and for FIDO flags and counter behind. */
static bool signature_parse(struct slice in, struct sshsig *out)
{
	struct slice type, flags;
	if (!take_string(&in, &type) || !take_string(&in, &out->raw) || out->raw.len != SIG_LEN)
		return false;
	if (type.len != out->key.type.len || memcmp(type.p, out->key.type.p, type.len) != 0)
		return false;
	if (out->key.sk) {
		if (!take(&in, 1, &flags) || !take_number(&in, &out->counter))
			return false;
		out->flags = flags.p[0];
	}
	return in.len == 0;
}

bool sshsig_parse(struct slice blob, struct sshsig *out, struct err *e)
{
	struct slice magic, reserved, signature;
	uint32_t version;
	memset(out, 0, sizeof *out);
	if (!take(&blob, strlen(MAGIC), &magic) || !slice_is(magic, MAGIC))
		return err_set(e, ERR_VERIFY, NULL, "this is no SSH signature");
	if (!take_number(&blob, &version) || version != 1)
		return err_set(e, ERR_VERIFY, NULL, "the SSH signature is of another version");
	if (!take_string(&blob, &out->key_blob) || !take_string(&blob, &out->ns) || !take_string(&blob, &reserved)
		|| !take_string(&blob, &out->hash) || !take_string(&blob, &signature) || blob.len != 0)
		return err_set(e, ERR_VERIFY, NULL, "the SSH signature is cut or has something behind it");
	if (!sshkey_parse(out->key_blob, &out->key))
		return err_set(e, ERR_VERIFY, NULL, "the SSH signature is not by an Ed25519 key");
	if (reserved.len != 0 || out->ns.len == 0)
		return err_set(e, ERR_VERIFY, NULL, "the SSH signature has no namespace, or something in its reserved place");
	if (!signature_parse(signature, out))
		return err_set(e, ERR_VERIFY, NULL, "the SSH signature's inner part is not well formed");
	return true;
}
