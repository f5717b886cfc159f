/* SPDX-License-Identifier: MIT */
/* An audit as evidence: what the log keeps, and what --json prints. */
#include "adapter/audit.h"

#include "base/arena.h"
#include "base/json.h"
#include "base/when.h"

static const char *touch_word(enum touch t)
{
	return t == TOUCH_WRITE ? "write" : t == TOUCH_READ ? "read" : "none";
}

static void consumer_json(struct json *list, const struct consumer *c)
{
	char buf[WHEN_MAX];
	struct json *o = json_add_obj(list, NULL);
	json_add_str(o, "key", c->key);
	json_add_str(o, "kind", c->kind);
	json_add_str(o, "source", c->source);
	json_add_str(o, "role", c->role);
	json_add_str(o, "app", c->app);
	json_add_str(o, "owner", c->owner);
	json_add_str(o, "touch", touch_word(c->touch));
	json_add_str(o, "last", c->last ? when_iso(c->last, buf) : "");
	json_add_int(o, "calls", c->calls);
	json_add_int(o, "names_column", c->names_column);
	json_add_int(o, "structural", c->structural);
	json_add_int(o, "may_survive", c->may_survive);
	json_add_str(o, "evidence", c->evidence);
	json_add_str(o, "server", c->server ? c->server : "primary");
}

static void source_json(struct json *list, const struct audit_source *s)
{
	static const char *const saw[] = { [SAW_NONE] = "none", [SAW_FOUND] = "found", [SAW_BLIND] = "blind", [SAW_MISSING] = "missing" };
	char buf[WHEN_MAX];
	struct json *o = json_add_obj(list, NULL);
	json_add_str(o, "name", s->name);
	json_add_str(o, "server", s->server ? s->server : "primary");
	json_add_str(o, "saw", saw[s->saw]);
	json_add_str(o, "from", s->from ? when_iso(s->from, buf) : "");
	json_add_str(o, "to", when_iso(s->to, buf));
	json_add_str(o, "gap", s->gap);
	json_add_int(o, "hits", (int64_t)s->hits);
	json_add_str(o, "last", s->last ? when_iso(s->last, buf) : "");
	json_add_str(o, "who", s->who);
	json_add_str(o, "why", s->why);
	struct json *can = json_add_arr(o, "sees");
	for (unsigned bit = 0; bit < SEES_KINDS; bit++)
		if (s->sees & (1u << bit))
			json_add_str(can, NULL, sees_word(1u << bit));
}

struct json *audit_json(struct arena *a, const struct fact_audit *f)
{
	char buf[WHEN_MAX];
	struct json *o = json_obj(a);
	json_add_str(o, "at", f->at ? when_iso(f->at, buf) : "");
	struct json *found = json_add_arr(o, "found"), *blind = json_add_arr(o, "blind"), *keys = json_add_arr(o, "blind_keys"),
		*sources = json_add_arr(o, "sources");
	for (size_t i = 0; i < f->n; i++)
		consumer_json(found, &f->found[i]);
	for (size_t i = 0; i < f->n_sources; i++)
		source_json(sources, &f->sources[i]);
	for (size_t i = 0; i < f->n_blind; i++)
		json_add_str(blind, NULL, f->blind[i]);
	for (size_t i = 0; i < f->n_blind_keys; i++)
		json_add_str(keys, NULL, f->blind_keys[i]);
	return o;
}
