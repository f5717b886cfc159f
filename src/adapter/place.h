/* SPDX-License-Identifier: MIT */
/* Which database this is, as a log names it, and how far its history goes. */
#ifndef GW_ADAPTER_PLACE_H
#define GW_ADAPTER_PLACE_H

#include <stdbool.h>
#include <stdint.h>

struct arena;
struct db;
struct err;

struct place {
	const char *db;          /* "SYSID.DBOID.INSTALL" of this server and this schema */
	bool marked;             /* the mark was made for this very database */
	const char *marked_for;  /* "SYSID.DBOID" that it was made for */
	const char *environment;
	int version;             /* of the gatewalk schema */
	const char *program;     /* the gatewalk that made or upgraded it; "" unknown */
	int64_t tli;
	uint64_t lsn;            /* what is on disk */
};

/* False with SQLSTATE 42P01 or 3F000 where there is no gatewalk schema. */
bool place_look(struct db *db, struct arena *a, struct place *out, struct err *e);
/* "16/B374D848" as a number; 0 when it is none. */
uint64_t place_lsn(const char *text);
/* Does this program work with that version of the schema? ERR_USE says which program, or which command, is needed. */
bool place_fits(const struct place *p, struct err *e);
/* The schema asked for its version. False: e says why not; *other: it is of another version, or gone, and nothing may be written to it. */
bool place_known(struct db *db, bool *other, struct err *e);

#endif
