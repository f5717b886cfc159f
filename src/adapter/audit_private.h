/* SPDX-License-Identifier: MIT */
/* The parts of one audit, each adding what it found to one list. */
#ifndef GW_ADAPTER_AUDIT_PRIVATE_H
#define GW_ADAPTER_AUDIT_PRIVATE_H

#include "adapter/audit.h"
#include "adapter/audit_names.h"
#include "adapter/serverlog.h"
#include "adapter/sessions.h"
#include "adapter/statements.h"
#include "port/db.h"

#define EVIDENCE_MAX 4000   /* bytes of a text kept as evidence */

struct audit {
	struct db *db;
	struct arena *a;
	const char *sid;
	const struct plan *plan;
	const struct fact_target *target;
	struct names names;
	struct fact_audit *out;
	struct rows windows;      /* of gatewalk.source: since when the watch has seen each source without a gap */
	size_t cap_found, cap_sources, cap_blind, cap_keys;
};

/* From here on consumers are found by this source. `to` is filled in; name and server stay the caller's. */
void audit_from(struct audit *l, const struct audit_source *s);
/* The time of a source that the watch keeps, by the watch's name of it; false: the watch does not know it. server NULL: the primary. */
bool audit_window(const struct audit *l, const char *source, const char *server, struct audit_source *s);

/* Adds a consumer. One with the same key is kept once: what is stricter and what is newer of both holds. */
void audit_add(struct audit *l, const struct consumer *c);
void audit_blind(struct audit *l, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void audit_blind_key(struct audit *l, const char *key);

bool audit_catalog(struct audit *l, struct err *e);
bool audit_code(struct audit *l, struct err *e);
bool audit_statements(struct audit *l, struct err *e);    /* pg_stat_statements of the primary, and what the watch has kept */
bool audit_serverlog(struct audit *l, struct err *e);     /* auto_explain, pgaudit, errors */
bool audit_sessions(struct audit *l, struct err *e);      /* sessions of the primary, and the tripwire's writers */
bool audit_slot(struct audit *l, struct err *e);          /* the walk's own logical slot */
bool audit_trees(struct audit *l, struct err *e);         /* source code outside of the database */
bool audit_declared(struct audit *l, struct err *e);
bool audit_standbys(struct audit *l, struct err *e);

void audit_add_statements(struct audit *l, const struct statements *s, const char *server);
void audit_add_sessions(struct audit *l, const struct sessions *s, const char *server);
void audit_add_serverlog(struct audit *l, const struct serverlog *s, const char *server);

#endif
