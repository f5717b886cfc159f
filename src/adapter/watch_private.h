/* SPDX-License-Identifier: MIT */
/* The parts of one sample of the watch: watch.c (order), watch_statements.c (counters compared), watch_serverlog.c, watch_slot.c, watch_rows.c (what is written). */
#ifndef GW_ADAPTER_WATCH_PRIVATE_H
#define GW_ADAPTER_WATCH_PRIVATE_H

#include <stddef.h>
#include <stdint.h>

#include "adapter/audit_names.h"
#include "adapter/serverlog.h"
#include "adapter/statements.h"
#include "core/plan.h"

#define PRIMARY "primary"
#define SOURCE_STATEMENTS "statements"
#define SOURCE_TRIPWIRE "tripwire"
#define SOURCE_SESSIONS "sessions"
#define SOURCE_SCANS "scan counters"
#define SOURCE_LOG "server log"        /* its errors; and how far it was read */
#define SOURCE_PLANS "auto_explain"
#define SOURCE_PGAUDIT "pgaudit"
#define SLOT_CONSUMER "committed writes"   /* the slot does not say by whom */
#define SOURCE_STANDBY "standby"   /* one that cannot be asked at all */

struct tick {
	struct db *db;
	struct arena *a;
	const char *sid;
	const struct plan *plan;
	const struct fact_target *target;
	struct names names;
	const char *const *surviving;
	size_t n_surviving;
	int64_t now, started;       /* server clock as the sample began; since when the server runs */
	bool explained;             /* this sample saw who used the table on the primary */
};

/* What stands in gatewalk.source. */
struct source { bool known; int64_t since, looked, reset, dealloc, started, count, checks, head_len; const char *track, *file, *head; };
bool source_read(struct tick *k, const char *source, const char *server, struct source *out, struct err *e);

/* What this look found. gap: why the time before it does not count; NULL keeps `since`. why: when !ok. */
struct source_look { const char *source, *server, *gap, *why; bool ok, keep_state; struct json *state; };
bool source_write(struct tick *k, const struct source_look *l, struct err *e);
/* Rows of sources that this sample did not look at belong to servers the plan does not name any more. */
bool source_forget_old(struct tick *k, struct err *e);

struct seen { const char *source, *server, *consumer, *who; enum touch touch; enum text_use use; int64_t at; };   /* at: server clock; 0 now */
/* Notes a sighting; one that the log has not taken yet is moved forward instead of repeated. */
bool sighting_write(struct tick *k, const struct seen *s, struct err *e);
bool tick_survives(const struct tick *k, const char *key);

/* "statement 123 by etl", with " on db2" for another server than the primary (NULL or PRIMARY). */
const char *statement_key(struct arena *a, int64_t queryid, const char *role, const char *server);
bool watch_scans(struct tick *k, struct err *e);
/* What the server's log says, by which of its ways, and under which key its consumer is known: "logged etl (airflow)", with " on db2" as above. */
const char *logged_source(enum log_via via);
const char *logged_key(struct arena *a, const struct log_use *x, const char *server);
/* Up to where the sample before read the server's log. */
bool watch_serverlog_from(struct tick *k, const char *server, struct log_place *out, struct err *e);
bool watch_serverlog(struct tick *k, const char *server, const struct serverlog *s, struct err *e);
/* The server is out of reach: where its log was read to is kept, and tells when it is back whether something is missing. */
bool watch_serverlog_away(struct tick *k, const char *server, const char *why, struct err *e);
bool watch_slot(struct tick *k, struct err *e);
bool watch_statements(struct tick *k, const char *server, const struct statements *st, struct err *e);

#endif
