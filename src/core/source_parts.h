/* SPDX-License-Identifier: MIT */
/* Between the reader of text and what grades its hits. */
#ifndef GW_CORE_SOURCE_PARTS_H
#define GW_CORE_SOURCE_PARTS_H

#include <stdint.h>

#include "core/source.h"

#define NAMES_MAX (2 * SPELL_NUMBERS + 2)   /* in both numbers, with and without the first word; the column, the schema */
#define NEAR 5
#define CONTEXT_MAX 512   /* bytes before a place that are looked back on */

/* What a hit can turn out to be, which for most is known only when the whole file was read. */
enum source_class { CLASS_SURE, CLASS_CUE, CLASS_PLAIN, CLASS_WEAK, CLASS_PART, CLASSES };

enum source_role { ROLE_TARGET, ROLE_OTHER, ROLE_SHORT, ROLE_CONTEXT };   /* its name; in the other number; without the first word; its table (or schema) */
struct source_name { struct spell spell; enum source_role role; bool weak; };

/* Its text as it stands: cleaned only when it is kept, since most are not. */
struct pending { struct source_hit hit; const char *raw; size_t len, as, as_len; bool cut, more; };
struct pile { struct pending *v; size_t n, count; };

struct source {
	struct arena *a;
	enum target kind;
	bool context_counts;              /* a table says something about its columns; a schema nothing about its tables, but before them */
	struct source_name name[NAMES_MAX];
	size_t names;
	uint32_t first[256];              /* the names that begin with this byte */
	size_t keep;
	struct source_found *out;
	/* the file */
	struct arena *scratch;            /* NULL until it has a hit */
	int dir;
	const char *path, *file;          /* file: cleaned, once one of its hits is kept */
	bool context;
	struct pile pile[CLASSES];
	struct { size_t line, n; } recent[NEAR + 1];   /* plain hits of the last lines, which a table may yet come near */
	size_t context_line;
	/* the place */
	uint64_t base, line_from;         /* of the file's bytes: the piece's first, the line's first */
	uint64_t context_end, target_end; /* behind the last of each; 0 none */
	size_t done, line;                /* bytes of the piece that are read already */
	bool open_line;
};

/* A place that spells name i: the identifier's from..to, of it the name's at..end, in the piece. */
struct place { const char *text; size_t len, from, at, end, to; };

void grade_hit(struct source *s, const struct place *p, const struct source_name *n);
void grade_context(struct source *s, const struct place *p);
void grade_begin(struct source *s);
void grade_end(struct source *s);

#endif
