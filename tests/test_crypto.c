/* SPDX-License-Identifier: MIT */
#include "port/crypto.h"

#include <stdlib.h>

#include "base/err.h"
#include "port/child.h"
#include "port/files.h"
#include "tests/forge_log.h"
#include "tests/lib_test.h"

#define NS FORGE_NS
#define DATA "{\"a\":1}"

static struct arena *a;
static struct forge_key key, other;

static void setup(void)
{
	ck_assert(crypto_start());
	a = arena_new();
	key = forge_key("ada");
	other = forge_key("bob");
}

static void teardown(void)
{
	arena_free(a);
}

START_TEST(sha256_of_known_texts)
{
	char hex[65];
	struct sha256 h;
	crypto_sha256_hex("abc", 3, hex);
	ck_assert_str_eq(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	sha256_init(&h);
	sha256_hex(h, hex);
	ck_assert_str_eq(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	sha256_add(&h, "a", 1);
	sha256_hex(h, hex);
	sha256_add(&h, "bc", 2);
	sha256_hex(h, hex);
	ck_assert_str_eq(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}
END_TEST

static void digest(char out[65], const char *const *rows)
{
	static const unsigned char k[32] = { 1, 2, 3 };
	struct row_digest d;
	row_digest_init(&d, k);
	for (; *rows; rows++)
		row_digest_add(&d, *rows, strlen(*rows));
	row_digest_hex(&d, out);
}

START_TEST(row_digest_sees_what_changed_and_not_the_order)
{
	char one[65], two[65];
	digest(one, (const char *const[]){ "1\ta\n", "2\tb\n", "3\tc\n", NULL });
	digest(two, (const char *const[]){ "3\tc\n", "1\ta\n", "2\tb\n", NULL });
	ck_assert_str_eq(one, two);
	digest(two, (const char *const[]){ "1\tb\n", "2\ta\n", "3\tc\n", NULL });
	ck_assert_str_ne(one, two);
	digest(two, (const char *const[]){ "1\ta\n", "2\tb\n", NULL });
	ck_assert_str_ne(one, two);
	digest(two, (const char *const[]){ "1\ta\n", "2\tb\n", "3\tc\n", "3\tc\n", NULL });
	ck_assert_str_ne(one, two);
	digest(one, (const char *const[]){ "1\ta\n", "1\ta\n", NULL });
	digest(two, (const char *const[]){ NULL });
	ck_assert_str_ne(one, two);
}
END_TEST

START_TEST(row_digest_in_pieces_is_the_same)
{
	static const unsigned char k[32] = { 1, 2, 3 };
	struct row_digest d;
	char one[65], two[65];
	digest(one, (const char *const[]){ "1\ta\n", "22\tbb\n", NULL });
	row_digest_init(&d, k);
	row_digest_part(&d, "1\ta\n", 4);
	ck_assert(d.open && d.rows == 0);
	row_digest_end(&d);
	row_digest_part(&d, "2", 1);
	row_digest_part(&d, "2\tb", 3);
	row_digest_part(&d, "b\n", 2);
	row_digest_end(&d);
	ck_assert(!d.open && d.rows == 2);
	row_digest_hex(&d, two);
	ck_assert_str_eq(one, two);
}
END_TEST

START_TEST(mac_depends_on_key_and_data)
{
	unsigned char k[32] = { 0 }, one[32], two[32];
	crypto_mac(k, "x", 1, one);
	crypto_mac(k, "x", 1, two);
	ck_assert_mem_eq(one, two, 32);
	crypto_mac(k, "y", 1, two);
	ck_assert_mem_ne(one, two, 32);
	k[31] = 1;
	crypto_mac(k, "x", 1, two);
	ck_assert_mem_ne(one, two, 32);
}
END_TEST

START_TEST(base64_there_and_back)
{
	unsigned char *out;
	size_t len;
	ck_assert_str_eq(crypto_base64(a, "gate", 4), "Z2F0ZQ==");
	ck_assert(crypto_unbase64(a, "Z2F0ZQ==", &out, &len));
	ck_assert_uint_eq(len, 4);
	ck_assert_mem_eq(out, "gate", 4);
	ck_assert(crypto_unbase64(a, "", &out, &len) && len == 0);
	ck_assert(!crypto_unbase64(a, "Z2F0ZQ=", &out, &len));
	ck_assert(!crypto_unbase64(a, "Z2F0ZQ==x", &out, &len));
	ck_assert(!crypto_unbase64(a, "Z2F0 ZQ==", &out, &len));
}
END_TEST

START_TEST(random_is_not_the_same_twice)
{
	char one[33], two[33];
	crypto_random_hex(16, one);
	crypto_random_hex(16, two);
	ck_assert_uint_eq(strlen(one), 32);
	ck_assert_str_ne(one, two);
}
END_TEST

static struct pubkey public_of(const struct forge_key *k)
{
	unsigned char blob[64];
	struct pubkey p;
	size_t len = forge_key_blob(k, blob);
	ck_assert(pubkey_parse(a, "ssh-ed25519", crypto_base64(a, blob, len), &p));
	return p;
}

static const char *verdict(const unsigned char *blob, size_t len, const char *ns, const char *data)
{
	struct err e = { 0 };
	struct pubkey p = public_of(&key);
	if (sshsig_verify(blob, len, ns, &p, data, strlen(data), NULL, &e))
		return "good";
	ck_assert_int_eq(e.code, ERR_VERIFY);
	return arena_dup(a, e.msg);
}

START_TEST(sshsig_good_and_each_way_of_being_bad)
{
	unsigned char blob[520];
	size_t len = forge_sshsig(&key, NS, DATA, strlen(DATA), blob);
	ck_assert_str_eq(verdict(blob, len, NS, DATA), "good");
	ck_assert_str_eq(verdict(blob, len, NS, "{\"a\":2}"), "the signature does not fit what it stands under");
	ck_assert_str_eq(verdict(blob, len, "gatewalk-head-v1", DATA), "the signature was made for another purpose than gatewalk-head-v1");
	blob[len] = 0;
	ck_assert_str_eq(verdict(blob, len + 1, NS, DATA), "the SSH signature is cut or has something behind it");
	ck_assert_str_eq(verdict(blob, len - 1, NS, DATA), "the SSH signature is cut or has something behind it");
	blob[9] = 2;
	ck_assert_str_eq(verdict(blob, len, NS, DATA), "the SSH signature is of another version");
	blob[0] = 'X';
	ck_assert_str_eq(verdict(blob, len, NS, DATA), "this is no SSH signature");
	len = forge_sshsig(&other, NS, DATA, strlen(DATA), blob);
	ck_assert_ptr_nonnull(strstr(verdict(blob, len, NS, DATA), "the signature is by another key than SHA256:"));
	for (size_t i = 0; i < len; i++)
		verdict(blob, i, NS, DATA);
}
END_TEST

START_TEST(sshsig_every_flipped_bit_is_seen)
{
	unsigned char blob[512];
	size_t len = forge_sshsig(&key, NS, DATA, strlen(DATA), blob);
	for (size_t i = 0; i < len * 8; i++) {
		blob[i / 8] ^= (unsigned char)(1 << i % 8);
		ck_assert_msg(strcmp(verdict(blob, len, NS, DATA), "good") != 0, "bit %zu", i);
		blob[i / 8] ^= (unsigned char)(1 << i % 8);
	}
}
END_TEST

#define SK_TYPE "sk-ssh-ed25519@openssh.com"

static size_t sk_key_blob(unsigned char *out)
{
	unsigned char *p = out;
	forge_put(&p, SK_TYPE, strlen(SK_TYPE));
	forge_put(&p, key.pub, 32);
	forge_put(&p, "ssh:", 4);
	return (size_t)(p - out);
}

/* A security key's signature, as the OpenSSH's PROTOCOL.u2f has it. */
static size_t sk_sshsig(unsigned char flags, unsigned char *out)
{
	unsigned char sum[64], tbs[256], outer[128], sig[64], inner[160], blob[128], *p = tbs, *q = inner;
	crypto_hash_sha512(sum, (const unsigned char *)DATA, strlen(DATA));
	memcpy(p, "SSHSIG", 6);
	p += 6;
	forge_put(&p, NS, strlen(NS));
	forge_put(&p, "", 0);
	forge_put(&p, "sha512", 6);
	forge_put(&p, sum, sizeof sum);
	crypto_hash_sha256(outer, (const unsigned char *)"ssh:", 4);
	memcpy(outer + 32, (unsigned char[]){ flags, 0, 0, 0, 9 }, 5);
	crypto_hash_sha256(outer + 37, tbs, (size_t)(p - tbs));
	crypto_sign_detached(sig, NULL, outer, 69, key.secret);
	forge_put(&q, SK_TYPE, strlen(SK_TYPE));
	forge_put(&q, sig, sizeof sig);
	memcpy(q, outer + 32, 5);
	q += 5;
	p = out;
	memcpy(p, "SSHSIG\0\0\0\1", 10);
	p += 10;
	size_t blob_len = sk_key_blob(blob);
	forge_put(&p, blob, blob_len);
	forge_put(&p, NS, strlen(NS));
	forge_put(&p, "", 0);
	forge_put(&p, "sha512", 6);
	forge_put(&p, inner, (size_t)(q - inner));
	return (size_t)(p - out);
}

START_TEST(a_security_key_must_have_been_touched)
{
	unsigned char blob[512];
	struct pubkey p;
	struct err e = { 0 };
	bool touched = false;
	ck_assert(pubkey_parse(a, SK_TYPE, crypto_base64(a, blob, sk_key_blob(blob)), &p));
	ck_assert(p.sk);
	ck_assert_str_eq(p.application, "ssh:");
	size_t len = sk_sshsig(1, blob);
	ck_assert_msg(sshsig_verify(blob, len, NS, &p, DATA, strlen(DATA), &touched, &e), "%s", e.msg);
	ck_assert(touched);
	len = sk_sshsig(0, blob);
	ck_assert(!sshsig_verify(blob, len, NS, &p, DATA, strlen(DATA), NULL, &e));
	ck_assert_str_eq(e.msg, "the security key was not touched for this signature");
	len = sk_sshsig(1, blob);
	blob[len - 1] ^= 1;   /* the counter is signed too */
	ck_assert(!sshsig_verify(blob, len, NS, &p, DATA, strlen(DATA), NULL, &e));
	p.application = "ssh:other";
	ck_assert(!sshsig_verify(blob, len, NS, &p, DATA, strlen(DATA), NULL, &e));
}
END_TEST

static const char *keygen(const char *const *args, const void *in, size_t len)
{
	const char *argv[16] = { "ssh-keygen" };
	struct child_end end;
	struct err e = { 0 };
	for (int i = 0; args[i]; i++)
		argv[i + 1] = args[i];
	struct child c = { .argv = argv, .in = in, .in_len = len };
	ck_assert_msg(child_run(a, &c, &end, &e), "%s", e.msg);
	ck_assert_msg(end.status == 0, "ssh-keygen: %s", end.err);
	return end.out;
}

START_TEST(what_ssh_keygen_signs_is_good_here)
{
	const char *path = path_join(a, test_dir(), "k"), *pub = arena_printf(a, "%s.pub", path);
	char *line;
	size_t len;
	unsigned char *blob;
	struct pubkey p;
	struct err e = { 0 };
	keygen((const char *const[]){ "-q", "-t", "ed25519", "-N", "", "-C", "c", "-f", path, NULL }, NULL, 0);
	ck_assert(file_read(a, pub, 4096, &line, &len, &e));
	char *b64 = strchr(line, ' ') + 1;
	*strchr(b64, ' ') = '\0';
	ck_assert(pubkey_parse(a, "ssh-ed25519", b64, &p));
	const char *print = keygen((const char *const[]){ "-l", "-f", pub, NULL }, NULL, 0);
	ck_assert_ptr_nonnull(strstr(print, p.fingerprint));
	ck_assert(!pubkey_parse(a, "ssh-rsa", b64, &p));
	ck_assert(pubkey_parse(a, "ssh-ed25519", b64, &p));
	const char *armor = keygen((const char *const[]){ "-Y", "sign", "-n", NS, "-f", path, NULL }, DATA, strlen(DATA));
	char *raw = arena_alloc(a, strlen(armor));
	size_t n = 0;
	for (const char *s = strchr(armor, '\n'); *s && *s != '-'; s++)
		if (*s != '\n')
			raw[n++] = *s;
	ck_assert(crypto_unbase64(a, raw, &blob, &len));
	ck_assert_msg(sshsig_verify(blob, len, NS, &p, DATA, strlen(DATA), NULL, &e), "%s", e.msg);
	const char *type, *k;
	ck_assert(sshsig_key(a, blob, len, &type, &k));
	ck_assert_str_eq(type, "ssh-ed25519");
	ck_assert_str_eq(k, b64);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("crypto");
	TCase *t = tcase_create("crypto");
	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, sha256_of_known_texts);
	tcase_add_test(t, row_digest_sees_what_changed_and_not_the_order);
	tcase_add_test(t, row_digest_in_pieces_is_the_same);
	tcase_add_test(t, mac_depends_on_key_and_data);
	tcase_add_test(t, base64_there_and_back);
	tcase_add_test(t, random_is_not_the_same_twice);
	tcase_add_test(t, sshsig_good_and_each_way_of_being_bad);
	tcase_add_test(t, sshsig_every_flipped_bit_is_seen);
	tcase_add_test(t, a_security_key_must_have_been_touched);
	tcase_add_test(t, what_ssh_keygen_signs_is_good_here);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return test_main(suite());
}
