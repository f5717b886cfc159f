/* SPDX-License-Identifier: MIT */
/* The logical slot of the walk, as far as the watch has read it. */
#include "adapter/audit_private.h"

#include "adapter/slot.h"
#include "adapter/slotread.h"
#include "adapter/watch_private.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/when.h"

static const char *counts(struct arena *a, const struct slot_kept *k)
{
	char first[WHEN_MAX], last[WHEN_MAX];
	return arena_printf(a, "committed since %s UTC: INSERT %lld, UPDATE %lld, DELETE %lld, TRUNCATE %lld%s; the last at %s UTC in transaction %s", when_short(k->first, first),
		(long long)k->inserts, (long long)k->updates, (long long)k->deletes, (long long)k->truncates,
		k->unread ? arena_printf(a, ", too long to be read %lld", (long long)k->unread) : "", when_short(k->last, last), k->xid);
}

bool audit_slot(struct audit *l, struct err *e)
{
	struct audit_source from = { .name = SOURCE_SLOT, .sees = SEES_WRITE | SEES_NESTED | SEES_DEFINER };
	struct slot_kept k = { .identity = "", .members = "" };
	struct slot_names n = { .identity = NULL };
	const char *cannot = NULL;
	bool walk = l->names.schema_there && *l->sid;
	if (!l->plan || !l->plan->slot)
		return true;
	if ((walk && !slot_kept_read(l->db, l->a, l->sid, &k, e)) || (!k.known && !slot_may(l->db, l->a, &cannot, e)) ||
		!slotread_names(l->db, l->a, l->target, &k, &n, e))
		return false;
	audit_window(l, SOURCE_SLOT, NULL, &from);
	if (!k.known) {
		from.saw = SAW_MISSING;
		from.why = cannot ? cannot : "no watch has made it: a walk does so at item 4";
	} else if (!k.ok || n.weak) {
		from.saw = SAW_BLIND;
		from.why = !k.ok ? k.why : n.weak;
	}
	audit_from(l, &from);
	int64_t hits = k.inserts + k.updates + k.deletes + k.truncates + k.unread;
	if (hits)
		audit_add(l, &(struct consumer){ .key = SLOT_CONSUMER, .kind = "writer", .source = SOURCE_SLOT, .touch = TOUCH_WRITE, .last = k.last, .calls = hits,
			.names_column = true, .evidence = counts(l->a, &k) });
	if (k.open)
		audit_blind(l, "%s: of %lld changes nobody can say whether they wrote the column; %s", SOURCE_SLOT, (long long)k.open, n.weak ? n.weak : "they were made before that could be told");
	else if (from.why)
		audit_blind(l, "%s: %s", SOURCE_SLOT, from.why);
	return true;
}
