/* SPDX-License-Identifier: MIT */
/* What audit and watch look for: the target's names, the views that show the column, and which logins are gatewalk's own. */
#ifndef GW_ADAPTER_AUDIT_NAMES_H
#define GW_ADAPTER_AUDIT_NAMES_H

#include "adapter/audit_text.h"
#include "core/fact.h"

struct arena;
struct db;
struct err;
struct opinion;
struct resolver;

struct names {
	struct text_target target;
	const char **own_roles;     /* logins that gatewalk has worked as, this one among them; NULL-ended */
	bool schema_there;          /* the gatewalk schema is in this database */
	struct opinion *opinion;    /* of a column or a table: the parser's opinion of a text */
	struct resolver *resolver;  /* of a column: the server's own opinion of a text; the primary's also for texts of standbys */
};

bool names_read(struct db *db, struct arena *a, const struct fact_target *t, enum target kind, struct names *out, struct err *e);
bool names_own_session(const struct names *n, const char *role, const char *app);
/* Does the text carry gatewalk's mark, sent by a login that gatewalk works as? */
bool names_own_text(const struct names *n, const char *role, const char *text);
/* What a statement of this role uses, by its words and the parser; own ones use nothing. whole: it is not cut. Behind the last of them: opinion_end. */
struct text_found names_use(const struct names *n, struct arena *a, const char *role, const char *text, bool whole);
/* The same for many texts, with the server's opinion, and ended: first the words of each, then those of which the words say something, then the rest. */
struct text_of { const char *role, *text; struct text_found found; };
void names_use_all(const struct names *n, struct arena *a, struct text_of *v, size_t count);
/* At most max bytes, whole characters. */
const char *names_cut(struct arena *a, const char *text, size_t max);

#endif
