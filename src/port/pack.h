/* SPDX-License-Identifier: MIT */
/* zstd: streams into and out of files. The only file that knows it. */
#ifndef GW_PORT_PACK_H
#define GW_PORT_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct pack;
struct unpack;

/* Writes to fd (stays the caller's), level 1, with zstd's checksum. */
struct pack *pack_new(int fd, struct err *e);
bool pack_add(struct pack *p, const void *data, size_t len, struct err *e);
/* Ends the frame; *packed gets the bytes written. Does not fsync. */
bool pack_end(struct pack *p, int64_t *packed, struct err *e);
void pack_free(struct pack *p);

struct unpack *unpack_new(int fd, struct err *e);
/* The next piece; *len 0 at a whole end. A cut or damaged file is ERR_VERIFY. data lives until the next call. */
bool unpack_next(struct unpack *u, const char **data, size_t *len, struct err *e);
void unpack_free(struct unpack *u);

#endif
