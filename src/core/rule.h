/* SPDX-License-Identifier: MIT */
/* A constraint that comes: a column that is never null, a check, a foreign key. It is never asked of all rows under a lock that keeps others out:
   first of every row that is written (NOT VALID), then of those that stand (VALIDATE CONSTRAINT, beside which reads and writes go on). A column
   that is never null gets a check so, which spares SET NOT NULL its own look at every row, and goes again with it. An index that comes takes the same
   way: built beside reads and writes (CONCURRENTLY), it is held to what is written while it is not yet valid. And so does a table's new name: a view keeps
   the old one, and both write the same rows. And a table that is split in two: the new one is kept by triggers, rows that stand come over, the triggers go. Pure text. */
#ifndef GW_CORE_RULE_H
#define GW_CORE_RULE_H

#include <stdbool.h>

struct arena;
struct fact_target;
struct plan;

/* How far it has come, by the catalogue. ALL_ROWS is of never-null: the check holds, and NOT NULL is still to be set; and of a split: every
   row has come over, and triggers keep them. NEW_ROWS of an index: it is being built, or was left unfinished. */
enum rule_step { RULE_ABSENT, RULE_NEW_ROWS, RULE_ALL_ROWS, RULE_DONE };
enum rule_step rule_step(const struct plan *p, const struct fact_target *t);

/* False: it refuses no write, so nobody is asked what it writes, and nothing waits: an index that is not unique, a table's name. */
bool rule_binds(const struct plan *p);
/* The constraint's name on the table; of never-null gatewalk's own. */
const char *rule_name(const struct plan *p);
/* Everything that its statements are made of is there, and one piece each. */
bool rule_whole(const struct plan *p);
/* One of the access methods that an index may have. */
bool rule_is_method(const char *s);
/* One of the words that a foreign key's ON DELETE may have. */
bool rule_is_action(const char *s);
/* What holds it to every row that is written from then on; what holds it to those that stand, by how far it has come, "" when it has; what takes it away. */
const char *rule_add(struct arena *a, const struct plan *p);
const char *rule_hold(struct arena *a, const struct plan *p, const struct fact_target *t);
const char *rule_take(struct arena *a, const struct plan *p);
/* What others would have run, in one statement. */
const char *rule_proposal(struct arena *a, const struct plan *p);
/* The same for a table as it is written there; word: ALTER COLUMN instead of ALTER; unseen: with NOT VALID. */
const char *rule_spelt(struct arena *a, const struct plan *p, const char *table, bool word, bool unseen);
/* SQL, true of a row "r" of the table that does not hold to it; of an index, which compares rows with each other, of a name and of a split NULL. */
const char *rule_broken(struct arena *a, const struct plan *p);
/* A table's new name, or a split, in a few words: without the copying of owner and rights spelt out. */
const char *rule_brief(struct arena *a, const struct plan *p);
/* The comment by which the view under a table's old name is known again. */
const char *rule_view_words(struct arena *a, const struct plan *p);
/* "public.customers": what a foreign key refers to; NULL of another constraint. */
const char *rule_other(struct arena *a, const struct plan *p);

#endif
