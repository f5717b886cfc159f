/* SPDX-License-Identifier: MIT */
/* libsodium: hashes, keyed row digests, randomness, checking SSHSIG signatures. The only file that knows it. */
#ifndef GW_PORT_CRYPTO_H
#define GW_PORT_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct err;

/* Once at start. False when the library does not start. */
bool crypto_start(void);

struct sha256 { unsigned char opaque[128]; };          /* a copy of it can be finished on its own: prefix hashes */
void sha256_init(struct sha256 *h);
void sha256_add(struct sha256 *h, const void *data, size_t len);
void sha256_hex(struct sha256 h, char out[static 65]); /* by value: h goes on */
void crypto_sha256_hex(const void *data, size_t len, char out[static 65]);

/* A sum of keyed hashes, independent of order: finds a changed, lost, doubled or swapped row. Two 128-bit lanes. */
struct row_digest { unsigned char key[32]; uint64_t lane[4]; int64_t rows; bool open; unsigned char part[384]; };
void row_digest_init(struct row_digest *d, const unsigned char key[static 32]);
void row_digest_add(struct row_digest *d, const void *row, size_t len);
/* A row in pieces, so that none has to be held whole: part as often as there are pieces, then end. open: between the two. */
void row_digest_part(struct row_digest *d, const void *piece, size_t len);
void row_digest_end(struct row_digest *d);
void row_digest_hex(const struct row_digest *d, char out[static 65]);

void crypto_random(void *out, size_t len);
void crypto_random_hex(size_t bytes, char *out);       /* 2 * bytes + 1 */
/* Keyed BLAKE2b-256; fits struct permit_mac: key points to 32 bytes. */
void crypto_mac(void *key, const void *data, size_t len, unsigned char out[32]);
char *crypto_base64(struct arena *a, const void *data, size_t len);
bool crypto_unbase64(struct arena *a, const char *s, unsigned char **out, size_t *len);

/* A public key as it stands in allowed_signers. */
struct pubkey { bool sk; unsigned char key[32]; const char *application; char fingerprint[64]; };   /* "SHA256:..." */
bool pubkey_parse(struct arena *a, const char *type, const char *base64, struct pubkey *out);

/* Strictly parses a raw SSHSIG blob (Ed25519 or FIDO Ed25519, sha512, version 1, nothing behind) and checks it over data in
   namespace ns with exactly this key; a FIDO signature must carry the touch flag. *touched, *counter for FIDO. */
bool sshsig_verify(const unsigned char *blob, size_t len, const char *ns, const struct pubkey *key, const void *data, size_t data_len,
	bool *touched, struct err *e);
/* The signer's key inside a blob, as type and base64, owned by a. */
bool sshsig_key(struct arena *a, const unsigned char *blob, size_t len, const char **type, const char **base64);

#endif
