/* SPDX-License-Identifier: MIT */
/* Uses of a target in the text of programs: whole words in the spellings of core/spell.h, each with its place and a grade that says
   how likely it means the target. Nothing found is dropped: what is not kept is counted. No parser of any language: a
   comment counts like code, and what is put together at run time, SELECT * and generated code are not seen. */
#ifndef GW_CORE_SOURCE_H
#define GW_CORE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/plan.h"
#include "core/spell.h"

struct arena;

/* table: the one a column or an index belongs to, or NULL. Of rows, name is their table. */
struct source_target { enum target kind; const char *schema, *table, *name; };

/* Strongest first. Near: five lines or less between them. */
enum source_grade {
	SOURCE_TOGETHER,   /* orders.legacy_note; near its table; after from, class, table_name= (a table), column=, @map( in a file with its table (a column) */
	SOURCE_FILE,       /* its table is named in the same file, or in the file's path */
	SOURCE_NAME,       /* the name alone */
	SOURCE_COMMON,     /* a common word alone: id, status; the other number of a table's one word */
	SOURCE_PART,       /* inside a longer name: legacy_note_eur */
	SOURCE_GRADES
};
const char *source_grade_name(enum source_grade g);   /* "in a file with its table" */

struct source_hit {
	int dir;                   /* as source_begin had it */
	const char *file;          /* cleaned */
	size_t line, column;       /* from 1; column in bytes */
	const char *as;            /* the whole identifier, cleaned and cut */
	enum spell_form form;      /* of the whole identifier */
	bool accessor;             /* getLegacyNote, legacy_note_was: counted like the name itself */
	const char *excerpt;       /* the line around it, cleaned and cut */
};
struct source_found {
	size_t count[SOURCE_GRADES];               /* all */
	struct source_hit *hit[SOURCE_GRADES];     /* the first `keep` of them, in the order of the files and lines */
	size_t n[SOURCE_GRADES];
	size_t files;                              /* with one or more */
};

#define SOURCE_PIECE 16384   /* a line longer than this is read in pieces */

struct source;
/* NULL: there is no letter and no digit in the target's name, so that nothing can be looked for. All owned by a; out is filled as files end. */
struct source *source_new(struct arena *a, const struct source_target *t, size_t keep, struct source_found *out);
/* Every spelling that is looked for, one word each, for the screen ("legacy_note", "order", ...); context: those of the table. */
size_t source_names(const struct source *s, const char **out, size_t max, bool context);
/* A file begins; path: relative, as it is on the disk. */
void source_begin(struct source *s, int dir, const char *path);
/* More of the file. text starts with what the call before left; says how many bytes from its start are done with. At
   least one is as soon as len is 2 * SOURCE_PIECE. last: nothing follows, everything is taken. */
size_t source_feed(struct source *s, const char *text, size_t len, bool last);
/* The file's lines. Its hits are graded and stand in out. */
size_t source_end(struct source *s);

#endif
