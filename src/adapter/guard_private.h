/* SPDX-License-Identifier: MIT */
/* Shared by guard.c and guard_install.c. */
#ifndef GW_ADAPTER_GUARD_PRIVATE_H
#define GW_ADAPTER_GUARD_PRIVATE_H

#include "adapter/guard.sql.h"

struct arena;

/* The event triggers as they stand, in one text; guard_events_text gives what it has to be. */
#define GUARD_EVENTS_SEEN_SQL \
"SELECT string_agg(concat_ws('|', v.evtname, v.evtevent, vn.nspname || '.' || vp.proname, array_to_string(v.evttags, ','), v.evtenabled), ';' ORDER BY v.evtname)\n" \
"  FROM pg_event_trigger v JOIN pg_proc vp ON vp.oid = v.evtfoid JOIN pg_namespace vn ON vn.oid = vp.pronamespace WHERE v.evtname ~ '^gatewalk_guard_'"

/* Who switches an event trigger off and on again leaves another row version; who lets others write passes, end walks or call the
   guard's functions, another acl. */
#define GUARD_SEAL_SQL \
"SELECT md5(concat_ws(';', (SELECT string_agg(concat_ws(' ', s.oid, s.xmin, s.evtowner), ',' ORDER BY s.evtname) FROM pg_event_trigger s WHERE s.evtname ~ '^gatewalk_guard_'),\n" \
"  (SELECT string_agg(concat_ws(' ', c.relname, c.relowner, c.relacl), ',' ORDER BY c.relname) FROM pg_class c JOIN pg_namespace cn ON cn.oid = c.relnamespace\n" \
"    WHERE cn.nspname = 'gatewalk' AND c.relname IN ('guard', 'guarded', 'meta', 'pass', 'permit', 'walk')),\n" \
"  (SELECT string_agg(concat_ws(' ', p.proname, p.proacl), ',' ORDER BY p.proname, p.oid) FROM pg_proc p JOIN pg_namespace pn ON pn.oid = p.pronamespace\n" \
"    WHERE pn.nspname = 'gatewalk' AND p.proname ~ '^guard_')))"

const char *guard_events_text(struct arena *a);
/* Makes them anew. */
const char *guard_events_sql(struct arena *a);

#endif
