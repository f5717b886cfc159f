/* SPDX-License-Identifier: MIT */
/* Every field of a plan's file, in one table: it drives reading, the errors, and is what gatewalk-plan(5) documents. */
#ifndef GW_ADAPTER_PLANFILE_FIELDS_H
#define GW_ADAPTER_PLANFILE_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

struct arena;

enum field_kind {
	FIELD_MAP,
	FIELD_MAPS,        /* a list of maps */
	FIELD_TEXTS,       /* a list of texts */
	FIELD_TIMES,       /* a list of times in UTC */
	FIELD_TEXT,
	FIELD_INT,
	FIELD_NUMBER,      /* double */
	FIELD_BOOL,
	FIELD_VERSION,
	FIELD_ARCHETYPE,
	FIELD_SCOPE,
	FIELD_KIND,        /* of a consumer */
	FIELD_DAYS,        /* a list of weekdays, as bits */
	FIELD_CLOCK,       /* 02:00, as minutes */
	FIELD_MOMENT       /* Tue 04:30, as weekday and minutes */
};

struct field {
	const char *path;      /* "policy.unused_days"; inside a list "deploys[].name" */
	enum field_kind kind;
	size_t at;             /* of the value, in struct plan or in the list's element */
	size_t more;           /* of a list's count, of a moment's minutes, of a number's "given"; 0 none */
	size_t size, mark;     /* FIELD_MAPS: the element's size, and its struct mark; FIELD_TEXTS: size is its "given" */
	double least, most;    /* of a number; most of a text: bytes */
	bool required;
	const char *help;      /* what to write instead */
};

const struct field *field_list(size_t *n);
const struct field *field_find(const char *path);
/* What to do about an unknown name inside prefix ("" or "policy."): the nearest name, the map where it belongs, or all names. */
const char *field_advice(struct arena *a, const char *prefix, const char *name);

#endif
