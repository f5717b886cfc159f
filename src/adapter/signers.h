/* SPDX-License-Identifier: MIT */
/* allowed_signers, as ssh-keygen reads it, but narrower: one principal, one namespaces option and one Ed25519 key a line.
   What is wider (patterns, certificates, further options) is refused, so that nobody reads it in two ways. */
#ifndef GW_ADAPTER_SIGNERS_H
#define GW_ADAPTER_SIGNERS_H

#include <stdbool.h>
#include <stddef.h>

#include "port/crypto.h"

struct arena;
struct err;

struct signers_line { const char *name, *namespaces; struct pubkey key; };
struct signers {
	struct signers_line *line;
	size_t n, cap;
	char sha[65];       /* SHA-256 of the file, as the log's first line has it */
};

/* False names the line. Owned by a. */
bool signers_parse(struct arena *a, const char *text, size_t len, struct signers *out, struct err *e);
/* Is this raw SSHSIG (base64) over data a good one by `who` in namespace ns? False tells a foreign key, another signer, another
   purpose and changed data apart. scratch is used for what need not last. */
bool signers_check(const struct signers *s, struct arena *scratch, const char *who, const char *ns, const char *signature,
	const void *data, size_t len, struct err *e);
/* A name fit to stand in the file: letters, digits and ._@+-; no pattern, no space. */
bool signers_name_fits(const char *name);

#endif
