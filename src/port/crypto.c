/* SPDX-License-Identifier: MIT */
#include "port/crypto.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "port/sshsig.h"

#define MAC_KEY_LEN 32
#define FLAG_TOUCHED 1

_Static_assert(sizeof(crypto_hash_sha256_state) <= sizeof(struct sha256), "the hash state must fit");

bool crypto_start(void)
{
	return sodium_init() >= 0;
}

/* The state is kept as bytes and copied out and in, so that no alignment is assumed. */
void sha256_init(struct sha256 *h)
{
	crypto_hash_sha256_state s;
	crypto_hash_sha256_init(&s);
	memcpy(h->opaque, &s, sizeof s);
}

void sha256_add(struct sha256 *h, const void *data, size_t len)
{
	crypto_hash_sha256_state s;
	memcpy(&s, h->opaque, sizeof s);
	crypto_hash_sha256_update(&s, data, len);
	memcpy(h->opaque, &s, sizeof s);
}

static void hex(const unsigned char *from, size_t len, char *out)
{
	sodium_bin2hex(out, len * 2 + 1, from, len);
}

void sha256_hex(struct sha256 h, char out[static 65])
{
	crypto_hash_sha256_state s;
	unsigned char sum[crypto_hash_sha256_BYTES];
	memcpy(&s, h.opaque, sizeof s);
	crypto_hash_sha256_final(&s, sum);
	hex(sum, sizeof sum, out);
}

void crypto_sha256_hex(const void *data, size_t len, char out[static 65])
{
	unsigned char sum[crypto_hash_sha256_BYTES];
	crypto_hash_sha256(sum, data, len);
	hex(sum, sizeof sum, out);
}

void row_digest_init(struct row_digest *d, const unsigned char key[static 32])
{
	memset(d, 0, sizeof *d);
	memcpy(d->key, key, sizeof d->key);
}

static void lane_add(uint64_t lane[2], uint64_t low, uint64_t high)
{
	uint64_t sum = lane[0] + low;
	lane[1] += high + (sum < low);
	lane[0] = sum;
}

/* Low byte first on every machine, here and in row_digest_hex. */
static uint64_t word(const unsigned char *p)
{
	uint64_t w = 0;
	for (int i = 7; i >= 0; i--)
		w = w << 8 | p[i];
	return w;
}

static void row_add(struct row_digest *d, const unsigned char h[static 32])
{
	lane_add(d->lane, word(h), word(h + 8));
	lane_add(d->lane + 2, word(h + 16), word(h + 24));
	d->rows++;
}

void row_digest_add(struct row_digest *d, const void *row, size_t len)
{
	unsigned char h[32];
	crypto_generichash(h, sizeof h, row, len, d->key, sizeof d->key);
	row_add(d, h);
}

/* libsodium's own state wants its alignment: it is copied in and out. */
static void part_state(const struct row_digest *d, crypto_generichash_state *s)
{
	_Static_assert(sizeof *s <= sizeof d->part, "row_digest.part holds the library's state");
	if (d->open)
		memcpy(s, d->part, sizeof *s);
	else
		crypto_generichash_init(s, d->key, sizeof d->key, 32);
}

void row_digest_part(struct row_digest *d, const void *piece, size_t len)
{
	crypto_generichash_state s;
	part_state(d, &s);
	crypto_generichash_update(&s, piece, len);
	memcpy(d->part, &s, sizeof s);
	d->open = true;
}

void row_digest_end(struct row_digest *d)
{
	crypto_generichash_state s;
	unsigned char h[32];
	part_state(d, &s);
	crypto_generichash_final(&s, h, sizeof h);
	row_add(d, h);
	d->open = false;
}

void row_digest_hex(const struct row_digest *d, char out[static 65])
{
	unsigned char b[32];
	for (size_t i = 0; i < sizeof b; i++)
		b[i] = (unsigned char)(d->lane[i / 8] >> (8 * (i % 8)));
	hex(b, sizeof b, out);
}

void crypto_random(void *out, size_t len)
{
	randombytes_buf(out, len);
}

void crypto_random_hex(size_t bytes, char *out)
{
	unsigned char b[64];
	size_t at = 0;
	while (at < bytes) {
		size_t n = bytes - at < sizeof b ? bytes - at : sizeof b;
		randombytes_buf(b, n);
		hex(b, n, out + at * 2);
		at += n;
	}
	out[bytes * 2] = '\0';
}

void crypto_mac(void *key, const void *data, size_t len, unsigned char out[32])
{
	crypto_generichash(out, 32, data, len, key, MAC_KEY_LEN);
}

char *crypto_base64(struct arena *a, const void *data, size_t len)
{
	size_t room = sodium_base64_encoded_len(len, sodium_base64_VARIANT_ORIGINAL);
	char *out = arena_alloc(a, room);
	return sodium_bin2base64(out, room, data, len, sodium_base64_VARIANT_ORIGINAL);
}

bool crypto_unbase64(struct arena *a, const char *s, unsigned char **out, size_t *len)
{
	size_t in = strlen(s);
	const char *end;
	*out = arena_alloc(a, in / 4 * 3 + 4);
	return sodium_base642bin(*out, in / 4 * 3 + 3, s, in, NULL, len, &end, sodium_base64_VARIANT_ORIGINAL) == 0 && *end == '\0';
}

static void fingerprint(const unsigned char *blob, size_t len, char out[static 64])
{
	unsigned char sum[crypto_hash_sha256_BYTES];
	char b64[sodium_base64_ENCODED_LEN(sizeof sum, sodium_base64_VARIANT_ORIGINAL_NO_PADDING)];
	crypto_hash_sha256(sum, blob, len);
	sodium_bin2base64(b64, sizeof b64, sum, sizeof sum, sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
	snprintf(out, 64, "SHA256:%s", b64);
}

bool pubkey_parse(struct arena *a, const char *type, const char *base64, struct pubkey *out)
{
	struct sshkey k;
	unsigned char *blob;
	size_t len;
	memset(out, 0, sizeof *out);
	if (!crypto_unbase64(a, base64, &blob, &len) || !sshkey_parse((struct slice){ blob, len }, &k) || !slice_is(k.type, type))
		return false;
	out->sk = k.sk;
	memcpy(out->key, k.key.p, sizeof out->key);
	out->application = k.sk ? arena_dupn(a, (const char *)k.application.p, k.application.len) : NULL;
	fingerprint(blob, len, out->fingerprint);
	return true;
}

static bool same_key(const struct sshkey *k, const struct pubkey *want)
{
	if (k->sk != want->sk || memcmp(k->key.p, want->key, sizeof want->key) != 0)
		return false;
	return !k->sk || slice_is(k->application, want->application);
}

static void put_string(unsigned char **to, const void *p, size_t len)
{
	unsigned char *o = *to;
	o[0] = (unsigned char)(len >> 24);
	o[1] = (unsigned char)(len >> 16);
	o[2] = (unsigned char)(len >> 8);
	o[3] = (unsigned char)len;
	if (len)
		memcpy(o + 4, p, len);
	*to += 4 + len;
}

#define NS_MAX 64
#define SIGNED_MAX (6 + 4 + NS_MAX + 4 + 4 + 6 + 4 + 64)

/* What SSHSIG signs: magic, namespace, reserved, hash name, hash of the data. */
static size_t to_be_signed(unsigned char out[static SIGNED_MAX], const char *ns, const void *data, size_t len)
{
	unsigned char sum[crypto_hash_sha512_BYTES], *p = out + 6;
	crypto_hash_sha512(sum, data, len);
	memcpy(out, "SSHSIG", 6);
	put_string(&p, ns, strlen(ns));
	put_string(&p, NULL, 0);
	put_string(&p, "sha512", 6);
	put_string(&p, sum, sizeof sum);
	return (size_t)(p - out);
}

/* A security key signs hash(application), flags, counter, hash(what an ordinary key would sign). */
static size_t to_be_signed_sk(unsigned char out[static SIGNED_MAX], const struct sshsig *s, size_t len)
{
	unsigned char inner[crypto_hash_sha256_BYTES], *p = out;
	crypto_hash_sha256(inner, out, len);
	crypto_hash_sha256(p, s->key.application.p, s->key.application.len);
	p += crypto_hash_sha256_BYTES;
	*p++ = s->flags;
	for (int shift = 24; shift >= 0; shift -= 8)
		*p++ = (unsigned char)(s->counter >> shift);
	memcpy(p, inner, sizeof inner);
	return (size_t)(p - out) + sizeof inner;
}

static bool form_is_right(const struct sshsig *s, const char *ns, const struct pubkey *key, struct err *e)
{
	if (!same_key(&s->key, key))
		return err_set(e, ERR_VERIFY, NULL, "the signature is by another key than %s", key->fingerprint);
	if (!slice_is(s->ns, ns) || strlen(ns) > NS_MAX)
		return err_set(e, ERR_VERIFY, NULL, "the signature was made for another purpose than %s", ns);
	if (!slice_is(s->hash, "sha512"))
		return err_set(e, ERR_VERIFY, NULL, "the signature uses another hash than sha512");
	if (s->key.sk && !(s->flags & FLAG_TOUCHED))
		return err_set(e, ERR_VERIFY, NULL, "the security key was not touched for this signature");
	return true;
}

bool sshsig_verify(const unsigned char *blob, size_t len, const char *ns, const struct pubkey *key, const void *data, size_t data_len,
	bool *touched, struct err *e)
{
	struct sshsig s;
	unsigned char tbs[SIGNED_MAX];
	if (!sshsig_parse((struct slice){ blob, len }, &s, e) || !form_is_right(&s, ns, key, e))
		return false;
	size_t n = to_be_signed(tbs, ns, data, data_len);
	if (s.key.sk)
		n = to_be_signed_sk(tbs, &s, n);
	if (crypto_sign_verify_detached(s.raw.p, tbs, n, key->key) != 0)
		return err_set(e, ERR_VERIFY, NULL, "the signature does not fit what it stands under");
	if (touched)
		*touched = s.key.sk;
	return true;
}

bool sshsig_key(struct arena *a, const unsigned char *blob, size_t len, const char **type, const char **base64)
{
	struct sshsig s;
	if (!sshsig_parse((struct slice){ blob, len }, &s, NULL))
		return false;
	*type = arena_dupn(a, (const char *)s.key.type.p, s.key.type.len);
	*base64 = crypto_base64(a, s.key_blob.p, s.key_blob.len);
	return true;
}
