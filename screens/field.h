/* SPDX-License-Identifier: MIT */
/* One line of text being typed: UTF-8, a cursor, nothing else. Pure. */
#ifndef GW_SCREENS_FIELD_H
#define GW_SCREENS_FIELD_H

#include <stddef.h>

#include "screens/keys.h"

#define FIELD_MAX 1024

struct field {
	char text[FIELD_MAX];
	size_t len, at;      /* bytes; at: where the cursor stands */
};

void field_clear(struct field *f);
void field_set(struct field *f, const char *s);
/* Takes one editing key. True when it was one. */
bool field_key(struct field *f, struct key_event e);

#endif
