/* SPDX-License-Identifier: MIT */
/* What this machine remembers of the databases it met (as known_hosts does), the operator's last look at each walk, and the
   default key. Plain files under path_state. */
#ifndef GW_ADAPTER_REMEMBER_H
#define GW_ADAPTER_REMEMBER_H

#include "core/fact.h"

struct arena;
struct err;

/* Fills remembered_env and remembered_install_id of m for this identity. */
bool remember_read(struct arena *a, const char *sysid, unsigned dboid, struct fact_mark *m, struct err *e);
/* Writes it down, never lowering an environment (production > staging > development > rehearsal) unless lower is set (uninstall). */
bool remember_write(struct arena *a, const char *sysid, unsigned dboid, const char *install_id, enum env env, bool forget, struct err *e);
/* May this database be marked env here? Refused when it is remembered as more: to be asked before the mark is made. */
bool remember_allows(struct arena *a, const char *sysid, unsigned dboid, enum env env, struct err *e);
/* When this operator last looked at this walk (local clock, us; 0 never), at which line, and what held then: a word of at most
   LOOK_HELD letters, "" when that is not known; and noting it now. */
#define LOOK_HELD 63
struct last_look { int64_t at, line; char held[LOOK_HELD + 1]; };
bool remember_look(struct arena *a, const char *sid, struct last_look *out);
void remember_looked(struct arena *a, const char *sid, const struct last_look *l);

#endif
