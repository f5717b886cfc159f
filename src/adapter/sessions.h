/* SPDX-License-Identifier: MIT */
/* pg_stat_activity of one server: sessions whose statement, running or last, uses the column. One moment; reads only. */
#ifndef GW_ADAPTER_SESSIONS_H
#define GW_ADAPTER_SESSIONS_H

#include <stddef.h>
#include <stdint.h>

#include "adapter/audit_names.h"

struct session {
	const char *role, *app, *addr, *text;
	int64_t at;            /* when that statement began */
	bool active;           /* it runs now */
	enum text_use use;
	enum touch touch;
};
/* hidden: texts this login may not see; cut: longer than the server keeps, and with no use in what it kept; bad: why none could be read. */
struct sessions { struct session *v; size_t n, hidden, cut; const char *me, *bad; };

bool sessions_read(struct db *db, struct arena *a, const struct names *n, struct sessions *out, struct err *e);
/* "airflow (role etl, 10.0.4.17)"; app and addr may be NULL or "". */
const char *session_who(struct arena *a, const char *role, const char *app, const char *addr);
/* "session etl (airflow)", with " on db2" for another server than the primary (server NULL). */
const char *session_key(struct arena *a, const struct session *s, const char *server);

#endif
