/* SPDX-License-Identifier: MIT */
/* The SQL of a dual write by trigger, and of comparing old and new. Pure text.
   Two parts. The late triggers (zz_..., behind the application's own by name) work out the new column where a writer changed what it is made
   of, or inserted a row without it. The early ones (_..., before the application's own), only where the plan has a way back, do the same for the old column: to
   the application's triggers a write of new code then looks like one of old code. Ours fill in what a writer left out and write over
   nothing: where a writer gave both and they differ, they stay, and parity finds it. No statement is run, so there is nothing to recurse.
   The conversions are SQL functions with a parsed body: no search_path reaches them, what they call cannot be dropped under them, and the
   server puts them in line. They run with the writer's own rights; the one function that has others writes the list of rejects and
   holds nothing of the plan's. */
#ifndef GW_CORE_DUAL_H
#define GW_CORE_DUAL_H

#include <stdbool.h>
#include <stddef.h>

struct arena;

/* Names of triggers, up to the id: behind and before those of an application by their first letter. */
#define DUAL_LATE "zz_gatewalk_dual_"
#define DUAL_EARLY "_gatewalk_dual_"

/* How two values of a column are compared: by its type's own equality; as text byte by byte; by what they are written as. */
enum dual_equal { DUAL_VALUE, DUAL_BYTES, DUAL_WRITTEN };
struct dual_column {
	const char *name;             /* not quoted */
	const char *type, *whole;     /* SQL; whole: with its length and the like */
	enum dual_equal change, same; /* was it changed at all; is it the same value */
};
struct dual_expr {
	const char *sql;              /* NULL: there is none */
	const struct dual_column **reads;
	size_t n;
	bool named;                   /* it names its table: t.v */
};
struct dual_form {
	const char *sid, *id;         /* id: the first twelve digits of it */
	unsigned relid;
	const char *schema, *table;   /* not quoted */
	struct dual_column old, new;
	struct dual_expr to, back;
	const char *old_default;      /* SQL, or NULL */
	const struct dual_column **keys;   /* NULL and 0: the table has none */
	size_t n_keys;
};

/* SQL, boolean: a is another value than b. */
const char *dual_distinct(struct arena *a, enum dual_equal how, const char *left, const char *right);
/* SQL, boolean, over a row in the scope of the table's own name: the new column is not what the old one makes, nor, where the plan has a way
   back, the old one what the new one makes: of a list whose first value the old column holds both are right. */
const char *dual_differs(struct arena *a, const struct dual_form *f);
/* The function of one of its two expressions. */
const char *dual_convert(struct arena *a, const struct dual_form *f, const struct dual_expr *x);
/* Every function, by CREATE. Names that stand there already are an error. */
const char *dual_functions(struct arena *a, const struct dual_form *f);
/* The triggers on this relation (quoted), and that they fire always. only: none of its partitions is to be asked for. */
const char *dual_triggers(struct arena *a, const struct dual_form *f, const char *relation, bool only);
/* "id=7, part=2" over a row: prefix "NEW" or the table's own name, quoted. Without a key: an empty text. */
const char *dual_words(struct arena *a, const struct dual_column *const *columns, size_t n, const char *prefix);

#endif
