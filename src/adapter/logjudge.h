/* SPDX-License-Identifier: MIT */
/* Does an entry of the server's log show a use of the target? Pure. Three kinds speak of one: a plan (auto_explain), an AUDIT line
   (pgaudit), and an error that names it (somebody still asks for what is hidden or gone). */
#ifndef GW_ADAPTER_LOGJUDGE_H
#define GW_ADAPTER_LOGJUDGE_H

#include "adapter/audit_names.h"
#include "adapter/logplan.h"
#include "adapter/logrecord.h"

enum log_via { LOG_PLANS, LOG_AUDIT, LOG_ERRORS, LOG_VIAS };

struct log_ask {
	const struct names *names;
	const struct log_relation *of;   /* as logplan_read has it */
	const char *database;
	bool one_column;                 /* pgaudit's role has grants on the target's column alone: each OBJECT entry of the table is a use of it */
};
struct log_hit { enum log_via via; enum text_use use; enum touch touch; const char *text, *who; };   /* who: as audit_who; NULL where the entry itself says so */

/* False: no use, another database, or gatewalk's own. */
bool logjudge(struct arena *a, const struct log_ask *ask, const struct log_record *r, struct log_hit *out);
/* Does the entry say that a setting was changed on which what is logged depends? Its name, or NULL. */
const char *logjudge_setting(struct arena *a, const struct log_record *r);

#endif
