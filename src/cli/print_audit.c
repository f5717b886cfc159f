/* SPDX-License-Identifier: MIT */
/* An audit for a person: who uses it, what could see what for how long, what nobody could see. */
#include "cli/print.h"

#include <string.h>

#include "base/arena.h"
#include "base/json.h"

static const char *str(const struct json *o, const char *key)
{
	const char *s = json_str(o, key);
	return s ? s : "";
}

static const struct json *list(const struct json *o, const char *key)
{
	const struct json *l = json_get(o, key);
	return l ? l->first : NULL;
}

static const char *day(struct arena *a, const char *iso, const char *none)
{
	return strlen(iso) >= 16 ? arena_printf(a, "%.10s %.5s", iso, iso + 11) : none;
}

static void consumers(struct arena *a, const struct json *o)
{
	for (const struct json *c = list(o, "found"); c; c = c->next) {
		const char *touch = str(c, "touch"), *server = str(c, "server");
		print_clean("  %s", str(c, "key"));
		print_clean("      %s; %s%s%s%s%s%s", str(c, "source"), *str(c, "last") ? day(a, str(c, "last"), "") : "never seen to run",
			strcmp(touch, "none") ? ", " : "", strcmp(touch, "none") ? touch : "", *str(c, "role") ? ", role " : "", str(c, "role"),
			strcmp(server, "primary") ? arena_printf(a, ", on %s", server) : "");
		if (strcmp(str(c, "kind"), "source file") == 0)   /* its places, a line each */
			for (const char *at = str(c, "evidence"), *end; *at; at = *end ? end + 1 : end) {
				end = at + strcspn(at, "\n");
				print_clean("      %.*s", (int)(end - at), at);
			}
	}
}

static const char *joined(struct arena *a, const struct json *o, const char *key)
{
	const char *all = "";
	for (const struct json *x = list(o, key); x; x = x->next)
		all = arena_printf(a, "%s%s%s", all, *all ? ", " : "", x->str);
	return *all ? all : "nothing by itself";
}

static const char *window(struct arena *a, const struct json *s)
{
	const char *from = str(s, "from");
	if (!*from)
		return "since nobody knows when";
	return strcmp(from, str(s, "to")) == 0 ? "at this moment" : arena_printf(a, "since %s", day(a, from, ""));
}

static void sources(struct arena *a, const struct json *o)
{
	for (const struct json *s = list(o, "sources"); s; s = s->next) {
		const char *server = str(s, "server"), *saw = str(s, "saw");
		const char *name = strcmp(server, "primary") ? arena_printf(a, "%s on %s", str(s, "name"), server) : str(s, "name");
		if (*str(s, "why"))
			print_clean("  %-22s %s: %s", name, saw, str(s, "why"));
		else
			print_clean("  %-22s %s, %lld found; sees %s", name, window(a, s), (long long)json_int_or(s, "hits", 0), joined(a, s, "sees"));
		if (*str(s, "gap"))
			print_clean("  %-22s not before that: %s", "", str(s, "gap"));
	}
}

void print_audit(const struct json *o)
{
	struct arena *a = arena_new();
	print_clean("%s %s on %s, looked at %s UTC", str(o, "kind"), str(o, "target"), str(o, "server"), day(a, str(o, "at"), ""));
	print_clean("%s: %zu found", str(o, "verdict"), json_count(json_get(o, "found")));
	consumers(a, o);
	print_clean("Could be seen:");
	for (const struct json *c = list(o, "classes"); c; c = c->next)
		print_clean("  %-38s %s", str(c, "what"), *str(c, "by") ? arena_printf(a, "by %s, since %s", str(c, "by"), day(a, str(c, "since"), "")) : "by nothing");
	print_clean("Sources:");
	sources(a, o);
	print_clean("Blind spots:");
	for (const struct json *b = list(o, "blind"); b; b = b->next)
		print_clean("  %s", b->str);
	arena_free(a);
}
