/* SPDX-License-Identifier: MIT */
/* What no server can tell: the consumers that the operator declares, and the servers that have to be asked for themselves. */
#include "adapter/audit_private.h"

#include <string.h>

#include "adapter/standby.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "port/child.h"

#define CHECK_MS 30000

/* The plan's own command for this consumer. Its word is evidence; clearing stays with a person. */
static const char *check_run(struct audit *l, const struct plan_consumer *c)
{
	struct child_end end;
	struct err e = { 0 };
	if (!c->check)
		return "declared in the plan; no check command";
	if (!child_shell(l->a, c->check, NULL, CHECK_MS, &end, &e))
		return arena_printf(l->a, "its check could not run: %s", e.msg);
	const char *said = end.out && *end.out ? end.out : end.err ? end.err : "";
	if (end.signal)
		return arena_printf(l->a, "its check was ended by signal %d: %s", end.signal, said);
	return end.status == 0 ? arena_printf(l->a, "clear says its own check: %s", said) : arena_printf(l->a, "its check says no (status %d): %s", end.status, said);
}

bool audit_declared(struct audit *l, struct err *e)
{
	(void)e;
	if (l->plan->n_consumers)
		audit_from(l, &(struct audit_source){ .name = "declared", .from = l->out->at });
	for (size_t i = 0; i < l->plan->n_consumers; i++) {
		const struct plan_consumer *c = &l->plan->consumers[i];
		const struct consumer found = {
			.key = arena_printf(l->a, "declared %s", c->name), .kind = c->kind ? c->kind : "declared", .source = "declared in the plan",
			.owner = c->owner, .touch = TOUCH_NONE, .evidence = check_run(l, c),
		};
		audit_add(l, &found);
	}
	return true;
}

bool audit_standbys(struct audit *l, struct err *e)
{
	struct standby *v;
	size_t n;
	if (l->names.target.kind == TARGET_ROWS)
		return true;   /* nobody writes there, and reads go on */
	if (!standby_ask_all(l->db, l->a, &(struct standby_ask){ l->plan, &l->names, l->target, NULL }, &v, &n, e))
		return false;
	for (size_t i = 0; i < n; i++) {
		const struct standby *s = &v[i];
		if (s->asked) {
			audit_add_statements(l, &s->statements, s->name);
			audit_add_sessions(l, &s->sessions, s->name);
			audit_add_serverlog(l, &s->log, s->name);
		}
		const char *why = !s->asked ? s->why : !s->statements.there ? s->statements.why : NULL;
		if (!why)
			continue;
		audit_blind(l, "standby %s: %s", s->name, why);
		audit_blind_key(l, arena_printf(l->a, "standby %s", s->name));
	}
	return true;
}
