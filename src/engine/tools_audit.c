/* SPDX-License-Identifier: MIT */
/* gatewalk audit: one look at who uses something, without a walk. The same look that fills item 4 of a walk. */
#include "engine/tools.h"

#include "adapter/audit.h"
#include "adapter/audit_subject.h"
#include "adapter/probe.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/when.h"
#include "core/consumers.h"
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

struct json *tool_audit(struct arena *a, const struct engine_opts *o, const char *target, const char *const *trees, size_t n_trees, struct err *e)
{
	struct plan none = { .sources = (const char **)(void *)(size_t)trees, .n_sources = n_trees };
	struct fact_server server = { 0 };
	struct fact_audit found = { 0 };
	struct subject s;
	struct class_seen classes[CLASSES];
	const struct db_opts d = { .conninfo = o->dbname, .app = "gatewalk" };
	struct db *db = db_open(&d, e);
	plan_defaults(&none);
	bool ok = db && probe_server(db, a, &server, e) && subject_find(db, a, target, &s, e) &&
		audit_look(db, a, &(struct audit_ask){ NULL, &none, &s.target, s.kind }, &found, e);
	db_close(db);
	if (!ok)
		return NULL;
	audit_classes(&found, classes);
	struct json *j = audit_json(a, &found);
	json_add_str(j, "kind", target_noun(s.kind));
	json_add_str(j, "server", server.label);
	json_add_str(j, "target", s.label);
	json_add_str(j, "verdict", verdict(&found, classes));
	add_classes(j, classes);
	return j;
}
