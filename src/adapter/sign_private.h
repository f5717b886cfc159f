/* SPDX-License-Identifier: MIT */
/* What the parts of signing share. Nobody else includes this. */
#ifndef GW_ADAPTER_SIGN_PRIVATE_H
#define GW_ADAPTER_SIGN_PRIVATE_H

#include <stdint.h>

#include "adapter/sign.h"
#include "port/child.h"
#include "port/crypto.h"

struct signer {
	struct arena *arena;
	const char *key, *pub;          /* private file, public file */
	bool has_private;               /* without: the key lives in the operator's own agent */
	const char *principal, *allowed;
	bool named;                     /* the principal was given, not made up */
	const char *type, *base64;
	struct pubkey pubkey;

	struct child_kept agent;        /* ours */
	const char *socket, *socket_dir;
	int64_t loaded_until;           /* clock_mono; 0 locked */
	int64_t asked_at;               /* when the operator's agent was last asked for the key */
	bool agent_has_it;
};

/* Our agent, started when it is not there. */
bool agent_start(struct signer *s, struct err *e);
bool agent_alive(const struct signer *s);
void agent_stop(struct signer *s);
/* "SSH_AUTH_SOCK=...", or NULL for the operator's own. */
const char *agent_variable(const struct signer *s, struct arena *a);
/* Does the operator's own agent hold this key? */
bool agent_of_operator(struct signer *s);

/* Reads and checks the key's public half, and looks at who may read the private one. */
bool sign_key_read(struct signer *s, struct err *e);
/* Does the private file open without a passphrase? */
bool key_is_bare(const char *path, bool *bare, struct err *e);

#endif
