/* SPDX-License-Identifier: MIT */
/* serverlog.c (order, uses), serverlog_setup.c (what can be seen), serverlog_files.c (which bytes are read). */
#ifndef GW_ADAPTER_SERVERLOG_PRIVATE_H
#define GW_ADAPTER_SERVERLOG_PRIVATE_H

#include "adapter/serverlog.h"

#define LOG_LOOK_MAX (64LL << 20)   /* bytes a look */

struct log_setup {
	const char *file, *folder, *prefix, *database;
	const char *roles_at;   /* before a command that makes a role or grants: "on the primary: " where this server is a standby, else "" */
	int major;              /* the server's version */
	int64_t loaded;
	bool one_column;
};

/* Fills out's eyes, format, limits; out->there only when the log can be read. */
bool serverlog_setup(struct db *db, struct arena *a, const struct fact_target *t, struct serverlog *out, struct log_setup *s, struct err *e);
/* Gives the bytes from `from` on to r, and fills out's to, gap and behind. */
bool serverlog_files(struct db *db, struct arena *a, const struct log_setup *s, const struct log_place *from, struct logread *r,
	struct serverlog *out, struct err *e);
void serverlog_limit(struct serverlog *out, const char *text);

#endif
