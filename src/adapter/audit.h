/* SPDX-License-Identifier: MIT */
/* Who uses the column: one look at every source, and the standing watch over item 9. gatewalk's own sessions and statements
   (application_name starting with "gatewalk", queries with the comment gatewalk puts first) never count. */
#ifndef GW_ADAPTER_AUDIT_H
#define GW_ADAPTER_AUDIT_H

#include "core/fact.h"
#include "core/plan.h"

struct arena;
struct db;
struct err;
struct json;

/* Comment that stands first in every statement of gatewalk's that names the target, so that it never counts. */
#define OWN_TAG "/* gatewalk */ "

/* Whose users are looked for. An index or a type has no plan: target then says its schema, its name as table, its oid as relid. */
struct audit_ask {
	const char *sid;                   /* NULL or "": no walk */
	const struct plan *plan;           /* its declared consumers and standbys are asked as well */
	const struct fact_target *target;
	enum target kind;
};
/* One look: catalogue, function bodies, statements, sessions, tripwire rows, declared consumers, standbys. */
bool audit_look(struct db *db, struct arena *a, const struct audit_ask *ask, struct fact_audit *out, struct err *e);
/* One sample of the watch: statements' counters, tripwire, sessions, standbys, gaps; writes rows of statement, sighting, source.
   cleared: keys that survive and so do not count. */
bool watch_tick(struct db *db, struct arena *a, const char *sid, const struct plan *p, const struct fact_target *t,
	const char *const *surviving, size_t n_surviving, struct err *e);
/* What the watch has seen so far; since: sightings before it do not count. */
bool watch_read(struct db *db, struct arena *a, const char *sid, int64_t since, struct fact_watch *out, struct err *e);
/* Sightings the log has not taken in yet, oldest first; and marking them taken. */
struct sighting { int64_t id, at; const char *source, *touch, *who, *consumer, *text; };
bool watch_untaken(struct db *db, struct arena *a, const char *sid, struct sighting **out, size_t *n, struct err *e);
bool watch_taken(struct db *db, const char *sid, int64_t up_to_id, struct err *e);

/* The audit as evidence: {at, found, sources, blind, blind_keys}. */
struct json *audit_json(struct arena *a, const struct fact_audit *f);

#endif
