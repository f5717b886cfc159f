/* SPDX-License-Identifier: MIT */
#include "cli/print.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "base/when.h"

void print_json(const struct json *o)
{
	struct text t = { 0 };
	json_write(&t, o);
	puts(text_str(&t));
	text_free(&t);
}

static void put_clean(FILE *to, const char *s)
{
	struct arena *a = arena_new();
	fprintf(to, "%s\n", text_clean(a, s));
	arena_free(a);
}

void print_clean(const char *fmt, ...)
{
	char line[2048];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	put_clean(stdout, line);
}

void print_err(const struct err *e)
{
	char line[sizeof e->msg + 16];
	snprintf(line, sizeof line, "gatewalk: %s", e->msg);
	put_clean(stderr, line);
	if (e->hint[0]) {
		char hint[sizeof e->hint + 16];
		snprintf(hint, sizeof hint, "  %s", e->hint);
		put_clean(stderr, hint);
	}
}

static const char *str(const struct json *o, const char *key)
{
	const char *s = json_str(o, key);
	return s ? s : "";
}

static bool flag(const struct json *o, const char *key)
{
	const struct json *b = json_get(o, key);
	return b && b->kind == JSON_BOOL && b->num;
}

static const struct json *list(const struct json *o, const char *key)
{
	const struct json *l = json_get(o, key);
	return l ? l->first : NULL;
}

/* 2026-11-20T04:12:09.123456Z as 2026-11-20 04:12 UTC */
static const char *moment(const char *iso, char buf[static 32])
{
	if (strlen(iso) < 16)
		return "-";
	snprintf(buf, 32, "%.10s %.5s UTC", iso, iso + 11);
	return buf;
}

static void print_places(const struct json *p, const char *which, const char *front)
{
	for (const struct json *x = list(p, which); x; x = x->next)
		print_clean("%s:%lld:%lld: %s%s%s%s", str(p, "file"), (long long)json_int_or(x, "line", 0), (long long)json_int_or(x, "column", 0), front,
			str(x, "what"), *str(x, "instead") ? "; " : "", str(x, "instead"));
}

void print_check(const struct json *o)
{
	for (const struct json *p = list(o, "plans"); p; p = p->next) {
		print_places(p, "errors", "");
		print_places(p, "notes", "note: ");
		if (flag(p, "ok"))
			print_clean("%s: good", str(p, "file"));
		const struct json *t = json_get(p, "target");
		if (!t)
			continue;
		long long rows = json_int_or(t, "rows_estimate", -1);
		const char *type = *str(t, "type") ? str(t, "type") : "a table";
		if (rows < 0)
			print_clean("%s: target is %s; how many rows is not known until ANALYZE has looked", str(p, "file"), type);
		else
			print_clean("%s: target is %s, about %lld rows", str(p, "file"), type, rows);
	}
}

void print_doctor(const struct json *o)
{
	static const struct { const char *state, *glyph; } marks[] = { { "ok", "+" }, { "warn", "w" }, { "missing", "X" } };
	print_clean("server %s", str(o, "server"));
	for (const struct json *r = list(o, "rows"); r; r = r->next) {
		const char *glyph = "?";
		for (size_t i = 0; i < 3; i++)
			if (strcmp(str(r, "state"), marks[i].state) == 0)
				glyph = marks[i].glyph;
		print_clean("%s %-7s %-34s %s", glyph, str(r, "state"), str(r, "what"), str(r, "now"));
		if (*str(r, "fix"))
			print_clean("            do: %s", str(r, "fix"));
	}
}

void print_init(const struct json *o)
{
	print_clean("%s is marked %s", str(o, "server"), str(o, "environment"));
	print_clean("key %s%s", str(o, "key"), flag(o, "key_made") ? " (new)" : "");
	if (!flag(o, "strong"))
		print_clean("the ledger is as strong as this login: whoever has it can change the ledger's rows");
}

static void print_walks(const struct json *o)
{
	if (!list(o, "walks"))
		print_clean("no walks on this machine");
	for (const struct json *w = list(o, "walks"); w; w = w->next) {
		char buf[32];
		print_clean("%-28s %-14s %-20s %-12s %s", str(w, "name"), str(w, "server"), str(w, "step"), *str(w, "closed") ? "closed" : str(w, "state"),
			flag(w, "needs_you") ? "now" : moment(str(w, "look_again"), buf));
	}
}

void print_status(const struct json *o)
{
	char buf[32];
	if (json_get(o, "walks")) {
		print_walks(o);
		return;
	}
	print_clean("walk        %s (%s)", str(o, "name"), str(o, "sid"));
	print_clean("target      %s on %s, %s", str(o, "target"), str(o, "server"), str(o, "environment"));
	print_clean("plan        %s", str(o, "plan_sha256"));
	print_clean("watched     %s", moment(str(o, "watched"), buf));
	if (*str(o, "slot"))
		print_clean("slot        %s", str(o, "slot"));
	if (*str(o, "trouble"))
		print_clean("trouble     %s", str(o, "trouble"));
	for (const struct json *i = list(o, "items"); i; i = i->next)
		print_clean("%2lld %-20s %-10s %s", (long long)json_int_or(i, "item", 0), str(i, "name"), str(i, "state"), strcmp(str(i, "note"), str(i, "state")) == 0 ? "" : str(i, "note"));
	for (const struct json *n = list(o, "next"); n; n = n->next)
		print_clean("%s", n->str);
	print_jobs(o);
}

void print_gates(const struct json *o)
{
	for (const struct json *g = list(o, "gates"); g; g = g->next) {
		bool needed = flag(g, "needed");
		print_clean("gate %s  %s  %s", str(g, "gate"), !needed ? "not needed" : flag(g, "open") ? "open" : "SHUT",
			needed ? str(g, "question") : "nothing goes: each condition is judged before the act it belongs to");
		for (const struct json *c = list(g, "conditions"); c; c = c->next) {
			char buf[32];
			print_clean("  %-3s %-10s %-34s %s", str(c, "id"), str(c, "verdict"), str(c, "question"), str(c, "now"));
			if (*str(c, "because"))
				print_clean("      because  %s", str(c, "because"));
			if (*str(c, "because") && *str(c, "passes"))
				print_clean("      passes   %s", str(c, "passes"));
			if (*str(c, "at"))
				print_clean("      earliest %s", moment(str(c, "at"), buf));
			if (*str(c, "todo"))
				print_clean("      do       %s", str(c, "todo"));
		}
	}
}

void print_window(const struct json *o)
{
	char a[32], b[32];
	if (flag(o, "in_window"))
		print_clean("inside the window now, %lld min left (%s)", (long long)json_int_or(o, "minutes_left", 0), str(o, "zone"));
	for (const struct json *w = list(o, "openings"); w; w = w->next) {
		print_clean("%s to %s", moment(str(w, "from"), a), moment(str(w, "to"), b));
		for (const struct json *z = list(w, "walls"); z; z = z->next)
			print_clean("    %s to %s  %s", str(z, "from"), str(z, "to"), str(z, "zone"));
	}
	if (!list(o, "openings"))
		print_clean("no opening in sight: the plan's window and its releases leave none");
}

/* How far it is and when it will be there, while it works; what it waits for, while it does. */
static void print_pace(const struct json *j)
{
	static const char *const at_work[] = { "running", "paused", "waiting", "needs a login" };
	char low[WHEN_MAX], high[WHEN_MAX], left[2 * WHEN_MAX + 16] = "", rate[64] = "", percent[32] = "";
	long long per_s = json_int_or(j, "rate", 0), share = json_int_or(j, "percent", -1), eta = json_int_or(j, "eta_low_s", -1);
	bool works = false;
	for (size_t i = 0; i < sizeof at_work / sizeof at_work[0]; i++)
		works = works || strcmp(str(j, "state"), at_work[i]) == 0;
	if (!works)
		return;
	if (share >= 0)
		snprintf(percent, sizeof percent, "%lld %%", share);
	if (per_s > 0)
		snprintf(rate, sizeof rate, "%s%lld %s/s", *percent ? ", " : "", per_s, str(j, "unit"));
	if (eta >= 0)
		snprintf(left, sizeof left, ", %s to %s left", when_span(eta * US_SECOND, low), when_span(json_int_or(j, "eta_high_s", eta) * US_SECOND, high));
	if (*percent || *str(j, "note"))
		print_clean("          %s%s%s%s%s", percent, rate, left, *percent && *str(j, "note") ? "; " : "", str(j, "note"));
}

/* Of work that has no end, or none that is known, there is no "of". */
static const char *how_far(const struct json *j, char *out, size_t size)
{
	long long done = (long long)json_int_or(j, "done", 0), total = (long long)json_int_or(j, "total", 0);
	*out = '\0';
	if (total > 0)
		snprintf(out, size, "%lld of %lld %s", done, total, str(j, "unit"));
	else if (done > 0)
		snprintf(out, size, "%lld %s", done, str(j, "unit"));
	return out;
}

void print_jobs(const struct json *o)
{
	for (const struct json *j = list(o, "jobs"); j; j = j->next) {
		char buf[32], far[80];
		print_clean("job %-5lld %-9s %-10s %-20s %s  since %s  %s%s%s", (long long)json_int_or(j, "id", 0), str(j, "kind"), str(j, "state"), str(j, "phase"),
			how_far(j, far, sizeof far), moment(str(j, "started"), buf), str(j, "walk"), *str(j, "error") ? "  " : "", str(j, "error"));
		print_pace(j);
	}
}

void print_rejects(const struct json *o)
{
	if (*str(o, "file")) {
		print_clean("%lld rows written to %s", (long long)json_int_or(o, "rows", 0), str(o, "file"));
		return;
	}
	if (!list(o, "rejects"))
		print_clean("no row was rejected");
	for (const struct json *r = list(o, "rejects"); r; r = r->next)
		print_clean("%s  %s  %s: %s", str(r, "key"), str(r, "value"), str(r, "sqlstate"), str(r, "error"));
	if (flag(o, "more"))
		print_clean("there are more: gatewalk job rejects WALK -o FILE writes them all");
}

static const char *value(const struct json *o, const char *name)
{
	const char *s = json_str(o, name);
	return s ? s : "no value";
}

void print_differ(const struct json *o)
{
	if (!list(o, "differ"))
		print_clean("no row is known to differ");
	for (const struct json *r = list(o, "differ"); r; r = r->next)
		print_clean("%s  old %s  new %s  %s%s", str(r, "key"), value(r, "old"), value(r, "new"), *str(r, "error") || !json_str(r, "expected") ? "" : "and not ",
			*str(r, "error") ? str(r, "error") : json_str(r, "expected") ? str(r, "expected") : "and should have none");
}

void print_verify(const struct json *o)
{
	if (!flag(o, "good")) {
		print_clean("line %lld is bad: %s", (long long)json_int_or(o, "bad_line", 0), str(o, "why"));
		return;
	}
	print_clean("%lld lines verify, %lld of them signed, %lld not sealed yet", (long long)json_int_or(o, "lines", 0), (long long)json_int_or(o, "signed", 0),
		(long long)json_int_or(o, "unsealed", 0));
	print_clean("keys %s", str(o, "keys"));
	print_clean("head %s", str(o, "head"));
}

void print_info(const struct json *o)
{
	print_clean("gatewalk %s", str(o, "version"));
	for (const struct json *p = list(o, "paths"); p; p = p->next)
		print_clean("%-16s %s", p->key, p->str);
}

void print_restore(const struct json *o)
{
	const struct json *r = json_get(o, "restore");
	print_clean("%s: %lld values placed, %lld kept as written since, %lld rows gone, %lld conflicts", str(o, "target"), (long long)json_int_or(r, "placed", 0),
		(long long)json_int_or(r, "kept", 0), (long long)json_int_or(r, "gone", 0), (long long)json_int_or(r, "conflicts", 0));
	for (const struct json *l = list(r, "left"); l; l = l->next)
		print_clean("left: %s", l->str);
}

static void print_tries(const struct json *w)
{
	for (const struct json *t = list(w, "tries"); t; t = t->next) {
		print_clean("  %-9s %s", str(t, "result"), str(t, "way"));
		if (strcmp(str(t, "result"), "refused") != 0)
			print_clean("            %s", str(t, "said"));
	}
}

void print_guard(const struct json *o)
{
	if (!flag(o, "installed"))
		return;
	bool views = strcmp(str(o, "how"), "views") == 0;
	print_clean("server %s: guard by %s", str(o, "server"), views ? "views and TRUNCATE triggers; this login could make no event triggers" : "event triggers");
	if (!flag(o, "whole"))
		print_clean("IT DOES NOT STAND: %s", str(o, "why"));
	for (const struct json *w = list(o, "walks"); w; w = w->next) {
		print_clean("%s  %s: %s%s%s", str(w, "name"), str(w, "target"), flag(w, "stands") ? "stands" : "DOES NOT STAND", *str(w, "why") ? ", " : "", str(w, "why"));
		print_tries(w);
	}
	print_clean(list(o, "walks") ? "%s" : "no walk is open: nothing is guarded", str(o, "takes"));
	print_clean("What can still get around it:");
	for (const struct json *g = list(o, "open"); g; g = g->next) {
		print_clean("- %s%s%s%s", str(g, "way"), *str(g, "who") ? " (" : "", str(g, "who"), *str(g, "who") ? ")" : "");
		if (*str(g, "why"))
			print_clean("    %s", str(g, "why"));
	}
}

void print_guarded(const struct json *o)
{
	print_clean("server %s: guard by %s", str(o, "server"), str(o, "how"));
	for (const struct json *w = list(o, "walks"); w; w = w->next)
		print_clean("  %s  %s%s%s", str(w, "name"), str(w, "target"), *str(w, "why") ? ": not under guard: " : "", str(w, "why"));
}
