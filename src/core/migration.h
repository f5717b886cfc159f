/* SPDX-License-Identifier: MIT */
/* The entry for the application's own migration tool: how a change that gatewalk made is noted in the tool's history, so that
   the tool never runs it again. gatewalk runs none of these itself: the history is the application's. */
#ifndef GW_CORE_MIGRATION_H
#define GW_CORE_MIGRATION_H

#include <stddef.h>

struct text;

/* Name of known tool i; NULL past the last. */
const char *migration_tool(size_t i);
/* What marks a migration as applied: one line, words in capitals to be filled in. NULL for a tool that is not known, or none. */
const char *migration_entry(const char *tool);
/* The schema log's section in Markdown: the statement, and the entry where there is one. tool may be NULL. */
void migration_section(struct text *t, const char *tool, const char *statement);

#endif
