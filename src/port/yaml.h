/* SPDX-License-Identifier: MIT */
/* libyaml's event API, read into a small tree with places. Refuses, each with its place: aliases, anchors, tags, several
   documents, duplicate keys, more than 1 MiB, 32 levels or 100,000 events. Scalars stay strings. The only file that knows it. */
#ifndef GW_PORT_YAML_H
#define GW_PORT_YAML_H

#include <stdbool.h>
#include <stddef.h>

#include "core/plan.h"   /* struct mark */

struct arena;

enum yaml_kind { YAML_SCALAR, YAML_LIST, YAML_MAP };
struct ynode {
	enum yaml_kind kind;
	struct mark at;
	const char *key; struct mark key_at;   /* inside a map */
	const char *text;                      /* scalar */
	struct ynode *first, *next;            /* children; sibling */
};

/* Errors are added to *errs (grown in a), all that one pass can find: one more than before means refused. The tree is
   given all the same when it is whole, so that the caller can find more errors in it; else NULL. */
struct ynode *yaml_read(struct arena *a, const char *text, size_t len, struct plan_error **errs, size_t *n_errs);

#endif
