/* SPDX-License-Identifier: MIT */
/* The wire form of SSH signatures and keys, pure over bytes: lengths exact, nothing behind, one version. No library. */
#ifndef GW_PORT_SSHSIG_H
#define GW_PORT_SSHSIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;

struct slice { const unsigned char *p; size_t len; };

/* A public key blob: type, 32 bytes, and for FIDO the application. */
struct sshkey { bool sk; struct slice type, key, application; };
bool sshkey_parse(struct slice blob, struct sshkey *out);

struct sshsig {
	struct slice key_blob;      /* the signer's public key as it stands inside */
	struct sshkey key;
	struct slice ns, hash;      /* namespace, hash name */
	struct slice raw;           /* 64 bytes */
	unsigned char flags;        /* FIDO: 1 touched, 4 PIN */
	uint32_t counter;           /* FIDO */
};

/* False names what is wrong with the form. */
bool sshsig_parse(struct slice blob, struct sshsig *out, struct err *e);
bool slice_is(struct slice s, const char *text);

#endif
