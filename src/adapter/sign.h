/* SPDX-License-Identifier: MIT */
/* The operator's key: found, made, unlocked once a session in an ssh-agent of our own, used by ssh-keygen as a child.
   No secret enters this process. */
#ifndef GW_ADAPTER_SIGN_H
#define GW_ADAPTER_SIGN_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct err;
struct signer;

#define NS_ENTRY "gatewalk-entry-v1"
#define NS_COSIGN "gatewalk-cosign-v1"
#define NS_HEAD "gatewalk-head-v1"
#define NS_TRUST "gatewalk-trust-v1"

/* key: path of a private key file, or NULL: the one named in path_config/key, else path_config/id_ed25519.
   principal: who signs, "user@host" when NULL. Does not unlock. Refuses keys that are neither Ed25519 nor FIDO Ed25519. */
struct signer *signer_open(const char *key, const char *principal, struct err *e);
void signer_close(struct signer *s);                    /* ends our agent */
const char *signer_principal(const struct signer *s);
const char *signer_allowed_line(const struct signer *s);   /* its line for allowed_signers, with namespaces */
/* When no principal was given: goes by this name from now on, the one a walk's log knows this key by. False when one was given. */
bool signer_go_by(struct signer *s, const char *name);
const char *signer_key_path(const struct signer *s);
const char *signer_fingerprint(const struct signer *s);
/* True when the next signer_sign will not have to ask. */
bool signer_unlocked(struct signer *s);
/* ssh-add -t 3600 into our own agent; the terminal is the child's meanwhile. A key without passphrase just loads. */
bool signer_unlock(struct signer *s, struct err *e);
/* A raw SSHSIG over data, base64 without line breaks, owned by a; checked in-process before it is returned. ERR_SIGNATURE
   when locked. */
char *signer_sign(struct signer *s, struct arena *a, const char *ns, const void *data, size_t len, struct err *e);
/* The same by a person there and then: not from the agent, the passphrase is typed on the terminal or the key is touched.
   Refuses a key that opens without a passphrase and needs no touch, and a standard input that is no terminal. */
char *signer_sign_person(struct signer *s, struct arena *a, const char *ns, const void *data, size_t len, struct err *e);
bool signer_needs_person(struct signer *s, struct err *e);   /* has a passphrase or is FIDO */
/* Makes an Ed25519 key by ssh-keygen -t ed25519 (asks for the passphrase on the terminal; passphrase "" only when allowed). */
bool signer_make_key(const char *path, const char *comment, struct err *e);

#endif
