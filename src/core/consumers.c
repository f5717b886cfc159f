/* SPDX-License-Identifier: MIT */
#include "core/consumers.h"

#include <stdio.h>
#include <string.h>

static bool is_open(const char **why, const char **todo, const char *reason, const char *help)
{
	if (why)
		*why = reason;
	if (todo)
		*todo = help;
	return false;
}

/* A look cannot say when a statement ran, only that it had by then. Counters that stand as they did when it was cleared say
   that it has not run since, whenever the watch first saw it. Counters that are not known say nothing. */
static bool as_cleared(const struct consumer *c, const struct walk_clear *by)
{
	return c->counted && by->counted && strcmp(c->counted, by->counted) == 0;
}

bool consumer_is_clear(const struct walk *w, const struct consumer *c, const char **why, const char **todo)
{
	struct walk_clear by;
	if (c->structural)
		return is_open(why, todo, "depends on it: the drop would need CASCADE, or it would vanish",
			"Change or drop it, by a change of its own: no word can clear it.");
	if (!walk_is_cleared(w, c->key, &by))
		return is_open(why, todo, "has not been cleared", "Ask its owner, and clear it by name with the reason (item 4).");
	if (by.survives && !c->may_survive)
		return is_open(why, todo, "names what goes and was cleared as surviving, which it cannot",
			"Stop it, then clear it again as stopped.");
	if (c->as_read && !as_cleared(c, &by))
		return is_open(why, todo, "reads otherwise than when it was cleared", "Read it again, ask its owner, and clear it again.");
	if (!by.survives && c->names_column && c->last >= by.at && !as_cleared(c, &by))
		return is_open(why, todo, "names what goes and was seen again after it was cleared",
			"Have its owner stop it, then clear it again.");
	return true;
}

/* "declared NAME" is how the audit calls a consumer of the plan. */
static bool is_declared(const char *key, const char *name)
{
	static const char front[] = "declared ";
	return strncmp(key, front, sizeof front - 1) == 0 && strcmp(key + sizeof front - 1, name) == 0;
}

static bool was_found(const struct fact_audit *a, const char *name)
{
	for (size_t i = 0; i < a->n; i++)
		if (is_declared(a->found[i].key, name))
			return true;
	return false;
}

static bool name_cleared(const struct walk *w, const char *name)
{
	for (size_t i = 0; i < w->n_clears; i++)
		if (is_declared(w->clears[i].key, name))
			return true;
	return false;
}

static void count_one(struct consumers_state *s, bool clear, bool named, const char *key)
{
	s->all++;
	s->clear += clear;
	s->named += named;
	if (!clear && !s->first)
		s->first = key;
}

void consumers_count(const struct plan *p, const struct walk *w, const struct fact_audit *a, struct consumers_state *out)
{
	const char *why, *todo;
	*out = (struct consumers_state){ .all = 0 };
	for (size_t i = 0; i < a->n; i++) {
		const struct consumer *c = &a->found[i];
		bool clear = consumer_is_clear(w, c, &why, &todo);
		if (!clear && !out->first) {
			out->why = why;
			out->todo = todo;
		}
		count_one(out, clear, !c->structural && walk_is_cleared(w, c->key, NULL), c->key);
	}
	for (size_t i = 0; i < p->n_consumers; i++) {
		const char *name = p->consumers[i].name;
		if (was_found(a, name))
			continue;
		bool clear = name_cleared(w, name);
		if (!clear && !out->first) {
			out->why = "is declared in the plan and has not been cleared";
			out->todo = "Ask its owner, and clear it by name with the reason (item 4).";
		}
		count_one(out, clear, clear, name);
	}
}

/* What a source says of a moment says nothing of reads and writes, which come and go. */
static bool saw_longer(const struct audit_source *s, enum use_class c, const struct audit_source *than)
{
	bool lasting = c == CLASS_STATIC || c == CLASS_CODE || s->from < s->to;
	return s->from && lasting && (!than || s->from < than->from);
}

/* A standby speaks of itself alone: none of its sources stands for what runs on the primary. */
void audit_classes(const struct fact_audit *a, struct class_seen out[static CLASSES])
{
	static const struct { unsigned sees; const char *what; } classes[CLASSES] = {
		[CLASS_STATIC] = { SEES_STATIC, "what the database itself is built of" }, [CLASS_CODE] = { SEES_CODE, "source code outside of it" },
		[CLASS_READ] = { SEES_READ, "reads" }, [CLASS_WRITE] = { SEES_WRITE, "writes" },
	};
	for (size_t c = 0; c < CLASSES; c++) {
		out[c] = (struct class_seen){ .what = classes[c].what };
		for (size_t i = 0; i < a->n_sources; i++) {
			const struct audit_source *s = &a->sources[i];
			bool could = s->saw == SAW_NONE || (s->saw == SAW_FOUND && !s->why);
			if (!s->server && (s->sees & classes[c].sees) && could && saw_longer(s, (enum use_class)c, out[c].by))
				out[c].by = s;
		}
	}
}
