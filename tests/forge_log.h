/* SPDX-License-Identifier: MIT */
/* Makes logs in memory with keys of its own, good ones and bad ones, faster than ssh-keygen could. Only for tests. */
#ifndef GW_TESTS_FORGE_LOG_H
#define GW_TESTS_FORGE_LOG_H

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "core/record.h"
#include "port/crypto.h"

#define FORGE_SID "00112233445566778899aabbccddeeff"
#define FORGE_DB "7300000000000000001.16384.6f1e2d3c-0000-4000-8000-000000000001"
#define FORGE_NS "gatewalk-entry-v1"
#define FORGE_T0 INT64_C(1760000000000000)

struct forge_key { const char *name; unsigned char pub[32], secret[64]; };

struct forge {
	struct arena *a;
	struct forge_key key;
	struct text log;
	struct sha256 hash;
	char head[65], allowed[512];
	int64_t n;
	/* what the next line says; set back after each */
	const char *sid, *db, *who, *ns, *prev;
	const struct forge_key *by;
	int64_t say_n;
	bool bare;              /* no signature, whatever the op asks for */
};

static inline void forge_put(unsigned char **to, const void *p, size_t len)
{
	(*to)[0] = 0;
	(*to)[1] = (unsigned char)(len >> 16);
	(*to)[2] = (unsigned char)(len >> 8);
	(*to)[3] = (unsigned char)len;
	if (len)
		memcpy(*to + 4, p, len);
	*to += 4 + len;
}

static inline size_t forge_key_blob(const struct forge_key *k, unsigned char *out)
{
	unsigned char *p = out;
	forge_put(&p, "ssh-ed25519", 11);
	forge_put(&p, k->pub, 32);
	return (size_t)(p - out);
}

/* A raw SSHSIG blob. */
static inline size_t forge_sshsig(const struct forge_key *k, const char *ns, const void *data, size_t len, unsigned char out[512])
{
	unsigned char sum[64], tbs[256], sig[64], inner[128], *p = tbs, *q = inner, blob[64];
	crypto_hash_sha512(sum, data, len);
	memcpy(p, "SSHSIG", 6);
	p += 6;
	forge_put(&p, ns, strlen(ns));
	forge_put(&p, "", 0);
	forge_put(&p, "sha512", 6);
	forge_put(&p, sum, sizeof sum);
	crypto_sign_detached(sig, NULL, tbs, (size_t)(p - tbs), k->secret);
	forge_put(&q, "ssh-ed25519", 11);
	forge_put(&q, sig, sizeof sig);
	p = out;
	memcpy(p, "SSHSIG\0\0\0\1", 10);
	p += 10;
	size_t blob_len = forge_key_blob(k, blob);
	forge_put(&p, blob, blob_len);
	forge_put(&p, ns, strlen(ns));
	forge_put(&p, "", 0);
	forge_put(&p, "sha512", 6);
	forge_put(&p, inner, (size_t)(q - inner));
	return (size_t)(p - out);
}

static inline struct forge_key forge_key(const char *name)
{
	struct forge_key k = { .name = name };
	crypto_sign_keypair(k.pub, k.secret);
	return k;
}

static inline void forge_allow(struct forge *f, const struct forge_key *k)
{
	unsigned char blob[64];
	size_t len = forge_key_blob(k, blob), at = strlen(f->allowed);
	snprintf(f->allowed + at, sizeof f->allowed - at, "%s namespaces=\"gatewalk-entry-v1,gatewalk-head-v1,gatewalk-trust-v1\" ssh-ed25519 %s\n",
		k->name, crypto_base64(f->a, blob, len));
}

static inline void forge_default(struct forge *f)
{
	f->sid = FORGE_SID;
	f->db = FORGE_DB;
	f->who = f->key.name;
	f->ns = FORGE_NS;
	f->prev = f->head;
	f->by = &f->key;
	f->say_n = f->n;
	f->bare = false;
}

static inline void forge_start_with(struct forge *f, const struct forge_key *key)
{
	memset(f, 0, sizeof *f);
	f->a = arena_new();
	f->key = *key;
	sha256_init(&f->hash);
	sha256_hex(f->hash, f->head);
	forge_allow(f, &f->key);
	forge_default(f);
}

static inline void forge_start(struct forge *f, const char *name)
{
	struct forge_key key = forge_key(name);
	forge_start_with(f, &key);
}

/* The same key each time, for a corpus that stays good. */
static inline void forge_start_same(struct forge *f)
{
	static const unsigned char seed[32] = "a key that is secret to nobody";
	struct forge_key key = { .name = "ada@example" };
	crypto_sign_seed_keypair(key.pub, key.secret, seed);
	forge_start_with(f, &key);
}

static inline void forge_end(struct forge *f)
{
	text_free(&f->log);
	arena_free(f->a);
}

static inline void forge_bytes(struct forge *f, const char *s, size_t len)
{
	text_addn(&f->log, s, len);
	sha256_add(&f->hash, s, len);
	sha256_hex(f->hash, f->head);
}

static inline void forge_line(struct forge *f, enum record_op op, const struct json *b)
{
	struct arena *a = arena_new();
	struct record r = {
		.n = f->say_n, .op = op, .sid = f->sid, .db = f->db, .who = f->who, .t = FORGE_T0 + f->n * 1000000,
		.local = FORGE_T0 + f->n * 1000000, .mono_ms = 1000 + f->n, .boot = "3f0c7a5e-1111-4222-8333-944455566677",
		.lsn = "0/1A2B3C4", .xid = "", .tli = 1, .b = b,
	};
	struct text t = { 0 };
	memcpy(r.prev, f->prev, sizeof r.prev);
	json_write(&t, record_encode(a, &r));
	unsigned char blob[512];
	size_t body = t.len;
	text_addn(&t, "\t", 1);
	if (record_op_signed(op) && !f->bare)
		text_add(&t, crypto_base64(a, blob, forge_sshsig(f->by, f->ns, t.s, body, blob)));
	text_addn(&t, "\n", 1);
	forge_bytes(f, t.s, t.len);
	text_free(&t);
	arena_free(a);
	f->n++;
	forge_default(f);
}

static inline struct json *forge_begin_body(struct forge *f, const char *signers)
{
	struct json *b = json_obj(f->a);
	json_add_int(b, "attnum", 3);
	json_add_int(b, "day_us", 86400000000);
	json_add_str(b, "environment", "production");
	json_add_str(b, "gatewalk", "0.1.0");
	json_add_str(b, "install_id", "6f1e2d3c-0000-4000-8000-000000000001");
	json_add_str(b, "name", "drop-notes");
	json_add_str(b, "plan", "a3b1c2d4e5f60718293a4b5c6d7e8f90a3b1c2d4e5f60718293a4b5c6d7e8f90");
	json_add_int(b, "relid", 16401);
	json_add_str(b, "server", "db1.example:5432/shop");
	json_add_str(b, "signers", signers);
	json_add_str(b, "target", "public.orders.notes");
	return b;
}

static inline void forge_begin(struct forge *f)
{
	char sha[65];
	crypto_sha256_hex(f->allowed, strlen(f->allowed), sha);
	forge_line(f, OP_BEGIN, forge_begin_body(f, sha));
}

static inline void forge_declare(struct forge *f, const char *value)
{
	struct json *b = json_obj(f->a);
	json_add_str(b, "key", "");
	json_add_str(b, "value", value);
	json_add_str(b, "what", "rehearsed");
	forge_line(f, OP_DECLARE, b);
}

static inline void forge_job(struct forge *f, const char *note)
{
	struct json *b = json_obj(f->a);
	json_add_str(b, "event", "start");
	json_add_int(b, "job", 12);
	json_add_str(b, "kind", "watch");
	json_add_str(b, "note", note);
	forge_line(f, OP_JOB, b);
}

#endif
