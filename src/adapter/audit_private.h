/* SPDX-License-Identifier: MIT */
/* The parts of one audit, each adding what it found to one list. */
#ifndef GW_ADAPTER_AUDIT_PRIVATE_H
#define GW_ADAPTER_AUDIT_PRIVATE_H

#include "adapter/audit.h"
#include "adapter/audit_names.h"
#include "adapter/sessions.h"
#include "adapter/statements.h"

#define EVIDENCE_MAX 4000   /* bytes of a text kept as evidence */

struct look {
	struct db *db;
	struct arena *a;
	const char *sid;
	const struct plan *plan;
	const struct fact_target *target;
	struct names names;
	struct fact_audit *out;
	size_t cap_found, cap_blind, cap_keys;
};

/* Adds a consumer. One with the same key is kept once: what is stricter and what is newer of both holds. */
void look_add(struct look *l, const struct consumer *c);
void look_blind(struct look *l, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void look_blind_key(struct look *l, const char *key);

bool audit_catalog(struct look *l, struct err *e);
bool audit_code(struct look *l, struct err *e);
bool audit_statements(struct look *l, struct err *e);    /* pg_stat_statements of the primary, and what the watch has kept */
bool audit_sessions(struct look *l, struct err *e);      /* sessions of the primary, and the tripwire's writers */
bool audit_declared(struct look *l, struct err *e);
bool audit_standbys(struct look *l, struct err *e);

void audit_add_statements(struct look *l, const struct statements *s, const char *server);
void audit_add_sessions(struct look *l, const struct sessions *s, const char *server);

#endif
