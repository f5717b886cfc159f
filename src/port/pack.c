/* SPDX-License-Identifier: MIT */
#include "port/pack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include "base/err.h"

#define LEVEL 1   /* measured: the server's COPY is the bottleneck, a higher level only costs */

struct pack {
	int fd;
	ZSTD_CCtx *z;
	char *buf;
	size_t cap;
	int64_t packed;
};

struct unpack {
	int fd;
	ZSTD_DCtx *z;
	char *raw, *out;
	size_t raw_cap, out_cap;
	ZSTD_inBuffer in;
	size_t expect;   /* what zstd still waits for; 0 at the end of a frame */
	bool any, full;  /* full: the last call filled out, more may stand inside zstd */
};

struct pack *pack_new(int fd, struct err *e)
{
	struct pack *p = calloc(1, sizeof *p);
	if (p) {
		p->fd = fd;
		p->z = ZSTD_createCCtx();
		p->cap = ZSTD_CStreamOutSize();
		p->buf = malloc(p->cap);
	}
	if (!p || !p->z || !p->buf
			|| ZSTD_isError(ZSTD_CCtx_setParameter(p->z, ZSTD_c_compressionLevel, LEVEL))
			|| ZSTD_isError(ZSTD_CCtx_setParameter(p->z, ZSTD_c_checksumFlag, 1))) {
		err_set(e, ERR_INTERNAL, NULL, "cannot start compressing");
		pack_free(p);
		return NULL;
	}
	return p;
}

static bool write_out(struct pack *p, size_t len, struct err *e)
{
	for (size_t at = 0; at < len; ) {
		ssize_t n = write(p->fd, p->buf + at, len - at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(e, ERR_SYSTEM, errno == ENOSPC ? "free some room, or name another store in the plan" : NULL,
				"cannot write the snapshot's data: %s", strerror(errno));
		at += (size_t)n;
	}
	p->packed += (int64_t)len;
	return true;
}

static bool feed(struct pack *p, ZSTD_inBuffer *in, ZSTD_EndDirective how, struct err *e)
{
	for (;;) {
		ZSTD_outBuffer out = { p->buf, p->cap, 0 };
		size_t left = ZSTD_compressStream2(p->z, &out, in, how);
		if (ZSTD_isError(left))
			return err_set(e, ERR_INTERNAL, NULL, "cannot compress: %s", ZSTD_getErrorName(left));
		if (!write_out(p, out.pos, e))
			return false;
		if (how == ZSTD_e_end ? left == 0 : in->pos == in->size)
			return true;
	}
}

bool pack_add(struct pack *p, const void *data, size_t len, struct err *e)
{
	ZSTD_inBuffer in = { data, len, 0 };
	return feed(p, &in, ZSTD_e_continue, e);
}

bool pack_end(struct pack *p, int64_t *packed, struct err *e)
{
	ZSTD_inBuffer in = { "", 0, 0 };
	if (!feed(p, &in, ZSTD_e_end, e))
		return false;
	*packed = p->packed;
	return true;
}

void pack_free(struct pack *p)
{
	if (!p)
		return;
	ZSTD_freeCCtx(p->z);
	free(p->buf);
	free(p);
}

struct unpack *unpack_new(int fd, struct err *e)
{
	struct unpack *u = calloc(1, sizeof *u);
	if (u) {
		u->fd = fd;
		u->z = ZSTD_createDCtx();
		u->raw_cap = ZSTD_DStreamInSize();
		u->out_cap = ZSTD_DStreamOutSize();
		u->raw = malloc(u->raw_cap);
		u->out = malloc(u->out_cap);
	}
	if (!u || !u->z || !u->raw || !u->out) {
		err_set(e, ERR_INTERNAL, NULL, "cannot start unpacking");
		unpack_free(u);
		return NULL;
	}
	u->in.src = u->raw;
	return u;
}

static bool refill(struct unpack *u, bool *end, struct err *e)
{
	ssize_t n;
	do
		n = read(u->fd, u->raw, u->raw_cap);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_set(e, ERR_SYSTEM, NULL, "cannot read the snapshot's data: %s", strerror(errno));
	u->in.size = (size_t)n;
	u->in.pos = 0;
	*end = n == 0;
	return true;
}

/* A file without one whole frame is damaged too: an empty one was never written by pack_end. */
static bool at_end(const struct unpack *u, struct err *e)
{
	if (u->any && u->expect == 0)
		return true;
	return err_set(e, ERR_VERIFY, NULL, "the data file is cut short");
}

bool unpack_next(struct unpack *u, const char **data, size_t *len, struct err *e)
{
	*data = u->out;
	*len = 0;
	while (*len == 0) {
		bool end = false;
		if (u->in.pos == u->in.size && !u->full && !refill(u, &end, e))
			return false;
		if (end)
			return at_end(u, e);
		ZSTD_outBuffer out = { u->out, u->out_cap, 0 };
		u->expect = ZSTD_decompressStream(u->z, &out, &u->in);
		if (ZSTD_isError(u->expect))
			return err_set(e, ERR_VERIFY, NULL, "the data file is damaged: %s", ZSTD_getErrorName(u->expect));
		u->any = true;
		u->full = out.pos == out.size;
		*len = out.pos;
	}
	return true;
}

void unpack_free(struct unpack *u)
{
	if (!u)
		return;
	ZSTD_freeDCtx(u->z);
	free(u->raw);
	free(u->out);
	free(u);
}
