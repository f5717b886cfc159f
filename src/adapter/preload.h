/* SPDX-License-Identifier: MIT */
/* Libraries that the server loads by itself, and the command that adds one to them without losing the others. */
#ifndef GW_ADAPTER_PRELOAD_H
#define GW_ADAPTER_PRELOAD_H

struct arena;

/* A column: the libraries of shared_preload_libraries or session_preload_libraries as a command's list, ending with a comma; NULL where
   they are hidden from this login. One literal each: a single one would be taken as one library's name, and the server would not start. */
#define PRELOADED(list) \
"(SELECT coalesce((SELECT string_agg(quote_literal(btrim(l, ' \"')), ', ' ORDER BY i) || ', ' FROM unnest(string_to_array(nullif(setting, ''), ',')) WITH ORDINALITY u(l, i)), '')\n" \
"  FROM pg_settings WHERE name = '" list "')"

/* have: as PRELOADED says it. What has to follow (a restart, a reload) is the caller's to add. */
const char *preload_command(struct arena *a, const char *list, const char *have, const char *library);

#endif
