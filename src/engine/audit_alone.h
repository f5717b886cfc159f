/* SPDX-License-Identifier: MIT */
#ifndef GW_ENGINE_AUDIT_ALONE_H
#define GW_ENGINE_AUDIT_ALONE_H

#include "adapter/audit.h"
#include "adapter/audit_subject.h"
#include "core/fact.h"
#include "engine/engine.h"

struct audit_found { struct fact_server server; struct subject subject; struct fact_audit audit; };

/* The look that fills item 4 of a walk, for a target that was named by hand. Owned by a. Reads only. */
bool audit_alone(struct db *db, struct arena *a, const struct audit_of *of, struct audit_found *out, struct err *e);
/* Again, for the engine that engine_audit began. */
bool audit_alone_look(struct engine *g, struct err *e);

#endif
