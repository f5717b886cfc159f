/* SPDX-License-Identifier: MIT */
/* The SQL of a table split in two: the second table, the triggers that keep it as the first one is, the fill of a range of blocks, what is
   left, and the comparison. Pure text. One direction, old to new: what a writer puts into the new table alone, the next write of the same
   row's old columns takes away, so nobody may do that while one still writes the old columns.
   The triggers work on what the old row is when they fire, not on what fired them: an application's own AFTER trigger may have changed
   or deleted the row once more, and its inner write is told first. By name they stand behind the server's RI_ triggers: a changed key has
   been handed on already, or the row would be there twice. They fire always (ENABLE ALWAYS); where session_replication_role is replica the
   foreign key does nothing, and they hand on deletes and keys themselves.
   What the application meets: TRUNCATE of the old table alone is refused by the server (the foreign key). In REPEATABLE READ a write of a
   row that was filled since its snapshot fails with 40001, to be tried again as any. */
#ifndef GW_CORE_SPLIT_H
#define GW_CORE_SPLIT_H

#include <stddef.h>

struct arena;

struct plan;

/* Names of triggers, up to the id and one of _i, _u, _d. */
#define SPLIT_TRIGGER "zz_gatewalk_split_"

struct split_key { const char *name, *type, *equals; };   /* name not quoted; type with collation; equals: the operator of its own index, as SQL */
struct split_column { const char *name, *define; };       /* define: type, collation, default, NOT NULL, checks */
struct split_form {
	const char *id;               /* split_id */
	const char *schema, *table;   /* the old one; none of these is quoted */
	const char *to_schema, *to;
	const char *owner;
	const char *grants;           /* statements, each closed; "" none */
	const struct split_key *keys;
	size_t n_keys;
	const struct split_column *columns;
	size_t n_columns;
};

/* The plan's name as a piece of an identifier: at most 40 letters, so that the triggers' names stay below the server's 63. */
const char *split_id(struct arena *a, const char *name);
/* What is known without the catalogue: no keys, columns' definitions, owner, rights. */
struct split_form split_named(struct arena *a, const struct plan *p);
/* The comment by which the new table is known again, and how far it is: rows come over; every row has; the triggers were taken off by the walk. */
enum split_mark { SPLIT_FILLING, SPLIT_WHOLE, SPLIT_ALONE };
const char *split_words(struct arena *a, const struct split_form *f, enum split_mark m);
/* In a few words: what split_put does. */
const char *split_brief(struct arena *a, const struct plan *p);
/* The table, who may read and write it, the function and the triggers; for one transaction. Names that stand there already are an error. */
const char *split_put(struct arena *a, const struct split_form *f);
/* Triggers and function, whatever of them is there; never a table. */
const char *split_take(struct arena *a, const struct split_form *f);
/* The same when nobody needs them any more, and the new table's comment says that it was the walk. */
const char *split_end(struct arena *a, const struct split_form *f);
/* The same, and the new table is an ordinary one from then on: no comment of ours names it. */
const char *split_leave(struct arena *a, const struct split_form *f);
/* Says on the new table that every row has come over. */
const char *split_whole(struct arena *a, const struct split_form *f);
/* SQL, pairs of a look at the target ("t" with relid, relnamespace of the old table): "rule" is false while rows come over, kept once they have, true once
   the walk has taken the triggers off, and broken when one of them is missing, switched off, or back; none without the new table. */
const char *split_state(struct arena *a, const struct split_form *f);
/* The rows of leaf (quoted) that stand in the blocks from..to-1 and have no row yet. It passes by rows that others hold: their own triggers
   bring them, or a later pass; so it waits for no writer, and the lock keeps a delete or a change behind it. */
const char *split_fill(struct arena *a, const struct split_form *f, const char *leaf, long long from, long long to);
/* How many old rows have none, in one look. */
const char *split_left(struct arena *a, const struct split_form *f);
/* Three counts in one look: old rows without a new one, new ones without an old one, pairs whose bytes differ. */
const char *split_compare(struct arena *a, const struct split_form *f);

#endif
