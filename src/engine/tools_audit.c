/* SPDX-License-Identifier: MIT */
/* gatewalk audit: one look at who uses something, without a walk. The same look that fills item 4 of a walk. */
#include "engine/tools.h"

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/when.h"
#include "core/consumers.h"
#include "engine/audit_alone.h"
#include "engine/upkeep.h"
#include "port/db.h"

/* "used", "nothing seen" when every class of use had a source that could see it, else "cannot tell". */
static const char *verdict(const struct fact_audit *f, const struct class_seen *classes)
{
	bool whole = true;
	for (size_t i = 0; i < CLASSES; i++)
		whole = whole && classes[i].by;
	return f->n ? "used" : whole ? "nothing seen" : "cannot tell";
}

static void add_classes(struct json *o, const struct class_seen *classes)
{
	char buf[WHEN_MAX];
	struct json *list = json_add_arr(o, "classes");
	for (size_t i = 0; i < CLASSES; i++) {
		struct json *c = json_add_obj(list, NULL);
		json_add_str(c, "by", classes[i].by ? classes[i].by->name : "");
		json_add_str(c, "since", classes[i].by ? when_iso(classes[i].by->from, buf) : "");
		json_add_str(c, "what", classes[i].what);
	}
}

struct json *tool_audit(struct arena *a, const struct engine_opts *o, const struct audit_of *of, struct err *e)
{
	struct audit_found f;
	struct class_seen classes[CLASSES];
	struct db *db = upkeep_tool(o->dbname, e);
	bool ok = db && audit_alone(db, a, of, &f, e);
	db_close(db);
	if (!ok)
		return NULL;
	audit_classes(&f.audit, classes);
	struct json *j = audit_json(a, &f.audit);
	json_add_str(j, "kind", target_noun(f.subject.kind));
	json_add_str(j, "server", f.server.label);
	json_add_str(j, "target", f.subject.label);
	json_add_str(j, "verdict", verdict(&f.audit, classes));
	add_classes(j, classes);
	return j;
}
